#include "mail/notice.h"

#include <stdint.h>
#include <string.h>

#include "mail/address.h"
#include "mail/codes.h"
#include "mail/wording.h"

/* ---- lines ---- */

size_t notice_line_start(struct span text, size_t at)
{
	const char *end = at != 0 ? memrchr(text.p, '\n', at) : NULL;

	return end != NULL ? (size_t)(end - text.p) + 1 : 0;
}

struct span notice_line_at(struct span text, size_t start)
{
	return span_slice(text, start, span_find_byte(text, start, '\n'));
}

bool notice_is_rule(char c)
{
	return c == '-' || c == '=' || c == '*' || c == '_' || c == '#' || c == '~' || c == '+';
}

struct line {
	size_t start;		/* in the text */
	size_t indent;
	struct span words;	/* behind white space, bullets and the marks of a list */
	bool blank, dialogue;
};

/* "2. a@b", "(2) a@b": behind the number of a list. */
static struct span behind_number(struct span words)
{
	size_t from = words.n != 0 && words.p[0] == '(' ? 1 : 0, i = from;

	while (i < words.n && i < from + 3 && ascii_isdigit(words.p[i]))
		i++;
	if (i == from || i + 1 >= words.n || (words.p[i] != '.' && words.p[i] != ')') ||
	    words.p[i + 1] != ' ')
		return words;
	return span_from(words, i + 2);
}

static struct line line_of(struct span text, struct span raw)
{
	struct line line = { .start = (size_t)(raw.p - text.p) };
	size_t i = 0;

	while (i < raw.n && ascii_isspace(raw.p[i]))
		line.indent += raw.p[i++] == '\t' ? 8 : 1;
	line.words = span_from(raw, i);
	line.blank = line.words.n == 0;
	line.dialogue = span_has_prefix(line.words, ">>> ") || span_has_prefix(line.words, "<<< ");
	/* "> 550 <a@b> no": of quoted lines only replies are left */
	while (!line.dialogue && line.words.n > 1 && line.words.p[0] == '>')
		line.words = span_trim(span_from(line.words, 1));
	line.words = behind_number(line.words);
	while (line.words.n > 1 && (notice_is_rule(line.words.p[0]) || line.words.p[0] == '\'' ||
				    ascii_isspace(line.words.p[0])))
		line.words = span_from(line.words, 1);
	if (span_has_prefix(line.words, "\xe2\x80\xa2"))	/* bullet */
		line.words = span_trim(span_from(line.words, 3));
	return line;
}

/* What may stand behind an address that starts a line. */
static bool ends_address(struct span rest)
{
	return rest.n == 0 || strchr(" \t\r:;(<[>\"'.,", rest.p[0]) != NULL;
}

/* "554 <a@b>... User unknown" in a transcript: the code before the address. */
static struct span behind_code(struct span words)
{
	size_t n = reply_code_length(words);
	size_t status;

	if (n == 0 || n >= words.n || words.p[n] != ' ')
		return words;
	status = status_length(span_from(words, n + 1));
	return span_trim(span_from(words, n + 1 + status));
}

static struct span leading_address(struct span words)
{
	struct span address;
	size_t end = 0;

	if (words.n != 0 && (words.p[0] == '"' || words.p[0] == '\'' || words.p[0] == '['))
		words = span_from(words, 1);
	if (span_has_prefix(words, "smtp:") || span_has_prefix(words, "rfc822;"))
		words = span_from(words, words.p[4] == ':' ? 5 : 7);
	address = address_find(span_slice(words, 0, ADDRESS_MAX), 0, &end);
	if (address.n == 0 || (size_t)(address.p - words.p) > 1 ||
	    (address.p != words.p && words.p[0] != '<') || !ends_address(span_from(words, end)))
		return (struct span){ NULL, 0 };
	return address;
}

/* ---- entries ---- */

struct reader {
	struct arena *arena;
	struct notice *notice;
	struct span sender;
	size_t room;
	struct notice_entry *current;	/* what the lines that follow belong to */
	bool gap;			/* an empty line since it was named */
	bool others;			/* below a heading: those whom it reached */
	size_t dialogue;		/* start of the dialogue just above, or SIZE_MAX */
	size_t paragraph;		/* start of the paragraph */
};

