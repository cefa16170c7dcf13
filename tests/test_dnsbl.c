#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_fixture.h"
#include "probe/dnsbl.h"

static struct dnsbl_result dnsbl(const char *address, const char *zone)
{
	struct ip ip = fixture_ip(address);
	struct dnsbl_result r;

	dnsbl_begin(&fixture_dns, &ip, zone);
	dnsbl_check(&fixture_dns, &ip, zone, &r);
	assert_string_equal(r.zone, zone);
	assert_true((r.state == DNSBL_NOT_CHECKED) == (r.reason != NULL));
	assert_true((r.state == DNSBL_LISTED) == (r.answer.bits != 0));
	return r;
}

static void test_known_lists(void **state)
{
	static const struct dns_row rows[] = {
		ROW("1.2.0.192.zen.spamhaus.org", A, "127.0.0.10"),
		ROW("1.2.0.192.zen.spamhaus.org", A, "127.0.0.4"),
		ROW("1.2.0.192.zen.spamhaus.org", TXT,
		    "https://www.spamhaus.org/query/ip/192.0.2.1"),
		ROW("2.2.0.192.zen.spamhaus.org", A, "127.0.0.11"),
		ROW("3.2.0.192.key.zen.dq.spamhaus.net", A, "127.0.0.3"),
		ROW("3.2.0.192.zen.spamhaus.org", A, "127.255.255.254"),
		ROW("4.2.0.192.zen.spamhaus.org", A, "127.0.0.77"),
		ROW("1.2.0.192.dnsbl-2.uceprotect.net", A, "127.0.0.2"),
		ROW("1.2.0.192.bl.mailspike.net", A, "127.0.0.11"),
		ROW("1.2.0.192.rep.mailspike.net", A, "127.0.0.18"),
		ROW("1.2.0.192.key.combined.mail.abusix.zone", A, "127.0.0.12"),
		ROW("1.2.0.192.dnsbl.dronebl.org", A, "127.0.0.13"),
		FAULT("1.2.0.192.bl.spamcop.net", "timeout"),
	};
	struct dnsbl_result r;

	(void)state;
	USE(rows);
	r = dnsbl("192.0.2.1", "zen.spamhaus.org");
	assert_int_equal(r.state, DNSBL_LISTED);
	assert_int_equal(r.kind, DNSBL_EXPLOITED);
	assert_text(r.list, "Spamhaus XBL");
	assert_text(r.removal, "https://check.spamhaus.org/");
	assert_int_equal(r.answer.bytes[3], 4);
	assert_span(r.text, "https://www.spamhaus.org/query/ip/192.0.2.1");
	r = dnsbl("192.0.2.2", "ZEN.spamhaus.org.");
	assert_int_equal(r.kind, DNSBL_DYNAMIC);
	assert_text(r.list, "Spamhaus PBL");
	assert_text(dnsbl("192.0.2.3", "key.zen.dq.spamhaus.net").list, "Spamhaus CSS");
	assert_text(dnsbl("192.0.2.3", "zen.spamhaus.org").reason, "refused");
	assert_text(dnsbl("192.0.2.4", "zen.spamhaus.org").list, "Spamhaus ZEN");
	assert_int_equal(dnsbl("192.0.2.9", "zen.spamhaus.org").state, DNSBL_CLEAR);
	assert_int_equal(dnsbl("192.0.2.1", "dnsbl-2.uceprotect.net").kind, DNSBL_RANGE);
	assert_text(dnsbl("192.0.2.1", "bl.mailspike.net").list, "Mailspike");
	/* a good reputation is no listing */
	assert_int_equal(dnsbl("192.0.2.1", "rep.mailspike.net").state, DNSBL_CLEAR);
	assert_text(dnsbl("192.0.2.1", "key.combined.mail.abusix.zone").list, "Abusix Policy");
	assert_int_equal(dnsbl("192.0.2.1", "dnsbl.dronebl.org").kind, DNSBL_EXPLOITED);
	assert_text(dnsbl("192.0.2.1", "bl.spamcop.net").reason, "timeout");
}

