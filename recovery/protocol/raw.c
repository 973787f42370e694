/* recovery/protocol/raw.c
 *
 * Bytes as they are, without any protocol, behind transfer.h: for boot ROMs that count what comes, for `cat > file` on
 * the other side, and for taking what a device prints. Sending keeps to the rate of the line, so that neither a deep
 * buffer nor a device without flow control gets more than it can carry and the progress shown is true to some
 * milliseconds. Receiving ends with silence. Nothing is checked: DONE says that the bytes went out, or that no more
 * came. */
#include <stdlib.h>

#include "recovery/protocol/transfer_machine.h"

enum {
	OUT_MAX = 4096,
	AHEAD_MS = 20,			/* of the line's own pace */
	PIECE_MIN = 64,
	FIRST_MS = 60000,
	SILENCE_MS = 3000,
};

struct raw {
	struct transfer_base base;	/* first */
	struct transfer_queue queue;
	bool has_file, is_at_end;
	struct transfer_file file;
	uint64_t position;		/* of the file: what was queued, or received */
	uint64_t sent;
	uint64_t began_ms;
	uint8_t out[OUT_MAX];
};

static void end_file(struct raw *machine)
{
	machine->file.size = machine->position;
	machine->file.has_size = true;
	machine->base.progress.files++;
	machine->base.progress.all_bytes = machine->position;
	transfer_tell(&machine->queue, (struct transfer_event){ .type = TRANSFER_FILE_END, .file = machine->file });
	transfer_tell(&machine->queue, transfer_done(&machine->base));
}

static void begin_file(struct raw *machine, uint64_t now_ms)
{
	const struct transfer_source *source = &machine->base.options.source;

	if (machine->base.options.is_sender && !source->next(source->user, &machine->file)) {
		transfer_tell(&machine->queue,
			      transfer_failed(&machine->base, STATUS_INVALID, NULL, "there is no file to send"));
		return;
	}
	machine->has_file = true;
	machine->began_ms = now_ms;
	transfer_tell(&machine->queue, (struct transfer_event){ .type = TRANSFER_FILE, .file = machine->file });
}

/* How far the line has come by now, and a little more. */
static uint64_t allowed(const struct raw *machine, uint64_t now_ms)
{
	unsigned baud = machine->base.options.baud;

	return baud == 0 ? UINT64_MAX : (now_ms - machine->began_ms + AHEAD_MS) * baud / 10000 + PIECE_MIN;
}

static void read_more(struct raw *machine, uint64_t now_ms)
{
	const struct transfer_source *source = &machine->base.options.source;
	uint64_t room = allowed(machine, now_ms) - machine->position;
	size_t wanted = room < OUT_MAX ? (size_t)room : OUT_MAX, got;

	if (machine->file.has_size && machine->file.size - machine->position < wanted)
		wanted = (size_t)(machine->file.size - machine->position);
	got = wanted > 0 ? source->read(source->user, machine->position, machine->out, wanted) : 0;
	if (got > wanted || (machine->file.has_size && got < wanted)) {
		transfer_tell(&machine->queue,
			      transfer_failed(&machine->base, STATUS_IO, "Send it again when nothing writes to it",
					      "%.80s became shorter while it was sent", machine->file.name));
		return;
	}
	machine->base.out_from = 0;
	machine->base.out_to = got;
	machine->position += got;
	machine->is_at_end = machine->file.has_size ? machine->position == machine->file.size : got < wanted;
	machine->base.deadline_ms = got > 0 ? UINT64_MAX : now_ms + (machine->base.options.baud > 0 ? AHEAD_MS : 0);
}

static enum status raw_begin(const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer,
			     struct error *reterr)
{
	struct raw *machine = calloc(1, sizeof(*machine));

	if (machine == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a transfer");
	transfer_base_init(&machine->base, options, machine->out, sizeof(machine->out));
	machine->began_ms = now_ms;
	machine->base.deadline_ms = options->is_sender
					    ? now_ms
					    : now_ms + (options->patience_ms > 0 ? options->patience_ms : FIRST_MS);
	*ret_transfer = (struct transfer *)machine;
	return STATUS_OK;
}

static struct transfer_event raw_input(struct transfer *transfer, struct bytes *in, uint64_t now_ms)
{
	struct raw *machine = (struct raw *)transfer;

