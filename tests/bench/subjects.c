#include "subjects.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baseline.h"

enum { START_TENTHS = 100 };

/* ---- starting and stopping ---- */

static int answers(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
	close(fd);
	return rc == 0;
}

static int wait_for(const char *path, pid_t pid)
{
	for (int i = 0; i < START_TENTHS; i++) {
		if (answers(path))
			return 0;
		if (waitpid(pid, NULL, WNOHANG) == pid)
			break;
		poll(NULL, 0, 100);
	}
	fprintf(stderr, "nobody listens on %s\n", path);
	return -1;
}

/* The daemon beside which this program was built. */
static void run_whybounced(const struct subjects *s)
{
	char self[PATH_MAX / 2] = "", program[PATH_MAX], config[128], log[128];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	FILE *file;

	snprintf(config, sizeof(config), "%s/whybounce.yaml", s->directory);
	snprintf(log, sizeof(log), "%s/log", s->directory);
	file = fopen(config, "w");
	if (n <= 0 || file == NULL)
		_exit(EXIT_FAILURE);
	fprintf(file, "socket: local:%s\nlog: stderr\nuser: nobody\nchecks: {spf: no, dkim: no, "
		"dmarc: no, mx: no, ptr: no}\n", s->whybounced);
	fclose(file);
	*strrchr(self, '/') = '\0';
	snprintf(program, sizeof(program), "%s/../whybounced", self);
	if (dup2(open(log, O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO) >= 0)
		execl(program, program, "-c", config, "-f", (char *)NULL);
	_exit(EXIT_FAILURE);
}

int subjects_start(struct subjects *s)
{
	strcpy(s->directory, "/tmp/whybounce-bench-XXXXXX");
	if (mkdtemp(s->directory) == NULL || chmod(s->directory, 0755) != 0)
		return -1;
	snprintf(s->echo, sizeof(s->echo), "%s/echo.sock", s->directory);
	snprintf(s->whybounced, sizeof(s->whybounced), "%s/whybounce.sock", s->directory);
	s->echo_pid = fork();
	if (s->echo_pid == 0)
		_exit(baseline_run(BASELINE_ECHO, s->echo));
	s->whybounced_pid = fork();
	if (s->whybounced_pid == 0)
		run_whybounced(s);
	if (wait_for(s->echo, s->echo_pid) == 0 && wait_for(s->whybounced, s->whybounced_pid) == 0)
		return 0;
	subjects_stop(s);
	return -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void subjects_stop(struct subjects *s)
{
	kill(s->echo_pid, SIGKILL);
	kill(s->whybounced_pid, SIGTERM);
	waitpid(s->echo_pid, NULL, 0);
	waitpid(s->whybounced_pid, NULL, 0);
	nftw(s->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- what it uses ---- */

static size_t resident_kib(pid_t pid)
{
	char path[64], line[256];
	size_t kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "VmRSS: %zu", &kib) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return kib;
}

static size_t descriptors(pid_t pid)
{
	char path[64];
	size_t n = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	while (directory != NULL && readdir(directory) != NULL)
		n++;
	if (directory != NULL)
		closedir(directory);
	return n;
}

/* Of its threads, also of those that have ended. */
static double seconds(pid_t pid)
{
	unsigned long user = 0, system = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		   &system) != 2)
		user = system = 0;
	fclose(file);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* The processes of whybounced: the parent, then its children. */
static size_t processes_of(pid_t parent, pid_t *list, size_t size)
{
	char path[96];
	FILE *file;
	size_t n = 0;

	list[n++] = parent;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	file = fopen(path, "re");
	while (file != NULL && n < size && fscanf(file, "%d", &list[n]) == 1)
		n++;
	if (file != NULL)
		fclose(file);
	return n;
}

double subjects_seconds_echo(const struct subjects *s)
{
	return seconds(s->echo_pid);
}

double subjects_seconds_whybounced(const struct subjects *s)
{
	pid_t list[SUBJECTS_MOST_PROCESSES];
	size_t n = processes_of(s->whybounced_pid, list, SUBJECTS_MOST_PROCESSES);
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += seconds(list[i]);
	return sum;
}

struct usage subjects_usage(const struct subjects *s)
{
	pid_t list[SUBJECTS_MOST_PROCESSES];
	struct usage usage = {
		.n = processes_of(s->whybounced_pid, list, SUBJECTS_MOST_PROCESSES),
	};

	for (size_t i = 0; i < usage.n; i++)
		usage.processes[i] = (struct process_usage){
			list[i], resident_kib(list[i]), descriptors(list[i]),
		};
	return usage;
}
