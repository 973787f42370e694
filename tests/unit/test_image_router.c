/* Router vendors' images, made here byte by byte: whole, with one bit turned, cut off, as a head, with lying sizes. */
#include "tests/unit/router_images.h"
#include "tests/unit/router_oem_images.h"
#include "tests/unit/hilink_image.h"

#include "src/base/cleanup.h"

struct sample {
	void (*make)(struct file *file);
	const char *word, *board, *version;
	enum image_answer whole;
	size_t covered;		/* from here on a turned bit must be told; 0: nothing covers it */
};

static const struct sample samples[] = {
	{ make_trx, "trx", "", "", IMAGE_YES, 12 },
	{ make_asus, "trx", "RT-N66U", "3.0.0.4", IMAGE_YES, 12 },
	{ make_linksys, "linksys-bin", "W54G", "4.20.6", IMAGE_YES, 44 },
	{ make_usr, "usr-trx", "0x00000001", "", IMAGE_YES, 32 },
	{ make_motorola, "motorola-trx", "WR850G", "", IMAGE_YES, 12 },
	{ make_chdr, "chdr", "", "", IMAGE_YES, 12 },
	{ make_chk, "netgear-chk", "U12H192T00_NETGEAR", "1.0.0.58_1.0.38", IMAGE_YES, 8 },
	{ make_dni, "netgear-dni", "29764958+0+128", "V1.1.0.110", IMAGE_YES, 128 },
	{ make_sercomm, "sercomm", "CWN", "0x0105", IMAGE_YES, 80 },
	{ make_tplink_v1, "tplink-v1", "0x08410008", "ver. 1.0", IMAGE_YES, 0x9e },
	{ make_tplink_v2, "tplink-v2", "0x07210001", "ver. 2.0", IMAGE_YES, 0x94 },
	{ make_safeloader, "tplink-safeloader", "CPE210(TP-LINK|EU|N300-2|00000000):2.0", "1.2.3 Build 20240201", IMAGE_YES, 0x20 },
	{ make_seama, "seama", "wrgac42_dlink.2015_dir885l", "", IMAGE_YES, 96 },
	{ make_wrgg, "dlink-wrgg", "wrgac37_dlink.2013gui_dir859", "v1.05", IMAGE_YES, 108 },
	{ make_short_wrg, "dlink-wrg", "wrgac37_dlink.2013gui_dir859", "", IMAGE_YES, 44 },
	{ make_combined_tplink_v2, "tplink-v2", "0x76110001", "ver. 1.0", IMAGE_YES, 0x94 },
	{ make_long_dap, "dlink-dap", "wapnd04cm_dkbs_dap2553", "1.20", IMAGE_YES, 80 },
	{ make_dap, "dlink-dap", "RT3052-AP-DAP1350-3", "", IMAGE_YES, 64 },
	{ make_dap2, "dlink-dap", "HONEYBEE-FIRMWARE-DAP-1330", "1.00.21", IMAGE_YES, 72 },
	{ make_shrs, "dlink-shrs", "", "", IMAGE_YES, 1756 },
	{ make_ubnt, "ubnt", "XM", "XM.ar7240.v5.6.0", IMAGE_YES, 272 },
	{ make_imagetag, "bcm963xx-imagetag", "96348GW-10", "tag 6", IMAGE_YES, 256 },
	{ make_ras, "zyxel-ras", "NBG6716", "V1.00(AAKG.3)C0", IMAGE_YES, 64 * 1024 },
	{ make_rdh, "zyxel-0rdh", "NR7101", "1.00(ABUV.0)D0", IMAGE_YES, 12 },
	{ make_zld, "zyxel-zld", "0x1234", "", IMAGE_YES, 104 + 272 + 512 },
	{ make_npk, "mikrotik-npk", "mipsbe", "6.47.5", IMAGE_UNKNOWN, 0 },
	{ make_hdr1, "xiaomi-hdr1", "r4cm", "", IMAGE_YES, 52 },
	{ make_csys, "edimax", "RN68", "", IMAGE_YES, 20 },
	{ make_edimax, "edimax", "BR-6478ACV2", "1.23", IMAGE_YES, 16 },
	{ make_buffalo, "buffalo-tag", "WZR-HP-G300NH", "1.99-1.01", IMAGE_YES, 160 },
	{ make_senao, "senao", "vendor 0x101 product 0x5d", "1.0.0", IMAGE_YES, 96 },
	{ make_hwnp, "huawei-hwnp", "164C", "V300R017", IMAGE_YES, 60 },
	{ make_meraki, "meraki", "0xa1f0beef", "", IMAGE_YES, 1024 },
	{ make_gemtek, "gemtek", "0x03040001", "1007", IMAGE_YES, 32 },
	{ make_jcg, "jcg", "", "1.2", IMAGE_YES, 8 },
	{ make_zynos, "zyxel-zynos", "", "V3.60(JJ.7)", IMAGE_YES, 48 },
	{ make_luxul, "luxul", "XWR-3150", "7.1.0.2", IMAGE_UNKNOWN, 0 },
	{ make_dns, "dlink-dns", "FrodoII", "", IMAGE_YES, 64 },
	{ make_cameo, "cameo", "AP94-AR7161-RT-080619-00", "1.04", IMAGE_YES, 84 },
	{ make_planex, "planex", "MZK-W300NH", "1.00.00", IMAGE_YES, 34 },
	{ make_iptime, "iptime", "ax3000m", "00_000", IMAGE_YES, 56 },
	{ make_iptime_nas, "iptime-nas", "nas1dual", "0.0.00", IMAGE_UNKNOWN, 0 },
	{ make_hilink, "hilink", "", "3.10.18", IMAGE_YES, 11 },
	{ make_h3c, "h3c", "product 0x0000002a device 0x0000001b", "7.1.70", IMAGE_YES, 6180 + 8 },
};

