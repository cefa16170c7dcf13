/* error.h - what went wrong, where, and what to do about it.
 *
 * A function that can fail returns 0 or -1 and takes a struct error last. The
 * text is one line, cut at its size; control characters become '?'. */
#ifndef WHYBOUNCE_BASE_ERROR_H
#define WHYBOUNCE_BASE_ERROR_H

struct error {
	char text[640];
};

/* Always -1, so that a caller can `return error_set(error, …)`. A NULL error
 * is allowed: nobody wants to know. */
int error_set(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
