/* recovery/protocol/zmodem_send.c
 *
 * The sending half. It streams (9.1): subpackets follow each other without an answer, and only every quarter of a
 * window one asks for ZACK, so that the progress shown is what the receiver has and a deep buffer in between (a USB
 * adapter, a network) holds no more than the window when ZRPOS calls the sender back. A ZRPOS takes back what is queued
 * here already. */
#include <stdio.h>

#include "recovery/protocol/zmodem_machine.h"
#include "src/base/crc.h"
#include "src/base/text.h"

enum {
	PUMP_PIECES = ZMODEM_PIECES - 4,	/* leaves room for the headers that follow */
	BLOCK_MIN = 64,
	BLOCK_GROW = 16,		/* blocks without an error until they become longer */
	WINDOW_MIN = 8 << 10,
	WINDOW_UNKNOWN = 1 << 20,	/* of a line whose rate is not known */
	UNKNOWN_MS = 5000,		/* for what stands in front of a line whose rate is not known */
	FIN_MS = 1500,
	FIN_TRIES = 4,
	SETTLE_MS = 1000,		/* after which a second ZRINIT means that ZFILE was lost */
	TAIL_MS = 50,
	CRC_SLICE = 1 << 20,		/* hashed in one call */
	INFO_MAX = TRANSFER_NAME_MAX + 64,
};

enum state {
	WAIT_RECEIVER,	/* for ZRINIT */
	WAIT_ESCAPES,	/* for ZACK of ZSINIT */
	WAIT_POSITION,	/* for ZRPOS to ZFILE */
	HASHING,	/* the file, for ZCRC */
	SENDING,
	WAIT_ACK,	/* of the subpacket that ended in ZCRCW */
	WAIT_END,	/* for ZRINIT to ZEOF */
	WAIT_FIN,
	IN_TAIL,	/* CR LF behind the last header */
	STATES,
};

enum action {
	IGNORE,
	GREET,
	NEXT_FILE,
	FILE_DONE,
	SETTLE,
	ACKED,
	SKIP,
	REPEAT,
	GO_TO,
	HASH,
	LEAVE,
	RESTARTED,
	ANSWER,
	REFUSED,
	CANCELLED,
};

/* What the receiver's headers mean (8, 11). ZRINIT in the middle of a file: it was started anew, and what it says to
 * ZEOF later would be no proof that it has the file. */
static const enum action reaction[STATES][ZMODEM_TYPES] = {
	[WAIT_RECEIVER] = { [ZRINIT] = GREET, [ZNAK] = REPEAT, },
	[WAIT_ESCAPES]  = { [ZRINIT] = SETTLE, [ZACK] = NEXT_FILE, [ZNAK] = REPEAT, },
	[WAIT_POSITION] = { [ZRINIT] = SETTLE, [ZNAK] = REPEAT, [ZRPOS] = GO_TO, [ZSKIP] = SKIP, [ZCRC] = HASH, },
	[HASHING]       = { [ZRPOS] = GO_TO, [ZSKIP] = SKIP, },
	[SENDING]       = { [ZRINIT] = RESTARTED, [ZACK] = ACKED, [ZRPOS] = GO_TO, [ZSKIP] = SKIP, },
	[WAIT_ACK]      = { [ZRINIT] = RESTARTED, [ZACK] = ACKED, [ZNAK] = REPEAT, [ZRPOS] = GO_TO, [ZSKIP] = SKIP, },
	[WAIT_END]      = { [ZRINIT] = FILE_DONE, [ZACK] = ACKED, [ZNAK] = REPEAT, [ZRPOS] = GO_TO, [ZSKIP] = SKIP, },
	[WAIT_FIN]      = { [ZFIN] = LEAVE, [ZNAK] = REPEAT, },
};

/* The same in every state. */
static enum action action_of(enum state state, uint8_t type)
{
	switch (type) {
	case ZCHALLENGE:
		return ANSWER;
	case ZABORT: case ZFERR:
		return REFUSED;
	case ZCAN:
		return CANCELLED;
	case ZFIN:
		return state == WAIT_FIN ? LEAVE : state == WAIT_RECEIVER ? IGNORE : CANCELLED;
	}
	return type < ZMODEM_TYPES ? reaction[state][type] : IGNORE;
}