static struct file *make(const struct sample *sample)
{
	struct file *file = calloc(1, sizeof(*file));

	assert_non_null(file);
	sample->make(file);
	return file;
}

static void a_whole_image_is_known_by_its_format_board_and_version(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct file *file = make(&samples[i]);
		struct image_facts facts = inspect_file(file);

		print_message("%s: %s\n", samples[i].word, facts.problems[0].what);
		assert_string_equal(facts.format, samples[i].word);
		assert_int_equal(facts.whole, samples[i].whole);
		assert_int_equal(facts.problem_count, 0);
		assert_true(samples[i].board[0] == '\0' || has_board(&facts, samples[i].board));
		assert_true(samples[i].version[0] == '\0' || text_equal(facts.version, samples[i].version));
		free(file);
	}
}

static void one_turned_bit_is_told_where_a_checksum_covers_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct file *file = make(&samples[i]);
		size_t at = samples[i].covered;

		for (; at > 0 && at < file->size; at += 97) {
			struct image_facts facts;

			file->data[at] ^= 0x10;
			facts = inspect_file(file);
			if (facts.whole != IMAGE_NO)
				print_message("%s: byte %zu\n", samples[i].word, at);
			assert_int_equal(facts.whole, IMAGE_NO);
			assert_true(facts.problem_count > 0);
			file->data[at] ^= 0x10;
		}
		free(file);
	}
}

/* Whatever the bit, an image that is no longer what was made is never said to be whole, but where nothing at all covers the byte. */
static void a_cut_image_is_never_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct file *file = make(&samples[i]);

		for (size_t lost = 1; lost < file->size; lost += file->size / 11) {
			struct image_facts facts = inspect_head(file, file->size - lost, file->size - lost);

			if (facts.whole == IMAGE_YES)
				print_message("%s: %zu bytes lost\n", samples[i].word, lost);
			assert_int_not_equal(facts.whole, IMAGE_YES);
		}
		free(file);
	}
}

