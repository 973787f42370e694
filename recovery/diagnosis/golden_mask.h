/* recovery/diagnosis/golden_mask.h
 *
 * What of a console line stays the same from start to start: numbers, addresses, sizes, rates, times, dates, MAC and IP
 * addresses become GOLDEN_MASK, repeated words and ruled lines become one. Names that end in a small number (eth0,
 * mtd5, ttyS1) stay, for they say which one is meant. Two lines with the same mask are the same message.
 * A line of the map of a flash chip ("0x000000000000-0x000000050000 : "boot"", Linux drivers/mtd/mtdpart.c) is the
 * partition's name. */
#ifndef UNBRICK_RECOVERY_GOLDEN_MASK_H
#define UNBRICK_RECOVERY_GOLDEN_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/bytes.h"

enum {
	GOLDEN_TEXT_MAX = 224,		/* bytes of a message that are looked at */
	GOLDEN_MASK_MAX = GOLDEN_TEXT_MAX + 8,
	GOLDEN_WORDS_MAX = 64,
	GOLDEN_MASK = '#',
	GOLDEN_WILD = '*',		/* a word that good logs differ in */
};

/* The mask of a message, words parted by one blank. Returns its length; 0: the line says too little to be compared. */
size_t golden_mask(char to[GOLDEN_MASK_MAX], const char *message);
/* The text but for what tells one unit from another of its model: MAC and IPv4 addresses. */
void golden_mask_unit(char to[GOLDEN_MASK_MAX], const char *text);
/* FNV-1a of a mask (draft-eastlake-fnv, 64 bits). */
uint64_t golden_mask_key(const char *mask);
/* The words of a mask, at most GOLDEN_WORDS_MAX; they point into it. */
size_t golden_mask_words(const char *mask, struct bytes words[GOLDEN_WORDS_MAX]);
/* How alike two masks are: 0 .. 100; 0 when they do not begin with the same word. */
int golden_mask_likeness(const char *a, const char *b);
/* Same words, where a wild word fits any. */
bool golden_mask_fits(const char *pattern, const char *mask);
/* Of two masks with the same number of words: the first with each differing word made wild. False: they do not fit, or
 * nothing but wild words would remain. */
bool golden_mask_merge(char to[GOLDEN_MASK_MAX], const char *a, const char *b);
/* A line of the flash map: its name and its range. */
bool golden_mask_map(const char *message, struct bytes *ret_name, struct bytes *ret_range);

#endif
