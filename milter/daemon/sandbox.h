/* sandbox.h - the door behind a process that reads what strangers wrote.
 *
 * Locked once, for all threads there are and will be, after everything that needs
 * a file is loaded: configuration, knowledge, converters, compiled rules,
 * resolver, the connection to the log. It cannot be opened again.
 *
 * A worker may use memory, threads, clocks, the descriptors it has, and sockets
 * of the internet for the DNS. It opens no file, starts no program, signals
 * nobody, makes no code. The front, which listens and reloads, is only kept from
 * what no milter does. Whoever breaks a rule is killed by the kernel. Two things are
 * refused instead: unix sockets, because syslog(3) asks for one when the log has been
 * restarted, and new code, because PCRE2 can do without.
 *
 * Builds with a sanitizer have resource limits of their own kind and need files
 * for their reports: there the door stays open, privileges are dropped alone. */
#ifndef WHYBOUNCE_DAEMON_SANDBOX_H
#define WHYBOUNCE_DAEMON_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum sandbox_kind { SANDBOX_WORKER, SANDBOX_FRONT };

/* Is the door one that locks, in this build? */
bool sandbox_is_locking(void);

/* jobs: the descriptor that all workers share; none of them may change its
 * options (worker only). memory: bytes of address space, 0 for no limit. After
 * this the code of compiled rules can be run and read, not written or freed: a
 * worker leaves with _exit. -1 with an error: do not go on. */
int sandbox_lock(enum sandbox_kind kind, int jobs, size_t memory, struct error *error);

#endif
