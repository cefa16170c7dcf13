#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/config.h"
#include "support.h"

/* Load a configuration that consists of text. */
static struct config *load(const char *text, struct error *error)
{
	char *directory = make_directory();
	char *path = write_file(directory, "whybounce.yaml", span_str(text));
	struct config *config = config_load(path, error);

	free(path);
	remove_tree(directory);
	return config;
}

static struct config *load_good(const char *text)
{
	struct error error = { "" };
	struct config *config = load(text, &error);

	if (config == NULL)
		print_message("%s\n", error.text);
	assert_non_null(config);
	return config;
}

/* What the error says after the path: ":LINE: …" must hold all that is wanted. */
static void assert_refused(const char *text, const char *where, const char *what)
{
	struct error error = { "" };

	assert_null(load(text, &error));
	if (strstr(error.text, where) == NULL || strstr(error.text, what) == NULL)
		print_message("wanted \"%s\" and \"%s\" in: %s\n", where, what, error.text);
	assert_non_null(strstr(error.text, where));
	assert_non_null(strstr(error.text, what));
}

static struct span print(struct arena *arena, const struct config *config, bool comments)
{
	struct buf out;

	buf_init(&out, arena, 1 << 20);
	config_print(&out, config, comments);
	assert_false(out.failed);
	return buf_span(&out);
}

static void test_defaults(void **state)
{
	struct config *config = load_good("# nothing but a comment\n");

	(void)state;
	assert_string_equal(config->socket, "local:/run/whybounce/whybounce.sock");
	assert_string_equal(config->user, "whybounce");
	assert_int_equal(config->mode, MODE_EXPLAIN);
	assert_int_equal(config->inbound, INBOUND_UNSIGNED);
	assert_string_equal(config->default_language, "en");
	assert_null(config->second_language);
	assert_true(config->rewrite_subject);
	assert_int_equal(config->limit_message_size, 25 * 1024 * 1024);
	assert_int_equal(config->limit_time_ms, 8000);
	assert_int_equal(config->limit_probes, 32);
	assert_int_equal(config->limit_workers, 0);
	assert_int_equal(config->dns_timeout_ms, 5000);
	assert_true(config->check_spf && config->check_ptr);
	assert_int_equal(config->check_dnsbl.n, 0);
	assert_int_equal(config_line(config, "socket"), 0);
	config_free(config);
}

static void test_every_kind_of_value(void **state)
{
	struct config *config = load_good(
		"socket: inet:8891@127.0.0.1\n"
		"mode: observe\n"
		"local_domains: [example.org, Example.COM]\n"
		"outbound_addresses:\n  - 192.0.2.1\n  - \"2001:db8::1\"\n"
		"inbound: all\n"
		"rewrite_subject: no\n"
		"dns:\n  servers: 127.0.0.1@5353\n  timeout: 500 ms\n"
		"checks:\n  spf: no\n  dnsbl: [zen.example.net]\n"
		"limits:\n  message_size: 2 MiB\n  workers: 3\n"
		"log: stderr\n"
		"domains:\n  example.com:\n    organization: Example Com\n");

	(void)state;
	assert_string_equal(config->socket, "inet:8891@127.0.0.1");
	assert_int_equal(config->mode, MODE_OBSERVE);
	assert_int_equal(config->local_domains.n, 2);
	assert_int_equal(config->outbound_addresses.n, 2);
	assert_string_equal(config->outbound_addresses.list[1], "2001:db8::1");
	assert_int_equal(config->inbound, INBOUND_ALL);
	assert_false(config->rewrite_subject);
	assert_int_equal(config->dns_servers.n, 1);
	assert_int_equal(config->dns_timeout_ms, 500);
	assert_false(config->check_spf);
	assert_true(config->check_dkim);
	assert_string_equal(config->check_dnsbl.list[0], "zen.example.net");
	assert_int_equal(config->limit_message_size, 2 * 1024 * 1024);
	assert_int_equal(config->limit_workers, 3);
	assert_int_equal(config->log_stderr, 1);
	assert_int_equal(config->domains_n, 1);
	assert_string_equal(config->domains[0].organization, "Example Com");
	assert_int_equal(config_line(config, "mode"), 2);
	assert_int_equal(config_line(config, "dns.timeout"), 11);
	assert_true(config_is_local(config, SPAN("example.com")));
	assert_true(config_is_local(config, SPAN("EXAMPLE.ORG")));
	assert_false(config_is_local(config, SPAN("sub.example.org")));
	config_free(config);
}

