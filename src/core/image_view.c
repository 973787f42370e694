#include "src/core/image_view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/live_case.h"
#include "src/media/examine.h"

enum { SEARCH_BLOCK = 1024 * 1024 };

/* A job owns itself: its view may be gone, and so may the app, while the thread is at work. */
struct image_job {
	struct app_image *owner;	/* NULL: nobody waits for it any more */
	char path[1024];
	bool is_deep, is_map_taken;
	_Atomic uint64_t done;
	atomic_bool cancel, has_map;
	struct image_map map;
	struct examination about;
	enum status status;
	struct error error;
};

struct image_find_job {
	struct app_image *owner;
	char path[1024];
	struct stat meant;
	uint64_t from, size;
	uint8_t pattern[IMAGE_PATTERN_MAX];
	size_t pattern_size;
	bool ignores_case, is_found;
	_Atomic uint64_t at;
	atomic_bool cancel;
	struct error error;
};

struct app_image {
	struct app *app;
	struct image_view view;
	struct stat opened;
	struct image_job *job;
	struct image_find_job *find;
	bool is_shown;
	uint64_t used_ms, since_ms;
};

/* ---- reading, never by a mapping: a file that becomes shorter must not end the program ---- */

static bool is_same_file(const struct stat *one, const struct stat *other)
{
	return one->st_dev == other->st_dev && one->st_ino == other->st_ino && one->st_size == other->st_size &&
	       one->st_mtim.tv_sec == other->st_mtim.tv_sec && one->st_mtim.tv_nsec == other->st_mtim.tv_nsec;
}

/* meant NULL: whatever regular file is there. */
static enum status open_same(const char *path, const struct stat *meant, int *ret_fd, struct error *reterr)
{
	struct stat now;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);	/* a pipe in its place must not hold us up */

	if (fd < 0)
		return error_set(reterr, STATUS_IO, "cannot open '%s': %s", path, strerror(errno));
	if (fstat(fd, &now) == 0 && S_ISREG(now.st_mode) && (meant == NULL || is_same_file(&now, meant))) {
		*ret_fd = fd;
		return STATUS_OK;
	}
	close(fd);
	error_set(reterr, STATUS_REFUSED, "'%s' is not the file any more that was looked at", path);
	return error_hint(reterr, "go back and open it again");
}

/* Short only at the end of the file. */
static enum status read_at(int fd, const char *path, uint64_t offset, uint8_t *to, size_t size, size_t *ret_count, struct error *reterr)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = pread(fd, to + done, size - done, (off_t)(offset + done));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set(reterr, STATUS_IO, "cannot read '%s' at 0x%llx: %s", path, (unsigned long long)(offset + done), strerror(errno));
		if (count == 0)
			break;
		done += (size_t)count;
	}
	*ret_count = done;
	return STATUS_OK;
}

/* ---- the examination, in a thread ---- */

static void sample_cell(struct image_job *job, int fd, unsigned cell)
{
	uint8_t bytes[IMAGE_MAP_SAMPLE / IMAGE_MAP_PIECES];
	struct image_map_tally tally = { .total = 0 };
	struct error ignored;
	uint64_t offset;
	size_t size, count;

	for (unsigned piece = 0; image_map_piece(&job->map, cell, piece, &offset, &size); piece++)
		if (read_at(fd, job->path, offset, bytes, size, &count, &ignored) == STATUS_OK)
			image_map_add(&tally, bytes_of(bytes, count));
	image_map_set(&job->map, cell, &tally);
}

/* First, for it takes no time and is the first thing to look at. That a part cannot be read is said by the examination. */
static void draw_map(struct image_job *job)
{
	struct stat about;
	struct error ignored;
	int fd;

	if (open_same(job->path, NULL, &fd, &ignored) != STATUS_OK)
		return;
	if (fstat(fd, &about) == 0) {
		image_map_init(&job->map, (uint64_t)about.st_size);
		for (unsigned i = 0; i < job->map.count && !atomic_load(&job->cancel); i++)
			sample_cell(job, fd, i);
		atomic_store(&job->has_map, !atomic_load(&job->cancel));
	}
	close(fd);
}

