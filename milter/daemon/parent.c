#include "daemon/parent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "core/snapshot.h"
#include "daemon/channel.h"
#include "daemon/children.h"
#include "daemon/http.h"

enum {
	DRAIN_MS = 25000,
	SOCKET_CHECK_MS = 2000,
	AWAIT_MS = 1000,
};

struct parent {
	struct children children;
	int signals;
	unsigned wanted[ROLES];
	char *socket;			/* path of a local one; NULL: an inet one */
	long long look_for_socket;
	bool reloading;			/* the old workers serve until the new ones do */
};

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

/* The same in a process of its own: the parent stays small, and whatever reading
 * does to memory stays out of it. */
static int check_apart(const char *config_path)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(parent_check(config_path) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
	if (child < 0) {
		log_line(LOG_LEVEL_ERROR, "cannot check the configuration: %s", strerror(errno));
		return -1;
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		log_line(LOG_LEVEL_ERROR, "reading the configuration was ended by signal %d",
			 WTERMSIG(status));
	return status == 0 ? 0 : -1;
}

static struct config *load(const struct parent *parent)
{
	struct error error;
	struct config *config = config_load(parent->children.config_path, &error);

	if (config == NULL)
		log_line(LOG_LEVEL_ERROR, "%s", error.text);
	return config;
}

static void take_settings(struct parent *parent, const struct config *config)
{
	parent->wanted[ROLE_FRONT] = 1;
	parent->wanted[ROLE_WORKER] = config->limit_workers == CONFIG_NO_WORKERS ? 0 :
		process_workers(config);
	parent->children.metrics->workers_wanted = parent->wanted[ROLE_WORKER];
	log_open(config->log_stderr != 0 ? LOG_TO_STDERR : LOG_TO_SYSLOG, "whybounced");
}

/* ---- reload ---- */

/* New workers first, the old ones finish what they hold. */
static void reload(struct parent *parent)
{
	struct config *config = NULL;

	if (check_apart(parent->children.config_path) == 0)
		config = load(parent);
	if (config == NULL) {
		parent->children.metrics->reloads_refused++;
		log_line(LOG_LEVEL_ERROR, "reload: the configuration is broken; what was in force "
			 "stays in force");
		return;
	}
	take_settings(parent, config);
	config_free(config);
	children_order(&parent->children, ROLE_FRONT, ORDER_RELOAD);
	children_retire(&parent->children, ROLE_WORKER);
	parent->children.replacing[ROLE_WORKER] = (struct replacing){ 0 };
	parent->reloading = true;
}

static void finish_reload(struct parent *parent)
{
	struct children *children = &parent->children;

	if (!parent->reloading ||
	    children_count(children, ROLE_WORKER, true) < parent->wanted[ROLE_WORKER])
		return;
	children_replaced(children, ROLE_WORKER, DRAIN_MS);
	parent->reloading = false;
	children->metrics->reloads++;
	log_line(LOG_LEVEL_INFO, "reloaded; a changed socket, user or metrics address counts "
		 "from the next start");
}

/* ---- the socket ---- */

static bool socket_is_there(const struct parent *parent)
{
	struct stat st;

	return parent->socket == NULL || stat(parent->socket, &st) == 0 || errno != ENOENT;
}

/* libmilter listens on what it has opened, for ever: a new front opens it anew,
 * while the old one finishes. */
static void keep_socket(struct parent *parent)
{
	struct children *children = &parent->children;

	if (process_now_ms() < parent->look_for_socket)
		return;
	parent->look_for_socket = process_now_ms() + SOCKET_CHECK_MS;
	if (children_count(children, ROLE_FRONT, true) == 0 || socket_is_there(parent))
		return;
	log_line(LOG_LEVEL_WARNING, "somebody has removed the socket %s; a new one is made",
		 parent->socket);
	children_retire(children, ROLE_FRONT);
	children_replaced(children, ROLE_FRONT, DRAIN_MS);
}

/* ---- the loop ---- */

static int time_to_wait(const struct parent *parent)
{
	int wait = children_next(&parent->children, parent->wanted);
	long long look = parent->look_for_socket - process_now_ms();

	if (parent->socket != NULL && (wait < 0 || look < wait))
		wait = look > 0 ? (int)look : 0;
	return wait;
}

/* Wait for a signal, or for a child to get ready. 0: no signal. */
static int next_signal(struct parent *parent, int wait)
{
	struct pollfd polled[1 + CHILDREN_MAX] = { { .fd = parent->signals, .events = POLLIN } };
	struct signalfd_siginfo signal_r;
	size_t n = 1 + children_poll(&parent->children, polled + 1);
	int rc = poll(polled, n, wait), number = 0;

	if (rc > 0 && (polled[0].revents & POLLIN) != 0 &&
	    read(parent->signals, &signal_r, sizeof(signal_r)) == sizeof(signal_r))
		number = (int)signal_r.ssi_signo;
	if (number == SIGCHLD)
		children_bury(&parent->children);
	children_look(&parent->children);
	return number;
}

/* The front waits for its bounces, which need the workers. */
static int drain(struct parent *parent)
{
	struct children *children = &parent->children;
	long long end = process_now_ms() + DRAIN_MS;

	children->metrics->draining = true;
	for (enum role role = ROLE_FRONT; role < ROLES; role++)
		children_retire(children, role);
	children_replaced(children, ROLE_FRONT, DRAIN_MS);
	while (children_alive(children, ROLE_FRONT) > 0 && process_now_ms() < end)
		next_signal(parent, (int)(end - process_now_ms()));
	children_kill(children);
	log_line(LOG_LEVEL_INFO, "stopped");
	return EXIT_SUCCESS;
}

static int run(struct parent *parent)
{
	for (;;) {
		children_start(&parent->children, ROLE_WORKER, parent->wanted[ROLE_WORKER]);
		children_start(&parent->children, ROLE_FRONT, parent->wanted[ROLE_FRONT]);
		switch (next_signal(parent, time_to_wait(parent))) {
		case 0:
		case SIGCHLD:
			break;
		case SIGHUP:
			reload(parent);
			break;
		default:
			return drain(parent);
		}
		finish_reload(parent);
		keep_socket(parent);
	}
}

/* ---- the start ---- */

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
		signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
	return parent->signals;
}

