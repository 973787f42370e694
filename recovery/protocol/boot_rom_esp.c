/* recovery/protocol/boot_rom_esp.c
 *
 * The ROM loader of Espressif's chips: commands in SLIP frames, each answered by one. Only the ROM is used; uploading a helper would be faster and
 * is one more thing to go wrong. It reads first: which chip, whether its flash is encrypted, how large it is. The ROM finds the rate by itself
 * from the first frame, so a chip whose boot text comes at 74880 baud is called at 115200 all the same; its text is listened to at 74880 in
 * between, for it says why a chip that does not answer does not.
 * Sources: Espressif, "Serial Protocol" (esptool documentation) and the technical reference manuals (eFuse, SPI registers). */
#include "recovery/protocol/boot_rom_machine.h"
#include "src/base/cleanup.h"

enum {
	SLIP_END = 0xc0, SLIP_ESC = 0xdb, SLIP_ESC_END = 0xdc, SLIP_ESC_ESC = 0xdd,
	REQUEST = 0, REPLY = 1,

	PATIENCE_MS = 60000,
	SYNC_MS = 100,
	SYNC_DRAIN_MS = 200,		/* it answers a sync eight times */
	CALL_ROUND_MS = 3000,
	LISTEN_MS = 1200,
	OLD_BOOT_BAUD = 74880,		/* 115200 with the wrong crystal: 26 MHz for 40 */
	RESET_MS = 100, STRAP_MS = 50,
	ANSWER_MS = 3000,
	ANSWER_TRIES = 4,
	BAUD_SETTLE_MS = 60,
	ERASE_MS = 10000, ERASE_MS_PER_MIB = 40000,
	MD5_MS = 5000, MD5_MS_PER_MIB = 8000,
	BLOCK = 1024,			/* all that the ROM takes */
	SECTOR = 4096,
	RESTARTS = 6,
	FLASH_SIZE_MAX_LOG2 = 28,
	CHECKSUM_SEED = 0xef,
	CPU_MAGIC_AT = 0x40001000,
	MD5_TEXT = 32,
	DATA_MAX = 16 + BLOCK,
	SAID = 96,
};

enum op {
	OP_FLASH_BEGIN = 0x02,
	OP_FLASH_DATA = 0x03,
	OP_FLASH_END = 0x04,
	OP_SYNC = 0x08,
	OP_WRITE_REG = 0x09,
	OP_READ_REG = 0x0a,
	OP_SET_PARAMS = 0x0b,
	OP_ATTACH = 0x0d,
	OP_CHANGE_BAUD = 0x0f,
	OP_MD5 = 0x13,
	OP_SECURITY = 0x14,
};

enum state {
	RESETTING, STRAPPING, SYNCING, LISTENING, SYNC_DRAIN,
	READ_MAGIC, READ_SECURITY, READ_MAC_LOW, READ_MAC_HIGH, READ_CRYPT, READ_SECURE, ATTACH, SPI_SCRIPT,
	SET_PARAMS, CHANGE_BAUD, BAUD_SETTLE, FLASH_BEGIN, FLASH_DATA, ASK_MD5, FLASH_END,
};

struct chip {
	uint32_t magic;			/* at CPU_MAGIC_AT */
	const char *name;
	uint32_t mac;			/* register of its low word; 0: not read */
	uint32_t spi;			/* the flash's controller */
	bool is_8266;			/* no MD5, no change of rate, short answers */
	bool has_security;		/* OP_SECURITY, and a fifth word in FLASH_BEGIN */
};

static const struct chip chips[] = {
	{ 0xfff0c101, "ESP8266",  0,          0x60000200, true,  false },
	{ 0x00f01d83, "ESP32",    0x3ff5a004, 0x3ff42000, false, false },
	{ 0x000007c6, "ESP32-S2", 0x3f41a044, 0x3f402000, false, true },
	{ 0x00000009, "ESP32-S3", 0x60007044, 0x60002000, false, true },
	{ 0x6921506f, "ESP32-C3", 0x60008844, 0x60002000, false, true },
	{ 0x1b31506f, "ESP32-C3", 0x60008844, 0x60002000, false, true },
	{ 0x4881606f, "ESP32-C3", 0x60008844, 0x60002000, false, true },
	{ 0x4361606f, "ESP32-C3", 0x60008844, 0x60002000, false, true },
	{ 0x6f51306f, "ESP32-C2", 0x60008840, 0x60002000, false, true },
	{ 0x7c41a06f, "ESP32-C2", 0x60008840, 0x60002000, false, true },
	{ 0x2ce0806f, "ESP32-C6", 0x600b0844, 0x60003000, false, true },
	{ 0xd7b73e80, "ESP32-H2", 0x600b0844, 0x60003000, false, true },
};

