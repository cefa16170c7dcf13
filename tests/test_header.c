/* header.h: fields, folds, encoded words. */
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

struct parsed {
	struct span head;
	struct headers headers;
};

/* Whatever the bytes are: fields in their order, each inside the head. */
static struct parsed parse(struct span bytes)
{
	struct parsed p;
	const char *at = bytes.p;

	assert_int_equal(headers_parse(&arena, bytes, &p.head, &p.headers), 0);
	assert_true(p.head.n <= bytes.n);
	assert_true(p.head.n == 0 || p.head.p == bytes.p);
	assert_true(p.headers.n <= HEADER_MAX_FIELDS);
	for (size_t i = 0; i < p.headers.n; i++) {
		const struct header *h = &p.headers.list[i];

		assert_true(h->raw.p >= at && span_within(h->raw, p.head));
		assert_true(h->name.n != 0 && span_within(h->name, h->raw));
		assert_true(h->value.p > h->name.p && h->value.p + h->value.n <= h->raw.p + h->raw.n);
		at = h->raw.p + h->raw.n;
	}
	return p;
}

#define PARSE(literal) parse(SPAN(literal))

static struct span field(const struct parsed *p, const char *name)
{
	return header_unfold(&arena, headers_find(&p->headers, name));
}

/* ---- fields ---- */

static void test_fields(void **state)
{
	struct parsed p = PARSE("Subject: one\r\nX-Y:two\r\nEmpty:\r\nLast : four \r\n\r\nBody: no\r\n");

	(void)state;
	assert_span(p.head, "Subject: one\r\nX-Y:two\r\nEmpty:\r\nLast : four \r\n\r\n");
	assert_int_equal(p.headers.n, 4);
	assert_span(p.headers.list[0].name, "Subject");
	assert_span(p.headers.list[0].value, " one");
	assert_span(p.headers.list[0].raw, "Subject: one\r\n");
	assert_span(field(&p, "x-y"), "two");
	assert_span(field(&p, "EMPTY"), "");
	assert_non_null(headers_find(&p.headers, "Empty"));
	assert_span(p.headers.list[3].name, "Last");
	assert_span(field(&p, "Last"), "four");
	assert_null(headers_find(&p.headers, "Body"));
	assert_null(headers_find(&p.headers, "Sub"));
	assert_null(headers_find(&p.headers, ""));
}

static void test_folds(void **state)
{
	struct parsed p = PARSE("A: 1\n  2\n\t3\r\n 4\nB:\n x\nC: y\n \n z\n\n");

	(void)state;
	assert_span(p.headers.list[0].value, " 1\n  2\n\t3\r\n 4");
	assert_span(p.headers.list[0].raw, "A: 1\n  2\n\t3\r\n 4\n");
	assert_span(field(&p, "A"), "1  2\t3 4");
	assert_span(field(&p, "B"), "x");
	assert_span(field(&p, "C"), "y  z");	/* a line of white space goes on, too */
	assert_int_equal(p.headers.n, 3);
	assert_span(header_unfold(&arena, NULL), "");
	assert_span(header_decode(&arena, NULL), "");
}

static void test_several_of_one_name(void **state)
{
	struct parsed p = PARSE("Received: 1\nTo: x\nRECEIVED: 2\nreceived: 3\n\n");
	const struct header *h = headers_find(&p.headers, "Received");

	(void)state;
	for (char c = '1'; c <= '3'; c++) {
		assert_non_null(h);
		assert_int_equal(header_unfold(&arena, h).p[0], c);
		h = headers_find_next(&p.headers, h);
	}
	assert_null(h);
}

static void test_where_a_header_ends(void **state)
{
	struct parsed p = PARSE("A: 1");

	(void)state;
	assert_span(p.head, "A: 1");
	assert_span(p.headers.list[0].raw, "A: 1");
	p = PARSE("A: 1\n 2\n");
	assert_span(p.headers.list[0].raw, "A: 1\n 2\n");
	p = PARSE("A: 1\n\n");
	assert_span(p.head, "A: 1\n\n");
	p = PARSE("\nA: 1\n\n");	/* an empty header */
	assert_span(p.head, "\n");
	assert_int_equal(p.headers.n, 0);
	p = PARSE("\r\nbody");
	assert_span(p.head, "\r\n");
	p = parse((struct span){ NULL, 0 });
	assert_int_equal(p.headers.n + p.head.n, 0);
}

