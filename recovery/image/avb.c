/* recovery/image/avb.c
 *
 * Android Verified Boot: vbmeta (a file of its own, or behind an image), and the footer at the end of a partition that points to it. Its hash
 * descriptor covers the image; whose signature it is needs a key that the device has.
 * Source: AOSP external/avb libavb (avb_vbmeta_image.h, avb_footer.h, avb_hash_descriptor.h, avb_property_descriptor.h). */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	HEADER_SIZE = 256,
	AT_AUTHENTICATION_SIZE = 12,
	AT_AUXILIARY_SIZE = 20,
	AT_ALGORITHM = 28,
	AT_HASH_OFFSET = 32,
	AT_HASH_SIZE = 40,
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
	SIZE_MAX_VBMETA = 1 << 20,
};

struct vbmeta {
	const struct image_input *in;
	const struct image_input *image;	/* what its hash descriptor is about; NULL: is not here */
	uint64_t at;				/* of the header, in in */
	uint64_t authentication, auxiliary;	/* sizes */
	struct image_facts *facts;
	enum image_answer image_hash;
};

struct pieces {
	struct bytes piece[2];
	unsigned at;
};

static struct bytes next_piece(void *of)
{
	struct pieces *pieces = of;

	while (pieces->at < 2 && pieces->piece[pieces->at].size == 0)
		pieces->at++;
	return pieces->at < 2 ? pieces->piece[pieces->at++] : (struct bytes){ pieces->piece[0].data, 0 };
}

static enum image_answer compare_digest(const struct image_input *in, const char *algorithm, struct bytes first, struct bytes second,
					struct bytes want)
{
	struct pieces pieces = { { first, second }, 0 };
	uint8_t digest[IMAGE_DIGEST_SIZE];
	size_t size;

	if (in->ops->digest_pieces == NULL)
		return IMAGE_UNKNOWN;
	size = in->ops->digest_pieces(in->ops->user, algorithm, next_piece, &pieces, digest);
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
	if (name_size + salt_size + digest_size > descriptor.size - variable || digest_size == 0)
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
		image_broken(meta->facts, 0, "it is damaged: its %s is not the one of its verified boot footer", algorithm);
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

/* The hash in the authentication block covers header and auxiliary block. */
static enum image_answer check_own_hash(const struct vbmeta *meta)
{
	const uint8_t *header = meta->in->data.data + meta->at;
	uint64_t offset = load_be64(header + AT_HASH_OFFSET), size = load_be64(header + AT_HASH_SIZE);
	uint32_t algorithm = load_be32(header + AT_ALGORITHM);
	uint64_t authentication = meta->at + HEADER_SIZE;

	if (algorithm == 0 || offset > meta->authentication || size > meta->authentication - offset ||
	    !image_in_memory(meta->in, authentication, meta->authentication + meta->auxiliary))
		return IMAGE_UNKNOWN;
	return compare_digest(meta->in, algorithm <= 3 ? "sha256" : "sha512", image_slice(meta->in, meta->at, HEADER_SIZE),
			      image_slice(meta->in, authentication + meta->authentication, meta->auxiliary),
			      image_slice(meta->in, authentication + offset, size));
}

/* Returns its answer, and tells a damaged one. */
static enum image_answer inspect_meta(struct vbmeta *meta)
{
	uint32_t flags = load_be32(meta->in->data.data + meta->at + AT_FLAGS);
	enum image_answer own = check_own_hash(meta);

	if (own == IMAGE_NO)
		image_broken(meta->facts, meta->at, "its verified boot data is damaged: the hash does not match");
	if (flags & (FLAG_HASHTREE_DISABLED | FLAG_VERIFICATION_DISABLED))
		image_warning(meta->facts, "verified boot is switched off in it: a locked device refuses it");
	read_descriptors(meta);
	return own;
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
	text_copy(facts->checked, sizeof(facts->checked), "the hash of header and descriptors; the key of its signature is not known");
	if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

const struct image_format image_format_vbmeta = {
	.word = "android-vbmeta", .title = "Android verified boot data", .matches = matches, .inspect = inspect,
};

/* --- the footer --- */

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
	if (meta.image_hash == IMAGE_YES && facts->whole != IMAGE_NO) {
		facts->whole = IMAGE_YES;
		text_copy(facts->checked, sizeof(facts->checked), "the hash of the verified boot footer");
	}
	return true;
}

const struct image_trailer image_trailer_avb_footer = { .word = "avb-footer", .inspect = inspect_footer };
