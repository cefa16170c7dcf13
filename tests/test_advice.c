/* What `whybounce check` says about a broken domain, word for word where it counts:
 * the piece at fault, the change that mends it, and nothing else to be changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns_fixture.h"
#include "probe/probe.h"
#include "say/explain.h"

#define TXT(owner, text) ROW(owner, TXT, text)
#define KEY "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fW" \
	"n7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gb" \
	"to/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"

enum { SPF = 1 << CHECK_SPF, DKIM = 1 << CHECK_DKIM, DMARC = 1 << CHECK_DMARC,
       MX = 1 << CHECK_MX, PTR = 1 << CHECK_PTR };

static struct knowledge *knowledge;
static bool wrapped;	/* leave the lines as they are */
static struct span message;	/* that is checked too; or empty */

static int load(void **state)
{
	static const char *const tags[] = { "en" };
	struct error error;

	(void)state;
	knowledge = knowledge_load("conf", NULL, tags, 1, &error);
	if (knowledge == NULL)
		fail_msg("%s", error.text);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	knowledge_free(knowledge);
	return 0;
}

/* What is said about the domain, with everything to be repaired. */
static const char *words(const char *domain, const char *ip, const char *selector,
			 unsigned checks)
{
	static const struct reader reader = { .inside = true, .ours = true };
	struct prober_settings settings = {
		.source = &fixture_table.source, .knowledge = knowledge, .checks = checks,
		.timeout_ms = 60000, .messages = 1,
	};
	struct domain_request request = {
		.domain = span_str(domain), .selector = span_str(selector),
	};
	struct message parsed;
	struct prober *prober = prober_new(&settings, NULL);
	struct findings findings;
	struct explanation e = { .reader = &reader, .findings = &findings };
	struct buf out;

	assert_non_null(prober);
	if (ip != NULL)
		request.ip = fixture_ip(ip);
	if (message.n != 0) {
		assert_int_equal(message_parse(&fixture_arena, message, &parsed, NULL), 0);
		request.message = parsed.bytes;
		request.body = parsed.body;
	}
	probe_domain(prober, &fixture_arena, &request, &findings);
	for (size_t i = 0; i < findings.n; i++)
		findings.list[i].repairable = true;
	e.language = knowledge_language(knowledge, SPAN("en"));
	buf_init(&out, &fixture_arena, 65536);
	explain_checks_text(&out, &e);
	if (!wrapped)
		unwrap_lines(&out);
	prober_free(prober);
	return buf_string(&out);
}

struct wanted {
	const char *domain, *ip;
	const char *said, *repair;	/* repair NULL: none at all */
};

static void assert_said(const struct wanted *w, const char *selector, unsigned checks)
{
	const char *text = words(w->domain, w->ip, selector, checks);
	const char *first = strstr(text, "To repair it: ");

	if (strstr(text, w->said) == NULL)
		fail_msg("%s: \"%s\" is not in: %s", w->domain, w->said, text);
	if (w->repair == NULL && first != NULL)
		fail_msg("%s: nothing is to be repaired, but: %s", w->domain, text);
	if (w->repair != NULL &&
	    (first == NULL || strncmp(first + 14, w->repair, strlen(w->repair)) != 0))
		fail_msg("%s: the repair is not \"%s\": %s", w->domain, w->repair, text);
}

#define ALL_SAID(list, selector, checks) \
	for (size_t i_ = 0; i_ < sizeof(list) / sizeof(*(list)); i_++) \
		assert_said(&(list)[i_], selector, checks)

#define IP "192.0.2.1"