static void test_lines_that_are_no_field(void **state)
{
	struct parsed p = PARSE("Hello, this is text.\nSubject: no\n\n");

	(void)state;
	assert_int_equal(p.headers.n + p.head.n, 0);
	p = PARSE("From mailer Mon Nov 23 10:00:00 2026\nSubject: yes\n\n");
	assert_int_equal(p.headers.n, 1);
	assert_span(field(&p, "Subject"), "yes");
	p = PARSE("A: 1\nno field here\nB: 2\n\nC: 3\n");
	assert_int_equal(p.headers.n, 2);
	assert_span(field(&p, "B"), "2");
	p = PARSE("A: 1\nThe body starts without an empty line.\nIt goes on.\n");
	assert_span(p.head, "A: 1\n");
	p = PARSE("A: 1\nSub ject: x\nB: 2\n\n");
	assert_int_equal(p.headers.n, 2);
	p = PARSE("A: 1\n: x\nB: 2\n\n");
	assert_int_equal(p.headers.n, 2);
	p = PARSE("A: 1\nGr\xc3\xbc\xc3\x9f" "e: x\nN\0L: x\nB: 2\n\n");
	assert_span(p.head, "A: 1\n");	/* two such lines in a row: that is a body */
	p = PARSE(" A: 1\nB: 2\n\n");	/* a fold of nothing */
	assert_int_equal(p.headers.n + p.head.n, 0);
}

static void test_limits(void **state)
{
	struct buf many;
	struct parsed p;
	char *long_value = arena_alloc(&arena, 40000);

	(void)state;
	buf_init(&many, &arena, 1 << 20);
	for (int i = 0; i < 1500; i++)
		buf_addf(&many, "X-%d: %d\n", i, i);
	buf_adds(&many, "\nbody");
	p = parse(buf_span(&many));
	assert_int_equal(p.headers.n, HEADER_MAX_FIELDS);
	assert_span(field(&p, "X-999"), "999");
	assert_null(headers_find(&p.headers, "X-1000"));
	assert_int_equal(p.head.n, many.n - 4);
	memset(long_value, 'x', 40000);
	memcpy(long_value, "A:", 2);
	p = parse((struct span){ long_value, 40000 });
	assert_int_equal(p.headers.list[0].value.n, 39998);
	assert_int_equal(field(&p, "A").n, HEADER_MAX_VALUE);
	memcpy(long_value + 30000, "\n y", 3);
	p = parse((struct span){ long_value, 40000 });
	assert_int_equal(field(&p, "A").n, HEADER_MAX_VALUE);
}

static void test_no_memory(void **state)
{
	struct arena small;
	struct span head;
	struct headers headers;

	(void)state;
	arena_init(&small, 100);
	assert_int_equal(headers_parse(&small, SPAN("A: 1\nB: 2\n\n"), &head, &headers), -1);
	arena_release(&small);
}

/* ---- encoded words ---- */

static struct span decode(struct span value)
{
	struct header h = { .value = value };
	struct span s = header_decode(&arena, &h);

	assert_true(utf8_is_valid(s));
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		assert_true(c >= ' ' && c != 0x7f);
		assert_false(c == 0xc2 && (unsigned char)s.p[i + 1] < 0xa0);
	}
	return s;
}

