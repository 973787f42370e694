/* recovery/protocol/boot_rom_mediatek.c
 *
 * The boot ROM of MediaTek's ARM processors (MT7622, MT7623, MT7629, MT798x; phones): four bytes answered by their complements, then commands
 * that are echoed, numbers big endian. It takes a program (BL2 of TF-A) into its memory; a BL2 that is built for it then takes the second file
 * (FIP) in packets of its own. MediaTek's MIPS processors have no such ROM.
 * Sources: mtk_uartboot (bootrom.rs, bl2.rs); TF-A plat/mediatek, UART download. */
#include "recovery/protocol/boot_rom_machine.h"

enum {
	PATIENCE_MS = 120000,
	CALL_MS = 20,
	QUIET_MS = 200,
	ANSWER_MS = 1000,
	LOAD_MS = 5000,
	BAUD_SETTLE_MS = 50,
	BL2_TEXT_MS = 20000, /* until BL2 has set up the memory and says that it waits */
	BL2_CALL_MS = 500,
	BL2_CALLS = 40,
	TRIES = 4,
	CALL_STEPS = 4,
	LOAD_ADDRESS = 0x201000,
	FIRST_PACKET = 128,
	LARGE_PACKET = 32768,
	HW_CODE = 0xfd,
	HW_DETAILS = 0xfc,
	CONFIG = 0xd8,
	SEND_DA = 0xd7,
	JUMP_32 = 0xd5,
	JUMP_64 = 0xde,
	SET_BAUD = 0xdc,
	CONFIG_SECURE = 1,
	CONFIG_LINK = 2,
	CONFIG_AGENT = 4,
	IS_64 = 1,
	JUMP_64_MAGIC = 100,
	BL2_VERSION = 1,
	BL2_BAUD = 2,
	BL2_FIP = 3,
	BL2_GO = 4,
	USUAL_BAUD = 115200,
	SAID = 64,
};

enum state {
	CALLING, QUIET,
	ASK_CODE, ASK_DETAILS, ASK_CONFIG, ASK_BAUD, BAUD_SETTLE,
	DA_COMMAND, DA_HEADER, DA_DATA,
	ASK_BAUD_BACK, BAUD_BACK_SETTLE,
	JUMP_COMMAND, JUMP_ADDRESS, JUMP_IS_64, JUMP_MAGIC,
	BL2_TEXT, BL2_CALL, BL2_QUIET, BL2_ASK_VERSION, BL2_ASK_BAUD, BL2_SET_RATE, BL2_BAUD_SETTLE,
	FIP_COMMAND, FIP_SIZE, PACKET_INDEX, PACKET_SIZE, PACKET_SUM, PACKET_DATA, GO,
};

struct mediatek {
	struct boot_rom rom;
	uint8_t echo[12];		/* what must come back first */
	size_t echo_size;
	unsigned step;			/* of a handshake */
	unsigned calls;
	bool is_fast;			/* BL2's rate was changed */
	uint32_t index, offset, payload;	/* of the packet */
	uint32_t packet_size;
	char said[SAID + 1];
	size_t said_size;
};

static struct mediatek *machine_of(struct boot_rom *rom)
{
	return (struct mediatek *)rom;
}

/* Sends, and expects the same back with so many bytes behind it. */
static void exchange(struct mediatek *m, enum state state, struct bytes out, size_t reply, uint64_t now_ms)
{
	m->rom.state = state;
	m->rom.tries = 0;
	m->echo_size = out.size;
	memcpy(m->echo, out.data, out.size);
	boot_rom_expect(&m->rom, out.size + reply);
	boot_rom_put(&m->rom, out);
	boot_rom_wait(&m->rom, ANSWER_MS, now_ms);
}

static void exchange_byte(struct mediatek *m, enum state state, uint8_t byte, size_t reply, uint64_t now_ms)
{
	exchange(m, state, bytes_of(&byte, 1), reply, now_ms);
}