static void half_an_image_is_said_to_be_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct file *file = make(&samples[i]);
		/* the last half of the payload is gone */
		size_t left = file->size - PAYLOAD / 2;
		struct image_facts facts = inspect_head(file, left, left);

		bool has_length = samples[i].make != make_luxul;

		if (has_length && facts.whole != IMAGE_NO)
			print_message("%s is not told\n", samples[i].word);
		assert_int_equal(facts.whole, has_length ? IMAGE_NO : IMAGE_UNKNOWN);
		assert_string_equal(facts.format, samples[i].word);
		free(file);
	}
}

static void the_head_of_an_image_is_neither_damaged_nor_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct file *file = make(&samples[i]);

		for (size_t head = 1; head < file->size; head += file->size / 23) {
			struct image_facts facts = inspect_head(file, head, file->size);

			if (facts.whole != IMAGE_UNKNOWN)
				print_message("%s: the first %zu bytes: %s\n", samples[i].word, head, facts.problems[0].what);
			assert_int_equal(facts.whole, IMAGE_UNKNOWN);
		}
		free(file);
	}
}

/* Every field of four bytes in turn as large as it can be: no length may be believed. */
static void a_lying_length_leads_nowhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct file *file = make(&samples[i]);

		for (size_t at = 0; at + 4 <= 512 && at + 4 <= file->size; at += 2) {
			uint8_t keep[4];

			memcpy(keep, file->data + at, 4);
			memset(file->data + at, 0xff, 4);
			(void)inspect_file(file);
			memset(file->data + at, 0x7f, 4);
			(void)inspect_file(file);
			memset(file->data + at, 0, 4);
			(void)inspect_file(file);
			memcpy(file->data + at, keep, 4);
		}
		free(file);
	}
}

static void what_follows_the_end_of_a_vendors_image_is_told(void **state)
{
	static const struct { void (*make)(struct file *file); } rows[] = {
		{ make_trx }, { make_chk }, { make_dni }, { make_sercomm }, { make_tplink_v1 }, { make_safeloader }, { make_seama }, { make_dap },
		{ make_ubnt }, { make_imagetag }, { make_rdh }, { make_zld }, { make_npk }, { make_hdr1 }, { make_csys }, { make_hwnp },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct file *file = calloc(1, sizeof(*file));
		struct image_facts facts;

		assert_non_null(file);
		rows[i].make(file);
		put_payload(file, file->size, 500);
		facts = inspect_file(file);
		if (facts.whole != IMAGE_NO)
			print_message("%s\n", facts.format);
		assert_int_equal(facts.whole, IMAGE_NO);
		free(file);
	}
}

static void zeros_that_are_missing_do_not_change_the_sum_of_a_sercomm_image(void **state)
{
	struct file *file = calloc(1, sizeof(*file));

	(void)state;
	assert_non_null(file);
	make_sercomm(file);
	file->size = 512 + 8192;
	assert_int_equal(inspect_file(file).whole, IMAGE_YES);
	file->size -= 512;
	assert_int_equal(inspect_file(file).whole, IMAGE_UNKNOWN);
	free(file);
}

static void sizes_that_encryption_cannot_make_are_told(void **state)
{
	struct file *file = calloc(1, sizeof(*file));

	(void)state;
	assert_non_null(file);
	make_shrs(file);
	assert_int_equal(inspect_file(file).whole, IMAGE_YES);
	put_be32(file, 4, PAYLOAD + 1);
	assert_int_equal(inspect_file(file).whole, IMAGE_NO);
	put_be32(file, 4, 0);
	assert_int_equal(inspect_file(file).whole, IMAGE_NO);
	free(file);
}

static void a_part_of_a_dns_image_that_lost_its_size_is_told(void **state)
{
	struct file *file = calloc(1, sizeof(*file));

	(void)state;
	assert_non_null(file);
	make_dns(file);
	put_le32(file, 4, 0);
	assert_int_equal(inspect_file(file).whole, IMAGE_NO);
	free(file);
}

