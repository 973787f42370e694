#include "src/store/folders.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "src/base/text.h"

enum { PATH_SIZE = 4096 };

static bool is_folder(const char *path)
{
	struct stat there;

	return stat(path, &there) == 0 && S_ISDIR(there.st_mode);
}

int folder_make(const char *folder)
{
	char part[PATH_SIZE];

	if (strlen(folder) >= sizeof(part))
		return ENAMETOOLONG;
	text_copy(part, sizeof(part), folder);
	for (char *at = part; *at != '\0'; ) {
		char was;

		at += 1 + strcspn(at + 1, "/");
		was = *at;
		*at = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST) {
			int number = errno;

			/* a read-only file system says EROFS for what exists too */
			if (!is_folder(part))
				return number;
		}
		*at = was;
	}
	return is_folder(folder) ? 0 : ENOTDIR;
}

char *folder_of(const char *path, char *to, size_t size)
{
	const char *slash = strrchr(path, '/');

	text_copy(to, size, slash == NULL ? "." : path);
	if (slash != NULL && (size_t)(slash - path) < size)
		to[slash == path ? 1 : slash - path] = '\0';
	return to;
}

char *folder_room(const char *folder, char *to, size_t size)
{
	struct statvfs fs;

	if (statvfs(folder, &fs) != 0)
		return text_copy(to, size, "an unknown amount of space");
	return text_size(to, size, (uint64_t)fs.f_bavail * fs.f_frsize);
}
