#include "mail/codes.h"

#include <string.h>

static char at(struct span s, size_t i)
{
	return i < s.n ? s.p[i] : '\0';
}

static size_t digits(struct span s, size_t from)
{
	size_t n = 0;

	while (ascii_isdigit(at(s, from + n)))
		n++;
	return n;
}

size_t status_length(struct span s)
{
	size_t subject = digits(s, 2);
	size_t detail = digits(s, 3 + subject);
	size_t end = 3 + subject + detail;

	if (at(s, 0) != '2' && at(s, 0) != '4' && at(s, 0) != '5')
		return 0;
	if (at(s, 1) != '.' || subject < 1 || subject > 3)
		return 0;
	if (at(s, 2 + subject) != '.' || detail < 1 || detail > 3)
		return 0;
	if (ascii_isalpha(at(s, end)))
		return 0;
	return at(s, end) == '.' && ascii_isdigit(at(s, end + 1)) ? 0 : end;
}

size_t reply_code_length(struct span s)
{
	char next = at(s, 3);

	if (digits(s, 0) != 3 || s.p[0] < '2' || s.p[0] > '5')
		return 0;
	if (s.p[0] == '4' && s.p[1] == '0' && s.p[2] != '0')
		return 0;	/* 401 to 409 are of HTTP */
	if (ascii_isalpha(next) || next == '_' || next == '@' || next == '/' || next == '%')
		return 0;
	if ((next == '.' || next == ':') && ascii_isdigit(at(s, 4)))
		return 0;
	return 3;
}

bool status_is_vague(struct span status)
{
	return status.n < 2 || span_is(span_from(status, 1), ".0.0") ||
		span_is(span_from(status, 1), ".0");
}

/* ---- in running text ---- */

/* The last word before i, without what separates it from i. */
static struct span word_before(struct span s, size_t i)
{
	size_t from;

	while (i > 0 && (s.p[i - 1] == ' ' || s.p[i - 1] == ':' || s.p[i - 1] == '=' ||
			 s.p[i - 1] == '#' || s.p[i - 1] == '"' || s.p[i - 1] == '\''))
		i--;
	for (from = i; from > 0 && i - from < 16 && ascii_isalpha(s.p[from - 1]); from--)
		;
	return span_slice(s, from, i);
}

static bool is_one_of(struct span word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_is(word, words[i]))
			return true;
	return false;
}

static bool is_reply_word(struct span word)
{
	static const char *const words[] = {
		"error", "code", "returned", "reply", "response", "responsecode", "said",
		"responded", "with", "status", "smtp", "fehler", "was", "erreur", "reason",
		"codigo", "kod", "out", "by", "codice", "failed", "errorcode", "respuesta",
		"antwortete", "answered", "replied", "resposta", "fehlercode", "statuscode", "dsn",
	};

	return is_one_of(word, words, sizeof(words) / sizeof(*words));
}

/* "Reference: 550", "Version: 5.1.1": a number, but no code. */
static bool labels_number(struct span word)
{
	static const char *const words[] = {
		"account", "attempts", "build", "call", "case", "date", "datum", "ext", "extension", "fax", "id",
		"invoice", "order", "phone", "pid", "port", "queue", "ref", "reference", "release",
		"room", "score", "section", "session", "size", "tel", "telefon", "telephone", "ticket",
		"uid", "version",
	};

	return is_one_of(word, words, sizeof(words) / sizeof(*words));
}

/* Behind nothing but white space and the marks of a dialogue. */
static bool starts_line(struct span s, size_t i)
{
	while (i > 0 && (s.p[i - 1] == ' ' || s.p[i - 1] == '\t' || s.p[i - 1] == '<' ||
			 s.p[i - 1] == '>' || s.p[i - 1] == '"' || s.p[i - 1] == '\''))
		i--;
	return i == 0 || s.p[i - 1] == '\n';
}

