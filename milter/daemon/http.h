/* http.h - GET /metrics (Prometheus' text), /healthz (this process lives) and
 * /readyz (a bounce that comes now would be explained; else 503).
 *
 * Meant for loopback or a management network: no secret is told, and nothing can
 * be changed, but the server is only as hard as libmicrohttpd. */
#ifndef WHYBOUNCE_DAEMON_HTTP_H
#define WHYBOUNCE_DAEMON_HTTP_H

#include "daemon/session.h"

/* "inet:PORT@HOST" or "inet6:PORT@HOST": a listening socket, or -1 with an error. */
int http_listen(const char *address, struct error *error);

/* Answer from a thread of its own, as long as the process lives. */
int http_serve(int listening, const struct session_settings *settings);

#endif
