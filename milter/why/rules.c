/* How one alternation is fast: every pattern is compiled alone first, which
 * finds its errors and tells with which bytes a match may start. A group is then
 * one anchored alternation per branch (a letter, the digits, …) of those patterns
 * that may start there, and is tried from left to right at each place where a
 * match may start: the leftmost match wins, at the same place the first pattern.
 * (In one piece, a group would exceed what PCRE2 compiles: 64 KiB.)
 *
 * Rules that ask for a reply code or a status carry a callout that checks it
 * and lets the match go on to the next alternative. */
#include "why/rules.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buf.h"

enum {
	MATCH_LIMIT = 50000,		/* steps of the interpreter, or of JIT */
	DEPTH_LIMIT = 2000,
	HEAP_LIMIT_KIB = 512,
	MAX_PATTERN = 8192,		/* bytes of one rule */
	MAX_ALTERNATION = 1024 * 1024,	/* bytes */
	LETTERS = 26,
	BRANCHES = LETTERS + 3,		/* letters; digits; other ASCII; 8-bit */
	BRANCH_DIGIT = LETTERS,
	BRANCH_OTHER,
	BRANCH_HIGH,
};

static const uint32_t compile_options = PCRE2_CASELESS | PCRE2_UTF |
	PCRE2_MATCH_INVALID_UTF | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C;

/* One pattern of a rule. */
struct compiled {
	const struct rule *rule;
	const char *pattern;
	pcre2_code *code;		/* the pattern alone */
	bool starts[256];		/* with which bytes a match may start */
};

struct group {
	pcre2_code *branches[BRANCHES];	/* NULL: no pattern starts there */
	bool starts[256];
};

struct rules {
	struct compiled *all;		/* patterns in the order of the knowledge */
	size_t n;
	struct group groups[RULE_GROUPS];
};

/* ---- one pattern ---- */

static int fail_at(struct error *error, const struct compiled *c, const char *what)
{
	const struct rule *rule = c->rule;

	return error_set(error, "%s:%u: rules.%s: pattern \"%.80s\": %s", rule->file,
			 rule->line, rule->id, c->pattern, what);
}

/* What would change how the other rules are read, or can run away. */
static const char *forbidden_in(const char *pattern)
{
	static const struct { const char *text, *why; } rows[] = {
		{ "(*", "verbs such as (*ACCEPT) are not allowed; remove \"(*\"" },
		{ "(?R", "recursion is not allowed; remove \"(?R\"" },
		{ "(?0", "recursion is not allowed; remove \"(?0\"" },
		{ "(?C", "callouts are not allowed; remove \"(?C\"" },
		{ "(?#", "comments are not allowed inside a pattern; use a YAML comment" },
		{ "\\Q", "\\Q is not allowed; escape special characters one by one" },
		{ "\\K", "\\K is not allowed; remove it" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strstr(pattern, rows[i].text) != NULL)
			return rows[i].why;
	return NULL;
}

/* "(?x)" and "(?i-x:": the free-spacing mode could comment out what follows. */
static bool sets_free_spacing(const char *pattern)
{
	const char *p = pattern;

	while ((p = strstr(p, "(?")) != NULL) {
		p += 2;
		for (; ascii_isalpha(*p) || *p == '^' || *p == '-'; p++)
			if (*p == 'x')
				return true;
	}
	return false;
}

static pcre2_code *compile(const char *pattern, size_t n, uint32_t options,
			   int *code, size_t *offset)
{
	return pcre2_compile((PCRE2_SPTR)pattern, n, compile_options | options, code,
			     offset, NULL);
}

static int compile_error(struct error *error, const struct compiled *c, int code,
			 size_t offset)
{
	char text[400], why[256];

	pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof(why));
	snprintf(text, sizeof(text), "%s at character %zu; mend the pattern", why, offset + 1);
	return fail_at(error, c, text);
}