static void enter(struct zmodem *machine, enum state state, uint64_t now_ms, uint64_t wait_ms)
{
	machine->state = state;
	machine->tries = 0;
	machine->base.deadline_ms = now_ms + wait_ms;
}

/* How long an answer may take: all that may stand between here and there has to go first. */
static uint64_t answer_ms(const struct zmodem *machine)
{
	if (machine->base.options.baud == 0)
		return ZMODEM_REPEAT_MS + UNKNOWN_MS;
	return ZMODEM_REPEAT_MS + transfer_wire_ms(&machine->base, machine->send.window);
}

static void put_start(struct zmodem *machine, bool with_command)
{
	/* 8.1: "rz" and Enter start the program where a command line listens. */
	if (with_command)
		transfer_put(&machine->base, BYTES("rz\r"));
	zmodem_put_hex(machine, ZRQINIT, 0);
}

void zmodem_send_begin(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_sender *send = &machine->send;
	unsigned baud = machine->base.options.baud;

	send->block_size = ZMODEM_SUBPACKET_SEND;
	send->window = baud == 0 ? WINDOW_UNKNOWN : baud / 10 < WINDOW_MIN ? WINDOW_MIN : baud / 10;
	put_start(machine, true);
	enter(machine, WAIT_RECEIVER, now_ms, ZMODEM_REPEAT_MS);
}

/* ZFILE's subpacket (11.5): name, length, date and mode; which mode it gets is the receiver's business. The number of
 * files that follow is not known here. */
static void put_file(struct zmodem *machine)
{
	const struct transfer_file *file = &machine->file;
	char info[INFO_MAX];
	size_t size = strlen(file->name) + 1;
	uint32_t flags = machine->base.options.may_resume ? ZMODEM_ZCRESUM : ZMODEM_ZCBIN;

	memcpy(info, file->name, size);
	if (file->has_size)
		size += (size_t)snprintf(info + size, sizeof(info) - size, "%llu %llo 0 0",
					 (unsigned long long)file->size,
					 (unsigned long long)(file->modified > 0 ? file->modified : 0));
	info[size++] = '\0';
	zmodem_put_binary(machine, ZFILE, flags << 24, true);
	zmodem_put_subpacket(machine, bytes_of(info, size), ZCRCW);
}

static void put_escapes(struct zmodem *machine)
{
	zmodem_put_binary(machine, ZSINIT, (uint32_t)ZMODEM_TESCCTL << 24, true);
	zmodem_put_subpacket(machine, BYTES("\0"), ZCRCW); /* no attention string: ZRPOS is read while data goes out */
}

static void finish(struct zmodem *machine)
{
	const struct zmodem_sender *send = &machine->send;

	if (send->skipped == 0)
		transfer_tell(&machine->queue, transfer_done(&machine->base));
	else
		transfer_tell(
			&machine->queue,
			transfer_failed(&machine->base, STATUS_REFUSED,
					"It keeps what it has of that name: remove that there, or start rz with -y",
					"the receiver did not take %s%s", send->first_skipped,
					send->skipped > 1 ? " and others" : ""));
}

static void next_file(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_sender *send = &machine->send;
	const struct transfer_source *source = &machine->base.options.source;

	memset(&machine->file, 0, sizeof(machine->file));
	if (send->has_source_ended || !source->next(source->user, &machine->file)) {
		send->has_source_ended = true;
		zmodem_put_hex(machine, ZFIN, 0);
		enter(machine, WAIT_FIN, now_ms, FIN_MS);
		return;
	}
	if (machine->file.has_size && machine->file.size > ZMODEM_FILE_MAX) {
		zmodem_abort(machine,
			     transfer_failed(&machine->base, STATUS_UNSUPPORTED, "Compress it, or split it into parts",
					     "%.80s is 4 GiB or longer: ZMODEM counts no further", machine->file.name));
		return;
	}
	send->position = send->acked = 0;
	zmodem_tell_file(machine, TRANSFER_FILE);
	put_file(machine);
	enter(machine, WAIT_POSITION, now_ms, answer_ms(machine));
}