static struct notice_entry *find_entry(const struct notice *notice, struct span address)
{
	for (size_t i = 0; i < notice->n; i++)
		if (address_eq(notice->entries[i].address, address))
			return &notice->entries[i];
	return NULL;
}

static struct notice_entry *add_entry(struct reader *reader, struct span address)
{
	struct notice *notice = reader->notice;
	struct notice_entry *entries = notice->entries;

	if (notice->n == NOTICE_MAX)
		return NULL;
	if (notice->n == reader->room) {
		size_t room = reader->room != 0 ? 2 * reader->room : 8;

		entries = arena_grow(reader->arena, entries, notice->n * sizeof(*entries),
				     room * sizeof(*entries));
		if (entries == NULL)
			return NULL;
		notice->entries = entries;
		reader->room = room;
	}
	entries[notice->n] = (struct notice_entry){ .address = address };
	return &entries[notice->n++];
}

static void close_entry(struct reader *reader, size_t end)
{
	struct notice_entry *e = reader->current;

	if (e != NULL && e->again != 0 && e->until == 0)
		e->until = end;
	else if (e != NULL && e->to == 0)
		e->to = end;
	reader->current = NULL;
}

/* The address is named here; what follows is said of it. */
static void name_entry(struct reader *reader, struct span address, enum named named,
		       size_t from, size_t indent)
{
	struct notice_entry *e = find_entry(reader->notice, address);

	if (e != NULL && e == reader->current && e->named >= named)
		return;
	if ((e != NULL && e->named > named) ||
	    (reader->current != NULL && reader->current->named > named))
		return;
	close_entry(reader, from);
	if (e == NULL) {
		e = add_entry(reader, address);
		if (e == NULL)
			return;
		e->from = from;
	} else if (e->named < named) {
		*e = (struct notice_entry){ .address = address, .from = from };
	} else if (e->until == 0 && from != 0) {
		e->again = from;
	}
	e->named = named;
	e->indent = indent;
	reader->current = e;
	reader->gap = false;
}

/* "… if\na@b fails, try …": the line break means nothing. */
static bool goes_on_with_prose(struct span text, const struct line *line, struct span address)
{
	struct span rest = span_from(text, (size_t)(address.p - text.p) + address.n);
	size_t above = line->start > 0 ? notice_line_start(text, line->start - 1) : 0;
	struct span before = span_trim(span_slice(text, above, line->start));

	return rest.n > 1 && rest.p[0] == ' ' && rest.p[1] >= 'a' && rest.p[1] <= 'z' &&
		!span_has_prefix(rest, " on ") && before.n != 0 && ascii_isalpha(before.p[before.n - 1]);
}

/* "<a@b>: 550 no": the surest. */
static bool has_reply_behind(struct span text, struct span address)
{
	size_t at = (size_t)(address.p - text.p) + address.n;
	struct span rest = span_slice(text, at, at + 8);

	if (rest.n != 0 && rest.p[0] == '>')
		rest = span_from(rest, 1);
	return rest.n != 0 && rest.p[0] == ':' && reply_find(span_trim(span_from(rest, 1)), 0) == 0;
}

static bool sentence_fails(const struct notice *notice, size_t from, size_t to)
{
	for (size_t i = 0; i < notice->phrases.n; i++) {
		const struct phrase_place *place = &notice->phrases.places[i];

		if (place->at >= to)
			return false;
		if (place->at >= from && (place->kind == PHRASE_FAILED || place->kind == PHRASE_DELAYED))
			return true;
	}
	return false;
}

/* A sentence may go on behind the line that ends here, within its paragraph. */
static size_t next_lines(struct span text, size_t end)
{
	struct span rest = span_slice(text, end, end + 200);
	size_t lf = span_find(rest, 0, SPAN("\n\n")), crlf = span_find(rest, 0, SPAN("\n\r\n"));

	return end + (lf < crlf ? lf : crlf);
}

/* A sentence has named the recipient; an address that nothing leads to and nothing is
 * said of is somebody's who helps. */
