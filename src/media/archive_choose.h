/* src/media/archive_choose.h
 *
 * Which member of an archive is the firmware? Points for what a member's head and name show, and for how it fits the device; no rule knows
 * a vendor. One that leads clearly is the choice; else somebody has to say. A wrong guess costs a device, a question costs a minute. */
#ifndef UNBRICK_MEDIA_ARCHIVE_CHOOSE_H
#define UNBRICK_MEDIA_ARCHIVE_CHOOSE_H

#include "src/media/archive.h"

enum { ARCHIVE_CANDIDATES_MAX = 10 };

/* What is known of the device; all may be NULL or 0. */
struct archive_wish {
	const char *arch;
	const char *const *files;	/* names under which the image is known */
	size_t file_count;
	const char *const *models;	/* what the model is called */
	size_t model_count;
};

struct archive_candidate {
	char key[ARCHIVE_KEY_MAX];
	uint64_t size;
	bool has_size;
	int points;
	bool is_misfit;			/* for another processor */
	char about[112];		/* "U-Boot image (kernel), mips" */
};

struct archive_choice {
	struct archive_candidate candidate[ARCHIVE_CANDIDATES_MAX];	/* best first */
	unsigned count;
	bool is_clear;			/* the first is it */
	unsigned files, encrypted;	/* members in all, and those that cannot be read */
	unsigned dropped;		/* candidates that had no room */
};

/* Pure: begin, add each member with what image_inspect says of its head, finish. */
void archive_choice_init(struct archive_choice *choice);
void archive_choice_add(struct archive_choice *choice, const struct archive_member *member, const struct image_facts *facts,
			const struct archive_wish *wish);
void archive_choice_finish(struct archive_choice *choice);
/* The candidate that is meant by its whole key, or by its last part where only one has that; NULL: none, or more than one. */
const struct archive_candidate *archive_choice_find(const struct archive_choice *choice, const char *name);

/* The walk with all that. ret_choice is filled also when the walk ends in an error: what could be seen. */
enum status archive_choose(const struct archive_source *source, const struct archive_limits *limits, const struct archive_wish *wish,
			   struct archive_choice *ret_choice, struct error *reterr);

#endif
