#include "src/base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	[STATUS_OK] = "ok",
	[STATUS_INVALID] = "invalid",
	[STATUS_IO] = "io",
	[STATUS_NO_MEMORY] = "no-memory",
	[STATUS_NOT_FOUND] = "not-found",
	[STATUS_BUSY] = "busy",
	[STATUS_NO_PERMISSION] = "no-permission",
	[STATUS_TIMEOUT] = "timeout",
	[STATUS_PROTOCOL] = "protocol",
	[STATUS_CANCELLED] = "cancelled",
	[STATUS_UNSUPPORTED] = "unsupported",
	[STATUS_REFUSED] = "refused",
	[STATUS_NO_SPACE] = "no-space",
	[STATUS_GONE] = "gone",
};

const char *status_name(enum status status)
{
	return (size_t)status < sizeof(names) / sizeof(names[0]) ? names[status] : "unknown";
}

enum status status_of_errno(int number)
{
	switch (number) {
	case ENOSPC: case EDQUOT: case EFBIG:
		return STATUS_NO_SPACE;
	case EACCES: case EPERM: case EROFS:
		return STATUS_NO_PERMISSION;
	case ENOMEM:
		return STATUS_NO_MEMORY;
	case ENOENT: case ENOTDIR:
		return STATUS_NOT_FOUND;
	}
	return STATUS_IO;
}

enum status error_set(struct error *reterr, enum status status, const char *format, ...)
{
	va_list args;

	if (reterr == NULL)
		return status;
	reterr->status = status;
	reterr->hint[0] = '\0';
	va_start(args, format);
	vsnprintf(reterr->text, sizeof(reterr->text), format, args);
	va_end(args);
	return status;
}

enum status error_hint(struct error *reterr, const char *format, ...)
{
	va_list args;

	if (reterr == NULL)
		return STATUS_INVALID;
	va_start(args, format);
	vsnprintf(reterr->hint, sizeof(reterr->hint), format, args);
	va_end(args);
	return reterr->status;
}

enum status error_prefix(struct error *reterr, const char *format, ...)
{
	char rest[sizeof(reterr->text)];
	va_list args;
	size_t used;

	if (reterr == NULL)
		return STATUS_INVALID;
	memcpy(rest, reterr->text, sizeof(rest));
	va_start(args, format);
	vsnprintf(reterr->text, sizeof(reterr->text), format, args);
	va_end(args);
	used = strlen(reterr->text);
	snprintf(reterr->text + used, sizeof(reterr->text) - used, ": %s", rest);
	return reterr->status;
}
