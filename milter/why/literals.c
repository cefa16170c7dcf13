#include "why/literals.h"

#include <string.h>

enum { MAX_DEPTH = 20 };	/* groups in groups */

/* What one part of a pattern needs: sets, the best one alone where there is room
 * for one only. */
struct needs {
	struct literals *sets;
	size_t n, size;
};

struct reader {
	struct arena *arena;
	const char *p;
	unsigned depth;
	bool failed;		/* syntax that is not understood */
};

/* ---- sets ---- */

static size_t shortest(const struct literals *set)
{
	size_t n = set->n != 0 ? set->list[0].n : 0;

	for (size_t i = 1; i < set->n; i++)
		n = set->list[i].n < n ? set->list[i].n : n;
	return n;
}

/* Longer literals are rarer; what is longer than six letters is rare enough. */
static bool is_better(const struct literals *a, const struct literals *b)
{
	size_t x = shortest(a), y = shortest(b);

	x = x < 6 ? x : 6;
	y = y < 6 ? y : 6;
	return x != y ? x > y : a->n < b->n;
}

/* A set that says nothing is left out; where there are too many, the worst. */
static void add_set(struct needs *needs, const struct literals *set)
{
	size_t worst = 0;

	if (shortest(set) < LITERAL_MIN)
		return;
	if (needs->n < needs->size) {
		needs->sets[needs->n++] = *set;
		return;
	}
	for (size_t i = 1; i < needs->n; i++)
		if (is_better(&needs->sets[worst], &needs->sets[i]))
			worst = i;
	if (is_better(set, &needs->sets[worst]))
		needs->sets[worst] = *set;
}

/* A branch that needs nothing: none of them is needed. */
static void add_branch(struct literals *all, const struct literals *branch, bool *open)
{
	if (branch->n == 0 || all->n + branch->n > LITERALS_MAX)
		*open = true;
	if (*open) {
		all->n = 0;
		return;
	}
	memcpy(all->list + all->n, branch->list, branch->n * sizeof(*branch->list));
	all->n += branch->n;
}

/* ---- quantifiers ---- */

struct repeat {
	bool is_there;		/* a quantifier follows */
	bool optional;		/* it allows none at all */
};

static bool is_count(const char *p)
{
	size_t n = *p == '{' ? strspn(p + 1, "0123456789,") : 0;

	return n != 0 && p[1 + n] == '}';
}

static struct repeat read_repeat(struct reader *r)
{
	struct repeat repeat = { false, false };

	if (*r->p == '?' || *r->p == '*' || *r->p == '+') {
		repeat = (struct repeat){ true, *r->p != '+' };
		r->p++;
	} else if (is_count(r->p)) {
		repeat = (struct repeat){ true, r->p[1] == '0' || r->p[1] == ',' };
		r->p = strchr(r->p, '}') + 1;
	}
	if (repeat.is_there && (*r->p == '?' || *r->p == '+'))
		r->p++;		/* lazy, possessive */
	return repeat;
}

/* ---- atoms ---- */

static void skip_class(struct reader *r)
{
	r->p++;
	r->p += *r->p == '^';
	r->p += *r->p == ']';
	for (; *r->p != '\0' && *r->p != ']'; r->p++)
		if (*r->p == '\\' && r->p[1] != '\0')
			r->p++;
	r->failed = *r->p == '\0';
	r->p += *r->p == ']';
}

/* "\." is a character; "\d", "\x41", "\p{L}" are not read. */
static char read_escape(struct reader *r)
{
	char c = r->p[1];

	r->p += c != '\0' ? 2 : 1;
	if (c == '\0' || !ascii_isalnum(c))
		return c;
	r->failed = strchr("dDsSwWbBhHvVRAZz", c) == NULL;
	return '\0';
}

static void read_branches(struct reader *r, struct literals *set);

