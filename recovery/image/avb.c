/* recovery/image/avb.c
 *
 * Android Verified Boot: vbmeta (a file of its own, or behind an image), and the footer at the end of a partition that points to it. Its hash
 * descriptor covers the image. Its signature is compared with the key that lies beside it; whether the device trusts that key, only the device knows.
 * Source: AOSP external/avb libavb (avb_vbmeta_image.h, avb_footer.h, avb_hash_descriptor.h, avb_property_descriptor.h). */
#include <inttypes.h>

#include "recovery/image/avb.h"
#include "recovery/image/check.h"
#include "src/base/text.h"

enum {
	HEADER_SIZE = 256,
	AT_AUTHENTICATION_SIZE = 12,
	AT_AUXILIARY_SIZE = 20,
	AT_ALGORITHM = 28,
	AT_HASH_OFFSET = 32,
	AT_HASH_SIZE = 40,
	AT_SIGNATURE_OFFSET = 48,
	AT_SIGNATURE_SIZE = 56,
	AT_KEY_OFFSET = 64,
	AT_KEY_SIZE = 72,
	KEY_HEADER = 8,		/* bits, and a number that follows from the modulus (avb_crypto.h) */
	AT_DESCRIPTORS_OFFSET = 96,
	AT_DESCRIPTORS_SIZE = 104,
	AT_FLAGS = 120,
	FLAG_HASHTREE_DISABLED = 1,
	FLAG_VERIFICATION_DISABLED = 2,
	ALGORITHMS = 7,		/* NONE, SHA256 with three RSA sizes, SHA512 with the same */
	DESCRIPTORS_MAX = 64,
	DESCRIPTOR_HEADER = 16,	/* tag, bytes that follow */
	TAG_PROPERTY = 0,
	TAG_HASH = 2,
	HASH_IMAGE_SIZE = 16,
	HASH_ALGORITHM = 24,
	HASH_ALGORITHM_SIZE = 32,
	HASH_NAME_SIZE = 56,
	HASH_SALT_SIZE = 60,
	HASH_DIGEST_SIZE = 64,
	HASH_VARIABLE = 132,
	FOOTER_SIZE = 64,
	FOOTER_ORIGINAL_SIZE = 12,
	FOOTER_VBMETA_OFFSET = 20,
	BOOT_SIGNATURES = 2,	/* of the image, and of its kernel (mkbootimg's gki/certify_bootimg.py) */
	SIZE_MAX_VBMETA = 1 << 20,
};

struct vbmeta {
	const struct image_input *in;
	const struct image_input *image;	/* what its hash descriptor is about; NULL: is not here */
	bool is_all_of_it;			/* of hashes, only those over all of the image count */
	uint64_t at;				/* of the header, in in */
	uint64_t authentication, auxiliary;	/* sizes */
	struct image_facts *facts;
	enum image_answer image_hash;
};

static enum image_answer compare_digest(const struct image_input *in, const char *algorithm, struct bytes first, struct bytes second,
					struct bytes want)
{
	uint8_t digest[IMAGE_DIGEST_SIZE];
	size_t size = image_digest(in, algorithm, (const struct bytes[]){ first, second }, 2, digest);

	if (size == 0)
		return IMAGE_UNKNOWN;
	return bytes_equal(bytes_of(digest, size), want) ? IMAGE_YES : IMAGE_NO;
}

static bool open_vbmeta(struct vbmeta *meta)
{
	const uint8_t *header = meta->in->data.data + meta->at;

	if (!image_in_memory(meta->in, meta->at, HEADER_SIZE) || memcmp(header, "AVB0", 4) != 0)
		return false;
	meta->authentication = load_be64(header + AT_AUTHENTICATION_SIZE);
	meta->auxiliary = load_be64(header + AT_AUXILIARY_SIZE);
	return meta->authentication <= SIZE_MAX_VBMETA && meta->auxiliary <= SIZE_MAX_VBMETA && meta->authentication % 64 == 0 &&
	       meta->auxiliary % 64 == 0 && load_be32(header + AT_ALGORITHM) < ALGORITHMS;
}

