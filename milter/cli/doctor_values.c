#include "cli/doctor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_OUTPUT = 1024 * 1024 };

/* ---- programs ---- */

static void become_program(const char *const *argv, int output)
{
	int nowhere = open("/dev/null", O_RDWR);

	if (nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(output, STDERR_FILENO) < 0)
		_exit(127);
	setenv("PATH", "/usr/sbin:/usr/local/sbin:/sbin:/usr/bin:/usr/local/bin:/bin", 1);
	setenv("LC_ALL", "C", 1);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static int read_output(int fd, struct buf *out)
{
	char piece[16 * 1024];
	ssize_t got;

	while ((got = read(fd, piece, sizeof(piece))) != 0) {
		if (got < 0 && errno != EINTR)
			return -1;
		buf_add(out, (struct span){ piece, got > 0 ? (size_t)got : 0 });
	}
	return out->failed ? -1 : 0;
}

int doctor_run(struct arena *arena, const char *const *argv, struct span *output_r)
{
	int ends[2], status = -1, rc;
	struct buf out;
	pid_t child;

	*output_r = SPAN("");
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	child = fork();
	if (child == 0)
		become_program(argv, ends[1]);
	close(ends[1]);
	buf_init(&out, arena, MAX_OUTPUT);
	rc = child > 0 ? read_output(ends[0], &out) : -1;
	close(ends[0]);
	if (child > 0)
		waitpid(child, &status, 0);
	*output_r = buf_span(&out);
	return rc == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* ---- files ---- */

const char *doctor_owner(struct arena *arena, const char *path)
{
	const struct passwd *user;
	const struct group *group;
	struct stat st;

	if (stat(path, &st) != 0)
		return "";
	user = getpwuid(st.st_uid);
	group = getgrgid(st.st_gid);
	return arena_printf(arena, "%s:%s %04o", user != NULL ? user->pw_name : "?",
			    group != NULL ? group->gr_name : "?", (unsigned)st.st_mode & 07777);
}

/* ---- lists ---- */

static struct span next_word(struct span *rest)
{
	size_t from = 0, to;
	struct span word;

	while (from < rest->n && (ascii_isspace(rest->p[from]) || rest->p[from] == ','))
		from++;
	for (to = from; to < rest->n && !ascii_isspace(rest->p[to]) && rest->p[to] != ','; to++)
		;
	word = span_slice(*rest, from, to);
	*rest = span_from(*rest, to);
	return word;
}

/* "a, b", each once. */
static void add_once(struct buf *list, struct span word, const char *quote)
{
	struct span rest = buf_span(list);

	for (struct span known; (known = next_word(&rest)).n != 0;) {
		if (span_has_prefix(known, "\""))
			known = span_slice(known, 1, known.n - 1);
		if (span_ieq(known, word))
			return;
	}
	buf_adds(list, list->n != 0 ? ", " : "");
	buf_adds(list, quote);
	buf_add(list, word);
	buf_adds(list, quote);
}

static bool is_domain(struct span s)
{
	bool dot = false;

	for (size_t i = 0; i < s.n; i++) {
		dot |= s.p[i] == '.' && i > 0 && i + 1 < s.n;
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '.')
			return false;
	}
	return dot && s.p[0] != '.' && !span_has_prefix(s, "localhost.") &&
		!span_has_suffix(s, ".localdomain");
}

void doctor_add_domains(struct doctor *doctor, struct span list)
{
	for (struct span word; (word = next_word(&list)).n != 0;) {
		if (span_find_byte(word, 0, ':') < word.n || word.p[0] == '/')
			add_once(&doctor->tables, word, "");
		else if (is_domain(word))
			add_once(&doctor->domains, word, "");
	}
}

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
		strncmp(address, "fe80:", 5) == 0;
}

static void add_address(struct doctor *doctor, const char *address)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	bool six = inet_pton(AF_INET6, address, bytes) == 1;

	if (!is_loopback(address) && (six || inet_pton(AF_INET, address, bytes) == 1))
		add_once(&doctor->addresses, span_str(address), six ? "\"" : "");
}

void doctor_add_addresses(struct doctor *doctor, struct span list)
{
	for (struct span word; (word = next_word(&list)).n != 0;) {
		const char *address;

		if (span_has_prefix(word, "[") && span_has_suffix(word, "]"))
			word = span_slice(word, 1, word.n - 1);
		address = arena_string(&doctor->arena, word);
		if (address != NULL)
			add_address(doctor, address);
	}
}

/* ---- proposals ---- */

static void add_interfaces(struct doctor *doctor)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) != 0)
		return;
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
		char text[INET6_ADDRSTRLEN] = "";

		if (i->ifa_addr == NULL || (i->ifa_flags & IFF_UP) == 0)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)
					     i->ifa_addr)->sin_addr, text, sizeof(text));
		else if (i->ifa_addr->sa_family == AF_INET6)
			inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)
					      i->ifa_addr)->sin6_addr, text, sizeof(text));
		if (text[0] != '\0')
			add_address(doctor, text);
	}
	freeifaddrs(list);
}

static struct span join(struct arena *arena, const struct config_list *list)
{
	struct buf out;

	buf_init(&out, arena, 64 * 1024);
	for (unsigned i = 0; i < list->n; i++)
		buf_addf(&out, "%s%s", i != 0 ? ", " : "", list->list[i]);
	return buf_span(&out);
}

static void propose_domains(struct doctor *doctor)
{
	const struct span none = SPAN("");

	if (doctor->config->local_domains.n != 0) {
		doctor_say(doctor, LOCAL_DOMAINS_FINE,
			   join(&doctor->arena, &doctor->config->local_domains), none, none);
		return;
	}
	doctor_say(doctor, doctor->domains.n != 0 ? LOCAL_DOMAINS_UNSET : LOCAL_DOMAINS_UNKNOWN,
		   buf_span(&doctor->domains), none, none);
	if (doctor->tables.n != 0)
		doctor_say(doctor, LOCAL_DOMAINS_TABLES, buf_span(&doctor->tables), none, none);
}

static void propose_addresses(struct doctor *doctor)
{
	const struct span none = SPAN("");

	if (doctor->config->outbound_addresses.n != 0) {
		doctor_say(doctor, OUTBOUND_FINE,
			   join(&doctor->arena, &doctor->config->outbound_addresses), none, none);
		return;
	}
	if (doctor->addresses.n == 0)
		add_interfaces(doctor);
	doctor_say(doctor, doctor->addresses.n != 0 ? OUTBOUND_UNSET : OUTBOUND_UNKNOWN,
		   buf_span(&doctor->addresses), none, none);
}

void doctor_propose(struct doctor *doctor)
{
	propose_domains(doctor);
	propose_addresses(doctor);
}
