/* Knowledge: what is loaded, what overrides it, and how errors are said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "know/load.h"
#include "know/placeholders.h"
#include "knowledge_files.h"
#include "support.h"

#define CAUSES \
	"causes:\n" \
	"  - {id: user_unknown, who: sender, title: No such user, happened: It is not there.}\n" \
	"  - id: auth_failure\n" \
	"    who: sender_admin\n" \
	"    probes: [spf, dkim]\n" \
	"    title: Not authenticated\n" \
	"    steps: [\"Ask your admin.\"]\n" \
	"  - {id: auth_failure.spf, who: sender_admin, probes: [spf]}\n" \
	"  - {id: expired, who: nobody, title: Too late}\n" \
	"  - {id: policy, who: recipient_admin, title: Not allowed}\n" \
	"  - {id: moved, who: recipient, title: Moved}\n"
#define CODES \
	"replies:\n" \
	"  - {code: \"550\", standard: RFC 5321, is_standard: yes, cause: user_unknown,\n" \
	"     related: [\"551\", 5.1.1], name: Refused, description: D., when: W., fix: F.}\n" \
	"  - {code: \"551\", standard: none, is_standard: no, name: Elsewhere}\n" \
	"statuses:\n" \
	"  - {code: X.1.1, cause: user_unknown, name: Bad mailbox}\n" \
	"  - code: X.4.7\n" \
	"    name: Delivery time expired\n" \
	"    classes:\n" \
	"      - {class: 4, cause: expired, name: Still trying}\n" \
	"      - {class: 5, cause: moved}\n"
#define RULES \
	"rules:\n" \
	"  - {id: generic.no_user, pattern: 'no such user', cause: user_unknown}\n" \
	"  - {id: gmail.spf, provider: Gmail, pattern: 'spf \\d', reply: \"550\", status: 5.7.26,\n" \
	"     cause: auth_failure.spf, who: sender, help: https://example.org/spf,\n" \
	"     hint: \"Gmail wants SPF for {sender_domain}.\"}\n"

static const struct knowledge_file base[] = {
	{ "knowledge/causes.yaml", CAUSES },
	{ "knowledge/codes.yaml", CODES },
	{ "knowledge/rules.yaml", RULES },
	{ NULL, NULL },
};

/* ---- facts ---- */

static const struct cause *cause(const struct knowledge *k, const char *id)
{
	const struct cause *c = knowledge_cause(k, span_str(id));

	if (c == NULL)
		fail_msg("no cause %s", id);
	return c;
}

static void test_causes(void **state)
{
	struct knowledge *k = knowledge_files_good(base);
	const struct cause *spf = cause(k, "auth_failure.spf");
	size_t n = 0;

	(void)state;
	assert_ptr_equal(spf->family, cause(k, "auth_failure"));
	assert_ptr_equal(spf->family->family, spf->family);
	assert_int_equal(spf->who, WHO_SENDER_ADMIN);
	assert_int_equal(spf->probes.n, 1);
	assert_string_equal(spf->probes.list[0], "spf");
	assert_int_equal(spf->family->probes.n, 2);
	assert_int_equal(cause(k, "expired")->who, WHO_NOBODY);
	assert_int_equal(cause(k, "policy")->who, WHO_RECIPIENT_ADMIN);
	assert_int_equal(cause(k, "moved")->who, WHO_RECIPIENT);
	for (; knowledge_cause_at(k, n) != NULL; n++)
		assert_int_equal(knowledge_cause_at(k, n)->index, n);
	assert_int_equal(n, 6);
	assert_string_equal(knowledge_cause_at(k, 0)->id, "user_unknown");
	knowledge_free(k);
}

static void test_no_such_name(void **state)
{
	static const char *const names[] = {
		"", "user", "user_unknown.", "user_unknown.x", "USER_UNKNOWN", "zzz", "a",
	};
	struct knowledge *k = knowledge_files_good(base);

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(knowledge_cause(k, span_str(names[i])));
	assert_null(knowledge_cause(k, (struct span){ "moved\0x", 7 }));
	assert_null(knowledge_cause(k, (struct span){ NULL, 0 }));
	/* a name inside a longer text, without a terminator */
	assert_non_null(knowledge_cause(k, (struct span){ "movedxyz", 5 }));
	knowledge_free(k);
}

