#include "recovery/protocol/boot_rom_machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/text.h"

enum {
	STALL_MS = 60000,	/* the line takes no byte */
};

/* ---- events ---- */

/* The last place is kept for the end: a flood of events loses itself, never the result. */
static struct boot_rom_event *push_event(struct boot_rom *rom, enum boot_rom_event_type type)
{
	bool is_final = type == BOOT_ROM_DONE || type == BOOT_ROM_FAILED;
	struct boot_rom_event *event;

	if (rom->progress.is_over || rom->event_count >= (is_final ? BOOT_ROM_EVENTS_MAX : BOOT_ROM_EVENTS_MAX - 1))
		return NULL;
	event = &rom->events[(rom->event_first + rom->event_count++) % BOOT_ROM_EVENTS_MAX];
	*event = (struct boot_rom_event){ .type = type, .phase = rom->progress.phase, .baud = rom->baud, .parity = rom->protocol->parity,
					  .file = rom->file };
	return event;
}

static void flush_stray(struct boot_rom *rom)
{
	struct boot_rom_event *event;

	if (rom->stray_size == 0)
		return;
	/* Text that waits already is not overwritten: it is for the eye only. */
	for (size_t i = 0; i < rom->event_count; i++)
		if (rom->events[(rom->event_first + i) % BOOT_ROM_EVENTS_MAX].type == BOOT_ROM_TEXT)
			return;
	event = push_event(rom, BOOT_ROM_TEXT);
	if (event == NULL)
		return;
	memcpy(rom->told_stray, rom->stray, rom->stray_size);
	event->data = bytes_of(rom->told_stray, rom->stray_size);
	rom->stray_size = 0;
}

void boot_rom_stray(struct boot_rom *rom, uint8_t byte)
{
	if (rom->stray_size == sizeof(rom->stray))
		flush_stray(rom);
	if (rom->stray_size < sizeof(rom->stray))
		rom->stray[rom->stray_size++] = byte;
}

static void fill_text(struct boot_rom_event *event, const char *format, va_list args)
{
	if (event != NULL)
		vsnprintf(event->text, sizeof(event->text), format, args);
}

void boot_rom_tell(struct boot_rom *rom, enum boot_rom_event_type type, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill_text(push_event(rom, type), format, args);
	va_end(args);
}

void boot_rom_fact(struct boot_rom *rom, const char *name, const char *format, ...)
{
	struct boot_rom_event *event = push_event(rom, BOOT_ROM_FACT);
	va_list args;

	if (event != NULL)
		text_copy(event->name, sizeof(event->name), name);
	va_start(args, format);
	fill_text(event, format, args);
	va_end(args);
}

void boot_rom_retry(struct boot_rom *rom, const char *format, ...)
{
	va_list args;

	rom->progress.retries++;
	va_start(args, format);
	fill_text(push_event(rom, BOOT_ROM_RETRY), format, args);
	va_end(args);
}

void boot_rom_phase(struct boot_rom *rom, enum boot_rom_phase phase)
{
	if (rom->progress.phase == phase)
		return;
	rom->progress.phase = phase;
	rom->progress.done_bytes = 0;
	push_event(rom, BOOT_ROM_PHASE);
}

void boot_rom_set_line(struct boot_rom *rom, unsigned baud)
{
	if (rom->baud == baud)
		return;
	rom->baud = baud;
	push_event(rom, BOOT_ROM_LINE);
}

void boot_rom_set_pins(struct boot_rom *rom, bool dtr, bool rts)
{
	struct boot_rom_event *event = push_event(rom, BOOT_ROM_PINS);

	if (event == NULL)
		return;
	event->dtr = dtr;
	event->rts = rts;
}

void boot_rom_file_begins(struct boot_rom *rom)
{
	const struct boot_rom_file *file = boot_rom_file(rom);

	if (file->has_address)
		boot_rom_tell(rom, BOOT_ROM_FILE, "%s, %zu bytes, to 0x%llx", file->name, file->data.size,
			      (unsigned long long)file->address);
	else
		boot_rom_tell(rom, BOOT_ROM_FILE, "%s, %zu bytes", file->name, file->data.size);
}

static void end(struct boot_rom *rom)
{
	rom->progress.is_over = true;
	rom->deadline_ms = UINT64_MAX;
	rom->wait_ms = UINT64_MAX;
}

void boot_rom_done(struct boot_rom *rom, const char *format, ...)
{
	va_list args;

	flush_stray(rom);
	va_start(args, format);
	fill_text(push_event(rom, BOOT_ROM_DONE), format, args);
	va_end(args);
	end(rom);
}

