/* RAM and SPI NOR commands, with the words of U-Boot's cmd/mem.c, cmd/sf.c and lib/display_options.c. */
#include <stdlib.h>

#include "src/base/crc.h"
#include "src/base/text.h"
#include "src/practice/camera.h"

enum { ERASE_BLOCK_MS = 30, WRITE_BLOCK_MS = 20, READ_BLOCK_MS = 14, DISPLAY_DEFAULT = 0x40 };

bool parse_hex(const char *text, uint32_t *ret_value)
{
	char *end;
	unsigned long long value;

	if (text == NULL || *text == '\0' || *text == '-' || *text == '+')
		return false;
	value = strtoull(text, &end, 16);
	if (end == text || *end != '\0' || value > UINT32_MAX)
		return false;
	*ret_value = (uint32_t)value;
	return true;
}

uint8_t *ram_at(struct camera *cam, uint32_t address, uint64_t size)
{
	if (address >= RAM_BASE && size <= RAM_SIZE && address - RAM_BASE <= RAM_SIZE - size)
		return cam->ram + (address - RAM_BASE);
	say(cam, "data abort\npc : [<43f5a2d8>]   lr : [<43f5a2b0>]\nreloc pc : [<4200d2d8>]   lr : [<4200d2b0>]\n");
	say(cam, "sp : 43b39d10  ip : 00000000	 fp : %08x\nResetting CPU ...\n\nresetting ...\n", address);
	camera_reset(cam);
	return NULL;
}

static unsigned unit_of(const char *command)
{
	const char *dot = strchr(command, '.');

	return dot == NULL || dot[1] == 'l' ? 4 : dot[1] == 'w' ? 2 : 1;
}

static const char *unit_name(unsigned unit)
{
	return unit == 4 ? "word" : unit == 2 ? "halfword" : "byte";
}

static uint32_t load_unit(const uint8_t *at, unsigned unit)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < unit; i++)
		value |= (uint32_t)at[i] << 8 * i;
	return value;
}

/* ---- RAM ---- */

int command_crc32(struct camera *cam, int argc, char **argv)
{
	uint32_t address, size;
	const uint8_t *at;

	if (argc != 3 || !parse_hex(argv[1], &address) || !parse_hex(argv[2], &size))
		return -1;
	at = ram_at(cam, address, size);
	if (at == NULL)
		return 1;
	camera_wait(cam, size / 20000);
	say(cam, "crc32 for %08x ... %08x ==> %08x\n", address, address + size - (size > 0),
	    crc32_update(0, bytes_of(at, size)));
	return 0;
}

int command_cmp(struct camera *cam, int argc, char **argv)
{
	unsigned unit = unit_of(argv[0]);
	uint32_t first, second, count, same = 0;
	const uint8_t *a, *b;

	if (argc != 4 || !parse_hex(argv[1], &first) || !parse_hex(argv[2], &second) || !parse_hex(argv[3], &count))
		return -1;
	if ((a = ram_at(cam, first, (uint64_t)count * unit)) == NULL ||
	    (b = ram_at(cam, second, (uint64_t)count * unit)) == NULL)
		return 1;
	while (same < count && memcmp(a + (size_t)same * unit, b + (size_t)same * unit, unit) == 0)
		same++;
	if (same < count)
		say(cam, "%s at 0x%08x (0x%0*x) != %s at 0x%08x (0x%0*x)\n", unit_name(unit), first + same * unit,
		    (int)unit * 2, load_unit(a + (size_t)same * unit, unit), unit_name(unit), second + same * unit,
		    (int)unit * 2, load_unit(b + (size_t)same * unit, unit));
	say(cam, "Total of %u %s(s) were the same\n", same, unit_name(unit));
	return same < count;
}

int command_mw(struct camera *cam, int argc, char **argv)
{
	unsigned unit = unit_of(argv[0]);
	uint32_t address, value, count = 1;
	uint8_t *at;

	if (argc < 3 || argc > 4 || !parse_hex(argv[1], &address) || !parse_hex(argv[2], &value) ||
	    (argc == 4 && !parse_hex(argv[3], &count)))
		return -1;
	at = ram_at(cam, address, (uint64_t)count * unit);
	for (uint64_t i = 0; at != NULL && i < (uint64_t)count * unit; i++)
		at[i] = (uint8_t)(value >> 8 * (i % unit));
	return at == NULL;
}

