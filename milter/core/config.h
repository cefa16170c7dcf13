/* config.h - the configuration: one table of options gives the parser, the
 * defaults, `whybounce config` and the shipped conf/whybounce.yaml.
 *
 * Immutable after loading. Strings are owned by the config. */
#ifndef WHYBOUNCE_CORE_CONFIG_H
#define WHYBOUNCE_CORE_CONFIG_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#define CONFIG_DEFAULT_FILE "/etc/whybounce/whybounce.yaml"

enum { CONFIG_OPTIONS = 40 };	/* room for the rows of the table */
enum { CONFIG_MAX_WORKERS = 64, CONFIG_NO_WORKERS };

enum config_mode { MODE_EXPLAIN, MODE_OBSERVE };
enum config_inbound { INBOUND_ALL, INBOUND_UNSIGNED, INBOUND_NONE };

struct config_list {
	char **list;
	unsigned n;
};

struct config_domain {		/* a row of `domains:` */
	char *domain;
	char *organization, *contact, *help_url;	/* or NULL */
};

struct config {
	char *file;		/* where it was read; NULL: defaults only */
	char *socket, *user;
	enum config_mode mode;
	struct config_list local_domains, outbound_addresses;
	char *authserv_id;
	bool signs_all;
	char *default_language, *second_language;	/* second: NULL for none */
	char *language_map;
	enum config_inbound inbound;
	struct config_list exclude;
	bool rewrite_subject;
	char *organization, *contact, *help_url;
	struct config_domain *domains;
	unsigned domains_n;
	struct config_list dns_servers;
	unsigned dns_timeout_ms;
	bool check_spf, check_dkim, check_dmarc, check_mx, check_ptr;
	struct config_list check_dnsbl;
	size_t limit_message_size;	/* bytes */
	unsigned limit_time_ms, limit_probes, limit_workers; /* workers 0: one per core;
				 * CONFIG_NO_WORKERS: the front explains */
	size_t limit_worker_memory;
	unsigned log_stderr;	/* 0: syslog, 1: standard error */
	char *metrics;		/* NULL: none */
	unsigned lines[CONFIG_OPTIONS];	/* by row of the table; 0: default */
};

/* path NULL: CONFIG_DEFAULT_FILE if it exists, else the defaults. Errors read
 * `whybounce.yaml:12: …` with what is wrong and what would be right. NULL on
 * failure. */
struct config *config_load(const char *path, struct error *error);
/* The defaults, whatever file there is. */
struct config *config_defaults(struct error *error);
void config_free(struct config *config);

/* The line of the file that sets an option, 0 where the default holds. */
unsigned config_line(const struct config *config, const char *option);

/* The effective configuration as YAML. With comments (what each key means) it
 * is the file that we ship. */
void config_print(struct buf *out, const struct config *config, bool comments);

/* Where conf/knowledge and conf/languages lie: beside the running program in a
 * checkout, else PREFIX/share/whybounce. Written to path; -1 if nowhere. */
int config_data_directory(char *path, size_t size, struct error *error);
/* The admin's knowledge.d, beside the configuration file. */
void config_overrides_directory(const struct config *config, char *path, size_t size);

/* Does a pattern of `exclude` ("*-bounces@*", "bot@example.org", "@list.example")
 * match this address? Case is ignored. */
bool config_excludes(const struct config *config, struct span address);
bool config_is_local(const struct config *config, struct span domain);

#endif
