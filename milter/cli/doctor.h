/* doctor.h - what the parts of `whybounce doctor` share. Private to cli/.
 *
 *   doctor.c           the command: files, daemon, DNS, verdict
 *   doctor_postfix.c   Postfix, through postconf
 *   doctor_sendmail.c  Sendmail, through its .cf
 *   doctor_values.c    proposals for local_domains and outbound_addresses
 *   doctor_try.c       --test: a bounce through the daemon
 *   doctor_report.c    doctor_advice.def, and how a line of it is printed */
#ifndef WHYBOUNCE_CLI_DOCTOR_H
#define WHYBOUNCE_CLI_DOCTOR_H

#include <limits.h>

#include "cli/cli.h"
#include "cli/endpoint.h"

enum grade { FINE, WRONG, RISKY, HINT, GRADES };

enum advice {
#define ADVICE(id, grade, sentence, repair) id,
#include "cli/doctor_advice.def"
#undef ADVICE
	ADVICES
};

struct doctor {
	const struct cli *cli;
	const struct config *config;
	struct endpoint daemon;		/* where whybounced listens */
	char data[PATH_MAX];		/* where shipped set-ups lie */
	struct arena arena;
	struct buf out;
	unsigned found[GRADES];
	/* what the mail server says of itself */
	struct buf domains, tables, addresses;	/* "a, b" */
};

/* Say one thing. Values may be empty. */
void doctor_say(struct doctor *doctor, enum advice advice, struct span value1,
		struct span value2, struct span value3);
void doctor_verdict(struct doctor *doctor);

void doctor_postfix(struct doctor *doctor, const char *directory);	/* NULL: the default */
void doctor_sendmail(struct doctor *doctor, const char *file);

/* Is Postfix here? */
bool doctor_has_postfix(struct doctor *doctor);

/* Words of a list (white space, commas) that are domains become proposals; tables
 * ("hash:/etc/…") are named. */
void doctor_add_domains(struct doctor *doctor, struct span list);
/* The same for addresses; host names and the loopback are left out. */
void doctor_add_addresses(struct doctor *doctor, struct span list);
void doctor_propose(struct doctor *doctor);

/* "root:postfix 0770", or "" for what is not there. */
const char *doctor_owner(struct arena *arena, const char *path);

/* What a program prints, its complaints too, run without a shell and found in the
 * usual places of system programs. -1 where it fails. argv ends with NULL. */
int doctor_run(struct arena *arena, const char *const *argv, struct span *output_r);

/* Hand a bounce for this address to the daemon, and print what comes back. */
enum exit_status doctor_try(struct doctor *doctor, const char *address);

#endif