int command_cp(struct camera *cam, int argc, char **argv)
{
	unsigned unit = unit_of(argv[0]);
	uint32_t from, to, count;
	const uint8_t *source;
	uint8_t *target;

	if (argc != 4 || !parse_hex(argv[1], &from) || !parse_hex(argv[2], &to) || !parse_hex(argv[3], &count))
		return -1;
	if ((source = ram_at(cam, from, (uint64_t)count * unit)) == NULL ||
	    (target = ram_at(cam, to, (uint64_t)count * unit)) == NULL)
		return 1;
	memmove(target, source, (size_t)count * unit);
	return 0;
}

static void display_line(struct camera *cam, uint32_t address, const uint8_t *at, unsigned size, unsigned unit)
{
	char line[128], letters[17];

	text_format(line, sizeof(line), "%08x:", address);
	for (unsigned i = 0; i < 16; i += unit) {
		if (i < size)
			text_append(line, sizeof(line), " %0*x", (int)unit * 2, load_unit(at + i, unit));
		else
			text_append(line, sizeof(line), "%*s", (int)unit * 2 + 1, "");
	}
	for (unsigned i = 0; i < size; i++)
		letters[i] = (char)(at[i] >= 0x20 && at[i] < 0x7f ? at[i] : '.');
	letters[size] = '\0';
	say(cam, "%s  %s\n", line, letters);
}

int command_md(struct camera *cam, int argc, char **argv)
{
	unsigned unit = unit_of(argv[0]);
	uint32_t address = cam->display_next, count = DISPLAY_DEFAULT;
	uint64_t size;
	const uint8_t *at;

	if (argc > 3 || (argc > 1 && !parse_hex(argv[1], &address)) || (argc > 2 && !parse_hex(argv[2], &count)))
		return -1;
	size = (uint64_t)count * unit;
	at = ram_at(cam, address, size);
	if (at == NULL)
		return 1;
	for (uint64_t i = 0; i < size && camera_wait_or_interrupt(cam, 0, -1); i += 16)
		display_line(cam, address + (uint32_t)i, at + i, size - i < 16 ? (unsigned)(size - i) : 16, unit);
	cam->display_next = address + (uint32_t)size;
	return 0;
}

/* ---- SPI NOR ---- */

static int sf_probe(struct camera *cam, int argc, char **argv)
{
	if (argc > 2 && !text_equal(argv[2], "0") && !text_equal(argv[2], "0:0")) {
		say(cam, "Invalid bus or chip select\nFailed to initialize SPI flash at %.16s (error -19)\n", argv[2]);
		cam->flash_probed = false;
		return 1;
	}
	camera_wait(cam, 20);
	cam->flash_probed = true;
	say(cam, "SF: Detected w25q64 with page size 256 Bytes, erase size 64 KiB, total 8 MiB\n");
	return 0;
}

static bool is_beyond(struct camera *cam, const char *what, uint32_t offset, uint32_t size)
{
	if ((uint64_t)offset + size <= FLASH_SIZE)
		return false;
	say(cam, "ERROR: attempting %s past flash size (0x%x)\n", what, FLASH_SIZE);
	return true;
}

static int sf_erase(struct camera *cam, int argc, char **argv)
{
	uint32_t offset, size;
	bool round_up;

	if (argc != 4)
		return -1;
	round_up = argv[3][0] == '+';
	if (!parse_hex(argv[2], &offset) || !parse_hex(argv[3] + round_up, &size))
		return -1;
	if (round_up && size <= FLASH_SIZE)
		size = (size + FLASH_BLOCK - 1) / FLASH_BLOCK * FLASH_BLOCK;
	if (is_beyond(cam, "erase", offset, size))
		return 1;
	if (offset % FLASH_BLOCK != 0 || size % FLASH_BLOCK != 0) {
		say(cam, "SF: Erase offset/length not multiple of erase size\nSF: %u bytes @ 0x%x Erased: ERROR\n",
		    size, offset);
		return 1;
	}
	for (uint32_t at = offset; at < offset + size && camera_wait(cam, ERASE_BLOCK_MS); at += FLASH_BLOCK)
		flash_erase_block(&cam->flash, at / FLASH_BLOCK);
	say(cam, "SF: %u bytes @ 0x%x Erased: OK\n", size, offset);
	return 0;
}

static uint32_t piece_at(uint32_t offset, uint32_t left)
{
	uint32_t to_border = FLASH_BLOCK - offset % FLASH_BLOCK;

	return left < to_border ? left : to_border;
}

