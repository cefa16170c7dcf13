/* dsn.h - the fields of a delivery status report, RFC 3464 and RFC 6533.
 *
 * Pure. message/delivery-status and message/global-delivery-status; reads the
 * first group as per-message fields, every further one as a recipient; tolerates
 * missing blank lines, several groups in the wrong order, transfer encodings. */
#ifndef WHYBOUNCE_MAIL_DSN_H
#define WHYBOUNCE_MAIL_DSN_H

#include "mail/bounce.h"

/* "type; value" of RFC 3464, 2.1.2: what Reporting-MTA, Remote-MTA, Final-
 * Recipient and Diagnostic-Code hold. */
struct dsn_typed {
	struct span type;	/* "dns", "rfc822", "utf-8", "smtp", "X-Unix" as written */
	struct span value;	/* \x{…} of utf-8 addresses decoded (RFC 6533, 3) */
};

struct dsn_recipient {
	struct dsn_typed original_recipient, final_recipient;
	enum dsn_action action;
	struct span action_comment;	/* Sendmail: "delivered (to mailbox)" */
	struct span status;		/* digits only, comments removed */
	struct span status_comment;	/* "host name lookup failure" behind it */
	struct dsn_typed remote_mta, diagnostic;	/* diagnostic: lines kept, LF */
	struct span last_attempt, will_retry_until, final_log_id;
	struct headers extensions;	/* every field of the group, X-… too */
};

struct dsn {
	struct dsn_typed reporting_mta, dsn_gateway, received_from_mta;
	struct span original_envelope_id, arrival_date;
	struct headers fields;		/* every per-message field */
	struct dsn_recipient *recipients;
	size_t n;
	bool more;
};

/* -1 only when the arena is exhausted; a part without any usable field gives
 * n == 0. */
int dsn_parse(struct arena *arena, const struct mime_part *report,
	      struct dsn *dsn_r);
/* A further report of the same message: its recipients join those of *dsn. */
int dsn_parse_more(struct arena *arena, const struct mime_part *report,
		   struct dsn *dsn);
/* The same as dsn_parse for fields that stand in text. */
int dsn_parse_text(struct arena *arena, struct span text, struct dsn *dsn_r);

/* An address as mail programs write it ("<a@b> (comment)", quoted local parts,
 * "rfc822;a@b") reduced to a@b; empty where there is none. RFC 5321, 4.1.2. */
struct span dsn_address(struct arena *arena, struct span text);

#endif
