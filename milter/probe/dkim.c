#include "probe/dkim.h"

#include <opendkim/dkim.h>
#include <stdlib.h>
#include <string.h>

#include "mail/header.h"
#include "probe/dkim_field.h"
#include "probe/dkim_key.h"
#include "probe/dkim_self_test.h"
#include "probe/taglist.h"

enum {
	MEMORY = 8 << 20,	/* of the library for one message, its longest line included */
	CHUNK = 8192,
};

struct dkim_verifier {
	DKIM_LIB *lib;
};

struct signature {
	const struct header *header;
	struct dkim_field field;
	struct dkim_key key;
	struct span base64;	/* of the key */
	struct dkim_signature *out;
	DKIM_SIGINFO *info;	/* NULL: not for the library */
};

struct check {
	struct dns *dns;
	const struct dkim_request *request;
	struct dkim_result *result;
	struct arena memory;	/* the library's; nothing of it is left after the check */
	struct headers headers;
	struct signature list[DKIM_MAX_SIGNATURES];
	size_t n;
	bool withheld;		/* a DKIM-Signature field is kept from the library */
	const struct signature *current;
	DKIM *message;
};

/* ---- the library ---- */

/* Its memory is an arena's: bounded, and no path of errors can leak. */
static void *lend(void *arena, size_t n)
{
	return arena != NULL ? arena_alloc(arena, n) : NULL;
}

static void take_back(void *arena, void *memory)
{
	(void)arena, (void)memory;
}

/* The key was read before; the library gets no more of its record than it needs. */
static DKIM_CBSTAT look_up(DKIM *message, DKIM_SIGINFO *info, u_char *buf, size_t size)
{
	const struct check *c = dkim_get_user_context(message);
	const char *record = arena_printf(c->dns->arena, "k=%s; p=%.*s", c->current->key.type,
					  SPAN_FMT(c->current->base64));

	(void)info;
	if (record == NULL || strlen(record) >= size)
		return DKIM_CBSTAT_ERROR;
	memcpy(buf, record, strlen(record) + 1);
	return DKIM_CBSTAT_CONTINUE;
}

static bool set_up(DKIM_LIB *lib)
{
	unsigned flags = DKIM_LIBFLAGS_DELAYSIGPROC | DKIM_LIBFLAGS_BADSIGHANDLES;

	return dkim_libfeature(lib, DKIM_FEATURE_SHA256) &&
		dkim_libfeature(lib, DKIM_FEATURE_ED25519) &&
		dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags,
			     sizeof(flags)) == DKIM_STAT_OK &&
		dkim_set_key_lookup(lib, look_up) == DKIM_STAT_OK;
}

struct dkim_verifier *dkim_verifier_new(void)
{
	struct dkim_verifier *verifier = calloc(1, sizeof(*verifier));

	if (verifier == NULL)
		return NULL;
	verifier->lib = dkim_init(lend, take_back);
	if (verifier->lib == NULL || !set_up(verifier->lib) || !dkim_self_test(verifier)) {
		dkim_verifier_free(verifier);
		return NULL;
	}
	return verifier;
}

void dkim_verifier_free(struct dkim_verifier *verifier)
{
	if (verifier == NULL)
		return;
	if (verifier->lib != NULL)
		dkim_close(verifier->lib);
	free(verifier);
}

/* ---- what we say ---- */

static void say(struct signature *s, enum dkim_verdict verdict, enum dkim_problem problem)
{
	s->out->verdict = verdict;
	s->out->problem = problem;
}

static enum dkim_verdict verdict_of_key(const struct dkim_key *key)
{
	if (key->problem == DKIM_DNS)
		return DKIM_TEMPERROR;
	/* a kind of key that no RFC has, or one that is too long for us */
	if (key->problem == DKIM_UNSUPPORTED && key->type != NULL)
		return DKIM_UNKNOWN;
	return DKIM_PERMERROR;
}

/* Does a field that every message has lack among the signed ones? Then the header
 * that came back is not the whole one. */
