/* The text of a DMARC record, RFC 9989, 4.7 and 4.8. */
#include "probe/dmarc.h"

#include "base/buf.h"
#include "probe/taglist.h"

static const char *const policies[] = {
	[DMARC_POLICY_NONE] = "none",
	[DMARC_POLICY_QUARANTINE] = "quarantine",
	[DMARC_POLICY_REJECT] = "reject",
};

const char *dmarc_policy_name(enum dmarc_policy policy)
{
	return policies[policy];
}

enum { POLICY_P, POLICY_SP, POLICY_NP, POLICIES };

struct reading {
	struct dmarc_record *record;
	enum dmarc_policy policies[POLICIES];
	bool given[POLICIES];
	bool bad_policy;
	unsigned seen;		/* bits: rows of the table */
};

static int read_policy(struct reading *r, int which, struct span value)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++)
		if (span_is(value, policies[i])) {
			r->policies[which] = (enum dmarc_policy)i;
			r->given[which] = true;
			return 0;
		}
	r->bad_policy = true;
	return -1;
}

static int read_p(struct reading *r, struct span value)
{
	return read_policy(r, POLICY_P, value);
}

static int read_sp(struct reading *r, struct span value)
{
	return read_policy(r, POLICY_SP, value);
}

static int read_np(struct reading *r, struct span value)
{
	return read_policy(r, POLICY_NP, value);
}

static int read_flag(struct span value, const char *yes, const char *no, bool *flag_r)
{
	*flag_r = span_is(value, yes);
	return *flag_r || span_is(value, no) ? 0 : -1;
}

static int read_t(struct reading *r, struct span value)
{
	return read_flag(value, "y", "n", &r->record->testing);
}

static int read_aspf(struct reading *r, struct span value)
{
	return read_flag(value, "s", "r", &r->record->strict_spf);
}

static int read_adkim(struct reading *r, struct span value)
{
	return read_flag(value, "s", "r", &r->record->strict_dkim);
}

static int read_psd(struct reading *r, struct span value)
{
	if (!span_is(value, "y") && !span_is(value, "n") && !span_is(value, "u"))
		return -1;
	r->record->psd = ascii_lower(value.p[0]);
	return 0;
}

/* scheme ":" and something, RFC 3986; "!10m" behind it is of old (4.8). */
static bool is_uri(struct span s)
{
	size_t colon = span_find_byte(s, 0, ':');
	struct span rest = span_slice(s, colon + 1, span_find_byte(s, 0, '!'));

	for (size_t i = 0; i < colon && i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '+' && s.p[i] != '-' && s.p[i] != '.')
			return false;
	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] <= ' ' || rest.p[i] > '~')
			return false;
	return colon > 0 && rest.n > 0 && ascii_isalpha(s.p[0]);
}

static int read_rua(struct reading *r, struct span value)
{
	r->record->rua = value;
	for (size_t at = 0; at < value.n; ) {
		size_t end = span_find_byte(value, at, ',');

		if (is_uri(span_trim(span_slice(value, at, end))))
			r->record->has_rua = true;
		at = end + 1;
	}
	return r->record->has_rua ? 0 : -1;
}

/* ruf and fo only shape reports. */
static int read_nothing(struct reading *r, struct span value)
{
	(void)r;
	return value.n != 0 ? 0 : -1;
}

static const struct {
	const char *name;
	int (*read)(struct reading *r, struct span value);
} rows[] = {
	{ "p", read_p }, { "sp", read_sp }, { "np", read_np }, { "t", read_t },
	{ "aspf", read_aspf }, { "adkim", read_adkim }, { "psd", read_psd },
	{ "rua", read_rua }, { "ruf", read_nothing }, { "fo", read_nothing },
};

/* 0: read, or unknown and none of our business; -1: an error, which is ignored. */
static int read_tag(struct reading *r, const struct tag *tag)
{
	if (tag->name.n == 0)
		return -1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!span_is(tag->name, rows[i].name))
			continue;
		if ((r->seen & 1u << i) != 0)
			return -1;
		r->seen |= 1u << i;
		return rows[i].read(r, tag->value);
	}
	return 0;
}