/* "vendor/product/device:11/...": the device is the board. */
static void read_fingerprint(struct image_facts *facts, struct bytes value)
{
	char text[96], *device;

	text_printable(text, sizeof(text), value);
	text_copy(facts->name, sizeof(facts->name), text);
	device = strchr(text, ':');
	if (device == NULL)
		return;
	*device = '\0';
	device = strrchr(text, '/');
	if (device != NULL)
		image_add_board(facts, bytes_of_text(device + 1));
}

static void read_property(struct vbmeta *meta, struct bytes descriptor)
{
	static const char fingerprint[] = ".fingerprint", version[] = ".os_version";
	uint64_t key_size, value_size;
	struct bytes value;
	char key[96];

	if (descriptor.size < 32)
		return;
	key_size = load_be64(descriptor.data + 16);
	value_size = load_be64(descriptor.data + 24);
	if (key_size >= descriptor.size - 32 || value_size > descriptor.size - 33 - key_size)
		return;
	text_printable(key, sizeof(key), bytes_of(descriptor.data + 32, (size_t)key_size));
	value = bytes_of(descriptor.data + 33 + key_size, (size_t)value_size);
	if (text_contains(key, fingerprint))
		read_fingerprint(meta->facts, value);
	else if (text_contains(key, version))
		text_printable(meta->facts->version, sizeof(meta->facts->version), value);
}

static void read_hash(struct vbmeta *meta, struct bytes descriptor)
{
	uint64_t name_size, salt_size, digest_size, image_size, variable = HASH_VARIABLE;
	char algorithm[HASH_ALGORITHM_SIZE + 1];
	struct bytes salt, digest;

	if (descriptor.size < HASH_VARIABLE || meta->image == NULL)
		return;
	image_size = load_be64(descriptor.data + HASH_IMAGE_SIZE);
	name_size = load_be32(descriptor.data + HASH_NAME_SIZE);
	salt_size = load_be32(descriptor.data + HASH_SALT_SIZE);
	digest_size = load_be32(descriptor.data + HASH_DIGEST_SIZE);
	if (name_size + salt_size + digest_size > descriptor.size - variable || digest_size == 0 ||
	    (meta->is_all_of_it && image_size != meta->image->size))
		return;
	image_text(algorithm, sizeof(algorithm), bytes_of(descriptor.data + HASH_ALGORITHM, HASH_ALGORITHM_SIZE));
	salt = bytes_of(descriptor.data + variable + name_size, (size_t)salt_size);
	digest = bytes_of(descriptor.data + variable + name_size + salt_size, (size_t)digest_size);
	if (!image_in_memory(meta->image, 0, image_size)) {
		image_broken(meta->facts, meta->image->size, "it is shorter than the image that its hash was made of: %" PRIu64 " bytes",
			     image_size);
		return;
	}
	meta->image_hash = compare_digest(meta->in, algorithm, salt, image_slice(meta->image, 0, image_size), digest);
	if (meta->image_hash == IMAGE_NO)
		image_broken(meta->facts, 0, "it is damaged: its %s is not the one of its verified boot data", algorithm);
}

static void read_descriptors(struct vbmeta *meta)
{
	const uint8_t *header = meta->in->data.data + meta->at;
	uint64_t offset = load_be64(header + AT_DESCRIPTORS_OFFSET), size = load_be64(header + AT_DESCRIPTORS_SIZE);
	struct bytes list;

	if (offset > meta->auxiliary || size > meta->auxiliary - offset)
		return;
	list = image_slice(meta->in, meta->at + HEADER_SIZE + meta->authentication + offset, size);
	for (unsigned i = 0; i < DESCRIPTORS_MAX && list.size >= DESCRIPTOR_HEADER; i++) {
		uint64_t more = load_be64(list.data + 8);

		if (more > list.size - DESCRIPTOR_HEADER)
			return;
		if (load_be64(list.data) == TAG_PROPERTY)
			read_property(meta, bytes_of(list.data, (size_t)more + DESCRIPTOR_HEADER));
		else if (load_be64(list.data) == TAG_HASH)
			read_hash(meta, bytes_of(list.data, (size_t)more + DESCRIPTOR_HEADER));
		list = bytes_from(list, (size_t)more + DESCRIPTOR_HEADER);
	}
}