static size_t branch_of(unsigned byte)
{
	char c = (char)byte;

	if (byte >= 0x80)
		return BRANCH_HIGH;
	if (ascii_isalpha(c))
		return (size_t)(ascii_lower(c) - 'a');
	return ascii_isdigit(c) ? BRANCH_DIGIT : BRANCH_OTHER;
}

/* A match that may start anywhere may start with every byte. PCRE2 tells one
 * byte in one case only. */
static void find_starts(struct compiled *c)
{
	uint32_t type = 0, unit = 0;
	const uint8_t *map = NULL;

	pcre2_pattern_info(c->code, PCRE2_INFO_FIRSTCODETYPE, &type);
	pcre2_pattern_info(c->code, PCRE2_INFO_FIRSTCODEUNIT, &unit);
	pcre2_pattern_info(c->code, PCRE2_INFO_FIRSTBITMAP, (void *)&map);
	for (unsigned byte = 0; byte < 256; byte++)
		c->starts[byte] = type == 1 ? branch_of(byte) == branch_of(unit) :
			map == NULL || (map[byte / 8] >> (byte % 8) & 1) != 0;
}

static int check_shape(struct error *error, const struct compiled *c)
{
	uint32_t captures = 0, empty = 0, backrefs = 0;

	pcre2_pattern_info(c->code, PCRE2_INFO_CAPTURECOUNT, &captures);
	pcre2_pattern_info(c->code, PCRE2_INFO_BACKREFMAX, &backrefs);
	pcre2_pattern_info(c->code, PCRE2_INFO_MATCHEMPTY, &empty);
	if (captures != 0 || backrefs != 0)
		return fail_at(error, c, "named groups and references to groups are "
			       "not allowed; use plain parentheses");
	if (empty != 0)
		return fail_at(error, c, "it matches the empty text, so every reply; "
			       "make a part of it obligatory");
	return 0;
}

static int compile_pattern(struct compiled *c, struct error *error)
{
	const char *why = forbidden_in(c->pattern);
	size_t n = strlen(c->pattern), offset = 0;
	int code = 0;

	if (why == NULL && sets_free_spacing(c->pattern))
		why = "the free-spacing mode (?x) is not allowed";
	if (why == NULL && n > MAX_PATTERN)
		why = "it is longer than 8192 bytes; split it into several";
	if (why != NULL)
		return fail_at(error, c, why);
	c->code = compile(c->pattern, n, 0, &code, &offset);
	if (c->code == NULL)
		return compile_error(error, c, code, offset);
	find_starts(c);
	return check_shape(error, c);
}

/* ---- one group ---- */

static void add_pattern(struct buf *out, const struct compiled *c, size_t index)
{
	buf_addf(out, "%s(?:%s)", out->n != 0 ? "|" : "", c->pattern);
	if (c->rule->reply != NULL || c->rule->status != NULL)
		buf_addf(out, "(?C'%zu')", index);
	buf_addf(out, "(*:%zu)", index);
}

static bool starts_on(const struct compiled *c, size_t branch)
{
	for (unsigned byte = 0; byte < 256; byte++)
		if (c->starts[byte] && branch_of(byte) == branch)
			return true;
	return false;
}

static int compile_branch(struct rules *rules, enum rule_group group, size_t branch,
			  struct buf *room, struct error *error)
{
	pcre2_code **branch_r = &rules->groups[group].branches[branch];
	size_t offset = 0;
	int code = 0;

	buf_truncate(room, 0);
	for (size_t i = 0; i < rules->n; i++)
		if (rules->all[i].rule->group == group && starts_on(&rules->all[i], branch))
			add_pattern(room, &rules->all[i], i);
	if (room->n == 0)
		return 0;
	if (!room->failed)
		*branch_r = compile(room->p, room->n, PCRE2_ANCHORED, &code, &offset);
	if (*branch_r == NULL)
		return error_set(error, "the text rules do not fit together (PCRE2 error %d); "
				 "remove some from knowledge.d", code);
	/* Without JIT the pattern is interpreted: slower, not wrong. */
	(void)pcre2_jit_compile(*branch_r, PCRE2_JIT_COMPLETE);
	return 0;
}

