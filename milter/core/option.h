/* option.h - the one table of configuration options, and the types of value.
 *
 * Parser, defaults, `whybounce config` and the shipped file all come from it.
 * Private to core/. */
#ifndef WHYBOUNCE_CORE_OPTION_H
#define WHYBOUNCE_CORE_OPTION_H

#include "core/config.h"

/* A value as it stands in the file: one scalar, or a list of them. */
struct option_value {
	const char *const *items;
	unsigned n;
};

struct option;

struct option_type {
	/* Checks and stores into field. On -1 reason is what was expected
	 * ("a time such as 5 s"), or a fuller sentence. */
	int (*parse)(void *field, const struct option *option,
		     const struct option_value *value, struct error *reason);
	void (*print)(struct buf *out, const struct option *option,
		      const void *field);
	void (*release)(void *field);	/* NULL: nothing to free */
	bool list;
};

struct option {
	const char *name;		/* "dns.timeout" */
	const struct option_type *type;
	size_t offset;			/* in struct config */
	const char *fallback;		/* as in the file; NULL: none */
	const char *const *choices;	/* of an enumeration, ending with NULL */
	int (*check)(const char *item, struct error *reason); /* of each string; or NULL */
	unsigned long min, max;		/* of a number, in its stored unit */
	const char *example;		/* shown in the shipped file where there is
					 * no default */
	const char *comment;		/* what it means */
};

/* Walk the table: i from 0 until NULL. */
const struct option *option_at(size_t i);
/* NULL where there is none of that name. */
const struct option *option_find(const char *name);
/* The name nearest to a misspelt one, or NULL where none is near. */
const char *option_nearest(const char *name);

/* A string as a YAML scalar, quoted where YAML asks for it. */
void option_print_string(struct buf *out, const char *string);

/* Is it "https://…" or "http://…", a plain e-mail address, a domain? Also used
 * for the keys of `domains`. */
int option_check_url(const char *item, struct error *reason);
int option_check_contact(const char *item, struct error *reason);
int option_check_domain(const char *item, struct error *reason);

#endif
