/* html.h - the words of an HTML part.
 *
 * Pure. Tags become nothing or, where they end a line for a reader, a line end;
 * style, script and comments are dropped, character references decoded. Not a
 * parser: what a mail server writes into its notices, read in one pass. */
#ifndef WHYBOUNCE_MAIL_HTML_H
#define WHYBOUNCE_MAIL_HTML_H

#include "base/arena.h"
#include "base/span.h"

/* UTF-8 in, UTF-8 out, never longer than the input. Empty where the arena is
 * exhausted. */
struct span html_text(struct arena *arena, struct span html);

#endif
