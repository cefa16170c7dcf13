/* Findings: what a check of the DNS can see, as the knowledge has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "know/know.h"
#include "knowledge_files.h"

#define CAUSES \
	"causes:\n" \
	"  - {id: auth_failure, who: sender_admin}\n" \
	"  - {id: auth_failure.spf, who: sender_admin, probes: [spf, sender_mx]}\n" \
	"  - {id: ptr, who: sender_admin, probes: [ptr]}\n"
#define FINDINGS \
	"findings:\n" \
	"  - {id: spf.pass, level: fine, contradicts: [auth_failure.spf], found: \"{ip} is allowed.\",\n" \
	"     contradiction: \"{ip} is allowed now.\"}\n" \
	"  - {id: spf.fail, level: problem, explains: [auth_failure], found: \"{ip} is not allowed.\",\n" \
	"     proves: ptr, instead_of: [auth_failure], repair: \"Add {other}.\", step: \"Ask.\"}\n"

static const struct knowledge_file base[] = {
	{ "knowledge/causes.yaml", CAUSES }, { "knowledge/findings.yaml", FINDINGS },
	{ "languages/de.yaml", "language: {tag: de, name: Deutsch}\n"
	  "findings:\n  - {id: spf.fail, found: \"{ip} ist nicht erlaubt.\"}\n" },
	{ NULL, NULL },
};

static const struct finding_kind *kind(const struct knowledge *k, const char *id)
{
	const struct finding_kind *found = knowledge_finding(k, span_str(id));

	if (found == NULL)
		fail_msg("no finding %s", id);
	return found;
}

static void test_facts(void **state)
{
	struct knowledge *k = knowledge_files_good(base);
	const struct cause *family = knowledge_cause(k, SPAN("auth_failure"));
	const struct cause *detail = knowledge_cause(k, SPAN("auth_failure.spf"));
	const struct cause *other = knowledge_cause(k, SPAN("ptr"));

	(void)state;
	assert_int_equal(kind(k, "spf.pass")->level, LEVEL_FINE);
	assert_int_equal(kind(k, "spf.fail")->level, LEVEL_PROBLEM);
	assert_null(knowledge_finding(k, SPAN("spf.none")));
	assert_null(knowledge_finding_at(k, 2));
	/* a family stands for its details, a detail for itself alone */
	assert_true(cause_is_listed(family, kind(k, "spf.fail")->explains));
	assert_true(cause_is_listed(detail, kind(k, "spf.fail")->explains));
	assert_false(cause_is_listed(other, kind(k, "spf.fail")->explains));
	assert_true(cause_is_listed(detail, kind(k, "spf.pass")->contradicts));
	assert_false(cause_is_listed(family, kind(k, "spf.pass")->contradicts));
	assert_ptr_equal(kind(k, "spf.fail")->proves, other);
	assert_true(cause_is_listed(detail, kind(k, "spf.fail")->instead_of));
	assert_null(kind(k, "spf.pass")->proves);
	knowledge_free(k);
}

static void test_words(void **state)
{
	struct knowledge *k = knowledge_files_good(base);
	const struct finding_text *en =
		language_finding(knowledge_language(k, SPAN("en")), kind(k, "spf.fail"));
	const struct finding_text *de =
		language_finding(knowledge_language(k, SPAN("de")), kind(k, "spf.fail"));

	(void)state;
	assert_string_equal(en->found, "{ip} is not allowed.");
	assert_string_equal(en->contradiction, "");
	assert_string_equal(de->found, "{ip} ist nicht erlaubt.");
	assert_string_equal(de->repair, "Add {other}.");	/* not said in German */
	assert_string_equal(de->contradiction, "");
	knowledge_free(k);
}

/* An admin may change words and facts of what is there. */
static void test_overridden(void **state)
{
	struct knowledge_file files[5];
	struct knowledge *k;

	(void)state;
	memcpy(files, base, sizeof(base));
	files[3] = (struct knowledge_file){ "knowledge.d/own.yaml", "findings:\n"
		"  - {id: spf.fail, level: note, found: \"No.\", explains: [ptr]}\n" };
	files[4] = (struct knowledge_file){ NULL, NULL };
	k = knowledge_files_good(files);
	assert_int_equal(kind(k, "spf.fail")->level, LEVEL_NOTE);
	assert_true(cause_is_listed(knowledge_cause(k, SPAN("ptr")), kind(k, "spf.fail")->explains));
	assert_string_equal(language_finding(knowledge_language_at(k, 0),
					     kind(k, "spf.fail"))->found, "No.");
	knowledge_free(k);
}

static void test_refused(void **state)
{
	static const struct {
		struct knowledge_file file;
		const char *says;
	} rows[] = {
		{ { "knowledge.d/a.yaml", "findings:\n- {id: spf.foo, found: x}\n" },
		  "a.yaml:2: findings.spf.foo.id: there is no such finding" },
		{ { "knowledge.d/a.yaml", "findings:\n- id: spf.fail\n  level: bad\n" },
		  "a.yaml:3: findings.spf.fail.level: \"bad\" is no level" },
		{ { "knowledge.d/a.yaml", "findings:\n- id: spf.fail\n  explains: [ptr, foo]\n" },
		  "a.yaml:3: findings.spf.fail.explains[2]: " },
		{ { "knowledge.d/a.yaml", "findings:\n- id: spf.fail\n  found: \"{foo}\"\n" },
		  "unknown placeholder {foo}" },
		{ { "knowledge.d/a.yaml", "findings:\n- {id: spf.fail, found: x}\n"
		    "- {id: spf.fail, found: y}\n" }, "twice" },
		{ { "knowledge/more.yaml", "findings:\n- {id: spf.x, found: x}\n" },
		  "\"level\" is missing" },
		{ { "knowledge/more.yaml", "findings:\n- {id: spf.x, level: fine}\n" },
		  "\"found\" is missing" },
		{ { "knowledge/more.yaml", "findings:\n- {id: spf.pass, level: fine, found: x}\n" },
		  "spf.pass is there twice" },
		{ { "languages/de.yaml", "language: {tag: de, name: x}\nfindings:\n"
		    "- id: spf.fail\n  level: note\n" }, "English" },
		{ { "languages/de.yaml", "language: {tag: de, name: x}\nfindings:\n"
		    "- id: spf.fail\n  found: \"{term}\"\n" }, "can have: {ip}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct knowledge_file files[] = {
			base[0], base[1], rows[i].file, { NULL, NULL },
		};
		struct error error = { "" };

		assert_null(knowledge_files_load(files, NULL, 0, &error));
		if (strstr(error.text, rows[i].says) == NULL)
			fail_msg("wanted \"%s\" in: %s", rows[i].says, error.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_overridden),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
