/* Every bounce of tests/bounces through the whole pipeline, as it came, with other
 * line ends and cut off: what is outside of the first part stays, to the byte. The
 * parts are found here by a scan of its own, not by the parser that is tested.
 *
 * The goldens of tests/bounces/golden are made anew by `make goldens`. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/enrich.h"
#include "say/fill.h"
#include "say/layout.h"
#include "settings.h"
#include "support.h"

static const char *const folders[] = { "postfix", "sendmail", "exim", "text" };
enum { FOLDERS = sizeof(folders) / sizeof(folders[0]), COLUMNS = 6, CUTS = 40 };

static struct snapshot *snapshot;
static struct arena arena;	/* of one sample */

static int load(void **state)
{
	(void)state;
	snapshot = snapshot_of_settings("mode: explain\n", NULL);
	arena_init(&arena, 64 << 20);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	snapshot_free(snapshot);
	arena_release(&arena);
	return 0;
}

/* ---- the samples ---- */

struct sample {
	const char *folder, *name;
	struct span bytes;
};

typedef void checker(const struct sample *sample);

static void check_file(const char *folder, const char *name, checker *check)
{
	char *path = arena_printf(&arena, "tests/bounces/%s/%s", folder, name);
	struct span bytes = read_whole(path);
	struct sample sample = { folder, name, arena_copy(&arena, bytes) };

	assert_non_null(bytes.p);
	free((char *)(uintptr_t)bytes.p);
	check(&sample);
	arena_clear(&arena);
}

static size_t each_of(const char *folder, checker *check)
{
	char path[64];
	struct dirent *entry;
	DIR *directory;
	size_t n = 0;

	snprintf(path, sizeof(path), "tests/bounces/%s", folder);
	directory = opendir(path);
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL)
		if (span_has_suffix(span_str(entry->d_name), ".eml")) {
			check_file(folder, entry->d_name, check);
			n++;
		}
	closedir(directory);
	return n;
}

static void each_sample(checker *check)
{
	size_t n = 0;

	for (size_t i = 0; i < FOLDERS; i++)
		n += each_of(folders[i], check);
	assert_true(n > 80);
}

/* LF alone, or CRLF, whatever there was. */
static struct span with_ends(struct span bytes, const char *eol)
{
	struct buf out;

	buf_init(&out, &arena, 2 * bytes.n + 1);
	for (size_t i = 0; i < bytes.n; i++) {
		if (bytes.p[i] == '\r' && i + 1 < bytes.n && bytes.p[i + 1] == '\n')
			continue;
		if (bytes.p[i] == '\n')
			buf_adds(&out, eol);
		else
			buf_addc(&out, bytes.p[i]);
	}
	return buf_span(&out);
}

/* ---- parts, found by eye ---- */

/* header: up to the empty line with it. before: preamble and first delimiter line;
 * first: the first part; after: from the line end that belongs to the next
 * delimiter on. A message without parts is all header and first. */
struct cut {
	struct span header, before, first, after;
	bool parts;
};

static size_t behind_header(struct span s)
{
	size_t lf = span_find(s, 0, SPAN("\n\n")), crlf = span_find(s, 0, SPAN("\n\r\n"));

	if (span_has_prefix(s, "From "))	/* mbox */
		return behind_header(span_from(s, span_find_byte(s, 0, '\n') + 1)) + span_find_byte(s, 0, '\n') + 1;
	if (lf == s.n && crlf == s.n)
		return s.n;
	return lf < crlf ? lf + 2 : crlf + 3;
}

static struct span boundary_of(struct span header)
{
	size_t type = span_ifind(header, 0, "\nContent-Type: multipart/");
	size_t at = span_ifind(header, type, "boundary=") + strlen("boundary=");
	size_t end = at;

	if (type == header.n || at >= header.n)
		return (struct span){ NULL, 0 };
	if (header.p[at] == '"')
		return span_slice(header, at + 1, span_find_byte(header, at + 1, '"'));
	while (end < header.n && !ascii_isspace(header.p[end]) && header.p[end] != ';')
		end++;
	return span_slice(header, at, end);
}

/* The start of the next line that is "--" and this boundary, at or after from. */
static size_t delimiter_line(struct span s, size_t from, struct span boundary)
{
	for (size_t at = from; at < s.n; at = span_find_byte(s, at, '\n') + 1) {
		struct span line = span_slice(s, at, span_find_byte(s, at, '\n'));
		struct span rest = span_from(line, 2 + boundary.n);

		if (span_has_prefix(line, "--") && span_eq(span_slice(line, 2, 2 + boundary.n), boundary) &&
		    (span_trim(rest).n == 0 || span_eq(span_trim(rest), SPAN("--"))))
			return at;
	}
	return s.n;
}

