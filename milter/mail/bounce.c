#include "mail/bounce.h"

#include <string.h>

#include "base/buf.h"
#include "mail/address.h"
#include "mail/codes.h"
#include "mail/dsn.h"
#include "mail/notice.h"
#include "mail/notification.h"
#include "mail/parts.h"
#include "mail/recognise.h"
#include "mail/remark.h"
#include "mail/transcript.h"

const char *dsn_action_name(enum dsn_action action)
{
	static const char *const names[] = {
		[ACTION_FAILED] = "failed", [ACTION_DELAYED] = "delayed",
		[ACTION_DELIVERED] = "delivered", [ACTION_RELAYED] = "relayed",
		[ACTION_EXPANDED] = "expanded",
	};

	return action < sizeof(names) / sizeof(names[0]) && names[action] != NULL ?
		names[action] : "";
}

/* ---- the parts ---- */

/* Whom the bounce was sent to. */
static struct span sender_of(struct arena *arena, const struct mime_part *root)
{
	struct span to = header_unfold(arena, headers_find(&root->headers, "To"));
	size_t end;

	return address_find(to, 0, &end);
}

/* The part a person reads: the first text below the root's first child. */
static const struct mime_part *find_first(const struct mime_part *root)
{
	const struct mime_part *top = root->child;

	if (!content_type_is(&root->type, "multipart", NULL) || top == NULL)
		return root;
	for (const struct mime_part *p = top; p != NULL; p = mime_next(top, p))
		if (content_type_is(&p->type, "text", NULL) && !parts_is_returned(p))
			return p;
	return top;
}

static void find_parts(const struct mime_part *root, struct bounce *bounce)
{
	bounce->first = find_first(root);
	for (const struct mime_part *p = mime_next(root, root); p != NULL; p = mime_next(root, p)) {
		if (bounce->report == NULL && parts_is_report(p))
			bounce->report = p;
		else if (bounce->returned == NULL && parts_is_returned(p))
			bounce->returned = p;
	}
}

static int read_returned(struct arena *arena, struct bounce *bounce)
{
	const struct mime_part *part = bounce->returned;
	struct span head;

	if (part == NULL)
		return 0;
	if (part->child != NULL || parts_is_untyped_message(part)) {
		bounce->returned_headers = part->child != NULL ? part->child->headers : part->headers;
		return 0;
	}
	return headers_parse(arena, mime_decoded(arena, part, BOUNCE_MAX_TEXT), &head,
			     &bounce->returned_headers);
}

/* Some servers write a report for each recipient. */
static int read_reports(struct arena *arena, const struct mime_part *root,
			const struct mime_part *first, struct dsn *dsn)
{
	if (first == NULL)
		return 0;
	if (dsn_parse(arena, first, dsn) != 0)
		return -1;
	for (const struct mime_part *p = mime_next(root, first); p != NULL; p = mime_next(root, p))
		if (parts_is_report(p) && dsn_parse_more(arena, p, dsn) != 0)
			return -1;
	return 0;
}

/* ---- from the report's fields to recipients ---- */

static bool is_smtp(const struct dsn_typed *diagnostic)
{
	return diagnostic->type.n == 0 || span_is(diagnostic->type, "smtp") ||
		span_is(diagnostic->type, "esmtp") || span_is(diagnostic->type, "lmtp");
}

/* Folds of the report are no line ends of the reply. */
static struct span unfold_reply(struct arena *arena, struct span diagnostic)
{
	char *p = arena_string(arena, span_slice(diagnostic, 0, BOUNCE_MAX_REPLY));
	struct span reply = span_str(p);

	for (size_t i = 0; i < reply.n; i++)
		if (p[i] == '\n' || p[i] == '\r')
			p[i] = ' ';
	return transcript_unflatten(arena, reply);
}

/* "X-Unix; 75" is how a program ended: the number alone tells nothing. */
static struct span with_type(struct arena *arena, const struct dsn_typed *diagnostic,
			     struct span value)
{
	struct buf out;

