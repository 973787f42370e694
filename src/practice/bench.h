/* src/practice/bench.h
 *
 * What the camera is plugged into: its serial line (a pty), its switches (a unix socket) and the clock. */
#ifndef UNBRICK_PRACTICE_BENCH_H
#define UNBRICK_PRACTICE_BENCH_H

#include "src/base/status.h"
#include "src/practice/camera.h"

enum { BENCH_CLIENTS = 4, BENCH_PATH_MAX = 512, BENCH_COMMAND_MAX = 64 };

struct bench_client {
	int fd;			/* -1: free */
	size_t size;
	char command[BENCH_COMMAND_MAX];
};

struct bench {		/* fields belong to bench.c */
	struct camera *camera;
	int master, slave;	/* the slave stays open so that the line outlives its users */
	int control, signals;
	struct bench_client client[BENCH_CLIENTS];
	char pty[64];
	char tty_path[BENCH_PATH_MAX], control_path[BENCH_PATH_MAX];
	uint64_t end_us, power_on_us;
	uint64_t tx_free_us, rx_free_us;	/* when the wire can take the next byte */
	int unread;				/* bytes on the slave side that nobody has read */
	bool nobody_reads;
	uint64_t unread_since_us, written_us;
	uint64_t stale_check_us;
};

enum status bench_init(struct bench *bench, struct camera *camera, const char *folder, unsigned ttl_s,
		       struct error *reterr);
void bench_done(struct bench *bench);

#endif
