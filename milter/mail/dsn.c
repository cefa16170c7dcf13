#include "mail/dsn.h"

#include <string.h>

#include "base/buf.h"
#include "mail/codec.h"
#include "mail/codes.h"

enum { DSN_MAX_SIZE = 4 * 1024 * 1024, DSN_MAX_VALUE = HEADER_MAX_VALUE };

/* ---- values ---- */

/* The lines of a folded value, each trimmed, joined by LF. */
static struct span lines_of(struct arena *arena, struct span value)
{
	struct buf out;
	struct span line;

	buf_init(&out, arena, DSN_MAX_VALUE);
	value = span_trim(span_slice(value, 0, DSN_MAX_VALUE));
	if (span_find_byte(value, 0, '\n') == value.n)
		return value;
	while (span_next_line(&value, &line)) {
		if (out.n != 0)
			buf_addc(&out, '\n');
		buf_add(&out, span_trim(line));
	}
	return buf_span(&out);
}

static struct dsn_typed typed(struct span value)
{
	size_t semicolon = span_find_byte(value, 0, ';');
	struct span type = span_trim(span_slice(value, 0, semicolon));

	if (semicolon == value.n || type.n == 0 || type.p[0] == '"' ||
	    span_find_byte(type, 0, ' ') < type.n || span_find_byte(type, 0, '@') < type.n)
		return (struct dsn_typed){ .value = span_trim(value) };
	return (struct dsn_typed){ type, span_trim(span_from(value, semicolon + 1)) };
}

