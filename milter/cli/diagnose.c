/* diagnose.c - `whybounce diagnose`: a row per recipient, for people and scripts. */
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "core/enrich.h"

enum { MAX_OUTPUT = 64 * 1024 * 1024, RULE_NAME = 128, MAX_LINE = 64 * 1024 };

/* A field of a TSV row: what would end it is escaped. */
static void add_field(struct buf *out, struct span field)
{
	static const char from[] = "\t\n\r\\", to[] = "tnr\\";

	for (size_t i = 0; i < field.n; i++) {
		const char *special = field.p[i] != '\0' ? strchr(from, field.p[i]) : NULL;

		if (special != NULL)
			buf_addc(out, '\\');
		buf_addc(out, special != NULL ? to[special - from] : field.p[i]);
	}
}

static void add_row(struct buf *out, const struct span *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i != 0)
			buf_addc(out, '\t');
		add_field(out, fields[i]);
	}
	buf_addc(out, '\n');
}

/* What one message's rows are made of. */
struct view {
	const struct snapshot *snapshot;
	const char *file;
	const struct reading *reading;
};

static void tsv_recipient(struct buf *out, const struct view *view, size_t i)
{
	const struct bounce_recipient *r = &view->reading->bounce.recipients[i];
	struct span fields[] = {
		span_str(view->file), r->recipient, span_str(dsn_action_name(r->action)),
		r->status, r->reply_code, span_str(view->reading->diagnoses[i].cause->id),
	};

	add_row(out, fields, sizeof(fields) / sizeof(fields[0]));
}

static void json_recipient(struct buf *out, const struct view *view, size_t i)
{
	const struct bounce *bounce = &view->reading->bounce;
	const struct bounce_recipient *r = &bounce->recipients[i];
	const struct diagnosis *d = &view->reading->diagnoses[i];
	char rule[RULE_NAME];
	struct json json;

	json_init(&json, out);
	json_open(&json, NULL, '{');
	json_string(&json, "file", span_str(view->file));
	json_string(&json, "recipient", r->recipient);
	json_string(&json, "original_recipient", r->original);
	json_string(&json, "action", span_str(dsn_action_name(r->action)));
	json_string(&json, "status", r->status);
	json_string(&json, "reply_code", r->reply_code);
	json_string(&json, "reply", r->reply);
	json_string(&json, "command", r->command);
	json_string(&json, "reporting_mta", bounce->reporting_mta);
	json_string(&json, "remote_mta", r->remote_mta);
	json_string(&json, "cause", span_str(d->cause->id));
	json_string(&json, "who", span_str(who_name(d->who)));
	json_string(&json, "rule", span_str(diagnosis_rule_name(d, r, rule, sizeof(rule))));
	json_close(&json, '}');
	buf_addc(out, '\n');
}

static void not_a_bounce(struct buf *out, enum format format, const char *file)
{
	struct span fields[] = {
		span_str(file), SPAN(""), SPAN(""), SPAN(""), SPAN(""), SPAN("notbounce"),
	};
	struct json json;

	if (format != FORMAT_JSON) {
		add_row(out, fields, sizeof(fields) / sizeof(fields[0]));
		return;
	}
	json_init(&json, out);
	json_open(&json, NULL, '{');
	json_string(&json, "file", span_str(file));
	json_string(&json, "cause", SPAN("notbounce"));
	json_close(&json, '}');
	buf_addc(out, '\n');
}

/* A comment line of --why: never more than one line, whatever a rule is called. */
static void add_why(struct buf *out, const char *label, struct span value)
{
	buf_addf(out, "# %s: ", label);
	add_field(out, value);
	buf_addc(out, '\n');
}

/* The rule that decided, then what else would have: "generic.spam (spam)". */
static void why_rules(struct buf *out, const struct view *view, size_t i)
{
	const struct bounce *bounce = &view->reading->bounce;
	const struct bounce_recipient *r = &bounce->recipients[i];
	struct diagnosis list[DIAGNOSE_MAX_WHY];
	size_t n = diagnose_why(view->snapshot->knowledge, view->snapshot->rules, bounce, r,
				list, DIAGNOSE_MAX_WHY);
	char rule[RULE_NAME], text[2 * RULE_NAME];

	for (size_t k = 0; k < n; k++) {
		snprintf(text, sizeof(text), "%s (%s)",
			 diagnosis_rule_name(&list[k], r, rule, sizeof(rule)),
			 list[k].cause->id);
		add_why(out, k == 0 ? "decided by" : "also matches", span_str(text));
	}
}

