/* The files: which are there, which are wanted, whose language they are. */
#include "know/load.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The languages that somebody asks for; tags NULL: all. */
struct wishes {
	const char *const *tags;
	size_t n;
};

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

/* Notes a file that is to be read. */
static int add_source(struct loader *l, const char *directory, const char *name,
		      enum source_kind kind, bool wanted)
{
	if (l->sources_n == l->sources_size) {
		size_t size = l->sources_size != 0 ? l->sources_size * 2 : 16;
		struct source *sources = reallocarray(l->sources, size, sizeof(*sources));

		if (sources == NULL)
			return load_fail_memory(l);
		l->sources = sources;
		l->sources_size = size;
	}
	l->sources[l->sources_n++] = (struct source){
		.kind = kind, .wanted = wanted,
		.path = arena_printf(&l->k->arena, "%s/%s.yaml", directory, name),
		.name = arena_string(&l->k->arena, span_str(name)),
	};
	return l->k->arena.failed ? load_fail_memory(l) : 0;
}

static void drop_source(struct loader *l, size_t i)
{
	schema_free(l->sources[i].file);
	l->sources_n--;
	memmove(&l->sources[i], &l->sources[i + 1],
		(l->sources_n - i) * sizeof(*l->sources));
}

/* ---- reading them, several at once ---- */

/* Parsing is nearly all the time that loading takes. */
enum { READERS = 4 };

struct readers {
	struct source *sources;
	size_t n;
	atomic_size_t next;
	const char *const *skip;
};

static void *read_some(void *context)
{
	struct readers *r = context;
	size_t i;

	/* from the end: translations are the largest, and come after English */
	while ((i = atomic_fetch_add(&r->next, 1)) < r->n) {
		struct source *source = &r->sources[r->n - 1 - i];

		source->failed = schema_load(source->path, r->skip, &source->file,
					     &source->error) != 0;
	}
	return NULL;
}