	for (size_t i = 0; i < value.n; i++)
		if (!ascii_isdigit(value.p[i]))
			return value;
	buf_init(&out, arena, BOUNCE_MAX_REPLY);
	buf_add(&out, diagnostic->type);
	buf_adds(&out, "; ");
	buf_add(&out, value);
	return buf_span(&out);
}

/* What stands before a reply in a field that should hold nothing else
 * ("host mx.example said: 550 …", "220-mx.example 421 …"). */
static struct span from_reply(struct span value)
{
	size_t at = reply_code_length(value) != 0 && value.p[0] != '2' ? 0 : reply_find(value, 0);

	return at < value.n ? span_from(value, at) : (struct span){ NULL, 0 };
}

static void take_command(struct arena *arena, struct span text, struct bounce_recipient *r)
{
	if (r->command.n == 0)
		r->command = remark_unwrap(arena, transcript_command(text, r->recipient));
}

/* "host mx.example said: 550 no (in reply to RCPT TO command)" */
static struct span without_frame(struct span value, struct span reply, struct bounce_recipient *r)
{
	if (r->remote_mta.n == 0)
		r->remote_mta = remark_host(span_slice(value, 0, (size_t)(reply.p - value.p)));
	return span_trim(span_slice(reply, 0, span_ifind(reply, 0, "(in reply to")));
}

static void take_diagnostic(struct arena *arena, const struct dsn_typed *diagnostic,
			    struct span text, struct bounce_recipient *r)
{
	struct span value = unfold_reply(arena, diagnostic->value);
	struct span reply = from_reply(value), status;

	if (reply.n == 0 || (!is_smtp(diagnostic) && reply.p != value.p)) {
		r->context = is_smtp(diagnostic) ? r->context : with_type(arena, diagnostic, value);
		if (is_smtp(diagnostic))
			r->reply = value;
	}
	if (reply.n != 0) {
		reply = transcript_unflatten(arena, without_frame(value, reply, r));
		r->reply = transcript_reply(arena, text, reply, &r->command);
		r->reply_code = span_slice(r->reply, 0, reply_code_length(r->reply));
	}
	take_command(arena, text, r);
	status = status_find(r->reply.n != 0 ? r->reply : value);
	if (status_is_vague(r->status) && status.n != 0 &&
	    (r->status.n == 0 || !status_is_vague(status)))
		r->status = status;
}

/* "mx.example. (192.0.2.1)" */
static struct span without_comment(struct span host)
{
	host = span_trim(span_slice(host, 0, span_find(host, 0, SPAN(" ("))));
	return host.n != 0 && host.p[host.n - 1] == '.' ? span_slice(host, 0, host.n - 1) : host;
}

/* A report that leaves out the action says it with the class of its status. */
static enum dsn_action action_of(const struct dsn_recipient *d, const struct evidence *e)
{
	char class = d->status.n != 0 ? d->status.p[0] : '\0';

	if (d->action != ACTION_NONE)
		return d->action;
	if (class == '2')
		return ACTION_DELIVERED;
	return class == '4' && e->subject.found[PHRASE_DELAYED] ? ACTION_DELAYED : ACTION_FAILED;
}

static struct bounce_recipient recipient_of(struct arena *arena, const struct dsn_recipient *d,
					    const struct evidence *e, struct span text)
{
	bool final = d->final_recipient.value.n != 0;
	struct bounce_recipient r = {
		.recipient = final ? d->final_recipient.value : d->original_recipient.value,
		.original = d->original_recipient.value,
		.action = action_of(d, e), .status = d->status,
		.remote_mta = without_comment(d->remote_mta.value),
		.last_attempt = d->last_attempt, .will_retry_until = d->will_retry_until,
	};

	if (d->diagnostic.value.n != 0)
		take_diagnostic(arena, &d->diagnostic, text, &r);
	return r;
}

/* Postfix answers `sendmail -bv` in the form of a bounce. */
static bool is_address_probe(const struct dsn *dsn)
{
	for (size_t i = 0; i < dsn->n; i++)
		if (dsn->recipients[i].action != ACTION_UNKNOWN)
			return false;
	return dsn->n != 0;
}

