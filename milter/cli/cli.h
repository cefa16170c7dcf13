/* cli.h - what the subcommands of `whybounce` share. Private to cli/.
 *
 * A command is one row: its options, its formats, how many arguments it takes.
 * main.c checks all of that, so that a command only does its work. */
#ifndef WHYBOUNCE_CLI_CLI_H
#define WHYBOUNCE_CLI_CLI_H

#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "core/snapshot.h"
#include "say/reference.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_NO = 1,		/* the answer is no, or the input was bad */
	EXIT_USAGE = 2,
	EXIT_TRY_AGAIN = 75,	/* only the DNS was in the way */
};

struct cli {
	const char *language;	/* -l, or NULL */
	const char *config;	/* -c, or NULL */
	const char *base_url;	/* --base-url, or NULL */
	enum format format;
	bool why, replies, defaults, probe;
	const char *dns;	/* --dns ADDR@PORT, or NULL */
	const char *ip, *selector, *message, *from;	/* of check; or NULL */
	const char *postfix, *sendmail, *test;		/* of doctor; or NULL */
	char **args;
	int n;
};

struct command {
	const char *name;
	enum exit_status (*run)(const struct cli *cli);
	const char *usage;	/* what follows the name */
	const char *summary;
	const char *letters;	/* its options, as in main.c */
	const enum format *formats;	/* the first is the default */
	unsigned formats_n;
	int least, most;	/* arguments; most -1: any number */
};

/* "whybounce: …" on standard error. Returns EXIT_NO. */
enum exit_status cli_fail(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/* Standard output, or EXIT_NO with a message where the buf failed or the disk
 * is full. Every command ends with it. */
enum exit_status cli_write(const struct buf *out);
enum exit_status cli_flush(void);

/* The snapshot for -c and -l, or NULL after a message. */
struct snapshot *cli_snapshot(const struct cli *cli, const char *tag,
			      enum snapshot_parts parts);

/* Ready to ask the DNS that --dns or the configuration names. -1 after a message. */
int cli_open_dns(const struct cli *cli, struct snapshot *snapshot);

/* A file that was read. */
struct input {
	const char *name;	/* "standard input" for NULL and "-" */
	int fd;			/* still open where `more` */
	char *bytes;
	size_t n;
	bool more;		/* longer than the limit: the rest is unread */
};

/* -1 with an error for what cannot be read; a file longer than limit is read
 * up to there. */
int input_open(struct input *input, const char *path, size_t limit,
	       struct error *error);
struct span input_span(const struct input *input);
/* Everything, as it came in, to standard output. */
enum exit_status input_pass(struct input *input);
void input_close(struct input *input);
/* input_open for a command that wants it whole. */
int input_open_whole(struct input *input, const char *path, size_t limit,
		     struct error *error);

enum exit_status cli_explain(const struct cli *cli);
enum exit_status cli_enrich(const struct cli *cli);
enum exit_status cli_diagnose(const struct cli *cli);
enum exit_status cli_code(const struct cli *cli);
enum exit_status cli_compare(const struct cli *cli);
enum exit_status cli_check(const struct cli *cli);
enum exit_status cli_doctor(const struct cli *cli);
enum exit_status cli_site(const struct cli *cli);
enum exit_status cli_languages(const struct cli *cli);
enum exit_status cli_config(const struct cli *cli);

#endif
