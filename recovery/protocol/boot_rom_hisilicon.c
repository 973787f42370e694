/* recovery/protocol/boot_rom_hisilicon.c
 *
 * The boot ROM of HiSilicon and Goke processors on UART0, in its three generations. They differ in how they are called; all take HEAD, DATA
 * and TAIL frames, each acknowledged by one byte, into RAM. The ROM listens at power-on before any bootloader, for less than a tenth of a
 * second on fast boards, so the call is repeated without end and the operator switches the power.
 * Sources: OpenIPC burn and defib; frames and CRC are the same in all generations, big endian, CRC-16 of XMODEM. */
#include "recovery/protocol/boot_rom_hisilicon.h"
#include "recovery/protocol/boot_rom_machine.h"
#include "recovery/protocol/transfer_check.h"
#include "src/base/cleanup.h"

enum {
	MARK = 0x20, CALL = 0xaa, ACK = 0xaa, NAK = 0x55,
	HEAD = 0xfe, DATA = 0xda, TAIL = 0xed, HELLO_V500 = 0xbd, BOARD = 0xce,

	PATIENCE_MS = 120000,
	CALL_MS = 25,			/* below the shortest window, above the line's time for a call */
	MARKS = 5,			/* in a row, zeros not counted: less is noise */
	ECHO_MS = 20,			/* behind the first ACK: a running system echoes the whole call */
	SETTLE_MS = 60,			/* a second ACK, of a frame that was sent twice */
	ANSWER_MS = 200,
	ANSWER_NEW_MS = 1000,		/* later generations say NAK, and are slower to say anything */
	TRIES = 16,
	TAIL_TRIES = 4,			/* some never acknowledge the TAIL of a program */
	TRAINING_MS = 300,
	TRAINING_CV6XX_MS = 1500,
	BOARD_MS = 2000,
	HELLO_DRAIN_MS = 500,
	PAYLOAD = 1024,
	FRAME_MAX = 3 + PAYLOAD + 2,
	FF_RUN = 12,
	CALL_BYTES = 14,
	CV6XX_CALL_BYTES = 18,
	BOARD_REPLY = 11,
};

enum state {
	CALLING,
	HEARD,			/* an ACK that may be an echo */
	DRAINING,		/* what the ROM still says of the call */
	ASKING_BOARD,
	AWAIT_HEAD,
	AWAIT_DATA,
	AWAIT_TAIL,
	SETTLING,		/* further ACKs of the same frame */
	TRAINING,		/* nobody reads the UART */
};

enum generation { STANDARD, V500, CV6XX };

struct hisilicon {
	struct boot_rom rom;
	struct hisilicon_objects objects;
	size_t object;			/* the one in work */
	size_t offset, payload;		/* of its data */
	uint8_t number;			/* of the frame */
	enum state after;		/* SETTLING */
	uint8_t frame[FRAME_MAX];
	size_t frame_size;
	unsigned marks;
	unsigned echoes;
	bool answers_marks;
	char said[16];			/* CV6xx: the end of what came */
};

static struct hisilicon *machine_of(struct boot_rom *rom)
{
	return (struct hisilicon *)rom;
}

static enum generation generation_of(const struct hisilicon *m)
{
	return m->rom.protocol == &boot_rom_hisilicon        ? STANDARD
	       : m->rom.protocol == &boot_rom_hisilicon_v500 ? V500
							     : CV6XX;
}

static const struct hisilicon_object *object_of(const struct hisilicon *m)
{
	return &m->objects.at[m->object];
}

/* ---- frames ---- */

static void close_frame(struct hisilicon *m, size_t size)
{
	store_be16(m->frame + size, crc16_update(0, bytes_of(m->frame, size)));
	m->frame_size = size + 2;
}

static void build_head(struct hisilicon *m)
{
	memcpy(m->frame, (const uint8_t[]){ HEAD, 0x00, 0xff, 0x01 }, 4);
	store_be32(m->frame + 4, (uint32_t)object_of(m)->data.size);
	store_be32(m->frame + 8, object_of(m)->address);
	close_frame(m, 12);
}

