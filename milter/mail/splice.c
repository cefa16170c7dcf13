#include "mail/splice.h"

#include <stdint.h>
#include <string.h>

enum {
	BOUNDARY_TRIES = 64,
	HASHED = 1024,		/* bytes of the message that the boundaries depend on */
	BOUNDARY_SIZE = 32,	/* 16 hex digits, "=_wb", a letter, NUL */
};

/* The two boundaries of one message: the letters differ, so neither is a prefix
 * of the other, and "=_" stands in no quoted-printable or base64 line. */
struct boundaries {
	char mixed[BOUNDARY_SIZE], alternative[BOUNDARY_SIZE];
};

/* --- The plan --- */

static bool is_sealed(const struct mime_part *part)
{
	return content_type_is(&part->type, "multipart", "signed") ||
	       content_type_is(&part->type, "multipart", "encrypted") ||
	       content_type_is(&part->type, "application", "pkcs7-mime") ||
	       content_type_is(&part->type, "application", "x-pkcs7-mime");
}

/* Readers show one part of these and hide the others, so ours cannot go inside.*/
static bool shows_one_part(const struct mime_part *part)
{
	return content_type_is(&part->type, "multipart", "alternative") ||
	       content_type_is(&part->type, "multipart", "related");
}

static bool is_attachment(const struct mime_part *part)
{
	const struct header *h =
		headers_find(&part->headers, "Content-Disposition");

	return h != NULL &&
	       span_has_prefix(span_trim(h->value), "attachment");
}

static bool is_quotable(const struct mime_part *part)
{
	return content_type_is(&part->type, "text", "plain") &&
	       part->encoding != ENCODING_OTHER && !is_attachment(part) &&
	       part->body.n <= SPLICE_MAX_OWN_TEXT;
}

/* A line that is no field ends the header for one reader and not for another; what
 * is taken out or put in behind it would decide. */
static bool has_strange_lines(const struct mime_part *root)
{
	size_t at = 0;

	for (size_t i = 0; i < root->headers.n; i++) {
		if (root->headers.list[i].raw.p != root->head.p + at)
			return true;
		at += root->headers.list[i].raw.n;
	}
	return at != headers_length(root->head);
}

enum splice_plan splice_plan(const struct message *message,
			     const struct bounce *bounce)
{
	const struct mime_part *root = message->root, *first = root->child;

	if (bounce->shape == BOUNCE_NOT || is_sealed(root) || has_strange_lines(root))
		return SPLICE_NOT;
	if (!content_type_is(&root->type, "multipart", NULL) ||
	    shows_one_part(root))
		return SPLICE_ENCLOSE;
	if (first == NULL || root->first_boundary.n == 0)
		return SPLICE_NOT;
	if (content_type_is(&first->type, "message", NULL))
		return SPLICE_INSERT;
	if (first == bounce->first && is_quotable(first))
		return SPLICE_REPLACE;
	return SPLICE_WRAP;
}

struct span splice_own_text(struct arena *arena, const struct bounce *bounce)
{
	return mime_text(arena, bounce->first, SPLICE_MAX_OWN_TEXT);
}

/* --- Boundaries --- */

/* FNV-1a, 64 bits: not secret, only spread. */
static uint64_t hash_bytes(uint64_t hash, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		hash = (hash ^ (unsigned char)s.p[i]) * UINT64_C(1099511628211);
	return hash;
}

/* What both have in common; returns its length. */
static size_t stem_write(char *out, uint64_t hash)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (int shift = 60; shift >= 0; shift -= 4)
		out[n++] = digits[(hash >> shift) & 15];
	memcpy(out + n, "=_wb", 4);
	return n + 4;
}

static void boundary_write(char *out, struct span stem, char letter)
{
	memcpy(out, stem.p, stem.n);
	out[stem.n] = letter;
	out[stem.n + 1] = '\0';
}

/* Where the stem does not occur, neither of them does. */
static int boundaries_choose(struct span bytes, struct boundaries *b)
{
	const uint64_t start = UINT64_C(14695981039346656037);
	uint64_t hash = hash_bytes(start, span_slice(bytes, 0, HASHED));
	char stem[BOUNDARY_SIZE];

	hash ^= bytes.n;
	for (int i = 0; i < BOUNDARY_TRIES; i++) {
		size_t n;

		hash = hash_bytes(hash, SPAN("whybounce"));
		n = stem_write(stem, hash);
		if (mime_boundary_occurs(bytes, (struct span){ stem, n }))
			continue;
		boundary_write(b->mixed, (struct span){ stem, n }, 'm');
		boundary_write(b->alternative, (struct span){ stem, n }, 'a');
		return 0;
	}
	return -1;
}

