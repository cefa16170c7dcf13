/* remark.h - what a notice says about one recipient, in its own words.
 *
 * Pure. From free text ("host mx.example said: 550 5.1.1 …", "Sorry, no mailbox
 * here by that name. (#5.1.1)") to the fields of a recipient. Only what stands
 * there; fields that are filled already are left alone. */
#ifndef WHYBOUNCE_MAIL_REMARK_H
#define WHYBOUNCE_MAIL_REMARK_H

#include "base/arena.h"
#include "mail/bounce.h"

/* Fill reply, reply_code, status, command and remote_mta of *r, and context with
 * what is no reply. Memory: copies in the arena. */
void remark_read(struct arena *arena, struct span text, struct bounce_recipient *r);

/* The SMTP command that words before or behind a reply name ("after RCPT TO",
 * "in reply to end of DATA", "[RCPT_TO]"); or empty. A string literal. */
struct span remark_command(struct span text);

/* The server that words before a reply name ("host mx.example[192.0.2.1] said:",
 * "while talking to mx.example.:"); or empty. */
struct span remark_host(struct span text);

/* "Subject: …": the sender's words, which tell nothing of the reason. */
bool remark_is_subject(struct span line);

/* The white space of wrapped lines as one space each; trimmed, without lines that
 * quote the subject, at most BOUNCE_MAX_REPLY bytes. */
struct span remark_unwrap(struct arena *arena, struct span text);

#endif
