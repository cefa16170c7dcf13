/* layout.h - what text.c, html.c and the JSON of an explanation have in common:
 * the same facts in the same order. Private to say/. */
#ifndef WHYBOUNCE_SAY_LAYOUT_H
#define WHYBOUNCE_SAY_LAYOUT_H

#include "say/explain.h"

enum {
	LAYOUT_MAX_NAMES = 10,		/* recipients that one block names */
	LAYOUT_MAX_FACTS = 12,
	LAYOUT_MAX_REPLY = 4096,	/* bytes of a reply that are quoted */
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
/* Templates: what happened, one or two paragraphs. */
size_t block_happened(const struct explanation *e, const struct explain_block *block,
		      const char *templates[3]);
struct texts block_steps(const struct explanation *e, const struct explain_block *block,
			 const char *room[3]);
bool block_is_trouble(const struct explain_block *block);
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
