/* tests/unit/router_images.h
 *
 * Router vendors' images, each as its tool makes it. For one test program alone. */
#ifndef UNBRICK_TESTS_ROUTER_IMAGES_H
#define UNBRICK_TESTS_ROUTER_IMAGES_H

#include "tests/unit/image_maker.h"

static void make_trx_at(struct file *file, size_t at)
{
	size_t end = at + 28 + PAYLOAD;

	put_text(file, at, "HDR0");
	put_le32(file, at + 4, 28 + PAYLOAD);
	put_le32(file, at + 12, 0x00010000);
	put_le32(file, at + 16, 28);
	put_le32(file, at + 20, 1000);
	put_le32(file, at + 24, 0);
	put_payload(file, at + 28, PAYLOAD);
	put_le32(file, at + 8, raw1(file, at + 12, end));
}

static void make_trx(struct file *file)
{
	make_trx_at(file, 0);
}

static void make_asus(struct file *file)
{
	uint8_t tail[64] = { 3, 0, 0, 4, 'R', 'T', '-', 'N', '6', '6', 'U' };

	make_trx_at(file, 0);
	put(file, file->size - 64, tail, 64);
	put_le32(file, 8, raw1(file, 12, file->size));
}

static void make_linksys(struct file *file)
{
	put(file, 0, "W54G\0\0\0\0\x17\x0b\x0e\x04\x14\x06U2ND\0\0\0\0", 22);
	make_trx_at(file, 32);
}

static void make_usr(struct file *file)
{
	put_text(file, 0, "USR0");
	put_le32(file, 16, 0x00020001);
	make_trx_at(file, 28);
	put_le32(file, 4, (uint32_t)file->size - 28);
	put_le32(file, 8, raw1(file, 28, file->size));
}

static void make_motorola(struct file *file)
{
	put_be32(file, 4, 0x10577050);
	make_trx_at(file, 8);
	put_be32(file, 0, raw1(file, 4, file->size));
}

static void make_chdr(struct file *file)
{
	put_text(file, 0, "CHDR");
	put_payload(file, 16, PAYLOAD);
	put_le32(file, 4, (uint32_t)file->size);
	put_le32(file, 8, raw1(file, 12, file->size));
}

static uint32_t chk_sum(struct bytes over)
{
	uint32_t c0 = 0, c1 = 0, *both[] = { &c0, &c1 };

	for (size_t i = 0; i < over.size; i++)
		c1 += c0 += over.data[i];
	for (int i = 0; i < 2; i++) {
		*both[i] = (*both[i] & 0xffff) + (*both[i] >> 16);
		*both[i] = (*both[i] + (*both[i] >> 16)) & 0xffff;
	}
	return c1 << 16 | c0;
}

static void make_chk(struct file *file)
{
	static const char board[] = "U12H192T00_NETGEAR";
	size_t header = 40 + sizeof(board) - 1;

	put_text(file, 0, "*#$^");
	put_be32(file, 4, (uint32_t)header);
	put(file, 8, "\1\1\0\0\x3a\1\0\x26", 8);
	put_text(file, 40, board);
	put_payload(file, header, PAYLOAD);
	put_be32(file, 24, 1000);
	put_be32(file, 28, PAYLOAD - 1000);
	put_be32(file, 16, chk_sum(from(file, header, header + 1000)));
	put_be32(file, 20, chk_sum(from(file, header + 1000, file->size)));
	put_be32(file, 32, chk_sum(from(file, header, file->size)));
	put_be32(file, 36, chk_sum(from(file, 0, header)));
}

static void make_dni(struct file *file)
{
	uint8_t last;

	put_text(file, 0, "device:R6220\nversion:V1.1.0.110\nregion:\nhd_id:29764958+0+128\n");
	put_payload(file, 128, PAYLOAD);
	last = (uint8_t)(0xff - sum_of(file, 0, file->size));
	put(file, file->size, &last, 1);
}

static void make_sercomm(struct file *file)
{
	uint8_t last;

	put(file, 0, "sErCoMm\0\1\0\0CWN", 14);
	put_text(file, 45, "A001");
	put_be32(file, 55, 0x0105);
	put_text(file, 63, "sErCoMm");
	put_payload(file, 512, PAYLOAD);
	last = (uint8_t)-sum_of(file, 0, file->size);
	put(file, 511, &last, 1);
}

