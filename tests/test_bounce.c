#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena_fixture.h"
#include "mail/bounce.h"
#include "mail/remark.h"
#include "support.h"

enum { COLUMNS = 7 };

static struct bounce read_mail(struct span bytes)
{
	return bounce_of(&arena, bytes);
}

static struct bounce read_path(const char *directory, const char *name)
{
	char path[512];
	struct span bytes, copy;

	snprintf(path, sizeof(path), "tests/bounces/%s/%s", directory, name);
	bytes = read_whole(path);
	if (bytes.p == NULL)
		print_message("cannot read %s\n", path);
	assert_non_null(bytes.p);
	copy = arena_copy(&arena, bytes);
	free((char *)(uintptr_t)bytes.p);
	return read_mail(copy);
}

static bool contains(struct span s, struct span part)
{
	return part.n == 0 || span_find(s, 0, part) < s.n;
}

/* ---- bounces for people, of every shape ---- */

static size_t split(struct span line, struct span *columns)
{
	size_t n = 0, from = 0;

	while (n < COLUMNS) {
		size_t tab = span_find_byte(line, from, '\t');

		columns[n++] = span_slice(line, from, tab);
		if (tab == line.n)
			break;
		from = tab + 1;
	}
	return n;
}

static void check_recipient(const struct bounce_recipient *r, const struct span *columns)
{
	bool same = span_eq(r->recipient, columns[1]) &&
		span_eq(span_str(dsn_action_name(r->action)), columns[2]) &&
		span_eq(r->status, columns[3]) && span_eq(r->reply_code, columns[4]) &&
		span_eq(r->command, columns[5]) &&
		(contains(r->reply, columns[6]) || contains(r->context, columns[6]));

	if (!same)
		print_message("%.*s: %.*s %s %.*s %.*s %.*s\nreply: %.*s\ncontext: %.*s\n",
			      SPAN_FMT(columns[0]), SPAN_FMT(r->recipient),
			      dsn_action_name(r->action), SPAN_FMT(r->status),
			      SPAN_FMT(r->reply_code), SPAN_FMT(r->command), SPAN_FMT(r->reply),
			      SPAN_FMT(r->context));
	assert_true(same);
}

static void test_every_shape(void **state)
{
	struct span table = read_whole("tests/bounces/text/expected.tsv"), rest = table, line;
	struct span name = SPAN("");
	struct bounce bounce = { .n = 0 };
	size_t seen = 0, rows = 0;

	(void)state;
	assert_non_null(table.p);
	while (span_next_line(&rest, &line)) {
		struct span columns[COLUMNS];

		if (line.n == 0 || line.p[0] == '#')
			continue;
		assert_int_equal(split(line, columns), COLUMNS);
		if (!span_eq(columns[0], name)) {
			assert_int_equal(seen, bounce.n);
			name = columns[0];
			bounce = read_path("text", arena_string(&arena, name));
			assert_int_not_equal(bounce.shape, BOUNCE_NOT);
			seen = 0;
		}
		assert_true(seen < bounce.n);
		check_recipient(&bounce.recipients[seen++], columns);
		rows++;
	}
	assert_int_equal(seen, bounce.n);
	assert_true(rows > 30);
	free((char *)(uintptr_t)table.p);
}

/* no-….eml: replies of people and programs, quoted and forwarded bounces. */
static void test_what_is_none(void **state)
{
	DIR *directory = opendir("tests/bounces/text");
	struct dirent *entry;
	size_t n = 0;

	(void)state;
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		struct bounce bounce;

		if (strncmp(entry->d_name, "no-", 3) != 0)
			continue;
		bounce = read_path("text", entry->d_name);
		if (bounce.shape != BOUNCE_NOT)
			print_message("%s is taken for a bounce\n", entry->d_name);
		assert_int_equal(bounce.shape, BOUNCE_NOT);
		assert_non_null(bounce.not_because);
		assert_int_equal(bounce.n, 0);
		n++;
	}
	closedir(directory);
	assert_true(n > 8);
}

static void test_shapes(void **state)
{
	(void)state;
	assert_int_equal(read_path("text", "broken-close.eml").shape, BOUNCE_REPORT);
	assert_int_equal(read_path("text", "broken-boundary.eml").shape, BOUNCE_MULTIPART);
	assert_int_equal(read_path("text", "qmail.eml").shape, BOUNCE_SINGLE);
}

/* ---- what else is said ---- */

static void test_servers(void **state)
{
	struct bounce b = read_path("text", "postfix-plain.eml");

	(void)state;
	assert_span(b.reporting_mta, "mx.sender.example");
	assert_span(b.recipients[0].remote_mta, "mx.first.example");
	assert_span(b.recipients[0].reply,
		    "550-5.7.26 This mail is unauthenticated.\n"
		    "550-5.7.26 Both SPF and DKIM did not pass.\n"
		    "550 5.7.26 Ask your administrator.");
	b = read_path("text", "qmail.eml");
	assert_span(b.reporting_mta, "mx.sender.example");
	assert_span(b.recipients[0].remote_mta, "192.0.2.7");
	b = read_path("text", "sendmail.eml");
	assert_span(b.recipients[0].reply, "550 5.7.1 <bert@first.example>... Access denied");
}

