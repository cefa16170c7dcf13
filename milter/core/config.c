/* Read with libyaml itself: the option table is the schema, and every message
 * about a value can name its line. */
#include "core/config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "core/option.h"
#include "probe/idna.h"

enum { CONFIG_MAX_SIZE = 1024 * 1024, CONFIG_MAX_ITEMS = 4096 };

struct reader {
	const char *path;
	yaml_document_t document;
	struct config *config;
	struct error *error;
};

static void *field_of(struct config *config, const struct option *option)
{
	return (char *)config + option->offset;
}

static const void *field_in(const struct config *config, const struct option *option)
{
	return (const char *)config + option->offset;
}

static int fail(const struct reader *reader, const yaml_node_t *node,
		const char *what, const char *more)
{
	return error_set(reader->error, "%s:%zu: %s%s", reader->path,
			 node != NULL ? node->start_mark.line + 1 : (size_t)1,
			 what, more);
}

static const char *scalar(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

/* A plain scalar without a word is YAML's null: the key is there, a value not. */
static bool is_null(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE &&
		node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		(scalar(node)[0] == '\0' || strcmp(scalar(node), "~") == 0 ||
		 strcmp(scalar(node), "null") == 0);
}

static int check_scalar(const struct reader *reader, const yaml_node_t *node,
			const char *key)
{
	char what[160];

	if (node->type == YAML_SCALAR_NODE &&
	    strlen(scalar(node)) == node->data.scalar.length)
		return 0;
	snprintf(what, sizeof(what), "%s: a single value was expected here", key);
	return fail(reader, node, what, "");
}

static int parse_items(struct reader *reader, const struct option *option,
		       const yaml_node_t *node, const char **items, unsigned *n_r)
{
	const yaml_node_item_t *i;

	*n_r = 0;
	if (node->type != YAML_SEQUENCE_NODE || !option->type->list) {
		if (check_scalar(reader, node, option->name) != 0)
			return -1;
		items[(*n_r)++] = scalar(node);
		return 0;
	}
	for (i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(&reader->document, *i);

		if (*n_r == CONFIG_MAX_ITEMS)
			return fail(reader, item, option->name, ": too many entries");
		if (check_scalar(reader, item, option->name) != 0)
			return -1;
		items[(*n_r)++] = scalar(item);
	}
	return 0;
}

static int store(struct config *config, const struct option *option,
		 const char **items, unsigned n, struct error *reason)
{
	const struct option_value value = { items, n };

	return option->type->parse(field_of(config, option), option, &value, reason);
}

static size_t option_row(const struct option *option)
{
	return (size_t)(option - option_at(0));
}

static int parse_option(struct reader *reader, const struct option *option,
			const yaml_node_t *node)
{
	unsigned *line = &reader->config->lines[option_row(option)];
	const char **items;
	struct error reason;
	char what[256];
	unsigned n;
	int rc = 0;

	if (*line != 0)
		return fail(reader, node, option->name, " is set twice; keep one of the two");
	*line = (unsigned)node->start_mark.line + 1;
	if (is_null(node))
		return 0;
	items = calloc(CONFIG_MAX_ITEMS, sizeof(*items));
	if (items == NULL)
		return fail(reader, node, "out of memory", "");
	if (parse_items(reader, option, node, items, &n) != 0) {
		rc = -1;
	} else if (store(reader->config, option, items, n, &reason) != 0) {
		snprintf(what, sizeof(what), "%s: not a valid value, expected ",
			 option->name);
		rc = fail(reader, node, what, reason.text);
	}
	free(items);
	return rc;
}

static int unknown_key(const struct reader *reader, const yaml_node_t *node,
		       const char *name)
{
	const char *nearest = option_nearest(name);
	char what[256];

	snprintf(what, sizeof(what), "unknown key \"%.80s\"%s%s%s", name,
		 nearest != NULL ? " (did you mean \"" : "",
		 nearest != NULL ? nearest : "", nearest != NULL ? "\"?)" : "");
	return fail(reader, node, what, nearest != NULL ? "" :
		    "; `whybounce config` lists all keys");
}

static bool is_section(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; option_at(i) != NULL; i++)
		if (strncmp(option_at(i)->name, name, n) == 0 &&
		    option_at(i)->name[n] == '.')
			return true;
	return false;
}

