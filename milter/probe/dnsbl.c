#include "probe/dnsbl.h"

#include <string.h>

/* ---- what is known ---- */

enum row_kind { LISTED_ROW, CLOSED_ROW, DOMAINS_ROW };

static const struct row {
	enum row_kind what;
	const char *zone;
	uint8_t first, last;
	enum dnsbl_kind kind;
	const char *list, *removal;
} rows[] = {
#define LISTED(zone, first, last, kind, list, removal) \
	{ LISTED_ROW, zone, first, last, DNSBL_##kind, list, removal },
#define CLOSED(zone) { CLOSED_ROW, zone, 0, 0, DNSBL_UNKNOWN, NULL, NULL },
#define DOMAINS(zone) { DOMAINS_ROW, zone, 0, 0, DNSBL_UNKNOWN, NULL, NULL },
#include "probe/dnsbl_lists.def"
};
enum { ROWS = sizeof(rows) / sizeof(*rows) };

static bool is_at(const char *zone, const char *known)
{
	struct span z = span_str(zone), k = span_str(known);

	if (z.n > 0 && z.p[z.n - 1] == '.')
		z.n--;
	return span_has_suffix(z, known) && (z.n == k.n || z.p[z.n - k.n - 1] == '.');
}

/* The first row of the zone, or NULL. */
static const struct row *row_of(const char *zone)
{
	for (size_t i = 0; i < ROWS; i++)
		if (is_at(zone, rows[i].zone))
			return &rows[i];
	return NULL;
}

/* ---- answers ---- */

static bool is_about_the_address(const uint8_t *b)
{
	/* 127.0.0.1 is none by RFC 5782, 2.1; some write errors as 127.0.0.255 */
	return b[0] == 127 && !(b[1] == 255 && b[2] == 255) &&
		!(b[1] == 0 && b[2] == 0 && (b[3] == 1 || b[3] == 255));
}

static bool fits(const struct row *row, const char *zone, const uint8_t *b)
{
	return row->what == LISTED_ROW && is_at(zone, row->zone) && b[1] == 0 && b[2] == 0 &&
		b[3] >= row->first && b[3] <= row->last;
}

static void list(struct dnsbl_result *result, const uint8_t *b, const struct row *row)
{
	result->state = DNSBL_LISTED;
	result->reason = NULL;
	result->answer = (struct ip){ .bits = 32 };
	memcpy(result->answer.bytes, b, 4);
	if (row != NULL) {
		result->kind = row->kind;
		result->list = row->list;
		result->removal = row->removal;
	}
}

/* Of a list we know the first row that any answer fits; an answer that fits none
 * says something else. */
static void read_known(const struct dns_answer *answer, struct dnsbl_result *result)
{
	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < answer->n; k++) {
			const uint8_t *b = (const uint8_t *)answer->records[k].data.p;

			if (is_about_the_address(b) && fits(&rows[i], result->zone, b)) {
				list(result, b, &rows[i]);
				return;
			}
		}
}

static void read_unknown(const struct dns_answer *answer, struct dnsbl_result *result)
{
	for (size_t k = 0; k < answer->n; k++) {
		const uint8_t *b = (const uint8_t *)answer->records[k].data.p;

		if (is_about_the_address(b)) {
			list(result, b, NULL);
			return;
		}
	}
}

static void not_checked(struct dnsbl_result *result, const char *reason)
{
	result->state = DNSBL_NOT_CHECKED;
	result->reason = reason;
}

/* No answer is one about the address, or only one that does not mean listed. */
static void read_rest(const struct dns_answer *answer, struct dnsbl_result *result)
{
	const uint8_t *b = (const uint8_t *)answer->records[0].data.p;

	if (is_about_the_address(b))
		return;
	not_checked(result, b[0] == 127 ? "refused" : "dead");
}

/* A list that has 127.0.0.1 on it has everything on it (RFC 5782, 5). */
static bool lists_everything(struct dns *dns, const char *zone)
{
	struct ip never = { .bytes = { 127, 0, 0, 1 }, .bits = 32 };
	struct dns_answer answer;

	dns_query(dns, ip_list_name(dns->arena, &never, zone), DNS_A, &answer);
	return answer.status == DNS_FOUND;
}

static void read_answer(struct dns *dns, const struct dns_answer *answer, bool known,
			struct span name, struct dnsbl_result *result)
{
	struct dns_answer words;

	if (known)
		read_known(answer, result);
	else
		read_unknown(answer, result);
	if (result->state != DNSBL_LISTED) {
		read_rest(answer, result);
		return;
	}
	if (lists_everything(dns, result->zone)) {
		*result = (struct dnsbl_result){ .zone = result->zone };
		not_checked(result, "dead");
		return;
	}
	dns_query(dns, name, DNS_TXT, &words);
	if (words.status == DNS_FOUND)
		result->text = words.records[0].data;
}

void dnsbl_begin(struct dns *dns, const struct ip *ip, const char *zone)
{
	const struct row *row = row_of(zone);

	if (row == NULL || row->what == LISTED_ROW)
		dns_begin(dns, ip_list_name(dns->arena, ip, zone), DNS_A);
}

void dnsbl_check(struct dns *dns, const struct ip *ip, const char *zone,
		 struct dnsbl_result *result_r)
{
	const struct row *row = row_of(zone);
	struct dns_answer answer;
	struct span name;

	*result_r = (struct dnsbl_result){ .state = DNSBL_CLEAR, .zone = zone };
	if (row != NULL && row->what != LISTED_ROW) {
		not_checked(result_r, row->what == CLOSED_ROW ? "dead" : "domains");
		return;
	}
	name = ip_list_name(dns->arena, ip, zone);
	dns_query(dns, name, DNS_A, &answer);
	if (answer.status == DNS_TEMPORARY)
		not_checked(result_r, answer.reason);
	else if (answer.status == DNS_FOUND)
		read_answer(dns, &answer, row != NULL, name, result_r);
}