/* The counters lie where the parent and each front can reach them, so that they
 * outlive a front. */
static int share_metrics(struct parent *parent)
{
	struct children *children = &parent->children;
	int fd = memfd_create("whybounce-metrics", MFD_CLOEXEC);
	void *memory = MAP_FAILED;

	for (enum role role = ROLE_FRONT; role < ROLES; role++)
		for (size_t i = 0; i < CHILD_GIVEN; i++)
			children->given[role][i] = -1;
	if (fd >= 0 && ftruncate(fd, sizeof(*children->metrics)) == 0)
		memory = mmap(NULL, sizeof(*children->metrics), PROT_READ | PROT_WRITE,
			      MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		log_line(LOG_LEVEL_ERROR, "memory for the counters: %s", strerror(errno));
		return -1;
	}
	children->metrics = memory;
	children->metrics->started = time(NULL);
	children->given[ROLE_FRONT][CHILD_METRICS - CHILD_JOBS] = fd;
	return 0;
}

static int open_lines(struct parent *parent, const struct config *config)
{
	struct children *children = &parent->children;
	struct error error;
	int jobs[2], http = -1;

	if (take_signals(parent) < 0 || channel_socket(jobs) != 0) {
		log_line(LOG_LEVEL_ERROR, "cannot start: %s", strerror(errno));
		return -1;
	}
	if (config->metrics != NULL && (http = http_listen(config->metrics, &error)) < 0) {
		log_line(LOG_LEVEL_ERROR, "%s", error.text);
		return -1;
	}
	children->given[ROLE_FRONT][0] = jobs[0];
	children->given[ROLE_WORKER][0] = jobs[1];
	children->given[ROLE_FRONT][CHILD_HTTP - CHILD_JOBS] = http;
	if (config->socket[0] != 'i')
		parent->socket = strdup(strchr(config->socket, ':') + 1);
	return 0;
}

/* Until all of a role are ready; a stop, or one that cannot start, ends it. */
static int await(struct parent *parent, enum role role)
{
	struct children *children = &parent->children;

	children_start(children, role, parent->wanted[role]);
	while (children_count(children, role, true) < parent->wanted[role]) {
		int number;

		if (children_count(children, role, false) < parent->wanted[role])
			return -1;
		number = next_signal(parent, AWAIT_MS);
		if (number == SIGTERM || number == SIGINT)
			return -1;
	}
	return 0;
}

/* Workers before the front: when the socket is there, bounces are explained. */
static int start_all(struct parent *parent)
{
	if (await(parent, ROLE_WORKER) == 0 && await(parent, ROLE_FRONT) == 0)
		return 0;
	children_kill(&parent->children);
	log_line(LOG_LEVEL_ERROR, "not started");
	return -1;
}

int parent_main(const char *config_path, bool foreground)
{
	static struct parent parent;
	struct config *config;
	int rc;

	parent.children.config_path = config_path;
	if (check_apart(config_path) != 0 || (config = load(&parent)) == NULL)
		return EXIT_FAILURE;
	if (!foreground && daemon(0, 0) != 0)
		return EXIT_FAILURE;
	rc = share_metrics(&parent);
	if (rc == 0) {
		take_settings(&parent, config);
		rc = open_lines(&parent, config);
	}
	config_free(config);
	if (rc != 0 || start_all(&parent) != 0)
		return EXIT_FAILURE;
	log_line(LOG_LEVEL_INFO, "started, %u workers", parent.wanted[ROLE_WORKER]);
	return run(&parent);
}
