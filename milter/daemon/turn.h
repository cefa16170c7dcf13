/* turn.h - so many threads of a worker compute at once, and no more.
 *
 * Threads are many, because they wait for the DNS; there is one worker per core. A
 * job that its thread has not taken yet is not lost when the worker dies, so a job
 * is taken only when its turn has come. Who takes long does not hold up the others:
 * one more is let in. */
#ifndef WHYBOUNCE_DAEMON_TURN_H
#define WHYBOUNCE_DAEMON_TURN_H

#include <pthread.h>

struct turns {
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	unsigned running, most;
};

#define TURNS(n) { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, (n) }

void turn_begin(struct turns *turns);	/* blocks */
void turn_end(struct turns *turns);
/* Let so many in at once from now on. */
void turns_allow(struct turns *turns, unsigned most);

#endif
