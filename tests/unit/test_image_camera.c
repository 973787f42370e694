/* Camera packages and what is no image, made here byte by byte. */
#include "tests/unit/image_media.h"

/* --- zip --- */

struct member {
	const char *name, *text;
	bool is_packed;		/* deflate with one stored block, RFC 1951 3.2.4 */
};

static void add_body(struct buffer *to, const struct member *member)
{
	size_t size = strlen(member->text);

	if (member->is_packed) {
		add(to, "\x01", 1);
		add_le(to, size, 2);
		add_le(to, ~size & 0xffff, 2);
	}
	add_text(to, member->text);
}

static void add_common(struct buffer *to, const struct member *member)
{
	size_t size = strlen(member->text);

	add_le(to, 20, 2);
	add_le(to, 0, 2);
	add_le(to, member->is_packed ? 8 : 0, 2);
	add_le(to, 0, 4);
	add_le(to, crc32_update(0, bytes_of_text(member->text)), 4);
	add_le(to, size + (member->is_packed ? 5 : 0), 4);
	add_le(to, size, 4);
	add_le(to, strlen(member->name), 2);
	add_le(to, 0, 2);
}

static void add_zip(struct buffer *to, const struct member *members, unsigned count, const char *first)
{
	size_t at[8], directory;

	for (unsigned i = 0; i < count; i++) {
		at[i] = to->size;
		add_text(to, i == 0 ? first : "PK\x03\x04");
		add_common(to, &members[i]);
		add_text(to, members[i].name);
		add_body(to, &members[i]);
	}
	directory = to->size;
	for (unsigned i = 0; i < count; i++) {
		add_text(to, "PK\x01\x02");
		add_le(to, 20, 2);
		add_common(to, &members[i]);
		add_le(to, 0, 10);
		add_le(to, at[i], 4);
		add_text(to, members[i].name);
	}
	add_text(to, "PK\x05\x06");
	add_le(to, 0, 4);
	add_le(to, count, 2);
	add_le(to, count, 2);
	add_le(to, to->size - 12 - directory, 4);
	add_le(to, directory, 4);
	add_le(to, 0, 2);
}

static const char install_desc[] =
	"{ \"UpgradeCommand\": [ { \"Command\": \"Burn\", \"FileName\": \"user.img\" } ],\n"
	"  \"Hardware\" : \"HI3516EV300_85H50AI\", \"DevID\": \"000529E9XXXXX000000000000\", \"Vendor\": \"General\", \"CRC\": \"12\" }";

static void a_xiongmai_package_names_its_hardware(void **state)
{
	/* whatever the order, stored or packed */
	for (int packed = 0; packed < 2; packed++) {
		const struct member members[] = { { "user.img", "some program", packed }, { "InstallDesc", install_desc, packed } };
		struct image_facts facts;

		buffer_clear(*state);
		add_zip(*state, members, 2, "PK\x03\x04");
		facts = inspect(*state);
		assert_string_equal(facts.format, "xiongmai-zip");
		assert_string_equal(facts.vendor, "Xiongmai (General)");
		assert_string_equal(facts.boards[0], "HI3516EV300_85H50AI");
		assert_true(has_board(&facts, "000529E9XXXXX000000000000"));
		assert_int_equal(facts.whole, IMAGE_YES);
		assert_string_equal(facts.parts[0].name, "user.img");
		assert_cut_is_told(*state);
	}
}

static void what_the_device_does_not_compare_is_no_board(void **state)
{
	const struct member members[] = { { "InstallDesc", "{\"UpgradeCommand\":[],\"Hardware\":\"SkipCheck\",\"Vendor\":\"SkipCheck\"}", false } };
	struct image_facts facts;

	add_zip(*state, members, 1, "PK\x03\x04");
	facts = inspect(*state);
	assert_int_equal(facts.board_count, 0);
	assert_string_equal(facts.vendor, "Xiongmai");
}

