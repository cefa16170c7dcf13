/* endpoint.h - where a milter listens, as each program writes it. Private to cli/.
 *
 *   whybounce.yaml, Sendmail   local:/path  unix:/path  inet:PORT@HOST
 *   Postfix                    unix:path    inet:HOST:PORT */
#ifndef WHYBOUNCE_CLI_ENDPOINT_H
#define WHYBOUNCE_CLI_ENDPOINT_H

#include "base/error.h"
#include "base/span.h"

struct endpoint {
	char path[256];		/* as written; "": it is host and port */
	char host[256], port[8];
};

/* -1 where it is neither. */
int endpoint_parse(struct span text, struct endpoint *endpoint_r);
int endpoint_parse_postfix(struct span text, struct endpoint *endpoint_r);

/* The same socket: one file, or one port of one host (all names of this machine's
 * loopback are alike). */
bool endpoint_eq(const struct endpoint *a, const struct endpoint *b);

/* A connected descriptor whose reads and writes wait time_ms at most; -1 with
 * errno, which is EADDRNOTAVAIL for a host that has no address. */
int endpoint_connect(const struct endpoint *endpoint, unsigned time_ms);

#endif
