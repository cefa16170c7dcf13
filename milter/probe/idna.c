#include "probe/idna.h"

#include <string.h>

#include <idn2.h>

enum { UNICODE_MAX = 1024 };	/* bytes of a name before */

static bool is_ascii(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

struct span idna_ascii(struct span domain, char text[IDNA_MAX])
{
	struct span none = { NULL, 0 };
	uint8_t *ascii = NULL, unicode[UNICODE_MAX];
	size_t n;

	if (is_ascii(domain))
		return domain;
	if (domain.n >= sizeof(unicode) || memchr(domain.p, '\0', domain.n) != NULL)
		return none;
	memcpy(unicode, domain.p, domain.n);
	unicode[domain.n] = '\0';
	if (idn2_lookup_u8(unicode, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return none;
	n = strlen((const char *)ascii);
	if (n < IDNA_MAX)
		memcpy(text, ascii, n);
	idn2_free(ascii);
	return n < IDNA_MAX ? (struct span){ text, n } : none;
}
