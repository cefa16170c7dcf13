/* main.c - whybounced: one program, three kinds of process. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "core/config.h"
#include "daemon/front.h"
#include "daemon/parent.h"
#include "daemon/worker.h"

enum { EXIT_USAGE = 2, OPTION_FRONT = 256, OPTION_WORKER };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "foreground", no_argument, NULL, 'f' },
	{ "check", no_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "front", no_argument, NULL, OPTION_FRONT },
	{ "worker", no_argument, NULL, OPTION_WORKER },
	{ NULL, 0, NULL, 0 },
};

static int usage(FILE *to, int status)
{
	fputs("usage: whybounced [-c FILE] [-f] [-n]\n"
	      "  -c FILE  the configuration, instead of " CONFIG_DEFAULT_FILE "\n"
	      "  -f       stay in the foreground\n"
	      "  -n       only check the configuration\n", to);
	return status;
}

/* In the background the working directory is another one. A file that is not
 * there keeps its name, for the error. */
static const char *absolute(const char *path)
{
	const char *whole = realpath(path, NULL);

	return whole != NULL ? whole : path;
}

int main(int argc, char **argv)
{
	const char *config = NULL;
	bool foreground = false, check = false;
	int option;

	log_open(LOG_TO_STDERR, "whybounced");
	while ((option = getopt_long(argc, argv, "c:fnhV", long_options, NULL)) != -1) {
		switch (option) {
		case 'c': config = absolute(optarg); break;
		case 'f': foreground = true; break;
		case 'n': check = true; break;
		case 'h': return usage(stdout, EXIT_SUCCESS);
		case 'V': return puts("whybounced " WHYBOUNCE_VERSION) < 0;
		case OPTION_FRONT: return front_main(config);
		case OPTION_WORKER: return worker_main(config);
		default: return usage(stderr, EXIT_USAGE);
		}
	}
	if (optind < argc)
		return usage(stderr, EXIT_USAGE);
	if (check)
		return parent_check(config) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	return parent_main(config, foreground);
}
