#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/sandbox.h"
#include "dns_server.h"
#include "probe/resolver.h"
#include "probe/spf.h"
#include "support.h"

enum {
	DEADLINE_MS = 400,
	GENEROUS_MS = 3000,	/* what a busy machine may add */
	THREADS = 16,
	LARGE = 65000,		/* one text that fills a DNS message */
	MANY = 2000,		/* records that do */
};

static char large_text[LARGE + 1];
static char long_name[DNS_MAX_NAME + 1];

static const struct dns_row rows[] = {
	{ .name = "example.test", .type = DNS_TXT, .data = "v=spf1 -all" },
	{ .name = "example.test", .type = DNS_TXT, .data = "" },
	{ .name = "example.test", .type = DNS_MX, .data = "10 Mail.Example.test" },
	{ .name = "mail.example.test", .type = DNS_A, .data = "192.0.2.1" },
	{ .name = "mail.example.test", .type = DNS_A, .data = "192.0.2.2" },
	{ .name = "mail.example.test", .type = DNS_AAAA, .data = "2001:db8::1" },
	{ .name = "1.2.0.192.in-addr.arpa", .type = DNS_PTR, .data = "mail.example.test" },
	{ .name = "null.example.test", .type = DNS_MX, .data = "0 ." },
	{ .name = "www.example.test", .type = DNS_CNAME, .data = "mail.example.test" },
	{ .name = "ping.example.test", .type = DNS_CNAME, .data = "pong.example.test" },
	{ .name = "pong.example.test", .type = DNS_CNAME, .data = "ping.example.test" },
	{ .name = "down.example.test", .type = DNS_ANY, .fault = "servfail" },
	{ .name = "refused.example.test", .type = DNS_ANY, .fault = "refused" },
	{ .name = "silent.example.test", .type = DNS_ANY, .fault = "silence" },
	{ .name = "large.example.test", .type = DNS_TXT, .data = large_text },
	{ .name = "odd\\name.example.test", .type = DNS_TXT, .data = "odd" },
	{ .name = "spf.example.test", .type = DNS_TXT,
	  .data = "v=spf1 include:example.test mx:example.test exists:%{i}.test a:%{p}.test "
		  "exp=why.%{d} -all" },
	{ .name = "why.spf.example.test", .type = DNS_TXT, .data = "not %{l}" },
	{ .name = long_name, .type = DNS_TXT, .data = "long" },
	{ .name = "xn--mller-kva.example.test", .type = DNS_TXT, .data = "u" },
};

/* A root of our own, with a record that is as it was signed and one that is not.
 * Made with ldns-keygen and ldns-signzone, valid until 2087. */
#define ROOT_KEY ". IN DNSKEY 257 3 13 DR9uUG360/nRIqyrQfCCzhe+vp9FjY43KXYSPBBfQX0oJKrn7N+9" \
	"boN3YcFku5nWf0a/J9c+aggJEFNxZ9cbHA==\n"

static const struct dns_row signed_rows[] = {
	{ .name = "", .type = DNS_SOA, .data =
		"026e730004726f6f74000000000100000e1000000258000151800000003c" },
	{ .name = "", .type = DNS_RRSIG, .data =
		"00060d0000000e10dc12c5005e0be100fbff00d6f6dff0e0494385d18ea8a1e5d96f332a"
		"aa62b9ae8c6a374c57325876b513fc34e80dfe07becc1a10fb55fbe86c0d65d79f6a183e"
		"05b9e79272446e1e00f397" },
	{ .name = "", .type = DNS_DNSKEY, .data =
		"0101030d0d1f6e506dfad3f9d122acab41f082ce17bebe9f458d8e372976123c105f417d"
		"2824aae7ecdfbd6e837761c164bb99d67f46bf27d73e6a080910537167d71b1c" },
	{ .name = "", .type = DNS_RRSIG, .data =
		"00300d0000000e10dc12c5005e0be100fbff00699521c7847bfc1dbaa6b7443335caeffa"
		"97c06a0ed5fffe02cf0b62ade130d76260e9f749ee92cc49a94bc8a7bd1ecc29cb0e32f9"
		"4ceee040275b63c56de71c" },
	{ .name = "bad", .type = DNS_TXT, .data =
		"v=spf1 +all" },
	{ .name = "bad", .type = DNS_RRSIG, .data =
		"00100d0100000e10dc12c5005e0be100fbff008e44bc771243c8d181ad17222b1177c6ca"
		"7d90aa03268d6a7cf019a833c433451970e844d123e7e7a549afeb5de427d39898416acc"
		"2235ad6b5cd42c1e9e425e" },
	{ .name = "good", .type = DNS_TXT, .data =
		"v=spf1 -all" },
	{ .name = "good", .type = DNS_RRSIG, .data =
		"00100d0100000e10dc12c5005e0be100fbff005f757bed5cd727bf45fe22fc2820119be1"
		"e24ab6fc9704ec6e9de9ad028dee37748fccec21c22eac74c0316213f53e63f4ff1d139e"
		"ba692f0a182b965fc3b056" },
};

