/* What the checks of SPF, DKIM and DMARC found. */
#include "probe/finder.h"

#include <string.h>

/* ---- SPF ---- */

/* "~all at _spf.example.org (example.org > include:_spf.example.org)" */
static struct span spf_detail(struct arena *arena, const struct spf_result *r)
{
	if (r->term.n == 0)
		return r->path;
	return span_str(arena_printf(arena, "%.*s at %.*s%s%.*s%s", SPAN_FMT(r->term),
				     SPAN_FMT(r->domain), r->path.n != 0 ? " (" : "",
				     SPAN_FMT(r->path), r->path.n != 0 ? ")" : ""));
}

/* "include:_spf.example.com 4, mx 1": lookups, or names that do not exist. */
static struct span spf_costs(struct arena *arena, const struct spf_result *r, bool voids)
{
	struct buf out;

	buf_init(&out, arena, 2000);
	for (size_t i = 0; i < r->costs_n; i++) {
		unsigned n = voids ? r->costs[i].voids : r->costs[i].lookups;

		if (n > 0)
			buf_addf(&out, "%s%.*s %u", out.n > 0 ? ", " : "",
				 SPAN_FMT(r->costs[i].term), n);
	}
	return buf_span(&out);
}

static const char *spf_problem_name(const struct spf_result *r)
{
	static const char *const names[] = {
		[SPF_BAD_DOMAIN] = "no_domain", [SPF_NO_DOMAIN] = "no_domain",
		[SPF_NO_RECORD] = "none", [SPF_TWO_RECORDS] = "two_records",
		[SPF_SYNTAX] = "syntax", [SPF_TOO_MANY_LOOKUPS] = "too_many_lookups",
		[SPF_TOO_MANY_VOID] = "too_many_voids", [SPF_TOO_MANY_MX] = "too_many_mx",
		[SPF_INCLUDE_NONE] = "include_none", [SPF_REDIRECT_NONE] = "include_none",
		[SPF_DNS] = "temperror",
	};

	/* an error in a record below ours is another one's to mend */
	if (r->via.n != 0 && r->code == SPF_PERMERROR && r->problem != SPF_TOO_MANY_LOOKUPS &&
	    r->problem != SPF_TOO_MANY_VOID)
		return "include_broken";
	if (r->problem == SPF_TOO_MANY_LOOKUPS && r->loop.n != 0)
		return "loop";
	if (r->problem == SPF_SYNTAX && r->likely.n != 0)
		return "syntax_likely";
	if (r->problem == SPF_TWO_RECORDS && r->likely.n != 0)
		return "two_records_joined";
	if (r->problem == SPF_NO_RECORD && r->likely.n != 0)
		return "nearly";
	return r->problem < sizeof(names) / sizeof(names[0]) ? names[r->problem] : NULL;
}

static struct finding *add_spf(struct finder *f, struct span domain, const char *what,
			       const struct spf_result *r)
{
	struct finding *found = finder_add(f, CHECK_SPF, what, spf_result_name(r->code));

	if (found == NULL)
		return NULL;
	found->domain = domain;
	found->reason = r->code == SPF_TEMPERROR ? r->reason : NULL;
	found->detail = spf_detail(f->arena, r);
	found->term = r->term;
	found->record = r->record;
	found->count = r->lookups;
	found->host = r->domain;
	if (r->problem == SPF_TOO_MANY_LOOKUPS || r->problem == SPF_TOO_MANY_VOID)
		found->list = spf_costs(f->arena, r, r->problem == SPF_TOO_MANY_VOID);
	if (r->problem == SPF_SYNTAX && r->likely.n != 0)
		found->other = r->likely;
	if (r->problem == SPF_TWO_RECORDS || r->problem == SPF_NO_RECORD)
		found->record = r->likely;
	found->repairable = house_has(f->house, domain);
	return found;
}

static struct finding *add_problem(struct finder *f, struct span domain, const char *problem,
				   const struct spf_result *r)
{
	struct finding *found = add_spf(f, domain, problem, r);

	if (found != NULL && strcmp(problem, "include_broken") == 0)
		found->term = r->via;
	if (found != NULL && strcmp(problem, "loop") == 0)
		found->term = r->loop;
	return found;
}

