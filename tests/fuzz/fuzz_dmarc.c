/* Hostile DMARC records at every step of a walk: the first line is the author's
 * domain, the second another one, the others are answers in turn: records between
 * tabs, nothing, or '!' for a failure. */
#include <stdint.h>
#include <stdlib.h>

#include "probe/dmarc.h"
#include "probe/idna.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static struct span next_line(struct span *rest)
{
	struct span line = { NULL, 0 };

	span_next_line(rest, &line);
	return line;
}

static void answer(void *context, struct arena *arena, const char *name, enum dns_type type,
		   int64_t deadline_ms, struct dns_answer *answer_r)
{
	struct span line = next_line(context);
	struct dns_record *records = arena_array(arena, DNS_MAX_RECORDS, sizeof(*records));

	(void)name, (void)type, (void)deadline_ms;
	*answer_r = (struct dns_answer){ .status = DNS_NO_NAME, .records = records };
	if (records == NULL || (line.n == 1 && line.p[0] == '!')) {
		*answer_r = (struct dns_answer){ .status = DNS_TEMPORARY, .reason = "servfail" };
		return;
	}
	for (size_t at = 0; at < line.n && answer_r->n < DNS_MAX_RECORDS; ) {
		size_t end = span_find_byte(line, at, '\t');

		records[answer_r->n++].data = span_slice(line, at, end);
		answer_r->status = DNS_FOUND;
		at = end + 1;
	}
}

static void check_record(const struct dmarc_record *record)
{
	check((int)record->found + record->malformed + record->dns_failed <= 1);
	check(span_within(record->term, record->text) || span_is(record->term, "p="));
	check(record->psd == 'y' || record->psd == 'n' || record->psd == 'u');
	check(record->p <= DMARC_POLICY_REJECT && record->sp <= DMARC_POLICY_REJECT &&
	      record->np <= DMARC_POLICY_REJECT);
}

static void parse_alone(struct span text)
{
	struct dmarc_record record;
	bool is = dmarc_parse(text, &record);

	check_record(&record);
	check(record.found != record.malformed && (is || record.malformed));
}

static void mend_alone(struct arena *arena, struct span text)
{
	struct span meant = dmarc_meant(arena, text);
	struct dmarc_record record;

	check(meant.n == 0 || (dmarc_parse(meant, &record) && record.found &&
			       record.term.n == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { (const char *)data, size };
	struct span author = next_line(&input), other = next_line(&input);
	struct dns_source source = { answer, NULL, &input };
	struct dmarc_discovery d;
	struct arena arena;
	struct dns dns;
	char ascii[IDNA_MAX];
	bool known, aligned;
	struct span name;

	parse_alone((struct span){ (const char *)data, size });
	arena_init(&arena, 16 << 20);
	mend_alone(&arena, (struct span){ (const char *)data, size });
	dns_init(&dns, &source, &arena, 60000);
	dmarc_discover(&dns, author, &d);
	check_record(&d.record);
	check(dns.left + DMARC_MAX_WALK + 1 >= DNS_MAX_QUERIES);
	/* A-labels may be longer; what cannot become any stays as it is */
	known = idna_ascii(author, ascii).p == author.p || author.n > DNS_MAX_NAME;
	check(d.organizational.n <= (known ? author.n : DNS_MAX_NAME) &&
	      d.policy <= DMARC_POLICY_REJECT);
	aligned = dmarc_is_aligned(&dns, author, other, false, &known);
	check(known || !aligned || author.n != 0);
	check(!dmarc_is_aligned(&dns, author, other, true, &known) || !known || aligned);
	check(dmarc_unasked(&dns, &d.record, &name).n == 0 || name.n != 0);
	arena_release(&arena);
	return 0;
}
