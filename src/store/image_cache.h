/* src/store/image_cache.h
 *
 * The files that cases fetched and unpacked, below the state folder: downloads/CASE/NAME and images/CASE/NAME, CASE-2 for a second one. What a
 * case needs no more goes when it is closed; its image stays for the next device of the kind, as long as there is room for it. The hashes stay
 * in the casebook. Only regular files in such folders are ever deleted, and no link is followed. */
#ifndef UNBRICK_STORE_IMAGE_CACHE_H
#define UNBRICK_STORE_IMAGE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

/* The case that fetched or unpacked the file at path; 0: it is none of these. */
int64_t image_cache_case_of(const char *state_folder, const char *path);
/* Deletes the files of a case, but not the one at but (NULL: all). Returns how many went. */
unsigned image_cache_drop(const char *state_folder, int64_t case_id, const char *but);
/* Deletes the oldest ones until no more than max_bytes and max_files are left of those cases of which may_go is true. Returns how many went. */
unsigned image_cache_shrink(const char *state_folder, uint64_t max_bytes, unsigned max_files, bool (*may_go)(void *user, int64_t case_id),
			    void *user);

#endif
