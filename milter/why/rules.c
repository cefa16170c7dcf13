/* How hundreds of patterns are fast. As one alternation, a group would exceed what
 * PCRE2 compiles (64 KiB), and would be tried in full at each word. Instead, each
 * pattern tells sets of literals, of each of which a text must contain one
 * (literals.h). One pass over the text finds the literals that occur; what is left
 * is a handful of patterns, each of which JIT searches for by itself. The leftmost
 * of their matches is that of the alternation. */
#include "why/rules.h"

#include <stdlib.h>
#include <string.h>

#include "why/pattern.h"
#include "why/sieve.h"

struct rules {
	struct pattern **all;		/* in the order of the knowledge */
	size_t n;
	size_t of_group[RULE_GROUPS];
	struct sieve *sieve;
};

/* ---- loading ---- */

static size_t count_patterns(const struct knowledge *knowledge)
{
	const struct rule *rule;
	size_t n = 0;

	for (size_t i = 0; (rule = knowledge_rule_at(knowledge, i)) != NULL; i++)
		n += rule->patterns.n;
	return n;
}

/* The texts are those of all, in the same order. */
static int add_patterns(struct rules *rules, const struct rule *rule, const char **texts,
			struct error *error)
{
	for (size_t i = 0; i < rule->patterns.n; i++) {
		struct pattern *p = pattern_new(rule, rule->patterns.list[i], error);

		if (p == NULL)
			return -1;
		texts[rules->n] = rule->patterns.list[i];
		rules->all[rules->n++] = p;
		rules->of_group[rule->group]++;
	}
	return 0;
}

static int compile(struct rules *rules, const struct knowledge *knowledge,
		   const char **texts, struct error *error)
{
	const struct rule *rule;

	for (size_t i = 0; (rule = knowledge_rule_at(knowledge, i)) != NULL; i++)
		if (add_patterns(rules, rule, texts, error) != 0)
			return -1;
	rules->sieve = sieve_new(texts, rules->n);
	return rules->sieve != NULL ? 0 : error_set(error, "out of memory");
}

struct rules *rules_new(const struct knowledge *knowledge, struct error *error)
{
	size_t n = count_patterns(knowledge);
	struct rules *rules = calloc(1, sizeof(*rules));
	const char **texts = calloc(n + 1, sizeof(*texts));
	int rc = -1;

	if (rules != NULL)
		rules->all = calloc(n + 1, sizeof(*rules->all));
	if (rules == NULL || rules->all == NULL || texts == NULL)
		error_set(error, "out of memory");
	else
		rc = compile(rules, knowledge, texts, error);
	free(texts);
	if (rc == 0)
		return rules;
	rules_free(rules);
	return NULL;
}

void rules_prepare(const struct rules *rules)
{
	size_t room = RULES_PREPARED;

	for (size_t i = 0; i < rules->n; i++) {
		size_t n = pattern_prepare(rules->all[i], room);

		room -= n < room ? n : room;
	}
}

void rules_free(struct rules *rules)
{
	if (rules == NULL)
		return;
	for (size_t i = 0; i < rules->n; i++)
		pattern_free(rules->all[i]);
	free(rules->all);
	sieve_free(rules->sieve);
	free(rules);
}

/* ---- matching ---- */

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

void rules_text_init(struct rules_text *text, struct span line)
{
	text->text = span_slice(line, 0, RULES_MAX_TEXT);
	text->sieved = false;
	text->n = 0;
	text->room = NULL;
}

static void sieve_once(const struct rules *rules, struct rules_text *text)
{
	if (!text->sieved)
		text->n = sieve_pass(rules->sieve, text->text, text->list, RULES_SIEVED);
	text->sieved = true;
}

void rules_release(struct rules_text *text)
{
	pattern_room_free(text->room);
}

static bool is_tried(const struct pattern *p, enum rule_group group, struct span reply_code,
		     struct span status)
{
	const struct rule *rule = pattern_rule(p);

	return rule->group == group && narrows(rule->reply, reply_code) &&
		narrows(rule->status, status);
}

const struct rule *rules_match(const struct rules *rules, enum rule_group group,
			       struct rules_text *text, struct span reply_code,
			       struct span status)
{
	const struct rule *found = NULL;
	size_t first = text->text.n;	/* where the leftmost match starts */

	if (rules->of_group[group] == 0)
		return NULL;
	sieve_once(rules, text);
	for (size_t i = 0; i < text->n; i++) {
		struct pattern *p = rules->all[text->list[i]];
		int at;

		if (!is_tried(p, group, reply_code, status))
			continue;
		at = pattern_find(p, &text->room, text->text, first);
		if (at == PATTERN_LIMIT)
			return NULL;
		if (at != PATTERN_NOWHERE) {
			found = pattern_rule(p);
			first = (size_t)at;
		}
	}
	return found;
}

size_t rules_list(const struct rules *rules, enum rule_group group,
		  struct span text, struct span reply_code, struct span status,
		  const struct rule **list, size_t size)
{
	struct pattern_room *room = NULL;
	size_t n = 0;

	text = span_slice(text, 0, RULES_MAX_TEXT);
	for (size_t i = 0; i < rules->n && n < size && text.n != 0; i++) {
		struct pattern *p = rules->all[i];

		if (is_tried(p, group, reply_code, status) &&
		    (n == 0 || list[n - 1] != pattern_rule(p)) &&
		    pattern_find(p, &room, text, text.n) >= 0)
			list[n++] = pattern_rule(p);
	}
	pattern_room_free(room);
	return n;
}
