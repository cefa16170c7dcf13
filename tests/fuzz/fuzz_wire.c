/* What a worker that was taken over might answer: refused, or edits that we could
 * have made ourselves. */
#include <stdint.h>
#include <stdlib.h>

#include "daemon/wire.h"

enum { BODY = 5000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char body[BODY];
	struct enrich_result result;
	struct arena arena;
	struct buf out;

	if (wire_read((struct span){ (const char *)data, size }, BODY, &result) != 0)
		return 0;
	if (!edits_valid(&result.edits, BODY))
		abort();
	arena_init(&arena, 4 * WIRE_MAX);
	buf_init(&out, &arena, 2 * WIRE_MAX);
	splice_apply(&out, (struct span){ body, BODY }, &result.edits);
	if (out.failed)
		abort();
	arena_release(&arena);
	return 0;
}
