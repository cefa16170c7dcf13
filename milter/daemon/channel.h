/* channel.h - one line between the front and a thread of a worker.
 *
 * A socket of datagrams that say "there is a job" and "there is an answer", and
 * memory that both map, for the bytes of either. A worker makes it and offers it
 * to the front, through the socket that all processes share; from then on one job
 * at a time is on it. An answer of no bytes says that the worker has no memory for
 * the job. A worker that dies closes its lines, and the front knows at once.
 *
 * The memory is sealed: neither side can cut it under the other's feet. It can
 * change under one's feet, so the front copies an answer before it looks at it. */
#ifndef WHYBOUNCE_DAEMON_CHANNEL_H
#define WHYBOUNCE_DAEMON_CHANNEL_H

#include <sys/types.h>

#include "daemon/wire.h"

enum {
	CHANNEL_MESSAGE = 256 * 1024,	/* longer messages come in memory of their own */
	CHANNEL_BYTES = CHANNEL_MESSAGE + WIRE_MAX,
	CHANNEL_MAX_RCPT = 512,
};

/* What goes with a job. */
struct channel_note {
	size_t message_n;
	enum origin origin;
	unsigned short rcpt_n;
	char rcpt[CHANNEL_MAX_RCPT];
};

/* The socket of all offers: [0] for the front, [1] for every worker. */
int channel_socket(int *ends_r);

/* ---- memory ---- */

/* New memory of n bytes, whose size is sealed. A descriptor, or -1. */
int channel_memory(size_t n);
/* Also its content, for good. */
int channel_seal(int memory);
/* Map what somebody else made; NULL where it is not sealed, or of another size.
 * The descriptor stays open. */
void *channel_map(int memory, size_t n, int protection);

/* ---- datagrams ---- */

/* Bytes and up to two descriptors in one datagram. 0, or -1 with errno. */
int channel_send(int socket, const void *bytes, size_t n, const int *descriptors,
		 size_t descriptors_n, int flags);
/* The same the other way: the bytes received, 0 at the end, -1 with errno.
 * Exactly two places for descriptors, -1 where none came. */
ssize_t channel_receive(int socket, void *bytes, size_t n, int descriptors_r[2], int flags);

#endif