static const struct dns_row spf_rows[] = {
	TXT("good.example", "v=spf1 ip4:192.0.2.1 -all"),
	TXT("miss.example", "v=spf1 mx -all"),
	TXT("late.example", "v=spf1 mx -all ip4:192.0.2.1"),
	TXT("refused.example", "v=spf1 -ip4:192.0.2.1 mx ~all"),
	TXT("equals.example", "v=spf1 ip4=192.0.2.1 -all"),
	TXT("typo.example", "v=spf1 inlcude:good.example -all"),
	TXT("dash.example", "v=spf1 mx \xe2\x80\x93" "all"),
	TXT("blank.example", "v=spf1 ip4: 192.0.2.1 -all"),
	TXT("text.example", "v=spf1 mx -all please"),
	TXT("redirect.example", "v=spf1 redirect=good.example ip4:192.0.2.1 -all"),
	TXT("version.example", "v=spf 1 mx -all"),
	TXT("two.example", "v=spf1 mx -all"),
	TXT("two.example", "v=spf1 a ~all"),
	TXT("three.example", "v=spf1 mx -all"),
	TXT("three.example", "v=spf1 a ~all"),
	TXT("three.example", "v=spf1 ptr ~all"),
	TXT("none.example", "hello"),
	TXT("loop.example", "v=spf1 include:round.example -all"),
	TXT("round.example", "v=spf1 include:loop.example -all"),
	TXT("void.example", "v=spf1 a:x.void.example include:more.example -all"),
	TXT("more.example", "v=spf1 a:y.more.example a:z.more.example -all"),
	TXT("gone.example", "v=spf1 include:nothing.example -all"),
	TXT("all.example", "v=spf1 +all"),
	TXT("under.example", "v=spf1 include:all.example -all"),
	TXT("i1.example", "v=spf1 include:two.example ip4:192.0.2.1 -all"),
	TXT("i2.example", "v=spf1 include:typo.example ip4:192.0.2.1 -all"),
	TXT("i3.example", "v=spf1 include:gone.example ip4:192.0.2.1 -all"),
	TXT("ptr.example", "v=spf1 mx ptr:ptr.example -all"),
	ROW("1.2.0.192.in-addr.arpa", PTR, "mail.ptr.example"),
	ROW("mail.ptr.example", A, "192.0.2.1"),
	TXT("first.example", "v=spf1 ip4:192.0.2.1 ptr -all"),
	TXT("ptrs.example", "v=spf1 include:ptr.example -all"),
};

static void test_spf(void **state)
{
	static const struct wanted list[] = {
		{ "good.example", IP, "SPF passes", NULL },
		{ "good.example", NULL, "The SPF record of good.example has no error.", NULL },
		{ "miss.example", IP, "SPF fails", "Add ip4:192.0.2.1 to the SPF record of "
		  "miss.example, so that it reads: v=spf1 mx ip4:192.0.2.1 -all" },
		{ "miss.example", "2001:db8::1", "SPF fails", "Add ip6:2001:db8::1 to the SPF "
		  "record of miss.example, so that it reads: v=spf1 mx ip6:2001:db8::1 -all" },
		{ "late.example", IP, "it stands behind the term that ends the record",
		  "Add ip4:192.0.2.1 to the SPF record of late.example, so that it reads: v=spf1 mx "
		  "ip4:192.0.2.1 -all" },
		{ "refused.example", IP, "What decided is -ip4:192.0.2.1", "Add ip4:192.0.2.1 to the "
		  "SPF record of refused.example, so that it reads: v=spf1 mx ip4:192.0.2.1 ~all" },
		{ "equals.example", IP, "Probably ip4:192.0.2.1 is meant.", "Add ip4:192.0.2.1 to the "
		  "SPF record of equals.example, so that it reads: v=spf1 ip4:192.0.2.1 -all" },
		{ "typo.example", NULL, "Probably include:good.example is meant.",
		  "Replace inlcude:good.example by include:good.example" },
		{ "dash.example", NULL, "Probably -all is meant.", "Replace \xe2\x80\x93"
		  "all by -all" },
		{ "blank.example", NULL, "an error at ip4: 192.0.2.1,",
		  "Replace ip4: 192.0.2.1 by ip4:192.0.2.1" },
		{ "text.example", NULL, "an error at please,", "Correct please" },
		{ "redirect.example", IP, "redirect=good.example has no effect, because the term all",
		  "Remove either redirect=good.example or the term all" },
		{ "version.example", NULL, "meant for SPF", "Replace that TXT record of "
		  "version.example by this one: v=spf1 mx -all" },
		{ "version.example", IP, "meant for SPF", "Replace that TXT record of "
		  "version.example by this one: v=spf1 mx ip4:192.0.2.1 -all" },
		{ "two.example", NULL, "more than one SPF record", "Replace the SPF records of "
		  "two.example by this single TXT record: v=spf1 mx a ~all" },
		{ "two.example", IP, "more than one SPF record", "Replace the SPF records of "
		  "two.example by this single TXT record: v=spf1 mx a ip4:192.0.2.1 ~all" },
		{ "three.example", IP, "more than one SPF record", "Join the SPF records" },
		{ "none.example", IP, "has no SPF record",
		  "Publish this TXT record for none.example: v=spf1 ip4:192.0.2.1 ~all" },
		{ "none.example", NULL, "has no SPF record",
		  "Publish this TXT record for none.example: v=spf1 mx ~all" },
		{ "loop.example", IP, "leads in a circle", "Remove include:round.example from the SPF "
		  "record of loop.example" },
		{ "void.example", IP, "do not exist", "Remove what leads to names that do not exist "
		  "from the SPF record of void.example. Such names of each term: a:x.void.example 1, "
		  "include:more.example 2" },
		{ "gone.example", IP, "that domain has no SPF record", "Remove include:nothing.example" },
		{ "all.example", IP, "allows the whole world to send its mail (+all)", "Name the" },
		{ "under.example", IP, "The SPF record of under.example allows the whole world to send "
		  "its mail (include:all.example)", "Name the servers that may send in the SPF record "
		  "of under.example" },
		{ "ptr.example", NULL, "The SPF record of ptr.example has ptr:ptr.example, which relies "
		  "on the reverse DNS. RFC 7208 advises against that", "Replace ptr:ptr.example in the "
		  "SPF record of ptr.example by terms that name the servers" },
		{ "ptr.example", IP, "SPF passes by ptr:ptr.example in the record of ptr.example",
		  "Replace ptr:ptr.example in the SPF record of ptr.example" },
		{ "first.example", IP, "The SPF record of first.example has ptr,", "Replace ptr in" },
		{ "ptrs.example", NULL, "has no error", NULL },
		{ "ptrs.example", IP, "SPF passes", NULL },
	};

	(void)state;
	USE(spf_rows);
	ALL_SAID(list, NULL, SPF);
}

