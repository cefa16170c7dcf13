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

#include <libmilter/mfapi.h>

enum { START_TENTHS = 100 };

/* ---- the milter that echoes ---- */

struct body {
	unsigned char *bytes;
	size_t n, room;
};

static struct body *body_of(SMFICTX *context)
{
	struct body *body = smfi_getpriv(context);

	if (body == NULL) {
		body = calloc(1, sizeof(*body));
		smfi_setpriv(context, body);
	}
	return body;
}

static sfsistat echo_mail(SMFICTX *context, char **arguments)
{
	struct body *body = body_of(context);

	(void)arguments;
	if (body == NULL)
		return SMFIS_TEMPFAIL;
	body->n = 0;
	return SMFIS_CONTINUE;
}

static sfsistat echo_arguments(SMFICTX *context, char **arguments)
{
	(void)context, (void)arguments;
	return SMFIS_CONTINUE;
}

static sfsistat echo_connect(SMFICTX *context, char *name, _SOCK_ADDR *address)
{
	(void)context, (void)name, (void)address;
	return SMFIS_CONTINUE;
}

static sfsistat echo_helo(SMFICTX *context, char *name)
{
	(void)context, (void)name;
	return SMFIS_CONTINUE;
}

static sfsistat echo_header(SMFICTX *context, char *name, char *value)
{
	(void)context, (void)name, (void)value;
	return SMFIS_CONTINUE;
}

static sfsistat echo_nothing(SMFICTX *context)
{
	(void)context;
	return SMFIS_CONTINUE;
}

static sfsistat echo_body(SMFICTX *context, unsigned char *bytes, size_t n)
{
	struct body *body = body_of(context);

	if (body->n + n > body->room) {
		body->room = 2 * (body->n + n);
		body->bytes = realloc(body->bytes, body->room);
	}
	if (body->bytes == NULL)
		return SMFIS_TEMPFAIL;
	memcpy(body->bytes + body->n, bytes, n);
	body->n += n;
	return SMFIS_CONTINUE;
}

static sfsistat echo_end(SMFICTX *context)
{
	struct body *body = body_of(context);

	if (body->n != 0)
		smfi_replacebody(context, body->bytes, (int)body->n);
	return SMFIS_CONTINUE;
}

static sfsistat echo_close(SMFICTX *context)
{
	struct body *body = smfi_getpriv(context);

	if (body != NULL)
		free(body->bytes);
	free(body);
	smfi_setpriv(context, NULL);
	return SMFIS_CONTINUE;
}

static int echo_main(const char *path)
{
	char name[] = "echo", socket[128];
	struct smfiDesc filter = {
		.xxfi_name = name, .xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY,
		.xxfi_connect = echo_connect, .xxfi_helo = echo_helo, .xxfi_envfrom = echo_mail,
		.xxfi_envrcpt = echo_arguments, .xxfi_data = echo_nothing,
		.xxfi_header = echo_header, .xxfi_eoh = echo_nothing, .xxfi_body = echo_body,
		.xxfi_eom = echo_end, .xxfi_close = echo_close,
	};

	snprintf(socket, sizeof(socket), "unix:%s", path);
	if (smfi_register(filter) != MI_SUCCESS || smfi_setconn(socket) != MI_SUCCESS)
		return EXIT_FAILURE;
	return smfi_main() == MI_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}

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
		_exit(echo_main(s->echo));
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

struct usage subjects_usage(const struct subjects *s)
{
	struct usage usage = { resident_kib(s->whybounced_pid), descriptors(s->whybounced_pid) };
	char path[96];
	FILE *file;
	int pid;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)s->whybounced_pid,
		 (int)s->whybounced_pid);
	file = fopen(path, "re");
	while (file != NULL && fscanf(file, "%d", &pid) == 1) {
		usage.resident_kib += resident_kib(pid);
		usage.descriptors += descriptors(pid);
	}
	if (file != NULL)
		fclose(file);
	return usage;
}
