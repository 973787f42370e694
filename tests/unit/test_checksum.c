/* Lists of checksums in every style that vendors use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/image/checksum.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

#define MD5_A "0cc175b9c0f1b6a831c399e269772661"
#define SHA1_A "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
#define SHA256_A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
#define SHA256_B "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
#define SHA512_A \
	"1f40fc92da241694750979ee6cf582f2d5d7d28e18335de05abc54d0560e0f5302860c652bf08d560252aa5e74210546f369fbbbce8c12cfc7957b2652fe9a75"

static enum checksum_found find(const char *list, const char *name, struct checksum *found, unsigned *count)
{
	*count = 0;
	return checksum_list_find(bytes_of_text(list), name, found, count);
}

static void one_is(const char *list, const char *name, const char *algorithm, const char *hex)
{
	struct checksum found[CHECKSUM_MATCHES];
	char text[CHECKSUM_HEX];
	unsigned count;

	assert_int_equal(find(list, name, found, &count), CHECKSUM_FOUND);
	assert_int_equal(count, 1);
	assert_string_equal(found[0].algorithm, algorithm);
	assert_string_equal(checksum_hex(&found[0], text), hex);
}

static void the_length_tells_the_algorithm(void **state)
{
	struct checksum checksum;

	(void)state;
	assert_true(checksum_parse(BYTES(" " SHA256_A "\r\n"), NULL, &checksum));
	assert_string_equal(checksum.algorithm, "sha256");
	assert_true(checksum_parse(BYTES(SHA512_A), NULL, &checksum));
	assert_string_equal(checksum.algorithm, "sha512");
	assert_true(checksum_parse(BYTES(SHA512_A), "blake2b512", &checksum));
	assert_string_equal(checksum.algorithm, "blake2b512");
	assert_true(checksum_parse(BYTES(MD5_A), NULL, &checksum) && checksum_is_weak(&checksum));
	assert_true(checksum_parse(BYTES(SHA1_A), NULL, &checksum) && checksum_is_weak(&checksum));
	assert_true(checksum_parse(BYTES("CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB"), "sha256", &checksum));
	assert_false(checksum_is_weak(&checksum));
	assert_int_equal(checksum.value[0], 0xca);
}

static void what_is_no_checksum_is_refused(void **state)
{
	struct checksum checksum;

	(void)state;
	assert_false(checksum_parse(BYTES(""), NULL, &checksum));
	assert_false(checksum_parse(BYTES("abc"), NULL, &checksum));
	assert_false(checksum_parse(BYTES(SHA256_A "0"), NULL, &checksum));
	assert_false(checksum_parse(BYTES(SHA256_A), "md5", &checksum));
	assert_true(checksum_parse(BYTES("sha256:" SHA256_A), "sha256", &checksum));
	assert_false(checksum_parse(BYTES("sha512:" SHA256_A), "sha256", &checksum));
	assert_false(checksum_parse(BYTES("blake2x:" SHA256_A), NULL, &checksum));
	assert_false(checksum_parse(BYTES("0cc175b9c0f1b6a831c399e26977266g"), NULL, &checksum));
	assert_false(checksum_parse(BYTES(SHA256_A), "crc32", &checksum));
	assert_int_equal(checksum_digits("sha256"), 64);
	assert_int_equal(checksum_digits("crc32"), 0);
}

static void every_style_of_list_is_read(void **state)
{
	(void)state;
	one_is(SHA256_A "  fw.bin\n", "fw.bin", "sha256", SHA256_A);				/* sha256sum */
	one_is(SHA256_A " *fw.bin\r\n", "fw.bin", "sha256", SHA256_A);				/* sha256sum -b, from Windows */
	one_is("\xef\xbb\xbf" SHA256_A "\tfw.bin", "fw.bin", "sha256", SHA256_A);		/* an editor's mark, no line feed */
	one_is("SHA256 (fw.bin) = " SHA256_A "\n", "fw.bin", "sha256", SHA256_A);		/* sha256 of the BSDs, sha256sum --tag */
	one_is("SHA2-256(fw.bin)= " SHA256_A "\n", "fw.bin", "sha256", SHA256_A);		/* openssl dgst */
	one_is("sha256:" SHA256_A "  fw.bin\n", "fw.bin", "sha256", SHA256_A);
	one_is("Algorithm  Hash  Path\r\nSHA256     " SHA256_A "     C:\\x\\fw.bin\r\n", "fw.bin", "sha256", SHA256_A);	/* Get-FileHash */
	one_is("BLAKE2b (fw.bin) = " SHA512_A "\n", "fw.bin", "blake2b512", SHA512_A);		/* b2sum --tag */
	one_is("MD5 (fw (1).bin) = " MD5_A "\n", "fw (1).bin", "md5", MD5_A);
	one_is(SHA1_A "  my file.bin\n", "my file.bin", "sha1", SHA1_A);
	one_is("\\" SHA256_A "  a\\\\b\\nc\n", "a\\b\nc", "sha256", SHA256_A);			/* coreutils' escapes */
	one_is("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# comment\n" SHA256_A "  fw.bin\n-----BEGIN PGP SIGNATURE-----\n", "fw.bin",
	       "sha256", SHA256_A);
}