/* A record that is to be copied stands on one line of its own, however long it is. */
static void test_record_is_whole(void **state)
{
	static const char record[] = "v=spf1 ip4:198.51.100.1 ip4:198.51.100.2 ip4:198.51.100.3 "
		"ip4:198.51.100.4 ip4:198.51.100.5 -all";
	const struct dns_row rows[] = { TXT("long.example", record) };

	(void)state;
	USE(rows);
	wrapped = true;
	assert_non_null(strstr(words("long.example", IP, NULL, SPF), "reads:\n      v=spf1 "
			       "ip4:198.51.100.1 ip4:198.51.100.2 ip4:198.51.100.3 "
			       "ip4:198.51.100.4 ip4:198.51.100.5 ip4:192.0.2.1 -all\n"));
	wrapped = false;
}

/* What is wrong in a record below is not said of the own one. */
static void test_spf_of_others(void **state)
{
	static const struct wanted list[] = {
		{ "i1.example", IP, "By include:two.example, the SPF record of i1.example relies on that "
		  "of two.example, which has an error", "Ask whoever runs two.example to correct its "
		  "SPF record, or remove include:two.example from the SPF record of i1.example." },
		{ "i2.example", NULL, "relies on that of typo.example", "Ask whoever runs typo.example" },
		{ "i3.example", IP, "relies on that of gone.example", "Ask whoever runs gone.example" },
	};

	(void)state;
	USE(spf_rows);
	ALL_SAID(list, NULL, SPF);
}

