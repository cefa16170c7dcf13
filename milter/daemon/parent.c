#include "daemon/parent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "core/snapshot.h"
#include "daemon/job.h"
#include "daemon/process.h"

enum {
	MAX_CHILDREN = 2 * PROCESS_MAX_WORKERS + 2,	/* the front, workers, and as many old ones */
	FIRST_DELAY_MS = 100, LONGEST_DELAY_MS = 30000,
	SETTLED_MS = 10000,	/* lived so long: its predecessor's end is forgotten */
	START_MS = 30000,	/* for a child to say that it is ready */
	DRAIN_MS = 25000,
};

enum role { ROLE_FRONT, ROLE_WORKER };

struct child {
	pid_t pid;		/* 0: this row is free */
	enum role role;
	int orders;
	bool old;		/* told to finish: not replaced when it ends */
	long long started;
};

struct parent {
	const char *config_path;
	int jobs[2];
	int signals;
	unsigned workers;	/* wanted */
	struct child children[MAX_CHILDREN];
	long long delay[2];	/* by role: before the next start */
	long long start_at[2];	/* no earlier than this */
	bool draining;
};

static const char *const role_names[] = { "front", "worker" };

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- children ---- */

static unsigned count(const struct parent *parent, enum role role, bool old_too)
{
	unsigned n = 0;

	for (size_t i = 0; i < MAX_CHILDREN; i++) {
		const struct child *c = &parent->children[i];

		n += c->pid != 0 && c->role == role && (old_too || !c->old);
	}
	return n;
}

static struct child *free_row(struct parent *parent)
{
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		if (parent->children[i].pid == 0)
			return &parent->children[i];
	return NULL;
}

static void order(const struct child *child, enum order what)
{
	const char byte = (char)what;

	if (write(child->orders, &byte, 1) != 1)
		log_line(LOG_LEVEL_WARNING, "the %s with process id %d does not listen",
			 role_names[child->role], (int)child->pid);
}

static int start_child(struct parent *parent, enum role role)
{
	struct child *child = free_row(parent);
	struct error error;

	if (child == NULL)
		return -1;
	child->pid = process_start(role_names[role], parent->config_path,
				   parent->jobs[role == ROLE_WORKER], &child->orders, &error);
	if (child->pid <= 0) {
		child->pid = 0;
		log_line(LOG_LEVEL_ERROR, "%s", error.text);
		return -1;
	}
	child->role = role;
	child->old = false;
	child->started = now_ms();
	return 0;
}

/* A byte says that it is ready; its end of the line closed, that it is not. */
static bool is_ready(const struct child *child)
{
	struct pollfd p = { .fd = child->orders, .events = POLLIN };
	char byte = 0;
	int rc;

	do {
		rc = poll(&p, 1, START_MS);
	} while (rc < 0 && errno == EINTR);
	return rc > 0 && read(child->orders, &byte, 1) == 1 && byte == ORDER_READY;
}

static void start_missing(struct parent *parent, enum role role, unsigned wanted)
{
	while (!parent->draining && now_ms() >= parent->start_at[role] &&
	       count(parent, role, false) < wanted)
		if (start_child(parent, role) != 0) {
			parent->start_at[role] = now_ms() + LONGEST_DELAY_MS;
			return;
		}
}

/* The sooner after its start it ends, the longer its successor waits. */
static void back_off(struct parent *parent, const struct child *child)
{
	long long *delay = &parent->delay[child->role];

	if (now_ms() - child->started > SETTLED_MS || *delay == 0)
		*delay = FIRST_DELAY_MS;
	else if (*delay < LONGEST_DELAY_MS)
		*delay *= 2;
	parent->start_at[child->role] = now_ms() + *delay;
}

static void log_end(const struct child *child, int status)
{
	if (WIFSIGNALED(status))
		log_line(LOG_LEVEL_ERROR, "a %s was ended by signal %d (%s); bounces it held pass "
			 "unexplained; another one is started", role_names[child->role],
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_line(LOG_LEVEL_ERROR, "a %s ended with status %d; another one is started",
			 role_names[child->role], WEXITSTATUS(status));
}

static void bury(struct parent *parent)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < MAX_CHILDREN; i++) {
			struct child *c = &parent->children[i];

			if (c->pid != pid)
				continue;
			close(c->orders);
			c->pid = 0;
			if (!c->old && !parent->draining) {
				log_end(c, status);
				back_off(parent, c);
			}
		}
	}
}

static void retire(struct child *child)
{
	child->old = true;
	order(child, ORDER_DRAIN);
}

/* ---- configuration ---- */

int parent_check(const char *config_path)
{
	struct error error;
	struct snapshot *snapshot = snapshot_load(config_path, NULL, SNAPSHOT_RULES, &error);

	if (snapshot == NULL) {
		log_line(LOG_LEVEL_ERROR, "%s", error.text);
		return -1;
	}
	snapshot_free(snapshot);
	return 0;
}

