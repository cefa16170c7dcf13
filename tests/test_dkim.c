/* DKIM: the messages of tests/dkim, made by tests/dkim/make, and those of the RFCs. */
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
#include "dns_fixture.h"
#include "probe/dkim.h"
#include "probe/dkim_self_test.h"
#include "support.h"

#define RFC_RSA "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ"
/* RFC 6376, C: the key of A.2 */
#define KEY_6376 RFC_RSA "DwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFC" \
	"jxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfV" \
	"jH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"

enum { MOST_ROWS = 64 };

static const struct dns_row own_rows[] = {
	ROW("brisbane._domainkey.example.com", TXT, "v=DKIM1; p=" KEY_6376),
	ROW("test._domainkey.football.example.com", TXT, dkim_example_rsa),
	ROW("brisbane._domainkey.football.example.com", TXT, dkim_example_ed25519),
	ROW("revoked._domainkey.example.org", TXT, "v=DKIM1; p="),
	ROW("garbage._domainkey.example.org", TXT, "v=DKIM1; p=garbage"),
	ROW("nonsense._domainkey.example.org", TXT, "what is this"),
	ROW("several._domainkey.example.org", TXT, "v=DKIM1; p="),
	ROW("several._domainkey.example.org", TXT, "v=spf1 -all"),
	FAULT("down._domainkey.example.org", "servfail"),
};

static struct dkim_verifier *verifier;
static struct dns_row rows[MOST_ROWS];
static size_t rows_n;
static char *zone;
static const char *label;	/* of the case, for messages */

static int set_up_all(void **state)
{
	char *next;

	(void)state;
	memcpy(rows, own_rows, sizeof(own_rows));
	rows_n = sizeof(own_rows) / sizeof(*own_rows);
	zone = (char *)(uintptr_t)read_whole("tests/dkim/keys.tsv").p;
	assert_non_null(zone);
	for (char *line = strtok_r(zone, "\n", &next); line != NULL;
	     line = strtok_r(NULL, "\n", &next)) {
		char *tab = strchr(line, '\t');

		assert_true(tab != NULL && rows_n < MOST_ROWS);
		*tab = '\0';
		rows[rows_n++] = (struct dns_row){
			.name = line, .type = DNS_TXT, .data = tab + 1,
		};
	}
	verifier = dkim_verifier_new();
	return verifier == NULL;
}

static int tear_down_all(void **state)
{
	(void)state;
	dkim_verifier_free(verifier);
	free(zone);
	return 0;
}

static int set_up(void **state)
{
	label = "";
	fixture_set_up(state);
	fixture_use(rows, rows_n);
	return 0;
}

/* ---- messages ---- */

static struct span message_of(const char *name)
{
	char *path = arena_printf(&fixture_arena, "tests/dkim/%s.eml", name);
	struct span bytes = read_whole(path), kept;

	assert_non_null(bytes.p);
	kept = arena_copy(&fixture_arena, bytes);
	free((char *)(uintptr_t)bytes.p);
	return kept;
}

/* The message with its first `from` replaced. */
static struct span edited(struct span message, const char *from, const char *to)
{
	size_t at = span_find(message, 0, span_str(from));
	struct buf out;

	assert_true(at < message.n);
	buf_init(&out, &fixture_arena, 2 << 20);
	buf_add(&out, span_slice(message, 0, at));
	buf_adds(&out, to);
	buf_add(&out, span_from(message, at + strlen(from)));
	assert_false(out.failed);
	return buf_span(&out);
}

static struct span with_lf(struct span message)
{
	struct span line;
	struct buf out;

	buf_init(&out, &fixture_arena, 2 << 20);
	while (span_next_line(&message, &line)) {
		buf_add(&out, line);
		buf_addc(&out, '\n');
	}
	return buf_span(&out);
}

static struct dkim_result check(struct span message)
{
	size_t end = span_find(message, 0, SPAN("\r\n\r\n"));
	struct dkim_request request = { .message = message, .has_body = true };
	struct dkim_result result;

	if (end < message.n)
		request.body = span_from(message, end + 4);
	else
		request.body = span_from(message, span_find(message, 0, SPAN("\n\n")) + 2);
	dkim_check(verifier, &fixture_dns, &request, &result);
	return result;
}

