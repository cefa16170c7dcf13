#include "probe/spf_parse.h"

enum argument { NONE, OPTIONAL, REQUIRED };

struct mechanism {
	const char *name;
	enum spf_kind kind;
	enum argument domain;
	bool prefixes;
};

static const struct mechanism mechanisms[] = {
	{ "all", SPF_ALL, NONE, false },
	{ "include", SPF_INCLUDE, REQUIRED, false },
	{ "a", SPF_A, OPTIONAL, true },
	{ "mx", SPF_MX, OPTIONAL, true },
	{ "ptr", SPF_PTR, OPTIONAL, false },
	{ "ip4", SPF_IP4, REQUIRED, false },
	{ "ip6", SPF_IP6, REQUIRED, false },
	{ "exists", SPF_EXISTS, REQUIRED, false },
};

bool spf_is_record(struct span text)
{
	return span_has_prefix(text, "v=spf1") && (text.n == 6 || text.p[6] == ' ');
}

struct span spf_terms(struct span record)
{
	return span_from(record, 6);
}

bool spf_term_asks(const struct spf_term *term)
{
	switch (term->kind) {
	case SPF_INCLUDE: case SPF_A: case SPF_MX: case SPF_PTR: case SPF_EXISTS:
	case SPF_REDIRECT:
		return true;
	default:
		return false;
	}
}

/* ---- macros ---- */

static bool is_visible(char c)
{
	return c > ' ' && c < 0x7f;
}

static bool is_letter(char c, enum spf_text where)
{
	static const struct span everywhere = { "slodiphv", 8 }, explaining = { "crt", 3 };

	return span_find_byte(everywhere, 0, c) < everywhere.n ||
		(where != SPF_TEXT_DOMAIN && span_find_byte(explaining, 0, c) < explaining.n);
}

static bool is_delimiter(char c)
{
	static const struct span delimiters = { ".-+,/_=", 7 };

	return span_find_byte(delimiters, 0, c) < delimiters.n;
}

/* macro: what stands between "%{" and "}". */
static bool read_macro(struct span macro, enum spf_text where, struct spf_piece *piece)
{
	size_t i = 1, digits;

	if (macro.n == 0 || !is_letter(ascii_lower(macro.p[0]), where))
		return false;
	piece->letter = ascii_lower(macro.p[0]);
	piece->escape = piece->letter != macro.p[0];
	for (digits = i; i < macro.n && ascii_isdigit(macro.p[i]); i++)
		if (piece->keep < DNS_MAX_NAME)
			piece->keep = piece->keep * 10 + (unsigned)(macro.p[i] - '0');
	if (i > digits && piece->keep == 0)
		return false;
	if (i < macro.n && ascii_lower(macro.p[i]) == 'r') {
		piece->reverse = true;
		i++;
	}
	piece->delimiters = span_from(macro, i);
	while (i < macro.n && is_delimiter(macro.p[i]))
		i++;
	return i == macro.n;
}

static int read_escape(struct span *rest, enum spf_text where, struct spf_piece *piece)
{
	size_t end;

	switch (rest->n > 1 ? rest->p[1] : '\0') {
	case '%':
		piece->literal = SPAN("%");
		break;
	case '_':
		piece->literal = SPAN(" ");
		break;
	case '-':
		piece->literal = SPAN("%20");
		break;
	case '{':
		end = span_find_byte(*rest, 2, '}');
		if (end == rest->n || !read_macro(span_slice(*rest, 2, end), where, piece))
			return -1;
		*rest = span_from(*rest, end + 1);
		return 1;
	default:
		return -1;
	}
	*rest = span_from(*rest, 2);
	return 1;
}

int spf_next_piece(struct span *rest, enum spf_text where, struct spf_piece *piece_r)
{
	size_t n = 0;

	*piece_r = (struct spf_piece){ .letter = '\0' };
	if (rest->n == 0)
		return 0;
	if (rest->p[0] == '%')
		return read_escape(rest, where, piece_r);
	while (n < rest->n && rest->p[n] != '%' &&
	       (is_visible(rest->p[n]) || (where == SPF_TEXT_EXPLANATION && rest->p[n] == ' ')))
		n++;
	if (n == 0)
		return -1;
	piece_r->literal = span_slice(*rest, 0, n);
	*rest = span_from(*rest, n);
	return 1;
}

