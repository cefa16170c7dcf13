/* rules.h - the trigger rules, compiled (PCRE2-JIT), and matched with a text.
 *
 * A group behaves like one alternation of its patterns: the leftmost match wins,
 * at the same place the first rule. A pattern is caseless UTF-8 and matches from
 * the start of a word: one that begins with a letter or digit never matches inside
 * a longer word. It may not capture, recurse, carry verbs or comments (rules_new
 * says so).
 *
 * Matching is bounded: RULES_MAX_TEXT bytes of text, limits on matching steps
 * and depth; a group with a pattern that exceeds them matches nothing. Bytes that
 * are no UTF-8 are skipped over. Where JIT is not allowed (MemoryDenyWriteExecute)
 * the same patterns are interpreted. Shared by threads after rules_new. */
#ifndef WHYBOUNCE_WHY_RULES_H
#define WHYBOUNCE_WHY_RULES_H

#include "base/error.h"
#include "know/know.h"

enum {
	RULES_MAX_TEXT = 4096,
	RULES_PREPARED = 1 << 20,	/* bytes of code that rules_prepare makes */
	RULES_SIEVED = 1024,		/* patterns that one text may match at most */
};

struct rules;

/* NULL with an error that names file and line of a broken pattern. The
 * knowledge must outlive the rules. */
struct rules *rules_new(const struct knowledge *knowledge, struct error *error);
void rules_free(struct rules *rules);
/* Make the code that searching needs now, as none can be made behind a sandbox. Each
 * worker has its own, so there is a limit to it: the patterns that come last are
 * interpreted, which is slower. */
void rules_prepare(const struct rules *rules);

/* One line of UTF-8, and which patterns it may match: for all groups at once, found
 * out when the first is asked for. The text is borrowed. Release it after use. */
struct rules_text {
	struct span text;
	bool sieved;				/* the list is known */
	unsigned short list[RULES_SIEVED];	/* in order */
	size_t n;
	struct pattern_room *room;
};
void rules_text_init(struct rules_text *text, struct span line);
void rules_release(struct rules_text *text);

/* The rule of this group that the text decides for, or NULL. reply_code and
 * status narrow rules that ask for them. */
const struct rule *rules_match(const struct rules *rules, enum rule_group group,
			       struct rules_text *text, struct span reply_code,
			       struct span status);

/* For `--why`: every rule of the group that matches anywhere in the text, in
 * the order of the files, each tried alone (slow: hundreds of patterns).
 * Returns how many were written to list. */
size_t rules_list(const struct rules *rules, enum rule_group group,
		  struct span text, struct span reply_code, struct span status,
		  const struct rule **list, size_t size);

#endif