/* Offsets in the SPI controller: those of the first two chips, and of all later ones. */
struct spi_registers {
	uint8_t user, user1, user2, miso_length, data;
};
static const struct spi_registers spi_old = { 0x1c, 0x20, 0x24, 0x2c, 0x80 }, spi_8266 = { 0x1c, 0x20, 0x24, 0, 0x40 },
				  spi_new = { 0x18, 0x1c, 0x20, 0x28, 0x58 };

struct esp {
	struct boot_rom rom;
	const struct chip *chip;
	uint32_t mac_low;
	bool is_encrypted;
	uint32_t flash_size;		/* 0: not known */
	unsigned script;		/* step of SPI_SCRIPT */
	uint32_t offset;		/* in the file, of the data in work */
	uint32_t begun_at;		/* where the last FLASH_BEGIN began */
	unsigned restarts;
	unsigned base_baud;
	uint64_t round_ms;
	bool is_told_of_flash;
	char said[SAID];
	size_t said_size;

	enum op op;			/* of the request in flight */
	uint8_t request[8 + DATA_MAX];
	size_t request_size;
	uint64_t answer_ms;
	bool is_in_frame, is_escaped;
};

static struct esp *machine_of(struct boot_rom *rom)
{
	return (struct esp *)rom;
}

static void store_le32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* ---- requests ---- */

static void transmit(struct esp *m, uint64_t now_ms)
{
	uint8_t out[2 * (8 + DATA_MAX) + 2];
	size_t size = 0;

	out[size++] = SLIP_END;
	for (size_t i = 0; i < m->request_size; i++) {
		uint8_t byte = m->request[i];

		if (byte == SLIP_END || byte == SLIP_ESC) {
			out[size++] = SLIP_ESC;
			byte = byte == SLIP_END ? SLIP_ESC_END : SLIP_ESC_ESC;
		}
		out[size++] = byte;
	}
	out[size++] = SLIP_END;
	boot_rom_put(&m->rom, bytes_of(out, size));
	boot_rom_wait(&m->rom, m->answer_ms, now_ms);
}

static void request(struct esp *m, enum state state, enum op op, struct bytes data, uint32_t check, uint64_t answer_ms,
		    uint64_t now_ms)
{
	m->rom.state = state;
	m->rom.tries = 0;
	m->op = op;
	m->request[0] = REQUEST;
	m->request[1] = (uint8_t)op;
	m->request[2] = (uint8_t)data.size;
	m->request[3] = (uint8_t)(data.size >> 8);
	store_le32(m->request + 4, check);
	if (data.size > 0)
		memcpy(m->request + 8, data.data, data.size);
	m->request_size = 8 + data.size;
	m->answer_ms = answer_ms;
	transmit(m, now_ms);
}

static void request_words(struct esp *m, enum state state, enum op op, const uint32_t *words, size_t count,
			  uint64_t answer_ms, uint64_t now_ms)
{
	uint8_t data[20];

	for (size_t i = 0; i < count; i++)
		store_le32(data + 4 * i, words[i]);
	request(m, state, op, bytes_of(data, 4 * count), 0, answer_ms, now_ms);
}

static void read_register(struct esp *m, enum state state, uint32_t at, uint64_t now_ms)
{
	request_words(m, state, OP_READ_REG, &at, 1, ANSWER_MS, now_ms);
}

static void write_register(struct esp *m, enum state state, uint32_t at, uint32_t value, uint64_t now_ms)
{
	const uint32_t words[4] = { at, value, UINT32_MAX, 0 };

	request_words(m, state, OP_WRITE_REG, words, 4, ANSWER_MS, now_ms);
}

/* ---- the call ---- */

static void send_sync(struct esp *m, uint64_t now_ms)
{
	uint8_t data[36] = { 0x07, 0x07, 0x12, 0x20 };

	memset(data + 4, 0x55, sizeof(data) - 4);
	request(m, SYNCING, OP_SYNC, bytes_of(data, sizeof(data)), 0, SYNC_MS, now_ms);
}