static bool pieces_are_valid(struct span text, enum spf_text where)
{
	struct spf_piece piece;
	int more;

	while ((more = spf_next_piece(&text, where, &piece)) > 0)
		;
	return more == 0;
}

bool spf_text_asks(struct span text)
{
	struct spf_piece piece;

	while (spf_next_piece(&text, SPF_TEXT_EXPLANATION, &piece) > 0)
		if (piece.letter == 'p')
			return true;
	return false;
}

/* ---- domains ---- */

/* Letters, digits, hyphens inside, and not digits alone. */
static bool is_top_label(struct span label)
{
	bool numeric = true;

	if (label.n == 0 || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		if (!ascii_isalnum(label.p[i]) && label.p[i] != '-')
			return false;
		numeric = numeric && ascii_isdigit(label.p[i]);
	}
	return !numeric;
}

/* "." toplabel [ "." ] */
static bool ends_in_top_label(struct span text)
{
	size_t dot;

	if (text.n > 0 && text.p[text.n - 1] == '.')
		text.n--;
	for (dot = text.n; dot > 0 && text.p[dot - 1] != '.'; dot--)
		;
	return dot > 0 && is_top_label(span_from(text, dot));
}

static enum spf_fault judge_domain(struct span text)
{
	struct span last = { NULL, 0 };
	struct spf_piece piece;
	int more;

	if (text.n == 0)
		return SPF_FAULT_MISSING;
	while (text.n > 0) {
		bool escaped = text.p[0] == '%';

		more = spf_next_piece(&text, SPF_TEXT_DOMAIN, &piece);
		if (more < 0)
			return SPF_FAULT_MACRO;
		last = escaped ? (struct span){ NULL, 0 } : piece.literal;
	}
	return last.n == 0 || ends_in_top_label(last) ? SPF_FAULT_NONE : SPF_FAULT_DOMAIN;
}

/* ---- terms ---- */

/* "0" or digits without leading zeros, up to most. */
static bool read_prefix(struct span digits, unsigned most, unsigned *prefix_r)
{
	unsigned value = 0;

	if (digits.n == 0 || digits.n > 3 || (digits.n > 1 && digits.p[0] == '0'))
		return false;
	for (size_t i = 0; i < digits.n; i++) {
		if (!ascii_isdigit(digits.p[i]))
			return false;
		value = value * 10 + (unsigned)(digits.p[i] - '0');
	}
	*prefix_r = value;
	return value <= most;
}

static size_t without_digits(struct span s)
{
	while (s.n > 0 && ascii_isdigit(s.p[s.n - 1]))
		s.n--;
	return s.n;
}

/* Take [ "/" 1*DIGIT ] [ "//" 1*DIGIT ] off the end of what follows the name. */
static enum spf_fault take_prefixes(struct span *rest, struct spf_term *term)
{
	size_t at = without_digits(*rest);

	if (at >= 2 && at < rest->n && rest->p[at - 1] == '/' && rest->p[at - 2] == '/') {
		if (!read_prefix(span_from(*rest, at), 128, &term->prefix6))
			return SPF_FAULT_PREFIX;
		rest->n = at - 2;
		at = without_digits(*rest);
	}
	if (at >= 1 && at < rest->n && rest->p[at - 1] == '/') {
		if (!read_prefix(span_from(*rest, at), 32, &term->prefix4))
			return SPF_FAULT_PREFIX;
		rest->n = at - 1;
	}
	return SPF_FAULT_NONE;
}

static enum spf_fault read_network(struct span value, struct spf_term *term)
{
	unsigned bits = term->kind == SPF_IP4 ? 32 : 128;
	unsigned *prefix = term->kind == SPF_IP4 ? &term->prefix4 : &term->prefix6;
	size_t slash = span_find_byte(value, 0, '/');

	if (value.n == 0)
		return SPF_FAULT_MISSING;
	if (ip_parse_family(span_slice(value, 0, slash), bits, &term->net) != 0)
		return SPF_FAULT_ADDRESS;
	if (slash < value.n && !read_prefix(span_from(value, slash + 1), bits, prefix))
		return SPF_FAULT_PREFIX;
	return SPF_FAULT_NONE;
}