static void build_numbered(struct hisilicon *m, uint8_t kind)
{
	struct bytes rest = bytes_from(object_of(m)->data, m->offset);

	m->frame[0] = kind;
	m->frame[1] = m->number;
	m->frame[2] = (uint8_t)~m->number;
	m->payload = kind != DATA ? 0 : rest.size < PAYLOAD ? rest.size : PAYLOAD;
	if (m->payload > 0)
		memcpy(m->frame + 3, rest.data, m->payload);
	close_frame(m, 3 + m->payload);
}

static uint64_t answer_ms(const struct hisilicon *m)
{
	return (generation_of(m) == STANDARD ? (uint64_t)ANSWER_MS : ANSWER_NEW_MS)
	       << (m->rom.tries < 3 ? m->rom.tries : 3);
}

static void transmit(struct hisilicon *m, uint64_t now_ms)
{
	if (m->rom.state == AWAIT_HEAD && m->answers_marks)
		boot_rom_put_byte(&m->rom, CALL);
	boot_rom_put(&m->rom, bytes_of(m->frame, m->frame_size));
	boot_rom_wait(&m->rom, answer_ms(m), now_ms);
}

static void send_next(struct hisilicon *m, enum state state, uint64_t now_ms)
{
	m->rom.state = state;
	m->rom.tries = 0;
	if (state == AWAIT_HEAD) {
		m->offset = m->payload = 0;
		m->number = 0;
		build_head(m);
		boot_rom_tell(&m->rom, BOOT_ROM_FILE, "%s, %zu bytes, to 0x%x", object_of(m)->name,
			      object_of(m)->data.size, object_of(m)->address);
	} else {
		m->number++;
		build_numbered(m, state == AWAIT_DATA ? DATA : TAIL);
	}
	transmit(m, now_ms);
}

static void begin_object(struct hisilicon *m, uint64_t now_ms)
{
	send_next(m, AWAIT_HEAD, now_ms);
}

/* ---- objects ---- */

static enum status choose_objects(struct hisilicon *m, const struct boot_rom_options *options, uint32_t board,
				  struct error *reterr)
{
	switch (generation_of(m)) {
	case STANDARD:
		return hisilicon_standard_objects(options, &m->objects, reterr);
	case V500:
		return hisilicon_v500_objects(options, &m->objects, reterr);
	case CV6XX:
		return hisilicon_cv6xx_objects(options, board, &m->objects, reterr);
	}
	return STATUS_INVALID;
}

static void count_all(struct hisilicon *m)
{
	m->rom.progress.all_bytes = 0;
	for (size_t i = 0; i < m->objects.count; i++)
		m->rom.progress.all_bytes += m->objects.at[i].data.size;
}

static void ask_board(struct hisilicon *m, uint64_t now_ms)
{
	/* Two times of day, which nobody looks at. */
	memset(m->frame, 0, sizeof(m->frame));
	memcpy(m->frame, (const uint8_t[]){ BOARD, 0x00, 0xff, 0x01 }, 4);
	close_frame(m, 12);
	m->rom.state = ASKING_BOARD;
	boot_rom_expect(&m->rom, BOARD_REPLY);
	boot_rom_put(&m->rom, bytes_of(m->frame, m->frame_size));
	boot_rom_wait(&m->rom, BOARD_MS, now_ms);
}

static void end_object(struct hisilicon *m, uint64_t now_ms)
{
	bool trains = object_of(m)->trains_memory;

	boot_rom_tell(&m->rom, BOOT_ROM_FILE_END, "%s was taken", object_of(m)->name);
	if (++m->object == m->objects.count) {
		boot_rom_done(&m->rom, "the bootloader was taken into RAM, and the ROM starts it");
		return;
	}
	m->marks = 0;
	m->answers_marks = false;
	if (generation_of(m) == CV6XX && m->object == 1) {
		ask_board(m, now_ms);
	} else if (trains) {
		m->rom.state = TRAINING;
		boot_rom_wait(&m->rom, generation_of(m) == CV6XX ? TRAINING_CV6XX_MS : TRAINING_MS, now_ms);
	} else {
		begin_object(m, now_ms);
	}
}

