/* arena.h - memory that lives as long as one message and dies with it.
 *
 * There is no free of a single piece. Nothing is allocated past the limit, and
 * a refused or failed allocation marks the arena failed for good: callers may
 * check once, at the end. Not thread-safe: one arena belongs to one message. */
#ifndef WHYBOUNCE_BASE_ARENA_H
#define WHYBOUNCE_BASE_ARENA_H

#include "base/span.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;	/* newest first */
	size_t used;			/* bytes handed out */
	size_t limit;
	bool failed;
};

void arena_init(struct arena *arena, size_t limit);
void arena_release(struct arena *arena);
/* Back to empty, keeping one block for the next message. */
void arena_clear(struct arena *arena);

/* Zeroed, aligned for any type. NULL on failure; n == 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t n);
/* The same for count items; checks the multiplication. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* Grow the newest allocation in place, else move it. old_n is its size. */
void *arena_grow(struct arena *arena, void *old, size_t old_n, size_t n);
/* A NUL-terminated copy (bytes after an inner NUL stay). NULL on failure. */
char *arena_string(struct arena *arena, struct span s);
/* A copy of the bytes. Empty on failure. */
struct span arena_copy(struct arena *arena, struct span s);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
