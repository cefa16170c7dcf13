/* site.c - `whybounce site DIR`: the reference as static pages. */
#include "cli/cli.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "cli/publish.h"
#include "say/site.h"

enum {
	MAX_FILE = 4 * 1024 * 1024,	/* the words of a language are the largest */
	MAX_PLAN = 16 * 1024 * 1024,
	MAX_WRITERS = 8,
	PROGRESS_STEP = 100,		/* pages between two lines on the terminal */
};

struct build {
	struct site site;
	struct publish publish;
	const struct language **languages;
	size_t languages_n, total;	/* pages of all languages */
	atomic_size_t next;		/* page to write */
	atomic_bool failed;
	struct error *error;		/* of whoever failed first */
	bool progress;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

/* ---- pages, by several threads ---- */

static int write_page(const struct build *b, struct arena *arena, size_t i, struct error *error)
{
	const struct language *language = b->languages[i / b->site.n];
	const struct site_page *page = &b->site.pages[i % b->site.n];
	const char *name;
	struct buf out;

	arena_clear(arena);
	buf_init(&out, arena, MAX_FILE);
	name = arena_printf(arena, "%s/%s", language_tag(language), page->path);
	site_page(&out, &b->site, language, page);
	if (out.failed || arena->failed)
		return error_set(error, "%s/%s: too large", language_tag(language), page->path);
	return publish_file(&b->publish, name, buf_span(&out), error);
}

static void show_progress(const struct build *b, size_t done)
{
	if (b->progress && (done % PROGRESS_STEP == 0 || done == b->total))
		fprintf(stderr, "\rwhybounce: %zu of %zu pages", done, b->total);
}

static void *write_pages(void *context)
{
	struct build *b = context;
	struct error error;
	struct arena arena;
	size_t i;

	arena_init(&arena, 2 * MAX_FILE);
	while (!interrupted && !b->failed && (i = atomic_fetch_add(&b->next, 1)) < b->total) {
		if (write_page(b, &arena, i, &error) != 0 && !atomic_exchange(&b->failed, true))
			*b->error = error;
		show_progress(b, i + 1);
	}
	arena_release(&arena);
	return NULL;
}

static int write_all_pages(struct build *b)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[MAX_WRITERS];
	size_t n = 0;

	while (n + 1 < MAX_WRITERS && (long)n + 1 < processors &&
	       pthread_create(&threads[n], NULL, write_pages, b) == 0)
		n++;
	write_pages(b);
	while (n != 0)
		pthread_join(threads[--n], NULL);
	if (b->progress)
		fputc('\n', stderr);
	return b->failed ? -1 : 0;
}

/* ---- the other files ---- */

static int make_directories(const struct build *b, struct error *error)
{
	static const char *const below[] = { "", "/code", "/cause", "/compare" };
	char name[128];

	for (size_t i = 0; i < b->languages_n; i++)
		for (size_t j = 0; j < sizeof(below) / sizeof(below[0]); j++) {
			snprintf(name, sizeof(name), "%s%s", language_tag(b->languages[i]), below[j]);
			if (publish_directory(&b->publish, name, error) != 0)
				return -1;
		}
	return 0;
}

static int write_buf(const struct build *b, const char *name, struct buf *out,
		     struct error *error)
{
	int rc = out->failed ? error_set(error, "%s: too large", name) :
		publish_file(&b->publish, name, buf_span(out), error);

	buf_truncate(out, 0);
	return rc;
}

static int write_of_language(const struct build *b, const struct language *language,
			     struct buf *out, struct error *error)
{
	char name[128];

	snprintf(name, sizeof(name), "%s/words.js", language_tag(language));
	site_words(out, &b->site, language);
	if (write_buf(b, name, out, error) != 0)
		return -1;
	if (b->site.base == NULL)
		return 0;
	snprintf(name, sizeof(name), "%s/sitemap.xml", language_tag(language));
	site_map(out, &b->site, language);
	return write_buf(b, name, out, error);
}

