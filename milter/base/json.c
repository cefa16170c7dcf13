#include "base/json.h"

#include "base/utf8.h"

static void add_escaped(struct buf *out, char c)
{
	switch (c) {
	case '"': buf_adds(out, "\\\""); break;
	case '\\': buf_adds(out, "\\\\"); break;
	case '\n': buf_adds(out, "\\n"); break;
	case '\r': buf_adds(out, "\\r"); break;
	case '\t': buf_adds(out, "\\t"); break;
	default: buf_addf(out, "\\u%04x", (unsigned)(unsigned char)c);
	}
}

static bool needs_escape(char c)
{
	return (unsigned char)c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
}

static void add_string(struct buf *out, struct span s)
{
	size_t from = 0, i = 0;

	buf_addc(out, '"');
	while (i < s.n) {
		size_t n = utf8_length(s, i);

		if (n != 0 && !(n == 1 && needs_escape(s.p[i]))) {
			i += n;
			continue;
		}
		buf_add(out, span_slice(s, from, i));
		if (n == 0)
			buf_adds(out, UTF8_REPLACEMENT);
		else
			add_escaped(out, s.p[i]);
		from = ++i;
	}
	buf_add(out, span_from(s, from));
	buf_addc(out, '"');
}

static void begin(struct json *json, const char *key)
{
	if (json->comma)
		buf_addc(json->out, ',');
	json->comma = true;
	if (key != NULL) {
		add_string(json->out, span_str(key));
		buf_addc(json->out, ':');
	}
}

void json_init(struct json *json, struct buf *out)
{
	*json = (struct json){ .out = out };
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin(json, key);
	buf_addc(json->out, bracket);
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	buf_addc(json->out, bracket);
	json->comma = true;
}

void json_string(struct json *json, const char *key, struct span value)
{
	begin(json, key);
	add_string(json->out, value);
}

void json_number(struct json *json, const char *key, long long value)
{
	begin(json, key);
	buf_addf(json->out, "%lld", value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	buf_adds(json->out, value ? "true" : "false");
}
