#include "src/store/casebook_holds.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/text.h"
#include "src/store/casebook_file.h"

enum { SLOT_SIZE = 16 };

static off_t slot_of(int64_t case_id)
{
	return (off_t)case_id * SLOT_SIZE;
}

static enum status open_file(struct casebook_holds *holds, struct error *reterr)
{
	char path[CASEBOOK_PATH_SIZE + 8];

	if (holds->fd >= 0)
		return STATUS_OK;
	text_format(path, sizeof(path), "%s-holds", holds->path);
	holds->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return holds->fd >= 0 ? STATUS_OK : casebook_file_error(path, "open", errno, reterr);
}

static enum status held_by_another(struct casebook_holds *holds, int64_t case_id, struct error *reterr)
{
	char slot[SLOT_SIZE + 1] = "";
	long pid = 0;

	if (pread(holds->fd, slot, SLOT_SIZE, slot_of(case_id)) > 0)
		pid = strtol(slot, NULL, 10);
	/* a killed holder leaves its pid in the slot until the next one has written his own */
	if (pid <= 0 || (kill((pid_t)pid, 0) != 0 && errno == ESRCH))
		error_set(reterr, STATUS_BUSY, "case %" PRId64 " is being worked on by another process", case_id);
	else
		error_set(reterr, STATUS_BUSY, "case %" PRId64 " is being worked on by another process (pid %ld)", case_id, pid);
	error_hint(reterr, "Go on in that window, or end it first");
	return STATUS_BUSY;
}

enum status casebook_holds_take(struct casebook_holds *holds, int64_t case_id, struct error *reterr)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = slot_of(case_id), .l_len = SLOT_SIZE };
	char slot[SLOT_SIZE] = "";
	enum status status;
	int64_t *grown;

	if (case_id <= 0 || case_id > INT32_MAX)
		return error_set(reterr, STATUS_NOT_FOUND, "casebook '%s' has no case %" PRId64, holds->path, case_id);
	for (size_t i = 0; i < holds->count; i++)
		if (holds->held[i] == case_id)
			return STATUS_OK;
	status = open_file(holds, reterr);
	if (status != STATUS_OK)
		return status;
	grown = realloc(holds->held, (holds->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to hold a case");
	holds->held = grown;
	if (fcntl(holds->fd, F_OFD_SETLK, &lock) != 0)
		return errno == EAGAIN || errno == EACCES ? held_by_another(holds, case_id, reterr)
							  : casebook_file_error(holds->path, "lock", errno, reterr);
	holds->held[holds->count++] = case_id;
	text_format(slot, sizeof(slot), "%ld", (long)getpid());
	/* without its pid, on a full disk, the lock still holds */
	if (pwrite(holds->fd, slot, sizeof(slot), slot_of(case_id)) < 0)
		errno = 0;
	return STATUS_OK;
}

void casebook_holds_done(struct casebook_holds *holds)
{
	static const char empty[SLOT_SIZE];

	for (size_t i = 0; i < holds->count; i++)
		if (pwrite(holds->fd, empty, sizeof(empty), slot_of(holds->held[i])) < 0)
			break;	/* the slot only makes an error text better; the lock is what counts */
	if (holds->fd >= 0)
		close(holds->fd);
	free(holds->held);
}
