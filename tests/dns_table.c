#include "dns_table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "probe/address.h"

static bool is_below(const char *name, const char *above)
{
	size_t n = strlen(name), m = strlen(above);

	return n > m && name[n - m - 1] == '.' && strcmp(name + n - m, above) == 0;
}

static const char *target_of(const struct dns_table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->rows[i].type == DNS_CNAME && strcmp(table->rows[i].name, name) == 0)
			return table->rows[i].data;
	return NULL;
}

static const struct dns_row *fault_of(const struct dns_table *table, const char *name,
				      enum dns_type type)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct dns_row *row = &table->rows[i];

		if ((row->fault != NULL || row->delay_ms != 0) && strcmp(row->name, name) == 0 &&
		    (row->type == (int)type || row->type == DNS_ANY))
			return row;
	}
	return NULL;
}

/* Sleeps until the answer or the deadline; false at the deadline. */
static bool wait_for(unsigned delay_ms, int64_t deadline_ms)
{
	int64_t left = deadline_ms - dns_now_ms();
	int64_t ms = (int64_t)delay_ms < left ? (int64_t)delay_ms : left;
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	if (ms > 0)
		nanosleep(&t, NULL);
	return (int64_t)delay_ms < left;
}

static struct span address_data(struct arena *arena, const char *text)
{
	struct ip ip;

	if (ip_parse(span_str(text), &ip) != 0)
		abort();
	return arena_copy(arena, (struct span){ (const char *)ip.bytes, ip.bits / 8 });
}

static struct dns_record record_of(struct arena *arena, const struct dns_row *row)
{
	char *rest = NULL;

	switch (row->type) {
	case DNS_A:
	case DNS_AAAA:
		return (struct dns_record){ .data = address_data(arena, row->data) };
	case DNS_MX: {
		unsigned preference = (unsigned)strtoul(row->data, &rest, 10);
		struct span name = span_trim(span_str(rest));

		return (struct dns_record){ span_is(name, ".") ? SPAN("") : name, preference };
	}
	default:
		return (struct dns_record){ .data = row->data_n > 0 ?
			(struct span){ row->data, row->data_n } : span_str(row->data) };
	}
}

static void collect(const struct dns_table *table, struct arena *arena, const char *name,
		    enum dns_type type, struct dns_answer *answer)
{
	struct dns_record *records = arena_array(arena, DNS_MAX_RECORDS, sizeof(*records));
	bool exists = false;

	for (size_t i = 0; i < table->n && records != NULL; i++) {
		const struct dns_row *row = &table->rows[i];
		bool same = strcmp(row->name, name) == 0;

		exists = exists || same || is_below(row->name, name);
		if (same && row->type == (int)type && row->data != NULL &&
		    answer->n < DNS_MAX_RECORDS)
			records[answer->n++] = record_of(arena, row);
	}
	answer->status = answer->n > 0 ? DNS_FOUND : exists ? DNS_NO_DATA : DNS_NO_NAME;
	answer->records = answer->n > 0 ? records : NULL;
	answer->secure = table->secure;
}

static void query(void *context, struct arena *arena, const char *name, enum dns_type type,
		  int64_t deadline_ms, struct dns_answer *answer_r)
{
	struct dns_table *table = context;
	const struct dns_row *fault;
	const char *target, *asked = name;

	*answer_r = (struct dns_answer){ .status = DNS_TEMPORARY, .reason = "servfail" };
	atomic_fetch_add(&table->queries, 1);
	for (int hops = 0; (target = target_of(table, name)) != NULL; name = target)
		if (++hops > 8)
			return;
	fault = fault_of(table, name, type);
	if (fault != NULL && !wait_for(fault->delay_ms, deadline_ms)) {
		answer_r->reason = "timeout";
	} else if (fault != NULL && fault->fault != NULL) {
		answer_r->reason = fault->fault;
	} else {
		answer_r->reason = NULL;
		collect(table, arena, name, type, answer_r);
		if (name != asked)
			answer_r->alias = span_str(name);
	}
}

static void begin(void *context, const char *name, enum dns_type type)
{
	struct dns_table *table = context;

	(void)name, (void)type;
	atomic_fetch_add(&table->begun, 1);
}

void dns_table_init(struct dns_table *table, const struct dns_row *rows, size_t n)
{
	*table = (struct dns_table){
		.source = { query, begin, table }, .rows = rows, .n = n,
	};
}
