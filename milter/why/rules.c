/* How one alternation is fast: every pattern is compiled alone first, which
 * finds its errors and tells with which bytes a match may start. The group's
 * pattern is then a decision tree of lookaheads over the first byte, so that
 * only the few rules that can start with the byte at hand are tried there:
 *
 *   (?:(?=[\x00-m])(?:(?=[\x00-f])(?:…)|(?=[g-m])(?:…))|(?=[n-\xff])(?:…))
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
	MATCH_LIMIT = 200000,		/* steps of the interpreter, or of JIT */
	DEPTH_LIMIT = 2000,
	HEAP_LIMIT_KIB = 512,
	MAX_PATTERN = 8192,		/* bytes of one rule */
	MAX_TREE = 8 * 1024 * 1024,	/* bytes of one alternation */
	LETTERS = 26,
	BRANCHES = LETTERS + 3,		/* letters; digits; other ASCII; 8-bit */
	BRANCH_DIGIT = LETTERS,
	BRANCH_OTHER,
	BRANCH_HIGH,
};

static const uint32_t compile_options = PCRE2_CASELESS | PCRE2_UTF |
	PCRE2_MATCH_INVALID_UTF | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C;

struct compiled {
	const struct rule *rule;
	pcre2_code *code;		/* the rule alone */
	bool starts[BRANCHES];		/* with which bytes a match may start */
};

struct rules {
	struct compiled *all;		/* in the order of the knowledge */
	size_t n;
	pcre2_code *groups[RULE_GROUPS];	/* NULL: no rule in the group */
};

/* ---- one rule ---- */

