/* knowledge_files.h - knowledge made of texts, for tests. */
#ifndef WHYBOUNCE_TESTS_KNOWLEDGE_FILES_H
#define WHYBOUNCE_TESTS_KNOWLEDGE_FILES_H

#include "know/know.h"

/* path: "knowledge/causes.yaml", "languages/de.yaml", "knowledge.d/mine.yaml".
 * A list of files ends with a NULL path. */
struct knowledge_file {
	const char *path, *text;
};

/* A directory with these files. Free with remove_tree. */
char *knowledge_files_write(const struct knowledge_file *files);
/* Load them; tags as knowledge_load has them. NULL with an error. */
struct knowledge *knowledge_files_load(const struct knowledge_file *files,
				       const char *const *tags, size_t tags_n,
				       struct error *error);
/* The same with all languages; the test fails where it does not load. */
struct knowledge *knowledge_files_good(const struct knowledge_file *files);

#endif
