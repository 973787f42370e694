/* recovery/diagnosis/course_rules.c
 *
 * To add a rule: write the question as a small function, add a row to the table at the end. A rule may look at marks of
 * the course (course.h), at facts and at evidence; never at the text of a line: that is a sign's work. */
#include "recovery/diagnosis/course_rules.h"

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	STRONG = 75,		/* a sign of this weight names its cause by itself */
	CLEAR = 50,		/* from this weight on a message speaks of more than a search */
	READ_ERROR = 55,	/* a disk or flash said that it cannot be read */
	FLASH_CLUE = 40,	/* a read error of this weight matters, whatever was being read */
	SAVING_LINES = 10,	/* that a save of the environment prints at most */
	LONG_RUN_LINES = 400,	/* after its start, a system that says so much does run */
	GOES_ON_LINES = 100,	/* after it, a system that says so much did not wait for the network */
	MERE_WORDS = 20,	/* below this weight a message only sounds bad */
	MERE_NOISE = 17,	/* below this one it does so only where a tool or an updater speaks */
	AFTERMATH_LINES = 3,	/* that an update program says after its own report of success, while it leaves */
};

/* A program that has reported success and began nothing after that only takes its leave: the device is already
 * restarting under it. */
static bool is_aftermath(const struct course *course, const struct evidence_entry *entry)
{
	return course->updated != 0 && entry->evidence.weight < STRONG && entry->last_line > course->updated &&
	       entry->last_line - course->updated <= AFTERMATH_LINES && course->began < course->updated;
}

/* A chip that waits in its boot ROM on purpose: a tool has then given it a loader, or written its flash. */
static bool was_then_written(const struct course *course, const struct evidence_entry *entry)
{
	return entry->evidence.cause == CAUSE_BOOTLOADER_GONE && course->written > entry->last_line;
}

/* Speaks of the network, or of what a broken transfer may leave behind. */
static bool is_of_network(const struct evidence_entry *entry)
{
	return entry->evidence.cause == CAUSE_NETWORK ||
	       (entry->evidence.sign != NULL && entry->evidence.sign->cause == CAUSE_NETWORK);
}

/* A system that came up, or whose init runs, or that goes on for long, without an update and without anybody asking it
 * for one, may well live without a server. */
static bool is_mere_complaint(const struct course *course, const struct evidence_entry *entry)
{
	bool is_running = course->has_booted && ((course->came_up >= course->start_line && course->came_up != 0) ||
						 (entry->evidence.seen >= STAGE_INIT && entry->evidence.seen <= STAGE_LOGIN) ||
						 course->line - course->start_line >= LONG_RUN_LINES ||
						 course->line - entry->last_line >= GOES_ON_LINES);
	bool is_noted = course_is_journal(course) && entry->evidence.weight < CLEAR;

	bool is_before = course->has_booted && entry->last_line < course->start_line;

	return is_of_network(entry) && (is_running || is_before || is_noted) && course->typed < course->start_line &&
	       course->began < course->start_line && course->reached[STAGE_UPDATER] < course->start_line;
}

/* Before it counts down a loader looks for cards, update files, a logo: what it misses there it does without. What the
 * boot command misses comes after. */
static bool was_before_countdown(const struct course *course, const struct evidence_entry *entry)
{
	const struct evidence *evidence = &entry->evidence;

	return entry->last_line >= course->start_line && entry->last_line < course->countdown &&
	       evidence->weight < STRONG &&
	       (evidence->cause != CAUSE_FLASH_WEAR || evidence->weight < FLASH_CLUE);
}

/* A loader that looks through its media misses something on each before the one that has its boot script. */
static bool was_before_script(const struct course *course, const struct evidence_entry *entry)
{
	const struct sign *sign = entry->evidence.sign;

	return sign != NULL && sign->cause == CAUSE_BAD_ENV && sign->weight < CLEAR &&
	       entry->last_line >= course->start_line && entry->last_line < course->script;
}

/* The stage that the complaint belongs to. The words of an updater, and those that any program may use, mean a step of the
 * start where a loader or a kernel prints them on its way. */
static enum boot_stage stage_of(const struct evidence_entry *entry)
{
	const struct sign *sign = entry->evidence.sign;
	enum boot_stage seen = entry->evidence.seen;

	if (sign == NULL)
		return STAGE_ANY;
	if ((sign->stage == STAGE_UPDATER || sign->is_general) && seen >= STAGE_ROM && seen <= STAGE_ROOT_MOUNT)
		return seen;
	return sign->stage;
}

