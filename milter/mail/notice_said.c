/* notice_said.c - of notice.h, what a notice says of an entry and of itself. */
#include <string.h>

#include "mail/address.h"
#include "mail/codes.h"
#include "mail/notice.h"
#include "mail/remark.h"
#include "mail/transcript.h"
#include "mail/wording.h"

/* ---- what is said of an entry ---- */

/* "(expanded from: a@b)", "(generated from a@b)", "(Originally addressed to …)". */
static struct span original_address(struct span said)
{
	static const char *const before[] = {
		"expanded from", "generated from", "originally addressed to",
	};

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		size_t at = span_ifind(said, 0, before[i]), end;

		if (at < said.n)
			return address_find(span_slice(said, 0, at + 400), at, &end);
	}
	return (struct span){ NULL, 0 };
}

static bool says_something(struct span said, struct span address)
{
	size_t at = span_find(said, 0, address);

	if (at < said.n)
		said = span_from(said, at + address.n);
	for (size_t i = 0; i < said.n; i++)
		if (ascii_isalnum(said.p[i]) || (unsigned char)said.p[i] >= 0x80)
			return true;
	return false;
}

/* The same, before it or behind it. */
static bool says_besides(struct span said, struct span address)
{
	return says_something(said, address) ||
		says_something(span_slice(said, 0, span_find(said, 0, address)), address);
}

/* Behind its address, or in the lines above. */
static bool tells_itself(struct span text, const struct notice_entry *e)
{
	size_t at = (size_t)(e->address.p - text.p);
	size_t above = e->address.p > text.p && at < text.n ? notice_line_start(text, at) : 0;

	return e->until != 0 || says_something(span_slice(text, e->from, e->to), e->address) ||
		(e->from < above && above <= e->to &&
		 says_something(span_slice(text, e->from, above), (struct span){ NULL, 0 }));
}

/* The entry that tells of this one: of those that are listed together the last. */
static const struct notice_entry *told_by(const struct notice *notice, size_t i)
{
	while (i + 1 < notice->n && !tells_itself(notice->text, &notice->entries[i]))
		i++;
	return &notice->entries[i];
}

static struct span said_of(const struct notice *notice, size_t i)
{
	const struct notice_entry *e = told_by(notice, i);

	return span_slice(notice->text, e->from, e->to);
}

/* "Possible reasons: the mailbox is full, …": any of them, and so none. */
static struct span before_guesses(struct span said)
{
	static const char *const words[] = {
		"possible reason", "possible cause", "mögliche gründe", "mögliche ursache",
		"causes possibles", "raisons possibles", "posibles causas", "possibili cause",
		"possíveis causas",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		said = span_slice(said, 0, span_ifind(said, 0, words[i]));
	return said;
}

struct span notice_said_at(const struct notice *notice, size_t at)
{
	size_t end = notice->text.n;

	for (size_t i = 0; i < notice->n; i++)
		if (notice->entries[i].from > at && notice->entries[i].from < end)
			end = notice->entries[i].from;
	return notice_near(span_slice(notice->text, at, end));
}

struct span notice_near(struct span said)
{
	size_t end = 0;

	for (unsigned paragraphs = 0; paragraphs < 3 && end < said.n; paragraphs++) {
		size_t lf = span_find(said, end + 1, SPAN("\n\n"));
		size_t crlf = span_find(said, end + 1, SPAN("\r\n\r\n"));

		end = lf < crlf ? lf : crlf;
	}
	return before_guesses(span_slice(said, 0, end < BOUNCE_MAX_REPLY ? end : BOUNCE_MAX_REPLY));
}

/* A line of the transcript that holds both a code and this address; without one, the
 * last that goes on behind it ("<a@b>... Deferred: Connection timed out"). */
static struct span line_about(struct span text, struct span address)
{
	struct span about = { NULL, 0 };

	for (size_t at = span_find(text, 0, address), end; at < text.n;
	     at = span_find(text, end, address)) {
		size_t start = notice_line_start(text, at), behind = at + address.n;
		struct span line = notice_line_at(text, start);

		end = start + line.n;
		if (reply_find(line, 0) < line.n)
			return span_slice(text, start, start + BOUNCE_MAX_REPLY);
		if (behind < text.n && text.p[behind] == '>')
			behind++;
		if (span_has_prefix(span_from(text, behind), "... "))
			about = line;
	}
	return about;
}

static struct span before_transcript(struct span said)
{
	return span_slice(said, 0, span_ifind(said, 0, "transcript of session"));
}

/* No reply of its own, and no line about it: what follows the list. */
static struct span said_behind(const struct notice *notice, size_t i)
{
	struct span said = said_of(notice, i);

