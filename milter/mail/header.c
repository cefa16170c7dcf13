#include "mail/header.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "mail/codec.h"

/* ---- fields ---- */

static bool is_blank_line(struct span line)
{
	return line.n == 0;
}

static bool is_continuation(struct span line)
{
	return line.n != 0 && (line.p[0] == ' ' || line.p[0] == '\t');
}

/* Offset of the colon of "Name:" or "Name :", 0 where the line is no field. */
static size_t field_colon(struct span line)
{
	size_t i = 0;

	while (i < line.n && line.p[i] > ' ' && line.p[i] < 0x7f && line.p[i] != ':')
		i++;
	if (i == 0)
		return 0;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i < line.n && line.p[i] == ':' ? i : 0;
}

/* "From MAILER-DAEMON Mon …": what mbox leaves above a message. */
static bool is_mbox_line(struct span line)
{
	return span_has_prefix(line, "From ") || span_has_prefix(line, ">From ");
}

struct field_list {
	struct arena *arena;
	struct headers *headers;
	size_t room;
};

static int add_field(struct field_list *fields, struct header field)
{
	struct headers *h = fields->headers;

	if (h->n == HEADER_MAX_FIELDS)
		return 0;
	if (h->n == fields->room) {
		size_t room = fields->room != 0 ? fields->room * 2 : 24;

		h->list = arena_grow(fields->arena, h->list, h->n * sizeof(field),
				     room * sizeof(field));
		if (h->list == NULL)
			return -1;
		fields->room = room;
	}
	h->list[h->n++] = field;
	return 0;
}

/* From here to the end of *rest: a field with its continuations is taken off. */
static struct header take_field(struct span *rest, struct span line, size_t colon)
{
	const char *start = line.p;
	struct header field = { .name = span_trim(span_slice(line, 0, colon)) };
	struct span ahead = *rest, next;
	const char *end = line.p + line.n;

	while (span_next_line(&ahead, &next) && is_continuation(next)) {
		end = next.p + next.n;
		*rest = ahead;
	}
	field.value = (struct span){ start + colon + 1, (size_t)(end - start) - colon - 1 };
	field.raw = (struct span){ start, (size_t)((rest->n != 0 ? rest->p : end) - start) };
	return field;
}

/* A line that is no field: does the header go on below it? */
static bool header_goes_on(struct span rest)
{
	struct span next;

	return span_next_line(&rest, &next) &&
		(is_blank_line(next) || is_continuation(next) || field_colon(next) != 0);
}

int headers_parse(struct arena *arena, struct span bytes,
		  struct span *head_r, struct headers *headers_r)
{
	struct field_list fields = { arena, headers_r, 0 };
	struct span rest = bytes, line, before = bytes;

	*headers_r = (struct headers){ NULL, 0 };
	*head_r = span_slice(bytes, 0, 0);
	while (span_next_line(&rest, &line) && !is_blank_line(line)) {
		size_t colon = field_colon(line);

		if (colon != 0) {
			struct header field = take_field(&rest, line, colon);

			if (rest.n == 0)	/* its line end, where there is one */
				field.raw.n = (size_t)(bytes.p + bytes.n - field.raw.p);
			if (add_field(&fields, field) != 0)
				return -1;
		} else if (line.p == bytes.p ? !is_mbox_line(line) : !header_goes_on(rest)) {
			rest = before;
			break;
		}
		before = rest;
	}
	head_r->p = bytes.p;
	head_r->n = bytes.n - rest.n;
	return 0;
}

const struct header *headers_find(const struct headers *headers, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < headers->n; i++)
		if (headers->list[i].name.n == n && span_is(headers->list[i].name, name))
			return &headers->list[i];
	return NULL;
}

const struct header *headers_find_next(const struct headers *headers,
				       const struct header *after)
{
	for (const struct header *h = after + 1; h < headers->list + headers->n; h++)
		if (span_ieq(h->name, after->name))
			return h;
	return NULL;
}

/* ---- values ---- */

struct span header_unfold(struct arena *arena, const struct header *header)
{
	struct span value, line;
	char *copy;
	size_t n = 0;

	if (header == NULL)
		return (struct span){ NULL, 0 };
	value = span_slice(header->value, 0, HEADER_MAX_VALUE);
	if (span_find_byte(value, 0, '\n') == value.n)
		return span_trim(value);
	copy = arena_alloc(arena, value.n);
	if (copy == NULL)
		return (struct span){ NULL, 0 };
	while (span_next_line(&value, &line)) {
		memcpy(copy + n, line.p, line.n);
		n += line.n;
	}
	return span_trim((struct span){ copy, n });
}

/* ---- encoded words, RFC 2047 ---- */

/* RFC 2047 allows 75 bytes; programs write longer ones. */
enum { MAX_WORD = 2048 };

