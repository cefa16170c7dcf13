/* The sandbox: what it forbids ends a process, what the work needs goes on. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "core/enrich.h"
#include "daemon/sandbox.h"
#include "mail/codec.h"
#include "support.h"

enum { JOBS = 30, FAILED = 99 };

static long call(long number)
{
	return syscall(number, 0, 0, 0, 0, 0, 0);
}

/* In a child behind the door: its wait status. act returns the exit status. */
static int status_behind(enum sandbox_kind kind, int (*act)(const void *), const void *context)
{
	int pair[2], status = 0;
	pid_t child;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (dup2(pair[1], JOBS) != JOBS || sandbox_lock(kind, JOBS, 0, NULL) != 0)
			_exit(FAILED);
		_exit(act(context));
	}
	close(pair[0]);
	close(pair[1]);
	while (waitpid(child, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return status;
}

/* ---- what is forbidden ---- */

static int do_exec(void)
{
	char name[] = "/bin/true", *arguments[] = { name, NULL };

	return execv(name, arguments);
}

static int do_open(void) { return open("/etc/passwd", O_RDONLY); }
static int do_open_old(void)
{
	return (int)syscall(SYS_openat, AT_FDCWD, "/tmp/whybounce-test", O_CREAT | O_WRONLY, 0600);
}
static int do_memory_file(void) { return memfd_create("x", 0); }
static int do_fork(void) { return fork() == 0 ? pause() : 0; }
static int do_clone(void) { return (int)syscall(SYS_clone, SIGCHLD | CLONE_VM, 0, 0, 0, 0); }
static int do_trace(void) { return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL); }
static int do_kill(void) { return kill(getppid(), 0); }
static int do_kill_thread(void) { return (int)syscall(SYS_tgkill, getppid(), getppid(), 0); }
static int do_unlink(void) { return unlink("/tmp/whybounce-test"); }
static int do_rename(void) { return rename("/tmp/whybounce-test", "/tmp/whybounce-test2"); }
static int do_make_directory(void) { return mkdir("/tmp/whybounce-test", 0700); }
static int do_change_mode(void) { return chmod("/tmp/whybounce-test", 0777); }
static int do_stat(void) { struct stat st; return stat("/etc/passwd", &st); }
static int do_mount(void) { return (int)call(SYS_mount); }
static int do_unshare(void) { return unshare(CLONE_NEWUSER); }
static int do_bpf(void) { return (int)call(SYS_bpf); }
static int do_ring(void) { return (int)call(SYS_io_uring_setup); }
static int do_read_other(void) { return (int)call(SYS_process_vm_readv); }
static int do_set_user(void) { return setuid(0); }
static int do_control(void) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
static int do_limit(void)
{
	struct rlimit more = { 1 << 20, 1 << 20 };

	return setrlimit(RLIMIT_NOFILE, &more);
}
static int do_dup(void) { return dup(JOBS); }
static int do_shutdown(void) { return shutdown(JOBS, SHUT_RDWR); }
static int do_listen(void) { return listen(JOBS, 1); }
static int do_accept(void) { return accept(JOBS, NULL, NULL); }
static int do_never_block(void) { return fcntl(JOBS, F_SETFL, O_NONBLOCK); }
static int do_jobs_option(void)
{
	int one = 1;

	return setsockopt(JOBS, SOL_SOCKET, SO_SNDBUF, &one, sizeof(one));
}
static int do_raw_socket(void) { return socket(AF_INET, SOCK_RAW, IPPROTO_UDP); }
static int do_packet_socket(void) { return socket(AF_PACKET, SOCK_RAW, 0); }
static int do_netlink(void) { return socket(AF_NETLINK, SOCK_RAW, 0); }
struct deed {
	const char *name;
	int (*act)(void);
	bool front;	/* the front is kept from it too */
};

static const struct deed forbidden[] = {
	{ "exec", do_exec, true }, { "open", do_open, false }, { "create", do_open_old, false },
	{ "memfd", do_memory_file, false }, { "fork", do_fork, true },
	{ "clone", do_clone, true }, { "ptrace", do_trace, true }, { "kill", do_kill, true },
	{ "tgkill", do_kill_thread, true }, { "unlink", do_unlink, false },
	{ "rename", do_rename, false }, { "mkdir", do_make_directory, false },
	{ "chmod", do_change_mode, false }, { "stat", do_stat, false },
	{ "mount", do_mount, true }, { "unshare", do_unshare, true }, { "bpf", do_bpf, true },
	{ "io_uring", do_ring, true }, { "process_vm_readv", do_read_other, true },
	{ "setuid", do_set_user, true }, { "prctl", do_control, false },
	{ "setrlimit", do_limit, false }, { "dup", do_dup, false },
	{ "shutdown", do_shutdown, false }, { "listen", do_listen, false },
	{ "accept", do_accept, false }, { "O_NONBLOCK", do_never_block, false },
	{ "setsockopt", do_jobs_option, false }, { "raw socket", do_raw_socket, false },
	{ "packet socket", do_packet_socket, false }, { "netlink", do_netlink, false },
};