static void test_replies(void **state)
{
	struct knowledge *k = knowledge_files_good(base);
	const struct code *c = knowledge_reply(k, SPAN("550"));

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->standard, "RFC 5321");
	assert_true(c->is_standard);
	assert_ptr_equal(c->cause, cause(k, "user_unknown"));
	assert_int_equal(c->related.n, 2);
	assert_string_equal(c->related.list[1], "5.1.1");
	c = knowledge_reply(k, SPAN("551"));
	assert_non_null(c);
	assert_false(c->is_standard);
	assert_null(c->cause);
	assert_ptr_equal(knowledge_reply_at(k, 1), c);
	assert_null(knowledge_reply_at(k, 2));
	assert_null(knowledge_reply(k, SPAN("552")));
	assert_null(knowledge_reply(k, SPAN("55")));
	knowledge_free(k);
}

static void test_statuses(void **state)
{
	static const char *const same[] = { "5.1.1", "4.1.1", "X.1.1", "x.1.1", "1.1" };
	static const char *const none[] = {
		"", ".", "..", "1", "5.1", "5.1.10", "5.1.1.1", "5.1.1.", "5.01.1",
		"5.123456789012345678901234567890.1",
	};
	struct knowledge *k = knowledge_files_good(base);
	const struct code *expired = knowledge_status(k, SPAN("4.4.7"));

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_ptr_equal(knowledge_status(k, span_str(same[i])), knowledge_status_at(k, 0));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_null(knowledge_status(k, span_str(none[i])));
	assert_non_null(expired);
	assert_null(expired->cause);
	assert_ptr_equal(expired->cause_by_class[4], cause(k, "expired"));
	assert_ptr_equal(expired->cause_by_class[5], cause(k, "moved"));
	assert_null(expired->cause_by_class[2]);
	assert_null(knowledge_status_at(k, 2));
	knowledge_free(k);
}

static void test_rules(void **state)
{
	struct knowledge *k = knowledge_files_good(base);
	const struct rule *gmail = knowledge_rule_at(k, 0), *generic = knowledge_rule_at(k, 1);

	(void)state;
	assert_non_null(gmail);
	assert_non_null(generic);
	assert_null(knowledge_rule_at(k, 2));
	assert_string_equal(gmail->id, "gmail.spf");
	assert_int_equal(gmail->group, RULE_PROVIDER);
	assert_string_equal(gmail->provider, "Gmail");
	assert_string_equal(gmail->patterns.list[0], "spf \\d");
	assert_string_equal(gmail->reply, "550");
	assert_string_equal(gmail->status, "5.7.26");
	assert_string_equal(gmail->help, "https://example.org/spf");
	assert_true(gmail->has_who);
	assert_int_equal(gmail->who, WHO_SENDER);
	assert_true(gmail->has_hint);
	assert_int_equal(gmail->line, 3);
	assert_non_null(strstr(gmail->file, "/knowledge/rules.yaml"));
	assert_int_equal(generic->group, RULE_GENERIC);
	assert_null(generic->provider);
	assert_null(generic->reply);
	assert_null(generic->status);
	assert_null(generic->help);
	assert_false(generic->has_who);
	assert_false(generic->has_hint);
	assert_int_equal(generic->line, 2);
	knowledge_free(k);
}

/* A pattern is not a text: its braces and spaces are its own. */
static void test_pattern_as_it_stands(void **state)
{
	const struct knowledge_file files[] = {
		{ "knowledge/a.yaml", CAUSES "rules:\n  - id: a\n    cause: moved\n"
		  "    pattern: |\n      \\d{3,5} x{host} \n" },
		{ NULL, NULL },
	};
	struct knowledge *k = knowledge_files_good(files);

	(void)state;
	assert_string_equal(knowledge_rule_at(k, 0)->patterns.list[0], "\\d{3,5} x{host} ");
	knowledge_free(k);
}

/* A list, until an admin gives the rule a pattern of his own. */
static void test_several_patterns(void **state)
{
	struct knowledge_file files[] = {
		{ "knowledge/a.yaml", CAUSES "rules:\n  - id: a\n    cause: moved\n"
		  "    patterns:\n      - 'has moved'\n      - \"left us\"\n" },
		{ NULL, NULL }, { NULL, NULL },
	};
	struct knowledge *k = knowledge_files_good(files);
	const struct rule *rule = knowledge_rule_at(k, 0);

	(void)state;
	assert_int_equal(rule->patterns.n, 2);
	assert_string_equal(rule->patterns.list[0], "has moved");
	assert_string_equal(rule->patterns.list[1], "left us");
	knowledge_free(k);
	files[1] = (struct knowledge_file){ "knowledge.d/own.yaml",
		"rules:\n- {id: a, pattern: 'is gone'}\n" };
	k = knowledge_files_good(files);
	rule = knowledge_rule_at(k, 0);
	assert_int_equal(rule->patterns.n, 1);
	assert_string_equal(rule->patterns.list[0], "is gone");
	knowledge_free(k);
}

