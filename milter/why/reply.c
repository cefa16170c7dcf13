#include "why/reply.h"

#include <string.h>

static char at(struct span s, size_t i)
{
	return i < s.n ? s.p[i] : '\0';
}

/* ---- where the codes stand ---- */

/* The last word before i, without what separates it from i. */
static struct span word_before(struct span s, size_t i)
{
	size_t from;

	while (i > 0 && !ascii_isalnum(s.p[i - 1]))
		i--;
	for (from = i; from > 0 && ascii_isalpha(s.p[from - 1]); from--)
		;
	return span_slice(s, from, i);
}

static bool is_reply_word(struct span word)
{
	static const char *const words[] = {
		"error", "code", "returned", "reply", "response", "responsecode",
		"said", "responded", "with", "status", "smtp", "fehler", "was",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_is(word, words[i]))
			return true;
	return false;
}

static bool is_line_start(struct span s, size_t i)
{
	while (i > 0 && (s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
		i--;
	return i == 0 || s.p[i - 1] == '\n';
}

/* The status that follows a code: "550 5.1.1", "550-#5.1.1", "550 (5.1.1)". */
static struct span status_after(struct span s, size_t i)
{
	while (at(s, i) == ' ' || at(s, i) == '-' || at(s, i) == ':')
		i++;
	while (at(s, i) == '#' || at(s, i) == '(' || at(s, i) == '[')
		i++;
	return span_slice(s, i, i + status_length(span_from(s, i)));
}

/* Does a number at i stand where reply codes stand? */
static bool is_reply_place(struct span s, size_t i)
{
	char before = i > 0 ? s.p[i - 1] : '\n';

	if (status_after(s, i + 3).n != 0)
		return true;
	if (is_line_start(s, i) || before == '\'' || before == '"')
		return true;
	while (i > 0 && ascii_isspace(before = s.p[i - 1]))
		i--;
	return before == ':' || before == ';' || is_reply_word(word_before(s, i));
}

static bool starts_word(struct span s, size_t i)
{
	return i == 0 || ascii_isspace(s.p[i - 1]) || strchr(":;'\"(<[>,=", s.p[i - 1]) != NULL;
}

/* The first code of a failure; where there is none, the first code. */
static struct span find_code(struct span s)
{
	struct span first = { NULL, 0 };

	for (size_t i = 0; i + 3 <= s.n; i++) {
		if (!ascii_isdigit(s.p[i]) || !starts_word(s, i) ||
		    reply_code_length(span_from(s, i)) == 0 || !is_reply_place(s, i))
			continue;
		if (s.p[i] >= '4')
			return span_slice(s, i, i + 3);
		if (first.n == 0 && is_line_start(s, i))
			first = span_slice(s, i, i + 3);
	}
	return first;
}

static bool starts_status(struct span s, size_t i)
{
	return starts_word(s, i) || s.p[i - 1] == '#' || s.p[i - 1] == '-';
}

/* A status of the code's class (4 and 5 are mixed up by some), or any failure. */
static bool is_status_of(struct span status, struct span code)
{
	return status.n != 0 &&
		(status.p[0] == '2') == (code.n != 0 && code.p[0] == '2');
}

static struct span find_status(struct span s, struct span code)
{
	struct span vague = { NULL, 0 };

	for (size_t i = 0; i + 5 <= s.n; i++) {
		struct span found;

		if (!ascii_isdigit(s.p[i]) || !starts_status(s, i))
			continue;
		found = span_slice(s, i, i + status_length(span_from(s, i)));
		if (!is_status_of(found, code) || span_is(word_before(s, i), "version"))
			continue;
		if (!status_is_vague(found))
			return found;
		if (vague.n == 0)
			vague = found;
	}
	return vague;
}

/* ---- the words ---- */

struct words {
	char *p;
	size_t n;
};

static void add_word(struct words *out, struct span word)
{
	if (word.n == 0)
		return;
	if (out->n != 0)
		out->p[out->n++] = ' ';
	memcpy(out->p + out->n, word.p, word.n);
	out->n += word.n;
}

/* Length of "5.1.1" or "#5.1.1" with the blanks behind it, at i. */
static size_t skip_status(struct span s, size_t i, struct span status)
{
	size_t from = i;

	if (at(s, i) == '#')
		i++;
	if (status.n == 0 || !span_eq(span_slice(s, i, i + status.n), status))
		return 0;
	i += status.n;
	if (i < s.n && !ascii_isspace(s.p[i]))
		return 0;
	return i - from;
}

/* Length of what a line of this reply starts with, at i: its code, with the
 * status behind it. In the middle of a line ("… typos or 550-5.1.1 unnecessary
 * spaces": lines that somebody joined) only "550-" or "550 5.1.1" count. */
static size_t skip_codes(struct span s, size_t i, const struct reply *reply)
{
	bool line_start = is_line_start(s, i);
	size_t from = i, status;

	if (reply->code.n == 0 || !span_eq(span_slice(s, i, i + 3), reply->code))
		return line_start ? skip_status(s, i, reply->status) : 0;
	if (reply_code_length(span_from(s, i)) == 0)
		return 0;
	i += 3;
	if (line_start && at(s, i) == ':')
		i++;
	if (at(s, i) == '-' || at(s, i) == ' ') {
		status = skip_status(s, i + 1, reply->status);
		if (status != 0)
			return i + 1 + status - from;
		if (line_start || (s.p[i] == '-' && i + 1 < s.n && !ascii_isspace(s.p[i + 1])))
			return i + 1 - from;
	}
	return line_start && (i == s.n || ascii_isspace(s.p[i])) ? i - from : 0;
}

static size_t word_length(struct span s, size_t i)
{
	size_t n = 0;

	while (i + n < s.n && !ascii_isspace(s.p[i + n]) && s.p[i + n] != '\0')
		n++;
	return n;
}

/* Never longer than s: each word brings at most the blank that ended another. */
static void collect_words(struct span s, struct reply *reply, struct words *out)
{
	size_t i = 0;

	while (i < s.n) {
		size_t n;

		if (ascii_isspace(s.p[i]) || s.p[i] == '\0') {
			i++;
			continue;
		}
		n = skip_codes(s, i, reply);
		i += n;
		n = n == 0 || (i < s.n && !ascii_isspace(s.p[i])) ? word_length(s, i) : 0;
		add_word(out, span_slice(s, i, i + n));
		i += n;
	}
}

void reply_parse_into(char *room, size_t size, struct span raw, struct reply *reply_r)
{
	struct words words = { room, 0 };

	raw = span_slice(raw, 0, size);
	*reply_r = (struct reply){ .code = find_code(raw) };
	reply_r->status = find_status(raw, reply_r->code);
	collect_words(raw, reply_r, &words);
	reply_r->text = (struct span){ room, words.n };
}

void reply_parse(struct arena *arena, struct span raw, struct reply *reply_r)
{
	char *room = arena_alloc(arena, raw.n);

	reply_parse_into(room, room != NULL ? raw.n : 0, raw, reply_r);
}
