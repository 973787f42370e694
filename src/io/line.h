/* src/io/line.h
 *
 * A serial line, whatever carries it: one interface, one driver each, chosen by the name:
 *   /dev/ttyUSB0, a by-id path   libserialport ("serial")
 *   /dev/pts/N, a link to one    a plain descriptor ("pty")
 *   tcp:HOST:PORT                raw TCP; rfc2217:HOST:PORT Telnet with COM-PORT-OPTION (RFC 2217), as of ser2net
 *   unix:PATH                    a stream socket
 *   replay:PATH                  a recording (replay_source.h), with its times in PATH<tab>TIMES if script(1) made it; nothing can be sent
 * serial:PATH and pty:PATH force that driver on a device node (libserialport made to take a /dev/pts name, in tests).
 * A line stays what it is while its device comes and goes: after a loss it opens again as soon as the device's node is
 * back, tries every 250 ms besides, and says so. A USB adapter is known again by its serial number (without one, by its
 * socket) under whatever number it comes back. DTR and RTS never move unless asked. O_NOCTTY always. Ports are locked (flock, TIOCEXCL, and UUCP lock files
 * respected). */
#ifndef UNBRICK_IO_LINE_H
#define UNBRICK_IO_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/bytes.h"
#include "src/base/status.h"
#include "src/io/loop.h"

struct line;

struct line_settings {
	unsigned baud;			/* 0: 115200 */
	unsigned data_bits;		/* 0: 8 */
	char parity;			/* 'N' (also 0), 'E', 'O' */
	unsigned stop_bits;		/* 0: 1 */
	enum line_flow { LINE_FLOW_NONE, LINE_FLOW_RTSCTS, LINE_FLOW_XONXOFF } flow;
};

/* "8N1" as 8 data bits, no parity, 1 stop bit; false: it is no frame, and nothing is changed. */
bool line_parse_frame(const char *text, struct line_settings *to);
char *line_frame_text(const struct line_settings *settings, char *to, size_t size);	/* returns to */
/* "none", "rtscts", "xonxoff". */
bool line_parse_flow(const char *text, enum line_flow *ret_flow);
const char *line_flow_name(enum line_flow flow);

enum line_state {
	LINE_OPEN,
	LINE_LOST,		/* unplugged or closed at the other end; it is being tried again */
};

struct line_observer {
	/* Bytes as they came; now_ms is monotonic. Never called from inside a line_* call. */
	void (*on_bytes)(void *user, struct bytes in, uint64_t now_ms);
	/* why is NULL for LINE_OPEN. Not called for the first opening. LINE_LOST comes once more with another why
	 * when the attempts fail for a new reason (somebody else took the port). */
	void (*on_state)(void *user, enum line_state state, const struct error *why);
	/* Everything that line_write took has left, and there is room for more. Not called from inside line_write. */
	void (*on_room)(void *user);
	void *user;
};

/* STATUS_NOT_FOUND (hint: what is there), STATUS_BUSY (text names the holder's pid and program; ModemManager: hint
 * how to make it let go), STATUS_NO_PERMISSION (hint: the group and the command, or the udev rule).
 * Waits for a network peer, 3 s at most for each of its addresses. settings and observer are copied. */
enum status line_open(struct loop *loop, const char *name, const struct line_settings *settings,
		      const struct line_observer *observer,
		      struct line **ret_line, struct error *reterr);
/* Also from inside a callback. Drops what is pending. */
void line_close(struct line *line);
/* The name it was opened by; the new one when that was a node and its adapter came back under another number. */
const char *line_name(const struct line *line);
/* Which USB adapter it is (bench_port.adapter), whether it is there or not; "": none. */
const char *line_adapter(const struct line *line);
/* Calls on_stuck with the observer's user when what was written does not leave a serial adapter for five seconds, and why; with NULL when it
 * does again. */
void line_tell_stuck(struct line *line, void (*on_stuck)(void *user, const struct error *why));
enum line_state line_get_state(const struct line *line);
/* Takes what fits now and never blocks; line_pending says what has not left yet. 0 when lost, when the queue (64
 * KiB) is full, and for rfc2217 until the server has answered (at most a second): offer the bytes again later. What
 * is pending at a loss is dropped. on_room tells when what was pending has left; for the other cases try again. */
size_t line_write(struct line *line, struct bytes out);
size_t line_pending(const struct line *line);
/* While lost: in force from the next opening on, as are DTR and RTS once asked for (these fail with STATUS_GONE
 * while lost). pty, unix and raw tcp: STATUS_UNSUPPORTED for set_baud is never an error there: they take any rate in
 * silence. */
enum status line_set_baud(struct line *line, unsigned baud, struct error *reterr);
unsigned line_baud(const struct line *line);
/* Has the line a rate at all that line_set_baud changes? Raw tcp and unix sockets have none here: the far end's stays what it is. */
bool line_has_baud(const struct line *line);
/* Rate, frame and flow control at once; the same rules. */
enum status line_set_settings(struct line *line, const struct line_settings *settings, struct error *reterr);
struct line_settings line_get_settings(const struct line *line);
enum status line_send_break(struct line *line, unsigned milliseconds, struct error *reterr);
enum status line_set_dtr(struct line *line, bool on, struct error *reterr);
enum status line_set_rts(struct line *line, bool on, struct error *reterr);


struct line_errors {
	unsigned framing, parity, breaks, overruns;
};
/* What the driver has counted since the port is there. False: it does not count; zeros that stay are no proof either. */
bool line_count_errors(const struct line *line, struct line_errors *ret_errors);

/* replay:PATH only; the others do nothing and return false. */
struct replay_state;
bool line_replay_look(struct line *line, struct replay_state *ret_state);
enum line_replay_change { LINE_REPLAY_SPEED, LINE_REPLAY_PAUSE, LINE_REPLAY_SKIP, LINE_REPLAY_RESTART };
/* value: the speed (0: at once), or 1 and 0. */
bool line_replay_change(struct line *line, enum line_replay_change what, double value);

#endif
