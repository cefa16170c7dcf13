#include "daemon/session.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "base/log.h"
#include "daemon/channel.h"
#include "daemon/process.h"

enum {
	FIRST_ROOM = 16 * 1024,
	MUCH_ROOM = 256 * 1024,
	IDLE_SECONDS = 600,
	BACKLOG = 256,		/* connections that wait to be accepted */
	REPEAT_MS = 10000,	/* for the same complaint */
};

static struct session_settings settings;

/* One connection. Bytes of one message: header fields, an empty line, body. */
struct session {
	unsigned long steps;		/* SMFIP_* as negotiated */
	char *bytes;
	size_t n, room;
	size_t body;			/* where the body starts; 0: still in the header */
	char rcpt[CHANNEL_MAX_RCPT + 1];
	enum origin origin;
	bool bounce;			/* counted in settings.under_way */
	bool unanswered;		/* counted there: our verdict may still be on its way */
	bool failed;			/* no memory */
	bool large;			/* beyond limits.message_size */
	bool touched;			/* an edit went out */
};

/* ---- the bytes of a message ---- */

static void forget_message(struct session *s)
{
	if (s->bounce)
		settings.under_way--;
	if (s->unanswered)
		settings.unanswered--;
	free(s->bytes);
	*s = (struct session){ .steps = s->steps };
}

static void append(struct session *s, const char *p, size_t n)
{
	size_t room = s->room != 0 ? s->room : FIRST_ROOM;
	char *bytes;

	s->large |= n > settings.message_size || s->n > settings.message_size - n;
	if (s->large)
		return;
	while (room < s->n + n)
		room *= room < MUCH_ROOM ? 4 : 2;
	if (room != s->room) {
		bytes = s->failed ? NULL : realloc(s->bytes, room);
		s->failed |= bytes == NULL;
		if (s->failed)
			return;
		s->bytes = bytes;
		s->room = room;
	}
	memcpy(s->bytes + s->n, p, n);
	s->n += n;
}

/* The fold of a value is "\n" here, CRLF in the body: make it one. */
static void append_value(struct session *s, const char *value)
{
	struct span rest = span_str(value), line;

	for (bool first = true; span_next_line(&rest, &line); first = false) {
		if (!first)
			append(s, "\r\n", 2);
		append(s, line.p, line.n);
	}
}

static void begin_body(struct session *s)
{
	if (s->body != 0)
		return;
	append(s, "\r\n", 2);
	s->body = s->n;
}

/* ---- the log ---- */

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The macros asked for in negotiation, by where they are sent; the queue id is
 * known at MAIL FROM or only later. */
static char macros_of_mail[] = "i {daemon_name}", macros_of_end[] = "i";

static const char *queue_id(SMFICTX *context)
{
	char name[] = "i";
	const char *id = smfi_getsymval(context, name);

	return id != NULL ? id : "?";
}

static void log_unexplained(SMFICTX *context, const struct session *s, enum trouble trouble,
			    const char *reason, long long us)
{
	metrics_trouble(settings.metrics, trouble, (uint64_t)us);
	log_line(LOG_LEVEL_WARNING, "%s: to=<%.200s> outcome=failed: passed unchanged: %s",
		 queue_id(context), s->rcpt, reason);
}

static void log_result(SMFICTX *context, const struct session *s,
		       const struct enrich_result *result, const char *note, long long us)
{
	metrics_count(settings.metrics, result, (uint64_t)us);
	log_line(LOG_LEVEL_INFO, "%s: to=<%.200s> outcome=%s%s recipients=%zu cause=%s lang=%s "
		 "us=%lld%s%s", queue_id(context), s->rcpt, outcome_name(result->outcome), note,
		 result->recipients, result->causes, result->language, us,
		 result->reason[0] != '\0' ? ": " : "", result->reason);
}

/* ---- edits ---- */

/* What goes out, ready to go: no step of sending it can fail but the call. */
struct ready {
	char *names[SPLICE_MAX_HEADERS], *values[SPLICE_MAX_HEADERS];
	char *chunk;			/* of the new body: MILTER_CHUNK_SIZE bytes */
	size_t chunk_n;
};

static void ready_free(struct ready *ready)
{
	for (size_t i = 0; i < SPLICE_MAX_HEADERS; i++) {
		free(ready->names[i]);
		free(ready->values[i]);
	}
	free(ready->chunk);
}

