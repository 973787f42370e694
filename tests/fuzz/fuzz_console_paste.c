/* tests/fuzz/fuzz_console_paste.c: a hostile device beside pasted text. What goes out is what was given, in its order, and it goes out in
 * the end, whatever the device says. */
#include <stdlib.h>
#include <string.h>

#include "src/core/console_paste.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TURNS_MAX = 100000 };

static void take(struct console_paste *paste, struct bytes given, size_t *gone, size_t most, uint64_t now_ms)
{
	struct bytes out = console_paste_output(paste, now_ms);

	if (out.size > most)
		out.size = most;
	if (out.size > given.size - *gone || (out.size > 0 && memcmp(out.data, given.data + *gone, out.size) != 0))
		abort();
	*gone += out.size;
	console_paste_sent(paste, out.size, now_ms);
	if (console_paste_left(paste) != given.size - *gone)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct console_pace pace = { 0 };
	struct console_paste paste;
	struct bytes given, said;
	size_t gone = 0, left;
	uint64_t now_ms = 1000;

	if (size < 4)
		return 0;
	pace.awaits_echo = data[0] & 1;
	pace.char_ms = data[0] & 2 ? data[1] & 7 : 0;
	pace.line_ms = data[0] & 4 ? data[1] : 0;
	given = bytes_of(data + 4, (size - 4) / 2);
	said = bytes_from(bytes_of(data + 4, size - 4), given.size);
	console_paste_init(&paste);
	if (console_paste_add(&paste, given, &pace, bytes_of(data + 2, 2), now_ms, NULL) != STATUS_OK)
		abort();
	while (said.size > 0 && console_paste_left(&paste) > 0) {
		size_t count = (size_t)(said.data[0] & 15) + 1;

		take(&paste, given, &gone, count, now_ms);
		count = count < said.size ? count : said.size;
		console_paste_heard(&paste, bytes_of(said.data, count), now_ms);
		now_ms += said.data[0] & 16 ? 300 : 1;
		said = bytes_from(said, count);
	}
	for (unsigned turn = 0; (left = console_paste_left(&paste)) > 0; turn++) {
		uint64_t deadline_ms = console_paste_deadline(&paste);

		if (turn == TURNS_MAX || deadline_ms == UINT64_MAX)
			abort();
		now_ms = deadline_ms > now_ms ? deadline_ms : now_ms;
		take(&paste, given, &gone, left, now_ms);
	}
	console_paste_done(&paste);
	return 0;
}
