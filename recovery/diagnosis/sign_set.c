/* recovery/diagnosis/sign_set.c */
#include "recovery/diagnosis/sign_set.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "recovery/diagnosis/sign_filter.h"
#include "recovery/diagnosis/sign_memo.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	MATCH_LIMIT = 20000,	/* steps; a sane sign needs some dozens on a line of 512 bytes */
	DEPTH_LIMIT = 200,
	HEAP_LIMIT_KIB = 256,
	JIT_AFTER = 8,
};

struct sign_set {
	const struct sign *signs;
	size_t count;
	pcre2_code **codes;
	uint8_t *runs;			/* of each, up to JIT_AFTER */
	pcre2_match_context *limits;
	pcre2_match_data *data;
	struct sign_filter *filter;
	uint64_t *candidates;
	struct sign_memo *memo;		/* of sign_set_match_in_force */
};

DEFINE_AUTO(sign_set);

static enum status compile(struct sign_set *set, size_t i, struct error *reterr)
{
	const struct sign *sign = &set->signs[i];
	PCRE2_SIZE offset = 0;
	int code = 0;
	char why[120] = "";

	if (sign->match == NULL || sign->match[0] == '\0')
		return error_set(reterr, STATUS_INVALID, "sign '%s': it has no pattern", sign->id ? sign->id : "?");
	set->codes[i] = pcre2_compile((PCRE2_SPTR)sign->match, PCRE2_ZERO_TERMINATED, PCRE2_NEVER_BACKSLASH_C, &code,
				      &offset, NULL);
	if (set->codes[i] == NULL) {
		pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof(why));
		error_set(reterr, STATUS_INVALID, "sign '%s': the pattern does not compile at character %zu: %s",
			  sign->id ? sign->id : "?", offset + 1, why);
		return error_hint(reterr, "correct 'match' of this sign; it is a PCRE2 pattern");
	}
	return sign_filter_add(set->filter, i, sign->match, reterr);
}

enum status sign_set_new(const struct sign *signs, size_t count, struct sign_set **ret_set, struct error *reterr)
{
	AUTO(sign_set) set = calloc(1, sizeof(*set));
	enum status status = STATUS_OK;

