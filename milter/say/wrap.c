#include "say/wrap.h"

#include "base/utf8.h"

static size_t columns_of(uint32_t c)
{
	if (utf8_is_mark(c))
		return 0;
	if ((c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
	    (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
	    (c >= 0xff00 && c <= 0xff60) || c >= 0x1f000)
		return 2;
	return 1;
}

size_t wrap_width(struct span s)
{
	size_t width = 0;

	for (size_t i = 0; i < s.n;) {
		size_t n;

		if ((signed char)s.p[i] >= 0) {	/* most are ASCII */
			width++;
			i++;
			continue;
		}
		n = utf8_length(s, i);
		width += n != 0 ? columns_of(utf8_code_point(s, i, n)) : 1;
		i += n != 0 ? n : 1;
	}
	return width;
}

static void add_word(struct buf *out, struct span word)
{
	for (size_t at = 0, end; at < word.n; at = end + sizeof(WRAP_NO_BREAK) - 1) {
		end = span_find(word, at, SPAN(WRAP_NO_BREAK));
		buf_add(out, span_slice(word, at, end));
		if (end < word.n)
			buf_addc(out, ' ');
	}
}

void wrap_add(struct buf *out, struct span s, const char *first, const char *rest)
{
	size_t column = wrap_width(span_str(first)), at = 0;
	bool start = true;

	buf_adds(out, first);
	while (at < s.n) {
		size_t end = span_find_byte(s, at, ' ');
		struct span word = span_slice(s, at, end);
		size_t width = wrap_width(word);

		if (!start && column + 1 + width > WRAP_COLUMNS) {
			buf_addc(out, '\n');
			buf_adds(out, rest);
			column = wrap_width(span_str(rest));
		} else if (!start) {
			buf_addc(out, ' ');
			column++;
		}
		add_word(out, word);
		column += width;
		start = false;
		at = end + 1;
	}
	buf_addc(out, '\n');
}

void wrap_lines(struct buf *out, struct span text)
{
	struct span line;

	while (span_next_line(&text, &line)) {
		size_t indent = 0;
		const char *first, *rest;

		while (indent < line.n && line.p[indent] == ' ')
			indent++;
		first = arena_string(out->arena, span_slice(line, 0, indent));
		rest = first;
		line = span_from(line, indent);
		if (span_has_prefix(line, "- "))
			rest = arena_printf(out->arena, "%*s", (int)indent + 2, "");
		if (rest == NULL)
			out->failed = true;
		else
			wrap_add(out, line, first, rest);
	}
}
