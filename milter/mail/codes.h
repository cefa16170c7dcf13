/* codes.h - SMTP reply codes and enhanced status codes in text.
 *
 * Pure; allocates nothing. RFC 5321 4.2.1, RFC 2034, RFC 3463. */
#ifndef WHYBOUNCE_MAIL_CODES_H
#define WHYBOUNCE_MAIL_CODES_H

#include "base/span.h"

/* "5.1.1" at the start of s: its length, else 0. Class 2, 4 or 5; subject and
 * detail of 1 to 3 digits (RFC 3463, 2); not followed by a digit or ".digit". */
size_t status_length(struct span s);
/* A three-digit reply code, 200 to 599, at the start of s, not part of a longer
 * number, version or address: 3, else 0. */
size_t reply_code_length(struct span s);
/* Empty, "x.0.0" or "x.0": tells no more than its class. */
bool status_is_vague(struct span status);

/* Where a failing reply (4xx, 5xx) starts in text: the offset of its code, or
 * text.n. A number counts only where replies stand: at the start of a line
 * (behind "<<<", "Out:", quotes), behind ':', "said", "code", …, or before an
 * enhanced status. */
size_t reply_find(struct span text, size_t from);
/* The first enhanced status of class 4 or 5 that stands where codes do (in text that
 * starts with a reply code, anywhere); the first that says more than its class
 * where there is one. Empty: none. */
struct span status_find(struct span text);

#endif