static void test_forwarded_recipient(void **state)
{
	struct bounce b = read_path("text", "exim.eml");

	(void)state;
	assert_span(b.recipients[0].recipient, "bert@first.example");
	assert_span(b.recipients[0].original, "bertram@alias.example");
	assert_span(b.recipients[1].original, "");
	assert_span(b.recipients[0].remote_mta, "mx.first.example");
}

/* Its X-Postfix-Sender is not valid UTF-8. */
static void test_global_report(void **state)
{
	struct bounce b = read_path("postfix", "smtputf8-nonascii-addr.eml");

	(void)state;
	assert_int_equal(b.n, 1);
	assert_span(b.recipients[0].recipient, "h550.bøb@remote.test");
}

static void test_returned_headers(void **state)
{
	struct bounce b = read_path("text", "qmail.eml");
	const struct header *subject = headers_find(&b.returned_headers, "Subject");

	(void)state;
	assert_non_null(subject);
	assert_span(header_unfold(&arena, subject), "minutes");
	b = read_path("text", "qmail-queue.eml");
	assert_int_equal(b.returned_headers.n, 0);
}

/* ---- reports ---- */

#define REPORT(fields, text) \
	"From: MAILER-DAEMON@a.example\nSubject: Returned mail\n" \
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" \
	"--b\n\n" text "\n--b\nContent-Type: message/delivery-status\n\n" \
	"Reporting-MTA: dns; a.example\nX-Postfix-Queue-ID: 4ABC\nArrival-Date: today\n\n" fields "\n--b--\n"

static void test_specific_status_counts(void **state)
{
	struct bounce b = read_mail(SPAN(REPORT(
		"Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.0.0\n"
		"Diagnostic-Code: smtp; 550 5.7.1 no\n", "text")));

	(void)state;
	assert_int_equal(b.shape, BOUNCE_REPORT);
	assert_span(b.recipients[0].status, "5.7.1");
	assert_span(b.recipients[0].reply_code, "550");
	assert_span(b.reporting_mta, "a.example");
	assert_span(b.queue_id, "4ABC");
	assert_span(b.arrival_date, "today");
	b = read_mail(SPAN(REPORT("Final-Recipient: rfc822; x@y.example\nAction: failed\n"
				  "Status: 5.2.2\nDiagnostic-Code: smtp; 550 5.7.1 no\n", "text")));
	assert_span(b.recipients[0].status, "5.2.2");
}

static void test_silent_report(void **state)
{
	struct bounce b = read_mail(SPAN(REPORT(
		"Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.0.0\n",
		"<x@y.example>:\n  host mx.y.example [192.0.2.3]\n"
		"  SMTP error after RCPT TO:<x@y.example>:\n  550 5.1.1 nobody\n")));

	(void)state;
	assert_span(b.recipients[0].reply, "550 5.1.1 nobody");
	assert_span(b.recipients[0].reply_code, "550");
	assert_span(b.recipients[0].status, "5.1.1");
	assert_span(b.recipients[0].command, "RCPT TO");
	assert_span(b.recipients[0].remote_mta, "mx.y.example");
}

static void test_transcript_beside_the_report(void **state)
{
	struct bounce b = read_mail(SPAN(REPORT(
		"Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.3.5\n"
		"Diagnostic-Code: SMTP; 553 5.3.5 system config error\n",
		"   ----- Transcript of session follows -----\n"
		"553 5.3.5 mx.y.example. config error: mail loops back to me (MX problem?)\n")));

	(void)state;
	assert_span(b.recipients[0].reply, "553 5.3.5 system config error");
	assert_span(b.recipients[0].context,
		    "553 5.3.5 mx.y.example. config error: mail loops back to me (MX problem?)");
	b = read_mail(SPAN(REPORT(
		"Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.7.1\n"
		"Diagnostic-Code: SMTP; 550 5.7.1 We do not take this\n",
		"   ----- Transcript of session follows -----\n... while talking to mx.y.example.:\n"
		">>> DATA\n<<< 550 5.7.1 We do not take this\n550 5.1.1 x@y.example... User unknown\n")));
	assert_span(b.recipients[0].reply, "550 5.7.1 We do not take this");
	assert_span(b.recipients[0].context, "");
}

/* What the text says of one recipient is not said of the next. */
static void test_text_of_another(void **state)
{
	struct bounce b = read_mail(SPAN(REPORT(
		"Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.3.0\n"
		"Diagnostic-Code: X-Unix; 75\n\n"
		"Final-Recipient: rfc822; z@y.example\nAction: failed\nStatus: 5.2.2\n",
		"\"|/usr/bin/filter\"\n    (reason: 75)\n    (expanded from: <x@y.example>)\n"
		"<z@y.example>\n    (reason: 552 5.2.2 no room)\n")));

	(void)state;
	assert_int_equal(b.n, 2);
	assert_span(b.recipients[0].reply, "");
	assert_span(b.recipients[0].reply_code, "");
	assert_span(b.recipients[0].context, "X-Unix; 75");
	assert_span(b.recipients[1].reply, "552 5.2.2 no room");
}

