/* The trigger rules: how they are matched, and what the shipped ones decide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "knowledge_files.h"
#include "mail/remark.h"
#include "support.h"
#include "why/diagnose.h"

/* ---- small rules ---- */

#define CAUSES "causes:\n" \
	"  - {id: moved, who: sender, title: a, happened: a., when: a., steps: [a.], admin: [a.]}\n" \
	"  - {id: policy, who: sender, title: a, happened: a., when: a., steps: [a.], admin: [a.]}\n" \
	"  - {id: expired, who: recipient_admin, title: a, happened: a., when: a., steps: [a.], admin: [a.]}\n" \
	"  - {id: expired.delayed, who: nobody, title: a, happened: a., when: a., steps: [a.], admin: [a.]}\n"
#define OWN "knowledge.d/own.yaml"

/* Rules of one file, and what an admin adds to them. */
struct small {
	struct knowledge *knowledge;
	struct rules *rules;
};

static struct small small_new(const char *shipped, const char *own)
{
	const struct knowledge_file files[] = {
		{ "knowledge/causes.yaml", CAUSES }, { "knowledge/rules.yaml", shipped },
		{ own != NULL ? OWN : NULL, own }, { NULL, NULL },
	};
	struct small small = { knowledge_files_good(files), NULL };
	struct error error;

	small.rules = rules_new(small.knowledge, &error);
	if (small.rules == NULL)
		fail_msg("%s", error.text);
	return small;
}

static void small_free(struct small *small)
{
	rules_free(small->rules);
	knowledge_free(small->knowledge);
}

static const char *match(const struct rules *rules, enum rule_group group, const char *text,
			 const char *reply, const char *status)
{
	struct rules_text sieved;
	const struct rule *rule;

	rules_text_init(&sieved, span_str(text));
	rule = rules_match(rules, group, &sieved, span_str(reply), span_str(status));
	rules_release(&sieved);
	return rule != NULL ? rule->id : "";
}

static void assert_match(const struct small *small, const char *text, const char *wanted)
{
	const char *found = match(small->rules, RULE_GENERIC, text, "550", "5.7.1");

	if (strcmp(found, wanted) != 0)
		fail_msg("\"%s\": \"%s\" instead of \"%s\"", text, found, wanted);
}

static void test_leftmost_then_first(void **state)
{
	struct small small = small_new("rules:\n"
		"- {id: word, pattern: 'user', cause: moved}\n"
		"- {id: words, pattern: 'user unknown', cause: moved}\n"
		"- {id: late, pattern: 'unknown', cause: moved}\n", NULL);

	(void)state;
	assert_match(&small, "user unknown", "word");
	assert_match(&small, "unknown user", "late");
	assert_match(&small, "USER", "word");
	assert_match(&small, "nothing of it", "");
	assert_match(&small, "", "");
	small_free(&small);
}

static void test_starts_of_words(void **state)
{
	struct small small = small_new("rules:\n"
		"- {id: word, pattern: 'user', cause: moved}\n"
		"- {id: digit, pattern: '42', cause: moved}\n"
		"- {id: sign, pattern: '\\[x\\]', cause: moved}\n"
		"- {id: beyond, pattern: 'ñandu|übel', cause: moved}\n"
		"- {id: either, pattern: '^quota|alias', cause: moved}\n", NULL);

	(void)state;
	assert_match(&small, "superuser", "");
	assert_match(&small, "superuser user", "word");
	assert_match(&small, "super-user", "word");
	assert_match(&small, "142", "");
	assert_match(&small, "14.42", "digit");
	assert_match(&small, "a[x]b", "sign");
	assert_match(&small, "xñandu", "beyond");
	assert_match(&small, "ÜBEL", "beyond");
	assert_match(&small, "\u017fuser", "word");	/* caseless, that is an s */
	assert_match(&small, "myalias", "");
	assert_match(&small, "my alias", "either");
	assert_match(&small, "quotas", "either");
	small_free(&small);
}

