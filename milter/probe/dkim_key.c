#include "probe/dkim_key.h"

#include <string.h>

#include "mail/codec.h"
#include "probe/taglist.h"

/* ---- DER, as far as a public RSA key needs it: X.690, RFC 5280, RFC 8017 ---- */

enum { DER_INTEGER = 0x02, DER_BITS = 0x03, DER_OID = 0x06, DER_SEQUENCE = 0x30 };

/* Take a value of that kind off *rest. */
static bool der_take(struct span *rest, unsigned char kind, struct span *value_r)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t n, at = 2;

	if (rest->n < 2 || p[0] != kind)
		return false;
	n = p[1];
	if (n >= 0x80) {
		size_t octets = n & 0x7f;

		if (octets == 0 || octets > 2 || rest->n < 2 + octets)
			return false;
		for (n = 0; at < 2 + octets; at++)
			n = n << 8 | p[at];
	}
	if (n > rest->n - at)
		return false;
	*value_r = span_slice(*rest, at, at + n);
	*rest = span_from(*rest, at + n);
	return true;
}

static unsigned bits_of(struct span number)
{
	unsigned bits;
	unsigned char top;

	while (number.n > 0 && number.p[0] == '\0')
		number = span_from(number, 1);
	if (number.n == 0)
		return 0;
	bits = (unsigned)(number.n - 1) * 8;
	for (top = (unsigned char)number.p[0]; top != 0; top >>= 1)
		bits++;
	return bits;
}

/* RSAPublicKey: the bits of its modulus, 0 where it is none. */
static unsigned modulus_bits(struct span der)
{
	struct span key, modulus, exponent;

	if (!der_take(&der, DER_SEQUENCE, &key) || !der_take(&key, DER_INTEGER, &modulus) ||
	    !der_take(&key, DER_INTEGER, &exponent))
		return 0;
	return bits_of(exponent) > 1 ? bits_of(modulus) : 0;
}

/* SubjectPublicKeyInfo with rsaEncryption: the key in it. */
static bool unwrap_rsa(struct span der, struct span *key_r)
{
	struct span info, algorithm, oid, bits;

	if (!der_take(&der, DER_SEQUENCE, &info) ||
	    !der_take(&info, DER_SEQUENCE, &algorithm) ||
	    !der_take(&algorithm, DER_OID, &oid) ||
	    !span_eq(oid, SPAN("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")) ||
	    !der_take(&info, DER_BITS, &bits) || bits.n == 0 || bits.p[0] != '\0')
		return false;
	*key_r = span_from(bits, 1);
	return true;
}

/* ---- the record ---- */

static void broken(struct dkim_key *key, const char *reason)
{
	key->problem = DKIM_KEY_BROKEN;
	key->reason = reason;
}

/* Of the exact shape RFC 4648 has, but for padding that is left out. */
static bool is_base64(struct span s)
{
	size_t n = s.n, padding;

	while (n > 0 && s.p[n - 1] == '=')
		n--;
	padding = s.n - n;
	for (size_t i = 0; i < n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '+' && s.p[i] != '/')
			return false;
	return n > 0 && n % 4 != 1 && (padding == 0 || (padding <= 2 && s.n % 4 == 0));
}

static struct span without_space(struct arena *arena, struct span s)
{
	char *p = arena_alloc(arena, s.n);
	size_t n = 0;

	for (size_t i = 0; p != NULL && i < s.n; i++)
		if (!ascii_isspace(s.p[i]))
			p[n++] = s.p[i];
	return (struct span){ p, n };
}

/* RFC 6376 names RSAPublicKey, its example and everybody publish the wrapped
 * form, which is all that libopendkim reads. */
static void read_rsa(struct span der, struct dkim_key *key)
{
	struct span inner;
	bool wrapped = unwrap_rsa(der, &inner);

	key->bits = modulus_bits(wrapped ? inner : der);
	if (key->bits == 0)
		broken(key, "p");
	else if (key->bits < DKIM_MIN_BITS)
		key->problem = DKIM_KEY_SHORT;
	else if (!wrapped)
		key->problem = DKIM_UNSUPPORTED;
}

static void read_ed25519(struct span bytes, struct dkim_key *key)
{
	if (bytes.n == 32)
		key->bits = 256;
	else
		broken(key, "p");
}

static void read_key(struct arena *arena, struct span p, struct dkim_key *key,
		     struct span *base64_r)
{
	struct span text = without_space(arena, p), bytes;

	if (text.n == 0) {
		key->problem = DKIM_KEY_REVOKED;
		return;
	}
	if (!is_base64(text)) {
		broken(key, "p");
		return;
	}
	bytes = codec_decode(arena, text, ENCODING_BASE64, text.n);
	if (key->type[0] == 'r')
		read_rsa(bytes, key);
	else
		read_ed25519(bytes, key);
	if (key->problem == DKIM_FINE && text.n > DKIM_MAX_KEY_TEXT)
		key->problem = DKIM_UNSUPPORTED;
	if (key->problem == DKIM_FINE || key->problem == DKIM_KEY_SHORT)
		*base64_r = text;
}

