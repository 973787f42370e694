/* recovery/protocol/kermit_send.c
 *
 * The sending half of kermit.c. */
#include <inttypes.h>
#include <stdio.h>

#include "recovery/protocol/kermit_machine.h"

enum {
	SPLIT_TRIES = 3,		/* NAKs in a row behind which a packet is cut up */
	LENGTH_FIRST = 1000,		/* of data packets; grows with each that went well */
	LENGTH_MIN = 40,
	GROW_AFTER = 8,			/* packets, when one had to be repeated */
};

static void next_packet(struct kermit *machine, enum kermit_state state, uint8_t type, struct bytes data,
			uint64_t now_ms)
{
	machine->state = state;
	machine->sequence = (machine->sequence + 1) % KERMIT_SEQUENCE;
	machine->tries = machine->naks = 0;
	kermit_put_packet(machine, type, data, now_ms);
}

static void next_file(struct kermit *machine, uint64_t now_ms)
{
	const struct transfer_source *source = &machine->base.options.source;
	uint8_t name[KERMIT_SHORT_MAX];
	size_t used, size;

	memset(&machine->file, 0, sizeof(machine->file));
	machine->position = 0;
	machine->is_dropped = false;
	if (machine->has_source_ended || !source->next(source->user, &machine->file)) {
		next_packet(machine, SEND_BREAK, 'B', BYTES(""), now_ms);
		return;
	}
	kermit_tell_file(machine, TRANSFER_FILE);
	size = kermit_encode(&machine->coding, bytes_of_text(machine->file.name), name,
			     kermit_room(machine->theirs.length_max < KERMIT_SHORT_MAX ? machine->theirs.length_max
										       : KERMIT_SHORT_MAX,
					 machine->check),
			     &used);
	next_packet(machine, SEND_NAME, 'F', bytes_of(name, size), now_ms);
}

/* Fills machine->packet with as much of the file as fits; false: failed. */
static bool encode_data(struct kermit *machine, uint64_t now_ms)
{
	const struct transfer_source *source = &machine->base.options.source;
	uint64_t left = machine->file.has_size ? machine->file.size - machine->position : KERMIT_RAW_MAX;
	size_t wanted = left < KERMIT_RAW_MAX ? (size_t)left : KERMIT_RAW_MAX;
	uint8_t encoded[KERMIT_LONG_MAX];
	size_t got = wanted > 0 ? source->read(source->user, machine->position, machine->raw, wanted) : 0, size;

	if (got > wanted || (machine->file.has_size && got < wanted)) {
		kermit_fail(machine,
			    transfer_failed(&machine->base, STATUS_IO, "Send it again when nothing writes to it",
					    "%.80s became shorter while it was sent", machine->file.name));
		return false;
	}
	size = kermit_encode(&machine->coding, bytes_of(machine->raw, got), encoded,
			     kermit_room(machine->length, machine->check), &machine->used);
	machine->is_last = machine->file.has_size ? machine->position + machine->used == machine->file.size :
						    got < wanted && machine->used == got;
	kermit_put_packet(machine, 'D', bytes_of(encoded, size), now_ms);
	return true;
}

static void next_data(struct kermit *machine, uint64_t now_ms)
{
	if (machine->is_last) {
		next_packet(machine, SEND_END, 'Z', BYTES(""), now_ms);
		return;
	}
	machine->state = SEND_DATA;
	machine->sequence = (machine->sequence + 1) % KERMIT_SEQUENCE;
	machine->tries = machine->naks = 0;
	encode_data(machine, now_ms);
}

static void first_data(struct kermit *machine, uint64_t now_ms)
{
	machine->is_last = machine->file.has_size && machine->file.size == 0;
	next_data(machine, now_ms);
}

/* 8.2: a binary file of eight bits, and its length. */
static void put_attributes(struct kermit *machine, uint64_t now_ms)
{
	char number[24], text[48];

	snprintf(number, sizeof(number), "%" PRIu64, machine->file.size);
	snprintf(text, sizeof(text), "\"%cB81%c%s", kermit_char(2), kermit_char((unsigned)strlen(number)), number);
	next_packet(machine, SEND_ATTRIBUTES, 'A', bytes_of_text(text), now_ms);
}

