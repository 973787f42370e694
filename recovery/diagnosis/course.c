/* recovery/diagnosis/course.c
 *
 * Facts with these names are read here as well: image-size, flash-read-bytes, flash-read-blocks, file-bytes (sizes);
 * command (typed at a prompt); format=unknown (what was read is no image); autoboot (the loader counts down, or asks
 * for a password to stop it); boot-script (found by the loader). "name=value" in a sign's fact is a value that the
 * message implies without spelling it out. */
#include "recovery/diagnosis/course.h"

#include <stdlib.h>

#include "recovery/diagnosis/text_kind.h"
#include "src/base/text.h"

enum {
	BLOCK_SIZE = 512,		/* U-Boot counts blocks of the device; 512 bytes on disks, cards and eMMC */
	LEGACY_HEADER_SIZE = 64,	/* U-Boot include/image.h, struct legacy_img_hdr */
	SMALLEST_KERNEL = 1024 * 1024,	/* a Linux kernel with flash drivers, packed, is larger */
	READ_TO_IMAGE_LINES = 8,	/* between a read and what the loader says of it */
	HEADER_LINES = 40,		/* between a read and the last line of a FIT's header */
	LINES_FOR_KIND = 40,		/* fewer lines have no character */
	PROSE_PERCENT = 20,		/* banners and licences in logs stay below a third of it, manuals reach it */
	CODE_PERCENT = 20,		/* so do printed scripts and environments, and sources */
	JOURNAL_LINES = 5,
	DIARY_LINES = 200,
};

void course_init(struct course *course)
{
	memset(course, 0, sizeof(*course));
	course->start = 1;
	course->clock_ms = course->start_clock_ms = LINE_NO_CLOCK;
}

static void mark(struct course_mark *mark, const struct course *course, const char *text)
{
	mark->line = course->line;
	mark->start = course->start;
	text_copy(mark->text, sizeof(mark->text), text);
}

static bool is_boot_stage(enum boot_stage stage)
{
	return stage >= STAGE_ROM && stage <= STAGE_LOADER;
}

/* Every boot program says once per start who it is; signs of such banners carry one of these facts. */
static bool is_banner(const struct sign *sign)
{
	static const char *const names[] = { "rom", "first-loader", "loader", "kernel" };

	if (sign->effect != SIGN_MILESTONE || sign->fact == NULL)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(sign->fact, names[i], strlen(names[i])) == 0 &&
		    (sign->fact[strlen(names[i])] == '\0' || sign->fact[strlen(names[i])] == '='))
			return true;
	return false;
}

static bool banner_was_seen(const struct course *course, const struct sign *sign)
{
	for (size_t i = 0; i < course->banner_count; i++)
		if (course->banner[i] == sign)
			return true;
	return false;
}

/* A step back to a loader, or a program that introduces itself a second time, is a new start. */
static bool begins_start(const struct course *course, const struct sign *sign)
{
	if (!course->has_begun)
		return false;
	if (is_banner(sign) && banner_was_seen(course, sign))
		return course->banner_line != course->line;	/* the same line, looked at again */
	return is_boot_stage(sign->stage) && course->stage > STAGE_LOADER;
}

/* A file has no clock of its own: then the time of day on the lines tells, or how long the kernel ran at least. */
static uint64_t round_of(const struct course *course, const struct reader_line *line)
{
	enum { DAY_MS = 24 * 60 * 60 * 1000 };

	if (line->time_ms > course->start_ms)
		return line->time_ms - course->start_ms;
	if (course->clock_ms != LINE_NO_CLOCK && course->start_clock_ms != LINE_NO_CLOCK)
		return (course->clock_ms + DAY_MS - course->start_clock_ms) % DAY_MS;
	return course->uptime_ms;
}

static void begin_start(struct course *course, const struct reader_line *line)
{
	bool is_own = course->came_up < course->start_line && course->typed < course->start_line &&
		      course->written < course->start_line && course->updated < course->start_line;

	if (course->writing.line != 0) {
		course->cut_write = course->writing;
		course->writing.line = 0;
	}
	course->own_rounds = is_own ? course->own_rounds + 1 : 0;
	course->round_ms = round_of(course, line);
	course->last_furthest = course->furthest;
	course->start++;
	course->start_line = course->line;
	course->start_ms = line->time_ms;
	course->start_clock_ms = course->clock_ms;
	course->uptime_ms = 0;
	course->stage = course->furthest = STAGE_ANY;
	course->banner_count = 0;
	course->has_booted = false;
	course->read_size = 0;
}

