/* Firmware volumes, and what their programs tell of the processor. */
#include "recovery/image/format.h"
#include "tests/unit/image_media.h"

enum { HEADER = 72, VOLUME = 4096, SECURITY = 3, DRIVER = 7, PACKED = 2, IA32 = 0x14c, X64 = 0x8664, AARCH64 = 0xaa64 };

static void add_volume_header(struct buffer *to)
{
	size_t start = to->size;
	uint16_t sum = 0;

	fill(to, 0, start + 16);
	add(to, "\x78\xe5\x8c\x8c\x3d\x8a\x1c\x4f\x99\x35\x89\x61\x85\xc3\x2d\xd3", 16);
	add_le(to, VOLUME, 8);
	add_text(to, "_FVH");
	add_le(to, 0, 4);
	add_le(to, HEADER, 2);
	fill(to, 0, start + HEADER);
	for (size_t i = 0; i < HEADER; i += 2)
		sum = (uint16_t)(sum + load_le16(to->data + start + i));
	put_le16(to, start + 50, (uint16_t)-sum);
}

/* With a terse program for the machine. */
static void add_file(struct buffer *to, uint8_t type, uint16_t machine)
{
	enum { SECTION = 4 + 40, SIZE = 24 + SECTION };
	size_t start = to->size;
	uint8_t sum = 0;

	fill(to, 0x11, start + 16);
	add_le(to, 0, 2);
	add_le(to, type, 1);
	add_le(to, 0, 1);
	add_le(to, SIZE, 3);
	add_le(to, 0xf8, 1);
	for (size_t i = 0; i < 23; i++)
		sum = (uint8_t)(sum + to->data[start + i]);
	to->data[start + 16] = (uint8_t)-sum;
	add_le(to, SECTION, 3);
	add_le(to, 0x12, 1);
	add_text(to, "VZ");
	add_le(to, machine, 2);
	fill(to, 0x22, start + SIZE);
	fill(to, 0xff, (start + SIZE + 7) / 8 * 8);
}

static void the_first_code_of_a_pc_does_not_tell_what_is_packed_behind_it(void **state)
{
	struct buffer *image = *state;

	add_volume_header(image);
	add_file(image, SECURITY, IA32);
	fill(image, 0xff, VOLUME);
	assert_string_equal(inspect(image).format, "uefi-fv");
	assert_string_equal(inspect(image).arch, "x86");
	image->data[HEADER + 24 + 3] = PACKED;
	image->size = HEADER + (24 + 44 + 7) / 8 * 8;
	add_file(image, SECURITY, IA32);
	fill(image, 0xff, VOLUME);
	assert_string_equal(inspect(image).arch, "");
	buffer_clear(image);
	add_volume_header(image);
	add_file(image, SECURITY, IA32);
	add_file(image, DRIVER, X64);
	fill(image, 0xff, VOLUME);
	assert_string_equal(inspect(image).arch, "x86_64");
	buffer_clear(image);
	add_volume_header(image);
	add_file(image, DRIVER, IA32);
	fill(image, 0xff, VOLUME);
	assert_string_equal(inspect(image).arch, "x86");
}

static void a_jump_may_come_before_the_first_volume(void **state)
{
	struct buffer *image = *state;

	add_le(image, 0x14000400, 4);
	fill(image, 0xff, 4096);
	add_volume_header(image);
	add_file(image, SECURITY, AARCH64);
	fill(image, 0xff, 4096 + VOLUME);
	assert_string_equal(inspect(image).format, "uefi-fv");
	assert_string_equal(inspect(image).arch, "arm64");
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	image->data[4096 + 45] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->data[4096 + 45] ^= 1;
	image->size--;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_first_code_of_a_pc_does_not_tell_what_is_packed_behind_it),
		TEST(a_jump_may_come_before_the_first_volume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
