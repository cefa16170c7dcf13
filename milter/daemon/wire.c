#include "daemon/wire.h"

#include <stdint.h>
#include <string.h>

static const uint32_t magic = 0x77623031;	/* "wb01" */

static void put_number(struct buf *out, uint64_t value)
{
	buf_add(out, (struct span){ (const char *)&value, sizeof(value) });
}

static void put_span(struct buf *out, struct span s)
{
	put_number(out, s.n);
	buf_add(out, s);
}

/* Printable ASCII alone is taken: what is none becomes '?'. */
static void put_words(struct buf *out, const char *words)
{
	put_number(out, strlen(words));
	for (; *words != '\0'; words++)
		buf_addc(out, *words < ' ' || *words > '~' ? '?' : *words);
}

static void put_tally(struct buf *out, const struct tally *tally)
{
	put_number(out, tally->kinds_n);
	for (size_t i = 0; i < tally->kinds_n; i++) {
		put_words(out, tally->kinds[i].family);
		put_words(out, tally->kinds[i].provider);
		put_number(out, tally->kinds[i].action);
		put_number(out, tally->kinds[i].n);
	}
	put_number(out, tally->checks_n);
	for (size_t i = 0; i < tally->checks_n; i++) {
		put_words(out, tally->checks[i].check);
		put_words(out, tally->checks[i].verdict);
		put_number(out, tally->checks[i].n);
	}
	put_number(out, tally->probe_ms);
}

void wire_write(struct buf *out, const struct enrich_result *result)
{
	const struct edits *edits = &result->edits;

	put_number(out, magic);
	put_number(out, result->outcome);
	put_number(out, result->recipients);
	put_words(out, result->causes);
	put_words(out, result->language);
	put_words(out, result->reason);
	put_tally(out, &result->tally);
	put_number(out, edits->body_n);
	for (size_t i = 0; i < edits->body_n; i++) {
		put_number(out, edits->body[i].at);
		put_number(out, edits->body[i].length);
		put_span(out, edits->body[i].text);
	}
	put_number(out, edits->headers_n);
	for (size_t i = 0; i < edits->headers_n; i++) {
		put_number(out, edits->headers[i].kind);
		put_number(out, edits->headers[i].index);
		put_span(out, edits->headers[i].name);
		put_span(out, edits->headers[i].value);
	}
}

/* Sticky, as a buf is: after the first thing that does not fit nothing is read. */
struct source {
	struct span rest;
	bool failed;
};

static uint64_t get_number(struct source *source, uint64_t most)
{
	uint64_t value = 0;

	if (source->failed || source->rest.n < sizeof(value)) {
		source->failed = true;
		return 0;
	}
	memcpy(&value, source->rest.p, sizeof(value));
	source->rest = span_from(source->rest, sizeof(value));
	if (value <= most)
		return value;
	source->failed = true;
	return 0;
}

static struct span get_span(struct source *source)
{
	size_t n = get_number(source, source->rest.n);
	struct span s = span_slice(source->rest, 0, n);

	source->failed |= s.n != n;
	source->rest = span_from(source->rest, n);
	return s;
}

/* Words for the log: printable ASCII, or the whole result is refused. */
static void get_string(struct source *source, char *to, size_t size)
{
	struct span s = get_span(source);

	for (size_t i = 0; i < s.n; i++)
		source->failed |= s.p[i] < ' ' || s.p[i] > '~';
	source->failed |= s.n >= size;
	if (source->failed)
		return;
	if (s.n != 0)
		memcpy(to, s.p, s.n);
	to[s.n] = '\0';
}

static void get_tally(struct source *source, struct tally *tally)
{
	tally->kinds_n = get_number(source, TALLY_KINDS);
	for (size_t i = 0; i < tally->kinds_n; i++) {
		get_string(source, tally->kinds[i].family, TALLY_NAME);
		get_string(source, tally->kinds[i].provider, TALLY_NAME);
		tally->kinds[i].action = (enum dsn_action)get_number(source, ACTION_UNKNOWN);
		tally->kinds[i].n = (unsigned)get_number(source, BOUNCE_MAX_RECIPIENTS);
	}
	tally->checks_n = get_number(source, TALLY_CHECKS);
	for (size_t i = 0; i < tally->checks_n; i++) {
		get_string(source, tally->checks[i].check, TALLY_NAME);
		get_string(source, tally->checks[i].verdict, TALLY_NAME);
		tally->checks[i].n = (unsigned)get_number(source, BOUNCE_MAX_RECIPIENTS);
	}
	tally->probe_ms = (unsigned)get_number(source, UINT32_MAX);
}

static void get_edits(struct source *source, struct edits *edits)
{
	edits->body_n = get_number(source, SPLICE_MAX);
	for (size_t i = 0; i < edits->body_n; i++) {
		edits->body[i].at = get_number(source, SIZE_MAX);
		edits->body[i].length = get_number(source, SIZE_MAX);
		edits->body[i].text = get_span(source);
	}
	edits->headers_n = get_number(source, SPLICE_MAX_HEADERS);
	for (size_t i = 0; i < edits->headers_n; i++) {
		edits->headers[i].kind = (enum header_edit_kind)get_number(source, HEADER_REMOVE);
		edits->headers[i].index = (unsigned)get_number(source, HEADER_MAX_FIELDS);
		edits->headers[i].name = get_span(source);
		edits->headers[i].value = get_span(source);
	}
}

int wire_read(struct span bytes, size_t body_length, struct enrich_result *result_r)
{
	struct source source = { .rest = bytes };

	memset(result_r, 0, sizeof(*result_r));
	if (get_number(&source, UINT64_MAX) != magic)
		return -1;
	result_r->outcome = (enum outcome)get_number(&source, OUTCOME_COUNT - 1);
	result_r->recipients = get_number(&source, BOUNCE_MAX_RECIPIENTS);
	get_string(&source, result_r->causes, sizeof(result_r->causes));
	get_string(&source, result_r->language, sizeof(result_r->language));
	get_string(&source, result_r->reason, sizeof(result_r->reason));
	get_tally(&source, &result_r->tally);
	get_edits(&source, &result_r->edits);
	if (source.failed || source.rest.n != 0 || !edits_valid(&result_r->edits, body_length))
		return -1;
	return 0;
}
