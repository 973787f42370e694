/* File systems for the image inspector, made here byte by byte. */
#include "tests/unit/image_sample.h"

#include "recovery/image/block_codecs.h"
#include "recovery/image/programs.h"

enum { MIPS = 8, ARM = 40, SECTOR = 512 };

struct program {
	uint16_t machine, mode;
};

/* Nothing in it is packed: metadata and data are stored as they are, which bit 15 and bit 24 of their lengths say. */
static void make_squashfs_of(struct buffer *to, const struct program *programs, size_t count)
{
	enum { INODE = 36, PROGRAM = 2048 };

	add_text(to, "hsqs");
	fill(to, 0, 96);
	put_le32(to, 4, (uint32_t)count + 1);
	put_le32(to, 12, 131072);
	put_le16(to, 20, 1);
	put_le16(to, 22, 17);
	put_le16(to, 26, 1);
	put_le16(to, 28, 4);
	/* from 96 on: files, each of one stored block */
	for (size_t i = 0; i < count; i++)
		add_elf(to, programs[i].machine, PROGRAM);
	put_le32(to, 64, (uint32_t)to->size);
	put_le16(to, to->size, (uint16_t)(0x8000 | INODE * count));
	for (size_t i = 0; i < count; i++) {
		size_t at = to->size;

		fill(to, 0, at + INODE);
		put_le16(to, at, 2);		/* inode: a file */
		put_le16(to, at + 2, programs[i].mode);
		put_le32(to, at + 16, (uint32_t)(96 + PROGRAM * i));
		put_le32(to, at + 20, UINT32_MAX);
		put_le32(to, at + 28, PROGRAM);
		put_le32(to, at + 32, PROGRAM | 1 << 24);
	}
	put_le32(to, 72, (uint32_t)to->size);
	put_le16(to, to->size, 0x8000 | 4);
	fill(to, 0, to->size + 4);
	put_le16(to, to->size, 0x8000 | 4);	/* ids */
	fill(to, 0, to->size + 4);
	put_le32(to, 48, (uint32_t)to->size);
	put_le32(to, to->size, (uint32_t)to->size - 6);
	fill(to, 0, to->size + 4);
	put_le32(to, 40, (uint32_t)to->size);
}

static void make_squashfs(struct buffer *to)
{
	make_squashfs_of(to, &(struct program){ ARM, 0755 }, 1);
}

static void swap(struct buffer *in, size_t at, size_t size)
{
	for (size_t i = 0; i < size / 2; i++) {
		uint8_t byte = in->data[at + i];

		in->data[at + i] = in->data[at + size - 1 - i];
		in->data[at + size - 1 - i] = byte;
	}
}

/* The same, every number the other way round but the lengths of metadata blocks. */
static void make_big_squashfs(struct buffer *to)
{
	size_t inode, ids;

	make_squashfs(to);
	inode = load_le32(to->data + 64) + 2;
	ids = load_le32(to->data + 48);
	for (size_t at = 0; at < 20; at += 4)
		swap(to, at, 4);
	for (size_t at = 20; at < 32; at += 2)
		swap(to, at, 2);
	for (size_t at = 32; at < 96; at += 8)
		swap(to, at, 8);
	for (size_t at = 0; at < 8; at += 2)
		swap(to, inode + at, 2);
	for (size_t at = 8; at < 36; at += 4)
		swap(to, inode + at, 4);
	swap(to, ids, 8);
}

static void make_old_squashfs(struct buffer *to)
{
	add_text(to, "sqsh");
	fill(to, 0, 4096);
	to->data[29] = 3;
	to->data[31] = 1;
	to->data[35] = 16;
	put_be32(to, 51, 65536);
	put_be32(to, 67, 4096);			/* bytes used, 8 bytes from 63 */
	put_be32(to, 91, 2048);
	put_be32(to, 99, 2100);
	to->data[2049] = to->data[2101] = 16;
}

static uint32_t raw0(const uint8_t *data, size_t size)
{
	return image_crc32_raw0(bytes_of(data, size));
}

