/* recovery/diagnosis/sign_filter.h
 *
 * Which signs can match a line at all: a word that each pattern cannot do without is taken out of the pattern, and all
 * these words are searched in one pass over the line (Aho and Corasick, CACM 18(6), 1975). Most lines hold none of them
 * and run no pattern; the cost of a line does not grow with the number of signs. */
#ifndef UNBRICK_RECOVERY_SIGN_FILTER_H
#define UNBRICK_RECOVERY_SIGN_FILTER_H

#include <stdbool.h>

#include "src/base/bytes.h"
#include "src/base/status.h"

enum {
	SIGN_FILTER_WORD_MAX = 48,
	SIGN_FILTER_WORDS_MAX = 32,	/* of one pattern */
};

/* One of these words stands in every text that the pattern matches. */
struct sign_words {
	char word[SIGN_FILTER_WORDS_MAX][SIGN_FILTER_WORD_MAX];	/* in lower case */
	size_t count;		/* 0: nothing is certain, the pattern must always run */
};

/* The longest literal that the pattern cannot do without; where it has alternatives, one for each. */
void sign_words_of(const char *pattern, struct sign_words *ret_words);

struct sign_filter;

/* owners: patterns are numbered 0 .. owners - 1. */
enum status sign_filter_new(size_t owners, struct sign_filter **ret_filter, struct error *reterr);
void sign_filter_free(struct sign_filter *filter);
enum status sign_filter_add(struct sign_filter *filter, size_t owner, const char *pattern, struct error *reterr);
/* After the last add. */
enum status sign_filter_close(struct sign_filter *filter, struct error *reterr);
/* Number of 64-bit words that a result takes. */
size_t sign_filter_words(const struct sign_filter *filter);
/* Sets the bit of every owner that may match; false: none can. */
bool sign_filter_find(const struct sign_filter *filter, struct bytes line, uint64_t *ret_owners);

#endif
