/* header.h - the header fields of a message or MIME part, by offset.
 *
 * Pure: no I/O, clock, lock or log. Fields are spans into the message; nothing
 * is copied until a value is asked for. RFC 5322 (syntax), RFC 2047 (encoded
 * words), RFC 2045 and 2231 (parameters). LF and CRLF are both line ends. */
#ifndef WHYBOUNCE_MAIL_HEADER_H
#define WHYBOUNCE_MAIL_HEADER_H

#include "base/arena.h"
#include "base/span.h"

enum {
	HEADER_MAX_FIELDS = 1000,	/* later fields are not looked at */
	HEADER_MAX_VALUE = 16 * 1024,	/* longest value that is decoded */
	HEADER_MAX_PARAMETERS = 32,
};

struct header {
	struct span name;	/* "Subject" */
	struct span value;	/* raw: after the colon, folds kept, no last line end */
	struct span raw;	/* the whole field with its last line end */
};

struct headers {
	struct header *list;
	size_t n;
};

struct header_parameter {
	struct span name;	/* lower case */
	struct span value;	/* unquoted; RFC 2231 continued and decoded to UTF-8 */
};

/* "type/subtype; a=b" (Content-Type), also "attachment; …" with an empty
 * subtype (Content-Disposition). Names are lower case. */
struct content_type {
	struct span type, subtype;
	struct header_parameter *parameters;
	size_t n;
};

/* Read fields from the start of bytes up to the first empty line or the end.
 * *head_r becomes the block with its empty line (RFC 5322, 2.1). A line that is
 * neither a field nor a continuation is skipped where fields follow; where the
 * very first line is none, there is no header: head_r and headers_r are empty.
 * Returns -1 only when the arena is exhausted. */
int headers_parse(struct arena *arena, struct span bytes,
		  struct span *head_r, struct headers *headers_r);

/* The first field of that name (ASCII case ignored), or NULL. */
const struct header *headers_find(const struct headers *headers,
				  const char *name);
/* The next one after `after`, which headers_find or this function returned. */
const struct header *headers_find_next(const struct headers *headers,
				       const struct header *after);

/* The value on one line: line ends of folds removed, trimmed. Bytes as they
 * are. Empty where the header is NULL. */
struct span header_unfold(struct arena *arena, const struct header *header);
/* The same as UTF-8: encoded words decoded, raw 8-bit kept where it is valid
 * UTF-8, else read as windows-1252. Always valid UTF-8 without control
 * characters (each becomes a space). */
struct span header_decode(struct arena *arena, const struct header *header);

/* Fails (-1) only when the arena does; nonsense gives empty type and subtype. */
int content_type_parse(struct arena *arena, struct span value,
		       struct content_type *type_r);
struct span content_type_parameter(const struct content_type *type,
				   const char *name);	/* empty if absent */
bool content_type_is(const struct content_type *type,
		     const char *main_type, const char *subtype); /* NULL: any */

/* The length of a header block without the empty line that ends it. */
size_t headers_length(struct span block);

#endif
