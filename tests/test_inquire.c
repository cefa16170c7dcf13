/* Whose bounces the DNS is asked about, and what their readers are told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/enrich.h"
#include "dns_fixture.h"
#include "settings.h"

/* A bounce about mail from FROM; REPLY is the other server's. */
#define BOUNCE(TO, STATUS, REPLY, RETURNED) \
	BOUNCE_BY("mail.example.org", TO, STATUS, REPLY, RETURNED)
#define BOUNCE_BY(REPORTER, TO, STATUS, REPLY, RETURNED) \
	"From: MAILER-DAEMON@mail.example.org\r\nTo: anna@example.org\r\n" \
	"Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n" \
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" \
	"--b\r\n\r\nYour message could not be delivered.\r\n" \
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n" \
	"Reporting-MTA: dns; " REPORTER "\r\n\r\n" \
	"Final-Recipient: rfc822; " TO "\r\nAction: failed\r\nStatus: " STATUS "\r\n" \
	"Remote-MTA: dns; mx.example.net\r\nDiagnostic-Code: smtp; " REPLY "\r\n\r\n" \
	"--b\r\nContent-Type: message/rfc822\r\n\r\n" RETURNED "\r\n\r\nHello.\r\n--b--\r\n"
#define MAIL(FROM) "From: " FROM "\r\nTo: kim@example.net\r\nSubject: Lunch\r\n" \
	"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>"
#define NO_SPF BOUNCE("kim@example.net", "5.7.23", "550 5.7.23 SPF check failed", \
		      MAIL("anna@example.org"))

static const struct dns_row rows[] = {
	ROW("example.org", TXT, "v=spf1 ip4:192.0.2.7 -all"),
	ROW("good.example", TXT, "v=spf1 ip4:192.0.2.1 -all"),
	ROW("_dmarc.example.org", TXT, "v=DMARC1; p=none"),
	ROW("xn--bcher-kva.example", TXT, "v=spf1 -all"),
	ROW("web.example", MX, "0 ."),
};
static const char ours[] = "local_domains: [example.org, good.example]\n"
			   "outbound_addresses: [192.0.2.1]\n";

struct stage {
	struct snapshot *snapshot;
	struct arena arena;
};

static void open_stage(struct stage *stage, const char *settings)
{
	struct error error;

	stage->snapshot = snapshot_of_settings(settings, "de");
	USE(rows);
	stage->snapshot->prober = prober_new(&(struct prober_settings){
		.source = &fixture_table.source, .knowledge = stage->snapshot->knowledge,
		.house = stage->snapshot->house, .checks = WANT_ALL, .timeout_ms = 5000,
		.messages = 1 }, &error);
	assert_non_null(stage->snapshot->prober);
	arena_init(&stage->arena, ENRICH_ARENA);
}

static void close_stage(struct stage *stage)
{
	arena_release(&stage->arena);
	snapshot_free(stage->snapshot);
}

/* Explained as text or JSON; how many questions it took in *queries_r. */
static const char *explained(struct stage *stage, const char *bounce, enum origin origin,
			     const char *rcpt, void (*layout)(struct buf *, const struct explanation *),
			     unsigned *queries_r)
{
	const struct enrich_request request = { .origin = origin, .rcpt = span_str(rcpt) };
	unsigned before = fixture_table.queries + fixture_table.begun;
	struct reading reading;
	struct explanation explanation;
	struct error error;
	struct buf out;

	if (enrich_read(stage->snapshot, &stage->arena, span_str(bounce), &reading, &error) != 0 ||
	    enrich_explain(stage->snapshot, &stage->arena, &reading, &request, &explanation,
			   &error) != 0)
		fail_msg("%s", error.text);
	buf_init(&out, &stage->arena, 1024 * 1024);
	layout(&out, &explanation);
	unwrap_lines(&out);
	*queries_r = fixture_table.queries + fixture_table.begun - before;
	return buf_string(&out);
}

static void assert_has(const char *text, const char *wanted)
{
	if (strstr(text, wanted) == NULL)
		fail_msg("\"%s\" is not in:\n%s", wanted, text);
}

static void assert_lacks(const char *text, const char *unwanted)
{
	if (strstr(text, unwanted) != NULL)
		fail_msg("\"%s\" is in:\n%s", unwanted, text);
}

