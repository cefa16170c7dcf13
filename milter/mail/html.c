#include "mail/html.h"

#include <string.h>

#include "base/buf.h"

/* ---- tags ---- */

static bool name_is_one_of(struct span name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_is(name, names[i]))
			return true;
	return false;
}

/* A reader sees a new line where one of these starts or ends. */
static bool breaks_line(struct span name)
{
	static const char *const names[] = {
		"br", "p", "div", "tr", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6",
		"table", "hr", "pre", "blockquote", "title", "body", "dt", "dd", "section",
	};

	return name_is_one_of(name, names, sizeof(names) / sizeof(*names));
}

static struct span tag_name(struct span html, size_t at)
{
	size_t from = at + 1, end;

	if (from < html.n && html.p[from] == '/')
		from++;
	for (end = from; end < html.n && ascii_isalnum(html.p[end]); end++)
		;
	return span_slice(html, from, end);
}

/* Behind the tag at `at`, or behind what it hides. */
static size_t skip_tag(struct span html, size_t at, struct span name)
{
	size_t end;

	if (span_has_prefix(span_from(html, at), "<!--")) {
		end = span_find(html, at + 4, SPAN("-->"));
		return end < html.n ? end + 3 : html.n;
	}
	if (html.p[at + 1] != '/' && span_is(name, "style"))
		at = span_ifind(html, at, "</style");
	else if (html.p[at + 1] != '/' && span_is(name, "script"))
		at = span_ifind(html, at, "</script");
	end = span_find_byte(html, at, '>');
	return end < html.n ? end + 1 : html.n;
}

/* "<a@b>" that somebody forgot to escape is text. */
static bool is_tag(struct span html, size_t at)
{
	char next = at + 1 < html.n ? html.p[at + 1] : '\0';
	struct span name;
	size_t behind;

	if (next == '!' || next == '/' || next == '?')
		return true;
	name = tag_name(html, at);
	behind = at + 1 + name.n;
	return name.n != 0 && ascii_isalpha(next) && behind < html.n &&
		(html.p[behind] == '>' || html.p[behind] == '/' || html.p[behind] == ':' ||
		 ascii_isspace(html.p[behind]));
}

/* ---- character references ---- */

static bool add_code_point(struct buf *out, unsigned long c)
{
	if (c < 0x20 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return false;
	if (c < 0x80) {
		buf_addc(out, (char)c);
		return true;
	}
	if (c >= 0x10000)
		buf_addc(out, (char)(unsigned char)(0xf0 | c >> 18));
	if (c >= 0x10000)
		buf_addc(out, (char)(unsigned char)(0x80 | (c >> 12 & 0x3f)));
	else if (c >= 0x800)
		buf_addc(out, (char)(unsigned char)(0xe0 | c >> 12));
	if (c >= 0x800)
		buf_addc(out, (char)(unsigned char)(0x80 | (c >> 6 & 0x3f)));
	else
		buf_addc(out, (char)(unsigned char)(0xc0 | c >> 6));
	buf_addc(out, (char)(unsigned char)(0x80 | (c & 0x3f)));
	return true;
}

static unsigned long number_of(struct span digits, unsigned base)
{
	unsigned long c = 0;

	for (size_t i = 0; i < digits.n && c <= 0x10ffff; i++) {
		char d = ascii_lower(digits.p[i]);

		if (ascii_isdigit(d))
			c = c * base + (unsigned long)(d - '0');
		else if (base == 16 && d >= 'a' && d <= 'f')
			c = c * base + (unsigned long)(d - 'a' + 10);
		else
			return 0;
	}
	return c;
}

static bool add_named(struct buf *out, struct span name)
{
	static const struct {
		const char *name, *text;
	} named[] = {
		{ "lt", "<" }, { "gt", ">" }, { "amp", "&" }, { "quot", "\"" }, { "apos", "'" },
		{ "nbsp", " " }, { "auml", "ä" }, { "ouml", "ö" }, { "uuml", "ü" }, { "szlig", "ß" },
		{ "eacute", "é" }, { "egrave", "è" }, { "agrave", "à" }, { "aacute", "á" },
		{ "oacute", "ó" }, { "iacute", "í" }, { "uacute", "ú" }, { "ntilde", "ñ" },
		{ "ccedil", "ç" }, { "atilde", "ã" }, { "otilde", "õ" }, { "ecirc", "ê" },
		{ "acirc", "â" }, { "ocirc", "ô" }, { "rsquo", "’" }, { "lsquo", "‘" },
		{ "ndash", "–" }, { "mdash", "—" }, { "hellip", "…" }, { "copy", "©" },
	};

	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
		if (span_is(name, named[i].name)) {
			buf_adds(out, named[i].text);
			return true;
		}
	return false;
}

/* "&lt;" at `at`: adds its character and returns where it ends. */
static size_t add_reference(struct buf *out, struct span html, size_t at)
{
	size_t end = span_find_byte(span_slice(html, 0, at + 12), at, ';');
	struct span name = span_slice(html, at + 1, end);
	bool known;

	if (name.n > 1 && name.p[0] == '#' && ascii_lower(name.p[1]) == 'x')
		known = add_code_point(out, number_of(span_from(name, 2), 16));
	else if (name.n > 1 && name.p[0] == '#')
		known = add_code_point(out, number_of(span_from(name, 1), 10));
	else
		known = add_named(out, name);
	if (known && end < html.n && html.p[end] == ';')
		return end + 1;
	if (!known)
		buf_addc(out, '&');
	return known ? end : at + 1;
}

/* ---- text ---- */

static void add_white_space(struct buf *out, char c)
{
	if (out->n != 0 && out->p[out->n - 1] != '\n' && out->p[out->n - 1] != ' ')
		buf_addc(out, c);
}

struct span html_text(struct arena *arena, struct span html)
{
	struct buf out;

	buf_init(&out, arena, html.n + 1);
	for (size_t i = 0; i < html.n && !out.failed;) {
		char c = html.p[i];

		if (c == '<' && is_tag(html, i)) {
			struct span name = tag_name(html, i);

			if (breaks_line(name))
				buf_addc(&out, '\n');
			else if (span_is(name, "td") || span_is(name, "th"))
				add_white_space(&out, ' ');
			i = skip_tag(html, i, name);
		} else if (c == '&') {
			i = add_reference(&out, html, i);
		} else {
			if (ascii_isspace(c))
				add_white_space(&out, ' ');
			else
				buf_addc(&out, c);
			i++;
		}
	}
	return buf_span(&out);
}
