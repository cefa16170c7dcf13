/* recognise.h: what is a bounce, beside what is nearly one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena_fixture.h"
#include "mail/bounce.h"
#include "support.h"

static struct bounce read_mail(struct span bytes)
{
	return bounce_of(&arena, bytes);
}

struct mail {
	const char *header, *text;
	bool bounce;
};

/* To her who sent what is spoken of, with a null return path. */
static void check(const struct mail *mails, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Return-Path: <>\nTo: anna@a.example\n%s\n\n%s\n", mails[i].header, mails[i].text)));

		if ((b.shape != BOUNCE_NOT) != mails[i].bounce)
			print_message("%s\n%s\n", mails[i].header, mails[i].text);
		assert_true((b.shape != BOUNCE_NOT) == mails[i].bounce);
	}
}
#define CHECK(mails) check(mails, sizeof(mails) / sizeof(*(mails)))

#define FAILED "Your message to x@y.example could not be delivered."

/* What stands behind the failure is the subject of the message that came back. */
static void test_first_words_of_the_subject(void **state)
{
	static const struct mail mails[] = {
		{ "From: postmaster@y.example\nSubject: Undeliverable: Out of office", FAILED, true },
		{ "From: postmaster@y.example\nSubject: Out of office: Undeliverable", FAILED, false },
		{ "From: postmaster@y.example\nSubject: Undeliverable: May digest", FAILED " 550 no", true },
		{ "From: postmaster@y.example\nSubject: Undeliverable: campaign statistics", FAILED, true },
		{ "From: postmaster@y.example\nSubject: Re: campaign statistics", FAILED, true },
		{ "From: postmaster@y.example\nSubject: Daily report: 3 undelivered",
		  "x@y.example 550 no\nz@y.example 552 full", false },
		{ "From: MDaemon at y.example <MDaemon@y.example>\nSubject: Bad queue summary",
		  "From: a@y.example To: x@y.example Reason: unknown user", false },
		{ "From: reports@y.example\nSubject: Your campaign delivery report",
		  "Mail could not be delivered to x@y.example: 550 no", false },
		{ "From: Mail system <postmaster@y.example>\nSubject: AutoReply: no such user",
		  FAILED "\n550 no such user", true },
		{ "From: Paul <paul@y.example>\nSubject: AutoReply: no such user",
		  FAILED "\n550 no such user", false },
	};

	(void)state;
	CHECK(mails);
}

static void test_other_programs(void **state)
{
	static const struct mail mails[] = {
		{ "From: Mail system <help@y.example>\nSubject: Mail delivery failed", FAILED, true },
		{ "From: Mail system <help@y.example>\nSubject: Mail delivery failed\n"
		  "RT-Ticket: y.example #1", FAILED, false },
		{ "From: Mail system <help@y.example>\nSubject: Mail delivery failed\n"
		  "X-Powered-By: OTRS", FAILED, false },
		{ "From: Mail system <help@y.example>\nSubject: Mail delivery failed\n"
		  "X-Powered-By: PHP/8.2", FAILED, true },
		{ "From: postmaster@y.example\nSubject: [ops] failure notice\nList-Id: <ops.y.example>",
		  "Who reads these?\n\n<x@y.example>:\n550 no", false },
		{ "From: postmaster@y.example\nSubject: failure notice\nList-Id: <ops.y.example>",
		  "<x@y.example>:\n550 no", true },
		{ "From: postmaster@y.example\nSubject: [ops] failure notice", "<x@y.example>:\n550 no", true },
	};

	(void)state;
	CHECK(mails);
}

#define PASSED_ON(text) \
	"--b\n\n" text "\n--b\nContent-Type: message/rfc822\n\n" \
	"From: MAILER-DAEMON@a.example\nSubject: Returned mail\n\nx@y.example: 550 no\n--b--"
#define MIXED "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b"

static void test_bounces_passed_on(void **state)
{
	static const struct mail mails[] = {
		{ "From: Postmaster <postmaster@a.example>\nSubject: Your question: Returned mail\n" MIXED,
		  PASSED_ON("Dear Anna,\n\nthere is no mailbox x@y.example. The mail was not delivered.\n"), false },
		{ "From: Mail system <lists@a.example>\nSubject: error report\n" MIXED,
		  PASSED_ON("The enclosed message may be a delivery error notice.\n"), false },
		{ "From: Postmaster <postmaster@a.example>\nSubject: Returned mail\n" MIXED,
		  PASSED_ON("<x@y.example>: 550 no such user\n"), true },
		{ "From: MAILER-DAEMON@a.example\nSubject: Returned mail\n" MIXED,
		  PASSED_ON("It could not be delivered to <x@y.example>.\n"), true },
	};

	(void)state;
	CHECK(mails);
}

