/* snapshot.h: all that messages are read with, or an error that says where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/snapshot.h"
#include "support.h"

/* A directory with a configuration, and a snapshot of it. */
struct place {
	char *directory, *config;
};

static struct place place_with(const char *text)
{
	struct place p = { .directory = make_directory() };

	p.config = write_file(p.directory, "whybounce.yaml", span_str(text));
	return p;
}

static void leave(struct place p)
{
	free(p.config);
	remove_tree(p.directory);
}

static struct snapshot *good(const char *text, const char *tag, enum snapshot_parts parts)
{
	struct place p = place_with(text);
	struct error error;
	struct snapshot *s = snapshot_load(p.config, tag, parts, &error);

	if (s == NULL)
		fail_msg("%s", error.text);
	leave(p);
	return s;
}

static size_t languages(const struct snapshot *s)
{
	size_t n = 0;

	while (knowledge_language_at(s->knowledge, n) != NULL)
		n++;
	return n;
}

static void test_everything(void **state)
{
	struct snapshot *s = good("mode: observe\n", NULL, SNAPSHOT_RULES);

	(void)state;
	assert_int_equal(s->config->mode, MODE_OBSERVE);
	assert_true(languages(s) >= 6);
	assert_non_null(s->rules);
	assert_string_equal(language_tag(s->default_language), "en");
	assert_null(s->second_language);
	assert_null(s->language_map);
	assert_non_null(knowledge_cause(s->knowledge, SPAN("user_unknown")));
	assert_null(s->prober);	/* asks nobody until it is told to */
	snapshot_free(s);
	snapshot_free(NULL);
}

static void test_only_what_is_needed(void **state)
{
	struct snapshot *s = good("", "de", SNAPSHOT_WORDS);

	(void)state;
	assert_int_equal(languages(s), 2);
	assert_null(s->rules);
	assert_null(knowledge_rule_at(s->knowledge, 0));
	snapshot_free(s);
	s = good("default_language: th\nsecond_language: vi\n", "de", SNAPSHOT_WORDS);
	assert_int_equal(languages(s), 4);	/* those of the configuration, too */
	assert_string_equal(language_tag(s->default_language), "th");
	assert_string_equal(language_tag(s->second_language), "vi");
	snapshot_free(s);
}

static void test_language_by_tag(void **state)
{
	struct snapshot *s = good("", NULL, SNAPSHOT_WORDS);
	struct error error = { "" };

	(void)state;
	assert_string_equal(language_tag(snapshot_language(s, "de-CH", &error)), "de");
	assert_null(snapshot_language(s, "xx", &error));
	assert_non_null(strstr(error.text, "language \"xx\" is not installed (installed: en, de, id, th, tr, vi)"));
	assert_null(snapshot_language(s, "\n\x1b[31mxx-is-no-language-of-this-world-nor-of-any-other", &error));
	assert_null(strpbrk(error.text, "\n\x1b"));
	assert_null(snapshot_language(s, "", &error));
	snapshot_free(s);
}

static void assert_refused(const char *text, const char *wanted)
{
	struct place p = place_with(text);
	struct error error = { "" };

	assert_null(snapshot_load(p.config, NULL, SNAPSHOT_RULES, &error));
	if (strstr(error.text, wanted) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.text, wanted);
	leave(p);
}

static void test_errors_say_where(void **state)
{
	struct error error;

	(void)state;
	assert_refused("mode: explain\ndefault_language: xx\n",
		       "whybounce.yaml:2: default_language: language \"xx\" is not installed (installed: en,");
	assert_refused("\n\nsecond_language: yy\n", "whybounce.yaml:3: second_language: language \"yy\"");
	assert_refused("modus: explain\n", "whybounce.yaml:1: unknown key \"modus\"");
	assert_refused("language_map: /nonexistent/map\n", "/nonexistent/map: No such file");
	assert_null(snapshot_load("/nonexistent.yaml", NULL, SNAPSHOT_WORDS, &error));
	assert_string_equal(error.text, "/nonexistent.yaml: No such file or directory");
}

/* knowledge.d lies beside the configuration. */
static void test_overrides(void **state)
{
	struct place p = place_with("mode: explain\n");
	char folder[600], *file;
	struct rules_text text;
	struct snapshot *s;
	struct error error;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/knowledge.d", p.directory);
	assert_int_equal(mkdir(folder, 0755), 0);
	file = write_file(folder, "mine.yaml", SPAN("rules:\n  - {id: mine.one, pattern: 'xyzzy', cause: spam}\n"));
	s = snapshot_load(p.config, NULL, SNAPSHOT_RULES, &error);
	assert_non_null(s);
	rules_text_init(&text, SPAN("550 xyzzy"));
	assert_string_equal(rules_match(s->rules, RULE_ADMIN, &text, SPAN("550"), SPAN(""))->id, "mine.one");
	rules_release(&text);
	snapshot_free(s);
	free(file);
	file = write_file(folder, "mine.yaml", SPAN("rules:\n  - {id: mine.one, pattern: '(', cause: spam}\n"));
	assert_null(snapshot_load(p.config, NULL, SNAPSHOT_RULES, &error));
	assert_non_null(strstr(error.text, "mine.yaml:2: rules.mine.one"));
	s = snapshot_load(p.config, NULL, SNAPSHOT_WORDS, &error);	/* needs no rules */
	assert_non_null(s);
	snapshot_free(s);
	free(file);
	leave(p);
}

static void test_language_map(void **state)
{
	struct place p = place_with("");
	char text[600], *map = write_file(p.directory, "map", SPAN("@example.org tr\n")), *config;
	struct snapshot *s;
	struct error error;

	(void)state;
	snprintf(text, sizeof(text), "language_map: %s\n", map);
	config = write_file(p.directory, "mapped.yaml", span_str(text));
	s = snapshot_load(config, NULL, SNAPSHOT_RULES, &error);
	assert_non_null(s);
	assert_string_equal(language_tag(language_map_find(s->language_map, SPAN("a@example.org"))), "tr");
	snapshot_free(s);
	s = snapshot_load(config, "de", SNAPSHOT_RULES, &error);	/* who names a language needs no map */
	assert_non_null(s);
	assert_null(s->language_map);
	snapshot_free(s);
	free(map);
	free(config);
	leave(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_only_what_is_needed),
		cmocka_unit_test(test_language_by_tag),
		cmocka_unit_test(test_errors_say_where),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_language_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
