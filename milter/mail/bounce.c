#include "mail/bounce.h"

#include <string.h>

#include "mail/dsn.h"
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

/* ---- what each part is ---- */

static bool is_report(const struct mime_part *part)
{
	return content_type_is(&part->type, "message", "delivery-status") ||
		content_type_is(&part->type, "message", "global-delivery-status");
}

static bool is_returned(const struct mime_part *part)
{
	static const char *const types[][2] = {
		{ "message", "rfc822" }, { "message", "global" }, { "message", "partial" },
		{ "message", "rfc822-headers" }, { "message", "global-headers" },
		{ "text", "rfc822-headers" }, { "text", "rfc822-header" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (content_type_is(&part->type, types[i][0], types[i][1]))
			return true;
	return false;
}

/* The part a person reads: the first text below the root's first child. */
static const struct mime_part *find_first(const struct mime_part *root)
{
	const struct mime_part *top = root->child;

	if (!content_type_is(&root->type, "multipart", NULL) || top == NULL)
		return root;
	for (const struct mime_part *p = top; p != NULL; p = mime_next(top, p))
		if (content_type_is(&p->type, "text", NULL) && !is_returned(p))
			return p;
	return top;
}

static void find_parts(const struct mime_part *root, struct bounce *bounce)
{
	bounce->first = find_first(root);
	for (const struct mime_part *p = mime_next(root, root); p != NULL; p = mime_next(root, p)) {
		if (bounce->report == NULL && is_report(p))
			bounce->report = p;
		else if (bounce->returned == NULL && is_returned(p))
			bounce->returned = p;
	}
}

static int read_returned(struct arena *arena, struct bounce *bounce)
{
	const struct mime_part *part = bounce->returned;
	struct span head;

	if (part == NULL)
		return 0;
	if (part->child != NULL) {
		bounce->returned_headers = part->child->headers;
		return 0;
	}
	return headers_parse(arena, mime_decoded(arena, part, BOUNCE_MAX_TEXT), &head,
			     &bounce->returned_headers);
}

/* ---- what is no bounce ---- */

static const char *other_report(const struct mime_part *root)
{
	static const struct {
		const char *type, *reason;
	} others[] = {
		{ "disposition-notification", "a disposition notification (RFC 8098)" },
		{ "feedback-report", "a feedback report (RFC 5965)" },
		{ "tlsrpt", "a TLS report (RFC 8460)" },
	};
	struct span type = content_type_parameter(&root->type, "report-type");

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (span_is(type, others[i].type))
			return others[i].reason;
	return NULL;
}

/* ---- from the report's fields to recipients ---- */

static struct span reply_code_of(struct span reply)
{
	if (reply.n >= 3 && reply.p[0] >= '2' && reply.p[0] <= '5' &&
	    ascii_isdigit(reply.p[1]) && ascii_isdigit(reply.p[2]) &&
	    (reply.n == 3 || reply.p[3] == ' ' || reply.p[3] == '-' || reply.p[3] == '\n'))
		return span_slice(reply, 0, 3);
	return (struct span){ NULL, 0 };
}

/* "5.1.1" behind the code of a line; RFC 2034, 4. */
static struct span status_at(struct span line)
{
	size_t n = 0, dots = 0;

	while (n < line.n && (ascii_isdigit(line.p[n]) || line.p[n] == '.'))
		dots += line.p[n++] == '.';
	return dots == 2 && n >= 5 && line.p[1] == '.' && ascii_isdigit(line.p[n - 1]) ?
		span_slice(line, 0, n) : (struct span){ NULL, 0 };
}

static bool is_vague(struct span status)
{
	return status.n == 0 || span_has_suffix(status, ".0.0");
}

/* The first status in the reply's lines that says more than its class. */
static struct span status_of_reply(struct span reply)
{
	struct span line, status, found = { NULL, 0 };

	while (is_vague(found) && span_next_line(&reply, &line)) {
		status = status_at(span_trim(span_from(line, reply_code_of(line).n != 0 ? 4 : 0)));
		if (found.n == 0 || !is_vague(status))
			found = status;
	}
	return found;
}

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

static void take_diagnostic(struct arena *arena, const struct dsn_typed *diagnostic,
			    struct span text, struct bounce_recipient *r)
{
	struct span reply = unfold_reply(arena, diagnostic->value);

	if (!is_smtp(diagnostic)) {
		r->context = reply;
		return;
	}
	r->reply = transcript_reply(arena, text, reply, &r->command);
	if (r->command.n == 0)
		r->command = transcript_command(text, r->recipient);
	r->reply_code = reply_code_of(r->reply);
	if (is_vague(r->status) && status_of_reply(r->reply).n != 0)
		r->status = status_of_reply(r->reply);
}

static struct bounce_recipient recipient_of(struct arena *arena, const struct dsn_recipient *d,
					    struct span text)
{
	bool final = d->final_recipient.value.n != 0;
	struct bounce_recipient r = {
		.recipient = final ? d->final_recipient.value : d->original_recipient.value,
		.original = d->original_recipient.value,
		.action = d->action, .status = d->status,
		.remote_mta = d->remote_mta.value,
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

static int take_report(struct arena *arena, const struct dsn *dsn, struct bounce *bounce)
{
	struct span text = mime_text(arena, bounce->first, BOUNCE_MAX_TEXT);

	bounce->recipients = arena_array(arena, dsn->n, sizeof(*bounce->recipients));
	if (bounce->recipients == NULL)
		return -1;
	bounce->shape = BOUNCE_REPORT;
	bounce->n = dsn->n;
	bounce->more = dsn->more;
	bounce->reporting_mta = dsn->reporting_mta.value;
	bounce->arrival_date = dsn->arrival_date;
	bounce->original_envelope_id = dsn->original_envelope_id;
	bounce->queue_id = header_unfold(arena, headers_find(&dsn->fields, "X-Postfix-Queue-ID"));
	for (size_t i = 0; i < dsn->n; i++)
		bounce->recipients[i] = recipient_of(arena, &dsn->recipients[i], text);
	return 0;
}

static int read_bounce(struct arena *arena, const struct message *message,
		       struct bounce *bounce)
{
	struct dsn dsn;

	bounce->not_because = other_report(message->root);
	if (bounce->not_because != NULL)
		return 0;
	find_parts(message->root, bounce);
	if (read_returned(arena, bounce) != 0)
		return -1;
	if (bounce->report != NULL) {
		if (dsn_parse(arena, bounce->report, &dsn) != 0)
			return -1;
		if (is_address_probe(&dsn))
			bounce->not_because = "the answer to an address probe";
		else if (dsn.n != 0)
			return take_report(arena, &dsn, bounce);
	}
	if (bounce->not_because == NULL)
		bounce->not_because = "no delivery status in it";
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
