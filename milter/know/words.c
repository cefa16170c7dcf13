/* The words: what every language says about the facts, and what it falls back to. */
#include "know/load.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "know/placeholders.h"

static const char *const label_ids[] = {
#define LABEL(symbol, id) [LABEL_##symbol] = id,
#include "know/labels.def"
#undef LABEL
};

static bool is_english(const struct loader *l, const struct language *language)
{
	return language == l->k->languages[0];
}

int check_entry(const struct loader *l, const struct place *place,
		size_t index, struct seen *seen)
{
	if (index == SIZE_MAX)
		return load_fail(l, place, "there is nothing of this name in English; "
				 "mend it or remove the entry");
	if (seen->entries[index])
		return load_fail(l, place, "is there twice in this file; keep one of the two");
	seen->entries[index] = true;
	return 0;
}

int seen_init(const struct loader *l, struct seen *seen, size_t n)
{
	*seen = (struct seen){ .entries = calloc(n + 1, sizeof(bool)), .n = n };
	return seen->entries != NULL ? 0 : load_fail_memory(l);
}

int text_of_set(struct loader *l, const struct source *source,
		const struct place *place, const char *raw, unsigned *set,
		const char **text_r)
{
	unsigned allowed = source->kind == SOURCE_ENGLISH ? PLACEHOLDERS_ALL : *set;
	struct span bad;

	if (load_text(l, place, raw, allowed, text_r) != 0)
		return -1;
	return source->kind == SOURCE_ENGLISH ? placeholders_of(*text_r, set, &bad) : 0;
}

/* ---- labels ---- */

static size_t find_label(const char *id)
{
	for (size_t i = 0; i < LABEL_COUNT; i++)
		if (strcmp(label_ids[i], id) == 0)
			return i;
	return SIZE_MAX;
}

static int load_labels(struct loader *l, const struct source *s)
{
	const struct schema *schema = s->file->schema;
	struct seen seen;
	int rc = seen_init(l, &seen, LABEL_COUNT);

	for (size_t e = 0; rc == 0 && e < schema->labels_n; e++) {
		const struct schema_label *raw = &schema->labels[e];
		struct place place = {
			s, { .section = "labels", .entry = e, .key = "text" }, raw->id,
		};
		size_t i = find_label(raw->id);

		rc = check_entry(l, &place, i, &seen);
		if (rc == 0)
			rc = text_of_set(l, s, &place, raw->text, &l->label_sets[i],
					 &s->language->labels[i]);
	}
	free(seen.entries);
	return rc;
}

/* ---- causes ---- */

static int load_cause_text(struct loader *l, struct place place,
			   const struct schema_cause *raw, struct cause_text *text)
{
	const struct {
		const char *key, *raw;
		const char **text_r;
	} texts[] = {
		{ "title", raw->title, &text->title },
		{ "happened", raw->happened, &text->happened },
		{ "when", raw->when, &text->when },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		place.at.key = texts[i].key;
		if (load_text(l, &place, texts[i].raw, 0, texts[i].text_r) != 0)
			return -1;
	}
	place.at.key = NULL;
	place.at.list = "steps";
	if (load_texts(l, place, &raw->steps, 0, &text->steps) != 0)
		return -1;
	place.at.list = "admin";
	return load_texts(l, place, &raw->admin, 0, &text->admin);
}

static int load_causes(struct loader *l, const struct source *s)
{
	const struct schema *schema = s->file->schema;
	struct seen seen;
	int rc = seen_init(l, &seen, l->k->causes_n);

	for (size_t e = 0; rc == 0 && e < schema->causes_n; e++) {
		const struct schema_cause *raw = &schema->causes[e];
		struct place place = {
			s, { .section = "causes", .entry = e, .key = "id" }, raw->id,
		};
		size_t i = names_find(&l->k->cause_names, span_str(raw->id));

		rc = check_entry(l, &place, i, &seen);
		if (rc == 0)
			rc = load_cause_text(l, place, raw, &s->language->causes[i]);
	}
	free(seen.entries);
	return rc;
}

/* ---- codes, classes, subjects ---- */

static int load_code_text(struct loader *l, struct place place,
			  const struct schema_words *raw, struct code_text *text)
{
	const struct {
		const char *key, *raw;
		const char **text_r;
	} texts[] = {
		{ "name", raw->name, &text->name },
		{ "description", raw->description, &text->description },
		{ "when", raw->when, &text->when },
		{ "fix", raw->fix, &text->fix },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		place.at.key = texts[i].key;
		if (load_text(l, &place, texts[i].raw, 0, texts[i].text_r) != 0)
			return -1;
	}
	return 0;
}

