/* What the DNS checks of one bounce cost: SPF, DKIM with a key of 2048 bits, DMARC
 * and MX, each answer in the resolver's cache. Beside it the same bounce without
 * them, and the DKIM signature alone. CPU time of the whole process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/enrich.h"
#include "dns_server.h"

enum { ROUNDS = 1000, WARM = 20, MAX_FILE = 64 * 1024 };

static const char settings[] = "local_domains: [example.org]\noutbound_addresses: [192.0.2.1]\n";
static const char before[] =
	"From: MAILER-DAEMON@mail.example.org\r\nTo: anna@example.org\r\n"
	"Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
	"--b\r\n\r\nYour message could not be delivered.\r\n"
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
	"Reporting-MTA: dns; mail.example.org\r\n\r\n"
	"Final-Recipient: rfc822; bob@example.net\r\nAction: failed\r\nStatus: 5.0.0\r\n"
	"Diagnostic-Code: smtp; 550 cannot say why\r\n\r\n"
	"--b\r\nContent-Type: message/rfc822\r\n\r\n";
static const char after[] = "\r\n--b--\r\n";

static void fail(const char *what)
{
	fprintf(stderr, "bench_probe: %s\n", what);
	exit(EXIT_FAILURE);
}

static size_t read_file(const char *path, char *bytes)
{
	FILE *file = fopen(path, "re");
	size_t n = file != NULL ? fread(bytes, 1, MAX_FILE - 1, file) : 0;

	if (n == 0)
		fail(path);
	fclose(file);
	bytes[n] = '\0';
	return n;
}

static struct span make_bounce(void)
{
	static char message[MAX_FILE], bounce[2 * MAX_FILE];

	read_file("tests/dkim/rsa-relaxed-relaxed.eml", message);
	snprintf(bounce, sizeof(bounce), "%s%s%s", before, message, after);
	return span_str(bounce);
}

/* The first row of the file is the key that signed it. */
static const char *public_key(void)
{
	static char keys[MAX_FILE];
	char *tab;

	read_file("tests/dkim/keys.tsv", keys);
	tab = strchr(keys, '\t');
	if (tab == NULL)
		fail("keys.tsv");
	*strchr(tab, '\n') = '\0';
	return tab + 1;
}

static struct snapshot *load(const char *server)
{
	char path[] = "/tmp/whybounce-bench-XXXXXX";
	struct error error;
	int fd = mkstemp(path);
	struct snapshot *snapshot;

	if (fd < 0 || write(fd, settings, strlen(settings)) < 0)
		fail("no file in /tmp");
	close(fd);
	snapshot = snapshot_load(path, "en", SNAPSHOT_RULES, &error);
	unlink(path);
	if (snapshot == NULL || snapshot_open_dns(snapshot, server, 1, &error) != 0)
		fail(error.text);
	return snapshot;
}

/* Microseconds of CPU per bounce. */
static double measure(const struct snapshot *snapshot, struct span bounce, int rounds)
{
	const struct enrich_request request = { .message = bounce };
	struct enrich_result result;
	struct timespec from, to;
	struct arena arena;

	arena_init(&arena, ENRICH_ARENA);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (int i = 0; i < rounds; i++) {
		enrich(snapshot, &arena, &request, &result);
		if (result.outcome != OUTCOME_EXPLAINED)
			fail(result.reason);
		arena_clear(&arena);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	arena_release(&arena);
	return ((double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3) /
		rounds;
}

int main(void)
{
	const struct dns_row rows[] = {
		{ .name = "example.org", .type = DNS_TXT,
		  .data = "v=spf1 a mx include:_spf.example.org ip4:192.0.2.1 -all" },
		{ .name = "_spf.example.org", .type = DNS_TXT, .data = "v=spf1 ip4:198.51.100.0/24 -all" },
		{ .name = "example.org", .type = DNS_A, .data = "192.0.2.80" },
		{ .name = "example.org", .type = DNS_MX, .data = "10 mx.example.org" },
		{ .name = "example.net", .type = DNS_MX, .data = "10 mx.example.org" },
		{ .name = "mx.example.org", .type = DNS_A, .data = "192.0.2.25" },
		{ .name = "_dmarc.example.org", .type = DNS_TXT, .data = "v=DMARC1; p=reject" },
		{ .name = "rsa._domainkey.example.org", .type = DNS_TXT, .data = public_key() },
	};
	struct span bounce = make_bounce();
	struct dns_server server;
	struct snapshot *snapshot;
	struct prober *prober;
	double with, without;

	dns_server_start(&server, rows, sizeof(rows) / sizeof(rows[0]));
	snapshot = load(server.address);
	measure(snapshot, bounce, WARM);
	with = measure(snapshot, bounce, ROUNDS);
	prober = snapshot->prober;
	snapshot->prober = NULL;
	without = measure(snapshot, bounce, ROUNDS);
	snapshot->prober = prober;
	printf("a 550 bounce: %.0f us of CPU; with SPF, DKIM (2048 bits), DMARC, MX and reverse "
	       "DNS, cached: %.0f us; the checks: %.0f us, %.1f of the bounce itself\n",
	       without, with, with - without, (with - without) / without);
	snapshot_free(snapshot);
	dns_server_stop(&server);
	return 0;
}
