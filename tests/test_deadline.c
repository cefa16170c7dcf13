/* A DNS that is dead, slow, lying or hostile: each bounce is explained all the same,
 * within the time for the DNS, and says what could not be checked. The whole of it,
 * from the bytes of a bounce through the resolver to the words. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/enrich.h"
#include "dns_server.h"
#include "settings.h"

enum {
	TIMEOUT_MS = 300,	/* dns.timeout */
	SPARE_MS = 100,		/* what a bounce may take beyond it */
	ATTEMPTS = 10,		/* a busy machine may take time away, but not always */
	LARGE = 65000,		/* one text that fills a DNS message */
	THREADS = 16,
	BOUNCES = 12,		/* of each thread */
};

#define REPORT \
	"From: MAILER-DAEMON@mail.example.org\r\nTo: anna@%s\r\n" \
	"Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n" \
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" \
	"--b\r\n\r\nYour message could not be delivered.\r\n" \
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n" \
	"Reporting-MTA: dns; mail.example.org\r\n\r\n" \
	"Final-Recipient: rfc822; kim@example.net\r\nAction: failed\r\nStatus: 5.7.1\r\n" \
	"Remote-MTA: dns; mx.example.net\r\nDiagnostic-Code: smtp; " \
	"550 5.7.1 Unauthenticated email from %s is not accepted due to domain's DMARC policy\r\n" \
	"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" \
	"From: anna@%s\r\nTo: kim@example.net\r\nSubject: Lunch\r\n" \
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=s; h=from:to:subject;\r\n" \
	" bh=AAAA; b=AAAA\r\n\r\nHello.\r\n--b--\r\n"

static char large_text[LARGE + 1], includes[300], longest[DNS_MAX_NAME + 1];
static struct dns_row rows[4000];
static size_t rows_n;

static const char *const local_domains[] = {
	"example.org", "down.example", "loop.example", "large.example", "many.example",
	"exp.example", "tree.example", "twice.example", longest,
};

/* ---- what the DNS has ---- */

static void add(const char *name, int type, const char *data)
{
	rows[rows_n++] = (struct dns_row){ .name = name, .type = type, .data = data };
}

static char *name_of(const char *format, unsigned i)
{
	char *name = malloc(64);	/* kept until the end */

	snprintf(name, 64, format, i);
	return name;
}

/* 218 octets that abort libspf2 in its macro compiler. */
static const char hostile_exp[] =
	"%{ir}.%{v}.%{d} %%%%%_%- %{c}%{t}%{r}%{p}%{s}%{l}%{o}%{h} %{d123456789r.-+,/_=} "
	"%{S}%{L}%{O} %{x} %{ %{d0} %{%{i}} %{l-}%{l+}%{l,}%{l/}%{l_}%{l=} %{p} %{p} %{p} %{p} %{p} "
	"%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%";

static void fill_large(void)
{
	size_t n = (size_t)snprintf(large_text, sizeof(large_text), "v=spf1");

	for (unsigned i = 0; n + 40 < LARGE; i++)
		n += (size_t)snprintf(large_text + n, sizeof(large_text) - n,
				      " ip4:198.51.100.%u/32", i % 256);
	snprintf(large_text + n, sizeof(large_text) - n, " -all");
}

static void fill_longest(void)
{
	for (size_t i = 0; i < DNS_MAX_NAME; i++)
		longest[i] = i % 64 == 63 ? '.' : 'a';
	memcpy(longest + DNS_MAX_NAME - 8, ".example", 8);
}

/* Ten includes in each of ten includes, and so on. */
static void fill_tree(void)
{
	size_t n = (size_t)snprintf(includes, sizeof(includes), "v=spf1");

	for (unsigned i = 0; i < 10; i++) {
		n += (size_t)snprintf(includes + n, sizeof(includes) - n, " include:t%u.example", i);
		add(name_of("t%u.example", i), DNS_TXT, includes);
	}
	snprintf(includes + n, sizeof(includes) - n, " -all");
	add("tree.example", DNS_TXT, includes);
}