static void make_jffs2(struct buffer *to)
{
	uint8_t *node;

	put_be32(to, 0, 0x1985e002);
	fill(to, 0, 68);
	put_be32(to, 4, 68 + 2048);
	put_be32(to, 20, 0100755);
	put_be32(to, 48, 2048);
	put_be32(to, 52, 2048);
	add_elf(to, MIPS, 2048);
	to->data[68 + 5] = 2;			/* big-endian */
	to->data[68 + 16] = to->data[68 + 18] = 0;
	to->data[68 + 17] = 2;
	to->data[68 + 19] = MIPS;
	node = to->data;
	put_be32(to, 8, raw0(node, 8));
	put_be32(to, 60, raw0(node + 68, 2048));
	put_be32(to, 64, raw0(node, 60));
	fill(to, 0xff, 65536);
}

static void make_cramfs(struct buffer *to)
{
	put_le32(to, 0, 0x28cd3d45);
	put_le32(to, 4, 4096);
	put_le32(to, 8, 1);
	put(to, 16, "Compressed ROMFS", 16);
	fill(to, 0, 4096);
	memset(to->data + 200, 0x5a, 3000);
	put_le32(to, 32, crc32_update(0, buffer_bytes(to)));
}

static void make_romfs(struct buffer *to)
{
	uint32_t sum = 0;

	add_text(to, "-rom1fs-");
	fill(to, 0, 1024);
	put_be32(to, 8, 1024);
	put(to, 16, "rom", 3);
	put_be32(to, 32, 2);			/* a file, the last one */
	put(to, 48, "init", 4);
	to->size = 64;
	add_elf(to, ARM, 960);
	for (unsigned i = 0; i < 512; i += 4)
		sum += load_be32(to->data + i);
	put_be32(to, 12, (uint32_t)-sum);
}

static void make_littlefs(struct buffer *to)
{
	put(to, 8, "littlefs", 8);
	put_le32(to, 20, 0x00020001);
	put_le32(to, 24, 4096);
	put_le32(to, 28, 2);
	fill(to, 0xff, 8192);
}

static void make_ext4(struct buffer *to)
{
	fill(to, 0, 64 * 1024);
	put_le32(to, 1024, 16);			/* inodes */
	put_le32(to, 1024 + 4, 64);
	put_le32(to, 1024 + 32, 8192);
	put_le32(to, 1024 + 40, 16);
	put_le16(to, 1024 + 56, 0xef53);
	put_le32(to, 1024 + 76, 1);
	put_le16(to, 1024 + 88, 128);
	put_le32(to, 1024 + 96, 0x40);
	put_le32(to, 1024 + 100, 0x400);
	put(to, 1024 + 120, "root", 4);
	put_le32(to, 2048 + 8, 5);		/* the table of inodes */
	put_le16(to, 5 * 1024 + 128, 0x41ed);	/* the root folder */
	put_le16(to, 5 * 1024 + 256, 0x81ed);
	put_le32(to, 5 * 1024 + 256 + 4, 2048);
	put_le32(to, 5 * 1024 + 256 + 32, 0x80000);
	put_le16(to, 5 * 1024 + 256 + 40, 0xf30a);
	put_le16(to, 5 * 1024 + 256 + 42, 1);
	put_le32(to, 5 * 1024 + 256 + 40 + 20, 20);
	put(to, 20 * 1024, "\x7f" "ELF\1\1\1", 7);
	put_le16(to, 20 * 1024 + 16, 2);
	put_le16(to, 20 * 1024 + 18, ARM);
	put_le32(to, 1024 + 0x3fc, image_crc32c(bytes_of(to->data + 1024, 0x3fc)));
}

