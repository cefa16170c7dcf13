#include "mail/recognise.h"

#include "mail/address.h"

/* ---- who wrote it ---- */

static bool contains_any(struct span s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_ifind(s, 0, words[i]) < s.n)
			return true;
	return false;
}

static bool is_daemon(struct span from)
{
	static const char *const words[] = {
		"mailer-daemon", "mailer daemon", "mailerdaemon", "mail delivery system",
		"mail delivery subsystem", "mail deliver system", "mail.delivery.system",
		"microsoftexchange", "delivery subsystem", "mail delivery service",
		"bounce notification", "postmaster@outlook.com",
	};

	return contains_any(from, words, sizeof(words) / sizeof(*words));
}

static bool is_postmaster(struct span from)
{
	static const char *const words[] = {
		"postmaster", "mail delivery", "mail system", "mailsystem", "mail_service",
		"system administrator", "mail administrator", "mailserver", "mail server",
		"mailadmin", "mail-admin", "mailgateway", "mail gateway", "mailsweeper", "mailmarshal",
		"mail router", "mailrouter", "mail transport", "mdaemon", "interscan", "imss@",
		"administrator@", "antispam", "mail-daemon", "delivery agent", "bounces@", "mail security",
		"mailsecurity",
		"post_master", "mailer@", "mail filter",
	};

	return contains_any(from, words, sizeof(words) / sizeof(*words));
}

/* "<>" or nothing: RFC 5321, 4.5.5. */
static bool is_null_path(const struct header *field)
{
	struct span value;

	if (field == NULL)
		return false;
	value = span_trim(field->value);
	return value.n == 0 || span_is(value, "<>") || span_has_suffix(value, " <>") ||
		span_has_prefix(value, "<MAILER-DAEMON") || span_has_prefix(value, "MAILER-DAEMON");
}

static bool has_null_path(const struct headers *headers)
{
	for (const struct header *h = headers_find(headers, "Return-Path"); h != NULL;
	     h = headers_find_next(headers, h))
		if (is_null_path(h))
			return true;
	return false;
}

/* A milter sees a message before its return path is written. */
static void read_origin(const struct headers *headers, struct span from, struct evidence *e)
{
	bool path = headers_find(headers, "Return-Path") != NULL;
	struct span address = span_from(from, span_find_byte(from, 0, '<'));

	e->null_path = has_null_path(headers);
	e->answerable = path && !e->null_path;
	/* the address itself: everybody may take the name */
	e->daemon = is_daemon(address.n != 0 ? address : from);
	e->addressed = headers_find(headers, "X-Failed-Recipients") != NULL;
	e->machine = e->daemon || (is_daemon(from) && !e->answerable) || e->addressed ||
		headers_find(headers, "X-Mailer-Daemon-Recipients") != NULL ||
		headers_find(headers, "X-MailerError") != NULL;
	e->null_path |= !path && e->machine && headers_find(headers, "Date") != NULL;
}

/* Programs that are no mail server name themselves: of tickets, of lists, of builds. */
static bool says_program(const struct headers *headers)
{
	static const char *const names[] = {
		"RT-Ticket", "RT-Originator", "X-RT-Loop-Prevention", "X-JIRA-FingerPrint",
		"X-Zendesk-From-Account-Id", "X-GitHub-Reason", "X-GitHub-Sender", "X-GitLab-Project",
		"X-GitLab-Pipeline-Id", "X-Redmine-Project", "X-Redmine-Host", "X-Bugzilla-Product",
		"X-Bugzilla-Reason", "X-Trac-Project", "X-Mantis-Project", "X-Cron-Env", "X-Launchpad-Bug",
		"X-OTRS-Loop", "X-Freshdesk-Ticket", "X-Debian-PR-Message", "X-Gerrit-MessageType",
		"X-Jenkins-Job", "X-Discourse-Topic-Id", "X-Phabricator-Sent-This-Message",
	};
	static const char *const makers[] = { "OTRS", "Znuny", "osTicket", "Zammad", "Request Tracker" };
	const struct header *maker = headers_find(headers, "X-Powered-By");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (headers_find(headers, names[i]) != NULL)
			return true;
	return maker != NULL && contains_any(maker->value, makers, sizeof(makers) / sizeof(*makers));
}

/* "[tag] …" of a list that names itself. */
static bool is_posted(const struct headers *headers, struct span subject)
{
	return subject.n != 0 && subject.p[0] == '[' &&
		(headers_find(headers, "List-Id") != NULL || headers_find(headers, "List-Post") != NULL ||
		 headers_find(headers, "Mailing-List") != NULL);
}