static void test_who_names(void **state)
{
	(void)state;
	assert_string_equal(who_name(WHO_SENDER), "sender");
	assert_string_equal(who_name(WHO_SENDER_ADMIN), "sender_admin");
	assert_string_equal(who_name(WHO_RECIPIENT), "recipient");
	assert_string_equal(who_name(WHO_RECIPIENT_ADMIN), "recipient_admin");
	assert_string_equal(who_name(WHO_NOBODY), "nobody");
}

/* Comments only, and nothing at all: knowledge without facts is fine. */
static void test_empty_files(void **state)
{
	const struct knowledge_file files[] = {
		{ "knowledge/a.yaml", "# nothing\n" }, { "knowledge/b.yaml", "" },
		{ "knowledge/c.yaml", "labels: []\n" }, { "knowledge/.hidden.yaml", "][" },
		{ "knowledge/backup.yaml~", "][" }, { NULL, NULL },
	};
	struct knowledge *k = knowledge_files_good(files);

	(void)state;
	assert_null(knowledge_cause_at(k, 0));
	assert_null(knowledge_rule_at(k, 0));
	assert_null(knowledge_reply(k, SPAN("550")));
	assert_null(knowledge_status(k, SPAN("5.1.1")));
	assert_null(knowledge_cause(k, SPAN("moved")));
	knowledge_free(k);
}

/* ---- overrides ---- */

static const struct knowledge_file overridden[] = {
	{ "knowledge/causes.yaml", CAUSES },
	{ "knowledge/codes.yaml", CODES },
	{ "knowledge/rules.yaml", RULES },
	{ "languages/de.yaml", "language: {tag: de, name: Deutsch}\n"
	  "causes:\n  - {id: moved, title: Umgezogen}\n" },
	{ "knowledge.d/10-mine.yaml",
	  "rules:\n"
	  "  - {id: mine.first, pattern: foo, cause: policy, hint: \"Ask {contact}.\"}\n"
	  "  - {id: gmail.spf, pattern: bar}\n"
	  "causes:\n  - {id: moved, who: sender, probes: [mx], title: Gone away}\n"
	  "replies:\n  - {code: \"551\", cause: moved, name: Over there}\n"
	  "labels:\n  - {id: what_happened, text: What went wrong}\n" },
	{ "knowledge.d/20-de.yaml",
	  "language: {tag: DE}\n"
	  "causes:\n  - {id: moved, title: Weggezogen}\n"
	  "hints:\n  - {id: mine.first, text: \"Fragen Sie {contact}.\"}\n" },
	{ "knowledge.d/30-more.yaml",
	  "rules:\n  - {id: mine.first, cause: moved}\n"
	  "causes:\n  - {id: moved, happened: It is not here.}\n" },
	{ NULL, NULL },
};

static void test_overridden_facts(void **state)
{
	struct knowledge *k = knowledge_files_good(overridden);

	(void)state;
	assert_int_equal(cause(k, "moved")->who, WHO_SENDER);
	assert_string_equal(cause(k, "moved")->probes.list[0], "mx");
	assert_ptr_equal(knowledge_reply(k, SPAN("551"))->cause, cause(k, "moved"));
	assert_string_equal(knowledge_reply(k, SPAN("551"))->standard, "none");
	knowledge_free(k);
}

/* An admin's rules come first; one with a shipped id takes its place. */
static void test_overridden_rules(void **state)
{
	static const char *const ids[] = { "gmail.spf", "mine.first", "generic.no_user" };
	struct knowledge *k = knowledge_files_good(overridden);
	const struct rule *r;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		r = knowledge_rule_at(k, i);
		assert_non_null(r);
		assert_string_equal(r->id, ids[i]);
		assert_int_equal(r->index, i);
		assert_int_equal(r->group, i < 2 ? RULE_ADMIN : RULE_GENERIC);
	}
	assert_null(knowledge_rule_at(k, 3));
	r = knowledge_rule_at(k, 0);
	assert_string_equal(r->patterns.list[0], "bar");
	assert_string_equal(r->status, "5.7.26");
	assert_non_null(strstr(r->file, "10-mine.yaml"));
	assert_int_equal(r->line, 3);
	assert_true(r->has_hint);
	r = knowledge_rule_at(k, 1);
	assert_string_equal(r->patterns.list[0], "foo");
	assert_ptr_equal(r->cause, cause(k, "moved"));
	knowledge_free(k);
}

