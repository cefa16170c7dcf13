/* explain.h and its layouts: what a reader is told, whatever the bounce says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "core/enrich.h"
#include "say/layout.h"
#include "settings.h"
#include "support.h"

static struct snapshot *snapshot;
static struct arena arena;

static int load(void **state)
{
	(void)state;
	snapshot = snapshot_of_settings("mode: explain\n", NULL);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	snapshot_free(snapshot);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, ENRICH_ARENA);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* ---- bounces ---- */

#define GROUP(RECIPIENT, ACTION, STATUS, CODE) \
	"Final-Recipient: rfc822; " RECIPIENT "\nAction: " ACTION "\nStatus: " STATUS "\n" \
	"Diagnostic-Code: smtp; " CODE "\nRemote-MTA: dns; mx.example.net\n\n"

/* A bounce about these groups, of a message with these header fields. */
static struct span bounce_about(const char *groups, const char *returned)
{
	const char *text = arena_printf(&arena,
		"From: MAILER-DAEMON@mx.example.org\nTo: anna@example.org\nSubject: Undelivered Mail\n"
		"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
		"--b\n\nYour mail was returned.\n--b\nContent-Type: message/delivery-status\n\n"
		"Reporting-MTA: dns; mx.example.org\n\n%s--b\nContent-Type: message/rfc822\n\n%s\nHello.\n--b--\n",
		groups, returned);

	return span_str(text);
}

#define LETTER "From: Anna <anna@example.org>\nSubject: Lunch\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n"

static struct explanation explained(struct span bytes, const char *tag)
{
	struct reading *reading = arena_alloc(&arena, sizeof(*reading));
	struct enrich_request request = { .language = tag };
	struct explanation e = { .n = 0 };
	struct error error;

