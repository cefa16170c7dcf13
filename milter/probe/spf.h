/* spf.h - does a domain's SPF record allow an address? RFC 7208.
 *
 * Grammar, limits and walk are ours; libspf2 expands macros behind a guard. The
 * result says why: which mechanism decided, in which record, reached how. */
#ifndef WHYBOUNCE_PROBE_SPF_H
#define WHYBOUNCE_PROBE_SPF_H

#include "probe/address.h"
#include "probe/dns.h"

enum {
	SPF_MAX_LOOKUPS = 10,	/* RFC 7208, 4.6.4 */
	SPF_MAX_VOID = 2,
	SPF_MAX_RECORD = 2000,	/* octets; longer: permerror */
	SPF_MAX_INCLUDES = 40,	/* rows of costs */
};

enum spf_result_code {
	SPF_NONE, SPF_NEUTRAL, SPF_PASS, SPF_FAIL, SPF_SOFTFAIL,
	SPF_TEMPERROR, SPF_PERMERROR,
};
const char *spf_result_name(enum spf_result_code code);	/* RFC 7208, 2.6 */

/* What exactly is wrong with a record or the DNS. */
enum spf_problem {
	SPF_FINE,
	SPF_NO_RECORD,
	SPF_TWO_RECORDS,	/* 4.5 */
	SPF_SYNTAX,		/* term: where */
	SPF_TOO_MANY_LOOKUPS,	/* lookups: how many there would be */
	SPF_TOO_MANY_VOID,
	SPF_INCLUDE_NONE,	/* include of a domain without a record: term */
	SPF_REDIRECT_NONE,
	SPF_DNS,		/* reason: of the DNS */
	SPF_TOO_LARGE,
};

/* What one include, redirect, a, mx, … of the top record costs. */
struct spf_cost {
	struct span term;	/* "include:_spf.example.com" */
	unsigned lookups;	/* all below it too */
	unsigned voids;
};

struct spf_result {
	enum spf_result_code code;
	enum spf_problem problem;
	struct span record;	/* the domain's own record, as published; empty: none */
	struct span domain;	/* whose record held the term that decided or is wrong */
	struct span term;	/* that term as written: "-all", "ip4:1.2.3.4/032";
				 * empty: the record ended */
	struct span path;	/* "example.org > include:_spf.example.com": how it
				 * was reached */
	const char *reason;	/* SPF_DNS: "timeout", … */
	struct span explanation;	/* exp=, expanded; empty: none. Their words. */
	unsigned lookups, voids;
	struct spf_cost *costs;	/* in the order of the record */
	size_t costs_n;
	bool allows_all;	/* "+all": everybody passes */
};

struct spf_request {
	struct ip ip;
	struct span sender;	/* MAIL FROM; empty: postmaster@helo (2.4) */
	struct span helo;
	struct span receiver;	/* %{r}; empty: "unknown" */
	bool explain;		/* look exp= up */
	bool count_all;		/* go on after the match, to fill costs for advice
				 * (within the query budget) */
};

void spf_check(struct dns *dns, const struct spf_request *request,
	       struct spf_result *result_r);

/* A record that would be right, for advice: the term put in before the
 * mechanism that ends the record ("all"), or a whole new record where there is
 * none. record may be empty. */
struct span spf_with_term(struct arena *arena, struct span record, struct span term);

#endif