void boot_rom_fail(struct boot_rom *rom, enum status status, const char *hint, const char *format, ...)
{
	struct boot_rom_event *event;
	va_list args;

	flush_stray(rom);
	event = push_event(rom, BOOT_ROM_FAILED);
	if (event != NULL) {
		event->status = status;
		event->hint = hint;
	}
	va_start(args, format);
	fill_text(event, format, args);
	va_end(args);
	boot_rom_drop_output(rom);
	end(rom);
}

void boot_rom_fail_silent(struct boot_rom *rom)
{
	boot_rom_fail(rom, STATUS_TIMEOUT, rom->protocol->prepare, "the boot ROM did not answer");
}

/* ---- to the line ---- */

void boot_rom_put(struct boot_rom *rom, struct bytes more)
{
	if (rom->out_from == rom->out_to)
		rom->out_from = rom->out_to = 0;
	if (more.size > sizeof(rom->out) - rom->out_to) {
		memmove(rom->out, rom->out + rom->out_from, rom->out_to - rom->out_from);
		rom->out_to -= rom->out_from;
		rom->out_from = 0;
	}
	if (more.size > sizeof(rom->out) - rom->out_to) {
		boot_rom_fail(rom, STATUS_IO, "Check the cable and the flow control",
			      "the line does not take the bytes");
		return;
	}
	if (more.size > 0)
		memcpy(rom->out + rom->out_to, more.data, more.size);
	rom->out_to += more.size;
}

void boot_rom_put_byte(struct boot_rom *rom, uint8_t byte)
{
	boot_rom_put(rom, bytes_of(&byte, 1));
}

void boot_rom_stream(struct boot_rom *rom, struct bytes data, bool is_progress)
{
	rom->stream = data;
	rom->counts_stream = is_progress;
}

void boot_rom_drop_output(struct boot_rom *rom)
{
	rom->out_from = rom->out_to = 0;
	rom->stream.size = 0;
}

bool boot_rom_is_sent(const struct boot_rom *rom)
{
	return boot_rom_output(rom).size == 0;
}

struct bytes boot_rom_output(const struct boot_rom *rom)
{
	if (rom->out_from < rom->out_to)
		return bytes_of(rom->out + rom->out_from, rom->out_to - rom->out_from);
	if (rom->transfer != NULL)
		return rom->transfer_protocol->output(rom->transfer);
	return rom->stream;
}

static void count_on_wire(struct boot_rom *rom, size_t count, uint64_t now_ms)
{
	unsigned bits = rom->protocol->parity == 'N' ? 10 : 11;

	if (rom->wire_end_ms < now_ms)
		rom->wire_end_ms = now_ms;
	if (rom->baud > 0)
		rom->wire_end_ms += ((uint64_t)count * bits * 1000 + rom->baud - 1) / rom->baud;
	rom->progress.line_bytes += count;
}

void boot_rom_sent(struct boot_rom *rom, size_t count, uint64_t now_ms)
{
	size_t left = boot_rom_output(rom).size;

	if (count > left)
		count = left;
	if (count == 0)
		return;
	count_on_wire(rom, count, now_ms);
	if (rom->out_from < rom->out_to) {
		rom->out_from += count;
	} else if (rom->transfer != NULL) {
		rom->transfer_protocol->sent(rom->transfer, count, now_ms);
		return;
	} else {
		rom->stream = bytes_from(rom->stream, count);
		if (rom->counts_stream)
			rom->progress.done_bytes += count;
	}
	if (!boot_rom_is_sent(rom))
		rom->deadline_ms = now_ms + STALL_MS;
	else if (rom->wait_ms != UINT64_MAX)
		rom->deadline_ms = rom->wire_end_ms + rom->wait_ms;
}

/* ---- waiting ---- */

void boot_rom_wait(struct boot_rom *rom, uint64_t wait_ms, uint64_t now_ms)
{
	uint64_t from_ms = rom->wire_end_ms > now_ms ? rom->wire_end_ms : now_ms;

	if (rom->progress.is_over)
		return;
	rom->wait_ms = wait_ms;
	rom->deadline_ms = boot_rom_is_sent(rom) ? from_ms + wait_ms : now_ms + STALL_MS;
}

void boot_rom_expect(struct boot_rom *rom, size_t count)
{
	rom->reply_have = 0;
	rom->reply_want = count < sizeof(rom->reply) ? count : sizeof(rom->reply);
}

