/* src/io/line_driver.h
 *
 * What a driver of a line is: for line.c and the line_*.c drivers only. line.c has the queue, the watch, the losses
 * and the new attempts; a driver opens, closes and sets, and gives a descriptor that never blocks. */
#ifndef UNBRICK_IO_LINE_DRIVER_H
#define UNBRICK_IO_LINE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "src/base/bytes.h"
#include "src/base/status.h"
#include "src/io/line.h"

enum {
	LINE_NAME_MAX = 4096,			/* PATH_MAX: a by-id path is some 100 characters */
	LINE_FIRST_CONNECT_MS = 3000,		/* line_open waits this long at most for a network peer */
	LINE_CONTROL_MAX = 256,			/* of the queue, kept free for a driver's own bytes */
};

/* Who is at the other end. */
struct line_peer {
	/* A network peer's address, looked up once: a lookup may block for seconds, which only line_open may do. */
	struct sockaddr_storage address;
	socklen_t size;				/* 0: not looked up yet */
	/* Of a device node: which adapter the line was opened on (bench_adapter.id); "": not opened yet. */
	char node[128], socket[32];
	bool has_twin;				/* another adapter with this identity was seen */
};

/* An open line; each driver's own struct starts with it. */
struct line_channel {
	const struct line_driver *driver;
	int descriptor;
	bool is_connecting;			/* writable will mean: connected says how it went */
};

struct line_request {
	const char *address;			/* the name without its driver's prefix */
	const struct line_settings *settings;	/* complete: no zeros left */
	struct line_peer *peer;			/* kept by line.c from one attempt to the next */
	bool may_wait;				/* line_open, before the loop needs us again */
	bool is_comeback;			/* the device was lost: its node is new, and nobody else's yet */
};

struct line_driver {
	const char *name;
	enum status (*open)(const struct line_request *request, struct line_channel **ret_channel,
			    struct error *reterr);
	void (*close)(struct line_channel *channel);
	/* The rest may be NULL. */
	enum status (*connected)(struct line_channel *channel, struct error *reterr);
	/* NULL: takes any settings in silence. */
	enum status (*apply)(struct line_channel *channel, const struct line_settings *settings, struct error *reterr);
	/* NULL: unsupported. */
	enum status (*set_break)(struct line_channel *channel, bool on, struct error *reterr);
	enum status (*set_dtr)(struct line_channel *channel, bool on, struct error *reterr);
	enum status (*set_rts)(struct line_channel *channel, bool on, struct error *reterr);
	/* Instead of read() on the descriptor, which only says when; the same results and errno. NULL: read(). */
	ssize_t (*read)(struct line_channel *channel, uint8_t *to, size_t size);
	/* Framing errors, parity errors and breaks that were seen since the device was plugged in; false: it does not count them. */
	bool (*count_errors)(const struct line_channel *channel, struct line_errors *ret_errors);
	/* Wire bytes to line bytes, in place; returns how many are left. NULL: they are the same. */
	size_t (*decode)(struct line_channel *channel, uint8_t *data, size_t size);
	/* Line bytes to wire bytes: consumes from *in what fits into room; returns how many it made. */
	size_t (*encode)(struct line_channel *channel, struct bytes *in, uint8_t *to, size_t room);
	/* The driver's own bytes for the wire, between two encodes. */
	size_t (*take_control)(struct line_channel *channel, uint8_t *to, size_t room);
	/* The rate in force at the other end; 0: the one that was set. */
	unsigned (*baud)(const struct line_channel *channel);
};

extern const struct line_driver line_driver_serial;
extern const struct line_driver line_driver_pty;
extern const struct line_driver line_driver_tcp;
extern const struct line_driver line_driver_rfc2217;
extern const struct line_driver line_driver_unix;
extern const struct line_driver line_driver_replay;

/* Zeros become the usual; INVALID for what no line has. */
enum status line_settings_complete(struct line_settings *settings, struct error *reterr);

/* ---- line_name.c ---- */

/* A path is looked at anew at each attempt: the link may lead to another device after a loss. */
enum status line_choose_driver(const char *name, const struct line_driver **ret_driver, const char **ret_address,
			       struct error *reterr);
/* The adapter came back as path: from now on that is the line's name. A link stays what it is. */
void line_rename(char **name, const char *path);

/* ---- line_node.c: device nodes, their locks, and why one cannot be had ---- */

/* The kernel's name of the device behind a name, all links resolved; LINE_NAME_MAX of room. NOT_FOUND hints at what
 * is there. */
enum status line_node_resolve(const char *name, char *ret_path, struct error *reterr);
bool line_node_is_pts(const char *path);
/* O_NOCTTY, not blocking, flock held. Errors say who holds it or what is missing for permission. at_once: NULL, or the settings for a node
 * that is new: from its opening on the kernel keeps what comes, at 9600 baud, with CR made LF, and echoes it to the device. */
