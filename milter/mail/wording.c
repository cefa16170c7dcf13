#include "mail/wording.h"

#include <string.h>

bool wording_names_sender(struct span label)
{
	static const char *const words[] = {
		"sender", "from", "contact", "support", "server", "mta", "by", "reply-to", "id",
		"absender", "von", "help", "admin", "message", "list", "postmaster", "kontakt",
	};
	size_t from = label.n;

	while (from > 0 && ascii_isalpha(label.p[from - 1]))
		from--;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_is(span_from(label, from), words[i]))
			return true;
	return false;
}

bool wording_labels_sender(struct span text, size_t line, size_t at)
{
	struct span label = span_trim(span_slice(text, line, at));
	size_t end = 0;

	while (label.n != 0 && strchr("<\"' \t", label.p[label.n - 1]) != NULL)
		label.n--;
	while (end < label.n && ascii_isalpha(label.p[end]))
		end++;
	return label.n != 0 && span_find_byte(label, 0, ':') == label.n - 1 &&
		wording_names_sender(span_slice(label, 0, end));
}

struct span wording_before(struct span text, size_t at)
{
	size_t from;

	while (at > 0 && strchr(" \t<\"'[(:=\n\r", text.p[at - 1]) != NULL)
		at--;
	for (from = at; from > 0 && at - from < 24 &&
	     (ascii_isalpha(text.p[from - 1]) || text.p[from - 1] == '-'); from--)
		;
	return span_slice(text, from, at);
}

bool wording_names_recipient(struct span word)
{
	static const char *const words[] = {
		"recipient", "recipients", "address", "addresses", "rcpt", "userid", "mailbox",
		"user", "destination", "final-recipient", "original-recipient", "empfänger",
		"empfaenger", "destinataire", "destinatario", "destinat", "alias", "member",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_is(word, words[i]))
			return true;
	return false;
}

bool wording_leads_to_recipient(struct span word)
{
	static const char *const words[] = {
		"to", "for", "an", "für", "a", "para", "pour", "per", "attempts", "errors", "full", "of",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_is(word, words[i]))
			return true;
	return false;
}
