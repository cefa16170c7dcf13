/* content_type.c - "type/subtype; a=b" of header.h: RFC 2045, 5.1, and the
 * continued and encoded parameters of RFC 2231. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "mail/codec.h"
#include "mail/header.h"

struct cursor {
	struct span s;
	size_t at;
};

static bool at_end(const struct cursor *c)
{
	return c->at >= c->s.n;
}

/* Past white space and comments: "(…)" up to its closing bracket. */
static void skip_space(struct cursor *c)
{
	for (; !at_end(c); c->at++) {
		if (c->s.p[c->at] == '(')
			c->at = span_find_byte(c->s, c->at, ')');
		else if (!ascii_isspace(c->s.p[c->at]))
			return;
	}
}

/* Up to one of these bytes, or white space. */
static struct span take_token(struct cursor *c, const char *stops)
{
	size_t from = c->at;

	while (!at_end(c) && !ascii_isspace(c->s.p[c->at]) &&
	       (c->s.p[c->at] == '\0' || strchr(stops, c->s.p[c->at]) == NULL))
		c->at++;
	return span_slice(c->s, from, c->at);
}

/* "a \"quoted\" string": the cursor stands on the first quote. */
static struct span take_quoted(struct arena *arena, struct cursor *c)
{
	char *p = arena_alloc(arena, c->s.n - c->at);
	size_t n = 0;

	if (p == NULL)
		return (struct span){ NULL, 0 };
	for (c->at++; !at_end(c) && c->s.p[c->at] != '"'; c->at++) {
		if (c->s.p[c->at] == '\\' && c->at + 1 < c->s.n)
			c->at++;
		p[n++] = c->s.p[c->at];
	}
	c->at++;
	return (struct span){ p, n };
}

/* An unquoted value may hold spaces where no semicolon ends it earlier:
 * "filename=my file.txt; size=3". */
static struct span take_value(struct arena *arena, struct cursor *c)
{
	size_t from;

	skip_space(c);
	if (!at_end(c) && c->s.p[c->at] == '"')
		return take_quoted(arena, c);
	from = c->at;
	c->at = span_find_byte(c->s, c->at, ';');
	return span_trim(span_slice(c->s, from, c->at));
}

static struct span lower(struct arena *arena, struct span s)
{
	char *p = arena_string(arena, s);

	for (size_t i = 0; p != NULL && i < s.n; i++)
		p[i] = ascii_lower(p[i]);
	return (struct span){ p, p != NULL ? s.n : 0 };
}

