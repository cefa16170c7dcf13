/* What the checks of MX, reverse DNS and blocklists found; and what all share. */
#include "probe/finder.h"

#include <stdio.h>

const char *check_name(enum check check)
{
	static const char *const names[CHECK_COUNT] = {
		[CHECK_SPF] = "spf", [CHECK_DKIM] = "dkim", [CHECK_DMARC] = "dmarc",
		[CHECK_MX] = "mx", [CHECK_PTR] = "ptr", [CHECK_DNSBL] = "dnsbl",
	};

	return names[check];
}

struct finding *finder_add(struct finder *f, enum check check, const char *what,
			   const char *verdict)
{
	char id[64];
	const struct finding_kind *kind;
	struct finding *found;

	snprintf(id, sizeof(id), "%s.%s", check_name(check), what);
	kind = knowledge_finding(f->knowledge, span_str(id));
	if (kind == NULL || f->out->n == FINDINGS_MAX || f->out->list == NULL)
		return NULL;
	found = &f->out->list[f->out->n++];
	*found = (struct finding){ .kind = kind, .check = check, .verdict = verdict };
	return found;
}

void find_not_checked(struct finder *f, enum check check, const char *reason)
{
	struct finding *found = finder_add(f, check, "not_checked", "not_checked");

	if (found != NULL)
		found->reason = reason;
}

struct span finder_ip(struct finder *f, const struct ip *ip)
{
	char text[IP_TEXT];

	return span_str(arena_string(f->arena, span_str(ip_text(ip, text))));
}

/* ---- MX ---- */

static const char *mx_verdict(enum mx_state state)
{
	static const char *const verdicts[] = {
		[MX_OK] = "ok", [MX_IMPLICIT] = "ok", [MX_NULL] = "null_mx", [MX_NONE] = "no_mx",
		[MX_NOWHERE] = "no_mx", [MX_ADDRESS] = "no_mx", [MX_PRIVATE] = "not_checked",
		[MX_UNREACHABLE] = "no_mx", [MX_NO_DOMAIN] = "no_domain",
		[MX_TEMPERROR] = "temperror",
	};

	return verdicts[state];
}

/* Of its own name a machine may hear 127.0.1.1, out of a hosts file that its resolver
 * reads: that is as little what others see as a private address is. */
static struct mx_result seen_from_here(const struct finder *f, const struct mx_result *r)
{
	struct mx_result seen = *r;

	if (r->state == MX_UNREACHABLE && span_ieq(r->host, span_str(f->house->authserv_id)))
		seen.state = MX_PRIVATE;
	return seen;
}

static struct finding *add_mx(struct finder *f, struct span domain, const char *what,
			      const struct mx_result *r)
{
	struct finding *found = finder_add(f, CHECK_MX, what, mx_verdict(r->state));

	if (found == NULL)
		return NULL;
	found->domain = domain;
	found->host = r->host;
	found->detail = r->host;
	found->other = r->dot.n != 0 ? r->dot : r->alias.n != 0 ? r->alias : span_str(r->likely);
	if (r->state == MX_ADDRESS || r->state == MX_PRIVATE || r->state == MX_UNREACHABLE)
		found->ip = finder_ip(f, &r->ip);
	found->reason = r->state == MX_TEMPERROR ? r->reason :
		r->state == MX_PRIVATE ? "private" : NULL;
	found->repairable = house_has(f->house, domain);
	return found;
}

/* Which some systems ignore and others obey. */
static void add_null_beside(struct finder *f, struct span domain, const char *what,
			    const struct mx_result *r)
{
	struct finding *found = r->null_beside ? add_mx(f, domain, what, r) : NULL;

	if (found == NULL)
		return;
	found->verdict = mx_verdict(MX_NULL);
	found->reason = NULL;
}

static bool is_own_host(const struct finder *f, struct span domain, struct span host)
{
	return dns_name_is_within(host, domain) || house_has_host(f->house, host);
}

static const char *mx_name(const struct mx_result *r)
{
	static const char *const names[] = {
		[MX_OK] = "ok", [MX_IMPLICIT] = "implicit", [MX_NULL] = "null", [MX_NONE] = "none",
		[MX_NOWHERE] = "nowhere", [MX_ADDRESS] = "address", [MX_PRIVATE] = "private",
		[MX_UNREACHABLE] = "unreachable", [MX_NO_DOMAIN] = "no_domain",
		[MX_TEMPERROR] = "temperror",
	};

	if (r->likely != NULL)
		return "typo";
	if (r->dot.n != 0)
		return "dot";
	return r->state == MX_NOWHERE && r->alias.n != 0 ? "alias_nowhere" : names[r->state];
}