/* Past "(?i:", "(?=" and so on. What must not be there is not needed. */
static bool skip_group_head(struct reader *r)
{
	static const struct {
		const char *head;
		bool counts;
	} around[] = {
		{ "(?=", true }, { "(?<=", true }, { "(?!", false }, { "(?<!", false },
	};

	for (size_t i = 0; i < sizeof(around) / sizeof(*around); i++)
		if (strncmp(r->p, around[i].head, strlen(around[i].head)) == 0) {
			r->p += strlen(around[i].head);
			return around[i].counts;
		}
	r->p++;
	if (*r->p != '?')
		return true;
	r->p += 1 + strspn(r->p + 1, "imsnJU^->");
	if (*r->p == ':')
		r->p++;
	else if (*r->p != ')' && r->p[-1] != '>')
		r->failed = true;
	return true;
}

static void read_group(struct reader *r, struct literals *set)
{
	bool counts;

	set->n = 0;
	counts = skip_group_head(r);
	if (++r->depth > MAX_DEPTH)
		r->failed = true;
	if (!r->failed)
		read_branches(r, set);
	r->depth--;
	if (*r->p != ')')
		r->failed = true;
	else
		r->p++;
	if (!counts)
		set->n = 0;
}

/* ---- sequences ---- */

/* Characters in a row. */
struct run {
	char text[64];
	size_t n;
};

static void end_run(struct reader *r, struct run *run, struct needs *needs)
{
	struct literals one = { .n = 1 };

	if (run->n >= LITERAL_MIN) {
		one.list[0] = (struct span){ arena_string(r->arena,
			(struct span){ run->text, run->n }), run->n };
		if (one.list[0].p == NULL)
			r->failed = true;
		else
			add_set(needs, &one);
	}
	run->n = 0;
}

/* A character of so many bytes ('\0': one that is not known), and its quantifier. */
static void add_char(struct reader *r, struct run *run, char c, size_t n, struct needs *needs)
{
	struct repeat repeat = read_repeat(r);

	if (c == '\0' || repeat.optional || run->n + n > sizeof(run->text)) {
		end_run(r, run, needs);
		return;
	}
	memset(run->text + run->n, ascii_lower(c), n);
	run->n += n;
	if (repeat.is_there)
		end_run(r, run, needs);
}

/* A letter beyond ASCII is one character, whatever its bytes. */
static void read_char(struct reader *r, struct run *run, struct needs *needs)
{
	const char *from = r->p++;

	if ((unsigned char)*from < 0x80) {
		add_char(r, run, *from, 1, needs);
		return;
	}
	while (((unsigned char)*r->p & 0xc0) == 0x80)
		r->p++;
	add_char(r, run, (char)LITERAL_HIGH, (size_t)(r->p - from), needs);
}

static void read_atom(struct reader *r, struct run *run, struct needs *needs)
{
	struct literals set;

	switch (*r->p) {
	case '(':
		end_run(r, run, needs);
		read_group(r, &set);
		if (!read_repeat(r).optional)
			add_set(needs, &set);
		return;
	case '[':
		skip_class(r);
		add_char(r, run, '\0', 1, needs);
		return;
	case '\\':
		add_char(r, run, read_escape(r), 1, needs);
		return;
	case '.':
	case '^':
	case '$':
		r->p++;
		add_char(r, run, '\0', 1, needs);
		return;
	default:
		read_char(r, run, needs);
	}
}

static void read_sequence(struct reader *r, struct needs *needs)
{
	struct run run = { .n = 0 };

	while (!r->failed && *r->p != '\0' && *r->p != '|' && *r->p != ')')
		read_atom(r, &run, needs);
	end_run(r, &run, needs);
}

static void read_branches(struct reader *r, struct literals *set)
{
	bool open = false;

	set->n = 0;
	for (;;) {
		struct literals branch = { .n = 0 };
		struct needs needs = { &branch, 0, 1 };

		read_sequence(r, &needs);
		add_branch(set, &branch, &open);
		if (r->failed || *r->p != '|')
			return;
		r->p++;
	}
}

size_t literals_of(struct arena *arena, const char *pattern,
		   struct literals sets[LITERALS_SETS])
{
	struct reader r = { arena, pattern, 0, false };
	struct needs needs = { sets, 0, LITERALS_SETS };

	read_sequence(&r, &needs);
	if (!r.failed && *r.p == '|') {		/* the branches have one set in common */
		r.p = pattern;
		read_branches(&r, &sets[0]);
		needs.n = sets[0].n != 0;
	}
	return r.failed || *r.p != '\0' ? 0 : needs.n;
}
