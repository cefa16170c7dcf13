#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

uint32_t noise(uint32_t *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 8;
}

char *make_directory(void)
{
	char *path = strdup("/tmp/whybounce-test-XXXXXX");

	assert_non_null(path);
	assert_non_null(mkdtemp(path));
	return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void remove_tree(char *directory)
{
	nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(directory);
}

void assert_span(struct span s, const char *wanted)
{
	if (!span_eq(s, span_str(wanted)))
		fail_msg("wanted \"%s\", not \"%.*s\"", wanted, SPAN_FMT(s));
}

void unwrap_lines(struct buf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->n; i++) {
		bool blank = text->p[i] == ' ' || text->p[i] == '\n';

		if (!blank || (n > 0 && text->p[n - 1] != ' '))
			text->p[n++] = blank ? ' ' : text->p[i];
	}
	buf_truncate(text, n);
}

char *write_file(const char *directory, const char *name, struct span bytes)
{
	char *path = NULL;
	FILE *file;

	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, file), bytes.n);
	assert_int_equal(fclose(file), 0);
	return path;
}

static struct span read_stream(FILE *file)
{
	size_t size = 65536, n = 0, got;
	char *bytes = malloc(size);

	assert_non_null(bytes);
	while ((got = fread(bytes + n, 1, size - n - 1, file)) > 0) {
		n += got;
		if (n + 1 == size) {
			size *= 2;
			bytes = realloc(bytes, size);
			assert_non_null(bytes);
		}
	}
	bytes[n] = '\0';
	return (struct span){ bytes, n };
}

struct span read_whole(const char *path)
{
	FILE *file = fopen(path, "re");
	struct span bytes = { NULL, 0 };

	if (file != NULL) {
		bytes = read_stream(file);
		fclose(file);
	}
	return bytes;
}

/* Files instead of pipes: nothing can fill up and wait. */
static FILE *stream_of(struct span bytes)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, file), bytes.n);
	rewind(file);
	return file;
}

static struct span drain(FILE *file)
{
	struct span bytes;

	rewind(file);
	bytes = read_stream(file);
	fclose(file);
	return bytes;
}

struct run run_program(const char *const *argv, struct span input)
{
	FILE *in = stream_of(input), *out = stream_of(SPAN("")), *err = stream_of(SPAN(""));
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		dup2(fileno(in), STDIN_FILENO);
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(err), STDERR_FILENO);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	fclose(in);
	return (struct run){
		.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
		.out = drain(out), .err = drain(err),
	};
}

void run_free(struct run *run)
{
	free((char *)(uintptr_t)run->out.p);
	free((char *)(uintptr_t)run->err.p);
}

struct bounce bounce_of(struct arena *arena, struct span bytes)
{
	struct message message;
	struct bounce bounce;
	struct error error;

	assert_int_equal(message_parse(arena, bytes, &message, &error), 0);
	assert_int_equal(bounce_read(arena, &message, &bounce, &error), 0);
	return bounce;
}
