#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS = 1024 };	/* jobs, and sockets of the resolver */

#ifdef WHYBOUNCE_SANITIZED
static const bool locking = false;
#else
static const bool locking = true;
#endif

bool sandbox_is_locking(void)
{
	return locking;
}

/* ---- the rules ---- */

/* What a worker may do whatever the arguments. A name that this machine or its
 * libseccomp does not know is skipped. */
static const char *const worker_calls[] = {
	/* descriptors it has */
	"read", "readv", "pread64", "write", "writev", "close", "lseek",
	"poll", "ppoll", "select", "pselect6", "_newselect",
	"epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
	"eventfd2", "pipe2",
	/* memory (mmap and mprotect: allow_memory) */
	"munmap", "mremap", "brk", "madvise",
	/* threads (clone: allow_threads) */
	"futex", "futex_time64", "set_robust_list", "rseq", "sched_yield",
	"sched_getaffinity", "gettid", "exit", "exit_group",
	/* signals to itself (tgkill: fill_worker) */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
	/* what time it is, and who we are */
	"clock_gettime", "clock_gettime64", "clock_getres", "gettimeofday", "time",
	"nanosleep", "clock_nanosleep", "clock_nanosleep_time64",
	"getpid", "getuid", "geteuid", "getgid", "getegid", "sysinfo", "getrandom",
	/* the DNS (socket and setsockopt: allow_sockets) */
	"connect", "bind", "sendto", "sendmsg", "recvfrom", "recvmsg",
	"getsockname", "getpeername", "getsockopt",
	NULL
};

/* What the front never does: programs, other processes, the system. */
static const char *const front_refusals[] = {
	"execve", "execveat", "fork", "vfork", "ptrace",
	"process_vm_readv", "process_vm_writev", "process_madvise", "kcmp",
	"pidfd_open", "pidfd_getfd", "pidfd_send_signal", "kill", "tkill",
	"rt_sigqueueinfo", "rt_tgsigqueueinfo",
	"mount", "umount2", "move_mount", "open_tree", "fsopen", "fsmount", "fspick",
	"mount_setattr", "pivot_root", "chroot", "setns", "unshare", "swapon", "swapoff",
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load",
	"reboot", "acct", "quotactl", "syslog", "settimeofday", "clock_settime",
	"clock_adjtime", "adjtimex", "sethostname", "setdomainname", "iopl", "ioperm",
	"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
	"io_uring_register", "add_key", "request_key", "keyctl", "personality",
	"name_to_handle_at", "open_by_handle_at", "fanotify_init", "lookup_dcookie",
	"mknod", "mknodat", "symlink", "symlinkat", "link", "linkat",
	"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups",
	"capset", "setsid", "vmsplice", "seccomp",
	NULL
};

/* One call, allowed or refused by its arguments. */
struct rule {
	const char *call;
	uint32_t action;
	struct scmp_arg_cmp arguments[2];
	unsigned n;
};

/* Sticky, as a buf is: the first rule that cannot be made is the one reported. */
struct filter {
	scmp_filter_ctx context;
	const char *call;
	int rc;
};

static struct scmp_arg_cmp is(unsigned argument, uint64_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_EQ, value, 0 };
}

static struct scmp_arg_cmp is_not(unsigned argument, uint64_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_NE, value, 0 };
}

/* Of these bits, exactly those. */
static struct scmp_arg_cmp has(unsigned argument, uint64_t bits, uint64_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, bits, value };
}

static void add(struct filter *filter, const struct rule *rule)
{
	int number = seccomp_syscall_resolve_name(rule->call);

	if (filter->rc != 0 || number == __NR_SCMP_ERROR)
		return;
	filter->call = rule->call;
	filter->rc = seccomp_rule_add_array(filter->context, rule->action, number, rule->n,
					    rule->arguments);
	/* known elsewhere, but no call of this machine */
	if (filter->rc == -EDOM && number < 0)
		filter->rc = 0;
}

static void add_all(struct filter *filter, const char *const *calls, uint32_t action)
{
	for (; *calls != NULL; calls++)
		add(filter, &(struct rule){ .call = *calls, .action = action });
}

