/* tests/fuzz/fuzz_stop_boot.c: a hostile device while its start is stopped. Nothing but the keys and Ctrl-C may ever be sent. */
#include <stdlib.h>

#include "recovery/loader/stop_boot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = { NULL, "tpl", "\x1b\x1b", "#" };
	struct stop_boot stop;
	uint64_t now_ms = 0;
	bool is_done = false;

	if (size < 1)
		return 0;
	stop_boot_init(&stop, keys[data[0] & 3], data[0] & 4 ? "Hit any key" : NULL, data[0] & 8 ? "=> " : NULL);
	if (data[0] & 16)
		stop_boot_at_prompt(&stop, now_ms);
	data++;
	size--;
	while (size > 0) {
		size_t count = 1 + data[0] % 32;
		struct bytes in = { data, count < size ? count : size }, out;

		size -= in.size;
		data += in.size;
		while (in.size > 0) {
			size_t before = in.size;

			if (stop_boot_input(&stop, &in, now_ms) == STOP_BOOT_DONE || in.size >= before)
				abort();	/* only silence proves a prompt */
		}
		now_ms += data[-1];
		is_done = stop_boot_tick(&stop, now_ms) == STOP_BOOT_DONE || is_done;
		out = stop_boot_output(&stop);
		if (out.size > 3 || (out.size > 0 && memchr(out.data, '\r', out.size) != NULL) || (is_done && out.size > 0 && out.data[0] != '\x03'))
			abort();
		stop_boot_sent(&stop, data[-1] & 3);
	}
	if (is_done != (stop_boot_prompt(&stop)[0] != '\0') || strlen(stop_boot_prompt(&stop)) >= sizeof(stop.learnt))
		abort();
	return 0;
}
