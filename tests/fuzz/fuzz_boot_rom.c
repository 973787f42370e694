/* tests/fuzz/fuzz_boot_rom.c: a hostile device under every boot ROM's machine. The first bytes choose the ROM, what is asked of it and a file; then come
 * pieces: how much time passes, how many bytes, the bytes. */
#include <stdlib.h>

#include "recovery/protocol/boot_rom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALLS_MAX = 20000, FILE_MAX = 64 };

/* Returns whether it is over. */
static bool look_at(const struct boot_rom_event *event, bool is_identify, bool was_over)
{
	bool is_final = event->type == BOOT_ROM_DONE || event->type == BOOT_ROM_FAILED;

	if (was_over && event->type != BOOT_ROM_NOTHING)
		abort();	/* something behind the end */
	if (is_identify && event->type == BOOT_ROM_PHASE && event->phase > BOOT_ROM_PHASE_IDENTIFYING)
		abort();	/* to identify changes nothing */
	if (event->type == BOOT_ROM_PINS)
		abort();	/* unasked */
	return was_over || is_final;
}

static bool drive(struct boot_rom *rom, struct bytes in, uint64_t now_ms, bool is_identify, bool is_over)
{
	for (unsigned i = 0; i < CALLS_MAX; i++) {
		struct bytes before = in, out;
		struct boot_rom_event event = in.size > 0 && !is_over ? boot_rom_input(rom, &in, now_ms) : boot_rom_tick(rom, now_ms);

		if (in.size > before.size || (is_over && in.size != before.size))
			abort();
		is_over = look_at(&event, is_identify, is_over);
		out = boot_rom_output(rom);
		boot_rom_sent(rom, out.size, now_ms);
		if (event.type == BOOT_ROM_NOTHING && (in.size == 0 || is_over))
			return is_over;
	}
	abort();	/* no end of events */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count;
	const struct boot_rom_protocol *const *protocols = boot_rom_protocols(&count);
	struct boot_rom_file file = { .name = "f", .address = 0x08000000, .has_address = true };
	struct boot_rom_options options = { .files = &file, .file_count = 1, .may_write_flash = true };
	struct boot_rom *rom = NULL;
	uint64_t now_ms = 0;
	bool is_over = false;

	if (size < 4)
		return 0;
	options.identify_only = data[1] & 1;
	options.start = data[1] & 2;
	options.load_baud = data[1] & 4 ? 460800 : 0;
	file.has_address = !(data[1] & 8);
	file.data = (struct bytes){ data + 4, data[2] * 16u < size - 4 ? data[2] * 16u : size - 4 };
	if (boot_rom_begin(protocols[data[0] % count], &options, 0, &rom, NULL) != STATUS_OK)
		return 0;
	data += 4 + (options.identify_only ? 0 : file.data.size);
	size -= 4 + (options.identify_only ? 0 : file.data.size);
	while (size > 2 && !is_over) {
		size_t part = data[1] < size - 2 ? data[1] : size - 2;

		now_ms += data[0] & 0x80 ? (data[0] & 0x7fu) * 40u : data[0];
		is_over = drive(rom, (struct bytes){ data + 2, part }, now_ms, options.identify_only, is_over);
		data += 2 + part;
		size -= 2 + part;
	}
	/* Left alone it ends, and it ends when told to. */
	for (unsigned i = 0; i < 3000 && !is_over; i++) {
		uint64_t deadline_ms = boot_rom_deadline(rom);

		if (deadline_ms == UINT64_MAX)
			abort();	/* it waits for nothing */
		now_ms = deadline_ms > now_ms ? deadline_ms : now_ms + 1;
		is_over = drive(rom, (struct bytes){ data, 0 }, now_ms, options.identify_only, is_over);
	}
	boot_rom_cancel(rom, now_ms);
	for (unsigned i = 0; i < 50 && !is_over; i++)
		is_over = drive(rom, (struct bytes){ data, 0 }, now_ms += 200, options.identify_only, is_over);
	if (!is_over)
		abort();
	boot_rom_free(rom);
	return 0;
}