static struct dkim_result check_header(struct span message)
{
	size_t end = span_find(message, 0, SPAN("\r\n\r\n"));
	struct dkim_request request = { .message = span_slice(message, 0, end + 2) };
	struct dkim_result result;

	dkim_check(verifier, &fixture_dns, &request, &result);
	return result;
}

static void assert_signature(const struct dkim_signature *s, enum dkim_verdict verdict,
			     enum dkim_problem problem)
{
	if (s->verdict != verdict || s->problem != problem)
		print_message("%s: verdict %d, problem %d (%s)\n", label, (int)s->verdict,
			      (int)s->problem, s->reason != NULL ? s->reason : "");
	assert_int_equal(s->verdict, verdict);
	assert_int_equal(s->problem, problem);
}

static struct dkim_signature one(struct dkim_result result, enum dkim_verdict verdict,
				 enum dkim_problem problem)
{
	assert_false(result.failed);
	assert_int_equal(result.n, 1);
	assert_int_equal(result.more, 0);
	assert_signature(&result.signatures[0], verdict, problem);
	return result.signatures[0];
}

/* ---- what verifies ---- */

/* As it was signed: in print a fold lost a space, and a sentence gained one. */
static const char rfc6376[] =
	"DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
	"      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
	"      h=Received : From : To : Subject : Date : Message-ID;\r\n"
	"      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
	"      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
	"      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
	"      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
	"      4bmp/YzhwvcubU4=;\r\n"
	"Received: from client1.football.example.com  [192.0.2.1]\r\n"
	"      by submitserver.example.com with SUBMISSION;\r\n"
	"      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n";
static const char rfc_message[] =
	"From: Joe SixPack <joe@football.example.com>\r\n"
	"To: Suzie Q <suzie@shopping.example.net>\r\n"
	"Subject: Is dinner ready?\r\n"
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
	"\r\n"
	"Hi.\r\n"
	"\r\n"
	"We lost the game. Are you hungry yet?\r\n"
	"\r\n"
	"Joe.\r\n";

static void test_rfc_6376_example(void **state)
{
	struct span message = span_str(arena_printf(&fixture_arena, "%s%s", rfc6376, rfc_message));
	struct dkim_signature s = one(check(message), DKIM_PASS, DKIM_FINE);

	(void)state;
	assert_true(span_eq(s.domain, SPAN("example.com")));
	assert_true(span_eq(s.selector, SPAN("brisbane")));
	assert_string_equal(s.algorithm, "rsa-sha256");
	assert_int_equal(s.key_bits, 1024);
}

static void test_rfc_8463_example(void **state)
{
	struct span message = span_str(dkim_example);
	struct dkim_result result = check(message);

	(void)state;
	assert_int_equal(result.n, 2);
	for (size_t i = 0; i < 2; i++)
		assert_signature(&result.signatures[i], DKIM_PASS, DKIM_FINE);
	assert_string_equal(result.signatures[0].algorithm, "ed25519-sha256");
	assert_int_equal(result.signatures[0].key_bits, 256);
	assert_int_equal(result.signatures[1].key_bits, 1024);
}

static void test_what_passes(void **state)
{
	static const char *const names[] = {
		"rsa-relaxed-relaxed", "rsa-simple-simple", "rsa-relaxed-simple",
		"rsa-simple-relaxed", "ed25519", "small", "large", "plain", "strict", "length",
		"empty-relaxed", "empty-simple", "blank-relaxed", "blank-simple",
		"oversigned", "all-names", "eight-bit",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct span message = message_of(names[i]);

		label = names[i];
		one(check(message), DKIM_PASS, DKIM_FINE);
		one(check(with_lf(message)), DKIM_PASS, DKIM_FINE);
		one(check_header(message), DKIM_UNKNOWN, DKIM_FINE);
	}
}

/* Within a MIME part the last line end belongs to the boundary. */
static void test_without_last_line_end(void **state)
{
	struct span message = message_of("eight-bit");

	(void)state;
	one(check(span_slice(message, 0, message.n - 2)), DKIM_PASS, DKIM_FINE);
}