/* With SMFIP_HDR_LEADSPC the space behind the colon is ours to give. */
static char *value_string(const struct session *s, struct span value)
{
	bool space = (s->steps & SMFIP_HDR_LEADSPC) != 0;
	char *p = malloc(value.n + 2);

	if (p == NULL)
		return NULL;
	p[0] = ' ';
	if (value.n != 0)
		memcpy(p + space, value.p, value.n);
	p[value.n + space] = '\0';
	return p;
}

static int make_ready(const struct session *s, const struct edits *edits, struct ready *ready)
{
	for (size_t i = 0; i < edits->headers_n; i++) {
		ready->names[i] = strndup(edits->headers[i].name.p, edits->headers[i].name.n);
		ready->values[i] = value_string(s, edits->headers[i].value);
		if (ready->names[i] == NULL || ready->values[i] == NULL)
			return -1;
	}
	ready->chunk = malloc(MILTER_CHUNK_SIZE);
	return ready->chunk != NULL ? 0 : -1;
}

static int send_header(SMFICTX *context, const struct header_edit *edit, char *name, char *value)
{
	if (edit->kind == HEADER_ADD)
		return smfi_addheader(context, name, value);
	return smfi_chgheader(context, name, (int)edit->index,
			      edit->kind == HEADER_REMOVE ? NULL : value);
}

static int send_bytes(SMFICTX *context, struct span bytes)
{
	if (bytes.n == 0)
		return 0;
	return smfi_replacebody(context, (unsigned char *)(uintptr_t)bytes.p, (int)bytes.n) ==
		MI_SUCCESS ? 0 : -1;
}

static int send_chunk(SMFICTX *context, struct ready *ready)
{
	struct span bytes = { ready->chunk, ready->chunk_n };

	ready->chunk_n = 0;
	return send_bytes(context, bytes);
}

/* Short pieces are put together: a call costs more, at both ends, than to copy them. */
static int send_piece(SMFICTX *context, struct ready *ready, struct span piece)
{
	while (piece.n != 0) {
		size_t room = MILTER_CHUNK_SIZE - ready->chunk_n;
		struct span now = span_slice(piece, 0, room);

		if (ready->chunk_n == 0 && piece.n > MILTER_CHUNK_SIZE / 2)
			return send_bytes(context, piece);
		memcpy(ready->chunk + ready->chunk_n, now.p, now.n);
		ready->chunk_n += now.n;
		if (now.n == room && send_chunk(context, ready) != 0)
			return -1;
		piece = span_from(piece, now.n);
	}
	return 0;
}

/* The pieces of the old body and ours, in turns: the edits were checked to be sorted,
 * disjoint and inside. */
static int send_body(SMFICTX *context, const struct session *s, const struct edits *edits,
		     struct ready *ready)
{
	struct span body = { s->bytes + s->body, s->n - s->body };
	size_t at = 0;

	for (size_t i = 0; i < edits->body_n; i++) {
		const struct splice *edit = &edits->body[i];

		if (send_piece(context, ready, span_slice(body, at, edit->at)) != 0 ||
		    send_piece(context, ready, edit->text) != 0)
			return -1;
		at = edit->at + edit->length;
	}
	if (send_piece(context, ready, span_from(body, at)) != 0)
		return -1;
	return send_chunk(context, ready);
}

/* Nothing but these calls between the first edit and the reply. */
static int send_edits(SMFICTX *context, struct session *s, const struct edits *edits,
		      struct ready *ready)
{
	for (size_t i = 0; i < edits->headers_n; i++) {
		if (send_header(context, &edits->headers[i], ready->names[i],
				ready->values[i]) != MI_SUCCESS)
			return -1;
		s->touched = true;
	}
	if (edits->body_n == 0)
		return 0;
	s->touched = true;
	return send_body(context, s, edits, ready);
}

static sfsistat edit_message(SMFICTX *context, struct session *s,
			     const struct enrich_result *result, long long started)
{
	struct ready ready = { .names = { NULL } };
	int rc = make_ready(s, &result->edits, &ready);

	if (rc == 0)
		rc = send_edits(context, s, &result->edits, &ready);
	ready_free(&ready);
	if (rc == 0) {
		log_result(context, s, result, "", now_us() - started);
		return SMFIS_CONTINUE;
	}
	if (!s->touched) {
		log_unexplained(context, s, TROUBLE_MEMORY, "no memory for the edits",
				now_us() - started);
		return SMFIS_ACCEPT;
	}
	metrics_trouble(settings.metrics, TROUBLE_EDIT, (uint64_t)(now_us() - started));
	log_line(LOG_LEVEL_ERROR, "%s: the mail server did not take an edit; it is asked to keep "
		 "the bounce and try again", queue_id(context));
	return SMFIS_TEMPFAIL;
}