static void take_board(struct hisilicon *m, uint32_t board, uint64_t now_ms)
{
	struct error error;

	if (choose_objects(m, &m->rom.options, board, &error) != STATUS_OK) {
		boot_rom_fail(&m->rom, error.status, NULL, "%s", error.text);
		return;
	}
	count_all(m);
	begin_object(m, now_ms);
}

static void advance(struct hisilicon *m, enum state from, uint64_t now_ms)
{
	if (from == AWAIT_DATA) {
		m->offset += m->payload;
		m->rom.progress.done_bytes += m->payload;
	}
	if (from == AWAIT_TAIL)
		end_object(m, now_ms);
	else
		send_next(m, m->offset < object_of(m)->data.size ? AWAIT_DATA : AWAIT_TAIL, now_ms);
}

static void take_ack(struct hisilicon *m, uint64_t now_ms)
{
	/* At the very end what follows is the bootloader's. */
	bool is_last = m->rom.state == AWAIT_TAIL && m->object + 1 == m->objects.count;

	if (m->rom.tries > 0 && !is_last) {
		m->after = m->rom.state;
		m->rom.state = SETTLING;
		boot_rom_wait(&m->rom, SETTLE_MS, now_ms);
		return;
	}
	advance(m, m->rom.state, now_ms);
}

static bool has_ff_run(const struct hisilicon *m)
{
	unsigned run = 0;

	for (size_t i = 0; i < m->payload && run < FF_RUN; i++)
		run = m->frame[3 + i] == 0xff ? run + 1 : 0;
	return run == FF_RUN;
}

static void fail_frame(struct hisilicon *m, bool is_refused)
{
	const char *hint =
		"Switch the device off and on and try again; check ground and cable, and that the files are made for this processor";

	if (m->rom.state == AWAIT_DATA && !is_refused && has_ff_run(m))
		hint = "ROMs of the CV500 family hang on 12 bytes FFh in a row: take an image that is padded with zeros";
	else if (m->rom.state == AWAIT_HEAD && m->object > 0)
		hint = "The part before was taken but does not give the line back: it may be for another processor, or larger than its memory";
	boot_rom_fail(&m->rom, is_refused ? STATUS_PROTOCOL : STATUS_TIMEOUT, hint,
		      "the boot ROM %s in %s, %zu of %zu bytes",
		      is_refused ? "refuses the same frame again and again" : "stopped answering", object_of(m)->name,
		      m->offset, object_of(m)->data.size);
}

static void repeat(struct hisilicon *m, bool is_refused, uint64_t now_ms)
{
	bool is_tail = m->rom.state == AWAIT_TAIL;

	m->rom.tries++;
	if (is_tail && !is_refused && m->rom.tries >= TAIL_TRIES) {
		boot_rom_retry(&m->rom,
			       "the end of %s was not acknowledged, as is usual with some of these ROMs; going on",
			       object_of(m)->name);
		end_object(m, now_ms);
		return;
	}
	if (m->rom.tries >= TRIES) {
		fail_frame(m, is_refused);
		return;
	}
	if (m->rom.state == AWAIT_HEAD)
		m->rom.progress.retries++;
	else
		boot_rom_retry(&m->rom, "%s, frame %u is sent again: %s", object_of(m)->name, m->number,
			       is_refused ? "it arrived damaged" : "there was no answer");
	transmit(m, now_ms);
}

/* ---- the call ---- */

