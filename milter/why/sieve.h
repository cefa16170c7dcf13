/* sieve.h - which of many patterns can match a text at all?
 *
 * Pure. By the literals that each pattern needs (literals.h), in one pass over the
 * text. Immutable after sieve_new: shared by threads. */
#ifndef WHYBOUNCE_WHY_SIEVE_H
#define WHYBOUNCE_WHY_SIEVE_H

#include "base/span.h"

enum { SIEVE_PATTERNS = 65535 };

struct sieve;

/* At most SIEVE_PATTERNS. NULL: out of memory, or too many. */
struct sieve *sieve_new(const char *const *patterns, size_t n);
void sieve_free(struct sieve *sieve);	/* NULL is allowed */

/* Writes the indexes of the patterns that may match, in order, at most size; those
 * beyond are lost. Returns how many. */
size_t sieve_pass(const struct sieve *sieve, struct span text, unsigned short *list,
		  size_t size);

#endif