static void run_job(void *user)
{
	struct image_job *job = user;
	const struct examine_options how = { .look = job->is_deep ? IMAGE_LOOK_DEEP : IMAGE_LOOK_USUAL, .progress = &job->done, .cancel = &job->cancel };

	draw_map(job);
	job->status = examine_file(job->path, &how, &job->about, &job->error);
}

/* ---- what it means ---- */

static const struct live_case *live_case_of(const struct app *app, int64_t case_id)
{
	for (size_t i = 0; case_id != 0 && i < ARRAY_SIZE(app->live); i++)
		if (app->live[i] && app->live[i]->id == case_id)
			return app->live[i];
	return NULL;
}

static const struct profile *profile_of(const struct app *app, int64_t case_id)
{
	const struct live_case *c = live_case_of(app, case_id);
	const struct profile *profile = NULL;
	struct case_summary summary;
	struct error ignored;

	if (c != NULL)
		return c->profile;
	if (case_id == 0 || casebook_summary(app->book, case_id, &summary, &ignored) != STATUS_OK || summary.device[0] == '\0' ||
	    device_library_profile(app->library, summary.device, &profile, &ignored) != STATUS_OK)
		return NULL;
	return profile;
}

static void say_what_to_do(struct image_view *view)
{
	const char *text = "";

	if (view->facts.is_no_image)
		text = "Do not write it: it is no firmware. Fetch the file once more, from the vendor's own page.";
	else if (view->facts.whole == IMAGE_NO)
		text = "Do not write it. Fetch it again, without resuming the old download, and compare its SHA-256 with the vendor's.";
	else if (view->fit > IMAGE_FITS)
		text = "Do not write it to this device. Choose the package for the model and the revision on its sticker.";
	else if (view->facts.whole == IMAGE_UNKNOWN)
		text = "Compare the SHA-256 with the one that the vendor publishes: nothing here proves that all of it is right.";
	text_copy(view->to_do, sizeof(view->to_do), text);
}

static void judge(struct app_image *image)
{
	struct image_view *view = &image->view;
	const struct profile *profile = profile_of(image->app, view->case_id);
	struct profile_image_device device;

	view->device[0] = view->fit_reason[0] = '\0';
	view->fit = IMAGE_FIT_UNKNOWN;
	if (profile != NULL) {
		profile_image_device(profile, &device);
		text_format(view->device, sizeof(view->device), "%s %s", profile->vendor, profile->model);
		view->fit = image_fits(&view->facts, &device.device, view->fit_reason, sizeof(view->fit_reason));
	}
	say_what_to_do(view);
}

/* ---- life ---- */

static void take_map(struct app_image *image)
{
	struct image_job *job = image->job;

	if (job == NULL || job->is_map_taken || !atomic_load(&job->has_map))
		return;
	image->view.map = job->map;
	job->is_map_taken = true;
}

static void job_is_done(void *user)
{
	struct image_job *job = user;
	struct app_image *image = job->owner;

	if (image != NULL) {
		struct image_view *view = &image->view;

		take_map(image);
		image->job = NULL;
		view->is_stopping = false;
		view->problem = job->error;
		if (job->status == STATUS_OK) {
			view->facts = job->about.facts;
			view->size = job->about.size;
			view->is_deep = job->is_deep;
			text_copy(view->sha256, sizeof(view->sha256), job->about.sha256);
		}
		/* a second look that was stopped takes nothing away from the first */
		view->state = job->status == STATUS_OK || (job->status == STATUS_CANCELLED && view->sha256[0]) ? IMAGE_VIEW_READY
			      : job->status == STATUS_CANCELLED					      ? IMAGE_VIEW_STOPPED
													      : IMAGE_VIEW_FAILED;
		if (view->state == IMAGE_VIEW_READY) {
			image_map_mark(&view->map, &view->facts);
			judge(image);
		}
		app_changed(image->app);
	}
	free(job);
}