static void two_seama_files_stuck_together_are_told(void **state)
{
	struct file *file = calloc(1, sizeof(*file));
	size_t size;

	(void)state;
	assert_non_null(file);
	make_seama(file);
	size = file->size;
	put(file, size, file->data, size);
	assert_int_equal(inspect_file(file).whole, IMAGE_NO);
	free(file);
}

/* Its records stand behind the parts: what is cut off at the end is no BRN image any more. */
static void each_part_of_a_brn_image_has_its_own_checksum(void **state)
{
	struct file *file = calloc(1, sizeof(*file));
	struct image_facts facts;

	(void)state;
	assert_non_null(file);
	make_brn(file);
	facts = inspect_file(file);
	assert_string_equal(facts.format, "brn");
	assert_string_equal(facts.boards[0], "BRNDTW502");
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_int_equal(facts.part_count, 2);
	assert_int_equal(facts.parts[1].offset, 3072);
	assert_int_equal(facts.parts[1].size, 1012);
	file->data[3072 + 500] ^= 1;
	facts = inspect_file(file);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_int_equal(facts.problems[0].offset, 3072);
	facts = inspect_head(file, file->size - 20, file->size - 20);
	assert_string_not_equal(facts.format, "brn");
	free(file);
}

/* However many bytes fill no block at its end: in neither encryption, in one of them. */
static void a_hilink_image_of_any_length_is_decrypted_to_its_last_byte(void **state)
{
	(void)state;
	for (size_t payload = 4096 - 64 - 40; payload < 4096 - 64 + 40; payload++) {
		struct file *file = calloc(1, sizeof(*file));
		struct image_facts facts;

		assert_non_null(file);
		make_hilink_of(file, payload);
		facts = inspect_file(file);
		assert_int_equal(facts.whole, IMAGE_YES);
		assert_int_equal(facts.declared_size, 64 + payload);
		assert_string_equal(facts.arch, "mips");
		assert_string_equal(facts.vendor, "Hi-Link");
		assert_string_equal(facts.parts[0].format, "uimage");
		assert_int_equal(facts.parts[0].whole, IMAGE_YES);
		assert_true(facts.parts[0].is_unpacked);
		file->data[file->size - 1] ^= 1;
		assert_int_equal(inspect_file(file).whole, IMAGE_NO);
		free(file);
	}
}

static void what_follows_a_hilink_image_leaves_it_open_encrypted_with_it_or_not(void **state)
{
	(void)state;
	for (size_t payload = 2000; payload < 2016; payload++)
		for (int is_encrypted = 0; is_encrypted < 2; is_encrypted++) {
			struct file *file = calloc(1, sizeof(*file));
			struct image_facts facts;

			assert_non_null(file);
			put_uimage(file, 0, 0x27051956, "Linux", 5, payload);
			if (!is_encrypted)
				encrypt_hilink(file);
			put_payload(file, file->size, 500);
			if (is_encrypted)
				encrypt_hilink(file);
			facts = inspect_file(file);
			assert_string_equal(facts.format, "hilink");
			assert_int_equal(facts.whole, IMAGE_UNKNOWN);
			assert_int_equal(facts.parts[0].whole, IMAGE_YES);
			assert_int_equal(facts.problems[0].offset, 64 + payload);
			free(file);
		}
}

/* Its header is right; the rest was never encrypted, and is not looked at. */
static void a_hilink_image_larger_than_any_of_these_modules_takes_is_left_open(void **state)
{
	const size_t size = 17 * 1024 * 1024;
	struct file *file = calloc(1, sizeof(*file));
	uint8_t *large = calloc(1, 64 + size);
	struct image_facts facts;

	(void)state;
	assert_non_null(file);
	assert_non_null(large);
	put_uimage(file, 0, 0x27051956, "Linux", 5, 100);
	put_be32(file, 12, (uint32_t)size);
	put_be32(file, 4, 0);
	put_be32(file, 4, crc32_update(0, from(file, 0, 64)));
	encrypt_hilink(file);
	memcpy(large, file->data, file->size);
	image_inspect(bytes_of(large, 64 + size), 64 + size, image_file_ops(), &facts);
	assert_string_equal(facts.format, "hilink");
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_string_equal(facts.checked, "header checksum");
	assert_int_equal(facts.problem_count, 0);
	free(large);
	free(file);
}

