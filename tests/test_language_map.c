/* language_map.h: which language each reader wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/language_map.h"
#include "knowledge_files.h"
#include "support.h"

static const struct knowledge_file files[] = {
	{ "knowledge/labels.yaml", "labels: []\n" },
	{ "languages/de.yaml", "language: {tag: de, name: Deutsch}\n" },
	{ "languages/th.yaml", "language: {tag: th, name: Thai, aliases: [tha]}\n" },
	{ NULL, NULL },
};

static struct knowledge *knowledge;

static int load(void **state)
{
	(void)state;
	knowledge = knowledge_files_good(files);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	knowledge_free(knowledge);
	return 0;
}

static struct language_map *map_of(struct span text, struct error *error)
{
	char *directory = make_directory();
	char *path = write_file(directory, "map", text);
	struct language_map *map = language_map_load(path, knowledge, error);

	free(path);
	remove_tree(directory);
	return map;
}

/* "" where nothing is listed. */
static const char *found(const struct language_map *map, const char *address)
{
	const struct language *language = language_map_find(map, span_str(address));

	return language != NULL ? language_tag(language) : "";
}

static void test_lines(void **state)
{
	static const struct { const char *address, *wanted; } rows[] = {
		{ "anna@example.org", "th" }, { "ANNA@Example.ORG", "th" }, { "kim@example.org", "de" },
		{ "x@sub.example.org", "" }, { "anna@example.com", "en" }, { "leo@example.net", "de" },
		{ "late@example.net", "th" }, { "a@b@example.org", "de" }, { "\"a@b\"@example.org", "de" },
		{ "anna", "" }, { "", "" }, { "@example.org", "de" }, { "anna@example.or", "" }, { "anna@example.orgs", "" },
		{ "commented@example.net", "" }, { "tab@example.net", "de" },
	};
	struct error error;
	struct language_map *map = map_of(SPAN(
		"# who reads what\n\n"
		"@example.org de\n"
		"Anna@example.org\tth\n"
		"anna@example.com   en   # a comment\r\n"
		"  leo@example.net de-AT  \n"
		"#commented@example.net de\n"
		"late@example.net de\n"
		"\ttab@example.net\t\tDE\n"
		"late@example.net tha"), &error);

	(void)state;
	assert_non_null(map);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(found(map, rows[i].address), rows[i].wanted);
	assert_string_equal(found(NULL, "anna@example.org"), "");
	language_map_free(map);
	language_map_free(NULL);
}

static void test_errors(void **state)
{
	static const struct { const char *text, *where, *what; } rows[] = {
		{ "anna@example.org\n", "map:1: ", "then a language tag" },
		{ "\n\nanna de\n", "map:3: ", "expected an address or @domain" },
		{ "a@b.example de\na@b.example xx\n", "map:2: ", "language \"xx\" is not installed" },
		{ "a@b.example de th\n", "map:1: ", "not installed" },
		{ "a@b.example d\x1b[31m\n", "map:1: ", "\"d?[31m\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error error;

		assert_null(map_of(span_str(rows[i].text), &error));
		if (strstr(error.text, rows[i].where) == NULL || strstr(error.text, rows[i].what) == NULL)
			fail_msg("\"%s\" is no \"%s%s\"", error.text, rows[i].where, rows[i].what);
	}
}

static void test_files(void **state)
{
	char *directory = make_directory();
	struct error error;
	struct language_map *map;

	(void)state;
	assert_null(language_map_load("/nonexistent/map", knowledge, &error));
	assert_string_equal(error.text, "/nonexistent/map: No such file or directory");
	assert_null(language_map_load(directory, knowledge, &error));
	assert_non_null(strstr(error.text, "directory"));
	map = map_of(SPAN(""), &error);
	assert_non_null(map);
	assert_string_equal(found(map, "anna@example.org"), "");
	language_map_free(map);
	map = map_of(SPAN("a\0b@x.example de\n"), &error);	/* as good as anything else */
	language_map_free(map);
	remove_tree(directory);
}

/* A city of readers: every one of them is found, and nobody else. */
static void test_many_lines(void **state)
{
	enum { LINES = 20000 };
	static const char *const tags[] = { "de", "th", "en" };
	struct arena arena;
	struct buf text;
	struct error error;
	struct language_map *map;
	char address[64];

	(void)state;
	arena_init(&arena, 16 << 20);
	buf_init(&text, &arena, 4 << 20);
	for (unsigned i = 0; i < LINES; i++)
		buf_addf(&text, "r%u@d%u.example %s\n", i * 7919 % LINES, i * 7919 % LINES % 100, tags[i * 7919 % LINES % 3]);
	map = map_of(buf_span(&text), &error);
	assert_non_null(map);
	for (unsigned i = 0; i < LINES; i++) {
		snprintf(address, sizeof(address), "R%u@d%u.example", i, i % 100);
		assert_string_equal(found(map, address), tags[i % 3]);
		snprintf(address, sizeof(address), "r%u@d%u.example", i, (i + 1) % 100);
		assert_string_equal(found(map, address), "");
	}
	language_map_free(map);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_many_lines),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
