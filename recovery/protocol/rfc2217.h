/* recovery/protocol/rfc2217.h
 *
 * Client side of Telnet with the COM port option: a serial port on another machine, as ser2net serves it. A machine
 * without descriptor, clock and allocation: wire bytes and time in; line bytes, events and wire bytes out. Times are
 * monotonic milliseconds.
 * Use: init; output and sent to the wire at once; then feed input with what comes, encode what is to go, send output
 * after both. DTR, RTS and break are left as the server has them until asked for.
 * Sources: RFC 854 and 855 (Telnet), RFC 856 (binary), RFC 857 (echo), RFC 858 (go ahead), RFC 1143 (no loops), RFC
 * 2217. */
#ifndef UNBRICK_RECOVERY_PROTOCOL_RFC2217_H
#define UNBRICK_RECOVERY_PROTOCOL_RFC2217_H

#include "src/base/bytes.h"
#include "src/base/status.h"

enum {
	RFC2217_OUTPUT_MAX = 256,
	RFC2217_PARAMETER_MAX = 64,	/* of a subnegotiation; a longer one (a signature) is cut */
	RFC2217_PATIENCE_MS = 1000,	/* for the first answers; line bytes go out after it in any case */
};

enum rfc2217_event_type {
	RFC2217_NOTHING,
	RFC2217_DATA,		/* .data came from the line; borrowed from the input */
	RFC2217_ACCEPTED,	/* the server has a COM port for us; the settings are on their way */
	RFC2217_REFUSED,	/* plain Telnet: bytes pass, settings and modem lines do not */
	RFC2217_BAUD,		/* .baud is in force now, which may not be what was asked for */
	RFC2217_OVERFLOW,	/* final: the peer makes us answer faster than it takes the answers */
};

struct rfc2217_event {
	enum rfc2217_event_type type;
	struct bytes data;
	unsigned baud;
};

struct rfc2217_settings {
	unsigned baud;
	unsigned data_bits;	/* 5 to 8 */
	char parity;		/* 'N', 'E', 'O' */
	unsigned stop_bits;	/* 1 or 2 */
	enum { RFC2217_FLOW_NONE, RFC2217_FLOW_XONXOFF, RFC2217_FLOW_RTSCTS } flow;
};

enum rfc2217_control {		/* RFC 2217, SET-CONTROL */
	RFC2217_BREAK_ON = 5,
	RFC2217_BREAK_OFF = 6,
	RFC2217_DTR_ON = 8,
	RFC2217_DTR_OFF = 9,
	RFC2217_RTS_ON = 11,
	RFC2217_RTS_OFF = 12,
};

/* Caller-owned; fields belong to rfc2217.c. */
struct rfc2217 {
	unsigned char state;		/* of the Telnet parser */
	unsigned char verb;		/* WILL, WONT, DO, DONT being read */
	unsigned char option;		/* of the subnegotiation being read */
	bool is_after_cr;
	bool has_overflowed;
	bool is_suspended;		/* by the server: FLOWCONTROL-SUSPEND */
	bool is_binary_answered, is_com_port_answered;
	uint32_t ours, theirs;		/* options in force, one bit a row of the option table */
	uint32_t asked_ours, asked_theirs;	/* WILL and DO sent, the answer not seen yet */
	uint64_t patience_ends_ms;
	struct rfc2217_settings settings;
	size_t parameter_size;
	uint8_t parameter[RFC2217_PARAMETER_MAX];
	size_t output_size;
	uint8_t output[RFC2217_OUTPUT_MAX];
};

void rfc2217_init(struct rfc2217 *client, const struct rfc2217_settings *settings, uint64_t now_ms);
/* Consumes *in through the byte that causes an event; call again until *in is empty (the last event may be NOTHING).
 * How the wire was cut into calls changes no event but the lengths of DATA. */
struct rfc2217_event rfc2217_input(struct rfc2217 *client, struct bytes *in);
/* Line bytes for the wire: consumes from *in what fits into room; returns how many wire bytes it made. 0 while the
 * first answers are awaited (a NUL added too early or an escape missing would reach the device) and while the server
 * has suspended us. */
size_t rfc2217_encode(struct rfc2217 *client, struct bytes *in, uint8_t *to, size_t room, uint64_t now_ms);
/* The machine's own wire bytes; they may go between two results of encode, whole. Valid until the next call on
 * client. */
struct bytes rfc2217_output(const struct rfc2217 *client);
void rfc2217_output_sent(struct rfc2217 *client);
/* STATUS_UNSUPPORTED after a refusal; STATUS_NO_SPACE when the output is full. Kept and sent later while the answer
 * is awaited. */
enum status rfc2217_set(struct rfc2217 *client, const struct rfc2217_settings *settings);
/* STATUS_BUSY before the server has answered, STATUS_UNSUPPORTED after a refusal, STATUS_NO_SPACE. */
enum status rfc2217_control(struct rfc2217 *client, enum rfc2217_control control);

#endif
