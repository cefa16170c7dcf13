/* support.h - what several tests need: files, and programs that are run. */
#ifndef WHYBOUNCE_TESTS_SUPPORT_H
#define WHYBOUNCE_TESTS_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "mail/bounce.h"

/* The next of a row of numbers that look like chance, and are always the same. */
uint32_t noise(uint32_t *seed);

/* A new empty directory; NULL never (the test fails). Free with remove_tree. */
char *make_directory(void);
void remove_tree(char *directory);

/* The test fails where s is not exactly this, and says what it is. */
void assert_span(struct span s, const char *wanted);

/* A line end with its indent becomes one space. */
void unwrap_lines(struct buf *text);

/* Write bytes to directory/name and return that path (caller frees). */
char *write_file(const char *directory, const char *name, struct span bytes);
/* All bytes of a file (caller frees .p); p NULL where it cannot be read. */
struct span read_whole(const char *path);

/* What a whole mail says as a bounce; the test fails where it cannot be read. */
struct bounce bounce_of(struct arena *arena, struct span bytes);

struct run {
	int status;		/* exit status, or -signal */
	struct span out, err;	/* NUL-terminated behind n */
};
/* Run a program with these arguments (argv ends with NULL), input on its
 * standard input. Both outputs are kept whole. */
struct run run_program(const char *const *argv, struct span input);
void run_free(struct run *run);

#endif
