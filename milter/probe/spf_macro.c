#include "probe/spf_macro.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/types.h>
#include <netinet/in.h>
#include <spf2/spf.h>

#include "base/buf.h"

enum {
	LOCAL_MAX = 64,		/* RFC 5321, 4.5.3.1.1 */
	VALUE_MAX = LOCAL_MAX + 1 + DNS_MAX_NAME,
};

struct spf_macros {
	SPF_dns_server_t dns;
	SPF_server_t *server;
	SPF_request_t *request;
	SPF_response_t *response;
	char current[DNS_MAX_NAME + 1];
};

/* ---- the library's side ---- */

/* It is never asked: all names are known before it expands. */
static SPF_dns_rr_t *lookup(SPF_dns_server_t *dns, const char *domain, ns_type type, int cache)
{
	(void)cache;
	return SPF_dns_rr_new_init(dns, domain, type, 0, HOST_NOT_FOUND);
}

static SPF_errcode_t no_explanation(SPF_server_t *server, const char *domain,
				    char **text, size_t *n)
{
	(void)server, (void)domain, (void)text, (void)n;
	return SPF_E_NOT_SPF;
}

/* A C string of the allowed length; what is not printable ASCII becomes '?'. */
static const char *plain(struct span s, size_t most, char *text)
{
	size_t n = s.n < most ? s.n : most;

	for (size_t i = 0; i < n; i++)
		text[i] = s.p[i] >= ' ' && s.p[i] < 0x7f ? s.p[i] : '?';
	text[n] = '\0';
	return text;
}

static SPF_errcode_t set_address(SPF_request_t *request, const struct ip *ip)
{
	struct in_addr four;
	struct in6_addr six;

	memcpy(&four, ip->bytes, sizeof(four));
	memcpy(&six, ip->bytes, sizeof(six));
	return ip->bits == 32 ? SPF_request_set_ipv4(request, four) :
		SPF_request_set_ipv6(request, six);
}

static int fill(struct spf_macros *m, const struct spf_who *who)
{
	char sender[VALUE_MAX + 1], name[DNS_MAX_NAME + 1];

	plain(who->local, LOCAL_MAX, sender);
	strcat(sender, "@");
	plain(who->domain, DNS_MAX_NAME, sender + strlen(sender));
	if (set_address(m->request, &who->ip) != 0)
		return -1;
	plain(who->helo.n > 0 ? who->helo : SPAN("unknown"), DNS_MAX_NAME, name);
	if (SPF_request_set_helo_dom(m->request, name) != 0 ||
	    SPF_request_set_env_from(m->request, sender) != 0)
		return -1;
	plain(who->receiver.n > 0 ? who->receiver : SPAN("unknown"), DNS_MAX_NAME, name);
	return SPF_server_set_rec_dom(m->server, name) == 0 ? 0 : -1;
}

struct spf_macros *spf_macros_new(const struct spf_who *who)
{
	struct spf_macros *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->dns = (SPF_dns_server_t){
		.lookup = lookup, .get_exp = no_explanation, .name = "whybounce",
	};
	m->server = SPF_server_new_dns(&m->dns, 0);
	if (m->server != NULL)
		m->request = SPF_request_new(m->server);
	if (m->request != NULL)
		m->response = SPF_response_new(m->request);
	if (m->response != NULL && fill(m, who) == 0) {
		m->request->cur_dom = m->current;
		return m;
	}
	spf_macros_free(m);
	return NULL;
}

void spf_macros_free(struct spf_macros *m)
{
	if (m == NULL)
		return;
	if (m->response != NULL)
		SPF_response_free(m->response);
	if (m->request != NULL)
		SPF_request_free(m->request);
	if (m->server != NULL)
		SPF_server_free(m->server);
	free(m);
}

/* The name the library would look up itself. */
static int set_client(struct spf_macros *m, struct span client)
{
	char *name = malloc(DNS_MAX_NAME + 1);

	if (name == NULL)
		return -1;
	free(m->request->client_dom);
	m->request->client_dom = name;
	plain(client.n > 0 ? client : SPAN("unknown"), DNS_MAX_NAME, name);
	return 0;
}

/* The value of a letter that spf_next_piece let pass. Freed by the caller. */
static char *letter_value(struct spf_macros *m, char letter)
{
	char macro[5] = "%{?}", *value = NULL;
	SPF_macro_t *compiled = NULL;
	size_t size = 0;
	SPF_errcode_t failed;

	macro[2] = letter;
	if (SPF_record_compile_macro(m->server, m->response, &compiled, macro) != 0)
		return NULL;
	failed = SPF_record_expand_data(m->server, m->request, m->response,
					(SPF_data_t *)(compiled + 1), compiled->macro_len,
					&value, &size);
	SPF_macro_free(compiled);
	if (failed == 0 && value != NULL && strlen(value) <= VALUE_MAX)
		return value;
	free(value);
	return NULL;
}

/* ---- transformers, RFC 7208, 7.3 ---- */

static void add_part(struct buf *out, struct span part, bool escape)
{
	for (size_t i = 0; i < part.n; i++) {
		char c = part.p[i];

		if (!escape || ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
			buf_addc(out, c);
		else
			buf_addf(out, "%%%02X", (unsigned)(unsigned char)c);
	}
}

static size_t split(struct span value, struct span delimiters, struct span parts[VALUE_MAX + 1])
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i < value.n; i++)
		if (span_find_byte(delimiters, 0, value.p[i]) < delimiters.n) {
			parts[n++] = span_slice(value, from, i);
			from = i + 1;
		}
	parts[n++] = span_from(value, from);
	return n;
}

static void transform(struct buf *out, struct span value, const struct spf_piece *piece)
{
	struct span parts[VALUE_MAX + 1];
	struct span delimiters = piece->delimiters.n > 0 ? piece->delimiters : SPAN(".");
	size_t n = split(value, delimiters, parts);
	size_t skip = piece->keep > 0 && piece->keep < n ? n - piece->keep : 0;

	for (size_t i = skip; i < n; i++) {
		if (i > skip)
			buf_addc(out, '.');
		add_part(out, parts[piece->reverse ? n - 1 - i : i], piece->escape);
	}
}

static int add_macro(struct spf_macros *m, struct buf *out, const struct spf_piece *piece)
{
	char *value = m != NULL ? letter_value(m, piece->letter) : NULL;

	if (value == NULL)
		return -1;
	transform(out, span_str(value), piece);
	free(value);
	return 0;
}

int spf_macros_expand(struct spf_macros *m, struct arena *arena, struct span text,
		      enum spf_text where, struct span current, struct span client,
		      size_t limit, struct span *out_r)
{
	struct spf_piece piece;
	struct buf out;
	int more;

	*out_r = (struct span){ NULL, 0 };
	buf_init(&out, arena, limit);
	if (m != NULL) {
		plain(current, DNS_MAX_NAME, m->current);
		if (set_client(m, client) != 0)
			return -1;
	}
	while ((more = spf_next_piece(&text, where, &piece)) > 0 && !out.failed) {
		buf_add(&out, piece.literal);
		if (piece.letter != '\0' && add_macro(m, &out, &piece) != 0)
			return -1;
	}
	*out_r = buf_span(&out);
	return more == 0 && !out.failed ? 0 : -1;
}
