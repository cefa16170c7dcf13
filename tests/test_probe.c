/* From a bounce's subject and a DNS to findings: which, and what may be proposed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns_table.h"
#include "probe/probe.h"

static const struct dns_row rows[] = {
	{ .name = "example.org", .type = DNS_TXT, .data = "v=spf1 ip4:192.0.2.1 -all" },
	{ .name = "example.org", .type = DNS_MX, .data = "10 mx.example.org" },
	{ .name = "mx.example.org", .type = DNS_A, .data = "192.0.2.25" },
	{ .name = "_dmarc.example.org", .type = DNS_TXT, .data = "v=DMARC1; p=reject" },
	{ .name = "none.example", .type = DNS_A, .data = "192.0.2.9" },
	{ .name = "two.example", .type = DNS_TXT, .data = "v=spf1 -all" },
	{ .name = "two.example", .type = DNS_TXT, .data = "v=spf1 mx -all" },
	{ .name = "bad.example", .type = DNS_TXT, .data = "v=spf1 ip4:192.0.2.300 -all" },
	{ .name = "sub.example", .type = DNS_TXT, .data = "v=spf1 include:bad.example -all" },
	{ .name = "vain.example", .type = DNS_TXT,
	  .data = "v=spf1 include=example.org -all ip4:192.0.2.1" },
	{ .name = "all.example", .type = DNS_TXT, .data = "v=spf1 +all" },
	{ .name = "_dmarc.bad.example", .type = DNS_TXT, .data = "v=DMARC1; p=none; sp=foo" },
	{ .name = "dead.example", .type = DNS_ANY, .fault = "timeout" },
	{ .name = "_dmarc.dead.example", .type = DNS_ANY, .fault = "servfail" },
	{ .name = "null.example", .type = DNS_MX, .data = "0 ." },
	{ .name = "nowhere.example", .type = DNS_MX, .data = "10 gone.nowhere.example" },
	{ .name = "both.example", .type = DNS_MX, .data = "0 ." },
	{ .name = "both.example", .type = DNS_MX, .data = "10 mx.example.org" },
	{ .name = "alias.example", .type = DNS_MX, .data = "10 mx.alias.example" },
	{ .name = "mx.alias.example", .type = DNS_CNAME, .data = "mx.example.org" },
	{ .name = "sub.example", .type = DNS_MX, .data = "10 mx.alias.example" },
	{ .name = "bad.example", .type = DNS_MX, .data = "10 mx.example.org.bad.example" },
	{ .name = "mx.example.org.bad.example", .type = DNS_CNAME, .data = "none.example" },
	{ .name = "void.example", .type = DNS_MX, .data = "10 mx.void.example" },
	{ .name = "mx.void.example", .type = DNS_CNAME, .data = "gone.example.net" },
	{ .name = "own.example", .type = DNS_MX, .data = "10 alias.example.org" },
	{ .name = "alias.example.org", .type = DNS_CNAME, .data = "mx.example.org" },
	{ .name = "inner.example", .type = DNS_MX, .data = "10 ten.example" },
	{ .name = "ten.example", .type = DNS_A, .data = "10.1.2.3" },
	{ .name = "self.example", .type = DNS_MX, .data = "10 this.example.net" },
	{ .name = "this.example.net", .type = DNS_A, .data = "127.0.1.1" },
	{ .name = "loop.example", .type = DNS_MX, .data = "10 lo.example" },
	{ .name = "lo.example", .type = DNS_A, .data = "127.0.0.1" },
	{ .name = "1.2.0.192.in-addr.arpa", .type = DNS_PTR, .data = "mail.example.org" },
	{ .name = "mail.example.org", .type = DNS_A, .data = "192.0.2.1" },
	{ .name = "2.2.0.192.in-addr.arpa", .type = DNS_PTR, .data = "mail.example.org" },
	{ .name = "2.2.0.192.bl.example", .type = DNS_A, .data = "127.0.0.2" },
	{ .name = "bl.example", .type = DNS_TXT, .data = "a list" },
	{ .name = "2.2.0.192.zen.spamhaus.org", .type = DNS_A, .data = "127.0.0.10" },
};

static const char *const domains[] = {
	"example.org", "none.example", "two.example", "bad.example", "sub.example", "own.example",
	"both.example", "inner.example",
};
static const char *const addresses[] = { "192.0.2.1", "192.0.2.2" };
static const char *const zones[] = { "bl.example", "zen.spamhaus.org" };

struct stage {
	struct dns_table table;
	struct knowledge *knowledge;
	struct prober *prober;
	struct arena arena;
	struct findings findings;
};

static int open_stage(void **state)
{
	static struct stage stage;
	struct prober_settings settings = {
		.house = { domains, sizeof(domains) / sizeof(domains[0]), addresses, 2,
			   "this.example.net", false },
		.checks = WANT_ALL, .zones = zones, .zones_n = 2,
		.timeout_ms = 2000, .messages = 4,
	};
	static const char *const tags[] = { "en" };
	struct error error;

	DNS_TABLE(&stage.table, rows);
	stage.knowledge = knowledge_load("conf", NULL, tags, 1, &error);
	if (stage.knowledge == NULL)
		fail_msg("%s", error.text);
	settings.source = &stage.table.source;
	settings.knowledge = stage.knowledge;
	stage.prober = prober_new(&settings, &error);
	assert_non_null(stage.prober);
	arena_init(&stage.arena, 16 * 1024 * 1024);
	*state = &stage;
	return 0;
}

static int close_stage(void **state)
{
	struct stage *s = *state;

	arena_release(&s->arena);
	prober_free(s->prober);
	knowledge_free(s->knowledge);
	return 0;
}

/* Mail of anna@DOMAIN that left from ADDRESS. */
static struct subject mail_from(struct stage *s, const char *domain, const char *address)
{
	struct subject subject = {
		.sender = span_str(arena_printf(&s->arena, "anna@%s", domain)),
		.sender_domain = span_str(domain), .author_domain = span_str(domain),
	};