/* A system that goes on to say so much does live with what its kernel or its start scripts found on the way. */
static bool was_lived_with(const struct course *course, const struct evidence_entry *entry, enum boot_stage stage)
{
	return stage >= STAGE_KERNEL && stage <= STAGE_INIT && course->has_booted &&
	       course->furthest >= STAGE_ROOT_MOUNT && entry->evidence.weight < CLEAR &&
	       entry->last_line >= course->start_line && course->line - entry->last_line >= LONG_RUN_LINES;
}

/* What sounds bad among the words of a running system's drivers and services, or of loaders that look for what is not
 * there. */
static bool is_small_talk(const struct evidence_entry *entry)
{
	const struct evidence *evidence = &entry->evidence;

	if (evidence->sign == NULL || !evidence->sign->is_general || evidence->weight >= MERE_WORDS)
		return false;
	return evidence->seen <= STAGE_LOGIN &&
	       (evidence->seen >= STAGE_KERNEL || (evidence->seen >= STAGE_ROM && evidence->weight < MERE_NOISE));
}

bool situation_is_overcome(const struct situation *now, const struct evidence_entry *entry)
{
	const struct course *course = now->course;
	enum boot_stage stage = stage_of(entry), meant = entry->evidence.sign ? entry->evidence.sign->stage : STAGE_ANY;

	if (entry->evidence.source != EVIDENCE_LINE)
		return false;
	if (course_is_diary(course) && (is_of_network(entry) || entry->evidence.weight < STRONG))
		return true;
	if (is_small_talk(entry) ||
	    ((meant == STAGE_UPDATER || meant == STAGE_ANY) && is_mere_complaint(course, entry)))
		return true;
	if (stage == STAGE_UPDATER)
		return course->updated > entry->last_line || is_aftermath(course, entry) || was_then_written(course, entry);
	if (entry->evidence.cause == CAUSE_NETWORK && stage <= STAGE_LOADER && course->loaded > entry->last_line)
		return true;
	if (stage == STAGE_APPLICATION || stage == STAGE_LOGIN)
		return false;
	if ((stage == STAGE_FIRST_LOADER || stage == STAGE_LOADER) &&
	    (was_before_countdown(course, entry) || was_before_script(course, entry)))
		return true;
	if (course->came_up > entry->last_line || was_lived_with(course, entry, stage))
		return true;
	/* around an emergency shell services start and stop: only a login shows that init went on */
	for (unsigned later = stage == STAGE_INIT ? STAGE_LOGIN : stage + 1u; stage != STAGE_ANY && later <= STAGE_LOGIN;
	     later++)
		if (course->reached[later] > entry->last_line)
			return true;
	return false;
}

/* The last entry for the cause that is not overcome and at least so strong, or NULL. */
static const struct evidence_entry *standing(const struct situation *now, enum cause cause, int weight)
{
	const struct evidence_entry *found = NULL;

	for (size_t i = 0; i < now->book->count; i++) {
		const struct evidence_entry *entry = &now->book->entry[i];

		if (entry->evidence.cause == cause && entry->evidence.weight >= weight &&
		    (found == NULL || entry->last_line > found->last_line) && !situation_is_overcome(now, entry))
			found = entry;
	}
	return found;
}

static bool fact_is(const struct course *course, const char *name, const char *value, unsigned *ret_line)
{
	const struct diagnosis_fact *fact = course_fact(course, name);

	if (fact == NULL || !text_equal(fact->value, value))
		return false;
	*ret_line = fact->line;
	return true;
}

static bool write_was_cut(const struct situation *now, unsigned *ret_line)
{
	const struct course *course = now->course;

	*ret_line = course->cut_write.line;
	return *ret_line != 0 && course->came_up < *ret_line && course->written < *ret_line;
}

static bool capture_ends_in_write(const struct situation *now, unsigned *ret_line)
{
	*ret_line = now->course->writing.line;
	return now->course->is_ended && *ret_line != 0 && *ret_line + 3 >= now->course->line;
}

/* A mark counts when the image that it is about was then found damaged. */
static bool mark_was_fatal(const struct situation *now, const struct course_mark *mark, unsigned *ret_line)
{
	const struct evidence_entry *damaged = standing(now, CAUSE_CHECKSUM, 1);

	*ret_line = mark->line;
	return mark->line != 0 && damaged != NULL && damaged->last_line >= mark->line;
}

