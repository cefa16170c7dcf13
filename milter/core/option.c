#include "core/option.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a single string must look like ---- */

static bool visible(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

int option_check_url(const char *item, struct error *reason)
{
	struct span s = span_str(item);

	if ((!span_has_prefix(s, "https://") && !span_has_prefix(s, "http://")) ||
	    !visible(item) || strpbrk(item, "\"'<>") != NULL)
		return error_set(reason, "an address such as https://help.example.org/mail");
	return 0;
}

static int check_address(const char *item, struct error *reason)
{
	const char *at = strrchr(item, '@');

	if (at == NULL || at == item || at[1] == '\0' || !visible(item) ||
	    strpbrk(item, "<>\"'(),;:") != NULL)
		return error_set(reason, "an e-mail address such as help@example.org");
	return 0;
}

int option_check_contact(const char *item, struct error *reason)
{
	if (strstr(item, "://") != NULL)
		return option_check_url(item, reason);
	return check_address(item, reason);
}

int option_check_domain(const char *item, struct error *reason)
{
	size_t label = 0;

	for (const char *c = item; ; c++) {
		if (*c == '.' || *c == '\0') {
			if (label == 0 || label > 63)
				break;
			if (*c == '\0' && c - item <= 253)
				return 0;
			label = 0;
		} else if (ascii_isalnum(*c) || *c == '-' || *c == '_') {
			label++;
		} else {
			break;
		}
		if (*c == '\0')
			break;
	}
	return error_set(reason, "a domain in ASCII form such as example.org");
}

static int check_ip(const char *item, struct error *reason)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, item, address) == 1 ||
	    inet_pton(AF_INET6, item, address) == 1)
		return 0;
	return error_set(reason, "an IP address such as 192.0.2.1 or 2001:db8::1");
}

static int check_port(const char *digits, size_t n)
{
	unsigned port = 0;

	if (n == 0 || n > 5)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!ascii_isdigit(digits[i]))
			return -1;
		port = port * 10 + (unsigned)(digits[i] - '0');
	}
	return port >= 1 && port <= 65535 ? 0 : -1;
}

static int check_dns_server(const char *item, struct error *reason)
{
	const char *at = strchr(item, '@');
	char address[64];

	snprintf(address, sizeof(address), "%.*s",
		 at != NULL ? (int)(at - item) : (int)sizeof(address), item);
	if (check_ip(address, NULL) != 0 ||
	    (at != NULL && check_port(at + 1, strlen(at + 1)) != 0))
		return error_set(reason, "a name server such as 192.0.2.53 or 127.0.0.1@5353");
	return 0;
}

static int check_inet(const char *item, struct error *reason)
{
	struct span s = span_str(item);
	const char *port = strchr(item, ':');
	const char *at = strchr(item, '@');

	if ((!span_has_prefix(s, "inet:") && !span_has_prefix(s, "inet6:")) ||
	    port == NULL || at == NULL || at < port || at[1] == '\0' ||
	    !visible(item) ||
	    check_port(port + 1, (size_t)(at - port - 1)) != 0)
		return error_set(reason, "inet:PORT@HOST, for example inet:8895@127.0.0.1");
	return 0;
}

/* The kernel's limit for a path of a unix socket, with its NUL. */
enum { SOCKET_PATH_MAX = 108 };

static int check_socket(const char *item, struct error *reason)
{
	struct span s = span_str(item);
	const char *path;

	if (span_has_prefix(s, "inet"))
		return check_inet(item, reason);
	path = span_has_prefix(s, "local:") || span_has_prefix(s, "unix:") ?
		strchr(item, ':') + 1 : NULL;
	if (path == NULL || path[0] != '/')
		return error_set(reason, "local:/PATH or inet:PORT@HOST");
	if (strlen(path) >= SOCKET_PATH_MAX)
		return error_set(reason, "a socket path of at most %d bytes",
				 SOCKET_PATH_MAX - 1);
	return 0;
}

static int check_path(const char *item, struct error *reason)
{
	return item[0] == '/' ? 0 :
		error_set(reason, "a path that starts with /");
}

static int check_language_tag(const char *item, struct error *reason)
{
	size_t n = strlen(item);

	for (const char *c = item; *c != '\0'; c++)
		if (!ascii_isalnum(*c) && *c != '-')
			n = 0;
	return n >= 2 && n <= 15 ? 0 :
		error_set(reason, "a language tag such as en or de");
}

