#include "mail/bounce.h"

#include "mail/address.h"
#include "mail/bounce_report.h"
#include "mail/codes.h"
#include "mail/notice.h"
#include "mail/notification.h"
#include "mail/parts.h"
#include "mail/remark.h"

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
		bounce_returned_recipient(arena, bounce) : (struct span){ NULL, 0 };

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
	said.recipient = bounce_returned_recipient(arena, bounce);
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
		return bounce_take_report(arena, &dsn, e, SPAN(""), bounce);
	}
	if (notice_read(arena, all, reader, &notice) != 0 ||
	    read_fields(arena, all, &notice, &dsn) != 0)
		return -1;
	findings.report = dsn.n != 0 && !bounce_is_address_probe(&dsn);
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
	return findings.report ? bounce_take_report(arena, &dsn, e, notice.text, bounce) :
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
	if (bounce_is_address_probe(&dsn)) {
		bounce->not_because = "the answer to an address probe";
	} else if (dsn.n != 0 && is_forwarded(message->root, &evidence)) {
		bounce->not_because = "a bounce that somebody forwards";
	} else if (dsn.n != 0) {
		bounce->shape = BOUNCE_REPORT;
		return bounce_take_report(arena, &dsn, &evidence,
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
