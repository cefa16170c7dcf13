/* wire.h: what the front takes from a worker, and all that it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena_fixture.h"
#include "daemon/wire.h"
#include "support.h"

enum { BODY = 1000 };

static struct enrich_result result_of_all_kinds(void)
{
	return (struct enrich_result){
		.outcome = OUTCOME_EXPLAINED, .recipients = 3, .causes = "user_unknown,mailbox_full",
		.language = "de", .reason = "none",
		.tally = {
			.kinds = { { "user_unknown", "Gmail", ACTION_FAILED, 2 }, { "mailbox_full", "", ACTION_DELAYED, 1 } },
			.kinds_n = 2,
			.checks = { { "spf", "fail", 1 } }, .checks_n = 1,
			.probe_ms = 1234,
		},
		.edits = {
			.body = { { 10, 20, { "text\n", 5 } }, { 990, 10, { "", 0 } } }, .body_n = 2,
			.headers = { { HEADER_REPLACE, { "Subject", 7 }, { "a\n b", 4 }, 1 },
				     { HEADER_REMOVE, { "Content-Language", 16 }, { "", 0 }, 2 } },
			.headers_n = 2,
		},
	};
}

static struct span written(const struct enrich_result *result)
{
	struct buf out;

	buf_init(&out, &arena, WIRE_MAX);
	wire_write(&out, result);
	assert_false(out.failed);
	return buf_span(&out);
}

static bool reads(struct span bytes)
{
	struct enrich_result result;

	return wire_read(bytes, BODY, &result) == 0;
}

static void assert_same(const struct enrich_result *a, const struct enrich_result *b)
{
	assert_int_equal(a->outcome, b->outcome);
	assert_int_equal(a->recipients, b->recipients);
	assert_string_equal(a->causes, b->causes);
	assert_string_equal(a->language, b->language);
	assert_string_equal(a->reason, b->reason);
	assert_int_equal(a->edits.body_n, b->edits.body_n);
	for (size_t i = 0; i < a->edits.body_n; i++) {
		assert_int_equal(a->edits.body[i].at, b->edits.body[i].at);
		assert_int_equal(a->edits.body[i].length, b->edits.body[i].length);
		assert_true(span_eq(a->edits.body[i].text, b->edits.body[i].text));
	}
	assert_int_equal(a->edits.headers_n, b->edits.headers_n);
	for (size_t i = 0; i < a->edits.headers_n; i++) {
		assert_int_equal(a->edits.headers[i].kind, b->edits.headers[i].kind);
		assert_int_equal(a->edits.headers[i].index, b->edits.headers[i].index);
		assert_true(span_eq(a->edits.headers[i].name, b->edits.headers[i].name));
		assert_true(span_eq(a->edits.headers[i].value, b->edits.headers[i].value));
	}
	assert_int_equal(a->tally.kinds_n, b->tally.kinds_n);
	for (size_t i = 0; i < a->tally.kinds_n; i++) {
		assert_string_equal(a->tally.kinds[i].family, b->tally.kinds[i].family);
		assert_string_equal(a->tally.kinds[i].provider, b->tally.kinds[i].provider);
		assert_int_equal(a->tally.kinds[i].action, b->tally.kinds[i].action);
		assert_int_equal(a->tally.kinds[i].n, b->tally.kinds[i].n);
	}
	assert_int_equal(a->tally.checks_n, b->tally.checks_n);
	assert_int_equal(a->tally.probe_ms, b->tally.probe_ms);
}

static void test_there_and_back(void **state)
{
	struct enrich_result one = result_of_all_kinds(), none = { .outcome = OUTCOME_NOT_A_BOUNCE }, back;
	struct span bytes = written(&one);

	(void)state;
	assert_int_equal(wire_read(bytes, BODY, &back), 0);
	assert_same(&one, &back);
	for (size_t i = 0; i < back.edits.body_n; i++)
		assert_true(span_within(back.edits.body[i].text, bytes));
	assert_int_equal(wire_read(written(&none), 0, &back), 0);
	assert_same(&none, &back);
}

static void test_every_outcome(void **state)
{
	(void)state;
	for (enum outcome outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
		struct enrich_result one = { .outcome = outcome }, back;

		assert_int_equal(wire_read(written(&one), BODY, &back), 0);
		assert_int_equal(back.outcome, outcome);
		assert_true(outcome_name(outcome)[0] != '\0');
	}
}

/* A provider of knowledge.d may be called anything: no bounce is lost for it. */
static void test_words_beyond_ascii(void **state)
{
	struct enrich_result one = result_of_all_kinds(), back;

	(void)state;
	snprintf(one.tally.kinds[0].provider, TALLY_NAME, "Bücher\n\x7f");
	snprintf(one.reason, sizeof(one.reason), "it’s broken\r");
	assert_int_equal(wire_read(written(&one), BODY, &back), 0);
	assert_string_equal(back.tally.kinds[0].provider, "B??cher??");
	assert_string_equal(back.reason, "it???s broken?");
}

static void test_cut_off_and_longer(void **state)
{
	struct enrich_result one = result_of_all_kinds();
	struct span bytes = written(&one);
	char *longer = arena_alloc(&arena, bytes.n + 16);

	(void)state;
	for (size_t n = 0; n < bytes.n; n++)
		assert_false(reads(span_slice(bytes, 0, n)));
	memcpy(longer, bytes.p, bytes.n);
	for (size_t more = 1; more <= 16; more++)
		assert_false(reads((struct span){ longer, bytes.n + more }));
	assert_false(reads((struct span){ NULL, 0 }));
}

