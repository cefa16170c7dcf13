/* children.h - the processes that the parent has: who runs, who is ready, who is
 * late, and when the next one may be started.
 *
 * One that served and ends is replaced at once, as long as that does not happen
 * all the time (REPLACE_AT_ONCE in a row, then one per REPLACE_MS); one that
 * ends before it was ready makes its successor wait ever longer. */
#ifndef WHYBOUNCE_DAEMON_CHILDREN_H
#define WHYBOUNCE_DAEMON_CHILDREN_H

#include <poll.h>
#include <sys/types.h>

#include "core/metrics.h"
#include "daemon/process.h"

enum { CHILDREN_MAX = 2 + 2 * CONFIG_MAX_WORKERS };	/* as many old ones as new */

enum role { ROLE_FRONT, ROLE_WORKER, ROLES };

struct child {
	pid_t pid;		/* 0: this row is free */
	enum role role;
	int orders;
	bool ready;
	bool retiring;		/* serves until those that replace it are ready */
	bool told;		/* to finish: nobody replaces it when it ends */
	long long deadline;	/* to be ready, or gone; 0: none */
};

struct replacing {		/* when, of one role */
	long long start_at;	/* no earlier than this */
	long long delay;	/* of the last that did not get ready */
	unsigned spent;		/* replaced at once lately */
	long long spent_at;	/* when `spent` was last looked at */
};

struct children {
	const char *config_path;
	int given[ROLES][CHILD_GIVEN];
	struct metrics *metrics;
	struct child list[CHILDREN_MAX];
	struct replacing replacing[ROLES];
};

/* Start as many as are missing of those wanted, if their time has come. */
void children_start(struct children *children, enum role role, unsigned wanted);
/* Milliseconds until something is to be done; -1: nothing will. */
int children_next(const struct children *children, const unsigned wanted[ROLES]);

/* Append what is to be polled: those that have not said that they are ready. */
size_t children_poll(const struct children *children, struct pollfd *polled);
/* Read what they say; kill those that are late. */
void children_look(struct children *children);
/* Bury the dead. True where one that was to stay has ended. */
bool children_bury(struct children *children);

/* Those that serve, or will; with `ready` only those that do. */
unsigned children_count(const struct children *children, enum role role, bool ready);
/* Those in any state. */
unsigned children_alive(const struct children *children, enum role role);

void children_order(struct children *children, enum role role, enum order what);
/* Those of a role that serve go on until children_replaced; those that do not yet
 * are killed. */
void children_retire(struct children *children, enum role role);
/* Tell the retiring to finish; after within_ms they are killed. */
void children_replaced(struct children *children, enum role role, unsigned within_ms);
void children_kill(struct children *children);

#endif
