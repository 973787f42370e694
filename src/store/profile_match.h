/* src/store/profile_match.h
 *
 * How well a profile fits the words that somebody looks for. */
#ifndef UNBRICK_STORE_PROFILE_MATCH_H
#define UNBRICK_STORE_PROFILE_MATCH_H

#include "recovery/procedure/profile.h"

/* Higher is better: every word of the query must stand in the vendor, model, an alias, a revision, the kind, SoC or id, case ignored; one
 * that is all of it or begins it counts more. 0: it does not fit. No words at all: 1. */
unsigned profile_match_score(const struct profile *profile, const char *query);

#endif
