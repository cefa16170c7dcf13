#include "daemon/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/fault.h"
#include "daemon/job.h"
#include "daemon/process.h"
#include "daemon/sandbox.h"
#include "daemon/turn.h"
#include "mail/codec.h"

enum {
	THREADS_BESIDE = 4,	/* those that ask the DNS */
	MOST_THREADS = 64,
	AT_ONCE = 2,		/* threads that compute */
	STACK = 1024 * 1024,
	TICK_MS = 500,
	GRACE_MS = 2000,	/* beyond limits.time: then a thread counts as hung */
};

struct worker {
	struct snapshot *snapshot;
	unsigned threads_n;
	atomic_uint running;
	atomic_bool draining;
	bool orphaned;			/* the parent is gone */
};

struct worker_thread {
	struct worker *worker;
	struct line line;
	_Atomic long long busy_since;	/* ms; 0: idle */
	_Atomic long long turn_since;	/* ms; 0: idle, or waiting for the DNS */
	pthread_t id;
};

static struct worker_thread threads[MOST_THREADS];
static struct turns turns = TURNS(AT_ONCE);

static void begin_turn(struct worker_thread *self)
{
	turn_begin(&turns);
	self->turn_since = process_now_ms();
}

static void end_turn(struct worker_thread *self)
{
	self->turn_since = 0;
	turn_end(&turns);
}

/* While it waits for the DNS another one may compute. */
static void wait_for_dns(void *context, bool begins)
{
	if (begins)
		end_turn(context);
	else
		begin_turn(context);
}

static void explain_job(struct worker_thread *self, struct arena *arena, struct job *job)
{
	struct enrich_result result;

	job->request.waiting = wait_for_dns;
	job->request.waiting_context = self;

	fault_before(job->request.message);
	enrich(self->worker->snapshot, arena, &job->request, &result);
	fault_after(job->request.message, &result);
	job_answer(&self->line, job, arena, &result);
	arena_clear(arena);
}

static void *run_thread(void *context)
{
	struct worker_thread *self = context;
	struct worker *worker = self->worker;
	struct arena arena;
	struct job job;
	int rc = 0;

	arena_init(&arena, ENRICH_ARENA);
	while (!worker->draining && rc >= 0) {
		rc = job_wait(&self->line);
		if (rc != 1)
			continue;
		begin_turn(self);
		if (!worker->draining && job_take(&self->line, &job) == 1) {
			self->busy_since = process_now_ms();
			explain_job(self, &arena, &job);
			self->busy_since = 0;
		}
		end_turn(self);
	}
	arena_release(&arena);
	line_release(&self->line);
	worker->running--;
	return NULL;
}

/* Does a thread work on one bounce for longer than any answer is awaited? */
static bool is_stuck(const struct worker *worker)
{
	long long most = (long long)worker->snapshot->config->limit_time_ms + GRACE_MS;

	for (unsigned i = 0; i < worker->threads_n; i++) {
		long long since = threads[i].busy_since;

		if (since != 0 && process_now_ms() - since > most)
			return true;
	}
	return false;
}

/* Who computes for longer than a tick does not count. */
static void allow_turns(const struct worker *worker)
{
	unsigned slow = 0;

	for (unsigned i = 0; i < worker->threads_n; i++) {
		long long since = threads[i].turn_since;

		slow += since != 0 && process_now_ms() - since > TICK_MS;
	}
	turns_allow(&turns, AT_ONCE + slow);
}

/* Without the parent a worker serves its front to the end, and ends when that is
 * gone too: then nobody takes the offers of its threads. */
static void obey(struct worker *worker, int ms)
{
	struct pollfd p = { .fd = worker->orphaned ? -1 : CHILD_ORDERS, .events = POLLIN };
	char order = 0;

	if (poll(&p, 1, ms) <= 0)
		return;
	worker->orphaned = read(CHILD_ORDERS, &order, 1) <= 0;
	worker->draining |= order == ORDER_DRAIN;
}

/* Until all threads have ended, because told to, or nobody is there any more; or one
 * is stuck, and the others had time to finish what they hold. */