/* Everybody may take the name of a daemon. */
static void test_name_of_a_daemon(void **state)
{
	static const struct { const char *header; bool bounce; } rows[] = {
		{ "Return-Path: <>\nFrom: Mailer-Daemon <fan@l.example>", true },
		{ "Return-Path: <l-owner@l.example>\nFrom: Mailer-Daemon <fan@l.example>", false },
		{ "Return-Path: <l-owner@l.example>\nFrom: Mailer-Daemon fan <fan@l.example>", false },
		{ "Return-Path: <l-owner@l.example>\nFrom: Fan <mailer-daemon@l.example>", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"%s\nTo: l@l.example\nSubject: Returned mail\n\n<x@y.example>: 550 User unknown\n",
			rows[i].header)));

		assert_true((b.shape != BOUNCE_NOT) == rows[i].bounce);
	}
}

/* A failure that may come, if this or that. */
static void test_conditions(void **state)
{
	static const struct mail mails[] = {
		{ "From: postmaster@a.example\nSubject: Welcome",
		  "Your mailbox paul@a.example is ready. When the mailbox is full, mail is returned.", false },
		{ "From: postmaster@a.example\nSubject: Quota warning",
		  "Once full, new messages cannot be delivered. They are returned with 552.", false },
		{ "From: postmaster@a.example\nSubject: Hinweis",
		  "Falls eine Mail an x@y.example nicht zugestellt wird, rufen Sie uns an.", false },
		{ "From: postmaster@y.example\nSubject: Hello",
		  "Mail to x@y.example could not be delivered. If it matters, call us.", true },
		{ "From: postmaster@y.example\nSubject: Hola",
		  "El mensaje se recibi\xc3\xb3 pero no se pudo entregar a x@y.example", true },
		{ "From: postmaster@y.example\nSubject: Hello",
		  "We tried more than once but could not deliver it to x@y.example", true },
		{ "From: postmaster@y.example\nSubject: Hello",
		  "This error came when trying to deliver your mail to x@y.example.", true },
	};

	(void)state;
	CHECK(mails);
}

static void test_least_a_bounce_says(void **state)
{
	static const struct mail mails[] = {
		{ "From: System Administrator <admin@a.example>\nSubject: Backup delivery report",
		  "Delivery of the backup has failed due to lack of space.", false },
		{ "From: Parcel Mail Delivery Service <postmaster@p.example>\nSubject: Delivery failure",
		  "We were unable to deliver your item.", false },
		{ "From: postmaster@y.example\nSubject: Delivery failure",
		  "We were unable to deliver your message.", true },
		{ "From: Mail Delivery System <noreply@p.example>\nSubject: Delivery delayed",
		  "Five messages wait. Click here.", false },
		{ "From: MAILER-DAEMON@y.example\nSubject: Delivery failure", "Unable to deliver it.", true },
		{ "From: System Administrator\nSubject: Undeliverable: Offer",
		  "Your message did not reach the following recipient(s):\n\nStein, Bob on Tue, 11 Mar\n", true },
		{ "From: news@n.example\nSubject: Your emails are not delivered",
		  "550 5.7.26 is what they get.", false },
		{ "From: pay@p.example\nSubject: Your payment was not delivered",
		  "20 EUR to x@y.example could not be delivered: the account does not exist.", false },
		{ "From: Security <mailsecurity@y.example>\nSubject: Message was blocked",
		  "The message you sent to x@y.example was blocked: 554 spam", true },
		{ "From: Security <mailsecurity@y.example>\nSubject: Message was blocked",
		  "A message from x@y.example was blocked. It was addressed to you.", false },
		{ "From: no-reply@y.example\nSubject: Delivery failed",
		  "The e-mail to x@y.example could not be delivered: 550 no", true },
		{ "From: postmaster@y.example\nSubject: Offer",
		  "The mailbox of x@y.example takes no more: 552 full\n\n----- Original message -----\n"
		  "Received: from a by b; Tue, 11 Mar 2025 09:00:00 +0100\nSubject: Offer\n", true },
	};

	(void)state;
	CHECK(mails);
}

