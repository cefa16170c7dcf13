/* splice.h: what is put into a message, and that nothing else changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena_fixture.h"
#include "mail/splice.h"
#include "support.h"

/* ---- bounces of every shape ---- */

#define HEAD "From: MAILER-DAEMON@mx.example.org\nTo: anna@example.org\nSubject: Undelivered Mail\n"
#define MIXED HEAD "MIME-Version: 1.0\nContent-Type: multipart/report; boundary=b\n\nPreamble.\n"
#define REPORT \
	"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n" \
	"Final-Recipient: rfc822; kim@example.net\nAction: failed\nStatus: 5.1.1\n\n"
#define RETURNED "--b\nContent-Type: message/rfc822\n\nFrom: anna@example.org\nSubject: Lunch\n\nHello.\n\n"
#define REST REPORT RETURNED "--b--\nEpilogue.\n"
#define WORDS "kim@example.net: 550 5.1.1 User unknown\nYour mail could not be delivered.\n"

static const struct shape {
	const char *name, *message;
	enum splice_plan plan;
} shapes[] = {
	{ "plain", MIXED "--b\nContent-Type: text/plain\n\n" WORDS "\n" REST, SPLICE_REPLACE },
	{ "no head", MIXED "--b\n\n" WORDS "\n" REST, SPLICE_REPLACE },
	{ "8-bit", MIXED "--b\nContent-Type: text/plain; charset=utf-8\n"
	  "Content-Transfer-Encoding: 8bit\n\nGr\xc3\xbc\xc3\x9f" "e " WORDS REST, SPLICE_REPLACE },
	{ "empty", MIXED "--b\nContent-Type: text/plain\n\n" REST, SPLICE_REPLACE },
	{ "nothing", MIXED "--b\n" REST, SPLICE_REPLACE },
	{ "no close", MIXED "--b\n\n" WORDS "\n" REPORT RETURNED, SPLICE_REPLACE },
	{ "HTML", MIXED "--b\nContent-Type: text/html\n\n<p>" WORDS "\n" REST, SPLICE_WRAP },
	{ "8-bit HTML", MIXED "--b\nContent-Type: text/html\n\n<p>Gr\xfc\xdf" "e " WORDS REST, SPLICE_WRAP },
	{ "attached", MIXED "--b\nContent-Disposition: attachment\n\n" WORDS "\n" REST, SPLICE_WRAP },
	{ "encoded", MIXED "--b\nContent-Transfer-Encoding: x-uuencode\n\n" WORDS "\n" REST, SPLICE_WRAP },
	{ "alternative", MIXED "--b\nContent-Type: multipart/alternative; boundary=a\n\n--a\n\n" WORDS
	  "--a\nContent-Type: text/html\n\n<p>x\n--a--\n" REST, SPLICE_WRAP },
	{ "no words", MIXED RETURNED REPORT "--b--\n", SPLICE_INSERT },
	{ "single", HEAD "\nHi. This is the qmail-send program at mx.example.org.\n\n<kim@example.net>:\n"
	  "192.0.2.1 failed after I sent the message.\nRemote host said: 550 5.1.1 User unknown\n\n"
	  "--- Below this line is a copy of the message.\n\nReturn-Path: <anna@example.org>\n"
	  "Subject: Lunch\n\nHello.\n", SPLICE_ENCLOSE },
	{ "single, 8-bit", HEAD "Content-Type: text/plain;\n charset=iso-8859-1\nMIME-Version: 1.0\n"
	  "Content-Transfer-Encoding: 8bit\nContent-Language: de\n\nIhre Nachricht konnte nicht zugestellt werden. "
	  "Gr\xfc\xdf" "e\n\n<kim@example.net>: 550 5.1.1 User unknown\n", SPLICE_ENCLOSE },
	{ "alternative at the top", HEAD "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n"
	  "<kim@example.net>: 550 5.1.1 User unknown\n" WORDS "--b\nContent-Type: text/html\n\n<p>x\n--b--\n",
	  SPLICE_ENCLOSE },
};
enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

struct subject {
	struct message message;
	struct bounce bounce;
	enum splice_plan plan;
};

static struct subject read_subject(struct span bytes)
{
	struct subject s;
	struct error error;

