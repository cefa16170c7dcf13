#include "mail/edits.h"

#include <string.h>

static bool all_7bit(struct span s)
{
	return codec_is_ascii(s) && (s.n == 0 || memchr(s.p, '\0', s.n) == NULL);
}

/* ---- Checking what a worker hands over ---- */

static bool body_edit_valid(const struct splice *s, size_t from,
			    size_t body_length)
{
	return s->at >= from && s->at <= body_length &&
	       s->length <= body_length - s->at && all_7bit(s->text);
}

/* Which names each kind of edit may touch. */
static bool name_allowed(const struct header_edit *e)
{
	static const char *const ours[] = {
		"Subject", "Content-Type", "Content-Transfer-Encoding",
		"MIME-Version", "X-Whybounce",
	};

	if (e->kind == HEADER_REMOVE)
		return span_has_prefix(e->name, "Content-");
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (span_is(e->name, ours[i]))
			return true;
	return false;
}

/* RFC 5322, 2.2: what a field name is made of. */
static bool name_valid(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] == ':' || name.p[i] > '~')
			return false;
	return name.n != 0 && name.n <= EDITS_MAX_VALUE;
}

/* Every continuation line starts with white space and holds something else. */
static bool value_valid(struct span value)
{
	struct span rest = value, line;
	bool first = true;

	if (value.n > EDITS_MAX_VALUE || !all_7bit(value) ||
	    span_find_byte(value, 0, '\r') != value.n ||
	    (value.n != 0 && value.p[value.n - 1] == '\n'))
		return false;
	while (span_next_line(&rest, &line)) {
		if (!first && (span_trim(line).n == 0 ||
			       (line.p[0] != ' ' && line.p[0] != '\t')))
			return false;
		first = false;
	}
	return true;
}

static bool header_edit_valid(const struct header_edit *e)
{
	if (e->kind != HEADER_REPLACE && e->kind != HEADER_ADD &&
	    e->kind != HEADER_REMOVE)
		return false;
	return e->index >= 1 && e->index <= HEADER_MAX_FIELDS &&
	       name_valid(e->name) && name_allowed(e) && value_valid(e->value);
}

bool edits_valid(const struct edits *edits, size_t body_length)
{
	size_t from = 0, text = 0;

	if (edits->body_n > SPLICE_MAX || edits->headers_n > SPLICE_MAX_HEADERS)
		return false;
	for (size_t i = 0; i < edits->body_n; i++) {
		const struct splice *s = &edits->body[i];

		if (s->text.n > SPLICE_MAX_TEXT + EDITS_HEAD_ROOM - text ||
		    !body_edit_valid(s, from, body_length))
			return false;
		text += s->text.n;
		from = s->at + s->length;
	}
	for (size_t i = 0; i < edits->headers_n; i++)
		if (!header_edit_valid(&edits->headers[i]))
			return false;
	return true;
}

/* ---- Applying ---- */

void splice_apply(struct buf *out, struct span body, const struct edits *edits)
{
	size_t from = 0;

	for (size_t i = 0; i < edits->body_n; i++) {
		const struct splice *s = &edits->body[i];

		if (!body_edit_valid(s, from, body.n)) {
			out->failed = true;
			return;
		}
		buf_add(out, span_slice(body, from, s->at));
		buf_add(out, s->text);
		from = s->at + s->length;
	}
	buf_add(out, span_from(body, from));
}

static void add_edited_field(struct buf *out, const struct header_edit *e,
			     const char *eol)
{
	struct span rest = e->value, line;
	bool first = true;

	buf_add(out, e->name);
	buf_adds(out, ": ");
	while (span_next_line(&rest, &line)) {
		if (!first)
			buf_adds(out, eol);
		buf_add(out, line);
		first = false;
	}
	buf_adds(out, eol);
}

/* The edit that touches this field, or NULL. seen counts, per edit, the fields
 * of its name so far. */
static const struct header_edit *edit_of(const struct edits *edits,
					 const struct header *h,
					 unsigned seen[SPLICE_MAX_HEADERS])
{
	const struct header_edit *hit = NULL;

	for (size_t i = 0; i < edits->headers_n; i++) {
		const struct header_edit *e = &edits->headers[i];

		if (e->kind != HEADER_ADD && span_ieq(e->name, h->name) &&
		    ++seen[i] == e->index)
			hit = e;
	}
	return hit;
}

void splice_apply_headers(struct buf *out, const struct message *message,
			  const struct edits *edits)
{
	const struct headers *headers = &message->root->headers;
	struct span head = message->root->head;
	size_t length = headers_length(head), from = 0;
	unsigned seen[SPLICE_MAX_HEADERS] = { 0 };

	for (size_t i = 0; i < headers->n; i++) {
		const struct header *h = &headers->list[i];
		const struct header_edit *e = edit_of(edits, h, seen);
		size_t at = (size_t)(h->raw.p - head.p);

		if (e == NULL)
			continue;
		buf_add(out, span_slice(head, from, at));
		if (e->kind == HEADER_REPLACE)
			add_edited_field(out, e, message->eol);
		from = at + h->raw.n;
	}
	buf_add(out, span_slice(head, from, length));
	if (from < length && head.p[length - 1] != '\n')
		buf_adds(out, message->eol);
	for (size_t i = 0; i < edits->headers_n; i++)
		if (edits->headers[i].kind == HEADER_ADD)
			add_edited_field(out, &edits->headers[i], message->eol);
	buf_add(out, span_from(head, length));
	if (length == head.n)	/* the message ended within its header */
		buf_adds(out, message->eol);
}
