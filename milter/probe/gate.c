#include "probe/gate.h"

void gate_init(struct gate *gate, unsigned most)
{
	*gate = (struct gate){ .most = most };
	pthread_mutex_init(&gate->lock, NULL);
}

void gate_release(struct gate *gate)
{
	pthread_mutex_destroy(&gate->lock);
}

/* FNV-1a. Domains that share a bucket share its tokens. */
static size_t bucket_of(struct span domain)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < domain.n; i++) {
		hash ^= (unsigned char)ascii_lower(domain.p[i]);
		hash *= 0x100000001b3;
	}
	return (size_t)(hash % GATE_BUCKETS);
}

static bool take_token(struct gate *gate, struct span domain, int64_t now_ms)
{
	size_t i = bucket_of(domain);
	int64_t gained;

	if (gate->buckets[i].since_ms == 0) {
		gate->buckets[i].tokens = GATE_BURST;
		gate->buckets[i].since_ms = now_ms;
	}
	gained = (now_ms - gate->buckets[i].since_ms) * GATE_PER_SECOND / 1000;
	if (gained > 0) {
		gate->buckets[i].since_ms = now_ms;
		gate->buckets[i].tokens = gained >= GATE_BURST - (int64_t)gate->buckets[i].tokens ?
			GATE_BURST : gate->buckets[i].tokens + (unsigned)gained;
	}
	if (gate->buckets[i].tokens == 0)
		return false;
	gate->buckets[i].tokens--;
	return true;
}

bool gate_enter(struct gate *gate, struct span domain, int64_t now_ms)
{
	bool open;

	pthread_mutex_lock(&gate->lock);
	open = gate->inside < gate->most && take_token(gate, domain, now_ms);
	gate->inside += open;
	pthread_mutex_unlock(&gate->lock);
	return open;
}

void gate_leave(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->inside--;
	pthread_mutex_unlock(&gate->lock);
}
