#include "core/snapshot.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

/* "installed: de, en, …" */
static void list_installed(const struct knowledge *knowledge, char *text, size_t size)
{
	struct texts tags = knowledge_installed(knowledge);
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < tags.n && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, "%s%s",
				      i != 0 ? ", " : "", tags.list[i]);
}

const struct language *snapshot_language(const struct snapshot *snapshot,
					 const char *tag, struct error *error)
{
	const struct language *language =
		knowledge_language(snapshot->knowledge, span_str(tag));
	char installed[256];

	if (language == NULL) {
		list_installed(snapshot->knowledge, installed, sizeof(installed));
		error_set(error, "language \"%.40s\" is not installed (installed: %s)",
			  tag, installed);
	}
	return language;
}

/* A language that the configuration names: the error names its line. */
static int configured_language(const struct snapshot *snapshot, const char *option,
			       const char *tag, const struct language **language_r,
			       struct error *error)
{
	struct error reason;

	if (tag == NULL)
		return 0;
	*language_r = snapshot_language(snapshot, tag, &reason);
	if (*language_r != NULL)
		return 0;
	return error_set(error, "%s:%u: %s: %s",
			 snapshot->config->file != NULL ? snapshot->config->file : "defaults",
			 config_line(snapshot->config, option), option, reason.text);
}

static int load_knowledge(struct snapshot *snapshot, const char *tag,
			  enum snapshot_parts parts, struct error *error)
{
	const struct config *config = snapshot->config;
	const char *tags[3];
	char directory[PATH_MAX], overrides[PATH_MAX];
	size_t n = 0;

	if (config_data_directory(directory, sizeof(directory), error) != 0)
		return -1;
	config_overrides_directory(config, overrides, sizeof(overrides));
	if (tag != NULL) {
		tags[n++] = tag;
		tags[n++] = config->default_language;
		if (config->second_language != NULL)
			tags[n++] = config->second_language;
	}
	snapshot->knowledge = knowledge_load_parts(directory, overrides,
						   tag != NULL ? tags : NULL, n,
						   parts == SNAPSHOT_WORDS ? KNOWLEDGE_WORDS :
						   KNOWLEDGE_ALL, error);
	return snapshot->knowledge != NULL ? 0 : -1;
}

static const char *const *strings(const struct config_list *list)
{
	return (const char *const *)list->list;
}

static struct house house_of(const struct config *config)
{
	return (struct house){
		.domains = strings(&config->local_domains), .domains_n = config->local_domains.n,
		.addresses = strings(&config->outbound_addresses),
		.addresses_n = config->outbound_addresses.n,
		.authserv_id = config->authserv_id, .signs_all = config->signs_all,
	};
}

static int load(struct snapshot *snapshot, const char *config_path, const char *tag,
		enum snapshot_parts parts, struct error *error)
{
	const struct config *config = snapshot->config = config_load(config_path, error);

	if (config == NULL || load_knowledge(snapshot, tag, parts, error) != 0)
		return -1;
	snapshot->house = house_of(config);
	if (configured_language(snapshot, "default_language", config->default_language,
				&snapshot->default_language, error) != 0 ||
	    configured_language(snapshot, "second_language", config->second_language,
				&snapshot->second_language, error) != 0)
		return -1;
	/* who names a language has no use for the map, nor are its languages loaded */
	if (tag == NULL && config->language_map != NULL &&
	    (snapshot->language_map = language_map_load(config->language_map,
							snapshot->knowledge, error)) == NULL)
		return -1;
	if (parts != SNAPSHOT_RULES)
		return 0;
	snapshot->rules = rules_new(snapshot->knowledge, error);
#ifdef __GLIBC__
	malloc_trim(0);		/* what making the rules took */
#endif
	return snapshot->rules != NULL ? 0 : -1;
}

struct snapshot *snapshot_load(const char *config_path, const char *tag,
			       enum snapshot_parts parts, struct error *error)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (snapshot == NULL) {
		error_set(error, "out of memory");
		return NULL;
	}
	if (load(snapshot, config_path, tag, parts, error) != 0) {
		snapshot_free(snapshot);
		return NULL;
	}
	return snapshot;
}

static unsigned checks_of(const struct config *config)
{
	const struct {
		enum check check;
		bool on;
	} rows[] = {
		{ CHECK_SPF, config->check_spf }, { CHECK_DKIM, config->check_dkim },
		{ CHECK_DMARC, config->check_dmarc }, { CHECK_MX, config->check_mx },
		{ CHECK_PTR, config->check_ptr }, { CHECK_DNSBL, config->check_dnsbl.n != 0 },
	};
	unsigned checks = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].on)
			checks |= 1U << rows[i].check;
	return checks;
}

int snapshot_open_dns(struct snapshot *snapshot, const char *server, unsigned messages,
		      struct error *error)
{
	const struct config *config = snapshot->config;
	const struct resolver_settings resolver = {
		.servers = server != NULL ? &server : strings(&config->dns_servers),
		.servers_n = server != NULL ? 1 : config->dns_servers.n,
		.named_by = server != NULL ? "--dns" : NULL,
	};
	struct prober_settings prober = {
		.knowledge = snapshot->knowledge, .house = snapshot->house,
		.checks = checks_of(config),
		.zones = strings(&config->check_dnsbl), .zones_n = config->check_dnsbl.n,
		.timeout_ms = config->dns_timeout_ms, .messages = messages,
	};

	if (prober.checks == 0)
		return 0;
	snapshot->resolver = resolver_new(&resolver, error);
	if (snapshot->resolver == NULL)
		return -1;
	prober.source = resolver_source(snapshot->resolver);
	snapshot->prober = prober_new(&prober, error);
	return snapshot->prober != NULL ? 0 : -1;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	prober_free(snapshot->prober);
	resolver_free(snapshot->resolver);
	rules_free(snapshot->rules);
	language_map_free(snapshot->language_map);
	knowledge_free(snapshot->knowledge);
	config_free(snapshot->config);
	free(snapshot);
}
