/* src/media/small_file.h
 *
 * All of a file that is small by its nature: a list, a key, a signature. */
#ifndef UNBRICK_MEDIA_SMALL_FILE_H
#define UNBRICK_MEDIA_SMALL_FILE_H

#include "src/base/bytes.h"
#include "src/base/status.h"

/* what: "list of checksums", for the message. INVALID: not there, no regular file, larger than size_max; IO,
 * NO_MEMORY. A NUL stands behind the text. Free *ret_text. */
enum status small_file_read(const char *path, const char *what, size_t size_max, char **ret_text, size_t *ret_size,
			    struct error *reterr);

#endif
