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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_marvell_payload_cannot_begin_inside_its_header),
		TEST(a_rockchip_loader_for_spi_flash_is_checked_piece_by_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