/* A Raspberry Pi's boot partition: one 64-bit kernel. */
static void make_fat(struct buffer *to)
{
	fill(to, 0, 64 * SECTOR);
	put(to, 0, "\xeb\x3c\x90MSDOS5.0", 11);
	put_le16(to, 11, SECTOR);
	to->data[13] = 1;
	put_le16(to, 14, 1);
	to->data[16] = 1;
	put_le16(to, 17, 16);
	put_le16(to, 19, 64);
	to->data[21] = 0xf8;
	put_le16(to, 22, 1);
	put_le16(to, 510, 0xaa55);
	put(to, SECTOR, "\xf8\xff\xff\xff\xff\xff", 6);		/* cluster 2 is the last of its file */
	put(to, 2 * SECTOR, "KERNEL8 IMG\x20", 12);
	put_le16(to, 2 * SECTOR + 26, 2);
	put_le32(to, 2 * SECTOR + 28, 256);
	put_le32(to, 3 * SECTOR + 16, 65536);
	put(to, 3 * SECTOR + 56, "ARM\x64", 4);
}

static void make_iso(struct buffer *to)
{
	put(to, 16 * 2048, "\1CD001\1", 7);
	put_le32(to, 16 * 2048 + 80, 20);
	put_be32(to, 16 * 2048 + 84, 20);
	put_le16(to, 16 * 2048 + 128, 2048);
	put_le16(to, 16 * 2048 + 130, 8);	/* 2048, big-endian */
	fill(to, 0, 20 * 2048);
}

/* --- UBI: two erase blocks of 16 KiB, a table of volumes and a static volume --- */

enum { PEB = 16384 };

static void put_raw1(struct buffer *to, size_t at, size_t from, size_t size)
{
	put_be32(to, at, ~crc32_update(0, bytes_of(to->data + from, size)));
}

static void add_peb(struct buffer *to, uint8_t type, uint32_t volume, uint32_t used, struct bytes data)
{
	size_t at = to->size;

	fill(to, 0xff, at + PEB);
	put(to, at, "UBI#\1", 5);
	memset(to->data + at + 5, 0, 59);
	put_be32(to, at + 16, 64);
	put_be32(to, at + 20, 128);
	put_raw1(to, at + 60, at, 60);
	put(to, at + 64, "UBI!\1", 5);
	memset(to->data + at + 69, 0, 59);
	to->data[at + 64 + 5] = type;
	put_be32(to, at + 64 + 8, volume);
	put_be32(to, at + 64 + 20, (uint32_t)data.size);
	put_be32(to, at + 64 + 24, used);
	put_be32(to, at + 64 + 32, ~crc32_update(0, data));
	put_raw1(to, at + 64 + 60, at + 64, 60);
	put(to, at + 128, data.data, data.size);
}

static void make_ubi(struct buffer *to)
{
	static const uint8_t contents[] = "a kernel, or what stands for one";
	uint8_t table[94 * 172] = { 0 };	/* as many records as the block has room for */

	table[3] = 1;			/* one block reserved */
	table[12] = 2;
	table[15] = 6;
	memcpy(table + 16, "kernel", 6);
	for (unsigned i = 0; i < 94; i++)
		store_be32(table + i * 172 + 168, ~crc32_update(0, bytes_of(table + i * 172, 168)));
	add_peb(to, 1, 0x7fffefff, 0, bytes_of(table, sizeof(table)));
	add_peb(to, 2, 0, 1, bytes_of(contents, sizeof(contents)));
}

static void make_ubifs(struct buffer *to)
{
	for (unsigned leb = 0; leb < 2; leb++) {
		size_t at = to->size;

		put_le32(to, at, 0x06101831);
		fill(to, 0, at + 4096);
		put_le32(to, at + 16, 4096);
		to->data[at + 20] = leb == 0 ? 6 : 0;
		put_le32(to, at + 36, 16384);
		put_le32(to, at + 40, 2);
		put_le32(to, at + 4, ~crc32_update(0, bytes_of(to->data + at + 8, 4096 - 8)));
		fill(to, 0xff, at + 16384);
	}
}