static void greet(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_sender *send = &machine->send;
	uint8_t flags = zmodem_zf0(&machine->reader.header);
	bool can_stream = (flags & ZMODEM_CANFDX) && (flags & ZMODEM_CANOVIO);
	bool escapes = machine->base.options.escape_controls;

	machine->use_crc32 = flags & ZMODEM_CANFC32;
	send->receiver_buffer = machine->reader.header.at[0] | (uint32_t)machine->reader.header.at[1] << 8;
	if (send->receiver_buffer == 0 && !can_stream)
		send->receiver_buffer = ZMODEM_SUBPACKET_SEND;
	if (flags & ZMODEM_ESCCTL)
		zmodem_writer_init(&machine->writer, true);
	if (escapes && !(flags & ZMODEM_ESCCTL)) {
		put_escapes(machine);
		enter(machine, WAIT_ESCAPES, now_ms, ZMODEM_REPEAT_MS);
	} else {
		next_file(machine, now_ms);
	}
}

/* Data */

static size_t block_of(const struct zmodem_sender *send)
{
	return send->receiver_buffer > 0 && send->receiver_buffer < send->block_size ? send->receiver_buffer
										     : send->block_size;
}

static enum zmodem_end end_of(struct zmodem_sender *send, size_t size, bool is_last)
{
	if (is_last)
		return ZCRCE;
	if (send->receiver_buffer > 0)
		return send->position + size + block_of(send) > send->asked + send->receiver_buffer ? ZCRCW : ZCRCG;
	if (send->position + size - send->asked < send->window / 4)
		return ZCRCG;
	return ZCRCQ;
}

static void file_changed(struct zmodem *machine)
{
	zmodem_abort(machine, transfer_failed(&machine->base, STATUS_IO, "Send it again when nothing writes to it",
					      "%.80s became shorter while it was sent", machine->file.name));
}

/* Queues one subpacket; false: the frame is over, or has to wait. */
static bool put_block(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_sender *send = &machine->send;
	const struct transfer_source *source = &machine->base.options.source;
	uint8_t block[ZMODEM_SUBPACKET_SEND];
	size_t wanted = block_of(send), size;
	bool is_last;
	enum zmodem_end end;

	if (machine->file.has_size && machine->file.size - send->position < wanted)
		wanted = (size_t)(machine->file.size - send->position);
	size = wanted > 0 ? source->read(source->user, send->position, block, wanted) : 0;
	if (size > wanted || (machine->file.has_size && size < wanted)) {
		file_changed(machine);
		return false;
	}
	is_last = machine->file.has_size ? send->position + size == machine->file.size : size < wanted;
	if (send->position + size > ZMODEM_FILE_MAX) {
		zmodem_abort(machine, transfer_failed(&machine->base, STATUS_UNSUPPORTED, NULL,
						      "%.80s goes on behind 4 GiB: ZMODEM counts no further",
						      machine->file.name));
		return false;
	}
	end = end_of(send, size, is_last);
	zmodem_put_subpacket(machine, bytes_of(block, size), end);
	send->position += size;
	if (end == ZCRCQ || end == ZCRCW)
		send->asked = send->position;
	if (send->block_size < ZMODEM_SUBPACKET_SEND &&
	    send->position - send->last_error > BLOCK_GROW * send->block_size) {
		send->block_size *= 2;
		send->last_error = send->position;
	}
	if (is_last) {
		zmodem_put_binary(machine, ZEOF, (uint32_t)send->position, false);
		enter(machine, WAIT_END, now_ms, answer_ms(machine));
	} else if (end == ZCRCW) {
		enter(machine, WAIT_ACK, now_ms, answer_ms(machine));
	}
	return machine->state == SENDING;
}

