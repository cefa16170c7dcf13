/* edits.h - put new bytes into a message, leave all others alone.
 *
 * Pure. Edits are offsets into the body that came in; applying them copies
 * everything between the offsets byte for byte. */
#ifndef WHYBOUNCE_MAIL_EDITS_H
#define WHYBOUNCE_MAIL_EDITS_H

#include "base/buf.h"
#include "mail/message.h"

enum {
	SPLICE_MAX = 4,			/* body edits of one message */
	SPLICE_MAX_HEADERS = 12,	/* header edits of one message */
	SPLICE_MAX_TEXT = 96 * 1024,	/* our part, encoded */
	EDITS_HEAD_ROOM = 4096,		/* heads and boundaries around it */
	EDITS_MAX_VALUE = 4096,		/* longest value of a header field we write */
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