static int fill(void **state)
{
	static const char *const down[] = {
		"down.example", "_dmarc.down.example", "s._domainkey.down.example",
	};

	(void)state;
	fill_large();
	fill_longest();
	fill_tree();
	add("example.org", DNS_TXT, "v=spf1 ip4:192.0.2.1 -all");
	add("_dmarc.example.org", DNS_TXT, "v=DMARC1; p=reject");
	for (size_t i = 0; i < 3; i++)
		rows[rows_n++] = (struct dns_row){ .name = down[i], .type = DNS_ANY,
						   .fault = "servfail" };
	add("loop.example", DNS_CNAME, "round.example");
	add("round.example", DNS_CNAME, "loop.example");
	add("_dmarc.loop.example", DNS_CNAME, "_dmarc.loop.example");
	add("s._domainkey.loop.example", DNS_CNAME, "s._domainkey.loop.example");
	add("large.example", DNS_TXT, large_text);
	for (unsigned i = 0; i < 1500; i++)
		add("many.example", DNS_TXT, name_of("some text %u", i));
	add("exp.example", DNS_TXT, "v=spf1 exp=why.exp.example -all");
	add("why.exp.example", DNS_TXT, hostile_exp);
	add("twice.example", DNS_TXT, "v=spf1 ip4:192.0.2.7 -all");
	add(longest, DNS_TXT, "v=spf1 ip4:192.0.2.7 -all");
	return 0;
}

/* ---- a house that asks it ---- */

struct stage {
	struct dns_server server;
	struct snapshot *snapshot;
	struct arena arena;
};

static void open_stage(struct stage *stage, unsigned timeout_ms)
{
	char settings[1500];
	size_t n = (size_t)snprintf(settings, sizeof(settings),
				    "outbound_addresses: [192.0.2.1]\ndns: {timeout: %u ms}\n"
				    "local_domains:\n", timeout_ms);
	struct error error;

	for (size_t i = 0; i < sizeof(local_domains) / sizeof(*local_domains); i++)
		n += (size_t)snprintf(settings + n, sizeof(settings) - n, "- %s\n",
				      local_domains[i]);
	dns_server_start(&stage->server, rows, rows_n);
	stage->snapshot = snapshot_of_settings(settings, "en");
	if (snapshot_open_dns(stage->snapshot, stage->server.address, THREADS, &error) != 0)
		fail_msg("%s", error.text);
	arena_init(&stage->arena, ENRICH_ARENA);
}

static void close_stage(struct stage *stage)
{
	arena_release(&stage->arena);
	snapshot_free(stage->snapshot);
	dns_server_stop(&stage->server);
}

static struct span bounce_of(struct arena *arena, const char *domain)
{
	return span_str(arena_printf(arena, REPORT, domain, domain, domain, domain));
}

/* The outcome, and how long it took. */
static enum outcome explain_once(struct stage *stage, const char *domain, int64_t *ms_r)
{
	struct enrich_request request = { .origin = ORIGIN_GENERATED };
	struct enrich_result result;
	int64_t before;

	arena_clear(&stage->arena);
	request.message = bounce_of(&stage->arena, domain);
	before = dns_now_ms();
	enrich(stage->snapshot, &stage->arena, &request, &result);
	*ms_r = dns_now_ms() - before;
	return result.outcome;
}

static const char *words(struct stage *stage, const char *domain)
{
	struct enrich_request request = { .origin = ORIGIN_GENERATED };
	struct reading reading;
	struct explanation explanation;
	struct error error;
	struct buf out;
	size_t n = 0;

	arena_clear(&stage->arena);
	if (enrich_read(stage->snapshot, &stage->arena, bounce_of(&stage->arena, domain), &reading,
			&error) != 0 ||
	    enrich_explain(stage->snapshot, &stage->arena, &reading, &request, &explanation,
			   &error) != 0)
		fail_msg("%s", error.text);
	buf_init(&out, &stage->arena, 1024 * 1024);
	explain_text(&out, &explanation);
	for (size_t i = 0; i < out.n; i++) {	/* no line ends, no indents */
		bool blank = out.p[i] == ' ' || out.p[i] == '\n';

		if (!blank || (n > 0 && out.p[n - 1] != ' '))
			out.p[n++] = blank ? ' ' : out.p[i];
	}
	buf_truncate(&out, n);
	return buf_string(&out);
}

static void assert_in_time(struct stage *stage, const char *what, const char *domain)
{
	int64_t ms = INT64_MAX;

	for (int i = 0; i < ATTEMPTS && ms > TIMEOUT_MS + SPARE_MS; i++)
		if (explain_once(stage, domain, &ms) != OUTCOME_EXPLAINED)
			fail_msg("%s: not explained", what);
	print_message("%s: %d ms\n", what, (int)ms);
	if (ms > TIMEOUT_MS + SPARE_MS)
		fail_msg("%s: %d ms at the best", what, (int)ms);
}