static void milestone(struct course *course, const struct reader_line *line, const struct sign *sign)
{
	if (begins_start(course, sign))
		begin_start(course, line);
	if (!course->has_begun) {
		course->has_begun = true;
		course->start_line = course->line;
		course->start_ms = line->time_ms;
		course->start_clock_ms = course->clock_ms;
	}
	if (is_banner(sign) && !banner_was_seen(course, sign) && course->banner_count < COURSE_BANNERS_MAX)
		course->banner[course->banner_count++] = sign;
	if (is_banner(sign))
		course->banner_line = course->line;
	if (sign->stage == STAGE_ANY)
		return;
	course->reached[sign->stage] = course->line;
	if (sign->stage == STAGE_UPDATER) {
		course->stage = STAGE_UPDATER;
		return;
	}
	/* a late message of an earlier stage (a driver, after init) does not turn the clock back */
	if (sign->stage > course->furthest)
		course->furthest = sign->stage;
	course->stage = course->furthest;
	if (sign->stage >= STAGE_KERNEL)
		course->has_booted = true;
}

/* "[    1.234567] " and "[    1.234567@2] ": a kernel speaks, even where the capture missed its start. */
static bool kernel_stamp(const char *text, uint64_t *ret_ms)
{
	size_t digits, at = 1;

	text += strspn(text, " ");
	if (text[0] != '[')
		return false;
	at += strspn(text + at, " ");
	digits = strspn(text + at, "0123456789");
	if (digits == 0 || digits > 9 || text[at + digits] != '.')
		return false;
	*ret_ms = strtoull(text + at, NULL, 10) * 1000;
	at += digits + 1;
	digits = strspn(text + at, "0123456789");
	if (digits != 6 || (text[at + digits] != ']' && text[at + digits] != '@'))
		return false;
	*ret_ms += strtoull(text + at, NULL, 10) / 1000;
	return true;
}

static void begin_in_the_middle(struct course *course, const struct reader_line *line)
{
	course->has_begun = true;
	course->start_line = line->number;
	course->start_ms = line->time_ms;
	course->start_clock_ms = course->clock_ms;
	course->stage = course->furthest = STAGE_KERNEL;
}

static bool is_fact(const char *fact, const char *name)
{
	size_t size = strlen(name);

	return strncmp(fact, name, size) == 0 && (fact[size] == '\0' || fact[size] == '=');
}

/* Kernel, ramdisk and device tree may be read one after the other; the largest counts. */
static void note_read(struct course *course, uint64_t size, bool is_file)
{
	if (course->read_size > size && course->line - course->read_line <= READ_TO_IMAGE_LINES)
		return;
	course->read_size = size;
	course->read_line = course->line;
	course->is_file_read = is_file;
}

static void note_image_size(struct course *course, uint64_t size, const char *text)
{
	bool is_near = course->is_file_read || course->line - course->read_line <= HEADER_LINES;

	if (course->read_size == 0 || !is_near || size + LEGACY_HEADER_SIZE <= course->read_size)
		return;
	mark(course->is_file_read ? &course->short_file : &course->short_read, course, text);
}

static void note_sizes(struct course *course, const struct sign_match *match, const char *text)
{
	const char *fact = match->sign->fact;
	char digits[24];
	uint64_t number;
	size_t size = match->value.size < sizeof(digits) - 1 ? match->value.size : sizeof(digits) - 1;

	if (is_fact(fact, "format")) {
		if (course->read_size > 0 && course->read_size < SMALLEST_KERNEL && !course->is_file_read &&
		    course->line - course->read_line <= READ_TO_IMAGE_LINES)
			mark(&course->tiny_read, course, text);
		return;
	}
	if (!match->has_value)
		return;
	memcpy(digits, match->value.data, size);
	digits[size] = '\0';
	number = strtoull(digits, NULL, 10);
	if (is_fact(fact, "flash-read-bytes"))
		note_read(course, number, false);
	else if (is_fact(fact, "flash-read-blocks") && number < UINT64_MAX / BLOCK_SIZE)
		note_read(course, number * BLOCK_SIZE, false);
	else if (is_fact(fact, "file-bytes"))
		note_read(course, number, true);
	else if (is_fact(fact, "image-size") && number < UINT64_MAX / 2)
		note_image_size(course, number, text);
}

/* Its place, or count when there is none. */
static size_t find_fact(const struct diagnosis_fact *facts, size_t count, const char *name, size_t size)
{
	size_t i = 0;

	while (i < count && !(strncmp(facts[i].name, name, size) == 0 && facts[i].name[size] == '\0'))
		i++;
	return i;
}