static const char *key_type(const struct tag *k)
{
	if (k == NULL || span_is(k->value, "rsa"))
		return "rsa";
	return span_is(k->value, "ed25519") ? "ed25519" : NULL;
}

static bool has_word(const struct tag *tag, const char *word)
{
	return tag != NULL && taglist_has_word(tag->value, word);
}

/* The tag that makes the record no key for mail, or NULL. */
static const char *unfit_tag(const struct taglist *tags)
{
	const struct tag *v = taglist_get(tags, "v"), *h = taglist_get(tags, "h");
	const struct tag *s = taglist_get(tags, "s");

	if (v != NULL && (v != tags->list || !span_eq(v->value, SPAN("DKIM1"))))
		return "v";
	if (h != NULL && !has_word(h, "sha256"))
		return "h";
	if (s != NULL && !has_word(s, "*") && !has_word(s, "email"))
		return "s";
	return taglist_get(tags, "p") == NULL ? "p" : NULL;
}

/* The tag of that name aside, is this a key? */
static bool is_key_without(struct arena *arena, const struct taglist *tags, const char *name)
{
	struct taglist rest = { .n = 0 };
	struct dkim_key key = { .problem = DKIM_FINE };
	struct span base64;

	for (size_t i = 0; i < tags->n; i++)
		if (!span_eq(tags->list[i].name, span_str(name)))
			rest.list[rest.n++] = tags->list[i];
	key.type = key_type(taglist_get(&rest, "k"));
	if (key.type == NULL || unfit_tag(&rest) != NULL)
		return false;
	read_key(arena, taglist_get(&rest, "p")->value, &key, &base64);
	return key.problem == DKIM_FINE;
}

static void unfit(struct arena *arena, struct dkim_key *key, const struct taglist *tags,
		  const char *name)
{
	broken(key, name);
	if (is_key_without(arena, tags, name))
		key->term = taglist_get(tags, name)->text;
}

void dkim_key_parse(struct arena *arena, struct span record,
		    struct dkim_key *key_r, struct span *base64_r)
{
	struct taglist tags;
	struct span bad;
	const char *name;

	*key_r = (struct dkim_key){ .problem = DKIM_FINE };
	*base64_r = (struct span){ NULL, 0 };
	if (taglist_parse(record, &tags, &bad) != 0) {
		broken(key_r, "syntax");
		return;
	}
	key_r->testing = has_word(taglist_get(&tags, "t"), "y");
	key_r->no_subdomains = has_word(taglist_get(&tags, "t"), "s");
	if (taglist_get(&tags, "t") != NULL)
		key_r->flags = taglist_get(&tags, "t")->text;
	key_r->type = key_type(taglist_get(&tags, "k"));
	name = unfit_tag(&tags);
	/* a kind that no RFC has, on what would be a key of RSA without it */
	if (name == NULL && key_r->type == NULL && is_key_without(arena, &tags, "k"))
		name = "k";
	if (name != NULL)
		unfit(arena, key_r, &tags, name);
	else if (key_r->type == NULL)
		key_r->problem = DKIM_UNSUPPORTED;
	else
		read_key(arena, taglist_get(&tags, "p")->value, key_r, base64_r);
}

/* ---- the DNS ---- */

static struct span key_name(struct arena *arena, struct span domain, struct span selector)
{
	return span_str(arena_printf(arena, "%.*s._domainkey.%.*s",
				     SPAN_FMT(span_slice(selector, 0, 2 * DNS_MAX_NAME)),
				     SPAN_FMT(span_slice(domain, 0, 2 * DNS_MAX_NAME))));
}

void dkim_key_begin(struct dns *dns, struct span domain, struct span selector)
{
	dns_begin(dns, key_name(dns->arena, domain, selector), DNS_TXT);
}

void dkim_key_find(struct dns *dns, struct span domain, struct span selector,
		   struct dkim_key *key_r, struct span *base64_r)
{
	struct dns_answer answer;

	*key_r = (struct dkim_key){ .problem = DKIM_NO_KEY };
	*base64_r = (struct span){ NULL, 0 };
	dns_query(dns, key_name(dns->arena, domain, selector), DNS_TXT, &answer);
	key_r->alias = answer.alias;
	if (answer.status == DNS_TEMPORARY)
		*key_r = (struct dkim_key){ .problem = DKIM_DNS, .reason = answer.reason };
	else if (answer.status == DNS_FOUND && answer.n > 1)
		broken(key_r, "several");
	else if (answer.status == DNS_FOUND)
		dkim_key_parse(dns->arena, answer.records[0].data, key_r, base64_r);
}

void dkim_key(struct dns *dns, struct span domain, struct span selector,
	      struct dkim_key *key_r)
{
	struct span base64;

	dkim_key_find(dns, domain, selector, key_r, &base64);
}