static void exchange_word(struct mediatek *m, enum state state, uint32_t word, size_t reply, uint64_t now_ms)
{
	uint8_t out[4];

	store_be32(out, word);
	exchange(m, state, bytes_of(out, sizeof(out)), reply, now_ms);
}

static void exchange_half(struct mediatek *m, enum state state, uint16_t half, uint64_t now_ms)
{
	uint8_t out[2];

	store_be16(out, half);
	exchange(m, state, bytes_of(out, sizeof(out)), 0, now_ms);
}

static uint32_t address_of(const struct mediatek *m)
{
	const struct boot_rom_file *file = &m->rom.options.files[0];

	return file->has_address ? (uint32_t)file->address : LOAD_ADDRESS;
}

/* ---- the ROM ---- */

static void call(struct mediatek *m, uint64_t now_ms)
{
	static const uint8_t call_bytes[CALL_STEPS] = { 0xa0, 0x0a, 0x50, 0x05 };

	m->rom.state = CALLING;
	if (boot_rom_is_sent(&m->rom))
		boot_rom_put_byte(&m->rom, call_bytes[m->step]);
	boot_rom_wait(&m->rom, CALL_MS, now_ms);
}

static void byte_calling(struct mediatek *m, uint8_t byte, uint64_t now_ms)
{
	static const uint8_t answers[CALL_STEPS] = { 0x5f, 0xf5, 0xaf, 0xfa };

	if (byte != answers[m->step]) {
		/* Answers to calls that overlapped are none. */
		if (byte != answers[0]) {
			boot_rom_stray(&m->rom, byte);
			m->step = 0;
		}
		return;
	}
	if (++m->step < CALL_STEPS) {
		call(m, now_ms);
		return;
	}
	m->rom.state = QUIET;
	boot_rom_wait(&m->rom, QUIET_MS, now_ms);
}

static void send_program(struct mediatek *m, uint64_t now_ms)
{
	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_LOADING);
	m->rom.file = 0;
	boot_rom_tell(&m->rom, BOOT_ROM_FILE, "%s, %zu bytes, to 0x%x", boot_rom_file(&m->rom)->name,
		      boot_rom_file(&m->rom)->data.size, address_of(m));
	exchange_byte(m, DA_COMMAND, SEND_DA, 0, now_ms);
}

static void take_config(struct mediatek *m, uint64_t now_ms)
{
	uint32_t config = load_be32(m->rom.reply + 1);

	boot_rom_fact(&m->rom, "secure boot", "%s", config & CONFIG_SECURE ? "on" : "off");
	boot_rom_fact(&m->rom, "serial link authorization", "%s", config & CONFIG_LINK ? "on" : "off");
	boot_rom_fact(&m->rom, "program authorization", "%s", config & CONFIG_AGENT ? "on" : "off");
	if (m->rom.options.identify_only) {
		boot_rom_done(&m->rom, "the boot ROM is there; nothing was changed");
	} else if (config & (CONFIG_SECURE | CONFIG_LINK | CONFIG_AGENT)) {
		boot_rom_fail(&m->rom, STATUS_UNSUPPORTED, "Nothing was changed; another way back is needed",
			      "this unit takes only what its maker signed");
	} else if (m->rom.options.load_baud > 0 && m->rom.options.load_baud != m->rom.baud) {
		exchange_byte(m, ASK_BAUD, SET_BAUD, 0, now_ms);
	} else {
		send_program(m, now_ms);
	}
}

/* Of 16-bit words, little endian; a last byte counts as it is. */
static uint16_t xor_of(struct bytes data)
{
	uint16_t sum = 0;

	for (size_t i = 0; i < data.size; i++)
		sum ^= (uint16_t)(data.data[i] << (i % 2 ? 8 : 0));
	return sum;
}