static bool is_window_open(const struct zmodem_sender *send)
{
	return send->receiver_buffer > 0 || send->has_no_window || send->position < send->acked + send->window;
}

/* Fills the output; sets what is waited for: room on the line, or ZACK. */
static void pump(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_sender *send = &machine->send;
	/* On a real line a little is enough, and less has to be taken back. */
	unsigned most = machine->base.options.baud > 0 ? PUMP_PIECES / 4 : PUMP_PIECES;

	machine->wants_pump = false;
	machine->base.deadline_ms = now_ms + answer_ms(machine);
	if (machine->base.out_from < machine->base.out_to && machine->pieces >= most) {
		machine->wants_pump = true;
		return;
	}
	while (is_window_open(send) && (machine->pieces < most || machine->base.out_from == machine->base.out_to))
		if (!put_block(machine, now_ms))
			return;
	machine->wants_pump = is_window_open(send);
}

static void begin_frame(struct zmodem *machine, uint64_t position, uint64_t now_ms)
{
	struct zmodem_sender *send = &machine->send;

	send->position = send->asked = position;
	zmodem_put_binary(machine, ZDATA, (uint32_t)position, true);
	machine->state = SENDING;
	pump(machine, now_ms);
}

static void set_acked(struct zmodem *machine, uint64_t position)
{
	machine->send.acked = position;
	machine->base.progress.file_bytes = position;
	machine->tries = 0;
}

/* ZRPOS: the first one starts the file, later ones report an error. */
static void go_to(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_sender *send = &machine->send;
	uint64_t position = zmodem_position(&machine->reader.header);
	bool is_repeat = machine->state != WAIT_POSITION && machine->state != HASHING;

	if (machine->file.has_size && position > machine->file.size) {
		zmodem_abort(machine, transfer_failed(&machine->base, STATUS_PROTOCOL,
						      "It may have a longer file of that name: remove that there",
						      "the receiver asks for byte %llu of %.60s, which has only %llu",
						      (unsigned long long)position, machine->file.name,
						      (unsigned long long)machine->file.size));
		return;
	}
	zmodem_cut_output(machine);
	if (is_repeat) {
		machine->tries = position > send->acked ? 0 : machine->tries + 1;
		if (machine->tries > 2 * ZMODEM_TRIES) {
			zmodem_abort(machine, transfer_failed(&machine->base, STATUS_PROTOCOL,
							      "Lower the baud rate, or shorten the cable",
							      "byte %llu did not come through in %u tries",
							      (unsigned long long)position, machine->tries));
			return;
		}
		/* Short blocks lose less to one error. Long lines of them cost nothing where errors are rare: then they
		 * grow again. */
		if (position < send->last_error + 8 * send->block_size && send->block_size > BLOCK_MIN)
			send->block_size /= 2;
		send->last_error = position;
		transfer_tell(&machine->queue,
			      transfer_retry(&machine->base, "the receiver asks for all from byte %llu on again",
					     (unsigned long long)position));
	}
	send->acked = position;
	machine->base.progress.file_bytes = position;
	begin_frame(machine, position, now_ms);
}

static void take_ack(struct zmodem *machine, uint64_t now_ms)
{
	uint64_t position = zmodem_position(&machine->reader.header);

	machine->send.has_ack = true;
	if (position > machine->send.position || position < machine->send.acked)
		return;		/* of a frame that was taken back since */
	set_acked(machine, position);
	if (machine->state == WAIT_ACK)
		begin_frame(machine, machine->send.position, now_ms);
	else if (machine->state == SENDING)
		pump(machine, now_ms);
}

static void file_done(struct zmodem *machine, uint64_t now_ms)
{
	set_acked(machine, machine->send.position);
	machine->base.progress.all_bytes += machine->send.position;
	machine->base.progress.files++;
	machine->file.size = machine->send.position;
	machine->file.has_size = true;
	zmodem_tell_file(machine, TRANSFER_FILE_END);
	next_file(machine, now_ms);
}

static void skip(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_sender *send = &machine->send;

	if (send->skipped++ == 0)
		text_copy(send->first_skipped, sizeof(send->first_skipped), machine->file.name);
	zmodem_cut_output(machine);
	next_file(machine, now_ms);
}

