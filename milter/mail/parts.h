/* parts.h - what each part of a bounce is, and the text of all.
 *
 * Pure. By type, where it is stated; programs leave types out or know them not. */
#ifndef WHYBOUNCE_MAIL_PARTS_H
#define WHYBOUNCE_MAIL_PARTS_H

#include "mail/mime.h"

/* multipart/report, of a delivery or of it does not say what. */
bool parts_is_report_type(const struct mime_part *root);
/* A delivery status. Gateways that do not know the type call it
 * application/octet-stream. */
bool parts_is_report(const struct mime_part *part);
/* The returned message or its header. */
bool parts_is_returned(const struct mime_part *part);
/* A part whose own header is a message's: its type was left out. */
bool parts_is_untyped_message(const struct mime_part *part);

/* Everything there is to read, at most BOUNCE_MAX_TEXT: the text parts in a row, or
 * the whole body where the parts cannot be told apart. */
struct span parts_text(struct arena *arena, const struct mime_part *root);

/* A text with links, shown or behind words. */
bool parts_has_links(struct arena *arena, const struct mime_part *part);

#endif
