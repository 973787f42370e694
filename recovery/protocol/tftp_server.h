/* recovery/protocol/tftp_server.h
 *
 * One transfer of a TFTP server (RRQ only: the bench serves, it takes nothing), as a machine: datagrams and time in,
 * datagrams and events out. RFC 1350, 2347 (options), 2348 (blksize), 2349 (timeout, tsize), 7440 (windowsize), 1123
 * 4.2.3 (no sorcerer's apprentice). No descriptor, no clock, no allocation. Times are monotonic milliseconds. The
 * file is borrowed memory (a mapping) for the life of the transfer. */
#ifndef UNBRICK_RECOVERY_TFTP_SERVER_H
#define UNBRICK_RECOVERY_TFTP_SERVER_H

#include <stdbool.h>

#include "src/base/bytes.h"
#include "src/base/status.h"

enum {
	TFTP_PORT = 69,
	TFTP_NAME_MAX = 255,
	TFTP_BLKSIZE_MAX = 65464,	/* RFC 2348 */
	TFTP_BLKSIZE_CAP = 1468,	/* more comes in fragments on Ethernet, which small loaders cannot join */
	TFTP_WINDOW_CAP = 64,
	TFTP_DATAGRAM_MAX = TFTP_BLKSIZE_MAX + 4,
};

enum tftp_opcode { TFTP_RRQ = 1, TFTP_WRQ, TFTP_DATA, TFTP_ACK, TFTP_ERROR, TFTP_OACK };
enum tftp_error {
	TFTP_ERROR_UNDEFINED, TFTP_ERROR_NOT_FOUND, TFTP_ERROR_ACCESS, TFTP_ERROR_DISK_FULL, TFTP_ERROR_ILLEGAL,
	TFTP_ERROR_UNKNOWN_TID, TFTP_ERROR_EXISTS, TFTP_ERROR_NO_USER, TFTP_ERROR_OPTION,
};

/* A request as it came. Options that were not sent are 0 (tsize_asked false). */
struct tftp_request {
	bool is_write;
	char name[TFTP_NAME_MAX + 1];	/* printable; as asked */
	bool is_netascii;
	unsigned blksize, windowsize, timeout_seconds;
	bool tsize_asked;
};
/* STATUS_PROTOCOL for anything that is no well-formed RRQ or WRQ (say nothing); STATUS_UNSUPPORTED for a mode other
 * than octet and netascii (answer TFTP_ERROR_ILLEGAL). An option with a value out of its range counts as not sent;
 * blksize and windowsize beyond theirs count as the largest. */
enum status tftp_request_parse(struct bytes datagram, struct tftp_request *ret_request);
/* Writes an ERROR datagram; returns its size. to needs 4 + strlen(text) + 1 bytes, at most size is written. */
size_t tftp_error_write(uint8_t *to, size_t size, enum tftp_error code, const char *text);
/* Does the name asked for mean this file? Leading "/", "./", backslashes and drive letters are ignored, case as well.
 * Folders are not: "dir/fw.bin" is another file than "fw.bin". */
bool tftp_name_matches(const char *asked, const char *file_name);

/* A client that sends its RRQ again and again after an OACK cannot cope with it: from the second repeat on
 * blksize_cap = 512 leaves that option out of the OACK, from the third on drop_options leaves out the OACK. A new
 * transfer (best from a new port) must be started for either, for what was agreed cannot be changed on the way. */
struct tftp_limits {
	unsigned blksize_cap;		/* 0: TFTP_BLKSIZE_CAP */
	unsigned windowsize_cap;	/* 0: TFTP_WINDOW_CAP; at most 1024 */
	bool drop_options;		/* answer as RFC 1350 knows it: for clients that choke on OACK */
};

enum tftp_event_type {
	TFTP_NOTHING,
	TFTP_PROGRESS,		/* bytes_acked has grown */
	TFTP_DONE,		/* final: every byte was acknowledged */
	TFTP_FAILED,		/* final; .status: TIMEOUT, PROTOCOL (an ERROR for the client is then in the output),
				 * CANCELLED (the client sent ERROR, or a new RRQ after progress); .text says what */
};

struct tftp_event {
	enum tftp_event_type type;
	enum status status;
	uint64_t bytes_acked;
	char text[96];		/* printable */
};

/* Where a block begins in the file. */
struct tftp_position {
	size_t offset;
	bool is_half;		/* netascii: the CR of the pair for this byte went out in the block before */
};

struct tftp_server {		/* caller-owned; fields belong to tftp_server.c */
	struct bytes file;
	unsigned blksize, windowsize;
	uint64_t timeout_ms;
	char oack[128];
	size_t oack_size;	/* 0: no options were accepted */
	bool oack_acked, oack_due;
	/* Blocks are counted from 1 without wrapping. */
	uint64_t acked;		/* acknowledged; OACK's ACK leaves it 0 */
	uint64_t next;		/* next block to hand out */
	uint64_t last;		/* UINT64_MAX until its shortness was seen */
	uint64_t sent_to;	/* highest block that was ever sent */
	uint64_t resent_to;	/* highest block that was sent more than once */
	struct tftp_position acked_at, next_at;
	uint64_t deadline_ms;
	uint64_t heard_ms;	/* last progress */
	uint64_t rtt_ms, sent_ms;
	unsigned tries;		/* resends by the timer since the last progress */
	unsigned duplicates;	/* ACKs of acked since then */
	unsigned rollover;	/* the number after 65535: 0, or 1 when the client turns out to count so */
	bool is_netascii;
	bool is_final;
	bool error_due;
};

void tftp_server_init(struct tftp_server *transfer, const struct tftp_request *request,
		      const struct tftp_limits *limits, struct bytes file, uint64_t now_ms);
/* A datagram from the client's address and port. The client's RRQ for the same file, repeated, may be given here too:
 * before any answer it brings the first datagram once more. Behind the ACK of the OACK, or of a block, it never does (RFC 2347: an OACK is
 * over then, and old U-Boots end the load at one behind block 1): a moment later it was only late and is overlooked, long after it the
 * transfer ends (the device was reset and uses its port again: start a new one). An RRQ for another file is the caller's to see: drop this transfer. */
struct tftp_event tftp_server_input(struct tftp_server *transfer, struct bytes datagram, uint64_t now_ms);
/* The client has answered just now: its RRQ that comes only then was overtaken, and says nothing of what it can bear. */
bool tftp_server_is_under_way(const struct tftp_server *transfer, uint64_t now_ms);
/* Before the deadline this does nothing. */
struct tftp_event tftp_server_tick(struct tftp_server *transfer, uint64_t now_ms);
/* The next datagram to send into to (TFTP_DATAGRAM_MAX bytes); 0 when there is none now. Call until 0 after every
 * input and tick. */
size_t tftp_server_output(struct tftp_server *transfer, uint8_t *to, uint64_t now_ms);
/* UINT64_MAX when nothing is awaited. */
uint64_t tftp_server_deadline(const struct tftp_server *transfer);
/* More than 65535 blocks: block numbers start anew on the way, which many boot ROMs cannot follow. Worth a warning. */
bool tftp_server_wraps(const struct tftp_server *transfer);

#endif