/* --- Our part --- */

static void add_line(struct buf *out, const char *eol, const char *text)
{
	buf_adds(out, text);
	buf_adds(out, eol);
}

static void add_delimiter(struct buf *out, const char *eol,
			  const char *boundary, const char *end)
{
	buf_adds(out, "--");
	buf_adds(out, boundary);
	buf_adds(out, end);
	buf_adds(out, eol);
}

static void add_multipart_type(struct buf *out, const char *subtype,
			       const char *boundary)
{
	buf_adds(out, "multipart/");
	buf_adds(out, subtype);
	buf_adds(out, "; boundary=\"");
	buf_adds(out, boundary);
	buf_addc(out, '"');
}

static void add_multipart_head(struct buf *out, const char *eol,
			       const char *subtype, const char *boundary)
{
	buf_adds(out, "Content-Type: ");
	add_multipart_type(out, subtype, boundary);
	buf_adds(out, eol);
}

/* The encoding is known only after encoding, so the body is built aside. */
static void add_text_part(struct buf *out, const char *eol, const char *type,
			  struct span utf8)
{
	struct buf body;
	enum transfer_encoding encoding;
	struct span text;

	buf_init(&body, out->arena, SPLICE_MAX_TEXT);
	encoding = codec_add_shorter(&body, utf8, eol);
	text = buf_span(&body);
	buf_adds(out, "Content-Type: ");
	buf_adds(out, type);
	add_line(out, eol, "; charset=utf-8");
	buf_adds(out, "Content-Transfer-Encoding: ");
	add_line(out, eol, encoding == ENCODING_BASE64 ? "base64"
						       : "quoted-printable");
	buf_adds(out, eol);
	buf_add(out, text);
	if (text.n == 0 || text.p[text.n - 1] != '\n')
		buf_adds(out, eol);
	out->failed |= body.failed;
}

/* A part with its head; it ends with its close delimiter and a line end. */
static void add_our_part(struct buf *out, const char *eol,
			 const struct splice_words *words,
			 const struct boundaries *b)
{
	if (words->description != NULL) {
		buf_adds(out, "Content-Description: ");
		add_line(out, eol, words->description);
	}
	add_multipart_head(out, eol, "alternative", b->alternative);
	buf_adds(out, eol);
	add_delimiter(out, eol, b->alternative, "");
	add_text_part(out, eol, "text/plain", words->text);
	add_delimiter(out, eol, b->alternative, "");
	add_text_part(out, eol, "text/html", words->html);
	add_delimiter(out, eol, b->alternative, "--");
}

/* --- The edits of each plan --- */

/* What every plan needs, so that one signature fits the table below. */
struct work {
	struct arena *arena;
	const struct message *message;
	const struct splice_words *words;
	struct boundaries boundaries;
	struct edits *edits;
	size_t text;		/* bytes of body text so far */
	bool failed;
};

/* New texts of one message share the limit. */
static void piece_init(struct work *w, struct buf *piece)
{
	size_t limit = SPLICE_MAX_TEXT + EDITS_HEAD_ROOM;

	buf_init(piece, w->arena, limit - w->text);
}

static void add_splice(struct work *w, size_t at, size_t length,
		       const struct buf *piece)
{
	w->failed |= piece->failed;
	w->text += piece->n;
	w->edits->body[w->edits->body_n++] = (struct splice){
		.at = at, .length = length, .text = buf_span(piece),
	};
}

static void add_header_edit(struct work *w, enum header_edit_kind kind,
			    struct span name, struct span value, unsigned index)
{
	if (w->edits->headers_n == SPLICE_MAX_HEADERS) {
		w->failed = true;
		return;
	}
	w->edits->headers[w->edits->headers_n++] = (struct header_edit){
		.kind = kind, .name = name, .value = value, .index = index,
	};
}

/* Where the first part begins and ends, counted from the body's start. */
struct range { size_t from, to; };

