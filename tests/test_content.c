/* The real content of conf/: complete, consistent, finished, in every language.
 *
 * Each defect is printed as file:line: key: what. Every language is held to every
 * text of English; a file of English that is not there is skipped. Where a string
 * is rightly the English one, the language file lists its key under same_as_english. */
#include <ctype.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "know/know.h"
#include "know/placeholders.h"
#include "know/schema.h"
#include "support.h"

enum kind {
	NAME,			/* a phrase: no full stop */
	SENTENCE,
	LABEL,			/* a phrase or a sentence */
};

/* One text of a file. */
struct item {
	char *key;		/* "causes.moved.steps[2]", "statuses.X.4.7[5].fix" */
	const char *text;
	enum kind kind;
	const struct schema_file *file;
	struct schema_place at;
};

struct words {
	const char *tag;	/* "de" */
	struct schema_file *files[32];
	size_t files_n;
	struct item *items;	/* sorted by key */
	size_t n, size;
};

static struct words english;
static struct words translations[32];
static size_t translations_n;
static unsigned defects;

static void defect(const struct item *item, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void defect(const struct item *item, const char *format, ...)
{
	char message[400];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	print_message("%s:%u: %s: %s\n", item->file->path,
		      schema_line(item->file, &item->at), item->key, message);
	defects++;
}

static void file_defect(const struct words *words, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void file_defect(const struct words *words, const char *format, ...)
{
	char message[400];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	print_message("%s: %s\n", words->files_n != 0 ? words->files[0]->path : words->tag,
		      message);
	defects++;
}

static void assert_no_defects(void)
{
	unsigned n = defects;

	defects = 0;
	if (n != 0)
		fail_msg("%u defects", n);
}

/* ---- reading ---- */

static void add(struct words *words, const struct schema_file *file,
		struct schema_place at, const char *id, const char *text, enum kind kind)
{
	struct item *item;
	char key[200];

	if (text == NULL)
		return;
	if (words->n == words->size) {
		words->size = words->size != 0 ? words->size * 2 : 1024;
		words->items = realloc(words->items, words->size * sizeof(*words->items));
		assert_non_null(words->items);
	}
	if (at.list != NULL && at.key != NULL)
		snprintf(key, sizeof(key), "%s.%s[%s].%s", at.section, id, at.list, at.key);
	else if (at.list != NULL)
		snprintf(key, sizeof(key), "%s.%s.%s[%zu]", at.section, id, at.list, at.item + 1);
	else if (strcmp(at.key, "text") == 0 || strcmp(at.key, "hint") == 0)
		snprintf(key, sizeof(key), "%s.%s",
			 strcmp(at.key, "hint") == 0 ? "hints" : at.section, id);
	else
		snprintf(key, sizeof(key), "%s.%s.%s", at.section, id, at.key);
	item = &words->items[words->n++];
	*item = (struct item){ strdup(key), text, kind, file, at };
	assert_non_null(item->key);
}

static void add_list(struct words *words, const struct schema_file *file,
		     struct schema_place at, const char *id, const char *list,
		     const struct schema_texts *texts)
{
	at.key = NULL;
	at.list = list;
	for (at.item = 0; at.item < texts->n; at.item++)
		add(words, file, at, id, texts->list[at.item], SENTENCE);
}

static void add_code_words(struct words *words, const struct schema_file *file,
			   struct schema_place at, const char *id,
			   const struct schema_words *texts)
{
	at.key = "name";
	add(words, file, at, id, texts->name, NAME);
	at.key = "description";
	add(words, file, at, id, texts->description, SENTENCE);
	at.key = "when";
	add(words, file, at, id, texts->when, SENTENCE);
	at.key = "fix";
	add(words, file, at, id, texts->fix, SENTENCE);
}

static void add_labels(struct words *words, const struct schema_file *file)
{
	const struct schema *s = file->schema;

	for (size_t i = 0; i < s->labels_n; i++)
		add(words, file, (struct schema_place){ "labels", i, NULL, 0, "text" },
		    s->labels[i].id, s->labels[i].text, LABEL);
	for (size_t i = 0; i < s->hints_n; i++)
		add(words, file, (struct schema_place){ "hints", i, NULL, 0, "text" },
		    s->hints[i].id, s->hints[i].text, SENTENCE);
	for (size_t i = 0; i < s->rules_n; i++)
		add(words, file, (struct schema_place){ "rules", i, NULL, 0, "hint" },
		    s->rules[i].id, s->rules[i].hint, SENTENCE);
}

static void add_findings(struct words *words, const struct schema_file *file)
{
	for (size_t i = 0; i < file->schema->findings_n; i++) {
		const struct schema_finding *f = &file->schema->findings[i];
		struct schema_place at = { "findings", i, NULL, 0, "found" };

		add(words, file, at, f->id, f->found, SENTENCE);
		at.key = "repair";
		add(words, file, at, f->id, f->repair, LABEL);	/* may end with a record */
		at.key = "step";
		add(words, file, at, f->id, f->step, SENTENCE);
		at.key = "contradiction";
		add(words, file, at, f->id, f->contradiction, SENTENCE);
	}
}

static void add_causes(struct words *words, const struct schema_file *file)
{
	for (size_t i = 0; i < file->schema->causes_n; i++) {
		const struct schema_cause *c = &file->schema->causes[i];
		struct schema_place at = { "causes", i, NULL, 0, "title" };

		add(words, file, at, c->id, c->title, NAME);
		at.key = "happened";
		add(words, file, at, c->id, c->happened, SENTENCE);
		at.key = "when";
		add(words, file, at, c->id, c->when, SENTENCE);
		add_list(words, file, at, c->id, "steps", &c->steps);
		add_list(words, file, at, c->id, "admin", &c->admin);
	}
}

static void add_codes(struct words *words, const struct schema_file *file,
		      const char *section, const struct schema_code *codes, size_t n)
{
	static const char *const lists[] = { "0", "1", "2", "3", "4", "5" };

	for (size_t i = 0; i < n; i++) {
		struct schema_place at = { section, i, NULL, 0, NULL };

		add_code_words(words, file, at, codes[i].code, &codes[i].words);
		for (unsigned c = 0; c < codes[i].classes_n; c++) {
			unsigned class = codes[i].classes[c].class;

			at.item = c;
			at.list = lists[class < 6 ? class : 0];
			add_code_words(words, file, at, codes[i].code,
				       &codes[i].classes[c].words);
		}
	}
}

static void add_numbered(struct words *words, const struct schema_file *file)
{
	const struct schema *s = file->schema;
	char id[16];

	for (size_t i = 0; i < s->classes_n; i++) {
		snprintf(id, sizeof(id), "%u", s->classes[i].class);
		add_code_words(words, file, (struct schema_place){ "classes", i, NULL, 0, NULL },
			       id, &s->classes[i].words);
	}
	for (size_t i = 0; i < s->subjects_n; i++) {
		snprintf(id, sizeof(id), "%u", s->subjects[i].subject);
		add_code_words(words, file, (struct schema_place){ "subjects", i, NULL, 0, NULL },
			       id, &s->subjects[i].words);
	}
}

static int compare_items(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->key, ((const struct item *)b)->key);
}

static void read_file(struct words *words, const char *path)
{
	const char *const nothing[] = { NULL };
	struct error error = { "" };
	struct schema_file *file;

	if (schema_load(path, nothing, &file, &error) != 0)
		fail_msg("%s", error.text);
	assert_true(words->files_n < sizeof(words->files) / sizeof(words->files[0]));
	words->files[words->files_n++] = file;
	add_labels(words, file);
	add_findings(words, file);
	add_causes(words, file);
	add_codes(words, file, "replies", file->schema->replies, file->schema->replies_n);
	add_codes(words, file, "statuses", file->schema->statuses, file->schema->statuses_n);
	add_numbered(words, file);
}

static int is_yaml(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 &&
		strcmp(entry->d_name + n - 5, ".yaml") == 0;
}

static int list_directory(const char *directory, struct dirent ***entries_r)
{
	int n = scandir(directory, entries_r, is_yaml, alphasort);

	return n > 0 ? n : 0;
}

static void sort(struct words *words)
{
	if (words->n != 0)
		qsort(words->items, words->n, sizeof(*words->items), compare_items);
}

static int read_all(void **state)
{
	struct dirent **entries = NULL;
	char path[600];
	int n = list_directory("conf/knowledge", &entries);

	(void)state;
	english.tag = "en";
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "conf/knowledge/%s", entries[i]->d_name);
		read_file(&english, path);
		free(entries[i]);
	}
	free(entries);
	sort(&english);
	entries = NULL;
	n = list_directory("conf/languages", &entries);
	for (int i = 0; i < n && i < 32; i++) {
		struct words *words = &translations[translations_n++];

		snprintf(path, sizeof(path), "conf/languages/%s", entries[i]->d_name);
		read_file(words, path);
		words->tag = words->files[0]->schema->language.tag;
		words->tag = words->tag != NULL ? words->tag : path;
		sort(words);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

static void words_free(struct words *words)
{
	for (size_t i = 0; i < words->n; i++)
		free(words->items[i].key);
	free(words->items);
	for (size_t i = 0; i < words->files_n; i++)
		schema_free(words->files[i]);
}

static int free_all(void **state)
{
	(void)state;
	words_free(&english);
	for (size_t i = 0; i < translations_n; i++)
		words_free(&translations[i]);
	return 0;
}

static const struct item *find(const struct words *words, const char *key)
{
	const struct item wanted = { (char *)(uintptr_t)key, NULL, NAME, NULL, { 0 } };

	return words->n == 0 ? NULL :
		bsearch(&wanted, words->items, words->n, sizeof(wanted), compare_items);
}

static bool same_section(const char *key, const char *other)
{
	size_t n = strcspn(key, ".");

	return strncmp(key, other, n) == 0 && other[n] == '.';
}

static bool has_section(const struct words *words, const char *key)
{
	for (size_t i = 0; i < words->n; i++)
		if (same_section(key, words->items[i].key))
			return true;
	return false;
}

/* ---- English is complete ---- */

static const char *const label_ids[] = {
#define LABEL(symbol, id) id,
#include "know/labels.def"
#undef LABEL
};

static void require(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void require(const char *format, ...)
{
	char key[200];
	va_list args;

	va_start(args, format);
	vsnprintf(key, sizeof(key), format, args);
	va_end(args);
	if (find(&english, key) == NULL)
		file_defect(&english, "English has no %s", key);
}

static void test_every_label(void **state)
{
	(void)state;
	for (size_t i = 0; i < LABEL_COUNT; i++)
		require("labels.%s", label_ids[i]);
	assert_no_defects();
}

/* Fixed names: tests, logs and the admins' files rely on them. */
static const char *const cause_ids[] = {
	"user_unknown", "user_unknown.syntax", "mailbox_full", "mailbox_disabled",
	"mailbox_disabled.inactive", "moved", "host_unknown", "null_mx", "blocklisted",
	"blocklisted.dynamic_ip", "blocklisted.domain", "reputation", "auth_failure",
	"auth_failure.spf", "auth_failure.dkim", "auth_failure.dmarc",
	"auth_failure.unaligned", "auth_failure.arc", "ptr", "rate_limited",
	"rate_limited.recipient", "rate_limited.sender_quota",
	"rate_limited.too_many_recipients", "greylisted", "too_big", "too_big.header",
	"content", "content.attachment", "spam", "virus", "relay_denied",
	"sender_rejected", "sender_rejected.domain", "sender_rejected.compromised",
	"sender_rejected.blocked", "policy", "policy.restricted_recipient", "policy.helo",
	"security", "security.auth_required", "security.credentials", "tls", "tls.no_tls", "tls.starttls_failed", "network",
	"network.timeout", "network.refused", "network.dns", "expired",
	"expired.delayed", "loop", "system_error", "system_error.config", "system_full",
	"mailer_error", "protocol", "rfc", "rfc.smtputf8", "suppressed", "unknown",
	"delivered", "delivered.relayed", "delivered.expanded",
};

static void test_every_cause(void **state)
{
	(void)state;
	if (!has_section(&english, "causes"))
		skip();
	for (size_t i = 0; i < sizeof(cause_ids) / sizeof(cause_ids[0]); i++) {
		const char *id = cause_ids[i];
		bool arrived = strncmp(id, "delivered", 9) == 0;

		require("causes.%s.title", id);
		require("causes.%s.happened", id);
		require("causes.%s.when", id);
		if (strchr(id, '.') != NULL || arrived)
			continue;	/* a detail can take its family's */
		require("causes.%s.steps[1]", id);
		require("causes.%s.admin[1]", id);
	}
	assert_no_defects();
}

static void require_code(const char *section, const char *code, bool has_cause)
{
	require("%s.%s.name", section, code);
	require("%s.%s.description", section, code);
	require("%s.%s.when", section, code);
	if (!has_cause)		/* whose steps would do */
		require("%s.%s.fix", section, code);
}

/* Is it described? A status may still wait for its file. */
static bool is_related(const char *code)
{
	char status[32];

	if (strchr(code, '.') != NULL && !has_section(&english, "statuses"))
		return true;
	snprintf(status, sizeof(status), "X%.28s", code + strcspn(code, "."));
	for (size_t f = 0; f < english.files_n; f++) {
		const struct schema *s = english.files[f]->schema;

		for (size_t i = 0; i < s->replies_n; i++)
			if (strcmp(s->replies[i].code, code) == 0)
				return true;
		for (size_t i = 0; i < s->statuses_n; i++)
			if (strcmp(s->statuses[i].code, status) == 0)
				return true;
	}
	return false;
}

/* "RFC 5321, 4.2.3", "IANA (X.7.12)", "draft-…": no words. */
static bool is_document(const char *standard)
{
	if (strncmp(standard, "draft-", 6) == 0)
		return strchr(standard, ' ') == NULL;
	for (const char *c = standard; *c != '\0'; c++)
		if (*c >= 'a' && *c <= 'z')
			return false;
	return strncmp(standard, "RFC ", 4) == 0 || strncmp(standard, "IANA", 4) == 0;
}

static void check_code(const char *section, const struct schema_file *file,
		       const struct schema_code *code, size_t entry)
{
	char key[64];
	struct item place = { key, NULL, NAME, file, { section, entry, NULL, 0, NULL } };

	snprintf(key, sizeof(key), "%s.%s", section, code->code);
	require_code(section, code->code, code->cause != NULL);
	if (code->standard == NULL && code->is_standard != NULL &&
	    strcmp(code->is_standard, "yes") == 0)
		defect(&place, "is standard, and names no document");
	if (code->standard != NULL && !is_document(code->standard))
		defect(&place, "a document reads the same in every language, unlike \"%s\"",
		       code->standard);
	if (code->is_standard == NULL)
		defect(&place, "does not say whether it is standard");
	if (code->related.n == 0)
		defect(&place, "has no related codes");
	for (unsigned i = 0; i < code->related.n; i++) {
		const char *related = code->related.list[i];

		if (!is_related(related))
			defect(&place, "related code %s is not described", related);
		if (strcmp(related, code->code) == 0)
			defect(&place, "is related to itself");
		for (unsigned j = 0; j < i; j++)
			if (strcmp(related, code->related.list[j]) == 0)
				defect(&place, "related code %s is there twice", related);
	}
}

static void test_every_code(void **state)
{
	(void)state;
	for (size_t f = 0; f < english.files_n; f++) {
		const struct schema_file *file = english.files[f];
		const struct schema *s = file->schema;

		for (size_t i = 0; i < s->replies_n; i++)
			check_code("replies", file, &s->replies[i], i);
		for (size_t i = 0; i < s->statuses_n; i++)
			check_code("statuses", file, &s->statuses[i], i);
	}
	assert_no_defects();
}

/* The codes of a table of facts, where that table is at hand. */
static void check_table(const char *path, const char *section)
{
	struct span bytes = read_whole(path), rest = bytes, line;

	if (bytes.p == NULL || !has_section(&english, section)) {
		free((char *)(uintptr_t)bytes.p);
		return;
	}
	span_next_line(&rest, &line);
	while (span_next_line(&rest, &line)) {
		struct span code = span_slice(line, 0, span_find_byte(line, 0, '\t'));

		if (span_find(line, 0, SPAN("no source found")) == line.n)
			require("%s.%.*s.name", section, SPAN_FMT(code));
	}
	free((char *)(uintptr_t)bytes.p);
}

static void test_every_registered_code(void **state)
{
	(void)state;
	check_table("../shared/facts/reply-codes.tsv", "replies");
	check_table("../shared/facts/iana-enhanced.tsv", "statuses");
	assert_no_defects();
}

static void test_classes_and_subjects(void **state)
{
	(void)state;
	if (!has_section(&english, "statuses"))
		skip();
	for (int class = 2; class <= 5; class++) {
		char code[8];

		snprintf(code, sizeof(code), "%d", class);
		require_code("classes", code, false);
	}
	for (int subject = 0; subject <= 7; subject++) {
		require("subjects.%d.name", subject);
		require("subjects.%d.description", subject);
	}
	assert_no_defects();
}

/* ---- every text by itself ---- */

/* Words that are rightly written twice: grammar, or words made of two. */
static const struct {
	const char *tag, *word;
} doubles[] = {
	{ "de", "die" }, { "de", "der" }, { "de", "das" }, { "de", "sie" },
	{ "vi", "luôn" }, { "vi", "từ" }, { "vi", "thường" }, { "vi", "xa" },
	{ "tr", "tek" }, { "tr", "sık" }, { "tr", "ayrı" }, { "tr", "yavaş" },
	{ "tr", "zaman" }, { "tr", "adım" }, { "tr", "kısa" }, { "tr", "teker" },
	{ "tr", "bir" }, { "tr", "art" },
};

static bool may_double(const char *tag, struct span word)
{
	for (size_t i = 0; i < sizeof(doubles) / sizeof(doubles[0]); i++)
		if (strcmp(doubles[i].tag, tag) == 0 && span_is(word, doubles[i].word))
			return true;
	return false;
}

static void check_double_words(const struct words *words, const struct item *item)
{
	struct span text = span_str(item->text), last = { NULL, 0 };

	for (size_t at = 0; at < text.n;) {
		size_t end = span_find_byte(text, at, ' ');
		struct span word = span_slice(text, at, end);

		if (word.n > 1 && !ascii_isdigit(word.p[0]) && span_ieq(word, last) &&
		    !may_double(words->tag, word))
			defect(item, "the word \"%.*s\" twice", SPAN_FMT(word));
		last = word;
		at = end + 1;
	}
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static bool ends_with_any(const char *text, const char *const *ends)
{
	for (; *ends != NULL; ends++)
		if (ends_with(text, *ends))
			return true;
	return false;
}

/* Thai has no full stop: its sentences just end. */
static void check_end(const struct words *words, const struct item *item)
{
	static const char *const full_stops[] = {
		".", "!", "?", ".”", "?”", "!”", ".\"", "?\"", ".)", ".“", "?“", ".’", NULL
	};
	static const char *const open_ends[] = {
		",", ";", "(", "…", "...", " -", "–", " and", " or", " the", " und",
		" oder", " dan", " atau", " ve", " veya", " và", " hoặc", "/", "และ", "หรือ", NULL
	};
	static const char *const open_thai[] = {
		"แต่", "เพราะ", "เมื่อ", "ซึ่ง", "โดย", "หาก", "เช่น", "ได้แก่", NULL
	};
	const char *text = item->text;
	bool thai = strcmp(words->tag, "th") == 0;

	if (ends_with_any(text, open_ends) ||
	    (item->kind == SENTENCE && ends_with_any(text, open_thai)))
		defect(item, "does not end: \"%s\"", text);
	if (item->kind == SENTENCE && !thai && !ends_with_any(text, full_stops))
		defect(item, "has no full stop: \"%s\"", text);
	if (thai && ends_with(text, ".") && !ends_with(text, " ."))	/* MX 0 . */
		defect(item, "has a full stop: \"%s\"", text);
	if (item->kind == SENTENCE && ends_with(text, ":"))
		defect(item, "announces what never comes: \"%s\"", text);
	if (item->kind == NAME && (ends_with(text, ".") || ends_with(text, ":")))
		defect(item, "is a name, not a sentence: \"%s\"", text);
	if (item->kind != LABEL && text[0] >= 'a' && text[0] <= 'z' &&
	    !(text[1] >= 'A' && text[1] <= 'Z'))	/* iCloud */
		defect(item, "starts with a small letter: \"%s\"", text);
}

/* "… because the." is a sentence that was cut off. ("an" is not looked for: German
 * sentences end with it.) */
static void check_last_word(const struct item *item)
{
	static const char *const unfinished[] = {
		"the", "a", "and", "or", "of", "when", "because", "if", "its",
		"und", "oder", "weil", "wenn", "dass", "dan", "atau", "karena", "ve",
		"veya", "çünkü", "và", "hoặc", "vì",
	};
	struct span text = span_str(item->text);
	size_t start;

	while (text.n != 0 && (text.p[text.n - 1] == '.' || text.p[text.n - 1] == '?'))
		text.n--;
	for (start = text.n; start != 0 && text.p[start - 1] != ' ';)
		start--;
	for (size_t i = 0; i < sizeof(unfinished) / sizeof(unfinished[0]); i++)
		if (span_is(span_from(text, start), unfinished[i]) && item->kind == SENTENCE)
			defect(item, "stops in the middle: \"%s\"", item->text);
}

/* Plain text breaks its lines at spaces alone, also where a language has few of
 * them (Thai): what cannot be broken has to fit behind the deepest indentation. */
static void check_breaks(const struct item *item)
{
	enum { LONGEST = 72 - 4 };
	struct span text = span_str(item->text);
	size_t columns = 0;

	for (size_t i = 0, n; i < text.n; i += n) {
		n = utf8_length(text, i) != 0 ? utf8_length(text, i) : 1;
		columns = text.p[i] == ' ' ? 0 :
			columns + !utf8_is_mark(utf8_code_point(text, i, n));
		if (columns == LONGEST + 1)
			defect(item, "no space in %d columns: \"%s\"", LONGEST, item->text);
	}
}

/* English has ’ between letters; ' is left to commands. */
static void check_apostrophe(const struct words *words, const struct item *item)
{
	if (strcmp(words->tag, "en") != 0)
		return;
	for (const char *c = item->text; (c = strchr(c, '\'')) != NULL; c++)
		if (c != item->text && ascii_isalpha(c[-1]) && ascii_isalpha(c[1]))
			defect(item, "write ’ for the apostrophe: \"%s\"", item->text);
}

static size_t count(const char *text, const char *piece)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, piece)) != NULL; p += strlen(piece))
		n++;
	return n;
}

