/* src/io/line_tcp.c
 *
 * TCP as a serial line (ser2net's raw mode, socat, QEMU), and the connecting for rfc2217 lines. Only line_open waits
 * and looks names up; attempts after a loss go to the address that answered then, and are finished by the loop. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/line_driver.h"

enum {
	HOST_MAX = 256,			/* RFC 1035, 2.3.4: a name has 255 octets */
	ADDRESSES_MAX = 4,
	KEEPALIVE_IDLE_S = 10,		/* a server without power is noticed within 25 s; a quiet device is no loss */
	KEEPALIVE_INTERVAL_S = 5,
	KEEPALIVE_COUNT = 3,
	UNACKED_MS = 20000,
};

static enum status split_address(const char *address, char *ret_host, char *ret_port, size_t port_size,
				 struct error *reterr)
{
	const char *colon = strrchr(address, ':');
	size_t length = colon != NULL ? (size_t)(colon - address) : 0;
	unsigned long port;
	char *end;

	if (length >= 2 && address[0] == '[' && address[length - 1] == ']') {
		address++;
		length -= 2;
	}
	if (length == 0 || length >= HOST_MAX)
		return error_set(reterr, STATUS_INVALID, "'%.200s' is not HOST:PORT", address);
	port = strtoul(colon + 1, &end, 10);
	if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port == 0 || port > 65535)
		return error_set(reterr, STATUS_INVALID, "'%.50s' is not a TCP port (1 to 65535)", colon + 1);
	memcpy(ret_host, address, length);
	ret_host[length] = '\0';
	text_format(ret_port, port_size, "%lu", port);
	return STATUS_OK;
}

static enum status connect_error(const char *address, int error_number, struct error *reterr)
{
	switch (error_number) {
	case ECONNREFUSED:
		error_set(reterr, STATUS_NOT_FOUND, "nobody listens on %.200s", address);
		return error_hint(reterr,
				  "Start the server (ser2net, for example) there, or look up its port in its settings");
	case ETIMEDOUT:
		error_set(reterr, STATUS_TIMEOUT, "%.200s does not answer", address);
		return error_hint(reterr, "Is the machine on, in this network, and not behind a firewall?");
	case EHOSTUNREACH:
	case ENETUNREACH:
		error_set(reterr, STATUS_NOT_FOUND, "there is no way to %.200s: %s", address, strerror(error_number));
		return error_hint(reterr, "Look at this machine's addresses: is it in the same network?");
	default:
		return error_set(reterr, STATUS_IO, "cannot connect to %.200s: %s", address, strerror(error_number));
	}
}

static void set_options(int descriptor)
{
	const struct { int level, name, value; } options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },	/* keys are single bytes */
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		setsockopt(descriptor, options[i].level, options[i].name, &options[i].value, sizeof(options[i].value));
}

/* Attempts at a local port that nobody listens on meet themselves one day, when the kernel gives the same port as
 * source (RFC 9293, 3.5: simultaneous open). */
static bool is_connected_to_itself(int descriptor)
{
	struct sockaddr_storage here = { 0 }, there = { 0 };
	socklen_t here_size = sizeof(here), there_size = sizeof(there);

	return getsockname(descriptor, (struct sockaddr *)&here, &here_size) == 0 &&
	       getpeername(descriptor, (struct sockaddr *)&there, &there_size) == 0 &&
	       here_size == there_size && memcmp(&here, &there, here_size) == 0;
}

static int socket_error(int descriptor)
{
	int error_number = 0;
	socklen_t size = sizeof(error_number);

	if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error_number, &size) != 0)
		return errno;
	return error_number == 0 && is_connected_to_itself(descriptor) ? ECONNREFUSED : error_number;
}

/* 0, EINPROGRESS or why not. */
static int start_connecting(const struct line_peer *peer, int *ret_descriptor)
{
	AUTO_CLOSE int descriptor = socket(peer->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int failed = 0;

	if (descriptor < 0)
		return errno;
	set_options(descriptor);
	if (connect(descriptor, (const struct sockaddr *)&peer->address, peer->size) != 0)
		failed = errno;
	if (failed == 0 || failed == EINPROGRESS)
		*ret_descriptor = TAKE_FD(descriptor);
	return failed;
}

static int connect_waiting(const struct line_peer *peer, int *ret_descriptor)
{
	AUTO_CLOSE int descriptor = -1;
	int failed = start_connecting(peer, &descriptor);

	if (failed == EINPROGRESS) {
		struct pollfd wait = { .fd = descriptor, .events = POLLOUT };

		failed = poll(&wait, 1, LINE_FIRST_CONNECT_MS) == 1 ? socket_error(descriptor) : ETIMEDOUT;
	}
	if (failed == 0)
		*ret_descriptor = TAKE_FD(descriptor);
	return failed;
}

static enum status look_up_and_connect(const struct line_request *request, int *ret_descriptor, struct error *reterr)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_NUMERICSERV };
	struct addrinfo *found;
	char host[HOST_MAX], port[8];
	enum status status = split_address(request->address, host, port, sizeof(port), reterr);
	int failed;
	unsigned tried = 0;

	if (status != STATUS_OK)
		return status;
	failed = getaddrinfo(host, port, &hints, &found);
	if (failed != 0) {
		error_set(reterr, STATUS_NOT_FOUND, "cannot find host '%.200s': %s", host, gai_strerror(failed));
		return error_hint(reterr, "Try its address (192.168.1.5) instead of its name");
	}
	failed = EHOSTUNREACH;
	for (struct addrinfo *one = found; one != NULL && failed != 0 && tried++ < ADDRESSES_MAX; one = one->ai_next) {
		struct line_peer peer = { .size = one->ai_addrlen };

		memcpy(&peer.address, one->ai_addr, one->ai_addrlen);
		failed = connect_waiting(&peer, ret_descriptor);
		if (failed == 0)
			*request->peer = peer;
	}
	freeaddrinfo(found);
	return failed == 0 ? STATUS_OK : connect_error(request->address, failed, reterr);
}

enum status line_tcp_connect(const struct line_request *request, int *ret_descriptor, bool *ret_is_connecting,
			     struct error *reterr)
{
	int failed;

	*ret_is_connecting = false;
	if (request->may_wait || request->peer->size == 0)
		return look_up_and_connect(request, ret_descriptor, reterr);
	failed = start_connecting(request->peer, ret_descriptor);
	*ret_is_connecting = failed == EINPROGRESS;
	return failed == 0 || failed == EINPROGRESS ? STATUS_OK : connect_error(request->address, failed, reterr);
}

enum status line_tcp_connected(struct line_channel *channel, struct error *reterr)
{
	int failed = socket_error(channel->descriptor);

	return failed == 0 ? STATUS_OK : connect_error("the server", failed, reterr);
}

static enum status tcp_open(const struct line_request *request, struct line_channel **ret_channel, struct error *reterr)
{
	AUTO_FREE struct line_channel *channel = calloc(1, sizeof(*channel));
	enum status status;

	if (channel == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a connection");
	channel->driver = &line_driver_tcp;
	status = line_tcp_connect(request, &channel->descriptor, &channel->is_connecting, reterr);
	if (status == STATUS_OK)
		*ret_channel = TAKE(channel);
	return status;
}

static void tcp_close(struct line_channel *channel)
{
	close(channel->descriptor);
	free(channel);
}

const struct line_driver line_driver_tcp = {
	.name = "TCP",
	.open = tcp_open,
	.close = tcp_close,
	.connected = line_tcp_connected,
};