static void test_unknown_lists(void **state)
{
	static const struct dns_row rows[] = {
		ROW("1.2.0.192.list.example", A, "127.0.0.2"),
		ROW("2.2.0.192.list.example", A, "127.0.0.1"),
		ROW("3.2.0.192.list.example", A, "127.255.255.255"),
		ROW("4.2.0.192.list.example", A, "127.0.0.255"),
		ROW("5.2.0.192.list.example", A, "127.0.1.2"),
		ROW("1.2.0.192.parked.example", A, "203.0.113.9"),
		ROW("1.2.0.192.all.example", A, "127.0.0.2"),
		ROW("1.0.0.127.all.example", A, "127.0.0.2"),
		ROW("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.list.example",
		    A, "127.0.0.2"),
	};
	struct dnsbl_result r;

	(void)state;
	USE(rows);
	r = dnsbl("192.0.2.1", "list.example");
	assert_int_equal(r.state, DNSBL_LISTED);
	assert_int_equal(r.kind, DNSBL_UNKNOWN);
	assert_true(r.list == NULL && r.removal == NULL && r.text.n == 0);
	assert_text(dnsbl("192.0.2.2", "list.example").reason, "refused");
	assert_text(dnsbl("192.0.2.3", "list.example").reason, "refused");
	assert_text(dnsbl("192.0.2.4", "list.example").reason, "refused");
	assert_int_equal(dnsbl("192.0.2.5", "list.example").state, DNSBL_LISTED);
	assert_int_equal(dnsbl("192.0.2.6", "list.example").state, DNSBL_CLEAR);
	assert_text(dnsbl("192.0.2.1", "parked.example").reason, "dead");
	assert_text(dnsbl("192.0.2.1", "all.example").reason, "dead");
	assert_int_equal(dnsbl("2001:db8::1", "list.example").state, DNSBL_LISTED);
	assert_text(dnsbl("192.0.2.1", "bad..zone").reason, "name");
}

static void test_lists_that_are_not_asked(void **state)
{
	(void)state;
	assert_text(dnsbl("192.0.2.1", "dnsbl.sorbs.net").reason, "dead");
	assert_text(dnsbl("192.0.2.1", "spam.dnsbl.sorbs.net.").reason, "dead");
	assert_text(dnsbl("192.0.2.1", "dbl.spamhaus.org").reason, "domains");
	assert_text(dnsbl("192.0.2.1", "multi.surbl.org").reason, "domains");
	assert_int_equal(fixture_dns.left, DNS_MAX_QUERIES);
	assert_int_equal(fixture_dns.left_ahead, DNS_MAX_QUERIES);
	assert_int_equal(dnsbl("192.0.2.1", "notsorbs.net").state, DNSBL_CLEAR);
}

/* The table itself. */
static void test_the_rows(void **state)
{
	static const struct {
		const char *zone;
		int first, last;
		const char *list, *removal;
	} rows[] = {
#define LISTED(zone, first, last, kind, list, removal) { zone, first, last, list, removal },
#define CLOSED(zone) { zone, 0, 0, NULL, NULL },
#define DOMAINS(zone) { zone, 0, 0, NULL, NULL },
#include "probe/dnsbl_lists.def"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_true(dns_name_is_valid(span_str(rows[i].zone)));
		for (const char *c = rows[i].zone; *c != '\0'; c++)
			assert_int_equal(*c, ascii_lower(*c));
		assert_true(rows[i].first <= rows[i].last && rows[i].last < 255);
		assert_true((rows[i].first == 0) == (rows[i].list == NULL));
		assert_true(rows[i].first != 1 || rows[i].last == 254);
		if (rows[i].list != NULL)
			assert_true(span_has_prefix(span_str(rows[i].removal), "http"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_known_lists),
		FIXTURE_TEST(test_unknown_lists),
		FIXTURE_TEST(test_lists_that_are_not_asked),
		FIXTURE_TEST(test_the_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