	if (address != NULL && ip_parse(span_str(address), &subject.addresses[0]) == 0)
		subject.addresses_n = 1;
	return subject;
}

static const struct finding *find(const struct stage *s, const char *id)
{
	for (size_t i = 0; i < s->findings.n; i++)
		if (strcmp(s->findings.list[i].kind->id, id) == 0)
			return &s->findings.list[i];
	return NULL;
}

static const struct finding *get(const struct stage *s, const char *id)
{
	const struct finding *f = find(s, id);

	for (size_t i = 0; f == NULL && i < s->findings.n; i++)
		print_message("found: %s\n", s->findings.list[i].kind->id);
	if (f == NULL)
		fail_msg("%s was not found", id);
	return f;
}

static void assert_span(struct span s, const char *text)
{
	if (!span_eq(s, span_str(text)))
		fail_msg("\"%.*s\" is not \"%s\"", SPAN_FMT(s), text);
}

static void probe(struct stage *s, const struct subject *subject, unsigned wanted)
{
	probe_subject(s->prober, &s->arena, subject, wanted, &s->findings);
}

enum { SPF = 1 << CHECK_SPF, DKIM = 1 << CHECK_DKIM, DMARC = 1 << CHECK_DMARC,
       MX = 1 << CHECK_MX, PTR = 1 << CHECK_PTR, DNSBL = 1 << CHECK_DNSBL };

/* ---- SPF ---- */

static void test_spf_pass(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "example.org", "192.0.2.1");

	probe(s, &mail, SPF);
	assert_int_equal(s->findings.n, 1);
	assert_string_equal(get(s, "spf.pass")->verdict, "pass");
	assert_span(get(s, "spf.pass")->ip, "192.0.2.1");
}

static void test_spf_repair(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "example.org", "192.0.2.2");
	const struct finding *f;

	probe(s, &mail, SPF);
	f = get(s, "spf.fail");
	assert_string_equal(f->verdict, "fail");
	assert_true(f->repairable);
	assert_span(f->other, "ip4:192.0.2.2");
	assert_span(f->record, "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 -all");
	assert_span(f->term, "-all");
}

