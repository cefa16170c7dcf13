#include "milter_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Bits of the negotiation: steps to leave out, steps that get no answer. */
enum {
	NO_CONNECT = 0x01, NO_HELO = 0x02, NO_MAIL = 0x04, NO_RCPT = 0x08, NO_BODY = 0x10,
	NO_HEADER = 0x20, NO_END_OF_HEADER = 0x40, NO_DATA = 0x200,
	QUIET_HEADER = 0x80, QUIET_CONNECT = 0x1000, QUIET_HELO = 0x2000, QUIET_MAIL = 0x4000,
	QUIET_RCPT = 0x8000, QUIET_DATA = 0x10000, QUIET_END_OF_HEADER = 0x40000,
	QUIET_BODY = 0x80000, LEADING_SPACE = 0x100000,
	OFFERED_ACTIONS = 0x1ff, OFFERED_STEPS = 0x1fffff, VERSION = 6,
	CHUNK = 65535,
};

/* ---- bytes ---- */

static int flush_out(struct milter_client *client)
{
	size_t done = 0;

	while (done < client->n) {
		ssize_t n = write(client->fd, client->out + done, client->n - done);

		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	client->n = 0;
	return 0;
}

static int add(struct milter_client *client, const void *bytes, size_t n)
{
	if (client->n + n > sizeof(client->out) && flush_out(client) != 0)
		return -1;
	memcpy(client->out + client->n, bytes, n);
	client->n += n;
	return 0;
}

static int add_packet(struct milter_client *client, char command, const void *data, size_t n)
{
	uint32_t length = htonl((uint32_t)n + 1);

	if (add(client, &length, sizeof(length)) != 0 || add(client, &command, 1) != 0)
		return -1;
	return n == 0 ? 0 : add(client, data, n);
}

static int read_whole_packet(struct milter_client *client, void *to, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = read(client->fd, (char *)to + done, n - done);

		if (got <= 0)
			return -1;
		done += (size_t)got;
	}
	return 0;
}

/* The next answer: its letter, its data in client->in. 0: the connection broke. */
static char read_answer(struct milter_client *client, size_t *n_r)
{
	uint32_t length;

	if (flush_out(client) != 0 || read_whole_packet(client, &length, sizeof(length)) != 0)
		return 0;
	length = ntohl(length);
	if (length == 0 || length > sizeof(client->in) ||
	    read_whole_packet(client, client->in, length) != 0)
		return 0;
	*n_r = length - 1;
	return client->in[0];
}

/* ---- the connection ---- */

