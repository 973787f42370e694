/* recovery/protocol/boot_rom_stm32.c
 *
 * The loader in the system memory of STM32 microcontrollers, on a UART with EVEN parity. Every command is its byte and the complement, every
 * address and block ends with its XOR, every step is answered by ACK or NACK. It reads what the part is before it writes; what it has to erase
 * it erases page by page, so that what lies beside the file stays; read protection is never lifted, for that erases everything.
 * Sources: ST AN3155 (protocol), AN2606 (product identifiers, page sizes). */
#include "recovery/protocol/boot_rom_machine.h"
#include "src/base/cleanup.h"

enum {
	SYNC = 0x7f, ACK = 0x79, NACK = 0x1f,
	GET = 0x00, GET_ID = 0x02, READ = 0x11, GO = 0x21, WRITE = 0x31, ERASE = 0x43, EXTENDED_ERASE = 0x44,

	PATIENCE_MS = 60000,
	SYNC_MS = 300,
	ANSWER_MS = 2000,
	WRITE_MS = 2000,
	ERASE_PAGE_MS = 6000,		/* the largest sectors take four seconds */
	BLOCK = 256,
	TRIES = 3,
	FLASH_AT = 0x08000000,
	SRAM_AT = 0x20000000,
	PAGES_AT_ONCE = 32,
};

enum state {
	SYNCING,
	GET_COUNT, GET_LIST, GET_END, ID_COUNT, ID_BYTES, ID_END,
	/* One exchange after the other, each ended by ACK or NACK: */
	COMMAND,		/* for which, .command says */
	ADDRESS, LENGTH, BLOCK_IN, BLOCK_OUT, PAGES,
};

struct part {
	uint16_t id;
	const char *name;
	uint16_t page_kib; /* 0: the sectors of the F2, F4, F7: 4 of 16 (32), one of 64 (128), then 128 (256) KiB */
	uint16_t sector_kib;		/* the small ones */
};

static const struct part parts[] = {
	{ 0x410, "STM32F1, medium density", 1, 0 }, { 0x412, "STM32F1, low density", 1, 0 }, { 0x414, "STM32F1, high density", 2, 0 },
	{ 0x418, "STM32F105, F107", 2, 0 }, { 0x420, "STM32F100, medium density", 1, 0 }, { 0x428, "STM32F100, high density", 2, 0 },
	{ 0x430, "STM32F1, XL density", 2, 0 },
	{ 0x440, "STM32F05x, F030x8", 1, 0 }, { 0x444, "STM32F03x", 1, 0 }, { 0x445, "STM32F04x, F070x6", 1, 0 },
	{ 0x448, "STM32F07x, F070xB", 2, 0 }, { 0x442, "STM32F09x, F030xC", 2, 0 },
	{ 0x422, "STM32F302xB, F303xB", 2, 0 }, { 0x432, "STM32F37x", 2, 0 }, { 0x438, "STM32F303x4, F334", 2, 0 },
	{ 0x439, "STM32F301, F302x4", 2, 0 }, { 0x446, "STM32F302xD, F303xD", 2, 0 },
	{ 0x411, "STM32F2", 0, 16 }, { 0x413, "STM32F405, F407, F415, F417", 0, 16 }, { 0x423, "STM32F401xB", 0, 16 },
	{ 0x433, "STM32F401xD", 0, 16 }, { 0x431, "STM32F411", 0, 16 }, { 0x441, "STM32F412", 0, 16 }, { 0x421, "STM32F446", 0, 16 },
	{ 0x458, "STM32F410", 0, 16 }, { 0x463, "STM32F413", 0, 16 }, { 0x452, "STM32F72x, F73x", 0, 16 }, { 0x449, "STM32F74x, F75x", 0, 32 },
	{ 0x415, "STM32L47x, L48x", 2, 0 }, { 0x435, "STM32L43x, L44x", 2, 0 }, { 0x462, "STM32L45x, L46x", 2, 0 }, { 0x464, "STM32L41x, L42x", 2, 0 },
	{ 0x460, "STM32G07x, G08x", 2, 0 }, { 0x466, "STM32G03x, G04x", 2, 0 }, { 0x468, "STM32G43x, G44x", 2, 0 },
};

struct stm32 {
	struct boot_rom rom;
	const struct part *part;
	uint16_t id;
	uint8_t erase;			/* ERASE, EXTENDED_ERASE, 0: cannot */
	uint8_t command;		/* in work */
	bool is_probing;		/* the first READ, which tells whether the part is protected */
	bool is_verifying;
	uint32_t address;		/* of the block in work */
	uint32_t offset, payload;	/* in the file */
	uint32_t page, page_end;	/* still to be erased */
};

