/* schema.h - the YAML of conf/knowledge, conf/languages and knowledge.d.
 *
 * One schema for all three: English and triggers, translations, overrides.
 * Every section and nearly every key is optional; an unknown key is an error.
 *
 *   language: {tag: de, name: Deutsch, direction: ltr, aliases: [de-DE, ger]}
 *   glossary:                      # for translators; checked, not used
 *     - {term: bounce, text: Unzustellbarkeitsnachricht}
 *   same_as_english: [labels.dns]  # strings that rightly equal the English one
 *   labels:
 *     - {id: what_happened, text: "What happened"}
 *   causes:
 *     - id: user_unknown
 *       who: sender                # English only: sender, sender_admin,
 *                                  # recipient, recipient_admin, nobody
 *       probes: [mx]               # English only
 *       title: "This address does not exist"
 *       happened: "…"
 *       when: "…"
 *       steps: ["…", "…"]
 *       admin: ["…"]
 *   replies:
 *     - code: "550"
 *       standard: RFC 5321         # English only
 *       is_standard: yes           # English only
 *       cause: user_unknown        # English only
 *       related: ["551", "5.1.1"]  # English only
 *       name: "…"
 *       description: "…"
 *       when: "…"
 *       fix: "…"
 *   statuses:                      # as replies; code "X.1.1"
 *     - code: X.4.7
 *       classes:                   # where 2, 4 and 5 differ
 *         - {class: 4, cause: expired, name: "…", description: "…", when: "…", fix: "…"}
 *   classes:                       # what a first digit says, for unknown codes
 *     - {class: 5, name: "…", description: "…", when: "…", fix: "…"}
 *   subjects:                      # what X.n says, for unknown codes
 *     - {subject: 7, name: "…", description: "…", when: "…", fix: "…"}
 *   rules:                         # order counts at the same position
 *     - id: gmail.no_such_user
 *       provider: Gmail            # absent: a generic rule
 *       pattern: 'the email account that you tried to reach does not exist'
 *       reply: "550"
 *       status: "5.1.1"
 *       cause: user_unknown
 *       who: sender
 *       help: https://support.google.com/mail/?p=NoSuchUser
 *       hint: "…"                  # a sentence that is true for this provider
 *   hints:                         # translations of the rules' hints
 *     - {id: gmail.no_such_user, text: "…"}
 */
#ifndef WHYBOUNCE_KNOW_SCHEMA_H
#define WHYBOUNCE_KNOW_SCHEMA_H
#endif
