/* job.h - a bounce on its way from the front to a worker and back.
 *
 * All workers read one socket of datagrams; the kernel gives each job to one of
 * them. A job carries two descriptors: the message, sealed in memory, and the
 * socket to answer on. A worker that dies closes the latter, and the front knows
 * at once; no list of who does what is kept anywhere. */
#ifndef WHYBOUNCE_DAEMON_JOB_H
#define WHYBOUNCE_DAEMON_JOB_H

#include "base/error.h"
#include "daemon/wire.h"

enum { JOB_MAX_RCPT = 512 };

/* The socket of all jobs: [0] for the front, [1] for every worker. */
int job_socket(int *ends_r);

/* ---- the front ---- */

/* Have the message of the request explained, whose body starts at body_offset;
 * the language is the worker's to choose. The result's spans point into *answer,
 * which the caller frees. -1 with a reason when no worker answered within time_ms,
 * or what it said was refused. Blocks no longer than that. */
int job_run(int jobs, const struct enrich_request *request, size_t body_offset,
	    unsigned time_ms, struct enrich_result *result_r, char **answer_r,
	    struct error *error);

/* ---- a worker ---- */

struct job {
	int answer;			/* descriptor */
	struct enrich_request request;	/* its spans live as long as the job */
	void *mapping;			/* of the message */
	char note[JOB_MAX_RCPT + 1];	/* as it came: origin, recipient */
};

/* Wait half a second for the next one. 0 with answer -1 where none came, or one
 * that nobody waits for any more; -1 when the socket is gone. */
int job_take(int jobs, struct job *job_r);
/* Send the result, and let go of the job. */
void job_answer(struct job *job, const struct enrich_result *result);

#endif
