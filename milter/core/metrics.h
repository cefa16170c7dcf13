/* metrics.h - the counters of the daemon, and Prometheus' text of them.
 *
 * Plain atomics without a pointer, so that they can lie in memory that several
 * processes share; all zero is a good start. Names that come with a tally are
 * checked here: a family, check or verdict must be one of ours, providers and
 * languages are of a small alphabet and at most so many; everything else counts
 * as "other". So whoever fills tallies cannot make series without end. */
#ifndef WHYBOUNCE_CORE_METRICS_H
#define WHYBOUNCE_CORE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/enrich.h"

enum {
	METRICS_PROVIDERS = 128, METRICS_LANGUAGES = 64,
	METRICS_FAMILIES = 36,	/* room for the table in metrics.c */
	METRICS_CHECKS = 8, METRICS_VERDICTS = 24,
	METRICS_BUCKETS = 14,
	METRICS_TEXT = 4 * 1024 * 1024,	/* bytes, at most */
};

/* Why a bounce that nobody read in vain passed unexplained. */
enum trouble {
	TROUBLE_LARGE,		/* beyond limits.message_size */
	TROUBLE_MEMORY,		/* or descriptors */
	TROUBLE_BUSY,		/* no worker took it in time */
	TROUBLE_TIME,		/* no answer within limits.time */
	TROUBLE_DIED,		/* its worker died */
	TROUBLE_REFUSED,	/* what the worker said was not allowed */
	TROUBLE_FAILED,		/* the worker says it could not */
	TROUBLE_STOPPING,	/* came while we drain */
	TROUBLE_EDIT,		/* the mail server did not take an edit */
	TROUBLE_COUNT
};
const char *trouble_name(enum trouble trouble);

/* How children of the parent ended without being told to. */
enum end { END_SIGNAL, END_EXIT, END_STUCK, END_COUNT };

typedef _Atomic uint64_t counter;

struct metrics_names {
	atomic_uint n;
	char names[METRICS_PROVIDERS][TALLY_NAME];
};

struct metrics_histogram {
	counter buckets[METRICS_BUCKETS];	/* the last: more than any bound */
	counter sum_us, n;
};

struct metrics {
	counter outcomes[OUTCOME_COUNT];
	counter troubles[TROUBLE_COUNT];
	counter recipients[METRICS_FAMILIES][ACTION_UNKNOWN + 1];
	counter provider_recipients[METRICS_PROVIDERS][METRICS_FAMILIES];
	counter languages[METRICS_LANGUAGES];
	counter checks[METRICS_CHECKS][METRICS_VERDICTS];
	struct metrics_names provider_names, language_names;
	struct metrics_histogram durations, probe_durations;
	counter worker_ends[END_COUNT], front_ends, reloads, reloads_refused;
	_Atomic int64_t started;	/* seconds since 1970 */
	atomic_uint workers_wanted, workers_ready;
	atomic_bool front_ready, draining;
};

/* A bounce came back from the pipeline; us: how long the mail server waited. */
void metrics_count(struct metrics *metrics, const struct enrich_result *result, uint64_t us);
/* A bounce passed unexplained; us 0: the mail server did not wait. */
void metrics_trouble(struct metrics *metrics, enum trouble trouble, uint64_t us);

/* under_way: bounces that wait for us now. Fails only through out->failed. */
void metrics_print(struct buf *out, const struct metrics *metrics, unsigned under_way);

/* Is a cause family one that has a counter? (A test asks for all we ship.) */
bool metrics_knows_family(const char *family);

#endif
