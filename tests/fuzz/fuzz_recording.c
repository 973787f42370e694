/* tests/fuzz/fuzz_recording.c: a hostile .times and .raw, or a log with stamps, played at once. The first byte says
 * which. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/text.h"
#include "src/io/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(const char *path, const uint8_t *data, size_t size)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		abort();
	if (size > 0 && fwrite(data, 1, size, file) != size)
		abort();
	fclose(file);
}

static void play(const char *path, const char *times)
{
	struct replay *replay = NULL;
	uint8_t part[512];
	struct error error;
	uint64_t last_ms = 0, now_ms = 0, all = 0;
	struct replay_state state;

	if (replay_open(path, times, &replay, &error) != STATUS_OK)
		return;
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t due_ms = replay_deadline(replay, now_ms);

		if (due_ms == UINT64_MAX)
			break;
		if (due_ms > now_ms + REPLAY_GAP_MAX_MS + 1)
			abort(); /* nobody waits longer than an hour */
		now_ms = due_ms > now_ms ? due_ms : now_ms;
		all += replay_read(replay, part, sizeof(part), now_ms);
		replay_look(replay, now_ms, &state);
		if (state.at_ms < last_ms)
			abort();
		last_ms = state.at_ms;
	}
	replay_look(replay, now_ms, &state);
	if (!state.is_over || all != state.total_bytes)
		abort();
	replay_free(replay);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const ending[] = { "raw", "log", "out" };
	char folder[] = "/tmp/fuzz_recording-XXXXXX", path[64], times[64];
	unsigned kind = size > 0 ? data[0] % 3 : 0;
	size_t cut = size > 1 ? (size_t)data[1] * (size - 2) / 255 : 0;

	if (size < 2 || mkdtemp(folder) == NULL)
		return 0;
	text_format(path, sizeof(path), "%s/a.%s", folder, ending[kind]);
	text_format(times, sizeof(times), "%s/a.times", folder);
	write_file(path, data + 2 + cut, size - 2 - cut);
	write_file(times, data + 2, cut);
	play(path, kind == 2 ? times : NULL);
	unlink(path);
	unlink(times);
	rmdir(folder);
	return 0;
}