static enum status begin(struct app_image *image, bool is_deep, struct error *reterr)
{
	struct image_view *view = &image->view;
	struct image_job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to look at '%s'", view->path);
	job->owner = image;
	job->is_deep = is_deep;
	text_copy(job->path, sizeof(job->path), view->path);
	if (loop_work(image->app->loop, run_job, job_is_done, job) != STATUS_OK) {
		free(job);
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to look at '%s'", view->path);
	}
	image->job = job;
	image->since_ms = loop_now_ms();
	view->state = IMAGE_VIEW_WORKING;
	view->progress = (struct progress){ .label = "read" };
	return STATUS_OK;
}

static void forget_find(struct app_image *image)
{
	if (image->find == NULL)
		return;
	atomic_store(&image->find->cancel, true);
	image->find->owner = NULL;
	image->find = NULL;
	image->view.search.is_running = false;
}

static void image_free(struct app_image *image)
{
	if (image == NULL)
		return;
	forget_find(image);
	if (image->job != NULL) {
		atomic_store(&image->job->cancel, true);
		image->job->owner = NULL;
	}
	free(image);
}

void app_images_free(struct app *app)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->image); i++) {
		image_free(app->image[i]);
		app->image[i] = NULL;
	}
}

static struct app_image *find_image(const struct app *app, unsigned image_id)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->image); i++)
		if (app->image[i] && app->image[i]->view.id == image_id)
			return app->image[i];
	return NULL;
}

/* The place that was looked at longest ago, of those that no screen shows. */
static struct app_image **free_place(struct app *app)
{
	struct app_image **oldest = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(app->image); i++) {
		struct app_image **place = &app->image[i];

		if (*place == NULL)
			return place;
		if (!(*place)->is_shown && (oldest == NULL || (*place)->used_ms < (*oldest)->used_ms))
			oldest = place;
	}
	return oldest;
}

static enum status new_image(struct app *app, const char *path, int64_t case_id, const struct stat *about, struct app_image **ret_image,
			     struct error *reterr)
{
	struct app_image **place = free_place(app), *image;
	enum status status;

	if (app_is_dangerous(app)) {
		error_set(reterr, STATUS_REFUSED, "not while a device is being written");
		return error_hint(reterr, "look at files when that is through");
	}
	if (place == NULL) {
		error_set(reterr, STATUS_BUSY, "%u files are open already", IMAGE_VIEWS_MAX);
		return error_hint(reterr, "go back with Esc first");
	}
	image = calloc(1, sizeof(*image));
	if (image == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to look at '%s'", path);
	image->app = app;
	image->opened = *about;
	image->view.id = ++app->last_image_id;
	image->view.case_id = case_id;
	image->view.size = (uint64_t)about->st_size;
	text_copy(image->view.path, sizeof(image->view.path), path);
	status = begin(image, false, reterr);
	if (status != STATUS_OK) {
		free(image);
		return status;
	}
	image_free(*place);
	*place = *ret_image = image;
	return STATUS_OK;
}

static enum status path_of_case(const struct app *app, int64_t case_id, char *to, size_t size, struct error *reterr)
{
	const struct live_case *c = live_case_of(app, case_id);

	to[0] = '\0';
	if (c != NULL && c->image != NULL)
		text_copy(to, size, image_file_path(c->image));
	else if (c == NULL && casebook_get(app->book, case_id, "image", to, size, reterr) != STATUS_OK)
		to[0] = '\0';
	if (to[0] != '\0')
		return STATUS_OK;
	error_set(reterr, STATUS_NOT_FOUND, "case #%lld has no image yet", (long long)case_id);
	return error_hint(reterr, "it asks for one when it needs it");
}

/* The file's own faults, in the words that choosing an image has for them. */
static enum status check_file(const char *path, struct stat *ret_about, struct error *reterr)
{
	struct image_file *file;
	enum status status = image_file_open(path, &file, reterr);