static void agree(struct kermit *machine)
{
	struct kermit_parameters *theirs = &machine->theirs;

	machine->check = theirs->check == kermit_ours.check ? kermit_ours.check : 1;
	machine->coding.control = kermit_ours.control;
	machine->coding.repeat = theirs->repeat == kermit_ours.repeat ? kermit_ours.repeat : 0;
	machine->coding.eighth = theirs->eighth != 'Y' && theirs->eighth != 'N' && theirs->eighth != kermit_ours.control
					 ? theirs->eighth
					 : 0;
	machine->reader.check = machine->check;
	machine->length_max = theirs->length_max;
	machine->length = theirs->length_max < LENGTH_FIRST ? theirs->length_max : LENGTH_FIRST;
}

static void drop_file(struct kermit *machine, uint64_t now_ms)
{
	kermit_discard(machine);
	machine->is_dropped = true;
	next_packet(machine, SEND_END, 'Z', BYTES("D"), now_ms);
}

static void data_acknowledged(struct kermit *machine, uint64_t now_ms)
{
	struct bytes said = machine->reader.data;

	machine->position += machine->used;
	machine->base.progress.file_bytes = machine->position;
	machine->good = machine->tries > 0 ? 0 : machine->good + 1;
	if (machine->tries > 0 && machine->length > 2 * LENGTH_MIN)
		machine->length /= 2;
	else if (machine->good % (machine->base.progress.retries > 0 ? GROW_AFTER : 1) == 0)
		machine->length = 2 * machine->length < machine->length_max ? 2 * machine->length : machine->length_max;
	/* 5.2 and 8.5: the receiver's operator broke off this file (X) or all of them (Z). */
	if (said.size > 0 && (said.data[0] == 'X' || said.data[0] == 'Z')) {
		machine->has_source_ended = said.data[0] == 'Z';
		drop_file(machine, now_ms);
		return;
	}
	next_data(machine, now_ms);
}

static void acknowledged(struct kermit *machine, uint64_t now_ms)
{
	struct bytes said = machine->reader.data;

	switch (machine->state) {
	case SEND_INIT:
		kermit_read_parameters(said, &machine->theirs);
		agree(machine);
		next_file(machine, now_ms);
		break;
	case SEND_NAME:
		if ((machine->theirs.can & KERMIT_CAN_ATTRIBUTES) && machine->file.has_size)
			put_attributes(machine, now_ms);
		else
			first_data(machine, now_ms);
		break;
	case SEND_ATTRIBUTES:
		if (said.size > 0 && said.data[0] == 'N')
			drop_file(machine, now_ms);
		else
			first_data(machine, now_ms);
		break;
	case SEND_DATA:
		data_acknowledged(machine, now_ms);
		break;
	case SEND_END:
		if (!machine->is_dropped)
			kermit_end_file(machine);
		next_file(machine, now_ms);
		break;
	default:
		kermit_enter_tail(machine, now_ms);
	}
}

/* Always the same packet again: a receiver that has it already would take another one for it. Only when it has said of
 * the same packet several times that it has it not, the packet is cut up: long ones overrun some receivers. */
void kermit_send_again(struct kermit *machine, const char *why, uint64_t now_ms)
{
	machine->tries++;
	if (!kermit_is_patient(machine, now_ms)) {
		kermit_silent(machine);
		return;
	}
	if (machine->has_heard)
		transfer_tell(&machine->queue,
			      transfer_retry(&machine->base, "%s: packet %u at byte %" PRIu64 " goes out again", why,
					     machine->sequence, machine->position));
	if (machine->state == SEND_DATA && machine->naks >= SPLIT_TRIES && machine->length > 2 * LENGTH_MIN) {
		machine->length = machine->length_max = machine->length / 2;
		machine->naks = 0;
		machine->tries = 1;
		encode_data(machine, now_ms);
	} else {
		kermit_put_again(machine, now_ms);
	}
}

void kermit_send_packet(struct kermit *machine, uint64_t now_ms)
{
	const struct kermit_reader *reader = &machine->reader;
	bool is_next = reader->sequence == (machine->sequence + 1) % KERMIT_SEQUENCE;

	switch (reader->type) {
	case 'Y':
		if (reader->sequence == machine->sequence) {
			machine->has_heard = true;
			acknowledged(machine, now_ms);
		}
		break;
	case 'N':
		if (is_next && machine->state != SEND_INIT) {	/* 5.1: whoever wants the next one has this one */
			machine->reader.data = BYTES("");
			acknowledged(machine, now_ms);
		} else if (reader->sequence == machine->sequence) {
			machine->naks++;
			kermit_send_again(machine, "damaged there", now_ms);
		}
		break;
	}
}
