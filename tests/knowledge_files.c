#include "knowledge_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "support.h"

char *knowledge_files_write(const struct knowledge_file *files)
{
	static const char *const folders[] = { "knowledge", "languages", "knowledge.d" };
	char *directory = make_directory(), path[200];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	for (; files->path != NULL; files++)
		free(write_file(directory, files->path, span_str(files->text)));
	return directory;
}

struct knowledge *knowledge_files_load(const struct knowledge_file *files,
				       const char *const *tags, size_t tags_n,
				       struct error *error)
{
	char *directory = knowledge_files_write(files), overrides[200];
	struct knowledge *k;

	snprintf(overrides, sizeof(overrides), "%s/knowledge.d", directory);
	k = knowledge_load(directory, overrides, tags, tags_n, error);
	remove_tree(directory);
	return k;
}

struct knowledge *knowledge_files_good(const struct knowledge_file *files)
{
	struct error error = { "" };
	struct knowledge *k = knowledge_files_load(files, NULL, 0, &error);

	if (k == NULL)
		fail_msg("%s", error.text);
	return k;
}