static int check_pattern(const char *item, struct error *reason)
{
	return strchr(item, '@') != NULL && visible(item) ? 0 :
		error_set(reason, "an address pattern such as *-bounces@* or @lists.example.org");
}

/* ---- types ---- */

static int take_string(char **field, const char *item, const struct option *o,
		       struct error *reason)
{
	char *copy;

	if (o->check != NULL && o->check(item, reason) != 0)
		return -1;
	copy = strdup(item);
	if (copy == NULL)
		return error_set(reason, "more memory");
	free(*field);
	*field = copy;
	return 0;
}

static int parse_string(void *field, const struct option *o,
			const struct option_value *value, struct error *reason)
{
	return take_string(field, value->items[0], o, reason);
}

static void print_string(struct buf *out, const struct option *o, const void *field)
{
	(void)o;
	option_print_string(out, *(char *const *)field);
}

static void release_string(void *field)
{
	free(*(char **)field);
}

static int parse_list(void *field, const struct option *o,
		      const struct option_value *value, struct error *reason)
{
	struct config_list *list = field;

	list->list = calloc(value->n != 0 ? value->n : 1, sizeof(*list->list));
	if (list->list == NULL)
		return error_set(reason, "more memory");
	for (; list->n < value->n; list->n++)
		if (take_string(&list->list[list->n], value->items[list->n], o,
				reason) != 0)
			return -1;
	return 0;
}

static void print_list(struct buf *out, const struct option *o, const void *field)
{
	const struct config_list *list = field;

	(void)o;
	buf_adds(out, "[");
	for (unsigned i = 0; i < list->n; i++) {
		buf_adds(out, i != 0 ? ", " : "");
		option_print_string(out, list->list[i]);
	}
	buf_adds(out, "]");
}

static void release_list(void *field)
{
	struct config_list *list = field;

	for (unsigned i = 0; i < list->n; i++)
		free(list->list[i]);
	free(list->list);
}

static int parse_yes_no(void *field, const struct option *o,
			const struct option_value *value, struct error *reason)
{
	struct span s = span_str(value->items[0]);
	bool yes = span_is(s, "yes") || span_is(s, "true") || span_is(s, "on");
	bool no = span_is(s, "no") || span_is(s, "false") || span_is(s, "off");

	(void)o;
	if (!yes && !no)
		return error_set(reason, "yes or no");
	*(bool *)field = yes;
	return 0;
}

static void print_yes_no(struct buf *out, const struct option *o, const void *field)
{
	(void)o;
	buf_adds(out, *(const bool *)field ? "yes" : "no");
}

static int parse_choice(void *field, const struct option *o,
			const struct option_value *value, struct error *reason)
{
	char list[160] = "one of";
	size_t n = strlen(list);

	for (unsigned i = 0; o->choices[i] != NULL; i++)
		if (span_is(span_str(value->items[0]), o->choices[i])) {
			*(unsigned *)field = i;
			return 0;
		}
	for (unsigned i = 0; o->choices[i] != NULL && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s %s",
				      i != 0 ? "," : "", o->choices[i]);
	return error_set(reason, "%s", list);
}

static void print_choice(struct buf *out, const struct option *o, const void *field)
{
	buf_adds(out, o->choices[*(const unsigned *)field]);
}

struct unit {
	const char *name;
	unsigned long factor;
};

static const struct unit times[] = {	/* stored in milliseconds */
	{ "ms", 1 }, { "s", 1000 }, { "", 1000 }, { "min", 60000 }, { "m", 60000 },
	{ NULL, 0 },
};
static const struct unit sizes[] = {	/* stored in bytes */
	{ "", 1 }, { "B", 1 }, { "KiB", 1UL << 10 }, { "K", 1UL << 10 },
	{ "MiB", 1UL << 20 }, { "M", 1UL << 20 },
	{ "GiB", 1UL << 30 }, { "G", 1UL << 30 }, { NULL, 0 },
};
static const struct unit plain[] = { { "", 1 }, { NULL, 0 } };