/* A thread is a clone that shares memory, signals and the process, and brings no
 * namespace. */
static const uint64_t thread_bits = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;
static const uint64_t new_bits = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
	CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

/* The flags of clone3 lie in memory, where no filter can look: the C library takes
 * clone where that is missing. */
static void refuse_clone3(struct filter *filter)
{
	add(filter, &(struct rule){ .call = "clone3", .action = SCMP_ACT_ERRNO(ENOSYS) });
}

static void allow_threads(struct filter *filter)
{
	refuse_clone3(filter);
	add(filter, &(struct rule){ "clone", SCMP_ACT_ALLOW,
		{ has(0, thread_bits | new_bits, thread_bits) }, 1 });
}

/* The same the other way round: each bit that is missing, or too much, kills. */
static void refuse_forks(struct filter *filter)
{
	refuse_clone3(filter);
	for (uint64_t bit = 1; bit <= new_bits; bit <<= 1) {
		if ((thread_bits & bit) != 0)
			add(filter, &(struct rule){ "clone", SCMP_ACT_KILL_PROCESS,
				{ has(0, bit, 0) }, 1 });
		if ((new_bits & bit) != 0)
			add(filter, &(struct rule){ "clone", SCMP_ACT_KILL_PROCESS,
				{ has(0, bit, bit) }, 1 });
	}
}

/* No memory that can be run is mapped, or made so, from now on. Refused, not killed:
 * PCRE2 then interprets a pattern whose code was not made in time. */
static void allow_memory(struct filter *filter)
{
	static const char *const calls[] = { "mmap", "mmap2", "mprotect" };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		add(filter, &(struct rule){ calls[i], SCMP_ACT_ALLOW, { has(2, PROT_EXEC, 0) }, 1 });
		add(filter, &(struct rule){ calls[i], SCMP_ACT_ERRNO(EACCES),
			{ has(2, PROT_EXEC, PROT_EXEC) }, 1 });
	}
}

static void allow_sockets(struct filter *filter, uint64_t jobs)
{
	static const uint64_t types[] = { SOCK_STREAM, SOCK_DGRAM };
	static const uint64_t commands[] = { F_GETFL, F_SETFL, F_GETFD, F_SETFD,
					     F_GET_SEALS };

	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		add(filter, &(struct rule){ "socket", SCMP_ACT_ALLOW,
			{ is(0, AF_INET), has(1, 0xff, types[t]) }, 2 });
		add(filter, &(struct rule){ "socket", SCMP_ACT_ALLOW,
			{ is(0, AF_INET6), has(1, 0xff, types[t]) }, 2 });
	}
	add(filter, &(struct rule){ "socket", SCMP_ACT_ERRNO(EACCES), { is(0, AF_UNIX) }, 1 });
	add(filter, &(struct rule){ "setsockopt", SCMP_ACT_ALLOW, { is_not(0, jobs) }, 1 });
	for (size_t c = 0; c < sizeof(commands) / sizeof(commands[0]); c++)
		add(filter, &(struct rule){ "fcntl", SCMP_ACT_ALLOW,
			{ is_not(0, jobs), is(1, commands[c]) }, 2 });
}

static void fill_worker(struct filter *filter, int jobs)
{
	add_all(filter, worker_calls, SCMP_ACT_ALLOW);
	allow_threads(filter);
	allow_memory(filter);
	allow_sockets(filter, (uint64_t)(jobs >= 0 ? jobs : STDIN_FILENO));
	/* a line for the next front (daemon/job.h): talks to nobody else */
	add(filter, &(struct rule){ "socketpair", SCMP_ACT_ALLOW,
		{ is(0, AF_UNIX), has(1, 0xff, SOCK_SEQPACKET) }, 2 });
	/* abort(3), and reading a limit of its own */
	add(filter, &(struct rule){ "tgkill", SCMP_ACT_ALLOW, { is(0, (uint64_t)getpid()) }, 1 });
	add(filter, &(struct rule){ "prlimit64", SCMP_ACT_ALLOW, { is(0, 0), is(2, 0) }, 2 });
}

