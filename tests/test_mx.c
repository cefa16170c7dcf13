#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_fixture.h"
#include "probe/mx.h"

static struct mx_result mx(const char *domain)
{
	struct mx_result r;

	mx_check(&fixture_dns, span_str(domain), &r);
	assert_true((r.state == MX_TEMPERROR) == (r.reason != NULL));
	return r;
}

static void test_mx(void **state)
{
	static const struct dns_row rows[] = {
		ROW("example.org", MX, "20 second.example.org"),
		ROW("example.org", MX, "10 first.example.org"),
		ROW("first.example.org", A, "192.0.2.1"),
		ROW("six.example", MX, "10 six.example"),
		ROW("six.example", AAAA, "2001:db8::1"),
		ROW("implicit.example", A, "192.0.2.1"),
		ROW("null.example", MX, "0 ."),
		ROW("both.example", MX, "0 ."),
		ROW("both.example", MX, "10 first.example.org"),
		ROW("none.example", TXT, "v=spf1 -all"),
		ROW("nowhere.example", MX, "10 gone.example"),
		ROW("nowhere.example", MX, "20 192.0.2.1"),
		FAULT("down.example", "servfail"),
		ROW("half.example", MX, "10 down.example"),
		ROW("half.example", MX, "20 first.example.org"),
		ROW("unsure.example", MX, "10 down.example"),
		ROW("unsure.example", MX, "20 gone.example"),
		ROW("bare.example", TXT, "x"),
		{ .name = "bare.example", .type = DNS_AAAA, .fault = "timeout" },
	};
	struct mx_result r;

	(void)state;
	USE(rows);
	r = mx("Example.org.");
	assert_int_equal(r.state, MX_OK);
	assert_span(r.host, "first.example.org");
	assert_int_equal(r.hosts, 2);
	assert_int_equal(mx("six.example").state, MX_OK);
	r = mx("implicit.example");
	assert_int_equal(r.state, MX_IMPLICIT);
	assert_span(r.host, "implicit.example");
	assert_int_equal(mx("[192.0.2.1]").state, MX_IMPLICIT);
	r = mx("null.example");
	assert_int_equal(r.state, MX_NULL);
	assert_int_equal(r.hosts, 0);
	assert_false(r.null_beside);
	r = mx("both.example");
	assert_int_equal(r.state, MX_OK);
	assert_int_equal(r.hosts, 1);
	assert_true(r.null_beside);
	assert_int_equal(mx("none.example").state, MX_NONE);
	r = mx("nowhere.example");
	assert_int_equal(r.state, MX_NOWHERE);
	assert_span(r.host, "gone.example");
	assert_int_equal(mx("missing.example").state, MX_NO_DOMAIN);
	assert_int_equal(mx("down.example").state, MX_TEMPERROR);
	assert_text(mx("down.example").reason, "servfail");
	r = mx("half.example");
	assert_int_equal(r.state, MX_OK);
	assert_span(r.host, "first.example.org");
	assert_int_equal(mx("unsure.example").state, MX_TEMPERROR);
	assert_text(mx("bare.example").reason, "timeout");
	assert_text(mx("").reason, "name");
}

/* An MX host that is a CNAME: told by the answers that had to be asked for anyway. */
static void test_alias(void **state)
{
	static const struct dns_row rows[] = {
		ROW("plain.example", MX, "10 real.example.net"),
		ROW("real.example.net", A, "192.0.2.1"),
		ROW("alias.example", MX, "10 mx.alias.example"),
		ROW("mx.alias.example", CNAME, "real.example.net"),
		ROW("six.example", MX, "10 mx.six.example"),
		ROW("mx.six.example", CNAME, "six.example.net"),
		ROW("six.example.net", AAAA, "2001:db8::1"),
		{ .name = "six.example.net", .type = DNS_A, .fault = "timeout" },
		ROW("lost.example", MX, "10 mx.lost.example"),
		ROW("mx.lost.example", CNAME, "gone.example.net"),
		ROW("later.example", MX, "10 real.example.net"),
		ROW("later.example", MX, "20 mx.alias.example"),
		ROW("dead.example", MX, "10 down.example"),
		FAULT("down.example", "servfail"),
		ROW("wild.example", MX, "10 real.example.net"),
		ROW("wild.example", MX, "5 real.example.net.wild.example"),
		ROW("real.example.net.wild.example", CNAME, "web.wild.example"),
		ROW("web.wild.example", A, "192.0.2.80"),
		ROW("direct.example", MX, "5 real.example.net.direct.example"),
		ROW("real.example.net.direct.example", A, "192.0.2.82"),
		ROW("short.example", MX, "5 mail.de.short.example"),
		ROW("mail.de.short.example", CNAME, "real.example.net"),
		ROW("mail.de", A, "192.0.2.81"),
		ROW("www.example", CNAME, "plain.example"),
		ROW("web.example", CNAME, "real.example.net"),
	};
	struct mx_result r;
	unsigned plain;

	(void)state;
	USE(rows);
	r = mx("plain.example");
	assert_int_equal(r.alias.n, 0);
	plain = fixture_table.queries;
	assert_int_equal(plain, 2);	/* MX and A */
	USE(rows);
	r = mx("alias.example");
	assert_int_equal(r.state, MX_OK);
	assert_span(r.host, "mx.alias.example");
	assert_span(r.alias, "real.example.net");
	assert_int_equal(fixture_table.queries, plain);
	r = mx("six.example");
	assert_int_equal(r.state, MX_OK);
	assert_span(r.alias, "six.example.net");
	r = mx("lost.example");
	assert_int_equal(r.state, MX_NOWHERE);
	assert_span(r.alias, "gone.example.net");
	assert_int_equal(mx("later.example").alias.n, 0);	/* not looked up */
	assert_int_equal(mx("dead.example").alias.n, 0);
	/* a wildcard hides that a dot is missing */
	r = mx("wild.example");
	assert_int_equal(r.state, MX_OK);
	assert_span(r.alias, "web.wild.example");
	assert_span(r.dot, "real.example.net");
	assert_int_equal(mx("direct.example").dot.n, 0);
	r = mx("short.example");
	assert_int_equal(r.state, MX_OK);
	assert_int_equal(r.dot.n, 0);
	/* a domain may be an alias (RFC 5321, 5.1), with and without an MX */
	r = mx("www.example");
	assert_int_equal(r.state, MX_OK);
	assert_int_equal(r.alias.n, 0);
	r = mx("web.example");
	assert_int_equal(r.state, MX_IMPLICIT);
	assert_int_equal(r.alias.n, 0);
}

