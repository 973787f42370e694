/* recovery/protocol/kermit.c
 *
 * Kermit behind transfer.h: one packet at a time (no windows), long packets, block checks 1 to 3, repeat counts, prefixes for the eighth bit,
 * attributes. Made for U-Boot's loadb, which receives only and speaks first never, and for C-Kermit and its relatives in both directions.
 * Source: da Cruz, "Kermit Protocol Manual", 6th edition, June 1986. Chapters in comments are of that book. kermit_packet.c has the form. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "recovery/protocol/kermit_packet.h"
#include "recovery/protocol/transfer_machine.h"
#include "src/base/text.h"

enum {
	INIT_MS = 2000,			/* between two S, or two NAKs, before the other side has spoken */
	PATIENCE_MS = 60000,
	TIMEOUT_MIN_S = 2, TIMEOUT_MAX_S = 15,	/* of what the other side wishes */
	OUR_TIMEOUT_S = 8,
	STUCK_MS = 30000,		/* a line that takes nothing for so long is dead */
	TAIL_MS = 50,
	TRIES = 10,			/* of one packet */
	SPLIT_TRIES = 3,		/* NAKs in a row behind which a packet is cut up */
	LENGTH_FIRST = 1000,		/* of data packets; grows with each that went well */
	LENGTH_MIN = 40,
	GROW_AFTER = 8,			/* packets, when one had to be repeated */
	RAW_MAX = 16384,
	DATA_MAX = 4096,		/* given out at once */
	OUT_MAX = KERMIT_PACKET_MAX + KERMIT_PAD_MAX + 8,
};

enum state {
	/* Sending: which packet waits for its acknowledgement. */
	SEND_INIT, SEND_NAME, SEND_ATTRIBUTES, SEND_DATA, SEND_END, SEND_BREAK,
	/* Receiving: what is waited for. */
	WAIT_INIT, WAIT_NAME, WAIT_DATA,
	IN_TAIL,			/* the end of the last packet */
};

struct kermit {
	struct transfer_base base;	/* first */
	enum state state;
	struct transfer_queue queue;
	bool has_heard;
	uint64_t began_ms;
	unsigned sequence;		/* of the packet that waits for its acknowledgement, or that is waited for */
	unsigned tries, naks;
	struct kermit_parameters theirs;
	struct kermit_coding coding;
	unsigned check;
	struct transfer_file file;
	bool is_file_told;
	bool is_dropped;		/* it was broken off */
	bool has_source_ended;
	bool is_discarded;		/* one file at least did not go through */
	char discarded[64];
	uint64_t position;
	/* Sending */
	size_t used;			/* bytes of the file in the present data packet */
	bool is_last;
	unsigned length, length_max;	/* of data packets: now, and what the other side can take */
	unsigned good;			/* packets in a row that went well */
	uint8_t raw[RAW_MAX];
	/* Receiving: what is left of the present data packet */
	struct bytes rest;
	bool has_rest;
	uint8_t data[DATA_MAX];
	struct kermit_reader reader;
	size_t packet_size;
	uint8_t packet[OUT_MAX];	/* the last one, to be sent again */
	uint8_t out[OUT_MAX];
};

static const struct kermit_parameters ours = {
	.length_max = KERMIT_LONG_MAX, .timeout_seconds = OUR_TIMEOUT_S, .end = KERMIT_CR, .control = '#', .eighth = 'Y', .check = 3,
	.repeat = '~', .can = KERMIT_CAN_LONG | KERMIT_CAN_ATTRIBUTES,
};

static void fail(struct kermit *machine, struct transfer_event event);

/* Output */

static void put_again(struct kermit *machine, uint64_t now_ms)
{
	transfer_drop_output(&machine->base);
	transfer_put(&machine->base, bytes_of(machine->packet, machine->packet_size));
	machine->base.deadline_ms = now_ms + STUCK_MS;	/* kermit_sent() sets the right one when the line has it */
}

