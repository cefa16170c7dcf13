#include "arena_fixture.h"

struct arena arena;

int arena_set_up(void **state)
{
	(void)state;
	arena_init(&arena, FIXTURE_ARENA);
	return 0;
}

int arena_tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}
