/* Files with signatures: which kind, and the parts of minisign's and signify's. The vector is minisign 0.11's, of a key that was thrown away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/image/signature.h"
#include "src/base/cleanup.h"

#define KEY_LINE "RWRIDx6gpsDQjTPNUMUs9B1t7ZYEDmQybQc0gQSkHvVtb8xDoaibMGCg"
#define SIGNATURE_LINE "RURIDx6gpsDQjf+Ta40G/22995rPO7htDFOjwyCWcQU75PaxHMEopPlLA3E2RB69CB8E8dyYDwo0XMeSHbP05UVJhyqFPQR/qAw="
#define GLOBAL_LINE "M0Cn9D+JtM2i5JbAWd5611e3CztAyCh+WzUhjS4bTAZWnAUU4+89AxP5usekm9YRmCQPB9k2fRH5lFtNM4vMBQ=="
#define MINISIG \
	"untrusted comment: signature from minisign secret key\n" SIGNATURE_LINE "\ntrusted comment: timestamp:1795274992\tfile:fw.bin\thashed\n" GLOBAL_LINE "\n"

static void minisigns_signature_is_read(void **state)
{
	struct signature_file signature;
	char id[SIGNATURE_KEY_ID_TEXT];

	(void)state;
	assert_null(signature_read(BYTES(MINISIG), &signature));
	assert_true(signature.is_minisign && signature.is_prehashed);
	assert_string_equal(signature_key_id_text(signature.key_id, true, id), "8DD0C0A6A01E0F48");
	assert_true(bytes_equal(signature.trusted_comment, BYTES("timestamp:1795274992\tfile:fw.bin\thashed")));
	assert_int_equal(signature.value[0], 0xff);
	assert_int_equal(signature.global[0], 0x33);
	assert_int_equal(signature.global[63], 0x05);
}

static void a_key_is_read_with_its_comment_and_without(void **state)
{
	static const char *const files[] = { "untrusted comment: minisign public key 8DD0C0A6A01E0F48\n" KEY_LINE "\n", KEY_LINE "\r\n", KEY_LINE };
	struct signature_key key;
	char id[SIGNATURE_KEY_ID_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		assert_null(signature_read_key(bytes_of_text(files[i]), &key));
		assert_string_equal(signature_key_id_text(key.key_id, true, id), "8DD0C0A6A01E0F48");
		assert_string_equal(signature_key_id_text(key.key_id, false, id), "480f1ea0a6c0d08d");
		assert_int_equal(key.value[0], 0x33);
	}
}

static void signifys_signature_has_no_trusted_comment(void **state)
{
	struct signature_file signature;

	(void)state;
	/* RWR instead of RUR: the algorithm "Ed", of the file itself */
	assert_null(signature_read(BYTES("untrusted comment: verify with vendor.pub\nRWRIDx6gpsDQjf+Ta40G/22995rPO7htDFOjwyCWcQU75PaxHMEopPlLA3E2RB69CB8E8"
					 "dyYDwo0XMeSHbP05UVJhyqFPQR/qAw=\n"), &signature));
	assert_false(signature.is_minisign || signature.is_prehashed);
}

