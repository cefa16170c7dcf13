/* direct.h - explain in the front itself, without workers and without their
 * sandbox: for debugging (limits.workers: none). */
#ifndef WHYBOUNCE_DAEMON_DIRECT_H
#define WHYBOUNCE_DAEMON_DIRECT_H

#include "base/error.h"
#include "core/metrics.h"

/* Load everything, also again; who explains meanwhile is waited for. */
int direct_load(const char *config_path, struct error *error);

/* As desk_explain, but that nothing watches the time. */
int direct_explain(const struct enrich_request *request, size_t body_offset, unsigned time_ms,
		   struct enrich_result *result_r, char **answer_r,
		   enum trouble *trouble_r, struct error *error);

#endif
