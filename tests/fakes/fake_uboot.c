#include "tests/fakes/fake_uboot.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/crc.h"
#include "src/base/text.h"

enum { WORDS_MAX = 16 };	/* CONFIG_SYS_MAXARGS */

struct words {
	char *word[WORDS_MAX];
	unsigned count;
};

void fake_uboot_init(struct fake_uboot *fake, enum loader_storage storage)
{
	memset(fake, 0, sizeof(*fake));
	fake->storage = storage;
	fake->erase_size = storage == STORAGE_NAND ? 128 * 1024 : 64 * 1024;
	fake->prompt = "=> ";
	fake->lowest_touched = UINT64_MAX;
	fake->ram = malloc(FAKE_RAM_SIZE);
	fake->flash = malloc(FAKE_FLASH_SIZE);
	if (fake->ram == NULL || fake->flash == NULL)
		abort();
	memset(fake->ram, 0xa7, FAKE_RAM_SIZE);
	memset(fake->flash, 0x3c, FAKE_FLASH_SIZE);	/* the neighbours: other data, not erased */
}

void fake_uboot_done(struct fake_uboot *fake)
{
	free(fake->ram);
	free(fake->flash);
}

void fake_uboot_say(struct fake_uboot *fake, const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (const char *at = text; *at && fake->out_size + 2 < FAKE_OUT_MAX; at++) {
		if (*at == '\n')
			fake->out[fake->out_size++] = '\r';
		fake->out[fake->out_size++] = (uint8_t)*at;
	}
}

static uint64_t number(const char *text)
{
	return strtoull(*text == '+' ? text + 1 : text, NULL, 16);
}

static uint8_t *ram_at(struct fake_uboot *fake, uint64_t address, uint64_t size)
{
	if (fake->storage == STORAGE_CFI && address >= FAKE_FLASH_BASE && address - FAKE_FLASH_BASE + size <= FAKE_FLASH_SIZE)
		return fake->flash + (address - FAKE_FLASH_BASE);
	if (address >= FAKE_RAM_BASE && address - FAKE_RAM_BASE + size <= FAKE_RAM_SIZE)
		return fake->ram + (address - FAKE_RAM_BASE);
	fake_uboot_say(fake, "data abort\npc : [<4ff5a2d8>]\nResetting CPU ...\n\nresetting ...\n");
	fake->was_reset = true;
	return NULL;
}

static void start_anew(struct fake_uboot *fake)
{
	memset(fake->ram, 0x99, FAKE_RAM_SIZE);
	fake->is_selected = false;
	fake->was_reset = true;
	fake_uboot_say(fake, "\n\nU-Boot 2023.01 (Jun 22 2026 - 08:38:07 +0000)\n\nDRAM:  256 MiB\nNet:   eth0: virtio-net#30\n"
		       "Hit any key to stop autoboot:  0 \n");
}

static void touch(struct fake_uboot *fake, uint64_t offset, uint64_t size)
{
	if (offset < fake->lowest_touched)
		fake->lowest_touched = offset;
	if (offset + size > fake->highest_touched)
		fake->highest_touched = offset + size;
}

static bool erase(struct fake_uboot *fake, uint64_t offset, uint64_t size)
{
	fake->erases++;
	if (offset % fake->erase_size != 0 || size % fake->erase_size != 0 || offset + size > FAKE_FLASH_SIZE)
		return false;
	touch(fake, offset, size);
	memset(fake->flash + offset, 0xff, size);
	return true;
}

/* False: the chip said no, or nothing at all happened. */
static bool program(struct fake_uboot *fake, uint64_t address, uint64_t offset, uint64_t size)
{
	const uint8_t *from = ram_at(fake, address, size);
	bool is_block = fake->storage == STORAGE_MMC || fake->storage == STORAGE_VIRTIO;

	if (++fake->writes == fake->write_error || from == NULL || offset + size > FAKE_FLASH_SIZE)
		return false;
	if (fake->writes == fake->reset_at_write) {
		start_anew(fake);
		return false;
	}
	touch(fake, offset, size);
	for (uint64_t i = 0; i < size; i++)
		fake->flash[offset + i] = is_block ? from[i] : (uint8_t)(fake->flash[offset + i] & from[i]);
	return true;
}

static bool read_to(struct fake_uboot *fake, uint64_t address, uint64_t offset, uint64_t size)
{
	uint8_t *to = ram_at(fake, address, size);

	if (to == NULL || offset + size > FAKE_FLASH_SIZE)
		return false;
	if (!fake->reads_nothing)
		memcpy(to, fake->flash + offset, size);
	if (++fake->reads == fake->worn_read)
		to[size / 2] ^= 0x10;
	return true;
}