	if (machine->queue.count > 0 || machine->base.is_over || in->size == 0)
		return transfer_next_file(&machine->base, &machine->queue);
	if (machine->base.options.is_sender) {
		machine->base.progress.line_bytes += in->size;
		transfer_tell(&machine->queue, (struct transfer_event){ .type = TRANSFER_TEXT, .data = *in });
		*in = bytes_from(*in, in->size);
		return transfer_next_file(&machine->base, &machine->queue);
	}
	machine->base.deadline_ms = now_ms + SILENCE_MS;
	if (!machine->has_file) {	/* the bytes follow with the next call */
		begin_file(machine, now_ms);
		return transfer_next_file(&machine->base, &machine->queue);
	}
	machine->position += in->size;
	machine->base.progress.file_bytes = machine->position;
	machine->base.progress.line_bytes += in->size;
	transfer_tell(&machine->queue, (struct transfer_event){ .type = TRANSFER_DATA, .data = *in });
	*in = bytes_from(*in, in->size);
	return transfer_next_file(&machine->base, &machine->queue);
}

static void receiver_is_late(struct raw *machine)
{
	if (machine->has_file)
		end_file(machine);
	else
		transfer_tell(&machine->queue,
			      transfer_failed(&machine->base, STATUS_TIMEOUT, "Start the sending on the device first",
					      "nothing comes"));
}

static struct transfer_event raw_tick(struct transfer *transfer, uint64_t now_ms)
{
	struct raw *machine = (struct raw *)transfer;

	if (machine->queue.count > 0 || machine->base.is_over || now_ms < machine->base.deadline_ms)
		return transfer_next_file(&machine->base, &machine->queue);
	if (!machine->base.options.is_sender)
		receiver_is_late(machine);
	else if (!machine->has_file)
		begin_file(machine, now_ms);
	else if (machine->is_at_end)
		end_file(machine);
	else
		read_more(machine, now_ms);
	return transfer_next_file(&machine->base, &machine->queue);
}

static uint64_t raw_deadline(const struct transfer *transfer)
{
	const struct raw *machine = (const struct raw *)transfer;

	return machine->queue.count > 0 ? 0 : machine->base.deadline_ms;
}

/* When the rest is on the line it needs the time that it was ahead; otherwise the next piece goes when it is worth a
 * call. */
static void raw_sent(struct transfer *transfer, size_t count, uint64_t now_ms)
{
	struct raw *machine = (struct raw *)transfer;
	unsigned baud = machine->base.options.baud;

	transfer_base_sent(transfer, count, now_ms);
	machine->sent += count;
	if (!machine->base.options.is_sender || machine->base.is_over || count == 0)
		return;
	machine->base.progress.file_bytes = machine->sent;
	if (machine->base.out_from < machine->base.out_to)
		return;
	if (machine->is_at_end) {
		uint64_t end_ms = machine->began_ms + transfer_wire_ms(&machine->base, machine->sent);

		machine->base.deadline_ms = end_ms > now_ms ? end_ms : now_ms;
	} else {
		machine->base.deadline_ms = baud == 0 || allowed(machine, now_ms) >= machine->position + PIECE_MIN
						    ? now_ms
						    : now_ms + PIECE_MIN * 10000 / baud + 1;
	}
}

static void raw_cancel(struct transfer *transfer, uint64_t now_ms)
{
	struct raw *machine = (struct raw *)transfer;

	(void)now_ms;
	if (machine->base.is_over)
		return;
	machine->queue.count = 0;
	transfer_drop_output(&machine->base);
	transfer_tell(&machine->queue, transfer_failed(&machine->base, STATUS_CANCELLED, NULL, "cancelled here"));
}

extern const struct transfer_protocol transfer_raw;
const struct transfer_protocol transfer_raw = {
	.name = "raw",
	.title = "raw bytes (nothing is checked)",
	.can_send = true,
	.can_receive = true,
	.begin = raw_begin,
	.input = raw_input,
	.tick = raw_tick,
	.deadline = raw_deadline,
	.output = transfer_base_output,
	.sent = raw_sent,
	.cancel = raw_cancel,
	.progress = transfer_base_progress,
	.free = transfer_base_free,
};
