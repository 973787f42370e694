/* Kernels, EFI programs and Android images, made here byte by byte. */
#include "tests/unit/image_media.h"

static void add_tree(struct buffer *to)
{
	static const char strings[] = "compatible\0model";

	add_be(to, 0xd00dfeed, 4);
	add_be(to, 56 + 60 + sizeof(strings), 4);
	add_be(to, 56, 4);
	add_be(to, 56 + 60, 4);
	add_be(to, 40, 4);
	add_be(to, 17, 4);
	add_be(to, 16, 4);
	add_be(to, 0, 4);
	add_be(to, sizeof(strings), 4);
	add_be(to, 60, 4);
	fill(to, 0, to->size + 16);
	add_be(to, 1, 4);
	add_be(to, 0, 4);
	add_be(to, 3, 4);
	add_be(to, 10, 4);
	add_be(to, 0, 4);
	add_field(to, "acme,cam1", 12);
	add_be(to, 3, 4);
	add_be(to, 5, 4);
	add_be(to, 11, 4);
	add_field(to, "Acme", 8);
	add_be(to, 2, 4);
	add_be(to, 9, 4);
	add(to, strings, sizeof(strings));
}

static void add_zimage(struct buffer *to, bool is_big, uint32_t size)
{
	void (*word)(struct buffer *, uint64_t, unsigned) = is_big ? add_be : add_le;

	fill(to, 0xe1, 0x24);
	word(to, 0x016f2818, 4);
	word(to, 0, 4);
	word(to, size, 4);
	word(to, 0x04030201, 4);
	fill(to, 0xe1, size);
}

static void a_zimage_has_its_size_in_both_byte_orders(void **state)
{
	for (int big = 0; big < 2; big++) {
		buffer_clear(*state);
		add_zimage(*state, big, 512);
		assert_string_equal(inspect(*state).format, "zimage");
		assert_string_equal(inspect(*state).arch, "arm");
		assert_int_equal(inspect(*state).declared_size, 512);
		assert_cut_is_told(*state);
	}
}

static void device_trees_behind_a_kernel_name_its_boards(void **state)
{
	struct image_facts facts;

	add_zimage(*state, false, 512);
	add_tree(*state);
	add_tree(*state);
	facts = inspect(*state);
	assert_string_equal(facts.boards[0], "acme,cam1");
	assert_int_equal(facts.part_count, 2);
	assert_int_equal(facts.declared_size, ((struct buffer *)*state)->size);
}

static void a_program_without_container_is_known_by_the_device_tree_at_its_end(void **state)
{
	struct image_facts facts;

	fill(*state, 0x12, 1024);
	add_tree(*state);
	facts = inspect(*state);
	assert_string_equal(facts.format, "unknown");
	assert_string_equal(facts.boards[0], "acme,cam1");
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
}

static void a_riscv_image_says_its_width(void **state)
{
	struct buffer *image = *state;

	fill(image, 0, 0x30);
	add(image, "RISCV\0\0\0RSC\x05", 12);
	fill(image, 0, 0x100);
	image->data[0x0a] = 0x20;	/* text at 2 MiB */
	assert_string_equal(inspect(image).format, "riscv-image");
	assert_string_equal(inspect(image).arch, "riscv64");
	image->data[0x0a] = 0x40;
	assert_string_equal(inspect(image).arch, "riscv");
}

static void add_bzimage(struct buffer *to)
{
	uint32_t crc;

	fill(to, 0x90, 0x1f1);
	add_le(to, 1, 1);
	fill(to, 0, 0x1f4);
	add_le(to, 1024 / 16, 4);
	fill(to, 0, 0x1fe);
	add_le(to, 0xaa55, 2);
	fill(to, 0, 0x202);
	add_text(to, "HdrS");
	add_le(to, 0x20f, 2);
	fill(to, 0, 0x20e);
	add_le(to, 0x300 - 0x200, 2);
	fill(to, 0, 0x236);
	add_le(to, 1, 2);
	fill(to, 0, 0x300);
	add_text(to, "6.1.0-13-amd64 (build) #1");
	fill(to, 0, 2 * 512);
	fill(to, 0x33, 2 * 512 + 1024 - 4);
	/* what makes the CRC of all of it 0 is the CRC before, without the inversion at its end */
	crc = ~crc32_update(0, buffer_bytes(to));
	add_le(to, crc, 4);
}