static int compile_groups(struct rules *rules, struct buf *room, struct error *error)
{
	for (enum rule_group group = 0; group < RULE_GROUPS; group++)
		for (size_t branch = 0; branch < BRANCHES; branch++)
			if (compile_branch(rules, group, branch, room, error) != 0)
				return -1;
	for (size_t i = 0; i < rules->n; i++)
		for (unsigned byte = 0; byte < 256; byte++)
			rules->groups[rules->all[i].rule->group].starts[byte] |=
				rules->all[i].starts[byte];
	return 0;
}

static int collect_patterns(struct rules *rules, const struct knowledge *knowledge,
			    struct error *error)
{
	const struct rule *rule;
	size_t n = 0;

	for (size_t i = 0; (rule = knowledge_rule_at(knowledge, i)) != NULL; i++)
		n += rule->patterns.n;
	rules->all = calloc(n + 1, sizeof(*rules->all));
	if (rules->all == NULL)
		return error_set(error, "out of memory");
	for (size_t i = 0; (rule = knowledge_rule_at(knowledge, i)) != NULL; i++)
		for (size_t p = 0; p < rule->patterns.n; p++) {
			struct compiled *c = &rules->all[rules->n++];

			c->rule = rule;
			c->pattern = rule->patterns.list[p];
		}
	return 0;
}

static int rules_compile(struct rules *rules, const struct knowledge *knowledge,
			 struct error *error)
{
	struct arena arena;
	struct buf room;
	int rc;

	if (collect_patterns(rules, knowledge, error) != 0)
		return -1;
	for (size_t i = 0; i < rules->n; i++)
		if (compile_pattern(&rules->all[i], error) != 0)
			return -1;
	arena_init(&arena, 4 * (size_t)MAX_ALTERNATION);
	buf_init(&room, &arena, MAX_ALTERNATION);
	rc = compile_groups(rules, &room, error);
	arena_release(&arena);
	return rc;
}

struct rules *rules_new(const struct knowledge *knowledge, struct error *error)
{
	struct rules *rules = calloc(1, sizeof(*rules));

	if (rules == NULL) {
		error_set(error, "out of memory");
		return NULL;
	}
	if (rules_compile(rules, knowledge, error) == 0)
		return rules;
	rules_free(rules);
	return NULL;
}

void rules_free(struct rules *rules)
{
	if (rules == NULL)
		return;
	for (size_t i = 0; rules->all != NULL && i < rules->n; i++)
		pcre2_code_free(rules->all[i].code);
	for (size_t g = 0; g < RULE_GROUPS; g++)
		for (size_t b = 0; b < BRANCHES; b++)
			pcre2_code_free(rules->groups[g].branches[b]);
	free(rules->all);
	free(rules);
}

/* ---- matching ---- */

struct asked {			/* what a callout may ask about */
	const struct rules *rules;
	struct span reply_code, status;
};

/* "5" and "5.7" stand for everything below them, "5.7.1" for itself. */
static bool narrows(const char *wanted, struct span given)
{
	size_t n = wanted != NULL ? strlen(wanted) : 0;

	if (n == 0)
		return true;
	if (!span_has_prefix(given, wanted))
		return false;
	return given.n == n || given.p[n] == '.' || n < 3;
}

static bool applies(const struct rule *rule, const struct asked *asked)
{
	return narrows(rule->reply, asked->reply_code) && narrows(rule->status, asked->status);
}

/* 0: the match may stand; 1: go on with the next alternative. */
static int on_callout(pcre2_callout_block *block, void *data)
{
	const struct asked *asked = data;
	size_t i = strtoul((const char *)block->callout_string, NULL, 10);

	return applies(asked->rules->all[i].rule, asked) ? 0 : 1;
}

