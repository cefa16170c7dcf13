#include "mail/parts.h"

#include "base/buf.h"
#include "mail/bounce.h"
#include "mail/html.h"

/* ---- what each part is ---- */

bool parts_is_report_type(const struct mime_part *root)
{
	return content_type_is(&root->type, "multipart", "report") &&
		(content_type_parameter(&root->type, "report-type").n == 0 ||
		 span_is(content_type_parameter(&root->type, "report-type"), "delivery-status"));
}

bool parts_is_report(const struct mime_part *part)
{
	return content_type_is(&part->type, "message", "delivery-status") ||
		content_type_is(&part->type, "message", "global-delivery-status") ||
		(content_type_is(&part->type, "application", "octet-stream") &&
		 part->parent != NULL && parts_is_report_type(part->parent));
}

bool parts_is_untyped_message(const struct mime_part *part)
{
	return !part->type_stated && headers_find(&part->headers, "Received") != NULL;
}

bool parts_is_returned(const struct mime_part *part)
{
	static const char *const types[][2] = {
		{ "message", "rfc822" }, { "message", "global" }, { "message", "partial" },
		{ "message", "rfc822-headers" }, { "message", "global-headers" },
		{ "text", "rfc822-headers" }, { "text", "rfc822-header" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (content_type_is(&part->type, types[i][0], types[i][1]))
			return true;
	return parts_is_untyped_message(part);
}

/* ---- what there is to read ---- */

static bool is_html(const struct mime_part *part)
{
	return content_type_is(&part->type, "text", "html");
}

static bool is_multipart(const struct mime_part *part)
{
	return content_type_is(&part->type, "multipart", NULL);
}

static struct span html_part(struct arena *arena, const struct mime_part *part)
{
	return html_text(arena, mime_text(arena, part, BOUNCE_MAX_TEXT));
}

/* Text, a report without its type, or a multipart whose boundary is another. HTML only
 * where no text came before it. */
static bool is_readable(const struct mime_part *part, bool text_before)
{
	if (parts_is_returned(part) || part->child != NULL)
		return false;
	if (is_html(part))
		return !text_before && !content_type_is(&part->parent->type, "multipart", "alternative");
	return content_type_is(&part->type, "text", NULL) ||
		content_type_is(&part->type, "message", NULL) || is_multipart(part);
}

static void add_part(struct arena *arena, const struct mime_part *part, struct buf *out)
{
	struct span text = is_html(part) ? html_part(arena, part) :
		mime_text(arena, part, BOUNCE_MAX_TEXT);

	buf_add(out, span_slice(text, 0, out->n < out->limit ? out->limit - out->n - 2 : 0));
	buf_adds(out, "\n\n");
}

struct span parts_text(struct arena *arena, const struct mime_part *root)
{
	struct buf out;
	const struct mime_part *html = NULL;
	bool text = false;

	if (!is_multipart(root) || root->child == NULL)
		return is_html(root) ? html_part(arena, root) : mime_text(arena, root, BOUNCE_MAX_TEXT);
	buf_init(&out, arena, BOUNCE_MAX_TEXT);
	for (const struct mime_part *p = mime_next(root, root); p != NULL && out.n + 4 < out.limit;
	     p = mime_next(root, p)) {
		if (is_html(p) && html == NULL)
			html = p;
		if (!is_readable(p, text))
			continue;
		add_part(arena, p, &out);
		text |= span_trim(buf_span(&out)).n != 0;
	}
	return text || html == NULL ? buf_span(&out) : html_part(arena, html);
}

bool parts_has_links(struct arena *arena, const struct mime_part *part)
{
	struct span text;

	if (!content_type_is(&part->type, "text", NULL))
		return false;
	text = mime_text(arena, part, BOUNCE_MAX_TEXT);
	return span_ifind(text, 0, "http") < text.n;
}