static struct cut cut_up(struct span bytes)
{
	size_t body = behind_header(bytes), one, two;
	struct cut cut = { .header = span_slice(bytes, 0, body) };
	struct span boundary = boundary_of(cut.header);

	cut.first = span_from(bytes, body);
	one = boundary.n != 0 ? delimiter_line(bytes, body, boundary) : bytes.n;
	if (one == bytes.n)
		return cut;
	one = span_find_byte(bytes, one, '\n') + 1;
	two = delimiter_line(bytes, one, boundary);
	if (two < bytes.n && two > one) {	/* its line end belongs to it */
		two--;
		two -= two > one && bytes.p[two - 1] == '\r';
	}
	cut.before = span_slice(bytes, body, one);
	cut.first = span_slice(bytes, one, two);
	cut.after = span_from(bytes, two);
	cut.parts = true;
	return cut;
}

/* ---- what was made of them ---- */

struct made {
	struct enrich_result result;
	struct span bytes;
};

static struct made enriched(struct span bytes, const char *tag)
{
	struct enrich_request request = { .message = bytes, .language = tag };
	struct made made;
	struct message message;
	struct error error;
	struct buf out;

	enrich(snapshot, &arena, &request, &made.result);
	if (made.result.outcome != OUTCOME_EXPLAINED)
		return made;
	assert_int_equal(message_parse(&arena, bytes, &message, &error), 0);
	buf_init(&out, &arena, bytes.n + 256 * 1024);
	buf_add(&out, span_slice(bytes, 0, (size_t)(message.bytes.p - bytes.p)));
	splice_apply_headers(&out, &message, &made.result.edits);
	splice_apply(&out, message.body, &made.result.edits);
	assert_false(out.failed);
	made.bytes = buf_span(&out);
	return made;
}

/* ---- headers ---- */

/* The next field with its folds, taken off *rest. */
static struct span take_field(struct span *rest)
{
	size_t end = 0;

	do {
		end = span_find_byte(*rest, end, '\n') + 1;
	} while (end < rest->n && (rest->p[end] == ' ' || rest->p[end] == '\t'));
	end = end < rest->n ? end : rest->n;
	*rest = (struct span){ rest->p + end, rest->n - end };
	return (struct span){ rest->p - end, end };
}

static bool may_change(struct span field, bool parts)
{
	static const char *const names[] = { "Subject:", "X-Whybounce:", "MIME-Version:", "Content-" };

	for (size_t i = 0; i < (parts ? 2U : 4U); i++)
		if (span_has_prefix(field, names[i]))
			return true;
	return span_trim(field).n == 0;	/* the empty line */
}

/* All other fields as they were, in their order; ours 7-bit and folded. */
static void check_header(struct cut old, struct cut new)
{
	struct span a = old.header, b = new.header;

	while (b.n != 0) {
		struct span field = take_field(&b), kept;

		if (may_change(field, old.parts)) {
			for (size_t i = 0; i < field.n; i++)
				assert_true((unsigned char)field.p[i] < 0x80 && field.p[i] != '\0');
			continue;
		}
		do {
			assert_true(a.n != 0);
			kept = take_field(&a);
		} while (may_change(kept, old.parts));
		assert_true(span_eq(field, kept));
	}
	while (a.n != 0)
		assert_true(may_change(take_field(&a), old.parts));
	assert_int_not_equal(span_find(new.header, 0, SPAN("\nX-Whybounce: ")), new.header.n);
}

/* ---- bodies ---- */

static void check_lines(struct span ours)
{
	for (size_t i = 0, column = 0; i < ours.n; i++) {
		assert_true((unsigned char)ours.p[i] < 0x80 && ours.p[i] != '\0');
		column = ours.p[i] == '\n' ? 0 : column + 1;
		assert_true(column <= 78 + (ours.p[i] == '\r'));
	}
}

/* Ours around what was there: 7-bit lines before and behind it. */
static void check_kept(struct span made, struct span kept)
{
	size_t at = span_find(made, 0, kept);

	assert_true(kept.n == 0 || at < made.n);
	check_lines(span_slice(made, 0, at));
	check_lines(span_from(made, at + kept.n));
}

static void check_body(struct cut old, struct cut new)
{
	if (!old.parts) {
		check_kept((struct span){ new.before.p, new.before.n + new.first.n + new.after.n }, old.first);
		return;
	}
	assert_true(span_eq(old.before, span_slice(new.before, 0, old.before.n)));
	assert_true(old.before.n == new.before.n || !span_has_suffix(old.before, "\n"));
	if (new.after.n > old.after.n) {	/* a part of ours was put before it */
		check_lines(new.first);
		assert_true(span_eq(span_from(new.after, new.after.n - old.after.n), old.after));
		check_kept(span_slice(new.after, 0, new.after.n - old.after.n), old.first);
		return;
	}
	assert_true(span_eq(old.after, new.after));
	if (span_find(new.first, 0, SPAN("multipart/mixed")) < span_find_byte(new.first, 0, '\n'))
		check_kept(new.first, old.first);
	else
		check_lines(new.first);
	assert_false(span_eq(old.first, new.first));
}