static void what_is_damaged_is_said_to_be(void **state)
{
	static const char *const bad[] = {
		"", "\n", "untrusted comment: x", "untrusted comment: x\n", "untrusted comment: x\nabc\n", "comment: x\n" SIGNATURE_LINE "\n",
		"untrusted comment: x\n" KEY_LINE "\n",						/* a key in the place of a signature */
		"untrusted comment: x\n" SIGNATURE_LINE "\n",					/* prehashed, but no trusted comment */
		"untrusted comment: x\n" SIGNATURE_LINE "\ntrusted comment: y\n",		/* not signed */
		"untrusted comment: x\n" SIGNATURE_LINE "\ntrusted comment: y\n" SIGNATURE_LINE,	/* signed by too much */
		"untrusted comment: x\n " SIGNATURE_LINE "\ntrusted comment: y\n" GLOBAL_LINE "\n",
		"untrusted comment: x\nRVRI" "Dx6gpsDQjf+Ta40G/22995rPO7htDFOjwyCWcQU75PaxHMEopPlLA3E2RB69CB8E8dyYDwo0XMeSHbP05UVJhyqFPQR/qAw=\n",
	};
	struct signature_file signature;
	struct signature_key key;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(signature_read(bytes_of_text(bad[i]), &signature));
	assert_non_null(signature_read_key(BYTES(""), &key));
	assert_non_null(signature_read_key(BYTES("untrusted comment: x\n"), &key));
	assert_non_null(signature_read_key(BYTES(SIGNATURE_LINE), &key));
	/* the last digit holds bits that belong to no byte */
	assert_non_null(signature_read(BYTES("untrusted comment: x\n" "RURIDx6gpsDQjf+Ta40G/22995rPO7htDFOjwyCWcQU75PaxHMEopPlLA3E2RB69CB8E8dyYDwo0XMeSHbP05UV"
					     "JhyqFPQR/qAx=\ntrusted comment: y\n" GLOBAL_LINE "\n"), &signature));
}

static void every_prefix_ends_in_a_reason(void **state)
{
	static const char whole[] = MINISIG;
	struct signature_file signature;

	(void)state;
	/* without its last line feed it is whole */
	for (size_t size = 0; size + 2 < sizeof(whole); size++)
		assert_non_null(signature_read(bytes_of(whole, size), &signature));
}

static void the_kind_of_a_file_is_told_by_its_beginning(void **state)
{
	static const uint8_t der[] = { 0x30, 0x82, 0x01, 0x00, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02, 0xa0 };
	static const uint8_t enveloped[] = { 0x30, 0x82, 0x01, 0x00, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03, 0xa0 };
	static const uint8_t indefinite[] = { 0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02, 0xa0 };
	static const uint8_t packet[] = { 0x88, 0x06, 0x04, 0x00, 0x16, 0x08, 0x00, 0x06 };
	static const uint8_t too_long[] = { 0x88, 0x75, 0x04, 0x00, 0x16, 0x08, 0x00, 0x1d };
	static const uint8_t ecdsa[] = { 0x30, 0x45, 0x02, 0x20, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c };

	(void)state;
	assert_int_equal(signature_kind_of(BYTES(MINISIG)), SIGNATURE_ED25519_FILE);
	assert_int_equal(signature_kind_of(BYTES("-----BEGIN PGP SIGNATURE-----\n\niQ\n")), SIGNATURE_OPENPGP);
	assert_int_equal(signature_kind_of(bytes_of(packet, sizeof(packet))), SIGNATURE_OPENPGP);
	assert_int_equal(signature_kind_of(BYTES("-----BEGIN CMS-----\nMI\n")), SIGNATURE_CMS);
	assert_int_equal(signature_kind_of(BYTES("-----BEGIN PKCS7-----\nMI\n")), SIGNATURE_CMS);
	assert_int_equal(signature_kind_of(bytes_of(der, sizeof(der))), SIGNATURE_CMS);
	assert_int_equal(signature_kind_of(bytes_of(indefinite, sizeof(indefinite))), SIGNATURE_CMS);
	assert_int_equal(signature_kind_of(bytes_of(enveloped, sizeof(enveloped))), SIGNATURE_RAW);
	assert_int_equal(signature_kind_of(bytes_of(too_long, sizeof(too_long))), SIGNATURE_RAW);
	assert_int_equal(signature_kind_of(bytes_of(ecdsa, sizeof(ecdsa))), SIGNATURE_RAW);
	for (size_t size = 0; size < sizeof(der) - 1; size++)
		assert_int_equal(signature_kind_of(bytes_of(der, size)), SIGNATURE_RAW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(minisigns_signature_is_read),
		cmocka_unit_test(a_key_is_read_with_its_comment_and_without),
		cmocka_unit_test(signifys_signature_has_no_trusted_comment),
		cmocka_unit_test(what_is_damaged_is_said_to_be),
		cmocka_unit_test(every_prefix_ends_in_a_reason),
		cmocka_unit_test(the_kind_of_a_file_is_told_by_its_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