static void test_codes_narrow(void **state)
{
	struct small small = small_new("rules:\n"
		"- {id: code, pattern: 'busy', reply: '451', cause: moved}\n"
		"- {id: digit, pattern: 'busy', reply: '4', cause: moved}\n"
		"- {id: status, pattern: 'busy', status: '5.7', cause: moved}\n"
		"- {id: any, pattern: 'busy', cause: moved}\n", NULL);

	(void)state;
	assert_string_equal(match(small.rules, RULE_GENERIC, "busy", "451", "4.7.1"), "code");
	assert_string_equal(match(small.rules, RULE_GENERIC, "busy", "450", "5.7.1"), "digit");
	assert_string_equal(match(small.rules, RULE_GENERIC, "busy", "550", "5.7.1"), "status");
	assert_string_equal(match(small.rules, RULE_GENERIC, "busy", "550", "5.71.1"), "any");
	assert_string_equal(match(small.rules, RULE_GENERIC, "busy", "", ""), "any");
	small_free(&small);
}

static void test_groups(void **state)
{
	struct small small = small_new("rules:\n"
		"- {id: last, pattern: 'full', cause: moved, weak: last}\n"
		"- {id: weak, pattern: 'full', cause: moved, weak: yes}\n"
		"- {id: strong, pattern: 'full', cause: moved}\n"
		"- {id: provider, provider: P, pattern: 'full', cause: moved}\n",
		"rules:\n- {id: own, pattern: 'full', cause: policy}\n");

	(void)state;
	assert_string_equal(match(small.rules, RULE_ADMIN, "full", "", ""), "own");
	assert_string_equal(match(small.rules, RULE_PROVIDER, "full", "", ""), "provider");
	assert_string_equal(match(small.rules, RULE_GENERIC, "full", "", ""), "strong");
	assert_string_equal(match(small.rules, RULE_WEAK, "full", "", ""), "weak");
	assert_string_equal(match(small.rules, RULE_LAST, "full", "", ""), "last");
	small_free(&small);
}

/* JIT, too, knows that what is beyond ASCII is neither space nor digit. */
static void test_beyond_ascii(void **state)
{
	struct small small = small_new("rules:\n"
		"- {id: black, pattern: 'box \\S+ full', cause: moved}\n"
		"- {id: wide, pattern: 'no \\W{2}\\D user', cause: moved}\n"
		"- {id: class, pattern: 'see [^]\\S[:digit:]]\\S[\\S] end', cause: moved}\n", NULL);

	(void)state;
	assert_match(&small, "box «postmaster» full", "black");
	assert_match(&small, "box «ящик» full", "black");
	assert_match(&small, "box a b full", "");
	assert_match(&small, "no «яя user", "wide");
	assert_match(&small, "no яя1 user", "");
	assert_match(&small, "see  яx end", "class");
	assert_match(&small, "see ]яx end", "");
	small_free(&small);
}

/* What JIT and the interpreter do with bytes that are no UTF-8, and with none. */
static void test_broken_text(void **state)
{
	struct small small = small_new("rules:\n"
		"- {id: full, pattern: 'mailbox full', cause: moved}\n", NULL);
	static const char nul[] = "mailbox\0full mailbox full";
	struct rules_text sieved;

	(void)state;
	assert_match(&small, "\xff\xfe mailbox full \x80", "full");
	assert_match(&small, "mailbox \xc3 full", "");
	assert_match(&small, "\xe3\x81mailbox full", "full");
	rules_text_init(&sieved, (struct span){ nul, sizeof(nul) - 1 });
	assert_non_null(rules_match(small.rules, RULE_GENERIC, &sieved, span_str(""), span_str("")));
	rules_release(&sieved);
	small_free(&small);
}

static void test_only_so_much_text(void **state)
{
	struct small small = small_new("rules:\n- {id: end, pattern: 'the end', cause: moved}\n",
				       NULL);
	char *text = malloc(RULES_MAX_TEXT + 8);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', RULES_MAX_TEXT);
	strcpy(text + RULES_MAX_TEXT - 7, "the end");
	assert_match(&small, text, "end");
	memset(text, ' ', RULES_MAX_TEXT);
	strcpy(text + RULES_MAX_TEXT - 6, "the end");
	assert_match(&small, text, "");
	free(text);
	small_free(&small);
}