/* The delimiter that splits our part from a kept one lies inside the first part,
 * so that a scan for the outer boundary never sees it. */
static void check_made(struct span bytes, struct span made)
{
	struct cut old = cut_up(bytes), new = cut_up(made);

	if (behind_header(bytes) == bytes.n)	/* cut off within its header */
		return;
	assert_true(made.n > bytes.n);
	assert_true(made.n <= bytes.n + SPLICE_MAX_TEXT + 16 * 1024);
	check_header(old, new);
	check_body(old, new);
}

static void check_variants(const struct sample *sample)
{
	struct span variants[] = { sample->bytes, with_ends(sample->bytes, "\n"), with_ends(sample->bytes, "\r\n") };
	static const char *const tags[] = { "en", "th", "de" };

	for (size_t i = 0; i < 3; i++) {
		struct made made = enriched(variants[i], tags[i]);
		bool wanted = strcmp(sample->folder, "text") != 0 || (!span_has_prefix(span_str(sample->name), "no-") &&
			strcmp(sample->name, "broken-boundary.eml") != 0);

		if ((made.result.outcome == OUTCOME_EXPLAINED) != wanted)
			fail_msg("%s/%s: %s %s", sample->folder, sample->name, outcome_name(made.result.outcome),
				 made.result.reason);
		if (wanted)
			check_made(variants[i], made.bytes);
	}
}

static void test_bytes_outside_stay(void **state)
{
	(void)state;
	each_sample(check_variants);
}

/* Cut off in the middle: explained or not, nothing else changes. Once it is
 * explained, it is not explained again. */
static void check_cuts(const struct sample *sample)
{
	struct arena whole = arena;
	size_t n = sample->bytes.n;

	for (size_t i = 0; i < CUTS; i++) {
		struct span bytes = span_slice(sample->bytes, 0, n * i / CUTS + i % 7);
		struct made made;

		arena_init(&arena, 64 << 20);
		made = enriched(bytes, "en");
		if (made.result.outcome == OUTCOME_EXPLAINED) {
			check_made(bytes, made.bytes);
			assert_int_equal(enriched(made.bytes, "en").result.outcome, OUTCOME_ALREADY);
		}
		arena_release(&arena);
	}
	arena = whole;
}

static void test_cut_off_anywhere(void **state)
{
	(void)state;
	each_sample(check_cuts);
}

/* ---- what the words say ---- */

/* On one line, a blank between words, as nobody wraps it. */
static struct span unwrapped(struct span text)
{
	struct buf out;

	buf_init(&out, &arena, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		bool blank = ascii_isspace(text.p[i]);

		if (!blank)
			buf_addc(&out, text.p[i]);
		else if (out.n != 0 && out.p[out.n - 1] != ' ')
			buf_addc(&out, ' ');
	}
	return buf_span(&out);
}

static void assert_says(const struct sample *sample, struct span text, const char *template,
			const struct values *values)
{
	struct buf filled;

	buf_init(&filled, &arena, 16384);
	fill_text(&filled, template, values);
	if (span_find(text, 0, unwrapped(buf_span(&filled))) == text.n)
		fail_msg("%s/%s does not say: %.*s", sample->folder, sample->name, SPAN_FMT(buf_span(&filled)));
}

static void check_block(const struct sample *sample, struct span text, const struct explanation *e,
			const struct explain_block *block)
{
	struct step steps[LAYOUT_MAX_STEPS];
	size_t n = block_steps(&arena, e, block, steps);

	for (size_t i = 0; i < block->n; i++)
		assert_true(span_find(text, 0, block_address(block->recipients[i])) < text.n);
	if (!block_is_trouble(block))
		return;
	assert_true(n >= 2);
	assert_says(sample, text, block->cause->title, &block->values);
	assert_says(sample, text, block_who(e, block), &block->values);
	for (size_t i = 0; i < n; i++)
		assert_says(sample, text, steps[i].template, steps[i].values);
}

