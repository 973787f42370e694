/* File systems, disks and boot ROM headers for the image inspector, made here byte by byte. */
#include "tests/unit/image_sample.h"

#include "recovery/image/block_codecs.h"
#include "recovery/image/programs.h"

/* --- file systems --- */

enum { MIPS = 8, ARM = 40, SECTOR = 512 };

/* Nothing in it is packed: metadata and data are stored as they are, which bit 15 and bit 24 of their lengths say. */
static void make_squashfs(struct buffer *to)
{
	add_text(to, "hsqs");
	fill(to, 0, 96);
	put_le32(to, 4, 2);
	put_le32(to, 12, 131072);
	put_le16(to, 20, 1);
	put_le16(to, 22, 17);
	put_le16(to, 26, 1);
	put_le16(to, 28, 4);
	/* 96: a file of 131072 bytes, of which only the first ones matter here, as one stored block of 2048 */
	add_elf(to, ARM, 2048);
	put_le32(to, 64, (uint32_t)to->size);
	put_le16(to, to->size, 0x8000 | 36);
	fill(to, 0, to->size + 36);
	put_le16(to, to->size - 36, 2);		/* inode: a file */
	put_le32(to, to->size - 36 + 16, 96);
	put_le32(to, to->size - 36 + 20, UINT32_MAX);
	put_le32(to, to->size - 36 + 28, 2048);
	put_le32(to, to->size - 36 + 32, 2048 | 1 << 24);
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

/* --- disks --- */

static void put_entry(struct buffer *to, size_t at, uint8_t type, uint32_t first, uint32_t count)
{
	to->data[at + 4] = type;
	put_le32(to, at + 8, first);
	put_le32(to, at + 12, count);
}

static void make_egon(struct buffer *to);

static void make_mbr(struct buffer *to)
{
	struct buffer loader;

	fill(to, 0, 128 * 1024);
	put_entry(to, 446, 0x83, 128, 128);
	put_le16(to, 510, 0xaa55);
	buffer_init(&loader, 65536);
	make_egon(&loader);
	put(to, 8192, loader.data, loader.size);
	buffer_done(&loader);
}

static void put_gpt(struct buffer *to, uint32_t own, uint32_t other, uint32_t entries)
{
	uint8_t *head = to->data + own * SECTOR;

	put(to, own * SECTOR, "EFI PART", 8);
	put_le32(to, own * SECTOR + 8, 0x10000);
	put_le32(to, own * SECTOR + 12, 92);
	put_le32(to, own * SECTOR + 16, 0);
	put_le32(to, own * SECTOR + 24, own);
	put_le32(to, own * SECTOR + 32, other);
	put_le32(to, own * SECTOR + 72, entries);
	put_le32(to, own * SECTOR + 80, 4);
	put_le32(to, own * SECTOR + 84, 128);
	memcpy(to->data + entries * SECTOR, to->data + 2 * SECTOR, SECTOR);
	put_le32(to, own * SECTOR + 88, crc32_update(0, bytes_of(to->data + entries * SECTOR, SECTOR)));
	put_le32(to, own * SECTOR + 16, crc32_update(0, bytes_of(head, 92)));
}

static void make_gpt(struct buffer *to)
{
	fill(to, 0, 100 * SECTOR);
	put_entry(to, 446, 0xee, 1, 99);
	put_le16(to, 510, 0xaa55);
	memset(to->data + 2 * SECTOR, 0xa5, 32);
	put_le32(to, 2 * SECTOR + 32, 40);
	put_le32(to, 2 * SECTOR + 40, 79);
	put(to, 2 * SECTOR + 56, "b\0o\0o\0t\0", 8);
	put_gpt(to, 1, 99, 2);
	put_gpt(to, 99, 1, 98);
}

/* --- boot ROMs --- */

static void make_egon(struct buffer *to)
{
	uint32_t sum = 0;

	put_le32(to, 0, 0xea000016);
	put(to, 4, "eGON.BT0", 8);
	fill(to, 0, 8192);
	put_le32(to, 12, 0x5f0a6c39);
	put_le32(to, 16, 8192);
	put(to, 20, "SPL\2", 4);
	put_le32(to, 32, 48);
	put(to, 48, "sun8i-h3-example", 17);
	memset(to->data + 200, 0x77, 1000);
	for (size_t i = 0; i < 8192; i += 4)
		sum += load_le32(to->data + i);
	put_le32(to, 12, sum);
}

static void make_rockchip(struct buffer *to)
{
	add_text(to, "RKNS");
	fill(to, 0, 4096);
	put_le16(to, 8, 384);
	put_le16(to, 10, 1);
	put_le32(to, 12, 1);
	put_le16(to, 120, 4);
	put_le16(to, 122, 4);
	put_le32(to, 2048, 0x14000010);
	(void)make_digest(NULL, "sha256", bytes_of(to->data + 2048, 2048), to->data + 120 + 24);
	(void)make_digest(NULL, "sha256", bytes_of(to->data, 1536), to->data + 1536);
}

/* An update of one part; its checksum bit by bit. */
static void make_rkaf(struct buffer *to)
{
	uint32_t crc = 0;

	add_text(to, "RKAF");
	fill(to, 0, 2048);
	put(to, 8, "rk3399-board", 12);
	put(to, 72, "Example", 7);
	put_le32(to, 136, 1);
	put(to, 140, "boot", 4);
	put_le32(to, 140 + 96, 2048);
	put_le32(to, 140 + 108, 1000);
	fill(to, 0x42, 4096);
	put_le32(to, 4, (uint32_t)to->size);
	for (size_t i = 0; i < to->size * 8; i++) {
		uint32_t bit = crc >> 31 ^ (to->data[i / 8] >> (7 - i % 8) & 1);

		crc = crc << 1 ^ (bit ? 0x04c10db7 : 0);
	}
	put_le32(to, to->size, crc);
}

static void make_ivt(struct buffer *to)
{
	put(to, 0, "\xd1\0\x20\x40", 4);
	fill(to, 0, 4096);
	put_le32(to, 4, 0x17800000);
	put_le32(to, 12, 0x177ff42c);
	put_le32(to, 16, 0x177ff420);
	put_le32(to, 20, 0x177ff400);
	put_le32(to, 32, 0x177ff000);
	put_le32(to, 36, 0x1400);
	to->data[44] = 0xd2;
}

static void make_container(struct buffer *to)
{
	put(to, 0, "\0\x20\2\x87", 4);
	fill(to, 0, 0x2000);
	to->data[11] = 1;
	put_le16(to, 12, 0x90);
	put_le16(to, 1, 0x220);
	put_le32(to, 16, 0x400);
	put_le32(to, 20, 0x1c00);
	memset(to->data + 0x400, 0x33, 0x1c00);
	(void)make_digest(NULL, "sha256", bytes_of(to->data + 0x400, 0x1c00), to->data + 16 + 32);
}

static void make_ti(struct buffer *to)
{
	put_le32(to, 0, 64);
	fill(to, 0, 2048);
	put(to, 20, "CHSETTINGS", 10);
	put_le32(to, 512, 1536);
	put_le32(to, 516, 0x402f0400);
}

static void make_stm32(struct buffer *to)
{
	add_text(to, "STM2");
	fill(to, 0, 256);
	to->data[74] = 1;
	put_le32(to, 76, 1024);
	for (unsigned i = 0; i < 1024; i++)
		add(to, &(uint8_t){ (uint8_t)(i * 7) }, 1);
	put_le32(to, 68, image_byte_sum(bytes_of(to->data + 256, 1024)));
}

static void make_socfpga(struct buffer *to)
{
	fill(to, 0x11, 4096);
	put_le32(to, 64, 0x31305341);
	put_le16(to, 68, 0);
	put_le16(to, 70, 1024);
	put_le16(to, 72, 0);
	put_le16(to, 74, (uint16_t)image_byte_sum(bytes_of(to->data + 64, 9)));
	put_le32(to, 4092, ~image_crc32_msb(bytes_of(to->data, 4092)));
}

static void make_kwb(struct buffer *to)
{
	uint32_t sum = 0;

	fill(to, 0, 512);
	to->data[0] = 0x5a;
	put_le32(to, 4, 1024);
	put_le32(to, 12, 512);
	put_le32(to, 20, 0x600000);
	to->data[31] = (uint8_t)image_byte_sum(bytes_of(to->data, 31));
	fill(to, 0x42, 512 + 1020);
	for (size_t i = 512; i < 512 + 1020; i += 4)
		sum += load_le32(to->data + i);
	put_le32(to, 512 + 1020, sum);
}

static void make_novatek(struct buffer *to)
{
	static const uint8_t guid[16] = { 0x07, 0x2e, 0x01, 0xd6, 0xbc, 0x10, 0x91, 0x4f, 0xb2, 0x8a, 0x35, 0x2f, 0x82, 0x26, 0x1a, 0x50 };
	uint32_t sum = 0;

	add(to, guid, 16);
	fill(to, 0, 1024);
	put_le32(to, 16, 0x16071515);
	put_le32(to, 20, 64);
	put_le32(to, 24, 1);
	put_le32(to, 28, 1024);
	put_le32(to, 64, 128);
	put_le32(to, 68, 896);
	for (size_t i = 0; i < 1024; i += 2)
		sum += load_le16(to->data + i) + (uint32_t)(i / 2);
	put_le16(to, 36, (uint16_t)-sum);
}

static void make_option_rom(struct buffer *to)
{
	fill(to, 0, 1024);
	put_le16(to, 0, 0xaa55);
	to->data[2] = 2;
	put_le16(to, 0x18, 0x20);
	put(to, 0x20, "PCIR\x86\x80\x0e\x10", 8);
	put_le16(to, 0x30, 2);
	to->data[0x35] = 0x80;
	to->data[1023] = (uint8_t)-image_byte_sum(buffer_bytes(to));
}

static void make_mediatek(struct buffer *to)
{
	fill(to, 0x21, 1024);
	memset(to->data, 0, 128);
	put_le32(to, 0, 0x014d4d4d);
	put_le16(to, 4, 56);
	put(to, 8, "FILE_INFO", 9);
	to->data[27] = 1;
	put_le32(to, 32, 1024);
	put_le32(to, 44, 32);
	(void)make_digest(NULL, "sha256", bytes_of(to->data, 992), to->data + 992);
}

static uint32_t words_inverted(const struct buffer *of, size_t from, size_t until)
{
	uint32_t sum = 0;

	for (; from < until; from += 4)
		sum += (uint32_t)of->data[from] | (uint32_t)of->data[from + 1] << 8 | (uint32_t)of->data[from + 2] << 16 |
		       (uint32_t)of->data[from + 3] << 24;
	return ~sum;
}

/* As bootgen makes it for an UltraScale+: a loader, and a table with one partition. */
static void make_zynq(struct buffer *to)
{
	fill(to, 0, 0x1000);
	put_le32(to, 0x20, 0xaa995566);
	put(to, 0x24, "XNLX", 4);
	put_le32(to, 0x2c, 0xfffc0000);
	put_le32(to, 0x30, 0x1000);
	put_le32(to, 0x40, 0x400);
	put_le32(to, 0x44, 2 << 10);
	put_le32(to, 0x48, words_inverted(to, 0x20, 0x48));
	put_le32(to, 0x9c, 0xc80);
	put_le32(to, 0xc80 + 8, 0x800 / 4);
	put_le32(to, 0xc80 + 0x20, 0x1400 / 4);
	put_le32(to, 0xc80 + 0x3c, words_inverted(to, 0xc80, 0xc80 + 0x3c));
	fill(to, 0x5a, 0x1c00);
}

/* As mkimage makes it: no table, and the size is the file's. */
static void make_plain_zynq(struct buffer *to)
{
	fill(to, 0, 0x8c0);
	put_le32(to, 0x20, 0xaa995566);
	put(to, 0x24, "XNLX", 4);
	put_le32(to, 0x30, 0x8c0);
	put_le32(to, 0x34, 0x1000);
	put_le32(to, 0x40, 0x1000);
	put_le32(to, 0x48, words_inverted(to, 0x20, 0x48));
	fill(to, 0x5a, 0x1000);
}

static void make_bit(struct buffer *to)
{
	add(to, "\0\11\17\360\17\360\17\360\17\360\0\0\1a\0\4top\0b\0\14" "7z020clg400\0c\0\3x1\0d\0\3x2\0e\0\0\1\0", 13 + 7 + 15 + 6 + 6 + 5);
	fill(to, 0x66, to->size + 256);
}

static void make_eeprom(struct buffer *to)
{
	put_be32(to, 0, 0x55aaf00f);
	put_be32(to, 4, 1000);
	fill(to, 0x21, 1008);
	put(to, 500, "DATE: 2024/04/15", 16);
	put_be32(to, 1008, 0x55aaf11f);
	put_be32(to, 1012, 20);
	put(to, 1016, "bootconf.txt", 12);
	fill(to, 'x', 1008 + 28);
	fill(to, 0xff, 512 * 1024);
}

static const struct sample samples[] = {
	{ "Zynq", make_zynq, "zynq-boot", "arm64", IMAGE_UNKNOWN, 0, 0, true },
	{ "Zynq by mkimage", make_plain_zynq, "zynq-boot", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "Xilinx bit stream", make_bit, "xilinx-bit", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "Raspberry Pi EEPROM", make_eeprom, "rpi-eeprom", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "SquashFS 4", make_squashfs, "squashfs", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "SquashFS 3, big-endian", make_old_squashfs, "squashfs", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "JFFS2", make_jffs2, "jffs2", "mips", IMAGE_YES, 0, 68 + 2048, false },
	{ "CramFS", make_cramfs, "cramfs", "", IMAGE_YES, 0, 0, true },
	{ "ROMFS", make_romfs, "romfs", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "EROFS", make_erofs, "erofs", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "LittleFS", make_littlefs, "littlefs", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "ext4", make_ext4, "ext4", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "FAT", make_fat, "fat", "arm64", IMAGE_UNKNOWN, 0, 0, true },
	{ "ISO 9660", make_iso, "iso9660", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "UBI", make_ubi, "ubi", "", IMAGE_YES, 0, 64, true },
	{ "UBIFS", make_ubifs, "ubifs", "", IMAGE_YES, 0, 0, true },
	{ "MBR", make_mbr, "mbr-disk", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "GPT", make_gpt, "gpt-disk", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "eGON", make_egon, "egon-spl", "arm", IMAGE_YES, 0, 0, true },
	{ "Rockchip", make_rockchip, "rockchip-idb", "arm64", IMAGE_YES, 2048, 0, true },
	{ "Rockchip update", make_rkaf, "rockchip-update", "", IMAGE_YES, 0, 0, true },
	{ "i.MX IVT", make_ivt, "imx-ivt", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "i.MX container", make_container, "imx-container", "arm64", IMAGE_YES, 0x400, 0, true },
	{ "TI", make_ti, "ti-gp", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "STM32MP", make_stm32, "stm32mp", "arm", IMAGE_YES, 256, 0, true },
	{ "SoCFPGA", make_socfpga, "socfpga", "arm", IMAGE_YES, 0, 0, true },
	{ "Marvell", make_kwb, "kwbimage", "arm", IMAGE_YES, 512, 0, true },
	{ "Novatek", make_novatek, "novatek", "", IMAGE_YES, 16, 0, true },
	{ "PCI option ROM", make_option_rom, "pci-option-rom", "x86", IMAGE_YES, 0, 0, true },
	{ "MediaTek", make_mediatek, "mediatek", "", IMAGE_YES, 0, 0, true },
};

static void each_format_is_told_and_holds_what_all_must_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		check_sample(&samples[i]);
}

