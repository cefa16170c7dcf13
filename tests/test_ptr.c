#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_fixture.h"
#include "probe/ptr.h"

static struct ptr_result ptr(const char *address)
{
	struct ip ip = fixture_ip(address);
	struct ptr_result r;

	ptr_check(&fixture_dns, &ip, &r);
	assert_true((r.state == PTR_TEMPERROR) == (r.reason != NULL));
	return r;
}

static void test_ptr(void **state)
{
	static const struct dns_row rows[] = {
		ROW("1.2.0.192.in-addr.arpa", PTR, "mail.example.org"),
		ROW("mail.example.org", A, "192.0.2.7"), ROW("mail.example.org", A, "192.0.2.1"),
		ROW("2.2.0.192.in-addr.arpa", PTR, "other.example.org"),
		ROW("2.2.0.192.in-addr.arpa", PTR, "right.example.org"),
		ROW("other.example.org", A, "192.0.2.7"), ROW("right.example.org", A, "192.0.2.2"),
		ROW("3.2.0.192.in-addr.arpa", PTR, "other.example.org"),
		ROW("4.2.0.192.in-addr.arpa", PTR, "192-0-2-4.dsl.example.net"),
		ROW("192-0-2-4.dsl.example.net", A, "192.0.2.4"),
		FAULT("5.2.0.192.in-addr.arpa", "timeout"),
		ROW("6.2.0.192.in-addr.arpa", PTR, "down.example.org"),
		FAULT("down.example.org", "servfail"),
		ROW("7.2.0.192.in-addr.arpa", TXT, "no name"),
		ROW("8.2.0.192.in-addr.arpa", PTR, ""),
		ROW("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", PTR,
		    "six.example.org"),
		ROW("six.example.org", AAAA, "2001:db8::1"), ROW("six.example.org", A, "192.0.2.1"),
	};
	struct ptr_result r;

	(void)state;
	USE(rows);
	r = ptr("192.0.2.1");
	assert_int_equal(r.state, PTR_OK);
	assert_span(r.name, "mail.example.org");
	assert_false(r.generic);
	r = ptr("192.0.2.2");
	assert_int_equal(r.state, PTR_OK);
	assert_span(r.name, "right.example.org");
	r = ptr("192.0.2.3");
	assert_int_equal(r.state, PTR_MISMATCH);
	assert_span(r.name, "other.example.org");
	r = ptr("192.0.2.4");
	assert_true(r.state == PTR_OK && r.generic);
	assert_text(ptr("192.0.2.5").reason, "timeout");
	assert_text(ptr("192.0.2.6").reason, "servfail");
	assert_int_equal(ptr("192.0.2.7").state, PTR_NONE);
	assert_int_equal(ptr("192.0.2.8").state, PTR_MISMATCH);
	assert_int_equal(ptr("192.0.2.9").state, PTR_NONE);
	r = ptr("2001:db8::1");
	assert_int_equal(r.state, PTR_OK);
	assert_span(r.name, "six.example.org");
	assert_false(r.generic);
}

static void test_many_names(void **state)
{
	static const struct dns_row rows[] = {
		ROW("1.2.0.192.in-addr.arpa", PTR, "a.example"),
		ROW("1.2.0.192.in-addr.arpa", PTR, "b.example"),
		ROW("1.2.0.192.in-addr.arpa", PTR, "c.example"),
		ROW("1.2.0.192.in-addr.arpa", PTR, "d.example"),
		ROW("1.2.0.192.in-addr.arpa", PTR, "e.example"),
		ROW("1.2.0.192.in-addr.arpa", PTR, "f.example"),
		ROW("f.example", A, "192.0.2.1"),
	};

	(void)state;
	USE(rows);
	assert_text(ptr("192.0.2.1").reason, "limit");
	assert_int_equal(fixture_dns.left, DNS_MAX_QUERIES - 1 - PTR_MAX_NAMES);
}

static void test_generic_names(void **state)
{
	static const struct {
		const char *address, *name;
		bool generic;
	} cases[] = {
		{ "192.0.2.17", "192-0-2-17.dynamic.example.net", true },
		{ "192.0.2.17", "17.2.0.192.in-addr.example.net", true },
		{ "192.0.2.17", "static.17.2.0.192.clients.example.de", true },
		{ "192.0.2.17", "host192-0-2-17.range192-0.example.it", true },
		{ "192.0.2.17", "ip-192.000.002.017.example.net", true },
		{ "192.0.2.17", "p192000002017.example.net", true },
		{ "192.0.2.17", "017002000192.example.net", true },
		{ "192.0.2.17", "pC0000211.dip0.example.de", true },
		{ "192.0.2.17", "mail.example.org", false },
		{ "192.0.2.17", "mx17.example.org", false },
		{ "192.0.2.17", "mx-2-17.example.org", false },
		{ "192.0.2.17", "192-0-2-18.example.net", false },
		{ "192.0.2.17", "1192-0-2-17.example.net", false },
		{ "192.0.2.17", "", false },
		{ "2001:db8:1:2:aaaa:0:c:1", "2001-db8-1-2-aaaa-0-c-1.example.net", true },
		{ "2001:db8:1:2:aaaa:0:c:1",
		  "x2001-0db8-0001-0002-aaaa-0000-000c-0001.example.net", true },
		{ "2001:db8:1:2:aaaa:0:c:1",
		  "1.0.0.0.c.0.0.0.0.0.0.0.a.a.a.a.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.example.net",
		  true },
		{ "2001:db8:1:2:aaaa:0:c:1", "aaaa0000000c0001.example.net", true },
		{ "2001:db8:1:2:aaaa:0:c:1", "mail-c-1.example.net", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ip ip = fixture_ip(cases[i].address);
		bool generic = ptr_name_is_generic(&ip, span_str(cases[i].name));

		if (generic != cases[i].generic)
			print_message("%s\n", cases[i].name);
		assert_int_equal(generic, cases[i].generic);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_ptr),
		FIXTURE_TEST(test_many_names),
		FIXTURE_TEST(test_generic_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
