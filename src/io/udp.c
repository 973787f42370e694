/* src/io/udp.c
 *
 * A plain non-blocking socket under a loop_watch. libuv's own uv_udp_t was not taken because it does not tell to
 * which of our addresses a datagram came (IP_PKTINFO), without which a server on two cables answers from the wrong
 * one. */
#include "src/io/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/bench_scan.h"

enum {
	DATAGRAMS_A_TURN_MAX = 64,	/* then the rest of the loop has its turn, however much comes in */
	LISTEN_PORT_PRIVILEGED = 1024,
	TFTP_SERVER_PORT = 69,
};

struct udp_socket {
	int descriptor;
	struct loop_watch *watch;
	struct udp_observer observer;
	uint16_t port;
	bool is_receiving, is_closed;
	uint8_t datagram[UDP_DATAGRAM_MAX + 1];
};

static void udp_socket_free(struct udp_socket *udp);
DEFINE_AUTO(udp_socket);

/* Addresses */

static bool parse_decimal(const char **at, unsigned most, unsigned *ret_number)
{
	unsigned number = 0;
	const char *start = *at;

	while (**at >= '0' && **at <= '9' && *at - start < 5) {
		number = number * 10 + (unsigned)(**at - '0');
		(*at)++;
	}
	*ret_number = number;
	return *at > start && number <= most;
}

bool udp_address_parse(const char *text, uint16_t default_port, struct udp_address *ret_address)
{
	struct udp_address address = { .port = default_port };
	unsigned number;

	for (int i = 0; i < 4; i++) {
		if (i > 0 && *text++ != '.')
			return false;
		if (!parse_decimal(&text, 255, &number))
			return false;
		address.ipv4 = address.ipv4 << 8 | number;
	}
	if (*text == ':') {
		text++;
		if (!parse_decimal(&text, 65535, &number))
			return false;
		address.port = (uint16_t)number;
	}
	if (*text != '\0')
		return false;
	*ret_address = address;
	return true;
}

char *udp_address_format(char *to, size_t size, const struct udp_address *address)
{
	text_format(to, size, "%u.%u.%u.%u", address->ipv4 >> 24, address->ipv4 >> 16 & 255, address->ipv4 >> 8 & 255,
		    address->ipv4 & 255);
	if (address->port != 0)
		text_append(to, size, ":%u", (unsigned)address->port);
	return to;
}

bool udp_address_equal(const struct udp_address *a, const struct udp_address *b)
{
	return a->ipv4 == b->ipv4 && a->port == b->port;
}

static struct sockaddr_in to_system(const struct udp_address *address)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(address->port),
		.sin_addr.s_addr = htonl(address->ipv4),
	};
}

static struct udp_address from_system(const struct sockaddr_in *address)
{
	return (struct udp_address){ .ipv4 = ntohl(address->sin_addr.s_addr), .port = ntohs(address->sin_port) };
}

/* Receiving */

static struct udp_local local_of(struct msghdr *message)
{
	struct udp_local local = { 0 };

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
		struct in_pktinfo info;

		if (part->cmsg_level != IPPROTO_IP || part->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(part), sizeof(info));
		/* ip(7): ipi_spec_dst is our address, ipi_addr what the header says, which may be a broadcast. */
		local.ipv4 = ntohl(info.ipi_spec_dst.s_addr);
		local.interface = (unsigned)info.ipi_ifindex;
		local.was_broadcast = info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr;
	}
	return local;
}

