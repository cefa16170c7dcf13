#include "probe/resolver.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <unbound.h>

#include "probe/address.h"
#include "probe/rdata.h"

enum {
	QUERY_TIMEOUT_MS = 2500,
	MAX_OUTSTANDING = 256,		/* what the library works on, asked for or not */
	ROOT_KNOWN_MS = 10 * 60 * 1000,
	PUMP_STACK = 256 * 1024,
	KEPT = 512,			/* answers that are found without the library */
	KEPT_SIZE = 4096,		/* of the largest one */
	KEPT_MS = 60 * 1000,		/* for no longer, whatever their TTL */
	CLASS_IN = 1,
	TYPE_SOA = 6,
};

/* A name that libunbound answers by itself. */
#define LOCAL_NAME "localhost."

/* One question in the library's hands, which holds one of its references until
 * it answers; who waits for it, or asks the same meanwhile, holds another, and so
 * does the place where its answer is kept. It is never cancelled: the library
 * would go on working on it without counting it. */
struct ask {
	struct resolver *resolver;
	struct ask *next, **link;
	pthread_cond_t answered;
	struct ub_result *result;	/* read only once it is done; NULL: none */
	bool done;
	int64_t expires_ms;
	unsigned references;
	int type;
	char name[DNS_MAX_NAME + 1];
};

struct resolver {
	struct dns_source source;
	struct ub_ctx *context;
	unsigned query_timeout_ms;
	bool local;
	pthread_t pump;
	int stop;		/* eventfd */
	pthread_condattr_t monotonic;
	pthread_mutex_t lock;	/* of all below, and of all asks */
	struct ask *asks;
	size_t outstanding;
	struct ask *kept[KEPT];	/* by the hash of the question; NULL: none */
	bool pump_runs;
	bool broken;		/* the library gave up */
	int64_t root_until_ms;	/* what is known of the root, until then */
	bool root_secure;
};

/* ---- asking ---- */

/* Needs the lock, as all up to ask_new. */
static void ask_release(struct ask *ask)
{
	if (ask == NULL || --ask->references > 0)
		return;
	ub_resolve_free(ask->result);
	pthread_cond_destroy(&ask->answered);
	free(ask);
}

static struct ask **place_of(struct resolver *r, const char *name, int type)
{
	uint32_t hash = 2166136261u + (uint32_t)type;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return &r->kept[hash % KEPT];
}

/* A way through the library costs three switches of threads; many bounces ask the
 * same. What failed is asked again. */
static void keep_answer(struct ask *ask)
{
	const struct ub_result *result = ask->result;
	struct ask **place = place_of(ask->resolver, ask->name, ask->type);
	int64_t ttl_ms;

	if (result == NULL || result->answer_len > KEPT_SIZE ||
	    (result->rcode != 0 && result->nxdomain == 0))
		return;
	ttl_ms = (int64_t)result->ttl * 1000;
	ask->expires_ms = dns_now_ms() + (ttl_ms < KEPT_MS ? ttl_ms : KEPT_MS);
	ask->references++;
	ask_release(*place);
	*place = ask;
}

static void ask_finish(struct ask *ask, struct ub_result *result)
{
	*ask->link = ask->next;
	if (ask->next != NULL)
		ask->next->link = ask->link;
	ask->resolver->outstanding--;
	ask->result = result;
	ask->done = true;
	keep_answer(ask);
	pthread_cond_broadcast(&ask->answered);
	ask_release(ask);
}

static bool is_same(const struct ask *ask, const char *name, int type)
{
	return ask->type == type && strcmp(ask->name, name) == 0;
}

static struct ask *ask_find(struct resolver *r, const char *name, int type)
{
	struct ask *ask = *place_of(r, name, type);

	if (ask != NULL && is_same(ask, name, type) && dns_now_ms() < ask->expires_ms)
		return ask;
	for (ask = r->asks; ask != NULL && !is_same(ask, name, type); ask = ask->next)
		;
	return ask;
}