static bool is_trimmed(const struct check *c, const struct signature *s)
{
	static const char *const usual[] = {
		"date", "message-id", "subject", "to", "mime-version", "content-type",
	};

	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (taglist_has_word(s->field.names, usual[i]) &&
		    headers_find(&c->headers, usual[i]) == NULL)
			return true;
	return false;
}

/* The words of OpenSSL tell whether the key could open the signature at all. */
static enum dkim_problem mismatch(DKIM_SIGINFO *info)
{
	static const char *const other[] = {
		"padding", "wrong signature length", "too large", "block type", "octet invalid",
	};
	const char *words = dkim_sig_getsslbuf(info);

	if (words == NULL)
		return DKIM_MISMATCH;
	if (strstr(words, "bad signature") != NULL)
		return DKIM_HEADER_CHANGED;
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		if (strstr(words, other[i]) != NULL)
			return DKIM_OTHER_KEY;
	return DKIM_MISMATCH;
}

static void say_mismatch(const struct check *c, struct signature *s)
{
	enum dkim_problem problem = mismatch(s->info);

	if (problem == DKIM_OTHER_KEY)
		say(s, DKIM_FAIL, problem);
	else
		say(s, is_trimmed(c, s) ? DKIM_UNKNOWN : DKIM_FAIL, problem);
}

static void say_error(const struct check *c, struct signature *s)
{
	switch (dkim_sig_geterror(s->info)) {
	case DKIM_SIGERROR_BADSIG:
		say_mismatch(c, s);
		break;
	case DKIM_SIGERROR_EXPIRED:
		say(s, DKIM_FAIL, DKIM_EXPIRED);
		break;
	case DKIM_SIGERROR_FUTURE:
		say(s, DKIM_FAIL, DKIM_FUTURE);
		break;
	case DKIM_SIGERROR_KEYDECODE:
		say(s, DKIM_PERMERROR, DKIM_KEY_BROKEN);
		s->out->reason = "p";
		break;
	default:
		say(s, DKIM_PERMERROR, DKIM_BROKEN_SIGNATURE);
		break;
	}
}

/* ---- fields and keys ---- */

static void collect(struct check *c)
{
	const struct header *h = headers_find(&c->headers, "DKIM-Signature");

	for (; h != NULL; h = headers_find_next(&c->headers, h)) {
		struct signature *s = &c->list[c->n];

		if (c->n == DKIM_MAX_SIGNATURES) {
			c->result->more++;
			c->withheld = true;
			continue;
		}
		s->header = h;
		s->out = &c->result->signatures[c->n++];
		dkim_field_parse(c->dns->arena, h, &s->field);
		s->out->domain = s->field.domain;
		s->out->selector = s->field.selector;
		s->out->algorithm = s->field.algorithm;
		s->out->reason = s->field.reason;
		say(s, DKIM_PERMERROR, s->field.problem);
		if (s->field.problem == DKIM_FINE)
			dkim_key_begin(c->dns, s->field.domain, s->field.selector);
		else
			c->withheld = true;
	}
	c->result->n = c->n;
}

static bool fits_algorithm(const struct signature *s)
{
	return strncmp(s->field.algorithm, s->key.type, strlen(s->key.type)) == 0;
}

static void find_key(struct check *c, struct signature *s)
{
	dkim_key_find(c->dns, s->field.domain, s->field.selector, &s->key, &s->base64);
	s->out->key_bits = s->key.bits;
	s->out->testing = s->key.testing;
	s->out->no_subdomains = s->key.no_subdomains;
	s->out->reason = s->key.reason;
	s->out->term = s->key.term;
	s->out->alias = s->key.alias;
	if (s->key.problem != DKIM_FINE) {
		say(s, verdict_of_key(&s->key), s->key.problem);
	} else if (!fits_algorithm(s)) {
		say(s, DKIM_FAIL, DKIM_OTHER_KEY);
	} else if (s->key.no_subdomains && s->field.below) {
		say(s, DKIM_PERMERROR, DKIM_BROKEN_SIGNATURE);
		s->out->reason = "i";
		s->out->term = s->key.flags;
	} else if (c->withheld && taglist_has_word(s->field.names, "dkim-signature")) {
		say(s, DKIM_UNKNOWN, DKIM_UNSUPPORTED);
		s->out->reason = "h";
	}
}

