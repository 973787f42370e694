/* recovery/protocol/boot_rom.h
 *
 * Boot ROMs: what a processor says on its UART when nothing in its flash can be started. All behind one interface: bytes and time in, bytes
 * and events out. A machine holds no descriptor, reads no clock and never waits. One ROM is one struct boot_rom_protocol in its own source
 * file and one row in boot_rom.c.
 *
 * Open the line at options.baud (or the protocol's baud) and the protocol's parity, without moving DTR or RTS. Then drive it so: output() to
 * the line as the line takes it (sent() says how much went), input() with what came, tick() at deadline(). input() and tick() return one event;
 * call them again until they return BOOT_ROM_NOTHING and *in is empty. What the event asks for (another rate, the pins) is done before the
 * next call: nothing of the machine's is on its way then. Never flush the line: an adapter's driver may throw away what was just written.
 *
 * After BOOT_ROM_DONE or BOOT_ROM_FAILED nothing more is taken from *in: those bytes are the first words of what was started, and belong to
 * the console. The caller then sets the rate that it began with: what was started talks at its own.
 *
 * What the phases promise: until BOOT_ROM_PHASE_WRITING nothing that lasts is changed. With identify_only a machine never leaves
 * BOOT_ROM_PHASE_IDENTIFYING; without may_write_flash it fails with STATUS_REFUSED before the first erase or write. */
#ifndef UNBRICK_RECOVERY_BOOT_ROM_H
#define UNBRICK_RECOVERY_BOOT_ROM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/bytes.h"
#include "src/base/status.h"

enum {
	BOOT_ROM_FILES_MAX = 8,
	BOOT_ROM_NAME_MAX = 32,
	BOOT_ROM_TEXT_MAX = 240,
	BOOT_ROM_MD5_BYTES = 16,
	BOOT_ROM_FILE_MAX = 64 * 1024 * 1024,	/* bytes; hours at 115200 baud */
};

struct boot_rom_file {
	const char *name;		/* for events and for YMODEM's header; without folders */
	struct bytes data;		/* borrowed until the machine is freed */
	uint64_t address;		/* in memory or flash; counts only with has_address */
	bool has_address;
	const uint8_t *md5;		/* of data, BOOT_ROM_MD5_BYTES; NULL: a ROM that can tell an MD5 is not asked */
};

struct boot_rom_options {
	const struct boot_rom_file *files;	/* in the order in which they are loaded */
	size_t file_count;
	bool identify_only;		/* calls the ROM and asks what it is; needs no files */
	bool may_write_flash;
	bool may_move_pins;		/* DTR and RTS go to reset and boot strap, as on most ESP boards */
	bool start;			/* after flash was written: let it start. What is loaded into RAM is started always */
	unsigned baud;			/* of the ROM, where it is not the usual one; 0: the protocol's */
	unsigned load_baud;		/* for the files, where the ROM can change; 0: as it is */
	unsigned patience_ms;		/* how long the ROM is called; 0: the protocol's own */
};

enum boot_rom_phase {
	BOOT_ROM_PHASE_CALLING,		/* until the ROM answers; only now may the power be off */
	BOOT_ROM_PHASE_IDENTIFYING,	/* reads only */
	BOOT_ROM_PHASE_LOADING,		/* into RAM: power off, and it never was */
	BOOT_ROM_PHASE_WRITING,		/* erases and writes flash: an interruption leaves it half written */
	BOOT_ROM_PHASE_VERIFYING,	/* reads only */
	BOOT_ROM_PHASE_STARTING,
};

enum boot_rom_event_type {
	BOOT_ROM_NOTHING,
	BOOT_ROM_PHASE,			/* .phase begins */
	BOOT_ROM_POWER_ON,		/* the machine calls and is ready: whoever can, switches the device on now (off before, if it was on) */
	BOOT_ROM_LINE,			/* set the line to .baud and .parity */
	BOOT_ROM_PINS,			/* set DTR and RTS to .dtr and .rts (true: asserted); only with may_move_pins */
	BOOT_ROM_FOUND,			/* the ROM has answered; .text says which */
	BOOT_ROM_FACT,			/* the ROM said .name is .text: chip, revision, MAC, secure boot */
	BOOT_ROM_FILE,			/* .file begins, .text says where to */
	BOOT_ROM_FILE_END,		/* .file was taken whole, as far as the protocol can tell */
	BOOT_ROM_VERIFIED,		/* .file was read back, or its digest was: it is the same */
	BOOT_ROM_RETRY,			/* something was damaged or lost and is sent again (.text) */
	BOOT_ROM_TEXT,			/* .data: what was said beside the protocol, for the eye and the log; valid until the next call */
	BOOT_ROM_DONE,			/* final; .text says what was reached */
	BOOT_ROM_FAILED,		/* final; .status, .text, .hint */
};

