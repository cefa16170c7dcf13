/* content_type.c: types and parameters, RFC 2045 and 2231. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena_fixture.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "mail/header.h"
#include "support.h"

static struct content_type parse(struct span value)
{
	struct content_type type;

	assert_int_equal(content_type_parse(&arena, value, &type), 0);
	assert_true(type.n <= HEADER_MAX_PARAMETERS);
	return type;
}

static void test_types(void **state)
{
	static const struct { const char *value, *type, *subtype; } rows[] = {
		{ "text/plain", "text", "plain" },
		{ "Text/HTML; charset=utf-8", "text", "html" },
		{ " message/delivery-status ", "message", "delivery-status" },
		{ "(a comment) text/plain(another)", "text", "plain" },
		{ "attachment; filename=x", "attachment", "" },
		{ "text", "text", "" }, { "/plain", "", "plain" }, { "text/", "text", "" },
		{ "", "", "" }, { "/", "", "" }, { ";", "", "" }, { "(", "", "" }, { ";;;=;", "", "" },
		{ "text /plain", "text", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct content_type type = parse(span_str(rows[i].value));

		assert_span(type.type, rows[i].type);
		assert_span(type.subtype, rows[i].subtype);
	}
}

static void test_is(void **state)
{
	struct content_type type = parse(SPAN("Multipart/Report"));

	(void)state;
	assert_true(content_type_is(&type, "multipart", "report"));
	assert_true(content_type_is(&type, "MULTIPART", NULL));
	assert_true(content_type_is(&type, NULL, "report"));
	assert_true(content_type_is(&type, NULL, NULL));
	assert_false(content_type_is(&type, "multipart", "mixed"));
	assert_false(content_type_is(&type, "text", NULL));
}

/* Each row's parameter "a". */
static void test_parameters(void **state)
{
	static const struct { const char *value, *wanted; } rows[] = {
		{ "x/y; a=b", "b" }, { "x/y;A=B", "B" }, { "x/y ; a = b ", "b" },
		{ "x/y; a=\"b;c=d\"; e=f", "b;c=d" },
		{ "x/y; a=\"b\\\"c\\\\d\"", "b\"c\\d" },
		{ "x/y; a=\"unfinished", "unfinished" }, { "x/y; a=\"", "" }, { "x/y; a=\"b\\", "b\\" },
		{ "x/y; a=my file.txt; b=c", "my file.txt" },
		{ "x/y; a=(comment)b", "b" }, { "x/y; (comment) a=b", "b" },
		{ "x/y; a=b; a=c", "b" },
		{ "x/y; nonsense; a=b", "b" }, { "x/y;;; a=b", "b" }, { "x/y; =c; a=b", "b" },
		{ "x/y; a=", "" }, { "x/y; a", "" }, { "x/y", "" }, { "x/y;", "" }, { "a=b", "" },
		/* RFC 2231 */
		{ "x/y; a*=utf-8'de'Gr%C3%BC%C3%9Fe", "Grüße" },
		{ "x/y; a*=iso-8859-1''Gr%FC%DFe", "Grüße" },
		{ "x/y; a*=''plain", "plain" }, { "x/y; a*=no%20quotes", "no quotes" },
		{ "x/y; a*=utf-8''%zz%4%", "%zz%4%" },
		{ "x/y; a*0=one; a*1=\" two\"; a*2=three", "one twothree" },
		{ "x/y; a*2=three; a*0=one; a*1=two", "onetwothree" },
		{ "x/y; a*0*=us-ascii'en'This%20is%20even%20more%20; a*1*=%2A%2A%2Afun%2A%2A%2A%20; "
		  "a*2=\"isn't it!\"", "This is even more ***fun*** isn't it!" },
		{ "x/y; a*0*=utf-8''%C3; a*1*=%BC", "ü" },
		{ "x/y; a*1=two", "" }, { "x/y; a*0=one; a*2=three", "one" },
		{ "x/y; a*=utf-8''%C3", "\xef\xbf\xbd" },
		{ "x/y; a*x=y", "" }, { "x/y; *=y; a=b", "b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct content_type type = parse(span_str(rows[i].value));

		assert_span(content_type_parameter(&type, "a"), rows[i].wanted);
		assert_span(content_type_parameter(&type, "absent"), "");
	}
}

static void test_limits(void **state)
{
	struct buf value;
	struct content_type type;

	(void)state;
	buf_init(&value, &arena, 1 << 20);
	buf_adds(&value, "x/y");
	for (int i = 0; i < 100; i++)
		buf_addf(&value, "; p%d=%d", i, i);
	type = parse(buf_span(&value));
	assert_int_equal(type.n, HEADER_MAX_PARAMETERS);
	assert_span(content_type_parameter(&type, "p31"), "31");
	assert_span(content_type_parameter(&type, "p32"), "");
	buf_truncate(&value, 3);
	buf_addf(&value, "; a=%020000d; b=c", 7);
	type = parse(buf_span(&value));
	assert_true(content_type_parameter(&type, "a").n < HEADER_MAX_VALUE);
	assert_span(content_type_parameter(&type, "b"), "");
	buf_truncate(&value, 3);
	for (int i = 0; i < 32; i++)
		buf_addf(&value, "; a*%d=%d", i, i % 10);
	type = parse(buf_span(&value));
	assert_span(content_type_parameter(&type, "a"), "01234567890123456789012345678901");
}

static void test_no_memory(void **state)
{
	struct arena small;
	struct content_type type;

	(void)state;
	arena_init(&small, 64);
	assert_int_equal(content_type_parse(&small, SPAN("text/plain; a=b"), &type), -1);
	arena_release(&small);
}

/* Pieces that mean something, in any order. */
static void test_nonsense(void **state)
{
	static const char pieces[] = ";;=/\"\\(*) a*0'%C3\n\tx";
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char value[40];
		size_t n = noise(&seed) % sizeof(value);
		struct content_type type;

		for (size_t i = 0; i < n; i++)	/* NUL, too */
			value[i] = pieces[noise(&seed) % sizeof(pieces)];
		type = parse((struct span){ value, n });
		for (size_t i = 0; i < type.n; i++)
			assert_true(type.parameters[i].value.n <= 3 * n);
		arena_clear(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_arena(test_types),
		with_arena(test_is),
		with_arena(test_parameters),
		with_arena(test_limits),
		with_arena(test_no_memory),
		with_arena(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
