#include "base/utf8.h"

#include <stdint.h>

size_t utf8_length(struct span s, size_t at)
{
	static const uint8_t least[] = { 0, 0, 0xc2, 0xe0, 0xf0 };
	unsigned char c = (unsigned char)s.p[at];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	unsigned char second;

	if (n == 1)
		return 1;
	if (c < least[n] || c > 0xf4 || at + n > s.n)
		return 0;
	second = (unsigned char)s.p[at + 1];
	if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
	    (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f))
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)s.p[at + i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool utf8_is_valid(struct span s)
{
	size_t i = 0, n;

	while (i < s.n) {
		if ((signed char)s.p[i] >= 0) {
			i++;
			continue;
		}
		n = utf8_length(s, i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

uint32_t utf8_code_point(struct span s, size_t at, size_t length)
{
	static const uint8_t mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (unsigned char)s.p[at] & mask[length];

	for (size_t i = 1; i < length; i++)
		c = c << 6 | ((unsigned char)s.p[at + i] & 0x3fU);
	return c;
}

bool utf8_is_mark(uint32_t c)
{
	return (c >= 0x300 && c <= 0x36f) || c == 0xe31 || (c >= 0xe34 && c <= 0xe3a) ||
		(c >= 0xe47 && c <= 0xe4e) || (c >= 0xfe00 && c <= 0xfe0f);
}

/* Thai SARA AM has a width of its own, and yet its ring sits on the letter before. */
static bool may_part(struct span s, size_t at)
{
	size_t n = utf8_length(s, at);
	uint32_t c = n != 0 ? utf8_code_point(s, at, n) : 0;

	return ((unsigned char)s.p[at] & 0xc0) != 0x80 && !utf8_is_mark(c) && c != 0xe33;
}

struct span utf8_start(struct span s, size_t limit)
{
	enum { FAR_ENOUGH = 64 };
	size_t end = limit;

	if (s.n <= limit)
		return s;
	while (end != 0 && limit - end < FAR_ENOUGH && !may_part(s, end))
		end--;
	return span_slice(s, 0, may_part(s, end) ? end : limit);
}
