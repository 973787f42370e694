/* OpenWrt's sysupgrade archive and metadata, other records behind an image, and what vendors change in a uImage. */
#include "tests/unit/image_maker.h"

#include "src/base/cleanup.h"

static const char metadata[] = "{ \"metadata_version\": \"1.1\", \"compat_version\": \"1.0\", \"supported_devices\":[\"glinet,gl-mt300n-v2\", "
	"\"gl-mt300n-v2\"], \"version\": { \"dist\": \"OpenWrt\", \"version\": \"22.03.5\", \"revision\": \"r23809\", "
	"\"board\": \"glinet_gl-mt300n-v2\" } }";

/* As fwtool appends it. */
static void put_chunk(struct file *file, uint8_t type, const char *text)
{
	size_t start = file->size;

	if (type == 1)
		put(file, file->size, "\0\0\0\0\0\0\0", 8);
	put_text(file, file->size, text);
	put_be32(file, file->size + 4, raw1(file, 0, file->size));
	put_text(file, file->size - 8, "FWx0");
	put(file, file->size, (uint8_t[]){ type, 0, 0, 0 }, 4);
	put_be32(file, file->size, (uint32_t)(file->size + 4 - start));
}

static void put_member(struct file *file, const char *name, const char *text, size_t size)
{
	char header[512] = "", sum[8];
	unsigned total = 8 * ' ';

	text_copy(header, 100, name);
	snprintf(header + 124, 12, "%011o", (unsigned)size);
	header[156] = size > 0 ? '0' : '5';
	memcpy(header + 257, "ustar\00000", 8);
	for (int i = 0; i < 512; i++)
		total += (uint8_t)header[i];
	snprintf(sum, sizeof(sum), "%06o", total);
	memcpy(header + 148, sum, 7);
	header[155] = ' ';
	put(file, file->size, header, 512);
	if (text != NULL)
		put(file, file->size, text, size);
	else
		put_payload(file, file->size, size);
	if (file->size % 512 != 0)
		put(file, (file->size + 511) / 512 * 512 - 1, "", 1);
}

static void make_tar(struct file *file)
{
	put_member(file, "sysupgrade-netgear_r6220/", NULL, 0);
	put_member(file, "sysupgrade-netgear_r6220/CONTROL", "BOARD=netgear_r6220\n", 20);
	put_member(file, "sysupgrade-netgear_r6220/kernel", NULL, PAYLOAD);
	put(file, file->size + 1023, "", 1);
}

static struct file *empty(void)
{
	struct file *file = calloc(1, sizeof(*file));

	assert_non_null(file);
	return file;
}

static void the_archive_names_its_board_in_both_spellings(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	make_tar(file);
	facts = inspect_file(file);
	assert_string_equal(facts.format, "openwrt-sysupgrade-tar");
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);	/* nothing covers the contents */
	assert_int_equal(facts.problem_count, 0);
	assert_string_equal(facts.boards[0], "netgear_r6220");
	assert_true(has_board(&facts, "netgear,r6220"));
	assert_string_equal(facts.vendor, "netgear");
	assert_string_equal(facts.parts[0].name, "kernel");
	free(file);
}

static void an_archive_that_is_cut_in_a_member_is_told(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	make_tar(file);
	facts = inspect_head(file, file->size - 2000, file->size - 2000);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_string_equal(facts.format, "openwrt-sysupgrade-tar");
	facts = inspect_head(file, file->size - 1024, file->size - 1024);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_non_null(strstr(facts.problems[0].what, "end mark"));
	file->data[1536 + 130] ^= 1;	/* a member's size */
	facts = inspect_file(file);
	assert_int_equal(facts.whole, IMAGE_NO);
	free(file);
}

