/* placeholders.h - the {names} a text may have, as sets of bits. Private to know/. */
#ifndef WHYBOUNCE_KNOW_PLACEHOLDERS_H
#define WHYBOUNCE_KNOW_PLACEHOLDERS_H

#include "base/span.h"

#define PLACEHOLDERS_ALL (~0U)	/* every name there is */

/* The placeholders of a text. -1 where it has a brace that belongs to no known
 * one: bad_r is then that piece of it. */
int placeholders_of(const char *text, unsigned *set_r, struct span *bad_r);
/* "{n}, {recipient}", or "none". Returns text. */
const char *placeholders_list(unsigned set, char *text, size_t size);

#endif