static void a_bzimage_with_its_checksum_is_whole(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_bzimage(image);
	facts = inspect(image);
	assert_string_equal(facts.format, "bzimage");
	assert_string_equal(facts.arch, "x86_64");
	assert_string_equal(facts.version, "6.1.0-13-amd64");
	assert_int_equal(facts.whole, IMAGE_YES);
	image->data[1500] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);	/* a signed one looks like that */
	image->data[1500] ^= 1;
	image->size -= 20;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void an_s390_kernel_is_told(void **state)
{
	fill(*state, 0x11, 0x10008);
	add_text(*state, "S390EP");
	assert_string_equal(inspect(*state).arch, "s390");
}

static void add_pe(struct buffer *to, uint16_t machine, uint16_t subsystem)
{
	add_text(to, "MZ");
	fill(to, 0, 0x3c);
	add_le(to, 0x40, 4);
	add(to, "PE\0\0", 4);
	add_le(to, machine, 2);
	add_le(to, 1, 2);
	fill(to, 0, 0x40 + 20);
	add_le(to, 112 + 16 * 8, 2);
	add_le(to, 0, 2);
	add_le(to, 0x20b, 2);
	fill(to, 0, 0x58 + 68);
	add_le(to, subsystem, 2);
	fill(to, 0, 0x58 + 108);
	add_le(to, 16, 4);
	fill(to, 0, 0x58 + 112 + 16 * 8);
	add_field(to, ".text", 8);
	add_le(to, 0, 8);
	add_le(to, 256, 4);
	add_le(to, 512, 4);
	fill(to, 0, 512);
	fill(to, 0xcc, 768);
}

static void a_uefi_program_says_its_processor_and_size(void **state)
{
	add_pe(*state, 0xaa64, 10);
	assert_string_equal(inspect(*state).format, "pe-efi");
	assert_string_equal(inspect(*state).arch, "arm64");
	assert_int_equal(inspect(*state).declared_size, 768);
	assert_cut_is_told(*state);
	buffer_clear(*state);
	add_pe(*state, 0x14c, 2);
	assert_string_equal(inspect(*state).format, "pe");
	assert_non_null(strstr(inspect(*state).warning, "Windows"));
}

