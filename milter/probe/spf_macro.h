/* spf_macro.h - what the macros of an SPF record stand for. RFC 7208, section 7.
 *
 * The only door to libspf2, which keeps the request and gives the letters their
 * values. It never sees a record: what it reads is "%{l}" with one known letter,
 * names of at most DNS_MAX_NAME octets and printable ASCII. The transformers (its
 * own split wrongly) and the limits are ours. */
#ifndef WHYBOUNCE_PROBE_SPF_MACRO_H
#define WHYBOUNCE_PROBE_SPF_MACRO_H

#include "probe/spf_parse.h"

struct spf_macros;

struct spf_who {
	struct ip ip;
	struct span local, domain;	/* of the sender */
	struct span helo, receiver;
};

/* NULL: out of memory. */
struct spf_macros *spf_macros_new(const struct spf_who *who);
void spf_macros_free(struct spf_macros *macros);

/* The text with %{d} for current and %{p} for client. -1: malformed, longer than
 * limit, or out of memory. macros is needed only where text holds a "%{". */
int spf_macros_expand(struct spf_macros *macros, struct arena *arena, struct span text,
		      enum spf_text where, struct span current, struct span client,
		      size_t limit, struct span *out_r);

#endif
