#include "base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 32 * 1024 };

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){ .limit = limit };
}

void arena_release(struct arena *arena)
{
	struct arena_block *next;

	for (struct arena_block *b = arena->blocks; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	*arena = (struct arena){ .limit = arena->limit };
}

void arena_clear(struct arena *arena)
{
	struct arena_block *kept = arena->blocks;

	if (kept == NULL || kept->size != BLOCK_SIZE) {
		arena_release(arena);
		return;
	}
	arena->blocks = kept->next;
	arena_release(arena);
	kept->next = NULL;
	kept->used = 0;
	arena->blocks = kept;
}

static size_t rounded(size_t n)
{
	size_t unit = _Alignof(max_align_t);

	return (n + unit - 1) / unit * unit;
}

static struct arena_block *block_add(struct arena *arena, size_t need)
{
	size_t size = need > BLOCK_SIZE ? need : BLOCK_SIZE;
	struct arena_block *b = malloc(sizeof(*b) + size);

	if (b == NULL)
		return NULL;
	b->size = size;
	b->used = 0;
	b->next = arena->blocks;
	arena->blocks = b;
	return b;
}

void *arena_alloc(struct arena *arena, size_t n)
{
	struct arena_block *b = arena->blocks;
	size_t need;
	void *p;

	if (arena->failed || n > arena->limit || n > PTRDIFF_MAX ||
	    (need = rounded(n != 0 ? n : 1)) > arena->limit - arena->used) {
		arena->failed = true;
		return NULL;
	}
	if (b == NULL || b->size - b->used < need)
		b = block_add(arena, need);
	if (b == NULL) {
		arena->failed = true;
		return NULL;
	}
	p = b->bytes + b->used;
	b->used += need;
	arena->used += need;
	memset(p, 0, need);
	return p;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size) {
		arena->failed = true;
		return NULL;
	}
	return arena_alloc(arena, count * size);
}

void *arena_grow(struct arena *arena, void *old, size_t old_n, size_t n)
{
	struct arena_block *b = arena->blocks;
	size_t had = rounded(old_n != 0 ? old_n : 1);
	void *p;

	if (old != NULL && n <= old_n)
		return old;
	if (old != NULL && b != NULL && n <= arena->limit && n <= PTRDIFF_MAX &&
	    (char *)old + had == b->bytes + b->used) {
		size_t more = rounded(n) - had;

		if (more <= b->size - b->used &&
		    more <= arena->limit - arena->used) {
			memset(b->bytes + b->used, 0, more);
			b->used += more;
			arena->used += more;
			return old;
		}
	}
	p = arena_alloc(arena, n);
	if (p != NULL && old != NULL)
		memcpy(p, old, old_n);
	return p;
}

char *arena_string(struct arena *arena, struct span s)
{
	char *p = s.n < SIZE_MAX ? arena_alloc(arena, s.n + 1) : NULL;

	if (p != NULL && s.n != 0)
		memcpy(p, s.p, s.n);
	return p;
}

struct span arena_copy(struct arena *arena, struct span s)
{
	char *p = arena_string(arena, s);

	return (struct span){ p, p != NULL ? s.n : 0 };
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args, again;
	char *p;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	p = n >= 0 ? arena_alloc(arena, (size_t)n + 1) : NULL;
	if (p != NULL)
		vsnprintf(p, (size_t)n + 1, format, again);
	va_end(again);
	return p;
}
