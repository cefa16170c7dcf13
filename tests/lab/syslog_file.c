/* Preloaded into programs that log with syslog(3): lines go to $SYSLOG_FILE, which
 * stays open from openlog(3) with LOG_NDELAY on, as the real one does. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static char name[64] = "?", path[4096];
static int kept = -1;

static int open_file(void)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
}

/* Before the program cleans its environment, as Sendmail does. */
__attribute__((constructor)) static void remember(void)
{
	const char *file = getenv("SYSLOG_FILE");

	if (file != NULL)
		snprintf(path, sizeof(path), "%s", file);
}

void openlog(const char *ident, int option, int facility)
{
	(void)facility;
	snprintf(name, sizeof(name), "%s", ident != NULL ? ident : "?");
	if ((option & LOG_NDELAY) != 0 && kept < 0)
		kept = open_file();
}

void closelog(void)
{
	if (kept >= 0)
		close(kept);
	kept = -1;
}

void vsyslog(int priority, const char *format, va_list arguments)
{
	char line[8192];
	int fd = kept >= 0 ? kept : open_file();
	size_t n;

	(void)priority;
	if (fd < 0)
		return;
	n = (size_t)snprintf(line, sizeof(line), "%s[%d]: ", name, (int)getpid());
	vsnprintf(line + n, sizeof(line) - n - 1, format, arguments);
	n = strlen(line);
	if (line[n - 1] != '\n')
		line[n++] = '\n';
	if (write(fd, line, n) < 0)
		name[0] = '!';
	if (fd != kept)
		close(fd);
}

void syslog(int priority, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsyslog(priority, format, arguments);
	va_end(arguments);
}

void __syslog_chk(int priority, int flag, const char *format, ...);
void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments);

void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list arguments;

	(void)flag;
	va_start(arguments, format);
	vsyslog(priority, format, arguments);
	va_end(arguments);
}

void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments)
{
	(void)flag;
	vsyslog(priority, format, arguments);
}
