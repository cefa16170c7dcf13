#include "mail/mime.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

/* The parts that are open at the place the scan has reached, the root first. One
 * pass over the lines serves all of them, so that its cost is linear however
 * deep a message is nested. */
struct level {
	struct mime_part *part;
	struct span boundary;		/* of an open multipart; else empty */
	struct mime_part *last;		/* its newest child */
};

struct scan {
	struct arena *arena;
	struct span bytes;
	struct level open[MIME_MAX_DEPTH + 1];
	size_t depth;
	size_t parts;
};

/* A line that starts with "--". */
struct delimiter {
	size_t level;			/* whose boundary it is */
	size_t line, end;		/* from its "--" to behind its line end */
	bool close;
};

/* ---- boundary lines, RFC 2046, 5.1.1 ---- */

static bool is_blank(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != ' ' && s.p[i] != '\t' && s.p[i] != '\r')
			return false;
	return true;
}

static bool is_delimiter(struct span line, struct span boundary, bool *close_r)
{
	struct span rest = span_from(line, 2 + boundary.n);

	if (boundary.n == 0 || line.n < 2 + boundary.n ||
	    memcmp(line.p + 2, boundary.p, boundary.n) != 0)
		return false;
	*close_r = rest.n >= 2 && rest.p[0] == '-' && rest.p[1] == '-';
	return is_blank(span_from(rest, *close_r ? 2 : 0));
}

static bool match_line(const struct scan *scan, size_t at, struct delimiter *delimiter)
{
	size_t end = span_find_byte(scan->bytes, at, '\n');
	struct span line = span_slice(scan->bytes, at, end);

	for (size_t i = scan->depth; i-- > 0;) {
		if (!is_delimiter(line, scan->open[i].boundary, &delimiter->close))
			continue;
		delimiter->level = i;
		delimiter->line = at;
		delimiter->end = end < scan->bytes.n ? end + 1 : end;
		return true;
	}
	return false;
}

/* The next boundary line of any open multipart in [from, to). from is the start
 * of a line. */
static bool find_delimiter(const struct scan *scan, size_t from, size_t to,
			   struct delimiter *delimiter)
{
	struct span window = span_slice(scan->bytes, 0, to);

	if (from + 2 <= to && memcmp(window.p + from, "--", 2) == 0 &&
	    match_line(scan, from, delimiter))
		return true;
	for (size_t at = span_find(window, from, SPAN("\n--")); at < to;
	     at = span_find(window, at + 1, SPAN("\n--")))
		if (match_line(scan, at + 1, delimiter))
			return true;
	return false;
}

/* ---- parts ---- */

/* What RFC 2045, 5.2 and RFC 2046, 5.1.5 say where nothing is stated. */
static void default_type(struct mime_part *part)
{
	if (part->type.type.n != 0 && part->type.subtype.n != 0)
		return;
	part->type.type = SPAN("text");
	part->type.subtype = SPAN("plain");
	if (part->parent != NULL && content_type_is(&part->parent->type, "multipart", "digest")) {
		part->type.type = SPAN("message");
		part->type.subtype = SPAN("rfc822");
	}
}

static int read_fields(struct arena *arena, struct mime_part *part)
{
	const struct header *type = headers_find(&part->headers, "Content-Type");
	struct span value = header_unfold(arena, type);

	part->type_stated = value.n != 0;
	if (content_type_parse(arena, value, &part->type) != 0)
		return -1;
	default_type(part);
	part->encoding = transfer_encoding_parse(header_unfold(arena,
			headers_find(&part->headers, "Content-Transfer-Encoding")));
	return 0;
}

/* A head never reaches past a boundary line. */
static int read_head(struct scan *scan, struct mime_part *part, size_t from)
{
	struct span rest = span_from(scan->bytes, from);
	struct delimiter delimiter;

	if (headers_parse(scan->arena, rest, &part->head, &part->headers) != 0)
		return -1;
	if (find_delimiter(scan, from, from + part->head.n, &delimiter) &&
	    headers_parse(scan->arena, span_slice(rest, 0, delimiter.line - from),
			  &part->head, &part->headers) != 0)
		return -1;
	part->head.p = scan->bytes.p + from;
	part->all.p = part->head.p;
	part->body.p = part->head.p + part->head.n;
	return read_fields(scan->arena, part);
}

/* A message whose transfer encoding hides it is opaque (RFC 2046, 5.2.1 forbids
 * that; RFC 6532, 3.7 allows it for message/global). */
static bool holds_message(const struct mime_part *part)
{
	return part->encoding <= ENCODING_BINARY &&
		(content_type_is(&part->type, "message", "rfc822") ||
		 content_type_is(&part->type, "message", "global"));
}

static struct mime_part *add_child(struct scan *scan, struct level *level)
{
	struct mime_part *child = arena_alloc(scan->arena, sizeof(*child));

	if (child == NULL)
		return NULL;
	child->parent = level->part;
	if (level->last == NULL)
		level->part->child = child;
	else
		level->last->next = child;
	level->last = child;
	scan->parts++;
	return child;
}

static bool has_room(const struct scan *scan)
{
	return scan->depth < MIME_MAX_DEPTH + 1 && scan->parts < MIME_MAX_PARTS;
}

/* Open a part whose head starts here, and the message nested at its start.
 * *at_r becomes where the innermost body begins. */
