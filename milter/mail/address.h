/* address.h - mail addresses in running text.
 *
 * Pure; allocates nothing. RFC 5321, 4.1.2, and 8-bit letters (RFC 6531). In
 * brackets everything up to '>' counts; outside of them an address ends where
 * a script without spaces (Japanese, Chinese, …) begins. */
#ifndef WHYBOUNCE_MAIL_ADDRESS_H
#define WHYBOUNCE_MAIL_ADDRESS_H

#include "base/span.h"

enum { ADDRESS_MAX = 320 };	/* 64 + "@" + 255, RFC 5321, 4.5.3.1 */

/* The next address at or after from; *end_r becomes the offset behind it (and
 * behind its '>'). Empty where there is none. */
struct span address_find(struct span text, size_t from, size_t *end_r);

/* What stands behind the last '@'; empty where there is none. */
struct span address_host(struct span address);
/* Local parts that stand for a role and not for a reader: postmaster, support. */
bool address_is_role(struct span address);
/* The same address: domain and, as every system of today reads it, local part
 * without regard to case. */
bool address_eq(struct span a, struct span b);

#endif
