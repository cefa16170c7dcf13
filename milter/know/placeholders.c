#include "know/placeholders.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	"recipient", "domain", "sender", "sender_domain", "host", "reporter",
	"subject", "date", "ip", "code", "status", "organization", "contact",
	"n", "other", "selector", "record", "term", "result", "reason", "list",
};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || c == '_';
}

/* The bit of a name, 0 where nothing is called so. */
static unsigned bit_of(struct span name)
{
	for (unsigned i = 0; i < NAMES; i++)
		if (span_eq(name, span_str(names[i])))
			return 1U << i;
	return 0;
}

int placeholders_of(const char *text, unsigned *set_r, struct span *bad_r)
{
	*set_r = 0;
	for (const char *p = text; (p = strpbrk(p, "{}")) != NULL;) {
		const char *start = p++;
		unsigned bit = 0;

		while (is_name_char(*p))
			p++;
		if (*start == '{' && *p == '}')
			bit = bit_of((struct span){ start + 1, (size_t)(p - start) - 1 });
		if (*p == '}')
			p++;
		if (bit == 0) {
			*bad_r = (struct span){ start, (size_t)(p - start) };
			return -1;
		}
		*set_r |= bit;
	}
	return 0;
}

const char *placeholders_list(unsigned set, char *text, size_t size)
{
	size_t n = 0;

	snprintf(text, size, "none");
	for (unsigned i = 0; i < NAMES && n < size; i++)
		if ((set & 1U << i) != 0)
			n += (size_t)snprintf(text + n, size - n, "%s{%s}",
					      n != 0 ? ", " : "", names[i]);
	return text;
}
