/* DMARC as RFC 9989 has it: records, tree walk, policy, alignment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dns_fixture.h"
#include "probe/dmarc.h"

#define N DMARC_POLICY_NONE
#define Q DMARC_POLICY_QUARANTINE
#define R DMARC_POLICY_REJECT
#define TXT(owner, text) ROW(owner, TXT, text)

/* A source that writes down what is asked. */
struct listener {
	struct dns_source source;
	struct dns_table table;
	struct buf asked;
};

static struct listener listener;

static void listen_and_ask(void *context, struct arena *memory, const char *name,
			   enum dns_type type, int64_t deadline_ms, struct dns_answer *answer_r)
{
	struct listener *l = context;

	buf_adds(&l->asked, name);
	buf_adds(&l->asked, type == DNS_TXT ? "\n" : " A\n");
	l->table.source.query(&l->table, memory, name, type, deadline_ms, answer_r);
}

static void use(const struct dns_row *rows, size_t n)
{
	dns_table_init(&listener.table, rows, n);
	listener.source = (struct dns_source){ listen_and_ask, NULL, &listener };
	buf_init(&listener.asked, &fixture_arena, 65536);
	dns_init(&fixture_dns, &listener.source, &fixture_arena, 60000);
}

#undef USE
#define USE(rows) use((rows), sizeof(rows) / sizeof(*(rows)))

static struct dmarc_discovery discover(const char *domain)
{
	struct dmarc_discovery d;

	dmarc_discover(&fixture_dns, span_str(domain), &d);
	assert_true((int)d.record.found + d.record.malformed + d.record.dns_failed <= 1);
	assert_true(d.record.found || d.policy == DMARC_POLICY_NONE);
	return d;
}

static void assert_organizational(const char *domain, const char *wanted)
{
	bool known;

	assert_span(dmarc_organizational(&fixture_dns, span_str(domain), &known), wanted);
	assert_true(known);
}

static bool is_aligned(const char *author, const char *other, bool strict)
{
	bool known, aligned = dmarc_is_aligned(&fixture_dns, span_str(author), span_str(other),
					       strict, &known);

	assert_true(known);
	return aligned;
}

/* ---- records ---- */

