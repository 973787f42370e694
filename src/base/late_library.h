/* src/base/late_library.h
 *
 * Libraries that are loaded when they are used. Each one that is linked costs every start of the program up to a tenth of a millisecond, libcurl
 * and libarchive with what they stand on (TLS, LDAP, XML, ICU) several: more than it takes to look at a file of some MiB.
 * Use:
 *	#define USB_CALLS(call) call(libusb_, init) call(libusb_, exit)
 *	LATE_LIBRARY(usb_library, USB_CALLS, "libusb-1.0.so.0")
 * makes a struct usb_library of pointers to the calls, and usb_library_open() that fills it. */
#ifndef UNBRICK_BASE_LATE_LIBRARY_H
#define UNBRICK_BASE_LATE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#define LATE_LIBRARY_CALL(prefix, call) __typeof__(prefix##call) *call;
#define LATE_LIBRARY_NAME(prefix, call) #prefix #call,
/* files: names of the library, the usual one first. false: it is not on this machine. */
#define LATE_LIBRARY(type, list, ...) \
	struct type { list(LATE_LIBRARY_CALL) }; \
	static inline bool type##_open(struct type *ret_calls) \
	{ \
		static const char *const files[] = { __VA_ARGS__, NULL }, *const calls[] = { list(LATE_LIBRARY_NAME) NULL }; \
		_Static_assert(sizeof(struct type) == sizeof(calls) - sizeof(calls[0]), "nothing but pointers to the calls"); \
		return late_library_load(files, calls, ret_calls); \
	}

/* The first of files that is here, with all calls in the order of their names, into ret_calls; both lists end in NULL. It stays for the life of
 * the process, for a thread of its own may still run; to load it once more costs little. */
bool late_library_load(const char *const *files, const char *const *calls, void *ret_calls);

#endif
