/* The facts: what causes, codes and rules there are. English files define them,
 * overrides change them, translations have none. */
#include "know/load.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Where an entry of a table was defined: known while loading. */
struct origin {
	const struct source *source;
	size_t entry;
};

/* ---- causes ---- */

static struct place cause_place(const struct source *s, size_t entry, const char *key)
{
	return (struct place){
		.source = s, .at = { .section = "causes", .entry = entry, .key = key },
		.id = s->file->schema->causes[entry].id,
	};
}

/* The checks there are, as the option `checks` names them; sender_mx is that of
 * mx for the domain of the sender. */
static bool is_probe(const char *name)
{
	static const char *const probes[] = {
		"spf", "dkim", "dmarc", "mx", "sender_mx", "ptr", "dnsbl",
	};

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		if (strcmp(probes[i], name) == 0)
			return true;
	return false;
}

static int load_probes(struct loader *l, struct place place,
		       const struct schema_texts *raw, struct texts *probes_r)
{
	for (place.at.item = 0; place.at.item < raw->n; place.at.item++)
		if (!is_probe(raw->list[place.at.item]))
			return load_fail(l, &place, "there is no check \"%.40s\"; write "
					 "spf, dkim, dmarc, mx, sender_mx, ptr or dnsbl",
					 raw->list[place.at.item]);
	return load_texts(l, place, raw, 0, probes_r);
}

static int cause_facts(struct loader *l, const struct source *s, size_t entry,
		       struct cause *cause)
{
	const struct schema_cause *raw = &s->file->schema->causes[entry];
	struct place place = cause_place(s, entry, "who");

	if (check_facts_allowed(l, &place, raw->who != NULL) != 0)
		return -1;
	if (raw->who != NULL && load_who(l, &place, raw->who, &cause->who) != 0)
		return -1;
	place.at.key = NULL;
	place.at.list = "probes";
	if (check_facts_allowed(l, &place, raw->probes.n != 0) != 0)
		return -1;
	return load_probes(l, place, &raw->probes, &cause->probes);
}

static int add_cause(struct loader *l, const struct source *s, size_t entry,
		     struct cause *cause)
{
	const struct schema_cause *raw = &s->file->schema->causes[entry];
	struct place place = cause_place(s, entry, "id");

	if (load_text(l, &place, raw->id, 0, &cause->id) != 0)
		return -1;
	place.at.key = NULL;
	if (raw->who == NULL)
		return load_fail(l, &place, "the key \"who\" is missing; add it");
	return cause_facts(l, s, entry, cause);
}

static int set_family(const struct loader *l, struct cause *cause,
		      const struct origin *origin)
{
	const char *dot = strchr(cause->id, '.');
	struct place place = cause_place(origin->source, origin->entry, "id");
	size_t i;

	cause->family = cause;
	if (dot == NULL)
		return 0;
	i = names_find(&l->k->cause_names,
		       (struct span){ cause->id, (size_t)(dot - cause->id) });
	if (i == SIZE_MAX || strchr(dot + 1, '.') != NULL)
		return load_fail(l, &place, "no cause is the family of this one; "
				 "define \"%.*s\" first", (int)(dot - cause->id), cause->id);
	cause->family = &l->k->causes[i];
	return 0;
}

static int index_causes(struct loader *l, const struct origin *origins)
{
	struct knowledge *k = l->k;
	struct place place;
	size_t twice;

	k->cause_names.list = arena_array(&k->arena, k->causes_n, sizeof(struct name));
	if (k->cause_names.list == NULL)
		return load_fail_memory(l);
	k->cause_names.n = k->causes_n;
	for (size_t i = 0; i < k->causes_n; i++)
		k->cause_names.list[i] = (struct name){ k->causes[i].id, i };
	if (!names_sort(&k->cause_names, &twice)) {
		place = cause_place(origins[twice].source, origins[twice].entry, "id");
		return load_fail(l, &place, "this cause is there already; keep one of the two");
	}
	for (size_t i = 0; i < k->causes_n; i++)
		if (set_family(l, &k->causes[i], &origins[i]) != 0)
			return -1;
	return 0;
}

static int define_causes(struct loader *l, struct origin *origins)
{
	struct knowledge *k = l->k;
	size_t n = 0;

	for (size_t s = 0; s < l->sources_n; s++) {
		const struct source *source = &l->sources[s];

		if (source->kind != SOURCE_ENGLISH)
			continue;
		for (size_t e = 0; e < source->file->schema->causes_n; e++, n++) {
			origins[n] = (struct origin){ source, e };
			k->causes[n].index = n;
			if (add_cause(l, source, e, &k->causes[n]) != 0)
				return -1;
		}
	}
	return index_causes(l, origins);
}

