/* A pattern (the first line) and a reply (the rest): whatever PCRE2 takes for a
 * pattern, what matches has passed the sieve. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "why/pattern.h"
#include "why/sieve.h"

static bool is_ascii(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static void check(const char *text, struct span reply)
{
	const struct rule rule = { .id = "fuzz", .file = "fuzz.yaml", .line = 1 };
	struct error error;
	struct pattern *pattern = pattern_new(&rule, text, &error);
	struct pattern_room *room = NULL;
	struct sieve *sieve = sieve_new(&text, 1);
	unsigned short list[1];
	size_t passed;

	if (sieve == NULL)
		abort();
	passed = sieve_pass(sieve, reply, list, 1);
	/* the two cases of some letters beyond ASCII differ in length */
	if (pattern != NULL && pattern_find(pattern, &room, reply, reply.n) >= 0 &&
	    passed == 0 && is_ascii(reply))
		abort();
	pattern_room_free(room);
	pattern_free(pattern);
	sieve_free(sieve);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t n = end != NULL ? (size_t)(end - data) : size;
	char *text = malloc(n + 1), *reply = malloc(size - n + 1);

	if (text == NULL || reply == NULL)
		abort();
	memcpy(text, data, n);
	text[n] = '\0';
	memcpy(reply, data + n, size - n);
	check(text, (struct span){ reply, size - n });
	free(text);
	free(reply);
	return 0;
}