/* "5 s", "25MiB", "32": a number and a unit of the table. */
static int parse_quantity(const char *item, const struct unit *units,
			  const struct option *o, unsigned long *number_r)
{
	char *end;
	unsigned long number;

	if (!ascii_isdigit(item[0]))
		return -1;
	errno = 0;
	number = strtoul(item, &end, 10);
	while (*end == ' ')
		end++;
	for (; units->name != NULL; units++) {
		if (!span_is(span_str(end), units->name))
			continue;
		if (errno != 0 || number > ULONG_MAX / units->factor)
			return -1;
		*number_r = number * units->factor;
		return *number_r >= o->min && *number_r <= o->max ? 0 : -1;
	}
	return -1;
}

static void print_quantity(struct buf *out, const struct unit *units,
			   unsigned long number)
{
	const struct unit *best = units;

	for (; units->name != NULL; units++)
		if (units->name[0] != '\0' && number % units->factor == 0 &&
		    number != 0 && (best->name[0] == '\0' ||
				    units->factor > best->factor))
			best = units;
	buf_addf(out, "%lu%s%s", number / best->factor,
		 best->name[0] != '\0' ? " " : "", best->name);
}

static int parse_time(void *field, const struct option *o,
		      const struct option_value *value, struct error *reason)
{
	unsigned long number;

	if (parse_quantity(value->items[0], times, o, &number) != 0)
		return error_set(reason, "a time from %lu ms to %lu s, such as 5 s",
				 o->min, o->max / 1000);
	*(unsigned *)field = (unsigned)number;
	return 0;
}

static void print_time(struct buf *out, const struct option *o, const void *field)
{
	(void)o;
	print_quantity(out, times, *(const unsigned *)field);
}

static int parse_size(void *field, const struct option *o,
		      const struct option_value *value, struct error *reason)
{
	if (parse_quantity(value->items[0], sizes, o, field) != 0)
		return error_set(reason, "a size from %lu KiB to %lu MiB, such as 25 MiB",
				 o->min >> 10, o->max >> 20);
	return 0;
}

static void print_size(struct buf *out, const struct option *o, const void *field)
{
	(void)o;
	print_quantity(out, sizes, *(const size_t *)field);
}

/* A count. Choices are names of numbers outside its range: the first of 0, the
 * second of max + 1. */
static int parse_count(void *field, const struct option *o,
		       const struct option_value *value, struct error *reason)
{
	unsigned long number;

	for (unsigned i = 0; o->choices != NULL && o->choices[i] != NULL; i++)
		if (span_is(span_str(value->items[0]), o->choices[i])) {
			*(unsigned *)field = i == 0 ? 0 : (unsigned)o->max + 1;
			return 0;
		}
	if (parse_quantity(value->items[0], plain, o, &number) != 0)
		return error_set(reason, "a number from %lu to %lu%s%s%s%s", o->min, o->max,
				 o->choices != NULL ? ", " : "",
				 o->choices != NULL ? o->choices[0] : "",
				 o->choices != NULL ? " or " : "",
				 o->choices != NULL ? o->choices[1] : "");
	*(unsigned *)field = (unsigned)number;
	return 0;
}

static void print_count(struct buf *out, const struct option *o, const void *field)
{
	unsigned number = *(const unsigned *)field;

	if (o->choices != NULL && (number == 0 || number > o->max))
		buf_adds(out, o->choices[number == 0 ? 0 : 1]);
	else
		buf_addf(out, "%u", number);
}

static const struct option_type string_type = { parse_string, print_string, release_string, false };
static const struct option_type list_type = { parse_list, print_list, release_list, true };
static const struct option_type yes_no = { parse_yes_no, print_yes_no, NULL, false };
static const struct option_type choice = { parse_choice, print_choice, NULL, false };
static const struct option_type time_type = { parse_time, print_time, NULL, false };
static const struct option_type size_type = { parse_size, print_size, NULL, false };
static const struct option_type count_type = { parse_count, print_count, NULL, false };

/* ---- the table ---- */

static const char *const modes[] = { "explain", "observe", NULL };
static const char *const inbounds[] = { "all", "unsigned", "none", NULL };
static const char *const logs[] = { "syslog", "stderr", NULL };
static const char *const worker_counts[] = { "cores", "none", NULL };

#define FIELD(name) offsetof(struct config, name)