static void jump(struct mediatek *m, uint64_t now_ms)
{
	/* 32-bit ARM code is conditional instructions, nearly all of them "always" (Eh); 64-bit code does not begin so. */
	bool is_32 = boot_rom_file(&m->rom)->data.size >= 4 && (boot_rom_file(&m->rom)->data.data[3] & 0xf0) == 0xe0;

	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_STARTING);
	exchange_byte(m, JUMP_COMMAND, is_32 ? JUMP_32 : JUMP_64, 0, now_ms);
}

static void take_loaded(struct mediatek *m, uint64_t now_ms)
{
	uint16_t sum = load_be16(m->rom.reply), status = load_be16(m->rom.reply + 2);

	if (status != 0 || sum != xor_of(boot_rom_file(&m->rom)->data)) {
		if (++m->calls >= TRIES || status != 0) {
			boot_rom_fail(&m->rom, STATUS_PROTOCOL,
				      "Check ground and cable, and try again without --load-baud",
				      status != 0 ? "the boot ROM refused the program"
						  : "the program arrives damaged again and again");
			return;
		}
		boot_rom_retry(&m->rom, "the program is sent again: it arrived damaged");
		m->rom.progress.done_bytes = 0;
		send_program(m, now_ms);
		return;
	}
	boot_rom_tell(&m->rom, BOOT_ROM_FILE_END, "%s was taken", boot_rom_file(&m->rom)->name);
	if (m->rom.baud != USUAL_BAUD)
		exchange_byte(m, ASK_BAUD_BACK, SET_BAUD, 0, now_ms);
	else
		jump(m, now_ms);
}

static void send_header(struct mediatek *m, uint64_t now_ms)
{
	uint8_t out[12];

	store_be32(out, address_of(m));
	store_be32(out + 4, (uint32_t)boot_rom_file(&m->rom)->data.size);
	store_be32(out + 8, 0);		/* without a signature */
	exchange(m, DA_HEADER, bytes_of(out, sizeof(out)), 2, now_ms);
}

static void started(struct mediatek *m, uint64_t now_ms)
{
	m->rom.file = 1;
	if (m->rom.options.file_count < 2) {
		boot_rom_done(&m->rom, "the program was taken into memory, and the ROM starts it");
		return;
	}
	m->rom.state = BL2_TEXT;
	boot_rom_wait(&m->rom, BL2_TEXT_MS, now_ms);
}

/* ---- BL2 ---- */

static void call_bl2(struct mediatek *m, uint64_t now_ms)
{
	m->rom.state = BL2_CALL;
	boot_rom_put_byte(&m->rom, (uint8_t)"mudl"[m->step]);
	boot_rom_wait(&m->rom, BL2_CALL_MS, now_ms);
}

static void begin_calling_bl2(struct mediatek *m, uint64_t now_ms)
{
	m->step = 0;
	m->calls = 0;
	call_bl2(m, now_ms);
}

static void byte_bl2_text(struct mediatek *m, uint8_t byte, uint64_t now_ms)
{
	boot_rom_stray(&m->rom, byte);
	if (byte != '\n') {
		if (m->said_size < SAID && byte != 0)
			m->said[m->said_size++] = (char)byte;
		return;
	}
	m->said[m->said_size] = '\0';
	m->said_size = 0;
	if (strstr(m->said, "download handshake") != NULL)
		begin_calling_bl2(m, now_ms);
}

static void byte_bl2_call(struct mediatek *m, uint8_t byte, uint64_t now_ms)
{
	/* Behind a change of rate some want to be called again, and others take commands at once: these echo. */
	if (m->is_fast && m->step == 0 && byte == 'm') {
		m->rom.state = BL2_QUIET;
		boot_rom_wait(&m->rom, QUIET_MS, now_ms);
		return;
	}
	if (byte != (uint8_t)"TF-A"[m->step]) {
		boot_rom_stray(&m->rom, byte);
		return;
	}
	if (++m->step < CALL_STEPS) {
		call_bl2(m, now_ms);
		return;
	}
	m->rom.state = BL2_QUIET;
	boot_rom_wait(&m->rom, QUIET_MS, now_ms);
}

