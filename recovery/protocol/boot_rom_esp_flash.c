/* Writing through the ROM loader of Espressif's chips: blocks, each with its checksum, then the MD5 of what stands in the flash. */
#include "recovery/protocol/boot_rom_esp.h"
#include "src/base/cleanup.h"

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

void esp_begin_writing(struct esp *m, uint64_t now_ms)
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
		esp_begin_writing(m, now_ms);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		esp_store_le32(data + 4 * i, words[i]);
	esp_request(m, SET_PARAMS, OP_SET_PARAMS, bytes_of(data, sizeof(data)), 0, ANSWER_MS, now_ms);
}

void esp_after_identity(struct esp *m, uint64_t now_ms)
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

void esp_change_baud(struct esp *m, uint64_t now_ms)
{
	const uint32_t words[2] = { m->rom.options.load_baud, 0 };

	if (m->rom.options.load_baud == 0 || m->rom.options.load_baud == m->rom.baud || m->chip->is_8266)
		esp_begin_writing(m, now_ms);
	else
		esp_request_words(m, CHANGE_BAUD, OP_CHANGE_BAUD, words, 2, ANSWER_MS, now_ms);
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
	esp_request_words(m, FLASH_BEGIN, OP_FLASH_BEGIN, words, m->chip->has_security ? 5 : 4,
		      ERASE_MS + (uint64_t)ERASE_MS_PER_MIB * size / (1024 * 1024), now_ms);
}

static void begin_file(struct esp *m, uint64_t now_ms)
{
	boot_rom_file_begins(&m->rom);
	m->offset = 0;
	m->restarts = 0;
	begin_flash(m, now_ms);
}

void esp_send_block(struct esp *m, uint64_t now_ms)
{
	struct bytes rest = bytes_from(boot_rom_file(&m->rom)->data, m->offset);
	uint8_t data[DATA_MAX];
	uint8_t check = CHECKSUM_SEED;

	memset(data, 0, 16);
	esp_store_le32(data, BLOCK);
	esp_store_le32(data + 4, (m->offset - m->begun_at) / BLOCK);
	memset(data + 16, 0xff, BLOCK);
	memcpy(data + 16, rest.data, rest.size < BLOCK ? rest.size : BLOCK);
	for (size_t i = 0; i < BLOCK; i++)
		check ^= data[16 + i];
	esp_request(m, FLASH_DATA, OP_FLASH_DATA, bytes_of(data, sizeof(data)), check, ANSWER_MS, now_ms);
}

/* The ROM keeps the place itself: a block whose answer was lost may be written or not, so it begins anew where a sector begins. */
void esp_restart_file(struct esp *m, const char *why, uint64_t now_ms)
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
		esp_request_words(m, FLASH_END, OP_FLASH_END, &run, 1, 300, now_ms);
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
	esp_request_words(m, ASK_MD5, OP_MD5, words, 4, MD5_MS + (uint64_t)MD5_MS_PER_MIB * file->data.size / (1024 * 1024),
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

void esp_take_md5(struct esp *m, struct bytes told, uint64_t now_ms)
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

void esp_take_block_done(struct esp *m, uint64_t now_ms)
{
	const struct boot_rom_file *file = boot_rom_file(&m->rom);
	uint32_t left = (uint32_t)file->data.size - m->offset;
	uint64_t before = 0;

	m->offset += left < BLOCK ? left : BLOCK;
	for (size_t i = 0; i < m->rom.file; i++)
		before += m->rom.options.files[i].data.size;
	m->rom.progress.done_bytes = before + m->offset;
	if (m->offset < file->data.size) {
		esp_send_block(m, now_ms);
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