enum status line_node_open(const char *path, const struct line_settings *at_once, int *ret_descriptor, struct error *reterr);
enum status line_node_lock(const char *path, int descriptor, struct error *reterr);
/* Names who has it and how to make it let go. */
enum status line_node_busy(const char *path, const char *holder, struct error *reterr);
enum status line_node_io_error(const char *path, const char *operation, int error_number, struct error *reterr);

/* ---- line_trouble.c: why a port cannot be had, and what helps ---- */

struct bench_roots;

enum status line_trouble_busy(const struct bench_roots *roots, const char *path, const char *holder, struct error *reterr);
/* The hint for a port that answers with an error of its device (EIO, ENODEV, ENXIO). */
enum status line_trouble_gone(const struct bench_roots *roots, const char *path, struct error *reterr);

/* Bytes that do not leave: told again and again how many were written since the opening and how many of them wait, it says when none has
 * moved for so long that the adapter is wedged. */
struct line_drain {
	uint64_t left;
	uint64_t moved_ms;	/* when it was seen to move last; 0: nothing waits */
	bool is_stuck;
};
enum { LINE_DRAIN_MS = 5000 };	/* at 50 baud a character takes 220 ms */
/* True: is_stuck has changed. */
bool line_drain_look(struct line_drain *drain, uint64_t written, int waiting, uint64_t now_ms);
enum status line_trouble_stuck(const char *name, enum line_flow flow, struct error *reterr);

/* ---- line_adapter.c: is it the same one? ---- */

/* The kernel gives a name like ttyUSB0 or pts/5 to the next one that comes. Is path still the adapter that it was when the line was opened
 * first? NOT_FOUND when another one has the name now: asked before it is opened, for that raises the other board's DTR. A link such as those
 * by-id says itself which one is meant. Fills in the peer at the first opening. */
enum status line_adapter_recognise(const struct line_request *request, const char *path, struct error *reterr);
bool line_adapter_is_same(const struct line_peer *peer, const struct line_peer *now);
/* Where the adapter of a lost line is now, when the line's name does not say it; false: it is not back. */
bool line_adapter_find_again(const char *name, const struct line_peer *peer, char *ret_path, size_t size);
bool line_adapter_find(const struct bench_roots *roots, const struct line_peer *peer, char *ret_path, size_t size);
/* At a loss: what looks the same and is still there is another one. */
void line_adapter_lost(struct line_peer *peer);
void line_adapter_look_for_twins(const struct bench_roots *roots, struct line_peer *peer);

/* ---- line_uucp.c: lock files, Filesystem Hierarchy Standard 3.0, 5.9 ---- */

#define LINE_UUCP_FOLDER "/var/lock"

/* BUSY when a living process has the device's lock file. A stale one (its process is gone, or is younger than the
 * file and has not the device open) is taken over. ret_file is "" when the folder is not ours to write: flock and TIOCEXCL hold the line then. */
enum status line_uucp_lock(const char *folder, const char *device, char *ret_file, size_t size, struct error *reterr);
void line_uucp_unlock(const char *file);

/* ---- line_termios.c ---- */

/* Exactly raw: no byte is changed, dropped, echoed or answered; modem lines are ignored and stay as they are on
 * closing. Rates need not be standard ones; UNSUPPORTED when the adapter takes another rate than asked for. */
enum status line_termios_apply(int descriptor, const char *path, const struct line_settings *settings,
			       struct error *reterr);
/* Without this the close of a board's port with HUPCL on drops DTR, which resets many boards. */
void line_termios_keep_lines_on_close(int descriptor);
/* Bytes that the kernel has taken and the adapter has not. */
int line_termios_waiting(int descriptor);
/* Waits a moment for bytes on their way, then drops what a halted line will never take: close would wait for it, 30
 * s for a serial port (closing_wait). */
void line_termios_settle(int descriptor);

/* ---- line_replay.c ---- */

/* What line_replay_look and line_replay_change of line.h say, for the channel; NULL and those of other drivers: false. */
bool line_replay_state(struct line_channel *channel, struct replay_state *ret_state);
bool line_replay_do(struct line_channel *channel, enum line_replay_change what, double value);

/* ---- line_tcp.c ---- */

/* Connects *ret_descriptor to "HOST:PORT" or "[HOST]:PORT"; ret_is_connecting when that is still under way. */
enum status line_tcp_connect(const struct line_request *request, int *ret_descriptor, bool *ret_is_connecting,
			     struct error *reterr);
enum status line_tcp_connected(struct line_channel *channel, struct error *reterr);

#endif