static void call(struct hisilicon *m, uint64_t now_ms)
{
	static const uint8_t hello_v500[12] = { HELLO_V500, 0x00, 0xff, 0x01 };
	static const uint8_t hello_cv6xx[8] = { 0xef, 0xbe, 0xad, 0xde, 0x12, 0x00, 0xf0, 0x0f };
	uint8_t out[CV6XX_CALL_BYTES];
	uint16_t crc;

	m->rom.state = CALLING;
	boot_rom_wait(&m->rom, CALL_MS, now_ms);
	if (!boot_rom_is_sent(&m->rom))
		return;
	switch (generation_of(m)) {
	case STANDARD:
		if (m->rom.options.identify_only)
			return;		/* its marks are all that there is to know, and an answer would end them */
		boot_rom_put_byte(&m->rom, CALL);
		boot_rom_put(&m->rom, bytes_of(m->frame, m->frame_size));
		break;
	case V500:
		memcpy(out, hello_v500, sizeof(hello_v500));
		store_be16(out + sizeof(hello_v500), crc16_update(0, bytes_of(hello_v500, sizeof(hello_v500))));
		boot_rom_put(&m->rom, bytes_of(out, CALL_BYTES));
		break;
	case CV6XX:
		/* The rate, 8 data bits, 1 stop bit, no parity; the one check here that is little endian. */
		memcpy(out, hello_cv6xx, sizeof(hello_cv6xx));
		for (unsigned i = 0; i < 4; i++)
			out[8 + i] = (uint8_t)(m->rom.baud >> 8 * i);
		memcpy(out + 12, (const uint8_t[]){ 8, 1, 0, 9 }, 4);
		crc = crc16_update(0, bytes_of(out, 16));
		out[16] = (uint8_t)crc;
		out[17] = (uint8_t)(crc >> 8);
		boot_rom_put(&m->rom, bytes_of(out, CV6XX_CALL_BYTES));
		break;
	}
	boot_rom_wait(&m->rom, CALL_MS, now_ms);
}

static void found(struct hisilicon *m, const char *how)
{
	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_IDENTIFYING);
	boot_rom_tell(&m->rom, BOOT_ROM_FOUND, "%s: %s", m->rom.protocol->title, how);
	if (m->rom.options.identify_only)
		boot_rom_done(&m->rom, "the boot ROM is there");
	else
		boot_rom_phase(&m->rom, BOOT_ROM_PHASE_LOADING);
}

static void count_marks(struct hisilicon *m, uint8_t byte, uint64_t now_ms)
{
	if (byte != 0)
		m->marks = byte == MARK ? m->marks + 1 : 0;
	if (m->marks != MARKS)
		return;
	m->answers_marks = true;
	if (m->rom.state == CALLING && m->rom.options.identify_only)
		found(m, "it marks the line and waits for a call");
	else if ((m->rom.state == CALLING || m->rom.state == AWAIT_HEAD) && boot_rom_is_sent(&m->rom))
		boot_rom_wait(&m->rom, 0, now_ms);	/* at once */
}

/* A single mark is a space in a text. */
static bool is_text(const struct hisilicon *m, uint8_t byte)
{
	return byte != 0 && (byte != MARK || m->marks == 0);
}

static void byte_calling(struct hisilicon *m, uint8_t byte, uint64_t now_ms)
{
	if (m->rom.options.identify_only || byte != ACK) {
		if (byte != MARK && byte != 0)
			boot_rom_stray(&m->rom, byte);
		count_marks(m, byte, now_ms);
		return;
	}
	m->rom.state = HEARD;
	boot_rom_wait(&m->rom, ECHO_MS, now_ms);
}

/* A ROM says nothing but ACK (several, where the call went out several times) and marks. What comes back as it went out is an echo. */
static void byte_heard(struct hisilicon *m, uint8_t byte, uint64_t now_ms)
{
	if (byte == ACK || byte == MARK || byte == 0) {
		boot_rom_wait(&m->rom, ECHO_MS, now_ms);
		return;
	}
	if (byte == HEAD && m->echoes++ == 0)
		boot_rom_retry(&m->rom, "something that runs echoes the call: switch the device off and on");
	m->rom.state = CALLING;
	boot_rom_wait(&m->rom, ECHO_MS, now_ms);
}

static void say(struct hisilicon *m, uint8_t byte)
{
	memmove(m->said, m->said + 1, sizeof(m->said) - 2);
	m->said[sizeof(m->said) - 2] = byte != 0 ? (char)byte : ' ';
}