static int take_settings(struct parent *parent, bool foreground)
{
	struct error error;
	struct config *config = config_load(parent->config_path, &error);

	if (config == NULL) {
		log_line(LOG_LEVEL_ERROR, "%s", error.text);
		return -1;
	}
	parent->workers = process_workers(config);
	if (!foreground || config->log_stderr == 0)
		log_open(config->log_stderr != 0 ? LOG_TO_STDERR : LOG_TO_SYSLOG, "whybounced");
	config_free(config);
	return 0;
}

/* New workers first, the old ones finish what they hold. */
static void reload(struct parent *parent)
{
	bool was_there[MAX_CHILDREN];

	if (parent_check(parent->config_path) != 0 || take_settings(parent, true) != 0) {
		log_line(LOG_LEVEL_ERROR, "reload: the configuration is broken; what was in force "
			 "stays in force");
		return;
	}
	for (size_t i = 0; i < MAX_CHILDREN; i++) {
		struct child *c = &parent->children[i];

		was_there[i] = c->pid != 0 && c->role == ROLE_WORKER && !c->old;
		if (was_there[i])
			c->old = true;
		else if (c->pid != 0 && c->role == ROLE_FRONT)
			order(c, ORDER_RELOAD);
	}
	parent->start_at[ROLE_WORKER] = 0;
	start_missing(parent, ROLE_WORKER, parent->workers);
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		if (parent->children[i].pid != 0 && !was_there[i] &&
		    parent->children[i].role == ROLE_WORKER && !parent->children[i].old)
			is_ready(&parent->children[i]);
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		if (was_there[i])
			retire(&parent->children[i]);
	log_line(LOG_LEVEL_INFO, "reloaded; a changed socket, user or metrics address counts "
		 "from the next start");
}

/* ---- the loop ---- */

/* The front first: it waits for its bounces, which need the workers. */
static int drain(struct parent *parent)
{
	long long end = now_ms() + DRAIN_MS;

	parent->draining = true;
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		if (parent->children[i].pid != 0 && parent->children[i].role == ROLE_FRONT)
			order(&parent->children[i], ORDER_DRAIN);
	while (count(parent, ROLE_FRONT, true) > 0 && now_ms() < end) {
		poll(NULL, 0, 10);
		bury(parent);
	}
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		if (parent->children[i].pid != 0)
			kill(parent->children[i].pid, SIGKILL);
	log_line(LOG_LEVEL_INFO, "stopped");
	return EXIT_SUCCESS;
}

/* Milliseconds until a child that is missing may be started; -1: none is. */
static int next_start(const struct parent *parent)
{
	long long soonest = -1;

	for (enum role role = ROLE_FRONT; role <= ROLE_WORKER; role++) {
		unsigned wanted = role == ROLE_FRONT ? 1 : parent->workers;
		long long wait = parent->start_at[role] - now_ms();

		if (count(parent, role, false) < wanted && (soonest < 0 || wait < soonest))
			soonest = wait > 0 ? wait : 0;
	}
	return (int)soonest;
}

static int run(struct parent *parent)
{
	struct signalfd_siginfo signal_r;

	for (;;) {
		struct pollfd p = { .fd = parent->signals, .events = POLLIN };

		start_missing(parent, ROLE_FRONT, 1);
		start_missing(parent, ROLE_WORKER, parent->workers);
		if (poll(&p, 1, next_start(parent)) <= 0 ||
		    read(parent->signals, &signal_r, sizeof(signal_r)) != sizeof(signal_r))
			continue;
		switch (signal_r.ssi_signo) {
		case SIGCHLD: bury(parent); break;
		case SIGHUP: reload(parent); break;
		default: return drain(parent);
		}
	}
}

static int take_signals(struct parent *parent)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	parent->signals = sigprocmask(SIG_BLOCK, &set, NULL) == 0 ?
		signalfd(-1, &set, SFD_CLOEXEC) : -1;
	return parent->signals;
}

/* Workers before the front: when the socket is there, bounces are explained. */
static int start_all(struct parent *parent)
{
	start_missing(parent, ROLE_WORKER, parent->workers);
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		if (parent->children[i].pid != 0 && !is_ready(&parent->children[i]))
			return -1;
	if (start_child(parent, ROLE_FRONT) != 0)
		return -1;
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		if (parent->children[i].pid != 0 && parent->children[i].role == ROLE_FRONT &&
		    !is_ready(&parent->children[i]))
			return -1;
	return 0;
}

int parent_main(const char *config_path, bool foreground)
{
	static struct parent parent;

	parent.config_path = config_path;
	if (parent_check(config_path) != 0 || take_settings(&parent, foreground) != 0)
		return EXIT_FAILURE;
	if (!foreground && daemon(0, 0) != 0)
		return EXIT_FAILURE;
	if (take_signals(&parent) < 0 || job_socket(parent.jobs) != 0) {
		log_line(LOG_LEVEL_ERROR, "cannot start: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	if (start_all(&parent) != 0) {
		for (size_t i = 0; i < MAX_CHILDREN; i++)
			if (parent.children[i].pid != 0)
				kill(parent.children[i].pid, SIGKILL);
		log_line(LOG_LEVEL_ERROR, "not started");
		return EXIT_FAILURE;
	}
	log_line(LOG_LEVEL_INFO, "started, %u workers", parent.workers);
	return run(&parent);
}