static pcre2_match_context *limits_new(struct asked *asked)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);

	if (context == NULL)
		return NULL;
	pcre2_set_match_limit(context, MATCH_LIMIT);
	pcre2_set_depth_limit(context, DEPTH_LIMIT);
	pcre2_set_heap_limit(context, HEAP_LIMIT_KIB);
	pcre2_set_callout(context, on_callout, asked);
	return context;
}

/* What one text is matched with. */
struct matching {
	struct asked asked;
	pcre2_match_context *limits;
	pcre2_match_data *data;
};

static int matching_init(struct matching *m, const struct rules *rules,
			 struct span reply_code, struct span status)
{
	m->asked = (struct asked){ rules, reply_code, status };
	m->limits = limits_new(&m->asked);
	m->data = pcre2_match_data_create(1, NULL);
	return m->limits != NULL && m->data != NULL ? 0 : -1;
}

static void matching_release(struct matching *m)
{
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->limits);
}

/* A text that overflows JIT's stack is tried once more by the interpreter. */
static int match(const struct matching *m, const pcre2_code *code, struct span text, size_t from)
{
	int rc = pcre2_match(code, (PCRE2_SPTR)text.p, text.n, from, 0, m->data, m->limits);

	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(code, (PCRE2_SPTR)text.p, text.n, from, PCRE2_NO_JIT,
				 m->data, m->limits);
	return rc;
}

/* Letters and digits count at the start of a word only, other characters at
 * their first byte. */
static bool may_start(struct span text, size_t i)
{
	if ((text.p[i] & 0xc0) == 0x80)
		return false;
	return i == 0 || !ascii_isalnum(text.p[i]) || !ascii_isalnum(text.p[i - 1]);
}

static const struct rule *match_group(const struct matching *m, const struct group *group,
				      struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned byte = (unsigned char)text.p[i];
		int rc;

		if (!group->starts[byte] || !may_start(text, i))
			continue;
		rc = match(m, group->branches[branch_of(byte)], text, i);
		if (rc >= 0)
			return m->asked.rules->all[
				strtoul((const char *)pcre2_get_mark(m->data), NULL, 10)].rule;
		if (rc != PCRE2_ERROR_NOMATCH)
			return NULL;
	}
	return NULL;
}

static bool group_is_empty(const struct group *group)
{
	for (size_t b = 0; b < BRANCHES; b++)
		if (group->branches[b] != NULL)
			return false;
	return true;
}

const struct rule *rules_match(const struct rules *rules, enum rule_group group,
			       struct span text, struct span reply_code,
			       struct span status)
{
	const struct rule *rule = NULL;
	struct matching m;

	text = span_slice(text, 0, RULES_MAX_TEXT);
	if (text.n == 0 || group_is_empty(&rules->groups[group]))
		return NULL;
	if (matching_init(&m, rules, reply_code, status) == 0)
		rule = match_group(&m, &rules->groups[group], text);
	matching_release(&m);
	return rule;
}

/* Matches from the start of a word, as the alternation does. */
static bool matches_alone(const struct matching *m, const struct compiled *c,
			  struct span text)
{
	size_t from = 0;

	if (!applies(c->rule, &m->asked))
		return false;
	while (match(m, c->code, text, from) >= 0) {
		from = pcre2_get_ovector_pointer(m->data)[0];
		if (may_start(text, from))
			return true;
		from++;
	}
	return false;
}

size_t rules_list(const struct rules *rules, enum rule_group group,
		  struct span text, struct span reply_code, struct span status,
		  const struct rule **list, size_t size)
{
	struct matching m;
	size_t n = 0;

	text = span_slice(text, 0, RULES_MAX_TEXT);
	if (matching_init(&m, rules, reply_code, status) != 0 || text.n == 0) {
		matching_release(&m);
		return 0;
	}
	for (size_t i = 0; i < rules->n && n < size; i++) {
		const struct rule *rule = rules->all[i].rule;

		if (rule->group == group && (n == 0 || list[n - 1] != rule) &&
		    matches_alone(&m, &rules->all[i], text))
			list[n++] = rule;
	}
	matching_release(&m);
	return n;
}
