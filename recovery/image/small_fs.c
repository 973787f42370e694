/* recovery/image/small_fs.c
 *
 * File systems of which little is read: ROMFS, LittleFS.
 * Source: Linux Documentation/filesystems/romfs.rst; littlefs SPEC.md 2.1. */
#include <inttypes.h>

#include "recovery/image/programs.h"
#include "src/base/text.h"

/* --- ROMFS --- */

enum { ROMFS_SUMMED = 512, ROMFS_HEADER = 16, ROMFS_FOLDERS = 64, ROMFS_FILES = 20000, ROMFS_NAME_MAX = 256 };

static bool is_romfs(const struct image_input *in)
{
	return in->data.size >= 32 && image_starts_with(in->data, BYTES("-rom1fs-")) && load_be32(in->data.data + 8) >= 32;
}

/* Where the data of the header at begins: names end with a NUL and are padded to 16. */
static uint64_t romfs_data(const struct image_input *in, uint64_t at)
{
	struct bytes name = image_slice(in, at + ROMFS_HEADER, ROMFS_NAME_MAX);
	const uint8_t *end = name.size > 0 ? memchr(name.data, '\0', name.size) : NULL;

	return end == NULL ? UINT64_MAX : at + ROMFS_HEADER + ((uint64_t)(end - name.data) + 16) / 16 * 16;
}

static void romfs_tell_arch(const struct image_input *in, struct image_facts *facts)
{
	uint64_t folders[ROMFS_FOLDERS] = { romfs_data(in, 0) };
	struct programs programs = { 0 };
	unsigned waiting = 1, files = 0;

	while (waiting > 0) {
		uint64_t at = folders[--waiting];

		/* the low four bits of the place of the next one are the type */
		while (at != 0 && image_in_memory(in, at, ROMFS_HEADER) && files++ < ROMFS_FILES && !programs.has_enough) {
			const uint8_t *header = in->data.data + at;
			uint32_t next = load_be32(header), folder = load_be32(header + 4);
			uint64_t data = romfs_data(in, at);

			if ((next & 7) == 1 && waiting < ROMFS_FOLDERS && folder > at)
				folders[waiting++] = folder;
			else if ((next & 7) == 2 && data != UINT64_MAX)
				programs_look(&programs, image_slice(in, data, ELF_HEADER));
			at = (next & ~15u) > at ? next & ~15u : 0;
		}
	}
	programs_tell(&programs, facts);
}

static void inspect_romfs(const struct image_input *in, struct image_facts *facts)
{
	uint32_t size = load_be32(in->data.data + 8), sum = 0;
	uint32_t summed = (size < ROMFS_SUMMED ? size : ROMFS_SUMMED) / 4 * 4;

	text_copy(facts->checked, sizeof(facts->checked), "size and the sum of its start; nothing covers the contents");
	image_set_name(facts, image_slice(in, 16, 64));
	image_declare(in, facts, size);
	facts->is_padded_by_nature = true;
	if (!image_in_memory(in, 0, summed))
		return;
	for (uint32_t i = 0; i < summed; i += 4)
		sum += load_be32(in->data.data + i);
	if (sum != 0)
		image_broken(facts, 12, "its start is damaged: the sum of its first %" PRIu32 " bytes is %08" PRIx32 ", expected 0", summed, sum);
	else
		romfs_tell_arch(in, facts);
}

const struct image_format image_format_romfs = {
	.role = IMAGE_ROLE_PLAIN, .word = "romfs", .title = "ROMFS file system", .matches = is_romfs, .inspect = inspect_romfs, .is_sound = is_romfs,
};

/* --- LittleFS --- */

/* The superblock entry is the first one of the first pair of blocks: revision, tag, name, tag, then version, block size, count. */
static bool is_littlefs(const struct image_input *in)
{
	uint32_t block;

	if (in->data.size < 44 || memcmp(in->data.data + 8, "littlefs", 8) != 0)
		return false;
	block = load_le32(in->data.data + 24);
	return load_le32(in->data.data + 20) >> 16 == 2 && block >= 104 && block <= 1024 * 1024;
}

static void inspect_littlefs(const struct image_input *in, struct image_facts *facts)
{
	uint64_t block = load_le32(in->data.data + 24), count = load_le32(in->data.data + 28);

	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	text_format(facts->title, sizeof(facts->title), "LittleFS %u.%u file system", load_le16(in->data.data + 22),
		    load_le16(in->data.data + 20));
	facts->is_padded_by_nature = true;
	if (count > 0)
		image_declare(in, facts, block * count);
}

const struct image_format image_format_littlefs = {
	.role = IMAGE_ROLE_PLAIN, .word = "littlefs", .title = "LittleFS file system", .matches = is_littlefs, .inspect = inspect_littlefs,
};
