/* doubt.h - once all findings about a bounce are there: which of them contradict its
 * reply after all, and which repairs somebody else may have made up. Pure. */
#ifndef WHYBOUNCE_PROBE_DOUBT_H
#define WHYBOUNCE_PROBE_DOUBT_H

#include "probe/probe.h"

/* Sets disputed where the reply may be about another address or another list, and
 * takes back repairable where only a bounce that came in says what is to be
 * repaired. */
void doubt_findings(struct arena *arena, const struct subject *subject,
		    const struct prober_settings *settings, struct findings *findings);

#endif
