/* recovery/procedure/pattern.h
 *
 * One PCRE2 pattern against a line, or several lines ('^' and '$' mean each of them), bounded: for the few patterns of a profile (banner, identity). Many patterns at once are
 * recovery/diagnosis/sign_set's business. */
#ifndef UNBRICK_RECOVERY_PATTERN_H
#define UNBRICK_RECOVERY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* A pattern that does not compile matches nothing (loading a profile checks them). ret_group (may be NULL) gets group 1, or "". */
bool pattern_matches(const char *pattern, const char *text, char *ret_group, size_t size);

#endif