static void why_recipient(struct buf *out, const struct view *view, size_t i)
{
	const struct bounce_recipient *r = &view->reading->bounce.recipients[i];

	why_rules(out, view, i);
	if (r->reply.n != 0)
		add_why(out, "reply", r->reply);
	if (r->context.n != 0)
		add_why(out, "context", r->context);
}

static void add_message(struct buf *out, const struct cli *cli, const struct view *view)
{
	const struct bounce *bounce = &view->reading->bounce;

	if (bounce->shape == BOUNCE_NOT) {
		not_a_bounce(out, cli->format, view->file);
		if (cli->why)
			add_why(out, "not a bounce", span_str(bounce->not_because));
		return;
	}
	for (size_t i = 0; i < bounce->n; i++) {
		if (cli->format == FORMAT_JSON)
			json_recipient(out, view, i);
		else
			tsv_recipient(out, view, i);
		if (cli->why)
			why_recipient(out, view, i);
	}
}

struct totals {
	unsigned bounces, failed;
};

static int read_file(const struct snapshot *snapshot, struct arena *arena, const char *path,
		     struct input *input, struct reading *reading, struct error *error)
{
	struct error reason;

	if (input_open_whole(input, path, snapshot->config->limit_message_size, error) != 0)
		return -1;
	if (enrich_read(snapshot, arena, input_span(input), reading, &reason) == 0)
		return 0;
	error_set(error, "%s: %s", input->name, reason.text);
	input_close(input);
	return -1;
}

static void diagnose_file(const struct cli *cli, const struct snapshot *snapshot,
			  struct arena *arena, const char *path, struct totals *totals)
{
	struct reading reading;
	struct view view = { snapshot, path, &reading };
	struct input input;
	struct error error;
	struct buf out;

	if (read_file(snapshot, arena, path, &input, &reading, &error) != 0) {
		cli_fail("%s", error.text);
		totals->failed++;
		return;
	}
	buf_init(&out, arena, MAX_OUTPUT);
	add_message(&out, cli, &view);
	if (cli_write(&out) != EXIT_DONE)
		totals->failed++;
	totals->bounces += reading.bounce.shape != BOUNCE_NOT;
	input_close(&input);
}

static enum exit_status diagnose_files(const struct cli *cli, const struct snapshot *snapshot)
{
	struct totals totals = { 0, 0 };
	struct arena arena;

	arena_init(&arena, ENRICH_ARENA);
	for (int i = 0; i < (cli->n > 0 ? cli->n : 1); i++) {
		diagnose_file(cli, snapshot, &arena, cli->n > 0 ? cli->args[i] : "-", &totals);
		arena_clear(&arena);
	}
	arena_release(&arena);
	return totals.failed == 0 && totals.bounces > 0 ? EXIT_DONE : EXIT_NO;
}

/* The reply stands in the row byte for byte: no field of ours comes after it
 * but the cause, which holds no tab. */
static enum exit_status diagnose_lines(const struct snapshot *snapshot, FILE *in,
				       const char *name)
{
	struct arena arena;
	struct diagnosis diagnosis;
	char *line = NULL;
	size_t size = 0;
	ssize_t got;

	arena_init(&arena, ENRICH_ARENA);
	while ((got = getline(&line, &size, in)) > 0) {
		struct span reply = { line, (size_t)got };

		if (reply.p[reply.n - 1] == '\n')
			reply.n--;
		diagnose_reply(&arena, snapshot->knowledge, snapshot->rules,
			       span_slice(reply, 0, MAX_LINE), &diagnosis);
		fwrite(reply.p, 1, reply.n, stdout);
		printf("\t%s\n", diagnosis.cause->id);
		arena_clear(&arena);
	}
	free(line);
	arena_release(&arena);
	return ferror(in) ? cli_fail("%s: %s", name, strerror(errno)) : cli_flush();
}

static enum exit_status diagnose_replies(const struct cli *cli, const struct snapshot *snapshot)
{
	const char *path = cli->n > 0 ? cli->args[0] : "-";
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	enum exit_status status;

	if (in == NULL)
		return cli_fail("%s: %s", path, strerror(errno));
	status = diagnose_lines(snapshot, in, path);
	if (in != stdin)
		fclose(in);
	return status;
}

enum exit_status cli_diagnose(const struct cli *cli)
{
	struct snapshot *snapshot;
	enum exit_status status;

	if (cli->replies && cli->n > 1) {
		cli_fail("diagnose --replies takes one file");
		return EXIT_USAGE;
	}
	snapshot = cli_snapshot(cli, "en", SNAPSHOT_RULES);
	if (snapshot == NULL)
		return EXIT_NO;
	status = cli->replies ? diagnose_replies(cli, snapshot) : diagnose_files(cli, snapshot);
	snapshot_free(snapshot);
	return status;
}
