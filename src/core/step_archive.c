/* The image comes inside an archive: which member it is, and its way into the case's own folder. Looking and unpacking run beside the loop.
 * The journal says which member of which archive it was, both with their SHA-256; what comes after works on the unpacked file. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/step.h"
#include "src/media/archive_choose.h"

enum {
	LOOK_MS = 200,
	WISH_FILES = 16,
	WISH_MODELS = 8,
	WISH_TEXT = 80,
};

/* The archive itself is the image: some devices unpack it on their own. */
#define WHOLE "."

enum archive_state { ARCHIVE_LOOKING, ARCHIVE_ASKING, ARCHIVE_UNPACKING };

/* What both sides need; the worker's part is its own until it is done. Outlives a case that is closed meanwhile. */
struct archive_work {
	struct live_case *owner;	/* NULL: the case is gone, or has another image */
	struct loop_timer *timer;
	enum archive_state state;
	bool is_working, is_shown;
	bool is_package;		/* a vendor's own, made as an archive: the device takes it as it is */
	uint64_t since_ms;
	char path[512];
	char file[WISH_FILES][WISH_TEXT], model[WISH_MODELS][WISH_TEXT], arch[16];
	size_t file_count, model_count;
	char key[ARCHIVE_KEY_MAX], to_path[1024];
	_Atomic uint64_t progress;
	atomic_bool cancel;
	uint64_t size;
	struct digest digest, member_digest;
	struct archive_choice choice;
	enum status status;
	struct error error;
};

/* ---- in the worker ---- */

static void run_look(void *user)
{
	struct archive_work *work = user;
	const char *files[WISH_FILES], *models[WISH_MODELS];
	struct archive_wish wish = { .arch = work->arch, .files = files, .file_count = work->file_count, .models = models, .model_count = work->model_count };
	struct archive_source source = { .progress = &work->progress, .cancel = &work->cancel };
	struct image_file *file;

	for (size_t i = 0; i < work->file_count; i++)
		files[i] = work->file[i];
	for (size_t i = 0; i < work->model_count; i++)
		models[i] = work->model[i];
	work->status = image_file_open(work->path, &file, &work->error);
	if (work->status != STATUS_OK)
		return;
	work->status = digest_file(work->path, NULL, &work->cancel, &work->digest, &work->error);
	if (work->status == STATUS_OK) {
		const struct image_facts *facts = image_file_facts(file);

		work->is_package = !facts->is_carrier && !text_equal(facts->format, "unknown");
	}
	if (work->status == STATUS_OK && !work->is_package) {
		source.file = file;
		work->status = archive_choose(&source, NULL, &wish, &work->choice, &work->error);
	}
	image_file_free(file);
}

static void run_unpack(void *user)
{
	struct archive_work *work = user;
	struct archive_source source = { .progress = &work->progress, .cancel = &work->cancel };
	struct image_file *file;

	work->status = image_file_open(work->path, &file, &work->error);
	if (work->status != STATUS_OK)
		return;
	source.file = file;
	work->status = archive_extract(&source, NULL, work->key, work->to_path, NULL, &work->error);
	if (work->status == STATUS_OK)
		work->status = digest_file(work->to_path, NULL, &work->cancel, &work->member_digest, &work->error);
	image_file_free(file);
}

/* ---- life ---- */

static void work_free(struct archive_work *work)
{
	loop_timer_free(work->timer);
	free(work);
}

void archive_forget(struct live_case *c)
{
	struct archive_work *work = c->archive;

	if (work == NULL)
		return;
	c->archive = NULL;
	work->owner = NULL;
	atomic_store(&work->cancel, true);
	loop_timer_free(work->timer);
	work->timer = NULL;
	if (!work->is_working)
		free(work);
}

static void on_time(void *user)
{
	struct archive_work *work = user;

	if (!work->is_working)
		return;
	if (work->is_shown)
		case_progress(work->owner, work->state == ARCHIVE_LOOKING ? "look" : "unpack", atomic_load(&work->progress), work->size, work->since_ms);
	loop_timer_set_after(work->timer, LOOK_MS);
}

static enum status start_work(struct live_case *c, enum archive_state state, void (*run)(void *user), void (*done)(void *user))
{
	struct archive_work *work = c->archive;
	enum status status;