	if (status != STATUS_OK)
		return status;
	image_file_free(file);
	return stat(path, ret_about) == 0 ? STATUS_OK : error_set(reterr, STATUS_IO, "cannot open '%s': %s", path, strerror(errno));
}

enum status app_image_open(struct app *app, const char *path, int64_t case_id, unsigned *ret_image_id, struct error *reterr)
{
	char own[1024];
	struct app_image *image = NULL;
	struct stat about;
	enum status status = path ? STATUS_OK : path_of_case(app, case_id, own, sizeof(own), reterr);

	path = path ? path : own;
	if (status == STATUS_OK && strlen(path) >= sizeof(image->view.path))
		status = error_set(reterr, STATUS_INVALID, "the path has more than %zu characters", sizeof(image->view.path) - 1);
	if (status == STATUS_OK)
		status = check_file(path, &about, reterr);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < ARRAY_SIZE(app->image); i++)
		if (app->image[i] && app->image[i]->view.case_id == case_id && text_equal(app->image[i]->view.path, path) &&
		    is_same_file(&app->image[i]->opened, &about) && app->image[i]->view.state <= IMAGE_VIEW_READY)
			image = app->image[i];
	if (image == NULL)
		status = new_image(app, path, case_id, &about, &image, reterr);
	if (status != STATUS_OK)
		return status;
	if (image->view.state == IMAGE_VIEW_READY)
		judge(image);	/* the case may know its device only now */
	image->is_shown = true;
	image->used_ms = loop_now_ms();
	*ret_image_id = image->view.id;
	return STATUS_OK;
}

void app_image_close(struct app *app, unsigned image_id)
{
	struct app_image *image = find_image(app, image_id);

	if (image == NULL)
		return;
	forget_find(image);
	image->is_shown = false;
}

const struct image_view *app_image_view(struct app *app, unsigned image_id)
{
	struct app_image *image = find_image(app, image_id);

	if (image == NULL)
		return NULL;
	if (image->job != NULL) {
		take_map(image);
		progress_set(&image->view.progress, atomic_load(&image->job->done), image->view.size, loop_now_ms() - image->since_ms);
		/* all is read, but it is still being looked at: nobody knows for how long */
		if (image->view.progress.is_finished) {
			image->view.progress.is_finished = false;
			image->view.progress.left_ms = UINT64_MAX;
			image->view.progress.rate = 0;
			text_copy(image->view.progress.label, sizeof(image->view.progress.label), "check");
		}
	}
	if (image->find != NULL)
		image->view.search.offset = atomic_load(&image->find->at);
	return &image->view;
}

enum status app_image_examine(struct app *app, unsigned image_id, bool is_deep, struct error *reterr)
{
	struct app_image *image = find_image(app, image_id);
	struct stat about;
	enum status status;

	if (image == NULL || image->job != NULL)
		return STATUS_OK;
	if (app_is_dangerous(app))
		return error_set(reterr, STATUS_REFUSED, "not while a device is being written");
	status = check_file(image->view.path, &about, reterr);
	if (status != STATUS_OK)
		return status;
	if (!is_same_file(&image->opened, &about)) {
		image->view.sha256[0] = '\0';
		image->view.map.count = 0;
	}
	image->opened = about;
	image->view.size = (uint64_t)about.st_size;
	return begin(image, is_deep, reterr);
}

void app_image_stop(struct app *app, unsigned image_id)
{
	struct app_image *image = find_image(app, image_id);

	if (image != NULL && image->find != NULL) {
		forget_find(image);
	} else if (image != NULL && image->job != NULL) {
		atomic_store(&image->job->cancel, true);
		image->view.is_stopping = true;
	}
}