static void test_dkim(void **state)
{
	static const struct dns_row rows[] = {
		TXT("s._domainkey.good.example", "v=DKIM1; k=rsa; p=" KEY),
		TXT("s._domainkey.revoked.example", "v=DKIM1; p="),
		TXT("s._domainkey.sha1.example", "v=DKIM1; h=sha1; p=" KEY),
		TXT("s._domainkey.service.example", "v=DKIM1; s=tlsrpt; p=" KEY),
		TXT("s._domainkey.kind.example", "v=DKIM1; k=rsa-sha256; p=" KEY),
		TXT("s._domainkey.other.example", "v=DKIM1; k=new; p=AAAA"),
		TXT("s._domainkey.version.example", "v=DKIM2; p=" KEY),
		TXT("s._domainkey.marks.example", "v=DKIM1 k=rsa p=" KEY),
		TXT("s._domainkey.escaped.example", "v=DKIM1\\; k=rsa\\; p=" KEY),
		TXT("s._domainkey.two.example", "v=DKIM1; p=" KEY),
		TXT("s._domainkey.two.example", "v=DKIM1; p="),
		TXT("s._domainkey.cut.example", "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCB"),
		ROW("s._domainkey.alias.example", CNAME, "s.provider.example"),
		ROW("s._domainkey.led.example", CNAME, "s._domainkey.good.example"),
		TXT("none.example", "x"),
	};
	static const struct wanted list[] = {
		{ "good.example", NULL, "and it can be used", NULL },
		{ "led.example", NULL, "and it can be used", NULL },
		{ "revoked.example", NULL, "is revoked", "Sign with a selector whose key is valid" },
		{ "sha1.example", NULL, "has h=sha1 in its record", "Remove h=sha1 from the TXT record "
		  "s._domainkey.sha1.example." },
		{ "service.example", NULL, "has s=tlsrpt in its record", "Remove s=tlsrpt from" },
		{ "kind.example", NULL, "has k=rsa-sha256 in its record", "Remove k=rsa-sha256 from" },
		{ "other.example", NULL, "of a kind that could not be checked here", NULL },
		{ "version.example", NULL, "has v=DKIM2 in its record", "Remove v=DKIM2 from" },
		{ "marks.example", NULL, "cannot be read", "Publish the public key" },
		{ "escaped.example", NULL, "cannot be read", "Publish the public key" },
		{ "two.example", NULL, "more than one DKIM key", "Keep a single TXT record at "
		  "s._domainkey.two.example." },
		{ "cut.example", NULL, "cannot be read", "Publish the public key" },
		{ "alias.example", NULL, "s._domainkey.alias.example is a CNAME record that leads to "
		  "s.provider.example, but there is no DKIM key there.", "Correct the CNAME record "
		  "s._domainkey.alias.example, or ask whoever runs s.provider.example" },
		{ "none.example", NULL, "There is no DKIM key at s._domainkey.none.example.",
		  "Publish the public key of the selector s" },
	};

	(void)state;
	USE(rows);
	ALL_SAID(list, "s", DKIM);
}

/* ---- signatures ---- */

enum { KEYS = 40 };

static struct dns_row keys[KEYS];

/* The keys of tests/dkim, in text that the caller frees. */
static size_t read_keys(char **text_r)
{
	char *next = NULL, *line, *tab;
	size_t n = 0;

	*text_r = (char *)(uintptr_t)read_whole("tests/dkim/keys.tsv").p;
	assert_non_null(*text_r);
	for (line = strtok_r(*text_r, "\n", &next); line != NULL;
	     line = strtok_r(NULL, "\n", &next)) {
		tab = strchr(line, '\t');
		assert_true(tab != NULL && n < KEYS);
		*tab = '\0';
		keys[n++] = (struct dns_row){ .name = line, .type = DNS_TXT, .data = tab + 1 };
	}
	return n;
}

/* One of tests/dkim, in which `from` becomes `to`. */
static void assert_message(const char *name, const char *from, const char *to,
			   const char *said, const char *repair)
{
	char *path = arena_printf(&fixture_arena, "tests/dkim/%s.eml", name);
	struct span whole = read_whole(path);
	size_t at = from != NULL ? span_find(whole, 0, span_str(from)) : 0;
	struct wanted w = { "example.org", NULL, said, repair };

	assert_non_null(whole.p);
	assert_true(from == NULL || at < whole.n);
	message = span_str(from == NULL ? arena_string(&fixture_arena, whole) :
			   arena_printf(&fixture_arena, "%.*s%s%.*s",
					SPAN_FMT(span_slice(whole, 0, at)), to,
					SPAN_FMT(span_from(whole, at + strlen(from)))));
	assert_said(&w, NULL, DKIM);
	message = (struct span){ NULL, 0 };
	free((char *)(uintptr_t)whole.p);
}

