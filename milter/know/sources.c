/* The files: which are there, which are wanted, whose language they are. */
#include "know/load.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- files ---- */

struct file_list {
	char **names;		/* without ".yaml", sorted */
	size_t n;
};

static void file_list_release(struct file_list *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->names[i]);
	free(files->names);
	*files = (struct file_list){ .n = 0 };
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_yaml(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".yaml") == 0;
}

static int file_list_add(struct file_list *files, const char *name)
{
	char **names = reallocarray(files->names, files->n + 1, sizeof(*names));

	if (names == NULL)
		return -1;
	files->names = names;
	names[files->n] = strndup(name, strlen(name) - 5);
	return names[files->n] != NULL ? (files->n++, 0) : -1;
}

/* The *.yaml of a directory. `needed`: is it an error that there is none? */
static int file_list_read(struct file_list *files, const char *directory,
			  bool needed, struct error *error)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	int rc = 0;

	*files = (struct file_list){ .n = 0 };
	if (dir == NULL && errno == ENOENT && !needed)
		return 0;
	if (dir == NULL)
		return error_set(error, "%s: %s", directory, strerror(errno));
	while (rc == 0 && (entry = readdir(dir)) != NULL)
		if (is_yaml(entry->d_name))
			rc = file_list_add(files, entry->d_name);
	closedir(dir);
	if (rc != 0) {
		file_list_release(files);
		return error_set(error, "%s: out of memory", directory);
	}
	if (files->n != 0)
		qsort(files->names, files->n, sizeof(*files->names), compare_strings);
	return 0;
}

static int load_source(struct loader *l, const char *directory, const char *name,
		       enum source_kind kind, struct source **source_r)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s.yaml", directory, name) >= (int)sizeof(path))
		return error_set(l->error, "%s: the path is too long", directory);
	if (l->sources_n == l->sources_size) {
		size_t size = l->sources_size != 0 ? l->sources_size * 2 : 16;
		struct source *sources = reallocarray(l->sources, size, sizeof(*sources));

		if (sources == NULL)
			return load_fail_memory(l);
		l->sources = sources;
		l->sources_size = size;
	}
	*source_r = &l->sources[l->sources_n];
	**source_r = (struct source){ .kind = kind };
	if (schema_load(path, &(*source_r)->file, l->error) != 0)
		return -1;
	l->sources_n++;
	return 0;
}

static void drop_last_source(struct loader *l)
{
	schema_free(l->sources[--l->sources_n].file);
}

/* ---- languages ---- */

static struct place language_place(const struct source *source, const char *key)
{
	return (struct place){ source, { .section = "language", .key = key }, NULL };
}

static int add_language(struct loader *l, const char *tag, struct language **language_r)
{
	struct knowledge *k = l->k;
	struct language *language = arena_alloc(&k->arena, sizeof(*language));

	if (language == NULL ||
	    (language->tag = arena_string(&k->arena, span_str(tag))) == NULL)
		return load_fail_memory(l);
	language->name = language->tag;
	k->languages[k->languages_n++] = *language_r = language;
	return 0;
}

/* name, direction and aliases, from the first file that has them on. */
static int read_language(struct loader *l, const struct source *source)
{
	const struct schema_language *raw = &source->file->schema->language;
	struct language *language = source->language;
	struct place place = language_place(source, "name");

	if (load_text(l, &place, raw->name, 0, &language->name) != 0)
		return -1;
	place.at.key = "direction";
	if (raw->direction != NULL && strcmp(raw->direction, "ltr") != 0 &&
	    strcmp(raw->direction, "rtl") != 0)
		return load_fail(l, &place, "write ltr or rtl");
	if (raw->direction != NULL)
		language->rtl = strcmp(raw->direction, "rtl") == 0;
	place.at.key = NULL;
	place.at.list = "aliases";
	return load_texts(l, place, &raw->aliases, 0, &language->aliases);
}

static int read_translation(struct loader *l, const char *tag, struct source *source)
{
	const struct schema_language *raw = &source->file->schema->language;
	const struct place place = language_place(source, "tag"),
		whole = language_place(source, NULL);

	if (raw->tag == NULL || raw->name == NULL)
		return load_fail(l, &whole, "say which language this is: "
				 "language: {tag: %.20s, name: …}", tag);
	if (!tag_eq(span_str(raw->tag), tag))
		return load_fail(l, &place, "the file is called %.40s.yaml; "
				 "give both the same tag", tag);
	if (add_language(l, raw->tag, &source->language) != 0)
		return -1;
	return read_language(l, source);
}

static int load_english(struct loader *l, const char *dir)
{
	struct knowledge *k = l->k;
	struct language *english;
	struct file_list files;
	struct source *source;
	char directory[PATH_MAX];
	int rc;

	snprintf(directory, sizeof(directory), "%s/knowledge", dir);
	if (add_language(l, "en", &english) != 0 ||
	    file_list_read(&files, directory, true, l->error) != 0)
		return -1;
	english->name = "English";
	rc = files.n != 0 ? 0 : error_set(l->error, "%s: no knowledge here (*.yaml); "
					  "is whybounce installed completely?", directory);
	for (size_t i = 0; rc == 0 && i < files.n; i++) {
		rc = load_source(l, directory, files.names[i], SOURCE_ENGLISH, &source);
		if (rc != 0)
			break;
		source->language = k->languages[0];
		rc = read_language(l, source);
	}
	file_list_release(&files);
	return rc;
}

