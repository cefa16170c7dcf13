/* What comes from the wire and what becomes a name: the first byte chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/address.h"
#include "probe/idna.h"
#include "probe/rdata.h"

static void must(bool right)
{
	if (!right)
		abort();
}

static void read_record(struct arena *arena, enum dns_type type, struct span wire)
{
	struct dns_record record;

	if (rdata_read(arena, type, wire, &record) != 0)
		return;
	must(record.data.n <= wire.n);
	if (type != DNS_PTR && type != DNS_MX)
		return;
	/* the root has no text, and every other name is one that can be asked for */
	must(record.data.n == 0 || dns_name_is_valid(record.data));
	for (size_t i = 0; i < record.data.n; i++)
		must(record.data.p[i] > ' ' && record.data.p[i] < 0x7f);
}

static void query(void *context, struct arena *arena, const char *name,
		  enum dns_type type, int64_t deadline_ms, struct dns_answer *answer_r)
{
	(void)context, (void)arena, (void)type, (void)deadline_ms;
	must(dns_name_is_valid(span_str(name)) && name[strlen(name) - 1] != '.');
	for (; *name != '\0'; name++)
		must((unsigned char)*name < 0x80 && *name == ascii_lower(*name));
	*answer_r = (struct dns_answer){ .status = DNS_NO_NAME };
}

static void ask(struct arena *arena, struct span name)
{
	static const struct dns_source source = { query, NULL, NULL };
	struct dns_answer answer;
	char ascii[IDNA_MAX];
	struct dns dns;

	dns_init(&dns, &source, arena, 600000);
	dns_query(&dns, name, DNS_A, &answer);
	must((answer.status == DNS_NO_NAME) ==
	     dns_name_is_valid(idna_ascii(name, ascii)));
	dns_begin(&dns, name, DNS_MX);
}

static void read_address(struct arena *arena, struct span text)
{
	struct ip ip, again;
	char buffer[IP_TEXT];

	if (ip_parse(text, &ip) != 0)
		return;
	must(ip_parse(span_str(ip_text(&ip, buffer)), &again) == 0 && ip_eq(&ip, &again));
	must(dns_name_is_valid(ip_reverse_name(arena, &ip)));
	must(!(ip_is_public(&ip) && ip_is_documentation(&ip)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_TXT, DNS_MX, DNS_PTR };
	struct span rest = span_from((struct span){ (const char *)data, size }, 1);
	struct arena arena;

	if (size == 0)
		return 0;
	arena_init(&arena, 4 << 20);
	if (data[0] % 8 < 5)
		read_record(&arena, types[data[0] % 8], rest);
	else if (data[0] % 8 == 5)
		ask(&arena, rest);
	else
		read_address(&arena, rest);
	arena_release(&arena);
	return 0;
}
