/* notice_cut.c - of notice.h, where the returned message starts. */
#include <string.h>

#include "mail/address.h"
#include "mail/codes.h"
#include "mail/notice.h"
#include "mail/remark.h"

/* "--- Below this line is a copy of the message.": a rule before the words, or a
 * short line that ends like a heading. */
static bool is_separator(struct span line, size_t words)
{
	struct span trimmed = span_trim(line);
	char last = trimmed.n != 0 ? trimmed.p[trimmed.n - 1] : '\0';

	if (trimmed.n >= 2 && notice_is_rule(trimmed.p[0]) && notice_is_rule(trimmed.p[1]))
		return true;
	return words < 40 && trimmed.n < 100 &&
		(last == ':' || (words < 14 && (last == '.' || notice_is_rule(last))));
}

static size_t separator_start(struct span text, const struct phrases *phrases)
{
	for (size_t i = 0; i < phrases->n; i++) {
		const struct phrase_place *place = &phrases->places[i];
		size_t start;

		if (place->kind != PHRASE_RETURNED)
			continue;
		start = notice_line_start(text, place->at);
		if (is_separator(notice_line_at(text, start), place->at - start))
			return start;
	}
	return text.n;
}

/* "X-Spam-Status: ", but not what programs add to a report ("X-Postfix-Sender: "). */
static bool is_extension_field(struct span line)
{
	static const char *const of_reports[] = {
		"X-Actual-", "X-Display-", "X-Original-", "X-Postfix-", "X-Supplementary-",
	};
	size_t n = 2;

	if (!span_has_prefix(line, "X-"))
		return false;
	for (size_t i = 0; i < sizeof(of_reports) / sizeof(*of_reports); i++)
		if (span_has_prefix(line, of_reports[i]))
			return false;
	while (n < line.n && (ascii_isalnum(line.p[n]) || line.p[n] == '-'))
		n++;
	return n > 2 && span_has_prefix(span_from(line, n), ": ");
}

static bool is_message_field(struct span line)
{
	static const char *const names[] = {
		"Received: ", "Return-Path: ", "DKIM-Signature: ", "Message-ID: ",
		"Received:from ", "ARC-Seal: ", "MIME-Version: ",
		"Delivered-To: ",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_has_prefix(line, names[i]))
			return true;
	return is_extension_field(line);
}

/* "From: …", "To: …" and "Subject: …" in lines that follow one another. */
static bool heads_message(struct span text)
{
	static const char *const names[] = { "From: ", "To: ", "Subject: " };
	struct span line;
	unsigned found = 0;

	for (unsigned n = 0; n < 12 && span_next_line(&text, &line) && span_trim(line).n != 0; n++)
		for (unsigned i = 0; i < 3; i++)
			if (span_has_prefix(line, names[i]))
				found |= 1U << i;
	return found == 7;
}

/* Below the fields of the message a notice may go on with its own words. */
static bool goes_on_with_reason(struct span text)
{
	static const char *const words[] = {
		"reason", "error", "said", "response", "answer", "grund", "fehler", "antwort", "motif",
		"motivo", "because", "erreur", "raison",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_ifind(text, 0, words[i]) < text.n)
			return true;
	return false;
}

/* "From: …" below an empty line, behind a notice that has named somebody. */
static bool is_bare_message(struct span text, size_t at)
{
	struct span above = span_slice(text, 0, at), rest = span_from(text, at);
	size_t end;

	return at > 1 && span_trim(notice_line_at(text, notice_line_start(text, at - 1))).n == 0 &&
		address_find(above, 0, &end).n != 0 && heads_message(rest) && !goes_on_with_reason(rest);
}

/* The first line that is a field of a message's header. */
static size_t header_start(struct span text)
{
	struct span rest = text, line;
	bool looked = false;	/* once, so that it costs no more than the text is long */

	while (span_next_line(&rest, &line)) {
		if (span_has_prefix(line, "> "))
			line = span_from(line, 2);
		if (is_message_field(line))
			return notice_line_start(text, (size_t)(line.p - text.p));
		if (looked || !span_has_prefix(line, "From: "))
			continue;
		looked = true;
		if (is_bare_message(text, (size_t)(line.p - text.p)))
			return (size_t)(line.p - text.p);
	}
	return text.n;
}

/* Phrases of the returned message are not the notice's. */
static void forget_phrases_behind(struct notice *notice)
{
	struct phrases *phrases = &notice->phrases;
	size_t n = phrases->n;

	if (n == PHRASES_MAX_PLACES) {
		phrases_find(notice->text, phrases);
		return;
	}
	memset(phrases->found, 0, sizeof(phrases->found));
	phrases->n = 0;
	for (size_t i = 0; i < n && phrases->places[i].at < notice->text.n; i++) {
		phrases->found[phrases->places[i].kind] = true;
		phrases->n++;
	}
}

/* "> We wrote …", but not "> 550 no such user". */
static bool is_quoted(struct span line)
{
	size_t marks = 0;

	line = span_trim(line);
	while (marks < line.n && (line.p[marks] == '>' || line.p[marks] == ' '))
		marks++;
	return line.n != 0 && line.p[0] == '>' && !span_has_prefix(line, ">>> ") &&
		reply_code_length(span_from(line, marks)) == 0;
}

/* The subject and what is quoted are somebody else's words: blanks stand for them. */
static struct span without_quotes(struct arena *arena, struct span text)
{
	struct span rest = text, line;
	char *copy = NULL;

	while (span_next_line(&rest, &line)) {
		if (!is_quoted(line) && !remark_is_subject(span_trim(line)))
			continue;
		if (copy == NULL && (copy = arena_string(arena, text)) == NULL)
			return text;
		memset(copy + (line.p - text.p), ' ', line.n);
	}
	return copy != NULL ? (struct span){ copy, text.n } : text;
}

/* "|---- Message header follows: ----|": the line above the returned header is a
 * heading in whatever language. */
static struct span without_last_heading(struct span text)
{
	struct span words = span_trim(text);
	size_t end = words.n != 0 ? (size_t)(words.p - text.p) + words.n : 0;
	size_t start = notice_line_start(text, end);
	struct span line = span_trim(span_slice(text, start, end));

	if (line.n > 4 && line.p[0] == '|')
		line = span_slice(line, 1, line.n - 1);
	return line.n > 4 && notice_is_rule(line.p[0]) && notice_is_rule(line.p[1]) &&
		notice_is_rule(line.p[line.n - 1]) ? span_slice(text, 0, start) : text;
}

void notice_cut(struct arena *arena, struct span text, struct notice *notice)
{
	size_t header = header_start(text);
	struct span own = without_quotes(arena, span_slice(text, 0, header));
	size_t words;

	if (header < text.n)
		own = without_last_heading(own);
	phrases_find(own, &notice->phrases);
	words = separator_start(own, &notice->phrases);
	notice->text = span_slice(own, 0, words);
	if (header == text.n && words < text.n) {
		struct span line = notice_line_at(text, words);

		header = words + line.n;
	}
	notice->returned = span_trim(span_from(text, header));
	if (notice->text.n < header)
		forget_phrases_behind(notice);
}
