/* recovery/image/image.h
 *
 * What a firmware file is, read from its bytes alone: format, processor, name, boards, and whether it is whole. Pure: no
 * descriptor, no allocation, no recursion; every length in the file is a claim to be checked.
 * "Whole" is said only where a checksum covered the contents. Where only a size could be compared the answer is unknown, and
 * .checked says what was looked at: a false assurance before flashing is worse than none.
 * One format = one source file (format.h) + one row in the table of registry.c.
 * Format words are lower case and stable (journal, JSON); registry.c lists them, and "unknown". */
#ifndef UNBRICK_RECOVERY_IMAGE_H
#define UNBRICK_RECOVERY_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/bytes.h"

enum {
	IMAGE_PARTS = 48,
	IMAGE_BOARDS = 16,
	IMAGE_PROBLEMS = 6,
	/* A firmware in an archive in a package is depth 3; what is deeper is not looked into. */
	IMAGE_DEPTH = 5,
	/* Flash images are put together at erase blocks; the smallest in common use for whole parts. */
	IMAGE_PART_ALIGNMENT = 64 * 1024,
	/* How many such offsets are looked at: 256 MiB. */
	IMAGE_SCAN_OFFSETS = 4096,
	IMAGE_DIGEST_SIZE = 64,		/* SHA-512 */
};

enum image_answer { IMAGE_UNKNOWN, IMAGE_NO, IMAGE_YES };

/* Who finds his way in what begins so, where it lies in a flash as it is. */
enum image_role {
	IMAGE_ROLE_UNTOLD,		/* of no known format */
	IMAGE_ROLE_PACKAGE,		/* the loader or updater that it was made for, and nobody else */
	IMAGE_ROLE_PLAIN,		/* loaders and kernels of many makes: a kernel, a file system, something packed */
	IMAGE_ROLE_LOADER,		/* a boot ROM or the stage before: it is a bootloader itself */
};

/* What needs libraries or knows where the bytes come from (src/media has it). Each member may be NULL. */
struct image_ops {
	/* algorithm as a FIT names it: "sha1", "sha256", "sha384", "sha512", "md5". Returns the digest's length, 0: does not know it. */
	size_t (*digest)(void *user, const char *algorithm, struct bytes in, uint8_t ret_digest[IMAGE_DIGEST_SIZE]);
	/* The same over what next gives, until it gives an empty piece. */
	size_t (*digest_pieces)(void *user, const char *algorithm, struct bytes (*next)(void *of), void *of,
				uint8_t ret_digest[IMAGE_DIGEST_SIZE]);
	/* As crc32_update with 0, for one that is faster. */
	uint32_t (*crc32)(void *user, struct bytes in);
	/* Unpacks the stream at the start of in ("gzip", "zlib", "xz", "lzma", "bzip2", "zstd", "lz4", "lzo") until it ends or most bytes came out,
	 * and returns how many did; the first room of them go to `to`, the others are only counted. *ret_end: YES when the stream ended well, its
	 * own checksum included; NO when it is damaged or in ends first; UNKNOWN when there were most bytes first, or nobody here knows the
	 * compression. *ret_used: bytes of in that belong to the stream, when it ended well; how many of them could be read, when it is
	 * damaged, and all of them when in ends first. */
	uint64_t (*unpack)(void *user, const char *compression, struct bytes in, uint8_t *to, uint64_t room, uint64_t most,
			   enum image_answer *ret_end, uint64_t *ret_used);
	/* Memory of *ret_size bytes, until the look ends, for all that a file or a member of it unpacks to: an archive's members lie all over
	 * it, and what comes out in one go comes out several times as fast. NULL: there is none, or it is given away already. */
	uint8_t *(*place)(void *user, size_t *ret_size);
	/* Decrypts whole blocks to as many bytes at `to`, which may be in.data. cipher: "des-ecb". False: nobody here knows it. */
	bool (*decrypt)(void *user, const char *cipher, struct bytes key, struct bytes in, uint8_t *to);
	/* Does a signature (RFC 8017, 8.2.2: RSASSA-PKCS1-v1_5) of that digest ("sha256" or "sha512") fit a public key, of which the exponent is
	 * 65537? modulus and signature: big-endian. Whose key it is stays open. UNKNOWN: a size or an algorithm that is not known here. */
	enum image_answer (*rsa_verify)(void *user, struct bytes modulus, struct bytes signature, const char *algorithm, struct bytes digest);
	/* These bytes will not be needed soon: a mapped file's pages may go. */
	void (*forget)(void *user, struct bytes seen);
	/* Streams up to this many packed bytes may be unpacked to their end, to check them; less where unpacking is slow.
	 * UINT64_MAX: a deep look, also at what a checksum covers. */
	uint64_t check_packed_max;
	/* How many packed bytes may still be unpacked, over everything that is looked at; slow ones count several times. Counted down. NULL: there is
	 * no limit. */
	uint64_t *check_left;
	/* What may still come out of packed streams, over everything that is looked at, so that archives in archives end; unpack counts it down
	 * itself (image_count_unpacked). NULL: there is no limit. */
	uint64_t *unpack_left;
	void *user;
};

