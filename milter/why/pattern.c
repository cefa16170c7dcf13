#include "why/pattern.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
	MATCH_LIMIT = 200000,		/* steps of the interpreter, or of JIT */
	DEPTH_LIMIT = 2000,
	HEAP_LIMIT_KIB = 512,
};

struct pattern {
	const struct rule *rule;
	const char *text;
	pcre2_code *code;
	_Atomic(pcre2_code *) fast;	/* the same by JIT, made at the first search; code
					 * itself where JIT is not allowed */
};

struct pattern_room {
	pcre2_match_context *limits;
	pcre2_match_data *data;
};

/* ---- checking ---- */

static int fail_at(struct error *error, const struct pattern *p, const char *what)
{
	const struct rule *rule = p->rule;

	return error_set(error, "%s:%u: rules.%s: pattern \"%.80s\": %s", rule->file,
			 rule->line, rule->id, p->text, what);
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

static int compile_error(struct error *error, const struct pattern *p, int code,
			 size_t offset)
{
	char text[400], why[256];

	pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof(why));
	snprintf(text, sizeof(text), "%s at character %zu; mend the pattern", why, offset + 1);
	return fail_at(error, p, text);
}

static int check_shape(struct error *error, const struct pattern *p)
{
	uint32_t captures = 0, empty = 0, backrefs = 0;

	pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &captures);
	pcre2_pattern_info(p->code, PCRE2_INFO_BACKREFMAX, &backrefs);
	pcre2_pattern_info(p->code, PCRE2_INFO_MATCHEMPTY, &empty);
	if (captures != 0 || backrefs != 0)
		return fail_at(error, p, "named groups and references to groups are "
			       "not allowed; use plain parentheses");
	if (empty != 0)
		return fail_at(error, p, "it matches the empty text, so every reply; "
			       "make a part of it obligatory");
	return 0;
}

static pcre2_code *compile(const char *text, int *code_r, size_t *offset_r)
{
	static const uint32_t options = PCRE2_CASELESS | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
		PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;

	return pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, code_r,
			     offset_r, NULL);
}

static int compile_pattern(struct pattern *p, struct error *error)
{
	const char *why = forbidden_in(p->text);
	size_t offset = 0;
	int code = 0;

	if (why == NULL && sets_free_spacing(p->text))
		why = "the free-spacing mode (?x) is not allowed";
	if (why == NULL && strlen(p->text) > PATTERN_MAX)
		why = "it is longer than 8192 bytes; split it into several";
	if (why != NULL)
		return fail_at(error, p, why);
	p->code = compile(p->text, &code, &offset);
	if (p->code == NULL)
		return compile_error(error, p, code, offset);
	return check_shape(error, p);
}

struct pattern *pattern_new(const struct rule *rule, const char *text, struct error *error)
{
	struct pattern *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		error_set(error, "out of memory");
		return NULL;
	}
	p->rule = rule;
	p->text = text;
	if (compile_pattern(p, error) == 0)
		return p;
	pattern_free(p);
	return NULL;
}

void pattern_free(struct pattern *p)
{
	pcre2_code *fast = p != NULL ? atomic_load(&p->fast) : NULL;

	if (p == NULL)
		return;
	if (fast != p->code)
		pcre2_code_free(fast);
	pcre2_code_free(p->code);
	free(p);
}

const struct rule *pattern_rule(const struct pattern *p)
{
	return p->rule;
}

/* ---- searching ---- */

#ifdef WHYBOUNCE_INTERPRETED
static const bool interpreted = true;	/* a checker sees into no code that is made */
#else
static const bool interpreted = false;
#endif

/* What JIT (PCRE2 10.42) takes for ASCII only where bytes may be no UTF-8. */
static bool is_negated_type(const char *p)
{
	return p[0] == '\\' && (p[1] == 'S' || p[1] == 'W' || p[1] == 'D');
}

/* How much of "[^]ab\\]" is a class. */
static size_t class_length(const char *p)
{
	size_t n = p[1] == '^' ? 2 : 1;

	n += p[n] == ']';
	while (p[n] != '\0' && p[n] != ']')
		if (p[n] == '\\' && p[n + 1] != '\0')
			n += 2;
		else if (p[n] == '[' && p[n + 1] == ':' && strstr(p + n, ":]") != NULL)
			n = (size_t)(strstr(p + n, ":]") - p) + 2;
		else
			n++;
	return n + (p[n] == ']');
}

