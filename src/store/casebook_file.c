#include "src/store/casebook_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/text.h"
#include "src/store/folders.h"

enum status casebook_file_error(const char *path, const char *doing, int number, struct error *reterr)
{
	char folder[CASEBOOK_PATH_SIZE], room[32];
	enum status status = error_set(reterr, status_of_errno(number), "cannot %s casebook '%s': %s", doing, path,
				       strerror(number));

	if (status == STATUS_NO_SPACE)
		error_hint(reterr, "Make room where %.120s is (%s free). What was kept before is safe", path,
			   folder_room(folder_of(path, folder, sizeof(folder)), room, sizeof(room)));
	else if (status == STATUS_NO_PERMISSION)
		error_hint(reterr, "Give yourself write permission there, or set XDG_STATE_HOME to a folder that you can write in");
	else
		error_hint(reterr, "Set XDG_STATE_HOME to a folder that you can write in");
	return status;
}

enum status casebook_file_foreign(const char *path, struct error *reterr)
{
	error_set(reterr, STATUS_INVALID, "cannot open casebook '%s': it is not a casebook", path);
	error_hint(reterr, "Move that file away; a new casebook is made in its place");
	return STATUS_INVALID;
}

enum status casebook_file_default(char *to, size_t size, struct error *reterr)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	/* a relative path is to be ignored: XDG Base Directory Specification 0.8 */
	if (state != NULL && state[0] == '/')
		text_format(to, size, "%s/unbrick/casebook.db", state);
	else if (home != NULL && home[0] == '/')
		text_format(to, size, "%s/.local/state/unbrick/casebook.db", home);
	else {
		error_set(reterr, STATUS_NOT_FOUND, "cannot open the casebook: neither XDG_STATE_HOME nor HOME is set");
		error_hint(reterr, "Set XDG_STATE_HOME to a folder that you can write in");
		return STATUS_NOT_FOUND;
	}
	return STATUS_OK;
}

enum status casebook_file_make(const char *path, struct error *reterr)
{
	char folder[CASEBOOK_PATH_SIZE];
	struct stat there;
	int number = folder_make(folder_of(path, folder, sizeof(folder)));
	int fd;

	if (number != 0)
		return casebook_file_error(path, "make a folder for", number, reterr);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
		return STATUS_OK;
	}
	if (errno != EEXIST)
		return casebook_file_error(path, "make", errno, reterr);
	if (stat(path, &there) != 0)
		return casebook_file_error(path, "open", errno, reterr);
	if (!S_ISREG(there.st_mode))
		return casebook_file_foreign(path, reterr);
	if (access(path, R_OK | W_OK) != 0)
		return casebook_file_error(path, "write to", errno, reterr);
	return STATUS_OK;
}
