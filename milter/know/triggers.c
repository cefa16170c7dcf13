/* The trigger rules: shipped ones, and those of an admin before them. */
#include "know/load.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct place rule_place(const struct source *s, size_t entry, const char *key)
{
	return (struct place){
		.source = s, .at = { .section = "rules", .entry = entry, .key = key },
		.id = s->file->schema->rules[entry].id,
	};
}

/* "5", "5.7", "5.7.1" */
static bool is_status_prefix(const char *s)
{
	const char *end = skip_digits(s);

	for (int dots = 0; end != s; dots++) {
		if (*end == '\0')
			return true;
		if (*end != '.' || dots == 2)
			return false;
		s = end + 1;
		end = skip_digits(s);
	}
	return false;
}

static int rule_codes(struct loader *l, struct place place,
		      const struct schema_rule *raw, struct rule *rule)
{
	const char *end;

	place.at.key = "reply";
	end = raw->reply != NULL ? skip_digits(raw->reply) : NULL;
	if (end != NULL && (end == raw->reply || *end != '\0'))
		return load_fail(l, &place, "\"%.20s\" is no reply code; write one such as "
				 "\"550\", or its first digits", raw->reply);
	if (load_text(l, &place, raw->reply, 0, &rule->reply) != 0)
		return -1;
	place.at.key = "status";
	if (raw->status != NULL && !is_status_prefix(raw->status))
		return load_fail(l, &place, "\"%.20s\" is no status code; write one such as "
				 "\"5.7.1\", or its first numbers", raw->status);
	return load_text(l, &place, raw->status, 0, &rule->status);
}

static bool is_url(const char *text)
{
	return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
}

/* A pattern as it stands, but for the line end that a block has. */
static int rule_pattern(struct loader *l, const struct place *place,
			const char *raw, const char **pattern_r)
{
	struct span pattern = span_str(raw);

	while (pattern.n != 0 && pattern.p[pattern.n - 1] == '\n')
		pattern.n--;
	if (pattern.n == 0)
		return load_fail(l, place, "an empty pattern would match every reply; "
				 "write one or remove the rule");
	*pattern_r = arena_string(&l->k->arena, pattern);
	return *pattern_r != NULL ? 0 : load_fail_memory(l);
}

static int rule_patterns(struct loader *l, struct place place,
			 const struct schema_rule *raw, struct rule *rule)
{
	size_t n = raw->pattern != NULL ? 1 : raw->patterns.n;
	const char **list;

	place.at.key = "pattern";
	if (raw->pattern != NULL && raw->patterns.n != 0)
		return load_fail(l, &place, "\"pattern\" and \"patterns\" exclude each other; "
				 "move it into the list");
	if (n == 0)
		return 0;
	list = arena_array(&l->k->arena, n, sizeof(*list));
	if (list == NULL)
		return load_fail_memory(l);
	rule->patterns = (struct texts){ list, n };
	if (raw->pattern != NULL)
		return rule_pattern(l, &place, raw->pattern, &list[0]);
	place.at.key = NULL;
	place.at.list = "patterns";
	for (place.at.item = 0; place.at.item < n; place.at.item++)
		if (rule_pattern(l, &place, raw->patterns.list[place.at.item],
				 &list[place.at.item]) != 0)
			return -1;
	return 0;
}

static int rule_facts(struct loader *l, struct place place,
		      const struct schema_rule *raw, struct rule *rule)
{
	if (rule_patterns(l, place, raw, rule) != 0)
		return -1;
	place.at.key = "provider";
	if (load_text(l, &place, raw->provider, 0, &rule->provider) != 0 ||
	    rule_codes(l, place, raw, rule) != 0)
		return -1;
	place.at.key = "cause";
	if (raw->cause != NULL && load_cause_id(l, &place, raw->cause, &rule->cause) != 0)
		return -1;
	place.at.key = "who";
	if (raw->who != NULL && load_who(l, &place, raw->who, &rule->who) != 0)
		return -1;
	rule->has_who = rule->has_who || raw->who != NULL;
	place.at.key = "help";
	if (raw->help != NULL && !is_url(raw->help))
		return load_fail(l, &place, "not an address of a web page; it starts with https://");
	return load_text(l, &place, raw->help, 0, &rule->help);
}

/* "yes" or "last"; absent or "no": not weak. */
static int load_strength(struct loader *l, const struct place *place, const char *word,
			 enum rule_group *group_r)
{
	static const struct { const char *word; enum rule_group group; } rows[] = {
		{ "no", RULE_GENERIC }, { "false", RULE_GENERIC },
		{ "yes", RULE_WEAK }, { "true", RULE_WEAK }, { "last", RULE_LAST },
	};

	*group_r = RULE_GENERIC;
	if (word == NULL)
		return 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(word, rows[i].word) == 0) {
			*group_r = rows[i].group;
			return 0;
		}
	return load_fail(l, place, "\"%.40s\" is none of yes, no, last", word);
}

/* An admin's rules are a group of their own, weak or not. */
static int rule_group(struct loader *l, struct place place,
		      const struct schema_rule *raw, struct rule *rule)
{
	enum rule_group group;

	place.at.key = "weak";
	if (load_strength(l, &place, raw->weak, &group) != 0)
		return -1;
	if (group != RULE_GENERIC && rule->provider != NULL)
		return load_fail(l, &place, "only a generic rule can be weak; "
				 "remove \"weak\" or \"provider\"");
	if (place.source->kind == SOURCE_OVERRIDE)
		rule->group = RULE_ADMIN;
	else if (rule->provider != NULL)
		rule->group = RULE_PROVIDER;
	else
		rule->group = group;
	return 0;
}