/* "192.0.2.1, 192.0.2.2", and the terms that stand for them. */
static void set_addresses(struct finder *f, struct finding *found, const struct ip *ips, size_t n)
{
	struct buf list, terms;

	buf_init(&list, f->arena, 1000);
	buf_init(&terms, f->arena, 1000);
	for (size_t i = 0; i < n; i++) {
		struct span ip = finder_ip(f, &ips[i]);

		buf_addf(&list, "%s%.*s", i != 0 ? ", " : "", SPAN_FMT(ip));
		buf_addf(&terms, "%sip%c:%.*s", i != 0 ? " " : "", ips[i].bits == 128 ? '6' : '4',
			 SPAN_FMT(ip));
	}
	found->ip = buf_span(&list);
	if (found->other.n == 0)
		found->other = buf_span(&terms);
}

/* The record with the terms to add. */
static void propose(struct finder *f, struct finding *found, const struct spf_result *r,
		    bool ours)
{
	found->record = spf_with_term(f->arena, r->likely.n != 0 ? r->likely : r->record,
				      found->other);
	found->repairable = found->repairable && ours;
}

static void note_allows_all(struct finder *f, struct span domain, const struct spf_result *r)
{
	struct finding *found = r->allows_all ? add_spf(f, domain, "allows_all", r) : NULL;

	if (found != NULL && r->via.n != 0)
		found->term = r->via;
	else if (found != NULL && found->term.n == 0)
		found->term = SPAN("+all");
}

/* Terms of the own record that were written in vain. */
static void note_in_vain(struct finder *f, struct span domain, const struct spf_result *r)
{
	struct span likely = spf_likely_term(f->arena, r->ignored);
	const struct {
		const char *what;
		struct span term;
	} rows[] = {
		{ likely.n != 0 ? "ignored_likely" : "ignored", r->ignored },
		{ span_has_prefix(r->unreached, "redirect=") ? "idle_redirect" : "unreached",
		  r->unreached },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct finding *found = rows[i].term.n == 0 ? NULL :
			add_spf(f, domain, rows[i].what, r);

		if (found == NULL)
			continue;
		found->term = rows[i].term;
		found->other = likely;
		found->detail = rows[i].term;
	}
}

/* Where it decides, a receiver that cannot look the reverse DNS up says otherwise. */
static void note_ptr(struct finder *f, struct span domain, const struct spf_result *r)
{
	bool decides = r->code == SPF_PASS && r->via.n == 0 && span_eq(r->term, r->ptr);
	struct finding *found = r->ptr.n == 0 ? NULL :
		add_spf(f, domain, decides ? "ptr_decides" : "ptr", r);

	if (found == NULL)
		return;
	found->term = r->ptr;
	found->detail = r->ptr;
}

void find_spf(struct finder *f, struct span domain, const struct ip *ips, size_t n,
	      bool ours, const struct spf_result *r)
{
	const char *problem = r->code != SPF_PASS ? spf_problem_name(r) : NULL;
	struct finding *found =
		add_problem(f, domain, problem != NULL ? problem : spf_result_name(r->code), r);

	if (found == NULL)
		return;
	set_addresses(f, found, ips, n);
	if (r->problem == SPF_NO_RECORD || r->problem == SPF_TWO_RECORDS ||
	    (problem == NULL && r->code != SPF_PASS))
		propose(f, found, r, ours);
	if (problem != NULL)
		return;
	if (found->term.n == 0)
		found->term = r->record;	/* it ended without a word on this address */
	note_allows_all(f, domain, r);
	note_in_vain(f, domain, r);
	note_ptr(f, domain, r);
}

void find_spf_record(struct finder *f, struct span domain, const struct spf_result *r)
{
	const char *problem = spf_problem_name(r);
	struct finding *found = add_problem(f, domain, problem != NULL ? problem : "record", r);

	if (found == NULL)
		return;
	if (problem == NULL)
		found->verdict = "not_checked";	/* of what address? */
	found->reason = problem == NULL ? "no_address" : found->reason;
	if (r->problem == SPF_NO_RECORD && r->likely.n == 0) {
		found->record = SPAN("v=spf1 mx ~all");
		found->repairable = house_has(f->house, domain);
	}
	note_allows_all(f, domain, r);
	note_in_vain(f, domain, r);
	note_ptr(f, domain, r);
}

