/* src/core/download.h
 *
 * Fetching a file from the vendor beside the loop, for `unbrick fetch` and for the way through a case:
 * src/media/fetch.h in a worker thread, progress and the end reported on the loop. A transfer that is cut begins
 * again from the first byte, a few times, after a pause. */
#ifndef UNBRICK_CORE_DOWNLOAD_H
#define UNBRICK_CORE_DOWNLOAD_H

#include "src/io/loop.h"
#include "src/media/fetch.h"

struct download;

enum {
	DOWNLOAD_TRIES = 4,		/* unless told: the first one and three more */
	DOWNLOAD_STALL_S = 60,
	DOWNLOAD_CONNECT_S = 30,
};
#define DOWNLOAD_SIZE_MAX (UINT64_C(4) << 30)

struct download_options {		/* 0, NULL: as usual */
	const char *url;
	const char *target;		/* NULL: the URL's last part, in the current folder */
	struct expected_texts expected;
	bool allow_unchecked;		/* no checksum is known, and the operator says so */
	bool may_replace;
	uint64_t size_max;
	unsigned tries;
	unsigned stall_seconds;
};

struct download_observer { /* each may be NULL; all are called on the loop */
	void (*on_progress)(void *user, uint64_t bytes, uint64_t total); /* four times a second; total 0: not known */
	/* The try that begins after pause_ms, and why. */
	void (*on_again)(void *user, unsigned attempt, unsigned pause_ms, const struct error *why);
	/* Once, at the end; it may free the download. OK: result is set, else error. */
	void (*on_done)(void *user, enum status status, const struct fetch_result *result, const struct error *error);
	void *user;
};

/* What can be known to be wrong beforehand (URL, checksums, list, folder, a build without libcurl) fails here. */
enum status download_start(struct loop *loop, const struct download_options *options,
			   const struct download_observer *observer, struct download **ret_download,
			   struct error *reterr);
/* on_done comes with CANCELLED, after a second at most, and nothing of the file stays. At any time, and more than
 * once. */
void download_cancel(struct download *download);
/* At any time; on_done does not come any more. What was being fetched is deleted. */
void download_free(struct download *download);
/* As fetch_library_version. */
char *download_library_version(char *to, size_t size);
const char *download_target(const struct download *download);

#endif