/* Several addresses that miss are put into one record. */
static void test_spf_all_addresses(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "example.org", "192.0.2.2");

	ip_parse(SPAN("192.0.2.1"), &mail.addresses[1]);
	ip_parse(SPAN("2001:db8::1"), &mail.addresses[2]);
	mail.addresses_n = 3;
	probe(s, &mail, SPF);
	assert_int_equal(s->findings.n, 2);
	assert_span(get(s, "spf.pass")->ip, "192.0.2.1");
	assert_span(get(s, "spf.fail")->ip, "192.0.2.2, 2001:db8::1");
	assert_span(get(s, "spf.fail")->record,
		    "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 ip6:2001:db8::1 -all");
}

/* Somebody else's domain, or an address that only a reply names: nothing to do. */
static void test_spf_no_repair(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "all.example", "192.0.2.1");

	probe(s, &mail, SPF);
	assert_false(get(s, "spf.allows_all")->repairable);
	mail = mail_from(s, "example.org", NULL);
	ip_parse(SPAN("203.0.113.9"), &mail.named);
	probe(s, &mail, SPF);
	assert_int_equal(s->findings.n, 1);
	assert_false(get(s, "spf.named")->repairable);
	assert_span(get(s, "spf.named")->ip, "203.0.113.9");
}

static void test_spf_problems(void **state)
{
	static const struct {
		const char *domain, *id, *verdict, *term;
		bool repairable;
	} cases[] = {
		{ "none.example", "spf.none", "none", "", true },
		{ "two.example", "spf.two_records_joined", "permerror", "", true },
		{ "bad.example", "spf.syntax", "permerror", "ip4:192.0.2.300", true },
		{ "sub.example", "spf.include_broken", "permerror", "include:bad.example", true },
		{ "dead.example", "spf.temperror", "temperror", "", false },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct subject mail = mail_from(s, cases[i].domain, "192.0.2.1");
		const struct finding *f;

		probe(s, &mail, SPF);
		f = get(s, cases[i].id);
		assert_string_equal(f->verdict, cases[i].verdict);
		assert_span(f->term, cases[i].term);
		assert_int_equal(f->repairable, cases[i].repairable);
	}
	assert_span(get(s, "spf.temperror")->domain, "dead.example");
	assert_string_equal(get(s, "spf.temperror")->reason, "timeout");
}

static void test_spf_in_vain(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "vain.example", "192.0.2.1");

	probe(s, &mail, SPF);
	assert_non_null(get(s, "spf.fail"));
	assert_span(get(s, "spf.ignored_likely")->term, "include=example.org");
	assert_span(get(s, "spf.ignored_likely")->other, "include:example.org");
	assert_span(get(s, "spf.unreached")->term, "ip4:192.0.2.1");
}

/* What somebody else passed on proves nothing about our record. */
static void test_forwarded(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "example.org", "192.0.2.2");

	mail.forwarder = SPAN("mx.example.net");
	probe(s, &mail, SPF);
	assert_int_equal(s->findings.n, 1);
	assert_span(get(s, "spf.forwarded")->host, "mx.example.net");
	assert_false(get(s, "spf.forwarded")->repairable);
}

/* ---- DMARC ---- */

static void test_dmarc(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "example.org", "192.0.2.1");

	probe(s, &mail, SPF | DMARC);
	assert_string_equal(get(s, "dmarc.pass")->verdict, "pass");
	assert_span(get(s, "dmarc.pass")->list, "SPF");
	/* no message came back: DKIM might have passed */
	mail = mail_from(s, "example.org", "192.0.2.2");
	probe(s, &mail, DMARC);
	assert_null(find(s, "spf.fail"));
	assert_string_equal(get(s, "dmarc.unknown")->verdict, "not_checked");
	mail.message = SPAN("From: anna@example.org\r\nSubject: x\r\n\r\nHello.\r\n");
	mail.body = SPAN("Hello.\r\n");
	mail.has_message = mail.has_body = true;
	probe(s, &mail, DKIM | DMARC);
	assert_true(get(s, "dmarc.fail_reject")->repairable);
	assert_string_equal(get(s, "dkim.none")->verdict, "none");
	/* SPF passes for another domain than the one in From */
	mail = mail_from(s, "all.example", "192.0.2.2");
	mail.author_domain = SPAN("example.org");
	mail.message = SPAN("From: anna@example.org\r\nSubject: x\r\n\r\nHello.\r\n");
	mail.body = SPAN("Hello.\r\n");
	mail.has_message = mail.has_body = true;
	probe(s, &mail, DMARC);
	assert_span(get(s, "dmarc.unaligned_reject")->other, "all.example");
	assert_span(get(s, "dmarc.unaligned_reject")->domain, "example.org");
}