static void test_mail_to_the_reader(void **state)
{
	static const struct mail mails[] = {
		{ "From: Mail system <help@p.example>\nSubject: Delivery failed",
		  "Mail to anna@a.example cannot be delivered. Renew: http://p.example/", false },
		{ "From: Mail system <help@p.example>\nSubject: Delivery failed",
		  "Mail to anna@a.example cannot be delivered.", true },
		{ "From: Mail system <help@p.example>\nSubject: Delivery failed",
		  "Mail to anna@a.example cannot be delivered: 552 mailbox full", true },
		{ "From: MAILER-DAEMON@p.example\nSubject: Your mailbox is full",
		  "New mail to anna@a.example cannot be delivered.", false },
		{ "From: MAILER-DAEMON@p.example\nSubject: Undelivered mail",
		  "Dear anna@a.example, 3 messages could not be delivered. http://p.example/", false },
		{ "From: MAILER-DAEMON@p.example\nSubject: Undelivered mail\nContent-Type: text/html",
		  "Dear anna@a.example, 3 messages could not be delivered. <a href=http://p.example>Sign in</a>", false },
		{ "From: MAILER-DAEMON@p.example\nSubject: Undelivered mail",
		  "Dear anna@a.example, your message could not be delivered.", true },
		{ "From: MAILER-DAEMON@p.example\nSubject: Undelivered mail",
		  "A message from anna@a.example to Bob Stein could not be delivered.", true },
		{ "From: MAILER-DAEMON@p.example\nSubject: Undelivered mail",
		  "6 messages were not delivered to your inbox.", false },
		{ "From: postmaster@p.example\nSubject: Undelivered mail",
		  "Mail to x@y.example could not be delivered: its server takes no incoming mail.", true },
		{ "From: MAILER-DAEMON@p.example\nSubject: Undelivered mail",
		  "<x@y.example>: 550 was not delivered to your inbox provider", true },
	};

	(void)state;
	CHECK(mails);
}

/* A mailbox answers for a person, to whatever address its mail came from. */
static void test_answers_of_mailboxes(void **state)
{
	static const struct mail mails[] = {
		{ "From: Eva <eva@y.example>\nSubject: Offer\nTo: l-bounces@l.example",
		  "I left. Your mail to eva@y.example was not delivered to anybody.", false },
		{ "From: Eva <eva@y.example>\nSubject: Undeliverable: Offer",
		  "Your mail to eva@y.example was not delivered to anybody.", true },
		{ "From: postmaster@y.example\nSubject: Offer\nTo: l-bounces@l.example",
		  "Your mail to eva@y.example was not delivered to anybody.", true },
	};

	(void)state;
	CHECK(mails);
}

#define ATTACHED(name) \
	"--b\n\nThe message could not be delivered, it is attached.\n--b\n" \
	"Content-Type: application/octet-stream; name=\"" name "\"\n\nMZ\n--b--"

static void test_worms(void **state)
{
	static const struct mail mails[] = {
		{ "From: MAILER-DAEMON@y.example\nSubject: Mail delivery failed\n" MIXED,
		  ATTACHED("message.scr"), false },
		{ "From: MAILER-DAEMON@y.example\nSubject: Mail delivery failed\n" MIXED,
		  ATTACHED("document.ZIP"), false },
		{ "From: MAILER-DAEMON@y.example\nSubject: Mail delivery failed\n" MIXED,
		  ATTACHED("message.eml"), true },
		{ "From: MAILER-DAEMON@y.example\nSubject: Mail delivery failed\n" MIXED,
		  "--b\n\n<x@y.example>: 550 no such user\n--b\n"
		  "Content-Type: application/zip; name=offer.zip\n\nPK\n--b--", true },
	};

	(void)state;
	CHECK(mails);
}

static void test_challenges(void **state)
{
	static const struct mail mails[] = {
		{ "From: Mail filter <f@y.example>\nSubject: Message not delivered: please confirm",
		  "Your message to x@y.example was not delivered. Prove that you are a person.", false },
		{ "From: Mail filter <f@y.example>\nSubject: Verificaci\xc3\xb3n",
		  "Su mensaje a x@y.example no ha sido entregado. Responda para confirmar que es una persona.",
		  false },
		{ "From: Mail filter <f@y.example>\nSubject: Message not delivered",
		  "Your message to x@y.example was not delivered: 550 please confirm the address", true },
	};

	(void)state;
	CHECK(mails);
}