/* Beside a null MX, no mail server is in order. */
void find_mx(struct finder *f, struct span domain, const struct mx_result *r)
{
	struct mx_result seen = seen_from_here(f, r);

	if (seen.dot.n != 0)	/* what has an address is not what is meant */
		seen.state = MX_NOWHERE;
	if (seen.state != MX_OK || !seen.null_beside)
		add_mx(f, domain, mx_name(&seen), &seen);
	add_null_beside(f, domain, "null_beside", &seen);
	if (seen.alias.n != 0 && (seen.state == MX_OK || seen.state == MX_PRIVATE))
		add_mx(f, domain, is_own_host(f, domain, seen.host) ? "alias" : "alias_other",
		       &seen);
}

void find_sender_mx(struct finder *f, struct span domain, const struct mx_result *r)
{
	static const char *const names[] = {
		[MX_OK] = "sender_ok", [MX_IMPLICIT] = "sender_ok", [MX_NULL] = "sender_bad",
		[MX_NONE] = "sender_bad", [MX_NOWHERE] = "sender_bad",
		[MX_ADDRESS] = "sender_bad", [MX_PRIVATE] = "sender_private",
		[MX_UNREACHABLE] = "sender_bad",
		[MX_NO_DOMAIN] = "sender_no_domain", [MX_TEMPERROR] = "temperror",
	};
	struct mx_result seen = seen_from_here(f, r);
	bool alias = seen.state == MX_OK && seen.alias.n != 0;
	struct finding *found = NULL;

	seen.dot = (struct span){ NULL, 0 };
	if (seen.state != MX_OK || !seen.null_beside)
		found = add_mx(f, domain, alias ? "sender_alias" : names[seen.state], &seen);
	if (found != NULL && alias && (r->dot.n != 0 || !is_own_host(f, domain, seen.host)))
		found->repairable = false;
	add_null_beside(f, domain, "sender_null_beside", &seen);
}

/* ---- reverse DNS ---- */

void find_ptr(struct finder *f, const struct ip *ip, bool ours, const struct ptr_result *r)
{
	static const char *const verdicts[] = {
		[PTR_OK] = "ok", [PTR_NONE] = "none", [PTR_MISMATCH] = "mismatch",
		[PTR_TEMPERROR] = "temperror",
	};
	const char *what = r->state == PTR_OK && r->generic ? "generic" :
		r->state == PTR_MISMATCH && !ptr_name_is_public(r->name) ? "no_name" :
		verdicts[r->state];
	struct finding *found = finder_add(f, CHECK_PTR, what, verdicts[r->state]);

	if (found == NULL)
		return;
	found->ip = finder_ip(f, ip);
	found->host = r->name;
	found->detail = r->name;
	found->reason = r->state == PTR_TEMPERROR ? r->reason : NULL;
	found->repairable = ours;
}

/* ---- blocklists ---- */

/* What is to be done depends on why. */
static const char *listed_name(const struct dnsbl_result *r)
{
	static const char *const names[] = {
		[DNSBL_EXPLOITED] = "exploited", [DNSBL_DYNAMIC] = "dynamic", [DNSBL_RANGE] = "range",
	};
	const char *name = r->kind < sizeof(names) / sizeof(names[0]) ? names[r->kind] : NULL;

	return r->removal == NULL ? "listed" : name != NULL ? name : "listed_page";
}

void find_dnsbl(struct finder *f, const struct ip *ip, bool ours,
		const struct dnsbl_result *r)
{
	bool listed = r->state == DNSBL_LISTED;
	struct finding *found;

	if (r->state == DNSBL_CLEAR)
		return;
	found = finder_add(f, CHECK_DNSBL, listed ? listed_name(r) : "not_checked",
			   listed ? "listed" : "not_checked");
	if (found == NULL)
		return;
	found->ip = finder_ip(f, ip);
	found->list = span_str(r->list != NULL ? r->list : r->zone);
	found->domain = span_str(r->zone);
	found->detail = listed ? finder_ip(f, &r->answer) : (struct span){ NULL, 0 };
	found->other = span_str(r->removal);
	found->reason = listed ? NULL : r->reason;
	found->repairable = ours;
}

void find_dnsbl_clear(struct finder *f, const struct ip *ip)
{
	struct finding *found = finder_add(f, CHECK_DNSBL, "clear", "clear");

	if (found != NULL)
		found->ip = finder_ip(f, ip);
}
