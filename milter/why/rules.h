/* rules.h - the trigger rules, compiled: one PCRE2-JIT alternation per group.
 *
 * Within a group the leftmost match wins, at the same place the first rule.
 * Matching is bounded: RULES_MAX_TEXT bytes of text, a match limit, no
 * recursion that can run away. Immutable after rules_new: shared by threads. */
#ifndef WHYBOUNCE_WHY_RULES_H
#define WHYBOUNCE_WHY_RULES_H

#include "base/error.h"
#include "know/know.h"

enum { RULES_MAX_TEXT = 4096 };

struct rules;

/* NULL with an error that names file and line of a broken pattern. The
 * knowledge must outlive the rules. */
struct rules *rules_new(const struct knowledge *knowledge, struct error *error);
void rules_free(struct rules *rules);

/* The rule of this group that the text decides for, or NULL. reply_code and
 * status narrow rules that ask for them; text is one line of UTF-8. */
const struct rule *rules_match(const struct rules *rules, enum rule_group group,
			       struct span text, struct span reply_code,
			       struct span status);

#endif