static const struct sample samples[] = {
	{ "SquashFS 4", make_squashfs, "squashfs", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "SquashFS 4, big-endian", make_big_squashfs, "squashfs", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "SquashFS 3, big-endian", make_old_squashfs, "squashfs", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "JFFS2", make_jffs2, "jffs2", "mips", IMAGE_YES, 0, 68 + 2048, false },
	{ "CramFS", make_cramfs, "cramfs", "", IMAGE_YES, 0, 0, true },
	{ "ROMFS", make_romfs, "romfs", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "LittleFS", make_littlefs, "littlefs", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "ext4", make_ext4, "ext4", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "FAT", make_fat, "fat", "arm64", IMAGE_UNKNOWN, 0, 0, true },
	{ "ISO 9660", make_iso, "iso9660", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "UBI", make_ubi, "ubi", "", IMAGE_YES, 0, 64, true },
	{ "UBIFS", make_ubifs, "ubifs", "", IMAGE_YES, 0, 0, true },
};

static void each_format_is_told_and_holds_what_all_must_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		check_sample(&samples[i]);
}

static void drop_volume(struct buffer *file)
{
	file->size = PEB;
}

static void an_ubi_without_the_blocks_of_its_volumes_is_cut_off(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_ubi, drop_volume);
	assert_int_equal(facts.whole, IMAGE_NO);
}

static void fill_up(struct buffer *file)
{
	uint8_t node[4096];

	/* as much as an erase block holds: whether it went on cannot be known */
	memcpy(node, file->data, 68 + 2048);
	file->size = 0;
	while (file->size + 2116 <= 65536) {
		node[16]++;	/* another version */
		store_be32(node + 64, raw0(node, 60));
		add(file, node, 2116);
	}
	fill(file, 0xff, 65536);
}

static void stick_to_itself(struct buffer *file)
{
	size_t size = file->size;
	uint8_t *copy = malloc(size);

	assert_non_null(copy);
	memcpy(copy, file->data, size);
	add(file, copy, size);
	free(copy);
}

static void a_file_system_that_was_joined_to_itself_is_not_called_whole(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_jffs2, stick_to_itself);
	assert_int_not_equal(facts.whole, IMAGE_YES);
	assert_non_null(strstr(image_problem_text(&facts), "joined"));
	facts = inspect_made(make_ubi, stick_to_itself);
	assert_int_not_equal(facts.whole, IMAGE_YES);
	assert_non_null(strstr(image_problem_text(&facts), "joined"));
}

static void lose_the_tail(struct buffer *file)
{
	memset(file->data + 16384, 0, file->size - 16384);
}

static void zeros_in_the_erased_flash_of_jffs2_are_told(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_jffs2, lose_the_tail);
	assert_int_not_equal(facts.whole, IMAGE_YES);
	assert_non_null(strstr(image_problem_text(&facts), "zeros"));
}

/* The master node says where the index begins. */
static void put_master(struct buffer *file)
{
	size_t at = 16384;

	put_le32(file, at, 0x06101831);
	put_le32(file, at + 16, 512);
	file->data[at + 20] = 7;
	put_le32(file, at + 48, 2);
	put_le32(file, at + 52, 0);
	memset(file->data + at + 512, 0xff, 4096 - 512);
	put_le32(file, at + 4, ~crc32_update(0, bytes_of(file->data + at + 8, 512 - 8)));
	put_le32(file, 40, 3);
	put_le32(file, 4, ~crc32_update(0, bytes_of(file->data + 8, 4096 - 8)));
	fill(file, 0xff, 3 * 16384);
}

static void put_master_and_index(struct buffer *file)
{
	size_t at = 2 * 16384;

	put_master(file);
	put_le32(file, at, 0x06101831);
	memset(file->data + at + 4, 0, 60);
	put_le32(file, at + 16, 64);
	file->data[at + 20] = 9;
	put_le32(file, at + 4, ~crc32_update(0, bytes_of(file->data + at + 8, 64 - 8)));
}