	return reply_find(said, 0) < said.n ? said : notice_near(said);
}

static bool is_alone(struct span said, struct span address)
{
	size_t lf = span_find(said, 0, SPAN("\n\n")), crlf = span_find(said, 0, SPAN("\n\r\n"));

	return !says_besides(span_slice(said, 0, lf < crlf ? lf : crlf), address);
}

size_t notice_paragraph(struct span text, size_t at)
{
	size_t above, start = notice_line_start(text, at);

	for (; start > 0; start = above) {
		above = notice_line_start(text, start - 1);
		if (span_trim(span_slice(text, above, start)).n == 0 || at - above > BOUNCE_MAX_REPLY)
			break;
	}
	return start;
}

/* Where the paragraph above `at` starts. */
static size_t paragraph_above(struct span text, size_t at)
{
	while (at > 0 && span_trim(notice_line_at(text, notice_line_start(text, at - 1))).n == 0)
		at = notice_line_start(text, at - 1);
	return notice_paragraph(text, at);
}

/* What stands near an address; where it is alone in its paragraph, with the two
 * paragraphs above it: "The mailbox is full.\n\n<a@b>\n\nPlease reply to …". */
static struct span near_or_above(struct span text, struct span said, struct span address)
{
	size_t from = (size_t)(said.p - text.p), end = from + notice_near(said).n;

	if (is_alone(said, address))
		from = paragraph_above(text, paragraph_above(text, from));
	return span_slice(text, from, end);
}

/* One recipient: a reply anywhere in the notice is about him; else what stands
 * near his address; else the whole notice. */
static struct span said_to_all(const struct notice *notice, struct span said, struct span address)
{
	struct span all = notice->text;
	size_t at = reply_find(all, 0);

	if (at < all.n)		/* with the lines of its paragraph above it */
		return span_from(all, notice_paragraph(all, at));
	return says_something(said, address) ? near_or_above(all, said, address) : all;
}

void notice_recipient(struct arena *arena, const struct notice *notice, size_t i,
		      struct bounce_recipient *r)
{
	const struct notice_entry *e = &notice->entries[i];
	struct span said = said_of(notice, i), last = told_by(notice, i)->address;
	struct span again = span_slice(notice->text, e->again, e->until);
	struct span about, line;

	r->recipient = e->address;
	if (span_ifind(e->address, 0, "@") < e->address.n)
		r->original = original_address(notice_near(said));
	if (reply_find(said, 0) == said.n && reply_find(again, 0) < again.n) {
		remark_read(arena, again, r);
		r->context = remark_unwrap(arena, notice_near(said));
		return;
	}
	said = before_transcript(said);
	line = reply_find(said, 0) < said.n ? said : line_about(notice->text, e->address);
	about = line;
	if (about.n == 0)
		about = notice->n == 1 ? said_to_all(notice, said, e->address) : said_behind(notice, i);
	remark_read(arena, about, r);
	if (r->reply.n != 0)
		r->reply = transcript_reply(arena, notice->text, r->reply, &r->command);
	if (r->reply.n == 0 && about.p == line.p && line.n != 0)
		return;		/* its context is that line */
	if (about.p != said.p || r->context.n == 0 || !says_besides(r->context, last))
		r->context = remark_unwrap(arena, says_besides(said, last) ?
					   near_or_above(notice->text, said, last) :
					   notice_near(notice->text));
}

/* ---- about the notice itself ---- */

enum { CLAUSE_MAX = 160 };

/* A point before white space, or a line end behind one. */
static bool ends_sentence(struct span text, size_t i)
{
	if (strchr(".!?:;\n", text.p[i]) == NULL || text.p[i] == '\0')
		return false;
	return text.p[i] == '\n' ? i > 0 && ascii_isspace(text.p[i - 1]) :
		i + 1 == text.n || ascii_isspace(text.p[i + 1]);
}

/* Where the sentence that holds `at` starts. */
static size_t sentence_start(struct span text, size_t at)
{
	size_t from = at, least = at > CLAUSE_MAX ? at - CLAUSE_MAX : 0;

	while (from > least && !ends_sentence(text, from - 1))
		from--;
	return from;
}

static bool is_conditional(struct span clause)
{
	static const char *const words[] = {
		"if ", "once full", "once the ", "once your ", "once it ", "should the ", "should your ",
		"when the ", "when your ", "when it ", "when full", "as soon as ", "wenn ", "falls ",
		"sobald ", "si le ", "si la ", "si votre ", "si vous ", "s'il ", "lorsque ", "si el ",
		"si su ", "cuando ", "se o ", "se a ", "se il ", "se la ", "quando ", "als de ",
		"jeśli ", "jeżeli ", "если ", "когда ",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t at = span_ifind(clause, 0, words[i]);

		if (at < clause.n && (at == 0 || !ascii_isalpha(clause.p[at - 1])))
			return true;
	}
	return false;
}

bool notice_tells(const struct notice *notice)
{
	for (size_t i = 0; i < notice->phrases.n; i++) {
		const struct phrase_place *place = &notice->phrases.places[i];
		size_t from = sentence_start(notice->text, place->at);

		if ((place->kind == PHRASE_FAILED || place->kind == PHRASE_DELAYED) &&
		    !is_conditional(span_slice(notice->text, from, place->at)))
			return true;
	}
	return false;
}

struct span notice_reporter(struct span text)
{
	static const char *const before[] = {
		"mail system at host ", "qmail-send program at ", "mail agent v0.13 at ",
		"program at host ", "program at ", "generating server: ", "message from ",
		"reporting-mta: ", "mail agent at ", "this is the mail server ",
	};

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		size_t at = span_ifind(text, 0, before[i]), end;
		struct span host;

