/* Files for microcontrollers and radios, made here byte by byte. */
#include "recovery/image/format.h"
#include "tests/unit/image_media.h"

static void append_digest(struct buffer *to, const char *algorithm)
{
	uint8_t digest[IMAGE_DIGEST_SIZE];
	size_t size = image_file_ops()->digest(NULL, algorithm, buffer_bytes(to), digest);

	assert_true(size > 0);
	add(to, digest, size);
}

static void hex_files_are_checked_line_by_line(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_text(image, ":020000040800F2\r\n:10000000000102030405060708090A0B0C0D0E0F78\r\n:00000001FF\r\n");
	facts = inspect(image);
	assert_string_equal(facts.format, "ihex");
	assert_string_equal(facts.name, "0x08000000 to 0x0800000f");
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_string_equal(facts.arch, "");
	image->data[30] = '7';
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	assert_non_null(strstr(inspect(image).problems[0].what, "line 2"));
	image->data[30] = '0';
	add_text(image, ":00000001FF\r\n");
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->size = 17 + 45;	/* no end record */
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	assert_int_equal(inspect_head(image, image->size, 1000).whole, IMAGE_UNKNOWN);
	assert_int_equal(inspect_head(image, image->size - 10, 1000).whole, IMAGE_UNKNOWN);
}

