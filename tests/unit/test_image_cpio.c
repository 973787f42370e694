/* cpio archives with binary numbers, and several behind each other. */
#include "tests/unit/image_media.h"

enum order { LITTLE, BIG };

static void add_half(struct buffer *to, enum order order, uint16_t value)
{
	if (order == BIG)
		add_be(to, value, 2);
	else
		add_le(to, value, 2);
}

static void add_member(struct buffer *to, enum order order, const char *name, uint16_t mode, struct bytes data)
{
	const uint16_t fields[] = { 070707, 1, 2, mode, 0, 0, 1, 0, 3, 4, (uint16_t)(strlen(name) + 1), (uint16_t)(data.size >> 16), (uint16_t)data.size };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		add_half(to, order, fields[i]);
	add(to, name, strlen(name) + 1);
	fill(to, 0, (to->size + 1) / 2 * 2);
	add(to, data.data, data.size);
	fill(to, 0, (to->size + 1) / 2 * 2);
}

static void make_binary(struct buffer *to, enum order order)
{
	struct buffer program;

	buffer_init(&program, 200000);
	add_elf(&program, 40, 70001);
	add_member(to, order, "bin", 0040755, (struct bytes){ (const uint8_t *)"", 0 });
	add_member(to, order, "bin/sh", 0100755, buffer_bytes(&program));
	add_member(to, order, "etc/motd", 0100644, BYTES("welcome"));
	add_member(to, order, "TRAILER!!!", 0, (struct bytes){ (const uint8_t *)"", 0 });
	buffer_done(&program);
}

static void archives_with_binary_numbers_are_read_in_both_byte_orders(void **state)
{
	struct buffer *image = *state;

	for (enum order order = LITTLE; order <= BIG; order++) {
		struct image_facts facts;

		buffer_clear(image);
		make_binary(image, order);
		facts = inspect(image);
		assert_string_equal(facts.format, "cpio");
		assert_string_equal(facts.arch, "arm");
		assert_string_equal(facts.parts[0].name, "bin/sh");
		assert_int_equal(facts.parts[0].size, 70001);
		assert_string_equal(facts.parts[1].name, "etc/motd");
		assert_int_equal(facts.whole, IMAGE_UNKNOWN);
		assert_int_equal(facts.declared_size, image->size);
		assert_cut_is_told(image);
		image->data[30 + 70001 / 2] ^= 1;	/* nothing covers the contents */
		assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
		image->data[26 + 4 + 26 + 8 + 70002] ^= 1;	/* the header of the third member */
		assert_int_equal(inspect(image).whole, IMAGE_NO);
	}
}

static void two_bytes_that_look_like_the_mark_are_no_archive(void **state)
{
	struct buffer *image = *state;

	add_le(image, 070707, 2);
	fill(image, 0x41, 4096);
	assert_string_not_equal(inspect(image).format, "cpio");
	image->size = 20;
	assert_string_not_equal(inspect(image).format, "cpio");
}

static void what_follows_an_archive_as_the_kernel_reads_it_belongs_to_it(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;
	size_t first;

	add_member(image, LITTLE, "microcode", 0100644, BYTES("what is not for this processor alone"));
	add_member(image, LITTLE, "TRAILER!!!", 0, (struct bytes){ (const uint8_t *)"", 0 });
	fill(image, 0, 512);
	first = image->size;
	make_binary(image, LITTLE);
	facts = inspect(image);
	assert_string_equal(facts.arch, "arm");
	assert_string_equal(facts.parts[1].name, "next archive");
	assert_int_equal(facts.parts[1].offset, first);
	assert_int_equal(facts.declared_size, image->size);
	image->size -= 100;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	/* anything else does not */
	image->size = first;
	fill(image, 0x42, 2 * first);
	assert_int_equal(inspect(image).declared_size, first - 512 + 26 + 10 + 36 + 26 + 12);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(archives_with_binary_numbers_are_read_in_both_byte_orders),
		TEST(two_bytes_that_look_like_the_mark_are_no_archive),
		TEST(what_follows_an_archive_as_the_kernel_reads_it_belongs_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
