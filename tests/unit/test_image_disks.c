/* Disks and boot ROM headers for the image inspector, made here byte by byte. */
#include "tests/unit/image_sample.h"

enum { ARM = 40, SECTOR = 512 };

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

/* Bit by bit. */
static void add_rockchip_crc(struct buffer *to)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < to->size * 8; i++) {
		uint32_t bit = crc >> 31 ^ (to->data[i / 8] >> (7 - i % 8) & 1);

		crc = crc << 1 ^ (bit ? 0x04c10db7 : 0);
	}
	put_le32(to, to->size, crc);
}

/* An update of one part. */
static void make_rkaf(struct buffer *to)
{
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
	add_rockchip_crc(to);
}

static void put_loader_list(struct buffer *to, unsigned list, const char *name, uint32_t start, uint32_t size)
{
	size_t entry = 0x66 + list * 57;

	to->data[25 + list * 6] = 1;
	put_le32(to, 26 + list * 6, (uint32_t)entry);
	to->data[30 + list * 6] = 57;
	for (size_t i = 0; name[i] != '\0'; i++)
		to->data[entry + 5 + 2 * i] = (uint8_t)name[i];
	put_le32(to, entry + 45, start);
	put_le32(to, entry + 49, size);
}

static void make_loader(struct buffer *to)
{
	add_text(to, "LDR \x66");
	fill(to, 0, 2048);
	to->data[6] = 0x26;
	to->data[7] = 1;
	put(to, 21, "C033", 4);
	put_loader_list(to, 0, "rk3399_ddr_800MHz", 512, 512);
	put_loader_list(to, 1, "rk3399_usbplug", 1024, 512);
	put_loader_list(to, 2, "FlashData", 1536, 512);
	put(to, 512, "RKNS", 4);		/* so that the others are not coded */
	put_le32(to, 1024, 0x14000082);
	memset(to->data + 1600, 0x3c, 300);
	add_rockchip_crc(to);
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

/* --- disks --- */

static void put_entry(struct buffer *to, size_t at, uint8_t type, uint32_t first, uint32_t count)
{
	to->data[at + 4] = type;
	put_le32(to, at + 8, first);
	put_le32(to, at + 12, count);
}

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

static const struct sample samples[] = {
	{ "Zynq", make_zynq, "zynq-boot", "arm64", IMAGE_UNKNOWN, 0, 0, true },
	{ "Zynq by mkimage", make_plain_zynq, "zynq-boot", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "Xilinx bit stream", make_bit, "xilinx-bit", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "Raspberry Pi EEPROM", make_eeprom, "rpi-eeprom", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "MBR", make_mbr, "mbr-disk", "arm", IMAGE_UNKNOWN, 0, 0, true },
	{ "GPT", make_gpt, "gpt-disk", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "eGON", make_egon, "egon-spl", "arm", IMAGE_YES, 0, 0, true },
	{ "Rockchip", make_rockchip, "rockchip-idb", "arm64", IMAGE_YES, 2048, 0, true },
	{ "Rockchip update", make_rkaf, "rockchip-update", "", IMAGE_YES, 0, 0, true },
	{ "Rockchip loader for USB", make_loader, "rockchip-loader", "arm64", IMAGE_YES, 0x66, 0, true },
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

static void leave_the_table(struct buffer *file)
{
	file->size = 40 * SECTOR;
}

static void leave_a_little_more(struct buffer *file)
{
	file->size = 40 * SECTOR + 1;
}

static void leave_a_part_of_the_table(struct buffer *file)
{
	file->size = 2 * SECTOR + 100;
}

static void a_gpt_by_itself_is_no_cut_disk(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_gpt, leave_the_table);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_int_equal(facts.problem_count, 1);
	assert_string_equal(facts.parts[0].name, "partition 1 boot");
	assert_int_equal(inspect_made(make_gpt, leave_a_little_more).whole, IMAGE_NO);
	assert_int_equal(inspect_made(make_gpt, leave_a_part_of_the_table).whole, IMAGE_NO);
}

static void a_rockchip_loader_names_its_chip_and_what_is_in_it(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_loader, NULL);
	assert_string_equal(facts.boards[0], "330C");
	assert_string_equal(facts.version, "1.26");
	assert_string_equal(facts.name, "rk3399_ddr_800MHz");
	assert_int_equal(facts.part_count, 3);
	assert_string_equal(facts.parts[1].name, "rk3399_usbplug");
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
	facts = inspect_made(make_kwb, boot_from_sata);
	assert_int_equal(facts.whole, IMAGE_YES);
	facts = inspect_made(make_kwb, boot_from_sata_sector);
	assert_int_equal(facts.whole, IMAGE_YES);
}