static struct ask *ask_new(struct resolver *r, const char *name, int type)
{
	struct ask *ask;

	if (r->broken || r->outstanding >= MAX_OUTSTANDING || strlen(name) > DNS_MAX_NAME)
		return NULL;
	ask = calloc(1, sizeof(*ask));
	if (ask == NULL)
		return NULL;
	*ask = (struct ask){ .resolver = r, .type = type, .references = 2, .next = r->asks };
	strcpy(ask->name, name);
	pthread_cond_init(&ask->answered, &r->monotonic);
	ask->link = &r->asks;
	if (ask->next != NULL)
		ask->next->link = &ask->next;
	r->asks = ask;
	r->outstanding++;
	return ask;
}

/* Called by the pump. */
static void take_answer(void *context, int failure, struct ub_result *result)
{
	struct ask *ask = context;
	struct resolver *r = ask->resolver;

	if (failure != 0) {
		ub_resolve_free(result);
		result = NULL;
	}
	pthread_mutex_lock(&r->lock);
	ask_finish(ask, result);
	pthread_mutex_unlock(&r->lock);
}

/* The text libunbound reads: whatever could mean something else is \ddd. */
static void escape(const char *name, char text[4 * DNS_MAX_NAME + 2])
{
	for (; *name != '\0'; name++) {
		if (ascii_isalnum(*name) || *name == '.' || *name == '-' || *name == '_')
			*text++ = *name;
		else
			text += sprintf(text, "\\%03u", (unsigned)(unsigned char)*name);
	}
	*text++ = '.';
	*text = '\0';
}

static int start_threads(struct resolver *r);

/* Released by the caller; NULL: too much is asked already. */
static struct ask *ask_begin(struct resolver *r, const char *name, int type)
{
	char text[4 * DNS_MAX_NAME + 2];
	struct ask *ask;

	pthread_mutex_lock(&r->lock);
	if (!r->pump_runs && !r->broken && start_threads(r) != 0)
		r->broken = true;
	ask = ask_find(r, name, type);
	if (ask != NULL) {
		ask->references++;
		pthread_mutex_unlock(&r->lock);
		return ask;
	}
	ask = ask_new(r, name, type);
	pthread_mutex_unlock(&r->lock);
	if (ask == NULL)
		return NULL;
	escape(name, text);
	if (ub_resolve_async(r->context, text, type, CLASS_IN, ask, take_answer, NULL) != 0)
		take_answer(ask, UB_SERVFAIL, NULL);
	return ask;
}

static void ask_end(struct ask *ask)
{
	struct resolver *r = ask->resolver;

	pthread_mutex_lock(&r->lock);
	ask_release(ask);
	pthread_mutex_unlock(&r->lock);
}

/* NULL: no answer, for this reason. */
static const struct ub_result *ask_wait(struct ask *ask, int64_t until_ms, const char **reason_r)
{
	struct timespec until = { until_ms / 1000, until_ms % 1000 * 1000000 };
	struct resolver *r = ask->resolver;
	bool done;

	pthread_mutex_lock(&r->lock);
	while (!ask->done && !r->broken &&
	       pthread_cond_timedwait(&ask->answered, &r->lock, &until) != ETIMEDOUT)
		;
	done = ask->done;
	*reason_r = done || r->broken ? "servfail" : "timeout";
	pthread_mutex_unlock(&r->lock);
	return done ? ask->result : NULL;
}

/* The question to be ended by the caller, NULL where none was asked. */
static struct ask *ask_and_wait(struct resolver *r, const char *name, int type,
				int64_t deadline_ms, const struct ub_result **result_r,
				const char **reason_r)
{
	int64_t until_ms = dns_now_ms() + r->query_timeout_ms;
	struct ask *ask = ask_begin(r, name, type);

	*result_r = NULL;
	*reason_r = "busy";
	if (ask != NULL)
		*result_r = ask_wait(ask, until_ms < deadline_ms ? until_ms : deadline_ms,
				     reason_r);
	return ask;
}