/* False when there is nothing more to read. */
static bool receive_one(struct udp_socket *udp)
{
	union {
		struct cmsghdr align;
		uint8_t room[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control;
	struct sockaddr_in sender = { 0 };
	struct iovec into = { udp->datagram, sizeof(udp->datagram) };
	struct msghdr message = {
		.msg_name = &sender, .msg_namelen = sizeof(sender),
		.msg_iov = &into, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct udp_address from;
	struct udp_local to;
	ssize_t size = recvmsg(udp->descriptor, &message, MSG_DONTWAIT);

	/* A pending ICMP error comes out here once and is gone then; the next datagram may be behind it. */
	if (size < 0)
		return errno != EAGAIN && errno != EWOULDBLOCK;
	if (message.msg_namelen < sizeof(sender) || sender.sin_family != AF_INET)
		return true;
	from = from_system(&sender);
	to = local_of(&message);
	udp->observer.on_datagram(udp->observer.user, bytes_of(udp->datagram, (size_t)size), &from, &to);
	return true;
}

static void udp_socket_free(struct udp_socket *udp)
{
	if (udp == NULL)
		return;
	loop_watch_free(udp->watch);
	if (udp->descriptor >= 0)
		close(udp->descriptor);
	free(udp);
}

static void on_readable(void *user, int events)
{
	struct udp_socket *udp = user;

	(void)events;
	udp->is_receiving = true;
	for (int i = 0; i < DATAGRAMS_A_TURN_MAX && !udp->is_closed; i++) {
		if (!receive_one(udp))
			break;
	}
	udp->is_receiving = false;
	if (udp->is_closed)
		udp_socket_free(udp);
}

/* Opening */

static enum status fail_busy(const struct udp_settings *settings, struct error *reterr)
{
	static const struct { const char *holder, *service; } services[] = {
		{ "in.tftpd", "tftpd-hpa" }, { "atftpd", "atftpd" }, { "dnsmasq", "dnsmasq" }, { "inetd", "inetd" },
	};
	char holder[64], stop[64] = "stop that program";

	if (!bench_find_udp_holder(settings->port, holder, sizeof(holder))) {
		text_copy(holder, sizeof(holder), "another program");
		text_format(stop, sizeof(stop), "find it with sudo ss -lunp and stop it");
	}
	for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
		if (text_contains(holder, services[i].holder)) {
			text_format(stop, sizeof(stop), "stop it (sudo systemctl stop %s)", services[i].service);
			break;
		}
	}
	error_set(reterr, STATUS_BUSY, "cannot listen on UDP port %u: %s has it", (unsigned)settings->port, holder);
	if (settings->port == TFTP_SERVER_PORT)
		return error_hint(reterr, "%s, or serve on another port if the loader can be told "
				  "(U-Boot: setenv tftpdstp PORT)", stop);
	return error_hint(reterr, "%s, or choose another port", stop);
}

static enum status fail_permission(const struct udp_settings *settings, struct error *reterr)
{
	char program[160];
	ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);

	error_set(reterr, STATUS_NO_PERMISSION, "cannot listen on UDP port %u: %s", (unsigned)settings->port,
		  settings->port < LISTEN_PORT_PRIVILEGED ? "ports below 1024 need a privilege" : strerror(EACCES));
	/* A path that does not fit would be cut: no command is better than a wrong one. */
	if (size < 0 || (size_t)size == sizeof(program) - 1)
		text_copy(program, sizeof(program), "$(command -v unbrick)");
	else
		program[size] = '\0';
	return error_hint(reterr, "sudo setcap cap_net_bind_service+ep %s, then start again; or run as root", program);
}

static enum status fail_bind(const struct udp_settings *settings, int reason, struct error *reterr)
{
	switch (reason) {
	case EADDRINUSE:
		return fail_busy(settings, reterr);
	case EACCES:
	case EPERM:
		return fail_permission(settings, reterr);
	case EADDRNOTAVAIL:
		error_set(reterr, STATUS_NOT_FOUND, "cannot listen on %s: this machine does not have that address",
			  settings->address);
		return error_hint(reterr, "sudo ip addr add %s/24 dev %s, or choose one of this machine's addresses",
				  settings->address, settings->interface != NULL ? settings->interface : "INTERFACE");
	default:
		return error_set(reterr, STATUS_IO, "cannot listen on UDP %s port %u: %s",
				 settings->address != NULL ? settings->address : "any address",
				 (unsigned)settings->port, strerror(reason));
	}
}

static enum status bind_to_interface(int descriptor, const char *name, struct error *reterr)
{
	size_t length = strlen(name);

	/* The kernel would cut a longer name, and take an empty one for "any". */
	if (length == 0 || length >= IFNAMSIZ)
		errno = ENODEV;
	else if (setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)length) == 0)
		return STATUS_OK;
	if (errno == ENODEV) {
		error_set(reterr, STATUS_NOT_FOUND, "cannot use the interface '%s': it is not on this machine", name);
		return error_hint(reterr, "ip link shows the interfaces; an unplugged USB adapter is not among them");
	}
	return error_set(reterr, errno == EPERM ? STATUS_NO_PERMISSION : STATUS_IO, "cannot use the interface '%s': %s",
			 name, strerror(errno));
}

static enum status set_options(int descriptor, const struct udp_settings *settings, struct error *reterr)
{
	const int on = 1;

	if (setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) != 0 ||
	    (settings->reuse && setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) ||
	    (settings->broadcast && setsockopt(descriptor, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) != 0))
		return error_set(reterr, STATUS_IO, "cannot set up a UDP socket: %s", strerror(errno));
	if (settings->interface != NULL)
		return bind_to_interface(descriptor, settings->interface, reterr);
	return STATUS_OK;
}

static enum status bind_socket(struct udp_socket *udp, const struct udp_settings *settings, struct error *reterr)
{
	struct udp_address address = { 0 };
	struct sockaddr_in bound;
	socklen_t size = sizeof(bound);

