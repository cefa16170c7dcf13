/* idna.h - domain names in Unicode, as the DNS has them.
 *
 * RFC 5891 and UTS 46 without its transitional forms, which is what RFC 8616 asks of
 * SPF, DKIM and DMARC. Pure; the only file that knows libidn2. */
#ifndef WHYBOUNCE_PROBE_IDNA_H
#define WHYBOUNCE_PROBE_IDNA_H

#include "base/span.h"

enum { IDNA_MAX = 254 };	/* a name and its NUL */

/* The A-labels of a domain, in text; what is ASCII comes back as it is, the same
 * bytes. Empty: it is no domain. */
struct span idna_ascii(struct span domain, char text[IDNA_MAX]);

#endif
