/* reference.h - what a code means, and how two differ: the pages of the
 * reference, as text, JSON or HTML. Also the material of `whybounce site`. */
#ifndef WHYBOUNCE_SAY_REFERENCE_H
#define WHYBOUNCE_SAY_REFERENCE_H

#include "base/buf.h"
#include "base/error.h"
#include "know/know.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_HTML, FORMAT_TSV };

/* What a user asked about: "550", "5.1.1", "X.1.1", "mailbox_full". */
struct topic {
	int class;		/* 1 to 5; 0 for X and for a cause */
	char name[48];		/* as shown: "550", "5.1.1" */
	const struct code *code;	/* NULL: unknown, explained by class and subject */
	const struct cause *cause;	/* it is a cause, no code; else NULL */
	bool is_status;
	int subject;		/* the second number of a code; else -1 */
};

/* -1 with an error for what is neither a code nor a cause. */
int topic_parse(const struct knowledge *k, struct span text,
		struct topic *topic_r, struct error *error);
struct topic topic_of_cause(const struct cause *cause);

void reference_code(struct buf *out, enum format format, const struct knowledge *k,
		    const struct language *language, const struct topic *topics,
		    size_t n);
/* Two codes, not causes. */
void reference_compare(struct buf *out, enum format format, const struct knowledge *k,
		       const struct language *language,
		       const struct topic *a, const struct topic *b);

#endif