static bool has_words(const struct bounce_recipient *r)
{
	return r->reply.n != 0 || r->context.n != 0;
}

/* Some servers repeat a recipient for every attempt: the first that says why is
 * kept. */
static bool is_repeated(const struct bounce *bounce, const struct bounce_recipient *r)
{
	size_t first = bounce->n > 64 ? bounce->n - 64 : 0;

	for (size_t i = first; i < bounce->n; i++) {
		struct bounce_recipient *old = &bounce->recipients[i];

		if (old->action != r->action || !address_eq(old->recipient, r->recipient))
			continue;
		if (!has_words(old) && has_words(r))
			*old = *r;
		return true;
	}
	return false;
}

/* The one recipient of the returned message, where the notice names none; not
 * for a list, whose members it does not name. */
static struct span returned_recipient(struct arena *arena, const struct bounce *bounce)
{
	const struct headers *headers = &bounce->returned_headers;
	struct span to = header_unfold(arena, headers_find(headers, "To")), address, none = { NULL, 0 };
	size_t end = 0;

	if (headers_find(headers, "Cc") != NULL || headers_find(headers, "List-Id") != NULL)
		return none;
	address = address_find(to, 0, &end);
	return address.n != 0 && address_find(to, end, &end).n == 0 ? address : none;
}

/* What the text says of a recipient: of his address, or of the file or program
 * that is named instead; of all where nobody else failed. */
static bool read_said(struct arena *arena, const struct notice *notice, bool only,
		      const struct bounce_recipient *r, struct bounce_recipient *said)
{
	size_t i = 0, at = span_find(notice->text, 0, r->recipient);

	while (i < notice->n && !address_eq(notice->entries[i].address, r->recipient) &&
	       !address_eq(notice->entries[i].address, r->original))
		i++;
	if (i < notice->n)
		notice_recipient(arena, notice, i, said);
	else if (only && reply_find(notice->text, 0) < notice->text.n)
		remark_read(arena, span_from(notice->text, reply_find(notice->text, 0)), said);
	else if (r->recipient.n > 2 && at < notice->text.n)
		remark_read(arena, notice_said_at(notice, at), said);
	else
		return false;
	return true;
}

/* The report is silent about the reply: the text may not be. */
static void add_from_text(struct arena *arena, const struct notice *notice,
			  bool only, struct bounce_recipient *r)
{
	struct bounce_recipient said = { .status = r->status };

	if (!read_said(arena, notice, only, r, &said))
		return;
	r->status = said.status;
	r->reply = said.reply;
	r->reply_code = said.reply_code;
	if (r->context.n == 0)
		r->context = said.context;
	if (r->command.n == 0)
		r->command = said.command;
	if (r->remote_mta.n == 0)
		r->remote_mta = said.remote_mta;
}

/* "Final-Recipient: rfc822;" and nothing: whom the header or the text names, or whom the
 * message was for, where that is one. */
static struct span unnamed_recipient(struct arena *arena, const struct notice *notice,
				     const struct bounce *bounce, struct span failed)
{
	if (failed.n != 0)
		return failed;
	if (notice->n == 1 && notice->entries[0].named != NAMED_SOMEWHERE)
		return notice->entries[0].address;
	return notice->n == 0 ? returned_recipient(arena, bounce) : (struct span){ NULL, 0 };
}

/* "553 5.3.5 system config error" is all that Sendmail reports of a loop: its transcript
 * tells the rest. Where another server has answered it adds only a guess of its own
 * ("550 5.1.1 … User unknown" below "<<< 550 5.7.1 …"). */
static void add_transcript(struct arena *arena, struct span text, struct bounce_recipient *r)
{
	size_t at = span_ifind(text, 0, "transcript of session follows");

	if (r->context.n == 0 && at < text.n && span_find(text, at, SPAN("<<< ")) == text.n)
		r->context = remark_unwrap(arena, notice_near(
			span_from(text, span_find_byte(text, at, '\n'))));
}

