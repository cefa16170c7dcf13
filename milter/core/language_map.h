/* language_map.h - which language each reader wants: the file `language_map`.
 *
 * A line holds an address or @domain, white space and a language tag; '#' starts
 * a comment. Case is ignored. Where several lines are alike the last one counts. */
#ifndef WHYBOUNCE_CORE_LANGUAGE_MAP_H
#define WHYBOUNCE_CORE_LANGUAGE_MAP_H

#include "know/know.h"

enum { LANGUAGE_MAP_MAX_SIZE = 64 * 1024 * 1024 };

struct language_map;

/* NULL with an error that names file and line. */
struct language_map *language_map_load(const char *path,
				       const struct knowledge *knowledge,
				       struct error *error);
void language_map_free(struct language_map *map);

/* The whole address first, then its domain; NULL where neither is listed. */
const struct language *language_map_find(const struct language_map *map,
					 struct span address);

#endif