static void take_hello(struct hisilicon *m, uint64_t now_ms)
{
	if (crc16_update(0, bytes_of(m->rom.reply, CALL_BYTES)) != 0) {
		boot_rom_expect(&m->rom, CALL_BYTES);
		return;
	}
	/* An echo has no number in it. */
	if (load_be32(m->rom.reply + 8) == 0) {
		boot_rom_expect(&m->rom, CALL_BYTES);
		return;
	}
	boot_rom_phase(&m->rom, BOOT_ROM_PHASE_IDENTIFYING);
	boot_rom_fact(&m->rom, "chip", "0x%08x", load_be32(m->rom.reply + 8));
	found(m, "it answers the call");
	m->rom.state = DRAINING;
	boot_rom_wait(&m->rom, CALL_MS * 2, now_ms);
}

static void byte_hello(struct hisilicon *m, uint8_t byte, uint64_t now_ms)
{
	if (generation_of(m) == CV6XX) {
		boot_rom_stray(&m->rom, byte);
		say(m, byte);
		if (strstr(m->said, "uart ddr") == NULL && strstr(m->said, "uart flash") == NULL)
			return;
		found(m, "it answers the call");
		m->rom.state = DRAINING;
		boot_rom_wait(&m->rom, HELLO_DRAIN_MS, now_ms);
		return;
	}
	if (m->rom.reply_have == 0 && byte != HELLO_V500) {
		boot_rom_stray(&m->rom, byte);
		return;
	}
	if (boot_rom_collect(&m->rom, byte))
		take_hello(m, now_ms);
}

static void byte_board(struct hisilicon *m, uint8_t byte, uint64_t now_ms)
{
	uint32_t board;

	if (m->rom.reply_have == 0 && byte != BOARD) {
		boot_rom_stray(&m->rom, byte);
		return;
	}
	if (!boot_rom_collect(&m->rom, byte))
		return;
	if (m->rom.reply[BOARD_REPLY - 1] != ACK || crc16_update(0, bytes_of(m->rom.reply, BOARD_REPLY - 1)) != 0) {
		boot_rom_expect(&m->rom, BOARD_REPLY);
		return;
	}
	board = load_be32(m->rom.reply + 4);
	boot_rom_fact(&m->rom, "chip", "0x%02x", m->rom.reply[1]);
	boot_rom_fact(&m->rom, "board", "%u", board);
	take_board(m, board, now_ms);
}

/* ---- ops ---- */

static enum status check(const struct boot_rom_options *options, const struct boot_rom_protocol *protocol,
			 struct error *reterr)
{
	struct hisilicon m = { .rom.protocol = protocol };

	return choose_objects(&m, options, 0, reterr);
}

static enum status check_standard(const struct boot_rom_options *options, struct error *reterr)
{
	return check(options, &boot_rom_hisilicon, reterr);
}

static enum status check_v500(const struct boot_rom_options *options, struct error *reterr)
{
	return check(options, &boot_rom_hisilicon_v500, reterr);
}

static enum status check_cv6xx(const struct boot_rom_options *options, struct error *reterr)
{
	return check(options, &boot_rom_hisilicon_cv6xx, reterr);
}

static void start(struct boot_rom *rom, uint64_t now_ms)
{
	struct hisilicon *m = machine_of(rom);

	if (rom->options.file_count > 0) {
		choose_objects(m, &rom->options, 0, NULL);
		count_all(m);
		build_head(m);
	}
	memset(m->said, ' ', sizeof(m->said) - 1);
	boot_rom_expect(rom, CALL_BYTES);
	call(m, now_ms);
}

static void take_byte(struct boot_rom *rom, uint8_t byte, uint64_t now_ms)
{
	struct hisilicon *m = machine_of(rom);

	switch ((enum state)rom->state) {
	case CALLING:
		if (generation_of(m) == STANDARD)
			byte_calling(m, byte, now_ms);
		else
			byte_hello(m, byte, now_ms);
		return;
	case HEARD:
		byte_heard(m, byte, now_ms);
		return;
	case ASKING_BOARD:
		byte_board(m, byte, now_ms);
		return;
	case AWAIT_HEAD:
	case AWAIT_DATA:
	case AWAIT_TAIL:
		if (byte == ACK)
			take_ack(m, now_ms);
		else if (byte == NAK && (generation_of(m) != STANDARD || boot_rom_is_sent(rom)))
			repeat(m, true, now_ms);
		else if (is_text(m, byte))
			boot_rom_stray(rom, byte);
		if (rom->state == AWAIT_HEAD && generation_of(m) == STANDARD)
			count_marks(m, byte, now_ms);
		return;
	case TRAINING:
	case DRAINING:
	case SETTLING:
		if (byte != ACK && is_text(m, byte))
			boot_rom_stray(rom, byte);
		count_marks(m, byte, now_ms);
		return;
	}
}

