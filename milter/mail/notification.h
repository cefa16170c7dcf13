/* notification.h - a bounce that a sending service tells a program of, in JSON:
 * Amazon SES through SNS. What it says is what a delivery report says, in other
 * words. Such a mail is read, but never explained within: a program reads it, too.
 *
 * Pure. Text that is not wholly JSON (a trailer apart), larger than NOTIFICATION_MAX
 * or nested deeper than any notification is none. */
#ifndef WHYBOUNCE_MAIL_NOTIFICATION_H
#define WHYBOUNCE_MAIL_NOTIFICATION_H

#include "mail/dsn.h"

enum { NOTIFICATION_MAX = 64 * 1024 };

/* The recipients of {"notificationType":"Bounce","bounce":{"bouncedRecipients":[…]}}
 * and the server that reported them. n == 0: it is nothing of the kind. -1 only when
 * the arena is exhausted. */
int notification_parse(struct arena *arena, struct span text, struct dsn *dsn_r);

#endif