/* What a field of the header says where it lies in a block that begins at start; nothing when it lies outside. */
static struct bytes slice_of_block(const struct vbmeta *meta, uint64_t start, uint64_t block, unsigned field)
{
	const uint8_t *header = meta->in->data.data + meta->at;
	uint64_t offset = load_be64(header + field), size = load_be64(header + field + 8);

	return image_slice(meta->in, start + offset, image_lies_in(offset, size, block) ? size : 0);
}

/* The signature is over the same bytes as the hash. Behind it the block is filled up with zeros. */
static enum image_answer check_signature(const struct vbmeta *meta, const char *algorithm, struct bytes hash)
{
	uint64_t authentication = meta->at + HEADER_SIZE, auxiliary = authentication + meta->authentication;
	struct bytes signature = slice_of_block(meta, authentication, meta->authentication, AT_SIGNATURE_OFFSET);
	struct bytes key = slice_of_block(meta, auxiliary, meta->auxiliary, AT_KEY_OFFSET);
	uint64_t bytes = key.size > KEY_HEADER ? load_be32(key.data) / 8 : 0;

	if (bytes == 0 || key.size < KEY_HEADER + bytes || meta->in->ops->rsa_verify == NULL)
		return IMAGE_UNKNOWN;
	return meta->in->ops->rsa_verify(meta->in->ops->user, bytes_of(key.data + KEY_HEADER, (size_t)bytes), signature, algorithm, hash);
}

/* The hash in the authentication block covers header and auxiliary block. */
static enum image_answer check_own_hash(const struct vbmeta *meta)
{
	uint32_t algorithm = load_be32(meta->in->data.data + meta->at + AT_ALGORITHM);
	const char *name = algorithm <= 3 ? "sha256" : "sha512";
	uint64_t authentication = meta->at + HEADER_SIZE;
	enum image_answer answer, signature;
	struct bytes hash;

	if (algorithm == 0 || !image_in_memory(meta->in, authentication, meta->authentication + meta->auxiliary))
		return IMAGE_UNKNOWN;
	hash = slice_of_block(meta, authentication, meta->authentication, AT_HASH_OFFSET);
	answer = compare_digest(meta->in, name, image_slice(meta->in, meta->at, HEADER_SIZE),
				image_slice(meta->in, authentication + meta->authentication, meta->auxiliary), hash);
	if (answer == IMAGE_NO)
		image_broken(meta->facts, meta->at, "its verified boot data is damaged: the hash does not match");
	if (answer != IMAGE_YES)
		return answer;
	signature = check_signature(meta, name, hash);
	if (signature == IMAGE_NO)
		image_broken(meta->facts, meta->at, "its verified boot data is damaged: its signature does not fit its key");
	return signature;
}

/* Returns its answer, and tells a damaged one. */
static enum image_answer inspect_meta(struct vbmeta *meta)
{
	uint32_t flags = load_be32(meta->in->data.data + meta->at + AT_FLAGS);
	enum image_answer own = check_own_hash(meta);

	if (flags & (FLAG_HASHTREE_DISABLED | FLAG_VERIFICATION_DISABLED))
		image_warning(meta->facts, "verified boot is switched off in it: a locked device refuses it");
	read_descriptors(meta);
	return own;
}

enum image_answer avb_check_boot_signature(const struct image_input *in, struct image_facts *facts, uint64_t at, uint64_t size)
{
	struct image_input image = *in, signature = *in;
	struct vbmeta meta = { .in = &signature, .image = &image, .is_all_of_it = true, .at = at, .facts = facts };
	enum image_answer answer = IMAGE_UNKNOWN;