static void without_the_cipher_a_hilink_image_is_unknown(void **state)
{
	struct image_ops ops = *image_file_ops();
	struct file *file = calloc(1, sizeof(*file));
	struct image_facts facts;

	(void)state;
	assert_non_null(file);
	make_hilink(file);
	ops.decrypt = NULL;
	image_inspect(bytes_of(file->data, file->size), file->size, &ops, &facts);
	assert_string_equal(facts.format, "unknown");
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	free(file);
}

/* A table of 32 partitions that are all the same one, each of which holds such a table: without a bound this would never end. */
static void parts_that_lie_in_each_other_are_looked_at_once(void **state)
{
	enum { LEVEL = 0x2000 };
	struct file *file = calloc(1, sizeof(*file));
	struct image_facts facts;
	char line[80];

	(void)state;
	assert_non_null(file);
	for (size_t level = 0; level < 6; level++) {
		size_t at = level * LEVEL + 0x1014;

		put_be32(file, level * LEVEL, (uint32_t)((6 - level) * LEVEL));
		for (unsigned i = 0; i < 32; i++) {
			text_format(line, sizeof(line), "fwup-ptn p%u base 0x%05x size 0x%05x\t\r\n", i, LEVEL - 0x1014,
				    (unsigned)((5 - level) * LEVEL));
			put_text(file, at, line);
			at += strlen(line);
		}
	}
	put(file, 6 * LEVEL - 1, "", 1);
	facts = inspect_file(file);
	assert_string_equal(facts.format, "tplink-safeloader");
	assert_int_not_equal(facts.whole, IMAGE_YES);
	assert_int_equal(facts.part_count, IMAGE_PARTS);
	free(file);
}

static void tplink_names_the_processors_byte_order_by_how_it_writes_an_address(void **state)
{
	struct file *file = calloc(1, sizeof(*file));
	struct image_facts facts;

	(void)state;
	assert_non_null(file);
	make_tplink_v2(file);
	facts = inspect_file(file);
	assert_string_equal(facts.arch, "mipsel");
	memset(file, 0, sizeof(*file));
	make_tplink_v1(file);
	facts = inspect_file(file);
	assert_string_equal(facts.arch, "mips");
	assert_string_equal(facts.revision, "1");
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_image_is_known_by_its_format_board_and_version),
		cmocka_unit_test(one_turned_bit_is_told_where_a_checksum_covers_it),
		cmocka_unit_test(a_cut_image_is_never_whole),
		cmocka_unit_test(half_an_image_is_said_to_be_cut),
		cmocka_unit_test(the_head_of_an_image_is_neither_damaged_nor_whole),
		cmocka_unit_test(a_lying_length_leads_nowhere),
		cmocka_unit_test(what_follows_the_end_of_a_vendors_image_is_told),
		cmocka_unit_test(zeros_that_are_missing_do_not_change_the_sum_of_a_sercomm_image),
		cmocka_unit_test(sizes_that_encryption_cannot_make_are_told),
		cmocka_unit_test(a_part_of_a_dns_image_that_lost_its_size_is_told),
		cmocka_unit_test(two_seama_files_stuck_together_are_told),
		cmocka_unit_test(each_part_of_a_brn_image_has_its_own_checksum),
		cmocka_unit_test(a_hilink_image_of_any_length_is_decrypted_to_its_last_byte),
		cmocka_unit_test(what_follows_a_hilink_image_leaves_it_open_encrypted_with_it_or_not),
		cmocka_unit_test(a_hilink_image_larger_than_any_of_these_modules_takes_is_left_open),
		cmocka_unit_test(without_the_cipher_a_hilink_image_is_unknown),
		cmocka_unit_test(parts_that_lie_in_each_other_are_looked_at_once),
		cmocka_unit_test(tplink_names_the_processors_byte_order_by_how_it_writes_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