/* Somebody else's word on the address: told, never to be repaired. */
void find_spf_named(struct finder *f, struct span domain, const struct ip *ip, bool trace,
		    const struct spf_result *r)
{
	struct finding *found;

	if (r->code != SPF_FAIL && r->code != SPF_SOFTFAIL && r->code != SPF_NEUTRAL)
		return;
	found = add_spf(f, domain, trace ? "received" : "named", r);
	if (found == NULL)
		return;
	found->ip = finder_ip(f, ip);
	found->repairable = false;
}

void find_spf_forwarded(struct finder *f, struct span domain, struct span host)
{
	struct finding *found = finder_add(f, CHECK_SPF, "forwarded", "not_checked");

	if (found == NULL)
		return;
	found->reason = "forwarded";
	found->domain = domain;
	found->host = host;
}

/* ---- DKIM ---- */

/* How the record of a key is wrong. */
static const char *key_problem_name(enum dkim_problem problem, const char *reason,
				    struct span term, struct span alias)
{
	if (problem == DKIM_NO_KEY && alias.n != 0)
		return "key_alias";
	if (problem == DKIM_BROKEN_SIGNATURE && term.n != 0)
		return "key_tag";
	if (problem != DKIM_KEY_BROKEN)
		return NULL;
	if (reason != NULL && strcmp(reason, "several") == 0)
		return "key_several";
	return term.n != 0 ? "key_tag" : NULL;
}

static const char *dkim_problem_name(enum dkim_problem problem)
{
	static const char *const names[] = {
		[DKIM_HEADER_CHANGED] = "header_changed", [DKIM_BODY_CHANGED] = "body_changed",
		[DKIM_OTHER_KEY] = "other_key", [DKIM_MISMATCH] = "mismatch", [DKIM_NO_KEY] = "no_key",
		[DKIM_KEY_REVOKED] = "key_revoked", [DKIM_KEY_BROKEN] = "key_broken",
		[DKIM_KEY_SHORT] = "key_short", [DKIM_EXPIRED] = "expired",
		[DKIM_FUTURE] = "future", [DKIM_BROKEN_SIGNATURE] = "broken_signature",
		[DKIM_UNSUPPORTED] = "unsupported", [DKIM_DNS] = "temperror",
	};

	return problem < sizeof(names) / sizeof(names[0]) ? names[problem] : NULL;
}

static struct span key_name(struct finder *f, struct span selector, struct span domain)
{
	return span_str(arena_printf(f->arena, "%.*s._domainkey.%.*s", SPAN_FMT(selector),
				     SPAN_FMT(domain)));
}

static void set_key(struct finder *f, struct finding *found, struct span domain,
		    struct span selector, unsigned bits)
{
	found->domain = domain;
	found->selector = selector;
	found->other = key_name(f, selector, domain);
	found->count = bits;
	found->repairable = house_has(f->house, domain);
	found->detail = found->other;
}

/* RFC 8301, 3.1: neither to sign with nor to be taken. */
static bool is_sha1(const struct dkim_signature *s)
{
	return s->problem == DKIM_UNSUPPORTED && s->algorithm != NULL &&
		strcmp(s->algorithm, "rsa-sha1") == 0;
}

/* RFC 6376, 3.6.1: mail of a domain that only tests is as good as unsigned. */
static void note_testing(struct finder *f, struct span domain, struct span selector,
			 const char *verdict)
{
	struct finding *found = finder_add(f, CHECK_DKIM, "testing", verdict);

	if (found != NULL)
		set_key(f, found, domain, selector, 0);
}