/* ZCRC: the receiver compares what it has with our file; of 0 bytes: all of it (11.14). In slices, so that no call
 * takes long. */
static void begin_hash(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_sender *send = &machine->send;
	uint32_t size = zmodem_position(&machine->reader.header);

	send->crc = 0;
	send->crc_from = 0;
	send->crc_to = size > 0 ? size : machine->file.has_size ? machine->file.size : ZMODEM_FILE_MAX;
	enter(machine, HASHING, now_ms, 0);
}

static void hash(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_sender *send = &machine->send;
	const struct transfer_source *source = &machine->base.options.source;
	uint64_t end = send->crc_to - send->crc_from < CRC_SLICE ? send->crc_to : send->crc_from + CRC_SLICE;
	uint8_t block[4096];

	while (send->crc_from < end) {
		size_t wanted = end - send->crc_from < sizeof(block) ? (size_t)(end - send->crc_from) : sizeof(block);
		size_t size = source->read(source->user, send->crc_from, block, wanted);

		if (size > wanted)
			size = wanted;
		send->crc = crc32_update(send->crc, bytes_of(block, size));
		send->crc_from += size;
		if (size < wanted)
			send->crc_to = end = send->crc_from;
	}
	if (send->crc_from < send->crc_to) {
		machine->base.deadline_ms = now_ms;
		return;
	}
	zmodem_put_hex(machine, ZCRC, send->crc);
	enter(machine, WAIT_POSITION, now_ms, answer_ms(machine));
}

static void repeat(struct zmodem *machine)
{
	switch (machine->state) {
	case WAIT_RECEIVER:
		put_start(machine, false);
		break;
	case WAIT_ESCAPES:
		put_escapes(machine);
		break;
	case WAIT_POSITION:
		put_file(machine);
		break;
	case WAIT_ACK:
		zmodem_put_binary(machine, ZDATA, (uint32_t)machine->send.position, true);
		zmodem_put_subpacket(machine, BYTES(""), ZCRCW);
		break;
	case SENDING:
		/* An empty subpacket that asks for ZACK. What the receiver makes of it, it answers: with ZACK, or with
		 * ZRPOS when the end of the subpacket before was lost. */
		zmodem_put_subpacket(machine, BYTES(""), ZCRCQ);
		break;
	case WAIT_END:
		zmodem_put_binary(machine, ZEOF, (uint32_t)machine->send.position, false);
		break;
	case WAIT_FIN:
		zmodem_put_hex(machine, ZFIN, 0);
		break;
	}
}

static void other_side_ended(struct zmodem *machine, bool has_reason)
{
	zmodem_abort(machine,
		     transfer_failed(&machine->base, STATUS_CANCELLED,
				     "Its screen or log may say why: no space left, or no permission to write",
				     has_reason ? "the receiver cannot take the file" : "the receiver cancelled"));
}

static void act(struct zmodem *machine, enum action action, uint64_t now_ms)
{
	switch (action) {
	case IGNORE:
		break;
	case GREET:
		greet(machine, now_ms);
		break;
	case NEXT_FILE:
		next_file(machine, now_ms);
		break;
	case FILE_DONE:
		file_done(machine, now_ms);
		break;
	case SETTLE:	/* It may have been on its way already when ours left. */
		if (machine->base.deadline_ms > now_ms + SETTLE_MS)
			machine->base.deadline_ms = now_ms + SETTLE_MS;
		break;
	case ACKED:
		take_ack(machine, now_ms);
		break;
	case SKIP:
		skip(machine, now_ms);
		break;
	case REPEAT:
		machine->base.deadline_ms = now_ms;	/* the tick counts it */
		break;
	case GO_TO:
		go_to(machine, now_ms);
		break;
	case HASH:
		begin_hash(machine, now_ms);
		break;
	case LEAVE:
		transfer_put(&machine->base, BYTES("OO"));	/* 8.4: over and out */
		enter(machine, IN_TAIL, now_ms, TAIL_MS);
		break;
	case RESTARTED:
		zmodem_abort(machine,
			     transfer_failed(&machine->base, STATUS_PROTOCOL, NULL,
					     "the receiver began anew in the middle of %.80s", machine->file.name));
		break;
	case ANSWER:	/* 11.15: shows that nobody plays back a recording */
		zmodem_put_hex(machine, ZACK, zmodem_position(&machine->reader.header));
		break;
	case REFUSED: case CANCELLED:
		other_side_ended(machine, action == REFUSED);
		break;
	}
}

