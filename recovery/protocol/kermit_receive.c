/* recovery/protocol/kermit_receive.c
 *
 * The receiving half of kermit.c. */
#include <inttypes.h>

#include "recovery/protocol/kermit_machine.h"

static void put_ack(struct kermit *machine, struct bytes data, uint64_t now_ms)
{
	kermit_put_packet(machine, 'Y', data, now_ms);
	machine->sequence = (machine->sequence + 1) % KERMIT_SEQUENCE;
	machine->tries = 0;
}

/* The packet that is kept for repeats stays the last acknowledgement. */
void kermit_put_nak(struct kermit *machine, uint64_t now_ms)
{
	uint8_t packet[KERMIT_PAD_MAX + 16];
	size_t size = kermit_write_packet(packet, &machine->theirs, 'N', machine->sequence,
					  machine->state == WAIT_INIT ? 1 : machine->check, BYTES(""));

	transfer_drop_output(&machine->base);
	transfer_put(&machine->base, bytes_of(packet, size));
	machine->base.deadline_ms = now_ms + KERMIT_STUCK_MS;
}

/* 4.4: the answer to S says what is used. */
static void take_init(struct kermit *machine, uint64_t now_ms)
{
	struct kermit_parameters *theirs = &machine->theirs, answer = kermit_ours;
	uint8_t to[16];
	size_t size;

	kermit_read_parameters(machine->reader.data, theirs);
	answer.check = theirs->check;
	answer.can &= theirs->can;
	answer.repeat = theirs->repeat != 'Y' && theirs->repeat != 'N' ? theirs->repeat : ' ';
	machine->coding.control = theirs->control;
	machine->coding.repeat = answer.repeat != ' ' ? answer.repeat : 0;
	machine->coding.eighth = theirs->eighth != 'Y' && theirs->eighth != 'N' ? theirs->eighth : 0;
	size = kermit_write_parameters(to, &answer);
	put_ack(machine, bytes_of(to, size), now_ms);
	machine->check = machine->reader.check = answer.check;
	machine->state = WAIT_NAME;
}

static void take_name(struct kermit *machine, uint64_t now_ms)
{
	struct bytes data = machine->reader.data;
	size_t size = 0;

	memset(&machine->file, 0, sizeof(machine->file));
	if (!kermit_decode(&machine->coding, &data, machine->data, sizeof(machine->data), &size))
		size = 0;
	transfer_set_name(machine->file.name, bytes_of(machine->data, size));
	machine->position = 0;
	machine->is_file_told = false;
	machine->base.progress.file_bytes = machine->base.progress.file_size = 0;
	put_ack(machine, BYTES(""), now_ms);
	machine->state = WAIT_DATA;
}

/* 8.2: attributes are a letter, a length and so many characters each; "1" is the size in bytes. */
static void take_attributes(struct kermit *machine, uint64_t now_ms)
{
	struct bytes data = machine->reader.data;

	while (data.size >= 2 && kermit_number(data.data[1]) <= data.size - 2) {
		size_t size = kermit_number(data.data[1]);
		uint64_t number = 0;
		bool is_number = size > 0;

		for (size_t i = 0; i < size && is_number; i++)
			is_number = data.data[2 + i] >= '0' && data.data[2 + i] <= '9' &&
				    !__builtin_mul_overflow(number, 10, &number) &&
				    !__builtin_add_overflow(number, data.data[2 + i] - '0', &number);
		if (data.data[0] == '1' && is_number) {
			machine->file.size = number;
			machine->file.has_size = true;
		}
		data = bytes_from(data, 2 + size);
	}
	machine->base.progress.file_size = machine->file.has_size ? machine->file.size : 0;
	put_ack(machine, BYTES(""), now_ms);
}

/* The name alone says little: the file is told of when its attributes have had their chance. */
static void tell_file_once(struct kermit *machine)
{
	if (!machine->is_file_told)
		kermit_tell_file(machine, TRANSFER_FILE);
	machine->is_file_told = true;
}