/* Fills a rule, which may hold the one that an override changes. */
static int fill_rule(struct loader *l, const struct source *source, size_t entry,
		     struct rule *rule)
{
	const struct schema_rule *raw = &source->file->schema->rules[entry];
	struct place place = rule_place(source, entry, "id");

	if (load_text(l, &place, raw->id, 0, &rule->id) != 0 ||
	    rule_facts(l, place, raw, rule) != 0)
		return -1;
	place.at.key = NULL;
	if (rule->patterns.n == 0 || rule->cause == NULL)
		return load_fail(l, &place, "the key \"%s\" is missing; add it",
				 rule->patterns.n == 0 ? "pattern" : "cause");
	return rule_group(l, place, raw, rule);
}

/* Rules while they are collected: shipped ones from the front, an admin's after
 * them; what an admin redefined is left out at the end. */
struct rule_list {
	struct rule *list;
	struct names shipped;	/* names of the first ones, sorted */
	size_t n, shipped_n;
};

static int rule_lines(struct loader *l, const struct source *source,
		      struct rule *rules, size_t n)
{
	unsigned *lines = calloc(n + 1, sizeof(*lines));

	if (lines == NULL)
		return load_fail_memory(l);
	schema_lines(source->file, "rules", lines, n);
	for (size_t i = 0; i < n; i++) {
		rules[i].file = source->path;
		rules[i].line = lines[i];
	}
	free(lines);
	return 0;
}

/* The rule that an override with this id changes, or NULL. */
static struct rule *find_rule(const struct rule_list *rules, const char *id)
{
	size_t i = names_find(&rules->shipped, span_str(id));

	for (size_t a = rules->shipped_n; a < rules->n; a++)
		if (strcmp(rules->list[a].id, id) == 0)
			return &rules->list[a];
	return i != SIZE_MAX ? &rules->list[i] : NULL;
}

static int add_rules(struct loader *l, const struct source *source,
		     struct rule_list *rules)
{
	const struct schema *schema = source->file->schema;
	size_t first = rules->n;

	for (size_t e = 0; e < schema->rules_n; e++) {
		struct rule *rule = &rules->list[rules->n];
		struct rule *old = source->kind == SOURCE_OVERRIDE ?
			find_rule(rules, schema->rules[e].id) : NULL;

		if (old != NULL) {
			*rule = *old;
			old->patterns.n = 0;	/* gone */
		}
		if (fill_rule(l, source, e, rule) != 0)
			return -1;
		rules->n++;
	}
	return rule_lines(l, source, rules->list + first, rules->n - first);
}

static int index_shipped(struct loader *l, struct rule_list *rules)
{
	size_t twice;

	rules->shipped_n = rules->shipped.n = rules->n;
	for (size_t i = 0; i < rules->n; i++)
		rules->shipped.list[i] = (struct name){ rules->list[i].id, i };
	if (names_sort(&rules->shipped, &twice))
		return 0;
	return error_set(l->error, "%s:%u: rules.%s: this rule is there already; "
			 "give it another id", rules->list[twice].file,
			 rules->list[twice].line, rules->list[twice].id);
}

static int collect_rules(struct loader *l, struct rule_list *rules)
{
	for (size_t i = 0; i < l->sources_n; i++)
		if (l->sources[i].kind == SOURCE_ENGLISH &&
		    add_rules(l, &l->sources[i], rules) != 0)
			return -1;
	if (index_shipped(l, rules) != 0)
		return -1;
	for (size_t i = 0; i < l->sources_n; i++) {
		const struct source *source = &l->sources[i];
		struct place place = { .source = source, .at = { .section = "rules" } };

		if (check_facts_allowed(l, &place, source->file->schema->rules_n != 0) != 0)
			return -1;
		if (source->kind == SOURCE_OVERRIDE && add_rules(l, source, rules) != 0)
			return -1;
	}
	return 0;
}

/* In order of precedence, without what was redefined. */
static int order_rules(struct loader *l, const struct rule_list *rules)
{
	struct knowledge *k = l->k;

	k->rules = arena_array(&k->arena, rules->n, sizeof(*k->rules));
	k->rule_names.list = arena_array(&k->arena, rules->n, sizeof(struct name));
	if (k->rule_names.list == NULL)
		return load_fail_memory(l);
	for (unsigned group = 0; group < RULE_GROUPS; group++)
		for (size_t i = 0; i < rules->n; i++) {
			const struct rule *rule = &rules->list[i];
			size_t n = k->rules_n;

			if (rule->group != group || rule->patterns.n == 0)
				continue;
			k->rules[n] = *rule;
			k->rules[n].index = n;
			k->rule_names.list[n] = (struct name){ rule->id, n };
			k->rules_n++;
		}
	k->rule_names.n = k->rules_n;
	names_sort(&k->rule_names, &(size_t){ 0 });
	return 0;
}

int triggers_load(struct loader *l)
{
	struct rule_list rules = { .n = 0 };
	size_t n = 0;
	int rc = -1;

	if (l->parts == KNOWLEDGE_WORDS)
		return 0;
	for (size_t i = 0; i < l->sources_n; i++)
		n += l->sources[i].file->schema->rules_n;
	rules.list = calloc(n + 1, sizeof(*rules.list));
	rules.shipped.list = calloc(n + 1, sizeof(*rules.shipped.list));
	if (rules.list == NULL || rules.shipped.list == NULL)
		load_fail_memory(l);
	else if (collect_rules(l, &rules) == 0)
		rc = order_rules(l, &rules);
	free(rules.list);
	free(rules.shipped.list);
	return rc;
}