/* ---- answers ---- */

static bool root_is_known(struct resolver *r, bool *secure_r)
{
	bool is_known;

	pthread_mutex_lock(&r->lock);
	is_known = r->root_until_ms > dns_now_ms();
	*secure_r = r->root_secure;
	pthread_mutex_unlock(&r->lock);
	return is_known;
}

/* Behind servers that do not pass DNSSEC on every answer looks forged. Only where
 * they let the root's own records be validated, "bogus" means something. NULL: no
 * harm; else why the answer is none. */
static const char *judge_bogus(struct resolver *r, int64_t deadline_ms)
{
	const struct ub_result *result;
	const char *reason;
	struct ask *ask;
	bool secure;

	if (root_is_known(r, &secure))
		return secure ? "bogus" : NULL;
	ask = ask_and_wait(r, "", TYPE_SOA, deadline_ms, &result, &reason);
	if (result != NULL) {
		secure = result->secure != 0;
		reason = secure ? "bogus" : NULL;
		pthread_mutex_lock(&r->lock);
		r->root_secure = secure;
		r->root_until_ms = dns_now_ms() + ROOT_KNOWN_MS;
		pthread_mutex_unlock(&r->lock);
	}
	if (ask != NULL)
		ask_end(ask);
	return reason;
}

static void read_records(struct arena *arena, enum dns_type type,
			 const struct ub_result *result, struct dns_answer *answer)
{
	size_t n = 0;

	while (n < DNS_MAX_RECORDS && result->data[n] != NULL)
		n++;
	answer->records = arena_array(arena, n, sizeof(*answer->records));
	for (size_t i = 0; i < n && answer->records != NULL; i++) {
		struct span wire = { result->data[i], (size_t)result->len[i] };

		if (rdata_read(arena, type, wire, &answer->records[answer->n]) == 0)
			answer->n++;
	}
}

/* The last name of a chain of CNAMEs, without its dot. */
static struct span alias_of(struct arena *arena, const struct ub_result *result)
{
	struct span alias = span_str(result->canonname), name = span_str(result->qname);

	if (alias.n > 0 && alias.p[alias.n - 1] == '.')
		alias.n--;
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	if (span_ieq(alias, name) || !dns_name_is_valid(alias))
		return (struct span){ NULL, 0 };
	return arena_copy(arena, alias);
}

static void read_answer(struct arena *arena, enum dns_type type,
			const struct ub_result *result, struct dns_answer *answer)
{
	if (result->rcode != 0 && result->nxdomain == 0) {
		answer->reason = "servfail";
		return;
	}
	answer->reason = NULL;
	answer->secure = result->secure != 0;
	answer->alias = alias_of(arena, result);
	answer->status = result->nxdomain != 0 ? DNS_NO_NAME : DNS_NO_DATA;
	if (result->havedata == 0)
		return;
	read_records(arena, type, result, answer);
	if (answer->n > 0)
		answer->status = DNS_FOUND;
	else	/* records, and none that can be read or kept */
		*answer = (struct dns_answer){
			.status = DNS_TEMPORARY, .reason = arena->failed ? "limit" : "servfail",
		};
}

static void query(void *context, struct arena *arena, const char *name,
		  enum dns_type type, int64_t deadline_ms, struct dns_answer *answer_r)
{
	struct resolver *r = context;
	const struct ub_result *result;
	struct ask *ask;

	*answer_r = (struct dns_answer){ .status = DNS_TEMPORARY };
	ask = ask_and_wait(r, name, (int)type, deadline_ms, &result, &answer_r->reason);
	if (result != NULL) {
		answer_r->reason = result->bogus != 0 ? judge_bogus(r, deadline_ms) : NULL;
		if (answer_r->reason == NULL)
			read_answer(arena, type, result, answer_r);
	}
	if (ask != NULL)
		ask_end(ask);
}

