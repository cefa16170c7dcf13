#include "mail/message.h"

#include <string.h>

static size_t mbox_line(struct span bytes)
{
	size_t end;

	if (bytes.n < 5 || memcmp(bytes.p, "From ", 5) != 0)
		return 0;
	end = span_find_byte(bytes, 0, '\n');
	return end < bytes.n ? end + 1 : end;
}

static const char *line_end(struct span bytes)
{
	size_t end = span_find_byte(bytes, 0, '\n');

	return end > 0 && end < bytes.n && bytes.p[end - 1] == '\r' ? "\r\n" : "\n";
}

int message_parse(struct arena *arena, struct span bytes,
		  struct message *message_r, struct error *error)
{
	struct message *m = message_r;

	*m = (struct message){ .bytes = span_from(bytes, mbox_line(bytes)) };
	if (m->bytes.n == 0)
		return error_set(error, "empty: there is no message");
	if (mime_parse(arena, m->bytes, &m->root) != 0)
		return error_set(error, "more memory needed than one message may take");
	if (m->root->headers.n == 0)
		return error_set(error, "not a message: it does not start with a header field");
	m->body = m->root->body;
	m->eol = line_end(m->bytes);
	return 0;
}