static void a_hash_alone_is_of_the_file_beside_it(void **state)
{
	struct checksum found[CHECKSUM_MATCHES];
	unsigned count;

	(void)state;
	one_is(SHA256_A "\n", "fw.bin", "sha256", SHA256_A);
	one_is("SHA256: " SHA256_A "\n", "fw.bin", "sha256", SHA256_A);
	assert_int_equal(find("MD5: " MD5_A "\nSHA256: " SHA256_A "\n", "fw.bin", found, &count), CHECKSUM_FOUND);
	assert_int_equal(count, 2);
	/* two of them say nothing about whose they are */
	assert_int_equal(find(SHA256_A "\n" SHA256_B "\n", "fw.bin", found, &count), CHECKSUM_NOT_NAMED);
}

static void the_last_part_of_a_path_counts(void **state)
{
	struct checksum found[CHECKSUM_MATCHES];
	unsigned count;

	(void)state;
	one_is(SHA256_A "  ./release/fw.bin\n", "/home/x/fw.bin", "sha256", SHA256_A);
	one_is(SHA256_A "  release\\fw.bin\n", "fw.bin", "sha256", SHA256_A);
	one_is(SHA256_B "  v1/fw.bin\n" SHA256_A "  v2/fw.bin\n", "/home/x/v2/fw.bin", "sha256", SHA256_A);
	one_is(SHA256_B "  a/1/fw.bin\n" SHA256_A "  a/11/fw.bin\n", "11/fw.bin", "sha256", SHA256_A);
	/* the same path is better than the same name */
	one_is(SHA256_B "  old/fw.bin\n" SHA256_A "  ./fw.bin\n", "fw.bin", "sha256", SHA256_A);
	assert_int_equal(find(SHA256_A "  fw.bin.sig\n", "fw.bin", found, &count), CHECKSUM_NOT_NAMED);
	assert_int_equal(find(SHA256_A "  xfw.bin\n", "fw.bin", found, &count), CHECKSUM_NOT_NAMED);
}

static void several_algorithms_come_strongest_first(void **state)
{
	struct checksum found[CHECKSUM_MATCHES];
	unsigned count;

	(void)state;
	assert_int_equal(find("MD5 (f) = " MD5_A "\nSHA512 (f) = " SHA512_A "\nSHA256 (f) = " SHA256_A "\nSHA256 (f) = " SHA256_A "\n", "f", found, &count),
			 CHECKSUM_FOUND);
	assert_int_equal(count, 3);
	assert_string_equal(found[0].algorithm, "sha512");
	assert_string_equal(found[1].algorithm, "sha256");
	assert_string_equal(found[2].algorithm, "md5");
}

static void a_value_without_a_word_may_be_of_any_algorithm_of_its_length(void **state)
{
	static const struct { const char *hex; const char *usual; const char *others[6]; } rows[] = {
		{ SHA512_A, "sha512", { "sha3-512", "blake2b512" } },
		{ SHA256_A, "sha256", { "sha3-256", "blake2b256", "blake2s256", "sha512-256", "sm3" } },
		{ SHA1_A, "sha1", { NULL } },
	};
	struct checksum expected, got;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(checksum_parse(bytes_of_text(rows[i].hex), NULL, &expected));
		assert_string_equal(expected.algorithm, rows[i].usual);
		got = expected;
		for (size_t k = 0; rows[i].others[k]; k++) {
			assert_string_equal(checksum_other(&expected, k), rows[i].others[k]);
			got.algorithm = rows[i].others[k];
			assert_true(checksum_fits(&expected, &got));
		}
		for (size_t k = 0; k == 0 || rows[i].others[k - 1]; k++)
			assert_true((checksum_other(&expected, k) == NULL) == (rows[i].others[k] == NULL));
		got.value[got.size - 1] ^= 1;
		assert_false(checksum_fits(&expected, &got));
	}
}