/* Which installed languages the tags ask for, by the name of their files. */
static void mark_wanted(const struct file_list *files, const char *const *tags,
			size_t tags_n, bool *wanted, bool *all_found_r)
{
	*all_found_r = true;
	for (size_t t = 0; t < tags_n; t++) {
		struct span tag = span_str(tags[t]);
		bool found = false;

		for (; !found && tag.n != 0 && tag.n <= TAG_MAX; tag.n = tag_shorten(tag)) {
			found = tag_eq(tag, "en");
			for (size_t i = 0; !found && i < files->n; i++)
				found = wanted[i] = wanted[i] || tag_eq(tag, files->names[i]);
		}
		*all_found_r = *all_found_r && found;
	}
}

/* Does a file that no tag names answer to one by an alias? */
static bool has_alias(const struct schema_texts *aliases, const char *const *tags,
		      size_t tags_n)
{
	for (size_t t = 0; t < tags_n; t++)
		for (struct span tag = span_str(tags[t]); tag.n != 0 && tag.n <= TAG_MAX;
		     tag.n = tag_shorten(tag))
			for (unsigned i = 0; i < aliases->n; i++)
				if (tag_eq(tag, aliases->list[i]))
					return true;
	return false;
}

static int load_translation(struct loader *l, const char *directory, const char *tag,
			    bool wanted, const char *const *tags, size_t tags_n)
{
	struct source *source;

	if (load_source(l, directory, tag, SOURCE_TRANSLATION, &source) != 0)
		return -1;
	if (!wanted && !has_alias(&source->file->schema->language.aliases, tags, tags_n)) {
		drop_last_source(l);
		return 0;
	}
	return read_translation(l, tag, source);
}

static int load_wanted(struct loader *l, const char *directory,
		       const struct file_list *files, const char *const *tags,
		       size_t tags_n)
{
	bool *wanted = calloc(files->n + 1, sizeof(*wanted)), all_found;
	int rc = 0;

	if (wanted == NULL)
		return load_fail_memory(l);
	mark_wanted(files, tags, tags_n, wanted, &all_found);
	for (size_t i = 0; rc == 0 && i < files->n; i++) {
		if (tags == NULL)
			wanted[i] = true;
		if (wanted[i] || !all_found)
			rc = load_translation(l, directory, files->names[i], wanted[i],
					      tags, tags_n);
	}
	free(wanted);
	return rc;
}

static int set_installed(struct loader *l, const struct file_list *files)
{
	struct arena *arena = &l->k->arena;
	const char **list = arena_array(arena, files->n + 1, sizeof(*list));

	if (list == NULL)
		return load_fail_memory(l);
	list[0] = "en";
	for (size_t i = 0; i < files->n; i++)
		list[i + 1] = arena_string(arena, span_str(files->names[i]));
	l->k->installed = (struct texts){ list, files->n + 1 };
	return arena->failed ? load_fail_memory(l) : 0;
}

static int load_languages(struct loader *l, const char *dir,
			  const struct file_list *files, const char *directory,
			  const char *const *tags, size_t tags_n)
{
	struct knowledge *k = l->k;

	k->languages = arena_array(&k->arena, files->n + 1, sizeof(*k->languages));
	if (k->languages == NULL)
		return load_fail_memory(l);
	if (set_installed(l, files) != 0 || load_english(l, dir) != 0)
		return -1;
	return load_wanted(l, directory, files, tags, tags_n);
}

/* ---- overrides ---- */

static bool is_installed(const struct knowledge *k, struct span tag)
{
	for (size_t i = 0; i < k->installed.n; i++)
		if (tag_eq(tag, k->installed.list[i]))
			return true;
	return false;
}

static int read_override(struct loader *l, struct source *source)
{
	const struct schema_language *raw = &source->file->schema->language;
	const struct place place = language_place(source, "tag");

	source->language = l->k->languages[0];
	if (raw->tag == NULL)
		return read_language(l, source);
	if (!is_installed(l->k, span_str(raw->tag)))
		return load_fail(l, &place, "language \"%.40s\" is not installed", raw->tag);
	source->language = NULL;
	for (size_t i = 0; i < l->k->languages_n; i++)
		if (tag_eq(span_str(raw->tag), l->k->languages[i]->tag))
			source->language = l->k->languages[i];
	return source->language != NULL ? read_language(l, source) : 0;
}

static int load_overrides(struct loader *l, const char *directory)
{
	struct file_list files;
	struct source *source;
	int rc = 0;

	if (directory == NULL)
		return 0;
	if (file_list_read(&files, directory, false, l->error) != 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < files.n; i++) {
		rc = load_source(l, directory, files.names[i], SOURCE_OVERRIDE, &source);
		if (rc == 0)
			rc = read_override(l, source);
	}
	file_list_release(&files);
	return rc;
}

/* ---- all of them ---- */

int sources_load(struct loader *l, const char *dir, const char *overrides,
		 const char *const *tags, size_t tags_n)
{
	struct file_list files;
	char directory[PATH_MAX];
	int rc;

	snprintf(directory, sizeof(directory), "%s/languages", dir);
	if (file_list_read(&files, directory, false, l->error) != 0)
		return -1;
	rc = load_languages(l, dir, &files, directory, tags, tags_n);
	file_list_release(&files);
	return rc != 0 ? -1 : load_overrides(l, overrides);
}

void sources_release(struct loader *l)
{
	while (l->sources_n != 0)
		drop_last_source(l);
	free(l->sources);
	l->sources = NULL;
}