static void test_several_signatures(void **state)
{
	struct dkim_result result = check(message_of("both"));

	(void)state;
	assert_int_equal(result.n, 2);
	assert_signature(&result.signatures[0], DKIM_PASS, DKIM_FINE);
	assert_signature(&result.signatures[1], DKIM_PASS, DKIM_FINE);
	result = check(message_of("long"));
	assert_int_equal(result.n, 2);
	assert_signature(&result.signatures[0], DKIM_PASS, DKIM_FINE);
	assert_signature(&result.signatures[1], DKIM_PASS, DKIM_FINE);
	result = check(message_of("signed-signature"));
	assert_int_equal(result.n, 2);
	assert_signature(&result.signatures[0], DKIM_PASS, DKIM_FINE);
	assert_signature(&result.signatures[1], DKIM_PASS, DKIM_FINE);
}

static void test_testing_keys(void **state)
{
	struct dkim_signature s = one(check(message_of("test")), DKIM_PASS, DKIM_FINE);

	(void)state;
	assert_true(s.testing && !s.no_subdomains);
	s = one(check(message_of("strict")), DKIM_PASS, DKIM_FINE);
	assert_true(!s.testing && s.no_subdomains);
	s = one(check(message_of("strict-below")), DKIM_PERMERROR, DKIM_BROKEN_SIGNATURE);
	assert_string_equal(s.reason, "i");
}

/* ---- what does not ---- */

static void test_changes(void **state)
{
	struct span rsa = message_of("rsa-relaxed-relaxed"), ed = message_of("ed25519");

	(void)state;
	one(check(edited(rsa, "The   report", "Our report")), DKIM_FAIL, DKIM_HEADER_CHANGED);
	one(check(edited(rsa, "The   report", "The report")), DKIM_PASS, DKIM_FINE);
	one(check(edited(message_of("rsa-simple-simple"), "The   report", "The report")),
	    DKIM_FAIL, DKIM_HEADER_CHANGED);
	one(check(edited(rsa, "\r\n\r\nHello", "\r\n\r\nhello")), DKIM_FAIL, DKIM_BODY_CHANGED);
	one(check(edited(rsa, "Anna\r\n\r\n", "Anna\r\nA footer.\r\n")), DKIM_FAIL,
	    DKIM_BODY_CHANGED);
	one(check(edited(message_of("length"), "Anna\r\n\r\n", "Anna\r\nA footer.\r\n")),
	    DKIM_PASS, DKIM_FINE);
	one(check(message_of("length-too-long")), DKIM_FAIL, DKIM_BODY_CHANGED);
	one(check(edited(ed, "\r\n\r\nHello", "\r\n\r\nhello")), DKIM_FAIL, DKIM_BODY_CHANGED);
	one(check(edited(ed, "The   report", "Our report")), DKIM_FAIL, DKIM_MISMATCH);
	one(check_header(edited(rsa, "The   report", "Our report")), DKIM_FAIL,
	    DKIM_HEADER_CHANGED);
	one(check(edited(rsa, "Subject: ", "Subject: Another\r\nSubject: ")), DKIM_PASS, DKIM_FINE);
	one(check(edited(message_of("oversigned"), "Subject: ", "Subject: Another\r\nSubject: ")),
	    DKIM_FAIL, DKIM_HEADER_CHANGED);
	one(check(edited(rsa, "c=relaxed/relaxed", "c=relaxed/simple")), DKIM_FAIL,
	    DKIM_HEADER_CHANGED);
}

/* Fields that every message has did not come back: nobody can tell. */
static void test_trimmed_header(void **state)
{
	struct span rsa = message_of("rsa-relaxed-relaxed"), ed = message_of("ed25519");

	(void)state;
	one(check_header(edited(rsa, "MIME-Version: 1.0\r\n", "")), DKIM_UNKNOWN,
	    DKIM_HEADER_CHANGED);
	one(check_header(edited(ed, "MIME-Version: 1.0\r\n", "")), DKIM_UNKNOWN, DKIM_MISMATCH);
}

static void test_other_key(void **state)
{
	struct span rsa = message_of("rsa-relaxed-relaxed"), ed = message_of("ed25519");

	(void)state;
	/* the key is judged before the header: s= is signed too */
	one(check(edited(rsa, "s=rsa;", "s=other;")), DKIM_FAIL, DKIM_OTHER_KEY);
	one(check(edited(rsa, "s=rsa;", "s=small;")), DKIM_FAIL, DKIM_OTHER_KEY);
	one(check(edited(rsa, "s=rsa;", "s=large;")), DKIM_FAIL, DKIM_OTHER_KEY);
	one(check(edited(rsa, "s=rsa;", "s=ed;")), DKIM_FAIL, DKIM_OTHER_KEY);
	one(check(edited(ed, "s=ed;", "s=rsa;")), DKIM_FAIL, DKIM_OTHER_KEY);
	one(check(edited(ed, "s=ed;", "s=ed2;")), DKIM_FAIL, DKIM_MISMATCH);
	one(check_header(edited(rsa, "s=rsa;", "s=other;")), DKIM_FAIL, DKIM_OTHER_KEY);
}

