/* tests/fuzz/fuzz_dialog.c: a hostile device against one command. Its bytes also say how the line is cut and how time passes. */
#include <stdlib.h>

#include "recovery/protocol/dialog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Enter may only be typed behind an echo of the whole command. */
static void take_output(struct dialog *dialog, const char *command, bool hidden)
{
	struct bytes out = dialog_output(dialog);

	if (out.size > DIALOG_PIECE)
		abort();
	if (out.size > 0 && out.data[0] == '\r' && !hidden && dialog->echoed != strlen(command))
		abort();
	dialog_sent(dialog, out.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char command[] = "sf erase 0x50000 0x100000";
	struct dialog dialog;
	uint64_t now_ms = 0;
	bool hidden;

	if (size < 1)
		return 0;
	hidden = data[0] & 1;
	dialog_init(&dialog, data[0] & 2 ? "=> " : "");
	if ((hidden ? dialog_start_hidden : dialog_start)(&dialog, command, 1000, data[0] & 4 ? "Retry" : NULL, now_ms) != STATUS_OK)
		abort();
	data++;
	size--;
	while (size > 0) {
		size_t count = 1 + data[0] % 32;
		struct bytes in = { data, count < size ? count : size };

		size -= in.size;
		data += in.size;
		while (in.size > 0) {
			size_t before = in.size;
			struct dialog_event event = dialog_input(&dialog, &in, now_ms);

			if (in.size >= before)
				abort();
			take_output(&dialog, command, hidden);
			if (event.type > DIALOG_RETYPE && dialog_deadline(&dialog) != UINT64_MAX)
				abort();
		}
		now_ms += data[-1];
		dialog_tick(&dialog, now_ms);
		if (data[-1] & 1)
			take_output(&dialog, command, hidden);
		if (strlen(dialog_reply(&dialog)) >= DIALOG_REPLY_MAX)
			abort();
	}
	/* Silence ends it, whatever came. */
	for (unsigned i = 0; i < 100 && dialog_deadline(&dialog) != UINT64_MAX; i++) {
		now_ms = dialog_deadline(&dialog);
		dialog_tick(&dialog, now_ms);
		take_output(&dialog, command, hidden);
	}
	if (dialog_deadline(&dialog) != UINT64_MAX)
		abort();
	return 0;
}
