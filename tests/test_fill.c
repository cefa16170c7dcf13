/* fill.h: values of strangers in templates of ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena_fixture.h"
#include "base/utf8.h"
#include "say/fill.h"
#include "support.h"

typedef void writer(struct buf *out, struct span value, size_t limit);

static struct span written(writer *write, struct span value, size_t limit)
{
	struct buf out;

	buf_init(&out, &arena, 1 << 20);
	write(&out, value, limit);
	assert_false(out.failed);
	assert_true(utf8_is_valid(buf_span(&out)));
	return buf_span(&out);
}

/* ---- templates ---- */

static void check_fill(const char *template, const char *text, const char *html)
{
	struct values values = { .value = {
		[VALUE_RECIPIENT] = SPAN("kim"), [VALUE_DOMAIN] = SPAN("{recipient}<b>"),
		[VALUE_SENDER_DOMAIN] = SPAN("sd"), [VALUE_COUNT_N] = SPAN("7"), [VALUE_OTHER] = SPAN(""),
	} };
	struct buf out;

	buf_init(&out, &arena, 10000);
	fill_text(&out, template, &values);
	assert_span(buf_span(&out), text);
	buf_init(&out, &arena, 10000);
	fill_html(&out, template, &values);
	assert_span(buf_span(&out), html);
}

static void test_templates(void **state)
{
	(void)state;
	check_fill("", "", "");
	check_fill("To {recipient}.", "To kim.", "To kim.");
	check_fill("{recipient}{n}{recipient}", "kim7kim", "kim7kim");
	check_fill("a {other}b", "a b", "a b");
	check_fill("{sender_domain}", "sd", "sd");
	/* a value is no template, and no markup */
	check_fill("{domain}", "{recipient}<b>", "{recipient}&lt;b&gt;");
	/* ours is escaped, and not broken up */
	check_fill("<a> & \"b\" 'c' x@y.example", "<a> & \"b\" 'c' x@y.example",
		   "&lt;a&gt; &amp; &quot;b&quot; &#39;c&#39; x@y.example");
	/* what is no placeholder stays */
	check_fill("{nosuch} {} { recipient}", "{nosuch} {} { recipient}", "{nosuch} {} { recipient}");
	check_fill("{recipient", "{recipient", "{recipient");
	check_fill("}{", "}{", "}{");
	check_fill("{RECIPIENT}", "{RECIPIENT}", "{RECIPIENT}");
}

/* ---- values ---- */

