/* Android's images in the forms that forks of its tools write, and what its verified boot covers. */
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "src/media/rsa.h"
#include "tests/unit/image_media.h"

static void put_digest(struct buffer *to, size_t at, struct bytes over)
{
	uint8_t digest[IMAGE_DIGEST_SIZE];

	assert_int_equal(image_file_ops()->digest(NULL, "sha256", over, digest), 32);
	put(to, at, digest, 32);
}

/* --- signatures --- */

enum { KEY_BITS = 1024, KEY_BYTES = KEY_BITS / 8 };

static EVP_PKEY *make_key(uint8_t modulus[KEY_BYTES])
{
	EVP_PKEY *key = EVP_RSA_gen(KEY_BITS);
	BIGNUM *n = NULL;

	assert_non_null(key);
	assert_int_equal(EVP_PKEY_get_bn_param(key, "n", &n), 1);
	assert_int_equal(BN_bn2binpad(n, modulus, KEY_BYTES), KEY_BYTES);
	BN_free(n);
	return key;
}

static void sign(EVP_PKEY *key, const EVP_MD *kind, struct bytes over, uint8_t signature[KEY_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t size = KEY_BYTES;

	assert_int_equal(EVP_DigestSignInit(context, NULL, kind, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(context, signature, &size, over.data, over.size), 1);
	EVP_MD_CTX_free(context);
}

static void a_signature_fits_only_its_own_key_and_bytes(void **state)
{
	static const char *const algorithms[] = { "sha256", "sha512" };
	uint8_t modulus[KEY_BYTES], other[KEY_BYTES], signature[KEY_BYTES], digest[IMAGE_DIGEST_SIZE];
	EVP_PKEY *key = make_key(modulus);

	(void)state;
	EVP_PKEY_free(make_key(other));
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
		size_t size = image_file_ops()->digest(NULL, algorithms[i], BYTES("what is signed"), digest);
		struct bytes hash = bytes_of(digest, size), key_bytes = bytes_of(modulus, KEY_BYTES), signed_bytes = bytes_of(signature, KEY_BYTES);

		sign(key, i == 0 ? EVP_sha256() : EVP_sha512(), BYTES("what is signed"), signature);
		assert_int_equal(rsa_verify(NULL, key_bytes, signed_bytes, algorithms[i], hash), IMAGE_YES);
		assert_int_equal(rsa_verify(NULL, bytes_of(other, KEY_BYTES), signed_bytes, algorithms[i], hash), IMAGE_NO);
		assert_int_equal(rsa_verify(NULL, key_bytes, signed_bytes, "md5", hash), IMAGE_UNKNOWN);
		for (size_t at = 0; at < KEY_BYTES; at += 31) {
			signature[at] ^= 0x10;
			assert_int_equal(rsa_verify(NULL, key_bytes, signed_bytes, algorithms[i], hash), IMAGE_NO);
			signature[at] ^= 0x10;
		}
		digest[3] ^= 1;
		assert_int_equal(rsa_verify(NULL, key_bytes, signed_bytes, algorithms[i], hash), IMAGE_NO);
	}
	EVP_PKEY_free(key);
}

/* --- verified boot --- */

/* With a hash of the first size bytes of to, when there are any. */
static void add_vbmeta(struct buffer *to, size_t size, EVP_PKEY *key, const uint8_t modulus[KEY_BYTES])
{
	enum { AUTHENTICATION = 192, AUXILIARY = 448, DESCRIPTOR = 176 };
	size_t start = to->size, auxiliary = start + 256 + AUTHENTICATION;
	uint8_t signature[KEY_BYTES], hash[32];
	struct buffer covered;

	add(to, "AVB0\0\0\0\1\0\0\0\0", 12);
	add_be(to, AUTHENTICATION, 8);
	add_be(to, AUXILIARY, 8);
	add_be(to, 1, 4);
	add_be(to, 0, 8);
	add_be(to, 32, 8);
	add_be(to, 32, 8);
	add_be(to, KEY_BYTES, 8);
	add_be(to, DESCRIPTOR, 8);
	add_be(to, 8 + KEY_BYTES, 8);
	fill(to, 0, start + 104);
	add_be(to, size > 0 ? DESCRIPTOR : 0, 8);
	fill(to, 0, auxiliary);
	add_be(to, 2, 8);
	add_be(to, DESCRIPTOR - 16, 8);
	add_be(to, size, 8);
	add_field(to, "sha256", 32);
	add_be(to, 4, 4);
	add_be(to, 0, 4);
	add_be(to, 32, 4);
	fill(to, 0, auxiliary + 132);
	add_text(to, "boot");
	assert_int_equal(image_file_ops()->digest(NULL, "sha256", bytes_of(to->data, size), hash), sizeof(hash));
	add(to, hash, sizeof(hash));
	fill(to, 0, auxiliary + DESCRIPTOR);
	add_be(to, KEY_BITS, 4);
	add_be(to, 0, 4);
	add(to, modulus, KEY_BYTES);
	fill(to, 0, auxiliary + AUXILIARY);
	buffer_init(&covered, 4096);
	add(&covered, to->data + start, 256);
	add(&covered, to->data + auxiliary, AUXILIARY);
	put_digest(to, start + 256, buffer_bytes(&covered));
	sign(key, EVP_sha256(), buffer_bytes(&covered), signature);
	put(to, start + 256 + 32, signature, KEY_BYTES);
	buffer_done(&covered);
}

static void every_bit_of_signed_boot_data_is_covered(void **state)
{
	struct buffer *image = *state;
	uint8_t modulus[KEY_BYTES];
	EVP_PKEY *key = make_key(modulus);

	add_vbmeta(image, 0, key, modulus);
	assert_string_equal(inspect(image).format, "android-vbmeta");
	assert_cut_is_told(image);
	for (size_t i = 0; i < image->size; i++) {
		if (i >= 256 + 160 && i < 256 + 192)	/* fills the block up */
			continue;
		image->data[i] ^= 0x04;
		if (inspect(image).whole == IMAGE_YES)
			fail_msg("byte %zu", i);
		image->data[i] ^= 0x04;
	}
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	EVP_PKEY_free(key);
}

static void add_footer(struct buffer *to, uint64_t size, uint64_t meta, uint64_t until)
{
	uint64_t meta_size = to->size - meta;

	fill(to, 0, until);
	add(to, "AVBf\0\0\0\1\0\0\0\0", 12);
	add_be(to, size, 8);
	add_be(to, meta, 8);
	add_be(to, meta_size, 8);
	fill(to, 0, to->size + 28);
}

static void what_fills_a_partition_up_to_its_footer_must_be_empty(void **state)
{
	struct buffer *image = *state;
	uint8_t modulus[KEY_BYTES];
	EVP_PKEY *key = make_key(modulus);
	size_t once;

	add_text(image, "\x91\x92 bytes of a partition \x01");
	once = image->size;
	fill(image, 0, 4096);
	add_vbmeta(image, once, key, modulus);
	add_footer(image, once, 4096, 3 * 4096 - 64);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	image->data[2 * 4096] = 1;
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	image->data[2 * 4096] = 0;
	image->data[once + 100] = 1;
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	image->data[once + 100] = 0;
	image->data[4096 + 256 + 40] ^= 1;	/* the signature */
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	image->data[4096 + 256 + 40] ^= 1;
	/* the same file once more */
	once = image->size;
	for (size_t i = 0; i < once; i++)
		add(image, &(uint8_t){ image->data[i] }, 1);
	assert_int_not_equal(inspect(image).whole, IMAGE_YES);
	EVP_PKEY_free(key);
}

/* --- boot images --- */

static void a_signed_boot_image_of_version_4_is_whole(void **state)
{
	struct buffer *image = *state;
	uint8_t modulus[KEY_BYTES];
	EVP_PKEY *key = make_key(modulus);

	add_text(image, "ANDROID!");
	add_le(image, 100, 4);
	add_le(image, 50, 4);
	add_le(image, 0, 4);
	add_le(image, 1584, 4);
	fill(image, 0, 40);
	add_le(image, 4, 4);
	fill(image, 0, 1580);
	add_le(image, 4096, 4);
	fill(image, 0, 4096);
	fill(image, 0x51, 4096 + 100);
	fill(image, 0, 2 * 4096);
	fill(image, 0x52, 2 * 4096 + 50);
	fill(image, 0, 3 * 4096);
	add_vbmeta(image, image->size, key, modulus);
	fill(image, 0, 4 * 4096);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	for (size_t at = 50; at < 3 * 4096; at += 500) {
		image->data[at] ^= 1;
		if (inspect(image).whole == IMAGE_YES)
			fail_msg("byte %zu", at);
		image->data[at] ^= 1;
	}
	memset(image->data + 3 * 4096, 0, 4096);	/* there is none where the header says that it is */
	assert_int_equal(inspect(image).whole, IMAGE_UNKNOWN);
	EVP_PKEY_free(key);
}

static void a_certificate_behind_a_boot_image_covers_it(void **state)
{
	enum { PAGE = 4096, CERTIFICATE = 16 * 1024 };
	struct buffer *image = *state;
	uint8_t modulus[KEY_BYTES];
	EVP_PKEY *key = make_key(modulus);

	add_text(image, "ANDROID!");
	add_le(image, 100, 4);
	add_le(image, 0, 8);
	add_le(image, 1584, 4);
	fill(image, 0, 40);
	add_le(image, 4, 4);
	fill(image, 0, PAGE);
	fill(image, 0x51, PAGE + 100);
	fill(image, 0, 2 * PAGE);
	add_vbmeta(image, 2 * PAGE, key, modulus);
	add_vbmeta(image, PAGE + 100, key, modulus);	/* one of fewer bytes, as that of the kernel is */
	fill(image, 0, 2 * PAGE + CERTIFICATE);
	assert_int_equal(inspect(image).whole, IMAGE_YES);
	assert_int_equal(inspect(image).declared_size, image->size);
	image->data[PAGE + 50] ^= 1;
	assert_int_equal(inspect(image).whole, IMAGE_NO);
	EVP_PKEY_free(key);
}

/* Version 1; counted: how many sizes go into the id when nothing but the kernel is there. */
static void make_boot(struct buffer *to, unsigned counted)
{
	enum { PAGE = 2048, KERNEL = 300 };
	struct buffer summed;

	add_text(to, "ANDROID!");
	add_le(to, KERNEL, 4);
	fill(to, 0, 36);
	add_le(to, PAGE, 4);
	add_le(to, 1, 4);
	fill(to, 0, PAGE);
	fill(to, 0x77, PAGE + KERNEL);
	buffer_init(&summed, 4096);
	add(&summed, to->data + PAGE, KERNEL);
	add_le(&summed, KERNEL, 4);
	for (unsigned i = 1; i < counted; i++)
		add_le(&summed, 0, 4);
	assert_int_equal(image_file_ops()->digest(NULL, "sha1", buffer_bytes(&summed), to->data + 576), 20);
	buffer_done(&summed);
	fill(to, 0, 2 * PAGE);
}

static void an_empty_table_of_device_trees_may_count_in_the_id(void **state)
{
	struct buffer *image = *state;

	for (unsigned counted = 3; counted <= 6; counted++) {
		buffer_clear(image);
		make_boot(image, counted);
		/* kernel, ramdisk, second, recovery dtbo; and LineageOS's */
		assert_int_equal(inspect(image).whole, counted == 4 || counted == 5 ? IMAGE_YES : IMAGE_NO);
		image->data[2048 + 7] ^= 1;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
	}
}

/* --- sparse images --- */

/* Data, a word repeated over two blocks, a hole; repeated: how many blocks of it the sum counts. */
static void make_sparse(struct buffer *to, unsigned repeated, bool has_hole)
{
	enum { BLOCK = 512 };
	struct buffer summed;

	add_le(to, 0xed26ff3a, 4);
	add_le(to, 1, 4);
	add_le(to, 28, 2);
	add_le(to, 12, 2);
	add_le(to, BLOCK, 4);
	add_le(to, 5, 4);
	add_le(to, 5, 4);
	add_le(to, 0, 4);
	buffer_init(&summed, 8192);
	for (unsigned i = 0; i < 2; i++) {
		add_le(to, 0xcac1, 4);
		add_le(to, 1, 4);
		add_le(to, 12 + BLOCK, 4);
		fill(to, (uint8_t)(0x5a + i), to->size + BLOCK);
		fill(&summed, (uint8_t)(0x5a + i), summed.size + BLOCK);
		if (i > 0)
			break;
		add_le(to, 0xcac2, 4);
		add_le(to, 2, 4);
		add_le(to, 16, 4);
		add_le(to, 0x04030201, 4);
		for (unsigned k = 0; k < repeated * BLOCK / 4; k++)
			add(&summed, "\1\2\3\4", 4);
		add_le(to, 0xcac3, 4);
		add_le(to, 1, 4);
		add_le(to, 12, 4);
		if (has_hole)
			fill(&summed, 0, summed.size + BLOCK);
	}
	add_le(to, 0xcac4, 4);
	add_le(to, 0, 4);
	add_le(to, 16, 4);
	add_le(to, crc32_update(0, buffer_bytes(&summed)), 4);
	buffer_done(&summed);
}

static void the_sum_of_a_sparse_image_may_be_that_of_its_reader_or_of_its_writer(void **state)
{
	struct buffer *image = *state;

	for (unsigned form = 0; form < 4; form++) {
		buffer_clear(image);
		make_sparse(image, form & 1 ? 2 : 1, form & 2);
		assert_int_equal(inspect(image).whole, form == 0 || form == 3 ? IMAGE_YES : IMAGE_NO);
		image->data[image->size - 100] ^= 1;
		assert_int_equal(inspect(image).whole, IMAGE_NO);
	}
}

/* --- logical partitions --- */

enum { SLOT = 4096, SUPER = 96 * 1024 };

static void add_geometry(struct buffer *to)
{
	size_t at = to->size;

	add_le(to, 0x616c4467, 4);
	add_le(to, 52, 4);
	fill(to, 0, at + 40);
	add_le(to, SLOT, 4);
	add_le(to, 2, 4);
	add_le(to, 4096, 4);
	put_digest(to, at + 8, bytes_of(to->data + at, 52));
	fill(to, 0, at + 4096);
}

static void add_table(struct buffer *to)
{
	enum { HEADER = 128, TABLES = 52 + 24 + 64 };
	size_t at = to->size;

	add_le(to, 0x414c5030, 4);
	add_le(to, 10, 4);
	add_le(to, HEADER, 4);
	fill(to, 0, at + 44);
	add_le(to, TABLES, 4);
	fill(to, 0, at + 80);
	for (unsigned i = 0; i < 4; i++) {
		static const struct { unsigned at, count, size; } tables[] = { { 0, 1, 52 }, { 52, 1, 24 }, { 76, 0, 48 }, { 76, 1, 64 } };

		add_le(to, tables[i].at, 4);
		add_le(to, tables[i].count, 4);
		add_le(to, tables[i].size, 4);
	}
	add_field(to, "system_a", 40);
	add_le(to, 0, 4);
	add_le(to, 1, 4);
	add_le(to, 0, 4);
	add_le(to, 8, 8);
	add_le(to, 0, 4);
	add_le(to, 64 * 1024 / 512, 8);
	add_le(to, 0, 4);
	add_le(to, 64 * 1024 / 512, 8);
	add_le(to, 0, 8);
	add_le(to, SUPER, 8);
	fill(to, 0, at + HEADER + TABLES);
	put_digest(to, at + 48, bytes_of(to->data + at + HEADER, TABLES));
	put_digest(to, at + 12, bytes_of(to->data + at, HEADER));
}

static void a_super_partition_lists_its_logical_ones(void **state)
{
	struct buffer *image = *state;
	struct image_facts facts;

	fill(image, 0, 4096);
	add_geometry(image);
	add_geometry(image);
	for (unsigned i = 0; i < 4; i++) {
		add_table(image);
		fill(image, 0, 3 * 4096 + (i + 1) * SLOT);
	}
	fill(image, 0, 64 * 1024);
	add_elf(image, 183, 4096);
	fill(image, 0, SUPER);
	facts = inspect(image);
	assert_string_equal(facts.format, "android-super");
	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_int_equal(facts.part_count, 1);
	assert_string_equal(facts.parts[0].name, "system_a");
	assert_int_equal(facts.parts[0].offset, 64 * 1024);
	assert_int_equal(facts.parts[0].size, 4096);
	assert_string_equal(facts.arch, "arm64");
	assert_cut_is_told(image);
	for (size_t i = 0; i < 4; i++) {
		static const size_t places[] = { 4096 + 44, 8192 + 9, 3 * 4096 + 130, 3 * 4096 + 2 * SLOT + 50 };

		image->data[places[i]] ^= 1;
		if (inspect(image).whole != IMAGE_NO)
			fail_msg("byte %zu", places[i]);
		image->data[places[i]] ^= 1;
	}
}

static void a_super_partitions_table_alone_is_covered(void **state)
{
	struct buffer *image = *state;

	add_geometry(image);
	add_table(image);
	assert_string_equal(inspect(image).format, "android-super");
	assert_string_equal(inspect(image).parts[0].name, "system_a");
	assert_cut_is_told(image);
	assert_flips_are_told(image, 8);
}

static void tables_of_acpi_lie_in_the_same_table(void **state)
{
	struct buffer *image = *state;

	add_text(image, "ACPI");
	add_be(image, 32 + 32 + 64, 4);
	add_be(image, 32, 4);
	add_be(image, 32, 4);
	add_be(image, 1, 4);
	add_be(image, 32, 4);
	fill(image, 0, 32);
	add_be(image, 64, 4);
	add_be(image, 64, 4);
	fill(image, 0, 64);
	fill(image, 0x41, 128);
	assert_string_equal(inspect(image).format, "android-dtbo");
	assert_string_equal(inspect(image).title, "Android ACPI table");
	assert_cut_is_told(image);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_signature_fits_only_its_own_key_and_bytes),
		TEST(every_bit_of_signed_boot_data_is_covered),
		TEST(what_fills_a_partition_up_to_its_footer_must_be_empty),
		TEST(a_signed_boot_image_of_version_4_is_whole),
		TEST(a_certificate_behind_a_boot_image_covers_it),
		TEST(an_empty_table_of_device_trees_may_count_in_the_id),
		TEST(the_sum_of_a_sparse_image_may_be_that_of_its_reader_or_of_its_writer),
		TEST(a_super_partition_lists_its_logical_ones),
		TEST(a_super_partitions_table_alone_is_covered),
		TEST(tables_of_acpi_lie_in_the_same_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
