/* codec.h: transfer encodings, charsets, header values, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena_fixture.h"
#include "base/utf8.h"
#include "mail/codec.h"
#include "mail/header.h"
#include "support.h"

/* ---- decoding ---- */

static void test_names_of_encodings(void **state)
{
	static const struct { const char *value; enum transfer_encoding wanted; } rows[] = {
		{ "", ENCODING_7BIT }, { "  ", ENCODING_7BIT }, { "7bit", ENCODING_7BIT },
		{ " 8BIT ", ENCODING_8BIT }, { "Binary", ENCODING_BINARY },
		{ "BASE64", ENCODING_BASE64 }, { "base64; x=y", ENCODING_BASE64 },
		{ "quoted-printable (comment)", ENCODING_QUOTED_PRINTABLE },
		{ "quoted-printable\r\n", ENCODING_QUOTED_PRINTABLE },
		{ "uuencode", ENCODING_OTHER }, { "base", ENCODING_OTHER }, { "7bit8", ENCODING_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(transfer_encoding_parse(span_str(rows[i].value)), rows[i].wanted);
}

static void test_decode_quoted_printable(void **state)
{
	static const struct { const char *value, *wanted; } rows[] = {
		{ "Gr=C3=BC=c3=9fe", "Grüße" }, { "a=\nb", "ab" }, { "a=\r\nb", "ab" },
		{ "a= \t\r\nb", "ab" }, { "a=", "a" }, { "a= ", "a" }, { "a=\r", "a" },
		{ "a=4", "a=4" }, { "a=G1", "a=G1" }, { "a=4G", "a=4G" }, { "==3D=", "==" },
		{ "a =\n b\n", "a  b\n" }, { "=0D=0A", "\r\n" }, { "", "" },
		{ "line\r\nline\n", "line\r\nline\n" }, { "\xfc raw", "\xfc raw" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_span(codec_decode(&arena, span_str(rows[i].value), ENCODING_QUOTED_PRINTABLE,
					 SIZE_MAX), rows[i].wanted);
	assert_span(codec_decode(&arena, SPAN("=41=42=43"), ENCODING_QUOTED_PRINTABLE, 2), "AB");
	assert_int_equal(codec_decode(&arena, SPAN("=00\0"), ENCODING_QUOTED_PRINTABLE, 9).n, 2);
}

static void test_decode_base64(void **state)
{
	static const struct { const char *value, *wanted; } rows[] = {
		{ "R3LDvMOfZQ==", "Grüße" }, { "R3LD\r\nvMOf\n ZQ", "Grüße" }, { "QQ==", "A" },
		{ "QUI=", "AB" }, { "QUJD", "ABC" }, { "Q", "" }, { "QQ", "A" }, { "QUI", "AB" },
		{ "QQ==QUI=", "AAB" }, { "Q*Q(=)=", "A" }, { "====", "" }, { "", "" },
		{ "8J-YgA", "😀" }, { "8J+YgA==", "😀" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_span(codec_decode(&arena, span_str(rows[i].value), ENCODING_BASE64, SIZE_MAX),
			    rows[i].wanted);
	assert_span(codec_decode(&arena, SPAN("QUJDREVG"), ENCODING_BASE64, 4), "ABCD");
}

static void test_identity(void **state)
{
	static const enum transfer_encoding kinds[] = {
		ENCODING_7BIT, ENCODING_8BIT, ENCODING_BINARY, ENCODING_OTHER,
	};
	struct span s = SPAN("as=3D it is\0\xff");

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_ptr_equal(codec_decode(&arena, s, kinds[i], SIZE_MAX).p, s.p);
		assert_int_equal(codec_decode(&arena, s, kinds[i], SIZE_MAX).n, s.n);
		assert_span(codec_decode(&arena, s, kinds[i], 5), "as=3D");
	}
}

/* ---- encoding ---- */

static void assert_lines(struct span s, const char *eol)
{
	size_t n = strlen(eol);

	while (s.n != 0) {
		size_t end = span_find_byte(s, 0, '\n');
		struct span line = span_slice(s, 0, end + 1);

		assert_true(end < s.n && span_has_suffix(line, eol));
		line.n -= n;
		assert_true(line.n <= CODEC_LINE);
		for (size_t i = 0; i < line.n; i++)
			assert_true((line.p[i] >= ' ' && line.p[i] <= '~') || line.p[i] == '\t');
		assert_false(span_has_prefix(line, "-") || span_has_prefix(line, "."));
		assert_false(line.n >= 5 && memcmp(line.p, "From ", 5) == 0);
		assert_false(span_has_suffix(line, " ") || span_has_suffix(line, "\t"));
		s = span_from(s, end + 1);
	}
}

/* The text with these line ends, the last one too. */
static struct span lines_with(struct span text, const char *eol)
{
	struct buf out;
	struct span line;

	buf_init(&out, &arena, 2 * text.n + 2);
	while (span_next_line(&text, &line)) {
		buf_add(&out, line);
		buf_adds(&out, eol);
	}
	return buf_span(&out);
}

static void check_quoted_printable(struct span text, const char *eol)
{
	struct buf out;
	struct span back;

	buf_init(&out, &arena, 8 * text.n + 64);
	codec_add_quoted_printable(&out, text, eol);
	assert_false(out.failed);
	assert_lines(buf_span(&out), eol);
	back = codec_decode(&arena, buf_span(&out), ENCODING_QUOTED_PRINTABLE, SIZE_MAX);
	assert_true(span_eq(back, lines_with(text, eol)));
}

static void check_base64(struct span bytes, const char *eol)
{
	struct buf out;

	buf_init(&out, &arena, 2 * bytes.n + 64);
	codec_add_base64(&out, bytes, eol);
	assert_false(out.failed);
	assert_lines(buf_span(&out), eol);
	assert_true(span_eq(codec_decode(&arena, buf_span(&out), ENCODING_BASE64, SIZE_MAX), bytes));
}

static void check_shorter(struct span text, const char *eol)
{
	struct buf out, quoted, base64;
	enum transfer_encoding chosen;

	buf_init(&out, &arena, 8 * text.n + 64);
	buf_init(&quoted, &arena, 8 * text.n + 64);
	buf_init(&base64, &arena, 8 * text.n + 64);
	codec_add_quoted_printable(&quoted, text, eol);
	codec_add_base64(&base64, text, eol);
	chosen = codec_add_shorter(&out, text, eol);
	assert_true(chosen == ENCODING_QUOTED_PRINTABLE || chosen == ENCODING_BASE64);
	assert_true(span_eq(buf_span(&out), buf_span(chosen == ENCODING_BASE64 ? &base64 : &quoted)));
}

static void check_body(struct span text)
{
	static const char *const eols[] = { "\n", "\r\n" };

	for (size_t i = 0; i < 2; i++) {
		check_quoted_printable(text, eols[i]);
		check_base64(text, eols[i]);
		check_shorter(text, eols[i]);
	}
}

static void test_encode_bodies(void **state)
{
	static const struct span rows[] = {
		{ "", 0 }, { "a", 1 }, { "a\n", 2 }, { "\n", 1 }, { "\n\n\n", 3 }, { "a\r\nb\r\n", 6 },
		{ "--boundary\n--boundary--\n", 24 }, { ".\n..\n", 5 }, { "From me\nfrom me\nFrom\n", 21 },
		{ " \n\t\n a \n", 8 }, { "a=b\n=\n", 6 }, { "a\rb\r\r\n", 6 }, { "a\0b\x7f\x01", 5 },
		{ "Gr\xc3\xbc\xc3\x9f" "e", 7 }, { "\xff\xfe", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_body(rows[i]);
}

static void test_quoted_printable_to_the_byte(void **state)
{
	static const struct { const char *text, *wanted; } rows[] = {
		{ "-x", "=2Dx\n" }, { ".x", "=2Ex\n" }, { "From x", "=46rom x\n" }, { "a-b.c", "a-b.c\n" },
		{ "ä", "=C3=A4\n" }, { "a ", "a=20\n" }, { "a\t\nb", "a=09\nb\n" }, { "a=b", "a=3Db\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out;

		buf_init(&out, &arena, 100);
		codec_add_quoted_printable(&out, span_str(rows[i].text), "\n");
		assert_span(buf_span(&out), rows[i].wanted);
	}
}

/* A line end, and what must not start a line, at every column. */
static void test_encode_at_every_column(void **state)
{
	static const char *const tails[] = {
		"", "-", "--b", ".", "From x", "ä", "=", " ", " x", "\t", "xx-", "\n-", "ä\n",
	};

	(void)state;
	for (int column = 0; column < 160; column++)
		for (size_t t = 0; t < sizeof(tails) / sizeof(tails[0]); t++) {
			char text[200];
			int n = snprintf(text, sizeof(text), "%.*s%s", column,
					 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
					 "-----------------------------------------------------------------------------------",
					 tails[t]);

			check_body((struct span){ text, (size_t)n });
			arena_clear(&arena);
		}
}

static void test_encode_noise(void **state)
{
	static const char bytes[] = "-.F \t\n\r=x?\0\x7f\x80\xc3\xa4\xff";
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		char text[400];
		size_t n = noise(&seed) % sizeof(text);
		uint32_t kinds = 1 + noise(&seed) % sizeof(bytes);

		for (size_t i = 0; i < n; i++)
			text[i] = bytes[noise(&seed) % kinds];
		check_body((struct span){ text, n });
		arena_clear(&arena);
	}
}

static void test_shorter(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, &arena, 1000);
	assert_int_equal(codec_add_shorter(&out, SPAN("plain text\n"), "\n"), ENCODING_QUOTED_PRINTABLE);
	assert_int_equal(codec_add_shorter(&out, SPAN("a"), "\n"), ENCODING_QUOTED_PRINTABLE);
	assert_int_equal(codec_add_shorter(&out, SPAN("สวัสดี\n"), "\n"), ENCODING_BASE64);
	assert_int_equal(codec_add_shorter(&out, SPAN("Grüße\n"), "\n"), ENCODING_BASE64);
	assert_int_equal(codec_add_shorter(&out, SPAN("Viele schöne Grüße aus dem kalten Bonn\n"), "\n"),
			 ENCODING_QUOTED_PRINTABLE);
}

/* Quoted-printable up to where base64 is shorter: in long texts, whatever it is that
 * has to be encoded, wherever it stands. */
static void test_shorter_to_the_byte(void **state)
{
	enum { LENGTH = 100, MOST = (LENGTH + 2) / 3 * 4 };
	char text[LENGTH];

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		bool literal = (c >= ' ' && c <= '~' && c != '=') || c == '\t' || c == '\n';

		for (size_t n = 0; n <= LENGTH; n++) {
			size_t length = LENGTH + (literal ? 0 : 2 * n);
			struct buf out;

			memset(text, 'x', sizeof(text));
			memset(text + (LENGTH - n) / 2, (int)c, n);
			buf_init(&out, &arena, 1000);
			assert_int_equal(codec_add_shorter(&out, (struct span){ text, LENGTH }, "\n"),
					 length <= MOST ? ENCODING_QUOTED_PRINTABLE :
					 ENCODING_BASE64);
			arena_clear(&arena);
		}
	}
}

static void test_encoders_fail_with_their_buf(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, &arena, 100);
	codec_add_quoted_printable(&out, SPAN("ääääääääääääääääääääääää"), "\n");
	assert_true(out.failed);
	buf_init(&out, &arena, 100);
	for (int i = 0; i < 10; i++)
		codec_add_base64(&out, SPAN("0123456789"), "\n");
	assert_true(out.failed);
}

/* ---- header values ---- */

/* What a reader gets back: controls are blanks, and those at the ends are gone. */
static struct span as_read(struct span text)
{
	char *p = arena_string(&arena, text);

	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			p[i] = ' ';
	return span_trim((struct span){ p, text.n });
}

static void check_header_text(struct span text)
{
	struct buf out;
	struct span rest, line;
	struct header header;
	bool first = true;

	buf_init(&out, &arena, 8 * text.n + 64);
	codec_add_header_text(&out, text);
	assert_false(out.failed);
	rest = header.value = buf_span(&out);
	assert_int_equal(span_find_byte(rest, 0, '\r'), rest.n);
	assert_false(span_has_suffix(rest, "\n"));
	while (span_next_line(&rest, &line)) {
		assert_true(line.n <= (first ? CODEC_LINE - sizeof("Subject: ") + 1 : CODEC_LINE));
		assert_true(first || (line.p[0] == ' ' && span_trim(line).n != 0));
		for (size_t i = 0; i < line.n; i++)
			assert_true(line.p[i] >= ' ' && line.p[i] <= '~');
		first = false;
	}
	assert_true(span_eq(header_decode(&arena, &header), as_read(text)));
}

static void test_header_text(void **state)
{
	static const struct span rows[] = {
		{ "", 0 }, { "plain", 5 }, { "Grüße", 7 }, { "=?utf-8?Q?a?=", 13 }, { "a =? b", 6 },
		{ "a\nBcc: b", 8 }, { "a\r\n\r\nbody", 9 }, { "a\0b", 3 }, { "\n", 1 }, { "a\n", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_header_text(rows[i]);
}

/* Words and blanks of every length, in ASCII and beyond. */
static void test_header_text_is_folded(void **state)
{
	static const char *const letters[] = { "x", "ä", "ส", "😀" };

	(void)state;
	for (size_t l = 0; l < 4; l++)
		for (int word = 1; word < 90; word += 3)
			for (int blanks = 1; blanks < 90; blanks = blanks * 3 + 1) {
				struct buf text;

				buf_init(&text, &arena, 10000);
				for (int i = 0; i < 4; i++) {
					buf_addf(&text, "%*s", i == 0 ? 0 : blanks, "");
					for (int j = 0; j < word; j++)
						buf_adds(&text, letters[j % 5 == 0 ? l : 0]);
				}
				check_header_text(buf_span(&text));
				arena_clear(&arena);
			}
}

static void test_header_text_of_noise(void **state)
{
	static const char *const pieces[] = {
		"a", " ", "  ", "\n", "\r\n", "\t", "=?", "?=", "ä", "😀", "word", "utf-8", "\x7f", ":",
	};
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		struct buf text;

		buf_init(&text, &arena, 1000);
		for (uint32_t n = noise(&seed) % 60; n > 0; n--)
			buf_adds(&text, pieces[noise(&seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
		check_header_text(buf_span(&text));
		arena_clear(&arena);
	}
}

/* ---- charsets ---- */

static struct span to_utf8(struct span bytes, const char *charset)
{
	struct span s = codec_utf8(&arena, bytes, span_str(charset));

	assert_true(utf8_is_valid(s));
	return s;
}

static void test_charsets(void **state)
{
	static const struct { const char *charset, *bytes, *wanted; } rows[] = {
		{ "utf-8", "Grüße", "Grüße" }, { "UTF8", "Grüße", "Grüße" }, { " utf-8 ", "ü", "ü" },
		{ "us-ascii", "plain", "plain" }, { "", "Grüße", "Grüße" },
		{ "iso-8859-1", "Gr\xfc\xdf" "e", "Grüße" }, { "ISO-8859-15", "5 \xa4", "5 €" },
		{ "windows-1252", "\x80 \x93q\x94", "€ “q”" }, { "iso-8859-1", "\x80", "€" },
		{ "windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет" },
		{ "windows-1258", "ti\xea\xec", "tiế" }, { "windows-1255", "\xf9\xc8", "שָ" },
		{ "iso-8859-11", "\xca\xc7\xd1\xca\xb4\xd5", "สวัสดี" },
		{ "shift_jis", "\x83\x65\x83\x58\x83\x67", "テスト" },
		{ "iso-2022-jp", "\x1b$B%F%9%H\x1b(B", "テスト" },
		{ "gb2312", "\xc4\xe3\xba\xc3", "你好" }, { "big5", "\xa7\x41\xa6\x6e", "你好" },
		{ "euc-kr", "\xbe\xc8\xb3\xe7", "안녕" }, { "utf-7", "Gr+APwA3w-e", "Grüße" },
		/* nobody knows */
		{ "x-unheard-of", "caf\xe9", "café" }, { "ebcdic-us", "caf\xe9", "café" },
		{ "utf-32", "caf\xe9", "café" }, { "utf-16//TRANSLIT", "caf\xe9", "café" },
		{ "../../etc/passwd", "caf\xe9", "café" },
		/* broken */
		{ "utf-8", "a\xc3z", "a\xef\xbf\xbdz" }, { "utf-8", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "", "a\xc3z", "aÃz" }, { "us-ascii", "caf\xe9", "café" },
		{ "shift_jis", "a\x83", "a\xef\xbf\xbd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_span(to_utf8(span_str(rows[i].bytes), rows[i].charset), rows[i].wanted);
	assert_span(to_utf8(SPAN("\0G\0r"), "utf-16be"), "Gr");
	assert_span(to_utf8(SPAN("\xff\xfeG\0r\0"), "utf-16"), "Gr");
}

/* Noise in any charset is text, of no more than four bytes for one. */
static void test_noise_in_every_charset(void **state)
{
	static const char *const charsets[] = {
		"utf-8", "", "iso-8859-2", "iso-8859-8-i", "windows-1255", "windows-1256", "windows-1258",
		"koi8-u", "ibm866", "macintosh", "cp932", "euc-jp", "iso-2022-jp", "iso-2022-jp-2",
		"gb18030", "big5", "cp949", "iso-2022-kr", "johab", "utf-7", "utf-16", "utf-16le", "utf-16be",
	};
	uint32_t seed = 1;

	(void)state;
	codec_prepare();
	for (size_t c = 0; c < sizeof(charsets) / sizeof(charsets[0]); c++)
		for (int round = 0; round < 300; round++) {
			char bytes[64];
			size_t n = noise(&seed) % sizeof(bytes);
			struct span s;

			for (size_t i = 0; i < n; i++)
				bytes[i] = (char)(unsigned char)(noise(&seed) >> (round % 2 + 1) & 0xff);
			s = to_utf8((struct span){ bytes, n }, charsets[c]);
			assert_true(s.n <= 4 * n + 16);
			assert_true(n == 0 || s.n != 0 || round % 2 == 0 || n < 8);
			arena_clear(&arena);
		}
}

static void test_nothing_is_copied_for_nothing(void **state)
{
	struct span ascii = SPAN("plain ASCII"), utf8 = SPAN("Grüße");

	(void)state;
	assert_ptr_equal(to_utf8(ascii, "iso-8859-2").p, ascii.p);
	assert_ptr_equal(to_utf8(ascii, "").p, ascii.p);
	assert_ptr_equal(to_utf8(utf8, "utf-8").p, utf8.p);
}

static void test_no_memory(void **state)
{
	struct arena small;
	char *bytes = arena_alloc(&arena, 5000);

	(void)state;
	memset(bytes, 0xe9, 5000);
	arena_init(&small, 1000);
	assert_int_equal(codec_utf8(&small, (struct span){ bytes, 5000 }, SPAN("koi8-r")).n, 0);
	assert_true(small.failed);
	arena_release(&small);
	arena_init(&small, 1000);
	assert_int_equal(codec_decode(&small, (struct span){ bytes, 5000 }, ENCODING_BASE64, 5000).n, 0);
	assert_true(small.failed);
	arena_release(&small);
}

static void test_ascii_and_utf8(void **state)
{
	(void)state;
	for (size_t n = 0; n < 40; n++) {
		char bytes[40];

		memset(bytes, 'a', sizeof(bytes));
		assert_true(codec_is_ascii((struct span){ bytes, n }));
		for (size_t i = 0; i < n; i++) {
			bytes[i] = '\x80';
			assert_false(codec_is_ascii((struct span){ bytes, n }));
			assert_false(codec_is_utf8((struct span){ bytes, n }));
			bytes[i] = '\0';
			assert_true(codec_is_ascii((struct span){ bytes, n }));
			assert_true(codec_is_utf8((struct span){ bytes, n }));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_arena(test_names_of_encodings),
		with_arena(test_decode_quoted_printable),
		with_arena(test_decode_base64),
		with_arena(test_identity),
		with_arena(test_encode_bodies),
		with_arena(test_quoted_printable_to_the_byte),
		with_arena(test_encode_at_every_column),
		with_arena(test_encode_noise),
		with_arena(test_shorter),
		with_arena(test_shorter_to_the_byte),
		with_arena(test_encoders_fail_with_their_buf),
		with_arena(test_header_text),
		with_arena(test_header_text_is_folded),
		with_arena(test_header_text_of_noise),
		with_arena(test_charsets),
		with_arena(test_noise_in_every_charset),
		with_arena(test_nothing_is_copied_for_nothing),
		with_arena(test_no_memory),
		with_arena(test_ascii_and_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
