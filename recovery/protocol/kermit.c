/* recovery/protocol/kermit.c
 *
 * Kermit behind transfer.h: one packet at a time (no windows), long packets, block checks 1 to 3, repeat counts,
 * prefixes for the eighth bit, attributes. Made for U-Boot's loadb, which receives only and speaks first never, and for
 * C-Kermit and its relatives in both directions. Source: da Cruz, "Kermit Protocol Manual", 6th edition, June 1986.
 * Chapters in comments are of that book. kermit_packet.c has the form, kermit_send.c and kermit_receive.c what is
 * answered to what. */
#include <stdlib.h>

#include "recovery/protocol/kermit_machine.h"
#include "src/base/text.h"

enum {
	INIT_MS = 2000,			/* between two S, or two NAKs, before the other side has spoken */
	PATIENCE_MS = 60000,
	TIMEOUT_MIN_S = 2,		/* of what the other side wishes */
	TIMEOUT_MAX_S = 15,
	OUR_TIMEOUT_S = 8,
	TAIL_MS = 50,
	TRIES = 10,			/* of one packet */
};

const struct kermit_parameters kermit_ours = {
	.length_max = KERMIT_LONG_MAX,
	.timeout_seconds = OUR_TIMEOUT_S,
	.end = KERMIT_CR,
	.control = '#',
	.eighth = 'Y',
	.check = 3,
	.repeat = '~',
	.can = KERMIT_CAN_LONG | KERMIT_CAN_ATTRIBUTES,
};

/* Output */

void kermit_put_again(struct kermit *machine, uint64_t now_ms)
{
	transfer_drop_output(&machine->base);
	transfer_put(&machine->base, bytes_of(machine->packet, machine->packet_size));
	/* kermit_sent() sets the right one when the line has it. */
	machine->base.deadline_ms = now_ms + KERMIT_STUCK_MS;
}

void kermit_put_packet(struct kermit *machine, uint8_t type, struct bytes data, uint64_t now_ms)
{
	/* 6.1: what is said before both sides know what they agreed on has check 1. */
	unsigned check = type == 'S' || (type == 'Y' && machine->state == WAIT_INIT) ? 1 : machine->check;

	machine->packet_size = kermit_write_packet(machine->packet, &machine->theirs, type, machine->sequence, check,
						   data);
	kermit_put_again(machine, now_ms);
}

static uint64_t timeout_ms(const struct kermit *machine)
{
	unsigned seconds = machine->theirs.timeout_seconds;

	if (machine->state == SEND_INIT || machine->state == WAIT_INIT)
		return INIT_MS;
	if (machine->base.options.is_sender)
		seconds = seconds < TIMEOUT_MIN_S ? TIMEOUT_MIN_S : seconds > TIMEOUT_MAX_S ? TIMEOUT_MAX_S : seconds;
	else
		seconds = OUR_TIMEOUT_S;
	/* A receiver waits for the longest packet; what a sender waits for goes behind its own. */
	return seconds * 1000u + transfer_wire_ms(&machine->base, machine->base.options.is_sender ? machine->packet_size
												  : KERMIT_LONG_MAX);
}

static void put_error(struct kermit *machine, const char *text)
{
	uint8_t packet[KERMIT_SHORT_MAX + KERMIT_PAD_MAX + 8];
	size_t size = strlen(text);

	transfer_drop_output(&machine->base);
	size = kermit_write_packet(packet, &machine->theirs, 'E', machine->sequence, machine->check,
				   bytes_of(text, size < 80 ? size : 80));
	transfer_put(&machine->base, bytes_of(packet, size));
	/* U-Boot's loadb knows no E; between packets Ctrl-C ends it. */
	if (machine->base.options.is_sender)
		transfer_put_byte(&machine->base, 0x03);
}

/* Ends it here; event is one of transfer_failed(). */
void kermit_fail(struct kermit *machine, struct transfer_event event)
{
	put_error(machine, event.reason);
	machine->has_rest = false;
	transfer_tell(&machine->queue, event);
}

