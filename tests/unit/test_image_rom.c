/* What boot ROMs load, in the forms that U-Boot's mkimage and the builders of the chips' makers write it. */
#include "tests/unit/image_media.h"

/* Bytes that are neither code nor a format. */
static void add_payload(struct buffer *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		add_le(to, i * 7 + i / 256 + 1, 1);
}

/* --- Marvell --- */

/* Version 1 with a header of 8 KiB and the payload in the third sector behind it. source: where the header says that it is. */
static void make_marvell(struct buffer *to, uint8_t device, uint32_t source, size_t payload)
{
	enum { HEADER = 8192 + 32, SIZE = 1024 };
	uint32_t sum = 0;

	add_le(to, device, 4);
	add_le(to, SIZE, 4);
	add_le(to, 1, 1);
	add_be(to, 0, 1);
	add_le(to, HEADER, 2);
	add_le(to, source, 4);
	add_le(to, 0x800000, 4);
	add_le(to, 0x800000, 4);
	fill(to, 0, HEADER);
	for (size_t i = 0; i < HEADER; i++)
		sum += to->data[i];
	to->data[31] = (uint8_t)sum;
	fill(to, 0, payload);
	add_payload(to, SIZE - 4);
	sum = 0;
	for (size_t i = 0; i < SIZE - 4; i += 4)
		sum += (uint32_t)to->data[payload + i + 3] << 24 | (uint32_t)to->data[payload + i + 2] << 16 |
		       (uint32_t)to->data[payload + i + 1] << 8 | to->data[payload + i];
	add_le(to, sum, 4);
}

static void a_marvell_payload_cannot_begin_inside_its_header(void **state)
{
	enum { SATA = 0x78, SDIO = 0xae, SECTOR = 512, AT = 17 * SECTOR };
	static const struct { uint8_t device; uint32_t source; size_t payload; } forms[] = {
		{ SATA, AT, AT }, { SATA, 17, AT }, { SATA, 18, AT }, { SATA, 3, 3 * 4096 }, { SDIO, 17, AT }, { SDIO, AT, AT },
	};
	struct buffer *image = *state;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		buffer_clear(image);
		make_marvell(image, forms[i].device, forms[i].source, forms[i].payload);
		assert_string_equal(inspect(image).format, "kwbimage");
		if (inspect(image).whole != IMAGE_YES)
			fail_msg("form %zu", i);
		image->data[forms[i].payload + 100] ^= 1;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
		image->data[forms[i].payload + 100] ^= 1;
		if (inspect_head(image, image->size - 1, image->size - 1).whole != IMAGE_NO)
			fail_msg("form %zu, cut", i);
	}
}

/* --- Rockchip --- */

/* The newer header and one part, as they lie on a card; for SPI flash each 2 KiB are followed by as many zeros. */
static void make_rockchip(struct buffer *to, bool is_spi, bool begins_empty)
{
	enum { PIECE = 2048, PARTS = 3 };
	uint8_t flat[(1 + PARTS) * PIECE];

	add_text(to, "RKNS");
	fill(to, 0, 8);
	add_le(to, 1 << 16 | 384, 4);
	add_le(to, 1, 4);
	fill(to, 0, 120);
	add_le(to, PARTS * PIECE / 512 << 16 | PIECE / 512, 4);
	fill(to, 0, PIECE);
	add_le(to, 0x14000010, 4);	/* AArch64: a jump */
	add_payload(to, PARTS * PIECE - 4);
	if (begins_empty)
		memset(to->data + PIECE, 0, PIECE);
	assert_int_equal(image_file_ops()->digest(NULL, "sha256", bytes_of(to->data + PIECE, PARTS * PIECE), to->data + 120 + 24), 32);
	assert_int_equal(image_file_ops()->digest(NULL, "sha256", bytes_of(to->data, 1536), to->data + 1536), 32);
	memcpy(flat, to->data, sizeof(flat));
	if (!is_spi)
		return;
	buffer_clear(to);
	for (unsigned i = 0; i <= PARTS; i++) {
		add(to, flat + i * PIECE, PIECE);
		if (i < PARTS)
			fill(to, 0, to->size + PIECE);
	}
}

static void a_rockchip_loader_for_spi_flash_is_checked_piece_by_piece(void **state)
{
	struct buffer *image = *state;

	for (unsigned is_spi = 0; is_spi < 2; is_spi++) {
		buffer_clear(image);
		make_rockchip(image, is_spi, false);
		assert_string_equal(inspect(image).format, "rockchip-idb");
		assert_string_equal(inspect(image).arch, "arm64");
		assert_int_equal(inspect(image).whole, IMAGE_YES);
		assert_cut_is_told(image);
		image->data[image->size - 3000] ^= 1;
		assert_int_equal(inspect(image).whole, is_spi ? IMAGE_UNKNOWN : IMAGE_NO);
		image->data[image->size - 3000] ^= 1;
		image->data[image->size - 100] ^= 1;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
	}
	buffer_clear(image);
	make_rockchip(image, false, true);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	assert_cut_is_told(image);
}

