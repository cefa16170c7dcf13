/* fault.h - what a worker does wrong on purpose, in a test build only.
 *
 * `make FAULTS=1` builds whybounced so that a bounce which holds the line
 * "X-Whybounce-Fault: WORD", also in the message that it returns, makes its
 * worker crash, hang, loop, grow, lie (say what the front must refuse), speak
 * nonsense, or open a file. Any other build knows nothing of it. */
#ifndef WHYBOUNCE_DAEMON_FAULT_H
#define WHYBOUNCE_DAEMON_FAULT_H

#include "core/enrich.h"

#ifdef WHYBOUNCE_FAULTS
void fault_before(struct span message);
void fault_after(struct span message, struct enrich_result *result);
#else
static inline void fault_before(struct span message)
{
	(void)message;
}

static inline void fault_after(struct span message, struct enrich_result *result)
{
	(void)message, (void)result;
}
#endif

#endif