static void where_the_algorithm_is_told_it_is_that_one(void **state)
{
	struct checksum expected, got;

	(void)state;
	assert_true(checksum_parse(BYTES("BLAKE2b-256:" SHA256_A), NULL, &got));
	assert_string_equal(got.algorithm, "blake2b256");
	assert_true(checksum_parse(BYTES(SHA256_A), "sha256", &expected));
	assert_false(checksum_fits(&expected, &got));
	assert_null(checksum_other(&expected, 0));
	assert_true(checksum_parse(BYTES("SHA256:" SHA256_A), NULL, &expected));
	assert_false(checksum_fits(&expected, &got));
	one_is("SHA3-256(fw.bin)= " SHA256_A "\n", "fw.bin", "sha3-256", SHA256_A);
	one_is("SHA2-512/256(fw.bin)= " SHA256_A "\n", "fw.bin", "sha512-256", SHA256_A);
}

static void two_values_for_one_file_are_a_contradiction(void **state)
{
	struct checksum found[CHECKSUM_MATCHES];
	unsigned count;

	(void)state;
	assert_int_equal(find(SHA256_A "  a/f\n" SHA256_B "  b/f\n", "f", found, &count), CHECKSUM_CONTRADICTION);
	assert_int_equal(find(SHA256_A "  f\n" SHA256_B "  f\n", "f", found, &count), CHECKSUM_CONTRADICTION);
}

static void what_is_no_list_is_said_to_be_none(void **state)
{
	static const char *const none[] = { "", "\n\n", "hello\n", "<html>", "abc  f\n", SHA256_A "f\n", "SHA256 (f) = abc\n", "SHA256 (f " SHA256_A "\n",
					    "CRC (f) = " MD5_A "\n", "\\\n", "()" };
	struct checksum found[CHECKSUM_MATCHES];
	unsigned count;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(find(none[i], "f", found, &count), CHECKSUM_NO_LIST);
}

static void a_name_that_is_too_long_or_has_a_nul_is_passed_over(void **state)
{
	char list[CHECKSUM_NAME + 100];
	struct checksum found[CHECKSUM_MATCHES];
	unsigned count = 0;

	(void)state;
	memset(list, 'x', sizeof(list));
	memcpy(list, SHA256_A "  ", 66);
	assert_int_equal(checksum_list_find(bytes_of(list, sizeof(list)), "x", found, &count), CHECKSUM_NO_LIST);
	assert_int_equal(checksum_list_find(BYTES(SHA256_A "  f\0g\n"), "f", found, &count), CHECKSUM_NO_LIST);
}

static void every_prefix_ends_cleanly(void **state)
{
	static const char list[] = "SHA256 (f) = " SHA256_A "\r\n" SHA1_A " *g\n\\" MD5_A "  a\\nb\n";

	(void)state;
	for (size_t size = 0; size < sizeof(list); size++) {
		struct bytes rest = bytes_of(list, size);
		struct checksum_entry entry;
		unsigned line = 0, entries = 0;

		while (checksum_list_next(&rest, &line, &entry))
			entries++;
		assert_true(entries <= 3 && line <= 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_length_tells_the_algorithm),
		cmocka_unit_test(what_is_no_checksum_is_refused),
		cmocka_unit_test(every_style_of_list_is_read),
		cmocka_unit_test(a_hash_alone_is_of_the_file_beside_it),
		cmocka_unit_test(the_last_part_of_a_path_counts),
		cmocka_unit_test(several_algorithms_come_strongest_first),
		cmocka_unit_test(a_value_without_a_word_may_be_of_any_algorithm_of_its_length),
		cmocka_unit_test(where_the_algorithm_is_told_it_is_that_one),
		cmocka_unit_test(two_values_for_one_file_are_a_contradiction),
		cmocka_unit_test(what_is_no_list_is_said_to_be_none),
		cmocka_unit_test(a_name_that_is_too_long_or_has_a_nul_is_passed_over),
		cmocka_unit_test(every_prefix_ends_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
