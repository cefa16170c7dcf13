#include "cli/doctor.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MAX_CF = 4 * 1024 * 1024, CONNECT_MS = 2000, MAX_FILE = 1024 * 1024 };

static const char hop_name[] = "whybounce", inbound_name[] = "whybounce-inbound";

struct sendmail {
	struct doctor *doctor;
	const char *file;
	struct span cf;
};

static struct span none(void)
{
	return SPAN("");
}

/* ---- the .cf ---- */

/* The next line that starts like this; a continuation starts with white space and
 * is left out: nothing that is looked for here stands on one. */
static bool next_line(struct span *rest, const char *start, struct span *after_r)
{
	struct span line;
	size_t n = strlen(start);

	while (span_next_line(rest, &line))
		if (line.n >= n && memcmp(line.p, start, n) == 0) {
			*after_r = span_from(line, n);
			return true;
		}
	return false;
}

static bool find_line(const struct sendmail *s, const char *start, struct span *after_r)
{
	struct span rest = s->cf;

	return next_line(&rest, start, after_r);
}

/* "Name=whybounce, Port=10588, …": the value of a key. */
static struct span value_of(struct span list, const char *key)
{
	size_t n = strlen(key);

	while (list.n != 0) {
		size_t end = span_find_byte(list, 0, ',');
		struct span item = span_trim(span_slice(list, 0, end));

		if (item.n > n && span_has_prefix(item, key) && item.p[n] == '=')
			return span_trim(span_from(item, n + 1));
		list = span_from(list, end + 1);
	}
	return none();
}

/* The port of that name; its settings. */
static bool find_port(const struct sendmail *s, struct span *settings_r)
{
	struct span rest = s->cf;

	while (next_line(&rest, "O DaemonPortOptions=", settings_r))
		if (span_is(value_of(*settings_r, "Name"), hop_name))
			return true;
	return false;
}

/* "X<name>, S=…": the settings of a milter. */
static bool find_milter(const struct sendmail *s, const char *name, struct span *settings_r)
{
	const char *start = arena_printf(&s->doctor->arena, "X%s,", name);

	return start != NULL && find_line(s, start, settings_r);
}

/* The next name of "recorder;whybounce" or "a, b". */
static struct span next_name(struct span *rest)
{
	size_t n = 0;
	struct span name;

	while (n < rest->n && rest->p[n] != ';' && rest->p[n] != ',')
		n++;
	name = span_trim(span_slice(*rest, 0, n));
	*rest = span_from(*rest, n + 1);
	return name;
}

/* ---- its own bounces ---- */

/* What the include puts there; each would be missing alone only by hand. */
static bool has_hop(const struct sendmail *s, struct span *port_r, struct span *milter_r)
{
	static const struct {
		const char *start, *what;
	} lines[] = {
		{ "Mwhybounce,", "the mailer whybounce" },
		{ "Kwhybounce_set", "the map whybounce_set" },
	};
	const char *lacks = NULL;
	struct span found;

	if (!find_port(s, port_r))
		lacks = "the port whybounce (DaemonPortOptions)";
	else if (!find_milter(s, hop_name, milter_r))
		lacks = "the milter whybounce";
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && lacks == NULL; i++)
		if (!find_line(s, lines[i].start, &found))
			lacks = lines[i].what;
	if (lacks == NULL && span_find(s->cf, 0, SPAN("$#whybounce $@")) == s->cf.n)
		lacks = "the rules that lead there";
	if (lacks != NULL)
		doctor_say(s->doctor, SENDMAIL_NO_HOP, span_str(s->file), span_str(lacks), none());
	return lacks == NULL;
}

static bool check_socket(const struct sendmail *s, struct span milter)
{
	struct span socket = value_of(milter, "S");
	struct endpoint endpoint;

	if (endpoint_parse(socket, &endpoint) == 0 && endpoint_eq(&endpoint, &s->doctor->daemon))
		return true;
	doctor_say(s->doctor, SENDMAIL_OTHER_SOCKET, socket,
		   span_str(s->doctor->config->socket), none());
	return false;
}

/* Who is asked on the port of the hop, and in which order. */
static bool check_order(const struct sendmail *s, struct span port)
{
	struct span list = value_of(port, "InputMailFilters"), rest = list, before = none();

	while (rest.n != 0) {
		struct span name = next_name(&rest);

		if (span_is(name, hop_name)) {
			if (before.n != 0)
				doctor_say(s->doctor, SENDMAIL_SIGNER, before, none(), none());
			return true;
		}
		before = name;
	}
	doctor_say(s->doctor, SENDMAIL_NOT_ASKED, list, none(), none());
	return false;
}