	if (message_parse(&arena, bytes, &s.message, &error) != 0 ||
	    bounce_read(&arena, &s.message, &s.bounce, &error) != 0)
		fail_msg("%s", error.text);
	s.plan = splice_plan(&s.message, &s.bounce);
	return s;
}

static struct span with_crlf(struct span bytes)
{
	struct buf out;

	buf_init(&out, &arena, 2 * bytes.n);
	for (size_t i = 0; i < bytes.n; i++) {
		if (bytes.p[i] == '\n')
			buf_addc(&out, '\r');
		buf_addc(&out, bytes.p[i]);
	}
	return buf_span(&out);
}

static void test_plans(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHAPES; i++) {
		struct span bytes = span_str(shapes[i].message);

		if (read_subject(bytes).plan != shapes[i].plan ||
		    read_subject(with_crlf(bytes)).plan != shapes[i].plan)
			fail_msg("%s: another plan", shapes[i].name);
	}
}

/* A first part that is longer than we quote is kept. */
static void test_plan_by_length(void **state)
{
	(void)state;
	for (int n = SPLICE_MAX_OWN_TEXT - 1; n <= SPLICE_MAX_OWN_TEXT + 1; n++) {
		char *message = arena_printf(&arena, MIXED "--b\n\n%0*d\n" REST, n, 7);

		assert_int_equal(read_subject(span_str(message)).plan,
				 n <= SPLICE_MAX_OWN_TEXT ? SPLICE_REPLACE : SPLICE_WRAP);
	}
}

/* Found by fuzzing: with the field behind it gone, the line ended the header. */
static void test_strange_line_in_the_header(void **state)
{
	struct span bytes = SPAN("From: MAILER-DAEMON@mx.example.org\nTo: anna@example.org\n"
				 "what is this\nContent-Description: Notification\n"
				 "Subject: Undelivered Mail\n\n" WORDS);

	(void)state;
	assert_int_equal(read_subject(bytes).plan, SPLICE_NOT);
}

/* Found by fuzzing: a header that ends with the message, in a replaced field. */
static void test_message_that_is_a_header(void **state)
{
	const struct splice_words words = {
		.text = SPAN("x\n"), .html = SPAN("x\n"), .mark = SPAN("1"), .subject = SPAN("Ours"),
	};
	struct subject s = read_subject(SPAN("From: MAILER-DAEMON@mx.example.org\r\n"
					     "X-Failed-Recipients: kim@example.net\r\n"
					     "Subject: Undelivered Mail"));
	struct edits edits;
	struct error error;
	struct buf out;

	(void)state;
	assert_int_equal(splice_build(&arena, &s.message, &s.bounce, SPLICE_ENCLOSE, &words, &edits,
				      &error), 0);
	buf_init(&out, &arena, 1 << 20);
	splice_apply_headers(&out, &s.message, &edits);
	assert_true(span_find(buf_span(&out), 0, SPAN("Subject: Ours\r\nContent-Type")) < out.n);
	assert_true(span_has_suffix(buf_span(&out), "X-Whybounce: 1\r\n\r\n"));
}

static void test_left_alone(void **state)
{
	static const char *const messages[] = {
		"From: kim@example.net\nSubject: Lunch\n\nHello Anna, lunch?\n",
		HEAD "Content-Type: multipart/signed; boundary=b\n\n--b\n\n" WORDS REST,
		HEAD "Content-Type: multipart/encrypted; boundary=b\n\n--b\n\n" WORDS REST,
		HEAD "Content-Type: application/pkcs7-mime\n\n" WORDS,
		HEAD "Content-Type: multipart/report; boundary=other\n\n--b\n\n<kim@example.net>: 550 no\n" WORDS REST,
		HEAD "Content-Type: multipart/report\n\n--b\n\n<kim@example.net>: 550 no\n" WORDS REST,
	};
	struct splice_words words = { .text = SPAN("x\n"), .html = SPAN("x\n"), .mark = SPAN("1") };

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct subject s = read_subject(span_str(messages[i]));
		struct edits edits;
		struct error error;

		if (s.plan != SPLICE_NOT)
			fail_msg("plan %d of: %s", s.plan, messages[i]);
		for (enum splice_plan plan = SPLICE_REPLACE; plan <= SPLICE_NOT; plan++)
			assert_int_equal(splice_build(&arena, &s.message, &s.bounce, plan, &words,
						      &edits, &error), -1);
	}
}

/* ---- what is built ---- */

