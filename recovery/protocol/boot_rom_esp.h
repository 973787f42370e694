/* recovery/protocol/boot_rom_esp.h
 *
 * What the two files of the Espressif machine share: boot_rom_esp.c calls the ROM, asks what it is and takes its replies;
 * boot_rom_esp_flash.c writes. */
#ifndef UNBRICK_RECOVERY_BOOT_ROM_ESP_H
#define UNBRICK_RECOVERY_BOOT_ROM_ESP_H

#include "recovery/protocol/boot_rom_machine.h"

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

void esp_store_le32(uint8_t *at, uint32_t value);
/* One command; its reply is awaited in state, so long. */
void esp_request(struct esp *m, enum state state, enum op op, struct bytes data, uint32_t check, uint64_t answer_ms,
		 uint64_t now_ms);
void esp_request_words(struct esp *m, enum state state, enum op op, const uint32_t *words, size_t count,
			  uint64_t answer_ms, uint64_t now_ms);

/* boot_rom_esp_flash.c */
void esp_begin_writing(struct esp *m, uint64_t now_ms);
void esp_after_identity(struct esp *m, uint64_t now_ms);
void esp_change_baud(struct esp *m, uint64_t now_ms);
void esp_send_block(struct esp *m, uint64_t now_ms);
void esp_restart_file(struct esp *m, const char *why, uint64_t now_ms);
void esp_take_md5(struct esp *m, struct bytes told, uint64_t now_ms);
void esp_take_block_done(struct esp *m, uint64_t now_ms);

#endif
