#include "base/span.h"

#include <string.h>

struct span span_str(const char *string)
{
	return (struct span){ string, string != NULL ? strlen(string) : 0 };
}

struct span span_slice(struct span s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from >= to)
		return (struct span){ NULL, 0 };
	return (struct span){ s.p + from, to - from };
}

struct span span_from(struct span s, size_t from)
{
	return span_slice(s, from, s.n);
}

struct span span_trim(struct span s)
{
	while (s.n > 0 && ascii_isspace(s.p[0]))
		s = (struct span){ s.p + 1, s.n - 1 };
	while (s.n > 0 && ascii_isspace(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static bool same_letters(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

bool span_ieq(struct span a, struct span b)
{
	return a.n == b.n && same_letters(a.p, b.p, a.n);
}

/* The end of the string is where they differ, or all of s and more. */
static inline size_t same_start(struct span s, const char *string)
{
	size_t n = 0;

	while (n < s.n && string[n] != '\0' && ascii_lower(s.p[n]) == ascii_lower(string[n]))
		n++;
	return n;
}

bool span_is(struct span s, const char *string)
{
	size_t n = string != NULL ? same_start(s, string) : 0;

	return n == s.n && (string == NULL || string[n] == '\0');
}

bool span_starts_with(struct span s, const char *prefix)
{
	return prefix[same_start(s, prefix)] == '\0';
}

bool span_has_suffix(struct span s, const char *suffix)
{
	size_t n = strlen(suffix);

	return n == 0 || (s.n >= n && same_letters(s.p + (s.n - n), suffix, n));
}

bool span_within(struct span inner, struct span outer)
{
	return inner.n == 0 || (outer.n != 0 && inner.p >= outer.p &&
				inner.p + inner.n <= outer.p + outer.n);
}

size_t span_find_byte(struct span s, size_t from, char byte)
{
	const char *hit;

	if (from >= s.n)
		return s.n;
	hit = memchr(s.p + from, byte, s.n - from);
	return hit != NULL ? (size_t)(hit - s.p) : s.n;
}

/* How many of a thousand bytes of mail are this one, more or less; other ones less. */
static const unsigned char commonness[256] = {
	[' '] = 160, ['\r'] = 15, ['\n'] = 15,
	['0'] = 15, ['1'] = 15, ['2'] = 15, ['3'] = 15, ['4'] = 15, ['5'] = 15, ['6'] = 15,
	['7'] = 15, ['8'] = 15, ['9'] = 15,
	['a'] = 82, ['b'] = 15, ['c'] = 28, ['d'] = 43, ['e'] = 127, ['f'] = 22, ['g'] = 20,
	['h'] = 61, ['i'] = 70, ['j'] = 2, ['k'] = 8, ['l'] = 40, ['m'] = 24, ['n'] = 67,
	['o'] = 75, ['p'] = 19, ['q'] = 1, ['r'] = 60, ['s'] = 63, ['t'] = 91, ['u'] = 28,
	['v'] = 10, ['w'] = 24, ['x'] = 2, ['y'] = 20, ['z'] = 1,
};

static size_t rarest_byte(struct span needle)
{
	size_t best = 0;
	unsigned least = 256;

	for (size_t i = 0; i < needle.n; i++) {
		unsigned common = commonness[(unsigned char)ascii_lower(needle.p[i])];

		if (common < least) {
			best = i;
			least = common;
		}
	}
	return best;
}

static size_t find_in_crowd(struct span s, size_t from, struct span needle)
{
	const char *hit = memmem(s.p + from, s.n - from, needle.p, needle.n);

	return hit != NULL ? (size_t)(hit - s.p) : s.n;
}

/* memchr looks at many bytes at once, memmem at each one: look for the needle's rarest
 * byte, unless the text turns out to be full of it. */
size_t span_find(struct span s, size_t from, struct span needle)
{
	enum { PATIENCE = 16, APART = 16 };
	size_t rare = rarest_byte(needle), start = from, misses = 0;

	while (from < s.n && needle.n != 0 && needle.n <= s.n - from) {
		size_t at = span_find_byte(s, from + rare, needle.p[rare]);

		if (s.n - at < needle.n - rare)
			return s.n;
		from = at - rare;
		if (memcmp(s.p + from, needle.p, needle.n) == 0)
			return from;
		from++;
		if (++misses > PATIENCE + (from - start) / APART)
			return find_in_crowd(s, from, needle);
	}
	return s.n;
}

/* Jumps from one place of the needle's rarest byte to the next, in either case. */
size_t span_ifind(struct span s, size_t from, const char *needle)
{
	size_t n = strlen(needle), rare = rarest_byte((struct span){ needle, n });
	char lower = ascii_lower(needle[rare]);
	char upper = lower >= 'a' && lower <= 'z' ? (char)(lower - ('a' - 'A')) : lower;
	size_t a, b;

	if (from >= s.n || n == 0)
		return s.n;
	a = span_find_byte(s, from + rare, lower);
	b = upper != lower ? span_find_byte(s, from + rare, upper) : s.n;
	for (;;) {
		size_t at = a < b ? a : b;

		if (s.n - at < n - rare)
			return s.n;
		if (same_letters(s.p + at - rare, needle, n))
			return at - rare;
		if (at == a)
			a = span_find_byte(s, at + 1, lower);
		else
			b = span_find_byte(s, at + 1, upper);
	}
}

bool span_next_line(struct span *rest, struct span *line_r)
{
	size_t end;

	if (rest->n == 0)
		return false;
	end = span_find_byte(*rest, 0, '\n');
	*line_r = (struct span){ rest->p, end };
	if (line_r->n > 0 && line_r->p[line_r->n - 1] == '\r')
		line_r->n--;
	*rest = span_from(*rest, end + 1);
	return true;
}
