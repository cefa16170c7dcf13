/* The command line as a user meets it: what it prints, what it says about bad
 * input, and its exit status. Runs the built program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support.h"

static const char bounce_file[] = "tests/bounces/postfix/hard-single.eml";
static char program[512];

static struct run whybounce_with(struct span input, const char *const *args)
{
	const char *argv[16] = { program };

	for (size_t i = 0; i < 14 && args[i] != NULL; i++)
		argv[i + 1] = args[i];
	return run_program(argv, input);
}

#define WHYBOUNCE(...) \
	whybounce_with(SPAN(""), (const char *const[]){ __VA_ARGS__, NULL })
#define WHYBOUNCE_READING(input, ...) \
	whybounce_with((input), (const char *const[]){ __VA_ARGS__, NULL })

static bool holds(struct span text, const char *wanted)
{
	return strstr(text.p, wanted) != NULL;
}

/* Ends the run: status as wanted, and the message, on one line, too. */
static void assert_refused(struct run run, int status, const char *wanted)
{
	if (run.status != status || !holds(run.err, wanted))
		print_message("status %d, wanted \"%s\" in: %s\n", run.status, wanted, run.err.p);
	assert_int_equal(run.status, status);
	assert_true(holds(run.err, wanted));
	run_free(&run);
}

static void assert_prints(struct run run, const char *wanted)
{
	if (run.status != 0 || !holds(run.out, wanted))
		print_message("status %d, wanted \"%s\" in: %s%s\n", run.status, wanted,
			      run.out.p, run.err.p);
	assert_int_equal(run.status, 0);
	assert_true(holds(run.out, wanted));
	run_free(&run);
}

static void test_usage(void **state)
{
	(void)state;
	assert_refused(WHYBOUNCE("frobnicate"), 2, "there is no command \"frobnicate\"");
	assert_refused(WHYBOUNCE("compare", "550"), 2, "an argument is missing");
	assert_refused(WHYBOUNCE("compare", "1", "2", "3"), 2, "too many arguments");
	assert_refused(WHYBOUNCE("code", "-f", "tsv", "550"), 2, "no format \"tsv\"");
	assert_refused(WHYBOUNCE("config", "-l", "de"), 2, "no option -l");
	assert_refused(WHYBOUNCE("code", "--nonsense"), 2, "nonsense");
	assert_prints(WHYBOUNCE("--help"), "compare");
	assert_prints(WHYBOUNCE("explain", "--help"), "usage: whybounce explain");
	assert_prints(WHYBOUNCE("--version"), "whybounce ");
}

/* Nobody answers on that port of loopback: what is wrong with the call is said
 * before, and no answer is no verdict. */
static void test_check(void **state)
{
	struct run run;

	(void)state;
	assert_refused(WHYBOUNCE("check"), 2, "an argument is missing");
	assert_refused(WHYBOUNCE("check", "foo bar"), 1, "\"foo bar\" is no domain");
	assert_refused(WHYBOUNCE("check", "a@example.org"), 1, "is no domain");
	assert_refused(WHYBOUNCE("check", "example.org", "--ip", "1.2.3"), 1, "is no IP address");
	assert_refused(WHYBOUNCE("check", "example.org", "--from", "anna"), 1, "is no address");
	assert_refused(WHYBOUNCE("check", "example.org", "--selector", "a b"), 1, "selector");
	assert_refused(WHYBOUNCE("check", "example.org", "--message", "/nonexistent"), 1,
		       "No such file");
	assert_refused(WHYBOUNCE("check", "example.org", "-l", "xx"), 1, "not installed");
	assert_refused(WHYBOUNCE("check", "example.org", "--dns", "nowhere"), 1, "--dns: \"nowhere\"");
	assert_refused(WHYBOUNCE("check", "example.org", "--ip", "10.0.0.1"), 1, "no public address");
	run = WHYBOUNCE("check", "example.org", "--dns", "127.0.0.1@9", "--ip", "192.0.2.1");
	assert_int_equal(run.status, 75);
	assert_true(holds(run.out, "SPF of example.org could not be checked"));
	run_free(&run);
	run = WHYBOUNCE("check", "example.org", "--dns", "127.0.0.1@9", "-f", "json");
	assert_int_equal(run.status, 75);
	assert_true(holds(run.out, "{\"check\":\"spf\",\"verdict\":\"temperror\","));
	run_free(&run);
}

