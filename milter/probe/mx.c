#include "probe/mx.h"

#include <string.h>

/* ---- hosts ---- */

/* From the worst to the best. */
enum found { NO_ADDRESS, UNREACHABLE, PRIVATE, UNSURE, ADDRESS };

static const enum dns_type types[] = { DNS_A, DNS_AAAA };
enum { TYPES = sizeof(types) / sizeof(*types) };

static void begin_addresses(struct dns *dns, struct span host)
{
	for (size_t i = 0; i < TYPES; i++)
		dns_begin(dns, host, types[i]);
}

static enum found judge(const struct ip *ip)
{
	if (ip_is_public(ip) || ip_is_documentation(ip))
		return ADDRESS;
	return ip_is_private(ip) ? PRIVATE : UNREACHABLE;
}

/* The best of the addresses. */
static enum found judge_all(const struct dns_answer *answer, struct ip *ip_r)
{
	enum found best = NO_ADDRESS, found;

	for (size_t i = 0; i < answer->n; i++) {
		struct span data = answer->records[i].data;
		struct ip ip = { .bits = (unsigned)data.n * 8 };

		if (data.n > sizeof(ip.bytes))
			continue;
		memcpy(ip.bytes, data.p, data.n);
		found = judge(&ip);
		if (found > best) {
			best = found;
			*ip_r = ip;
		}
	}
	return best;
}

static enum found find_address(struct dns *dns, struct span host, struct ip *ip_r,
			       const char **reason)
{
	enum found best = NO_ADDRESS, found;
	struct dns_answer answer;
	struct ip ip = { .bits = 0 };

	if (!dns_name_is_valid(host))
		return NO_ADDRESS;
	for (size_t i = 0; i < TYPES && best != ADDRESS; i++) {
		dns_query(dns, host, types[i], &answer);
		found = judge_all(&answer, &ip);
		if (answer.status == DNS_TEMPORARY) {
			found = UNSURE;
			*reason = answer.reason;
		}
		if (found > best) {
			best = found;
			*ip_r = ip;
		}
	}
	return best;
}

/* The names of the records, the most preferred first, "." left out; returns how
 * many there are, of which MX_MAX_HOSTS are in the list. */
static size_t sort_hosts(const struct dns_answer *answer, struct span hosts[MX_MAX_HOSTS])
{
	unsigned preferences[MX_MAX_HOSTS];
	size_t n = 0, all = 0;

	for (size_t i = 0; i < answer->n; i++) {
		const struct dns_record *record = &answer->records[i];
		size_t at = n;

		if (record->data.n == 0)
			continue;
		all++;
		while (at > 0 && preferences[at - 1] > record->preference)
			at--;
		if (at == MX_MAX_HOSTS)
			continue;
		if (n < MX_MAX_HOSTS)
			n++;
		for (size_t k = n - 1; k > at; k--) {
			hosts[k] = hosts[k - 1];
			preferences[k] = preferences[k - 1];
		}
		hosts[at] = record->data;
		preferences[at] = record->preference;
	}
	return all;
}

static void fail(struct mx_result *result, const char *reason)
{
	result->state = MX_TEMPERROR;
	result->host = (struct span){ NULL, 0 };
	result->reason = reason;
}

/* "192.0.2.1" or "192.0.2.1.example.org" as a host. */
static bool is_address(struct span host, struct ip *ip_r)
{
	size_t dot = 0;

	for (int labels = 1; labels <= 4 && dot < host.n; labels++)
		dot = span_find_byte(host, dot + (labels > 1), '.');
	return ip_parse_family(span_slice(host, 0, dot), 32, ip_r) == 0;
}

static size_t count_labels(struct span name)
{
	size_t n = 1;

	for (size_t i = 0; i < name.n; i++)
		n += name.p[i] == '.';
	return n;
}

/* A name without its last dot has that of the zone behind it: the domain, or one
 * above. What stands before it, of so many labels at the least, has an address. */
static struct span without_zone(struct dns *dns, struct span host, struct span zone,
				size_t labels)
{
	const char *reason = NULL;
	struct span name;
	struct ip ip;

	for (int i = 0; i < 3 && span_find_byte(zone, 0, '.') < zone.n; i++) {
		name = span_slice(host, 0, host.n > zone.n ? host.n - zone.n - 1 : 0);
		if (count_labels(name) >= labels && host.p[name.n] == '.' &&
		    span_ieq(span_from(host, name.n + 1), zone) &&
		    find_address(dns, name, &ip, &reason) == ADDRESS)
			return name;
		zone = span_from(zone, span_find_byte(zone, 0, '.') + 1);
	}
	return (struct span){ NULL, 0 };
}

