#include "probe/rdata.h"

#include <string.h>

/* The strings of a TXT record are one text (RFC 7208, 3.3; RFC 6376, 3.6.2.2). */
static int read_txt(struct arena *arena, struct span wire, struct span *data_r)
{
	char *text = arena_alloc(arena, wire.n);
	size_t n = 0;

	while (text != NULL && wire.n > 0) {
		size_t length = (unsigned char)wire.p[0];

		if (length >= wire.n)
			return -1;
		memcpy(text + n, wire.p + 1, length);
		n += length;
		wire = span_from(wire, 1 + length);
	}
	*data_r = (struct span){ text, n };
	return text != NULL ? 0 : -1;
}

static char letter(char c)
{
	return c > ' ' && c < 0x7f && c != '.' && c != '\\' ? ascii_lower(c) : '?';
}

static int read_name(struct arena *arena, struct span wire, struct span *data_r)
{
	char text[DNS_MAX_NAME + 3];
	size_t n = 0, at = 0, label;

	for (;; at += label) {
		if (at >= wire.n)
			return -1;
		label = (unsigned char)wire.p[at++];
		if (label == 0)
			break;
		if (label > 63 || label >= wire.n - at || n + label + 1 > DNS_MAX_NAME + 1)
			return -1;
		for (size_t i = 0; i < label; i++)
			text[n++] = letter(wire.p[at + i]);
		text[n++] = '.';
	}
	*data_r = arena_copy(arena, (struct span){ text, n > 0 ? n - 1 : 0 });
	return at == wire.n && data_r->p != NULL ? 0 : -1;
}

static int read_address(struct arena *arena, struct span wire, size_t n, struct span *data_r)
{
	*data_r = arena_copy(arena, wire);
	return wire.n == n && data_r->p != NULL ? 0 : -1;
}

int rdata_read(struct arena *arena, enum dns_type type, struct span wire,
	       struct dns_record *record_r)
{
	*record_r = (struct dns_record){ .preference = 0 };
	switch (type) {
	case DNS_A:
		return read_address(arena, wire, 4, &record_r->data);
	case DNS_AAAA:
		return read_address(arena, wire, 16, &record_r->data);
	case DNS_TXT:
		return read_txt(arena, wire, &record_r->data);
	case DNS_PTR:
		return read_name(arena, wire, &record_r->data);
	case DNS_MX:
		if (wire.n < 3)
			return -1;
		record_r->preference = (unsigned char)wire.p[0] * 256u + (unsigned char)wire.p[1];
		return read_name(arena, span_from(wire, 2), &record_r->data);
	}
	return -1;
}
