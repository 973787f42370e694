#include "src/core/download.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/new_file.h"
#include "src/media/url.h"

enum { REPORT_MS = 250, PAUSE_MS = 2000 };

/* Lives until both its owner and its thread are done with it. */
struct download {
	struct loop *loop;
	struct download_observer observer;
	struct fetch_request request;
	struct fetch_watch watch;
	struct expected expected;
	char url[URL_MAX], target[PATH_MAX];
	unsigned attempt, tries;
	bool is_running;		/* a thread is at work */
	bool is_orphan;			/* the owner has freed it */
	bool is_over;
	struct loop_timer *report, *pause;
	enum status status;
	struct fetch_result result;
	struct error error;
};

static void destroy(struct download *d)
{
	loop_timer_free(d->report);
	loop_timer_free(d->pause);
	free(d);
}

void download_free(struct download *download)
{
	if (download == NULL)
		return;
	atomic_store(&download->watch.cancel, true);
	download->is_orphan = true;
	if (!download->is_running) {
		destroy(download);
		return;
	}
	loop_timer_set_deadline(download->report, UINT64_MAX);
}

DEFINE_AUTO(download);

static void end(struct download *d)
{
	if (d->is_over)
		return;
	d->is_over = true;
	loop_timer_set_deadline(d->report, UINT64_MAX);
	loop_timer_set_deadline(d->pause, UINT64_MAX);
	if (d->observer.on_done)	/* the last call: d may be gone afterwards */
		d->observer.on_done(d->observer.user, d->status, &d->result, &d->error);
}

/* ---- one try ---- */

static void run(void *user)
{
	struct download *d = user;

	d->status = fetch_once(&d->request, &d->watch, &d->result, &d->error);
}

static void on_report(void *user)
{
	struct download *d = user;

	loop_timer_set_after(d->report, REPORT_MS);
	if (d->observer.on_progress)
		d->observer.on_progress(d->observer.user, atomic_load(&d->watch.bytes), atomic_load(&d->watch.total));
}

static void begin_try(void *user);

static void try_is_over(void *user)
{
	struct download *d = user;

	d->is_running = false;
	if (d->is_orphan) {
		destroy(d);
		return;
	}
	loop_timer_set_deadline(d->report, UINT64_MAX);
	if (d->status == STATUS_GONE && d->attempt < d->tries && !atomic_load(&d->watch.cancel)) {
		unsigned pause_ms = PAUSE_MS << (d->attempt - 1);

		loop_timer_set_after(d->pause, pause_ms);
		if (d->observer.on_again)
			d->observer.on_again(d->observer.user, d->attempt + 1, pause_ms, &d->error);
		return;
	}
	if (d->status == STATUS_OK && !d->result.was_there && d->observer.on_progress)
		d->observer.on_progress(d->observer.user, d->result.size, d->result.size);
	end(d);
}

static void begin_try(void *user)
{
	struct download *d = user;

	d->attempt++;
	d->is_running = true;
	if (loop_work(d->loop, run, try_is_over, d) == STATUS_OK) {
		loop_timer_set_after(d->report, REPORT_MS);
		return;
	}
	d->is_running = false;
	d->status = error_set(&d->error, STATUS_NO_MEMORY, "no memory for a thread that fetches");
	end(d);
}

void download_cancel(struct download *download)
{
	atomic_store(&download->watch.cancel, true);
	if (download->is_running || download->is_over)
		return;
	download->status = error_set(&download->error, STATUS_CANCELLED, "the download was stopped");
	end(download);
}

/* ---- beforehand ---- */

static enum status choose_target(struct download *d, const char *target, struct error *reterr)
{
	struct new_file *probe = NULL;
	struct stat about;
	enum status status;

	if (target == NULL) {
		url_file_name(d->target, sizeof(d->target), d->url);
		if (d->target[0] == '\0') {
			error_set(reterr, STATUS_INVALID, "the URL has no name for the file");
			return error_hint(reterr, "Give one with --output FILE");
		}
	} else if (strlen(target) >= sizeof(d->target)) {
		return error_set(reterr, STATUS_INVALID, "the path of the file is too long");
	} else {
		text_copy(d->target, sizeof(d->target), target);
	}
	if (stat(d->target, &about) == 0 && !S_ISREG(about.st_mode)) {
		error_set(reterr, STATUS_INVALID, "cannot store at '%s': that is %s", d->target,
			  S_ISDIR(about.st_mode) ? "a folder" : "no file");
		return error_hint(reterr, "Give the name of the file, too");
	}
	status = new_file_begin(d->target, &probe, reterr);
	new_file_free(probe);
	return status;
}

static enum status prepare(struct download *d, const struct download_options *options, struct error *reterr)
{
	enum status status = fetch_prepare(reterr);

	if (status == STATUS_OK)
		status = url_check(options->url, reterr);
	if (status != STATUS_OK)
		return status;
	text_copy(d->url, sizeof(d->url), options->url);
	status = choose_target(d, options->target, reterr);
	if (status == STATUS_OK)
		status = expected_read(&options->expected, d->target, &d->expected, reterr);
	if (status == STATUS_OK && d->expected.count == 0 && !options->allow_unchecked) {
		error_set(reterr, STATUS_INVALID, "there is nothing to compare the file with");
		error_hint(reterr, "Give the vendor's checksum; --no-hash fetches it all the same");
		status = STATUS_INVALID;
	}
	return status;
}

enum status download_start(struct loop *loop, const struct download_options *options,
			   const struct download_observer *observer, struct download **ret_download,
			   struct error *reterr)
{
	AUTO(download) d = calloc(1, sizeof(*d));
	unsigned stall_s = options->stall_seconds ? options->stall_seconds : DOWNLOAD_STALL_S;
	enum status status;

	if (d == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to fetch a file");
	d->loop = loop;
	d->observer = *observer;
	d->tries = options->tries ? options->tries : DOWNLOAD_TRIES;
	status = prepare(d, options, reterr);
	if (status != STATUS_OK)
		return status;
	d->report = loop_timer_new(loop, on_report, d);
	d->pause = loop_timer_new(loop, begin_try, d);
	if (d->report == NULL || d->pause == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to fetch a file");
	d->request = (struct fetch_request){
		.url = d->url, .target = d->target, .expected = &d->expected, .may_replace = options->may_replace,
		.size_max = options->size_max ? options->size_max : DOWNLOAD_SIZE_MAX, .stall_ms = stall_s * 1000,
		.connect_ms = (stall_s < DOWNLOAD_CONNECT_S ? stall_s : DOWNLOAD_CONNECT_S) * 1000,
	};
	/* by the pause's timer: on_done never comes before this call has returned */
	loop_timer_set_after(d->pause, 0);
	*ret_download = TAKE(d);
	return STATUS_OK;
}

const char *download_target(const struct download *download)
{
	return download->target;
}

char *download_library_version(char *to, size_t size)
{
	return fetch_library_version(to, size);
}