static void test_signatures(void **state)
{
	char *text;
	size_t n = read_keys(&text);

	(void)state;
	fixture_use(keys, n);
	assert_message("plain", NULL, NULL, "DKIM passes", NULL);
	assert_message("test", NULL, NULL, "says by t=y that it is only a test",
		       "Remove the y of t= from the TXT record test._domainkey.example.org");
	assert_message("strict-below", NULL, NULL, "has t=s in its record",
		       "Remove t=s from the TXT record strict._domainkey.example.org.");
	assert_message("sha1", NULL, NULL, "has h=sha1 in its record", "Remove h=sha1 from");
	assert_message("plain", "a=rsa-sha256", "a=rsa-sha1", "uses rsa-sha1, which receivers no",
		       "Let the DKIM signer of example.org use rsa-sha256.");
	assert_message("plain", "h=from:", "h=", "its h= is missing or wrong", "Check the config");
	assert_message("plain", "d=example.org", "e=example.org", "its d= is missing or wrong",
		       "Check the configuration");
	assert_message("plain", "From: Anna", "From: Anne", "a signed header field was changed",
		       "Sign as the last step: nothing may change header fields");
	assert_message("expired", NULL, NULL, "has expired", "Let signatures of example.org");
	assert_message("short", NULL, NULL, "has only 512 bits", "Make a new key of 2048 bits");
	free(text);
}

static const struct dns_row dmarc_rows[] = {
	TXT("_dmarc.good.example", "v=DMARC1; p=reject; rua=mailto:x@good.example"),
	TXT("_dmarc.many.example", "v=DMARC1; p=reject"),
	TXT("_dmarc.many.example", "v=DMARC1; p=none"),
	TXT("_dmarc.nop.example", "v=DMARC1; sp=none"),
	TXT("_dmarc.rua.example", "v=DMARC1; rua=mailto:x@rua.example"),
	TXT("_dmarc.typo.example", "v=DMARC1; p=non"),
	TXT("_dmarc.typos.example", "v=DMARC1; p=non; rua=mailto:x@typos.example"),
	TXT("_dmarc.flag.example", "v=DMARC1; p=reject; adkim=strict"),
	TXT("_dmarc.version.example", "v=DMRAC1; p=reject; pct=20"),
	TXT("_dmarc.colon.example", "v=DMARC1: p=reject; rua=mailto:a@colon.example"),
	TXT("_dmarc.none1.example", "v=DMARC1 p=none"),
	TXT("_dmarc.first.example", "p=reject; v=DMARC1"),
	TXT("_dmarc.lead.example", " v=DMARC1; p=reject"),
	TXT("_dmarc.quotes.example", "\"v=DMARC1; p=reject\""),
	TXT("_dmarc.both.example", "v=dmarc1; p=non"),
	TXT("_dmarc.wild.example", "v=spf1 exp=why.example -all"),
	TXT("place.example", "v=DMARC1; p=quarantine"),
	TXT("_dmarc.far.example", "v=DMARC1; p=none; rua=mailto:x@far.example, mailto:y@away.example"),
	TXT("_dmarc.asked.example", "v=DMARC1; p=none; rua=mailto:x@reports.example!10m"),
	TXT("asked.example._report._dmarc.reports.example", "v=DMARC1"),
};

