/* src/store/casebook_file.h
 *
 * The casebook as a file: where it lies, how it is made, and what is said when the operating system refuses it. What is in it
 * belongs to casebook.c. */
#ifndef UNBRICK_STORE_CASEBOOK_FILE_H
#define UNBRICK_STORE_CASEBOOK_FILE_H

#include <stddef.h>

#include "src/base/status.h"

enum { CASEBOOK_PATH_SIZE = 4000 };

/* For a path that was refused with the errno number. */
enum status casebook_file_error(const char *path, const char *doing, int number, struct error *reterr);
/* INVALID: something else lies there. */
enum status casebook_file_foreign(const char *path, struct error *reterr);
/* Below XDG_STATE_HOME, else below HOME. */
enum status casebook_file_default(char *to, size_t size, struct error *reterr);
/* Makes the folders, and the file for its mode and for a plain errno where SQLite would say "unable to open". A file that exists is
 * not opened: closing any descriptor of it would drop the locks of another connection in this process (SQLite, "How To Corrupt", 2.2). */
enum status casebook_file_make(const char *path, struct error *reterr);

#endif