static void run(void (*make)(struct buffer *), void (*spoil)(struct buffer *), struct image_facts *ret_facts)
{
	struct buffer file;

	buffer_init(&file, 8 * 1024 * 1024);
	make(&file);
	if (spoil != NULL)
		spoil(&file);
	*ret_facts = inspect(&file);
	buffer_done(&file);
}

/* For SATA, with its place in bytes. */
static void boot_from_sata(struct buffer *file)
{
	file->data[0] = 0x78;
	file->data[31] = (uint8_t)image_byte_sum(bytes_of(file->data, 31));
}

/* In sectors. */
static void boot_from_sata_sector(struct buffer *file)
{
	put_le32(file, 12, 1);
	boot_from_sata(file);
}

static void the_place_of_a_marvell_payload_may_count_in_sectors(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_kwb, boot_from_sata, &facts);
	assert_int_equal(facts.whole, IMAGE_YES);
	run(make_kwb, boot_from_sata_sector, &facts);
	assert_int_equal(facts.whole, IMAGE_YES);
}

static void lose_the_tail(struct buffer *file)
{
	memset(file->data + 16384, 0, file->size - 16384);
}

static void zeros_in_the_erased_flash_of_jffs2_are_told(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_jffs2, lose_the_tail, &facts);
	assert_int_not_equal(facts.whole, IMAGE_YES);
	assert_non_null(strstr(image_problem_text(&facts), "zeros"));
}