static void test_overridden_words(void **state)
{
	struct knowledge *k = knowledge_files_good(overridden);
	const struct language *en = knowledge_language(k, SPAN("en"));
	const struct language *de = knowledge_language(k, SPAN("de"));
	const struct cause *moved = cause(k, "moved");
	const struct rule *mine = knowledge_rule_at(k, 1);

	(void)state;
	assert_string_equal(language_label(en, LABEL_WHAT_HAPPENED), "What went wrong");
	assert_string_equal(language_cause(en, moved)->title, "Gone away");
	assert_string_equal(language_cause(en, moved)->happened, "It is not here.");
	assert_string_equal(language_cause(de, moved)->title, "Weggezogen");
	assert_string_equal(language_cause(de, moved)->happened, "It is not here.");
	assert_string_equal(language_reply(en, knowledge_reply(k, SPAN("551")))->name, "Over there");
	assert_string_equal(language_hint(en, mine), "Ask {contact}.");
	assert_string_equal(language_hint(de, mine), "Fragen Sie {contact}.");
	assert_string_equal(language_hint(en, knowledge_rule_at(k, 0)),
			    "Gmail wants SPF for {sender_domain}.");
	assert_null(language_hint(en, knowledge_rule_at(k, 2)));
	knowledge_free(k);
}

/* What changes German waits until German is wanted; its rules do not. */
static void test_override_of_unloaded_language(void **state)
{
	const struct knowledge_file files[] = {
		{ "knowledge/causes.yaml", CAUSES },
		{ "languages/de.yaml", "language: {tag: de, name: Deutsch}\n" },
		{ "knowledge.d/de.yaml", "language: {tag: de}\n"
		  "rules:\n  - {id: mine, pattern: foo, cause: moved, hint: Hallo}\n" },
		{ NULL, NULL },
	};
	struct error error = { "" };
	const char *const none[] = { "en" };
	struct knowledge *k = knowledge_files_load(files, none, 1, &error);

	(void)state;
	assert_non_null(k);
	assert_null(knowledge_language_at(k, 1));
	assert_string_equal(knowledge_rule_at(k, 0)->id, "mine");
	assert_null(language_hint(knowledge_language_at(k, 0), knowledge_rule_at(k, 0)));
	knowledge_free(k);
}

static void test_no_overrides(void **state)
{
	char *directory = knowledge_files_write(base), path[200];
	struct error error = { "" };
	struct knowledge *k = knowledge_load(directory, NULL, NULL, 0, &error);

	(void)state;
	assert_non_null(k);
	knowledge_free(k);
	snprintf(path, sizeof(path), "%s/not-there", directory);
	k = knowledge_load(directory, path, NULL, 0, &error);
	assert_non_null(k);
	knowledge_free(k);
	remove_tree(directory);
}

/* ---- errors ---- */

struct refused {
	const char *path, *text;
	const char *where;	/* file:line: key */
	const char *what;
};

static void assert_refused(const struct refused *r)
{
	struct knowledge_file files[8] = { { NULL, NULL } };
	struct error error = { "" };
	struct knowledge *k;
	size_t n = 0;

	for (; base[n].path != NULL; n++)
		files[n] = base[n];
	files[n++] = (struct knowledge_file){ "languages/de.yaml",
		"language: {tag: de, name: Deutsch}\n" };
	for (size_t i = 0; i < n; i++)
		if (strcmp(files[i].path, r->path) == 0)
			files[i] = files[--n];
	files[n++] = (struct knowledge_file){ r->path, r->text };
	files[n] = (struct knowledge_file){ NULL, NULL };
	k = knowledge_files_load(files, NULL, 0, &error);
	knowledge_free(k);
	if (k != NULL || strstr(error.text, r->where) == NULL ||
	    strstr(error.text, r->what) == NULL)
		fail_msg("wanted \"%s\" and \"%s\" for\n%s\nin: %s", r->where, r->what,
			 r->text, k != NULL ? "(loaded)" : error.text);
}

#define OWN "knowledge.d/own.yaml"

