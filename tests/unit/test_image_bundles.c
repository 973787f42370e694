/* Update bundles and archives for the image inspector, made here byte by byte. */
#include "tests/unit/image_sample.h"

#include <stdio.h>

#include "recovery/image/inflate.h"

/* --- makers --- */

static void add_tar_member(struct buffer *to, const char *name, struct bytes data)
{
	char header[512] = "", size[12], sum[8];

	text_copy(header, 100, name);
	memcpy(header + 100, "0000644", 7);
	text_format(size, sizeof(size), "%011o", (unsigned)data.size);
	memcpy(header + 124, size, 11);
	memset(header + 148, ' ', 8);
	header[156] = '0';
	memcpy(header + 257, "ustar\0" "00", 8);
	text_format(sum, sizeof(sum), "%06o", image_byte_sum(bytes_of(header, sizeof(header))));
	memcpy(header + 148, sum, 7);
	add(to, header, sizeof(header));
	add(to, data.data, data.size);
	fill(to, 0, (to->size + 511) / 512 * 512);
}

static void end_tar(struct buffer *to)
{
	fill(to, 0, to->size + 1024);
}

static void make_tar(struct buffer *to)
{
	struct buffer elf;

	buffer_init(&elf, 4096);
	add_elf(&elf, 183, 1000);
	add_tar_member(to, "bin/sh", buffer_bytes(&elf));
	add_tar_member(to, "etc/motd", BYTES("welcome to a file of some length, so that it is one\n"));
	end_tar(to);
	buffer_done(&elf);
}