static int fail_at(struct error *error, const struct rule *rule, const char *what)
{
	return error_set(error, "%s:%u: rules.%s.pattern: %s", rule->file, rule->line,
			 rule->id, what);
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

static pcre2_code *compile(const char *pattern, size_t n, int *code, size_t *offset)
{
	return pcre2_compile((PCRE2_SPTR)pattern, n, compile_options, code, offset, NULL);
}

static int compile_error(struct error *error, const struct rule *rule, int code, size_t offset)
{
	char text[400], why[256];

	pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof(why));
	snprintf(text, sizeof(text), "%s at character %zu; mend the pattern", why, offset + 1);
	return fail_at(error, rule, text);
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

/* A match that may start anywhere, or with nothing at all, is on every branch. */
static void find_starts(struct compiled *c)
{
	uint32_t type = 0, unit = 0;
	const uint8_t *map = NULL;

	pcre2_pattern_info(c->code, PCRE2_INFO_FIRSTCODETYPE, &type);
	pcre2_pattern_info(c->code, PCRE2_INFO_FIRSTCODEUNIT, &unit);
	pcre2_pattern_info(c->code, PCRE2_INFO_FIRSTBITMAP, (void *)&map);
	if (type == 1) {
		c->starts[branch_of(unit)] = true;
		return;
	}
	for (unsigned byte = 0; byte < 256; byte++)
		if (map == NULL || (map[byte / 8] >> (byte % 8) & 1) != 0)
			c->starts[branch_of(byte)] = true;
}

static int check_shape(struct error *error, const struct compiled *c)
{
	uint32_t captures = 0, empty = 0, backrefs = 0;

	pcre2_pattern_info(c->code, PCRE2_INFO_CAPTURECOUNT, &captures);
	pcre2_pattern_info(c->code, PCRE2_INFO_BACKREFMAX, &backrefs);
	pcre2_pattern_info(c->code, PCRE2_INFO_MATCHEMPTY, &empty);
	if (captures != 0 || backrefs != 0)
		return fail_at(error, c->rule, "named groups and references to groups are "
			       "not allowed; use plain parentheses");
	if (empty != 0)
		return fail_at(error, c->rule, "it matches the empty text, so every reply; "
			       "make a part of it obligatory");
	return 0;
}

static int compile_rule(struct compiled *c, struct error *error)
{
	const char *why = forbidden_in(c->rule->pattern);
	size_t n = strlen(c->rule->pattern), offset = 0;
	int code = 0;

	if (why == NULL && sets_free_spacing(c->rule->pattern))
		why = "the free-spacing mode (?x) is not allowed";
	if (why == NULL && n > MAX_PATTERN)
		why = "it is longer than 8192 bytes; split it into several rules";
	if (why != NULL)
		return fail_at(error, c->rule, why);
	c->code = compile(c->rule->pattern, n, &code, &offset);
	if (c->code == NULL)
		return compile_error(error, c->rule, code, offset);
	find_starts(c);
	return check_shape(error, c);
}

/* ---- one group ---- */

static void add_rule(struct buf *out, const struct compiled *c, size_t index)
{
	buf_addf(out, "(?:%s)", c->rule->pattern);
	if (c->rule->reply != NULL || c->rule->status != NULL)
		buf_addf(out, "(?C'%zu')", index);
	buf_addf(out, "(*:%zu)", index);
}

/* The rules that may start on a branch; one that never matches where there is
 * none. Letters and digits count at the start of a word only. */
static void add_leaf(struct buf *out, const struct rules *rules, enum rule_group group,
		     size_t branch)
{
	size_t n = 0;

	buf_adds(out, branch <= BRANCH_DIGIT ? "(?<![a-z0-9])(?:" : "(?:");
	for (size_t i = 0; i < rules->n; i++) {
		if (rules->all[i].rule->group != group || !rules->all[i].starts[branch])
			continue;
		buf_adds(out, n++ != 0 ? "|" : "");
		add_rule(out, &rules->all[i], i);
	}
	buf_adds(out, n == 0 ? "(*F))" : ")");
}

/* The class of the first bytes of the branches [from, to). A caseless class
 * would let k and s start with U+212A and U+017F; they are on the 8-bit branch. */
static void add_class(struct buf *out, size_t from, size_t to)
{
	buf_adds(out, "(?=[");
	for (size_t b = from; b < to; b++) {
		if (b < LETTERS)
			buf_addf(out, "%c%c", (char)('a' + b), (char)('A' + b));
		else if (b == BRANCH_DIGIT)
			buf_adds(out, "0-9");
		else if (b == BRANCH_OTHER)
			buf_adds(out, "\\x00-/:-@\\[-`{-\\x7f");
		else
			buf_adds(out, "\\x{80}-\\x{10ffff}");
	}
	buf_adds(out, "])");
}

static void add_tree(struct buf *out, const struct rules *rules, enum rule_group group,
		     size_t from, size_t to)
{
	size_t middle = from + (to - from) / 2;

	if (to - from == 1) {
		add_leaf(out, rules, group, from);
		return;
	}
	buf_adds(out, "(?:");
	add_class(out, from, middle);
	add_tree(out, rules, group, from, middle);
	buf_adds(out, "|");
	add_class(out, middle, to);
	add_tree(out, rules, group, middle, to);
	buf_adds(out, ")");
}

static bool group_is_empty(const struct rules *rules, enum rule_group group)
{
	for (size_t i = 0; i < rules->n; i++)
		if (rules->all[i].rule->group == group)
			return false;
	return true;
}

static int compile_group(struct rules *rules, enum rule_group group, struct error *error)
{
	struct arena arena;
	struct buf tree;
	size_t offset = 0;
	int code = 0;

	if (group_is_empty(rules, group))
		return 0;
	arena_init(&arena, 4 * (size_t)MAX_TREE);
	buf_init(&tree, &arena, MAX_TREE);
	add_tree(&tree, rules, group, 0, BRANCHES);
	if (!tree.failed)
		rules->groups[group] = compile(tree.p, tree.n, &code, &offset);
	arena_release(&arena);
	if (rules->groups[group] == NULL)
		return error_set(error, "the text rules do not fit together (PCRE2 error %d); "
				 "remove some from knowledge.d", code);
	/* Without JIT the pattern is interpreted: slower, not wrong. */
	(void)pcre2_jit_compile(rules->groups[group], PCRE2_JIT_COMPLETE);
	return 0;
}

static int rules_compile(struct rules *rules, const struct knowledge *knowledge,
			 struct error *error)
{
	while (knowledge_rule_at(knowledge, rules->n) != NULL)
		rules->n++;
	rules->all = calloc(rules->n + 1, sizeof(*rules->all));
	if (rules->all == NULL)
		return error_set(error, "out of memory");
	for (size_t i = 0; i < rules->n; i++) {
		rules->all[i].rule = knowledge_rule_at(knowledge, i);
		if (compile_rule(&rules->all[i], error) != 0)
			return -1;
	}
	for (enum rule_group group = 0; group < RULE_GROUPS; group++)
		if (compile_group(rules, group, error) != 0)
			return -1;
	return 0;
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
		pcre2_code_free(rules->groups[g]);
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

/* A text that overflows JIT's stack is tried once more by the interpreter. */
static int match(const pcre2_code *code, struct span text, size_t from,
		 pcre2_match_data *data, struct asked *asked)
{
	pcre2_match_context *context = limits_new(asked);
	int rc;

	if (context == NULL)
		return PCRE2_ERROR_NOMEMORY;
	rc = pcre2_match(code, (PCRE2_SPTR)text.p, text.n, from, 0, data, context);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(code, (PCRE2_SPTR)text.p, text.n, from, PCRE2_NO_JIT,
				 data, context);
	pcre2_match_context_free(context);
	return rc;
}

const struct rule *rules_match(const struct rules *rules, enum rule_group group,
			       struct span text, struct span reply_code,
			       struct span status)
{
	struct asked asked = { rules, reply_code, status };
	const struct rule *rule = NULL;
	pcre2_match_data *data;
	PCRE2_SPTR mark;

	text = span_slice(text, 0, RULES_MAX_TEXT);
	if (rules->groups[group] == NULL || text.n == 0)
		return NULL;
	data = pcre2_match_data_create(1, NULL);
	if (data == NULL)
		return NULL;
	if (match(rules->groups[group], text, 0, data, &asked) >= 0) {
		mark = pcre2_get_mark(data);
		rule = rules->all[strtoul((const char *)mark, NULL, 10)].rule;
	}
	pcre2_match_data_free(data);
	return rule;
}

/* Matches from the start of a word, as the alternation does. */
static bool matches_alone(const struct compiled *c, struct span text,
			  pcre2_match_data *data, struct asked *asked)
{
	size_t from = 0;

	if (!applies(c->rule, asked))
		return false;
	while (match(c->code, text, from, data, asked) >= 0) {
		from = pcre2_get_ovector_pointer(data)[0];
		if (from == 0 || !ascii_isalnum(text.p[from]) || !ascii_isalnum(text.p[from - 1]))
			return true;
		from++;
	}
	return false;
}

size_t rules_list(const struct rules *rules, enum rule_group group,
		  struct span text, struct span reply_code, struct span status,
		  const struct rule **list, size_t size)
{
	struct asked asked = { rules, reply_code, status };
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	size_t n = 0;

	if (data == NULL || text.n == 0) {
		pcre2_match_data_free(data);
		return 0;
	}
	text = span_slice(text, 0, RULES_MAX_TEXT);
	for (size_t i = 0; i < rules->n && n < size; i++)
		if (rules->all[i].rule->group == group &&
		    matches_alone(&rules->all[i], text, data, &asked))
			list[n++] = rules->all[i].rule;
	pcre2_match_data_free(data);
	return n;
}