static void damage_section(struct buffer *file)
{
	file->data[1009] ^= 1;
}

static void the_sections_of_an_eeprom_follow_each_other(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_eeprom, NULL);
	assert_string_equal(facts.version, "2024/04/15");
	assert_string_equal(facts.parts[1].name, "bootconf.txt");
	facts = inspect_made(make_eeprom, damage_section);
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
	facts = inspect_made(make_zynq, NULL);
	assert_int_equal(facts.declared_size, 0x1c00);
	facts = inspect_made(make_zynq, damage_zynq);
	assert_int_equal(facts.whole, IMAGE_NO);
	facts = inspect_made(make_bit, NULL);
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
	facts = inspect_made(make_ivt, put_uboot);
	assert_int_equal(facts.declared_size, 0x2000 + 64 + 256);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	facts = inspect_made(make_ivt, cut_uboot);
	assert_int_equal(facts.whole, IMAGE_NO);
}

/* The size counts from 1024 bytes before the file. */
static void end_inside_a_block(struct buffer *file)
{
	file->size = 4000;
	put_le32(file, 36, 0x2000);
}

static void lose_a_block(struct buffer *file)
{
	file->size = 4000;
	put_le32(file, 36, 0x3000);
}

/* mkimage rounds up what it declares. */
static void the_last_block_of_an_imx_image_may_be_shorter_than_the_device_reads(void **state)
{
	(void)state;
	assert_int_equal(inspect_made(make_ivt, end_inside_a_block).whole, IMAGE_UNKNOWN);
	assert_int_equal(inspect_made(make_ivt, lose_a_block).whole, IMAGE_NO);
}

/* STM32MP15 reference manual, "boot image header": option flag 0 says that no signature is to be verified. */
static void sign_what_is_said_to_be_unsigned(struct buffer *file)
{
	put_le32(file, 100, 1);
	file->data[40] = 1;
}

static void say_unsigned(struct buffer *file)
{
	put_le32(file, 100, 1);
	memset(file->data + 4, 0, 64);
}

static void the_header_of_an_stm32_image_may_not_contradict_itself(void **state)
{
	(void)state;
	assert_int_equal(inspect_made(make_stm32, say_unsigned).whole, IMAGE_YES);
	assert_int_equal(inspect_made(make_stm32, sign_what_is_said_to_be_unsigned).whole, IMAGE_UNKNOWN);
}

/* --- what follows Allwinner's SPL --- */

enum { BEHIND_SPL = 32 * 1024 };

static void put_legacy_behind(struct buffer *file)
{
	uint8_t header[64] = { 0x27, 0x05, 0x19, 0x56, [14] = 1, [28] = 17, [29] = 2, [30] = 5 }, data[256];

	memset(data, 0x5a, sizeof(data));
	store_be32(header + 24, crc32_update(0, bytes_of(data, sizeof(data))));
	store_be32(header + 4, crc32_update(0, bytes_of(header, 64)));
	fill(file, 0, BEHIND_SPL);
	add(file, header, 64);
	add(file, data, sizeof(data));
}

static void damage_header_behind(struct buffer *file)
{
	put_legacy_behind(file);
	file->data[BEHIND_SPL + 18] ^= 1;
}

static void damage_magic_behind(struct buffer *file)
{
	put_legacy_behind(file);
	file->data[BEHIND_SPL + 2] ^= 8;
}

static void damage_gap(struct buffer *file)
{
	put_legacy_behind(file);
	file->data[20000] ^= 1;
}