static void add_utf8(struct buf *out, unsigned long c)
{
	if (c < 0x80) {
		buf_addc(out, (char)c);
	} else if (c < 0x800) {
		buf_addc(out, (char)(unsigned char)(0xc0 | c >> 6));
		buf_addc(out, (char)(unsigned char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_addc(out, (char)(unsigned char)(0xe0 | c >> 12));
		buf_addc(out, (char)(unsigned char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(out, (char)(unsigned char)(0x80 | (c & 0x3f)));
	} else {
		buf_addc(out, (char)(unsigned char)(0xf0 | c >> 18));
		buf_addc(out, (char)(unsigned char)(0x80 | (c >> 12 & 0x3f)));
		buf_addc(out, (char)(unsigned char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(out, (char)(unsigned char)(0x80 | (c & 0x3f)));
	}
}

static int hex_digit(char c)
{
	if (ascii_isdigit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "\x{FC}" at s[at]: the character, and where it ends; 0 where it is none, or a
 * control character. */
static unsigned long escaped_character(struct span s, size_t at, size_t *end_r)
{
	unsigned long c = 0;
	size_t i = at + 3;

	if (at + 4 > s.n || memcmp(s.p + at, "\\x{", 3) != 0)
		return 0;
	for (; i < s.n && hex_digit(s.p[i]) >= 0 && c < 0x110000; i++)
		c = c << 4 | (unsigned long)hex_digit(s.p[i]);
	if (i >= s.n || s.p[i] != '}' || c >= 0x110000 || (c >= 0xd800 && c < 0xe000) ||
	    c < 0x20 || (c >= 0x7f && c < 0xa0))
		return 0;
	*end_r = i + 1;
	return c;
}

/* utf-8-addr-unitext, RFC 6533 section 3: \x{...} stands for a character. */
static struct span decode_unitext(struct arena *arena, struct span s)
{
	struct buf out;
	size_t at = 0;

	if (span_find(s, 0, SPAN("\\x{")) == s.n)
		return s;
	buf_init(&out, arena, s.n);
	while (at < s.n) {
		size_t end = 0;
		unsigned long c = escaped_character(s, at, &end);

		if (c != 0)
			add_utf8(&out, c);
		else
			buf_addc(&out, s.p[at]);
		at = c != 0 ? end : at + 1;
	}
	return buf_span(&out);
}

static struct dsn_typed typed_address(struct arena *arena, struct span value)
{
	struct dsn_typed address = typed(value);

	if (span_is(address.type, "utf-8"))
		address.value = decode_unitext(arena, address.value);
	address.value = dsn_address(arena, address.value);
	return address;
}

/* Without "(comments)" outside of quotes. */
static struct span without_comments(struct arena *arena, struct span s)
{
	struct buf out;
	bool quoted = false;
	unsigned depth = 0;

	if (span_find_byte(s, 0, '(') == s.n)
		return span_trim(s);
	buf_init(&out, arena, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		if (s.p[i] == '(' && !quoted)
			depth++;
		else if (s.p[i] == ')' && depth > 0)
			depth--;
		else if (depth == 0)
			buf_addc(&out, s.p[i]);
	}
	return span_trim(buf_span(&out));
}

/* "@a,@b:user@c" of old routes: the part behind the colon. */
static struct span without_route(struct span s)
{
	size_t colon = span_find_byte(s, 0, ':');

	return s.n != 0 && s.p[0] == '@' && colon < s.n ? span_from(s, colon + 1) : s;
}

/* Behind the quoted string that s starts with; 0 where it starts with none. */
static size_t quoted_length(struct span s)
{
	size_t i = 1;

	if (s.n == 0 || s.p[0] != '"')
		return 0;
	while (i < s.n && s.p[i] != '"')
		i += s.p[i] == '\\' ? 2 : 1;
	return i < s.n ? i + 1 : 0;
}

struct span dsn_address(struct arena *arena, struct span text)
{
	struct span s = span_trim(text);
	size_t quoted = quoted_length(s);
	size_t open = span_find_byte(s, quoted, '<');
	size_t close = span_find_byte(s, open, '>');

	if (quoted != 0 && quoted < s.n && s.p[quoted] == '@')
		open = s.n;	/* no name before an address, but its local part */
	if (open < s.n)
		s = span_slice(s, open + 1, close);
	else
		s = without_comments(arena, typed(s).value);
	s = without_route(span_trim(s));
	if (s.n != 0 && s.p[0] != '"')
		for (size_t i = 0; i < s.n; i++)
			if (ascii_isspace(s.p[i]))
				return (struct span){ NULL, 0 };
	return s;
}

/* ---- fields ---- */

static enum dsn_action parse_action(struct span value, struct span *comment_r)
{
	/* what servers write instead of the words of RFC 3464 */
	static const struct {
		const char *word;
		enum dsn_action action;
	} others[] = {
		{ "failure", ACTION_FAILED }, { "fail", ACTION_FAILED }, { "error", ACTION_FAILED },
		{ "expired", ACTION_FAILED }, { "bounced", ACTION_FAILED },
		{ "rejected", ACTION_FAILED }, { "delay", ACTION_DELAYED },
		{ "deferred", ACTION_DELAYED }, { "success", ACTION_DELIVERED },
	};
	size_t n = 0;
	struct span word;

	while (n < value.n && ascii_isalpha(value.p[n]))
		n++;
	word = span_slice(value, 0, n);
	*comment_r = span_trim(span_from(value, n));
	for (enum dsn_action a = ACTION_FAILED; a <= ACTION_EXPANDED; a++)
		if (span_is(word, dsn_action_name(a)))
			return a;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (span_is(word, others[i].word))
			return others[i].action;
	return word.n != 0 ? ACTION_UNKNOWN : ACTION_NONE;
}

/* "5.1.1 (bad destination mailbox address)": the three numbers. RFC 3463, 2. */
static struct span parse_status(struct span value)
{
	size_t n = 0, dots = 0;

	while (n < value.n && (ascii_isdigit(value.p[n]) || value.p[n] == '.'))
		dots += value.p[n++] == '.';
	return dots == 2 && n >= 5 ? span_slice(value, 0, n) : (struct span){ NULL, 0 };
}

enum dsn_field {
	FIELD_REPORTING_MTA, FIELD_DSN_GATEWAY, FIELD_RECEIVED_FROM_MTA,
	FIELD_ENVELOPE_ID, FIELD_ARRIVAL_DATE,
	FIELD_ORIGINAL_RECIPIENT,	/* from here on: of a recipient */
	FIELD_FINAL_RECIPIENT, FIELD_ACTION, FIELD_STATUS, FIELD_REMOTE_MTA,
	FIELD_DIAGNOSTIC, FIELD_LAST_ATTEMPT, FIELD_WILL_RETRY, FIELD_FINAL_LOG_ID,
	FIELD_SUPPLEMENT,
	FIELD_OTHER,
};

static enum dsn_field field_kind(struct span name)
{
	static const char *const names[FIELD_OTHER] = {
		"Reporting-MTA", "DSN-Gateway", "Received-From-MTA",
		"Original-Envelope-Id", "Arrival-Date", "Original-Recipient",
		"Final-Recipient", "Action", "Status", "Remote-MTA",
		"Diagnostic-Code", "Last-Attempt-Date", "Will-Retry-Until", "Final-Log-ID",
		"X-Supplementary-Info",
	};

	for (enum dsn_field i = 0; i < FIELD_OTHER; i++)
		if (span_is(name, names[i]))
			return i;
	return FIELD_OTHER;
}

static void take_message_field(struct dsn *dsn, enum dsn_field kind, struct span value)
{
	switch (kind) {
	case FIELD_REPORTING_MTA: dsn->reporting_mta = typed(value); break;
	case FIELD_DSN_GATEWAY: dsn->dsn_gateway = typed(value); break;
	case FIELD_RECEIVED_FROM_MTA: dsn->received_from_mta = typed(value); break;
	case FIELD_ENVELOPE_ID: dsn->original_envelope_id = value; break;
	case FIELD_ARRIVAL_DATE: dsn->arrival_date = value; break;
	default: break;
	}
}

/* "(bad destination mailbox address)" */
static struct span comment_behind(struct span rest)
{
	rest = span_trim(rest);
	return rest.n > 2 && rest.p[0] == '(' && rest.p[rest.n - 1] == ')' ?
		span_slice(rest, 1, rest.n - 1) : (struct span){ NULL, 0 };
}

/* "Status: 553 Exceeded maximum size", "Status: host not found": words in the wrong
 * place. */
static void take_status(struct dsn_recipient *r, struct span value)
{
	bool words = value.n != 0 && ascii_isalpha(value.p[0]) && span_find_byte(value, 0, ' ') < value.n;

	r->status = parse_status(value);
	r->status_comment = comment_behind(span_from(value, r->status.n));
	if (r->status.n == 0 && (words || reply_code_length(value) != 0) && r->diagnostic.value.n == 0)
		r->diagnostic.value = value;
}

/* "<mx.example #5.1.1 smtp;550 5.1.1 no>": where Exchange puts what it was told. */
static void take_supplement(struct dsn_recipient *r, struct span value)
{
	size_t at = span_ifind(value, 0, "smtp;");

	if (at == value.n || r->diagnostic.value.n != 0)
		return;
	value = span_from(value, at + strlen("smtp;"));
	if (value.n != 0 && value.p[value.n - 1] == '>')
		value.n--;
	r->diagnostic = (struct dsn_typed){ SPAN("smtp"), value };
}

static void take_recipient_field(struct arena *arena, struct dsn_recipient *r,
				 enum dsn_field kind, const struct header *field)
{
	struct span value = header_unfold(arena, field);

	switch (kind) {
	case FIELD_ORIGINAL_RECIPIENT: r->original_recipient = typed_address(arena, value); break;
	case FIELD_FINAL_RECIPIENT: r->final_recipient = typed_address(arena, value); break;
	case FIELD_ACTION: r->action = parse_action(value, &r->action_comment); break;
	case FIELD_STATUS: take_status(r, value); break;
	case FIELD_REMOTE_MTA: r->remote_mta = typed(value); break;
	case FIELD_DIAGNOSTIC: r->diagnostic = typed(lines_of(arena, field->value)); break;
	case FIELD_LAST_ATTEMPT: r->last_attempt = value; break;
	case FIELD_WILL_RETRY: r->will_retry_until = value; break;
	case FIELD_FINAL_LOG_ID: r->final_log_id = value; break;
	case FIELD_SUPPLEMENT: take_supplement(r, value); break;
	default: break;
	}
}

/* ---- groups ---- */

struct reader {
	struct arena *arena;
	struct dsn *dsn;
	size_t room;
	struct dsn_recipient *current;	/* of the group being read, or NULL */
};

static int new_recipient(struct reader *reader, const struct headers *group)
{
	struct dsn *dsn = reader->dsn;
	struct dsn_recipient *list;

	reader->current = NULL;
	if (dsn->n == BOUNCE_MAX_RECIPIENTS) {
		dsn->more = true;
		return 0;
	}
	if (dsn->n == reader->room) {
		size_t room = reader->room != 0 ? reader->room * 2 : 4;

		list = arena_grow(reader->arena, dsn->recipients, dsn->n * sizeof(*list),
				  room * sizeof(*list));
		if (list == NULL)
			return -1;
		dsn->recipients = list;
		reader->room = room;
	}
	reader->current = &dsn->recipients[dsn->n++];
	*reader->current = (struct dsn_recipient){ .extensions = *group };
	return 0;
}

/* A second final recipient in one group: the empty line between them is lost. */
static bool starts_recipient(const struct reader *reader, enum dsn_field kind)
{
	const struct dsn_recipient *r = reader->current;

	if (kind < FIELD_ORIGINAL_RECIPIENT || kind == FIELD_OTHER)
		return false;
	if (r == NULL)
		return true;
	return r->final_recipient.value.n != 0 &&
		(kind == FIELD_FINAL_RECIPIENT ||
		 (kind == FIELD_ORIGINAL_RECIPIENT && r->original_recipient.value.n != 0));
}

/* An empty line within a recipient's fields: he was named above, the rest is here. */
static struct dsn_recipient *continued(const struct dsn *dsn, const struct headers *group)
{
	struct dsn_recipient *last = dsn->n != 0 ? &dsn->recipients[dsn->n - 1] : NULL;

	if (last == NULL || last->action != ACTION_NONE || last->status.n != 0)
		return NULL;
	return headers_find(group, "Final-Recipient") == NULL &&
		headers_find(group, "Original-Recipient") == NULL ? last : NULL;
}

static int read_group(struct reader *reader, const struct headers *group)
{
	bool cut = false;

	reader->current = continued(reader->dsn, group);
	for (size_t i = 0; i < group->n && !cut; i++) {
		enum dsn_field kind = field_kind(group->list[i].name);

		if (starts_recipient(reader, kind)) {
			if (new_recipient(reader, group) != 0)
				return -1;
			cut = reader->current == NULL;
		}
		if (kind < FIELD_ORIGINAL_RECIPIENT)
			take_message_field(reader->dsn, kind,
					   header_unfold(reader->arena, &group->list[i]));
		else if (reader->current != NULL)
			take_recipient_field(reader->arena, reader->current, kind, &group->list[i]);
	}
	if (reader->current == NULL && reader->dsn->fields.n == 0)
		reader->dsn->fields = *group;
	return 0;
}

/* Adds to what the dsn holds already. */
static int read_groups(struct arena *arena, struct span rest, struct dsn *dsn)
{
	struct reader reader = { .arena = arena, .dsn = dsn, .room = dsn->n };
	struct span line;
	struct headers group;
	struct span head;

	while (rest.n != 0 && !dsn->more) {
		if (headers_parse(arena, rest, &head, &group) != 0)
			return -1;
		if (head.n == 0)	/* a line that is no field */
			span_next_line(&rest, &line);
		rest = span_from(rest, head.n);
		if (group.n != 0 && read_group(&reader, &group) != 0)
			return -1;
	}
	return arena->failed ? -1 : 0;
}

/* A global report is UTF-8 (RFC 6533, 3); a broken byte does not make the others
 * something else. (Postfix puts a backslash into the middle of a quoted letter.) */
static struct span report_text(struct arena *arena, const struct mime_part *report)
{
	if (content_type_is(&report->type, "message", "global-delivery-status"))
		return codec_utf8(arena, mime_decoded(arena, report, DSN_MAX_SIZE), SPAN("utf-8"));
	return mime_text(arena, report, DSN_MAX_SIZE);
}

int dsn_parse(struct arena *arena, const struct mime_part *report, struct dsn *dsn_r)
{
	return dsn_parse_text(arena, report_text(arena, report), dsn_r);
}

int dsn_parse_more(struct arena *arena, const struct mime_part *report, struct dsn *dsn)
{
	return read_groups(arena, report_text(arena, report), dsn);
}

int dsn_parse_text(struct arena *arena, struct span text, struct dsn *dsn_r)
{
	*dsn_r = (struct dsn){ .n = 0 };
	return read_groups(arena, text, dsn_r);
}