static void test_files_that_are_no_message(void **state)
{
	static const char *const commands[] = { "explain", "enrich", "diagnose" };
	char *directory = make_directory();
	char *empty = write_file(directory, "empty", SPAN(""));
	char *binary = write_file(directory, "binary", SPAN("\x7f" "ELF\0\1\2\xff\xfe\n\0\n"));

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_refused(WHYBOUNCE(commands[i], empty), 1, "empty");
		assert_refused(WHYBOUNCE(commands[i], binary), 1, binary);
		assert_refused(WHYBOUNCE(commands[i], directory), 1, "Is a directory");
		assert_refused(WHYBOUNCE(commands[i], "/nonexistent"), 1, "/nonexistent: No such file");
		assert_refused(WHYBOUNCE(commands[i], "-l", "xx", empty), strcmp(commands[i], "diagnose") == 0 ? 2 : 1, "");
	}
	free(empty);
	free(binary);
	remove_tree(directory);
}

/* Root reads everything, and asks somebody else to try: where that one may start
 * the program at all. */
static void test_file_that_may_not_be_read(void **state)
{
	static const char *const commands[] = { "explain", "enrich", "diagnose" };
	char *directory = make_directory();
	char *path = write_file(directory, "secret", SPAN("Subject: x\n\n"));
	const char *argv[] = { "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "languages",
			       NULL, NULL };
	bool root = geteuid() == 0;
	struct run run = run_program(root ? argv : argv + 4, SPAN(""));
	int started = run.status;

	(void)state;
	run_free(&run);
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(chmod(directory, 0755), 0);
	argv[6] = path;
	for (size_t i = 0; started == 0 && i < 3; i++) {
		argv[5] = commands[i];
		assert_refused(run_program(root ? argv : argv + 4, SPAN("")), 1, "secret: Permission denied");
	}
	free(path);
	remove_tree(directory);
	if (started != 0)
		skip();
}

/* Larger than the limit: enrich hands it on to the byte, the others say so. */
static void test_larger_than_the_limit(void **state)
{
	size_t n = 30 * 1024 * 1024;
	char *bytes = malloc(n), *directory = make_directory(), *path;
	struct run run;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'x', n);
	memcpy(bytes, "Subject: x\n\n", 12);
	path = write_file(directory, "huge", (struct span){ bytes, n });
	assert_refused(WHYBOUNCE("explain", path), 1, "larger than limits.message_size (26214400 bytes)");
	assert_refused(WHYBOUNCE("diagnose", path), 1, "larger than limits.message_size");
	run = WHYBOUNCE("enrich", path);
	assert_int_equal(run.out.n, n);
	assert_memory_equal(run.out.p, bytes, n);
	assert_refused(run, 1, "unchanged: larger");
	free(path);
	free(bytes);
	remove_tree(directory);
}

static void test_what_is_no_bounce(void **state)
{
	struct span mail = SPAN("From: a@example.org\nTo: b@example.org\nSubject: hi\n\nHello.\n");
	struct run run = WHYBOUNCE_READING(mail, "enrich");

	(void)state;
	assert_true(span_eq(run.out, mail));
	assert_refused(run, 1, "not_a_bounce");
	assert_refused(WHYBOUNCE_READING(mail, "explain"), 1, "not a bounce");
	run = WHYBOUNCE_READING(mail, "diagnose");
	assert_string_equal(run.out.p, "-\t\t\t\t\tnotbounce\n");
	assert_int_equal(run.status, 1);
	run_free(&run);
}

static void test_configuration_and_language(void **state)
{
	char *directory = make_directory();
	char *path = write_file(directory, "w.yaml", SPAN("mode: explain\nlangauge: de\n"));

	(void)state;
	assert_refused(WHYBOUNCE("config", "-c", path), 1, "w.yaml:2: unknown key \"langauge\"");
	assert_refused(WHYBOUNCE("explain", "-c", path, bounce_file), 1, "w.yaml:2: ");
	assert_refused(WHYBOUNCE("explain", "-l", "xx", bounce_file), 1,
		       "language \"xx\" is not installed (installed: ");
	assert_refused(WHYBOUNCE("enrich", "-l", "xx", bounce_file), 1, "not installed");
	assert_refused(WHYBOUNCE("code", "-l", "xx", "550"), 1, "not installed");
	assert_prints(WHYBOUNCE("config"), "default_language: en");
	assert_prints(WHYBOUNCE("languages"), "en\tEnglish\n");
	free(path);
	remove_tree(directory);
}