static int open_socket(const char *name)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct sockaddr_in inet = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				    .sin_port = htons((uint16_t)atoi(name)) };
	bool path = name[0] == '/';
	int fd = socket(path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	snprintf(local.sun_path, sizeof(local.sun_path), "%s", name);
	if (connect(fd, path ? (struct sockaddr *)&local : (struct sockaddr *)&inet,
		    path ? sizeof(local) : sizeof(inet)) != 0) {
		close(fd);
		return -1;
	}
	if (!path)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static int negotiate(struct milter_client *client)
{
	uint32_t offer[3] = { htonl(VERSION), htonl(OFFERED_ACTIONS), htonl(OFFERED_STEPS) };
	size_t n;

	if (add_packet(client, 'O', offer, sizeof(offer)) != 0 ||
	    read_answer(client, &n) != 'O' || n < sizeof(offer))
		return -1;
	memcpy(offer, client->in + 1, sizeof(offer));
	client->steps = ntohl(offer[2]);
	return 0;
}

/* One step of the dialogue, with its macros. 'c' to go on. */
static char step(struct milter_client *client, char command, struct span macros, struct span data,
		 uint32_t leave_out, uint32_t quiet)
{
	size_t n;
	char answer;

	if ((client->steps & leave_out) != 0)
		return 'c';
	if (macros.n != 0 && add_packet(client, 'D', macros.p, macros.n) != 0)
		return 0;
	if (add_packet(client, command, data.p, data.n) != 0)
		return 0;
	if ((client->steps & quiet) != 0)
		return 'c';
	answer = read_answer(client, &n);
	return answer;
}

int milter_connect(struct milter_client *client, const char *socket)
{
	static const char macros[] = "Cj\0mail.example.org\0_\0localhost [127.0.0.1]\0"
		"v\0Postfix 3.7.11\0{daemon_name}\0mail.example.org\0{daemon_addr}\000127.0.0.1";
	static const char host[] = "localhost\0004\0\000127.0.0.1";

	client->n = 0;
	client->fd = open_socket(socket);
	if (client->fd < 0)
		return -1;
	if (negotiate(client) == 0 &&
	    step(client, 'C', (struct span){ macros, sizeof(macros) },
		 (struct span){ host, sizeof(host) }, NO_CONNECT, QUIET_CONNECT) == 'c' &&
	    step(client, 'H', SPAN("H"), (struct span){ "localhost", 10 }, NO_HELO,
		 QUIET_HELO) == 'c')
		return 0;
	close(client->fd);
	return -1;
}

void milter_close(struct milter_client *client)
{
	add_packet(client, 'Q', NULL, 0);
	flush_out(client);
	close(client->fd);
}

/* ---- one message ---- */

static char send_envelope(struct milter_client *client)
{
	static const char mail[] = "Mi\0C15F3A8A299\0{mail_addr}\0";
	static const char rcpt[] = "Ri\0C15F3A8A299\0{rcpt_addr}\0anna@example.org";
	static const char data[] = "Ti\0C15F3A8A299";
	char answer = step(client, 'M', (struct span){ mail, sizeof(mail) },
			   (struct span){ "", 1 }, NO_MAIL, QUIET_MAIL);

	if (answer == 'c')
		answer = step(client, 'R', (struct span){ rcpt, sizeof(rcpt) },
			      (struct span){ "anna@example.org", 17 }, NO_RCPT, QUIET_RCPT);
	if (answer == 'c')
		answer = step(client, 'T', (struct span){ data, sizeof(data) }, SPAN(""),
			      NO_DATA, QUIET_DATA);
	return answer;
}

/* "Name: value" becomes name NUL value NUL, the space as negotiated. */
static char send_fields(struct milter_client *client, const char *fields)
{
	char answer = 'c', field[1024];

	for (; *fields != '\0' && answer == 'c'; fields += strlen(fields) + 1) {
		size_t n = strlen(fields), colon = strcspn(fields, ":");
		bool space = (client->steps & LEADING_SPACE) == 0;

		if (n + 1 > sizeof(field) || colon == n)
			return 0;
		memcpy(field, fields, n + 1);
		field[colon] = '\0';
		memmove(field + colon + 1, field + colon + 1 + space, n - colon - space);
		answer = step(client, 'L', SPAN(""), (struct span){ field, n + 1 - space },
			      NO_HEADER, QUIET_HEADER);
	}
	return answer;
}

static char send_body(struct milter_client *client, struct span body)
{
	char answer = step(client, 'N', (struct span){ "Ni\0C15F3A8A299", 15 }, SPAN(""),
			   NO_END_OF_HEADER, QUIET_END_OF_HEADER);

	for (size_t at = 0; at < body.n && answer == 'c'; at += CHUNK)
		answer = step(client, 'B', SPAN(""), span_slice(body, at, at + CHUNK), NO_BODY,
			      QUIET_BODY);
	return answer;
}

static struct milter_answer read_edits(struct milter_client *client)
{
	struct milter_answer answer = { .verdict = 0 };
	size_t n;

	for (;;) {
		char letter = read_answer(client, &n);

		if (letter == 'b') {
			answer.body += n;
		} else if (letter == 'h' || letter == 'm' || letter == 'i') {
			answer.headers++;
			answer.marked |= letter == 'h' && strcmp(client->in + 1, "X-Whybounce") == 0;
		} else if (letter != 'p') {
			answer.verdict = letter;
			return answer;
		}
	}
}

struct milter_answer milter_deliver(struct milter_client *client, const char *fields,
				    struct span body)
{
	struct milter_answer answer = { .verdict = send_envelope(client) };

	if (answer.verdict == 'c')
		answer.verdict = send_fields(client, fields);
	if (answer.verdict == 'c')
		answer.verdict = send_body(client, body);
	if (answer.verdict != 'c')
		return answer;
	if (add_packet(client, 'D', "Ei\0C15F3A8A299", 15) != 0 ||
	    add_packet(client, 'E', NULL, 0) != 0)
		return (struct milter_answer){ .verdict = 0 };
	return read_edits(client);
}
