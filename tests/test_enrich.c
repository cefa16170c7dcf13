/* The pipeline: which bounces are explained, and what their readers may see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/enrich.h"
#include "settings.h"

/* A bounce for TO about a message from FROM, with MORE header fields. */
#define BOUNCE(MORE, TO, FROM) \
	"From: MAILER-DAEMON@mx.example.net (Mail Delivery System)\r\n" \
	"To: " TO "\r\nSubject: Undelivered Mail Returned to Sender\r\n" MORE \
	"MIME-Version: 1.0\r\n" \
	"Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n" \
	"--b\r\nContent-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n" \
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n" \
	"Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; kim@example.net\r\n" \
	"Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\r\n" \
	"--b\r\nContent-Type: message/rfc822\r\n\r\n" \
	"From: Anna Example <" FROM ">\r\nTo: kim@example.net\r\nSubject: Lunch\r\n\r\nHello.\r\n" \
	"--b--\r\n"

#define SIGNATURE "DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=s; h=from; bh=; b=\r\n"

static const char house[] = "organization: Example Ltd\ncontact: help@example.org\n"
			    "help_url: https://help.example.org/\n";
static const char ours[] = "local_domains: [example.org]\n";

/* What a configuration makes of things. */
struct stage {
	struct snapshot *snapshot;
	struct arena arena;
};

static void open_stage(struct stage *stage, const char *domains, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s%s%s", house, domains, more);
	stage->snapshot = snapshot_of_settings(text, "en");
	arena_init(&stage->arena, ENRICH_ARENA);
}

static void close_stage(struct stage *stage)
{
	arena_release(&stage->arena);
	snapshot_free(stage->snapshot);
}

/* ---- which ones are explained ---- */

static void assert_outcome(struct stage *stage, enum origin origin, struct span bounce,
			   enum outcome wanted, const char *reason)
{
	struct enrich_request request = { .message = bounce, .origin = origin };
	struct enrich_result result;

	enrich(stage->snapshot, &stage->arena, &request, &result);
	assert_int_equal(result.outcome, wanted);
	if (strstr(result.reason, reason) == NULL)
		fail_msg("the reason is \"%s\", not \"%s\"", result.reason, reason);
	arena_clear(&stage->arena);
}

static void test_inbound_decides_on_what_came_over_smtp(void **state)
{
	static const struct {
		const char *option;
		enum outcome plain, with_signature;
		const char *why_plain, *why_signed;
	} rows[] = {
		{ "", OUTCOME_EXPLAINED, OUTCOME_LEFT_ALONE, "", "DKIM signature" },
		{ "inbound: unsigned\n", OUTCOME_EXPLAINED, OUTCOME_LEFT_ALONE, "", "DKIM signature" },
		{ "inbound: all\n", OUTCOME_EXPLAINED, OUTCOME_EXPLAINED, "", "" },
		{ "inbound: none\n", OUTCOME_LEFT_ALONE, OUTCOME_LEFT_ALONE,
		  "inbound: none", "inbound: none" },
	};
	struct span plain = SPAN(BOUNCE("", "anna@example.org", "anna@example.org"));
	struct span with_signature = SPAN(BOUNCE(SIGNATURE, "anna@example.org", "anna@example.org"));

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stage stage;

		open_stage(&stage, ours, rows[i].option);
		assert_outcome(&stage, ORIGIN_INBOUND, plain, rows[i].plain, rows[i].why_plain);
		assert_outcome(&stage, ORIGIN_INBOUND, with_signature, rows[i].with_signature,
			       rows[i].why_signed);
		assert_outcome(&stage, ORIGIN_GENERATED, plain, OUTCOME_EXPLAINED, "");
		assert_outcome(&stage, ORIGIN_GENERATED, with_signature, OUTCOME_EXPLAINED, "");
		close_stage(&stage);
	}
}

/* Only a mark at the top counts: a returned message may be an explained bounce. */
static void test_once_is_enough(void **state)
{
	struct span marked = SPAN(BOUNCE("X-Whybounce: 9; cause=x; lang=en\r\n",
					 "anna@example.org", "anna@example.org"));
	struct span inside = SPAN(BOUNCE("", "anna@example.org",
					 "anna@example.org>\r\nX-Whybounce: 9; cause=x; lang=en"
					 "\r\nX-Rest: <"));
	struct stage stage;

	(void)state;
	open_stage(&stage, ours, "inbound: all\n");
	for (enum origin origin = ORIGIN_GENERATED; origin < ORIGIN_COUNT; origin++) {
		assert_outcome(&stage, origin, marked, OUTCOME_ALREADY, "");
		assert_outcome(&stage, origin, inside, OUTCOME_EXPLAINED, "");
	}
	close_stage(&stage);
}