static bool is_open(const struct signature *s)
{
	return s->out->problem == DKIM_FINE;
}

/* ---- feeding ---- */

/* The field with CRLF in its folds and none at its end. */
static int feed_field(struct check *c, const struct header *header)
{
	char *p = arena_alloc(c->dns->arena, 2 * header->raw.n);
	struct span rest = header->raw, line;
	DKIM_STAT status;
	size_t n = 0;

	while (p != NULL && span_next_line(&rest, &line)) {
		if (n != 0) {
			p[n++] = '\r';
			p[n++] = '\n';
		}
		memcpy(p + n, line.p, line.n);
		n += line.n;
	}
	if (p == NULL)
		return -1;
	status = dkim_header(c->message, (u_char *)p, n);
	/* a name that no field should have: nobody can have signed it */
	return status == DKIM_STAT_OK || status == DKIM_STAT_SYNTAX ? 0 : -1;
}

static bool is_withheld(const struct check *c, const struct header *header)
{
	if (!span_is(header->name, "DKIM-Signature"))
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].header == header)
			return c->list[i].field.problem != DKIM_FINE;
	return true;
}

/* libopendkim writes one pointer too many where a signature names every field
 * there is: so there is always one that cannot be named. */
static int feed_guard(struct check *c)
{
	char guard[] = "no name: x";

	return dkim_header(c->message, (u_char *)guard, sizeof(guard) - 1) == DKIM_STAT_OK ?
		0 : -1;
}

static int feed_header(struct check *c)
{
	DKIM_SIGINFO **list;
	int count, next = 0;

	for (size_t i = 0; i < c->headers.n; i++)
		if (!is_withheld(c, &c->headers.list[i]) &&
		    feed_field(c, &c->headers.list[i]) != 0)
			return -1;
	if (feed_guard(c) != 0 || dkim_eoh(c->message) != DKIM_STAT_OK ||
	    dkim_getsiglist(c->message, &list, &count) != DKIM_STAT_OK)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		struct signature *s = &c->list[i];

		if (s->field.problem != DKIM_FINE)
			continue;
		if (next == count)
			return -1;
		s->info = list[next++];
		if (!is_open(s))
			dkim_sig_ignore(s->info);
	}
	return next == count ? 0 : -1;
}

struct chunk {
	DKIM *message;
	u_char bytes[CHUNK];
	size_t n;
	bool failed;
};

static void flush(struct chunk *chunk)
{
	if (chunk->n != 0 &&
	    dkim_body(chunk->message, chunk->bytes, chunk->n) != DKIM_STAT_OK)
		chunk->failed = true;
	chunk->n = 0;
}

static void add(struct chunk *chunk, struct span s)
{
	while (s.n != 0) {
		size_t n = s.n < CHUNK - chunk->n ? s.n : CHUNK - chunk->n;

		memcpy(chunk->bytes + chunk->n, s.p, n);
		chunk->n += n;
		s = span_from(s, n);
		if (chunk->n == CHUNK)
			flush(chunk);
	}
}

/* With CRLF at the end of each line, the last one too: within a MIME part that
 * belongs to the boundary. */
static int feed_body(struct check *c)
{
	struct chunk chunk = { .message = c->message };
	struct span rest = c->request->body, line;

	while (!chunk.failed && span_next_line(&rest, &line)) {
		add(&chunk, line);
		add(&chunk, SPAN("\r\n"));
	}
	flush(&chunk);
	return chunk.failed ? -1 : 0;
}

/* ---- judging ---- */

