/* How fast bounces are read and diagnosed, on one core, from memory: beside one
 * plain read of the same bytes. Then reply lines, and a bounce of 20 MB. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "core/enrich.h"

enum { MAX_BOUNCES = 200, MAX_FILE = 32 * 1024, WANTED = 5 * 1024, LARGE = 20 * 1024 * 1024 };

static struct span bounces[MAX_BOUNCES];
static size_t bounces_n;
static struct span replies[MAX_BOUNCES];
static size_t replies_n;

static void fail(const char *what)
{
	fprintf(stderr, "bench_read: %s\n", what);
	exit(EXIT_FAILURE);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Bounces of about 5 KB, as the rest of a sample's lines make them. */
static void read_sample(const char *directory, const char *name)
{
	char path[512], *bytes = malloc(MAX_FILE);
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "re");
	n = file != NULL ? fread(bytes, 1, MAX_FILE, file) : 0;
	if (n == 0)
		fail(path);
	fclose(file);
	while (n < WANTED)
		n += (size_t)snprintf(bytes + n, MAX_FILE - n, "X-Line: of the returned message, "
				      "%zu bytes from its start\r\n", n);
	if (n < 2 * WANTED)
		bounces[bounces_n++] = (struct span){ bytes, n };
}

static void read_samples(const char *directory)
{
	DIR *d = opendir(directory);
	struct dirent *entry;

	if (d == NULL)
		fail(directory);
	while ((entry = readdir(d)) != NULL && bounces_n < MAX_BOUNCES)
		if (strstr(entry->d_name, ".eml") != NULL)
			read_sample(directory, entry->d_name);
	closedir(d);
}

static void report(const char *what, double seconds, size_t n, size_t bytes)
{
	printf("%-34s %9.0f per second, %7.1f MB/s\n", what, (double)n / seconds,
	       (double)bytes / seconds / 1e6);
}

static size_t diagnose_all(const struct snapshot *snapshot, struct arena *arena, bool keep)
{
	size_t bytes = 0;

	for (size_t i = 0; i < bounces_n; i++) {
		struct reading reading;
		struct error error;

		if (enrich_read(snapshot, arena, bounces[i], &reading, &error) != 0)
			fail(error.text);
		bytes += bounces[i].n;
		if (keep && reading.bounce.n > 0 && reading.bounce.recipients[0].reply.n > 0)
			replies[replies_n++] = (struct span){
				strndup(reading.bounce.recipients[0].reply.p,
					reading.bounce.recipients[0].reply.n),
				reading.bounce.recipients[0].reply.n };
		arena_clear(arena);
	}
	return bytes;
}

static void bench_bounces(const struct snapshot *snapshot, struct arena *arena)
{
	size_t rounds = 20000 / bounces_n + 1, bytes = diagnose_all(snapshot, arena, true);
	volatile unsigned sum = 0;
	double start = now(), plain, read;

	for (size_t r = 0; r < rounds; r++)
		for (size_t i = 0; i < bounces_n; i++)
			for (size_t j = 0; j < bounces[i].n; j++)
				sum += (unsigned char)bounces[i].p[j];
	plain = now() - start;
	report("a plain read of each byte", plain, rounds * bounces_n, rounds * bytes);
	start = now();
	for (size_t r = 0; r < rounds; r++)
		diagnose_all(snapshot, arena, false);
	read = now() - start;
	report("bounces read and diagnosed", read, rounds * bounces_n, rounds * bytes);
	printf("%-34s %9.1f times the plain read\n", "", read / plain);
}

static void bench_replies(const struct snapshot *snapshot, struct arena *arena)
{
	size_t rounds = 200000 / (replies_n + 1) + 1, bytes = 0;
	double start = now();

	for (size_t r = 0; r < rounds; r++)
		for (size_t i = 0; i < replies_n; i++) {
			struct diagnosis diagnosis;

			diagnose_reply(arena, snapshot->knowledge, snapshot->rules, replies[i],
				       &diagnosis);
			bytes += replies[i].n;
			arena_clear(arena);
		}
	report("reply lines", now() - start, rounds * replies_n, bytes);
}

static size_t resident_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (size_t)usage.ru_maxrss;
}

/* The first sample, with a returned message of 20 MB. */
static void bench_large(const struct snapshot *snapshot, struct arena *arena)
{
	char *bytes = malloc(LARGE);
	struct reading reading;
	struct error error;
	size_t n = bounces[0].n, before;
	double start;

	memcpy(bytes, bounces[0].p, n);
	while (n + 80 < LARGE)
		n += (size_t)snprintf(bytes + n, LARGE - n, "line at %zu of a long message\r\n", n);
	before = resident_kib();
	start = now();
	if (enrich_read(snapshot, arena, (struct span){ bytes, n }, &reading, &error) != 0)
		fail(error.text);
	printf("%-34s %9.1f ms, %zu KiB in the arena, %zu KiB more resident\n",
	       "a bounce of 20 MB", (now() - start) * 1e3, arena->used / 1024,
	       resident_kib() - before);
	free(bytes);
}

int main(void)
{
	struct error error;
	struct snapshot *snapshot = snapshot_load("conf/whybounce.yaml", "en", SNAPSHOT_RULES, &error);
	struct arena arena;

	if (snapshot == NULL)
		fail(error.text);
	read_samples("tests/bounces/postfix");
	read_samples("tests/bounces/sendmail");
	read_samples("tests/bounces/exim");
	read_samples("tests/bounces/text");
	arena_init(&arena, ENRICH_ARENA);
	bench_bounces(snapshot, &arena);
	bench_replies(snapshot, &arena);
	bench_large(snapshot, &arena);
	arena_release(&arena);
	snapshot_free(snapshot);
	return 0;
}
