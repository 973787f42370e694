/* recovery/protocol/boot_rom_marvell.c
 *
 * The BootROM of Marvell's Kirkwood, Dove and Armada 370, XP, 375, 38x, 39x: a pattern in the first moments makes it take an image with XMODEM
 * (128 bytes, 8-bit sum). The image's header runs before the rest comes: it sets up the memory, takes seconds, and prints while the ROM's
 * acknowledgement is awaited.
 * Sources: 88F6180 functional specifications, 24.2; U-Boot doc/README and tools/kwboot.c, kwbimage.h for the header's fields. */
#include "recovery/protocol/boot_rom_machine.h"
#include "recovery/protocol/transfer_check.h"

enum {
	NAK = 0x15, CAN = 0x18,
	PATIENCE_MS = 120000,
	CALL_MS = 10,
	CALL_REPEATS = 4,
	SLOW_MS = 1000,			/* the Armada XP answers late, and takes the flood for its first block */
	FAST_CALLS_MS = 3000,		/* of each round; then a pause of SLOW_MS */
	QUIET_MS = 400,			/* our flood is out of its way, and what it thinks of it said */
	QUIET_MAX_MS = 3000,
	LONE_CAN_MS = 700,

	HEAD_BYTES = 32,		/* of the main header, where all fields that change are */
	BLOCK = 128,
	UART = 0x69, SATA = 0x78, SDIO = 0xae, PEX = 0x9c, SPI = 0x5a,
	HEADER_V0 = 0x200,
	HEADER_MAX = 1024 * 1024,
	SECTOR = 512,
	OPTIONAL_SECURE = 1, OPTIONAL_MAX = 64,
	XIP_TO = 0x00800000,
};

enum state { CALLING, QUIET, SENDING };

struct marvell {
	struct boot_rom rom;
	uint8_t head[HEAD_BYTES];
	struct bytes image;
	uint64_t quiet_since_ms;
	uint64_t round_ms;
	bool had_can;
};

static struct marvell *machine_of(struct boot_rom *rom)
{
	return (struct marvell *)rom;
}

/* ---- the image ---- */

static void store_le32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t header_size(const uint8_t *head)
{
	return head[8] == 1 ? (uint32_t)head[9] << 16 | (uint32_t)head[11] << 8 | head[10] : HEADER_V0;
}

/* Version 1 sums the whole header, version 0 only its main part. */
static uint8_t header_sum(const uint8_t *head, struct bytes image, uint32_t size)
{
	uint8_t sum = sum8_of(bytes_of(head, HEAD_BYTES - 1));

	if (head[8] == 1)
		sum = (uint8_t)(sum + sum8_of(bytes_of(image.data + HEAD_BYTES, size - HEAD_BYTES)));
	return sum;
}

static bool is_signed(struct bytes image, uint32_t header)
{
	size_t at = HEAD_BYTES;
	bool has_more = image.data[8] == 1 && (image.data[0x1e] & 1) != 0;

	for (unsigned i = 0; has_more && i < OPTIONAL_MAX && at + 4 <= header; i++) {
		uint32_t size = (uint32_t)image.data[at + 1] << 16 | (uint32_t)image.data[at + 3] << 8 |
				image.data[at + 2];

		if (image.data[at] == OPTIONAL_SECURE)
			return true;
		if (size < 8 || size > header - at)
			return false;
		has_more = (image.data[at + size - 4] & 1) != 0;
		at += size;
	}
	return false;
}

static bool is_data_whole(struct bytes data)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 4 < data.size; i += 4)
		sum += load_le32(data.data + i);
	return sum == load_le32(data.data + data.size - 4);
}

static uint32_t source_of(const uint8_t *head, uint32_t header)
{
	uint32_t source = load_le32(head + 0x0c);

	if (head[0] == SATA)
		return source == 0 || source > UINT32_MAX / SECTOR ? UINT32_MAX : (source - 1) * SECTOR;
	if (head[0] == SDIO)
		return source > UINT32_MAX / SECTOR ? UINT32_MAX : source * SECTOR;
	return head[0] == PEX && source == UINT32_MAX ? header : source;
}

