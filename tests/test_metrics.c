/* The counters: what is counted, what is refused, and Prometheus' text of it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/metrics.h"
#include "core/snapshot.h"

static struct metrics metrics;
static char *text;

static int reset(void **state)
{
	(void)state;
	memset(&metrics, 0, sizeof(metrics));
	return 0;
}

static int forget(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

static void print(void)
{
	struct arena arena;
	struct buf out;

	arena_init(&arena, 4 * (size_t)METRICS_TEXT);
	buf_init(&out, &arena, METRICS_TEXT);
	metrics_print(&out, &metrics, 3);
	assert_false(out.failed);
	free(text);
	text = strdup(buf_string(&out));
	assert_non_null(text);
	arena_release(&arena);
}

static void assert_line(const char *line)
{
	char wanted[256];

	snprintf(wanted, sizeof(wanted), "\nwhybounce_%s\n", line);
	if (strstr(text, wanted) == NULL)
		fail_msg("no line \"%s\" in:\n%s", line, text);
}

static void assert_no_line(const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("\"%s\" in:\n%s", part, text);
}

static struct enrich_result explained(const char *family, const char *provider)
{
	struct enrich_result result = { .outcome = OUTCOME_EXPLAINED, .language = "de" };
	struct tally_kind *kind = &result.tally.kinds[0];

	result.tally.kinds_n = 1;
	*kind = (struct tally_kind){ .action = ACTION_FAILED, .n = 2 };
	snprintf(kind->family, sizeof(kind->family), "%s", family);
	snprintf(kind->provider, sizeof(kind->provider), "%s", provider);
	return result;
}

static void test_a_bounce_counts_everywhere(void **state)
{
	struct enrich_result result = explained("mailbox_full", "Gmail");

	(void)state;
	tally_verdict(&result.tally, "spf", "fail");
	tally_verdict(&result.tally, "dnsbl", "listed");
	tally_verdict(&result.tally, "dnsbl", "listed");
	result.tally.probe_ms = 40;
	metrics_count(&metrics, &result, 1500);
	print();
	assert_line("bounces_total{outcome=\"explained\"} 1");
	assert_line("recipients_total{family=\"mailbox_full\",action=\"failed\"} 2");
	assert_line("provider_recipients_total{provider=\"Gmail\",family=\"mailbox_full\"} 2");
	assert_line("languages_total{language=\"de\"} 1");
	assert_line("probes_total{check=\"spf\",verdict=\"fail\"} 1");
	assert_line("probes_total{check=\"dnsbl\",verdict=\"listed\"} 2");
	assert_line("duration_seconds_bucket{le=\"0.001000\"} 0");
	assert_line("duration_seconds_bucket{le=\"0.002500\"} 1");
	assert_line("duration_seconds_bucket{le=\"+Inf\"} 1");
	assert_line("duration_seconds_sum 0.001500");
	assert_line("probe_seconds_bucket{le=\"0.050000\"} 1");
	assert_line("under_way 3");
	assert_line("info{version=\"" WHYBOUNCE_VERSION "\"} 1");
}

static void test_troubles_count(void **state)
{
	struct enrich_result failed = { .outcome = OUTCOME_FAILED };

	(void)state;
	metrics_trouble(&metrics, TROUBLE_DIED, 9000000);
	metrics_trouble(&metrics, TROUBLE_STOPPING, 0);
	metrics_count(&metrics, &failed, 100);
	print();
	assert_line("bounces_total{outcome=\"failed\"} 3");
	assert_line("unexplained_total{reason=\"worker_died\"} 1");
	assert_line("unexplained_total{reason=\"stopping\"} 1");
	assert_line("unexplained_total{reason=\"failed\"} 1");
	assert_line("duration_seconds_bucket{le=\"5.000000\"} 1");
	assert_line("duration_seconds_bucket{le=\"+Inf\"} 2");
}

static void test_strange_names_are_other(void **state)
{
	static const char *const strange[] = {
		"", "a\"b", "a\nb", "a{b}", "\xc3\xbc", "a\\b",
	};
	struct enrich_result result;

	(void)state;
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		result = explained("no_such_family", strange[i]);
		snprintf(result.language, sizeof(result.language), "%s", strange[i]);
		tally_verdict(&result.tally, strange[i], "pass");
		tally_verdict(&result.tally, "spf", "certainly");
		metrics_count(&metrics, &result, 1);
	}
	print();
	assert_line("recipients_total{family=\"other\",action=\"failed\"} 12");
	assert_line("provider_recipients_total{provider=\"other\",family=\"other\"} 10");
	assert_line("languages_total{language=\"other\"} 6");
	assert_line("probes_total{check=\"other\",verdict=\"pass\"} 6");
	assert_line("probes_total{check=\"spf\",verdict=\"other\"} 6");
	assert_no_line("a{b}");
	assert_no_line("certainly");
}

static void test_series_have_an_end(void **state)
{
	char name[32];

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 1000; i++) {
			struct enrich_result result;

			snprintf(name, sizeof(name), "Provider %d", i);
			result = explained("spam", name);
			snprintf(result.language, sizeof(result.language), "x-%d", i);
			metrics_count(&metrics, &result, 1);
		}
	print();
	assert_line("provider_recipients_total{provider=\"Provider 0\",family=\"spam\"} 4");
	assert_line("provider_recipients_total{provider=\"Provider 126\",family=\"spam\"} 4");
	assert_no_line("Provider 127\"");
	assert_line("provider_recipients_total{provider=\"other\",family=\"spam\"} 3492");
	assert_line("languages_total{language=\"x-62\"} 2");
	assert_no_line("x-63");
}

/* Each sample stands once, and has a type. */
static void test_the_text_is_in_order(void **state)
{
	struct enrich_result result = explained("spam", "Gmail");
	struct span rest, line;
	char type[200];

	(void)state;
	metrics_count(&metrics, &result, 1);
	print();
	rest = span_str(text);
	while (span_next_line(&rest, &line)) {
		size_t name = span_find_byte(line, 0, '{'), space = span_find_byte(line, 0, ' ');

		assert_true(line.n > 0);
		if (line.p[0] == '#')
			continue;
		name = name < space ? name : space;
		for (size_t i = 0; i < 3; i++) {
			static const char *const endings[] = { "_bucket", "_sum", "_count" };

			if (span_has_suffix(span_slice(line, 0, name), endings[i]))
				name -= strlen(endings[i]);
		}
		snprintf(type, sizeof(type), "# TYPE %.*s ", (int)name, line.p);
		assert_non_null(strstr(text, type));
		space = span_find(rest, 0, span_slice(line, 0, space + 1));
		assert_int_equal(space, rest.n);
	}
}

