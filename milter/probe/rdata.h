/* rdata.h - the data of one DNS record, from the wire.
 *
 * Pure. RFC 1035, 3.3; names are uncompressed, as resolvers hand them out. */
#ifndef WHYBOUNCE_PROBE_RDATA_H
#define WHYBOUNCE_PROBE_RDATA_H

#include "probe/dns.h"

/* -1 where the bytes are no such record, or the arena is full. */
int rdata_read(struct arena *arena, enum dns_type type, struct span wire,
	       struct dns_record *record_r);

#endif