static const struct option options[] = {
	{ .name = "socket", .type = &string_type, .offset = FIELD(socket),
	  .fallback = "local:/run/whybounce/whybounce.sock", .check = check_socket,
	  .comment = "Where Postfix or Sendmail reaches the milter: local:PATH or inet:PORT@HOST." },
	{ .name = "user", .type = &string_type, .offset = FIELD(user),
	  .fallback = "whybounce",
	  .comment = "The user to become once the socket is there." },
	{ .name = "mode", .type = &choice, .offset = FIELD(mode),
	  .fallback = "explain", .choices = modes,
	  .comment = "explain, or observe: log and count, change nothing." },
	{ .name = "local_domains", .type = &list_type, .offset = FIELD(local_domains),
	  .check = option_check_domain, .example = "[example.org, example.com]",
	  .comment = "Domains whose users we write to as ours, and whose DNS we may advise on." },
	{ .name = "outbound_addresses", .type = &list_type, .offset = FIELD(outbound_addresses),
	  .check = check_ip, .example = "[192.0.2.1, \"2001:db8::1\"]",
	  .comment = "Addresses our mail leaves from." },
	{ .name = "authserv_id", .type = &string_type, .offset = FIELD(authserv_id),
	  .example = "mx.example.org",
	  .comment = "Whose Authentication-Results to believe. Default: the name of this host." },
	{ .name = "signs_all", .type = &yes_no, .offset = FIELD(signs_all),
	  .fallback = "no",
	  .comment = "Every outgoing message of local_domains is DKIM-signed." },
	{ .name = "default_language", .type = &string_type, .offset = FIELD(default_language),
	  .fallback = "en", .check = check_language_tag,
	  .comment = "The language for readers whose own is not known." },
	{ .name = "second_language", .type = &string_type, .offset = FIELD(second_language),
	  .check = check_language_tag, .example = "de",
	  .comment = "A second language, appended below the first." },
	{ .name = "language_map", .type = &string_type, .offset = FIELD(language_map),
	  .check = check_path, .example = "/etc/whybounce/languages",
	  .comment = "A file of lines 'alice@example.org de' or '@example.org de'." },
	{ .name = "inbound", .type = &choice, .offset = FIELD(inbound),
	  .fallback = "unsigned", .choices = inbounds,
	  .comment = "Which bounces that arrive over SMTP are explained: all, unsigned (those without a DKIM signature, which a change would break), none." },
	{ .name = "exclude", .type = &list_type, .offset = FIELD(exclude),
	  .check = check_pattern, .example = "[\"*-bounces@*\", \"@tickets.example.org\"]",
	  .comment = "Recipients of bounces that programs read: their bounces stay as they are." },
	{ .name = "rewrite_subject", .type = &yes_no, .offset = FIELD(rewrite_subject),
	  .fallback = "yes", .comment = "Put the subject into the reader's language." },
	{ .name = "organization", .type = &string_type, .offset = FIELD(organization),
	  .example = "Example Ltd",
	  .comment = "Your organization's name, shown to your users." },
	{ .name = "contact", .type = &string_type, .offset = FIELD(contact),
	  .check = option_check_contact, .example = "help@example.org",
	  .comment = "Where your users find help: an e-mail address or a web page." },
	{ .name = "help_url", .type = &string_type, .offset = FIELD(help_url),
	  .check = option_check_url, .example = "https://help.example.org/mail/",
	  .comment = "The reference pages that 'whybounce site' wrote, for links in bounces." },
	{ .name = "dns.servers", .type = &list_type, .offset = FIELD(dns_servers),
	  .check = check_dns_server, .example = "[127.0.0.1]",
	  .comment = "Name servers, ADDRESS or ADDRESS@PORT. Default: the system's." },
	{ .name = "dns.timeout", .type = &time_type, .offset = FIELD(dns_timeout_ms),
	  .fallback = "5 s", .min = 100, .max = 60000,
	  .comment = "Time for all lookups of one bounce together." },
	{ .name = "checks.spf", .type = &yes_no, .offset = FIELD(check_spf),
	  .fallback = "yes", .comment = "Check SPF where a bounce is about it." },
	{ .name = "checks.dkim", .type = &yes_no, .offset = FIELD(check_dkim),
	  .fallback = "yes", .comment = "Check DKIM signatures." },
	{ .name = "checks.dmarc", .type = &yes_no, .offset = FIELD(check_dmarc),
	  .fallback = "yes", .comment = "Check the DMARC policy and alignment." },
	{ .name = "checks.mx", .type = &yes_no, .offset = FIELD(check_mx),
	  .fallback = "yes", .comment = "Check where the recipient's domain takes mail." },
	{ .name = "checks.ptr", .type = &yes_no, .offset = FIELD(check_ptr),
	  .fallback = "yes", .comment = "Check the reverse DNS of our addresses." },
	{ .name = "checks.dnsbl", .type = &list_type, .offset = FIELD(check_dnsbl),
	  .check = option_check_domain, .example = "[zen.spamhaus.org]",
	  .comment = "Blocklists to ask about our addresses." },
	{ .name = "limits.message_size", .type = &size_type, .offset = FIELD(limit_message_size),
	  .fallback = "25 MiB", .min = 64UL << 10, .max = 1024UL << 20,
	  .comment = "Larger bounces pass unchanged." },
	{ .name = "limits.time", .type = &time_type, .offset = FIELD(limit_time_ms),
	  .fallback = "8 s", .min = 100, .max = 120000,
	  .comment = "A bounce that takes longer passes unchanged." },
	{ .name = "limits.probes", .type = &count_type, .offset = FIELD(limit_probes),
	  .fallback = "32", .min = 1, .max = 4096,
	  .comment = "Bounces that may ask the DNS at once." },
	{ .name = "limits.workers", .type = &count_type, .offset = FIELD(limit_workers),
	  .fallback = "cores", .choices = worker_counts, .min = 1, .max = CONFIG_MAX_WORKERS,
	  .comment = "Worker processes; cores is one per processor core. none is for debugging: bounces are read without a sandbox, by the process that speaks to the mail server." },
	{ .name = "limits.worker_memory", .type = &size_type, .offset = FIELD(limit_worker_memory),
	  .fallback = "256 MiB", .min = 64UL << 20, .max = 16384UL << 20,
	  .comment = "Memory one worker may take." },
	{ .name = "log", .type = &choice, .offset = FIELD(log_stderr),
	  .fallback = "syslog", .choices = logs,
	  .comment = "Where to log: syslog or stderr." },
	{ .name = "metrics", .type = &string_type, .offset = FIELD(metrics),
	  .check = check_inet, .example = "inet:8895@127.0.0.1",
	  .comment = "Where Prometheus reads metrics." },
};