/* None of the hosts has an address. */
static void explain_nowhere(struct dns *dns, struct span domain, struct mx_result *result)
{
	result->state = is_address(result->host, &result->ip) ? MX_ADDRESS : MX_NOWHERE;
	if (result->state == MX_NOWHERE)
		result->dot = without_zone(dns, result->host, domain, 2);
}

static void conclude(enum found best, const char *reason, struct mx_result *result)
{
	switch (best) {
	case ADDRESS:
		result->state = MX_OK;
		break;
	case PRIVATE:
		result->state = MX_PRIVATE;
		break;
	case UNREACHABLE:
		result->state = MX_UNREACHABLE;
		break;
	default:
		fail(result, reason);
		break;
	}
}

/* What looking for its address has told already. */
static struct span find_alias(struct dns *dns, struct span host)
{
	struct dns_answer answer = { .alias = { NULL, 0 } };

	for (size_t i = 0; i < TYPES && answer.alias.n == 0; i++)
		if (dns_is_known(dns, host, types[i]))
			dns_query(dns, host, types[i], &answer);
	return answer.alias;
}

static void check_hosts(struct dns *dns, struct span domain, const struct dns_answer *answer,
			struct mx_result *result)
{
	struct span hosts[MX_MAX_HOSTS];
	size_t n = result->hosts = sort_hosts(answer, hosts);
	const char *reason = n > MX_MAX_HOSTS ? "limit" : NULL;
	enum found best = n > MX_MAX_HOSTS ? UNSURE : NO_ADDRESS, found;
	struct ip ip;

	result->null_beside = n > 0 && n < answer->n;
	n = n < MX_MAX_HOSTS ? n : MX_MAX_HOSTS;
	for (size_t i = 0; i < n; i++)
		begin_addresses(dns, hosts[i]);
	for (size_t i = 0; i < n && best != ADDRESS; i++) {
		found = find_address(dns, hosts[i], &ip, &reason);
		if (found <= best)
			continue;
		best = found;
		result->host = hosts[i];
		result->ip = ip;
	}
	if (best != NO_ADDRESS) {
		conclude(best, reason, result);
	} else if (n == 0) {
		result->state = MX_NULL;
	} else {
		result->host = hosts[0];
		explain_nowhere(dns, domain, result);
	}
	result->alias = find_alias(dns, result->host);
	/* a wildcard gives a name that lacks its dot an address, too; but mail.de.example.org
	 * is perhaps meant as it is */
	if (result->state == MX_OK && result->alias.n != 0)
		result->dot = without_zone(dns, result->host, domain, 3);
}

static void check_implicit(struct dns *dns, struct span domain, struct mx_result *result)
{
	const char *reason = NULL;
	enum found found = find_address(dns, domain, &result->ip, &reason);

	if (found == NO_ADDRESS) {
		result->state = MX_NONE;
		return;
	}
	conclude(found, reason, result);
	if (found != UNSURE)
		result->host = domain;
	if (found == ADDRESS)
		result->state = MX_IMPLICIT;
}

void mx_check(struct dns *dns, struct span domain, struct mx_result *result_r)
{
	struct dns_answer answer;

	*result_r = (struct mx_result){ .state = MX_IMPLICIT, .host = domain };
	if (domain.n != 0 && domain.p[0] == '[')
		return;
	result_r->host = (struct span){ NULL, 0 };
	dns_begin(dns, domain, DNS_MX);
	begin_addresses(dns, domain);
	dns_query(dns, domain, DNS_MX, &answer);
	if (answer.status == DNS_FOUND)
		check_hosts(dns, domain, &answer, result_r);
	else if (answer.status == DNS_NO_DATA)
		check_implicit(dns, domain, result_r);
	else if (answer.status == DNS_NO_NAME)
		result_r->state = MX_NO_DOMAIN;
	else
		fail(result_r, answer.reason);
	if (result_r->state == MX_NO_DOMAIN || result_r->state == MX_NONE ||
	    result_r->state == MX_NULL)
		result_r->likely = mx_likely_domain(domain);
}

