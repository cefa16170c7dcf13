/* dsn.h: the fields of a delivery report, as servers write them and worse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena_fixture.h"
#include "base/utf8.h"
#include "mail/dsn.h"
#include "support.h"

static struct dsn parse(const char *text)
{
	struct dsn dsn;

	assert_int_equal(dsn_parse_text(&arena, span_str(text), &dsn), 0);
	return dsn;
}

/* ---- addresses ---- */

static void test_addresses(void **state)
{
	static const struct { const char *text, *wanted; } rows[] = {
		{ "a@b.example", "a@b.example" }, { " <a@b.example> ", "a@b.example" },
		{ "<a@b.example> (Anna)", "a@b.example" }, { "Anna <a@b.example>", "a@b.example" },
		{ "a@b.example (Anna (the other))", "a@b.example" }, { "(x) a@b.example", "a@b.example" },
		{ "rfc822;a@b.example", "a@b.example" }, { "rfc822; <a@b.example>", "a@b.example" },
		{ "\"Anna B\"@b.example", "\"Anna B\"@b.example" },
		{ "\"a>b<c\"@b.example", "\"a>b<c\"@b.example" },
		{ "\"(x)\"@b.example", "\"(x)\"@b.example" }, { "\"a;b\"@b.example", "\"a;b\"@b.example" },
		{ "\"a\\\"<b\"@b.example", "\"a\\\"<b\"@b.example" },
		{ "\"Anna <not@this>\" <a@b.example>", "a@b.example" }, { "\"Anna <a@b.example>", "a@b.example" },
		{ "@r1.example,@r2.example:a@b.example", "a@b.example" },
		{ "<@r1.example:a@b.example>", "a@b.example" },
		{ "postmaster", "postmaster" }, { "a+2Btag@b.example", "a+2Btag@b.example" },
		{ "grüße@b.example", "grüße@b.example" },
		{ "a b@c.example", "" }, { "a@b.example, c@d.example", "" }, { "a\tb", "" },
		{ "", "" }, { "<>", "" }, { " ", "" }, { "<a@b.example", "a@b.example" },
		{ "(never closed a@b.example", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_span(dsn_address(&arena, span_str(rows[i].text)), rows[i].wanted);
}

/* RFC 6533, 3: the address type utf-8 alone has escaped characters. */
static void test_escaped_characters(void **state)
{
	static const struct { const char *value, *wanted; } rows[] = {
		{ "utf-8;m\\x{FC}ller@b.example", "müller@b.example" },
		{ "UTF-8; m\\x{fc}ller@b.example", "müller@b.example" },
		{ "utf-8; \\x{0E2A}\\x{1F600}@b.example", "ส😀@b.example" },
		{ "utf-8; \\x{0000041}@b.example", "A@b.example" },
		{ "rfc822; m\\x{FC}ller@b.example", "m\\x{FC}ller@b.example" },
		/* no characters */
		{ "utf-8; a\\x{D800}b", "a\\x{D800}b" }, { "utf-8; a\\x{110000}b", "a\\x{110000}b" },
		{ "utf-8; a\\x{0}b", "a\\x{0}b" }, { "utf-8; a\\x{}b", "a\\x{}b" },
		{ "utf-8; a\\x{FC", "a\\x{FC" }, { "utf-8; a\\x{G}b", "a\\x{G}b" },
		{ "utf-8; a\\x{FFFFFFFFFFFFFFFFFF}b", "a\\x{FFFFFFFFFFFFFFFFFF}b" },
		/* nothing that could end a line */
		{ "utf-8; a\\x{0A}b", "a\\x{0A}b" }, { "utf-8; \"\\x{85}\"@b.example", "\"\\x{85}\"@b.example" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[200];
		struct dsn dsn;

		snprintf(text, sizeof(text), "Final-Recipient: %s\nOriginal-Recipient: %s\n",
			 rows[i].value, rows[i].value);
		dsn = parse(text);
		assert_int_equal(dsn.n, 1);
		assert_span(dsn.recipients[0].final_recipient.value, rows[i].wanted);
		assert_span(dsn.recipients[0].original_recipient.value, rows[i].wanted);
	}
}

/* ---- fields ---- */

static void test_every_field(void **state)
{
	struct dsn dsn = parse(
		"Original-Envelope-Id: QQ314159\r\nReporting-MTA: dns; mx.example.org\r\n"
		"DSN-Gateway: dns; gw.example.org\r\nReceived-From-MTA: DNS; client.example.org\r\n"
		"Arrival-Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nX-Postfix-Queue-ID: 4ABC\r\n"
		"\r\n"
		"Original-Recipient: rfc822;alias@example.org\r\n"
		"Final-Recipient: rfc822; kim@example.net\r\nAction: failed\r\n"
		"Status: 5.1.1 (bad destination mailbox address)\r\nRemote-MTA: dns; mx.example.net\r\n"
		"Diagnostic-Code: smtp; 550-5.1.1 no\r\n    550 5.1.1 such user\r\n"
		"Last-Attempt-Date: Mon, 23 Nov 2026 10:00:01 +0000\r\n"
		"Will-Retry-Until: Sat, 28 Nov 2026 10:00:00 +0000\r\nFinal-Log-ID: 9F\r\nX-More: yes\r\n");
	const struct dsn_recipient *r = &dsn.recipients[0];

	(void)state;
	assert_int_equal(dsn.n, 1);
	assert_span(dsn.original_envelope_id, "QQ314159");
	assert_span(dsn.reporting_mta.type, "dns");
	assert_span(dsn.reporting_mta.value, "mx.example.org");
	assert_span(dsn.dsn_gateway.value, "gw.example.org");
	assert_span(dsn.received_from_mta.type, "DNS");
	assert_span(dsn.arrival_date, "Mon, 23 Nov 2026 10:00:00 +0000");
	assert_non_null(headers_find(&dsn.fields, "X-Postfix-Queue-ID"));
	assert_span(r->original_recipient.value, "alias@example.org");
	assert_span(r->final_recipient.type, "rfc822");
	assert_span(r->final_recipient.value, "kim@example.net");
	assert_int_equal(r->action, ACTION_FAILED);
	assert_span(r->status, "5.1.1");
	assert_span(r->remote_mta.value, "mx.example.net");
	assert_span(r->diagnostic.type, "smtp");
	assert_span(r->diagnostic.value, "550-5.1.1 no\n550 5.1.1 such user");
	assert_span(r->last_attempt, "Mon, 23 Nov 2026 10:00:01 +0000");
	assert_span(r->will_retry_until, "Sat, 28 Nov 2026 10:00:00 +0000");
	assert_span(r->final_log_id, "9F");
	assert_non_null(headers_find(&r->extensions, "X-More"));
}

static void test_actions(void **state)
{
	static const struct { const char *value; enum dsn_action wanted; const char *comment; } rows[] = {
		{ "failed", ACTION_FAILED, "" }, { "Failed", ACTION_FAILED, "" },
		{ "delayed", ACTION_DELAYED, "" }, { "delivered (to mailbox)", ACTION_DELIVERED, "(to mailbox)" },
		{ "relayed", ACTION_RELAYED, "" }, { "expanded (to multi-recipient alias)", ACTION_EXPANDED,
						     "(to multi-recipient alias)" },
		{ "deliverable", ACTION_UNKNOWN, "" }, { "undeliverable", ACTION_UNKNOWN, "" },
		{ "failure", ACTION_FAILED, "" }, { "delay", ACTION_DELAYED, "" },
		{ "deferred", ACTION_DELAYED, "" }, { "success", ACTION_DELIVERED, "" },
		{ "", ACTION_NONE, "" }, { "123", ACTION_NONE, "123" }, { "failedx", ACTION_UNKNOWN, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[200];
		struct dsn dsn;

		snprintf(text, sizeof(text), "Final-Recipient: rfc822; a@b.example\nAction: %s\n", rows[i].value);
		dsn = parse(text);
		assert_int_equal(dsn.recipients[0].action, rows[i].wanted);
		assert_span(dsn.recipients[0].action_comment, rows[i].comment);
	}
}

static void test_statuses(void **state)
{
	static const struct { const char *value, *status, *diagnostic; } rows[] = {
		{ "5.1.1", "5.1.1", "" }, { "5.1.1 (comment)", "5.1.1", "" }, { "4.4.7\t", "4.4.7", "" },
		{ "5.7.509", "5.7.509", "" }, { "5.1", "", "" }, { "5.1.1.1", "", "" }, { "x.1.1", "", "" },
		{ "", "", "" }, { "unknown", "", "" },
		{ "553 Exceeded maximum size", "", "553 Exceeded maximum size" },
		{ "host not found", "", "host not found" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[200];
		struct dsn dsn;

		snprintf(text, sizeof(text), "Final-Recipient: rfc822; a@b.example\nStatus: %s\n", rows[i].value);
		dsn = parse(text);
		assert_span(dsn.recipients[0].status, rows[i].status);
		assert_span(dsn.recipients[0].diagnostic.value, rows[i].diagnostic);
	}
}

/* "type; value", and what has no type. */
static void test_types(void **state)
{
	static const struct { const char *value, *type, *rest; } rows[] = {
		{ "smtp; 550 no", "smtp", "550 no" }, { "X-Unix;67", "X-Unix", "67" },
		{ "smtp;", "smtp", "" }, { "; 550 no", "", "; 550 no" },
		{ "550 a; b", "", "550 a; b" }, { "host@x; y", "", "host@x; y" }, { "no type", "", "no type" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[200];
		struct dsn dsn;

		snprintf(text, sizeof(text), "Final-Recipient: rfc822; a@b.example\nDiagnostic-Code: %s\n",
			 rows[i].value);
		dsn = parse(text);
		assert_span(dsn.recipients[0].diagnostic.type, rows[i].type);
		assert_span(dsn.recipients[0].diagnostic.value, rows[i].rest);
	}
}

/* ---- groups ---- */

#define ONE "Final-Recipient: rfc822; one@b.example\nAction: failed\nStatus: 5.1.1\n"
#define TWO "Final-Recipient: rfc822; two@b.example\nAction: delayed\nStatus: 4.2.2\n"
#define MTA "Reporting-MTA: dns; mx.example.org\n"

static void test_groups(void **state)
{
	static const char *const rows[] = {
		MTA "\n" ONE "\n" TWO,			/* as it should be */
		MTA ONE "\n" TWO, MTA "\n" ONE TWO, MTA ONE TWO,	/* empty lines lost */
		ONE "\n" TWO "\n" MTA,			/* the wrong order */
		"\n\n\n" MTA "\n\n\n" ONE "\n \n\n" TWO "\n\n",	/* more of them */
		"nonsense\n" MTA "\n" ONE "\nnonsense\n\n" TWO,
		"\xff\xfe\n" MTA "\n" ONE "\n" TWO,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dsn dsn = parse(rows[i]);

		assert_span(dsn.reporting_mta.value, "mx.example.org");
		assert_int_equal(dsn.n, 2);
		assert_span(dsn.recipients[0].final_recipient.value, "one@b.example");
		assert_span(dsn.recipients[0].status, "5.1.1");
		assert_int_equal(dsn.recipients[0].action, ACTION_FAILED);
		assert_span(dsn.recipients[1].final_recipient.value, "two@b.example");
		assert_span(dsn.recipients[1].status, "4.2.2");
		assert_int_equal(dsn.recipients[1].action, ACTION_DELAYED);
		assert_false(dsn.more);
	}
}

static void test_nothing_usable(void **state)
{
	static const char *const rows[] = { "", "\n\n", "no field at all\nnor here", MTA, ": x\n", "X-Y: z\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(parse(rows[i]).n, 0);
}

static void test_too_many_recipients(void **state)
{
	struct buf text;
	struct dsn dsn;

	(void)state;
	buf_init(&text, &arena, 1 << 20);
	buf_adds(&text, MTA "\n");
	for (int i = 0; i < BOUNCE_MAX_RECIPIENTS; i++)
		buf_addf(&text, "Final-Recipient: rfc822; r%d@b.example\nAction: failed\n\n", i);
	dsn = parse(buf_string(&text));
	assert_int_equal(dsn.n, BOUNCE_MAX_RECIPIENTS);
	assert_false(dsn.more);
	buf_adds(&text, "Final-Recipient: rfc822; more@b.example\nAction: failed\n");
	dsn = parse(buf_string(&text));
	assert_int_equal(dsn.n, BOUNCE_MAX_RECIPIENTS);
	assert_true(dsn.more);
	assert_span(dsn.recipients[999].final_recipient.value, "r999@b.example");
}

/* ---- parts ---- */

static struct dsn parse_part(const char *head, const char *body)
{
	struct mime_part *root;
	struct dsn dsn;
	const char *message = arena_printf(&arena, "%s\n\n%s", head, body);

	assert_int_equal(mime_parse(&arena, span_str(message), &root), 0);
	assert_int_equal(dsn_parse(&arena, root, &dsn), 0);
	return dsn;
}

static void test_parts(void **state)
{
	static const struct { const char *head, *body; } rows[] = {
		{ "Content-Type: message/delivery-status", "Final-Recipient: utf-8; m\xc3\xbcller@b.example\n" },
		{ "Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: quoted-printable",
		  "Final-Recipient: utf-8; m=C3=BCller@b.example\n" },
		{ "Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64",
		  "RmluYWwtUmVjaXBpZW50OiB1dGYtODsgbcO8bGxlckBiLmV4YW1wbGUK" },
		{ "Content-Type: message/delivery-status; charset=iso-8859-1",
		  "Final-Recipient: utf-8; m\xfcller@b.example\n" },
	};
	struct dsn dsn;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		dsn = parse_part(rows[i].head, rows[i].body);
		assert_int_equal(dsn.n, 1);
		assert_span(dsn.recipients[0].final_recipient.value, "müller@b.example");
	}
	dsn = parse_part("Content-Type: message/global-delivery-status",
			 "Final-Recipient: utf-8; m\xc3\\\xbcller-\xc3\xbc@b.example\n");
	assert_true(span_has_suffix(dsn.recipients[0].final_recipient.value, "ller-ü@b.example"));
}

/* Field names in any order and number, and bytes that are none. */
static void test_noise(void **state)
{
	static const char *const pieces[] = {
		"Final-Recipient:", "Original-Recipient:", "Action:", "Status:", "Diagnostic-Code:",
		"Reporting-MTA:", " rfc822;", " utf-8;", " a@b.example", "\\x{", "}", "\n", "\n\n", "\r\n",
		" failed", " 5.1.1", "\n ", "(", ")", "<", ">", "\"", "\xff", "550", "@", ":",
	};
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct buf text;
		struct dsn dsn;

		buf_init(&text, &arena, 1000);
		for (uint32_t n = noise(&seed) % 40; n > 0; n--)
			buf_adds(&text, pieces[noise(&seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
		assert_int_equal(dsn_parse_text(&arena, buf_span(&text), &dsn), 0);
		for (size_t i = 0; i < dsn.n; i++) {
			struct span address = dsn.recipients[i].final_recipient.value;

			assert_int_equal(span_find_byte(address, 0, '\n'), address.n);
			assert_true(dsn.recipients[i].status.n == 0 || dsn.recipients[i].status.n >= 5);
		}
		arena_clear(&arena);
	}
}

static void test_no_memory(void **state)
{
	struct arena small;
	struct dsn dsn;

	(void)state;
	arena_init(&small, 200);
	assert_int_equal(dsn_parse_text(&small, SPAN(MTA "\n" ONE "\n" TWO), &dsn), -1);
	arena_release(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_arena(test_addresses),
		with_arena(test_escaped_characters),
		with_arena(test_every_field),
		with_arena(test_actions),
		with_arena(test_statuses),
		with_arena(test_types),
		with_arena(test_groups),
		with_arena(test_nothing_usable),
		with_arena(test_too_many_recipients),
		with_arena(test_parts),
		with_arena(test_noise),
		with_arena(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