static int take_domain_text(struct reader *reader, struct config_domain *domain,
			    const char *key, const yaml_node_t *node)
{
	static const struct {
		const char *name;
		size_t offset;
		int (*check)(const char *item, struct error *reason);
	} keys[] = {
		{ "organization", offsetof(struct config_domain, organization), NULL },
		{ "contact", offsetof(struct config_domain, contact), option_check_contact },
		{ "help_url", offsetof(struct config_domain, help_url), option_check_url },
	};
	struct error reason;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char **field = (char **)(void *)((char *)domain + keys[i].offset);

		if (strcmp(keys[i].name, key) != 0)
			continue;
		if (check_scalar(reader, node, key) != 0)
			return -1;
		if (keys[i].check != NULL && keys[i].check(scalar(node), &reason) != 0)
			return fail(reader, node, "domains: not a valid value, expected ",
				    reason.text);
		free(*field);
		*field = strdup(scalar(node));
		return *field != NULL ? 0 : fail(reader, node, "out of memory", "");
	}
	return fail(reader, node, "domains: unknown key; known are organization, contact, help_url", "");
}

typedef int take_pair(struct reader *reader, void *context, const char *key,
		      const yaml_node_t *key_node, const yaml_node_t *value);

static int each_pair(struct reader *reader, const yaml_node_t *map,
		     take_pair *take, void *context)
{
	if (map->type != YAML_MAPPING_NODE)
		return fail(reader, map, "a list of \"key: value\" lines was expected here", "");
	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(&reader->document, pair->key);
		const yaml_node_t *value = yaml_document_get_node(&reader->document, pair->value);

		if (check_scalar(reader, key, "key") != 0 ||
		    take(reader, context, scalar(key), key, value) != 0)
			return -1;
	}
	return 0;
}

static int take_domain_key(struct reader *reader, void *context, const char *key,
			   const yaml_node_t *key_node, const yaml_node_t *value)
{
	(void)key_node;
	return is_null(value) ? 0 : take_domain_text(reader, context, key, value);
}

static int take_domain(struct reader *reader, void *context, const char *key,
		       const yaml_node_t *key_node, const yaml_node_t *value)
{
	struct config *config = reader->config;
	struct config_domain *domain;
	struct error reason;

	(void)context;
	if (option_check_domain(key, &reason) != 0)
		return fail(reader, key_node, "domains: expected ", reason.text);
	domain = reallocarray(config->domains, config->domains_n + 1, sizeof(*domain));
	if (domain == NULL)
		return fail(reader, key_node, "out of memory", "");
	config->domains = domain;
	domain += config->domains_n++;
	*domain = (struct config_domain){ .domain = strdup(key) };
	if (domain->domain == NULL)
		return fail(reader, key_node, "out of memory", "");
	return each_pair(reader, value, take_domain_key, domain);
}

/* context: the section the key stands in ("dns"), or NULL at the top. */
static int take_key(struct reader *reader, void *context, const char *key,
		    const yaml_node_t *key_node, const yaml_node_t *value)
{
	const char *section = context;
	char name[128], inner[64];
	const struct option *option;

	snprintf(name, sizeof(name), "%s%s%s", section != NULL ? section : "",
		 section != NULL ? "." : "", key);
	option = strchr(key, '.') == NULL ? option_find(name) : NULL;
	if (option != NULL)
		return parse_option(reader, option, value);
	if (section == NULL && strcmp(key, "domains") == 0)
		return is_null(value) ? 0 : each_pair(reader, value, take_domain, NULL);
	if (section != NULL || !is_section(key))
		return unknown_key(reader, key_node, name);
	if (is_null(value))
		return 0;
	snprintf(inner, sizeof(inner), "%s", key);
	return each_pair(reader, value, take_key, inner);
}

static int syntax_error(const struct reader *reader, const yaml_parser_t *parser)
{
	return error_set(reader->error, "%s:%zu: %s%s%s", reader->path,
			 parser->problem_mark.line + 1,
			 parser->problem != NULL ? parser->problem : "not YAML",
			 parser->context != NULL ? " " : "",
			 parser->context != NULL ? parser->context : "");
}

static int parse_document(struct reader *reader)
{
	yaml_node_t *root = yaml_document_get_root_node(&reader->document);

	if (root == NULL || is_null(root))
		return 0;	/* nothing but comments: all defaults */
	return each_pair(reader, root, take_key, NULL);
}

