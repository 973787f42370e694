/* The loader's network: a TFTP client (RFC 1350, 2347, 2348, 2349) on real UDP from the loopback address, with the
 * words and habits of U-Boot's net/tftp.c: five seconds, ten tries, duplicates acknowledged again, one answer's port
 * kept for good. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/practice/camera.h"

enum {
	TFTP_RRQ = 1, TFTP_DATA = 3, TFTP_ACK = 4, TFTP_ERROR = 5, TFTP_OACK = 6,
	TFTP_PORT = 69,
	TFTP_BLKSIZE = 1468,
	TFTP_TIMEOUT_MS = 5000,
	TFTP_TRIES = 10,
	TFTP_HASHES = 50,		/* when tsize is known */
	TFTP_BLOCKS_A_HASH = 10,	/* when it is not */
	TFTP_HASHES_A_LINE = 65,
	TFTP_NAME_MAX = 128,
	BOOTP_TRIES = 5,
};

enum fetch_state { FETCH_GOES_ON, FETCH_DONE, FETCH_FAILED, FETCH_TIMED_OUT };

struct fetch {
	struct camera *cam;
	int fd;
	struct sockaddr_in server;
	bool has_peer;			/* server's port is the transfer's own now */
	const char *file;
	uint8_t *to;
	uint64_t room, received, tsize;
	uint64_t block;			/* the last one taken, without wrapping */
	unsigned blksize, hashes, tries;
	uint8_t out[600];
	size_t out_size;
};

static bool say_no_link(struct camera *cam)
{
	if (cam->link)
		return false;
	say(cam, "practice-eth Waiting for PHY auto negotiation to complete...");
	for (int i = 0; i < 6 && camera_wait_or_interrupt(cam, 500, -1) && !cam->link; i++)
		say(cam, ".");
	if (cam->link) {
		say(cam, " done\n");
		return false;
	}
	say(cam, " TIMEOUT !\nCould not initialize PHY practice-eth\n");
	return true;
}