static void begin_round(struct esp *m, uint64_t now_ms)
{
	m->round_ms = now_ms;
	boot_rom_set_line(&m->rom, m->base_baud);
	if (!m->rom.options.may_move_pins) {
		send_sync(m, now_ms);
		return;
	}
	/* The usual two transistors: RTS alone is reset, DTR alone the boot strap. */
	m->rom.state = RESETTING;
	boot_rom_set_pins(&m->rom, false, true);
	boot_rom_wait(&m->rom, RESET_MS, now_ms);
}

static void start(struct boot_rom *rom, uint64_t now_ms)
{
	struct esp *m = machine_of(rom);

	m->base_baud = rom->baud;
	begin_round(m, now_ms);
}

static bool has_said(const struct esp *m, const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i + length <= m->said_size; i++)
		if (memcmp(m->said + i, text, length) == 0)
			return true;
	return false;
}

/* What the chip says of its start explains a silence. */
static void hear(struct esp *m, uint8_t byte)
{
	boot_rom_stray(&m->rom, byte);
	if (m->said_size == sizeof(m->said)) {
		memmove(m->said, m->said + sizeof(m->said) / 2, sizeof(m->said) / 2);
		m->said_size = sizeof(m->said) / 2;
	}
	m->said[m->said_size++] = (char)byte;
	if (m->is_told_of_flash || m->chip != NULL || !(has_said(m, "_FLASH_BOOT") || has_said(m, "boot mode:(3,")))
		return;
	m->is_told_of_flash = true;
	boot_rom_retry(
		&m->rom,
		"the chip starts its flash instead of the loader: hold GPIO0 (on newer chips GPIO9) at ground while it is reset");
}

static void call_again(struct esp *m, uint64_t now_ms)
{
	if (boot_rom_is_out_of_patience(&m->rom, now_ms)) {
		boot_rom_set_line(&m->rom, m->base_baud);
		boot_rom_fail_silent(&m->rom);
	} else if (now_ms - m->round_ms < CALL_ROUND_MS) {
		send_sync(m, now_ms);
	} else if (m->rom.options.baud == 0) {
		m->rom.state = LISTENING;
		boot_rom_set_line(&m->rom, OLD_BOOT_BAUD);
		boot_rom_wait(&m->rom, LISTEN_MS, now_ms);
	} else {
		begin_round(m, now_ms);
	}
}

/* ---- what it is ---- */

static void after_identity(struct esp *m, uint64_t now_ms);

static const struct spi_registers *spi_of(const struct esp *m)
{
	return m->chip->is_8266 ? &spi_8266 : m->chip->has_security ? &spi_new : &spi_old;
}

/* The flash's own identification (JEDEC 9Fh), by the registers of its controller: nothing of it lasts. */
static void run_script(struct esp *m, uint64_t now_ms)
{
	const struct spi_registers *r = spi_of(m);
	uint32_t spi = m->chip->spi;

	switch (m->script) {
	case 0:
		if (m->chip->is_8266)
			write_register(m, SPI_SCRIPT, spi + r->user1, 23 << 8, now_ms);
		else
			write_register(m, SPI_SCRIPT, spi + r->miso_length, 23, now_ms);
		return;
	case 1:
		write_register(m, SPI_SCRIPT, spi + r->user, UINT32_C(1) << 31 | UINT32_C(1) << 28,
			       now_ms); /* a command, 24 bits back */
		return;
	case 2:
		write_register(m, SPI_SCRIPT, spi + r->user2, UINT32_C(7) << 28 | 0x9f, now_ms);
		return;
	case 3:
		write_register(m, SPI_SCRIPT, spi + r->data, 0, now_ms);
		return;
	case 4:
		write_register(m, SPI_SCRIPT, spi, UINT32_C(1) << 18, now_ms);
		return;
	case 5:
		read_register(m, SPI_SCRIPT, spi, now_ms);	/* done by then: the frames take longer */
		return;
	case 6:
		read_register(m, SPI_SCRIPT, spi + r->data, now_ms);
		return;
	default:
		after_identity(m, now_ms);
	}
}

