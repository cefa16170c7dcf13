/* schema.h - the YAML of conf/knowledge, conf/languages and knowledge.d.
 *
 * One schema for all three: English and triggers, translations, overrides.
 * Every section and nearly every key is optional; an unknown key is an error.
 *
 *   language: {tag: de, name: Deutsch, direction: ltr, aliases: [de-DE, ger]}
 *   glossary:                      # for translators; checked, not used
 *     - {term: bounce, text: Unzustellbarkeitsnachricht}
 *   same_as_english: [labels.dns]  # strings that rightly equal the English one
 *   labels:
 *     - {id: what_happened, text: "What happened"}
 *   causes:
 *     - id: user_unknown
 *       who: sender                # English only: sender, sender_admin,
 *                                  # recipient, recipient_admin, nobody
 *       probes: [mx]               # English only
 *       title: "This address does not exist"
 *       happened: "…"
 *       when: "…"
 *       steps: ["…", "…"]
 *       admin: ["…"]
 *   replies:
 *     - code: "550"
 *       standard: RFC 5321, 4.2.3  # English only: the document, without words
 *       is_standard: yes           # English only
 *       cause: user_unknown        # English only
 *       related: ["551", "5.1.1"]  # English only
 *       name: "…"
 *       description: "…"
 *       when: "…"
 *       fix: "…"
 *   statuses:                      # as replies; code "X.1.1"
 *     - code: X.4.7
 *       classes:                   # where 2, 4 and 5 differ
 *         - {class: 4, cause: expired, name: "…", description: "…", when: "…", fix: "…"}
 *   classes:                       # what a first digit says, for unknown codes
 *     - {class: 5, name: "…", description: "…", when: "…", fix: "…"}
 *   subjects:                      # what X.n says, for unknown codes
 *     - {subject: 7, name: "…", description: "…", when: "…", fix: "…"}
 *   rules:                         # order counts at the same position
 *     - id: gmail.no_such_user
 *       provider: Gmail            # absent: a generic rule
 *       pattern: 'the email account that you tried to reach does not exist'
 *       patterns: ['…', '…']       # or several; any of them will do
 *       reply: "550"
 *       status: "5.1.1"
 *       cause: user_unknown
 *       who: sender
 *       help: https://support.google.com/mail/?p=NoSuchUser
 *       hint: "…"                  # a sentence that is true for this provider
 *       weak: yes                  # generic: a status that says more goes first;
 *                                  # last: any status does, but no reply code
 *   hints:                         # translations of the rules' hints; rules with
 *                                  # the same English hint share the translation
 *     - {id: gmail.no_such_user, text: "…"}
 *   findings:                      # what a check of the DNS can see
 *     - id: spf.fail               # the check, then what it saw
 *       level: problem             # English only: fine, note, problem
 *       explains: [auth_failure]   # English only: causes it can be the reason of
 *       contradicts: [auth_failure.spf]	# English only: causes it speaks against
 *       proves: null_mx            # English only: the cause, whatever the reply said
 *       instead_of: [host_unknown] # English only: where it said one of these
 *       found: "…"
 *       repair: "…"                # what to change, where that is ours
 *       step: "…"                  # first step of a sender, where it explains
 *       contradiction: "…"         # instead of found, where it contradicts
 */
#ifndef WHYBOUNCE_KNOW_SCHEMA_H
#define WHYBOUNCE_KNOW_SCHEMA_H

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"

enum { SCHEMA_MAX_SIZE = 4 * 1024 * 1024 };	/* bytes of one file */

/* One file as it was written: what is absent is NULL or 0. Private to know/. */
struct schema_texts {
	char **list;
	unsigned n;
};
struct schema_language {
	char *tag, *name, *direction;
	struct schema_texts aliases;
};
struct schema_label {		/* also a hint */
	char *id, *text;
};
struct schema_term {
	char *term, *text;
};
struct schema_cause {
	char *id, *who, *title, *happened, *when;
	struct schema_texts probes, steps, admin;
};
struct schema_words {
	char *name, *description, *when, *fix;
};
struct schema_class {
	unsigned class;
	char *cause;
	struct schema_words words;
};
struct schema_subject {
	unsigned subject;
	struct schema_words words;
};
struct schema_code {
	char *code, *standard, *cause;
	char *is_standard;	/* libcyaml would take any word for "yes" */
	struct schema_texts related;
	struct schema_words words;
	struct schema_class *classes;
	unsigned classes_n;
};
struct schema_rule {
	char *id, *provider, *pattern, *reply, *status, *cause, *who, *help, *hint;
	char *weak;
	struct schema_texts patterns;
};
struct schema_finding {
	char *id, *level, *proves, *found, *repair, *step, *contradiction;
	struct schema_texts explains, contradicts, instead_of;
};

struct schema {
	struct schema_language language;
	struct schema_term *glossary;
	struct schema_texts same_as_english;
	struct schema_label *labels, *hints;
	struct schema_cause *causes;
	struct schema_code *replies, *statuses;
	struct schema_class *classes;
	struct schema_subject *subjects;
	struct schema_rule *rules;
	struct schema_finding *findings;
	unsigned glossary_n, labels_n, hints_n, causes_n, replies_n, statuses_n,
		classes_n, subjects_n, rules_n, findings_n;
};

struct schema_file {
	char *path;
	char *bytes;		/* the file, for schema_line */
	size_t size;
	struct schema *schema;	/* never NULL */
};

/* Reads one file, without the sections in skip (ends with NULL) where they start
 * a line: what is not needed need not be parsed. Thread-safe. -1 with an error
 * that names file, line and key; *file_r is then NULL. */
int schema_load(const char *path, const char *const *skip,
		struct schema_file **file_r, struct error *error);
void schema_free(struct schema_file *file);	/* NULL is allowed */

/* A place in a file: causes, entry 3, list "steps", item 0; statuses, entry 7,
 * list "classes", item 1, key "name"; language, key "tag". */
struct schema_place {
	const char *section;
	size_t entry;
	const char *list;	/* inside the entry; or NULL */
	size_t item;
	const char *key;	/* or NULL */
};
/* The line (from 1) of a place; where it is not found, that of what should
 * hold it. Reads the file again: for messages, not for every entry. */
unsigned schema_line(const struct schema_file *file, const struct schema_place *place);
/* Lines of the n entries that a section has, in one pass. */
void schema_lines(const struct schema_file *file, const char *section,
		  unsigned *lines, size_t n);

#endif
