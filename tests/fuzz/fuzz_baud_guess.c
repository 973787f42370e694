/* tests/fuzz/fuzz_baud_guess.c: any bytes at any rate; cut into calls, rates and pauses by its own bytes. */
#include <stdlib.h>

#include "recovery/serial/baud_guess.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct baud_guess *guess = malloc(sizeof(*guess));
	unsigned rate = 0, looks = 0;
	uint64_t now_ms = 0;

	if (guess == NULL || size < 2)
		goto end;
	baud_guess_init(guess, baud_guess_rate(data[0] % BAUD_GUESS_RATES), 1 + data[1] * 16384u);
	while (size > 0 && looks < 3) {
		size_t count = 1 + data[0] % 64;
		struct bytes part = { data, count < size ? count : size };
		enum baud_answer answer;

		while (data[0] == 0xfc && baud_guess_learn(guess)) /* rarely: it takes the longest */
			;
		baud_guess_input(guess, part, now_ms += data[0]);
		baud_guess_framing(guess, data[0] & 0x80 ? data[0] : 0);
		answer = data[0] & 1 ? baud_guess_answer(guess, data[0] & 2, &rate) : baud_guess_silence(guess, &rate);
		if (answer == BAUD_TRY) {
			if (baud_guess_same(rate, guess->rate))
				abort();
			baud_guess_listen(guess, rate);
			looks++;
		}
		data += part.size;
		size -= part.size;
	}
end:
	free(guess);
	return 0;
}
