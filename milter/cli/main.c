#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

static const enum format text_json_html[] = { FORMAT_TEXT, FORMAT_JSON, FORMAT_HTML };
static const enum format tsv_json[] = { FORMAT_TSV, FORMAT_JSON };
static const enum format text_json[] = { FORMAT_TEXT, FORMAT_JSON };
static const enum format text_only[] = { FORMAT_TEXT };

#define FORMATS(list) (list), sizeof(list) / sizeof((list)[0])

static const struct command commands[] = {
	{ "explain", cli_explain, "[-l TAG] [-f text|html|json] [--probe] [--dns ADDR@PORT] [FILE]",
	  "explain a bounce", "lcfpD", FORMATS(text_json_html), 0, 1 },
	{ "enrich", cli_enrich, "[-l TAG] [--probe] [--dns ADDR@PORT] [FILE]",
	  "the bounce as the milter would hand it on", "lcpD", FORMATS(text_only), 0, 1 },
	{ "diagnose", cli_diagnose, "[-f tsv|json] [--why] FILE… | --replies [FILE]",
	  "what each recipient's delivery failed of, a row each", "cftwr", FORMATS(tsv_json), 0, -1 },
	{ "code", cli_code, "[-l TAG] [-f text|json|html] CODE…",
	  "what a reply code or enhanced status code means", "lcf", FORMATS(text_json_html), 1, -1 },
	{ "compare", cli_compare, "[-l TAG] [-f text|json|html] A B",
	  "how two codes differ", "lcf", FORMATS(text_json_html), 2, 2 },
	{ "check", cli_check, "[-l TAG] [-f text|json] [--ip A] [--selector S] [--message FILE]\n"
	  "                       [--from ADDR] [--dns ADDR@PORT] DOMAIN",
	  "SPF, DKIM, DMARC, MX, reverse DNS and blocklists of a domain", "lcfDisma",
	  FORMATS(text_json), 1, 1 },
	{ "doctor", cli_doctor, "[-f text|json] [--postfix DIR | --sendmail FILE] [--dns ADDR@PORT]\n"
	  "                        | --test ADDRESS",
	  "is this machine set up so that the next bounce is explained?", "cfDPST",
	  FORMATS(text_json), 0, 0 },
	{ "site", cli_site, "[--base-url URL] DIR", "the reference as static pages, in every language",
	  "cb", FORMATS(text_only), 1, 1 },
	{ "languages", cli_languages, "", "the languages that are installed", "c",
	  FORMATS(text_only), 0, 0 },
	{ "config", cli_config, "[--defaults]", "the effective configuration", "cd",
	  FORMATS(text_only), 0, 0 },
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const char *const format_names[] = {
	[FORMAT_TEXT] = "text", [FORMAT_JSON] = "json",
	[FORMAT_HTML] = "html", [FORMAT_TSV] = "tsv",
};

static const struct option long_options[] = {
	{ "language", required_argument, NULL, 'l' },
	{ "config", required_argument, NULL, 'c' },
	{ "format", required_argument, NULL, 'f' },
	{ "tsv", no_argument, NULL, 't' },
	{ "why", no_argument, NULL, 'w' },
	{ "replies", no_argument, NULL, 'r' },
	{ "defaults", no_argument, NULL, 'd' },
	{ "probe", no_argument, NULL, 'p' },
	{ "dns", required_argument, NULL, 'D' },
	{ "ip", required_argument, NULL, 'i' },
	{ "selector", required_argument, NULL, 's' },
	{ "message", required_argument, NULL, 'm' },
	{ "from", required_argument, NULL, 'a' },
	{ "postfix", required_argument, NULL, 'P' },
	{ "sendmail", required_argument, NULL, 'S' },
	{ "test", required_argument, NULL, 'T' },
	{ "base-url", required_argument, NULL, 'b' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

enum exit_status cli_fail(const char *format, ...)
{
	struct error error;
	char text[sizeof(error.text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(&error, "%s", text);	/* one line, no control characters */
	fprintf(stderr, "whybounce: %s\n", error.text);
	return EXIT_NO;
}

enum exit_status cli_flush(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return cli_fail("cannot write the output: %s", strerror(errno));
	return EXIT_DONE;
}

enum exit_status cli_write(const struct buf *out)
{
	if (out->failed)
		return cli_fail("the output is larger than allowed");
	fwrite(out->p, 1, out->n, stdout);
	return cli_flush();
}

struct snapshot *cli_snapshot(const struct cli *cli, const char *tag,
			      enum snapshot_parts parts)
{
	struct error error;
	struct snapshot *snapshot = snapshot_load(cli->config, tag, parts, &error);

	if (snapshot == NULL)
		cli_fail("%s", error.text);
	return snapshot;
}

int cli_open_dns(const struct cli *cli, struct snapshot *snapshot)
{
	struct error error;

	if (snapshot_open_dns(snapshot, cli->dns, 1, &error) == 0)
		return 0;
	cli_fail("%s", error.text);
	return -1;
}

static void print_help(FILE *to)
{
	fputs("usage: whybounce COMMAND [OPTION…] [ARGUMENT…]\n\n", to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n"
	      "  -l, --language TAG   language of the answer: de, th, …\n"
	      "  -c, --config FILE    instead of " CONFIG_DEFAULT_FILE "\n"
	      "  -f, --format FORMAT  text, html, json or tsv\n"
	      "  -h, --help           of a command: whybounce COMMAND --help\n"
	      "  -V, --version\n\n"
	      "FILE is a message; - or none is standard input. Exit status: 0 done,\n"
	      "1 the answer is no or the input was bad, 2 usage, 75 only the DNS was in\n"
	      "the way. Nothing asks the DNS but check and doctor, and what --probe is given to.\n", to);
}

static void print_usage(const struct command *command, FILE *to)
{
	fprintf(to, "usage: whybounce %s %s\n%s: %s\n", command->name, command->usage,
		command->name, command->summary);
}

static enum exit_status usage_error(const struct command *command)
{
	print_usage(command, stderr);
	return EXIT_USAGE;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int set_format(struct cli *cli, const struct command *command, const char *name)
{
	for (unsigned i = 0; i < command->formats_n; i++)
		if (strcmp(format_names[command->formats[i]], name) == 0) {
			cli->format = command->formats[i];
			return 0;
		}
	cli_fail("%s has no format \"%s\"", command->name, name);
	return -1;
}

/* One option of the command line; -1: not one of this command. */
static int set_option(struct cli *cli, const struct command *command, int letter)
{
	if (letter == '?' || letter == ':')
		return -1;	/* getopt has said why */
	if (strchr(command->letters, letter) == NULL) {
		cli_fail("%s has no option -%c", command->name, letter);
		return -1;
	}
	switch (letter) {
	case 'l': cli->language = optarg; return 0;
	case 'c': cli->config = optarg; return 0;
	case 'f': return set_format(cli, command, optarg);
	case 't': cli->format = FORMAT_TSV; return 0;
	case 'w': cli->why = true; return 0;
	case 'r': cli->replies = true; return 0;
	case 'd': cli->defaults = true; return 0;
	case 'p': cli->probe = true; return 0;
	case 'D': cli->dns = optarg; return 0;
	case 'i': cli->ip = optarg; return 0;
	case 's': cli->selector = optarg; return 0;
	case 'm': cli->message = optarg; return 0;
	case 'a': cli->from = optarg; return 0;
	case 'P': cli->postfix = optarg; return 0;
	case 'S': cli->sendmail = optarg; return 0;
	case 'T': cli->test = optarg; return 0;
	case 'b': cli->base_url = optarg; return 0;
	default: return -1;
	}
}

/* -1: usage; 1: help was asked for and given. */
static int parse(struct cli *cli, const struct command *command, int argc, char **argv)
{
	int letter;

	cli->format = command->formats[0];
	while ((letter = getopt_long(argc, argv, "l:c:f:hV", long_options, NULL)) != -1) {
		if (letter == 'h') {
			print_usage(command, stdout);
			return 1;
		}
		if (set_option(cli, command, letter) != 0)
			return -1;
	}
	cli->args = argv + optind;
	cli->n = argc - optind;
	if (cli->n < command->least || (command->most >= 0 && cli->n > command->most)) {
		cli_fail("%s: %s", command->name,
			 cli->n < command->least ? "an argument is missing" : "too many arguments");
		return -1;
	}
	return 0;
}

static enum exit_status run_command(const struct command *command, int argc, char **argv)
{
	struct cli cli = { .language = NULL };

	switch (parse(&cli, command, argc, argv)) {
	case 0: return command->run(&cli);
	case 1: return cli_flush();
	default: return usage_error(command);
	}
}

int main(int argc, char **argv)
{
	const struct command *command;

	signal(SIGPIPE, SIG_DFL);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(argc < 2 ? stderr : stdout);
		return argc < 2 ? EXIT_USAGE : (int)cli_flush();
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("whybounce " WHYBOUNCE_VERSION);
		return (int)cli_flush();
	}
	command = find_command(argv[1]);
	if (command == NULL) {
		cli_fail("there is no command \"%s\"", argv[1]);
		print_help(stderr);
		return EXIT_USAGE;
	}
	return (int)run_command(command, argc - 1, argv + 1);
}