/* A byte of it is another one: refused, or edits that we could have made. */
static void test_every_byte_changed(void **state)
{
	static const int changes[] = { 1, 2, 0x80, 0xff, 0x55 };
	struct enrich_result one = result_of_all_kinds();
	struct span bytes = written(&one);
	char *other = arena_alloc(&arena, bytes.n);
	size_t refused = 0;

	(void)state;
	for (size_t i = 0; i < bytes.n; i++)
		for (size_t c = 0; c < 5; c++) {
			struct enrich_result back;

			memcpy(other, bytes.p, bytes.n);
			other[i] = (char)(unsigned char)(other[i] ^ changes[c]);
			if (wire_read((struct span){ other, bytes.n }, BODY, &back) != 0) {
				refused++;
				continue;
			}
			assert_true(edits_valid(&back.edits, BODY));
			assert_true(back.outcome < OUTCOME_COUNT && back.recipients <= BOUNCE_MAX_RECIPIENTS);
			assert_true(strlen(back.causes) < sizeof(back.causes));
			for (size_t e = 0; e < back.edits.body_n; e++)
				assert_true(span_within(back.edits.body[e].text, (struct span){ other, bytes.n }));
		}
	assert_true(refused > bytes.n);
	assert_false(reads((struct span){ memset(other, 0xff, bytes.n), bytes.n }));
	assert_false(reads((struct span){ memset(other, 0, bytes.n), bytes.n }));
}

/* ---- one thing wrong at a time ---- */

#define REFUSED(change) do { \
	struct enrich_result r = result_of_all_kinds(); \
	change; \
	assert_false(reads(written(&r))); \
} while (0)

static void test_numbers_out_of_range(void **state)
{
	(void)state;
	REFUSED(r.outcome = OUTCOME_COUNT);
	REFUSED(r.outcome = (enum outcome)1000000);
	REFUSED(r.recipients = BOUNCE_MAX_RECIPIENTS + 1);
	REFUSED(r.recipients = SIZE_MAX);
	REFUSED(r.tally.kinds[0].action = (enum dsn_action)(ACTION_UNKNOWN + 1));
	REFUSED(r.tally.kinds[0].n = BOUNCE_MAX_RECIPIENTS + 1);
	REFUSED(r.tally.checks[0].n = BOUNCE_MAX_RECIPIENTS + 1);
	REFUSED(r.edits.headers[0].kind = (enum header_edit_kind)3);
	REFUSED(r.edits.headers[0].index = 0);
	REFUSED(r.edits.headers[0].index = HEADER_MAX_FIELDS + 1);
}

static void test_edits_that_are_not_ours(void **state)
{
	(void)state;
	REFUSED(r.edits.body[0].at = 5000);
	REFUSED(r.edits.body[0].length = SIZE_MAX);
	REFUSED(r.edits.body[1].at = 29);	/* before the end of the first */
	REFUSED(r.edits.body[1].length = 11);	/* behind the end of the body */
	REFUSED(r.edits.body[0].text = SPAN("Gr\xc3\xbc"));
	REFUSED(r.edits.body[0].text = SPAN("a\0b"));
	REFUSED(r.edits.headers[0].name = SPAN("Bcc"));
	REFUSED(r.edits.headers[0].name = SPAN(""));
	REFUSED(r.edits.headers[0].value = SPAN("a\nBcc: b"));
	REFUSED(r.edits.headers[0].value = SPAN("a\r\n b"));
	REFUSED(r.edits.headers[1].name = SPAN("Received"));
}

/* Counts larger than what is there, and larger than there may be. */
static void test_counts(void **state)
{
	struct enrich_result one = { .outcome = OUTCOME_EXPLAINED };
	struct span bytes = written(&one);
	static const uint64_t counts[] = { 1, 2, 12, 13, 17, 1000, UINT32_MAX, UINT64_MAX / 8, UINT64_MAX };

	(void)state;
	for (size_t at = 3 * sizeof(uint64_t); at < bytes.n; at += sizeof(uint64_t)) {
		bool is_time = at == bytes.n - 3 * sizeof(uint64_t);	/* what the DNS took */

		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
			char *other = arena_string(&arena, bytes);

			memcpy(other + at, &counts[i], sizeof(counts[i]));
			if (!is_time || counts[i] > UINT32_MAX)
				assert_false(reads((struct span){ other, bytes.n }));
		}
	}
}

/* Words longer than their room, whoever wrote them. */
static void test_long_words(void **state)
{
	struct enrich_result one = { .outcome = OUTCOME_FAILED };
	struct span bytes;
	struct buf out;
	uint64_t n = sizeof(one.causes);

	(void)state;
	memset(one.causes, 'x', sizeof(one.causes) - 1);
	bytes = written(&one);
	assert_true(reads(bytes));
	buf_init(&out, &arena, WIRE_MAX);	/* one letter more */
	buf_add(&out, span_slice(bytes, 0, 3 * sizeof(n)));
	buf_add(&out, (struct span){ (const char *)&n, sizeof(n) });
	buf_addc(&out, 'x');
	buf_add(&out, span_from(bytes, 4 * sizeof(n)));
	assert_false(reads(buf_span(&out)));
}

static void test_no_room(void **state)
{
	struct enrich_result one = result_of_all_kinds();
	size_t n = written(&one).n;

	(void)state;
	for (size_t limit = 0; limit < n; limit++) {
		struct buf out;

		buf_init(&out, &arena, limit);
		wire_write(&out, &one);
		assert_true(out.failed);
	}
}

#define TEST(name) with_arena(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_there_and_back), TEST(test_every_outcome), TEST(test_words_beyond_ascii),
		TEST(test_cut_off_and_longer), TEST(test_every_byte_changed), TEST(test_numbers_out_of_range),
		TEST(test_edits_that_are_not_ours), TEST(test_counts), TEST(test_long_words), TEST(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