static void hex(const uint8_t *digest, char text[65])
{
	for (unsigned i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static void add_manifest_line(char *text, size_t size, const char *name, struct bytes data)
{
	uint8_t digest[IMAGE_DIGEST_SIZE];
	char sum[65];

	(void)make_digest(NULL, "sha256", data, digest);
	hex(digest, sum);
	text_append(text, size, "%s  %s\n", sum, name);
}

static void make_mender(struct buffer *to)
{
	static const char version[] = "{\"format\":\"mender\",\"version\":3}";
	static const char info[] = "{\"artifact_provides\":{\"artifact_name\":\"release-9\"},\"artifact_depends\":{\"device_type\":[\"box-1\",\"box-2\"]}}";
	struct buffer header, packed, data;
	char manifest[600] = "";

	buffer_init(&header, 65536);
	buffer_init(&packed, 65536);
	buffer_init(&data, 65536);
	add_tar_member(&header, "header-info", bytes_of_text(info));
	end_tar(&header);
	add_gzip(&packed, buffer_bytes(&header));
	add_gzip(&data, BYTES("the contents of a payload"));
	add_manifest_line(manifest, sizeof(manifest), "version", bytes_of_text(version));
	add_manifest_line(manifest, sizeof(manifest), "header.tar.gz", buffer_bytes(&packed));
	add_tar_member(to, "version", bytes_of_text(version));
	add_tar_member(to, "manifest", bytes_of_text(manifest));
	add_tar_member(to, "header.tar.gz", buffer_bytes(&packed));
	add_tar_member(to, "data/0000.tar.gz", buffer_bytes(&data));
	end_tar(to);
	buffer_done(&header);
	buffer_done(&packed);
	buffer_done(&data);
}

static void add_cpio_member(struct buffer *to, const char *name, struct bytes data)
{
	char header[111];

	snprintf(header, sizeof(header), "070702%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, data.size > 0 ? 0100644 : 0, 0, 0, 1, 0,
		 (unsigned)data.size, 0, 0, 0, 0, (unsigned)strlen(name) + 1, image_byte_sum(data));
	add(to, header, 110);
	add(to, name, strlen(name) + 1);
	fill(to, 0, (to->size + 3) / 4 * 4);
	add(to, data.data, data.size);
	fill(to, 0, (to->size + 3) / 4 * 4);
}

static void make_cpio(struct buffer *to)
{
	add_cpio_member(to, "etc/motd", BYTES("welcome"));
	add_cpio_member(to, "TRAILER!!!", (struct bytes){ (const uint8_t *)"", 0 });
	fill(to, 0, 1024);
}

static void make_swupdate(struct buffer *to)
{
	static const char image[] = "an image of the root file system";
	uint8_t digest[IMAGE_DIGEST_SIZE];
	char text[700], sum[65];

	(void)make_digest(NULL, "sha256", bytes_of_text(image), digest);
	hex(digest, sum);
	text_format(text, sizeof(text), "software =\n{\n\tversion = \"2.1.0\"; # of all\n\tgatebox = {\n\t\thardware-compatibility: [ \"1.0\", \"1.2\" ];\n"
		    "\t\timages: ( { filename = \"root.img\"; device = \"/dev/mmcblk0p2\"; sha256 = \"%s\"; } );\n\t};\n}\n", sum);
	add_cpio_member(to, "sw-description", bytes_of_text(text));
	add_cpio_member(to, "root.img", bytes_of_text(image));
	add_cpio_member(to, "TRAILER!!!", (struct bytes){ (const uint8_t *)"", 0 });
	fill(to, 0, (to->size + 511) / 512 * 512);
}

static void add_ar_member(struct buffer *to, const char *name, struct bytes data)
{
	char header[61];

	snprintf(header, sizeof(header), "%-16s%-12s%-6s%-6s%-8s%-10u`\n", name, "0", "0", "0", "100644", (unsigned)data.size);
	add(to, header, 60);
	add(to, data.data, data.size);
	if (data.size % 2)
		add_text(to, "\n");
}

static void make_deb(struct buffer *to)
{
	add_text(to, "!<arch>\n");
	add_ar_member(to, "debian-binary", BYTES("2.0\n"));
	add_ar_member(to, "control.tar.gz", BYTES("not a real one, but it has a length"));
}

/* A deflated member in one stored block, whose checksum is compared. */
static void make_zip(struct buffer *to)
{
	static const char contents[] = "what is in the member, thirty-nine bytes";
	uint32_t crc = crc32_update(0, bytes_of_text(contents));
	uint16_t size = sizeof(contents) - 1;
	size_t directory;

	put(to, 0, "PK\3\4\24\0\0\0\10\0", 10);
	put_le32(to, 14, crc);
	put_le32(to, 18, size + 5u);
	put_le32(to, 22, size);
	put_le16(to, 26, 1);
	put_le16(to, 28, 0);
	add_text(to, "a");
	add(to, &(uint8_t[]){ 1, (uint8_t)size, 0, (uint8_t)~size, 0xff }, 5);
	add_text(to, contents);
	directory = to->size;
	put(to, directory, "PK\1\2\24\0\24\0\0\0\10\0", 12);
	fill(to, 0, directory + 46);
	put_le32(to, directory + 16, crc);
	put_le32(to, directory + 20, size + 5u);
	put_le32(to, directory + 24, size);
	put_le16(to, directory + 28, 1);
	add_text(to, "a");
	put(to, to->size, "PK\5\6\0\0\0\0\1\0\1\0", 12);
	put_le32(to, to->size, 47);
	put_le32(to, to->size, (uint32_t)directory);
	put_le16(to, to->size, 0);
}

static void make_7z(struct buffer *to)
{
	put(to, 0, "7z\xbc\xaf\x27\x1c\0\4", 8);
	fill(to, 0x5a, 32 + 100 + 20);
	put_le32(to, 12, 100);
	put_le32(to, 16, 0);
	put_le32(to, 20, 20);
	put_le32(to, 24, 0);
	put_le32(to, 28, crc32_update(0, bytes_of(to->data + 132, 20)));
	put_le32(to, 8, crc32_update(0, bytes_of(to->data + 12, 20)));
}

static void make_gzip(struct buffer *to)
{
	add_gzip(to, BYTES("contents of some length, so that there is something to cut"));
}

/* One frame: a window, a stored block of 100 bytes that is the last one. */
static void make_zstd(struct buffer *to)
{
	add(to, "\x28\xb5\x2f\xfd\0\x58", 6);
	add(to, &(uint8_t[]){ (100 << 3 & 0xff) | 1, 100 >> 5, 0 }, 3);
	fill(to, 0x33, 109);
}

static void make_lz4(struct buffer *to)
{
	add(to, "\x04\x22\x4d\x18\x60\x40\x82", 7);
	put_le32(to, 7, 0x80000000 | 100);
	fill(to, 0x33, 111);
	put_le32(to, 111, 0);
}

static void make_fip(struct buffer *to)
{
	static const uint8_t bl31[16] = { 0x47, 0xd4, 0x08, 0x6d, 0x4c, 0xfe, 0x98, 0x46, 0x9b, 0x95, 0x29, 0x50, 0xcb, 0xbd, 0x5a, 0x00 };

	put_le32(to, 0, 0xaa640001);
	put_le32(to, 4, 0x12345678);
	fill(to, 0, 96 + 500);
	put(to, 16, bl31, 16);
	put_le32(to, 32, 96);
	put_le32(to, 40, 500);
	put_le32(to, 72, 596);		/* the entry of zeros says where all of it ends */
}

static void make_volume(struct buffer *to)
{
	uint16_t sum = 0;

	fill(to, 0xff, 8192);
	memset(to->data, 0, 72);
	memcpy(to->data + 16, "\x8d\x2b\xf1\xff\x96\x76\x8b\x4c", 8);
	put_le32(to, 32, 8192);
	put(to, 40, "_FVH", 4);
	put_le16(to, 48, 72);
	for (unsigned i = 0; i < 72; i += 2)
		sum = (uint16_t)(sum + load_le16(to->data + i));
	put_le16(to, 50, (uint16_t)-sum);
}

static void make_capsule(struct buffer *to)
{
	static const uint8_t fmp[16] = { 0xed, 0xd5, 0xcb, 0x6d, 0x2d, 0xe8, 0x44, 0x4c, 0xbd, 0xa1, 0x71, 0x94, 0x19, 0x9a, 0xd9, 0x2a };

	add(to, fmp, 16);
	fill(to, 0x44, 400);
	put_le32(to, 16, 32);
	put_le32(to, 24, 400);
	memset(to->data + 32, 0, 72);
	put_le32(to, 32, 1);
	put_le16(to, 38, 1);
	put_le32(to, 40, 16);
	put_le32(to, 48, 2);
	put(to, 52, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10", 16);
	put_le32(to, 72, 400 - 48 - 40);
}

static void make_cab(struct buffer *to)
{
	static const char text[] = "<component><name>Dock</name><developer_name>Example</developer_name><provides><firmware type=\"flashed\">"
				   "aabbccdd-0000-1111-2222-333344445555</firmware></provides><releases><release version=\"1.2.3\"/></releases></component>";
	uint32_t sum = 0;
	size_t at = 64;

	put(to, 0, "MSCF\0\0\0\0", 8);
	fill(to, 0, at + 8);
	put_le32(to, 16, 44);
	put_le16(to, 24, 0x103);
	put_le16(to, 26, 1);
	put_le16(to, 28, 1);
	put_le32(to, 36, (uint32_t)at);
	put_le16(to, 40, 1);
	put(to, 60, "fw", 3);
	add_text(to, text);
	fill(to, ' ', at + 8 + (sizeof(text) + 3) / 4 * 4);
	put_le16(to, at + 4, (uint16_t)(to->size - at - 8));
	put_le16(to, at + 6, (uint16_t)(to->size - at - 8));
	for (size_t i = at + 4; i < to->size; i += 4)
		sum ^= load_le32(to->data + i);
	put_le32(to, at, sum);
	put_le32(to, 8, (uint32_t)to->size);
}

static void make_bmap(struct buffer *to)
{
	char zeros[65], sum[65];
	uint8_t digest[IMAGE_DIGEST_SIZE];
	size_t at;

	memset(zeros, '0', 64);
	zeros[64] = '\0';
	add_text(to, "<?xml version=\"1.0\" ?>\n<bmap version=\"2.0\">\n<ImageSize> 1048576 </ImageSize>\n<BmapFileChecksum> ");
	at = to->size;
	add_text(to, zeros);
	add_text(to, " </BmapFileChecksum>\n<BlockMap><Range>0-1</Range></BlockMap>\n</bmap>\n");
	(void)make_digest(NULL, "sha256", buffer_bytes(to), digest);
	hex(digest, sum);
	put(to, at, sum, 64);
}

/* Not a SquashFS that is read, but what carries one: the signature with its digest, and its length. */
static void make_rauc(struct buffer *to)
{
	static const uint8_t head[] = { 0x30, 0x82, 0, 0, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 };
	static const uint8_t attribute[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04, 0x31, 0x22, 0x04, 0x20 };
	uint8_t digest[IMAGE_DIGEST_SIZE];
	size_t contents;

	add_text(to, "hsqs");
	fill(to, 0, 4096);
	put_le32(to, 12, 131072);
	put_le16(to, 20, 1);
	put_le16(to, 22, 17);
	put_le16(to, 28, 4);
	put_le32(to, 40, 4096);
	put_le32(to, 48, 4088);
	put_le32(to, 64, 200);
	put_le32(to, 72, 300);
	to->data[200] = to->data[300] = 16;
	contents = to->size;
	(void)make_digest(NULL, "sha256", buffer_bytes(to), digest);
	add(to, head, sizeof(head));
	add(to, attribute, sizeof(attribute));
	add(to, digest, 32);
	put_le32(to, to->size, 0);
	put_be32(to, to->size, (uint32_t)(to->size - 4 - contents));
	/* the length is 8 bytes, big-endian; the four before it were zeros */
}

static const struct sample samples[] = {
	{ "tar", make_tar, "tar", "arm64", IMAGE_UNKNOWN, 0, 0, true },
	{ "Mender", make_mender, "mender", "", IMAGE_YES, 0, 31, true },
	{ "cpio", make_cpio, "cpio", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "SWUpdate", make_swupdate, "swupdate", "", IMAGE_YES, 128, 360, false },
	{ "Debian package", make_deb, "deb", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "zip", make_zip, "zip", "", IMAGE_YES, 36, 76, true },
	{ "7z", make_7z, "7z", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "gzip", make_gzip, "gzip", "", IMAGE_YES, 0, 3, true },
	{ "zstd", make_zstd, "zstd", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "LZ4", make_lz4, "lz4", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "FIP", make_fip, "fip", "arm64", IMAGE_UNKNOWN, 0, 0, true },
	{ "UEFI volume", make_volume, "uefi-fv", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "UEFI capsule", make_capsule, "uefi-capsule", "", IMAGE_UNKNOWN, 0, 0, true },
	{ "cabinet", make_cab, "cab", "", IMAGE_YES, 64, 0, true },
	{ "bmap", make_bmap, "bmap", "", IMAGE_YES, 170, 0, true },
	{ "RAUC", make_rauc, "rauc", "", IMAGE_YES, 0, 4096, true },
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

static void a_swupdate_package_names_board_revisions_and_version(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_swupdate, NULL, &facts);
	assert_int_equal(facts.board_count, 1);
	assert_string_equal(facts.boards[0], "gatebox");
	assert_string_equal(facts.revision, "1.0, 1.2");
	assert_string_equal(facts.version, "2.1.0");
}

static void flip_last_image(struct buffer *file)
{
	uint8_t *at = memmem(file->data, file->size, "an image of", 11);

	assert_non_null(at);
	at[3] ^= 3;	/* two bits of neighbours would keep the sum; the hash sees them */
	at[4] ^= 3;
}

static void an_image_in_a_swupdate_package_must_have_its_hash(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_swupdate, flip_last_image, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_non_null(strstr(image_problem_text(&facts), "root.img"));
}

static void stick_something(struct buffer *file)
{
	add_text(file, "something else that was stuck to it");
}

static void what_follows_a_bundle_is_told(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_swupdate, stick_something, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
	run(make_mender, stick_something, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
	run(make_gzip, stick_something, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
}

static void a_mender_artifact_names_its_device_types(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_mender, NULL, &facts);
	assert_true(has_board(&facts, "box-1") && has_board(&facts, "box-2"));
	assert_string_equal(facts.version, "release-9");
}

static void cut_payload(struct buffer *file)
{
	uint8_t *at = memmem(file->data, file->size, "the contents of", 15);

	assert_non_null(at);
	memset(at + 20, 0, 40);		/* the end of the packed payload */
}

static void cut_end(struct buffer *file)
{
	file->size -= 20;
}

static void a_bundle_whose_signature_has_no_end_is_cut_off(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_rauc, cut_end, &facts);
	assert_string_equal(facts.format, "rauc");
	assert_int_equal(facts.whole, IMAGE_NO);
}

static void make_stream_in_two_pieces(struct buffer *to)
{
	add_gzip(to, BYTES("#!/bin/sh\necho this is the first of the parts\n"));
	add_gzip(to, BYTES("and this goes on with what the first one began\n"));
}

static void make_two_packed_volumes(struct buffer *to)
{
	struct buffer volume;

	buffer_init(&volume, 65536);
	make_volume(&volume);
	for (unsigned i = 0; i < 2; i++)
		add_gzip(to, buffer_bytes(&volume));
	buffer_done(&volume);
}

/* gzip -c a b: of one thing it is as good as one stream, of two files it is none of them. */
static void two_packed_files_behind_each_other_are_told(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_stream_in_two_pieces, NULL, &facts);
	assert_int_equal(facts.whole, IMAGE_YES);
	run(make_two_packed_volumes, NULL, &facts);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_non_null(strstr(image_problem_text(&facts), "joined"));
}

static void a_mender_payload_that_cannot_be_unpacked_is_damage(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_mender, cut_payload, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
}

static void a_capsule_names_its_image_type(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_capsule, NULL, &facts);
	assert_true(has_board(&facts, "04030201-0605-0807-090a-0b0c0d0e0f10"));
}

static void spoil_file_count(struct buffer *file)
{
	file->data[28] = 200;
}

static void spoil_file_place(struct buffer *file)
{
	file->data[16] = 4;
}

static void a_cabinet_whose_list_of_files_lies_is_damaged(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_cab, spoil_file_count, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
	run(make_cab, spoil_file_place, &facts);
	assert_int_equal(facts.whole, IMAGE_NO);
}

static void a_cabinet_tells_what_its_description_says(void **state)
{
	struct image_facts facts;

	(void)state;
	run(make_cab, NULL, &facts);
	assert_true(has_board(&facts, "aabbccdd-0000-1111-2222-333344445555"));
	assert_string_equal(facts.version, "1.2.3");
	assert_string_equal(facts.vendor, "Example");
}

static void deflate_is_unpacked_in_each_of_its_forms(void **state)
{
	uint8_t to[64];
	struct inflated all;

	(void)state;
	/* fixed codes: "hello hello hello\n"; with a match */
	all = inflate_all(BYTES("\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x5c\x00"), 1000, to, sizeof(to));
	assert_int_equal(all.end, IMAGE_YES);
	assert_int_equal(all.size, 18);
	assert_memory_equal(to, "hello hello hello\n", 18);
	assert_int_equal(all.crc32, crc32_update(0, BYTES("hello hello hello\n")));
	assert_int_equal(all.used, 11);
	/* stored */
	all = inflate_all(BYTES("\1\3\0\xfc\xff" "abc"), 1000, to, sizeof(to));
	assert_int_equal(all.end, IMAGE_YES);
	assert_memory_equal(to, "abc", 3);
	/* cut off, and a match before the start */
	assert_int_equal(inflate_all(BYTES("\xcb\x48\xcd"), 1000, to, sizeof(to)).end, IMAGE_NO);
	assert_int_equal(inflate_all(BYTES("\1\3\0\xfc\xfe" "abc"), 1000, to, sizeof(to)).end, IMAGE_NO);
	/* no more than was asked for */
	assert_int_equal(inflate_all(BYTES("\1\3\0\xfc\xff" "abc"), 2, to, sizeof(to)).end, IMAGE_UNKNOWN);
}

static void a_table_that_begins_with_zeros_is_no_lzma(void **state)
{
	static const uint8_t table[64] = { 0, 0, 0, 0, 0x40, 0xf6, 0xfa, 0xff };
	struct image_facts facts;

	(void)state;
	image_inspect(bytes_of(table, sizeof(table)), sizeof(table), NULL, &facts);
	assert_string_equal(facts.format, "unknown");
}

static void text_and_noise_are_none_of_them(void **state)
{
	uint8_t noise[4096];
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct image_facts facts;

		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
		image_inspect(bytes_of(noise, sizeof(noise)), sizeof(noise), NULL, &facts);
		if (!text_equal(facts.format, "unknown"))
			fail_msg("noise %u is %s", round, facts.format);
	}
}