static void take_flash_id(struct esp *m, uint32_t id)
{
	unsigned log2 = id >> 16 & 0xff;

	if ((id & 0xffffff) == 0 || (id & 0xffffff) == 0xffffff) {
		boot_rom_fact(&m->rom, "flash", "does not answer");
		return;
	}
	if (log2 >= 18 && log2 <= FLASH_SIZE_MAX_LOG2)
		m->flash_size = UINT32_C(1) << log2;
	if (m->flash_size > 0)
		boot_rom_fact(&m->rom, "flash", "maker %02x, type %02x, %u KiB", id & 0xff, id >> 8 & 0xff,
			      m->flash_size / 1024);
	else
		boot_rom_fact(&m->rom, "flash", "maker %02x, type %02x, of unknown size", id & 0xff, id >> 8 & 0xff);
}

static void attach_flash(struct esp *m, uint64_t now_ms)
{
	static const uint8_t as_usual[8] = { 0 };

	if (m->chip->is_8266) {
		const uint32_t nothing[4] = { 0, 0, BLOCK, 0 };

		/* Its own way to attach: a FLASH_BEGIN of no bytes. */
		request_words(m, ATTACH, OP_FLASH_BEGIN, nothing, 4, ANSWER_MS, now_ms);
		return;
	}
	request(m, ATTACH, OP_ATTACH, bytes_of(as_usual, sizeof(as_usual)), 0, ANSWER_MS, now_ms);
}

static void take_magic(struct esp *m, uint32_t magic, uint64_t now_ms)
{
	for (size_t i = 0; i < ARRAY_SIZE(chips); i++)
		if (chips[i].magic == magic)
			m->chip = &chips[i];
	if (m->chip == NULL) {
		boot_rom_fact(&m->rom, "chip", "unknown, 0x%08x", magic);
		boot_rom_fail(&m->rom, STATUS_UNSUPPORTED, "Nothing was changed",
			      "this is a chip that is not known here (0x%08x)", magic);
		return;
	}
	boot_rom_fact(&m->rom, "chip", "%s", m->chip->name);
	if (m->chip->has_security)
		request(m, READ_SECURITY, OP_SECURITY, BYTES(""), 0, ANSWER_MS, now_ms);
	else if (m->chip->mac != 0)
		read_register(m, READ_MAC_LOW, m->chip->mac, now_ms);
	else
		attach_flash(m, now_ms);
}

static void take_security(struct esp *m, struct bytes data)
{
	unsigned bits = 0;

	if (data.size < 5) {
		boot_rom_fact(&m->rom, "secure boot", "not told");
		return;
	}
	for (uint8_t count = data.data[4]; count != 0; count &= (uint8_t)(count - 1))
		bits++;
	m->is_encrypted = bits % 2 != 0;
	boot_rom_fact(&m->rom, "secure boot", "%s", data.data[0] & 1 ? "on" : "off");
	boot_rom_fact(&m->rom, "flash encryption", "%s", m->is_encrypted ? "on" : "off");
}

static void take_mac(struct esp *m, uint32_t high, uint64_t now_ms)
{
	boot_rom_fact(&m->rom, "mac", "%02x:%02x:%02x:%02x:%02x:%02x", high >> 8 & 0xff, high & 0xff, m->mac_low >> 24,
		      m->mac_low >> 16 & 0xff, m->mac_low >> 8 & 0xff, m->mac_low & 0xff);
	if (m->chip->has_security)
		attach_flash(m, now_ms);
	else
		read_register(m, READ_CRYPT, m->chip->mac - 4, now_ms);		/* EFUSE_BLK0_RDATA0 */
}

static void take_crypt(struct esp *m, uint32_t word, uint64_t now_ms)
{
	m->is_encrypted = (__builtin_popcount(word >> 20 & 0x7f) & 1) != 0;	/* FLASH_CRYPT_CNT */
	boot_rom_fact(&m->rom, "flash encryption", "%s", m->is_encrypted ? "on" : "off");
	read_register(m, READ_SECURE, m->chip->mac + 20, now_ms);			/* EFUSE_BLK0_RDATA6 */
}

/* ---- the flash ---- */

static void begin_file(struct esp *m, uint64_t now_ms);

