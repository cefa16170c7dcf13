#include "base/buf.h"
#include "probe/spf_parse.h"

enum { ADVICE_MAX = 64 * 1024 };

static bool has_term(struct span terms, struct span wanted)
{
	struct spf_term term;

	while (spf_next_term(&terms, &term))
		if (span_ieq(term.text, wanted) ||
		    (term.qualifier == '+' && span_ieq(spf_unqualified(term.text), wanted)))
			return true;
	return false;
}

static bool is_all(const struct spf_term *term)
{
	return span_is(spf_unqualified(term->text), "all");
}

/* ---- a record with more terms ---- */

/* Where a term has to stand to count. */
static size_t place_of(struct span record)
{
	struct span rest = spf_terms(record);
	size_t place = record.n;
	struct spf_term term;

	while (spf_next_term(&rest, &term)) {
		size_t at = (size_t)(term.text.p - record.p);

		if (is_all(&term) || (term.fault == SPF_FAULT_NONE && term.qualifier != '\0' &&
				      term.qualifier != '+'))
			return at;
		if (term.kind == SPF_REDIRECT)
			place = at;
	}
	return place;
}

/* One of the wanted, written so that it does not help: behind the end, as a
 * modifier, or to refuse. */
static bool is_in_vain(struct arena *arena, const struct spf_term *term, bool ended,
		       struct span wanted)
{
	if (term->fault != SPF_FAULT_NONE)
		return false;
	if (spf_term_is_mistaken(term))
		return has_term(wanted, spf_likely_term(arena, term->text));
	return term->qualifier != '\0' && (ended || term->qualifier != '+') &&
		has_term(wanted, spf_unqualified(term->text));
}

static struct span without_vain(struct arena *arena, struct span record, struct span wanted)
{
	struct span rest = spf_terms(record);
	size_t done = 0;
	struct spf_term term;
	bool ended = false;
	struct buf out;

	buf_init(&out, arena, ADVICE_MAX);
	while (spf_next_term(&rest, &term)) {
		size_t at = (size_t)(term.text.p - record.p);

		if (is_in_vain(arena, &term, ended, wanted)) {
			buf_add(&out, span_slice(record, done, at));
			while (out.n > 0 && out.p[out.n - 1] == ' ')
				buf_truncate(&out, out.n - 1);
			done = at + term.text.n;
		}
		ended = ended || is_all(&term);
	}
	buf_add(&out, span_from(record, done));
	return buf_span(&out);
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
	record = without_vain(arena, record, terms);
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

/* ---- two records in one ---- */

/* What the lists of two records have in common with each other: mechanisms that
 * allow, and an end. In this order, the last one decides the least. */
static const char ends[] = "-~?";

struct lists {
	struct buf out;
	size_t end;		/* index in ends */
	bool ended, unfit;
	unsigned lookups;
};

static void take_terms(struct lists *l, struct span record)
{
	struct span rest = spf_terms(record);
	struct spf_term term;

	while (!l->unfit && spf_next_term(&rest, &term)) {
		size_t end = span_find_byte(span_str(ends), 0, term.qualifier);

		if (is_all(&term) && term.fault == SPF_FAULT_NONE && end < 3) {
			l->end = end > l->end ? end : l->end;
			l->ended = true;
			return;
		}
		l->unfit = term.fault != SPF_FAULT_NONE || term.qualifier != '+' || is_all(&term);
		if (has_term(spf_terms(buf_span(&l->out)), term.text))
			continue;
		l->lookups += spf_term_asks(&term);
		buf_addf(&l->out, " %.*s", SPAN_FMT(term.text));
	}
}

struct span spf_joined(struct arena *arena, struct span first, struct span second)
{
	struct lists l = { .end = 0 };

	buf_init(&l.out, arena, ADVICE_MAX);
	buf_adds(&l.out, "v=spf1");
	take_terms(&l, first);
	take_terms(&l, second);
	if (l.ended)
		buf_addf(&l.out, " %call", ends[l.end]);
	return l.unfit || l.lookups > SPF_MAX_LOOKUPS ? (struct span){ NULL, 0 } : buf_span(&l.out);
}

/* ---- what was meant to be a record ---- */

static bool is_mark(char c)
{
	return span_find_byte(SPAN(" \t\"'"), 0, c) < 4;
}

static struct span without_marks(struct span text)
{
	while (text.n > 0 && is_mark(text.p[0]))
		text = span_from(text, 1);
	while (text.n > 0 && is_mark(text.p[text.n - 1]))
		text.n--;
	return text;
}

/* Any of these, as often as they come. */
static struct span skip(struct span text, const char *set)
{
	struct span any = span_str(set);

	while (text.n > 0 && span_find_byte(any, 0, text.p[0]) < any.n)
		text = span_from(text, 1);
	return text;
}

/* "v=spf 1", "V = SPF1;", "spf1", "v=spf1.0:" off the start. */
static bool take_version(struct span *text)
{
	struct span rest = *text;

	if (rest.n > 0 && ascii_lower(rest.p[0]) == 'v')
		rest = skip(span_from(rest, 1), " =:-");
	if (!span_has_prefix(rest, "spf") || span_has_prefix(rest, "spf2.0"))
		return false;
	rest = skip(span_from(rest, 3), " =:-");
	*text = skip(rest, "0123456789.");
	if (rest.n - text->n > 3)	/* an address */
		*text = rest;
	*text = skip(*text, " \t;:,");
	return true;
}

struct span spf_meant(struct arena *arena, struct span text)
{
	struct span rest = without_marks(text);
	struct spf_term term;
	struct buf out;

	if (text.n > ADVICE_MAX / 2 || spf_is_record(text) || !take_version(&rest) || rest.n == 0)
		return (struct span){ NULL, 0 };
	buf_init(&out, arena, ADVICE_MAX);
	buf_adds(&out, "v=spf1 ");
	for (size_t i = 0; i < rest.n; i++)
		buf_addc(&out, rest.p[i] == ';' ? ' ' : rest.p[i]);
	rest = spf_terms(buf_span(&out));
	while (spf_next_term(&rest, &term))
		if (term.fault != SPF_FAULT_NONE || spf_term_is_mistaken(&term))
			return (struct span){ NULL, 0 };
	return span_trim(buf_span(&out));
}