/* Ten KiB are no power of two. */
static void the_zeros_that_fill_the_last_record_are_the_archives_own(void **state)
{
	struct file *file = empty();
	size_t end;

	(void)state;
	make_tar(file);
	end = (file->size + 10239) / 10240 * 10240;
	put(file, end - 1, "", 1);
	assert_int_equal(inspect_file(file).problem_count, 0);
	assert_int_equal(inspect_file(file).declared_size, end);
	assert_int_equal(inspect_head(file, end - 300, end - 300).problem_count, 1);
	put_chunk(file, 1, metadata);
	assert_int_equal(inspect_file(file).problem_count, 0);
	assert_int_equal(inspect_file(file).whole, IMAGE_YES);
	free(file);
}

static void metadata_covers_the_archive_in_front_of_it(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	make_tar(file);
	put_chunk(file, 1, metadata);
	facts = inspect_file(file);
	assert_string_equal(facts.format, "openwrt-sysupgrade-tar");
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_string_equal(facts.boards[0], "glinet,gl-mt300n-v2");
	assert_string_equal(facts.boards[1], "gl-mt300n-v2");
	assert_string_equal(facts.version, "22.03.5");
	assert_string_equal(facts.vendor, "glinet");
	assert_int_equal(facts.file_size, file->size);
	for (size_t at = 0; at < file->size; at += 331) {
		file->data[at] ^= 4;
		facts = inspect_file(file);
		assert_int_equal(facts.whole, IMAGE_NO);
		file->data[at] ^= 4;
	}
	free(file);
}

static void metadata_that_ends_with_the_file_was_cut_off(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	make_tar(file);
	put_chunk(file, 1, metadata);
	file->size -= 37;
	facts = inspect_file(file);
	assert_string_equal(facts.format, "openwrt-sysupgrade-tar");
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_non_null(strstr(image_problem_text(&facts), "trailer"));
	free(file);
}

static void a_signature_behind_the_metadata_is_walked_over(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	put_uimage(file, 0, 0x27051956, "MIPS OpenWrt Linux-5.15.150", 27, PAYLOAD);
	put_chunk(file, 1, metadata);
	put_chunk(file, 0, "untrusted comment: none");
	facts = inspect_file(file);
	assert_string_equal(facts.format, "uimage");
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_string_equal(facts.boards[0], "glinet,gl-mt300n-v2");
	assert_string_equal(facts.version, "22.03.5");
	file->data[100] ^= 1;
	facts = inspect_file(file);
	assert_int_equal(facts.whole, IMAGE_NO);
	free(file);
}

static void metadata_tells_of_a_file_that_nobody_knows(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	put_payload(file, 0, PAYLOAD);
	put_chunk(file, 1, metadata);
	facts = inspect_file(file);
	assert_string_equal(facts.format, "openwrt-sysupgrade");
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_true(has_board(&facts, "glinet_gl-mt300n-v2"));
	free(file);
}

static void devices_that_need_a_newer_layout_are_warned_of(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	put_payload(file, 0, PAYLOAD);
	put_chunk(file, 1, "{\"compat_version\":\"2.0\",\"compat_message\":\"Config cannot be migrated\","
			   "\"new_supported_devices\":[\"linksys,e8450-ubi\"],"
			   "\"supported_devices\":[\"linksys,e8450-ubi - Image version mismatch\"]}");
	facts = inspect_file(file);
	assert_int_equal(facts.board_count, 1);
	assert_string_equal(facts.boards[0], "linksys,e8450-ubi");
	assert_non_null(strstr(facts.warning, "2.0"));
	assert_non_null(strstr(facts.warning, "migrated"));
	free(file);
}

static void metadata_with_a_lying_length_is_damaged(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	put_payload(file, 0, PAYLOAD);
	put_chunk(file, 1, metadata);
	put_be32(file, file->size - 4, 0x7fffffff);
	facts = inspect_file(file);
	assert_int_equal(facts.whole, IMAGE_NO);
	put_be32(file, file->size - 4, 3);
	facts = inspect_file(file);
	assert_int_equal(facts.whole, IMAGE_NO);
	put_be32(file, file->size - 4, 400);
	facts = inspect_file(file);
	assert_int_equal(facts.whole, IMAGE_NO);
	free(file);
}

