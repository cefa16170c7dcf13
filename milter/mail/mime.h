/* mime.h - the parts of a message as a tree of offsets.
 *
 * Pure. Nothing is changed, decoded or re-serialised: every span points into
 * the bytes that were given, so a splice between offsets leaves all other bytes
 * alone. RFC 2046 (multipart), read as forgivingly as mail programs do: LF or
 * CRLF, white space after a boundary, preamble and epilogue, a missing close.
 *
 * Limits: MIME_MAX_DEPTH levels and MIME_MAX_PARTS parts; what lies deeper is
 * an opaque body. */
#ifndef WHYBOUNCE_MAIL_MIME_H
#define WHYBOUNCE_MAIL_MIME_H

#include "base/arena.h"
#include "base/span.h"
#include "mail/codec.h"
#include "mail/header.h"

enum { MIME_MAX_DEPTH = 10, MIME_MAX_PARTS = 200 };

struct mime_part {
	struct span all;	/* head and body */
	struct span head;	/* header fields with the empty line; may be empty */
	struct span body;	/* for a child: without the line end that belongs to
				 * the next boundary line (RFC 2046, 5.1.1) */
	struct headers headers;
	struct content_type type;	/* effective: text/plain where not stated,
					 * message/rfc822 inside multipart/digest */
	bool type_stated;	/* a Content-Type field is there */
	enum transfer_encoding encoding;
	bool closed;		/* a multipart whose close delimiter was found */
	struct span first_boundary;	/* a multipart's first delimiter line with its
					 * line end; empty if it has none */
	struct mime_part *parent, *child, *next;
	/* child: first part of a multipart, or the message inside message/rfc822,
	 * message/global; next: its sibling */
};

/* Parse a whole message (header, empty line, body). The root is never NULL on
 * success. -1 only when the arena is exhausted. */
int mime_parse(struct arena *arena, struct span message,
	       struct mime_part **root_r);

/* Depth first, without entering nested messages: the next part after `part`
 * within the tree of `root`, or NULL. */
const struct mime_part *mime_next(const struct mime_part *root,
				  const struct mime_part *part);

/* The body of a text or opaque part, transfer encoding undone, at most limit
 * bytes of it; bytes in the part's own charset. */
struct span mime_decoded(struct arena *arena, const struct mime_part *part,
			 size_t limit);
/* The same as UTF-8, for a text part. HTML is returned as HTML. What its type calls
 * UTF-8 and holds no letter of it is read as if nothing was stated. */
struct span mime_text(struct arena *arena, const struct mime_part *part,
		      size_t limit);

/* True where the boundary (or a prefix or extension of it at the start of a
 * line after "--") occurs in the message: then it must not be used anew. */
bool mime_boundary_occurs(struct span message, struct span boundary);

#endif
