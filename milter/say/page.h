/* page.h - what the reference says about one code or cause, and about two codes,
 * before its layout. reference.c (text, JSON, plain HTML) and the site lay out
 * the same page, so they cannot drift apart. Private to say/. */
#ifndef WHYBOUNCE_SAY_PAGE_H
#define WHYBOUNCE_SAY_PAGE_H

#include "say/explain.h"
#include "say/reference.h"

/* The texts of a topic; of an unknown code, what its digits say. Never NULL,
 * unless said so. */
struct page {
	const struct topic *topic;
	const struct knowledge *knowledge;
	const struct language *language;
	const char *name, *description, *when;
	const char *fix;		/* "": the steps of its cause */
	const char *more;		/* template behind the description, or NULL */
	const char *unknown;		/* template: "… is not a registered code", or NULL */
	const char *class_name;		/* or NULL */
	const struct cause *cause;	/* its usual one, or NULL */
};

struct page page_of(const struct knowledge *knowledge, const struct language *language,
		    const struct topic *topic);
const char *page_word(const struct page *page, enum label label);
struct values page_values(const struct page *page, const char *other);

/* "" where no document defines it, or only one that expired (*expired_r). */
const char *page_standard(const struct page *page, bool *expired_r);
/* A code that no standard has: known from practice, or not at all. */
bool page_is_standard(const struct page *page);
/* The description with what stands before and behind it. */
struct span page_description(struct arena *arena, const struct page *page);
/* The steps of its cause where a code has no fix of its own. */
struct texts page_steps(const struct page *page);
/* Its own words, or those steps in one paragraph. */
struct span page_fix(struct arena *arena, const struct page *page);
/* Who can fix it, a sentence: of a code, whoever usually can. "" where a code has
 * no usual cause. */
struct span page_who(struct arena *arena, const struct page *page);

enum { PAGE_MAX_RELATED = 24 };
/* Related codes of a page, or of two (b not NULL) without those two. */
size_t page_related(const struct page *a, const struct page *b,
		    struct topic topics[PAGE_MAX_RELATED]);

/* ---- two codes ---- */

enum { MAX_SENTENCES = 16 };

struct sentences {
	struct buf *out;	/* in whose arena they are kept */
	struct span list[MAX_SENTENCES];
	size_t n;
};

bool compare_is_same(const struct page *a, const struct page *b);
/* "550 and 554 compared" */
struct span compare_title(struct buf *out, const struct page *a, const struct page *b);
/* What the two have in common or not: one sentence, rarely none. */
struct span compare_summary(struct buf *out, const struct page *a, const struct page *b);
/* Only what differs is a difference. */
void compare_differences(struct sentences *s, const struct page *a, const struct page *b);
void compare_when_which(struct sentences *s, const struct page *a, const struct page *b);

#endif