	if (!image_in_memory(in, 0, at + size))
		return IMAGE_UNKNOWN;
	image.size = image.data.size = (size_t)at;
	signature.size = signature.data.size = (size_t)(at + size);
	for (unsigned i = 0; i < BOOT_SIGNATURES && open_vbmeta(&meta); i++) {
		enum image_answer own = inspect_meta(&meta);

		if (own == IMAGE_YES && meta.image_hash == IMAGE_YES)
			answer = IMAGE_YES;
		meta.at += HEADER_SIZE + meta.authentication + meta.auxiliary;
	}
	return facts->whole == IMAGE_NO ? IMAGE_NO : answer;
}

/* --- vbmeta.img --- */

static bool matches(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("AVB0\0\0\0\x01"));
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct vbmeta meta = { .in = in, .facts = facts };

	text_copy(facts->checked, sizeof(facts->checked), "size; it has no hash");
	if (!open_vbmeta(&meta)) {
		if (in->data.size >= HEADER_SIZE || in->size < HEADER_SIZE)
			image_broken(facts, 0, "its header is damaged or cut off");
		return;
	}
	facts->is_padded_by_nature = true;
	if (!image_declare(in, facts, HEADER_SIZE + meta.authentication + meta.auxiliary))
		return;
	if (inspect_meta(&meta) != IMAGE_YES)
		return;
	text_copy(facts->checked, sizeof(facts->checked), "its hash, and its signature by the key in it; whose key that is was not checked");
	if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

const struct image_format image_format_vbmeta = {
	.word = "android-vbmeta", .title = "Android verified boot data", .matches = matches, .inspect = inspect,
};

/* --- the footer --- */

static bool is_zero(const struct image_input *in, uint64_t start, uint64_t end)
{
	struct bytes between = image_slice(in, start, end > start ? end - start : 0);

	return between.size == 0 || (between.data[0] == 0 && image_long_padding(in, between) == between.size);
}

static bool inspect_footer(const struct image_input *in, struct image_facts *facts, uint64_t *ret_start)
{
	struct image_input image;
	struct vbmeta meta = { .in = in, .image = &image, .facts = facts };
	const uint8_t *footer;
	uint64_t size;

	if (in->data.size < FOOTER_SIZE || in->data.size < in->size)
		return false;
	footer = in->data.data + in->data.size - FOOTER_SIZE;
	size = load_be64(footer + FOOTER_ORIGINAL_SIZE);
	meta.at = load_be64(footer + FOOTER_VBMETA_OFFSET);
	if (memcmp(footer, "AVBf\0\0\0\x01", 8) != 0 || size == 0 || size > in->size - FOOTER_SIZE || meta.at < size ||
	    meta.at > in->size - FOOTER_SIZE)
		return false;
	text_copy(facts->title, sizeof(facts->title), "Android partition image");
	*ret_start = size;
	image = (struct image_input){ bytes_of(in->data.data, (size_t)size), size, in->ops, in->depth, false };
	if (!open_vbmeta(&meta)) {
		image_broken(facts, meta.at, "its verified boot footer points to something else: bytes are missing or were changed");
		return true;
	}
	inspect_meta(&meta);
	if (!is_zero(in, size, meta.at) || !is_zero(in, meta.at + HEADER_SIZE + meta.authentication + meta.auxiliary, in->size - FOOTER_SIZE))
		image_problem(facts, size, "what fills it up to its verified boot footer is not empty: it may be damaged, or two files were joined");
	else if (meta.image_hash == IMAGE_YES && facts->whole != IMAGE_NO) {
		facts->whole = IMAGE_YES;
		text_copy(facts->checked, sizeof(facts->checked), "the hash of the verified boot footer");
	}
	return true;
}

const struct image_trailer image_trailer_avb_footer = { .word = "avb-footer", .inspect = inspect_footer };
