/* site.h - the reference as static pages: which there are, and each as bytes.
 *
 * All languages have the same pages at the same paths below their tag:
 *   en/index.html                 everything, by class, subject and family
 *   en/code/550.html, 5.1.1.html  a page per code; one per class of a status
 *   en/cause/mailbox_full.html    a page per cause: where help_url of bounces leads
 *   en/compare/450-550.html       two standard reply codes
 *   en/compare/index.html         the way to those
 *   en/words.js                   what the search looks through
 * Beside them stand index.html (the languages) and sitemap.xml, and the files that
 * all pages share: style.css, search.js and two drawings. Links are relative, so that the
 * site works below any address and from a disk.
 *
 * Nothing is read or written here. A struct site is immutable after site_plan:
 * several threads may write its pages, each into a buf of its own. */
#ifndef WHYBOUNCE_SAY_SITE_H
#define WHYBOUNCE_SAY_SITE_H

#include "say/reference.h"

enum site_kind { SITE_HOME, SITE_CODE, SITE_CAUSE, SITE_COMPARE, SITE_COMPARE_INDEX };

struct site_page {
	enum site_kind kind;
	const struct topic *a, *b;	/* b: of a comparison */
	const char *path;		/* below the language: "code/550.html" */
};

struct site_topics {
	struct topic *list;
	size_t n;
};

struct site {
	const struct knowledge *knowledge;
	const char *base;	/* where it is published, ends with '/'; or NULL */
	const struct language *fallback;	/* for readers of other languages */
	struct site_topics replies, statuses, causes;
	struct site_topics standard;	/* replies that are compared */
	struct site_page *pages;
	size_t n;
};

/* Everything lives in the arena. base: "https://help.example.org/mail" or NULL:
 * without it there are no absolute addresses and no sitemap. -1 where the arena
 * fails. */
int site_plan(struct site *site, struct arena *arena, const struct knowledge *k,
	      const struct language *fallback, const char *base);

void site_page(struct buf *out, const struct site *site, const struct language *language,
	       const struct site_page *page);
void site_words(struct buf *out, const struct site *site, const struct language *language);
/* The page in front of all languages. */
void site_front(struct buf *out, const struct site *site);
/* Needs a base: the addresses of one language, and the list of those lists. */
void site_map(struct buf *out, const struct site *site, const struct language *language);
void site_map_index(struct buf *out, const struct site *site);

#endif
