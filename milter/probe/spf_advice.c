/* What a wrong term was meant to be. */
#include "base/buf.h"
#include "probe/spf_parse.h"

enum {
	ADVICE_MAX = 64 * 1024,
	TERM_MAX = 512,		/* longer: no guess */
};

/* And never one that allows the whole world. */
static bool is_right(struct span term)
{
	struct spf_term parsed;

	spf_term_parse(term, &parsed);
	return parsed.fault == SPF_FAULT_NONE &&
		!(parsed.kind == SPF_ALL && parsed.qualifier == '+');
}

/* Under the one of these names that makes it right. */
static struct span under(struct arena *arena, struct span qualifier, const char *const *names,
			 size_t n, struct span value)
{
	struct buf out;

	for (size_t i = 0; i < n; i++) {
		buf_init(&out, arena, ADVICE_MAX);
		buf_add(&out, qualifier);
		buf_addf(&out, "%s:%.*s", names[i], SPAN_FMT(value));
		if (is_right(buf_span(&out)))
			return buf_span(&out);
	}
	return (struct span){ NULL, 0 };
}

/* An address with or without prefix, alone or under a wrong mechanism; a name under
 * a mechanism for addresses. */
static struct span as_network(struct arena *arena, struct span qualifier, struct span body)
{
	static const char *const names[] = { "ip4", "ip6", "a" };
	struct span likely = under(arena, qualifier, names, 2, body), value;
	size_t sign = 0;

	while (sign < body.n && body.p[sign] != ':' && body.p[sign] != '=')
		sign++;
	value = span_from(body, sign + 1);
	if (likely.n != 0 && span_has_prefix(body, "a:"))	/* the first group, or "a" */
		return (struct span){ NULL, 0 };
	if (likely.n != 0 || sign == 0 || value.n == 0 || span_has_prefix(body, "redirect") ||
	    span_has_prefix(body, "exp"))
		return likely;
	return under(arena, qualifier, names,
		     span_has_prefix(body, "ip") && ascii_isalpha(value.p[0]) ? 3 : 2, value);
}

/* "ip4:192.0.2.1,192.0.2.2" */
static struct span as_list(struct arena *arena, struct span term)
{
	struct span likely;
	struct buf out;
	size_t n = 0;

	buf_init(&out, arena, ADVICE_MAX);
	for (size_t at = 0, end; at < term.n; at = end + 1) {
		size_t comma = span_find_byte(term, at, ','), semicolon = span_find_byte(term, at, ';');

		end = comma < semicolon ? comma : semicolon;
		likely = span_slice(term, at, end);
		if (!is_right(likely))
			likely = as_network(arena, SPAN(""), likely);
		if (likely.n == 0)
			return likely;
		buf_addf(&out, "%s%.*s", n++ > 0 ? " " : "", SPAN_FMT(likely));
	}
	return n > 1 ? buf_span(&out) : (struct span){ NULL, 0 };
}

/* One letter too many, too few, other, or two swapped. */
static bool is_one_edit_away(struct span a, struct span b)
{
	size_t head = 0, tail = 0, na, nb;

	while (head < a.n && head < b.n && ascii_lower(a.p[head]) == ascii_lower(b.p[head]))
		head++;
	while (tail < a.n - head && tail < b.n - head &&
	       ascii_lower(a.p[a.n - 1 - tail]) == ascii_lower(b.p[b.n - 1 - tail]))
		tail++;
	na = a.n - head - tail;
	nb = b.n - head - tail;
	return (na <= 1 && nb <= 1) ||
		(na == 2 && nb == 2 && ascii_lower(a.p[head]) == ascii_lower(b.p[head + 1]) &&
		 ascii_lower(a.p[head + 1]) == ascii_lower(b.p[head]));
}

/* The name before ":" or "=", as it is spelt, or with the other sign. */
static struct span with_name(struct arena *arena, struct span qualifier, struct span body)
{
	static const char *const names[] = {
		"include:", "redirect=", "exists:", "exp=", "ip4:", "ip6:", "ptr:", "mx:", "a:",
	};
	size_t n = 0;