static void text_that_is_no_json_is_passed_over(void **state)
{
	static const char *const texts[] = {
		"", "{", "[[[[[[[[[[[[[[[[", "{\"supported_devices\":[\"never ends", "}}}}", "{\"supported_devices\" \"a\" \"b\"}",
		"{\"supported_devices\":{\"x\":[[[]]]},\"compat_version\":1}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct file *file = empty();
		struct image_facts facts;

		put_payload(file, 0, PAYLOAD);
		put_chunk(file, 1, texts[i]);
		facts = inspect_file(file);
		assert_int_equal(facts.whole, IMAGE_YES);
		free(file);
	}
}

static void the_records_of_zyxel_and_linksys_cover_what_is_before(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	put_uimage(file, 0, 0x27051956, "kernel", 6, PAYLOAD);
	put(file, file->size, "ZNBG\x34\x12\0\0V1.00(AAFR.0)", 21);
	put_le32(file, 64 + PAYLOAD + 56, raw1(file, 0, 64 + PAYLOAD));
	facts = inspect_file(file);
	assert_string_equal(facts.format, "uimage");
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_string_equal(facts.boards[0], "0x00001234");
	assert_string_equal(facts.version, "V1.00(AAFR.0)");

	memset(file, 0, sizeof(*file));
	put_text(file, 0, "123456789");	/* cksum: 930766865 9 */
	put_text(file, 9, ".LINKSYS.01000409EA6350         377A60110       K0000000F0246434");
	put(file, 9 + 255, "", 1);
	facts = inspect_file(file);
	assert_string_equal(facts.format, "linksys-footer");
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_string_equal(facts.boards[0], "EA6350");
	file->data[3] ^= 1;
	facts = inspect_file(file);
	assert_int_equal(facts.whole, IMAGE_NO);
	free(file);
}

static void broadcoms_record_is_read_in_both_byte_orders(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	put_payload(file, 0, PAYLOAD);
	put_le32(file, PAYLOAD, raw1(file, 0, PAYLOAD));
	put_le32(file, PAYLOAD + 4, 0x5732);
	put_le32(file, PAYLOAD + 8, 0x4908);
	put_le32(file, PAYLOAD + 16, 0);
	facts = inspect_file(file);
	assert_string_equal(facts.format, "broadcom-wfi");
	assert_string_equal(facts.boards[0], "BCM4908");
	assert_int_equal(facts.whole, IMAGE_YES);
	put_be32(file, PAYLOAD, raw1(file, 0, PAYLOAD));
	put_be32(file, PAYLOAD + 4, 0x5732);
	put_be32(file, PAYLOAD + 8, 0x6328);
	facts = inspect_file(file);
	assert_string_equal(facts.boards[0], "BCM6328");
	assert_int_equal(facts.whole, IMAGE_YES);
	file->data[50] ^= 1;
	facts = inspect_file(file);
	assert_int_equal(facts.whole, IMAGE_NO);
	free(file);
}

static void a_uimage_with_a_vendors_magic_is_known_by_its_checksum(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	put_uimage(file, 0, 0x33373031, "MIPS OpenWrt", 12, PAYLOAD);
	facts = inspect_file(file);
	assert_string_equal(facts.format, "uimage");
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_string_equal(facts.boards[0], "WNDR3700v2");
	assert_string_equal(facts.vendor, "NETGEAR");
	file->data[40] ^= 1;
	facts = inspect_file(file);
	assert_string_equal(facts.format, "unknown");
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	free(file);
}