static struct stm32 *machine_of(struct boot_rom *rom)
{
	return (struct stm32 *)rom;
}

static bool is_flash(const struct boot_rom_file *file)
{
	return file->address < SRAM_AT;
}

/* ---- exchanges ---- */

static void command(struct stm32 *m, uint8_t command, uint64_t now_ms)
{
	const uint8_t out[2] = { command, (uint8_t)~command };

	m->command = command;
	m->rom.state = COMMAND;
	boot_rom_put(&m->rom, bytes_of(out, sizeof(out)));
	boot_rom_wait(&m->rom, ANSWER_MS, now_ms);
}

static void send_address(struct stm32 *m, uint64_t now_ms)
{
	uint8_t out[5];

	store_be32(out, m->address);
	out[4] = out[0] ^ out[1] ^ out[2] ^ out[3];
	m->rom.state = ADDRESS;
	boot_rom_put(&m->rom, bytes_of(out, sizeof(out)));
	boot_rom_wait(&m->rom, ANSWER_MS, now_ms);
}

static void expect(struct stm32 *m, enum state state, size_t count, uint64_t now_ms)
{
	m->rom.state = state;
	boot_rom_expect(&m->rom, count);
	boot_rom_wait(&m->rom, ANSWER_MS, now_ms);
}

/* ---- what it is ---- */

static void after_identity(struct stm32 *m, uint64_t now_ms);

static void take_list(struct stm32 *m, uint64_t now_ms)
{
	struct bytes list = bytes_of(m->rom.reply, m->rom.reply_have);

	boot_rom_fact(&m->rom, "loader", "version %u.%u", list.data[0] >> 4, list.data[0] & 15);
	for (size_t i = 1; i < list.size; i++)
		if (list.data[i] == ERASE || list.data[i] == EXTENDED_ERASE)
			m->erase = list.data[i];
	expect(m, GET_END, 1, now_ms);
}

static void take_id(struct stm32 *m, uint64_t now_ms)
{
	m->id = m->rom.reply_have >= 2 ? load_be16(m->rom.reply) : m->rom.reply[0];
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].id == m->id)
			m->part = &parts[i];
	boot_rom_fact(&m->rom, "chip", "0x%03x, %s", m->id, m->part != NULL ? m->part->name : "not known here");
	expect(m, ID_END, 1, now_ms);
}

static void probe(struct stm32 *m, uint64_t now_ms)
{
	m->is_probing = true;
	m->address = FLASH_AT;
	m->payload = 4;
	command(m, READ, now_ms);
}

static void end_probe(struct stm32 *m, bool is_protected, uint64_t now_ms)
{
	m->is_probing = false;
	boot_rom_fact(&m->rom, "read protection", "%s", is_protected ? "on" : "off");
	if (is_protected && !m->rom.options.identify_only) {
		boot_rom_fail(&m->rom, STATUS_REFUSED,
			      "Lifting it erases the whole part, its settings and keys too: that is not done here",
			      "the part is protected");
		return;
	}
	after_identity(m, now_ms);
}

/* ---- pages ---- */

/* Sector n of those with sectors of different size: where it ends, in KiB. */
static uint32_t sector_end_kib(const struct part *part, uint32_t sector)
{
	if (part->page_kib > 0)
		return (sector + 1) * part->page_kib;
	if (sector < 4)
		return (sector + 1) * part->sector_kib;
	return (sector - 3) * 8 * part->sector_kib;
}

static uint32_t sector_begin_kib(const struct part *part, uint32_t sector)
{
	return sector > 0 ? sector_end_kib(part, sector - 1) : 0;
}

static uint32_t sector_of(const struct part *part, uint32_t at_kib)
{
	uint32_t sector = part->page_kib > 0 ? at_kib / part->page_kib : 0;

	while (sector_end_kib(part, sector) <= at_kib && sector < UINT16_MAX)
		sector++;
	return sector;
}

static bool plan_pages(struct stm32 *m, const struct boot_rom_file *file)
{
	uint32_t from_kib = ((uint32_t)file->address - FLASH_AT) / 1024;
	uint32_t to_kib = (uint32_t)((file->address - FLASH_AT + file->data.size - 1) / 1024);

	if (m->part == NULL || m->erase == 0) {
		boot_rom_fail(
			&m->rom, STATUS_UNSUPPORTED, "Nothing was changed",
			"the page size of chip 0x%03x is not known here, so it cannot be erased without harm to what lies beside",
			m->id);
		return false;
	}
	m->page = sector_of(m->part, from_kib);
	m->page_end = sector_of(m->part, to_kib) + 1;
	if (sector_begin_kib(m->part, m->page) * 1024 != (uint32_t)file->address - FLASH_AT) {
		boot_rom_fail(&m->rom, STATUS_REFUSED, "Give a file that begins where a page begins",
			      "%s begins in the middle of a page, and what lies before it would be erased", file->name);
		return false;
	}
	if (m->erase == ERASE && m->page_end > 256) {
		boot_rom_fail(&m->rom, STATUS_INVALID, "Check the file and its address",
			      "%s lies beyond the pages that this part can erase", file->name);
		return false;
	}
	return true;
}

