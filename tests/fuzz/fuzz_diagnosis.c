/* tests/fuzz/fuzz_diagnosis.c
 *
 * Console bytes through the whole diagnosis, cut into calls by the input itself; a second machine that gets all at once
 * must come to the same verdict. */
// with: tests/fakes/fake_signs.c
// seconds: 60
// seeds: corpus/logs
// options: -max_len=16384
#include <stdlib.h>

#include "recovery/diagnosis/diagnosis.h"
#include "recovery/diagnosis/sign_filter.h"
#include "tests/fakes/fake_signs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(struct diagnosis *diagnosis, struct bytes in, size_t step, struct verdict *ret_verdict)
{
	diagnosis_reset(diagnosis);
	while (in.size > 0) {
		size_t part = step < in.size ? step : in.size;

		diagnosis_input(diagnosis, bytes_of(in.data, part), 7);
		in = bytes_from(in, part);
	}
	diagnosis_end(diagnosis, 9);
	diagnosis_verdict(diagnosis, ret_verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Two, since line numbers go on over a reset: both have counted the same lines when they are compared. */
	static struct diagnosis *at_once, *in_parts, *diagnosis;
	struct verdict whole, parts;
	struct sign_words words;
	char pattern[128];
	size_t count;
	const struct sign *signs = fake_signs(&count);

	if (diagnosis == NULL && (diagnosis_new(signs, count, NULL, NULL, &at_once, NULL) != STATUS_OK ||
				  diagnosis_new(signs, count, NULL, NULL, &in_parts, NULL) != STATUS_OK ||
				  diagnosis_new(signs, count, NULL, NULL, &diagnosis, NULL) != STATUS_OK))
		abort();
	if (size == 0)
		return 0;
	run(at_once, bytes_of(data + 1, size - 1), SIZE_MAX, &whole);
	run(in_parts, bytes_of(data + 1, size - 1), data[0] % 7 + 1u, &parts);
	if (memcmp(&whole, &parts, sizeof(whole)) != 0)
		abort();
	diagnosis_reset(diagnosis);
	for (size_t i = 1; i < size; i++) { /* quiet after every byte must do no harm */
		diagnosis_input(diagnosis, bytes_of(data + i, 1), i);
		diagnosis_quiet(diagnosis, i);
	}
	diagnosis_verdict(diagnosis, &parts);
	(void)diagnosis_text_score(bytes_of(data, size));
	/* patterns come from files */
	memcpy(pattern, data, size < sizeof(pattern) ? size : sizeof(pattern) - 1);
	pattern[size < sizeof(pattern) ? size : sizeof(pattern) - 1] = '\0';
	sign_words_of(pattern, &words);
	return 0;
}
