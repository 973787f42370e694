/* recovery/image/image.h
 *
 * What a firmware file is, read from its bytes alone: format, processor, name, boards, and whether it is whole. Pure: no
 * descriptor, no allocation, no recursion; every length in the file is a claim to be checked.
 * "Whole" is said only where a checksum covered the contents. Where only a size could be compared the answer is unknown, and
 * .checked says what was looked at: a false assurance before flashing is worse than none.
 * One format = one source file (format.h) + one row in the table of image.c.
 * Format words are lower case and stable (journal, JSON): empty, erased, html, text-error, uimage, fit, dtb, zimage,
 * arm64-image, squashfs, gzip, xz, zip, elf, flash-image, unknown. */
#ifndef UNBRICK_RECOVERY_IMAGE_H
#define UNBRICK_RECOVERY_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/bytes.h"

enum {
	IMAGE_PARTS = 16,
	IMAGE_BOARDS = 8,
	/* Flash images are put together at erase blocks; the smallest in common use for whole parts. */
	IMAGE_PART_ALIGNMENT = 64 * 1024,
	/* How many such offsets are looked at: 256 MiB. */
	IMAGE_SCAN_OFFSETS = 4096,
	IMAGE_DIGEST_SIZE = 64,		/* SHA-512 */
};

enum image_answer { IMAGE_UNKNOWN, IMAGE_NO, IMAGE_YES };

/* Checksums from outside (src/media has OpenSSL's). Each member may be NULL. */
struct image_hash_ops {
	/* algorithm as a FIT names it: "sha1", "sha256", "sha384", "sha512", "md5". Returns the digest's length, 0: does not know it. */
	size_t (*digest)(void *user, const char *algorithm, struct bytes in, uint8_t ret_digest[IMAGE_DIGEST_SIZE]);
	/* As crc32_update with 0, for one that is faster. */
	uint32_t (*crc32)(void *user, struct bytes in);
	void *user;
};

struct image_part {
	uint64_t offset;		/* from the start of the file */
	uint64_t size;			/* as declared; 0: not known */
	bool is_inside;			/* a member of the container at the start; else it stands beside it on the flash */
	enum image_answer whole;
	char format[20];
	char arch[12];
	char name[64];
};

struct image_facts {
	char format[20];
	char title[64];			/* for the operator: "U-Boot image (kernel)" */
	char starts_with[20];		/* of a flash-image: the format at its start; else the same as format */
	char arch[12];			/* arm arm64 mips mipsel mips64 mips64el ppc ppc64 riscv riscv64 x86 x86_64 s390 sh or1k xtensa; "": not told */
	char compression[12];		/* of the contents: "gzip", "xz"...; "": none or not told */
	char name[96];			/* as the header has it, made printable */
	char version[48];		/* the part of the name that looks like one */
	char boards[IMAGE_BOARDS][64];	/* compatible strings, most exact first */
	unsigned board_count;
	enum image_answer whole;
	char checked[128];		/* what the answer rests on: "header and data checksums" */
	uint64_t file_size;
	uint64_t declared_size;		/* what the file says of itself, header included; 0: nothing */
	char problem[192];		/* one sentence without a full stop; "": none found */
	uint64_t problem_offset;
	char warning[192];		/* nothing broken, but worth a look before flashing */
	struct image_part parts[IMAGE_PARTS];
	unsigned part_count;
};

/* head_or_whole: the file's bytes from its start; with less than file_size of them, what needs the rest stays unknown.
 * ops may be NULL. ret_facts needs no preparation. */
void image_inspect(struct bytes head_or_whole, uint64_t file_size, const struct image_hash_ops *ops, struct image_facts *ret_facts);

/* May code for image_arch run on device_arch? Knows both vocabularies (armv7 and arm, aarch64 and arm64, mipseb and mips...).
 * UNKNOWN when either is empty or unheard of, or when the word leaves it open: "mips" in a uImage knows no byte order. */
enum image_answer image_arch_fits(const char *image_arch, const char *device_arch);

/* "yes", "no", "unknown": for JSON and the journal. */
const char *image_answer_name(enum image_answer answer);

#endif
