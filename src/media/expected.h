/* src/media/expected.h
 *
 * The checksums that a file should have, as the operator or the vendor says them: by hand, or in a list. Hashing a
 * file for them. */
#ifndef UNBRICK_MEDIA_EXPECTED_H
#define UNBRICK_MEDIA_EXPECTED_H

#include <stdatomic.h>

#include "recovery/image/checksum.h"
#include "src/base/status.h"
#include "src/media/digest.h"

enum { EXPECTED_MAX = CHECKSUM_MATCHES + 6 /* by hand, and one more for showing */ };

struct expected_texts {		/* NULL: not given */
	const char *sha256, *sha512, *sha1, *md5;
	const char *any;	/* of the algorithm that its length tells, or of another one of that length */
	const char *sums;	/* path of a list */
};

struct expected {
	struct checksum checksum[EXPECTED_MAX];
	unsigned count;
};

/* All that texts give for the file called name. INVALID: no such checksum, or no such list; NOT_FOUND: the list does
 * not name the file; each with a hint. None given at all is no error: ret_expected->count is 0. */
enum status expected_read(const struct expected_texts *texts, const char *name, struct expected *ret_expected,
			  struct error *reterr);
/* Adds what the list says about the file; the same errors. */
enum status expected_add_list(struct expected *to, const char *path, const char *name, struct error *reterr);
/* The files that a list names, each once, as the list has them. each false: no more of them. INVALID: no such list, or none is named. */
enum status expected_list_names(const char *path, bool (*each)(void *user, const char *name), void *user, struct error *reterr);
/* For a list that does not name the file: its algorithms, each with a value of size 0, so that hashing tells them; then, of
 * what came out (got, as the list's algorithms stand), under which name the list has the same. False: it has not. */
void expected_add_algorithms(struct expected *to, const char *path);
bool expected_other_name(const char *path, const struct checksum *got, unsigned count, char ret_name[CHECKSUM_NAME]);

/* One stream for each checksum; NULL where this system's OpenSSL has none of that name. */
struct expected_hash {
	struct digest_stream *stream[EXPECTED_MAX];
	unsigned count;
};
void expected_hash_init(struct expected_hash *hash, const struct expected *expected);
void expected_hash_done(struct expected_hash *hash);
void expected_hash_add(struct expected_hash *hash, struct bytes more);
/* ret_got: what came out, in the order of expected; .size 0 where it cannot be told here. */
void expected_hash_end(struct expected_hash *hash, const struct expected *expected,
		       struct checksum ret_got[EXPECTED_MAX]);
/* Then: where one differs that only its length tells, the file is read once more by the other algorithms of that length,
 * and got becomes what the fitting one gave. Nothing is read where none differs. progress and cancel as digest_file. */
enum status expected_try_others(const char *path, const struct expected *expected, struct checksum got[EXPECTED_MAX],
				_Atomic uint64_t *progress, const atomic_bool *cancel, struct error *reterr);
/* All of it for a file. */
enum status expected_hash_file(const char *path, const struct expected *expected, struct checksum ret_got[EXPECTED_MAX],
			       _Atomic uint64_t *progress, const atomic_bool *cancel, struct error *reterr);
/* What was tried besides: "; nor is it its sha3-256, blake2b256..."; "" where the algorithm was told. Returns to. */
char *expected_tried(const struct checksum *expected, char *to, size_t size);

enum expected_answer { EXPECTED_NOTHING, EXPECTED_RIGHT, EXPECTED_WRONG };
/* RIGHT: at least one is the same, and none differs. ret_at: the one that differs, or the first that is the same. */
enum expected_answer expected_compare(const struct expected *expected, const struct checksum *got, unsigned *ret_at);

#endif
