/* resolver.h - the network behind probe/dns.h: libunbound, one context, one
 * pump thread, a cache, and waiters with a deadline of their own.
 *
 * One resolver per process, shared by all threads. Everything it reads from the
 * file system (resolv.conf, hosts, the root key) is read in resolver_new, before
 * a sandbox closes. The only file that knows libunbound. */
#ifndef WHYBOUNCE_PROBE_RESOLVER_H
#define WHYBOUNCE_PROBE_RESOLVER_H

#include "base/error.h"
#include "probe/dns.h"

struct resolver;

struct resolver_settings {
	const char *const *servers;	/* "192.0.2.53", "127.0.0.1@5353" */
	size_t servers_n;		/* 0: the system's */
	unsigned query_timeout_ms;	/* of one query; 0: a default */
};

/* NULL with an error. */
struct resolver *resolver_new(const struct resolver_settings *settings,
			      struct error *error);
void resolver_free(struct resolver *resolver);
const struct dns_source *resolver_source(struct resolver *resolver);

#endif
