/* milter_client.h - a mail server's side of the milter protocol, version 6.
 *
 * Sends what Postfix's cleanup sends for a bounce of its own, in the same
 * order, and writes when an answer is needed, as it does. */
#ifndef WHYBOUNCE_BENCH_MILTER_CLIENT_H
#define WHYBOUNCE_BENCH_MILTER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct milter_client {
	int fd;
	uint32_t steps;		/* as negotiated: what to leave out, what to wait for */
	size_t n;		/* bytes in out, not yet written */
	char out[128 * 1024], in[128 * 1024];
};

/* What came of one message. */
struct milter_answer {
	char verdict;		/* 'c', 'a', 't', …; 0: the connection broke */
	size_t headers;		/* header edits */
	size_t body;		/* bytes of the new body; 0: unchanged */
	bool marked;		/* X-Whybounce was added */
};

/* socket: the path of a unix socket, or "PORT" on 127.0.0.1. -1 when nobody
 * listens, or it is no milter. */
int milter_connect(struct milter_client *client, const char *socket);
/* One bounce from beginning to end: `fields` header lines ("Name: value", folds
 * as LF) each ended by NUL, the last one by two. */
struct milter_answer milter_deliver(struct milter_client *client, const char *fields,
				    struct span body);
void milter_close(struct milter_client *client);

#endif
