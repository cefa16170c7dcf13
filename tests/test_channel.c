/* A bounce on its way to a worker and back: the front's desk against a thread
 * that plays a worker, well or badly. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "daemon/desk.h"
#include "daemon/job.h"

enum { LONG_MS = 20000, SHORT_MS = 300, SOME = 50 };

#define HEAD "Subject: x\r\n\r\n"
#define BODY "the body of a bounce\r\n"

/* What the player does with the next job. */
enum play { ANSWER, HANG, LEAVE, LIE, TALK_NONSENSE, SAY_TOO_MUCH, SAY_NOTHING };

static struct {
	int ends[2];
	_Atomic(enum play) play;
	atomic_bool go_on, stop;
	atomic_uint taken;
} player;

/* What the last job was. */
struct seen {
	size_t message_n;
	char rcpt[CHANNEL_MAX_RCPT + 1];
	enum origin origin;
	char last;
};
static struct seen seen;
static pthread_mutex_t seen_mutex = PTHREAD_MUTEX_INITIALIZER;

static struct seen last_seen(void)
{
	struct seen copy;

	pthread_mutex_lock(&seen_mutex);
	copy = seen;
	pthread_mutex_unlock(&seen_mutex);
	return copy;
}

static void play_answer(struct line *line, struct job *job, struct arena *arena)
{
	struct enrich_result result = { .outcome = OUTCOME_EXPLAINED, .causes = "spam",
					.language = "de", .recipients = 1 };
	size_t body = job->request.message.n - strlen(HEAD);

	result.edits.body_n = 1;
	result.edits.body[0] = (struct splice){ 4, 4, SPAN("text") };
	result.edits.headers_n = 1;
	result.edits.headers[0] = (struct header_edit){ HEADER_ADD, SPAN("X-Whybounce"),
							SPAN("1"), 1 };
	if (player.play == LIE)
		result.edits.body[0].at = body;
	if (player.play == TALK_NONSENSE)
		result.edits.headers[0].name = SPAN("Received");
	job_answer(line, job, arena, &result);
}

static void note_job(const struct job *job)
{
	const struct enrich_request *request = &job->request;

	pthread_mutex_lock(&seen_mutex);
	seen.message_n = request->message.n;
	seen.last = request->message.p[request->message.n - 1];
	snprintf(seen.rcpt, sizeof(seen.rcpt), "%.*s", SPAN_FMT(request->rcpt));
	seen.origin = request->origin;
	pthread_mutex_unlock(&seen_mutex);
	player.taken++;
}

static void *play(void *context)
{
	struct line *line = context;
	struct arena arena;
	struct job job;
	int rc;

	arena_init(&arena, 4 * (size_t)WIRE_MAX);
	while (!player.stop && (rc = job_wait(line)) >= 0) {
		const size_t too_much = WIRE_MAX, nothing = 0;

		if (rc == 0 || job_take(line, &job) == 0)
			continue;
		note_job(&job);
		while (player.play == HANG && !player.go_on)
			poll(NULL, 0, 1);
		if (player.play == LEAVE)
			break;
		if (player.play == SAY_TOO_MUCH)
			send(line->socket, &too_much, sizeof(too_much), 0);
		else if (player.play == SAY_NOTHING)
			send(line->socket, &nothing, sizeof(nothing), 0);
		else
			play_answer(line, &job, &arena);
		arena_clear(&arena);
	}
	arena_release(&arena);
	line_release(line);
	return NULL;
}

static void start_player(struct line *line, pthread_t *thread, enum play how)
{
	player.play = how;
	player.go_on = player.stop = false;
	player.taken = 0;
	assert_int_equal(line_init(line, player.ends[1]), 0);
	assert_int_equal(pthread_create(thread, NULL, play, line), 0);
}

static void stop_player(pthread_t thread)
{
	player.stop = player.go_on = true;
	pthread_join(thread, NULL);
}

/* What came of it: "" for a good answer, else the name of the trouble. */
static const char *ask(struct span message, unsigned ms)
{
	struct enrich_request request = { .message = message, .rcpt = SPAN("anna@example.org"),
					  .origin = ORIGIN_INBOUND };
	struct enrich_result result;
	enum trouble trouble = TROUBLE_COUNT;
	struct error error = { "" };
	char *answer;
	int rc = desk_explain(&request, strlen(HEAD), ms, &result, &answer, &trouble, &error);

	if (rc == 0) {
		assert_int_equal(result.outcome, OUTCOME_EXPLAINED);
		assert_string_equal(result.causes, "spam");
		assert_true(span_eq(result.edits.body[0].text, SPAN("text")));
	} else {
		assert_true(error.text[0] != '\0');
	}
	free(answer);
	return rc == 0 ? "" : trouble_name(trouble);
}

