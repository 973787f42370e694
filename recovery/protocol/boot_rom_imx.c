/* recovery/protocol/boot_rom_imx.c
 *
 * The serial downloader of NXP's i.MX 2x to 6 and Vybrid on a UART: 16-byte commands, each answered by the state of secure boot and a status. An
 * image with an IVT says itself where it goes and which registers (DCD) set up the memory for it: these are written one by one, so that no
 * scratch memory of a certain chip is needed.
 * Sources: i.MX 6Dual/6Quad reference manual, 8.9 (serial downloader) and 8.7 (IVT, DCD); Vybrid reference manual, 19. */
#include "recovery/protocol/boot_rom_machine.h"

enum {
	PATIENCE_MS = 60000,
	CALL_MS = 100,
	QUIET_MS = 150,
	ANSWER_MS = 2000,
	LOAD_MS = 5000,
	TRIES = 3,
	CHECKS_MAX = 2000,
	IVT_BYTES = 32, IVT_TAG = 0xd1,
	DCD_TAG = 0xd2, DCD_MAX = 1768, DCD_WRITE = 0xcc, DCD_CHECK = 0xcf, DCD_NOP = 0xc0,
	DCD_FLAGS = 0xf8, DCD_CHECK_SET = 0x10, DCD_CHECK_ANY = 0x08,
	READ_REGISTER = 0x0101, WRITE_REGISTER = 0x0202, WRITE_FILE = 0x0404, ERROR_STATUS = 0x0505, JUMP = 0x0b0b,
	COMMAND_BYTES = 16,
	TAG_AT = 0, DCD_POINTER_AT = 12, SELF_AT = 20,
};
#define HAB_OPEN UINT32_C(0x56787856)
#define HAB_CLOSED UINT32_C(0x12343412)
#define WRITTEN UINT32_C(0x128a8a12)
#define FILE_WRITTEN UINT32_C(0x88888888)

static const uint8_t call_bytes[4] = { 0x23, 0x45, 0x45, 0x23 };

enum state { CALLING, QUIET, STATUS, DCD_WRITING, DCD_CHECKING, LOADING, JUMPING };

struct imx {
	struct boot_rom rom;
	uint8_t command[COMMAND_BYTES];
	struct bytes dcd;		/* what is left of it, from a command on */
	uint32_t item;			/* bytes of this command done */
	unsigned checks;
};

static struct imx *machine_of(struct boot_rom *rom)
{
	return (struct imx *)rom;
}

/* ---- the image ---- */

static bool has_ivt(struct bytes data)
{
	return data.size >= IVT_BYTES && data.data[TAG_AT] == IVT_TAG && load_be16(data.data + 1) == IVT_BYTES &&
	       (data.data[3] & 0xf0) == 0x40;
}

static uint32_t address_of(const struct boot_rom_file *file)
{
	return file->has_address ? (uint32_t)file->address : load_le32(file->data.data + SELF_AT);
}

/* false: it names one that does not lie in the file, or has commands that cannot be done from here. */
static bool find_dcd(struct bytes data, struct bytes *ret_dcd)
{
	uint32_t pointer, self, at, size;
	struct bytes rest;

	*ret_dcd = bytes_of(data.data, 0);
	if (!has_ivt(data))
		return true;
	pointer = load_le32(data.data + DCD_POINTER_AT);
	self = load_le32(data.data + SELF_AT);
	if (pointer == 0)
		return true;
	at = pointer - self;
	if (pointer < self || at > data.size || data.size - at < 4 || data.data[at] != DCD_TAG)
		return false;
	size = load_be16(data.data + at + 1);
	if (size < 4 || size > DCD_MAX || size > data.size - at)
		return false;
	*ret_dcd = rest = bytes_of(data.data + at + 4, size - 4);
	while (rest.size > 0) {
		uint32_t length = rest.size >= 4 ? load_be16(rest.data + 1) : 0;

		if (length < 4 || length > rest.size)
			return false;
		if (rest.data[0] == DCD_WRITE   ? (rest.data[3] & DCD_FLAGS) != 0 || (length - 4) % 8 != 0
		    : rest.data[0] == DCD_CHECK ? length != 12 && length != 16
						: rest.data[0] != DCD_NOP)
			return false;
		rest = bytes_from(rest, length);
	}
	return true;
}

static enum status check(const struct boot_rom_options *options, struct error *reterr)
{
	for (size_t i = 0; i < options->file_count; i++) {
		const struct boot_rom_file *file = &options->files[i];
		struct bytes dcd;

		if (!file->has_address && !has_ivt(file->data)) {
			error_set(reterr, STATUS_INVALID, "%s says not where it goes: it has no i.MX header",
				  file->name);
			return error_hint(reterr, "Take u-boot.imx, or give FILE@ADDRESS");
		}
		if (!find_dcd(file->data, &dcd))
			return error_set(
				reterr, STATUS_INVALID,
				"%s: its list of registers (DCD) is damaged or of a kind that is not known here",
				file->name);
	}
	return STATUS_OK;
}

