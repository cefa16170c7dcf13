#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dns_table.h"
#include "probe/spf.h"

enum { MAX_ROWS = 512, THREADS = 16 };

static struct arena arena;
static struct dns_table table;
static struct dns_row rows[MAX_ROWS];
static size_t rows_n;
static struct dns dns;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 8 << 20);
	rows_n = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void add(const char *name, int type, const char *data)
{
	assert_true(rows_n < MAX_ROWS);
	rows[rows_n++] = (struct dns_row){ .name = name, .type = type, .data = data };
}

static void txt(const char *name, const char *text)
{
	add(name, DNS_TXT, text);
}

static struct spf_result check_request(const struct spf_request *request)
{
	struct spf_result result;

	dns_table_init(&table, rows, rows_n);
	dns_init(&dns, &table.source, &arena, 60000);
	spf_check(&dns, request, &result);
	return result;
}

static struct spf_result check(const char *ip, const char *sender)
{
	struct spf_request request = {
		.sender = span_str(sender), .helo = SPAN("mail.example.org"),
		.explain = true, .count_all = true,
	};

	if (*ip != '\0')
		assert_int_equal(ip_parse(span_str(ip), &request.ip), 0);
	return check_request(&request);
}

/* The record of example.org, asked about 192.0.2.1. */
static struct spf_result check_record(const char *record)
{
	txt("example.org", record);
	return check("192.0.2.1", "user@example.org");
}

static void assert_span(struct span s, const char *wanted)
{
	if (!span_eq(s, span_str(wanted)))
		fail_msg("wanted \"%s\", not \"%.*s\"", wanted, SPAN_FMT(s));
}

static void assert_result(const struct spf_result *result, const char *code, const char *term,
			  const char *path)
{
	if (strcmp(spf_result_name(result->code), code) != 0)
		fail_msg("wanted %s, not %s (%.*s, problem %d)", code,
			 spf_result_name(result->code), SPAN_FMT(result->term),
			 result->problem);
	assert_span(result->term, term);
	assert_span(result->path, path);
}

/* ---- what decided ---- */

static void test_decided_here(void **state)
{
	struct spf_result result;

	(void)state;
	txt("example.org", "v=spf1 ip4:198.51.100.0/24 ip4:192.0.2.0/28 ~all");
	result = check("192.0.2.1", "user@example.org");
	assert_result(&result, "pass", "ip4:192.0.2.0/28", "example.org");
	assert_span(result.domain, "example.org");
	assert_span(result.record, "v=spf1 ip4:198.51.100.0/24 ip4:192.0.2.0/28 ~all");
	assert_int_equal(result.problem, SPF_FINE);
	result = check("203.0.113.1", "user@example.org");
	assert_result(&result, "softfail", "~all", "example.org");
	txt("open.example.org", "v=spf1 ip4:198.51.100.1");
	result = check("203.0.113.1", "user@open.example.org");
	assert_result(&result, "neutral", "", "open.example.org");
	assert_false(result.allows_all);
}

static void test_decided_by_include(void **state)
{
	struct spf_result result;

	(void)state;
	txt("example.org", "v=spf1 include:a.example.net include:b.example.net -all");
	txt("a.example.net", "v=spf1 ip4:198.51.100.1 -all");
	txt("b.example.net", "v=spf1 include:c.example.net ~all");
	txt("c.example.net", "v=spf1 ip4:192.0.2.0/24");
	result = check("192.0.2.1", "user@example.org");
	assert_result(&result, "pass", "ip4:192.0.2.0/24",
		      "example.org > include:b.example.net > include:c.example.net");
	assert_span(result.domain, "c.example.net");
	assert_int_equal(result.lookups, 3);
	result = check("203.0.113.1", "user@example.org");
	assert_result(&result, "fail", "-all", "example.org");
	txt("turn.example.org", "v=spf1 -include:c.example.net +all");
	result = check("192.0.2.1", "user@turn.example.org");
	assert_result(&result, "fail", "-include:c.example.net", "turn.example.org");
}

static void test_decided_by_redirect(void **state)
{
	struct spf_result result;

	(void)state;
	txt("example.org", "v=spf1 redirect=_spf.example.net");
	txt("_spf.example.net", "v=spf1 ip4:198.51.100.1 -all");
	result = check("192.0.2.1", "user@example.org");
	assert_result(&result, "fail", "-all", "example.org > redirect=_spf.example.net");
	assert_span(result.domain, "_spf.example.net");
	assert_span(result.record, "v=spf1 redirect=_spf.example.net");
}

static void test_mechanisms(void **state)
{
	struct spf_result result;

	(void)state;
	add("example.org", DNS_MX, "10 mx.example.org");
	add("mx.example.org", DNS_A, "192.0.2.7");
	add("mx.example.org", DNS_AAAA, "2001:db8::7");
	add("7.2.0.192.in-addr.arpa", DNS_PTR, "liar.example.com");
	add("7.2.0.192.in-addr.arpa", DNS_PTR, "mx.example.org");
	add("192.0.2.7.list.example.org", DNS_A, "127.0.0.2");
	txt("mx.example.net", "v=spf1 mx:example.org/30 -all");
	txt("a.example.net", "v=spf1 a:mx.example.org//64 -all");
	txt("ptr.example.net", "v=spf1 ptr:example.org -all");
	txt("exists.example.net", "v=spf1 exists:%{i}.list.example.org -all");
	result = check("192.0.2.5", "user@mx.example.net");
	assert_result(&result, "pass", "mx:example.org/30", "mx.example.net");
	result = check("2001:db8::5", "user@a.example.net");
	assert_result(&result, "pass", "a:mx.example.org//64", "a.example.net");
	result = check("2001:db8:1::5", "user@a.example.net");
	assert_result(&result, "fail", "-all", "a.example.net");
	result = check("192.0.2.7", "user@ptr.example.net");
	assert_result(&result, "pass", "ptr:example.org", "ptr.example.net");
	result = check("192.0.2.7", "user@exists.example.net");
	assert_result(&result, "pass", "exists:%{i}.list.example.org", "exists.example.net");
	result = check("192.0.2.8", "user@exists.example.net");
	assert_result(&result, "fail", "-all", "exists.example.net");
}

