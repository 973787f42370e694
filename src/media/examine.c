#include "src/media/examine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/archive.h"
#include "src/media/digest.h"

/* Of an archive's contents, without being asked: unpacking is far slower than hashing. As much as takes about as long as that, but at least
 * the first number of bytes; and up to the second where nothing has told yet for which processor it is. */
static const struct unpack_budget { uint64_t least, part, most; }
	fast_budget = { 1 << 20, 6, 64 << 20 }, slow_budget = { 256 << 10, 64, 16 << 20 };

/* Of a member that unpacks slowly, in the same measure. */
enum { SLOW_START = 2 * 1024 * 1024 };

/* ---- the hash, in a thread of its own ---- */

struct hashing {
	const char *path;
	const struct examine_options *options;
	struct checksum sum;
	enum status status;
	struct error error;
};

static void *run_hashing(void *user)
{
	struct hashing *hashing = user;
	struct digest_stream *stream = digest_stream_new("sha256");

	if (stream == NULL) {
		hashing->status = error_set(&hashing->error, STATUS_NO_MEMORY, "no memory to hash '%s'", hashing->path);
		return NULL;
	}
	hashing->status = digest_stream_file(hashing->path, &stream, 1, hashing->options->progress, hashing->options->cancel, &hashing->error);
	hashing->sum.algorithm = "sha256";
	hashing->sum.size = digest_stream_end(stream, hashing->sum.value, CHECKSUM_SIZE);
	digest_stream_free(stream);
	return NULL;
}

/* ---- what is in an archive ---- */

struct looking {
	struct image_facts *facts;
	const struct image_ops *ops;
	unsigned count;
	uint64_t unpacked, budget, most;	/* bytes */
	bool is_listed;		/* its members lie in the file and have been looked at: only what is in archives among them is new */
	bool is_partial;
};

static bool unpacks_slowly(const char *format)
{
	return image_unpacks_slowly(format) || text_equal(format, "7z") || text_equal(format, "rar");
}

static void set_budget(struct looking *looking, enum image_look look, uint64_t quick_left)
{
	const char *format = looking->facts->format;
	const struct unpack_budget *budget = unpacks_slowly(format) ? &slow_budget : &fast_budget;

	looking->budget = looking->facts->file_size / budget->part;
	if (looking->budget < budget->least && look != IMAGE_LOOK_QUICK)
		looking->budget = budget->least;
	if (look == IMAGE_LOOK_QUICK && looking->budget > quick_left)
		looking->budget = quick_left;
	looking->most = looking->budget > budget->most || look == IMAGE_LOOK_QUICK ? looking->budget : budget->most;
	if (look == IMAGE_LOOK_DEEP)
		looking->budget = looking->most = UINT64_MAX;
}

static uint64_t budget_of(const struct looking *looking)
{
	return looking->facts->arch[0] != '\0' ? looking->budget : looking->most;
}

/* An archive may say any size. */
static void count_cost(struct looking *looking, uint64_t cost)
{
	uint64_t room = UINT64_MAX - looking->unpacked;

	looking->unpacked += cost < room ? cost : room;
}

/* What is behind this member costs its unpacking; a zip has a directory, so that there only heads are unpacked, and in a plain tar the way is
 * as short. */
static bool has_seen_enough(struct looking *looking, const struct archive_member *member)
{
	/* what is in an archive is counted there */
	bool is_skipped_for_free = member->archive_format != NULL || text_equal(looking->facts->format, "zip") ||
				   (looking->is_listed && member->depth == 1);

	count_cost(looking, member->has_size && !is_skipped_for_free ? member->size : member->head.size);
	count_cost(looking, member->head.size);	/* looking at it takes as long */
	looking->is_partial |= looking->unpacked > budget_of(looking);
	return looking->unpacked > budget_of(looking);
}

/* The start of an archive that unpacks slowly takes as long as much of another one. */
static bool may_go_inside(struct looking *looking, const struct archive_member *member)
{
	uint64_t cost = member->archive_format != NULL && unpacks_slowly(member->archive_format) ? SLOW_START : 0;

	if (budget_of(looking) - looking->unpacked < cost) {
		looking->is_partial = true;
		return false;
	}
	count_cost(looking, cost);
	return true;
}

static enum archive_go add_member(void *user, const struct archive_member *member, struct archive_stream *stream)
{
	struct looking *looking = user;
	struct image_facts *facts = looking->facts, of;
	struct image_part *part;

	(void)stream;
	if (member->kind != ARCHIVE_MEMBER_FILE)
		return ARCHIVE_GO_INSIDE;
	looking->count++;
	image_inspect(member->head, member->is_whole_head ? member->head.size : member->has_size ? member->size : UINT64_MAX / 2, looking->ops, &of);
	image_adopt(facts, &of);
	if (facts->part_count == IMAGE_PARTS)
		return has_seen_enough(looking, member) ? ARCHIVE_GO_STOP : may_go_inside(looking, member) ? ARCHIVE_GO_INSIDE : ARCHIVE_GO_ON;
	part = &facts->parts[facts->part_count++];
	*part = (struct image_part){ .size = member->has_size ? member->size : 0, .depth = (uint8_t)member->depth, .is_unpacked = true };
	text_copy(part->name, sizeof(part->name), member->name);
	text_copy(part->format, sizeof(part->format), member->archive_format && text_equal(of.format, "unknown") ? member->archive_format : of.format);
	text_copy(part->arch, sizeof(part->arch), of.arch);
	/* where only its head was seen the rest may be anything; and a text or an empty file may well lie in an archive */
	part->whole = member->is_whole_head && !of.is_no_image ? of.whole : IMAGE_UNKNOWN;
	return has_seen_enough(looking, member) ? ARCHIVE_GO_STOP : may_go_inside(looking, member) ? ARCHIVE_GO_INSIDE : ARCHIVE_GO_ON;
}

