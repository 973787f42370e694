/* EROFS, made here byte by byte, and a packed program in it. */
#include <lzma.h>

#include "src/media/image_file.h"
#include "tests/unit/image_sample.h"

enum { ARM = 40 };

static void put_erofs_inode(struct buffer *to, size_t at, unsigned layout, uint32_t size, uint32_t block)
{
	put_le16(to, at, (uint16_t)(layout << 1));
	put_le32(to, at + 8, size);
	put_le32(to, at + 16, block);
}

static void put_erofs_entry(struct buffer *to, size_t at, unsigned number, unsigned name, unsigned type)
{
	put_le32(to, at, number);
	put_le16(to, at + 8, (uint16_t)name);
	put_le16(to, at + 10, (uint16_t)type);
}

/* Block 0: superblock, then from 2048 on inode 64, the root with its entries behind it, and inode 72, a program; block 1: the program. */
static void make_erofs(struct buffer *to)
{
	fill(to, 0, 8192);
	put_le32(to, 1024, 0xe0f5e1e2);
	put_le32(to, 1032, 1);
	to->data[1036] = 12;
	put_le16(to, 1024 + 14, 64);
	put_le32(to, 1060, 2);
	put_erofs_inode(to, 2048, 2, 44, 0);
	put_erofs_entry(to, 2080, 64, 36, 2);
	put_erofs_entry(to, 2092, 64, 37, 2);
	put_erofs_entry(to, 2104, 72, 39, 1);
	put(to, 2116, "...init", 7);
	put_erofs_inode(to, 2304, 0, 4096, 1);
	to->size = 4096;
	add_elf(to, ARM, 4096);
	put_le32(to, 1028, image_crc32c(bytes_of(to->data + 1024, 4096 - 1024)));
}

static void an_erofs_is_told_and_holds_what_all_must_hold(void **state)
{
	static const struct sample sample = { "EROFS", make_erofs, "erofs", "arm", IMAGE_UNKNOWN, 0, 0, true };

	(void)state;
	check_sample(&sample);
}

/* The program packed into the end of its block, with zeros in front; a compact index behind its inode. */
static void put_packed(struct buffer *file, struct bytes packed)
{
	memset(file->data + 4096, 0, 4096);
	put_erofs_inode(file, 2304, 3, 4096, 1);
	put_le16(file, 2344, 1 << 12);		/* behind eight bytes of a header: the kind, */
	put_le32(file, 2348, 0);		/* and the block before the first one */
	put(file, 8192 - packed.size, packed.data, packed.size);
	put_le32(file, 1024 + 80, 1);
}

static void sum_up(struct buffer *file)
{
	put_le32(file, 1028, 0);
	put_le32(file, 1028, image_crc32c(bytes_of(file->data + 1024, 4096 - 1024)));
}

static void pack_by_lz4(struct buffer *file)
{
	uint8_t packed[66] = "\xf0\x31";	/* 64 bytes as they are */

	memcpy(packed + 2, file->data + 4096, 64);
	put_packed(file, bytes_of(packed, sizeof(packed)));
	sum_up(file);
}

static void a_packed_program_tells_the_processor_of_an_erofs(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_erofs, pack_by_lz4);
	assert_string_equal(facts.arch, "arm");
	assert_string_equal(facts.compression, "lz4");
	assert_int_equal(facts.problem_count, 0);
}

/* As mkfs.erofs does: by liblzma's encoder for EROFS, as much of the file as fits. HAS_ALGORITHMS, and LZMA as the second bit of them. */
static void pack_by_lzma(struct buffer *file)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_options_lzma options;
	uint8_t packed[4096];

	assert_false(lzma_lzma_preset(&options, 6));
	options.dict_size = 64 * 1024;
	assert_int_equal(lzma_microlzma_encoder(&stream, &options), LZMA_OK);
	stream.next_in = file->data + 4096;
	stream.avail_in = 4096;
	stream.next_out = packed;
	stream.avail_out = sizeof(packed);
	assert_int_equal(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
	lzma_end(&stream);
	put_packed(file, bytes_of(packed, sizeof(packed) - stream.avail_out));
	file->data[2304 + 32 + 6] = 1;		/* of the header behind the inode: its algorithm */
	put_le32(file, 1024 + 80, 1 | 2);
	put_le16(file, 1024 + 84, 1 << 1);
	sum_up(file);
}

static void pack_badly(struct buffer *file)
{
	pack_by_lzma(file);
	memset(file->data + 8192 - 40, 0x5a, 40);
}

static struct image_facts unpack_and_inspect(void (*spoil)(struct buffer *file))
{
	struct image_facts facts;
	struct buffer file;

	buffer_init(&file, 64 * 1024);
	make_erofs(&file);
	spoil(&file);
	image_inspect(bytes_of(file.data, file.size), file.size, image_file_ops(), &facts);
	buffer_done(&file);
	return facts;
}

static void a_program_packed_by_lzma_tells_the_processor_too(void **state)
{
	struct image_facts facts = unpack_and_inspect(pack_by_lzma);

	(void)state;
	assert_string_equal(facts.arch, "arm");
	assert_string_equal(facts.compression, "lzma");
	assert_int_equal(facts.problem_count, 0);
}

/* The bytes behind the superblock's block are covered by nothing. */
static void what_is_damaged_in_it_tells_nothing(void **state)
{
	struct image_facts facts = unpack_and_inspect(pack_badly);

	(void)state;
	assert_string_equal(facts.format, "erofs");
	assert_string_equal(facts.arch, "");
}

static void turn_root(struct buffer *file)
{
	file->data[1024 + 14] ^= 1;
}

static void an_erofs_with_a_damaged_superblock_is_damaged(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_erofs, turn_root);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_non_null(strstr(image_problem_text(&facts), "superblock"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_erofs_is_told_and_holds_what_all_must_hold),
		cmocka_unit_test(a_packed_program_tells_the_processor_of_an_erofs),
		cmocka_unit_test(a_program_packed_by_lzma_tells_the_processor_too),
		cmocka_unit_test(what_is_damaged_in_it_tells_nothing),
		cmocka_unit_test(an_erofs_with_a_damaged_superblock_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