static void every_changed_byte_of_a_members_contents_is_damage(void **state)
{
	const struct member members[] = { { "InstallDesc", install_desc, true }, { "a.img", "0123456789", true }, { "b.img", "abcdefghij", false } };
	struct buffer *image = *state;
	size_t at;

	add_zip(image, members, 3, "PK\x03\x04");
	for (at = 0; memcmp(image->data + at, "0123456789", 10) != 0; at++)
		;
	for (size_t i = at - 4; i < at + 10; i++) {
		image->data[i] ^= 0x20;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
		image->data[i] ^= 0x20;
	}
	memmove(image->data + at, image->data + at + 4, image->size - at - 4);	/* a hole */
	image->size -= 4;
	assert_string_equal(inspect(image).format, "xiongmai-zip");
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

static void a_dahua_package_names_its_models(void **state)
{
	const struct member members[] = {
		{ "Install", "{\n \"Commands\": [\"burn a.img bootargs\"],\n \"Devices\": [ [ \"IPC-HFW4421E\", \"1.00\" ],\n"
			     " [\"IPC-HDW4421C\",\"1.00\"] ],\n \"Vendor\": \"General\"\n}", true },
		{ "hwid", "IPC-HFW4421E\r\nIPC-X\n", true }, { "a.img", "program", false },
	};
	struct image_facts facts;

	add_zip(*state, members, 3, "DH\x03\x04");
	facts = inspect(*state);
	assert_string_equal(facts.format, "dahua-zip");
	assert_string_equal(facts.vendor, "Dahua");
	assert_int_equal(facts.board_count, 3);
	assert_string_equal(facts.boards[1], "IPC-HDW4421C");
	assert_true(has_board(&facts, "IPC-X"));
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_cut_is_told(*state);
	((struct buffer *)*state)->data[0] = 'P';
	((struct buffer *)*state)->data[1] = 'K';
	facts = inspect(*state);
	assert_string_equal(facts.format, "dahua-zip");
	assert_non_null(strstr(facts.warning, "DH"));
}

static void a_dahua_installer_in_lua_names_its_models(void **state)
{
	const struct member members[] = {
		{ "Install.lua", "-- x\nInstall = {\n Devices = { { 'IPC-HF3100', '1.00' }, { 'IPC-HF3101', '1.00' } }\n}\n", false },
	};
	struct image_facts facts;

	add_zip(*state, members, 1, "DH\x03\x04");
	facts = inspect(*state);
	assert_int_equal(facts.board_count, 2);
	assert_string_equal(facts.boards[1], "IPC-HF3101");
}

static void text_in_an_archive_does_not_damage_it(void **state)
{
	const struct member members[] = {
		{ "README", "This is the firmware of a camera. Read it first, please.", false }, { "i.html", "<html><body>", false },
	};
	struct image_facts facts;

	add_zip(*state, members, 2, "PK\x03\x04");
	facts = inspect(*state);
	assert_string_equal(facts.format, "zip");
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_string_equal(facts.parts[1].format, "html");
}

static void instar_files_are_told(void **state)
{
	struct buffer *image = *state;

	add(image, "BNEG\1\0\0\0\1\0\0\0", 12);
	add_le(image, 40, 4);
	add_le(image, 20, 4);
	fill(image, 0x81, 80);
	assert_string_equal(inspect(image).format, "instar-bneg");
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	assert_cut_is_told(image);
}

/* --- Hikvision --- */

static void add_hikvision(struct buffer *to, bool length_first, uint32_t language)
{
	static const uint8_t key[16] = { 0xba, 0xcd, 0xbc, 0xfe, 0xd6, 0xca, 0xdd, 0xd3, 0xba, 0xb9, 0xa3, 0xab, 0xbf, 0xcb, 0xb5, 0xbe };
	static const char *const body[2] = { "kernel bytes", "root file system" };
	uint32_t length = 64 + 2 * 44, at = length, sum = 0;

	add_text(to, "SWKH");
	add_le(to, 0, 4);
	add_le(to, length, 4);
	add_le(to, 2, 4);
	add_le(to, language, 4);
	add_le(to, 0x780000, 4);
	fill(to, 0, 64);
	for (int i = 0; i < 2; i++) {
		uint32_t size = (uint32_t)strlen(body[i]), of_file = 0;

		for (size_t k = 0; k < size; k++)
			of_file += (uint8_t)body[i][k];
		add_field(to, i ? "initrun.sh" : "uImage", 32);
		add_le(to, length_first ? size : at, 4);
		add_le(to, length_first ? at : size, 4);
		add_le(to, of_file, 4);
		at += size;
	}
	for (size_t i = 12; i < length; i++)
		sum += to->data[i];
	put_le32(to, 4, sum);
	for (size_t i = 0; i < length; i++)
		to->data[i] ^= key[(i + (i >> 4)) & 15];
	add_text(to, body[0]);
	add_text(to, body[1]);
}

static void a_hikvision_file_is_decoded_in_both_orders(void **state)
{
	for (int order = 0; order < 2; order++) {
		struct image_facts facts;

		buffer_clear(*state);
		add_hikvision(*state, order, 1);
		facts = inspect(*state);
		assert_string_equal(facts.format, "hikvision-dav");
		assert_string_equal(facts.vendor, "Hikvision");
		assert_string_equal(facts.boards[0], "class 0x780000");
		assert_non_null(strstr(facts.name, "English"));
		assert_int_equal(facts.part_count, 2);
		assert_string_equal(facts.parts[1].name, "initrun.sh");
		assert_int_equal(facts.parts[1].offset, 64 + 88 + 12);
		assert_string_equal(facts.warning, "");
		assert_cut_is_told(*state);
		assert_flips_are_told(*state, 4);
	}
	buffer_clear(*state);
	add_hikvision(*state, true, 2);
	assert_non_null(strstr(inspect(*state).warning, "Chinese"));
}

/* --- Reolink --- */

static void add_reolink(struct buffer *to, bool is_64)
{
	static const char *const names[2] = { "uboot", "app" }, *const versions[2] = { "v1.0.0.1", "v3.0.0.660" };
	unsigned word = is_64 ? 8 : 4, header = 3 * word, table = 2 * (56 + 2 * word);
	size_t first = header + table + 2 * 76, crc_at = word;
	uint32_t crc = UINT32_MAX;

	add_le(to, 0x32725913, word);
	add_le(to, 0, word);
	add_le(to, 0x2302, word);
	for (unsigned i = 0; i < 2; i++) {
		add_field(to, names[i], 32);
		add_field(to, versions[i], 24);
		add_le(to, first + i * 10, word);
		add_le(to, 10, word);
	}
	for (unsigned i = 0; i < 2; i++) {
		add_field(to, names[i], 32);
		add_le(to, i, 4);
		add_field(to, "mtd0", 32);
		add_le(to, i * 0x10000, 4);
		add_le(to, 0x10000, 4);
	}
	add_text(to, "uboot byteapp bytes!");
	crc = crc32_update(crc, bytes_of(to->data + first, to->size - first));
	crc = crc32_update(crc, BYTES("\2\0\0\0"));
	crc = crc32_update(crc, bytes_of(to->data + header, table));
	put_le32(to, crc_at, ~crc);
}

static void a_reolink_file_is_checked_in_both_widths(void **state)
{
	for (int wide = 0; wide < 2; wide++) {
		struct buffer *image = *state;
		struct image_facts facts;
		size_t body;

		buffer_clear(image);
		add_reolink(image, wide);
		facts = inspect(image);
		assert_string_equal(facts.format, "reolink-pak");
		assert_string_equal(facts.boards[0], "type 0x2302");
		assert_string_equal(facts.version, "v3.0.0.660");
		assert_int_equal(facts.part_count, 2);
		assert_int_equal(facts.whole, IMAGE_YES);
		assert_cut_is_told(image);
		body = image->size - 20;
		assert_flips_are_told(image, body);
		add_text(image, "more");
		assert_int_equal(inspect(image).whole, IMAGE_NO);
	}
}

static void a_lying_reolink_table_is_refused(void **state)
{
	struct buffer *image = *state;

	add_reolink(image, false);
	put_le32(image, 12 + 56 + 4, UINT32_MAX);	/* as long as anything */
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	put_le32(image, 12 + 56, UINT32_MAX);
	assert_int_equal(inspect(image).whole, IMAGE_NO);
}

/* --- Ambarella, OpenIPC --- */

static void an_ambarella_file_names_its_model_and_its_parts_are_checked(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	add_field(image, "SJ8PRO", 32);
	fill(image, 0, 0x60);
	for (int i = 0; i < 2; i++) {
		size_t at = image->size;

		add_le(image, crc32_update(0, BYTES("program of a part")), 4);
		add_le(image, 0x00010002, 4);
		add_le(image, 0, 4);
		add_le(image, 17, 4);
		add_le(image, 0xc0100000, 4);
		add_le(image, 0, 4);
		add_le(image, 0xa324eb90, 4);
		fill(image, 0, at + 256);
		add_text(image, "program of a part");
	}
	facts = inspect(image);
	assert_string_equal(facts.format, "ambarella");
	assert_string_equal(facts.boards[0], "SJ8PRO");
	assert_string_equal(facts.version, "1.2");
	assert_int_equal(facts.part_count, 2);
	/* how many parts there should be is told by nothing */
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	image->data[image->size - 3] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->data[image->size - 3] ^= 1;
	put_le32(image, 0x24, crc32_update(0, bytes_of(image->data + 0x60, image->size - 0x60)));
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	assert_cut_is_told(image);
}

static void an_openipc_release_names_its_chip(void **state)
{
	struct buffer *image = *state;

	add_field(image, "rootfs.squashfs.hi3516ev300.md5sum", 124);
	add_field(image, "00000000003", 133);
	add_field(image, "ustar", 255);
	add_text(image, "abc");
	fill(image, 0, 1024 + 1024);
	assert_string_equal(inspect(image).boards[0], "hi3516ev300");
	assert_string_equal(inspect(image).vendor, "OpenIPC");
}

/* --- what is no image --- */

static void what_came_instead_of_the_image_is_told(void **state)
{
	static const struct { const char *text, *format, *says; } files[] = {
		{ "<!DOCTYPE html><html><title>Just a moment...</title><a href=cloudflare>", "html", "Cloudflare" },
		{ "<html><head><title>Router</title></head><form><input type=\"password\">", "html", "log in" },
		{ "\xff\xfe<\0!\0d\0o\0c\0t\0y\0p\0e\0 \0h\0t\0m\0l\0>\0", "html", "web page" },
		{ "<!-- x --><html>", "html", "web page" },
		{ "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code></Error>", "text-error", "NoSuchKey" },
		{ "\xef\xbb\xbf<?xml version=\"1.0\"?><Error><Code>BlobNotFound</Code>", "text-error", "BlobNotFound" },
		{ "{\n  \"message\": \"Not Found\", \"status\": 404 }", "text-error", "Not Found" },
		{ "{ \"name\": \"camera\" }", "json", "JSON" },
		{ "HTTP/1.1 302 Found\r\nLocation: /login\r\n", "text-error", "302" },
		{ "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 8388608\n", "git-lfs-pointer", "8.0 MiB" },
		{ "d8:announce35:http://tracker/announce4:infod", "torrent", "torrent" },
		{ "<?xml version=\"1.0\"?><metalink xmlns=\"urn:ietf:params:xml:ns:metalink\">", "metalink", "link" },
		{ "[InternetShortcut]\r\nURL=https://example.org/fw.bin\r\n", "link", "link" },
		{ "#!/bin/sh\necho flash\n", "script", "script" },
		{ "Release notes: this version repairs the night mode of the camera.\n", "text", "text" },
		{ "%PDF-1.4 manual", "document", "document" },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct image_facts facts;

		buffer_clear(*state);
		if (files[i].text[0] == '\xff')
			add(*state, files[i].text, 30);
		else
			add_text(*state, files[i].text);
		facts = inspect(*state);
		if (!text_equal(facts.format, files[i].format) || facts.whole != IMAGE_NO || !text_contains(facts.problems[0].what, files[i].says))
			fail_msg("'%s' is %s: %s", files[i].text, facts.format, image_problem_text(&facts));
	}
}

/* A gzip member with one stored block, RFC 1952. */
static void a_page_that_was_saved_as_the_server_packed_it_is_told(void **state)
{
	static const char page[] = "<html><title>404</title></html>";

	add(*state, "\x1f\x8b\x08\0\0\0\0\0\0\x03\x01", 11);
	add_le(*state, sizeof(page) - 1, 2);
	add_le(*state, ~(sizeof(page) - 1) & 0xffff, 2);
	add_text(*state, page);
	add_le(*state, crc32_update(0, bytes_of_text(page)), 4);
	add_le(*state, sizeof(page) - 1, 4);
	/* where gzip files are looked into */
	if (inspect(*state).part_count == 1) {
		assert_int_equal(inspect(*state).whole, IMAGE_NO);
		assert_non_null(strstr(inspect(*state).problems[0].what, "web page"));
	}
}

static void programs_are_not_taken_for_text(void **state)
{
	static const char programs[][24] = {	/* all of it, the NULs at the end too, but for the first */
		"404d5a6b7c8e9f", "Sorry, \x01\x02\x03 a program", "{\"a\x80\0\0", "404\0\0\1", "The file \x1b\x02",
	};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		buffer_clear(*state);
		add(*state, programs[i], i == 0 ? strlen(programs[0]) : sizeof(programs[i]));
		assert_string_equal(inspect(*state).format, "unknown");
	}
}