static enum status check_header(const struct boot_rom_file *file, uint32_t *ret_header, struct error *reterr)
{
	struct bytes image = file->data;
	uint32_t header;

	if (image.size < HEADER_V0 || image.data[8] > 1) {
		error_set(reterr, STATUS_INVALID,
			  "%s is no image for this boot ROM: its header is neither version 0 nor 1", file->name);
		return error_hint(reterr, "Take the .kwb file (u-boot.kwb, u-boot-spl.kwb) of this board");
	}
	header = header_size(image.data);
	if (header < HEAD_BYTES || header > image.size || header > HEADER_MAX ||
	    header_sum(image.data, image, header) != image.data[HEAD_BYTES - 1]) {
		error_set(reterr, STATUS_INVALID, "%s: the checksum of its header is wrong", file->name);
		return error_hint(
			reterr, "The file is damaged, or no image for this boot ROM: take the .kwb file of this board");
	}
	if (image.data[0] != UART && is_signed(image, header)) {
		error_set(reterr, STATUS_INVALID,
			  "%s is signed for another boot device, so it cannot be sent over the UART", file->name);
		return error_hint(reterr, "Take one that is signed for the UART");
	}
	*ret_header = header;
	return STATUS_OK;
}

/* Makes the header one for the UART: its boot device, the data's place in the file instead of that on a disk, the checksum. The header
 * has to end with a block, for it runs when that has come. */
static enum status make_head(const struct boot_rom_file *file, uint8_t head[HEAD_BYTES], struct bytes *ret_image,
			     struct error *reterr)
{
	uint32_t header = 0, aligned, source, size;
	enum status status = check_header(file, &header, reterr);

	if (status != STATUS_OK)
		return status;
	memcpy(head, file->data.data, HEAD_BYTES);
	source = source_of(head, header);
	size = load_le32(head + 4);
	aligned = (header + BLOCK - 1) / BLOCK * BLOCK;
	if (source < aligned || source > file->data.size || size > file->data.size - source || size < 8 ||
	    size % 4 != 0) {
		error_set(reterr, STATUS_INVALID,
			  "%s is not whole: its header names data that does not lie in the file", file->name);
		return error_hint(reterr, "Take the .kwb file of this board again");
	}
	if (!is_data_whole(bytes_of(file->data.data + source, size))) {
		error_set(reterr, STATUS_INVALID, "%s is damaged: the checksum of its data is wrong", file->name);
		return error_hint(reterr, "Take the .kwb file of this board again");
	}
	if (head[0] == SPI && load_le32(head + 0x10) == UINT32_MAX) {
		store_le32(head + 0x10, XIP_TO);	/* it would run from the flash that is the trouble */
		store_le32(head + 0x14, XIP_TO);
	}
	head[0] = UART;
	store_le32(head + 0x0c, source);
	if (head[8] == 1) {
		head[9] = (uint8_t)(aligned >> 16);
		head[10] = (uint8_t)aligned;
		head[11] = (uint8_t)(aligned >> 8);
	}
	head[HEAD_BYTES - 1] = header_sum(head, file->data, aligned);
	*ret_image = bytes_of(file->data.data, source + size);
	return STATUS_OK;
}

static enum status check(const struct boot_rom_options *options, struct error *reterr)
{
	uint8_t head[HEAD_BYTES];
	struct bytes image;

	if (options->file_count != 1)
		return error_set(reterr, STATUS_INVALID, "this boot ROM takes one image");
	return make_head(&options->files[0], head, &image, reterr);
}

/* ---- the call ---- */

static void call(struct marvell *m, uint64_t now_ms)
{
	static const uint8_t pattern[8] = { 0xbb, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77 };

	if (now_ms - m->round_ms >= FAST_CALLS_MS) {
		m->round_ms = now_ms + SLOW_MS;
		boot_rom_put(&m->rom, bytes_of(pattern, sizeof(pattern)));
		boot_rom_wait(&m->rom, SLOW_MS, now_ms);
		return;
	}
	for (unsigned i = 0; i < CALL_REPEATS && boot_rom_output(&m->rom).size < CALL_REPEATS * sizeof(pattern); i++)
		boot_rom_put(&m->rom, bytes_of(pattern, sizeof(pattern)));
	boot_rom_wait(&m->rom, CALL_MS, now_ms);
}