	work->state = state;
	work->is_working = true;
	work->since_ms = loop_now_ms();
	atomic_store(&work->progress, 0);
	status = loop_work(c->app->loop, run, done, work);
	work->is_working = status == STATUS_OK;
	loop_timer_set_after(work->timer, LOOK_MS);
	return status;
}

/* ---- what the profile says ---- */

static void wish_for(struct archive_work *work, const char *file, const char *model)
{
	if (file && file[0] && work->file_count < WISH_FILES)
		text_copy(work->file[work->file_count++], WISH_TEXT, file);
	if (model && model[0] && work->model_count < WISH_MODELS)
		text_copy(work->model[work->model_count++], WISH_TEXT, model);
}

static void make_wish(struct archive_work *work, const struct profile *profile)
{
	if (profile == NULL)
		return;
	text_copy(work->arch, sizeof(work->arch), profile->arch ? profile->arch : "");
	wish_for(work, NULL, profile->model);
	for (unsigned i = 0; i < profile->aliases.count; i++)
		wish_for(work, NULL, profile->aliases.item[i]);
	for (unsigned i = 0; i < profile->firmware_count; i++)
		wish_for(work, profile->firmware[i].file, NULL);
	for (unsigned i = 0; i < profile->method_count; i++)
		for (unsigned k = 0; k < profile->methods[i].with_count; k++)
			if (text_equal(profile->methods[i].with[k].name, "file"))
				wish_for(work, profile->methods[i].with[k].value, NULL);
}

/* The vendor's own list may have the archive: then it is that, or it is not what it is called. */
static enum status compare_published(struct live_case *c, struct error *reterr)
{
	const struct archive_work *work = c->archive;
	const struct profile_firmware *same_name = NULL;

	for (unsigned i = 0; c->profile && i < c->profile->firmware_count; i++) {
		const struct profile_firmware *firmware = &c->profile->firmware[i];

		if (firmware->sha256 == NULL)
			continue;
		if (text_equal(firmware->sha256, work->digest.sha256)) {
			case_log(c, JOURNAL_OBSERVED, "archive", "the archive is the vendor's, version %s: its SHA-256 is the published one",
				 firmware->version ? firmware->version : "?");
			return STATUS_OK;
		}
		if (text_equal(firmware->file, text_file_name(work->path)))
			same_name = firmware;
	}
	if (same_name == NULL)
		return STATUS_OK;
	error_set(reterr, STATUS_REFUSED, "'%.120s' is not the file that the vendor published: its SHA-256 differs", text_file_name(work->path));
	return error_hint(reterr, "Fetch it again, without resuming the old download");
}

/* ---- into the case's folder ---- */

static void ask(struct live_case *c, const struct error *problem)
{
	c->archive->state = ARCHIVE_ASKING;
	if (problem) {
		case_problem(c, problem);
		case_log(c, JOURNAL_OBSERVED, "error", "%s", problem->text);
	}
	image_source_show_again(c);
}

static void unpack_is_done(void *user)
{
	struct archive_work *work = user;
	struct live_case *c = work->owner;
	char path[sizeof(work->to_path)];
	struct error error;

	work->is_working = false;
	if (c == NULL) {
		work_free(work);
		return;
	}
	if (work->status != STATUS_OK) {
		ask(c, &work->error);
		return;
	}
	case_log(c, JOURNAL_OBSERVED, "image", "member '%.100s' of the archive '%.100s'", work->key, text_file_name(work->path));
	case_log(c, JOURNAL_OBSERVED, "archive", "SHA-256 %s: the archive", work->digest.sha256);
	case_log(c, JOURNAL_OBSERVED, "image", "SHA-256 %s: the member, unpacked to %.200s", work->member_digest.sha256, work->to_path);
	case_problem(c, NULL);
	text_copy(path, sizeof(path), work->to_path);
	if (case_take_whole_image(c, path, &error) != STATUS_OK) {
		case_problem(c, &error);
		archive_forget(c);
	}
	image_source_show_again(c);
}

static enum status unpack(struct live_case *c, enum journal_by by, const char *key, struct error *reterr)
{
	struct archive_work *work = c->archive;
	char wanted[ARCHIVE_KEY_MAX];
	enum status status;

	text_copy(wanted, sizeof(wanted), key);
	text_copy(work->key, sizeof(work->key), wanted);
	status = case_make_place(c, "images", work->key, work->to_path, sizeof(work->to_path), reterr);
	if (status == STATUS_OK) {
		case_set(c, by, "member", wanted);
		status = start_work(c, ARCHIVE_UNPACKING, run_unpack, unpack_is_done);
	}
	return status;
}