static void begin(void *context, const char *name, enum dns_type type)
{
	struct ask *ask = ask_begin(context, name, (int)type);

	if (ask != NULL)
		ask_end(ask);
}

/* ---- the pump ---- */

static void give_up(struct resolver *r)
{
	pthread_mutex_lock(&r->lock);
	r->broken = true;
	for (struct ask *ask = r->asks; ask != NULL; ask = ask->next)
		pthread_cond_broadcast(&ask->answered);
	pthread_mutex_unlock(&r->lock);
}

static void *run_pump(void *context)
{
	struct resolver *r = context;
	struct pollfd fds[2] = {
		{ .fd = ub_fd(r->context), .events = POLLIN },
		{ .fd = r->stop, .events = POLLIN },
	};

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents != 0)
			return NULL;
		if (fds[0].revents != 0 && ub_process(r->context) != 0)
			break;
	}
	give_up(r);
	return NULL;
}

static void ignore_answer(void *context, int failure, struct ub_result *result)
{
	(void)context, (void)failure;
	ub_resolve_free(result);
}

/* With the first question, so that they stand behind the same door as the thread
 * that asks it. Signals stay with the threads that were there before. Needs the
 * lock. */
static int start_threads(struct resolver *r)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int status = -1;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, PUMP_STACK);
	r->pump_runs = pthread_create(&r->pump, &attributes, run_pump, r) == 0;
	pthread_attr_destroy(&attributes);
	/* this starts the library's own thread */
	if (r->pump_runs)
		status = ub_resolve_async(r->context, LOCAL_NAME, DNS_A, CLASS_IN, NULL,
					  ignore_answer, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return status;
}

/* ---- settings ---- */

struct option {
	const char *name, *value;
};