static void test_every_family_has_a_counter(void **state)
{
	struct error error;
	struct snapshot *snapshot = snapshot_load(NULL, "en", SNAPSHOT_WORDS, &error);
	const struct cause *cause;

	(void)state;
	assert_non_null(snapshot);
	for (size_t i = 0; (cause = knowledge_cause_at(snapshot->knowledge, i)) != NULL; i++)
		if (!metrics_knows_family(cause->family->id))
			fail_msg("no counter for the family %s", cause->family->id);
	snapshot_free(snapshot);
}

static void test_a_tally_is_bounded(void **state)
{
	struct cause families[TALLY_KINDS + 5];
	struct tally tally = { .kinds_n = 0 };
	char ids[TALLY_KINDS + 5][8];

	(void)state;
	for (size_t i = 0; i < TALLY_KINDS + 5; i++) {
		struct diagnosis diagnosis = { .cause = &families[i] };

		snprintf(ids[i], sizeof(ids[i]), "f%zu", i);
		families[i] = (struct cause){ .id = ids[i], .family = &families[i] };
		tally_recipient(&tally, &diagnosis, ACTION_FAILED);
		tally_recipient(&tally, &diagnosis, ACTION_FAILED);
	}
	assert_int_equal(tally.kinds_n, TALLY_KINDS);
	assert_int_equal(tally.kinds[0].n, 2);
	for (size_t i = 0; i < 3 * TALLY_CHECKS; i++) {
		char verdict[8];

		snprintf(verdict, sizeof(verdict), "v%zu", i);
		tally_verdict(&tally, "mx", verdict);
	}
	assert_int_equal(tally.checks_n, TALLY_CHECKS);
}

static void *count_many(void *context)
{
	struct enrich_result result = explained("spam", context);

	for (int i = 0; i < 5000; i++)
		metrics_count(&metrics, &result, 1);
	return NULL;
}

static void test_threads_lose_nothing(void **state)
{
	static char names[4][8] = { "A", "B", "A", "B" };
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_many, names[i]), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	print();
	assert_line("bounces_total{outcome=\"explained\"} 20000");
	assert_line("provider_recipients_total{provider=\"A\",family=\"spam\"} 20000");
	assert_line("provider_recipients_total{provider=\"B\",family=\"spam\"} 20000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_bounce_counts_everywhere, reset, forget),
		cmocka_unit_test_setup_teardown(test_troubles_count, reset, forget),
		cmocka_unit_test_setup_teardown(test_strange_names_are_other, reset, forget),
		cmocka_unit_test_setup_teardown(test_series_have_an_end, reset, forget),
		cmocka_unit_test_setup_teardown(test_the_text_is_in_order, reset, forget),
		cmocka_unit_test_setup_teardown(test_every_family_has_a_counter, reset, forget),
		cmocka_unit_test_setup_teardown(test_a_tally_is_bounded, reset, forget),
		cmocka_unit_test_setup_teardown(test_threads_lose_nothing, reset, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
