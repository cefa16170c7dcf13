/* site_view.h - what the builders of the site share. Private to say/.
 *
 * A view is one page in one language while it is written. Text is escaped by
 * the functions here; what a builder writes with buf_adds is markup. */
#ifndef WHYBOUNCE_SAY_SITE_VIEW_H
#define WHYBOUNCE_SAY_SITE_VIEW_H

#include "say/page.h"
#include "say/site.h"

struct view {
	struct buf *out;
	const struct site *site;
	const struct language *language;
	const struct site_page *page;	/* NULL: the page in front of all languages */
	const char *root;	/* from here to the site: "../../" */
	const char *up;		/* from here to the language: "../" or "" */
};

const char *view_word(const struct view *v, enum label label);
/* A label with {code} in it. */
const char *view_fill(const struct view *v, enum label label, const char *code);
struct page view_page(const struct view *v, const struct topic *topic);

/* ---- site_shell.c: what stands around the content ---- */

/* Up to and with <main>; title is the heading of the page without the site's
 * name, description what search engines show. */
void shell_open(const struct view *v, const char *title, struct span description);
void shell_close(const struct view *v);
void shell_search(const struct view *v);	/* the form; the home page has it in <main> */

/* ---- site_parts.c ---- */

/* <name class="class">text</name>; class may be NULL. */
void part_element(const struct view *v, const char *name, const char *class, const char *text);
void part_paragraph(const struct view *v, struct span text);	/* none where empty */
/* A section with a heading; id may be NULL. */
void part_section(const struct view *v, const char *id, const char *heading);
void part_section_end(const struct view *v);
void part_list(const struct view *v, const struct sentences *sentences);
void part_texts(const struct view *v, const char *name, struct texts texts);	/* ol, ul */
/* "code/550.html", "compare/450-550.html": below the language. */
const char *part_path(struct arena *arena, const struct topic *topic);
const char *part_compare_path(struct arena *arena, const struct topic *a, const struct topic *b);
/* Its class, which gives it a colour; 0 for causes, 2 for those that are none. */
int part_colour(const struct topic *topic);
void part_number(const struct view *v, const struct topic *topic);
/* A list of links, with number and name. */
void part_topics(const struct view *v, const struct topic *topics, size_t n);
/* One entry of a list of links that are numbers alone. */
void part_chip(const struct view *v, const struct topic *topic, const char *path);
/* Where this page is: steps between start and end, the home page first. */
void part_path_start(const struct view *v);
void part_path_step(const struct view *v, const char *href, const char *text);
void part_path_end(const struct view *v);

/* Is the cause one of what arrived? */
bool cause_is_arrival(const struct cause *cause);

/* ---- one per kind of page: writes what is inside of <main> ---- */

void site_home(const struct view *v);
void site_code(const struct view *v);
void site_cause(const struct view *v);
void site_compare(const struct view *v);
void site_compare_index(const struct view *v);

#endif