static struct range first_part(const struct message *message)
{
	const struct mime_part *root = message->root, *first = root->child;
	const char *start = root->first_boundary.p + root->first_boundary.n;
	struct range r = { .from = (size_t)(start - message->body.p) };

	r.to = first->all.n != 0
		? (size_t)(first->all.p + first->all.n - message->body.p)
		: r.from;
	return r;
}

/* What follows the first part is normally the line end of the next delimiter.
 * Where it is not (empty part, message cut off), ours brings its own. */
static bool line_end_follows(const struct message *message, size_t at)
{
	struct span rest = span_from(message->body, at);

	return span_has_prefix(rest, "\n") || span_has_prefix(rest, "\r\n");
}

static void drop_line_end(struct buf *out, const char *eol)
{
	if (out->n >= strlen(eol))
		buf_truncate(out, out->n - strlen(eol));
}

/* A message cut off within its first delimiter line: the line gets its end. */
static void end_delimiter(const struct work *w, struct buf *out)
{
	if (!span_has_suffix(w->message->root->first_boundary, "\n"))
		buf_adds(out, w->message->eol);
}

static void plan_replace(struct work *w)
{
	struct range r = first_part(w->message);
	struct buf part;

	piece_init(w, &part);
	end_delimiter(w, &part);
	add_our_part(&part, w->message->eol, w->words, &w->boundaries);
	if (line_end_follows(w->message, r.to))
		drop_line_end(&part, w->message->eol);
	add_splice(w, r.from, r.to - r.from, &part);
}

static void plan_wrap(struct work *w)
{
	const char *eol = w->message->eol;
	struct range r = first_part(w->message);
	struct buf before, after;

	piece_init(w, &before);
	end_delimiter(w, &before);
	add_multipart_head(&before, eol, "mixed", w->boundaries.mixed);
	if (!codec_is_ascii(span_slice(w->message->body, r.from, r.to)))
		add_line(&before, eol, "Content-Transfer-Encoding: 8bit");
	buf_adds(&before, eol);
	add_delimiter(&before, eol, w->boundaries.mixed, "");
	add_our_part(&before, eol, w->words, &w->boundaries);
	buf_adds(&before, eol);
	add_delimiter(&before, eol, w->boundaries.mixed, "");
	add_splice(w, r.from, 0, &before);

	piece_init(w, &after);
	buf_adds(&after, eol);
	add_delimiter(&after, eol, w->boundaries.mixed, "--");
	if (line_end_follows(w->message, r.to))
		drop_line_end(&after, eol);
	add_splice(w, r.to, 0, &after);
}

static void plan_insert(struct work *w)
{
	struct span delimiter = w->message->root->first_boundary;
	struct buf part;

	piece_init(w, &part);
	buf_add(&part, delimiter);
	add_our_part(&part, w->message->eol, w->words, &w->boundaries);
	buf_adds(&part, w->message->eol);
	add_splice(w, (size_t)(delimiter.p - w->message->body.p), 0, &part);
}

/* --- Enclosing a body that has no parts of its own to stand beside --- */

static bool is_content_field(const struct header *h)
{
	return span_has_prefix(h->name, "Content-");
}

/* The field as it stands, in the message's own line ends. */
static void add_field(struct buf *out, const struct header *h, const char *eol)
{
	struct span rest = h->raw, line;

	while (span_next_line(&rest, &line)) {
		buf_add(out, line);
		buf_adds(out, eol);
	}
}

static void add_content_fields(struct work *w, struct buf *out)
{
	const struct headers *headers = &w->message->root->headers;

	for (size_t i = 0; i < headers->n; i++)
		if (is_content_field(&headers->list[i]))
			add_field(out, &headers->list[i], w->message->eol);
}

static unsigned field_index(const struct headers *headers, size_t at)
{
	unsigned index = 1;

	for (size_t i = 0; i < at; i++)
		if (span_ieq(headers->list[i].name, headers->list[at].name))
			index++;
	return index;
}

/* From the last field to the first: an MTA that counts again after a removal
 * then still finds the one that is meant. The first of `kept` stays. */
