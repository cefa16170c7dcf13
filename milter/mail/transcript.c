#include "mail/transcript.h"

#include <string.h>

#include "base/buf.h"
#include "mail/bounce.h"

static bool is_code(struct span s, size_t at)
{
	return at + 3 <= s.n && s.p[at] >= '2' && s.p[at] <= '5' &&
		ascii_isdigit(s.p[at + 1]) && ascii_isdigit(s.p[at + 2]);
}

/* "550-" or "550 " with the same number as the reply starts with. */
static bool is_same_code(struct span s, size_t at, struct span code)
{
	return at + 4 <= s.n && memcmp(s.p + at, code.p, 3) == 0 &&
		(s.p[at + 3] == '-' || s.p[at + 3] == ' ');
}

struct span transcript_unflatten(struct arena *arena, struct span reply)
{
	struct span code = span_slice(reply, 0, 3);
	struct buf out;
	size_t from = 0;
	bool last = false;	/* the line that RFC 5321 ends a reply with */

	if (!is_code(reply, 0) || reply.n < 4 || reply.p[3] != '-')
		return reply;
	buf_init(&out, arena, BOUNCE_MAX_REPLY);
	reply = span_slice(reply, 0, BOUNCE_MAX_REPLY);
	for (size_t i = 4; i < reply.n && !last; i++) {
		if ((reply.p[i] != ' ' && reply.p[i] != '\n') || !is_same_code(reply, i + 1, code))
			continue;
		last = reply.p[i + 4] == ' ';
		buf_add(&out, span_trim(span_slice(reply, from, i)));
		buf_addc(&out, '\n');
		from = i + 1;
	}
	buf_add(&out, span_trim(span_from(reply, from)));
	return buf_span(&out);
}

/* ---- Sendmail ---- */

/* "RCPT To:<a@b>" as RFC 5321 writes the command: up to the colon. */
static struct span command_name(struct arena *arena, struct span line)
{
	struct span name = span_trim(span_slice(line, 0, span_find_byte(line, 0, ':')));
	char *upper;

	if (span_has_prefix(name, "MAIL") || span_has_prefix(name, "RCPT"))
		name = span_slice(name, 0, span_find_byte(name, 0, '<'));
	else
		name = span_slice(name, 0, span_find_byte(name, 0, ' '));
	upper = arena_string(arena, span_trim(name));
	for (char *p = upper; p != NULL && *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return span_str(upper);
}

/* What follows a mark at the start of a line ("<<< "), or an empty span. */
static struct span behind(struct span line, const char *mark)
{
	return span_has_prefix(line, mark) ? span_from(line, strlen(mark)) :
		(struct span){ NULL, 0 };
}

/* What the other server wrote: behind "<<< "; where it goes on, on a line of its own. */
static struct span answer(struct span line, bool goes_on)
{
	return span_trim(!goes_on || span_has_prefix(line, "<<< ") ? behind(line, "<<< ") : line);
}

static void add_reply_line(struct buf *out, struct span line)
{
	if (out->n != 0)
		buf_addc(out, '\n');
	buf_add(out, line);
}

/* Take the lines that go on with this reply off *rest. */
static void add_rest_of_reply(struct buf *out, struct span *rest, struct span code)
{
	struct span ahead = *rest, line;

	while (span_next_line(&ahead, &line)) {
		struct span words = answer(line, true);

		if (words.n < 4 || !is_same_code(words, 0, code))
			return;
		add_reply_line(out, words);
		*rest = ahead;
		if (words.p[3] == ' ')
			return;
	}
}

struct span transcript_reply(struct arena *arena, struct span text,
			     struct span first, struct span *command_r)
{
	struct span line, command = { NULL, 0 };
	struct buf out;

	buf_init(&out, arena, BOUNCE_MAX_REPLY);
	while (first.n >= 4 && out.n == 0 && span_next_line(&text, &line)) {
		struct span words = answer(line, first.p[3] == '-');

		if (span_has_prefix(line, ">>> "))
			command = behind(line, ">>> ");
		if (!span_eq(words, first))
			continue;
		add_reply_line(&out, words);
		if (words.p[3] == '-')
			add_rest_of_reply(&out, &text, span_slice(first, 0, 3));
	}
	if (out.n == 0 || out.failed)
		return first;
	if (command.n != 0)
		*command_r = command_name(arena, command);
	return buf_span(&out);
}

/* ---- Postfix ---- */

/* Behind "(in reply to " at or after from, wherever it is wrapped; or text.n. */
static size_t behind_in_reply(struct span text)
{
	static const char *const words[] = { "(in", "reply", "to" };
	size_t at = span_ifind(text, 0, words[0]), i;

	for (; at < text.n; at = span_ifind(text, at + 1, words[0])) {
		size_t end = at;

		for (i = 0; i < 3 && span_has_prefix(span_from(text, end), words[i]); i++)
			for (end += strlen(words[i]); end < text.n && ascii_isspace(text.p[end]); end++)
				;
		if (i == 3)
			return end;
	}
	return text.n;
}

struct span transcript_command(struct span text, struct span address)
{
	size_t at = span_find(text, 0, address), next, end;

	if (address.n == 0 || at == text.n)
		return (struct span){ NULL, 0 };
	/* as far as the paragraph about this address goes */
	next = span_find(text, at, SPAN("\n\n"));
	if (span_find(text, at, SPAN("\r\n\r\n")) < next)
		next = span_find(text, at, SPAN("\r\n\r\n"));
	text = span_slice(text, at, next);
	at = behind_in_reply(text);
	if (at == text.n)
		return (struct span){ NULL, 0 };
	end = span_find_byte(text, at, ')');
	text = span_slice(text, at, end);
	end = span_ifind(text, 0, " command");
	return span_trim(span_slice(text, 0, end));
}