/* ---- patterns that are refused ---- */

static const struct {
	const char *pattern, *why;
} broken[] = {
	{ "(unclosed", "missing closing parenthesis" },
	{ "[a-", "missing terminating ]" },
	{ "a**", "quantifier" },
	{ "(*ACCEPT)", "verbs" },
	{ "(?R)", "recursion" },
	{ "a(?C1)b", "callouts" },
	{ "a(?#b)", "comments" },
	{ "\\Qa", "\\Q" },
	{ "a\\Kb", "\\K" },
	{ "(?x)a b", "free-spacing" },
	{ "(?<name>a)", "named groups" },
	{ "a?", "empty text" },
	{ "a|", "empty text" },
};

static void test_broken_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		char own[200];
		const struct knowledge_file files[] = {
			{ "knowledge/causes.yaml", CAUSES }, { OWN, own }, { NULL, NULL },
		};
		struct knowledge *k;
		struct error error;

		snprintf(own, sizeof(own), "rules:\n- {id: good, pattern: x, cause: moved}\n"
			 "- id: bad\n  cause: moved\n  patterns: [fine, '%s']\n", broken[i].pattern);
		k = knowledge_files_good(files);
		assert_null(rules_new(k, &error));
		if (strstr(error.text, "own.yaml:3: rules.bad: ") == NULL ||
		    strstr(error.text, broken[i].why) == NULL)
			fail_msg("%s: %s", broken[i].pattern, error.text);
		knowledge_free(k);
	}
}

/* ---- the shipped rules ---- */

static struct knowledge *knowledge;
static struct rules *rules;

static int load(void **state)
{
	static const char *const english[] = { "en" };
	struct error error;

	(void)state;
	knowledge = knowledge_load("conf", NULL, english, 1, &error);
	if (knowledge == NULL)
		fail_msg("%s", error.text);
	rules = rules_new(knowledge, &error);
	if (rules == NULL)
		fail_msg("%s", error.text);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	rules_free(rules);
	knowledge_free(knowledge);
	return 0;
}

/* Calls check with the fields of each row of tests/replies/NAME. */
static size_t each_row(const char *name, size_t fields,
		       void (*check)(const struct span *field))
{
	char path[100];
	struct span whole, rest, line;
	size_t n = 0;

	snprintf(path, sizeof(path), "tests/replies/%s", name);
	whole = rest = read_whole(path);
	assert_non_null(whole.p);
	while (span_next_line(&rest, &line)) {
		struct span field[3];

		if (line.n == 0 || line.p[0] == '#')
			continue;
		for (size_t i = 0; i + 1 < fields; i++) {
			size_t end = span_find_byte(line, 0, '\t');

			assert_true(end < line.n);
			field[i] = span_slice(line, 0, end);
			line = span_from(line, end + 1);
		}
		field[fields - 1] = line;
		check(field);
		n++;
	}
	free((char *)whole.p);
	return n;
}

static void judge(struct span reply, struct diagnosis *d)
{
	struct arena arena;

	arena_init(&arena, 1 << 20);
	diagnose_reply(&arena, knowledge, rules, reply, d);
	arena_release(&arena);
}

static void check_provider(const struct span *field)
{
	struct diagnosis d;

	judge(field[2], &d);
	if (d.rule == NULL || !span_is(field[0], d.rule->id) ||
	    !span_is(field[1], who_name(d.who)))
		fail_msg("%.*s: %s, %s instead of %.*s, %.*s", SPAN_FMT(field[2]),
			 d.rule != NULL ? d.rule->id : "no rule", who_name(d.who),
			 SPAN_FMT(field[0]), SPAN_FMT(field[1]));
	assert_true(d.rule->has_hint);
}

/* Every reply of our collection of providers has its rule, its hint and somebody who
 * can fix it. */
static void test_providers(void **state)
{
	(void)state;
	assert_true(each_row("providers.tsv", 3, check_provider) >= 197);
}

static void check_server(const struct span *field)
{
	struct diagnosis d;

	judge(field[1], &d);
	if (!span_is(field[0], d.cause->id))
		fail_msg("%.*s: %s (by %s) instead of %.*s", SPAN_FMT(field[1]), d.cause->id,
			 d.rule != NULL ? d.rule->id : "codes", SPAN_FMT(field[0]));
}

