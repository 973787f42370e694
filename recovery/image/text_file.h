/* recovery/image/text_file.h
 *
 * Files that are text although their name promises an image. For recovery/image. */
#ifndef UNBRICK_RECOVERY_IMAGE_TEXT_FILE_H
#define UNBRICK_RECOVERY_IMAGE_TEXT_FILE_H

#include "recovery/image/format.h"

enum { TEXT_FILE_HEAD = 4096 };		/* looked at */

/* The beginning, of a member of an archive less of it, without byte order mark and leading blanks, made printable; UTF-16 is read as its lower bytes. */
void text_file_head(const struct image_input *in, char *to, size_t size);
/* No control characters, which programs have and text has not. */
bool text_file_is_text(struct bytes part);
/* Nothing but text, at its beginning and where its end is in memory. */
bool text_file_is(const struct image_input *in);
/* Does text begin with one of these, whatever the case? */
bool text_file_starts(const char *text, const char *const *starts, size_t count);

#endif
