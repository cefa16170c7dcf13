#include "probe/probe.h"

#include <stdlib.h>
#include <string.h>

#include "probe/doubt.h"
#include "probe/finder.h"
#include "probe/gate.h"

struct prober {
	struct prober_settings settings;
	struct dkim_verifier *dkim;
	struct gate gate;
};

struct prober *prober_new(const struct prober_settings *settings, struct error *error)
{
	struct prober *p = calloc(1, sizeof(*p));

	if (p == NULL || (p->dkim = dkim_verifier_new()) == NULL) {
		free(p);
		error_set(error, "libopendkim cannot be used (out of memory?)");
		return NULL;
	}
	p->settings = *settings;
	gate_init(&p->gate, settings->messages);
	return p;
}

void prober_free(struct prober *prober)
{
	if (prober == NULL)
		return;
	dkim_verifier_free(prober->dkim);
	gate_release(&prober->gate);
	free(prober);
}

unsigned checks_of_cause(const struct cause *cause)
{
	unsigned checks = 0;

	for (size_t i = 0; i < cause->probes.n; i++) {
		if (strcmp(cause->probes.list[i], "sender_mx") == 0)
			checks |= WANT_SENDER_MX;
		for (enum check c = 0; c < CHECK_COUNT; c++)
			if (strcmp(cause->probes.list[i], check_name(c)) == 0)
				checks |= 1U << c;
	}
	return checks;
}

static bool has(unsigned checks, enum check check)
{
	return (checks >> check & 1) != 0;
}

/* ---- one message ---- */

struct probing {
	struct finder f;
	struct dns dns;
	const struct prober *prober;
	const struct subject *subject;
	/* for DMARC */
	bool spf_known;
	bool spf_passes;
	struct dkim_result dkim;
	bool dkim_known;
};

static void begin_text(struct probing *p, const char *prefix, struct span domain)
{
	if (domain.n != 0)
		dns_begin(&p->dns, span_str(arena_printf(p->dns.arena, "%s%.*s", prefix,
							 SPAN_FMT(domain))), DNS_TXT);
}

/* The questions that are certain to come, all at once. */
static void begin(struct probing *p, unsigned wanted)
{
	const struct subject *s = p->subject;

	if (has(wanted, CHECK_SPF) || has(wanted, CHECK_DMARC))
		begin_text(p, "", s->sender_domain);
	if (has(wanted, CHECK_DMARC))
		begin_text(p, "_dmarc.", s->author_domain);
	for (size_t i = 0; has(wanted, CHECK_MX) && i < s->domains_n; i++)
		dns_begin(&p->dns, s->domains[i], DNS_MX);
	for (size_t i = 0; has(wanted, CHECK_PTR) && i < s->addresses_n; i++)
		dns_begin(&p->dns, ip_reverse_name(p->dns.arena, &s->addresses[i]), DNS_PTR);
}

/* ---- SPF ---- */

static void spf_of(struct probing *p, const struct ip *ip, struct spf_result *result_r)
{
	const struct spf_request request = {
		.ip = *ip, .sender = p->subject->sender, .count_all = true,
	};

	spf_check(&p->dns, &request, result_r);
}

static bool is_alike(const struct spf_result *a, const struct spf_result *b)
{
	return a->code == b->code && a->problem == b->problem;
}

/* Addresses that come out alike are told together: one record mends them all. */
static void tell_spf(struct probing *p, const struct spf_result *results)
{
	const struct subject *s = p->subject;
	bool told[SUBJECT_MAX_ADDRESSES] = { false };

	for (size_t i = 0; i < s->addresses_n; i++) {
		struct ip ips[SUBJECT_MAX_ADDRESSES];
		size_t n = 0;

		for (size_t j = i; !told[i] && j < s->addresses_n; j++)
			if (j == i || is_alike(&results[i], &results[j])) {
				ips[n++] = s->addresses[j];
				told[j] = j != i;
			}
		if (n != 0)
			find_spf(&p->f, s->sender_domain, ips, n, true, &results[i]);
	}
}

static void check_spf_ours(struct probing *p, bool tell)
{
	const struct subject *s = p->subject;
	struct spf_result results[SUBJECT_MAX_ADDRESSES];

	p->spf_known = p->spf_passes = s->addresses_n != 0;
	for (size_t i = 0; i < s->addresses_n; i++) {
		spf_of(p, &s->addresses[i], &results[i]);
		p->spf_known = p->spf_known && results[i].code != SPF_TEMPERROR;
		p->spf_passes = p->spf_passes && results[i].code == SPF_PASS;
	}
	if (tell)
		tell_spf(p, results);
}

