#include "cli/doctor.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNECT_MS = 2000, MAX_MILTERS = 32, MAX_OPTIONS = 16 };

/* Everything postconf says, a "name = value" line each: parameters of main.cf,
 * "service/type/field" of master.cf, and "service/type/parameter" for its -o. */
struct postfix {
	struct doctor *doctor;
	struct span facts;
	const char *queue;		/* its directory */
};

/* ---- facts ---- */

/* False where there is no such line. */
static bool find_fact(const struct postfix *p, const char *name, struct span *value_r)
{
	struct span rest = p->facts, line;
	size_t n = strlen(name);

	while (span_next_line(&rest, &line)) {
		if (line.n < n + 2 || memcmp(line.p, name, n) != 0 ||
		    memcmp(line.p + n, " =", 2) != 0)
			continue;
		*value_r = span_trim(span_from(line, n + 2));
		return true;
	}
	return false;
}

/* A parameter as a service sees it: its own -o, else main.cf, else the default. */
static struct span parameter(const struct postfix *p, const char *service, const char *name)
{
	struct arena *arena = &p->doctor->arena;
	const char *own = service == NULL ? NULL : arena_printf(arena, "%s/%s", service, name);
	struct span value = SPAN("");

	if (own == NULL || !find_fact(p, own, &value))
		find_fact(p, name, &value);
	return value;
}

static bool is_overridden(const struct postfix *p, const char *service, const char *name)
{
	const char *own = arena_printf(&p->doctor->arena, "%s/%s", service, name);
	struct span value;

	return own != NULL && find_fact(p, own, &value);
}

/* A dash is Postfix's default, which was y before 3.0. */
static bool is_chrooted(const struct postfix *p, const char *service)
{
	struct span field = parameter(p, service, "chroot");

	return span_is(field, "y") ||
		(span_is(field, "-") && span_is(parameter(p, NULL, "compatibility_level"), "0"));
}

static int ask(struct postfix *p, const char *directory, const char *const *options,
	       struct buf *facts)
{
	const char *argv[8] = { "postconf" };
	struct span output;
	size_t n = 1;

	if (directory != NULL) {
		argv[n++] = "-c";
		argv[n++] = directory;
	}
	while (*options != NULL)
		argv[n++] = *options++;
	if (doctor_run(&p->doctor->arena, argv, &output) != 0) {
		p->facts = output;	/* the complaint */
		return -1;
	}
	buf_add(facts, output);
	return 0;
}

static int read_facts(struct postfix *p, const char *directory)
{
	static const char *const parameters[] = { "-x", NULL }, *const fields[] = { "-F", NULL },
		*const overrides[] = { "-x", "-P", NULL };
	struct buf facts;

	buf_init(&facts, &p->doctor->arena, 4 * 1024 * 1024);
	if (ask(p, directory, parameters, &facts) != 0 || ask(p, directory, fields, &facts) != 0 ||
	    ask(p, directory, overrides, &facts) != 0)
		return -1;
	p->facts = buf_span(&facts);
	p->queue = arena_string(&p->doctor->arena, parameter(p, NULL, "queue_directory"));
	return p->facts.n != 0 && p->queue != NULL ? 0 : -1;
}

bool doctor_has_postfix(struct doctor *doctor)
{
	static const char *const argv[] = { "postconf", "-d", "mail_version", NULL };
	struct span output;

	return doctor_run(&doctor->arena, argv, &output) == 0;
}

/* ---- lists of milters ---- */

struct entry {
	struct span address;	/* "unix:whybounce/whybounce.sock" */
	struct span options;	/* "default_action=tempfail, …", or empty */
	struct endpoint raw;	/* as written */
};

static bool is_gap(char c)
{
	return ascii_isspace(c) || c == ',';
}

static struct span next_word(struct span *rest)
{
	size_t from = 0, to;
	struct span word;

