/* dns_server.h - a DNS server on loopback that answers from a table, and fails
 * as it is told. UDP and TCP on one port; one thread; one question at a time. */
#ifndef WHYBOUNCE_TESTS_DNS_SERVER_H
#define WHYBOUNCE_TESTS_DNS_SERVER_H

#include <pthread.h>

#include "dns_table.h"

enum dns_server_mood {
	DNS_SERVER_WELL,
	DNS_SERVER_SILENT,	/* reads questions, answers none */
	DNS_SERVER_TRUNCATES,	/* UDP: cut; TCP: whole */
	DNS_SERVER_TCP_HANGS,	/* UDP: cut; TCP: connects, and says nothing */
	DNS_SERVER_GARBAGE,	/* bytes behind the right id */
	DNS_SERVER_WRONG_ID,
	DNS_SERVER_OTHER_NAME,	/* answers another question */
};

struct dns_server {
	char address[32];	/* "127.0.0.1@PORT", as resolver.h takes it */
	const struct dns_row *rows;
	size_t n;
	_Atomic enum dns_server_mood mood;
	atomic_uint delay_ms;	/* of every answer */
	atomic_uint questions, tcp;
	int udp_fd, tcp_fd, stop_fd;
	pthread_t thread;
};

/* Signatures go with what they sign. A row's fault: "servfail", "refused" or
 * "silence". The last row of a name may be a CNAME, followed up to the end or a
 * loop. */
void dns_server_start(struct dns_server *server, const struct dns_row *rows, size_t n);
void dns_server_stop(struct dns_server *server);

#endif
