/* bounce.h - is this a bounce, and what does it say about each recipient?
 *
 * Pure. Reads by structure: the report part (dsn.h) first, the human-readable
 * text (transcript.h) where the report is silent, damaged or absent. Only what
 * stands in the mail is reported: no guessed recipient, no invented code.
 * All text is UTF-8; every span is in the arena or in the message.
 *
 * Limits: BOUNCE_MAX_RECIPIENTS; BOUNCE_MAX_TEXT bytes of the first part are
 * read, BOUNCE_MAX_REPLY bytes of a reply are kept. */
#ifndef WHYBOUNCE_MAIL_BOUNCE_H
#define WHYBOUNCE_MAIL_BOUNCE_H

#include "base/error.h"
#include "mail/message.h"

enum {
	BOUNCE_MAX_RECIPIENTS = 1000,
	BOUNCE_MAX_TEXT = 64 * 1024,
	BOUNCE_MAX_REPLY = 4096,
};

/* RFC 3464, 2.3.3. UNKNOWN: a value the RFC does not name; left alone. */
enum dsn_action {
	ACTION_NONE, ACTION_FAILED, ACTION_DELAYED, ACTION_DELIVERED,
	ACTION_RELAYED, ACTION_EXPANDED, ACTION_UNKNOWN,
};

/* "failed", …; "" for ACTION_NONE and ACTION_UNKNOWN. */
const char *dsn_action_name(enum dsn_action action);

struct bounce_recipient {
	struct span recipient;	/* final recipient (or the only one named), without
				 * brackets or address type */
	struct span original;	/* whom the sender wrote to, where stated */
	enum dsn_action action;
	struct span status;	/* "5.1.1" as it stands in the mail. Where the field
				 * says x.0.0 and the reply is more exact: the
				 * reply's. Empty: none. */
	struct span reply_code;	/* "550" or empty */
	struct span reply;	/* the other server's words, whole, lines ended by
				 * LF except the last; without "smtp;" or "host … said:" */
	struct span context;	/* what the reporting server says itself about this
				 * recipient ("Host or domain name not found. …"),
				 * where that is not a reply */
	struct span command;	/* the SMTP command answered: "RCPT TO", "MAIL FROM",
				 * "DATA", "end of DATA", "EHLO", …; empty: not stated */
	struct span remote_mta;	/* host name or address literal, without type */
	struct span last_attempt, will_retry_until;	/* dates as they stand */
};

enum bounce_shape {
	BOUNCE_NOT,		/* ordinary mail, auto-reply, MDN, ARF, … */
	BOUNCE_REPORT,		/* multipart/report with a delivery status */
	BOUNCE_MULTIPART,	/* multipart without a readable report */
	BOUNCE_SINGLE,		/* not multipart */
	BOUNCE_NOTIFICATION,	/* told to a program, in JSON: not to be changed */
};

struct bounce {
	enum bounce_shape shape;
	const char *not_because;	/* BOUNCE_NOT: a short reason in English, for
					 * the log and --why; never NULL then */
	const struct mime_part *first;	/* the human-readable part; the root if single */
	const struct mime_part *report;	/* message/delivery-status, or NULL; of a
					 * refusal message/disposition-notification */
	const struct mime_part *returned;	/* the part that returns the message, or NULL */
	struct headers returned_headers;	/* of the returned message, however it was
						 * returned; may be empty */
	struct span reporting_mta;	/* without address type; empty: not stated */
	struct span queue_id;
	struct span arrival_date;
	struct span original_envelope_id;
	struct bounce_recipient *recipients;
	size_t n;
	bool more;		/* recipients beyond the limit were left out */
};

/* Returns 0 also for what is not a bounce (shape BOUNCE_NOT); -1 only when the
 * arena is exhausted. */
int bounce_read(struct arena *arena, const struct message *message,
		struct bounce *bounce_r, struct error *error);

#endif