static const char *signature_name(const struct dkim_signature *s)
{
	const char *key;

	if (s->verdict == DKIM_PASS)
		return "pass";
	key = key_problem_name(s->problem, s->reason, s->term, s->alias);
	if (key != NULL)
		return key;
	if (s->problem == DKIM_BROKEN_SIGNATURE && s->reason != NULL &&
	    strcmp(s->reason, "syntax") != 0)
		return "broken_tag";
	if (is_sha1(s))
		return "sha1";
	if (s->verdict != DKIM_UNKNOWN || s->problem == DKIM_UNSUPPORTED)
		return dkim_problem_name(s->problem);
	return s->problem == DKIM_FINE ? "intact" : "incomplete";
}

void find_dkim_signature(struct finder *f, const struct dkim_signature *s)
{
	static const char *const verdicts[] = {
		[DKIM_PASS] = "pass", [DKIM_FAIL] = "fail", [DKIM_PERMERROR] = "permerror",
		[DKIM_TEMPERROR] = "temperror", [DKIM_UNKNOWN] = "not_checked",
	};
	const char *what = signature_name(s);
	struct finding *found = what == NULL ? NULL :
		finder_add(f, CHECK_DKIM, what, verdicts[s->verdict]);

	if (found == NULL)
		return;
	set_key(f, found, s->domain, s->selector, s->key_bits);
	found->term = s->term;
	if (s->problem == DKIM_BROKEN_SIGNATURE && s->term.n == 0 && s->reason != NULL)
		found->term = span_str(arena_printf(f->arena, "%s=", s->reason));
	found->host = s->alias;
	found->reason = s->problem == DKIM_DNS ? s->reason :
		s->verdict != DKIM_UNKNOWN ? NULL :
		s->problem == DKIM_UNSUPPORTED ? "unsupported" : "no_body";
	if (s->testing)
		note_testing(f, s->domain, s->selector, verdicts[s->verdict]);
}

void find_dkim_incomplete(struct finder *f, struct span domain)
{
	struct finding *found = finder_add(f, CHECK_DKIM, "incomplete", "not_checked");

	if (found == NULL)
		return;
	found->domain = domain;
	found->reason = "no_body";
}

void find_dkim_missing(struct finder *f, struct span domain, int has_keys)
{
	struct finding *found = finder_add(f, CHECK_DKIM, has_keys == 1 ? "none_has_keys" : "none",
					   "none");

	if (found == NULL)
		return;
	found->domain = domain;
	found->repairable = house_has(f->house, domain);
}

void find_dkim_key(struct finder *f, struct span domain, struct span selector,
		   const struct dkim_key *key)
{
	const char *known = key_problem_name(key->problem, key->reason, key->term, key->alias);
	const char *problem = known != NULL ? known :
		key->problem == DKIM_NO_KEY ? "key_missing" :
		key->problem == DKIM_UNSUPPORTED ? "key_unsupported" :
		dkim_problem_name(key->problem);
	struct finding *found = finder_add(f, CHECK_DKIM, problem != NULL ? problem : "key",
					   key->problem == DKIM_FINE ? "pass" :
					   key->problem == DKIM_DNS ? "temperror" :
					   key->problem == DKIM_UNSUPPORTED ? "not_checked" :
					   key->problem == DKIM_NO_KEY ? "none" : "permerror");

	if (found == NULL)
		return;
	set_key(f, found, domain, selector, key->bits);
	found->term = key->term;
	found->host = key->alias;
	found->reason = key->problem == DKIM_DNS ? key->reason :
		key->problem == DKIM_UNSUPPORTED ? "unsupported" : NULL;
	if (key->testing && key->problem == DKIM_FINE)
		note_testing(f, domain, selector, "pass");
}

/* ---- DMARC ---- */

static struct finding *add_dmarc(struct finder *f, struct span domain, const char *what,
				 const char *verdict, const struct dmarc_record *record)
{
	struct finding *found = finder_add(f, CHECK_DMARC, what, verdict);
	struct span where = record->domain.n != 0 ? record->domain : domain;

	if (found == NULL)
		return NULL;
	found->domain = domain;
	found->detail = record->text;
	found->record = record->text;
	found->term = record->term;
	found->other = span_str(arena_printf(f->arena, "_dmarc.%.*s",
					     SPAN_FMT(where)));
	found->repairable = house_has(f->house, where);
	return found;
}