#define TEXT "Grüße, Anna.\n-- \nFrom here\n.\n"
#define HTML "<p>Grüße, Anna.</p>\n"
#define SUBJECT "Nicht zugestellt: Grüße"
#define MARK "0.1; cause=x; lang=de"

static const struct splice_words words = {
	.text = { TEXT, sizeof(TEXT) - 1 }, .html = { HTML, sizeof(HTML) - 1 },
	.subject = { SUBJECT, sizeof(SUBJECT) - 1 }, .mark = { MARK, sizeof(MARK) - 1 },
	.description = "Explanation",
};

static struct edits build(const struct subject *s, const struct splice_words *w)
{
	struct edits edits;
	struct error error = { "" };

	if (splice_build(&arena, &s->message, &s->bounce, s->plan, w, &edits, &error) != 0)
		fail_msg("%s", error.text);
	assert_true(edits_valid(&edits, s->message.body.n));
	return edits;
}

static struct span applied(const struct subject *s, const struct edits *edits)
{
	struct buf out;

	buf_init(&out, &arena, s->message.bytes.n + 256 * 1024);
	splice_apply_headers(&out, &s->message, edits);
	splice_apply(&out, s->message.body, edits);
	assert_false(out.failed);
	return buf_span(&out);
}

/* Our lines: 7-bit, short, with the message's own ends. */
static void assert_our_lines(struct span text, const char *eol)
{
	for (size_t i = 0, column = 0; i < text.n; i++, column++) {
		assert_true(text.p[i] != '\0' && (unsigned char)text.p[i] < 0x80);
		assert_true(text.p[i] != '\r' || text.p[i + 1] == '\n');
		if (text.p[i] != '\n')
			continue;
		assert_true(column <= 78);
		assert_int_equal(i > 0 && text.p[i - 1] == '\r', eol[0] == '\r');
		column = SIZE_MAX;
	}
}

/* Taken away again, what is left is the body as it was. */
static void assert_only_added(const struct subject *s, const struct edits *edits, struct span body)
{
	size_t from = 0, at = 0;

	for (size_t i = 0; i < edits->body_n; i++) {
		const struct splice *e = &edits->body[i];

		assert_true(e->at >= from);
		assert_memory_equal(body.p + at, s->message.body.p + from, e->at - from);
		at += e->at - from;
		assert_memory_equal(body.p + at, e->text.p, e->text.n);
		at += e->text.n;
		from = e->at + e->length;
		assert_our_lines(e->text, s->message.eol);
	}
	assert_int_equal(body.n - at, s->message.body.n - from);
	assert_memory_equal(body.p + at, s->message.body.p + from, body.n - at);
}

static size_t count(struct span s, struct span what)
{
	size_t n = 0;

	for (size_t at = span_find(s, 0, what); at < s.n; at = span_find(s, at + 1, what))
		n++;
	return n;
}

/* The first boundary of ours with this letter, or empty. */
static struct span our_boundary(struct span bytes, char letter)
{
	char mark[] = { '=', '_', 'w', 'b', letter, '"' };
	size_t at = span_find(bytes, 0, (struct span){ mark, sizeof(mark) });

	return at < bytes.n ? span_slice(bytes, at - 16, at + 5) : (struct span){ NULL, 0 };
}

static void assert_boundaries(const struct subject *s, struct span out)
{
	struct span mixed = our_boundary(out, 'm'), alternative = our_boundary(out, 'a');
	char stem[16];

	assert_int_equal(alternative.n, 21);
	assert_int_equal(mixed.n != 0, s->plan == SPLICE_WRAP || s->plan == SPLICE_ENCLOSE);
	memcpy(stem, alternative.p, 16);
	assert_int_equal(count(s->message.bytes, (struct span){ stem, 16 }), 0);
	assert_int_equal(count(out, alternative), 4);	/* its parameter, two parts, the end */
	assert_int_equal(count(out, mixed), mixed.n != 0 ? 4 : 0);
}

static const struct mime_part *find_part(const struct mime_part *root, const char *type, const char *subtype)
{
	for (const struct mime_part *p = root; p != NULL; p = mime_next(root, p))
		if (content_type_is(&p->type, type, subtype))
			return p;
	return NULL;
}

static struct span text_of(const struct mime_part *part)
{
	struct buf out;
	struct span rest = mime_text(&arena, part, SIZE_MAX), line;