/* Mail to such an address is seldom written by people. */
static bool is_bounce_address(struct span to)
{
	static const char *const words[] = {
		"-bounces@", "-bounces+", "bounce+", "bounces+", "bounce-", "-owner@", "owner-",
		"-admin@", "-request@", "srs0", "prvs=", "return-", "-return@",
	};

	return contains_any(to, words, sizeof(words) / sizeof(*words));
}

static bool is_about_another(struct span subject)
{
	static const char *const prefixes[] = {
		"re:", "fw:", "fwd:", "aw:", "wg:", "tr:", "rv:", "sv:", "vs:", "antw:", "odp:",
		"res:", "enc:", "rif:", "i:", "ynt:", "回复", "转发", "答复", "[fwd", "fwd ",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (span_has_prefix(subject, prefixes[i]))
			return true;
	return false;
}

static bool says_auto_reply(const struct headers *headers)
{
	static const char *const names[] = {
		"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Response-From",
		"X-Autogenerated-Reply", "X-Mail-Autoreply",
	};
	const struct header *precedence = headers_find(headers, "Precedence");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (headers_find(headers, names[i]) != NULL)
			return true;
	return precedence != NULL && span_has_prefix(span_trim(precedence->value), "auto");
}

bool evidence_speaks_of_mail(struct span text)
{
	static const char *const words[] = {
		"mail", "message", "nachricht", "mensaje", "mensagem", "messaggi", "correo", "courriel",
		"bericht", "meddel", "besked", "viesti", "wiadomo", "zpráv", "správ", "üzenet", "mesaj",
		"ileti", "письм", "ообщени", "овідомлен", "メール", "メッセージ", "邮件", "郵件", "메일",
		"메시지", "رسال", "הודע", "thư", "pesan", "ข้อความ", "อีเมล", "μήνυμα",
	};

	return contains_any(text, words, sizeof(words) / sizeof(*words));
}

static bool is_failure(enum phrase kind)
{
	return kind == PHRASE_FAILED || kind == PHRASE_SUBJECT || kind == PHRASE_DELAYED;
}

/* "Automatic reply: failure notice", but not "Undeliverable: Automatic reply: minutes":
 * what stands behind a failure is the subject of the returned message. */
static bool leads(const struct phrases *subject, enum phrase kind)
{
	for (size_t i = 0; i < subject->n; i++) {
		if (subject->places[i].kind == kind)
			return true;
		if (is_failure(subject->places[i].kind))
			return false;
	}
	return false;
}

/* X-Failed-Recipients, which Exim and Gmail write. */
static void read_failed(struct arena *arena, const struct headers *headers, struct evidence *e)
{
	struct span field = header_unfold(arena, headers_find(headers, "X-Failed-Recipients"));
	size_t end = 0;

	e->failed = address_find(field, 0, &end);
	if (e->failed.n != 0 && address_find(field, end, &end).n != 0)
		e->failed = (struct span){ NULL, 0 };
}

void evidence_read(struct arena *arena, const struct mime_part *root, struct evidence *e)
{
	const struct headers *headers = &root->headers;
	const struct header *from_field = headers_find(headers, "From");
	struct span from = header_decode(arena, from_field);
	struct span subject = header_decode(arena, headers_find(headers, "Subject"));

	*e = (struct evidence){ .forwarded = is_about_another(subject) };
	phrases_find(subject, &e->subject);
	read_origin(headers, from, e);
	read_failed(arena, headers, e);
	e->server = e->machine || is_postmaster(from) || from_field == NULL ||
		(is_null_path(from_field) && span_find_byte(from, 0, '@') == from.n);
	e->origin = (e->server ? 2 : 0) + e->machine + e->null_path;
	if (e->server && is_bounce_address(header_unfold(arena, headers_find(headers, "To"))))
		e->origin += 1;		/* but people's mailboxes answer to such an address */
}

void evidence_read_further(struct arena *arena, const struct mime_part *root, struct evidence *e)
{
	const struct headers *headers = &root->headers;
	struct span subject = header_decode(arena, headers_find(headers, "Subject"));

	e->program = says_program(headers);
	e->posted = is_posted(headers, subject);
	e->of_mail = evidence_speaks_of_mail(subject);
	e->auto_reply = says_auto_reply(headers) || leads(&e->subject, PHRASE_AUTO_REPLY);
}

/* ---- reports of other things ---- */

static const struct {
	const char *type, *reason;
} others[] = {
	{ "disposition-notification", "a disposition notification (RFC 8098)" },
	{ "feedback-report", "a feedback report (RFC 5965)" },
	{ "tlsrpt", "a TLS report (RFC 8460)" },
};
enum { OTHERS = sizeof(others) / sizeof(others[0]) };

static const struct mime_part *child_of(const struct mime_part *root, const char *subtype)
{
	if (!content_type_is(&root->type, "multipart", NULL))
		return NULL;
	for (const struct mime_part *p = root->child; p != NULL; p = p->next)
		if (content_type_is(&p->type, "message", subtype))
			return p;
	return NULL;
}

/* Dovecot and Cyrus tell with a disposition notification that a mailbox took no
 * message: a server deleted it by itself. */
const struct mime_part *evidence_refusal(const struct mime_part *root)
{
	const struct header *from = headers_find(&root->headers, "From");
	const struct mime_part *part = child_of(root, others[0].type);

	if (part == NULL || from == NULL ||
	    (!is_daemon(from->value) && span_ifind(from->value, 0, "sieve subsystem") == from->value.n))
		return NULL;
	return span_ifind(part->body, 0, "automatic-action") < part->body.n &&
		span_ifind(part->body, 0, "deleted") < part->body.n ? part : NULL;
}

const char *evidence_other_report(const struct mime_part *root)
{
	struct span type = content_type_parameter(&root->type, "report-type");

	for (size_t i = 0; i < OTHERS; i++)
		if (span_is(type, others[i].type) || child_of(root, others[i].type) != NULL)
			return others[i].reason;
	if (content_type_is(&root->type, "multipart", "digest"))
		return "a digest (RFC 2046, 5.1.5)";
	return NULL;
}

static bool is_program_name(struct span name)
{
	static const char *const endings[] = {
		".zip", ".scr", ".pif", ".exe", ".com", ".bat", ".cmd", ".vbs", ".js", ".cpl", ".hta",
		".lnk", ".iso", ".rar", ".7z", ".img", ".docm", ".xlsm",
	};

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (span_has_suffix(name, endings[i]))
			return true;
	return false;
}

bool evidence_brings_program(const struct mime_part *root)
{
	for (const struct mime_part *p = mime_next(root, root); p != NULL; p = mime_next(root, p)) {
		struct span name = content_type_parameter(&p->type, "name");

		if (!content_type_is(&p->type, "text", NULL) && is_program_name(span_trim(name)))
			return true;
	}
	return false;
}

bool evidence_is_bounce(const struct headers *headers)
{
	const struct header *from = headers_find(headers, "From");
	const struct header *type = headers_find(headers, "Content-Type");

	return (from != NULL && is_daemon(from->value)) ||
		(type != NULL && span_ifind(type->value, 0, "delivery-status") < type->value.n);
}

/* ---- the sum ---- */

enum { ENOUGH = 5 };

static bool titled(const struct evidence *e)
{
	return e->subject.found[PHRASE_FAILED] || e->subject.found[PHRASE_SUBJECT] ||
		e->subject.found[PHRASE_DELAYED];
}

/* A mail system writes to nobody it wants to hear of, in a language that we do not read. */
static bool is_daemon_notice(const struct evidence *e, const struct findings *f)
{
	return e->machine && e->null_path && (f->returned || f->mentioned);
}

/* "Re: minutes" of a server that writes its notices as answers. */
static bool is_answered_by_server(const struct evidence *e, const struct findings *f)
{
	return e->machine || (e->server && e->null_path) ||
		(e->server && !e->answerable && f->returned && f->named && f->reply);
}

/* A reply to somebody: a line names him, or a message that is returned went to him. */
static bool replies_to(const struct evidence *e, const struct findings *f)
{
	return f->reply && (f->named ||
			    (f->mentioned && f->returned && e->server && e->null_path));
}

static int weigh(const struct evidence *e, const struct findings *f)
{
	int sum = e->origin;

	sum += titled(e) ? 2 : 0;
	sum += f->told ? 2 : 0;
	sum += f->report ? 3 : 0;
	sum += f->report_type ? 2 : 0;
	sum += f->returned || is_daemon_notice(e, f) ? 1 : 0;
	sum += replies_to(e, f) || (f->named && f->text->found[PHRASE_FAILED]) ? 1 : 0;
	if (e->forwarded)
		sum -= is_answered_by_server(e, f) ? 1 : 4;
	return sum;
}

/* Somebody tells of a failure: words, a report, or a reply to a recipient. */
static bool tells_failure(const struct evidence *e, const struct findings *f)
{
	return f->report || replies_to(e, f) || titled(e) || e->addressed ||
		is_daemon_notice(e, f) || f->told;
}

/* The least a notice says: whom it is about, or what a server answered. Where it says
 * neither, no answer to it may be wanted, and another address than a daemon's must speak
 * of mail: parcels are not delivered, too. */
static bool says_whom(const struct evidence *e, const struct findings *f)
{
	if (f->named || e->addressed)
		return true;
	if (f->mentioned && e->null_path && (e->machine || (e->server && titled(e))))
		return true;
	if (f->reply && e->server)
		return e->machine || f->mentioned || (e->null_path && titled(e));
	if (e->answerable || !f->told)
		return false;
	return e->daemon ? titled(e) || f->of_mail : e->server && titled(e) && f->of_mail;
}

/* Everybody may call himself a mail system: where an answer would be read, the subject
 * tells of a failure, and the text of somebody else whom a message did not reach. */
static bool is_named_only(const struct evidence *e, const struct findings *f)
{
	return e->answerable && !e->daemon && !e->addressed &&
		(!titled(e) || !f->named || f->reader_only);
}

/* Nothing of a report and no returned message: is what the text says enough? */
static const char *against_text(const struct evidence *e, const struct findings *f)
{
	if (!e->server && !e->null_path)
		return "no mail server wrote it";	/* but somebody, to the keeper of a list */
	if (!says_whom(e, f))
		return "it names no recipient and quotes no reply";
	if (!e->server && !e->of_mail && !f->of_mail)
		return "it tells of no mail";
	if (is_named_only(e, f))
		return "only its name is a mail system's";
	if (!titled(e) && !e->machine && !e->null_path)
		return weigh(e, f) > ENOUGH ? NULL : "too little speaks for a bounce";
	return NULL;
}

/* Of many mails, or of none: a summary, a post, a ticket, a bounce that is passed on. */
static const char *against_kind(const struct evidence *e, const struct findings *f)
{
	if (f->returned_bounce && !(f->named && f->reply))
		return "a bounce that somebody passes on";
	if (e->program)
		return "a notice of another program";
	if (e->posted)
		return "a post to a list";
	if (leads(&e->subject, PHRASE_SUMMARY) && !(f->returned && f->mentioned && f->reply) &&
	    (!titled(e) || (!f->named && !f->reply)))
		return "a summary of other mail";
	return NULL;
}

/* "AutoReply: user unknown" of a server that answers for somebody who is none. */
static bool refuses(const struct evidence *e, const struct findings *f)
{
	return e->server && e->null_path && titled(e) && f->told && f->named && f->reply;
}

/* An answer of a person's mailbox, or of what stands before it. */
static const char *against_answer(const struct evidence *e, const struct findings *f)
{
	if (e->auto_reply && (e->machine ? !titled(e) && !f->told && !f->reply : !refuses(e, f)))
		return "an automatic reply";
	if (leads(&e->subject, PHRASE_CHALLENGE))
		return "a request to confirm";
	if (f->text->found[PHRASE_CHALLENGE] && !f->reply && !e->machine &&
	    (!e->subject.found[PHRASE_FAILED] || e->subject.found[PHRASE_CHALLENGE]))
		return "a request to confirm";
	if (f->text->found[PHRASE_AUTO_REPLY] && !f->reply && e->origin < 2)
		return "an automatic reply";
	return NULL;
}

static const char *against(const struct evidence *e, const struct findings *f)
{
	const char *because = NULL;

	if (!f->report && !f->report_type && !e->machine)
		because = against_kind(e, f);
	if (because == NULL && !f->report)
		because = against_answer(e, f);
	if (leads(&e->subject, PHRASE_STATISTICS) && !f->report && !f->returned && !e->daemon &&
	    !e->forwarded)
		because = "a summary of other mail";
	if (because != NULL)
		return because;
	if (!f->report && !f->reply && !f->returned && (!f->named || f->reader_only)) {
		if (f->text->found[PHRASE_INCOMING])
			return "it tells of mail to its reader";
		if (f->program)
			return "it brings a program";
	}
	if (!tells_failure(e, f))
		return "it tells of no failed delivery";
	if (!f->report && !f->report_type && !f->returned && against_text(e, f) != NULL)
		return against_text(e, f);
	return weigh(e, f) >= ENOUGH ? NULL : "too little speaks for a bounce";
}

/* "anna@a.example, your mailbox is full" to her: she sent none of what is spoken of. But
 * who wrote to himself is told of it, too; then no link is to be followed. */
const char *evidence_against(const struct evidence *e, const struct findings *f)
{
	struct findings found = *f;

	if (!f->reader_only || f->to_author || f->reply || e->addressed ||
	    (e->server && !f->links && !leads(&e->subject, PHRASE_SUMMARY) && (titled(e) || f->told)))
		return against(e, f);
	if (!f->report && !f->report_type && !f->returned)
		return "it tells of mail to its reader";
	found.named = found.mentioned = false;
	return against(e, &found);
}