static void put_foreign_behind(struct buffer *file)
{
	struct buffer other;

	fill(file, 0, BEHIND_SPL);
	buffer_init(&other, 65536);
	make_novatek(&other);
	put(file, BEHIND_SPL, other.data, other.size);
	buffer_done(&other);
}

static void the_sum_of_an_spl_covers_nothing_behind_it(void **state)
{
	(void)state;
	assert_int_equal(inspect_made(make_egon, put_legacy_behind).whole, IMAGE_YES);
	assert_int_equal(inspect_made(make_egon, damage_header_behind).whole, IMAGE_NO);
	assert_int_equal(inspect_made(make_egon, damage_magic_behind).whole, IMAGE_NO);
	assert_int_equal(inspect_made(make_egon, damage_gap).whole, IMAGE_UNKNOWN);
	assert_int_equal(inspect_made(make_egon, put_foreign_behind).whole, IMAGE_UNKNOWN);
}

/* --- option ROMs for PC BIOS --- */

static void make_bios_rom(struct buffer *to)
{
	fill(to, 0, 1024);
	put_le16(to, 0, 0xaa55);
	to->data[2] = 2;
	to->data[3] = 0xe9;
	memset(to->data + 64, 0x31, 500);
	to->data[1023] = (uint8_t)-image_byte_sum(buffer_bytes(to));
}

static void lose_half(struct buffer *file)
{
	file->size /= 2;
}

static void change_bit(struct buffer *file)
{
	file->data[700] ^= 2;
}

static void point_to_data_that_is_lost(struct buffer *file)
{
	put_le16(file, 0x18, 0x20);
	file->data[1023] = (uint8_t)(file->data[1023] - 0x20);
}

static void an_option_rom_without_a_data_structure_has_its_size_and_sum(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_bios_rom, NULL);
	assert_string_equal(facts.format, "pci-option-rom");
	assert_string_equal(facts.arch, "x86");
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_int_equal(inspect_made(make_bios_rom, lose_half).whole, IMAGE_NO);
	assert_int_equal(inspect_made(make_bios_rom, change_bit).whole, IMAGE_NO);
	assert_int_equal(inspect_made(make_bios_rom, point_to_data_that_is_lost).whole, IMAGE_UNKNOWN);
}

static void cut_backup(struct buffer *file)
{
	memset(file->data + 99 * SECTOR, 0, SECTOR);
}

static void a_disk_whose_second_table_is_gone_is_damaged(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_gpt, cut_backup);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_non_null(strstr(image_problem_text(&facts), "second partition table"));
}

static void a_loader_in_front_of_the_partitions_names_the_board(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_mbr, NULL);
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
	facts = inspect_made(make_mbr, drop_table);
	assert_true(has_board(&facts, "sun8i-h3-example"));
	assert_non_null(strstr(image_problem_text(&facts), "no partition table"));
	assert_int_not_equal(facts.whole, IMAGE_YES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_is_told_and_holds_what_all_must_hold),
		cmocka_unit_test(a_gpt_by_itself_is_no_cut_disk),
		cmocka_unit_test(a_rockchip_loader_names_its_chip_and_what_is_in_it),
		cmocka_unit_test(a_disk_whose_second_table_is_gone_is_damaged),
		cmocka_unit_test(a_loader_in_front_of_the_partitions_names_the_board),
		cmocka_unit_test(a_card_image_without_a_table_is_said_to_have_none),
		cmocka_unit_test(the_place_of_a_marvell_payload_may_count_in_sectors),
		cmocka_unit_test(the_sections_of_an_eeprom_follow_each_other),
		cmocka_unit_test(the_headers_of_a_zynq_image_are_summed_up),
		cmocka_unit_test(u_boot_behind_the_first_loader_of_an_imx_belongs_to_it),
		cmocka_unit_test(the_last_block_of_an_imx_image_may_be_shorter_than_the_device_reads),
		cmocka_unit_test(the_header_of_an_stm32_image_may_not_contradict_itself),
		cmocka_unit_test(the_sum_of_an_spl_covers_nothing_behind_it),
		cmocka_unit_test(an_option_rom_without_a_data_structure_has_its_size_and_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
