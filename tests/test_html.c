/* mail/html.h: the words of an HTML part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena_fixture.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "mail/html.h"
#include "support.h"

static struct span text_of(struct span html)
{
	struct span text = html_text(&arena, html);

	assert_true(text.n <= html.n);
	assert_false(arena.failed);
	return text;
}

static void test_words(void **state)
{
	static const struct { const char *html, *wanted; } rows[] = {
		{ "plain", "plain" }, { "", "" }, { "a <b>bold</b> word", "a bold word" },
		{ "one<br>two<BR/>three", "one\ntwo\nthree" }, { "<p>a</p>b", "\na\nb" },
		{ "<td>a</td><td>b</td>", "a b " }, { "a \n\t  b", "a b" },
		{ "<div class=\"x>y\">z", "\ny\">z" },	/* no parser */
		{ "<style>p { color: red }</style>x", "x" }, { "<script>if (a<b) c()</script>x", "x" },
		{ "<STYLE type=x>a</StYlE >x", "x" }, { "a<!-- b > c -->d", "ad" },
		{ "<style>never closed", "" }, { "<!-- never closed", "" }, { "a<b", "a<b" }, { "a<br", "a<br" },
		{ "x<p", "x<p" }, { "<a@b.example>", "<a@b.example>" }, { "<kim@example.net>: no", "<kim@example.net>: no" },
		{ "1 < 2 > 0", "1 < 2 > 0" }, { "<", "<" }, { "a<", "a<" }, { "</", "" }, { "<?xml?>a", "a" },
		{ "<o:p>a</o:p>", "a" }, { "</style>a", "a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_span(text_of(span_str(rows[i].html)), rows[i].wanted);
}

static void test_references(void **state)
{
	static const struct { const char *html, *wanted; } rows[] = {
		{ "&lt;a@b.example&gt;", "<a@b.example>" }, { "&amp;lt;", "&lt;" }, { "&AMP;", "&" },
		{ "Gr&uuml;&szlig;e", "Grüße" }, { "a&nbsp;b", "a b" }, { "&#64;&#x40;&#X40;", "@@@" },
		{ "&#252;", "ü" }, { "&#x0E2A;", "ส" }, { "&#128512;", "😀" }, { "&hellip;", "…" },
		/* no characters */
		{ "&", "&" }, { "&;", "&;" }, { "&#;", "&#;" }, { "&#x;", "&#x;" }, { "&#xZ;", "&#xZ;" },
		{ "&nosuch;", "&nosuch;" }, { "a & b; c", "a & b; c" }, { "&#0;", "&#0;" }, { "&#10;", "&#10;" },
		{ "&#xD800;", "&#xD800;" }, { "&#x110000;", "&#x110000;" }, { "&#99999999;", "&#99999999;" },
		{ "&#99999999999999999999;", "&#99999999999999999999;" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_span(text_of(span_str(rows[i].html)), rows[i].wanted);
}

/* Never longer, never anything but UTF-8 of UTF-8. */
static void test_noise(void **state)
{
	static const char *const pieces[] = {
		"<", ">", "</", "<!--", "-->", "&", ";", "&#", "x", "1f600", "<br>", "<td>", "<style", "</style>",
		"ä", "😀", "amp", "&lt;", " ", "\n", "\"", "&#x10ffff;", "&#160;", "<p ",
	};
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 30000; round++) {
		struct buf html;

		buf_init(&html, &arena, 1000);
		for (uint32_t n = noise(&seed) % 30; n > 0; n--)
			buf_adds(&html, pieces[noise(&seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
		assert_true(utf8_is_valid(text_of(buf_span(&html))));
		arena_clear(&arena);
	}
}

static void test_no_memory(void **state)
{
	struct arena small;
	char *html = arena_alloc(&arena, 4000);

	(void)state;
	memset(html, 'x', 4000);
	arena_init(&small, 1000);
	assert_int_equal(html_text(&small, (struct span){ html, 4000 }).n, 0);
	arena_release(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_arena(test_words),
		with_arena(test_references),
		with_arena(test_noise),
		with_arena(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