	if (settings->address != NULL && !udp_address_parse(settings->address, 0, &address)) {
		error_set(reterr, STATUS_INVALID, "cannot listen on '%s': it is no IPv4 address", settings->address);
		return error_hint(reterr, "write it as four numbers, for example 192.168.1.10");
	}
	address.port = settings->port;
	bound = to_system(&address);
	if (bind(udp->descriptor, (struct sockaddr *)&bound, sizeof(bound)) != 0)
		return fail_bind(settings, errno, reterr);
	if (getsockname(udp->descriptor, (struct sockaddr *)&bound, &size) != 0)
		return error_set(reterr, STATUS_IO, "cannot ask a UDP socket for its port: %s", strerror(errno));
	udp->port = from_system(&bound).port;
	return STATUS_OK;
}

enum status udp_open(struct loop *loop, const struct udp_settings *settings, const struct udp_observer *observer,
		     struct udp_socket **ret_socket, struct error *reterr)
{
	AUTO(udp_socket) udp = malloc(sizeof(*udp));
	enum status status;

	if (udp == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a UDP socket");
	udp->watch = NULL;
	udp->observer = *observer;
	udp->is_receiving = udp->is_closed = false;
	udp->descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (udp->descriptor < 0)
		return error_set(reterr, STATUS_IO, "cannot make a UDP socket: %s", strerror(errno));
	status = set_options(udp->descriptor, settings, reterr);
	if (status == STATUS_OK)
		status = bind_socket(udp, settings, reterr);
	if (status != STATUS_OK)
		return status;
	udp->watch = loop_watch_new(loop, udp->descriptor, on_readable, udp);
	if (udp->watch == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a UDP socket");
	*ret_socket = TAKE(udp);
	return STATUS_OK;
}

void udp_close(struct udp_socket *udp)
{
	if (udp == NULL)
		return;
	/* From its own callback: on_readable still needs it. */
	udp->is_closed = true;
	if (!udp->is_receiving)
		udp_socket_free(udp);
}

uint16_t udp_port(const struct udp_socket *udp)
{
	return udp->port;
}

/* Sending */

static enum status fail_send(const struct udp_address *to, int reason, struct error *reterr)
{
	char peer[UDP_ADDRESS_TEXT];
	enum status status;

	udp_address_format(peer, sizeof(peer), to);
	switch (reason) {
	case EAGAIN:
	case ENOBUFS:
		status = STATUS_NO_SPACE;
		break;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
	case ENODEV:
	case ENXIO:
		error_set(reterr, STATUS_GONE, "cannot send to %s: %s", peer, strerror(reason));
		return error_hint(reterr, "is the cable in, and has this machine an address in the same network?");
	case EACCES:
		return error_set(reterr, STATUS_NO_PERMISSION,
				 "cannot send to %s: the socket is not open for broadcasts", peer);
	case EPERM:
		error_set(reterr, STATUS_NO_PERMISSION, "cannot send to %s: %s", peer, strerror(reason));
		return error_hint(reterr, "a firewall on this machine forbids it: sudo nft list ruleset");
	case EMSGSIZE:
		status = STATUS_INVALID;
		break;
	default:
		status = STATUS_IO;
		break;
	}
	return error_set(reterr, status, "cannot send to %s: %s", peer, strerror(reason));
}

static void set_source(struct msghdr *message, void *control, size_t size, const struct udp_local *from)
{
	struct in_pktinfo info = {
		.ipi_ifindex = (int)from->interface,
		.ipi_spec_dst.s_addr = htonl(from->ipv4),
	};
	struct cmsghdr *part;

	message->msg_control = control;
	message->msg_controllen = size;
	part = CMSG_FIRSTHDR(message);
	part->cmsg_level = IPPROTO_IP;
	part->cmsg_type = IP_PKTINFO;
	part->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(part), &info, sizeof(info));
}

enum status udp_send(struct udp_socket *udp, const struct udp_address *to, const struct udp_local *from,
		     struct bytes datagram, struct error *reterr)
{
	union {
		struct cmsghdr align;
		uint8_t room[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control = { .room = { 0 } };
	struct sockaddr_in peer = to_system(to);
	struct iovec out = { (void *)(uintptr_t)datagram.data, datagram.size };
	struct msghdr message = {
		.msg_name = &peer, .msg_namelen = sizeof(peer),
		.msg_iov = &out, .msg_iovlen = 1,
	};
	ssize_t sent;

	if (from != NULL)
		set_source(&message, &control, sizeof(control), from);
	do {
		sent = sendmsg(udp->descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? fail_send(to, errno, reterr) : STATUS_OK;
}
