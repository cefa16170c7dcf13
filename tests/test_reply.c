/* Replies: where the codes stand, and what words are left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "why/reply.h"

struct sample {
	const char *raw, *code, *status, *text;
};

static void check(struct arena *arena, const struct sample *s)
{
	struct reply reply;

	reply_parse(arena, span_str(s->raw), &reply);
	if (!span_eq(reply.code, span_str(s->code)) ||
	    !span_eq(reply.status, span_str(s->status)) ||
	    !span_eq(reply.text, span_str(s->text)))
		fail_msg("\"%s\": got \"%.*s\", \"%.*s\", \"%.*s\"", s->raw, SPAN_FMT(reply.code),
			 SPAN_FMT(reply.status), SPAN_FMT(reply.text));
}

static void check_all(const struct sample *samples, size_t n)
{
	struct arena arena;

	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < n; i++)
		check(&arena, &samples[i]);
	arena_release(&arena);
}

static void test_shapes(void **state)
{
	static const struct sample samples[] = {
		{ "550 5.1.1 no such user", "550", "5.1.1", "no such user" },
		{ "550 #5.1.0 Address rejected.", "550", "5.1.0", "Address rejected." },
		{ "550-#5.1.0 Address rejected.", "550", "5.1.0", "Address rejected." },
		{ "501: 5.1.8 Sender rejected", "501", "5.1.8", "Sender rejected" },
		{ "no such user (#5.1.1)", "", "5.1.1", "no such user (#5.1.1)" },
		{ "5.2.2 full", "", "5.2.2", "full" },
		{ "#5.2.2 full", "", "5.2.2", "full" },
		{ "550", "550", "", "" },
		{ "", "", "", "" },
		{ "  \r\n ", "", "", "" },
		{ "User unknown", "", "", "User unknown" },
		{ "553 sorry", "553", "", "sorry" },
	};

	(void)state;
	check_all(samples, sizeof(samples) / sizeof(*samples));
}

static void test_multi_line(void **state)
{
	static const struct sample samples[] = {
		{ "550-5.1.1 The account\r\n550-5.1.1 does not\r\n550 5.1.1 exist", "550", "5.1.1",
		  "The account does not exist" },
		{ "550-5.1.1 The account 550-5.1.1 does not 550 5.1.1 exist", "550", "5.1.1",
		  "The account does not exist" },
		{ "554-mail.example (x)\n554-No SMTP service\n554 see there", "554", "",
		  "mail.example (x) No SMTP service see there" },
		{ "554-mail.example (x) 554-No SMTP service", "554", "",
		  "mail.example (x) No SMTP service" },
		{ "550 a 503 b", "550", "", "a 503 b" },
		{ "354 go ahead\n451 4.3.0 queue file write error", "451", "4.3.0",
		  "354 go ahead queue file write error" },
		{ "550\n550 again", "550", "", "again" },
	};

	(void)state;
	check_all(samples, sizeof(samples) / sizeof(*samples));
}

static void test_wrapped(void **state)
{
	static const struct sample samples[] = {
		{ "host mx.example.org[192.0.2.1] said: 550 5.7.1 Access denied", "550", "5.7.1",
		  "host mx.example.org[192.0.2.1] said: Access denied" },
		{ "Remote Server returned '550 5.1.1 unknown'", "550", "5.1.1",
		  "Remote Server returned '550 5.1.1 unknown'" },
		{ "smtp; 452 4.2.2 full", "452", "4.2.2", "smtp; full" },
	};

	(void)state;
	check_all(samples, sizeof(samples) / sizeof(*samples));
}

static void test_specific_status_counts(void **state)
{
	static const struct sample samples[] = {
		{ "550 5.0.0 relayed: 550 5.1.1 unknown", "550", "5.1.1",
		  "5.0.0 relayed: unknown" },
		{ "550 5.0.0 nothing more", "550", "5.0.0", "nothing more" },
		{ "250 2.1.5 ok", "250", "2.1.5", "ok" },
		{ "550 server version 5.7.1 says no", "550", "", "server version 5.7.1 says no" },
	};

	(void)state;
	check_all(samples, sizeof(samples) / sizeof(*samples));
}

static void test_numbers_that_are_no_codes(void **state)
{
	static const struct sample samples[] = {
		{ "address 192.0.2.550 and 10.5.1.1", "", "", "address 192.0.2.550 and 10.5.1.1" },
		{ "a message of 550 bytes", "", "", "a message of 550 bytes" },
		{ "5501 things", "", "", "5501 things" },
		{ "199 low", "", "", "199 low" },
		{ "600 high", "", "", "600 high" },
		{ "550@example.org unknown", "", "", "550@example.org unknown" },
		{ "4.2.2.1 is an address", "", "", "4.2.2.1 is an address" },
	};

	(void)state;
	check_all(samples, sizeof(samples) / sizeof(*samples));
}

static void test_status_length(void **state)
{
	static const struct { const char *text; size_t n; } rows[] = {
		{ "5.1.1", 5 }, { "5.1.1 x", 5 }, { "5.7.509.", 7 }, { "4.10.123", 8 },
		{ "2.0.0", 5 }, { "3.0.0", 0 }, { "5.1", 0 }, { "5.1.", 0 }, { "5..1", 0 },
		{ "5.1.1.1", 0 }, { "5.1.1234", 0 }, { "5.1234.1", 0 }, { "5.1.1a", 0 },
		{ "", 0 }, { "55.1.1", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (status_length(span_str(rows[i].text)) != rows[i].n)
			fail_msg("%s", rows[i].text);
	assert_int_equal(status_length((struct span){ NULL, 0 }), 0);
}

static void test_reply_code_length(void **state)
{
	static const struct { const char *text; size_t n; } rows[] = {
		{ "550", 3 }, { "550 x", 3 }, { "550-x", 3 }, { "550#5.1.1", 3 }, { "550.", 3 },
		{ "550: x", 3 }, { "550.1", 0 }, { "550:1", 0 }, { "550a", 0 }, { "5500", 0 },
		{ "55", 0 }, { "", 0 }, { "150", 0 }, { "600", 0 }, { "550/2", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (reply_code_length(span_str(rows[i].text)) != rows[i].n)
			fail_msg("%s", rows[i].text);
}

static void test_vague(void **state)
{
	(void)state;
	assert_true(status_is_vague(SPAN("5.0.0")));
	assert_true(status_is_vague(SPAN("4.0.0")));
	assert_true(status_is_vague(SPAN("5.0")));
	assert_true(status_is_vague(SPAN("")));
	assert_false(status_is_vague(SPAN("5.1.0")));
	assert_false(status_is_vague(SPAN("5.0.1")));
}

/* Cut anywhere, a reply is still read inside its bounds (ASan watches). */
static void test_every_cut(void **state)
{
	static const char raw[] = "550-5.7.26 a\r\n550-5.7.26 b 550 5.7.26 #5.7.26 c\r\n550";
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (size_t n = 0; n < sizeof(raw); n++) {
		char *copy = malloc(n + 1);
		struct reply reply;

		assert_non_null(copy);
		memcpy(copy, raw, n);
		reply_parse(&arena, (struct span){ copy, n }, &reply);
		assert_true(reply.text.n <= n);
		assert_true(reply.code.n == (n >= 3 ? 3 : 0));
		free(copy);
	}
	arena_release(&arena);
}

