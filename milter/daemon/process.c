#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

/* In the child: only the standard descriptors and its two are left. */
static void become_child(const char *role, const char *config_path, int jobs, int orders)
{
	char self[] = "/proc/self/exe", name[] = "whybounced";
	char flag[16] = "--", option[] = "-c", path[4096] = "";
	char *with_config[] = { name, option, path, flag, NULL };
	char *without[] = { name, flag, NULL };
	sigset_t none;

	strncat(flag, role, sizeof(flag) - 3);
	if (config_path != NULL)
		strncpy(path, config_path, sizeof(path) - 1);
	/* out of each other's way first: either may already sit at 3 or 4 */
	jobs = fcntl(jobs, F_DUPFD, 16);
	orders = fcntl(orders, F_DUPFD, 16);
	if (jobs < 0 || orders < 0 || dup2(jobs, CHILD_JOBS) < 0 ||
	    dup2(orders, CHILD_ORDERS) < 0 || close_range(5, ~0U, 0) != 0)
		_exit(71);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);	/* a terminal's ^C is the parent's to handle */
	execv(self, config_path != NULL ? with_config : without);
	_exit(71);
}

pid_t process_start(const char *role, const char *config_path, int jobs,
		    int *orders_r, struct error *error)
{
	int pair[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_set(error, "cannot start a %s: %s", role, strerror(errno));
	child = fork();
	if (child == 0)
		become_child(role, config_path, jobs, pair[1]);
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
	unsigned n = config->limit_workers;

	if (n == 0)
		n = cores > 0 ? (unsigned)cores : 1;
	return n < PROCESS_MAX_WORKERS ? n : PROCESS_MAX_WORKERS;
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
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}