static void test_an_answer_comes_back(void **state)
{
	struct line line;
	pthread_t thread;

	(void)state;
	start_player(&line, &thread, ANSWER);
	for (int i = 0; i < 100; i++)
		assert_string_equal(ask(SPAN(HEAD BODY), LONG_MS), "");
	assert_int_equal(player.taken, 100);
	assert_string_equal(last_seen().rcpt, "anna@example.org");
	assert_int_equal(last_seen().origin, ORIGIN_INBOUND);
	stop_player(thread);
}

static void test_messages_of_every_size(void **state)
{
	static const size_t sizes[] = { CHANNEL_MESSAGE - 1, CHANNEL_MESSAGE, CHANNEL_MESSAGE + 1,
					3 * CHANNEL_MESSAGE, 20 << 20 };
	struct line line;
	pthread_t thread;

	(void)state;
	start_player(&line, &thread, ANSWER);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *bytes = malloc(sizes[i]);

		assert_non_null(bytes);
		memset(bytes, 'x', sizes[i]);
		bytes[sizes[i] - 1] = (char)('0' + i);
		assert_string_equal(ask((struct span){ bytes, sizes[i] }, LONG_MS), "");
		assert_int_equal(last_seen().message_n, sizes[i]);
		assert_int_equal(last_seen().last, '0' + i);
		free(bytes);
	}
	stop_player(thread);
}

static void test_nobody_is_there(void **state)
{
	(void)state;
	assert_string_equal(ask(SPAN(HEAD BODY), 50), "busy");
}

/* Its late answer is not taken for that of the next job. */
static void test_a_late_answer_is_dropped(void **state)
{
	struct line line;
	pthread_t thread;

	(void)state;
	start_player(&line, &thread, HANG);
	assert_string_equal(ask(SPAN(HEAD BODY), SHORT_MS), "time");
	assert_string_equal(ask(SPAN(HEAD BODY), SHORT_MS), "busy");
	player.play = ANSWER;
	assert_string_equal(ask(SPAN(HEAD BODY), LONG_MS), "");
	assert_int_equal(player.taken, 2);
	stop_player(thread);
}

static void test_a_worker_that_dies_costs_its_bounce(void **state)
{
	struct line line;
	pthread_t thread;

	(void)state;
	start_player(&line, &thread, LEAVE);
	assert_string_equal(ask(SPAN(HEAD BODY), LONG_MS), "worker_died");
	assert_int_equal(player.taken, 1);
	stop_player(thread);
}

static void *explain_some(void *context)
{
	atomic_uint *good = context;

	for (int i = 0; i < SOME; i++) {
		struct enrich_request request = { .message = SPAN(HEAD BODY) };
		struct enrich_result result;
		enum trouble trouble;
		struct error error;
		char *answer;

		*good += desk_explain(&request, strlen(HEAD), LONG_MS, &result, &answer, &trouble,
				      &error) == 0;
		free(answer);
	}
	return NULL;
}

/* A line that is closed before the job was read: another one takes it. */
static void test_a_job_that_nobody_read_is_given_to_another(void **state)
{
	struct line line, other;
	pthread_t thread, asking;
	atomic_uint good = 0;

	(void)state;
	assert_int_equal(line_init(&other, player.ends[1]), 0);
	assert_int_equal(pthread_create(&asking, NULL, explain_some, &good), 0);
	while (job_wait(&other) == 0)
		;
	assert_int_equal(good, 0);	/* the job is there, and not taken */
	line_release(&other);
	start_player(&line, &thread, ANSWER);
	pthread_join(asking, NULL);
	assert_int_equal(good, SOME);
	stop_player(thread);
}

static void test_lies_are_refused(void **state)
{
	static const enum play lies[] = { LIE, TALK_NONSENSE, SAY_TOO_MUCH };
	struct line line;
	pthread_t thread;

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		start_player(&line, &thread, lies[i]);
		assert_string_equal(ask(SPAN(HEAD BODY), LONG_MS), "refused");
		stop_player(thread);
	}
}

/* The next job on the same line is answered again. */
static void test_a_worker_without_memory_says_so(void **state)
{
	struct line line;
	pthread_t thread;

	(void)state;
	start_player(&line, &thread, SAY_NOTHING);
	assert_string_equal(ask(SPAN(HEAD BODY), LONG_MS), "memory");
	player.play = ANSWER;
	assert_string_equal(ask(SPAN(HEAD BODY), LONG_MS), "");
	assert_int_equal(player.taken, 2);
	stop_player(thread);
}