/* rest: what follows the name, ":domain", "/24", "". */
static enum spf_fault read_arguments(const struct mechanism *m, struct span rest,
				     struct spf_term *term)
{
	enum spf_fault fault = m->prefixes ? take_prefixes(&rest, term) : SPF_FAULT_NONE;

	if (fault != SPF_FAULT_NONE)
		return fault;
	if (rest.n == 0)
		return m->domain == REQUIRED ? SPF_FAULT_MISSING : SPF_FAULT_NONE;
	if (m->domain == NONE)
		return SPF_FAULT_EXTRA;
	if (rest.p[0] != ':')
		return SPF_FAULT_PREFIX;
	term->domain = span_from(rest, 1);
	if (m->kind == SPF_IP4 || m->kind == SPF_IP6)
		return read_network(term->domain, term);
	return judge_domain(term->domain);
}

static enum spf_fault read_mechanism(struct span text, struct spf_term *term)
{
	size_t n = 0;

	term->qualifier = '+';
	if (spf_unqualified(text).n < text.n) {
		term->qualifier = text.p[0];
		text = span_from(text, 1);
	}
	while (n < text.n && text.p[n] != ':' && text.p[n] != '/')
		n++;
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(*mechanisms); i++) {
		if (!span_is(span_slice(text, 0, n), mechanisms[i].name))
			continue;
		term->kind = mechanisms[i].kind;
		return read_arguments(&mechanisms[i], span_from(text, n), term);
	}
	return SPF_FAULT_MECHANISM;
}

static enum spf_fault read_modifier(struct span name, struct span value, struct spf_term *term)
{
	term->domain = value;
	if (span_is(name, "redirect"))
		term->kind = SPF_REDIRECT;
	else if (span_is(name, "exp"))
		term->kind = SPF_EXP;
	else
		return pieces_are_valid(value, SPF_TEXT_MODIFIER) ? SPF_FAULT_NONE :
			SPF_FAULT_MACRO;
	return judge_domain(value);
}

/* Length of a modifier's name in front of "="; 0: it is none. */
static size_t modifier_name(struct span text)
{
	size_t n = 0;

	if (text.n == 0 || !ascii_isalpha(text.p[0]))
		return 0;
	while (n < text.n && (ascii_isalnum(text.p[n]) || text.p[n] == '-' ||
			      text.p[n] == '_' || text.p[n] == '.'))
		n++;
	return n < text.n && text.p[n] == '=' ? n : 0;
}

void spf_term_parse(struct span text, struct spf_term *term_r)
{
	size_t name = modifier_name(text);

	*term_r = (struct spf_term){
		.text = text, .kind = SPF_OTHER_MODIFIER, .prefix4 = 32, .prefix6 = 128,
	};
	for (size_t i = 0; i < text.n; i++)
		if (!is_visible(text.p[i])) {
			term_r->fault = SPF_FAULT_CHARACTER;
			return;
		}
	term_r->fault = name > 0 ?
		read_modifier(span_slice(text, 0, name), span_from(text, name + 1), term_r) :
		read_mechanism(text, term_r);
}

struct span spf_unqualified(struct span term)
{
	bool qualified = term.n > 0 && span_find_byte(SPAN("+-~?"), 0, term.p[0]) < 4;

	return span_from(term, qualified ? 1 : 0);
}

bool spf_term_is_mistaken(const struct spf_term *term)
{
	struct span name = span_slice(term->text, 0, modifier_name(term->text));

	if (term->kind != SPF_OTHER_MODIFIER || term->fault != SPF_FAULT_NONE)
		return false;
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(*mechanisms); i++)
		if (span_is(name, mechanisms[i].name))
			return true;
	return span_is(name, "v") || span_has_prefix(name, "ip");
}

bool spf_next_term(struct span *rest, struct spf_term *term_r)
{
	size_t from = 0, to;

	while (from < rest->n && rest->p[from] == ' ')
		from++;
	if (from == rest->n)
		return false;
	to = span_find_byte(*rest, from, ' ');
	spf_term_parse(span_slice(*rest, from, to), term_r);
	*rest = span_from(*rest, to);
	return true;
}