static void test_our_own_mail(void **state)
{
	struct stage stage;
	const char *text;
	unsigned queries;

	(void)state;
	open_stage(&stage, ours);
	text = explained(&stage, NO_SPF, ORIGIN_GENERATED, "anna@example.org", explain_text, &queries);
	assert_true(queries > 0);
	assert_has(text, "1. Send this whole message to your mail administrator.");
	assert_has(text, "✗ SPF fails: the record of example.org does not allow 192.0.2.1.");
	assert_has(text, "To repair it: Add ip4:192.0.2.1 to the SPF record of example.org");
	assert_true(strstr(text, "What you can do") < strstr(text, "What we checked"));
	text = explained(&stage, NO_SPF, ORIGIN_GENERATED, "anna@example.org", explain_json, &queries);
	assert_has(text, "\"check\":\"spf\",\"verdict\":\"fail\",\"finding\":\"spf.fail\"");
	assert_has(text, "v=spf1 ip4:192.0.2.7 ip4:192.0.2.1 -all");
	text = explained(&stage, NO_SPF, ORIGIN_GENERATED, "anna@example.org", explain_html, &queries);
	assert_has(text, "What we checked");
	close_stage(&stage);
}

/* A reader who is none of ours sees nothing of it; nobody is asked for him. */
static void test_other_readers(void **state)
{
	static const char foreign[] = BOUNCE("kim@example.net", "5.7.23",
		"550 5.7.23 SPF check failed", "Authentication-Results: mx.example.org; "
		"spf=fail smtp.mailfrom=else.example\r\n" MAIL("eve@else.example"));
	char settings[300];
	struct stage stage;
	const char *text;
	unsigned queries;

	(void)state;
	snprintf(settings, sizeof(settings), "%sauthserv_id: mx.example.org\n", ours);
	open_stage(&stage, settings);
	text = explained(&stage, foreign, ORIGIN_GENERATED, "eve@else.example", explain_text,
			 &queries);
	assert_int_equal(queries, 0);
	assert_lacks(text, "192.0.2.1");
	assert_has(text, "the result of SPF was fail for else.example.");
	/* what came in over SMTP has no word of ours in it */
	text = explained(&stage, foreign, ORIGIN_INBOUND, "eve@else.example", explain_text, &queries);
	assert_int_equal(queries, 0);
	assert_lacks(text, "What we checked");
	close_stage(&stage);
}

static void test_inbound(void **state)
{
	static const char forwarded[] = BOUNCE_BY("in.example.net", "kim@example.net", "5.7.23",
		"550 5.7.23 SPF check failed", MAIL("anna@example.org"));
	struct stage stage;
	const char *text;
	unsigned queries;

	(void)state;
	open_stage(&stage, ours);
	text = explained(&stage, forwarded, ORIGIN_INBOUND, "anna@example.org", explain_text,
			 &queries);
	assert_has(text, "in.example.net passed the message on to another system. SPF cannot pass");
	assert_lacks(text, "To repair it: Add");
	text = explained(&stage, NO_SPF, ORIGIN_INBOUND, "anna@example.org", explain_text, &queries);
	assert_has(text, "To repair it: Add ip4:192.0.2.1");
	explained(&stage, NO_SPF, ORIGIN_INBOUND, "eve@else.example", explain_text, &queries);
	assert_int_equal(queries, 0);
	close_stage(&stage);
}

/* A bounce that came in may be made up, with what it returns: nothing that it names is
 * to be published, and what is right for us is not held against another address. */
