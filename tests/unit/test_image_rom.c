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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_marvell_payload_cannot_begin_inside_its_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