	while (from < rest->n && is_gap(rest->p[from]))
		from++;
	for (to = from; to < rest->n && !is_gap(rest->p[to]); to++)
		;
	word = span_slice(*rest, from, to);
	*rest = span_from(*rest, to);
	return word;
}

/* What stands between braces, which may be nested. */
static struct span braced(struct span *rest)
{
	size_t depth = 0, i = 0;
	struct span inner;

	for (; i < rest->n; i++) {
		depth += rest->p[i] == '{';
		if (rest->p[i] == '}' && --depth == 0)
			break;
	}
	inner = span_slice(*rest, 1, i);
	*rest = span_from(*rest, i + 1);
	return inner;
}

static bool next_entry(struct span *rest, struct entry *entry_r)
{
	struct span inner;

	while (rest->n != 0 && is_gap(rest->p[0]))
		*rest = span_from(*rest, 1);
	if (rest->n == 0)
		return false;
	if (rest->p[0] == '{') {
		inner = braced(rest);
		entry_r->address = next_word(&inner);
		entry_r->options = inner;
	} else {
		entry_r->address = next_word(rest);
		entry_r->options = SPAN("");
	}
	if (endpoint_parse_postfix(entry_r->address, &entry_r->raw) != 0)
		entry_r->raw = (struct endpoint){ .path = "" };
	return true;
}

/* An option of the entry, or the parameter that it would override. */
static struct span entry_option(const struct postfix *p, const char *service,
				const struct entry *entry, const char *name)
{
	struct span rest = entry->options;
	size_t n = strlen(name);

	for (unsigned i = 0; i < MAX_OPTIONS; i++) {
		struct span word = next_word(&rest);

		if (word.n > n && span_has_prefix(word, name) && word.p[n] == '=')
			return span_from(word, n + 1);
	}
	return parameter(p, service, arena_printf(&p->doctor->arena, "milter_%s", name));
}

/* Where the kernel finds it for a service that works in the queue directory. */
static void resolve(const struct postfix *p, bool chrooted, const struct endpoint *raw,
		    struct endpoint *resolved_r)
{
	*resolved_r = *raw;
	if (raw->path[0] == '\0' || (raw->path[0] == '/' && !chrooted))
		return;
	snprintf(resolved_r->path, sizeof(resolved_r->path), "%.120s/%.120s", p->queue, raw->path);
}

static bool is_ours(const struct postfix *p, const char *service, const struct entry *entry)
{
	struct endpoint resolved;

	resolve(p, is_chrooted(p, service), &entry->raw, &resolved);
	return endpoint_eq(&resolved, &p->doctor->daemon) ||
		endpoint_eq(&entry->raw, &p->doctor->daemon);
}

/* The list taken apart. ours: MAX_MILTERS where we are not in it. */
struct milters {
	struct entry list[MAX_MILTERS];
	size_t n, ours;
};

static void read_milters(const struct postfix *p, const char *service, struct span value,
			 struct milters *milters)
{
	struct span rest = value;

	milters->n = 0;
	milters->ours = MAX_MILTERS;
	while (milters->n < MAX_MILTERS && next_entry(&rest, &milters->list[milters->n])) {
		if (milters->ours == MAX_MILTERS &&
		    is_ours(p, service, &milters->list[milters->n]))
			milters->ours = milters->n;
		milters->n++;
	}
}

/* ---- can the service reach the socket? ---- */

/* As the service: its place, its user. Only root can become it. */
static int connect_as_service(const struct postfix *p, bool chrooted,
			      const struct endpoint *raw, const struct passwd *owner)
{
	if (chdir(p->queue) != 0 || (chrooted && chroot(".") != 0) ||
	    initgroups(owner->pw_name, owner->pw_gid) != 0 || setgid(owner->pw_gid) != 0 ||
	    setuid(owner->pw_uid) != 0)
		return errno;
	return endpoint_connect(raw, CONNECT_MS) >= 0 ? 0 : errno;
}