static bool is_aside(const struct reader *reader, const struct line *line, struct span address)
{
	const struct notice *notice = reader->notice;
	size_t end = line->start + notice_line_at(notice->text, line->start).n, above = line->start;
	struct span before;

	if (notice->n == 0 || notice->entries[notice->n - 1].named != NAMED_IN_SENTENCE ||
	    line->words.p[0] == '<' || has_reply_behind(notice->text, address) ||
	    find_entry(notice, address) != NULL)
		return false;
	while (above > 0 && ascii_isspace(notice->text.p[above - 1]))
		above--;
	before = span_slice(notice->text, 0, above);
	return !span_has_suffix(before, ":") &&
		!sentence_fails(notice, line->start, next_lines(notice->text, end)) &&
		reply_find(span_slice(notice->text, line->start, next_lines(notice->text, end)), 0) ==
		next_lines(notice->text, end) - line->start;
}

/* "<a@b>... Successfully delivered", "a@b  ok  250 2.0.0 Ok": he got it. */
static bool has_got_it(struct span rest)
{
	return wording_tells_success(rest) || (span_find(rest, 0, SPAN(" 250 2.")) < rest.n &&
				      reply_find(rest, 0) == rest.n);
}

/* "a@b, c@d: 550 no": those who are listed behind the first. */
static void take_listed(struct reader *reader, const struct line *line, struct span address)
{
	struct span rest;

	for (unsigned i = 0; i < 32; i++) {
		rest = span_from(line->words, (size_t)(address.p - line->words.p) + address.n);
		if (rest.n != 0 && rest.p[0] == '>')
			rest = span_from(rest, 1);
		if (rest.n < 2 || (rest.p[0] != ',' && rest.p[0] != ';'))
			return;
		rest = span_trim(span_from(rest, 1));
		address = leading_address(rest);
		if (address.n == 0)
			return;
		if (!address_eq(address, reader->sender))
			name_entry(reader, address, NAMED_AT_LINE, line->start, line->indent);
	}
}

/* A line of its own address, unless it goes on with what is said of another. */
static bool take_leading(struct reader *reader, const struct line *line)
{
	struct span words = behind_code(line->words);
	struct span address = leading_address(words);
	size_t from = line->start;

	if (address.n == 0 || (line->dialogue && words.p == line->words.p) ||
	    wording_follows_author(reader->notice->text, (size_t)(address.p - reader->notice->text.p)) ||
	    goes_on_with_prose(reader->notice->text, line, address) ||
	    is_aside(reader, line, address))
		return false;
	if (has_got_it(span_from(words, (size_t)(address.p - words.p) + address.n)))
		return true;
	if (reader->current != NULL && reader->current->named == NAMED_AT_LINE && !reader->gap &&
	    (line->indent > reader->current->indent || address_eq(address, reader->current->address)))
		return false;
	if (!has_reply_behind(reader->notice->text, address) &&
	    (address_is_role(address) || address_eq(address, reader->sender))) {
		name_entry(reader, address, NAMED_IN_SENTENCE, from, line->indent);
		return true;
	}
	if (words.p != line->words.p && reader->dialogue != SIZE_MAX)
		from = reader->dialogue;
	name_entry(reader, address, NAMED_AT_LINE, from, line->indent);
	take_listed(reader, line, address);
	return true;
}

/* "  |/bin/filter\n    generated by a@b": the line that tells what the indented lines below
 * it are about names a program or a file; where it starts, or SIZE_MAX. */
static size_t program_above(struct span text, const struct line *line)
{
	size_t start = line->start;

	for (unsigned i = 0; i < 8 && start > 0; i++) {
		struct line above;

		start = notice_line_start(text, start - 1);
		above = line_of(text, notice_line_at(text, start));
		if (above.blank)
			break;
		if (above.indent < line->indent)
			return span_find_byte(above.words, 0, '@') == above.words.n ? start : SIZE_MAX;
	}
	return SIZE_MAX;
}

/* "Recipient: a@b" at the start of a line. */
static bool is_labelled(struct span text, const struct line *line, size_t at)
{
	struct span before = span_slice(text, line->start, at);

	return before.n < 60 && span_find_byte(before, 0, ':') < before.n;
}

/* "To: a@b" among the fields of a message that was not delivered. */
static bool is_field_to(const struct reader *reader, const struct line *line)
{
	struct span words = line->words;
	size_t colon = span_find_byte(words, 0, ':');

	return colon < words.n && reader->notice->phrases.found[PHRASE_FAILED] &&
		wording_leads_to_recipient(span_trim(span_slice(words, 0, colon)));
}

static enum named named_within(const struct reader *reader, const struct line *line,
			       struct span address, struct span word)
{
	struct span text = reader->notice->text;
	size_t at = (size_t)(address.p - text.p);
	size_t end = line->start + notice_line_at(text, line->start).n;

