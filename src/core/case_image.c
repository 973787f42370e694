/* The image of a case: where it comes from (a file, an archive, an address), where what was fetched or unpacked is kept, and its hash. */
#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/step.h"
#include "src/store/image_cache.h"

enum {
	FOLDERS_MAX = 100,	/* a case that fetches or unpacks more often has another trouble */
	/* What is left of closed cases for the next device of the same kind. */
	CACHE_FILES = 32,
	CACHE_MIB = 2048,
};

/* ---- hashing, beside the loop; outlives a case that is closed meanwhile ---- */

struct digest_work {
	struct live_case *owner;	/* NULL: the case is gone */
	char path[512];
	_Atomic uint64_t done;
	_Atomic bool cancelled;
	struct digest digest;
	enum status status;
	struct error error;
};

static void run_digest(void *user)
{
	struct digest_work *work = user;

	work->status = digest_file(work->path, &work->done, &work->cancelled, &work->digest, &work->error);
}

static void digest_is_done(void *user)
{
	struct digest_work *work = user;
	struct live_case *c = work->owner;

	if (c) {
		c->digest_work = NULL;
		c->has_digest = work->status == STATUS_OK;
		c->digest = work->digest;
		if (!c->has_digest)
			case_problem(c, &work->error);
		app_changed(c->app);
	}
	free(work);
}

static void forget_digest(struct live_case *c)
{
	c->has_digest = false;
	if (c->digest_work) {
		atomic_store(&c->digest_work->cancelled, true);
		c->digest_work->owner = NULL;
		c->digest_work = NULL;
	}
}

void case_forget_image(struct live_case *c)
{
	address_forget(c);
	archive_forget(c);
	forget_digest(c);
	image_file_free(c->image);
	c->image = NULL;
	c->view.image[0] = '\0';
}

enum status case_take_image(struct live_case *c, const char *path, struct error *reterr)
{
	if (address_is_meant(path))
		return address_begin(c, path, reterr);
	return archive_is_meant(c, path) ? archive_begin(c, path, reterr) : case_take_whole_image(c, path, reterr);
}

enum status case_take_whole_image(struct live_case *c, const char *path, struct error *reterr)
{
	struct digest_work *work;
	struct image_file *image;
	char before[512] = "";
	enum status status = image_file_open(path, &image, reterr);

	if (status != STATUS_OK)
		return status;
	case_forget_image(c);
	c->image = image;
	text_copy(c->view.image, sizeof(c->view.image), path);
	/* What failed with another file may well succeed with this one. */
	if (!case_get(c, "image", before, sizeof(before)) || !text_equal(before, path))
		case_set(c, JOURNAL_PROGRAM, "tried", "");
	case_set(c, JOURNAL_OPERATOR, "image", path);
	case_log(c, JOURNAL_OBSERVED, "image", "%.120s: %s, %zu bytes", path, image_file_facts(image)->title, image_file_bytes(image).size);
	work = calloc(1, sizeof(*work));
	if (work == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to check the image");
	work->owner = c;
	text_copy(work->path, sizeof(work->path), path);
	c->digest_work = work;
	return loop_work(c->app->loop, run_digest, digest_is_done, work);
}

/* ---- from elsewhere ---- */

bool image_source_leads(struct live_case *c)
{
	return address_leads(c) || archive_leads(c);
}

bool image_source_is_asking(const struct live_case *c)
{
	return address_is_asking(c) || archive_is_asking(c);
}

enum status image_source_answer(struct live_case *c, const char *text, struct error *reterr)
{
	return address_is_asking(c) ? address_answer(c, text, reterr) : archive_answer(c, text, reterr);
}

void image_source_show_again(struct live_case *c)
{
	if (c->is_running && c->step.ops == &step_check_image) {
		case_clear_page(c);
		step_check_image.start(c);
		loop_timer_set_after(c->timer, 0);
	} else if (!c->is_running && c->phase == GUIDE_DIAGNOSIS) {
		guide_enter(c, GUIDE_DIAGNOSIS);
	}
	app_changed(c->app);
}

/* The name as it was, as far as any file system and any loader takes it. */
static void safe_name(const char *from, char *to, size_t size)
{
	text_copy(to, size, text_file_name(from));
	for (char *at = to; *at; at++)
		if (!isalnum((unsigned char)*at) && (strchr("-_.+", *at) == NULL || (at == to && *at == '.')))
			*at = '-';
	if (to[0] == '\0')
		text_copy(to, size, "image.bin");
}

static enum status make_folder(const char *path, struct error *reterr)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return STATUS_OK;
	error_set(reterr, STATUS_IO, "cannot make the folder '%s': %s", path, strerror(errno));
	return error_hint(reterr, "Check that there is room, and who may write there");
}

