#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns_table.h"

static const struct dns_row rows[] = {
	{ .name = "example.org", .type = DNS_TXT, .data = "v=spf1 -all" },
	{ .name = "example.org", .type = DNS_TXT, .data = "other" },
	{ .name = "example.org", .type = DNS_MX, .data = "10 mail.example.org" },
	{ .name = "mail.example.org", .type = DNS_A, .data = "192.0.2.1" },
	{ .name = "mail.example.org", .type = DNS_AAAA, .data = "2001:db8::1" },
	{ .name = "null.example.org", .type = DNS_MX, .data = "0 ." },
	{ .name = "s1._domainkey.example.org", .type = DNS_TXT, .data = "p=" },
	{ .name = "www.example.org", .type = DNS_CNAME, .data = "mail.example.org" },
	{ .name = "loop.example.org", .type = DNS_CNAME, .data = "loop.example.org" },
	{ .name = "down.example.org", .type = DNS_ANY, .fault = "servfail" },
	{ .name = "slow.example.org", .type = DNS_A, .data = "192.0.2.2", .delay_ms = 60000 },
};

static struct arena arena;
static struct dns_table table;
static struct dns dns;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	DNS_TABLE(&table, rows);
	dns_init(&dns, &table.source, &arena, 5000);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static struct dns_answer ask(const char *name, enum dns_type type)
{
	struct dns_answer answer;

	dns_query(&dns, span_str(name), type, &answer);
	assert_true((answer.status == DNS_FOUND) == (answer.n > 0));
	assert_true((answer.status == DNS_TEMPORARY) == (answer.reason != NULL));
	return answer;
}

static void test_answers(void **state)
{
	struct dns_answer answer = ask("Example.ORG.", DNS_TXT);

	(void)state;
	assert_int_equal(answer.n, 2);
	assert_true(span_is(answer.records[1].data, "other"));
	answer = ask("example.org", DNS_MX);
	assert_int_equal(answer.records[0].preference, 10);
	assert_true(span_is(answer.records[0].data, "mail.example.org"));
	assert_int_equal(ask("null.example.org", DNS_MX).records[0].data.n, 0);
	answer = ask("www.example.org", DNS_A);
	assert_memory_equal(answer.records[0].data.p, "\xc0\x00\x02\x01", 4);
	assert_int_equal(ask("mail.example.org", DNS_AAAA).records[0].data.n, 16);
	assert_int_equal(ask("mail.example.org", DNS_TXT).status, DNS_NO_DATA);
	assert_int_equal(ask("_domainkey.example.org", DNS_TXT).status, DNS_NO_DATA);
	assert_int_equal(ask("nothing.example.org", DNS_TXT).status, DNS_NO_NAME);
}

static void test_faults(void **state)
{
	(void)state;
	assert_string_equal(ask("down.example.org", DNS_A).reason, "servfail");
	assert_string_equal(ask("loop.example.org", DNS_A).reason, "servfail");
	dns.deadline_ms = dns_now_ms() + 50;
	assert_string_equal(ask("slow.example.org", DNS_A).reason, "timeout");
	assert_true(dns_now_ms() < dns.deadline_ms + 3000);
	assert_string_equal(ask("example.org", DNS_TXT).reason, "timeout");
	assert_int_equal(table.queries, 3);
}

/* What is asked again costs nothing, not even behind the deadline. */
static void test_kept(void **state)
{
	(void)state;
	ask("example.org", DNS_TXT);
	ask("nothing.example.org", DNS_TXT);
	dns.deadline_ms = 0;
	assert_int_equal(ask("EXAMPLE.org", DNS_TXT).n, 2);
	assert_int_equal(ask("nothing.example.org", DNS_TXT).status, DNS_NO_NAME);
	assert_int_equal(table.queries, 2);
	assert_int_equal(dns.left, DNS_MAX_QUERIES - 2);
}