struct image_problem {
	uint64_t offset;
	char what[160];			/* one sentence without a full stop */
};

/* Parts stand in the order of a tree: what lies in a part follows it, one deeper. */
struct image_part {
	uint64_t offset;		/* from the start of the file; of what was unpacked: in the unpacked bytes */
	uint64_t size;			/* as declared; 0: not known */
	uint8_t depth;			/* 1: of the file */
	bool is_unpacked;		/* offset counts in the unpacked contents of the part before that is one less deep */
	bool has_more;			/* an archive, of which members may have been seen, but not for sure all of them */
	enum image_answer whole;
	char format[24];
	char arch[12];
	char name[64];
};

struct image_facts {
	char format[24];		/* of what is at the start of the file */
	char title[64];			/* for the operator: "U-Boot image (kernel)" */
	enum image_role role;		/* of that format */
	bool is_carrier;		/* a plain archive or packed file: what is in it is what matters */
	bool is_no_image;		/* text, a web page, a document, nothing: certainly not firmware */
	bool is_flash_image;		/* other parts stand beside what is at the start, as on a flash */
	char arch[12];			/* arm arm64 mips mipsel mips64 mips64el ppc ppc64 riscv riscv64 x86 x86_64 s390 sh or1k xtensa; "": not told */
	bool is_arch_of_programs;	/* of a file system: its kernel may be another one's, where the processor runs both */
	bool is_arch_guessed;		/* from the code itself: no header says it */
	char compression[12];		/* of the contents: "gzip", "xz"...; "": none or not told */
	char name[96];			/* as the header has it, made printable */
	char version[48];		/* told by the format, else the part of the name that looks like one */
	char vendor[32];		/* whose format it is, or who the file says made it; "": not told */
	char revision[32];		/* of the hardware: "A1", "2", "29764958+0+128"; "": not told */
	char boards[IMAGE_BOARDS][64];	/* compatible strings, board and hardware ids, most exact first */
	unsigned board_count;
	enum image_answer whole;
	char checked[128];		/* what the answer rests on: "header and data checksums" */
	uint64_t file_size;
	uint64_t declared_size;		/* what the file says of itself, header included; 0: nothing */
	struct image_problem problems[IMAGE_PROBLEMS];	/* the worst first */
	unsigned problem_count;
	unsigned broken_count;		/* of them: the first ones, each of which makes it no image to write */
	/* Set by the format while it looks: */
	struct image_problem member_problem;	/* of a part; "" none */
	bool ends_exactly;		/* nothing but padding follows it in a good file */
	bool is_padded_by_nature;	/* it is made with padding behind it, so that nothing is missed there */
	bool is_doubted;		/* it ends, or is as small, as a file that was cut off: only unpacking all of it tells */
	bool needs_deep_look;		/* something packed was not unpacked to its end, and nothing else covers it */
	char warning[192];		/* nothing broken, but worth a look before flashing */
	struct image_part parts[IMAGE_PARTS];
	unsigned part_count;
	bool has_unlisted_archive;	/* behind the last part there is room for */
};

/* head_or_whole: the file's bytes from its start; with less than file_size of them, what needs the rest stays unknown.
 * ops may be NULL. ret_facts needs no preparation. */
void image_inspect(struct bytes head_or_whole, uint64_t file_size, const struct image_ops *ops, struct image_facts *ret_facts);

/* Some twenty times as slowly as the others. */
bool image_unpacks_slowly(const char *compression);
/* Of what is left to be unpacked (image_ops): how many bytes of such a stream that is; and to be called when so many came out. What is slow
 * uses it up faster, and each stream takes something for its start, for a small one costs more than what comes out. */
uint64_t image_may_unpack(const uint64_t *left, const char *compression);
void image_count_unpacked(uint64_t *left, const char *compression, uint64_t made);
/* For what is looked at elsewhere, such as a packed member: takes over boards, and what else facts do not tell themselves. */
void image_adopt(struct image_facts *facts, const struct image_facts *of);

/* May code for image_arch run on device_arch? Knows both vocabularies (armv7 and arm, aarch64 and arm64, mipseb and mips...).
 * UNKNOWN when either is empty or unheard of, or when the word leaves it open: "mips" in a uImage knows no byte order; a device's
 * "mips" is big-endian. */
enum image_answer image_arch_fits(const char *image_arch, const char *device_arch);
bool image_arch_is_known(const char *word);
/* A word for each processor that is known, with blanks between. Returns to. */
char *image_arch_list(char *to, size_t size);

void image_note_damage(struct image_facts *facts, uint64_t offset, const char *what);	/* found elsewhere */
/* Are these words of two images, or of two parts of one, surely of different processors? */
bool image_archs_differ(const char *one, const char *other);
/* The worst problem's sentence; "": none was found. */
const char *image_problem_text(const struct image_facts *facts);
/* Is it a word that a file's format may get? */
bool image_is_format_word(const char *word);
/* "yes", "no", "unknown": for JSON and the journal. */
const char *image_answer_name(enum image_answer answer);

#endif
