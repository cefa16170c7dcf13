#include "probe/ptr.h"

#include <stdio.h>
#include <string.h>

/* ---- names that spell the address ---- */

/* What stands in a name in digits. */
struct numbers {
	unsigned list[64];
	size_t n;
};

static unsigned digit_value(char c)
{
	if (ascii_isdigit(c))
		return (unsigned)(c - '0');
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
}

/* Every run of digits of that base. */
static void read_numbers(struct span name, unsigned base, struct numbers *r)
{
	size_t at = 0;

	r->n = 0;
	while (at < name.n && r->n < sizeof(r->list) / sizeof(*r->list)) {
		size_t start = at;
		unsigned value = 0;

		while (at < name.n && digit_value(name.p[at]) < base) {
			value = value * base + digit_value(name.p[at]);
			value = value > 0xffff ? 0x10000 : value;
			at++;
		}
		if (at > start)
			r->list[r->n++] = value;
		else
			at++;
	}
}

static bool has_run(const struct numbers *have, const unsigned *wanted, size_t n)
{
	for (size_t at = 0; at + n <= have->n; at++) {
		size_t forward = 0, backward = 0;

		while (forward < n && have->list[at + forward] == wanted[forward])
			forward++;
		while (backward < n && have->list[at + backward] == wanted[n - 1 - backward])
			backward++;
		if (forward == n || backward == n)
			return true;
	}
	return false;
}

static bool is_generic4(const uint8_t *b, struct span name)
{
	unsigned octets[4] = { b[0], b[1], b[2], b[3] };
	struct numbers have;
	char text[16];

	read_numbers(name, 10, &have);
	if (has_run(&have, octets, 4))
		return true;
	snprintf(text, sizeof(text), "%03u%03u%03u%03u", b[0], b[1], b[2], b[3]);
	if (span_ifind(name, 0, text) < name.n)
		return true;
	snprintf(text, sizeof(text), "%03u%03u%03u%03u", b[3], b[2], b[1], b[0]);
	if (span_ifind(name, 0, text) < name.n)
		return true;
	snprintf(text, sizeof(text), "%02x%02x%02x%02x", b[0], b[1], b[2], b[3]);
	return span_ifind(name, 0, text) < name.n;
}

/* Its last four groups, or all nibbles backwards, or 16 digits on end. */
static bool is_generic6(const uint8_t *b, struct span name)
{
	unsigned groups[4], nibbles[16];
	struct numbers have;
	char text[17];

	for (size_t i = 0; i < 4; i++)
		groups[i] = (unsigned)b[8 + 2 * i] << 8 | b[9 + 2 * i];
	for (size_t i = 0; i < 16; i++)
		nibbles[i] = (i % 2 == 0 ? b[8 + i / 2] >> 4 : b[8 + i / 2]) & 15u;
	read_numbers(name, 16, &have);
	if (has_run(&have, groups, 4) || has_run(&have, nibbles, 16))
		return true;
	for (size_t i = 0; i < 8; i++)
		snprintf(text + 2 * i, 3, "%02x", b[8 + i]);
	return span_ifind(name, 0, text) < name.n;
}

bool ptr_name_is_generic(const struct ip *ip, struct span name)
{
	return ip->bits == 32 ? is_generic4(ip->bytes, name) :
		ip->bits == 128 && is_generic6(ip->bytes, name);
}

/* ---- names for nobody else ---- */

bool ptr_name_is_public(struct span name)
{
	/* RFC 6761, 6762, 8375, 9476, and what many use all the same */
	static const char *const ends[] = {
		"localhost", "localdomain", "local", "lan", "internal", "intranet", "private",
		"corp", "home", "home.arpa", "in-addr.arpa", "ip6.arpa", "test", "invalid",
	};
	struct ip ip;

	if (span_find_byte(name, 0, '.') >= name.n || ip_parse(name, &ip) == 0)
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t n = strlen(ends[i]);

		if (span_has_suffix(name, ends[i]) && name.n > n && name.p[name.n - n - 1] == '.')
			return false;
	}
	return dns_name_is_valid(name);
}

/* ---- the check ---- */

static bool holds(const struct dns_answer *answer, const struct ip *ip)
{
	for (size_t i = 0; i < answer->n; i++) {
		struct span data = answer->records[i].data;

		if (data.n == ip->bits / 8 && memcmp(data.p, ip->bytes, data.n) == 0)
			return true;
	}
	return false;
}

static void follow(struct dns *dns, const struct ip *ip, const struct dns_answer *names,
		   struct ptr_result *result)
{
	enum dns_type type = ip->bits == 32 ? DNS_A : DNS_AAAA;
	size_t n = names->n < PTR_MAX_NAMES ? names->n : PTR_MAX_NAMES;
	struct dns_answer answer;

	result->state = PTR_MISMATCH;
	result->name = names->records[0].data;
	result->reason = names->n > PTR_MAX_NAMES ? "limit" : NULL;
	for (size_t i = 0; i < n; i++)
		dns_begin(dns, names->records[i].data, type);
	for (size_t i = 0; i < n; i++) {
		if (!dns_name_is_valid(names->records[i].data))
			continue;
		dns_query(dns, names->records[i].data, type, &answer);
		if (holds(&answer, ip)) {
			*result = (struct ptr_result){ .name = names->records[i].data };
			return;
		}
		if (answer.status == DNS_TEMPORARY)
			result->reason = answer.reason;
	}
	if (result->reason != NULL)
		result->state = PTR_TEMPERROR;
}

void ptr_check(struct dns *dns, const struct ip *ip, struct ptr_result *result_r)
{
	struct dns_answer answer;

	*result_r = (struct ptr_result){ .state = PTR_NONE };
	dns_query(dns, ip_reverse_name(dns->arena, ip), DNS_PTR, &answer);
	if (answer.status == DNS_TEMPORARY)
		*result_r = (struct ptr_result){
			.state = PTR_TEMPERROR, .reason = answer.reason,
		};
	else if (answer.status == DNS_FOUND)
		follow(dns, ip, &answer, result_r);
	result_r->generic = ptr_name_is_generic(ip, result_r->name);
}