static void an_ubifs_whose_index_was_erased_is_damaged(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_ubifs, put_master_and_index);
	assert_int_equal(facts.whole, IMAGE_YES);
	facts = inspect_made(make_ubifs, put_master);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_non_null(strstr(image_problem_text(&facts), "index"));
}

static void erase_space_table(struct buffer *file)
{
	size_t master = 16384;

	put_master_and_index(file);
	put_le32(file, master + 120, 3);
	put_le32(file, master + 124, 512);
	put_le32(file, master + 4, ~crc32_update(0, bytes_of(file->data + master + 8, 512 - 8)));
	put_le32(file, 40, 4);
	put_le32(file, 60, 1);
	put_le32(file, 4, ~crc32_update(0, bytes_of(file->data + 8, 4096 - 8)));
	fill(file, 0xff, 4 * 16384);
}

static void put_space_table(struct buffer *file)
{
	erase_space_table(file);
	memset(file->data + 3 * 16384, 0x5a, 512);	/* other nodes of it */
	put(file, 3 * 16384 + 512 - 12, "\x23\x72\x01\0\x2c\x01\0\x82\x31\0\0\x0c\x5a\x10\1\2\3\4\5\6\7", 21);
}

static void an_ubifs_whose_space_table_was_erased_is_damaged(void **state)
{
	(void)state;
	assert_int_equal(inspect_made(make_ubifs, put_space_table).whole, IMAGE_YES);
	assert_int_equal(inspect_made(make_ubifs, erase_space_table).whole, IMAGE_NO);
}

static void want_more(struct buffer *file)
{
	put_be32(file, 28, 5000);	/* the size of the file whose first 2048 bytes are there */
	put_be32(file, 64, raw0(file->data, 60));
}

static void a_jffs2_whose_last_file_has_no_end_is_not_called_whole(void **state)
{
	(void)state;
	assert_int_equal(inspect_made(make_jffs2, want_more).whole, IMAGE_UNKNOWN);
}

static void a_jffs2_that_may_go_on_is_not_called_whole(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_jffs2, fill_up);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
}

static void leave_a_clean_marker(struct buffer *file)
{
	memset(file->data, 0xff, file->size);
	put_be32(file, 0, 0x19852003);
	put_be32(file, 4, 12);
	put_be32(file, 8, raw0(file->data, 8));
}

static void a_jffs2_with_nothing_in_it_is_not_called_whole(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_jffs2, leave_a_clean_marker);
	assert_string_equal(facts.format, "jffs2");
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_int_equal(facts.problem_count, 1);
}

/* as a device does when a newer node takes its place: one bit of the type goes, the checksum stays */
static void obsolete_second_node(struct buffer *file)
{
	memcpy(file->data + 4096, file->data, 68 + 2048);
	file->data[4096 + 2] = 0xc0;
}

static void obsolete_and_break(struct buffer *file)
{
	obsolete_second_node(file);
	file->data[4096 + 5] ^= 1;
}

static void a_jffs2_with_nodes_that_were_replaced_is_not_damaged(void **state)
{
	(void)state;
	assert_int_equal(inspect_made(make_jffs2, obsolete_second_node).whole, IMAGE_UNKNOWN);
	assert_int_equal(inspect_made(make_jffs2, obsolete_and_break).whole, IMAGE_NO);
}

static void what_most_programs_are_for_is_the_processor(void **state)
{
	static const uint16_t machines[] = { 94, ARM, 94, ARM, ARM };
	struct image_facts facts = { 0 };
	struct programs programs = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		struct buffer program;

		buffer_init(&program, 1024);
		add_elf(&program, machines[i], 64);
		programs_look(&programs, buffer_bytes(&program));
		buffer_done(&program);
	}
	programs_tell(&programs, &facts);
	assert_string_equal(facts.arch, "arm");
}