	while (n < body.n && body.p[n] != ':' && body.p[n] != '=')
		n++;
	if (n == 0 || n == body.n)
		return (struct span){ NULL, 0 };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct span name = span_slice(span_str(names[i]), 0, span_str(names[i]).n - 1);
		bool modifier = names[i][name.n] == '=';
		struct buf out;

		/* a name of one or two letters is one edit away from anything */
		if (!span_ieq(name, span_slice(body, 0, n)) &&
		    (name.n < 3 || !is_one_edit_away(name, span_slice(body, 0, n))))
			continue;
		buf_init(&out, arena, ADVICE_MAX);
		if (!modifier)
			buf_add(&out, qualifier);
		buf_adds(&out, names[i]);
		buf_add(&out, span_from(body, n + 1));
		if (is_right(buf_span(&out)))
			return buf_span(&out);
	}
	return (struct span){ NULL, 0 };
}

/* "/024" for "/24". */
static struct span without_zeros(struct arena *arena, struct span term)
{
	size_t slash = span_find_byte(term, 0, '/'), digits = slash + 1;
	struct buf out;

	while (digits + 1 < term.n && term.p[digits] == '0')
		digits++;
	if (slash == term.n || digits == slash + 1)
		return (struct span){ NULL, 0 };
	buf_init(&out, arena, ADVICE_MAX);
	buf_add(&out, span_slice(term, 0, slash + 1));
	buf_add(&out, span_from(term, digits));
	return buf_span(&out);
}

static bool is_junk(char c)
{
	return span_find_byte(SPAN(",;.\"'()"), 0, c) < 7 || (unsigned char)c >= 0x80;
}

/* The octets of what a word processor makes of a hyphen: U+2010 to 2015, 2212. */
static size_t dash_length(struct span text)
{
	const unsigned char *p = (const unsigned char *)text.p;

	if (text.n <= 3 || p[0] != 0xe2)
		return 0;
	return (p[1] == 0x80 && p[2] >= 0x90 && p[2] <= 0x95) ||
		(p[1] == 0x88 && p[2] == 0x92) ? 3 : 0;
}

/* Without what a list, a sentence or a word processor leaves at the ends. */
static struct span without_junk(struct arena *arena, struct span term)
{
	while (term.n > 0 && is_junk(term.p[term.n - 1]))
		term.n--;
	while (term.n > 0 && is_junk(term.p[0]) && dash_length(term) == 0)
		term = span_from(term, 1);
	if (dash_length(term) == 0)
		return term;
	return span_str(arena_printf(arena, "-%.*s", SPAN_FMT(span_from(term, 3))));
}

static bool starts_term(struct span text)
{
	struct span body = spf_unqualified(text);
	size_t colon = span_find_byte(body, 0, ':');

	return (body.n < text.n && span_is(body, "all")) || (colon > 0 && colon < body.n);
}

/* Two terms without the space between them, as two strings of a record often are. */
static struct span as_two(struct arena *arena, struct span term)
{
	for (size_t i = 1; i < term.n; i++) {
		struct span first = span_slice(term, 0, i), second = span_from(term, i);

		if (starts_term(second) && is_right(first) && is_right(second))
			return span_str(arena_printf(arena, "%.*s %.*s", SPAN_FMT(first),
						     SPAN_FMT(second)));
	}
	return (struct span){ NULL, 0 };
}

struct span spf_likely_term(struct arena *arena, struct span term)
{
	struct span clean, body, qualifier, likely[5];

	if (term.n > TERM_MAX)
		return (struct span){ NULL, 0 };
	likely[0] = clean = without_junk(arena, term);
	if (clean.n == 0)
		return clean;
	body = spf_unqualified(clean);
	qualifier = span_slice(clean, 0, clean.n - body.n);
	likely[1] = qualifier.n == 0 ? as_list(arena, clean) : (struct span){ NULL, 0 };
	likely[2] = as_network(arena, qualifier, body);
	likely[3] = with_name(arena, qualifier, body);
	likely[4] = without_zeros(arena, clean);
	for (size_t i = 0; i < sizeof(likely) / sizeof(*likely); i++)
		if (!span_eq(likely[i], term) &&
		    (is_right(likely[i]) || (i == 1 && likely[i].n > 0)))
			return likely[i];
	return as_two(arena, clean);
}
