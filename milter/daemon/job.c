#include "daemon/job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS = 2 };	/* the message, the answer */

static void close_both(const int *descriptors)
{
	for (int i = 0; i < DESCRIPTORS; i++)
		if (descriptors[i] >= 0)
			close(descriptors[i]);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int job_socket(int *ends_r)
{
	struct timeval wait = { .tv_usec = 500000 };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_r) != 0)
		return -1;
	return setsockopt(ends_r[1], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

/* ---- the front ---- */

static int write_all(int fd, struct span s)
{
	while (s.n != 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno != EINTR)
			return -1;
		s = span_from(s, n > 0 ? (size_t)n : 0);
	}
	return 0;
}

/* Sealed, so that neither side can change or cut it under the other's feet. */
static int sealed_memory(struct span message)
{
	int fd = memfd_create("whybounce", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (write_all(fd, message) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The note that goes with the descriptors: a byte for the origin, then the
 * recipient; one that is too long is not named. */
static size_t write_note(const struct enrich_request *request, char *note)
{
	struct span rcpt = request->rcpt;

	note[0] = (char)request->origin;
	if (rcpt.n == 0 || rcpt.n > JOB_MAX_RCPT)
		return 1;
	memcpy(note + 1, rcpt.p, rcpt.n);
	return 1 + rcpt.n;
}

static int send_job(int jobs, const struct enrich_request *request, const int *descriptors)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS)];
	} control = { .bytes = { 0 } };
	char note[JOB_MAX_RCPT + 1];
	struct iovec data = { note, write_note(request, note) };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * DESCRIPTORS);
	memcpy(CMSG_DATA(header), descriptors, sizeof(int) * DESCRIPTORS);
	return sendmsg(jobs, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -1 : 0;
}

/* Everything until the worker closes its end. */
static int read_answer(int fd, char *answer, int64_t deadline, size_t *n_r, struct error *error)
{
	size_t n = 0;

	for (;;) {
		struct pollfd waiting = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - now_ms();
		ssize_t got;

		if (left <= 0 || poll(&waiting, 1, (int)left) == 0)
			return error_set(error, "no answer from a worker in time (limits.time)");
		got = read(fd, answer + n, WIRE_MAX - n);
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			return error_set(error, "the worker went away: %s", strerror(errno));
		if (got == 0) {
			*n_r = n;
			return n != 0 ? 0 : error_set(error, "the worker died");
		}
		n += got > 0 ? (size_t)got : 0;
		if (n == WIRE_MAX)
			return error_set(error, "a worker's answer is larger than allowed");
	}
}

/* The ends of the job: descriptors[1] goes to the worker, the return value is
 * ours to read from. */
static int open_job(struct span message, int *descriptors)
{
	int pair[2];

	descriptors[0] = descriptors[1] = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	descriptors[0] = sealed_memory(message);
	descriptors[1] = pair[1];
	if (descriptors[0] >= 0)
		return pair[0];
	close(pair[0]);
	close_both(descriptors);
	return -1;
}

int job_run(int jobs, const struct enrich_request *request, size_t body_offset,
	    unsigned time_ms, struct enrich_result *result_r, char **answer_r,
	    struct error *error)
{
	int64_t deadline = now_ms() + time_ms;
	int descriptors[DESCRIPTORS], ours = open_job(request->message, descriptors), rc;
	size_t n = 0;

	*answer_r = NULL;
	if (ours < 0)
		return error_set(error, "no memory or descriptor for a bounce: %s", strerror(errno));
	rc = send_job(jobs, request, descriptors);
	if (rc != 0)
		error_set(error, "no worker takes it: %s", strerror(errno));
	close_both(descriptors);
	if (rc == 0) {
		*answer_r = malloc(WIRE_MAX);
		rc = *answer_r == NULL ? error_set(error, "out of memory") :
			read_answer(ours, *answer_r, deadline, &n, error);
	}
	close(ours);
	if (rc == 0 && wire_read((struct span){ *answer_r, n }, request->message.n - body_offset,
				 result_r) != 0)
		rc = error_set(error, "a worker's answer was refused");
	return rc;
}

/* ---- a worker ---- */

static int take_descriptors(struct msghdr *message, int *descriptors)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);

	descriptors[0] = descriptors[1] = -1;
	if (header == NULL || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(int) * DESCRIPTORS))
		return -1;
	memcpy(descriptors, CMSG_DATA(header), sizeof(int) * DESCRIPTORS);
	return 0;
}

/* Has the front given up on it in the meantime? */
static bool is_awaited(int answer)
{
	struct pollfd p = { .fd = answer };

	return poll(&p, 1, 0) == 0 || (p.revents & (POLLHUP | POLLERR)) == 0;
}

static int map_message(int fd, struct job *job)
{
	off_t size = lseek(fd, 0, SEEK_END);
	void *p;

	if (size <= 0)
		return -1;
	p = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return -1;
	job->mapping = p;
	job->request.message = (struct span){ p, (size_t)size };
	return 0;
}

static int read_note(struct job *job, size_t n)
{
	unsigned char origin = (unsigned char)job->note[0];

	if (n < 1 || origin >= ORIGIN_COUNT)
		return -1;
	job->request = (struct enrich_request){
		.origin = (enum origin)origin, .rcpt = { job->note + 1, n - 1 },
	};
	return 0;
}

int job_take(int jobs, struct job *job_r)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS)];
	} control;
	struct iovec data = { job_r->note, sizeof(job_r->note) };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof(control.bytes),
	};
	int descriptors[DESCRIPTORS];
	ssize_t got = recvmsg(jobs, &message, MSG_CMSG_CLOEXEC);

	job_r->answer = -1;
	if (got <= 0)
		return got < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : -1;
	if (take_descriptors(&message, descriptors) != 0)
		return 0;
	if (read_note(job_r, (size_t)got) == 0 && is_awaited(descriptors[1]) &&
	    map_message(descriptors[0], job_r) == 0) {
		job_r->answer = descriptors[1];
		descriptors[1] = -1;
	}
	close_both(descriptors);
	return 0;
}

void job_answer(struct job *job, const struct enrich_result *result)
{
	struct arena arena;
	struct buf out;

	arena_init(&arena, 4 * WIRE_MAX);
	buf_init(&out, &arena, WIRE_MAX - 1);
	wire_write(&out, result);
	for (struct span rest = buf_span(&out); rest.n != 0;) {
		ssize_t n = send(job->answer, rest.p, rest.n, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			break;
		rest = span_from(rest, n > 0 ? (size_t)n : 0);
	}
	arena_release(&arena);
	munmap(job->mapping, job->request.message.n);
	close(job->answer);
	job->answer = -1;
}
