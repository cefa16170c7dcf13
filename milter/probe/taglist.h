/* taglist.h - lists of "tag=value; tag=value": DKIM signatures, DKIM keys, DMARC.
 *
 * Pure; allocates nothing. RFC 6376, 3.2. White space around names and values is
 * no part of them; folds count as white space. */
#ifndef WHYBOUNCE_PROBE_TAGLIST_H
#define WHYBOUNCE_PROBE_TAGLIST_H

#include "base/span.h"

enum { TAGLIST_MAX = 32 };		/* a longer list is malformed */

struct tag {
	struct span name, value;
	struct span text;	/* "name = value", trimmed */
};

struct taglist {
	struct tag list[TAGLIST_MAX];
	size_t n;
};

/* Take the next piece up to a ';' off *rest; false at the end. Without '=' the
 * name is empty. Nothing is checked. */
bool taglist_next(struct span *rest, struct tag *tag_r);

/* The whole list, strictly: a name and '=' in each, no name twice, only characters
 * that RFC 6376 has; one ';' may end it. -1: malformed, *bad_r is the piece. */
int taglist_parse(struct span list, struct taglist *tags_r, struct span *bad_r);
/* Case counts. NULL: not there. */
const struct tag *taglist_get(const struct taglist *tags, const char *name);

/* Take the next piece up to a ':' off *rest, trimmed; false at the end. */
bool taglist_next_word(struct span *rest, struct span *word_r);
/* Is it one of them, by ASCII without case? */
bool taglist_has_word(struct span words, const char *word);

#endif
