/* Languages: which one a tag means, what is loaded, what falls back to what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "know/load.h"
#include "knowledge_files.h"
#include "support.h"

static const struct knowledge_file files[] = {
	{ "knowledge/english.yaml",
	  "language: {aliases: [eng]}\n"
	  "labels:\n"
	  "  - {id: subject_failed, text: \"Not delivered: {subject}\"}\n"
	  "  - {id: title_failed_many, text: \"Not to {n} recipients ({host})\"}\n"
	  "causes:\n"
	  "  - id: auth_failure\n"
	  "    who: sender_admin\n"
	  "    title: EN family title\n"
	  "    happened: EN family happened.\n"
	  "    when: EN family when.\n"
	  "    steps: [EN family step 1., EN family step 2.]\n"
	  "    admin: [EN family admin.]\n"
	  "  - id: auth_failure.spf\n"
	  "    who: sender_admin\n"
	  "    title: EN detail title\n"
	  "    when: EN detail when.\n"
	  "    steps: [EN detail step.]\n"
	  "  - {id: moved, who: recipient}\n"
	  "replies:\n"
	  "  - {code: \"550\", name: EN name, description: EN description.}\n"
	  "statuses:\n"
	  "  - code: X.4.7\n"
	  "    name: EN general\n"
	  "    description: EN general description.\n"
	  "    classes:\n"
	  "      - {class: 4, name: EN four}\n"
	  "      - {class: 5, name: EN five, fix: EN five fix.}\n"
	  "classes:\n"
	  "  - {class: 5, name: EN permanent}\n"
	  "subjects:\n"
	  "  - {subject: 7, name: EN security}\n"
	  "rules:\n"
	  "  - {id: a, pattern: x, cause: moved, hint: EN hint a.}\n"
	  "  - {id: b, pattern: y, cause: moved, hint: EN hint b.}\n"
	  "  - {id: c, pattern: z, cause: moved, hint: EN hint b.}\n"
	  "  - {id: d, pattern: v, cause: moved, hint: EN hint b.}\n"
	  "  - {id: e, pattern: w, cause: moved}\n" },
	{ "languages/de.yaml",
	  "language: {tag: de, name: Deutsch, aliases: [ger, gsw]}\n"
	  "glossary:\n  - {term: bounce, text: Rückläufer}\n"
	  "same_as_english: [labels.colon]\n"
	  "labels:\n"
	  "  - {id: subject_failed, text: \"{subject} kam nicht an\"}\n"
	  "causes:\n"
	  "  - id: auth_failure\n"
	  "    happened: >\n"
	  "      DE family\n"
	  "      happened.\n"
	  "    when: DE family when.\n"
	  "  - id: auth_failure.spf\n"
	  "    steps: [DE detail step.]\n"
	  "replies:\n"
	  "  - {code: \"550\", name: DE name}\n"
	  "statuses:\n"
	  "  - code: X.4.7\n"
	  "    name: DE general\n"
	  "    classes:\n"
	  "      - {class: 5, name: DE five}\n"
	  "classes:\n"
	  "  - {class: 5, name: DE permanent}\n"
	  "hints:\n"
	  "  - {id: b, text: DE hint b.}\n"
	  "  - {id: d, text: DE hint d.}\n" },
	{ "languages/ar.yaml", "language: {tag: ar, name: العربية, direction: rtl}\n" },
	{ "languages/pt-BR.yaml", "language: {tag: pt-BR, name: Português, aliases: [pt]}\n" },
	{ "languages/zh-Hant.yaml", "language: {tag: zh-Hant, name: 繁體中文, aliases: [zh-TW, zh_HK]}\n" },
	{ NULL, NULL },
};

static const struct language *language(const struct knowledge *k, const char *tag)
{
	const struct language *l = knowledge_language(k, span_str(tag));

	if (l == NULL)
		fail_msg("no language for %s", tag);
	return l;
}

/* ---- tags ---- */