static int parse_bytes(struct reader *reader, struct span bytes)
{
	yaml_parser_t parser;
	int rc;

	if (yaml_parser_initialize(&parser) == 0)
		return error_set(reader->error, "%s: out of memory", reader->path);
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.p, bytes.n);
	if (yaml_parser_load(&parser, &reader->document) == 0) {
		rc = syntax_error(reader, &parser);
	} else {
		rc = parse_document(reader);
		yaml_document_delete(&reader->document);
	}
	yaml_parser_delete(&parser);
	return rc;
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
	} else if (st.st_size > CONFIG_MAX_SIZE) {
		rc = error_set(error, "%s: larger than %d KiB; is this a configuration?",
			       path, CONFIG_MAX_SIZE / 1024);
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

static int set_default(struct config *config, const struct option *option,
		       struct error *error)
{
	const char *items[] = { option->fallback };

	if (option->fallback == NULL)
		return 0;
	return store(config, option, items, 1, error);
}

static int set_defaults(struct config *config, struct error *error)
{
	char host[256] = "localhost";

	for (size_t i = 0; option_at(i) != NULL; i++)
		if (set_default(config, option_at(i), error) != 0)
			return -1;
	gethostname(host, sizeof(host) - 1);
	config->authserv_id = strdup(host);
	return config->authserv_id != NULL ? 0 : error_set(error, "out of memory");
}

static int load_file(struct config *config, const char *path, struct error *error)
{
	struct reader reader = { .path = path, .config = config, .error = error };
	char *bytes = NULL;
	size_t n = 0;
	int rc = read_file(path, &bytes, &n, error);

	if (rc == 0)
		rc = parse_bytes(&reader, (struct span){ bytes, n });
	free(bytes);
	if (rc == 0 && (config->file = strdup(path)) == NULL)
		rc = error_set(error, "out of memory");
	return rc;
}

struct config *config_defaults(struct error *error)
{
	struct config *config = calloc(1, sizeof(*config));

	if (config == NULL) {
		error_set(error, "out of memory");
		return NULL;
	}
	if (set_defaults(config, error) != 0) {
		config_free(config);
		return NULL;
	}
	return config;
}

struct config *config_load(const char *path, struct error *error)
{
	struct config *config = config_defaults(error);

	if (path == NULL && access(CONFIG_DEFAULT_FILE, F_OK) == 0)
		path = CONFIG_DEFAULT_FILE;
	if (config != NULL && path != NULL && load_file(config, path, error) != 0) {
		config_free(config);
		return NULL;
	}
	return config;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; option_at(i) != NULL; i++)
		if (option_at(i)->type->release != NULL)
			option_at(i)->type->release(field_of(config, option_at(i)));
	for (unsigned i = 0; i < config->domains_n; i++) {
		free(config->domains[i].domain);
		free(config->domains[i].organization);
		free(config->domains[i].contact);
		free(config->domains[i].help_url);
	}
	free(config->domains);
	free(config->file);
	free(config);
}

unsigned config_line(const struct config *config, const char *option)
{
	const struct option *row = option_find(option);

	return row != NULL ? config->lines[option_row(row)] : 0;
}

/* ---- printing ---- */

/* Comments are wrapped at this column. */
enum { COMMENT_WIDTH = 76 };

static void print_comment(struct buf *out, const char *indent, const char *text)
{
	struct span rest = span_str(text);
	size_t room = COMMENT_WIDTH - strlen(indent) - 2;

	while (rest.n > 0) {
		size_t n = rest.n;

		if (n > room)
			for (n = room; n > 0 && rest.p[n] != ' '; n--)
				;
		if (n == 0)
			n = rest.n;
		buf_addf(out, "%s# %.*s\n", indent, (int)n, rest.p);
		rest = span_from(rest, n + 1);
	}
}

static bool has_value(const struct config *config, const struct option *option)
{
	const void *field = field_in(config, option);

	if (option->type->list)
		return ((const struct config_list *)field)->n != 0;
	return option->type->release == NULL || *(char *const *)field != NULL;
}

static void print_option(struct buf *out, const struct config *config,
			 const struct option *option, bool comments,
			 const char *indent, const char *name)
{
	bool stated = has_value(config, option);

	if (comments) {
		print_comment(out, indent, option->comment);
		buf_addf(out, "%s#%s: ", indent, name);
		if (option->fallback == NULL)
			buf_adds(out, option->example);
		else
			option->type->print(out, option, field_in(config, option));
		buf_adds(out, "\n\n");
		return;
	}
	buf_addf(out, "%s%s: ", indent, name);
	if (stated || option->type->list)
		option->type->print(out, option, field_in(config, option));
	else
		buf_adds(out, "null");
	buf_adds(out, "\n");
}

