/* explain.h - cause and facts become what a person reads, before its layout.
 *
 * An explanation is plain data: templates of a language with the values for
 * their placeholders, in the order of design section 3. text.h, html.h and the
 * JSON writer lay out the same explanation, so they cannot drift apart. */
#ifndef WHYBOUNCE_SAY_EXPLAIN_H
#define WHYBOUNCE_SAY_EXPLAIN_H

#include "base/buf.h"
#include "know/know.h"
#include "mail/bounce.h"
#include "probe/probe.h"
#include "why/diagnose.h"

enum { EXPLAIN_MAX_BLOCKS = 10 };	/* then "and N more" */

/* Who reads, and what he may see (design, "Who reads"). */
struct reader {
	bool inside;		/* one of our users */
	bool ours;		/* the bounce is about mail of ours */
	const char *organization, *contact, *help_url;	/* or NULL */
};

/* Values of placeholders. Attacker's bytes: escaped only where they are laid
 * out. Names are those of the YAML: {recipient}, {domain}, {host}, … */
enum placeholder {
	VALUE_RECIPIENT,	/* as the sender wrote it */
	VALUE_DOMAIN,		/* its domain */
	VALUE_SENDER, VALUE_SENDER_DOMAIN,
	VALUE_HOST,		/* the server that answered */
	VALUE_REPORTER,		/* the server that wrote the bounce */
	VALUE_SUBJECT, VALUE_DATE,	/* of the returned message */
	VALUE_IP,
	VALUE_CODE, VALUE_STATUS,
	VALUE_ORGANIZATION, VALUE_CONTACT,
	VALUE_COUNT_N,		/* {n} */
	VALUE_OTHER,		/* {other}: a second code or name */
	VALUE_SELECTOR, VALUE_RECORD, VALUE_TERM,	/* of a finding */
	VALUE_RESULT, VALUE_REASON, VALUE_LIST,
	VALUE_COUNT
};
struct values {
	struct span value[VALUE_COUNT];
};

enum hop { HOP_SENDER, HOP_SENDING_SERVER, HOP_RECIPIENT_SERVER, HOP_MAILBOX, HOP_COUNT };

struct explain_block {		/* recipients with one cause */
	const struct bounce_recipient **recipients;
	size_t n;
	const struct diagnosis *diagnosis;	/* of the first one */
	const struct cause_text *cause;
	const char *last_reason;	/* template: why the last attempt failed, where the
					 * cause is that there were too many; or NULL */
	const char *hint;	/* template, or NULL */
	enum dsn_action action;
	enum hop stopped_at;	/* HOP_COUNT: it arrived */
	struct values values;
};

struct explanation {
	const struct language *language;
	const struct reader *reader;
	const struct bounce *bounce;
	const struct knowledge *knowledge;	/* names the codes */
	const char *title;	/* template */
	struct values values;	/* of the whole message */
	struct explain_block *blocks;
	size_t n;
	size_t more;		/* recipients beyond EXPLAIN_MAX_BLOCKS */
	const struct findings *findings;	/* what was checked; NULL: nothing */
	bool forged;		/* somebody else sent it with the reader's address */
	struct span own_text;	/* what the MTA wrote, quoted at the end; or empty */
	struct explanation *second;	/* the same in another language, laid
						 * out below this one; or NULL */
};

/* diagnoses: one per recipient of the bounce. knowledge names the codes.
 * findings, forged, own_text and second are left empty: the caller sets them
 * before the layout.
 * -1 only when the arena fails. */
int explain(struct arena *arena, const struct knowledge *knowledge,
	    const struct language *language,
	    const struct bounce *bounce, const struct diagnosis *diagnoses,
	    const struct reader *reader, struct explanation *explanation_r);

/* Leave only so many blocks, here and in the second language: the others are
 * counted in more. */
void explain_shorten(struct explanation *e, size_t blocks);

/* The localised Subject, UTF-8, one line. */
struct span explain_subject(struct arena *arena, const struct explanation *e);

/* Layouts. UTF-8, LF line ends. text is wrapped at 72 columns. */
void explain_text(struct buf *out, const struct explanation *e);
void explain_html(struct buf *out, const struct explanation *e);	/* whole document */
/* One object, one line (design, section 5). */
void explain_json(struct buf *out, const struct explanation *e);

/* The findings alone, without a bounce, in their order: for `check`. Of the
 * explanation language, reader, findings and values count. */
void explain_checks_text(struct buf *out, const struct explanation *e);
void explain_checks_json(struct buf *out, const struct explanation *e);

/* Which language for a reader: the returned message's Accept-Language, Content-
 * Language, X-Accept-Language in that order (RFC 9110 12.5.4 weights), else
 * fallback. */
const struct language *explain_language(const struct knowledge *knowledge,
					const struct headers *returned,
					const struct language *fallback);

#endif