static void test_key_states(void **state)
{
	static const struct {
		const char *selector;
		enum dkim_verdict verdict;
		enum dkim_problem problem;
		const char *reason;
	} cases[] = {
		{ "nothing", DKIM_PERMERROR, DKIM_NO_KEY, NULL },
		{ "revoked", DKIM_PERMERROR, DKIM_KEY_REVOKED, NULL },
		{ "garbage", DKIM_PERMERROR, DKIM_KEY_BROKEN, "p" },
		{ "nonsense", DKIM_PERMERROR, DKIM_KEY_BROKEN, "syntax" },
		{ "several", DKIM_PERMERROR, DKIM_KEY_BROKEN, "several" },
		{ "short", DKIM_PERMERROR, DKIM_KEY_SHORT, NULL },
		{ "sha1", DKIM_PERMERROR, DKIM_KEY_BROKEN, "h" },
		{ "chat", DKIM_PERMERROR, DKIM_KEY_BROKEN, "s" },
		{ "v2", DKIM_PERMERROR, DKIM_KEY_BROKEN, "v" },
		{ "huge", DKIM_UNKNOWN, DKIM_UNSUPPORTED, NULL },
		{ "down", DKIM_TEMPERROR, DKIM_DNS, "servfail" },
	};
	struct span rsa = message_of("rsa-relaxed-relaxed");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *selector = arena_printf(&fixture_arena, "s=%s;", cases[i].selector);
		struct dkim_signature s = one(check(edited(rsa, "s=rsa;", selector)),
					      cases[i].verdict, cases[i].problem);

		if (cases[i].reason == NULL)
			assert_null(s.reason);
		else
			assert_string_equal(s.reason, cases[i].reason);
	}
	assert_int_equal(one(check(message_of("short")), DKIM_PERMERROR,
			     DKIM_KEY_SHORT).key_bits, 512);
	assert_int_equal(one(check(message_of("huge")), DKIM_UNKNOWN,
			     DKIM_UNSUPPORTED).key_bits, 8192);
	one(check(message_of("sha1")), DKIM_PERMERROR, DKIM_KEY_BROKEN);
	one(check(message_of("chat")), DKIM_PERMERROR, DKIM_KEY_BROKEN);
	one(check(message_of("v2")), DKIM_PERMERROR, DKIM_KEY_BROKEN);
}

static void test_times(void **state)
{
	(void)state;
	one(check(message_of("expired")), DKIM_FAIL, DKIM_EXPIRED);
	one(check_header(message_of("expired")), DKIM_FAIL, DKIM_EXPIRED);
	one(check(message_of("future")), DKIM_FAIL, DKIM_FUTURE);
}

