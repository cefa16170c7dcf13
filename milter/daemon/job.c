#include "daemon/job.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 500 };

int line_init(struct line *line, int offers)
{
	*line = (struct line){ .offers = offers, .socket = -1 };
	line->memory = channel_memory(CHANNEL_BYTES);
	if (line->memory < 0)
		return -1;
	line->bytes = channel_map(line->memory, CHANNEL_BYTES, PROT_READ | PROT_WRITE);
	if (line->bytes != NULL)
		return 0;
	close(line->memory);
	return -1;
}

static void hang_up(struct line *line)
{
	if (line->socket >= 0)
		close(line->socket);
	line->socket = -1;
}

void line_release(struct line *line)
{
	hang_up(line);
	munmap(line->bytes, CHANNEL_BYTES);
	close(line->memory);
}

/* The front gets the other end, and the memory. Where it has no time for offers
 * yet, or there is no front, the next try is as good. */
static int offer(struct line *line)
{
	int pair[2], descriptors[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return 0;
	descriptors[0] = pair[1];
	descriptors[1] = line->memory;
	rc = channel_send(line->offers, "", 1, descriptors, 2, MSG_DONTWAIT);
	close(pair[1]);
	if (rc == 0) {
		line->socket = pair[0];
		return 0;
	}
	close(pair[0]);
	if (errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM && errno != ETOOMANYREFS)
		return -1;
	return 0;
}

/* A short message lies in the channel's memory, a long one in its own. */
static int find_message(const struct line *line, struct job *job, int memory)
{
	size_t n = job->note.message_n;

	job->own = NULL;
	if (n <= CHANNEL_MESSAGE) {
		job->request.message = (struct span){ line->bytes, n };
		return 0;
	}
	job->own = channel_map(memory, n, PROT_READ);
	job->request.message = (struct span){ job->own, n };
	return job->own != NULL ? 0 : -1;
}

static bool is_job(const struct channel_note *note, size_t n)
{
	return n == sizeof(*note) && note->message_n != 0 &&
		note->rcpt_n <= CHANNEL_MAX_RCPT && note->origin < ORIGIN_COUNT;
}

static int open_job(const struct line *line, struct job *job, int memory)
{
	const struct channel_note *note = &job->note;

	job->request = (struct enrich_request){
		.origin = note->origin, .rcpt = { note->rcpt, note->rcpt_n },
	};
	return find_message(line, job, memory);
}

/* Nothing is the answer where there is no memory. */
static void say(struct line *line, size_t n)
{
	if (channel_send(line->socket, &n, sizeof(n), NULL, 0, 0) != 0)
		hang_up(line);
}

static void close_descriptors(const int *descriptors)
{
	for (size_t i = 0; i < 2; i++)
		if (descriptors[i] >= 0)
			close(descriptors[i]);
}

int job_wait(struct line *line)
{
	struct pollfd p = { .events = POLLIN };

	if (line->socket < 0 && offer(line) != 0)
		return -1;
	p.fd = line->socket;	/* poll leaves out a negative one */
	return poll(&p, 1, WAIT_MS) > 0 ? 1 : 0;
}

int job_take(struct line *line, struct job *job_r)
{
	int descriptors[2], rc;
	ssize_t n = channel_receive(line->socket, &job_r->note, sizeof(job_r->note), descriptors,
				    MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0 || !is_job(&job_r->note, (size_t)n)) {
		close_descriptors(descriptors);
		hang_up(line);		/* the front is gone, or it is not ours */
		return 0;
	}
	rc = open_job(line, job_r, descriptors[0]);
	close_descriptors(descriptors);
	if (rc == 0)
		return 1;
	say(line, 0);
	return 0;
}

void job_answer(struct line *line, struct job *job, struct arena *arena,
		const struct enrich_result *result)
{
	struct buf out;
	size_t n;

	buf_init(&out, arena, WIRE_MAX - 1);
	wire_write(&out, result);
	n = buf_span(&out).n;
	if (n != 0)
		memcpy(line->bytes + CHANNEL_MESSAGE, out.p, n);
	if (job->own != NULL)
		munmap(job->own, job->request.message.n);
	say(line, n);
}