/* "Status: 4.0.0 (host name lookup failure)" */
static struct span comment_on(const struct dsn *dsn, struct span recipient)
{
	for (size_t i = 0; i < dsn->n; i++)
		if (dsn->recipients[i].final_recipient.value.p == recipient.p ||
		    dsn->recipients[i].original_recipient.value.p == recipient.p)
			return dsn->recipients[i].status_comment;
	return (struct span){ NULL, 0 };
}

static int complete_from_text(struct arena *arena, const struct dsn *dsn, const struct evidence *e,
			      struct span text, struct bounce *bounce)
{
	struct notice notice;
	bool read = false;

	for (size_t i = 0; i < bounce->n; i++) {
		struct bounce_recipient *r = &bounce->recipients[i];

		if (bounce->n == 1)
			add_transcript(arena, text, r);
		if ((r->reply.n != 0 && r->recipient.n != 0) ||
		    (r->action != ACTION_FAILED && r->action != ACTION_DELAYED))
			continue;
		if (!read && notice_read(arena, text, (struct span){ NULL, 0 }, &notice) != 0)
			return -1;
		read = true;
		if (r->recipient.n == 0 && bounce->n == 1) {
			r->recipient = unnamed_recipient(arena, &notice, bounce, e->failed);
			take_command(arena, text, r);
		}
		if (r->reply.n == 0)
			add_from_text(arena, &notice, bounce->n == 1, r);
		if (!has_words(r))
			r->context = comment_on(dsn, r->recipient);
	}
	return 0;
}

static int take_report(struct arena *arena, const struct dsn *dsn, const struct evidence *e,
		       struct span text, struct bounce *bounce)
{
	bounce->recipients = arena_array(arena, dsn->n, sizeof(*bounce->recipients));
	if (bounce->recipients == NULL)
		return -1;
	bounce->more = dsn->more;
	bounce->reporting_mta = without_comment(dsn->reporting_mta.value);
	bounce->arrival_date = dsn->arrival_date;
	bounce->original_envelope_id = dsn->original_envelope_id;
	bounce->queue_id = header_unfold(arena, headers_find(&dsn->fields, "X-Postfix-Queue-ID"));
	for (size_t i = 0; i < dsn->n; i++) {
		struct bounce_recipient r = recipient_of(arena, &dsn->recipients[i], e, text);

		if (!is_repeated(bounce, &r))
			bounce->recipients[bounce->n++] = r;
	}
	return complete_from_text(arena, dsn, e, text, bounce);
}

/* ---- without a report: what the text says ---- */

/* "451 delayed, try again" is the word of the other server. */
static bool is_within_reply(struct span text, size_t at)
{
	size_t from = notice_paragraph(text, at);

	return reply_find(span_slice(text, from, at), 0) < at - from;
}

static bool says_delayed(const struct notice *notice)
{
	for (size_t i = 0; i < notice->phrases.n; i++)
		if (notice->phrases.places[i].kind == PHRASE_DELAYED &&
		    !is_within_reply(notice->text, notice->phrases.places[i].at))
			return true;
	return false;
}

/* A receipt, which may hold a transcript; or words of success and none of a failure. */
static bool says_delivered(const bool *subject, const bool *text)
{
	if (subject[PHRASE_FAILED] || subject[PHRASE_SUBJECT] || subject[PHRASE_DELAYED])
		return false;
	return subject[PHRASE_RECEIPT] ||
		((subject[PHRASE_DELIVERED] || text[PHRASE_DELIVERED]) && !text[PHRASE_FAILED] &&
		 !text[PHRASE_DELAYED]);
}

/* Where no word of it is understood, a reply of class 4 tells of a delay. */
static enum dsn_action notice_action(const struct evidence *e, const struct notice *notice)
{
	const bool *subject = e->subject.found, *text = notice->phrases.found;
	size_t at;