static int write_indexes(const struct build *b, struct buf *out, struct error *error)
{
	for (size_t i = 0; i < b->languages_n; i++)
		if (write_of_language(b, b->languages[i], out, error) != 0)
			return -1;
	site_front(out, &b->site);
	if (write_buf(b, "index.html", out, error) != 0)
		return -1;
	if (b->site.base == NULL)
		return 0;
	site_map_index(out, &b->site);
	return write_buf(b, "sitemap.xml", out, error);
}

/* What all pages share comes as it is, from conf/site. */
static int copy_shared(const struct build *b, const char *directory, struct error *error)
{
	static const char *const names[] = { "style.css", "search.js", "icon.svg", "postmark.svg" };
	char path[4096];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct input input;
		int rc;

		snprintf(path, sizeof(path), "%s/site/%s", directory, names[i]);
		if (input_open_whole(&input, path, MAX_FILE, error) != 0)
			return -1;
		rc = publish_file(&b->publish, names[i], input_span(&input), error);
		input_close(&input);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* ---- the command ---- */

static int write_site(struct build *b, struct arena *arena, struct error *error)
{
	char directory[4000];
	struct buf out;

	buf_init(&out, arena, MAX_FILE);
	b->error = error;
	if (config_data_directory(directory, sizeof(directory), error) != 0 ||
	    copy_shared(b, directory, error) != 0 || make_directories(b, error) != 0 ||
	    write_indexes(b, &out, error) != 0 || write_all_pages(b) != 0)
		return -1;
	if (interrupted)
		return error_set(error, "interrupted: nothing was changed");
	return publish_commit(&b->publish, error);
}

static int plan(struct build *b, struct arena *arena, const struct snapshot *snapshot,
		const char *base, struct error *error)
{
	const struct language *language;

	if (base != NULL && !span_has_prefix(span_str(base), "http://") &&
	    !span_has_prefix(span_str(base), "https://"))
		return error_set(error, "\"%s\" is no address: expected https://…", base);
	while (knowledge_language_at(snapshot->knowledge, b->languages_n) != NULL)
		b->languages_n++;
	b->languages = arena_array(arena, b->languages_n, sizeof(*b->languages));
	if (b->languages == NULL ||
	    site_plan(&b->site, arena, snapshot->knowledge, snapshot->default_language, base) != 0)
		return error_set(error, "out of memory");
	for (size_t i = 0; (language = knowledge_language_at(snapshot->knowledge, i)) != NULL; i++)
		b->languages[i] = language;
	b->total = b->languages_n * b->site.n;
	b->progress = isatty(STDERR_FILENO) == 1;
	return 0;
}

static enum exit_status report(const struct build *b, const char *dir)
{
	printf("%s: %zu pages in %zu languages%s\n", dir, b->total + 1, b->languages_n,
	       b->site.base != NULL ? "" :
	       "; no sitemap, since neither help_url nor --base-url says where it is published");
	return cli_flush();
}

enum exit_status cli_site(const struct cli *cli)
{
	struct snapshot *snapshot = cli_snapshot(cli, NULL, SNAPSHOT_WORDS);
	struct build build = { .languages_n = 0 };
	enum exit_status status = EXIT_NO;
	struct error error;
	struct arena arena;

	if (snapshot == NULL)
		return EXIT_NO;
	catch_signals();
	arena_init(&arena, MAX_PLAN);
	if (plan(&build, &arena, snapshot, cli->base_url != NULL ? cli->base_url :
		 snapshot->config->help_url, &error) != 0 ||
	    publish_begin(&build.publish, cli->args[0], ".whybounce-site", &error) != 0) {
		cli_fail("%s", error.text);
	} else {
		if (write_site(&build, &arena, &error) == 0)
			status = report(&build, cli->args[0]);
		else
			cli_fail("%s", error.text);
		publish_end(&build.publish);
	}
	arena_release(&arena);
	snapshot_free(snapshot);
	return status;
}
