/* recovery/protocol/boot_rom_samba.c
 *
 * The SAM-BA monitor in the ROM of Atmel's and Microchip's AT91SAM and SAMA5: letters, hexadecimal numbers and '#' as commands, XMODEM with CRC
 * for memory. Files go to memory, are read back and compared, and the last one is started; what writes the flash is a program among them.
 * Sources: Atmel SAM9G45 and SAMA5D3 datasheets, "SAM-BA Monitor"; the chip identifier is CHIPID_CIDR. */
#include <stdio.h>

#include "recovery/protocol/boot_rom_machine.h"
#include "src/base/cleanup.h"

enum {
	PATIENCE_MS = 60000,
	CALL_MS = 300,
	ANSWER_MS = 1500,
	QUIET_MS = 100,
	TRIES = 4,
	VERSION_MAX = 120,
	CIDR_ARM = 0x7ffff240,		/* + 80000000h */
	CIDR_CORTEX_M = 0x400e0740,
	ARM_BRANCH = 0xea,
	TRANSFER_PATIENCE_MS = 20000,
};
#define CIDR_ARM_AT (UINT32_C(0x80000000) + CIDR_ARM)

enum state { CALLING, QUIET, BINARY, VERSION, VECTOR, CHIP, SENDING, BEHIND, READING, STARTING };

struct family {
	uint8_t architecture;		/* CIDR, bits 20 to 27 */
	const char *name;
};
static const struct family families[] = {
	{ 0x19, "AT91SAM9" }, { 0x29, "AT91SAM9XE" }, { 0x92, "AT91RM9200" }, { 0x60, "AT91SAM7A" }, { 0x70, "AT91SAM7S" }, { 0x71, "AT91SAM7XC" },
	{ 0x75, "AT91SAM7X" }, { 0xa5, "SAMA5" }, { 0x80, "SAM3U" }, { 0x88, "SAM3S/4S" }, { 0x93, "SAM3N" },
};

struct samba {
	struct boot_rom rom;
	char said[VERSION_MAX + 1];
	size_t said_size;
	char command[32];
	uint64_t compared;		/* bytes of the file that was read back */
	bool is_different;
};

static struct samba *machine_of(struct boot_rom *rom)
{
	return (struct samba *)rom;
}

static void send_command(struct samba *m, enum state state, size_t reply, uint64_t now_ms)
{
	m->rom.state = state;
	boot_rom_expect(&m->rom, reply);
	boot_rom_put(&m->rom, bytes_of_text(m->command));
	boot_rom_wait(&m->rom, ANSWER_MS, now_ms);
}

static void command(struct samba *m, enum state state, const char *text, size_t reply, uint64_t now_ms)
{
	m->rom.tries = 0;
	m->said_size = 0;
	snprintf(m->command, sizeof(m->command), "%s", text);
	send_command(m, state, reply, now_ms);
}

static void call(struct samba *m, uint64_t now_ms)
{
	/* Twice 80h and '#': it measures the rate by them. */
	boot_rom_put(&m->rom, BYTES("\x80\x80#"));
	m->rom.state = CALLING;
	boot_rom_wait(&m->rom, CALL_MS, now_ms);
}

static void start(struct boot_rom *rom, uint64_t now_ms)
{
	call(machine_of(rom), now_ms);
}

static void take_chip(struct samba *m, uint32_t chip)
{
	const char *name = "of an unknown family";

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (families[i].architecture == (chip >> 20 & 0xff))
			name = families[i].name;
	boot_rom_fact(&m->rom, "chip", "0x%08x, %s", chip, chip == 0 ? "which says nothing" : name);
}

static void begin_file(struct samba *m, uint64_t now_ms)
{
	const struct boot_rom_file *file = boot_rom_file(&m->rom);

	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_LOADING);
	boot_rom_file_begins(&m->rom);
	snprintf(m->command, sizeof(m->command), "S%x,%zx#", (unsigned)file->address, file->data.size);
	boot_rom_put(&m->rom, bytes_of_text(m->command));
	m->rom.state = SENDING;
	boot_rom_transfer(&m->rom, "xmodem-crc", file->name, file->data, TRANSFER_PATIENCE_MS, now_ms);
}

static void read_back(struct samba *m, uint64_t now_ms)
{
	const struct boot_rom_file *file = boot_rom_file(&m->rom);

	m->compared = 0;
	m->is_different = false;
	snprintf(m->command, sizeof(m->command), "R%x,%zx#", (unsigned)file->address, file->data.size);
	boot_rom_put(&m->rom, bytes_of_text(m->command));
	m->rom.state = READING;
	boot_rom_transfer(&m->rom, "xmodem-crc", file->name, bytes_of(NULL, 0), TRANSFER_PATIENCE_MS, now_ms);
}

static void begin_reading(struct samba *m, uint64_t now_ms)
{
	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_VERIFYING);
	m->rom.file = 0;
	read_back(m, now_ms);
}

static void compare(struct samba *m, struct bytes part)
{
	struct bytes rest = bytes_from(boot_rom_file(&m->rom)->data, (size_t)m->compared);
	size_t size = part.size < rest.size ? part.size : rest.size;

	if (size > 0 && memcmp(part.data, rest.data, size) != 0)
		m->is_different = true;
	m->compared += size;
	m->rom.progress.done_bytes += size;
}

static void go(struct samba *m, uint64_t now_ms)
{
	/* The last file is the one that uses the others. */
	m->rom.file = m->rom.options.file_count - 1;
	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_STARTING);
	snprintf(m->command, sizeof(m->command), "G%x#", (unsigned)boot_rom_file(&m->rom)->address);
	m->rom.state = STARTING;
	boot_rom_put(&m->rom, bytes_of_text(m->command));
	boot_rom_wait(&m->rom, 0, now_ms);
}