/* Postfix of old puts its own words around those of the other server. */
static void test_words_around_the_reply(void **state)
{
	struct bounce b = read_mail(SPAN(REPORT(
		"Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.0.0\n"
		"Diagnostic-Code: X-Postfix; host mx.y.example[192.0.2.3] said: 550 5.1.1\n"
		"    x@y.example... nobody (in reply to RCPT TO command)\n",
		"<x@y.example>: host mx.y.example[192.0.2.3] said: 550 5.1.1 x@y.example...\n"
		"    nobody (in reply to RCPT TO command)\n")));

	(void)state;
	assert_span(b.recipients[0].reply, "550 5.1.1 x@y.example... nobody");
	assert_span(b.recipients[0].command, "RCPT TO");
	assert_span(b.recipients[0].remote_mta, "mx.y.example");
}

/* "(in reply to RCPT\n    TO command)": a real one. */
static void test_wrapped_command(void **state)
{
	struct bounce b = read_path("postfix", "expanded.eml");
	size_t wrapped = 0;

	(void)state;
	for (size_t i = 0; i < b.n; i++) {
		assert_int_equal(span_find_byte(b.recipients[i].command, 0, '\n'), b.recipients[i].command.n);
		wrapped += span_eq(b.recipients[i].command, SPAN("RCPT TO"));
	}
	assert_true(wrapped > 0);
}

static void test_words_before_the_reply(void **state)
{
	struct bounce b = read_mail(SPAN(REPORT(
		"Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 4.0.0\n"
		"Diagnostic-Code: smtp; 220-mx.y.example 421 4.2.1 later\n", "text")));

	(void)state;
	assert_span(b.recipients[0].reply_code, "421");
	assert_span(b.recipients[0].status, "4.2.1");
	b = read_mail(SPAN(REPORT("Final-Recipient: rfc822; x@y.example\nAction: failed\n"
				  "Status: 553 too large\n", "text")));
	assert_span(b.recipients[0].reply_code, "553");
	assert_span(b.recipients[0].status, "");
}

/* Exchange says it in a field of its own, others in that of the status, and an empty
 * line may stand between a recipient and what became of him. */
static void test_fields_in_wrong_places(void **state)
{
	struct bounce b = read_mail(SPAN(REPORT(
		"Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.1.1\n"
		"X-Supplementary-Info: <mx.y.example #5.1.1 smtp;550 5.1.1 nobody>\n", "text")));

	(void)state;
	assert_span(b.recipients[0].reply, "550 5.1.1 nobody");
	b = read_mail(SPAN(REPORT("Final-Recipient: rfc822; x@y.example\nAction: failed\n"
				  "Status: host not found\n", "text")));
	assert_span(b.recipients[0].status, "");
	assert_span(b.recipients[0].reply, "host not found");
	b = read_mail(SPAN(REPORT("Final-Recipient: rfc822; x@y.example\n\nAction: delayed\n"
				  "Status: 4.1.1\n\nFinal-Recipient: rfc822; z@y.example\n"
				  "Action: failed\nStatus: 5.1.1\n", "text")));
	assert_int_equal(b.n, 2);
	assert_int_equal(b.recipients[0].action, ACTION_DELAYED);
	assert_span(b.recipients[0].status, "4.1.1");
	assert_span(b.recipients[1].recipient, "z@y.example");
}

