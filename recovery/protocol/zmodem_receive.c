/* recovery/protocol/zmodem_receive.c
 *
 * The receiving half. It says where it is (ZRPOS) as soon as a byte is wrong, and then only when the line falls silent
 * or nothing but the old stream comes for long: a second ZRPOS that crosses the first answer on the way makes the
 * sender begin twice. */
#include "recovery/protocol/xymodem.h"
#include "recovery/protocol/zmodem_machine.h"

enum {
	SILENCE_MS = 4000, /* in the middle of a file; it may be read from a slow medium */
	AGAIN_MS = 1500, /* of silence behind a ZRPOS */
	AGAIN_MAX_MS = 10000,
	STALE_MS = 5000, /* how long the old stream may go on behind a ZRPOS, besides its time on the line */
	STALE_BYTES = 16384,
	STALE_UNKNOWN_MS = 10000, /* that time, when no rate is known */
	GIVE_UP_MS = 60000, /* without one good frame */
	PLACE_TRIES = 30, /* ZRPOS in a row for one byte */
	OO_MS = 500,
	QUIET_MS = 500, /* of a line on which the old stream has ended */
	CRC_TRIES = 3,
};

enum state {
	WAIT_FILE,	/* ZRINIT is out */
	IN_NAME,	/* of ZFILE */
	IN_ATTENTION,	/* of ZSINIT */
	WAIT_CRC,	/* ZCRC is out: of what the sender's file begins with */
	IN_FILE,	/* ZRPOS is out: for ZDATA, its data, and ZEOF */
	WAIT_OO,
};

static void put_init(struct zmodem *machine)
{
	uint32_t flags = ZMODEM_CANFDX | ZMODEM_CANOVIO | ZMODEM_CANFC32;

	if (machine->base.options.escape_controls)
		flags |= ZMODEM_ESCCTL;
	zmodem_put_hex(machine, ZRINIT, flags << 24);	/* buffer size 0: it may stream */
}

static void enter(struct zmodem *machine, enum state state, uint64_t now_ms, uint64_t wait_ms)
{
	machine->state = state;
	machine->tries = 0;
	machine->base.deadline_ms = now_ms + wait_ms;
}

void zmodem_receive_begin(struct zmodem *machine, uint64_t now_ms)
{
	put_init(machine);
	enter(machine, WAIT_FILE, now_ms, ZMODEM_REPEAT_MS);
}

/* Asks for the file from the wanted byte on. */
static void ask(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_receiver *receive = &machine->receive;
	uint64_t wait_ms = (uint64_t)AGAIN_MS << (receive->asked_again < 3 ? receive->asked_again : 3);

	zmodem_put_hex(machine, ZRPOS, (uint32_t)receive->position);
	receive->wants_frame = true;
	receive->asked_again++;
	receive->asked_ms = now_ms;
	machine->base.deadline_ms = now_ms + (wait_ms < AGAIN_MAX_MS ? wait_ms : AGAIN_MAX_MS);
}

/* 11.3: the string that interrupts a sender which cannot read while it writes. DDh and DEh in it mean a break and a
 * pause, which a stream of bytes has not. */
static void put_attention(struct zmodem *machine)
{
	const struct zmodem_receiver *receive = &machine->receive;

	for (size_t i = 0; i < receive->attention_size; i++)
		if (receive->attention[i] != 0xdd && receive->attention[i] != 0xde)
			transfer_put_byte(&machine->base, receive->attention[i]);
}

static void ask_again(struct zmodem *machine, const char *why, uint64_t now_ms)
{
	struct zmodem_receiver *receive = &machine->receive;

	zmodem_reader_hunt(&machine->reader);
	if (receive->asked_again >= PLACE_TRIES) {
		zmodem_abort(machine, transfer_failed(&machine->base, STATUS_PROTOCOL,
						      "Lower the baud rate, or shorten the cable",
						      "byte %llu did not come through in %u tries",
						      (unsigned long long)receive->position, receive->asked_again));
		return;
	}
	transfer_tell(&machine->queue, transfer_retry(&machine->base, "%s at byte %llu: asked for again", why,
						      (unsigned long long)receive->position));
	put_attention(machine);
	ask(machine, now_ms);
}

