/* diagnose.h: which piece of evidence decides, on knowledge made for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "knowledge_files.h"
#include "support.h"
#include "why/diagnose.h"

#define CAUSE(id, who) "  - {id: " id ", who: " who ", title: T}\n"

static const struct knowledge_file files[] = {
	{ "knowledge/causes.yaml", "causes:\n"
	  CAUSE("user_unknown", "sender") CAUSE("mailbox_full", "recipient") CAUSE("spam", "sender_admin")
	  CAUSE("policy", "recipient_admin") CAUSE("greylisted", "nobody") CAUSE("security", "sender_admin")
	  CAUSE("unknown", "sender_admin") CAUSE("delivered", "nobody") CAUSE("delivered.relayed", "nobody")
	  CAUSE("delivered.expanded", "nobody") CAUSE("expired", "recipient_admin") CAUSE("expired.delayed", "nobody")
	  CAUSE("moved", "recipient") CAUSE("network", "nobody") },
	{ "knowledge/codes.yaml", "replies:\n"
	  "  - {code: \"550\", cause: user_unknown, name: N}\n  - {code: \"552\", cause: mailbox_full, name: N}\n"
	  "  - {code: \"451\", cause: network, name: N}\n  - {code: \"554\", name: N}\n"
	  "statuses:\n"
	  "  - {code: X.1.1, cause: user_unknown, name: N}\n  - {code: X.2.2, cause: mailbox_full, name: N}\n"
	  "  - {code: X.7.0, cause: security, name: N}\n  - {code: X.7.1, cause: policy, name: N}\n"
	  "  - {code: X.3.0, name: N}\n  - {code: X.1.6, cause: unknown, name: N}\n"
	  "  - code: X.4.7\n    name: N\n    classes:\n"
	  "      - {class: 4, cause: greylisted}\n      - {class: 5, cause: expired}\n" },
	{ "knowledge/rules.yaml", "rules:\n"
	  "  - {id: generic.full, pattern: 'over quota', cause: mailbox_full}\n"
	  "  - {id: generic.grey, pattern: 'greylisted', cause: greylisted}\n"
	  "  - {id: weak.spam, pattern: 'spam', cause: spam, weak: yes}\n"
	  "  - {id: last.odd, pattern: 'odd', cause: policy, weak: last}\n"
	  "  - {id: gmail.moved, provider: Gmail, pattern: 'over quota at gmail', cause: moved, who: sender}\n"
	  "  - {id: gmail.mailonly, provider: Gmail, pattern: 'sender .*in reply to mail from', cause: policy}\n"
	  "  - {id: gmail.narrow, provider: Gmail, pattern: 'narrow', reply: \"550\", status: 5.7.26, cause: security}\n"
	  "  - {id: gmail.domain, provider: Gmail, pattern: '@spam\\.example', cause: moved}\n" },
	{ "knowledge.d/mine.yaml", "rules:\n"
	  "  - {id: mine.vip, pattern: 'at gmail for vip', cause: spam}\n" },
	{ NULL, NULL },
};

static struct knowledge *knowledge;
static struct rules *rules;
static struct arena arena;

static int load(void **state)
{
	char *directory = knowledge_files_write(files);
	char overrides[600];
	struct error error;

	(void)state;
	snprintf(overrides, sizeof(overrides), "%s/knowledge.d", directory);
	knowledge = knowledge_load(directory, overrides, NULL, 0, &error);
	rules = knowledge != NULL ? rules_new(knowledge, &error) : NULL;
	if (rules == NULL)
		print_message("%s\n", error.text);
	remove_tree(directory);
	arena_init(&arena, 1 << 20);
	return rules != NULL ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	rules_free(rules);
	knowledge_free(knowledge);
	arena_release(&arena);
	return 0;
}

struct row {
	enum dsn_action action;
	const char *code, *status, *reply, *context, *command;
	const char *cause, *rule;
};

static struct bounce_recipient recipient_of(const struct row *row)
{
	return (struct bounce_recipient){
		.action = row->action, .reply_code = span_str(row->code), .status = span_str(row->status),
		.reply = span_str(row->reply), .context = span_str(row->context), .command = span_str(row->command),
	};
}

static struct diagnosis check(const struct row *row)
{
	struct bounce_recipient r = recipient_of(row);
	struct diagnosis d;
	char name[64];

	diagnose(knowledge, rules, NULL, &r, &d);
	diagnosis_rule_name(&d, &r, name, sizeof(name));
	if (strcmp(d.cause->id, row->cause) != 0 || strcmp(name, row->rule) != 0)
		fail_msg("\"%s\" %s %s: %s by \"%s\", not %s by \"%s\"", row->reply, row->code, row->status,
			 d.cause->id, name, row->cause, row->rule);
	assert_int_equal(d.rule != NULL, d.by <= BY_GENERIC_RULE);
	return d;
}

/* From the strongest to the weakest, each without the ones above it. */
static void test_precedence(void **state)
{
	static const struct row rows[] = {
		{ ACTION_FAILED, "550", "5.1.1", "550 5.1.1 over quota at gmail for vip spam", "", "", "spam", "mine.vip" },
		{ ACTION_FAILED, "550", "5.1.1", "550 5.1.1 over quota at gmail spam", "", "", "moved", "gmail.moved" },
		{ ACTION_FAILED, "550", "5.1.1", "550 5.1.1 over quota spam", "", "", "mailbox_full", "generic.full" },
		{ ACTION_FAILED, "550", "5.1.1", "550 5.1.1 spam", "", "", "user_unknown", "status 5.1.1" },
		{ ACTION_FAILED, "550", "5.7.1", "550 5.7.1 spam", "", "", "spam", "weak.spam" },
		{ ACTION_FAILED, "550", "5.7.1", "550 5.7.1 no", "", "", "policy", "status 5.7.1" },
		{ ACTION_FAILED, "550", "5.1.6", "550 5.1.6 spam", "", "", "spam", "weak.spam" },
		{ ACTION_FAILED, "552", "5.9.9", "552 5.9.9 no", "", "", "mailbox_full", "reply 552" },
		{ ACTION_FAILED, "554", "5.7.999", "554 5.7.999 no", "", "", "security", "class 5.7" },
		{ ACTION_FAILED, "552", "5.7.999", "552 5.7.999 no", "", "", "security", "class 5.7" },
		{ ACTION_FAILED, "554", "5.3.99", "554 5.3.99 no", "", "", "unknown", "" },
		{ ACTION_FAILED, "554", "", "554 no", "", "", "unknown", "" },
		{ ACTION_FAILED, "", "", "", "", "", "unknown", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

static void test_where_evidence_stands(void **state)
{
	static const struct row rows[] = {
		/* the field is vague, the reply is exact */
		{ ACTION_FAILED, "", "5.0.0", "550 5.2.2 no", "", "", "mailbox_full", "status 5.2.2" },
		{ ACTION_FAILED, "", "", "550 5.2.2 no", "", "", "mailbox_full", "status 5.2.2" },
		{ ACTION_FAILED, "", "5.1.1", "550 5.2.2 no", "", "", "user_unknown", "status 5.1.1" },
		{ ACTION_FAILED, "552", "5.0.0", "550 no", "", "", "mailbox_full", "reply 552" },
		/* a last word: after the status, unless that says nothing; before the reply code */
		{ ACTION_FAILED, "550", "", "550 odd", "", "", "policy", "last.odd" },
		{ ACTION_FAILED, "550", "5.1.6", "550 5.1.6 odd", "", "", "policy", "last.odd" },
		{ ACTION_FAILED, "550", "5.1.1", "550 5.1.1 odd", "", "", "user_unknown", "status 5.1.1" },
		{ ACTION_FAILED, "550", "", "550 odd spam", "", "", "spam", "weak.spam" },
		{ ACTION_FAILED, "552", "5.1.6", "552 no", "", "", "mailbox_full", "reply 552" },
		{ ACTION_FAILED, "554", "5.1.6", "554 no", "", "", "unknown", "status 5.1.6" },
		/* what the reporting server says, where the other one is silent */
		{ ACTION_FAILED, "", "", "", "over quota", "", "mailbox_full", "generic.full" },
		{ ACTION_FAILED, "", "", "", "550 5.2.2 no", "", "mailbox_full", "status 5.2.2" },
		{ ACTION_FAILED, "", "", "550 greylisted", "over quota", "", "greylisted", "generic.grey" },
		/* a failure is no success, whatever code stands with it */
		{ ACTION_FAILED, "250", "2.0.0", "250 2.0.0 ok", "", "", "unknown", "" },
		{ ACTION_FAILED, "552", "2.0.0", "552 no", "", "", "mailbox_full", "reply 552" },
		{ ACTION_DELAYED, "250", "2.0.0", "250 2.0.0 ok", "", "", "expired.delayed", "action" },
		/* where no codes stand */
		{ ACTION_FAILED, "", "", "", "see section 5.2.2, invoice: 552", "", "unknown", "" },
		/* a stronger group first, wherever it stands */
		{ ACTION_FAILED, "", "", "550 greylisted", "over quota at gmail", "", "moved", "gmail.moved" },
		/* the command is part of the words */
		{ ACTION_FAILED, "550", "", "550 sender no", "", "MAIL FROM", "policy", "gmail.mailonly" },
		{ ACTION_FAILED, "550", "", "550 sender no", "", "RCPT TO", "user_unknown", "reply 550" },
		{ ACTION_FAILED, "550", "", "550 sender no (in reply to MAIL FROM command)", "", "", "policy", "gmail.mailonly" },
		/* names in addresses are no words, unless a provider is known by them */
		{ ACTION_FAILED, "550", "", "550 <greylisted@a.example> no", "", "", "user_unknown", "reply 550" },
		{ ACTION_FAILED, "550", "", "550 <a@mx.greylisted.example>: no", "", "", "user_unknown", "reply 550" },
		{ ACTION_FAILED, "550", "", "550 a@greylisted.example over quota", "", "", "mailbox_full", "generic.full" },
		{ ACTION_FAILED, "550", "", "550 no", "<a@greylisted>", "", "user_unknown", "reply 550" },
		{ ACTION_FAILED, "550", "", "550 <a@spam.example> greylisted", "", "", "moved", "gmail.domain" },
		{ ACTION_FAILED, "550", "", "550 @ greylisted", "", "", "greylisted", "generic.grey" },
		/* rules that ask for codes */
		{ ACTION_FAILED, "550", "5.7.26", "550 5.7.26 narrow", "", "", "security", "gmail.narrow" },
		{ ACTION_FAILED, "554", "5.7.26", "554 5.7.26 narrow", "", "", "security", "class 5.7" },
		/* by class of the status */
		{ ACTION_FAILED, "", "4.4.7", "", "", "", "greylisted", "status 4.4.7" },
		{ ACTION_FAILED, "", "5.4.7", "", "", "", "expired", "status 5.4.7" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

/* What arrived is no failure, whatever is said; a delay counts for itself where
 * nothing better is known. */
static void test_actions(void **state)
{
	static const struct row rows[] = {
		{ ACTION_DELIVERED, "550", "5.1.1", "550 5.1.1 spam", "", "", "delivered", "action" },
		{ ACTION_RELAYED, "250", "2.0.0", "250 over quota", "", "", "delivered.relayed", "action" },
		{ ACTION_EXPANDED, "", "2.0.0", "", "", "", "delivered.expanded", "action" },
		{ ACTION_DELAYED, "", "4.0.0", "", "", "", "expired.delayed", "action" },
		{ ACTION_DELAYED, "451", "4.0.0", "451 no", "", "", "expired.delayed", "action" },
		{ ACTION_DELAYED, "451", "4.2.2", "451 4.2.2 no", "", "", "mailbox_full", "status 4.2.2" },
		{ ACTION_DELAYED, "451", "", "451 greylisted", "", "", "greylisted", "generic.grey" },
		{ ACTION_NONE, "451", "", "451 no", "", "", "network", "reply 451" },
		{ ACTION_UNKNOWN, "550", "", "550 no", "", "", "user_unknown", "reply 550" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

static void test_who(void **state)
{
	static const struct row rows[] = {
		{ ACTION_FAILED, "", "5.2.2", "", "", "", "mailbox_full", "status 5.2.2" },
		{ ACTION_FAILED, "", "", "550 over quota at gmail", "", "", "moved", "gmail.moved" },
		{ ACTION_DELAYED, "", "", "451 greylisted", "", "", "greylisted", "generic.grey" },
		{ ACTION_FAILED, "", "", "451 greylisted", "", "", "greylisted", "generic.grey" },
		{ ACTION_DELIVERED, "", "2.0.0", "", "", "", "delivered", "action" },
	};
	static const enum who wanted[] = {
		WHO_RECIPIENT, WHO_SENDER, WHO_NOBODY, WHO_SENDER_ADMIN, WHO_NOBODY,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(check(&rows[i]).who, wanted[i]);
}

static void test_without_rules(void **state)
{
	struct bounce_recipient r = { .action = ACTION_FAILED, .reply = SPAN("552 5.1.1 over quota") };
	struct diagnosis d;

	(void)state;
	diagnose(knowledge, NULL, NULL, &r, &d);
	assert_string_equal(d.cause->id, "user_unknown");
	assert_int_equal(d.by, BY_STATUS);
	assert_null(d.rule);
}

static void test_bare_replies(void **state)
{
	static const struct { const char *line, *cause; } rows[] = {
		{ "550 5.2.2 no", "mailbox_full" }, { "552-5.9.9 a\\n552 b", "mailbox_full" },
		{ "host mx.example said: 550 5.2.2 no", "mailbox_full" }, { "over quota", "mailbox_full" },
		{ "", "unknown" }, { "hello", "unknown" }, { "\xff\xfe", "unknown" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct diagnosis d;

		diagnose_reply(&arena, knowledge, rules, span_str(rows[i].line), &d);
		assert_string_equal(d.cause->id, rows[i].cause);
	}
}

/* The decision first, then everything else that would have been one. */
static void test_why(void **state)
{
	static const char *const wanted[] = {
		"mine.vip", "gmail.moved", "generic.full", "weak.spam", "status 5.1.1", "reply 550",
	};
	struct bounce_recipient r = {
		.action = ACTION_FAILED, .reply = SPAN("550 5.1.1 over quota at gmail for vip spam"),
	};
	struct diagnosis list[DIAGNOSE_MAX_WHY];
	size_t n = diagnose_why(knowledge, rules, NULL, &r, list, DIAGNOSE_MAX_WHY);

	(void)state;
	assert_int_equal(n, 6);
	for (size_t i = 0; i < n; i++) {
		char name[64];

		assert_string_equal(diagnosis_rule_name(&list[i], &r, name, sizeof(name)), wanted[i]);
	}
	assert_int_equal(diagnose_why(knowledge, rules, NULL, &r, list, 2), 2);
	assert_int_equal(diagnose_why(knowledge, rules, NULL, &r, list, 0), 0);
	r.action = ACTION_DELIVERED;
	n = diagnose_why(knowledge, rules, NULL, &r, list, DIAGNOSE_MAX_WHY);
	assert_int_equal(list[0].by, BY_ACTION);
	assert_int_equal(n, 7);
	r = (struct bounce_recipient){ .reply = SPAN("552 over quota <a@greylisted.spam.example>") };
	assert_int_equal(diagnose_why(knowledge, rules, NULL, &r, list, DIAGNOSE_MAX_WHY), 2);
	r.reply = SPAN("552 over quota <a@spam.example>");
	assert_int_equal(diagnose_why(knowledge, rules, NULL, &r, list, DIAGNOSE_MAX_WHY), 3);
}

/* The first of it says who decides who can fix it, too. */
static void test_why_agrees(void **state)
{
	struct bounce_recipient r = { .action = ACTION_FAILED, .reply = SPAN("451 greylisted") };
	struct diagnosis list[DIAGNOSE_MAX_WHY], d;

	(void)state;
	diagnose(knowledge, rules, NULL, &r, &d);
	assert_true(diagnose_why(knowledge, rules, NULL, &r, list, DIAGNOSE_MAX_WHY) > 0);
	assert_ptr_equal(list[0].cause, d.cause);
	assert_int_equal(list[0].who, d.who);
}

/* Knowledge without any cause: nothing falls over. */
static void test_no_causes(void **state)
{
	static const struct knowledge_file none[] = {
		{ "knowledge/codes.yaml", "replies:\n  - {code: \"550\", name: N}\n" }, { NULL, NULL },
	};
	struct knowledge *k = knowledge_files_good(none);
	struct bounce_recipient r = { .action = ACTION_FAILED, .reply = SPAN("550 5.1.1 no") };
	struct diagnosis d;

	(void)state;
	diagnose(k, NULL, NULL, &r, &d);
	assert_string_equal(d.cause->id, "unknown");
	assert_int_equal(d.by, BY_NOTHING);
	r.action = ACTION_DELIVERED;
	diagnose(k, NULL, NULL, &r, &d);
	assert_string_equal(d.cause->id, "unknown");
	knowledge_free(k);
}

static void test_noise(void **state)
{
	static const char *const pieces[] = {
		"550", " ", "-", "5.1.1", "5.", ".", "over quota", "spam", "\n", "\xff", "(in reply to ", "4", "greylisted",
		":", "said", "#", "\0x",
	};
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		struct buf text[3];
		struct diagnosis list[DIAGNOSE_MAX_WHY], d;
		struct bounce_recipient r;
		char name[16];

		for (size_t t = 0; t < 3; t++) {
			buf_init(&text[t], &arena, 10000);
			for (uint32_t n = noise(&seed) % 12; n > 0; n--)
				buf_adds(&text[t], pieces[noise(&seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
		}
		r = (struct bounce_recipient){
			.action = (enum dsn_action)(noise(&seed) % 7), .reply = buf_span(&text[0]),
			.context = buf_span(&text[1]), .status = buf_span(&text[2]),
		};
		diagnose(knowledge, rules, NULL, &r, &d);
		assert_non_null(d.cause);
		diagnosis_rule_name(&d, &r, name, sizeof(name));
		if (round % 20 == 0)
			assert_true(diagnose_why(knowledge, rules, NULL, &r, list, DIAGNOSE_MAX_WHY) > 0);
		arena_clear(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_where_evidence_stands),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_without_rules),
		cmocka_unit_test(test_bare_replies),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_why_agrees),
		cmocka_unit_test(test_no_causes),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