struct fixture {
	struct dns_server server;
	struct resolver *resolver;
	struct arena arena;
	struct dns dns;
};

static struct resolver *resolver_at(const char *address, unsigned timeout_ms)
{
	struct resolver_settings settings = {
		.servers = &address, .servers_n = 1, .query_timeout_ms = timeout_ms,
	};
	struct error error = { "" };
	struct resolver *resolver = resolver_new(&settings, &error);

	if (resolver == NULL)
		fail_msg("%s", error.text);
	return resolver;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	dns_server_start(&f->server, rows, sizeof(rows) / sizeof(*rows));
	f->resolver = resolver_at(f->server.address, 0);
	arena_init(&f->arena, 4 << 20);
	dns_init(&f->dns, resolver_source(f->resolver), &f->arena, 60000);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	resolver_free(f->resolver);
	dns_server_stop(&f->server);
	arena_release(&f->arena);
	free(f);
	return 0;
}

static struct dns_answer ask_span(struct fixture *f, struct span name, enum dns_type type)
{
	struct dns_answer answer;

	dns_query(&f->dns, name, type, &answer);
	assert_true((answer.status == DNS_FOUND) == (answer.n > 0));
	assert_true((answer.status == DNS_TEMPORARY) == (answer.reason != NULL));
	return answer;
}

static struct dns_answer ask(struct fixture *f, const char *name, enum dns_type type)
{
	return ask_span(f, span_str(name), type);
}

static void test_answers(void **state)
{
	struct fixture *f = *state;
	struct dns_answer answer = ask(f, "Example.TEST", DNS_TXT);

	assert_int_equal(answer.n, 2);
	assert_true(span_is(answer.records[0].data, "v=spf1 -all"));
	assert_int_equal(answer.records[1].data.n, 0);
	assert_false(answer.secure);
	answer = ask(f, "example.test", DNS_MX);
	assert_int_equal(answer.n, 1);
	assert_int_equal(answer.records[0].preference, 10);
	assert_true(span_eq(answer.records[0].data, SPAN("mail.example.test")));
	answer = ask(f, "null.example.test", DNS_MX);
	assert_int_equal(answer.n, 1);
	assert_int_equal(answer.records[0].data.n, 0);
	answer = ask(f, "www.example.test", DNS_A);
	assert_int_equal(answer.n, 2);
	assert_true(span_eq(answer.records[1].data, SPAN("\xc0\x00\x02\x02")));
	assert_int_equal(ask(f, "mail.example.test", DNS_AAAA).records[0].data.n, 16);
	assert_true(span_is(ask(f, "1.2.0.192.in-addr.arpa", DNS_PTR).records[0].data,
			    "mail.example.test"));
	assert_int_equal(ask(f, "mail.example.test", DNS_TXT).status, DNS_NO_DATA);
	assert_int_equal(ask(f, "nothing.example.test", DNS_TXT).status, DNS_NO_NAME);
	assert_int_equal(ask(f, "nothing.invalid", DNS_TXT).status, DNS_NO_NAME);
	assert_true(resolver_is_local(f->resolver));
}

static void test_names(void **state)
{
	struct fixture *f = *state;

	assert_true(span_is(ask(f, "odd\\name.example.test", DNS_TXT).records[0].data, "odd"));
	assert_true(span_is(ask(f, long_name, DNS_TXT).records[0].data, "long"));
	assert_int_equal(ask(f, "a b\"\x01.example.test", DNS_TXT).status, DNS_TEMPORARY);
	assert_int_equal(ask(f, "a b\"(.example.test", DNS_TXT).status, DNS_NO_NAME);
	assert_true(span_is(ask(f, "M\xc3\xbcller.example.test", DNS_TXT).records[0].data, "u"));
}