static bool flash_read_was_short(const struct situation *now, unsigned *ret_line)
{
	return mark_was_fatal(now, &now->course->short_read, ret_line);
}

static bool file_was_short(const struct situation *now, unsigned *ret_line)
{
	return mark_was_fatal(now, &now->course->short_file, ret_line);
}

static bool read_was_tiny(const struct situation *now, unsigned *ret_line)
{
	return mark_was_fatal(now, &now->course->tiny_read, ret_line);
}

static bool image_is_for_another_cpu(const struct situation *now, unsigned *ret_line)
{
	const struct course *course = now->course;
	const struct diagnosis_fact *image = course_fact(course, "image-arch"), *seen = course_fact(course, "arch");
	const char *made_for = image ? course_arch_family(image->value) : NULL;
	const char *cpu = course->expected_arch[0] != '\0' ? course_arch_family(course->expected_arch)
			: seen != NULL ? course_arch_family(seen->value) : NULL;

	if (made_for == NULL || cpu == NULL || strcmp(made_for, cpu) == 0)
		return false;
	/* some messages of loaders are common to both kinds of ARM */
	if (strcmp(cpu, "any-arm") == 0 && strncmp(made_for, "arm", 3) == 0)
		return false;
	*ret_line = image->line;
	return course->reached[STAGE_KERNEL] < image->line;
}

static bool environment_is_lost(const struct situation *now, unsigned *ret_line)
{
	const struct course *course = now->course;
	const struct evidence_entry *network = standing(now, CAUSE_NETWORK, 1);
	unsigned nothing = 0;

	if (!fact_is(course, "env", "default", ret_line) || *ret_line < course->start_line)
		return false;
	if (course->typed > *ret_line || course->reached[STAGE_KERNEL_UNPACK] > *ret_line ||
	    course->reached[STAGE_KERNEL] > *ret_line)
		return false;
	(void)fact_is(course, "bootable", "none", &nothing);
	return nothing > *ret_line || (network != NULL && network->last_line > *ret_line);
}

/* A boot script with a word that is no command; what the operator mistypes is not noted (course.c). */
static bool script_is_broken(const struct situation *now, unsigned *ret_line)
{
	const struct course *course = now->course;

	return fact_is(course, "script", "unknown-command", ret_line) && *ret_line >= course->start_line &&
	       course->reached[STAGE_KERNEL] < *ret_line;
}

static bool environment_cannot_be_saved(const struct situation *now, unsigned *ret_line)
{
	const struct evidence_entry *write = standing(now, CAUSE_FLASH_WEAR, 1);
	unsigned saving;

	if (!fact_is(now->course, "env-save", "begun", &saving) || write == NULL)
		return false;
	*ret_line = write->last_line;
	return write->last_line >= saving && write->last_line - saving <= SAVING_LINES;
}

static bool fetch_failed_last(const struct situation *now, unsigned *ret_line)
{
	static const enum cause others[] = {
		CAUSE_CHECKSUM, CAUSE_POWER, CAUSE_BAD_ENV, CAUSE_WRONG_HARDWARE, CAUSE_SPACE,
	};
	const struct evidence_entry *network = standing(now, CAUSE_NETWORK, 40);
	const struct course *course = now->course;

	if (network == NULL || course->typed == 0 || course->typed > network->last_line ||
	    course->typed < course->start_line)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		const struct evidence_entry *entry = standing(now, others[i], 1);

		if (entry != NULL && entry->last_line > network->last_line)
			return false;
	}
	*ret_line = network->last_line;
	return true;
}

static bool root_fails_after_fallback(const struct situation *now, unsigned *ret_line)
{
	const struct evidence_entry *root = standing(now, CAUSE_NO_ROOTFS, 40);

	return fact_is(now->course, "bootcount", "exceeded", ret_line) && root != NULL && root->last_line > *ret_line;
}

static bool loops_before_loader(const struct situation *now, unsigned *ret_line)
{
	*ret_line = now->course->start_line;
	return now->is_looping && now->course->reached[STAGE_LOADER] == 0 && now->course->reached[STAGE_KERNEL] == 0;
}

static bool loops_without_reason(const struct situation *now, unsigned *ret_line)
{
	*ret_line = now->course->start_line;
	if (!now->is_looping || loops_before_loader(now, ret_line))
		return false;
	for (size_t i = 0; i < now->book->count; i++)
		if (now->book->entry[i].evidence.weight >= 40 && !situation_is_overcome(now, &now->book->entry[i]))
			return false;
	return true;
}

