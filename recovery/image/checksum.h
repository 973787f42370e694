/* recovery/image/checksum.h
 *
 * Checksums as vendors publish them: one as text, and lists of them (SHA256SUMS and its like). Styles: GNU coreutils
 * ("hash  name", "hash *name", names with escapes behind a leading backslash), BSD and `--tag` ("SHA256 (name) =
 * hash"), OpenSSL ("SHA2-256(name)= hash"), the algorithm in front ("sha256:hash  name", as PowerShell's Get-FileHash
 * "SHA256 hash path"), a hash alone. What is none of these is passed over: comments, a PGP
 * header, blank lines. Pure: no descriptor, no allocation. */
#ifndef UNBRICK_RECOVERY_CHECKSUM_H
#define UNBRICK_RECOVERY_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/bytes.h"

enum {
	CHECKSUM_SIZE = 64,		/* SHA-512, BLAKE2b */
	CHECKSUM_HEX = 2 * CHECKSUM_SIZE + 1,
	CHECKSUM_NAME = 512,
	CHECKSUM_MATCHES = 8,		/* of one file in one list: one for each algorithm */
};

struct checksum {
	const char *algorithm;		/* as OpenSSL names it: md5 sha1 sha224 sha256 sha384 sha512 sha3-256 blake2b512...; the shorter BLAKE2b, which it has not, as blake2b256 */
	size_t size;
	uint8_t value[CHECKSUM_SIZE];
	bool is_by_length;		/* nothing but its length tells the algorithm: it may be another one of the same length (checksum_other) */
};

/* algorithm NULL: told by the length, which is the usual one's (SHA-512, SHA-256...). Blanks around it are allowed, and the algorithm's
 * name with a colon in front. False: not the right number of hexadecimal digits, or of another algorithm. */
bool checksum_parse(struct bytes text, const char *algorithm, struct checksum *ret_checksum);
/* Lower case hex; returns to. */
char *checksum_hex(const struct checksum *checksum, char to[CHECKSUM_HEX]);
bool checksum_equal(const struct checksum *a, const struct checksum *b);
/* The algorithms that it may be of as well, one after the other: number from 0, NULL behind the last. */
const char *checksum_other(const struct checksum *checksum, size_t number);
/* Is got, which was computed, what was expected? */
bool checksum_fits(const struct checksum *expected, const struct checksum *got);
/* How many hexadecimal digits the algorithm has; 0: not known. */
size_t checksum_digits(const char *algorithm);
/* MD5 and SHA-1 protect against damage only: others can be made to fit (RFC 6151, 2; RFC 6194, 1). */
bool checksum_is_weak(const struct checksum *checksum);

struct checksum_entry {
	struct checksum checksum;
	char name[CHECKSUM_NAME];	/* as the list has it, escapes undone; "": a hash alone */
	unsigned line;			/* from 1 */
};

/* *line begins as 0. The next entry of the list, false: no more. Advances *rest. */
bool checksum_list_next(struct bytes *rest, unsigned *line, struct checksum_entry *ret_entry);

enum checksum_found {
	CHECKSUM_FOUND,
	CHECKSUM_NO_LIST,		/* not one line is a checksum */
	CHECKSUM_NOT_NAMED,		/* a list, but of other files */
	CHECKSUM_CONTRADICTION,		/* names the file twice, with different values */
};

/* What list says about the file called name (a path: its last part counts). The entry that has most of the path's end
 * in common is preferred. Hashes alone count when nothing else is there, and each is of another algorithm. Strongest algorithm first. */
enum checksum_found checksum_list_find(struct bytes list, const char *name,
				       struct checksum ret_checksums[CHECKSUM_MATCHES], unsigned *ret_count);

#endif
