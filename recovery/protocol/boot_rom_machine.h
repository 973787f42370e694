/* recovery/protocol/boot_rom_machine.h
 *
 * What the machines behind boot_rom.h have in common: for the source files of the protocols only. A machine is a struct of its own whose first
 * member is a struct boot_rom. It sees single bytes, so that the cut of the line can change nothing, and is told when its time is up. */
#ifndef UNBRICK_RECOVERY_BOOT_ROM_MACHINE_H
#define UNBRICK_RECOVERY_BOOT_ROM_MACHINE_H

#include "recovery/protocol/boot_rom.h"
#include "recovery/protocol/transfer.h"

enum {
	BOOT_ROM_OUT_MAX = 4096,
	BOOT_ROM_REPLY_MAX = 1024,
	BOOT_ROM_EVENTS_MAX = 16,
	BOOT_ROM_STRAY_MAX = 256,
};

struct boot_rom_ops {
	/* What only this ROM can say about the files; NULL: nothing. */
	enum status (*check)(const struct boot_rom_options *options, struct error *reterr);
	void (*start)(struct boot_rom *rom, uint64_t now_ms);
	void (*byte)(struct boot_rom *rom, uint8_t byte, uint64_t now_ms);
	void (*time)(struct boot_rom *rom, uint64_t now_ms);
	/* A transfer begun with boot_rom_transfer() is DONE, FAILED, or (receiving) has DATA; NULL with a machine that begins none. */
	void (*transferred)(struct boot_rom *rom, const struct transfer_event *event, uint64_t now_ms);
	/* Sees each byte before the transfer does; NULL: does not care. */
	void (*overhear)(struct boot_rom *rom, uint8_t byte, uint64_t now_ms);
};

struct boot_rom {
	const struct boot_rom_protocol *protocol;
	struct boot_rom_options options;
	struct boot_rom_progress progress;
	unsigned baud;			/* of the line, now */
	uint64_t began_ms;		/* of the call */
	uint64_t deadline_ms;
	uint64_t wait_ms;		/* from the moment when the output has left */
	uint64_t wire_end_ms;		/* when what the line took has left, by its rate */
	bool is_cancelled;
	unsigned state;			/* the machine's own */
	unsigned tries;
	size_t file;			/* the one in work */

	uint8_t out[BOOT_ROM_OUT_MAX];
	size_t out_from, out_to;
	struct bytes stream;		/* behind out, from borrowed memory */
	bool counts_stream;		/* as progress */
	uint8_t reply[BOOT_ROM_REPLY_MAX];
	size_t reply_have, reply_want;

	struct boot_rom_event events[BOOT_ROM_EVENTS_MAX];
	size_t event_first, event_count;
	uint8_t stray[BOOT_ROM_STRAY_MAX], told_stray[BOOT_ROM_STRAY_MAX];
	size_t stray_size;

	const struct transfer_protocol *transfer_protocol;
	struct transfer *transfer;	/* NULL: none runs */
	struct bytes transfer_data;
	struct bytes transfer_head;	/* sent in place of the data's first bytes; empty: nothing */
	const char *transfer_name;
	bool transfer_given;
	uint64_t transfer_base_bytes;	/* progress before this transfer */
};

static inline const struct boot_rom_file *boot_rom_file(const struct boot_rom *rom)
{
	return &rom->options.files[rom->file];
}

/* ---- to the line ---- */
/* All of it; what does not fit ends the machine (its own mistake). */
void boot_rom_put(struct boot_rom *rom, struct bytes more);
void boot_rom_put_byte(struct boot_rom *rom, uint8_t byte);
/* data goes out behind what was put; borrowed. */
void boot_rom_stream(struct boot_rom *rom, struct bytes data, bool is_progress);
void boot_rom_drop_output(struct boot_rom *rom);
bool boot_rom_is_sent(const struct boot_rom *rom);

/* ---- waiting ---- */
/* time() is called so long after the output has left, at the line's rate. */
void boot_rom_wait(struct boot_rom *rom, uint64_t wait_ms, uint64_t now_ms);
/* Collects bytes for reply until it holds count; boot_rom_collect() says true when it does. */
void boot_rom_expect(struct boot_rom *rom, size_t count);
bool boot_rom_collect(struct boot_rom *rom, uint8_t byte);
/* Has the call lasted for the whole patience? */
bool boot_rom_is_out_of_patience(const struct boot_rom *rom, uint64_t now_ms);

/* ---- events ---- */
void boot_rom_phase(struct boot_rom *rom, enum boot_rom_phase phase);
void boot_rom_tell(struct boot_rom *rom, enum boot_rom_event_type type, const char *format, ...) __attribute__((format(printf, 3, 4)));
void boot_rom_fact(struct boot_rom *rom, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
void boot_rom_retry(struct boot_rom *rom, const char *format, ...) __attribute__((format(printf, 2, 3)));
void boot_rom_set_line(struct boot_rom *rom, unsigned baud);
void boot_rom_set_pins(struct boot_rom *rom, bool dtr, bool rts);
/* A byte beside the protocol. */
void boot_rom_stray(struct boot_rom *rom, uint8_t byte);
void boot_rom_file_begins(struct boot_rom *rom);	/* rom->file */
void boot_rom_done(struct boot_rom *rom, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* hint is not copied. */
void boot_rom_fail(struct boot_rom *rom, enum status status, const char *hint, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The usual end of a call that nobody answered. */
void boot_rom_fail_silent(struct boot_rom *rom);

/* ---- transfers inside ---- */
/* Sends data with the transfer protocol called name, or (data.data NULL) receives; bytes go there until ops->transferred() was told its end. */
void boot_rom_transfer(struct boot_rom *rom, const char *name, const char *file_name, struct bytes data, unsigned patience_ms, uint64_t now_ms);
void boot_rom_transfer_byte(struct boot_rom *rom, uint8_t byte, uint64_t now_ms);
/* FAILED in the transfer's own words. */
void boot_rom_fail_transfer(struct boot_rom *rom, const struct transfer_event *event);

extern const struct boot_rom_protocol boot_rom_hisilicon, boot_rom_hisilicon_v500, boot_rom_hisilicon_cv6xx, boot_rom_marvell, boot_rom_esp,
	boot_rom_samba, boot_rom_stm32, boot_rom_imx, boot_rom_ti, boot_rom_xmodem, boot_rom_mediatek;

#endif