/* One packed file, whose contents were looked at: they are its first part, unless there are none. */
static bool is_one_stream(const struct image_facts *facts)
{
	return text_equal(facts->format, facts->compression) &&
	       (facts->part_count > 0 ? facts->parts[0].is_unpacked : facts->whole == IMAGE_YES);
}

/* Each member was looked at, and none that has a row is an archive that holds more. */
static bool is_listed(const struct image_facts *facts)
{
	bool is_zip = text_equal(facts->format, "zip");
	bool is_each = is_zip || text_equal(facts->format, "tar") || text_equal(facts->format, "cpio") || is_one_stream(facts);

	for (unsigned i = 0; i < facts->part_count && is_each; i++) {
		const struct image_part *part = &facts->parts[i];

		/* a member of a zip that is of no known format may be packed in a way that only the library knows */
		is_each = !part->has_more && (!is_zip || part->is_unpacked || facts->whole == IMAGE_YES || !text_equal(part->format, "unknown"));
	}
	return is_each && (facts->part_count > 0 || is_one_stream(facts));
}

/* In a quick look the library's start and what comes out first have to fit into the budget, too. */
static bool is_worth_a_walk(const struct looking *looking)
{
	uint64_t least = 1 << 20;

	/* what is left there was not even begun */
	if (looking->facts->has_unlisted_archive)
		least = 96 << 10;
	else if (unpacks_slowly(looking->facts->format) && !text_equal(looking->facts->format, "bzip2"))
		least = 112 << 10;
	return looking->budget >= least;
}

static void look_into_archive(struct image_file *file, const struct examine_options *options, struct image_facts *facts)
{
	struct bytes bytes = image_file_bytes(file);
	const char *archive = archive_recognize(bytes.size > ARCHIVE_HEAD_MAX ? (struct bytes){ bytes.data, ARCHIVE_HEAD_MAX } : bytes);
	struct archive_limits limits = *archive_default_limits();
	struct archive_source source = { .file = file, .cancel = options->cancel };
	const struct image_ops ops = image_file_member_ops(file);
	struct looking looking = { .facts = facts, .ops = &ops, .is_listed = is_listed(facts) };
	unsigned before = facts->part_count;
	struct error error;
	enum status status;

	/* what follows on a flash is no damage of the archive that it begins with */
	if (archive == NULL || facts->is_flash_image || (!facts->is_carrier && !text_equal(facts->format, "unknown")))
		return;
	/* a walk finds nothing more, unless there were more members than rows */
	if (looking.is_listed && !facts->has_unlisted_archive)
		return;
	set_budget(&looking, options->look, image_file_unpack_left(file));
	if (options->look == IMAGE_LOOK_QUICK && !is_worth_a_walk(&looking)) {
		facts->needs_deep_look = true;
		return;
	}
	limits.checked = looking.is_listed ? 0 : looking.budget;	/* checked they are, as far as they can be */
	facts->part_count = looking.is_listed ? before : 0;
	status = archive_walk(&source, &limits, add_member, &looking, &error);
	if (looking.count == 0)
		facts->part_count = before;	/* what the pure parser saw is better than nothing */
	if (status == STATUS_INVALID && facts->whole != IMAGE_NO)
		image_note_damage(facts, 0, error.text);
	else if (status != STATUS_OK && facts->warning[0] == '\0')
		text_copy(facts->warning, sizeof(facts->warning), error.text);
	facts->needs_deep_look |= looking.is_partial;
	if (looking.is_partial && facts->warning[0] == '\0')
		text_copy(facts->warning, sizeof(facts->warning), "not all that is in it was looked at: only a deep look unpacks it all");
}

/* ---- all of it ---- */

static enum status examine_empty(struct examination *result)
{
	text_copy(result->sha256, sizeof(result->sha256), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	image_inspect((struct bytes){ NULL, 0 }, 0, NULL, &result->facts);
	return STATUS_OK;
}

enum status examine_file(const char *path, const struct examine_options *options, struct examination *ret_examination, struct error *reterr)
{
	struct hashing hashing = { .path = path, .options = options };
	struct image_file *file;
	struct stat about;
	pthread_t thread;
	enum status status;
	bool has_thread;

	*ret_examination = (struct examination){ .look = options->look };
	if (stat(path, &about) == 0 && S_ISREG(about.st_mode) && about.st_size == 0)
		return examine_empty(ret_examination);
	status = image_file_open(path, &file, reterr);
	if (status != STATUS_OK)
		return status;
	ret_examination->size = image_file_bytes(file).size;
	has_thread = pthread_create(&thread, NULL, run_hashing, &hashing) == 0;
	image_file_inspect(file, options->look, options->cancel);
	ret_examination->facts = *image_file_facts(file);
	look_into_archive(file, options, &ret_examination->facts);
	if (has_thread)
		pthread_join(thread, NULL);
	else
		run_hashing(&hashing);
	image_file_free(file);
	if (hashing.status != STATUS_OK) {
		*reterr = hashing.error;
		return hashing.status;
	}
	/* what was unpacked only in part would be told as if nothing more could be known */
	if (options->cancel != NULL && atomic_load(options->cancel))
		return error_set(reterr, STATUS_CANCELLED, "looking at '%s' was stopped", path);
	checksum_hex(&hashing.sum, ret_examination->sha256);
	return STATUS_OK;
}