	if (text[PHRASE_FINAL])
		return ACTION_FAILED;
	if (says_delivered(subject, text) && reply_find(notice->text, 0) == notice->text.n)
		return ACTION_DELIVERED;
	if (subject[PHRASE_DELAYED] || says_delayed(notice))
		return ACTION_DELAYED;
	if (subject[PHRASE_FAILED] || subject[PHRASE_SUBJECT] || text[PHRASE_FAILED])
		return ACTION_FAILED;
	at = reply_find(notice->text, 0);
	return at < notice->text.n && notice->text.p[at] == '4' ? ACTION_DELAYED : ACTION_FAILED;
}

/* "bert (user not found)": the address that the sender wrote tells more. */
static void complete_name(struct arena *arena, const struct bounce *bounce,
			  struct bounce_recipient *r)
{
	struct span address = bounce->n == 1 && span_find_byte(r->recipient, 0, '@') == r->recipient.n ?
		returned_recipient(arena, bounce) : (struct span){ NULL, 0 };

	if (address.n != 0)
		r->recipient = address;
}

/* The notice names nobody: what it says is said of the recipient of the returned message
 * or else of those whom Exim names in a field of the header. */
static int take_unnamed(struct arena *arena, const struct mime_part *root, struct span text,
			struct bounce_recipient said, struct bounce *bounce)
{
	struct span field = header_unfold(arena, headers_find(&root->headers, "X-Failed-Recipients"));
	size_t end = 0;

	remark_read(arena, text, &said);
	said.recipient = returned_recipient(arena, bounce);
	bounce->recipients = arena_array(arena, said.recipient.n != 0 || field.n == 0 ? 1 : NOTICE_MAX,
					 sizeof(*bounce->recipients));
	if (bounce->recipients == NULL)
		return -1;
	if (said.recipient.n == 0)
		said.recipient = address_find(field, 0, &end);
	do {
		bounce->recipients[bounce->n++] = said;
		said.recipient = end != 0 ? address_find(field, end, &end) : (struct span){ NULL, 0 };
	} while (said.recipient.n != 0 && bounce->n < NOTICE_MAX);
	return 0;
}

static int take_notice(struct arena *arena, const struct notice *notice, enum dsn_action action,
		       struct bounce *bounce)
{
	bounce->recipients = arena_array(arena, notice->n, sizeof(*bounce->recipients));
	if (bounce->recipients == NULL)
		return -1;
	bounce->n = notice->n;
	for (size_t i = 0; i < notice->n; i++) {
		bounce->recipients[i].action = action;
		notice_recipient(arena, notice, i, &bounce->recipients[i]);
		complete_name(arena, bounce, &bounce->recipients[i]);
	}
	return 0;
}

/* What the text says, in words and of whom. */
static void find_in_notice(const struct notice *notice, struct span reader, struct findings *f)
{
	f->returned |= notice->returned.n != 0;
	f->named = notice->n != 0 && notice->entries[0].named != NAMED_SOMEWHERE;
	f->mentioned = notice->n != 0;
	f->reply = reply_find(notice->text, 0) < notice->text.n;
	f->told = notice_tells(notice);
	f->reader_only = notice_names_only(notice, reader);
	f->to_author = f->reader_only && notice_speaks_to_author(notice, reader);
	f->text = &notice->phrases;
}

/* What the parts are, and what is only asked where the text says little. */
static void find_in_parts(struct arena *arena, const struct mime_part *root,
			  const struct evidence *e, const struct notice *notice,
			  const struct bounce *bounce, struct findings *f)
{
	f->report_type = bounce->report != NULL || parts_is_report_type(root);
	f->program = evidence_brings_program(root);
	f->links = f->reader_only && parts_has_links(arena, bounce->first);
	f->of_mail = (!f->named || !e->server) && evidence_speaks_of_mail(notice->text);
	f->returned_bounce = bounce->returned != NULL &&
		evidence_is_bounce(&bounce->returned_headers);
}

/* The fields of a report within the text. */
static int read_fields(struct arena *arena, struct span all, const struct notice *notice,
		       struct dsn *dsn)
{
	size_t report = notice_report(notice->text);