/* An address that somebody else names. */
static void check_spf_named(struct probing *p)
{
	const struct subject *s = p->subject;
	struct spf_result result;

	spf_of(p, &s->named, &result);
	find_spf_named(&p->f, s->sender_domain, &s->named, s->named_by_trace, &result);
}

static void check_spf(struct probing *p, bool tell)
{
	const struct subject *s = p->subject;
	size_t first = p->f.out->n;

	if (s->sender_domain.n == 0)
		return;
	if (s->forwarder.n != 0) {
		if (tell)
			find_spf_forwarded(&p->f, s->sender_domain, s->forwarder);
		return;
	}
	check_spf_ours(p, tell);
	if (tell && s->named.bits != 0)
		check_spf_named(p);
	if (tell && p->f.out->n == first && s->addresses_n == 0)
		find_not_checked(&p->f, CHECK_SPF, "no_address");
}

/* ---- DKIM ---- */

static void check_dkim(struct probing *p, bool tell)
{
	const struct subject *s = p->subject;
	struct dkim_request request = {
		.message = s->message, .body = s->body, .has_body = s->has_body,
	};

	if (!s->has_message) {
		if (tell)
			find_not_checked(&p->f, CHECK_DKIM, "no_message");
		return;
	}
	dkim_check(p->prober->dkim, &p->dns, &request, &p->dkim);
	/* where fields are missing, a signature may be one of them */
	p->dkim_known = !p->dkim.failed && (p->dkim.n != 0 || s->whole || !s->inbound);
	if (!tell || p->dkim.failed)
		return;
	if (!p->dkim_known)
		find_dkim_incomplete(&p->f, s->author_domain);
	for (size_t i = 0; i < p->dkim.n; i++)
		find_dkim_signature(&p->f, &p->dkim.signatures[i]);
	if (p->dkim.n == 0 && p->dkim_known && s->author_domain.n != 0)
		find_dkim_missing(&p->f, s->author_domain,
				  dkim_has_keys(&p->dns, s->author_domain));
}

/* ---- DMARC ---- */

/* Counts one identifier that passes, or might. */
static void weigh(struct probing *p, struct span domain, bool strict, bool passes, bool might,
		  bool *aligned_r, struct dmarc_evidence *evidence)
{
	bool known = true, aligned;

	if (!passes && !might)
		return;
	aligned = dmarc_is_aligned(&p->dns, p->subject->author_domain, domain, strict, &known);
	if (!known)
		evidence->unknown = true;
	else if (aligned && passes)
		*aligned_r = true;
	else if (aligned)
		evidence->unknown = true;
	else if (passes)
		evidence->other = domain;
}

static void weigh_all(struct probing *p, const struct dmarc_record *record,
		      struct dmarc_evidence *evidence)
{
	const struct subject *s = p->subject;
	bool forwarded = s->forwarder.n != 0;

	weigh(p, s->sender_domain, record->strict_spf, !forwarded && p->spf_known && p->spf_passes,
	      !forwarded && !p->spf_known, &evidence->aligned_spf, evidence);
	evidence->unknown |= !p->dkim_known;
	for (size_t i = 0; i < p->dkim.n; i++) {
		const struct dkim_signature *signature = &p->dkim.signatures[i];

		weigh(p, signature->domain, record->strict_dkim, signature->verdict == DKIM_PASS,
		      signature->verdict == DKIM_UNKNOWN || signature->verdict == DKIM_TEMPERROR,
		      &evidence->aligned_dkim, evidence);
	}
}

static void check_dmarc(struct probing *p)
{
	const struct subject *s = p->subject;
	struct dmarc_evidence evidence = { .unknown = false };
	struct dmarc_discovery discovery;

	if (s->author_domain.n == 0)
		return;
	dmarc_discover(&p->dns, s->author_domain, &discovery);
	if (find_dmarc_record(&p->f, s->author_domain, &discovery))
		return;
	weigh_all(p, &discovery.record, &evidence);
	find_dmarc(&p->f, s->author_domain, &discovery, &evidence);
}

/* ---- MX, reverse DNS, blocklists ---- */

static void check_mx(struct probing *p)
{
	struct mx_result result;

	for (size_t i = 0; i < p->subject->domains_n; i++) {
		mx_check(&p->dns, p->subject->domains[i], &result);
		find_mx(&p->f, p->subject->domains[i], &result);
	}
}

static void check_sender_mx(struct probing *p)
{
	struct mx_result result;

	if (p->subject->sender_domain.n == 0)
		return;
	mx_check(&p->dns, p->subject->sender_domain, &result);
	find_sender_mx(&p->f, p->subject->sender_domain, &result);
}

/* An address that it may have left from. */
struct source {
	struct ip ip;
	bool ours;
};