static void run_sf(struct fake_uboot *fake, const struct words *argv)
{
	uint64_t offset, size;
	bool is_read, ok;

	if (argv->count < 2 || text_equal(argv->word[1], "probe")) {
		fake->is_selected = true;
		fake_uboot_say(fake, "SF: Detected w25q64 with page size 256 Bytes, erase size 64 KiB, total 8 MiB\n");
		return;
	}
	if (!fake->is_selected) {
		fake_uboot_say(fake, "No SPI flash selected. Please run `sf probe'\n");
		return;
	}
	if (text_equal(argv->word[1], "erase") && argv->count == 4) {
		offset = number(argv->word[2]);
		size = number(argv->word[3]);
		ok = erase(fake, offset, size);
		fake_uboot_say(fake, "%sSF: %llu bytes @ 0x%llx Erased: %s\n", ok ? "" : "SF: Erase offset/length not multiple of erase size\n",
			       (unsigned long long)size, (unsigned long long)offset, ok ? "OK" : "ERROR");
		return;
	}
	if (argv->count != 5) {
		fake_uboot_say(fake, "sf - SPI flash sub-system\n\nUsage:\nsf probe [[bus:]cs] [hz] [mode]\n");
		return;
	}
	is_read = text_equal(argv->word[1], "read");
	offset = number(argv->word[3]);
	size = number(argv->word[4]);
	fake_uboot_say(fake, "device 0 offset 0x%llx, size 0x%llx\n", (unsigned long long)offset, (unsigned long long)size);
	ok = is_read ? read_to(fake, number(argv->word[2]), offset, size) : program(fake, number(argv->word[2]), offset, size);
	if (!fake->was_reset)
		fake_uboot_say(fake, "SF: %llu bytes @ 0x%llx %s: %s\n", (unsigned long long)size, (unsigned long long)offset,
			       is_read ? "Read" : "Written", ok ? "OK" : "ERROR -5");
}

static void run_nand(struct fake_uboot *fake, const struct words *argv)
{
	const char *what = argv->count > 1 ? argv->word[1] : "";
	uint64_t offset, size;
	bool ok;

	if (text_equal(what, "device")) {
		fake_uboot_say(fake, "Device 0: nand0, sector size 128 KiB\n... is now current device\n");
	} else if (text_equal(what, "bad")) {
		fake_uboot_say(fake, "\nDevice 0 bad blocks:\n");
		if (fake->bad_block != 0)
			fake_uboot_say(fake, "  %08x\n", fake->bad_block);
	} else if (text_equal(what, "erase") && argv->count == 4) {
		offset = number(argv->word[2]);
		size = number(argv->word[3]);
		ok = erase(fake, offset, size);
		fake_uboot_say(fake, "\nNAND erase: device 0 offset 0x%llx, size 0x%llx\n\rErasing at 0x%llx -- 100%% complete.\n%s\n", (unsigned long long)offset,
			       (unsigned long long)size, (unsigned long long)offset, ok ? "OK" : "ERROR");
	} else if (argv->count == 5) {
		offset = number(argv->word[3]);
		size = number(argv->word[4]);
		fake_uboot_say(fake, "\nNAND %s: device 0 offset 0x%llx, size 0x%llx\n", what, (unsigned long long)offset, (unsigned long long)size);
		ok = text_equal(what, "read") ? read_to(fake, number(argv->word[2]), offset, size)
					      : size % 2048 == 0 && program(fake, number(argv->word[2]), offset, size);
		if (!fake->was_reset)
			fake_uboot_say(fake, " %llu bytes %s: %s\n", (unsigned long long)size, text_equal(what, "read") ? "read" : "written", ok ? "OK" : "ERROR");
	}
}

static void run_block(struct fake_uboot *fake, const struct words *argv)
{
	const char *what = argv->count > 1 ? argv->word[1] : "";
	uint64_t offset, size;
	bool ok;

	if (text_equal(what, "dev")) {
		fake->is_selected = true;
		fake_uboot_say(fake, "\nDevice 0: QEMU VirtIO Block Device\n            Type: Hard Disk\n... is now current device\n");
	} else if (argv->count == 5) {
		if (!fake->is_selected) {
			fake_uboot_say(fake, "no %s device available\n", argv->word[0]);
			return;
		}
		offset = number(argv->word[3]) * 512;
		size = number(argv->word[4]) * 512;
		fake_uboot_say(fake, "\n%s %s: device 0 block # %llu, count %llu ... ", argv->word[0], what, (unsigned long long)offset / 512,
			       (unsigned long long)size / 512);
		ok = text_equal(what, "read") ? read_to(fake, number(argv->word[2]), offset, size) : program(fake, number(argv->word[2]), offset, size);
		if (fake->write_silence != 0 && fake->writes == fake->write_silence)
			fake_uboot_say(fake, "\n");
		else if (!fake->was_reset)
			fake_uboot_say(fake, "%llu blocks %s: %s\n", (unsigned long long)(ok ? size / 512 : 0), text_equal(what, "read") ? "read" : "written",
				       ok ? "OK" : "ERROR");
	}
}

