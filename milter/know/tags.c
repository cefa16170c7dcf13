/* Language tags: lookup as in RFC 4647 section 3.4. */
#include "know/load.h"

#include <string.h>

size_t tag_shorten(struct span tag)
{
	size_t n = tag.n;

	while (n > 0 && tag.p[n - 1] != '-' && tag.p[n - 1] != '_')
		n--;
	if (n == 0)
		return 0;
	n--;
	/* a single letter stands for what follows it, so it goes too */
	if (n >= 2 && (tag.p[n - 2] == '-' || tag.p[n - 2] == '_'))
		n -= 2;
	return n;
}

bool tag_eq(struct span a, const char *b)
{
	if (strlen(b) != a.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i] == '_' ? '-' : a.p[i]) !=
		    ascii_lower(b[i] == '_' ? '-' : b[i]))
			return false;
	return true;
}

static bool is_called(const struct language *language, struct span tag)
{
	if (tag_eq(tag, language->tag))
		return true;
	for (size_t i = 0; i < language->aliases.n; i++)
		if (tag_eq(tag, language->aliases.list[i]))
			return true;
	return false;
}

const struct language *knowledge_language(const struct knowledge *k, struct span tag)
{
	if (tag.n > TAG_MAX)
		return NULL;
	for (; tag.n != 0; tag.n = tag_shorten(tag))
		for (size_t i = 0; i < k->languages_n; i++)
			if (is_called(k->languages[i], tag))
				return k->languages[i];
	return NULL;
}