static void test_servers(void **state)
{
	(void)state;
	assert_true(each_row("servers.tsv", 2, check_server) > 1000);
	assert_true(each_row("prose.tsv", 2, check_server) > 300);
}

/* ---- the sieve against trying everything ---- */

static bool is_listed(const struct rule *const *list, size_t n, const struct rule *rule)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == rule)
			return true;
	return false;
}

/* The sieve loses no rule: one matches exactly where any matches alone. */
static void check_sieve(struct span text)
{
	const struct rule *alone[200], *found;
	struct rules_text sieved;

	rules_text_init(&sieved, text);
	for (enum rule_group group = 0; group < RULE_GROUPS; group++) {
		size_t n = rules_list(rules, group, text, span_str("550"), span_str("5.7.1"),
				      alone, sizeof(alone) / sizeof(*alone));

		found = rules_match(rules, group, &sieved, span_str("550"), span_str("5.7.1"));
		if ((n == 0) != (found == NULL) || (found != NULL && !is_listed(alone, n, found)))
			fail_msg("%.*s: %s, but %zu rules match", SPAN_FMT(text),
				 found != NULL ? found->id : "nothing", n);
	}
	rules_release(&sieved);
}

static void check_sieve_provider(const struct span *field)
{
	check_sieve(field[2]);
}

static void check_sieve_server(const struct span *field)
{
	check_sieve(field[1]);
}

static void test_sieve_loses_nothing(void **state)
{
	(void)state;
	each_row("providers.tsv", 3, check_sieve_provider);
	each_row("servers.tsv", 2, check_sieve_server);
	each_row("prose.tsv", 2, check_sieve_server);
}

/* Every pattern needs a literal, or it would be tried with every text. */
static void test_sieve_holds_everything_back(void **state)
{
	const struct span none = { NULL, 0 };
	struct rules_text sieved;

	(void)state;
	rules_text_init(&sieved, span_str("qqq xzx vvv"));
	assert_null(rules_match(rules, RULE_GENERIC, &sieved, none, none));
	assert_true(sieved.sieved);
	for (size_t i = 0; i < sieved.n; i++)
		fail_msg("pattern %d is tried with every text", sieved.list[i]);
	rules_release(&sieved);
}

/* ---- hostile lines ---- */

/* Texts that make patterns try again and again come to an end. */
static void test_hostile_lines(void **state)
{
	static const char *const pieces[] = {
		"user ", "mailbox is ", "your ", "message ", "the ", "a ", "(", "<@", "[1.2.3.4] ",
		"no such ", "sender address ", "not allowed to ", "exceeded the ", "\xc3\xa9 ",
		"too many ", "is not ", "domain of sender address ", "\xf0\x9f\x92\xa9", "\xff",
		"@example.com ", "mail ", "550-5.1.1 ", "recipient address rejected ", "0",
		"content rejected by spam filter policy ", "\xe3\x83\xa1\xe3\x83\xbc\xe3\x83\xab",
	};
	char *text = malloc(2 * RULES_MAX_TEXT);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		size_t n = strlen(pieces[i]), size = 2 * RULES_MAX_TEXT / n * n;
		struct diagnosis d;

		for (size_t at = 0; at < size; at += n)
			memcpy(text + at, pieces[i], n);
		judge((struct span){ text, size }, &d);
		assert_non_null(d.cause);
	}
	free(text);
}

static void test_noise(void **state)
{
	static const char letters[] = "aeiou st rn ml dc <@>.:-[](0519)\xc3\xbc\xe4\xbd\xa0\xff";
	uint32_t seed = 7;
	char text[300];

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t n = noise(&seed) % sizeof(text);

		for (size_t i = 0; i < n; i++)
			text[i] = letters[noise(&seed) % (sizeof(letters) - 1)];
		check_sieve((struct span){ text, n });
	}
}

/* ---- names are not words ---- */

