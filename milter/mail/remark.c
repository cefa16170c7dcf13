#include "mail/remark.h"

#include <string.h>

#include "base/buf.h"
#include "mail/codes.h"
#include "mail/notice.h"
#include "mail/transcript.h"
#include "mail/wording.h"

/* ---- wrapped lines ---- */

/* Marks of a dialogue at the start of a line say nothing. */
static struct span without_mark(struct span line)
{
	static const char *const marks[] = { "<<< ", ">>> ", "Out: ", "In: ", "Received >>> " };

	line = span_trim(line);
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (span_has_prefix(line, marks[i]))
			return span_trim(span_from(line, strlen(marks[i])));
	return line;
}

/* "Subject of your message:", "Original subject:": nothing else stands before the colon. */
static bool is_subject_label(struct span label)
{
	static const char *const words[] = {
		"subject", "of", "the", "your", "message", "mail", "email", "e-mail", "original", "was",
	};
	bool subject = false;

	while ((label = span_trim(label)).n != 0) {
		struct span word = span_slice(label, 0, span_find_byte(label, 0, ' '));
		size_t i = 0;

		while (i < sizeof(words) / sizeof(*words) && !span_is(word, words[i]))
			i++;
		if (i == sizeof(words) / sizeof(*words))
			return false;
		subject |= i == 0;
		label = span_from(label, word.n);
	}
	return subject;
}

bool remark_is_subject(struct span line)
{
	static const char *const words[] = {
		"Subject:", "Betreff:", "Objet :", "Objet:", "Asunto:", "Assunto:", "Oggetto:",
		"Onderwerp:", "Temat:", "Konu:",
		"\xd0\xa2\xd0\xb5\xd0\xbc\xd0\xb0:", "\xe4\xbb\xb6\xe5\x90\x8d:",
		"\xe4\xb8\xbb\xe9\xa2\x98:",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_has_prefix(line, words[i]))
			return true;
	return line.n != 0 && span_find_byte(line, 0, ':') < line.n &&
		is_subject_label(span_slice(line, 0, span_find_byte(line, 0, ':')));
}

struct span remark_unwrap(struct arena *arena, struct span text)
{
	struct buf out;
	struct span line;

	text = span_trim(span_slice(text, 0, BOUNCE_MAX_REPLY));
	if (span_find_byte(text, 0, '\n') == text.n)
		return text;
	buf_init(&out, arena, BOUNCE_MAX_REPLY + 1);
	while (span_next_line(&text, &line)) {
		line = without_mark(line);
		if (remark_is_subject(line))
			continue;
		if (out.n != 0 && line.n != 0)
			buf_addc(&out, ' ');
		buf_add(&out, line);
	}
	return buf_span(&out);
}

/* ---- the command that was answered ---- */

struct span remark_command(struct span text)
{
	static const struct {
		const char *words, *command;
	} commands[] = {
		{ "end of data", "end of DATA" }, { "final data", "end of DATA" },
		{ "after i sent the message", "end of DATA" }, { "rcpt to", "RCPT TO" },
		{ "rcpt_to", "RCPT TO" }, { "our rcpt", "RCPT TO" }, { "rcpt command", "RCPT TO" },
		{ "smtp:rcpt", "RCPT TO" }, { "does not like recipient", "RCPT TO" },
		{ "mail from", "MAIL FROM" }, { "mail_from", "MAIL FROM" },
		{ "sender was rejected", "MAIL FROM" }, { "data command", "DATA" },
		{ "(data)", "DATA" }, { ">>> data", "DATA" }, { "starttls", "STARTTLS" },
		{ "initial connection", "connect" }, { "refused to talk to me", "connect" },
		{ "ehlo", "EHLO" }, { "helo", "HELO" },
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (span_ifind(text, 0, commands[i].words) < text.n)
			return span_str(commands[i].command);
	return (struct span){ NULL, 0 };
}

/* ---- the server that answered ---- */

static bool is_host_byte(char c)
{
	return ascii_isalnum(c) || c == '.' || c == '-' || c == '_' || c == ':';
}

static size_t colons(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ':';
	return n;
}

/* "mx.example", "192.0.2.1", "2001:db8::1", but no time of day. */
static bool is_host(struct span s)
{
	size_t n = colons(s);

	return n == 0 ? span_find_byte(s, 0, '.') < s.n :
		n == 7 || span_find(s, 0, SPAN("::")) < s.n;
}

/* A host name or address at the start of s, without brackets and port. */
static struct span host_at(struct span s)
{
	size_t n = 0;