static void send_pages(struct stm32 *m, uint64_t now_ms)
{
	uint32_t count = m->page_end - m->page;
	uint8_t out[2 + 2 * PAGES_AT_ONCE + 1], check = 0;
	size_t size = 0;

	if (count > PAGES_AT_ONCE)
		count = PAGES_AT_ONCE;
	if (m->erase == EXTENDED_ERASE)
		out[size++] = (uint8_t)((count - 1) >> 8);
	out[size++] = (uint8_t)(count - 1);
	for (uint32_t i = 0; i < count; i++) {
		if (m->erase == EXTENDED_ERASE)
			out[size++] = (uint8_t)((m->page + i) >> 8);
		out[size++] = (uint8_t)(m->page + i);
	}
	for (size_t i = 0; i < size; i++)
		check ^= out[i];
	out[size++] = check;
	m->page += count;
	m->rom.state = PAGES;
	boot_rom_put(&m->rom, bytes_of(out, size));
	boot_rom_wait(&m->rom, (uint64_t)ERASE_PAGE_MS * count, now_ms);
}

/* ---- files ---- */

static void next_block(struct stm32 *m, uint64_t now_ms);

static void start_program(struct stm32 *m, uint64_t now_ms)
{
	const struct boot_rom_file *first = &m->rom.options.files[0];

	if (is_flash(first) && !m->rom.options.start) {
		boot_rom_done(&m->rom,
			      "the flash was written and compared; reset the part without its boot strap to start it");
		return;
	}
	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_STARTING);
	m->address = (uint32_t)first->address;
	command(m, GO, now_ms);
}

static void begin_verifying(struct stm32 *m, uint64_t now_ms)
{
	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_VERIFYING);
	m->is_verifying = true;
	m->rom.file = 0;
	m->offset = 0;
	next_block(m, now_ms);
}

static void begin_file(struct stm32 *m, uint64_t now_ms)
{
	const struct boot_rom_file *file = boot_rom_file(&m->rom);

	boot_rom_phase(&m->rom, is_flash(file) ? BOOT_ROM_PHASE_WRITING : BOOT_ROM_PHASE_LOADING);
	boot_rom_file_begins(&m->rom);
	m->offset = 0;
	if (!is_flash(file)) {
		next_block(m, now_ms);
	} else if (plan_pages(m, file)) {
		boot_rom_fact(&m->rom, "erased", "0x%08x to 0x%08x",
			      FLASH_AT + sector_begin_kib(m->part, m->page) * 1024,
			      FLASH_AT + sector_end_kib(m->part, m->page_end - 1) * 1024 - 1);
		command(m, m->erase, now_ms);
	}
}

static void after_identity(struct stm32 *m, uint64_t now_ms)
{
	struct stm32 look = *m;

	if (m->rom.options.identify_only) {
		boot_rom_done(&m->rom, "the loader is there; nothing was changed");
		return;
	}
	/* All files before the first is erased for. */
	for (look.rom.file = 0; look.rom.file < look.rom.options.file_count; look.rom.file++)
		if (is_flash(boot_rom_file(&look.rom)) && !plan_pages(&look, boot_rom_file(&look.rom))) {
			plan_pages(m, boot_rom_file(&look.rom));
			return;
		}
	m->rom.file = 0;
	begin_file(m, now_ms);
}

static void end_file(struct stm32 *m, uint64_t now_ms)
{
	boot_rom_tell(&m->rom, m->is_verifying ? BOOT_ROM_VERIFIED : BOOT_ROM_FILE_END, "%s %s",
		      boot_rom_file(&m->rom)->name, m->is_verifying ? "was read back: it is the same" : "was written");
	m->offset = 0;
	if (++m->rom.file < m->rom.options.file_count && !m->is_verifying)
		begin_file(m, now_ms);
	else if (m->rom.file < m->rom.options.file_count)
		next_block(m, now_ms);
	else if (m->is_verifying)
		start_program(m, now_ms);
	else
		begin_verifying(m, now_ms);
}

