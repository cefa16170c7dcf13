/* The literals are found by the automaton of Aho and Corasick: one step for each
 * byte of the text, however many literals there are. */
#include "why/sieve.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "why/literals.h"

enum {
	MAX_STATES = UINT16_MAX,
	KINDS = 32,			/* of bytes: a state's steps fill a line of the cache */
	LONGEST = 12,			/* bytes at the end of a literal that are looked for */
	WORDS = (SIEVE_PATTERNS + 1) / 64,
	MEMORY = 32 * 1024 * 1024,
	SEEN = MAX_STATES + 1,		/* literals: more than have room */
};

/* A part of an array. */
struct part {
	unsigned first, n;
};

/* What a pattern needs: of each set, one literal. Its first set leads to it; the
 * others are asked then. */
struct needs {
	struct part sets[LITERALS_SETS];	/* of ids */
	size_t n;
};

struct sieve {
	struct needs *patterns;
	size_t n;
	uint64_t always[WORDS];		/* patterns that need nothing */
	unsigned short *ids;		/* literals of the sets */
	struct part *leads;		/* by literal: of led */
	unsigned short *led;		/* patterns */
	size_t literals_n;

	unsigned char kinds[256];
	unsigned short (*next)[KINDS];	/* by state */
	unsigned *ends;			/* by state: from where in ended, up to the next */
	unsigned short *ended;		/* literals that end in a state */
	size_t states_n;
};

/* ---- bytes ---- */

/* Letters count, in either case; digits are one kind, and so is what is beyond
 * ASCII. What is taken for the same only lets more patterns through. */
static unsigned char kind_of(char c)
{
	if (ascii_isalpha(c))
		return (unsigned char)(ascii_lower(c) - 'a');
	if (ascii_isdigit(c))
		return 26;
	if ((unsigned char)c >= LITERAL_HIGH)
		return 27;
	return c == ' ' ? 28 : c == '-' ? 29 : c == '.' ? 30 : 31;
}

/* ---- which literals there are ---- */

/* One literal of one set of one pattern. */
struct use {
	struct span text;		/* kinds of bytes */
	unsigned pattern, set, id;
};
struct uses {
	struct use *list;
	size_t n, size;
	size_t bytes;			/* of different literals: no more states than that */
	unsigned *seen;			/* by hash: places in the list, plus one */
	struct arena arena;		/* their texts */
};

static struct span kinds_of(struct uses *uses, struct span text)
{
	char *kinds = arena_alloc(&uses->arena, text.n);

	for (size_t i = 0; kinds != NULL && i < text.n; i++)
		kinds[i] = (char)kind_of(text.p[i]);
	return (struct span){ kinds, kinds != NULL ? text.n : 0 };
}

static size_t hash_of(struct span text)
{
	uint32_t hash = 2166136261u;	/* FNV-1a */

	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) * 16777619u;
	return hash % SEEN;
}

/* Whether the literal that is added next is unlike all before it. */
static bool is_first(struct uses *uses, struct span text)
{
	size_t at = hash_of(text);

	for (; uses->seen[at] != 0; at = (at + 1) % SEEN)
		if (span_eq(uses->list[uses->seen[at] - 1].text, text))
			return false;
	uses->seen[at] = (unsigned)uses->n + 1;
	return true;
}

static int add_use(struct uses *uses, struct span text, size_t pattern, size_t set)
{
	if (uses->n == uses->size) {
		size_t size = uses->size != 0 ? 2 * uses->size : 1024;
		struct use *list = realloc(uses->list, size * sizeof(*list));

		if (list == NULL)
			return -1;
		uses->list = list;
		uses->size = size;
	}
	text = kinds_of(uses, span_from(text, text.n > LONGEST ? text.n - LONGEST : 0));
	if (text.n == 0)
		return -1;
	if (is_first(uses, text))
		uses->bytes += text.n;
	uses->list[uses->n++] = (struct use){ text, (unsigned)pattern, (unsigned)set, 0 };
	return 0;
}