static void send_packet(struct mediatek *m, uint64_t now_ms)
{
	uint32_t left = (uint32_t)boot_rom_file(&m->rom)->data.size - m->offset;

	if (left == 0) {
		boot_rom_tell(&m->rom, BOOT_ROM_FILE_END, "%s was taken", boot_rom_file(&m->rom)->name);
		exchange_byte(m, GO, BL2_GO, 0, now_ms);
		return;
	}
	m->payload = left < m->packet_size ? left : m->packet_size;
	exchange_word(m, PACKET_INDEX, m->index, 0, now_ms);
}

static struct bytes packet_of(const struct mediatek *m)
{
	return bytes_of(boot_rom_file(&m->rom)->data.data + m->offset, m->payload);
}

/* The Internet checksum, not inverted. */
static uint16_t packet_sum(struct bytes data)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < data.size; i++) {
		sum += (uint32_t)data.data[i] << (i % 2 ? 0 : 8);
		sum = (sum >> 16) + (sum & 0xffff);
	}
	return (uint16_t)((sum >> 16) + (sum & 0xffff));
}

static void send_packet_data(struct mediatek *m, uint64_t now_ms)
{
	m->rom.state = PACKET_DATA;
	m->echo_size = 0;
	boot_rom_expect(&m->rom, 6);
	boot_rom_stream(&m->rom, packet_of(m), false);
	boot_rom_wait(&m->rom, LOAD_MS, now_ms);
}

static void take_packet(struct mediatek *m, uint64_t now_ms)
{
	if (load_be32(m->rom.reply) != m->index || load_be16(m->rom.reply + 4) != packet_sum(packet_of(m))) {
		if (++m->calls >= TRIES) {
			boot_rom_fail(&m->rom, STATUS_PROTOCOL,
				      "Check ground and cable, and try again at a lower --load-baud",
				      "packet %u arrives damaged again and again", m->index);
			return;
		}
		boot_rom_retry(&m->rom, "packet %u is sent again: it arrived damaged", m->index);
		send_packet(m, now_ms);
		return;
	}
	m->calls = 0;
	m->index++;
	m->offset += m->payload;
	m->rom.progress.done_bytes += m->payload;
	if (m->packet_size < LARGE_PACKET)
		m->packet_size *= 2;
	send_packet(m, now_ms);
}

/* ---- replies ---- */

static bool status_is_good(struct mediatek *m, const char *what)
{
	uint16_t status = load_be16(m->rom.reply + m->echo_size);

	if (status == 0)
		return true;
	boot_rom_fail(&m->rom, STATUS_PROTOCOL, "The file may be for another processor, or its address wrong",
		      "the boot ROM refused %s with %04xh", what, status);
	return false;
}

static void settle(struct mediatek *m, enum state state, uint32_t baud, uint64_t now_ms)
{
	boot_rom_set_line(&m->rom, baud);
	m->rom.state = state;
	boot_rom_wait(&m->rom, BAUD_SETTLE_MS, now_ms);
}