static void damage_section(struct buffer *file)
{
	file->data[1009] ^= 1;
}

static void the_sections_of_an_eeprom_follow_each_other(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_eeprom, NULL, &facts);
	assert_string_equal(facts.version, "2024/04/15");
	assert_string_equal(facts.parts[1].name, "bootconf.txt");
	run(make_eeprom, damage_section, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
}

static void damage_zynq(struct buffer *file)
{
	file->data[0xc80 + 0x20] ^= 1;
}

static void the_headers_of_a_zynq_image_are_summed_up(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_zynq, NULL, &facts);
	assert_int_equal(facts.declared_size, 0x1c00);
	run(make_zynq, damage_zynq, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
	run(make_bit, NULL, &facts);
	assert_string_equal(facts.name, "top");
	assert_true(has_board(&facts, "7z020clg400"));
}

static void put_uboot(struct buffer *file)
{
	uint8_t header[64] = { 0x27, 0x05, 0x19, 0x56, [14] = 1, [28] = 17, [29] = 2, [30] = 5 };
	uint8_t data[256];

	memset(data, 0x5a, sizeof(data));
	store_be32(header + 24, crc32_update(0, bytes_of(data, sizeof(data))));
	store_be32(header + 4, crc32_update(0, bytes_of(header, 64)));
	fill(file, 0xff, 0x2000);
	add(file, header, 64);
	add(file, data, sizeof(data));
}

