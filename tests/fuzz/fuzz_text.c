/* Hostile text, through everything that reads words: replies and their rules,
 * notices, headers, HTML, addresses, report fields, encodings and charsets. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "mail/address.h"
#include "mail/codec.h"
#include "mail/dsn.h"
#include "mail/header.h"
#include "mail/html.h"
#include "mail/notification.h"
#include "mail/phrases.h"
#include "mail/transcript.h"
#include "why/diagnose.h"
#include "why/reply.h"

static struct knowledge *knowledge;
static struct rules *rules;
static struct arena arena;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void load(void)
{
	static const char *const tags[] = { "en" };

	knowledge = knowledge_load("conf", NULL, tags, 1, NULL);
	require(knowledge != NULL);
	rules = rules_new(knowledge, NULL);
	require(rules != NULL);
	arena_init(&arena, 8 * 1024 * 1024);
}

static void read_reply(struct span text)
{
	struct diagnosis diagnosis;
	struct span command = { NULL, 0 };
	struct reply reply;

	reply_parse(&arena, text, &reply);
	require(span_within(reply.code, text) || reply.code.n == 0);
	require(span_within(reply.status, text) || reply.status.n == 0);
	diagnose_reply(&arena, knowledge, rules, text, &diagnosis);
	require(diagnosis.cause != NULL);
	transcript_unflatten(&arena, text);
	transcript_reply(&arena, text, span_slice(text, 0, text.n / 2), &command);
	transcript_command(text, SPAN("a@b.example"));
}

static void read_addresses(struct span text)
{
	size_t at = 0;

	for (int i = 0; i < 100 && at < text.n; i++) {
		size_t end = at;
		struct span address = address_find(text, at, &end);

		if (address.n == 0)
			break;
		require(end > at && address.n <= ADDRESS_MAX && span_within(address, text));
		address_is_role(address);
		at = end;
	}
}

static void read_header(struct span text)
{
	struct headers headers;
	struct content_type type;
	struct span head;

	if (headers_parse(&arena, text, &head, &headers) != 0)
		return;
	for (size_t i = 0; i < headers.n && i < 50; i++) {
		struct span value = header_decode(&arena, &headers.list[i]);

		require(arena.failed || utf8_is_valid(value));
		require(span_find_byte(value, 0, '\n') == value.n);
		content_type_parse(&arena, header_unfold(&arena, &headers.list[i]), &type);
	}
}

static void read_encoded(struct span text)
{
	static const char *const charsets[] = {
		"", "utf-8", "iso-2022-jp", "gb18030", "windows-1251", "utf-7", "big5", "x-none",
	};

	for (enum transfer_encoding e = ENCODING_7BIT; e <= ENCODING_OTHER; e++)
		codec_decode(&arena, text, e, 64 * 1024);
	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
		struct span utf8 = codec_utf8(&arena, text, span_str(charsets[i]));

		require(arena.failed || utf8_is_valid(utf8));
	}
}

/* What is encoded for a body decodes to itself. */
static void encode(struct span text)
{
	struct buf out;

	if (!utf8_is_valid(text) || span_find_byte(text, 0, '\r') < text.n)
		return;
	buf_init(&out, &arena, 1024 * 1024);
	codec_add_base64(&out, text, "\n");
	require(out.failed || arena.failed ||
		span_eq(codec_decode(&arena, buf_span(&out), ENCODING_BASE64, text.n + 1), text));
	buf_init(&out, &arena, 1024 * 1024);
	codec_add_header_text(&out, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };
	struct phrases phrases;
	struct dsn dsn;

	if (knowledge == NULL)
		load();
	read_reply(text);
	read_addresses(text);
	read_header(text);
	read_encoded(text);
	encode(text);
	phrases_find(text, &phrases);
	html_text(&arena, text);
	dsn_parse_text(&arena, text, &dsn);
	notification_parse(&arena, text, &dsn);
	dsn_address(&arena, text);
	arena_clear(&arena);
	return 0;
}
