#include "tests/unit/boot_rom_bench.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void bench_say(struct rom_bench *bench, const void *data, size_t size)
{
	assert(bench->to_host_size + size <= sizeof(bench->to_host));
	memcpy(bench->to_host + bench->to_host_size, data, size);
	bench->to_host_size += size;
}

void bench_say_byte(struct rom_bench *bench, uint8_t byte)
{
	bench_say(bench, &byte, 1);
}

void bench_take(struct rom_bench *bench, uint8_t byte)
{
	if (bench->taken_size < sizeof(bench->taken))
		bench->taken[bench->taken_size++] = byte;
}

bool bench_told(const struct rom_bench *bench, const char *text)
{
	return strstr(bench->told, text) != NULL;
}

static void tell(struct rom_bench *bench, const struct boot_rom_event *event)
{
	static const char *const names[] = { "nothing", "phase", "power", "line", "pins", "found", "fact", "file", "end", "verified", "retry",
					     "text", "done", "failed" };
	size_t room = sizeof(bench->told) - bench->told_size;
	int size;

	/* How text is cut depends on the cut of the line. */
	if (event->type == BOOT_ROM_TEXT)
		return;
	if (event->type == BOOT_ROM_PHASE)
		size = snprintf(bench->told + bench->told_size, room, "phase %s\n", boot_rom_phase_name(event->phase));
	else if (event->type == BOOT_ROM_LINE)
		size = snprintf(bench->told + bench->told_size, room, "line %u\n", event->baud);
	else if (event->type == BOOT_ROM_PINS)
		size = snprintf(bench->told + bench->told_size, room, "pins %d %d\n", event->dtr, event->rts);
	else
		size = snprintf(bench->told + bench->told_size, room, "%s %s%s%s\n", names[event->type], event->name, event->name[0] ? "=" : "",
				event->text);
	if (size > 0 && (size_t)size < room)
		bench->told_size += (size_t)size;
	if (event->type == BOOT_ROM_DONE || event->type == BOOT_ROM_FAILED) {
		assert(!bench->is_over);
		bench->is_over = true;
		bench->status = event->type == BOOT_ROM_DONE ? STATUS_OK : event->status;
	}
}

static void push(struct rom_bench *bench)
{
	for (;;) {
		struct bytes out = boot_rom_output(bench->rom);

		if (out.size == 0)
			return;
		for (size_t i = 0; i < out.size; i++)
			if (++bench->line_bytes != bench->lose_at && bench->device != NULL)
				bench->device(bench, out.data[i]);
		boot_rom_sent(bench->rom, out.size, bench->now_ms);
	}
}

static void tick(struct rom_bench *bench)
{
	struct boot_rom_event event;

	do {
		event = boot_rom_tick(bench->rom, bench->now_ms);
		push(bench);
		if (event.type != BOOT_ROM_NOTHING)
			tell(bench, &event);
	} while (event.type != BOOT_ROM_NOTHING);
}

/* What the device said until now; in pieces. */
static void pull(struct rom_bench *bench)
{
	static uint8_t said[BENCH_TO_HOST];
	size_t size = bench->to_host_size, from = 0;

	memcpy(said, bench->to_host, size);
	bench->to_host_size = 0;
	while (from < size) {
		size_t piece = bench->cut > 0 && bench->cut < size - from ? bench->cut : size - from;
		struct bytes in = { said + from, piece };

		from += piece;
		while (in.size > 0 && !bench->is_over) {
			struct boot_rom_event event = boot_rom_input(bench->rom, &in, bench->now_ms);

			push(bench);
			if (event.type != BOOT_ROM_NOTHING)
				tell(bench, &event);
			tick(bench);
		}
		if (bench->is_over) {
			bench->left = (struct bytes){ said + from - in.size, size - from + in.size };
			return;
		}
	}
}

void bench_run(struct rom_bench *bench, const char *protocol, const struct boot_rom_options *options, uint64_t limit_ms)
{
	struct error error;
	uint64_t end_ms = bench->now_ms + limit_ms;
	enum status status = boot_rom_begin(boot_rom_find(protocol), options, bench->now_ms, &bench->rom, &error);

	if (status != STATUS_OK) {
		bench->is_over = true;
		bench->status = status;
		snprintf(bench->told, sizeof(bench->told), "begin %s\n", error.text);
		return;
	}
	while (!bench->is_over && bench->now_ms < end_ms) {
		uint64_t deadline_ms;

		tick(bench);
		if (bench->is_over)
			break;
		if (bench->to_host_size > 0) {
			bench->now_ms++;
			pull(bench);
			continue;
		}
		deadline_ms = boot_rom_deadline(bench->rom);
		if (deadline_ms == UINT64_MAX)
			break;
		bench->now_ms = deadline_ms > bench->now_ms ? deadline_ms : bench->now_ms + 1;
	}
	push(bench);
	boot_rom_free(bench->rom);
	bench->rom = NULL;
}