/* "v=DMARC1" stands first, and nowhere else. */
static bool take_version(struct span *rest, struct span *term_r)
{
	struct tag tag = { .text = { NULL, 0 } };
	bool first = rest->n != 0 && !ascii_isspace(rest->p[0]);

	if (!taglist_next(rest, &tag))
		first = false;
	*term_r = tag.text;
	return first && span_is(tag.name, "v") && span_eq(tag.value, SPAN("DMARC1"));
}

/* 4.10.1: without a valid p, or with an sp or np that is none, the record says
 * p=none where somebody wants reports, else nothing. */
static void settle(struct reading *r)
{
	struct dmarc_record *record = r->record;
	bool usable = r->given[POLICY_P] && !r->bad_policy;

	record->found = usable || record->has_rua;
	record->malformed = !record->found;
	if (!r->given[POLICY_P] && record->term.n == 0)
		record->term = SPAN("p=");
	if (!usable)
		return;
	record->p = r->policies[POLICY_P];
	record->sp = r->given[POLICY_SP] ? r->policies[POLICY_SP] : record->p;
	record->np = r->given[POLICY_NP] ? r->policies[POLICY_NP] : record->sp;
}

bool dmarc_parse(struct span text, struct dmarc_record *record_r)
{
	struct reading r = { .record = record_r };
	struct span rest = text, term;
	struct tag tag;

	*record_r = (struct dmarc_record){ .text = text, .psd = 'u' };
	if (!take_version(&rest, &term)) {
		record_r->malformed = true;
		record_r->term = term;
		return false;
	}
	while (taglist_next(&rest, &tag))
		if (read_tag(&r, &tag) != 0 && record_r->term.n == 0)
			record_r->term = tag.text;
	settle(&r);
	return true;
}

/* ---- what was meant ---- */

static bool is_mark(char c)
{
	return span_find_byte(SPAN(" \t\"'"), 0, c) < 4;
}

/* "v=DMARC1:", "DMARC1,", "v = dmrac1" off the start of the first piece. */
static struct span without_version(struct span piece)
{
	size_t n = 0;

	if (span_has_prefix(piece, "v"))
		while (n < piece.n && (n == 0 || piece.p[n] == ' ' || piece.p[n] == '='))
			n++;
	if (!span_has_prefix(span_from(piece, n), "d"))
		return piece;
	while (n < piece.n && ascii_isalnum(piece.p[n]))
		n++;
	while (n < piece.n && !ascii_isalnum(piece.p[n]))
		n++;
	return span_from(piece, n);
}

static bool is_whole(struct span text)
{
	struct dmarc_record record;

	return dmarc_parse(text, &record) && record.found && record.term.n == 0;
}

static bool has_policy(struct span rest)
{
	struct tag tag;

	while (taglist_next(&rest, &tag))
		if (span_is(tag.name, "p"))
			return true;
	return false;
}

struct span dmarc_meant(struct arena *arena, struct span text)
{
	struct span rest = text;
	struct tag tag;
	struct buf out;

	while (rest.n > 0 && is_mark(rest.p[0]))
		rest = span_from(rest, 1);
	while (rest.n > 0 && is_mark(rest.p[rest.n - 1]))
		rest.n--;
	rest = without_version(rest);
	buf_init(&out, arena, DNS_MAX_BYTES);
	buf_adds(&out, "v=DMARC1");
	if (!has_policy(rest))
		buf_adds(&out, "; p=none");
	while (taglist_next(&rest, &tag))
		if (!span_is(tag.name, "v") && tag.text.n > 0)
			buf_addf(&out, "; %.*s", SPAN_FMT(tag.text));
	return is_whole(buf_span(&out)) ? buf_span(&out) : (struct span){ NULL, 0 };
}
