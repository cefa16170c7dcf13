/* enrich.h - the pipeline, once: from the bytes of a message to the edits that
 * explain it. The daemon's workers and the command line call the same function.
 *
 *   message -> MIME offsets -> delivery report -> diagnosis -> language
 *           -> explanation -> text + HTML -> splice
 *
 * A snapshot is immutable and shared by all threads; an arena belongs to one
 * call. Where the snapshot may ask the DNS a call blocks up to dns.timeout. */
#ifndef WHYBOUNCE_CORE_ENRICH_H
#define WHYBOUNCE_CORE_ENRICH_H

#include "core/snapshot.h"
#include "core/tally.h"
#include "mail/splice.h"
#include "say/explain.h"
#include "why/diagnose.h"

enum outcome {
	OUTCOME_EXPLAINED,	/* edits are to be made */
	OUTCOME_NOT_A_BOUNCE,
	OUTCOME_ALREADY,	/* carries X-Whybounce */
	OUTCOME_EXCLUDED,	/* its recipient is a program */
	OUTCOME_LEFT_ALONE,	/* signed, encrypted, unknown action, … */
	OUTCOME_FAILED,		/* ours: passes unchanged */
	OUTCOME_COUNT
};
const char *outcome_name(enum outcome outcome);

/* Who wrote it: the mail server that asks us, or one that sent it over SMTP.
 * What somebody else wrote is trusted less (option `inbound`, struct reader). */
enum origin { ORIGIN_GENERATED, ORIGIN_INBOUND, ORIGIN_COUNT };

struct enrich_request {
	struct span message;	/* whole: header, empty line, body */
	struct span rcpt;	/* envelope recipient of the bounce; empty: its To
				 * header counts */
	enum origin origin;
	const char *language;	/* forced tag (-l), or NULL */
	/* told when waiting for the DNS may begin, and that it has ended; or NULL */
	void (*waiting)(void *context, bool begins);
	void *waiting_context;
};

struct enrich_result {
	enum outcome outcome;
	struct edits edits;	/* with OUTCOME_EXPLAINED */
	char causes[128];	/* "user_unknown,mailbox_full", for mark and log */
	char language[16];
	size_t recipients;
	char reason[256];	/* why not, for the log; "" when explained */
	struct tally tally;	/* for the counters */
};

/* All memory of the result is in the arena. Never fails otherwise than through
 * result_r->outcome. */
void enrich(const struct snapshot *snapshot, struct arena *arena,
	    const struct enrich_request *request,
	    struct enrich_result *result_r);

/* What was read of a message, for `explain` and `diagnose`. */
struct reading {
	struct message message;
	struct bounce bounce;
	struct diagnosis *diagnoses;	/* one per recipient */
};
/* 0 also for what is no bounce (bounce.shape says so); -1 with an error for
 * what is no message, or when the arena is exhausted. */
int enrich_read(const struct snapshot *snapshot, struct arena *arena,
		struct span message, struct reading *reading_r,
		struct error *error);
/* All of the request but its message, which the reading holds. What checks prove
 * corrects the diagnoses of the reading. The second language hangs below the first. */
int enrich_explain(const struct snapshot *snapshot, struct arena *arena,
		   const struct reading *reading, const struct enrich_request *request,
		   struct explanation *explanation_r, struct error *error);

/* Memory one message may take beyond its own bytes. */
enum { ENRICH_ARENA = 16 * 1024 * 1024 };

#endif