/* A tar of a file of that size and a program behind it, packed. */
static void make_packed_tar(struct buffer *to, size_t size, size_t left_out)
{
	struct buffer tar, data;

	buffer_init(&tar, 1024 * 1024);
	buffer_init(&data, 1024 * 1024);
	fill(&data, 0x5a, size);
	add_tar_member(&tar, "first.bin", buffer_bytes(&data));
	buffer_clear(&data);
	add_elf(&data, 183, 1000);
	add_tar_member(&tar, "second", buffer_bytes(&data));
	end_tar(&tar);
	add_gzip(to, bytes_of(tar.data, tar.size - left_out));
	buffer_done(&data);
	buffer_done(&tar);
}

static void a_packed_archive_is_seen_to_its_end_where_there_is_place(void **state)
{
	static const struct { size_t size, left_out; bool has_more, has_second; } cases[] = {
		{ 1000, 0, false, true }, { 100 * 1024, 0, false, true },
		{ 300 * 1024, 0, true, false },		/* there is no place for so much */
		{ 100 * 1024, 2048, true, false },	/* damaged before it was packed: a walk says how */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct image_facts facts;
		struct buffer file;

		buffer_init(&file, 1024 * 1024);
		make_packed_tar(&file, cases[i].size, cases[i].left_out);
		facts = inspect(&file);
		assert_string_equal(facts.format, "gzip");
		assert_int_equal(facts.whole, IMAGE_YES);
		assert_string_equal(facts.parts[0].format, "tar");
		assert_int_equal(facts.parts[0].has_more, cases[i].has_more);
		assert_string_equal(facts.arch, cases[i].has_second ? "arm64" : "");
		assert_string_equal(facts.parts[facts.part_count - 1].name, cases[i].has_second ? "second" : "first.bin");
		buffer_done(&file);
	}
}

