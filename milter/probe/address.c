#include "probe/address.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/buf.h"

struct net {
	const char *address;
	unsigned prefix;
};

int ip_parse_family(struct span text, unsigned bits, struct ip *ip_r)
{
	char copy[IP_TEXT];

	*ip_r = (struct ip){ .bits = bits };
	if (text.n == 0 || text.n >= sizeof(copy) || memchr(text.p, '\0', text.n) != NULL)
		return -1;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return inet_pton(bits == 32 ? AF_INET : AF_INET6, copy, ip_r->bytes) == 1 ? 0 : -1;
}

static struct span without_brackets(struct span text)
{
	if (text.n < 2 || text.p[0] != '[' || text.p[text.n - 1] != ']')
		return text;
	text = span_slice(text, 1, text.n - 1);
	return span_has_prefix(text, "IPv6:") ? span_from(text, 5) : text;
}

static void unmap(struct ip *ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(ip->bytes, mapped, sizeof(mapped)) != 0)
		return;
	memmove(ip->bytes, ip->bytes + 12, 4);
	memset(ip->bytes + 4, 0, 12);
	ip->bits = 32;
}

int ip_parse(struct span text, struct ip *ip_r)
{
	text = without_brackets(text);
	if (ip_parse_family(text, 32, ip_r) == 0)
		return 0;
	if (ip_parse_family(text, 128, ip_r) != 0) {
		*ip_r = (struct ip){ .bits = 0 };
		return -1;
	}
	unmap(ip_r);
	return 0;
}

bool ip_eq(const struct ip *a, const struct ip *b)
{
	return ip_in(a, b, a->bits);
}

bool ip_in(const struct ip *ip, const struct ip *net, unsigned prefix)
{
	unsigned whole = prefix / 8, rest = prefix % 8;

	if (ip->bits != net->bits || ip->bits == 0 || prefix > ip->bits)
		return false;
	if (memcmp(ip->bytes, net->bytes, whole) != 0)
		return false;
	return rest == 0 || ((ip->bytes[whole] ^ net->bytes[whole]) >> (8 - rest)) == 0;
}

const char *ip_text(const struct ip *ip, char text[IP_TEXT])
{
	text[0] = '\0';
	if (ip->bits != 0)
		inet_ntop(ip->bits == 32 ? AF_INET : AF_INET6, ip->bytes, text, IP_TEXT);
	return text;
}

static struct span backwards(struct arena *arena, const struct ip *ip, const char *end)
{
	struct buf name;

	buf_init(&name, arena, 512);
	for (unsigned i = ip->bits / 8; i-- > 0; ) {
		if (ip->bits == 32)
			buf_addf(&name, "%u.", ip->bytes[i]);
		else
			buf_addf(&name, "%x.%x.", ip->bytes[i] & 15u, ip->bytes[i] >> 4);
	}
	buf_adds(&name, end);
	return buf_span(&name);
}

struct span ip_reverse_name(struct arena *arena, const struct ip *ip)
{
	return backwards(arena, ip, ip->bits == 32 ? "in-addr.arpa" : "ip6.arpa");
}

struct span ip_list_name(struct arena *arena, const struct ip *ip, const char *zone)
{
	return backwards(arena, ip, zone);
}

static bool in_one_of(const struct ip *ip, const struct net *nets, size_t n)
{
	struct ip net;

	for (size_t i = 0; i < n; i++)
		if (ip_parse(span_str(nets[i].address), &net) == 0 &&
		    ip_in(ip, &net, nets[i].prefix))
			return true;
	return false;
}

bool ip_is_documentation(const struct ip *ip)
{
	static const struct net nets[] = {
		{ "192.0.2.0", 24 }, { "198.51.100.0", 24 }, { "203.0.113.0", 24 },
		{ "2001:db8::", 32 }, { "3fff::", 20 },
	};

	return in_one_of(ip, nets, sizeof(nets) / sizeof(*nets));
}

bool ip_is_private(const struct ip *ip)
{
	static const struct net nets[] = {
		{ "10.0.0.0", 8 }, { "172.16.0.0", 12 }, { "192.168.0.0", 16 },
		{ "100.64.0.0", 10 }, { "fc00::", 7 },
	};

	return in_one_of(ip, nets, sizeof(nets) / sizeof(*nets));
}

bool ip_is_public(const struct ip *ip)
{
	/* of IPv6 only 2000::/3 is handed out */
	static const struct net nets[] = {
		{ "0.0.0.0", 8 }, { "10.0.0.0", 8 }, { "100.64.0.0", 10 }, { "127.0.0.0", 8 },
		{ "169.254.0.0", 16 }, { "172.16.0.0", 12 }, { "192.0.0.0", 24 },
		{ "192.88.99.0", 24 }, { "192.168.0.0", 16 }, { "198.18.0.0", 15 },
		{ "224.0.0.0", 4 }, { "240.0.0.0", 4 },
		{ "::", 3 }, { "4000::", 2 }, { "8000::", 1 },
		{ "2001::", 23 }, { "2002::", 16 },
	};

	return ip->bits != 0 && !ip_is_documentation(ip) &&
		!in_one_of(ip, nets, sizeof(nets) / sizeof(*nets));
}