static int judge_header(struct check *c, struct signature *s)
{
	unsigned flags;

	c->current = s;
	if (dkim_sig_process(c->message, s->info) != DKIM_STAT_OK)
		return -1;
	flags = dkim_sig_getflags(s->info);
	if ((flags & DKIM_SIGFLAG_PASSED) == 0)
		say_error(c, s);
	else if (!c->request->has_body)
		say(s, DKIM_UNKNOWN, DKIM_FINE);
	if (!is_open(s))
		dkim_sig_ignore(s->info);
	return 0;
}

static void judge_body(struct signature *s)
{
	if (dkim_sig_getbh(s->info) == DKIM_SIGBH_MATCH &&
	    dkim_sig_geterror(s->info) == DKIM_SIGERROR_OK)
		say(s, DKIM_PASS, DKIM_FINE);
	else	/* another hash, or less than l= counts */
		say(s, DKIM_FAIL, DKIM_BODY_CHANGED);
}

static int judge(struct check *c)
{
	size_t open = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (!is_open(&c->list[i]))
			continue;
		if (judge_header(c, &c->list[i]) != 0)
			return -1;
		open += is_open(&c->list[i]);
	}
	if (open == 0 || !c->request->has_body)
		return 0;
	if (feed_body(c) != 0)
		return -1;
	dkim_eom(c->message, NULL);	/* what it says of one is asked of each */
	for (size_t i = 0; i < c->n; i++)
		if (is_open(&c->list[i]))
			judge_body(&c->list[i]);
	return 0;
}

static int verify(const struct dkim_verifier *verifier, struct check *c)
{
	DKIM_STAT status;
	int done = -1;

	c->message = dkim_verify(verifier->lib, (const u_char *)"-", &c->memory, &status);
	if (c->message == NULL)
		return -1;
	if (dkim_set_user_context(c->message, c) == DKIM_STAT_OK && feed_header(c) == 0)
		done = judge(c);
	dkim_free(c->message);
	return c->memory.failed || c->dns->arena->failed ? -1 : done;
}

/* ---- the check ---- */

static int run(const struct dkim_verifier *verifier, struct check *c)
{
	struct span head;
	size_t open = 0;

	if (headers_parse(c->dns->arena, c->request->message, &head, &c->headers) != 0 ||
	    head.n > DKIM_MAX_HEADER || c->headers.n == HEADER_MAX_FIELDS)
		return -1;
	collect(c);
	for (size_t i = 0; i < c->n; i++)
		if (is_open(&c->list[i])) {
			find_key(c, &c->list[i]);
			open += is_open(&c->list[i]);
		}
	return open != 0 ? verify(verifier, c) : 0;
}

void dkim_check(const struct dkim_verifier *verifier, struct dns *dns,
		const struct dkim_request *request, struct dkim_result *result_r)
{
	struct check c = { .dns = dns, .request = request, .result = result_r };

	*result_r = (struct dkim_result){ .n = 0 };
	arena_init(&c.memory, MEMORY);
	if (run(verifier, &c) != 0)
		*result_r = (struct dkim_result){ .failed = true };
	arena_release(&c.memory);
}

static void query_below(struct dns *dns, const char *label, struct span domain,
			struct dns_answer *answer_r)
{
	struct span above = span_slice(domain, 0, 2 * DNS_MAX_NAME);

	dns_query(dns, span_str(arena_printf(dns->arena, "%s.%.*s", label, SPAN_FMT(above))),
		  DNS_TXT, answer_r);
}

int dkim_has_keys(struct dns *dns, struct span domain)
{
	struct dns_answer answer;

	if (!dns_name_is_valid(domain))
		return -1;
	query_below(dns, "_domainkey", domain, &answer);
	if (answer.status == DNS_TEMPORARY)
		return -1;
	if (answer.status == DNS_NO_NAME)
		return 0;
	/* a name that nobody has: where it exists, a wildcard answers for all */
	query_below(dns, "_no-domainkey", domain, &answer);
	return answer.status == DNS_NO_NAME ? 1 : -1;
}
