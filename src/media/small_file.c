#include "src/media/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/cleanup.h"

enum status small_file_read(const char *path, const char *what, size_t size_max, char **ret_text, size_t *ret_size,
			    struct error *reterr)
{
	AUTO_FREE char *text = NULL;
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
					       O_NOCTTY); /* a named pipe would wait for a writer */
	size_t size = 0;
	struct stat about;

	if (fd < 0 || fstat(fd, &about) != 0) {
		error_set(reterr, STATUS_INVALID, "cannot open the %s '%s': %s", what, path, strerror(errno));
		return error_hint(reterr, "check the path");
	}
	if (!S_ISREG(about.st_mode) || (uint64_t)about.st_size > size_max)
		return error_set(reterr, STATUS_INVALID, "'%s' is no %s: it is %s", path, what,
				 S_ISREG(about.st_mode)   ? "too large for one"
				 : S_ISDIR(about.st_mode) ? "a folder"
							  : "no regular file");
	text = malloc((size_t)about.st_size + 1);
	if (text == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the %s '%s'", what, path);
	while (size < (size_t)about.st_size) {
		ssize_t count = read(fd, text + size, (size_t)about.st_size - size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set(reterr, STATUS_IO, "cannot read the %s '%s': %s", what, path, strerror(errno));
		if (count == 0)
			break;
		size += (size_t)count;
	}
	text[size] = '\0';
	*ret_text = TAKE(text);
	*ret_size = size;
	return STATUS_OK;
}