static void test_lookup(void **state)
{
	static const struct {
		const char *asked, *found;	/* NULL: none */
	} cases[] = {
		{ "en", "en" }, { "EN", "en" }, { "en-GB", "en" }, { "eng", "en" },
		{ "de", "de" }, { "de-AT", "de" }, { "DE-at-1996", "de" }, { "de_CH", "de" },
		{ "ger", "de" }, { "gsw-CH", "de" }, { "de-x-private", "de" },
		{ "pt-BR", "pt-BR" }, { "pt-br", "pt-BR" }, { "pt_BR", "pt-BR" },
		{ "pt", "pt-BR" }, { "pt-PT", "pt-BR" },
		{ "zh-Hant", "zh-Hant" }, { "zh-Hant-TW", "zh-Hant" }, { "zh-tw", "zh-Hant" },
		{ "zh-HK", "zh-Hant" }, { "ar-EG", "ar" },
		{ "zh", NULL }, { "zh-Hans", NULL }, { "d", NULL }, { "deu", NULL },
		{ "dee", NULL }, { "fr", NULL }, { "", NULL }, { "-", NULL }, { "-de", NULL },
		{ "*", NULL }, { "x-de", NULL }, { "----", NULL }, { "../de", NULL },
	};
	struct knowledge *k = knowledge_files_good(files);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct language *l = knowledge_language(k, span_str(cases[i].asked));
		const char *found = l != NULL ? language_tag(l) : "(none)";
		const char *wanted = cases[i].found != NULL ? cases[i].found : "(none)";

		if (strcmp(found, wanted) != 0)
			fail_msg("\"%s\" finds %s, not %s", cases[i].asked, found, wanted);
	}
	knowledge_free(k);
}

/* RFC 4647 section 3.4, example of zh-Hant-CN-x-private1-private2. */
static void test_shorten(void **state)
{
	static const char *const ranges[] = {
		"zh-Hant-CN-x-private1-private2", "zh-Hant-CN-x-private1",
		"zh-Hant-CN", "zh-Hant", "zh", "",
	};
	struct span tag = span_str(ranges[0]);

	(void)state;
	for (size_t i = 1; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		tag.n = tag_shorten(tag);
		assert_true(span_eq(tag, span_str(ranges[i])));
	}
}

static void test_hostile_tag(void **state)
{
	struct knowledge *k = knowledge_files_good(files);
	char long_tag[100000];

	(void)state;
	memset(long_tag, '-', sizeof(long_tag));
	memcpy(long_tag, "de", 2);
	assert_null(knowledge_language(k, (struct span){ long_tag, sizeof(long_tag) }));
	assert_non_null(knowledge_language(k, (struct span){ long_tag, 10 }));
	assert_null(knowledge_language(k, (struct span){ "de\0x", 4 }));
	assert_null(knowledge_language(k, (struct span){ NULL, 0 }));
	knowledge_free(k);
}

static void test_names(void **state)
{
	struct knowledge *k = knowledge_files_good(files);

	(void)state;
	assert_string_equal(language_name(language(k, "en")), "English");
	assert_string_equal(language_name(language(k, "de")), "Deutsch");
	assert_false(language_is_rtl(language(k, "de")));
	assert_true(language_is_rtl(language(k, "ar")));
	knowledge_free(k);
}

/* ---- what is loaded ---- */

static void assert_loaded(const char *const *tags, size_t n, const char *wanted)
{
	struct error error = { "" };
	struct knowledge *k = knowledge_files_load(files, tags, n, &error);
	char found[100] = "";
	const struct language *l;

	if (k == NULL)
		fail_msg("%s", error.text);
	for (size_t i = 0; (l = knowledge_language_at(k, i)) != NULL; i++) {
		strcat(found, i != 0 ? " " : "");
		strcat(found, language_tag(l));
	}
	assert_string_equal(found, wanted);
	/* what is installed does not depend on it */
	assert_int_equal(knowledge_installed(k).n, 5);
	assert_string_equal(knowledge_installed(k).list[0], "en");
	assert_string_equal(knowledge_installed(k).list[1], "ar");
	assert_string_equal(knowledge_installed(k).list[4], "zh-Hant");
	knowledge_free(k);
}

static void test_only_what_is_asked_for(void **state)
{
	(void)state;
	assert_loaded(NULL, 0, "en ar de pt-BR zh-Hant");
	assert_loaded((const char *const[]){ "en" }, 1, "en");
	assert_loaded((const char *const[]){ "de" }, 1, "en de");
	assert_loaded((const char *const[]){ "DE_at", "en", "ar", "de" }, 4, "en ar de");
	assert_loaded((const char *const[]){ "zh-HK" }, 1, "en zh-Hant");
	assert_loaded((const char *const[]){ "eng" }, 1, "en");
	assert_loaded((const char *const[]){ "fr" }, 1, "en");
	assert_loaded((const char *const[]){ "fr", "pt" }, 2, "en pt-BR");
	assert_loaded((const char *const[]){ "" }, 1, "en");
	assert_loaded((const char *const[]){ "en" }, 0, "en");
}