static void cut_uboot(struct buffer *file)
{
	put_uboot(file);
	file->size -= 100;
}

static void u_boot_behind_the_first_loader_of_an_imx_belongs_to_it(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_ivt, put_uboot, &facts);
	assert_int_equal(facts.declared_size, 0x2000 + 64 + 256);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	run(make_ivt, cut_uboot, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
}

/* The program packed by LZ4 into the end of its block, with zeros in front; a compact index behind its inode. */
static void pack_program(struct buffer *file)
{
	uint8_t elf[64];

	memcpy(elf, file->data + 4096, 64);
	memset(file->data + 4096, 0, 4096);
	put_erofs_inode(file, 2304, 3, 4096, 1);
	put_le16(file, 2344, 1 << 12);		/* behind eight bytes of a header: the kind, */
	put_le32(file, 2348, 0);		/* and the block before the first one */
	put(file, 8192 - 66, "\xf0\x31", 2);	/* 64 bytes as they are */
	put(file, 8192 - 64, elf, 64);
	put_le32(file, 1024 + 80, 1);
	put_le32(file, 1028, 0);
	put_le32(file, 1028, image_crc32c(bytes_of(file->data + 1024, 4096 - 1024)));
}

static void a_packed_program_tells_the_processor_of_an_erofs(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_erofs, pack_program, &facts);
	assert_string_equal(facts.arch, "arm");
	assert_string_equal(facts.compression, "lz4");
	assert_int_equal(facts.problem_count, 0);
}

