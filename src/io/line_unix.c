/* src/io/line_unix.c
 *
 * A stream socket in the file system, as QEMU, ser2net and virtual machines offer their serial ports. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/io/line_driver.h"

static enum status connect_error(const char *path, int error_number, struct error *reterr)
{
	switch (error_number) {
	case ENOENT:
	case ECONNREFUSED:
		error_set(reterr, STATUS_NOT_FOUND, "nobody listens on socket '%.200s': %s", path,
			  strerror(error_number));
		return error_hint(reterr, "Start the program that serves the line, or look up its socket's path");
	case EACCES:
		error_set(reterr, STATUS_NO_PERMISSION, "no permission for socket '%.200s'", path);
		return error_hint(reterr,
				  "Whoever started its program can give it to you: chmod or chown on the socket");
	case EAGAIN:
		return error_set(reterr, STATUS_BUSY, "socket '%.200s' has others waiting already", path);
	default:
		return error_set(reterr, STATUS_IO, "cannot connect to socket '%.200s': %s", path,
				 strerror(error_number));
	}
}

static enum status unix_open(const struct line_request *request, struct line_channel **ret_channel,
			     struct error *reterr)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO_FREE struct line_channel *channel = calloc(1, sizeof(*channel));
	AUTO_CLOSE int descriptor = -1;

	if (channel == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for socket '%.200s'", request->address);
	if (request->address[0] == '\0' || strlen(request->address) >= sizeof(address.sun_path))
		return error_set(reterr, STATUS_INVALID, "a socket's path has 1 to %zu characters",
				 sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, request->address);
	descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (descriptor < 0)
		return error_set(reterr, STATUS_IO, "cannot make a socket: %s", strerror(errno));
	if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0)
		return connect_error(request->address, errno, reterr);
	channel->driver = &line_driver_unix;
	channel->descriptor = TAKE_FD(descriptor);
	*ret_channel = TAKE(channel);
	return STATUS_OK;
}

static void unix_close(struct line_channel *channel)
{
	close(channel->descriptor);
	free(channel);
}

const struct line_driver line_driver_unix = {
	.name = "unix socket",
	.open = unix_open,
	.close = unix_close,
};
