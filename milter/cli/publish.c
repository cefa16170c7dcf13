#include "cli/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- where ---- */

/* Without slashes at its end. */
static char *trimmed(const char *dir)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return strndup(dir, n);
}

/* The absolute path of what need not exist yet: that of its parent, and its name. */
static char *resolve_new(const char *dir, struct error *error)
{
	char *path = trimmed(dir), *slash = path != NULL ? strrchr(path, '/') : NULL;
	char *parent = NULL, *result = NULL;
	const char *name = slash != NULL ? slash + 1 : path;

	if (path == NULL) {
		error_set(error, "out of memory");
		return NULL;
	}
	if (slash != NULL)
		*slash = '\0';
	parent = realpath(slash == NULL ? "." : slash == path ? "/" : path, NULL);
	if (parent == NULL)
		error_set(error, "%s: the directory to put it into: %s", dir, strerror(errno));
	else if (asprintf(&result, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, name) < 0)
		error_set(error, "out of memory");
	free(parent);
	free(path);
	return result;
}

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool empty = dir != NULL;

	while (empty && (entry = readdir(dir)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (dir != NULL)
		closedir(dir);
	return empty;
}

static bool has_marker(const char *path, const char *marker)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool there = fd >= 0 && faccessat(fd, marker, F_OK, 0) == 0;

	if (fd >= 0)
		close(fd);
	return there;
}

/* May what is there be replaced? */
static int check_target(const struct publish *p, const char *dir, const struct stat *st,
			struct error *error)
{
	if (!S_ISDIR(st->st_mode))
		return error_set(error, "%s: there is a file of that name; name a directory", dir);
	if (strcmp(p->target, "/") == 0)
		return error_set(error, "%s: name a directory of its own", dir);
	if (!has_marker(p->target, p->marker) && !is_empty(p->target))
		return error_set(error, "%s: this directory is in use and was not written by "
				 "whybounce (it has no %s); name another one", dir, p->marker);
	return 0;
}

static int find_target(struct publish *p, const char *dir, struct stat *st, struct error *error)
{
	p->replaces = stat(dir, st) == 0;
	if (!p->replaces && errno != ENOENT)
		return error_set(error, "%s: %s", dir, strerror(errno));
	if (!p->replaces) {
		p->target = resolve_new(dir, error);
		return p->target != NULL ? 0 : -1;
	}
	p->target = realpath(dir, NULL);
	if (p->target == NULL)
		return error_set(error, "%s: %s", dir, strerror(errno));
	return check_target(p, dir, st, error);
}

/* ---- removing ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int remove_tree(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- writing ---- */

/* As others may read it: like the directory that it replaces, or as mkdir would
 * have made it (mkdtemp is for oneself alone). */
static void set_mode(const struct publish *p, const struct stat *st)
{
	mode_t mask = umask(0);

	umask(mask);
	if (p->replaces && (st->st_uid != geteuid() || st->st_gid != getegid()) &&
	    fchown(p->fd, st->st_uid, st->st_gid) != 0)
		return;		/* not root: it stays ours */
	fchmod(p->fd, p->replaces ? st->st_mode & 07777 : 0777 & ~mask);
}

static int make_staging(struct publish *p, const char *dir, struct error *error)
{
	if (asprintf(&p->staging, "%s.tmp-XXXXXX", p->target) < 0) {
		p->staging = NULL;
		return error_set(error, "out of memory");
	}
	if (mkdtemp(p->staging) == NULL) {
		error_set(error, "%s: cannot write beside it: %s", dir, strerror(errno));
		free(p->staging);
		p->staging = NULL;
		return -1;
	}
	p->fd = open(p->staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->fd < 0)
		return error_set(error, "%s: %s", p->staging, strerror(errno));
	return 0;
}

int publish_begin(struct publish *p, const char *dir, const char *marker, struct error *error)
{
	struct stat st = { .st_mode = 0 };

	*p = (struct publish){ .marker = marker, .fd = -1 };
	if (find_target(p, dir, &st, error) != 0 || make_staging(p, dir, error) != 0 ||
	    publish_file(p, marker, SPAN("Written by whybounce, which replaces this directory "
					 "as a whole.\n"), error) != 0) {
		publish_end(p);
		return -1;
	}
	set_mode(p, &st);
	return 0;
}

int publish_directory(const struct publish *p, const char *name, struct error *error)
{
	return mkdirat(p->fd, name, 0777) == 0 ? 0 :
		error_set(error, "cannot make %s: %s", name, strerror(errno));
}

static int write_all(int fd, struct span bytes)
{
	while (bytes.n != 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n >= 0)
			bytes = span_from(bytes, (size_t)n);
		else if (errno != EINTR)
			return -1;
	}
	return 0;
}

int publish_file(const struct publish *p, const char *name, struct span bytes,
		 struct error *error)
{
	int fd = openat(p->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int rc = fd >= 0 ? write_all(fd, bytes) : -1;
	int reason = errno;

	if (fd >= 0 && close(fd) != 0 && rc == 0) {
		rc = -1;
		reason = errno;
	}
	return rc == 0 ? 0 : error_set(error, "cannot write %s: %s", name, strerror(reason));
}

/* ---- the swap ---- */

/* On a file system that cannot exchange two names, there is a moment without the
 * directory. Where the second step fails, the first is taken back. */
static int swap_in_two_steps(const struct publish *p)
{
	char *aside = NULL;
	int rc = -1, reason;

	if (asprintf(&aside, "%s-old", p->staging) < 0)
		return -1;
	if (rename(p->target, aside) == 0) {
		rc = rename(p->staging, p->target);
		reason = errno;
		if (rename(aside, rc == 0 ? p->staging : p->target) != 0 && rc == 0)
			rc = -1;
		errno = reason;
	}
	free(aside);
	return rc;
}

static int swap(const struct publish *p)
{
	if (!p->replaces)
		return renameat2(AT_FDCWD, p->staging, AT_FDCWD, p->target, RENAME_NOREPLACE) == 0 ||
			((errno == EINVAL || errno == ENOSYS) &&
			 rename(p->staging, p->target) == 0) ? 0 : -1;
	if (renameat2(AT_FDCWD, p->staging, AT_FDCWD, p->target, RENAME_EXCHANGE) == 0)
		return 0;
	return errno == EINVAL || errno == ENOSYS ? swap_in_two_steps(p) : -1;
}

/* The new names, too, are on the disk. */
static void sync_parent(const struct publish *p)
{
	char *path = strdup(p->target), *slash = path != NULL ? strrchr(path, '/') : NULL;
	int fd;

	if (slash != NULL) {
		slash[slash == path ? 1 : 0] = '\0';
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0) {
			fsync(fd);
			close(fd);
		}
	}
	free(path);
}

int publish_commit(struct publish *p, struct error *error)
{
	if (syncfs(p->fd) != 0)
		return error_set(error, "%s: cannot write: %s", p->target, strerror(errno));
	if (swap(p) != 0)
		return error_set(error, "%s: cannot be replaced: %s%s", p->target, strerror(errno),
				 errno == EBUSY ? " (is it a mount point? name a directory below it)" :
				 "");
	sync_parent(p);
	if (!p->replaces) {
		free(p->staging);
		p->staging = NULL;	/* nothing is left under that name */
	}
	return 0;
}

void publish_end(struct publish *p)
{
	if (p->fd >= 0)
		close(p->fd);
	if (p->staging != NULL)
		remove_tree(p->staging);
	free(p->staging);
	free(p->target);
	*p = (struct publish){ .fd = -1 };
}