/* Who, why, who can fix it, what to do: all of it stands in the delivered text. */
static void check_words(const struct sample *sample)
{
	static const char *const tags[] = { "en", "de", "id", "th", "tr", "vi" };

	for (size_t t = 0; t < sizeof(tags) / sizeof(tags[0]); t++) {
		struct enrich_request request = { .language = tags[t] };
		struct made made = enriched(sample->bytes, tags[t]);
		const struct mime_part *part;
		struct reading reading;
		struct explanation e;
		struct message message;
		struct error error;
		struct span text;

		if (made.result.outcome != OUTCOME_EXPLAINED)
			return;
		assert_int_equal(enrich_read(snapshot, &arena, sample->bytes, &reading, &error), 0);
		assert_int_equal(enrich_explain(snapshot, &arena, &reading, &request, &e, &error), 0);
		assert_int_equal(message_parse(&arena, made.bytes, &message, &error), 0);
		part = message.root;
		while (part->child != NULL && !content_type_is(&part->type, "text", NULL))
			part = part->child;
		text = unwrapped(mime_text(&arena, part, SIZE_MAX));
		assert_true(e.n > 0);
		for (size_t i = 0; i < e.n; i++)
			check_block(sample, text, &e, &e.blocks[i]);
	}
}

static void test_words(void **state)
{
	(void)state;
	each_sample(check_words);
}

/* ---- expected.tsv ---- */

static struct buf rows;		/* as whybounce diagnose prints them */

static void add_rows(const struct sample *sample)
{
	struct reading reading;
	struct error error;

	assert_int_equal(enrich_read(snapshot, &arena, sample->bytes, &reading, &error), 0);
	for (size_t i = 0; i < reading.bounce.n; i++) {
		const struct bounce_recipient *r = &reading.bounce.recipients[i];

		buf_addf(&rows, "%s\t%.*s\t%s\t%.*s\t%.*s\t%s\n", sample->name, SPAN_FMT(r->recipient),
			 dsn_action_name(r->action), SPAN_FMT(r->status), SPAN_FMT(r->reply_code),
			 reading.diagnoses[i].cause->id);
	}
}

static size_t count_lines(struct span s)
{
	struct span line;
	size_t n = 0;

	while (span_next_line(&s, &line))
		n += line.n != 0 && line.p[0] != '#';
	return n;
}

static void test_recipients_and_causes(void **state)
{
	(void)state;
	for (size_t i = 0; i < FOLDERS - 1; i++) {
		char path[64];
		struct arena own;
		struct span wanted, rest, line;

		arena_init(&own, 1 << 20);
		buf_init(&rows, &own, 1 << 18);
		each_of(folders[i], add_rows);
		snprintf(path, sizeof(path), "tests/bounces/%s/expected.tsv", folders[i]);
		rest = wanted = read_whole(path);
		assert_non_null(wanted.p);
		while (span_next_line(&rest, &line))
			if (line.n != 0 && line.p[0] != '#' && span_find(buf_span(&rows), 0, line) == rows.n)
				fail_msg("%s: not so: %.*s", path, SPAN_FMT(line));
		assert_int_equal(count_lines(wanted), count_lines(buf_span(&rows)));
		free((char *)(uintptr_t)wanted.p);
		arena_release(&own);
	}
}

/* ---- goldens ---- */

/* golden/postfix-hard-single.txt is the text of postfix/hard-single.eml. */
static void check_golden(const char *name)
{
	char folder[32], path[128];
	size_t dash = span_find_byte(span_str(name), 0, '-');
	struct span wanted, bytes;
	struct enrich_request request = { .language = "en" };
	struct reading reading;
	struct explanation e;
	struct error error;
	struct buf out;

	snprintf(folder, sizeof(folder), "%.*s", (int)dash, name);
	snprintf(path, sizeof(path), "tests/bounces/%s/%.*s.eml", folder, (int)(strlen(name) - dash - 5), name + dash + 1);
	bytes = read_whole(path);
	snprintf(path, sizeof(path), "tests/bounces/golden/%s", name);
	wanted = read_whole(path);
	assert_non_null(bytes.p);
	assert_int_equal(enrich_read(snapshot, &arena, bytes, &reading, &error), 0);
	assert_int_equal(enrich_explain(snapshot, &arena, &reading, &request, &e, &error), 0);
	buf_init(&out, &arena, 1 << 20);
	explain_text(&out, &e);
	if (!span_eq(buf_span(&out), wanted))
		fail_msg("%s is not what is said now; look at `make goldens` and git diff", path);
	free((char *)(uintptr_t)bytes.p);
	free((char *)(uintptr_t)wanted.p);
	arena_clear(&arena);
}

static void test_goldens(void **state)
{
	DIR *directory = opendir("tests/bounces/golden");
	struct dirent *entry;
	size_t n = 0;

	(void)state;
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL)
		if (span_has_suffix(span_str(entry->d_name), ".txt")) {
			check_golden(entry->d_name);
			n++;
		}
	closedir(directory);
	assert_true(n >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_outside_stay),
		cmocka_unit_test(test_cut_off_anywhere),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_recipients_and_causes),
		cmocka_unit_test(test_goldens),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
