#include "know/schema.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "know/locate.h"

/* The schema as tables of libcyaml. Everything is optional but what names an
 * entry; know.c asks for the rest, because it differs by kind of file. */

#define TEXT(key, structure, member) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_OPTIONAL, structure, member, \
			       0, CYAML_UNLIMITED)
#define NAME(key, structure, member) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_DEFAULT, structure, member, \
			       0, CYAML_UNLIMITED)
#define TEXTS(key, structure, member) \
	CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
				   structure, member.list, member.n, \
				   &text_entry, 0, CYAML_UNLIMITED)
#define ENTRIES(member, entry) \
	CYAML_FIELD_SEQUENCE_COUNT(#member, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
				   struct schema, member, member##_n, \
				   entry, 0, CYAML_UNLIMITED)
#define WORDS(structure) \
	TEXT("name", structure, words.name), \
	TEXT("description", structure, words.description), \
	TEXT("when", structure, words.when), \
	TEXT("fix", structure, words.fix)
#define ENTRY(type, fields) \
	{ CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, type, fields) }

static const cyaml_schema_value_t text_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t language_fields[] = {
	TEXT("tag", struct schema_language, tag),
	TEXT("name", struct schema_language, name),
	TEXT("direction", struct schema_language, direction),
	TEXTS("aliases", struct schema_language, aliases),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t term_fields[] = {
	NAME("term", struct schema_term, term),
	NAME("text", struct schema_term, text),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t term_entry =
	ENTRY(struct schema_term, term_fields);

static const cyaml_schema_field_t label_fields[] = {
	NAME("id", struct schema_label, id),
	NAME("text", struct schema_label, text),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t label_entry =
	ENTRY(struct schema_label, label_fields);

static const cyaml_schema_field_t cause_fields[] = {
	NAME("id", struct schema_cause, id),
	TEXT("who", struct schema_cause, who),
	TEXTS("probes", struct schema_cause, probes),
	TEXT("title", struct schema_cause, title),
	TEXT("happened", struct schema_cause, happened),
	TEXT("when", struct schema_cause, when),
	TEXTS("steps", struct schema_cause, steps),
	TEXTS("admin", struct schema_cause, admin),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t cause_entry =
	ENTRY(struct schema_cause, cause_fields);

static const cyaml_schema_field_t class_fields[] = {
	CYAML_FIELD_UINT("class", CYAML_FLAG_DEFAULT, struct schema_class, class),
	TEXT("cause", struct schema_class, cause),
	WORDS(struct schema_class),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t class_entry =
	ENTRY(struct schema_class, class_fields);

static const cyaml_schema_field_t subject_fields[] = {
	CYAML_FIELD_UINT("subject", CYAML_FLAG_DEFAULT, struct schema_subject, subject),
	WORDS(struct schema_subject),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t subject_entry =
	ENTRY(struct schema_subject, subject_fields);

static const cyaml_schema_field_t code_fields[] = {
	NAME("code", struct schema_code, code),
	TEXT("standard", struct schema_code, standard),
	TEXT("is_standard", struct schema_code, is_standard),
	TEXT("cause", struct schema_code, cause),
	TEXTS("related", struct schema_code, related),
	WORDS(struct schema_code),
	CYAML_FIELD_SEQUENCE_COUNT("classes", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
				   struct schema_code, classes, classes_n,
				   &class_entry, 0, CYAML_UNLIMITED),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t code_entry =
	ENTRY(struct schema_code, code_fields);

static const cyaml_schema_field_t rule_fields[] = {
	NAME("id", struct schema_rule, id),
	TEXT("provider", struct schema_rule, provider),
	TEXT("pattern", struct schema_rule, pattern),
	TEXTS("patterns", struct schema_rule, patterns),
	TEXT("reply", struct schema_rule, reply),
	TEXT("status", struct schema_rule, status),
	TEXT("cause", struct schema_rule, cause),
	TEXT("who", struct schema_rule, who),
	TEXT("help", struct schema_rule, help),
	TEXT("hint", struct schema_rule, hint),
	TEXT("weak", struct schema_rule, weak),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t rule_entry =
	ENTRY(struct schema_rule, rule_fields);

static const cyaml_schema_field_t finding_fields[] = {
	NAME("id", struct schema_finding, id),
	TEXT("level", struct schema_finding, level),
	TEXTS("explains", struct schema_finding, explains),
	TEXTS("contradicts", struct schema_finding, contradicts),
	TEXT("proves", struct schema_finding, proves),
	TEXTS("instead_of", struct schema_finding, instead_of),
	TEXT("found", struct schema_finding, found),
	TEXT("repair", struct schema_finding, repair),
	TEXT("step", struct schema_finding, step),
	TEXT("contradiction", struct schema_finding, contradiction),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t finding_entry =
	ENTRY(struct schema_finding, finding_fields);

static const cyaml_schema_field_t file_fields[] = {
	CYAML_FIELD_MAPPING("language", CYAML_FLAG_OPTIONAL,
			    struct schema, language, language_fields),
	ENTRIES(glossary, &term_entry),
	TEXTS("same_as_english", struct schema, same_as_english),
	ENTRIES(labels, &label_entry),
	ENTRIES(causes, &cause_entry),
	ENTRIES(replies, &code_entry),
	ENTRIES(statuses, &code_entry),
	ENTRIES(classes, &class_entry),
	ENTRIES(subjects, &subject_entry),
	ENTRIES(rules, &rule_entry),
	ENTRIES(hints, &label_entry),
	ENTRIES(findings, &finding_entry),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t file_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct schema, file_fields),
};

enum { MAX_STEPS = 8 };

/* ---- what libcyaml complains about, in our words ---- */

/* It logs "what: detail" first, then a backtrace from the inside out. The
 * lines in it are those of the last thing understood: the path counts. */
struct complaint {
	char text[2000];
	size_t n;
	struct locate_step path[MAX_STEPS];	/* from the top */
	size_t steps;
};

static void log_complaint(cyaml_log_t level, void *context, const char *format,
			  va_list args)
{
	struct complaint *c = context;
	int n;

	if (level < CYAML_LOG_ERROR || c->n + 1 >= sizeof(c->text))
		return;
	n = vsnprintf(c->text + c->n, sizeof(c->text) - c->n, format, args);
	if (n > 0)
		c->n += (size_t)n;
	if (c->n >= sizeof(c->text))
		c->n = sizeof(c->text) - 1;
}

/* One line of the backtrace. Cuts the text at the end of a name. */
static bool read_step(char *line, struct locate_step *step)
{
	static const char field[] = "  in mapping field '", entry[] = "  in sequence entry '";
	char *end;

	*step = (struct locate_step){ .key = NULL };
	if (strncmp(line, field, sizeof(field) - 1) == 0) {
		step->key = line + sizeof(field) - 1;
		end = strchr(line + sizeof(field) - 1, '\'');
		if (end != NULL)
			*end = '\0';
		return end != NULL;
	}
	if (strncmp(line, entry, sizeof(entry) - 1) != 0)
		return false;
	step->index = strtoul(line + sizeof(entry) - 1, NULL, 10);
	step->index -= step->index != 0;	/* counted from 1 */
	return true;
}

/* Splits the text: the complaint itself stays in front, the rest becomes path. */
static void read_backtrace(struct complaint *c)
{
	char *next = strchr(c->text, '\n'), *line;
	struct locate_step up[MAX_STEPS];
	size_t n = 0;

	while (next != NULL && n < MAX_STEPS) {
		*next = '\0';
		line = next + 1;
		next = strchr(line, '\n');
		if (next != NULL)
			*next = '\0';
		if (read_step(line, &up[n]))
			n++;
		if (next == NULL)
			break;
	}
	for (size_t i = 0; i < n; i++)
		c->path[i] = up[n - 1 - i];
	c->steps = n;
}

/* The fields that a mapping at this path may have; NULL where none is. */
static const cyaml_schema_field_t *fields_at(const struct locate_step *path, size_t n)
{
	const cyaml_schema_value_t *value = &file_schema;
	const cyaml_schema_field_t *f;

	for (size_t i = 0; i < n; i++) {
		if (path[i].key == NULL) {
			if (value->type != CYAML_SEQUENCE)
				return NULL;
			value = value->sequence.entry;
			continue;
		}
		if (value->type != CYAML_MAPPING)
			return NULL;
		for (f = value->mapping.fields; f->key != NULL; f++)
			if (strcmp(f->key, path[i].key) == 0)
				break;
		if (f->key == NULL)
			return NULL;
		value = &f->value;
	}
	return value->type == CYAML_MAPPING ? value->mapping.fields : NULL;
}

static void add_text(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add_text(char *text, size_t size, const char *format, ...)
{
	size_t n = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + n, size - n, format, args);
	va_end(args);
}

static int fail_at(const char *path, struct span bytes, const struct locate_step *steps,
		   size_t n, const char *what, struct error *error)
{
	char key[200] = "";

	for (size_t i = 0; i < n; i++)
		if (steps[i].key != NULL)
			add_text(key, sizeof(key), "%s%.60s", i != 0 ? "." : "",
				 steps[i].key);
		else
			add_text(key, sizeof(key), "[%zu]", steps[i].index + 1);
	return error_set(error, "%s:%u: %s%s%s", path, locate_line(bytes, steps, n),
			 key, n != 0 ? ": " : "", what);
}

static int fail_unknown_key(const char *path, struct span bytes, struct complaint *c,
			    struct error *error)
{
	const cyaml_schema_field_t *f = fields_at(c->path, c->steps - 1);
	char what[300] = "unknown key; ";

	if (f != NULL)
		add_text(what, sizeof(what), "known here:");
	else
		add_text(what, sizeof(what), "remove it");
	for (size_t i = 0; f != NULL && f[i].key != NULL; i++)
		add_text(what, sizeof(what), "%s %s", i != 0 ? "," : "", f[i].key);
	return fail_at(path, bytes, c->path, c->steps, what, error);
}

/* Sentences of libcyaml, and what we say instead. */
static const struct {
	const char *theirs, *ours;
} wordings[] = {
	{ "Expecting SEQUENCE", "a list was expected here" },
	{ "Expecting MAPPING", "\"key: value\" lines were expected here" },
	{ "Expecting", "a single text was expected here" },
	{ "Invalid", "a number was expected here" },
};

static int fail_value(const char *path, struct span bytes, struct complaint *c,
		      const char *said, struct error *error)
{
	for (size_t i = 0; i < sizeof(wordings) / sizeof(wordings[0]); i++)
		if (strncmp(said, wordings[i].theirs, strlen(wordings[i].theirs)) == 0)
			return fail_at(path, bytes, c->path, c->steps,
				       wordings[i].ours, error);
	return fail_at(path, bytes, c->path, c->steps, said, error);
}

/* Not YAML at all: only the parser itself knows where. */
static int fail_syntax(const char *path, struct span bytes, struct error *error)
{
	char problem[200];
	unsigned line = locate_problem(bytes, problem, sizeof(problem));

	return error_set(error, "%s:%u: this is not YAML: %s", path, line, problem);
}

static bool take_prefix(const char **text, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(*text, prefix, n) != 0)
		return false;
	*text += n;
	return true;
}

static int fail_schema(const char *path, struct span bytes, cyaml_err_t status,
		       struct complaint *c, struct error *error)
{
	const char *said = c->text;
	char what[120];

	read_backtrace(c);
	take_prefix(&said, "Load: ");
	if (status == CYAML_ERR_LIBYAML_PARSER)
		return fail_syntax(path, bytes, error);
	if (take_prefix(&said, "Unexpected key: ") && c->steps < MAX_STEPS) {
		c->path[c->steps++] = (struct locate_step){ .key = said };
		return fail_unknown_key(path, bytes, c, error);
	}
	if (take_prefix(&said, "Mapping field already seen: ") && c->steps != 0) {
		c->path[c->steps - 1] = (struct locate_step){ .key = said, .nth = 1 };
		return fail_at(path, bytes, c->path, c->steps,
			       "is there twice; keep one of the two", error);
	}
	if (take_prefix(&said, "Missing required mapping field: ")) {
		while (c->steps != 0 && c->path[c->steps - 1].key != NULL)
			c->steps--;	/* the last key that was there */
		snprintf(what, sizeof(what), "the key \"%.40s\" is missing; add it", said);
		return fail_at(path, bytes, c->path, c->steps, what, error);
	}
	return fail_value(path, bytes, c, c->n != 0 && strcmp(said, "Backtrace:") != 0 ?
			  said : cyaml_strerror(status), error);
}

/* ---- reading ---- */

static struct span file_bytes(const struct schema_file *file)
{
	return (struct span){ file->bytes, file->size };
}

unsigned schema_line(const struct schema_file *file, const struct schema_place *place)
{
	struct locate_step path[MAX_STEPS] = { { .key = place->section } };
	size_t n = 1;

	if (strcmp(place->section, "language") != 0)
		path[n++] = (struct locate_step){ .index = place->entry };
	if (place->list != NULL) {
		path[n++] = (struct locate_step){ .key = place->list };
		path[n++] = (struct locate_step){ .index = place->item };
	}
	if (place->key != NULL)
		path[n++] = (struct locate_step){ .key = place->key };
	return locate_line(file_bytes(file), path, n);
}

void schema_lines(const struct schema_file *file, const char *section,
		  unsigned *lines, size_t n)
{
	locate_entries(file_bytes(file), section, lines, n);
}

static int read_file(const char *path, char **bytes_r, size_t *n_r, struct error *error)
{
	FILE *file = fopen(path, "re");
	struct stat st;
	int rc = 0;

	if (file == NULL || fstat(fileno(file), &st) != 0) {
		rc = error_set(error, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		rc = error_set(error, "%s: not a file", path);
	} else if (st.st_size > SCHEMA_MAX_SIZE) {
		rc = error_set(error, "%s: larger than %d MiB; is this knowledge?",
			       path, SCHEMA_MAX_SIZE >> 20);
	} else {
		*bytes_r = malloc((size_t)st.st_size + 1);
		*n_r = *bytes_r != NULL ? fread(*bytes_r, 1, (size_t)st.st_size, file) : 0;
		if (*bytes_r == NULL || ferror(file))
			rc = error_set(error, "%s: cannot be read", path);
	}
	if (file != NULL)
		fclose(file);
	return rc;
}

/* libcyaml reads the first document and drops the others without a word. */
static int check_one_document(const char *path, struct span bytes, struct error *error)
{
	struct span line;
	bool content = false;

	for (unsigned n = 1; span_next_line(&bytes, &line); n++) {
		if (content && span_has_prefix(line, "---"))
			return error_set(error, "%s:%u: a second document starts here; "
					 "only one is read: remove the line", path, n);
		line = span_trim(line);
		content = content || (line.n != 0 && line.p[0] != '#' &&
				      !span_has_prefix(line, "---"));
	}
	return 0;
}

static cyaml_config_t configuration(struct complaint *complaint)
{
	return (cyaml_config_t){
		.log_fn = log_complaint,
		.log_ctx = complaint,
		.log_level = CYAML_LOG_ERROR,
		.mem_fn = cyaml_mem,
	};
}

static int parse(struct schema_file *file, struct error *error)
{
	struct complaint complaint = { .n = 0 };
	const cyaml_config_t config = configuration(&complaint);
	void *data = NULL;
	cyaml_err_t status;

	if (check_one_document(file->path, file_bytes(file), error) != 0)
		return -1;
	status = cyaml_load_data((const uint8_t *)file->bytes, file->size, &config,
				 &file_schema, &data, NULL);
	if (status != CYAML_OK)
		return fail_schema(file->path, file_bytes(file), status, &complaint,
				   error);
	/* nothing but comments: libcyaml gives no struct at all */
	file->schema = data != NULL ? data : cyaml_mem(NULL, NULL, sizeof(*file->schema));
	if (file->schema == NULL)
		return error_set(error, "%s: out of memory", file->path);
	if (data == NULL)
		*file->schema = (struct schema){ .labels = NULL };
	return 0;
}

/* Does the line start one of these sections, or, with skip NULL, any? */
static bool starts_section(struct span line, const char *const *skip)
{
	size_t n = 0;

	while (n < line.n && (ascii_isalpha(line.p[n]) || line.p[n] == '_'))
		n++;
	if (n == 0 || n == line.n || line.p[n] != ':')
		return false;
	if (skip == NULL)
		return true;
	for (; *skip != NULL; skip++)
		if (span_eq(span_slice(line, 0, n), span_str(*skip)))
			return true;
	return false;
}

/* Leaves only the line ends of the sections in skip, so that the lines of all
 * others keep their numbers. */
static void drop_sections(struct schema_file *file, const char *const *skip)
{
	struct span rest = file_bytes(file), line;
	bool dropping = false;
	size_t n = 0;

	while (*skip != NULL && rest.n != 0) {
		size_t end = span_find_byte(rest, 0, '\n');

		line = span_slice(rest, 0, end + 1);
		rest = span_from(rest, end + 1);
		if (starts_section(line, NULL))
			dropping = starts_section(line, skip);
		if (dropping)
			line = span_from(line, line.n - 1);
		memmove(file->bytes + n, line.p, line.n);
		n += line.n;
	}
	if (*skip != NULL)
		file->size = n;
}

int schema_load(const char *path, const char *const *skip,
		struct schema_file **file_r, struct error *error)
{
	struct schema_file *file = calloc(1, sizeof(*file));

	*file_r = NULL;
	if (file == NULL || (file->path = strdup(path)) == NULL) {
		free(file);
		return error_set(error, "%s: out of memory", path);
	}
	if (read_file(path, &file->bytes, &file->size, error) != 0) {
		schema_free(file);
		return -1;
	}
	drop_sections(file, skip);
	if (parse(file, error) != 0) {
		schema_free(file);
		return -1;
	}
	*file_r = file;
	return 0;
}

void schema_free(struct schema_file *file)
{
	struct complaint complaint = { .n = 0 };
	const cyaml_config_t config = configuration(&complaint);

	if (file == NULL)
		return;
	if (file->schema != NULL)
		cyaml_free(&config, &file_schema, file->schema, 0);
	free(file->bytes);
	free(file->path);
	free(file);
}