	buf_init(&out, &arena, rest.n + 1);
	while (span_next_line(&rest, &line)) {
		buf_add(&out, line);
		buf_addc(&out, '\n');
	}
	return buf_span(&out);
}

/* A reader finds our words first, and the parts that came in after them. */
static void assert_readable(const struct subject *s, struct span out)
{
	struct mime_part *root;
	const struct mime_part *ours, *part;
	struct span body = s->bounce.shape == BOUNCE_SINGLE ? s->message.body : s->bounce.first->body;

	assert_int_equal(mime_parse(&arena, out, &root), 0);
	ours = find_part(root, "multipart", "alternative");
	assert_true(our_boundary(ours->head, 'a').n != 0);
	assert_span(header_unfold(&arena, headers_find(&ours->headers, "Content-Description")), "Explanation");
	assert_span(text_of(ours->child), TEXT);
	assert_span(text_of(ours->child->next), HTML);
	assert_null(ours->child->next->next);
	if (s->plan == SPLICE_WRAP || s->plan == SPLICE_ENCLOSE) {
		part = ours->next;	/* what was first, in the same words */
		if (s->bounce.first->parent != NULL && s->bounce.first->parent->parent != NULL)
			part = part->child;
		if (content_type_is(&s->message.root->type, "multipart", "alternative"))
			part = part->child;
		assert_true(span_eq(span_trim(part->body), span_trim(body)));
		assert_int_equal(part->encoding, s->bounce.first->encoding);
	}
	if (s->bounce.report != NULL) {
		part = find_part(root, "message", "delivery-status");
		assert_true(span_eq(part->all, s->bounce.report->all));
		part = find_part(root, "message", "rfc822");
		assert_true(span_eq(part->all, s->bounce.returned->all));
	}
}

static void assert_header(const struct subject *s, struct span out)
{
	struct message message;
	struct error error;
	const struct headers *headers;

	assert_int_equal(message_parse(&arena, out, &message, &error), 0);
	headers = &message.root->headers;
	assert_span(header_decode(&arena, headers_find(headers, "Subject")), SUBJECT);
	assert_span(header_unfold(&arena, headers_find(headers, "X-Whybounce")), MARK);
	assert_span(header_unfold(&arena, headers_find(headers, "To")), "anna@example.org");
	for (size_t i = 0; i < headers->n; i++)
		assert_null(headers_find_next(headers, &headers->list[i]));
	assert_string_equal(message.eol, s->message.eol);
	if (s->plan == SPLICE_ENCLOSE) {
		bool eight = find_part(message.root, "text", NULL) != NULL &&
			headers_find(headers, "Content-Transfer-Encoding") != NULL;

		assert_span(header_unfold(&arena, headers_find(headers, "MIME-Version")), "1.0");
		assert_true(content_type_is(&message.root->type, "multipart", "mixed"));
		assert_null(headers_find(headers, "Content-Language"));
		assert_int_equal(eight, span_find_byte(s->message.body, 0, '\xfc') < s->message.body.n);
	}
}

static void test_every_shape(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * SHAPES; i++) {
		struct span bytes = span_str(shapes[i / 2].message);
		struct subject s = read_subject(i % 2 != 0 ? with_crlf(bytes) : bytes);
		struct edits edits = build(&s, &words);
		struct span out = applied(&s, &edits);
		struct span body = span_from(out, out.n);
		struct buf only_body;

		buf_init(&only_body, &arena, out.n + 1);
		splice_apply(&only_body, s.message.body, &edits);
		body = buf_span(&only_body);
		assert_true(span_has_suffix(out, arena_string(&arena, body)));
		assert_only_added(&s, &edits, body);
		assert_boundaries(&s, out);
		assert_readable(&s, out);
		assert_header(&s, out);
	}
}

/* To the byte, so that everybody can see what becomes of a message. */
static void test_one_to_the_byte(void **state)
{
	struct subject s = read_subject(SPAN(MIXED "--b\n\n" WORDS "\n" REST));
	struct splice_words w = { .text = SPAN("Sorry.\n"), .html = SPAN("<p>Sorry.</p>\n"), .mark = SPAN("1") };
	struct edits edits = build(&s, &w);
	struct span out = applied(&s, &edits), b = our_boundary(out, 'a');

	(void)state;
	assert_span(out, arena_printf(&arena, HEAD
		"MIME-Version: 1.0\nContent-Type: multipart/report; boundary=b\nX-Whybounce: 1\n\nPreamble.\n"
		"--b\nContent-Type: multipart/alternative; boundary=\"%.*s\"\n\n"
		"--%.*s\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
		"Sorry.\n--%.*s\nContent-Type: text/html; charset=utf-8\n"
		"Content-Transfer-Encoding: quoted-printable\n\n<p>Sorry.</p>\n--%.*s--\n" REST,
		SPAN_FMT(b), SPAN_FMT(b), SPAN_FMT(b), SPAN_FMT(b)));
}

