/* recovery/image/mcuboot.c
 *
 * MCUboot: a header, the program, and behind it a list of tagged values, the hash among them. Little-endian. Whose signature it is needs the
 * key that is in the loader.
 * Source: mcuboot docs/design.md, boot/bootutil/include/bootutil/image.h. */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	AT_HEADER_SIZE = 8,
	AT_PROTECTED_SIZE = 10,
	AT_IMAGE_SIZE = 12,
	AT_FLAGS = 16,
	AT_VERSION = 20,
	HEADER_SIZE = 32,
	FLAGS_ENCRYPTED = 0x4 | 0x8,
	TLV_INFO = 0x6907,
	TLV_PROTECTED = 0x6908,
	TLV_HEADER = 4,
	TLVS_MAX = 64,
	TLV_SHA256 = 0x10,
	TLV_SHA384 = 0x11,
	TLV_SHA512 = 0x12,
	TRAILER_MAGIC = 16,
	TRAILER_STATE = TRAILER_MAGIC + 4 * 32,	/* three flags and a size, each as long as the longest write (docs/design.md) */
};

struct mcuboot {
	const struct image_input *in;
	struct image_facts *facts;
	uint64_t hashed;	/* header, program and protected values: what the hash covers */
	uint64_t end;
	bool is_encrypted, has_signature;
};

static bool matches(const struct image_input *in)
{
	/* sizes as the loader believes them: a header of at least its own fields, of words */
	return in->data.size >= HEADER_SIZE && image_starts_with(in->data, BYTES("\x3d\xb8\xf3\x96")) &&
	       load_le16(in->data.data + AT_HEADER_SIZE) >= HEADER_SIZE;
}

static void check_hash(struct mcuboot *boot, struct bytes want, const char *algorithm)
{
	const struct image_ops *ops = boot->in->ops;
	uint8_t digest[IMAGE_DIGEST_SIZE];
	size_t size;

	/* the hash of an encrypted image is of what only the device can make of it */
	if (boot->is_encrypted || ops->digest == NULL || !image_in_memory(boot->in, 0, boot->hashed))
		return;
	size = ops->digest(ops->user, algorithm, image_slice(boot->in, 0, boot->hashed), digest);
	if (size == 0)
		return;
	text_format(boot->facts->checked, sizeof(boot->facts->checked), "the %s of header and program", algorithm);
	if (!bytes_equal(bytes_of(digest, size), want))
		image_broken(boot->facts, HEADER_SIZE, "it is damaged: its %s is another one than the one behind it", algorithm);
	else if (boot->facts->whole != IMAGE_NO)
		boot->facts->whole = IMAGE_YES;
}

static void read_value(struct mcuboot *boot, unsigned type, struct bytes value)
{
	switch (type) {
	case TLV_SHA256:
		check_hash(boot, value, "sha256");
		break;
	case TLV_SHA384:
		check_hash(boot, value, "sha384");
		break;
	case TLV_SHA512:
		check_hash(boot, value, "sha512");
		break;
	case 0x20: case 0x21: case 0x22: case 0x23: case 0x24:
		boot->has_signature = true;
	}
}

/* Returns the size of a list, 0 where there is none. */
static uint64_t list_size(const struct mcuboot *boot, uint64_t at, unsigned magic)
{
	struct bytes info = image_slice(boot->in, at, TLV_HEADER);

	if (info.size < TLV_HEADER || load_le16(info.data) != magic || load_le16(info.data + 2) < TLV_HEADER)
		return 0;
	return load_le16(info.data + 2);
}

static void read_list(struct mcuboot *boot, uint64_t at, uint64_t size)
{
	struct bytes list = image_slice(boot->in, at + TLV_HEADER, size - TLV_HEADER);

	for (unsigned i = 0; i < TLVS_MAX && list.size >= TLV_HEADER; i++) {
		size_t length = load_le16(list.data + 2);

		if (length > list.size - TLV_HEADER) {
			image_broken(boot->facts, at, "its list of values is damaged");
			return;
		}
		read_value(boot, load_le16(list.data), bytes_of(list.data + TLV_HEADER, length));
		list = bytes_from(list, length + TLV_HEADER);
	}
}

/* imgtool --pad fills up the slot, which ends with a magic. */
static bool fills_slot(const struct image_input *in)
{
	return in->data.size == in->size && in->data.size >= TRAILER_MAGIC &&
	       memcmp(in->data.data + in->data.size - TRAILER_MAGIC + 2, "\x95\xf3\x60\xd2\xef\x7f\x35\x52\x50\x0f\x2c\xb6\x79\x80", 14) == 0;
}

/* What is left of the slot is erased, but for what the loader keeps in front of the magic. */
static bool is_rest_erased(const struct image_input *in, uint64_t end)
{
	struct bytes rest = image_slice(in, end, in->size - end);

	rest.size = rest.size > TRAILER_STATE ? rest.size - TRAILER_STATE : 0;
	return image_padding(rest) == rest.size;
}

static void tell_header(struct mcuboot *boot)
{
	const uint8_t *header = boot->in->data.data, *version = header + AT_VERSION;
	struct image_facts *facts = boot->facts;

	boot->is_encrypted = load_le32(header + AT_FLAGS) & FLAGS_ENCRYPTED;
	text_format(facts->version, sizeof(facts->version), "%u.%u.%u+%" PRIu32, version[0], version[1], load_le16(version + 2),
		    load_le32(version + 4));
	text_copy(facts->checked, sizeof(facts->checked), boot->is_encrypted ? "sizes; it is encrypted" : "sizes");
	facts->ends_exactly = true;
	facts->is_padded_by_nature = true;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	struct mcuboot boot = { .in = in, .facts = facts };
	uint64_t program_end = load_le16(header + AT_HEADER_SIZE) + (uint64_t)load_le32(header + AT_IMAGE_SIZE);
	unsigned protected_size = load_le16(header + AT_PROTECTED_SIZE);
	uint64_t size;

	tell_header(&boot);
	boot.hashed = program_end + protected_size;
	if (!image_declare(in, facts, boot.hashed + TLV_HEADER))
		return;
	if (!image_in_memory(in, 0, boot.hashed + TLV_HEADER))
		return;
	if (protected_size > 0 && list_size(&boot, program_end, TLV_PROTECTED) != protected_size) {
		image_broken(facts, program_end, "its protected values are not where its header says: bytes are missing or were changed");
		return;
	}
	size = list_size(&boot, boot.hashed, TLV_INFO);
	if (size == 0) {
		image_broken(facts, boot.hashed, "its hash is not where its header says: bytes are missing or were changed");
		return;
	}
	if (!image_declare(in, facts, boot.hashed + size))
		return;
	if (image_in_memory(in, boot.hashed, size))
		read_list(&boot, boot.hashed, size);
	if (!boot.has_signature && facts->whole != IMAGE_NO)
		image_warning(facts, "it is not signed: most loaders refuse it");
	if (!fills_slot(in))
		return;
	if (!is_rest_erased(in, facts->declared_size)) {
		image_problem(facts, facts->declared_size, "there is something between its end and the end of its slot that no check covers");
		facts->whole = facts->whole == IMAGE_YES ? IMAGE_UNKNOWN : facts->whole;
	}
	facts->declared_size = in->size;
}

const struct image_format image_format_mcuboot = {
	.word = "mcuboot", .title = "MCUboot image", .matches = matches, .inspect = inspect,
};
