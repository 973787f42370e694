/* recovery/image/format.h
 *
 * How a format is read: for the files of recovery/image only. matches looks at a magic and little more; inspect fills facts
 * about what starts at the first byte of the input. */
#ifndef UNBRICK_RECOVERY_IMAGE_FORMAT_H
#define UNBRICK_RECOVERY_IMAGE_FORMAT_H

#include "recovery/image/image.h"

struct image_input {
	struct bytes data;	/* from the start of the thing; may end before it does */
	uint64_t size;		/* of the file from that start on, >= data.size */
	const struct image_hash_ops *ops;	/* never NULL */
};

struct image_format {
	const char *word;
	const char *title;
	bool (*matches)(const struct image_input *in);
	void (*inspect)(const struct image_input *in, struct image_facts *facts);
	/* Stricter than matches, for looking at every block of a file: what neither chance nor a compressed stream imitates.
	 * NULL: is not looked for behind the start. */
	bool (*is_sound)(const struct image_input *in);
};

extern const struct image_format image_format_empty, image_format_erased, image_format_html, image_format_text_error,
	image_format_uimage, image_format_fdt, image_format_zimage, image_format_arm64, image_format_squashfs,
	image_format_gzip, image_format_xz, image_format_zip, image_format_elf;

/* The row that matches, or NULL. is_scan: by is_sound. */
const struct image_format *image_find_format(const struct image_input *in, bool is_scan);

/* The first problem is kept: what follows from a broken header is not news. */
void image_problem(struct image_facts *facts, uint64_t offset, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Sets whole to NO as well. */
void image_broken(struct image_facts *facts, uint64_t offset, const char *format, ...) __attribute__((format(printf, 3, 4)));
void image_warning(struct image_facts *facts, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* declared_size is size; broken when the file ends before. Returns true when all of it is in the file. */
bool image_declare(const struct image_input *in, struct image_facts *facts, uint64_t size);
/* Are bytes [offset, offset + size) in memory? */
bool image_in_memory(const struct image_input *in, uint64_t offset, uint64_t size);
/* [offset, offset + size) cut to what is in memory. */
struct bytes image_slice(const struct image_input *in, uint64_t offset, uint64_t size);
uint32_t image_crc32(const struct image_input *in, struct bytes over);
/* Adds a part, also what it is when it can be told from its first bytes; NULL when the table is full. */
struct image_part *image_add_part(const struct image_input *in, struct image_facts *facts, uint64_t offset, uint64_t size,
				  const char *name);
void image_add_board(struct image_facts *facts, struct bytes compatible);
/* Name with its version, from a field that ends at a NUL or at its size. */
void image_set_name(struct image_facts *facts, struct bytes field);
bool image_starts_with(struct bytes data, struct bytes magic);
/* How many of the last bytes are all 0x00 or all 0xff, as erase blocks are padded. */
size_t image_padding(struct bytes tail);

static inline uint16_t load_le16(const uint8_t *at)
{
	return (uint16_t)(at[1] << 8 | at[0]);
}
static inline uint64_t load_le64(const uint8_t *at)
{
	return (uint64_t)load_le32(at + 4) << 32 | load_le32(at);
}
static inline uint64_t load_be64(const uint8_t *at)
{
	return (uint64_t)load_be32(at) << 32 | load_be32(at + 4);
}

#endif