static int open_part(struct scan *scan, struct mime_part *part, size_t from, size_t *at_r)
{
	for (;;) {
		struct level *level = &scan->open[scan->depth];

		if (read_head(scan, part, from) != 0)
			return -1;
		from = *at_r = (size_t)(part->body.p - scan->bytes.p);
		*level = (struct level){ .part = part };
		scan->depth++;
		if (content_type_is(&part->type, "multipart", NULL))
			level->boundary = span_trim(content_type_parameter(&part->type, "boundary"));
		if (!holds_message(part) || !has_room(scan))
			return 0;
		part = add_child(scan, level);
		if (part == NULL)
			return -1;
	}
}

/* Everything inside this level ends here. A part without a body gives up the
 * line end of its head: it belongs to the boundary line. */
static void close_inside(struct scan *scan, size_t level, size_t end)
{
	const char *stop = scan->bytes.p + end;

	while (scan->depth > level) {
		struct mime_part *part = scan->open[--scan->depth].part;

		if (stop < part->all.p)
			stop = part->all.p;
		if (part->body.p > stop) {
			part->head.n = (size_t)(stop - part->head.p);
			part->body.p = stop;
		}
		part->all.n = (size_t)(stop - part->all.p);
		part->body.n = (size_t)(stop - part->body.p);
	}
}

/* The line end before a boundary line belongs to it. */
static size_t before_line(const struct scan *scan, size_t line)
{
	if (line > 0 && scan->bytes.p[line - 1] == '\n')
		line--;
	if (line > 0 && scan->bytes.p[line - 1] == '\r')
		line--;
	return line;
}

static int take_delimiter(struct scan *scan, const struct delimiter *delimiter, size_t *at_r)
{
	struct level *level = &scan->open[delimiter->level];
	struct mime_part *part = level->part;
	struct mime_part *child;

	*at_r = delimiter->end;
	if (!delimiter->close && !(delimiter->level + 1 < MIME_MAX_DEPTH + 1 &&
				   scan->parts < MIME_MAX_PARTS))
		return 0;
	close_inside(scan, delimiter->level + 1, before_line(scan, delimiter->line));
	if (part->first_boundary.n == 0)
		part->first_boundary = span_slice(scan->bytes, delimiter->line, delimiter->end);
	if (delimiter->close) {
		part->closed = true;
		level->boundary = (struct span){ NULL, 0 };
		return 0;
	}
	child = add_child(scan, level);
	return child != NULL ? open_part(scan, child, delimiter->end, at_r) : -1;
}

int mime_parse(struct arena *arena, struct span message, struct mime_part **root_r)
{
	struct scan scan = { .arena = arena, .bytes = message, .parts = 1 };
	struct delimiter delimiter;
	size_t at;

	if (message.p == NULL)
		scan.bytes = SPAN("");
	*root_r = arena_alloc(arena, sizeof(**root_r));
	if (*root_r == NULL || open_part(&scan, *root_r, 0, &at) != 0)
		return -1;
	while (find_delimiter(&scan, at, scan.bytes.n, &delimiter))
		if (take_delimiter(&scan, &delimiter, &at) != 0)
			return -1;
	close_inside(&scan, 0, scan.bytes.n);
	return 0;
}

/* ---- the tree ---- */

const struct mime_part *mime_next(const struct mime_part *root, const struct mime_part *part)
{
	if (part->child != NULL && content_type_is(&part->type, "multipart", NULL))
		return part->child;
	while (part != root) {
		if (part->next != NULL)
			return part->next;
		part = part->parent;
	}
	return NULL;
}

struct span mime_decoded(struct arena *arena, const struct mime_part *part, size_t limit)
{
	return codec_decode(arena, part->body, part->encoding, limit);
}

/* Does any letter of UTF-8 that is not ASCII stand in it? */
static bool has_utf8(struct span bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		if ((unsigned char)bytes.p[i] >= 0x80 && utf8_length(bytes, i) > 1)
			return true;
	return false;
}

/* What is called UTF-8 and holds none of it was called so by mistake. */
struct span mime_text(struct arena *arena, const struct mime_part *part, size_t limit)
{
	struct span charset = content_type_parameter(&part->type, "charset");
	struct span bytes = mime_decoded(arena, part, limit);

	if (span_is(charset, "utf-8") && !has_utf8(bytes))
		charset = span_slice(charset, 0, 0);
	return codec_utf8(arena, bytes, charset);
}

/* A line that starts with "--" and a prefix of the boundary could be taken for
 * it, as could one that goes on behind it; only whole lines of an old boundary
 * can be prefixes, so its own length decides. */
static bool clashes(struct span line, struct span boundary)
{
	size_t n = line.n;

	while (n > 0 && (ascii_isspace(line.p[n - 1]) || line.p[n - 1] == '-'))
		n--;
	if (n > boundary.n)
		n = boundary.n;
	return n > 0 && memcmp(line.p, boundary.p, n) == 0;
}

bool mime_boundary_occurs(struct span message, struct span boundary)
{
	if (span_find(message, 0, boundary) < message.n)
		return true;
	if (message.n > 2 && memcmp(message.p, "--", 2) == 0 &&
	    clashes(span_slice(message, 2, span_find_byte(message, 2, '\n')), boundary))
		return true;
	for (size_t at = span_find(message, 0, SPAN("\n--")); at < message.n;
	     at = span_find(message, at + 1, SPAN("\n--")))
		if (clashes(span_slice(message, at + 3, span_find_byte(message, at + 3, '\n')),
			    boundary))
			return true;
	return false;
}