static int hex_value(char c)
{
	if (ascii_isdigit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void add_percent_decoded(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		int high = i + 2 < s.n && s.p[i] == '%' ? hex_value(s.p[i + 1]) : -1;
		int low = high >= 0 ? hex_value(s.p[i + 2]) : -1;

		if (low < 0) {
			buf_addc(out, s.p[i]);
			continue;
		}
		buf_addc(out, (char)(unsigned char)(high << 4 | low));
		i += 2;
	}
}

/* The parameter that is named name, name*, name*N or name*N*. */
static const struct header_parameter *find_segment(const struct header_parameter *list,
						   size_t n, struct span name,
						   unsigned segment, bool *encoded_r)
{
	char suffixes[4][16];
	size_t from = segment == 0 ? 0 : 2;

	suffixes[0][0] = '*', suffixes[0][1] = '\0';
	suffixes[1][0] = '\0';
	snprintf(suffixes[2], sizeof(suffixes[2]), "*%u*", segment);
	snprintf(suffixes[3], sizeof(suffixes[3]), "*%u", segment);
	for (size_t i = 0; i < n; i++)
		for (size_t j = from; j < 4; j++)
			if (list[i].name.n == name.n + strlen(suffixes[j]) &&
			    span_eq(span_slice(list[i].name, 0, name.n), name) &&
			    span_eq(span_from(list[i].name, name.n), span_str(suffixes[j]))) {
				*encoded_r = j == 0 || j == 2;
				return &list[i];
			}
	return NULL;
}

/* charset'language'text: the first segment of an encoded value names both. */
static struct span strip_charset(struct span value, struct span *charset_r)
{
	size_t first = span_find_byte(value, 0, '\'');
	size_t second = span_find_byte(value, first + 1, '\'');

	if (second >= value.n)
		return value;
	*charset_r = span_slice(value, 0, first);
	return span_from(value, second + 1);
}

static struct span join_segments(struct arena *arena, const struct header_parameter *list,
				 size_t n, struct span name)
{
	struct span charset = { NULL, 0 };
	const struct header_parameter *segment;
	struct buf out;
	bool encoded = false, any_encoded = false;

	buf_init(&out, arena, HEADER_MAX_VALUE);
	for (unsigned i = 0; (segment = find_segment(list, n, name, i, &encoded)) != NULL; i++) {
		struct span value = segment->value;

		any_encoded |= encoded;
		if (i == 0 && encoded)
			value = strip_charset(value, &charset);
		if (encoded)
			add_percent_decoded(&out, value);
		else
			buf_add(&out, value);
		if (i == 0 && segment->name.n <= name.n + 1)
			break;	/* "name" or "name*": there are no further ones */
	}
	return any_encoded ? codec_utf8(arena, buf_span(&out), charset) : buf_span(&out);
}

/* The names before their '*', each once, with all their segments. */
static void join_parameters(struct arena *arena, struct content_type *type)
{
	struct header_parameter raw[HEADER_MAX_PARAMETERS];
	size_t n = type->n;

	memcpy(raw, type->parameters, n * sizeof(*raw));
	type->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct span name = span_slice(raw[i].name, 0, span_find_byte(raw[i].name, 0, '*'));

		if (content_type_parameter(type, arena_string(arena, name)).p != NULL)
			continue;
		type->parameters[type->n++] = (struct header_parameter){
			name, join_segments(arena, raw, n, name),
		};
	}
}

static bool has_segments(const struct content_type *type)
{
	for (size_t i = 0; i < type->n; i++)
		if (span_find_byte(type->parameters[i].name, 0, '*') < type->parameters[i].name.n)
			return true;
	return false;
}

static void take_parameters(struct arena *arena, struct cursor *c,
			    struct content_type *type)
{
	while (type->n < HEADER_MAX_PARAMETERS) {
		struct span name;

		c->at = span_find_byte(c->s, c->at, ';') + 1;
		if (at_end(c))
			return;
		skip_space(c);
		name = take_token(c, "=;");
		skip_space(c);
		if (at_end(c) || c->s.p[c->at] != '=')
			continue;
		c->at++;
		type->parameters[type->n++] = (struct header_parameter){
			lower(arena, name), take_value(arena, c),
		};
	}
}

int content_type_parse(struct arena *arena, struct span value, struct content_type *type_r)
{
	struct cursor c = { span_slice(value, 0, HEADER_MAX_VALUE), 0 };

	*type_r = (struct content_type){ .n = 0 };
	skip_space(&c);
	type_r->type = lower(arena, take_token(&c, "/;("));
	if (!at_end(&c) && c.s.p[c.at] == '/') {
		c.at++;
		type_r->subtype = lower(arena, take_token(&c, ";("));
	}
	if (span_find_byte(c.s, c.at, ';') < c.s.n) {
		type_r->parameters = arena_array(arena, HEADER_MAX_PARAMETERS,
						 sizeof(*type_r->parameters));
		if (type_r->parameters != NULL)
			take_parameters(arena, &c, type_r);
	}
	if (!arena->failed && has_segments(type_r))
		join_parameters(arena, type_r);
	return arena->failed ? -1 : 0;
}

struct span content_type_parameter(const struct content_type *type, const char *name)
{
	for (size_t i = 0; name != NULL && i < type->n; i++)
		if (span_is(type->parameters[i].name, name))
			return type->parameters[i].value;
	return (struct span){ NULL, 0 };
}

bool content_type_is(const struct content_type *type, const char *main_type,
		     const char *subtype)
{
	return (main_type == NULL || span_is(type->type, main_type)) &&
		(subtype == NULL || span_is(type->subtype, subtype));
}