static bool fits(struct esp *m)
{
	for (size_t i = 0; i < m->rom.options.file_count; i++) {
		const struct boot_rom_file *file = &m->rom.options.files[i];

		if (m->flash_size == 0 || file->address + file->data.size <= m->flash_size)
			continue;
		boot_rom_fail(&m->rom, STATUS_INVALID, "Check the file and its address",
			      "%s does not fit: the flash has %u KiB", file->name, m->flash_size / 1024);
		return false;
	}
	return true;
}

static void begin_writing(struct esp *m, uint64_t now_ms)
{
	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_WRITING);
	m->rom.file = 0;
	begin_file(m, now_ms);
}

static void set_params(struct esp *m, uint64_t now_ms)
{
	/* id, size, block, sector, page, status mask. Unknown: what the ROM assumes itself. */
	uint32_t words[6] = {
		0, m->flash_size > 0 ? m->flash_size : UINT32_C(4) << 20, 64 * 1024, SECTOR, 256, 0xffff
	};
	uint8_t data[24];

	if (m->chip->is_8266) {
		begin_writing(m, now_ms);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		store_le32(data + 4 * i, words[i]);
	request(m, SET_PARAMS, OP_SET_PARAMS, bytes_of(data, sizeof(data)), 0, ANSWER_MS, now_ms);
}

static void after_identity(struct esp *m, uint64_t now_ms)
{
	if (m->rom.options.identify_only) {
		boot_rom_done(&m->rom, "the ROM loader is there; nothing was changed");
		return;
	}
	if (m->is_encrypted) {
		boot_rom_fail(&m->rom, STATUS_REFUSED, "Only its maker, who has the key, can write this unit",
			      "its flash is encrypted: a plain image would never start");
		return;
	}
	if (fits(m))
		set_params(m, now_ms);
}

static void change_baud(struct esp *m, uint64_t now_ms)
{
	const uint32_t words[2] = { m->rom.options.load_baud, 0 };

	if (m->rom.options.load_baud == 0 || m->rom.options.load_baud == m->rom.baud || m->chip->is_8266)
		begin_writing(m, now_ms);
	else
		request_words(m, CHANGE_BAUD, OP_CHANGE_BAUD, words, 2, ANSWER_MS, now_ms);
}

/* The ESP8266's ROM erases from the begin of the 64 KiB block that it is in, too much by what lies before: it is told less. */
static uint32_t erase_size(const struct esp *m, uint32_t at, uint32_t size)
{
	uint32_t sectors = (size + SECTOR - 1) / SECTOR, head = 16 - at / SECTOR % 16;

	if (!m->chip->is_8266)
		return size;
	if (head > sectors)
		head = sectors;
	return (sectors < 2 * head ? (sectors + 1) / 2 : sectors - head) * SECTOR;
}

static void begin_flash(struct esp *m, uint64_t now_ms)
{
	const struct boot_rom_file *file = boot_rom_file(&m->rom);
	uint32_t at = (uint32_t)file->address + m->offset, size = (uint32_t)file->data.size - m->offset;
	const uint32_t words[5] = { erase_size(m, at, size), (size + BLOCK - 1) / BLOCK, BLOCK, at, 0 };

	m->begun_at = m->offset;
	request_words(m, FLASH_BEGIN, OP_FLASH_BEGIN, words, m->chip->has_security ? 5 : 4,
		      ERASE_MS + (uint64_t)ERASE_MS_PER_MIB * size / (1024 * 1024), now_ms);
}

static void begin_file(struct esp *m, uint64_t now_ms)
{
	boot_rom_file_begins(&m->rom);
	m->offset = 0;
	m->restarts = 0;
	begin_flash(m, now_ms);
}

static void send_block(struct esp *m, uint64_t now_ms)
{
	struct bytes rest = bytes_from(boot_rom_file(&m->rom)->data, m->offset);
	uint8_t data[DATA_MAX];
	uint8_t check = CHECKSUM_SEED;

	memset(data, 0, 16);
	store_le32(data, BLOCK);
	store_le32(data + 4, (m->offset - m->begun_at) / BLOCK);
	memset(data + 16, 0xff, BLOCK);
	memcpy(data + 16, rest.data, rest.size < BLOCK ? rest.size : BLOCK);
	for (size_t i = 0; i < BLOCK; i++)
		check ^= data[16 + i];
	request(m, FLASH_DATA, OP_FLASH_DATA, bytes_of(data, sizeof(data)), check, ANSWER_MS, now_ms);
}

/* The ROM keeps the place itself: a block whose answer was lost may be written or not, so it begins anew where a sector begins. */
static void restart_file(struct esp *m, const char *why, uint64_t now_ms)
{
	if (++m->restarts > RESTARTS) {
		boot_rom_fail(&m->rom, STATUS_PROTOCOL,
			      "Keep it switched on, check ground and cable, and write it again at a lower rate",
			      "writing %s fails again and again at byte %u", boot_rom_file(&m->rom)->name, m->offset);
		return;
	}
	m->offset -= (uint32_t)((boot_rom_file(&m->rom)->address + m->offset) % SECTOR < m->offset
					? (boot_rom_file(&m->rom)->address + m->offset) % SECTOR : m->offset);
	boot_rom_retry(&m->rom, "%s is written again from byte %u: %s", boot_rom_file(&m->rom)->name, m->offset, why);
	begin_flash(m, now_ms);
}

static void finish(struct esp *m, uint64_t now_ms)
{
	const uint32_t run = 0;

	if (m->rom.options.start) {
		boot_rom_phase(&m->rom, BOOT_ROM_PHASE_STARTING);
		request_words(m, FLASH_END, OP_FLASH_END, &run, 1, 300, now_ms);
		return;
	}
	boot_rom_done(&m->rom, m->chip->is_8266
				       ? "the flash was written; this ROM cannot read it back, so nothing was compared"
				       : "the flash was written; reset the chip to start it");
}

static void ask_md5(struct esp *m, uint64_t now_ms)
{
	const struct boot_rom_file *file;
	uint32_t words[4] = { 0 };

	while (m->rom.file < m->rom.options.file_count && boot_rom_file(&m->rom)->md5 == NULL)
		m->rom.file++;
	if (m->chip->is_8266 || m->rom.file >= m->rom.options.file_count) {
		finish(m, now_ms);
		return;
	}
	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_VERIFYING);
	file = boot_rom_file(&m->rom);
	words[0] = (uint32_t)file->address;
	words[1] = (uint32_t)file->data.size;
	request_words(m, ASK_MD5, OP_MD5, words, 4, MD5_MS + (uint64_t)MD5_MS_PER_MIB * file->data.size / (1024 * 1024),
		      now_ms);
}

