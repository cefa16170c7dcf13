/* message.h - the bytes of one message, and how it came.
 *
 * Pure. A message is one span: header fields, empty line, body. What follows
 * from its outermost shape is found here once; everything else reads the tree.*/
#ifndef WHYBOUNCE_MAIL_MESSAGE_H
#define WHYBOUNCE_MAIL_MESSAGE_H

#include "base/error.h"
#include "mail/mime.h"

struct message {
	struct span bytes;	/* from the first header byte to the end; an mbox
				 * "From " line before it is left out */
	struct span body;	/* after the empty line */
	const char *eol;	/* "\r\n" or "\n": the one its first line ends with */
	struct mime_part *root;
};

/* -1 with an error where it is no message at all (empty, binary, no header
 * field at the start) or the arena is exhausted. The bytes are borrowed. */
int message_parse(struct arena *arena, struct span bytes,
		  struct message *message_r, struct error *error);

#endif