	if (set == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the signs");
	set->signs = signs;
	set->count = count;
	status = sign_filter_new(count, &set->filter, reterr);
	if (status != STATUS_OK)
		return status;
	set->codes = calloc(count + 1, sizeof(*set->codes));
	set->runs = calloc(count + 1, sizeof(*set->runs));
	set->candidates = calloc(sign_filter_words(set->filter), sizeof(*set->candidates));
	set->memo = sign_memo_new(signs);
	set->limits = pcre2_match_context_create(NULL);
	set->data = pcre2_match_data_create(4, NULL);
	if (set->codes == NULL || set->runs == NULL || set->candidates == NULL || set->limits == NULL || set->data == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the signs");
	pcre2_set_match_limit(set->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(set->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(set->limits, HEAP_LIMIT_KIB);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = compile(set, i, reterr);
	if (status == STATUS_OK)
		status = sign_filter_close(set->filter, reterr);
	if (status == STATUS_OK)
		*ret_set = TAKE(set);
	return status;
}

void sign_set_free(struct sign_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; set->codes != NULL && i < set->count; i++)
		pcre2_code_free(set->codes[i]);
	free(set->codes);
	free(set->runs);
	free(set->candidates);
	sign_memo_free(set->memo);
	pcre2_match_context_free(set->limits);
	pcre2_match_data_free(set->data);
	sign_filter_free(set->filter);
	free(set);
}

static bool match_one(struct sign_set *set, size_t i, struct bytes line, struct sign_match *ret_match)
{
	int groups;
	const PCRE2_SIZE *at;

	/* Most patterns never run in a session: machine code is made for those that do. Without JIT (no support, hardened kernel) the
	 * interpreter does the same, slower. */
	if (set->runs[i] < JIT_AFTER && ++set->runs[i] == JIT_AFTER)
		(void)pcre2_jit_compile(set->codes[i], PCRE2_JIT_COMPLETE);
	/* PCRE2_UTF is off: any byte may come */
	groups = pcre2_match(set->codes[i], line.data, line.size, 0, 0, set->data, set->limits);
	at = pcre2_get_ovector_pointer(set->data);
	if (groups < 0)		/* no match, or a limit was hit: then the line says nothing */
		return false;
	*ret_match = (struct sign_match){ .sign = &set->signs[i] };
	if (groups != 1 && at[2] != PCRE2_UNSET && at[3] <= line.size && at[2] <= at[3]) {
		ret_match->value = bytes_of(line.data + at[2], at[3] - at[2]);
		ret_match->has_value = true;
	}
	return true;
}

enum { KNOWN = 1, GENERAL = 2 };

static size_t match_candidates(struct sign_set *set, struct bytes line, unsigned kinds, struct sign_match *ret_matches)
{
	size_t found = 0;

	for (size_t word = 0; word < sign_filter_words(set->filter); word++) {
		uint64_t bits = set->candidates[word];

		for (; bits != 0 && found < SIGN_SET_MATCHES_MAX; bits &= bits - 1) {
			size_t i = word * 64 + (size_t)__builtin_ctzll(bits);
			unsigned kind = set->signs[i].is_general ? GENERAL : KNOWN;

			if ((kinds & kind) && match_one(set, i, line, &ret_matches[found]))
				found++;
		}
	}
	return found;
}

size_t sign_set_match(struct sign_set *set, struct bytes line, struct sign_match *ret_matches)
{
	if (line.size == 0 || !sign_filter_find(set->filter, line, set->candidates))
		return 0;
	return match_candidates(set, line, KNOWN | GENERAL, ret_matches);
}

size_t sign_set_match_in_force(struct sign_set *set, struct bytes line, struct sign_match *ret_matches)
{
	size_t found = 0;

	if (line.size == 0)
		return 0;
	if (sign_memo_find(set->memo, line, ret_matches, &found))
		return found;
	if (sign_filter_find(set->filter, line, set->candidates)) {
		found = match_candidates(set, line, KNOWN, ret_matches);
		/* the words of general signs stand on every second line: only what no other sign knows is worth the search */
		if (found == 0)
			found = match_candidates(set, line, GENERAL, ret_matches);
		found = sign_matches_in_force(ret_matches, found);
	}
	sign_memo_keep(set->memo, line, ret_matches, found);
	return found;
}

size_t sign_matches_in_force(struct sign_match *matches, size_t count)
{
	bool is_harmless = false, is_known = false;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		is_harmless |= matches[i].sign->effect == SIGN_HARMLESS;
		is_known |= !matches[i].sign->is_general;
	}
	for (size_t i = 0; i < count; i++) {
		enum sign_effect effect = matches[i].sign->effect;

		if (is_harmless && (effect == SIGN_FAULT || effect == SIGN_HARDWARE))
			continue;
		if (!is_known || !matches[i].sign->is_general)
			matches[kept++] = matches[i];
	}
	return kept;
}

static int telling(const struct sign *sign)
{
	static const int order[] = {
		[SIGN_FACT] = 1, [SIGN_MILESTONE] = 2, [SIGN_HARMLESS] = 3, [SIGN_PROGRESS] = 4, [SIGN_DONE] = 5,
		[SIGN_PROMPT] = 6, [SIGN_HEALTHY] = 7, [SIGN_TROUBLE] = 8, [SIGN_HARDWARE] = 9, [SIGN_FAULT] = 10,
	};

	return order[sign->effect] * 128 + sign->weight;
}

const struct sign *sign_matches_best(const struct sign_match *matches, size_t count)
{
	const struct sign *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (best == NULL || telling(matches[i].sign) > telling(best))
			best = matches[i].sign;
	return best;
}