const struct option *option_at(size_t i)
{
	return i < sizeof(options) / sizeof(options[0]) ? &options[i] : NULL;
}

const struct option *option_find(const char *name)
{
	for (size_t i = 0; option_at(i) != NULL; i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

enum { NAME_MAX_LENGTH = 40, NEAR = 3 };

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* How many letters must be changed, added or left out (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_LENGTH + 1];
	size_t n = strlen(b);

	if (n > NAME_MAX_LENGTH || strlen(a) > NAME_MAX_LENGTH)
		return NAME_MAX_LENGTH;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1] != '\0'; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned above = row[j];

			row[j] = smallest(above + 1, row[j - 1] + 1,
					  diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

const char *option_nearest(const char *name)
{
	const char *nearest = NULL;
	unsigned least = NEAR;

	for (size_t i = 0; option_at(i) != NULL; i++) {
		unsigned d = distance(name, options[i].name);

		if (d < least) {
			least = d;
			nearest = options[i].name;
		}
	}
	return nearest;
}

/* Plain words need no quotes; anything YAML might read otherwise gets them. */
void option_print_string(struct buf *out, const char *string)
{
	static const char *const reserved[] = { "yes", "no", "true", "false",
						"on", "off", "null", "~", "y", "n" };
	bool quote = string[0] == '\0' || ascii_isdigit(string[0]) ||
		!(ascii_isalnum(string[0]) || string[0] == '/');

	for (const char *c = string; *c != '\0' && !quote; c++)
		quote = !ascii_isalnum(*c) && strchr("/._-@", *c) == NULL &&
			!(*c == ':' && c[1] != ' ' && c[1] != '\0');
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		quote = quote || span_is(span_str(string), reserved[i]);
	if (!quote) {
		buf_adds(out, string);
		return;
	}
	buf_addc(out, '"');
	for (const char *c = string; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			buf_addc(out, '\\');
		if ((unsigned char)*c < ' ')
			buf_addf(out, "\\x%02x", (unsigned)*c);
		else
			buf_addc(out, *c);
	}
	buf_addc(out, '"');
}
