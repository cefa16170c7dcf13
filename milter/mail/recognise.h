/* recognise.h - does a mail server speak here, and of a failure?
 *
 * Pure. Weighs what the header says of the origin, what the subject says, and
 * what the text says; nobody's mail is a bounce for one word alone. */
#ifndef WHYBOUNCE_MAIL_RECOGNISE_H
#define WHYBOUNCE_MAIL_RECOGNISE_H

#include "base/arena.h"
#include "mail/mime.h"
#include "mail/phrases.h"

struct evidence {
	int origin;		/* a server wrote it: name, address, null return path */
	bool server;		/* its name or address is a server's or its keeper's */
	bool addressed;		/* X-Failed-Recipients: it says whom it is about */
	struct span failed;	/* the address in it, where it is only one */
	bool null_path;		/* the return path is null, or a daemon's that is not known */
	bool answerable;	/* the return path is an address: people have one */
	bool machine;		/* the strongest: MAILER-DAEMON, X-Failed-Recipients */
	bool daemon;		/* the address of From is such a one, not only the name */
	bool program;		/* one that is no mail server says in the header that it wrote it */
	bool posted;		/* it came through a list, whose tag its subject bears */
	bool auto_reply;	/* the header says so, or the subject before it tells of a failure */
	bool of_mail;		/* the subject speaks of mail */
	bool forwarded;		/* "Fwd:", "Re:": somebody speaks about it */
	struct phrases subject;
};

void evidence_read(struct arena *arena, const struct mime_part *root,
		   struct evidence *evidence_r);
/* program, posted, of_mail and auto_reply, which nobody asks where a report speaks. */
void evidence_read_further(struct arena *arena, const struct mime_part *root,
			   struct evidence *evidence);

/* The disposition notification of a server that refused the message, which is a
 * bounce though its type is another; or NULL. */
const struct mime_part *evidence_refusal(const struct mime_part *root);

/* The reason why a message of another report type is none, or NULL. */
const char *evidence_other_report(const struct mime_part *root);

/* The header of a message that is returned or passed on: is it a bounce's itself? */
bool evidence_is_bounce(const struct headers *headers);

/* "message", "письмо", "メール": and not of parcels. */
bool evidence_speaks_of_mail(struct span text);

/* Worms come in the name of a daemon: "The message is in the attachment." */
bool evidence_brings_program(const struct mime_part *root);

/* What was found in the body. */
struct findings {
	bool report;		/* fields of a delivery report */
	bool report_type;	/* the type says so: multipart/report, delivery-status */
	bool returned;		/* a returned message */
	bool returned_bounce;	/* it is a bounce itself */
	bool program;		/* a part is a program or an archive, by its name */
	bool named;		/* a line names a recipient */
	bool mentioned;		/* at least an address stands there that may be one */
	bool links;		/* its first text holds links, shown or not */
	bool reader_only;	/* who is named is whom the notice was sent to */
	bool to_author;		/* as the one who wrote what is spoken of */
	bool reply;		/* an SMTP reply is quoted */
	bool told;		/* words tell of a failure or a delay that has come */
	bool of_mail;		/* and of mail; not asked where a server wrote it and names
				 * a recipient */
	const struct phrases *text;
};

/* NULL: a bounce. Else a short reason in English why not. */
const char *evidence_against(const struct evidence *evidence, const struct findings *findings);

#endif