static void test_explain(void **state)
{
	(void)state;
	assert_prints(WHYBOUNCE("explain", bounce_file), "address does not exist");
	/* what arrived has no cause to name: what became of it stands in its place */
	assert_prints(WHYBOUNCE("explain", "tests/bounces/postfix/success-relayed.eml"),
		      "\n\nHanded on\n---------\nRecipient: ");
	assert_prints(WHYBOUNCE("explain", "-f", "html", bounce_file), "<!doctype html>");
	assert_prints(WHYBOUNCE("explain", "-f", "json", bounce_file), "\"cause\":\"user_unknown\"");
}

static void test_enrich_keeps_the_mbox_line(void **state)
{
	struct span mail = read_whole(bounce_file);
	char *mbox = malloc(mail.n + 64);
	struct run run;
	int n;

	(void)state;
	assert_non_null(mail.p);
	n = sprintf(mbox, "From MAILER-DAEMON Mon Nov 23 10:00:00 2026\n");
	memcpy(mbox + n, mail.p, mail.n);
	run = WHYBOUNCE_READING(((struct span){ mbox, mail.n + (size_t)n }), "enrich");
	assert_int_equal(run.status, 0);
	assert_true(span_has_prefix(run.out, "From MAILER-DAEMON Mon Nov 23 10:00:00 2026\n"));
	assert_true(holds(run.out, "X-Whybounce: "));
	run_free(&run);
	free(mbox);
	free((char *)(uintptr_t)mail.p);
}

static void test_diagnose(void **state)
{
	struct run run = WHYBOUNCE("diagnose", "--tsv", bounce_file, "/nonexistent");

	(void)state;
	assert_true(holds(run.out, "\tfailed\t5.1.1\t550\tuser_unknown\n"));
	assert_refused(run, 1, "/nonexistent");
	assert_prints(WHYBOUNCE("diagnose", "-f", "json", bounce_file), "\"reply_code\":\"550\"");
	assert_prints(WHYBOUNCE("diagnose", "--why", bounce_file), "# decided by: ");
	assert_prints(WHYBOUNCE("diagnose", "--why", bounce_file),
		      "# also matches: reply 550 (user_unknown)\n");
}

/* The reply comes back byte for byte, whatever it holds. */
static void test_diagnose_replies(void **state)
{
	struct span lines = SPAN("550 5.1.1 user unknown\n\n\xff\t\\ 552 5.2.2 mailbox full");
	struct run run = WHYBOUNCE_READING(lines, "diagnose", "--replies");

	(void)state;
	assert_int_equal(run.status, 0);
	assert_string_equal(run.out.p, "550 5.1.1 user unknown\tuser_unknown\n\tunknown\n"
			    "\xff\t\\ 552 5.2.2 mailbox full\tmailbox_full\n");
	run_free(&run);
}

static void test_code(void **state)
{
	(void)state;
	assert_prints(WHYBOUNCE("code", "550"), "550");
	assert_prints(WHYBOUNCE("code", "550 5.1.1"), "5.1.1");
	assert_prints(WHYBOUNCE("code", "550-5.1.1", "#4.4.7"), "4.4.7");
	assert_prints(WHYBOUNCE("code", "mailbox_full"), "The mailbox is full");
	assert_prints(WHYBOUNCE("code", "5.99.9"), "5.99.9");
	assert_refused(WHYBOUNCE("code", "hello"), 1, "hello");
	assert_refused(WHYBOUNCE("code", "5.1.1.1"), 1, "5.1.1.1");
	assert_refused(WHYBOUNCE("code", "999"), 1, "999");
	assert_refused(WHYBOUNCE("code", " "), 1, "no code given");
}

