/* snapshot.h - what every message is read with: configuration, knowledge,
 * compiled rules, languages. Loaded as one, immutable, shared by all threads;
 * a reload makes a new one beside the old. */
#ifndef WHYBOUNCE_CORE_SNAPSHOT_H
#define WHYBOUNCE_CORE_SNAPSHOT_H

#include "core/config.h"
#include "core/language_map.h"
#include "know/know.h"
#include "probe/probe.h"
#include "probe/resolver.h"
#include "why/rules.h"

struct snapshot {
	struct config *config;
	struct knowledge *knowledge;
	struct rules *rules;
	struct language_map *language_map;	/* NULL: none configured */
	const struct language *default_language;
	const struct language *second_language;	/* NULL: none configured */
	struct house house;		/* what the configuration says is ours */
	struct resolver *resolver;	/* NULL: the DNS is not asked */
	struct prober *prober;		/* likewise */
};

/* What a program needs of it: compiling the rules and loading all languages
 * takes time that `whybounce code` does not want to spend. FINDINGS: what WORDS
 * has, and the words for what a check of the DNS finds. */
enum snapshot_parts { SNAPSHOT_WORDS, SNAPSHOT_FINDINGS, SNAPSHOT_RULES };

/* config_path NULL: the default file. tag: load only this language besides
 * English and those that the configuration names; NULL: all. NULL with an error
 * on failure. */
struct snapshot *snapshot_load(const char *config_path, const char *tag,
			       enum snapshot_parts parts, struct error *error);
/* Make ready to ask the DNS: starts threads, so it comes after any fork. server
 * ("ADDR@PORT") counts instead of the configuration's; NULL: those. messages: how
 * many may ask at once. With every check switched off it does nothing. */
int snapshot_open_dns(struct snapshot *snapshot, const char *server, unsigned messages,
		      struct error *error);
void snapshot_free(struct snapshot *snapshot);

/* The language of that tag, as `-l` names it, or NULL with an error that lists
 * the installed ones. */
const struct language *snapshot_language(const struct snapshot *snapshot,
					 const char *tag, struct error *error);

#endif