	if (has_reply_behind(text, address) ||
	    (wording_names_recipient(word) && is_labelled(text, line, at)) ||
	    (wording_follows_origin(text, at) && program_above(text, line) != SIZE_MAX))
		return NAMED_AT_LINE;
	if (wording_names_recipient(word) || wording_follows_origin(text, at) ||
	    is_field_to(reader, line) ||
	    sentence_fails(reader->notice, line->start, end) ||
	    (wording_leads_to_recipient(word) &&
	     sentence_fails(reader->notice, reader->paragraph, next_lines(text, end))))
		return NAMED_IN_SENTENCE;
	return NAMED_SOMEWHERE;
}

/* The sender, or whoever helps: they are no recipients unless it is said. */
static bool is_other(const struct reader *reader, const struct line *line,
		     struct span address, struct span word, enum named named)
{
	struct span text = reader->notice->text;
	size_t at = (size_t)(address.p - text.p);

	if (wording_leads_elsewhere(text, at))
		return named < NAMED_AT_LINE;
	if ((wording_names_sender(word) || wording_labels_sender(text, line->start, at)) &&
	    !wording_follows_origin(text, at))
		return true;
	return (address_is_role(address) || address_eq(address, reader->sender)) &&
		named < NAMED_AT_LINE && !wording_leads_to_recipient(word);
}

/* What is set in below a recipient tells of him. */
static bool belongs_to_current(const struct reader *reader, const struct line *line)
{
	return reader->current != NULL && !reader->gap &&
		reader->current->named == NAMED_AT_LINE && line->indent > reader->current->indent;
}

/* Where it starts what is said of the address: of one that the fields of the message name
 * at the start of the notice, of a program's owner above. */
static size_t said_from(const struct reader *reader, const struct line *line,
			struct span address, enum named named)
{
	struct span text = reader->notice->text;
	size_t program = SIZE_MAX;

	if (wording_follows_origin(text, (size_t)(address.p - text.p)))
		program = program_above(text, line);
	if (program != SIZE_MAX)
		return program;
	if (named == NAMED_AT_LINE || (reader->current != NULL && !reader->gap))
		return line->start;
	return is_field_to(reader, line) ? 0 : reader->paragraph;
}

/* Addresses within a line: behind a label, or in a sentence. */
static void take_within(struct reader *reader, const struct line *line)
{
	struct span text = reader->notice->text;
	size_t end = line->start;
	struct span until = span_slice(text, 0, end + notice_line_at(text, end).n);

	for (unsigned i = 0; i < 16; i++) {
		struct span address = address_find(until, end, &end), word;
		enum named named;

		if (address.n == 0)
			return;
		word = wording_before(text, (size_t)(address.p - text.p));
		named = named_within(reader, line, address, word);
		if (is_other(reader, line, address, word, named))
			continue;
		if (named == NAMED_AT_LINE && belongs_to_current(reader, line) &&
		    !wording_follows_origin(text, (size_t)(address.p - text.p)))
			named = NAMED_SOMEWHERE;
		if (named > NAMED_SOMEWHERE || reader->current == NULL)
			name_entry(reader, address, named, said_from(reader, line, address, named),
				   line->indent);
	}
}

static bool is_heading(struct span line)
{
	line = span_trim(line);
	return line.n > 2 && (line.p[line.n - 1] == ':' ||
			      (notice_is_rule(line.p[0]) && notice_is_rule(line.p[1])));
}

/* ">>> RCPT TO:<a@b>" and "<<< 250 ok" below. */
static bool is_accepted(struct span text, struct span line)
{
	struct span below = notice_line_at(text, (size_t)(line.p - text.p) + line.n + 1);

	return span_has_prefix(line, ">>> RCPT") && span_has_prefix(span_trim(below), "<<< 2");
}

static void read_line(struct reader *reader, struct span raw)
{
	struct line line = line_of(reader->notice->text, raw);

	if (line.blank) {
		reader->gap = true;
		reader->dialogue = SIZE_MAX;
		reader->paragraph = line.start + raw.n;
		return;
	}
	if (is_heading(raw))
		reader->others = wording_tells_success(raw);
	if (reader->others || (line.dialogue && is_accepted(reader->notice->text, raw)))
		return;
	if (!take_leading(reader, &line))
		take_within(reader, &line);
	if (!line.dialogue)
		reader->dialogue = SIZE_MAX;
	else if (reader->dialogue == SIZE_MAX)
		reader->dialogue = line.start;
}