static void check_pairs(const struct item *item)
{
	static const char *const pairs[][2] = {
		{ "(", ")" }, { "[", "]" }, { "{", "}" }, { "«", "»" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (count(item->text, pairs[i][0]) != count(item->text, pairs[i][1]))
			defect(item, "%s without %s", pairs[i][0], pairs[i][1]);
	if (count(item->text, "\"") % 2 != 0)
		defect(item, "a quotation mark without its other one");
	/* “…” in English, „…“ in German */
	if (count(item->text, "“") != count(item->text, "”") + count(item->text, "„"))
		defect(item, "a quotation mark without its other one");
}

static void check_characters(const struct item *item)
{
	static const char *const wrong[] = {
		"  ", "\t", "TODO", "FIXME", "XXX", "http:", "https:", "<", ">", " ,",
		"..", "\xef\xbf\xbd" /* replacement */, "\xe2\x80\x8e", "\xe2\x80\x8f",
		"\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad",
		"\xe2\x80\xae" /* bidi controls */, "\xe2\x80\x8b" /* zero width */, NULL
	};

	for (size_t i = 0; wrong[i] != NULL; i++)
		if (strstr(item->text, wrong[i]) != NULL)
			defect(item, "has \"%s\" in it: \"%s\"", wrong[i], item->text);
	for (const char *c = item->text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ') {
			defect(item, "has a line break or a control character");
			break;
		}
}

static void check_texts(const struct words *words)
{
	for (size_t i = 0; i < words->n; i++) {
		const struct item *item = &words->items[i];

		check_double_words(words, item);
		check_end(words, item);
		check_last_word(item);
		check_breaks(item);
		check_apostrophe(words, item);
		check_pairs(item);
		check_characters(item);
	}
}

static void test_english_texts(void **state)
{
	(void)state;
	check_texts(&english);
	assert_no_defects();
}

static void test_translated_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < translations_n; i++)
		check_texts(&translations[i]);
	assert_no_defects();
}

