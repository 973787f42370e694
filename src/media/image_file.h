/* src/media/image_file.h
 *
 * A firmware image on this computer: opened read-only, mapped, told what it is, and watched for changing underneath. */
#ifndef UNBRICK_MEDIA_IMAGE_FILE_H
#define UNBRICK_MEDIA_IMAGE_FILE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "recovery/image/image.h"
#include "src/base/bytes.h"
#include "src/base/status.h"

struct image_file;

/* How much of what is packed is unpacked, to check it. */
enum image_look {
	IMAGE_LOOK_USUAL,	/* streams of some MiB, whatever time they take: for whoever means to flash it */
	IMAGE_LOOK_QUICK,	/* as much as takes about as long as hashing the file */
	IMAGE_LOOK_DEEP,	/* everything, whatever its size */
};

/* NOT_FOUND, NO_PERMISSION, INVALID (empty, a folder, no regular file), each with a hint. The path is kept as given. */
enum status image_file_open(const char *path, struct image_file **ret_file, struct error *reterr);
void image_file_free(struct image_file *file);
const char *image_file_path(const struct image_file *file);
/* Valid until image_file_free. A file that somebody truncates meanwhile makes reading them raise SIGBUS: before long use,
 * and when it is handed to a device piece by piece, ask image_file_is_same. */
struct bytes image_file_bytes(const struct image_file *file);
/* What it is. Made at the first call, by a usual look, which reads all of the file: for a worker thread when that is large. */
const struct image_facts *image_file_facts(struct image_file *file);
/* Looks at it again. cancel: NULL, or ends what is being unpacked as if more of it were not worth the time; borrowed as long as file is. */
void image_file_inspect(struct image_file *file, enum image_look look, const atomic_bool *cancel);
/* Of a quick look: how many packed bytes might still be unpacked in its time. */
uint64_t image_file_unpack_left(const struct image_file *file);
/* Is the path still this file, with the size and times that it had when it was opened? When not, reterr says what is different. */
bool image_file_is_same(const struct image_file *file, struct error *reterr);
/* Copies [offset, offset + size) by reading, which cannot raise SIGBUS; STATUS_REFUSED when the file is not the same any more. */
enum status image_file_read(const struct image_file *file, uint64_t offset, void *to, size_t size, struct error *reterr);

/* OpenSSL behind image_inspect's checks, for other users of it. */
const struct image_ops *image_file_ops(void);
/* For members that were unpacked elsewhere: what may be unpacked is counted together with that of the file. Valid as long as file is. */
struct image_ops image_file_member_ops(struct image_file *file);

#endif
