#include "daemon/http.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

enum {
	BACKLOG = 16, CONNECTIONS = 16,
	SECONDS = 5,		/* an idle connection is closed */
	REQUEST_MEMORY = 16 * 1024,
	MOST_PORT = 8, MOST_HOST = 256,
};

/* ---- listening ---- */

static int listen_at(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The option table has checked the shape. */
int http_listen(const char *address, struct error *error)
{
	const char *port = strchr(address, ':') + 1, *host = strchr(address, '@') + 1;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE,
				  .ai_family = address[4] == '6' ? AF_INET6 : AF_INET };
	struct addrinfo *found;
	char number[MOST_PORT] = "";
	int rc, fd;

	strncat(number, port, (size_t)(host - 1 - port) < MOST_PORT ?
		(size_t)(host - 1 - port) : MOST_PORT - 1);
	rc = getaddrinfo(host, number, &hints, &found);
	if (rc != 0)
		return error_set(error, "metrics: %s: %s", address, gai_strerror(rc));
	fd = listen_at(found);
	freeaddrinfo(found);
	if (fd < 0)
		error_set(error, "metrics: cannot listen on %s: %s", address, strerror(errno));
	return fd;
}

/* ---- answering ---- */

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *type,
			     struct span text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		text.n, (void *)(uintptr_t)text.p, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result rc;

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	rc = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return rc;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *text)
{
	return reply(connection, status, "text/plain; charset=utf-8", span_str(text));
}

static enum MHD_Result print_metrics(struct MHD_Connection *connection,
				     const struct session_settings *settings)
{
	struct arena arena;
	struct buf out;
	enum MHD_Result rc;

	arena_init(&arena, 4 * (size_t)METRICS_TEXT);
	buf_init(&out, &arena, METRICS_TEXT);
	metrics_print(&out, settings->metrics, settings->under_way);
	if (out.failed)
		rc = say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory\n");
	else
		rc = reply(connection, MHD_HTTP_OK,
			   "text/plain; version=0.0.4; charset=utf-8", buf_span(&out));
	arena_release(&arena);
	return rc;
}

static enum MHD_Result print_ready(struct MHD_Connection *connection,
				   const struct session_settings *settings)
{
	const struct metrics *m = settings->metrics;

	if (settings->draining)
		return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "stopping\n");
	if (!m->front_ready)
		return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "starting\n");
	if (m->workers_wanted > 0 && m->workers_ready == 0)
		return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "no worker is ready\n");
	return say(connection, MHD_HTTP_OK, "ready\n");
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_n, void **request)
{
	const struct session_settings *settings = context;

	(void)version, (void)upload, (void)request;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		*upload_n = 0;
		return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	}
	if (strcmp(url, "/metrics") == 0)
		return print_metrics(connection, settings);
	if (strcmp(url, "/healthz") == 0)
		return say(connection, MHD_HTTP_OK, "alive\n");
	if (strcmp(url, "/readyz") == 0)
		return print_ready(connection, settings);
	return say(connection, MHD_HTTP_NOT_FOUND, "/metrics, /healthz, /readyz\n");
}

int http_serve(int listening, const struct session_settings *settings)
{
	struct MHD_Daemon *server = MHD_start_daemon(
		MHD_USE_POLL_INTERNAL_THREAD, 0, NULL, NULL, answer, (void *)(uintptr_t)settings,
		MHD_OPTION_LISTEN_SOCKET, listening,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MEMORY,
		MHD_OPTION_END);

	return server != NULL ? 0 : -1;
}
