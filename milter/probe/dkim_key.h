/* dkim_key.h - the record that publishes a DKIM key. RFC 6376 3.6.1, 8301, 8463. */
#ifndef WHYBOUNCE_PROBE_DKIM_KEY_H
#define WHYBOUNCE_PROBE_DKIM_KEY_H

#include "probe/dkim.h"

enum {
	DKIM_MIN_BITS = 1024,		/* RFC 8301, 3.2 */
	DKIM_MAX_KEY_TEXT = 1000,	/* base64 that libopendkim has room for: RSA of
					 * 5800 bits */
};

/* Pure but for memory. base64_r becomes the text of p= without white space, empty
 * unless the problem is FINE or KEY_SHORT. */
void dkim_key_parse(struct arena *arena, struct span record,
		    struct dkim_key *key_r, struct span *base64_r);

/* dkim_key() with the key itself. */
void dkim_key_find(struct dns *dns, struct span domain, struct span selector,
		   struct dkim_key *key_r, struct span *base64_r);
/* Begin to ask for it. */
void dkim_key_begin(struct dns *dns, struct span domain, struct span selector);

#endif
