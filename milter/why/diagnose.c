#include "why/diagnose.h"

#include <stdio.h>
#include <string.h>

#include "mail/codes.h"
#include "mail/remark.h"
#include "why/reply.h"

/* What one recipient gives us to judge by. The words of the other server come
 * first, then what the reporting server says itself. */
struct evidence {
	const struct knowledge *knowledge;
	const struct rules *rules;	/* or NULL */
	enum dsn_action action;
	struct span code, status;
	struct span texts[2];
	struct rules_text sieved[2];
	char room[2][RULES_MAX_TEXT];
};

/* ---- evidence ---- */

static bool is_local_char(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr(".!#$%&*+-_~^=", c) != NULL);
}

/* Where the name before an @ starts: "a.b", or "\"a b\"" of at most 64 bytes. */
static size_t name_start(const char *text, size_t at)
{
	size_t i = at;

	if (at > 0 && text[at - 1] == '"') {
		for (i = at - 1; i > 0 && at - i < 66; i--)
			if (text[i - 1] == '"')
				return i - 1;
		return at;
	}
	while (i > 0 && is_local_char(text[i - 1]))
		i--;
	return i;
}

/* "<@example.com>": what stands before an @ is somebody's name, not the words of
 * the server, and "spam@" or "full@" tells nothing. */
static void drop_local_parts(char *text, size_t *n)
{
	size_t to = 0;

	if (memchr(text, '@', *n) == NULL)
		return;
	for (size_t i = 0; i < *n; i++) {
		if (text[i] == '@' && i + 1 < *n &&
		    (ascii_isalnum(text[i + 1]) || text[i + 1] == '['))
			to = name_start(text, to);
		text[to++] = text[i];
	}
	*n = to;
}

static bool hide_domain(char *text, size_t n)
{
	size_t i = 0;

	for (; i < n && (ascii_isalnum(text[i]) || text[i] == '.' || text[i] == '-'); i++)
		if (ascii_isalnum(text[i]))
			text[i] = 'x';
	return i != 0;
}

/* "<@xxxxx.xxx>": nor is the domain behind an @ the words of the server, and
 * people at dmarc.org get bounces, too. Rules of providers know some of them by it,
 * so they come first. */
static void hide_domains(struct evidence *e)
{
	for (size_t i = 0; i < 2; i++)
		for (size_t at = 0; at < e->texts[i].n; at++)
			if (e->room[i][at] == '@' &&
			    hide_domain(e->room[i] + at + 1, e->texts[i].n - at - 1))
				e->sieved[i].sieved = false;
}

/* "(in reply to RCPT TO command)" at the end, as Postfix writes it, so that a
 * pattern may ask for the command whatever the MTA. */
static void add_command(char *room, struct span *text, struct span command)
{
	static const char before[] = " (in reply to ", after[] = " command)";
	size_t n = sizeof(before) - 1 + command.n + sizeof(after) - 1;
	char *p = room + text->n;

	if (command.n == 0 || text->n == 0 || n > RULES_MAX_TEXT - text->n ||
	    span_ifind(*text, 0, "(in reply to ") != text->n)
		return;
	memcpy(p, before, sizeof(before) - 1);
	memcpy(p + sizeof(before) - 1, command.p, command.n);
	memcpy(p + sizeof(before) - 1 + command.n, after, sizeof(after) - 1);
	text->n += n;
}

/* What stands in the fields counts; where they are silent or vague, the words. */
static void add_codes(struct evidence *e, struct span code, struct span status)
{
	if (e->code.n == 0)
		e->code = code;
	if (status.n != 0 && status_is_vague(e->status))
		e->status = status;
}

/* Outside of a reply a number may be anything: only where codes stand. */
static void add_codes_among(struct evidence *e, struct span text)
{
	size_t at = e->code.n == 0 ? reply_find(text, 0) : text.n;

	add_codes(e, span_slice(text, at, at + 3),
		  status_is_vague(e->status) ? status_find(text) : (struct span){ NULL, 0 });
}

static void add_text(struct evidence *e, size_t i, struct span raw)
{
	struct reply reply;

	reply_parse_into(e->room[i], RULES_MAX_TEXT, raw, &reply);
	drop_local_parts(e->room[i], &reply.text.n);
	e->texts[i] = reply.text;
	if (i == 0)
		add_codes(e, reply.code, reply.status);
	else
		add_codes_among(e, raw);
}

/* What failed or waits has not arrived: a code of success beside it is the answer to
 * something else. */
static void drop_success(struct evidence *e)
{
	if (e->action != ACTION_FAILED && e->action != ACTION_DELAYED)
		return;
	if (e->code.n != 0 && e->code.p[0] == '2')
		e->code = (struct span){ NULL, 0 };
	if (e->status.n != 0 && e->status.p[0] == '2')
		e->status = (struct span){ NULL, 0 };
}