static void test_made_up(void **state)
{
	static const char signature[] = BOUNCE("kim@example.net", "5.7.20",
		"550 5.7.20 No passing DKIM signature found", "DKIM-Signature: v=1; a=rsa-sha256; "
		"d=good.example; s=evil; h=from; bh=AAAA; b=AAAA\r\n" MAIL("anna@good.example"));
	static const char unsigned_mail[] = BOUNCE("kim@example.net", "5.7.20",
		"550 5.7.20 No passing DKIM signature found", MAIL("anna@good.example"));
	static const char other_address[] = BOUNCE("kim@example.net", "5.7.23",
		"550 5.7.23 SPF check failed: 203.0.113.9 may not send", MAIL("anna@good.example"));
	static const char trace[] = BOUNCE_BY("mx.example.net", "kim@example.net", "5.7.23",
		"550 5.7.23 SPF check failed", "Received: from x ([203.0.113.9]) by mx.example.net\r\n"
		MAIL("anna@good.example"));
	struct stage stage;
	const char *text;
	unsigned queries;

	(void)state;
	open_stage(&stage, ours);
	text = explained(&stage, trace, ORIGIN_INBOUND, "anna@good.example", explain_text, &queries);
	assert_has(text, "The message came from the address 203.0.113.9, as the server that");
	assert_lacks(text, "may have been repaired since");
	assert_lacks(text, "ip4:203.0.113.9");
	text = explained(&stage, signature, ORIGIN_INBOUND, "anna@good.example", explain_text,
			 &queries);
	assert_has(text, "there is no DKIM key at evil._domainkey.good.example");
	assert_lacks(text, "To repair it: Publish the public key");
	text = explained(&stage, signature, ORIGIN_GENERATED, "anna@good.example", explain_text,
			 &queries);
	assert_has(text, "To repair it: Publish the public key of the selector evil");
	text = explained(&stage, unsigned_mail, ORIGIN_INBOUND, "anna@good.example", explain_text,
			 &queries);
	assert_has(text, "The message has no DKIM signature");
	assert_lacks(text, "To repair it: Sign the outgoing mail");
	text = explained(&stage, other_address, ORIGIN_INBOUND, "anna@good.example", explain_text,
			 &queries);
	assert_has(text, "The reply names the address 203.0.113.9.");
	assert_has(text, "SPF passes: good.example allows 192.0.2.1");
	assert_lacks(text, "may have been repaired since");
	assert_lacks(text, "ip4:203.0.113.9");
	close_stage(&stage);
}

/* Whatever the settings leave out is not proposed. */
static void test_no_local_domains(void **state)
{
	struct stage stage;
	const char *text;
	unsigned queries;

	(void)state;
	open_stage(&stage, "outbound_addresses: [192.0.2.1]\n");
	text = explained(&stage, NO_SPF, ORIGIN_GENERATED, "anna@example.org", explain_text, &queries);
	assert_has(text, "SPF fails");
	assert_lacks(text, "To repair it");
	explained(&stage, NO_SPF, ORIGIN_INBOUND, "anna@example.org", explain_text, &queries);
	assert_int_equal(queries, 0);
	close_stage(&stage);
}

/* Delays and arrivals, and causes that the DNS knows nothing of. */
static void test_no_need(void **state)
{
	static const char full[] = BOUNCE("kim@example.net", "5.2.2", "552 5.2.2 mailbox full",
					  MAIL("anna@example.org"));
	struct stage stage;
	unsigned queries;

	(void)state;
	open_stage(&stage, ours);
	assert_lacks(explained(&stage, full, ORIGIN_GENERATED, "anna@example.org", explain_text,
			       &queries), "What we checked");
	assert_int_equal(queries, 0);
	close_stage(&stage);
}

static void test_contradiction(void **state)
{
	static const char blamed[] = BOUNCE("kim@example.net", "5.7.23",
		"550 5.7.23 SPF check failed", MAIL("anna@good.example"));
	struct stage stage;
	const char *text;
	unsigned queries;

	(void)state;
	open_stage(&stage, ours);
	text = explained(&stage, blamed, ORIGIN_GENERATED, "anna@good.example", explain_text,
			 &queries);
	assert_has(text, "The reply blames SPF, but the SPF record of good.example allows");
	assert_lacks(text, "To repair it: Add");
	close_stage(&stage);
}

/* The sender is told what he can do, by name. */
static void test_misspelt_domain(void **state)
{
	static const char typo[] = BOUNCE("kim@gmial.com", "5.1.2",
		"550 5.1.2 host not found", MAIL("anna@example.org"));
	struct stage stage;
	const char *text;
	unsigned queries;

	(void)state;
	open_stage(&stage, ours);
	text = explained(&stage, typo, ORIGIN_GENERATED, "anna@example.org", explain_text, &queries);
	assert_has(text, "1. Look at the address again: perhaps it should end in gmail.com");
	close_stage(&stage);
}

/* Names in Unicode are asked for, and belong to the house, as A-labels; who wrote them
 * reads them as he wrote them. */
