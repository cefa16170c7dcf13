/* A hostile key record and a hostile message: 'h' or 'b' for what came back of it,
 * the record up to the line end, then the message. */
#include <stdint.h>
#include <stdlib.h>

#include "probe/dkim.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void answer(void *context, struct arena *arena, const char *name, enum dns_type type,
		   int64_t deadline_ms, struct dns_answer *answer_r)
{
	struct dns_record *record = arena_alloc(arena, sizeof(*record));

	(void)name, (void)type, (void)deadline_ms;
	*answer_r = (struct dns_answer){ .status = DNS_FOUND, .records = record, .n = 1 };
	record->data = *(const struct span *)context;
}

static void check_signature(const struct dkim_signature *s)
{
	check(s->verdict <= DKIM_UNKNOWN && s->problem <= DKIM_DNS);
	check((s->problem == DKIM_FINE) ==
	      (s->verdict == DKIM_PASS || (s->verdict == DKIM_UNKNOWN && s->problem == DKIM_FINE)));
	check(s->domain.n <= DNS_MAX_NAME && s->selector.n <= DNS_MAX_NAME);
	check(s->verdict != DKIM_PASS || (s->algorithm != NULL && s->key_bits >= 256));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dkim_verifier *verifier;
	struct span input = { (const char *)data, size }, record = { NULL, 0 };
	struct dns_source source = { answer, NULL, &record };
	struct dkim_request request = { .has_body = size > 0 && data[0] == 'b' };
	struct dkim_result result;
	struct dkim_key key;
	struct arena arena;
	struct dns dns;

	if (verifier == NULL)
		verifier = dkim_verifier_new();
	check(verifier != NULL);
	input = span_from(input, 1);
	span_next_line(&input, &record);
	request.message = input;
	request.body = span_from(input, span_find(input, 0, SPAN("\r\n\r\n")) + 4);
	arena_init(&arena, 16 << 20);
	dns_init(&dns, &source, &arena, 60000);
	dkim_key(&dns, SPAN("example.org"), SPAN("s"), &key);
	check(key.problem != DKIM_FINE || key.bits != 0);
	dkim_check(verifier, &dns, &request, &result);
	check(result.n <= DKIM_MAX_SIGNATURES && (!result.failed || result.n == 0));
	for (size_t i = 0; i < result.n; i++)
		check_signature(&result.signatures[i]);
	arena_release(&arena);
	return 0;
}