static void check_cut(struct span bytes)
{
	struct subject s;
	struct mime_part *root;
	struct edits edits;
	struct error error;
	struct buf body;
	const struct mime_part *part;

	if (message_parse(&arena, bytes, &s.message, &error) != 0)
		return;
	assert_int_equal(bounce_read(&arena, &s.message, &s.bounce, &error), 0);
	s.plan = splice_plan(&s.message, &s.bounce);
	if (s.plan == SPLICE_NOT)
		return;
	edits = build(&s, &words);
	buf_init(&body, &arena, bytes.n + 256 * 1024);
	splice_apply(&body, s.message.body, &edits);
	assert_only_added(&s, &edits, buf_span(&body));
	assert_int_equal(mime_parse(&arena, applied(&s, &edits), &root), 0);
	assert_non_null(headers_find(&root->headers, "X-Whybounce"));
	part = root->child;
	assert_non_null(part);
	while (part->child != NULL)
		part = part->child;
	assert_span(text_of(part), TEXT);
}

/* Cut off anywhere, a message is still only added to, and ours is what is read. */
static void test_cut_off_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHAPES; i++) {
		size_t length = strlen(shapes[i].message);

		for (size_t n = 0; n <= length; n++) {
			check_cut(span_slice(span_str(shapes[i].message), 0, n));
			check_cut(with_crlf(span_slice(span_str(shapes[i].message), 0, n)));
			arena_clear(&arena);
		}
	}
}

static void test_the_text_that_is_quoted(void **state)
{
	struct subject s = read_subject(SPAN(MIXED "--b\nContent-Type: text/plain; charset=iso-8859-1\n"
					     "Content-Transfer-Encoding: quoted-printable\n\n"
					     "Gr=FC=DFe: " WORDS REST));

	(void)state;
	assert_int_equal(s.plan, SPLICE_REPLACE);
	assert_true(span_has_prefix(splice_own_text(&arena, &s.bounce), "Grüße: kim@example.net"));
}

/* The boundary that would be taken stands in the message: another one is. */
static void test_boundary_that_is_taken(void **state)
{
	char *room = arena_printf(&arena, MIXED "--b\n\n%05000d\n%021d\n" REST, 7, 7), *at;
	struct subject s;
	struct edits edits;
	char first[22];

	(void)state;
	at = strstr(room, "\n000000000000000000007\n") + 1;
	for (int round = 0; round < 3; round++) {
		struct span boundary;

		s = read_subject(span_str(room));
		edits = build(&s, &words);
		boundary = our_boundary(applied(&s, &edits), 'a');
		snprintf(first, sizeof(first), "%.*s", SPAN_FMT(boundary));
		assert_null(strstr(room, first));
		memcpy(at, first, 21);
		at = strchr(at, '\n') - 21;
	}
	/* half of it at the start of a line after "--" is as good as all of it */
	memcpy(at, "--", 2);
	memcpy(at + 2, first, 10);
	memset(at + 12, ' ', 9);
	s = read_subject(span_str(room));
	edits = build(&s, &words);
	assert_int_not_equal(strncmp(our_boundary(applied(&s, &edits), 'a').p, first, 10), 0);
}

static void test_words_too_long(void **state)
{
	struct subject s = read_subject(span_str(shapes[0].message));
	struct splice_words w = words;
	char *text = arena_alloc(&arena, SPLICE_MAX_TEXT + 1);
	struct edits edits;
	struct error error;

	(void)state;
	memset(text, 'x', SPLICE_MAX_TEXT + 1);
	w.text = (struct span){ text, 80 * 1024 };
	build(&s, &w);
	w.text.n = SPLICE_MAX_TEXT + 1;
	assert_int_equal(splice_build(&arena, &s.message, &s.bounce, s.plan, &w, &edits, &error), -1);
	assert_non_null(strstr(error.text, "too long"));
	w.text.n = 60 * 1024;
	w.html = w.text;	/* both together */
	assert_int_equal(splice_build(&arena, &s.message, &s.bounce, s.plan, &w, &edits, &error), -1);
	w = words;
	w.subject = (struct span){ text, 8000 };
	assert_int_equal(splice_build(&arena, &s.message, &s.bounce, s.plan, &w, &edits, &error), -1);
}

