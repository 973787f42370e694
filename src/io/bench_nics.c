/* src/io/bench_nics.c
 *
 * Network ports. Names, flags, hardware and other addresses come from getifaddrs(), which speaks of this network
 * namespace; /sys may be that of another one, so that it is asked only what kind a port is. Ports with hardware come
 * first, wired before wireless: one of them goes to the device. */
#include "src/io/bench_internal.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum nic_rank { RANK_WIRED, RANK_WIRELESS, RANK_VIRTUAL };

struct ranked_nic {
	enum nic_rank rank;
	struct bench_nic nic;
};

static void take_hardware_address(const struct ifaddrs *one, struct bench_nic *nic)
{
	const struct sockaddr_ll *hardware = (const struct sockaddr_ll *)(const void *)one->ifa_addr;
	const uint8_t *mac = hardware->sll_addr;

	if (hardware->sll_halen == 6)
		text_format(nic->mac, sizeof(nic->mac), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
			    mac[4], mac[5]);
}

static unsigned mask_length(const struct sockaddr *mask, int family)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)mask;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)mask;
	unsigned length = 0;

	if (mask == NULL)
		return family == AF_INET ? 32 : 128;
	if (family == AF_INET)
		return (unsigned)__builtin_popcount(v4->sin_addr.s_addr);
	for (size_t i = 0; i < sizeof(v6->sin6_addr.s6_addr); i++)
		length += (unsigned)__builtin_popcount(v6->sin6_addr.s6_addr[i]);
	return length;
}

/* Three passes give the order: IPv4, IPv6 that is routed, IPv6 of the link. */
static bool belongs_to_pass(const struct sockaddr *address, int pass)
{
	const struct sockaddr_in6 *v6;

	if (address == NULL || (address->sa_family != AF_INET && address->sa_family != AF_INET6))
		return false;
	if (address->sa_family == AF_INET)
		return pass == 0;
	v6 = (const struct sockaddr_in6 *)(const void *)address;
	return (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) ? 2 : 1) == pass;
}

static void add_addresses(const struct ifaddrs *list, struct bench_nic *nic)
{
	for (int pass = 0; pass < 3; pass++) {
		for (const struct ifaddrs *one = list; one != NULL && nic->address_count < ARRAY_SIZE(nic->address);
		     one = one->ifa_next) {
			const struct sockaddr *address = one->ifa_addr;
			char text[INET6_ADDRSTRLEN];

			if (!belongs_to_pass(address, pass) || !text_equal(one->ifa_name, nic->name))
				continue;
			if (inet_ntop(address->sa_family, address->sa_family == AF_INET
				      ? (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr
				      : (const void *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
				      text, sizeof(text)) == NULL)
				continue;
			text_format(nic->address[nic->address_count++], sizeof(nic->address[0]), "%s/%u", text,
				    mask_length(one->ifa_netmask, address->sa_family));
		}
	}
}

static enum nic_rank rank_nic(const struct bench_roots *roots, const struct bench_nic *nic)
{
	if (nic->is_wireless)
		return RANK_WIRELESS;
	return bench_exists(roots, "/sys/class/net/%s/device", nic->name) ? RANK_WIRED : RANK_VIRTUAL;
}

static int compare_nics(const void *a, const void *b)
{
	const struct ranked_nic *one = a, *other = b;

	if (one->rank != other->rank)
		return one->rank < other->rank ? -1 : 1;
	return bench_name_compare(one->nic.name, other->nic.name);
}

static void make_nic(const struct bench_roots *roots, const struct ifaddrs *one, struct ranked_nic *ret_nic)
{
	struct bench_nic *nic = &ret_nic->nic;

	memset(ret_nic, 0, sizeof(*ret_nic));
	text_copy(nic->name, sizeof(nic->name), one->ifa_name);
	nic->is_up = (one->ifa_flags & IFF_UP) != 0;
	nic->has_carrier = (one->ifa_flags & IFF_LOWER_UP) != 0;
	/* wireless: the old interface of drivers, phy80211: that of today */
	nic->is_wireless = bench_exists(roots, "/sys/class/net/%s/wireless", nic->name) ||
			   bench_exists(roots, "/sys/class/net/%s/phy80211", nic->name);
	ret_nic->rank = rank_nic(roots, nic);
	take_hardware_address(one, nic);
}

void bench_scan_nics(const struct bench_roots *roots, const struct ifaddrs *list, struct bench_state *state)
{
	enum { LOOKED_AT_MAX = 256 };	/* containers make dozens of veth; ports with hardware must not fall off */
	AUTO_FREE struct ranked_nic *nics = calloc(LOOKED_AT_MAX, sizeof(*nics));
	size_t count = 0;

	if (nics == NULL)
		return;
	/* getifaddrs() has each interface once as AF_PACKET, in any state. */
	for (const struct ifaddrs *one = list; one != NULL && count < LOOKED_AT_MAX; one = one->ifa_next)
		if (one->ifa_addr != NULL && one->ifa_addr->sa_family == AF_PACKET &&
		    (one->ifa_flags & IFF_LOOPBACK) == 0)
			make_nic(roots, one, &nics[count++]);
	qsort(nics, count, sizeof(*nics), compare_nics);
	for (size_t i = 0; i < count && state->nic_count < BENCH_NICS_MAX; i++) {
		add_addresses(list, &nics[i].nic);
		/* what the kernel or a container left there, and nobody uses: no cable is ever in it */
		if (nics[i].rank == RANK_VIRTUAL && !nics[i].nic.is_up && nics[i].nic.address_count == 0)
			continue;
		state->nic[state->nic_count++] = nics[i].nic;
	}
}