static void test_broken_fields(void **state)
{
	static const struct {
		const char *from, *to;
		enum dkim_problem problem;
		const char *reason;
	} cases[] = {
		{ "v=1;", "v=2;", DKIM_BROKEN_SIGNATURE, "v" },
		{ "v=1;", "", DKIM_BROKEN_SIGNATURE, "v" },
		{ "v=1;", "v=1; v=1;", DKIM_BROKEN_SIGNATURE, "syntax" },
		{ "v=1;", "v=1;;", DKIM_BROKEN_SIGNATURE, "syntax" },
		{ "v=1;", "v=1; \x80=2;", DKIM_BROKEN_SIGNATURE, "syntax" },
		{ "d=example.org;", "d=\xc3\xa9xample.org;", DKIM_UNSUPPORTED, "syntax" },
		{ "a=rsa-sha256;", "", DKIM_BROKEN_SIGNATURE, "a" },
		{ "a=rsa-sha256;", "a=rsa-sha1;", DKIM_UNSUPPORTED, "a" },
		{ "a=rsa-sha256;", "a=dsa-sha256;", DKIM_UNSUPPORTED, "a" },
		{ "d=example.org;", "d=;", DKIM_BROKEN_SIGNATURE, "d" },
		{ "d=example.org;", "d=exa mple.org;", DKIM_BROKEN_SIGNATURE, "d" },
		{ "d=example.org;", "d=example..org;", DKIM_BROKEN_SIGNATURE, "d" },
		{ "s=rsa;", "s=a/b;", DKIM_BROKEN_SIGNATURE, "s" },
		{ "s=rsa;", "s=rsa; i=@example.com;", DKIM_BROKEN_SIGNATURE, "i" },
		{ "s=rsa;", "s=rsa; i=example.org;", DKIM_BROKEN_SIGNATURE, "i" },
		{ "s=rsa;", "s=rsa; i=a@example.org=;", DKIM_BROKEN_SIGNATURE, "i" },
		{ "s=rsa;", "s=rsa; i=a=@example.org;", DKIM_BROKEN_SIGNATURE, "i" },
		{ "s=rsa;", "s=rsa; i=@xexample.org;", DKIM_BROKEN_SIGNATURE, "i" },
		{ "s=rsa;", "s=rsa; l=-1;", DKIM_BROKEN_SIGNATURE, "l" },
		{ "s=rsa;", "s=rsa; l=18446744073709551614;", DKIM_BROKEN_SIGNATURE, "l" },
		{ "s=rsa;", "s=rsa; t=soon;", DKIM_BROKEN_SIGNATURE, "t" },
		{ "s=rsa;", "s=rsa; x=;", DKIM_BROKEN_SIGNATURE, "x" },
		{ "s=rsa;", "s=rsa; c2b=x;", DKIM_UNSUPPORTED, "b" },
		{ "s=rsa;", "s=rsa; q=https;", DKIM_UNSUPPORTED, "q" },
		{ "c=relaxed/relaxed", "c=relaxed/loose", DKIM_BROKEN_SIGNATURE, "c" },
		{ "h=from:", "h=sender:", DKIM_BROKEN_SIGNATURE, "h" },
		{ "h=from:", "h=:from:", DKIM_BROKEN_SIGNATURE, "h" },
		{ "bh=", "bg=", DKIM_BROKEN_SIGNATURE, "bh" },
		{ "bh=", "bh=*", DKIM_BROKEN_SIGNATURE, "bh" },
		{ "\tb=", "\tb = ", DKIM_UNSUPPORTED, "b" },
		{ "\tb=", "\tb=;z=", DKIM_BROKEN_SIGNATURE, "b" },
	};
	struct span rsa = message_of("rsa-relaxed-relaxed");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dkim_signature s;

		label = cases[i].to;
		s = one(check(edited(rsa, cases[i].from, cases[i].to)), DKIM_PERMERROR,
			cases[i].problem);
		assert_string_equal(s.reason, cases[i].reason);
	}
}

/* Whatever stands above, the good one below is judged. */
static void test_broken_ones_do_not_spoil_the_rest(void **state)
{
	static const char *const above[] = {
		"nonsense", "", "v=1; i==",
		"v=1; a=rsa-sha256; d=example.org; s=down; h=from; bh=AA==; b=AA==",
		"v=1; a=rsa-sha256; d=example.org; s=garbage; h=from; bh=AA==; b=AA==",
		"v=1; a=rsa-sha256; d=example.org; s=rsa; h=from; bh=AA==; b=AA==",
		"v=1; a=rsa-sha256; d=example.org; s=rsa; h=from; x=1; bh=AA==; b=AA==",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(above) / sizeof(*above); i++) {
		const char *more = arena_printf(&fixture_arena, "DKIM-Signature: %s\r\nDKIM-",
						above[i]);
		struct span message = edited(message_of("rsa-relaxed-relaxed"), "DKIM-", more);
		struct dkim_result result = check(message);

		label = above[i];
		assert_int_equal(result.n, 2);
		assert_true(result.signatures[0].verdict != DKIM_PASS);
		assert_signature(&result.signatures[1], DKIM_PASS, DKIM_FINE);
	}
}

