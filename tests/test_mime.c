#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena_fixture.h"
#include "mail/message.h"
#include "support.h"

static struct mime_part *parse(struct span message)
{
	struct mime_part *root = NULL;

	assert_int_equal(mime_parse(&arena, message, &root), 0);
	assert_non_null(root);
	return root;
}

#define PARSE(literal) parse(SPAN(literal))

static size_t count(const struct mime_part *first)
{
	size_t n = 0;

	for (; first != NULL; first = first->next)
		n++;
	return n;
}

static void test_single(void **state)
{
	struct mime_part *root = PARSE("Subject: x\n\nbody\nmore");

	(void)state;
	assert_span(root->head, "Subject: x\n\n");
	assert_span(root->body, "body\nmore");
	assert_true(content_type_is(&root->type, "text", "plain"));
	assert_false(root->type_stated);
	assert_null(root->child);
	assert_span(PARSE("")->body, "");
	assert_span(PARSE("Subject: x\n")->body, "");
	assert_span(PARSE("\nbody")->body, "body");
}

static void test_multipart(void **state)
{
	struct mime_part *root = PARSE(
		"Content-Type: multipart/mixed; boundary=\"b b\"\r\n\r\n"
		"preamble\r\n--b b \t\r\n\r\none\r\n\r\n--b b\r\nContent-Type: text/html\r\n\r\ntwo\r\n"
		"--b b--\r\nepilogue\r\n--b b\r\n");
	struct mime_part *one = root->child, *two = one->next;

	(void)state;
	assert_int_equal(count(one), 2);
	assert_true(root->closed);
	assert_span(root->first_boundary, "--b b \t\r\n");
	assert_span(one->head, "\r\n");
	assert_span(one->body, "one\r\n");
	assert_span(two->body, "two");
	assert_true(content_type_is(&two->type, "text", "html"));
	assert_true(two->parent == root);
}

static void test_missing_close(void **state)
{
	struct mime_part *root = PARSE(
		"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n");

	(void)state;
	assert_false(root->closed);
	assert_int_equal(count(root->child), 2);
	assert_span(root->child->next->body, "two\n");
}

/* A boundary that is another's prefix, and lines that only look like one. */
static void test_lookalikes(void **state)
{
	struct mime_part *root = PARSE(
		"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
		"Content-Type: multipart/alternative; boundary=bb\n\n"
		"--bb\n\ninner\n--bbb\n--b-\n--b x\n -\n--bb--\n--b--\n");

	(void)state;
	assert_int_equal(count(root->child), 1);
	assert_int_equal(count(root->child->child), 1);
	assert_span(root->child->child->body, "inner\n--bbb\n--b-\n--b x\n -");
	assert_true(root->closed && root->child->closed);
}

/* An outer boundary ends inner parts that were never closed. */
static void test_outer_ends_inner(void **state)
{
	struct mime_part *root = PARSE(
		"Content-Type: multipart/mixed; boundary=o\n\n--o\n"
		"Content-Type: multipart/mixed; boundary=i\n\n--i\n\nx\n--o\n\ny\n--o--\n");

	(void)state;
	assert_int_equal(count(root->child), 2);
	assert_span(root->child->child->body, "x");
	assert_false(root->child->closed);
	assert_span(root->child->next->body, "y");
}

static void test_nested_message(void **state)
{
	struct mime_part *root = PARSE(
		"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
		"Subject: inner\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\ndeep\n--c--\n--b--\n");
	struct mime_part *message = root->child, *inner = message->child;

	(void)state;
	assert_true(content_type_is(&message->type, "message", "rfc822"));
	assert_non_null(headers_find(&inner->headers, "subject"));
	assert_span(inner->child->body, "deep");
	assert_true(span_within(inner->all, message->body));
	assert_null(mime_next(root, message));
	assert_true(mime_next(root, root) == message);
}

/* A boundary line inside a head ends it, even without an empty line. */
static void test_head_ends_at_boundary(void **state)
{
	struct mime_part *root = PARSE(
		"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\n--b\n\n--b--");

	(void)state;
	assert_int_equal(count(root->child), 3);
	assert_span(root->child->head, "Content-Type: text/html");
	assert_span(root->child->body, "");
	assert_span(root->child->next->all, "");
	assert_span(root->child->next->next->all, "");
}