bool boot_rom_collect(struct boot_rom *rom, uint8_t byte)
{
	if (rom->reply_have < rom->reply_want)
		rom->reply[rom->reply_have++] = byte;
	return rom->reply_have == rom->reply_want;
}

bool boot_rom_is_out_of_patience(const struct boot_rom *rom, uint64_t now_ms)
{
	return now_ms - rom->began_ms >=
	       (rom->options.patience_ms > 0 ? rom->options.patience_ms : rom->protocol->patience_ms);
}

/* ---- transfers inside ---- */

static bool next_file(void *user, struct transfer_file *ret_file)
{
	struct boot_rom *rom = user;

	if (rom->transfer_given)
		return false;
	rom->transfer_given = true;
	*ret_file = (struct transfer_file){ .size = rom->transfer_data.size, .has_size = true };
	text_copy(ret_file->name, sizeof(ret_file->name), rom->transfer_name);
	return true;
}

static size_t read_file(void *user, uint64_t offset, uint8_t *to, size_t size)
{
	struct boot_rom *rom = user;
	struct bytes from = bytes_from(rom->transfer_data,
				       offset < rom->transfer_data.size ? (size_t)offset : rom->transfer_data.size);

	if (size > from.size)
		size = from.size;
	if (size > 0)
		memcpy(to, from.data, size);
	for (size_t i = 0; i < size && offset + i < rom->transfer_head.size; i++)
		to[i] = rom->transfer_head.data[offset + i];
	return size;
}

static void end_transfer(struct boot_rom *rom)
{
	if (rom->transfer != NULL)
		rom->transfer_protocol->free(rom->transfer);
	rom->transfer = NULL;
}

void boot_rom_transfer(struct boot_rom *rom, const char *name, const char *file_name, struct bytes data,
		       unsigned patience_ms, uint64_t now_ms)
{
	struct transfer_options options = {
		.is_sender = data.data != NULL,
		.source = { next_file, read_file, rom },
		.patience_ms = patience_ms,
		.baud = rom->baud,
		.has_padding = data.data != NULL,
		.padding = 0,
	};
	struct error error;

	end_transfer(rom);
	rom->transfer_protocol = transfer_protocol_find(name);
	rom->transfer_data = data;
	rom->transfer_name = file_name;
	rom->transfer_given = false;
	rom->transfer_base_bytes = rom->progress.done_bytes;
	rom->deadline_ms = rom->wait_ms = UINT64_MAX;
	if (rom->transfer_protocol->begin(&options, now_ms, &rom->transfer, &error) != STATUS_OK) {
		rom->transfer = NULL;
		boot_rom_fail(rom, error.status, NULL, "%s", error.text);
	}
}

void boot_rom_fail_transfer(struct boot_rom *rom, const struct transfer_event *event)
{
	boot_rom_fail(rom, event->status, event->hint, "%s", event->reason);
}

static void take_transfer_event(struct boot_rom *rom, const struct transfer_event *event, uint64_t now_ms)
{
	struct transfer_progress progress;

	rom->transfer_protocol->progress(rom->transfer, &progress);
	rom->progress.done_bytes = rom->transfer_base_bytes + progress.all_bytes;
	if (event->type == TRANSFER_RETRY)
		boot_rom_retry(rom, "%s", event->reason);
	for (size_t i = 0; event->type == TRANSFER_TEXT && i < event->data.size; i++)
		boot_rom_stray(rom, event->data.data[i]);
	if (event->type == TRANSFER_DATA)
		rom->protocol->ops->transferred(rom, event, now_ms);
	if (event->type != TRANSFER_DONE && event->type != TRANSFER_FAILED)
		return;
	/* Its last bytes (an ACK, or CANs) still have to go. */
	boot_rom_put(rom, rom->transfer_protocol->output(rom->transfer));
	end_transfer(rom);
	if (event->type == TRANSFER_FAILED && rom->is_cancelled) {
		size_t from = rom->out_from, to = rom->out_to;

		boot_rom_fail(rom, STATUS_CANCELLED, NULL, "it was stopped here");
		rom->out_from = from;
		rom->out_to = to;
		return;
	}
	rom->protocol->ops->transferred(rom, event, now_ms);
}

void boot_rom_transfer_byte(struct boot_rom *rom, uint8_t byte, uint64_t now_ms)
{
	struct bytes in = bytes_of(&byte, 1);

	/* Each call tells one event; without bytes it tells those that wait. */
	for (unsigned i = 0; i < 8 && rom->transfer != NULL; i++) {
		struct transfer_event event = rom->transfer_protocol->input(rom->transfer, &in, now_ms);

		if (event.type == TRANSFER_NOTHING && in.size == 0)
			break;
		take_transfer_event(rom, &event, now_ms);
	}
}