/* 11.5: ZFILE's subpacket is YMODEM's block 0. */
static void take_info(struct transfer_file *file, struct bytes info)
{
	if (ymodem_header_read(info, file))
		return;
	memset(file, 0, sizeof(*file));
	transfer_set_name(file->name, BYTES(""));
}

/* The beginning up to byte start is here. */
static void begin_file_at(struct zmodem *machine, uint64_t start, uint64_t now_ms)
{
	struct zmodem_receiver *receive = &machine->receive;
	struct transfer_progress *progress = &machine->base.progress;

	receive->has_file = true;
	receive->position = receive->start = machine->file.start = start;
	receive->asked_again = 0;
	progress->file_bytes = start;
	progress->file_size = machine->file.has_size ? machine->file.size : 0;
	zmodem_tell_file(machine, TRANSFER_FILE);
	machine->state = IN_FILE;
	ask(machine, now_ms);
}

/* 11.14: a number of bytes; the sender answers with the CRC of so many. A sender that does not know this header keeps
 * silent, and the file comes from its beginning. */
static void ask_crc(struct zmodem *machine, uint64_t now_ms)
{
	zmodem_put_hex(machine, ZCRC, (uint32_t)machine->receive.kept);
	machine->state = WAIT_CRC;
	machine->base.deadline_ms = now_ms + ZMODEM_REPEAT_MS;
}

static void take_crc(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_receiver *receive = &machine->receive;
	bool is_same = zmodem_position(&machine->reader.header) == receive->kept_crc;

	begin_file_at(machine, is_same ? receive->kept : 0, now_ms);
}

static void begin_file(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_receiver *receive = &machine->receive;
	const struct transfer_kept *kept = &machine->base.options.kept;

	take_info(&machine->file, bytes_of(machine->reader.data, machine->reader.size));
	if (machine->file.has_size && machine->file.size > ZMODEM_FILE_MAX) {
		zmodem_abort(machine,
			     transfer_failed(&machine->base, STATUS_UNSUPPORTED, "Split it into parts there",
					     "%.80s is 4 GiB or longer: ZMODEM counts no further", machine->file.name));
		return;
	}
	machine->tries = 0;
	receive->kept = kept->have ? kept->have(kept->user, &machine->file, &receive->kept_crc) : 0;
	if (receive->kept == 0 || receive->kept > ZMODEM_FILE_MAX ||
	    (machine->file.has_size && receive->kept > machine->file.size))
		begin_file_at(machine, 0, now_ms);
	else
		ask_crc(machine, now_ms);
}

/* Our ZRPOS (or ZCRC) was lost, or the sender was started anew: with another file, the rest of that would end behind the
 * beginning of this. */
static void take_file_again(struct zmodem *machine, uint64_t now_ms)
{
	struct transfer_file file;
	bool is_same;

	take_info(&file, bytes_of(machine->reader.data, machine->reader.size));
	is_same = strcmp(file.name, machine->file.name) == 0 && file.has_size == machine->file.has_size &&
		  file.size == machine->file.size && file.modified == machine->file.modified;
	if (is_same && machine->state == WAIT_CRC)
		ask_crc(machine, now_ms);
	else if (is_same)
		ask(machine, now_ms);
	else
		zmodem_abort(machine, transfer_failed(&machine->base, STATUS_PROTOCOL, "Receive it again",
						      "the sender began another file in the middle of %.80s",
						      machine->file.name));
}