/* ---- bytes ---- */

enum status app_image_read(struct app *app, unsigned image_id, uint64_t offset, void *to, size_t size, size_t *ret_count, struct error *reterr)
{
	const struct app_image *image = find_image(app, image_id);
	enum status status;
	int fd;

	if (image == NULL)
		return error_set(reterr, STATUS_NOT_FOUND, "the file was closed");
	*ret_count = 0;
	if (offset >= image->view.size)
		return STATUS_OK;
	status = open_same(image->view.path, &image->opened, &fd, reterr);
	if (status != STATUS_OK)
		return status;
	status = read_at(fd, image->view.path, offset, to, size, ret_count, reterr);
	close(fd);
	return status;
}

static void lower(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] >= 'A' && bytes[i] <= 'Z')
			bytes[i] = (uint8_t)(bytes[i] + ('a' - 'A'));
}

/* Blocks overlap by a pattern less one byte, so that none is missed at a border. */
static enum status search(struct image_find_job *job, int fd, uint8_t *block)
{
	size_t overlap = job->pattern_size - 1, count;
	uint64_t at = job->from;

	while (at < job->size && !atomic_load(&job->cancel)) {
		const uint8_t *found;

		if (read_at(fd, job->path, at, block, SEARCH_BLOCK, &count, &job->error) != STATUS_OK)
			return job->error.status;
		if (job->ignores_case)
			lower(block, count);
		found = memmem(block, count, job->pattern, job->pattern_size);
		if (found != NULL) {
			job->is_found = true;
			atomic_store(&job->at, at + (uint64_t)(found - block));
			return STATUS_OK;
		}
		if (count <= overlap)
			break;
		at += count - overlap;
		atomic_store(&job->at, at);
	}
	return STATUS_OK;
}

static void run_find(void *user)
{
	struct image_find_job *job = user;
	uint8_t *block = malloc(SEARCH_BLOCK);
	int fd;

	if (block == NULL) {
		error_set(&job->error, STATUS_NO_MEMORY, "no memory to search '%s'", job->path);
	} else if (open_same(job->path, &job->meant, &fd, &job->error) == STATUS_OK) {
		if (job->ignores_case)
			lower(job->pattern, job->pattern_size);
		search(job, fd, block);
		close(fd);
	}
	free(block);
}

static void find_is_done(void *user)
{
	struct image_find_job *job = user;
	struct app_image *image = job->owner;

	if (image != NULL) {
		struct image_search *to = &image->view.search;

		image->find = NULL;
		to->is_running = false;
		to->finished++;
		to->is_found = job->is_found;
		to->offset = atomic_load(&job->at);
		to->problem = job->error;
		app_changed(image->app);
	}
	free(job);
}

enum status app_image_find(struct app *app, unsigned image_id, uint64_t from, struct bytes pattern, bool ignores_case, struct error *reterr)
{
	struct app_image *image = find_image(app, image_id);
	struct image_find_job *job;

	if (image == NULL || pattern.size == 0 || pattern.size > IMAGE_PATTERN_MAX)
		return error_set(reterr, STATUS_INVALID, "search for 1 to %u bytes", IMAGE_PATTERN_MAX);
	job = calloc(1, sizeof(*job));
	if (job == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to search '%s'", image->view.path);
	forget_find(image);
	job->owner = image;
	job->meant = image->opened;
	job->from = from;
	job->size = image->view.size;
	job->ignores_case = ignores_case;
	job->pattern_size = pattern.size;
	memcpy(job->pattern, pattern.data, pattern.size);
	text_copy(job->path, sizeof(job->path), image->view.path);
	if (loop_work(app->loop, run_find, find_is_done, job) != STATUS_OK) {
		free(job);
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to search '%s'", image->view.path);
	}
	image->find = job;
	image->view.search.is_running = true;
	return STATUS_OK;
}