static void make_full_tar(struct buffer *to)
{
	for (unsigned i = 0; i < IMAGE_PARTS; i++)
		add_tar_member(to, "page", BYTES("<!DOCTYPE html><html>no firmware</html>"));
	add_tar_member(to, "readme", BYTES("<!DOCTYPE html><html>nor this</html>"));
}

static void add_inner_tar(struct buffer *file)
{
	struct buffer inner;

	buffer_init(&inner, 8192);
	make_tar(&inner);
	add_tar_member(file, "inner.tar", buffer_bytes(&inner));
	end_tar(file);
	buffer_done(&inner);
}

static void an_archive_that_has_no_row_any_more_is_noticed(void **state)
{
	struct image_facts facts;

	(void)state;
	facts = inspect_made(make_full_tar, end_tar);
	assert_int_equal(facts.part_count, IMAGE_PARTS);
	assert_false(facts.has_unlisted_archive);
	facts = inspect_made(make_full_tar, add_inner_tar);
	assert_int_equal(facts.part_count, IMAGE_PARTS);
	assert_true(facts.has_unlisted_archive);
}

static void lose_part_of_a_block(struct buffer *file)
{
	file->size -= 100;
}

static void pad_to_a_record(struct buffer *file)
{
	fill(file, 0, 10240);
}