static void test_words_for_actions(void **state)
{
	static const struct {
		const char *word, *action;
	} cases[] = {
		{ "failure", "failed" }, { "expired", "failed" }, { "error", "failed" },
		{ "delayed", "delayed" }, { "delivered (to mailbox)", "delivered" },
		{ "relayed", "relayed" }, { "expanded", "expanded" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *mail = arena_printf(&arena, REPORT(
			"Final-Recipient: rfc822; x@y.example\nAction: %s\nStatus: 5.1.1\n", "text"),
			cases[i].word);
		struct bounce b = read_mail(span_str(mail));

		assert_string_equal(dsn_action_name(b.recipients[0].action), cases[i].action);
	}
}

static void test_repeated_recipient(void **state)
{
	struct bounce b = read_mail(SPAN(REPORT(
		"Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.1.1\n\n"
		"Final-Recipient: rfc822; x@Y.example\nAction: failed\nStatus: 5.1.1\n"
		"Diagnostic-Code: smtp; 550 nobody\n\n"
		"Final-Recipient: rfc822; z@y.example\nAction: delayed\nStatus: 4.1.1\n", "text")));

	(void)state;
	assert_int_equal(b.n, 2);
	assert_span(b.recipients[0].reply, "550 nobody");
	assert_int_equal(b.recipients[1].action, ACTION_DELAYED);
}

static void test_address_probe(void **state)
{
	struct bounce b = read_mail(SPAN(REPORT(
		"Final-Recipient: rfc822; x@y.example\nAction: undeliverable\nStatus: 5.1.1\n", "text")));

	(void)state;
	assert_int_equal(b.shape, BOUNCE_NOT);
	assert_string_equal(b.not_because, "the answer to an address probe");
}

/* Codes of the returned message, versions, amounts and addresses are none. */
static void test_invents_nothing(void **state)
{
	struct bounce b = read_mail(SPAN(
		"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
		"Your message could not be delivered after 500 attempts.\n\n<x@y.example>:\n"
		"The mailbox has 512 messages, host 5.1.1.2, version 5.5.1, call 480-555-2500\n"
		"or 4.5.6.7 in 450 seconds.\n\n"
		"--- Below this line is a copy of the message.\n\n550 5.1.1 not this\n"));

	(void)state;
	assert_int_equal(b.n, 1);
	assert_span(b.recipients[0].reply_code, "");
	assert_span(b.recipients[0].status, "");
	assert_span(b.recipients[0].reply, "");
}

/* The same in what the server says beside: each line alone is no code, or is one. */
static void test_numbers_in_prose(void **state)
{
	static const struct {
		const char *line, *code, *status;
	} cases[] = {
		{ "tel. +1 (550) 555-0100", "", "" }, { "attempts: 550", "", "" },
		{ "Call 550 511 4500 for help.", "", "" }, { "Call: 550-555-0100", "", "" },
		{ "Our phone is\n550 511 4500.", "", "" }, { "Reference: 550", "", "" },
		{ "Invoice: 5.7.1", "", "" }, { "(475 of 500 MB)", "", "" },
		{ "See section 5.7.1 of our policy.", "", "" }, { "Room 550, floor 5.1.1", "", "" },
		{ "Scanned by AntiSpam 5.7.1", "", "" }, { "Received on 5.5.55", "", "" },
		{ "Server: Postfix 5.1.1", "", "" }, { "Version: 5.1.1", "", "" },
		{ "Subject of your message: \"552 5.2.2 full\"", "", "" }, { "550 subject: no", "550", "" },
		{ "The original subject was: 550 5.1.1 no", "", "" }, { "Bad subject: 550 no", "550", "" },
		{ "HTTP endpoint returned 500", "", "" }, { "Error 404: not found", "", "" },
		{ "Error 400: not found", "400", "" }, { "https server said: 550 no", "550", "" },
		{ "pages 450 - 550 in all", "", "" }, { "not accepted - 550 no", "550", "" },
		{ "x@y.example   550 no", "550", "" }, { "原因：550 no", "550", "" },
		{ "Error 550", "550", "" }, { "Reason: 550 no", "550", "" },
		{ "550-5.1.1 no\n550 5.1.1 no", "550", "5.1.1" }, { "550 550 5.1.1 no", "550", "5.1.1" },
		{ "No mailbox. (#5.1.1)", "", "5.1.1" }, { "Status: 5.1.1", "", "5.1.1" },
		{ "5.1.0 - Unknown address", "", "5.1.0" }, { "Status code 5.1.1", "", "5.1.1" },
		{ "550 as policy 5.7.1 asks", "550", "5.7.1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
			"Your message could not be delivered.\n\n<x@y.example>:\n%s\n", cases[i].line)));

		assert_int_equal(b.n, 1);
		assert_span(b.recipients[0].reply_code, cases[i].code);
		assert_span(b.recipients[0].status, cases[i].status);
	}
}

/* What was only delayed, in the words of many servers; the words of the other server and
 * what the system gave up are no delay. */
static void test_delay_or_failure(void **state)
{
	static const struct {
		const char *subject, *text, *action;
	} cases[] = {
		{ "Delayed mail", "has not been delivered yet to x@y.example.", "delayed" },
		{ "Warning", "Your message to x@y.example could not be delivered so far.", "delayed" },
		{ "Предупреждение", "Доставка для x@y.example задерживается.", "delayed" },
		{ "Försenad", "Leveransen till x@y.example är försenad.", "delayed" },
		{ "Zpožděné doručení", "Doručení pro x@y.example se zpozdilo.", "delayed" },
		{ "Remise retardée", "Le message à x@y.example est retardé.", "delayed" },
		{ "Message 1aBc frozen", "The following address has yet to be delivered: x@y.example", "delayed" },
		{ "Qwzx", "Qwzx x@y.example: 451 4.7.1 qwzx", "delayed" },
		{ "Qwzx", "Qwzx x@y.example: 551 5.1.1 qwzx", "failed" },
		{ "Returned mail", "<x@y.example>: host said: 451 4.7.1 your message is delayed", "failed" },
		{ "Mail failed", "Delivery to x@y.example was delayed. We will not try again.", "failed" },
		{ "Qwzx", "Mail to x@y.example was delayed. Now it has expired.", "failed" },
		{ "Недоставено", "Съобщението до x@y.example не може да бъде доставено.", "failed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: %s\n"
			"Content-Type: text/plain; charset=utf-8\n\n%s\n", cases[i].subject, cases[i].text)));

		assert_int_equal(b.n, 1);
		assert_span(b.recipients[0].recipient, "x@y.example");
		assert_string_equal(dsn_action_name(b.recipients[0].action), cases[i].action);
	}
}