static void test_budget(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < DNS_MAX_QUERIES; i++) {
		snprintf(name, sizeof(name), "n%d.example.org", i);
		assert_int_equal(ask(name, DNS_A).status, DNS_NO_NAME);
		dns_begin(&dns, span_str(name), DNS_MX);
		dns_begin(&dns, span_str(name), DNS_MX);
	}
	assert_string_equal(ask("example.org", DNS_TXT).reason, "limit");
	assert_int_equal(table.queries, DNS_MAX_QUERIES);
	assert_int_equal(table.begun, DNS_MAX_QUERIES);
}

static void test_begin(void **state)
{
	(void)state;
	dns_begin(&dns, SPAN("a..b"), DNS_A);
	ask("example.org", DNS_TXT);
	dns_begin(&dns, SPAN("example.org"), DNS_TXT);
	assert_int_equal(table.begun, 0);
	dns_begin(&dns, SPAN("example.org"), DNS_MX);
	assert_int_equal(table.begun, 1);
	assert_int_equal(dns.left, DNS_MAX_QUERIES - 1);
	table.source.begin = NULL;
	dns_begin(&dns, SPAN("example.org"), DNS_MX);
}

static void test_out_of_memory(void **state)
{
	struct arena small;

	(void)state;
	arena_init(&small, 64);
	dns.arena = &small;
	arena_alloc(&small, 100);
	assert_string_equal(ask("example.org", DNS_TXT).reason, "limit");
	arena_release(&small);
}

/* n labels of 49 octets and a last one of m. */
static struct span long_name(char text[400], size_t n, size_t m)
{
	size_t at = 0;

	for (; n > 0; n--, at += 50)
		memcpy(text + at, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.", 50);
	memset(text + at, 'b', m);
	return (struct span){ text, at + m };
}

static void test_names(void **state)
{
	char text[400];

	(void)state;
	assert_true(dns_name_is_valid(SPAN("example.org")));
	assert_true(dns_name_is_valid(SPAN("example.org.")));
	assert_true(dns_name_is_valid(SPAN("_x-y.a b.org")));
	assert_true(dns_name_is_valid(SPAN("m\xc3\xbcller.example")));
	assert_true(dns_name_is_valid(long_name(text, 5, 3)));	/* 253 */
	assert_true(dns_name_is_valid(long_name(text, 0, 63)));
	assert_false(dns_name_is_valid(long_name(text, 5, 4)));
	assert_false(dns_name_is_valid(long_name(text, 0, 64)));
	assert_false(dns_name_is_valid(SPAN("")));
	assert_true(dns_name_is_below(SPAN("mx.EXAMPLE.org"), SPAN("example.org")));
	assert_false(dns_name_is_below(SPAN("example.org"), SPAN("example.org")));
	assert_false(dns_name_is_below(SPAN("badexample.org"), SPAN("example.org")));
	assert_true(dns_name_is_within(SPAN("Example.org"), SPAN("example.org")));
	assert_true(dns_name_is_within(SPAN("a.b.example.org"), SPAN("example.org")));
	assert_false(dns_name_is_within(SPAN("org"), SPAN("example.org")));
	assert_false(dns_name_is_within(SPAN("org."), SPAN("")));
	assert_false(dns_name_is_valid(SPAN(".")));
	assert_false(dns_name_is_valid(SPAN("a..b")));
	assert_false(dns_name_is_valid(SPAN(".a")));
	assert_false(dns_name_is_valid(SPAN("a..")));
	assert_false(dns_name_is_valid(SPAN("a\nb.org")));
	assert_false(dns_name_is_valid(SPAN("a\0b.org")));
	assert_string_equal(ask("a..b", DNS_A).reason, "name");
	assert_string_equal(ask("m\xff.example", DNS_A).reason, "name");
	assert_int_equal(dns.left, DNS_MAX_QUERIES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_budget, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_begin, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_out_of_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
