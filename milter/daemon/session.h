/* session.h - the milter protocol: one session per connection of a mail server.
 *
 * Copies bytes between the mail server and whoever explains, checks the edits that
 * come back, and makes them: everything computed first, then header edits, body
 * and reply in one run (a milter that dies in between can lose the bounce). The
 * only file that knows libmilter. */
#ifndef WHYBOUNCE_DAEMON_SESSION_H
#define WHYBOUNCE_DAEMON_SESSION_H

#include <stdatomic.h>

#include "base/error.h"
#include "core/metrics.h"

/* Have a message explained: the contract of desk_explain (daemon/desk.h). */
typedef int session_explain(const struct enrich_request *request, size_t body_offset,
			    unsigned time_ms, struct enrich_result *result_r, char **answer_r,
			    enum trouble *trouble_r, struct error *error);

/* What the sessions are told, also while they run, and what they tell. */
struct session_settings {
	atomic_size_t message_size;
	atomic_uint time_ms;
	atomic_bool observe;
	atomic_bool draining;		/* new bounces pass unexplained */
	session_explain *_Atomic explain;
	struct metrics *metrics;
	atomic_uint under_way;		/* bounces between MAIL FROM and their end */
	atomic_uint unanswered;		/* our reply to their end may not be out yet */
};
struct session_settings *session_settings(void);

/* socket: as the option says. Before privileges are dropped. */
int session_listen(char *socket);
/* Serve; returns only when libmilter gives up. */
int session_serve(void);

#endif