static bool strong(const struct situation *now, enum cause cause, unsigned *ret_line)
{
	const struct evidence_entry *entry = standing(now, cause, STRONG);

	*ret_line = entry ? entry->evidence.line : 0;
	return entry != NULL;
}

/* A first stage that tried every medium tells what each lacked; none of that is a fault of its own. */
static bool no_loader_was_found(const struct situation *now, unsigned *ret_line)
{
	unsigned other;

	return !strong(now, CAUSE_FLASH_WEAR, &other) && !strong(now, CAUSE_SIGNATURE, &other) &&
	       !strong(now, CAUSE_WRONG_HARDWARE, &other) && strong(now, CAUSE_BOOTLOADER_GONE, ret_line);
}

/* A stage before the loader that stops for good has found nothing that it could start: a loader would have told its
 * name. */
static bool first_stage_gave_up(const struct situation *now, unsigned *ret_line)
{
	const struct course *course = now->course;
	unsigned other;

	return fact_is(course, "gave-up", "yes", ret_line) && *ret_line >= course->start_line &&
	       (course->furthest == STAGE_ROM || course->furthest == STAGE_FIRST_LOADER) &&
	       !strong(now, CAUSE_FLASH_WEAR, &other);
}

static bool signature_was_refused(const struct situation *now, unsigned *ret_line)
{
	return strong(now, CAUSE_SIGNATURE, ret_line);
}

static bool hardware_was_refused(const struct situation *now, unsigned *ret_line)
{
	return strong(now, CAUSE_WRONG_HARDWARE, ret_line);
}

static bool flash_fails(const struct situation *now, unsigned *ret_line)
{
	return strong(now, CAUSE_FLASH_WEAR, ret_line);
}

/* A read error that does not name its cause by itself, and then the root file system on that medium. */
static bool root_is_unreadable(const struct situation *now, unsigned *ret_line)
{
	const struct evidence_entry *flash = standing(now, CAUSE_FLASH_WEAR, READ_ERROR);
	const struct evidence_entry *root = standing(now, CAUSE_NO_ROOTFS, 1), *env = standing(now, CAUSE_BAD_ENV, 1);

	*ret_line = flash ? flash->evidence.line : 0;
	return flash != NULL && ((root != NULL && root->evidence.line > flash->evidence.line) ||
				 (env != NULL && env->evidence.line > flash->evidence.line));
}

static bool room_ran_out(const struct situation *now, unsigned *ret_line)
{
	return strong(now, CAUSE_SPACE, ret_line);
}

static bool root_is_missing(const struct situation *now, unsigned *ret_line)
{
	const struct evidence_entry *root = standing(now, CAUSE_NO_ROOTFS, 50), *env = standing(now, CAUSE_BAD_ENV, 50);

	*ret_line = root ? root->last_line : env ? env->last_line : 0;
	return root != NULL || env != NULL;
}

static bool supply_dips(const struct situation *now, unsigned *ret_line)
{
	return strong(now, CAUSE_POWER, ret_line);
}

#define DAMAGE (CAUSE_BIT(CAUSE_CHECKSUM) | CAUSE_BIT(CAUSE_POWER))
#define CRASH CAUSE_BIT(CAUSE_KERNEL_PANIC_OTHER)
#define NOTHING_TO_START CAUSE_BIT(CAUSE_BOOTLOADER_GONE)
#define ROOT (CAUSE_BIT(CAUSE_NO_ROOTFS) | CAUSE_BIT(CAUSE_BAD_ENV))

