/* What of a bounce there is to check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/address.h"
#include "probe/subject.h"
#include "support.h"

#define REPORT(REPORTER, REMOTE, REPLY) \
	"From: MAILER-DAEMON@mx.example.net\r\nTo: anna@example.org\r\n" \
	"Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n" \
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" \
	"--b\r\n\r\nIt could not be delivered.\r\n" \
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n" \
	"Reporting-MTA: dns; " REPORTER "\r\nX-Postfix-Sender: rfc822; Anna@Example.ORG\r\n\r\n" \
	"Original-Recipient: rfc822;kim@EXAMPLE.net\r\nFinal-Recipient: rfc822; kim@far.example\r\n" \
	"Action: failed\r\nStatus: 5.7.1\r\nRemote-MTA: dns; " REMOTE "\r\n" \
	"Diagnostic-Code: smtp; " REPLY "\r\n"
#define RETURNED(HEADERS) \
	"--b\r\nContent-Type: message/rfc822\r\n\r\n" HEADERS \
	"From: Anna <anna@news.example.org>\r\nTo: kim@example.net\r\n" \
	"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n" \
	"Subject: Lunch\r\n\r\nHello.\r\n--b--\r\n"

#define FORWARDED \
	"From: MAILER-DAEMON@mx.example.net\r\nTo: anna@example.org\r\n" \
	"Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n" \
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" \
	"--b\r\n\r\nIt could not be delivered.\r\n" \
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n" \
	"Reporting-MTA: dns; %s\r\n\r\n%sFinal-Recipient: rfc822; %s\r\n" \
	"Action: failed\r\nStatus: 5.7.26\r\nRemote-MTA: dns; behind.example\r\n" \
	"Diagnostic-Code: smtp; 550 5.7.26 SPF did not pass\r\n\r\n" \
	"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: anna@example.org\r\nTo: %s\r\n" \
	"Subject: Lunch\r\n\r\nHello.\r\n--b--\r\n"

static const char *const domains[] = { "example.org", "news.example.org" };
static const char *const addresses[] = { "192.0.2.1", "192.0.2.2", "10.0.0.1", "2001:db8::1" };
static const struct house house = {
	domains, 2, addresses, 4, "mx.example.org", true,
};

struct stage {
	struct arena arena;
	struct message message;
	struct bounce bounce;
	struct subject subject;
};

static void read_bounce(struct stage *s, const char *text, bool inbound)
{
	struct error error;

	arena_init(&s->arena, 1024 * 1024);
	assert_int_equal(message_parse(&s->arena, span_str(text), &s->message, &error), 0);
	assert_int_equal(bounce_read(&s->arena, &s->message, &s->bounce, &error), 0);
	assert_int_not_equal(s->bounce.shape, BOUNCE_NOT);
	subject_read(&s->arena, &house, &s->bounce, SPAN(""), inbound, &s->subject);
}

static void assert_ip(const struct ip *ip, const char *text)
{
	char buffer[IP_TEXT];

	assert_string_equal(ip->bits != 0 ? ip_text(ip, buffer) : "", text);
}

static void test_host_of_an_address(void **state)
{
	(void)state;
	assert_span(address_host(SPAN("\"a@b\"@example.org")), "example.org");
	assert_span(address_host(SPAN("a@")), "");
	assert_span(address_host(SPAN("anna")), "");
	assert_span(address_host((struct span){ NULL, 0 }), "");
}

static void test_whose_mail(void **state)
{
	struct stage s;

	(void)state;
	read_bounce(&s, REPORT("mail.example.org", "mx.example.net", "550 5.7.1 no")
		    RETURNED(""), false);
	assert_span(s.subject.sender_domain, "example.org");
	assert_span(s.subject.author_domain, "news.example.org");
	assert_true(s.subject.sender_is_ours && s.subject.author_is_ours);
	assert_int_equal(s.subject.domains_n, 1);
	assert_span(s.subject.domains[0], "example.net");	/* not where it was forwarded to */
	assert_true(s.subject.has_message && s.subject.has_body);
	assert_span(s.subject.body, "Hello.");
	assert_int_equal(s.subject.forwarder.n, 0);
	arena_release(&s.arena);
	read_bounce(&s, REPORT("mail.example.org", "mx.example.net", "550 no")
		    RETURNED("Return-Path: <eve@elsewhere.example>\r\n"), false);
	assert_span(s.subject.sender, "eve@elsewhere.example");
	assert_false(s.subject.sender_is_ours);
	arena_release(&s.arena);
}

