/* recovery/diagnosis/sign_memo.h
 *
 * What was found on lines before. A device that starts again and again, or floods its console with one complaint, prints the same lines over
 * and over: the search, which is the dear part, is done once for each. Constant in size; a line whose place is taken is simply searched. */
#ifndef UNBRICK_RECOVERY_SIGN_MEMO_H
#define UNBRICK_RECOVERY_SIGN_MEMO_H

#include "recovery/diagnosis/sign_set.h"

struct sign_memo;

/* NULL: no memory; every call takes that. signs: what the matches point into. */
struct sign_memo *sign_memo_new(const struct sign *signs);
void sign_memo_free(struct sign_memo *memo);
/* False: not known. Values point into line. */
bool sign_memo_find(const struct sign_memo *memo, struct bytes line, struct sign_match *ret_matches, size_t *ret_count);
void sign_memo_keep(struct sign_memo *memo, struct bytes line, const struct sign_match *matches, size_t count);

#endif
