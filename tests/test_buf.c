#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "support.h"

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

static void test_pieces_stand_in_a_row(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, &arena, 100);
	assert_int_equal(buf_span(&buf).n, 0);
	assert_string_equal(buf_string(&buf), "");
	buf_add(&buf, SPAN("one"));
	buf_addc(&buf, ' ');
	buf_adds(&buf, "two");
	buf_adds(&buf, NULL);
	buf_adds(&buf, "");
	buf_add(&buf, (struct span){ NULL, 0 });
	buf_addf(&buf, " %d%s", 3, "");
	buf_addf(&buf, "%s", "");
	assert_span(buf_span(&buf), "one two 3");
	assert_string_equal(buf_string(&buf), "one two 3");
	assert_false(buf.failed);
}

static void test_any_bytes(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, &arena, 100);
	buf_add(&buf, SPAN("a\0\xff"));
	buf_addc(&buf, '\0');
	assert_int_equal(buf.n, 4);
	assert_memory_equal(buf.p, "a\0\xff\0", 4);
}

/* The limit itself fits, one byte more does not, whoever adds it. */
static void test_limit_to_the_byte(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, &arena, 4);
	buf_add(&buf, SPAN("1234"));
	assert_span(buf_span(&buf), "1234");
	buf_init(&buf, &arena, 4);
	buf_addf(&buf, "%d", 1234);
	assert_span(buf_span(&buf), "1234");
	buf_addf(&buf, "%s", "");
	assert_false(buf.failed);
	buf_addc(&buf, '5');
	assert_true(buf.failed);
	buf_init(&buf, &arena, 4);
	buf_addf(&buf, "%d", 12345);
	assert_true(buf.failed);
	buf_init(&buf, &arena, 0);
	buf_adds(&buf, "");
	assert_false(buf.failed);
	buf_addc(&buf, 'x');
	assert_true(buf.failed);
	assert_false(arena.failed);
}

/* After the first piece that does not fit nothing is added, small or not. */
static void test_failure_is_sticky(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, &arena, 4);
	buf_add(&buf, SPAN("12"));
	buf_add(&buf, SPAN("345"));
	assert_true(buf.failed);
	buf_addc(&buf, '3');
	buf_adds(&buf, "3");
	buf_addf(&buf, "3");
	buf_truncate(&buf, 0);
	assert_true(buf.failed);
	assert_int_equal(buf_span(&buf).n, 0);
	assert_string_equal(buf_string(&buf), "");
}

static void test_arena_is_the_limit_too(void **state)
{
	struct arena small;
	struct buf buf;

	(void)state;
	arena_init(&small, 2048);
	buf_init(&buf, &small, 1 << 20);
	for (int i = 0; i < 10000; i++)
		buf_addc(&buf, 'x');
	assert_true(buf.failed);
	assert_true(small.failed);
	assert_int_equal(buf_span(&buf).n, 0);
	assert_string_equal(buf_string(&buf), "");
	arena_release(&small);
}

static void test_grows_without_losing_a_byte(void **state)
{
	struct buf a, b;	/* in turns, so that neither stays the newest */

	(void)state;
	buf_init(&a, &arena, 100000);
	buf_init(&b, &arena, 100000);
	for (unsigned i = 0; i < 20000; i++) {
		buf_addc(&a, (char)('a' + i % 26));
		buf_addf(&b, "%u", i % 10);
	}
	assert_int_equal(buf_span(&a).n, 20000);
	assert_int_equal(buf_span(&b).n, 20000);
	for (unsigned i = 0; i < 20000; i++) {
		assert_int_equal(a.p[i], 'a' + i % 26);
		assert_int_equal(b.p[i], '0' + i % 10);
	}
}

static void test_truncate(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, &arena, 8);
	buf_adds(&buf, "12345678");
	buf_truncate(&buf, 9);
	assert_span(buf_span(&buf), "12345678");
	buf_truncate(&buf, 2);
	buf_adds(&buf, "abcdef");
	assert_span(buf_span(&buf), "12abcdef");
	buf_truncate(&buf, 0);
	assert_int_equal(buf_span(&buf).n, 0);
	assert_false(buf.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pieces_stand_in_a_row, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_any_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limit_to_the_byte, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_failure_is_sticky, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_arena_is_the_limit_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_grows_without_losing_a_byte, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_truncate, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