/* Rules want these; the operator would not know what to do with them. */
static bool is_note(const char *fact)
{
	static const char *const names[] = {
		"format", "command", "script", "env-save", "bootable", "bootcount", "flash-read-bytes",
		"flash-read-blocks", "file-bytes", "image-size", "gave-up",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_fact(fact, names[i]))
			return true;
	return false;
}

static struct diagnosis_fact *fact_slot(struct course *course, const char *name, size_t size)
{
	bool is_hidden = is_note(name);
	struct diagnosis_fact *facts = is_hidden ? course->notes : course->facts;
	size_t *count = is_hidden ? &course->note_count : &course->fact_count;
	size_t room = is_hidden ? COURSE_NOTES_MAX : DIAGNOSIS_FACTS_MAX;
	size_t at = find_fact(facts, *count, name, size);

	if (at == room)
		return NULL;
	if (at == *count)
		(*count)++;
	return &facts[at];
}

static void note_fact(struct course *course, const struct sign_match *match)
{
	const char *fact = match->sign->fact, *fixed = strchr(fact, '=');
	size_t size = fixed ? (size_t)(fixed - fact) : strlen(fact);
	struct diagnosis_fact *slot;

	if (size >= sizeof(slot->name) || (fixed == NULL && match->value.size == 0))
		return;
	slot = fact_slot(course, fact, size);
	if (slot == NULL)
		return;
	memcpy(slot->name, fact, size);
	slot->name[size] = '\0';
	slot->line = course->line;
	if (fixed != NULL) {
		text_copy(slot->value, sizeof(slot->value), fixed + 1);
		return;
	}
	size = match->value.size < sizeof(slot->value) ? match->value.size : sizeof(slot->value) - 1;
	memcpy(slot->value, match->value.data, size);
	while (size > 0 && slot->value[size - 1] == ' ')
		size--;
	slot->value[size] = '\0';
}

static void progress(struct course *course, const struct reader_line *line)
{
	course->began = course->line;
	mark(&course->writing, course, line->text + line->body);
}

static void done(struct course *course, const struct sign *sign)
{
	course->writing.line = 0;
	if (sign->stage == STAGE_LOADER || sign->stage == STAGE_FIRST_LOADER) {
		course->loaded = course->line;
		course->reached[STAGE_LOADER] = course->line;
		/* a capture may begin behind the loader's banner */
		if (course->stage == STAGE_ANY)
			course->stage = STAGE_LOADER;
	}
	if (sign->stage == STAGE_UPDATER)
		course->written = course->line;
}

static void healthy(struct course *course, const struct sign *sign)
{
	if (sign->stage == STAGE_UPDATER) {
		course->updated = course->written = course->line;
		course->writing.line = 0;
	} else {
		course->came_up = course->line;
	}
}

static void prompt(struct course *course, const struct reader_line *line, const struct sign_match *match)
{
	enum boot_stage stage = match->sign->stage;

	/* what looks like a loader's prompt is none once a kernel runs */
	if (stage == STAGE_LOADER && course->stage > STAGE_LOADER)
		return;
	course->writing.line = 0;
	course->prompt = course->line;
	if (match->sign->fact != NULL && match->value.size > 0)
		course->typed = course->line;
	if (stage == STAGE_LOGIN) {
		milestone(course, line, match->sign);
		course->login = course->line;
		course->came_up = course->line;
	} else if (stage == STAGE_LOADER) {
		milestone(course, line, match->sign);
	}
}

static void apply(struct course *course, const struct reader_line *line, const struct sign_match *match,
		  enum sign_effect effect)
{
	if (effect != SIGN_PROMPT)
		course->headway = course->line;
	switch (effect) {
	case SIGN_MILESTONE:
		milestone(course, line, match->sign);
		break;
	case SIGN_PROGRESS:
		progress(course, line);
		break;
	case SIGN_DONE:
		done(course, match->sign);
		break;
	case SIGN_HEALTHY:
		healthy(course, match->sign);
		break;
	case SIGN_PROMPT:
		prompt(course, line, match);
		break;
	case SIGN_FAULT: case SIGN_HARMLESS: case SIGN_FACT: case SIGN_HARDWARE: case SIGN_TROUBLE:
		break;
	}
}

/* Where somebody types, a word that is no command need not be the boot script's. */
static bool is_mistyped(const struct course *course, const struct sign *sign)
{
	return is_fact(sign->fact, "script") && course->typed != 0 && course->typed >= course->start_line;
}

