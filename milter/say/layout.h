/* layout.h - what text.c, html.c and the JSON of an explanation have in common:
 * the same facts in the same order. Private to say/. */
#ifndef WHYBOUNCE_SAY_LAYOUT_H
#define WHYBOUNCE_SAY_LAYOUT_H

#include "say/explain.h"

enum {
	LAYOUT_MAX_NAMES = 10,		/* recipients that one block names */
	LAYOUT_MAX_FACTS = 12,
	LAYOUT_MAX_REPLY = 4096,	/* bytes of a reply that are quoted */
	LAYOUT_MAX_STEPS = 16,
	LAYOUT_MAX_HAPPENED = 5,
};

/* A template with what fills it. */
struct step {
	const char *template;
	const struct values *values;
};

/* "Subject: …": a label and a value that is not ours. */
struct fact {
	enum label label;
	struct span value;
	const char *note;	/* our own words behind it ("Bad mailbox"), or NULL */
};

/* The address the sender wrote to. */
struct span block_address(const struct bounce_recipient *recipient);
/* What can be said about the returned message: subject, date. */
size_t message_facts(const struct explanation *e, struct fact *facts);
/* For administrators: codes, servers, dates. knowledge names the codes. */
size_t block_facts(const struct explanation *e, const struct explain_block *block,
		   struct fact *facts);
/* Templates: what happened, a paragraph each; at last, that a check finds it in
 * order now. */
size_t block_happened(struct arena *arena, const struct explanation *e,
		      const struct explain_block *block,
		      const char *templates[LAYOUT_MAX_HAPPENED]);
/* What the sender can do; what a finding makes of it comes first, and is all where
 * an administrator has to make a repair that was found. */
size_t block_steps(struct arena *arena, const struct explanation *e,
		   const struct explain_block *block, struct step steps[LAYOUT_MAX_STEPS]);

/* One check, ready to be laid out. The templates take its values. */
struct check_line {
	const struct finding *finding;
	enum level level;
	const char *found;
	const char *repair;	/* "": none that this reader could make */
	struct values values;
};
/* Those that concern this block, problems first; without a block (NULL) all, as
 * they come. The list is the arena's. */
size_t block_checks(struct arena *arena, const struct explanation *e,
		    const struct explain_block *block, struct check_line **lines_r);

bool block_is_trouble(const struct explain_block *block);
/* The provider's hint for whom it is: the sender, below his steps, or an
 * administrator, above the rest of his; NULL: it is for the other one, or none. */
const char *block_hint(const struct explain_block *block, bool for_admins);
const char *block_who(const struct explanation *e, const struct explain_block *block);
enum label who_label(enum who who);
/* One or two words for what became of it: "Not delivered". */
enum label action_label(enum dsn_action action);
/* How far it came, per hop. */
enum label block_hop_state(const struct explain_block *block, enum hop hop);
enum label hop_label(enum hop hop);
/* The words quoted: the reply, or what the mail system said itself. */
struct span block_quote(const struct explain_block *block, enum label *label_r);
/* HELP_URL/LANGUAGE/cause/ID.html, or NULL where help_url is not set. */
const char *block_help(struct arena *arena, const struct explanation *e,
		       const struct explain_block *block);

#endif
