/* The image inspector on images made here, byte by byte: U-Boot images, flash images, archives, processors. */
#include "tests/unit/image_bytes.h"

enum { BLOCK = 64 * 1024 };

/* By the pure parser alone: nothing is unpacked, no digest is computed. */
static struct image_facts inspect(const struct buffer *of)
{
	return inspect_bytes(NULL, of, of->size, of->size);
}

static void add_uimage(struct buffer *to, uint8_t arch, uint8_t type, const char *name, struct bytes data)
{
	uint8_t header[64] = { 0x27, 0x05, 0x19, 0x56 };

	store_be32(header + 12, (uint32_t)data.size);
	store_be32(header + 24, crc32_update(0, data));
	header[28] = 5;
	header[29] = arch;
	header[30] = type;
	memcpy(header + 32, name, strnlen(name, 32));	/* mkimage cuts what is longer */
	store_be32(header + 4, crc32_update(0, bytes_of(header, 64)));
	add(to, header, 64);
	add(to, data.data, data.size);
}

static void add_squashfs(struct buffer *to, uint8_t size)
{
	uint8_t block[256] = { 'h', 's', 'q', 's' };

	block[14] = 2;		/* block size 128 KiB */
	block[20] = 4;		/* xz */
	block[22] = 17;
	block[26] = 1;		/* one id */
	block[28] = 4;
	block[40] = size;
	block[48] = (uint8_t)(size - 8);
	block[64] = 100;	/* inode, directory and id tables: metadata of 16 bytes each */
	block[72] = 120;
	block[100] = block[120] = block[140] = 16;
	block[size - 8] = 140;
	add(to, block, size);
}

static void an_empty_file_is_no_image(void **state)
{
	struct image_facts facts = inspect(*state);

	assert_string_equal(facts.format, "empty");
	assert_int_equal(facts.whole, IMAGE_NO);
}

static void erased_flash_is_no_image(void **state)
{
	struct image_facts facts;

	fill(*state, 0xff, 5000);
	facts = inspect(*state);
	assert_string_equal(facts.format, "erased");
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_non_null(strstr(facts.problems[0].what, "0xff"));
	image_inspect(buffer_bytes(*state), 1000000, NULL, &facts);	/* only the head is known */
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	fill(*state, 0x00, 5001);
	assert_string_equal(inspect(*state).format, "unknown");
}

static void an_error_page_is_no_image_whatever_its_name(void **state)
{
	static const char *const pages[] = {
		"<!DOCTYPE html>\n<html><head><title>404 Not Found</title>", "\xef\xbb\xbf\r\n <HTML>x", "<?xml version=\"1.0\"?><Error>x",
		"{\"error\":\"not found\"}", "404 page not found", "Access Denied",
	};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct image_facts facts;

		buffer_clear(*state);
		assert_int_equal(buffer_append_text(*state, pages[i]), STATUS_OK);
		facts = inspect(*state);
		if (facts.whole != IMAGE_NO || !(text_equal(facts.format, "html") || text_equal(facts.format, "text-error")))
			fail_msg("'%s' is %s", pages[i], facts.format);
		if (i == 0)
			assert_string_equal(facts.name, "404 Not Found");
	}
}

static void a_uimage_says_what_it_is_and_that_it_is_whole(void **state)
{
	struct image_facts facts;

	add_uimage(*state, 22, 2, "cam64 firmware 2.4.1", BYTES("\x5d kernel"));
	facts = inspect(*state);
	assert_string_equal(facts.format, "uimage");
	assert_string_equal(facts.title, "U-Boot image (kernel)");
	assert_string_equal(facts.arch, "arm64");
	assert_string_equal(facts.name, "cam64 firmware 2.4.1");
	assert_string_equal(facts.version, "2.4.1");
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_int_equal(facts.declared_size, 64 + 8);
	assert_string_equal(facts.problems[0].what, "");
}

static void every_changed_byte_of_a_uimage_is_damage(void **state)
{
	struct buffer *image = *state;

	add_uimage(image, 2, 2, "demo", BYTES("some kernel that is not compressed"));
	for (size_t i = 0; i < image->size; i++) {
		image->data[i] ^= 0x10;
		if (inspect(image).whole != IMAGE_NO)
			fail_msg("byte %zu", i);
		image->data[i] ^= 0x10;
	}
	assert_int_equal(inspect(image).whole, IMAGE_YES);
}