static void put_packet(struct kermit *machine, uint8_t type, struct bytes data, uint64_t now_ms)
{
	/* 6.1: what is said before both sides know what they agreed on has check 1. */
	unsigned check = type == 'S' || (type == 'Y' && machine->state == WAIT_INIT) ? 1 : machine->check;

	machine->packet_size = kermit_write_packet(machine->packet, &machine->theirs, type, machine->sequence, check, data);
	put_again(machine, now_ms);
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
	return seconds * 1000u + transfer_wire_ms(&machine->base, machine->base.options.is_sender ? machine->packet_size : KERMIT_LONG_MAX);
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
static void fail(struct kermit *machine, struct transfer_event event)
{
	put_error(machine, event.reason);
	machine->has_rest = false;
	transfer_tell(&machine->queue, event);
}

static void enter_tail(struct kermit *machine, uint64_t now_ms)
{
	machine->state = IN_TAIL;
	machine->base.deadline_ms = now_ms + TAIL_MS;
}

static void finish(struct kermit *machine)
{
	if (machine->is_discarded)
		transfer_tell(&machine->queue, transfer_failed(&machine->base, STATUS_REFUSED, "Its screen may say why: no space left, or a file of that name",
							       "the other side did not go through with %s", machine->discarded));
	else
		transfer_tell(&machine->queue, transfer_done(&machine->base));
}

static void discard(struct kermit *machine)
{
	if (!machine->is_discarded)
		text_copy(machine->discarded, sizeof(machine->discarded), machine->file.name);
	machine->is_discarded = true;
}

static void tell_file(struct kermit *machine, enum transfer_event_type type)
{
	transfer_tell(&machine->queue, (struct transfer_event){ .type = type, .file = machine->file });
}

static void end_file(struct kermit *machine)
{
	machine->file.size = machine->position;
	machine->file.has_size = true;
	machine->base.progress.files++;
	machine->base.progress.all_bytes += machine->position;
	tell_file(machine, TRANSFER_FILE_END);
}

/* Sending */

static void next_packet(struct kermit *machine, enum state state, uint8_t type, struct bytes data, uint64_t now_ms)
{
	machine->state = state;
	machine->sequence = (machine->sequence + 1) % KERMIT_SEQUENCE;
	machine->tries = machine->naks = 0;
	put_packet(machine, type, data, now_ms);
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
	tell_file(machine, TRANSFER_FILE);
	size = kermit_encode(&machine->coding, bytes_of_text(machine->file.name), name,
			     kermit_room(machine->theirs.length_max < KERMIT_SHORT_MAX ? machine->theirs.length_max : KERMIT_SHORT_MAX, machine->check),
			     &used);
	next_packet(machine, SEND_NAME, 'F', bytes_of(name, size), now_ms);
}

/* Fills machine->packet with as much of the file as fits; false: failed. */
static bool encode_data(struct kermit *machine, uint64_t now_ms)
{
	const struct transfer_source *source = &machine->base.options.source;
	uint64_t left = machine->file.has_size ? machine->file.size - machine->position : RAW_MAX;
	size_t wanted = left < RAW_MAX ? (size_t)left : RAW_MAX;
	uint8_t encoded[KERMIT_LONG_MAX];
	size_t got = wanted > 0 ? source->read(source->user, machine->position, machine->raw, wanted) : 0, size;

	if (got > wanted || (machine->file.has_size && got < wanted)) {
		fail(machine, transfer_failed(&machine->base, STATUS_IO, "Send it again when nothing writes to it",
					      "%.80s became shorter while it was sent", machine->file.name));
		return false;
	}
	size = kermit_encode(&machine->coding, bytes_of(machine->raw, got), encoded, kermit_room(machine->length, machine->check), &machine->used);
	machine->is_last = machine->file.has_size ? machine->position + machine->used == machine->file.size :
						    got < wanted && machine->used == got;
	put_packet(machine, 'D', bytes_of(encoded, size), now_ms);
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

	machine->check = theirs->check == ours.check ? ours.check : 1;
	machine->coding.control = ours.control;
	machine->coding.repeat = theirs->repeat == ours.repeat ? ours.repeat : 0;
	machine->coding.eighth = theirs->eighth != 'Y' && theirs->eighth != 'N' && theirs->eighth != ours.control ? theirs->eighth : 0;
	machine->reader.check = machine->check;
	machine->length_max = theirs->length_max;
	machine->length = theirs->length_max < LENGTH_FIRST ? theirs->length_max : LENGTH_FIRST;
}

static void drop_file(struct kermit *machine, uint64_t now_ms)
{
	discard(machine);
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
			end_file(machine);
		next_file(machine, now_ms);
		break;
	default:
		enter_tail(machine, now_ms);
	}
}