/* --- NXP --- */

/* The table and boot data at self, where the boot device begins `before` bytes before it. */
static void add_ivt(struct buffer *to, uint32_t self, uint32_t before, uint32_t length, uint32_t plugin, uint32_t signature)
{
	add_be(to, 0xd1002040, 4);
	add_le(to, self + 44, 4);
	add_le(to, 0, 8);
	add_le(to, self + 32, 4);
	add_le(to, self, 4);
	add_le(to, signature, 4);
	add_le(to, 0, 4);
	add_le(to, self - before, 4);
	add_le(to, length, 4);
	add_le(to, plugin, 4);
}

static void a_plugin_of_an_imx_is_followed_by_the_image(void **state)
{
	struct buffer *image = *state;

	add_ivt(image, 0x907400, 0x400, 0x10000, 1, 0);
	add_payload(image, 1000);
	add_ivt(image, 0x17800000, 0x800, 0x800 + 0x10000, 0, 0);
	add_payload(image, 0x10000 - 44);
	assert_string_equal(inspect(image).format, "imx-ivt");
	assert_string_equal(inspect(image).arch, "arm");
	assert_string_equal(inspect(image).parts[0].format, "imx-ivt");
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	assert_cut_is_told(image);
}

static void an_image_that_waits_for_its_signature_is_no_damaged_one(void **state)
{
	enum { CODE = 5000, ROOM = 0x2000 };
	struct buffer *image = *state;

	add_ivt(image, 0x17800400, 0x400, 0x400 + CODE + ROOM, 0, 0x17800400 + CODE);
	fill(image, 0x51, CODE);
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	assert_non_null(strstr(inspect(image).warning, "not signed"));
	image->size--;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	fill(image, 0x52, CODE + ROOM);
	assert_string_equal(inspect(image).warning, "");
	assert_cut_is_told(image);
	/* U-Boot behind such a table, in a header of its own */
	buffer_clear(image);
	add_be(image, 0x27051956, 4);
	fill(image, 0, 12);
	add_be(image, CODE + 0x2040, 4);
	fill(image, 0, 28);
	add(image, "\21\2\40\0", 4);
	fill(image, 0, 64);
	add_payload(image, CODE);
	put_be32(image, 24, crc32_update(0, bytes_of(image->data + 64, CODE)));
	put_be32(image, 4, crc32_update(0, bytes_of(image->data, 64)));
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	assert_non_null(strstr(inspect(image).warning, "not signed"));
	image->data[500] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->data[500] ^= 1;
	fill(image, 0x53, 64 + CODE + 0x2040);
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	assert_cut_is_told(image);
}

static void the_header_before_the_table_has_its_length_behind_its_configuration(void **state)
{
	struct buffer *image = *state;

	add_le(image, 0x77801000, 4);
	add_le(image, 0xb1, 8);
	add_le(image, 0x777ff414, 8);
	add_le(image, 0x777ff41c, 4);
	add_le(image, 0x777ff000, 4);
	add_le(image, 0xb17219e9, 4);
	add_le(image, 12, 4);
	add_payload(image, 12);
	add_le(image, 0x400 + 3000, 4);
	add_payload(image, 3000 - 52);
	assert_string_equal(inspect(image).format, "imx-ivt");
	assert_string_equal(inspect(image).arch, "arm");
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	assert_cut_is_told(image);
}

/* Each byte of the header with its check bits behind it (Hamming: tools/vybridimage.c). */
static uint8_t check_bits(uint8_t byte)
{
	unsigned b[8];

	for (unsigned i = 0; i < 8; i++)
		b[i] = byte >> i & 1;
	return (uint8_t)((b[6] ^ b[5] ^ b[3] ^ b[2]) | (b[7] ^ b[5] ^ b[4] ^ b[2] ^ b[1]) << 1 | (b[7] ^ b[6] ^ b[5] ^ b[1] ^ b[0]) << 2 |
			 (b[7] ^ b[4] ^ b[3] ^ b[0]) << 3 | (b[6] ^ b[4] ^ b[3] ^ b[2] ^ b[1] ^ b[0]) << 4);
}