/* ---- the choice ---- */

static void take_whole(struct live_case *c)
{
	char path[sizeof(c->archive->path)];
	struct error error;

	text_copy(path, sizeof(path), c->archive->path);
	if (case_take_whole_image(c, path, &error) != STATUS_OK) {
		archive_forget(c);
		case_problem(c, &error);
	}
	image_source_show_again(c);
}

static void look_is_done(void *user)
{
	struct archive_work *work = user;
	struct live_case *c = work->owner;
	const struct archive_candidate *meant;
	char member[ARCHIVE_KEY_MAX], path[sizeof(work->path)];
	struct error error;
	enum status status = STATUS_OK;

	work->is_working = false;
	if (c == NULL) {
		work_free(work);
		return;
	}
	if (work->status == STATUS_OK && work->is_package) {
		text_copy(path, sizeof(path), work->path);
		if (case_take_whole_image(c, path, &error) != STATUS_OK) {
			case_problem(c, &error);
			archive_forget(c);
		}
		image_source_show_again(c);
		return;
	}
	case_log(c, JOURNAL_OBSERVED, "archive", "%.120s: %u members, %u may be the firmware", text_file_name(work->path), work->choice.files, work->choice.count);
	if ((work->status != STATUS_OK && work->status != STATUS_UNSUPPORTED) || compare_published(c, &work->error) != STATUS_OK) {
		/* What is in a damaged archive, or in one that is not what it is called, is not offered. */
		work->choice.count = 0;
		ask(c, &work->error);
		return;
	}
	if (case_get(c, "member", member, sizeof(member)) && text_equal(member, WHOLE)) {
		take_whole(c);
		return;
	}
	if (member[0]) {
		meant = archive_choice_find(&work->choice, member);
		status = unpack(c, JOURNAL_OPERATOR, meant ? meant->key : member, &error);
	} else if (work->choice.is_clear) {
		status = unpack(c, JOURNAL_PROGRAM, work->choice.candidate[0].key, &error);
	} else {
		ask(c, work->status != STATUS_OK ? &work->error : NULL);
		return;
	}
	if (status != STATUS_OK)
		ask(c, &error);
	else
		image_source_show_again(c);
}

static void show_choices(struct live_case *c)
{
	const struct archive_choice *choice = &c->archive->choice;
	char id[24], text[sizeof(c->view.question.choice[0].text)], detail[120], size[32];

	case_say(c, "%.100s is an archive.", text_file_name(c->archive->path));
	if (choice->encrypted)
		case_say(c, "%u of its %u members are encrypted and cannot be looked at.", choice->encrypted, choice->files);
	if (choice->dropped)
		case_say(c, "%u more members could be meant as well; only the likeliest are listed.", choice->dropped);
	case_ask(c, QUESTION_CHOOSE, "%s", choice->count ? "Which of them is the firmware?" : "Nothing in it can be taken as the firmware. What now?")->topic = "member";
	for (unsigned i = 0; i < choice->count; i++) {
		const struct archive_candidate *candidate = &choice->candidate[i];
		size_t length = strlen(candidate->key);
		const char *end = length < sizeof(text) ? candidate->key : candidate->key + length - (sizeof(text) - 4);

		text_format(id, sizeof(id), "member:%u", i);
		text_format(text, sizeof(text), "%s%s", end == candidate->key ? "" : "...", end);
		text_format(detail, sizeof(detail), "%s%s%.90s%s", candidate->has_size ? text_size(size, sizeof(size), candidate->size) : "", candidate->has_size ? ", " : "",
			    candidate->about, candidate->is_misfit ? ": not for this device" : "");
		case_choice(c, id, i < 9 ? (int)('1' + i) : 0, text, detail);
		c->view.question.choice[c->view.question.choice_count - 1].is_dangerous = candidate->is_misfit;
	}
	case_choice(c, "whole", 'w', "The archive itself, as it is", "only where the device unpacks it on its own");
	c->view.question.choice[c->view.question.choice_count - 1].is_dangerous = true;
	case_choice(c, "other", 'f', "Another file", "");
	if (choice->count == 0)
		c->view.question.preferred = 1;
}

