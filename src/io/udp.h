/* src/io/udp.h
 *
 * UDP sockets on the loop. IPv4 only: no boot loader in the field recovers over IPv6. A socket that is to answer
 * anybody (a server) binds to no address: it may then be opened before the cable is plugged in and the address is
 * there, and hears broadcasts. An address that is given must be on this machine; IP_FREEBIND would hide that it is
 * not, and a server that nobody can reach looks like a dead device. */
#ifndef UNBRICK_IO_UDP_H
#define UNBRICK_IO_UDP_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/bytes.h"
#include "src/base/status.h"
#include "src/io/loop.h"

enum {
	UDP_DATAGRAM_MAX = 65507,	/* what IPv4 can carry */
	UDP_ADDRESS_TEXT = 24,		/* "255.255.255.255:65535" and its NUL */
};

struct udp_address {
	uint32_t ipv4;		/* host order */
	uint16_t port;
};

/* Our end of a datagram. Give it back to udp_send, and the answer leaves by the same network port from the address
 * that was asked: a client drops answers from elsewhere, and a routing table knows only one way to a network that two
 * cables have. */
struct udp_local {
	uint32_t ipv4;		/* one of ours, for a broadcast as well; 0: leave it to the routing table */
	unsigned interface;	/* index; 0: leave it to the routing table */
	bool was_broadcast;	/* it was sent to all (or to a group), not to us alone */
};

/* "192.168.1.1" and "192.168.1.1:69"; four decimal numbers, none left out. Without a port it gets default_port. */
bool udp_address_parse(const char *text, uint16_t default_port, struct udp_address *ret_address);
/* "192.168.1.1:69"; without the port when it is 0. Returns to. */
char *udp_address_format(char *to, size_t size, const struct udp_address *address);
bool udp_address_equal(const struct udp_address *a, const struct udp_address *b);

struct udp_settings {
	const char *address;	/* NULL: any of ours; "192.168.1.10" */
	uint16_t port;		/* 0: any free one, see udp_port */
	const char *interface;	/* NULL: any; "eth0": nothing goes in or out elsewhere */
	bool reuse;		/* share the port with others who do so too: for hearing broadcasts, not for a server */
	bool broadcast;		/* may send to broadcast addresses */
};

struct udp_socket;

struct udp_observer {
	/* Never called from inside a udp_* call. datagram is valid during the call, which may close the socket. */
	void (*on_datagram)(void *user, struct bytes datagram, const struct udp_address *from,
			    const struct udp_local *to);
	void *user;
};

/* STATUS_BUSY (the text names the holder where it is to be seen), STATUS_NO_PERMISSION (ports below 1024),
 * STATUS_NOT_FOUND (the address or the interface is not on this machine), STATUS_INVALID (not an address): each with
 * a hint. Nothing of settings is kept. */
enum status udp_open(struct loop *loop, const struct udp_settings *settings, const struct udp_observer *observer,
		     struct udp_socket **ret_socket, struct error *reterr);
void udp_close(struct udp_socket *socket);
/* The port it is bound to. */
uint16_t udp_port(const struct udp_socket *socket);
/* Never blocks. from may be NULL. STATUS_NO_SPACE: the queue is full, try later or count it as lost; STATUS_GONE: no
 * way there now (cable out, no address, no route, no answer to ARP), which passes while a device reboots;
 * STATUS_NO_PERMISSION: a firewall, or a broadcast on a socket that was not opened for it; STATUS_INVALID: longer
 * than UDP_DATAGRAM_MAX. */
enum status udp_send(struct udp_socket *socket, const struct udp_address *to, const struct udp_local *from,
		     struct bytes datagram, struct error *reterr);

#endif
