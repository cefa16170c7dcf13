/* Authentication-Results (RFC 8601), as far as we want to know them. */
#include "probe/subject.h"

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

static void take_property(struct arena *arena, struct span method, struct span name,
			  struct span value, struct reported *r)
{
	struct span domain = address_domain(arena, value);

	if (domain.n == 0)
		domain = value;
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

void reported_read(struct arena *arena, const struct headers *headers,
		   const char *authserv_id, struct reported *reported_r)
{
	const struct header *h;

	*reported_r = (struct reported){ .spf = { NULL, 0 } };
	for (h = headers_find(headers, "Authentication-Results"); h != NULL;
	     h = headers_find_next(headers, h)) {
		struct span value = header_unfold(arena, h);
		size_t at = 0;

		if (!span_is(next_token(value, &at), authserv_id))
			continue;
		for (at = span_find_byte(value, at, ';'); at < value.n;
		     at = span_find_byte(value, at, ';')) {
			at++;
			read_result(arena, value, &at, reported_r);
		}
		return;
	}
}
