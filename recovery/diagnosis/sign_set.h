/* recovery/diagnosis/sign_set.h
 *
 * All signs, compiled: a line in, the signs on it out. Patterns are PCRE2, searched in the line without its time stamps
 * (so ^ is the message's first character), with limits on the work one pattern may cause. */
#ifndef UNBRICK_RECOVERY_SIGN_SET_H
#define UNBRICK_RECOVERY_SIGN_SET_H

#include "recovery/diagnosis/sign.h"
#include "src/base/bytes.h"
#include "src/base/status.h"

enum { SIGN_SET_MATCHES_MAX = 16 };	/* signs looked at on one line */

struct sign_match {
	const struct sign *sign;
	struct bytes value;	/* group 1, or empty; points into the line */
	bool has_value;
};

struct sign_set;

/* Borrows signs. STATUS_INVALID names the sign whose pattern does not compile. */
enum status sign_set_new(const struct sign *signs, size_t count, struct sign_set **ret_set, struct error *reterr);
void sign_set_free(struct sign_set *set);
/* Fills at most SIGN_SET_MATCHES_MAX matches, in the order of the signs. */
size_t sign_set_match(struct sign_set *set, struct bytes line, struct sign_match *ret_matches);
/* Drops what another sign of the same line takes the force from: a harmless one from faults, any one from general ones.
 * Returns how many are left, in their order. */
size_t sign_matches_in_force(struct sign_match *matches, size_t count);
/* Both in one, and faster: signs that could not count are not searched. */
size_t sign_set_match_in_force(struct sign_set *set, struct bytes line, struct sign_match *ret_matches);
/* The sign that tells most about its line, for marking it; NULL when there is none. */
const struct sign *sign_matches_best(const struct sign_match *matches, size_t count);

#endif
