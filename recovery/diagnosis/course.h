/* recovery/diagnosis/course.h
 *
 * The course of events, kept small: which stage the device is in, where starts begin, what was last reached,
 * read, written and typed. One line means little; what came before and after it decides (course_rules.c). All marks
 * are line numbers of the last occurrence, 0: never. */
#ifndef UNBRICK_RECOVERY_COURSE_H
#define UNBRICK_RECOVERY_COURSE_H

#include "recovery/diagnosis/diagnosis.h"
#include "recovery/diagnosis/line_reader.h"
#include "recovery/diagnosis/sign_set.h"

enum {
	COURSE_BANNERS_MAX = 24,	/* different banners of one start */
	COURSE_NOTES_MAX = 16,
};

struct course_mark {
	unsigned line;
	unsigned start;
	char text[160];
};

struct course {
	enum boot_stage stage;		/* now */
	enum boot_stage furthest;	/* of this start */
	unsigned line;			/* being looked at */
	unsigned start;			/* 1-based; the capture may begin in the middle of the first */
	unsigned start_line;		/* where this start begins */
	uint64_t start_ms;
	uint64_t round_ms;		/* between the last two starts; without a clock: as long as the kernel ran, at least */
	uint64_t clock_ms;		/* time of day that the capture itself prints; LINE_NO_CLOCK: none */
	uint64_t start_clock_ms;
	uint64_t uptime_ms;		/* the kernel's own time stamp, the latest of this start */
	enum boot_stage last_furthest;	/* of the start before this one */
	unsigned own_rounds;		/* starts in a row that nobody asked for and that led nowhere */
	bool has_begun;			/* anything of this start was recognised */
	bool has_booted;		/* a kernel or init was seen in this start */
	const struct sign *banner[COURSE_BANNERS_MAX];
	size_t banner_count;
	unsigned banner_line;		/* of the last banner */

	unsigned reached[STAGE_COUNT];	/* last milestone of each stage */
	unsigned came_up;		/* login, or a sign of health */
	unsigned updated;		/* an updater ended well */
	unsigned loaded;		/* a transfer to the loader ended well */
	unsigned written;		/* a write ended well */
	unsigned began;			/* a write began, or went on */
	unsigned countdown;		/* the loader is about to run its boot command */
	unsigned script;		/* the loader found its boot script */
	unsigned prompt;		/* the loader or a shell waits */
	unsigned login;			/* a login prompt waits */
	unsigned typed;			/* the operator did something */
	unsigned trouble;		/* a program said that it failed, and not why */
	unsigned headway;		/* a stage was reached, or something was written, loaded, or ended well */

	struct course_mark writing;	/* a write under way; .line 0: none */
	struct course_mark cut_write;	/* a start began while a write was under way */
	struct course_mark short_read;	/* the image is longer than what was read from flash */
	struct course_mark short_file;	/* the image is longer than the file that was fetched */
	struct course_mark tiny_read;	/* what the boot command reads could not hold a kernel, and is none */
	uint64_t read_size;		/* of the last read; 0: none since the start */
	unsigned read_line;
	bool is_file_read;
	bool is_ended;			/* no more will come */
	unsigned text_lines, prose_lines, code_lines;	/* that are not blank; of these prose, program source */
	unsigned journal_lines;		/* that a logging service of a running system wrote */

	struct diagnosis_fact facts[DIAGNOSIS_FACTS_MAX];	/* of the device, for the operator */
	size_t fact_count;
	struct diagnosis_fact notes[COURSE_NOTES_MAX];		/* of the course, for the rules */
	size_t note_count;
	char expected_arch[32];
};

void course_init(struct course *course);
/* A line with its signs; applies everything but faults. The line's own start may begin here. */
void course_line(struct course *course, const struct reader_line *line, const struct sign_match *matches, size_t count);
/* A fault was seen: what was being written has ended, badly. */
void course_fault(struct course *course);
void course_end(struct course *course);
/* What the line looks like, once for each. */
void course_text(struct course *course, const struct reader_line *line);
/* The text is somebody's prose about devices, or the source of a program; no device printed it. */
bool course_is_prose(const struct course *course);
bool course_is_code(const struct course *course);
/* Written by a logging service: so a system was running. */
bool course_is_journal(const struct course *course);
/* A long record in which nothing starts, loads or updates: what a running system notes by the way. */
bool course_is_diary(const struct course *course);
/* A fact or a note. */
const struct diagnosis_fact *course_fact(const struct course *course, const char *name);
/* "ARM", "armv7l", "AArch64", "mipsel"... to one word per family, NULL when unknown. */
const char *course_arch_family(const char *name);

#endif
