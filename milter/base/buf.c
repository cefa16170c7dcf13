#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_SIZE = 256 };

void buf_init(struct buf *buf, struct arena *arena, size_t limit)
{
	*buf = (struct buf){ .arena = arena, .limit = limit };
}

/* Room for n more bytes and a NUL behind them, or NULL with the buf failed. */
static char *reserve(struct buf *buf, size_t n)
{
	size_t size = buf->size != 0 ? buf->size : FIRST_SIZE;
	char *p;

	if (buf->failed || n > buf->limit - buf->n) {
		buf->failed = true;
		return NULL;
	}
	if (buf->p != NULL && n < buf->size - buf->n)
		return buf->p + buf->n;
	while (size <= buf->n + n)
		size *= 2;
	if (size > buf->limit)
		size = buf->limit + 1;
	p = arena_grow(buf->arena, buf->p, buf->size, size);
	if (p == NULL) {
		buf->failed = true;
		return NULL;
	}
	buf->p = p;
	buf->size = size;
	return p + buf->n;
}

/* The size is never beyond the limit: what fits there needs no other question. */
static bool fits(const struct buf *buf, size_t n)
{
	return n < buf->size - buf->n && !buf->failed;
}

void buf_add(struct buf *buf, struct span s)
{
	char *at;

	if (s.n == 0)
		return;
	at = fits(buf, s.n) ? buf->p + buf->n : reserve(buf, s.n);
	if (at == NULL)
		return;
	memcpy(at, s.p, s.n);
	buf->n += s.n;
}

void buf_adds(struct buf *buf, const char *string)
{
	buf_add(buf, span_str(string));
}

void buf_addc(struct buf *buf, char c)
{
	if (fits(buf, 1))
		buf->p[buf->n++] = c;
	else
		buf_add(buf, (struct span){ &c, 1 });
}

/* Written at once where there is room: most is short. */
void buf_addf(struct buf *buf, const char *format, ...)
{
	size_t room = buf->failed ? 0 : buf->size - buf->n;
	va_list args, again;
	char *at;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(room != 0 ? buf->p + buf->n : NULL, room, format, args);
	va_end(args);
	if (n < 0)
		buf->failed = true;
	at = n > 0 ? reserve(buf, (size_t)n) : NULL;
	if (at != NULL) {
		if ((size_t)n >= room)
			vsnprintf(at, (size_t)n + 1, format, again);
		buf->n += (size_t)n;
	}
	va_end(again);
}

void buf_truncate(struct buf *buf, size_t n)
{
	if (n < buf->n)
		buf->n = n;
}

struct span buf_span(const struct buf *buf)
{
	if (buf->failed)
		return (struct span){ NULL, 0 };
	return (struct span){ buf->p, buf->n };
}

const char *buf_string(struct buf *buf)
{
	const char *string = arena_string(buf->arena, buf_span(buf));

	return string != NULL ? string : "";
}