static void a_uefi_program_without_its_table_of_sections_is_cut_off(void **state)
{
	struct buffer *image = *state;

	add_pe(image, 0x8664, 10);
	image->size = 0x58 + 112 + 16 * 8 + 20;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

/* Secure Boot: the EFI stub's header says where the signature lies. */
static void a_signed_bzimage_needs_its_signature(void **state)
{
	struct buffer *image = *state;

	add_bzimage(image);
	put(image, 0, "MZ", 2);
	put_le32(image, 0x3c, 0x40);
	put(image, 0x40, "PE\0\0", 4);
	put_le16(image, 0x40 + 6, 0);
	put_le16(image, 0x58, 0x20b);
	put_le32(image, 0x58 + 108, 6);
	put_le32(image, 0x58 + 112 + 4 * 8, 2048);
	put_le32(image, 0x58 + 112 + 4 * 8 + 4, 1000);
	fill(image, 0x77, 3048);
	assert_string_equal(inspect(image).format, "bzimage");
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	assert_int_equal(inspect(image).declared_size, 3048);
	image->size -= 512;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void a_pe_checksum_that_matches_makes_it_whole(void **state)
{
	struct buffer *image = *state;
	uint32_t sum = 0;

	add_pe(image, 0x8664, 10);
	for (size_t i = 0; i < image->size; i += 2) {
		sum += (uint32_t)(image->data[i] | image->data[i + 1] << 8);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	put_le32(image, 0x58 + 64, sum + (uint32_t)image->size);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	image->data[600] ^= 4;
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	assert_int_equal(inspect(image).problem_count, 1);
}

/* --- Android --- */

static void add_boot(struct buffer *to, uint32_t version)
{
	uint8_t digest[IMAGE_DIGEST_SIZE];
	struct buffer hashed;

	buffer_init(&hashed, 100000);
	add_text(to, "ANDROID!");
	add_le(to, 11, 4);
	add_le(to, 0x8000, 4);
	add_le(to, 12, 4);
	add_le(to, 0, 4);
	add_le(to, 0, 12);
	add_le(to, 2048, 4);
	add_le(to, version, 4);
	add_le(to, 10u << 25 | (2020u - 2000) << 4 | 6, 4);
	add_field(to, "cam", 16);
	fill(to, 0, 1632);
	fill(to, 0, 2048);
	add_text(to, "kernel data");
	fill(to, 0, 4096);
	add_text(to, "ramdisk data");
	fill(to, 0, 6144);
	add(&hashed, "kernel data\13\0\0\0ramdisk data\14\0\0\0\0\0\0\0", 35);
	if (version >= 1)
		add_le(&hashed, 0, 4);
	if (version >= 2)
		add_le(&hashed, 0, 4);
	assert_int_equal(image_file_ops()->digest(NULL, "sha1", buffer_bytes(&hashed), digest), 20);
	memcpy(to->data + 576, digest, 20);
	buffer_done(&hashed);
}

static void an_android_boot_image_is_checked_by_its_id(void **state)
{
	for (uint32_t version = 0; version <= 2; version++) {
		struct buffer *image = *state;
		struct image_facts facts;

		buffer_clear(image);
		add_boot(image, version);
		facts = inspect(image);
		assert_string_equal(facts.format, "android-boot");
		assert_string_equal(facts.version, "os 10.0.0, patch 2020-06");
		assert_string_equal(facts.name, "cam");
		assert_int_equal(facts.part_count, 2);
		assert_int_equal(facts.whole, IMAGE_YES);
		image->data[2050] ^= 1;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
		image->data[2050] ^= 1;
		image->data[16] += 1;	/* the ramdisk's size */
		assert_int_equal(inspect(image).whole, IMAGE_NO);
		image->data[16] -= 1;
		image->size = 4096 + 5;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
	}
}

static void the_place_of_a_recovery_dtbo_must_be_where_it_is(void **state)
{
	struct buffer *image = *state, hashed;
	uint8_t digest[IMAGE_DIGEST_SIZE];

	add_boot(image, 1);
	add_text(image, "tree");
	fill(image, 0, 8192);
	image->data[1632] = 4;
	image->data[1637] = 6144 >> 8;
	buffer_init(&hashed, 100000);
	add(&hashed, "kernel data\13\0\0\0ramdisk data\14\0\0\0\0\0\0\0tree\4\0\0\0", 43);
	assert_int_equal(image_file_ops()->digest(NULL, "sha1", buffer_bytes(&hashed), digest), 20);
	memcpy(image->data + 576, digest, 20);
	buffer_done(&hashed);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	image->data[1637] += 8;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void a_boot_image_without_id_is_not_called_whole(void **state)
{
	struct buffer *image = *state;

	add_boot(image, 0);
	memset(image->data + 576, 0, 32);
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	buffer_clear(image);
	add_text(image, "ANDROID!");	/* version 4: sizes only */
	add_le(image, 100, 4);
	add_le(image, 50, 4);
	add_le(image, 13u << 25 | (2023u - 2000) << 4 | 1, 4);
	add_le(image, 1584, 4);
	fill(image, 0, 40);
	add_le(image, 4, 4);
	fill(image, 0, 3 * 4096);
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	assert_string_equal(inspect(image).version, "os 13.0.0, patch 2023-01");
	image->size = 2 * 4096 + 20;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void add_sparse(struct buffer *to, bool has_crc)
{
	struct buffer expanded;

	buffer_init(&expanded, 100000);
	add_le(to, 0xed26ff3a, 4);
	add_le(to, 1, 2);
	add_le(to, 0, 2);
	add_le(to, 28, 2);
	add_le(to, 12, 2);
	add_le(to, 512, 4);
	add_le(to, 4, 4);
	add_le(to, has_crc ? 4 : 3, 4);
	add_le(to, 0, 4);
	add_le(to, 0xcac1, 4);
	add_le(to, 1, 4);
	add_le(to, 12 + 512, 4);
	fill(to, 0x5a, to->size + 512);
	add_le(to, 0xcac2, 4);
	add_le(to, 2, 4);
	add_le(to, 16, 4);
	add_le(to, 0x04030201, 4);
	add_le(to, 0xcac3, 4);
	add_le(to, 1, 4);
	add_le(to, 12, 4);
	fill(&expanded, 0x5a, 512);
	while (expanded.size < 3 * 512)
		add(&expanded, "\1\2\3\4", 4);
	fill(&expanded, 0, 4 * 512);
	if (has_crc) {
		add_le(to, 0xcac4, 4);
		add_le(to, 0, 4);
		add_le(to, 16, 4);
		add_le(to, crc32_update(0, buffer_bytes(&expanded)), 4);
	}
	buffer_done(&expanded);
}

static void a_sparse_image_is_whole_only_with_its_checksum(void **state)
{
	struct buffer *image = *state;

	add_sparse(image, false);
	assert_string_equal(inspect(image).format, "android-sparse");
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	assert_cut_is_told(image);
	image->data[16] = 5;	/* blocks */
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	buffer_clear(image);
	add_sparse(image, true);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	assert_string_equal(inspect(image).arch, "");
	image->data[100] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->data[100] ^= 1;
	put_le32(image, 16, UINT32_MAX);	/* expands to more than anybody would sum */
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void a_program_at_a_block_of_a_sparse_image_tells_its_processor(void **state)
{
	struct buffer *image = *state;

	add_sparse(image, false);
	memcpy(image->data + 40, "\x7f" "ELF\1\1\1", 7);
	memset(image->data + 47, 0, 57);
	image->data[40 + 16] = 2;
	image->data[40 + 18] = 40;
	assert_string_equal(inspect(image).arch, "arm");
}

/* An image behind which lie vbmeta with a hash descriptor, and the footer. */
static void add_avb(struct buffer *to)
{
	static const char image[] = "\x91\x92 bytes of a partition \x01";
	size_t size = sizeof(image) - 1, meta, auxiliary = 192 + 64;
	uint8_t digest[IMAGE_DIGEST_SIZE];
	struct buffer hashed;

	buffer_init(&hashed, 1000);
	add_text(&hashed, "salt");
	add_text(&hashed, image);
	assert_int_equal(image_file_ops()->digest(NULL, "sha256", buffer_bytes(&hashed), digest), 32);
	buffer_done(&hashed);
	add_text(to, image);
	fill(to, 0, 64);
	meta = to->size;
	add(to, "AVB0\0\0\0\1\0\0\0\0", 12);
	add_be(to, 0, 8);
	add_be(to, auxiliary, 8);
	fill(to, 0, meta + 104);
	add_be(to, auxiliary, 8);
	fill(to, 0, meta + 256);
	add_be(to, 2, 8);
	add_be(to, auxiliary - 16, 8);
	add_be(to, size, 8);
	add_field(to, "sha256", 32);
	add_be(to, 4, 4);
	add_be(to, 4, 4);
	add_be(to, 32, 4);
	fill(to, 0, meta + 256 + 132);
	add_text(to, "bootsalt");
	add(to, digest, 32);
	fill(to, 0, meta + 256 + auxiliary);
	add(to, "AVBf\0\0\0\1\0\0\0\0", 12);
	add_be(to, size, 8);
	add_be(to, meta, 8);
	add_be(to, 256 + auxiliary, 8);
	fill(to, 0, to->size + 28);
}

static void the_verified_boot_footer_covers_the_image_before_it(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_avb(image);
	facts = inspect(image);
	assert_string_equal(facts.format, "avb-footer");
	assert_int_equal(facts.whole, IMAGE_YES);
	image->data[5] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->data[5] ^= 1;
	image->data[64] = 'X';	/* what the footer points to */
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_zimage_has_its_size_in_both_byte_orders),
		TEST(device_trees_behind_a_kernel_name_its_boards),
		TEST(a_program_without_container_is_known_by_the_device_tree_at_its_end),
		TEST(a_riscv_image_says_its_width),
		TEST(a_bzimage_with_its_checksum_is_whole),
		TEST(an_s390_kernel_is_told),
		TEST(a_uefi_program_says_its_processor_and_size),
		TEST(a_uefi_program_without_its_table_of_sections_is_cut_off),
		TEST(a_signed_bzimage_needs_its_signature),
		TEST(a_pe_checksum_that_matches_makes_it_whole),
		TEST(an_android_boot_image_is_checked_by_its_id),
		TEST(the_place_of_a_recovery_dtbo_must_be_where_it_is),
		TEST(a_boot_image_without_id_is_not_called_whole),
		TEST(a_sparse_image_is_whole_only_with_its_checksum),
		TEST(a_program_at_a_block_of_a_sparse_image_tells_its_processor),
		TEST(the_verified_boot_footer_covers_the_image_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