void course_line(struct course *course, const struct reader_line *line, const struct sign_match *matches, size_t count)
{
	/* one line may begin a write and end it; what it ends, it began before */
	static const enum sign_effect order[] = { SIGN_MILESTONE, SIGN_PROGRESS, SIGN_DONE, SIGN_HEALTHY, SIGN_PROMPT };

	bool is_kernel;
	uint64_t stamp_ms;

	course->line = line->number;
	if (line->clock_ms != LINE_NO_CLOCK)
		course->clock_ms = line->clock_ms;
	is_kernel = line->body > 0 && kernel_stamp(line->text, &stamp_ms);
	if (is_kernel && !course->has_begun)
		begin_in_the_middle(course, line);
	for (size_t e = 0; e < sizeof(order) / sizeof(order[0]); e++)
		for (size_t i = 0; i < count; i++)
			if (matches[i].sign->effect == order[e])
				apply(course, line, &matches[i], order[e]);
	/* after a new start was recognised, so that it is the new one's time */
	if (is_kernel && stamp_ms > course->uptime_ms)
		course->uptime_ms = stamp_ms;
	for (size_t i = 0; i < count; i++) {
		if (matches[i].sign->effect == SIGN_TROUBLE)
			course->trouble = course->line;
		if (matches[i].sign->fact == NULL || is_mistyped(course, matches[i].sign))
			continue;
		note_fact(course, &matches[i]);
		if (is_fact(matches[i].sign->fact, "autoboot"))
			course->countdown = course->line;
		if (is_fact(matches[i].sign->fact, "boot-script"))
			course->script = course->line;
		note_sizes(course, &matches[i], line->text + line->body);
	}
}

void course_fault(struct course *course)
{
	course->writing.line = 0;
}

void course_end(struct course *course)
{
	course->is_ended = true;
}

/* "Sep 19 09:07:29 host program[12]: ": a logging service wrote it. */
static bool is_journal(const struct reader_line *line)
{
	return line->clock_ms != LINE_NO_CLOCK && line->body >= 2 && memmem(line->text, line->body, ": ", 2) != NULL;
}

void course_text(struct course *course, const struct reader_line *line)
{
	enum text_kind kind = text_kind_of(bytes_of(line->text + line->body, line->size - line->body));

	course->journal_lines += is_journal(line);
	course->text_lines += kind != TEXT_BLANK;
	course->prose_lines += kind == TEXT_PROSE;
	course->code_lines += kind == TEXT_CODE;
}

static bool is_share(const struct course *course, unsigned lines, unsigned percent)
{
	return course->text_lines >= LINES_FOR_KIND && (uint64_t)lines * 100 >= (uint64_t)course->text_lines * percent;
}

bool course_is_prose(const struct course *course)
{
	return is_share(course, course->prose_lines, PROSE_PERCENT);
}

bool course_is_code(const struct course *course)
{
	return is_share(course, course->code_lines, CODE_PERCENT);
}

bool course_is_journal(const struct course *course)
{
	return course->journal_lines >= JOURNAL_LINES && course->journal_lines * 2ull >= course->text_lines;
}

bool course_is_diary(const struct course *course)
{
	return course->text_lines >= DIARY_LINES && !course->has_begun && course->began == 0 && course->written == 0 &&
	       course->updated == 0 && course->loaded == 0 && course->typed == 0;
}

const struct diagnosis_fact *course_fact(const struct course *course, const char *name)
{
	size_t fact = find_fact(course->facts, course->fact_count, name, strlen(name));
	size_t note = find_fact(course->notes, course->note_count, name, strlen(name));

	if (fact < course->fact_count)
		return &course->facts[fact];
	return note < course->note_count ? &course->notes[note] : NULL;
}

const char *course_arch_family(const char *name)
{
	/* the first that fits; longer words stand before the shorter ones that they hold */
	static const struct { const char *word, *family; } words[] = {
		{ "any-arm", "any-arm" }, { "aarch64", "arm64" }, { "arm64", "arm64" }, { "armv8", "arm64" },
		{ "arm", "arm" },
		{ "mips64", "mips64" }, { "mips 64", "mips64" }, { "mips", "mips" },
		{ "powerpc", "ppc" }, { "ppc", "ppc" }, { "risc-v", "riscv" }, { "riscv", "riscv" },
		{ "x86_64", "x86" }, { "amd64", "x86" }, { "x86", "x86" }, { "i386", "x86" }, { "i686", "x86" },
		{ "arc", "arc" }, { "nios", "nios2" }, { "microblaze", "microblaze" }, { "xtensa", "xtensa" },
		{ "superh", "sh" }, { "m68k", "m68k" }, { "sparc", "sparc" },
	};

	for (size_t i = 0; name != NULL && i < sizeof(words) / sizeof(words[0]); i++)
		if (text_contains(name, words[i].word))
			return words[i].family;
	return NULL;
}