static void test_more_content_fields_than_edits(void **state)
{
	struct buf bytes;
	struct subject s;
	struct edits edits;
	struct error error;

	(void)state;
	buf_init(&bytes, &arena, 10000);
	for (int i = 0; i < 14; i++)
		buf_addf(&bytes, "Content-X%d: y\n", i);
	buf_adds(&bytes, shapes[12].message);
	s = read_subject(buf_span(&bytes));
	assert_int_equal(s.plan, SPLICE_ENCLOSE);
	assert_int_equal(splice_build(&arena, &s.message, &s.bounce, s.plan, &words, &edits, &error), -1);
	assert_non_null(strstr(error.text, "header"));
}

/* Line ends in a subject or mark never start a field. */
static void test_header_injection(void **state)
{
	struct subject s = read_subject(span_str(shapes[0].message));
	struct splice_words w = words;
	struct edits edits;
	struct error error;
	struct message message;

	(void)state;
	w.subject = SPAN("a\r\nBcc: eve@example.com\r\n\r\nbody\0\nX: y");
	edits = build(&s, &w);
	assert_int_equal(message_parse(&arena, applied(&s, &edits), &message, &error), 0);
	assert_null(headers_find(&message.root->headers, "Bcc"));
	assert_null(headers_find(&message.root->headers, "X"));
	assert_int_equal(message.root->headers.n, s.message.root->headers.n + 1);
	w = words;
	w.mark = SPAN("1\nBcc: eve@example.com");
	assert_int_equal(splice_build(&arena, &s.message, &s.bounce, s.plan, &w, &edits, &error), -1);
}

static void test_no_memory(void **state)
{
	struct subject s = read_subject(span_str(shapes[0].message));
	struct arena small;
	struct edits edits;
	struct error error;

	(void)state;
	for (size_t limit = 0; limit < 4096; limit += 64) {
		arena_init(&small, limit);
		if (splice_build(&small, &s.message, &s.bounce, s.plan, &words, &edits, &error) == 0)
			assert_true(edits_valid(&edits, s.message.body.n));
		else
			assert_true(small.failed);
		arena_release(&small);
	}
}

/* ---- edits that somebody else made ---- */

enum { BODY = 1000 };

static struct edits good_edits(void)
{
	return (struct edits){
		.body = { { 0, 10, { "text\n", 5 } }, { 10, 0, { "more\n", 5 } }, { 990, 10, { "", 0 } } },
		.body_n = 3,
		.headers = {
			{ HEADER_REPLACE, { "Subject", 7 }, { "a\n b", 4 }, 1 },
			{ HEADER_REMOVE, { "Content-Language", 16 }, { NULL, 0 }, 2 },
			{ HEADER_ADD, { "X-Whybounce", 11 }, { "1", 1 }, 1 },
		},
		.headers_n = 3,
	};
}

static void assert_body_refused(size_t i, size_t at, size_t length, struct span text)
{
	struct edits edits = good_edits();
	struct buf out;

	edits.body[i] = (struct splice){ at, length, text };
	assert_false(edits_valid(&edits, BODY));
	if (text.n > 2 * SPLICE_MAX_TEXT)
		return;
	buf_init(&out, &arena, BODY + 4 * SPLICE_MAX_TEXT);
	splice_apply(&out, (struct span){ arena_alloc(&arena, BODY), BODY }, &edits);
	assert_true(out.failed || text.n > SPLICE_MAX_TEXT);
}