static void time_is_up(struct boot_rom *rom, uint64_t now_ms)
{
	struct hisilicon *m = machine_of(rom);

	switch ((enum state)rom->state) {
	case CALLING:
		boot_rom_expect(rom, CALL_BYTES);
		if (boot_rom_is_out_of_patience(rom, now_ms))
			boot_rom_fail_silent(rom);
		else
			call(m, now_ms);
		return;
	case HEARD:
		found(m, "it answers the call");
		boot_rom_tell(rom, BOOT_ROM_FILE, "%s, %zu bytes, to 0x%x", object_of(m)->name, object_of(m)->data.size,
			      object_of(m)->address);
		m->offset = 0;
		m->number = 0;
		send_next(m, AWAIT_DATA, now_ms);
		return;
	case DRAINING:
	case TRAINING:
		begin_object(m, now_ms);
		return;
	case ASKING_BOARD:
		take_board(m, 0, now_ms);
		return;
	case SETTLING:
		advance(m, m->after, now_ms);
		return;
	case AWAIT_HEAD:
		/* Some want to be called again behind the memory's training, and say so; to one that did not, it is a stray byte. */
		if (m->answers_marks && m->rom.tries == 0) {
			m->rom.tries++;
			transmit(m, now_ms);
			return;
		}
		repeat(m, false, now_ms);
		return;
	case AWAIT_DATA:
	case AWAIT_TAIL:
		repeat(m, false, now_ms);
		return;
	}
}

#define PREPARE "Switch the device off; TX, RX and ground of UART0 connected, 115200 baud; switch it on when asked"

static const struct boot_rom_ops standard_ops = { check_standard, start, take_byte, time_is_up, NULL, NULL };
static const struct boot_rom_ops v500_ops = { check_v500, start, take_byte, time_is_up, NULL, NULL };
static const struct boot_rom_ops cv6xx_ops = { check_cv6xx, start, take_byte, time_is_up, NULL, NULL };

const struct boot_rom_protocol boot_rom_hisilicon = {
	.name = "hisilicon",
	.title = "HiSilicon and Goke boot ROM",
	.prepare = PREPARE,
	.files = "the chip's profile (JSON) and u-boot.bin; or each part as FILE@ADDRESS, in the ROM's order",
	.baud = 115200,
	.parity = 'N',
	.patience_ms = PATIENCE_MS,
	.needs_power_cycle = true,
	.machine_bytes = sizeof(struct hisilicon),
	.ops = &standard_ops,
};
const struct boot_rom_protocol boot_rom_hisilicon_v500 = {
	.name = "hisilicon-v500",
	.title = "HiSilicon and Goke boot ROM, V500 family",
	.prepare = PREPARE,
	.files = "one boot image",
	.baud = 115200,
	.parity = 'N',
	.patience_ms = PATIENCE_MS,
	.needs_power_cycle = true,
	.machine_bytes = sizeof(struct hisilicon),
	.ops = &v500_ops,
};
const struct boot_rom_protocol boot_rom_hisilicon_cv6xx = {
	.name = "hisilicon-cv6xx",
	.title = "HiSilicon boot ROM, CV6xx family",
	.prepare = PREPARE,
	.files = "one boot image",
	.baud = 115200,
	.parity = 'N',
	.patience_ms = PATIENCE_MS,
	.needs_power_cycle = true,
	.machine_bytes = sizeof(struct hisilicon),
	.ops = &cv6xx_ops,
};
