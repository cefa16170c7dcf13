/* phrases.h - what mail servers write in the notices they send.
 *
 * Pure; allocates nothing. One table of phrases by meaning, in the languages
 * servers write in. It is read, never shown. ASCII case is ignored, any run of
 * white space counts as one space (notices are wrapped), and ’ as '.
 * One pass over the text finds all of them. */
#ifndef WHYBOUNCE_MAIL_PHRASES_H
#define WHYBOUNCE_MAIL_PHRASES_H

#include "base/span.h"

enum phrase {
	PHRASE_FAILED,		/* "could not be delivered" */
	PHRASE_SUBJECT,		/* the same, but only in a subject: "failure notice" */
	PHRASE_DELAYED,		/* "will be retried" */
	PHRASE_FINAL,		/* "permanent error": no delay, whatever else is said */
	PHRASE_RETURNED,	/* "below this line is a copy": the message comes now */
	PHRASE_AUTO_REPLY,	/* "out of office" */
	PHRASE_CHALLENGE,	/* "confirm that you sent" */
	PHRASE_DELIVERED,	/* "was successfully delivered" */
	PHRASE_RECEIPT,		/* "return receipt", "Delivered: …", only in a subject */
	PHRASE_STATISTICS,	/* "daily report", "campaign": of many mails, only in a subject */
	PHRASE_INCOMING,	/* "to your inbox": of mail to the reader, not from him */
	PHRASE_SUMMARY,		/* "quarantine", "your mailbox", only in a subject */
	PHRASE_KINDS,
};

enum { PHRASES_MAX_PLACES = 128 };

struct phrases {
	bool found[PHRASE_KINDS];
	struct phrase_place {
		enum phrase kind;
		size_t at;
	} places[PHRASES_MAX_PLACES];	/* the first ones, in the order of the text */
	size_t n;
};

void phrases_find(struct span text, struct phrases *phrases_r);

#endif
