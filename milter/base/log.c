#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static enum log_target log_target_now = LOG_TO_STDERR;
static const char *log_name = "whybounce";

void log_open(enum log_target target, const char *name)
{
	log_target_now = target;
	log_name = name;
	if (target == LOG_TO_SYSLOG)
		openlog(name, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

/* Printable ASCII only; everything else as \xHH, as far as there is room. */
static size_t escape(char *to, size_t size, const char *from)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (; *from != '\0' && n + 5 < size; from++) {
		unsigned char c = (unsigned char)*from;

		if (c >= ' ' && c < 0x7f) {
			to[n++] = *from;
			continue;
		}
		to[n++] = '\\';
		to[n++] = 'x';
		to[n++] = hex[c >> 4];
		to[n++] = hex[c & 15];
	}
	to[n] = '\0';
	return n;
}

void log_line(enum log_level level, const char *format, ...)
{
	static const int priority[] = { LOG_ERR, LOG_WARNING, LOG_INFO };
	static const char *const word[] = { "error: ", "warning: ", "" };
	char raw[LOG_LINE], line[LOG_LINE + 2];
	va_list args;
	size_t n;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	if (log_target_now == LOG_TO_SYSLOG) {
		escape(line, LOG_LINE - strlen(word[level]), raw);
		syslog(priority[level], "%s%s", word[level], line);
		return;
	}
	/* one write, so that lines of several threads do not mix */
	snprintf(line, LOG_LINE / 2, "%s: %s", log_name, word[level]);
	n = strlen(line);
	n += escape(line + n, LOG_LINE + 1 - n, raw);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return;		/* nowhere left to complain */
}
