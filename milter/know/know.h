/* know.h - everything whybounce knows, loaded from YAML once, then read only.
 *
 * English and the triggers lie in conf/knowledge, translations with the
 * same ids in conf/languages/<tag>.yaml, overrides of an admin in knowledge.d.
 * All three have one schema (know/schema.h). What a language does not say falls
 * back at load time, string by string: a detail ("auth_failure.spf") to its
 * family ("auth_failure"), a class of a status to its general text, then the
 * same in English. So no accessor returns NULL or an empty text where English
 * has one; where not even English has one, texts are "" and lists empty, never
 * NULL. Placeholders ({recipient}) are checked at load.
 *
 * A struct knowledge is immutable after loading and shared by all threads. */
#ifndef WHYBOUNCE_KNOW_KNOW_H
#define WHYBOUNCE_KNOW_KNOW_H

#include "base/error.h"
#include "base/span.h"

enum who {
	WHO_SENDER, WHO_SENDER_ADMIN, WHO_RECIPIENT, WHO_RECIPIENT_ADMIN,
	WHO_NOBODY,		/* it is being retried, or there is nothing to fix */
};
const char *who_name(enum who who);	/* "sender", "sender_admin", … */

/* Words of the layout: one row each in labels.def, LABEL_WHAT_HAPPENED etc. */
enum label {
#define LABEL(symbol, id) LABEL_##symbol,
#include "know/labels.def"
#undef LABEL
	LABEL_COUNT
};

/* A list of strings. */
struct texts {
	const char *const *list;
	size_t n;
};

/* Why a message bounced. Immutable facts here, words in struct cause_text. */
struct cause {
	const char *id;		/* "auth_failure.spf" */
	size_t index;		/* into the languages' tables */
	const struct cause *family;	/* "auth_failure"; itself for a family */
	enum who who;
	struct texts probes;	/* names of checks that can tell more: "spf", "mx" */
};
struct cause_text {
	const char *title;	/* heading of its block: "This address does not exist" */
	const char *happened;	/* one or two plain sentences for the sender */
	const char *when;	/* when you see it (reference) */
	struct texts steps;	/* for the sender */
	struct texts admin;	/* for whoever runs the mail system */
};

/* A reply code ("550") or an enhanced status code ("X.1.1"). */
struct code {
	const char *code;	/* "550"; "X.1.1" */
	size_t index;
	const char *standard;	/* the document: "RFC 5321, 4.2.3", the same in every
				 * language; "" where there is none */
	bool is_standard;	/* defined by an RFC or the IANA registry; if not, the
				 * document is a draft that expired */
	const struct cause *cause;	/* what it tells where nothing else does; or NULL */
	const struct cause *cause_by_class[6];	/* statuses: [2], [4], [5]; or NULL */
	struct texts related;
};
struct code_text {
	const char *name, *description, *when, *fix;	/* never NULL */
};

/* Trigger rule: text of a reply -> cause. Patterns are compiled in why/rules.h. */
enum rule_group {
	RULE_ADMIN, RULE_PROVIDER, RULE_GENERIC,
	RULE_WEAK,		/* generic text that a specific status outweighs */
	RULE_LAST,		/* generic text that any status outweighs, no reply code */
	RULE_GROUPS,
};
struct rule {
	const char *id;		/* "gmail.no_such_user" */
	size_t index;
	enum rule_group group;
	const char *provider;	/* "Gmail"; NULL in a generic rule */
	struct texts patterns;	/* PCRE2, caseless, matched against the reply on one
				 * line; one at the least, any of them will do */
	const char *reply;	/* only with this reply code ("550", "5"), or NULL */
	const char *status;	/* only with this status ("5.7.1", "5.7"), or NULL */
	const struct cause *cause;
	bool has_who;
	enum who who;		/* overrides the cause's */
	const char *help;	/* the provider's own page, or NULL */
	bool has_hint;		/* a hint text exists */
	const char *file;	/* where it was read, for errors */
	unsigned line;
};