static void pad_and_lose_part_of_a_block(struct buffer *file)
{
	pad_to_a_record(file);
	lose_part_of_a_block(file);
}

/* What was lost in the last member is missing in the zeros behind. */
static void a_tar_is_made_of_whole_blocks(void **state)
{
	(void)state;
	assert_int_equal(inspect_made(make_tar, pad_to_a_record).whole, IMAGE_UNKNOWN);
	assert_int_equal(inspect_made(make_tar, lose_part_of_a_block).whole, IMAGE_NO);
	assert_int_equal(inspect_made(make_tar, pad_and_lose_part_of_a_block).whole, IMAGE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tar_is_made_of_whole_blocks),
		cmocka_unit_test(each_format_is_told_and_holds_what_all_must_hold),
		cmocka_unit_test(a_swupdate_package_names_board_revisions_and_version),
		cmocka_unit_test(an_image_in_a_swupdate_package_must_have_its_hash),
		cmocka_unit_test(what_follows_a_bundle_is_told),
		cmocka_unit_test(a_mender_artifact_names_its_device_types),
		cmocka_unit_test(a_bundle_whose_signature_has_no_end_is_cut_off),
		cmocka_unit_test(two_packed_files_behind_each_other_are_told),
		cmocka_unit_test(a_mender_payload_that_cannot_be_unpacked_is_damage),
		cmocka_unit_test(a_capsule_names_its_image_type),
		cmocka_unit_test(a_cabinet_whose_list_of_files_lies_is_damaged),
		cmocka_unit_test(a_cabinet_tells_what_its_description_says),
		cmocka_unit_test(deflate_is_unpacked_in_each_of_its_forms),
		cmocka_unit_test(a_table_that_begins_with_zeros_is_no_lzma),
		cmocka_unit_test(text_and_noise_are_none_of_them),
		cmocka_unit_test(a_packed_archive_is_seen_to_its_end_where_there_is_place),
		cmocka_unit_test(an_archive_that_has_no_row_any_more_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
