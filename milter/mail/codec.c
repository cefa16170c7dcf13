#include "mail/codec.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* ---- transfer encodings ---- */

enum transfer_encoding transfer_encoding_parse(struct span value)
{
	static const struct {
		const char *name;
		enum transfer_encoding encoding;
	} names[] = {
		{ "7bit", ENCODING_7BIT }, { "8bit", ENCODING_8BIT },
		{ "binary", ENCODING_BINARY }, { "base64", ENCODING_BASE64 },
		{ "quoted-printable", ENCODING_QUOTED_PRINTABLE },
	};
	struct span word = span_trim(value);
	size_t n = 0;

	while (n < word.n && !ascii_isspace(word.p[n]) && word.p[n] != ';' && word.p[n] != '(')
		n++;
	word = span_slice(word, 0, n);
	if (word.n == 0)
		return ENCODING_7BIT;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(word, names[i].name))
			return names[i].encoding;
	return ENCODING_OTHER;
}

static int hex_digit(char c)
{
	if (ascii_isdigit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Length of a soft line break at s[at], which is '=', with the white space that
 * may follow it; 0 where it is none. */
static size_t soft_break(struct span s, size_t at)
{
	size_t end = at + 1;

	while (end < s.n && (s.p[end] == ' ' || s.p[end] == '\t' || s.p[end] == '\r'))
		end++;
	if (end < s.n && s.p[end] != '\n')
		return 0;
	return end - at + (end < s.n);
}

static size_t decode_quoted_printable(char *to, struct span s, size_t limit)
{
	size_t n = 0, i = 0;

	while (i < s.n && n < limit) {
		int high, low;
		size_t skip;

		if (s.p[i] != '=') {
			to[n++] = s.p[i++];
			continue;
		}
		high = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
		low = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;
		if (high >= 0 && low >= 0) {
			to[n++] = (char)(unsigned char)(high << 4 | low);
			i += 3;
		} else if ((skip = soft_break(s, i)) != 0) {
			i += skip;
		} else {
			to[n++] = s.p[i++];
		}
	}
	return n;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_isdigit(c))
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Padding ends a group, not the text: some programs join encoded pieces. */
static size_t decode_base64(char *to, struct span s, size_t limit)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	for (size_t i = 0; i < s.n && n < limit; i++) {
		int digit = base64_digit(s.p[i]);

		if (s.p[i] == '=')
			have = 0;
		if (digit < 0)
			continue;
		bits = (bits << 6 | (uint32_t)digit) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			to[n++] = (char)(unsigned char)(bits >> have & 0xff);
		}
	}
	return n;
}

struct span codec_decode(struct arena *arena, struct span bytes,
			 enum transfer_encoding encoding, size_t limit)
{
	size_t room = bytes.n < limit ? bytes.n : limit;
	char *to;

	if (encoding != ENCODING_QUOTED_PRINTABLE && encoding != ENCODING_BASE64)
		return span_slice(bytes, 0, limit);
	to = arena_alloc(arena, room);
	if (to == NULL)
		return (struct span){ NULL, 0 };
	if (encoding == ENCODING_BASE64)
		return (struct span){ to, decode_base64(to, bytes, room) };
	return (struct span){ to, decode_quoted_printable(to, bytes, room) };
}

bool codec_is_utf8(struct span bytes)
{
	return utf8_is_valid(bytes);
}

bool codec_is_ascii(struct span bytes)
{
	size_t i = 0;
	uint64_t word;

	for (; i + sizeof(word) <= bytes.n; i += sizeof(word)) {
		memcpy(&word, bytes.p + i, sizeof(word));
		if ((word & 0x8080808080808080U) != 0)
			return false;
	}
	for (; i < bytes.n; i++)
		if ((signed char)bytes.p[i] < 0)
			return false;
	return true;
}

/* ---- encoding ---- */

static const char hex[] = "0123456789ABCDEF";

static bool is_qp_literal(char c)
{
	return c >= ' ' && c <= '~' ? c != '=' : c == '\t';
}

/* What at the start of a line could be taken for something else: a boundary,
 * SMTP's dot, the line that mbox puts between messages. */
static bool is_risky_start(struct span rest)
{
	return rest.p[0] == '-' || rest.p[0] == '.' ||
		(rest.n >= 5 && memcmp(rest.p, "From ", 5) == 0);
}

/* How many bytes of s, line ends apart, do not stand for themselves. Without a branch,
 * and in blocks of one size, so that compilers look at many bytes at once. */
static size_t count_encoded(struct span s)
{
	enum { BLOCK = 32 };
	size_t n = 0, i = 0;

	for (; i + BLOCK <= s.n; i += BLOCK) {
		unsigned char sum = 0;

		for (size_t j = i; j < i + BLOCK; j++)
			sum = (unsigned char)(sum + ((s.p[j] < ' ') | (s.p[j] > '~') | (s.p[j] == '=')) -
					      ((s.p[j] == '\n') | (s.p[j] == '\t')));
		n += sum;
	}
	for (; i < s.n; i++)
		n += !is_qp_literal(s.p[i]) && s.p[i] != '\n';
	return n;
}

/* How many bytes at the start of s stand for themselves, wherever they stand. */
static size_t literal_run(struct span s)
{
	size_t n = 0;

	while (n < s.n && is_qp_literal(s.p[n]))
		n++;
	return n;
}

