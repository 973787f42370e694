/* src/base/status.h
 *
 * How a call fails, in one way everywhere: an enum status as result and, last, a struct error that says which object,
 * which operation, why, and what the operator can do about it. Libraries fill it in; only the faces print it. */
#ifndef UNBRICK_BASE_STATUS_H
#define UNBRICK_BASE_STATUS_H

enum status {
	STATUS_OK,
	STATUS_INVALID,		/* the input is not what it should be */
	STATUS_IO,		/* the operating system or the device said no */
	STATUS_NO_MEMORY,
	STATUS_NOT_FOUND,
	STATUS_BUSY,		/* somebody else holds it; the error text names the holder */
	STATUS_NO_PERMISSION,
	STATUS_TIMEOUT,
	STATUS_PROTOCOL,	/* the peer broke the rules */
	STATUS_CANCELLED,
	STATUS_UNSUPPORTED,	/* cannot be done here */
	STATUS_REFUSED,		/* a guard said no: it could do harm */
	STATUS_NO_SPACE,
	STATUS_GONE,		/* was there, is not any more (unplugged) */
};

struct error {
	enum status status;
	char text[512];		/* object, operation, reason: one sentence without a full stop */
	char hint[256];		/* what to do next; empty when there is nothing better than the text */
};

/* What a call of the operating system meant by its errno, where the caller knows no better: NO_SPACE, NO_PERMISSION, NO_MEMORY, NOT_FOUND, else IO. */
enum status status_of_errno(int number);

/* "ok", "invalid", ... : stable words for JSON and the journal. */
const char *status_name(enum status status);

/* Fills *reterr (may be NULL) and returns status, so that a caller can `return error_set(...)`. Clears the hint. */
enum status error_set(struct error *reterr, enum status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Adds what to do next; returns the status that is already set. */
enum status error_hint(struct error *reterr, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "prefix: " in front of the text; returns the status that is already set. */
enum status error_prefix(struct error *reterr, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