static int act_on(const void *context)
{
	const struct deed *deed = context;

	deed->act();
	return 0;
}

static void test_what_is_forbidden_kills(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		int worker = status_behind(SANDBOX_WORKER, act_on, &forbidden[i]);
		int front = status_behind(SANDBOX_FRONT, act_on, &forbidden[i]);

		if (!WIFSIGNALED(worker) || WTERMSIG(worker) != SIGSYS)
			fail_msg("%s goes on in a worker (status %x)", forbidden[i].name,
				 (unsigned)worker);
		if ((WIFSIGNALED(front) && WTERMSIG(front) == SIGSYS) != forbidden[i].front)
			fail_msg("%s in the front: status %x", forbidden[i].name, (unsigned)front);
	}
}

static int without_privileges(const void *context)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3];
	struct rlimit core;

	(void)context;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE) != 0)
		return 1;
	if (syscall(SYS_capget, &header, has) != 0 ||
	    (has[0].effective | has[0].permitted | has[1].effective | has[1].permitted) != 0)
		return 2;
	return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0 ? 0 : 3;
}

/* The front's door lets us look. */
static void test_privileges_are_gone(void **state)
{
	(void)state;
	assert_int_equal(status_behind(SANDBOX_FRONT, without_privileges, NULL), 0);
}

/* Where JIT has put code that can be written; 0: nowhere. */
static uintptr_t find_writable_code(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uintptr_t from, found = 0;
	char line[512], access[5];

	assert_non_null(maps);
	while (found == 0 && fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%" SCNxPTR "-%*x %4s", &from, access) == 2 &&
		    strncmp(access, "rwx", 3) == 0)
			found = from;
	fclose(maps);
	return found;
}

static int make_code(const void *context)
{
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)context;
	if (page == MAP_FAILED || mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0)
		return 1;
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0) != MAP_FAILED)
		return 2;
	return errno == EACCES ? 0 : 3;
}

static void test_no_code_is_made(void **state)
{
	(void)state;
	assert_int_equal(status_behind(SANDBOX_WORKER, make_code, NULL), 0);
}

static int write_code(const void *context)
{
	signal(SIGSEGV, SIG_DFL);	/* cmocka has its own idea */
	*(volatile char *)(uintptr_t)context = 0;
	return 0;
}

static void test_compiled_rules_are_not_written(void **state)
{
	char *directory = make_directory(), *config = write_file(directory, "whybounce.yaml", SPAN(""));
	char folder[512], *rule;
	struct snapshot *snapshot;
	uintptr_t code;
	int status;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/knowledge.d", directory);
	assert_int_equal(mkdir(folder, 0700), 0);
	rule = write_file(directory, "knowledge.d/own.yaml",
			  SPAN("rules:\n  - {id: own, pattern: 'a[bc]+d', cause: moved}\n"));
	snapshot = snapshot_load(config, NULL, SNAPSHOT_RULES, NULL);
	assert_non_null(snapshot);
	rules_prepare(snapshot->rules);
	code = find_writable_code();
	if (code != 0) {	/* JIT works here */
		status = status_behind(SANDBOX_WORKER, write_code, (const void *)code);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSEGV);
	}
	snapshot_free(snapshot);
	free(rule);
	free(config);
	remove_tree(directory);
}

/* ---- what goes on ---- */

static void *nothing(void *context)
{
	return context;
}

static int use_threads_and_sockets(const void *context)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(here);
	pthread_t thread;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char byte = 'x';

	(void)context;
	if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0)
		return 1;
	if (bind(fd, (struct sockaddr *)&here, n) != 0 ||
	    getsockname(fd, (struct sockaddr *)&here, &n) != 0 ||
	    sendto(fd, &byte, 1, 0, (struct sockaddr *)&here, n) != 1 ||
	    recv(fd, &byte, 1, 0) != 1)
		return 2;
	if (socket(AF_INET6, SOCK_STREAM, 0) < 0 && errno != EAFNOSUPPORT)
		return 3;
	return socket(AF_UNIX, SOCK_DGRAM, 0) == -1 && errno == EACCES ? 0 : 4;
}

static void test_threads_and_sockets_go_on(void **state)
{
	(void)state;
	assert_int_equal(status_behind(SANDBOX_WORKER, use_threads_and_sockets, NULL), 0);
	assert_true(WIFEXITED(status_behind(SANDBOX_FRONT, use_threads_and_sockets, NULL)));
}

static int die(const void *context)
{
	(void)context;
	abort();
}