static void remove_fields(struct work *w, const char *kept,
			  bool (*which)(const struct header *))
{
	const struct headers *headers = &w->message->root->headers;

	for (size_t i = headers->n; i-- > 0 && !w->failed;) {
		const struct header *h = &headers->list[i];
		unsigned index;

		if (!which(h))
			continue;
		index = field_index(headers, i);
		if (index == 1 && span_is(h->name, kept))
			continue;
		add_header_edit(w, HEADER_REMOVE, h->name,
				(struct span){ NULL, 0 }, index);
	}
}

static void set_field(struct work *w, const char *name, struct span value)
{
	bool there = headers_find(&w->message->root->headers, name) != NULL;

	add_header_edit(w, there ? HEADER_REPLACE : HEADER_ADD, span_str(name),
			value, 1);
}

static void enclose_headers(struct work *w)
{
	const struct headers *headers = &w->message->root->headers;
	struct buf type;

	buf_init(&type, w->arena, EDITS_MAX_VALUE);
	add_multipart_type(&type, "mixed", w->boundaries.mixed);
	w->failed |= type.failed;
	remove_fields(w, "Content-Type", is_content_field);
	set_field(w, "Content-Type", buf_span(&type));
	if (!codec_is_ascii(w->message->body))
		add_header_edit(w, HEADER_ADD, SPAN("Content-Transfer-Encoding"),
				SPAN("8bit"), 1);
	if (headers_find(headers, "MIME-Version") == NULL)
		add_header_edit(w, HEADER_ADD, SPAN("MIME-Version"),
				SPAN("1.0"), 1);
}

static void plan_enclose(struct work *w)
{
	const char *eol = w->message->eol;
	struct buf before, after;

	piece_init(w, &before);
	add_delimiter(&before, eol, w->boundaries.mixed, "");
	add_our_part(&before, eol, w->words, &w->boundaries);
	buf_adds(&before, eol);
	add_delimiter(&before, eol, w->boundaries.mixed, "");
	add_content_fields(w, &before);
	buf_adds(&before, eol);
	add_splice(w, 0, 0, &before);

	piece_init(w, &after);
	buf_adds(&after, eol);
	add_delimiter(&after, eol, w->boundaries.mixed, "--");
	add_splice(w, w->message->body.n, 0, &after);
	enclose_headers(w);
}

static void plan_not(struct work *w)
{
	w->failed = true;
}

/* --- Building --- */

static void add_words_headers(struct work *w)
{
	struct buf subject;

	if (w->words->subject.n != 0) {
		buf_init(&subject, w->arena, EDITS_MAX_VALUE);
		codec_add_header_text(&subject, w->words->subject);
		w->failed |= subject.failed;
		set_field(w, "Subject", buf_span(&subject));
	}
	add_header_edit(w, HEADER_ADD, SPAN("X-Whybounce"), w->words->mark, 1);
}

static bool is_possible(const struct message *message, const struct bounce *bounce,
			enum splice_plan plan)
{
	enum splice_plan usual = splice_plan(message, bounce);

	return plan != SPLICE_NOT &&
		(plan == usual || (plan == SPLICE_WRAP && usual == SPLICE_REPLACE));
}

int splice_build(struct arena *arena, const struct message *message,
		 const struct bounce *bounce, enum splice_plan plan,
		 const struct splice_words *words, struct edits *edits_r,
		 struct error *error)
{
	static void (*const plans[])(struct work *) = {
		[SPLICE_REPLACE] = plan_replace,
		[SPLICE_WRAP] = plan_wrap,
		[SPLICE_INSERT] = plan_insert,
		[SPLICE_ENCLOSE] = plan_enclose,
		[SPLICE_NOT] = plan_not,
	};
	struct work w = { .arena = arena, .message = message, .words = words,
			  .edits = edits_r };

	*edits_r = (struct edits){ .body_n = 0 };
	if (!is_possible(message, bounce, plan))
		return error_set(error, "the message's shape does not allow an "
					"explanation to be put into it");
	if (boundaries_choose(message->bytes, &w.boundaries) != 0)
		return error_set(error, "every boundary tried occurs in the "
					"message; it is left as it is");
	plans[plan](&w);
	add_words_headers(&w);
	if (arena->failed)
		return error_set(error, "the memory limit of one message is "
					"reached; it is left as it is");
	if (w.failed || !edits_valid(edits_r, message->body.n))
		return error_set(error, "the explanation is too long (limit %d "
					"bytes) or a header of the message does "
					"not fit in it", SPLICE_MAX_TEXT);
	return 0;
}