/* What a three-digit number counts, where it is no code. */
static bool counts_something(struct span behind)
{
	static const char *const units[] = {
		"bytes", "byte", "kb", "mb", "gb", "days", "day", "hours", "hour", "minutes",
		"seconds", "times", "attempts", "messages", "recipients", "more", "lines",
		"characters", "tage", "stunden", "users", "percent", "of",
	};
	struct span rest = span_trim(span_slice(behind, 0, 16));

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (span_has_prefix(rest, units[i]) && !ascii_isalpha(at(rest, span_str(units[i]).n)))
			return true;
	return false;
}

static bool status_follows(struct span s, size_t i)
{
	size_t n = 0;

	while (n < 4 && (at(s, i) == ' ' || at(s, i) == '-' || at(s, i) == ':' || at(s, i) == '#' ||
			 at(s, i) == '(' || at(s, i) == '[' || at(s, i) == '\'' || at(s, i) == '\n'))
		i++, n++;
	return n > 0 && status_length(span_from(s, i)) != 0;
}

/* "550-555-0100", "550 511 4500", "(550) 555-0100" */
static bool is_phone_number(struct span s, size_t i)
{
	size_t second = i + 4, third = second + digits(s, second) + 1;

	if (i > 0 && s.p[i - 1] == '(' && at(s, i + 3) == ')')
		return at(s, i + 4) == ' ' && digits(s, i + 5) > 2;
	return (at(s, i + 3) == '-' || at(s, i + 3) == ' ') && digits(s, second) > 1 &&
		(at(s, third - 1) == '-' || at(s, third - 1) == ' ') && digits(s, third) > 1;
}

/* "<a@b> 550 no", "a@b   550 no": a line of a table. */
static bool follows_address(struct span s, size_t i)
{
	size_t end;

	while (i > 0 && (s.p[i - 1] == ' ' || s.p[i - 1] == '\t' || s.p[i - 1] == '>'))
		i--;
	for (end = i; i > 0 && end - i < 256 && s.p[i - 1] != '@' && (ascii_isalnum(s.p[i - 1]) ||
	     s.p[i - 1] == '.' || s.p[i - 1] == '-'); i--)
		;
	return i > 0 && i < end && s.p[i - 1] == '@';
}

/* "failed - 550 no", but not "450 - 550"; "<-- 550 no". */
static bool follows_dash(struct span s, size_t i)
{
	if (span_has_suffix(span_slice(s, 0, i), "<-- "))
		return true;
	return i > 3 && at(s, i + 3) == ' ' && ascii_isalpha(at(s, i + 4)) && s.p[i - 1] == ' ' &&
		s.p[i - 2] == '-' && s.p[i - 3] == ' ' && !ascii_isdigit(s.p[i - 4]);
}

/* "HTTP endpoint returned 500": the code of another protocol. */
static bool is_of_http(struct span s, size_t i)
{
	struct span before = span_slice(s, i > 40 ? i - 40 : 0, i);
	size_t http = span_ifind(before, 0, "http ");

	return http < before.n && span_find_byte(before, http, '\n') == before.n;
}

static bool is_reply_place(struct span s, size_t i)
{
	char before = i > 0 ? s.p[i - 1] : '\n';
	struct span behind = span_from(s, i + 3);

	if (status_follows(s, i + 3))
		return true;
	if (counts_something(behind) || is_phone_number(s, i) || labels_number(word_before(s, i)) ||
	    is_of_http(s, i))
		return false;
	if (starts_line(s, i) || before == '[' || before == '(' || before == '\'' || before == '"')
		return true;
	if (follows_address(s, i) || follows_dash(s, i))
		return true;
	while (i > 0 && ascii_isspace(before = s.p[i - 1]))
		i--;
	return before == ':' || before == ';' || before == '=' || before == '|' ||
		is_reply_word(word_before(s, i)) ||
		span_has_suffix(span_slice(s, 0, i), "\xef\xbc\x9a");	/* wide colon */
}