static sfsistat explain_message(SMFICTX *context, struct session *s)
{
	struct enrich_request request = {
		.message = { s->bytes, s->n }, .rcpt = span_str(s->rcpt), .origin = s->origin,
	};
	struct enrich_result result;
	struct error error;
	enum trouble trouble;
	long long started = now_us();
	char *answer = NULL;
	sfsistat verdict = SMFIS_ACCEPT;

	if (s->failed) {
		log_unexplained(context, s, TROUBLE_MEMORY, "out of memory", 0);
	} else if (settings.explain(&request, s->body, settings.time_ms, &result, &answer,
				    &trouble, &error) != 0) {
		log_unexplained(context, s, trouble, error.text, now_us() - started);
	} else if (result.outcome != OUTCOME_EXPLAINED) {
		log_result(context, s, &result, "", now_us() - started);
	} else if (settings.observe) {
		log_result(context, s, &result, " (observed)", now_us() - started);
	} else {
		verdict = edit_message(context, s, &result, started);
	}
	free(answer);
	return verdict;
}

/* ---- callbacks ---- */

static struct session *session_of(SMFICTX *context)
{
	struct session *s = smfi_getpriv(context);

	if (s == NULL) {
		s = calloc(1, sizeof(*s));
		if (s != NULL && smfi_setpriv(context, s) != MI_SUCCESS) {
			free(s);
			s = NULL;
		}
	}
	return s;
}

/* libmilter does not say why it takes no further connection. */
static void look_for_descriptors(void)
{
	static atomic_llong next;	/* ms; then it may be said again */
	int spare = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	long long now, due = next;

	if (spare >= 0) {
		close(spare);
		return;
	}
	now = process_now_ms();
	if (now >= due && atomic_compare_exchange_strong(&next, &due, now + REPEAT_MS))
		log_line(LOG_LEVEL_WARNING, "no descriptor is left: new connections wait until "
			 "others end (raise the limit of open files)");
}

/* No answer where none is awaited. */
static sfsistat go_on(const struct session *s, unsigned long no_reply)
{
	return (s->steps & no_reply) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps,
			     unsigned long unused0, unsigned long unused1,
			     unsigned long *actions_r, unsigned long *steps_r,
			     unsigned long *unused0_r, unsigned long *unused1_r)
{
	const unsigned long wanted = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY;
	const unsigned long offered = actions & (wanted | SMFIF_SETSYMLIST);
	const unsigned long unwanted = SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOUNKNOWN |
		SMFIP_NODATA | SMFIP_NOEOH | SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_BODY |
		SMFIP_HDR_LEADSPC;
	struct session *s = session_of(context);

	(void)unused0, (void)unused1;
	if (s == NULL || (actions & wanted) != wanted) {
		log_line(LOG_LEVEL_ERROR, "%s", s == NULL ? "out of memory for a connection" :
			 "the mail server offers no change of headers or body "
			 "(milter protocol 6 is needed)");
		return SMFIS_REJECT;	/* of the connection: no mail is rejected by it */
	}
	look_for_descriptors();
	s->steps = steps & unwanted;
	if ((offered & SMFIF_SETSYMLIST) != 0) {
		smfi_setsymlist(context, SMFIM_ENVFROM, macros_of_mail);
		smfi_setsymlist(context, SMFIM_EOM, macros_of_end);
	}
	*actions_r = offered;
	*steps_r = s->steps;
	*unused0_r = *unused1_r = 0;
	return SMFIS_CONTINUE;
}

static bool is_null_sender(const char *sender)
{
	return sender == NULL || sender[0] == '\0' || strcmp(sender, "<>") == 0;
}

/* Postfix hands on what it wrote itself with an empty sender, what came over
 * SMTP with "<>". Sendmail's own come in over a loopback port that bears our name
 * (conf/sendmail/whybounce.m4). */
static enum origin origin_of(SMFICTX *context, const char *sender)
{
	char name[] = "{daemon_name}";
	const char *port = smfi_getsymval(context, name);

	if (sender == NULL || sender[0] == '\0')
		return ORIGIN_GENERATED;
	return port != NULL && strcmp(port, "whybounce") == 0 ? ORIGIN_GENERATED : ORIGIN_INBOUND;
}

/* The gate: all mail that is no bounce leaves here. Whoever drains sees a bounce
 * that is counted, or the bounce sees that we drain. */
