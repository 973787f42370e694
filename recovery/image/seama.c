/* recovery/image/seama.c
 *
 * SEAMA, as D-Link and others use it: entities, each with an MD5 of its image, and often a seal in front that names the board. Big-endian.
 * Source: OpenWrt firmware-utils src/seama.h, seama.c, oseama.c. */
#include "recovery/image/check.h"
#include "src/base/text.h"

enum {
	AT_META_SIZE = 6,
	AT_SIZE = 8,
	HEADER_SIZE = 12,	/* of the seal; an entity has the digest behind it */
	ENTITIES = 16,
	META_MAX = 4096,
};

struct entity {
	uint64_t meta, meta_size, image, image_size;
	bool is_seal;		/* no image */
};

/* What is at offset; false when it is no entity or its header is not in memory. */
static bool read_entity(const struct image_input *in, uint64_t offset, struct entity *entity)
{
	struct bytes at = image_slice(in, offset, HEADER_SIZE);

	if (at.size < HEADER_SIZE || !image_starts_with(at, BYTES("\x5e\xa3\xa4\x17")))
		return false;
	entity->meta_size = load_be16(at.data + AT_META_SIZE);
	entity->image_size = load_be32(at.data + AT_SIZE);
	entity->is_seal = entity->image_size == 0;
	entity->meta = offset + HEADER_SIZE + (entity->is_seal ? 0 : IMAGE_MD5_SIZE);
	entity->image = entity->meta + entity->meta_size;
	return entity->meta_size <= META_MAX;
}

static bool matches(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\x5e\xa3\xa4\x17"));
}

static bool is_sound(const struct image_input *in)
{
	struct entity entity;
	struct bytes meta;

	if (!read_entity(in, 0, &entity) || load_be16(in->data.data + 4) != 0 || !image_lies_in(entity.image, entity.image_size, in->size))
		return false;
	meta = image_slice(in, entity.meta, entity.meta_size);
	return meta.size > 2 && image_is_text(meta) && memchr(meta.data, '=', meta.size) != NULL;
}

/* "signature=..." names the board, "dev=..." the partition; each ends at a NUL. */
static void read_meta(struct image_facts *facts, struct bytes meta, char *name, size_t size)
{
	while (meta.size > 0) {
		size_t length = strnlen((const char *)meta.data, meta.size);
		struct bytes item = bytes_of(meta.data, length);

		if (image_starts_with(item, BYTES("signature="))) {
			image_add_board(facts, bytes_from(item, 10));
			if (memmem(item.data, item.size, "dlink", 5) != NULL)
				image_set_vendor(facts, "D-Link");
		} else if (image_starts_with(item, BYTES("dev=")) || (name[0] == '\0' && image_starts_with(item, BYTES("type="))))
			image_text(name, size, bytes_from(item, item.data[0] == 'd' ? 4 : 5));
		else if (image_starts_with(item, BYTES("version=")))
			image_text(facts->version, sizeof(facts->version), bytes_from(item, 8));
		meta = bytes_from(meta, length + 1);
	}
}

/* Returns whether the digest was compared. */
static bool check_entity(const struct image_input *in, struct image_facts *facts, const struct entity *entity)
{
	struct bytes image = image_slice(in, entity->image, entity->image_size);
	enum image_answer answer = IMAGE_UNKNOWN;
	char name[64] = "";

	read_meta(facts, image_slice(in, entity->meta, entity->meta_size), name, sizeof(name));
	if (entity->is_seal)
		return true;
	if (image.size == entity->image_size)
		answer = image_compare_digest(in, facts, "md5", &image, 1, entity->image, "its image",
					      image_slice(in, entity->meta - IMAGE_MD5_SIZE, IMAGE_MD5_SIZE));
	image_add_checked_part(in, facts, entity->image, entity->image_size, name[0] != '\0' ? name : "image", answer == IMAGE_YES);
	return answer != IMAGE_UNKNOWN;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct entity entity;
	bool is_checked = true;
	uint64_t at = 0;
	unsigned images = 0;

	if (!image_has_header(in, facts, HEADER_SIZE))
		return;
	text_copy(facts->checked, sizeof(facts->checked), "size");
	for (unsigned i = 0; i < ENTITIES && read_entity(in, at, &entity); i++) {
		is_checked &= check_entity(in, facts, &entity);
		images += !entity.is_seal;
		at = entity.image + entity.image_size;
		if (!image_declare(in, facts, at))
			return;
	}
	if (at == 0)
		image_broken(facts, AT_META_SIZE, "its header is damaged");
	else if (images == 0 && at >= in->size)
		image_broken(facts, at, "nothing follows its seal: it is cut off");
	else if (images > 0 && is_checked)
		image_covered(facts, "size and the MD5 of each image in it");
	/* with a seal it is a vendor's file; without one it also stands on the flash in front of other things */
	facts->ends_exactly = facts->board_count > 0;
}

const struct image_format image_format_seama = {
	.word = "seama", .title = "SEAMA image", .matches = matches, .inspect = inspect, .is_sound = is_sound,
};