/* The address of the house that the mail shows, else all of them. */
static void test_sending_address(void **state)
{
	static const struct {
		const char *reply, *received, *ours[3], *named;
	} rows[] = {
		{ "550 blocked", "", { "192.0.2.1", "192.0.2.2", "2001:db8::1" }, "" },
		{ "550 blocked [192.0.2.2].", "", { "192.0.2.2" }, "" },
		{ "550 client [IPv6:2001:DB8:0::1] blocked", "", { "2001:db8::1" }, "" },
		{ "550 192.0.2.1: see http://l.example/?ip=192.0.2.2", "",
		  { "192.0.2.1", "192.0.2.2" }, "" },
		{ "550 blocked", "Received: from mail.example.org ([192.0.2.2]) by mx.example.net\r\n",
		  { "192.0.2.2" }, "" },
		{ "550 203.0.113.9 is listed", "", { "192.0.2.1", "192.0.2.2", "2001:db8::1" },
		  "203.0.113.9" },
		{ "550 10.1.2.3 is listed, 1.2.3 or 300.1.1.1 not", "",
		  { "192.0.2.1", "192.0.2.2", "2001:db8::1" }, "" },
		{ "550 no", "Received: from a ([203.0.113.9]) by b\r\n",
		  { "192.0.2.1", "192.0.2.2", "2001:db8::1" }, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stage s;
		char text[4096];

		snprintf(text, sizeof(text), REPORT("mail.example.org", "mx.example.net", "%s")
			 RETURNED("%s"), rows[i].reply, rows[i].received);
		read_bounce(&s, text, false);
		for (size_t j = 0; j < 3; j++)
			assert_ip(&s.subject.addresses[j], rows[i].ours[j] != NULL ?
				  rows[i].ours[j] : "");
		assert_int_equal(s.subject.addresses_n, rows[i].ours[2] != NULL ? 3 :
				 rows[i].ours[1] != NULL ? 2 : 1);
		assert_ip(&s.subject.named, rows[i].named);
		arena_release(&s.arena);
	}
}

/* Of what a foreign server returned, the body proves nothing; and where it quotes
 * another one's reply, it had the mail last. */
static void test_inbound(void **state)
{
	struct stage s;

	(void)state;
	read_bounce(&s, REPORT("mx.example.net", "mx.far.example", "550 5.7.26 no SPF")
		    RETURNED("Authentication-Results: mx.example.org; spf=pass\r\n"), true);
	assert_span(s.subject.forwarder, "mx.example.net");
	assert_true(s.subject.has_message);
	assert_false(s.subject.has_body);
	assert_int_equal(s.subject.reported.spf.n, 0);
	arena_release(&s.arena);
	read_bounce(&s, REPORT("mx.example.net", "mx.example.net", "550 no") RETURNED(""), true);
	assert_int_equal(s.subject.forwarder.n, 0);
	arena_release(&s.arena);
	/* its own address shown: it left from here */
	read_bounce(&s, REPORT("mx.example.net", "mx.far.example", "550 5.7.26 192.0.2.1: no SPF")
		    RETURNED(""), true);
	assert_int_equal(s.subject.forwarder.n, 0);
	assert_true(s.subject.shown);
	arena_release(&s.arena);
	/* another server of the house */
	read_bounce(&s, REPORT("out.example.org", "mx.example.net", "550 no") RETURNED(""), true);
	assert_int_equal(s.subject.forwarder.n, 0);
	arena_release(&s.arena);
}

/* Who passed it on is the recipient's; who sends for us is not. */
/* From whom the foreign server took it counts where that server itself says it. */
static void test_trace(void **state)
{
	static const struct {
		const char *received, *named;
	} rows[] = {
		{ "from evil ([203.0.113.9]) by mx.example.net with ESMTP; today", "203.0.113.9" },
		{ "from evil ([IPv6:2001:db8::9]) by MX.example.net", "2001:db8::9" },
		{ "from home ([203.0.113.9]) by mail.example.org", "" },
		{ "from home ([203.0.113.9]) by relay.host.example", "" },
		{ "from home ([10.1.2.3]) by mx.example.net", "" },
		{ "from mail ([192.0.2.1]) by mx.example.net", "" },	/* ours */
		{ "by mx.example.net (x [203.0.113.9])", "203.0.113.9" },
		{ "from by ([203.0.113.9]) (by mx.example.net)", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[4096];
		struct stage s;

		snprintf(text, sizeof(text), REPORT("mx.example.net", "mx.example.net", "550 no")
			 RETURNED("Received: %s\r\n"), rows[i].received);
		read_bounce(&s, text, true);
		assert_ip(&s.subject.named, rows[i].named);
		assert_int_equal(s.subject.named_by_trace, rows[i].named[0] != '\0');
		arena_release(&s.arena);
		read_bounce(&s, text, false);	/* our own trace says from where we had it */
		assert_ip(&s.subject.named, "");
		arena_release(&s.arena);
	}
}

static void test_forwarder(void **state)
{
	static const struct {
		const char *reporter, *original, *final, *to, *forwarder;
	} rows[] = {
		/* forwarded to another address, by whomever */
		{ "mx.host.example", "kim@example.net", "kim@far.example", "kim@example.net",
		  "mx.host.example" },
		/* a gateway in front of the mailboxes */
		{ "mx.example.net", "kim@example.net", "kim@example.net", "kim@example.net",
		  "mx.example.net" },
		{ "mx.example.net", NULL, "kim@example.net", "kim@example.net", "mx.example.net" },
		{ "MX.Example.NET", NULL, "kim@far.example", "Kim <kim@example.net>",
		  "MX.Example.NET" },
		/* a relay of a provider through which our mail leaves */
		{ "relay.host.example", "kim@example.net", "kim@example.net", "kim@example.net", "" },
		{ "relay.host.example", NULL, "kim@example.net", "kim@example.net", "" },
		{ "relay.host.example", NULL, "kim@example.net", "undisclosed-recipients:;", "" },
		{ "xexample.net", NULL, "kim@example.net", "kim@example.net", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[4096], original[100] = "";
		struct stage s;

		if (rows[i].original != NULL)
			snprintf(original, sizeof(original), "Original-Recipient: rfc822;%s\r\n",
				 rows[i].original);
		snprintf(text, sizeof(text), FORWARDED, rows[i].reporter, original, rows[i].final,
			 rows[i].to);
		read_bounce(&s, text, true);
		assert_span(s.subject.forwarder, rows[i].forwarder);
		arena_release(&s.arena);
	}
}

static void test_reported(void **state)
{
	static const struct {
		const char *field, *spf, *dkim, *dmarc, *domain;
	} rows[] = {
		{ "mx.example.org; spf=fail smtp.mailfrom=a@B.example; dkim=none;\r\n"
		  " dmarc=fail (p=reject; dis=none) header.from=b.example",
		  "fail", "none", "fail", "b.example" },
		{ "MX.example.org 1 (a \\) comment); SPF = Pass reason=\"a; dkim=fail\" "
		  "smtp.mailfrom=b.example; dkim=fail; dkim=pass", "pass", "pass", "", "b.example" },
		{ "mx.example.com; spf=pass", "temperror", "", "", "" },	/* not us: the next */
		{ "mx.example.org; none", "", "", "", "" },
		{ "mx.example.org; spf=fail smtp.mailfrom=\"call 555\"", "fail", "", "", "" },
		{ "mx.example.org; spf=fail smtp.mailfrom=http://a.example/", "fail", "", "", "" },
		{ "mx.example.org; spf=<script>; dkim; =pass; dmarc=", "", "", "", "" },
		{ "mx.example.org", "", "", "", "" },
		{ "(((", "temperror", "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stage s;
		char text[4096];

		snprintf(text, sizeof(text), REPORT("mx.example.org", "mx.example.net", "550 no")
			 RETURNED("Authentication-Results: %s\r\n"
				  "Authentication-Results: mx.example.org; spf=temperror\r\n"),
			 rows[i].field);
		read_bounce(&s, text, false);
		assert_span(s.subject.reported.spf, rows[i].spf);
		assert_span(s.subject.reported.dkim, rows[i].dkim);
		assert_span(s.subject.reported.dmarc, rows[i].dmarc);
		assert_span(s.subject.reported.spf_domain, rows[i].domain);
		arena_release(&s.arena);
	}
}

/* A field that the message had when it came to us is its sender's word. */
static void test_reported_by_others(void **state)
{
#define OURS "Authentication-Results: mx.example.org; spf=pass\r\n"
#define BY(HOST) "Received: from by (x [203.0.113.9]) by " HOST " (Postfix) id 1; today\r\n"
	static const struct {
		const char *headers, *spf;
	} rows[] = {
		{ OURS BY("mx.example.org") BY("relay.else.example"), "pass" },
		{ BY("mx.example.org") OURS BY("relay.else.example"), "pass" },
		{ BY("in.example.org") BY("mx.example.org") OURS, "pass" },
		{ BY("localhost.localdomain") BY("filter") BY("mx.example.org") OURS, "pass" },
		{ BY("mx.example.org") BY("relay.else.example") OURS, "" },
		{ BY("relay.else.example") OURS, "" },
		{ BY("mx.example.org.else.example") OURS, "" },
		{ BY("mx.xexample.org") OURS, "" },
		{ "Received: from mx.example.org\r\n" OURS, "pass" },
		{ BY("mx.example.org") BY("relay.else.example") OURS OURS, "" },
		{ BY("mx.example.org") OURS BY("a.example")
		  "Authentication-Results: mx.example.org; dkim=pass\r\n", "pass" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stage s;
		char text[4096];

		snprintf(text, sizeof(text), REPORT("mx.example.org", "mx.example.net", "550 no")
			 RETURNED("%s"), rows[i].headers);
		read_bounce(&s, text, false);
		assert_span(s.subject.reported.spf, rows[i].spf);
		assert_span(s.subject.reported.dkim, "");
		arena_release(&s.arena);
	}
}

static void test_forged(void **state)
{
	static const struct {
		const char *headers;
		bool forged;
	} rows[] = {
		{ "", true },
		{ "Received: from evil.example ([203.0.113.9]) by mx.example.net\r\n", true },
		{ "DKIM-Signature: v=1; a=rsa-sha256; d=list.example; s=x; b=\r\n", true },
		{ "DKIM-Signature: v=1; s=x;\r\n d = Example.org ; b=\r\n", false },
		{ "DKIM-Signature: v=1; s=x; d=mail.example.org; b=\r\n", false },
		{ "DKIM-Signature: v=1; s=x; d=notexample.org; b=\r\n", true },
		{ "DKIM-Signature: v=1; s=x; d=example.org.evil.example; b=\r\n", true },
		{ "DKIM-Signature: broken\r\n", false },
		{ "Received: from a ([192.0.2.1]) by mx.example.net\r\n", false },
		{ "Received: from mail.example.org (unknown) by mx.example.net\r\n", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct house careless = house;
		struct stage s;
		char text[4096];

		snprintf(text, sizeof(text), REPORT("mx.example.net", "mx.example.net", "550 no")
			 RETURNED("%s"), rows[i].headers);
		read_bounce(&s, text, true);
		assert_int_equal(subject_is_forged(&s.arena, &house, &s.bounce), rows[i].forged);
		careless.signs_all = false;
		assert_false(subject_is_forged(&s.arena, &careless, &s.bounce));
		arena_release(&s.arena);
	}
}

/* A header that is cut, or of somebody else, tells nothing. */
static void test_not_forged(void **state)
{
	static const char *const returned[] = {
		"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: anna@example.org\r\n"
		"Subject: cut\r\n--b--\r\n",
		"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: eve@else.example\r\n"
		"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@else.example>\r\n--b--\r\n",
		"--b--\r\n",
		/* ours is only in a message that it carries, or in a name */
		"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: eve@else.example\r\n"
		"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@else.example>\r\n"
		"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\nFrom: anna@example.org\r\n"
		"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nx\r\n"
		"--b--\r\n",
		"--b\r\nContent-Type: message/rfc822\r\n\r\n"
		"From: \"anna@example.org\" <eve@else.example>\r\n"
		"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@else.example>\r\n\r\nx\r\n"
		"--b--\r\n",
		/* somebody below a domain of ours is somebody else */
		"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: anna@sub.example.org\r\n"
		"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@else.example>\r\n\r\nx\r\n"
		"--b--\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(returned) / sizeof(returned[0]); i++) {
		struct stage s;
		char text[4096];

		snprintf(text, sizeof(text), "%s%s",
			 REPORT("mx.example.net", "mx.example.net", "550 no"), returned[i]);
		read_bounce(&s, text, true);
		assert_false(subject_is_forged(&s.arena, &house, &s.bounce));
		arena_release(&s.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_of_an_address),
		cmocka_unit_test(test_whose_mail),
		cmocka_unit_test(test_sending_address),
		cmocka_unit_test(test_inbound),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_forwarder),
		cmocka_unit_test(test_reported),
		cmocka_unit_test(test_reported_by_others),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_not_forged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
