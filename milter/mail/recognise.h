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
	bool null_path;		/* the return path is null, or a daemon's that is not known */
	bool answerable;	/* the return path is an address: people have one */
	bool machine;		/* the strongest: MAILER-DAEMON, X-Failed-Recipients */
	bool forwarded;		/* "Fwd:", "Re:": somebody speaks about it */
	struct phrases subject;
};

void evidence_read(struct arena *arena, const struct mime_part *root,
		   struct evidence *evidence_r);

/* The disposition notification of a server that refused the message, which is a
 * bounce though its type is another; or NULL. */
const struct mime_part *evidence_refusal(const struct mime_part *root);

/* The reason why a message of another report type is none, or NULL. */
const char *evidence_other_report(const struct mime_part *root);

/* What was found in the body. */
struct findings {
	bool report;		/* fields of a delivery report */
	bool report_type;	/* the type says so: multipart/report, delivery-status */
	bool returned;		/* a returned message */
	bool named;		/* a line names a recipient */
	bool mentioned;		/* at least an address stands there that may be one */
	bool reply;		/* an SMTP reply is quoted */
	const struct phrases *text;
};

/* NULL: a bounce. Else a short reason in English why not. */
const char *evidence_against(const struct evidence *evidence, const struct findings *findings);

#endif
