/* An admin's whybounce.yaml or language map, broken in any way: refused with a
 * message that names the file, or read; what was read prints as a file that says
 * the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/language_map.h"
#include "core/option.h"

enum { PATH = 64, PRINTED = 4 * 1024 * 1024 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* A file of these bytes; the caller closes it. */
static int file_of(struct span bytes, char path[PATH])
{
	int fd = memfd_create("config", MFD_CLOEXEC);

	require(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
	snprintf(path, PATH, "/proc/self/fd/%d", fd);
	return fd;
}

static void require_names_file(const struct error *error, const char *path)
{
	require(strncmp(error->text, path, strlen(path)) == 0);
}

static struct span print(struct arena *arena, const struct config *config)
{
	struct buf out;

	buf_init(&out, arena, PRINTED / 2);
	config_print(&out, config, false);
	require(!out.failed);
	return buf_span(&out);
}

static void check_config(struct span bytes)
{
	struct error error = { "" };
	struct config *config, *again;
	struct span printed;
	struct arena arena;
	char path[PATH];
	int fd = file_of(bytes, path);

	config = config_load(path, &error);
	close(fd);
	if (config == NULL) {
		require_names_file(&error, path);
		return;
	}
	arena_init(&arena, 2 * PRINTED);
	printed = print(&arena, config);
	fd = file_of(printed, path);
	again = config_load(path, &error);
	close(fd);
	require(again != NULL && span_eq(print(&arena, again), printed));
	config_free(again);
	config_free(config);
	arena_release(&arena);
}

static void check_language_map(struct span bytes)
{
	static struct knowledge *knowledge;
	struct error error = { "" };
	struct language_map *map;
	char path[PATH];
	int fd = file_of(bytes, path);

	if (knowledge == NULL)
		knowledge = knowledge_load("conf", NULL, NULL, 0, NULL);
	require(knowledge != NULL);
	map = language_map_load(path, knowledge, &error);
	close(fd);
	if (map == NULL)
		require_names_file(&error, path);
	language_map_find(map, bytes);
	language_map_find(map, SPAN("reader@example.org"));
	language_map_free(map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = { (const char *)data, size };

	/* a seed is what it looks like: no YAML starts like that */
	if (size > 0 && data[0] == '@')
		check_language_map(bytes);
	else
		check_config(bytes);
	return 0;
}
