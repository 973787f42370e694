/* recovery/protocol/boot_rom_xmodem.c
 *
 * ROMs that ask for a program with 'C', over and over, and take it with XMODEM: TI's Sitara, DaVinci, Jacinto and radar parts, the RomBOOT of
 * the AT91RM9200 and others. What they have loaded (TI: MLO, the SPL) asks for the next stage in the same way, but with YMODEM.
 * Sources: TI AM335x TRM, 26.1.9 (peripheral booting over UART); U-Boot doc/board/ti; AT91RM9200 datasheet, boot program. */
#include "recovery/protocol/boot_rom_machine.h"

enum {
	PATIENCE_MS = 120000,		/* some ask every 10 s only */
	LOOK_MS = 1000,
	QUIET_MS = 150,			/* behind a 'C' that asks; in a text more follows */
	TEXT_MS = 300,
	NEXT_PATIENCE_MS = 60000,	/* from one stage to the next: memory training */
};

enum state { LISTENING, HEARD, SENDING };

struct xmodem_rom {
	struct boot_rom rom;
	uint64_t text_ms;		/* when the last byte that is none of ours came */
	bool had_text;
};

static struct xmodem_rom *machine_of(struct boot_rom *rom)
{
	return (struct xmodem_rom *)rom;
}

static void start(struct boot_rom *rom, uint64_t now_ms)
{
	boot_rom_wait(rom, LOOK_MS, now_ms);
}

static void take_byte(struct boot_rom *rom, uint8_t byte, uint64_t now_ms)
{
	struct xmodem_rom *m = machine_of(rom);
	bool is_in_text = m->had_text && now_ms - m->text_ms < TEXT_MS;

	if (byte == 'C' && !is_in_text) {
		rom->state = HEARD;
		boot_rom_wait(rom, QUIET_MS, now_ms);
		return;
	}
	if (rom->state == HEARD)
		boot_rom_stray(rom, 'C');
	boot_rom_stray(rom, byte);
	rom->state = LISTENING;
	m->had_text = true;
	m->text_ms = now_ms;
	boot_rom_wait(rom, LOOK_MS, now_ms);
}

static void begin_file(struct boot_rom *rom, unsigned patience_ms, uint64_t now_ms)
{
	const char *with = rom->file > 0 ? "ymodem" : rom->protocol == &boot_rom_ti ? "xmodem-1k" : "xmodem-crc";

	rom->state = SENDING;
	boot_rom_file_begins(rom);
	boot_rom_transfer(rom, with, boot_rom_file(rom)->name, boot_rom_file(rom)->data, patience_ms, now_ms);
}

static void time_is_up(struct boot_rom *rom, uint64_t now_ms)
{
	if (rom->state == LISTENING) {
		if (boot_rom_is_out_of_patience(rom, now_ms))
			boot_rom_fail_silent(rom);
		else
			boot_rom_wait(rom, LOOK_MS, now_ms);
		return;
	}
	if (rom->state != HEARD)
		return;
	boot_rom_phase(rom, BOOT_ROM_PHASE_IDENTIFYING);
	boot_rom_tell(rom, BOOT_ROM_FOUND, "%s: it asks for a program", rom->protocol->title);
	if (rom->options.identify_only) {
		boot_rom_done(rom, "something asks for a program with XMODEM, as this boot ROM does");
		return;
	}
	boot_rom_phase(rom, BOOT_ROM_PHASE_LOADING);
	begin_file(rom, PATIENCE_MS, now_ms);
	boot_rom_transfer_byte(rom, 'C', now_ms);
}

static void transferred(struct boot_rom *rom, const struct transfer_event *event, uint64_t now_ms)
{
	if (event->type == TRANSFER_FAILED) {
		if (event->status == STATUS_CANCELLED)
			boot_rom_fail(rom, STATUS_PROTOCOL,
				      "The file is too large for its memory, or not for this processor",
				      "the device refused %s", boot_rom_file(rom)->name);
		else
			boot_rom_fail_transfer(rom, event);
		return;
	}
	if (event->type != TRANSFER_DONE)
		return;
	boot_rom_tell(rom, BOOT_ROM_FILE_END, "%s was taken", boot_rom_file(rom)->name);
	if (++rom->file < rom->options.file_count)
		begin_file(rom, NEXT_PATIENCE_MS, now_ms);
	else
		boot_rom_done(rom, "the last file was taken into RAM, and the ROM starts it");
}

static const struct boot_rom_ops ops = { NULL, start, take_byte, time_is_up, transferred, NULL };

const struct boot_rom_protocol boot_rom_ti = {
	.name = "ti",
	.title = "TI boot ROM (AM335x, AM43xx, AM6x)",
	.prepare =
		"Set the boot pins to UART (or leave the flash empty) and switch the device on: CCCC has to appear at 115200 baud",
	.files = "u-boot-spl.bin (without header), then u-boot.img; AM6x: tiboot3.bin, tispl.bin, u-boot.img",
	.baud = 115200,
	.parity = 'N',
	.patience_ms = PATIENCE_MS,
	.needs_power_cycle = true,
	.machine_bytes = sizeof(struct xmodem_rom),
	.ops = &ops,
};
const struct boot_rom_protocol boot_rom_xmodem = {
	.name = "xmodem",
	.title = "Boot ROM that takes XMODEM",
	.prepare = "Switch the device on with its flash disconnected or empty: CCCC has to appear at the rate given",
	.files = "one program for its memory; further files go to that program with YMODEM",
	.baud = 115200,
	.parity = 'N',
	.patience_ms = PATIENCE_MS,
	.needs_power_cycle = true,
	.machine_bytes = sizeof(struct xmodem_rom),
	.ops = &ops,
};
