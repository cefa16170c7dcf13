/* desk.h - the front's side of the channels: where a bounce is handed in.
 *
 * Workers offer channels (daemon/channel.h); each takes one job at a time. A job
 * that is late keeps its channel until its answer comes, or its worker dies. */
#ifndef WHYBOUNCE_DAEMON_DESK_H
#define WHYBOUNCE_DAEMON_DESK_H

#include "base/error.h"
#include "core/metrics.h"
#include "daemon/channel.h"

/* Start a thread that takes offers from this socket. Once per process. */
int desk_open(int offers);
/* Take no more offers, and let go of all free channels but so many: the workers
 * offer them to the next front. */
void desk_close(unsigned keep);

/* Have the message of the request explained, whose body starts at body_offset;
 * the language is the worker's to choose. The result's spans point into *answer,
 * which the caller frees. -1 with the trouble and its words when no worker answered
 * within time_ms, or what it said was refused. Blocks no longer than that. */
int desk_explain(const struct enrich_request *request, size_t body_offset, unsigned time_ms,
		 struct enrich_result *result_r, char **answer_r,
		 enum trouble *trouble_r, struct error *error);

#endif
