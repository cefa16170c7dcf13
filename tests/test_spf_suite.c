/* The test suite of RFC 7208, where it lies beside the repository (or where
 * WHYBOUNCE_SPF_SUITE says): zones and expected results, one per line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns_table.h"
#include "probe/spf.h"
#include "support.h"

enum { MAX_ROWS = 512, MAX_FIELDS = 8 };

struct suite {
	struct arena arena;		/* of the zone */
	struct dns_row rows[MAX_ROWS];
	size_t n;
	struct span title;
	unsigned tests, right;
};

static struct span text;

static unsigned hex(char c)
{
	return ascii_isdigit(c) ? (unsigned)(c - '0') : (unsigned)(ascii_lower(c) - 'a') + 10;
}

/* %20 and its like. */
static struct span decoded_span(struct arena *arena, struct span s)
{
	char *out = arena_string(arena, s), *to = out;

	assert_non_null(out);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%' && i + 2 < s.n) {
			*to++ = (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]));
			i += 2;
		} else {
			*to++ = s.p[i];
		}
	}
	*to = '\0';
	return (struct span){ out, (size_t)(to - out) };
}

static char *decoded(struct arena *arena, struct span s)
{
	return arena_string(arena, decoded_span(arena, s));
}

static const char *lower(char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		name[i] = ascii_lower(name[i]);
	if (n > 0 && name[n - 1] == '.')
		name[n - 1] = '\0';
	return name;
}

static size_t fields(struct span line, struct span field[MAX_FIELDS])
{
	size_t n = 0;

	while (line.n > 0 && n < MAX_FIELDS) {
		size_t end = span_find_byte(line, 0, ' ');

		field[n++] = span_slice(line, 0, end);
		line = span_from(line, end + 1);
	}
	return n;
}

static bool add_type(struct dns_row *row, struct span type, struct arena *arena,
		     struct span value)
{
	struct span bytes = decoded_span(arena, value);
	char *name = arena_string(arena, bytes);

	if (span_is(type, "TXT"))
		row->type = DNS_TXT, row->data = name, row->data_n = bytes.n;
	else if (span_is(type, "A"))
		row->type = DNS_A, row->data = name;
	else if (span_is(type, "AAAA"))
		row->type = DNS_AAAA, row->data = name;
	else if (span_is(type, "MX"))
		row->type = DNS_MX, row->data = arena_printf(arena, "10 %s", lower(name));
	else if (span_is(type, "PTR"))
		row->type = DNS_PTR, row->data = lower(name);
	else if (span_is(type, "CNAME"))
		row->type = DNS_CNAME, row->data = lower(name);
	else if (span_is(type, "*"))
		row->type = DNS_ANY, row->fault = "timeout";
	else
		return false;
	return true;
}

static void add_row(struct suite *suite, const struct span *field)
{
	struct dns_row row = { .name = NULL };

	if (!add_type(&row, field[2], &suite->arena, field[3]))
		return;		/* records of type SPF, which nobody asks for any more */
	row.name = lower(decoded(&suite->arena, field[1]));
	assert_true(suite->n < MAX_ROWS);
	suite->rows[suite->n++] = row;
}

/* A fault of a name concerns what its other rows do not answer. */
static void faults_last(struct suite *suite)
{
	for (size_t i = 0; i < suite->n; i++)
		if (suite->rows[i].fault != NULL)
			for (size_t k = 0; k < suite->n; k++)
				if (suite->rows[k].type == DNS_TXT &&
				    strcmp(suite->rows[k].name, suite->rows[i].name) == 0)
					suite->rows[i].type = DNS_A;
}

static bool is_one_of(struct span wanted, const char *name)
{
	while (wanted.n > 0) {
		size_t end = span_find_byte(wanted, 0, '|');

		if (span_is(span_slice(wanted, 0, end), name))
			return true;
		wanted = span_from(wanted, end + 1);
	}
	return false;
}

static bool explains(struct arena *arena, const struct spf_result *result, struct span wanted)
{
	if (span_is(wanted, "-"))
		return true;
	if (span_is(wanted, "DEFAULT"))
		return result->explanation.n == 0;
	return span_ieq(result->explanation, span_str(decoded(arena, wanted)));
}

static void check(struct suite *suite, const struct span *field)
{
	struct arena arena;
	struct dns_table table;
	struct dns dns;
	struct spf_request request = { .explain = true, .count_all = true };
	struct spf_result result;

	arena_init(&arena, 4 << 20);
	dns_table_init(&table, suite->rows, suite->n);
	dns_init(&dns, &table.source, &arena, 60000);
	assert_int_equal(ip_parse(field[2], &request.ip), 0);
	request.helo = span_str(decoded(&arena, field[3]));
	request.sender = span_is(field[4], "-") ? SPAN("") : span_str(decoded(&arena, field[4]));
	spf_check(&dns, &request, &result);
	suite->tests++;
	if (is_one_of(field[5], spf_result_name(result.code)) &&
	    explains(&arena, &result, field[6]))
		suite->right++;
	else
		print_error("%.*s: %.*s: %s (%.*s at %.*s), not %.*s; explanation \"%.*s\"\n",
			    SPAN_FMT(suite->title), SPAN_FMT(field[1]),
			    spf_result_name(result.code), SPAN_FMT(result.term),
			    SPAN_FMT(result.path), SPAN_FMT(field[5]),
			    SPAN_FMT(result.explanation));
	arena_release(&arena);
}

static void test_suite(void **state)
{
	static struct suite suite;
	struct span rest = text, line;

	(void)state;
	if (text.p == NULL) {
		print_message("the suite of RFC 7208 is not here: set WHYBOUNCE_SPF_SUITE\n");
		skip();
	}
	arena_init(&suite.arena, 4 << 20);
	while (span_next_line(&rest, &line)) {
		struct span field[MAX_FIELDS] = { { NULL, 0 } };

		fields(line, field);
		if (span_is(field[0], "S")) {
			arena_clear(&suite.arena);
			suite.n = 0;
			suite.title = field[1];
		} else if (span_is(field[0], "Z")) {
			add_row(&suite, field);
		} else if (span_is(field[0], "T")) {
			faults_last(&suite);
			check(&suite, field);
		}
	}
	arena_release(&suite.arena);
	print_message("%u of %u results of the suite are right\n", suite.right, suite.tests);
	assert_true(suite.tests > 0);
	assert_int_equal(suite.right, suite.tests);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_suite) };
	const char *directory = getenv("WHYBOUNCE_SPF_SUITE");
	char path[4096];
	int failed;

	snprintf(path, sizeof(path), "%s/rfc7208-tests.txt",
		 directory != NULL ? directory : "../shared/spf-suite");
	text = read_whole(path);
	failed = cmocka_run_group_tests_name("spf suite", tests, NULL, NULL);
	free((char *)(uintptr_t)text.p);
	return failed;
}
