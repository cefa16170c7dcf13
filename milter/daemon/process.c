#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

enum {
	OUT_OF_THE_WAY = 16, EXIT_OS_ERROR = 71,
	KEPT_PIECE = 1 << 20, KEPT = 8 << 20,	/* bytes; beyond goes back to the system */
};

/* Put from[i] at CHILD_ORDERS + i, and close everything behind. First out of each
 * other's way: any of them may already sit where another belongs. */
static int arrange(const int *from, int n)
{
	int copies[CHILD_END];

	for (int i = 0; i < n; i++) {
		copies[i] = from[i] < 0 ? -1 : fcntl(from[i], F_DUPFD, OUT_OF_THE_WAY);
		if (from[i] >= 0 && copies[i] < 0)
			return -1;
	}
	for (int i = 0; i < n; i++) {
		if (copies[i] < 0)
			close(CHILD_ORDERS + i);
		else if (dup2(copies[i], CHILD_ORDERS + i) < 0)
			return -1;
	}
	return close_range((unsigned)(CHILD_ORDERS + n), ~0U, 0);
}

static void become_child(const char *role, const char *config_path, int orders, const int *given)
{
	char self[] = "/proc/self/exe", name[] = "whybounced";
	char flag[16] = "--", option[] = "-c", path[4096] = "";
	char *with_config[] = { name, option, path, flag, NULL };
	char *without[] = { name, flag, NULL };
	int descriptors[1 + CHILD_GIVEN] = { orders };
	sigset_t none;

	strncat(flag, role, sizeof(flag) - 3);
	if (config_path != NULL)
		strncpy(path, config_path, sizeof(path) - 1);
	memcpy(descriptors + 1, given, sizeof(*given) * CHILD_GIVEN);
	if (arrange(descriptors, 1 + CHILD_GIVEN) != 0)
		_exit(EXIT_OS_ERROR);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);	/* a terminal's ^C is the parent's to handle */
	execv(self, config_path != NULL ? with_config : without);
	_exit(EXIT_OS_ERROR);
}

pid_t process_start(const char *role, const char *config_path,
		    const int given[CHILD_GIVEN], int *orders_r, struct error *error)
{
	int pair[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_set(error, "cannot start a %s: %s", role, strerror(errno));
	child = fork();
	if (child == 0)
		become_child(role, config_path, pair[1], given);
	close(pair[1]);
	if (child < 0) {
		close(pair[0]);
		return error_set(error, "cannot start a %s: %s", role, strerror(errno));
	}
	*orders_r = pair[0];
	return child;
}

unsigned process_workers(const struct config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (config->limit_workers == CONFIG_NO_WORKERS)
		return 1;
	if (config->limit_workers != 0)
		return config->limit_workers;
	return cores < 1 ? 1 : cores > CONFIG_MAX_WORKERS ? CONFIG_MAX_WORKERS : (unsigned)cores;
}

int process_become(const char *user, struct error *error)
{
	const struct passwd *entry;

	if (geteuid() != 0)
		return 0;
	errno = 0;
	entry = getpwnam(user);
	if (entry == NULL)
		return error_set(error, "user: there is no user \"%s\" on this machine; create "
				 "it or name another one", user);
	if (initgroups(user, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 ||
	    setuid(entry->pw_uid) != 0)
		return error_set(error, "cannot become user \"%s\": %s", user, strerror(errno));
	return 0;
}

void process_prepare(const struct config *config)
{
	log_open(config->log_stderr != 0 ? LOG_TO_STDERR : LOG_TO_SYSLOG, "whybounced");
	signal(SIGPIPE, SIG_IGN);
}

void process_keep_memory(int heaps)
{
	mallopt(M_ARENA_MAX, heaps);
	mallopt(M_MMAP_THRESHOLD, KEPT_PIECE);
	mallopt(M_TRIM_THRESHOLD, KEPT);
}

long long process_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
