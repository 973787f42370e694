/* recovery/diagnosis/observation.h
 *
 * The observations that part one cause from another, as something that the guide can do at once. None of them changes the device. Whether
 * one is possible now (a prompt, a login, an image at hand) is for the guide to know. */
#ifndef UNBRICK_RECOVERY_OBSERVATION_H
#define UNBRICK_RECOVERY_OBSERVATION_H

#include <stddef.h>

#include "recovery/diagnosis/cause.h"

enum observation {
	OBSERVE_FLASH,		/* compare the flash with the image */
	OBSERVE_FLASH_TWICE,	/* read the same flash twice */
	OBSERVE_ENVIRONMENT,	/* print the loader's variables */
	OBSERVE_SPACE,		/* free space of the file systems, at the device's shell */
	OBSERVE_POWER,		/* ask the operator: was power lost? */
	OBSERVE_LABEL,		/* ask the operator: what does the label say? */
	OBSERVE_FILE,		/* inspect the file that was flashed */
	OBSERVE_BOOT_ROM,	/* look for a boot ROM's recovery mode */
	OBSERVE_NETWORK,	/* look at the bench's network port */
	OBSERVE_COUNT
};

enum { OBSERVATIONS_OF_CAUSE_MAX = 3 };

struct observation_about {
	const char *text;	/* what is done, for a choice */
	const char *detail;	/* what it takes; "" nothing */
	const char *procedure;	/* in firmware-db/procedures; NULL: the guide does it by itself */
};

/* Best first; returns how many. */
size_t observations_of(enum cause cause, enum observation ret_list[OBSERVATIONS_OF_CAUSE_MAX]);
const struct observation_about *observation_about(enum observation observation);

#endif