static void test_room_is_a_bound(void **state)
{
	char room[8];
	struct reply reply;

	(void)state;
	reply_parse_into(room, sizeof(room), SPAN("550 abcdefghijk"), &reply);
	assert_true(span_eq(reply.text, SPAN("abcd")));
	reply_parse_into(room, 0, SPAN("550 abc"), &reply);
	assert_int_equal(reply.text.n, 0);
}

static void test_out_of_memory(void **state)
{
	struct arena arena;
	struct reply reply;

	(void)state;
	arena_init(&arena, 4);
	reply_parse(&arena, SPAN("550 a reply that is longer than the arena"), &reply);
	assert_int_equal(reply.text.n, 0);
	assert_true(arena.failed);
	arena_release(&arena);
}

/* Words, blanks and codes without end are read once, not over and over. */
static void test_hostile(void **state)
{
	static const char *const units[] = { "550 ", "550-", " ", "5.", "550 5.1.1 ", "a", ":550" };
	enum { SIZE = 1 << 20 };
	struct arena arena;

	(void)state;
	for (size_t u = 0; u < sizeof(units) / sizeof(*units); u++) {
		size_t n = strlen(units[u]);
		char *raw = malloc(SIZE);
		struct reply reply;

		assert_non_null(raw);
		for (size_t i = 0; i < SIZE; i++)
			raw[i] = units[u][i % n];
		arena_init(&arena, 4 * (size_t)SIZE);
		reply_parse(&arena, (struct span){ raw, SIZE }, &reply);
		assert_true(reply.text.n <= SIZE);
		arena_release(&arena);
		free(raw);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_multi_line),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_specific_status_counts),
		cmocka_unit_test(test_numbers_that_are_no_codes),
		cmocka_unit_test(test_status_length),
		cmocka_unit_test(test_reply_code_length),
		cmocka_unit_test(test_vague),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_room_is_a_bound),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