static void test_faults(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(ask(f, "down.example.test", DNS_TXT).reason, "servfail");
	assert_string_equal(ask(f, "refused.example.test", DNS_TXT).reason, "servfail");
	assert_int_equal(ask(f, "ping.example.test", DNS_A).status, DNS_TEMPORARY);
}

static void test_large(void **state)
{
	struct fixture *f = *state;
	struct dns_answer answer = ask(f, "large.example.test", DNS_TXT);

	assert_int_equal(answer.status, DNS_FOUND);
	assert_int_equal(answer.records[0].data.n, LARGE);
	assert_true(f->server.tcp > 0);
}

/* An answer larger than the message's memory is none, and hurts nobody. */
static void test_too_large(void **state)
{
	struct fixture *f = *state;
	struct arena small;

	arena_init(&small, LARGE / 2);
	f->dns.arena = &small;
	assert_string_equal(ask(f, "large.example.test", DNS_TXT).reason, "limit");
	arena_release(&small);
}

static void test_truncated(void **state)
{
	struct fixture *f = *state;

	f->server.mood = DNS_SERVER_TRUNCATES;
	assert_int_equal(ask(f, "example.test", DNS_TXT).n, 2);
	assert_true(f->server.tcp > 0);
}

static void assert_in_time(struct fixture *f, const char *name, enum dns_type type)
{
	int64_t before = dns_now_ms();

	f->dns.deadline_ms = before + DEADLINE_MS;
	assert_int_equal(ask(f, name, type).status, DNS_TEMPORARY);
	assert_true(dns_now_ms() - before < DEADLINE_MS + GENEROUS_MS);
	f->dns.known = NULL;
}

static void test_deadline(void **state)
{
	static const enum dns_server_mood moods[] = {
		DNS_SERVER_SILENT, DNS_SERVER_TCP_HANGS, DNS_SERVER_GARBAGE,
		DNS_SERVER_WRONG_ID, DNS_SERVER_OTHER_NAME,
	};
	struct fixture *f = *state;

	assert_in_time(f, "silent.example.test", DNS_TXT);
	for (size_t i = 0; i < sizeof(moods) / sizeof(*moods); i++) {
		f->server.mood = moods[i];
		assert_in_time(f, "example.test", DNS_TXT);
	}
}

/* Its answer comes when nobody waits any more, and later it is known. */
static void test_slow(void **state)
{
	struct fixture *f = *state;
	struct timespec moment = { 0, 20 * 1000000 };
	struct dns_answer answer = { .status = DNS_TEMPORARY };

	f->server.delay_ms = 1500;
	assert_in_time(f, "example.test", DNS_TXT);
	f->server.delay_ms = 0;
	f->dns.left = 10000;
	f->dns.deadline_ms = dns_now_ms() + 60000;
	while (answer.status != DNS_FOUND && dns_now_ms() < f->dns.deadline_ms) {
		f->dns.known = NULL;
		answer = ask(f, "example.test", DNS_TXT);
		nanosleep(&moment, NULL);
	}
	assert_int_equal(answer.n, 2);
}

static void test_dead(void **state)
{
	struct fixture *f = *state;
	struct resolver *alive = f->resolver;
	struct dns_server gone;

	dns_server_start(&gone, NULL, 0);
	dns_server_stop(&gone);
	f->resolver = resolver_at(gone.address, 0);
	dns_init(&f->dns, resolver_source(f->resolver), &f->arena, 0);
	assert_in_time(f, "example.test", DNS_TXT);
	resolver_free(f->resolver);
	f->resolver = alive;
}

static void test_query_timeout(void **state)
{
	struct fixture *f = *state;
	struct resolver *quick = resolver_at(f->server.address, 100);
	int64_t before = dns_now_ms();

	dns_init(&f->dns, resolver_source(quick), &f->arena, 60000);
	assert_string_equal(ask(f, "silent.example.test", DNS_TXT).reason, "timeout");
	assert_true(dns_now_ms() - before < 100 + GENEROUS_MS);
	resolver_free(quick);
}

/* More than may be asked at once: those are refused, and at once. */
static void test_busy(void **state)
{
	struct fixture *f = *state;
	const struct dns_source *source = resolver_source(f->resolver);
	char name[64];

	f->server.mood = DNS_SERVER_SILENT;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%d.example.test", i);
		source->begin(source->context, name, DNS_A);
	}
	assert_string_equal(ask(f, "example.test", DNS_TXT).reason, "busy");
}

