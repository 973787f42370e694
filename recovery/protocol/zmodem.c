/* recovery/protocol/zmodem.c
 *
 * ZMODEM behind transfer.h: the machine; zmodem_send.c and zmodem_receive.c say what it answers, zmodem_frame.c how it
 * looks on the line. Source: Forsberg, "The ZMODEM Inter Application File Transfer Protocol", 14 October 1988. Chapters
 * in comments are of that document. */
#include <stdlib.h>

#include "recovery/protocol/zmodem_machine.h"

/* 7.2 wants eight CAN, since some of them may be lost; the backspaces rub them out where a command line got them. */
#define CANCEL BYTES("\x18\x18\x18\x18\x18\x18\x18\x18\b\b\b\b\b\b\b\b\b\b")

void zmodem_tell_file(struct zmodem *machine, enum transfer_event_type type)
{
	transfer_tell(&machine->queue, (struct transfer_event){ .type = type, .file = machine->file });
}

void zmodem_abort(struct zmodem *machine, struct transfer_event event)
{
	transfer_drop_output(&machine->base);
	machine->pieces = 0;
	machine->wants_pump = false;
	transfer_put(&machine->base, CANCEL);
	transfer_tell(&machine->queue, event);
}

/* Output */

static void end_piece(struct zmodem *machine, bool is_open)
{
	machine->piece[machine->pieces++] = (struct zmodem_piece){ machine->base.out_to, is_open };
	machine->is_open = is_open;
}

/* Pieces that have left are forgotten with the last of them; transfer_put() never moves the rest, as there is always
 * room behind it. */
bool zmodem_has_room(const struct zmodem *machine)
{
	return machine->pieces < ZMODEM_PIECES || machine->base.out_from == machine->base.out_to;
}

static bool begin_piece(struct zmodem *machine)
{
	if (machine->base.out_from == machine->base.out_to) {
		machine->pieces = 0;
		machine->was_open = machine->is_open;
	}
	return zmodem_has_room(machine);
}

void zmodem_put_hex(struct zmodem *machine, enum zmodem_type type, uint32_t position)
{
	if (!begin_piece(machine))
		return;
	machine->base.out_to += zmodem_write_hex(machine->base.out + machine->base.out_to, type, position);
	end_piece(machine, false);
}

void zmodem_put_binary(struct zmodem *machine, enum zmodem_type type, uint32_t position, bool is_open)
{
	if (!begin_piece(machine))
		return;
	machine->base.out_to += zmodem_write_binary(&machine->writer, machine->base.out + machine->base.out_to, type,
						    position, machine->use_crc32);
	end_piece(machine, is_open);
}

void zmodem_put_subpacket(struct zmodem *machine, struct bytes data, enum zmodem_end end)
{
	if (!begin_piece(machine))
		return;
	machine->base.out_to += zmodem_write_subpacket(&machine->writer, machine->base.out + machine->base.out_to, data,
						       end, machine->use_crc32);
	end_piece(machine, end == ZCRCG || end == ZCRCQ);
}

/* A piece that is on the line is finished, and an open frame closed: a receiver that is in step would take the next
 * header for data, and ask for another repeat for ever. */
void zmodem_cut_output(struct zmodem *machine)
{
	unsigned kept = 0;

	machine->wants_pump = false;
	if (machine->base.out_from < machine->base.out_to) {
		bool is_open = machine->was_open;

		while (kept < machine->pieces && machine->piece[kept].end <= machine->base.out_from)
			is_open = machine->piece[kept++].is_open;
		if (machine->base.out_from > (kept > 0 ? machine->piece[kept - 1].end : 0) && kept < machine->pieces)
			is_open = machine->piece[kept++].is_open;
		machine->base.out_to = kept > 0 ? machine->piece[kept - 1].end : 0;
		machine->pieces = kept;
		machine->is_open = is_open;
	}
	if (machine->is_open)
		zmodem_put_subpacket(machine, BYTES(""), ZCRCE);
}

bool zmodem_is_sending(struct zmodem *machine, uint64_t now_ms)
{
	if (machine->base.out_from == machine->base.out_to || now_ms - machine->sent_ms >= ZMODEM_STUCK_MS)
		return false;
	machine->base.deadline_ms = now_ms + 1000;
	return true;
}

