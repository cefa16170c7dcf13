/* notice.h - read a bounce that is written for people only.
 *
 * Pure. By structure, not by program: addresses that start a line, that follow a
 * label ("Recipient:") or stand in a sentence of failure, and what is said of
 * each. The returned message is cut off first; the subject and quoted lines
 * ("> ") are not read. Offsets and spans lie in notice.text, which is the text that
 * is given or a copy. Linear in its length.
 *
 * Limits: NOTICE_MAX recipients. */
#ifndef WHYBOUNCE_MAIL_NOTICE_H
#define WHYBOUNCE_MAIL_NOTICE_H

#include "base/arena.h"
#include "mail/bounce.h"
#include "mail/phrases.h"

enum { NOTICE_MAX = 200 };

/* How sure it is that an address is a recipient: the best of a notice count. */
enum named {
	NAMED_SOMEWHERE,	/* it stands in the text */
	NAMED_IN_SENTENCE,	/* "your message to a@b could not be delivered" */
	NAMED_AT_LINE,		/* it starts a line, or follows a label */
};

struct notice_entry {
	struct span address;
	enum named named;
	size_t indent;
	size_t from, to;	/* what is said of it, first place */
	size_t again, until;	/* a second place that names it; until 0: none */
};

struct notice {
	struct span text;	/* without the returned message */
	struct span returned;	/* the returned message, from its header on; may be empty */
	struct phrases phrases;	/* of the text */
	struct notice_entry *entries;
	size_t n;
};

/* sender: whom the bounce was sent to; he is no recipient unless a line says so.
 * -1 only when the arena is exhausted. */
int notice_read(struct arena *arena, struct span text, struct span sender,
		struct notice *notice_r);

/* What the notice says of entry i, into *r (recipient, original, reply, …). */
void notice_recipient(struct arena *arena, const struct notice *notice, size_t i,
		      struct bounce_recipient *r);

/* As far as two paragraphs: then the notice speaks to everybody again. */
struct span notice_near(struct span said);
/* The same from `at` on, and no further than where the next entry is named. */
struct span notice_said_at(const struct notice *notice, size_t at);

/* The first half of notice_read: text, returned and phrases. */
void notice_cut(struct arena *arena, struct span text, struct notice *notice);
/* Where the paragraph that holds `at` starts, at most BOUNCE_MAX_REPLY before it. */
size_t notice_paragraph(struct span text, size_t at);
/* What rules are drawn with: "-----". */
bool notice_is_rule(char c);
/* Where the line that holds `at` starts, and the line that starts somewhere. */
size_t notice_line_start(struct span text, size_t at);
struct span notice_line_at(struct span text, size_t start);

/* Does it tell of a failure or a delay that has come, not only of one that may come
 * ("Once your mailbox is full, mail cannot be delivered.")? */
bool notice_tells(const struct notice *notice);

/* Nobody is named but the reader: "anna@a.example, your mailbox is full". */
bool notice_names_only(const struct notice *notice, struct span reader);
/* The reader wrote what is spoken of: "your message", "Sender: anna@a.example"; or a line
 * of his own names him as a recipient, who wrote to himself. */
bool notice_speaks_to_author(const struct notice *notice, struct span reader);

/* The server that wrote it ("This is the mail system at host mx.example"). */
struct span notice_reporter(struct span text);

/* Where fields of a delivery report stand in the text, or text.n. */
size_t notice_report(struct span text);

#endif
