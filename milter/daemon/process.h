/* process.h - what the three kinds of process have in common.
 *
 * All are whybounced, started by fork and exec: `whybounced --front …` and
 * `whybounced --worker …` are for the parent alone. */
#ifndef WHYBOUNCE_DAEMON_PROCESS_H
#define WHYBOUNCE_DAEMON_PROCESS_H

#include <sys/types.h>

#include "base/error.h"
#include "core/config.h"

/* Descriptors of a child: where jobs go through, and the parent's orders. */
enum { CHILD_JOBS = 3, CHILD_ORDERS = 4 };

/* Orders, a byte each; the front answers ORDER_READY when its socket is there,
 * a worker when it has loaded everything. */
enum order { ORDER_READY = 'r', ORDER_RELOAD = 'h', ORDER_DRAIN = 'd' };

enum { PROCESS_MAX_WORKERS = 64 };
/* How many workers the configuration asks for: one per core where it does not say. */
unsigned process_workers(const struct config *config);

/* Start ourselves again as "--front" or "--worker". orders_r: our end of the
 * line to the child. -1 with an error. */
pid_t process_start(const char *role, const char *config_path, int jobs,
		    int *orders_r, struct error *error);

/* Become this user for good; without root it stays what it is. */
int process_become(const char *user, struct error *error);

/* Log as the configuration says, and die with the parent. */
void process_prepare(const struct config *config);

#endif
