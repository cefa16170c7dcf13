/* gate.h - how many messages may ask the DNS at once, and how often about one
 * domain. Thread-safe; never waits. Private to probe/. */
#ifndef WHYBOUNCE_PROBE_GATE_H
#define WHYBOUNCE_PROBE_GATE_H

#include <pthread.h>
#include <stdint.h>

#include "base/span.h"

enum {
	GATE_BURST = 200,	/* messages about one domain, at once */
	GATE_PER_SECOND = 50,	/* and from then on */
	GATE_BUCKETS = 512,	/* domains that are told apart */
};

struct gate {
	pthread_mutex_t lock;
	unsigned inside, most;
	struct {
		unsigned tokens;
		int64_t since_ms;	/* filled up to here; 0: full */
	} buckets[GATE_BUCKETS];
};

void gate_init(struct gate *gate, unsigned most);
void gate_release(struct gate *gate);
/* False: too many. Who was let in must leave. */
bool gate_enter(struct gate *gate, struct span domain, int64_t now_ms);
void gate_leave(struct gate *gate);

#endif