/* Cause and code texts are shown where nothing is known to fill in. */
static void test_placeholders_in_place(void **state)
{
	unsigned set;
	struct span bad;

	(void)state;
	for (size_t i = 0; i < english.n; i++) {
		const struct item *item = &english.items[i];

		if (placeholders_of(item->text, &set, &bad) != 0)
			defect(item, "unknown placeholder %.*s", SPAN_FMT(bad));
		else if (set != 0 && !same_section("labels", item->key) &&
			 !same_section("hints", item->key) &&
			 !same_section("findings", item->key))
			defect(item, "has a placeholder");
	}
	assert_no_defects();
}

/* ---- translations against English ---- */

/* Is a hint with the same English text translated? They share it. */
static bool is_shared(const struct words *words, const struct item *original)
{
	if (!same_section("hints", original->key))
		return false;
	for (size_t i = 0; i < english.n; i++)
		if (same_section("hints", english.items[i].key) &&
		    strcmp(english.items[i].text, original->text) == 0 &&
		    find(words, english.items[i].key) != NULL)
			return true;
	return false;
}

static void test_nothing_missing(void **state)
{
	(void)state;
	for (size_t t = 0; t < translations_n; t++) {
		const struct words *words = &translations[t];

		for (size_t i = 0; i < english.n; i++) {
			const char *key = english.items[i].key;

			if (find(words, key) == NULL && !is_shared(words, &english.items[i]))
				file_defect(words, "%s is missing: \"%s\"", key,
					    english.items[i].text);
		}
	}
	assert_no_defects();
}