static void the_check_bits_of_a_vybrids_header_are_compared(void **state)
{
	enum { START = 2048 };
	struct buffer *image = *state;

	add_le(image, 0, 4);
	add_text(image, " BCF");
	add_le(image, 1, 4);
	fill(image, 0, 20);
	add_le(image, 2048, 4);
	fill(image, 0, 104);
	add_le(image, START / 2048, 4);
	fill(image, 0xff, 512);
	for (size_t i = 0; i < 512; i++)
		add_le(image, check_bits(image->data[i]), 1);
	fill(image, 0, START + 1024);
	add_ivt(image, 0x3f407400, 0x400, 0x400 + 2000, 0, 0);
	fill(image, 0x61, START + 1024 + 2000);
	assert_string_equal(inspect(image).format, "imx-nand");
	assert_string_equal(inspect(image).parts[0].format, "imx-ivt");
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	assert_cut_is_told(image);
	for (size_t i = 100; i < 1024; i += 77) {
		image->data[i] ^= 8;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
		image->data[i] ^= 8;
	}
}

/* --- MediaTek --- */

enum { LOADER = 1500 };

/* What the header for the boot device is in front of; its last header has another version than the first. */
static void add_mediatek_loader(struct buffer *to, bool is_64)
{
	size_t at = to->size;

	add_le(to, 0x014d4d4d, 4);
	add_le(to, 56, 4);
	add_field(to, "FILE_INFO", 12);
	add_le(to, 1, 4);
	add_le(to, 0x01050001, 4);
	add_le(to, 0x200000, 4);
	add_le(to, LOADER, 4);
	add_le(to, 0, 8);
	add_le(to, 32, 4);
	fill(to, 0, at + 56);
	add_le(to, 0x034d4d4d, 4);
	add_le(to, 7 << 16 | 100, 4);
	fill(to, 0, at + 56 + 0x55);
	add_le(to, is_64 ? 0x64 : 0, 1);
	fill(to, 0, at + 156);
	add_payload(to, LOADER - 32 - 156);
	fill(to, 0, at + LOADER);
	assert_int_equal(image_file_ops()->digest(NULL, "sha256", bytes_of(to->data + at, LOADER - 32), to->data + at + LOADER - 32), 32);
}

static void add_layout(struct buffer *to, uint32_t kind, uint32_t header, uint32_t total, uint32_t last)
{
	add_field(to, "BRLYT", 8);
	add_le(to, 1, 4);
	add_le(to, header, 4);
	add_le(to, total, 4);
	add_le(to, 0x42424242, 4);
	add_le(to, kind, 4);
	add_le(to, header, 4);
	add_le(to, total, 4);
	add_le(to, last, 4);
}