/* Patterns for which there is no more room are always tried. */
static int add_pattern(struct sieve *sieve, struct uses *uses, size_t pattern,
		       const struct literals *sets, size_t n)
{
	size_t total = 0;

	for (size_t s = 0; s < n; s++)
		total += sets[s].n;
	if (n == 0 || uses->bytes + total * LONGEST >= MAX_STATES) {
		sieve->always[pattern / 64] |= (uint64_t)1 << pattern % 64;
		return 0;
	}
	sieve->patterns[pattern].n = n;
	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < sets[s].n; i++)
			if (add_use(uses, sets[s].list[i], pattern, s) != 0)
				return -1;
	return 0;
}

static int compare_text(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	size_t n = x->text.n < y->text.n ? x->text.n : y->text.n;
	int c = memcmp(x->text.p, y->text.p, n);

	return c != 0 ? c : x->text.n < y->text.n ? -1 : x->text.n > y->text.n;
}

static int compare_place(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->pattern != y->pattern)
		return x->pattern < y->pattern ? -1 : 1;
	return x->set < y->set ? -1 : x->set > y->set;
}

/* Every literal gets a number, every set its part of ids. */
static void number_literals(struct sieve *sieve, struct uses *uses)
{
	if (uses->n == 0)
		return;	/* nor is there a list */
	qsort(uses->list, uses->n, sizeof(*uses->list), compare_text);
	for (size_t i = 0; i < uses->n; i++) {
		if (i == 0 || compare_text(&uses->list[i - 1], &uses->list[i]) != 0)
			sieve->literals_n++;
		uses->list[i].id = (unsigned)sieve->literals_n - 1;
	}
	qsort(uses->list, uses->n, sizeof(*uses->list), compare_place);
	for (size_t i = 0; i < uses->n; i++) {
		const struct use *use = &uses->list[i];
		struct part *set = &sieve->patterns[use->pattern].sets[use->set];

		if (set->n++ == 0)
			set->first = (unsigned)i;
		sieve->ids[i] = (unsigned short)use->id;
	}
}

/* ---- which literal leads to a pattern ---- */

/* How many sets, of all patterns, the literals of this one are in. */
static size_t weight(const struct sieve *sieve, struct part set, const unsigned *counts)
{
	size_t sum = 0;

	for (unsigned i = 0; i < set.n; i++)
		sum += counts[sieve->ids[set.first + i]];
	return sum;
}

/* The rarest set goes first: what many patterns need is in many texts. */
static void order_sets(struct sieve *sieve, const unsigned *counts)
{
	for (size_t p = 0; p < sieve->n; p++) {
		struct needs *needs = &sieve->patterns[p];
		struct part first = needs->sets[0];
		size_t best = 0;

		for (size_t s = 1; s < needs->n; s++)
			if (weight(sieve, needs->sets[s], counts) <
			    weight(sieve, needs->sets[best], counts))
				best = s;
		needs->sets[0] = needs->sets[best];
		needs->sets[best] = first;
	}
}

/* Turns the counts of parts into places. */
static void place_parts(struct part *parts, size_t n)
{
	unsigned next = 0;

	for (size_t i = 0; i < n; i++) {
		parts[i].first = next;
		next += parts[i].n;
		parts[i].n = 0;
	}
}

static void place_leads(struct sieve *sieve)
{
	for (int round = 0; round < 2; round++) {
		for (size_t p = 0; p < sieve->n; p++) {
			struct part set = sieve->patterns[p].sets[0];

			for (unsigned i = 0; i < set.n; i++) {
				struct part *leads = &sieve->leads[sieve->ids[set.first + i]];

				if (round == 1)
					sieve->led[leads->first + leads->n] = (unsigned short)p;
				leads->n++;
			}
		}
		if (round == 0)
			place_parts(sieve->leads, sieve->literals_n);
	}
}

/* ---- the automaton ---- */

/* States of the tree; which literal ends in each one (plus one, 0: none). Level by
 * level: what is near the root is used most, and so stays in the cache. */
static void plant_level(struct sieve *sieve, const struct uses *uses, size_t level,
			unsigned *ends)
{
	for (size_t i = 0; i < uses->n; i++) {
		struct span text = uses->list[i].text;
		unsigned short *next = NULL;
		size_t state = 0;

		for (size_t k = 0; k <= level && k < text.n; k++) {
			next = &sieve->next[state][(unsigned char)text.p[k]];
			if (*next == 0)
				*next = (unsigned short)sieve->states_n++;
			state = *next;
		}
		if (text.n == level + 1)
			ends[state] = uses->list[i].id + 1;
	}
}