static void assert_not_checked(struct stage *stage, const char *what, const char *domain)
{
	const char *text;

	assert_in_time(stage, what, domain);
	text = strstr(words(stage, domain), "What we checked");
	if (text == NULL || strstr(text, "SPF of ") == NULL ||
	    strstr(text, "could not be checked: ") == NULL)
		fail_msg("%s: \"could not be checked\" is not in: %s", what, text);
	/* and nothing is said to be wrong */
	if (strstr(text, "To repair it") != NULL || strstr(text, "✗") != NULL)
		fail_msg("%s: something is to be repaired in: %s", what, text);
}

/* ---- servers ---- */

static void test_no_answer(void **state)
{
	static const struct {
		const char *what;
		enum dns_server_mood mood;
		unsigned delay_ms;
	} faults[] = {
		{ "a black hole", DNS_SERVER_SILENT, 0 },
		{ "five seconds late", DNS_SERVER_WELL, 5000 },
		{ "truncated, and TCP hangs", DNS_SERVER_TCP_HANGS, 0 },
		{ "garbage", DNS_SERVER_GARBAGE, 0 },
		{ "another question's id", DNS_SERVER_WRONG_ID, 0 },
		{ "another question's name", DNS_SERVER_OTHER_NAME, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		struct stage stage;

		open_stage(&stage, TIMEOUT_MS);
		stage.server.mood = faults[i].mood;
		stage.server.delay_ms = faults[i].delay_ms;
		assert_not_checked(&stage, faults[i].what, "example.org");
		close_stage(&stage);
	}
}

static void test_dead(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, TIMEOUT_MS);
	dns_server_stop(&stage.server);
	assert_not_checked(&stage, "nobody there", "example.org");
	dns_server_start(&stage.server, rows, rows_n);	/* for close_stage */
	close_stage(&stage);
}

static void test_truncated(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, 60000);
	stage.server.mood = DNS_SERVER_TRUNCATES;
	assert_non_null(strstr(words(&stage, "example.org"),
			       "SPF passes: example.org allows 192.0.2.1"));
	assert_true(stage.server.tcp > 0);
	close_stage(&stage);
}

static void test_no_use(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, TIMEOUT_MS);
	assert_not_checked(&stage, "SERVFAIL", "down.example");
	assert_not_checked(&stage, "a circle of CNAMEs", "loop.example");
	close_stage(&stage);
}

/* ---- records ---- */

/* What can be answered is, however large or hostile it is. */
static void test_hostile(void **state)
{
	static const struct {
		const char *what, *domain, *said;
	} records[] = {
		{ "the largest text", "large.example", "the record of large.example does not allow" },
		{ "1500 texts", "many.example", "many.example has no SPF record" },
		{ "a hostile exp=", "exp.example", "the record of exp.example does not allow" },
		{ "10 x 10 includes", "tree.example", "leads in a circle" },
		{ "a name of 253 octets", longest, "does not allow 192.0.2.1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++) {
		struct stage stage;
		const char *text;

		open_stage(&stage, 60000);
		text = words(&stage, records[i].domain);
		if (strstr(text, records[i].said) == NULL)
			fail_msg("%s: \"%s\" is not in: %s", records[i].what, records[i].said, text);
		close_stage(&stage);
		open_stage(&stage, TIMEOUT_MS);
		assert_in_time(&stage, records[i].what, records[i].domain);
		close_stage(&stage);
	}
	assert_int_equal(sizeof(hostile_exp) - 1, 218);
}

/* ---- threads ---- */

static void *explain_many(void *context)
{
	struct stage *stage = context;
	static const char *const domains[] = { "example.org", "twice.example", "exp.example",
					       "down.example", "tree.example", "large.example" };
	struct arena arena;
	bool right = true;

	arena_init(&arena, ENRICH_ARENA);
	for (size_t i = 0; right && i < BOUNCES; i++) {
		struct enrich_request request = { .origin = ORIGIN_GENERATED };
		struct enrich_result result;

		request.message = bounce_of(&arena, domains[i % 6]);
		enrich(stage->snapshot, &arena, &request, &result);
		right = result.outcome == OUTCOME_EXPLAINED && result.tally.checks_n > 2;
		arena_clear(&arena);
	}
	arena_release(&arena);
	return right ? stage : NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[THREADS];
	struct stage stage;
	void *done;

	(void)state;
	open_stage(&stage, 60000);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, explain_many, &stage), 0);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &done);
		assert_ptr_equal(done, &stage);
	}
	close_stage(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_dead),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_no_use),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, fill, NULL);
}