/* 0 or an errno. Who is not root sees only whether the socket is there. */
static int reach(const struct postfix *p, bool chrooted, const struct endpoint *raw)
{
	const char *name = arena_string(&p->doctor->arena, parameter(p, NULL, "mail_owner"));
	const struct passwd *owner = name != NULL ? getpwnam(name) : NULL;
	struct endpoint resolved;
	struct stat st;
	int status = 0;
	pid_t child;

	if (owner == NULL || geteuid() != 0) {
		resolve(p, chrooted, raw, &resolved);
		return raw->path[0] == '\0' || stat(resolved.path, &st) == 0 ? 0 : errno;
	}
	child = fork();
	if (child == 0)
		_exit(connect_as_service(p, chrooted, raw, owner));
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return ECHILD;
	return WEXITSTATUS(status);
}

/* What bars the way to a socket: itself or its folder. */
static const char *who_may(struct arena *arena, const char *socket)
{
	const char *folder = arena_string(arena, span_str(socket));
	char *slash = folder != NULL ? strrchr(folder, '/') : NULL;

	if (slash == NULL)
		return doctor_owner(arena, socket);
	*slash = '\0';
	return arena_printf(arena, "the socket is %s, its folder %s", doctor_owner(arena, socket),
			    doctor_owner(arena, folder));
}

static bool check_reach(const struct postfix *p, const char *service, const struct entry *entry)
{
	bool chrooted = is_chrooted(p, service);
	int problem = reach(p, chrooted, &entry->raw);
	struct arena *arena = &p->doctor->arena;
	struct endpoint resolved;
	const char *note = chrooted && entry->raw.path[0] == '/' ?
		arena_printf(arena, " It runs chrooted: its / is %s.", p->queue) : "";

	resolve(p, chrooted, &entry->raw, &resolved);
	if (problem == 0 && geteuid() == 0)
		doctor_say(p->doctor, POSTFIX_REACHES, entry->address, span_str(service), SPAN(""));
	else if (problem == ENOENT)
		doctor_say(p->doctor, POSTFIX_ABSENT, entry->address, span_str(service),
			   span_str(note));
	else if (problem == EACCES)
		doctor_say(p->doctor, POSTFIX_FORBIDDEN, entry->address, span_str(service),
			   span_str(who_may(arena, resolved.path)));
	else if (problem != 0)
		doctor_say(p->doctor, POSTFIX_UNREACHED, entry->address, span_str(service),
			   span_str(strerror(problem)));
	return problem == 0;
}

/* ---- bounces that Postfix writes ---- */

/* The way of some of them: which services write them, and what their cleanup does. */
struct way {
	const char *writers;	/* "bounce, defer, trace" */
	const char *cleanup;	/* "cleanup" */
	const char *service;	/* "cleanup/unix" */
	const char *where;	/* "main.cf", or the service of master.cf */
};

/* Seconds of "30s", "5m"; 0 where it is no time. */
static unsigned seconds(struct span time)
{
	unsigned n = 0, unit = 1;

	for (size_t i = 0; i < time.n && i < 8; i++)
		if (ascii_isdigit(time.p[i]))
			n = n * 10 + (unsigned)(time.p[i] - '0');
		else
			unit = time.p[i] == 'm' ? 60 : time.p[i] == 'h' ? 3600 : 1;
	return n * unit;
}

static void check_timeout(const struct postfix *p, const struct way *way, const struct entry *ours)
{
	unsigned limit = p->doctor->config->limit_time_ms;
	struct span time = entry_option(p, way->service, ours, "content_timeout");

	if (time.n != 0 && (unsigned long)seconds(time) * 1000 <= limit)
		doctor_say(p->doctor, POSTFIX_TIMEOUT, time,
			   span_str(arena_printf(&p->doctor->arena, "%u ms", limit)), SPAN(""));
}

static void check_action(const struct postfix *p, const struct way *way, const struct entry *ours)
{
	struct span action = entry_option(p, way->service, ours, "default_action");

	if (!span_is(action, "tempfail") && !span_is(action, "shutdown"))
		doctor_say(p->doctor, POSTFIX_ACTION, action, span_str(way->where), ours->address);
}

