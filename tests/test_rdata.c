#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/rdata.h"

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

#define READ(type, wire) read_one(type, SPAN(wire))

static struct dns_record read_one(enum dns_type type, struct span wire)
{
	struct dns_record record;

	assert_int_equal(rdata_read(&arena, type, wire, &record), 0);
	return record;
}

static void assert_wrong(enum dns_type type, struct span wire)
{
	struct dns_record record;

	assert_int_equal(rdata_read(&arena, type, wire, &record), -1);
}

static void test_addresses(void **state)
{
	(void)state;
	assert_true(span_eq(READ(DNS_A, "\xc0\x00\x02\x01").data, SPAN("\xc0\x00\x02\x01")));
	assert_int_equal(READ(DNS_AAAA, "0123456789abcdef").data.n, 16);
	assert_wrong(DNS_A, SPAN("\xc0\x00\x02"));
	assert_wrong(DNS_A, SPAN(""));
	assert_wrong(DNS_AAAA, SPAN("\xc0\x00\x02\x01"));
}

static void test_text(void **state)
{
	(void)state;
	assert_true(span_eq(READ(DNS_TXT, "\3abc\0\2de").data, SPAN("abcde")));
	assert_int_equal(READ(DNS_TXT, "\0").data.n, 0);
	assert_int_equal(READ(DNS_TXT, "").data.n, 0);
	assert_true(span_eq(READ(DNS_TXT, "\3a\0c").data, SPAN("a\0c")));
	assert_wrong(DNS_TXT, SPAN("\4abc"));
	assert_wrong(DNS_TXT, SPAN("\3abc\1"));
}

static void test_names(void **state)
{
	struct dns_record record = READ(DNS_MX, "\1\2\4Mail\7example\3ORG\0");

	(void)state;
	assert_int_equal(record.preference, 258);
	assert_true(span_eq(record.data, SPAN("mail.example.org")));
	assert_int_equal(READ(DNS_MX, "\0\0\0").data.n, 0);
	assert_true(span_eq(READ(DNS_PTR, "\5a.b\\c\3\x01 \xff\0").data, SPAN("a?b?c.???")));
	assert_wrong(DNS_PTR, SPAN(""));
	assert_wrong(DNS_PTR, SPAN("\3abc"));
	assert_wrong(DNS_PTR, SPAN("\4abc"));
	assert_wrong(DNS_PTR, SPAN("\0x"));
	assert_wrong(DNS_PTR, SPAN("\xc0\x0c"));
	assert_wrong(DNS_MX, SPAN("\0\0"));
}

/* 127 labels of one letter are 253 octets of text; one more is no name. */
static void test_longest_name(void **state)
{
	char wire[2 * 128 + 1] = "";

	(void)state;
	for (size_t i = 0; i < 128; i++)
		memcpy(wire + 2 * i, "\1x", 2);
	wire[2 * 127] = '\0';
	assert_int_equal(read_one(DNS_PTR, (struct span){ wire, 2 * 127 + 1 }).data.n, 253);
	wire[2 * 127] = '\1';
	assert_wrong(DNS_PTR, (struct span){ wire, 2 * 128 + 1 });
}

static void test_no_memory(void **state)
{
	struct dns_record record;
	struct arena small;

	(void)state;
	arena_init(&small, 8);
	assert_int_equal(rdata_read(&small, DNS_TXT, SPAN("\20aaaaaaaaaaaaaaaa"), &record), -1);
	arena_release(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_addresses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_longest_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("rdata", tests, NULL, NULL);
}