/* ---- misspelt ---- */

/* Where very many people have their mail. */
static const char *const common[] = {
	/* everywhere */
	"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com",
	"yahoo.com", "aol.com", "icloud.com", "me.com", "mac.com", "proton.me", "protonmail.com",
	"gmx.com", "gmx.net", "mail.com", "email.com", "ymail.com", "rocketmail.com", "zoho.com",
	"fastmail.com", "tutanota.com", "yandex.com",
	/* Germany, Austria, Switzerland */
	"gmx.de", "web.de", "t-online.de", "freenet.de", "outlook.de", "hotmail.de", "yahoo.de",
	"arcor.de", "posteo.de", "mailbox.org", "gmx.at", "gmx.ch", "bluewin.ch",
	/* Thailand, Turkey, Vietnam, Indonesia */
	"yahoo.co.th", "hotmail.co.th", "outlook.co.th", "hotmail.com.tr", "outlook.com.tr",
	"yahoo.com.tr", "mynet.com", "yahoo.com.vn", "vnn.vn", "fpt.vn", "yahoo.co.id",
	"outlook.co.id", "telkom.net",
	/* the rest of Europe */
	"yahoo.co.uk", "hotmail.co.uk", "live.co.uk", "btinternet.com", "yahoo.fr", "hotmail.fr",
	"orange.fr", "free.fr", "laposte.net", "wanadoo.fr", "libero.it", "virgilio.it",
	"hotmail.it", "yahoo.it", "hotmail.es", "yahoo.es", "ziggo.nl", "wp.pl", "onet.pl",
	"interia.pl", "seznam.cz", "mail.ru", "yandex.ru", "rambler.ru",
	/* America */
	"comcast.net", "verizon.net", "att.net", "sbcglobal.net", "bellsouth.net", "cox.net",
	"hotmail.com.br", "yahoo.com.br", "uol.com.br", "bol.com.br", "terra.com.br",
	/* Asia, Australia */
	"qq.com", "163.com", "126.com", "sina.com", "foxmail.com", "naver.com", "hanmail.net",
	"yahoo.co.jp", "docomo.ne.jp", "yahoo.co.in", "yahoo.in", "rediffmail.com",
	"bigpond.com", "yahoo.com.au",
};

static bool is_letter_more(struct span longer, struct span shorter, size_t same)
{
	return longer.n == shorter.n + 1 &&
		span_eq(span_from(longer, same + 1), span_from(shorter, same));
}

static bool is_swap(struct span a, struct span b, size_t same)
{
	return same + 1 < a.n && a.p[same] == b.p[same + 1] && a.p[same + 1] == b.p[same] &&
		span_eq(span_from(a, same + 2), span_from(b, same + 2));
}

/* One insertion, deletion, replacement or swap of neighbours apart. */
static bool is_one_edit(struct span a, struct span b)
{
	size_t same = 0;

	while (same < a.n && same < b.n && a.p[same] == b.p[same])
		same++;
	if (a.n != b.n)
		return is_letter_more(a, b, same) || is_letter_more(b, a, same);
	return same < a.n && (is_swap(a, b, same) ||
			      span_eq(span_from(a, same + 1), span_from(b, same + 1)));
}

static struct span first_label(struct span domain)
{
	return span_slice(domain, 0, span_find_byte(domain, 0, '.'));
}

/* "qx.com" is as good a name as qq.com: of short names only the rest is judged. */
static bool is_misspelt(struct span domain, struct span meant)
{
	struct span label = first_label(meant);

	return is_one_edit(domain, meant) &&
		(label.n > 3 || span_eq(first_label(domain), label));
}

const char *mx_likely_domain(struct span domain)
{
	char lower[32];
	const char *likely = NULL;
	struct span s;

	if (domain.n > 0 && domain.p[domain.n - 1] == '.')
		domain.n--;
	if (domain.n == 0 || domain.n > sizeof(lower))
		return NULL;
	for (size_t i = 0; i < domain.n; i++)
		lower[i] = ascii_lower(domain.p[i]);
	s = (struct span){ lower, domain.n };
	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++) {
		if (span_eq(s, span_str(common[i])))
			return NULL;
		if (!is_misspelt(s, span_str(common[i])))
			continue;
		if (likely != NULL)
			return NULL;
		likely = common[i];
	}
	return likely;
}
