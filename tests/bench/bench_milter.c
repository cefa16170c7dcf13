/* bench_milter - bounces per second through whybounced, as a ratio to a milter
 * that sends every body back as it came, measured in turns in the same run.
 *
 *   bench_milter [PAIRS]              of each kind; 21 where none are given
 *   bench_milter PAIRS KB new|reused CONNECTIONS       of this kind alone
 *   bench_milter soak N               N bounces: does memory grow, or descriptors?
 *   bench_milter echo PATH            be that other milter, on a unix socket
 *   bench_milter accept PATH          be one that accepts at MAIL FROM */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "baseline.h"
#include "milter_client.h"
#include "subjects.h"

enum { SECONDS_TENTHS = 4, MOST_CONNECTIONS = 16, PAIRS = 21, MOST_PAIRS = 99,
	FIRST_GUESS = 60 };

static const char fields[] =
	"Date: Mon, 23 Nov 2026 09:53:49 +0000 (UTC)\0"
	"From: Mail Delivery System <MAILER-DAEMON@mail.example.org>\0"
	"Subject: Undelivered Mail Returned to Sender\0"
	"To: anna@example.org\0"
	"Auto-Submitted: auto-replied\0"
	"MIME-Version: 1.0\0"
	"Content-Type: multipart/report; report-type=delivery-status;\n"
	"\tboundary=\"BC3B4A8A297.1795427629/mail.example.org\"\0"
	"Content-Transfer-Encoding: 8bit\0"
	"Message-Id: <20261123095349.C15F3A8A299@mail.example.org>\0";

#define BOUNDARY "--BC3B4A8A297.1795427629/mail.example.org"

static const char before[] =
	"This is a MIME-encapsulated message.\r\n\r\n"
	BOUNDARY "\r\n"
	"Content-Description: Notification\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
	"This is the mail system at host mail.example.org.\r\n\r\n"
	"I'm sorry to have to inform you that your message could not\r\n"
	"be delivered to one or more recipients. It's attached below.\r\n\r\n"
	"For further assistance, please send mail to postmaster.\r\n\r\n"
	"If you do so, please include this problem report. You can\r\n"
	"delete your own text from the attached returned message.\r\n\r\n"
	"                   The mail system\r\n\r\n"
	"<kim@example.net>: host mx.example.net[192.0.2.25] said: %1$s\r\n"
	"    (in reply to RCPT TO command)\r\n\r\n"
	BOUNDARY "\r\n"
	"Content-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n"
	"Reporting-MTA: dns; mail.example.org\r\nX-Postfix-Queue-ID: BC3B4A8A297\r\n"
	"X-Postfix-Sender: rfc822; anna@example.org\r\n"
	"Arrival-Date: Mon, 23 Nov 2026 09:53:49 +0000 (UTC)\r\n\r\n"
	"Final-Recipient: rfc822; kim@example.net\r\n"
	"Original-Recipient: rfc822;kim@example.net\r\nAction: failed\r\nStatus: %2$s\r\n"
	"Remote-MTA: dns; mx.example.net\r\n"
	"Diagnostic-Code: smtp; %1$s\r\n\r\n"
	BOUNDARY "\r\n"
	"Content-Description: Undelivered Message\r\nContent-Type: message/rfc822\r\n\r\n"
	"From: Anna <anna@example.org>\r\nTo: Kim <kim@example.net>\r\nSubject: Lunch\r\n"
	"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n"
	"Accept-Language: %3$s\r\n\r\n";
static const char after[] = "\r\n" BOUNDARY "--\r\n";

struct bounce {
	size_t size;			/* of its body */
	const char *status, *reply, *language;
};

#define USER_UNKNOWN "5.1.1", "550 5.1.1 <kim@example.net>: Recipient address\r\n" \
	"    rejected: User unknown in virtual mailbox table", "en"

static struct span make_body(const struct bounce *bounce)
{
	char *body = malloc(bounce->size + 128);
	size_t end = sizeof(after) - 1, n;