static void start(struct boot_rom *rom, uint64_t now_ms)
{
	struct marvell *m = machine_of(rom);

	if (rom->options.file_count > 0) {
		make_head(&rom->options.files[0], m->head, &m->image, NULL);
		rom->transfer_head = bytes_of(m->head, sizeof(m->head));
		rom->progress.all_bytes = m->image.size;
	}
	m->round_ms = now_ms;
	call(m, now_ms);
}

static void found(struct marvell *m)
{
	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_IDENTIFYING);
	boot_rom_tell(&m->rom, BOOT_ROM_FOUND, "Marvell BootROM: it asks for an image");
	if (m->rom.options.identify_only)
		boot_rom_done(&m->rom, "the boot ROM is there; it waits for an image until the power is switched off");
}

static void take_byte(struct boot_rom *rom, uint8_t byte, uint64_t now_ms)
{
	struct marvell *m = machine_of(rom);

	if (byte != NAK) {
		boot_rom_stray(rom, byte);
		return;
	}
	if (rom->state == CALLING) {
		boot_rom_drop_output(rom);
		found(m);
		rom->state = QUIET;
		m->quiet_since_ms = now_ms;
	}
	if (rom->progress.is_over)
		return;
	boot_rom_wait(rom, now_ms - m->quiet_since_ms < QUIET_MAX_MS ? QUIET_MS : 0, now_ms);
}

static void begin_image(struct marvell *m, uint64_t now_ms)
{
	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_LOADING);
	boot_rom_file_begins(&m->rom);
	m->rom.state = SENDING;
	boot_rom_transfer(&m->rom, "xmodem", boot_rom_file(&m->rom)->name, m->image, 0, now_ms);
	/* It has asked; on a line that lost the question the first block is not too early either. */
	boot_rom_transfer_byte(&m->rom, NAK, now_ms);
}

static void time_is_up(struct boot_rom *rom, uint64_t now_ms)
{
	struct marvell *m = machine_of(rom);

	switch ((enum state)rom->state) {
	case CALLING:
		if (boot_rom_is_out_of_patience(rom, now_ms))
			boot_rom_fail_silent(rom);
		else
			call(m, now_ms);
		return;
	case QUIET:
		begin_image(m, now_ms);
		return;
	case SENDING:
		if (m->had_can)
			boot_rom_fail(rom, STATUS_PROTOCOL,
				      "It is for another processor or board, or this unit takes signed images only",
				      "the boot ROM refused the image");
		return;
	}
}

/* The ROM refuses with a single CAN, which to XMODEM is no word yet. */
static void overhear(struct boot_rom *rom, uint8_t byte, uint64_t now_ms)
{
	struct marvell *m = machine_of(rom);

	m->had_can = byte == CAN;
	if (m->had_can)
		boot_rom_wait(rom, LONE_CAN_MS, now_ms);
	else
		rom->deadline_ms = rom->wait_ms = UINT64_MAX;
}

static void transferred(struct boot_rom *rom, const struct transfer_event *event, uint64_t now_ms)
{
	(void)now_ms;
	if (event->type == TRANSFER_FAILED) {
		boot_rom_fail_transfer(rom, event);
		return;
	}
	if (event->type != TRANSFER_DONE)
		return;
	boot_rom_tell(rom, BOOT_ROM_FILE_END, "%s was taken", boot_rom_file(rom)->name);
	boot_rom_done(rom, "the image was taken into RAM, and the ROM starts it");
}

static const struct boot_rom_ops ops = { check, start, take_byte, time_is_up, transferred, overhear };

const struct boot_rom_protocol boot_rom_marvell = {
	.name = "marvell",
	.title = "Marvell BootROM (Kirkwood, Armada)",
	.prepare =
		"Switch the device off; TX, RX and ground connected, 115200 baud; switch it on when asked. Some boards need their boot switches on UART",
	.files = "one image for it (u-boot.kwb)",
	.baud = 115200,
	.parity = 'N',
	.patience_ms = PATIENCE_MS,
	.needs_power_cycle = true,
	.machine_bytes = sizeof(struct marvell),
	.ops = &ops,
};
