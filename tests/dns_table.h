/* dns_table.h - a DNS that answers from a test's own table.
 *
 * Thread-safe. A name without a row, and above none, does not exist; a name
 * above others exists without data. A CNAME is followed. */
#ifndef WHYBOUNCE_TESTS_DNS_TABLE_H
#define WHYBOUNCE_TESTS_DNS_TABLE_H

#include <stdatomic.h>

#include "probe/dns.h"

enum {
	DNS_CNAME = 5, DNS_SOA = 6, DNS_RRSIG = 46, DNS_DNSKEY = 48,
	DNS_ANY = 255,		/* a row with a fault: whatever is asked */
};

struct dns_row {
	const char *name;	/* lower case, no last dot */
	int type;		/* enum dns_type, or one of the above */
	const char *data;	/* TXT: the text. A, AAAA: "192.0.2.1". MX:
				 * "10 mx.example.org", "0 .". PTR, CNAME: a name.
				 * Others (of dns_server.h alone): hexadecimal. */
	size_t data_n;		/* TXT that holds a NUL: its octets; 0: up to the NUL */
	const char *fault;	/* instead of data: DNS_TEMPORARY with this reason */
	unsigned delay_ms;	/* before it answers; past the deadline: timeout */
};

struct dns_table {
	struct dns_source source;
	const struct dns_row *rows;
	size_t n;
	bool secure;			/* answers are said to be validated */
	atomic_uint queries, begun;
};

void dns_table_init(struct dns_table *table, const struct dns_row *rows, size_t n);

#define DNS_TABLE(table, rows) \
	dns_table_init((table), (rows), sizeof(rows) / sizeof(*(rows)))

#endif