static void test_nothing_of_its_own(void **state)
{
	(void)state;
	for (size_t t = 0; t < translations_n; t++)
		for (size_t i = 0; i < translations[t].n; i++)
			if (find(&english, translations[t].items[i].key) == NULL)
				defect(&translations[t].items[i], "English has no such text");
	assert_no_defects();
}

static void test_same_placeholders(void **state)
{
	(void)state;
	for (size_t t = 0; t < translations_n; t++)
		for (size_t i = 0; i < translations[t].n; i++) {
			const struct item *item = &translations[t].items[i];
			const struct item *original = find(&english, item->key);
			unsigned ours, theirs;
			struct span bad;
			char list[300];

			if (original == NULL ||
			    placeholders_of(original->text, &ours, &bad) != 0)
				continue;
			if (placeholders_of(item->text, &theirs, &bad) != 0)
				defect(item, "unknown placeholder %.*s", SPAN_FMT(bad));
			else if (theirs != ours)
				defect(item, "should have the placeholders %s",
				       placeholders_list(ours, list, sizeof(list)));
		}
	assert_no_defects();
}

/* Has it a letter outside of placeholders? ":" and "{code}" are not English. */
static bool has_words(const char *text)
{
	bool inside = false;

	for (; *text != '\0'; text++) {
		inside = *text == '{' || (inside && *text != '}');
		if (!inside && (ascii_isalpha(*text) || (*text & 0x80) != 0))
			return true;
	}
	return false;
}