/* One byte at row; how many it becomes. */
static size_t put_qp(char *row, char c, bool literal)
{
	unsigned char byte = (unsigned char)c;

	row[0] = literal ? c : '=';
	if (literal)
		return 1;
	row[1] = hex[byte >> 4];
	row[2] = hex[byte & 15];
	return 3;
}

static void add_qp_line(struct buf *out, struct span line, const char *eol)
{
	bool literal_line = count_encoded(line) == 0;
	struct span all_but_last = span_slice(line, 0, line.n != 0 ? line.n - 1 : 0);
	char row[CODEC_LINE];
	size_t column = 0;

	for (size_t i = 0; i < line.n;) {
		bool risky = column == 0 && is_risky_start(span_from(line, i)), last, literal;
		struct span rest = span_slice(all_but_last, i, i + CODEC_LINE - 1 - column);
		size_t run = risky ? 0 : literal_line ? rest.n : literal_run(rest);

		memcpy(row + column, line.p + i, run);
		column += run;
		i += run;
		last = i + 1 == line.n;
		literal = is_qp_literal(line.p[i]) && !risky && !(last && ascii_isspace(line.p[i]));
		if (column + (literal ? 1 : 3) <= (size_t)CODEC_LINE - !last) {
			column += put_qp(row + column, line.p[i++], literal);
			continue;
		}
		row[column++] = '=';
		buf_add(out, (struct span){ row, column });
		buf_adds(out, eol);
		column = 0;
	}
	buf_add(out, (struct span){ row, column });
}

void codec_add_quoted_printable(struct buf *out, struct span utf8, const char *eol)
{
	struct span line;

	while (span_next_line(&utf8, &line)) {
		add_qp_line(out, line, eol);
		buf_adds(out, eol);
	}
}

static void add_base64_group(struct buf *out, struct span s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	char group[5] = "====";

	for (size_t i = 0; i < 3; i++)
		bits = bits << 8 | (i < s.n ? (unsigned char)s.p[i] : 0U);
	for (size_t i = 0; i <= s.n; i++)
		group[i] = digits[bits >> (18 - 6 * i) & 63];
	buf_adds(out, group);
}

static void add_base64_run(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i += 3)
		add_base64_group(out, span_slice(s, i, i + 3));
}

void codec_add_base64(struct buf *out, struct span bytes, const char *eol)
{
	enum { PER_LINE = CODEC_LINE / 4 * 3 };

	for (size_t i = 0; i < bytes.n; i += PER_LINE) {
		add_base64_run(out, span_slice(bytes, i, i + PER_LINE));
		buf_adds(out, eol);
	}
}

enum transfer_encoding codec_add_shorter(struct buf *out, struct span utf8, const char *eol)
{
	size_t quoted = utf8.n + 2 * count_encoded(utf8);

	if (quoted <= (utf8.n + 2) / 3 * 4) {
		codec_add_quoted_printable(out, utf8, eol);
		return ENCODING_QUOTED_PRINTABLE;
	}
	codec_add_base64(out, utf8, eol);
	return ENCODING_BASE64;
}

/* ---- header values ---- */

enum {
	HEADER_LINE = 76,
	FIRST_LINE = HEADER_LINE - 26,	/* room for the longest name we write */
	WORD_BYTES = 45,		/* of text in one encoded word: 72 bytes in all */
};

/* The end of a word with the blanks before it. */
static size_t unit_end(struct span s, size_t at)
{
	while (at < s.n && s.p[at] == ' ')
		at++;
	return span_find_byte(s, at, ' ');
}

static bool is_header_literal(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	for (size_t at = 0, end; at < s.n; at = end) {
		end = unit_end(s, at);
		if (end - at > FIRST_LINE)
			return false;
	}
	return !span_has_suffix(s, " ") && span_find(s, 0, SPAN("=?")) == s.n;
}

/* Fold before blanks; they stay, as the fold's. */
static void add_folded(struct buf *out, struct span s)
{
	size_t column = HEADER_LINE - FIRST_LINE;

	for (size_t at = 0, end; at < s.n; at = end) {
		end = unit_end(s, at);
		if (column + (end - at) > HEADER_LINE) {
			buf_addc(out, '\n');
			column = 0;
		}
		buf_add(out, span_slice(s, at, end));
		column += end - at;
	}
}

/* The end of as many whole characters as there is room for. */
static size_t word_end(struct span s, size_t from, size_t room)
{
	size_t at = from;

	while (at < s.n) {
		size_t n = utf8_length(s, at);

		n = n != 0 ? n : 1;
		if (at + n - from > room)
			break;
		at += n;
	}
	return at;
}

static struct span without_controls(struct arena *arena, struct span s)
{
	char *p = arena_string(arena, s);

	for (size_t i = 0; p != NULL && i < s.n; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			p[i] = ' ';
	return (struct span){ p, p != NULL ? s.n : 0 };
}

void codec_add_header_text(struct buf *out, struct span utf8)
{
	struct span s = without_controls(out->arena, utf8);
	size_t room = (FIRST_LINE - 12) / 4 * 3;

	if (is_header_literal(s)) {
		add_folded(out, s);
		return;
	}
	for (size_t at = 0; at < s.n; room = WORD_BYTES) {
		size_t end = word_end(s, at, room);

		buf_adds(out, at != 0 ? "\n =?utf-8?B?" : "=?utf-8?B?");
		add_base64_run(out, span_slice(s, at, end));
		buf_adds(out, "?=");
		at = end;
	}
}