static void check_patterns(const struct postfix *p, const struct way *way)
{
	static const char *const names[] = {
		"header_checks", "mime_header_checks", "nested_header_checks", "body_checks",
	};
	struct buf list;

	buf_init(&list, &p->doctor->arena, 1024);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (parameter(p, way->service, names[i]).n != 0)
			buf_addf(&list, "%s%s", list.n != 0 ? ", " : "", names[i]);
	if (list.n != 0)
		doctor_say(p->doctor, POSTFIX_CHECKS, buf_span(&list), span_str(way->where),
			   SPAN(""));
}

/* We are not in the list: because of another path, or not at all? */
static void say_not_listed(const struct postfix *p, const struct way *way,
			   const struct milters *milters, struct span value)
{
	for (size_t i = 0; i < milters->n; i++)
		if (span_ifind(milters->list[i].address, 0, "whybounce") !=
		    milters->list[i].address.n) {
			doctor_say(p->doctor, POSTFIX_OTHER_SOCKET, milters->list[i].address,
				   span_str(p->doctor->config->socket), span_str(way->where));
			return;
		}
	doctor_say(p->doctor, POSTFIX_NO_MILTER, span_str(way->writers), span_str(way->where),
		   value);
}

static void check_milters(const struct postfix *p, const struct way *way, bool has_class)
{
	struct span value = parameter(p, way->service, "non_smtpd_milters");
	struct milters milters;
	const struct entry *ours;

	read_milters(p, way->service, value, &milters);
	if (milters.ours == MAX_MILTERS) {
		say_not_listed(p, way, &milters, value);
		return;
	}
	ours = &milters.list[milters.ours];
	if (check_reach(p, way->service, ours) && has_class)
		doctor_say(p->doctor, POSTFIX_GENERATED, span_str(way->writers),
			   span_str(way->where), SPAN(""));
	check_action(p, way, ours);
	check_timeout(p, way, ours);
	for (size_t i = 0; i < milters.ours; i++)
		doctor_say(p->doctor, POSTFIX_SIGNER, milters.list[i].address,
			   span_str(way->where), SPAN(""));
	check_patterns(p, way);
}

static void check_way(const struct postfix *p, const struct way *way, bool has_class)
{
	bool own = !span_is(parameter(p, NULL, "cleanup_service_name"), way->cleanup);

	if (!is_overridden(p, way->service, "command")) {
		doctor_say(p->doctor, POSTFIX_NO_CLEANUP, span_str(way->writers),
			   span_str(way->cleanup), SPAN(""));
		return;
	}
	if (!has_class)
		doctor_say(p->doctor, own ? POSTFIX_NO_CLASS_SERVICE : POSTFIX_NO_CLASS,
			   span_str(way->writers), span_str(way->cleanup), SPAN(""));
	check_milters(p, way, has_class);
}

static bool lists_bounce(struct span classes)
{
	for (struct span word; (word = next_word(&classes)).n != 0;)
		if (span_is(word, "bounce"))
			return true;
	return false;
}

/* Services that write notifications and go the same way are looked at once. */
static void check_generated(const struct postfix *p)
{
	static const char *const writers[] = { "bounce", "defer", "trace" };
	enum { N = sizeof(writers) / sizeof(writers[0]) };
	struct arena *arena = &p->doctor->arena;
	struct span cleanup[N];
	bool has_class[N], done[N] = { false };

	for (size_t i = 0; i < N; i++) {
		const char *service = arena_printf(arena, "%s/unix", writers[i]);

		cleanup[i] = parameter(p, service, "cleanup_service_name");
		has_class[i] = lists_bounce(parameter(p, service, "internal_mail_filter_classes"));
	}
	for (size_t i = 0; i < N; i++) {
		struct way way = { .writers = "", .cleanup = arena_string(arena, cleanup[i]) };

		if (done[i] || way.cleanup == NULL)
			continue;
		for (size_t j = i; j < N; j++) {
			if (!span_eq(cleanup[i], cleanup[j]) || has_class[i] != has_class[j])
				continue;
			done[j] = true;
			way.writers = arena_printf(arena, "%s%s%s", way.writers,
						   way.writers[0] != '\0' ? ", " : "", writers[j]);
		}
		way.service = arena_printf(arena, "%s/unix", way.cleanup);
		way.where = is_overridden(p, way.service, "non_smtpd_milters") ?
			arena_printf(arena, "%s in master.cf", way.cleanup) : "main.cf";
		check_way(p, &way, has_class[i]);
	}
}

