/* src/media/new_file.h
 *
 * A file that gets its name only when it is right. Until then it is a temporary file of ours beside the target (new,
 * mode 0600, no link followed), which goes when it is given up. Blocking: for a worker thread. */
#ifndef UNBRICK_MEDIA_NEW_FILE_H
#define UNBRICK_MEDIA_NEW_FILE_H

#include "src/base/bytes.h"
#include "src/base/status.h"

struct new_file;

/* Begins a file that is to become target. NOT_FOUND, NO_PERMISSION, INVALID (a folder, too long a name), IO. */
enum status new_file_begin(const char *target, struct new_file **ret_file, struct error *reterr);
/* The same, in a file whose name is known: target with ".part" behind it. What is there of it already is its beginning
 * (new_file_size), and what it has when it is given up stays for the next time. BUSY: somebody is at it; REFUSED: what
 * stands there is no file of ours. */
enum status new_file_begin_part(const char *target, struct new_file **ret_file, struct error *reterr);
/* Of all that it has; for the beginning of a part. */
uint32_t new_file_crc32(const struct new_file *file);
/* Only so many bytes of its beginning stay. IO. */
enum status new_file_cut(struct new_file *file, uint64_t size, struct error *reterr);
/* Deletes it, unless it was kept or is a part. */
void new_file_free(struct new_file *file);
/* Is there room for so much? NO_SPACE says how much is missing. A file system that does not tell has room. */
enum status new_file_ask_room(const struct new_file *file, uint64_t size, struct error *reterr);
/* NO_SPACE, IO. */
enum status new_file_append(struct new_file *file, struct bytes more, struct error *reterr);
uint64_t new_file_size(const struct new_file *file);
/* Where it lies until it gets its name. Returns to. */
char *new_file_place(const struct new_file *file, char *to, size_t size);
/* The first bytes, at most size of them; returns how many. */
size_t new_file_head(const struct new_file *file, uint8_t *to, size_t size);
/* Flushes it to the disk and gives it the target's name and the operator's usual mode. What stands there already is
 * replaced only when may_replace; STATUS_BUSY otherwise, and the file can still be compared or given up. */
enum status new_file_keep(struct new_file *file, bool may_replace, struct error *reterr);
/* The same contents as the file at path? */
bool new_file_is_same_as(const struct new_file *file, const char *path);

#endif