static void reply_of_bl2(struct mediatek *m, uint64_t now_ms)
{
	switch ((enum state)m->rom.state) {
	case BL2_ASK_VERSION:
		boot_rom_fact(&m->rom, "BL2 download", "version %02x", m->rom.reply[1]);
		if (m->rom.options.load_baud > 0 && m->rom.options.load_baud != m->rom.baud && !m->is_fast)
			exchange_byte(m, BL2_ASK_BAUD, BL2_BAUD, 0, now_ms);
		else
			exchange_byte(m, FIP_COMMAND, BL2_FIP, 0, now_ms);
		return;
	case BL2_ASK_BAUD:
		exchange_word(m, BL2_SET_RATE, m->rom.options.load_baud, 0, now_ms);
		return;
	case BL2_SET_RATE:
		m->is_fast = true;
		settle(m, BL2_BAUD_SETTLE, m->rom.options.load_baud, now_ms);
		return;
	case FIP_COMMAND:
		boot_rom_phase(&m->rom, BOOT_ROM_PHASE_LOADING);
		m->rom.progress.done_bytes = m->rom.options.files[0].data.size;
		boot_rom_file_begins(&m->rom);
		exchange_word(m, FIP_SIZE, (uint32_t)boot_rom_file(&m->rom)->data.size, 0, now_ms);
		return;
	case FIP_SIZE:
		m->packet_size = FIRST_PACKET;
		m->calls = 0;
		send_packet(m, now_ms);
		return;
	case PACKET_INDEX:
		exchange_half(m, PACKET_SIZE, (uint16_t)m->payload, now_ms);
		return;
	case PACKET_SIZE:
		exchange_half(m, PACKET_SUM, packet_sum(packet_of(m)), now_ms);
		return;
	case PACKET_SUM:
		send_packet_data(m, now_ms);
		return;
	case PACKET_DATA:
		take_packet(m, now_ms);
		return;
	default:
		boot_rom_done(&m->rom, "both files were taken into memory, and BL2 goes on");
		return;
	}
}

static void reply_of_rom(struct mediatek *m, uint64_t now_ms)
{
	switch ((enum state)m->rom.state) {
	case ASK_CODE:
		boot_rom_fact(&m->rom, "chip", "hardware code 0x%04x", load_be16(m->rom.reply + 1));
		exchange_byte(m, ASK_DETAILS, HW_DETAILS, 8, now_ms);
		return;
	case ASK_DETAILS:
		boot_rom_fact(&m->rom, "revision", "sub-code 0x%04x, hardware 0x%04x, software 0x%04x",
			      load_be16(m->rom.reply + 1), load_be16(m->rom.reply + 3), load_be16(m->rom.reply + 5));
		exchange_byte(m, ASK_CONFIG, CONFIG, 6, now_ms);
		return;
	case ASK_CONFIG:
		take_config(m, now_ms);
		return;
	case ASK_BAUD:
	case ASK_BAUD_BACK:
		if (m->echo_size == 1)
			exchange_word(m, m->rom.state, m->rom.state == ASK_BAUD ? m->rom.options.load_baud : USUAL_BAUD,
				      2, now_ms);
		else if (load_be16(m->rom.reply + 4) != 0)
			boot_rom_fail(&m->rom, STATUS_PROTOCOL, "Take a lower --load-baud",
				      "the boot ROM cannot talk at %u baud", m->rom.options.load_baud);
		else
			settle(m, m->rom.state == ASK_BAUD ? BAUD_SETTLE : BAUD_BACK_SETTLE, load_be32(m->echo),
			       now_ms);
		return;
	case DA_COMMAND:
		send_header(m, now_ms);
		return;
	case DA_HEADER:
		if (!status_is_good(m, "the program"))
			return;
		m->rom.state = DA_DATA;
		m->echo_size = 0;
		boot_rom_expect(&m->rom, 4);
		boot_rom_stream(&m->rom, boot_rom_file(&m->rom)->data, true);
		boot_rom_wait(&m->rom, LOAD_MS, now_ms);
		return;
	case DA_DATA:
		take_loaded(m, now_ms);
		return;
	case JUMP_COMMAND:
		exchange_word(m, JUMP_ADDRESS, address_of(m), m->echo[0] == JUMP_32 ? 2 : 0, now_ms);
		return;
	case JUMP_ADDRESS:
		if (m->rom.reply_want == 4)
			exchange_byte(m, JUMP_IS_64, IS_64, 2, now_ms);
		else if (status_is_good(m, "to start"))
			started(m, now_ms);
		return;
	case JUMP_IS_64:
		if (status_is_good(m, "to start"))
			exchange_byte(m, JUMP_MAGIC, JUMP_64_MAGIC, 2, now_ms);
		return;
	case JUMP_MAGIC:
		if (status_is_good(m, "to start"))
			started(m, now_ms);
		return;
	default:
		reply_of_bl2(m, now_ms);
		return;
	}
}