/* The rows of transfer.h */

static enum status zmodem_begin(const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer,
				struct error *reterr)
{
	struct zmodem *machine = calloc(1, sizeof(*machine));

	if (machine == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a ZMODEM transfer");
	transfer_base_init(&machine->base, options, machine->out, sizeof(machine->out));
	machine->began_ms = machine->heard_ms = machine->sent_ms = now_ms;
	zmodem_writer_init(&machine->writer, options->escape_controls);
	zmodem_reader_init(&machine->reader, !options->is_sender && options->escape_controls);
	if (options->is_sender)
		zmodem_send_begin(machine, now_ms);
	else
		zmodem_receive_begin(machine, now_ms);
	*ret_transfer = (struct transfer *)machine;
	return STATUS_OK;
}

static struct transfer_event zmodem_input(struct transfer *transfer, struct bytes *in, uint64_t now_ms)
{
	struct zmodem *machine = (struct zmodem *)transfer;
	bool is_sender = machine->base.options.is_sender;

	if (in->size > 0)
		machine->byte_ms = now_ms;
	while (machine->queue.count == 0 && !machine->base.is_over) {
		size_t before = in->size;
		bool is_tail = (is_sender ? zmodem_send_tail : zmodem_receive_tail)(machine, in);
		enum zmodem_signal signal = is_tail ? ZMODEM_MORE : zmodem_read(&machine->reader, in);

		machine->base.progress.line_bytes += before - in->size;
		if (signal == ZMODEM_MORE)
			break;
		(is_sender ? zmodem_send_signal : zmodem_receive_signal)(machine, signal, now_ms);
	}
	return transfer_next_file(&machine->base, &machine->queue);
}

static uint64_t zmodem_deadline(const struct transfer *transfer)
{
	const struct zmodem *machine = (const struct zmodem *)transfer;

	if (machine->queue.count > 0)
		return 0;
	if (machine->base.is_over)
		return UINT64_MAX;
	return machine->wants_pump && machine->base.out_from == machine->base.out_to ? 0 : machine->base.deadline_ms;
}

static struct transfer_event zmodem_tick(struct transfer *transfer, uint64_t now_ms)
{
	struct zmodem *machine = (struct zmodem *)transfer;

	if (machine->queue.count == 0 && !machine->base.is_over &&
	    now_ms >= zmodem_deadline(transfer))
		(machine->base.options.is_sender ? zmodem_send_tick : zmodem_receive_tick)(machine, now_ms);
	return transfer_next_file(&machine->base, &machine->queue);
}

/* More is ready as soon as the line has taken what there was: a driver that writes until its line is full need not wait
 * for a tick. */
static void zmodem_sent(struct transfer *transfer, size_t count, uint64_t now_ms)
{
	struct zmodem *machine = (struct zmodem *)transfer;

	if (count > 0)
		machine->sent_ms = now_ms;
	transfer_base_sent(transfer, count, now_ms);
	if (machine->wants_pump && machine->base.out_from == machine->base.out_to && !machine->base.is_over)
		zmodem_send_tick(machine, now_ms);
}

static void zmodem_cancel(struct transfer *transfer, uint64_t now_ms)
{
	struct zmodem *machine = (struct zmodem *)transfer;

	(void)now_ms;
	if (machine->base.is_over)
		return;
	machine->queue.count = 0;
	zmodem_abort(machine, transfer_failed(&machine->base, STATUS_CANCELLED, NULL, "cancelled here"));
}

extern const struct transfer_protocol transfer_zmodem;
const struct transfer_protocol transfer_zmodem = {
	.name = "zmodem",
	.title = "ZMODEM (batch)",
	.can_send = true,
	.can_receive = true,
	.has_names = true,
	.can_resume = true,
	.begin = zmodem_begin,
	.input = zmodem_input,
	.tick = zmodem_tick,
	.deadline = zmodem_deadline,
	.output = transfer_base_output,
	.sent = zmodem_sent,
	.cancel = zmodem_cancel,
	.progress = transfer_base_progress,
	.free = transfer_base_free,
};