bool archive_leads(struct live_case *c)
{
	if (c->archive == NULL)
		return false;
	c->archive->is_shown = true;
	if (c->archive->state == ARCHIVE_ASKING)
		show_choices(c);
	else
		case_say(c, c->archive->state == ARCHIVE_LOOKING ? "Looking into the archive %.100s" : "Unpacking the firmware from %.100s",
			 text_file_name(c->archive->path));
	return true;
}

bool archive_is_asking(const struct live_case *c)
{
	return c->archive && c->archive->state == ARCHIVE_ASKING;
}

enum status archive_answer(struct live_case *c, const char *text, struct error *reterr)
{
	struct archive_work *work = c->archive;
	enum status status = STATUS_OK;

	case_problem(c, NULL);
	if (text_starts(text, "member:")) {
		unsigned index = (unsigned)strtoul(text + 7, NULL, 10);

		if (index >= work->choice.count)
			return error_set(reterr, STATUS_INVALID, "there is no such member");
		status = unpack(c, JOURNAL_OPERATOR, work->choice.candidate[index].key, reterr);
	} else if (text_equal(text, "whole")) {
		case_set(c, JOURNAL_OPERATOR, "member", WHOLE);
		take_whole(c);
		return STATUS_OK;
	} else {
		case_set(c, JOURNAL_OPERATOR, "member", "");
		archive_forget(c);
	}
	if (status == STATUS_OK)
		image_source_show_again(c);
	return status;
}

/* ---- the beginning ---- */

/* A file that cannot be read is no archive here: who opens it next says why. */
static bool is_archive(const char *path, uint64_t *ret_size)
{
	uint8_t head[512];
	struct image_file *file;
	struct error error;
	size_t size;
	bool is_one;

	if (image_file_open(path, &file, &error) != STATUS_OK)
		return false;
	*ret_size = image_file_bytes(file).size;
	size = *ret_size < sizeof(head) ? (size_t)*ret_size : sizeof(head);
	is_one = image_file_read(file, 0, head, size, &error) == STATUS_OK && archive_recognize(bytes_of(head, size)) != NULL;
	image_file_free(file);
	return is_one;
}

/* The journal has paths that are good from any folder. */
static const char *full_path(const char *path, char to[PATH_MAX])
{
	return realpath(path, to) ? to : path;
}

bool archive_is_meant(struct live_case *c, const char *path)
{
	char folder[sizeof(c->app->state_folder) + 16], archive[512], member[ARCHIVE_KEY_MAX], full[PATH_MAX];
	uint64_t size;

	/* What was chosen and unpacked is the image, whatever it is. */
	text_format(folder, sizeof(folder), "%s/images/", c->app->state_folder);
	if (text_starts(path, folder) || !is_archive(path, &size))
		return false;
	case_get(c, "archive", archive, sizeof(archive));
	case_get(c, "member", member, sizeof(member));
	if (archive[0] && !text_equal(archive, full_path(path, full)))
		return true;	/* the member was chosen in another one */
	return !text_equal(member, WHOLE);
}

enum status archive_begin(struct live_case *c, const char *path, struct error *reterr)
{
	char before[512], full[PATH_MAX];
	struct archive_work *work;
	enum status status;

	path = full_path(path, full);
	if (strlen(path) >= sizeof(work->path))
		return error_set(reterr, STATUS_INVALID, "the path of the archive is too long: '%.100s...'", path);
	case_forget_image(c);
	work = calloc(1, sizeof(*work));
	if (work == NULL || (work->timer = loop_timer_new(c->app->loop, on_time, work)) == NULL) {
		free(work);
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to look into the archive");
	}
	work->owner = c;
	text_copy(work->path, sizeof(work->path), path);
	is_archive(path, &work->size);
	make_wish(work, c->profile);
	c->archive = work;
	if (case_get(c, "archive", before, sizeof(before)) && before[0] && !text_equal(before, path))
		case_set(c, JOURNAL_PROGRAM, "member", "");
	case_set(c, JOURNAL_OPERATOR, "archive", path);
	case_set(c, JOURNAL_OPERATOR, "image", path);
	status = start_work(c, ARCHIVE_LOOKING, run_look, look_is_done);
	if (status != STATUS_OK) {
		archive_forget(c);
		return error_set(reterr, status, "cannot look into the archive '%s'", path);
	}
	return STATUS_OK;
}