/* From ${ipaddr} where that is a loopback address, so that two practice cameras can be told apart. */
static int open_socket(const struct camera *cam)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const char *own = env_get(&cam->env, "ipaddr");
	struct in_addr address;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (own != NULL && inet_pton(AF_INET, own, &address) == 1 && ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET)
		from.sin_addr = address;
	if (fd >= 0 && bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* ---- datagrams ---- */

static size_t put_text(uint8_t *to, const char *text)
{
	memcpy(to, text, strlen(text) + 1);
	return strlen(text) + 1;
}

static void make_request(struct fetch *fetch)
{
	static const char *const options[] = { "timeout", "5", "tsize", "0", "blksize", "1468" };
	uint8_t *out = fetch->out;
	size_t size = 2;

	store_be16(out, TFTP_RRQ);
	size += put_text(out + size, fetch->file);
	size += put_text(out + size, "octet");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		size += put_text(out + size, options[i]);
	fetch->out_size = size;
}

static void send_out(struct fetch *fetch)
{
	if (fetch->cam->link)
		sendto(fetch->fd, fetch->out, fetch->out_size, MSG_DONTWAIT, (struct sockaddr *)&fetch->server,
		       sizeof(fetch->server));
}

static void acknowledge(struct fetch *fetch)
{
	store_be16(fetch->out, TFTP_ACK);
	store_be16(fetch->out + 2, (uint16_t)fetch->block);
	fetch->out_size = 4;
	send_out(fetch);
}

static void refuse(struct fetch *fetch, const char *why)
{
	store_be16(fetch->out, TFTP_ERROR);
	store_be16(fetch->out + 2, 8);
	fetch->out_size = 4 + put_text(fetch->out + 4, why);
	send_out(fetch);
}

/* ---- answers ---- */

static void show_progress(struct fetch *fetch)
{
	uint64_t wanted = fetch->tsize > 0 ? fetch->received * TFTP_HASHES / fetch->tsize
					   : fetch->block / TFTP_BLOCKS_A_HASH;

	for (; fetch->hashes < wanted && (fetch->tsize == 0 || fetch->hashes < TFTP_HASHES); fetch->hashes++)
		say(fetch->cam, fetch->hashes > 0 && fetch->hashes % TFTP_HASHES_A_LINE == 0 ? "\n\t #" : "#");
}

static enum fetch_state on_data(struct fetch *fetch, struct bytes datagram)
{
	uint16_t block = load_be16(datagram.data + 2);
	struct bytes data = bytes_from(datagram, 4);

	if (block == (uint16_t)fetch->block && fetch->block > 0) {
		acknowledge(fetch);	/* a duplicate: our ACK was lost */
		return FETCH_GOES_ON;
	}
	if (block != (uint16_t)(fetch->block + 1) || data.size > fetch->blksize)
		return FETCH_GOES_ON;
	if (data.size > fetch->room - fetch->received) {
		say(fetch->cam, "\nTFTP error: trying to overwrite reserved memory...\n");
		refuse(fetch, "file too large");
		return FETCH_FAILED;
	}
	memcpy(fetch->to + fetch->received, data.data, data.size);
	fetch->received += data.size;
	fetch->block++;
	fetch->tries = 0;
	show_progress(fetch);
	acknowledge(fetch);
	return data.size < fetch->blksize ? FETCH_DONE : FETCH_GOES_ON;
}

/* An option's value in the OACK, or NULL; names compare without case (RFC 2347). */
static const char *find_option(struct bytes oack, const char *name)
{
	const char *at = (const char *)oack.data + 2, *end = (const char *)oack.data + oack.size;

	while (at < end) {
		size_t length = strnlen(at, (size_t)(end - at));
		const char *value = at + length + 1;

		if (value >= end || memchr(value, '\0', (size_t)(end - value)) == NULL)
			return NULL;
		if (strcasecmp(at, name) == 0)
			return value;
		at = value + strlen(value) + 1;
	}
	return NULL;
}

static enum fetch_state on_oack(struct fetch *fetch, struct bytes datagram)
{
	const char *blksize = find_option(datagram, "blksize"), *tsize = find_option(datagram, "tsize");
	const char *timeout = find_option(datagram, "timeout");
	unsigned long size = blksize != NULL ? strtoul(blksize, NULL, 10) : fetch->blksize;

	if (fetch->block > 0 || fetch->received > 0)
		return FETCH_GOES_ON;
	if (size < 8 || size > TFTP_BLKSIZE ||
	    (timeout != NULL && strtoul(timeout, NULL, 10) != TFTP_TIMEOUT_MS / 1000)) {
		say(fetch->cam, "\nTFTP error: an option was not granted as it was asked for\n");
		refuse(fetch, "option out of range");
		return FETCH_FAILED;
	}
	fetch->blksize = (unsigned)size;
	fetch->tsize = tsize != NULL ? strtoull(tsize, NULL, 10) : 0;
	fetch->tries = 0;
	acknowledge(fetch);
	return FETCH_GOES_ON;
}

static enum fetch_state on_error(struct fetch *fetch, struct bytes datagram)
{
	unsigned code = load_be16(datagram.data + 2);
	struct bytes text = bytes_from(datagram, 4);
	char shown[128];

	text_printable(shown, sizeof(shown), bytes_of(text.data, strnlen((const char *)text.data, text.size)));
	say(fetch->cam, "\nTFTP error: '%s' (%u)\n%s\n", shown, code,
	    code == 1 || code == 2 ? "Not retrying..." : "Starting again\n");
	return FETCH_FAILED;
}

static enum fetch_state take_datagram(struct fetch *fetch)
{
	uint8_t in[TFTP_BLKSIZE + 4 + 1];
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	ssize_t size = recvfrom(fetch->fd, in, sizeof(in), MSG_DONTWAIT, (struct sockaddr *)&from, &length);
	unsigned opcode;

	if (size < 4 || !fetch->cam->link || from.sin_addr.s_addr != fetch->server.sin_addr.s_addr)
		return FETCH_GOES_ON;
	if (fetch->has_peer && from.sin_port != fetch->server.sin_port)
		return FETCH_GOES_ON;
	opcode = load_be16(in);
	if (opcode == TFTP_ERROR)
		return on_error(fetch, bytes_of(in, (size_t)size));
	if (opcode != TFTP_DATA && opcode != TFTP_OACK)
		return FETCH_GOES_ON;
	/* Without an OACK the options were not taken: RFC 1350 it is. */
	if (!fetch->has_peer && opcode == TFTP_DATA)
		fetch->blksize = 512;
	fetch->has_peer = true;
	fetch->server.sin_port = from.sin_port;
	return opcode == TFTP_DATA ? on_data(fetch, bytes_of(in, (size_t)size))
				   : on_oack(fetch, bytes_of(in, (size_t)size));
}

/* ---- the transfer ---- */

static enum fetch_state transfer(struct fetch *fetch)
{
	struct camera *cam = fetch->cam;
	enum fetch_state state = FETCH_GOES_ON;
	uint64_t wait_us = camera_scale_us(cam, (uint64_t)TFTP_TIMEOUT_MS * 1000);
	uint64_t deadline_us = bench_now_us() + wait_us;

	make_request(fetch);
	send_out(fetch);
	while (state == FETCH_GOES_ON) {
		uint64_t block = fetch->block;
		uint64_t now_us = bench_now_us();

		if (now_us >= deadline_us) {
			if (++fetch->tries > TFTP_TRIES)
				return FETCH_TIMED_OUT;
			say(cam, "T ");
			send_out(fetch);
			deadline_us = now_us + wait_us;
		}
		bench_pump(cam->bench, deadline_us, fetch->fd);
		if (!camera_wait_or_interrupt(cam, 0, -1)) {
			say(cam, "\nAbort\n");
			return FETCH_FAILED;
		}
		state = take_datagram(fetch);
		if (fetch->block != block || (fetch->has_peer && fetch->tries == 0 && fetch->block == 0))
			deadline_us = bench_now_us() + wait_us;
	}
	return state;
}

static void say_head(const struct fetch *fetch, uint32_t address)
{
	char server[INET_ADDRSTRLEN] = "";
	const char *own = env_get(&fetch->cam->env, "ipaddr");

	inet_ntop(AF_INET, &fetch->server.sin_addr, server, sizeof(server));
	say(fetch->cam, "Using practice-eth device\nTFTP from server %s; our IP address is %s\n", server,
	    own != NULL ? own : "127.0.0.1");
	say(fetch->cam, "Filename '%s'.\nLoad address: 0x%x\nLoading: ", fetch->file, address);
}

static void say_done(struct fetch *fetch, uint32_t address, uint64_t began_us)
{
	struct camera *cam = fetch->cam;
	uint64_t took_us = bench_now_us() - began_us + 1;
	char number[16];

	if (fetch->tsize > 0) {
		say(cam, "  ");
		say_size(cam, fetch->received, "");
	}
	say(cam, "\n\t ");
	say_size(cam, fetch->received * 1000000 / took_us, "/s\ndone\n");
	say(cam, "Bytes transferred = %llu (%llx hex)\n", (unsigned long long)fetch->received,
	    (unsigned long long)fetch->received);
	env_set(&cam->env, "filesize",
		text_format(number, sizeof(number), "%llx", (unsigned long long)fetch->received));
	env_set(&cam->env, "fileaddr", text_format(number, sizeof(number), "%x", address));
}

static bool find_server(const struct camera *cam, const char *text, struct sockaddr_in *ret_server)
{
	const char *port = env_get(&cam->env, "tftpdstp");
	unsigned long number = port != NULL ? strtoul(port, NULL, 10) : TFTP_PORT;

	*ret_server = (struct sockaddr_in){ .sin_family = AF_INET,
					    .sin_port = htons((uint16_t)(number < 65536 ? number : TFTP_PORT)) };
	return text != NULL && inet_pton(AF_INET, text, &ret_server->sin_addr) == 1;
}

/* A host that the loopback address cannot reach would not answer ARP on a real wire. */
static bool is_reachable(int fd, const struct sockaddr_in *host)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	bool ok = connect(fd, (const struct sockaddr *)host, sizeof(*host)) == 0;

	connect(fd, &nobody, sizeof(nobody));
	return ok;
}

