#include "dns_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/address.h"

enum {
	LARGEST = 65535,
	UDP_LARGEST = 1232,
	HEAD = 12,
	SERVFAIL = 2, NXDOMAIN = 3, REFUSED = 5, SILENCE = -1,
	CNAMES = 8,
};

struct message {
	uint8_t bytes[LARGEST];
	size_t n;
	bool full;
};

/* ---- writing ---- */

static void put(struct message *m, const void *bytes, size_t n)
{
	m->full = m->full || n > sizeof(m->bytes) - m->n;
	if (m->full || n == 0)
		return;
	memcpy(m->bytes + m->n, bytes, n);
	m->n += n;
}

static void put8(struct message *m, unsigned value)
{
	uint8_t byte = (uint8_t)value;

	put(m, &byte, 1);
}

static void put16(struct message *m, unsigned value)
{
	put8(m, value >> 8);
	put8(m, value & 255);
}

static void put_name(struct message *m, const char *name)
{
	while (*name != '\0' && strcmp(name, ".") != 0) {
		size_t n = strcspn(name, ".");

		put8(m, (unsigned)n);
		put(m, name, n);
		name += n + (name[n] == '.');
	}
	put8(m, 0);
}

static void put_text(struct message *m, struct span text)
{
	do {
		struct span piece = span_slice(text, 0, 255);

		put8(m, (unsigned)piece.n);
		put(m, piece.p, piece.n);
		text = span_from(text, piece.n);
	} while (text.n > 0);
}

static void put_hex(struct message *m, const char *hex)
{
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		put8(m, byte);
}

static void put_data(struct message *m, const struct dns_row *row)
{
	struct ip ip;
	char *rest;

	switch (row->type) {
	case DNS_A:
	case DNS_AAAA:
		if (ip_parse(span_str(row->data), &ip) != 0)
			abort();
		put(m, ip.bytes, ip.bits / 8);
		break;
	case DNS_TXT:
		put_text(m, row->data_n > 0 ? (struct span){ row->data, row->data_n } :
			 span_str(row->data));
		break;
	case DNS_MX:
		put16(m, (unsigned)strtoul(row->data, &rest, 10));
		put_name(m, rest + strspn(rest, " "));
		break;
	case DNS_PTR:
	case DNS_CNAME:
		put_name(m, row->data);
		break;
	default:
		put_hex(m, row->data);
	}
}

static void put_record(struct message *m, const struct dns_row *row, unsigned *count)
{
	size_t length;

	put_name(m, row->name);
	put16(m, (unsigned)row->type);
	put16(m, 1);
	put16(m, 0);
	put16(m, 60);
	length = m->n;
	put16(m, 0);
	put_data(m, row);
	if (m->full)
		return;
	m->bytes[length] = (uint8_t)((m->n - length - 2) >> 8);
	m->bytes[length + 1] = (uint8_t)((m->n - length - 2) & 255);
	++*count;
}

/* ---- answering ---- */

struct question {
	char name[DNS_MAX_NAME + 2];
	unsigned type;
	size_t end;		/* of the question in its message */
};

static bool read_question(const uint8_t *bytes, size_t n, struct question *q)
{
	size_t at = HEAD, out = 0;

	while (at < n && bytes[at] != 0) {
		size_t label = bytes[at++];

		if (label > 63 || label > n - at || out + label + 1 >= sizeof(q->name))
			return false;
		memcpy(q->name + out, bytes + at, label);
		out += label;
		q->name[out++] = '.';
		at += label;
	}
	if (at + 5 > n)
		return false;
	q->name[out > 0 ? out - 1 : 0] = '\0';
	q->type = bytes[at + 1] * 256u + bytes[at + 2];
	q->end = at + 5;
	return true;
}

static int code_of(const char *fault)
{
	if (strcmp(fault, "silence") == 0)
		return SILENCE;
	return strcmp(fault, "refused") == 0 ? REFUSED : SERVFAIL;
}

static bool is_wanted(const struct dns_row *row, unsigned type)
{
	unsigned covered;

	return row->type == (int)type || row->type == DNS_CNAME ||
		(row->type == DNS_RRSIG && sscanf(row->data, "%4x", &covered) == 1 &&
		 covered == type);
}

/* The rows of one name; the response code. *alias_r: where to look next. */
static int put_rows(struct message *m, const struct dns_server *s, const char *name,
		    unsigned type, unsigned *count, const char **alias_r)
{
	bool exists = false;

	*alias_r = NULL;
	for (size_t i = 0; i < s->n; i++) {
		const struct dns_row *row = &s->rows[i];
		size_t n = strlen(name), m_n = strlen(row->name);
		bool same = strcasecmp(row->name, name) == 0;

		exists = exists || same || n == 0 ||
			(m_n > n && row->name[m_n - n - 1] == '.' &&
			 strcasecmp(row->name + m_n - n, name) == 0);
		if (same && row->fault != NULL)
			return code_of(row->fault);
		if (!same || !is_wanted(row, type))
			continue;
		put_record(m, row, count);
		if (row->type == DNS_CNAME)
			*alias_r = row->data;
	}
	return exists ? 0 : NXDOMAIN;
}