static void test_everybody(void **state)
{
	struct spf_result result = check_record("v=spf1 ip4:192.0.2.1 ?all");

	(void)state;
	assert_false(result.allows_all);
	txt("all.example.org", "v=spf1 +all");
	result = check("192.0.2.1", "user@all.example.org");
	assert_result(&result, "pass", "+all", "all.example.org");
	assert_true(result.allows_all);
	txt("via.example.org", "v=spf1 include:all.example.org -all");
	assert_true(check("192.0.2.1", "user@via.example.org").allows_all);
}

/* ---- what is wrong ---- */

static void test_no_record(void **state)
{
	struct spf_result result;

	(void)state;
	txt("example.org", "some other text");
	result = check("192.0.2.1", "user@example.org");
	assert_result(&result, "none", "", "example.org");
	assert_int_equal(result.problem, SPF_NO_RECORD);
	assert_int_equal(check("192.0.2.1", "user@example.net").problem, SPF_NO_DOMAIN);
	assert_int_equal(check("192.0.2.1", "user@[192.0.2.1]").problem, SPF_BAD_DOMAIN);
	assert_int_equal(check("192.0.2.1", "user@localhost").problem, SPF_BAD_DOMAIN);
	assert_int_equal(check("192.0.2.1", "user@a..example.org").problem, SPF_BAD_DOMAIN);
	assert_int_equal(table.queries, 0);
}

/* A name in Unicode is not asked for as it stands: nothing is known. */
/* Asked for, and put into macros, as A-labels (RFC 8616, 4). */
static void test_unicode_domain(void **state)
{
	struct spf_result result;

	(void)state;
	txt("xn--mller-kva.example", "v=spf1 exists:%{d}.%{o}.example.net -all");
	add("xn--mller-kva.example.xn--mller-kva.example.example.net", DNS_A, "127.0.0.2");
	result = check("192.0.2.1", "user@M\xc3\xbcller.example");
	assert_result(&result, "pass", "exists:%{d}.%{o}.example.net", "xn--mller-kva.example");
	result = check("192.0.2.1", "user@m\xffller.example");
	assert_string_equal(result.reason, "name");
}

static void test_helo_stands_in(void **state)
{
	struct spf_result result;

	(void)state;
	txt("mail.example.org", "v=spf1 exists:%{l}.example.net -all");
	add("postmaster.example.net", DNS_A, "127.0.0.2");
	result = check("192.0.2.1", "");
	assert_result(&result, "pass", "exists:%{l}.example.net", "mail.example.org");
}

static void test_two_records(void **state)
{
	struct spf_result result;

	(void)state;
	txt("example.org", "v=spf1 ip4:192.0.2.1 -all");
	txt("example.org", "unrelated");
	txt("example.org", "V=SPF1 include:example.net ~all");
	result = check("192.0.2.1", "user@example.org");
	assert_result(&result, "permerror", "", "example.org");
	assert_int_equal(result.problem, SPF_TWO_RECORDS);
	assert_span(result.record, "v=spf1 ip4:192.0.2.1 -all");
	assert_span(result.likely, "v=spf1 ip4:192.0.2.1 include:example.net ~all");
	txt("example.org", "v=spf1 a -all");	/* a third one */
	result = check("192.0.2.1", "user@example.org");
	assert_int_equal(result.problem, SPF_TWO_RECORDS);
	assert_span(result.likely, "");
}

