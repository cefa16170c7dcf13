#include "daemon/fault.h"

#ifdef WHYBOUNCE_FAULTS

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

static bool asks_for(struct span message, const char *word)
{
	static const char name[] = "X-Whybounce-Fault: ";
	size_t at = span_ifind(message, 0, name);

	return at < message.n && span_has_prefix(span_from(message, at + sizeof(name) - 1), word);
}

/* Touches what it takes, until there is no more. */
static void grow(void)
{
	for (size_t n = 1 << 20;;) {
		char *p = malloc(n);

		if (p == NULL)
			abort();
		memset(p, 1, n);
	}
}

void fault_before(struct span message)
{
	if (asks_for(message, "crash"))
		__builtin_trap();
	if (asks_for(message, "hang"))
		while (poll(NULL, 0, -1) < 0)
			;
	for (volatile bool loop = asks_for(message, "loop"); loop;)
		;
	if (asks_for(message, "grow"))
		grow();
	if (asks_for(message, "open") && open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
		abort();	/* the sandbox is open */
}

void fault_after(struct span message, struct enrich_result *result)
{
	if (asks_for(message, "lie") && result->edits.body_n > 0)
		result->edits.body[0].at = message.n;
	if (asks_for(message, "nonsense") && result->edits.headers_n > 0)
		result->edits.headers[0].name = SPAN("Received");
}

#endif