static void test_encoded_words(void **state)
{
	static const struct { const char *value, *wanted; } rows[] = {
		{ " plain text ", "plain text" },
		{ "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße" },
		{ "=?UTF-8?b?R3LDvMOfZQ==?=", "Grüße" },
		{ "=?utf-8*de?q?Gr=c3=bc=c3=9fe?= aus Bonn", "Grüße aus Bonn" },
		/* RFC 2047, 8 */
		{ "(=?ISO-8859-1?Q?a?=)", "(a)" },
		{ "=?ISO-8859-1?Q?a?= b", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a?=  \t =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a?=\r\n =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a_b?=", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b" },
		/* a character in two words */
		{ "=?utf-8?Q?Gr=C3?=\n =?utf-8?Q?=BC=C3=9Fe?=", "Grüße" },
		{ "=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße" },
		/* charsets */
		{ "=?koi8-r?B?8NLJ18XU?=", "Привет" },
		{ "=?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=", "テスト" },
		{ "=?iso-8859-9?Q?=DDleti?=", "İleti" },
		{ "=?TIS-620?Q?=CA=C7=D1=CA=B4=D5?=", "สวัสดี" },
		{ "=?windows-1258?Q?Xin_ch=E0o?=", "Xin chào" },
		{ "=?x-unheard-of?Q?caf=E9?=", "café" },
		{ "=?x-unheard-of?Q?caf=C3=A9?=", "café" },
		{ "=?utf-8?Q?broken_=C3?=", "broken \xef\xbf\xbd" },
		/* raw 8-bit */
		{ "Grüße", "Grüße" },
		{ "Gr\xfc\xdf" "e", "Grüße" },
		/* nonsense stays as it is */
		{ "=?utf-8?X?abc?=", "=?utf-8?X?abc?=" },
		{ "=?utf-8?Q?abc", "=?utf-8?Q?abc" },
		{ "=?utf-8?Q", "=?utf-8?Q" },
		{ "=??Q?abc?=", "=??Q?abc?=" },
		{ "=?", "=?" },
		{ "=?=?utf-8?Q?a?=", "=?a" },
		{ "=?utf-8?Q?" "?=", "" },
		{ "a=?utf-8?Q?b?=c", "abc" },
		{ "=?utf-8?Q?=ZZ=4?=", "=ZZ=4" },
		/* nothing that could start a line or end a string */
		{ "=?utf-8?Q?a=0D=0ABcc:_b=00c=7F?=", "a  Bcc: b c" },
		{ "=?utf-8?Q?a=C2=85b?=", "a  b" },
		{ "a\x01\x1b[2J\tb", "a  [2J b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_span(decode(span_str(rows[i].value)), rows[i].wanted);
	assert_span(decode(SPAN("a\0b")), "a b");
}

static void test_a_word_that_is_too_long(void **state)
{
	struct buf value;

	(void)state;
	buf_init(&value, &arena, 10000);
	buf_addf(&value, "=?utf-8?Q?%03000d?=", 7);
	assert_int_equal(decode(buf_span(&value)).n, value.n);	/* left as it is */
}

/* Pieces that mean something, in any order: always text, whatever comes. */
static void test_nonsense_becomes_text(void **state)
{
	static const struct span pieces[] = {
		{ "=?", 2 }, { "?=", 2 }, { "utf-8", 5 }, { "?Q?", 3 }, { "?b?", 3 }, { "=C3", 3 },
		{ "\xc3", 1 }, { " ", 1 }, { "\r\n ", 3 }, { "\0", 1 }, { "iso-2022-jp", 11 },
		{ "\x1b$B", 3 }, { "utf-7", 5 }, { "+AAo-", 5 }, { "utf-16", 6 }, { "=0A", 3 },
		{ "\xed\xa0\x80", 3 }, { "big5", 4 }, { "=", 1 }, { "\x80", 1 }, { "*", 1 },
	};
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct buf value;

		buf_init(&value, &arena, 1000);
		for (uint32_t n = noise(&seed) % 24; n > 0; n--)
			buf_add(&value, pieces[noise(&seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
		decode(buf_span(&value));
		parse(buf_span(&value));
		arena_clear(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_arena(test_fields),
		with_arena(test_folds),
		with_arena(test_several_of_one_name),
		with_arena(test_where_a_header_ends),
		with_arena(test_lines_that_are_no_field),
		with_arena(test_limits),
		with_arena(test_no_memory),
		with_arena(test_encoded_words),
		with_arena(test_a_word_that_is_too_long),
		with_arena(test_nonsense_becomes_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
