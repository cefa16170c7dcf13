/* subject.h - what of a bounce there is to check: whose mail it was, from which
 * address it left, what came back of it.
 *
 * Pure. Which addresses are ours is the configuration's word; what a reply or a
 * foreign server names is kept apart and never leads to a repair: a hostile server
 * could dictate it. Private and reserved addresses are left out. */
#ifndef WHYBOUNCE_PROBE_SUBJECT_H
#define WHYBOUNCE_PROBE_SUBJECT_H

#include "mail/bounce.h"
#include "probe/address.h"

enum {
	SUBJECT_MAX_ADDRESSES = 4,
	SUBJECT_MAX_DOMAINS = 4,	/* of recipients */
};

/* What is ours, by configuration. The strings are the caller's. */
struct house {
	const char *const *domains;
	size_t domains_n;
	const char *const *addresses;	/* our mail leaves from */
	size_t addresses_n;
	const char *authserv_id;	/* whose Authentication-Results to believe */
	bool signs_all;			/* all our mail is DKIM-signed */
};
bool house_has(const struct house *house, struct span domain);
/* It is one of the domains, or below one. */
bool house_has_host(const struct house *house, struct span host);

/* Results that our own server wrote into the message when it came in. RFC 8601;
 * lower case; empty: not stated. */
struct reported {
	struct span spf, dkim, dmarc;
	struct span spf_domain, dmarc_domain;
};

struct subject {
	struct span sender;		/* envelope sender of the message; may be empty */
	struct span sender_domain, author_domain;	/* author: the From field's */
	bool sender_is_ours, author_is_ours;
	struct ip addresses[SUBJECT_MAX_ADDRESSES];	/* ours, that it may have left from */
	size_t addresses_n;
	bool left_out;			/* there are more of ours than these */
	bool shown;			/* the mail shows that it left from these; else any of
					 * the house's may have been it */
	bool inbound;			/* the bounce came in over SMTP: anybody may have written
					 * it, and what it returns */
	struct ip named;		/* not ours: somebody else says it sent */
	bool named_by_trace;		/* by the Received field of who wrote the bounce, else by
					 * a reply */
	struct span forwarder;		/* the recipient's server that passed it on to another
					 * system, and then wrote the bounce; empty: none */
	struct span message, body;	/* as returned; body lies in message */
	bool has_message, has_body;
	bool whole;			/* its header is whole, as far as one can see */
	const struct bounce_recipient *recipients;	/* with their replies; may be NULL */
	size_t recipients_n;
	struct span domains[SUBJECT_MAX_DOMAINS];	/* of recipients it failed for; in
							 * Unicode where they are written so */
	size_t domains_n;
	struct reported reported;
};

/* rcpt: whom the bounce is for; may be empty. inbound: it came in over SMTP, so
 * that nothing but the house itself is believed. */
void subject_read(struct arena *arena, const struct house *house,
		  const struct bounce *bounce, struct span rcpt, bool inbound,
		  struct subject *subject_r);

/* Did somebody else send this with an address of ours? Only for an inbound bounce
 * whose returned header is whole, with signs_all: no signature of ours or of a domain
 * below, no Received of our addresses. A signature that is there, valid or not, means
 * no claim. */
bool subject_is_forged(struct arena *arena, const struct house *house,
		       const struct bounce *bounce);

/* Pure: the results of the topmost field of the house's authserv-id, unless it stands
 * below where the message was still in other hands. */
void reported_read(struct arena *arena, const struct headers *headers,
		   const struct house *house, struct reported *reported_r);

/* The server that took the message and wrote this Received field; empty where it does
 * not say. Pure. */
struct span received_by(struct span received);

/* "example.org" of "a@example.org", lower case and in A-labels; empty where there is
 * none. */
struct span address_domain(struct arena *arena, struct span address);

#endif