static void read_files(struct loader *l)
{
	static const char *const rules[] = { "rules", "hints", "findings", NULL };
	static const char *const none[] = { NULL };
	struct readers r = {
		.sources = l->sources, .n = l->sources_n,
		.skip = l->parts == KNOWLEDGE_WORDS ? rules : none,
	};
	pthread_t threads[READERS];
	size_t n = 0;

	/* Only for a command that somebody waits for: the heap of each thread takes
	 * 64 MiB of the address space, which a worker of the daemon has little of. */
	while (l->parts == KNOWLEDGE_WORDS && n < READERS - 1 && n + 1 < r.n &&
	       pthread_create(&threads[n], NULL, read_some, &r) == 0)
		n++;
	read_some(&r);	/* alone, where no thread could be had */
	while (n != 0)
		pthread_join(threads[--n], NULL);
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

static int read_translation(struct loader *l, struct source *source)
{
	const struct schema_language *raw = &source->file->schema->language;
	const struct place place = language_place(source, "tag"),
		whole = language_place(source, NULL);

	if (raw->tag == NULL || raw->name == NULL)
		return load_fail(l, &whole, "say which language this is: "
				 "language: {tag: %.20s, name: …}", source->name);
	if (!tag_eq(span_str(raw->tag), source->name))
		return load_fail(l, &place, "the file is called %.40s.yaml; "
				 "give both the same tag", source->name);
	if (add_language(l, raw->tag, &source->language) != 0)
		return -1;
	return read_language(l, source);
}

/* Which installed languages the tags ask for, by the name of their files. */
static void mark_wanted(const struct file_list *files, const struct wishes *wishes,
			bool *wanted, bool *all_found_r)
{
	*all_found_r = true;
	for (size_t t = 0; t < wishes->n; t++) {
		struct span tag = span_str(wishes->tags[t]);
		bool found = false;

		for (; !found && tag.n != 0 && tag.n <= TAG_MAX; tag.n = tag_shorten(tag)) {
			found = tag_eq(tag, "en");
			for (size_t i = 0; !found && i < files->n; i++)
				if (tag_eq(tag, files->names[i]))
					found = wanted[i] = true;
		}
		*all_found_r = *all_found_r && found;
	}
}

/* Does a file that no tag names answer to one by an alias? */
static bool has_alias(const struct source *source, const struct wishes *wishes)
{
	const struct schema_texts *aliases = &source->file->schema->language.aliases;

	for (size_t t = 0; t < wishes->n; t++)
		for (struct span tag = span_str(wishes->tags[t]);
		     tag.n != 0 && tag.n <= TAG_MAX; tag.n = tag_shorten(tag))
			for (unsigned i = 0; i < aliases->n; i++)
				if (tag_eq(tag, aliases->list[i]))
					return true;
	return false;
}

/* The translations that are wanted. Where a tag names no file, it may be an
 * alias: then all of them, to look. */
static int add_translations(struct loader *l, const char *directory,
			    const struct file_list *files, const struct wishes *wishes)
{
	bool *wanted = calloc(files->n + 1, sizeof(*wanted)), all_found;
	int rc = 0;

	if (wanted == NULL)
		return load_fail_memory(l);
	mark_wanted(files, wishes, wanted, &all_found);
	for (size_t i = 0; rc == 0 && i < files->n; i++) {
		wanted[i] = wanted[i] || wishes->tags == NULL;
		if (wanted[i] || !all_found)
			rc = add_source(l, directory, files->names[i],
					SOURCE_TRANSLATION, wanted[i]);
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

/* English is there before its files are: it is what all others fall back to. */
static int add_english(struct loader *l)
{
	struct knowledge *k = l->k;
	struct language *english;

	k->languages = arena_array(&k->arena, k->installed.n, sizeof(*k->languages));
	if (k->languages == NULL)
		return load_fail_memory(l);
	if (add_language(l, "en", &english) != 0)
		return -1;
	english->name = "English";
	return 0;
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

/* ---- all of them ---- */

/* What a file says about its language. */
static int read_source(struct loader *l, struct source *source)
{
	if (source->failed)
		return error_set(l->error, "%s", source->error.text);
	if (source->kind == SOURCE_OVERRIDE)
		return read_override(l, source);
	if (source->kind == SOURCE_TRANSLATION)
		return read_translation(l, source);
	source->language = l->k->languages[0];
	return read_language(l, source);
}

static int read_sources(struct loader *l, const struct wishes *wishes)
{
	for (size_t i = 0; i < l->sources_n;) {
		struct source *source = &l->sources[i];

		if (!source->wanted && (source->failed || !has_alias(source, wishes)))
			drop_source(l, i);
		else if (read_source(l, source) != 0)
			return -1;
		else
			i++;
	}
	return 0;
}

static int add_folder(struct loader *l, const char *directory, enum source_kind kind)
{
	struct file_list files;
	int rc = 0;

	if (file_list_read(&files, directory, kind == SOURCE_ENGLISH, l->error) != 0)
		return -1;
	if (kind == SOURCE_ENGLISH && files.n == 0)
		rc = error_set(l->error, "%s: no knowledge here (*.yaml); "
			       "is whybounce installed completely?", directory);
	for (size_t i = 0; rc == 0 && i < files.n; i++)
		rc = add_source(l, directory, files.names[i], kind, true);
	file_list_release(&files);
	return rc;
}

static int add_all(struct loader *l, const char *dir, const char *overrides,
		   const struct wishes *wishes)
{
	const char *knowledge = arena_printf(&l->k->arena, "%s/knowledge", dir);
	const char *languages = arena_printf(&l->k->arena, "%s/languages", dir);
	struct file_list files;
	int rc;

	if (l->k->arena.failed)
		return load_fail_memory(l);
	if (add_folder(l, knowledge, SOURCE_ENGLISH) != 0 ||
	    file_list_read(&files, languages, false, l->error) != 0)
		return -1;
	rc = set_installed(l, &files) != 0 || add_english(l) != 0 ? -1 :
		add_translations(l, languages, &files, wishes);
	file_list_release(&files);
	if (rc != 0 || overrides == NULL)
		return rc;
	return add_folder(l, overrides, SOURCE_OVERRIDE);
}

int sources_load(struct loader *l, const char *dir, const char *overrides,
		 const char *const *tags, size_t tags_n)
{
	const struct wishes wishes = { tags, tags != NULL ? tags_n : 0 };

	if (add_all(l, dir, overrides, &wishes) != 0)
		return -1;
	read_files(l);
	return read_sources(l, &wishes);
}

void sources_release(struct loader *l)
{
	while (l->sources_n != 0)
		drop_source(l, l->sources_n - 1);
	free(l->sources);
	l->sources = NULL;
}