/* The answer is there when it is asked for, and asked of the server once. */
static void test_begin(void **state)
{
	struct fixture *f = *state;
	unsigned asked;

	dns_begin(&f->dns, SPAN("example.test"), DNS_MX);
	dns_begin(&f->dns, SPAN("mail.example.test"), DNS_A);
	assert_int_equal(ask(f, "example.test", DNS_MX).n, 1);
	assert_int_equal(ask(f, "mail.example.test", DNS_A).n, 2);
	asked = f->server.questions;
	f->dns.known = NULL;
	assert_int_equal(ask(f, "mail.example.test", DNS_A).n, 2);
	assert_int_equal(f->server.questions, asked);
}

/* More questions than answers are kept: none is taken for another. */
static void test_kept(void **state)
{
	struct fixture *f = *state;
	char name[64];

	for (int i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "n%d.example.test", i);
		arena_clear(&f->arena);
		dns_init(&f->dns, resolver_source(f->resolver), &f->arena, 60000);
		assert_int_equal(ask(f, name, DNS_TXT).status, DNS_NO_NAME);
		assert_int_equal(ask(f, "mail.example.test", DNS_A).n, 2);
		assert_int_equal(ask(f, "mail.example.test", DNS_AAAA).n, 1);
	}
}

static void *probe(void *context)
{
	struct fixture *f = context;
	struct arena arena;
	struct dns_answer answer;
	struct dns dns;
	struct spf_request request = { .sender = SPAN("user@spf.example.test"), .explain = true };
	struct spf_result result;
	char name[64];

	arena_init(&arena, 1 << 20);
	ip_parse(SPAN("192.0.2.9"), &request.ip);
	for (unsigned i = 0; i < 20; i++) {
		dns_init(&dns, resolver_source(f->resolver), &arena, 60000);
		snprintf(name, sizeof(name), "n%u.example.test", i);
		dns_begin(&dns, span_str(name), DNS_TXT);
		dns_query(&dns, SPAN("mail.example.test"), DNS_A, &answer);
		if (answer.n != 2)
			return NULL;
		dns_query(&dns, span_str(name), DNS_TXT, &answer);
		if (answer.status != DNS_NO_NAME)
			return NULL;
		spf_check(&dns, &request, &result);
		if (result.code != SPF_FAIL || !span_is(result.explanation, "not user"))
			return NULL;
		dns.deadline_ms = dns_now_ms() + 2;
		dns_query(&dns, SPAN("silent.example.test"), DNS_TXT, &answer);
		if (answer.status != DNS_TEMPORARY)
			return NULL;
		arena_clear(&arena);
	}
	arena_release(&arena);
	return f;
}

static void test_threads(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[THREADS];
	void *done;

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, probe, f), 0);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &done);
		assert_ptr_equal(done, f);
	}
}

/* In a child: 0 where all went well. NULL: the system's servers, and what is
 * known without them. */
static int ask_behind_the_door(const char *address)
{
	struct resolver_settings settings = {
		.servers = &address, .servers_n = address != NULL ? 1 : 0,
	};
	struct resolver *r = resolver_new(&settings, NULL);
	struct dns_answer answer;
	struct arena own;
	struct dns own_dns;

	arena_init(&own, 4 << 20);
	if (r == NULL || sandbox_lock(SANDBOX_WORKER, STDIN_FILENO, 256 << 20, NULL) != 0)
		return 1;
	dns_init(&own_dns, resolver_source(r), &own, 60000);
	dns_query(&own_dns, SPAN("nothing.test"), DNS_A, &answer);
	if (address == NULL || answer.status != DNS_NO_NAME)
		return answer.status == DNS_NO_NAME ? 0 : 2;
	dns_query(&own_dns, SPAN("large.example.test"), DNS_TXT, &answer);
	if (answer.status != DNS_FOUND)
		return 3;
	dns_query(&own_dns, SPAN("mail.example.test"), DNS_A, &answer);
	return answer.n == 2 ? 0 : 4;
}

static void assert_works_behind_the_door(const char *address)
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(ask_behind_the_door(address));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* A resolver made before the sandbox closes works behind it. */
static void test_sandbox(void **state)
{
	struct fixture *f = *state;

	if (!sandbox_is_locking())
		skip();
	assert_works_behind_the_door(f->server.address);
	assert_works_behind_the_door(NULL);
}