struct encoded_word {
	struct span charset, text;
	char encoding;		/* 'q' or 'b' */
	size_t end;		/* offset behind its "?=" */
};

/* The encoded word at value[at] ("=?charset*language?q?text?="). */
static bool parse_encoded_word(struct span value, size_t at, struct encoded_word *word)
{
	size_t charset = at + 2, encoding, text, end;

	value = span_slice(value, 0, at + MAX_WORD);
	if (at + 2 > value.n || value.p[at] != '=' || value.p[at + 1] != '?')
		return false;
	encoding = span_find_byte(value, charset, '?') + 1;
	text = encoding + 2;
	if (text > value.n || value.p[text - 1] != '?')
		return false;
	end = span_find(value, text, SPAN("?="));
	if (end == value.n)
		return false;
	word->charset = span_slice(value, charset, encoding - 1);
	word->charset = span_slice(word->charset, 0, span_find_byte(word->charset, 0, '*'));
	word->encoding = ascii_lower(value.p[encoding]);
	word->text = span_slice(value, text, end);
	word->end = end + 2;
	return word->charset.n != 0 && (word->encoding == 'q' || word->encoding == 'b');
}

static struct span decode_word(struct arena *arena, const struct encoded_word *word)
{
	char *p = arena_string(arena, word->text);

	if (word->encoding == 'b')
		return codec_decode(arena, word->text, ENCODING_BASE64, HEADER_MAX_VALUE);
	for (size_t i = 0; p != NULL && i < word->text.n; i++)
		if (p[i] == '_')
			p[i] = ' ';
	return codec_decode(arena, (struct span){ p, p != NULL ? word->text.n : 0 },
			    ENCODING_QUOTED_PRINTABLE, HEADER_MAX_VALUE);
}

/* A run of words in one charset is converted as a whole: a character may be
 * split between them, whatever RFC 2047 asks. */
struct word_run {
	struct buf bytes;
	struct span charset;
};

static void flush_words(struct arena *arena, struct buf *out, struct word_run *run)
{
	if (run->bytes.n == 0)
		return;
	buf_add(out, codec_utf8(arena, buf_span(&run->bytes), run->charset));
	buf_init(&run->bytes, arena, HEADER_MAX_VALUE);
}

static void add_word(struct arena *arena, struct buf *out, struct word_run *run,
		     const struct encoded_word *word)
{
	if (!span_ieq(run->charset, word->charset))
		flush_words(arena, out, run);
	run->charset = word->charset;
	buf_add(&run->bytes, decode_word(arena, word));
}

/* Length of white space at value[at] that leads to another encoded word: it
 * belongs to neither (RFC 2047, 6.2). */
static size_t space_between_words(struct span value, size_t at)
{
	struct encoded_word next;
	size_t end = at;

	while (end < value.n && ascii_isspace(value.p[end]))
		end++;
	return end > at && parse_encoded_word(value, end, &next) ? end - at : 0;
}

static void decode_words(struct arena *arena, struct buf *out, struct span value)
{
	struct word_run run = { .charset = { NULL, 0 } };
	struct encoded_word word;
	size_t at = 0;

	buf_init(&run.bytes, arena, HEADER_MAX_VALUE);
	while (at < value.n) {
		size_t next = span_find(value, at, SPAN("=?"));

		if (next == at && parse_encoded_word(value, at, &word)) {
			add_word(arena, out, &run, &word);
			at = word.end + space_between_words(value, word.end);
			continue;
		}
		if (next == at)
			next = span_find(value, at + 2, SPAN("=?"));
		flush_words(arena, out, &run);
		buf_add(out, codec_utf8(arena, span_slice(value, at, next), SPAN("")));
		at = next;
	}
	flush_words(arena, out, &run);
}

static bool is_plain(struct span value)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < ' ' || value.p[i] == 0x7f)
			return false;
	return span_find(value, 0, SPAN("=?")) == value.n;
}

/* Control characters, of C1 too, become spaces. */
static void blank_controls(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c < 0x20 || c == 0x7f)
			p[i] = ' ';
		else if (c == 0xc2 && i + 1 < n && (unsigned char)p[i + 1] < 0xa0)
			p[i] = p[i + 1] = ' ';
	}
}

struct span header_decode(struct arena *arena, const struct header *header)
{
	struct span value = header_unfold(arena, header);
	struct buf out;

	if (is_plain(value))
		return value;
	buf_init(&out, arena, 4 * HEADER_MAX_VALUE);
	decode_words(arena, &out, value);
	if (out.failed)
		return (struct span){ NULL, 0 };
	blank_controls(out.p, out.n);
	return span_trim(buf_span(&out));
}

size_t headers_length(struct span block)
{
	static const char *const ends[] = { "\n\r\n", "\n\n" };

	for (size_t i = 0; i < 2; i++)
		if (span_has_suffix(block, ends[i]))
			return block.n - (strlen(ends[i]) - 1);
	return block.n;
}
