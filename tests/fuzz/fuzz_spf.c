/* Hostile SPF records, through the whole evaluation: the input is a zone. Line 1
 * is the sender, line 2 the HELO name, line 3 the record of example.org, the
 * next ones those of a.example.net, b.example.net, … What other names answer
 * depends on the name alone. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/spf.h"
#include "probe/spf_parse.h"

enum { LINES = 2 + 1 + 26 };

static struct span lines[LINES];
static unsigned queries;

static unsigned hash(const char *name, enum dns_type type)
{
	unsigned h = 2166136261u + (unsigned)type;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h >> 8;
}

static struct dns_record made_up(struct arena *arena, enum dns_type type, unsigned h, unsigned i)
{
	static const char *const names[] = {
		"", ".", "a.example.net", "mail.example.org", "x..y", "B.example.net.",
	};
	static const char addresses[] = "\xc0\x00\x02\x01\xc6\x33\x64\x01\x20\x01\x0d\xb8"
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01";
	size_t n = type == DNS_A ? 4 : 16;

	h += i;
	if (type == DNS_A || type == DNS_AAAA)
		return (struct dns_record){ { addresses + h % (sizeof(addresses) - n), n }, 0 };
	if (type == DNS_TXT)
		return (struct dns_record){ lines[h % LINES], 0 };
	return (struct dns_record){ arena_copy(arena, span_str(names[h % 6])), i };
}

static bool find_line(const char *name, struct span *line_r)
{
	size_t i = strcmp(name, "example.org") == 0 ? 2 :
		name[0] >= 'a' && name[0] <= 'z' && strcmp(name + 1, ".example.net") == 0 ?
		(size_t)(3 + name[0] - 'a') : LINES;

	if (i == LINES)
		return false;
	*line_r = lines[i];
	return true;
}

static void query(void *context, struct arena *arena, const char *name,
		  enum dns_type type, int64_t deadline_ms, struct dns_answer *answer_r)
{
	unsigned h = hash(name, type);

	(void)context, (void)deadline_ms;
	if (++queries > DNS_MAX_QUERIES || strlen(name) > DNS_MAX_NAME)
		abort();
	*answer_r = (struct dns_answer){ .status = DNS_NO_NAME };
	answer_r->records = arena_array(arena, 16, sizeof(*answer_r->records));
	if (answer_r->records == NULL)
		return;
	if (type == DNS_TXT && find_line(name, &answer_r->records[0].data)) {
		answer_r->n = 1;
	} else if (h % 7 == 0) {
		answer_r->status = DNS_TEMPORARY;
		answer_r->reason = "servfail";
	} else {
		answer_r->n = h / 7 % 14;
		for (unsigned i = 0; i < answer_r->n; i++)
			answer_r->records[i] = made_up(arena, type, h, i);
	}
	if (answer_r->n > 0)
		answer_r->status = DNS_FOUND;
}

static void begin(void *context, const char *name, enum dns_type type)
{
	(void)context, (void)type;
	if (strlen(name) > DNS_MAX_NAME)
		abort();
}

static void must(bool right)
{
	if (!right)
		abort();
}

static void judge(struct arena *arena, const struct spf_result *result)
{
	struct span better = spf_with_term(arena, result->record, SPAN("ip4:192.0.2.7"));
	struct span likely = result->likely;
	struct spf_term term;

	must((result->code == SPF_TEMPERROR) == (result->reason != NULL));
	must((result->code == SPF_TEMPERROR) == (result->problem == SPF_DNS));
	must((result->code <= SPF_NONE || result->code == SPF_PERMERROR ||
	      result->code == SPF_TEMPERROR) == (result->problem != SPF_FINE));
	must(result->likely.n == 0 || result->problem == SPF_SYNTAX ||
	     spf_is_record(result->likely));
	must((result->fault != SPF_FAULT_NONE) == (result->problem == SPF_SYNTAX));
	must(result->costs_n <= SPF_MAX_COSTS && result->explanation.n <= SPF_MAX_EXPLANATION);
	for (size_t i = 0; i < result->explanation.n; i++)
		must(result->explanation.p[i] >= ' ' && result->explanation.p[i] < 0x7f);
	must(better.n == 0 || spf_is_record(better));
	while (spf_next_term(&likely, &term))
		must(term.fault == SPF_FAULT_NONE &&
		     (result->problem != SPF_SYNTAX || term.kind != SPF_ALL ||
		      term.qualifier != '+'));
}

static void check(const struct spf_request *request)
{
	static const struct dns_source source = { query, begin, NULL };
	struct spf_result result;
	struct arena arena;
	struct dns dns;

	queries = 0;
	arena_init(&arena, 16 << 20);
	dns_init(&dns, &source, &arena, 600000);
	spf_check(&dns, request, &result);
	must(!arena.failed);
	judge(&arena, &result);
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size };
	struct spf_request request = { .explain = true, .count_all = true };

	memset(lines, 0, sizeof(lines));
	for (size_t i = 0; i < LINES && span_next_line(&rest, &lines[i]); i++)
		;
	request.sender = lines[0];
	request.helo = lines[1];
	ip_parse(SPAN("192.0.2.1"), &request.ip);
	check(&request);
	ip_parse(SPAN("2001:db8::1"), &request.ip);
	check(&request);
	return 0;
}