/* More records than anybody reads. */
static void test_many(void **state)
{
	struct fixture *f = *state;
	static struct dns_row many[MANY];
	struct dns_server server;
	struct resolver *r;
	struct dns_answer answer;

	for (size_t i = 0; i < MANY; i++)
		many[i] = (struct dns_row){
			.name = "m.test", .type = DNS_TXT, .data = "0123456789",
			.data_n = 1 + i % 10,
		};
	dns_server_start(&server, many, MANY);
	r = resolver_at(server.address, 0);
	dns_init(&f->dns, resolver_source(r), &f->arena, 60000);
	answer = ask(f, "m.test", DNS_TXT);
	resolver_free(r);
	dns_server_stop(&server);
	assert_int_equal(answer.status, DNS_FOUND);
	assert_int_equal(answer.n, DNS_MAX_RECORDS);
}

static struct dns_answer ask_signed(const struct dns_row *from, size_t n, const char *name)
{
	char *directory = make_directory(), *path = write_file(directory, "key", SPAN(ROOT_KEY));
	struct dns_server server;
	const char *address = server.address;
	struct resolver_settings settings = {
		.servers = &address, .servers_n = 1, .root_key = path,
	};
	struct resolver *r;
	struct dns_answer answer;
	struct arena own;
	struct dns own_dns;

	dns_server_start(&server, from, n);
	r = resolver_new(&settings, NULL);
	assert_non_null(r);
	arena_init(&own, 1 << 20);
	dns_init(&own_dns, resolver_source(r), &own, 60000);
	dns_query(&own_dns, span_str(name), DNS_TXT, &answer);
	arena_release(&own);
	resolver_free(r);
	dns_server_stop(&server);
	remove_tree(directory);
	free(path);
	return answer;
}

/* What fails DNSSEC is no answer, unless the servers do not pass DNSSEC on. */
static void test_dnssec(void **state)
{
	const size_t n = sizeof(signed_rows) / sizeof(*signed_rows);
	const struct dns_row unsigned_rows[] = {
		{ .name = "good", .type = DNS_TXT, .data = "v=spf1 -all" },
	};
	struct dns_answer answer;

	(void)state;
	answer = ask_signed(signed_rows, n, "good");
	assert_int_equal(answer.status, DNS_FOUND);
	assert_true(answer.secure);
	answer = ask_signed(signed_rows, n, "bad");
	assert_int_equal(answer.status, DNS_TEMPORARY);
	assert_string_equal(answer.reason, "bogus");
	answer = ask_signed(unsigned_rows, 1, "good");
	assert_int_equal(answer.status, DNS_FOUND);
	assert_false(answer.secure);
}

static void test_settings(void **state)
{
	static const char *const wrong[] = { "nonsense", "127.0.0.1@x", "" };
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct resolver_settings settings = { .servers = &wrong[i], .servers_n = 1 };
		struct resolver *r = resolver_new(&settings, &error);

		if (r != NULL)
			fail_msg("\"%s\" is no server", wrong[i]);
		assert_non_null(strstr(error.text, "dns.servers"));
		assert_null(resolver_new(&settings, NULL));
	}
	resolver_free(NULL);
}

/* The system's servers, of which none is asked anything here. */
static void test_system(void **state)
{
	struct resolver_settings settings = { .servers_n = 0 };
	struct error error = { "" };
	struct resolver *r = resolver_new(&settings, &error);
	struct dns_answer answer;
	struct arena arena;
	struct dns dns;

	(void)state;
	if (r == NULL)
		fail_msg("%s", error.text);
	arena_init(&arena, 1 << 16);
	dns_init(&dns, resolver_source(r), &arena, 60000);
	dns_query(&dns, SPAN("nothing.test"), DNS_A, &answer);
	assert_int_equal(answer.status, DNS_NO_NAME);
	assert_false(resolver_is_local(r));
	arena_release(&arena);
	resolver_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_truncated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_dead, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_query_timeout, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_busy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_begin, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sandbox, set_up, tear_down),
		cmocka_unit_test(test_dnssec),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_system),
	};

	memset(large_text, 'x', LARGE);
	for (size_t i = 0; i < DNS_MAX_NAME; i++)
		long_name[i] = i % 50 == 49 ? '.' : 'n';
	return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