void zmodem_send_signal(struct zmodem *machine, enum zmodem_signal signal, uint64_t now_ms)
{
	if (signal == ZMODEM_CANCELLED)
		other_side_ended(machine, false);
	else if (signal == ZMODEM_TEXT && machine->state == WAIT_RECEIVER)
		transfer_tell(&machine->queue,
			      (struct transfer_event){ .type = TRANSFER_TEXT, .data = machine->reader.text });
	if (signal != ZMODEM_HEADER)
		return;		/* what was damaged on the way here comes again */
	zmodem_reader_hunt(&machine->reader);
	act(machine, action_of(machine->state, machine->reader.header.type), now_ms);
}

static void give_up(struct zmodem *machine)
{
	if (machine->state == WAIT_FIN)		/* every file was acknowledged: nothing is missing but good manners */
		finish(machine);
	else if (machine->state == WAIT_RECEIVER)
		zmodem_abort(
			machine,
			transfer_failed(
				&machine->base, STATUS_TIMEOUT,
				"A Linux on the device needs rz (package lrzsz); U-Boot has no ZMODEM: use YMODEM (loady)",
				"no ZMODEM receiver answers"));
	else
		zmodem_abort(machine, transfer_failed(&machine->base, STATUS_TIMEOUT,
						      "Look at the cable and at the device", "the receiver is silent"));
}

void zmodem_send_tick(struct zmodem *machine, uint64_t now_ms)
{
	unsigned patience_ms = machine->base.options.patience_ms > 0 ? machine->base.options.patience_ms
								     : ZMODEM_PATIENCE_MS;
	bool is_late;

	if (machine->wants_pump && machine->base.out_from == machine->base.out_to) {
		pump(machine, now_ms);
		return;
	}
	if (now_ms < machine->base.deadline_ms)
		return;
	if (machine->state == HASHING) {
		hash(machine, now_ms);
		return;
	}
	if (machine->state == IN_TAIL) {
		finish(machine);
		return;
	}
	if (zmodem_is_sending(machine, now_ms))
		return;
	machine->tries++;
	if (machine->state == WAIT_RECEIVER)
		is_late = now_ms - machine->began_ms >= patience_ms;
	else
		is_late = machine->tries >= (machine->state == WAIT_FIN ? FIN_TRIES : ZMODEM_TRIES);
	if (is_late) {
		give_up(machine);
		return;
	}
	/* A receiver that answers no ZCRCQ at all is one that streams without: then the end of the file is the first
	 * answer. */
	if (machine->state == SENDING && !machine->send.has_ack && machine->tries > 1) {
		machine->send.has_no_window = true;
		pump(machine, now_ms);
		return;
	}
	repeat(machine);
	machine->base.deadline_ms = now_ms + (machine->state == WAIT_FIN        ? FIN_MS
					      : machine->state == WAIT_RECEIVER ? ZMODEM_REPEAT_MS
										: answer_ms(machine));
}

bool zmodem_send_tail(struct zmodem *machine, struct bytes *in)
{
	if (machine->state != IN_TAIL)
		return false;
	while (in->size > 0 && (in->data[0] == '\r' || (in->data[0] & 0x7f) == '\n' || in->data[0] == ZMODEM_XON)) {
		bool is_last = (in->data[0] & 0x7f) == '\n';

		*in = bytes_from(*in, 1);
		if (is_last) {
			finish(machine);
			return true;
		}
	}
	if (in->size > 0)
		finish(machine);
	return true;
}
