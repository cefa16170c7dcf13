/* codec.h - transfer encodings and charsets, in both directions.
 *
 * Pure. RFC 2045 (quoted-printable, base64), charsets through iconv. Output is
 * always valid UTF-8 where a function says UTF-8: invalid input becomes U+FFFD. */
#ifndef WHYBOUNCE_MAIL_CODEC_H
#define WHYBOUNCE_MAIL_CODEC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"

enum transfer_encoding {
	ENCODING_7BIT, ENCODING_8BIT, ENCODING_BINARY,
	ENCODING_QUOTED_PRINTABLE, ENCODING_BASE64,
	ENCODING_OTHER,			/* unknown: treated as opaque */
};

enum { CODEC_LINE = 76 };		/* longest encoded line, RFC 2045, 6.7 and 6.8 */

/* The value of Content-Transfer-Encoding; empty is 7bit. */
enum transfer_encoding transfer_encoding_parse(struct span value);

/* Undo a transfer encoding. Forgiving: bad characters are skipped. Stops after
 * limit bytes of output. Identity encodings return the input itself. */
struct span codec_decode(struct arena *arena, struct span bytes,
			 enum transfer_encoding encoding, size_t limit);

/* Convert to UTF-8. Empty, unknown or refused charsets: UTF-8 if valid, else
 * windows-1252. Only charsets of a fixed list are opened, see codec_prepare. */
struct span codec_utf8(struct arena *arena, struct span bytes,
		       struct span charset);

/* Open every converter of the list once, so that iconv has loaded its modules
 * before a sandbox closes the file system. */
void codec_prepare(void);

bool codec_is_utf8(struct span bytes);	/* valid; NUL and controls allowed */
bool codec_is_ascii(struct span bytes);

/* Encode UTF-8 text for a 7-bit body: lines end with eol ("\n" or "\r\n"), none
 * is longer than CODEC_LINE, a leading '-' is encoded so that no line can be
 * taken for a boundary, as are a leading '.' and "From ". */
void codec_add_quoted_printable(struct buf *out, struct span utf8,
				const char *eol);
void codec_add_base64(struct buf *out, struct span bytes, const char *eol);
/* Whichever of the two is shorter, soft line breaks left aside; returns which. */
enum transfer_encoding codec_add_shorter(struct buf *out, struct span utf8,
					 const char *eol);

/* A header value of UTF-8 text, RFC 2047 encoded where it is not plain ASCII,
 * folded with "\n " (as libmilter wants it), each line at most 76 bytes. Never
 * holds CR, NUL or an empty line. */
void codec_add_header_text(struct buf *out, struct span utf8);

#endif