static bool say_no_answer_to_arp(struct camera *cam, int fd, const struct sockaddr_in *host)
{
	if (is_reachable(fd, host))
		return false;
	camera_wait_or_interrupt(cam, 5000, -1);
	say(cam, "\nARP Retry count exceeded; starting again\n");
	return true;
}

/* ${netretry}: "yes" begins again for ever, "once" one time (U-Boot net/net.c). */
static bool may_try_again(const struct camera *cam, unsigned round)
{
	const char *retry = env_get(&cam->env, "netretry");

	return retry != NULL && (text_equal(retry, "yes") || (text_equal(retry, "once") && round == 0));
}

static int fetch_file(struct camera *cam, uint32_t address, const char *server, const char *file)
{
	AUTO_CLOSE int fd = open_socket(cam);
	struct fetch fetch = { .cam = cam, .fd = fd, .file = file, .to = ram_at(cam, address, 1) };
	enum fetch_state state;
	uint64_t began_us;

	if (fetch.to == NULL)
		return 1;
	fetch.room = RAM_SIZE - (uint64_t)(fetch.to - cam->ram);
	for (unsigned round = 0;; round++) {
		if (!find_server(cam, server, &fetch.server)) {
			say(cam, "*** ERROR: `serverip' not set\n");
			return 1;
		}
		if (fd < 0 || say_no_link(cam))
			return 1;
		fetch.has_peer = false;
		fetch.block = fetch.received = fetch.tsize = 0;
		fetch.hashes = fetch.tries = 0;
		fetch.blksize = TFTP_BLKSIZE;
		began_us = bench_now_us();
		say_head(&fetch, address);
		state = say_no_answer_to_arp(cam, fd, &fetch.server) ? FETCH_FAILED : transfer(&fetch);
		if (state == FETCH_DONE) {
			say_done(&fetch, address, began_us);
			return 0;
		}
		if (state == FETCH_TIMED_OUT)
			say(cam, "\nRetry count exceeded; starting again\n");
		if (state == FETCH_FAILED || cam->halt != CAMERA_RUNS || !may_try_again(cam, round))
			return 1;
	}
}

