#include "daemon/children.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

enum {
	FIRST_DELAY_MS = 100, LONGEST_DELAY_MS = 30000,
	REPLACE_AT_ONCE = 20, REPLACE_MS = 500,
	START_MS = 30000,	/* for a child to say that it is ready */
};

static const char *const names[ROLES] = { "front", "worker" };

static bool stays(const struct child *c)
{
	return c->pid != 0 && !c->told && !c->retiring;
}

static void tell_metrics(const struct children *children)
{
	unsigned ready = 0;
	bool front = false;

	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		const struct child *c = &children->list[i];

		ready += c->pid != 0 && c->role == ROLE_WORKER && c->ready && !c->told;
		front |= c->pid != 0 && c->role == ROLE_FRONT && c->ready && !c->told;
	}
	children->metrics->workers_ready = ready;
	children->metrics->front_ready = front;
}

/* ---- starting ---- */

static struct child *free_row(struct children *children)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (children->list[i].pid == 0)
			return &children->list[i];
	return NULL;
}

static void wait_longer(struct replacing *replacing)
{
	replacing->delay = replacing->delay == 0 ? FIRST_DELAY_MS : 2 * replacing->delay;
	if (replacing->delay > LONGEST_DELAY_MS)
		replacing->delay = LONGEST_DELAY_MS;
	replacing->start_at = process_now_ms() + replacing->delay;
}

static int start_one(struct children *children, enum role role)
{
	struct child *child = free_row(children);
	struct error error = { "too many processes that do not end" };
	pid_t pid = -1;
	int orders;

	if (child != NULL)
		pid = process_start(names[role], children->config_path, children->given[role],
				    &orders, &error);
	if (pid <= 0) {
		log_line(LOG_LEVEL_ERROR, "%s", error.text);
		wait_longer(&children->replacing[role]);
		return -1;
	}
	*child = (struct child){ .pid = pid, .role = role, .orders = orders,
				 .deadline = process_now_ms() + START_MS };
	return 0;
}

void children_start(struct children *children, enum role role, unsigned wanted)
{
	while (process_now_ms() >= children->replacing[role].start_at &&
	       children_count(children, role, false) < wanted)
		if (start_one(children, role) != 0)
			return;
}

static void sooner(long long *soonest, long long at)
{
	if (*soonest < 0 || at < *soonest)
		*soonest = at;
}

int children_next(const struct children *children, const unsigned wanted[ROLES])
{
	long long soonest = -1, now = process_now_ms();

	for (enum role role = ROLE_FRONT; role < ROLES; role++)
		if (children_count(children, role, false) < wanted[role])
			sooner(&soonest, children->replacing[role].start_at);
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (children->list[i].pid != 0 && children->list[i].deadline != 0)
			sooner(&soonest, children->list[i].deadline);
	if (soonest < 0)
		return -1;
	return soonest > now ? (int)(soonest - now) : 0;
}

/* ---- watching ---- */

size_t children_poll(const struct children *children, struct pollfd *polled)
{
	size_t n = 0;

	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (children->list[i].pid != 0 && !children->list[i].ready)
			polled[n++] = (struct pollfd){ .fd = children->list[i].orders,
						       .events = POLLIN };
	return n;
}

/* Its end of the line closed: it has ended, and will be buried. */
static void look_at(struct children *children, struct child *c)
{
	struct pollfd p = { .fd = c->orders, .events = POLLIN };
	char byte = 0;

	if (poll(&p, 1, 0) <= 0 || read(c->orders, &byte, 1) != 1 || byte != ORDER_READY)
		return;
	c->ready = true;
	c->deadline = 0;
	children->replacing[c->role].delay = 0;
}

void children_look(struct children *children)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *c = &children->list[i];

		if (c->pid != 0 && !c->ready)
			look_at(children, c);
		if (c->pid == 0 || c->deadline == 0 || process_now_ms() < c->deadline)
			continue;
		log_line(LOG_LEVEL_ERROR, "the %s with process id %d is late %s, and is killed",
			 names[c->role], (int)c->pid, c->told ? "to finish" : "to get ready");
		kill(c->pid, SIGKILL);
		c->deadline = 0;
	}
	tell_metrics(children);
}