static void a_mediatek_loader_is_whole_with_the_header_of_its_boot_device(void **state)
{
	struct buffer *image = *state;

	add_field(image, "SDMMC_BOOT", 12);
	add_le(image, 1, 4);
	add_le(image, 0x200, 4);
	fill(image, 0xff, 0x200);
	add_layout(image, 0x10008, 0x600, 0x600 + LOADER, UINT32_MAX);
	fill(image, 0xff, 0x600);
	add_mediatek_loader(image, true);
	assert_string_equal(inspect(image).format, "mediatek");
	assert_string_equal(inspect(image).arch, "arm64");
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	assert_cut_is_told(image);
	for (size_t i = 12; i < 0x600; i += 3) {
		image->data[i] ^= 2;
		if (i != 0x200 + 24 && inspect(image).whole == IMAGE_YES)
			fail_msg("byte %zu", i);
		image->data[i] ^= 2;
	}
	image->data[0x700] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void the_copies_of_a_header_for_nand_flash_are_compared(void **state)
{
	enum { PAGE = 2048 };
	struct buffer *image = *state;

	for (unsigned i = 0; i < 4; i++) {
		add_field(image, "BOOTLOADER!", 12);
		add_text(image, "V006NFIINFO");
		add_le(image, 0, 3);
		add_le(image, PAGE, 2);
		fill(image, 0, i * 128 + 100);
		fill(image, 0x5d, (i + 1) * 128);
	}
	fill(image, 0xff, PAGE);
	add_layout(image, 0x10009, 2, (2 * PAGE + LOADER + PAGE - 1) / PAGE, 1);
	fill(image, 0xff, 2 * PAGE);
	add_mediatek_loader(image, false);
	assert_string_equal(inspect(image).arch, "arm");
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	assert_cut_is_told(image);
	for (size_t i = 30; i < 2 * PAGE; i += 7) {
		image->data[i] ^= 1;
		if (i != PAGE + 24 && inspect(image).whole == IMAGE_YES)
			fail_msg("byte %zu", i);
		image->data[i] ^= 1;
	}
}

static void a_header_for_nand_flash_without_a_known_sum_leaves_it_open(void **state)
{
	enum { PAGE = 2048 };
	struct buffer *image = *state;

	add_text(image, "NANDCFG!");
	add_le(image, 1, 4);
	fill(image, 0, 32);
	add_le(image, PAGE, 4);
	fill(image, 0xff, PAGE);
	add_mediatek_loader(image, false);
	assert_string_equal(inspect(image).format, "mediatek");
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	assert_cut_is_told(image);
	/* of the newer kind the sum is known */
	buffer_clear(image);
	add_text(image, "SPINAND!");
	add_le(image, 1, 4);
	add_le(image, 16, 4);
	add_le(image, PAGE, 4);
	add_le(image, 64, 4);
	add(image, "\100\0\14\0\0\0\40\60\1\0\0\0\377\0\0\0", 16);
	fill(image, 0, 78);
	add_le(image, 0x5e9a, 2);
	fill(image, 0xff, PAGE);
	add_mediatek_loader(image, true);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	image->data[25] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
}

static void the_first_loader_of_an_mt7621_says_so_in_its_name(void **state)
{
	struct buffer *image = *state;
	uint8_t with_length[65];
	uint32_t crc = 0;

	add_be(image, 0x27051956, 4);
	fill(image, 0, 12);
	add_be(image, 3000, 4);
	fill(image, 0, 28);
	add(image, "\21\5\1\0", 4);
	add_field(image, "MT7621 NAND", 12);
	fill(image, 0, 64);
	add_payload(image, 3000);
	put_be32(image, 24, crc32_update(0, bytes_of(image->data + 64, 3000)));
	/* as cksum(1) does: the length behind the bytes, highest bit first */
	memcpy(with_length, image->data, 64);
	with_length[64] = 64;
	for (size_t i = 0; i < sizeof(with_length); i++) {
		crc ^= (uint32_t)with_length[i] << 24;
		for (int bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc & 0x80000000 ? 0x04c11db7 : 0);
	}
	put_be32(image, 60, ~crc);
	put_be32(image, 4, crc32_update(0, bytes_of(image->data, 64)));
	assert_string_equal(inspect(image).format, "uimage");
	assert_string_equal(inspect(image).arch, "mipsel");
	assert_string_equal(inspect(image).vendor, "MediaTek");
	assert_int_equal(inspect(image).whole, IMAGE_YES);
}

/* --- Amlogic --- */

static void an_amlogic_loader_has_a_digest_of_all_but_itself(void **state)
{
	enum { PAYLOAD = 3000, TOTAL = 64 + 512 + 400 + PAYLOAD };
	struct buffer *image = *state, covered;

	fill(image, 0, 16);
	add_text(image, "@AML");
	add_le(image, TOTAL, 4);
	add_le(image, 64, 2);
	add_le(image, 1, 1);
	add_le(image, 1, 1);
	add_le(image, 0, 8);
	add_le(image, 64, 4);
	add_le(image, 512, 4);
	add_le(image, 96, 4);
	add_le(image, 0, 12);
	add_le(image, TOTAL - 96, 4);
	fill(image, 0, 16 + 64 + 512 + 400);
	add_payload(image, PAYLOAD);
	buffer_init(&covered, 8192);
	add(&covered, image->data + 16, 64);
	add(&covered, image->data + 16 + 96, TOTAL - 96);
	assert_int_equal(image_file_ops()->digest(NULL, "sha256", buffer_bytes(&covered), image->data + 16 + 64), 32);
	buffer_done(&covered);
	assert_string_equal(inspect(image).format, "amlogic");
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	assert_cut_is_told(image);
	for (size_t i = 0; i < image->size; i += 5) {
		image->data[i] ^= 1;
		if (inspect(image).whole == IMAGE_YES)
			fail_msg("byte %zu", i);
		image->data[i] ^= 1;
	}
	image->data[16 + 100] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_marvell_payload_cannot_begin_inside_its_header),
		TEST(a_rockchip_loader_for_spi_flash_is_checked_piece_by_piece),
		TEST(a_plugin_of_an_imx_is_followed_by_the_image),
		TEST(an_image_that_waits_for_its_signature_is_no_damaged_one),
		TEST(the_header_before_the_table_has_its_length_behind_its_configuration),
		TEST(the_check_bits_of_a_vybrids_header_are_compared),
		TEST(a_mediatek_loader_is_whole_with_the_header_of_its_boot_device),
		TEST(the_copies_of_a_header_for_nand_flash_are_compared),
		TEST(a_header_for_nand_flash_without_a_known_sum_leaves_it_open),
		TEST(the_first_loader_of_an_mt7621_says_so_in_its_name),
		TEST(an_amlogic_loader_has_a_digest_of_all_but_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
