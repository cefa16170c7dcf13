/* wire.h - what a worker tells the front, as bytes.
 *
 * The front trusts none of it: wire_read checks every length and limit, and
 * edits_valid (mail/edits.h) checks what the edits would do. Numbers are in the
 * machine's own byte order: both ends are one program. */
#ifndef WHYBOUNCE_DAEMON_WIRE_H
#define WHYBOUNCE_DAEMON_WIRE_H

#include "base/buf.h"
#include "core/enrich.h"

enum { WIRE_MAX = 256 * 1024 };		/* bytes of one result */

/* Fails only through out->failed. */
void wire_write(struct buf *out, const struct enrich_result *result);

/* The spans of the result point into bytes. -1 where they are not what
 * wire_write wrote, or the edits are not ones that we could have made to a body
 * of body_length bytes. */
int wire_read(struct span bytes, size_t body_length, struct enrich_result *result_r);

#endif