static void evidence_init(struct evidence *e, const struct knowledge *knowledge,
			  const struct rules *rules,
			  const struct bounce_recipient *recipient)
{
	e->knowledge = knowledge;
	e->rules = rules;
	e->action = recipient->action;
	e->code = recipient->reply_code;
	e->status = recipient->status;
	add_text(e, 0, recipient->reply);
	add_command(e->room[0], &e->texts[0], recipient->command);
	add_text(e, 1, recipient->context);
	drop_success(e);
	for (size_t i = 0; rules != NULL && i < 2; i++)
		rules_text_init(&e->sieved[i], e->texts[i]);
}

static void evidence_release(struct evidence *e)
{
	for (size_t i = 0; e->rules != NULL && i < 2; i++)
		rules_release(&e->sieved[i]);
}

/* ---- verdicts ---- */

static bool decide(const struct cause *cause, const struct rule *rule,
		   enum decided_by by, struct diagnosis *d)
{
	if (cause == NULL)
		return false;
	*d = (struct diagnosis){ .cause = cause, .who = cause->who, .by = by, .rule = rule };
	if (rule != NULL && rule->has_who)
		d->who = rule->who;
	return true;
}

static enum decided_by by_group(enum rule_group group)
{
	switch (group) {
	case RULE_ADMIN:
		return BY_ADMIN_RULE;
	case RULE_PROVIDER:
		return BY_PROVIDER_RULE;
	default:
		return BY_GENERIC_RULE;
	}
}

static bool by_rules(struct evidence *e, enum rule_group group, struct diagnosis *d)
{
	for (size_t i = 0; e->rules != NULL && i < 2; i++) {
		const struct rule *rule = rules_match(e->rules, group, &e->sieved[i],
						      e->code, e->status);

		if (rule != NULL)
			return decide(rule->cause, rule, by_group(group), d);
	}
	return false;
}

static const struct cause *status_cause(const struct knowledge *knowledge, struct span status)
{
	const struct code *code = knowledge_status(knowledge, status);
	size_t class = status.n != 0 ? (size_t)(status.p[0] - '0') : 0;

	if (code == NULL || class > 5)
		return NULL;
	return code->cause_by_class[class] != NULL ? code->cause_by_class[class] : code->cause;
}

static bool by_status(const struct evidence *e, struct diagnosis *d)
{
	return decide(status_cause(e->knowledge, e->status), NULL, BY_STATUS, d);
}

/* "5.0.0" is often nobody's word, but what a program fills the field with. */
static bool by_telling_status(const struct evidence *e, struct diagnosis *d)
{
	return by_status(e, d) && strcmp(d->cause->id, "unknown") != 0;
}

/* x.7.1 is what servers send for want of something better. */
static bool by_specific_status(const struct evidence *e, struct diagnosis *d)
{
	if (e->status.n < 5 || span_has_suffix(e->status, ".0") ||
	    span_is(span_from(e->status, 1), ".7.1"))
		return false;
	return by_telling_status(e, d);
}

static bool by_reply_code(const struct evidence *e, struct diagnosis *d)
{
	const struct code *code = knowledge_reply(e->knowledge, e->code);

	return decide(code != NULL ? code->cause : NULL, NULL, BY_REPLY_CODE, d);
}

/* "5.7.777" is not registered; "X.7.0" tells what 5.7 is about. */
static bool by_class(const struct evidence *e, struct diagnosis *d)
{
	struct span rest = span_from(e->status, 2);
	size_t subject = span_find_byte(rest, 0, '.');
	char general[8];

	if (subject == rest.n || subject > 3)
		return false;
	snprintf(general, sizeof(general), "%c.%.*s.0", e->status.p[0], (int)subject, rest.p);
	return decide(status_cause(e->knowledge, span_str(general)), NULL, BY_CLASS, d);
}

/* 550 stands with anything; that it is about security (RFC 3463, 3.8), only with that. */
static bool by_security(const struct evidence *e, struct diagnosis *d)
{
	return span_has_prefix(span_from(e->status, 1), ".7.") && by_class(e, d);
}

