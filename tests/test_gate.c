/* How many messages may ask the DNS, and how often about one domain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "probe/gate.h"

static void test_at_once(void **state)
{
	struct gate gate;

	(void)state;
	gate_init(&gate, 2);
	assert_true(gate_enter(&gate, SPAN("a.example"), 1));
	assert_true(gate_enter(&gate, SPAN("b.example"), 1));
	assert_false(gate_enter(&gate, SPAN("c.example"), 1));
	gate_leave(&gate);
	assert_true(gate_enter(&gate, SPAN("c.example"), 1));
	gate_release(&gate);
}

static unsigned let_in(struct gate *gate, struct span domain, unsigned tries, int64_t now_ms)
{
	unsigned n = 0;

	for (unsigned i = 0; i < tries; i++)
		if (gate_enter(gate, domain, now_ms)) {
			gate_leave(gate);
			n++;
		}
	return n;
}

static void test_per_domain(void **state)
{
	struct gate gate;

	(void)state;
	gate_init(&gate, 1);
	assert_int_equal(let_in(&gate, SPAN("a.example"), 1000, 1000), GATE_BURST);
	assert_int_equal(let_in(&gate, SPAN("A.Example"), 1, 1000), 0);
	assert_int_equal(let_in(&gate, SPAN("b.example"), 1, 1000), 1);
	/* a second later some more, much later as many as ever */
	assert_int_equal(let_in(&gate, SPAN("a.example"), 1000, 2000), GATE_PER_SECOND);
	assert_int_equal(let_in(&gate, SPAN("a.example"), 1000, 10000000), GATE_BURST);
	gate_release(&gate);
}

/* Time that is too short for a token is not lost. */
static void test_slowly(void **state)
{
	struct gate gate;
	unsigned n = 0;

	(void)state;
	gate_init(&gate, 1);
	let_in(&gate, SPAN("a.example"), 1000, 1);
	for (int64_t now = 2; now <= 1001; now++)
		n += let_in(&gate, SPAN("a.example"), 10, now);
	assert_in_range(n, GATE_PER_SECOND - 1, GATE_PER_SECOND + 1);
	gate_release(&gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_per_domain),
		cmocka_unit_test(test_slowly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
