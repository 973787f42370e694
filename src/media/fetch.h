/* src/media/fetch.h
 *
 * A firmware file from the vendor's server, by libcurl: one try, from the first byte. A broken download is never
 * resumed, for what stands in the file by then is not known to be right; src/core/download.h tries again from the
 * start. The file gets its name (new_file.h) only when its size is the one that the server told and its checksums
 * are those that are expected; a wrong one is deleted. TLS is always verified; https is never followed down to http.
 * Blocking: for a worker thread. */
#ifndef UNBRICK_MEDIA_FETCH_H
#define UNBRICK_MEDIA_FETCH_H

#include "src/media/expected.h"

struct fetch_request {
	const char *url;
	const char *target;			/* path of the file to be */
	const struct expected *expected;	/* .count 0: nothing is compared */
	bool may_replace;			/* another file that stands there already */
	uint64_t size_max;
	unsigned connect_ms, stall_ms;		/* so long may connecting take; so long may no byte come */
};

struct fetch_watch {
	_Atomic uint64_t bytes, total;		/* total 0: the server does not tell */
	atomic_bool cancel;			/* looked at once a second at least */
};

struct fetch_result {
	uint64_t size;
	bool is_size_told;			/* the server said the size beforehand, and it is the same */
	bool is_encrypted;			/* came by https from the first request on */
	bool was_there;				/* the target was there already, and is what was wanted */
	struct checksum sha256;			/* of what came */
	struct checksum match;			/* the strongest that was compared; .size 0: none */
	char looks_like[64];			/* from its beginning: "U-Boot image (kernel)" */
	char from[512];				/* the URL behind all redirects, for showing */
};

/* Once before the first fetch_once, on the thread that starts the others. UNSUPPORTED: this build has no libcurl;
 * the hint says what to install. */
enum status fetch_prepare(struct error *reterr);

/* "8.5.0" of the libcurl that would be used; "": there is none here. Returns to. */
char *fetch_library_version(char *to, size_t size);

/* GONE: the transfer was cut or stalled, and another try may do better. CANCELLED. REFUSED: another file is there; a
 * certificate that is not trusted; from https to http. INVALID: what came is wrong (checksum, a web page, empty).
 * NO_SPACE (also: larger than size_max). NOT_FOUND, TIMEOUT, PROTOCOL: what the server or the network says. */
enum status fetch_once(const struct fetch_request *request, struct fetch_watch *watch, struct fetch_result *ret_result,
		       struct error *reterr);

#endif
