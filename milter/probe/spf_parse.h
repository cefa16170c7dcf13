/* spf_parse.h - the grammar of SPF records. RFC 7208, sections 4.5, 7.1, 12.
 *
 * Pure; allocates nothing: a record is read term by term, as often as needed.
 * Macros are only checked here; spf_macro.h expands them. */
#ifndef WHYBOUNCE_PROBE_SPF_PARSE_H
#define WHYBOUNCE_PROBE_SPF_PARSE_H

#include "probe/address.h"
#include "probe/spf.h"

enum spf_kind {
	SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS,
	SPF_REDIRECT, SPF_EXP, SPF_OTHER_MODIFIER,
};

struct spf_term {
	struct span text;
	enum spf_kind kind;
	char qualifier;		/* '+', '-', '~', '?'; '\0': a modifier */
	struct span domain;	/* domain-spec; empty: the current domain */
	struct ip net;		/* ip4, ip6 */
	unsigned prefix4, prefix6;
	enum spf_fault fault;	/* else: of the above only text, and what was read */
};

bool spf_is_record(struct span text);
/* What stands behind "v=spf1" of a record. */
struct span spf_terms(struct span record);
/* The next term off *rest; false at the end. */
bool spf_next_term(struct span *rest, struct spf_term *term_r);
void spf_term_parse(struct span text, struct spf_term *term_r);
/* Without "+", "-", "~" or "?" in front. */
struct span spf_unqualified(struct span term);
/* The term asks the DNS, which RFC 7208, 4.6.4 counts. */
bool spf_term_asks(const struct spf_term *term);

/* A modifier that has the name of a mechanism or one like "ip", or is a second
 * "v=spf1". */
bool spf_term_is_mistaken(const struct spf_term *term);

/* Which macro letters and literal characters a text may hold. */
enum spf_text { SPF_TEXT_DOMAIN, SPF_TEXT_MODIFIER, SPF_TEXT_EXPLANATION };

struct spf_piece {
	struct span literal;	/* of a macro: empty */
	char letter;		/* of a macro, in lower case; else '\0' */
	bool escape;		/* it was in upper case */
	bool reverse;
	unsigned keep;		/* labels from the right; 0: all */
	struct span delimiters;	/* empty: "." */
};

/* 1: a piece; 0: the end; -1: a macro that is malformed or not allowed here. */
int spf_next_piece(struct span *rest, enum spf_text where, struct spf_piece *piece_r);
/* Does a macro ask for the name of the client's address (%{p})? */
bool spf_text_asks(struct span text);

#endif
