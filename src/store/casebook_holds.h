/* src/store/casebook_holds.h
 *
 * Who works on which case: a file beside the casebook, "-holds", with an open-file-description lock (fcntl(2), F_OFD_SETLK) on the
 * case's slot in it, which the kernel drops with the process however it ends, and in the slot the pid for the error text. A table of
 * holders was rejected: after a kill somebody would have to judge whether a pid is still the same process. */
#ifndef UNBRICK_STORE_CASEBOOK_HOLDS_H
#define UNBRICK_STORE_CASEBOOK_HOLDS_H

#include <stddef.h>
#include <stdint.h>

#include "src/base/status.h"

struct casebook_holds {
	const char *path;	/* of the casebook; borrowed */
	int fd;			/* -1: not opened yet */
	int64_t *held;		/* case ids, to empty their slots at the end */
	size_t count;
};

/* BUSY names the other holder. */
enum status casebook_holds_take(struct casebook_holds *holds, int64_t case_id, struct error *reterr);
/* Lets go of all. */
void casebook_holds_done(struct casebook_holds *holds);

#endif
