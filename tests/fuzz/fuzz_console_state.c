/* tests/fuzz/fuzz_console_state.c: any bytes are classified; the prompt stays in its array, and what is not known allows no Enter and
 * no Ctrl-C. */
#include <stdlib.h>
#include <string.h>

#include "recovery/loader/console_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct console_seen seen = { .quiet_ms = 1000 };
	struct console_state found;

	if (size < 1)
		return 0;
	seen.was_probed = data[0] & 1;
	seen.in_loader = data[0] & 2;
	seen.prompt = data[0] & 4 ? "=> " : NULL;
	seen.tail = bytes_of(data + 1, size - 1);
	console_state_of(&seen, &found);
	if (found.confidence > 100 || found.at >= CONSOLE_AT_COUNT || memchr(found.prompt, '\0', sizeof(found.prompt)) == NULL)
		abort();
	if ((found.at == CONSOLE_AT_PROGRAM || found.at == CONSOLE_AT_SCREEN || found.at == CONSOLE_AT_GARBAGE || found.at == CONSOLE_AT_SILENCE) &&
	    (found.may & (CONSOLE_MAY_ENTER | CONSOLE_MAY_CTRL_C | CONSOLE_MAY_COMMAND)) != 0)
		abort();
	return 0;
}