static bool by_action(const struct evidence *e, struct diagnosis *d)
{
	static const struct { enum dsn_action action; const char *cause; } rows[] = {
		{ ACTION_DELIVERED, "delivered" },
		{ ACTION_RELAYED, "delivered.relayed" },
		{ ACTION_EXPANDED, "delivered.expanded" },
		{ ACTION_DELAYED, "expired.delayed" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (e->action == rows[i].action)
			return decide(knowledge_cause(e->knowledge, span_str(rows[i].cause)),
				      NULL, BY_ACTION, d);
	return false;
}

static bool is_success(enum dsn_action action)
{
	return action == ACTION_DELIVERED || action == ACTION_RELAYED ||
		action == ACTION_EXPANDED;
}

static void by_nothing(const struct evidence *e, struct diagnosis *d)
{
	static const struct cause unknown = {
		.id = "unknown", .family = &unknown, .who = WHO_SENDER_ADMIN,
	};
	const struct cause *cause = knowledge_cause(e->knowledge, SPAN("unknown"));

	decide(cause != NULL ? cause : &unknown, NULL, BY_NOTHING, d);
}

/* Codes that say "something went wrong" do not outweigh that it is a delay. */
static bool by_codes(struct evidence *e, struct diagnosis *d)
{
	return by_telling_status(e, d) ||
		(e->action == ACTION_DELAYED && by_action(e, d)) ||
		by_rules(e, RULE_LAST, d) || by_security(e, d) || by_reply_code(e, d) ||
		by_class(e, d) || by_status(e, d);
}

static bool by_evidence(struct evidence *e, struct diagnosis *d)
{
	if ((is_success(e->action) && by_action(e, d)) ||
	    by_rules(e, RULE_ADMIN, d) || by_rules(e, RULE_PROVIDER, d))
		return true;
	hide_domains(e);
	return by_rules(e, RULE_GENERIC, d) || by_specific_status(e, d) ||
		by_rules(e, RULE_WEAK, d) || by_codes(e, d);
}

/* What failed for good is not tried again, whatever its last reason was, and is no
 * delay, even where its status is that of one. */
static void settle_failure(const struct evidence *e, struct diagnosis *d)
{
	if (e->action != ACTION_FAILED)
		return;
	if (strcmp(d->cause->id, "expired.delayed") == 0) {
		d->cause = d->cause->family;
		d->who = d->cause->who;
	}
	if (d->who == WHO_NOBODY)
		d->who = WHO_SENDER_ADMIN;
}

static void judge(struct evidence *e, struct diagnosis *d)
{
	if (!by_evidence(e, d))
		by_nothing(e, d);
	settle_failure(e, d);
}

void diagnose(const struct knowledge *knowledge, const struct rules *rules,
	      const struct bounce *bounce,
	      const struct bounce_recipient *recipient,
	      struct diagnosis *diagnosis_r)
{
	struct evidence e;

	(void)bounce;
	evidence_init(&e, knowledge, rules, recipient);
	judge(&e, diagnosis_r);
	evidence_release(&e);
}

void diagnose_reply(struct arena *arena, const struct knowledge *knowledge,
		    const struct rules *rules, struct span line,
		    struct diagnosis *diagnosis_r)
{
	struct bounce_recipient recipient = { .recipient = { NULL, 0 } };

	if (reply_code_length(line) != 0)
		recipient.reply = line;
	else
		remark_read(arena, line, &recipient);
	diagnose(knowledge, rules, NULL, &recipient, diagnosis_r);
}

/* ---- why ---- */

struct verdicts {
	struct diagnosis *list;
	size_t n, size;
};

static void add_verdict(struct verdicts *v, const struct diagnosis *d)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->list[i].by == d->by && v->list[i].rule == d->rule)
			return;
	if (v->n < v->size)
		v->list[v->n++] = *d;
}

static void add_rules(struct verdicts *v, const struct evidence *e, enum rule_group group)
{
	const struct rule *found[DIAGNOSE_MAX_WHY];
	struct diagnosis d;

	for (size_t t = 0; e->rules != NULL && t < 2; t++) {
		size_t n = rules_list(e->rules, group, e->texts[t], e->code, e->status,
				      found, DIAGNOSE_MAX_WHY);

		for (size_t i = 0; i < n; i++)
			if (decide(found[i]->cause, found[i], by_group(group), &d))
				add_verdict(v, &d);
	}
}

size_t diagnose_why(const struct knowledge *knowledge, const struct rules *rules,
		    const struct bounce *bounce,
		    const struct bounce_recipient *recipient,
		    struct diagnosis *list, size_t size)
{
	static bool (*const codes[])(const struct evidence *, struct diagnosis *) = {
		by_status, by_reply_code, by_class, by_action,
	};
	struct verdicts v = { list, 0, size };
	struct evidence e;
	struct diagnosis d;

	diagnose(knowledge, rules, bounce, recipient, &d);
	add_verdict(&v, &d);
	evidence_init(&e, knowledge, rules, recipient);
	for (enum rule_group group = 0; group < RULE_GROUPS; group++) {
		if (group == RULE_GENERIC)
			hide_domains(&e);
		add_rules(&v, &e, group);
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (codes[i](&e, &d))
			add_verdict(&v, &d);
	evidence_release(&e);
	return v.n;
}

const char *diagnosis_rule_name(const struct diagnosis *diagnosis,
				const struct bounce_recipient *recipient,
				char *text, size_t size)
{
	struct evidence e;

	evidence_init(&e, NULL, NULL, recipient);
	if (diagnosis->rule != NULL)
		snprintf(text, size, "%s", diagnosis->rule->id);
	else if (diagnosis->by == BY_STATUS)
		snprintf(text, size, "status %.*s", SPAN_FMT(e.status));
	else if (diagnosis->by == BY_REPLY_CODE)
		snprintf(text, size, "reply %.*s", SPAN_FMT(e.code));
	else if (diagnosis->by == BY_CLASS)
		snprintf(text, size, "class %.*s",
			 SPAN_FMT(span_slice(e.status, 0, 2 + span_find_byte(span_from(e.status, 2), 0, '.'))));
	else
		snprintf(text, size, "%s", diagnosis->by == BY_ACTION ? "action" : "");
	return text;
}