static void test_digest_default(void **state)
{
	struct mime_part *root = PARSE(
		"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\nx\n--b--\n");

	(void)state;
	assert_true(content_type_is(&root->child->type, "message", "rfc822"));
	assert_span(root->child->child->body, "x");
}

static void test_text_is_decoded(void **state)
{
	struct mime_part *root = PARSE(
		"Content-Type: text/plain; charset=iso-8859-15\n"
		"Content-Transfer-Encoding: quoted-printable\n\n=A4 10=\n0 gr=FC=DFe");

	(void)state;
	assert_span(mime_text(&arena, root, 1000), "€ 100 grüße");
	assert_span(mime_decoded(&arena, root, 3), "\xa4 1");
	/* called UTF-8 by mistake, and UTF-8 that is damaged */
	root = PARSE("Content-Type: text/plain; charset=utf-8\n\n\xfc""berf\xfcllt");
	assert_span(mime_text(&arena, root, 1000), "überfüllt");
	root = PARSE("Content-Type: text/plain; charset=utf-8\n\nüberf\xfcllt");
	assert_span(mime_text(&arena, root, 1000), "überf\xef\xbf\xbdllt");
}

static void test_depth_and_part_limits(void **state)
{
	char deep[20000] = "", *p = deep;
	char *wide = malloc(200000), *w = wide;
	struct mime_part *root;
	size_t depth = 0;

	(void)state;
	for (int i = 0; i < 60; i++)
		p += sprintf(p, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	root = parse(span_str(deep));
	for (const struct mime_part *part = root; part != NULL; part = part->child)
		depth++;
	assert_in_range(depth, 2, MIME_MAX_DEPTH + 1);
	w += sprintf(w, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 5000; i++)
		w += sprintf(w, "--b\n\nx\n");
	root = parse(span_str(wide));
	assert_in_range(count(root->child), 100, MIME_MAX_PARTS);
	free(wide);
}

static void test_out_of_memory(void **state)
{
	static const char text[] = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\n\ny\n--b--\n";

	(void)state;
	for (size_t limit = 0; limit < 8192; limit += 64) {
		struct arena small;
		struct mime_part *root;

		arena_init(&small, limit);
		if (mime_parse(&small, span_str(text), &root) == 0)
			assert_int_equal(count(root->child), 2);
		arena_release(&small);
	}
}

static void test_boundary_occurs(void **state)
{
	struct span text = SPAN("x\n--abc--\ny --qqqq\n");

	(void)state;
	assert_true(mime_boundary_occurs(text, SPAN("abc")));
	assert_true(mime_boundary_occurs(text, SPAN("abcdef")));
	assert_true(mime_boundary_occurs(text, SPAN("ab")));
	assert_true(mime_boundary_occurs(text, SPAN("qqqq")));
	assert_false(mime_boundary_occurs(text, SPAN("qqqqq")));
	assert_false(mime_boundary_occurs(text, SPAN("xyz")));
}

static void test_message(void **state)
{
	struct message message;
	struct error error;

	(void)state;
	assert_int_equal(message_parse(&arena, SPAN("From a Mon\nSubject: x\r\n\r\nb"), &message, &error), 0);
	assert_string_equal(message.eol, "\r\n");
	assert_span(message.body, "b");
	assert_int_equal(message_parse(&arena, SPAN(""), &message, &error), -1);
	assert_non_null(strstr(error.text, "empty"));
	assert_int_equal(message_parse(&arena, SPAN("\x7f" "ELF\0\n\n"), &message, &error), -1);
	assert_int_equal(message_parse(&arena, SPAN("hello\nSubject: x\n\n"), &message, &error), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_arena(test_single),
		with_arena(test_multipart),
		with_arena(test_missing_close),
		with_arena(test_lookalikes),
		with_arena(test_outer_ends_inner),
		with_arena(test_nested_message),
		with_arena(test_head_ends_at_boundary),
		with_arena(test_digest_default),
		with_arena(test_text_is_decoded),
		with_arena(test_depth_and_part_limits),
		with_arena(test_out_of_memory),
		with_arena(test_boundary_occurs),
		with_arena(test_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