/* ---- bounces of other servers ---- */

static bool check_port(const struct postfix *p, const char *service)
{
	struct milters milters;
	const struct entry *ours;
	struct span action;

	read_milters(p, service, parameter(p, service, "smtpd_milters"), &milters);
	if (milters.ours == MAX_MILTERS)
		return false;
	ours = &milters.list[milters.ours];
	doctor_say(p->doctor, p->doctor->config->inbound == INBOUND_NONE ? INBOUND_OFF :
		   INBOUND_FINE, span_str(service), SPAN(""), SPAN(""));
	action = entry_option(p, service, ours, "default_action");
	/* a port on which mail is handed back, with bounces alone, may well defer them */
	if (!span_is(action, "accept") && !is_overridden(p, service, "content_filter"))
		doctor_say(p->doctor, INBOUND_DEFERS, span_str(service), action, ours->address);
	for (size_t i = milters.ours + 1; i < milters.n; i++)
		doctor_say(p->doctor, INBOUND_ORDER, milters.list[i].address, span_str(service),
			   SPAN(""));
	return true;
}

/* Every service of master.cf whose command is smtpd. */
static void check_inbound(const struct postfix *p)
{
	static const char field[] = "/command";
	struct span rest = p->facts, line;
	unsigned ports = 0;

	while (span_next_line(&rest, &line)) {
		size_t equals = span_find(line, 0, SPAN(" = "));
		struct span name = span_slice(line, 0, equals), command = span_from(line, equals + 3);
		const char *service;

		if (!span_has_suffix(name, field) || !span_is(next_word(&command), "smtpd"))
			continue;
		service = arena_string(&p->doctor->arena,
				       span_slice(name, 0, name.n - strlen(field)));
		ports += service != NULL && check_port(p, service);
	}
	if (ports == 0 && p->doctor->config->inbound != INBOUND_NONE)
		doctor_say(p->doctor, INBOUND_NONE_HERE, SPAN(""), SPAN(""), SPAN(""));
}

/* ---- what it knows ---- */

static void collect(const struct postfix *p)
{
	static const char *const domains[] = {
		"mydestination", "virtual_alias_domains", "virtual_mailbox_domains", "relay_domains",
	};
	struct span bound = parameter(p, NULL, "smtp_bind_address");
	struct span bound6 = parameter(p, NULL, "smtp_bind_address6");

	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
		doctor_add_domains(p->doctor, parameter(p, NULL, domains[i]));
	doctor_add_addresses(p->doctor, bound);
	doctor_add_addresses(p->doctor, bound6);
	if (bound.n == 0 && bound6.n == 0)
		doctor_add_addresses(p->doctor, parameter(p, NULL, "inet_interfaces"));
}

void doctor_postfix(struct doctor *doctor, const char *directory)
{
	struct postfix p = { .doctor = doctor };
	struct span complaint = SPAN("postconf cannot be run");

	if (read_facts(&p, directory) != 0) {
		span_next_line(&p.facts, &complaint);
		doctor_say(doctor, POSTFIX_UNREADABLE, complaint, SPAN(""), SPAN(""));
		return;
	}
	doctor_say(doctor, POSTFIX_FOUND, parameter(&p, NULL, "mail_version"),
		   parameter(&p, NULL, "config_directory"), SPAN(""));
	check_generated(&p);
	check_inbound(&p);
	collect(&p);
}
