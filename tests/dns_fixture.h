/* dns_fixture.h - a test that asks a table of DNS records: memory, table, struct dns.
 *
 * FIXTURE_TEST in the list of tests gives each its own; USE names its rows. */
#ifndef WHYBOUNCE_TESTS_DNS_FIXTURE_H
#define WHYBOUNCE_TESTS_DNS_FIXTURE_H

#include "dns_table.h"
#include "probe/address.h"
#include "support.h"

#define ROW(owner, kind, text) { .name = owner, .type = DNS_##kind, .data = text }
#define FAULT(owner, why) { .name = owner, .type = DNS_ANY, .fault = why }
#define USE(rows) fixture_use((rows), sizeof(rows) / sizeof(*(rows)))
#define FIXTURE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

extern struct arena fixture_arena;
extern struct dns_table fixture_table;
extern struct dns fixture_dns;	/* asks the table */

int fixture_set_up(void **state);
int fixture_tear_down(void **state);
void fixture_use(const struct dns_row *rows, size_t n);

struct ip fixture_ip(const char *text);
void assert_text(const char *text, const char *wanted);	/* both may be NULL */

#endif
