/* recovery/diagnosis/sign.h
 *
 * A sign: what one family of messages means. Signs are data (firmware-db/signs/<stage-or-vendor>.yaml), loaded by
 * src/store/device_library; this is their shape in memory. A sign says what a message means and where it comes from
 * (source), never which capture it was seen in. */
#ifndef UNBRICK_RECOVERY_SIGN_H
#define UNBRICK_RECOVERY_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recovery/diagnosis/cause.h"

enum sign_effect {
	SIGN_MILESTONE,		/* the start has come this far (stage) */
	SIGN_FAULT,		/* speaks for .cause with .weight */
	SIGN_HARMLESS,		/* looks alarming, is not by itself; keeps other signs of the line from counting */
	SIGN_HEALTHY,		/* speaks against every fault before it in this start */
	SIGN_PROGRESS,		/* something is being written or transferred (an end without SIGN_DONE is an interruption) */
	SIGN_DONE,		/* what SIGN_PROGRESS began has ended well */
	SIGN_PROMPT,		/* waits for input (.cause LOGIN where that is an end in itself) */
	SIGN_FACT,		/* group 1 is the value of .fact */
	SIGN_HARDWARE,		/* a part of the device failed or did not answer; explains, and speaks for no cause */
	SIGN_TROUBLE,		/* something failed, and not said why: speaks for no cause, but what ends so is not well */
};

struct sign {
	const char *id;			/* "uboot-legacy-bad-data-crc"; unique */
	const char *match;		/* PCRE2, searched in the printable line */
	enum boot_stage stage;		/* the stage it belongs to; STAGE_ANY leaves the stage as it is */
	enum sign_effect effect;
	enum cause cause;		/* of SIGN_FAULT; CAUSE_NONE otherwise */
	int weight;			/* 1..100, of SIGN_FAULT: how strongly it alone speaks for the cause */
	enum cause also;		/* second cause the same message allows, with also_weight; CAUSE_NONE: none */
	int also_weight;
	bool is_general;		/* words that any program may use: counts where no other sign is on the line */
	const char *fact;		/* name of the fact in group 1, or NULL: "soc", "board", "ram", "flash", "loader",
					 * "kernel", "firmware", "arch", "image-arch", ... may be given with any effect.
					 * "name=value": the message implies this value without spelling it out. A
					 * milestone with "rom", "first-loader", "loader" or "kernel" is a banner: seen
					 * again, it is a new start. course.c lists the names that rules read. */
	const char *meaning;		/* one plain sentence */
	const char *next;		/* what would settle it, or NULL */
	const char *source;		/* "U-Boot boot/image-board.c", "Linux fs/squashfs/super.c", ... */
};

const char *sign_effect_name(enum sign_effect effect);	/* "milestone", "fault", ... as the sign files spell it */
bool sign_effect_parse(const char *name, enum sign_effect *ret_effect);

#endif
