#include "mail/bounce_report.h"

#include "base/buf.h"
#include "mail/address.h"
#include "mail/codes.h"
#include "mail/notice.h"
#include "mail/remark.h"
#include "mail/transcript.h"

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

bool bounce_is_address_probe(const struct dsn *dsn)
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

struct span bounce_returned_recipient(struct arena *arena, const struct bounce *bounce)
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
	return notice->n == 0 ? bounce_returned_recipient(arena, bounce) : (struct span){ NULL, 0 };
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

int bounce_take_report(struct arena *arena, const struct dsn *dsn, const struct evidence *e,
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
