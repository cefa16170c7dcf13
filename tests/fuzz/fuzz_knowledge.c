/* An admin's file of knowledge, broken in any way: refused with a message that
 * names a line of it, or read; never a crash. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "know/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const nothing[] = { NULL }, *const rules[] = { "rules", "hints", NULL };
	struct error error = { "" };
	struct schema_file *file;
	unsigned lines[8];
	char path[64];
	int fd = memfd_create("knowledge", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (schema_load(path, size % 2 != 0 ? nothing : rules, &file, &error) == 0) {
		schema_lines(file, "causes", lines, 8);
		schema_free(file);
	} else if (strncmp(error.text, path, strlen(path)) != 0) {
		abort();
	}
	close(fd);
	return 0;
}