static void a_vendors_longer_header_moves_the_data(void **state)
{
	static const size_t more[] = { 32, 96 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		struct file *file = empty();
		struct image_facts facts;

		put_uimage(file, 0, 0x27051956, "kernel", 6, PAYLOAD);
		memmove(file->data + 64 + more[i], file->data + 64, PAYLOAD);
		memset(file->data + 64, 0, more[i]);
		file->size += more[i];
		if (more[i] == 96) {
			put_text(file, 64, "WN-AX1167GR");
			put_text(file, 128, "1.00");
			put_text(file, 144, "A1");
		}
		put_be32(file, 4, 0);
		put_be32(file, 4, crc32_update(0, from(file, 0, 64 + more[i])));
		facts = inspect_file(file);
		assert_int_equal(facts.whole, IMAGE_YES);
		assert_int_equal(facts.declared_size, file->size);
		if (more[i] == 96) {
			assert_string_equal(facts.boards[0], "WN-AX1167GR");
			assert_string_equal(facts.version, "1.00");
			assert_string_equal(facts.revision, "A1");
		}
		file->data[200] ^= 1;
		facts = inspect_file(file);
		assert_int_equal(facts.whole, IMAGE_NO);
		facts = inspect_head(file, 100, file->size);
		assert_int_equal(facts.whole, IMAGE_UNKNOWN);
		free(file);
	}
}

static void asus_has_product_and_version_where_the_name_is(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	put_uimage(file, 0, 0x27051956, "\3\0\0\4RT-N56U\0\0\0\0\0\x84\1\x22\xc8", 20, PAYLOAD);
	facts = inspect_file(file);
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_string_equal(facts.vendor, "ASUS");
	assert_string_equal(facts.boards[0], "RT-N56U");
	assert_string_equal(facts.version, "3.0.0.4.388_51234");
	free(file);
}

static void erased_marks_for_the_first_start_are_padding(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	put_uimage(file, 0, 0x27051956, "kernel", 6, PAYLOAD);
	while (file->size < 4096)
		put(file, file->size, "\xff", 1);
	put_be32(file, file->size, 0xdeadc0de);
	while (file->size < 8192)
		put(file, file->size, "\xff", 1);
	put_be32(file, file->size, 0xdeadc0de);
	facts = inspect_file(file);
	assert_int_equal(facts.problem_count, 0);
	put_text(file, file->size, "rest");
	facts = inspect_file(file);
	assert_int_equal(facts.problem_count, 1);
	free(file);
}

static void padding_that_ends_in_a_block_is_no_assurance(void **state)
{
	struct file *file = empty();
	struct image_facts facts;

	(void)state;
	put_uimage(file, 0, 0x27051956, "kernel", 6, PAYLOAD);
	while (file->size < 32 * 1024)
		put(file, file->size, "\xff", 1);
	facts = inspect_file(file);
	assert_int_equal(facts.whole, IMAGE_YES);
	facts = inspect_head(file, 20001, 20001);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_non_null(strstr(facts.problems[0].what, "block"));
	/* what was erased flash and became zeros was lost */
	memset(file->data + 20000, 0, 12768);
	facts = inspect_file(file);
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_archive_names_its_board_in_both_spellings),
		cmocka_unit_test(an_archive_that_is_cut_in_a_member_is_told),
		cmocka_unit_test(the_zeros_that_fill_the_last_record_are_the_archives_own),
		cmocka_unit_test(metadata_covers_the_archive_in_front_of_it),
		cmocka_unit_test(metadata_that_ends_with_the_file_was_cut_off),
		cmocka_unit_test(a_signature_behind_the_metadata_is_walked_over),
		cmocka_unit_test(metadata_tells_of_a_file_that_nobody_knows),
		cmocka_unit_test(devices_that_need_a_newer_layout_are_warned_of),
		cmocka_unit_test(metadata_with_a_lying_length_is_damaged),
		cmocka_unit_test(text_that_is_no_json_is_passed_over),
		cmocka_unit_test(the_records_of_zyxel_and_linksys_cover_what_is_before),
		cmocka_unit_test(broadcoms_record_is_read_in_both_byte_orders),
		cmocka_unit_test(a_uimage_with_a_vendors_magic_is_known_by_its_checksum),
		cmocka_unit_test(a_vendors_longer_header_moves_the_data),
		cmocka_unit_test(asus_has_product_and_version_where_the_name_is),
		cmocka_unit_test(erased_marks_for_the_first_start_are_padding),
		cmocka_unit_test(padding_that_ends_in_a_block_is_no_assurance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