struct boot_rom_event {
	enum boot_rom_event_type type;
	enum boot_rom_phase phase;
	unsigned baud;
	char parity;			/* 'N', 'E' */
	bool dtr, rts;
	size_t file;			/* index into options.files */
	char name[BOOT_ROM_NAME_MAX];
	char text[BOOT_ROM_TEXT_MAX];	/* one sentence without a full stop */
	const char *hint;		/* what to do next; NULL: nothing is known */
	enum status status;
	struct bytes data;
};

struct boot_rom_progress {
	enum boot_rom_phase phase;
	uint64_t done_bytes;		/* of all files of this phase, taken by the ROM */
	uint64_t all_bytes;
	uint64_t line_bytes;		/* to the device, frames and repeats included */
	unsigned retries;
	bool is_over;
};

struct boot_rom;	/* a machine; boot_rom_machine.h is for the protocols' own files */

struct boot_rom_protocol {
	const char *name;		/* "hisilicon", "marvell", "esp", ... */
	const char *title;		/* for the operator: "HiSilicon and Goke boot ROM" */
	const char *prepare;		/* what the operator does before the call: strap, power off, wiring */
	const char *files;		/* which files, in which order */
	unsigned baud;			/* the ROM's usual rate */
	char parity;			/* 'N' or 'E' */
	unsigned patience_ms;		/* how long it is called, unless told */
	bool needs_power_cycle;		/* the ROM answers only in a window after power-on */
	bool writes_flash;		/* the ROM itself erases and writes flash */
	bool needs_address;		/* of each file */
	/* For boot_rom.c and boot_rom_machine.c. */
	size_t machine_bytes;
	const struct boot_rom_ops *ops;
};

/* All that there are; by name (case ignored), or NULL. */
const struct boot_rom_protocol *const *boot_rom_protocols(size_t *ret_count);
const struct boot_rom_protocol *boot_rom_find(const char *name);
/* Processors whose ROM does not load over a UART: why, and what does. NULL: nothing is known about the name. */
const char *boot_rom_why_not(const char *name);

/* Allocates. STATUS_INVALID: files that this ROM cannot take, or addresses that are missing; STATUS_REFUSED: flash would be written and
 * may_write_flash is not set. options.files is borrowed until free; the rest is copied. */
enum status boot_rom_begin(const struct boot_rom_protocol *protocol, const struct boot_rom_options *options, uint64_t now_ms,
			   struct boot_rom **ret_rom, struct error *reterr);
/* How the line was cut into calls never changes the events, but for the cut of BOOT_ROM_TEXT. */
struct boot_rom_event boot_rom_input(struct boot_rom *rom, struct bytes *in, uint64_t now_ms);
/* Before the deadline this only tells events that wait. */
struct boot_rom_event boot_rom_tick(struct boot_rom *rom, uint64_t now_ms);
uint64_t boot_rom_deadline(const struct boot_rom *rom);	/* UINT64_MAX: nothing is waited for */
struct bytes boot_rom_output(const struct boot_rom *rom);
void boot_rom_sent(struct boot_rom *rom, size_t count, uint64_t now_ms);
/* Ends it in the ROM's own way where it has one; BOOT_ROM_FAILED with STATUS_CANCELLED follows. In BOOT_ROM_PHASE_WRITING flash is left half
 * written: ask first. */
void boot_rom_cancel(struct boot_rom *rom, uint64_t now_ms);
/* The line went (unplugged) and came back: what was on its way is lost. While calling that is no matter; later it fails. */
void boot_rom_line_lost(struct boot_rom *rom, uint64_t now_ms);
void boot_rom_progress(const struct boot_rom *rom, struct boot_rom_progress *ret_progress);
void boot_rom_free(struct boot_rom *rom);
const char *boot_rom_phase_name(enum boot_rom_phase phase);	/* "calling", ...: stable words for JSON */

#endif