static void run_tftpboot(struct fake_uboot *fake, const struct words *argv)
{
	uint64_t address = argv->count > 1 ? number(argv->word[1]) : 0;
	size_t size = fake->served.size - (fake->sends_short && fake->served.size > 0);
	uint8_t *to = ram_at(fake, address, size);

	fake_uboot_say(fake, "Using virtio-net#30 device\nTFTP from server 192.168.1.10; our IP address is 192.168.1.20\nFilename '%s'.\nLoad address: 0x%llx\n"
		       "Loading: *\b", argv->count > 2 ? argv->word[2] : "", (unsigned long long)address);
	if (fake->served.size == 0) {
		fake_uboot_say(fake, "\nTFTP error: 'File not found' (1)\nNot retrying...\n");
		return;
	}
	if (to == NULL)
		return;
	memcpy(to, fake->served.data, size);
	if (fake->spoils_ram)
		to[size / 2] ^= 0x10;
	fake_uboot_say(fake, "#################################################################\n\t #####\n\t 2.1 MiB/s\ndone\nBytes transferred = %zu (%zx hex)\n", size, size);
}

static void run_crc32(struct fake_uboot *fake, const struct words *argv)
{
	uint64_t address = argv->count > 2 ? number(argv->word[1]) : 0, size = argv->count > 2 ? number(argv->word[2]) : 0;
	const uint8_t *at = ram_at(fake, address, size);
	uint64_t said = address + (fake->crc_of_other_range ? 0x1000 : 0);

	if (at != NULL)
		fake_uboot_say(fake, "%s for %08llx ... %08llx ==> %08x\n", fake->is_old ? "CRC32" : "crc32", (unsigned long long)said,
			       (unsigned long long)(said + size - 1), crc32_update(0, bytes_of(at, size)));
}

static void run_memory(struct fake_uboot *fake, const struct words *argv)
{
	uint64_t size = argv->count == 4 ? number(argv->word[3]) : 1;
	bool is_fill = text_equal(argv->word[0], "mw.b"), ok;
	uint8_t *to;

	if (is_fill) {
		to = ram_at(fake, number(argv->word[1]), size);
		if (to != NULL)
			memset(to, (int)number(argv->word[2]), size);
		return;
	}
	fake_uboot_say(fake, "Copy to Flash... ");
	ok = program(fake, number(argv->word[1]), number(argv->word[2]) - FAKE_FLASH_BASE, size);
	if (!fake->was_reset)
		fake_uboot_say(fake, ok ? "done\n" : "Timeout writing to Flash\n");
}

static void run_cfi(struct fake_uboot *fake, const struct words *argv)
{
	uint64_t offset, size;

	if (text_equal(argv->word[0], "protect")) {
		fake_uboot_say(fake, ".... done\nUn-Protected 16 sectors\n");
		return;
	}
	if (argv->count != 3)
		return;
	offset = number(argv->word[1]) - FAKE_FLASH_BASE;
	size = number(argv->word[2]);
	fake_uboot_say(fake, erase(fake, offset, size) ? "\n.... done\nErased 16 sectors\n" : "Error: start and/or end address not on sector boundary\n");
}