static void print_domain_line(struct buf *out, const char *key, const char *value)
{
	if (value == NULL)
		return;
	buf_addf(out, "    %s: ", key);
	option_print_string(out, value);
	buf_adds(out, "\n");
}

static void print_domains(struct buf *out, const struct config *config, bool comments)
{
	if (comments) {
		print_comment(out, "", "Other words for the users of one domain.");
		buf_adds(out, "#domains:\n#  example.com:\n#    organization: Example Com\n"
			 "#    contact: help@example.com\n"
			 "#    help_url: https://help.example.com/mail/\n");
		return;
	}
	if (config->domains_n == 0)
		return;
	buf_adds(out, "domains:\n");
	for (unsigned i = 0; i < config->domains_n; i++) {
		const struct config_domain *d = &config->domains[i];
		bool empty = d->organization == NULL && d->contact == NULL &&
			d->help_url == NULL;

		buf_addf(out, "  %s:%s\n", d->domain, empty ? " {}" : "");
		print_domain_line(out, "organization", d->organization);
		print_domain_line(out, "contact", d->contact);
		print_domain_line(out, "help_url", d->help_url);
	}
}

void config_print(struct buf *out, const struct config *config, bool comments)
{
	char section[64] = "";

	if (comments)
		buf_adds(out, "# Configuration of whybounce. Every key has a default, which is shown here\n"
			 "# or said in its comment. `whybounced -n` checks this file,\n"
			 "# `whybounce config` prints what is in effect.\n\n");
	for (size_t i = 0; option_at(i) != NULL; i++) {
		const struct option *option = option_at(i);
		const char *dot = strchr(option->name, '.');
		struct span in = { option->name, dot != NULL ? (size_t)(dot - option->name) : 0 };

		if (in.n != 0 && !span_is(in, section)) {
			snprintf(section, sizeof(section), "%.*s", SPAN_FMT(in));
			buf_addf(out, "%s:\n", section);
		}
		print_option(out, config, option, comments, in.n != 0 ? "  " : "",
			     dot != NULL ? dot + 1 : option->name);
	}
	print_domains(out, config, comments);
}

/* ---- places ---- */

/* The checkout that a program in its build folder belongs to. */
static int checkout_directory(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *build;

	if (n <= 0)
		return -1;
	path[n] = '\0';
	build = strstr(path, "/build/");
	if (build == NULL || (size_t)(build - path) + sizeof("/conf/knowledge") > size)
		return -1;
	strcpy(build, "/conf/knowledge");
	if (access(path, R_OK) != 0)
		return -1;
	strcpy(build, "/conf");
	return 0;
}

int config_data_directory(char *path, size_t size, struct error *error)
{
	if (checkout_directory(path, size) == 0)
		return 0;
	snprintf(path, size, "%s/knowledge", WHYBOUNCE_DATADIR);
	if (access(path, R_OK) != 0)
		return error_set(error, "%s: %s; is whybounce installed completely?",
				 path, strerror(errno));
	snprintf(path, size, "%s", WHYBOUNCE_DATADIR);
	return 0;
}

void config_overrides_directory(const struct config *config, char *path, size_t size)
{
	const char *file = config->file != NULL ? config->file : CONFIG_DEFAULT_FILE;
	const char *slash = strrchr(file, '/');

	if (slash == NULL)
		snprintf(path, size, "knowledge.d");
	else
		snprintf(path, size, "%.*s/knowledge.d", (int)(slash - file), file);
}

/* ---- questions ---- */

/* '*' stands for any run of bytes; linear in the address for each star. */
static bool glob(struct span pattern, struct span text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			resume = t;
		} else if (p < pattern.n &&
			   ascii_lower(pattern.p[p]) == ascii_lower(text.p[t])) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

bool config_excludes(const struct config *config, struct span address)
{
	for (unsigned i = 0; i < config->exclude.n; i++) {
		const char *pattern = config->exclude.list[i];

		if (pattern[0] == '@' ? span_has_suffix(address, pattern) :
		    glob(span_str(pattern), address))
			return true;
	}
	return false;
}

bool config_is_local(const struct config *config, struct span domain)
{
	char ascii[IDNA_MAX];

	domain = idna_ascii(domain, ascii);
	for (unsigned i = 0; i < config->local_domains.n; i++)
		if (span_is(domain, config->local_domains.list[i]))
			return true;
	return false;
}