#define SNS "From: no-reply@sns.example\nSubject: AWS Notification Message"

static void test_notation_of_a_service(void **state)
{
	static const struct mail mails[] = {
		{ SNS, "{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":["
		  "{\"emailAddress\":\"x@y.example\",\"status\":\"5.1.1\",\"diagnosticCode\":"
		  "\"smtp; 550 5.1.1 no\"}],\"x\":1},\"mail\":{\"source\":\"anna@a.example\"}}", true },
		{ SNS, "{\"notificationType\":\"Complaint\",\"complaint\":{\"complainedRecipients\":["
		  "{\"emailAddress\":\"x@y.example\"}]}}", false },
		{ SNS, "We get this:\n{\"bounce\":{\"bouncedRecipients\":[{\"emailAddress\":"
		  "\"x@y.example\"}]}}", false },
		{ SNS, "{\"bouncedRecipients\"", false },
	};
	struct bounce b = read_mail(span_str(arena_printf(&arena, "%s\n\n%s\n", mails[0].header,
							  mails[0].text)));

	(void)state;
	CHECK(mails);
	assert_int_equal(b.shape, BOUNCE_NOTIFICATION);
	assert_int_equal(b.n, 1);
	assert_span(b.recipients[0].recipient, "x@y.example");
	assert_span(b.recipients[0].status, "5.1.1");
	assert_span(b.recipients[0].reply_code, "550");
	assert_int_equal(b.recipients[0].action, ACTION_FAILED);
}

/* A success is told as one, and never as a failure. */
static void test_success(void **state)
{
	static const struct { const char *text; enum dsn_action action; } rows[] = {
		{ "Your message was delivered to\n\n<x@y.example>\n", ACTION_DELIVERED },
		{ "Delivery to these recipients or groups is complete:\n\nx@y.example\n", ACTION_DELIVERED },
		{ "Ihre Nachricht wurde erfolgreich zugestellt:\n\n<x@y.example>\n", ACTION_DELIVERED },
		{ "It was successfully delivered to others. It could not be delivered to\n\n<x@y.example>\n",
		  ACTION_FAILED },
		{ "It was successfully delivered to our relay.\n\n<x@y.example>: 550 kein Mensch\n",
		  ACTION_FAILED },
		{ "It has been delivered to the following server, but\n<x@y.example> is delayed; "
		  "it will be retried\n", ACTION_DELAYED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: Notice\n\n%s", rows[i].text)));

		assert_int_equal(b.n, 1);
		assert_int_equal(b.recipients[0].action, rows[i].action);
	}
}

/* What its subject says counts, as a receipt may hold a transcript of the session. */
static void test_receipts(void **state)
{
	static const struct { const char *subject, *said; enum dsn_action action; } rows[] = {
		{ "Return receipt", "relayed; expect no further notifications", ACTION_DELIVERED },
		{ "Return receipt", "no\n<<< 550 no such user", ACTION_FAILED },
		{ "Returned mail: return receipt", "no such user", ACTION_FAILED },
		{ "Delivered: minutes", "Delivered", ACTION_DELIVERED },
		{ "Not delivered: minutes", "No", ACTION_FAILED },
		{ "Undelivered: minutes", "No", ACTION_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bounce b = read_mail(span_str(arena_printf(&arena,
			"Return-Path: <>\nFrom: MAILER-DAEMON@a.example\nSubject: %s\n\n"
			"   ----- Transcript of session follows -----\n<x@y.example>... %s\n",
			rows[i].subject, rows[i].said)));

		assert_int_equal(b.n, 1);
		assert_int_equal(b.recipients[0].action, rows[i].action);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_words_of_the_subject),
		cmocka_unit_test(test_other_programs),
		cmocka_unit_test(test_bounces_passed_on),
		cmocka_unit_test(test_name_of_a_daemon),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_least_a_bounce_says),
		cmocka_unit_test(test_mail_to_the_reader),
		cmocka_unit_test(test_answers_of_mailboxes),
		cmocka_unit_test(test_worms),
		cmocka_unit_test(test_challenges),
		cmocka_unit_test(test_notation_of_a_service),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_receipts),
	};

	return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
