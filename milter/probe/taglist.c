#include "probe/taglist.h"

/* The piece of *rest before the next `end`, trimmed; *rest becomes what follows,
 * with p == NULL where nothing does. */
static struct span take(struct span *rest, char end)
{
	size_t at = span_find_byte(*rest, 0, end);
	struct span piece = span_trim(span_slice(*rest, 0, at));

	if (at < rest->n)
		*rest = (struct span){ rest->p + at + 1, rest->n - at - 1 };
	else
		*rest = (struct span){ NULL, 0 };
	return piece;
}

bool taglist_next(struct span *rest, struct tag *tag_r)
{
	struct span text;
	size_t equals;

	if (rest->p == NULL || span_trim(*rest).n == 0)
		return false;
	text = take(rest, ';');
	equals = span_find_byte(text, 0, '=');
	*tag_r = (struct tag){ .text = text };
	if (equals < text.n) {
		tag_r->name = span_trim(span_slice(text, 0, equals));
		tag_r->value = span_trim(span_from(text, equals + 1));
	}
	return true;
}

static bool is_name(struct span name)
{
	if (name.n == 0 || !ascii_isalpha(name.p[0]))
		return false;
	for (size_t i = 1; i < name.n; i++)
		if (!ascii_isalnum(name.p[i]) && name.p[i] != '_')
			return false;
	return true;
}

static bool is_value(struct span value)
{
	for (size_t i = 0; i < value.n; i++)
		if ((value.p[i] < '!' || value.p[i] > '~') && value.p[i] != ' ' &&
		    value.p[i] != '\t' && value.p[i] != '\r' && value.p[i] != '\n')
			return false;
	return true;
}

/* Case does not count here: libraries differ in what they make of two spellings. */
static bool is_twice(const struct taglist *tags, struct span name)
{
	for (size_t i = 0; i < tags->n; i++)
		if (span_ieq(tags->list[i].name, name))
			return true;
	return false;
}

int taglist_parse(struct span list, struct taglist *tags_r, struct span *bad_r)
{
	struct tag tag;

	tags_r->n = 0;
	*bad_r = (struct span){ NULL, 0 };
	while (taglist_next(&list, &tag)) {
		if (!is_name(tag.name) || !is_value(tag.value) ||
		    is_twice(tags_r, tag.name) || tags_r->n == TAGLIST_MAX) {
			*bad_r = tag.text;
			return -1;
		}
		tags_r->list[tags_r->n++] = tag;
	}
	return 0;
}

const struct tag *taglist_get(const struct taglist *tags, const char *name)
{
	for (size_t i = 0; i < tags->n; i++)
		if (span_eq(tags->list[i].name, span_str(name)))
			return &tags->list[i];
	return NULL;
}

bool taglist_next_word(struct span *rest, struct span *word_r)
{
	if (rest->p == NULL)
		return false;
	*word_r = take(rest, ':');
	return true;
}

bool taglist_has_word(struct span words, const char *word)
{
	struct span next;

	while (taglist_next_word(&words, &next))
		if (span_is(next, word))
			return true;
	return false;
}