/* False: say nothing. */
static bool answer(const struct dns_server *s, const uint8_t *bytes, size_t n,
		   bool udp, struct message *m)
{
	struct question q;
	const char *alias;
	unsigned count = 0;
	int code;

	m->n = 0;
	m->full = false;
	if (n < HEAD || !read_question(bytes, n, &q))
		return false;
	put(m, bytes, q.end);
	if (s->mood == DNS_SERVER_OTHER_NAME && q.end > HEAD + 6)
		m->bytes[HEAD + 1] = m->bytes[HEAD + 1] == 'z' ? 'y' : 'z';
	alias = q.name;
	for (int hops = 0; (code = put_rows(m, s, alias, q.type, &count, &alias)) == 0 &&
	     alias != NULL && hops < CNAMES; hops++)
		;
	if (code == SILENCE)
		return false;
	if (m->full)
		abort();
	memset(m->bytes + 2, 0, HEAD - 2);
	m->bytes[2] = 0x84;	/* answer, authoritative */
	m->bytes[3] = (uint8_t)(0x80 | code);
	m->bytes[5] = 1;
	if (udp && (m->n > UDP_LARGEST || s->mood == DNS_SERVER_TRUNCATES ||
		    s->mood == DNS_SERVER_TCP_HANGS)) {
		m->n = q.end;
		m->bytes[2] |= 2;
		return true;
	}
	m->bytes[6] = (uint8_t)(count >> 8);
	m->bytes[7] = (uint8_t)(count & 255);
	if (s->mood == DNS_SERVER_GARBAGE)
		memset(m->bytes + 2, 0xff, m->n - 2);
	if (s->mood == DNS_SERVER_WRONG_ID)
		m->bytes[0] ^= 1;
	return true;
}

/* ---- sockets ---- */

/* False when the server is to stop. */
static bool pause_for(struct dns_server *s, int ms)
{
	struct pollfd stop = { .fd = s->stop_fd, .events = POLLIN };

	return ms == 0 || poll(&stop, 1, ms) == 0;
}

static void serve_udp(struct dns_server *s, struct message *m)
{
	struct sockaddr_in from;
	socklen_t from_n = sizeof(from);
	uint8_t question[2048];
	ssize_t n = recvfrom(s->udp_fd, question, sizeof(question), 0,
			     (struct sockaddr *)&from, &from_n);

	if (n < 0)
		return;
	atomic_fetch_add(&s->questions, 1);
	if (s->mood == DNS_SERVER_SILENT || !pause_for(s, (int)s->delay_ms) ||
	    !answer(s, question, (size_t)n, true, m))
		return;
	sendto(s->udp_fd, m->bytes, m->n, 0, (const struct sockaddr *)&from, from_n);
}

static void serve_tcp(struct dns_server *s, struct message *m)
{
	int fd = accept(s->tcp_fd, NULL, NULL);
	uint8_t question[2048], length[2];

	if (fd < 0)
		return;
	atomic_fetch_add(&s->tcp, 1);
	if (s->mood == DNS_SERVER_TCP_HANGS)
		pause_for(s, -1);
	else if (recv(fd, length, 2, MSG_WAITALL) == 2) {
		size_t n = length[0] * 256u + length[1];

		if (n <= sizeof(question) && recv(fd, question, n, MSG_WAITALL) == (ssize_t)n &&
		    pause_for(s, (int)s->delay_ms) && answer(s, question, n, false, m)) {
			length[0] = (uint8_t)(m->n >> 8);
			length[1] = (uint8_t)(m->n & 255);
			send(fd, length, 2, MSG_MORE | MSG_NOSIGNAL);
			send(fd, m->bytes, m->n, MSG_NOSIGNAL);
		}
	}
	close(fd);
}

static void *serve(void *context)
{
	struct dns_server *s = context;
	struct message *m = malloc(sizeof(*m));
	struct pollfd fds[3] = {
		{ .fd = s->stop_fd, .events = POLLIN },
		{ .fd = s->udp_fd, .events = POLLIN },
		{ .fd = s->tcp_fd, .events = POLLIN },
	};

	while (m != NULL && poll(fds, 3, -1) > 0 && fds[0].revents == 0) {
		if (fds[1].revents != 0)
			serve_udp(s, m);
		if (fds[2].revents != 0)
			serve_tcp(s, m);
	}
	free(m);
	return NULL;
}

/* One number that is free for both. */
static bool bind_both(struct dns_server *s)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t n = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->udp_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	s->tcp_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->udp_fd, (struct sockaddr *)&address, n), 0);
	assert_int_equal(getsockname(s->udp_fd, (struct sockaddr *)&address, &n), 0);
	snprintf(s->address, sizeof(s->address), "127.0.0.1@%u", ntohs(address.sin_port));
	if (bind(s->tcp_fd, (struct sockaddr *)&address, n) == 0 && listen(s->tcp_fd, 64) == 0)
		return true;
	close(s->udp_fd);
	close(s->tcp_fd);
	return false;
}

void dns_server_start(struct dns_server *s, const struct dns_row *rows, size_t n)
{
	int tries = 0;

	*s = (struct dns_server){ .rows = rows, .n = n, .mood = DNS_SERVER_WELL };
	while (!bind_both(s))
		assert_true(++tries < 50);
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	assert_true(s->stop_fd >= 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

void dns_server_stop(struct dns_server *s)
{
	const uint64_t one = 1;

	assert_int_equal(write(s->stop_fd, &one, sizeof(one)), sizeof(one));
	pthread_join(s->thread, NULL);
	close(s->stop_fd);
	close(s->udp_fd);
	close(s->tcp_fd);
}