static const struct course_rule rules[] = {
	/* When this holds, it speaks for this cause, so strongly, and explains the signs of these.
	 * A rule is explained as well by one that stands above it. */
	{ "write-cut-short", write_was_cut, CAUSE_POWER, 92, CAUSE_BIT(CAUSE_CHECKSUM) | ROOT | CRASH,
	  "A write was under way when the device started anew, and it never ended." },
	{ "capture-ends-in-write", capture_ends_in_write, CAUSE_POWER, 38, 0,
	  "The capture ends in the middle of a write." },
	{ "flash-read-short", flash_read_was_short, CAUSE_SPACE, 92, DAMAGE,
	  "The image is longer than what the loader read from flash: it does not fit where it was put." },
	{ "file-short", file_was_short, CAUSE_CHECKSUM, 92, CAUSE_BIT(CAUSE_POWER),
	  "The file that was loaded is shorter than its header says: the file itself is cut short." },
	{ "read-too-small-for-a-kernel", read_was_tiny, CAUSE_BAD_ENV, 85, DAMAGE,
	  "The boot command reads too little to hold a kernel, and no image: it reads in the wrong place." },
	{ "other-cpu", image_is_for_another_cpu, CAUSE_WRONG_HARDWARE, 92,
	  DAMAGE | CRASH | CAUSE_BIT(CAUSE_BAD_ENV) | CAUSE_BIT(CAUSE_NETWORK),
	  "The image is made for another kind of CPU than this device has." },
	{ "environment-lost", environment_is_lost, CAUSE_BAD_ENV, 88, CAUSE_BIT(CAUSE_NETWORK) | DAMAGE,
	  "The stored environment is unreadable and the built-in boot command finds nothing to start." },
	{ "boot-script-broken", script_is_broken, CAUSE_BAD_ENV, 85, CAUSE_BIT(CAUSE_POWER),
	  "The loader's own boot script holds a word that is no command: its variables are damaged." },
	{ "environment-not-saved", environment_cannot_be_saved, CAUSE_BAD_ENV, 88, CAUSE_BIT(CAUSE_FLASH_WEAR),
	  "The loader could not write its variables to flash." },
	{ "fetch-failed-last", fetch_failed_last, CAUSE_NETWORK, 88, DAMAGE | CAUSE_BIT(CAUSE_BAD_ENV),
	  "What was tried at the loader's prompt last, a transfer, failed: this stands in the way now." },
	{ "root-fails-after-fallback", root_fails_after_fallback, CAUSE_BAD_ENV, 80, CAUSE_BIT(CAUSE_NO_ROOTFS) | CRASH,
	  "After too many failed starts the loader took the other slot, and there is no root file system in it." },
	{ "loops-before-the-loader", loops_before_loader, CAUSE_BOOTLOADER_GONE, 60, 0,
	  "The device starts again and again and never gets as far as a bootloader." },
	{ "loops-without-a-reason", loops_without_reason, CAUSE_POWER, 55, 0,
	  "The device starts again and again without naming a fault: suspect the supply or a watchdog." },
	{ "no-loader-found", no_loader_was_found, CAUSE_NONE, 0,
	  CAUSE_BIT(CAUSE_FLASH_WEAR) | CAUSE_BIT(CAUSE_WRONG_HARDWARE) | CAUSE_BIT(CAUSE_BAD_ENV) | CRASH,
	  "The first stage found no loader on any medium; what it says of each medium is part of that." },
	{ "signature-refused", signature_was_refused, CAUSE_NONE, 0, DAMAGE | NOTHING_TO_START,
	  "The signature was refused; what is said of the image after that follows from it." },
	{ "hardware-refused", hardware_was_refused, CAUSE_NONE, 0, CRASH | ROOT | DAMAGE | NOTHING_TO_START,
	  "The image is for other hardware; what fails after that follows from it." },
	{ "flash-fails", flash_fails, CAUSE_NONE, 0, DAMAGE | ROOT | CRASH,
	  "The flash cannot be read; what fails after that follows from it." },
	{ "root-unreadable", root_is_unreadable, CAUSE_NONE, 0, ROOT,
	  "The medium could not be read before the root file system on it was missed." },
	{ "room-ran-out", room_ran_out, CAUSE_NONE, 0,
	  DAMAGE | CAUSE_BIT(CAUSE_NETWORK) | CRASH | NOTHING_TO_START,
	  "There was no room; what fails after that follows from it." },
	{ "root-missing", root_is_missing, CAUSE_NONE, 0, CRASH,
	  "The kernel stopped because it found no root file system." },
	/* below those that refuse an image, for they tell why it stopped */
	{ "first-stage-gave-up", first_stage_gave_up, CAUSE_BOOTLOADER_GONE, 72,
	  CAUSE_BIT(CAUSE_CHECKSUM) | CAUSE_BIT(CAUSE_BAD_ENV),
	  "The first stage stopped for good before any bootloader spoke." },
	{ "supply-dips", supply_dips, CAUSE_NONE, 0, CAUSE_BIT(CAUSE_CHECKSUM) | CRASH,
	  "Power dipped or a write was cut; what fails after that follows from it." },
};

const struct course_rule *course_rules(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(rules);
	return rules;
}
