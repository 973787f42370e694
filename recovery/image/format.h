/* recovery/image/format.h
 *
 * How a format is read: for the files of recovery/image only. matches looks at a magic and little more; inspect fills facts
 * about what starts at the first byte of the input. */
#ifndef UNBRICK_RECOVERY_IMAGE_FORMAT_H
#define UNBRICK_RECOVERY_IMAGE_FORMAT_H

#include "recovery/image/image.h"

#define IMAGE_SIZE_UNKNOWN UINT64_MAX

struct image_input {
	struct bytes data;	/* from the start of the thing; may end before it does */
	uint64_t size;		/* of the file from that start on, >= data.size; IMAGE_SIZE_UNKNOWN: the head of something unpacked */
	const struct image_ops *ops;	/* never NULL */
	unsigned depth;		/* 0: the file */
	bool is_covered;	/* a checksum of what it lies in was right over all of it: unpacking it would find nothing more */
};

struct image_format {
	const char *word;
	const char *title;
	bool (*matches)(const struct image_input *in);
	void (*inspect)(const struct image_input *in, struct image_facts *facts);
	enum image_role role;	/* UNTOLD: of a carrier PLAIN, else PACKAGE, so that a new vendor's format is taken with care */
	bool is_carrier;	/* see image_facts */
	bool is_archive;	/* more than the archive that it is made as */
	/* Of a file that was not unpacked to its end: does it end as no whole one does, or does something follow? NULL: its end tells nothing. */
	bool (*may_be_cut)(const struct image_input *in, const struct image_facts *facts);
	bool lists_members;	/* each of an archive's becomes a part, or is of no known format, once all of it is in memory */
	/* Stricter than matches, for looking at every block of a file: what neither chance nor a compressed stream imitates.
	 * NULL: is not looked for behind the start. */
	bool (*is_sound)(const struct image_input *in);
};

/* What stands at the end of a file of any format, and tells of all of it (metadata, a checksum). */
struct image_trailer {
	const char *word;
	/* Is it there? Then facts get what it tells (boards, version..., whole and checked, problems) and *ret_start where it begins. */
	bool (*inspect)(const struct image_input *in, struct image_facts *facts, uint64_t *ret_start);
};

/* Reads the trailers from the last one forwards; returns where the first begins, the size of the input without any. */
uint64_t image_read_trailers(const struct image_input *in, struct image_facts *facts);
/* Takes over what the trailers told. */
void image_add_trailer(struct image_facts *facts, const struct image_facts *of, uint64_t start);

/* The row that matches, or NULL. is_scan: by is_sound. */
const struct image_format *image_find_format(const struct image_input *in, bool is_scan);