static int load_replies(struct loader *l, const struct source *s)
{
	const struct schema *schema = s->file->schema;
	struct seen seen;
	int rc = seen_init(l, &seen, l->k->replies.n);

	for (size_t e = 0; rc == 0 && e < schema->replies_n; e++) {
		const struct schema_code *raw = &schema->replies[e];
		struct place place = {
			s, { .section = "replies", .entry = e, .key = "code" }, raw->code,
		};
		size_t i = names_find(&l->k->replies.names, span_str(raw->code));

		rc = check_entry(l, &place, i, &seen);
		if (rc == 0 && raw->classes_n != 0)
			rc = load_fail(l, &place, "a reply code has no classes; remove them");
		if (rc == 0)
			rc = load_code_text(l, place, &raw->words, &s->language->replies[i]);
	}
	free(seen.entries);
	return rc;
}

/* Row of a class in a status's texts; 0 is the general one. */
static size_t status_row(int class)
{
	return class == 2 ? 1 : class == 4 ? 2 : class == 5 ? 3 : 0;
}

static int load_status_text(struct loader *l, struct place place,
			    const struct schema_code *raw,
			    struct code_text texts[STATUS_TEXTS])
{
	if (load_code_text(l, place, &raw->words, &texts[0]) != 0)
		return -1;
	place.at.list = "classes";
	for (size_t i = 0; i < raw->classes_n; i++) {
		const struct schema_class *class = &raw->classes[i];

		place.at.item = i;
		if (load_code_text(l, place, &class->words,
				   &texts[status_row((int)class->class)]) != 0)
			return -1;
	}
	return 0;
}

static int load_statuses(struct loader *l, const struct source *s)
{
	const struct schema *schema = s->file->schema;
	struct seen seen;
	int rc = seen_init(l, &seen, l->k->statuses.n);

	for (size_t e = 0; rc == 0 && e < schema->statuses_n; e++) {
		const struct schema_code *raw = &schema->statuses[e];
		struct place place = {
			s, { .section = "statuses", .entry = e, .key = "code" }, raw->code,
		};
		size_t i = names_find(&l->k->statuses.names, span_str(raw->code));

		rc = check_entry(l, &place, i, &seen);
		if (rc == 0)
			rc = load_status_text(l, place, raw, s->language->statuses[i]);
	}
	free(seen.entries);
	return rc;
}

static int load_classes(struct loader *l, const struct source *s)
{
	const struct schema *schema = s->file->schema;
	struct place place = { s, { .section = "classes" }, NULL };

	for (size_t e = 0; e < schema->classes_n; e++) {
		const struct schema_class *raw = &schema->classes[e];

		place.at.entry = e;
		place.at.key = "class";
		if (raw->class < 1 || raw->class >= CLASSES)
			return load_fail(l, &place, "a class is a first digit, 1 to 5, not %u",
					 raw->class);
		place.at.key = "cause";
		if (raw->cause != NULL)
			return load_fail(l, &place, "a class alone has no cause; remove it");
		if (load_code_text(l, place, &raw->words,
				   &s->language->classes[raw->class]) != 0)
			return -1;
	}
	return 0;
}

static int load_subjects(struct loader *l, const struct source *s)
{
	const struct schema *schema = s->file->schema;
	struct place place = { s, { .section = "subjects" }, NULL };

	for (size_t e = 0; e < schema->subjects_n; e++) {
		const struct schema_subject *raw = &schema->subjects[e];

		place.at.entry = e;
		place.at.key = "subject";
		if (raw->subject >= SUBJECTS)
			return load_fail(l, &place, "a subject is a digit from 0 to 7, not %u",
					 raw->subject);
		if (load_code_text(l, place, &raw->words,
				   &s->language->subjects[raw->subject]) != 0)
			return -1;
	}
	return 0;
}

/* ---- hints ---- */

static int load_hint(struct loader *l, const struct source *s,
		     const struct place *place, const char *raw, struct seen *seen)
{
	size_t i = names_find(&l->k->rule_names, span_str(place->id));
	unsigned *set;

	if (check_entry(l, place, i, seen) != 0)
		return -1;
	set = &l->hint_sets[i];
	/* what an admin writes in English is English for the translations too */
	if (s->kind == SOURCE_OVERRIDE && is_english(l, s->language))
		*set = PLACEHOLDERS_ALL;
	if (text_of_set(l, s, place, raw, set, &s->language->hints[i]) != 0)
		return -1;
	l->k->rules[i].has_hint = true;
	return 0;
}