int command_tftpboot(struct camera *cam, int argc, char **argv)
{
	uint32_t address;
	const char *from = NULL, *colon;
	char server[64] = "", file[TFTP_NAME_MAX] = "";

	if (argc > 3 || !parse_hex(env_get(&cam->env, "loadaddr"), &address))
		address = LOAD_ADDRESS;
	if (argc > 3 || (argc == 3 && !parse_hex(argv[1], &address)))
		return -1;
	if (argc == 2 && !parse_hex(argv[1], &address))
		from = argv[1];
	if (argc == 3)
		from = argv[2];
	if (from == NULL)
		from = env_get(&cam->env, "bootfile");
	text_copy(server, sizeof(server), env_get(&cam->env, "serverip") != NULL ? env_get(&cam->env, "serverip") : "");
	if (from == NULL) {
		text_copy(file, sizeof(file), "7F000001.img");
		say(cam, "*** Warning: no boot file name; using '%s'\n", file);
	} else {
		colon = strchr(from, ':');
		if (colon != NULL)
			text_format(server, sizeof(server), "%.*s", (int)(colon - from < 63 ? colon - from : 63), from);
		text_copy(file, sizeof(file), colon != NULL ? colon + 1 : from);
	}
	return fetch_file(cam, address, server, file);
}

int command_ping(struct camera *cam, int argc, char **argv)
{
	struct sockaddr_in host;
	AUTO_CLOSE int fd = -1;

	if (argc != 2 || !find_server(cam, argv[1], &host))
		return -1;
	if (say_no_link(cam))
		return 1;
	fd = open_socket(cam);
	say(cam, "Using practice-eth device\n");
	camera_wait(cam, 30);
	if (fd >= 0 && !say_no_answer_to_arp(cam, fd, &host)) {
		say(cam, "host %s is alive\n", argv[1]);
		return 0;
	}
	say(cam, "ping failed; host %.40s is not alive\n", argv[1]);
	return 1;
}

int command_dhcp(struct camera *cam, int argc, char **argv)
{
	(void)argc, (void)argv;
	if (say_no_link(cam))
		return 1;
	for (int i = 1; i <= BOOTP_TRIES; i++) {
		say(cam, "BOOTP broadcast %d\n", i);
		if (!camera_wait_or_interrupt(cam, 500, -1)) {
			say(cam, "\nAbort\n");
			return 1;
		}
	}
	say(cam, "\nRetry time exceeded; starting again\n");
	return 1;
}
