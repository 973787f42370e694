/* recovery/image/rauc.c
 *
 * RAUC bundle: a SquashFS, for the format "verity" its hash tree, a CMS signature, and the signature's length in the last 8 bytes.
 * What the signature says is compared with the contents; whether the signer is trusted needs the device's keyring.
 * Source: RAUC docs/reference.rst ("Manifest", "Bundle Formats"), src/bundle.c; RFC 5652 (CMS). */
#include <inttypes.h>

#include "recovery/image/squashfs.h"
#include "src/base/text.h"

enum {
	LENGTH_SIZE = 8,
	CMS_MAX = 4 * 1024 * 1024,
	MANIFEST_MAX = 16 * 1024,
	HEAD_SIZE = 64 * 1024,	/* of each image in it */
	IMAGES = 24,		/* files looked at */
	DIGEST_ATTRIBUTE = 11 + 4,	/* object identifier, SET header, OCTET STRING header */
};

static const uint8_t signed_data[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 };
static const uint8_t message_digest[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04 };

/* The signature, where there is one at the end. A SEQUENCE whose length is written in 2 or 3 bytes, then id-signedData. */
static bool find_signature(const struct image_input *in, struct bytes *ret_cms)
{
	uint64_t length;
	struct bytes cms;
	unsigned skip;

	if (in->data.size < in->size || in->size < LENGTH_SIZE + 32)
		return false;
	length = load_be64(in->data.data + in->size - LENGTH_SIZE);
	if (length < 32 || length > CMS_MAX || length > in->size - LENGTH_SIZE)
		return false;
	cms = image_slice(in, in->size - LENGTH_SIZE - length, length);
	if (cms.data[0] != 0x30 || (cms.data[1] != 0x82 && cms.data[1] != 0x83))
		return false;
	skip = 2 + (cms.data[1] & 0x7fu);
	*ret_cms = cms;
	return memcmp(cms.data + skip, signed_data, sizeof(signed_data)) == 0;
}

static bool matches(const struct image_input *in)
{
	struct bytes cms;

	return find_signature(in, &cms);
}

/* "key=value" in the section of an INI file; "" when it has none. */
static void read_ini(struct bytes text, const char *section, const char *key, char *to, size_t size)
{
	size_t key_length = strlen(key), section_length = strlen(section);
	bool is_in = false;

	to[0] = '\0';
	while (text.size > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.size);
		size_t line = end != NULL ? (size_t)(end - text.data) : text.size;

		if (line > 1 && text.data[0] == '[')
			is_in = line >= section_length + 2 && memcmp(text.data + 1, section, section_length) == 0 &&
				text.data[section_length + 1] == ']';
		else if (is_in && line > key_length && memcmp(text.data, key, key_length) == 0 && text.data[key_length] == '=') {
			image_text(to, size, bytes_of(text.data + key_length + 1, line - key_length - 1));
			return;
		}
		text = bytes_from(text, line + 1);
	}
}

static void read_manifest(struct bytes text, struct image_facts *facts)
{
	char value[128];

	read_ini(text, "update", "compatible", value, sizeof(value));
	image_add_board(facts, bytes_of_text(value));
	read_ini(text, "update", "version", facts->version, sizeof(facts->version));
	read_ini(text, "update", "description", facts->name, sizeof(facts->name));
}

static bool is_manifest(struct bytes text)
{
	return memmem(text.data, text.size, "[update]", 8) != NULL && memmem(text.data, text.size, "compatible=", 11) != NULL;
}

/* In the plain format the manifest is a file among the images. */
static void look_at_files(const struct image_input *in, struct image_facts *facts)
{
	struct squashfs_files files;
	struct squashfs_file file;
	uint8_t head[HEAD_SIZE];

	squashfs_files_init(&files, in, 0, 0);
	for (unsigned i = 0; i < IMAGES && squashfs_next_file(&files, &file); i++) {
		size_t have = squashfs_read_head(&files, &file, head, sizeof(head));

		if (have == 0)
			continue;
		if (file.size <= MANIFEST_MAX && is_manifest(bytes_of(head, have)))
			read_manifest(bytes_of(head, have), facts);
		else
			image_add_unpacked_part(in, facts, bytes_of(head, have), file.size, "image");
	}
}

static const char *algorithm_of(size_t size)
{
	return size == 32 ? "sha256" : size == 48 ? "sha384" : size == 64 ? "sha512" : size == 20 ? "sha1" : "";
}

/* 11.2: the attribute messageDigest of the signer. */
static struct bytes find_digest(struct bytes cms)
{
	const uint8_t *at = memmem(cms.data, cms.size, message_digest, sizeof(message_digest));
	struct bytes digest = { NULL, 0 };

	if (at == NULL || (size_t)(cms.data + cms.size - at) < DIGEST_ATTRIBUTE || at[11] != 0x31 || at[13] != 0x04)
		return digest;
	digest = bytes_of(at + DIGEST_ATTRIBUTE, at[14]);
	return (size_t)(cms.data + cms.size - digest.data) < digest.size ? (struct bytes){ NULL, 0 } : digest;
}

/* The plain format: the signature is over all bytes before it. */
static void check_plain(const struct image_input *in, struct image_facts *facts, struct bytes signed_bytes, struct bytes cms)
{
	struct bytes want = find_digest(cms);
	uint8_t have[IMAGE_DIGEST_SIZE];
	const char *algorithm = algorithm_of(want.size);

	if (algorithm[0] == '\0' || in->ops->digest == NULL || in->ops->digest(in->ops->user, algorithm, signed_bytes, have) != want.size)
		return;
	text_format(facts->checked, sizeof(facts->checked), "the %s in its signature; who signed it was not checked", algorithm);
	if (memcmp(want.data, have, want.size) != 0)
		image_broken(facts, 0, "its contents are damaged: the %s in its signature does not match", algorithm);
	else if (facts->whole != IMAGE_NO && facts->member_problem.what[0] == '\0')
		facts->whole = IMAGE_YES;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct bytes cms;
	uint64_t contents;

	if (!find_signature(in, &cms))
		return;
	contents = in->size - LENGTH_SIZE - cms.size;
	facts->declared_size = in->size;
	facts->ends_exactly = true;
	text_copy(facts->checked, sizeof(facts->checked), "sizes; the signature needs the device's keyring");
	if (image_starts_with(in->data, BYTES("hsqs"))) {
		image_add_part(in, facts, 0, contents, "contents");
		look_at_files(in, facts);
	} else
		image_add_row(facts, 0, contents, "contents, encrypted", "unknown");
	/* verity and crypt carry the manifest in the signature */
	if (is_manifest(cms)) {
		read_manifest(cms, facts);
		text_copy(facts->title, sizeof(facts->title), "RAUC bundle (verity)");
	} else if (image_starts_with(in->data, BYTES("hsqs"))) {
		text_copy(facts->title, sizeof(facts->title), "RAUC bundle (plain)");
		check_plain(in, facts, image_slice(in, 0, contents), cms);
	}
}

const struct image_format image_format_rauc = {
	.word = "rauc", .title = "RAUC bundle", .matches = matches, .inspect = inspect,
};