static void test_many_mx(void **state)
{
	static const struct dns_row rows[] = {
		ROW("many.example", MX, "70 a.example"), ROW("many.example", MX, "60 b.example"),
		ROW("many.example", MX, "50 c.example"), ROW("many.example", MX, "10 d.example"),
		ROW("many.example", MX, "20 e.example"), ROW("many.example", MX, "30 f.example"),
		ROW("many.example", MX, "40 g.example"),
		ROW("c.example", A, "192.0.2.1"), ROW("a.example", A, "192.0.2.1"),
		ROW("dead.example", MX, "1 1.d.example"), ROW("dead.example", MX, "1 2.d.example"),
		ROW("dead.example", MX, "1 3.d.example"), ROW("dead.example", MX, "1 4.d.example"),
		ROW("dead.example", MX, "1 5.d.example"), ROW("dead.example", MX, "1 6.d.example"),
	};
	struct mx_result r;

	(void)state;
	USE(rows);
	r = mx("many.example");
	assert_int_equal(r.state, MX_OK);
	assert_span(r.host, "c.example");
	assert_int_equal(r.hosts, 7);
	/* of the sixth nothing is known */
	assert_int_equal(mx("dead.example").state, MX_TEMPERROR);
	assert_text(mx("dead.example").reason, "limit");
}

static void test_likely_domains(void **state)
{
	static const char *const cases[][2] = {
		{ "gmial.com", "gmail.com" }, { "gmai.com", "gmail.com" },
		{ "gmaill.com", "gmail.com" }, { "gnail.com", "gmail.com" },
		{ "gmail.con", "gmail.com" }, { "gmail.co", "gmail.com" },
		{ "GMAIL.CM.", "gmail.com" }, { "gmailcom", "gmail.com" },
		{ "hotmial.com", "hotmail.com" }, { "yaho.com", "yahoo.com" },
		{ "outlok.de", "outlook.de" }, { "t-onlin.de", "t-online.de" },
		{ "telkom.nt", "telkom.net" }, { "hotmail.com.rt", "hotmail.com.tr" },
		{ "gmx.dee", "gmx.de" }, { "web.ed", "web.de" }, { "proton.em", "proton.me" },
		/* on the list itself, or as good as what is there */
		{ "gmail.com", NULL }, { "gmx.net", NULL }, { "gmx.de", NULL },
		{ "ymail.com", NULL }, { "email.com", NULL }, { "mail.com", NULL },
		{ "yahoo.in", NULL },
		/* short names */
		{ "we.com", NULL }, { "qx.com", NULL }, { "gmy.de", NULL },
		/* several are meant perhaps */
		{ "hmail.com", NULL }, { "gmx.ne", NULL }, { "yahoo.co.i", NULL },
		/* two edits, other names, nonsense */
		{ "gmial.con", NULL }, { "mg.com", NULL }, { "example.org", NULL }, { "", NULL },
		{ ".", NULL }, { "a", NULL },
		{ "gmail.com.a-name-that-is-longer-than-any-of-them.example", NULL },
	};
	static const struct dns_row rows[] = {
		ROW("yaho.com", MX, "0 ."), ROW("hotmial.com", TXT, "for sale"),
		ROW("gnail.com", MX, "10 mail.gnail.com"), ROW("mail.gnail.com", A, "192.0.2.1"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *likely = mx_likely_domain(span_str(cases[i][0]));

		if ((likely == NULL) != (cases[i][1] == NULL))
			print_message("%s\n", cases[i][0]);
		assert_text(likely, cases[i][1]);
	}
	USE(rows);
	assert_text(mx("gmial.com").likely, "gmail.com");
	assert_text(mx("yaho.com").likely, "yahoo.com");
	assert_text(mx("hotmial.com").likely, "hotmail.com");
	assert_text(mx("gnail.com").likely, NULL);	/* it receives mail */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_mx),
		FIXTURE_TEST(test_alias),
		FIXTURE_TEST(test_many_mx),
		FIXTURE_TEST(test_likely_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
