#include "probe/subject.h"

#include <string.h>

#include "mail/address.h"
#include "mail/dsn.h"
#include "probe/dns.h"
#include "probe/idna.h"

bool house_has(const struct house *house, struct span domain)
{
	for (size_t i = 0; i < house->domains_n; i++)
		if (span_is(domain, house->domains[i]))
			return true;
	return false;
}

bool house_has_host(const struct house *house, struct span host)
{
	for (size_t i = 0; i < house->domains_n; i++)
		if (dns_name_is_within(host, span_str(house->domains[i])))
			return true;
	return false;
}

static struct span lower(struct arena *arena, struct span s)
{
	char *copy = s.n != 0 ? arena_string(arena, s) : NULL;

	for (size_t i = 0; copy != NULL && i < s.n; i++)
		copy[i] = ascii_lower(copy[i]);
	return span_str(copy);
}

struct span address_domain(struct arena *arena, struct span address)
{
	char ascii[IDNA_MAX];

	return lower(arena, idna_ascii(address_host(address), ascii));
}

/* ---- whose mail it was ---- */

static struct span header_address(struct arena *arena, const struct headers *headers,
				  const char *name)
{
	return dsn_address(arena, header_unfold(arena, headers_find(headers, name)));
}

/* Postfix says it in a field of its own. */
static struct span postfix_sender(struct arena *arena, const struct bounce *bounce)
{
	struct dsn dsn;

	if (bounce->report == NULL || dsn_parse(arena, bounce->report, &dsn) != 0)
		return (struct span){ NULL, 0 };
	return header_address(arena, &dsn.fields, "X-Postfix-Sender");
}

static struct span envelope_sender(struct arena *arena, const struct bounce *bounce,
				   struct span rcpt)
{
	struct span sender = header_address(arena, &bounce->returned_headers, "Return-Path");

	if (sender.n == 0)
		sender = postfix_sender(arena, bounce);
	return sender.n != 0 ? sender : dsn_address(arena, rcpt);
}

/* ---- from where it left ---- */

/* Not part of a longer number or name. */
static bool is_address_char(char c)
{
	return ascii_isalnum(c) || c == '.' || c == ':' || c == '-';
}

/* The next thing in text that reads as an IP address, at or after *at. */
static bool next_address(struct span text, size_t *at, struct ip *ip_r)
{
	while (*at < text.n) {
		size_t start = *at, end;

		while (start < text.n && !is_address_char(text.p[start]))
			start++;
		for (end = start; end < text.n && is_address_char(text.p[end]);)
			end++;
		*at = end;
		while (end > start && (text.p[end - 1] == '.' || text.p[end - 1] == ':' ||
				       text.p[end - 1] == '-'))
			end--;
		if (span_has_prefix(span_slice(text, start, end), "ipv6:"))
			start += 5;
		if (end > start && ip_parse(span_slice(text, start, end), ip_r) == 0)
			return true;
	}
	return false;
}

static bool is_usable(const struct ip *ip)
{
	return ip_is_public(ip) || ip_is_documentation(ip);
}

/* Only where it is on the list of the house. */
static bool is_ours(const struct house *house, const struct ip *ip)
{
	struct ip ours;

	for (size_t i = 0; i < house->addresses_n; i++)
		if (ip_parse(span_str(house->addresses[i]), &ours) == 0 && ip_eq(&ours, ip))
			return true;
	return false;
}

static bool has_address(const struct subject *s, const struct ip *ip)
{
	for (size_t i = 0; i < s->addresses_n; i++)
		if (ip_eq(&s->addresses[i], ip))
			return true;
	return false;
}

static void add_address(struct subject *s, const struct ip *ip)
{
	if (!is_usable(ip) || has_address(s, ip))
		return;
	if (s->addresses_n < SUBJECT_MAX_ADDRESSES)
		s->addresses[s->addresses_n++] = *ip;
	else
		s->left_out = true;
}

static void add_addresses_of(struct subject *s, const struct house *house, struct span text)
{
	struct ip ip;

	for (size_t at = 0; next_address(text, &at, &ip);) {
		if (is_ours(house, &ip))
			add_address(s, &ip);
		else if (s->named.bits == 0 && is_usable(&ip))
			s->named = ip;
	}
}