static int sf_write(struct camera *cam, uint32_t offset, const uint8_t *from, uint32_t size)
{
	say(cam, "device 0 offset 0x%x, size 0x%x\n", offset, size);
	for (uint32_t done = 0; done < size && camera_wait(cam, WRITE_BLOCK_MS);) {
		uint32_t piece = piece_at(offset + done, size - done);

		flash_write(&cam->flash, offset + done, bytes_of(from + done, piece));
		done += piece;
	}
	say(cam, "SF: %u bytes @ 0x%x Written: OK\n", size, offset);
	return 0;
}

static int sf_read(struct camera *cam, uint32_t offset, uint8_t *to, uint32_t size)
{
	bool ok;

	say(cam, "device 0 offset 0x%x, size 0x%x\n", offset, size);
	camera_wait(cam, size / FLASH_BLOCK * READ_BLOCK_MS);
	ok = flash_read(&cam->flash, offset, to, size);
	if (ok) {
		say(cam, "SF: %u bytes @ 0x%x Read: OK\n", size, offset);
		return 0;
	}
	say(cam, "spi-nor: read of block %d failed: uncorrectable ECC error\nSF: %u bytes @ 0x%x Read: ERROR -5\n",
	    flash_worn_block(&cam->flash, offset, size), size, offset);
	return 1;
}

/* One block; true when it had to be written. What stands in the block outside the range is kept, as cmd/sf.c does. */
static bool update_block(struct camera *cam, uint32_t offset, const uint8_t *from, uint32_t size)
{
	uint32_t block = offset / FLASH_BLOCK;
	uint8_t whole[FLASH_BLOCK];

	if (!cam->flash.worn[block] && memcmp(cam->flash.data + offset, from, size) == 0)
		return false;
	memcpy(whole, cam->flash.data + (size_t)block * FLASH_BLOCK, FLASH_BLOCK);
	memcpy(whole + offset % FLASH_BLOCK, from, size);
	if (camera_wait(cam, ERASE_BLOCK_MS))
		flash_erase_block(&cam->flash, block);
	if (camera_wait(cam, WRITE_BLOCK_MS))
		flash_write(&cam->flash, block * FLASH_BLOCK, bytes_of(whole, FLASH_BLOCK));
	return true;
}

static int sf_update(struct camera *cam, uint32_t offset, const uint8_t *from, uint32_t size)
{
	uint32_t written = 0, skipped = 0;
	uint64_t begin_us = bench_now_us(), took_ms;

	say(cam, "device 0 offset 0x%x, size 0x%x\n", offset, size);
	for (uint32_t done = 0; done < size && camera_wait(cam, 4);) {
		uint32_t piece = piece_at(offset + done, size - done);

		if (update_block(cam, offset + done, from + done, piece))
			written += piece;
		else
			skipped += piece;
		done += piece;
		took_ms = (bench_now_us() - begin_us) / 1000 + 1;
		if (done / FLASH_BLOCK % 8 == 0 || done == size)
			say(cam, "   \rUpdating, %u%% %llu B/s", (unsigned)((uint64_t)done * 100 / size),
			    (unsigned long long)done * 1000 / took_ms);
	}
	took_ms = (bench_now_us() - begin_us) / 1000 + 1;
	say(cam, "\r%u bytes written, %u bytes skipped in %llu.%llus, speed %llu B/s\n", written, skipped,
	    (unsigned long long)took_ms / 1000, (unsigned long long)took_ms % 1000 / 100,
	    (unsigned long long)size * 1000 / took_ms);
	return 0;
}

int command_sf(struct camera *cam, int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	uint32_t address, offset, size;
	uint8_t *at;

	if (text_equal(what, "probe"))
		return sf_probe(cam, argc, argv);
	if (!cam->flash_probed) {
		say(cam, "No SPI flash selected. Please run `sf probe'\n");
		return 1;
	}
	if (text_equal(what, "erase"))
		return sf_erase(cam, argc, argv);
	if (argc != 5 || !parse_hex(argv[2], &address) || !parse_hex(argv[3], &offset) || !parse_hex(argv[4], &size))
		return -1;
	if (!text_equal(what, "read") && !text_equal(what, "write") && !text_equal(what, "update"))
		return -1;
	if (is_beyond(cam, what, offset, size))
		return 1;
	at = ram_at(cam, address, size);
	if (at == NULL)
		return 1;
	return what[0] == 'r' ? sf_read(cam, offset, at, size) : what[0] == 'w' ? sf_write(cam, offset, at, size) :
	       sf_update(cam, offset, at, size);
}