/* ---- the caller's calls ---- */

static struct boot_rom_event pop_event(struct boot_rom *rom)
{
	struct boot_rom_event event = { .type = BOOT_ROM_NOTHING };

	if (rom->event_count == 0)
		return event;
	event = rom->events[rom->event_first];
	rom->event_first = (rom->event_first + 1) % BOOT_ROM_EVENTS_MAX;
	rom->event_count--;
	return event;
}

struct boot_rom_event boot_rom_input(struct boot_rom *rom, struct bytes *in, uint64_t now_ms)
{
	while (rom->event_count == 0 && in->size > 0 && !rom->progress.is_over) {
		uint8_t byte = in->data[0];

		*in = bytes_from(*in, 1);
		if (rom->transfer != NULL && rom->protocol->ops->overhear != NULL)
			rom->protocol->ops->overhear(rom, byte, now_ms);
		if (rom->transfer != NULL)
			boot_rom_transfer_byte(rom, byte, now_ms);
		else if (!rom->progress.is_over)
			rom->protocol->ops->byte(rom, byte, now_ms);
	}
	if (rom->event_count == 0)
		flush_stray(rom);
	return pop_event(rom);
}

static void tick_transfer(struct boot_rom *rom, uint64_t now_ms)
{
	for (unsigned i = 0;
	     i < 8 && rom->transfer != NULL && now_ms >= rom->transfer_protocol->deadline(rom->transfer); i++) {
		struct transfer_event event = rom->transfer_protocol->tick(rom->transfer, now_ms);

		take_transfer_event(rom, &event, now_ms);
	}
}

struct boot_rom_event boot_rom_tick(struct boot_rom *rom, uint64_t now_ms)
{
	if (rom->event_count > 0)
		return pop_event(rom);
	/* A line that never falls quiet must not keep a machine from noticing that nobody answers. */
	if (rom->progress.phase == BOOT_ROM_PHASE_CALLING && boot_rom_is_out_of_patience(rom, now_ms) &&
	    !rom->progress.is_over)
		boot_rom_fail_silent(rom);
	if (rom->transfer != NULL)
		tick_transfer(rom, now_ms);
	if (now_ms >= rom->deadline_ms && !rom->progress.is_over) {
		rom->deadline_ms = rom->wait_ms = UINT64_MAX;
		if (rom->transfer == NULL && !boot_rom_is_sent(rom))
			boot_rom_fail(rom, STATUS_IO, "Check the cable and the flow control",
				      "the line does not take the bytes");
		else
			rom->protocol->ops->time(rom, now_ms);
	}
	return pop_event(rom);
}

uint64_t boot_rom_deadline(const struct boot_rom *rom)
{
	uint64_t deadline_ms = rom->deadline_ms;

	if (rom->event_count > 0)
		return 0;
	if (rom->transfer != NULL && rom->transfer_protocol->deadline(rom->transfer) < deadline_ms)
		deadline_ms = rom->transfer_protocol->deadline(rom->transfer);
	return deadline_ms;
}

void boot_rom_cancel(struct boot_rom *rom, uint64_t now_ms)
{
	if (rom->progress.is_over || rom->is_cancelled)
		return;
	rom->is_cancelled = true;
	if (rom->transfer != NULL)
		rom->transfer_protocol->cancel(rom->transfer, now_ms);
	else
		boot_rom_fail(rom, STATUS_CANCELLED, NULL, "it was stopped here");
}

void boot_rom_line_lost(struct boot_rom *rom, uint64_t now_ms)
{
	if (rom->progress.is_over)
		return;
	if (rom->progress.phase != BOOT_ROM_PHASE_CALLING) {
		boot_rom_fail(rom, STATUS_GONE,
			      "Plug the adapter in again and begin anew, with the device switched off and on",
			      "the serial line was lost in the middle");
		return;
	}
	boot_rom_drop_output(rom);
	boot_rom_wait(rom, 0, now_ms);
}

void boot_rom_progress(const struct boot_rom *rom, struct boot_rom_progress *ret_progress)
{
	*ret_progress = rom->progress;
}

void boot_rom_free(struct boot_rom *rom)
{
	if (rom == NULL)
		return;
	end_transfer(rom);
	free(rom);
}
