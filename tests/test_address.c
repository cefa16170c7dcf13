#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/address.h"

static struct ip parsed(const char *text)
{
	struct ip ip;

	if (ip_parse(span_str(text), &ip) != 0)
		fail_msg("%s is an address", text);
	return ip;
}

static void assert_text(const char *text, const char *wanted)
{
	struct ip ip = parsed(text);
	char got[IP_TEXT];

	assert_string_equal(ip_text(&ip, got), wanted);
}

static void test_parse(void **state)
{
	(void)state;
	assert_text("192.0.2.1", "192.0.2.1");
	assert_text("[192.0.2.1]", "192.0.2.1");
	assert_text("2001:DB8:0::1", "2001:db8::1");
	assert_text("[IPv6:2001:db8::1]", "2001:db8::1");
	assert_text("[ipv6:2001:db8::1]", "2001:db8::1");
	assert_text("[2001:db8::1]", "2001:db8::1");
	assert_text("::ffff:192.0.2.1", "192.0.2.1");
	assert_text("[IPv6:::FFFF:c000:201]", "192.0.2.1");
	assert_text("2001:db8:1111:2222:3333:4444:5555:6666",
		    "2001:db8:1111:2222:3333:4444:5555:6666");
	assert_int_equal(parsed("::").bits, 128);
}

static void test_no_address(void **state)
{
	static const char *const wrong[] = {
		"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4",
		"1.2.3.4/24", "[1.2.3.4", "1.2.3.4]", "[]", "IPv6:::1", "1:2:3:4:5:6:7",
		"::1::", ":::", "fe80::1%eth0", "g::1", "1.2.3.0x4", "127.1",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb",
	};
	struct ip ip;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (ip_parse(span_str(wrong[i]), &ip) != -1)
			fail_msg("%s is no address", wrong[i]);
	assert_int_equal(ip.bits, 0);
	assert_int_equal(ip_parse(SPAN("1.2.3.4\0"), &ip), -1);
}

static void test_family(void **state)
{
	struct ip ip;

	(void)state;
	assert_int_equal(ip_parse_family(SPAN("::ffff:1.2.3.4"), 128, &ip), 0);
	assert_int_equal(ip.bits, 128);
	assert_int_equal(ip_parse_family(SPAN("[::1]"), 128, &ip), -1);
	assert_int_equal(ip_parse_family(SPAN("::1"), 32, &ip), -1);
	assert_int_equal(ip_parse_family(SPAN("1.2.3.4"), 128, &ip), -1);
}

static bool in(const char *ip, const char *net, unsigned prefix)
{
	struct ip a = parsed(ip), b = parsed(net);

	return ip_in(&a, &b, prefix);
}

static void test_prefixes(void **state)
{
	struct ip four = parsed("192.0.2.1"), none = { .bits = 0 };
	struct ip six = parsed("c000:201::");

	(void)state;
	assert_true(in("192.0.2.1", "192.0.2.1", 32));
	assert_false(in("192.0.2.1", "192.0.2.0", 32));
	assert_true(in("192.0.2.1", "192.0.2.0", 31));
	assert_true(in("192.0.2.200", "192.0.2.128", 25));
	assert_false(in("192.0.2.100", "192.0.2.128", 25));
	assert_true(in("10.0.0.1", "192.0.2.0", 0));
	assert_false(in("2001:db8::1", "192.0.2.0", 0));
	assert_true(in("2001:db8::1", "2001:db8::", 127 - 1));
	assert_true(in("2001:db8::1", "2001:db8::1", 128));
	assert_false(in("192.0.2.1", "192.0.2.1", 33));
	assert_true(ip_eq(&four, &four));
	assert_false(ip_eq(&four, &six));
	assert_false(ip_eq(&none, &none));
}

static void test_names(void **state)
{
	struct ip four = parsed("192.0.2.17"), six = parsed("2001:db8::567:89ab");
	struct arena arena;
	const char *digits = "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.";

	(void)state;
	arena_init(&arena, 1 << 16);
	assert_true(span_is(ip_reverse_name(&arena, &four), "17.2.0.192.in-addr.arpa"));
	assert_true(span_is(ip_list_name(&arena, &four, "bl.example.net"),
			    "17.2.0.192.bl.example.net"));
	assert_true(span_is(ip_reverse_name(&arena, &six),
			    arena_printf(&arena, "%sip6.arpa", digits)));
	assert_true(span_is(ip_list_name(&arena, &six, "bl.example.net"),
			    arena_printf(&arena, "%sbl.example.net", digits)));
	arena_release(&arena);
}

static void test_public(void **state)
{
	static const char *const private[] = {
		"0.1.2.3", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.31.0.1",
		"192.0.0.8", "192.0.2.1", "192.168.1.1", "198.19.0.1", "198.51.100.1",
		"203.0.113.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1",
		"fd00::1", "ff02::1", "2001:db8::1", "3fff::1", "64:ff9b::1.2.3.4",
		"::ffff:10.0.0.1", "2002:a00::1", "2001::1", "5000::1",
	};
	static const char *const public[] = {
		"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
		"172.15.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.255",
		"2001:4860:4860::8888", "2a00::1", "::ffff:1.1.1.1",
	};
	struct ip ip;

	(void)state;
	for (size_t i = 0; i < sizeof(private) / sizeof(*private); i++) {
		ip = parsed(private[i]);
		if (ip_is_public(&ip))
			fail_msg("%s is not public", private[i]);
	}
	for (size_t i = 0; i < sizeof(public) / sizeof(*public); i++) {
		ip = parsed(public[i]);
		if (!ip_is_public(&ip))
			fail_msg("%s is public", public[i]);
	}
	ip = parsed("192.0.2.1");
	assert_true(ip_is_documentation(&ip));
	ip = parsed("192.0.3.1");
	assert_false(ip_is_documentation(&ip));
	ip = (struct ip){ .bits = 0 };
	assert_false(ip_is_public(&ip));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_public),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
