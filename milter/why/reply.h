/* reply.h - take an SMTP reply apart: code, enhanced status, words.
 *
 * Pure. RFC 5321 4.2, RFC 2034 and 3463. Knows how replies are mangled on the
 * way into bounces: flattened multi-line replies, "#5.1.1", "550-5.7.26 …". */
#ifndef WHYBOUNCE_WHY_REPLY_H
#define WHYBOUNCE_WHY_REPLY_H

#include "base/arena.h"
#include "base/span.h"

struct reply {
	struct span code;	/* "550" or empty */
	struct span status;	/* "5.1.1" or empty */
	struct span text;	/* the words, codes of every line removed, one line */
};

void reply_parse(struct arena *arena, struct span raw, struct reply *reply_r);

/* "5.1.1" at the start of s: its length, else 0. Class 2, 4 or 5; subject and
 * detail of 1 to 3 digits (RFC 3463, 2); not followed by a digit or ".digit". */
size_t status_length(struct span s);
/* A three-digit reply code, 200 to 599, at the start of s, not part of a longer
 * number, version or address: 3, else 0. */
size_t reply_code_length(struct span s);

#endif