/* What belongs to the other server's reply, and what to the notice. */
static void test_ends_of_replies(void **state)
{
	static const struct {
		const char *text, *reply;
	} cases[] = {
		{ "host said: '550 no such user 'x' here'\nBye 'x'\n", "550 no such user 'x' here" },
		{ "(reason: 550 5.1.1 no (x) here)\n    (expanded from: list)\n", "550 5.1.1 no (x) here" },
		{ "' 550 no such user'\n", "550 no such user" },
		{ "<<< 550 no\n550 x@y.example... User unknown\n", "550 no" },
		{ "550-no\n550 and no again\n550 x@y.example... no\n", "550-no\n550 and no again" },
		{ " 10:01: <-- 550 no\n 10:02: --> QUIT\n 10:02: <-- 221 Bye\n", "550 no" },
		{ "450: no\nGiving up after 3 days.\n", "450: no" },
		{ "host said: 550 no (in reply\n    to RCPT TO command)\n", "550 no" },
		{ "Code: 550 5.7.1\nError: 550 5.7.1 not you\n", "550 5.7.1 not you" },
		{ "Error: 550 no\nRecipient: x@y.example\n", "550 no" },
		{ "Code: 550\nError: 551 not you\n", "550 Error: 551 not you" },
		{ "451 no\nWarning: message still undelivered after 4 hours\n", "451 no" },
		{ "Reason: 552 no room (of 7 MB)\n", "552 no room (of 7 MB)" },
		{ "<a.example #5.1.1 smtp;550 <x@y.example> no>\n", "550 <x@y.example> no" },
		{ "<a.example #5.1.1 smtp;550 <x@y.example> no\n", "550 <x@y.example> no" },
		{ "#< #5.2.2 smtp;554 5.2.2 full> #SMTP#\n", "554 5.2.2 full" },
		{ "#550 5.1.1 no ##\n", "550 5.1.1 no" }, { "550 no ## here ##\n", "550 no ## here ##" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
			"Delivery failed.\n\n<x@y.example>\n%s", cases[i].text)));

		assert_int_equal(b.n, 1);
		assert_span(b.recipients[0].reply, cases[i].reply);
	}
}

/* The heading of the returned header is no part of what was said. */
static void test_heading_of_the_header(void **state)
{
	static const char *const headings[] = {
		"|------- Message header follows: -------|", "------- Kopfzeilen -------",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headings) / sizeof(*headings); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
			"Delivery failed.\n\n<x@y.example> ... unknown user\n%s\n"
			"Received: from client.example\nSubject: Hello\n", headings[i])));

		assert_int_equal(b.n, 1);
		assert_span(b.recipients[0].context, "<x@y.example> ... unknown user");
	}
}

/* The returned header starts with whatever field it has; those of reports are read. */
static void test_extension_fields(void **state)
{
	static const struct {
		const char *field, *context;
	} cases[] = {
		{ "X-Spam-Report: mailbox full", "<x@y.example> ... unknown user" },
		{ "X-Later: mailbox full", "<x@y.example> ... unknown user" },
		{ "X-Postfix-Sender: rfc822; s@a.example",
		  "<x@y.example> ... unknown user X-Postfix-Sender: rfc822; s@a.example" },
		{ "X-ray: broken", "<x@y.example> ... unknown user" },
		{ "X-ray is broken", "<x@y.example> ... unknown user X-ray is broken" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
			"Delivery failed.\n\n<x@y.example> ... unknown user\n%s\n",
			cases[i].field)));

		assert_int_equal(b.n, 1);
		assert_span(b.recipients[0].context, cases[i].context);
	}
}

/* The server that answered, but neither a time nor a port. */
static void test_hosts_in_words(void **state)
{
	static const struct {
		const char *words, *host;
	} cases[] = {
		{ "host mx.y.example[192.0.2.3] said", "mx.y.example" },
		{ "connect to mx.y.example:25 failed", "mx.y.example" },
		{ "connected to 2001:db8::3 but", "2001:db8::3" },
		{ "connected to 2001:db8:0:0:0:0:0:3 but", "2001:db8:0:0:0:0:0:3" },
		{ "Tue 2020-03-03 10:00:01: [3022:1] <--", "" }, { "host mx", "" },
		{ "x@y.example [192.0.2.3]", "" }, { "y.example [SMTP error", "" },
		{ "y.example [192.0.2.3]", "y.example" }, { "y.example [2001:db8::3]", "y.example" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_span(remark_host(span_str(cases[i].words)), cases[i].host);
}

static void test_hosts_without_comments(void **state)
{
	struct bounce b = read_mail(SPAN(REPORT(
		"Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.1.1\n"
		"Remote-MTA: dns; mx.y.example. (192.0.2.3, the server for y.example)\n", "text")));

	(void)state;
	assert_span(b.recipients[0].remote_mta, "mx.y.example");
}

/* As a milter sees it: nothing tells yet where an answer would go. */
static void test_without_return_path(void **state)
{
	static const struct {
		const char *from, *subject, *text;
		bool bounce;
	} cases[] = {
		{ "postmaster@a.example", "Message rejected", "Mail to <x@y.example> was rejected.", true },
		{ "\"A mail server\" <@>", "NOTICE: mail delivery status.", "<x@y.example>:\n550 no", true },
		{ "postmaster@a.example", "Undeliverable", "The message cannot be delivered.", true },
		{ "MAILER@a.example", "Undelivered mail", "Could not deliver to x@y.example: 550 no", true },
		{ "MAILER-DAEMON@a.example", "Qwzx", "Qwzx x@y.example qwzx.", true },
		{ "postmaster@a.example", "Unzustellbar", "Es hat den Empf\xc3\xa4nger nicht erreicht: x@y.example", true },
		{ "Paul <postmaster@a.example>", "Your mail to Bert",
		  "Your mail to x@y.example could not be delivered (552 5.2.2). I made room.", false },
		{ "Carl <carl@a.example>", "Delivery failed", "<x@y.example>: 550 no such user", false },
		{ "Mail system <postmaster@a.example>", "Mail returned", "x@y.example: 550 no", true },
		{ "postmaster@a.example", "Your mailbox is full", "New mail cannot be delivered.", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Date: Tue, 3 Mar 2020 10:00:00 +0100\nFrom: %s\nTo: b@b.example\n"
			"Subject: %s\n\n%s\n", cases[i].from, cases[i].subject, cases[i].text)));

		if ((b.shape != BOUNCE_NOT) != cases[i].bounce)
			print_message("%s: %s\n", cases[i].from, cases[i].subject);
		assert_true((b.shape != BOUNCE_NOT) == cases[i].bounce);
	}
}