static void test_names_say_nothing(void **state)
{
	static const char *const same[][2] = {
		{ "550 5.7.1 <quota.exceeded@example.com>: no", "550 5.7.1 <a@example.com>: no" },
		{ "550 spam@example.com: no such user", "550 a@example.com: no such user" },
		{ "554 \"mailbox_full\"@example.com refused", "554 \"a\"@example.com refused" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		struct diagnosis a, b;

		judge(span_str(same[i][0]), &a);
		judge(span_str(same[i][1]), &b);
		if (a.cause != b.cause)
			fail_msg("%s: %s instead of %s", same[i][0], a.cause->id, b.cause->id);
	}
}

/* Nor is the subject that a notice quotes: it is the sender's. */
static void test_subjects_say_nothing(void **state)
{
	struct bounce_recipient r = { .action = ACTION_FAILED };
	struct diagnosis d;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 16);
	remark_read(&arena, SPAN("Your message\n  To: a@example.com\n  Subject: mailbox full\n"
				 "did not reach the recipient.\n"), &r);
	assert_span(r.context, "Your message To: a@example.com did not reach the recipient.");
	diagnose(knowledge, rules, NULL, &r, &d);
	assert_string_equal(d.cause->id, "unknown");
	arena_release(&arena);
}

/* ---- the order of the groups ---- */

static void assert_decides(const struct knowledge *k, const struct rules *r,
			   const struct bounce_recipient *recipient, const char *cause,
			   const char *rule)
{
	struct diagnosis d;
	char name[64];

	diagnose(k, r, NULL, recipient, &d);
	diagnosis_rule_name(&d, recipient, name, sizeof(name));
	if (strcmp(d.cause->id, cause) != 0 || strcmp(name, rule) != 0)
		fail_msg("%.*s: %s by %s instead of %s by %s", SPAN_FMT(recipient->reply),
			 d.cause->id, name, cause, rule);
}

static void test_admin_first(void **state)
{
	struct bounce_recipient r = { .reply = SPAN("550 5.1.1 User unknown") };
	struct knowledge *k;
	struct rules *own;
	struct error error;
	char *dir = make_directory();
	static const char *const english[] = { "en" };

	(void)state;
	free(write_file(dir, "mine.yaml", SPAN("rules:\n"
		"- {id: mine.unknown, pattern: 'user unknown', cause: moved, who: recipient}\n")));
	k = knowledge_load("conf", dir, english, 1, &error);
	assert_non_null(k);
	own = rules_new(k, &error);
	assert_non_null(own);
	assert_decides(knowledge, rules, &r, "user_unknown", "generic.unknown_user");
	assert_decides(k, own, &r, "moved", "mine.unknown");
	rules_free(own);
	knowledge_free(k);
	remove_tree(dir);
}

/* Text before status before reply code; weak text after a status that says more. */
static void test_precedence(void **state)
{
	struct bounce_recipient r = { .reply = SPAN("550 5.1.1 quota exceeded") };

	(void)state;
	assert_decides(knowledge, rules, &r, "mailbox_full", "generic.quota");
	r = (struct bounce_recipient){ .reply = SPAN("550 5.2.2 connection timed out") };
	assert_decides(knowledge, rules, &r, "mailbox_full", "status 5.2.2");
	r = (struct bounce_recipient){ .reply = SPAN("550 5.7.1 connection timed out") };
	assert_decides(knowledge, rules, &r, "network.timeout", "weak.timeout");
	r = (struct bounce_recipient){ .reply = SPAN("550 5.7.27 This message was blocked because "
		"it didn't pass SPF authentication. Gmail requires bulk email senders to "
		"authenticate their email with SPF.") };
	assert_decides(knowledge, rules, &r, "auth_failure.spf", "gmail.bulk_spf");
	r = (struct bounce_recipient){ .reply = SPAN("550 xyzzy") };
	assert_decides(knowledge, rules, &r, "user_unknown", "reply 550");
	r = (struct bounce_recipient){ .reply = SPAN("550 5.7.999 xyzzy") };
	assert_decides(knowledge, rules, &r, "security", "class 5.7");
	r = (struct bounce_recipient){ .reply = SPAN("550 5.9.999 xyzzy") };
	assert_decides(knowledge, rules, &r, "user_unknown", "reply 550");
	/* what has failed has not arrived, whatever code stands beside it */
	r = (struct bounce_recipient){ .action = ACTION_FAILED, .reply_code = SPAN("250"),
				       .status = SPAN("2.6.4"), .reply = SPAN("250 2.6.4 ok") };
	assert_decides(knowledge, rules, &r, "unknown", "");
	r = (struct bounce_recipient){ .reply = SPAN("xyzzy") };
	assert_decides(knowledge, rules, &r, "unknown", "");
}

