/* `whybounce site DIR`: the directory is replaced as a whole or left as it was,
 * and nothing else is left behind. Runs the built program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <seccomp.h>

#include "support.h"

static char program[512];
static char *parent, *site;	/* a directory, and the one to be made in it */

static char *below(const char *directory, const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	return path;
}

/* Thousands of small files: in memory where there is such a place. */
static int make_parent(void **state)
{
	(void)state;
	parent = strdup("/dev/shm/whybounce-test-XXXXXX");
	assert_non_null(parent);
	if (mkdtemp(parent) == NULL) {
		free(parent);
		parent = make_directory();
	}
	site = below(parent, "site");
	return 0;
}

static int remove_parent(void **state)
{
	(void)state;
	chmod(parent, 0700);
	remove_tree(parent);
	free(site);
	return 0;
}

static struct run build(const char *directory)
{
	return run_program((const char *const[]){ program, "site", directory, NULL }, SPAN(""));
}

/* How many names the parent holds. */
static unsigned neighbours(void)
{
	DIR *dir = opendir(parent);
	const struct dirent *entry;
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static bool exists(const char *name)
{
	char *path = below(site, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static ino_t inode(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static void assert_built(void)
{
	struct run run = build(site);

	if (run.status != 0)
		fail_msg("%s", run.err.p);
	run_free(&run);
	assert_true(exists(".whybounce-site"));
	assert_true(exists("index.html"));
	assert_true(exists("style.css"));
	assert_true(exists("en/code/550.html"));
	assert_true(exists("en/compare/550-554.html"));
}

/* Exit status 1, the message, and the parent as it was. */
static void assert_refused(const char *directory, const char *message)
{
	unsigned before = neighbours();
	struct run run = build(directory);

	if (run.status != 1 || strstr(run.err.p, message) == NULL)
		fail_msg("status %d, wanted \"%s\" in: %s", run.status, message, run.err.p);
	assert_int_equal(run.out.n, 0);
	run_free(&run);
	assert_int_equal(neighbours(), before);
}

static void test_new(void **state)
{
	struct stat st;
	mode_t mask = umask(022);

	(void)state;
	assert_built();
	umask(mask);
	assert_int_equal(neighbours(), 1);
	assert_int_equal(stat(site, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_false(exists("sitemap.xml"));
}

static void test_replaced(void **state)
{
	char *stray, *page;
	struct span old, new;
	struct stat st;
	ino_t before;

	(void)state;
	assert_built();
	before = inode(site);
	stray = write_file(site, "stray.html", SPAN("x"));
	page = below(site, "en/code/550.html");
	old = read_whole(page);
	assert_int_equal(chmod(site, 0750), 0);
	assert_built();
	new = read_whole(page);
	assert_true(span_eq(old, new));
	assert_true(inode(site) != before);
	assert_false(exists("stray.html"));
	assert_int_equal(stat(site, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);	/* as the old one */
	assert_int_equal(neighbours(), 1);
	free((char *)(uintptr_t)old.p);
	free((char *)(uintptr_t)new.p);
	free(stray);
	free(page);
}

/* Somebody who looks all the time finds a whole site each time. */
static void test_never_half(void **state)
{
	unsigned looks = 0;
	pid_t child;
	int status;

	(void)state;
	assert_built();
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		assert_non_null(freopen("/dev/null", "w", stdout));
		execl(program, program, "site", site, (char *)NULL);
		_exit(127);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		assert_true(exists("en/index.html"));
		assert_true(exists("en/compare/555-556.html"));	/* the last one */
		looks++;
	}
	assert_int_equal(status, 0);
	assert_true(looks > 0);
}

static void test_through_a_link(void **state)
{
	char *link = below(parent, "link"), *slash = below(parent, "link/");
	struct run run;
	struct stat st;
	ino_t before;

	(void)state;
	assert_built();
	before = inode(site);
	assert_int_equal(symlink("site", link), 0);
	run = build(slash);
	assert_int_equal(run.status, 0);
	run_free(&run);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_true(inode(site) != before);
	free(link);
	free(slash);
}

static void test_empty_directory(void **state)
{
	(void)state;
	assert_int_equal(mkdir(site, 0755), 0);
	assert_built();
	assert_int_equal(neighbours(), 1);
}

static void test_refused(void **state)
{
	char *file = write_file(parent, "file", SPAN("x")), *missing = below(parent, "no/site");
	char *foreign = below(parent, "foreign"), *kept;

	(void)state;
	assert_refused(file, "there is a file of that name");
	assert_refused(missing, "No such file or directory");
	assert_refused("/dev/null/site", "Not a directory");
	assert_refused("/", "name a directory");
	assert_refused("/proc", "was not written by whybounce");
	assert_int_equal(mkdir(foreign, 0755), 0);
	kept = write_file(foreign, "index.html", SPAN("mine"));
	assert_refused(foreign, "was not written by whybounce (it has no .whybounce-site)");
	assert_int_equal(access(kept, F_OK), 0);
	free(file);
	free(missing);
	free(foreign);
	free(kept);
}

/* Root may write everywhere: as root there is nothing to see. */
static void test_no_permission(void **state)
{
	(void)state;
	if (geteuid() == 0)
		skip();
	assert_int_equal(chmod(parent, 0500), 0);
	assert_refused(site, "cannot write beside it: Permission denied");
}

/* Files of more than 4 KiB cannot be written: as where the disk is full. */
static void test_no_space(void **state)
{
	char command[1400];
	struct run run;
	ino_t before;

	(void)state;
	assert_built();
	before = inode(site);
	snprintf(command, sizeof(command), "trap '' XFSZ; ulimit -f 8; exec %s site %s", program, site);
	run = run_program((const char *const[]){ "sh", "-c", command, NULL }, SPAN(""));
	if (run.status != 1 || strstr(run.err.p, "cannot write ") == NULL)
		fail_msg("status %d: %s", run.status, run.err.p);
	run_free(&run);
	assert_int_equal(neighbours(), 1);
	assert_true(inode(site) == before);
}

static void test_interrupted(void **state)
{
	int status = 0;
	ino_t before;
	pid_t child;

	(void)state;
	assert_built();
	before = inode(site);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		assert_non_null(freopen("/dev/null", "w", stderr));
		execl(program, program, "site", site, (char *)NULL);
		_exit(127);
	}
	while (neighbours() == 1 && waitpid(child, &status, WNOHANG) == 0)
		;
	kill(child, SIGTERM);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_int_equal(neighbours(), 1);
	assert_true(inode(site) == before);
}

/* A file system that cannot exchange two names. */
static void forbid_exchange(void)
{
	const struct scmp_arg_cmp flags = { .arg = 4, .op = SCMP_CMP_NE, .datum_a = 0 };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (filter == NULL ||
	    seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(renameat2), 1,
				   &flags) != 0 ||
	    seccomp_load(filter) != 0)
		_exit(126);
}

static void test_without_exchange(void **state)
{
	int status = 0;
	ino_t before;

	(void)state;
	for (int i = 0; i < 2; i++) {	/* new, then replaced */
		pid_t child = fork();

		before = i != 0 ? inode(site) : 0;
		assert_true(child >= 0);
		if (child == 0) {
			assert_non_null(freopen("/dev/null", "w", stdout));
			forbid_exchange();
			execl(program, program, "site", site, (char *)NULL);
			_exit(127);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_true(exists("en/index.html"));
		assert_true(inode(site) != before);
		assert_int_equal(neighbours(), 1);
	}
}

static void test_base_url(void **state)
{
	struct run run = run_program((const char *const[]){
		program, "site", "--base-url", "https://help.example.org/mail", site, NULL }, SPAN(""));

	(void)state;
	assert_int_equal(run.status, 0);
	run_free(&run);
	assert_true(exists("sitemap.xml"));
	assert_true(exists("en/sitemap.xml"));
	run = run_program((const char *const[]){
		program, "site", "--base-url", "help.example.org", site, NULL }, SPAN(""));
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err.p, "\"help.example.org\" is no address"));
	run_free(&run);
}

static void test_base_from_configuration(void **state)
{
	char *config = write_file(parent, "w.yaml", SPAN("help_url: https://help.example.org/\n"));
	char *page = below(site, "en/code/550.html");
	struct run run = run_program((const char *const[]){ program, "site", "-c", config, site, NULL },
				     SPAN(""));
	struct span html = read_whole(page);

	(void)state;
	assert_int_equal(run.status, 0);
	run_free(&run);
	assert_true(exists("sitemap.xml"));
	assert_non_null(strstr(html.p, "href=\"https://help.example.org/en/code/550.html\""));
	free((char *)(uintptr_t)html.p);
	free(config);
	free(page);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_parent, remove_parent)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_new),
		TEST(test_replaced),
		TEST(test_never_half),
		TEST(test_through_a_link),
		TEST(test_empty_directory),
		TEST(test_refused),
		TEST(test_no_permission),
		TEST(test_no_space),
		TEST(test_interrupted),
		TEST(test_without_exchange),
		TEST(test_base_url),
		TEST(test_base_from_configuration),
	};
	const char *name = getenv("WHYBOUNCE_BUILD");

	snprintf(program, sizeof(program), "%s/whybounce", name != NULL ? name : "build");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