static bool is_listed(const struct words *words, const char *key)
{
	const struct schema_texts *list = &words->files[0]->schema->same_as_english;

	for (unsigned i = 0; i < list->n; i++)
		if (strcmp(list->list[i], key) == 0)
			return true;
	return false;
}

static void test_not_english(void **state)
{
	(void)state;
	for (size_t t = 0; t < translations_n; t++)
		for (size_t i = 0; i < translations[t].n; i++) {
			const struct item *item = &translations[t].items[i];
			const struct item *original = find(&english, item->key);

			if (original != NULL && has_words(item->text) &&
			    strcmp(item->text, original->text) == 0 &&
			    !is_listed(&translations[t], item->key))
				defect(item, "is the English text: \"%s\"", item->text);
		}
	assert_no_defects();
}

static void test_list_of_same_is_true(void **state)
{
	(void)state;
	for (size_t t = 0; t < translations_n; t++) {
		const struct words *words = &translations[t];
		const struct schema_texts *list = &words->files[0]->schema->same_as_english;

		for (unsigned i = 0; i < list->n; i++) {
			const struct item *item = find(words, list->list[i]);
			const struct item *original = find(&english, list->list[i]);

			if (item == NULL || original == NULL)
				file_defect(words, "same_as_english: there is no text %s",
					    list->list[i]);
			else if (strcmp(item->text, original->text) != 0)
				defect(item, "is not the English text; take it off "
				       "same_as_english");
		}
	}
	assert_no_defects();
}