static void end_file(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_receiver *receive = &machine->receive;

	if (machine->file.has_size && receive->position < machine->file.size) {
		zmodem_abort(machine, transfer_failed(&machine->base, STATUS_PROTOCOL, "Receive it again",
						      "%.80s ended at byte %llu of %llu", machine->file.name,
						      (unsigned long long)receive->position,
						      (unsigned long long)machine->file.size));
		return;
	}
	machine->file.size = receive->position;
	machine->file.has_size = true;
	machine->base.progress.files++;
	machine->base.progress.all_bytes += receive->position - receive->start;
	zmodem_tell_file(machine, TRANSFER_FILE_END);
	put_init(machine);
	enter(machine, WAIT_FILE, now_ms, ZMODEM_REPEAT_MS);
}

/* Frames */

static void leave(struct zmodem *machine, uint64_t now_ms)
{
	zmodem_put_hex(machine, ZFIN, 0);
	machine->state = WAIT_OO;
	machine->base.deadline_ms = now_ms + OO_MS + transfer_wire_ms(&machine->base, 2 * ZMODEM_HEADER_MAX);
}

static void take_data_header(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_receiver *receive = &machine->receive;

	if (zmodem_position(&machine->reader.header) == (uint32_t)receive->position) {
		receive->wants_frame = false;
		machine->base.deadline_ms = now_ms + SILENCE_MS;
		return;
	}
	zmodem_reader_hunt(&machine->reader);
	/* From the frame before the ZRPOS: the right one follows. */
	if (!receive->wants_frame || now_ms - receive->asked_ms >= AGAIN_MS)
		ask_again(machine, "another place than the one wanted came", now_ms);
}

static void take_end_header(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_receiver *receive = &machine->receive;

	if (zmodem_position(&machine->reader.header) == (uint32_t)receive->position)
		end_file(machine, now_ms);
	/* Otherwise it left before the sender saw our ZRPOS (8.2). The sender now is silent, and the deadline asks
	 * again. */
}

static void heard(struct zmodem *machine, uint64_t now_ms)
{
	machine->has_heard = true;
	machine->heard_ms = now_ms;
}

static void take_header(struct zmodem *machine, uint64_t now_ms)
{
	uint8_t type = machine->reader.header.type;
	enum state state = machine->state;

	heard(machine, now_ms);
	switch (type) {
	case ZRQINIT:	/* in the middle of a file: the sender was started anew */
		if (state == WAIT_FILE || state == WAIT_CRC || state == IN_FILE)
			put_init(machine);
		break;
	case ZSINIT:
		if (state == WAIT_FILE)
			machine->state = IN_ATTENTION;
		break;
	case ZFILE:	/* in the middle of a file: our ZRPOS was lost */
		if (state == WAIT_FILE)
			machine->state = IN_NAME;
		break;
	case ZDATA:
		if (state == IN_FILE)
			take_data_header(machine, now_ms);
		else
			zmodem_reader_hunt(&machine->reader);
		break;
	case ZEOF:
		if (state == IN_FILE)
			take_end_header(machine, now_ms);
		else if (state == WAIT_FILE && machine->receive.has_file)
			put_init(machine);	/* the one that said so was lost */
		break;
	case ZCRC:
		if (state == WAIT_CRC)
			take_crc(machine, now_ms);
		break;
	case ZNAK:
		machine->base.deadline_ms = now_ms;
		break;
	case ZFIN:
		if (state == WAIT_FILE || state == WAIT_OO)
			leave(machine, now_ms);
		else
			zmodem_abort(machine,
				     transfer_failed(&machine->base, STATUS_CANCELLED, NULL,
						     "the sender left in the middle of %.80s", machine->file.name));
		break;
	case ZFREECNT:	/* 11.18: the file's own size says whether it fits, and whoever stores it knows */
		zmodem_put_hex(machine, ZACK, UINT32_MAX);
		break;
	case ZCHALLENGE:
		zmodem_put_hex(machine, ZACK, zmodem_position(&machine->reader.header));
		break;
	case ZCOMMAND:	/* 11.19 */
		zmodem_abort(machine, transfer_failed(&machine->base, STATUS_REFUSED, NULL,
						      "the sender wants to run a command here, which is not done"));
		break;
	case ZABORT: case ZFERR: case ZCAN:
		zmodem_abort(machine, transfer_failed(&machine->base, STATUS_CANCELLED, "Its screen or log may say why",
						      "the sender gave up"));
		break;
	case ZSTDERR:
		zmodem_reader_hunt(&machine->reader);
		break;
	}
}