/* A packet of repeats can be a hundred times as long as on the line: it is given out in pieces, and acknowledged behind
 * the last. */
void kermit_give_data(struct kermit *machine, uint64_t now_ms)
{
	size_t size;

	if (machine->rest.size == 0) {
		machine->has_rest = false;
		put_ack(machine, BYTES(""), now_ms);
		return;
	}
	if (!kermit_decode(&machine->coding, &machine->rest, machine->data, sizeof(machine->data), &size)) {
		kermit_fail(machine, transfer_failed(&machine->base, STATUS_PROTOCOL, NULL,
						     "a data packet ends within a prefix"));
		return;
	}
	machine->position += size;
	machine->base.progress.file_bytes = machine->position;
	transfer_tell(&machine->queue,
		      (struct transfer_event){ .type = TRANSFER_DATA, .data = bytes_of(machine->data, size) });
}

static void take_end(struct kermit *machine, uint64_t now_ms)
{
	if (machine->reader.data.size > 0 && machine->reader.data.data[0] == 'D') {	/* 8.5 */
		kermit_discard(machine);
	} else if (machine->file.has_size && machine->position < machine->file.size) {
		kermit_fail(machine, transfer_failed(&machine->base, STATUS_PROTOCOL, "Receive it again",
						     "%.80s ended at byte %" PRIu64 " of %" PRIu64, machine->file.name,
						     machine->position, machine->file.size));
		return;
	} else {
		kermit_end_file(machine);
	}
	put_ack(machine, BYTES(""), now_ms);
	machine->state = WAIT_NAME;
}

static void take_expected(struct kermit *machine, uint64_t now_ms)
{
	uint8_t type = machine->reader.type;

	if (machine->state == WAIT_INIT && type == 'S') {
		take_init(machine, now_ms);
	} else if (machine->state == WAIT_NAME && type == 'F') {
		take_name(machine, now_ms);
	} else if (machine->state == WAIT_NAME && type == 'B') {
		put_ack(machine, BYTES(""), now_ms);
		kermit_enter_tail(machine, now_ms);
	} else if (machine->state == WAIT_DATA && type == 'A') {
		take_attributes(machine, now_ms);
	} else if (machine->state == WAIT_DATA && type == 'D') {
		tell_file_once(machine);
		machine->rest = machine->reader.data;
		machine->has_rest = true;
	} else if (machine->state == WAIT_DATA && type == 'Z') {
		tell_file_once(machine);
		take_end(machine, now_ms);
	} else {
		kermit_fail(machine, transfer_failed(&machine->base, STATUS_PROTOCOL,
						     "Only files can be received: send one there",
						     "a Kermit packet '%c' came where none belongs",
						     type > ' ' && type < 0x7f ? type : '?'));
	}
}

void kermit_ask_again(struct kermit *machine, const char *why, uint64_t now_ms)
{
	machine->tries++;
	if (!kermit_is_patient(machine, now_ms)) {
		kermit_silent(machine);
		return;
	}
	if (machine->has_heard)
		transfer_tell(&machine->queue,
			      transfer_retry(&machine->base, "%s: packet %u at byte %" PRIu64 " is asked for again",
					     why, machine->sequence, machine->position));
	kermit_put_nak(machine, now_ms);
}

void kermit_receive_packet(struct kermit *machine, uint64_t now_ms)
{
	const struct kermit_reader *reader = &machine->reader;

	if (reader->type == 'Y' || reader->type == 'N')		/* our own, sent back by an echo */
		return;
	machine->has_heard = true;
	if (reader->sequence == machine->sequence)
		take_expected(machine, now_ms);
	else if ((reader->sequence + 1) % KERMIT_SEQUENCE == machine->sequence && machine->state != WAIT_INIT)
		kermit_put_again(machine, now_ms);	/* our acknowledgement was lost */
	else
		kermit_ask_again(machine, "out of order", now_ms);
}
