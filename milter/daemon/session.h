/* session.h - the process that speaks the milter protocol.
 *
 * Copies bytes between the mail server and the workers, checks the edits that
 * come back, and makes them: everything computed first, then header edits, body
 * and reply in one run (a milter that dies in between can lose the bounce). Runs
 * as "whybounced --front". The only file that knows libmilter. */
#ifndef WHYBOUNCE_DAEMON_SESSION_H
#define WHYBOUNCE_DAEMON_SESSION_H

/* The exit status of the process; 1 where the socket cannot be had. */
int session_main(const char *config_path);

#endif