static const char v1_salt[] = "\xdc\xd7\x3a\xa5\xc3\x95\x98\xfb\xdd\xf9\xe7\xf4\x0e\xae\x47\x38";
static const char v2_salt[] = "\xdc\xd7\x3a\xa5\xc3\x95\x98\xfb\xdc\xf9\xe7\xf4\x0e\xae\x47\x37";

static void make_tplink_v1(struct file *file)
{
	put_be32(file, 0, 0x01000000);
	put_text(file, 4, "TP-LINK Technologies");
	put_text(file, 0x1c, "ver. 1.0");
	put_be32(file, 0x40, 0x08410008);
	put_be32(file, 0x44, 1);
	put_be32(file, 0x74, 0x80060000);
	put_be32(file, 0x80, 512);
	put_be32(file, 0x84, 1000);
	put_be32(file, 0x88, 1600);
	put_be32(file, 0x8c, 512 + PAYLOAD - 1600);
	put_payload(file, 512, PAYLOAD);
	put(file, 0x4c, v1_salt, 16);
	put_digest(file, 0x4c, "md5", from(file, 0, file->size));
}

/* What has no place of its own for the root file system has erased fields for it. */
static void make_combined_tplink_v2(struct file *file)
{
	put_be32(file, 0, 0x03000000);
	put_text(file, 4, "ver. 1.0");
	put_be32(file, 0x34, 0x76110001);
	put_be32(file, 0x68, 0x80000000);
	put_be32(file, 0x74, 512);
	put_be32(file, 0x78, PAYLOAD);
	put_be32(file, 0x7c, UINT32_MAX);
	put_be32(file, 0x80, UINT32_MAX);
	put_be32(file, 0x8c, 0x55aa0000);
	put_payload(file, 512, PAYLOAD);
	put(file, 0x40, v2_salt, 16);
	put_digest(file, 0x40, "md5", from(file, 0, file->size));
}

static void make_tplink_v2(struct file *file)
{
	put_be32(file, 0, 0x03000000);
	put_text(file, 4, "ver. 2.0");
	put_be32(file, 0x34, 0x07210001);
	put_be32(file, 0x38, 7);
	put_be32(file, 0x68, 0x00000080);	/* swapped: for a little-endian processor */
	put_be32(file, 0x74, 512);
	put_be32(file, 0x78, PAYLOAD);
	put_be32(file, 0x8c, 0x55aa0000);
	put_payload(file, 512, PAYLOAD);
	put(file, 0x40, v2_salt, 16);
	put_digest(file, 0x40, "md5", from(file, 0, file->size));
}

static void make_safeloader(struct file *file)
{
	static const uint8_t salt[] = { 0x7a, 0x2b, 0x15, 0xed, 0x9b, 0x98, 0x59, 0x6d, 0xe5, 0x04, 0xab, 0x44, 0xac, 0x2a, 0x9f, 0x4e };
	static const char list[] = "SupportList:\r\nCPE210(TP-LINK|EU|N300-2|00000000):2.0\r\nCPE220(TP-LINK|EU|N300-2):2.1\r\n";

	memset(file->data, 0xff, 0x1014);
	put_be32(file, 0x14, 11);
	put_text(file, 0x18, "CPE510:1.0\n");
	put_text(file, 0x1014, "fwup-ptn soft-version base 0x00800 size 0x00015\t\r\nfwup-ptn support-list base 0x00815 size 0x00100\t\r\n"
			       "fwup-ptn os-image base 0x00915 size 0x00400\t\r\n");
	put(file, 0x1814, "\0\0\0\x0c\0\0\0\0\xff\1\2\3\x20\x24\x02\x01\0\0\0\0", 20);
	put_be32(file, 0x1829, sizeof(list));
	put(file, 0x1831, list, sizeof(list));
	put_payload(file, 0x1929, 0x400);
	put_be32(file, 0, (uint32_t)file->size);
	put(file, 4, salt, 16);
	put_digest(file, 4, "md5", from(file, 4, file->size));
}

static void make_seama(struct file *file)
{
	put(file, 0, "\x5e\xa3\xa4\x17\0\0\0\x28\0\0\0\0signature=wrgac42_dlink.2015_dir885l\0\0\0\0", 52);
	put(file, 52, "\x5e\xa3\xa4\x17\0\0\0\x10", 8);
	put_be32(file, 60, PAYLOAD);
	put(file, 80, "type=firmware\0\0\0", 16);
	put_payload(file, 96, PAYLOAD);
	put_digest(file, 64, "md5", from(file, 96, file->size));
}