static void take_data(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_receiver *receive = &machine->receive;
	const struct zmodem_reader *reader = &machine->reader;

	if (reader->size > ZMODEM_FILE_MAX - receive->position) {
		zmodem_abort(machine, transfer_failed(&machine->base, STATUS_UNSUPPORTED, NULL,
						      "%.80s goes on behind 4 GiB: ZMODEM counts no further",
						      machine->file.name));
		return;
	}
	receive->position += reader->size;
	machine->base.progress.file_bytes = receive->position;
	machine->base.deadline_ms = now_ms + SILENCE_MS;
	if (reader->size > 0) {
		receive->asked_again = 0;
		transfer_tell(&machine->queue, (struct transfer_event){ .type = TRANSFER_DATA,
									.data = bytes_of(reader->data, reader->size) });
	}
	if (reader->end == ZCRCQ || reader->end == ZCRCW)
		zmodem_put_hex(machine, ZACK, (uint32_t)receive->position);
}

static void take_subpacket(struct zmodem *machine, uint64_t now_ms)
{
	struct zmodem_receiver *receive = &machine->receive;
	const struct zmodem_reader *reader = &machine->reader;

	heard(machine, now_ms);
	if (machine->state == IN_FILE && reader->header.type == ZDATA) {
		take_data(machine, now_ms);
	} else if (machine->state == IN_NAME) {
		begin_file(machine, now_ms);
	} else if ((machine->state == IN_FILE || machine->state == WAIT_CRC) && reader->header.type == ZFILE) {
		take_file_again(machine, now_ms);
	} else if (machine->state == IN_ATTENTION) {
		receive->attention_size = strnlen((const char *)reader->data, reader->size < ZMODEM_ATTENTION_MAX
										      ? reader->size
										      : ZMODEM_ATTENTION_MAX);
		memcpy(receive->attention, reader->data, receive->attention_size);
		zmodem_put_hex(machine, ZACK, 1);
		enter(machine, WAIT_FILE, now_ms, ZMODEM_REPEAT_MS);
	}
}

static void take_damage(struct zmodem *machine, uint64_t now_ms)
{
	switch (machine->state) {
	case IN_NAME: case IN_ATTENTION:
		transfer_tell(&machine->queue,
			      transfer_retry(&machine->base, "the file's name came damaged: asked for again"));
		zmodem_put_hex(machine, ZNAK, 0);
		enter(machine, WAIT_FILE, now_ms, ZMODEM_REPEAT_MS);
		break;
	case IN_FILE:
		/* Behind a ZRPOS what is damaged is the rest of the old stream, or the head of the new one: time tells.
		 */
		if (!machine->receive.wants_frame)
			ask_again(machine, "damage", now_ms);
		break;
	}
}

void zmodem_receive_signal(struct zmodem *machine, enum zmodem_signal signal, uint64_t now_ms)
{
	switch (signal) {
	case ZMODEM_HEADER:
		take_header(machine, now_ms);
		break;
	case ZMODEM_SUBPACKET:
		take_subpacket(machine, now_ms);
		break;
	case ZMODEM_BAD_HEADER: case ZMODEM_BAD_SUBPACKET:
		take_damage(machine, now_ms);
		break;
	case ZMODEM_CANCELLED:
		zmodem_abort(machine, transfer_failed(&machine->base, STATUS_CANCELLED, "Its screen or log may say why",
						      "the sender cancelled"));
		break;
	case ZMODEM_TEXT:	/* behind the first frame it is the rest of a damaged one */
		if (!machine->has_heard)
			transfer_tell(&machine->queue,
				      (struct transfer_event){ .type = TRANSFER_TEXT, .data = machine->reader.text });
		break;
	case ZMODEM_MORE:
		break;
	}
}