		if (at == text.n)
			continue;
		at += strlen(before[i]);
		while (at < text.n && (ascii_isspace(text.p[at]) || text.p[at] == '<'))
			at++;
		for (end = at; end < text.n && (ascii_isalnum(text.p[end]) || text.p[end] == '.' ||
						text.p[end] == '-'); end++)
			;
		while (end > at && text.p[end - 1] == '.')
			end--;
		host = span_slice(text, at, end);
		if (span_find_byte(host, 0, '.') < host.n)
			return host;
	}
	return (struct span){ NULL, 0 };
}

bool notice_names_only(const struct notice *notice, struct span reader)
{
	for (size_t i = 0; i < notice->n; i++)
		if (!address_eq(notice->entries[i].address, reader))
			return false;
	return reader.n != 0 && span_find(notice->text, 0, reader) < notice->text.n;
}

bool notice_speaks_to_author(const struct notice *notice, struct span reader)
{
	static const char *const words[] = {
		"your message ", "your mail ", "your email ", "your e-mail ", "you sent", "you have sent",
		"ihre nachricht ", "ihre mail ", "ihre e-mail ", "votre message ", "votre courriel ",
		"su mensaje ", "su correo ", "sua mensagem ", "suo messaggio ", "uw bericht ",
		"аше письмо", "аше сообщение",
	};
	struct span text = notice->text;

	if (notice->n != 0 && notice->entries[0].named == NAMED_AT_LINE)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_ifind(text, 0, words[i]) < text.n)
			return true;
	for (size_t at = span_find(text, 0, reader); at < text.n; at = span_find(text, at + 1, reader))
		if (wording_names_sender(wording_before(text, at)))
			return true;
	return false;
}

static size_t field_line(struct span text, const char *name)
{
	for (size_t at = span_ifind(text, 0, name); at < text.n; at = span_ifind(text, at + 1, name))
		if (at == 0 || text.p[at - 1] == '\n')
			return at;
	return text.n;
}

size_t notice_report(struct span text)
{
	size_t recipient = field_line(text, "Final-Recipient:");
	size_t other = field_line(text, "Original-Recipient:");
	size_t start, message;

	if (other < recipient)
		recipient = other;
	if (recipient == text.n)
		return text.n;
	message = field_line(text, "Reporting-MTA:");
	if (message < recipient)
		return message;
	/* the group may start with another field */
	for (start = recipient; start > 1 && text.p[start - 1] == '\n';) {
		size_t above = notice_line_start(text, start - 1);

		if (span_trim(span_slice(text, above, start)).n == 0 ||
		    span_find_byte(span_slice(text, above, start), 0, ':') == start - above)
			break;
		start = above;
	}
	return start;
}
