/* The page of a code, and the page of a cause. */
#include <string.h>

#include "say/fill.h"
#include "say/site_view.h"

/* ---- what both have ---- */

static void add_title(const struct view *v, const struct page *page, const char *kind)
{
	buf_adds(v->out, "<header class=\"title\">\n");
	part_element(v, "p", "kind", kind);
	buf_adds(v->out, "<h1>");
	if (page->topic->cause == NULL)
		buf_addf(v->out, "<b class=\"number%s c%d\" dir=\"ltr\">%s</b> ",
			 page->topic->is_status ? " long" : "", part_colour(page->topic),
			 page->topic->name);
	buf_adds(v->out, "<span>");
	html_escape(v->out, page->name);
	buf_adds(v->out, "</span></h1>\n</header>\n");
}

static void fact_start(const struct view *v, enum label label)
{
	buf_adds(v->out, "<dl><dt>");
	html_escape(v->out, view_word(v, label));
	buf_adds(v->out, "</dt><dd>");
}

static void fact_end(const struct view *v)
{
	buf_adds(v->out, "</dd></dl>\n");
}

static void add_fact(const struct view *v, enum label label, struct span value)
{
	if (value.n == 0)
		return;
	fact_start(v, label);
	html_escape(v->out, arena_string(v->out->arena, value));
	fact_end(v);
}

static void add_related(const struct view *v, const struct page *page, enum label label)
{
	struct topic topics[PAGE_MAX_RELATED];
	size_t n = page_related(page, NULL, topics);

	if (n == 0)
		return;
	part_section(v, NULL, view_word(v, label));
	part_topics(v, topics, n);
	part_section_end(v);
}

static void add_text_section(const struct view *v, enum label label, struct span text)
{
	if (text.n == 0)
		return;
	part_section(v, NULL, view_word(v, label));
	part_paragraph(v, text);
	part_section_end(v);
}

/* ---- codes ---- */

static void add_code_path(const struct view *v, const struct page *page)
{
	const struct topic *topic = page->topic;
	struct arena *arena = v->out->arena;
	const struct code_text *subject = topic->is_status ?
		language_subject(v->language, topic->subject) : NULL;

	part_path_start(v);
	part_path_step(v, topic->is_status ? "index.html#statuses" : "index.html#replies",
		       view_word(v, topic->is_status ? LABEL_SITE_STATUS_CODES :
				 LABEL_SITE_REPLY_CODES));
	if (subject != NULL)
		part_path_step(v, arena_printf(arena, "index.html#status-%d", topic->subject),
			       subject->name);
	else if (!topic->is_status && page->class_name != NULL)
		part_path_step(v, arena_printf(arena, "index.html#reply-%d", topic->class),
			       page->class_name);
	part_path_end(v);
}

/* The same status in another class: "4.2.2" beside "5.2.2". */
static void add_other_classes(const struct view *v, const struct topic *topic)
{
	const struct site_topics *all = &v->site->statuses;
	size_t n = 0;

	for (size_t i = 0; topic->is_status && i < all->n; i++) {
		const struct topic *other = &all->list[i];

		if (other->code != topic->code || other->class == topic->class)
			continue;
		if (n++ == 0) {
			fact_start(v, LABEL_SITE_OTHER_CLASSES);
			buf_adds(v->out, "<ul class=\"plain\">\n");
		}
		buf_addf(v->out, "<li><a href=\"%s%s\">", v->up, part_path(v->out->arena, other));
		part_number(v, other);
		buf_addc(v->out, ' ');
		html_escape(v->out, language_class(v->language, other->class)->name);
		buf_adds(v->out, "</a></li>\n");
	}
	if (n != 0) {
		buf_adds(v->out, "</ul>");
		fact_end(v);
	}
}

static void add_code_facts(const struct view *v, const struct page *page)
{
	struct arena *arena = v->out->arena;
	struct topic cause;
	bool expired;
	const char *standard = page_standard(page, &expired);

	buf_adds(v->out, "<div class=\"facts\">\n");
	fact_start(v, LABEL_CLASS);
	buf_addf(v->out, "<span class=\"class c%d\">", part_colour(page->topic));
	html_escape(v->out, page->class_name);
	buf_adds(v->out, "</span>");
	fact_end(v);
	if (page->cause != NULL) {
		cause = topic_of_cause(page->cause);
		fact_start(v, LABEL_USUAL_CAUSE);
		buf_addf(v->out, "<a href=\"%s%s\">", v->up, part_path(arena, &cause));
		html_escape(v->out, language_cause(v->language, page->cause)->title);
		buf_adds(v->out, "</a>");
		fact_end(v);
	}
	add_fact(v, LABEL_WHO_CAN_FIX, page_who(arena, page));
	add_fact(v, expired ? LABEL_PROPOSED_IN : LABEL_STANDARD, span_str(standard));
	add_other_classes(v, page->topic);
	buf_adds(v->out, "</div>\n");
}