static void silent(struct kermit *machine, uint64_t now_ms)
{
	bool is_sender = machine->base.options.is_sender;
	const char *hint = machine->has_heard ? "Look at the cable and at the device" :
			   is_sender ? "Type loadb at a U-Boot prompt, or kermit -r on a Linux, first" : "Start kermit -s FILE on the device first";

	(void)now_ms;
	fail(machine, transfer_failed(&machine->base, STATUS_TIMEOUT, hint, machine->has_heard ? "the Kermit %s is silent" : "no Kermit %s answers",
				      is_sender ? "receiver" : "sender"));
}

static bool is_patient(const struct kermit *machine, uint64_t now_ms)
{
	unsigned patience_ms = machine->base.options.patience_ms > 0 ? machine->base.options.patience_ms : PATIENCE_MS;

	return machine->has_heard ? machine->tries < TRIES : now_ms - machine->began_ms < patience_ms;
}

/* Always the same packet again: a receiver that has it already would take another one for it. Only when it has said of the same packet
 * several times that it has it not, the packet is cut up: long ones overrun some receivers. */
static void send_again(struct kermit *machine, const char *why, uint64_t now_ms)
{
	machine->tries++;
	if (!is_patient(machine, now_ms)) {
		silent(machine, now_ms);
		return;
	}
	if (machine->has_heard)
		transfer_tell(&machine->queue, transfer_retry(&machine->base, "%s: packet %u at byte %" PRIu64 " goes out again", why, machine->sequence,
							      machine->position));
	if (machine->state == SEND_DATA && machine->naks >= SPLIT_TRIES && machine->length > 2 * LENGTH_MIN) {
		machine->length = machine->length_max = machine->length / 2;
		machine->naks = 0;
		machine->tries = 1;
		encode_data(machine, now_ms);
	} else {
		put_again(machine, now_ms);
	}
}

static void send_packet(struct kermit *machine, uint64_t now_ms)
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
			send_again(machine, "damaged there", now_ms);
		}
		break;
	}
}

/* Receiving */

static void put_ack(struct kermit *machine, struct bytes data, uint64_t now_ms)
{
	put_packet(machine, 'Y', data, now_ms);
	machine->sequence = (machine->sequence + 1) % KERMIT_SEQUENCE;
	machine->tries = 0;
}

/* The packet that is kept for repeats stays the last acknowledgement. */
static void put_nak(struct kermit *machine, uint64_t now_ms)
{
	uint8_t packet[KERMIT_PAD_MAX + 16];
	size_t size = kermit_write_packet(packet, &machine->theirs, 'N', machine->sequence, machine->state == WAIT_INIT ? 1 : machine->check,
					  BYTES(""));

	transfer_drop_output(&machine->base);
	transfer_put(&machine->base, bytes_of(packet, size));
	machine->base.deadline_ms = now_ms + STUCK_MS;
}

/* 4.4: the answer to S says what is used. */
static void take_init(struct kermit *machine, uint64_t now_ms)
{
	struct kermit_parameters *theirs = &machine->theirs, answer = ours;
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
			is_number = data.data[2 + i] >= '0' && data.data[2 + i] <= '9' && !__builtin_mul_overflow(number, 10, &number) &&
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
		tell_file(machine, TRANSFER_FILE);
	machine->is_file_told = true;
}

/* A packet of repeats can be a hundred times as long as on the line: it is given out in pieces, and acknowledged behind the last. */
static void give_data(struct kermit *machine, uint64_t now_ms)
{
	size_t size;

	if (machine->rest.size == 0) {
		machine->has_rest = false;
		put_ack(machine, BYTES(""), now_ms);
		return;
	}
	if (!kermit_decode(&machine->coding, &machine->rest, machine->data, sizeof(machine->data), &size)) {
		fail(machine, transfer_failed(&machine->base, STATUS_PROTOCOL, NULL, "a data packet ends within a prefix"));
		return;
	}
	machine->position += size;
	machine->base.progress.file_bytes = machine->position;
	transfer_tell(&machine->queue, (struct transfer_event){ .type = TRANSFER_DATA, .data = bytes_of(machine->data, size) });
}

