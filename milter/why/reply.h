/* reply.h - take an SMTP reply apart: code, enhanced status, words.
 *
 * Pure. RFC 5321 4.2, RFC 2034 and 3463. Knows how replies are mangled on the
 * way into bounces: flattened multi-line replies, "#5.1.1", "550-5.7.26 …",
 * "host mx.example said: 550 …". Linear in the length of the reply. */
#ifndef WHYBOUNCE_WHY_REPLY_H
#define WHYBOUNCE_WHY_REPLY_H

#include "base/arena.h"
#include "base/span.h"
#include "mail/codes.h"

struct reply {
	struct span code;	/* "550" or empty */
	struct span status;	/* "5.1.1" or empty; the first that says more than x.0.0 */
	struct span text;	/* the words, codes of every line removed, one line */
};

/* code and status lie in raw, text in the arena (empty where that fails). */
void reply_parse(struct arena *arena, struct span raw, struct reply *reply_r);
/* The same with room for the text lent by the caller: raw beyond `size` bytes
 * is not read. */
void reply_parse_into(char *room, size_t size, struct span raw,
		      struct reply *reply_r);

#endif
