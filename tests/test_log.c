/* error.h and log.h: one line, whatever it is made of. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "support.h"

/* ---- errors ---- */

static void test_error_is_one_line(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(error_set(&error, "%s:%d: %s", "file", 7, "broken"), -1);
	assert_string_equal(error.text, "file:7: broken");
	error_set(&error, "a\nb\rc\td\x1b[31m\x7f%s", "ä");
	assert_string_equal(error.text, "a?b?c?d?[31m?ä");
	assert_int_equal(error_set(NULL, "nobody wants to know"), -1);
}

static void test_error_is_cut(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, "%2000d", 7);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
}

/* ---- the log ---- */

/* What log_line writes to standard error meanwhile. */
static struct span logged(void (*speak)(void))
{
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO);
	static char bytes[256 * 1024];
	size_t n;

	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	speak();
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	n = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	return (struct span){ bytes, n };
}

static void speak_before_opening(void)
{
	log_line(LOG_LEVEL_INFO, "hello %d", 7);
}

static void speak_at_each_level(void)
{
	log_line(LOG_LEVEL_ERROR, "one");
	log_line(LOG_LEVEL_WARNING, "two");
	log_line(LOG_LEVEL_INFO, "three");
}

static void speak_hostile(void)
{
	log_line(LOG_LEVEL_INFO, "to=<%s>", "a\nwhybounced: error: b\r\t\x1b[2J\x7f\xc3\xa4\\");
}

static void speak_at_length(void)
{
	for (int n = 980; n < 1100; n++)
		log_line(LOG_LEVEL_ERROR, "%*d", n, 7);
	for (int n = 240; n < 260; n++) {
		char text[300] = "";

		memset(text, '\n', (size_t)n);
		log_line(LOG_LEVEL_ERROR, "%s", text);
	}
}

static void test_levels(void **state)
{
	(void)state;
	assert_span(logged(speak_before_opening), "whybounce: hello 7\n");
	log_open(LOG_TO_STDERR, "whybounced");
	assert_span(logged(speak_at_each_level),
		    "whybounced: error: one\nwhybounced: warning: two\nwhybounced: three\n");
}

static void test_nothing_starts_a_line_of_its_own(void **state)
{
	(void)state;
	log_open(LOG_TO_STDERR, "whybounced");
	assert_span(logged(speak_hostile),
		    "whybounced: to=<a\\x0awhybounced: error: b\\x0d\\x09\\x1b[2J\\x7f\\xc3\\xa4\\>\n");
}

static void test_lines_are_cut(void **state)
{
	struct span rest, line;
	size_t n = 0;

	(void)state;
	log_open(LOG_TO_STDERR, "whybounced");
	rest = logged(speak_at_length);
	while (span_next_line(&rest, &line)) {
		assert_true(span_has_prefix(line, "whybounced: error: "));
		assert_true(line.n <= LOG_LINE);
		n++;
	}
	assert_int_equal(n, 140);
}

static void *speak_often(void *name)
{
	for (int i = 0; i < 200; i++)
		log_line(LOG_LEVEL_INFO, "%s %03d %0200d", (const char *)name, i, 7);
	return NULL;
}

static void speak_in_threads(void)
{
	static char names[4][2] = { "a", "b", "c", "d" };
	pthread_t threads[4];

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, speak_often, names[i]), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* Lines of several threads do not mix. */
static void test_threads(void **state)
{
	struct span rest, line;
	size_t n = 0;

	(void)state;
	log_open(LOG_TO_STDERR, "whybounced");
	rest = logged(speak_in_threads);
	while (span_next_line(&rest, &line)) {
		assert_int_equal(line.n, strlen("whybounced: a 000 ") + 200);
		assert_true(span_has_suffix(line, "0007"));
		n++;
	}
	assert_int_equal(n, 800);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_is_one_line),
		cmocka_unit_test(test_error_is_cut),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_nothing_starts_a_line_of_its_own),
		cmocka_unit_test(test_lines_are_cut),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
