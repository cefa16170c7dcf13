/* publish.h - a directory that is replaced as a whole, or not at all.
 *
 * Files are written to DIR.tmp-XXXXXX beside it; publish_commit has them on the
 * disk before it swaps the two, so that a reader finds the old directory or the
 * new one, never half of it. Only a directory that carries the marker file of an
 * earlier commit is replaced, or an empty one. Private to cli/. */
#ifndef WHYBOUNCE_CLI_PUBLISH_H
#define WHYBOUNCE_CLI_PUBLISH_H

#include "base/error.h"
#include "base/span.h"

struct publish {
	const char *marker;	/* name of the marker file */
	char *target;		/* absolute, without symbolic links */
	char *staging;
	int fd;			/* of staging */
	bool replaces;		/* target exists */
};

/* -1 with an error where dir is a file, somebody else's directory, or where
 * nothing can be written beside it. Nothing is left behind then. */
int publish_begin(struct publish *publish, const char *dir, const char *marker,
		  struct error *error);
/* Names are relative to the directory. publish_file may be called by several
 * threads. */
int publish_directory(const struct publish *publish, const char *name, struct error *error);
int publish_file(const struct publish *publish, const char *name, struct span bytes,
		 struct error *error);
/* Replaces the directory. Where that fails, it is what it was, and publish_end
 * is still to be called. */
int publish_commit(struct publish *publish, struct error *error);
/* Removes what was written and not committed. */
void publish_end(struct publish *publish);

#endif