static void test_errors_name_file_line_and_key(void **state)
{
	(void)state;
	assert_refused("mode: explain\nlocaldomains: [a.example]\n",
		       "whybounce.yaml:2: ", "did you mean \"local_domains\"");
	assert_refused("zzzzqqqq: 1\n", "yaml:1: ", "unknown key \"zzzzqqqq\"");
	assert_refused("dns:\n  timout: 5 s\n", "yaml:2: ", "dns.timeout");
	assert_refused("mode: explian\n", "yaml:1: mode: ", "observe");
	assert_refused("\n\nlimits:\n  time: fast\n", "yaml:4: limits.time: ", "such as 5 s");
	assert_refused("limits:\n  message_size: 900 GiB\n", "yaml:2: limits.message_size", "size");
	assert_refused("socket: /run/x\n", "yaml:1: socket: ", "local:/PATH or inet:PORT@HOST");
	assert_refused("socket: inet:99999@localhost\n", "yaml:1: socket: ", "inet:PORT@HOST");
	assert_refused("outbound_addresses: [192.0.2.300]\n", "yaml:1: outbound_addresses", "IP address");
	assert_refused("signs_all: perhaps\n", "yaml:1: signs_all", "yes or no");
	assert_refused("mode: explain\nmode: observe\n", "yaml:2: mode", "set twice");
	assert_refused("mode: [explain, observe]\n", "yaml:1: ", "single value");
	assert_refused("contact: javascript:alert(1)\n", "yaml:1: contact", "expected");
	assert_refused("help_url: ftp://example.org\n", "yaml:1: help_url", "https://");
	assert_refused("domains:\n  example.org:\n    orgnization: x\n", "yaml:3: ", "unknown key");
	assert_refused("- a\n- b\n", "yaml:1: ", "key: value");
	assert_refused("dns: 5\n", "yaml:1: ", "key: value");
	assert_refused("mode: \"explain\n", "yaml:", "quoted scalar");
	assert_refused("a: &a [*a]\n", "yaml:1: ", "unknown key");
}

static void test_files_that_cannot_be_read(void **state)
{
	char *directory = make_directory();
	struct error error;

	(void)state;
	assert_null(config_load("/nonexistent/whybounce.yaml", &error));
	assert_string_equal(error.text, "/nonexistent/whybounce.yaml: No such file or directory");
	assert_null(config_load(directory, &error));
	assert_non_null(strstr(error.text, "not a file"));
	remove_tree(directory);
}

/* The shipped file sets nothing, and what is in effect reads back as itself. */
static void test_print_reads_back(void **state)
{
	struct error error;
	struct config *defaults = config_defaults(&error), *again;
	struct arena arena;
	const char *set = "mode: observe\nlocal_domains: [a.example, b.example]\n"
		"exclude: [\"*-bounces@*\"]\nlimits:\n  time: 3 s\n  worker_memory: 64 MiB\n";

	(void)state;
	arena_init(&arena, 1 << 22);
	again = load_good(arena_string(&arena, print(&arena, defaults, true)));
	assert_true(span_eq(print(&arena, defaults, false), print(&arena, again, false)));
	config_free(again);
	config_free(defaults);
	defaults = load_good(set);
	again = load_good(arena_string(&arena, print(&arena, defaults, false)));
	assert_int_equal(again->limit_time_ms, 3000);
	assert_int_equal(again->limit_worker_memory, 64 * 1024 * 1024);
	assert_true(span_eq(print(&arena, defaults, false), print(&arena, again, false)));
	config_free(again);
	config_free(defaults);
	arena_release(&arena);
}

/* The file we ship is what the table prints: `whybounce config --defaults`. */
static void test_shipped_file_is_the_table(void **state)
{
	struct error error;
	struct config *defaults = config_defaults(&error);
	struct span shipped = read_whole("conf/whybounce.yaml");
	struct arena arena;

	(void)state;
	assert_non_null(shipped.p);
	arena_init(&arena, 1 << 21);
	assert_true(span_eq(shipped, print(&arena, defaults, true)));
	arena_release(&arena);
	config_free(defaults);
	free((char *)(uintptr_t)shipped.p);
}

static void test_exclude_patterns(void **state)
{
	struct config *config = load_good(
		"exclude: [\"*-bounces@*\", bot@example.org, \"@list.example\", \"a*b*c@x.example\"]\n");

	(void)state;
	assert_true(config_excludes(config, SPAN("news-bounces@example.net")));
	assert_true(config_excludes(config, SPAN("News-Bounces@Example.net")));
	assert_true(config_excludes(config, SPAN("bot@example.org")));
	assert_true(config_excludes(config, SPAN("anyone@list.example")));
	assert_true(config_excludes(config, SPAN("aXXbYYbZc@x.example")));
	assert_false(config_excludes(config, SPAN("robot@example.org")));
	assert_false(config_excludes(config, SPAN("bot@example.org.evil")));
	assert_false(config_excludes(config, SPAN("anyone@sub.list.example")));
	assert_false(config_excludes(config, SPAN("abx@x.example")));
	assert_false(config_excludes(config, SPAN("")));
	config_free(config);
}

/* A pattern of stars against a long address is no exponential search. */
static void test_exclude_is_bounded(void **state)
{
	struct config *config = load_good(
		"exclude: [\"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b@*\"]\n");
	char address[2001];

	(void)state;
	memset(address, 'a', sizeof(address));
	assert_false(config_excludes(config, (struct span){ address, sizeof(address) }));
	config_free(config);
}

static void test_overrides_directory(void **state)
{
	char *directory = make_directory();
	char *path = write_file(directory, "w.yaml", SPAN("mode: explain\n"));
	char overrides[256], wanted[256];
	struct error error;
	struct config *config = config_load(path, &error);

	(void)state;
	assert_non_null(config);
	config_overrides_directory(config, overrides, sizeof(overrides));
	snprintf(wanted, sizeof(wanted), "%s/knowledge.d", directory);
	assert_string_equal(overrides, wanted);
	config_free(config);
	free(path);
	remove_tree(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_kind_of_value),
		cmocka_unit_test(test_errors_name_file_line_and_key),
		cmocka_unit_test(test_files_that_cannot_be_read),
		cmocka_unit_test(test_print_reads_back),
		cmocka_unit_test(test_shipped_file_is_the_table),
		cmocka_unit_test(test_exclude_patterns),
		cmocka_unit_test(test_exclude_is_bounded),
		cmocka_unit_test(test_overrides_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
