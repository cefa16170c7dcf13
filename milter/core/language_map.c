#include "core/language_map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	char *key;		/* lower case */
	size_t order;		/* line number: the last of equal keys counts */
	const struct language *language;
};

struct language_map {
	struct row *rows;
	size_t n, size;
};

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int c = strcmp(x->key, y->key);

	if (c != 0)
		return c;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int add(struct language_map *map, struct span key,
	       const struct language *language, size_t order)
{
	struct row *rows;

	if (map->n == map->size) {
		size_t size = map->size != 0 ? map->size * 2 : 64;

		rows = reallocarray(map->rows, size, sizeof(*rows));
		if (rows == NULL)
			return -1;
		map->rows = rows;
		map->size = size;
	}
	map->rows[map->n] = (struct row){ strndup(key.p, key.n), order, language };
	if (map->rows[map->n].key == NULL)
		return -1;
	for (char *c = map->rows[map->n].key; *c != '\0'; c++)
		*c = ascii_lower(*c);
	map->n++;
	return 0;
}

static int parse_line(struct language_map *map, struct span line, size_t number,
		      const char *path, const struct knowledge *knowledge,
		      struct error *error)
{
	struct span text = span_trim(span_slice(line, 0, span_find_byte(line, 0, '#')));
	struct span key, tag;
	const struct language *language;
	size_t n = 0;

	if (text.n == 0)
		return 0;
	while (n < text.n && !ascii_isspace(text.p[n]))
		n++;
	key = span_slice(text, 0, n);
	tag = span_trim(span_from(text, n));
	if (span_find_byte(key, 0, '@') == key.n || tag.n == 0)
		return error_set(error, "%s:%zu: expected an address or @domain, then a language tag",
				 path, number);
	language = knowledge_language(knowledge, tag);
	if (language == NULL)
		return error_set(error, "%s:%zu: language \"%.*s\" is not installed",
				 path, number, (int)(tag.n < 40 ? tag.n : 40), tag.p);
	return add(map, key, language, number) == 0 ? 0 :
		error_set(error, "%s: out of memory", path);
}

static int parse_file(struct language_map *map, FILE *file, const char *path,
		      const struct knowledge *knowledge, struct error *error)
{
	char *line = NULL;
	size_t size = 0, number = 0, total = 0;
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = getline(&line, &size, file)) >= 0) {
		total += (size_t)n;
		if (total > LANGUAGE_MAP_MAX_SIZE)
			rc = error_set(error, "%s: larger than %d MiB", path,
				       LANGUAGE_MAP_MAX_SIZE >> 20);
		else
			rc = parse_line(map, (struct span){ line, (size_t)n },
					++number, path, knowledge, error);
	}
	if (rc == 0 && ferror(file))
		rc = error_set(error, "%s: %s", path, strerror(errno));
	free(line);
	return rc;
}

struct language_map *language_map_load(const char *path,
				       const struct knowledge *knowledge,
				       struct error *error)
{
	struct language_map *map = calloc(1, sizeof(*map));
	FILE *file = fopen(path, "re");
	int rc = -1;

	if (map == NULL)
		error_set(error, "out of memory");
	else if (file == NULL)
		error_set(error, "%s: %s", path, strerror(errno));
	else
		rc = parse_file(map, file, path, knowledge, error);
	if (file != NULL)
		fclose(file);
	if (rc != 0) {
		language_map_free(map);
		return NULL;
	}
	if (map->n != 0)
		qsort(map->rows, map->n, sizeof(*map->rows), compare);
	return map;
}

void language_map_free(struct language_map *map)
{
	if (map == NULL)
		return;
	for (size_t i = 0; i < map->n; i++)
		free(map->rows[i].key);
	free(map->rows);
	free(map);
}

/* strcmp of a key and a span, the span read in lower case. */
static int order(struct span text, const char *key)
{
	for (size_t i = 0; i < text.n; i++) {
		int d = (unsigned char)ascii_lower(text.p[i]) - (unsigned char)key[i];

		if (d != 0 || key[i] == '\0')
			return d != 0 ? d : 1;
	}
	return key[text.n] == '\0' ? 0 : -1;
}

static const struct language *find(const struct language_map *map, struct span key)
{
	size_t low = 0, high = map->n;

	while (low < high) {	/* the first row above the key */
		size_t middle = low + (high - low) / 2;

		if (order(key, map->rows[middle].key) >= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && order(key, map->rows[low - 1].key) == 0 ?
		map->rows[low - 1].language : NULL;
}

const struct language *language_map_find(const struct language_map *map,
					 struct span address)
{
	const struct language *language;
	size_t at = address.n;

	while (at > 0 && address.p[at - 1] != '@')
		at--;
	if (map == NULL || at == 0)
		return NULL;
	language = find(map, address);
	return language != NULL ? language : find(map, span_from(address, at - 1));
}
