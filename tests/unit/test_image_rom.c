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
static void make_rockchip(struct buffer *to, bool is_spi)
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
		make_rockchip(image, is_spi);
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_marvell_payload_cannot_begin_inside_its_header),
		TEST(a_rockchip_loader_for_spi_flash_is_checked_piece_by_piece),
		TEST(a_plugin_of_an_imx_is_followed_by_the_image),
		TEST(an_image_that_waits_for_its_signature_is_no_damaged_one),
		TEST(the_header_before_the_table_has_its_length_behind_its_configuration),
		TEST(the_check_bits_of_a_vybrids_header_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
