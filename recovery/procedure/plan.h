/* recovery/procedure/plan.h
 *
 * From causes to methods: which of the profile's methods treat what was found, what each needs and destroys, and which one first. Pure. */
#ifndef UNBRICK_RECOVERY_PLAN_H
#define UNBRICK_RECOVERY_PLAN_H

#include "recovery/diagnosis/diagnosis.h"
#include "recovery/procedure/procedure.h"
#include "recovery/procedure/profile.h"

enum { PLAN_MAX = 8 };

/* What the bench has now. */
struct plan_bench {
	bool has_serial;	/* a line is open */
	bool has_network;	/* a network port with carrier, or the bench's address */
	bool has_card;
	bool is_at_prompt;	/* the bootloader waits for commands */
	bool is_at_login;	/* the system is up and waits for a user */
	const char *tried;	/* names of methods that did not bring the device back in this case, a blank between; NULL: none */
};

struct plan_item {
	const struct profile_method *method;
	const struct procedure *procedure;
	bool treats;		/* it is meant for the leading cause, or for one of those that lead together */
	bool treats_first;	/* for the most likely one */
	bool is_possible;
	bool by_serial;		/* there is no network: the image goes over the console's line instead */
	bool only_prepares;	/* nothing in it shows whether the device runs: it leads to other methods */
	bool was_tried;		/* ranks behind those that were not */
	char reason[160];
	char obstacle[160];
};

/* find is asked for each method's procedure; NULL leaves the method out. Best first. */
size_t plan_make(const struct verdict *verdict, const struct profile *profile, const struct plan_bench *bench,
		 const struct procedure *(*find)(void *user, const char *name), void *user, struct plan_item *ret_items, size_t max);

/* Its image is fetched by TFTP and by nothing else, and the loader takes one over its console as well. */
bool plan_can_load_by_serial(const struct procedure *procedure, const struct profile *profile);
/* May [offset, offset + size) of the flash be written? STATUS_REFUSED names the guarded partition, be it never-write or unit-data. */
enum status plan_guard_range(const struct profile *profile, uint64_t offset, uint64_t size, struct error *reterr);
/* Where the vendor's image lies: the contiguous partitions that image-covers names. STATUS_INVALID without them, and where they do not
 * begin and end at erase blocks. */
enum status plan_image_range(const struct profile *profile, uint64_t *ret_offset, uint64_t *ret_size, struct error *reterr);
/* The first of these partitions that an image of that many bytes does not reach; NULL: it reaches into all of them. */
const struct profile_partition *plan_not_reached(const struct profile *profile, uint64_t image_size);

#endif
