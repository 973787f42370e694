#define PCRE2_CODE_UNIT_WIDTH 8
#include "recovery/procedure/pattern.h"

#include <pcre2.h>
#include <string.h>

enum { MATCH_LIMIT = 20000 };	/* steps of the matcher and one for each byte: a profile must not be able to hang the program */

static void take_group(pcre2_match_data *match, const char *text, int count, char *ret_group, size_t size)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(match);
	size_t length = 0;

	if (count > 1 && at[2] != PCRE2_UNSET) {
		length = at[3] - at[2];
		if (length >= size)
			length = size - 1;	/* size > 0 */
		memcpy(ret_group, text + at[2], length);
	}
	ret_group[length] = '\0';
}

bool pattern_matches(const char *pattern, const char *text, char *ret_group, size_t size)
{
	PCRE2_SIZE where;
	int code, count;
	pcre2_code *compiled = pattern == NULL || text == NULL ? NULL : pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_MULTILINE, &code, &where, NULL);
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	pcre2_match_data *match = compiled ? pcre2_match_data_create_from_pattern(compiled, NULL) : NULL;
	bool matches = false;

	if (compiled && limits && match) {
		pcre2_set_match_limit(limits, (uint32_t)(MATCH_LIMIT + strlen(text)));
		count = pcre2_match(compiled, (PCRE2_SPTR)text, strlen(text), 0, 0, match, limits);
		matches = count > 0;
		if (matches && ret_group && size > 0)
			take_group(match, text, count, ret_group, size);
	}
	pcre2_match_data_free(match);
	pcre2_match_context_free(limits);
	pcre2_code_free(compiled);
	return matches;
}
