/* Hostile bounces, through the whole pipeline: what comes out keeps its promises.
 * The DNS is not asked. */
#include <stdint.h>
#include <stdlib.h>

#include "core/enrich.h"

static struct snapshot snapshot;
static struct arena arena;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void load(void)
{
	struct error error;

	snapshot.config = config_defaults(&error);
	snapshot.knowledge = knowledge_load("conf", NULL, NULL, 0, &error);
	require(snapshot.config != NULL && snapshot.knowledge != NULL);
	snapshot.rules = rules_new(snapshot.knowledge, &error);
	require(snapshot.rules != NULL);
	snapshot.default_language = knowledge_language_at(snapshot.knowledge, 0);
	arena_init(&arena, ENRICH_ARENA);
}

/* Ours is 7-bit, and what is marked is never explained again. */
static void check_edited(struct span bytes, const struct edits *edits)
{
	struct message message;
	struct arena whole;
	struct enrich_request again;
	struct enrich_result result;
	struct buf out;

	require(message_parse(&arena, bytes, &message, NULL) == 0);
	require(edits_valid(edits, message.body.n));
	arena_init(&whole, 4 * bytes.n + ENRICH_ARENA);
	buf_init(&out, &whole, 2 * bytes.n + ENRICH_ARENA / 2);
	splice_apply_headers(&out, &message, edits);
	splice_apply(&out, message.body, edits);
	require(!out.failed);
	again = (struct enrich_request){ .message = buf_span(&out) };
	arena_clear(&arena);
	enrich(&snapshot, &arena, &again, &result);
	require(result.outcome == OUTCOME_ALREADY);
	arena_release(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct enrich_request request = {
		.message = { (const char *)data, size },
		.origin = size % 2 == 0 ? ORIGIN_GENERATED : ORIGIN_INBOUND,
	};
	struct enrich_result result;

	if (snapshot.config == NULL)
		load();
	enrich(&snapshot, &arena, &request, &result);
	if (result.outcome == OUTCOME_EXPLAINED)
		check_edited(request.message, &result.edits);
	arena_clear(&arena);
	return 0;
}