static int watch(struct worker *worker)
{
	bool stuck = false;
	int waited = 0;

	while (worker->running > 0 && (!stuck || waited < GRACE_MS)) {
		obey(worker, worker->draining ? TICK_MS / 10 : TICK_MS);
		waited += stuck ? TICK_MS / 10 : 0;
		allow_turns(worker);
		if (stuck || !is_stuck(worker))
			continue;
		log_line(LOG_LEVEL_ERROR, "worker: a bounce takes longer than limits.time; this "
			 "worker gives up and is replaced");
		worker->draining = stuck = true;
	}
	return stuck ? EXIT_STUCK : EXIT_SUCCESS;
}

static int start_threads(struct worker *worker)
{
	pthread_attr_t attributes;
	int rc = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	for (unsigned i = 0; i < worker->threads_n && rc == 0; i++) {
		worker->running++;
		rc = pthread_create(&threads[i].id, &attributes, run_thread, &threads[i]);
		worker->running -= rc != 0;
	}
	pthread_attr_destroy(&attributes);
	return rc;
}

static int run(struct worker *worker)
{
	const char ready = ORDER_READY;
	int status;

	if (start_threads(worker) != 0) {
		log_line(LOG_LEVEL_ERROR, "worker: cannot start its threads");
		return EXIT_FAILURE;
	}
	worker->draining = write(CHILD_ORDERS, &ready, 1) != 1;
	status = watch(worker);
	for (unsigned i = 0; status == EXIT_SUCCESS && i < worker->threads_n; i++)
		pthread_join(threads[i].id, NULL);
	return status;
}

/* How many of this worker's bounces may ask the DNS at once. */
static unsigned dns_share(const struct config *config)
{
	unsigned share = config->limit_probes / process_workers(config);

	return share != 0 ? share : 1;
}

/* Each thread needs its line before the door is locked. */
static int make_lines(struct worker *worker, struct error *error)
{
	unsigned n = dns_share(worker->snapshot->config) + THREADS_BESIDE;

	worker->threads_n = n < MOST_THREADS ? n : MOST_THREADS;
	for (unsigned i = 0; i < worker->threads_n; i++) {
		threads[i].worker = worker;
		if (line_init(&threads[i].line, CHILD_JOBS) != 0)
			return error_set(error, "lines to the front: %s", strerror(errno));
	}
	return 0;
}

/* Each worker has its share of those that may ask at once. Without the DNS bounces
 * are explained all the same. */
static void open_dns(struct snapshot *snapshot)
{
	struct error error;

	if (snapshot_open_dns(snapshot, NULL, dns_share(snapshot->config), &error) != 0)
		log_line(LOG_LEVEL_WARNING, "worker: %s; bounces are explained without what "
			 "the DNS says", error.text);
}

static int lock(const struct worker *worker, struct error *error)
{
	const struct config *config = worker->snapshot->config;

	process_prepare(config);
	codec_prepare();
	rules_prepare(worker->snapshot->rules);
	return sandbox_lock(SANDBOX_WORKER, CHILD_JOBS, config->limit_worker_memory, error);
}

static int prepare(struct worker *worker, const char *config_path, struct error *error)
{
	process_keep_memory(1);
	worker->snapshot = snapshot_load(config_path, NULL, SNAPSHOT_RULES, error);
	if (worker->snapshot == NULL ||
	    process_become(worker->snapshot->config->user, error) != 0)
		return -1;
	open_dns(worker->snapshot);
	return make_lines(worker, error) == 0 ? lock(worker, error) : -1;
}

int worker_main(const char *config_path)
{
	static struct worker worker;	/* threads may outlive main's frame */
	struct error error;
	int status;

	if (prepare(&worker, config_path, &error) != 0) {
		log_line(LOG_LEVEL_ERROR, "worker: %s", error.text);
		return EXIT_FAILURE;
	}
	status = run(&worker);
	if (sandbox_is_locking() || status == EXIT_STUCK)
		_exit(status);	/* locked code cannot be freed, nor what is still in use */
	snapshot_free(worker.snapshot);
	return status;
}
