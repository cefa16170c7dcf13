/* option.h: the one table of options, and what its types take and give back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/option.h"
#include "support.h"

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 22);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void *field_of(struct config *config, const struct option *option)
{
	return (char *)config + option->offset;
}

static int store(struct config *config, const struct option *option, const char *item, struct error *reason)
{
	const char *items[] = { item };
	const struct option_value value = { items, 1 };

	return option->type->parse(field_of(config, option), option, &value, reason);
}

static void release(struct config *config)
{
	for (size_t i = 0; option_at(i) != NULL; i++)
		if (option_at(i)->type->release != NULL)
			option_at(i)->type->release(field_of(config, option_at(i)));
}

static struct span printed(struct config *config, const struct option *option)
{
	struct buf out;

	buf_init(&out, &arena, 4096);
	option->type->print(&out, option, field_of(config, option));
	return buf_span(&out);
}

/* ---- the table ---- */

static void test_rows(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct option *a; (a = option_at(n)) != NULL; n++) {
		assert_ptr_equal(option_find(a->name), a);
		assert_true(strlen(a->name) <= 40 && strlen(a->comment) > 10);
		assert_int_equal(a->comment[strlen(a->comment) - 1], '.');
		assert_true(a->fallback != NULL || a->example != NULL);
		assert_true(a->offset < sizeof(struct config));
		for (size_t i = 0; i < n; i++) {
			assert_string_not_equal(option_at(i)->name, a->name);
			assert_int_not_equal(option_at(i)->offset, a->offset);
		}
	}
	assert_true(n > 20 && n <= CONFIG_OPTIONS);
	assert_null(option_at(SIZE_MAX));
	assert_null(option_find("nosuch"));
	assert_null(option_find(""));
	assert_null(option_find("dns"));
}

/* Every default and every example is one that is taken, and reads back. */
static void test_defaults_and_examples(void **state)
{
	struct config config = { .file = NULL };
	struct error reason;

	(void)state;
	for (size_t i = 0; option_at(i) != NULL; i++) {
		const struct option *option = option_at(i);

		if (option->fallback != NULL) {
			assert_int_equal(store(&config, option, option->fallback, &reason), 0);
			assert_span(printed(&config, option), option->fallback);
		} else if (!option->type->list) {
			assert_int_equal(store(&config, option, option->example, &reason), 0);
		}
	}
	release(&config);
}

static void test_nearest(void **state)
{
	(void)state;
	assert_string_equal(option_nearest("mod"), "mode");
	assert_string_equal(option_nearest("defaultlanguage"), "default_language");
	assert_string_equal(option_nearest("langauge_map"), "language_map");
	assert_string_equal(option_nearest("dns.timeot"), "dns.timeout");
	assert_string_equal(option_nearest("mode"), "mode");
	assert_null(option_nearest("something_else"));
	assert_null(option_nearest("a_name_that_is_much_longer_than_any_option_there_is"));
	assert_null(option_nearest(""));
}

/* ---- values ---- */