/* A program reads it, which our words would break. */
static void test_notifications_are_left_alone(void **state)
{
	struct span notification = SPAN(
		"From: no-reply@sns.example\r\nTo: anna@example.org\r\nSubject: Notification\r\n\r\n"
		"{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":"
		"[{\"emailAddress\":\"kim@example.net\",\"status\":\"5.1.1\"}]}}\r\n");
	struct stage stage;

	(void)state;
	open_stage(&stage, ours, "inbound: all\n");
	for (enum origin origin = ORIGIN_GENERATED; origin < ORIGIN_COUNT; origin++)
		assert_outcome(&stage, origin, notification, OUTCOME_LEFT_ALONE, "for a program");
	close_stage(&stage);
}

/* ---- what is too large ---- */

/* n recipients, each with a cause of his own, and what `reply` says of each. */
static struct span large_bounce(struct arena *arena, unsigned n, const char *reply)
{
	static const char *const statuses[] = {
		"5.1.1", "5.1.2", "5.1.6", "5.2.1", "5.2.2", "5.2.3", "5.3.2", "5.3.4", "5.4.4", "5.4.6", "5.4.7",
		"5.7.8", "5.7.20", "5.7.25", "5.7.23",
	};
	struct buf text, report;

	buf_init(&text, arena, 1 << 20);
	buf_init(&report, arena, 1 << 20);
	for (unsigned i = 0; i < n; i++) {
		buf_addf(&text, "<r%u@example.net>: host mx.example.net said: 550 %s %s\n\n", i, statuses[i % 15], reply);
		buf_addf(&report, "Final-Recipient: rfc822; r%u@example.net\nAction: failed\nStatus: %s\n"
			 "Diagnostic-Code: smtp; 550 %s %s\n\n", i, statuses[i % 15], statuses[i % 15], reply);
	}
	return span_str(arena_printf(arena,
		"From: MAILER-DAEMON@mx.example.org\nTo: anna@example.org\nSubject: Undelivered\nMIME-Version: 1.0\n"
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n%s--b\n"
		"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n%s--b\n"
		"Content-Type: message/rfc822\n\nSubject: Lunch\n\nHello.\n--b--\n",
		buf_string(&text), buf_string(&report)));
}

/* However much there is to say: it is explained, and the first part is quoted or
 * kept. */
static void test_large_explanations_fit(void **state)
{
	static const char *const options[] = {
		"", "default_language: th\n", "default_language: th\nsecond_language: vi\n",
	};
	const char *replies[] = { "no", "see http://x.y.example/-/a.b.c", NULL, NULL };
	char dots[4000], pairs[4000];

	(void)state;
	memset(dots, '.', sizeof(dots) - 1);
	for (size_t i = 0; i < sizeof(pairs); i++)
		pairs[i] = i % 2 != 0 ? '.' : 'a';
	dots[sizeof(dots) - 1] = pairs[sizeof(pairs) - 1] = '\0';
	replies[2] = dots, replies[3] = pairs;
	for (size_t o = 0; o < 3; o++) {
		struct stage stage;

		open_stage(&stage, ours, options[o]);
		for (size_t r = 0; r < 4; r++)
			for (unsigned n = 1; n <= 60; n = n * 2 + 1) {
				struct enrich_request request = {
					.message = large_bounce(&stage.arena, n, replies[r]),
				};
				struct enrich_result result;
				struct span bytes = request.message;
				struct span body = span_from(bytes, span_find(bytes, 0, SPAN("\n\n")) + 2);
				struct span first = span_from(bytes, span_find(bytes, 0, SPAN("<r0@")));
				struct buf out;

				enrich(stage.snapshot, &stage.arena, &request, &result);
				if (result.outcome != OUTCOME_EXPLAINED)
					fail_msg("%u recipients, %s: %s", n, options[o], result.reason);
				buf_init(&out, &stage.arena, 4 << 20);
				splice_apply(&out, body, &result.edits);
				if (result.edits.body_n == 2)
					assert_true(span_find(buf_span(&out), 0, span_slice(first, 0, 100)) < out.n);
				arena_clear(&stage.arena);
			}
		close_stage(&stage);
	}
}

