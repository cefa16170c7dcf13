/* notification.h: what a sending service tells a program in JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "arena_fixture.h"
#include "mail/notification.h"
#include "support.h"

static struct dsn parse(struct span text)
{
	struct dsn dsn;

	assert_int_equal(notification_parse(&arena, text, &dsn), 0);
	return dsn;
}

#define BOUNCE(type, recipients) "{\"notificationType\":\"" type "\",\"bounce\":{" \
	"\"bounceType\":\"Permanent\",\"reportingMTA\":\"dns; mx1.ses.example\"," \
	"\"bouncedRecipients\":[" recipients "]},\"mail\":{\"source\":\"anna@a.example\"}}"

static void test_recipients(void **state)
{
	struct dsn dsn = parse(SPAN("\r\n" BOUNCE("Bounce",
		"{\"emailAddress\":\"x@y.example\",\"action\":\"failed\",\"status\":\"5.1.1\","
		"\"diagnosticCode\":\"smtp; 550 5.1.1 [192.0.2.1] says: \\\"no\\\" {x} at https:\\/\\/y.example\"},"
		"{\"emailAddress\":\"z@y.example\",\"action\":\"delayed\"},"
		"{\"emailAddress\":\"s@y.example\"}")
		"\r\n\r\n--\r\nTo stop these: visit {this} page\r\n"));

	(void)state;
	assert_int_equal(dsn.n, 3);
	assert_span(dsn.reporting_mta.value, "mx1.ses.example");
	assert_span(dsn.recipients[0].final_recipient.value, "x@y.example");
	assert_span(dsn.recipients[0].status, "5.1.1");
	assert_span(dsn.recipients[0].diagnostic.value,
		    "550 5.1.1 [192.0.2.1] says: \"no\" {x} at https://y.example");
	assert_int_equal(dsn.recipients[0].action, ACTION_FAILED);
	assert_span(dsn.recipients[1].final_recipient.value, "z@y.example");
	assert_int_equal(dsn.recipients[1].action, ACTION_DELAYED);
	assert_span(dsn.recipients[1].status, "");
	assert_int_equal(dsn.recipients[2].action, ACTION_FAILED);
}

/* Brackets and quotation marks of a text end nothing. */
static void test_marks_in_texts(void **state)
{
	struct dsn dsn = parse(SPAN(BOUNCE("Bounce",
		"{\"diagnosticCode\":\"smtp; 550 5\\\" }]}\",\"emailAddress\":\"x@y.example\"}")));

	(void)state;
	assert_int_equal(dsn.n, 1);
	assert_span(dsn.recipients[0].diagnostic.value, "550 5\" }]}");
}

/* A value cannot become a field of its own. */
static void test_line_ends(void **state)
{
	struct dsn dsn = parse(SPAN(BOUNCE("Bounce",
		"{\"emailAddress\":\"x@y.example\",\"status\":\"5.1.1\\r\\n\\r\\nFinal-Recipient: rfc822; o@y.example\","
		"\"diagnosticCode\":\"smtp; 550-first\\n550 last\\nAction: delivered\"}")));

	(void)state;
	assert_int_equal(dsn.n, 1);
	assert_span(dsn.recipients[0].final_recipient.value, "x@y.example");
	assert_int_equal(dsn.recipients[0].action, ACTION_FAILED);
	assert_span(dsn.recipients[0].diagnostic.value, "550-first\n550 last\nAction: delivered");
}

static void test_nothing_of_the_kind(void **state)
{
	static const char *const texts[] = {
		"", "{", "{}", "[]", "{\"bouncedRecipients\"", "{\"bouncedRecipients\":[]}",
		BOUNCE("Complaint", "{\"emailAddress\":\"x@y.example\"}"),
		BOUNCE("Bounce", ""), BOUNCE("Bounce", "\"x@y.example\",[],{}"),
		BOUNCE("Bounce", "{\"emailAddress\":[\"x@y.example\"]}"),
		"We get this:\n" BOUNCE("Bounce", "{\"emailAddress\":\"x@y.example\"}"),
		"{\"notificationType\":\"Bounce\",\"bounce\":\"bouncedRecipients\"}",
		"{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":{\"emailAddress\":\"x@y.example\"}}}",
		"{\"notificationType\":\"Bounce\",\"note\":\"\\\"bouncedRecipients\\\":[{}]\"}",
		"{\"notificationType\":\"Bounce\" \"bouncedRecipients\":[{\"emailAddress\":\"x@y.example\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (parse(span_str(texts[i])).n != 0)
			fail_msg("%s", texts[i]);
}

/* What is too deep or too large is not read. */
static void test_limits(void **state)
{
	struct buf deep, large;

	(void)state;
	for (size_t depth = 5; depth <= 20000; depth *= 20) {
		buf_init(&deep, &arena, 1 << 20);
		buf_adds(&deep, "{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":"
			 "[{\"emailAddress\":\"x@y.example\"}]},\"x\":");
		for (size_t i = 0; i < depth; i++)
			buf_addc(&deep, '[');
		for (size_t i = 0; i < depth; i++)
			buf_addc(&deep, ']');
		buf_addc(&deep, '}');
		assert_int_equal(parse(buf_span(&deep)).n, depth == 5);
	}
	buf_init(&large, &arena, 1 << 20);
	buf_adds(&large, "{\"notificationType\":\"Bounce\",\"x\":\"");
	while (large.n < NOTIFICATION_MAX)
		buf_addc(&large, 'x');
	buf_adds(&large, "\",\"bounce\":{\"bouncedRecipients\":[{\"emailAddress\":\"x@y.example\"}]}}");
	assert_int_equal(parse(buf_span(&large)).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_arena(test_recipients),
		with_arena(test_marks_in_texts),
		with_arena(test_line_ends),
		with_arena(test_nothing_of_the_kind),
		with_arena(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
