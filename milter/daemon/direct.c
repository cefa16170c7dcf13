#include "daemon/direct.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/wire.h"

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static struct snapshot *snapshot;

int direct_load(const char *config_path, struct error *error)
{
	struct snapshot *new = snapshot_load(config_path, NULL, SNAPSHOT_RULES, error), *old;

	if (new == NULL)
		return -1;
	if (snapshot_open_dns(new, NULL, new->config->limit_probes, error) != 0)
		log_line(LOG_LEVEL_WARNING, "%s; bounces are explained without what the DNS says",
			 error->text);
	pthread_rwlock_wrlock(&lock);
	old = snapshot;
	snapshot = new;
	pthread_rwlock_unlock(&lock);
	snapshot_free(old);
	return 0;
}

/* As bytes, so that the result outlives the arena, and is checked as any other. */
static char *write_result(struct arena *arena, const struct enrich_result *result, size_t *n_r)
{
	struct buf out;
	char *bytes;

	buf_init(&out, arena, WIRE_MAX);
	wire_write(&out, result);
	*n_r = buf_span(&out).n;
	bytes = *n_r != 0 ? malloc(*n_r) : NULL;
	if (bytes != NULL)
		memcpy(bytes, out.p, *n_r);
	return bytes;
}

int direct_explain(const struct enrich_request *request, size_t body_offset, unsigned time_ms,
		   struct enrich_result *result_r, char **answer_r,
		   enum trouble *trouble_r, struct error *error)
{
	struct enrich_result result;
	struct arena arena;
	size_t n;

	(void)time_ms;
	arena_init(&arena, ENRICH_ARENA);
	pthread_rwlock_rdlock(&lock);
	enrich(snapshot, &arena, request, &result);
	*answer_r = write_result(&arena, &result, &n);
	pthread_rwlock_unlock(&lock);
	arena_release(&arena);
	*trouble_r = *answer_r == NULL ? TROUBLE_MEMORY : TROUBLE_REFUSED;
	if (*answer_r != NULL && wire_read((struct span){ *answer_r, n },
					   request->message.n - body_offset, result_r) == 0)
		return 0;
	return error_set(error, "%s", *answer_r == NULL ? "out of memory" : "the edits were refused");
}
