#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static void assert_string(struct span value, const char *wanted)
{
	struct arena arena;
	struct buf out;
	struct json json;

	arena_init(&arena, 65536);
	buf_init(&out, &arena, 4096);
	json_init(&json, &out);
	json_string(&json, NULL, value);
	assert_string_equal(buf_string(&out), wanted);
	arena_release(&arena);
}

static void test_strings(void **state)
{
	(void)state;
	assert_string(SPAN("plain"), "\"plain\"");
	assert_string(SPAN(""), "\"\"");
	assert_string(SPAN("a\"b\\c\n\r\t\x01\x7f"), "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f\"");
	assert_string(SPAN("\0"), "\"\\u0000\"");
	assert_string(SPAN("ü→😀"), "\"ü→😀\"");
}

static void test_invalid_utf8(void **state)
{
	(void)state;
	assert_string(SPAN("a\xff" "b"), "\"a\xef\xbf\xbd" "b\"");
	assert_string(SPAN("\xc0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_string(SPAN("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_string(SPAN("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_string(SPAN("\xf4\x90\x80\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void test_commas(void **state)
{
	struct arena arena;
	struct buf out;
	struct json json;

	(void)state;
	arena_init(&arena, 65536);
	buf_init(&out, &arena, 4096);
	json_init(&json, &out);
	json_open(&json, NULL, '{');
	json_number(&json, "n", -5);
	json_open(&json, "list", '[');
	json_string(&json, NULL, SPAN("a"));
	json_string(&json, NULL, SPAN("b"));
	json_close(&json, ']');
	json_open(&json, "empty", '[');
	json_close(&json, ']');
	json_bool(&json, "yes", true);
	json_close(&json, '}');
	assert_string_equal(buf_string(&out),
			    "{\"n\":-5,\"list\":[\"a\",\"b\"],\"empty\":[],\"yes\":true}");
	arena_release(&arena);
}

/* A buf that is full stays failed, whatever is written after. */
static void test_limit(void **state)
{
	struct arena arena;
	struct buf out;
	struct json json;

	(void)state;
	arena_init(&arena, 65536);
	buf_init(&out, &arena, 4);
	json_init(&json, &out);
	json_string(&json, "key", SPAN("value"));
	assert_true(out.failed);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_invalid_utf8),
		cmocka_unit_test(test_commas),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