static void plant_tree(struct sieve *sieve, const struct uses *uses, unsigned *ends)
{
	sieve->states_n = 1;
	for (size_t level = 0; level < LONGEST; level++)
		plant_level(sieve, uses, level, ends);
}

/* Where to go on when a byte does not fit, breadth first: the state of the longest
 * suffix. Its steps become our own. */
static void link_states(struct sieve *sieve, unsigned short *order, unsigned short *fails)
{
	size_t done = 0, n = 0;

	for (size_t kind = 0; kind < KINDS; kind++)
		if (sieve->next[0][kind] != 0)
			order[n++] = sieve->next[0][kind];
	for (; done < n; done++) {
		unsigned short state = order[done];

		for (size_t kind = 0; kind < KINDS; kind++) {
			unsigned short *next = &sieve->next[state][kind];
			unsigned short elsewhere = sieve->next[fails[state]][kind];

			if (*next != 0) {
				fails[*next] = elsewhere;
				order[n++] = *next;
			} else {
				*next = elsewhere;
			}
		}
	}
}

/* The literals that end in a state, with those that end in its suffixes. */
static size_t place_ends(struct sieve *sieve, const unsigned *ends, const unsigned short *fails)
{
	size_t n = 0;

	for (size_t state = 0; state < sieve->states_n; state++) {
		sieve->ends[state] = (unsigned)n;
		for (size_t s = state; s != 0; s = fails[s]) {
			if (ends[s] == 0)
				continue;
			if (sieve->ended != NULL)
				sieve->ended[n] = (unsigned short)(ends[s] - 1);
			n++;
		}
	}
	sieve->ends[sieve->states_n] = (unsigned)n;
	return n;
}

/* Literals share their first bytes, so there are fewer states than there was room
 * for. */
static void shrink(struct sieve *sieve)
{
	void *next = realloc(sieve->next, sieve->states_n * sizeof(*sieve->next));

	if (next != NULL)
		sieve->next = next;
}

static int build_automaton(struct sieve *sieve, const struct uses *uses)
{
	size_t size = uses->bytes + 1;
	unsigned *ends = calloc(size, sizeof(*ends));
	unsigned short *fails = calloc(size, sizeof(*fails));
	unsigned short *order = calloc(size, sizeof(*order));
	int rc = -1;

	sieve->next = calloc(size, sizeof(*sieve->next));
	sieve->ends = calloc(size + 1, sizeof(*sieve->ends));
	if (ends != NULL && fails != NULL && order != NULL && sieve->next != NULL &&
	    sieve->ends != NULL) {
		for (unsigned c = 0; c < 256; c++)
			sieve->kinds[c] = kind_of((char)c);
		plant_tree(sieve, uses, ends);
		link_states(sieve, order, fails);
		sieve->ended = calloc(place_ends(sieve, ends, fails) + 1, sizeof(*sieve->ended));
		if (sieve->ended != NULL)
			place_ends(sieve, ends, fails);
		rc = sieve->ended != NULL ? 0 : -1;
	}
	free(ends);
	free(fails);
	free(order);
	shrink(sieve);
	return rc;
}

/* ---- building ---- */

static int build(struct sieve *sieve, struct uses *uses)
{
	unsigned *counts = calloc(uses->n + 1, sizeof(*counts));

	sieve->ids = calloc(uses->n + 1, sizeof(*sieve->ids));
	sieve->leads = calloc(uses->n + 1, sizeof(*sieve->leads));
	sieve->led = calloc(uses->n + 1, sizeof(*sieve->led));
	if (counts == NULL || sieve->ids == NULL || sieve->leads == NULL || sieve->led == NULL) {
		free(counts);
		return -1;
	}
	number_literals(sieve, uses);
	for (size_t i = 0; i < uses->n; i++)
		counts[sieve->ids[i]]++;
	order_sets(sieve, counts);
	place_leads(sieve);
	free(counts);
	return build_automaton(sieve, uses);
}

static int collect(struct sieve *sieve, const char *const *patterns, struct uses *uses)
{
	struct literals sets[LITERALS_SETS];

	for (size_t p = 0; p < sieve->n; p++) {
		size_t n = literals_of(&uses->arena, patterns[p], sets);

		if (add_pattern(sieve, uses, p, sets, n) != 0)
			return -1;
	}
	return 0;
}

