#include "cli/endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int copy(char *to, size_t size, struct span s)
{
	if (s.n == 0 || s.n >= size)
		return -1;
	memcpy(to, s.p, s.n);
	to[s.n] = '\0';
	return 0;
}

/* What follows "local:", "unix:" or "inet:". */
static bool take_prefix(struct span *text, const char *prefix)
{
	if (!span_has_prefix(*text, prefix))
		return false;
	*text = span_from(*text, strlen(prefix));
	return true;
}

static int host_and_port(struct span host, struct span port, struct endpoint *endpoint)
{
	if (span_has_prefix(host, "[") && span_has_suffix(host, "]"))
		host = span_slice(host, 1, host.n - 1);
	if (copy(endpoint->port, sizeof(endpoint->port), port) != 0)
		return -1;
	return copy(endpoint->host, sizeof(endpoint->host), host);
}

int endpoint_parse(struct span text, struct endpoint *endpoint_r)
{
	size_t at;

	*endpoint_r = (struct endpoint){ .path = "" };
	if (take_prefix(&text, "local:") || take_prefix(&text, "unix:"))
		return copy(endpoint_r->path, sizeof(endpoint_r->path), text);
	if (!take_prefix(&text, "inet:") && !take_prefix(&text, "inet6:"))
		return -1;
	at = span_find_byte(text, 0, '@');
	return host_and_port(span_from(text, at + 1), span_slice(text, 0, at), endpoint_r);
}

int endpoint_parse_postfix(struct span text, struct endpoint *endpoint_r)
{
	size_t colon;

	*endpoint_r = (struct endpoint){ .path = "" };
	if (take_prefix(&text, "unix:"))
		return copy(endpoint_r->path, sizeof(endpoint_r->path), text);
	if (!take_prefix(&text, "inet:"))
		return -1;
	for (colon = text.n; colon > 0 && text.p[colon - 1] != ':'; colon--)
		;
	if (colon == 0)
		return -1;
	return host_and_port(span_slice(text, 0, colon - 1), span_from(text, colon), endpoint_r);
}

static bool is_loopback(const char *host)
{
	return span_is(span_str(host), "localhost") || strncmp(host, "127.", 4) == 0 ||
		strcmp(host, "::1") == 0;
}

static bool same_file(const char *a, const char *b)
{
	struct stat of_a, of_b;

	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
		of_a.st_ino == of_b.st_ino;
}

bool endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	if (a->path[0] != '\0' || b->path[0] != '\0')
		return a->path[0] != '\0' && b->path[0] != '\0' && same_file(a->path, b->path);
	return strcmp(a->port, b->port) == 0 &&
		(span_is(span_str(a->host), b->host) || (is_loopback(a->host) && is_loopback(b->host)));
}

static int limit_waiting(int fd, unsigned time_ms)
{
	struct timeval wait = {
		.tv_sec = time_ms / 1000, .tv_usec = (long)(time_ms % 1000) * 1000,
	};

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0 ? 0 : -1;
}

static int connect_to(const struct sockaddr *address, socklen_t length, int family,
		      unsigned time_ms)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), problem;

	if (fd < 0)
		return -1;
	if (limit_waiting(fd, time_ms) == 0 && connect(fd, address, length) == 0)
		return fd;
	problem = errno;
	close(fd);
	errno = problem;
	return -1;
}

static int connect_to_path(const char *path, unsigned time_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	return connect_to((const struct sockaddr *)&address, sizeof(address), AF_UNIX, time_ms);
}

int endpoint_connect(const struct endpoint *endpoint, unsigned time_ms)
{
	struct addrinfo wanted = { .ai_socktype = SOCK_STREAM }, *found;
	int fd = -1;

	if (endpoint->path[0] != '\0')
		return connect_to_path(endpoint->path, time_ms);
	if (getaddrinfo(endpoint->host, endpoint->port, &wanted, &found) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	for (const struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next)
		fd = connect_to(a->ai_addr, a->ai_addrlen, a->ai_family, time_ms);
	freeaddrinfo(found);
	return fd;
}
