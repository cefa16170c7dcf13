/* wrap.h - plain text in lines of 72 columns, as a terminal shows them. */
#ifndef WHYBOUNCE_SAY_WRAP_H
#define WHYBOUNCE_SAY_WRAP_H

#include "base/buf.h"

enum { WRAP_COLUMNS = 72 };
#define WRAP_NO_BREAK "\xc2\xa0"

/* Columns of a terminal: none for marks that sit on another character, two for
 * the wide ones of East Asia. */
size_t wrap_width(struct span s);
/* One paragraph. `first` stands before its first line, `rest` before the others.
 * Lines break at spaces only: a language without them (Thai) puts spaces where a
 * break is right, and a mail program breaks the rest better than we could. WRAP_NO_BREAK
 * becomes a space, and keeps what it joins on one line, however long that is. */
void wrap_add(struct buf *out, struct span s, const char *first, const char *rest);
/* Lines that may be longer: each becomes a paragraph that keeps its indent, and
 * stands below its own first word where that is "-". */
void wrap_lines(struct buf *out, struct span text);

#endif