/* The other server's words count before those of the one that reports them. */
static void test_reply_before_context(void **state)
{
	struct bounce_recipient r = {
		.reply = SPAN("550 5.2.2 mailbox full"),
		.context = SPAN("the user unknown to us at the other side wrote:"),
	};

	(void)state;
	assert_decides(knowledge, rules, &r, "mailbox_full", "generic.full");
	r.reply = (struct span){ NULL, 0 };
	assert_decides(knowledge, rules, &r, "user_unknown", "generic.unknown_user");
}

static void test_actions(void **state)
{
	struct bounce_recipient r = { .action = ACTION_DELAYED, .status = SPAN("4.0.0") };
	struct diagnosis d;

	(void)state;
	assert_decides(knowledge, rules, &r, "expired.delayed", "status 4.0.0");
	r.action = ACTION_FAILED;
	diagnose(knowledge, rules, NULL, &r, &d);
	assert_string_equal(d.cause->id, "expired");
	assert_int_not_equal(d.who, WHO_NOBODY);
	r = (struct bounce_recipient){ .action = ACTION_RELAYED,
				       .reply = SPAN("250 mailbox full of joy") };
	assert_decides(knowledge, rules, &r, "delivered.relayed", "action");
	r = (struct bounce_recipient){ .action = ACTION_DELAYED,
				       .reply = SPAN("450 4.2.0 Greylisted") };
	assert_decides(knowledge, rules, &r, "greylisted", "generic.grey");
}

/* The command that was answered narrows what "denied" means. */
static void test_command(void **state)
{
	struct bounce_recipient r = {
		.reply = SPAN("550 5.7.1 Access denied"), .command = SPAN("MAIL FROM"),
	};

	(void)state;
	assert_decides(knowledge, rules, &r, "sender_rejected", "weak.access_mail_from");
	r.command = SPAN("connect");
	assert_decides(knowledge, rules, &r, "blocklisted", "weak.access_connect");
	r.command = SPAN("end of DATA");
	assert_decides(knowledge, rules, &r, "policy", "weak.policy");
}

/* ---- threads ---- */

static void *judge_all(void *arg)
{
	(void)arg;
	for (int round = 0; round < 20; round++) {
		struct diagnosis d;

		judge(span_str("550 5.2.2 <a@example.com>: Mailbox full"), &d);
		if (strcmp(d.cause->id, "mailbox_full") != 0)
			return "full";
		judge(span_str("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked "
			       "using zen.spamhaus.org"), &d);
		if (strcmp(d.cause->id, "blocklisted") != 0)
			return "blocked";
	}
	return NULL;
}

/* JIT code is made at the first search: by any thread, by several at once. */
static void test_threads(void **state)
{
	struct rules *old = rules;
	struct error error;
	pthread_t threads[4];
	void *wrong;

	(void)state;
	rules = rules_new(knowledge, &error);
	assert_non_null(rules);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, judge_all, NULL), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	rules_free(rules);
	rules = old;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leftmost_then_first),
		cmocka_unit_test(test_starts_of_words),
		cmocka_unit_test(test_codes_narrow),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_beyond_ascii),
		cmocka_unit_test(test_broken_text),
		cmocka_unit_test(test_only_so_much_text),
		cmocka_unit_test(test_broken_patterns),
		cmocka_unit_test(test_providers),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_sieve_loses_nothing),
		cmocka_unit_test(test_sieve_holds_everything_back),
		cmocka_unit_test(test_hostile_lines),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_names_say_nothing),
		cmocka_unit_test(test_subjects_say_nothing),
		cmocka_unit_test(test_admin_first),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_reply_before_context),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