static void take_end(struct kermit *machine, uint64_t now_ms)
{
	if (machine->reader.data.size > 0 && machine->reader.data.data[0] == 'D') {	/* 8.5 */
		discard(machine);
	} else if (machine->file.has_size && machine->position < machine->file.size) {
		fail(machine, transfer_failed(&machine->base, STATUS_PROTOCOL, "Receive it again", "%.80s ended at byte %" PRIu64 " of %" PRIu64,
					      machine->file.name, machine->position, machine->file.size));
		return;
	} else {
		end_file(machine);
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
		enter_tail(machine, now_ms);
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
		fail(machine, transfer_failed(&machine->base, STATUS_PROTOCOL, "Only files can be received: send one there",
					      "a Kermit packet '%c' came where none belongs", type > ' ' && type < 0x7f ? type : '?'));
	}
}

static void ask_again(struct kermit *machine, const char *why, uint64_t now_ms)
{
	machine->tries++;
	if (!is_patient(machine, now_ms)) {
		silent(machine, now_ms);
		return;
	}
	if (machine->has_heard)
		transfer_tell(&machine->queue, transfer_retry(&machine->base, "%s: packet %u at byte %" PRIu64 " is asked for again", why,
							      machine->sequence, machine->position));
	put_nak(machine, now_ms);
}

static void receive_packet(struct kermit *machine, uint64_t now_ms)
{
	const struct kermit_reader *reader = &machine->reader;

	if (reader->type == 'Y' || reader->type == 'N')		/* our own, sent back by an echo */
		return;
	machine->has_heard = true;
	if (reader->sequence == machine->sequence)
		take_expected(machine, now_ms);
	else if ((reader->sequence + 1) % KERMIT_SEQUENCE == machine->sequence && machine->state != WAIT_INIT)
		put_again(machine, now_ms);	/* our acknowledgement was lost */
	else
		ask_again(machine, "out of order", now_ms);
}

/* Both */

static void other_side_failed(struct kermit *machine)
{
	char text[100];

	text_printable(text, sizeof(text), machine->reader.data);
	transfer_drop_output(&machine->base);
	transfer_tell(&machine->queue, transfer_failed(&machine->base, STATUS_CANCELLED, NULL, "the other side gave up: %s",
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
			(is_sender ? send_packet : receive_packet)(machine, now_ms);
		break;
	case KERMIT_DAMAGED:
		/* A damaged acknowledgement cannot be told from one of another packet: the deadline repeats. */
		if (!is_sender && machine->has_heard)
			ask_again(machine, "damaged", now_ms);
		break;
	case KERMIT_TEXT:
		if (!machine->has_heard)
			transfer_tell(&machine->queue, (struct transfer_event){ .type = TRANSFER_TEXT, .data = machine->reader.text });
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

static enum status kermit_begin(const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer, struct error *reterr)
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
		put_packet(machine, 'S', bytes_of(parameters, kermit_write_parameters(parameters, &ours)), now_ms);
	} else {
		machine->state = WAIT_INIT;
		put_nak(machine, now_ms);
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
			give_data(machine, now_ms);
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
		give_data(machine, now_ms);
	else if (now_ms < machine->base.deadline_ms)
		return TRANSFER_NO_EVENT;
	else if (machine->state == IN_TAIL)
		finish(machine);
	else if (machine->base.options.is_sender)
		send_again(machine, "silence", now_ms);
	else
		ask_again(machine, "silence", now_ms);
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
	if (count > 0 && machine->base.out_from == machine->base.out_to && machine->state != IN_TAIL && !machine->base.is_over)
		machine->base.deadline_ms = now_ms + timeout_ms(machine);
}

static void kermit_cancel(struct transfer *transfer, uint64_t now_ms)
{
	struct kermit *machine = (struct kermit *)transfer;

	(void)now_ms;
	if (machine->base.is_over)
		return;
	machine->queue.count = 0;
	fail(machine, transfer_failed(&machine->base, STATUS_CANCELLED, NULL, "cancelled here"));
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
