/* span.h - a run of bytes that somebody else owns.
 *
 * Everything read from a message is a span into it: no copy, no terminator.
 * A span may hold NUL and 8-bit bytes. An empty span may have p == NULL.
 * Case-insensitive means ASCII only, as in RFC 5322: no locale is asked. */
#ifndef WHYBOUNCE_BASE_SPAN_H
#define WHYBOUNCE_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>

struct span {
	const char *p;
	size_t n;
};

/* A string literal as a span. */
#define SPAN(literal) ((struct span){ ("" literal), sizeof(literal) - 1 })

/* printf arguments for "%.*s"; the span must be shorter than INT_MAX. */
#define SPAN_FMT(s) (int)(s).n, (s).n != 0 ? (s).p : ""

struct span span_str(const char *string);	/* NULL gives an empty span */
/* [from, to) of s, both clamped to its length. */
struct span span_slice(struct span s, size_t from, size_t to);
struct span span_from(struct span s, size_t from);
/* Without leading and trailing space, tab, CR and LF. */
struct span span_trim(struct span s);

bool span_eq(struct span a, struct span b);
bool span_ieq(struct span a, struct span b);
bool span_is(struct span s, const char *string);	/* ignores case */
bool span_has_suffix(struct span s, const char *suffix);	/* ignores case */
/* True where inner lies inside outer's bytes. */
bool span_within(struct span inner, struct span outer);

/* Offset of the first match at or after from, or s.n where there is none. */
size_t span_find_byte(struct span s, size_t from, char byte);
size_t span_find(struct span s, size_t from, struct span needle);
size_t span_ifind(struct span s, size_t from, const char *needle);

/* Take the next line off *rest: line_r is without its LF or CRLF. False at the
 * end. A last line without LF counts. A lone CR does not end a line. */
bool span_next_line(struct span *rest, struct span *line_r);

/* ASCII character classes and case, free of locale. Here, because every parser
 * asks them of every byte. */
static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}
static inline bool ascii_isdigit(char c)
{
	return c >= '0' && c <= '9';
}
static inline bool ascii_isalpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline bool ascii_isalnum(char c)
{
	return ascii_isalpha(c) || ascii_isdigit(c);
}
/* Ignores case. Most of what is asked starts with another letter. */
bool span_starts_with(struct span s, const char *prefix);
static inline bool span_has_prefix(struct span s, const char *prefix)
{
	if (s.n != 0 && ascii_lower(s.p[0]) != ascii_lower(prefix[0]) && prefix[0] != '\0')
		return false;
	return span_starts_with(s, prefix);
}
/* space, tab, CR, LF, VT, FF */
static inline bool ascii_isspace(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

#endif