struct sieve *sieve_new(const char *const *patterns, size_t n)
{
	struct sieve *sieve = calloc(1, sizeof(*sieve));
	struct uses uses = { .n = 0 };

	if (sieve == NULL)
		return NULL;
	arena_init(&uses.arena, MEMORY);
	sieve->n = n;
	sieve->patterns = calloc(n + 1, sizeof(*sieve->patterns));
	uses.seen = calloc(SEEN, sizeof(*uses.seen));
	if (n > SIEVE_PATTERNS || sieve->patterns == NULL || uses.seen == NULL ||
	    collect(sieve, patterns, &uses) != 0 || build(sieve, &uses) != 0) {
		sieve_free(sieve);
		sieve = NULL;
	}
	free(uses.list);
	free(uses.seen);
	arena_release(&uses.arena);
	return sieve;
}

void sieve_free(struct sieve *sieve)
{
	if (sieve == NULL)
		return;
	free(sieve->patterns);
	free(sieve->ids);
	free(sieve->leads);
	free(sieve->led);
	free(sieve->next);
	free(sieve->ends);
	free(sieve->ended);
	free(sieve);
}

/* ---- a text ---- */

struct pass {
	uint64_t literals[WORDS];	/* that occur */
	uint64_t patterns[WORDS];	/* that they lead to */
};

static bool has(const uint64_t *bits, size_t i)
{
	return (bits[i / 64] >> i % 64 & 1) != 0;
}

static void add_literal(const struct sieve *sieve, struct pass *pass, size_t id)
{
	struct part leads = sieve->leads[id];

	if (has(pass->literals, id))
		return;
	pass->literals[id / 64] |= (uint64_t)1 << id % 64;
	for (unsigned i = leads.first; i < leads.first + leads.n; i++)
		pass->patterns[sieve->led[i] / 64] |= (uint64_t)1 << sieve->led[i] % 64;
}

static inline size_t step(const struct sieve *sieve, struct pass *pass, size_t state, char c)
{
	state = sieve->next[state][sieve->kinds[(unsigned char)c]];
	for (unsigned e = sieve->ends[state]; e < sieve->ends[state + 1]; e++)
		add_literal(sieve, pass, sieve->ended[e]);
	return state;
}

/* In both halves at once: each step waits for memory, but not for those of the other
 * half. The first one goes on as far as a literal that begins in it may reach. */
static void find_literals(const struct sieve *sieve, struct span text, struct pass *pass)
{
	size_t half = text.n / 2, first = 0, second = 0, i = 0;

	for (; half + i < text.n; i++) {
		if (i < half)
			first = step(sieve, pass, first, text.p[i]);
		second = step(sieve, pass, second, text.p[half + i]);
	}
	for (i = half; i < half + LONGEST - 1 && i < text.n; i++)
		first = step(sieve, pass, first, text.p[i]);
}

static bool is_satisfied(const struct sieve *sieve, const struct pass *pass, size_t pattern)
{
	const struct needs *needs = &sieve->patterns[pattern];

	for (size_t s = 1; s < needs->n; s++) {
		unsigned i = needs->sets[s].first, end = i + needs->sets[s].n;

		while (i < end && !has(pass->literals, sieve->ids[i]))
			i++;
		if (i == end)
			return false;
	}
	return true;
}

size_t sieve_pass(const struct sieve *sieve, struct span text, unsigned short *list,
		  size_t size)
{
	size_t words = (sieve->n + 63) / 64, n = 0;
	struct pass pass;

	memset(pass.literals, 0, (sieve->literals_n + 63) / 64 * sizeof(*pass.literals));
	memcpy(pass.patterns, sieve->always, words * sizeof(*pass.patterns));
	find_literals(sieve, text, &pass);
	for (size_t w = 0; w < words; w++)
		for (uint64_t bits = pass.patterns[w]; bits != 0; bits &= bits - 1) {
			size_t p = w * 64 + (size_t)__builtin_ctzll(bits);

			if (n < size && is_satisfied(sieve, &pass, p))
				list[n++] = (unsigned short)p;
		}
	return n;
}