/* Facts that stand elsewhere than in the English files. */
static int change_causes(struct loader *l, const struct source *source)
{
	for (size_t e = 0; e < source->file->schema->causes_n; e++) {
		const struct place place = cause_place(source, e, "id");
		size_t i = names_find(&l->k->cause_names, span_str(place.id));

		if (i == SIZE_MAX)
			return load_fail(l, &place, "there is no such cause in English; "
					 "mend the id or remove the entry");
		if (cause_facts(l, source, e, &l->k->causes[i]) != 0)
			return -1;
	}
	return 0;
}

size_t count_english(const struct loader *l, size_t offset)
{
	size_t n = 0;

	for (size_t i = 0; i < l->sources_n; i++)
		if (l->sources[i].kind == SOURCE_ENGLISH)
			n += *(const unsigned *)(const void *)
				((const char *)l->sources[i].file->schema + offset);
	return n;
}

static int load_causes(struct loader *l)
{
	struct knowledge *k = l->k;
	struct origin *origins;
	int rc;

	k->causes_n = count_english(l, offsetof(struct schema, causes_n));
	k->causes = arena_array(&k->arena, k->causes_n, sizeof(*k->causes));
	origins = calloc(k->causes_n + 1, sizeof(*origins));
	rc = k->causes != NULL && origins != NULL ? define_causes(l, origins) :
		load_fail_memory(l);
	free(origins);
	for (size_t i = 0; rc == 0 && i < l->sources_n; i++)
		if (l->sources[i].kind != SOURCE_ENGLISH)
			rc = change_causes(l, &l->sources[i]);
	return rc;
}

/* ---- codes ---- */

/* Replies and statuses differ in where they stand and what a code looks like. */
struct code_kind {
	const char *section, *example;
	size_t list, n;		/* in struct schema */
	size_t codes;		/* in struct knowledge */
	bool (*is_code)(const char *code);
};

static bool is_reply_code(const char *code)
{
	return strlen(code) == 3 && code[0] >= '1' && code[0] <= '5' &&
		ascii_isdigit(code[1]) && ascii_isdigit(code[2]);
}

/* "X.1.10" */
static bool is_status_code(const char *code)
{
	const char *subject = code + 2, *dot, *end;

	if (code[0] != 'X' || code[1] != '.')
		return false;
	dot = skip_digits(subject);
	if (dot == subject || *dot != '.')
		return false;
	end = skip_digits(dot + 1);
	return end != dot + 1 && *end == '\0';
}

static const struct code_kind reply_kind = {
	"replies", "\"550\"", offsetof(struct schema, replies),
	offsetof(struct schema, replies_n), offsetof(struct knowledge, replies),
	is_reply_code,
};
static const struct code_kind status_kind = {
	"statuses", "X.1.1", offsetof(struct schema, statuses),
	offsetof(struct schema, statuses_n), offsetof(struct knowledge, statuses),
	is_status_code,
};

static const struct schema_code *raw_codes(const struct source *s,
					   const struct code_kind *kind, size_t *n_r)
{
	const char *schema = (const char *)s->file->schema;

	*n_r = *(const unsigned *)(const void *)(schema + kind->n);
	return *(const struct schema_code *const *)(const void *)(schema + kind->list);
}

static struct place code_place(const struct source *s, const struct code_kind *kind,
			       size_t entry, const char *key)
{
	size_t n;

	return (struct place){
		.source = s,
		.at = { .section = kind->section, .entry = entry, .key = key },
		.id = raw_codes(s, kind, &n)[entry].code,
	};
}

static int code_classes(struct loader *l, struct place place,
			const struct schema_code *raw, struct code *code)
{
	place.at.list = "classes";
	for (size_t i = 0; i < raw->classes_n; i++) {
		unsigned class = raw->classes[i].class;

		place.at.item = i;
		place.at.key = "class";
		if (class != 2 && class != 4 && class != 5)
			return load_fail(l, &place, "a status has the classes 2, 4 and 5, not %u",
					 class);
		place.at.key = "cause";
		if (raw->classes[i].cause == NULL)
			continue;
		if (check_facts_allowed(l, &place, true) != 0 ||
		    load_cause_id(l, &place, raw->classes[i].cause,
			       &code->cause_by_class[class]) != 0)
			return -1;
	}
	return 0;
}