static void take_byte(struct boot_rom *rom, uint8_t byte, uint64_t now_ms)
{
	struct mediatek *m = machine_of(rom);

	switch ((enum state)rom->state) {
	case CALLING:
		byte_calling(m, byte, now_ms);
		return;
	case QUIET:
	case BAUD_SETTLE:
	case BAUD_BACK_SETTLE:
	case BL2_QUIET:
	case BL2_BAUD_SETTLE:
		return;
	case BL2_TEXT:
		byte_bl2_text(m, byte, now_ms);
		return;
	case BL2_CALL:
		byte_bl2_call(m, byte, now_ms);
		return;
	default:
		break;
	}
	if (rom->reply_have < m->echo_size && byte != m->echo[rom->reply_have]) {
		boot_rom_fail(rom, STATUS_PROTOCOL,
			      "Switch the device off and on and try again; check ground and cable",
			      "the device does not echo what it is sent");
		return;
	}
	if (boot_rom_collect(rom, byte))
		reply_of_rom(m, now_ms);
}

static void time_is_up(struct boot_rom *rom, uint64_t now_ms)
{
	struct mediatek *m = machine_of(rom);

	switch ((enum state)rom->state) {
	case CALLING:
		m->step = 0;
		if (boot_rom_is_out_of_patience(rom, now_ms))
			boot_rom_fail_silent(rom);
		else
			call(m, now_ms);
		return;
	case QUIET:
		boot_rom_phase(rom, BOOT_ROM_PHASE_IDENTIFYING);
		boot_rom_tell(rom, BOOT_ROM_FOUND, "MediaTek boot ROM: it answers the call");
		exchange_byte(m, ASK_CODE, HW_CODE, 4, now_ms);
		return;
	case BAUD_SETTLE:
		send_program(m, now_ms);
		return;
	case BAUD_BACK_SETTLE:
		jump(m, now_ms);
		return;
	case BL2_TEXT:
		begin_calling_bl2(m, now_ms);	/* it may be built without words */
		return;
	case BL2_CALL:
		m->step = 0;
		if (++m->calls < BL2_CALLS)
			call_bl2(m, now_ms);
		else
			boot_rom_fail(rom, STATUS_TIMEOUT,
				      "The first file has to be a BL2 that is built for UART download",
				      "what was started does not ask for the second file");
		return;
	case BL2_QUIET:
		exchange_byte(m, BL2_ASK_VERSION, BL2_VERSION, 1, now_ms);
		return;
	case BL2_BAUD_SETTLE:
		begin_calling_bl2(m, now_ms);
		return;
	default:
		boot_rom_fail(rom, STATUS_TIMEOUT, "Switch the device off and on and try again; check ground and cable",
			      "the device stopped answering");
		return;
	}
}

static void start(struct boot_rom *rom, uint64_t now_ms)
{
	call(machine_of(rom), now_ms);
}

static enum status check(const struct boot_rom_options *options, struct error *reterr)
{
	if (options->file_count <= 2)
		return STATUS_OK;
	return error_set(reterr, STATUS_INVALID, "this boot ROM takes a BL2 and, behind it, one FIP");
}

static const struct boot_rom_ops ops = { check, start, take_byte, time_is_up, NULL, NULL };

const struct boot_rom_protocol boot_rom_mediatek = {
	.name = "mediatek",
	.title = "MediaTek boot ROM (MT7622, MT7629, MT798x)",
	.prepare =
		"Switch the device off; TX, RX and ground connected, 115200 baud; switch it on when asked. With a good flash its boot strap is needed",
	.files = "bl2.bin (to 0x201000 unless told), then fip.bin",
	.baud = 115200,
	.parity = 'N',
	.needs_power_cycle = true,
	.patience_ms = PATIENCE_MS,
	.machine_bytes = sizeof(struct mediatek),
	.ops = &ops,
};
