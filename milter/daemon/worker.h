/* worker.h - the process that reads hostile bytes and explains them.
 *
 * Loads its snapshot, gives up every privilege, then takes jobs until it is told
 * to drain. Runs as "whybounced --worker". */
#ifndef WHYBOUNCE_DAEMON_WORKER_H
#define WHYBOUNCE_DAEMON_WORKER_H

/* The exit status of the process. */
int worker_main(const char *config_path);

#endif