/* Those of the house; and what somebody else named, unless the mail shows ours. */
static size_t sources_of(const struct subject *s, struct source list[SUBJECT_MAX_ADDRESSES + 1])
{
	size_t n = 0;

	for (; n < s->addresses_n; n++)
		list[n] = (struct source){ s->addresses[n], true };
	if (s->named.bits != 0 && !s->shown)
		list[n++] = (struct source){ s->named, false };
	return n;
}

static void check_ptr(struct probing *p)
{
	struct source list[SUBJECT_MAX_ADDRESSES + 1];
	struct ptr_result result;
	size_t n = sources_of(p->subject, list);

	for (size_t i = 0; i < n; i++) {
		ptr_check(&p->dns, &list[i].ip, &result);
		find_ptr(&p->f, &list[i].ip, list[i].ours, &result);
	}
	if (n == 0)
		find_not_checked(&p->f, CHECK_PTR, "no_address");
}

static void check_lists(struct probing *p, const struct source *source)
{
	const struct prober_settings *settings = &p->prober->settings;
	size_t before = p->f.out->n;
	struct dnsbl_result result;

	for (size_t z = 0; z < settings->zones_n; z++)
		dnsbl_begin(&p->dns, &source->ip, settings->zones[z]);
	for (size_t z = 0; z < settings->zones_n; z++) {
		dnsbl_check(&p->dns, &source->ip, settings->zones[z], &result);
		find_dnsbl(&p->f, &source->ip, source->ours, &result);
	}
	if (p->f.out->n == before)
		find_dnsbl_clear(&p->f, &source->ip);
}

static void check_dnsbl(struct probing *p)
{
	struct source list[SUBJECT_MAX_ADDRESSES + 1];
	size_t n = sources_of(p->subject, list);

	for (size_t i = 0; p->prober->settings.zones_n != 0 && i < n; i++)
		check_lists(p, &list[i]);
}

/* ---- all of it ---- */

static void run_checks(struct probing *p, unsigned wanted)
{
	bool dmarc = has(wanted, CHECK_DMARC);

	if (has(wanted, CHECK_SPF) || dmarc)
		check_spf(p, has(wanted, CHECK_SPF));
	if (has(wanted, CHECK_DKIM) || dmarc)
		check_dkim(p, has(wanted, CHECK_DKIM));
	if (dmarc)
		check_dmarc(p);
	if (has(wanted, CHECK_MX))
		check_mx(p);
	if ((wanted & WANT_SENDER_MX) != 0)
		check_sender_mx(p);
	if (has(wanted, CHECK_PTR))
		check_ptr(p);
	if (has(wanted, CHECK_DNSBL))
		check_dnsbl(p);
}

static void probing_init(struct probing *p, const struct prober *prober, struct arena *arena,
			 const struct subject *subject, struct findings *out)
{
	*p = (struct probing){
		.f = { prober->settings.knowledge, &prober->settings.house, arena, out },
		.prober = prober, .subject = subject,
	};
	*out = (struct findings){ .list = arena_array(arena, FINDINGS_MAX, sizeof(*out->list)) };
	dns_init(&p->dns, prober->settings.source, arena, prober->settings.timeout_ms);
}

/* The switch of mx is that of sender_mx too. */
static unsigned switched_on(const struct prober *prober, unsigned wanted)
{
	unsigned checks = prober->settings.checks;

	if (has(checks, CHECK_MX))
		checks |= WANT_SENDER_MX;
	return wanted & checks;
}

void probe_subject(struct prober *prober, struct arena *arena,
		   const struct subject *subject, unsigned wanted,
		   struct findings *findings_r)
{
	struct probing p;
	struct span about = subject->sender_domain.n != 0 || subject->domains_n == 0 ?
		subject->sender_domain : subject->domains[0];

	probing_init(&p, prober, arena, subject, findings_r);
	wanted = switched_on(prober, wanted);
	if (wanted == 0)
		return;
	if (gate_enter(&prober->gate, about, dns_now_ms())) {
		begin(&p, wanted);
		run_checks(&p, wanted);
		doubt_findings(arena, subject, &prober->settings, findings_r);
		gate_leave(&prober->gate);
		return;
	}
	for (enum check c = 0; c < CHECK_COUNT; c++)
		if (has(wanted, c) && (c != CHECK_DNSBL || prober->settings.zones_n != 0))
			find_not_checked(&p.f, c, "busy");
}

static void find_reported(struct finder *f, enum check check, struct span result,
			  struct span domain)
{
	struct finding *found = result.n == 0 ? NULL : finder_add(f, check, "reported", result.p);

	if (found == NULL)
		return;
	found->result = result;
	found->domain = domain;
}