/* ---- ends ---- */

static void log_end(const struct child *c, int status)
{
	const char *held = c->role == ROLE_WORKER ? "; bounces it held pass unexplained" : "";

	if (WIFSIGNALED(status))
		log_line(LOG_LEVEL_ERROR, "a %s was ended by signal %d (%s)%s; another one is "
			 "started", names[c->role], WTERMSIG(status), strsignal(WTERMSIG(status)),
			 held);
	else
		log_line(LOG_LEVEL_ERROR, "a %s ended with status %d%s; another one is started",
			 names[c->role], WEXITSTATUS(status), held);
}

static void count_end(struct metrics *metrics, const struct child *c, int status)
{
	enum end end = WIFSIGNALED(status) ? END_SIGNAL :
		WEXITSTATUS(status) == EXIT_STUCK ? END_STUCK : END_EXIT;

	if (c->role == ROLE_FRONT)
		metrics->front_ends++;
	else
		metrics->worker_ends[end]++;
}

/* One of a role has ended that had served: when may the next one start? */
static void replace(struct replacing *replacing)
{
	long long now = process_now_ms(), earned = (now - replacing->spent_at) / REPLACE_MS;

	replacing->spent = earned >= replacing->spent ? 0 : replacing->spent - (unsigned)earned;
	replacing->spent_at = now;
	replacing->start_at = now;
	if (replacing->spent < REPLACE_AT_ONCE)
		replacing->spent++;
	else
		replacing->start_at = now + REPLACE_MS;
}

static bool bury(struct children *children, struct child *c, int status)
{
	bool missed = !c->told;

	if (!c->ready)
		look_at(children, c);	/* its last word */
	if (missed) {
		log_end(c, status);
		count_end(children->metrics, c, status);
		if (c->ready)
			replace(&children->replacing[c->role]);
		else
			wait_longer(&children->replacing[c->role]);
	}
	close(c->orders);
	c->pid = 0;
	return missed;
}

bool children_bury(struct children *children)
{
	bool missed = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < CHILDREN_MAX; i++)
			if (children->list[i].pid == pid)
				missed |= bury(children, &children->list[i], status);
	tell_metrics(children);
	return missed;
}

/* ---- counting, telling ---- */

unsigned children_count(const struct children *children, enum role role, bool ready)
{
	unsigned n = 0;

	for (size_t i = 0; i < CHILDREN_MAX; i++)
		n += children->list[i].role == role && stays(&children->list[i]) &&
			(!ready || children->list[i].ready);
	return n;
}

unsigned children_alive(const struct children *children, enum role role)
{
	unsigned n = 0;

	for (size_t i = 0; i < CHILDREN_MAX; i++)
		n += children->list[i].role == role && children->list[i].pid != 0;
	return n;
}

static void order(const struct child *child, enum order what)
{
	const char byte = (char)what;

	if (write(child->orders, &byte, 1) != 1)
		log_line(LOG_LEVEL_WARNING, "the %s with process id %d does not listen",
			 names[child->role], (int)child->pid);
}

void children_order(struct children *children, enum role role, enum order what)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (children->list[i].role == role && stays(&children->list[i]))
			order(&children->list[i], what);
}

void children_retire(struct children *children, enum role role)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *c = &children->list[i];

		if (c->role != role || !stays(c))
			continue;
		c->retiring = c->ready;
		c->told = !c->ready;
		if (c->told)
			kill(c->pid, SIGKILL);
	}
}

void children_replaced(struct children *children, enum role role, unsigned within_ms)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *c = &children->list[i];

		if (c->pid == 0 || c->role != role || !c->retiring || c->told)
			continue;
		c->told = true;
		c->deadline = process_now_ms() + within_ms;
		order(c, ORDER_DRAIN);
	}
	tell_metrics(children);
}

void children_kill(struct children *children)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (children->list[i].pid != 0)
			kill(children->list[i].pid, SIGKILL);
}