/* Where an answer would be read, a name like a mail system's is not enough; and a system
 * also sends what people wrote. */
static void test_with_return_path(void **state)
{
	static const struct {
		const char *path, *from, *subject, *text;
		bool bounce;
	} cases[] = {
		{ "<info@a.example>", "\"Mail Delivery System\" <info@a.example>", "Undelivered mail: 5",
		  "For b@b.example 5 messages could not be delivered (552).", false },
		{ "<info@a.example>", "\"Mail Delivery System\" <info@a.example>", "Undelivered mail: 5",
		  "Recipient: b@b.example\nReason: 552 too many messages", false },
		{ "<info@a.example>", "\"Mail Delivery System\" <info@a.example>", "Undelivered mail",
		  "Recipient: x@y.example\nReason: 552 too many messages", true },
		{ "<info@a.example>", "\"Mail Delivery System\" <info@a.example>", "ALERT: queue",
		  "550 5.1.1 no such user (x@y.example)", false },
		{ "<double-bounce@a.example>", "MAILER-DAEMON@a.example", "Postfix SMTP server: errors from c",
		  " In:  RCPT TO:<x@y.example>\n Out: 550 no", true },
		{ "<>", "MicrosoftExchange32@a.example", "Automatic reply: Lunch",
		  "I am away. Write to c@a.example.", false },
		{ "<>", "MicrosoftExchange32@a.example", "Automatic reply: Lunch", "x@y.example: 550 no", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Return-Path: %s\nDate: Tue, 3 Mar 2020 10:00:00 +0100\nFrom: %s\n"
			"To: b@b.example\nSubject: %s\n\n%s\n", cases[i].path, cases[i].from,
			cases[i].subject, cases[i].text)));

		if ((b.shape != BOUNCE_NOT) != cases[i].bounce)
			print_message("%s: %s\n", cases[i].from, cases[i].text);
		assert_true((b.shape != BOUNCE_NOT) == cases[i].bounce);
	}
}

/* Message ids, lists, senders and those who help are no recipients. */
static void test_other_addresses(void **state)
{
	static const char *const texts[] = {
		"Your message <m1.2@a.example> to x@y.example could not be delivered.\n",
		"Mail to x@y.example could not be delivered.\n\nPaul\npaul@a.example\nTel. 0550\n",
		"Mail to x@y.example could not be delivered.\n\npaul@a.example keeps the server.\n",
		"x@y.example: delivery failed\n\nContact:\n  paul@a.example\n",
		"Mail to the list all@a.example could not be\ndelivered to its member x@y.example.\n",
		"Sender Address: me@a.example\nRecipient Address: x@y.example\nIt was not delivered.\n",
		("Delivery failed.\n>>> RCPT TO:<ok@y.example>\n<<< 250 ok\n"
		 ">>> RCPT TO:<x@y.example>\n<<< 550 no\n"),
		"It was not delivered to:\n  x@y.example\n\nIt was delivered to:\n  ok@y.example\n",
		"Mail to x@y.example failed: user unknown\n-- \npaul@a.example\nsales@ad.example\n",
		"1. x@y.example\n   550 no, delivery failed\n",
		"Mail to x@y.example could not be delivered, his new address is z@y.example.\n",
		"It answered, delivery failed:\n\n> 550 <x@y.example>: no\n> Yours, paul@a.example\n",
		"<ok@y.example>... Successfully delivered\n550 5.1.1 <x@y.example>... User unknown\n",
		"Not delivered to all:\nok@y.example   ok    250 2.0.0 Ok\nx@y.example   none  550 no\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
			"%s", texts[i])));

		assert_int_equal(b.n, 1);
		assert_span(b.recipients[0].recipient, "x@y.example");
	}
}

/* A returned message that nothing announces, and the fields of one above the reason. */
static void test_message_without_a_separator(void **state)
{
#define FIELDS "From: Bert <me@b.example>\nTo: x@y.example\nSubject: 552 5.2.2 full\n\n"
	static const struct {
		const char *below, *code;
	} cases[] = {
		{ FIELDS "Dear Carl, z@y.example told me 550 5.7.1.", "" },
		{ FIELDS "The server said: 550 5.7.1 no", "550" },
		{ "From: the system of y.example we heard\n550 5.7.1 no", "550" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
			"I could not deliver your mail to x@y.example.\n\n%s\n", cases[i].below)));

		assert_int_equal(b.n, 1);
		assert_span(b.recipients[0].recipient, "x@y.example");
		assert_span(b.recipients[0].reply_code, cases[i].code);
	}
}

static void test_address_of_a_log(void **state)
{
	struct bounce b = read_mail(SPAN(
		"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
		"Delivery failed.\nrecipient=x=1@y.example; reply=\"550 no\"\n"));

	(void)state;
	assert_int_equal(b.n, 1);
	assert_span(b.recipients[0].recipient, "x=1@y.example");
	assert_span(b.recipients[0].reply, "550 no");
}

