/* transcript.h: whole replies and commands from what people are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena_fixture.h"
#include "base/buf.h"
#include "mail/bounce.h"
#include "mail/transcript.h"
#include "support.h"

static void test_unflatten(void **state)
{
	static const struct { const char *reply, *wanted; } rows[] = {
		{ "550 5.1.1 one line", "550 5.1.1 one line" },
		{ "550-5.7.1 a 550 5.7.1 b", "550-5.7.1 a\n550 5.7.1 b" },
		{ "550-a 550-b 550 c", "550-a\n550-b\n550 c" },
		{ "550-a\n550-b\n550 c", "550-a\n550-b\n550 c" },
		{ "550-a   550 b  ", "550-a\n550 b" },
		/* the last line may speak of the code again */
		{ "550-a 550 b 550 c", "550-a\n550 b 550 c" },
		/* other numbers are words */
		{ "550-a 551 b", "550-a 551 b" }, { "550-a x550 b", "550-a x550 b" },
		{ "550-a 550", "550-a 550" }, { "550-a 5501 b", "550-a 5501 b" },
		{ "550 a 550 b", "550 a 550 b" },	/* no multi-line reply */
		{ "hello", "hello" }, { "550", "550" }, { "550-", "550-" }, { "", "" }, { "650-a 650 b", "650-a 650 b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_span(transcript_unflatten(&arena, span_str(rows[i].reply)), rows[i].wanted);
}

static void test_unflatten_is_bounded(void **state)
{
	struct buf reply;
	struct span s;

	(void)state;
	buf_init(&reply, &arena, 1 << 20);
	for (int i = 0; i < 10000; i++)
		buf_adds(&reply, "550-word ");
	s = transcript_unflatten(&arena, buf_span(&reply));
	assert_true(s.n > BOUNCE_MAX_REPLY - 16 && s.n <= BOUNCE_MAX_REPLY);
	assert_true(span_has_prefix(s, "550-word\n550-word\n"));
}

#define SENDMAIL \
	"   ----- Transcript of session follows -----\n" \
	"... while talking to mx.example.net.:\n" \
	">>> MAIL From:<anna@example.org>\n" \
	"<<< 250 ok\n" \
	">>> RCPT To:<kim@example.net>\n" \
	"<<< 550-5.1.1 The account does not exist.\n" \
	"<<< 550-5.1.1 Look for typos.\n" \
	"<<< 550 5.1.1 Bye.\n" \
	"<<< 550 5.1.1 Something else.\n" \
	"550 5.1.1 <kim@example.net>... User unknown\n" \
	">>> DATA\n" \
	"<<< 503 5.5.1 no recipients\n"

static void check_reply(const char *text, const char *first, const char *wanted, const char *command)
{
	struct span found = SPAN("unchanged");

	assert_span(transcript_reply(&arena, span_str(text), span_str(first), &found), wanted);
	assert_span(found, command);
}

static void test_reply_of_sendmail(void **state)
{
	(void)state;
	check_reply(SENDMAIL, "550-5.1.1 The account does not exist.",
		    "550-5.1.1 The account does not exist.\n550-5.1.1 Look for typos.\n550 5.1.1 Bye.",
		    "RCPT TO");
	check_reply(SENDMAIL, "550 5.1.1 Something else.", "550 5.1.1 Something else.", "RCPT TO");
	check_reply(SENDMAIL, "503 5.5.1 no recipients", "503 5.5.1 no recipients", "DATA");
	check_reply(SENDMAIL, "250 ok", "250 ok", "MAIL FROM");
	/* what the text does not show stays as it is */
	check_reply(SENDMAIL, "550 5.1.1 Never said", "550 5.1.1 Never said", "unchanged");
	check_reply(SENDMAIL, "550 5.1.1 <kim@example.net>... User unknown",
		    "550 5.1.1 <kim@example.net>... User unknown", "unchanged");
	check_reply("", "550 5.1.1 x", "550 5.1.1 x", "unchanged");
	check_reply(SENDMAIL, "550", "550", "unchanged");
	check_reply(SENDMAIL, "", "", "unchanged");
}

static void test_reply_that_breaks_off(void **state)
{
	(void)state;
	check_reply("<<< 550-one\n<<< 550-two", "550-one", "550-one\n550-two", "unchanged");
	check_reply("<<< 550-one\n<<< 551 two\n", "550-one", "550-one", "unchanged");
	check_reply("<<< 550-one\ntext\n<<< 550 two\n", "550-one", "550-one", "unchanged");
	check_reply(">>> ehlo me\r\n<<< 550-one\r\n<<< 550 two\r\n", "550-one", "550-one\n550 two", "EHLO");
	/* on lines of its own, but only where it goes on */
	check_reply("said:\n550-one\n550-two\n550 three\n550 no\n", "550-one",
		    "550-one\n550-two\n550 three", "unchanged");
	check_reply(">>> DATA\n550 one\n550 two\n", "550 one", "550 one", "unchanged");
	check_reply(">>> \n<<< 550 one\n", "550 one", "550 one", "unchanged");
}

static void test_long_replies_are_bounded(void **state)
{
	struct buf text;
	struct span command = { NULL, 0 }, s;

	(void)state;
	buf_init(&text, &arena, 1 << 20);
	for (int i = 0; i < 10000; i++)
		buf_adds(&text, "<<< 550-word\n");
	s = transcript_reply(&arena, buf_span(&text), SPAN("550-word"), &command);
	assert_true(s.n <= BOUNCE_MAX_REPLY);
	assert_true(span_has_prefix(s, "550-word"));
}

#define POSTFIX \
	"<kim@example.net>: host mx.example.net[192.0.2.1] said: 550 5.1.1\n" \
	"    <kim@example.net>: User unknown (in reply to RCPT TO command)\n" \
	"\n" \
	"<leo@example.net>: host mx.example.net[192.0.2.1] said: 552 no\n" \
	"\n" \
	"<max@example.net>: delivery temporarily suspended (in reply to end of\n" \
	"    DATA command)\n"

static void test_command_of_postfix(void **state)
{
	(void)state;
	assert_span(transcript_command(SPAN(POSTFIX), SPAN("kim@example.net")), "RCPT TO");
	assert_span(transcript_command(SPAN(POSTFIX), SPAN("leo@example.net")), "");
	assert_span(transcript_command(SPAN(POSTFIX), SPAN("max@example.net")), "end of\n    DATA");
	assert_span(transcript_command(SPAN(POSTFIX), SPAN("nobody@example.net")), "");
	assert_span(transcript_command(SPAN(POSTFIX), SPAN("")), "");
	assert_span(transcript_command(SPAN(""), SPAN("kim@example.net")), "");
	assert_span(transcript_command(SPAN("a@b: 450 no (in\r\n    reply to\r\n    MAIL FROM command)"),
				       SPAN("a@b")), "MAIL FROM");
	assert_span(transcript_command(SPAN("a@b: (in truth) (in reply to DATA command)"), SPAN("a@b")), "DATA");
	assert_span(transcript_command(SPAN("a@b: (in reply to "), SPAN("a@b")), "");
	assert_span(transcript_command(SPAN("a@b: x\r\n\r\n(in reply to DATA command)"), SPAN("a@b")), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_arena(test_unflatten),
		with_arena(test_unflatten_is_bounded),
		with_arena(test_reply_of_sendmail),
		with_arena(test_reply_that_breaks_off),
		with_arena(test_long_replies_are_bounded),
		with_arena(test_command_of_postfix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
