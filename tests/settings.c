#include "settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support.h"

struct snapshot *snapshot_of_settings(const char *settings, const char *language)
{
	char *directory = make_directory();
	char *path = write_file(directory, "whybounce.yaml", span_str(settings));
	struct error error;
	struct snapshot *snapshot = snapshot_load(path, language, SNAPSHOT_RULES, &error);

	free(path);
	remove_tree(directory);
	if (snapshot == NULL)
		fail_msg("%s", error.text);
	return snapshot;
}