static bool is_english_word(struct span word)
{
	static const char *const common[] = {
		"the", "and", "your", "with", "this", "that", "which", "from", "you",
		"are", "not", "has", "have", "been", "they", "of", "is", "to",
	};

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (span_eq(word, span_str(common[i])))
			return true;
	return false;
}

/* A byte of a word; those of letters beyond ASCII too, or "toàn" would begin with "to". */
static bool in_word(char c)
{
	return ascii_isalpha(c) || (c & 0x80) != 0;
}

/* An English clause left inside a translation: two of its small words. From and
 * To with a capital are header fields. */
static void test_no_english_left(void **state)
{
	(void)state;
	for (size_t t = 0; t < translations_n; t++)
		for (size_t i = 0; i < translations[t].n; i++) {
			const struct item *item = &translations[t].items[i];
			struct span text = span_str(item->text);
			unsigned n = 0;

			for (size_t at = 0; at < text.n;) {
				size_t end = at;

				while (end < text.n && in_word(text.p[end]))
					end++;
				n += is_english_word(span_slice(text, at, end));
				at = end + 1;
			}
			if (n >= 2)
				defect(item, "English words are left: \"%s\"", item->text);
		}
	assert_no_defects();
}

/* ---- what a language file starts with ---- */

static void test_headings(void **state)
{
	static const struct {
		const char *tag, *key, *text;
	} headings[] = {
		{ "en", "labels.description", "Description" },
		{ "en", "labels.when_you_see_it", "When you see it" },
		{ "en", "labels.how_to_fix", "How to fix it" },
		{ "en", "labels.key_differences", "Key differences" },
		{ "en", "labels.when_which", "When to use which" },
		{ "en", "labels.learn_more", "Learn more" },
		{ "de", "labels.description", "Beschreibung" },
		{ "de", "labels.when_you_see_it", "Wann Sie es sehen" },
		{ "de", "labels.how_to_fix", "Wie man es behebt" },
		{ "de", "labels.key_differences", "Wesentliche Unterschiede" },
		{ "de", "labels.when_which", "Wann welchen verwenden" },
		{ "id", "labels.description", "Deskripsi" },
		{ "id", "labels.when_you_see_it", "Ketika Anda Melihatnya" },
		{ "id", "labels.how_to_fix", "Cara Memperbaiki" },
		{ "id", "labels.key_differences", "Perbedaan Utama" },
		{ "id", "labels.when_which", "Kapan Menggunakan Yang Mana" },
		{ "id", "labels.learn_more", "Pelajari Lebih Lanjut" },
		{ "th", "labels.description", "คำอธิบาย" },
		{ "th", "labels.when_you_see_it", "เมื่อคุณพบเห็น" },
		{ "th", "labels.how_to_fix", "วิธีแก้ไข" },
		{ "th", "labels.key_differences", "ความแตกต่างหลัก" },
		{ "th", "labels.when_which", "ควรใช้อันไหนเมื่อไร" },
		{ "tr", "labels.description", "Açıklama" },
		{ "tr", "labels.when_you_see_it", "Gördüğünüzde" },
		{ "tr", "labels.how_to_fix", "Nasıl Düzeltilir" },
		{ "tr", "labels.key_differences", "Temel Farklar" },
		{ "tr", "labels.when_which", "Hangisini Ne Zaman Kullanmalı" },
		{ "tr", "labels.learn_more", "Daha Fazla Öğren" },
		{ "vi", "labels.description", "Mô tả" },
		{ "vi", "labels.when_you_see_it", "Khi bạn thấy mã này" },
		{ "vi", "labels.how_to_fix", "Cách khắc phục" },
		{ "vi", "labels.key_differences", "Sự khác biệt chính" },
		{ "vi", "labels.when_which", "Khi nào dùng cái nào" },
		{ "vi", "labels.learn_more", "Tìm hiểu thêm" },
	};

	(void)state;
	for (size_t h = 0; h < sizeof(headings) / sizeof(headings[0]); h++)
		for (size_t t = 0; t <= translations_n; t++) {
			const struct words *words = t == 0 ? &english : &translations[t - 1];
			const struct item *item = find(words, headings[h].key);

			if (strcmp(words->tag, headings[h].tag) == 0 && item != NULL &&
			    strcmp(item->text, headings[h].text) != 0)
				defect(item, "should be \"%s\", is \"%s\"",
				       headings[h].text, item->text);
		}
	assert_no_defects();
}

