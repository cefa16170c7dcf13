#include "core/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

/* The fixed names. The first row of each table takes what is in none. */
static const char *const families[] = {
	"other", "user_unknown", "mailbox_full", "mailbox_disabled", "moved", "host_unknown",
	"null_mx", "blocklisted", "reputation", "auth_failure", "ptr", "rate_limited",
	"greylisted", "too_big", "content", "spam", "virus", "relay_denied", "sender_rejected",
	"policy", "security", "tls", "network", "expired", "loop", "system_error",
	"system_full", "mailer_error", "protocol", "rfc", "suppressed", "unknown",
	"delivered",
};
static const char *const checks[] = { "other", "spf", "dkim", "dmarc", "mx", "ptr", "dnsbl" };
static const char *const verdicts[] = {
	"other", "pass", "fail", "softfail", "neutral", "none", "temperror", "permerror",
	"ok", "null_mx", "no_mx", "no_domain", "mismatch", "listed", "clear", "not_checked",
};
static const char *const troubles[TROUBLE_COUNT] = {
	[TROUBLE_LARGE] = "too_large", [TROUBLE_MEMORY] = "memory", [TROUBLE_BUSY] = "busy",
	[TROUBLE_TIME] = "time", [TROUBLE_DIED] = "worker_died",
	[TROUBLE_REFUSED] = "refused", [TROUBLE_FAILED] = "failed",
	[TROUBLE_STOPPING] = "stopping", [TROUBLE_EDIT] = "edit",
};
static const char *const ends[END_COUNT] = {
	[END_SIGNAL] = "signal", [END_EXIT] = "exit", [END_STUCK] = "stuck",
};
/* Microseconds; beyond the last one is a bucket of its own. */
static const uint64_t bounds[METRICS_BUCKETS - 1] = {
	500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
	1000000, 2500000, 5000000,
};

enum { OTHER = 0 };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

_Static_assert(COUNT(families) <= METRICS_FAMILIES, "room for each family");
_Static_assert(COUNT(checks) <= METRICS_CHECKS, "room for each check");
_Static_assert(COUNT(verdicts) <= METRICS_VERDICTS, "room for each verdict");

const char *trouble_name(enum trouble trouble)
{
	return troubles[trouble];
}

/* ---- counting ---- */

static size_t find(const char *const *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i], name) == 0)
			return i;
	return OTHER;
}

bool metrics_knows_family(const char *family)
{
	return find(families, COUNT(families), family) != OTHER;
}

static bool is_plain(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if (!ascii_isalnum(*c) && strchr(" .,-_+&/()@'", *c) == NULL)
			return false;
	return name[0] != '\0';
}

/* The place of a name in a list that grows up to `most`; its first row is
 * "other". One mutex for all lists: a name is new once. */
static size_t place_of(struct metrics_names *list, size_t most, const char *name)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	size_t n, i = OTHER + 1;

	if (!is_plain(name) || strlen(name) >= TALLY_NAME)
		return OTHER;
	pthread_mutex_lock(&mutex);
	n = list->n > 0 ? list->n : OTHER + 1;
	n = n < most ? n : most;
	while (i < n && strcmp(list->names[i], name) != 0)
		i++;
	if (i == n && n < most) {
		strcpy(list->names[i], name);
		list->n = (unsigned)(n + 1);
	}
	pthread_mutex_unlock(&mutex);
	return i < most ? i : OTHER;
}

static void observe(struct metrics_histogram *histogram, uint64_t us)
{
	size_t i = 0;

	while (i < COUNT(bounds) && us > bounds[i])
		i++;
	histogram->buckets[i]++;
	histogram->sum_us += us;
	histogram->n++;
}

static void count_kind(struct metrics *m, const struct tally_kind *kind)
{
	size_t family = find(families, COUNT(families), kind->family);

	if (kind->action < 0 || kind->action > ACTION_UNKNOWN)
		return;
	m->recipients[family][kind->action] += kind->n;
	if (kind->provider[0] != '\0')
		m->provider_recipients[place_of(&m->provider_names, METRICS_PROVIDERS,
						kind->provider)][family] += kind->n;
}

void metrics_count(struct metrics *m, const struct enrich_result *result, uint64_t us)
{
	const struct tally *tally = &result->tally;

	m->outcomes[result->outcome]++;
	observe(&m->durations, us);
	if (result->outcome == OUTCOME_FAILED)
		m->troubles[TROUBLE_FAILED]++;
	if (result->outcome == OUTCOME_EXPLAINED)
		m->languages[place_of(&m->language_names, METRICS_LANGUAGES, result->language)]++;
	for (size_t i = 0; i < tally->kinds_n && i < TALLY_KINDS; i++)
		count_kind(m, &tally->kinds[i]);
	for (size_t i = 0; i < tally->checks_n && i < TALLY_CHECKS; i++)
		m->checks[find(checks, COUNT(checks), tally->checks[i].check)]
			[find(verdicts, COUNT(verdicts), tally->checks[i].verdict)] +=
			tally->checks[i].n;
	if (tally->checks_n != 0)
		observe(&m->probe_durations, (uint64_t)tally->probe_ms * 1000);
}

void metrics_trouble(struct metrics *m, enum trouble trouble, uint64_t us)
{
	m->outcomes[OUTCOME_FAILED]++;
	m->troubles[trouble]++;
	if (us != 0)
		observe(&m->durations, us);
}

/* ---- printing ---- */

static void print_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_addf(out, "# HELP whybounce_%s %s\n# TYPE whybounce_%s %s\n", name, help, name, type);
}

static void print_one(struct buf *out, const char *name, const char *type, const char *help,
		      uint64_t value)
{
	print_head(out, name, type, help);
	buf_addf(out, "whybounce_%s %" PRIu64 "\n", name, value);
}