static void test_dmarc_record(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "none.example", "192.0.2.1");

	probe(s, &mail, DMARC);
	assert_span(get(s, "dmarc.none")->other, "_dmarc.none.example");
	assert_true(get(s, "dmarc.none")->repairable);
	mail = mail_from(s, "dead.example", "192.0.2.1");
	probe(s, &mail, DMARC);
	assert_string_equal(get(s, "dmarc.temperror")->verdict, "temperror");
}

/* ---- hosts ---- */

static void test_mx(void **state)
{
	static const struct {
		const char *domain, *id, *verdict;
	} cases[] = {
		{ "example.org", "mx.ok", "ok" }, { "none.example", "mx.implicit", "ok" },
		{ "null.example", "mx.null", "null_mx" }, { "two.example", "mx.none", "no_mx" },
		{ "nowhere.example", "mx.nowhere", "no_mx" },
		{ "gone.example", "mx.no_domain", "no_domain" },
		{ "gmial.com", "mx.typo", "no_domain" }, { "dead.example", "mx.temperror", "temperror" },
		{ "both.example", "mx.null_beside", "null_mx" },
		{ "void.example", "mx.alias_nowhere", "no_mx" },
		{ "bad.example", "mx.dot", "no_mx" },
		{ "inner.example", "mx.private", "not_checked" },
		/* what a machine hears of its own name is out of its hosts file */
		{ "self.example", "mx.private", "not_checked" },
		{ "loop.example", "mx.unreachable", "no_mx" },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct subject mail = mail_from(s, "example.org", "192.0.2.1");

		mail.domains[mail.domains_n++] = span_str(cases[i].domain);
		probe(s, &mail, MX);
		assert_int_equal(s->findings.n, 1);
		assert_string_equal(get(s, cases[i].id)->verdict, cases[i].verdict);
		assert_span(get(s, cases[i].id)->domain, cases[i].domain);
	}
}

/* A note beside what is found; the CNAME may be ours where the domain is not. */
static void test_mx_alias(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "example.org", "192.0.2.1");

	mail.domains[0] = SPAN("alias.example");
	mail.domains[1] = SPAN("own.example");
	mail.domains_n = 2;
	probe(s, &mail, MX);
	assert_int_equal(s->findings.n, 4);
	for (size_t i = 1; i < 4; i += 2) {
		assert_string_equal(s->findings.list[i].kind->id, "mx.alias");
		assert_int_equal(s->findings.list[i].kind->level, LEVEL_NOTE);
		assert_string_equal(s->findings.list[i].verdict, "ok");
		assert_span(s->findings.list[i].other, "mx.example.org");
		assert_int_equal(s->findings.list[i].repairable, i == 3);
	}
}

static void test_sender_mx(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "two.example", "192.0.2.1");

	probe(s, &mail, WANT_SENDER_MX);
	assert_true(get(s, "mx.sender_bad")->repairable);
	mail = mail_from(s, "example.org", "192.0.2.1");
	probe(s, &mail, WANT_SENDER_MX);
	assert_string_equal(get(s, "mx.sender_ok")->verdict, "ok");
	/* nothing contradicts a reply that refuses these */
	mail = mail_from(s, "both.example", "192.0.2.1");
	probe(s, &mail, WANT_SENDER_MX);
	assert_int_equal(s->findings.n, 1);
	assert_true(get(s, "mx.sender_null_beside")->repairable);
	mail = mail_from(s, "own.example", "192.0.2.1");
	probe(s, &mail, WANT_SENDER_MX);
	assert_int_equal(s->findings.n, 1);
	assert_true(get(s, "mx.sender_alias")->repairable);
	/* whose CNAME is somebody else's */
	mail = mail_from(s, "sub.example", "192.0.2.1");
	probe(s, &mail, WANT_SENDER_MX);
	assert_false(get(s, "mx.sender_alias")->repairable);
	mail = mail_from(s, "bad.example", "192.0.2.1");
	probe(s, &mail, WANT_SENDER_MX);
	assert_span(get(s, "mx.sender_alias")->other, "none.example");
	assert_false(get(s, "mx.sender_alias")->repairable);	/* a dot is missing */
	mail = mail_from(s, "inner.example", "192.0.2.1");
	probe(s, &mail, WANT_SENDER_MX);
	assert_string_equal(get(s, "mx.sender_private")->reason, "private");
}