void kermit_enter_tail(struct kermit *machine, uint64_t now_ms)
{
	machine->state = IN_TAIL;
	machine->base.deadline_ms = now_ms + TAIL_MS;
}

static void finish(struct kermit *machine)
{
	if (machine->is_discarded)
		transfer_tell(&machine->queue,
			      transfer_failed(&machine->base, STATUS_REFUSED,
					      "Its screen may say why: no space left, or a file of that name",
					      "the other side did not go through with %s", machine->discarded));
	else
		transfer_tell(&machine->queue, transfer_done(&machine->base));
}

void kermit_discard(struct kermit *machine)
{
	if (!machine->is_discarded)
		text_copy(machine->discarded, sizeof(machine->discarded), machine->file.name);
	machine->is_discarded = true;
}

void kermit_tell_file(struct kermit *machine, enum transfer_event_type type)
{
	transfer_tell(&machine->queue, (struct transfer_event){ .type = type, .file = machine->file });
}

void kermit_end_file(struct kermit *machine)
{
	machine->file.size = machine->position;
	machine->file.has_size = true;
	machine->base.progress.files++;
	machine->base.progress.all_bytes += machine->position;
	kermit_tell_file(machine, TRANSFER_FILE_END);
}

void kermit_silent(struct kermit *machine)
{
	bool is_sender = machine->base.options.is_sender;
	const char *hint = machine->has_heard ? "Look at the cable and at the device"
			   : is_sender        ? "Type loadb at a U-Boot prompt, or kermit -r on a Linux, first"
					      : "Start kermit -s FILE on the device first";

	kermit_fail(machine, transfer_failed(&machine->base, STATUS_TIMEOUT, hint,
					     machine->has_heard ? "the Kermit %s is silent" : "no Kermit %s answers",
					     is_sender ? "receiver" : "sender"));
}

bool kermit_is_patient(const struct kermit *machine, uint64_t now_ms)
{
	unsigned patience_ms = machine->base.options.patience_ms > 0 ? machine->base.options.patience_ms : PATIENCE_MS;

	return machine->has_heard ? machine->tries < TRIES : now_ms - machine->began_ms < patience_ms;
}

/* Both */

static void other_side_failed(struct kermit *machine)
{
	char text[100];

	text_printable(text, sizeof(text), machine->reader.data);
	transfer_drop_output(&machine->base);
	transfer_tell(&machine->queue,
		      transfer_failed(&machine->base, STATUS_CANCELLED, NULL, "the other side gave up: %s",
				      text[0] != '\0' ? text : "it does not say why"));
}

static void take_signal(struct kermit *machine, enum kermit_signal signal, uint64_t now_ms)
{
	bool is_sender = machine->base.options.is_sender;

	switch (signal) {
	case KERMIT_PACKET:
		/* Before S is acknowledged an E may be an older one; S is repeated anyhow. */
		if (machine->reader.type == 'E' && machine->has_heard)
			other_side_failed(machine);
		else if (machine->reader.type != 'E')
			(is_sender ? kermit_send_packet : kermit_receive_packet)(machine, now_ms);
		break;
	case KERMIT_DAMAGED:
		/* A damaged acknowledgement cannot be told from one of another packet: the deadline repeats. */
		if (!is_sender && machine->has_heard)
			kermit_ask_again(machine, "damaged", now_ms);
		break;
	case KERMIT_TEXT:
		if (!machine->has_heard)
			transfer_tell(&machine->queue,
				      (struct transfer_event){ .type = TRANSFER_TEXT, .data = machine->reader.text });
		break;
	case KERMIT_MORE:
		break;
	}
}

/* What ends the last packet is still the protocol's; nothing behind it is. */
static void take_tail(struct kermit *machine, struct bytes *in)
{
	if (in->size == 0)
		return;
	if (in->data[0] == KERMIT_CR || in->data[0] == '\n')
		*in = bytes_from(*in, 1);
	finish(machine);
}

/* The rows of transfer.h */

