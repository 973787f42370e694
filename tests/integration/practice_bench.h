/* tests/integration/practice_bench.h
 *
 * A practice camera in a process of its own, and the technician's hands: its line, its control socket, a TFTP server. */
#ifndef UNBRICK_TESTS_PRACTICE_BENCH_H
#define UNBRICK_TESTS_PRACTICE_BENCH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { TEXT_MAX = 256 << 10, IMAGE_SIZE = 5 << 20, LONG_MS = 60000 };
#define LOADER "\r\nPCAM # "

struct practice_bench {
	pid_t pid;
	int tty, stdin_pipe, announcement;
	char folder[64], path[96];
	char *text;		/* all that the line said since the last practice_bench_forget() */
	size_t size;
	struct practice_server *server;
};

/* One file, one client, lockstep; grants blksize and tsize. */
struct practice_server {
	int fd, transfer;
	unsigned port, drop_every, seen;
	const char *name;
	uint8_t *file;
	size_t size;
	struct sockaddr_in client;
	unsigned block;
	size_t blksize;
};

uint64_t practice_bench_now_ms(void);
void practice_bench_launch(struct practice_bench *device, const char *kind, const char *extra);
void practice_bench_await_ready(struct practice_bench *device);
void practice_bench_start(struct practice_bench *device, const char *kind);
/* Closing standard input must be enough to end it; nothing of the line may stay. */
void practice_bench_stop(struct practice_bench *device);
const char *practice_bench_control(const struct practice_bench *device, const char *command);
void practice_bench_assert_state(const struct practice_bench *device, const char *line);
void practice_bench_serve(struct practice_server *server, struct practice_bench *device);
void practice_bench_end_server(struct practice_server *server, struct practice_bench *device);
void practice_bench_pump(struct practice_bench *device, int timeout_ms);
void practice_bench_forget(struct practice_bench *device);
void practice_bench_expect(struct practice_bench *device, const char *wanted);
void practice_bench_type(struct practice_bench *device, const char *keys);
/* Sends a line and waits for what must come; the prompt after it is awaited as well, unless prompt is NULL. */
void practice_bench_command(struct practice_bench *device, const char *line, const char *wanted, const char *prompt);
void practice_bench_stop_autoboot(struct practice_bench *device);
void practice_bench_set_server(struct practice_bench *device, const struct practice_server *server);
void practice_bench_log_in(struct practice_bench *device);

#endif
