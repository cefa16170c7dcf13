#include "mail/address.h"

#include <string.h>

/* Lead bytes of letters that European addresses have (U+00C0 to U+07FF), and
 * bytes that continue them. */
static bool is_letter_byte(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 0x80 && u < 0xe0;
}

static bool is_local(char c)
{
	return ascii_isalnum(c) || is_letter_byte(c) ||
		(c != '\0' && strchr("!#$%&'*+-/=?^_{|}~.`", c) != NULL);
}

static bool is_domain(char c)
{
	return ascii_isalnum(c) || c == '-' || c == '.' || is_letter_byte(c);
}

/* Where the local part that ends before the '@' at `at` begins. */
static size_t local_start(struct span s, size_t from, size_t at)
{
	size_t least = at > from + 128 ? at - 128 : from;
	size_t i = at;

	if (at > from && s.p[at - 1] == '"') {
		for (i = at - 1; i > least && s.p[i - 1] != '"' && s.p[i - 1] != '\n'; i--)
			;
		return i > least && s.p[i - 1] == '"' ? i - 1 : at;
	}
	while (i > least && is_local(s.p[i - 1]))
		i--;
	/* continuation bytes of a letter that does not count */
	while (i < at && ((unsigned char)s.p[i] & 0xc0) == 0x80)
		i++;
	while (i < at && (s.p[i] == '\'' || s.p[i] == '.' || s.p[i] == '`' || s.p[i] == '*'))
		i++;
	return i;
}

static size_t domain_end(struct span s, size_t at)
{
	size_t i = at + 1, most = at + 256 < s.n ? at + 256 : s.n;

	if (i < most && s.p[i] == '[') {
		while (i < most && s.p[i] != ']' && s.p[i] != '\n')
			i++;
		return i < most && s.p[i] == ']' ? i + 1 : at;
	}
	while (i < most && is_domain(s.p[i]))
		i++;
	while (i > at + 1 && (s.p[i - 1] == '.' || s.p[i - 1] == '-'))
		i--;
	return i;
}

/* "<…@…>" around the '@' at `at`: the inside. */
static struct span bracketed(struct span s, size_t from, size_t at)
{
	size_t least = at > from + 128 ? at - 128 : from;
	size_t start = at, end = at;

	while (start > least && s.p[start - 1] != '<' && !ascii_isspace(s.p[start - 1]))
		start--;
	if (start == least || s.p[start - 1] != '<')
		return (struct span){ NULL, 0 };
	while (end < s.n && end - at < 256 && s.p[end] != '>' && !ascii_isspace(s.p[end]))
		end++;
	if (end == s.n || s.p[end] != '>')
		return (struct span){ NULL, 0 };
	return span_slice(s, start, end);
}

static struct span without_scheme(struct span address)
{
	size_t colon = span_find_byte(address, 0, ':');

	if (colon < address.n && colon < span_find_byte(address, 0, '@') && address.p[0] != '"')
		return span_from(address, colon + 1);
	return address;
}

/* "recipient=a@b" of a log: '=' may stand in a local part, but seldom behind these. */
static size_t behind_key(struct span s, size_t start, size_t at)
{
	static const char *const keys[] = { "recipient=", "rcpt=", "to=", "address=", "orcpt=" };
	struct span local = span_slice(s, start, at);

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (span_has_prefix(local, keys[i]) && local.n > strlen(keys[i]))
			return start + strlen(keys[i]);
	return start;
}

static bool is_address(struct span a)
{
	size_t at = span_find_byte(a, 0, '@');

	return at > 0 && at + 1 < a.n && a.n <= ADDRESS_MAX;
}

struct span address_find(struct span text, size_t from, size_t *end_r)
{
	size_t at = from;

	for (; (at = span_find_byte(text, at, '@')) < text.n; at++) {
		struct span address = without_scheme(bracketed(text, from, at));
		size_t start, end;

		if (is_address(address)) {
			*end_r = (size_t)(address.p - text.p) + address.n + 1;
			return address;
		}
		start = behind_key(text, local_start(text, from, at), at);
		end = domain_end(text, at);
		address = span_slice(text, start, end);
		if (start == at || end <= at + 1 || !is_address(address) ||
		    (span_find_byte(address, at - start, '.') == address.n && text.p[end - 1] != ']'))
			continue;
		*end_r = end;
		return address;
	}
	return (struct span){ NULL, 0 };
}

struct span address_host(struct span address)
{
	for (size_t at = address.n; at > 0; at--)
		if (address.p[at - 1] == '@')
			return span_from(address, at);
	return (struct span){ NULL, 0 };
}

bool address_is_role(struct span address)
{
	static const char *const roles[] = {
		"postmaster", "mailer-daemon", "support", "abuse", "helpdesk", "help", "hostmaster",
		"webmaster", "noreply", "no-reply", "no_reply", "donotreply", "service", "servicedesk",
		"double-bounce", "contact", "customerservice", "customercare", "spam", "antispam",
	};
	struct span local = span_slice(address, 0, span_find_byte(address, 0, '@'));

	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		if (span_is(local, roles[i]))
			return true;
	return false;
}

bool address_eq(struct span a, struct span b)
{
	return a.n != 0 && span_ieq(a, b);
}
