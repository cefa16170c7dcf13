/* explain.c - `whybounce explain` and `whybounce enrich`: the pipeline on a file. */
#include "cli/cli.h"

#include <string.h>

#include "core/enrich.h"

enum { MAX_EXPLANATION = 4 * 1024 * 1024 };

/* What mbox puts before a message. It is no part of it. */
static size_t mbox_line(struct span bytes)
{
	if (bytes.n < 5 || memcmp(bytes.p, "From ", 5) != 0)
		return 0;
	return span_find_byte(bytes, 0, '\n') < bytes.n ? span_find_byte(bytes, 0, '\n') + 1 : 0;
}

static void lay_out(struct buf *out, enum format format, const struct explanation *e)
{
	switch (format) {
	case FORMAT_HTML: explain_html(out, e); break;
	case FORMAT_JSON: explain_json(out, e); break;
	default: explain_text(out, e); break;
	}
}

static enum exit_status explain_message(const struct cli *cli, const struct snapshot *snapshot,
					struct arena *arena, const struct input *input)
{
	struct enrich_request request = { .language = cli->language };
	struct reading reading;
	struct explanation explanation;
	struct error error;
	struct buf out;

	if (enrich_read(snapshot, arena, input_span(input), &reading, &error) != 0)
		return cli_fail("%s: %s", input->name, error.text);
	if (reading.bounce.shape == BOUNCE_NOT)
		return cli_fail("%s: not a bounce: %s", input->name, reading.bounce.not_because);
	if (enrich_explain(snapshot, arena, &reading, &request, &explanation, &error) != 0)
		return cli_fail("%s: %s", input->name, error.text);
	buf_init(&out, arena, MAX_EXPLANATION);
	lay_out(&out, cli->format, &explanation);
	return cli_write(&out);
}

enum exit_status cli_explain(const struct cli *cli)
{
	struct snapshot *snapshot = cli_snapshot(cli, cli->language, SNAPSHOT_RULES);
	enum exit_status status = EXIT_NO;
	struct arena arena;
	struct input input;
	struct error error;

	if (snapshot == NULL)
		return EXIT_NO;
	if (cli->probe && cli_open_dns(cli, snapshot) != 0) {
		snapshot_free(snapshot);
		return EXIT_NO;
	}
	arena_init(&arena, ENRICH_ARENA);
	if (input_open_whole(&input, cli->n > 0 ? cli->args[0] : NULL,
			     snapshot->config->limit_message_size, &error) == 0) {
		status = explain_message(cli, snapshot, &arena, &input);
		input_close(&input);
	} else {
		cli_fail("%s", error.text);
	}
	arena_release(&arena);
	snapshot_free(snapshot);
	return status;
}

/* The message with the edits made. The new body may be as large as the old one
 * and our part together, so it has an arena of its own. */
static enum exit_status write_edited(struct span bytes, const struct edits *edits,
				     struct arena *scratch)
{
	struct arena arena;
	struct message message;
	struct buf out;
	enum exit_status status = EXIT_NO;
	struct error error;

	arena_init(&arena, 4 * bytes.n + ENRICH_ARENA);
	buf_init(&out, &arena, 2 * bytes.n + ENRICH_ARENA);
	if (message_parse(scratch, bytes, &message, &error) == 0) {
		splice_apply_headers(&out, &message, edits);
		splice_apply(&out, message.body, edits);
		fwrite(bytes.p, 1, mbox_line(bytes), stdout);
		status = cli_write(&out);
	} else {
		cli_fail("%s", error.text);
	}
	arena_release(&arena);
	return status;
}

static enum exit_status pass_unchanged(struct input *input, const char *outcome,
				       const char *reason)
{
	cli_fail("%s: unchanged: %s%s%s", input->name, outcome,
		 reason[0] != '\0' ? ": " : "", reason);
	input_pass(input);
	return EXIT_NO;
}

static enum exit_status enrich_message(const struct cli *cli, const struct snapshot *snapshot,
				       struct arena *arena, struct input *input)
{
	struct enrich_request request = {
		.message = input_span(input), .language = cli->language,
	};
	struct enrich_result result;

	if (input->more)
		return pass_unchanged(input, "larger than limits.message_size", "");
	enrich(snapshot, arena, &request, &result);
	if (result.outcome != OUTCOME_EXPLAINED)
		return pass_unchanged(input, outcome_name(result.outcome), result.reason);
	return write_edited(request.message, &result.edits, arena);
}

enum exit_status cli_enrich(const struct cli *cli)
{
	struct snapshot *snapshot = cli_snapshot(cli, cli->language, SNAPSHOT_RULES);
	enum exit_status status = EXIT_NO;
	struct arena arena;
	struct input input;
	struct error error;

	if (snapshot == NULL)
		return EXIT_NO;
	if (cli->probe && cli_open_dns(cli, snapshot) != 0) {
		snapshot_free(snapshot);
		return EXIT_NO;
	}
	arena_init(&arena, ENRICH_ARENA);
	if (cli->language != NULL &&
	    snapshot_language(snapshot, cli->language, &error) == NULL) {
		cli_fail("%s", error.text);
	} else if (input_open(&input, cli->n > 0 ? cli->args[0] : NULL,
			      snapshot->config->limit_message_size, &error) != 0) {
		cli_fail("%s", error.text);
	} else {
		status = enrich_message(cli, snapshot, &arena, &input);
		input_close(&input);
	}
	arena_release(&arena);
	snapshot_free(snapshot);
	return status;
}