	s = span_trim(s);
	if (s.n != 0 && (s.p[0] == '[' || s.p[0] == '<' || s.p[0] == '('))
		s = span_from(s, 1);
	while (n < s.n && is_host_byte(s.p[n]))
		n++;
	while (n > 0 && (s.p[n - 1] == '.' || s.p[n - 1] == ':'))
		n--;
	s = span_slice(s, 0, n);
	if (colons(s) == 1)
		s = span_slice(s, 0, span_find_byte(s, 0, ':'));
	return is_host(s) ? s : (struct span){ NULL, 0 };
}

/* "mx.example [192.0.2.1] did not like …", but not "received from pc.example [10.1.1.17]" */
static struct span host_before(struct span text, size_t at)
{
	size_t from;

	while (at > 0 && text.p[at - 1] == ' ')
		at--;
	for (from = at; from > 0 && is_host_byte(text.p[from - 1]); from--)
		;
	if (span_has_suffix(span_slice(text, 0, from), "from ") || (from > 0 && text.p[from - 1] == '@'))
		return (struct span){ NULL, 0 };
	return host_at(span_slice(text, from, at));
}

/* "[192.0.2.3]", "[2001:db8::3]": not every bracket holds an address. */
static bool is_literal(struct span bracket)
{
	struct span inner = span_slice(bracket, 1, span_find_byte(bracket, 0, ']'));

	for (size_t i = 0; i < inner.n; i++)
		if (!is_host_byte(inner.p[i]) || (ascii_isalpha(inner.p[i]) && colons(inner) < 2))
			return false;
	return inner.n > 2;
}

struct span remark_host(struct span text)
{
	static const char *const before[] = {
		"while talking to ", "host ", "host: ", "connected to ", "remote server at ",
		"connect to ", "remote-mta: ", "server ", "conversation with ", "remote mta ",
	};
	static const char *const behind[] = { " does not like recipient", "[" };

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		size_t at = span_ifind(text, 0, before[i]);
		struct span host = host_at(span_from(text, at + strlen(before[i])));

		if (at < text.n && host.n != 0)
			return host;
	}
	for (size_t i = 0; i < sizeof(behind) / sizeof(*behind); i++) {
		size_t at = span_ifind(text, 0, behind[i]);
		struct span host = host_before(text, at);

		if (at < text.n && host.n != 0 && (text.p[at] != '[' || is_literal(span_from(text, at))))
			return host;
	}
	return (struct span){ NULL, 0 };
}

/* ---- the reply ---- */

/* "550 no" and below it "550 <a@b>... no", which the server that reports adds; the lines
 * of one reply have a '-' behind the code, but the last. Or a line of the session. */
static size_t end_of_last_line(struct span text)
{
	bool last = text.n > 3 && text.p[3] == ' ';

	for (size_t at = span_find_byte(text, 0, '\n'); at < text.n;
	     at = span_find_byte(text, at + 1, '\n')) {
		struct span line = span_from(text, at + 1), words;

		line = span_slice(line, 0, span_find_byte(line, 0, '\n'));
		words = span_trim(line);
		if (words.n > 3 && words.p[3] == ' ' && memcmp(words.p, text.p, 3) == 0) {
			if (last)
				return at;
			last = true;
		}
		if (wording_names_recipient(span_slice(words, 0, span_find_byte(words, 0, ':'))) ||
		    span_find(line, 0, SPAN(" --> ")) < line.n || span_find(line, 0, SPAN(" <-- ")) < line.n)
			return at;
	}
	return text.n;
}

/* Where the reply that starts the text ends: what follows is the notice's. */
static size_t reply_end(struct span text)
{
	static const char *const trailers[] = {
		"(in reply to", "\ngiving up ", "\ni'm not going to try", "\n[rcpt_to]", "\n [rcpt_to]",
		"(delivery attempts:", "\n>>>", "\n<<< 503", "(state 1", "\n[mail_from]", "\n[data]",
		"\n554 5.0.0 service unavailable", "\n... while talking", "\ndsn generated by",
		"\nwarning: message still undelivered", "\nmessage could not be delivered for",
		"\nwill keep trying until", "\nmessage will be deleted from queue",
	};
	size_t end = span_find(text, 0, SPAN("\n\n"));
	size_t crlf = span_find(text, 0, SPAN("\r\n\r\n"));

	if (crlf < end)
		end = crlf;
	text = span_slice(text, 0, end);
	for (size_t i = 0; i < sizeof(trailers) / sizeof(*trailers); i++) {
		size_t at = span_ifind(text, 0, trailers[i]);

		text = span_slice(text, 0, at);
	}
	return end_of_last_line(text);
}