static void an_encrypted_file_is_neither_whole_nor_damaged(void **state)
{
	struct image_facts facts;

	add_text(*state, "Salted__12345678");
	add_text(*state, "0123456789abcdef");
	facts = inspect(*state);
	assert_string_equal(facts.format, "openssl-encrypted");
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_non_null(strstr(facts.warning, "encrypted"));
	((struct buffer *)*state)->size -= 3;
	assert_int_equal(inspect(*state).problem_count, 1);
}

static void a_script_with_something_behind_it_is_only_warned_of(void **state)
{
	add(*state, "#!/bin/sh\ntail -c +40 $0 | sh\n\0\1\2\3", 35);
	assert_string_equal(inspect(*state).format, "script");
	assert_int_equal(inspect(*state).whole, IMAGE_UNKNOWN);
	assert_non_null(strstr(inspect(*state).warning, "script"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_xiongmai_package_names_its_hardware),
		TEST(what_the_device_does_not_compare_is_no_board),
		TEST(every_changed_byte_of_a_members_contents_is_damage),
		TEST(a_dahua_package_names_its_models),
		TEST(a_dahua_installer_in_lua_names_its_models),
		TEST(text_in_an_archive_does_not_damage_it),
		TEST(instar_files_are_told),
		TEST(a_hikvision_file_is_decoded_in_both_orders),
		TEST(a_reolink_file_is_checked_in_both_widths),
		TEST(a_lying_reolink_table_is_refused),
		TEST(an_ambarella_file_names_its_model_and_its_parts_are_checked),
		TEST(an_openipc_release_names_its_chip),
		TEST(what_came_instead_of_the_image_is_told),
		TEST(a_page_that_was_saved_as_the_server_packed_it_is_told),
		TEST(programs_are_not_taken_for_text),
		TEST(an_encrypted_file_is_neither_whole_nor_damaged),
		TEST(a_script_with_something_behind_it_is_only_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
