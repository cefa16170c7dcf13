#include "daemon/front.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/desk.h"
#include "daemon/direct.h"
#include "daemon/http.h"
#include "daemon/process.h"
#include "daemon/sandbox.h"
#include "daemon/session.h"

enum {
	DRAIN_MS = 20000,	/* for the bounces that are under way */
	ANSWER_MS = 1000,	/* for the last replies on their way out */
	POLL_MS = 10,
	STACK = 1024 * 1024,	/* of libmilter's threads */
	HEAPS = 4,		/* of the C library, for all threads */
};

static int take_settings(const struct config *config, const char *config_path)
{
	struct session_settings *settings = session_settings();
	bool direct = config->limit_workers == CONFIG_NO_WORKERS;
	struct error error;

	if (direct && direct_load(config_path, &error) != 0) {
		log_line(LOG_LEVEL_ERROR, "%s", error.text);
		return -1;
	}
	settings->message_size = config->limit_message_size;
	settings->time_ms = config->limit_time_ms;
	settings->observe = config->mode == MODE_OBSERVE;
	settings->explain = direct ? direct_explain : desk_explain;
	return 0;
}

/* The parent has checked the new file already; but as another user. */
static void reload(const char *config_path)
{
	struct error error;
	struct config *config = config_load(config_path, &error);

	if (config == NULL)
		log_line(LOG_LEVEL_ERROR, "reload: %s", error.text);
	else
		take_settings(config, config_path);
	config_free(config);
}

static void wait_while(const atomic_uint *some, int ms)
{
	for (int waited = 0; *some > 0 && waited < ms; waited += POLL_MS)
		poll(NULL, 0, POLL_MS);
}

/* New bounces pass from now on; those under way finish, then all ends. */
static _Noreturn void drain(void)
{
	struct session_settings *settings = session_settings();

	settings->draining = true;
	desk_close(settings->under_way);
	wait_while(&settings->under_way, DRAIN_MS);
	wait_while(&settings->unanswered, ANSWER_MS);
	_exit(EXIT_SUCCESS);
}

/* The line closed: the parent is gone. */
static void *obey(void *context)
{
	const char *config_path = context;
	char order;

	while (read(CHILD_ORDERS, &order, 1) == 1 && order != ORDER_DRAIN)
		if (order == ORDER_RELOAD)
			reload(config_path);
	drain();
}

static struct metrics *map_metrics(void)
{
	void *p = mmap(NULL, sizeof(struct metrics), PROT_READ | PROT_WRITE, MAP_SHARED,
		       CHILD_METRICS, 0);

	close(CHILD_METRICS);
	return p != MAP_FAILED ? p : NULL;
}

static int listen_on(const struct config *config)
{
	if (session_listen(config->socket) == 0)
		return 0;
	log_line(LOG_LEVEL_ERROR, "socket: cannot listen on %s (does its folder exist, "
		 "and may this user write there?)", config->socket);
	return -1;
}

/* As small as the work allows: hundreds of threads may wait at once. */
static void limit_threads(void)
{
	pthread_attr_t attributes;

	process_keep_memory(HEAPS);
	pthread_attr_init(&attributes);
	if (pthread_attr_setstacksize(&attributes, STACK) == 0)
		pthread_setattr_default_np(&attributes);
	pthread_attr_destroy(&attributes);
}

static int lock(const struct config *config)
{
	struct error error;

	if (process_become(config->user, &error) == 0) {
		process_prepare(config);
		if (sandbox_lock(SANDBOX_FRONT, -1, 0, &error) == 0)
			return 0;
	}
	log_line(LOG_LEVEL_ERROR, "%s", error.text);
	return -1;
}

static int start(const struct config *config, const char *config_path, bool has_http)
{
	static char path[4096];
	const char ready = ORDER_READY;
	pthread_t obeying;

	session_settings()->metrics = map_metrics();
	if (session_settings()->metrics == NULL || take_settings(config, config_path) != 0 ||
	    listen_on(config) != 0 || lock(config) != 0)
		return -1;
	limit_threads();
	if (config_path != NULL)
		strncpy(path, config_path, sizeof(path) - 1);
	if (desk_open(CHILD_JOBS) != 0 ||
	    pthread_create(&obeying, NULL, obey, config_path != NULL ? path : NULL) != 0 ||
	    (has_http && http_serve(CHILD_HTTP, session_settings()) != 0)) {
		log_line(LOG_LEVEL_ERROR, "the front cannot start its threads");
		return -1;
	}
	return write(CHILD_ORDERS, &ready, 1) == 1 ? 0 : -1;
}

int front_main(const char *config_path)
{
	bool has_http = fcntl(CHILD_HTTP, F_GETFD) >= 0;
	struct error error;
	struct config *config = config_load(config_path, &error);

	if (config == NULL) {
		log_line(LOG_LEVEL_ERROR, "%s", error.text);
		return EXIT_FAILURE;
	}
	log_open(config->log_stderr != 0 ? LOG_TO_STDERR : LOG_TO_SYSLOG, "whybounced");
	if (start(config, config_path, has_http) != 0)
		return EXIT_FAILURE;
	config_free(config);
	if (session_serve() != 0)
		log_line(LOG_LEVEL_ERROR, "libmilter gives up; another front is started");
	/* sessions may still be in the middle of an edit */
	session_settings()->draining = true;
	wait_while(&session_settings()->under_way, DRAIN_MS);
	wait_while(&session_settings()->unanswered, ANSWER_MS);
	return EXIT_FAILURE;
}