/* Only below a heading that tells of recipients, and one word each. */
static void test_names_without_domain(void **state)
{
	static const struct {
		const char *lines, *name;
	} cases[] = {
		{ "It was undeliverable to the following:\n\n  bert (user not found)\n", "bert" },
		{ "It could not be delivered to the following recipients:\n\tbert_1\n", "bert_1" },
		{ "It could not be delivered to the following recipients:\n  Bert Beck\n", "" },
		{ "It could not be delivered to the following recipients:\nbert\n", "" },
		{ "It could not be delivered for the following reason:\n  timeout\n", "" },
		{ "It could not be delivered.\n  bert\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
			"%s", cases[i].lines)));

		assert_int_equal(b.n, 1);
		assert_span(b.recipients[0].recipient, cases[i].name);
	}
}

/* What stands above a list is said of all in it. */
static void test_reason_above_a_list(void **state)
{
	struct bounce b = read_mail(SPAN(
		"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
		"It could not be delivered to these recipients, who take no mail of yours:\n"
		"\tbert@y.example\n\tcarl@y.example\n"));

	(void)state;
	assert_int_equal(b.n, 2);
	for (size_t i = 0; i < b.n; i++)
		assert_true(contains(b.recipients[i].context, SPAN("who take no mail of yours")));
}

static void test_listed_in_a_line(void **state)
{
	struct bounce b = read_mail(SPAN(
		"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nTo: me@b.example\n"
		"Subject: failure notice\n\n<bert@y.example>, <carl@y.example>; dora@y.example: 552 no\n"));

	(void)state;
	assert_int_equal(b.n, 3);
	for (size_t i = 0; i < b.n; i++)
		assert_span(b.recipients[i].reply, "552 no");
	assert_span(b.recipients[2].recipient, "dora@y.example");
	b = read_mail(SPAN(
		"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nTo: me@b.example\n"
		"Subject: failure notice\n\nbert@y.example, me@b.example: 552 no\n"));
	assert_int_equal(b.n, 1);
}

/* Exim and Sendmail name the program or the file first, and then whose it is. */
static void test_owner_of_a_program(void **state)
{
	struct bounce b = read_mail(SPAN(
		"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
		"Delivery failed:\n\n  bert@y.example\n    (generated from all@y.example)\n"
		"    550 5.7.1 not here\n  |/bin/filter\n    generated by carl@y.example\n"
		"    local delivery failed\n"));

	(void)state;
	assert_int_equal(b.n, 2);
	assert_span(b.recipients[0].recipient, "bert@y.example");
	assert_span(b.recipients[0].original, "all@y.example");
	assert_span(b.recipients[0].reply, "550 5.7.1 not here");
	assert_span(b.recipients[1].recipient, "carl@y.example");
	assert_span(b.recipients[1].reply, "");
	assert_true(contains(b.recipients[1].context, SPAN("|/bin/filter")));
	assert_true(contains(b.recipients[1].context, SPAN("local delivery failed")));
}

/* A code alone tells little: what stands around it is the reason. */
static void test_words_around_a_code(void **state)
{
	struct bounce b = read_mail(SPAN(
		"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
		"Delivery failed.\n\nRecipient: x@y.example\nCode: 554 5.7.1\n\nReason: it is full of ads\n"));

	(void)state;
	assert_span(b.recipients[0].reply, "554 5.7.1");
	assert_true(contains(b.recipients[0].context, SPAN("it is full of ads")));
	b = read_mail(SPAN(REPORT("Final-Recipient: rfc822; x@y.example\nAction: failed\n"
				  "Status: 4.4.0 (no such route)\n", "text")));
	assert_span(b.recipients[0].status, "4.4.0");
	assert_span(b.recipients[0].context, "no such route");
	b = read_mail(SPAN(REPORT("Final-Recipient: rfc822; x@y.example\nAction: failed\n"
				  "Status: 4.4.0 (no such route)\nDiagnostic-Code: smtp; 450 4.4.0 no\n", "text")));
	assert_span(b.recipients[0].context, "");
}

/* The report leaves out whom it is about: the header of the notice tells it. */
static void test_recipient_of_the_header(void **state)
{
	static const struct {
		const char *field, *recipient;
	} cases[] = {
		{ "x@y.example", "x@y.example" }, { "x@y.example, z@y.example", "" }, { "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"X-Failed-Recipients: %s\n%s", cases[i].field,
			REPORT("Action: failed\nStatus: 5.1.1\n", "It failed."))));

		assert_int_equal(b.n, 1);
		assert_span(b.recipients[0].recipient, cases[i].recipient);
	}
}

/* A gateway shows the fields of the message that it did not let through. */
static void test_fields_of_the_message(void **state)
{
	static const struct {
		const char *said, *recipient;
	} cases[] = {
		{ "The gateway has not delivered the following message:", "x@y.example" },
		{ "The gateway has seen the following message:", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Return-Path: <>\nFrom: postmaster@a.example\nSubject: Prohibited file\n\n"
			"%s\n\n   From:  me@b.example\n   To:    x@y.example\n   Copy:  z@y.example\n",
			cases[i].said)));

		assert_span(b.n == 1 ? b.recipients[0].recipient : SPAN(""), cases[i].recipient);
		assert_true(b.n == 0 || contains(b.recipients[0].context, SPAN("has not delivered")));
	}
}

