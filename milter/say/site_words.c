/* What the search of a language looks through: one row per page, as a script,
 * since a page opened from a disk may load nothing else. The browser folds case
 * and accents (conf/site/search.js). */
#include "base/json.h"
#include "say/site_view.h"

static void add_row(struct json *json, const struct page *page, const char *path, bool with_text)
{
	const struct topic *topic = page->topic;

	json_open(json, NULL, '[');
	json_string(json, NULL, span_str(path));
	json_string(json, NULL, span_str(topic->cause != NULL ? "" : topic->name));
	json_string(json, NULL, span_str(page->name));
	json_string(json, NULL, span_str(with_text ? page->description : ""));
	json_close(json, ']');
	buf_addc(json->out, '\n');
}

void site_words(struct buf *out, const struct site *site, const struct language *language)
{
	const struct code *last = NULL;
	struct json json;

	buf_adds(out, "whybounceWords(");
	json_init(&json, out);
	json_open(&json, NULL, '[');
	for (size_t i = 0; i < site->n; i++) {
		const struct topic *topic = site->pages[i].a;
		struct page page;

		if (site->pages[i].kind != SITE_CODE && site->pages[i].kind != SITE_CAUSE)
			continue;
		page = page_of(site->knowledge, language, topic);
		/* a status says the same in each class: once is enough to find it */
		add_row(&json, &page, site->pages[i].path,
			topic->code == NULL || topic->code != last);
		last = topic->code;
	}
	json_close(&json, ']');
	buf_adds(out, ")\n");
}
