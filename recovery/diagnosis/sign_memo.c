#include "recovery/diagnosis/sign_memo.h"

#include <stdlib.h>
#include <string.h>

enum {
	PLACES = 4096,		/* a start prints some hundred different lines */
	WAYS = 2,		/* lines that share a place */
	TEXT_MAX = 256,		/* of a line, and of two that were one before they were wrapped */
	MATCHES_MAX = 6,
};

struct kept_match {
	uint32_t sign;
	uint16_t at, size;
	bool has_value;
};

struct place {
	uint64_t hash;
	uint16_t size;		/* 0: free */
	uint16_t count;
	struct kept_match match[MATCHES_MAX];
	uint8_t text[TEXT_MAX];
};

struct sign_memo {
	const struct sign *signs;
	struct place place[PLACES][WAYS];	/* the one that was kept last stands first */
};

struct sign_memo *sign_memo_new(const struct sign *signs)
{
	struct sign_memo *memo = calloc(1, sizeof(*memo));

	if (memo != NULL)
		memo->signs = signs;
	return memo;
}

void sign_memo_free(struct sign_memo *memo)
{
	free(memo);
}

/* The text itself is compared as well, so the hash need not withstand anybody: it only spreads. */
static uint64_t hash_of(struct bytes line)
{
	uint64_t hash = line.size * UINT64_C(0x9e3779b97f4a7c15), word;
	size_t at = 0;

	for (; line.size - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, line.data + at, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	for (; at < line.size; at++)
		hash = (hash ^ line.data[at]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 29;
}

static bool is_it(const struct place *place, uint64_t hash, struct bytes line)
{
	return place->hash == hash && place->size == line.size && memcmp(place->text, line.data, line.size) == 0;
}

bool sign_memo_find(const struct sign_memo *memo, struct bytes line, struct sign_match *ret_matches, size_t *ret_count)
{
	const struct place *place;
	uint64_t hash;

	if (memo == NULL || line.size == 0 || line.size > TEXT_MAX)
		return false;
	hash = hash_of(line);
	place = memo->place[hash % PLACES];
	if (!is_it(place, hash, line) && !is_it(++place, hash, line))
		return false;
	for (size_t i = 0; i < place->count; i++)
		ret_matches[i] = (struct sign_match){ .sign = &memo->signs[place->match[i].sign],
						      .value = bytes_of(line.data + place->match[i].at, place->match[i].size),
						      .has_value = place->match[i].has_value };
	*ret_count = place->count;
	return true;
}

void sign_memo_keep(struct sign_memo *memo, struct bytes line, const struct sign_match *matches, size_t count)
{
	struct place *place;
	uint64_t hash;

	if (memo == NULL || line.size == 0 || line.size > TEXT_MAX || count > MATCHES_MAX)
		return;
	hash = hash_of(line);
	place = memo->place[hash % PLACES];
	place[1] = place[0];
	*place = (struct place){ .hash = hash, .size = (uint16_t)line.size, .count = (uint16_t)count };
	memcpy(place->text, line.data, line.size);
	for (size_t i = 0; i < count; i++) {
		struct kept_match *to = &place->match[i];

		to->sign = (uint32_t)(matches[i].sign - memo->signs);
		to->has_value = matches[i].has_value;
		if (matches[i].has_value) {
			to->at = (uint16_t)(matches[i].value.data - line.data);
			to->size = (uint16_t)matches[i].value.size;
		}
	}
}