void probe_reported(const struct prober *prober, struct arena *arena,
		    const struct subject *subject, unsigned wanted,
		    struct findings *findings_r)
{
	const struct reported *r = &subject->reported;
	struct probing p;

	probing_init(&p, prober, arena, subject, findings_r);
	wanted = switched_on(prober, wanted);
	if (has(wanted, CHECK_SPF))
		find_reported(&p.f, CHECK_SPF, r->spf, r->spf_domain.n != 0 ? r->spf_domain :
			      subject->sender_domain);
	if (has(wanted, CHECK_DKIM))
		find_reported(&p.f, CHECK_DKIM, r->dkim, subject->author_domain);
	if (has(wanted, CHECK_DMARC))
		find_reported(&p.f, CHECK_DMARC, r->dmarc, r->dmarc_domain.n != 0 ?
			      r->dmarc_domain : subject->author_domain);
}

/* ---- a domain by itself ---- */

static void check_spf_record(struct probing *p, const struct domain_request *request)
{
	const struct spf_request spf = { .sender = p->subject->sender, .count_all = true };
	struct spf_result result;

	spf_check(&p->dns, &spf, &result);
	find_spf_record(&p->f, request->domain, &result);
}

static void check_keys(struct probing *p, const struct domain_request *request)
{
	struct finding *found;
	struct dkim_key key;
	int has_keys;

	if (request->selector.n != 0) {
		dkim_key(&p->dns, request->domain, request->selector, &key);
		find_dkim_key(&p->f, request->domain, request->selector, &key);
		return;
	}
	has_keys = dkim_has_keys(&p->dns, request->domain);
	found = finder_add(&p->f, CHECK_DKIM, has_keys == 0 ? "no_keys" : "keys",
			   has_keys == 0 ? "none" : "not_checked");
	if (found == NULL)
		return;
	found->domain = request->domain;
	found->reason = has_keys == 0 ? NULL : "no_selector";
}

static void check_policy(struct probing *p, const struct domain_request *request)
{
	struct span host, name;
	struct dmarc_discovery discovery;

	dmarc_discover(&p->dns, request->domain, &discovery);
	if (find_dmarc_record(&p->f, request->domain, &discovery))
		return;
	find_dmarc_sound(&p->f, &discovery);
	host = dmarc_unasked(&p->dns, &discovery.record, &name);
	if (host.n != 0 && discovery.record.term.n == 0)
		find_dmarc_reports(&p->f, host, name, &discovery);
}

/* Nothing else can be said of a domain that does not exist. */
static bool is_missing(struct probing *p, const struct domain_request *request)
{
	struct mx_result result;

	mx_check(&p->dns, request->domain, &result);
	if (result.state != MX_NO_DOMAIN)
		return false;
	find_mx(&p->f, request->domain, &result);
	return true;
}

void probe_domain(struct prober *prober, struct arena *arena,
		  const struct domain_request *request, struct findings *findings_r)
{
	unsigned checks = switched_on(prober, WANT_ALL);
	struct subject subject = {
		.sender = request->sender.n != 0 ? request->sender :
			span_str(arena_printf(arena, "postmaster@%.*s", SPAN_FMT(request->domain))),
		.author_domain = request->domain, .domains = { request->domain }, .domains_n = 1,
		.message = request->message, .body = request->body,
		.has_message = request->message.n != 0, .has_body = request->message.n != 0,
	};
	struct probing p;

	subject.sender_domain = address_domain(arena, subject.sender);
	if (request->ip.bits != 0)
		subject.addresses[subject.addresses_n++] = request->ip;
	probing_init(&p, prober, arena, &subject, findings_r);
	begin(&p, checks);
	if (has(checks, CHECK_MX) && is_missing(&p, request))
		return;
	if (has(checks, CHECK_SPF) && request->ip.bits == 0)
		check_spf_record(&p, request);
	else if (has(checks, CHECK_SPF))
		check_spf(&p, true);
	if (has(checks, CHECK_DKIM) && subject.has_message)
		check_dkim(&p, true);
	else if (has(checks, CHECK_DKIM))
		check_keys(&p, request);
	if (has(checks, CHECK_DMARC) && subject.has_message && request->ip.bits != 0) {
		if (!has(checks, CHECK_SPF))
			check_spf(&p, false);
		if (!has(checks, CHECK_DKIM))
			check_dkim(&p, false);
		check_dmarc(&p);
	} else if (has(checks, CHECK_DMARC)) {
		check_policy(&p, request);
	}
	run_checks(&p, checks & ~(1U << CHECK_SPF | 1U << CHECK_DKIM | 1U << CHECK_DMARC));
}