static sfsistat on_mail(SMFICTX *context, char **arguments)
{
	struct session *s = session_of(context);

	if (s == NULL)
		return SMFIS_ACCEPT;
	forget_message(s);
	if (!is_null_sender(arguments[0]))
		return SMFIS_ACCEPT;
	s->bounce = true;
	settings.under_way++;
	if (settings.draining) {
		log_unexplained(context, s, TROUBLE_STOPPING, "whybounced is stopping", 0);
		forget_message(s);
		return SMFIS_ACCEPT;
	}
	s->origin = origin_of(context, arguments[0]);
	return SMFIS_CONTINUE;
}

static sfsistat on_rcpt(SMFICTX *context, char **arguments)
{
	struct session *s = session_of(context);
	struct span address = span_str(arguments[0]);

	if (s == NULL)
		return SMFIS_ACCEPT;
	if (span_has_prefix(address, "<") && span_has_suffix(address, ">"))
		address = span_slice(address, 1, address.n - 1);
	if (s->rcpt[0] == '\0' && address.n <= CHANNEL_MAX_RCPT && address.n != 0)
		memcpy(s->rcpt, address.p, address.n);
	return go_on(s, SMFIP_NR_RCPT);
}

static sfsistat on_header(SMFICTX *context, char *name, char *value)
{
	struct session *s = session_of(context);

	if (s == NULL)
		return SMFIS_ACCEPT;
	append(s, name, strlen(name));
	append(s, ": ", (s->steps & SMFIP_HDR_LEADSPC) != 0 ? 1 : 2);
	append_value(s, value);
	append(s, "\r\n", 2);
	return go_on(s, SMFIP_NR_HDR);
}

static sfsistat on_body(SMFICTX *context, unsigned char *chunk, size_t n)
{
	struct session *s = session_of(context);

	if (s == NULL)
		return SMFIS_ACCEPT;
	begin_body(s);
	append(s, (const char *)chunk, n);
	return go_on(s, SMFIP_NR_BODY);
}

static sfsistat on_end_of_message(SMFICTX *context)
{
	struct session *s = session_of(context);
	sfsistat verdict = SMFIS_ACCEPT;

	if (s == NULL)
		return SMFIS_ACCEPT;
	begin_body(s);
	if (s->large)
		log_unexplained(context, s, TROUBLE_LARGE, "larger than limits.message_size", 0);
	else
		verdict = explain_message(context, s);
	settings.unanswered++;	/* before it is under way no more */
	forget_message(s);
	s->unanswered = true;
	return verdict;
}

static sfsistat on_abort(SMFICTX *context)
{
	struct session *s = smfi_getpriv(context);

	if (s != NULL)
		forget_message(s);
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *context)
{
	struct session *s = smfi_getpriv(context);

	if (s != NULL)
		forget_message(s);
	free(s);
	smfi_setpriv(context, NULL);
	return SMFIS_CONTINUE;
}

/* ---- what the process asks for ---- */

struct session_settings *session_settings(void)
{
	return &settings;
}

/* Answers are small, and each is waited for. libmilter keeps the descriptor to
 * itself; what it accepts inherits the option. */
static void send_at_once(void)
{
	enum { MOST_DESCRIPTORS = 64 };
	int one = 1;

	for (int fd = CHILD_END; fd < MOST_DESCRIPTORS; fd++) {
		int listens = 0;
		socklen_t n = sizeof(listens);

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) == 0 && listens != 0)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
}

int session_listen(char *socket)
{
	char name[] = "whybounce";
	struct smfiDesc filter = {
		.xxfi_name = name, .xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY,
		.xxfi_envfrom = on_mail, .xxfi_envrcpt = on_rcpt, .xxfi_header = on_header,
		.xxfi_body = on_body, .xxfi_eom = on_end_of_message, .xxfi_abort = on_abort,
		.xxfi_close = on_close, .xxfi_negotiate = on_negotiate,
	};

	umask(0007);	/* whoever shares the group of the socket's folder may connect */
	if (smfi_register(filter) != MI_SUCCESS || smfi_setconn(socket) != MI_SUCCESS ||
	    smfi_settimeout(IDLE_SECONDS) != MI_SUCCESS || smfi_setbacklog(BACKLOG) != MI_SUCCESS ||
	    smfi_opensocket(1) != MI_SUCCESS)
		return -1;
	send_at_once();
	return 0;
}

int session_serve(void)
{
	return smfi_main() == MI_SUCCESS ? 0 : -1;
}
