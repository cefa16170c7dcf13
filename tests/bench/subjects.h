/* subjects.h - the two milters that are compared: whybounced as it is built, and
 * one that sends every body back as it came. */
#ifndef WHYBOUNCE_BENCH_SUBJECTS_H
#define WHYBOUNCE_BENCH_SUBJECTS_H

#include <stddef.h>
#include <sys/types.h>

struct subjects {
	char directory[64];
	char echo[96], whybounced[96];	/* their sockets */
	pid_t echo_pid, whybounced_pid;
};

/* -1, with a line on standard error, where one of them does not start. */
int subjects_start(struct subjects *subjects_r);
void subjects_stop(struct subjects *subjects);

/* Seconds of the processor so far, of all their threads and processes. */
double subjects_seconds_echo(const struct subjects *subjects);
double subjects_seconds_whybounced(const struct subjects *subjects);

/* What the processes of whybounced use: the parent, then its children. */
struct process_usage {
	pid_t pid;
	size_t resident_kib, descriptors;
};
enum { SUBJECTS_MOST_PROCESSES = 64 };
struct usage {
	size_t n;
	struct process_usage processes[SUBJECTS_MOST_PROCESSES];
};
struct usage subjects_usage(const struct subjects *subjects);

#endif
