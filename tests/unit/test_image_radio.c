/* Updates for radios and Wi-Fi modules, made here byte by byte. */
#include "tests/unit/image_media.h"

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

static void add_rbl(struct buffer *to)
{
	static const char program[200] = "a program that is packed";
	size_t from = to->size;

	add(to, "RBL\0", 4);
	add_le(to, 0x0102, 4);
	add_le(to, 0, 4);
	add_field(to, "app", 16);
	add_field(to, "1.18.219-module", 24);
	add_field(to, "0000", 24);
	add_le(to, crc32_update(0, bytes_of((const uint8_t *)program, sizeof(program))), 4);
	add_le(to, 0, 4);
	add_le(to, 100000, 4);
	add_le(to, sizeof(program), 4);
	add_le(to, crc32_update(0, bytes_of(to->data + from, to->size - from)), 4);
	add(to, program, sizeof(program));
}

static void an_rbl_has_checksums_of_header_and_contents(void **state)
{
	struct buffer *image = *state;

	add_rbl(image);
	assert_string_equal(inspect(image).format, "rbl");
	assert_string_equal(inspect(image).version, "1.18.219-module");
	assert_string_not_equal(inspect(image).warning, "");
	assert_cut_is_told(image);
	assert_flips_are_told(image, 12);
}

static uint32_t sum_from(const struct buffer *of, size_t from)
{
	uint32_t sum = 0;

	for (size_t i = from; i < of->size; i++)
		sum += of->data[i];
	return sum;
}

static void tuyas_update_has_sums_of_its_parts(void **state)
{
	struct buffer *image = *state, rbl;

	buffer_init(&rbl, 4096);
	add_rbl(&rbl);
	add(image, "\x55\xaa\x55\xaa", 4);
	add_field(image, "1.18.219", 12);
	add_be(image, (uint32_t)rbl.size, 4);
	add_be(image, sum_from(&rbl, 0), 4);
	add_be(image, sum_from(image, 0), 4);
	add(image, "\xaa\x55\xaa\x55", 4);
	add(image, rbl.data, rbl.size);
	buffer_done(&rbl);
	assert_string_equal(inspect(image).format, "tuya-ug");
	assert_string_equal(inspect(image).parts[0].format, "rbl");
	assert_string_equal(inspect(image).version, "1.18.219");
	assert_cut_is_told(image);
	assert_flips_are_told(image, 4 + 12 + 4 + 4 + 4 + 4);
}

static void tuyas_update_of_two_parts_is_told(void **state)
{
	struct buffer *image = *state;

	add(image, "\x55\xaa\x55\xaa", 4);
	add_field(image, "9.0.0", 11);
	add_be(image, 2, 4);
	for (uint32_t i = 0; i < 2; i++) {
		add_be(image, 19 + 2 * 12 + 8 + i * 100, 4);
		add_be(image, 100, 4);
		add_be(image, 100 * (0x11 + i), 4);
	}
	add_be(image, sum_from(image, 0), 4);
	add(image, "\xaa\x55\xaa\x55", 4);
	fill(image, 0x11, image->size + 100);
	fill(image, 0x12, image->size + 100);
	assert_string_equal(inspect(image).format, "tuya-ug");
	assert_int_equal(inspect(image).part_count, 2);
	assert_cut_is_told(image);
	assert_flips_are_told(image, 19 + 2 * 12 + 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_gbl_file_is_checked_by_its_end),
		TEST(an_ebl_file_is_checked_by_its_end),
		TEST(an_rbl_has_checksums_of_header_and_contents),
		TEST(tuyas_update_has_sums_of_its_parts),
		TEST(tuyas_update_of_two_parts_is_told),
		TEST(a_zigbee_upgrade_file_names_its_product),
		TEST(what_makers_put_into_a_zigbee_upgrade_file_is_their_affair),
		TEST(a_signed_zigbee_upgrade_file_is_looked_into),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
