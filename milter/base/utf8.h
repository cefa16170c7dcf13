/* utf8.h - UTF-8 sequences, as RFC 3629 allows them. */
#ifndef WHYBOUNCE_BASE_UTF8_H
#define WHYBOUNCE_BASE_UTF8_H

#include <stdint.h>

#include "base/span.h"

#define UTF8_REPLACEMENT "\xef\xbf\xbd"	/* U+FFFD */

/* Bytes of the sequence that starts at s.p[at] (1 to 4), 0 where it is none:
 * overlong, surrogate, cut off, beyond U+10FFFF. at < s.n. */
size_t utf8_length(struct span s, size_t at);
bool utf8_is_valid(struct span s);
/* The character of a sequence whose length utf8_length gave. */
uint32_t utf8_code_point(struct span s, size_t at, size_t length);
/* Is it drawn on the character before it? (Latin accents, Thai vowels and tones) */
bool utf8_is_mark(uint32_t c);
/* The start of s, at most limit bytes, that parts neither a sequence nor a mark
 * from its letter (where a hostile row of either is not longer than 64 bytes). */
struct span utf8_start(struct span s, size_t limit);

#endif
