/* log.h - one event, one line, to syslog or standard error.
 *
 * A line is at most LOG_LINE bytes; control characters and bytes outside ASCII
 * are written as \xHH, so that nothing a message holds can start a line of its
 * own. Thread-safe after log_open. */
#ifndef WHYBOUNCE_BASE_LOG_H
#define WHYBOUNCE_BASE_LOG_H

enum { LOG_LINE = 1000 };

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG };

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };

/* name is the program's, kept by reference. Before the first call lines go to
 * standard error. */
void log_open(enum log_target target, const char *name);
void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