static void test_body_edits_refused(void **state)
{
	struct edits edits = good_edits();
	char *text = arena_alloc(&arena, 256 * 1024);

	(void)state;
	assert_true(edits_valid(&edits, BODY));
	assert_false(edits_valid(&edits, BODY - 1));
	assert_false(edits_valid(&edits, 0));
	assert_body_refused(0, 0, 11, SPAN("x"));		/* into the next one */
	assert_body_refused(1, 9, 0, SPAN("x"));		/* before the one before */
	assert_body_refused(2, 5, 0, SPAN("x"));
	assert_body_refused(2, 990, 11, SPAN("x"));	/* behind the end */
	assert_body_refused(2, 1001, 0, SPAN("x"));
	assert_body_refused(2, SIZE_MAX, 0, SPAN("x"));
	assert_body_refused(2, 990, SIZE_MAX, SPAN("x"));
	assert_body_refused(2, 999, SIZE_MAX - 998, SPAN("x"));	/* around the end of numbers */
	assert_body_refused(0, 0, 0, SPAN("Gr\xc3\xbc"));	/* 8-bit, NUL */
	assert_body_refused(0, 0, 0, SPAN("\x80"));
	assert_body_refused(0, 0, 0, SPAN("a\0b"));
	memset(text, 'x', 256 * 1024);
	assert_body_refused(0, 0, 0, (struct span){ text, SPLICE_MAX_TEXT + 8192 });
	edits.body[0].text = (struct span){ text, SPLICE_MAX_TEXT };
	assert_true(edits_valid(&edits, BODY));
	edits.body[1].text = (struct span){ text, 8192 };	/* together too long */
	assert_false(edits_valid(&edits, BODY));
	edits = good_edits();
	edits.body_n = SPLICE_MAX;
	edits.body[SPLICE_MAX - 1] = (struct splice){ .at = BODY };
	assert_true(edits_valid(&edits, BODY));
	edits.body_n = SPLICE_MAX + 1;
	assert_false(edits_valid(&edits, BODY));
	edits.body_n = SIZE_MAX;
	assert_false(edits_valid(&edits, BODY));
}

static bool header_valid(struct header_edit edit)
{
	struct edits edits = good_edits();

	edits.headers[1] = edit;
	return edits_valid(&edits, BODY);
}

#define EDIT(kind, name, value, index) ((struct header_edit){ (kind), SPAN(name), SPAN(value), (index) })

static void test_header_edits_refused(void **state)
{
	struct edits edits = good_edits();
	char *text = arena_alloc(&arena, 8192);

	(void)state;
	assert_true(header_valid(EDIT(HEADER_REPLACE, "subject", "", 1)));
	assert_true(header_valid(EDIT(HEADER_ADD, "MIME-Version", "1.0", 1)));
	assert_true(header_valid(EDIT(HEADER_REMOVE, "content-type", "", 1000)));
	assert_true(header_valid(EDIT(HEADER_REPLACE, "Subject", "a\n b\n\tc", 1)));
	/* names */
	assert_false(header_valid(EDIT(HEADER_REPLACE, "To", "x", 1)));
	assert_false(header_valid(EDIT(HEADER_ADD, "Bcc", "x", 1)));
	assert_false(header_valid(EDIT(HEADER_REMOVE, "Subject", "", 1)));
	assert_false(header_valid(EDIT(HEADER_REMOVE, "Received", "", 1)));
	assert_false(header_valid(EDIT(HEADER_REPLACE, "Content-Language", "x", 1)));
	assert_false(header_valid(EDIT(HEADER_ADD, "", "x", 1)));
	assert_false(header_valid(EDIT(HEADER_ADD, "Subject\0", "x", 1)));
	assert_false(header_valid(EDIT(HEADER_ADD, "Subject:", "x", 1)));
	assert_false(header_valid(EDIT(HEADER_REMOVE, "Content-X: y\nBcc", "", 1)));
	assert_false(header_valid(EDIT(HEADER_REMOVE, "Content-X\r", "", 1)));
	assert_false(header_valid(EDIT(HEADER_REMOVE, "Content- X", "", 1)));
	assert_false(header_valid(EDIT(HEADER_REMOVE, "Content-\xc3\xbc", "", 1)));
	/* values */
	assert_false(header_valid(EDIT(HEADER_REPLACE, "Subject", "a\nBcc: b", 1)));
	assert_false(header_valid(EDIT(HEADER_REPLACE, "Subject", "a\r\n b", 1)));
	assert_false(header_valid(EDIT(HEADER_REPLACE, "Subject", "a\rb", 1)));
	assert_false(header_valid(EDIT(HEADER_REPLACE, "Subject", "a\0b", 1)));
	assert_false(header_valid(EDIT(HEADER_REPLACE, "Subject", "a\n", 1)));
	assert_false(header_valid(EDIT(HEADER_REPLACE, "Subject", "\n", 1)));
	assert_false(header_valid(EDIT(HEADER_REPLACE, "Subject", "a\n\nb", 1)));
	assert_false(header_valid(EDIT(HEADER_REPLACE, "Subject", "a\n \n b", 1)));
	assert_false(header_valid(EDIT(HEADER_REPLACE, "Subject", "a\n \t", 1)));
	assert_false(header_valid(EDIT(HEADER_REPLACE, "Subject", "Gr\xc3\xbc", 1)));
	memset(text, 'x', 8192);
	assert_false(header_valid((struct header_edit){ HEADER_ADD, SPAN("Subject"), { text, 8192 }, 1 }));
	assert_false(header_valid((struct header_edit){ HEADER_REMOVE, { text, 8192 }, SPAN(""), 1 }));
	/* numbers */
	assert_false(header_valid(EDIT(HEADER_REPLACE, "Subject", "x", 0)));
	assert_false(header_valid(EDIT(HEADER_REPLACE, "Subject", "x", HEADER_MAX_FIELDS + 1)));
	assert_false(header_valid(EDIT((enum header_edit_kind)3, "Subject", "x", 1)));
	for (size_t i = 0; i < SPLICE_MAX_HEADERS; i++)
		edits.headers[i] = edits.headers[0];
	edits.headers_n = SPLICE_MAX_HEADERS;
	assert_true(edits_valid(&edits, BODY));
	edits.headers_n = SPLICE_MAX_HEADERS + 1;
	assert_false(edits_valid(&edits, BODY));
	edits.headers_n = SIZE_MAX;
	assert_false(edits_valid(&edits, BODY));
}

