/* src/base/nearest.h
 *
 * "Did you mean": how far two words are apart, ASCII case ignored. */
#ifndef UNBRICK_BASE_NEAREST_H
#define UNBRICK_BASE_NEAREST_H

#include <stdbool.h>

/* Insertions, deletions, changes and swaps of neighbours that turn a into b; only the first 64 bytes of each count. */
unsigned nearest_distance(const char *a, const char *b);
/* Close enough for a proposal: at most a third of the longer word. */
bool nearest_is_close(const char *a, const char *b);

#endif
