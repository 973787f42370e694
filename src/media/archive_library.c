#include "src/media/archive_library.h"

#include <string.h>

#include "src/base/text.h"

enum status archive_library_load(struct archive_library *ret_library, struct error *reterr)
{
	if (archive_library_open(ret_library))
		return STATUS_OK;
	error_set(reterr, STATUS_UNSUPPORTED, "libarchive, which reads archives, is not on this machine");
	return error_hint(reterr, "Install libarchive13 (elsewhere: libarchive); or unpack the file by hand and give the image file itself");
}

char *archive_library_version(char *to, size_t size)
{
	struct archive_library library;
	struct error ignored;
	const char *text = archive_library_load(&library, &ignored) == STATUS_OK ? library.version_string() : "";

	return text_copy(to, size, text + strcspn(text, "0123456789"));
}
