/* recovery/protocol/boot_rom_esp.c
 *
 * The ROM loader of Espressif's chips: commands in SLIP frames, each answered by one. Only the ROM is used; uploading a helper would be faster and
 * is one more thing to go wrong. It reads first: which chip, whether its flash is encrypted, how large it is. The ROM finds the rate by itself
 * from the first frame, so a chip whose boot text comes at 74880 baud is called at 115200 all the same; its text is listened to at 74880 in
 * between, for it says why a chip that does not answer does not.
 * Sources: Espressif, "Serial Protocol" (esptool documentation) and the technical reference manuals (eFuse, SPI registers). */
#include "recovery/protocol/boot_rom_esp.h"
#include "src/base/cleanup.h"

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

static struct esp *machine_of(struct boot_rom *rom)
{
	return (struct esp *)rom;
}

void esp_store_le32(uint8_t *at, uint32_t value)
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

void esp_request(struct esp *m, enum state state, enum op op, struct bytes data, uint32_t check, uint64_t answer_ms,
		 uint64_t now_ms)
{
	m->rom.state = state;
	m->rom.tries = 0;
	m->op = op;
	m->request[0] = REQUEST;
	m->request[1] = (uint8_t)op;
	m->request[2] = (uint8_t)data.size;
	m->request[3] = (uint8_t)(data.size >> 8);
	esp_store_le32(m->request + 4, check);
	if (data.size > 0)
		memcpy(m->request + 8, data.data, data.size);
	m->request_size = 8 + data.size;
	m->answer_ms = answer_ms;
	transmit(m, now_ms);
}

void esp_request_words(struct esp *m, enum state state, enum op op, const uint32_t *words, size_t count,
			  uint64_t answer_ms, uint64_t now_ms)
{
	uint8_t data[20];

	for (size_t i = 0; i < count; i++)
		esp_store_le32(data + 4 * i, words[i]);
	esp_request(m, state, op, bytes_of(data, 4 * count), 0, answer_ms, now_ms);
}

static void read_register(struct esp *m, enum state state, uint32_t at, uint64_t now_ms)
{
	esp_request_words(m, state, OP_READ_REG, &at, 1, ANSWER_MS, now_ms);
}

static void write_register(struct esp *m, enum state state, uint32_t at, uint32_t value, uint64_t now_ms)
{
	const uint32_t words[4] = { at, value, UINT32_MAX, 0 };

	esp_request_words(m, state, OP_WRITE_REG, words, 4, ANSWER_MS, now_ms);
}

/* ---- the call ---- */

static void send_sync(struct esp *m, uint64_t now_ms)
{
	uint8_t data[36] = { 0x07, 0x07, 0x12, 0x20 };

	memset(data + 4, 0x55, sizeof(data) - 4);
	esp_request(m, SYNCING, OP_SYNC, bytes_of(data, sizeof(data)), 0, SYNC_MS, now_ms);
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

void esp_after_identity(struct esp *m, uint64_t now_ms);

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
		esp_after_identity(m, now_ms);
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
		esp_request_words(m, ATTACH, OP_FLASH_BEGIN, nothing, 4, ANSWER_MS, now_ms);
		return;
	}
	esp_request(m, ATTACH, OP_ATTACH, bytes_of(as_usual, sizeof(as_usual)), 0, ANSWER_MS, now_ms);
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
		esp_request(m, READ_SECURITY, OP_SECURITY, BYTES(""), 0, ANSWER_MS, now_ms);
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
		esp_change_baud(m, now_ms);
		return;
	case CHANGE_BAUD:
		boot_rom_set_line(&m->rom, m->rom.options.load_baud);
		m->rom.state = BAUD_SETTLE;
		boot_rom_wait(&m->rom, BAUD_SETTLE_MS, now_ms);
		return;
	case FLASH_BEGIN:
		esp_send_block(m, now_ms);
		return;
	case FLASH_DATA:
		esp_take_block_done(m, now_ms);
		return;
	case ASK_MD5:
		esp_take_md5(m, data, now_ms);
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
		esp_restart_file(m, "the chip refused a block", now_ms);
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
		esp_after_identity(m, now_ms);
		return;
	case CHANGE_BAUD:
		esp_begin_writing(m, now_ms);
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
		esp_restart_file(m, "no answer", now_ms);
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
		esp_begin_writing(m, now_ms);
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
