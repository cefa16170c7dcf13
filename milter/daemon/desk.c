#include "daemon/desk.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/process.h"

enum {
	CHANNELS = 4096,	/* more offers are refused */
	FIXED = 2,		/* what is polled besides channels: offers, wake-ups */
};

enum state {
	FREE,			/* no channel here */
	IDLE, BUSY,
	LATE,			/* nobody waits for its answer any more */
	BROKEN,			/* to be closed */
};

/* Only the receiving thread closes a channel, so that no descriptor is polled
 * or written that has become something else meanwhile. */
struct channel {
	enum state state;
	int socket;
	char *bytes;
	struct channel *next;	/* IDLE: the one that was used before it */
};

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t freed;
	int offers, wake;
	bool closing;
	size_t n;		/* rows in use are below it */
	struct channel channels[CHANNELS];
	struct channel *idle;	/* the one used last is used next: its memory is warm */
	struct pollfd polled[FIXED + CHANNELS];
	struct channel *polled_channel[CHANNELS];
} desk = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void wake_receiver(void)
{
	const uint64_t one = 1;

	while (write(desk.wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* ---- states; the mutex is held ---- */

static void set_idle(struct channel *c)
{
	c->state = IDLE;
	c->next = desk.idle;
	desk.idle = c;
	pthread_cond_signal(&desk.freed);
}

static void unlink_idle(struct channel *c)
{
	struct channel **at = &desk.idle;

	while (*at != NULL && *at != c)
		at = &(*at)->next;
	if (*at != NULL)
		*at = c->next;
}

static void close_channel(struct channel *c)
{
	close(c->socket);
	munmap(c->bytes, CHANNEL_BYTES);
	*c = (struct channel){ .state = FREE };
	while (desk.n > 0 && desk.channels[desk.n - 1].state == FREE)
		desk.n--;
}

static struct channel *free_channel(void)
{
	size_t i = 0;

	while (i < desk.n && desk.channels[i].state != FREE)
		i++;
	if (i == CHANNELS)
		return NULL;
	desk.n = i == desk.n ? i + 1 : desk.n;
	return &desk.channels[i];
}

/* ---- the receiving thread ---- */

static void take_offer(void)
{
	int descriptors[2];
	struct channel *c;
	void *bytes = NULL;
	char byte;

	if (channel_receive(desk.offers, &byte, 1, descriptors, MSG_DONTWAIT) <= 0)
		return;
	if (descriptors[0] >= 0 && descriptors[1] >= 0)
		bytes = channel_map(descriptors[1], CHANNEL_BYTES, PROT_READ | PROT_WRITE);
	if (descriptors[1] >= 0)
		close(descriptors[1]);
	pthread_mutex_lock(&desk.mutex);
	c = bytes != NULL ? free_channel() : NULL;
	if (c != NULL) {
		*c = (struct channel){ .socket = descriptors[0], .bytes = bytes };
		set_idle(c);
	}
	pthread_mutex_unlock(&desk.mutex);
	if (c != NULL)
		return;
	log_line(LOG_LEVEL_WARNING, "an offer of a worker is refused");
	if (bytes != NULL)
		munmap(bytes, CHANNEL_BYTES);
	if (descriptors[0] >= 0)
		close(descriptors[0]);
}

/* An answer that came too late, or a worker that died. */
static void look_at(struct channel *c, short events)
{
	size_t n;

	if (c->state == LATE && (events & POLLIN) != 0 &&
	    recv(c->socket, &n, sizeof(n), MSG_DONTWAIT) == sizeof(n)) {
		set_idle(c);
	} else if (c->state == IDLE && events != 0) {
		unlink_idle(c);
		close_channel(c);
	} else if (c->state == BROKEN || (c->state == LATE && events != 0)) {
		close_channel(c);
	}
}

static size_t list_polled(void)
{
	size_t n = 0;

	desk.polled[0] = (struct pollfd){ .fd = desk.wake, .events = POLLIN };
	desk.polled[1] = (struct pollfd){ .fd = desk.closing ? -1 : desk.offers, .events = POLLIN };
	for (size_t i = 0; i < desk.n; i++) {
		struct channel *c = &desk.channels[i];

		if (c->state == FREE || c->state == BUSY)
			continue;
		desk.polled_channel[n] = c;
		desk.polled[FIXED + n++] = (struct pollfd){
			.fd = c->socket, .events = c->state == LATE ? POLLIN : 0,
		};
	}
	return n;
}

static void *receive(void *context)
{
	uint64_t ignored;

	for (;;) {
		size_t n;

		pthread_mutex_lock(&desk.mutex);
		n = list_polled();
		pthread_mutex_unlock(&desk.mutex);
		if (poll(desk.polled, FIXED + n, -1) <= 0)
			continue;
		if (desk.polled[0].revents != 0 && read(desk.wake, &ignored, sizeof(ignored)) < 0)
			continue;
		if ((desk.polled[1].revents & POLLIN) != 0)
			take_offer();
		pthread_mutex_lock(&desk.mutex);
		for (size_t i = 0; i < n; i++)
			look_at(desk.polled_channel[i], desk.polled[FIXED + i].revents);
		pthread_mutex_unlock(&desk.mutex);
	}
	return context;
}

int desk_open(int offers)
{
	pthread_condattr_t monotonic;
	pthread_attr_t detached;
	pthread_t thread;
	int rc;

	desk.offers = offers;
	desk.wake = eventfd(0, EFD_CLOEXEC);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&desk.freed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	rc = desk.wake < 0 ? -1 : pthread_create(&thread, &detached, receive, NULL);
	pthread_attr_destroy(&detached);
	return rc == 0 ? 0 : -1;
}

void desk_close(unsigned keep)
{
	struct channel **at = &desk.idle;

	pthread_mutex_lock(&desk.mutex);
	desk.closing = true;
	for (; keep > 0 && *at != NULL; keep--)
		at = &(*at)->next;
	for (struct channel *c = *at; c != NULL; c = c->next)
		c->state = BROKEN;
	*at = NULL;
	pthread_mutex_unlock(&desk.mutex);
	wake_receiver();
}

/* ---- a job ---- */

static struct timespec time_at(long long ms)
{
	return (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
}

/* NULL where none is free in time. */
static struct channel *take_channel(long long deadline)
{
	const struct timespec until = time_at(deadline);
	struct channel *c;
	int rc = 0;

	pthread_mutex_lock(&desk.mutex);
	while (desk.idle == NULL && rc == 0)
		rc = pthread_cond_timedwait(&desk.freed, &desk.mutex, &until);
	c = desk.idle;
	if (c != NULL) {
		desk.idle = c->next;
		c->state = BUSY;
	}
	pthread_mutex_unlock(&desk.mutex);
	return c;
}

static void leave_channel(struct channel *c, enum state state)
{
	pthread_mutex_lock(&desk.mutex);
	if (state == IDLE)
		set_idle(c);
	else
		c->state = state;
	pthread_mutex_unlock(&desk.mutex);
	if (state != IDLE)
		wake_receiver();
}

/* A long message, in memory that its reader cannot see changed. */
static int memory_of(struct span message)
{
	int memory = channel_memory(message.n);
	void *bytes = memory >= 0 ? channel_map(memory, message.n, PROT_READ | PROT_WRITE) : NULL;

	if (bytes != NULL) {
		memcpy(bytes, message.p, message.n);
		munmap(bytes, message.n);
		if (channel_seal(memory) == 0)
			return memory;
	}
	if (memory >= 0)
		close(memory);
	errno = ENOMEM;
	return -1;
}

static int send_job(struct channel *c, const struct enrich_request *request)
{
	struct channel_note note = {
		.message_n = request->message.n, .origin = request->origin,
		.rcpt_n = (unsigned short)(request->rcpt.n <= CHANNEL_MAX_RCPT ?
					   request->rcpt.n : 0),
	};
	int memory, rc;

	if (note.rcpt_n != 0)
		memcpy(note.rcpt, request->rcpt.p, note.rcpt_n);
	if (request->message.n <= CHANNEL_MESSAGE) {
		memcpy(c->bytes, request->message.p, request->message.n);
		return channel_send(c->socket, &note, sizeof(note), NULL, 0, MSG_DONTWAIT);
	}
	memory = memory_of(request->message);
	if (memory < 0)
		return -1;
	rc = channel_send(c->socket, &note, sizeof(note), &memory, 1, MSG_DONTWAIT);
	close(memory);
	return rc;
}

static int fail(enum trouble *trouble_r, enum trouble trouble, struct error *error, const char *why)
{
	*trouble_r = trouble;
	return error_set(error, "%s", why);
}

/* The worker cannot change what it said once it is copied. */
static char *copy_answer(const struct channel *c, size_t n)
{
	char *answer = malloc(n);

	if (answer != NULL)
		memcpy(answer, c->bytes + CHANNEL_MESSAGE, n);
	return answer;
}

enum progress { ANSWERED, AGAIN, FAILED };

/* The length of the answer. AGAIN: the worker ended before it took the job (the
 * kernel says so: unread datagrams reset the connection). */
static enum progress await_answer(struct channel *c, long long deadline, size_t *n_r,
				  enum trouble *trouble_r, struct error *error)
{
	struct pollfd waiting = { .fd = c->socket, .events = POLLIN };
	long long left;
	ssize_t got;

	do {
		left = deadline - process_now_ms();
		got = left > 0 ? poll(&waiting, 1, (int)left) : 0;
	} while (got < 0 && errno == EINTR);
	if (got <= 0) {
		leave_channel(c, LATE);
		fail(trouble_r, TROUBLE_TIME, error, "no answer from a worker in time (limits.time)");
		return FAILED;
	}
	got = recv(c->socket, n_r, sizeof(*n_r), MSG_DONTWAIT);
	if (got == sizeof(*n_r) && *n_r == 0) {
		leave_channel(c, IDLE);
		fail(trouble_r, TROUBLE_MEMORY, error, "the worker has no memory for it");
		return FAILED;
	}
	if (got == sizeof(*n_r) && *n_r < WIRE_MAX)
		return ANSWERED;
	leave_channel(c, BROKEN);
	if (got < 0 && errno == ECONNRESET)
		return AGAIN;
	if (got > 0)
		fail(trouble_r, TROUBLE_REFUSED, error, "a worker's answer was refused");
	else
		fail(trouble_r, TROUBLE_DIED, error, "the worker died");
	return FAILED;
}

/* One try on one channel. */
static enum progress try_channel(struct channel *c, const struct enrich_request *request,
				 long long deadline, struct span *answer_r,
				 enum trouble *trouble_r, struct error *error)
{
	enum progress progress;
	size_t n = 0;

	if (send_job(c, request) != 0) {
		bool gone = errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN;

		leave_channel(c, gone ? BROKEN : IDLE);
		if (!gone)
			fail(trouble_r, TROUBLE_MEMORY, error, "no memory or descriptor for it");
		return gone ? AGAIN : FAILED;
	}
	progress = await_answer(c, deadline, &n, trouble_r, error);
	if (progress == ANSWERED) {
		*answer_r = (struct span){ copy_answer(c, n), n };
		leave_channel(c, IDLE);
	}
	return progress;
}

int desk_explain(const struct enrich_request *request, size_t body_offset, unsigned time_ms,
		 struct enrich_result *result_r, char **answer_r,
		 enum trouble *trouble_r, struct error *error)
{
	long long deadline = process_now_ms() + time_ms;
	enum progress progress = AGAIN;
	struct span answer = { NULL, 0 };

	*answer_r = NULL;
	while (progress == AGAIN) {
		struct channel *c = take_channel(deadline);

		if (c == NULL)
			return fail(trouble_r, TROUBLE_BUSY, error,
				    "no worker is free in time (limits.time)");
		progress = try_channel(c, request, deadline, &answer, trouble_r, error);
	}
	if (progress == FAILED)
		return -1;
	if (answer.p == NULL)
		return fail(trouble_r, TROUBLE_MEMORY, error, "out of memory");
	*answer_r = (char *)(uintptr_t)answer.p;
	if (wire_read(answer, request->message.n - body_offset, result_r) == 0)
		return 0;
	return fail(trouble_r, TROUBLE_REFUSED, error, "a worker's answer was refused");
}
