/* src/media/archive_library.h
 *
 * libarchive, loaded when an archive is opened that needs it (src/base/late_library.h): by its libxml2 and ICU it is the slowest to load of all. */
#ifndef UNBRICK_MEDIA_ARCHIVE_LIBRARY_H
#define UNBRICK_MEDIA_ARCHIVE_LIBRARY_H

#include <archive.h>
#include <archive_entry.h>

#include "src/base/late_library.h"
#include "src/base/status.h"

#define ARCHIVE_CALLS(call) \
	call(archive_, version_string) call(archive_, error_string) call(archive_, set_error) call(archive_, filter_count) \
	call(archive_, read_new) call(archive_, read_free) call(archive_, read_open1) call(archive_, read_set_read_callback) \
	call(archive_, read_set_callback_data) call(archive_, read_set_seek_callback) call(archive_, read_set_skip_callback) \
	call(archive_, read_support_format_zip) call(archive_, read_support_format_7zip) call(archive_, read_support_format_rar) \
	call(archive_, read_support_format_rar5) call(archive_, read_support_format_tar) call(archive_, read_support_format_cpio) \
	call(archive_, read_support_format_raw) call(archive_, read_support_filter_xz) call(archive_, read_support_filter_bzip2) \
	call(archive_, read_support_filter_zstd) call(archive_, read_next_header) call(archive_, read_header_position) call(archive_, read_data) \
	call(archive_, read_data_skip) call(archive_, read_has_encrypted_entries) call(archive_, entry_hardlink) call(archive_, entry_symlink) \
	call(archive_, entry_filetype) call(archive_, entry_size) call(archive_, entry_size_is_set) call(archive_, entry_is_encrypted) \
	call(archive_, entry_pathname) call(archive_, entry_pathname_utf8)

LATE_LIBRARY(archive_library, ARCHIVE_CALLS, "libarchive.so.13")	/* one ABI since libarchive 3.0, 2011 */

/* UNSUPPORTED: it is not on this machine, with what to install. */
enum status archive_library_load(struct archive_library *ret_library, struct error *reterr);
/* "3.6.2"; "": it is not here. */
char *archive_library_version(char *to, size_t size);

#endif