static void wait_for_file(struct zmodem *machine, uint64_t now_ms)
{
	unsigned patience_ms = machine->base.options.patience_ms > 0 ? machine->base.options.patience_ms
								     : ZMODEM_PATIENCE_MS;
	bool is_new = !machine->has_heard;

	if (now_ms - machine->heard_ms >= patience_ms) {
		zmodem_abort(machine, transfer_failed(&machine->base, STATUS_TIMEOUT,
						      is_new ? "Start 'sz FILE' on the device (package lrzsz)"
							     : "Look at the cable and at the device",
						      is_new ? "no ZMODEM sender answers" : "the sender is silent"));
		return;
	}
	zmodem_reader_hunt(&machine->reader);
	put_init(machine);
	enter(machine, WAIT_FILE, now_ms, ZMODEM_REPEAT_MS);
}

/* Bytes still come, and not for too long: the old stream behind a ZRPOS, or a long subpacket on a slow line. */
static bool is_coming(const struct zmodem *machine, uint64_t now_ms)
{
	const struct zmodem_receiver *receive = &machine->receive;
	uint64_t wire_ms = machine->base.options.baud > 0 ? transfer_wire_ms(&machine->base, STALE_BYTES)
							  : STALE_UNKNOWN_MS;
	uint64_t since_ms = receive->wants_frame ? receive->asked_ms : machine->heard_ms;

	return now_ms - machine->byte_ms < (receive->wants_frame ? QUIET_MS : SILENCE_MS) &&
	       now_ms - since_ms < STALE_MS + wire_ms;
}

void zmodem_receive_tick(struct zmodem *machine, uint64_t now_ms)
{
	if (zmodem_is_sending(machine, now_ms))
		return;
	switch (machine->state) {
	case WAIT_OO:	/* the sender had said ZFIN: it is gone */
		transfer_tell(&machine->queue, transfer_done(&machine->base));
		break;
	case WAIT_CRC:
		if (++machine->tries >= CRC_TRIES)
			begin_file_at(machine, 0, now_ms);
		else
			ask_crc(machine, now_ms);
		break;
	case IN_FILE:
		if (now_ms - machine->heard_ms >= GIVE_UP_MS)
			zmodem_abort(machine, transfer_failed(&machine->base, STATUS_TIMEOUT,
							      "Look at the cable and at the device",
							      "the sender is silent at byte %llu of %.80s",
							      (unsigned long long)machine->receive.position,
							      machine->file.name));
		else if (is_coming(machine, now_ms))
			machine->base.deadline_ms = now_ms + QUIET_MS;
		else
			ask_again(machine, "silence", now_ms);
		break;
	default:
		wait_for_file(machine, now_ms);
	}
}

/* 8.4: OO, or nothing; other bytes are no longer ours. A ZFIN that is sent again is. */
bool zmodem_receive_tail(struct zmodem *machine, struct bytes *in)
{
	struct zmodem_receiver *receive = &machine->receive;

	if (machine->state != WAIT_OO || machine->reader.state != ZMODEM_HUNT)
		return false;
	while (in->size > 0 && receive->ohs < 2 && in->data[0] != ZMODEM_PAD_BYTE) {
		uint8_t byte = in->data[0], low = byte & 0x7f;

		if (byte == 'O')
			receive->ohs++;
		else if (receive->ohs > 0 || (low != '\r' && low != '\n' && byte != ZMODEM_XON))
			break;
		*in = bytes_from(*in, 1);
	}
	if (receive->ohs < 2 && (in->size == 0 || in->data[0] == ZMODEM_PAD_BYTE))
		return in->size == 0;
	transfer_tell(&machine->queue, transfer_done(&machine->base));
	return true;
}