/* The same pattern for JIT: "\\S" as "[^\\s]". NULL: out of memory. */
static char *spell_out(const char *text)
{
	char *copy = malloc(3 * strlen(text) + 1), *to = copy;

	while (copy != NULL && *text != '\0') {
		size_t n = *text == '[' ? class_length(text) : *text == '\\' ? 2 : 1;

		if (is_negated_type(text))
			to += sprintf(to, "[^\\%c]", ascii_lower(text[1]));
		else
			to = (char *)memcpy(to, text, n) + n;
		text += n;
	}
	if (copy != NULL)
		*to = '\0';
	return copy;
}

static pcre2_code *compile_fast(const char *text)
{
	char *copy = spell_out(text);
	pcre2_code *made = NULL;
	size_t offset;
	int code;

	if (copy != NULL)
		made = compile(copy, &code, &offset);
	free(copy);
	return made;
}

/* JIT costs more than compiling, and most patterns are never tried. Threads that
 * come at once make the code twice, and one is kept. */
static const pcre2_code *find_fast(struct pattern *p)
{
	pcre2_code *fast = atomic_load_explicit(&p->fast, memory_order_acquire);
	pcre2_code *made;

	if (fast != NULL)
		return fast;
	made = compile_fast(p->text);
	if (made == NULL || interpreted || pcre2_jit_compile(made, PCRE2_JIT_COMPLETE) != 0) {
		pcre2_code_free(made);
		made = p->code;
	}
	if (atomic_compare_exchange_strong(&p->fast, &fast, made))
		return made;
	if (made != p->code)
		pcre2_code_free(made);
	return fast;
}

size_t pattern_prepare(struct pattern *p, size_t room)
{
	pcre2_code *unset = NULL;
	size_t n = 0;

	if (room == 0)
		atomic_compare_exchange_strong(&p->fast, &unset, p->code);
	else
		pcre2_pattern_info(find_fast(p), PCRE2_INFO_JITSIZE, &n);
	return n;
}

static struct pattern_room *room_new(void)
{
	struct pattern_room *room = calloc(1, sizeof(*room));

	if (room == NULL)
		return NULL;
	room->data = pcre2_match_data_create(1, NULL);
	room->limits = pcre2_match_context_create(NULL);
	if (room->data == NULL || room->limits == NULL) {
		pattern_room_free(room);
		return NULL;
	}
	pcre2_set_match_limit(room->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(room->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(room->limits, HEAP_LIMIT_KIB);
	return room;
}

void pattern_room_free(struct pattern_room *room)
{
	if (room == NULL)
		return;
	pcre2_match_data_free(room->data);
	pcre2_match_context_free(room->limits);
	free(room);
}

/* A text that overflows JIT's stack is tried once more by the interpreter. */
static int match(struct pattern *p, struct pattern_room *room, struct span text, size_t from)
{
	const pcre2_code *code = find_fast(p);
	int rc = PCRE2_ERROR_JIT_STACKLIMIT;

	if (code != p->code)
		rc = pcre2_jit_match(code, (PCRE2_SPTR)text.p, text.n, from, 0, room->data,
				     room->limits);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(p->code, (PCRE2_SPTR)text.p, text.n, from, PCRE2_NO_JIT,
				 room->data, room->limits);
	return rc;
}

static bool is_start(struct span text, size_t i)
{
	return i == 0 || !ascii_isalnum(text.p[i]) || !ascii_isalnum(text.p[i - 1]);
}

int pattern_find(struct pattern *p, struct pattern_room **room, struct span text,
		 size_t before)
{
	size_t from = 0;
	int rc;

	if (before == 0)
		return PATTERN_NOWHERE;
	if (*room == NULL)
		*room = room_new();
	if (*room == NULL)
		return PATTERN_LIMIT;
	pcre2_set_offset_limit((*room)->limits, before - 1);
	while ((rc = match(p, *room, text, from)) >= 0) {
		from = pcre2_get_ovector_pointer((*room)->data)[0];
		if (from >= text.n || is_start(text, from))
			return (int)from;
		if (++from >= before)
			return PATTERN_NOWHERE;
	}
	return rc == PCRE2_ERROR_NOMATCH ? PATTERN_NOWHERE : PATTERN_LIMIT;
}
