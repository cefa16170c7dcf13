/* baseline.h - milters to compare with, which do one thing and no more. */
#ifndef WHYBOUNCE_BENCH_BASELINE_H
#define WHYBOUNCE_BENCH_BASELINE_H

enum baseline {
	BASELINE_ECHO,		/* sends every body back as it came */
	BASELINE_ACCEPT,	/* accepts every message at MAIL FROM */
};

/* Serves on a unix socket until a signal ends it; the exit status to leave with. */
int baseline_run(enum baseline baseline, const char *path);

#endif