/* ---- commands ---- */

static void transmit(struct imx *m, uint64_t wait_ms, uint64_t now_ms)
{
	boot_rom_expect(&m->rom, m->rom.reply_want);
	boot_rom_put(&m->rom, bytes_of(m->command, sizeof(m->command)));
	boot_rom_wait(&m->rom, wait_ms, now_ms);
}

static void command(struct imx *m, enum state state, uint16_t type, uint32_t address, uint8_t bits, uint32_t count,
		    uint32_t value, size_t reply, uint64_t now_ms)
{
	m->rom.state = state;
	m->rom.tries = 0;
	store_be16(m->command, type);
	store_be32(m->command + 2, address);
	m->command[6] = bits;
	store_be32(m->command + 7, count);
	store_be32(m->command + 11, value);
	m->command[15] = 0;
	m->rom.reply_want = reply;
	transmit(m, state == LOADING ? LOAD_MS : ANSWER_MS, now_ms);
}

static void call(struct imx *m, uint64_t now_ms)
{
	m->rom.state = CALLING;
	boot_rom_expect(&m->rom, 4);
	boot_rom_put(&m->rom, bytes_of(call_bytes, sizeof(call_bytes)));
	boot_rom_wait(&m->rom, CALL_MS, now_ms);
}

static void start(struct boot_rom *rom, uint64_t now_ms)
{
	call(machine_of(rom), now_ms);
}

/* ---- files ---- */

static void load_file(struct imx *m, uint64_t now_ms)
{
	const struct boot_rom_file *file = boot_rom_file(&m->rom);

	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_LOADING);
	boot_rom_tell(&m->rom, BOOT_ROM_FILE, "%s, %zu bytes, to 0x%x", file->name, file->data.size, address_of(file));
	command(m, LOADING, WRITE_FILE, address_of(file), 0, (uint32_t)file->data.size, 0, 8, now_ms);
	if (has_ivt(file->data)) {
		uint8_t head[IVT_BYTES];

		/* The registers are set already, and to set up running memory again would end it. */
		memcpy(head, file->data.data, sizeof(head));
		memset(head + DCD_POINTER_AT, 0, 4);
		boot_rom_put(&m->rom, bytes_of(head, sizeof(head)));
		boot_rom_stream(&m->rom, bytes_from(file->data, IVT_BYTES), true);
	} else {
		boot_rom_stream(&m->rom, file->data, true);
	}
	boot_rom_wait(&m->rom, LOAD_MS, now_ms);
}

static void next_register(struct imx *m, uint64_t now_ms)
{
	while (m->dcd.size > 0) {
		uint32_t length = load_be16(m->dcd.data + 1);
		const uint8_t *at = m->dcd.data + 4 + m->item;
		uint8_t width = m->dcd.data[3] & 7;

		if (m->dcd.data[0] == DCD_WRITE && 4 + m->item < length) {
			m->item += 8;
			command(m, DCD_WRITING, WRITE_REGISTER, load_be32(at), (uint8_t)(width * 8), width,
				load_be32(at + 4), 8, now_ms);
			return;
		}
		if (m->dcd.data[0] == DCD_CHECK && m->item == 0) {
			command(m, DCD_CHECKING, READ_REGISTER, load_be32(at), (uint8_t)(width * 8), 4, 0, 8, now_ms);
			return;
		}
		m->dcd = bytes_from(m->dcd, length);
		m->item = 0;
		m->checks = 0;
	}
	load_file(m, now_ms);
}

static void begin_file(struct imx *m, uint64_t now_ms)
{
	find_dcd(boot_rom_file(&m->rom)->data, &m->dcd);
	m->item = 0;
	if (m->dcd.size > 0)
		boot_rom_phase(&m->rom, BOOT_ROM_PHASE_LOADING);
	next_register(m, now_ms);
}

static void take_check(struct imx *m, uint64_t now_ms)
{
	uint32_t value = load_le32(m->rom.reply + 4), mask = load_be32(m->dcd.data + 8);
	bool wants_set = (m->dcd.data[3] & DCD_CHECK_SET) != 0, wants_any = (m->dcd.data[3] & DCD_CHECK_ANY) != 0;
	uint32_t seen = (wants_set ? value : ~value) & mask;

	if (wants_any ? seen != 0 : seen == mask) {
		m->item = 1;
	} else if (++m->checks >= CHECKS_MAX) {
		boot_rom_fail(&m->rom, STATUS_PROTOCOL, "The image is made for another board",
			      "the memory does not become ready");
		return;
	}
	next_register(m, now_ms);
}