static void test_records(void **state)
{
	static const struct {
		const char *text;
		enum { NO, FOUND, MALFORMED } what;
		enum dmarc_policy p, sp, np;
		const char *term;
	} cases[] = {
		{ "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com", FOUND, N, N, N, "" },
		{ "v=DMARC1; p=reject", FOUND, R, R, R, "" },
		{ "v=DMARC1;p=reject;", FOUND, R, R, R, "" },
		{ "V=DMARC1; P=Reject", FOUND, R, R, R, "" },
		{ "v = DMARC1 ; p = quarantine ; sp = none", FOUND, Q, N, N, "" },
		{ "v=DMARC1; p=reject; sp=quarantine; np=none", FOUND, R, Q, N, "" },
		{ "v=DMARC1; p=none; np=reject", FOUND, N, N, R, "" },
		{ "v=DMARC1; sp=quarantine; p=reject", FOUND, R, Q, Q, "" },
		{ "v=DMARC1; p=reject; pct=50; ri=86400; rf=afrf; aspf=s", FOUND, R, R, R, "" },
		{ "v=DMARC1; p=reject; fo=1:d:s; ruf=mailto:a@example.org", FOUND, R, R, R, "" },
		{ "v=DMARC1; p=reject; rua=mailto:a@example.org!10m", FOUND, R, R, R, "" },
		/* what counts as its default */
		{ "v=DMARC1; p=reject; aspf=strict", FOUND, R, R, R, "aspf=strict" },
		{ "v=DMARC1; p=reject; t=1; psd=x", FOUND, R, R, R, "t=1" },
		{ "v=DMARC1; p=reject; rua=a@example.org", FOUND, R, R, R, "rua=a@example.org" },
		{ "v=DMARC1; p=reject; p=none", FOUND, R, R, R, "p=none" },
		{ "v=DMARC1; p=reject; nonsense", FOUND, R, R, R, "nonsense" },
		{ "v=DMARC1; p=reject;; sp=none", FOUND, R, N, N, "" },
		/* 4.10.1: with a report address it is p=none, without one nothing */
		{ "v=DMARC1; p=rejct; rua=mailto:a@example.org", FOUND, N, N, N, "p=rejct" },
		{ "v=DMARC1; p=reject; sp=no; rua=mailto:a@example.org", FOUND, N, N, N, "sp=no" },
		{ "v=DMARC1; p=reject; np=; rua=mailto:a@example.org", FOUND, N, N, N, "np=" },
		{ "v=DMARC1; rua=mailto:a@example.org", FOUND, N, N, N, "p=" },
		{ "v=DMARC1; p=rejct", MALFORMED, N, N, N, "p=rejct" },
		{ "v=DMARC1; p=reject; sp=no", MALFORMED, N, N, N, "sp=no" },
		{ "v=DMARC1; p=rejct; rua=mailto:", MALFORMED, N, N, N, "p=rejct" },
		{ "v=DMARC1; p=rejct; rua=dmarc@example.org", MALFORMED, N, N, N, "p=rejct" },
		{ "v=DMARC1", MALFORMED, N, N, N, "p=" },
		{ "v=DMARC1; rua=mailto:a b@example.org", MALFORMED, N, N, N,
		  "rua=mailto:a b@example.org" },
		/* no DMARC record at all */
		{ "v=DMARC1 p=reject", NO, N, N, N, "v=DMARC1 p=reject" },
		{ "v=dmarc1; p=reject", NO, N, N, N, "v=dmarc1" },
		{ "v=DMARC1.0; p=reject", NO, N, N, N, "v=DMARC1.0" },
		{ " v=DMARC1; p=reject", NO, N, N, N, "v=DMARC1" },
		{ "p=reject; v=DMARC1", NO, N, N, N, "p=reject" },
		{ "v=DMARC1\\; p=reject", NO, N, N, N, "v=DMARC1\\" },
		{ "\"v=DMARC1; p=reject\"", NO, N, N, N, "\"v=DMARC1" },
		{ "v=spf1 -all", NO, N, N, N, "v=spf1 -all" },
		{ ";v=DMARC1", NO, N, N, N, "" },
		{ "", NO, N, N, N, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dmarc_record r;
		bool is = dmarc_parse(span_str(cases[i].text), &r);

		if (is != (cases[i].what != NO) || r.found != (cases[i].what == FOUND))
			print_message("%s\n", cases[i].text);
		assert_int_equal(is, cases[i].what != NO);
		assert_int_equal(r.found, cases[i].what == FOUND);
		assert_int_equal(r.malformed, !r.found);
		assert_int_equal(r.p, cases[i].p);
		assert_int_equal(r.sp, cases[i].sp);
		assert_int_equal(r.np, cases[i].np);
		assert_span(r.term, cases[i].term);
		assert_span(r.text, cases[i].text);
	}
}

static void test_flags(void **state)
{
	struct dmarc_record r;

	(void)state;
	assert_true(dmarc_parse(SPAN("v=DMARC1; p=none"), &r));
	assert_false(r.testing || r.strict_spf || r.strict_dkim || r.has_rua);
	assert_int_equal(r.psd, 'u');
	assert_true(dmarc_parse(SPAN("v=DMARC1; p=none; t=y; aspf=s; adkim=S; psd=Y; "
				     "rua=nonsense, https://example.org/dmarc"), &r));
	assert_true(r.testing && r.strict_spf && r.strict_dkim && r.has_rua);
	assert_int_equal(r.psd, 'y');
	assert_true(dmarc_parse(SPAN("v=DMARC1; p=none; t=n; aspf=r; adkim=r; psd=n"), &r));
	assert_false(r.testing || r.strict_spf || r.strict_dkim);
	assert_int_equal(r.psd, 'n');
	assert_int_equal(r.term.n, 0);
	assert_string_equal(dmarc_policy_name(DMARC_POLICY_QUARANTINE), "quarantine");
}

/* ---- the tree walk ---- */

static void test_walk_of_4_10(void **state)
{
	(void)state;
	use(NULL, 0);
	assert_false(discover("a.b.c.d.e.f.g.h.i.j.mail.example.com").record.found);
	assert_string_equal(buf_string(&listener.asked),
			    "_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com\n"
			    "_dmarc.g.h.i.j.mail.example.com\n"
			    "_dmarc.h.i.j.mail.example.com\n"
			    "_dmarc.i.j.mail.example.com\n"
			    "_dmarc.j.mail.example.com\n"
			    "_dmarc.mail.example.com\n"
			    "_dmarc.example.com\n"
			    "_dmarc.com\n");
}

static void test_walks_of_eight_and_nine_labels(void **state)
{
	(void)state;
	use(NULL, 0);
	discover("1.2.3.4.5.6.example.com");
	assert_string_equal(buf_string(&listener.asked),
			    "_dmarc.1.2.3.4.5.6.example.com\n_dmarc.2.3.4.5.6.example.com\n"
			    "_dmarc.3.4.5.6.example.com\n_dmarc.4.5.6.example.com\n"
			    "_dmarc.5.6.example.com\n_dmarc.6.example.com\n"
			    "_dmarc.example.com\n_dmarc.com\n");
	use(NULL, 0);
	discover("0.1.2.3.4.5.6.example.com");
	assert_string_equal(buf_string(&listener.asked),
			    "_dmarc.0.1.2.3.4.5.6.example.com\n_dmarc.2.3.4.5.6.example.com\n"
			    "_dmarc.3.4.5.6.example.com\n_dmarc.4.5.6.example.com\n"
			    "_dmarc.5.6.example.com\n_dmarc.6.example.com\n"
			    "_dmarc.example.com\n_dmarc.com\n");
}

/* The three examples at the end of 4.10.2. */
static void test_organizational_domains_of_4_10_2(void **state)
{
	static const struct dns_row first[] = {
		TXT("_dmarc.mail.example.com", "v=DMARC1; p=none"),
		TXT("_dmarc.example.com", "v=DMARC1; p=none"),
	};
	static const struct dns_row second[] = {
		TXT("_dmarc.mail.example.com", "v=DMARC1; p=none; psd=n"),
		TXT("_dmarc.example.com", "v=DMARC1; p=none"),
	};
	static const struct dns_row third[] = {
		TXT("_dmarc.com", "v=DMARC1; p=none; psd=y"),
	};

	(void)state;
	USE(first);
	assert_organizational("a.mail.example.com", "example.com");
	USE(second);
	assert_organizational("A.mail.Example.com.", "mail.example.com");
	assert_string_equal(buf_string(&listener.asked),
			    "_dmarc.a.mail.example.com\n_dmarc.mail.example.com\n");
	USE(third);
	assert_organizational("a.mail.example.com", "example.com");
	assert_organizational("com", "com");
	use(NULL, 0);
	assert_organizational("a.mail.example.com", "a.mail.example.com");
}

/* 5.1.8: a record in the gap of a long name is not seen, one at its end is. */
static void test_gap_of_long_names(void **state)
{
	static const struct dns_row rows[] = {
		TXT("_dmarc.b.c.d.e.f.g.example.com", "v=DMARC1; p=reject; psd=n"),
		TXT("_dmarc.example.com", "v=DMARC1; p=none"),
	};
	static const struct dns_row end[] = {
		TXT("_dmarc.mail.a.b.c.d.e.f.g.example.com", "v=DMARC1; p=reject"),
		TXT("_dmarc.c.d.e.f.g.example.com", "v=DMARC1; p=reject; psd=y"),
	};

	(void)state;
	USE(rows);
	assert_span(discover("mail.a.b.c.d.e.f.g.example.com").record.domain, "example.com");
	USE(end);
	assert_span(discover("mail.a.b.c.d.e.f.g.example.com").record.domain,
		    "mail.a.b.c.d.e.f.g.example.com");
	/* the label below a public suffix may lie in the gap, too */
	assert_span(discover("mail.a.b.c.d.e.f.g.example.com").organizational,
		    "b.c.d.e.f.g.example.com");
}

/* ---- policy ---- */

static void test_policy_of_the_domain_itself(void **state)
{
	static const struct dns_row rows[] = {
		TXT("_dmarc.example.com", "v=DMARC1; p=quarantine; sp=reject; np=reject"),
		TXT("_dmarc.sub.example.com", "v=DMARC1; p=none; sp=reject"),
	};
	struct dmarc_discovery d;

	(void)state;
	USE(rows);
	d = discover("example.com");
	assert_int_equal(d.policy, DMARC_POLICY_QUARANTINE);
	assert_false(d.from_above);
	assert_span(d.organizational, "example.com");
	d = discover("Sub.Example.com.");
	assert_int_equal(d.policy, DMARC_POLICY_NONE);
	assert_false(d.from_above);
	assert_span(d.record.domain, "sub.example.com");
	assert_span(d.organizational, "example.com");
	assert_true(d.organizational_known);
}

static void test_policy_from_above(void **state)
{
	static const struct dns_row rows[] = {
		TXT("_dmarc.example.com", "v=DMARC1; p=none; sp=quarantine; np=reject"),
		TXT("_dmarc.between.example.com", "v=DMARC1; p=reject; sp=reject"),
		{ .name = "sub.example.com", .type = DNS_A, .data = "192.0.2.1" },
		{ .name = "a.between.example.com", .type = DNS_A, .data = "192.0.2.1" },
		TXT("x.empty.example.com", "so its parent exists"),
		{ .name = "down.example.com", .type = DNS_A, .fault = "servfail" },
	};
	struct dmarc_discovery d;

	(void)state;
	USE(rows);
	d = discover("sub.example.com");
	assert_true(d.from_above);
	assert_span(d.record.domain, "example.com");
	assert_int_equal(d.policy, DMARC_POLICY_QUARANTINE);
	assert_int_equal(discover("nothing.example.com").policy, DMARC_POLICY_REJECT);
	assert_int_equal(discover("empty.example.com").policy, DMARC_POLICY_QUARANTINE);
	assert_int_equal(discover("down.example.com").policy, DMARC_POLICY_QUARANTINE);
	/* what lies between the author and the organization does not count */
	assert_int_equal(discover("a.between.example.com").policy, DMARC_POLICY_QUARANTINE);
}

static void test_policy_of_a_public_suffix(void **state)
{
	static const struct dns_row rows[] = {
		TXT("_dmarc.bank.example", "v=DMARC1; p=reject; sp=quarantine; psd=y"),
		TXT("_dmarc.giant.bank.example", "v=DMARC1; p=none"),
		{ .name = "mail.mega.bank.example", .type = DNS_A, .data = "192.0.2.1" },
		{ .name = "mega.bank.example", .type = DNS_A, .data = "192.0.2.1" },
		{ .name = "mail.giant.bank.example", .type = DNS_A, .data = "192.0.2.1" },
	};
	struct dmarc_discovery d;

	(void)state;
	USE(rows);
	d = discover("mail.mega.bank.example");
	assert_span(d.record.domain, "bank.example");
	assert_span(d.organizational, "mega.bank.example");
	assert_int_equal(d.policy, DMARC_POLICY_QUARANTINE);
	d = discover("mail.giant.bank.example");
	assert_span(d.record.domain, "giant.bank.example");
	assert_int_equal(d.policy, DMARC_POLICY_NONE);
	d = discover("bank.example");
	assert_int_equal(d.policy, DMARC_POLICY_REJECT);
	assert_span(d.organizational, "bank.example");
}

static void test_testing(void **state)
{
	static const struct dns_row rows[] = {
		TXT("_dmarc.reject.example", "v=DMARC1; p=reject; t=y"),
		TXT("_dmarc.quarantine.example", "v=DMARC1; p=quarantine; t=y"),
		TXT("_dmarc.none.example", "v=DMARC1; p=none; t=y"),
	};

	(void)state;
	USE(rows);
	assert_int_equal(discover("reject.example").policy, DMARC_POLICY_QUARANTINE);
	assert_int_equal(discover("reject.example").record.p, DMARC_POLICY_REJECT);
	assert_int_equal(discover("a.reject.example").policy, DMARC_POLICY_QUARANTINE);
	assert_int_equal(discover("quarantine.example").policy, DMARC_POLICY_NONE);
	assert_int_equal(discover("none.example").policy, DMARC_POLICY_NONE);
}

static void test_what_is_wrong(void **state)
{
	static const struct dns_row rows[] = {
		TXT("_dmarc.two.example", "v=DMARC1; p=reject"),
		TXT("_dmarc.two.example", "v=DMARC1; p=none"),
		TXT("_dmarc.two.example", "unrelated"),
		TXT("_dmarc.two.above.example", "v=DMARC1; p=reject"),
		TXT("_dmarc.two.above.example", "v=DMARC1; p=none"),
		TXT("_dmarc.above.example", "v=DMARC1; p=quarantine"),
		TXT("_dmarc.beside.example", "unrelated"),
		TXT("_dmarc.beside.example", "v=DMARC1; p=reject"),
		TXT("_dmarc.beside.example", "v=DMARC1 p=none"),
		TXT("_dmarc.bad.example", "v=DMARC1; p=rejct"),
		TXT("_dmarc.nearly.example", "v=DMARC1 p=reject"),
		TXT("_dmarc.other.example", "v=spf1 -all"),
	};
	struct dmarc_discovery d;

	(void)state;
	USE(rows);
	d = discover("two.example");
	assert_true(d.record.several && !d.record.found && !d.record.malformed);
	assert_span(d.record.several_at, "two.example");
	d = discover("two.above.example");
	assert_true(d.record.several && d.record.found && d.from_above);
	assert_span(d.record.several_at, "two.above.example");
	assert_int_equal(d.policy, DMARC_POLICY_QUARANTINE);
	d = discover("beside.example");
	assert_true(d.record.found && !d.record.several);
	assert_int_equal(d.policy, DMARC_POLICY_REJECT);
	d = discover("bad.example");
	assert_true(d.record.malformed);
	assert_span(d.record.term, "p=rejct");
	assert_span(d.record.domain, "bad.example");
	d = discover("nearly.example");
	assert_true(d.record.malformed);
	assert_span(d.record.term, "v=DMARC1 p=reject");
	d = discover("other.example");
	assert_true(!d.record.found && !d.record.malformed && !d.record.several);
}

static void test_dns_failures(void **state)
{
	static const struct dns_row rows[] = {
		{ .name = "_dmarc.down.example", .type = DNS_ANY, .fault = "timeout" },
		TXT("_dmarc.good.down.example", "v=DMARC1; p=reject"),
		TXT("_dmarc.example", "v=DMARC1; p=quarantine; psd=y"),
	};
	struct dmarc_discovery d;
	bool known;

	(void)state;
	USE(rows);
	d = discover("down.example");
	assert_true(d.record.dns_failed);
	assert_string_equal(d.record.reason, "timeout");
	assert_false(d.organizational_known);
	d = discover("sub.down.example");
	assert_true(d.record.dns_failed);
	/* its own record is enough for the policy, not for the organization */
	d = discover("good.down.example");
	assert_true(d.record.found);
	assert_int_equal(d.policy, DMARC_POLICY_REJECT);
	assert_false(d.organizational_known);
	assert_span(d.organizational, "good.down.example");
	assert_false(dmarc_is_aligned(&fixture_dns, SPAN("a.down.example"), SPAN("b.down.example"),
				      false, &known));
	assert_false(known);
	assert_true(dmarc_is_aligned(&fixture_dns, SPAN("a.down.example"), SPAN("A.down.example"),
				     false, &known));
	assert_true(known);
}

static void test_no_names(void **state)
{
	static const char *const names[] = { "", ".", "a..b", "[192.0.2.1]\n" };
	char *longest = arena_alloc(&fixture_arena, DNS_MAX_NAME + 1);
	struct dmarc_discovery d;
	bool known;

	(void)state;
	use(NULL, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		d = discover(names[i]);
		assert_true(d.record.dns_failed);
		assert_string_equal(d.record.reason, "name");
		assert_false(dmarc_is_aligned(&fixture_dns, span_str(names[i]), span_str(names[i]),
					      false, &known));
		assert_false(known);
	}
	for (size_t i = 0; i < DNS_MAX_NAME; i++)
		longest[i] = i % 2 == 0 ? 'a' : '.';
	d = discover(longest);
	assert_false(d.record.found || d.record.dns_failed);
	assert_int_equal(fixture_dns.left, DNS_MAX_QUERIES - 7);
}

/* ---- appendix B ---- */

/* B.1: alignment. */
static void test_alignment_examples(void **state)
{
	static const struct dns_row rows[] = {
		TXT("_dmarc.example.com", "v=DMARC1; p=none"),
		TXT("_dmarc.example.net", "v=DMARC1; p=none"),
	};

	(void)state;
	USE(rows);
	assert_true(is_aligned("example.com", "example.com", true));
	assert_true(is_aligned("example.com", "example.com", false));
	assert_true(is_aligned("example.com", "child.example.com", false));
	assert_false(is_aligned("example.com", "child.example.com", true));
	assert_true(is_aligned("M\xc3\xbcller.example", "xn--mller-kva.example.", true));
	assert_false(is_aligned("m\xc3\xbcller.example", "muller.example", true));
	assert_false(is_aligned("child.example.com", "example.net", false));
	assert_true(is_aligned("child.example.com", "example.com", false));
	/* table 1 */
	assert_true(is_aligned("news.example.com", "foo.example.com", false));
	assert_true(is_aligned("news.example.com", "news.example.com", true));
	assert_false(is_aligned("news.example.com", "foo.example.net", false));
	/* B.3.1 */
	assert_true(is_aligned("example.com", "mail.example.com", false));
}

/* B.2: records. */
static void test_record_examples(void **state)
{
	struct dmarc_record r;

	(void)state;
	dmarc_parse(SPAN("v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com; "
			 "ruf=mailto:auth-reports@thirdparty.example.net"), &r);
	assert_true(r.found && r.has_rua && r.term.n == 0);
	dmarc_parse(SPAN("v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,"
			 "mailto:tld-test@thirdparty.example.net; t=y"), &r);
	assert_true(r.found && r.testing && r.has_rua && r.term.n == 0);
	assert_int_equal(r.p, DMARC_POLICY_QUARANTINE);
}

/* B.4.1 and B.4.2. */
static void test_tree_walk_examples(void **state)
{
	static const struct dns_row rows[] = {
		TXT("_dmarc.example.com", "v=DMARC1; p=reject"),
		TXT("_dmarc.signing.example.com", "v=DMARC1; p=none"),
	};
	static const char deep[] = "a.b.c.d.e.f.g.h.i.j.k.example.com";
	struct dmarc_discovery d;

	(void)state;
	USE(rows);
	assert_organizational("example.com", "example.com");
	assert_string_equal(buf_string(&listener.asked), "_dmarc.example.com\n_dmarc.com\n");
	assert_organizational("signing.example.com", "example.com");
	assert_true(is_aligned("example.com", "signing.example.com", false));
	USE(rows);
	d = discover(deep);
	assert_string_equal(buf_string(&listener.asked),
			    "_dmarc.a.b.c.d.e.f.g.h.i.j.k.example.com\n"
			    "_dmarc.g.h.i.j.k.example.com\n_dmarc.h.i.j.k.example.com\n"
			    "_dmarc.i.j.k.example.com\n_dmarc.j.k.example.com\n"
			    "_dmarc.k.example.com\n_dmarc.example.com\n_dmarc.com\n");
	assert_span(d.record.domain, "example.com");
	assert_int_equal(d.policy, DMARC_POLICY_REJECT);
	assert_span(d.organizational, "example.com");
	assert_true(is_aligned(deep, "example.com", false));
	assert_true(is_aligned(deep, "signing.example.com", false));
}

/* B.4.3. */
static void test_public_suffix_example(void **state)
{
	static const struct dns_row rows[] = {
		TXT("_dmarc.bank.example", "v=DMARC1; p=reject; psd=y"),
		TXT("_dmarc.giant.bank.example", "v=DMARC1; p=quarantine"),
	};
	struct dmarc_discovery d;

	(void)state;
	USE(rows);
	d = discover("giant.bank.example");
	assert_span(d.organizational, "giant.bank.example");
	assert_span(d.record.domain, "giant.bank.example");
	assert_int_equal(d.policy, DMARC_POLICY_QUARANTINE);
	assert_organizational("mail.giant.bank.example", "giant.bank.example");
	assert_organizational("mail.mega.bank.example", "mega.bank.example");
	assert_true(is_aligned("giant.bank.example", "mail.giant.bank.example", false));
	assert_false(is_aligned("giant.bank.example", "mail.mega.bank.example", false));
	/* nothing above psd=y is asked */
	assert_int_equal(span_find(buf_span(&listener.asked), 0, SPAN("_dmarc.example\n")),
			 listener.asked.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_records),
		FIXTURE_TEST(test_flags),
		FIXTURE_TEST(test_walk_of_4_10),
		FIXTURE_TEST(test_walks_of_eight_and_nine_labels),
		FIXTURE_TEST(test_organizational_domains_of_4_10_2),
		FIXTURE_TEST(test_gap_of_long_names),
		FIXTURE_TEST(test_policy_of_the_domain_itself),
		FIXTURE_TEST(test_policy_from_above),
		FIXTURE_TEST(test_policy_of_a_public_suffix),
		FIXTURE_TEST(test_testing),
		FIXTURE_TEST(test_what_is_wrong),
		FIXTURE_TEST(test_dns_failures),
		FIXTURE_TEST(test_no_names),
		FIXTURE_TEST(test_alignment_examples),
		FIXTURE_TEST(test_record_examples),
		FIXTURE_TEST(test_tree_walk_examples),
		FIXTURE_TEST(test_public_suffix_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