/* Each row: an option, what is written, and how it is printed; NULL: refused. */
static void test_values(void **state)
{
	static const struct { const char *option, *value, *wanted; } rows[] = {
		{ "mode", "OBSERVE", "observe" }, { "mode", "", NULL }, { "mode", "observe ", NULL },
		{ "signs_all", "True", "yes" }, { "signs_all", "off", "no" }, { "signs_all", "1", NULL },
		/* times */
		{ "dns.timeout", "5", "5 s" }, { "dns.timeout", "5s", "5 s" }, { "dns.timeout", "500 ms", "500 ms" },
		{ "dns.timeout", "1 min", "1 min" }, { "dns.timeout", "1500ms", "1500 ms" },
		{ "dns.timeout", "99 ms", NULL }, { "dns.timeout", "61 s", NULL }, { "dns.timeout", "-5 s", NULL },
		{ "dns.timeout", "5 h", NULL }, { "dns.timeout", "", NULL }, { "dns.timeout", " 5", NULL },
		{ "dns.timeout", "5.5 s", NULL }, { "dns.timeout", "99999999999999999999 s", NULL },
		{ "dns.timeout", "0x10", NULL },
		/* sizes */
		{ "limits.message_size", "64 KiB", "64 KiB" }, { "limits.message_size", "65536", "64 KiB" },
		{ "limits.message_size", "1 GiB", "1 GiB" }, { "limits.message_size", "25M", "25 MiB" },
		{ "limits.message_size", "65537", "65537 B" }, { "limits.message_size", "63 KiB", NULL },
		{ "limits.message_size", "2 GiB", NULL }, { "limits.message_size", "25 MB", NULL },
		{ "limits.message_size", "18446744073709551615 G", NULL },
		/* counts */
		{ "limits.workers", "cores", "cores" }, { "limits.workers", "1", "1" }, { "limits.workers", "0", NULL },
		{ "limits.workers", "257", NULL }, { "limits.probes", "cores", NULL }, { "limits.probes", "4096", "4096" },
		/* places */
		{ "socket", "inet:8891@127.0.0.1", "inet:8891@127.0.0.1" }, { "socket", "unix:/x", "unix:/x" },
		{ "socket", "inet6:8891@::1", "inet6:8891@::1" }, { "socket", "inet:0@localhost", NULL },
		{ "socket", "inet:8891", NULL }, { "socket", "inet:8891@", NULL }, { "socket", "inet:@x", NULL },
		{ "socket", "inet:65536@x", NULL }, { "socket", "inet:8a@x", NULL }, { "socket", "local:x", NULL },
		{ "socket", "local:/123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
		  "12345678901234567", NULL },
		{ "language_map", "/etc/map", "/etc/map" }, { "language_map", "map", NULL },
		{ "metrics", "inet:8895@127.0.0.1", "inet:8895@127.0.0.1" }, { "metrics", "local:/x", NULL },
		/* addresses and names */
		{ "contact", "help@example.org", "help@example.org" }, { "contact", "https://h.example/x", "https://h.example/x" },
		{ "contact", "help", NULL }, { "contact", "a@b\"c", NULL }, { "contact", "<a@b>", NULL },
		{ "contact", "a b@c", NULL }, { "contact", "javascript://x", NULL }, { "contact", "@b", NULL },
		{ "contact", "a@", NULL }, { "help_url", "https://h.example/'x", NULL }, { "help_url", "https://h x", NULL },
		{ "help_url", "HTTP://h.example", "HTTP://h.example" }, { "help_url", "//h.example", NULL },
		{ "default_language", "de-AT", "de-AT" }, { "default_language", "d", NULL },
		{ "default_language", "de_AT", NULL }, { "default_language", "../../etc", NULL },
		{ "default_language", "a-language-tag-without-end", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct option *option = option_find(rows[i].option);
		struct config config = { .file = NULL };
		struct error reason = { "" };
		int rc = store(&config, option, rows[i].value, &reason);

		if ((rc == 0) != (rows[i].wanted != NULL))
			fail_msg("%s: \"%s\" is %s", rows[i].option, rows[i].value, rc == 0 ? "taken" : reason.text);
		if (rc == 0)
			assert_span(printed(&config, option), rows[i].wanted);
		else
			assert_true(reason.text[0] != '\0');
		release(&config);
	}
}

static void test_lists(void **state)
{
	static const struct { const char *option, *good, *bad; } rows[] = {
		{ "local_domains", "example.org", "exa mple.org" }, { "local_domains", "a-b_c.example", "-" "." },
		{ "local_domains", "org", "a..b" }, { "local_domains", "x.example", ".example" },
		{ "local_domains", "x.example", "grüße.example" },
		{ "outbound_addresses", "192.0.2.1", "192.0.2.256" }, { "outbound_addresses", "2001:db8::1", "2001::db8::1" },
		{ "exclude", "*-bounces@*", "bounces" }, { "exclude", "@list.example", "a b@c" },
		{ "dns.servers", "127.0.0.1@5353", "127.0.0.1@" }, { "dns.servers", "::1", "localhost" },
		{ "checks.dnsbl", "zen.example.net", "http://zen" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct option *option = option_find(rows[i].option);
		const char *items[] = { rows[i].good, rows[i].good, rows[i].bad };
		struct option_value value = { items, 2 };
		struct config config = { .file = NULL };
		struct error reason;

		assert_true(option->type->list);
		assert_int_equal(option->type->parse(field_of(&config, option), option, &value, &reason), 0);
		assert_int_equal(((struct config_list *)field_of(&config, option))->n, 2);
		release(&config);
		config = (struct config){ .file = NULL };
		value.n = 3;
		if (option->type->parse(field_of(&config, option), option, &value, &reason) == 0)
			fail_msg("%s: \"%s\" is taken", rows[i].option, rows[i].bad);
		release(&config);
		config = (struct config){ .file = NULL };
		value.n = 0;
		assert_int_equal(option->type->parse(field_of(&config, option), option, &value, &reason), 0);
		assert_span(printed(&config, option), "[]");
		release(&config);
	}
}

static void test_domains(void **state)
{
	char label[70], domain[300] = "";
	struct error reason;

	(void)state;
	memset(label, 'a', 64);
	label[64] = '\0';
	assert_int_equal(option_check_domain(label, &reason), -1);
	label[63] = '\0';
	assert_int_equal(option_check_domain(label, &reason), 0);
	for (int i = 0; i < 4; i++)	/* 4 × 63 and three dots: 255 */
		snprintf(domain + strlen(domain), sizeof(domain) - strlen(domain), "%s%s", i != 0 ? "." : "", label);
	assert_int_equal(option_check_domain(domain, &reason), -1);
	domain[253] = '\0';
	assert_int_equal(option_check_domain(domain, &reason), 0);
	assert_int_equal(option_check_domain("", &reason), -1);
	assert_int_equal(option_check_domain("a.", &reason), -1);
	assert_int_equal(option_check_domain("a\nb", &reason), -1);
	assert_int_equal(option_check_domain("a.example", NULL), 0);
}

/* Whatever YAML would read otherwise stands in quotes. */
static void test_strings_as_yaml(void **state)
{
	static const struct { const char *string, *wanted; } rows[] = {
		{ "plain", "plain" }, { "/a/b.c", "/a/b.c" }, { "local:/run/x", "local:/run/x" }, { "a@b.example", "a@b.example" },
		{ "", "\"\"" }, { "yes", "\"yes\"" }, { "NULL", "\"NULL\"" }, { "n", "\"n\"" }, { "~", "\"~\"" },
		{ "192.0.2.1", "\"192.0.2.1\"" }, { "2001:db8::1", "\"2001:db8::1\"" }, { "-x", "\"-x\"" },
		{ "*-bounces@*", "\"*-bounces@*\"" }, { "a: b", "\"a: b\"" }, { "a:", "\"a:\"" }, { "a #b", "\"a #b\"" },
		{ "say \"hi\" \\", "\"say \\\"hi\\\" \\\\\"" }, { "a\nb", "\"a\\x0ab\"" }, { "Anna's", "\"Anna's\"" },
		{ "Bücher", "\"Bücher\"" }, { "{a}", "\"{a}\"" }, { "[a", "\"[a\"" }, { "&a", "\"&a\"" }, { "@a", "\"@a\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out;

		buf_init(&out, &arena, 1000);
		option_print_string(&out, rows[i].string);
		assert_span(buf_span(&out), rows[i].wanted);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows), TEST(test_defaults_and_examples), TEST(test_nearest), TEST(test_values),
		TEST(test_lists), TEST(test_domains), TEST(test_strings_as_yaml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
