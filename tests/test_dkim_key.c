/* The records that publish DKIM keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns_fixture.h"
#include "probe/dkim_key.h"

/* RFC 6376, C */
#define KEY "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fW" \
	"n7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2" \
	"gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
/* RFC 8463, A.2 */
#define ED25519_KEY "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"

static const struct dns_row rows[] = {
	ROW("brisbane._domainkey.example.com", TXT, "v=DKIM1; p=" KEY),
	ROW("ed._domainkey.example.org", TXT, "v=DKIM1; k=ed25519; p=" ED25519_KEY "="),
	FAULT("down._domainkey.example.org", "servfail"),
	ROW("only-spf.example", TXT, "v=spf1 -all"),
	ROW("_domainkey.wild.example", A, "192.0.2.1"),
	ROW("_no-domainkey.wild.example", A, "192.0.2.1"),
	FAULT("_domainkey.down.example", "timeout"),
};

static struct dkim_key parsed(const char *record)
{
	struct dkim_key key;
	struct span base64;

	dkim_key_parse(&fixture_arena, span_str(record), &key, &base64);
	assert_true((base64.n != 0) == (key.problem == DKIM_FINE || key.problem == DKIM_KEY_SHORT));
	return key;
}

static void test_key_records(void **state)
{
	static const struct {
		const char *record;
		enum dkim_problem problem;
		const char *reason;
		unsigned bits;
	} cases[] = {
		{ "p=" KEY, DKIM_FINE, NULL, 1024 },
		{ "v=DKIM1;p=" KEY ";", DKIM_FINE, NULL, 1024 },
		{ " v = DKIM1 ; k = rsa ; n = note ; p = MIGf " "MA0GCSqGSIb3DQEBAQUAA4GNADCBiQKB"
		  "gQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq"
		  "631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcW"
		  "ToIMmPSPDdQPNUYckcQ2QIDAQAB", DKIM_FINE, NULL, 1024 },
		{ "v=DKIM1; h=sha1:sha256; s=*; p=" KEY, DKIM_FINE, NULL, 1024 },
		{ "v=DKIM1; s=chat : email; p=" KEY, DKIM_FINE, NULL, 1024 },
		{ "v=DKIM1; k=ed25519; p=" ED25519_KEY "=", DKIM_FINE, NULL, 256 },
		{ "v=DKIM1; k=ed25519; p=" ED25519_KEY, DKIM_FINE, NULL, 256 },
		/* the wrapped form is none for Ed25519, and k= is not to be left out */
		{ "v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEA" ED25519_KEY "=", DKIM_KEY_BROKEN,
		  "p", 0 },
		{ "v=DKIM1; p=" ED25519_KEY "=", DKIM_KEY_BROKEN, "p", 0 },
		{ "v=DKIM1; k=rsa; p=", DKIM_KEY_REVOKED, NULL, 0 },
		{ "v=DKIM1; k=rsa; p= ;", DKIM_KEY_REVOKED, NULL, 0 },
		{ "v=DKIM1; k=rsa", DKIM_KEY_BROKEN, "p", 0 },
		{ "v=DKIM1; k=dsa; p=AAAA", DKIM_UNSUPPORTED, NULL, 0 },
		{ "k=rsa; v=DKIM1; p=" KEY, DKIM_KEY_BROKEN, "v", 0 },
		{ "v=dkim1; p=" KEY, DKIM_KEY_BROKEN, "v", 0 },
		{ "v=DKIM1; h=sha1; p=" KEY, DKIM_KEY_BROKEN, "h", 0 },
		{ "v=DKIM1; s=chat; p=" KEY, DKIM_KEY_BROKEN, "s", 0 },
		{ "v=DKIM1; p=" KEY "; p=AAAA", DKIM_KEY_BROKEN, "syntax", 0 },
		{ "v=DKIM1\\; k=rsa\\; p=" KEY, DKIM_KEY_BROKEN, "v", 0 },
		{ "\"v=DKIM1; k=rsa; p=\" \"" KEY "\"", DKIM_KEY_BROKEN, "syntax", 0 },
		{ "v=DKIM1; k=rsa; p=-----BEGIN PUBLIC KEY-----", DKIM_KEY_BROKEN, "p", 0 },
		{ "v=DKIM1; k=rsa; p=MIGf*", DKIM_KEY_BROKEN, "p", 0 },
		{ "v=DKIM1; k=rsa; p=MIGfA", DKIM_KEY_BROKEN, "p", 0 },
		{ "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEm",
		  DKIM_KEY_BROKEN, "p", 0 },
		{ "", DKIM_KEY_BROKEN, "p", 0 },
		{ "v=spf1 -all", DKIM_KEY_BROKEN, "v", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dkim_key key = parsed(cases[i].record);

		if (key.problem != cases[i].problem)
			print_message("%s\n", cases[i].record);
		assert_int_equal(key.problem, cases[i].problem);
		assert_int_equal(key.bits, cases[i].bits);
		if (cases[i].reason == NULL)
			assert_null(key.reason);
		else
			assert_string_equal(key.reason, cases[i].reason);
	}
	assert_true(parsed("v=DKIM1; t=y:s; p=").testing);
	assert_true(parsed("v=DKIM1; t=y:s; p=").no_subdomains);
	assert_false(parsed("v=DKIM1; t=no; p=").testing);
	/* RSAPublicKey without its wrapping: what the RFC says, and nobody reads */
	assert_int_equal(parsed(
		"p=MIGJAoGBAPAhE/9QLdIGwSYapn1klbf8OQygZ4udCDV9afv/Ni0jE3ZKcUKPE4Iob2/dviNh9xM2"
		"HmKNKyrrfW4Ei0truh36/9G10LZTMnWVZP3jupH5FxpzaBu2j80yonR/N9WMfg64qGK11j21/qZzAaNo"
		"0FxZOggyY9I8N1A81RhyRxDZAgMBAAE=").problem, DKIM_UNSUPPORTED);
}

/* Every prefix of a good record is read without reading further. */
static void test_key_prefixes(void **state)
{
	static const char record[] = "v=DKIM1; k=rsa; t=y; p=" KEY;

	(void)state;
	for (size_t n = 0; n < sizeof(record) - 1; n++) {
		char *copy = malloc(n + 1);
		struct dkim_key key;
		struct span base64;

		assert_non_null(copy);
		memcpy(copy, record, n);
		dkim_key_parse(&fixture_arena, (struct span){ copy, n }, &key, &base64);
		assert_true(key.problem != DKIM_FINE || n > 200);
		free(copy);
	}
}

static void test_key_of_a_selector(void **state)
{
	struct dkim_key key;

	(void)state;
	USE(rows);
	dkim_key(&fixture_dns, SPAN("example.com"), SPAN("Brisbane"), &key);
	assert_int_equal(key.problem, DKIM_FINE);
	assert_int_equal(key.bits, 1024);
	assert_string_equal(key.type, "rsa");
	dkim_key(&fixture_dns, SPAN("example.com"), SPAN("nothing"), &key);
	assert_int_equal(key.problem, DKIM_NO_KEY);
	dkim_key(&fixture_dns, SPAN("example.org"), SPAN("down"), &key);
	assert_int_equal(key.problem, DKIM_DNS);
	assert_string_equal(key.reason, "servfail");
	dkim_key(&fixture_dns, SPAN("example.org"), SPAN("a..b"), &key);
	assert_string_equal(key.reason, "name");
	dkim_key(&fixture_dns, SPAN("example.org"), SPAN("ed"), &key);
	assert_string_equal(key.type, "ed25519");
}

static void test_has_keys(void **state)
{
	(void)state;
	USE(rows);
	assert_int_equal(dkim_has_keys(&fixture_dns, SPAN("example.org")), 1);
	assert_int_equal(dkim_has_keys(&fixture_dns, SPAN("only-spf.example")), 0);
	assert_int_equal(dkim_has_keys(&fixture_dns, SPAN("wild.example")), -1);
	assert_int_equal(dkim_has_keys(&fixture_dns, SPAN("down.example")), -1);
	assert_int_equal(dkim_has_keys(&fixture_dns, SPAN("")), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_key_records),
		FIXTURE_TEST(test_key_prefixes),
		FIXTURE_TEST(test_key_of_a_selector),
		FIXTURE_TEST(test_has_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