static void next_block(struct stm32 *m, uint64_t now_ms)
{
	const struct boot_rom_file *file = boot_rom_file(&m->rom);
	uint32_t left = (uint32_t)file->data.size - m->offset;

	if (left == 0) {
		end_file(m, now_ms);
		return;
	}
	m->payload = left < BLOCK ? left : BLOCK;
	m->address = (uint32_t)file->address + m->offset;
	m->rom.tries = 0;
	command(m, m->is_verifying ? READ : WRITE, now_ms);
}

/* Flash is written in units of up to 16 bytes; erased bytes fill the last. */
static void send_block(struct stm32 *m, uint64_t now_ms)
{
	uint8_t out[1 + BLOCK + 1], check = 0;
	size_t size = (m->payload + 15) / 16 * 16;

	memset(out, 0xff, sizeof(out));
	out[0] = (uint8_t)(size - 1);
	memcpy(out + 1, boot_rom_file(&m->rom)->data.data + m->offset, m->payload);
	for (size_t i = 0; i < 1 + size; i++)
		check ^= out[i];
	out[1 + size] = check;
	m->rom.state = BLOCK_OUT;
	boot_rom_put(&m->rom, bytes_of(out, size + 2));
	boot_rom_wait(&m->rom, WRITE_MS, now_ms);
}

static void send_length(struct stm32 *m, uint64_t now_ms)
{
	const uint8_t out[2] = { (uint8_t)(m->payload - 1), (uint8_t)~(m->payload - 1) };

	m->rom.state = LENGTH;
	boot_rom_put(&m->rom, bytes_of(out, sizeof(out)));
	boot_rom_wait(&m->rom, ANSWER_MS, now_ms);
}

static void block_done(struct stm32 *m, uint64_t now_ms)
{
	m->offset += m->payload;
	m->rom.progress.done_bytes += m->payload;
	next_block(m, now_ms);
}

static void take_read(struct stm32 *m, uint64_t now_ms)
{
	const struct boot_rom_file *file;

	if (m->is_probing) {
		end_probe(m, false, now_ms);
		return;
	}
	file = boot_rom_file(&m->rom);
	if (memcmp(m->rom.reply, file->data.data + m->offset, m->payload) != 0) {
		boot_rom_fail(
			&m->rom, STATUS_PROTOCOL,
			"Keep it switched on and write it again; a part that fails twice is worn out or locked there",
			"%s was written, but the part holds something else from byte %u on", file->name, m->offset);
		return;
	}
	block_done(m, now_ms);
}

/* ---- what comes in ---- */

static void take_ack(struct stm32 *m, uint64_t now_ms)
{
	switch ((enum state)m->rom.state) {
	case COMMAND:
		if (m->command == GET)
			expect(m, GET_COUNT, 1, now_ms);
		else if (m->command == GET_ID)
			expect(m, ID_COUNT, 1, now_ms);
		else if (m->command == m->erase && m->erase != 0)
			send_pages(m, now_ms);
		else
			send_address(m, now_ms);
		return;
	case ADDRESS:
		if (m->command == READ)
			send_length(m, now_ms);
		else if (m->command == WRITE)
			send_block(m, now_ms);
		else
			boot_rom_done(&m->rom, "it was written and compared, and the loader starts it");
		return;
	case LENGTH:
		expect(m, BLOCK_IN, m->payload, now_ms);
		return;
	case BLOCK_OUT:
		block_done(m, now_ms);
		return;
	case PAGES:
		if (m->page < m->page_end)
			command(m, m->erase, now_ms);
		else
			next_block(m, now_ms);
		return;
	case GET_END:
		command(m, GET_ID, now_ms);
		return;
	case ID_END:
		probe(m, now_ms);
		return;
	default:
		return;
	}
}

static void try_again(struct stm32 *m, const char *why, uint64_t now_ms)
{
	if (++m->rom.tries >= TRIES) {
		boot_rom_fail(&m->rom, STATUS_PROTOCOL,
			      "Check parity (even), rate, ground and cable; the address may not be memory of this part",
			      "command %02xh at 0x%08x: %s", m->command, m->address, why);
		return;
	}
	boot_rom_retry(&m->rom, "command %02xh is sent again: %s", m->command, why);
	command(m, m->command, now_ms);
}

static void take_nack(struct stm32 *m, uint64_t now_ms)
{
	if (m->is_probing && m->rom.state == COMMAND && m->rom.tries > 0)
		end_probe(m, true, now_ms);
	else if (m->is_probing && m->rom.state == COMMAND)
		try_again(m, "refused", now_ms);	/* once damaged is not protected */
	else if (m->rom.state == PAGES)
		boot_rom_fail(&m->rom, STATUS_PROTOCOL, "The pages may be write-protected",
			      "the part refused to erase");
	else
		try_again(m, "refused", now_ms);
}