	if (report == notice->text.n && notice->n != 0 && notice->entries[0].named == NAMED_AT_LINE)
		return 0;
	report = notice_report(all);
	return report < all.n ? dsn_parse_text(arena, span_from(all, report), dsn) : 0;
}

static int take_text(struct arena *arena, const struct mime_part *root, const struct evidence *e,
		     const struct notice *notice, struct bounce *bounce)
{
	struct bounce_recipient said = { .action = notice_action(e, notice) };

	bounce->reporting_mta = notice_reporter(notice->text);
	return notice->n != 0 ? take_notice(arena, notice, said.action, bounce) :
		take_unnamed(arena, root, notice->text, said, bounce);
}

static int read_text(struct arena *arena, const struct mime_part *root,
		     struct evidence *e, struct bounce *bounce)
{
	struct span all = parts_text(arena, root), reader = sender_of(arena, root), head;
	struct findings findings = { .returned = bounce->returned != NULL };
	struct notice notice;
	struct dsn dsn;

	if (notification_parse(arena, all, &dsn) != 0)
		return -1;
	if (dsn.n != 0) {
		bounce->shape = BOUNCE_NOTIFICATION;
		return take_report(arena, &dsn, e, SPAN(""), bounce);
	}
	if (notice_read(arena, all, reader, &notice) != 0 ||
	    read_fields(arena, all, &notice, &dsn) != 0)
		return -1;
	findings.report = dsn.n != 0 && !is_address_probe(&dsn);
	find_in_notice(&notice, reader, &findings);
	find_in_parts(arena, root, e, &notice, bounce, &findings);
	evidence_read_further(arena, root, e);
	bounce->not_because = evidence_against(e, &findings);
	if (bounce->not_because != NULL)
		return 0;
	if (bounce->returned == NULL &&
	    headers_parse(arena, notice.returned, &head, &bounce->returned_headers) != 0)
		return -1;
	bounce->shape = content_type_is(&root->type, "multipart", NULL) ?
		BOUNCE_MULTIPART : BOUNCE_SINGLE;
	return findings.report ? take_report(arena, &dsn, e, notice.text, bounce) :
		take_text(arena, root, e, &notice, bounce);
}

/* ---- the whole ---- */

/* A report that somebody forwards with a letter of his own. */
static bool is_forwarded(const struct mime_part *root, const struct evidence *e)
{
	return e->forwarded && !e->machine && !content_type_is(&root->type, "multipart", "report");
}

static int read_bounce(struct arena *arena, const struct message *message,
		       struct bounce *bounce)
{
	struct evidence evidence;
	struct dsn dsn = { .n = 0 };

	bounce->report = evidence_refusal(message->root);
	if (bounce->report == NULL)
		bounce->not_because = evidence_other_report(message->root);
	if (bounce->not_because != NULL)
		return 0;
	find_parts(message->root, bounce);
	evidence_read(arena, message->root, &evidence);
	if (read_returned(arena, bounce) != 0 ||
	    read_reports(arena, message->root, bounce->report, &dsn) != 0)
		return -1;
	if (is_address_probe(&dsn)) {
		bounce->not_because = "the answer to an address probe";
	} else if (dsn.n != 0 && is_forwarded(message->root, &evidence)) {
		bounce->not_because = "a bounce that somebody forwards";
	} else if (dsn.n != 0) {
		bounce->shape = BOUNCE_REPORT;
		return take_report(arena, &dsn, &evidence,
				   mime_text(arena, bounce->first, BOUNCE_MAX_TEXT), bounce);
	} else {
		return read_text(arena, message->root, &evidence, bounce);
	}
	return 0;
}

int bounce_read(struct arena *arena, const struct message *message,
		struct bounce *bounce_r, struct error *error)
{
	*bounce_r = (struct bounce){ .shape = BOUNCE_NOT };
	if (read_bounce(arena, message, bounce_r) != 0 || arena->failed)
		return error_set(error, "more memory needed than one message may take");
	return 0;
}
