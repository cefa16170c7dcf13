/* locate.h - on which line of a YAML file something stands.
 *
 * libcyaml forgets it, so the file is read again by libyaml: made for messages,
 * not for every entry. Private to know/. */
#ifndef WHYBOUNCE_KNOW_LOCATE_H
#define WHYBOUNCE_KNOW_LOCATE_H

#include "base/span.h"

/* From the top of a file to a place in it: a key, or the index of an entry.
 * nth counts equal keys of one mapping. */
struct locate_step {
	const char *key;	/* NULL: an entry of a list */
	size_t index;
	unsigned nth;
};

/* Counted from 1. Where the place is not found: of what should hold it. */
unsigned locate_line(struct span bytes, const struct locate_step *steps, size_t n);
/* Lines of the n entries that a list at the top has, in one pass. */
void locate_entries(struct span bytes, const char *list, unsigned *lines, size_t n);
/* Line and description of what makes the bytes no YAML. */
unsigned locate_problem(struct span bytes, char *problem, size_t size);

#endif
