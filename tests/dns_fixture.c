#include "dns_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct arena fixture_arena;
struct dns_table fixture_table;
struct dns fixture_dns;

int fixture_set_up(void **state)
{
	(void)state;
	arena_init(&fixture_arena, 64 << 20);
	fixture_use(NULL, 0);
	return 0;
}

int fixture_tear_down(void **state)
{
	(void)state;
	arena_release(&fixture_arena);
	return 0;
}

void fixture_use(const struct dns_row *rows, size_t n)
{
	dns_table_init(&fixture_table, rows, n);
	dns_init(&fixture_dns, &fixture_table.source, &fixture_arena, 60000);
}

struct ip fixture_ip(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(span_str(text), &ip), 0);
	return ip;
}

void assert_text(const char *text, const char *wanted)
{
	if (wanted == NULL) {
		assert_null(text);
		return;
	}
	assert_non_null(text);
	assert_string_equal(text, wanted);
}