enum status case_make_place(struct live_case *c, const char *kind, const char *like, char *ret_path, size_t size, struct error *reterr)
{
	char folder[640], name[160];
	enum status status;

	safe_name(like, name, sizeof(name));
	status = make_folder(text_format(folder, sizeof(folder), "%s/%s", c->app->state_folder, kind), reterr);
	for (unsigned n = 1; status == STATUS_OK && n <= FOLDERS_MAX; n++) {
		text_format(folder, sizeof(folder), "%s/%s/%lld", c->app->state_folder, kind, (long long)c->id);
		if (n > 1)
			text_append(folder, sizeof(folder), "-%u", n);
		status = make_folder(folder, reterr);
		text_format(ret_path, size, "%s/%s", folder, name);
		if (access(ret_path, F_OK) != 0)
			return status;
	}
	return status != STATUS_OK ? status : error_set(reterr, STATUS_NO_SPACE, "'%s' is full of images of this case", c->app->state_folder);
}

bool case_has_own_image(const struct live_case *c)
{
	return image_cache_case_of(c->app->state_folder, c->view.image) > 0;
}

/* For another device of the kind the image of an older case is proposed. */
static bool is_in_use(const struct app *app, int64_t case_id)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++)
		if (app->live[i] != NULL && app->live[i]->phase != GUIDE_CLOSED &&
		    image_cache_case_of(app->state_folder, app->live[i]->view.image) == case_id)
			return true;
	return false;
}

static bool is_over(void *user, int64_t case_id)
{
	struct app *app = user;
	struct case_summary summary;
	struct error error;
	char kept[8];

	return !is_in_use(app, case_id) && casebook_summary(app->book, case_id, &summary, &error) == STATUS_OK && !summary.is_open &&
	       casebook_get(app->book, case_id, "kept", kept, sizeof(kept), &error) != STATUS_OK;
}

void case_close_files(struct live_case *c, bool for_good)
{
	unsigned gone = is_in_use(c->app, c->id) ? 0 : image_cache_drop(c->app->state_folder, c->id, c->view.image);

	if (for_good)
		case_set(c, JOURNAL_OPERATOR, "kept", "image");
	if (gone > 0)
		case_log(c, JOURNAL_PROGRAM, "image", "%u file%s that this case fetched or unpacked went; the hashes are above", gone, gone == 1 ? "" : "s");
	image_cache_shrink(c->app->state_folder, (uint64_t)CACHE_MIB << 20, CACHE_FILES, is_over, c->app);
}

static bool propose_address(struct live_case *c, char *to, size_t size)
{
	if (case_get(c, "address", to, size) && to[0])
		return true;
	for (unsigned i = 0; c->profile && i < c->profile->firmware_count; i++)
		if (c->profile->firmware[i].url) {
			text_copy(to, size, c->profile->firmware[i].url);
			return true;
		}
	return false;
}

void case_propose_image(struct live_case *c, bool fresh)
{
	struct question *question = &c->view.question;
	const char *practice = app_practice_image(c->app);
	struct case_summary cases[SNAPSHOT_CASES_MAX];
	struct error error;
	size_t count = 0;
	bool is_broken = c->image && image_file_facts(c->image)->whole == IMAGE_NO;

	/* A damaged file is fetched again from where it came, or from where the profile says that the vendor has it. */
	if ((is_broken || fresh) && propose_address(c, question->prefill, sizeof(question->prefill)))
		return;
	if (fresh)
		return;
	if (!is_broken && case_get(c, "image", question->prefill, sizeof(question->prefill)) && access(question->prefill, R_OK) == 0)
		return;
	question->prefill[0] = '\0';
	if (practice[0] && text_starts(c->view.device, "practice/")) {
		text_copy(question->prefill, sizeof(question->prefill), practice);
		return;
	}
	if (c->view.device[0] == '\0' || casebook_list(c->app->book, false, cases, SNAPSHOT_CASES_MAX, &count, &error) != STATUS_OK)
		return;
	for (size_t i = 0; i < count; i++) {	/* the newest comes first */
		if (cases[i].id == c->id || !text_equal(cases[i].device, c->view.device))
			continue;
		if (casebook_get(c->app->book, cases[i].id, "image", question->prefill, sizeof(question->prefill), &error) == STATUS_OK &&
		    question->prefill[0] && access(question->prefill, R_OK) == 0)
			return;
		question->prefill[0] = '\0';
	}
}