static void turn_root(struct buffer *file)
{
	file->data[1024 + 14] ^= 1;
}

static void an_erofs_with_a_damaged_superblock_is_damaged(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_erofs, turn_root, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_non_null(strstr(image_problem_text(&facts), "superblock"));
}

static void cut_backup(struct buffer *file)
{
	memset(file->data + 99 * SECTOR, 0, SECTOR);
}

static void a_disk_whose_second_table_is_gone_is_damaged(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_gpt, cut_backup, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_non_null(strstr(image_problem_text(&facts), "second partition table"));
}

static void a_loader_in_front_of_the_partitions_names_the_board(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_mbr, NULL, &facts);
	assert_true(has_board(&facts, "sun8i-h3-example"));
	assert_string_equal(facts.parts[0].format, "egon-spl");
	assert_int_equal(facts.parts[0].offset, 8192);
	assert_int_equal(facts.parts[0].whole, IMAGE_YES);
}

static void drop_table(struct buffer *file)
{
	memset(file->data, 0, SECTOR);
}

static void a_card_image_without_a_table_is_said_to_have_none(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_mbr, drop_table, &facts);
	assert_true(has_board(&facts, "sun8i-h3-example"));
	assert_non_null(strstr(image_problem_text(&facts), "no partition table"));
	assert_int_not_equal(facts.whole, IMAGE_YES);
}

