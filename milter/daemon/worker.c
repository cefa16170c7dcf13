#include "daemon/worker.h"

#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/job.h"
#include "daemon/process.h"
#include "daemon/sandbox.h"
#include "mail/codec.h"

enum {
	THREADS = 4,		/* of one worker; they share its snapshot */
	STACK = 1024 * 1024,
	TICK_MS = 500,
	GRACE_MS = 2000,	/* beyond limits.time: then a thread counts as hung */
};

struct worker {
	struct snapshot *snapshot;
	atomic_bool draining;
	atomic_bool orphaned;		/* nobody sends jobs any more */
	_Atomic long long busy_since[THREADS];	/* ms; 0: idle */
};

struct worker_thread {
	struct worker *worker;
	size_t index;
	pthread_t id;
};

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void explain_job(struct worker *worker, struct arena *arena, struct job *job)
{
	struct enrich_result result;

	enrich(worker->snapshot, arena, &job->request, &result);
	job_answer(job, &result);
	arena_clear(arena);
}

static void *run_thread(void *context)
{
	struct worker_thread *self = context;
	struct worker *worker = self->worker;
	struct arena arena;
	struct job job;

	arena_init(&arena, ENRICH_ARENA);
	while (!worker->draining && !worker->orphaned) {
		if (job_take(CHILD_JOBS, &job) != 0) {
			worker->orphaned = true;
		} else if (job.answer >= 0) {
			worker->busy_since[self->index] = now_ms();
			explain_job(worker, &arena, &job);
			worker->busy_since[self->index] = 0;
		}
	}
	arena_release(&arena);
	return NULL;
}

/* A thread that works on one bounce for longer than any answer is awaited ends
 * the process: the parent starts another one. */
static void watch(const struct worker *worker)
{
	long long most = (long long)worker->snapshot->config->limit_time_ms + GRACE_MS;

	for (size_t i = 0; i < THREADS; i++) {
		long long since = worker->busy_since[i];

		if (since != 0 && now_ms() - since > most) {
			log_line(LOG_LEVEL_ERROR, "worker: a bounce takes longer than limits.time; "
				 "this worker gives up and is replaced");
			_exit(EXIT_FAILURE);
		}
	}
}

static void obey(struct worker *worker)
{
	while (!worker->draining && !worker->orphaned) {
		struct pollfd p = { .fd = CHILD_ORDERS, .events = POLLIN };
		char order;

		if (poll(&p, 1, TICK_MS) > 0 &&
		    (read(CHILD_ORDERS, &order, 1) <= 0 || order == ORDER_DRAIN))
			worker->draining = true;
		watch(worker);
	}
}

static int run(struct worker *worker)
{
	struct worker_thread threads[THREADS];
	pthread_attr_t attributes;
	const char ready = ORDER_READY;
	size_t n = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	for (; n < THREADS; n++) {
		threads[n] = (struct worker_thread){ .worker = worker, .index = n };
		if (pthread_create(&threads[n].id, &attributes, run_thread, &threads[n]) != 0)
			break;
	}
	pthread_attr_destroy(&attributes);
	if (n == 0) {
		log_line(LOG_LEVEL_ERROR, "worker: cannot start a thread");
		return EXIT_FAILURE;
	}
	if (write(CHILD_ORDERS, &ready, 1) == 1)
		obey(worker);
	worker->draining = true;
	while (n-- > 0)
		pthread_join(threads[n].id, NULL);
	return EXIT_SUCCESS;
}

/* The C library would open a heap of its own for each thread. */
static int lock(const struct config *config, struct error *error)
{
	process_prepare(config);
	codec_prepare();
	mallopt(M_ARENA_MAX, 1);
	return sandbox_lock(SANDBOX_WORKER, CHILD_JOBS, config->limit_worker_memory, error);
}

/* Each worker has its share of those that may ask at once. Without the DNS bounces
 * are explained all the same. */
static void open_dns(struct snapshot *snapshot)
{
	unsigned workers = process_workers(snapshot->config);
	unsigned share = snapshot->config->limit_probes / workers;
	struct error error;

	if (snapshot_open_dns(snapshot, NULL, share != 0 ? share : 1, &error) != 0)
		log_line(LOG_LEVEL_WARNING, "worker: %s; bounces are explained without what "
			 "the DNS says", error.text);
}

int worker_main(const char *config_path)
{
	static struct worker worker;	/* threads may outlive main's frame */
	bool locked = false;
	struct error error;
	int status;

	worker.snapshot = snapshot_load(config_path, NULL, SNAPSHOT_RULES, &error);
	if (worker.snapshot != NULL &&
	    process_become(worker.snapshot->config->user, &error) == 0) {
		open_dns(worker.snapshot);
		locked = lock(worker.snapshot->config, &error) == 0;
	}
	if (!locked) {
		log_line(LOG_LEVEL_ERROR, "worker: %s", error.text);
		return EXIT_FAILURE;
	}
	status = run(&worker);
	if (sandbox_is_locking())
		_exit(status);	/* what is locked cannot be freed */
	snapshot_free(worker.snapshot);
	return status;
}
