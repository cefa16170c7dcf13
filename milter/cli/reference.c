/* reference.c - `whybounce code`, `compare`, `languages` and `config`. */
#include "cli/cli.h"

#include <string.h>
#include <unistd.h>

#include "say/wrap.h"

enum { MAX_TOPICS = 64, MAX_PAGE = 4 * 1024 * 1024 };

/* English and the language asked for: nothing else is loaded. */
static struct snapshot *words_of(const struct cli *cli, const struct language **language_r)
{
	struct snapshot *snapshot = cli_snapshot(cli, cli->language != NULL ? cli->language : "en",
						 SNAPSHOT_WORDS);
	struct error error;

	if (snapshot == NULL)
		return NULL;
	*language_r = cli->language == NULL ? snapshot->default_language :
		snapshot_language(snapshot, cli->language, &error);
	if (*language_r != NULL)
		return snapshot;
	cli_fail("%s", error.text);
	snapshot_free(snapshot);
	return NULL;
}

/* What stands between codes: `550 5.1.1`, `550-5.1.1` and `#5.1.1` come from bounces. */
#define BETWEEN " \t,;-#()"

/* Every word of every argument is a code: `550 5.1.1` and `"550 5.1.1"` are
 * alike. Returns how many, 0 after a message. */
static size_t parse_topics(const struct cli *cli, const struct knowledge *knowledge,
			   struct topic *topics, size_t size)
{
	struct error error;
	size_t n = 0;

	for (int i = 0; i < cli->n; i++) {
		for (char *word = strtok(cli->args[i], BETWEEN); word != NULL;
		     word = strtok(NULL, BETWEEN)) {
			if (n == size) {
				cli_fail("more than %zu codes", size);
				return 0;
			}
			if (topic_parse(knowledge, span_str(word), &topics[n++], &error) != 0) {
				cli_fail("%s", error.text);
				return 0;
			}
		}
	}
	if (n == 0)
		cli_fail("no code given");
	return n;
}

/* A paragraph is one line, as other programs like it; on a terminal it is wrapped. */
static enum exit_status write_page(const struct cli *cli, const struct buf *page)
{
	struct buf wrapped;

	if (cli->format != FORMAT_TEXT || !isatty(STDOUT_FILENO))
		return cli_write(page);
	buf_init(&wrapped, page->arena, MAX_PAGE);
	wrap_lines(&wrapped, buf_span(page));
	wrapped.failed |= page->failed;
	return cli_write(&wrapped);
}

enum exit_status cli_code(const struct cli *cli)
{
	const struct language *language;
	struct snapshot *snapshot = words_of(cli, &language);
	struct topic topics[MAX_TOPICS];
	enum exit_status status = EXIT_NO;
	struct arena arena;
	struct buf out;
	size_t n;

	if (snapshot == NULL)
		return EXIT_NO;
	arena_init(&arena, 2 * MAX_PAGE);
	buf_init(&out, &arena, MAX_PAGE);
	n = parse_topics(cli, snapshot->knowledge, topics, MAX_TOPICS);
	if (n > 0) {
		reference_code(&out, cli->format, snapshot->knowledge, language, topics, n);
		status = write_page(cli, &out);
	}
	arena_release(&arena);
	snapshot_free(snapshot);
	return status;
}

static int parse_code(const struct knowledge *knowledge, const char *text,
		      struct topic *topic_r, struct error *error)
{
	if (topic_parse(knowledge, span_str(text), topic_r, error) != 0)
		return -1;
	return topic_r->cause == NULL ? 0 :
		error_set(error, "\"%s\" is a cause: only codes can be compared", topic_r->name);
}

enum exit_status cli_compare(const struct cli *cli)
{
	const struct language *language;
	struct snapshot *snapshot = words_of(cli, &language);
	struct topic a, b;
	enum exit_status status = EXIT_NO;
	struct error error;
	struct arena arena;
	struct buf out;

	if (snapshot == NULL)
		return EXIT_NO;
	arena_init(&arena, 2 * MAX_PAGE);
	buf_init(&out, &arena, MAX_PAGE);
	if (parse_code(snapshot->knowledge, cli->args[0], &a, &error) != 0 ||
	    parse_code(snapshot->knowledge, cli->args[1], &b, &error) != 0) {
		cli_fail("%s", error.text);
	} else {
		reference_compare(&out, cli->format, snapshot->knowledge, language, &a, &b);
		status = write_page(cli, &out);
	}
	arena_release(&arena);
	snapshot_free(snapshot);
	return status;
}

enum exit_status cli_languages(const struct cli *cli)
{
	struct snapshot *snapshot = cli_snapshot(cli, NULL, SNAPSHOT_WORDS);
	const struct language *language;

	if (snapshot == NULL)
		return EXIT_NO;
	for (size_t i = 0; (language = knowledge_language_at(snapshot->knowledge, i)) != NULL; i++)
		printf("%s\t%s\n", language_tag(language), language_name(language));
	snapshot_free(snapshot);
	return cli_flush();
}

enum exit_status cli_config(const struct cli *cli)
{
	struct error error;
	struct config *config = cli->defaults ? config_defaults(&error) :
		config_load(cli->config, &error);
	enum exit_status status;
	struct arena arena;
	struct buf out;

	if (config == NULL)
		return cli_fail("%s", error.text);
	arena_init(&arena, 2 * MAX_PAGE);
	buf_init(&out, &arena, MAX_PAGE);
	config_print(&out, config, cli->defaults);
	status = cli_write(&out);
	arena_release(&arena);
	config_free(config);
	return status;
}