static void test_what_is_not_seen(void **state)
{
	static const struct { const char *value, *wanted; } rows[] = {
		{ "plain", "plain" }, { "Grüße สวัสดี 😀", "Grüße สวัสดี 😀" },
		{ "a\nb\r\nc\td\x1b[31m\x7f", "a b  c d [31m " }, { "\xc2\x85x\xc2\x9f", " x " },
		/* bidi: marks, embeddings, overrides, isolates */
		{ "a\u200eb\u200fc\u202ad\u202be\u202cf\u202dg\u202eh\u2066i\u2067j\u2068k\u2069l\u061cm", "abcdefghijklm" },
		/* zero width, separators, byte order mark, tags, soft hyphen */
		{ "a\u200bb\u200cc\u200dd\u2060e\ufefff\u2028g\u2029h\u00adi\u180ej\U000e0041k\ufffal", "abcdefghijkl" },
		{ "\xff\xc0\x80z", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, { "\xe2\x80", "\xef\xbf\xbd\xef\xbf\xbd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_span(written(safe_text, span_str(rows[i].value), 1000), rows[i].wanted);
	assert_span(written(safe_text, SPAN("a\0b"), 1000), "a b");
}

static void test_html_of_values(void **state)
{
	(void)state;
	assert_span(written(safe_html, SPAN("<b>&\"'</b>"), 100), "&lt;b&gt;&amp;&quot;&#39;&lt;<span>/</span>b&gt;");
	assert_span(written(safe_html, SPAN("a@b.example"), 100), "a<span>@</span>b<span>.</span>example");
	assert_span(written(safe_html, SPAN("https://x"), 100), "https<span>:</span>//x");
	assert_span(written(safe_html, SPAN("mailto:a"), 100), "mailto<span>:</span>a");
	assert_span(written(safe_html, SPAN("a.\u200bb"), 100), "a<span>.</span>b");
	assert_span(written(safe_html, SPAN("555-1234"), 100), "555<span>-</span>1234");
	assert_span(written(safe_html, SPAN("a\u202e\nb"), 100), "a b");
	/* rows of them, and ends of words */
	assert_span(written(safe_html, SPAN("----- a - b. See: c/ . .com @x"), 100), "----- a - b. See: c/ . .com @x");
}

/* Cut at a whole character, with a mark. */
static void test_long_values(void **state)
{
	(void)state;
	assert_span(written(safe_text, SPAN("12345"), 5), "12345");
	assert_span(written(safe_text, SPAN("123456"), 5), "12345…");
	assert_span(written(safe_text, SPAN("1234ä"), 5), "1234…");
	assert_span(written(safe_text, SPAN("1234ä"), 6), "1234ä");
	assert_span(written(safe_text, SPAN("x"), 0), "…");
	assert_span(written(safe_text, SPAN(""), 0), "");
	assert_span(written(safe_html, SPAN("<<<<"), 2), "&lt;&lt;…");
	for (size_t limit = 0; limit < 12; limit++)	/* bytes of characters of every length */
		written(safe_text, SPAN("aäส😀aäส😀"), limit);
}

static void test_placeholders_are_cut(void **state)
{
	struct values values = { .value = { [VALUE_SUBJECT] = { NULL, 0 } } };
	char *text = arena_alloc(&arena, 4000);
	struct buf out;

	(void)state;
	memset(text, 'x', 4000);
	values.value[VALUE_SUBJECT] = (struct span){ text, 4000 };
	buf_init(&out, &arena, 10000);
	fill_text(&out, "{subject}", &values);
	assert_int_equal(out.n, FILL_MAX_VALUE + strlen("…"));
	assert_true(span_has_suffix(buf_span(&out), "x…"));
}

static void lines_with_marks(struct buf *out, struct span value, size_t limit)
{
	safe_text_lines(out, value, limit, "> ");
}

static void test_lines(void **state)
{
	(void)state;
	assert_span(written(lines_with_marks, SPAN("a\nb\r\n\nc"), 100), "> a\n> b\n> \n> c\n");
	assert_span(written(lines_with_marks, SPAN("a\rb\x1b\n"), 100), "> a b \n");
	assert_span(written(lines_with_marks, SPAN(""), 100), "");
	assert_span(written(safe_html_lines, SPAN("a\n<b>\r\n"), 100), "a<br>\n&lt;b&gt;");
	assert_span(written(safe_html_lines, SPAN(""), 100), "");
	/* longer than the limit: cut at a whole character, with a mark */
	assert_span(written(lines_with_marks, SPAN("ab\ncd\nef"), 4), "> ab\n> c…\n");
	assert_span(written(lines_with_marks, SPAN("ab\ncä"), 5), "> ab\n> c…\n");
	assert_span(written(lines_with_marks, SPAN("ab\ncä"), 6), "> ab\n> cä\n");
	assert_span(written(safe_html_lines, SPAN("ab\ncä"), 5), "ab<br>\nc…");
	assert_span(written(safe_html_lines, SPAN("ab\ncd"), 3), "ab<br>\n…");
}

/* Between letters, never between a letter and its mark. */
static void assert_start(const char *text, size_t limit, const char *wanted)
{
	struct span start = utf8_start(span_str(text), limit);

	if (!span_eq(start, span_str(wanted)))
		fail_msg("\"%.*s\" is not \"%s\"", SPAN_FMT(start), wanted);
}

static void test_start(void **state)
{
	(void)state;
	assert_start("abc", 3, "abc");
	assert_start("abc", 2, "ab");
	assert_start("abc", 0, "");
	assert_start("", 0, "");
	assert_start("aü", 2, "a");
	assert_start("a😀", 4, "a");
	assert_start("ae\xcc\x81", 2, "a");		/* e and an accent of its own */
	assert_start("ที่นี่", 9, "ที่");
	assert_start("ที่นี่", 12, "ที่");			/* in front of a vowel */
	assert_start("ที่นี่", 16, "ที่");			/* inside of a tone */
	assert_start("มาน้ำ", 12, "มา");			/* SARA AM belongs to its letter */
}

/* Garbage must not make it walk far. */
static void test_start_of_garbage(void **state)
{
	char marks[300], bytes[300];

	(void)state;
	for (size_t i = 0; i < sizeof(marks); i += 2)
		memcpy(marks + i, "\xcc\x81", 2);
	memset(bytes, 0x80, sizeof(bytes));
	assert_int_equal(utf8_start((struct span){ marks, sizeof(marks) }, 200).n, 200);
	assert_int_equal(utf8_start((struct span){ bytes, sizeof(bytes) }, 200).n, 200);
	assert_int_equal(utf8_start((struct span){ bytes, sizeof(bytes) }, 5).n, 5);
}

static void test_cut_values(void **state)
{
	(void)state;
	assert_span(written(safe_text, SPAN("ที่นี่"), 100), "ที่นี่");
	assert_span(written(safe_text, SPAN("ที่นี่"), 15), "ที่…");
	assert_span(written(safe_html, SPAN("ที่นี่"), 15), "ที่…");
	assert_span(written(lines_with_marks, SPAN("a\nที่นี่"), 17), "> a\n> ที่…\n");
	assert_span(written(safe_html_lines, SPAN("a\nที่นี่"), 17), "a<br>\nที่…");
}

static void test_our_own_text(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, &arena, 100);
	html_escape(&out, "https://x.example/?a=1&b='<\">");
	assert_span(buf_span(&out), "https://x.example/?a=1&amp;b=&#39;&lt;&quot;&gt;");
	html_escape(&out, NULL);
	assert_false(out.failed);
}

/* ---- noise ---- */

/* Nothing but our three tags, and no character left that joins what is beside it
 * to one word. */
static void assert_harmless(struct span html)
{
	static const char joins[] = ".@:/-";
	char before = ' ';

	for (size_t i = 0; i < html.n; i++) {
		struct span rest = span_from(html, i);

		if (span_has_prefix(rest, "<br>\n")) {
			i += 4;
			before = ' ';
			continue;
		}
		if (span_has_prefix(rest, "<span>")) {
			assert_true(rest.n >= 14 && memchr(joins, rest.p[6], 5) != NULL);
			assert_true(span_has_prefix(span_from(rest, 7), "</span>"));
			i += 13;
			before = ' ';
			continue;
		}
		assert_null(memchr("<>\"'", html.p[i], 4));
		assert_false(before != ' ' && memchr(joins, before, 5) == NULL &&
			     memchr(joins, html.p[i], 5) != NULL && rest.n > 1 && ascii_isalnum(rest.p[1]));
		before = html.p[i];
	}
}

/* Lines that end where they are told, and no character that acts on others. */
static void assert_plain(struct span text)
{
	for (size_t i = 0; i < text.n;) {
		size_t n = utf8_length(text, i);
		uint32_t c = utf8_code_point(text, i, n);

		assert_true(c >= ' ' || c == '\n');
		assert_false(c >= 0x7f && c < 0xa0);
		assert_false((c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
			     (c >= 0x2060 && c <= 0x206f) || c == 0x61c || c == 0xfeff);
		i += n;
	}
}

static void test_noise(void **state)
{
	static const char *const pieces[] = {
		"<", ">", "&", "\"", "'", ".", "@", ":", "/", "-", "a", " ", "\n", "\r", "\x1b", "\x7f", "ä", "\u202e",
		"\u2067", "\u200b", "\xff", "\xe2\x80", "\xc2\x85", "😀", "{", "}", "{recipient}", "<script>",
		"javascript:", "&#x3c;", "&lt;",
	};
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct buf value;
		size_t limit = noise(&seed) % 60;

		buf_init(&value, &arena, 1000);
		for (uint32_t n = noise(&seed) % 24; n > 0; n--)
			buf_adds(&value, pieces[noise(&seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
		assert_harmless(written(safe_html, buf_span(&value), limit));
		assert_harmless(written(safe_html_lines, buf_span(&value), limit));
		assert_plain(written(safe_text, buf_span(&value), limit));
		assert_plain(written(lines_with_marks, buf_span(&value), limit));
		arena_clear(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_arena(test_templates),
		with_arena(test_what_is_not_seen),
		with_arena(test_html_of_values),
		with_arena(test_long_values),
		with_arena(test_placeholders_are_cut),
		with_arena(test_lines),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_start_of_garbage),
		with_arena(test_cut_values),
		with_arena(test_our_own_text),
		with_arena(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