static void test_unicode(void **state)
{
	static const char settings[] = "local_domains: [xn--bcher-kva.example]\n"
		"outbound_addresses: [192.0.2.1]\nsigns_all: yes\ninbound: all\n";
	static const char ours_too[] = BOUNCE("kim@example.net", "5.7.23",
		"550 5.7.23 SPF check failed", MAIL("anna@B\xc3\xbc" "cher.example"));
	static const char theirs[] = BOUNCE("kim@nieder.\xc3\xb6sterreich", "5.1.2",
		"550 5.1.2 host not found", MAIL("anna@b\xc3\xbc" "cher.example"));
	static const char with_signature[] = BOUNCE("kim@example.net", "5.7.1", "550 5.7.1 no",
		"DKIM-Signature: v=1; d=b\xc3\xbc" "cher.example; b=x\r\n"
		MAIL("anna@b\xc3\xbc" "cher.example"));
	struct stage stage;
	const char *text;
	unsigned queries;

	(void)state;
	open_stage(&stage, settings);
	text = explained(&stage, ours_too, ORIGIN_GENERATED, "anna@b\xc3\xbc" "cher.example",
			 explain_text, &queries);
	assert_has(text, "✗ SPF fails: the record of xn--bcher-kva.example does not allow 192.0.2.1.");
	assert_has(text, "so that it reads: v=spf1 ip4:192.0.2.1 -all");
	text = explained(&stage, theirs, ORIGIN_GENERATED, "anna@b\xc3\xbc" "cher.example",
			 explain_text, &queries);
	assert_has(text, "The domain nieder.\xc3\xb6sterreich does not exist");
	text = explained(&stage, ours_too, ORIGIN_INBOUND, "anna@b\xc3\xbc" "cher.example",
			 explain_text, &queries);
	assert_has(text, "Somebody else probably sent this message with your address");
	text = explained(&stage, with_signature, ORIGIN_INBOUND, "anna@b\xc3\xbc" "cher.example",
			 explain_text, &queries);
	assert_lacks(text, "Somebody else");
	close_stage(&stage);
}

#define NOT_FOUND(TO) BOUNCE(TO, "5.4.4", "550 5.4.4 Host or domain name not found", \
			     MAIL("anna@example.org"))

/* A domain that says that it takes no mail exists, whatever the reply made of it. */
static void test_proof(void **state)
{
	struct stage stage;
	const char *text;
	unsigned queries;

	(void)state;
	open_stage(&stage, ours);
	text = explained(&stage, NOT_FOUND("kim@web.example"), ORIGIN_GENERATED,
			 "anna@example.org", explain_text, &queries);
	assert_has(text, "The part of the address after the @ sign does not take any mail");
	assert_has(text, "1. Nobody can receive mail at web.example.");
	assert_lacks(text, "does not exist");
	text = explained(&stage, NOT_FOUND("kim@web.example"), ORIGIN_GENERATED,
			 "anna@example.org", explain_json, &queries);
	assert_has(text, "\"cause\":\"null_mx\"");
	text = explained(&stage, NOT_FOUND("kim@gone.example"), ORIGIN_GENERATED,
			 "anna@example.org", explain_text, &queries);
	assert_has(text, "The part of the address after the @ sign does not exist");
	text = explained(&stage, BOUNCE("kim@web.example", "5.2.2", "552 5.2.2 mailbox full",
					MAIL("anna@example.org")),
			 ORIGIN_GENERATED, "anna@example.org", explain_text, &queries);
	assert_has(text, "The mailbox is full");
	close_stage(&stage);
}

static void test_forged(void **state)
{
	char settings[300];
	struct stage stage;
	const char *text;
	unsigned queries;

	(void)state;
	snprintf(settings, sizeof(settings), "%ssigns_all: yes\ninbound: all\n", ours);
	open_stage(&stage, settings);
	text = explained(&stage, NO_SPF, ORIGIN_INBOUND, "anna@example.org", explain_text, &queries);
	assert_int_equal(queries, 0);
	assert_has(text, "Somebody else probably sent this message with your address");
	assert_has(text, "What you can do");	/* the explanation stays */
	text = explained(&stage, NO_SPF, ORIGIN_GENERATED, "anna@example.org", explain_text, &queries);
	assert_lacks(text, "Somebody else");
	close_stage(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_our_own_mail),
		FIXTURE_TEST(test_other_readers),
		FIXTURE_TEST(test_inbound),
		FIXTURE_TEST(test_made_up),
		FIXTURE_TEST(test_no_local_domains),
		FIXTURE_TEST(test_no_need),
		FIXTURE_TEST(test_contradiction),
		FIXTURE_TEST(test_misspelt_domain),
		FIXTURE_TEST(test_unicode),
		FIXTURE_TEST(test_proof),
		FIXTURE_TEST(test_forged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
