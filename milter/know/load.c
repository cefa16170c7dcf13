#include "know/load.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "know/placeholders.h"

static void key_path(const struct place *place, char *text, size_t size)
{
	const struct schema_place *at = &place->at;
	int n = snprintf(text, size, "%s", at->section);

#define ADD(...) do { \
	if (n >= 0 && (size_t)n < size) \
		n += snprintf(text + n, size - (size_t)n, __VA_ARGS__); \
} while (0)
	if (place->id != NULL)
		ADD(".%.60s", place->id);
	if (at->list != NULL)
		ADD(".%s[%zu]", at->list, at->item + 1);
	if (at->key != NULL)
		ADD(".%s", at->key);
#undef ADD
}

int load_fail(const struct loader *l, const struct place *place,
	      const char *format, ...)
{
	const struct schema_file *file = place->source->file;
	char message[400], key[200];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	key_path(place, key, sizeof(key));
	return error_set(l->error, "%s:%u: %s: %s", file->path,
			 schema_line(file, &place->at), key, message);
}

int load_fail_memory(const struct loader *l)
{
	return error_set(l->error, "out of memory while loading the knowledge");
}

static int check_placeholders(const struct loader *l, const struct place *place,
			      const char *raw, unsigned allowed)
{
	struct span bad = { NULL, 0 };
	char list[200], known[200];
	unsigned set;

	if (placeholders_of(raw, &set, &bad) == 0) {
		if ((set & ~allowed) == 0)
			return 0;
		placeholders_list(set & ~allowed, list, sizeof(list));
		bad = span_str(list);
	}
	return load_fail(l, place, "unknown placeholder %.*s; this text can have: %s",
			 (int)(bad.n < 60 ? bad.n : 60), bad.p,
			 placeholders_list(allowed, known, sizeof(known)));
}

int load_text(struct loader *l, const struct place *place, const char *raw,
	      unsigned allowed, const char **text_r)
{
	struct span text = span_trim(span_str(raw));
	char *copy;

	if (raw == NULL)
		return 0;
	if (text.n == 0)
		return load_fail(l, place, "the text is empty; write one or remove the key");
	if (check_placeholders(l, place, raw, allowed) != 0)
		return -1;
	copy = arena_string(&l->k->arena, text);
	if (copy == NULL)
		return load_fail_memory(l);
	for (char *c = copy; (c = strpbrk(c, "\r\n")) != NULL;)
		*c = ' ';
	*text_r = copy;
	return 0;
}

int load_texts(struct loader *l, struct place place, const struct schema_texts *raw,
	       unsigned allowed, struct texts *texts_r)
{
	const char **list;

	if (raw->n == 0)
		return 0;
	list = arena_array(&l->k->arena, raw->n, sizeof(*list));
	if (list == NULL)
		return load_fail_memory(l);
	for (unsigned i = 0; i < raw->n; i++) {
		place.at.item = i;
		if (load_text(l, &place, raw->list[i], allowed, &list[i]) != 0)
			return -1;
	}
	*texts_r = (struct texts){ list, raw->n };
	return 0;
}

/* ---- names ---- */

static int compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	if (c != 0)
		return c;
	return x->index < y->index ? -1 : x->index > y->index;
}

bool names_sort(struct names *names, size_t *twice_r)
{
	if (names->n != 0)
		qsort(names->list, names->n, sizeof(*names->list), compare_names);
	for (size_t i = 1; i < names->n; i++)
		if (strcmp(names->list[i - 1].name, names->list[i].name) == 0) {
			*twice_r = names->list[i].index;
			return false;
		}
	return true;
}

/* strcmp of bytes with a string. */
static int compare_span(struct span a, const char *b)
{
	int c = strncmp(a.p, b, a.n);

	return c != 0 ? c : -(b[a.n] != '\0');
}

size_t names_find(const struct names *names, struct span name)
{
	size_t low = 0, high = names->n;

	if (name.n == 0 || memchr(name.p, '\0', name.n) != NULL)
		return SIZE_MAX;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = compare_span(name, names->list[middle].name);

		if (c == 0)
			return names->list[middle].index;
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SIZE_MAX;
}

/* ---- what facts are written with ---- */

static const char *const who_names[] = {
	[WHO_SENDER] = "sender", [WHO_SENDER_ADMIN] = "sender_admin",
	[WHO_RECIPIENT] = "recipient", [WHO_RECIPIENT_ADMIN] = "recipient_admin",
	[WHO_NOBODY] = "nobody",
};

const char *who_name(enum who who)
{
	return who_names[who];
}

int load_who(const struct loader *l, const struct place *place,
	     const char *word, enum who *who_r)
{
	for (size_t i = 0; i < sizeof(who_names) / sizeof(who_names[0]); i++)
		if (strcmp(word, who_names[i]) == 0) {
			*who_r = (enum who)i;
			return 0;
		}
	return load_fail(l, place, "\"%.40s\" is nobody we know; write sender, "
			 "sender_admin, recipient, recipient_admin or nobody", word);
}

int load_cause_id(const struct loader *l, const struct place *place,
		  const char *id, const struct cause **cause_r)
{
	size_t i = names_find(&l->k->cause_names, span_str(id));

	if (l->k->causes_n == 0)
		return 0;
	if (i == SIZE_MAX)
		return load_fail(l, place, "there is no cause \"%.60s\"; use an id of "
				 "the section causes", id);
	*cause_r = &l->k->causes[i];
	return 0;
}

int check_facts_allowed(const struct loader *l, const struct place *place,
			bool has_fact)
{
	if (!has_fact || place->source->kind != SOURCE_TRANSLATION)
		return 0;
	return load_fail(l, place, "belongs into the English file; remove it here");
}

const char *skip_digits(const char *p)
{
	size_t n = 0;

	while (n < 3 && ascii_isdigit(p[n]))
		n++;
	return p + n;
}

int load_yes(const struct loader *l, const struct place *place,
	     const char *word, bool *yes_r)
{
	*yes_r = strcmp(word, "yes") == 0 || strcmp(word, "true") == 0;
	if (*yes_r || strcmp(word, "no") == 0 || strcmp(word, "false") == 0)
		return 0;
	return load_fail(l, place, "\"%.40s\" is neither yes nor no", word);
}