static const struct refused not_schema[] = {
	{ OWN, "causes:\n  - id: moved\n    when: x\n    titel: y\n",
	  "own.yaml:4: causes[1].titel: unknown key", "known here: id, who, probes, title" },
	{ OWN, "# x\n\ncauzes: []\n", "own.yaml:3: cauzes: unknown key", "glossary" },
	{ OWN, "language:\n  tag: de\n  nam: x\n", "own.yaml:3: language.nam: unknown key", "direction" },
	{ OWN, "statuses:\n- code: X.4.7\n  classes:\n  - class: 5\n    nane: x\n",
	  "own.yaml:5: statuses[1].classes[1].nane: unknown key", "known here: class" },
	{ OWN, "labels:\n- {id: sent, text: a}\n- {id: sent}\n",
	  "own.yaml:3: labels[2]: ", "\"text\" is missing" },
	{ OWN, "causes:\n- title: x\n  when: y\n", "own.yaml:2: causes[1]: ", "\"id\" is missing" },
	{ OWN, "causes:\n- id: moved\n  title: x\n  when: a\n  title: y\n",
	  "own.yaml:5: causes[1].title: ", "twice" },
	{ OWN, "labels:\n- {id: sent, text: a}\ncauses: []\nlabels: []\n",
	  "own.yaml:4: labels: ", "twice" },
	{ OWN, "causes:\n- id: moved\n  steps: do it\n", "own.yaml:3: causes[1].steps: ", "a list" },
	{ OWN, "causes:\n- id: moved\n  steps:\n  - a\n  - [b]\n",
	  "own.yaml:5: causes[1].steps[2]: ", "a single text" },
	{ OWN, "causes:\n- id: moved\n  title: [x]\n", "own.yaml:3: causes[1].title: ", "a single text" },
	{ OWN, "causes:\n- id: moved\n- moved\n", "own.yaml:3: causes[2]: ", "\"key: value\" lines" },
	{ OWN, "labels:\n", "own.yaml:1: labels: ", "a list" },
	{ OWN, "- a\n", "own.yaml:1: ", "\"key: value\" lines" },
	{ OWN, "just words\n", "own.yaml:1: ", "\"key: value\" lines" },
	{ OWN, "classes:\n- class: five\n", "own.yaml:2: classes[1].class: ", "a number" },
	{ OWN, "classes:\n- class: -1\n", "own.yaml:2: classes[1].class: ", "a number" },
	{ OWN, "causes:\n- id: moved\n  title: *x\n", "own.yaml:3: causes[1].title: ", "anchor" },
	{ OWN, "causes:\n- id: moved\n  title: \"a\" b\n", "own.yaml:3: ", "not YAML" },
	{ OWN, "causes:\n- id: moved\n  title: \"a\n", "own.yaml:", "not YAML" },
	{ OWN, "causes:\n- id: \xff\xfe\n", "own.yaml:", "not YAML" },
	{ OWN, "causes: []\n---\nlabels: []\n", "own.yaml:2: ", "second document" },
	{ OWN, "? [a]\n: b\n", "own.yaml:1: ", "" },
};

