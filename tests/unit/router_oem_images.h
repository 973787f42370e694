/* tests/unit/router_oem_images.h
 *
 * Images of routers whose formats come from the makers behind the brands (ZyXEL, MikroTik, Edimax, Senao, Huawei, Gemtek...), made here byte
 * by byte. */
#ifndef UNBRICK_TESTS_ROUTER_OEM_IMAGES_H
#define UNBRICK_TESTS_ROUTER_OEM_IMAGES_H

#include "tests/unit/image_maker.h"

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