static void fill_front(struct filter *filter)
{
	add_all(filter, front_refusals, SCMP_ACT_KILL_PROCESS);
	refuse_forks(filter);
	add(filter, &(struct rule){ "tgkill", SCMP_ACT_KILL_PROCESS,
		{ is_not(0, (uint64_t)getpid()) }, 1 });
}

static int load_filter(enum sandbox_kind kind, int jobs, struct error *error)
{
	struct filter filter = {
		.context = seccomp_init(kind == SANDBOX_WORKER ? SCMP_ACT_KILL_PROCESS :
					SCMP_ACT_ALLOW),
		.call = "the filter",
	};

	if (filter.context == NULL)
		return error_set(error, "sandbox: libseccomp does not work here");
	if (kind == SANDBOX_WORKER)
		fill_worker(&filter, jobs);
	else
		fill_front(&filter);
	/* should any other thread be there already */
	if (filter.rc == 0)
		filter.rc = seccomp_attr_set(filter.context, SCMP_FLTATR_CTL_TSYNC, 1);
	if (filter.rc == 0) {
		filter.call = "loading it";
		filter.rc = seccomp_load(filter.context);
	}
	seccomp_release(filter.context);
	return filter.rc == 0 ? 0 : error_set(error, "sandbox: %s: %s (does this kernel have "
					      "seccomp filters?)", filter.call,
					      strerror(-filter.rc));
}

/* ---- privileges and limits ---- */

static int drop_privileges(struct error *error)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

	memset(none, 0, sizeof(none));
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);	/* root may; others have none to lose */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, none) != 0)
		return error_set(error, "sandbox: capabilities: %s", strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return error_set(error, "sandbox: %s", strerror(errno));
	return 0;
}

static bool logs_to_a_file(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

/* Down to so much, where it is more. */
static int lower(int which, rlim_t most)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)which, &limit) != 0)
		return -1;
	if (limit.rlim_max > most)
		limit.rlim_max = most;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit((__rlimit_resource_t)which, &limit);
}

/* RLIMIT_NPROC counts what others of the same user run, and is left alone. The front
 * may open as much as it is allowed to. */
static int set_limits(enum sandbox_kind kind, size_t memory, struct error *error)
{
	bool worker = kind == SANDBOX_WORKER;

	if (lower(RLIMIT_NOFILE, worker ? DESCRIPTORS : RLIM_INFINITY) != 0 ||
	    lower(RLIMIT_CORE, 0) != 0 ||
	    (worker && !logs_to_a_file() && lower(RLIMIT_FSIZE, 0) != 0) ||
	    (memory != 0 && lower(RLIMIT_AS, memory) != 0))
		return error_set(error, "sandbox: limits: %s", strerror(errno));
	return 0;
}

/* PCRE2 maps the code that it compiles so that it can be written too, for ever.
 * Nothing is compiled from now on. */
static int protect_code(struct error *error)
{
	char line[512], access[5];
	uintptr_t from, to;
	int rc = 0;
	FILE *maps = fopen("/proc/self/maps", "re");

	if (maps == NULL)
		return error_set(error, "sandbox: /proc/self/maps: %s", strerror(errno));
	while (rc == 0 && fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &from, &to, access) == 3 &&
		    strncmp(access, "rwx", 3) == 0)
			rc = mprotect((void *)from, to - from, PROT_READ | PROT_EXEC);
	if (rc != 0)
		error_set(error, "sandbox: compiled rules: %s", strerror(errno));
	fclose(maps);
	return rc;
}

int sandbox_lock(enum sandbox_kind kind, int jobs, size_t memory, struct error *error)
{
	tzset();	/* for the log: reads a file the first time */
	if (drop_privileges(error) != 0)
		return -1;
	if (!locking)
		return 0;
	if (kind == SANDBOX_WORKER && protect_code(error) != 0)
		return -1;
	if (set_limits(kind, memory, error) != 0)
		return -1;
	return load_filter(kind, jobs, error);
}
