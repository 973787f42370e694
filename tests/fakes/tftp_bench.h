/* tests/fakes/tftp_bench.h
 *
 * The TFTP server machine and a small client, joined by a network in memory that loses, doubles and delays datagrams. Time is a number.
 * The client answers every DATA that it did not expect with its last ACK, so a server that resends on ACK would double its traffic
 * here, and the counts would show it. */
#ifndef UNBRICK_TESTS_TFTP_BENCH_H
#define UNBRICK_TESTS_TFTP_BENCH_H

#include "recovery/protocol/tftp_server.h"

enum { TFTP_BENCH_QUEUE = 1024, TFTP_BENCH_PACKET = 2048, TFTP_BENCH_NEVER = 100 };

struct tftp_bench_client {
	struct bytes expected;		/* what the file must look like on the wire */
	size_t got;
	unsigned blksize, windowsize;
	unsigned rollover;		/* the number after 65535 */
	uint64_t block;			/* last one in order */
	unsigned in_window;
	bool answered_gap;
	bool is_complete;
	bool keeps_final_ack;
	bool never_reacks;		/* as old U-Boot */
	uint64_t timeout_ms, deadline_ms;
	uint8_t last_sent[256];
	size_t last_size;
	uint64_t busy_every, busy_ms;	/* erases flash before each busy_every-th ACK */
	char oack[128];
};

struct tftp_bench_packet {
	uint64_t due_ms;
	uint64_t order;
	bool to_server;
	size_t size;
	uint8_t data[TFTP_BENCH_PACKET];
};

struct tftp_bench {
	struct tftp_server server;
	struct tftp_event end;
	struct tftp_bench_client client;
	uint64_t now_ms;
	uint64_t delay_ms, jitter_ms;
	unsigned lose_permille, double_permille;
	unsigned lose_data_block;	/* loses this DATA once */
	unsigned lose_ack_block;
	unsigned random;
	uint64_t order;
	uint64_t data_sent;		/* DATA datagrams that the server handed out */
	struct tftp_bench_packet *queue;
	size_t queued;
	uint8_t *datagram;
};

/* The client has sent request, and the server answers it with the file, which is borrowed. */
void tftp_bench_start(struct tftp_bench *bench, const struct tftp_request *request, const struct tftp_limits *limits,
			struct bytes file);
void tftp_bench_done(struct tftp_bench *bench);
/* Until the server has ended. */
void tftp_bench_run(struct tftp_bench *bench);
/* Fails the test unless the client has all of the file. */
void tftp_bench_arrived(const struct tftp_bench *bench);
struct bytes tftp_bench_file(size_t size);
void tftp_bench_drop_file(struct bytes file);
/* Serves size bytes; returns how long it took. */
uint64_t tftp_bench_transfer(struct tftp_bench *bench, const struct tftp_request *request, const struct tftp_limits *limits,
			 size_t size);
/* The value of an option in an OACK; NULL: it is not there. */
const char *tftp_bench_oack(const char *oack, size_t size, const char *name);

#endif