static void test_abort_says_what_it_is(void **state)
{
	int status = status_behind(SANDBOX_WORKER, die, NULL);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* With or without a log daemon on this machine. */
static int write_log(const void *context)
{
	(void)context;
	log_line(LOG_LEVEL_INFO, "a line from behind the door");
	log_line(LOG_LEVEL_INFO, "and another one");
	return 0;
}

static void test_the_log_goes_on(void **state)
{
	(void)state;
	log_open(LOG_TO_SYSLOG, "whybounce-test");
	assert_int_equal(status_behind(SANDBOX_WORKER, write_log, NULL), 0);
	log_open(LOG_TO_STDERR, "whybounce-test");
}

/* volatile: a compiler may leave out memory that nobody looks at (clang does). */
static int use_memory(const void *context)
{
	char *volatile most = malloc(128 << 20);

	(void)context;
	if (most == NULL)
		return 1;
	memset(most, 1, 128 << 20);
	free(most);
	most = malloc(512 << 20);
	return most == NULL ? 0 : 2;
}

static void test_memory_has_an_end(void **state)
{
	int status = 0;
	pid_t child;

	(void)state;
	fflush(NULL);
	child = fork();
	if (child == 0)
		_exit(sandbox_lock(SANDBOX_WORKER, JOBS, 256 << 20, NULL) != 0 ? FAILED :
		      use_memory(NULL));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* ---- the whole pipeline ---- */

static const char *const charsets[] = {
	"utf-8", "iso-8859-1", "iso-8859-15", "windows-1252", "windows-1251", "koi8-r",
	"iso-2022-jp", "shift_jis", "euc-jp", "gb2312", "gbk", "gb18030", "big5", "euc-kr",
	"iso-2022-kr", "tis-620", "windows-874", "utf-7", "utf-16", "x-no-such-charset",
	"iso-2022-cn-ext",
};

struct material {
	struct snapshot *snapshot;
	glob_t files;
	struct span *messages;
	size_t n;
};

static void load_messages(struct material *m)
{
	assert_int_equal(glob("tests/bounces/*/*.eml", 0, NULL, &m->files), 0);
	m->messages = calloc(m->files.gl_pathc, sizeof(*m->messages));
	assert_non_null(m->messages);
	for (; m->n < m->files.gl_pathc; m->n++)
		m->messages[m->n] = read_whole(m->files.gl_pathv[m->n]);
	assert_true(m->n > 20);
}

static void free_messages(struct material *m)
{
	for (size_t i = 0; i < m->n; i++)
		free((char *)(uintptr_t)m->messages[i].p);
	free(m->messages);
	globfree(&m->files);
}

/* How many came out explained; JIT's code runs, converters convert. */
static int explain_all(const void *context)
{
	const struct material *m = context;
	struct enrich_result result;
	struct arena arena;
	int explained = 0;

	arena_init(&arena, ENRICH_ARENA);
	for (size_t i = 0; i < m->n; i++) {
		struct enrich_request request = { .message = m->messages[i] };

		enrich(m->snapshot, &arena, &request, &result);
		explained += result.outcome == OUTCOME_EXPLAINED;
		arena_clear(&arena);
	}
	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
		codec_utf8(&arena, SPAN("\xa4\xb3\xa4\xec"), span_str(charsets[i]));
		codec_utf8(&arena, SPAN("plain"), span_str(charsets[i]));
	}
	arena_release(&arena);
	return explained;
}

static void test_every_sample_is_explained_inside(void **state)
{
	struct material m = { .n = 0 };
	struct error error;
	int unprepared, prepared;

	(void)state;
	m.snapshot = snapshot_load(NULL, NULL, SNAPSHOT_RULES, &error);
	assert_non_null(m.snapshot);
	load_messages(&m);
	codec_prepare();
	/* inside before outside, which leaves things prepared: without JIT, with it */
	unprepared = status_behind(SANDBOX_WORKER, explain_all, &m);
	rules_prepare(m.snapshot->rules);
	prepared = status_behind(SANDBOX_WORKER, explain_all, &m);
	assert_int_equal(prepared, explain_all(&m) << 8);
	assert_int_equal(unprepared, prepared);
	assert_true(prepared > 20 << 8);
	free_messages(&m);
	snapshot_free(m.snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* first: no code is there that an earlier test has made */
		cmocka_unit_test(test_every_sample_is_explained_inside),
		cmocka_unit_test(test_what_is_forbidden_kills),
		cmocka_unit_test(test_privileges_are_gone),
		cmocka_unit_test(test_no_code_is_made),
		cmocka_unit_test(test_compiled_rules_are_not_written),
		cmocka_unit_test(test_threads_and_sockets_go_on),
		cmocka_unit_test(test_abort_says_what_it_is),
		cmocka_unit_test(test_the_log_goes_on),
		cmocka_unit_test(test_memory_has_an_end),
	};

	if (!sandbox_is_locking()) {
		print_message("a build with a sanitizer has no door to test\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
