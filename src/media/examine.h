/* src/media/examine.h
 *
 * All that is to be known of a firmware file before it is used: what it is, what is in it (archives in archives included), whether it is whole,
 * and its SHA-256. The file is read once for the hash, beside the looking. Blocking: for a worker thread. */
#ifndef UNBRICK_MEDIA_EXAMINE_H
#define UNBRICK_MEDIA_EXAMINE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "recovery/image/checksum.h"
#include "recovery/image/image.h"
#include "src/base/status.h"
#include "src/media/image_file.h"

struct examine_options {
	bool is_short_run;		/* this process does nothing else: what OpenSSL needs for keys and TLS is not made ready */
	enum image_look look;		/* how much of what is packed is unpacked */
	_Atomic uint64_t *progress;	/* bytes hashed so far; NULL: nobody asks */
	const atomic_bool *cancel;	/* NULL: never */
};

struct examination {
	struct image_facts facts;
	enum image_look look;
	uint64_t size;
	char sha256[CHECKSUM_HEX];
};

/* NOT_FOUND, NO_PERMISSION, INVALID (a folder...), IO, CANCELLED. An empty file is no error here: it is examined, and is damaged. */
enum status examine_file(const char *path, const struct examine_options *options, struct examination *ret_examination, struct error *reterr);

/* Several, more than one at a time, and told in their order, from the calling thread; error is of a status that is not OK. */
void examine_files(const char *const *paths, size_t count, const struct examine_options *options,
		   void (*tell)(void *user, const char *path, enum status status, const struct examination *examination, const struct error *error),
		   void *user);

#endif
