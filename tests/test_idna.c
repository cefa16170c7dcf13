#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/idna.h"
#include "support.h"

static void test_names(void **state)
{
	static const struct {
		const char *name, *wanted;
	} names[] = {
		{ "example.org", "example.org" },
		{ "Example.ORG.", "Example.ORG." },
		{ "", "" },
		{ "m\xc3\xbcller.example", "xn--mller-kva.example" },
		{ "M\xc3\x9cLLER.example", "xn--mller-kva.example" },
		{ "m\xc3\xbcller.example.", "xn--mller-kva.example." },
		{ "_dmarc.m\xc3\xbcller.example", "_dmarc.xn--mller-kva.example" },
		/* not to be "fussball": UTS 46, non-transitional */
		{ "fu\xc3\x9f" "ball.example", "xn--fuball-cta.example" },
		/* a mark of its own, and a full stop of its own */
		{ "mu\xcc\x88ller.example", "xn--mller-kva.example" },
		{ "\xe4\xbe\x8b\xe3\x80\x82\xe4\xbe\x8b", "xn--fsq.xn--fsq" },
		{ "\xe0\xb8\x97\xe0\xb8\x94\xe0\xb8\xaa\xe0\xb8\xad\xe0\xb8\x9a.example",
		  "xn--l3cfk7dp.example" },
		{ "a\xff.example", "" },	/* no UTF-8 */
		{ "\xcc\x88" "a.example", "" },	/* a mark on nothing */
		{ "a\xe2\x80\xae" "b.example", "" },	/* it would turn the text round */
	};
	char text[IDNA_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_span(idna_ascii(span_str(names[i].name), text), names[i].wanted);
	assert_int_equal(idna_ascii(SPAN("m\xc3\xbc\0ller.example"), text).n, 0);
}

/* Names that are too long, before or after. */
static void test_long(void **state)
{
	char name[2000], text[IDNA_MAX];

	(void)state;
	for (size_t n = 2; n < sizeof(name); n += 2) {
		memset(name, 'a', n);
		memcpy(name, "\xc3\xbc", 2);
		assert_true(idna_ascii((struct span){ name, n }, text).n < IDNA_MAX);
	}
	for (size_t n = 0; n < sizeof(name); n++)
		name[n] = "\xc3\xbc."[n % 3];
	for (size_t n = 2; n < sizeof(name); n += 3)
		assert_true(idna_ascii((struct span){ name, n }, text).n < IDNA_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
