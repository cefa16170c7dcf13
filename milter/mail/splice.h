/* splice.h - put new bytes into a message, leave all others alone.
 *
 * Pure. The plan is made of offsets into the body that came in; applying it
 * copies everything between the offsets byte for byte. */
#ifndef WHYBOUNCE_MAIL_SPLICE_H
#define WHYBOUNCE_MAIL_SPLICE_H

#include "base/buf.h"
#include "base/error.h"
#include "mail/bounce.h"

enum {
	SPLICE_MAX = 4,			/* body edits of one message */
	SPLICE_MAX_HEADERS = 12,	/* header edits of one message */
	SPLICE_MAX_TEXT = 96 * 1024,	/* our part, encoded */
	SPLICE_MAX_OWN_TEXT = 16 * 1024,	/* longest original text quoted in ours */
};

struct splice {
	size_t at, length;	/* bytes of the original to leave out */
	struct span text;	/* what stands there instead */
};

enum header_edit_kind { HEADER_REPLACE, HEADER_ADD, HEADER_REMOVE };

struct header_edit {
	enum header_edit_kind kind;
	struct span name;
	struct span value;	/* without leading space; folds are "\n " */
	unsigned index;		/* which of several of that name, from 1 */
};

/* Everything that becomes of a message. Body offsets count from body start. */
struct edits {
	struct splice body[SPLICE_MAX];
	size_t body_n;
	struct header_edit headers[SPLICE_MAX_HEADERS];
	size_t headers_n;
};

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

/* Are these edits ones that we could have made? Offsets sorted, disjoint and
 * inside the body, sizes within the limits, texts 7-bit without NUL, header
 * names among those we touch (Subject, Content-Type, Content-Transfer-Encoding,
 * MIME-Version, other Content-* to remove, X-Whybounce), values free of CR and
 * NUL, with every LF followed by a space or tab. */
bool edits_valid(const struct edits *edits, size_t body_length);

/* The new body. Fails only through out->failed. */
void splice_apply(struct buf *out, struct span body, const struct edits *edits);
/* The new header block, in the message's own line ends: replaced fields where
 * they stood, added ones at the end, before the empty line. */
void splice_apply_headers(struct buf *out, const struct message *message,
			  const struct edits *edits);

#endif