static void test_reverse_dns_and_lists(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "example.org", "192.0.2.1");

	probe(s, &mail, PTR | DNSBL);
	assert_string_equal(get(s, "ptr.ok")->verdict, "ok");
	assert_string_equal(get(s, "dnsbl.clear")->verdict, "clear");
	mail = mail_from(s, "example.org", "192.0.2.2");
	probe(s, &mail, PTR | DNSBL);
	assert_string_equal(get(s, "ptr.mismatch")->verdict, "mismatch");
	assert_string_equal(get(s, "dnsbl.listed")->verdict, "listed");
	assert_span(get(s, "dnsbl.listed")->list, "bl.example");
	assert_span(get(s, "dnsbl.dynamic")->list, "Spamhaus PBL");
	assert_span(get(s, "dnsbl.dynamic")->other, "https://check.spamhaus.org/");
	mail = mail_from(s, "example.org", "192.0.2.3");
	probe(s, &mail, PTR);
	assert_string_equal(get(s, "ptr.none")->verdict, "none");
	mail = mail_from(s, "example.org", NULL);
	probe(s, &mail, PTR);
	assert_string_equal(get(s, "ptr.not_checked")->reason, "no_address");
}

/* What is in order for us contradicts no reply that may be about something else. */
static void test_doubts(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "example.org", "192.0.2.1");
	struct bounce_recipient recipient = { .reply = SPAN("554 blocked using zen.spamhaus.org") };

	mail.shown = true;
	mail.recipients = &recipient;
	mail.recipients_n = 1;
	probe(s, &mail, SPF | PTR | DNSBL);
	assert_false(get(s, "spf.pass")->disputed);
	assert_false(get(s, "ptr.ok")->disputed);
	assert_false(get(s, "dnsbl.clear")->disputed);
	/* a list that was not asked */
	recipient.reply = SPAN("554 blocked using dnsbl.sorbs.net");
	probe(s, &mail, PTR | DNSBL);
	assert_true(get(s, "dnsbl.clear")->disputed);
	assert_false(get(s, "ptr.ok")->disputed);
	/* another address of ours is not in order */
	mail.shown = false;
	recipient.reply = SPAN("554 blocked using zen.spamhaus.org");
	ip_parse(SPAN("192.0.2.2"), &mail.addresses[mail.addresses_n++]);
	probe(s, &mail, SPF | PTR | DNSBL);
	assert_true(get(s, "spf.pass")->disputed);
	assert_true(get(s, "ptr.ok")->disputed);
	assert_true(get(s, "dnsbl.clear")->disputed);
	/* the reply names an address that is not ours: it is looked up, and not repaired */
	mail.addresses_n = 1;
	ip_parse(SPAN("203.0.113.9"), &mail.named);
	probe(s, &mail, PTR | DNSBL);
	assert_true(get(s, "ptr.ok")->disputed);
	assert_span(get(s, "ptr.none")->ip, "203.0.113.9");
	assert_false(get(s, "ptr.none")->repairable);
	/* there are more of ours than were looked at */
	mail.named = (struct ip){ .bits = 0 };
	mail.left_out = true;
	probe(s, &mail, SPF | DMARC);
	assert_true(get(s, "spf.pass")->disputed);
	assert_true(get(s, "dmarc.pass")->disputed);
}

/* Where fields are missing a signature may be one of them. */
static void test_trimmed_header(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "example.org", "192.0.2.2");

	mail.message = SPAN("From: anna@example.org\r\nSubject: x\r\n\r\n");
	mail.has_message = mail.inbound = true;
	probe(s, &mail, DKIM | DMARC);
	assert_string_equal(get(s, "dkim.incomplete")->verdict, "not_checked");
	assert_null(find(s, "dkim.none"));
	assert_non_null(get(s, "dmarc.unknown"));
	mail.whole = true;
	probe(s, &mail, DKIM | DMARC);
	assert_non_null(get(s, "dkim.none"));
}

