/* dkim_field.h - a DKIM-Signature field, read strictly. RFC 6376, 3.5.
 *
 * Pure but for memory. What passes here is safe to hand to libopendkim, which
 * reads past the end of some malformed i=, takes the last of two tags, and cuts
 * long lists in silence. */
#ifndef WHYBOUNCE_PROBE_DKIM_FIELD_H
#define WHYBOUNCE_PROBE_DKIM_FIELD_H

#include "mail/header.h"
#include "probe/dkim.h"

enum {
	DKIM_MAX_FIELD = 16 * 1024,	/* octets of the whole field */
	DKIM_MAX_NAMES = 4000,		/* of h=, without white space */
};

struct dkim_field {
	enum dkim_problem problem;	/* FINE, BROKEN_SIGNATURE, UNSUPPORTED */
	const char *reason;		/* the tag at fault, "syntax"; or NULL */
	struct span domain, selector;	/* as far as they could be read */
	const char *algorithm;
	struct span names;		/* h=, raw; taglist_next_word takes them */
	bool below;			/* the domain of i= is below d= */
};

void dkim_field_parse(struct arena *arena, const struct header *header,
		      struct dkim_field *field_r);

#endif