static void test_dmarc(void **state)
{
	static const struct wanted list[] = {
		{ "good.example", NULL, "has no error. What receivers are asked to do: reject.", NULL },
		{ "many.example", NULL, "more than one DMARC record", "Keep a single DMARC record" },
		{ "nop.example", NULL, "has no p=", "Add p= to the TXT record _dmarc.nop.example, so that "
		  "it reads, for example: v=DMARC1; p=none; sp=none" },
		{ "rua.example", NULL, "has no p=", "Add p= to the TXT record _dmarc.rua.example, so that "
		  "it reads, for example: v=DMARC1; p=none; rua=mailto:x@rua.example" },
		{ "typo.example", NULL, "an error at p=non, so receivers ignore it", "Correct p=non" },
		{ "typos.example", NULL, "p=non is not valid, so receivers ignore that part",
		  "Correct p=non" },
		{ "flag.example", NULL, "adkim=strict is not valid", "Correct adkim=strict" },
		{ "version.example", NULL, "is meant for DMARC", "Replace the TXT record "
		  "_dmarc.version.example by this one: v=DMARC1; p=reject; pct=20" },
		{ "colon.example", NULL, "is meant for DMARC", "Replace the TXT record "
		  "_dmarc.colon.example by this one: v=DMARC1; p=reject; rua=mailto:a@colon.example" },
		{ "none1.example", NULL, "is meant for DMARC", "Replace the TXT record "
		  "_dmarc.none1.example by this one: v=DMARC1; p=none" },
		{ "first.example", NULL, "is meant for DMARC", "Replace the TXT record "
		  "_dmarc.first.example by this one: v=DMARC1; p=reject" },
		{ "lead.example", NULL, "is meant for DMARC", "Replace the TXT record "
		  "_dmarc.lead.example by this one: v=DMARC1; p=reject" },
		{ "quotes.example", NULL, "is meant for DMARC", "Replace the TXT record "
		  "_dmarc.quotes.example by this one: v=DMARC1; p=reject" },
		{ "both.example", NULL, "an error at v=dmarc1", "Correct v=dmarc1" },
		{ "wild.example", NULL, "wild.example has no DMARC record", "Publish this TXT record at "
		  "_dmarc.wild.example: v=DMARC1; p=none; rua=mailto:postmaster@wild.example" },
		{ "far.example", NULL, "asks for reports to away.example", "Ask whoever runs away.example "
		  "to publish this TXT record at far.example._report._dmarc.away.example: v=DMARC1" },
		{ "asked.example", NULL, "has no error", NULL },
	};
	static const struct wanted place = {
		"place.example", NULL, "stands at place.example itself", "Publish this TXT record at "
		"_dmarc.place.example, and remove it from place.example: v=DMARC1; p=quarantine"
	};
	const char *text;

	(void)state;
	USE(dmarc_rows);
	ALL_SAID(list, NULL, DMARC);
	text = words(place.domain, NULL, NULL, SPF | DMARC);	/* seen with SPF */
	assert_non_null(strstr(text, place.said));
	assert_non_null(strstr(text, place.repair));
}

static void test_mx(void **state)
{
	static const struct dns_row rows[] = {
		ROW("mx.example.net", A, "192.0.2.25"),
		ROW("good.example", MX, "10 mx.example.net"),
		ROW("null.example", MX, "0 ."),
		ROW("none.example", TXT, "x"),
		ROW("lost.example", MX, "10 gone.lost.example"),
		ROW("dot.example", MX, "10 mx.example.net.dot.example"),
		ROW("a.sub.example", MX, "10 mx.example.net.sub.example"),
		ROW("number.example", MX, "10 192.0.2.25"),
		ROW("numbers.example", MX, "10 192.0.2.25.numbers.example"),
		ROW("loop.example", MX, "10 lo.example"),
		ROW("lo.example", A, "127.0.0.1"),
		ROW("lo.example", AAAA, "::1"),
		ROW("inner.example", MX, "10 ten.example"),
		ROW("ten.example", A, "10.1.2.3"),
		ROW("mixed.example", MX, "10 lo.example"),
		ROW("mixed.example", MX, "20 ten.example"),
		ROW("mixed.example", MX, "30 mx.example.net"),
		ROW("here.example", A, "127.0.0.1"),
		ROW("beside.example", MX, "0 ."),
		ROW("beside.example", MX, "10 mx.example.net"),
		ROW("worse.example", MX, "0 ."),
		ROW("worse.example", MX, "10 gone.worse.example"),
		ROW("alias.example", MX, "10 mx.alias.example"),
		ROW("mx.alias.example", CNAME, "mx.example.net"),
		ROW("other.example", MX, "10 mx.alias.example"),
		ROW("wild.example", MX, "10 mx.example.net.wild.example"),
		ROW("mx.example.net.wild.example", CNAME, "real.example.net"),
		ROW("real.example.net", A, "192.0.2.80"),
		ROW("void.example", MX, "10 mx.void.example"),
		ROW("mx.void.example", CNAME, "gone.example.net"),
	};
	static const struct wanted list[] = {
		{ "good.example", NULL, "names a mail server for good.example: mx.example.net.", NULL },
		{ "mixed.example", NULL, "names a mail server for mixed.example: mx.example.net.", NULL },
		{ "null.example", NULL, "receives no mail at all", "If null.example is to receive mail" },
		{ "none.example", NULL, "names no mail server", "Publish an MX record for none.example" },
		{ "lost.example", NULL, "but that has no address.", "Correct the MX record" },
		{ "dot.example", NULL, "Probably mx.example.net is meant, and the dot after it is missing.",
		  "Put a dot after mx.example.net in the MX record of dot.example." },
		{ "a.sub.example", NULL, "Probably mx.example.net is meant", "Put a dot after" },
		{ "number.example", NULL, "holds the address 192.0.2.25", "Give 192.0.2.25 a name" },
		{ "numbers.example", NULL, "holds the address 192.0.2.25", "Give 192.0.2.25 a name" },
		{ "loop.example", NULL, "lo.example, has only the address 127.0.0.1 in the DNS. No mail",
		  "Name a mail server in the MX record of loop.example that can be reached" },
		/* outside the DNS may answer otherwise */
		{ "inner.example", NULL, "Seen from here, ten.example, the mail server of inner.example, "
		  "has only the address 10.1.2.3 in the DNS. That address cannot be reached from the "
		  "internet. If other networks get the same answer, they cannot deliver", NULL },
		{ "beside.example", NULL, "one says that the domain receives no mail (null MX), others "
		  "name mail servers. Some systems therefore refuse all mail for beside.example.",
		  "If beside.example is to receive mail, remove its null MX record." },
		{ "worse.example", NULL, "(null MX)", "Correct the MX record of worse.example" },
		{ "alias.example", NULL, "mx.alias.example, the mail server of alias.example, is a CNAME "
		  "record that leads to mx.example.net. RFC 2181 does not allow that", "Replace the "
		  "CNAME record of mx.alias.example by address records, or name mx.example.net instead "
		  "in the MX record of alias.example." },
		{ "other.example", NULL, "that leads to mx.example.net.", "Ask whoever runs "
		  "mx.alias.example to replace its CNAME record" },
		{ "wild.example", NULL, "Probably mx.example.net is meant", "Put a dot after" },
		{ "void.example", NULL, "a CNAME record that leads to gone.example.net, but there is no "
		  "address there.", "Correct the MX record of void.example, or replace the CNAME record "
		  "of mx.void.example by an address record." },
		{ "here.example", NULL, "has only the address 127.0.0.1", "Name a mail server" },
		{ "gone.example", NULL, "does not exist", "Register gone.example again" },
	};

	(void)state;
	USE(rows);
	ALL_SAID(list, NULL, MX);
}

