/* fill.h - put values into templates, and make hostile bytes harmless.
 *
 * Templates are ours, values are not. In plain text a value loses control
 * characters and bidi controls; in HTML it is escaped as well and broken up so
 * that no mail program makes a link of it. */
#ifndef WHYBOUNCE_SAY_FILL_H
#define WHYBOUNCE_SAY_FILL_H

#include "base/buf.h"
#include "say/explain.h"

enum {
	FILL_MAX_VALUE = 512,	/* longer values are cut with "…" */
	FILL_MAX_RECORD = 4096,	/* of a DNS record */
};

void fill_text(struct buf *out, const char *template, const struct values *values);
void fill_html(struct buf *out, const char *template, const struct values *values);

/* A value alone. Control characters become a space, bidi controls and other
 * invisible formatting vanish, invalid UTF-8 becomes U+FFFD. What is longer than
 * limit bytes is cut at a whole character, with "…" behind it. */
void safe_text(struct buf *out, struct span value, size_t limit);
void safe_html(struct buf *out, struct span value, size_t limit);
/* Several lines: LF stays, in HTML as <br>. All of them share the limit. */
void safe_text_lines(struct buf *out, struct span value, size_t limit,
		     const char *indent);
void safe_html_lines(struct buf *out, struct span value, size_t limit);
/* Our own text (templates, URLs): escaped, nothing else. */
void html_escape(struct buf *out, const char *text);

#endif