static void test_joined(void **state)
{
	static const struct {
		const char *first, *second, *wanted;
	} pairs[] = {
		{ "v=spf1 mx -all", "v=spf1 a mx -all", "v=spf1 mx a -all" },
		{ "v=spf1 mx ?all", "v=spf1 a -all", "v=spf1 mx a ?all" },
		{ "v=spf1 mx", "v=spf1 a", "v=spf1 mx a" },
		{ "v=spf1", "v=spf1 a -all", "v=spf1 a -all" },
		{ "v=spf1 MX -all mx:x.org", "v=spf1 mx ~all", "v=spf1 MX ~all" },
		{ "v=spf1 mx +all", "v=spf1 a -all", "" },
		{ "v=spf1 -a mx -all", "v=spf1 mx -all", "" },
		{ "v=spf1 redirect=x.org", "v=spf1 mx -all", "" },
		{ "v=spf1 mx -all", "v=spf1 mx broken:: -all", "" },
		{ "v=spf1 a:a.org a:b.org a:c.org a:d.org a:e.org a:f.org -all",
		  "v=spf1 a:g.org a:h.org a:i.org a:j.org a:k.org -all", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		assert_span(spf_joined(&arena, span_str(pairs[i].first),
				       span_str(pairs[i].second)), pairs[i].wanted);
}

/* Not a record, but meant to be one. */
static void test_meant(void **state)
{
	static const struct {
		const char *text, *wanted;
	} texts[] = {
		{ "v=spf 1 mx -all", "v=spf1 mx -all" },
		{ "v=spf10 mx -all", "v=spf1 mx -all" },
		{ "v=spf1.0 mx -all", "v=spf1 mx -all" },
		{ "V = SPF1; mx; -all;", "v=spf1 mx  -all" },
		{ " v=spf1 mx -all", "v=spf1 mx -all" },
		{ "\"v=spf1 mx -all\"", "v=spf1 mx -all" },
		{ "spf1 mx -all", "v=spf1 mx -all" },
		{ "v=spf1:mx -all", "v=spf1 mx -all" },
		{ "v=spf 192.0.2.1 -all", "" },
		{ "v=spf1 mx -all", "" },
		{ "v=spf1", "" },
		{ "v=spf", "" },
		{ "spf2.0/pra mx -all", "" },
		{ "spf is what we should have", "" },
		{ "v=spf1; mx; all of it", "" },
		{ "google-site-verification=x", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_span(spf_meant(&arena, span_str(texts[i].text)), texts[i].wanted);
}

/* Which term of the own record leads to where the error is. */
static void test_via(void **state)
{
	struct spf_result result;

	(void)state;
	txt("example.org", "v=spf1 mx include:a.example.net -all");
	txt("a.example.net", "v=spf1 include:b.example.net -all");
	txt("b.example.net", "v=spf1 ip4:1.2.3 -all");
	result = check("192.0.2.1", "user@example.org");
	assert_span(result.domain, "b.example.net");
	assert_span(result.via, "include:a.example.net");
	txt("own.example.org", "v=spf1 ip4:1.2.3 -all");
	assert_span(check("192.0.2.1", "user@own.example.org").via, "");
}

static void test_include_none(void **state)
{
	struct spf_result result;

	(void)state;
	txt("example.org", "v=spf1 include:a.example.net -all");
	txt("a.example.net", "v=spf1 include:gone.example.net -all");
	result = check("192.0.2.1", "user@example.org");
	assert_result(&result, "permerror", "include:gone.example.net",
		      "example.org > include:a.example.net");
	assert_int_equal(result.problem, SPF_INCLUDE_NONE);
	txt("onward.example.org", "v=spf1 redirect=gone.example.net");
	result = check("192.0.2.1", "user@onward.example.org");
	assert_result(&result, "permerror", "redirect=gone.example.net", "onward.example.org");
	assert_int_equal(result.problem, SPF_REDIRECT_NONE);
}

static void test_dns_trouble(void **state)
{
	struct spf_result result;

	(void)state;
	txt("example.org", "v=spf1 include:down.example.net -all");
	rows[rows_n++] = (struct dns_row){
		.name = "down.example.net", .type = DNS_ANY, .fault = "servfail",
	};
	result = check("192.0.2.1", "user@example.org");
	assert_result(&result, "temperror", "include:down.example.net", "example.org");
	assert_int_equal(result.problem, SPF_DNS);
	assert_string_equal(result.reason, "servfail");
	txt("a.example.org", "v=spf1 a:down.example.net ip4:192.0.2.1 -all");
	result = check("192.0.2.1", "user@a.example.org");
	assert_result(&result, "temperror", "a:down.example.net", "a.example.org");
	result = check("192.0.2.1", "user@down.example.net");
	assert_result(&result, "temperror", "", "down.example.net");
}

struct wrong {
	const char *term;
	enum spf_fault fault;
	const char *likely;
};

static const struct wrong wrongs[] = {
	{ "ipv4:192.0.2.1", SPF_FAULT_MECHANISM, "ip4:192.0.2.1" },
	{ "ipv6:2001:db8::1", SPF_FAULT_MECHANISM, "ip6:2001:db8::1" },
	{ "ip:192.0.2.0/24", SPF_FAULT_MECHANISM, "ip4:192.0.2.0/24" },
	{ "192.0.2.1", SPF_FAULT_MECHANISM, "ip4:192.0.2.1" },
	{ "-2001:db8::/32", SPF_FAULT_MECHANISM, "-ip6:2001:db8::/32" },
	{ "ip4:2001:db8::1", SPF_FAULT_ADDRESS, "ip6:2001:db8::1" },
	{ "ip6:192.0.2.1", SPF_FAULT_ADDRESS, "ip4:192.0.2.1" },
	{ "ip4:1.2.3.4/032", SPF_FAULT_PREFIX, "ip4:1.2.3.4/32" },
	{ "ip4:1.2.3.4/33", SPF_FAULT_PREFIX, "" },
	{ "ip4:192.0.2.1,", SPF_FAULT_ADDRESS, "ip4:192.0.2.1" },
	{ "ip4:192.0.2.1,192.0.2.2", SPF_FAULT_ADDRESS, "ip4:192.0.2.1 ip4:192.0.2.2" },
	{ "ip4:192.0.2.1;include:x.org", SPF_FAULT_ADDRESS, "ip4:192.0.2.1 include:x.org" },
	{ "-ip4:192.0.2.1,192.0.2.2", SPF_FAULT_ADDRESS, "" },
	{ "ip4:192.0.2.1,mail", SPF_FAULT_ADDRESS, "" },
	{ "ip4:mail.example.net", SPF_FAULT_ADDRESS, "a:mail.example.net" },
	{ "include:192.0.2.1", SPF_FAULT_DOMAIN, "ip4:192.0.2.1" },
	{ "a:2001:db8::1", SPF_FAULT_DOMAIN, "" },
	{ "redirect=192.0.2.1", SPF_FAULT_DOMAIN, "" },
	{ "ip4:192.0.2.300", SPF_FAULT_ADDRESS, "" },
	{ "ip4:192.0.2.1ip4:192.0.2.2", SPF_FAULT_ADDRESS, "ip4:192.0.2.1 ip4:192.0.2.2" },
	{ "ip4:192.0.2.1-all", SPF_FAULT_ADDRESS, "ip4:192.0.2.1 -all" },
	{ "ip4:", SPF_FAULT_MISSING, "" },
	{ "ip4", SPF_FAULT_MISSING, "" },
	{ "inlcude:example.net", SPF_FAULT_MECHANISM, "include:example.net" },
	{ "includes:example.net", SPF_FAULT_MECHANISM, "include:example.net" },
	{ "include:", SPF_FAULT_MISSING, "" },
	{ "include", SPF_FAULT_MISSING, "" },
	{ "include:example.net;", SPF_FAULT_DOMAIN, "include:example.net" },
	{ "include:localhost", SPF_FAULT_DOMAIN, "" },
	{ "redirect:example.net", SPF_FAULT_MECHANISM, "redirect=example.net" },
	{ "redirect=", SPF_FAULT_MISSING, "" },
	{ "all:example.net", SPF_FAULT_EXTRA, "" },
	{ "a/24/64", SPF_FAULT_PREFIX, "" },
	{ "a//129", SPF_FAULT_PREFIX, "" },
	{ "mx:%{x}.example.net", SPF_FAULT_MACRO, "" },
	{ "exists:%{d0}.example.net", SPF_FAULT_MACRO, "" },
	{ "exists:%{c}.example.net", SPF_FAULT_MACRO, "" },
	{ "exists:50%.example.net", SPF_FAULT_MACRO, "" },
	{ "other=%", SPF_FAULT_MACRO, "" },
	{ "\xe2\x80\x9c-all\xe2\x80\x9d", SPF_FAULT_CHARACTER, "-all" },
	{ "-a\tll", SPF_FAULT_CHARACTER, "" },
	/* what a word processor makes of "-all", and never the opposite of it */
	{ "\xe2\x80\x93" "all", SPF_FAULT_CHARACTER, "-all" },
	{ "\xe2\x80\x9c\xe2\x88\x92" "all\xe2\x80\x9d", SPF_FAULT_CHARACTER, "-all" },
	{ "\xc2\xad" "all", SPF_FAULT_CHARACTER, "" },
	{ "all.", SPF_FAULT_MECHANISM, "" },
	{ "ip4:192.0.2.1+all", SPF_FAULT_ADDRESS, "" },
	{ "moo", SPF_FAULT_MECHANISM, "" },
	{ "+exp=example.net", SPF_FAULT_MECHANISM, "exp=example.net" },
	{ "-", SPF_FAULT_MECHANISM, "" },
};

/* Found wherever it stands, and nothing is asked for. */
static void test_syntax(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		const struct wrong *w = &wrongs[i];
		struct spf_result result;
		const char *record = arena_printf(&arena, "v=spf1 ip4:192.0.2.1  a %s -all",
						  w->term);

		rows_n = 0;
		result = check_record(record);
		assert_result(&result, "permerror", w->term, "example.org");
		assert_int_equal(result.problem, SPF_SYNTAX);
		if (result.fault != w->fault)
			fail_msg("%s: fault %s, not %s", w->term, spf_fault_name(result.fault),
				 spf_fault_name(w->fault));
		assert_int_equal(result.position, strlen("v=spf1 ip4:192.0.2.1  a "));
		assert_span(result.likely, w->likely);
		assert_int_equal(table.queries, 1);
	}
}

/* Two pieces that were to be one. */
static void test_blank(void **state)
{
	static const struct {
		const char *record, *term, *likely;
	} rows_of_blanks[] = {
		{ "v=spf1 ip4: 192.0.2.1 -all", "ip4: 192.0.2.1", "ip4:192.0.2.1" },
		{ "v=spf1 include:  example.net -all", "include:  example.net", "include:example.net" },
		{ "v=spf1 mx - all", "- all", "-all" },
		{ "v=spf1 mx + all", "+", "" },
		{ "v=spf1 mx ip4:", "ip4:", "" },
		{ "v=spf1 redirect= example.net", "redirect= example.net", "redirect=example.net" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows_of_blanks) / sizeof(*rows_of_blanks); i++) {
		struct spf_result result;

		rows_n = 0;
		result = check_record(rows_of_blanks[i].record);
		assert_int_equal(result.problem, SPF_SYNTAX);
		assert_span(result.term, rows_of_blanks[i].term);
		assert_span(result.likely, rows_of_blanks[i].likely);
	}
}

static void test_syntax_below(void **state)
{
	struct spf_result result;

	(void)state;
	txt("example.org", "v=spf1 include:a.example.net -all");
	txt("a.example.net", "v=spf1 redirect=b.example.net redirect=c.example.net");
	result = check("192.0.2.1", "user@example.org");
	assert_result(&result, "permerror", "redirect=c.example.net",
		      "example.org > include:a.example.net");
	assert_int_equal(result.fault, SPF_FAULT_TWICE);
	assert_span(result.domain, "a.example.net");
	assert_int_equal(result.position, strlen("v=spf1 redirect=b.example.net "));
}

static void test_idle(void **state)
{
	struct spf_result result = check_record("v=spf1 a include=example.net v=spf1 ~all mx "
						"ip4:192.0.2.1 exp=why.example.org");

	(void)state;
	assert_int_equal(result.code, SPF_SOFTFAIL);
	assert_span(result.ignored, "include=example.net");
	assert_span(result.unreached, "mx");
	rows_n = 0;
	assert_span(check_record("v=spf1 redirect=example.net ip4=192.0.2.9 -all").unreached,
		    "redirect=example.net");
	rows_n = 0;
	assert_span(check_record("v=spf1 mx ipv4=192.0.2.9 -all").ignored, "ipv4=192.0.2.9");
	assert_span(spf_likely_term(&arena, result.ignored), "include:example.net");
	rows_n = 0;
	result = check_record("v=spf1 include:a.example.net x=y ~all exp=why.example.org");
	assert_int_equal(result.ignored.n + result.unreached.n, 0);
}

/* "ptr" (RFC 7208, 5.5, do not use), where it is read, and is right. */
static void test_notices_ptr(void **state)
{
	static const struct {
		const char *record, *ptr;
	} cases[] = {
		{ "v=spf1 mx PTR:example.net ptr ~all", "PTR:example.net" },
		{ "v=spf1 ?ptr -all", "?ptr" },
		{ "v=spf1 mx ptr ip4:192.0.2.300 -all", "ptr" },
		{ "v=spf1 mx ptr: -all", "" }, { "v=spf1 mx -all ptr", "" }, { "v=spf1 mx -all", "" },
	};
	struct spf_result result;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		rows_n = 0;
		assert_span(check_record(cases[i].record).ptr, cases[i].ptr);
	}
	/* that of somebody else is not ours to judge */
	rows_n = 0;
	txt("example.org", "v=spf1 include:a.example.net -all");
	txt("a.example.net", "v=spf1 ptr -all");
	result = check("192.0.2.1", "user@example.org");
	assert_int_equal(result.ptr.n, 0);
}

/* What the RFC allows and others get wrong. */
static void test_right(void **state)
{
	static const char *const terms[] = {
		"ip4:0.0.0.0/0", "ip6:::/0", "ip6:::ffff:192.0.2.1", "a/0//0", "A:Example.NET",
		"mx//64", "exists:%{l1r-+,/_=}.example.net", "include:%{d2}", "a:x.%{D}.net.",
		"exp=%{o}.example.net", "a.b-c_d=%{r}%%%_%-", "x=", "?PTR", "-a:a-b.c1",
		"a:foo:bar/baz.example.net", "ip4:192.0.2.1/32",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(terms) / sizeof(*terms); i++) {
		struct spf_result result;

		rows_n = 0;
		result = check_record(arena_printf(&arena, "v=spf1 -all %s", terms[i]));
		if (result.code != SPF_FAIL)
			fail_msg("%s is right", terms[i]);
	}
}

/* ---- limits ---- */

static void test_lookups(void **state)
{
	struct spf_result result;

	(void)state;
	txt("example.org", "v=spf1 a mx include:a.example.net ip4:203.0.113.1 "
	    "include:b.example.net -all");
	add("example.org", DNS_A, "192.0.2.9");
	add("example.org", DNS_MX, "10 example.org");
	txt("a.example.net", "v=spf1 a:h.example.net a:h.example.net a:h.example.net "
	    "a:h.example.net");
	txt("b.example.net", "v=spf1 a:h.example.net a:h.example.net include:a.example.net "
	    "redirect=c.example.net");
	txt("c.example.net", "v=spf1 -all");
	add("h.example.net", DNS_A, "192.0.2.10");
	result = check("192.0.2.1", "user@example.org");
	assert_result(&result, "permerror", "include:a.example.net",
		      "example.org > include:b.example.net");
	assert_int_equal(result.problem, SPF_TOO_MANY_LOOKUPS);
	assert_true(result.counted);
	assert_int_equal(result.lookups, 16);
	assert_int_equal(result.costs_n, 4);
	assert_span(result.costs[2].term, "include:a.example.net");
	assert_int_equal(result.costs[2].lookups, 5);
	assert_int_equal(result.costs[3].lookups, 9);
	result = check("203.0.113.1", "user@example.org");
	assert_result(&result, "pass", "ip4:203.0.113.1", "example.org");
	assert_int_equal(result.lookups, 16);
}

static void test_voids(void **state)
{
	struct spf_result result = check_record("v=spf1 a:x.example.net mx:example.net "
						"exists:y.example.net ip4:192.0.2.1 -all");

	(void)state;
	assert_result(&result, "permerror", "exists:y.example.net", "example.org");
	assert_int_equal(result.problem, SPF_TOO_MANY_VOID);
	assert_int_equal(result.voids, 3);
	assert_int_equal(result.costs_n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(result.costs[i].voids, 1);
}

static void test_many_mx(void **state)
{
	struct spf_result result;

	(void)state;
	for (int i = 0; i < 11; i++)
		add("example.org", DNS_MX, arena_printf(&arena, "%d mx%d.example.org", i, i));
	result = check_record("v=spf1 mx -all");
	assert_result(&result, "permerror", "mx", "example.org");
	assert_int_equal(result.problem, SPF_TOO_MANY_MX);
}

static void test_loop(void **state)
{
	struct spf_result result;

	(void)state;
	txt("example.org", "v=spf1 include:a.example.net -all");
	txt("a.example.net", "v=spf1 include:Example.ORG -all");
	result = check("192.0.2.1", "user@example.org");
	assert_int_equal(result.problem, SPF_TOO_MANY_LOOKUPS);
	assert_span(result.loop, "include:a.example.net");
	assert_int_equal(result.lookups, 11);
}

/* Ten includes in each of ten includes, and so on: nobody waits for that. */
static void test_tree(void **state)
{
	struct spf_result result;

	(void)state;
	for (int i = 0; i < 111; i++) {
		char *record = arena_printf(&arena, "v=spf1");

		for (int k = 1; k <= 10; k++)
			record = arena_printf(&arena, "%s include:i%d.example.net", record,
					      i <= 10 ? 10 * i + k : 111);
		txt(arena_printf(&arena, "i%d.example.net", i), record);
	}
	txt("i111.example.net", "v=spf1 -all");
	result = check("192.0.2.1", "user@i0.example.net");
	assert_int_equal(result.problem, SPF_TOO_MANY_LOOKUPS);
	assert_true(table.queries <= DNS_MAX_QUERIES - SPF_KEEP_QUERIES);
	assert_true(result.lookups > SPF_MAX_LOOKUPS);
	assert_false(result.counted);
}

/* The longest answers: 64 KB of terms that ask, and of terms that do not. */
static void test_large(void **state)
{
	struct buf record;

	(void)state;
	add("example.org", DNS_A, "192.0.2.9");
	buf_init(&record, &arena, 65536);
	buf_adds(&record, "v=spf1");
	while (record.n < 65000)
		buf_adds(&record, " a");
	assert_int_equal(check_record(buf_string(&record)).problem, SPF_TOO_MANY_LOOKUPS);
	rows_n = 0;
	buf_truncate(&record, 6);
	while (record.n < 65000)
		buf_addf(&record, " ip4:10.0.%u.%u", (unsigned)(record.n / 15 / 256 % 256),
			 (unsigned)(record.n / 15 % 256));
	buf_adds(&record, " -all");
	assert_int_equal(check_record(buf_string(&record)).code, SPF_FAIL);
}

/* Nor do thousands of names to be worked out take the message's memory. */
static void test_large_count(void **state)
{
	static const char *const terms[] = { " exists:%{ir}.%{d}.test", " include:%{l}.%{d}.test" };
	struct spf_result result;
	struct buf record;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		rows_n = 0;
		buf_init(&record, &arena, 65536);
		buf_adds(&record, "v=spf1");
		while (record.n < 65000)
			buf_adds(&record, terms[i]);
		txt("a.example.net", buf_string(&record));
		arena.used = 0;
		result = check_record("v=spf1 include:a.example.net include:a.example.net "
				      "include:a.example.net include:a.example.net -all");
		assert_int_equal(result.code, SPF_PERMERROR);
		assert_true(result.lookups > 1000);
		assert_true(arena.used < 512 * 1024);
	}
}

static void test_out_of_memory(void **state)
{
	struct arena whole = arena;

	(void)state;
	txt("example.org", "v=spf1 include:%{d}.example.net exp=%{d}.example.net -all");
	for (size_t limit = 0; limit < 4096; limit += 64) {
		struct spf_result result;

		arena_init(&arena, limit);
		result = check("192.0.2.1", "user@example.org");
		if (arena.failed && result.code != SPF_TEMPERROR && result.code != SPF_PERMERROR)
			fail_msg("%zu bytes: %s", limit, spf_result_name(result.code));
		arena_release(&arena);
	}
	arena = whole;
}

/* ---- macros and explanations ---- */

static const char *expanded(const char *ip, const char *text)
{
	struct spf_result result;

	rows_n = 0;
	txt("email.example.com", "v=spf1 exp=why.example.com -all");
	txt("why.example.com", text);
	result = check(ip, "strong-bad@email.example.com");
	assert_int_equal(result.code, SPF_FAIL);
	return arena_string(&arena, result.explanation);
}

struct expansion {
	const char *text, *wanted;
};

/* RFC 7208, 7.4, and what its examples leave out. */
static const struct expansion expansions[] = {
	{ "%{s}", "strong-bad@email.example.com" },
	{ "%{o}", "email.example.com" },
	{ "%{d}", "email.example.com" },
	{ "%{d4}", "email.example.com" },
	{ "%{d3}", "email.example.com" },
	{ "%{d2}", "example.com" },
	{ "%{d1}", "com" },
	{ "%{dr}", "com.example.email" },
	{ "%{d2r}", "example.email" },
	{ "%{l}", "strong-bad" },
	{ "%{l-}", "strong.bad" },
	{ "%{lr}", "strong-bad" },
	{ "%{lr-}", "bad.strong" },
	{ "%{l1r-}", "strong" },
	{ "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com" },
	{ "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com" },
	{ "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
	  "bad.strong.lp.3.2.0.192.in-addr._spf.example.com" },
	{ "%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net" },
	{ "%{s1@}", "" },
	{ "%{d1-}", "email.example.com" },
	{ "%{d999}", "email.example.com" },
	{ "%{l1/}", "strong-bad" },
	{ "%{S}", "strong-bad%40email.example.com" },
	{ "%{h} %{c} %{r} %{p}", "mail.example.org 192.0.2.3 unknown unknown" },
	{ "a%%b%_c%-d", "a%b c%20d" },
	{ "%", "" },
	{ "%{", "" },
	{ "%{d", "" },
	{ "%{z}", "" },
	{ "caf\xc3\xa9", "" },
	{ "two\nlines", "" },
};

static void test_macros(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(expansions) / sizeof(*expansions); i++)
		assert_string_equal(expanded("192.0.2.3", expansions[i].text),
				    expansions[i].wanted);
	assert_string_equal(expanded("2001:db8::cb01", "%{ir}.%{v}._spf.%{d2}"),
			    "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
			    "ip6._spf.example.com");
	assert_int_not_equal(strlen(expanded("192.0.2.3", "%{t}")), 0);
}

/* A delimiter splits the sender, not the dots that its parts hold. */
static void test_delimiters(void **state)
{
	struct spf_result result;

	(void)state;
	txt("example.org", "v=spf1 exp=why.example.org -all");
	txt("why.example.org", "%{l1-} %{l2r+} %{lr-+} %{l/}");
	result = check("192.0.2.1", "a.b-c.d+e/f@example.org");
	assert_span(result.explanation, "c.d+e/f e/f.a.b-c.d e/f.c.d.a.b a.b-c.d+e.f");
}

static void test_explanation(void **state)
{
	struct spf_request request = { .sender = SPAN("user@example.org") };

	(void)state;
	txt("example.org", "v=spf1 exp=why.example.org -all");
	txt("why.example.org", "See http://example.org/why?s=%{S}&ip=%{I}");
	assert_int_equal(ip_parse(SPAN("192.0.2.1"), &request.ip), 0);
	assert_int_equal(check_request(&request).explanation.n, 0);
	assert_int_equal(table.queries, 1);
	request.explain = true;
	assert_span(check_request(&request).explanation,
		    "See http://example.org/why?s=user%40example.org&ip=192.0.2.1");
	txt("why.example.org", "another");
	assert_int_equal(check_request(&request).explanation.n, 0);
}

/* Texts that libspf2's own compiler reads with an abort or an overflow. */
static void test_hostile_macros(void **state)
{
	struct buf text;
	static const char *const pieces[] = {
		"%{d}", "%{i}%%", "%{L32r-}", "%%", "%_x", "%{S1r+-.=_,/}", "x%{d}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++)
		for (size_t n = 1; n < 300; n++) {
			buf_init(&text, &arena, 4096);
			while (text.n + strlen(pieces[i]) <= n)
				buf_adds(&text, pieces[i]);
			assert_true(strlen(expanded("192.0.2.3", buf_string(&text))) <=
				    SPF_MAX_EXPLANATION);
			if (arena.used > 4 << 20)
				arena_clear(&arena);
		}
}

static char *repeated(char c, size_t n)
{
	char *text = arena_alloc(&arena, n + 1);

	assert_non_null(text);
	memset(text, c, n);
	return text;
}

/* Senders longer than any, and with bytes that macros must not see. */
static void test_hostile_sender(void **state)
{
	static const char *const locals[] = {
		"\xff\xfe\x80", "a\rb\nc", "%{d}", "\"@\"", ".......", "-", "\x01",
	};
	char *longest = repeated('a', 5000);

	(void)state;
	txt("example.org", "v=spf1 exists:%{L1r-}.%{l}.%{s}.%{S}.example.net exp=%{l}.%{s} -all");
	for (size_t i = 0; i < sizeof(locals) / sizeof(*locals); i++)
		assert_int_equal(check("192.0.2.1", arena_printf(&arena, "%s@example.org",
								 locals[i])).code, SPF_FAIL);
	assert_int_equal(check("192.0.2.1", arena_printf(&arena, "%s@example.org",
							 longest)).code, SPF_FAIL);
	assert_int_equal(check("192.0.2.1", longest).problem, SPF_BAD_DOMAIN);
}

/* A name that grows past 253 octets loses labels on the left (7.3). */
static void test_long_name(void **state)
{
	const char *label = repeated('x', 60);
	const char *name = arena_printf(&arena, "%s.%s.%s.%s.example.org", label, label, label,
					repeated('y', 58 - 8));

	(void)state;
	assert_true(strlen(name) < DNS_MAX_NAME);
	txt(name, "v=spf1 exists:a.b.%{d} exists:left.%{d}.left.example.net -all");
	add(arena_printf(&arena, "a.b.%s", name), DNS_A, "127.0.0.2");
	assert_int_equal(check("192.0.2.1", arena_printf(&arena, "user@%s", name)).code, SPF_PASS);
	rows_n--;
	add(arena_printf(&arena, "%s.left.example.net", name + 61), DNS_A, "127.0.0.2");
	assert_int_equal(check("192.0.2.1", arena_printf(&arena, "user@%s", name)).code, SPF_PASS);
}

/* ---- without an address ---- */

static void test_no_address(void **state)
{
	(void)state;
	txt("example.org", "v=spf1 a mx ptr exists:%{i}.example.net ip4:0.0.0.0/0 ip6:::/0 -all");
	add("example.org", DNS_A, "192.0.2.1");
	add("example.org", DNS_MX, "10 example.org");
	assert_int_equal(check("", "user@example.org").code, SPF_FAIL);
	assert_int_equal(check("", "user@example.org").lookups, 4);
	assert_int_equal(check("", "user@example.net").code, SPF_NONE);
}

/* ---- advice ---- */

struct advice {
	const char *record, *term, *wanted;
};

static void test_with_term(void **state)
{
	static const struct advice rows_of_advice[] = {
		{ "", "ip4:192.0.2.1", "v=spf1 ip4:192.0.2.1 ~all" },
		{ "v=spf1 -all", "ip4:192.0.2.1", "v=spf1 ip4:192.0.2.1 -all" },
		{ "v=spf1 mx ~ALL", "ip4:192.0.2.1", "v=spf1 mx ip4:192.0.2.1 ~ALL" },
		{ "v=spf1  mx  ?all exp=x.org", "a", "v=spf1  mx  a ?all exp=x.org" },
		{ "v=spf1 redirect=example.net", "mx", "v=spf1 mx redirect=example.net" },
		{ "v=spf1 redirect=example.net -all", "mx", "v=spf1 redirect=example.net mx -all" },
		{ "v=spf1 mx", "a", "v=spf1 mx a" },
		{ "v=spf1 mx ", "a", "v=spf1 mx a" },
		{ "v=spf1", "a", "v=spf1 a" },
		{ "v=spf1 IP4:192.0.2.1 -all", "ip4:192.0.2.1", "v=spf1 IP4:192.0.2.1 -all" },
		{ "v=spf1 +mx -all", "mx", "v=spf1 +mx -all" },
		{ "v=spf1 a -mx -all", "mx", "v=spf1 a mx -all" },
		{ "v=spf1 -ip4:192.0.2.1 mx ~all", "ip4:192.0.2.1", "v=spf1 mx ip4:192.0.2.1 ~all" },
		{ "v=spf1 mx -all ip4:192.0.2.1", "ip4:192.0.2.1", "v=spf1 mx ip4:192.0.2.1 -all" },
		{ "v=spf1 ip4=192.0.2.1 -all", "ip4:192.0.2.1", "v=spf1 ip4:192.0.2.1 -all" },
		{ "v=spf1 include=x.org -all", "mx", "v=spf1 include=x.org mx -all" },
		{ "v=spf1 ?include:x.org ~all", "a", "v=spf1 a ?include:x.org ~all" },
		{ "v=spf1 a ~all", "a mx ip4:192.0.2.1 mx", "v=spf1 a mx ip4:192.0.2.1 ~all" },
		{ "v=spf1 a mx", "a mx", "v=spf1 a mx" },
		{ "", "a mx a", "v=spf1 a mx ~all" },
		{ "v=spf1 broken:: -all", "mx", "v=spf1 broken:: mx -all" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows_of_advice) / sizeof(*rows_of_advice); i++)
		assert_span(spf_with_term(&arena, span_str(rows_of_advice[i].record),
					  span_str(rows_of_advice[i].term)),
			    rows_of_advice[i].wanted);
}

static void test_likely(void **state)
{
	(void)state;
	assert_int_equal(spf_likely_term(&arena, span_str(repeated('x', 100000))).n, 0);
	assert_int_equal(spf_likely_term(&arena, SPAN("")).n, 0);
	assert_int_equal(spf_likely_term(&arena, SPAN(",;.")).n, 0);
	assert_int_equal(spf_likely_term(&arena, SPAN("ip4:192.0.2.1")).n, 0);
}

/* ---- names, threads ---- */

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(spf_result_name(SPF_NONE), "none");
	assert_string_equal(spf_result_name(SPF_PERMERROR), "permerror");
	assert_string_equal(spf_fault_name(SPF_FAULT_NONE), "");
	assert_string_equal(spf_fault_name(SPF_FAULT_TWICE), "twice");
}

static void *probe(void *context)
{
	struct spf_request request = {
		.sender = SPAN("user@example.org"), .helo = SPAN("mail.example.org"),
		.explain = true, .count_all = true,
	};
	struct spf_result result;
	struct arena own;
	struct dns own_dns;
	bool right = true;

	arena_init(&own, 1 << 20);
	right = ip_parse(SPAN("192.0.2.1"), &request.ip) == 0;
	for (int i = 0; i < 50 && right; i++) {
		dns_init(&own_dns, &table.source, &own, 60000);
		spf_check(&own_dns, &request, &result);
		right = result.code == SPF_FAIL && span_is(result.explanation,
							   "user 1.2.0.192 mail.example.org");
		arena_clear(&own);
	}
	arena_release(&own);
	return right ? context : NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[THREADS];
	void *done;

	(void)state;
	txt("example.org", "v=spf1 exists:%{ir}.%{d} include:%{o2r}.example.net exp=why.%{d} -all");
	txt("org.example.example.net", "v=spf1 -all");
	txt("why.example.org", "%{l} %{ir} %{h}");
	dns_table_init(&table, rows, rows_n);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, probe, rows), 0);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &done);
		assert_ptr_equal(done, rows);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_decided_here), TEST(test_decided_by_include),
		TEST(test_decided_by_redirect), TEST(test_mechanisms), TEST(test_everybody),
		TEST(test_no_record), TEST(test_unicode_domain), TEST(test_helo_stands_in),
		TEST(test_two_records), TEST(test_joined), TEST(test_meant), TEST(test_via),
		TEST(test_include_none), TEST(test_dns_trouble), TEST(test_syntax),
		TEST(test_blank), TEST(test_syntax_below), TEST(test_idle), TEST(test_right),
		TEST(test_lookups), TEST(test_voids), TEST(test_many_mx), TEST(test_loop),
		TEST(test_tree), TEST(test_large), TEST(test_large_count), TEST(test_out_of_memory),
		TEST(test_macros), TEST(test_delimiters), TEST(test_explanation),
		TEST(test_hostile_macros), TEST(test_hostile_sender), TEST(test_long_name),
		TEST(test_no_address), TEST(test_with_term), TEST(test_likely),
		TEST(test_names), TEST(test_notices_ptr), TEST(test_threads),
	};

	return cmocka_run_group_tests_name("spf", tests, NULL, NULL);
}