	if (body == NULL)
		exit(EXIT_FAILURE);
	n = (size_t)snprintf(body, bounce->size, before, bounce->reply, bounce->status,
			     bounce->language);
	if (n + end >= bounce->size)
		exit(EXIT_FAILURE);
	for (size_t line = 0; n + end < bounce->size; line++)
		n += (size_t)snprintf(body + n, 100, "Line %06zu of a message that nobody took.\r\n",
				      line);
	memcpy(body + n, after, sizeof(after));
	return (struct span){ body, n + end };
}

/* ---- one run ---- */

struct run {
	const char *socket;
	struct span body;
	bool reuse, explained;	/* explained: each must come out so */
	long messages;		/* of one connection */
	atomic_long good, bad;
};

static void *drive(void *context)
{
	struct run *run = context;
	struct milter_client *client = malloc(sizeof(*client));
	bool open = false;

	for (long i = 0; client != NULL && i < run->messages; i++) {
		struct milter_answer answer = { .verdict = 0 };

		open = open || milter_connect(client, run->socket) == 0;
		if (open)
			answer = milter_deliver(client, fields, run->body);
		if (answer.verdict == 'c' && answer.body != 0 && (answer.marked || !run->explained))
			run->good++;
		else
			run->bad++;
		if (open && (!run->reuse || answer.verdict == 0)) {
			milter_close(client);
			open = false;
		}
	}
	if (open)
		milter_close(client);
	free(client);
	return NULL;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Messages per second. */
static double measure(struct run *run, long connections)
{
	pthread_t threads[MOST_CONNECTIONS];
	double start = now();

	for (long i = 0; i < connections; i++)
		if (pthread_create(&threads[i], NULL, drive, run) != 0)
			exit(EXIT_FAILURE);
	for (long i = 0; i < connections; i++)
		pthread_join(threads[i], NULL);
	return (double)run->messages * (double)connections / (now() - start);
}

/* ---- pairs ---- */

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quartile(double *list, size_t n, size_t quarter)
{
	qsort(list, n, sizeof(*list), ascending);
	return list[(n - 1) * quarter / 4];
}

struct kind {
	size_t size;
	long connections;
	bool reuse;
};

/* Saved round trips pay for the work; a long body goes through two processes. */
static double target_of(const struct kind *kind)
{
	return kind->size < 32 * 1024 ? 1.0 : 0.9;
}

struct figures {
	double rate[MOST_PAIRS];	/* of whybounced, bounces per second */
	double ratio[MOST_PAIRS];	/* to the echo before and behind it */
	double self[MOST_PAIRS];	/* of the echo behind to the echo before */
	double echo_us, us;		/* of the processor, for one bounce */
};

static bool print_row(const struct kind *kind, struct figures *f, size_t n)
{
	double median = quartile(f->ratio, n, 2);
	bool reached = median >= target_of(kind);

	printf("%4zu KB  %-6s %2ld %7.0f/s   %.2f (%.2f to %.2f)   %.2f (%.2f to %.2f)   "
	       "%4.0f %4.0f   %s\n", kind->size / 1000, kind->reuse ? "reused" : "new",
	       kind->connections, quartile(f->rate, n, 2), median, quartile(f->ratio, n, 1),
	       quartile(f->ratio, n, 3), quartile(f->self, n, 2), quartile(f->self, n, 1),
	       quartile(f->self, n, 3), f->us, f->echo_us, reached ? "reached" : "BELOW");
	fflush(stdout);
	return reached;
}

/* Echo, whybounced and echo again, so that what else the machine does meets both.
 * Returns how many bounces came out wrong. */
static long compare(const struct subjects *subjects, const struct kind *kind, size_t pairs,
		    struct figures *f)
{
	struct run echo = { .socket = subjects->echo, .reuse = kind->reuse };
	struct run ours = { .socket = subjects->whybounced, .reuse = kind->reuse, .explained = true };

	echo.body = ours.body = make_body(&(struct bounce){ kind->size, USER_UNKNOWN });
	echo.messages = FIRST_GUESS;
	echo.messages = (long)(measure(&echo, kind->connections) * SECONDS_TENTHS / 10 /
			       (double)kind->connections) + 1;
	ours.messages = echo.messages;
	measure(&ours, kind->connections);
	f->echo_us = -subjects_seconds_echo(subjects);
	f->us = -subjects_seconds_whybounced(subjects);
	for (size_t i = 0; i < pairs; i++) {
		double first = measure(&echo, kind->connections), second;

		f->rate[i] = measure(&ours, kind->connections);
		second = measure(&echo, kind->connections);
		f->self[i] = second / first;
		f->ratio[i] = 2 * f->rate[i] / (first + second);
	}
	f->echo_us += subjects_seconds_echo(subjects);
	f->us += subjects_seconds_whybounced(subjects);
	f->us *= 1e6 / (double)(pairs * (size_t)(ours.messages * kind->connections));
	f->echo_us *= 1e6 / (double)(2 * pairs * (size_t)(ours.messages * kind->connections));
	free((char *)(uintptr_t)echo.body.p);
	return echo.bad + ours.bad;
}

static void print_heading(size_t pairs)
{
	printf("Bounces per second through whybounced; their ratio to a milter that echoes the body,\n"
	       "and the ratio of that milter to itself, as median of %zu and quartiles; microseconds\n"
	       "of the processor that whybounced and the echo take for a bounce. Targets of the\n"
	       "ratio: 1.00 at 4 KB, 0.90 at 100 KB.\n", pairs);
}

static int compare_kinds(const struct subjects *subjects, const struct kind *kinds, size_t n,
			 size_t pairs)
{
	struct figures figures;
	size_t reached = 0;
	long bad = 0;

	print_heading(pairs);
	for (size_t i = 0; i < n; i++) {
		bad += compare(subjects, &kinds[i], pairs, &figures);
		reached += print_row(&kinds[i], &figures, pairs);
	}
	printf("%zu of %zu reach the target; %ld bounces came out wrong\n", reached, n, bad);
	return bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int compare_all(const struct subjects *subjects, size_t pairs)
{
	static const struct kind kinds[] = {
		{ 4000, 1, false }, { 4000, 4, false }, { 4000, 16, false },
		{ 4000, 1, true }, { 4000, 4, true }, { 4000, 16, true },
		{ 100000, 1, false }, { 100000, 4, false }, { 100000, 16, false },
		{ 100000, 1, true }, { 100000, 4, true }, { 100000, 16, true },
	};

	return compare_kinds(subjects, kinds, sizeof(kinds) / sizeof(kinds[0]), pairs);
}

static int compare_one(const struct subjects *subjects, char **words, size_t pairs)
{
	struct kind kind = {
		.size = (size_t)atol(words[0]) * 1000, .reuse = strcmp(words[1], "reused") == 0,
		.connections = atol(words[2]),
	};

	if (kind.size == 0 || kind.connections < 1 || kind.connections > MOST_CONNECTIONS) {
		fprintf(stderr, "bench_milter PAIRS KB new|reused CONNECTIONS\n");
		return EXIT_FAILURE;
	}
	return compare_kinds(subjects, &kind, 1, pairs);
}

/* ---- soak ---- */

static const struct bounce mixture[] = {
	{ 4000, USER_UNKNOWN },
	{ 4000, "5.2.2", "552 5.2.2 <kim@example.net>: Mailbox full", "de" },
	{ 4000, "5.7.26", "550 5.7.26 This mail has been blocked because the sender is\r\n"
	  "    unauthenticated. Gmail requires all senders to authenticate with SPF or DKIM.", "vi" },
	{ 4000, "5.7.1", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked\r\n"
	  "    using zen.spamhaus.org", "th" },
	{ 4000, "5.0.0", "554 Message refused", "tr" },
	{ 30000, "5.7.1", "550 5.7.1 Message rejected as spam by Content Filtering.", "id" },
	{ 100000, "5.3.4", "552 5.3.4 Message size exceeds fixed limit", "en" },
};

enum { MIXTURE = sizeof(mixture) / sizeof(mixture[0]), SOAK_CONNECTIONS = 4, SOAK_STEPS = 20,
	SOAK_FIRST = 10000 };

/* By how much more was used than after the first bounces, at the worst time. */
struct growth {
	double percent;		/* resident memory of all processes together */
	long kib, descriptors;	/* of any one of them */
	bool replaced;		/* one took another's place */
};

static size_t resident_kib(const struct usage *usage)
{
	size_t kib = 0;

	for (size_t i = 0; i < usage->n; i++)
		kib += usage->processes[i].resident_kib;
	return kib;
}

static long greater(long a, size_t now, size_t then)
{
	long more = (long)now - (long)then;

	return more > a ? more : a;
}

static void grow(struct growth *growth, const struct usage *first, const struct usage *usage)
{
	double percent = 100.0 * ((double)resident_kib(usage) / (double)resident_kib(first) - 1);

	growth->percent = percent > growth->percent ? percent : growth->percent;
	growth->replaced |= usage->n != first->n;
	for (size_t i = 0; i < usage->n && !growth->replaced; i++) {
		const struct process_usage *now = &usage->processes[i], *then = &first->processes[i];

		growth->replaced |= now->pid != then->pid;
		growth->kib = greater(growth->kib, now->resident_kib, then->resident_kib);
		growth->descriptors = greater(growth->descriptors, now->descriptors,
					      then->descriptors);
	}
}

static void soak_some(struct run *run, const struct span *bodies, long n)
{
	run->messages = n / MIXTURE / SOAK_CONNECTIONS + 1;
	for (size_t i = 0; i < MIXTURE; i++) {
		run->body = bodies[i];
		measure(run, SOAK_CONNECTIONS);
	}
}

static void print_usage(long n, const struct usage *usage, const struct growth *growth)
{
	size_t descriptors = 0;

	for (size_t i = 0; i < usage->n; i++)
		descriptors += usage->processes[i].descriptors;
	printf("%7ld bounces: %6zu KiB resident in %zu processes, %zu descriptors; grown by "
	       "%.1f %%, one process by %ld KiB, %ld\n", n, resident_kib(usage), usage->n,
	       descriptors, growth->percent, growth->kib, growth->descriptors);
	fflush(stdout);
}

/* 5 % of all memory. What one process keeps for the most bounces that it ever held at
 * once is found late; a leak of a few bytes per bounce is more. Connections that are
 * just being closed count as descriptors. */
static int judge(const struct run *run, const struct growth *growth)
{
	bool flat = growth->percent <= 5 && growth->kib <= 2048 &&
		growth->descriptors <= SOAK_CONNECTIONS && !growth->replaced;

	printf("%ld explained, %ld not; memory and descriptors: %s\n", run->good, run->bad,
	       flat ? "flat" : growth->replaced ? "A PROCESS WAS REPLACED" : "THEY GROW");
	return flat && run->bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int soak(const struct subjects *subjects, long total)
{
	struct run run = { .socket = subjects->whybounced, .explained = true };
	struct span bodies[MIXTURE];
	struct growth growth = { 0 };
	struct usage first, usage;

	for (size_t i = 0; i < MIXTURE; i++)
		bodies[i] = make_body(&mixture[i]);
	soak_some(&run, bodies, SOAK_FIRST);
	first = subjects_usage(subjects);
	print_usage(run.good, &first, &growth);
	for (int step = 0; step < SOAK_STEPS; step++) {
		run.reuse = !run.reuse;
		soak_some(&run, bodies, total / SOAK_STEPS);
		usage = subjects_usage(subjects);
		grow(&growth, &first, &usage);
		print_usage(run.good, &usage, &growth);
	}
	for (size_t i = 0; i < MIXTURE; i++)
		free((char *)(uintptr_t)bodies[i].p);
	return judge(&run, &growth);
}

int main(int argc, char **argv)
{
	struct subjects subjects;
	long given = argc > 1 ? atol(argv[1]) : PAIRS;
	size_t pairs = (size_t)(given > 0 && given < MOST_PAIRS ? given : PAIRS);
	int status;

	if (argc == 3 && strcmp(argv[1], "echo") == 0)
		return baseline_run(BASELINE_ECHO, argv[2]);
	if (argc == 3 && strcmp(argv[1], "accept") == 0)
		return baseline_run(BASELINE_ACCEPT, argv[2]);
	if (subjects_start(&subjects) != 0)
		return EXIT_FAILURE;
	if (argc == 3 && strcmp(argv[1], "soak") == 0)
		status = soak(&subjects, atol(argv[2]));
	else if (argc == 5)
		status = compare_one(&subjects, argv + 2, pairs);
	else
		status = compare_all(&subjects, pairs);
	subjects_stop(&subjects);
	return status;
}