/* ---- what is asked at all ---- */

static void test_nothing_wanted(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "example.org", "192.0.2.1");
	unsigned before = s->table.queries + s->table.begun;

	probe(s, &mail, 0);
	assert_int_equal(s->findings.n, 0);
	assert_int_equal(s->table.queries + s->table.begun, before);
}

static void test_reported(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "else.example", NULL);
	unsigned before = s->table.queries + s->table.begun;

	mail.reported.spf = SPAN("softfail");
	mail.reported.dmarc = SPAN("fail");
	probe_reported(s->prober, &s->arena, &mail, SPF | DKIM | DMARC | PTR, &s->findings);
	assert_int_equal(s->findings.n, 2);
	assert_string_equal(get(s, "spf.reported")->verdict, "softfail");
	assert_span(get(s, "dmarc.reported")->domain, "else.example");
	assert_false(get(s, "spf.reported")->repairable);
	assert_int_equal(s->table.queries + s->table.begun, before);
}

static void test_busy(void **state)
{
	struct stage *s = *state;
	struct subject mail = mail_from(s, "busy.example", "192.0.2.1");
	unsigned before;

	for (int i = 0; i < 1000 && find(s, "spf.not_checked") == NULL; i++)
		probe(s, &mail, SPF | MX);
	assert_string_equal(get(s, "spf.not_checked")->reason, "busy");
	before = s->table.queries;
	probe(s, &mail, SPF | MX);
	assert_in_range(s->table.queries, before, before + 2);
}

static void test_checks_of_cause(void **state)
{
	struct stage *s = *state;

	assert_int_equal(checks_of_cause(knowledge_cause(s->knowledge, SPAN("ptr"))), PTR);
	assert_int_equal(checks_of_cause(knowledge_cause(s->knowledge, SPAN("mailbox_full"))), 0);
	assert_int_equal(checks_of_cause(knowledge_cause(s->knowledge,
							 SPAN("sender_rejected.domain"))),
			 WANT_SENDER_MX | SPF);
}

/* A domain by itself, without and with an address and a selector. */
static void test_domain(void **state)
{
	struct stage *s = *state;
	struct domain_request request = { .domain = SPAN("example.org") };

	probe_domain(s->prober, &s->arena, &request, &s->findings);
	assert_string_equal(get(s, "spf.record")->reason, "no_address");
	assert_string_equal(get(s, "dmarc.record")->verdict, "pass");
	assert_non_null(get(s, "mx.ok"));
	ip_parse(SPAN("192.0.2.2"), &request.ip);
	request.selector = SPAN("none");
	probe_domain(s->prober, &s->arena, &request, &s->findings);
	assert_non_null(get(s, "spf.fail"));
	assert_string_equal(get(s, "dkim.key_missing")->verdict, "none");
	assert_span(get(s, "dkim.key_missing")->other, "none._domainkey.example.org");
	request.domain = SPAN("gmial.com");
	probe_domain(s->prober, &s->arena, &request, &s->findings);
	assert_int_equal(s->findings.n, 1);
	assert_span(get(s, "mx.typo")->other, "gmail.com");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spf_pass),
		cmocka_unit_test(test_spf_repair),
		cmocka_unit_test(test_spf_all_addresses),
		cmocka_unit_test(test_spf_no_repair),
		cmocka_unit_test(test_spf_problems),
		cmocka_unit_test(test_spf_in_vain),
		cmocka_unit_test(test_forwarded),
		cmocka_unit_test(test_dmarc),
		cmocka_unit_test(test_dmarc_record),
		cmocka_unit_test(test_mx),
		cmocka_unit_test(test_mx_alias),
		cmocka_unit_test(test_sender_mx),
		cmocka_unit_test(test_reverse_dns_and_lists),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_trimmed_header),
		cmocka_unit_test(test_nothing_wanted),
		cmocka_unit_test(test_reported),
		cmocka_unit_test(test_checks_of_cause),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_busy),
	};

	return cmocka_run_group_tests(tests, open_stage, close_stage);
}