/* Hints stand in the rules themselves and in a section of their own. */
static int load_hints(struct loader *l, const struct source *s)
{
	const struct schema *schema = s->file->schema;
	struct seen seen;
	int rc;

	if (l->parts == KNOWLEDGE_WORDS)
		return 0;
	rc = seen_init(l, &seen, l->k->rules_n);
	for (size_t e = 0; rc == 0 && e < schema->rules_n; e++) {
		const struct schema_rule *raw = &schema->rules[e];
		struct place place = {
			s, { .section = "rules", .entry = e, .key = "hint" }, raw->id,
		};

		if (raw->hint != NULL)
			rc = load_hint(l, s, &place, raw->hint, &seen);
	}
	for (size_t e = 0; rc == 0 && e < schema->hints_n; e++) {
		const struct schema_label *raw = &schema->hints[e];
		struct place place = {
			s, { .section = "hints", .entry = e, .key = "text" }, raw->id,
		};

		rc = load_hint(l, s, &place, raw->text, &seen);
	}
	free(seen.entries);
	return rc;
}

/* ---- all of a file, and what it leaves out ---- */

static int load_source(struct loader *l, const struct source *s)
{
	static int (*const sections[])(struct loader *, const struct source *) = {
		load_labels, load_causes, load_replies, load_statuses,
		load_classes, load_subjects, load_hints, finding_texts_load,
	};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (sections[i](l, s) != 0)
			return -1;
	return 0;
}

void text_or(const char **text, const char *other)
{
	if (*text == NULL)
		*text = other;
}

static void texts_or(struct texts *texts, const struct texts *other)
{
	if (texts->n == 0)
		*texts = *other;
}

static void cause_text_or(struct cause_text *text, const struct cause_text *other)
{
	text_or(&text->title, other->title);
	text_or(&text->happened, other->happened);
	text_or(&text->when, other->when);
	texts_or(&text->steps, &other->steps);
	texts_or(&text->admin, &other->admin);
}

static void code_text_or(struct code_text *text, const struct code_text *other)
{
	text_or(&text->name, other->name);
	text_or(&text->description, other->description);
	text_or(&text->when, other->when);
	text_or(&text->fix, other->fix);
}

/* A detail takes from its family in its own language first, then from English.
 * So the families wait until their details have seen what they really have. */
static void fall_back_causes(const struct knowledge *k, struct language *language,
			     const struct language *english)
{
	for (size_t i = 0; i < k->causes_n; i++)
		if (k->causes[i].family != &k->causes[i])
			cause_text_or(&language->causes[i],
				      &language->causes[k->causes[i].family->index]);
	for (size_t i = 0; i < k->causes_n; i++)
		cause_text_or(&language->causes[i], &english->causes[i]);
}

static void fall_back_codes(const struct knowledge *k, struct language *language,
			    const struct language *english)
{
	for (size_t i = 0; i < k->replies.n; i++)
		code_text_or(&language->replies[i], &english->replies[i]);
	for (size_t i = 0; i < k->statuses.n; i++) {
		for (size_t c = 1; c < STATUS_TEXTS; c++)
			code_text_or(&language->statuses[i][c], &language->statuses[i][0]);
		for (size_t c = 0; c < STATUS_TEXTS; c++)
			code_text_or(&language->statuses[i][c], &english->statuses[i][c]);
	}
	for (size_t i = 0; i < CLASSES; i++)
		code_text_or(&language->classes[i], &english->classes[i]);
	for (size_t i = 0; i < SUBJECTS; i++)
		code_text_or(&language->subjects[i], &english->subjects[i]);
}

/* Hints that read the same in English, one after the other. */
static int sort_hints(struct loader *l, struct names *hints)
{
	const struct knowledge *k = l->k;
	const struct language *english = k->languages[0];
	size_t twice;

	hints->list = calloc(k->rules_n + 1, sizeof(*hints->list));
	if (hints->list == NULL)
		return load_fail_memory(l);
	for (size_t i = 0; i < k->rules_n; i++)
		if (english->hints[i] != NULL)
			hints->list[hints->n++] = (struct name){ english->hints[i], i };
	names_sort(hints, &twice);
	return 0;
}

/* Rules with the same English hint share its translation. */
static void share_hints(struct language *language, const struct names *hints)
{
	for (size_t i = 0, end; i < hints->n; i = end) {
		const char *text = NULL;

		for (end = i; end < hints->n &&
		     strcmp(hints->list[end].name, hints->list[i].name) == 0; end++)
			text_or(&text, language->hints[hints->list[end].index]);
		for (size_t j = i; j < end; j++)
			text_or(&language->hints[hints->list[j].index], text);
	}
}

static void fall_back(const struct knowledge *k, struct language *language,
		      const struct language *english)
{
	for (size_t i = 0; i < LABEL_COUNT; i++)
		text_or(&language->labels[i], english->labels[i]);
	fall_back_causes(k, language, english);
	fall_back_codes(k, language, english);
	for (size_t i = 0; i < k->rules_n; i++)
		text_or(&language->hints[i], english->hints[i]);
	finding_texts_fall_back(k, language, english);
}