/* A broken translation is an error where it is wanted, and only there. */
static void test_broken_translation(void **state)
{
	const struct knowledge_file broken[] = {
		{ "knowledge/a.yaml", "labels: []\n" },
		{ "languages/de.yaml", "language: {tag: de, name: Deutsch}\n" },
		{ "languages/fr.yaml", "language: {tag: fr, nom: x}\n" },
		{ NULL, NULL },
	};
	struct error error = { "" };
	struct knowledge *k;

	(void)state;
	assert_null(knowledge_files_load(broken, NULL, 0, &error));
	assert_non_null(strstr(error.text, "fr.yaml:1: language.nom: unknown key"));
	assert_null(knowledge_files_load(broken, (const char *const[]){ "fr" }, 1, &error));
	k = knowledge_files_load(broken, (const char *const[]){ "de" }, 1, &error);
	assert_non_null(k);
	knowledge_free(k);
	k = knowledge_files_load(broken, (const char *const[]){ "ger" }, 1, &error);
	assert_non_null(k);
	assert_null(knowledge_language(k, SPAN("ger")));
	knowledge_free(k);
}

/* ---- fallback ---- */

static void test_labels_fall_back(void **state)
{
	struct knowledge *k = knowledge_files_good(files);
	const struct language *en = language(k, "en"), *de = language(k, "de");

	(void)state;
	assert_string_equal(language_label(de, LABEL_SUBJECT_FAILED), "{subject} kam nicht an");
	assert_string_equal(language_label(de, LABEL_TITLE_FAILED_MANY),
			    "Not to {n} recipients ({host})");
	/* not even English has it: its id, for somebody to notice */
	assert_string_equal(language_label(en, LABEL_WHAT_HAPPENED), "what_happened");
	assert_string_equal(language_label(de, LABEL_WHAT_HAPPENED), "what_happened");
	knowledge_free(k);
}

static void test_causes_fall_back(void **state)
{
	struct knowledge *k = knowledge_files_good(files);
	const struct cause *family = knowledge_cause(k, SPAN("auth_failure"));
	const struct cause *detail = knowledge_cause(k, SPAN("auth_failure.spf"));
	const struct cause_text *text = language_cause(language(k, "en"), detail);

	(void)state;
	assert_string_equal(text->title, "EN detail title");
	assert_string_equal(text->happened, "EN family happened.");
	assert_string_equal(text->when, "EN detail when.");
	assert_int_equal(text->steps.n, 1);
	assert_string_equal(text->admin.list[0], "EN family admin.");

	text = language_cause(language(k, "de"), detail);
	assert_string_equal(text->title, "EN detail title");	/* no German one at all */
	assert_string_equal(text->happened, "DE family happened.");
	assert_string_equal(text->when, "DE family when.");	/* German goes first */
	assert_string_equal(text->steps.list[0], "DE detail step.");
	assert_string_equal(text->admin.list[0], "EN family admin.");

	text = language_cause(language(k, "de"), family);
	assert_string_equal(text->title, "EN family title");
	assert_int_equal(text->steps.n, 2);
	assert_string_equal(text->steps.list[1], "EN family step 2.");
	knowledge_free(k);
}

/* A cause without a word in any language has empty ones, not NULL. */
static void test_nothing_is_null(void **state)
{
	struct knowledge *k = knowledge_files_good(files);
	const struct cause *moved = knowledge_cause(k, SPAN("moved"));
	const struct language *l;

	(void)state;
	for (size_t i = 0; (l = knowledge_language_at(k, i)) != NULL; i++) {
		const struct cause_text *cause = language_cause(l, moved);
		const struct code_text *reply = language_reply(l, knowledge_reply(k, SPAN("550")));

		assert_string_equal(cause->title, "");
		assert_string_equal(cause->happened, "");
		assert_string_equal(cause->when, "");
		assert_int_equal(cause->steps.n, 0);
		assert_string_equal(reply->when, "");
		assert_string_equal(reply->fix, "");
		for (int class = 1; class <= 5; class++)
			assert_non_null(language_class(l, class)->name);
		for (int subject = 0; subject <= 7; subject++)
			assert_non_null(language_subject(l, subject)->fix);
	}
	knowledge_free(k);
}