static void every_prefix_of_a_uimage_is_cut_off(void **state)
{
	struct buffer *image = *state;
	size_t whole;

	add_uimage(image, 2, 2, "demo", BYTES("some kernel that is not compressed"));
	whole = image->size;
	while (--image->size >= 4) {
		struct image_facts facts = inspect(image);

		assert_int_equal(facts.whole, IMAGE_NO);
		assert_non_null(strstr(facts.problems[0].what, "cut off"));
		assert_int_equal(facts.problems[0].offset, image->size);
	}
	image->size = whole;
}

static void the_head_of_a_uimage_alone_leaves_open_whether_it_is_whole(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_uimage(image, 2, 2, "demo", BYTES("some kernel that is not compressed"));
	image_inspect(bytes_of(image->data, 64), image->size, NULL, &facts);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_string_equal(facts.arch, "arm");
	image_inspect(bytes_of(image->data, 64), image->size - 1, NULL, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
}

static void a_multi_file_uimage_lists_its_members(void **state)
{
	struct buffer data;
	struct image_facts facts;

	buffer_init(&data, 4096);
	add_be(&data, 5, 4);
	add_be(&data, 12, 4);
	add_be(&data, 0, 4);
	add(&data, "\x1f\x8b\x08" "ab\0\0\0", 8);
	add(&data, "hsqs12345678", 12);
	add_uimage(*state, 2, 4, "multi", buffer_bytes(&data));
	facts = inspect(*state);
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_int_equal(facts.part_count, 2);
	assert_string_equal(facts.parts[0].format, "gzip");
	assert_int_equal(facts.parts[0].offset, 64 + 12);
	assert_int_equal(facts.parts[1].offset, 64 + 20);
	assert_string_equal(facts.parts[1].format, "squashfs");
	assert_int_equal(facts.parts[1].depth, 1);
	/* a table that claims more than there is, with checksums that match */
	store_be32(data.data, 4000);
	buffer_clear(*state);
	add_uimage(*state, 2, 4, "multi", buffer_bytes(&data));
	assert_int_equal(inspect(*state).whole, IMAGE_NO);
	buffer_done(&data);
}

static void a_kernel_for_another_processor_than_the_header_says_is_warned_of(void **state)
{
	uint8_t kernel[128] = { 0 };
	struct image_facts facts;

	memcpy(kernel + 0x38, "ARM\x64", 4);
	add_uimage(*state, 2, 2, "demo", bytes_of(kernel, sizeof(kernel)));
	facts = inspect(*state);
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_non_null(strstr(facts.warning, "arm64"));
}

/* What U-Boot is for is in its first instruction, for its build writes "arm" in either case. */
static void the_header_of_a_64_bit_u_boot_says_arm(void **state)
{
	struct buffer *image = *state;

	add_uimage(image, 2, 5, "U-Boot 2023.01 for evb_rk3399 board", BYTES("\x0a\0\0\x14\x1f\x20\x03\xd5"));
	assert_string_equal(inspect(image).arch, "arm");
	image->data[28] = 17;
	memset(image->data + 4, 0, 4);
	store_be32(image->data + 4, crc32_update(0, bytes_of(image->data, 64)));
	assert_string_equal(inspect(image).arch, "arm64");
	image->data[64 + 3] = 0xea;
	assert_string_equal(inspect(image).arch, "arm");
}

/* The header's word stands, whatever the payload looks like. */
static void a_processor_that_few_have_is_named_too(void **state)
{
	add_uimage(*state, 14, 2, "MicroBlaze", BYTES("some kernel that is not compressed"));
	assert_string_equal(inspect(*state).arch, "microblaze");
	assert_int_equal(image_arch_fits("microblaze", "mipsel"), IMAGE_NO);
}

static void a_squashfs_is_known_by_its_size_only(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_squashfs(image, 200);
	facts = inspect(image);
	assert_string_equal(facts.format, "squashfs");
	assert_string_equal(facts.compression, "xz");
	assert_int_equal(facts.declared_size, 200);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_string_equal(facts.problems[0].what, "");
	image->size = 199;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->size = 200;
	memset(image->data + 110, 0, 90);	/* a tail that was never written */
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void kernel_and_root_file_system_behind_each_other_are_a_flash_image(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_uimage(image, 2, 2, "router 1.2", BYTES("kernel"));
	fill(image, 0xff, 2 * BLOCK);
	add_squashfs(image, 200);
	fill(image, 0x00, 3 * BLOCK);
	facts = inspect(image);
	assert_true(facts.is_flash_image);
	assert_string_equal(facts.format, "uimage");
	assert_string_equal(facts.arch, "arm");
	assert_string_equal(facts.version, "1.2");
	assert_int_equal(facts.part_count, 3);
	assert_int_equal(facts.parts[1].depth, 2);	/* the kernel in its container */
	assert_int_equal(facts.parts[2].offset, 2 * BLOCK);
	assert_int_equal(facts.parts[2].size, 200);
	assert_int_equal(facts.parts[2].depth, 1);
	assert_int_equal(facts.parts[0].whole, IMAGE_YES);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	image->size = 2 * BLOCK + 150;
	facts = inspect(image);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_int_equal(facts.problems[0].offset, 2 * BLOCK + 150);
	assert_non_null(strstr(facts.problems[0].what, "squashfs"));
}

static void two_whole_parts_make_a_whole_flash_image(void **state)
{
	struct buffer *image = *state;

	add_uimage(image, 2, 2, "one", BYTES("kernel"));
	fill(image, 0xff, BLOCK);
	add_uimage(image, 2, 7, "two", BYTES("file system"));
	assert_true(inspect(image).is_flash_image);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	add(image, "something that nothing covers", 29);
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
}

static void damage_in_each_part_is_told_once(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_uimage(image, 2, 2, "one", BYTES("kernel"));
	fill(image, 0xff, BLOCK);
	add_uimage(image, 2, 7, "two", BYTES("file system"));
	image->data[64] ^= 1;
	facts = inspect(image);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_int_equal(facts.problem_count, 1);
	image->data[BLOCK + 64] ^= 1;
	facts = inspect(image);
	assert_int_equal(facts.problem_count, 2);
	assert_int_equal(facts.broken_count, 2);
	assert_int_equal(facts.problems[1].offset, BLOCK + 64);
}

static void parts_for_different_processors_are_warned_of(void **state)
{
	struct buffer *image = *state;

	add_uimage(image, 2, 2, "one", BYTES("kernel"));
	fill(image, 0xff, BLOCK);
	add_uimage(image, 22, 2, "two", BYTES("kernel"));
	assert_non_null(strstr(inspect(image).warning, "arm64"));
}

static void what_follows_unchecked_takes_the_assurance_away(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_uimage(image, 2, 2, "one", BYTES("kernel"));
	fill(image, 0x00, 256);
	assert_int_equal(inspect(image).whole, IMAGE_YES);	/* a little padding */
	image->size = 200;					/* that ends nowhere */
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	assert_non_null(strstr(inspect(image).problems[0].what, "middle of a block"));
	add(image, "something", 9);
	facts = inspect(image);
	assert_string_equal(facts.format, "uimage");
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_non_null(strstr(facts.problems[0].what, "follow"));
	image->size = 200;
	fill(image, 0x00, BLOCK);	/* to an erase block: a root file system may have followed */
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
}

/* --- kernels, ELF, archives --- */

static void raw_kernels_are_told_by_their_magic(void **state)
{
	struct buffer *image = *state;
	uint8_t zimage[0x100] = { 0 }, arm64[0x100] = { 0 };

	memcpy(zimage + 0x24, "\x18\x28\x6f\x01", 4);
	zimage[0x2d] = 1;	/* ends at 0x100 */
	add(image, zimage, sizeof(zimage));
	assert_string_equal(inspect(image).format, "zimage");
	assert_string_equal(inspect(image).arch, "arm");
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	image->size--;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	buffer_clear(image);
	memcpy(arm64 + 0x38, "ARM\x64", 4);
	add(image, arm64, sizeof(arm64));
	assert_string_equal(inspect(image).format, "arm64-image");
	assert_string_equal(inspect(image).arch, "arm64");
}

static void an_elf_file_says_its_processor_and_byte_order(void **state)
{
	struct buffer *image = *state;
	uint8_t header[64] = { 0x7f, 'E', 'L', 'F', 1, 1, 1 };

	header[18] = 8;
	add(image, header, sizeof(header));
	assert_string_equal(inspect(image).arch, "mipsel");
	image->data[5] = 2;
	image->data[18] = 0;
	image->data[19] = 8;
	assert_string_equal(inspect(image).arch, "mips");
	image->data[32] = 0x7f;	/* section headers far away */
	image->data[47] = 40;
	image->data[49] = 3;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void add_stored_zip(struct buffer *image)
{
	static const char zip[] =
		"PK\3\4\12\0\0\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0\3\0\0\0\1\0\0\0" "f" "abc"
		"PK\1\2\12\0\12\0\0\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0\3\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "f"
		"PK\5\6\0\0\0\0\1\0\1\0\57\0\0\0\42\0\0\0\0\0";
	uint32_t crc = crc32_update(0, BYTES("abc"));

	add(image, zip, sizeof(zip) - 1);
	for (int i = 0; i < 4; i++)
		image->data[14 + i] = image->data[34 + 16 + i] = (uint8_t)(crc >> 8 * i);
}

static void a_zip_of_stored_members_is_checked_by_their_sums(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;
	uint8_t twice[256];

	add_stored_zip(image);
	facts = inspect(image);
	assert_string_equal(facts.format, "zip");
	assert_string_equal(facts.parts[0].name, "f");
	assert_int_equal(facts.whole, IMAGE_YES);
	image->data[31] = 'X';
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->data[31] = 'a';
	image->size -= 30;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	/* two of them: the second one's directory does not count from the start of the first */
	image->size += 30;
	assert_true(image->size <= sizeof(twice));
	memcpy(twice, image->data, image->size);
	add(image, twice, image->size);
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void a_zip_whose_headers_contradict_each_other_is_not_called_whole(void **state)
{
	struct buffer *image = *state;

	add_stored_zip(image);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	image->data[14] ^= 1;	/* of the member's own header: its checksum */
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
}

static void a_gzip_file_names_its_content_but_cannot_be_checked(void **state)
{
	struct image_facts facts;

	add(*state, "\x1f\x8b\x08\x08\0\0\0\0\0\3fw-1.2.bin\0packed stuff", 33);
	facts = inspect(*state);
	assert_string_equal(facts.format, "gzip");
	assert_string_equal(facts.name, "fw-1.2.bin");
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
}

static void processors_are_compared_across_both_vocabularies(void **state)
{
	static const struct { const char *image, *device; enum image_answer answer; } pairs[] = {
		{ "arm", "armv7", IMAGE_YES }, { "arm64", "aarch64", IMAGE_YES }, { "arm", "aarch64", IMAGE_NO },
		{ "arm64", "armv7", IMAGE_NO }, { "mipsel", "mipsel", IMAGE_YES }, { "mips", "mipsel", IMAGE_UNKNOWN },
		{ "mipsel", "mipseb", IMAGE_NO }, { "mips", "arm", IMAGE_NO }, { "", "armv7", IMAGE_UNKNOWN },
		{ "arm", NULL, IMAGE_UNKNOWN }, { "arm", "z80", IMAGE_UNKNOWN }, { "x86", "x86_64", IMAGE_UNKNOWN },
		{ "mipsel", "MIPSel_24kc", IMAGE_YES }, { "arm", "aarch64_cortex-a53", IMAGE_NO }, { "x86_64", "x86_64", IMAGE_YES },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (image_arch_fits(pairs[i].image, pairs[i].device) != pairs[i].answer)
			fail_msg("%s on %s", pairs[i].image, pairs[i].device ? pairs[i].device : "?");
}

static void each_processor_in_the_list_is_known_and_nonsense_is_not(void **state)
{
	char list[256], word[32];
	size_t length, words = 0;

	(void)state;
	image_arch_list(list, sizeof(list));
	assert_true(strlen(list) < sizeof(list) - 1);
	for (const char *at = list; *at; at += length + (at[length] != '\0'), words++) {
		length = strcspn(at, " ");
		text_format(word, sizeof(word), "%.*s", (int)length, at);
		assert_true(image_arch_is_known(word));
	}
	assert_true(words > 20);
	assert_false(image_arch_is_known("nonsense"));
	assert_false(image_arch_is_known(""));
	assert_false(image_arch_is_known("_arm"));
	assert_false(image_arch_is_known(NULL));
}

/* Code as compilers make it, between other words. */
static void program_text_without_a_header_shows_its_processor(void **state)
{
	static const struct { const char *arch; bool is_big; uint32_t begin, end; } codes[] = {
		{ "arm", false, 0xe92d4010, 0xe8bd8010 }, { "arm64", false, 0xa9be7bfd, 0xd65f03c0 }, { "mips", true, 0x27bdffe8, 0x03e00008 },
		{ "mipsel", false, 0x27bdffe8, 0x03e00008 }, { "ppc", true, 0x7c0802a6, 0x4e800020 }, { "riscv", false, 0xff010113, 0x00008067 },
		{ "or1k", true, 0x9c21fff0, 0x44004800 },
	};
	uint32_t seed = 7;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct image_facts facts;

		buffer_clear(*state);
		for (unsigned word = 0; word < 4096; word++) {
			uint32_t value = word % 40 == 0 ? codes[i].begin : word % 40 == 30 ? codes[i].end : (seed = seed * 1664525 + 1013904223);
			uint8_t bytes[4];

			store_be32(bytes, codes[i].is_big ? value : __builtin_bswap32(value));
			add(*state, bytes, 4);
		}
		facts = inspect(*state);
		assert_string_equal(facts.arch, codes[i].arch);
		assert_true(facts.is_arch_guessed);
		assert_string_equal(facts.format, "unknown");
		assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	}
	buffer_clear(*state);
	for (unsigned word = 0; word < 65536; word++) {
		seed = seed * 1664525 + 1013904223;
		add(*state, &seed, 4);
	}
	assert_string_equal(inspect(*state).arch, "");
}

/* "9q" and "yq" are instructions of RISC-V. */
static void text_shows_no_processor(void **state)
{
	buffer_clear(*state);
	for (unsigned i = 0; i < 1000; i++)
		add(*state, i % 2 ? "9qTmljZSB0cnkh0A" : "ZmlybXdhcmUsIHyq", 16);
	for (unsigned i = 0; i < 3000; i++)
		add(*state, i % 3 ? "9qyqab" : "yqba9q", 6);
	assert_string_equal(inspect(*state).arch, "");
}

static void starting_a_stream_and_slow_unpacking_use_up_more_of_what_is_left(void **state)
{
	uint64_t left = 1024 * 1024, started;

	(void)state;
	assert_int_equal(image_may_unpack(&left, "deflate"), left);
	image_count_unpacked(&left, "deflate", 0);
	started = 1024 * 1024 - left;
	assert_true(started > 0);
	image_count_unpacked(&left, "gzip", 1000);
	assert_int_equal(left, 1024 * 1024 - 2 * started - 1000);
	left = 1024 * 1024;
	assert_true(image_may_unpack(&left, "xz") < left);
	image_count_unpacked(&left, "xz", 1000);
	assert_int_equal(left, 1024 * 1024 - (started + 1000) * (1024 * 1024 / image_may_unpack(&(uint64_t){ 1024 * 1024 }, "xz")));
	image_count_unpacked(&left, "deflate", left);
	assert_int_equal(left, 0);
	image_count_unpacked(&left, "xz", 1);
	assert_int_equal(left, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_file_is_no_image),
		TEST(program_text_without_a_header_shows_its_processor),
		TEST(text_shows_no_processor),
		TEST(erased_flash_is_no_image),
		TEST(an_error_page_is_no_image_whatever_its_name),
		TEST(a_uimage_says_what_it_is_and_that_it_is_whole),
		TEST(every_changed_byte_of_a_uimage_is_damage),
		TEST(every_prefix_of_a_uimage_is_cut_off),
		TEST(the_head_of_a_uimage_alone_leaves_open_whether_it_is_whole),
		TEST(a_multi_file_uimage_lists_its_members),
		TEST(a_kernel_for_another_processor_than_the_header_says_is_warned_of),
		TEST(the_header_of_a_64_bit_u_boot_says_arm),
		TEST(a_processor_that_few_have_is_named_too),
		TEST(a_squashfs_is_known_by_its_size_only),
		TEST(kernel_and_root_file_system_behind_each_other_are_a_flash_image),
		TEST(two_whole_parts_make_a_whole_flash_image),
		TEST(damage_in_each_part_is_told_once),
		TEST(parts_for_different_processors_are_warned_of),
		TEST(what_follows_unchecked_takes_the_assurance_away),
		TEST(raw_kernels_are_told_by_their_magic),
		TEST(an_elf_file_says_its_processor_and_byte_order),
		TEST(a_zip_of_stored_members_is_checked_by_their_sums),
		TEST(a_zip_whose_headers_contradict_each_other_is_not_called_whole),
		TEST(a_gzip_file_names_its_content_but_cannot_be_checked),
		TEST(processors_are_compared_across_both_vocabularies),
		TEST(each_processor_in_the_list_is_known_and_nonsense_is_not),
		TEST(starting_a_stream_and_slow_unpacking_use_up_more_of_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
