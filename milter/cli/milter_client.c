#include "cli/milter_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	VERSION = 6,
	ADD_HEADERS = 0x01, CHANGE_BODY = 0x02, CHANGE_HEADERS = 0x10, ALL_ACTIONS = 0x1ff,
	ALL_STEPS = 0x1fffff,
	MAX_CHUNK = 65535,
	MAX_ANSWERS = 1000,	/* to one message, edits and all */
};

/* Per command: the steps that say it is not sent, or not answered. */
static const struct {
	char command;
	unsigned unsent, unanswered;
} commands[] = {
	{ 'C', 0x01, 0x1000 },		/* connect */
	{ 'H', 0x02, 0x2000 },		/* helo */
	{ 'M', 0x04, 0x4000 },		/* mail from */
	{ 'R', 0x08, 0x8000 },		/* rcpt to */
	{ 'T', 0x200, 0x10000 },	/* data */
	{ 'L', 0x20, 0x80 },		/* a header field */
	{ 'N', 0x40, 0x40000 },		/* end of header */
	{ 'B', 0x10, 0x80000 },		/* a chunk of the body */
};
enum { LEADING_SPACE = 0x100000 };

/* ---- packets ---- */

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t written = send(fd, p, n, MSG_NOSIGNAL);

		if (written < 0 && errno != EINTR)
			return -1;
		if (written > 0) {
			p += written;
			n -= (size_t)written;
		}
	}
	return 0;
}

static int read_all(int fd, char *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, p, n);

		if (got == 0)
			errno = ECONNRESET;
		if (got == 0 || (got < 0 && errno != EINTR))
			return -1;
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
	return 0;
}

static const char *why(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK ? "no answer in time" : strerror(errno);
}

static int put(struct milter_client *client, char command, struct span data, struct error *error)
{
	uint32_t length = htonl((uint32_t)data.n + 1);
	char head[sizeof(length) + 1];

	memcpy(head, &length, sizeof(length));
	head[sizeof(length)] = command;
	if (write_all(client->fd, head, sizeof(head)) == 0 &&
	    write_all(client->fd, data.p, data.n) == 0)
		return 0;
	return error_set(error, "%s", why());
}

static int get(struct milter_client *client, char *command_r, struct span *data_r,
	       struct error *error)
{
	uint32_t length;

	if (read_all(client->fd, (char *)&length, sizeof(length)) != 0)
		return error_set(error, "%s", why());
	length = ntohl(length);
	if (length == 0 || length > MILTER_MAX_PACKET)
		return error_set(error, "what answers there does not speak the milter protocol");
	if (read_all(client->fd, client->packet, length) != 0)
		return error_set(error, "%s", why());
	*command_r = client->packet[0];
	*data_r = (struct span){ client->packet + 1, length - 1 };
	return 0;
}

static uint32_t number_at(struct span data, size_t at)
{
	uint32_t value;

	memcpy(&value, data.p + at, sizeof(value));
	return ntohl(value);
}

/* ---- opening ---- */

static int negotiate(struct milter_client *client, struct error *error)
{
	const uint32_t offer[] = { htonl(VERSION), htonl(ALL_ACTIONS), htonl(ALL_STEPS) };
	const unsigned needed = ADD_HEADERS | CHANGE_BODY | CHANGE_HEADERS;
	struct span data;
	char command;

	if (put(client, 'O', (struct span){ (const char *)offer, sizeof(offer) }, error) != 0 ||
	    get(client, &command, &data, error) != 0)
		return -1;
	if (command != 'O' || data.n < sizeof(offer))
		return error_set(error, "what answers there does not speak the milter protocol");
	client->actions = number_at(data, 4);
	client->steps = number_at(data, 8);
	if ((client->actions & needed) != needed)
		return error_set(error, "a milter answers there that does not change messages; it "
				 "is not whybounced");
	return 0;
}

int milter_client_open(struct milter_client *client, const struct endpoint *endpoint,
		       unsigned time_ms, struct error *error)
{
	*client = (struct milter_client){ .fd = endpoint_connect(endpoint, time_ms) };
	if (client->fd < 0) {
		client->problem = errno;
		return error_set(error, "%s", why());
	}
	client->packet = malloc(MILTER_MAX_PACKET);
	if (client->packet == NULL)
		error_set(error, "out of memory");
	else if (negotiate(client, error) == 0)
		return 0;
	free(client->packet);
	close(client->fd);
	return -1;
}

void milter_client_close(struct milter_client *client)
{
	put(client, 'Q', SPAN(""), NULL);
	free(client->packet);
	close(client->fd);
}

/* ---- a message ---- */

/* One command, and its answer where there is one. 1: the milter wants no more of
 * this message. */
static int step(struct milter_client *client, char command, struct span data,
		struct milter_answer *answer, struct error *error)
{
	size_t i = 0;
	struct span reply;

	while (commands[i].command != command)
		i++;
	if ((client->steps & commands[i].unsent) != 0)
		return 0;
	if (put(client, command, data, error) != 0)
		return -1;
	if ((client->steps & commands[i].unanswered) != 0)
		return 0;
	if (get(client, &answer->verdict, &reply, error) != 0)
		return -1;
	return answer->verdict == 'c' ? 0 : 1;
}

/* Strings of a command, each with its NUL. */
static struct span strings(struct arena *arena, struct span a, struct span b)
{
	char *p = arena_alloc(arena, a.n + b.n + 2);

