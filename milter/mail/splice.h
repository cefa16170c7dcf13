/* splice.h - plan which new bytes go into a bounce, and where. Pure. */
#ifndef WHYBOUNCE_MAIL_SPLICE_H
#define WHYBOUNCE_MAIL_SPLICE_H

#include "base/error.h"
#include "mail/bounce.h"
#include "mail/edits.h"

enum { SPLICE_MAX_OWN_TEXT = 16 * 1024 };	/* longest original text quoted in ours */

/* What we say, before it is shaped into the message. */
struct splice_words {
	struct span text, html;	/* UTF-8, lines ended by LF */
	struct span subject;	/* UTF-8; empty: leave the Subject alone */
	struct span mark;	/* value of X-Whybounce, ASCII */
	const char *description;	/* Content-Description of our part, ASCII or NULL */
};

/* How the first part will be treated, by its shape (design, section 3). Known
 * before the words are rendered, because it says whether they quote the MTA's
 * own text. */
enum splice_plan {
	SPLICE_REPLACE,		/* the words carry the MTA's own text */
	SPLICE_WRAP,		/* multipart/mixed of ours and the first part */
	SPLICE_INSERT,		/* ours is a new part before the first one */
	SPLICE_ENCLOSE,		/* a single-part bounce becomes multipart/mixed */
	SPLICE_NOT,		/* signed, encrypted, unreadable, with lines in its
				 * header that are no field: leave alone */
};
enum splice_plan splice_plan(const struct message *message,
			     const struct bounce *bounce);
/* SPLICE_REPLACE: the first part's text as UTF-8, to be quoted in ours. */
struct span splice_own_text(struct arena *arena, const struct bounce *bounce);

/* Shape the words into edits. plan: the one of above, or SPLICE_WRAP where that is
 * SPLICE_REPLACE and the words do not quote the first part. -1 with an error where
 * the result would break a promise (too long, no free boundary, arena). */
int splice_build(struct arena *arena, const struct message *message,
		 const struct bounce *bounce, enum splice_plan plan,
		 const struct splice_words *words, struct edits *edits_r,
		 struct error *error);

#endif
