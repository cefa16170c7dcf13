#include "probe/dns.h"

#include <string.h>
#include <time.h>

#include "probe/idna.h"

struct dns_known {
	struct dns_known *next;
	const char *name;
	enum dns_type type;
	struct dns_answer answer;
};

int64_t dns_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void dns_init(struct dns *dns, const struct dns_source *source,
	      struct arena *arena, unsigned timeout_ms)
{
	*dns = (struct dns){
		.source = source, .arena = arena,
		.deadline_ms = dns_now_ms() + (int64_t)timeout_ms,
		.left = DNS_MAX_QUERIES, .left_ahead = DNS_MAX_QUERIES,
		.bytes_left = DNS_MAX_BYTES,
	};
}

static struct span without_last_dot(struct span name)
{
	return name.n > 0 && name.p[name.n - 1] == '.' ? span_slice(name, 0, name.n - 1) : name;
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

bool dns_name_is_below(struct span name, struct span domain)
{
	return domain.n != 0 && name.n > domain.n && name.p[name.n - domain.n - 1] == '.' &&
		span_ieq(span_from(name, name.n - domain.n), domain);
}

bool dns_name_is_within(struct span name, struct span domain)
{
	return domain.n != 0 && (span_ieq(name, domain) || dns_name_is_below(name, domain));
}

bool dns_name_is_valid(struct span name)
{
	size_t label = 0;

	name = without_last_dot(name);
	if (name.n == 0 || name.n > DNS_MAX_NAME)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (is_control(name.p[i]))
			return false;
		if (name.p[i] != '.' && ++label > 63)
			return false;
		if (name.p[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
		}
	}
	return label != 0;
}

/* As sources know it; false where it is no name. */
static bool canonical(struct span name, char text[DNS_MAX_NAME + 1])
{
	char ascii[IDNA_MAX];

	name = idna_ascii(name, ascii);
	if (!dns_name_is_valid(name))
		return false;
	name = without_last_dot(name);
	for (size_t i = 0; i < name.n; i++)
		text[i] = ascii_lower(name.p[i]);
	text[name.n] = '\0';
	return true;
}

static struct dns_known *known(const struct dns *dns, const char *name, enum dns_type type)
{
	struct dns_known *k = dns->known;

	while (k != NULL && (k->type != type || strcmp(k->name, name) != 0))
		k = k->next;
	return k;
}

bool dns_is_known(const struct dns *dns, struct span name, enum dns_type type)
{
	char text[DNS_MAX_NAME + 1];

	return canonical(name, text) && known(dns, text, type) != NULL;
}

static void keep(struct dns *dns, const char *name, enum dns_type type,
		 const struct dns_answer *answer)
{
	struct dns_known *k = arena_alloc(dns->arena, sizeof(*k));
	const char *copy = arena_string(dns->arena, span_str(name));

	if (k == NULL || copy == NULL)
		return;
	*k = (struct dns_known){ dns->known, copy, type, *answer };
	dns->known = k;
}

static const char *refusal(const struct dns *dns)
{
	if (dns->left == 0 || dns->bytes_left == 0 || dns->arena->failed)
		return "limit";
	return dns_now_ms() >= dns->deadline_ms ? "timeout" : NULL;
}

void dns_query(struct dns *dns, struct span name, enum dns_type type,
	       struct dns_answer *answer_r)
{
	char text[DNS_MAX_NAME + 1];
	const struct dns_known *before;
	size_t used = dns->arena->used;

	*answer_r = (struct dns_answer){ .status = DNS_TEMPORARY, .reason = "name" };
	if (!canonical(name, text))
		return;
	before = known(dns, text, type);
	if (before != NULL) {
		*answer_r = before->answer;
		return;
	}
	answer_r->reason = refusal(dns);
	if (answer_r->reason != NULL)
		return;
	dns->left--;
	dns->source->query(dns->source->context, dns->arena, text, type,
			   dns->deadline_ms, answer_r);
	if (dns->arena->failed)
		*answer_r = (struct dns_answer){ .status = DNS_TEMPORARY, .reason = "limit" };
	used = dns->arena->used - used;
	dns->bytes_left -= used < dns->bytes_left ? used : dns->bytes_left;
	keep(dns, text, type, answer_r);
}

void dns_begin(struct dns *dns, struct span name, enum dns_type type)
{
	char text[DNS_MAX_NAME + 1];

	if (dns->source->begin == NULL || dns->left_ahead == 0 || refusal(dns) != NULL ||
	    !canonical(name, text) || known(dns, text, type) != NULL)
		return;
	dns->left_ahead--;
	dns->source->begin(dns->source->context, text, type);
}
