/* buf.h - build bytes piece by piece; check once, at the end.
 *
 * The bytes live in an arena. The first piece that does not fit (arena or
 * limit) marks the buf failed; every later call then does nothing. The bytes
 * are not NUL-terminated; buf_string makes a terminated copy. */
#ifndef WHYBOUNCE_BASE_BUF_H
#define WHYBOUNCE_BASE_BUF_H

#include "base/arena.h"

struct buf {
	struct arena *arena;
	char *p;
	size_t n, size;
	size_t limit;		/* most bytes it may hold */
	bool failed;
};

void buf_init(struct buf *buf, struct arena *arena, size_t limit);
void buf_add(struct buf *buf, struct span s);
void buf_adds(struct buf *buf, const char *string);	/* NULL adds nothing */
void buf_addc(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Cut back to n bytes; a longer n does nothing. A failed buf stays failed. */
void buf_truncate(struct buf *buf, size_t n);
struct span buf_span(const struct buf *buf);	/* empty where it failed */
const char *buf_string(struct buf *buf);	/* "" where it failed */

#endif
