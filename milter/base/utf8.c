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
