/* src/store/capture_files.h
 *
 * The pairs of files that a capture is kept in: what they are called, how new ones are made without writing over anything, and what is
 * said when the disk refuses. For capture.c, which knows what stands in them. */
#ifndef UNBRICK_STORE_CAPTURE_FILES_H
#define UNBRICK_STORE_CAPTURE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/status.h"

enum {
	CAPTURE_PATH_SIZE = 4096,
	CAPTURE_NAME_SIZE = 200,	/* leaves room for a number and ".times" in NAME_MAX */
	CAPTURE_NUMBERS = 10000,	/* captures of one name in one folder */
};

/* Where the pairs of one name lie. */
struct capture_place {
	char folder[CAPTURE_PATH_SIZE], name[CAPTURE_NAME_SIZE];
};

struct capture_files {
	char path[CAPTURE_PATH_SIZE];	/* of the .raw file */
	int raw_fd, times_fd;
	unsigned number;
};

/* For a path that the operating system refused with the errno number. */
enum status capture_error(const char *path, const char *doing, int number, struct error *reterr);
/* Makes the folder. The name may come from a port or a device: it is made safe. INVALID: empty or too long. */
enum status capture_place_begin(struct capture_place *place, const char *folder, const char *name, struct error *reterr);
/* ending: "raw" or "times". */
void capture_place_path(const struct capture_place *place, unsigned number, const char *ending, char to[CAPTURE_PATH_SIZE]);
/* Where the index of a .raw file, or of one that the operator named, lies. False: the path is too long. */
bool capture_times_path(const char *raw_path, char *to, size_t size);
/* Makes the first pair from first_number on that does not exist. */
enum status capture_files_make(const struct capture_place *place, unsigned first_number, struct capture_files *ret_files, struct error *reterr);
/* Closes and deletes a pair that nothing was written to. */
void capture_files_drop(const struct capture_files *files);
/* A file that the operator named, made if need be; ret_size: what it has already. INVALID: no plain file; BUSY: another program writes there. */
enum status capture_file_append(const char *path, int *ret_fd, uint64_t *ret_size, struct error *reterr);

#endif