static int code_facts(struct loader *l, struct place place,
		      const struct schema_code *raw, struct code *code)
{
	place.at.key = "standard";
	if (check_facts_allowed(l, &place, raw->standard != NULL) != 0 ||
	    load_text(l, &place, raw->standard, 0, &code->standard) != 0)
		return -1;
	place.at.key = "is_standard";
	if (raw->is_standard != NULL &&
	    (check_facts_allowed(l, &place, true) != 0 ||
	     load_yes(l, &place, raw->is_standard, &code->is_standard) != 0))
		return -1;
	place.at.key = "cause";
	if (raw->cause != NULL &&
	    (check_facts_allowed(l, &place, true) != 0 ||
	     load_cause_id(l, &place, raw->cause, &code->cause) != 0))
		return -1;
	place.at.key = NULL;
	if (code_classes(l, place, raw, code) != 0)
		return -1;
	place.at.list = "related";
	if (check_facts_allowed(l, &place, raw->related.n != 0) != 0)
		return -1;
	return load_texts(l, place, &raw->related, 0, &code->related);
}

static int add_code(struct loader *l, const struct code_kind *kind,
		    const struct origin *origin, struct code *code)
{
	const struct place place =
		code_place(origin->source, kind, origin->entry, "code");
	size_t n;

	if (!kind->is_code(place.id))
		return load_fail(l, &place, "no code of this section; they look like %s",
				 kind->example);
	if (load_text(l, &place, place.id, 0, &code->code) != 0)
		return -1;
	code->standard = "";
	return code_facts(l, place, &raw_codes(origin->source, kind, &n)[origin->entry],
			  code);
}

static int define_codes(struct loader *l, const struct code_kind *kind,
			struct codes *codes, struct origin *origins)
{
	size_t n = 0, many, twice;

	for (size_t s = 0; s < l->sources_n; s++) {
		if (l->sources[s].kind != SOURCE_ENGLISH)
			continue;
		raw_codes(&l->sources[s], kind, &many);
		for (size_t e = 0; e < many; e++, n++) {
			origins[n] = (struct origin){ &l->sources[s], e };
			codes->list[n].index = n;
			if (add_code(l, kind, &origins[n], &codes->list[n]) != 0)
				return -1;
			codes->names.list[n] = (struct name){ codes->list[n].code, n };
		}
	}
	codes->names.n = n;
	if (!names_sort(&codes->names, &twice)) {
		struct place place = code_place(origins[twice].source, kind,
						origins[twice].entry, "code");

		return load_fail(l, &place, "this code is there already; keep one of the two");
	}
	return 0;
}

static int change_codes(struct loader *l, const struct code_kind *kind,
			const struct codes *codes, const struct source *source)
{
	size_t n;
	const struct schema_code *raw = raw_codes(source, kind, &n);

	for (size_t e = 0; e < n; e++) {
		const struct place place = code_place(source, kind, e, "code");
		size_t i = names_find(&codes->names, span_str(place.id));

		if (i == SIZE_MAX)
			return load_fail(l, &place, "there is no such code in English; "
					 "mend it or remove the entry");
		if (code_facts(l, place, &raw[e], &codes->list[i]) != 0)
			return -1;
	}
	return 0;
}

static int load_codes(struct loader *l, const struct code_kind *kind)
{
	struct knowledge *k = l->k;
	struct codes *codes = (struct codes *)(void *)((char *)k + kind->codes);
	struct origin *origins;
	int rc;

	codes->n = count_english(l, kind->n);
	codes->list = arena_array(&k->arena, codes->n, sizeof(*codes->list));
	codes->names.list = arena_array(&k->arena, codes->n, sizeof(struct name));
	origins = calloc(codes->n + 1, sizeof(*origins));
	rc = codes->names.list != NULL && origins != NULL ?
		define_codes(l, kind, codes, origins) : load_fail_memory(l);
	free(origins);
	for (size_t i = 0; rc == 0 && i < l->sources_n; i++)
		if (l->sources[i].kind != SOURCE_ENGLISH)
			rc = change_codes(l, kind, codes, &l->sources[i]);
	return rc;
}

int facts_load(struct loader *l)
{
	if (load_causes(l) != 0 || load_codes(l, &reply_kind) != 0)
		return -1;
	return load_codes(l, &status_kind);
}