/* What a check of the DNS can see. Facts here, words in struct finding_text. */
enum level {
	LEVEL_FINE,		/* in order */
	LEVEL_NOTE,		/* worth knowing; nothing is broken */
	LEVEL_PROBLEM,
};
struct finding_kind {
	const char *id;		/* "spf.fail": the check, a dot, what it saw */
	size_t index;
	enum level level;
	struct texts explains, contradicts;	/* ids of causes; a family means all
						 * of its details */
	const struct cause *proves;	/* the cause, where a reply told one of instead_of;
					 * or NULL */
	struct texts instead_of;
};
struct finding_text {
	const char *found;	/* a sentence */
	const char *repair;	/* what to change, for whoever runs it; "": nothing */
	const char *step;	/* for the sender, where it explains the bounce; or "" */
	const char *contradiction;	/* instead of found, where it contradicts; or "" */
};

struct language;
struct knowledge;

/* dir: holds knowledge/ and languages/. overrides: a directory of *.yaml files,
 * or NULL; one that does not exist is no error. tags: languages to load besides
 * English; NULL loads all that are installed. One that no file answers to is no
 * error here: knowledge_language says so, and knowledge_installed what there is.
 *
 * Overrides are read in the order of their names. `language: {tag: de}` says
 * which language a file changes (absent: English). They can change every text,
 * who, probes and causes of what is there, and add rules; a rule with the id of
 * a shipped one replaces the keys it gives and counts as an admin's.
 *
 * Errors name file, line and key ("…/causes.yaml:12: causes.moved.who: …").
 * Returns NULL on failure. */
struct knowledge *knowledge_load(const char *dir, const char *overrides,
				 const char *const *tags, size_t tags_n,
				 struct error *error);
/* The same, or without rules, their hints and findings: a reference of codes and
 * causes needs none, and they take half of the time. */
enum knowledge_parts { KNOWLEDGE_ALL, KNOWLEDGE_WORDS };
struct knowledge *knowledge_load_parts(const char *dir, const char *overrides,
				       const char *const *tags, size_t tags_n,
				       enum knowledge_parts parts, struct error *error);
void knowledge_free(struct knowledge *knowledge);

/* Facts. NULL where there is none of that name. */
const struct cause *knowledge_cause(const struct knowledge *k, struct span id);
const struct code *knowledge_reply(const struct knowledge *k, struct span code);
/* "5.1.1", "X.1.1" or "1.1". */
const struct code *knowledge_status(const struct knowledge *k, struct span code);
/* Walk all of them: i from 0 until NULL. */
const struct cause *knowledge_cause_at(const struct knowledge *k, size_t i);
const struct code *knowledge_reply_at(const struct knowledge *k, size_t i);
const struct code *knowledge_status_at(const struct knowledge *k, size_t i);
const struct rule *knowledge_rule_at(const struct knowledge *k, size_t i);

const struct finding_kind *knowledge_finding(const struct knowledge *k, struct span id);
const struct finding_kind *knowledge_finding_at(const struct knowledge *k, size_t i);
/* Is the cause, or its family, one of those? */
bool cause_is_listed(const struct cause *cause, struct texts ids);

/* Languages that are loaded, English first; i from 0 until NULL. */
const struct language *knowledge_language_at(const struct knowledge *k, size_t i);
/* RFC 4647 lookup ("de-AT" finds de, aliases of the language file count);
 * NULL where none fits. */
const struct language *knowledge_language(const struct knowledge *k,
					  struct span tag);
/* Tags that are installed in dir, loaded or not, "en" first; for messages.
 * The list is owned by the knowledge. */
struct texts knowledge_installed(const struct knowledge *k);

const char *language_tag(const struct language *language);
const char *language_name(const struct language *language);	/* its own: "Deutsch" */
bool language_is_rtl(const struct language *language);
const char *language_label(const struct language *language, enum label label);
const struct cause_text *language_cause(const struct language *language,
					const struct cause *cause);
const struct code_text *language_reply(const struct language *language,
				       const struct code *reply);
/* class: 2, 4 or 5; anything else gives the general text. fix of replies and
 * statuses is "" where that of their cause is meant. */
const struct code_text *language_status(const struct language *language,
					const struct code *status, int class);
/* Codes that are in no table: what the first digit or the class says ("5",
 * "5.7"), RFC 5321 4.2.1 and RFC 3463 section 2 and 3; NULL for nonsense. */
const struct code_text *language_class(const struct language *language, int class);
const struct code_text *language_subject(const struct language *language, int subject);
const struct finding_text *language_finding(const struct language *language,
					    const struct finding_kind *kind);
const char *language_hint(const struct language *language,
			  const struct rule *rule);	/* NULL where it has none */

#endif