static const struct refused not_facts[] = {
	{ OWN, "causes:\n- id: moved\n- id: mooved\n", "own.yaml:3: causes.mooved.id: ", "no such cause" },
	{ OWN, "causes:\n- id: moved\n  who: me\n", "own.yaml:3: causes.moved.who: ", "sender_admin" },
	{ OWN, "causes:\n- id: moved\n- id: moved\n", "own.yaml:3: causes.moved.id: ", "twice" },
	{ OWN, "causes:\n- id: moved\n  probes: [mx,\n    ptrr]\n", "own.yaml:4: causes.moved.probes[2]: ", "no check \"ptrr\"" },
	{ "knowledge/more.yaml", "causes:\n- {id: moved, who: sender}\n",
	  "more.yaml:2: causes.moved.id: ", "there already" },
	{ "knowledge/more.yaml", "causes:\n- {id: policy.x.y, who: sender}\n",
	  "more.yaml:2: causes.policy.x.y.id: ", "family" },
	{ "knowledge/more.yaml", "causes:\n- {id: foo.x, who: sender}\n",
	  "more.yaml:2: causes.foo.x.id: ", "define \"foo\" first" },
	{ "knowledge/more.yaml", "causes:\n- id: foo\n", "more.yaml:2: causes.foo: ", "\"who\" is missing" },
	{ "knowledge/more.yaml", "replies:\n- code: \"650\"\n", "more.yaml:2: replies.650.code: ", "no code" },
	{ "knowledge/more.yaml", "replies:\n- code: \"5500\"\n", "more.yaml:2: replies.5500.code: ", "no code" },
	{ "knowledge/more.yaml", "replies:\n- code: \"550\"\n", "more.yaml:2: replies.550.code: ", "there already" },
	{ "knowledge/more.yaml", "statuses:\n- code: 5.1.2\n", "more.yaml:2: statuses.5.1.2.code: ", "X.1.1" },
	{ "knowledge/more.yaml", "statuses:\n- code: X.1.2.3\n", "more.yaml:2: statuses.X.1.2.3.code: ", "X.1.1" },
	{ "knowledge/more.yaml", "replies:\n- code: \"552\"\n  is_standard: perhaps\n",
	  "more.yaml:3: replies.552.is_standard: ", "neither yes nor no" },
	{ OWN, "rules:\n- id: mine.a\n  pattern: no\n  cause: policy\n  weak: perhaps\n",
	  "own.yaml:5: rules.mine.a.weak: ", "none of yes, no, last" },
	{ "knowledge/more.yaml", "replies:\n- code: \"552\"\n  cause: foo\n",
	  "more.yaml:3: replies.552.cause: ", "no cause \"foo\"" },
	{ OWN, "replies:\n- code: \"559\"\n", "own.yaml:2: replies.559.code: ", "no such code" },
	{ OWN, "replies:\n- code: \"550\"\n  classes:\n  - class: 5\n", "own.yaml:2: replies.550.code: ", "no classes" },
	{ OWN, "statuses:\n- code: X.4.7\n  classes:\n  - class: 2\n  - class: 3\n",
	  "own.yaml:5: statuses.X.4.7.classes[2].class: ", "not 3" },
	{ OWN, "statuses:\n- code: X.4.7\n  classes:\n  - class: 5\n    cause: foo\n",
	  "own.yaml:5: statuses.X.4.7.classes[1].cause: ", "no cause \"foo\"" },
	{ OWN, "classes:\n- {class: 6, name: x}\n", "own.yaml:2: classes.class: ", "not 6" },
	{ OWN, "classes:\n- {class: 5, cause: moved}\n", "own.yaml:2: classes.cause: ", "remove it" },
	{ OWN, "subjects:\n- {subject: 8, name: x}\n", "own.yaml:2: subjects.subject: ", "not 8" },
	{ OWN, "labels:\n- {id: what_hapened, text: x}\n", "own.yaml:2: labels.what_hapened.text: ", "nothing of this name" },
	{ OWN, "hints:\n- {id: gmail.spff, text: x}\n", "own.yaml:2: hints.gmail.spff.text: ", "nothing of this name" },
};

static const struct refused not_rules[] = {
	{ OWN, "rules:\n- id: a\n  cause: moved\n", "own.yaml:2: rules.a: ", "\"pattern\" is missing" },
	{ OWN, "rules:\n- id: a\n  pattern: moved\n", "own.yaml:2: rules.a: ", "\"cause\" is missing" },
	{ OWN, "rules:\n- id: a\n  pattern: x\n  cause: foo\n", "own.yaml:4: rules.a.cause: ", "no cause \"foo\"" },
	{ OWN, "rules:\n- id: a\n  cause: moved\n  pattern: ''\n", "own.yaml:4: rules.a.pattern: ", "empty pattern" },
	{ OWN, "rules:\n- id: a\n  cause: moved\n  patterns:\n  - x\n  - ''\n", "own.yaml:6: rules.a.patterns[2]: ", "empty pattern" },
	{ OWN, "rules:\n- id: a\n  cause: moved\n  patterns: [x]\n  pattern: y\n", "own.yaml:5: rules.a.pattern: ", "exclude" },
	{ OWN, "rules:\n- id: a\n  cause: moved\n  pattern: x\n  who: them\n", "own.yaml:5: rules.a.who: ", "nobody" },
	{ OWN, "rules:\n- id: a\n  cause: moved\n  pattern: x\n  reply: 5xx\n", "own.yaml:5: rules.a.reply: ", "no reply code" },
	{ OWN, "rules:\n- id: a\n  cause: moved\n  pattern: x\n  reply: ''\n", "own.yaml:5: rules.a.reply: ", "no reply code" },
	{ OWN, "rules:\n- id: a\n  cause: moved\n  pattern: x\n  status: 5.x\n", "own.yaml:5: rules.a.status: ", "no status code" },
	{ OWN, "rules:\n- id: a\n  cause: moved\n  pattern: x\n  status: 5.1.1.1\n", "own.yaml:5: rules.a.status: ", "no status code" },
	{ OWN, "rules:\n- id: a\n  cause: moved\n  pattern: x\n  help: javascript:x\n", "own.yaml:5: rules.a.help: ", "web page" },
	{ "knowledge/rules.yaml", RULES "  - {id: gmail.spf, pattern: x, cause: moved}\n",
	  "rules.yaml:6: rules.gmail.spf: ", "there already" },
};