/* Up to IMAGE_PROBLEMS are kept; what makes the image broken comes before what only leaves it uncertain. */
void image_problem(struct image_facts *facts, uint64_t offset, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Sets whole to NO as well. */
void image_broken(struct image_facts *facts, uint64_t offset, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same, before what was found broken already: it is the cause of that. */
void image_broken_by(struct image_facts *facts, uint64_t offset, const char *cause);
/* It is no image at all: broken where it is the file. In an archive or beside an image it may well be in its place. */
void image_is_none(const struct image_input *in, struct image_facts *facts, const char *format, ...) __attribute__((format(printf, 3, 4)));
void image_warning(struct image_facts *facts, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* declared_size is size; broken when the file ends before. Returns true when all of it is in the file. */
bool image_declare(const struct image_input *in, struct image_facts *facts, uint64_t size);
/* Are bytes [offset, offset + size) in memory? */
bool image_in_memory(const struct image_input *in, uint64_t offset, uint64_t size);
/* [offset, offset + size) cut to what is in memory. */
struct bytes image_slice(const struct image_input *in, uint64_t offset, uint64_t size);
uint32_t image_crc32(const struct image_input *in, struct bytes over);
/* The same polynomial, started with 0 and not inverted at the end (JFFS2). */
uint32_t image_crc32_raw0(struct bytes over);
/* Castagnoli's polynomial, reflected, started with all ones and not inverted at the end (ext4, EROFS). Slow: for headers. */
uint32_t image_crc32c(struct bytes over);
/* The polynomial of CRC-32 with the highest bit first, started with all ones; the caller inverts (SoCFPGA, bzip2). */
uint32_t image_crc32_msb(struct bytes over);
/* Each byte counted. */
uint32_t image_byte_sum(struct bytes over);
/* Adds a member, looks what it is and what is in it, and takes over what it tells: processor, boards, version, vendor, where the container has
 * told none. Offset and size are those in this input. A damaged member makes the image damaged, unless a checksum of the container covers it
 * and is right. NULL when the table is full. */
struct image_part *image_add_part(const struct image_input *in, struct image_facts *facts, uint64_t offset, uint64_t size,
				  const char *name);
/* The same. is_right: a checksum over just this member was right, so that unpacking it would find nothing more. */
struct image_part *image_add_checked_part(const struct image_input *in, struct image_facts *facts, uint64_t offset, uint64_t size,
					  const char *name, bool is_right);
/* What somebody unpacked already: head are its first bytes, size all of them. is_right: as above. */
struct image_part *image_add_unpacked_part(const struct image_input *in, struct image_facts *facts, struct bytes head, uint64_t size,
					   const char *name, bool is_right);
/* A checksum that was right covers what is in it: unpacking it would find nothing more. */
bool image_is_covered(const struct image_input *in, const struct image_facts *facts);
/* May a stream of so many packed bytes be unpacked to its end, to check it? When it may, it is counted as done. unpacked: what comes out,
 * as far as that is known before; else 0. */
bool image_may_check(const struct image_input *in, const char *compression, uint64_t packed, uint64_t unpacked);
/* The same, for the first room bytes of what is in it. */
bool image_may_see_head(const struct image_input *in, const char *compression, struct bytes packed, size_t room);
/* What is in a packed member: unpacks the beginning of [offset, offset + size) and adds what it is as a part "contents". Returns how the
 * stream ended, where it was unpacked to its end (image_may_check); UNKNOWN otherwise. */
enum image_answer image_look_inside(const struct image_input *in, struct image_facts *facts, uint64_t offset, uint64_t size,
				    const char *compression);
/* The same, and *ret_used: how many bytes the stream has, when it ended well; how far it could be read (image_ops.unpack), when it is broken. */
enum image_answer image_look_inside_stream(const struct image_input *in, struct image_facts *facts, uint64_t offset, uint64_t size,
					   const char *compression, uint64_t *ret_used);
/* The same for a file of one or more such streams, each of which begins with magic; facts get what holds for all of them. has_checksum: of what
 * is in it. */
enum image_answer image_look_inside_streams(const struct image_input *in, struct image_facts *facts, const char *compression, struct bytes magic,
					   bool has_checksum, uint64_t *ret_used);
/* A packed file does not end as such files do: damage, unless it looks like the start of a flash image. */
void image_miss_end(const struct image_input *in, struct image_facts *facts, uint64_t end);
/* As image_add_part, for a member that says itself how long it is, up to the end of this input; returns where it ends, 0 when it does not tell. */
uint64_t image_add_rest(const struct image_input *in, struct image_facts *facts, uint64_t offset, const char *name);
/* The processor that would run the instruction at the entry of a boot loader: a jump over its header. "": neither ARM nor AArch64. */
const char *image_code_arch(const uint8_t at[4]);
/* U-Boot's build names "arm" for its 32-bit and 64-bit images alike (Makefile, MKIMAGEFLAGS_u-boot.img); the first instruction tells. */
void image_correct_uboot_arch(char *arch, size_t size, struct bytes program);
/* A row only: nothing is looked at. NULL when the table is full. */
struct image_part *image_add_row(struct image_facts *facts, uint64_t offset, uint64_t size, const char *name, const char *format);
/* A stream with a checksum of its contents was unpacked to its end. */
void image_unpacked_well(struct image_facts *facts);
/* For which processor code of no known format is; "" where it shows none. A guess. */
const char *image_guess_arch(struct bytes code);
void image_take_guess(struct image_facts *facts, struct bytes code);
/* One thing of a known format, its members included; facts need no preparation. */
void image_inspect_one(const struct image_input *in, const struct image_format *format, struct image_facts *facts);
/* The parts of something that lies at offset, one deeper. */
void image_add_parts_of(struct image_facts *facts, const struct image_facts *of, uint64_t offset);
/* Text that ends at a NUL or at its size, made printable, blanks at its end left out. */
void image_text(char *to, size_t size, struct bytes field);
void image_set_vendor(struct image_facts *facts, const char *vendor);
void image_add_board(struct image_facts *facts, struct bytes compatible);
/* Name with its version, from a field that ends at a NUL or at its size. */
void image_set_name(struct image_facts *facts, struct bytes field);
/* What looks like a version in a text: "2.4.1", "1.02-beta"; "" when nothing does. */
void image_find_version(const char *text, char *to, size_t size);
bool image_starts_with(struct bytes data, struct bytes magic);
/* How many of the last bytes are all 0x00 or all 0xff, as erase blocks are padded. */
size_t image_padding(struct bytes tail);
/* The same for a part of in that may be gigabytes. */
size_t image_long_padding(const struct image_input *in, struct bytes tail);

/* Started with all ones and not inverted at the end (UBI, TRX...). */
static inline uint32_t image_crc32_raw1(const struct image_input *in, struct bytes over)
{
	return ~image_crc32(in, over);
}

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
