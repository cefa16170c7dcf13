/* wording.h - what the words before an address tell of it.
 *
 * Pure; allocates nothing. In the languages servers write in; ASCII case ignored. */
#ifndef WHYBOUNCE_MAIL_WORDING_H
#define WHYBOUNCE_MAIL_WORDING_H

#include "base/span.h"

/* The word before an address at `at`: "recipient", "to", "Address". */
struct span wording_before(struct span text, size_t at);

/* The last word of the label is one for the sender, or for who helps: "from", "by". */
bool wording_names_sender(struct span label);
/* The line that starts at `line` has a label before the address at `at`, and its first
 * word is such a one: "Sender Address: a@b". */
bool wording_labels_sender(struct span text, size_t line, size_t at);
/* "A message sent by\n\n  <a@b>", "Contact:\n  a@b": he is no recipient. */
bool wording_follows_author(struct span text, size_t at);
/* "(generated from a@b)": the recipient the sender knows. */
bool wording_follows_origin(struct span text, size_t at);
/* "His new address is a@b", "he has moved to a@b": whom the message was not sent to. */
bool wording_leads_elsewhere(struct span text, size_t at);
/* "The following addresses had successful delivery notifications". */
bool wording_tells_success(struct span line);
/* "recipient", "Address", "mailbox". */
bool wording_names_recipient(struct span word);
/* "to", "for": a recipient, where the sentence tells of a failure. */
bool wording_leads_to_recipient(struct span word);

#endif
