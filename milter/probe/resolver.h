/* resolver.h - the network behind probe/dns.h: libunbound, one context, one
 * pump thread, a cache, and waiters with a deadline of their own.
 *
 * One resolver per process, shared by all threads, made after the last fork.
 * Everything it reads from the file system (resolv.conf, the root key) is read in
 * resolver_new. Its two threads start with the first question, so that a sandbox
 * that closes in between holds them too; they need sockets, and no file. Nothing
 * is sent before something is asked. The only file that knows libunbound.
 *
 * An answer that fails DNSSEC is DNS_TEMPORARY "bogus" where the servers pass
 * DNSSEC on (the root validates through them), else it counts as not validated.
 *
 * Limits: 256 questions at once, asked ahead or waited for; then "busy". */
#ifndef WHYBOUNCE_PROBE_RESOLVER_H
#define WHYBOUNCE_PROBE_RESOLVER_H

#include "base/error.h"
#include "probe/dns.h"

struct resolver;

struct resolver_settings {
	const char *const *servers;	/* "192.0.2.53", "127.0.0.1@5353" */
	size_t servers_n;		/* 0: the system's */
	const char *named_by;		/* "--dns": what names them, for an error; NULL:
					 * "dns.servers" */
	unsigned query_timeout_ms;	/* of one query; 0: 2500 */
	const char *root_key;		/* file with the key of the root; NULL: the
					 * system's, where it has one */
};

/* NULL with an error. */
struct resolver *resolver_new(const struct resolver_settings *settings,
			      struct error *error);
/* No query may be under way. NULL is allowed. */
void resolver_free(struct resolver *resolver);
const struct dns_source *resolver_source(struct resolver *resolver);
/* All servers were named and are on this machine. Then they alone answer: what
 * libunbound knows by itself (test., invalid., reverse zones of private
 * addresses) is left out. */
bool resolver_is_local(const struct resolver *resolver);

#endif
