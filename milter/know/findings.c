/* What a check of the DNS can see: the facts of findings, and their words. */
#include "know/load.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "know/placeholders.h"

static struct place finding_place(const struct source *s, size_t entry, const char *key)
{
	return (struct place){
		.source = s, .at = { .section = "findings", .entry = entry, .key = key },
		.id = s->file->schema->findings[entry].id,
	};
}

/* ---- facts ---- */

static int load_level(struct loader *l, const struct place *place, const char *word,
		      enum level *level_r)
{
	static const char *const words[] = {
		[LEVEL_FINE] = "fine", [LEVEL_NOTE] = "note", [LEVEL_PROBLEM] = "problem",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], word) == 0) {
			*level_r = (enum level)i;
			return 0;
		}
	return load_fail(l, place, "\"%.40s\" is no level; write fine, note or problem", word);
}

static int load_cause_ids(struct loader *l, struct place place, const char *list,
			  const struct schema_texts *raw, struct texts *ids_r)
{
	const struct cause *cause = NULL;

	place.at.key = NULL;
	place.at.list = list;
	if (check_facts_allowed(l, &place, raw->n != 0) != 0)
		return -1;
	for (place.at.item = 0; place.at.item < raw->n; place.at.item++)
		if (load_cause_id(l, &place, raw->list[place.at.item], &cause) != 0)
			return -1;
	return load_texts(l, place, raw, 0, ids_r);
}

static int finding_facts(struct loader *l, const struct source *s, size_t entry,
			 struct finding_kind *kind)
{
	const struct schema_finding *raw = &s->file->schema->findings[entry];
	struct place place = finding_place(s, entry, "level");

	if (raw->level != NULL &&
	    (check_facts_allowed(l, &place, true) != 0 ||
	     load_level(l, &place, raw->level, &kind->level) != 0))
		return -1;
	place.at.key = "proves";
	if (raw->proves != NULL &&
	    (check_facts_allowed(l, &place, true) != 0 ||
	     load_cause_id(l, &place, raw->proves, &kind->proves) != 0))
		return -1;
	if (load_cause_ids(l, place, "explains", &raw->explains, &kind->explains) != 0 ||
	    load_cause_ids(l, place, "instead_of", &raw->instead_of, &kind->instead_of) != 0)
		return -1;
	return load_cause_ids(l, place, "contradicts", &raw->contradicts, &kind->contradicts);
}

static int define_findings(struct loader *l)
{
	struct knowledge *k = l->k;
	size_t n = 0;

	for (size_t i = 0; i < l->sources_n; i++) {
		const struct source *s = &l->sources[i];

		for (size_t e = 0; s->kind == SOURCE_ENGLISH &&
		     e < s->file->schema->findings_n; e++, n++) {
			const struct schema_finding *raw = &s->file->schema->findings[e];
			struct place place = finding_place(s, e, "id");

			k->findings[n].index = n;
			if (load_text(l, &place, raw->id, 0, &k->findings[n].id) != 0)
				return -1;
			place.at.key = NULL;
			if (raw->level == NULL || raw->found == NULL)
				return load_fail(l, &place, "the key \"%s\" is missing; add it",
						 raw->level == NULL ? "level" : "found");
			if (finding_facts(l, s, e, &k->findings[n]) != 0)
				return -1;
			k->finding_names.list[n] = (struct name){ k->findings[n].id, n };
		}
	}
	k->finding_names.n = n;
	return 0;
}

static int change_findings(struct loader *l, const struct source *s)
{
	for (size_t e = 0; e < s->file->schema->findings_n; e++) {
		const struct place place = finding_place(s, e, "id");
		size_t i = names_find(&l->k->finding_names, span_str(place.id));

		if (i == SIZE_MAX)
			return load_fail(l, &place, "there is no such finding in English; "
					 "mend the id or remove the entry");
		if (finding_facts(l, s, e, &l->k->findings[i]) != 0)
			return -1;
	}
	return 0;
}

