/* Authentication-Results (RFC 8601), as far as we want to know them. */
#include "probe/subject.h"

#include "probe/dns.h"

/* A token, or a quoted string without its quotes. Comments and white space are
 * passed over. Empty at the end and before a delimiter. */
static struct span next_token(struct span value, size_t *at)
{
	size_t depth = 0, start;

	for (; *at < value.n; (*at)++) {
		char c = value.p[*at];

		if (c == '\\' && depth != 0)
			(*at)++;
		else if (c == '(')
			depth++;
		else if (c == ')' && depth != 0)
			depth--;
		else if (depth == 0 && !ascii_isspace(c))
			break;
	}
	start = *at;
	if (start < value.n && value.p[start] == '"') {
		*at = span_find_byte(value, start + 1, '"') + 1;
		return span_slice(value, start + 1, *at - 1);
	}
	while (*at < value.n && !ascii_isspace(value.p[*at]) && value.p[*at] != ';' &&
	       value.p[*at] != '=' && value.p[*at] != '(')
		(*at)++;
	return span_slice(value, start, *at);
}

static bool take(struct span value, size_t *at, char c)
{
	size_t before = *at;

	if (next_token(value, at).n == 0 && *at < value.n && value.p[*at] == c) {
		(*at)++;
		return true;
	}
	*at = before;
	return false;
}

/* The results of a list that we know; anything else could be somebody's words. */
static struct span known_result(struct span result)
{
	static const char *const results[] = {
		"pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror",
	};

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (span_is(result, results[i]))
			return span_str(results[i]);
	return (struct span){ NULL, 0 };
}

/* Of several results of one method a pass says most. */
static void set_result(struct span *result, struct span found)
{
	if (found.n != 0 && (result->n == 0 || span_is(found, "pass")))
		*result = found;
}

/* A name that may be quoted; anything else could be somebody's words. */
static bool is_host_name(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '.')
			return false;
	return dns_name_is_valid(s);
}

static void take_property(struct arena *arena, struct span method, struct span name,
			  struct span value, struct reported *r)
{
	struct span domain = address_domain(arena, value);

	if (domain.n == 0)
		domain = value;
	if (!is_host_name(domain))
		return;
	if (span_is(method, "spf") && span_is(name, "smtp.mailfrom"))
		r->spf_domain = domain;
	else if (span_is(method, "dmarc") && span_is(name, "header.from"))
		r->dmarc_domain = domain;
}

/* "spf=pass reason="…" smtp.mailfrom=a@example.org", up to the next ';'. */
static void read_result(struct arena *arena, struct span value, size_t *at, struct reported *r)
{
	struct span method = next_token(value, at), name, found;

	if (method.n == 0 || !take(value, at, '='))
		return;
	found = known_result(next_token(value, at));
	if (span_is(method, "spf"))
		set_result(&r->spf, found);
	else if (span_is(method, "dkim"))
		set_result(&r->dkim, found);
	else if (span_is(method, "dmarc"))
		set_result(&r->dmarc, found);
	while ((name = next_token(value, at)).n != 0 && take(value, at, '='))
		take_property(arena, method, name, next_token(value, at), r);
}

struct span received_by(struct span received)
{
	for (size_t at = 0; at < received.n;) {
		struct span token = next_token(received, &at);

		if (span_is(token, "from"))
			next_token(received, &at);
		else if (span_is(token, "by"))
			return next_token(received, &at);
		else if (token.n == 0)
			at++;
	}
	return (struct span){ NULL, 0 };
}

/* A host of the house or beside the one that checks, or one that has a name only on
 * its own machine. */
static bool is_our_host(const struct house *house, struct span host)
{
	struct span id = span_str(house->authserv_id), parent;
	size_t dot = span_find_byte(id, 0, '.');

	parent = span_from(id, dot + 1);
	if (span_find_byte(parent, 0, '.') >= parent.n)
		parent = id;
	return span_find_byte(host, 0, '.') >= host.n || span_has_prefix(host, "localhost.") ||
		house_has_host(house, host) || dns_name_is_within(host, parent);
}

/* Was the message with somebody else when this field was written? What stands below
 * the trace of other systems was there when it came to us. */
static bool is_foreign(struct arena *arena, const struct headers *headers,
		       const struct house *house, const struct header *field)
{
	const struct header *h;

	for (h = headers_find(headers, "Received"); h != NULL && h < field;
	     h = headers_find_next(headers, h))
		if (!is_our_host(house, received_by(header_unfold(arena, h))))
			return true;
	return false;
}

void reported_read(struct arena *arena, const struct headers *headers,
		   const struct house *house, struct reported *reported_r)
{
	const struct header *h;

	*reported_r = (struct reported){ .spf = { NULL, 0 } };
	for (h = headers_find(headers, "Authentication-Results"); h != NULL;
	     h = headers_find_next(headers, h)) {
		struct span value = header_unfold(arena, h);
		size_t at = 0;

		if (!span_is(next_token(value, &at), house->authserv_id))
			continue;
		if (is_foreign(arena, headers, house, h))
			return;
		for (at = span_find_byte(value, at, ';'); at < value.n;
		     at = span_find_byte(value, at, ';')) {
			at++;
			read_result(arena, value, &at, reported_r);
		}
		return;
	}
}
