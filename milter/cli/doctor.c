/* doctor.c - `whybounce doctor`: would a bounce that is generated now be explained? */
#include "cli/doctor.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/milter_client.h"

enum { ARENA = 64 * 1024 * 1024, MAX_OUTPUT = 1024 * 1024, MAX_LIST = 64 * 1024, WAIT_MS = 5000 };

static const char sendmail_cf[] = "/etc/mail/sendmail.cf";

static void say(struct doctor *doctor, enum advice advice, const char *value)
{
	doctor_say(doctor, advice, span_str(value), SPAN(""), SPAN(""));
}

/* ---- the programs' own files ---- */

static int check_config(struct doctor *doctor, struct config **config_r)
{
	struct error error;

	*config_r = config_load(doctor->cli->config, &error);
	if (*config_r == NULL) {
		say(doctor, CONFIG_BROKEN, error.text);
		return -1;
	}
	doctor->config = *config_r;
	if ((*config_r)->file != NULL)
		say(doctor, CONFIG_FINE, (*config_r)->file);
	else
		say(doctor, CONFIG_NONE, CONFIG_DEFAULT_FILE);
	if ((*config_r)->mode == MODE_OBSERVE)
		say(doctor, OBSERVING, NULL);
	return 0;
}

/* All of it, as a worker loads it. */
static struct snapshot *check_content(struct doctor *doctor)
{
	struct error error;
	struct snapshot *snapshot = snapshot_load(doctor->cli->config, NULL, SNAPSHOT_RULES,
						  &error);
	struct texts tags;
	struct buf list;

	if (snapshot == NULL) {
		say(doctor, CONTENT_BROKEN, error.text);
		return NULL;
	}
	tags = knowledge_installed(snapshot->knowledge);
	buf_init(&list, &doctor->arena, MAX_LIST);
	for (size_t i = 0; i < tags.n; i++)
		buf_addf(&list, "%s%s", i != 0 ? ", " : "", tags.list[i]);
	doctor_say(doctor, CONTENT_FINE, buf_span(&list), SPAN(""), SPAN(""));
	return snapshot;
}

/* ---- the daemon ---- */

static void check_openness(struct doctor *doctor)
{
	const struct endpoint *daemon = &doctor->daemon;

	if (daemon->path[0] == '\0' && !span_is(span_str(daemon->host), "localhost") &&
	    strncmp(daemon->host, "127.", 4) != 0 && strcmp(daemon->host, "::1") != 0)
		doctor_say(doctor, SOCKET_OPEN, span_str(doctor->config->socket),
			   span_str(daemon->port), SPAN(""));
}

/* A handshake, as a mail server begins. */
static void check_daemon(struct doctor *doctor)
{
	struct milter_client client;
	struct error error;
	const char *socket = doctor->config->socket;

	check_openness(doctor);
	if (milter_client_open(&client, &doctor->daemon, WAIT_MS, &error) == 0) {
		milter_client_close(&client);
		doctor_say(doctor, doctor->daemon.path[0] != '\0' ? DAEMON_FINE : DAEMON_FINE_INET,
			   span_str(socket),
			   span_str(doctor_owner(&doctor->arena, doctor->daemon.path)), SPAN(""));
		return;
	}
	switch (client.problem) {
	case ENOENT: say(doctor, DAEMON_NO_SOCKET, socket); break;
	case ECONNREFUSED: say(doctor, DAEMON_REFUSED, socket); break;
	case EACCES: say(doctor, DAEMON_FORBIDDEN, socket); break;
	default: doctor_say(doctor, DAEMON_ODD, span_str(socket), span_str(error.text), SPAN(""));
	}
}

/* ---- the mail server ---- */

static void check_mail_server(struct doctor *doctor)
{
	const struct cli *cli = doctor->cli;

	if (cli->sendmail != NULL)
		doctor_sendmail(doctor, cli->sendmail);
	else if (cli->postfix != NULL || doctor_has_postfix(doctor))
		doctor_postfix(doctor, cli->postfix);
	else if (access(sendmail_cf, R_OK) == 0)
		doctor_sendmail(doctor, sendmail_cf);
	else
		say(doctor, MTA_NONE, NULL);
}

/* ---- the DNS ---- */

/* A name that should be there: a domain of ours, else this host. */
static struct span name_to_ask(const struct config *config)
{
	return span_str(config->local_domains.n != 0 ? config->local_domains.list[0] :
			config->authserv_id);
}

static void check_dns(struct doctor *doctor, struct snapshot *snapshot)
{
	struct span name = name_to_ask(doctor->config);
	struct dns_answer answer;
	struct error error;
	struct dns dns;

	if (snapshot_open_dns(snapshot, doctor->cli->dns, 1, &error) != 0) {
		doctor_say(doctor, RESOLVER_AWAY, name, span_str(error.text), SPAN(""));
		return;
	}
	if (snapshot->resolver == NULL) {
		say(doctor, RESOLVER_OFF, NULL);
		return;
	}
	dns_init(&dns, resolver_source(snapshot->resolver), &doctor->arena,
		 doctor->config->dns_timeout_ms);
	dns_query(&dns, name, DNS_MX, &answer);
	if (answer.status == DNS_TEMPORARY)
		doctor_say(doctor, RESOLVER_AWAY, name, span_str(answer.reason), SPAN(""));
	else
		doctor_say(doctor, RESOLVER_FINE, name, SPAN(""), SPAN(""));
}

/* ---- all of it ---- */

static void examine(struct doctor *doctor)
{
	struct snapshot *snapshot = check_content(doctor);

	check_daemon(doctor);
	check_mail_server(doctor);
	doctor_propose(doctor);
	if (snapshot != NULL)	/* threads start here: nothing forks after it */
		check_dns(doctor, snapshot);
	snapshot_free(snapshot);
}

static void init(struct doctor *doctor, const struct cli *cli)
{
	struct buf *const lists[] = { &doctor->domains, &doctor->tables, &doctor->addresses };

	*doctor = (struct doctor){ .cli = cli };
	if (config_data_directory(doctor->data, sizeof(doctor->data), NULL) != 0)
		strcpy(doctor->data, "conf");
	arena_init(&doctor->arena, ARENA);
	buf_init(&doctor->out, &doctor->arena, MAX_OUTPUT);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		buf_init(lists[i], &doctor->arena, MAX_LIST);
}

enum exit_status cli_doctor(const struct cli *cli)
{
	struct doctor doctor;
	struct config *config = NULL;
	enum exit_status status;

	init(&doctor, cli);
	if (check_config(&doctor, &config) == 0)
		endpoint_parse(span_str(config->socket), &doctor.daemon);	/* checked */
	if (config != NULL && cli->test != NULL) {
		buf_truncate(&doctor.out, 0);
		status = doctor_try(&doctor, cli->test);
	} else {
		if (config != NULL)
			examine(&doctor);
		doctor_verdict(&doctor);
		status = cli_write(&doctor.out);
		if (status == EXIT_DONE && doctor.found[WRONG] != 0)
			status = EXIT_NO;
	}
	config_free(config);
	arena_release(&doctor.arena);
	return status;
}
