/* recovery/image/rauc.c
 *
 * RAUC bundle: a SquashFS, for the format "verity" its hash tree, a CMS signature, and the signature's length in the last 8 bytes.
 * What the signature says is compared with the contents; whether the signer is trusted needs the device's keyring.
 * Source: RAUC docs/reference.rst ("Manifest", "Bundle Formats"), src/bundle.c; RFC 5652 (CMS). */
#include <inttypes.h>
#include <stdlib.h>

#include "recovery/image/squashfs.h"
#include "src/base/text.h"

enum {
	LENGTH_SIZE = 8,
	CMS_MAX = 4 * 1024 * 1024,
	MANIFEST_MAX = 16 * 1024,
	HEAD_SIZE = 64 * 1024,	/* of each image in it */
	IMAGES = 24,		/* files looked at */
	SHA256_SIZE = 32,
	SALT_SIZE = 32,
	SQUASHFS_HEADER = 96, SQUASHFS_AT_USED = 40,
	VERITY_BLOCK = 4096,
	VERITY_LEVELS = 6,	/* 128 hashes a block: more than any file has */
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

/* Where a signature begins behind the contents without being found from the end; 0: nowhere. */
static uint64_t find_cut_signature(const struct image_input *in)
{
	uint64_t at;

	if (in->data.size < in->size || in->depth > 0 || in->size < SQUASHFS_HEADER || !image_starts_with(in->data, BYTES("hsqs")))
		return 0;
	at = load_le64(in->data.data + SQUASHFS_AT_USED);
	/* a hash tree may stand between */
	for (at = at / VERITY_BLOCK * VERITY_BLOCK; at + 4 + sizeof(signed_data) + 1 <= in->size; at += VERITY_BLOCK) {
		const uint8_t *head = in->data.data + at;

		if (at > 0 && head[0] == 0x30 && (head[1] == 0x82 || head[1] == 0x83) &&
		    memcmp(head + 2 + (head[1] & 0x7fu), signed_data, sizeof(signed_data)) == 0)
			return at;
	}
	return 0;
}

static bool matches(const struct image_input *in)
{
	struct bytes cms;

	return find_signature(in, &cms) || find_cut_signature(in) > 0;
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
	char value[96];

	read_ini(text, "update", "compatible", value, sizeof(value));
	image_add_board(facts, bytes_of_text(value));
	read_ini(text, "update", "version", value, sizeof(value));
	if (value[0] != '\0')
		text_copy(facts->version, sizeof(facts->version), value);
	read_ini(text, "update", "description", value, sizeof(value));
	if (value[0] != '\0')
		text_copy(facts->name, sizeof(facts->name), value);
}

static bool is_manifest(struct bytes text)
{
	return text.size > 0 && memmem(text.data, text.size, "[update]", 8) != NULL && memmem(text.data, text.size, "compatible=", 11) != NULL;
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
			image_add_unpacked_part(in, facts, bytes_of(head, have), file.size, "image", false);
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

/* --- verity --- */

/* The length of a DER element at the start of in; 0: none that is here. */
static size_t der_header(struct bytes in, uint8_t tag, size_t *ret_length)
{
	unsigned more;

	if (in.size < 2 || in.data[0] != tag)
		return 0;
	more = in.data[1] & 0x80 ? in.data[1] & 0x7f : 0;
	if (more > 4 || in.size < 2 + more)
		return 0;
	*ret_length = more == 0 ? in.data[1] : 0;
	for (unsigned i = 0; i < more; i++)
		*ret_length = *ret_length << 8 | in.data[2 + i];
	return *ret_length <= in.size - 2 - more ? 2 + more : 0;
}

/* 5.2: id-data, [0], OCTET STRING: what is signed, and here the manifest. */
static struct bytes signed_contents(struct bytes cms)
{
	static const uint8_t id_data[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01 };
	const uint8_t *at = memmem(cms.data, cms.size, id_data, sizeof(id_data));
	struct bytes none = { NULL, 0 }, rest;
	size_t header, length;

	if (at == NULL)
		return none;
	rest = bytes_from(cms, (size_t)(at - cms.data) + sizeof(id_data));
	header = der_header(rest, 0xa0, &length);
	rest = header > 0 ? bytes_from(rest, header) : none;
	header = der_header(rest, 0x04, &length);
	return header > 0 ? bytes_of(rest.data + header, length) : none;
}

/* Hashes of blocks fill a block of the next level, up to one hash: dm-verity, format 1. */
struct tree {
	const struct image_ops *ops;
	uint8_t salted[SALT_SIZE + VERITY_BLOCK];	/* the salt, and room for a block */
	uint8_t levels[VERITY_LEVELS][VERITY_BLOCK];
	unsigned used[VERITY_LEVELS], top;
	bool is_broken;
};

/* Adds the hash of a block to a level; a level that is full goes into the next one. */
static void add_block(struct tree *tree, const uint8_t *block, unsigned level)
{
	for (; level < VERITY_LEVELS; level++) {
		uint8_t digest[IMAGE_DIGEST_SIZE];

		memcpy(tree->salted + SALT_SIZE, block, VERITY_BLOCK);
		if (tree->ops->digest(tree->ops->user, "sha256", bytes_of(tree->salted, sizeof(tree->salted)), digest) != SHA256_SIZE)
			break;
		memcpy(tree->levels[level] + tree->used[level], digest, SHA256_SIZE);
		tree->used[level] += SHA256_SIZE;
		tree->top = level > tree->top ? level : tree->top;
		if (tree->used[level] < VERITY_BLOCK)
			return;
		block = tree->levels[level];
		tree->used[level] = 0;
	}
	tree->is_broken = true;
}

/* The root: what is begun is filled up with zeros, level by level, until one hash is left. A level that has just been passed on and stands
 * empty is left out, unless it is the only one. */
static bool tree_root(struct tree *tree, uint8_t root[SHA256_SIZE])
{
	for (unsigned level = 0; level < VERITY_LEVELS && !tree->is_broken; level++) {
		if (level == tree->top && tree->used[level] == SHA256_SIZE) {
			memcpy(root, tree->levels[level], SHA256_SIZE);
			return true;
		}
		if (tree->used[level] == 0)
			continue;
		memset(tree->levels[level] + tree->used[level], 0, VERITY_BLOCK - tree->used[level]);
		tree->used[level] = 0;
		add_block(tree, tree->levels[level], level + 1);
	}
	return false;
}

static bool read_hex(const char *text, uint8_t to[SHA256_SIZE])
{
	if (strlen(text) != 2 * SHA256_SIZE)
		return false;
	for (unsigned i = 0; i < SHA256_SIZE; i++) {
		char pair[3] = { text[2 * i], text[2 * i + 1], '\0' };
		char *end;

		to[i] = (uint8_t)strtoul(pair, &end, 16);
		if (*end != '\0')
			return false;
	}
	return true;
}

/* The root hash is in the manifest, which is what the signature is over. */
static void check_verity(const struct image_input *in, struct image_facts *facts, uint64_t contents, struct bytes cms)
{
	struct bytes manifest = signed_contents(cms), digest = find_digest(cms);
	uint8_t want[SHA256_SIZE], have[IMAGE_DIGEST_SIZE];
	char hash[80], salt[80], size[24];
	struct tree tree = { .ops = in->ops };
	uint64_t tree_size;

	read_ini(manifest, "bundle", "verity-hash", hash, sizeof(hash));
	read_ini(manifest, "bundle", "verity-salt", salt, sizeof(salt));
	read_ini(manifest, "bundle", "verity-size", size, sizeof(size));
	tree_size = strtoull(size, NULL, 10);
	if (in->ops->digest == NULL || digest.size != SHA256_SIZE || !read_hex(hash, want) || !read_hex(salt, tree.salted) ||
	    tree_size >= contents || (contents - tree_size) % VERITY_BLOCK != 0 ||
	    in->ops->digest(in->ops->user, "sha256", manifest, have) != SHA256_SIZE)
		return;
	text_copy(facts->checked, sizeof(facts->checked), "its hash tree and the hash in its signature; who signed it was not checked");
	if (memcmp(have, digest.data, SHA256_SIZE) != 0)
		image_broken(facts, contents, "its manifest is damaged: the sha256 in its signature does not match");
	for (uint64_t at = 0; at < contents - tree_size; at += VERITY_BLOCK)
		add_block(&tree, in->data.data + at, 0);
	if (!tree_root(&tree, have))
		text_copy(facts->checked, sizeof(facts->checked), "the hash in its signature, not its contents");
	else if (memcmp(have, want, SHA256_SIZE) != 0)
		image_broken(facts, 0, "its contents are damaged: the root of their hash tree is not the one in the manifest");
	else if (facts->whole != IMAGE_NO && facts->member_problem.what[0] == '\0')
		facts->whole = IMAGE_YES;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct bytes cms;
	uint64_t contents;

	if (!find_signature(in, &cms)) {
		contents = find_cut_signature(in);
		text_copy(facts->checked, sizeof(facts->checked), "that it has an end");
		image_add_part(in, facts, 0, contents, "contents");
		look_at_files(in, facts);
		image_broken(facts, contents, "it is cut off or damaged: the signature that begins here does not end with the file");
		return;
	}
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
	if (is_manifest(signed_contents(cms))) {
		read_manifest(signed_contents(cms), facts);
		text_copy(facts->title, sizeof(facts->title), "RAUC bundle (verity)");
		check_verity(in, facts, contents, cms);
	} else if (image_starts_with(in->data, BYTES("hsqs"))) {
		text_copy(facts->title, sizeof(facts->title), "RAUC bundle (plain)");
		check_plain(in, facts, image_slice(in, 0, contents), cms);
	}
}

const struct image_format image_format_rauc = {
	.word = "rauc", .title = "RAUC bundle", .matches = matches, .inspect = inspect,
};
