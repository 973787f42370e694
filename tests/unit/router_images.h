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

static uint32_t sysv(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static void make_ras(struct file *file)
{
	size_t block = 64 * 1024;

	memset(file->data, 0xff, block);
	put(file, 8, "V1.00(AAKG.3)C0", 16);
	put(file, 44, "NBG6716", 8);
	put_be32(file, 4, 2000);
	put_be32(file, 112, PAYLOAD - 2000);
	put_payload(file, block, PAYLOAD);
	put_be32(file, 0, sysv(sum_of(file, block, block + 2000)));
	put_be32(file, 108, sysv(sum_of(file, block + 2000, file->size)));
	memcpy(file->data + 40, file->data, 4);
	put_be32(file, 40, sysv(sum_of(file, 0, 2048)));
}

static void make_rdh(struct file *file)
{
	put_text(file, 0, "0RDH");
	put_be32(file, 4, 380);
	put_be32(file, 8, 380 + PAYLOAD);
	put_be32(file, 80, PAYLOAD);
	put_text(file, 268, "NR7101");
	put_be32(file, 284, 0x07010001);
	put_text(file, 296, "1.00(ABUV.0)D0");
	put_payload(file, 380, PAYLOAD);
	put_be32(file, 12, raw1(file, 380, file->size));
	put_be32(file, 372, raw1(file, 0, 380));
}

static void make_zld(struct file *file)
{
	size_t at = 104 + 272;
	uint8_t digest[16], zeroed[ROOM];
	uint32_t sum = 0;

	put_le32(file, 4, 0xdeadbeaf);
	put_le32(file, 8, 0x00010001);	/* version 1, one file */
	put_le32(file, 12, 0x12340001);	/* one model */
	put_le32(file, 28, (uint32_t)at);
	put_text(file, 72, "NWA5121-N");
	put_le32(file, 104, 2);
	put_le32(file, 108, 512 + PAYLOAD);
	put_text(file, 120, "kernel.bin");
	put_payload(file, at, 512 + PAYLOAD);
	put_le32(file, 24, (uint32_t)file->size);
	memcpy(zeroed, file->data, file->size);
	memset(zeroed + at, 0, 512);
	assert_int_equal(digest_bytes("md5", bytes_of(zeroed + 4, file->size - 4), digest, 16), 16);
	for (int i = 0; i < 16; i += 4)
		sum += load_be32(digest + i);
	put_be32(file, 0, sum);
}

static void make_npk(struct file *file)
{
	put(file, 0, "\x1e\xf1\xd0\xba", 4);
	put(file, 8, "\1\0\x14\0\0\0system\0\0\0\0\0\0\0\0\0\0\5f\x2f\6", 26);
	put(file, 34, "\x10\0\6\0\0\0mipsbe", 12);
	put(file, 46, "\x09\0", 2);
	put_le32(file, 48, PAYLOAD);
	put_payload(file, 52, PAYLOAD);
	put_le32(file, 4, (uint32_t)file->size - 8);
}

static void make_hdr1(struct file *file)
{
	put_text(file, 0, "HDR1");
	put_le32(file, 12, 0x00120000);
	put_le32(file, 16, 48);
	put_le32(file, 48, 0xbabe);
	put_le32(file, 56, PAYLOAD);
	put_text(file, 64, "firmware.bin");
	put_payload(file, 96, PAYLOAD);
	put_le32(file, 4, (uint32_t)file->size);
	put_le32(file, 8, raw1(file, 12, file->size));
}

static void make_csys(struct file *file)
{
	uint16_t sum = 0;

	put_text(file, 0, "CSYS");
	put_text(file, 12, "RN68");
	put_le32(file, 16, PAYLOAD + 2);
	put_payload(file, 20, PAYLOAD);
	for (size_t i = 0; i < PAYLOAD; i += 2)
		sum = (uint16_t)(sum - (file->data[20 + i] | file->data[21 + i] << 8));
	put(file, 20 + PAYLOAD, (uint8_t[]){ (uint8_t)sum, (uint8_t)(sum >> 8) }, 2);
}

static void make_edimax(struct file *file)
{
	uint8_t sum;

	put_text(file, 0, "eDiMaX");
	put_text(file, 16, "BR-6478ACV2");
	put_be32(file, 51, PAYLOAD);
	put_text(file, 63, "1.23");
	put_payload(file, 94, PAYLOAD);
	sum = (uint8_t)(sum_of(file, 94, file->size) ^ 0xb9);
	put(file, 50, &sum, 1);
	sum = (uint8_t)(sum_of(file, 0, 94) ^ 0xb9);
	put(file, 49, &sum, 1);
}

static uint32_t cksum(struct bytes over)
{
	uint32_t crc = 0;
	size_t left = over.size;

	for (size_t i = 0; i < over.size || left > 0; i++) {
		uint8_t byte = i < over.size ? over.data[i] : (uint8_t)left;

		crc ^= (uint32_t)byte << 24;
		for (int bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc & 0x80000000 ? 0x04c11db7 : 0);
		if (i >= over.size)
			left >>= 8;
	}
	return ~crc;
}

static void make_buffalo(struct file *file)
{
	put_text(file, 0, "WZR-HP-G300NH");
	put_text(file, 32, "BUFFALO");
	put_text(file, 64, "1.99");
	put_text(file, 72, "1.01");
	put_text(file, 80, "EU");
	put_text(file, 96, "ath");
	put_payload(file, 160, PAYLOAD);
	put_be32(file, 136, (uint32_t)file->size);
	put_be32(file, 152, PAYLOAD);
	put_be32(file, 140, cksum(from(file, 0, file->size)));
}

static void make_senao(struct file *file)
{
	put_be32(file, 4, 0x101);
	put_be32(file, 8, 0x5d);
	put_text(file, 12, "1.0.0");
	put_be32(file, 28, 2);
	put_be32(file, 32, PAYLOAD);
	put_payload(file, 96, PAYLOAD);
	put_digest(file, 40, "md5", from(file, 96, file->size));
	put_be32(file, 92, 0x12345678);
	put_be32(file, 88, sum_of(file, 0, 96));
	for (size_t i = 0; i < PAYLOAD; i++)
		file->data[96 + i] ^= (uint8_t)(0x12345678 >> i % 8);
}

static void make_hwnp(struct file *file)
{
	static const char list[] = "164C|15AD|;COMMON|";
	size_t item = 36 + sizeof(list) - 1, data = item + 360;

	put_text(file, 0, "HWNP");
	put_le32(file, 20, 1);
	put(file, 26, (uint8_t[]){ sizeof(list) - 1, 0 }, 2);
	put_text(file, 36, list);
	put_le32(file, item + 8, (uint32_t)data);
	put_le32(file, item + 12, PAYLOAD);
	put_text(file, item + 272, "KERNEL");
	put_text(file, item + 288, "V300R017");
	put_payload(file, data, PAYLOAD);
	put_be32(file, 4, (uint32_t)file->size - 0x4c);
	put_le32(file, 8, crc32_update(0, from(file, 12, file->size)));
}

static void make_meraki(struct file *file)
{
	put_be32(file, 0, 0x8e73ed8a);
	put_be32(file, 4, 1024);
	put_be32(file, 8, PAYLOAD);
	put_be32(file, 32, 0xa1f0beef);
	put_payload(file, 1024, PAYLOAD);
	put_digest(file, 12, "sha1", from(file, 1024, file->size));
}

static void make_dns(struct file *file)
{
	uint32_t sum = 0;

	put_le32(file, 0, 64);
	put_le32(file, 4, PAYLOAD);
	put(file, 36, "\x55\xaa" "FrodoII\0\x55\xaa\1\0\7", 15);
	put_payload(file, 64, PAYLOAD);
	for (size_t i = 0; i < PAYLOAD; i += 4)
		sum ^= load_le32(file->data + 64 + i);
	put_le32(file, 24, sum);
}

static void make_gemtek(struct file *file)
{
	put_text(file, 0, "GMTK1007");
	put_le32(file, 8, 0x03040001);
	put_text(file, 28, "EN");
	put_payload(file, 32, PAYLOAD);
	put_le32(file, 12, (uint32_t)file->size);
	put_le32(file, 16, crc32_update(0, from(file, 0, file->size)));
}

static void make_jcg(struct file *file)
{
	put_text(file, 0, "YSZJ");
	put_be32(file, 108, 0x00010002);
	put_payload(file, 512, PAYLOAD);
	put_be32(file, 504, crc32_update(0, from(file, 512, file->size)));
	put_be32(file, 508, crc32_update(0, from(file, 0, 512)));
}

static void make_zynos(struct file *file)
{
	uint32_t sum = 0;

	put(file, 6, "SIG\4", 4);
	put_be32(file, 10, PAYLOAD);
	put(file, 18, "\x40", 1);
	put_text(file, 24, "V3.60(JJ.7)");
	put_payload(file, 48, PAYLOAD);
	for (size_t i = 0; i < PAYLOAD; i += 2) {
		sum += (uint32_t)file->data[48 + i] << 8 | file->data[49 + i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	put_be32(file, 20, sum << 16);
}

static void make_luxul(struct file *file)
{
	put_text(file, 0, "LXL#");
	put_le32(file, 4, 2);
	put_le32(file, 8, 36);
	put_text(file, 16, "XWR-3150");
	put(file, 32, "\7\1\0\2", 4);
	put_payload(file, 36, PAYLOAD);
}

static void make_cameo(struct file *file)
{
	put_text(file, 12, "RT5350_AP");
	put_text(file, 32, "AP94-AR7161-RT-080619-00");
	put_text(file, 62, "DEF");
	put_text(file, 66, "1.04");
	put(file, 78, "\x54\0\0\0\0\0", 6);
	put_payload(file, 84, PAYLOAD);
	put_be32(file, 4, PAYLOAD);
	put_be32(file, 8, 1000);
	put_be32(file, 0, sum_of(file, 84, file->size));
}

static void make_planex(struct file *file)
{
	uint8_t seed[4] = { 0, 0, 0, 4 }, digest[20];

	put_text(file, 20, "1.00.00");
	put_be32(file, 30, 0x10000);
	put_payload(file, 34, 0x10000);
	put(file, 30 + 4 + 0x10000, seed, 4);
	memmove(file->data + 38, file->data + 34, 0x10000);
	memcpy(file->data + 34, seed, 4);
	assert_int_equal(digest_bytes("sha1", from(file, 34, 38 + 0x10000), digest, sizeof(digest)), 20);
	put(file, 0, digest, 20);
	memmove(file->data + 34, file->data + 38, 0x10000);
	file->size = 34 + 0x10000;
}

static void make_iptime(struct file *file)
{
	put_text(file, 0, "ax3000m");
	put_text(file, 8, "00_000");
	put_payload(file, 56, PAYLOAD);
	put_le32(file, 48, PAYLOAD);
	put_le32(file, 52, 0);
	put_le32(file, 52, raw1(file, 0, file->size));
}

static void make_iptime_nas(struct file *file)
{
	uint32_t sum;

	put_text(file, 0, "nas1dual");
	put_text(file, 32, "0.0.00");
	put_text(file, 120, "EFM_NAS_PKG");
	put_payload(file, 0x400, PAYLOAD);
	put_le32(file, 96, PAYLOAD);
	sum = sum_of(file, 0x400, file->size);
	put_le32(file, 100, (8 * 0x19283745u + ~sum) ^ sum);
}

/* CRC-16/XMODEM, by its definition: the remainder of the message times x^16. */
static uint32_t xmodem_crc(struct bytes over)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < (over.size + 2) * 8; i++) {
		uint32_t bit = i < over.size * 8 ? over.data[i / 8] >> (7 - i % 8) & 1u : 0;

		crc = crc << 1 | bit;
		crc ^= crc & 0x10000 ? 0x11021 : 0;
	}
	return crc;
}

static void make_h3c(struct file *file)
{
	enum { HEAD = 6180, DATA = HEAD + 340 };

	put_be32(file, 0, 1);
	put_be32(file, 4, 1);
	put_be32(file, 8, 0x2a);
	put_be32(file, 12, 0x1b);
	put(file, 16, "\x07\xe4\x0c\x18", 4);
	put_be32(file, 36, HEAD);
	put_be32(file, 40, 340 + PAYLOAD);
	put_text(file, HEAD + 104, "Firmware 7.1.70");
	put_payload(file, DATA, PAYLOAD);
	put_be32(file, HEAD + 328, PAYLOAD);
	put_be32(file, HEAD + 332, xmodem_crc(from(file, DATA, file->size)));
	put_be32(file, HEAD + 336, UINT32_MAX);
	put_be32(file, HEAD + 4, xmodem_crc(from(file, HEAD + 8, DATA)));
	put_be32(file, 28, (uint32_t)file->size - HEAD);
	put_be32(file, 6176, xmodem_crc(from(file, 0, 6176)));
}

static void put_brn_part(struct file *file, size_t size)
{
	size_t at = file->size, end = (at + size + 12 + 1023) / 1024 * 1024;

	put_payload(file, at, size);
	memset(file->data + file->size, 0xff, end - file->size);
	put_le32(file, end - 12, (uint32_t)size);
	put_le32(file, end - 8, 0x12345678);
	put_le32(file, end - 4, crc32_update(0, from(file, at, at + size)));
}

static void make_brn(struct file *file)
{
	put_brn_part(file, PAYLOAD);
	put_brn_part(file, 1012);
	put(file, file->size, "BRNDTW502", 10);
}

#endif
