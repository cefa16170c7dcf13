/* milter_client.h - the mail server's side of the milter protocol (version 6), as
 * much of it as a doctor needs. Private to cli/.
 *
 * A message is handed over as Postfix hands over a bounce that it wrote itself:
 * with an empty sender. Answers larger than MILTER_MAX_PACKET are refused. */
#ifndef WHYBOUNCE_CLI_MILTER_CLIENT_H
#define WHYBOUNCE_CLI_MILTER_CLIENT_H

#include "base/error.h"
#include "cli/endpoint.h"
#include "mail/splice.h"

enum { MILTER_MAX_PACKET = 1024 * 1024 };

struct milter_client {
	int fd;
	int problem;			/* errno of a connection that failed, else 0 */
	unsigned actions, steps;	/* as agreed */
	char *packet;			/* the last one received */
};

/* Connect and agree. -1 with an error; then there is nothing to close. */
int milter_client_open(struct milter_client *client, const struct endpoint *endpoint,
		       unsigned time_ms, struct error *error);
void milter_client_close(struct milter_client *client);

/* What the milter made of a message. */
struct milter_answer {
	char verdict;			/* 'a' accept, 'c' continue, 't' try again, … */
	struct edits edits;		/* of the header */
	bool body_changed;
	struct span body;		/* the new one; the arena's */
};
int milter_client_hand_over(struct milter_client *client, struct arena *arena,
			    const struct message *message, const char *rcpt,
			    struct milter_answer *answer_r, struct error *error);

#endif