/* "<550-12@a.example>" */
static bool starts_address(struct span s, size_t i)
{
	size_t end = i + 3;

	if (i == 0 || s.p[i - 1] != '<')
		return false;
	while (end < s.n && end - i < 256 && s.p[end] != '>' && !ascii_isspace(s.p[end]))
		end++;
	return span_find_byte(span_slice(s, i, end), 0, '@') < end - i;
}

/* Does a reply start at i, where a 4 or 5 stands? */
static bool reply_starts(struct span text, size_t i)
{
	char before = i > 0 ? text.p[i - 1] : '\n';

	if (text.p[i + 1] > '7' || ascii_isalnum(before) || before == '.' || before == '-' ||
	    before == '_' || before == '/' || before == '@' || before == '+' || before == ',')
		return false;
	return reply_code_length(span_from(text, i)) != 0 && !starts_address(text, i) &&
		!(at(text, i + 3) == ',' && ascii_isdigit(at(text, i + 4))) &&
		is_reply_place(text, i);
}

/* Jumps from one 4 or 5 to the next. */
size_t reply_find(struct span text, size_t from)
{
	size_t four = span_find_byte(text, from, '4'), five = span_find_byte(text, from, '5');

	for (;;) {
		size_t i = four < five ? four : five;

		if (i + 3 > text.n)
			return text.n;
		if (reply_starts(text, i))
			return i;
		if (i == four)
			four = span_find_byte(text, i + 1, '4');
		else
			five = span_find_byte(text, i + 1, '5');
	}
}

/* Nothing before it that makes it part of a version, address or number. */
static bool stands_alone(struct span s, size_t i)
{
	char before = i > 0 ? s.p[i - 1] : ' ';

	return !ascii_isalnum(before) && before != '.' && before != '/' && before != '_' &&
		before != '+';
}

/* Behind a reply code: "550 5.1.1", "550-5.1.1". */
static bool follows_code(struct span s, size_t i)
{
	while (i > 0 && (s.p[i - 1] == ' ' || s.p[i - 1] == '-'))
		i--;
	return i >= 3 && (i == 3 || !ascii_isalnum(s.p[i - 4])) &&
		reply_code_length(span_slice(s, i - 3, i)) != 0;
}

/* In running text "5.1.1" is a date, a version or a section as well. */
static bool is_status_place(struct span s, size_t i)
{
	static const char marks[] = "#([<:;='\"";
	char before = i > 0 ? s.p[i - 1] : '\n';
	struct span word = word_before(s, i);

	if (labels_number(word))
		return false;
	if (starts_line(s, i) || memchr(marks, before, sizeof(marks) - 1) != NULL)
		return true;
	while (i > 0 && ascii_isspace(s.p[i - 1]))
		i--;
	before = i > 0 ? s.p[i - 1] : '\n';
	return before == ':' || before == ';' || before == '=' || is_reply_word(word) ||
		follows_code(s, i);
}

struct span status_find(struct span text)
{
	struct span found = { NULL, 0 };
	bool reply = reply_code_length(text) != 0;	/* then it may stand anywhere */

	for (size_t i = 0; i + 5 <= text.n; i++) {
		size_t n;

		if ((text.p[i] != '4' && text.p[i] != '5') || text.p[i + 1] != '.' ||
		    !stands_alone(text, i))
			continue;
		n = status_length(span_from(text, i));
		if (n == 0 || text.p[i + 2] > '7' || at(text, i + n) == '-' || at(text, i + n) == '/' ||
		    (reply ? span_is(word_before(text, i), "version") : !is_status_place(text, i)))
			continue;
		if (found.n == 0)
			found = span_slice(text, i, i + n);
		if (!status_is_vague(found))
			break;
		if (!status_is_vague(span_slice(text, i, i + n)))
			return span_slice(text, i, i + n);
	}
	return found;
}
