/* check.c - `whybounce check`: what the DNS says about a domain. */
#include "cli/cli.h"

#include <string.h>

#include "core/enrich.h"
#include "probe/idna.h"

/* What to check, and the message that --message names. */
struct target {
	struct domain_request request;
	struct input input;
	struct message message;
};

static int read_ip(const struct cli *cli, struct target *target)
{
	struct ip *ip = &target->request.ip;

	if (cli->ip == NULL)
		return 0;
	if (ip_parse(span_str(cli->ip), ip) != 0) {
		cli_fail("--ip: \"%.60s\" is no IP address; write one such as 192.0.2.1 or "
			 "2001:db8::1", cli->ip);
		return -1;
	}
	if (!ip_is_public(ip) && !ip_is_documentation(ip)) {
		cli_fail("--ip: %.60s is no public address; write the one that other servers see "
			 "when your mail arrives", cli->ip);
		return -1;
	}
	return 0;
}

/* A host name, an underscore allowed. */
static bool is_domain(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_' && s.p[i] != '.')
			return false;
	return dns_name_is_valid(s);
}

/* Who copies the name of a key record means its selector. */
static struct span without_key_name(struct span selector)
{
	return span_slice(selector, 0, span_ifind(selector, 0, "._domainkey"));
}

static int read_names(const struct cli *cli, struct arena *arena, struct target *target)
{
	struct span domain, sender = span_str(cli->from);
	char ascii[IDNA_MAX];

	domain = arena_copy(arena, idna_ascii(span_str(cli->args[0]), ascii));
	if (!is_domain(domain)) {
		cli_fail("\"%.80s\" is no domain; write one such as example.org", cli->args[0]);
		return -1;
	}
	if (sender.n != 0 && address_domain(arena, sender).n == 0) {
		cli_fail("--from: \"%.80s\" is no address; write one such as anna@example.org",
			 cli->from);
		return -1;
	}
	if (cli->selector != NULL && !is_domain(span_str(cli->selector))) {
		cli_fail("--selector: \"%.80s\" cannot be the name of a DKIM selector",
			 cli->selector);
		return -1;
	}
	if (domain.p[domain.n - 1] == '.')
		domain = span_slice(domain, 0, domain.n - 1);
	target->request.domain = domain;
	target->request.sender = sender;
	target->request.selector = without_key_name(span_str(cli->selector));
	return 0;
}

static int read_message(const struct cli *cli, const struct snapshot *snapshot,
			struct arena *arena, struct target *target)
{
	struct error error;

	if (cli->message == NULL)
		return 0;
	if (input_open_whole(&target->input, cli->message,
			     snapshot->config->limit_message_size, &error) != 0) {
		cli_fail("%s", error.text);
		return -1;
	}
	if (message_parse(arena, input_span(&target->input), &target->message, &error) != 0) {
		cli_fail("%s: %s", target->input.name, error.text);
		return -1;
	}
	target->request.message = target->message.bytes;
	target->request.body = target->message.body;
	return 0;
}

/* Something is broken or missing where there is something to repair. */
static bool is_wanting(const struct language *language, const struct finding *f)
{
	return f->kind->level == LEVEL_PROBLEM || strcmp(f->verdict, "none") == 0 ||
		language_finding(language, f->kind)->repair[0] != '\0';
}

/* Broken or missing: no. Only the DNS in the way: try again. */
static enum exit_status verdict_on(const struct language *language,
				   const struct findings *findings)
{
	enum exit_status status = EXIT_DONE;

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *f = &findings->list[i];

		if (is_wanting(language, f))
			return EXIT_NO;
		if (strcmp(f->verdict, "temperror") == 0)
			status = EXIT_TRY_AGAIN;
	}
	return status;
}

/* The same, or one above the other: not a service that signed too. */
static bool is_related(struct span a, struct span b)
{
	return a.n == 0 || b.n == 0 || dns_name_is_within(a, b) || dns_name_is_within(b, a);
}

static enum exit_status check_domain(const struct cli *cli, const struct snapshot *snapshot,
				     struct arena *arena, const struct target *target)
{
	const struct language *language = cli->language == NULL ? snapshot->default_language :
		snapshot_language(snapshot, cli->language, NULL);
	const struct reader reader = { .inside = true, .ours = true };
	struct findings findings;
	const struct explanation e = {
		.language = language, .reader = &reader, .findings = &findings,
	};
	struct buf out;
	enum exit_status written;

	probe_domain(snapshot->prober, arena, &target->request, &findings);
	/* who asks about a domain wants to know what to change, whosever it is */
	for (size_t i = 0; i < findings.n; i++)
		findings.list[i].repairable = findings.list[i].check != CHECK_DKIM ||
			is_related(findings.list[i].domain, target->request.domain);
	buf_init(&out, arena, ENRICH_ARENA / 2);
	if (cli->format == FORMAT_JSON)
		explain_checks_json(&out, &e);
	else
		explain_checks_text(&out, &e);
	written = cli_write(&out);
	return written != EXIT_DONE ? written : verdict_on(language, &findings);
}

static enum exit_status run(const struct cli *cli, struct snapshot *snapshot,
			    struct arena *arena, struct target *target)
{
	struct error error;

	if (cli->language != NULL && snapshot_language(snapshot, cli->language, &error) == NULL)
		return cli_fail("%s", error.text);
	if (read_ip(cli, target) != 0 || read_names(cli, arena, target) != 0 ||
	    read_message(cli, snapshot, arena, target) != 0)
		return EXIT_NO;
	if (cli_open_dns(cli, snapshot) != 0)
		return EXIT_NO;
	if (snapshot->prober == NULL)
		return cli_fail("every check is switched off in the configuration (checks)");
	return check_domain(cli, snapshot, arena, target);
}

enum exit_status cli_check(const struct cli *cli)
{
	struct snapshot *snapshot = cli_snapshot(cli, cli->language != NULL ? cli->language : "en",
						 SNAPSHOT_FINDINGS);
	struct target target = { .input = { .fd = -1 } };
	enum exit_status status;
	struct arena arena;

	if (snapshot == NULL)
		return EXIT_NO;
	arena_init(&arena, ENRICH_ARENA);
	status = run(cli, snapshot, &arena, &target);
	if (target.input.fd >= 0 || target.input.bytes != NULL)
		input_close(&target.input);
	arena_release(&arena);
	snapshot_free(snapshot);
	return status;
}