static void run_help(struct fake_uboot *fake)
{
	static const char *const names[] = { "bootm", "cp", "crc32", "erase", "help", "mmc", "mw", "nand", "printenv", "protect", "reset", "saveenv", "setenv",
					     "sf", "virtio", "version" };

	if (fake->has_no_help) {
		fake_uboot_say(fake, "Unknown command 'help' - try 'help'\n");
		return;
	}
	fake_uboot_say(fake, "?       - alias for 'help'\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!text_equal(names[i], fake->missing))
			fake_uboot_say(fake, "%-8s- does what it is called\n", names[i]);
	if (!text_equal("tftpboot", fake->missing))
		fake_uboot_say(fake, fake->is_old ? "tftp    - tftp\t- download or upload image via network using TFTP protocol\n"
						  : "tftpboot- boot image via network using TFTP protocol\n");
}

static bool is_any(const char *word, const char *a, const char *b)
{
	return text_equal(word, a) || text_equal(word, b);
}

static void run_words(struct fake_uboot *fake, const struct words *argv)
{
	const char *word = argv->word[0];

	fake->was_reset = false;
	if (fake->is_shell)
		fake_uboot_say(fake, "-sh: %s: not found\n", word);
	else if (fake->missing != NULL && text_starts(word, fake->missing))
		fake_uboot_say(fake, "Unknown command '%s' - try 'help'\n", word);
	else if (text_equal(word, "version"))
		fake_uboot_say(fake, fake->is_old ? "\nU-Boot 2010.06-svn (Mar 12 2019 - 10:11:12)\n" : "U-Boot 2023.01+dfsg-2 (Jun 22 2026 - 08:38:07 +0000)\n\n"
			       "arm-linux-gnueabihf-gcc (Debian 12.2.0) 12.2.0\n");
	else if (text_equal(word, "help"))
		run_help(fake);
	else if (text_equal(word, "printenv"))
		fake_uboot_say(fake, "baudrate=115200\nbootargs=console=ttyAMA0\nbootcmd=virtio scan; bootm\nmodel=cam32\x1b]0;title\x07\n\nEnvironment size: 99/262140 bytes\n");
	else if (text_equal(word, fake->is_old ? "tftp" : "tftpboot"))
		run_tftpboot(fake, argv);
	else if (text_equal(word, "crc32"))
		run_crc32(fake, argv);
	else if (is_any(word, "mw.b", "cp.b") && argv->count == 4)
		run_memory(fake, argv);
	else if (is_any(word, "protect", "erase"))
		run_cfi(fake, argv);
	else if (text_equal(word, "sf"))
		run_sf(fake, argv);
	else if (text_equal(word, "nand"))
		run_nand(fake, argv);
	else if (is_any(word, "mmc", "virtio"))
		run_block(fake, argv);
	else if (text_equal(word, "reset"))
		start_anew(fake);
	else if (!is_any(word, "setenv", "saveenv"))
		fake_uboot_say(fake, "Unknown command '%s' - try 'help'\n", word);
}

static void run_line(struct fake_uboot *fake)
{
	char line[FAKE_LINE_MAX + 1], *rest = line;

	fake->commands++;
	if (fake->line_size > fake->longest_line)
		fake->longest_line = fake->line_size;
	memcpy(line, fake->line, fake->line_size);
	line[fake->line_size] = '\0';
	memcpy(fake->last_command, line, sizeof(line));
	fake->line_size = 0;
	while (rest != NULL) {
		struct words argv = { .count = 0 };
		char *command = strsep(&rest, ";"), *word;

		while ((word = strsep(&command, " ")) != NULL)
			if (*word != '\0' && argv.count < WORDS_MAX)
				argv.word[argv.count++] = word;
		if (argv.count > 0)
			run_words(fake, &argv);
	}
}

static void say_prompt(struct fake_uboot *fake)
{
	fake_uboot_say(fake, "%s", fake->prompt);
	if (fake->has_link_message) {
		fake->has_link_message = false;
		fake_uboot_say(fake, "eth0: link up, 100 Mbps, full duplex\n");
	}
}

static void on_byte(struct fake_uboot *fake, uint8_t byte)
{
	fake->bytes++;
	if (fake->bytes == fake->message_at_byte)
		fake_uboot_say(fake, "[   12.345678] usb 1-1: new device\n");
	if (byte == 0x03) {
		if (fake->ignores_ctrl_c)
			return;
		fake->line_size = 0;
		fake_uboot_say(fake, "<INTERRUPT>\n");
		say_prompt(fake);
	} else if (fake->bytes == fake->lose_byte || (fake->loses_always && fake->bytes % 5 == 0)) {
		return;
	} else if (byte == '\r') {
		fake_uboot_say(fake, "\n");
		if (fake->is_silent) {
			fake->line_size = 0;
			return;
		}
		run_line(fake);
		say_prompt(fake);
	} else if (fake->line_size < FAKE_LINE_MAX) {
		fake->line[fake->line_size++] = (char)byte;
		fake_uboot_say(fake, "%c", byte);
	} else {
		fake_uboot_say(fake, "\a");
	}
}

void fake_uboot_input(struct fake_uboot *fake, struct bytes in)
{
	for (size_t i = 0; i < in.size; i++)
		on_byte(fake, in.data[i]);
}

struct bytes fake_uboot_take_output(struct fake_uboot *fake)
{
	struct bytes out = bytes_of(fake->out, fake->out_size);

	fake->out_size = 0;
	return out;
}
