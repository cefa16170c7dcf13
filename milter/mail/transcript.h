/* transcript.h - what the human-readable part says that the report does not.
 *
 * Pure. Text is UTF-8 with LF or CRLF line ends. Everything found is a span into
 * the text or a copy in the arena; nothing is guessed. */
#ifndef WHYBOUNCE_MAIL_TRANSCRIPT_H
#define WHYBOUNCE_MAIL_TRANSCRIPT_H

#include "base/arena.h"
#include "base/span.h"

/* A multi-line reply (RFC 5321, 4.2.1) on lines of its own, also where it was
 * flattened: "550-5.7.1 a 550 5.7.1 b" becomes two lines joined by LF. */
struct span transcript_unflatten(struct arena *arena, struct span reply);

/* The whole reply whose first line is `first`, from Sendmail's transcript ("<<<
 * 550-5.1.1 …") or, where it goes on, from lines of its own; `first` itself where the text does not show it. *command_r
 * becomes the command it answered (">>> RCPT To:<a@b>": "RCPT TO"), or stays. */
struct span transcript_reply(struct arena *arena, struct span text,
			     struct span first, struct span *command_r);

/* Postfix's "(in reply to RCPT TO command)" behind this address, wrapped as it
 * may be; or empty. */
struct span transcript_command(struct span text, struct span address);

#endif
