#include "daemon/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DESCRIPTORS = 2 };

int channel_socket(int *ends_r)
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_r);
}

/* ---- memory ---- */

int channel_memory(size_t n)
{
	int fd = memfd_create("whybounce", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)n) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0)
		return fd;
	close(fd);
	return -1;
}

int channel_seal(int memory)
{
	return fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL);
}

void *channel_map(int memory, size_t n, int protection)
{
	const int wanted = F_SEAL_SHRINK | F_SEAL_GROW;
	void *p;

	/* no fstat: a worker may not call it */
	if (lseek(memory, 0, SEEK_END) != (off_t)n ||
	    (fcntl(memory, F_GET_SEALS) & wanted) != wanted)
		return NULL;
	p = mmap(NULL, n, protection, MAP_SHARED, memory, 0);
	return p != MAP_FAILED ? p : NULL;
}

/* ---- datagrams ---- */

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS)];
};

int channel_send(int socket, const void *bytes, size_t n, const int *descriptors,
		 size_t descriptors_n, int flags)
{
	union control control = { .bytes = { 0 } };
	struct iovec data = { (void *)(uintptr_t)bytes, n };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	size_t size = sizeof(int) * descriptors_n;

	if (descriptors_n == 0)
		return send(socket, bytes, n, MSG_NOSIGNAL | flags) < 0 ? -1 : 0;
	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(&control.align), descriptors, size);
	message.msg_control = control.bytes;
	message.msg_controllen = CMSG_SPACE(size);
	return sendmsg(socket, &message, MSG_NOSIGNAL | flags) < 0 ? -1 : 0;
}

static void take_descriptors(const union control *control, int descriptors_r[2])
{
	size_t size = control->align.cmsg_len - CMSG_LEN(0);

	if (control->align.cmsg_type == SCM_RIGHTS && size <= sizeof(int) * DESCRIPTORS)
		memcpy(descriptors_r, CMSG_DATA(&control->align), size);
}

ssize_t channel_receive(int socket, void *bytes, size_t n, int descriptors_r[2], int flags)
{
	union control control = { .bytes = { 0 } };
	struct iovec data = { bytes, n };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof(control.bytes),
	};
	ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);

	descriptors_r[0] = descriptors_r[1] = -1;
	if (got > 0 && message.msg_controllen >= CMSG_LEN(sizeof(int)))
		take_descriptors(&control, descriptors_r);
	return got;
}
