/* spf_walk.h - what evaluating a record and counting its cost have in common.
 * Inside spf only. */
#ifndef WHYBOUNCE_PROBE_SPF_WALK_H
#define WHYBOUNCE_PROBE_SPF_WALK_H

#include "probe/spf_macro.h"

/* A record that is being read, and how it was reached. The arena's. */
struct spf_frame {
	const struct spf_frame *above;	/* NULL: the sender's domain */
	struct span via;		/* the term above that led here */
	struct span domain;
};

struct spf_walk {
	struct dns *dns;
	struct spf_result *result;
	struct spf_who who;
	struct spf_macros *macros;	/* made when the first macro is met */
	unsigned lookups, voids;
	/* where the decision, or what prevents it, was met */
	const struct spf_frame *frame;
	struct span term;
	/* what explains a fail, set by the record that ends the walk */
	struct span exp, exp_domain;
};

/* NULL: out of memory. */
struct spf_frame *spf_frame_new(struct spf_walk *walk, const struct spf_frame *above,
				struct span via, struct span domain);
/* SPF_TEMPERROR, with its reason in walk->result. */
enum spf_result_code spf_dns_problem(struct spf_walk *walk, const char *reason);
/* The one record of a domain, which a record above leads to (NULL: none); SPF_PASS:
 * *record_r is it. Else the result and, in walk->result, the problem. */
enum spf_result_code spf_find_record(struct spf_walk *walk, const struct spf_frame *above,
				     struct span domain, struct span *record_r);

/* The names of the client's address, at most SPF_MAX_PTR. */
void spf_ask_names(struct spf_walk *walk, struct dns_answer *answer_r);
/* A name of the address leads back to it (5.5). */
bool spf_is_validated(struct spf_walk *walk, struct span name);

int spf_expand(struct spf_walk *walk, struct span text, enum spf_text where,
	       struct span current, size_t limit, struct span *out_r);
/* The name a term asks for, empty where it is none that can be asked for. */
struct span spf_target(struct spf_walk *walk, const struct spf_frame *frame,
		       struct span domain_spec);

/* Fill costs, and replace lookups by those of the whole record. */
void spf_count(struct spf_walk *walk, struct span domain);

#endif