static void print_row(struct buf *out, const char *name, const char *label, const char *value,
		      uint64_t n)
{
	buf_addf(out, "whybounce_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value, n);
}

/* A series that never moved is left out of tables of two names: most never do. */
static void print_pair(struct buf *out, const char *name, const char *label, const char *value,
		       const char *label2, const char *value2, uint64_t n)
{
	if (n != 0)
		buf_addf(out, "whybounce_%s{%s=\"%s\",%s=\"%s\"} %" PRIu64 "\n", name, label, value,
			 label2, value2, n);
}

static const char *action_word(size_t action)
{
	const char *name = dsn_action_name((enum dsn_action)action);

	return name[0] != '\0' ? name : action == ACTION_NONE ? "none" : "other";
}

static void print_bounces(struct buf *out, const struct metrics *m)
{
	print_head(out, "bounces_total", "counter", "Bounces by what became of them.");
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		print_row(out, "bounces_total", "outcome", outcome_name((enum outcome)i),
			  m->outcomes[i]);
	print_head(out, "unexplained_total", "counter",
		   "Bounces that passed unchanged through a failure of ours.");
	for (size_t i = 0; i < TROUBLE_COUNT; i++)
		print_row(out, "unexplained_total", "reason", troubles[i], m->troubles[i]);
	print_head(out, "recipients_total", "counter", "Recipients by family of cause and action.");
	for (size_t f = 0; f < COUNT(families); f++)
		for (size_t a = 0; a <= ACTION_UNKNOWN; a++)
			print_pair(out, "recipients_total", "family", families[f], "action",
				   action_word(a), m->recipients[f][a]);
}

static const char *listed_name(const struct metrics_names *list, size_t i)
{
	return i == OTHER ? "other" : list->names[i];
}

static void print_named(struct buf *out, const struct metrics *m)
{
	print_head(out, "provider_recipients_total", "counter",
		   "Recipients whose provider is known by its reply, by family of cause.");
	for (size_t p = 0; p < METRICS_PROVIDERS; p++)
		for (size_t f = 0; f < COUNT(families); f++)
			print_pair(out, "provider_recipients_total", "provider",
				   listed_name(&m->provider_names, p), "family", families[f],
				   m->provider_recipients[p][f]);
	print_head(out, "languages_total", "counter", "Explained bounces by language.");
	for (size_t i = 0; i < METRICS_LANGUAGES; i++)
		if (m->languages[i] != 0)
			print_row(out, "languages_total", "language",
				  listed_name(&m->language_names, i), m->languages[i]);
	print_head(out, "probes_total", "counter", "Checks of the DNS by verdict.");
	for (size_t c = 0; c < COUNT(checks); c++)
		for (size_t v = 0; v < COUNT(verdicts); v++)
			print_pair(out, "probes_total", "check", checks[c], "verdict", verdicts[v],
				   m->checks[c][v]);
}

static void print_seconds(struct buf *out, uint64_t us)
{
	buf_addf(out, "%" PRIu64 ".%06u", us / 1000000, (unsigned)(us % 1000000));
}

static void print_histogram(struct buf *out, const char *name, const char *help,
			    const struct metrics_histogram *histogram)
{
	uint64_t sum = 0;

	print_head(out, name, "histogram", help);
	for (size_t i = 0; i < COUNT(bounds); i++) {
		sum += histogram->buckets[i];
		buf_addf(out, "whybounce_%s_bucket{le=\"", name);
		print_seconds(out, bounds[i]);
		buf_addf(out, "\"} %" PRIu64 "\n", sum);
	}
	sum += histogram->buckets[COUNT(bounds)];
	buf_addf(out, "whybounce_%s_bucket{le=\"+Inf\"} %" PRIu64 "\nwhybounce_%s_sum ", name, sum,
		 name);
	print_seconds(out, histogram->sum_us);
	buf_addf(out, "\nwhybounce_%s_count %" PRIu64 "\n", name, sum);
}

static void print_processes(struct buf *out, const struct metrics *m)
{
	print_head(out, "worker_ends_total", "counter",
		   "Workers that ended without being told to, and were replaced.");
	for (size_t i = 0; i < END_COUNT; i++)
		print_row(out, "worker_ends_total", "how", ends[i], m->worker_ends[i]);
	print_one(out, "front_ends_total", "counter",
		  "Fronts that ended without being told to, and were replaced.", m->front_ends);
	print_head(out, "reloads_total", "counter", "Configurations read again, by result.");
	print_row(out, "reloads_total", "result", "taken", m->reloads);
	print_row(out, "reloads_total", "result", "refused", m->reloads_refused);
	print_one(out, "workers_wanted", "gauge", "Workers there should be.", m->workers_wanted);
	print_one(out, "workers_ready", "gauge", "Workers that take bounces.", m->workers_ready);
	print_one(out, "draining", "gauge", "1 while stopping.", m->draining);
	print_one(out, "start_time_seconds", "gauge", "When the daemon was started.",
		  (uint64_t)m->started);
	print_head(out, "info", "gauge", "What is running.");
	print_row(out, "info", "version", WHYBOUNCE_VERSION, 1);
}

void metrics_print(struct buf *out, const struct metrics *m, unsigned under_way)
{
	print_bounces(out, m);
	print_named(out, m);
	print_histogram(out, "duration_seconds",
			"From the end of a bounce to our answer.", &m->durations);
	print_histogram(out, "probe_seconds", "Time that the checks of one bounce took.",
			&m->probe_durations);
	print_processes(out, m);
	print_one(out, "under_way", "gauge", "Bounces between MAIL FROM and their end.", under_way);
}