static const char *of_policy(enum dmarc_policy policy, const char *none,
			     const char *quarantine, const char *reject)
{
	return policy == DMARC_POLICY_REJECT ? reject :
		policy == DMARC_POLICY_QUARANTINE ? quarantine : none;
}

/* A record that has an error, whether or not receivers heed the rest of it. */
static void find_dmarc_fault(struct finder *f, const struct dmarc_record *record)
{
	bool no_policy = span_eq(record->term, SPAN("p="));
	bool version = !span_eq(span_slice(record->text, 0, 8), SPAN("v=DMARC1"));
	struct span meant = no_policy || version || !record->found ?
		dmarc_meant(f->arena, record->text) : (struct span){ NULL, 0 };
	const char *what = record->found ? "ignored" : "malformed";
	struct finding *found;

	if (meant.n != 0)
		what = no_policy ? "no_policy" : "meant";
	found = add_dmarc(f, record->domain, what, "permerror", record);
	if (found != NULL && meant.n != 0)
		found->record = meant;
}

bool find_dmarc_record(struct finder *f, struct span domain,
		       const struct dmarc_discovery *discovery)
{
	const struct dmarc_record *record = &discovery->record;
	struct finding *found;

	if (record->dns_failed) {
		found = add_dmarc(f, domain, "temperror", "temperror", record);
		if (found != NULL)
			found->reason = record->reason;
		return true;
	}
	if (record->several && !record->found) {
		add_dmarc(f, record->several_at, "several", "permerror", record);
		return true;
	}
	if (record->malformed) {
		find_dmarc_fault(f, record);
		return true;
	}
	if (record->found)
		return false;
	found = add_dmarc(f, domain, discovery->misplaced.n != 0 ? "misplaced" : "none", "none",
			  record);
	if (found != NULL && discovery->misplaced.n != 0)
		found->record = discovery->misplaced;
	else if (found != NULL)
		found->record = span_str(arena_printf(f->arena, "v=DMARC1; p=none; rua=mailto:"
						      "postmaster@%.*s", SPAN_FMT(domain)));
	return true;
}

void find_dmarc_sound(struct finder *f, const struct dmarc_discovery *discovery)
{
	struct finding *found;

	if (discovery->record.term.n != 0) {
		find_dmarc_fault(f, &discovery->record);
		return;
	}
	found = add_dmarc(f, discovery->record.domain, "record", "pass", &discovery->record);

	if (found != NULL)
		found->result = span_str(dmarc_policy_name(discovery->policy));
}

void find_dmarc_reports(struct finder *f, struct span host, struct span name,
			const struct dmarc_discovery *discovery)
{
	struct finding *found = add_dmarc(f, discovery->record.domain, "reports", "pass",
					  &discovery->record);

	if (found == NULL)
		return;
	found->host = host;
	found->other = name;
	found->record = SPAN("v=DMARC1");
}

void find_dmarc(struct finder *f, struct span domain, const struct dmarc_discovery *discovery,
		const struct dmarc_evidence *evidence)
{
	enum dmarc_policy policy = discovery->policy;
	struct finding *found;
	const char *what;

	if (evidence->aligned_spf || evidence->aligned_dkim) {
		found = add_dmarc(f, domain, "pass", "pass", &discovery->record);
		if (found != NULL)
			found->list = span_str(!evidence->aligned_dkim ? "SPF" :
					       evidence->aligned_spf ? "SPF, DKIM" : "DKIM");
		return;
	}
	if (evidence->unknown) {
		found = add_dmarc(f, domain, "unknown", "not_checked", &discovery->record);
		if (found != NULL)
			found->reason = "no_body";
		return;
	}
	what = evidence->other.n == 0 ?
		of_policy(policy, "fail_none", "fail_quarantine", "fail_reject") :
		of_policy(policy, "unaligned_none", "unaligned_quarantine", "unaligned_reject");
	found = add_dmarc(f, domain, what, "fail", &discovery->record);
	if (found == NULL)
		return;
	found->other = evidence->other;
	/* what has to change is SPF or DKIM of the author domain */
	found->repairable = house_has(f->house, domain);
}