static void take_loaded(struct imx *m, uint64_t now_ms)
{
	if (load_be32(m->rom.reply + 4) != FILE_WRITTEN) {
		boot_rom_fail(&m->rom, STATUS_PROTOCOL,
			      "There may be no memory at this address, or not yet: the image has to set it up",
			      "the boot ROM refused %s", boot_rom_file(&m->rom)->name);
		return;
	}
	boot_rom_tell(&m->rom, BOOT_ROM_FILE_END, "%s was taken", boot_rom_file(&m->rom)->name);
	if (++m->rom.file < m->rom.options.file_count) {
		begin_file(m, now_ms);
		return;
	}
	m->rom.file = 0;
	while (m->rom.file + 1 < m->rom.options.file_count && !has_ivt(boot_rom_file(&m->rom)->data))
		m->rom.file++;
	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_STARTING);
	command(m, JUMPING, JUMP, address_of(boot_rom_file(&m->rom)), 0, 0, 0, 4, now_ms);
}

static void take_status(struct imx *m, uint64_t now_ms)
{
	uint32_t hab = load_be32(m->rom.reply);

	if (hab != HAB_OPEN && hab != HAB_CLOSED) {
		boot_rom_fail(&m->rom, STATUS_PROTOCOL,
			      "Something that runs, or TX joined with RX, echoes: switch the device off and on",
			      "what answers the call is no i.MX boot ROM");
		return;
	}
	boot_rom_fact(&m->rom, "secure boot", "%s",
		      hab == HAB_OPEN ? "off" : "on: it starts only images that its maker signed");
	if (m->rom.options.identify_only)
		boot_rom_done(&m->rom, "the serial downloader is there; nothing was changed");
	else
		begin_file(m, now_ms);
}

static void take_reply(struct imx *m, uint64_t now_ms)
{
	switch ((enum state)m->rom.state) {
	case STATUS:
		take_status(m, now_ms);
		return;
	case DCD_WRITING:
		if (load_be32(m->rom.reply + 4) == WRITTEN)
			next_register(m, now_ms);
		else
			boot_rom_fail(&m->rom, STATUS_PROTOCOL, "The image is made for another processor",
				      "the boot ROM refused to write a register");
		return;
	case DCD_CHECKING:
		take_check(m, now_ms);
		return;
	case LOADING:
		take_loaded(m, now_ms);
		return;
	case JUMPING:
		boot_rom_done(&m->rom, "the image was taken into memory, and the ROM starts it");
		return;
	default:
		return;
	}
}

static void take_byte(struct boot_rom *rom, uint8_t byte, uint64_t now_ms)
{
	struct imx *m = machine_of(rom);

	if (rom->state == QUIET)
		return;		/* answers to calls that overlapped */
	if (rom->state == CALLING) {
		if (byte != call_bytes[rom->reply_have]) {
			boot_rom_expect(rom, 4);
			if (byte != call_bytes[0]) {
				boot_rom_stray(rom, byte);
				return;
			}
		}
		if (boot_rom_collect(rom, byte)) {
			rom->state = QUIET;
			boot_rom_wait(rom, QUIET_MS, now_ms);
		}
		return;
	}
	/* Bytes before a command has left are an echo's, or noise. */
	if (!boot_rom_is_sent(rom))
		return;
	if (boot_rom_collect(rom, byte))
		take_reply(m, now_ms);
	else if (rom->state == STATUS && rom->reply_have == 4 && memcmp(rom->reply, call_bytes, 4) == 0)
		boot_rom_expect(rom, rom->reply_want);	/* the answer to a call that overlapped, later than usual */
}

static void time_is_up(struct boot_rom *rom, uint64_t now_ms)
{
	struct imx *m = machine_of(rom);

	if (rom->state == CALLING) {
		if (boot_rom_is_out_of_patience(rom, now_ms))
			boot_rom_fail_silent(rom);
		else
			call(m, now_ms);
		return;
	}
	if (rom->state == QUIET) {
		boot_rom_phase(rom, BOOT_ROM_PHASE_IDENTIFYING);
		boot_rom_tell(rom, BOOT_ROM_FOUND, "i.MX serial downloader: it answers the call");
		command(m, STATUS, ERROR_STATUS, 0, 0, 0, 0, 8, now_ms);
		return;
	}
	/* A lost byte leaves both sides counting to 16 apart: only what was not begun can be asked again. */
	if (rom->state == STATUS && rom->reply_have == 0 && ++rom->tries < TRIES) {
		boot_rom_retry(rom, "the status is asked for again: there was no answer");
		transmit(m, ANSWER_MS, now_ms);
		return;
	}
	boot_rom_fail(rom, STATUS_TIMEOUT, "Switch the device off and on and try again; check ground and cable",
		      "the boot ROM stopped answering at command %04xh", load_be16(m->command));
}

static const struct boot_rom_ops ops = { check, start, take_byte, time_is_up, NULL, NULL };

const struct boot_rom_protocol boot_rom_imx = {
	.name = "imx",
	.title = "NXP i.MX serial downloader on a UART",
	.prepare = "Set the boot mode to serial downloader and switch the device on; 115200 baud",
	.files = "u-boot.imx; or images with addresses, as u-boot.bin@0x3f401000",
	.baud = 115200,
	.parity = 'N',
	.patience_ms = PATIENCE_MS,
	.machine_bytes = sizeof(struct imx),
	.ops = &ops,
};
