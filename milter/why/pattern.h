/* pattern.h - one pattern of a rule: checked, compiled, searched for. PCRE2's door;
 * for rules.c. */
#ifndef WHYBOUNCE_WHY_PATTERN_H
#define WHYBOUNCE_WHY_PATTERN_H

#include "base/error.h"
#include "know/know.h"

enum {
	PATTERN_MAX = 8192,		/* bytes of one pattern */
	PATTERN_NOWHERE = -1,		/* no match */
	PATTERN_LIMIT = -2,		/* a limit on steps, depth or memory was reached */
};

struct pattern;

/* The rule and the text are borrowed. NULL with an error that names file and line of
 * the rule. */
struct pattern *pattern_new(const struct rule *rule, const char *text, struct error *error);
void pattern_free(struct pattern *pattern);	/* NULL is allowed */
const struct rule *pattern_rule(const struct pattern *pattern);

/* Make the code that searches fast now, not at the first search: before a sandbox
 * forbids new code. The bytes it takes. Without room the pattern is interpreted
 * from now on. */
size_t pattern_prepare(struct pattern *pattern, size_t room);

/* What searching needs: NULL before, made when first needed, not shared. */
struct pattern_room;
void pattern_room_free(struct pattern_room *room);	/* NULL is allowed */

/* Where in the text the first match starts, if before that offset; PATTERN_NOWHERE or
 * PATTERN_LIMIT. A match starts with the first letter or digit of a word, or another
 * character. Thread-safe. */
int pattern_find(struct pattern *pattern, struct pattern_room **room, struct span text,
		 size_t before);

#endif