static enum status kermit_begin(const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer,
				struct error *reterr)
{
	struct kermit *machine = calloc(1, sizeof(*machine));
	uint8_t parameters[16];

	if (machine == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a Kermit transfer");
	transfer_base_init(&machine->base, options, machine->out, sizeof(machine->out));
	machine->began_ms = now_ms;
	machine->check = machine->reader.check = 1;
	kermit_read_parameters(BYTES(""), &machine->theirs);
	if (options->is_sender) {
		kermit_put_packet(machine, 'S', bytes_of(parameters, kermit_write_parameters(parameters, &kermit_ours)),
				  now_ms);
	} else {
		machine->state = WAIT_INIT;
		kermit_put_nak(machine, now_ms);
	}
	*ret_transfer = (struct transfer *)machine;
	return STATUS_OK;
}

static struct transfer_event kermit_input(struct transfer *transfer, struct bytes *in, uint64_t now_ms)
{
	struct kermit *machine = (struct kermit *)transfer;
	size_t before = in->size;

	while (machine->queue.count == 0 && !machine->base.is_over) {
		enum kermit_signal signal;

		if (machine->has_rest) {
			kermit_give_data(machine, now_ms);
			continue;
		}
		if (machine->state == IN_TAIL) {
			take_tail(machine, in);
			break;
		}
		signal = kermit_read(&machine->reader, in);
		if (signal == KERMIT_MORE)
			break;
		take_signal(machine, signal, now_ms);
	}
	machine->base.progress.line_bytes += before - in->size;
	return transfer_next_file(&machine->base, &machine->queue);
}

static struct transfer_event kermit_tick(struct transfer *transfer, uint64_t now_ms)
{
	struct kermit *machine = (struct kermit *)transfer;

	if (machine->queue.count > 0 || machine->base.is_over)
		return transfer_next_file(&machine->base, &machine->queue);
	if (machine->has_rest)
		kermit_give_data(machine, now_ms);
	else if (now_ms < machine->base.deadline_ms)
		return TRANSFER_NO_EVENT;
	else if (machine->state == IN_TAIL)
		finish(machine);
	else if (machine->base.options.is_sender)
		kermit_send_again(machine, "silence", now_ms);
	else
		kermit_ask_again(machine, "silence", now_ms);
	return transfer_next_file(&machine->base, &machine->queue);
}

static uint64_t kermit_deadline(const struct transfer *transfer)
{
	const struct kermit *machine = (const struct kermit *)transfer;

	if (machine->queue.count > 0)
		return 0;
	if (machine->base.is_over)
		return UINT64_MAX;
	return machine->has_rest ? 0 : machine->base.deadline_ms;
}

/* What is waited for begins to be late when the line has our packet. */
static void kermit_sent(struct transfer *transfer, size_t count, uint64_t now_ms)
{
	struct kermit *machine = (struct kermit *)transfer;

	transfer_base_sent(transfer, count, now_ms);
	if (count > 0 && machine->base.out_from == machine->base.out_to && machine->state != IN_TAIL &&
	    !machine->base.is_over)
		machine->base.deadline_ms = now_ms + timeout_ms(machine);
}

static void kermit_cancel(struct transfer *transfer, uint64_t now_ms)
{
	struct kermit *machine = (struct kermit *)transfer;

	(void)now_ms;
	if (machine->base.is_over)
		return;
	machine->queue.count = 0;
	kermit_fail(machine, transfer_failed(&machine->base, STATUS_CANCELLED, NULL, "cancelled here"));
}

extern const struct transfer_protocol transfer_kermit;
const struct transfer_protocol transfer_kermit = {
	.name = "kermit",
	.title = "Kermit (batch)",
	.can_send = true,
	.can_receive = true,
	.has_names = true,
	.begin = kermit_begin,
	.input = kermit_input,
	.tick = kermit_tick,
	.deadline = kermit_deadline,
	.output = transfer_base_output,
	.sent = kermit_sent,
	.cancel = kermit_cancel,
	.progress = transfer_base_progress,
	.free = transfer_base_free,
};