static void add_fix(const struct view *v, const struct page *page)
{
	struct texts steps = page_steps(page);

	if (page->fix[0] == '\0' && steps.n == 0)
		return;
	part_section(v, NULL, view_word(v, LABEL_HOW_TO_FIX));
	part_paragraph(v, span_str(page->fix));
	if (steps.n != 0)
		part_element(v, "p", NULL, view_word(v, LABEL_WITH_A_BOUNCE));
	part_texts(v, "ol", steps);
	part_section_end(v);
}

/* A link to the comparison with each other standard code. */
static void add_comparisons(const struct view *v, const struct topic *topic)
{
	const struct site_topics *all = &v->site->standard;

	if (topic->is_status || !topic->code->is_standard || all->n < 2)
		return;
	part_section(v, "compare", view_fill(v, LABEL_SITE_COMPARE_WITH, topic->name));
	buf_adds(v->out, "<ul class=\"chips\">\n");
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->list[i].name, topic->name) != 0)
			part_chip(v, &all->list[i],
				  part_compare_path(v->out->arena, topic, &all->list[i]));
	buf_adds(v->out, "</ul>\n");
	part_section_end(v);
}

void site_code(const struct view *v)
{
	const struct topic *topic = v->page->a;
	struct page page = view_page(v, topic);
	struct arena *arena = v->out->arena;

	shell_open(v, arena_printf(arena, "%s %s", topic->name, page.name),
		   span_str(page.description));
	add_code_path(v, &page);
	buf_adds(v->out, "<article>\n");
	add_title(v, &page, view_word(v, topic->is_status ? LABEL_KIND_STATUS : LABEL_KIND_REPLY));
	add_code_facts(v, &page);
	buf_adds(v->out, "<div class=\"body\">\n");
	if (!page_is_standard(&page) && topic->class != 1)
		part_element(v, "p", "note", view_word(v, LABEL_NOT_STANDARD));
	add_text_section(v, LABEL_DESCRIPTION, page_description(arena, &page));
	add_text_section(v, LABEL_WHEN_YOU_SEE_IT, span_str(page.when));
	add_fix(v, &page);
	add_related(v, &page, LABEL_RELATED_CODES);
	add_comparisons(v, topic);
	buf_adds(v->out, "</div>\n</article>\n");
	shell_close(v);
}

/* ---- causes ---- */

static void add_cause_path(const struct view *v, const struct cause *cause)
{
	struct topic family = topic_of_cause(cause->family);

	part_path_start(v);
	part_path_step(v, "index.html#causes", view_word(v, LABEL_SITE_CAUSES));
	if (cause->family != cause)
		part_path_step(v, part_path(v->out->arena, &family),
			       language_cause(v->language, cause->family)->title);
	part_path_end(v);
}

static void add_codes_of(const struct view *v, const struct cause *cause)
{
	const struct site_topics *lists[] = { &v->site->replies, &v->site->statuses };
	struct topic *topics = arena_array(v->out->arena, lists[0]->n + lists[1]->n,
					   sizeof(*topics));
	size_t n = 0;

	for (size_t l = 0; topics != NULL && l < 2; l++)
		for (size_t i = 0; i < lists[l]->n; i++)
			if (view_page(v, &lists[l]->list[i]).cause == cause)
				topics[n++] = lists[l]->list[i];
	if (n == 0)
		return;
	part_section(v, NULL, view_word(v, LABEL_SITE_CODES_OF_CAUSE));
	part_topics(v, topics, n);
	part_section_end(v);
}

void site_cause(const struct view *v)
{
	struct page page = view_page(v, v->page->a);
	const struct cause_text *text = language_cause(v->language, page.cause);

	shell_open(v, page.name, span_str(page.description));
	add_cause_path(v, page.cause);
	buf_adds(v->out, "<article>\n");
	add_title(v, &page, view_word(v, LABEL_SITE_CAUSE));
	buf_adds(v->out, "<div class=\"facts\">\n");
	add_fact(v, LABEL_WHO_CAN_FIX, page_who(v->out->arena, &page));
	buf_adds(v->out, "</div>\n<div class=\"body\">\n");
	add_text_section(v, LABEL_WHAT_HAPPENED, span_str(text->happened));
	if (text->steps.n != 0) {
		part_section(v, NULL, view_word(v, LABEL_WHAT_YOU_CAN_DO));
		part_element(v, "p", NULL, view_word(v, LABEL_WITH_A_BOUNCE));
		part_texts(v, "ol", text->steps);
		part_section_end(v);
	}
	add_text_section(v, LABEL_WHEN_IT_HAPPENS, span_str(text->when));
	if (text->admin.n != 0) {
		part_section(v, NULL, view_word(v, LABEL_FOR_ADMINS));
		part_texts(v, "ul", text->admin);
		part_section_end(v);
	}
	add_related(v, &page, LABEL_SITE_RELATED_CAUSES);
	add_codes_of(v, page.cause);
	buf_adds(v->out, "</div>\n</article>\n");
	shell_close(v);
}
