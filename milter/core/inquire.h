/* inquire.h - what is asked of the DNS about a bounce, and by right of whom.
 *
 * Private to core/. A reader of ours sees live checks of mail that is ours; others
 * see at most what our server had found when their mail came in. A bounce that came
 * in is asked about only where it returns mail of ours. */
#ifndef WHYBOUNCE_CORE_INQUIRE_H
#define WHYBOUNCE_CORE_INQUIRE_H

#include "core/enrich.h"

struct inquiry {
	struct findings findings;	/* n 0: nothing was asked */
	bool forged;			/* the message was probably not sent by us */
};

/* rcpt: whom the bounce is for. Blocks up to dns.timeout. Never fails. */
void inquire(const struct snapshot *snapshot, struct arena *arena,
	     const struct reading *reading, enum origin origin, struct span rcpt,
	     const struct reader *reader, struct inquiry *inquiry_r);

#endif
