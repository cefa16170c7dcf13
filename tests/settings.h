/* settings.h - a snapshot with settings of the test's own. */
#ifndef WHYBOUNCE_TESTS_SETTINGS_H
#define WHYBOUNCE_TESTS_SETTINGS_H

#include "core/snapshot.h"

/* With the rules, as the daemon has it; language NULL: with all of them. The test fails
 * where it cannot be loaded. Free with snapshot_free. */
struct snapshot *snapshot_of_settings(const char *settings, const char *language);

#endif