/* What not even English has: a label its id, the rest the empty text. */
static void fill_gaps(const struct knowledge *k, struct language *english)
{
	static const struct cause_text no_cause_text = { "", "", "", { 0 }, { 0 } };
	static const struct code_text no_code_text = { "", "", "", "" };

	for (size_t i = 0; i < LABEL_COUNT; i++)
		text_or(&english->labels[i], label_ids[i]);
	for (size_t i = 0; i < k->causes_n; i++)
		cause_text_or(&english->causes[i], &no_cause_text);
	for (size_t i = 0; i < k->replies.n; i++)
		code_text_or(&english->replies[i], &no_code_text);
	for (size_t i = 0; i < k->statuses.n; i++)
		for (size_t c = 0; c < STATUS_TEXTS; c++)
			code_text_or(&english->statuses[i][c], &no_code_text);
	for (size_t i = 0; i < CLASSES; i++)
		code_text_or(&english->classes[i], &no_code_text);
	for (size_t i = 0; i < SUBJECTS; i++)
		code_text_or(&english->subjects[i], &no_code_text);
}

static int tables_init(struct loader *l, struct language *language)
{
	struct knowledge *k = l->k;

	language->causes = arena_array(&k->arena, k->causes_n, sizeof(*language->causes));
	language->replies = arena_array(&k->arena, k->replies.n, sizeof(*language->replies));
	language->statuses = arena_array(&k->arena, k->statuses.n, sizeof(*language->statuses));
	language->hints = arena_array(&k->arena, k->rules_n, sizeof(*language->hints));
	language->findings = arena_array(&k->arena, k->findings_n, sizeof(*language->findings));
	return k->arena.failed ? load_fail_memory(l) : 0;
}

static int load_sources(struct loader *l, bool english)
{
	for (size_t i = 0; i < l->sources_n; i++) {
		const struct source *source = &l->sources[i];

		if (source->language != NULL &&
		    is_english(l, source->language) == english &&
		    load_source(l, source) != 0)
			return -1;
	}
	return 0;
}

static int load_all(struct loader *l)
{
	struct knowledge *k = l->k;
	struct names hints = { .n = 0 };

	for (size_t i = 0; i < k->languages_n; i++)
		if (tables_init(l, k->languages[i]) != 0)
			return -1;
	/* all English first: the translations are checked against it */
	if (load_sources(l, true) != 0 || load_sources(l, false) != 0)
		return -1;
	if (sort_hints(l, &hints) != 0)
		return -1;
	/* English falls back to itself: its details to its families */
	fall_back(k, k->languages[0], k->languages[0]);
	fill_gaps(k, k->languages[0]);
	for (size_t i = 1; i < k->languages_n; i++) {
		share_hints(k->languages[i], &hints);
		fall_back(k, k->languages[i], k->languages[0]);
	}
	free(hints.list);
	return 0;
}

int words_load(struct loader *l)
{
	int rc;

	l->hint_sets = calloc(l->k->rules_n + 1, sizeof(*l->hint_sets));
	l->finding_sets = calloc(l->k->findings_n + 1, sizeof(*l->finding_sets));
	rc = l->hint_sets != NULL && l->finding_sets != NULL ? load_all(l) : load_fail_memory(l);
	free(l->hint_sets);
	free(l->finding_sets);
	l->hint_sets = NULL;
	l->finding_sets = NULL;
	return rc;
}

/* ---- accessors ---- */

const char *language_tag(const struct language *language)
{
	return language->tag;
}

const char *language_name(const struct language *language)
{
	return language->name;
}

bool language_is_rtl(const struct language *language)
{
	return language->rtl;
}

const char *language_label(const struct language *language, enum label label)
{
	return language->labels[label];
}

const struct cause_text *language_cause(const struct language *language,
					const struct cause *cause)
{
	return &language->causes[cause->index];
}

const struct code_text *language_reply(const struct language *language,
				       const struct code *reply)
{
	return &language->replies[reply->index];
}

const struct code_text *language_status(const struct language *language,
					const struct code *status, int class)
{
	return &language->statuses[status->index][status_row(class)];
}

const struct code_text *language_class(const struct language *language, int class)
{
	if (class < 1 || class >= CLASSES)
		return NULL;
	return &language->classes[class];
}

const struct code_text *language_subject(const struct language *language, int subject)
{
	if (subject < 0 || subject >= SUBJECTS)
		return NULL;
	return &language->subjects[subject];
}

const char *language_hint(const struct language *language, const struct rule *rule)
{
	return language->hints[rule->index];
}