static void make_wrg(struct file *file, bool is_long)
{
	size_t header = is_long ? 160 : 96, offset = is_long ? 108 : 44, digest = is_long ? 144 : 80;
	uint8_t covered[PAYLOAD + 36];

	put_text(file, 0, "wrgac37_dlink.2013gui_dir859");
	put_le32(file, 32, is_long ? 0x20080321 : 0x20040220);
	put_le32(file, 36, is_long ? 0x20080321 : 0x20040220);
	if (is_long)
		put_text(file, 40, "v1.05");
	put_be32(file, offset - 4, PAYLOAD);
	put_text(file, offset + 4, "/dev/mtdblock/1");
	put_payload(file, header, PAYLOAD);
	memcpy(covered, file->data + offset, 36);
	memcpy(covered + 36, file->data + header, PAYLOAD);
	put_digest(file, digest, "md5", bytes_of(covered, sizeof(covered)));
}

static void make_wrgg(struct file *file)
{
	make_wrg(file, true);
}

static void make_short_wrg(struct file *file)
{
	make_wrg(file, false);
}

static void make_dap(struct file *file)
{
	put_text(file, 4, "RT3052");
	put_text(file, 24, "RT3052-AP-DAP1350-3");
	put(file, 55, "\x40", 1);
	put_be32(file, 60, PAYLOAD);
	put_payload(file, 64, PAYLOAD);
	put_be32(file, 0, sum_of(file, 64, file->size));
}

/* The longer header, and a name in the form of Alpha Networks. */
static void make_long_dap(struct file *file)
{
	put_text(file, 4, "DAP-2553");
	put_text(file, 24, "wapnd04cm_dkbs_dap2553");
	put(file, 55, "\x50", 1);
	put_be32(file, 60, PAYLOAD);
	put_text(file, 68, "1.20");
	put_payload(file, 80, PAYLOAD);
	put_be32(file, 0, sum_of(file, 80, file->size));
}

static void make_dap2(struct file *file)
{
	put_le32(file, 0, 72);
	put_be32(file, 8, PAYLOAD);
	put_text(file, 16, "HONEYBEE-FIRMWARE-DAP-1330");
	put_text(file, 48, "1.00.21");
	put_payload(file, 72, PAYLOAD);
	put_be32(file, 4, sum_of(file, 72, file->size));
}

static void make_shrs(struct file *file)
{
	put_text(file, 0, "SHRS");
	put_be32(file, 4, PAYLOAD - 8);
	put_be32(file, 8, PAYLOAD);
	put_payload(file, 1756, PAYLOAD);
	put_digest(file, 156, "sha512", from(file, 1756, file->size));
}

static void make_ubnt(struct file *file)
{
	size_t part = 268, end = part + 56 + PAYLOAD;

	put_text(file, 0, "OPEN");
	put_text(file, 4, "XM.ar7240.v5.6.0");
	put_be32(file, 260, crc32_update(0, from(file, 0, 260)));
	put_text(file, part, "PARTkernel");
	put_be32(file, part + 48, PAYLOAD);
	put_payload(file, part + 56, PAYLOAD);
	put_be32(file, end, crc32_update(0, from(file, part, end)));
	put_be32(file, end + 4, 0);
	put_text(file, end + 8, "END.");
	put_be32(file, end + 12, crc32_update(0, from(file, 0, end + 8)));
	put_be32(file, end + 16, 0);
}

static void make_imagetag(struct file *file)
{
	put_text(file, 0, "6");
	put_text(file, 4, "Broadcom Corporatio");
	put_text(file, 38, "6348");
	put_text(file, 44, "96348GW-10");
	put_text(file, 60, "1");
	put_text(file, 62, "3000");
	put_text(file, 94, "3217096960");
	put_text(file, 106, "2000");
	put_text(file, 116, "3217096960");
	put_text(file, 128, "1000");
	put_payload(file, 256, PAYLOAD);
	put_be32(file, 216, raw1(file, 256, file->size));
	put_be32(file, 236, raw1(file, 0, 236));
}

#endif
