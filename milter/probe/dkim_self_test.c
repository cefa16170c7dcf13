#include "probe/dkim_self_test.h"

#include <string.h>

enum { MEMORY = 256 * 1024 };

const char dkim_example_ed25519[] =
	"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const char dkim_example_rsa[] =
	"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
	"iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
	"DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
	"Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
const char dkim_example[] =
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
	" d=football.example.com; i=@football.example.com;\r\n"
	" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
	" subject : date : message-id : from : subject : date;\r\n"
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
	" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
	" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
	" d=football.example.com; i=@football.example.com;\r\n"
	" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
	" date : message-id : from : subject : date;\r\n"
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
	" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
	" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
	" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
	"From: Joe SixPack <joe@football.example.com>\r\n"
	"To: Suzie Q <suzie@shopping.example.net>\r\n"
	"Subject: Is dinner ready?\r\n"
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
	"\r\n"
	"Hi.\r\n"
	"\r\n"
	"We lost the game. Are you hungry yet?\r\n"
	"\r\n"
	"Joe.\r\n";

/* A DNS of two records. */
static void answer(void *context, struct arena *arena, const char *name, enum dns_type type,
		   int64_t deadline_ms, struct dns_answer *answer_r)
{
	bool ed25519 = strncmp(name, "brisbane.", 9) == 0;

	(void)context, (void)type, (void)deadline_ms;
	*answer_r = (struct dns_answer){
		.status = DNS_TEMPORARY, .reason = "limit",
		.records = arena_alloc(arena, sizeof(*answer_r->records)),
	};
	if (answer_r->records == NULL)
		return;
	answer_r->records[0].data = span_str(ed25519 ? dkim_example_ed25519 : dkim_example_rsa);
	answer_r->n = 1;
	answer_r->status = DNS_FOUND;
	answer_r->reason = NULL;
}

bool dkim_self_test(const struct dkim_verifier *verifier)
{
	const struct dns_source source = { .query = answer };
	struct span message = span_str(dkim_example);
	const struct dkim_request request = {
		.message = message, .has_body = true,
		.body = span_from(message, span_find(message, 0, SPAN("\r\n\r\n")) + 4),
	};
	struct dkim_result result;
	struct arena arena;
	struct dns dns;

	arena_init(&arena, MEMORY);
	dns_init(&dns, &source, &arena, 60000);
	dkim_check(verifier, &dns, &request, &result);
	arena_release(&arena);
	return !result.failed && result.n == 2 && result.signatures[0].verdict == DKIM_PASS &&
		result.signatures[1].verdict == DKIM_PASS;
}