static bool check_listening(const struct sendmail *s, struct span port)
{
	struct endpoint endpoint = { .path = "", .host = "127.0.0.1" };
	struct span number = value_of(port, "Port");
	int fd;

	if (number.n >= sizeof(endpoint.port))
		number = none();
	memcpy(endpoint.port, number.p, number.n);
	fd = endpoint_connect(&endpoint, CONNECT_MS);
	if (fd >= 0) {
		close(fd);
		return true;
	}
	doctor_say(s->doctor, SENDMAIL_PORT, number, span_str(s->file), none());
	return false;
}

/* Seconds of R in "T=C:10s;S:10s;R:30s;E:60s"; 0 where it is not said. */
static unsigned answer_time(struct span times)
{
	while (times.n != 0) {
		struct span item = next_name(&times);
		unsigned n = 0;

		if (!span_has_prefix(item, "R:"))
			continue;
		for (size_t i = 2; i < item.n && ascii_isdigit(item.p[i]) && i < 8; i++)
			n = n * 10 + (unsigned)(item.p[i] - '0');
		return item.p[item.n - 1] == 'm' ? n * 60 : n;
	}
	return 0;
}

static void check_failure(const struct sendmail *s, struct span milter)
{
	struct span flags = value_of(milter, "F");
	unsigned wait = answer_time(value_of(milter, "T"));
	unsigned limit = s->doctor->config->limit_time_ms;
	struct arena *arena = &s->doctor->arena;

	if (!span_is(flags, "T") && !span_is(flags, "4"))
		doctor_say(s->doctor, SENDMAIL_ACTION, flags, none(), none());
	if (wait != 0 && (unsigned long)wait * 1000 <= limit)
		doctor_say(s->doctor, SENDMAIL_TIMEOUT, span_str(arena_printf(arena, "%u s", wait)),
			   span_str(arena_printf(arena, "%u ms", limit)), none());
}

static void check_generated(const struct sendmail *s)
{
	struct span port, milter;
	bool right;

	if (!has_hop(s, &port, &milter))
		return;
	right = check_socket(s, milter);
	right &= check_order(s, port);
	right &= check_listening(s, port);
	if (right)
		doctor_say(s->doctor, SENDMAIL_FINE, value_of(port, "Port"), none(), none());
	check_failure(s, milter);
}

/* ---- bounces of other servers ---- */

static void check_inbound(const struct sendmail *s)
{
	struct span list = none(), last = none();
	bool listed = false;

	find_line(s, "O InputMailFilters=", &list);
	while (list.n != 0) {
		last = next_name(&list);
		listed |= span_is(last, inbound_name);
	}
	if (!listed && s->doctor->config->inbound != INBOUND_NONE)
		doctor_say(s->doctor, SENDMAIL_INBOUND_NONE, none(), none(), none());
	if (!listed)
		return;
	doctor_say(s->doctor, SENDMAIL_INBOUND, none(), none(), none());
	if (!span_is(last, inbound_name))
		doctor_say(s->doctor, SENDMAIL_INBOUND_ORDER, last, none(), none());
}

/* ---- what it knows ---- */

/* "Fw-o /etc/mail/local-host-names": a domain a line. */
static void collect_file(const struct sendmail *s, struct span after)
{
	size_t slash = span_find_byte(after, 0, '/');
	const char *path = arena_string(&s->doctor->arena, span_trim(span_from(after, slash)));
	struct input input;
	struct span rest, line;

	if (path == NULL || path[0] != '/' || input_open(&input, path, MAX_FILE, NULL) != 0)
		return;
	rest = input_span(&input);
	while (span_next_line(&rest, &line))
		doctor_add_domains(s->doctor, span_slice(line, 0, span_find_byte(line, 0, '#')));
	input_close(&input);
}

static void collect(const struct sendmail *s)
{
	struct span rest = s->cf, after;

	while (next_line(&rest, "Cw", &after))
		doctor_add_domains(s->doctor, after);
	rest = s->cf;
	while (next_line(&rest, "Fw", &after))
		collect_file(s, after);
}

void doctor_sendmail(struct doctor *doctor, const char *file)
{
	struct sendmail s = { .doctor = doctor, .file = file };
	struct input input;
	struct error error;

	if (input_open_whole(&input, file, MAX_CF, &error) != 0) {
		doctor_say(doctor, SENDMAIL_UNREADABLE, span_str(error.text), none(), none());
		return;
	}
	s.cf = input_span(&input);
	doctor_say(doctor, SENDMAIL_FOUND, span_str(file), none(), none());
	check_generated(&s);
	check_inbound(&s);
	collect(&s);
	input_close(&input);
}