static void test_headers_are_found_by_index(void **state)
{
	struct subject s = read_subject(SPAN("Subject: one\nContent-X: 1\nSUBJECT: two\nContent-x: 2\n\nbody"));
	struct edits edits = {
		.headers = {
			{ HEADER_REPLACE, { "subject", 7 }, { "new\n fold", 9 }, 2 },
			{ HEADER_REMOVE, { "content-x", 9 }, { NULL, 0 }, 1 },
			{ HEADER_REPLACE, { "Subject", 7 }, { "never", 5 }, 3 },
			{ HEADER_ADD, { "X-Whybounce", 11 }, { "1", 1 }, 1 },
		},
		.headers_n = 4,
	};

	(void)state;
	assert_span(applied(&s, &edits), "Subject: one\nsubject: new\n fold\nContent-x: 2\nX-Whybounce: 1\n\nbody");
	s = read_subject(SPAN("A: 1\r\nSubject: one\r\n two\r\n\r\n"));
	edits.headers[0].index = 1;
	assert_span(applied(&s, &edits), "A: 1\r\nsubject: new\r\n fold\r\nX-Whybounce: 1\r\n\r\n");
	s = read_subject(SPAN("A: 1"));	/* it ends within its header */
	assert_span(applied(&s, &edits), "A: 1\nX-Whybounce: 1\n\n");
	s = read_subject(SPAN("A: 1\nSubject: cut of"));
	assert_span(applied(&s, &edits), "A: 1\nsubject: new\n fold\nX-Whybounce: 1\n\n");
	s = read_subject(SPAN("A: 1\nContent-X: cut of"));
	assert_span(applied(&s, &edits), "A: 1\nX-Whybounce: 1\n\n");
	s = read_subject(SPAN("Subject: x\nno header any more, nor an empty line\n"));
	assert_span(applied(&s, &edits), "subject: new\n fold\nX-Whybounce: 1\n\nno header any more, nor an empty line\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_arena(test_plans),
		with_arena(test_plan_by_length),
		with_arena(test_message_that_is_a_header),
		with_arena(test_strange_line_in_the_header),
		with_arena(test_left_alone),
		with_arena(test_every_shape),
		with_arena(test_one_to_the_byte),
		with_arena(test_cut_off_anywhere),
		with_arena(test_the_text_that_is_quoted),
		with_arena(test_boundary_that_is_taken),
		with_arena(test_words_too_long),
		with_arena(test_more_content_fields_than_edits),
		with_arena(test_header_injection),
		with_arena(test_no_memory),
		with_arena(test_body_edits_refused),
		with_arena(test_header_edits_refused),
		with_arena(test_headers_are_found_by_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
