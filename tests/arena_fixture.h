/* arena_fixture.h - an arena of its own for each test of a program. */
#ifndef WHYBOUNCE_TESTS_ARENA_FIXTURE_H
#define WHYBOUNCE_TESTS_ARENA_FIXTURE_H

#include "base/arena.h"

enum { FIXTURE_ARENA = 64 << 20 };	/* bytes at the most */

extern struct arena arena;	/* of the test that runs */

int arena_set_up(void **state);
int arena_tear_down(void **state);

/* A row of struct CMUnitTest. */
#define with_arena(test) \
	cmocka_unit_test_setup_teardown(test, arena_set_up, arena_tear_down)

#endif