static void test_recipient_of_the_returned_message(void **state)
{
	struct bounce b = read_mail(SPAN(
		"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
		"Your message could not be delivered.\n\n--- Original message\n\n"
		"Received: from b\nTo: only@y.example\nSubject: x\n\ntext\n"));

	(void)state;
	assert_span(b.recipients[0].recipient, "only@y.example");
	b = read_mail(SPAN(
		"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: failure notice\n\n"
		"Your message could not be delivered.\n\n--- Original message\n\n"
		"Received: from b\nTo: one@y.example, two@y.example\nSubject: x\n\ntext\n"));
	assert_int_equal(b.n, 1);
	assert_span(b.recipients[0].recipient, "");
}

/* ---- limits ---- */

static void test_many_recipients(void **state)
{
	struct buf mail;
	struct bounce b;

	(void)state;
	buf_init(&mail, &arena, 1 << 20);
	buf_adds(&mail, "From: MAILER-DAEMON@a.example\nContent-Type: multipart/report; boundary=b\n\n"
		 "--b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a\n");
	for (int i = 0; i < BOUNCE_MAX_RECIPIENTS + 5; i++)
		buf_addf(&mail, "\nFinal-Recipient: rfc822; u%d@y.example\nAction: failed\nStatus: 5.1.1\n", i);
	b = read_mail(buf_span(&mail));
	assert_int_equal(b.n, BOUNCE_MAX_RECIPIENTS);
	assert_true(b.more);
}

/* Every size of arena: success or -1, never a crash. */
static void test_out_of_memory(void **state)
{
	static const char *const names[] = { "text/qmail.eml", "text/exchange-2016-de.eml",
					     "postfix/hard-multi-rcpt.eml", "sendmail/multiline.eml" };

	(void)state;
	for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
		struct span bytes;
		char path[128];
		bool done = false;

		snprintf(path, sizeof(path), "tests/bounces/%s", names[k]);
		bytes = read_whole(path);
		assert_non_null(bytes.p);
		for (size_t limit = 64; !done; limit += 1 + limit / 16) {
			struct arena small;
			struct message message;
			struct bounce bounce;

			arena_init(&small, limit);
			done = message_parse(&small, bytes, &message, NULL) == 0 &&
				bounce_read(&small, &message, &bounce, NULL) == 0;
			assert_int_equal(done, !small.failed);
			arena_release(&small);
		}
		free((char *)(uintptr_t)bytes.p);
	}
}

/* The samples of real servers: every one a bounce with a recipient, none lost. */
static void check_samples(const char *directory)
{
	char path[128];
	DIR *d;
	struct dirent *entry;
	size_t n = 0;

	snprintf(path, sizeof(path), "tests/bounces/%s", directory);
	d = opendir(path);
	assert_non_null(d);
	while ((entry = readdir(d)) != NULL) {
		struct bounce b;

		if (!span_has_suffix(span_str(entry->d_name), ".eml"))
			continue;
		b = read_path(directory, entry->d_name);
		if (b.shape != BOUNCE_REPORT)
			print_message("%s/%s\n", directory, entry->d_name);
		assert_int_equal(b.shape, BOUNCE_REPORT);
		assert_true(b.n > 0);
		for (size_t i = 0; i < b.n; i++) {
			assert_true(b.recipients[i].recipient.n != 0);
			assert_true(b.recipients[i].status.n != 0);
			assert_true(dsn_action_name(b.recipients[i].action)[0] != '\0');
		}
		n++;
	}
	closedir(d);
	assert_true(n > 4);
}

static void test_samples(void **state)
{
	(void)state;
	check_samples("postfix");
	check_samples("sendmail");
	check_samples("exim");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_arena(test_every_shape),
		with_arena(test_what_is_none),
		with_arena(test_shapes),
		with_arena(test_servers),
		with_arena(test_forwarded_recipient),
		with_arena(test_global_report),
		with_arena(test_returned_headers),
		with_arena(test_specific_status_counts),
		with_arena(test_silent_report),
		with_arena(test_text_of_another),
		with_arena(test_words_around_the_reply),
		with_arena(test_wrapped_command),
		with_arena(test_words_before_the_reply),
		with_arena(test_fields_in_wrong_places),
		with_arena(test_transcript_beside_the_report),
		with_arena(test_words_for_actions),
		with_arena(test_repeated_recipient),
		with_arena(test_address_probe),
		with_arena(test_invents_nothing),
		with_arena(test_numbers_in_prose),
		with_arena(test_names_without_domain),
		with_arena(test_other_addresses),
		with_arena(test_ends_of_replies),
		with_arena(test_heading_of_the_header),
		with_arena(test_extension_fields),
		with_arena(test_hosts_in_words),
		with_arena(test_hosts_without_comments),
		with_arena(test_without_return_path),
		with_arena(test_with_return_path),
		with_arena(test_message_without_a_separator),
		with_arena(test_address_of_a_log),
		with_arena(test_delay_or_failure),
		with_arena(test_reason_above_a_list),
		with_arena(test_listed_in_a_line),
		with_arena(test_owner_of_a_program),
		with_arena(test_words_around_a_code),
		with_arena(test_recipient_of_the_header),
		with_arena(test_fields_of_the_message),
		with_arena(test_recipient_of_the_returned_message),
		with_arena(test_many_recipients),
		with_arena(test_out_of_memory),
		with_arena(test_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
