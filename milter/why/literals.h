/* literals.h - words without which a pattern cannot match.
 *
 * Pure. Reads the syntax of PCRE2 as far as it must and says nothing where it is
 * in doubt: a text without any of the literals never matches, one with them may.
 * Literals are in lower case (patterns are caseless), and every byte beyond ASCII is
 * LITERAL_HIGH: which letter it is, in which case, does not matter. */
#ifndef WHYBOUNCE_WHY_LITERALS_H
#define WHYBOUNCE_WHY_LITERALS_H

#include "base/arena.h"
#include "base/span.h"

enum {
	LITERALS_MAX = 160,	/* of one set */
	LITERALS_SETS = 4,	/* of one pattern */
	LITERAL_MIN = 3,	/* bytes of one literal */
	LITERAL_HIGH = 0x80,
};

/* Literals of which a text must contain one. */
struct literals {
	struct span list[LITERALS_MAX];
	size_t n;
};

/* Writes sets of which a text must satisfy each. Returns how many; 0: nothing can
 * be told. Memory of the literals: in the arena. */
size_t literals_of(struct arena *arena, const char *pattern,
		   struct literals sets[LITERALS_SETS]);

#endif
