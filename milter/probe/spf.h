/* spf.h - does a domain's SPF record allow an address? RFC 7208.
 *
 * Grammar, limits and walk are ours; libspf2 keeps the request and gives macros
 * their values behind a guard (spf_macro.h). The result says why: which mechanism
 * decided, in which record, reached how.
 *
 * Memory: spans are the arena's of the struct dns, or of the DNS' answers in it.
 * Fails: never; what could not be found out is SPF_TEMPERROR with a reason.
 * Limits: those of RFC 7208, 4.6.4, and the queries of the struct dns, of which
 * the counting for advice leaves SPF_KEEP_QUERIES to others. */
#ifndef WHYBOUNCE_PROBE_SPF_H
#define WHYBOUNCE_PROBE_SPF_H

#include "probe/address.h"
#include "probe/dns.h"

enum {
	SPF_MAX_LOOKUPS = 10,	/* RFC 7208, 4.6.4 */
	SPF_MAX_VOID = 2,
	SPF_MAX_MX = 10,	/* hosts of one mx */
	SPF_MAX_PTR = 10,	/* names of an address that are looked at */
	SPF_MAX_EXPLANATION = 1024,
	SPF_MAX_COSTS = 40,	/* rows; more terms count, without a row */
	SPF_KEEP_QUERIES = 16,
};

enum spf_result_code {
	SPF_NONE, SPF_NEUTRAL, SPF_PASS, SPF_FAIL, SPF_SOFTFAIL,
	SPF_TEMPERROR, SPF_PERMERROR,
};
const char *spf_result_name(enum spf_result_code code);	/* RFC 7208, 2.6 */

/* What exactly is wrong with a record or the DNS. */
enum spf_problem {
	SPF_FINE,
	SPF_BAD_DOMAIN,		/* none: no name that can be asked for */
	SPF_NO_DOMAIN,		/* none: the domain does not exist (NXDOMAIN) */
	SPF_NO_RECORD,		/* none; likely: what was meant to be one, set right */
	SPF_TWO_RECORDS,	/* 4.5; likely: one that says what two say */
	SPF_SYNTAX,		/* term, fault and position: what and where */
	SPF_TOO_MANY_LOOKUPS,	/* lookups: how many there would be */
	SPF_TOO_MANY_VOID,
	SPF_TOO_MANY_MX,	/* term: the mx with more than 10 hosts */
	SPF_INCLUDE_NONE,	/* term: the include of a domain without a record */
	SPF_REDIRECT_NONE,
	SPF_DNS,		/* reason: of the DNS */
};

/* What is wrong with one term. */
enum spf_fault {
	SPF_FAULT_NONE,
	SPF_FAULT_CHARACTER,	/* not printable ASCII */
	SPF_FAULT_MECHANISM,	/* no such mechanism */
	SPF_FAULT_MISSING,	/* a value has to follow */
	SPF_FAULT_EXTRA,	/* "all" takes no value */
	SPF_FAULT_ADDRESS,
	SPF_FAULT_PREFIX,	/* /33, /032 */
	SPF_FAULT_DOMAIN,
	SPF_FAULT_MACRO,
	SPF_FAULT_TWICE,	/* a second redirect= or exp= */
};
const char *spf_fault_name(enum spf_fault fault);	/* "prefix"; "" for none */

/* What one include, redirect, a, mx, … of the top record costs. */
struct spf_cost {
	struct span term;	/* "include:_spf.example.com" */
	unsigned lookups;	/* all below it too */
	unsigned voids;		/* counted where voids are the problem */
};

struct spf_result {
	enum spf_result_code code;
	enum spf_problem problem;
	struct span record;	/* the domain's own record, as published; empty: none */
	struct span domain;	/* whose record held the term that decided or is wrong */
	struct span term;	/* that term as written: "-all", "ip4:1.2.3.4/032";
				 * empty: the record ended, or was not to be had */
	struct span path;	/* "example.org > include:_spf.example.com": how that
				 * record was reached */
	struct span via;	/* the term of the own record that leads there; empty: it
				 * is the own record */
	enum spf_fault fault;	/* SPF_SYNTAX */
	size_t position;	/* SPF_SYNTAX: offset of the term in its record */
	struct span likely;	/* SPF_SYNTAX: what was probably meant by the term (it may
				 * be several), or empty. SPF_NO_RECORD, SPF_TWO_RECORDS of
				 * the own domain: a record, or empty. */
	struct span ignored;	/* of the own record: a modifier that was probably meant
				 * as a mechanism, "include=example.net"; or empty */
	struct span unreached;	/* of the own record: the first mechanism behind "all", or
				 * a redirect beside it, which nobody reads; or empty */
	struct span ptr;	/* of the own record: its first "ptr", which 5.5 advises
				 * against, unless nobody reads it; or empty */
	const char *reason;	/* SPF_DNS: "timeout", … */
	struct span explanation;	/* exp=, expanded; empty: none. Their words:
					 * printable ASCII. */
	unsigned lookups, voids;	/* of the evaluation; counted: of the record */
	bool counted;		/* count_all saw the whole record with its includes */
	struct span loop;	/* the term of the own record that leads back to a record
				 * above it; or empty */
	struct spf_cost *costs;	/* in the order of the record */
	size_t costs_n;
	bool allows_all;	/* "+all": everybody passes */
};

struct spf_request {
	struct ip ip;		/* bits 0: none; then only none, temperror and permerror
				 * mean something */
	struct span sender;	/* MAIL FROM; empty: postmaster@helo (2.4) */
	struct span helo;	/* empty: "unknown" in macros */
	struct span receiver;	/* %{r}; empty: "unknown" */
	bool explain;		/* look exp= up */
	bool count_all;		/* count what the whole record costs, for advice */
};

void spf_check(struct dns *dns, const struct spf_request *request,
	       struct spf_result *result_r);

/* A record that would be right, for advice: the terms (one, or several with spaces
 * between them) put in before the first one that does not allow, so that nothing
 * decides before they do, or ends the record ("all", else "redirect="); a whole new
 * record, ending in "~all", where there is none. Terms the record has already are
 * left out; where it has all of them it comes back as it is. Where one of them stands
 * so that it does not help ("-ip4:", "ip4=", behind "all"), that goes. record may be
 * empty. */
struct span spf_with_term(struct arena *arena, struct span record, struct span terms);
/* One record that allows whatever two allow; of their ends the one that refuses less.
 * Empty where that is not so simple. */
struct span spf_joined(struct arena *arena, struct span first, struct span second);
/* The record that a text was meant to be ("v=spf 1 mx", with quotes around it, …).
 * Empty: it is one, or was meant to be none, or nobody can tell. */
struct span spf_meant(struct arena *arena, struct span text);
/* What a term with a fault was probably meant to be: "ipv4:192.0.2.1" was
 * "ip4:192.0.2.1". Empty: no idea. */
struct span spf_likely_term(struct arena *arena, struct span term);

#endif