/* On mail servers: tests/integration/test_doctor.py. */
static void test_doctor(void **state)
{
	char *directory = make_directory();
	char *broken = write_file(directory, "w.yaml", SPAN("modus: explain\n"));
	char *away = write_file(directory, "away.yaml", SPAN("socket: local:/nonexistent/w.sock\n"));
	struct run run = WHYBOUNCE("doctor", "-c", broken);

	(void)state;
	assert_int_equal(run.status, 1);
	assert_true(holds(run.out, "wrong  The configuration is broken: "));
	assert_true(holds(run.out, "w.yaml:1: "));
	run_free(&run);
	assert_refused(WHYBOUNCE("doctor", "-c", away, "--test", "anna"), 1, "is no address");
	assert_refused(WHYBOUNCE("doctor", "-c", away, "--test", "anna@example.org"), 1,
		       "local:/nonexistent/w.sock: No such file or directory");
	assert_refused(WHYBOUNCE("doctor", "somewhere"), 2, "too many arguments");
	free(away);
	free(broken);
	remove_tree(directory);
}

/* Is one of the lines exactly this? Takes the lines before it off *rest. */
static bool skip_to_line(struct span *rest, const char *wanted)
{
	struct span line;

	while (span_next_line(rest, &line))
		if (span_eq(line, span_str(wanted)))
			return true;
	return false;
}

/* Headings that others rely on stand on lines of their own, in this order, and
 * nothing is left in English. */
static void test_compare_in_every_language(void **state)
{
	static const char *const headings[][7] = {
		{ "id", "Deskripsi", "Ketika Anda Melihatnya", "Cara Memperbaiki",
		  "Perbedaan Utama", "Kapan Menggunakan Yang Mana", "Pelajari Lebih Lanjut" },
		{ "vi", "Mô tả", "Khi bạn thấy mã này", "Cách khắc phục",
		  "Sự khác biệt chính", "Khi nào dùng cái nào", "Tìm hiểu thêm" },
		{ "de", "Beschreibung", "Wann Sie es sehen", "Wie man es behebt",
		  "Wesentliche Unterschiede", "Wann welchen verwenden", "" },
		{ "th", "คำอธิบาย", "เมื่อคุณพบเห็น", "วิธีแก้ไข",
		  "ความแตกต่างหลัก", "ควรใช้อันไหนเมื่อไร", "" },
		{ "tr", "Açıklama", "Gördüğünüzde", "Nasıl Düzeltilir",
		  "Temel Farklar", "Hangisini Ne Zaman Kullanmalı", "Daha Fazla Öğren" },
	};
	struct run english = WHYBOUNCE("compare", "214", "554", "-l", "en");

	(void)state;
	for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
		struct run run = WHYBOUNCE("compare", "214", "554", "-l", headings[i][0]);
		struct span rest = run.out, line;

		assert_int_equal(run.status, 0);
		for (size_t j = 1; j < 7 && headings[i][j][0] != '\0'; j++)
			if (!skip_to_line(&rest, headings[i][j]))
				fail_msg("%s: no heading \"%s\"", headings[i][0], headings[i][j]);
		for (rest = english.out; span_next_line(&rest, &line);)
			if (line.n != 0 && span_find(run.out, 0, line) < run.out.n)
				fail_msg("%s: left in English: %.*s", headings[i][0], SPAN_FMT(line));
		run_free(&run);
	}
	run_free(&english);
}

static void test_compare(void **state)
{
	(void)state;
	assert_prints(WHYBOUNCE("compare", "550", "550"), "550");
	assert_prints(WHYBOUNCE("compare", "550", "5.99.9"), "5.99.9");
	assert_refused(WHYBOUNCE("compare", "550", "nonsense"), 1, "nonsense");
	assert_refused(WHYBOUNCE("compare", "550", "mailbox_full"), 1, "only codes can be compared");
}

static void test_full_disk(void **state)
{
	char command[600];

	(void)state;
	snprintf(command, sizeof(command), "%s code 550 >/dev/full", program);
	assert_refused(run_program((const char *const[]){ "sh", "-c", command, NULL }, SPAN("")),
		       1, "cannot write the output");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_files_that_are_no_message),
		cmocka_unit_test(test_file_that_may_not_be_read),
		cmocka_unit_test(test_larger_than_the_limit),
		cmocka_unit_test(test_what_is_no_bounce),
		cmocka_unit_test(test_configuration_and_language),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_enrich_keeps_the_mbox_line),
		cmocka_unit_test(test_diagnose),
		cmocka_unit_test(test_diagnose_replies),
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_compare_in_every_language),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_doctor),
		cmocka_unit_test(test_full_disk),
	};
	const char *build = getenv("WHYBOUNCE_BUILD");

	snprintf(program, sizeof(program), "%s/whybounce", build != NULL ? build : "build");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
