#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_PIECE = 64 * 1024 };

static bool is_stdin(const char *path)
{
	return path == NULL || strcmp(path, "-") == 0;
}

/* Room for more bytes: twice what there was, never beyond limit + 1. */
static int grow(struct input *input, size_t *size, size_t limit, struct error *error)
{
	size_t wanted = *size == 0 ? FIRST_PIECE : *size * 2;
	char *bytes;

	if (wanted > limit + 1)
		wanted = limit + 1;
	bytes = realloc(input->bytes, wanted);
	if (bytes == NULL)
		return error_set(error, "%s: out of memory", input->name);
	input->bytes = bytes;
	*size = wanted;
	return 0;
}

/* Reads until the end, or until one byte more than the limit. */
static int fill(struct input *input, size_t limit, struct error *error)
{
	size_t size = 0;

	while (input->n <= limit) {
		ssize_t got;

		if (input->n == size && grow(input, &size, limit, error) != 0)
			return -1;
		got = read(input->fd, input->bytes + input->n, size - input->n);
		if (got == 0)
			return 0;
		if (got > 0)
			input->n += (size_t)got;
		else if (errno != EINTR)
			return error_set(error, "%s: %s", input->name, strerror(errno));
	}
	input->more = true;
	return 0;
}

int input_open(struct input *input, const char *path, size_t limit,
	       struct error *error)
{
	*input = (struct input){ .name = is_stdin(path) ? "standard input" : path };
	input->fd = is_stdin(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (input->fd < 0)
		return error_set(error, "%s: %s", input->name, strerror(errno));
	if (fill(input, limit, error) == 0)
		return 0;
	input_close(input);
	return -1;
}

int input_open_whole(struct input *input, const char *path, size_t limit,
		     struct error *error)
{
	if (input_open(input, path, limit, error) != 0)
		return -1;
	if (!input->more)
		return 0;
	error_set(error, "%s: larger than limits.message_size (%zu bytes)",
		  input->name, limit);
	input_close(input);
	return -1;
}

struct span input_span(const struct input *input)
{
	return (struct span){ input->bytes, input->n };
}

enum exit_status input_pass(struct input *input)
{
	fwrite(input->bytes, 1, input->n, stdout);
	while (input->more) {
		ssize_t got = read(input->fd, input->bytes, input->n);

		if (got > 0)
			fwrite(input->bytes, 1, (size_t)got, stdout);
		else if (got == 0)
			input->more = false;
		else if (errno != EINTR)
			return cli_fail("%s: %s", input->name, strerror(errno));
	}
	return cli_flush();
}

void input_close(struct input *input)
{
	if (input->fd > STDERR_FILENO)
		close(input->fd);
	free(input->bytes);
	*input = (struct input){ .fd = -1 };
}