int findings_load(struct loader *l)
{
	struct knowledge *k = l->k;
	size_t twice;

	if (l->parts == KNOWLEDGE_WORDS)
		return 0;
	k->findings_n = count_english(l, offsetof(struct schema, findings_n));
	k->findings = arena_array(&k->arena, k->findings_n, sizeof(*k->findings));
	k->finding_names.list = arena_array(&k->arena, k->findings_n, sizeof(struct name));
	if (k->arena.failed)
		return load_fail_memory(l);
	if (define_findings(l) != 0)
		return -1;
	if (!names_sort(&k->finding_names, &twice))
		return error_set(l->error, "findings: %s is there twice; keep one of the two",
				 k->findings[twice].id);
	for (size_t i = 0; i < l->sources_n; i++)
		if (l->sources[i].kind != SOURCE_ENGLISH &&
		    change_findings(l, &l->sources[i]) != 0)
			return -1;
	return 0;
}

/* ---- words ---- */

static int load_finding_text(struct loader *l, const struct source *s, struct place place,
			     const struct schema_finding *raw, unsigned *sets,
			     struct finding_text *text)
{
	const struct {
		const char *key, *raw;
		const char **text_r;
	} texts[FINDING_TEXTS] = {
		{ "found", raw->found, &text->found },
		{ "repair", raw->repair, &text->repair },
		{ "step", raw->step, &text->step },
		{ "contradiction", raw->contradiction, &text->contradiction },
	};

	for (size_t i = 0; i < FINDING_TEXTS; i++) {
		place.at.key = texts[i].key;
		if (texts[i].raw != NULL &&
		    text_of_set(l, s, &place, texts[i].raw, &sets[i], texts[i].text_r) != 0)
			return -1;
	}
	return 0;
}

int finding_texts_load(struct loader *l, const struct source *s)
{
	const struct schema *schema = s->file->schema;
	struct seen seen;
	int rc;

	if (l->parts == KNOWLEDGE_WORDS)
		return 0;
	rc = seen_init(l, &seen, l->k->findings_n);
	for (size_t e = 0; rc == 0 && e < schema->findings_n; e++) {
		const struct place place = finding_place(s, e, "id");
		size_t i = names_find(&l->k->finding_names, span_str(place.id));

		rc = check_entry(l, &place, i, &seen);
		if (rc == 0)
			rc = load_finding_text(l, s, place, &schema->findings[e],
					       l->finding_sets[i], &s->language->findings[i]);
	}
	free(seen.entries);
	return rc;
}

void finding_texts_fall_back(const struct knowledge *k, struct language *language,
			     const struct language *english)
{
	for (size_t i = 0; i < k->findings_n; i++) {
		const struct finding_text *from = &english->findings[i];
		struct finding_text *text = &language->findings[i];

		text_or(&text->found, from->found);
		text_or(&text->repair, from->repair != NULL ? from->repair : "");
		text_or(&text->step, from->step != NULL ? from->step : "");
		text_or(&text->contradiction,
			from->contradiction != NULL ? from->contradiction : "");
	}
}

/* ---- accessors ---- */

const struct finding_kind *knowledge_finding(const struct knowledge *k, struct span id)
{
	return knowledge_finding_at(k, names_find(&k->finding_names, id));
}

const struct finding_kind *knowledge_finding_at(const struct knowledge *k, size_t i)
{
	return i < k->findings_n ? &k->findings[i] : NULL;
}

const struct finding_text *language_finding(const struct language *language,
					    const struct finding_kind *kind)
{
	return &language->findings[kind->index];
}

bool cause_is_listed(const struct cause *cause, struct texts ids)
{
	for (size_t i = 0; i < ids.n; i++)
		if (strcmp(ids.list[i], cause->id) == 0 ||
		    strcmp(ids.list[i], cause->family->id) == 0)
			return true;
	return false;
}