static void found(struct stm32 *m, const char *how, uint64_t now_ms)
{
	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_IDENTIFYING);
	boot_rom_tell(&m->rom, BOOT_ROM_FOUND, "STM32 loader: %s", how);
	m->rom.tries = 0;
	command(m, GET, now_ms);
}

static void take_value(struct stm32 *m, uint64_t now_ms)
{
	switch ((enum state)m->rom.state) {
	case GET_COUNT:
		expect(m, GET_LIST, (size_t)m->rom.reply[0] + 1, now_ms);
		return;
	case GET_LIST:
		take_list(m, now_ms);
		return;
	case ID_COUNT:
		expect(m, ID_BYTES, (size_t)m->rom.reply[0] + 1, now_ms);
		return;
	case ID_BYTES:
		take_id(m, now_ms);
		return;
	default:
		take_read(m, now_ms);
		return;
	}
}

static void take_byte(struct boot_rom *rom, uint8_t byte, uint64_t now_ms)
{
	struct stm32 *m = machine_of(rom);

	switch ((enum state)rom->state) {
	case SYNCING:
		/* NACK: it was called before, and knows the rate already. */
		if (byte == ACK || byte == NACK)
			found(m, byte == ACK ? "it answers the call" : "it was called before", now_ms);
		else
			boot_rom_stray(rom, byte);
		return;
	case GET_COUNT:
	case GET_LIST:
	case ID_COUNT:
	case ID_BYTES:
	case BLOCK_IN:
		if (boot_rom_collect(rom, byte))
			take_value(m, now_ms);
		return;
	default:
		if (byte == ACK)
			take_ack(m, now_ms);
		else if (byte == NACK)
			take_nack(m, now_ms);
		else
			boot_rom_stray(rom, byte);
		return;
	}
}

static void time_is_up(struct boot_rom *rom, uint64_t now_ms)
{
	struct stm32 *m = machine_of(rom);

	if (rom->state != SYNCING) {
		if (rom->state == PAGES)
			boot_rom_fail(rom, STATUS_TIMEOUT, "Keep it switched on and write it again",
				      "the part does not end erasing");
		else if (rom->tries + 1 >= TRIES)
			boot_rom_fail(rom, STATUS_TIMEOUT,
				      "Reset the part into its loader and try again; check ground and cable",
				      "the loader stopped answering at command %02xh", m->command);
		else
			try_again(m, "no answer", now_ms);
		return;
	}
	if (boot_rom_is_out_of_patience(rom, now_ms)) {
		boot_rom_fail_silent(rom);
		return;
	}
	/* One byte at a time: a second one while it measures the rate would be part of the measure. */
	boot_rom_put_byte(rom, SYNC);
	boot_rom_wait(rom, SYNC_MS, now_ms);
}

static void start(struct boot_rom *rom, uint64_t now_ms)
{
	rom->state = SYNCING;
	boot_rom_wait(rom, 0, now_ms);
}

static enum status check(const struct boot_rom_options *options, struct error *reterr)
{
	for (size_t i = 0; i < options->file_count; i++) {
		const struct boot_rom_file *file = &options->files[i];

		if (file->address % 16 != 0) {
			error_set(reterr, STATUS_INVALID, "%s: 0x%llx is no address that can be written to", file->name,
				  (unsigned long long)file->address);
			return error_hint(reterr, "Addresses are multiples of 16");
		}
		if (file->address < FLASH_AT || (is_flash(file) && file->address >= FLASH_AT + 0x01000000)) {
			error_set(reterr, STATUS_INVALID, "%s: 0x%llx is neither flash nor memory", file->name,
				  (unsigned long long)file->address);
			return error_hint(reterr, "Flash begins at 0x08000000, memory at 0x20000000");
		}
	}
	return STATUS_OK;
}

static const struct boot_rom_ops ops = { check, start, take_byte, time_is_up, NULL, NULL };

const struct boot_rom_protocol boot_rom_stm32 = {
	.name = "stm32",
	.title = "STM32 loader in system memory",
	.prepare = "Set BOOT0 high and reset the part; even parity; a rate up to 115200 that it finds by itself",
	.files = "images with their addresses, as firmware.bin@0x08000000",
	.baud = 57600,
	.parity = 'E',
	.patience_ms = PATIENCE_MS,
	.writes_flash = true,
	.needs_address = true,
	.machine_bytes = sizeof(struct stm32),
	.ops = &ops,
};