static void test_three_are_looked_at(void **state)
{
	struct span message = message_of("rsa-relaxed-relaxed");
	struct span field = span_slice(message, 0, span_find(message, 0, SPAN("Received:")));
	struct buf many;
	struct dkim_result result;

	(void)state;
	buf_init(&many, &fixture_arena, 1 << 20);
	for (int i = 0; i < 9; i++)
		buf_add(&many, field);
	buf_add(&many, message);
	result = check(buf_span(&many));
	assert_int_equal(result.n, 3);
	assert_int_equal(result.more, 7);
	for (size_t i = 0; i < 3; i++)
		assert_signature(&result.signatures[i], DKIM_PASS, DKIM_FINE);
	assert_int_equal(fixture_dns.left, DNS_MAX_QUERIES - 1);
	/* of one that signs other signatures nothing can be said when one is left out */
	message = message_of("signed-signature");
	result = check(edited(message, "DKIM-", "DKIM-Signature: nonsense\r\nDKIM-"));
	assert_signature(&result.signatures[1], DKIM_UNKNOWN, DKIM_UNSUPPORTED);
	assert_signature(&result.signatures[2], DKIM_PASS, DKIM_FINE);
	buf_truncate(&many, 0);
	buf_add(&many, field);
	buf_add(&many, field);
	buf_add(&many, message);
	result = check(buf_span(&many));
	assert_int_equal(result.more, 1);
	assert_signature(&result.signatures[2], DKIM_UNKNOWN, DKIM_UNSUPPORTED);
}

static void test_unsigned(void **state)
{
	struct dkim_result result = check(span_str(rfc_message));

	(void)state;
	assert_int_equal(result.n, 0);
	assert_false(result.failed);
	assert_int_equal(fixture_dns.left, DNS_MAX_QUERIES);
}

/* A signature over every field there is, and more names than fields. */
static void test_all_fields_named(void **state)
{
	struct span message = edited(message_of("all-names"), "h=from:",
				     "h=from:dkim-signature:a:b:c:");

	(void)state;
	one(check(message), DKIM_FAIL, DKIM_HEADER_CHANGED);
}

static void test_bounds(void **state)
{
	struct span message = message_of("rsa-relaxed-relaxed");
	struct buf big;

	(void)state;
	buf_init(&big, &fixture_arena, 2 << 20);
	for (size_t i = 0; i < 300; i++)
		buf_addf(&big, "X-Padding: %0900d\r\n", 0);
	buf_add(&big, message);
	assert_true(check(buf_span(&big)).failed);
	buf_truncate(&big, 0);
	for (size_t i = 0; i < 1200; i++)
		buf_adds(&big, "X: y\r\n");
	buf_add(&big, message);
	assert_true(check(buf_span(&big)).failed);
	/* a line that the library would hold in memory, three times over */
	buf_init(&big, &fixture_arena, 24 << 20);
	buf_add(&big, message);
	while (big.n < 12 << 20)
		buf_add(&big, SPAN("012345678901234567890123456789012345678901234567890123456789"));
	assert_false(big.failed);
	assert_true(check(buf_span(&big)).failed);
}

/* ---- threads ---- */

enum { THREADS = 16, ROUNDS = 20 };

static void *verify_often(void *argument)
{
	const struct span *messages = argument;
	uintptr_t wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct arena own;
		struct dns own_dns;
		struct dkim_request request = { .message = messages[i % 2], .has_body = true };
		struct dkim_result result;

		arena_init(&own, 4 << 20);
		dns_init(&own_dns, &fixture_table.source, &own, 60000);
		request.body = span_from(messages[i % 2],
					 span_find(messages[i % 2], 0, SPAN("\r\n\r\n")) + 4);
		dkim_check(verifier, &own_dns, &request, &result);
		wrong += result.n == 0 || result.signatures[0].verdict != DKIM_PASS;
		arena_release(&own);
	}
	return (void *)wrong;
}

static void test_threads(void **state)
{
	struct span messages[] = { message_of("both"), message_of("long") };
	pthread_t threads[THREADS];
	void *wrong;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, verify_often, messages), 0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rfc_6376_example),
		TEST(test_rfc_8463_example),
		TEST(test_what_passes),
		TEST(test_without_last_line_end),
		TEST(test_several_signatures),
		TEST(test_testing_keys),
		TEST(test_changes),
		TEST(test_trimmed_header),
		TEST(test_other_key),
		TEST(test_key_states),
		TEST(test_times),
		TEST(test_broken_fields),
		TEST(test_broken_ones_do_not_spoil_the_rest),
		TEST(test_three_are_looked_at),
		TEST(test_unsigned),
		TEST(test_all_fields_named),
		TEST(test_bounds),
		TEST(test_threads),
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
