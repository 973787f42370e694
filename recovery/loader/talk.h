/* recovery/loader/talk.h
 *
 * What the drivers share: making a command line, finding the loader's complaint, the arithmetic of a place in the flash, and judging
 * checksums. Nothing in here knows a loader. */
#ifndef UNBRICK_RECOVERY_LOADER_TALK_H
#define UNBRICK_RECOVERY_LOADER_TALK_H

#include "recovery/loader/loader.h"

enum {
	SILENCE_SHORT_MS = 5000,
	SILENCE_NET_MS = 20000,		/* U-Boot prints a 'T' every 5 s while nobody answers; RedBoot and CFE give up within 15 s */
	SILENCE_FLASH_MS = 120000,	/* NOR erases a MiB in up to 40 s and says nothing meanwhile */
	LOADER_WORD_MAX = 64,		/* of an address or a file name in a line */
};

/* Fills say with a command; returns LOADER_TYPE. */
enum loader_turn loader_type(struct loader_say *say, uint64_t silence_ms, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The first line of the reply that holds one of the words, or NULL. */
const char *loader_line_with(const char *reply, const char *const *words, size_t count);
/* Fills reterr with what the loader said to the last command: that line, or the whole reply's first; returns LOADER_FAILED. */
enum loader_turn loader_failed(const struct loader_say *say, const char *line, struct error *reterr);
/* The loader of that name is not who answers; returns LOADER_FAILED. */
enum loader_turn loader_is_another(const char *name, struct error *reterr);
/* Is it one word that no shell takes apart? */
bool loader_is_word(const char *text);
/* Does a line of the help text begin with that command, however far it is indented? */
bool loader_help_names(const char *help, const char *command);
/* What cannot be typed, or would be typed wrong. needs_tftp: the driver's command asks a server. */
enum status loader_check_network(const struct loader_task *task, struct error *reterr);

/* One way to get a file over the line, best first in a table that ends with a NULL name. */
struct loader_serial {
	const char *protocol;	/* "ymodem" */
	size_t has;		/* offset of the build's bool */
	const char *command;	/* with %llx for the address, or without */
	const char *until;	/* what it says when it waits */
	const char *sender;	/* name in protocol/transfer.h */
};
/* The way that the place asks for, or the best that the build has; an unknown build may have all. NULL: none, reterr says so. */
const struct loader_serial *loader_choose_serial(const struct loader_task *task, const struct loader_serial *table, struct error *reterr);

uint64_t loader_round_up(uint64_t value, uint64_t to);
bool loader_is_block(enum loader_storage storage);
uint64_t loader_erase_size(const struct loader_place *place);
/* How much the next piece takes: a whole number of erase blocks, so that a piece never erases its neighbour. */
uint64_t loader_piece_size(const struct loader_task *task);
/* What the arithmetic takes for granted. unit: what offsets must be a multiple of. A write also keeps to the room that the image has:
 * rounding its end up must not reach the neighbour, and old loaders round an offset down by themselves. */
enum status loader_check_place(const struct loader_task *task, bool writes, uint64_t unit, struct error *reterr);

/* A checksum as the loader computes it. finish may be NULL. */
struct loader_sum {
	uint32_t (*update)(uint32_t sum, struct bytes more);
	uint32_t (*finish)(uint32_t sum, uint64_t size);
};
extern const struct loader_sum loader_sum_crc32, loader_sum_posix;
uint32_t loader_sum_of(const struct loader_sum *sum, struct bytes data);
enum loader_cell loader_judge_cell(const struct loader_sum *sum, struct bytes expected, uint32_t said);
/* Enough cells for the whole image: what is not kept would count as the same. */
void loader_choose_cell_size(struct loader_task *task);
/* The cell of size bytes at offset at of the image is known now. LOADER_FAILED: it differs, and the task stops there. */
enum loader_turn loader_take_cell(struct loader_task *task, uint64_t at, enum loader_cell cell, struct error *reterr);

#endif