static bool is_digest(struct bytes told, const uint8_t *md5)
{
	static const char digits[] = "0123456789abcdef";

	if (told.size == BOOT_ROM_MD5_BYTES)
		return memcmp(told.data, md5, BOOT_ROM_MD5_BYTES) == 0;
	for (size_t i = 0; i < MD5_TEXT && told.size == MD5_TEXT; i++)
		if ((told.data[i] | 0x20) != digits[i % 2 ? md5[i / 2] & 15 : md5[i / 2] >> 4])
			return false;
	return told.size == MD5_TEXT;
}

static void take_md5(struct esp *m, struct bytes told, uint64_t now_ms)
{
	const struct boot_rom_file *file = boot_rom_file(&m->rom);

	if (!is_digest(told, file->md5)) {
		boot_rom_fail(
			&m->rom, STATUS_PROTOCOL,
			"Keep it switched on and write it again, at a lower rate; a flash that fails twice is worn out",
			"%s was written, but the flash holds something else", file->name);
		return;
	}
	m->rom.progress.done_bytes += file->data.size;
	boot_rom_tell(&m->rom, BOOT_ROM_VERIFIED, "%s: the flash holds the same (MD5)", file->name);
	m->rom.file++;
	ask_md5(m, now_ms);
}

static void take_block_done(struct esp *m, uint64_t now_ms)
{
	const struct boot_rom_file *file = boot_rom_file(&m->rom);
	uint32_t left = (uint32_t)file->data.size - m->offset;
	uint64_t before = 0;

	m->offset += left < BLOCK ? left : BLOCK;
	for (size_t i = 0; i < m->rom.file; i++)
		before += m->rom.options.files[i].data.size;
	m->rom.progress.done_bytes = before + m->offset;
	if (m->offset < file->data.size) {
		send_block(m, now_ms);
		return;
	}
	boot_rom_tell(&m->rom, BOOT_ROM_FILE_END, "%s was written", file->name);
	if (++m->rom.file < m->rom.options.file_count) {
		begin_file(m, now_ms);
		return;
	}
	m->rom.file = 0;
	ask_md5(m, now_ms);
}