static const struct refused not_words[] = {
	{ OWN, "causes:\n- id: moved\n  title: ''\n", "own.yaml:3: causes.moved.title: ", "empty" },
	{ OWN, "causes:\n- id: moved\n  steps:\n  - a\n  - '  '\n", "own.yaml:5: causes.moved.steps[2]: ", "empty" },
	{ OWN, "causes:\n- id: moved\n  title: Hello {recipient}\n", "own.yaml:3: causes.moved.title: ",
	  "unknown placeholder {recipient}; this text can have: none" },
	{ OWN, "causes:\n- id: moved\n  admin:\n  - a {\n", "own.yaml:4: causes.moved.admin[1]: ", "unknown placeholder {" },
	{ "knowledge/more.yaml", "labels:\n- {id: sent, text: 'a {foo} b'}\n",
	  "more.yaml:2: labels.sent.text: ", "unknown placeholder {foo}; this text can have: {recipient}, {domain}" },
	{ "knowledge/more.yaml", "labels:\n- {id: sent, text: 'a } b'}\n", "more.yaml:2: labels.sent.text: ", "placeholder }" },
	{ OWN, "rules:\n- id: a\n  cause: moved\n  pattern: x\n  hint: Go {where}\n",
	  "own.yaml:5: rules.a.hint: ", "unknown placeholder {where}" },
	{ OWN, "statuses:\n- code: X.4.7\n  classes:\n  - class: 5\n    fix: 'Do {n}'\n",
	  "own.yaml:5: statuses.X.4.7.classes[1].fix: ", "placeholder {n}" },
	{ OWN, "language: {tag: fr}\n", "own.yaml:1: language.tag: ", "language \"fr\" is not installed" },
};

static const struct refused not_translations[] = {
	{ "languages/de.yaml", "language: {tag: fr, name: x}\n", "de.yaml:1: language.tag: ", "de.yaml" },
	{ "languages/de.yaml", "# no header\nlabels: []\n", "de.yaml:1: language: ", "language: {tag: de, name:" },
	{ "languages/de.yaml", "language:\n  tag: de\n  name: x\n  direction: up\n", "de.yaml:4: language.direction: ", "ltr or rtl" },
	{ "languages/de.yaml", "language: {tag: de, name: x}\ncauses:\n- id: moved\n  who: sender\n",
	  "de.yaml:4: causes.moved.who: ", "English" },
	{ "languages/de.yaml", "language: {tag: de, name: x}\ncauses:\n- id: moved\n  probes: [mx]\n",
	  "de.yaml:4: causes.moved.probes[1]: ", "English" },
	{ "languages/de.yaml", "language: {tag: de, name: x}\nreplies:\n- code: '550'\n  cause: moved\n",
	  "de.yaml:4: replies.550.cause: ", "English" },
	{ "languages/de.yaml", "language: {tag: de, name: x}\nrules:\n- {id: a, pattern: x, cause: moved}\n",
	  "de.yaml:3: rules: ", "English" },
	{ "languages/de.yaml", "language: {tag: de, name: x}\nhints:\n- id: gmail.spf\n  text: \"{recipient}\"\n",
	  "de.yaml:4: hints.gmail.spf.text: ", "unknown placeholder {recipient}; this text can have: {sender_domain}" },
	{ "languages/de.yaml", "language: {tag: de, name: x}\nhints:\n- id: generic.no_user\n  text: \"{host}\"\n",
	  "de.yaml:4: hints.generic.no_user.text: ", "can have: none" },
	{ "languages/de.yaml", "language: {tag: de, name: x}\nlabels:\n- {id: sent, text: a}\n- {id: sent, text: b}\n",
	  "de.yaml:4: labels.sent.text: ", "twice" },
};

#define REFUSE_ALL(name) \
	static void test_##name(void **state) \
	{ \
		(void)state; \
		for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) \
			assert_refused(&name[i]); \
	}
REFUSE_ALL(not_schema)
REFUSE_ALL(not_facts)
REFUSE_ALL(not_rules)
REFUSE_ALL(not_words)
REFUSE_ALL(not_translations)

static void assert_load_says(const char *directory, const char *what)
{
	struct error error = { "" };

	assert_null(knowledge_load(directory, NULL, NULL, 0, &error));
	if (strstr(error.text, what) == NULL)
		fail_msg("wanted \"%s\" in: %s", what, error.text);
	assert_null(knowledge_load(directory, NULL, NULL, 0, NULL));
}

