#include "src/store/profile_match.h"

#include <string.h>
#include <strings.h>

#include "src/base/text.h"

enum { QUERY_WORDS_MAX = 8 };

/* How well the word fits the text: 0 not at all. */
static unsigned word_score(const char *text, const char *word)
{
	if (text == NULL || !text_contains(text, word))
		return 0;
	return strcasecmp(text, word) == 0 ? 8 : strncasecmp(text, word, strlen(word)) == 0 ? 4 : 2;
}

static unsigned best_of(unsigned best, unsigned score)
{
	return score > best ? score : best;
}

static unsigned profile_word_score(const struct profile *profile, const char *word)
{
	unsigned best = word_score(profile->model, word);

	best = best_of(best, word_score(profile->vendor, word));
	best = best_of(best, word_score(profile->kind, word));
	best = best_of(best, word_score(profile->soc, word));
	best = best_of(best, word_score(profile->id, word));
	for (unsigned i = 0; i < profile->aliases.count; i++)
		best = best_of(best, word_score(profile->aliases.item[i], word));
	for (unsigned i = 0; i < profile->revisions.count; i++)
		best = best_of(best, word_score(profile->revisions.item[i], word));
	return best;
}

unsigned profile_match_score(const struct profile *profile, const char *query)
{
	unsigned sum = 0;

	for (unsigned words = 0; words < QUERY_WORDS_MAX; words++) {
		char word[64];
		size_t length;
		unsigned score;

		query += strspn(query, " \t");
		length = strcspn(query, " \t");
		if (length == 0)
			break;
		if (length >= sizeof(word))
			return 0;
		text_copy(word, length + 1, query);
		query += length;
		score = profile_word_score(profile, word);
		if (score == 0)
			return 0;
		sum += score;
	}
	return sum > 0 ? sum : 1;	/* no words: everything */
}