static void symbols_behind_the_end_of_a_hex_file_are_no_damage(void **state)
{
	struct buffer *image = *state;

	add_text(image, ":10000000000102030405060708090A0B0C0D0E0F78\n:00000001FF\n:020000040800F2\n:021000FE616F20\n");
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	assert_string_not_equal(inspect(image).warning, "");
	image->data[image->size - 3] = '1';
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void what_stands_behind_the_end_of_a_hex_file_is_no_damage_unless_it_is_a_second_program(void **state)
{
	static const char program[] = ":10000000000102030405060708090A0B0C0D0E0F78\n:00000001FF\n";
	struct buffer *image = *state;

	add_text(image, program);
	add_text(image, ":020000042000DA\n:021000006E6F11\n");	/* the source, where no memory is */
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	add_text(image, ":020000040000FA\n:02000000616F2E\n");
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	buffer_clear(image);
	add_text(image, program);
	add_text(image, "\n/* Copyright 1999 Somebody */\n");
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	assert_string_not_equal(inspect(image).warning, "");
	add(image, "\x01\x80", 2);
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void s_records_are_checked_line_by_line(void **state)
{
	struct buffer *image = *state;

	add_text(image, "S00600004844521B\nS1130000285F245F2212226A000424290008237C2A\nS5030001FB\nS9030000FC\n");
	assert_string_equal(inspect(image).format, "srec");
	assert_string_equal(inspect(image).title, "S-record file (HDR)");
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	image->data[30] = '3';
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	buffer_clear(image);
	add_text(image, "S00600004844521B\nS5030001FB\nS9030000FC\n");	/* it counts a line that is not there */
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	/* a program without a start address has no end record, but the count */
	buffer_clear(image);
	add_text(image, "S00600004844521B\nS1130000285F245F2212226A000424290008237C2A\nS5030001FB\n");
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	image->size -= 11;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void add_suffix(struct buffer *to, unsigned dfu)
{
	add_le(to, 0x0123, 2);
	add_le(to, 0xdf11, 2);
	add_le(to, 0x0483, 2);
	add_le(to, dfu, 2);
	add_text(to, "UFD\x10");
	add_le(to, ~crc32_update(0, buffer_bytes(to)), 4);
}

static void a_dfu_suffix_covers_any_file(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	fill(image, 0x42, 100);
	add_suffix(image, 0x100);
	facts = inspect(image);
	assert_string_equal(facts.format, "dfu-suffix");
	assert_string_equal(facts.boards[0], "usb 0483:df11");
	assert_string_equal(facts.version, "bcdDevice 0123");
	assert_int_equal(facts.whole, IMAGE_YES);
	image->data[7] ^= 8;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

/* dfu-prefix(1) leaves a suffix that is there as it is. */
static void a_prefix_may_be_put_in_front_of_what_has_a_suffix(void **state)
{
	static const uint8_t prefixes[][16] = {
		{ 0x1a, 0x3f, 1, 0, [12] = 0xff, 0xff, 0xff, 0xff },
		{ 0xda, 0xff, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	};
	static const size_t uncovered[] = { 0, 1, 2, 6, 13 };
	struct buffer *image = *state;

	for (size_t i = 0; i < 2; i++) {
		buffer_clear(image);
		fill(image, 0x42, 500);
		add_suffix(image, 0x100);
		add(image, prefixes[i], 16);
		memmove(image->data + 16, image->data, image->size - 16);
		memcpy(image->data, prefixes[i], 16);
		assert_int_equal(inspect(image).whole, IMAGE_YES);
		for (size_t k = 0; k < sizeof(uncovered) / sizeof(uncovered[0]); k++) {
			image->data[uncovered[k]] ^= 0x40;
			assert_int_equal(inspect(image).whole, IMAGE_NO);
			image->data[uncovered[k]] ^= 0x40;
		}
		image->data[300] ^= 1;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
	}
}

static void a_dfuse_file_lists_its_elements(void **state)
{
	/* with and without the suffix in its size */
	for (unsigned counted = 0; counted < 2; counted++) {
		struct buffer *image = *state;
		struct image_facts facts;

		buffer_clear(image);
		add_text(image, "DfuSe\x01");
		add_le(image, 11 + 274 + 8 + 5 + counted * 16, 4);
		add_le(image, 1, 1);
		add(image, "Target\0\1\0\0\0", 11);
		add_field(image, "Internal Flash", 255);
		add_le(image, 8 + 5, 4);
		add_le(image, 1, 4);
		add_le(image, 0x08000000, 4);
		add_le(image, 5, 4);
		add_text(image, "hello");
		add_suffix(image, 0x11a);
		facts = inspect(image);
		assert_string_equal(facts.format, "dfuse");
		assert_string_equal(facts.name, "Internal Flash");
		assert_string_equal(facts.parts[0].name, "to 0x08000000");
		assert_string_equal(facts.boards[0], "usb 0483:df11");
		assert_int_equal(facts.whole, IMAGE_YES);
		image->data[290] ^= 1;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
		image->data[290] ^= 1;
		memset(image->data + image->size - 16, 0, 16);
		assert_int_equal(inspect(image).whole, IMAGE_NO);
		image->size = 290;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
	}
}

static void a_prefix_must_fit_the_file_to_the_byte(void **state)
{
	struct buffer *image = *state;

	add_le(image, 1, 2);
	add_le(image, 0x08, 2);
	add_le(image, 50, 4);
	fill(image, 0x42, 58);
	assert_string_equal(inspect(image).format, "dfu-prefix");
	assert_string_equal(inspect(image).arch, "arm");
	fill(image, 0x42, 59);
	assert_string_equal(inspect(image).format, "unknown");
}

static void add_uf2_block(struct buffer *to, uint32_t number, uint32_t total, uint32_t family)
{
	size_t at = to->size;

	add_le(to, 0x0a324655, 4);
	add_le(to, 0x9e5d5157, 4);
	add_le(to, 0x2000, 4);
	add_le(to, 0x10000000 + number * 256, 4);
	add_le(to, 256, 4);
	add_le(to, number, 4);
	add_le(to, total, 4);
	add_le(to, family, 4);
	fill(to, 0x77, at + 508);
	add_le(to, 0x0ab16f30, 4);
}

static void uf2_blocks_are_counted_and_name_the_chip(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_uf2_block(image, 0, 2, 0xe48bff57);	/* stands alone */
	for (uint32_t i = 0; i < 3; i++)
		add_uf2_block(image, i, 3, 0xe48bff59);
	add_uf2_block(image, 0, 1, 0xada52840);
	facts = inspect(image);
	assert_string_equal(facts.format, "uf2");
	assert_true(has_board(&facts, "family 0xe48bff59"));
	assert_true(has_board(&facts, "nRF52840"));
	assert_string_equal(facts.arch, "arm");
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	image->data[2 * 512 + 20] = 2;	/* its number */
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->data[2 * 512 + 20] = 1;
	image->data[3 * 512 - 1] ^= 1;	/* its end magic */
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->data[3 * 512 - 1] ^= 1;
	image->size = 3 * 512;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	assert_int_equal(inspect_head(image, 700, 4 * 512).whole, IMAGE_UNKNOWN);
}

static void add_segments(struct buffer *to, uint8_t xor)
{
	for (uint32_t i = 0; i < 2; i++) {
		size_t from;

		add_le(to, 0x40100000 + i * 0x1000, 4);
		add_le(to, 256, 4);
		from = to->size;
		if (i == 0 && to->data[0] == 0xe9 && from == 32) {
			add_le(to, 0xabcd5432, 4);
			fill(to, 0, from + 16);
			add_field(to, "2.7.1", 32);
			add_field(to, "door-camera", 32);
		}
		fill(to, 0x6b, from + 256);
		for (size_t k = from; k < to->size; k++)
			xor ^= to->data[k];
	}
	fill(to, 0, to->size / 16 * 16 + 15);
	add_le(to, xor, 1);
}

static void add_esp32(struct buffer *to, unsigned chip)
{
	add(to, "\xe9\x02\x02\x20", 4);
	add_le(to, 0x40080000, 4);
	add_le(to, 0xee, 4);
	add_le(to, chip, 2);
	fill(to, 0, 23);
	add_le(to, 1, 1);
	add_segments(to, 0xef);
	append_digest(to, "sha256");
}

static void an_esp32_image_is_whole_by_its_sha256(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_esp32(image, 9);
	facts = inspect(image);
	assert_string_equal(facts.format, "esp-image");
	assert_string_equal(facts.boards[0], "chip id 9");
	assert_string_equal(facts.arch, "xtensa");
	assert_string_equal(facts.name, "door-camera");
	assert_string_equal(facts.version, "2.7.1");
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_cut_is_told(image);
	assert_flips_are_told(image, 32);
	image->data[1] = 3;	/* another number of segments */
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->data[1] = 2;
	add_text(image, "stuck to the end");
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	buffer_clear(image);
	add_esp32(image, 5);
	assert_string_equal(inspect(image).arch, "riscv");
	buffer_clear(image);
	add_esp32(image, 7);	/* no such chip */
	assert_string_equal(inspect(image).format, "unknown");
}

/* Two blocks in the sector: what was signed, and the block itself, are checked. */
static void a_signature_behind_an_esp32_image_belongs_to_it(void **state)
{
	struct buffer *image = *state;
	uint8_t digest[IMAGE_DIGEST_SIZE];

	for (unsigned kind = 0; kind < 3; kind++) {
		bool is_long = kind == 2;
		uint8_t version = kind == 0 ? 2 : 3;

		buffer_clear(image);
		add_esp32(image, 9);
		fill(image, 0xff, 4096);
		assert_true(image_file_ops()->digest(NULL, is_long ? "sha384" : "sha256", buffer_bytes(image), digest) > 0);
		for (size_t i = 0; i < 2; i++) {
			size_t start = image->size;

			add(image, (uint8_t[]){ 0xe7, version, is_long, 0 }, 4);
			add(image, digest, is_long ? 48 : 32);
			fill(image, 0x31, start + 1196);
			add_le(image, crc32_update(0, bytes_of(image->data + start, 1196)), 4);
			fill(image, 0, start + 1216);
		}
		fill(image, 0xff, 8192);
		assert_int_equal(inspect(image).whole, IMAGE_YES);
		image->data[4095] = 0;		/* signed, but part of no segment */
		assert_int_equal(inspect(image).whole, IMAGE_NO);
		image->data[4095] = 0xff;
		image->data[4096 + 700] ^= 1;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
		image->data[4096 + 700] ^= 1;
		image->data[8000] = 0;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
		image->data[8000] = 0xff;
		image->size = 6000;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
	}
}

static void add_partition(struct buffer *to, unsigned type, uint32_t offset, const char *name)
{
	add(to, "\xaa\x50", 2);
	add_le(to, type, 2);
	add_le(to, offset, 4);
	add_le(to, 0x10000, 4);
	add_field(to, name, 16);
	add_le(to, 0, 4);
}

/* As esptool's merge-bin makes it. */
static void a_merged_esp32_image_is_loader_table_and_application(void **state)
{
	static const uint32_t loader_at[] = { 0, 0x1000 };
	struct buffer *image = *state, program;
	uint8_t digest[IMAGE_DIGEST_SIZE];
	struct image_facts facts;

	buffer_init(&program, 4096);
	add_esp32(&program, 9);
	for (size_t i = 0; i < 2; i++) {
		buffer_clear(image);
		fill(image, 0xff, loader_at[i]);
		add(image, program.data, program.size);
		fill(image, 0xff, 0x8000);
		add_partition(image, 0x0201, 0x9000, "nvs");
		add_partition(image, 0, 0x10000, "app0");
		add_partition(image, 0x1100, 0x20000, "app1");		/* not in the file */
		assert_int_equal(image_file_ops()->digest(NULL, "md5", bytes_of(image->data + 0x8000, 96), digest), 16);
		add(image, "\xeb\xeb", 2);
		fill(image, 0xff, 0x8000 + 96 + 16);
		add(image, digest, 16);
		fill(image, 0xff, 0x10000);
		add(image, program.data, program.size);
		facts = inspect(image);
		assert_string_equal(facts.format, "esp-image");
		assert_string_equal(facts.arch, "xtensa");
		assert_string_equal(facts.version, "2.7.1");
		assert_int_equal(facts.whole, IMAGE_UNKNOWN);
		assert_int_equal(facts.part_count, 3);
		assert_string_equal(facts.parts[2].name, "app0");
		image->data[0x8000 + 40] ^= 1;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
		image->data[0x8000 + 40] ^= 1;
		image->data[loader_at[i] + 100] ^= 1;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
		image->data[loader_at[i] + 100] ^= 1;
		image->size -= 40;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
	}
	buffer_done(&program);
}

static void the_old_signature_of_an_esp32_image_is_68_bytes(void **state)
{
	struct buffer *image = *state;

	add_esp32(image, 0);
	add_le(image, 0, 4);
	fill(image, 0x77, image->size + 64);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	fill(image, 0x55, image->size + 12);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	image->size--;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void add_esp8266(struct buffer *to)
{
	add(to, "\xe9\x02\0\0", 4);
	add_le(to, 0x40100004, 4);
	add_segments(to, 0xef);
}

static void an_application_follows_the_esp8266s_boot_loader(void **state)
{
	struct buffer *image = *state, application;
	struct image_facts facts;

	buffer_init(&application, 4096);
	add_esp8266(&application);
	add_esp8266(image);
	fill(image, 0xaa, 4096);
	add(image, application.data, application.size);
	facts = inspect(image);
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_string_equal(facts.parts[1].name, "application");
	image->data[4096 + 100] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->data[4096 + 100] ^= 1;
	image->size -= 20;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	buffer_done(&application);
}

/* elf2bin.py: the words are written when the XOR is there already */
static void the_checksum_of_a_build_counts_for_the_xor_that_it_spoils(void **state)
{
	struct buffer *image = *state;
	uint32_t crc;

	add_esp8266(image);
	fill(image, 0xaa, 4096);
	add_esp8266(image);
	memset(image->data + 4096 + 16, 0, 8);	/* of eight bytes that are the same nothing is in the XOR */
	crc = image_crc32_msb(buffer_bytes(image));
	store_be32(image->data + 4096 + 16, __builtin_bswap32((uint32_t)image->size));
	store_be32(image->data + 4096 + 20, __builtin_bswap32(crc));
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	assert_flips_are_told(image, 4096 + 32);
}

/* irom0text behind the program, where the map of the flash has it */
static void what_follows_at_a_sector_behind_erased_flash_is_no_damage(void **state)
{
	struct buffer *image = *state;

	add_esp8266(image);
	fill(image, 0xff, 8192);
	fill(image, 0x41, 8192 + 300);
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	image->data[8191] = 0x41;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void an_esp8266_image_has_a_short_header(void **state)
{
	struct buffer *image = *state;

	add_esp8266(image);
	assert_string_equal(inspect(image).boards[0], "ESP8266");
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	assert_non_null(strstr(inspect(image).checked, "weak"));
	image->data[100] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void add_mcuboot(struct buffer *to, bool is_signed)
{
	uint8_t digest[IMAGE_DIGEST_SIZE];

	add_le(to, 0x96f3b83d, 4);
	add_le(to, 0, 4);
	add_le(to, 32, 2);
	add_le(to, 0, 2);
	add_le(to, 100, 4);
	add_le(to, 0, 4);
	add(to, "\1\2\3\0\4\0\0\0", 8);
	fill(to, 0, 32);
	fill(to, 0x9c, 132);
	assert_int_equal(image_file_ops()->digest(NULL, "sha256", buffer_bytes(to), digest), 32);
	add_le(to, 0x6907, 2);
	add_le(to, 4 + 4 + 32 + (is_signed ? 4 + 8 : 0), 2);
	add_le(to, 0x10, 2);
	add_le(to, 32, 2);
	add(to, digest, 32);
	if (is_signed) {
		add_le(to, 0x22, 2);
		add_le(to, 8, 2);
		fill(to, 0x11, to->size + 8);
	}
}

static void an_mcuboot_image_is_whole_by_its_hash(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_mcuboot(image, true);
	facts = inspect(image);
	assert_string_equal(facts.format, "mcuboot");
	assert_string_equal(facts.version, "1.2.3+4");
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_string_equal(facts.warning, "");
	assert_cut_is_told(image);
	for (size_t i = 32; i < 132 + 40; i++) {
		image->data[i] ^= 1;
		if (inspect(image).whole == IMAGE_YES)
			fail_msg("byte %zu", i);
		image->data[i] ^= 1;
	}
	image->data[13] ^= 0x10;	/* the image's size */
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	buffer_clear(image);
	add_mcuboot(image, false);
	assert_non_null(strstr(inspect(image).warning, "signed"));
	fill(image, 0xff, 4096 - 16);
	add(image, "\x77\xc2\x95\xf3\x60\xd2\xef\x7f\x35\x52\x50\x0f\x2c\xb6\x79\x80", 16);
	assert_int_equal(inspect(image).whole, IMAGE_YES);	/* a padded slot */
	image->data[1000] = 0;
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	image->data[1000] = 0xff;
	image->data[4096 - 32] = 1;				/* confirmed */
	assert_int_equal(inspect(image).whole, IMAGE_YES);
}

static void add_gbl(struct buffer *to)
{
	size_t from = to->size;

	add_le(to, 0x03a617eb, 4);
	add_le(to, 8, 4);
	add_le(to, 0x03000000, 4);
	add_le(to, 0, 4);
	add_le(to, 0xfe0101fe, 4);
	add_le(to, 50, 4);
	fill(to, 0x81, to->size + 50);
	add_le(to, 0xfc0404fc, 4);
	add_le(to, 4, 4);
	add_le(to, crc32_update(0, bytes_of(to->data + from, to->size - from)), 4);
}

static void a_gbl_file_is_checked_by_its_end(void **state)
{
	struct buffer *image = *state;

	add_gbl(image);
	assert_string_equal(inspect(image).format, "silabs-gbl");
	assert_string_equal(inspect(image).arch, "arm");
	assert_int_equal(inspect(image).part_count, 1);
	assert_cut_is_told(image);
	assert_flips_are_told(image, 8);
	add_text(image, "\x01more");
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void add_ebl_tag(struct buffer *to, unsigned tag, const char *contents, size_t size)
{
	add_be(to, tag, 2);
	add_be(to, (uint32_t)size, 2);
	add(to, contents, size);
}

static void an_ebl_file_is_checked_by_its_end(void **state)
{
	struct buffer *image = *state;

	add_ebl_tag(image, 0x0000, "\x02\x01\xe3\x50\0\0\x40\0", 8);
	add_ebl_tag(image, 0xfd03, "\0\0\x40\0program that is flashed", 26);
	add_be(image, 0xfc040004, 4);
	add_le(image, crc32_update(0, buffer_bytes(image)), 4);
	assert_string_equal(inspect(image).format, "silabs-ebl");
	assert_string_equal(inspect(image).arch, "arm");
	assert_cut_is_told(image);
	assert_flips_are_told(image, 8);
	fill(image, 0xff, 64);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	add_text(image, "\x01more");
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	buffer_clear(image);
	add_ebl_tag(image, 0xfb05, "\x02\x01\0\x01\xe3\x50", 6);
	add_ebl_tag(image, 0xf907, "coded", 5);
	assert_string_equal(inspect(image).format, "silabs-ebl");
	assert_string_not_equal(inspect(image).warning, "");
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

/* The header, and the first element's up to its contents. */
static void add_ota(struct buffer *to, uint32_t size, unsigned tag, uint32_t length)
{
	add_le(to, 0x0beef11e, 4);
	add_le(to, 0x100, 2);
	add_le(to, 56, 2);
	add_le(to, 0, 2);
	add_le(to, 0x117c, 2);
	add_le(to, 0x2101, 2);
	add_le(to, 0x12214572, 4);
	add_le(to, 2, 2);
	add_field(to, "EBL tradfri_light", 32);
	add_le(to, size, 4);
	add_le(to, tag, 2);
	add_le(to, length, 4);
}

static void a_zigbee_upgrade_file_names_its_product(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_ota(image, 56 + 6 + 86, 0, 86);
	add_gbl(image);
	facts = inspect(image);
	assert_string_equal(facts.format, "zigbee-ota");
	assert_string_equal(facts.boards[0], "manufacturer 0x117c, image type 0x2101");
	assert_string_equal(facts.version, "0x12214572");
	assert_string_equal(facts.parts[0].format, "silabs-gbl");
	assert_int_equal(facts.parts[0].whole, IMAGE_YES);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_cut_is_told(image);
	image->data[120] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void what_makers_put_into_a_zigbee_upgrade_file_is_their_affair(void **state)
{
	struct buffer *image = *state;

	/* a sum behind the end that the header does not count; but not a second file */
	add_ota(image, 56 + 6 + 86, 0, 86);
	add_gbl(image);
	add_le(image, 0x1234567, 4);
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	fill(image, 0x55, image->size + 100);
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	/* no elements at all: a tag that is reserved, and a length of no meaning */
	buffer_clear(image);
	add_ota(image, 56 + 6 + 600, 0x2a, 0x66000001);
	fill(image, 0x37, image->size + 600);
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	image->data[56] = 0;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	/* a packed program with a signature behind it */
	buffer_clear(image);
	add_ota(image, 56 + 6 + 400, 0, 400);
	add(image, "\xfd" "7zXZ\0\0\x01\x69\x22\xde\x36", 12);
	fill(image, 0x37, 56 + 6 + 400);
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
}

static void a_signed_zigbee_upgrade_file_is_looked_into(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_text(image, "NGIS");
	add_le(image, 12, 4);
	add_le(image, 2010, 4);
	add_le(image, 4, 4);
	add_le(image, 28, 4);
	add_le(image, 56 + 6 + 86, 4);
	add_le(image, 0, 4);
	add_ota(image, 56 + 6 + 86, 0, 86);
	add_gbl(image);
	fill(image, 0x99, image->size + 512);
	facts = inspect(image);
	assert_string_equal(facts.format, "zigbee-ota");
	assert_string_equal(facts.boards[0], "manufacturer 0x117c, image type 0x2101");
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	image->data[28 + 120] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->data[28 + 120] ^= 1;
	image->size -= 512;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->size -= 20;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hex_files_are_checked_line_by_line),
		TEST(symbols_behind_the_end_of_a_hex_file_are_no_damage),
		TEST(what_stands_behind_the_end_of_a_hex_file_is_no_damage_unless_it_is_a_second_program),
		TEST(s_records_are_checked_line_by_line),
		TEST(a_dfu_suffix_covers_any_file),
		TEST(a_prefix_may_be_put_in_front_of_what_has_a_suffix),
		TEST(a_dfuse_file_lists_its_elements),
		TEST(a_prefix_must_fit_the_file_to_the_byte),
		TEST(uf2_blocks_are_counted_and_name_the_chip),
		TEST(an_esp32_image_is_whole_by_its_sha256),
		TEST(a_signature_behind_an_esp32_image_belongs_to_it),
		TEST(a_merged_esp32_image_is_loader_table_and_application),
		TEST(the_old_signature_of_an_esp32_image_is_68_bytes),
		TEST(an_application_follows_the_esp8266s_boot_loader),
		TEST(the_checksum_of_a_build_counts_for_the_xor_that_it_spoils),
		TEST(what_follows_at_a_sector_behind_erased_flash_is_no_damage),
		TEST(an_esp8266_image_has_a_short_header),
		TEST(an_mcuboot_image_is_whole_by_its_hash),
		TEST(a_gbl_file_is_checked_by_its_end),
		TEST(an_ebl_file_is_checked_by_its_end),
		TEST(a_zigbee_upgrade_file_names_its_product),
		TEST(what_makers_put_into_a_zigbee_upgrade_file_is_their_affair),
		TEST(a_signed_zigbee_upgrade_file_is_looked_into),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