static bool has_term(const struct schema *s, const char *term)
{
	for (unsigned i = 0; i < s->glossary_n; i++)
		if (strcmp(s->glossary[i].term, term) == 0)
			return s->glossary[i].text[0] != '\0';
	return false;
}

static void test_glossary(void **state)
{
	static const char *const terms[] = {
		"mailbox", "bounce", "server", "sender", "recipient", "spam", "blocklist",
		"attachment", "administrator", "domain", "message",
	};

	(void)state;
	for (size_t t = 0; t < translations_n; t++)
		for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++)
			if (!has_term(translations[t].files[0]->schema, terms[i]))
				file_defect(&translations[t], "the glossary has no \"%s\"",
					    terms[i]);
	assert_no_defects();
}

/* ---- as programs load it ---- */

static void test_loads(void **state)
{
	static const char *const shipped[] = { "en", "de", "id", "th", "tr", "vi" };
	struct error error = { "" };
	struct knowledge *k = knowledge_load("conf", NULL, NULL, 0, &error);
	const struct language *language;
	const struct cause *cause;

	(void)state;
	if (k == NULL)
		fail_msg("%s", error.text);
	for (size_t l = 0; (language = knowledge_language_at(k, l)) != NULL; l++) {
		assert_true(language_name(language)[0] != '\0');
		for (unsigned i = 0; i < LABEL_COUNT; i++)
			assert_true(language_label(language, (enum label)i)[0] != '\0');
		for (size_t i = 0; (cause = knowledge_cause_at(k, i)) != NULL; i++) {
			assert_true(language_cause(language, cause)->title[0] != '\0');
			assert_true(language_cause(language, cause)->happened[0] != '\0');
		}
	}
	assert_int_equal(knowledge_installed(k).n, translations_n + 1);
	for (size_t i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++)
		assert_non_null(knowledge_language(k, span_str(shipped[i])));
	knowledge_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loads),
		cmocka_unit_test(test_every_label),
		cmocka_unit_test(test_every_cause),
		cmocka_unit_test(test_every_code),
		cmocka_unit_test(test_every_registered_code),
		cmocka_unit_test(test_classes_and_subjects),
		cmocka_unit_test(test_english_texts),
		cmocka_unit_test(test_translated_texts),
		cmocka_unit_test(test_placeholders_in_place),
		cmocka_unit_test(test_nothing_missing),
		cmocka_unit_test(test_nothing_of_its_own),
		cmocka_unit_test(test_same_placeholders),
		cmocka_unit_test(test_not_english),
		cmocka_unit_test(test_list_of_same_is_true),
		cmocka_unit_test(test_no_english_left),
		cmocka_unit_test(test_headings),
		cmocka_unit_test(test_glossary),
	};

	return cmocka_run_group_tests(tests, read_all, free_all);
}
