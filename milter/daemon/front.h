/* front.h - the process that mail servers and Prometheus talk to.
 *
 * Runs as "whybounced --front": listens, gives up its privileges, and hands
 * bounces to the workers; with limits.workers none it explains them itself. */
#ifndef WHYBOUNCE_DAEMON_FRONT_H
#define WHYBOUNCE_DAEMON_FRONT_H

/* The exit status of the process; 1 where the socket cannot be had. */
int front_main(const char *config_path);

#endif