static void test_codes_fall_back(void **state)
{
	struct knowledge *k = knowledge_files_good(files);
	const struct language *en = language(k, "en"), *de = language(k, "de");
	const struct code *reply = knowledge_reply(k, SPAN("550"));
	const struct code *status = knowledge_status(k, SPAN("X.4.7"));

	(void)state;
	assert_string_equal(language_reply(de, reply)->name, "DE name");
	assert_string_equal(language_reply(de, reply)->description, "EN description.");
	assert_string_equal(language_status(en, status, 4)->name, "EN four");
	assert_string_equal(language_status(en, status, 5)->name, "EN five");
	assert_string_equal(language_status(en, status, 2)->name, "EN general");
	assert_string_equal(language_status(en, status, 0)->name, "EN general");
	assert_string_equal(language_status(en, status, 3)->name, "EN general");
	assert_string_equal(language_status(en, status, 5)->description, "EN general description.");
	assert_string_equal(language_status(de, status, 5)->name, "DE five");
	assert_string_equal(language_status(de, status, 5)->fix, "EN five fix.");
	assert_string_equal(language_status(de, status, 4)->name, "DE general");
	assert_string_equal(language_status(de, status, 0)->fix, "");
	knowledge_free(k);
}

static void test_classes_and_subjects(void **state)
{
	struct knowledge *k = knowledge_files_good(files);
	const struct language *de = language(k, "de");

	(void)state;
	assert_string_equal(language_class(de, 5)->name, "DE permanent");
	assert_string_equal(language_subject(de, 7)->name, "EN security");
	assert_null(language_class(de, 0));
	assert_null(language_class(de, 6));
	assert_null(language_class(de, -1));
	assert_null(language_subject(de, -1));
	assert_null(language_subject(de, 8));
	knowledge_free(k);
}

static void test_hints_fall_back(void **state)
{
	struct knowledge *k = knowledge_files_good(files);
	const struct language *de = language(k, "de");

	(void)state;
	assert_string_equal(language_hint(de, knowledge_rule_at(k, 0)), "EN hint a.");
	assert_string_equal(language_hint(de, knowledge_rule_at(k, 1)), "DE hint b.");
	/* c reads as b in English, and has no translation of its own; d has */
	assert_string_equal(language_hint(de, knowledge_rule_at(k, 2)), "DE hint b.");
	assert_string_equal(language_hint(de, knowledge_rule_at(k, 3)), "DE hint d.");
	assert_null(language_hint(de, knowledge_rule_at(k, 4)));
	assert_string_equal(language_hint(language(k, "ar"), knowledge_rule_at(k, 2)), "EN hint b.");
	knowledge_free(k);
}

/* ---- words alone ---- */

static void test_words_without_rules(void **state)
{
	char *directory = knowledge_files_write(files);
	struct error error = { "" };
	struct knowledge *k = knowledge_load_parts(directory, NULL, NULL, 0,
						   KNOWLEDGE_WORDS, &error);

	(void)state;
	if (k == NULL)
		fail_msg("%s", error.text);
	assert_null(knowledge_rule_at(k, 0));
	assert_string_equal(language_class(language(k, "de"), 5)->name, "DE permanent");
	assert_string_equal(language_subject(language(k, "en"), 7)->name, "EN security");
	assert_non_null(knowledge_cause(k, SPAN("moved")));
	knowledge_free(k);
	remove_tree(directory);
}

/* What is left out must not move the lines of what is read. */
static void test_lines_without_rules(void **state)
{
	const struct knowledge_file bad[] = {
		{ "knowledge/a.yaml",
		  "hints:\n  - {id: x, text: y}\nrules:\n- id: ][\n\n# comment\n"
		  "labels:\n- {id: nothing, text: x}\n" },
		{ NULL, NULL },
	};
	char *directory = knowledge_files_write(bad);
	struct error error = { "" };

	(void)state;
	assert_null(knowledge_load_parts(directory, NULL, NULL, 0, KNOWLEDGE_WORDS, &error));
	if (strstr(error.text, "a.yaml:8: labels.nothing.text: ") == NULL)
		fail_msg("%s", error.text);
	remove_tree(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_shorten),
		cmocka_unit_test(test_hostile_tag),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_only_what_is_asked_for),
		cmocka_unit_test(test_broken_translation),
		cmocka_unit_test(test_labels_fall_back),
		cmocka_unit_test(test_causes_fall_back),
		cmocka_unit_test(test_nothing_is_null),
		cmocka_unit_test(test_codes_fall_back),
		cmocka_unit_test(test_classes_and_subjects),
		cmocka_unit_test(test_hints_fall_back),
		cmocka_unit_test(test_words_without_rules),
		cmocka_unit_test(test_lines_without_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
