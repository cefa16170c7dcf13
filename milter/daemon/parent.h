/* parent.h - the process that starts the others, and takes every signal.
 *
 * Single-threaded; reads the configuration and nothing else that somebody else
 * wrote. SIGHUP: a new configuration, if it is sound. SIGTERM, SIGINT: drain.
 * Where somebody has removed the milter's socket, a new front makes it again. */
#ifndef WHYBOUNCE_DAEMON_PARENT_H
#define WHYBOUNCE_DAEMON_PARENT_H

#include <stdbool.h>

/* Load everything once, say what is wrong, and let go of it. 0 or -1. */
int parent_check(const char *config_path);

/* Until SIGTERM. The exit status of the process. */
int parent_main(const char *config_path, bool foreground);

#endif