static void test_no_files(void **state)
{
	const struct knowledge_file none[] = { { NULL, NULL } };
	char *directory = knowledge_files_write(none);

	(void)state;
	assert_load_says("/nonexistent", "/nonexistent/knowledge: No such file");
	assert_load_says(directory, "installed completely");
	remove_tree(directory);
}

static void test_hostile_files(void **state)
{
	const struct knowledge_file dir_is_file[] = { { "knowledge.d/x", "" }, { NULL, NULL } };
	char *directory = knowledge_files_write(dir_is_file), path[200];
	char *big = calloc(1, SCHEMA_MAX_SIZE + 2);

	(void)state;
	assert_non_null(big);
	memset(big, '#', SCHEMA_MAX_SIZE + 1);
	free(write_file(directory, "knowledge/big.yaml", span_str(big)));
	assert_load_says(directory, "larger than 4 MiB");
	snprintf(path, sizeof(path), "%s/knowledge/big.yaml", directory);
	assert_int_equal(remove(path), 0);
	memset(big, '[', 20000);
	big[20000] = '\0';
	free(write_file(directory, "knowledge/deep.yaml", span_str(big)));
	assert_load_says(directory, "deep.yaml:1: ");
	free(big);
	remove_tree(directory);
}

/* ---- memory ---- */

/* The steps of knowledge_load within a limit. */
static int load_within(const char *directory, const char *overrides, size_t limit,
		       struct error *error)
{
	struct knowledge k = { .causes_n = 0 };
	struct loader l = { .k = &k, .error = error };
	int rc;

	arena_init(&k.arena, limit);
	rc = sources_load(&l, directory, overrides, NULL, 0) != 0 || facts_load(&l) != 0 ||
		triggers_load(&l) != 0 || words_load(&l) != 0 ? -1 : 0;
	sources_release(&l);
	arena_release(&k.arena);
	return rc;
}

static void test_out_of_memory(void **state)
{
	char *directory = knowledge_files_write(overridden), overrides[200];
	size_t limit = 0, failures = 0;
	struct error error = { "" };

	(void)state;
	snprintf(overrides, sizeof(overrides), "%s/knowledge.d", directory);
	for (; load_within(directory, overrides, limit, &error) != 0; limit += 96) {
		assert_string_equal(error.text, "out of memory while loading the knowledge");
		failures++;
		assert_true(limit < 1 << 20);
	}
	assert_true(failures > 20);
	remove_tree(directory);
}

/* ---- placeholders ---- */

static void test_placeholders(void **state)
{
	static const char *const bad[] = { "{", "}", "{}", "{ n}", "{n", "{N}", "{nn}", "a {n}} b", "{{n}}", "{recipient_}" };
	unsigned n, both, again;
	struct span piece;
	char text[400];

	(void)state;
	assert_int_equal(placeholders_of("{n}", &n, &piece), 0);
	assert_int_equal(placeholders_of("{n} {recipient}{n}", &both, &piece), 0);
	assert_int_equal(placeholders_of("{recipient} {n}", &again, &piece), 0);
	assert_true(n != 0 && (both & n) == n && both != n && both == again);
	assert_int_equal(placeholders_of("", &n, &piece), 0);
	assert_int_equal(n, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(placeholders_of(bad[i], &n, &piece), -1);
		assert_true(piece.n > 0);
	}
	assert_string_equal(placeholders_list(both, text, sizeof(text)), "{recipient}, {n}");
	assert_string_equal(placeholders_list(0, text, sizeof(text)), "none");
	placeholders_list(PLACEHOLDERS_ALL, text, 20);
	assert_true(strlen(text) < 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_no_such_name),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_pattern_as_it_stands),
		cmocka_unit_test(test_several_patterns),
		cmocka_unit_test(test_who_names),
		cmocka_unit_test(test_empty_files),
		cmocka_unit_test(test_overridden_facts),
		cmocka_unit_test(test_overridden_rules),
		cmocka_unit_test(test_overridden_words),
		cmocka_unit_test(test_override_of_unloaded_language),
		cmocka_unit_test(test_no_overrides),
		cmocka_unit_test(test_not_schema),
		cmocka_unit_test(test_not_facts),
		cmocka_unit_test(test_not_rules),
		cmocka_unit_test(test_not_words),
		cmocka_unit_test(test_not_translations),
		cmocka_unit_test(test_no_files),
		cmocka_unit_test(test_hostile_files),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_placeholders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
