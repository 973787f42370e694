/* tests/fakes/byte_peer.h
 *
 * One transfer machine, and a peer that a test makes of single bytes: what it says goes in, and what the machine answers and reports is
 * kept. */
#ifndef UNBRICK_TESTS_BYTE_PEER_H
#define UNBRICK_TESTS_BYTE_PEER_H

#include "recovery/protocol/transfer.h"

struct byte_peer {
	const struct transfer_protocol *protocol;
	struct transfer *transfer;
	uint64_t now_ms;
	const uint8_t *data;
	size_t size;
	unsigned files, at;
	uint8_t out[32768];	/* since the last call that gave it something */
	size_t out_size;
	enum transfer_event_type last;
	struct transfer_event final;
	unsigned retries, file_ends;
	char text[512];
	char left[512];		/* of the input, behind the end */
	uint8_t got[8192];
	size_t got_size;
	struct transfer_file file;
};

/* A sender has one file, "fw.bin", of these bytes; they are borrowed. */
void peer_begin(struct byte_peer *o, const char *protocol, bool is_sender, const uint8_t *data, size_t size);
void peer_begin_with(struct byte_peer *o, const char *protocol, bool is_sender, const uint8_t *data, size_t size,
		     const struct transfer_options *more);
void peer_end(struct byte_peer *o);
void peer_feed(struct byte_peer *o, const char *text);
void peer_feed_bytes(struct byte_peer *o, struct bytes in);
/* Time passes; what falls due meanwhile happens. */
void peer_pass(struct byte_peer *o, uint64_t ms);

#endif
