/* job.h - a worker's side of the channels: take a bounce, answer it. */
#ifndef WHYBOUNCE_DAEMON_JOB_H
#define WHYBOUNCE_DAEMON_JOB_H

#include "daemon/channel.h"

/* One thread's line to the front. */
struct line {
	int offers;		/* the shared socket */
	int memory;
	char *bytes;		/* of the memory */
	int socket;		/* -1: no front has it yet, or the front is gone */
};

struct job {
	struct enrich_request request;	/* its spans live as long as the job */
	struct channel_note note;
	void *own;		/* memory of its own, where the message is long */
};

/* Before the sandbox is locked: its memory is made here. -1 with errno. */
int line_init(struct line *line, int offers);
void line_release(struct line *line);

/* Offer the line where no front has it, and wait half a second for a job. 1: there
 * is one, or the front is gone; 0: none came; -1: nobody will send any more. A job
 * that is not taken goes to another worker when this one ends. */
int job_wait(struct line *line);
/* 1: there was a job, and it is to be answered. */
int job_take(struct line *line, struct job *job_r);
/* Send the result, and let go of the job. The arena is for scratch. */
void job_answer(struct line *line, struct job *job, struct arena *arena,
		const struct enrich_result *result);

#endif