/* Nothing shows one of ours, and the foreign server that wrote the bounce has written
 * down from whom it took the message. */
static void read_trace(struct arena *arena, const struct house *house,
		       const struct bounce *bounce, struct subject *s)
{
	struct span trace = header_unfold(arena, headers_find(&bounce->returned_headers,
							      "Received"));
	struct ip ip;

	if (!s->inbound || s->shown || s->named.bits != 0 || bounce->reporting_mta.n == 0 ||
	    house_has_host(house, bounce->reporting_mta) ||
	    !span_ieq(received_by(trace), bounce->reporting_mta))
		return;
	for (size_t at = 0; s->named.bits == 0 && next_address(trace, &at, &ip);)
		if (is_usable(&ip))
			s->named = ip;
	s->named_by_trace = s->named.bits != 0;
}

/* What the replies and the topmost Received show; if they show none of ours, it
 * may have been any. */
static void read_addresses(struct arena *arena, const struct house *house,
			   const struct bounce *bounce, struct subject *s)
{
	struct ip ip;

	for (size_t i = 0; i < bounce->n; i++)
		add_addresses_of(s, house, bounce->recipients[i].reply);
	if (s->addresses_n == 0) {
		struct ip named = s->named;

		add_addresses_of(s, house, header_unfold(arena,
			headers_find(&bounce->returned_headers, "Received")));
		s->named = named;	/* of a Received, only our own count */
	}
	s->shown = s->addresses_n != 0;
	read_trace(arena, house, bounce, s);
	for (size_t i = 0; !s->shown && i < house->addresses_n; i++)
		if (ip_parse(span_str(house->addresses[i]), &ip) == 0)
			add_address(s, &ip);
}

/* ---- what came back of it ---- */

static bool is_whole(const struct headers *headers)
{
	return headers_find(headers, "From") != NULL && headers_find(headers, "Date") != NULL &&
		headers_find(headers, "Message-ID") != NULL;
}

static bool is_headers_only(const struct mime_part *part)
{
	return !content_type_is(&part->type, "message", "rfc822") &&
		!content_type_is(&part->type, "message", "global");
}

/* What another server returned may be cut or converted: its body proves nothing. */
static void read_message(struct arena *arena, const struct bounce *bounce, bool inbound,
			 struct subject *s)
{
	const struct mime_part *part = bounce->returned;

	if (part == NULL)
		return;
	s->has_message = true;
	if (part->child != NULL && !is_headers_only(part)) {
		s->message = part->child->all;
		s->body = part->child->body;
		s->has_body = !inbound;
	} else {
		s->message = mime_decoded(arena, part, BOUNCE_MAX_TEXT);
	}
}

/* ---- to whom it went ---- */

static void add_domain(struct subject *s, struct span domain)
{
	if (domain.n == 0 || s->domains_n == SUBJECT_MAX_DOMAINS)
		return;
	for (size_t i = 0; i < s->domains_n; i++)
		if (span_eq(s->domains[i], domain))
			return;
	s->domains[s->domains_n++] = domain;
}

/* Whom the sender wrote to: where it was forwarded, the target is not his. */
static void read_domains(struct arena *arena, const struct bounce *bounce, struct subject *s)
{
	for (size_t i = 0; i < bounce->n && s->domains_n < SUBJECT_MAX_DOMAINS; i++) {
		const struct bounce_recipient *r = &bounce->recipients[i];

		if (r->action != ACTION_FAILED && r->action != ACTION_DELAYED)
			continue;
		add_domain(s, lower(arena, address_host(r->original.n != 0 ? r->original :
							r->recipient)));
	}
}

/* Is that server one of a domain that the author wrote to? */
static bool is_host_of_reader(struct arena *arena, const struct bounce *bounce, struct span host)
{
	static const char *const names[] = { "To", "Cc" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct span value = header_unfold(arena, headers_find(&bounce->returned_headers,
								      names[i])), address;

		for (size_t at = 0; (address = address_find(value, at, &at)).n != 0;)
			if (dns_name_is_within(host, address_host(address)))
				return true;
	}
	return false;
}

/* It went to another address than the one that was written to, or was refused by the
 * recipient's own server in the name of one behind it. A server that sends for us, and
 * is not named ours, does neither. */
