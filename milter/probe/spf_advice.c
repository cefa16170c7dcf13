#include "base/buf.h"
#include "probe/spf_parse.h"

enum {
	ADVICE_MAX = 64 * 1024,
	TERM_MAX = 512,		/* longer: no guess */
};

/* ---- a record with one more term ---- */

static struct span without_qualifier(struct span term)
{
	bool qualified = term.n > 0 && span_find_byte(SPAN("+-~?"), 0, term.p[0]) < 4;

	return span_from(term, qualified ? 1 : 0);
}

/* Where a term has to stand to count. */
static size_t place_of(struct span record)
{
	struct span rest = spf_terms(record);
	size_t place = record.n;
	struct spf_term term;

	while (spf_next_term(&rest, &term)) {
		size_t at = (size_t)(term.text.p - record.p);

		if (span_is(without_qualifier(term.text), "all") ||
		    (term.fault == SPF_FAULT_NONE && term.qualifier != '\0' &&
		     term.qualifier != '+'))
			return at;
		if (term.kind == SPF_REDIRECT)
			place = at;
	}
	return place;
}

static bool has_term(struct span terms, struct span wanted)
{
	struct spf_term term;

	while (spf_next_term(&terms, &term))
		if (span_ieq(term.text, wanted) ||
		    (term.qualifier == '+' && span_ieq(without_qualifier(term.text), wanted)))
			return true;
	return false;
}

/* Those of the terms that the record does not have, each with a space before it. */
static struct span missing(struct arena *arena, struct span record, struct span terms)
{
	struct spf_term term;
	struct buf out;

	buf_init(&out, arena, ADVICE_MAX);
	while (spf_next_term(&terms, &term))
		if (!has_term(spf_terms(record), term.text) &&
		    !has_term(buf_span(&out), term.text)) {
			buf_addc(&out, ' ');
			buf_add(&out, term.text);
		}
	return buf_span(&out);
}

struct span spf_with_term(struct arena *arena, struct span record, struct span terms)
{
	struct span more;
	struct buf out;
	size_t place;

	buf_init(&out, arena, ADVICE_MAX);
	if (!spf_is_record(record)) {
		buf_addf(&out, "v=spf1%.*s ~all", SPAN_FMT(missing(arena, record, terms)));
		return buf_span(&out);
	}
	more = missing(arena, record, terms);
	if (more.n == 0)
		return record;
	place = place_of(record);
	if (place == record.n) {
		buf_add(&out, span_trim(record));
		buf_add(&out, more);
		return buf_span(&out);
	}
	buf_add(&out, span_slice(record, 0, place));
	buf_add(&out, span_from(more, 1));
	buf_addc(&out, ' ');
	buf_add(&out, span_from(record, place));
	return buf_span(&out);
}

/* ---- what a wrong term was meant to be ---- */

static bool is_right(struct span term)
{
	struct spf_term parsed;

	spf_term_parse(term, &parsed);
	return parsed.fault == SPF_FAULT_NONE;
}

/* An address with or without prefix, under its right mechanism. */
static struct span as_network(struct arena *arena, struct span qualifier, struct span value)
{
	static const char *const names[] = { "ip4", "ip6" };
	struct buf out;

	for (size_t i = 0; i < 2; i++) {
		buf_init(&out, arena, ADVICE_MAX);
		buf_add(&out, qualifier);
		buf_addf(&out, "%s:%.*s", names[i], SPAN_FMT(value));
		if (is_right(buf_span(&out)))
			return buf_span(&out);
	}
	return (struct span){ NULL, 0 };
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

/* Without what a list, a sentence or a word processor leaves at the ends. */
static struct span without_junk(struct span term)
{
	while (term.n > 0 && is_junk(term.p[term.n - 1]))
		term.n--;
	while (term.n > 0 && is_junk(term.p[0]))
		term = span_from(term, 1);
	return term;
}

static bool starts_term(struct span text)
{
	struct span body = without_qualifier(text);
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

static struct span value_of(struct span body)
{
	size_t colon = span_find_byte(body, 0, ':');

	return colon < body.n && span_has_prefix(body, "ip") ? span_from(body, colon + 1) : body;
}

struct span spf_likely_term(struct arena *arena, struct span term)
{
	struct span clean = without_junk(term), body = without_qualifier(clean);
	struct span qualifier = span_slice(clean, 0, clean.n - body.n);
	struct span likely[4] = { clean };

	if (clean.n == 0 || clean.n > TERM_MAX)
		return (struct span){ NULL, 0 };
	likely[1] = as_network(arena, qualifier, value_of(body));
	likely[2] = with_name(arena, qualifier, body);
	likely[3] = without_zeros(arena, clean);
	for (size_t i = 0; i < sizeof(likely) / sizeof(*likely); i++)
		if (likely[i].n > 0 && !span_eq(likely[i], term) && is_right(likely[i]))
			return likely[i];
	return as_two(arena, clean);
}