/* ---- who reads ---- */

static struct reader reader_of(struct stage *stage, enum origin origin, struct span bounce,
			       const char *rcpt)
{
	struct enrich_request request = { .origin = origin, .rcpt = span_str(rcpt) };
	struct reading reading;
	struct explanation explanation;
	struct error error;
	struct reader reader;

	if (enrich_read(stage->snapshot, &stage->arena, bounce, &reading, &error) != 0 ||
	    enrich_explain(stage->snapshot, &stage->arena, &reading, &request, &explanation,
			   &error) != 0)
		fail_msg("%s", error.text);
	reader = *explanation.reader;
	arena_clear(&stage->arena);
	return reader;
}

static void assert_house(struct reader reader, const char *organization)
{
	if (organization == NULL) {
		assert_null(reader.organization);
		assert_null(reader.contact);
	} else {
		assert_string_equal(reader.organization, organization);
		assert_string_equal(reader.contact, "help@example.org");
	}
	assert_string_equal(reader.help_url, "https://help.example.org/");
}

static void test_our_people_and_others(void **state)
{
	struct span bounce = SPAN(BOUNCE("", "anna@example.org", "anna@example.org"));
	struct stage stage;
	struct reader reader;

	(void)state;
	open_stage(&stage, ours, "domains: {example.org: {organization: Anna's}}\n");
	reader = reader_of(&stage, ORIGIN_GENERATED, bounce, "");
	assert_true(reader.inside && reader.ours);
	assert_house(reader, "Anna's");
	reader = reader_of(&stage, ORIGIN_GENERATED, bounce, "<stranger@example.com>");
	assert_true(!reader.inside && reader.ours);
	assert_house(reader, NULL);
	close_stage(&stage);
}

static void test_what_came_in_must_be_about_our_mail(void **state)
{
	struct span about_ours = SPAN(BOUNCE("", "anna@example.org", "anna@example.org"));
	struct span by_sender = SPAN(BOUNCE("", "anna@example.org",
					    "list@example.com>\r\nSender: <anna@Example.ORG"));
	struct span foreign = SPAN(BOUNCE("", "anna@example.org", "eve@example.com>\r\nReturn-Path: <anna@example.org"));
	struct stage stage;
	struct reader reader;

	(void)state;
	open_stage(&stage, ours, "");
	assert_house(reader_of(&stage, ORIGIN_INBOUND, about_ours, ""), "Example Ltd");
	assert_house(reader_of(&stage, ORIGIN_INBOUND, by_sender, ""), "Example Ltd");
	reader = reader_of(&stage, ORIGIN_INBOUND, foreign, "");
	assert_true(reader.inside && !reader.ours);
	assert_house(reader, NULL);
	reader = reader_of(&stage, ORIGIN_INBOUND, about_ours, "stranger@example.com");
	assert_true(!reader.inside && reader.ours);
	assert_house(reader, NULL);
	assert_true(reader_of(&stage, ORIGIN_GENERATED, foreign, "").ours);
	close_stage(&stage);
}

/* Without local_domains nothing ties an inbound bounce to us. */
static void test_no_local_domains(void **state)
{
	struct span bounce = SPAN(BOUNCE("", "anna@example.org", "anna@example.org"));
	struct stage stage;
	struct reader reader;

	(void)state;
	open_stage(&stage, "", "");
	reader = reader_of(&stage, ORIGIN_GENERATED, bounce, "stranger@example.com");
	assert_true(reader.inside && reader.ours);
	assert_house(reader, "Example Ltd");
	reader = reader_of(&stage, ORIGIN_INBOUND, bounce, "");
	assert_true(!reader.inside && !reader.ours);
	assert_house(reader, NULL);
	close_stage(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inbound_decides_on_what_came_over_smtp),
		cmocka_unit_test(test_once_is_enough),
		cmocka_unit_test(test_notifications_are_left_alone),
		cmocka_unit_test(test_large_explanations_fit),
		cmocka_unit_test(test_our_people_and_others),
		cmocka_unit_test(test_what_came_in_must_be_about_our_mail),
		cmocka_unit_test(test_no_local_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