static void drop_volume(struct buffer *file)
{
	file->size = PEB;
}

static void an_ubi_without_the_blocks_of_its_volumes_is_cut_off(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_ubi, drop_volume, &facts);
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
	run(make_jffs2, stick_to_itself, &facts);
	assert_int_not_equal(facts.whole, IMAGE_YES);
	assert_non_null(strstr(image_problem_text(&facts), "joined"));
	run(make_ubi, stick_to_itself, &facts);
	assert_int_not_equal(facts.whole, IMAGE_YES);
	assert_non_null(strstr(image_problem_text(&facts), "joined"));
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
	run(make_ubifs, put_master_and_index, &facts);
	assert_int_equal(facts.whole, IMAGE_YES);
	run(make_ubifs, put_master, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_non_null(strstr(image_problem_text(&facts), "index"));
}

static void a_jffs2_that_may_go_on_is_not_called_whole(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_jffs2, fill_up, &facts);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_is_told_and_holds_what_all_must_hold),
		cmocka_unit_test(a_packed_program_tells_the_processor_of_an_erofs),
		cmocka_unit_test(an_erofs_with_a_damaged_superblock_is_damaged),
		cmocka_unit_test(a_disk_whose_second_table_is_gone_is_damaged),
		cmocka_unit_test(a_loader_in_front_of_the_partitions_names_the_board),
		cmocka_unit_test(a_card_image_without_a_table_is_said_to_have_none),
		cmocka_unit_test(an_ubi_without_the_blocks_of_its_volumes_is_cut_off),
		cmocka_unit_test(the_place_of_a_marvell_payload_may_count_in_sectors),
		cmocka_unit_test(zeros_in_the_erased_flash_of_jffs2_are_told),
		cmocka_unit_test(the_sections_of_an_eeprom_follow_each_other),
		cmocka_unit_test(the_headers_of_a_zynq_image_are_summed_up),
		cmocka_unit_test(u_boot_behind_the_first_loader_of_an_imx_belongs_to_it),
		cmocka_unit_test(a_jffs2_that_may_go_on_is_not_called_whole),
		cmocka_unit_test(a_file_system_that_was_joined_to_itself_is_not_called_whole),
		cmocka_unit_test(an_ubifs_whose_index_was_erased_is_damaged),
		cmocka_unit_test(what_most_programs_are_for_is_the_processor),
		cmocka_unit_test(blocks_of_lz4_lzo_and_rtime_are_unpacked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