static int set_options(struct ub_ctx *context, bool local)
{
	static const struct option options[] = {
		{ "msg-cache-size:", "4m" }, { "rrset-cache-size:", "8m" },
		/* what was repaired is to be seen soon */
		{ "cache-max-ttl:", "600" }, { "cache-max-negative-ttl:", "60" },
		{ "rrset-roundrobin:", "no" },
		{ "outgoing-range:", "64" }, { "outgoing-num-tcp:", "16" },
		{ "num-queries-per-thread:", "512" },
		/* servers that were away are asked again when they are back */
		{ "infra-host-ttl:", "60" }, { "infra-keep-probing:", "yes" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (ub_ctx_set_option(context, options[i].name, options[i].value) != 0)
			return -1;
	return local ? ub_ctx_set_option(context, "unblock-lan-zones:", "yes") : 0;
}

static int set_servers(struct ub_ctx *context, const struct resolver_settings *settings,
		       struct error *error)
{
	for (size_t i = 0; i < settings->servers_n; i++)
		if (ub_ctx_set_fwd(context, settings->servers[i]) != 0)
			return error_set(error, "%s: \"%s\" is no address of a DNS server; "
					 "write 192.0.2.53 or 127.0.0.1@5353",
					 settings->named_by != NULL ? settings->named_by :
					 "dns.servers", settings->servers[i]);
	if (settings->servers_n > 0)
		return 0;
	/* as the C library does where there is no file: the local one */
	if (access("/etc/resolv.conf", R_OK) != 0)
		return ub_ctx_set_fwd(context, "127.0.0.1");
	if (ub_ctx_resolvconf(context, NULL) != 0)
		return error_set(error, "cannot use the DNS servers of /etc/resolv.conf; name "
				 "one with dns.servers");
	return 0;
}

/* DNSSEC is judged where the root's key is installed, else nothing is secure. */
static int set_trust(struct ub_ctx *context, const char *root_key)
{
	static const char *const files[] = {
		"/usr/share/dns/root.key", "/var/lib/unbound/root.key",
		"/etc/unbound/root.key", "/usr/share/dnssec-root/trusted-key.key",
	};

	if (root_key != NULL)
		return ub_ctx_add_ta_file(context, root_key);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (access(files[i], R_OK) == 0)
			return ub_ctx_add_ta_file(context, files[i]);
	return 0;
}

static bool is_loopback(const char *server)
{
	static const struct ip four = { { 127 }, 32 }, six = { { [15] = 1 }, 128 };
	struct span address = span_str(server);
	struct ip ip;

	address = span_slice(address, 0, span_find_byte(address, 0, '@'));
	return ip_parse(address, &ip) == 0 && (ip_in(&ip, &four, 8) || ip_eq(&ip, &six));
}

static bool is_local(const struct resolver_settings *settings)
{
	bool local = settings->servers_n > 0;

	for (size_t i = 0; i < settings->servers_n; i++)
		local = local && is_loopback(settings->servers[i]);
	return local;
}

/* LOCAL_NAME stays. */
static int remove_zones(struct ub_ctx *context)
{
	static const char *const zones[] = {
		"test.", "invalid.", "onion.", "home.arpa.", "127.in-addr.arpa.",
	};

	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++)
		if (ub_ctx_zone_remove(context, zones[i]) != 0)
			return -1;
	return 0;
}

/* Answered without asking anybody, by this thread: whatever the library reads or
 * sets up once, it does now. */
static int first_question(struct ub_ctx *context)
{
	struct ub_result *result = NULL;
	int status = ub_resolve(context, LOCAL_NAME, DNS_A, CLASS_IN, &result);

	ub_resolve_free(result);
	return status;
}

static int configure(struct resolver *r, const struct resolver_settings *settings,
		     struct error *error)
{
	struct ub_ctx *context = r->context;

	ub_ctx_debugout(context, NULL);	/* it would write to standard error */
	error->text[0] = '\0';
	if (ub_ctx_async(context, 1) != 0 || set_options(context, r->local) != 0 ||
	    set_servers(context, settings, error) != 0 ||
	    set_trust(context, settings->root_key) != 0 ||
	    first_question(context) != 0 || (r->local && remove_zones(context) != 0)) {
		if (error->text[0] == '\0')
			error_set(error, "cannot start to ask the DNS");
		return -1;
	}
	return 0;
}

/* ---- life ---- */

struct resolver *resolver_new(const struct resolver_settings *settings,
			      struct error *error)
{
	struct resolver *r = calloc(1, sizeof(*r));
	struct error ours;

	if (r == NULL) {
		error_set(error, "out of memory");
		return NULL;
	}
	r->source = (struct dns_source){ query, begin, r };
	r->query_timeout_ms = settings->query_timeout_ms != 0 ? settings->query_timeout_ms :
		QUERY_TIMEOUT_MS;
	r->local = is_local(settings);
	pthread_condattr_init(&r->monotonic);
	pthread_condattr_setclock(&r->monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&r->lock, NULL);
	r->stop = eventfd(0, EFD_CLOEXEC);
	r->context = ub_ctx_create();
	if (r->stop < 0 || r->context == NULL) {
		error_set(error, "cannot start to ask the DNS: %s", strerror(errno));
	} else if (configure(r, settings, error != NULL ? error : &ours) == 0) {
		return r;
	}
	resolver_free(r);
	return NULL;
}

void resolver_free(struct resolver *r)
{
	const uint64_t one = 1;

	if (r == NULL)
		return;
	if (r->pump_runs && write(r->stop, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join(r->pump, NULL);
	if (r->context != NULL)
		ub_ctx_delete(r->context);
	while (r->asks != NULL)
		ask_finish(r->asks, NULL);
	for (size_t i = 0; i < KEPT; i++)
		ask_release(r->kept[i]);
	if (r->stop >= 0)
		close(r->stop);
	pthread_mutex_destroy(&r->lock);
	pthread_condattr_destroy(&r->monotonic);
	free(r);
}

const struct dns_source *resolver_source(struct resolver *r)
{
	return &r->source;
}

bool resolver_is_local(const struct resolver *r)
{
	return r->local;
}
