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
/* "recipient", "Address", "mailbox". */
bool wording_names_recipient(struct span word);
/* "to", "for": a recipient, where the sentence tells of a failure. */
bool wording_leads_to_recipient(struct span word);

#endif
