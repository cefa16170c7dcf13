#include "know/know.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "know/load.h"

enum { KNOWLEDGE_MAX_MEMORY = 64 * 1024 * 1024 };

struct knowledge *knowledge_load(const char *dir, const char *overrides,
				 const char *const *tags, size_t tags_n,
				 struct error *error)
{
	return knowledge_load_parts(dir, overrides, tags, tags_n, KNOWLEDGE_ALL, error);
}

struct knowledge *knowledge_load_parts(const char *dir, const char *overrides,
				       const char *const *tags, size_t tags_n,
				       enum knowledge_parts parts, struct error *error)
{
	struct loader l = {
		.k = calloc(1, sizeof(*l.k)), .parts = parts, .error = error,
	};

	if (l.k == NULL) {
		load_fail_memory(&l);
		return NULL;
	}
	arena_init(&l.k->arena, KNOWLEDGE_MAX_MEMORY);
	if (sources_load(&l, dir, overrides, tags, tags_n) != 0 ||
	    facts_load(&l) != 0 || triggers_load(&l) != 0 || findings_load(&l) != 0 ||
	    words_load(&l) != 0) {
		knowledge_free(l.k);
		l.k = NULL;
	}
	sources_release(&l);
#ifdef __GLIBC__
	/* what parsing took goes back to the system: a daemon lives long */
	if (parts == KNOWLEDGE_ALL)
		malloc_trim(0);
#endif
	return l.k;
}

void knowledge_free(struct knowledge *knowledge)
{
	if (knowledge == NULL)
		return;
	arena_release(&knowledge->arena);
	free(knowledge);
}

const struct cause *knowledge_cause(const struct knowledge *k, struct span id)
{
	return knowledge_cause_at(k, names_find(&k->cause_names, id));
}

const struct code *knowledge_reply(const struct knowledge *k, struct span code)
{
	return knowledge_reply_at(k, names_find(&k->replies.names, code));
}

const struct code *knowledge_status(const struct knowledge *k, struct span code)
{
	char name[16];
	size_t dot = span_find_byte(code, 0, '.');

	/* the class, where there is one, becomes X */
	if (span_find_byte(code, dot + 1, '.') < code.n)
		code = span_from(code, dot + 1);
	if (code.n == 0 || code.n > sizeof(name) - 3)
		return NULL;
	snprintf(name, sizeof(name), "X.%.*s", SPAN_FMT(code));
	return knowledge_status_at(k, names_find(&k->statuses.names, span_str(name)));
}

const struct cause *knowledge_cause_at(const struct knowledge *k, size_t i)
{
	return i < k->causes_n ? &k->causes[i] : NULL;
}

const struct code *knowledge_reply_at(const struct knowledge *k, size_t i)
{
	return i < k->replies.n ? &k->replies.list[i] : NULL;
}

const struct code *knowledge_status_at(const struct knowledge *k, size_t i)
{
	return i < k->statuses.n ? &k->statuses.list[i] : NULL;
}

const struct rule *knowledge_rule_at(const struct knowledge *k, size_t i)
{
	return i < k->rules_n ? &k->rules[i] : NULL;
}

const struct language *knowledge_language_at(const struct knowledge *k, size_t i)
{
	return i < k->languages_n ? k->languages[i] : NULL;
}

struct texts knowledge_installed(const struct knowledge *k)
{
	return k->installed;
}
