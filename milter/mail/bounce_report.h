/* bounce_report.h - from the fields of a delivery report to the recipients of a bounce,
 * with what the text beside them adds. Private to mail/. */
#ifndef WHYBOUNCE_MAIL_BOUNCE_REPORT_H
#define WHYBOUNCE_MAIL_BOUNCE_REPORT_H

#include "mail/dsn.h"
#include "mail/recognise.h"

/* Fills the bounce; text: what people read. -1 only when the arena is exhausted. */
int bounce_take_report(struct arena *arena, const struct dsn *dsn, const struct evidence *e,
		       struct span text, struct bounce *bounce);

/* Postfix answers `sendmail -bv` in the form of a bounce, with actions that RFC 3464 does
 * not know: nothing has failed. */
bool bounce_is_address_probe(const struct dsn *dsn);

/* The one recipient of the returned message, where the notice names none; empty for a
 * list, whose members it does not name. */
struct span bounce_returned_recipient(struct arena *arena, const struct bounce *bounce);

#endif