/* ---- names without a domain ---- */

enum { HEADING_MAX = 1024 };	/* bytes of a paragraph that its heading may take */

/* "bert (user not found)", "bert    No such user", "bert": a name alone, or with what is
 * said of it set off. */
static struct span leading_name(struct span line)
{
	struct span words = span_trim(line);
	size_t n = 0;

	while (n < words.n && (ascii_isalnum(words.p[n]) || words.p[n] == '.' ||
			       words.p[n] == '_' || words.p[n] == '-'))
		n++;
	if (n < 2 || n > 64 || !ascii_isspace(line.p[0]) || words.p[n - 1] == '.' ||
	    (n < words.n && words.p[n] != '\t' && !span_has_prefix(span_from(words, n), "  ") &&
	     !span_has_prefix(span_from(words, n), " (")))
		return (struct span){ NULL, 0 };
	return span_slice(words, 0, n);
}

/* "… was undeliverable to the following:", but not "… for the following reason:". */
static bool heads_failed(const struct reader *reader, struct span line)
{
	size_t end = (size_t)(line.p - reader->notice->text.p) + line.n;
	size_t from = end > HEADING_MAX ? end - HEADING_MAX : 0;
	struct span heading;

	from = from > reader->paragraph ? from : reader->paragraph;
	heading = span_slice(reader->notice->text, from, end);
	line = span_trim(line);
	return line.n != 0 && line.p[line.n - 1] == ':' &&
		(span_ifind(heading, 0, "following") < heading.n ||
		 span_ifind(heading, 0, "recipient") < heading.n) &&
		span_ifind(heading, 0, "reason") == heading.n &&
		sentence_fails(reader->notice, reader->paragraph, end);
}

/* Recipients of a system whose users have names: set in below such a heading. */
static void read_names(struct reader *reader)
{
	struct span rest = reader->notice->text, line;
	bool below = false;

	reader->paragraph = 0;
	while (span_next_line(&rest, &line) && !reader->arena->failed) {
		size_t start = (size_t)(line.p - reader->notice->text.p);
		struct span name = { NULL, 0 };

		if (span_trim(line).n == 0) {
			reader->paragraph = start + line.n;
			continue;
		}
		if (below)
			name = leading_name(line);
		if (name.n != 0)
			name_entry(reader, name, NAMED_AT_LINE, start, 0);
		below = name.n != 0 || heads_failed(reader, line);
	}
	close_entry(reader, reader->notice->text.n);
}

/* "-- " above the name of a server's keeper. */
static bool is_signature(struct span line)
{
	return span_has_prefix(line, "--") && span_trim(line).n == 2;
}

/* Only the surest ones count. */
static void keep_best(struct notice *notice)
{
	enum named best = NAMED_SOMEWHERE;
	size_t n = 0;

	for (size_t i = 0; i < notice->n; i++)
		if (notice->entries[i].named > best)
			best = notice->entries[i].named;
	for (size_t i = 0; i < notice->n; i++)
		if (notice->entries[i].named == best)
			notice->entries[n++] = notice->entries[i];
	/* several that nothing says more of: examples, signatures */
	notice->n = best == NAMED_SOMEWHERE && n > 1 ? 0 : n;
}

int notice_read(struct arena *arena, struct span text, struct span sender,
		struct notice *notice_r)
{
	struct reader reader = {
		.arena = arena, .notice = notice_r, .sender = sender, .dialogue = SIZE_MAX,
	};
	struct span rest, line;

	*notice_r = (struct notice){ .n = 0 };
	notice_cut(arena, text, notice_r);
	rest = notice_r->text;
	while (span_next_line(&rest, &line) && !arena->failed) {
		if (notice_r->n != 0 && is_signature(line)) {
			notice_r->text = span_slice(notice_r->text, 0, (size_t)(line.p - notice_r->text.p));
			break;
		}
		read_line(&reader, line);
	}
	close_entry(&reader, notice_r->text.n);
	keep_best(notice_r);
	if (notice_r->n == 0 || notice_r->entries[0].named != NAMED_AT_LINE) {
		read_names(&reader);
		keep_best(notice_r);
	}
	return arena->failed ? -1 : 0;
}