static void test_reverse_dns(void **state)
{
	static const struct dns_row rows[] = {
		ROW("a.example", TXT, "x"),
		ROW("1.2.0.192.in-addr.arpa", PTR, "mail.a.example"),
		ROW("mail.a.example", A, "192.0.2.1"),
		ROW("2.2.0.192.in-addr.arpa", PTR, "localhost"),
		ROW("3.2.0.192.in-addr.arpa", PTR, "192.0.2.3"),
		ROW("4.2.0.192.in-addr.arpa", PTR, "mail.corp.local"),
		ROW("5.2.0.192.in-addr.arpa", PTR, "mail.a.example"),
		ROW("6.2.0.192.in-addr.arpa", PTR, "host-192-0-2-6.example"),
		ROW("host-192-0-2-6.example", A, "192.0.2.6"),
	};
	static const struct wanted list[] = {
		{ "a.example", "192.0.2.1", "Reverse DNS is in order", NULL },
		{ "a.example", "192.0.2.2", "is localhost, which is no name", "Ask the provider of" },
		{ "a.example", "192.0.2.3", "is 192.0.2.3, which is no name", "Ask the provider of" },
		{ "a.example", "192.0.2.4", "is mail.corp.local, which is no", "Ask the provider of" },
		{ "a.example", "192.0.2.5", "does not lead back to 192.0.2.5", "Publish an address record "
		  "for mail.a.example with 192.0.2.5" },
		{ "a.example", "192.0.2.6", "looks like that of a home connection", "Ask the provider" },
		{ "a.example", "192.0.2.7", "has no name in the reverse DNS", "Ask the provider" },
	};

	(void)state;
	USE(rows);
	ALL_SAID(list, NULL, PTR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_spf),
		FIXTURE_TEST(test_record_is_whole),
		FIXTURE_TEST(test_spf_of_others),
		FIXTURE_TEST(test_dkim),
		FIXTURE_TEST(test_signatures),
		FIXTURE_TEST(test_dmarc),
		FIXTURE_TEST(test_mx),
		FIXTURE_TEST(test_reverse_dns),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
