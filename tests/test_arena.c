#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "support.h"

static bool is_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static void test_pieces_are_zeroed_aligned_and_apart(void **state)
{
	enum { PIECES = 200 };
	struct arena arena;
	unsigned char *pieces[PIECES];

	(void)state;
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = arena_alloc(&arena, i);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		assert_true(is_zero(pieces[i], i));
		memset(pieces[i], (int)i, i);
	}
	for (size_t i = 0; i < PIECES; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_equal(pieces[i][j], i);
	assert_ptr_not_equal(pieces[0], pieces[1]);
	arena_release(&arena);
}

/* What was refused once is refused for good, however little is asked for. */
static void test_limit_is_sticky(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	assert_non_null(arena_alloc(&arena, 4096));
	assert_int_equal(arena.used, 4096);
	assert_false(arena.failed);
	assert_null(arena_alloc(&arena, 1));
	assert_true(arena.failed);
	assert_null(arena_alloc(&arena, 0));
	assert_null(arena_string(&arena, SPAN("")));
	assert_null(arena_printf(&arena, "%s", ""));
	assert_int_equal(arena_copy(&arena, SPAN("x")).n, 0);
	arena_clear(&arena);
	assert_false(arena.failed);
	assert_int_equal(arena.used, 0);
	assert_non_null(arena_alloc(&arena, 4096));
	arena_release(&arena);
}

/* Sizes that wrap around are refused, not allocated short. */
static void test_absurd_sizes(void **state)
{
	static const size_t limits[] = { 100, 1 << 20, SIZE_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct arena arena;

		for (size_t less = 0; less < 64; less++) {
			arena_init(&arena, limits[i]);
			assert_null(arena_alloc(&arena, SIZE_MAX - less));
			assert_true(arena.failed);
			arena_release(&arena);
		}
		arena_init(&arena, limits[i]);
		assert_null(arena_array(&arena, SIZE_MAX / 2 + 2, 2));
		assert_true(arena.failed);
		arena_release(&arena);
		arena_init(&arena, limits[i]);
		assert_null(arena_grow(&arena, arena_alloc(&arena, 8), 8, SIZE_MAX - 8));
		assert_true(arena.failed);
		arena_release(&arena);
	}
}

static void test_array(void **state)
{
	struct arena arena;
	long *list;

	(void)state;
	arena_init(&arena, 1 << 20);
	list = arena_array(&arena, 100, sizeof(*list));
	assert_non_null(list);
	assert_true(is_zero((unsigned char *)list, 100 * sizeof(*list)));
	assert_non_null(arena_array(&arena, 0, sizeof(*list)));
	assert_non_null(arena_array(&arena, 10, 0));
	assert_false(arena.failed);
	arena_release(&arena);
}

static void test_grow(void **state)
{
	struct arena arena;
	unsigned char *p, *q, *r;

	(void)state;
	arena_init(&arena, 1 << 20);
	p = arena_grow(&arena, NULL, 0, 10);
	memset(p, 'p', 10);
	q = arena_grow(&arena, p, 10, 1000);	/* the newest: stays where it is */
	assert_ptr_equal(q, p);
	assert_true(is_zero(q + 10, 990));
	assert_ptr_equal(arena_grow(&arena, q, 1000, 5), q);
	r = arena_alloc(&arena, 1);
	*r = 'r';
	q = arena_grow(&arena, p, 1000, 2000);	/* no longer the newest: moves */
	assert_ptr_not_equal(q, p);
	assert_int_equal(*r, 'r');
	for (size_t i = 0; i < 2000; i++)
		assert_int_equal(q[i], i < 10 ? 'p' : 0);
	q = arena_grow(&arena, q, 2000, 100000);	/* beyond its block */
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(q[i], i < 10 ? 'p' : 0);
	assert_null(arena_grow(&arena, q, 100000, 2 << 20));
	assert_true(arena.failed);
	arena_release(&arena);
}

/* What grows in place is zero even where an earlier message wrote. */
static void test_clear_leaves_nothing_behind(void **state)
{
	struct arena arena;
	unsigned char *p;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (int round = 0; round < 3; round++) {
		p = arena_alloc(&arena, 16);
		p = arena_grow(&arena, p, 16, 20000);
		assert_true(is_zero(p, 20000));
		memset(p, 0xee, 20000);
		p = arena_alloc(&arena, round == 1 ? 100000 : 5000);
		assert_true(is_zero(p, 5000));
		memset(p, 0xdd, 5000);
		arena_clear(&arena);
		assert_int_equal(arena.used, 0);
	}
	arena_release(&arena);
	assert_null(arena.blocks);
	assert_int_equal(arena.limit, 1 << 20);
	assert_non_null(arena_alloc(&arena, 1));	/* as good as new */
	arena_release(&arena);
}

static void test_strings(void **state)
{
	struct arena arena;
	const char *p;
	struct span s;

	(void)state;
	arena_init(&arena, 1 << 20);
	p = arena_string(&arena, SPAN("a\0b"));
	assert_memory_equal(p, "a\0b", 4);
	assert_string_equal(arena_string(&arena, (struct span){ NULL, 0 }), "");
	s = arena_copy(&arena, SPAN("a\0b"));
	assert_int_equal(s.n, 3);
	assert_memory_equal(s.p, "a\0b", 4);
	assert_string_equal(arena_printf(&arena, "%s-%d", "x", 7), "x-7");
	assert_string_equal(arena_printf(&arena, "%*d", 5000, 7) + 4998, " 7");
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(test_limit_is_sticky),
		cmocka_unit_test(test_absurd_sizes),
		cmocka_unit_test(test_array),
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_clear_leaves_nothing_behind),
		cmocka_unit_test(test_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