static void blocks_of_lz4_lzo_and_rtime_are_unpacked(void **state)
{
	uint8_t to[64];

	(void)state;
	/* "abcabcabcabc!": three letters, a match of eight from three back, and what is left */
	assert_int_equal(lz4_block_unpack(BYTES("\x34" "abc\3\0\x20" "c!"), to, sizeof(to)), 13);
	assert_memory_equal(to, "abcabcabcabc!", 13);
	/* 21: four letters; then 3 bytes from 4 back (0x40..), then the end */
	assert_int_equal(lzo1x_unpack(BYTES("\x15" "abcd\x4c\x00\x11\0\0"), to, sizeof(to)), 7);
	assert_memory_equal(to, "abcdabc", 7);
	assert_int_equal(rtime_unpack(BYTES("a\0b\0a\1"), to, sizeof(to)), 4);
	assert_memory_equal(to, "abab", 4);
	/* never beyond room, never before the start */
	assert_int_equal(lz4_block_unpack(BYTES("\x34" "abc\3\0\x20" "c!"), to, 5), 5);
	assert_int_equal(lz4_block_unpack(BYTES("\x14" "a\xff\xff"), to, sizeof(to)), 1);
}

static void the_head_of_an_lz4_file_is_that_of_its_first_block(void **state)
{
	uint8_t to[32];

	(void)state;
	/* magic, flags, largest block, header check; then the block's size */
	assert_int_equal(lz4_head_unpack(BYTES("\x04\x22\x4d\x18\x60\x40\x82\x09\0\0\0" "\x34" "abc\3\0\x20" "c!"), to, sizeof(to)), 13);
	assert_memory_equal(to, "abcabcabcabc!", 3);
	/* with the size of the contents; a block that could not be packed, and more of it than there is room */
	assert_int_equal(lz4_head_unpack(BYTES("\x04\x22\x4d\x18\x68\x40\3\0\0\0\0\0\0\0\x82\x03\0\0\x80" "xyz"), to, 2), 2);
	assert_memory_equal(to, "xy", 2);
	/* the older form; and blocks that end behind the file */
	assert_int_equal(lz4_head_unpack(BYTES("\x02\x21\x4c\x18\x09\0\0\0" "\x34" "abc\3\0\x20" "c!"), to, 5), 5);
	assert_int_equal(lz4_head_unpack(BYTES("\x04\x22\x4d\x18\x60\x40\x82\xff\xff\0\x80" "xyz"), to, sizeof(to)), 3);
	assert_int_equal(lz4_head_unpack(BYTES("\x04\x22\x4d\x18\x68\x40\3\0"), to, sizeof(to)), 0);
}

