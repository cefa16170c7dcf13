#include "probe/dkim_field.h"

#include <string.h>

#include "base/utf8.h"
#include "probe/taglist.h"

enum { MAX_IDENTITY = 250 };

static void refuse(struct dkim_field *field, enum dkim_problem problem, const char *reason)
{
	if (field->problem != DKIM_FINE)
		return;
	field->problem = problem;
	field->reason = reason;
}

static void broken(struct dkim_field *field, const char *tag)
{
	refuse(field, DKIM_BROKEN_SIGNATURE, tag);
}

static struct span value_of(const struct taglist *tags, const char *name)
{
	const struct tag *tag = taglist_get(tags, name);

	return tag != NULL ? tag->value : (struct span){ NULL, 0 };
}

/* ---- values ---- */

static bool is_digits(struct span s, size_t most)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isdigit(s.p[i]))
			return false;
	return s.n > 0 && s.n <= most;
}

static bool is_domain(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_' && s.p[i] != '.')
			return false;
	return dns_name_is_valid(s) && s.p[s.n - 1] != '.';
}

static bool is_base64(struct span s)
{
	size_t digits = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (ascii_isalnum(s.p[i]) || s.p[i] == '+' || s.p[i] == '/')
			digits++;
		else if (s.p[i] != '=' && !ascii_isspace(s.p[i]))
			return false;
	}
	return digits > 1;
}

static bool is_canonicalization(struct span s)
{
	size_t slash = span_find_byte(s, 0, '/');
	struct span head = span_slice(s, 0, slash), body = span_from(s, slash + 1);

	return (span_is(head, "simple") || span_is(head, "relaxed")) &&
		(slash == s.n || span_is(body, "simple") || span_is(body, "relaxed"));
}

static bool is_field_name(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n > 0;
}

/* "from : to : subject": every word a name, and From among them (5.4). */
static bool is_names(struct span s)
{
	struct span rest = s, name;
	size_t n = 0;

	while (taglist_next_word(&rest, &name)) {
		if (!is_field_name(name))
			return false;
		n += name.n + 1;
	}
	return n <= DKIM_MAX_NAMES && taglist_has_word(s, "from");
}

static bool is_hex(char c)
{
	return ascii_isdigit(c) || (c >= 'A' && c <= 'F');
}

/* dkim-quoted-printable, 2.11: '=' only before two hexadecimal digits. */
static bool is_quoted(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '=' && (i + 2 >= s.n || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2])))
			return false;
	return true;
}

/* "joe@eng.example.org" with its domain the one of d=, or below it. */
static bool is_identity(struct span s, struct span domain, bool *below_r)
{
	size_t at = span_find_byte(s, 0, '@');
	struct span own = span_from(s, at + 1);

	if (at == s.n || s.n > MAX_IDENTITY || !is_quoted(span_slice(s, 0, at)) || !is_domain(own))
		return false;
	*below_r = dns_name_is_below(own, domain);
	return *below_r || span_ieq(own, domain);
}

/* Letters beyond ASCII, as mail that was sent with SMTPUTF8 may have them. */
static bool is_unicode(struct span s)
{
	bool beyond = false;

	for (size_t i = 0; i < s.n; i++)
		beyond = beyond || (unsigned char)s.p[i] >= 0x80;
	return beyond && utf8_is_valid(s);
}

/* ---- the field ---- */

static struct span lowered(struct arena *arena, struct span s)
{
	char *p = arena_string(arena, s);

	for (size_t i = 0; p != NULL && i < s.n; i++)
		p[i] = ascii_lower(p[i]);
	return (struct span){ p, p != NULL ? s.n : 0 };
}

static void read_algorithm(struct dkim_field *field, const struct taglist *tags)
{
	static const char *const known[] = { "rsa-sha256", "ed25519-sha256", "rsa-sha1" };
	const struct tag *a = taglist_get(tags, "a");

	for (size_t i = 0; a != NULL && i < sizeof(known) / sizeof(*known); i++)
		if (span_is(a->value, known[i]))
			field->algorithm = known[i];
	if (a == NULL || a->value.n == 0)
		broken(field, "a");
	else if (field->algorithm == NULL || field->algorithm == known[2])	/* RFC 8301 */
		refuse(field, DKIM_UNSUPPORTED, "a");
}

static void read_key_place(struct arena *arena, struct dkim_field *field,
			   const struct taglist *tags)
{
	struct span d = value_of(tags, "d"), s = value_of(tags, "s");

	if (is_domain(d))
		field->domain = lowered(arena, d);
	else
		broken(field, "d");
	if (is_domain(s))
		field->selector = lowered(arena, s);
	else
		broken(field, "s");
	if (d.n + s.n + sizeof("._domainkey.") - 1 > DNS_MAX_NAME)
		broken(field, "s");
}

static void check_optional(struct dkim_field *field, const struct taglist *tags)
{
	const struct tag *c = taglist_get(tags, "c"), *l = taglist_get(tags, "l");
	const struct tag *t = taglist_get(tags, "t"), *x = taglist_get(tags, "x");
	const struct tag *i = taglist_get(tags, "i"), *q = taglist_get(tags, "q");

	if (c != NULL && !is_canonicalization(c->value))
		broken(field, "c");
	if (l != NULL && !is_digits(l->value, 12))
		broken(field, "l");
	if (t != NULL && !is_digits(t->value, 12))
		broken(field, "t");
	if (x != NULL && !is_digits(x->value, 12))
		broken(field, "x");
	if (i != NULL && !is_identity(i->value, value_of(tags, "d"), &field->below))
		broken(field, "i");
	if (q != NULL && !taglist_has_word(q->value, "dns/txt"))
		refuse(field, DKIM_UNSUPPORTED, "q");
}

/* libopendkim finds the value it has to leave out by a 'b' right before a '='. */
static bool hides_signature(const struct taglist *tags)
{
	for (size_t i = 0; i < tags->n; i++) {
		const struct tag *tag = &tags->list[i];
		bool ends = tag->name.p[tag->name.n - 1] == 'b';

		if (ends && (tag->name.n > 1 || tag->text.p[1] != '='))
			return true;
	}
	return false;
}

static void check(struct arena *arena, struct dkim_field *field, const struct taglist *tags)
{
	read_key_place(arena, field, tags);
	if (!span_eq(value_of(tags, "v"), SPAN("1")))
		broken(field, "v");
	if (!is_base64(value_of(tags, "b")))
		broken(field, "b");
	if (!is_base64(value_of(tags, "bh")))
		broken(field, "bh");
	field->names = value_of(tags, "h");
	if (!is_names(field->names))
		broken(field, "h");
	check_optional(field, tags);
	read_algorithm(field, tags);
	if (hides_signature(tags))
		refuse(field, DKIM_UNSUPPORTED, "b");
}

void dkim_field_parse(struct arena *arena, const struct header *header,
		      struct dkim_field *field_r)
{
	struct taglist tags;
	struct span bad;

	*field_r = (struct dkim_field){ .problem = DKIM_FINE };
	if (header->raw.n > DKIM_MAX_FIELD)
		refuse(field_r, DKIM_UNSUPPORTED, NULL);
	else if (is_unicode(header->value))	/* RFC 8616, 5; libopendkim cannot */
		refuse(field_r, DKIM_UNSUPPORTED, "syntax");
	else if (taglist_parse(header->value, &tags, &bad) != 0)
		broken(field_r, "syntax");
	else
		check(arena, field_r, &tags);
}
