/* src/core/image_view.h
 *
 * A firmware file as the faces show it: its map, its parts, the facts, whether it fits the device of a case, and its bytes. It is examined
 * beside the loop. Views belong to the app and outlive the screen that asked for them: who comes back finds the work done. The file is
 * not held open; a reading that finds another file in its place says so. */
#ifndef UNBRICK_CORE_IMAGE_VIEW_H
#define UNBRICK_CORE_IMAGE_VIEW_H

#include "recovery/image/fits.h"
#include "recovery/image/map.h"
#include "src/core/snapshot.h"

struct app;

enum {
	IMAGE_VIEWS_MAX = 4,
	IMAGE_PATTERN_MAX = 64,
};

enum image_view_state {
	IMAGE_VIEW_WORKING,	/* the map may be there already (map.count > 0), the facts are not */
	IMAGE_VIEW_READY,
	IMAGE_VIEW_STOPPED,	/* by the operator; the map may be there */
	IMAGE_VIEW_FAILED,	/* see problem */
};

struct image_search {
	bool is_running;
	unsigned finished;	/* rises with each search that came to its end */
	bool is_found;
	uint64_t offset;	/* where, when found; else how far it has come */
	struct error problem;	/* STATUS_OK: none */
};

struct image_view {
	unsigned id;		/* from 1 */
	char path[1024];
	int64_t case_id;	/* 0: none */
	enum image_view_state state;
	bool is_stopping;	/* what is being unpacked or checked is brought to its end first */
	bool is_deep;		/* everything packed was unpacked, to check it */
	uint64_t size;
	struct progress progress;
	struct image_map map;
	/* When it is ready: */
	struct image_facts facts;
	char sha256[65];
	char device[96];	/* that it is compared with; "": none is known */
	enum image_fit fit;
	char fit_reason[200];
	char to_do[200];	/* what the facts mean for who wants to write it; or empty */
	struct error problem;
	struct image_search search;
};

/* path NULL: the image of the case. case_id 0: of no case. What is wrong with the file itself (missing, empty, a folder) fails here;
 * REFUSED while a device is being written: the machine is its then. BUSY: too many are open. */
enum status app_image_open(struct app *app, const char *path, int64_t case_id, unsigned *ret_image_id, struct error *reterr);
/* The screen is gone; the work goes on. */
void app_image_close(struct app *app, unsigned image_id);
/* NULL: there is no such view (any more). Fresh progress with each call. */
const struct image_view *app_image_view(struct app *app, unsigned image_id);
/* Once more, after it was stopped or has failed; or is_deep: everything packed is unpacked. */
enum status app_image_examine(struct app *app, unsigned image_id, bool is_deep, struct error *reterr);
/* Stops what runs for it: a search, else the examination. */
void app_image_stop(struct app *app, unsigned image_id);
/* Up to size bytes from offset; fewer at the end of the file. REFUSED: the file is not the one that was examined. */
enum status app_image_read(struct app *app, unsigned image_id, uint64_t offset, void *to, size_t size, size_t *ret_count, struct error *reterr);
/* The next place of pattern (1 to IMAGE_PATTERN_MAX bytes) at or behind from, beside the loop; see view.search. ignores_case: ASCII letters. */
enum status app_image_find(struct app *app, unsigned image_id, uint64_t from, struct bytes pattern, bool ignores_case, struct error *reterr);

#endif