/* A long message comes in memory of its own: here it does not. */
static void test_a_message_that_cannot_be_mapped_is_answered(void **state)
{
	const struct channel_note note = { .message_n = CHANNEL_MESSAGE + 1 };
	int ends[2], descriptors[2];
	size_t n = 1;
	struct line line;
	struct job job;
	char byte;

	(void)state;
	assert_int_equal(channel_socket(ends), 0);
	assert_int_equal(line_init(&line, ends[1]), 0);
	assert_int_equal(job_wait(&line), 0);
	assert_int_equal(channel_receive(ends[0], &byte, 1, descriptors, 0), 1);
	assert_int_equal(channel_send(descriptors[0], &note, sizeof(note), NULL, 0, 0), 0);
	assert_int_equal(job_wait(&line), 1);
	assert_int_equal(job_take(&line, &job), 0);
	assert_int_equal(recv(descriptors[0], &n, sizeof(n), MSG_DONTWAIT), sizeof(n));
	assert_int_equal(n, 0);
	line_release(&line);
	for (size_t i = 0; i < 2; i++) {
		close(descriptors[i]);
		close(ends[i]);
	}
}

/* An offer whose memory could be cut, or is too small, is not taken. */
static void test_bad_offers_are_refused(void **state)
{
	int pair[2], memory = channel_memory(4096), descriptors[2];
	struct line line;
	pthread_t thread;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	descriptors[0] = pair[1];
	descriptors[1] = memory;
	assert_int_equal(channel_send(player.ends[1], "", 1, descriptors, 2, 0), 0);
	assert_int_equal(channel_send(player.ends[1], "", 1, descriptors, 1, 0), 0);
	assert_int_equal(channel_send(player.ends[1], "", 1, NULL, 0, 0), 0);
	start_player(&line, &thread, ANSWER);
	assert_string_equal(ask(SPAN(HEAD BODY), LONG_MS), "");
	stop_player(thread);
	close(pair[0]);
	close(pair[1]);
	close(memory);
}

static void test_many_sessions_share_few_channels(void **state)
{
	enum { PLAYERS = 3, SESSIONS = 8 };
	struct line lines[PLAYERS];
	pthread_t players[PLAYERS], sessions[SESSIONS];
	atomic_uint good = 0;

	(void)state;
	for (size_t i = 0; i < PLAYERS; i++)
		start_player(&lines[i], &players[i], ANSWER);
	for (size_t i = 0; i < SESSIONS; i++)
		assert_int_equal(pthread_create(&sessions[i], NULL, explain_some, &good), 0);
	for (size_t i = 0; i < SESSIONS; i++)
		pthread_join(sessions[i], NULL);
	for (size_t i = 0; i < PLAYERS; i++)
		stop_player(players[i]);
	assert_int_equal(good, SESSIONS * SOME);
}

/* Whatever bytes a worker sends, reading them ends well, one way or the other. */
static void test_any_bytes_may_come(void **state)
{
	struct enrich_result result = { .outcome = OUTCOME_EXPLAINED, .causes = "spam" };
	struct arena arena;
	struct buf out;
	char *bytes;

	(void)state;
	tally_verdict(&result.tally, "spf", "fail");
	result.edits.body_n = 1;
	result.edits.body[0] = (struct splice){ 0, 1, SPAN("text") };
	arena_init(&arena, 4 * (size_t)WIRE_MAX);
	buf_init(&out, &arena, WIRE_MAX);
	wire_write(&out, &result);
	assert_int_equal(wire_read(buf_span(&out), 10, &result), 0);
	assert_string_equal(result.tally.checks[0].verdict, "fail");
	for (size_t i = 0; i < out.n; i++) {
		struct span cut = span_slice(buf_span(&out), 0, i);

		assert_int_equal(wire_read(cut, 10, &result), -1);
		bytes = arena_string(&arena, buf_span(&out));
		for (int value = 0; value < 256; value += 51) {
			bytes[i] = (char)value;
			wire_read((struct span){ bytes, out.n }, 10, &result);
			assert_true(result.tally.kinds_n <= TALLY_KINDS);
		}
	}
	arena_release(&arena);
}

static int open_desk(void **state)
{
	(void)state;
	log_open(LOG_TO_SYSLOG, "whybounce-test");	/* refusals are logged, not shown */
	assert_int_equal(channel_socket(player.ends), 0);
	return desk_open(player.ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_comes_back),
		cmocka_unit_test(test_messages_of_every_size),
		cmocka_unit_test(test_nobody_is_there),
		cmocka_unit_test(test_a_late_answer_is_dropped),
		cmocka_unit_test(test_a_worker_that_dies_costs_its_bounce),
		cmocka_unit_test(test_a_job_that_nobody_read_is_given_to_another),
		cmocka_unit_test(test_lies_are_refused),
		cmocka_unit_test(test_a_worker_without_memory_says_so),
		cmocka_unit_test(test_a_message_that_cannot_be_mapped_is_answered),
		cmocka_unit_test(test_bad_offers_are_refused),
		cmocka_unit_test(test_many_sessions_share_few_channels),
		cmocka_unit_test(test_any_bytes_may_come),
	};

	return cmocka_run_group_tests(tests, open_desk, NULL);
}
