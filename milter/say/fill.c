#include "say/fill.h"

#include <string.h>

#include "base/utf8.h"

static const char *const value_names[VALUE_COUNT] = {
	[VALUE_RECIPIENT] = "recipient", [VALUE_DOMAIN] = "domain",
	[VALUE_SENDER] = "sender", [VALUE_SENDER_DOMAIN] = "sender_domain",
	[VALUE_HOST] = "host", [VALUE_REPORTER] = "reporter",
	[VALUE_SUBJECT] = "subject", [VALUE_DATE] = "date", [VALUE_IP] = "ip",
	[VALUE_CODE] = "code", [VALUE_STATUS] = "status",
	[VALUE_ORGANIZATION] = "organization", [VALUE_CONTACT] = "contact",
	[VALUE_COUNT_N] = "n", [VALUE_OTHER] = "other",
	[VALUE_SELECTOR] = "selector", [VALUE_RECORD] = "record", [VALUE_TERM] = "term",
	[VALUE_RESULT] = "result", [VALUE_REASON] = "reason", [VALUE_LIST] = "list",
};

/* ---- one character of a value ---- */

/* Characters that are not seen but change how others are: bidi controls, zero
 * width, tags, line separators, the byte order mark. */
static bool is_invisible(uint32_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
		(c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0x61c || c == 0xad ||
		c == 0x180e || (c >= 0xfff0 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

enum mode { MODE_PLAIN, MODE_HTML };

/* What a mail program makes a link of has one of these in it: an element around
 * each of them ends the word for it, and nobody sees it. A row of them ("-----"),
 * or one beside a blank, joins nothing. */
static bool joins_a_link(struct span s, size_t i)
{
	char c = s.p[i];

	return (c == '.' || c == '@' || c == ':' || c == '/' || c == '-') &&
		i > 0 && !ascii_isspace(s.p[i - 1]) && s.p[i - 1] != c &&
		i + 1 < s.n && !ascii_isspace(s.p[i + 1]) && s.p[i + 1] != c;
}

static bool is_markup(char c)
{
	return c == '<' || c == '>' || c == '&' || c == '"' || c == '\'';
}

static void add_escaped(struct buf *out, char c)
{
	switch (c) {
	case '<': buf_adds(out, "&lt;"); break;
	case '>': buf_adds(out, "&gt;"); break;
	case '&': buf_adds(out, "&amp;"); break;
	case '"': buf_adds(out, "&quot;"); break;
	case '\'': buf_adds(out, "&#39;"); break;
	default: buf_addc(out, c); break;
	}
}

/* The n bytes at s[i]. */
static void add_character(struct buf *out, enum mode mode, struct span s, size_t i, size_t n)
{
	uint32_t c = utf8_code_point(s, i, n);

	if (is_invisible(c))
		return;
	if (is_control(c)) {
		buf_addc(out, ' ');
	} else if (mode == MODE_PLAIN || n > 1) {
		buf_add(out, span_slice(s, i, i + n));
	} else if (joins_a_link(s, i)) {
		buf_adds(out, "<span>");
		buf_addc(out, s.p[i]);
		buf_adds(out, "</span>");
	} else {
		add_escaped(out, s.p[i]);
	}
}

/* How many bytes from i on are shown as they are, whatever stands beside them. */
static size_t plain_run(enum mode mode, struct span s, size_t i)
{
	size_t n = 0;

	while (i + n < s.n && (ascii_isalnum(s.p[i + n]) || s.p[i + n] == ' ' ||
			       (mode == MODE_PLAIN && s.p[i + n] > ' ' && s.p[i + n] <= '~')))
		n++;
	return n;
}

static void add_value(struct buf *out, enum mode mode, struct span value, size_t limit)
{
	struct span shown = utf8_start(value, limit);

	for (size_t i = 0; i < shown.n;) {
		size_t plain = plain_run(mode, shown, i), n;

		buf_add(out, span_slice(shown, i, i + plain));
		i += plain;
		if (i == shown.n)
			break;
		n = utf8_length(shown, i);
		if (n == 0)
			buf_adds(out, UTF8_REPLACEMENT);
		else
			add_character(out, mode, shown, i, n);
		i += n != 0 ? n : 1;
	}
	if (shown.n < value.n)
		buf_adds(out, "…");
}

void safe_text(struct buf *out, struct span value, size_t limit)
{
	add_value(out, MODE_PLAIN, value, limit);
}

void safe_html(struct buf *out, struct span value, size_t limit)
{
	add_value(out, MODE_HTML, value, limit);
}

/* A line of value with what the limit leaves of it; false: nothing comes after. */
static bool add_line(struct buf *out, enum mode mode, struct span value, struct span line, size_t limit)
{
	size_t at = (size_t)(line.p - value.p);

	if (at > limit)
		buf_adds(out, "…");
	else
		add_value(out, mode, line, limit - at);
	return at <= limit && line.n <= limit - at;
}

void safe_text_lines(struct buf *out, struct span value, size_t limit, const char *indent)
{
	struct span rest = value, line;
	bool more = true;

	while (more && span_next_line(&rest, &line)) {
		buf_adds(out, indent);
		more = add_line(out, MODE_PLAIN, value, line, limit);
		buf_addc(out, '\n');
	}
}

void safe_html_lines(struct buf *out, struct span value, size_t limit)
{
	struct span rest = value, line;
	bool more = true;

	for (bool first = true; more && span_next_line(&rest, &line); first = false) {
		if (!first)
			buf_adds(out, "<br>\n");
		more = add_line(out, MODE_HTML, value, line, limit);
	}
}

void html_escape(struct buf *out, const char *text)
{
	while (text != NULL && *text != '\0') {
		size_t plain = strcspn(text, "<>&\"'");

		buf_add(out, (struct span){ text, plain });
		text += plain;
		if (*text != '\0')
			add_escaped(out, *text++);
	}
}

/* ---- templates ---- */

/* The value that "{name}" at template[at] stands for; its end in *end_r. */
static enum placeholder find_placeholder(struct span template, size_t at, size_t *end_r)
{
	size_t end = span_find_byte(template, at, '}');
	struct span name = span_slice(template, at + 1, end);

	*end_r = end + 1;
	for (enum placeholder i = 0; end < template.n && i < VALUE_COUNT; i++)
		if (span_eq(name, span_str(value_names[i])))
			return i;
	return VALUE_COUNT;
}

/* Half a record would be wrong advice. */
static size_t limit_of(enum placeholder which)
{
	return which == VALUE_RECORD || which == VALUE_LIST ? FILL_MAX_RECORD : FILL_MAX_VALUE;
}

static void add_ours(struct buf *out, enum mode mode, struct span text)
{
	size_t from = 0;

	for (size_t i = 0; mode == MODE_HTML && i < text.n; i++) {
		if (!is_markup(text.p[i]))
			continue;
		buf_add(out, span_slice(text, from, i));
		add_escaped(out, text.p[i]);
		from = i + 1;
	}
	buf_add(out, span_from(text, from));
}

static void fill(struct buf *out, enum mode mode, const char *template, const struct values *values)
{
	struct span s = span_str(template);
	size_t at = 0;

	while (at < s.n) {
		size_t open = span_find_byte(s, at, '{'), end;
		enum placeholder which;

		add_ours(out, mode, span_slice(s, at, open));
		if (open == s.n)
			return;
		which = find_placeholder(s, open, &end);
		if (which != VALUE_COUNT)
			add_value(out, mode, values->value[which], limit_of(which));
		else
			add_ours(out, mode, span_slice(s, open, end));
		at = end;
	}
}

void fill_text(struct buf *out, const char *template, const struct values *values)
{
	fill(out, MODE_PLAIN, template, values);
}

void fill_html(struct buf *out, const char *template, const struct values *values)
{
	fill(out, MODE_HTML, template, values);
}
