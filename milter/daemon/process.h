/* process.h - what the three kinds of process have in common.
 *
 * All are whybounced, started by fork and exec: `whybounced --front …` and
 * `whybounced --worker …` are for the parent alone. */
#ifndef WHYBOUNCE_DAEMON_PROCESS_H
#define WHYBOUNCE_DAEMON_PROCESS_H

#include <sys/types.h>

#include "base/error.h"
#include "core/config.h"

/* Descriptors of a child: the parent's orders, where jobs go through; of the
 * front alone, the counters' memory and the socket that metrics are asked on. */
enum {
	CHILD_ORDERS = 3, CHILD_JOBS, CHILD_METRICS, CHILD_HTTP,
	CHILD_END,		/* one more than the last */
	CHILD_GIVEN = CHILD_END - CHILD_JOBS,
};

/* Orders, a byte each; the front answers ORDER_READY when its socket is there,
 * a worker when it has loaded everything. The line closed means: the parent is
 * gone, finish. */
enum order { ORDER_READY = 'r', ORDER_RELOAD = 'h', ORDER_DRAIN = 'd' };

/* How a worker ends that gives up on a bounce. */
enum { EXIT_STUCK = 75 };

/* Start ourselves again as "--front" or "--worker". given: what becomes
 * CHILD_JOBS and those behind it; -1: nothing. orders_r: our end of the line to
 * the child. -1 with an error. */
pid_t process_start(const char *role, const char *config_path,
		    const int given[CHILD_GIVEN], int *orders_r, struct error *error);

/* How many workers the configuration wants; 1 where it wants none. */
unsigned process_workers(const struct config *config);

/* Become this user for good; without root it stays what it is. */
int process_become(const char *user, struct error *error);

/* Log as the configuration says. */
void process_prepare(const struct config *config);

/* Keep memory that the next bounce needs again: giving it back and taking it anew
 * costs more than the work. heaps: of the C library, for all threads. */
void process_keep_memory(int heaps);

long long process_now_ms(void);		/* of a clock that nobody sets */

#endif