/* ---- replies ---- */

static void take_well(struct esp *m, uint32_t value, struct bytes data, uint64_t now_ms)
{
	switch ((enum state)m->rom.state) {
	case READ_MAGIC:
		take_magic(m, value, now_ms);
		return;
	case READ_SECURITY:
		take_security(m, data);
		read_register(m, READ_MAC_LOW, m->chip->mac, now_ms);
		return;
	case READ_MAC_LOW:
		m->mac_low = value;
		read_register(m, READ_MAC_HIGH, m->chip->mac + 4, now_ms);
		return;
	case READ_MAC_HIGH:
		take_mac(m, value, now_ms);
		return;
	case READ_CRYPT:
		take_crypt(m, value, now_ms);
		return;
	case READ_SECURE:
		boot_rom_fact(&m->rom, "secure boot", "%s", value >> 4 & 3 ? "on" : "off");
		attach_flash(m, now_ms);
		return;
	case ATTACH:
		m->script = 0;
		run_script(m, now_ms);
		return;
	case SPI_SCRIPT:
		if (m->script == 6)
			take_flash_id(m, value);
		m->script++;
		run_script(m, now_ms);
		return;
	case SET_PARAMS:
		change_baud(m, now_ms);
		return;
	case CHANGE_BAUD:
		boot_rom_set_line(&m->rom, m->rom.options.load_baud);
		m->rom.state = BAUD_SETTLE;
		boot_rom_wait(&m->rom, BAUD_SETTLE_MS, now_ms);
		return;
	case FLASH_BEGIN:
		send_block(m, now_ms);
		return;
	case FLASH_DATA:
		take_block_done(m, now_ms);
		return;
	case ASK_MD5:
		take_md5(m, data, now_ms);
		return;
	case FLASH_END:
		boot_rom_done(&m->rom, "the flash was written, and the ROM starts it");
		return;
	default:
		return;
	}
}

static void take_refusal(struct esp *m, uint8_t code, uint64_t now_ms)
{
	switch ((enum state)m->rom.state) {
	case FLASH_DATA:
		restart_file(m, "the chip refused a block", now_ms);
		return;
	case READ_SECURITY:
	case READ_MAC_LOW:
	case READ_MAC_HIGH:
	case READ_CRYPT:
	case READ_SECURE:
		boot_rom_fact(&m->rom, "secure download", "the ROM keeps this to itself (error %u)", code);
		attach_flash(m, now_ms);
		return;
	case ATTACH:
	case SPI_SCRIPT:
		after_identity(m, now_ms);
		return;
	case CHANGE_BAUD:
		begin_writing(m, now_ms);
		return;
	case READ_MAGIC:
		boot_rom_fact(&m->rom, "secure download", "the ROM refuses to read its registers (error %u)", code);
		/* fall through */
	default:
		boot_rom_fail(&m->rom, STATUS_PROTOCOL, "Units with secure download take only what their maker signed",
			      "the ROM refused command %02xh with error %u", m->op, code);
		return;
	}
}

static void take_frame(struct esp *m, uint64_t now_ms)
{
	struct bytes frame = bytes_of(m->rom.reply, m->rom.reply_have), data;
	size_t size, status;

	if (frame.size < 10 || frame.data[0] != REPLY)
		return;
	size = (size_t)(frame.data[3] << 8 | frame.data[2]);
	if (frame.size != 8 + size)
		return;
	if (m->rom.state == SYNCING && frame.data[1] == OP_SYNC) {
		boot_rom_phase(&m->rom, BOOT_ROM_PHASE_IDENTIFYING);
		boot_rom_tell(&m->rom, BOOT_ROM_FOUND, "Espressif ROM loader: it answers");
		m->rom.state = SYNC_DRAIN;
		boot_rom_wait(&m->rom, SYNC_DRAIN_MS, now_ms);
		return;
	}
	if (m->rom.state <= SYNC_DRAIN || frame.data[1] != m->op)
		return;
	/* Two bytes of status behind the data, four from the ESP32 on. Before the chip is known there is no data to tell from them. */
	status = m->chip == NULL || m->chip->is_8266 ? (size >= 4 && m->chip == NULL ? 4 : 2) : size >= 4 ? 4 : 2;
	data = bytes_of(frame.data + 8, size - status);
	if (data.data[data.size] != 0)
		take_refusal(m, data.data[data.size + 1], now_ms);
	else
		take_well(m, load_le32(frame.data + 4), data, now_ms);
}