	if (p == NULL)
		return SPAN("");
	if (a.n != 0)
		memcpy(p, a.p, a.n);
	if (b.n != 0)
		memcpy(p + a.n + 1, b.p, b.n);
	return (struct span){ p, a.n + b.n + 2 };
}

static int send_envelope(struct milter_client *client, struct arena *arena, const char *rcpt,
			 struct milter_answer *answer, struct error *error)
{
	static const char connect_data[] = "localhost\0" "4\0\0" "127.0.0.1";
	static const char macros[] = "Mi\0whybounce-doctor";	/* the queue id, for the log */
	struct span to = strings(arena, span_str(rcpt), SPAN(""));
	int rc = step(client, 'C', (struct span){ connect_data, sizeof(connect_data) }, answer,
		      error);

	if (rc == 0)
		rc = step(client, 'H', (struct span){ "localhost", 10 }, answer, error);
	if (rc == 0)
		rc = put(client, 'D', (struct span){ macros, sizeof(macros) }, error);
	if (rc == 0)
		rc = step(client, 'M', (struct span){ "", 1 }, answer, error);
	if (rc == 0)
		rc = step(client, 'R', span_slice(to, 0, to.n - 1), answer, error);
	return rc == 0 ? step(client, 'T', SPAN(""), answer, error) : rc;
}

static int send_header(struct milter_client *client, struct arena *arena,
		       const struct headers *headers, struct milter_answer *answer,
		       struct error *error)
{
	int rc = 0;

	for (size_t i = 0; i < headers->n && rc == 0; i++) {
		struct span value = headers->list[i].value;

		if ((client->steps & LEADING_SPACE) == 0 && value.n != 0 && value.p[0] == ' ')
			value = span_from(value, 1);
		rc = step(client, 'L', strings(arena, headers->list[i].name, value), answer, error);
	}
	return rc == 0 ? step(client, 'N', SPAN(""), answer, error) : rc;
}

static int send_body(struct milter_client *client, struct span body,
		     struct milter_answer *answer, struct error *error)
{
	int rc = 0;

	for (size_t at = 0; at < body.n && rc == 0; at += MAX_CHUNK)
		rc = step(client, 'B', span_slice(body, at, at + MAX_CHUNK), answer, error);
	return rc;
}

/* "name\0value\0" of an edit. */
static int take_header(const struct milter_client *client, struct arena *arena,
		       enum header_edit_kind kind, unsigned index, struct span data,
		       struct edits *edits)
{
	size_t end = span_find_byte(data, 0, '\0');
	struct span value = span_from(data, end + 1);
	struct header_edit *edit = &edits->headers[edits->headers_n];

	value = span_slice(value, 0, span_find_byte(value, 0, '\0'));
	if (edits->headers_n == SPLICE_MAX_HEADERS || end == 0 || end == data.n)
		return -1;
	if ((client->steps & LEADING_SPACE) != 0 && span_has_prefix(value, " "))
		value = span_from(value, 1);
	*edit = (struct header_edit){
		.kind = kind == HEADER_REPLACE && value.n == 0 ? HEADER_REMOVE : kind,
		.name = arena_copy(arena, span_slice(data, 0, end)),
		.value = arena_copy(arena, value), .index = index,
	};
	edits->headers_n++;
	return 0;
}

/* -1: none that whybounced makes. */
static int take_edit(const struct milter_client *client, struct arena *arena, char command,
		     struct span data, struct buf *body, struct milter_answer *answer)
{
	switch (command) {
	case 'p':	/* still at it */
		return 0;
	case 'b':
		answer->body_changed = true;
		buf_add(body, data);
		return 0;
	case 'h':
		return take_header(client, arena, HEADER_ADD, 1, data, &answer->edits);
	case 'm':
		return data.n < 4 ? -1 : take_header(client, arena, HEADER_REPLACE,
						     number_at(data, 0), span_from(data, 4),
						     &answer->edits);
	default:
		return -1;
	}
}

/* Edits until the verdict. */
static int take_answer(struct milter_client *client, struct arena *arena,
		       struct milter_answer *answer, struct error *error)
{
	struct buf body;
	struct span data;

	buf_init(&body, arena, 4 * MILTER_MAX_PACKET);
	for (unsigned n = 0; n < MAX_ANSWERS; n++) {
		if (get(client, &answer->verdict, &data, error) != 0)
			return -1;
		if (strchr("acdrty", answer->verdict) != NULL && answer->verdict != '\0') {
			answer->body = buf_span(&body);
			return body.failed ? error_set(error, "the answer is too large") : 0;
		}
		if (take_edit(client, arena, answer->verdict, data, &body, answer) != 0)
			break;
	}
	return error_set(error, "it answered with something that whybounced does not say");
}

int milter_client_hand_over(struct milter_client *client, struct arena *arena,
			    const struct message *message, const char *rcpt,
			    struct milter_answer *answer_r, struct error *error)
{
	int rc;

	*answer_r = (struct milter_answer){ .verdict = 'c' };
	rc = send_envelope(client, arena, rcpt, answer_r, error);
	if (rc == 0)
		rc = send_header(client, arena, &message->root->headers, answer_r, error);
	if (rc == 0)
		rc = send_body(client, message->body, answer_r, error);
	if (rc == 0 && put(client, 'E', SPAN(""), error) != 0)
		rc = -1;
	if (rc == 0)
		rc = take_answer(client, arena, answer_r, error);
	return rc < 0 ? -1 : 0;
}