	if (enrich_read(snapshot, &arena, bytes, reading, &error) != 0 ||
	    enrich_explain(snapshot, &arena, reading, &request, &e, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_not_equal(reading->bounce.shape, BOUNCE_NOT);
	return e;
}

static struct explanation about(const char *groups)
{
	return explained(bounce_about(groups, LETTER), "en");
}

static struct span laid_out(void (*layout)(struct buf *, const struct explanation *),
			    const struct explanation *e)
{
	struct buf out;

	buf_init(&out, &arena, 4 << 20);
	layout(&out, e);
	assert_false(out.failed);
	assert_true(utf8_is_valid(buf_span(&out)));
	return buf_span(&out);
}

static bool holds(struct span s, const char *part)
{
	return span_find(s, 0, span_str(part)) < s.n;
}

static const char *label(const struct explanation *e, enum label which)
{
	return language_label(e->language, which);
}

/* ---- the title and the subject ---- */

static void test_titles(void **state)
{
	static const struct { const char *action; enum label one, many, subject; } rows[] = {
		{ "failed", LABEL_TITLE_FAILED_TO, LABEL_TITLE_FAILED_MANY, LABEL_SUBJECT_FAILED },
		{ "delayed", LABEL_TITLE_DELAYED_TO, LABEL_TITLE_DELAYED_MANY, LABEL_SUBJECT_DELAYED },
		{ "delivered", LABEL_TITLE_DELIVERED_TO, LABEL_TITLE_DELIVERED_MANY, LABEL_SUBJECT_DELIVERED },
		{ "relayed", LABEL_TITLE_RELAYED_TO, LABEL_TITLE_RELAYED_MANY, LABEL_SUBJECT_RELAYED },
		{ "expanded", LABEL_TITLE_EXPANDED_TO, LABEL_TITLE_EXPANDED_MANY, LABEL_SUBJECT_EXPANDED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *one = arena_printf(&arena, GROUP("kim@example.net", "%s", "2.0.0", "250 ok"), rows[i].action);
		const char *two = arena_printf(&arena, "%s" GROUP("leo@example.net", "%s", "2.0.0", "250 ok"),
					       one, rows[i].action);
		struct explanation e = about(one);
		char *prefix = arena_string(&arena, span_str(label(&e, rows[i].subject)));

		assert_string_equal(e.title, label(&e, rows[i].one));
		*strchr(prefix, '{') = '\0';
		assert_true(span_has_prefix(explain_subject(&arena, &e), prefix));
		e = about(two);
		assert_string_equal(e.title, label(&e, rows[i].many));
		assert_span(e.values.value[VALUE_COUNT_N], "2");
	}
}

static void test_title_of_mixed_fates(void **state)
{
	struct explanation e = about(GROUP("a@example.net", "failed", "5.1.1", "550 no")
				     GROUP("b@example.net", "relayed", "2.0.0", "250 ok"));

	(void)state;
	assert_string_equal(e.title, label(&e, LABEL_TITLE_MIXED));
	e = about(GROUP("a@example.net", "failed", "5.1.1", "550 no")
		  GROUP("b@example.net", "delayed", "4.2.2", "452 full"));
	assert_string_equal(e.title, label(&e, LABEL_TITLE_REPORT));	/* a delay is no failure */
	e = about(GROUP("", "failed", "5.1.1", "550 no"));
	assert_string_equal(e.title, label(&e, LABEL_TITLE_FAILED));
}

/* What is no letter of ours: its words come into no title, subject or step. */
static void test_no_words_of_strangers_in_ours(void **state)
{
	struct explanation e = about(GROUP("kim@example.net", "failed", "5.1.1",
					   "550 5.1.1 CALL 0900 NOW http://evil.example"));
	struct span text = laid_out(explain_text, &e), before;

	(void)state;
	before = span_slice(text, 0, span_find(text, 0, span_str(label(&e, LABEL_FOR_ADMINS))));
	assert_true(before.n < text.n);
	assert_true(holds(text, "CALL 0900 NOW"));
	assert_false(holds(before, "CALL"));
	assert_false(holds(explain_subject(&arena, &e), "CALL"));
}

static struct span subject_of(const char *field, const char *tag)
{
	struct explanation e = explained(bounce_about(GROUP("kim@example.net", "failed", "5.1.1", "550 no"),
						      field), tag);
	struct span subject = explain_subject(&arena, &e);

	assert_true(utf8_is_valid(subject));
	assert_false(holds(subject, "\n") || holds(subject, "\r"));
	assert_false(holds(subject, "\xef\xbf\xbd"));
	return subject;
}

static void test_subject(void **state)
{
	struct buf thai;

	(void)state;
	assert_true(span_has_suffix(subject_of("Subject: Lunch\n", "en"), "Lunch"));
	assert_true(span_has_suffix(subject_of("Subject: =?utf-8?Q?a=E2=80=AEb=0D=0ABcc:_c?=\n", "en"), "ab  Bcc: c"));
	assert_true(span_has_suffix(subject_of("Subject: {recipient}{nosuch}\n", "en"), "{recipient}{nosuch}"));
	assert_true(span_find(subject_of("From: x@y.example\n", "en"), 0, SPAN("kim@example.net")) > 0);
	/* long ones are cut between characters, wherever that is */
	for (int blanks = 0; blanks < 3; blanks++) {
		struct span subject;

		buf_init(&thai, &arena, 2000);
		buf_addf(&thai, "Subject: .%*s", blanks, "");
		for (int i = 0; i < 200; i++)
			buf_adds(&thai, "ส");
		buf_addc(&thai, '\n');
		subject = subject_of(buf_string(&thai), "th");
		assert_true(span_has_suffix(subject, "ส…"));
		assert_true(subject.n < 300);
	}
}

/* ---- blocks ---- */

static void test_one_block_for_each_cause(void **state)
{
	struct explanation e = about(
		GROUP("a@example.net", "failed", "5.1.1", "550 5.1.1 User unknown")
		GROUP("b@example.net", "failed", "5.2.2", "552 5.2.2 Mailbox full")
		GROUP("c@example.net", "failed", "5.1.1", "550 5.1.1 User unknown")
		GROUP("d@example.net", "delayed", "4.2.2", "452 4.2.2 Mailbox full"));

	(void)state;
	assert_int_equal(e.n, 3);
	assert_int_equal(e.blocks[0].n, 2);
	assert_string_equal(e.blocks[0].diagnosis->cause->id, "user_unknown");
	assert_span(e.blocks[0].recipients[1]->recipient, "c@example.net");
	assert_string_equal(e.blocks[1].diagnosis->cause->id, "mailbox_full");
	assert_int_equal(e.blocks[1].action, ACTION_FAILED);
	assert_string_equal(e.blocks[2].diagnosis->cause->id, "mailbox_full");
	assert_int_equal(e.blocks[2].action, ACTION_DELAYED);
	assert_int_equal(e.more, 0);
}

static void test_many_recipients(void **state)
{
	static const char *const statuses[] = {
		"5.1.1", "5.1.2", "5.1.6", "5.2.1", "5.2.2", "5.2.3", "5.3.2", "5.3.4", "5.4.4", "5.4.6", "5.4.7",
		"5.7.8", "5.7.20", "5.7.25", "5.7.23",
	};
	struct buf groups;
	struct explanation e = { .n = 0 };
	struct span text;
	size_t shown = 0;

	(void)state;
	buf_init(&groups, &arena, 100000);
	for (size_t i = 0; i < 15; i++)
		buf_addf(&groups, GROUP("r%zu@example.net", "failed", "%s", "554 %s no"), i, statuses[i], statuses[i]);
	e = about(buf_string(&groups));
	assert_int_equal(e.n, EXPLAIN_MAX_BLOCKS);
	for (size_t i = 0; i < e.n; i++)
		shown += e.blocks[i].n;
	assert_true(e.more > 0);
	assert_int_equal(shown + e.more, 15);
	buf_truncate(&groups, 0);
	for (int i = 0; i < 300; i++)
		buf_addf(&groups, GROUP("r%d@example.net", "failed", "5.1.1", "550 5.1.1 User unknown"), i);
	e = about(buf_string(&groups));
	assert_int_equal(e.n, 1);
	assert_int_equal(e.blocks[0].n, 300);
	text = laid_out(explain_text, &e);
	assert_true(holds(text, "r9@example.net") && !holds(text, "r10@example.net"));
	assert_true(holds(text, "290"));
	text = laid_out(explain_html, &e);
	assert_true(holds(text, "r9<span>@") && !holds(text, "r10<span>@") && holds(text, "290"));
	text = laid_out(explain_json, &e);
	assert_true(holds(text, "\"r299@example.net\""));	/* for programs: all of them */
}

static void test_where_it_stopped(void **state)
{
	static const struct { const char *groups; enum hop hop; } rows[] = {
		{ GROUP("kim@example.net", "failed", "5.1.1", "550 5.1.1 User unknown"), HOP_MAILBOX },
		{ GROUP("kim@example.net", "failed", "5.2.2", "552 5.2.2 Mailbox full"), HOP_MAILBOX },
		{ GROUP("kim@example.net", "failed", "5.7.1", "554 5.7.1 Spam message rejected"), HOP_RECIPIENT_SERVER },
		{ GROUP("kim@example.net", "delayed", "4.7.1", "451 4.7.1 Greylisted"), HOP_RECIPIENT_SERVER },
		{ "Final-Recipient: rfc822; kim@example.net\nAction: failed\nStatus: 5.4.4\n"
		  "Diagnostic-Code: X-Postfix; Host or domain name not found\n\n", HOP_SENDING_SERVER },
		{ GROUP("kim@example.net", "relayed", "2.0.0", "250 ok"), HOP_COUNT },
		{ GROUP("kim@example.net", "delivered", "2.0.0", "250 ok"), HOP_COUNT },
		{ GROUP("kim@example.net", "expanded", "2.0.0", "250 ok"), HOP_COUNT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct explanation e = about(rows[i].groups);
		const struct explain_block *block = &e.blocks[0];
		bool trouble = rows[i].hop != HOP_COUNT, delayed = block->action == ACTION_DELAYED;

		assert_int_equal(block->stopped_at, rows[i].hop);
		assert_int_equal(block_is_trouble(block), trouble);
		for (enum hop hop = HOP_SENDER; hop < HOP_COUNT; hop++)
			assert_int_equal(block_hop_state(block, hop), hop < rows[i].hop ? LABEL_HOP_PASSED :
					 hop > rows[i].hop ? LABEL_HOP_NOT_REACHED :
					 delayed ? LABEL_HOP_WAITING : LABEL_HOP_STOPPED);
		assert_int_equal(holds(laid_out(explain_text, &e), label(&e, LABEL_WHERE_IT_STOPPED)), trouble && !delayed);
		assert_int_equal(holds(laid_out(explain_text, &e), label(&e, LABEL_WHERE_IT_WAITS)), delayed);
	}
}

/* A delay is told as a delay: no failure in the title, no step to send again. */
static void test_delay_is_no_failure(void **state)
{
	struct explanation e = about(
		"Final-Recipient: rfc822; kim@example.net\nAction: delayed\nStatus: 4.2.2\n"
		"Will-Retry-Until: Sat, 28 Nov 2026 10:00:00 +0000\nDiagnostic-Code: smtp; 452 4.2.2 Mailbox full\n\n");
	struct span text = laid_out(explain_text, &e);
	const char *happened[LAYOUT_MAX_HAPPENED];
	struct step steps[LAYOUT_MAX_STEPS];

	(void)state;
	assert_int_equal(block_happened(&arena, &e, &e.blocks[0], happened), 3);
	assert_string_equal(happened[0], label(&e, LABEL_DELAY_UNTIL));
	assert_string_equal(happened[2], e.blocks[0].cause->happened);
	assert_true(holds(text, "28 Nov 2026"));
	assert_int_equal(block_steps(&arena, &e, &e.blocks[0], steps), 2);
	assert_string_equal(steps[0].template, label(&e, LABEL_DELAY_STEP_WAIT));
	assert_string_equal(block_who(&e, &e.blocks[0]), label(&e, LABEL_WHO_NOBODY));
	assert_false(holds(text, "could not be delivered") || holds(text, "✗"));
	assert_true(holds(text, "  … "));
	e = about("Final-Recipient: rfc822; kim@example.net\nAction: delayed\nStatus: 4.0.0\n\n");
	assert_string_equal(e.blocks[0].diagnosis->cause->id, "expired.delayed");
	assert_int_equal(block_happened(&arena, &e, &e.blocks[0], happened), 1);
	assert_string_equal(happened[0], label(&e, LABEL_DELAY_TRYING));
}

/* One finding about example.org, of which these two depend. */
static void check_finds(struct explanation *e, const char *id, bool repairable)
{
	static struct finding finding;
	static struct findings findings = { &finding, 1 };
	const struct finding_kind *kind = knowledge_finding(snapshot->knowledge, span_str(id));

	assert_non_null(kind);
	finding = (struct finding){
		.kind = kind, .check = CHECK_SPF, .repairable = repairable,
		.domain = SPAN("example.org"), .ip = SPAN("192.0.2.1"),
	};
	e->findings = &findings;
}

/* What a check has found is the only thing to do, if it is to be repaired; if it is
 * in order now, the first thing is to send the message again. */
static void test_steps_after_a_check(void **state)
{
	struct explanation e = about(GROUP("kim@example.net", "failed", "5.7.23", "550 5.7.23 SPF check failed"));
	const struct explain_block *block = &e.blocks[0];
	const char *happened[LAYOUT_MAX_HAPPENED];
	struct step steps[LAYOUT_MAX_STEPS];
	size_t own = block->cause->steps.n;

	(void)state;
	assert_string_equal(block->diagnosis->cause->id, "auth_failure.spf");
	check_finds(&e, "spf.fail", true);
	assert_int_equal(block_steps(&arena, &e, block, steps), 2);
	assert_string_equal(steps[0].template, label(&e, LABEL_STEP_FINDINGS));
	assert_string_equal(steps[1].template, label(&e, LABEL_STEP_REPAIRED));
	assert_int_equal(block_happened(&arena, &e, block, happened), 1);
	check_finds(&e, "spf.fail", false);
	assert_int_equal(block_steps(&arena, &e, block, steps), own);
	check_finds(&e, "spf.pass", false);
	assert_int_equal(block_steps(&arena, &e, block, steps), own + 1);
	assert_string_equal(steps[0].template, label(&e, LABEL_STEP_IN_ORDER_NOW));
	assert_int_equal(block_happened(&arena, &e, block, happened), 2);
	assert_string_equal(happened[1], label(&e, LABEL_IN_ORDER_NOW));
}

/* What would have been tried again, and no longer is: nobody is told to wait. */
static void test_failed_after_many_attempts(void **state)
{
	struct explanation e = about(GROUP("kim@example.net", "failed", "4.7.1", "451 4.7.1 Greylisted"));
	const struct explain_block *block = &e.blocks[0];
	const struct cause *expired = knowledge_cause(snapshot->knowledge, SPAN("expired"));
	const char *happened[LAYOUT_MAX_HAPPENED];
	struct step steps[LAYOUT_MAX_STEPS];

	(void)state;
	assert_string_equal(block->diagnosis->cause->id, "greylisted");
	assert_ptr_equal(block->cause, language_cause(e.language, expired));
	assert_int_equal(block_happened(&arena, &e, block, happened), 3);
	assert_string_equal(happened[0], block->cause->happened);
	assert_string_equal(happened[1], label(&e, LABEL_DELAY_REASON));
	assert_string_equal(happened[2], language_cause(e.language, block->diagnosis->cause)->happened);
	assert_true(block_steps(&arena, &e, block, steps) >= 2);
	assert_string_equal(steps[0].template, block->cause->steps.list[0]);
	assert_string_equal(block_who(&e, block), label(&e, LABEL_WHO_SENDER_ADMIN));
	e = about(GROUP("kim@example.net", "delayed", "4.7.1", "451 4.7.1 Greylisted"));
	assert_null(e.blocks[0].last_reason);
	assert_string_equal(block_who(&e, &e.blocks[0]), label(&e, LABEL_WHO_NOBODY));
}

static void test_who_can_fix_it(void **state)
{
	struct explanation e = about(GROUP("kim@example.net", "failed", "5.7.26", "550 5.7.26 unauthenticated"));
	struct reader outside = { .inside = false };

	(void)state;
	assert_int_equal(e.blocks[0].diagnosis->who, WHO_SENDER_ADMIN);
	assert_string_equal(block_who(&e, &e.blocks[0]), label(&e, LABEL_WHO_SENDER_ADMIN));
	e.reader = &outside;
	assert_string_equal(block_who(&e, &e.blocks[0]), label(&e, LABEL_WHO_SENDER_ADMIN_OUTSIDE));
	e = about(GROUP("kim@example.net", "failed", "5.2.2", "552 5.2.2 Mailbox full"));
	assert_string_equal(block_who(&e, &e.blocks[0]), label(&e, LABEL_WHO_RECIPIENT));
}

/* What a provider advises stands with the steps of whoever can follow it. */
static void test_hint_for_whom_it_is(void **state)
{
	struct explanation e = about(GROUP("kim@example.net", "failed", "5.1.1", "550 5.1.1 User unknown"));
	struct diagnosis diagnosis = *e.blocks[0].diagnosis;
	void (*const layouts[])(struct buf *, const struct explanation *) = { explain_text, explain_html };

	(void)state;
	e.blocks[0].diagnosis = &diagnosis;
	e.blocks[0].hint = "Ask the oracle.";
	for (enum who who = WHO_SENDER; who <= WHO_NOBODY; who++) {
		bool for_admins = who == WHO_SENDER_ADMIN || who == WHO_RECIPIENT_ADMIN;

		diagnosis.who = who;
		for (size_t i = 0; i < 2; i++) {
			struct span out = laid_out(layouts[i], &e);
			size_t hint = span_find(out, 0, SPAN("Ask the oracle."));
			size_t admins = span_find(out, 0, span_str(label(&e, LABEL_FOR_ADMINS)));

			assert_true(hint < out.n);
			assert_int_equal(hint > admins, for_admins);
			assert_true(span_find(out, hint + 1, SPAN("Ask the oracle.")) == out.n);
		}
	}
}

/* Where mail was forwarded the sender learns nothing of where to. */
static void test_forwarded_mail(void **state)
{
	static void (*const layouts[])(struct buf *, const struct explanation *) = {
		explain_text, explain_html, explain_json,
	};
	struct explanation e = about(
		"Original-Recipient: rfc822; kim@example.net\nFinal-Recipient: rfc822; secret@hidden.example\n"
		"Action: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.example.com\nDiagnostic-Code: smtp; 550 5.1.1 no\n\n");

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct span out = laid_out(layouts[i], &e);

		assert_true(holds(out, "kim"));
		assert_false(holds(out, "secret") || holds(out, "hidden"));
	}
	assert_false(holds(explain_subject(&arena, &e), "secret"));
	assert_span(e.blocks[0].values.value[VALUE_DOMAIN], "example.net");
}

static void test_links(void **state)
{
	struct reader reader = {
		.inside = true, .organization = "Example <Ltd>", .contact = "help&me@example.org",
		.help_url = "https://help.example.org/mail",
	};
	struct explanation e = about(GROUP("kim@example.net", "failed", "5.1.1", "550 5.1.1 User unknown"));
	struct span html;

	(void)state;
	assert_null(block_help(&arena, &e, &e.blocks[0]));
	e.reader = &reader;
	html = laid_out(explain_html, &e);
	assert_true(holds(html, "href=\"https://help.example.org/mail/en/cause/user_unknown.html\""));
	assert_true(holds(html, "href=\"mailto:help&amp;me@example.org\""));
	reader.help_url = "https://help.example.org/";
	reader.contact = "https://help.example.org/form?a=1&b=2";
	html = laid_out(explain_html, &e);
	assert_true(holds(html, "href=\"https://help.example.org/en/cause/user_unknown.html\""));
	assert_true(holds(html, "href=\"https://help.example.org/form?a=1&amp;b=2\""));
}

static void test_second_language(void **state)
{
	struct explanation e = about(GROUP("kim@example.net", "failed", "5.1.1", "550 5.1.1 User unknown"));
	struct explanation below = explained(bounce_about(GROUP("kim@example.net", "failed", "5.1.1", "550 5.1.1 no"),
							  LETTER), "de");
	struct span text, html;

	(void)state;
	e.second = &below;
	text = laid_out(explain_text, &e);
	html = laid_out(explain_html, &e);
	assert_true(span_find(text, 0, span_str(label(&e, LABEL_WHAT_HAPPENED))) <
		    span_find(text, 0, span_str(label(&below, LABEL_WHAT_HAPPENED))));
	assert_true(holds(html, "<div lang=\"en\" dir=\"ltr\">") && holds(html, "<div lang=\"de\" dir=\"ltr\">"));
}

/* ---- which language ---- */

static void test_language_of_the_reader(void **state)
{
	static const struct { const char *fields, *wanted; } rows[] = {
		{ "Accept-Language: th\n", "th" }, { "accept-language: DE-at\n", "de" },
		{ "Accept-Language: xx, tr;q=0.5\n", "tr" }, { "Accept-Language: de;q=0.5, vi;q=0.8\n", "vi" },
		{ "Accept-Language: de, vi\n", "de" }, { "Accept-Language: de;q=0, vi;q=0.001\n", "vi" },
		{ "Accept-Language: de;q=0.8,\n id;q=0.9\n", "id" }, { "Accept-Language: in\n", "id" },
		{ "Accept-Language: de;q=1.000, vi;q=1\n", "de" }, { "Accept-Language: zh;q=0.9,th;q=0.1\n", "th" },
		{ "Content-Language: tr\n", "tr" }, { "X-Accept-Language: vi, en\n", "vi" },
		{ "Content-Language: tr\nAccept-Language: th\n", "th" },
		{ "X-Accept-Language: vi\nContent-Language: tr\n", "tr" },
		{ "Accept-Language: xx\nContent-Language: tr\n", "tr" },
		/* nothing to go by */
		{ "", "en" }, { "Accept-Language:\n", "en" }, { "Accept-Language: *\n", "en" },
		{ "Accept-Language: xx, yy\n", "en" }, { "Accept-Language: ,,;;q=\n", "en" },
		{ "Accept-Language: de;q=0\n", "en" }, { "Accept-Language: d\n", "en" },
		{ "Accept-Language: de\x01\n", "en" }, { "Accept-Language: deutsch\n", "en" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span bytes = bounce_about(GROUP("kim@example.net", "failed", "5.1.1", "550 no"), rows[i].fields);
		struct explanation e = explained(bytes, NULL);

		if (strcmp(language_tag(e.language), rows[i].wanted) != 0)
			fail_msg("%s of: %s", language_tag(e.language), rows[i].fields);
	}
}

/* A list without end is read for a while only. */
static void test_long_list_of_languages(void **state)
{
	struct buf fields;

	(void)state;
	buf_init(&fields, &arena, 100000);
	buf_adds(&fields, "Accept-Language: xx");
	for (int i = 0; i < 5000; i++)
		buf_adds(&fields, ", xx;q=0.1");
	buf_adds(&fields, ", de\n");
	assert_string_equal(language_tag(explained(bounce_about(GROUP("kim@example.net", "failed", "5.1.1", "550 no"),
							       buf_string(&fields)), NULL).language), "en");
}

/* ---- the layouts ---- */

static size_t columns(struct span line)
{
	size_t n = 0;

	for (size_t i = 0; i < line.n; i++)	/* bytes that start a character */
		n += ((unsigned char)line.p[i] & 0xc0) != 0x80;
	return n;
}

/* No line is longer than it must be: one word that does not fit, or a quotation. */
static void assert_wrapped(struct span text)
{
	struct span rest = text, line;

	while (span_next_line(&rest, &line)) {
		struct span words = span_trim(line);

		if (columns(line) <= 72 || span_has_prefix(words, "> "))
			continue;
		if (span_find_byte(words, span_find_byte(words, 4, ' ') + 1, ' ') < words.n)
			fail_msg("%zu columns: %.*s", columns(line), SPAN_FMT(line));
	}
}

static void test_text_is_wrapped(void **state)
{
	static const char *const tags[] = { "en", "de", "id", "tr", "vi" };	/* with blanks */

	(void)state;
	for (size_t t = 0; t < sizeof(tags) / sizeof(tags[0]); t++)
		for (size_t i = 0; knowledge_cause_at(snapshot->knowledge, i) != NULL; i++) {
			struct explanation e = explained(bounce_about(GROUP("kim@example.net", "failed", "5.1.1", "550 no"),
								      LETTER), tags[t]);
			struct diagnosis d = { .cause = knowledge_cause_at(snapshot->knowledge, i) };

			e.blocks[0].diagnosis = &d;
			e.blocks[0].cause = language_cause(e.language, d.cause);
			assert_wrapped(laid_out(explain_text, &e));
			arena_clear(&arena);
		}
}

enum { MAX_OPEN = 64 };

/* The elements and attributes that we write; all else is somebody's attack. */
static bool is_known_tag(struct span tag)
{
	static const char *const names[] = {
		"html", "head", "title", "style", "body", "table", "tr", "td", "div", "h1", "h2", "h3", "p", "span",
		"b", "ol", "ul", "li", "a", "details", "summary", "meta", "br", "hr",
	};
	static const char *const attributes[] = {
		"lang", "dir", "class", "style", "charset", "name", "content", "role", "width", "cellpadding",
		"cellspacing", "border", "align", "href",
	};
	size_t end = 0;
	bool known = false;

	while (end < tag.n && ascii_isalnum(tag.p[end]))
		end++;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		known |= span_is(span_slice(tag, 0, end), names[i]);
	while (known && end < tag.n) {
		size_t equals = span_find(tag, end, SPAN("=\""));
		struct span name = span_slice(tag, end + 1, equals);

		known = false;
		for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
			known |= span_is(name, attributes[i]);
		end = span_find_byte(tag, equals + 2, '"') + 1;
	}
	return known && !holds(tag, "url(") && !holds(tag, "javascript");
}

static bool is_void(struct span tag)
{
	return span_has_prefix(tag, "meta ") || span_is(tag, "br") || span_has_prefix(tag, "hr ");
}

/* Every element is closed, in its turn, and known; hrefs are the n given ones. */
static void assert_well_formed(struct span html, size_t links)
{
	struct span open[MAX_OPEN], rest = span_from(html, strlen("<!doctype html>"));
	size_t depth = 0, at, end;

	assert_true(span_has_prefix(html, "<!doctype html>\n<html lang="));
	for (at = span_find_byte(rest, 0, '<'); at < rest.n; at = span_find_byte(rest, end, '<')) {
		struct span tag;

		end = span_find_byte(rest, at, '>');
		assert_true(end < rest.n);
		tag = span_slice(rest, at + 1, end);
		if (span_has_prefix(tag, "/")) {
			assert_true(depth-- > 0);
			assert_true(span_eq(span_from(tag, 1), open[depth]));
			continue;
		}
		if (!is_known_tag(tag))
			fail_msg("<%.*s>", SPAN_FMT(tag));
		links -= span_has_prefix(tag, "a ");
		if (!is_void(tag)) {
			assert_true(depth < MAX_OPEN);
			open[depth++] = span_slice(tag, 0, span_find_byte(tag, 0, ' '));
		}
	}
	assert_int_equal(depth, 0);
	assert_int_equal(links, 0);
}

#define EVIL "\\\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;{recipient}" \
	"https://evil.example www.evil.example \xff\xe2\x80\xae"

/* Every field a server can fill, filled by one that means harm. */
static void test_hostile_values(void **state)
{
	static const char *const actions[] = { "failed", "delayed", "delivered" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const char *groups = arena_printf(&arena,
			"X-Postfix-Queue-ID: " EVIL "\nArrival-Date: " EVIL "\n\n"
			"Original-Recipient: rfc822; \"" EVIL "\"@example.net\nFinal-Recipient: rfc822; <" EVIL ">@x\n"
			"Action: %s\nStatus: 5.1.1\nRemote-MTA: dns; " EVIL "\nDiagnostic-Code: smtp; 550 5.1.1 " EVIL
			"\nLast-Attempt-Date: " EVIL "\nWill-Retry-Until: " EVIL "\n\n", actions[i]);
		struct explanation e = explained(bounce_about(groups, "From: " EVIL "\nSubject: " EVIL "\nDate: " EVIL "\n"),
						 "en");
		struct span html, text, subject = explain_subject(&arena, &e);

		e.own_text = SPAN(EVIL "\n" EVIL "\n");
		html = laid_out(explain_html, &e);
		text = laid_out(explain_text, &e);
		assert_well_formed(html, 0);
		assert_false(holds(html, "<script") || holds(html, "<img") || holds(html, "https://evil") ||
			     holds(html, "www.evil") || holds(html, "\xe2\x80\xae"));
		assert_true(holds(html, "&lt;script&gt;"));
		assert_false(holds(text, "\xe2\x80\xae") || holds(text, "\xff") || holds(subject, "\xe2\x80\xae"));
		laid_out(explain_json, &e);
	}
}

static void test_html_of_every_cause(void **state)
{
	static const char *const tags[] = { "en", "th" };

	(void)state;
	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; knowledge_cause_at(snapshot->knowledge, i) != NULL; i++) {
			struct explanation e = explained(bounce_about(GROUP("kim@example.net", "failed", "5.1.1", "550 no"),
								      LETTER), tags[t]);
			struct diagnosis d = { .cause = knowledge_cause_at(snapshot->knowledge, i) };

			e.blocks[0].diagnosis = &d;
			e.blocks[0].cause = language_cause(e.language, d.cause);
			e.own_text = SPAN("What the mail system wrote.\n");
			assert_well_formed(laid_out(explain_html, &e), 0);
			arena_clear(&arena);
		}
}

/* The bar on top says at a glance what became of the message, in the dark too. */
static void test_dark_mode_keeps_the_bar(void **state)
{
	struct explanation e = about(GROUP("kim@example.net", "failed", "5.1.1", "550 5.1.1 User unknown"));
	struct span html = laid_out(explain_html, &e), card;

	(void)state;
	card = span_from(html, span_find(html, 0, SPAN(".wb-card{")));
	card = span_slice(card, 0, span_find_byte(card, 0, '}'));
	assert_true(holds(card, "border-left-color:"));
	assert_false(holds(card, "border-color:") || holds(card, "border-top"));
	assert_true(holds(html, "border-top:4px solid #d93025"));
}

/* The mail system's own words come last, whole, in text and HTML. */
static void test_own_text(void **state)
{
	struct explanation e = about(GROUP("kim@example.net", "failed", "5.1.1", "550 5.1.1 User unknown"));
	struct span text, html;

	(void)state;
	e.own_text = SPAN("This is the mail system.\r\n\r\n  Two blanks first.\r\n");
	text = laid_out(explain_text, &e);
	html = laid_out(explain_html, &e);
	assert_true(span_has_suffix(text, "This is the mail system.\n\n  Two blanks first.\n"));
	html = span_from(html, span_find(html, 0, SPAN("<details")));
	assert_true(holds(html, "This is the mail system.<br>\n<br>\n  Two blanks first.</div></details>"));
}

static void test_no_memory(void **state)
{
	struct explanation e = about(GROUP("kim@example.net", "failed", "5.1.1", "550 5.1.1 User unknown"));
	struct reading reading;
	struct error error;

	(void)state;
	for (size_t limit = 1; limit < 40000; limit += 997) {
		struct arena small;
		struct buf out;

		arena_init(&small, limit);
		buf_init(&out, &small, 1 << 20);
		explain_text(&out, &e);
		explain_html(&out, &e);
		assert_true(out.failed || !small.failed);
		arena_release(&small);
		arena_init(&small, limit);
		if (enrich_read(snapshot, &small, bounce_about(GROUP("a@b.example", "failed", "5.1.1", "550 no"), LETTER),
				&reading, &error) == 0)
			explain(&small, snapshot->knowledge, e.language, &reading.bounce, reading.diagnoses, e.reader, &e);
		arena_release(&small);
		e = about(GROUP("kim@example.net", "failed", "5.1.1", "550 5.1.1 User unknown"));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_titles), TEST(test_title_of_mixed_fates), TEST(test_no_words_of_strangers_in_ours),
		TEST(test_subject), TEST(test_one_block_for_each_cause), TEST(test_many_recipients),
		TEST(test_where_it_stopped), TEST(test_delay_is_no_failure), TEST(test_failed_after_many_attempts),
		TEST(test_steps_after_a_check),
		TEST(test_who_can_fix_it),
		TEST(test_hint_for_whom_it_is),
		TEST(test_forwarded_mail), TEST(test_links), TEST(test_second_language),
		TEST(test_language_of_the_reader), TEST(test_long_list_of_languages), TEST(test_text_is_wrapped),
		TEST(test_hostile_values), TEST(test_html_of_every_cause), TEST(test_dark_mode_keeps_the_bar), TEST(test_own_text),
		TEST(test_no_memory),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