/* A radio's firmware is an ELF file too, and there may be more of those than programs. */
static void the_executable_files_of_a_squashfs_tell_its_processor(void **state)
{
	static const struct { struct program programs[3]; const char *arch; } cases[] = {
		{ { { MIPS, 0644 }, { MIPS, 0644 }, { ARM, 0755 } }, "arm" },
		{ { { ARM, 0100 }, { MIPS, 0644 }, { MIPS, 0644 } }, "arm" },
		{ { { ARM, 0644 }, { MIPS, 0644 }, { ARM, 0600 } }, "arm" },	/* nothing is executable: what most are for */
		{ { { MIPS, 0755 }, { ARM, 0755 }, { ARM, 0755 } }, "arm" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct image_facts facts;
		struct buffer file;

		buffer_init(&file, 1024 * 1024);
		make_squashfs_of(&file, cases[i].programs, 3);
		facts = inspect(&file);
		assert_string_equal(facts.format, "squashfs");
		assert_string_equal(facts.arch, cases[i].arch);
		buffer_done(&file);
	}
}

/* 40 KiB of volume, a table of partitions, and one of 8 KiB behind the volume. kind: 'm' MBR, 'g' GPT, 'a' Apple's. */
static void make_hybrid(struct buffer *to, char kind)
{
	enum { VOLUME = 40 * 1024, APPENDED = 8 * 1024, PLACE = VOLUME / 512, SIZE = APPENDED / 512 };

	make_iso(to);
	to->size = 34 * 1024;
	fill(to, 0, VOLUME);
	put_le32(to, 32768 + 80, VOLUME / 2048);
	put_be32(to, 32768 + 84, VOLUME / 2048);
	if (kind == 'm') {
		put(to, 446 + 4, "\xef", 1);
		put_le32(to, 446 + 8, PLACE);
		put_le32(to, 446 + 12, SIZE);
	} else if (kind == 'g') {
		put(to, 446 + 4, "\xee", 1);
		put_le32(to, 446 + 12, UINT32_MAX);
		put(to, 512, "EFI PART", 8);
		put_le32(to, 512 + 32, PLACE + SIZE);
		put_le32(to, 512 + 72, 2);
		put_le32(to, 512 + 80, 4);
		put_le32(to, 512 + 84, 128);
		put_le32(to, 1024, 1);
		put_le32(to, 1024 + 32, PLACE);
		put_le32(to, 1024 + 40, PLACE + SIZE - 1);
	} else {
		put(to, 512, "PM", 2);
		put_be32(to, 516, 1);
		put_be32(to, 520, PLACE);
		put_be32(to, 524, SIZE);
	}
	put(to, 510, "\x55\xaa", 2);
	fill(to, 0x43, VOLUME + APPENDED);
	if (kind == 'g')
		fill(to, 0x44, VOLUME + APPENDED + 512);
}

static void make_mbr_hybrid(struct buffer *to)
{
	make_hybrid(to, 'm');
}

static void make_gpt_hybrid(struct buffer *to)
{
	make_hybrid(to, 'g');
}

static void make_apple_hybrid(struct buffer *to)
{
	make_hybrid(to, 'a');
}

static void cut_appended(struct buffer *file)
{
	file->size -= 1024;
}

static void add_fill(struct buffer *file)
{
	fill(file, 0, file->size + 150 * 2048);
}

static void a_partition_behind_the_volume_of_a_disc_belongs_to_it(void **state)
{
	void (*const makers[])(struct buffer *) = { make_mbr_hybrid, make_gpt_hybrid, make_apple_hybrid };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++) {
		struct image_facts facts = inspect_made(makers[i], NULL);

		assert_string_equal(facts.format, "iso9660");
		assert_int_equal(facts.whole, IMAGE_UNKNOWN);
		assert_int_equal(facts.declared_size, facts.file_size);
		assert_int_equal(facts.problem_count, 0);
		assert_string_equal(facts.parts[0].name, "appended partition");
		assert_int_equal(inspect_made(makers[i], cut_appended).whole, IMAGE_NO);
		facts = inspect_made(makers[i], add_fill);
		assert_int_equal(facts.declared_size, facts.file_size);
		assert_int_equal(facts.problem_count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partition_behind_the_volume_of_a_disc_belongs_to_it),
		cmocka_unit_test(each_format_is_told_and_holds_what_all_must_hold),
		cmocka_unit_test(the_executable_files_of_a_squashfs_tell_its_processor),
		cmocka_unit_test(an_ubi_without_the_blocks_of_its_volumes_is_cut_off),
		cmocka_unit_test(a_jffs2_that_may_go_on_is_not_called_whole),
		cmocka_unit_test(a_jffs2_with_nothing_in_it_is_not_called_whole),
		cmocka_unit_test(a_jffs2_with_nodes_that_were_replaced_is_not_damaged),
		cmocka_unit_test(a_jffs2_whose_last_file_has_no_end_is_not_called_whole),
		cmocka_unit_test(zeros_in_the_erased_flash_of_jffs2_are_told),
		cmocka_unit_test(a_file_system_that_was_joined_to_itself_is_not_called_whole),
		cmocka_unit_test(an_ubifs_whose_index_was_erased_is_damaged),
		cmocka_unit_test(an_ubifs_whose_space_table_was_erased_is_damaged),
		cmocka_unit_test(what_most_programs_are_for_is_the_processor),
		cmocka_unit_test(blocks_of_lz4_lzo_and_rtime_are_unpacked),
		cmocka_unit_test(the_head_of_an_lz4_file_is_that_of_its_first_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