/* The first mark at the end of a line, else the last one. */
static size_t closing_mark(struct span reply, char mark)
{
	size_t last = reply.n;

	for (size_t at = span_find_byte(reply, 0, mark); at < reply.n;
	     at = span_find_byte(reply, at + 1, mark)) {
		last = at;
		if (at + 1 == reply.n || reply.p[at + 1] == '\n' || reply.p[at + 1] == '\r')
			break;
	}
	return last;
}

/* A reply in quotes or brackets ends with them. */
static struct span within_quotes(struct span text, size_t at, struct span reply)
{
	static const char open[] = "'\"[(", close[] = "'\"])";
	size_t before = at > 1 && text.p[at - 1] == ' ' ? at - 1 : at;
	const char *mark = before > 0 ? memchr(open, text.p[before - 1], 4) : NULL;

	if (mark == NULL && at > 9 && span_is(span_slice(text, at - 9, at), "(reason: "))
		mark = open + 3;	/* Sendmail: "(reason: 550 …)" */
	return mark != NULL ? span_slice(reply, 0, closing_mark(reply, close[mark - open])) : reply;
}

/* "<mx.example #5.1.1 smtp;550 no>" and "#550 no ##" are how Exchange marks a reply. */
static struct span within_marks(struct span text, size_t at, struct span reply)
{
	struct span before = span_slice(text, notice_line_start(text, at), at), behind;
	const char *last = reply.n != 0 ? memrchr(reply.p, '>', reply.n) : NULL;

	if (span_has_suffix(before, "#"))
		return span_slice(reply, 0, span_find(reply, 0, SPAN(" ##")));
	if (last == NULL || !span_has_suffix(before, "smtp;") ||
	    span_find_byte(before, 0, '<') == before.n)
		return reply;
	behind = span_trim(span_from(reply, (size_t)(last - reply.p) + 1));
	return behind.n == 0 || behind.p[0] == '#' ?
		span_slice(reply, 0, (size_t)(last - reply.p)) : reply;
}

/* "550 550 5.1.1 …", "554 <a@b>... 550 Host unknown": said once is enough. */
static struct span without_repeat(struct span reply)
{
	if (reply.n > 8 && reply.p[3] == ' ' && reply.p[7] == ' ' && memcmp(reply.p, reply.p + 4, 3) == 0)
		return span_from(reply, 4);
	return reply;
}

static void take_reply(struct arena *arena, struct span text, size_t at,
		       struct bounce_recipient *r)
{
	struct span reply = span_from(text, at);

	reply = span_slice(reply, 0, reply_end(reply));
	reply = within_marks(text, at, within_quotes(text, at, reply));
	reply = without_repeat(remark_unwrap(arena, reply));
	reply = span_trim(span_slice(reply, 0, span_ifind(reply, 0, "(in reply to")));	/* wrapped */
	r->reply_code = span_slice(reply, 0, 3);
	r->reply = transcript_unflatten(arena, reply);
}

static void take_status(struct span status, struct bounce_recipient *r)
{
	if (status.n != 0 && status_is_vague(r->status) &&
	    (r->status.n == 0 || !status_is_vague(status)))
		r->status = status;
}

/* "550 5.7.1" and no word behind it in its line. */
static bool is_bare(struct span text, size_t at)
{
	struct span rest = span_from(text, at + 3);

	rest = span_trim(span_slice(rest, 0, span_find_byte(rest, 0, '\n')));
	return span_trim(span_from(rest, status_length(rest))).n == 0;
}

/* "Status code: 550 5.7.1" and below it "Reported error: 550 5.7.1 no": the one with words. */
static size_t find_reply(struct span text)
{
	size_t first = reply_find(text, 0), at = first;

	while (at < text.n && is_bare(text, at) && memcmp(text.p + at, text.p + first, 3) == 0)
		at = reply_find(text, at + 3);
	return at < text.n && memcmp(text.p + at, text.p + first, 3) == 0 ? at : first;
}

void remark_read(struct arena *arena, struct span text, struct bounce_recipient *r)
{
	size_t at = find_reply(text);
	struct span around, before;

	if (r->reply.n == 0 && at < text.n)
		take_reply(arena, text, at, r);
	around = span_slice(text, 0, at < text.n ? at + BOUNCE_MAX_REPLY : BOUNCE_MAX_REPLY);
	take_status(status_find(r->reply), r);
	if (r->reply.n == 0 || r->status.n == 0)
		take_status(status_find(around), r);
	before = remark_unwrap(arena, span_slice(text, 0, at));
	if (r->command.n == 0)
		r->command = remark_command(before);
	if (r->command.n == 0)
		r->command = remark_command(span_from(around, at));
	if (r->remote_mta.n == 0)
		r->remote_mta = remark_host(before);
	if (r->context.n == 0)
		r->context = at < text.n && is_bare(text, at) ?
			remark_unwrap(arena, notice_near(text)) : before;
}