static void end_reading(struct samba *m, uint64_t now_ms)
{
	const struct boot_rom_file *file = boot_rom_file(&m->rom);

	if (m->is_different || m->compared < file->data.size) {
		boot_rom_fail(&m->rom, STATUS_PROTOCOL,
			      "There may be no memory at the address, or it is not set up yet",
			      "%s was sent, but the device holds something else", file->name);
		return;
	}
	boot_rom_tell(&m->rom, BOOT_ROM_VERIFIED, "%s was read back: it is the same", file->name);
	if (++m->rom.file < m->rom.options.file_count)
		read_back(m, now_ms);
	else
		go(m, now_ms);
}

static void transferred(struct boot_rom *rom, const struct transfer_event *event, uint64_t now_ms)
{
	struct samba *m = machine_of(rom);

	if (event->type == TRANSFER_DATA) {
		compare(m, event->data);
		return;
	}
	if (event->type == TRANSFER_FAILED) {
		boot_rom_fail_transfer(rom, event);
		return;
	}
	if (rom->state == SENDING)
		boot_rom_tell(rom, BOOT_ROM_FILE_END, "%s was taken", boot_rom_file(rom)->name);
	/* A prompt, where it has one, is not the next command's answer. */
	if (rom->state == SENDING)
		rom->state = BEHIND;
	boot_rom_wait(rom, QUIET_MS, now_ms);
}

static void after_identity(struct samba *m, uint64_t now_ms)
{
	if (m->rom.options.identify_only)
		boot_rom_done(&m->rom, "the monitor is there; nothing was changed");
	else
		begin_file(m, now_ms);
}

static void take_reply(struct samba *m, uint64_t now_ms)
{
	if (m->rom.state == VECTOR) {
		char text[24];

		/* ARM parts have a branch at 0, Cortex-M parts a stack pointer; each has its identifier elsewhere. */
		snprintf(text, sizeof(text), "w%x,4#",
			 m->rom.reply[3] == ARM_BRANCH ? (unsigned)CIDR_ARM_AT : (unsigned)CIDR_CORTEX_M);
		command(m, CHIP, text, 4, now_ms);
	} else if (m->rom.state == CHIP) {
		take_chip(m, load_le32(m->rom.reply));
		after_identity(m, now_ms);
	}
}

static void byte_of_text(struct samba *m, uint8_t byte, uint64_t now_ms)
{
	if (byte != '\r' && byte != '\n') {
		if (m->said_size < VERSION_MAX && byte >= ' ' && byte < 0x7f)
			m->said[m->said_size++] = (char)byte;
		return;
	}
	m->said[m->said_size] = '\0';
	if (byte != '\r')
		return;
	if (m->rom.state == BINARY) {
		command(m, VERSION, "V#", 0, now_ms);
	} else if (m->said_size > 0) {
		boot_rom_fact(&m->rom, "monitor", "%s", m->said);
		command(m, VECTOR, "w0,4#", 4, now_ms);
	}
}

static void take_byte(struct boot_rom *rom, uint8_t byte, uint64_t now_ms)
{
	struct samba *m = machine_of(rom);

	switch ((enum state)rom->state) {
	case CALLING:
		if (byte != '>') {
			boot_rom_stray(rom, byte);
			return;
		}
		rom->state = QUIET;
		boot_rom_wait(rom, QUIET_MS, now_ms);
		return;
	case BINARY:
	case VERSION:
		byte_of_text(m, byte, now_ms);
		return;
	case VECTOR:
	case CHIP:
		if (boot_rom_collect(rom, byte))
			take_reply(m, now_ms);
		return;
	default:
		if (byte != '>')
			boot_rom_stray(rom, byte);
		return;
	}
}

static void time_is_up(struct boot_rom *rom, uint64_t now_ms)
{
	struct samba *m = machine_of(rom);

	switch ((enum state)rom->state) {
	case CALLING:
		if (boot_rom_is_out_of_patience(rom, now_ms))
			boot_rom_fail_silent(rom);
		else
			call(m, now_ms);
		return;
	case QUIET:
		boot_rom_phase(rom, BOOT_ROM_PHASE_IDENTIFYING);
		boot_rom_tell(rom, BOOT_ROM_FOUND, "SAM-BA monitor: it has its prompt");
		command(m, BINARY, "N#", 0, now_ms);
		return;
	case BEHIND:
		if (++rom->file < rom->options.file_count)
			begin_file(m, now_ms);
		else
			begin_reading(m, now_ms);
		return;
	case READING:
		end_reading(m, now_ms);
		return;
	case STARTING:
		boot_rom_done(rom, "the program was taken into memory, compared, and told to start");
		return;
	default:
		if (++rom->tries >= TRIES) {
			boot_rom_fail(rom, STATUS_TIMEOUT, "Reset the device and try again; check ground and cable",
				      "the monitor stopped answering at '%s'", m->command);
			return;
		}
		boot_rom_retry(rom, "'%s' is sent again: there was no answer", m->command);
		send_command(m, rom->state, rom->reply_want, now_ms);
		return;
	}
}

static const struct boot_rom_ops ops = { NULL, start, take_byte, time_is_up, transferred, NULL };

const struct boot_rom_protocol boot_rom_samba = {
	.name = "sam-ba",
	.title = "SAM-BA monitor (AT91SAM, SAMA5)",
	.prepare =
		"Start the device with its flash disconnected or erased, so that the ROM finds nothing: RomBOOT appears on the debug UART",
	.files = "programs for its memory, as bootstrap.bin@0x300000; the last one is started",
	.baud = 115200,
	.parity = 'N',
	.patience_ms = PATIENCE_MS,
	.needs_address = true,
	.machine_bytes = sizeof(struct samba),
	.ops = &ops,
};
