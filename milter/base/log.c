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
static void escape(char *to, size_t size, const char *from)
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
}

void log_line(enum log_level level, const char *format, ...)
{
	static const int priority[] = { LOG_ERR, LOG_WARNING, LOG_INFO };
	static const char *const word[] = { "error: ", "warning: ", "" };
	char raw[LOG_LINE], line[LOG_LINE], out[LOG_LINE + 64];
	va_list args;
	int n;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	escape(line, sizeof(line), raw);
	if (log_target_now == LOG_TO_SYSLOG) {
		syslog(priority[level], "%s%s", word[level], line);
		return;
	}
	/* one write, so that lines of several threads do not mix */
	n = snprintf(out, sizeof(out), "%s: %s%s\n", log_name, word[level], line);
	if (n > 0 && write(STDERR_FILENO, out, strnlen(out, sizeof(out))) < 0)
		return;		/* nowhere left to complain */
}