static bool is_passed_on(struct arena *arena, const struct bounce *bounce,
			 const struct bounce_recipient *r)
{
	struct span host = bounce->reporting_mta;

	if (r->reply.n == 0 || r->remote_mta.n == 0 || span_ieq(r->remote_mta, host))
		return false;
	if (r->original.n != 0 && !span_ieq(address_host(r->original), address_host(r->recipient)))
		return true;
	return dns_name_is_within(host, address_host(r->original.n != 0 ? r->original :
						     r->recipient)) ||
		is_host_of_reader(arena, bounce, host);
}

/* A foreign server that quotes another one's reply had the message last: what the
 * reply says of the sending address is about that server. */
static void read_forwarder(struct arena *arena, const struct house *house,
			   const struct bounce *bounce, struct subject *s)
{
	if (!s->inbound || s->shown || house_has_host(house, bounce->reporting_mta))
		return;
	for (size_t i = 0; i < bounce->n; i++)
		if (is_passed_on(arena, bounce, &bounce->recipients[i]))
			s->forwarder = bounce->reporting_mta;
}

void subject_read(struct arena *arena, const struct house *house,
		  const struct bounce *bounce, struct span rcpt, bool inbound,
		  struct subject *subject_r)
{
	struct subject *s = subject_r;

	*s = (struct subject){
		.inbound = inbound, .whole = is_whole(&bounce->returned_headers),
		.recipients = bounce->recipients, .recipients_n = bounce->n,
	};
	s->sender = envelope_sender(arena, bounce, rcpt);
	s->sender_domain = address_domain(arena, s->sender);
	s->author_domain = address_domain(arena,
		header_address(arena, &bounce->returned_headers, "From"));
	s->sender_is_ours = house_has(house, s->sender_domain);
	s->author_is_ours = house_has(house, s->author_domain);
	read_addresses(arena, house, bounce, s);
	read_message(arena, bounce, inbound, s);
	read_domains(arena, bounce, s);
	read_forwarder(arena, house, bounce, s);
	if (!inbound && house->authserv_id != NULL)
		reported_read(arena, &bounce->returned_headers, house, &s->reported);
}

/* ---- mail that somebody else sent with our address ---- */

/* The tag d= of a DKIM-Signature (RFC 6376, 3.5), in A-labels; empty where there is
 * none. */
static struct span signing_domain(struct arena *arena, const struct header *signature)
{
	struct span value = header_unfold(arena, signature);
	char ascii[IDNA_MAX];

	for (size_t at = 0; at < value.n;) {
		size_t end = span_find_byte(value, at, ';');
		struct span tag = span_trim(span_slice(value, at, end));
		size_t equals = span_find_byte(tag, 0, '=');

		if (equals < tag.n && span_is(span_trim(span_slice(tag, 0, equals)), "d"))
			return arena_copy(arena, idna_ascii(span_trim(span_from(tag, equals + 1)),
							    ascii));
		at = end + 1;
	}
	return (struct span){ NULL, 0 };
}

/* By one of our addresses, or by a host of our domains. */
static bool names_us(const struct house *house, struct span received)
{
	struct ip ip;

	for (size_t at = 0; next_address(received, &at, &ip);)
		if (is_ours(house, &ip))
			return true;
	for (size_t i = 0; i < house->domains_n; i++)
		if (span_ifind(received, 0, house->domains[i]) < received.n)
			return true;
	return false;
}

bool subject_is_forged(struct arena *arena, const struct house *house,
		       const struct bounce *bounce)
{
	const struct headers *headers = &bounce->returned_headers;
	const struct header *h;

	if (!house->signs_all || !is_whole(headers) ||
	    !house_has(house, address_domain(arena, header_address(arena, headers, "From"))))
		return false;
	for (h = headers_find(headers, "DKIM-Signature"); h != NULL;
	     h = headers_find_next(headers, h)) {
		struct span domain = signing_domain(arena, h);

		if (domain.n == 0 || house_has_host(house, domain))
			return false;
	}
	for (h = headers_find(headers, "Received"); h != NULL; h = headers_find_next(headers, h))
		if (names_us(house, header_unfold(arena, h)))
			return false;
	return true;
}
