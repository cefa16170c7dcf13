#include "daemon/turn.h"

void turn_begin(struct turns *turns)
{
	pthread_mutex_lock(&turns->mutex);
	while (turns->running >= turns->most)
		pthread_cond_wait(&turns->ended, &turns->mutex);
	turns->running++;
	pthread_mutex_unlock(&turns->mutex);
}

void turn_end(struct turns *turns)
{
	pthread_mutex_lock(&turns->mutex);
	turns->running--;
	pthread_cond_signal(&turns->ended);
	pthread_mutex_unlock(&turns->mutex);
}

void turns_allow(struct turns *turns, unsigned most)
{
	pthread_mutex_lock(&turns->mutex);
	turns->most = most;
	pthread_cond_broadcast(&turns->ended);
	pthread_mutex_unlock(&turns->mutex);
}
