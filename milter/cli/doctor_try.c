#include "cli/doctor.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/milter_client.h"

/* Beyond limits.time: the daemon itself gives up then. */
enum { PATIENCE_MS = 5000, MAX_TEXT = 256 * 1024 };

/* A bounce as Postfix writes it. {0}: this host, {1}: whom it is for, {2}: a date. */
static const char sample[] =
	"Date: {2}\r\n"
	"From: Mail Delivery System <MAILER-DAEMON@{0}>\r\n"
	"Subject: Undelivered Mail Returned to Sender\r\n"
	"To: {1}\r\n"
	"Auto-Submitted: auto-replied\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-Type: multipart/report; report-type=delivery-status; boundary=\"doctor/{0}\"\r\n"
	"Message-Id: <whybounce-doctor@{0}>\r\n"
	"\r\n"
	"This is a MIME-encapsulated message.\r\n"
	"\r\n--doctor/{0}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
	"This is the mail system at host {0}.\r\n\r\n"
	"<nobody@example.net>: host mx.example.net[192.0.2.25] said: 550 5.1.1\r\n"
	"    <nobody@example.net>: Recipient address rejected: User unknown (in reply to RCPT TO\r\n"
	"    command)\r\n"
	"\r\n--doctor/{0}\r\nContent-Type: message/delivery-status\r\n\r\n"
	"Reporting-MTA: dns; {0}\r\nArrival-Date: {2}\r\n\r\n"
	"Final-Recipient: rfc822; nobody@example.net\r\n"
	"Action: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.example.net\r\n"
	"Diagnostic-Code: smtp; 550 5.1.1 <nobody@example.net>: Recipient address rejected:\r\n"
	"    User unknown\r\n"
	"\r\n--doctor/{0}\r\nContent-Type: message/rfc822\r\n\r\n"
	"From: {1}\r\nTo: nobody@example.net\r\nSubject: A test by whybounce doctor\r\n"
	"Date: {2}\r\nMessage-ID: <whybounce-doctor-test@{0}>\r\n\r\n"
	"Nobody has written this message.\r\n"
	"\r\n--doctor/{0}--\r\n";

static struct span write_sample(struct arena *arena, const char *address)
{
	char host[256] = "localhost", date[64];
	const char *const values[] = { host, address, date };
	struct span rest = span_str(sample);
	time_t now = time(NULL);
	struct tm fields;
	struct buf out;

	gethostname(host, sizeof(host) - 1);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&now, &fields));
	buf_init(&out, arena, MAX_TEXT);
	while (rest.n != 0) {
		size_t at = span_find_byte(rest, 0, '{');

		buf_add(&out, span_slice(rest, 0, at));
		if (at < rest.n)
			buf_adds(&out, values[rest.p[at + 1] - '0']);
		rest = span_from(rest, at + 3);
	}
	return buf_span(&out);
}

/* An address for a header and an SMTP command: nothing in it ends either. */
static bool is_address(const char *address)
{
	for (const char *c = address; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("<>()\"\\,;:", *c) != NULL)
			return false;
	return strlen(address) <= 254 && strchr(address, '@') != NULL && address[0] != '@';
}

/* What the reader of the edited message sees first: its subject and our text. */
static int show(struct doctor *doctor, const struct message *before,
		const struct milter_answer *answer)
{
	struct arena *arena = &doctor->arena;
	const struct header *mark;
	struct message after;
	struct buf bytes;

	buf_init(&bytes, arena, 4 * MILTER_MAX_PACKET);
	splice_apply_headers(&bytes, before, &answer->edits);
	buf_add(&bytes, answer->body_changed ? answer->body : before->body);
	if (bytes.failed || message_parse(arena, buf_span(&bytes), &after, NULL) != 0)
		return -1;
	mark = headers_find(&after.root->headers, "X-Whybounce");
	if (mark == NULL || !answer->body_changed)
		return -1;
	buf_addf(&doctor->out, "Subject: %.*s\nX-Whybounce: %.*s\n\n",
		 SPAN_FMT(header_decode(arena, headers_find(&after.root->headers, "Subject"))),
		 SPAN_FMT(header_decode(arena, mark)));
	for (const struct mime_part *p = after.root; p != NULL; p = mime_next(after.root, p))
		if (content_type_is(&p->type, "text", "plain")) {
			buf_add(&doctor->out, mime_text(arena, p, MAX_TEXT));
			break;
		}
	buf_addc(&doctor->out, '\n');
	return 0;
}

static enum exit_status hand_over(struct doctor *doctor, struct milter_client *client,
				  const char *address)
{
	struct message message;
	struct milter_answer answer;
	struct error error;

	if (message_parse(&doctor->arena, write_sample(&doctor->arena, address), &message,
			  &error) != 0 ||
	    milter_client_hand_over(client, &doctor->arena, &message, address, &answer,
				    &error) != 0)
		return cli_fail("%s: %s", doctor->config->socket, error.text);
	if (answer.verdict == 't')
		return cli_fail("the daemon asks to try again later; its log says why");
	if (show(doctor, &message, &answer) != 0)
		return cli_fail("the daemon left the bounce as it was; its log says why "
				"(mode: observe, exclude, out of memory, …)");
	return cli_write(&doctor->out);
}

enum exit_status doctor_try(struct doctor *doctor, const char *address)
{
	struct milter_client client;
	struct error error;
	enum exit_status status;

	if (!is_address(address))
		return cli_fail("--test: \"%.80s\" is no address; write one such as "
				"anna@example.org", address);
	if (milter_client_open(&client, &doctor->daemon,
			       doctor->config->limit_time_ms + PATIENCE_MS, &error) != 0)
		return cli_fail("%s: %s", doctor->config->socket, error.text);
	status = hand_over(doctor, &client, address);
	milter_client_close(&client);
	return status;
}
