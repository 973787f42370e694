/* recovery/protocol/transfer.h
 *
 * File transfers over a serial line, all behind one interface: bytes and time in, bytes and events out. A machine
 * holds no descriptor, reads no clock and never waits. One protocol is one struct transfer_protocol in its own
 * source file and one row in transfer.c.
 *
 * Drive it so: output() to the line as the line takes it (sent() says how much went), input() with what came, tick()
 * at deadline(). Each of input() and tick() returns one event; call input() again while bytes are left in *in, and
 * either again with no bytes until it returns TRANSFER_NOTHING. After TRANSFER_DONE or TRANSFER_FAILED send what
 * output() still has; bytes that are left in *in then belong to whoever reads the line next: text right behind the
 * last acknowledgement is the loader's answer. */
#ifndef UNBRICK_RECOVERY_TRANSFER_H
#define UNBRICK_RECOVERY_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/bytes.h"
#include "src/base/status.h"

enum {
	TRANSFER_NAME_MAX = 256,
	TRANSFER_REASON_MAX = 160,
};

struct transfer_file {
	char name[TRANSFER_NAME_MAX];	/* printable, without folders; "": the protocol has no names */
	uint64_t size;			/* bytes; counts only with has_size */
	bool has_size;
	int64_t modified;		/* seconds since 1970; 0: not told */
	uint64_t start;			/* receiving: so many bytes that were kept stay, and the data follows them */
};

enum transfer_event_type {
	TRANSFER_NOTHING,
	TRANSFER_FILE,			/* a file begins (.file) */
	TRANSFER_DATA,			/* receiving: .data follows what came before it; valid until the next call */
	TRANSFER_FILE_END,		/* it is whole, as far as the protocol can tell */
	TRANSFER_RETRY,			/* something was damaged or lost and is sent again (.reason) */
	TRANSFER_TEXT,			/* .data: what the other side says beside the protocol, as it came */
	TRANSFER_DONE,			/* final */
	TRANSFER_FAILED,		/* final; .reason */
};

struct transfer_event {
	enum transfer_event_type type;
	struct transfer_file file;
	struct bytes data;
	char reason[TRANSFER_REASON_MAX];	/* one sentence without a full stop */
	/* Of TRANSFER_FAILED: TIMEOUT (silence), PROTOCOL, IO (the source), CANCELLED (the reason says by whom). */
	enum status status;
	const char *hint;			/* what to do next; NULL: nothing is known */
};

/* Where a sender gets its bytes; called from input(), tick() and sent(). */
struct transfer_source {
	/* The next file; false: there are no more. */
	bool (*next)(void *user, struct transfer_file *ret_file);
	/* Bytes of the current file from offset on, up to size of them; fewer only at its end. ZMODEM goes back
	 * after an error. */
	size_t (*read)(void *user, uint64_t offset, uint8_t *to, size_t size);
	void *user;
};

/* What a receiver has of a file since an attempt that broke off. */
struct transfer_kept {
	/* How many bytes of its beginning are here, and their CRC-32; 0: none. Once a file, from input(). They count
	 * only when the sender finds the same in its file (struct transfer_file's start). */
	uint64_t (*have)(void *user, const struct transfer_file *file, uint32_t *ret_crc);
	void *user;
};

struct transfer_options {
	bool is_sender;
	struct transfer_source source;		/* of a sender */
	struct transfer_kept kept;		/* receiving, with can_resume; have NULL: nothing is kept */
	bool may_resume;			/* sending: the receiver may go on with what it has of a file */
	unsigned patience_ms;			/* for the other side's first byte; 0: the protocol's own */
	unsigned baud;				/* for time-outs and windows; 0: not known, or not a real line */
	bool escape_controls;			/* ZMODEM: all control characters, for a line that swallows some */
	bool has_address;			/* S-records of a binary file: where it belongs in the device's memory */
	uint32_t address;
	bool is_clean;				/* a line without errors (a pipe, TCP): wait as little as can be */
	/* XMODEM, which knows no size: what fills the last block (sending; else 1Ah), or is cut from its end
	 * (receiving; else nothing, for a file may end in such bytes itself). */
	bool has_padding;
	uint8_t padding;
};

struct transfer_progress {
	uint64_t file_bytes;		/* of the current file: acknowledged (sending), or received well */
	uint64_t file_size;		/* 0: not known */
	uint64_t all_bytes;		/* over all files */
	uint64_t line_bytes;		/* in both directions, frames and repeats included */
	unsigned files;			/* ended well */
	unsigned retries;
};

struct transfer;	/* a machine; its first member is struct transfer_base in transfer_machine.h */

struct transfer_protocol {
	/* "xmodem", "xmodem-crc", "xmodem-1k", "ymodem", "ymodem-g", "zmodem", "kermit", "srecord", "raw" */
	const char *name;
	const char *title;		/* for the operator: "YMODEM (batch)" */
	bool can_send, can_receive;
	bool has_names;			/* and sizes: a batch */
	bool can_resume;
	/* Allocates. STATUS_UNSUPPORTED: not this direction. */
	enum status (*begin)(const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer,
			     struct error *reterr);
	struct transfer_event (*input)(struct transfer *transfer, struct bytes *in, uint64_t now_ms);
	struct transfer_event (*tick)(struct transfer *transfer, uint64_t now_ms);
	uint64_t (*deadline)(const struct transfer *transfer);			/* UINT64_MAX: nothing is waited for */
	struct bytes (*output)(const struct transfer *transfer);
	/* So many bytes of output() are on their way. */
	void (*sent)(struct transfer *transfer, size_t count, uint64_t now_ms);
	/* Tells the other side, in the protocol's own way, that it is over; TRANSFER_FAILED follows from input() or
	 * tick(). */
	void (*cancel)(struct transfer *transfer, uint64_t now_ms);
	void (*progress)(const struct transfer *transfer, struct transfer_progress *ret_progress);
	void (*free)(struct transfer *transfer);
};

/* All that there are; by name (case ignored), or NULL. */
const struct transfer_protocol *const *transfer_protocols(size_t *ret_count);
const struct transfer_protocol *transfer_protocol_find(const char *name);

/* A name as the other side gave it becomes one that can be shown and be a file's here: only what stands behind the
 * last slash or backslash, printable, never "", ".", ".." nor hidden, and no option of a command. */
void transfer_set_name(char to[TRANSFER_NAME_MAX], struct bytes from);

#endif
