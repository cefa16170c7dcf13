/* Knowledge: what is loaded, what falls back, what is an error and how it is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "know/know.h"

static void test_conf_loads(void **state)
{
	struct error error = { "" };
	struct knowledge *k = knowledge_load("conf", NULL, NULL, 0, &error);

	(void)state;
	if (k == NULL)
		fail_msg("%s", error.text);
	assert_string_equal(language_tag(knowledge_language_at(k, 0)), "en");
	assert_string_equal(language_label(knowledge_language_at(k, 0), LABEL_WHAT_HAPPENED),
			    "What happened");
	knowledge_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conf_loads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