static void take_byte(struct boot_rom *rom, uint8_t byte, uint64_t now_ms)
{
	struct esp *m = machine_of(rom);

	if (byte == SLIP_END) {
		bool is_whole = m->is_in_frame && rom->reply_have > 0;

		m->is_in_frame = true;
		m->is_escaped = false;
		if (is_whole) {
			take_frame(m, now_ms);
			m->is_in_frame = false;
		}
		boot_rom_expect(rom, BOOT_ROM_REPLY_MAX);
		return;
	}
	if (!m->is_in_frame) {
		hear(m, byte);
		return;
	}
	if (m->is_escaped)
		byte = byte == SLIP_ESC_END ? SLIP_END : byte == SLIP_ESC_ESC ? SLIP_ESC : byte;
	else if (byte == SLIP_ESC) {
		m->is_escaped = true;
		return;
	}
	m->is_escaped = false;
	/* Text that began with a stray C0h is no frame. */
	if (rom->reply_have == 0 && byte != REPLY) {
		m->is_in_frame = false;
		hear(m, byte);
		return;
	}
	boot_rom_collect(rom, byte);
}

static void answer_is_missing(struct esp *m, uint64_t now_ms)
{
	if (m->rom.state == FLASH_DATA) {
		restart_file(m, "no answer", now_ms);
		return;
	}
	if (m->rom.state == FLASH_END) {
		boot_rom_done(&m->rom, "the flash was written; the chip was told to start it");
		return;
	}
	if (++m->rom.tries >= ANSWER_TRIES || m->rom.state == CHANGE_BAUD) {
		boot_rom_fail(&m->rom, STATUS_TIMEOUT,
			      "Reset the chip into its loader and try again; check ground and cable",
			      "the ROM stopped answering at command %02xh", m->op);
		return;
	}
	boot_rom_retry(&m->rom, "command %02xh is sent again: there was no answer", m->op);
	transmit(m, now_ms);
}

static void time_is_up(struct boot_rom *rom, uint64_t now_ms)
{
	struct esp *m = machine_of(rom);

	switch ((enum state)rom->state) {
	case RESETTING:
		boot_rom_set_pins(rom, true, false);
		rom->state = STRAPPING;
		boot_rom_wait(rom, STRAP_MS, now_ms);
		return;
	case STRAPPING:
		boot_rom_set_pins(rom, false, false);
		send_sync(m, now_ms);
		return;
	case SYNCING:
		call_again(m, now_ms);
		return;
	case LISTENING:
		begin_round(m, now_ms);
		return;
	case SYNC_DRAIN:
		read_register(m, READ_MAGIC, CPU_MAGIC_AT, now_ms);
		return;
	case BAUD_SETTLE:
		begin_writing(m, now_ms);
		return;
	default:
		answer_is_missing(m, now_ms);
		return;
	}
}

static enum status check(const struct boot_rom_options *options, struct error *reterr)
{
	for (size_t i = 0; i < options->file_count; i++) {
		const struct boot_rom_file *file = &options->files[i];

		if (file->address % SECTOR == 0)
			continue;
		error_set(reterr, STATUS_REFUSED,
			  "%s: 0x%llx is in the middle of a sector, and what lies before it would be erased",
			  file->name, (unsigned long long)file->address);
		return error_hint(reterr, "Addresses are multiples of 0x1000");
	}
	return STATUS_OK;
}

static const struct boot_rom_ops ops = { check, start, take_byte, time_is_up, NULL, NULL };

const struct boot_rom_protocol boot_rom_esp = {
	.name = "esp",
	.title = "Espressif ROM loader (ESP8266, ESP32 and later)",
	.prepare =
		"Hold GPIO0 (C2, C3, C6, H2: GPIO9) at ground while the chip is reset; with --reset-pins boards with a USB adapter do it themselves",
	.files = "images with their flash addresses, as bootloader.bin@0x1000 app.bin@0x10000",
	.baud = 115200,
	.parity = 'N',
	.patience_ms = PATIENCE_MS,
	.writes_flash = true,
	.needs_address = true,
	.machine_bytes = sizeof(struct esp),
	.ops = &ops,
};
