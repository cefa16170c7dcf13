/* load.h - what knowledge looks like inside, and how it is put together.
 *
 * knowledge_load reads all files first (sources.c), collects the facts (facts.c)
 * and rules (triggers.c), then the words of every language (words.c), and drops
 * the files. Private to know/. */
#ifndef WHYBOUNCE_KNOW_LOAD_H
#define WHYBOUNCE_KNOW_LOAD_H

#include "base/arena.h"
#include "know/know.h"
#include "know/schema.h"

enum {
	CLASSES = 6,		/* first digits 0 to 5 */
	SUBJECTS = 8,		/* X.0 to X.7, RFC 3463 section 3 */
	STATUS_TEXTS = 4,	/* general, 2, 4, 5 */
	FINDING_TEXTS = 4,	/* found, repair, step, contradiction */
};

/* Names of a table, sorted. */
struct name {
	const char *name;
	size_t index;		/* into the table */
};
struct names {
	struct name *list;
	size_t n;
};

struct codes {
	struct code *list;
	struct names names;
	size_t n;
};

struct language {
	const char *tag, *name;
	bool rtl;
	struct texts aliases;
	const char *labels[LABEL_COUNT];
	struct cause_text *causes;
	struct code_text *replies;
	struct code_text (*statuses)[STATUS_TEXTS];
	struct code_text classes[CLASSES], subjects[SUBJECTS];
	const char **hints;	/* by rule; NULL where there is none */
	struct finding_text *findings;
};

struct knowledge {
	struct arena arena;
	struct cause *causes;
	size_t causes_n;
	struct names cause_names;
	struct codes replies, statuses;
	struct rule *rules;
	size_t rules_n;
	struct names rule_names;
	struct finding_kind *findings;
	size_t findings_n;
	struct names finding_names;
	struct language **languages;	/* English first */
	size_t languages_n;
	struct texts installed;
};

enum source_kind { SOURCE_ENGLISH, SOURCE_TRANSLATION, SOURCE_OVERRIDE };

struct source {
	enum source_kind kind;
	const char *path, *name;	/* "…/languages/de.yaml", "de" */
	bool wanted;		/* false: read only to see its aliases */
	bool failed;		/* could not be read: error says why */
	struct error error;
	struct schema_file *file;
	struct language *language;	/* NULL: of a language that is not loaded */
};

struct loader {
	struct knowledge *k;
	enum knowledge_parts parts;
	struct source *sources;	/* English, translations, overrides */
	size_t sources_n, sources_size;
	unsigned label_sets[LABEL_COUNT];	/* placeholders of the English text */
	unsigned *hint_sets;
	unsigned (*finding_sets)[FINDING_TEXTS];
	struct error *error;
};

/* A place with its source and the id of its entry, for messages. */
struct place {
	const struct source *source;
	struct schema_place at;
	const char *id;		/* NULL: entries of this section have none */
};

/* Sets "file:line: section.id.key: message". Always -1. */
int load_fail(const struct loader *l, const struct place *place,
	      const char *format, ...) __attribute__((format(printf, 3, 4)));
int load_fail_memory(const struct loader *l);	/* always -1 */

/* A copy of a text: white space at its ends is dropped, a line break becomes a
 * space. An absent one (NULL) leaves *text_r alone. -1 where it is empty or has
 * a placeholder outside `allowed`. */
int load_text(struct loader *l, const struct place *place, const char *raw,
	      unsigned allowed, const char **text_r);
/* The same for a list; place->at.list is its key. */
int load_texts(struct loader *l, struct place place, const struct schema_texts *raw,
	       unsigned allowed, struct texts *texts_r);

/* "yes" or "no", "true" or "false"; -1 for anything else. */
int load_yes(const struct loader *l, const struct place *place,
	     const char *word, bool *yes_r);

/* Index of the name, or SIZE_MAX. */
size_t names_find(const struct names *names, struct span name);
/* Sort; where a name is there twice, twice_r is the index of the later one. */
bool names_sort(struct names *names, size_t *twice_r);

/* Words that facts are written with; each sets an error. */
int load_who(const struct loader *l, const struct place *place,
	     const char *word, enum who *who_r);
/* A cause that another entry names. Knowledge without any cause has codes only,
 * and nothing to look up: *cause_r stays. */
int load_cause_id(const struct loader *l, const struct place *place,
		  const char *id, const struct cause **cause_r);
/* Only English files and overrides have facts: -1 for one in a translation. */
int check_facts_allowed(const struct loader *l, const struct place *place,
			bool has_fact);
const char *skip_digits(const char *p);	/* past up to three */

/* Entries of one section that the English files have together; offset is that of
 * its count in struct schema. */
size_t count_english(const struct loader *l, size_t offset);

/* Which entries of a section a file had already. */
struct seen {
	bool *entries;
	size_t n;
};
int seen_init(const struct loader *l, struct seen *seen, size_t n);
/* An entry that names something we know, once. */
int check_entry(const struct loader *l, const struct place *place,
		size_t index, struct seen *seen);
/* What placeholders a text may have, and for the English one: has from now on. */
int text_of_set(struct loader *l, const struct source *source,
		const struct place *place, const char *raw, unsigned *set,
		const char **text_r);
void text_or(const char **text, const char *other);	/* where it is NULL */

/* findings.c: the facts of findings, then the words of one file. */
int findings_load(struct loader *l);
int finding_texts_load(struct loader *l, const struct source *s);
void finding_texts_fall_back(const struct knowledge *k, struct language *language,
			     const struct language *english);

/* The steps of loading, in this order: all files; causes and codes; rules;
 * words, and what falls back. 0 or -1 with l->error set. */
int sources_load(struct loader *l, const char *dir, const char *overrides,
		 const char *const *tags, size_t tags_n);
int facts_load(struct loader *l);
int triggers_load(struct loader *l);
int words_load(struct loader *l);
void sources_release(struct loader *l);

enum { TAG_MAX = 64 };	/* bytes of a tag that somebody asks for */

/* Of a language tag, the length of the next shorter range of RFC 4647 section
 * 3.4, or 0. */
size_t tag_shorten(struct span tag);
bool tag_eq(struct span a, const char *b);	/* ignores case, "de_AT" is "de-AT" */

#endif
