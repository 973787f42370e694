/* recovery/protocol/srecord.c
 *
 * S-records for loaders that take them as text (U-Boot's loads, RedBoot, ROM writers), behind transfer.h. There is no
 * answer and no repeat: the first bad line ends the download there. So the whole file is checked before a byte goes
 * out, records are kept short (old U-Boots have room for 64 bytes), and the next line waits: for the echo, where the
 * loader echoes (U-Boot with loads_echo=1), which then is compared; else for the time that the line takes, and some
 * more. DONE means that all was sent, or echoed; what the loader says then is for whoever reads the line next. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

#include "recovery/protocol/srecord_line.h"
#include "recovery/protocol/transfer_machine.h"
#include "src/base/text.h"

enum {
	DATA_PER_LINE = 32,
	OUT_MAX = 4 + 2 * (5 + DATA_PER_LINE) + 2,
	CHECK_LINES = 1000,		/* in one call */
	ECHO_FIRST_MS = 400,		/* until it is clear that nothing is echoed */
	ECHO_MS = 3000,
	GAP_MS = 3,			/* behind a line, for a loader that polls */
	GAP_UNKNOWN_MS = 12,		/* a line takes 7 ms at 115200 Bd */
	SAID_MAX = 120,
	BLOCK = 4096,
};

enum state {
	BEGINNING,	/* the file is looked at */
	CHECKING,	/* the records of a text file */
	SENDING,	/* the line takes a record */
	ON_THE_WAY,	/* its echo is awaited, or its time */
	OVER,
};

struct srecord_sender {
	struct transfer_base base;	/* first */
	enum state state;
	struct transfer_queue queue;
	bool is_text, has_end;
	bool is_first;			/* no line is done yet: it may be echoed or not */
	bool has_echo;
	struct transfer_file file;
	uint64_t position;		/* in the file */
	uint64_t lines;			/* of a text file, read so far */
	uint64_t data_lines;
	struct srecord record;		/* the present one of a text file... */
	bool has_record;		/* ...of which something is left to send: */
	size_t given;			/* what follows so many bytes */
	size_t line_size, echoed;	/* of the present line, without its end */
	uint64_t block_at;
	size_t block_size;
	bool has_block;
	uint8_t block[BLOCK];
	char said[SAID_MAX];		/* the present line of what the device says */
	uint8_t out[OUT_MAX];
};

/* Words by which loaders break off a download: "S-Record download aborted" (U-Boot), "Checksum failure", "bad record"
 * and the like. */
static const char *const bad_words[] = { "abort", "fail", "error", "bad ", "invalid" };

static void fail(struct srecord_sender *machine, struct transfer_event event)
{
	transfer_drop_output(&machine->base);
	machine->state = OVER;
	transfer_tell(&machine->queue, event);
}

/* The file */

static int byte_of(struct srecord_sender *machine, uint64_t at)
{
	const struct transfer_source *source = &machine->base.options.source;

	if (machine->file.has_size && at >= machine->file.size)
		return -1;
	if (!machine->has_block || at < machine->block_at || at >= machine->block_at + machine->block_size) {
		uint64_t left = machine->file.has_size ? machine->file.size - at : BLOCK;
		size_t got = source->read(source->user, at, machine->block, left < BLOCK ? (size_t)left : BLOCK);

		machine->block_at = at;
		machine->block_size = got < BLOCK ? got : BLOCK;
		machine->has_block = true;
		if (machine->block_size == 0)
			return -1;
	}
	return machine->block[at - machine->block_at];
}

/* The next line of a text file, without its end and blanks there; false: there is none. *ret_size may be one more than
 * fits. */
static bool next_text_line(struct srecord_sender *machine, uint8_t *line, size_t *ret_size)
{
	size_t size = 0;
	int byte = byte_of(machine, machine->position);

	if (byte < 0)
		return false;
	for (; byte >= 0 && byte != '\n'; byte = byte_of(machine, machine->position)) {
		if (size <= SRECORD_LINE_MAX)
			line[size++] = (uint8_t)byte;
		machine->position++;
	}
	machine->position += byte == '\n';
	machine->lines++;
	while (size > 0 && (line[size - 1] == ' ' || line[size - 1] == '\r' || line[size - 1] == '\t'))
		size--;
	*ret_size = size;
	return true;
}

/* The next record of a text file into machine->record. false: none is left, or *ret_wrong says why. */
static bool next_record(struct srecord_sender *machine, const char **ret_wrong)
{
	uint8_t line[SRECORD_LINE_MAX + 1];
	size_t size = 0;

	*ret_wrong = NULL;
	do
		if (!next_text_line(machine, line, &size))
			return false;
	while (size == 0);
	*ret_wrong = srecord_read(bytes_of(line, size), &machine->record);
	if (*ret_wrong == NULL && machine->has_end)
		*ret_wrong = "it stands behind the end record";
	if (*ret_wrong == NULL && srecord_is_data(machine->record.type) &&
	    machine->record.size > (UINT64_C(1) << 8 * (1 + machine->record.type)) - machine->record.address)
		*ret_wrong = "its data goes beyond its address range";
	machine->has_end = machine->has_end || srecord_is_end(machine->record.type);
	return *ret_wrong == NULL;
}

static void rewind_file(struct srecord_sender *machine)
{
	machine->position = 0;
	machine->lines = 0;
	machine->has_end = false;
	machine->has_record = false;
}

/* S, and then nothing but hexadecimal digits in the first line: so look records, even damaged ones, and nothing else.
 */
static void look_at_file(struct srecord_sender *machine)
{
	uint8_t line[SRECORD_LINE_MAX + 1];
	size_t size = 0;

	machine->is_text = next_text_line(machine, line, &size) && size >= 4 && line[0] == 'S';
	for (size_t i = 1; i < size && machine->is_text; i++)
		machine->is_text = isxdigit(line[i]);
	rewind_file(machine);
}

static bool is_acceptable(struct srecord_sender *machine)
{
	const struct transfer_options *options = &machine->base.options;

	if (machine->is_text && options->has_address)
		fail(machine,
		     transfer_failed(&machine->base, STATUS_REFUSED, "Leave the address out, or give a binary file",
				     "%.80s has S-records with addresses of their own", machine->file.name));
	else if (!machine->is_text && !options->has_address)
		fail(machine, transfer_failed(&machine->base, STATUS_REFUSED,
					      "Say where it belongs in the device's memory, as ${loadaddr} does there",
					      "%.80s has no S-records, and no load address is given for it",
					      machine->file.name));
	else if (!machine->is_text && !machine->file.has_size)
		fail(machine, transfer_failed(&machine->base, STATUS_UNSUPPORTED, NULL,
					      "the size of %.80s is not known", machine->file.name));
	else if (!machine->is_text && machine->file.size > (UINT64_C(1) << 32) - options->address)
		fail(machine, transfer_failed(&machine->base, STATUS_REFUSED, NULL,
					      "%.80s does not fit behind address 0x%08" PRIx32, machine->file.name,
					      options->address));
	else
		return true;
	return false;
}

static void begin_file(struct srecord_sender *machine)
{
	const struct transfer_source *source = &machine->base.options.source;

	if (!source->next(source->user, &machine->file)) {
		fail(machine, transfer_failed(&machine->base, STATUS_INVALID, NULL, "there is no file to send"));
		return;
	}
	look_at_file(machine);
	if (!is_acceptable(machine))
		return;
	transfer_tell(&machine->queue, (struct transfer_event){ .type = TRANSFER_FILE, .file = machine->file });
}

/* Lines */

static void put_line(struct srecord_sender *machine, unsigned type, uint32_t address, struct bytes data)
{
	char line[OUT_MAX];

	machine->line_size = srecord_write(line, type, address, data);
	machine->echoed = 0;
	line[machine->line_size] = '\r';
	line[machine->line_size + 1] = '\n';
	transfer_drop_output(&machine->base);
	transfer_put(&machine->base, bytes_of(line, machine->line_size + 2));
	machine->state = SENDING;
	machine->base.deadline_ms = UINT64_MAX;	/* srecord_sent() sets it when the line has it */
}

static bool put_binary_line(struct srecord_sender *machine)
{
	const struct transfer_source *source = &machine->base.options.source;
	uint64_t left = machine->file.size - machine->position;
	size_t wanted = left < DATA_PER_LINE ? (size_t)left : DATA_PER_LINE;
	uint32_t address = machine->base.options.address;
	uint8_t data[DATA_PER_LINE];

	if (machine->lines++ == 0) {
		put_line(machine, 0, 0, bytes_of_text("unbrick"));
		return true;
	}
	if (machine->has_end)
		return false;
	if (wanted == 0) {
		machine->has_end = true;
		put_line(machine, 7, address, BYTES(""));
		return true;
	}
	if (source->read(source->user, machine->position, data, wanted) != wanted) {
		fail(machine, transfer_failed(&machine->base, STATUS_IO, "Load it again when nothing writes to it",
					      "%.80s became shorter while it was sent", machine->file.name));
		return true;
	}
	put_line(machine, 3, (uint32_t)(address + machine->position), bytes_of(data, wanted));
	machine->position += wanted;
	return true;
}

/* Long records are cut up; counts of them (S5, S6) would be wrong then and are left out. */
static bool put_text_line(struct srecord_sender *machine)
{
	struct srecord *record = &machine->record;
	const char *wrong = NULL;
	size_t size;

	while (!machine->has_record) {
		if (!next_record(machine, &wrong)) {
			if (wrong != NULL)
				fail(machine, transfer_failed(&machine->base, STATUS_IO,
							      "Load it again when nothing writes to it",
							      "%.80s changed while it was sent", machine->file.name));
			return wrong != NULL;
		}
		machine->has_record = record->type != 5 && record->type != 6;
		machine->given = 0;
	}
	size = record->size - machine->given < DATA_PER_LINE ? record->size - machine->given : DATA_PER_LINE;
	put_line(machine, record->type, (uint32_t)(record->address + machine->given),
		 bytes_of(record->data + machine->given, size));
	machine->given += size;
	machine->has_record = record->type != 0 &&
			      machine->given < record->size; /* of a header the beginning is enough */
	return true;
}

static void next_line(struct srecord_sender *machine)
{
	machine->base.progress.file_bytes = machine->position;
	if (machine->is_text ? put_text_line(machine) : put_binary_line(machine))
		return;
	machine->state = OVER;
	machine->base.progress.files++;
	machine->base.progress.all_bytes = machine->position;
	transfer_tell(&machine->queue, (struct transfer_event){ .type = TRANSFER_FILE_END, .file = machine->file });
	transfer_tell(&machine->queue, transfer_done(&machine->base));
}

/* A slice of the check of a text file. */
static void check(struct srecord_sender *machine)
{
	const char *wrong = NULL;

	for (unsigned i = 0; i < CHECK_LINES; i++) {
		if (next_record(machine, &wrong)) {
			machine->data_lines += srecord_is_data(machine->record.type);
			continue;
		}
		if (wrong != NULL)
			fail(machine, transfer_failed(&machine->base, STATUS_INVALID, "Get the file again",
						      "line %" PRIu64 " of %.60s is damaged: %s", machine->lines,
						      machine->file.name, wrong));
		else if (!machine->has_end || machine->data_lines == 0)
			fail(machine, transfer_failed(&machine->base, STATUS_INVALID, "Get the file again",
						      "%.60s has no %s record: it is not whole", machine->file.name,
						      machine->has_end ? "data" : "end"));
		if (machine->state != OVER) {
			rewind_file(machine);
			next_line(machine);
		}
		return;
	}
}

static void begin(struct srecord_sender *machine)
{
	begin_file(machine);
	if (machine->state == OVER)
		return;
	if (machine->is_text)
		machine->state = CHECKING;
	else
		next_line(machine);
}

/* What the device says */

static void take_bad_word(struct srecord_sender *machine)
{
	for (size_t i = 0; i < sizeof(bad_words) / sizeof(bad_words[0]); i++) {
		if (!text_contains(machine->said, bad_words[i]))
			continue;
		fail(machine,
		     transfer_failed(&machine->base, STATUS_PROTOCOL,
				     "A character was lost: send slower, or with setenv loads_echo 1 on a U-Boot",
				     "the device says: %.100s", machine->said));
		return;
	}
}

/* Keeps the line that the device is writing; whole ones are looked at. */
static void take_said(struct srecord_sender *machine, struct bytes in)
{
	size_t size = strlen(machine->said);

	for (size_t i = 0; i < in.size && machine->state != OVER; i++) {
		bool is_end = in.data[i] == '\n' || in.data[i] == '\r';

		if (!is_end && in.data[i] >= ' ' && in.data[i] < 0x7f && size < sizeof(machine->said) - 1)
			machine->said[size++] = (char)in.data[i];
		machine->said[size] = '\0';
		if (!is_end)
			continue;
		take_bad_word(machine);
		size = 0;
		machine->said[0] = '\0';
	}
}

static void echo_differs(struct srecord_sender *machine)
{
	fail(machine, transfer_failed(&machine->base, STATUS_PROTOCOL, "Lower the baud rate, or shorten the cable",
				      "a record came back otherwise than it was sent"));
	transfer_put_byte(&machine->base, 0x03);	/* loads goes on waiting for the rest */
}

/* Compares with the present line; ends of lines may come back doubled and are not looked at. false: it is no echo. */
static bool take_echo(struct srecord_sender *machine, struct bytes in)
{
	for (size_t i = 0; i < in.size; i++) {
		if (in.data[i] == '\r' || in.data[i] == '\n')
			continue;
		if (machine->echoed >= machine->line_size || in.data[i] != machine->out[machine->echoed])
			return false;
		machine->echoed++;
	}
	return true;
}

/* Nobody has said yet whether there is an echo, and other text may stand in front of it. */
static void look_for_echo(struct srecord_sender *machine, struct bytes in)
{
	for (size_t i = 0; i < in.size && machine->echoed < machine->line_size; i++) {
		if (in.data[i] == '\r' || in.data[i] == '\n')
			continue;
		if (in.data[i] != machine->out[machine->echoed])
			machine->echoed = 0;
		machine->echoed += in.data[i] == machine->out[machine->echoed];
	}
	machine->has_echo = machine->echoed == machine->line_size;
}

static void take_input(struct srecord_sender *machine, struct bytes in)
{
	bool is_waiting = machine->state == SENDING || machine->state == ON_THE_WAY;

	if (is_waiting && machine->has_echo && !machine->is_first) {
		if (!take_echo(machine, in))
			echo_differs(machine);
	} else {
		transfer_tell(&machine->queue, (struct transfer_event){ .type = TRANSFER_TEXT, .data = in });
		take_said(machine, in);
		if (is_waiting && machine->is_first && machine->state != OVER)
			look_for_echo(machine, in);
	}
	if (machine->state == ON_THE_WAY && machine->has_echo && machine->echoed == machine->line_size) {
		machine->is_first = false;
		next_line(machine);
	}
}

/* The rows of transfer.h */

static enum status srecord_begin(const struct transfer_options *options, uint64_t now_ms,
				 struct transfer **ret_transfer, struct error *reterr)
{
	struct srecord_sender *machine;

	if (!options->is_sender)
		return error_set(reterr, STATUS_UNSUPPORTED, "S-records can only be sent");
	machine = calloc(1, sizeof(*machine));
	if (machine == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a transfer of S-records");
	transfer_base_init(&machine->base, options, machine->out, sizeof(machine->out));
	machine->is_first = true;
	machine->base.deadline_ms = now_ms;
	*ret_transfer = (struct transfer *)machine;
	return STATUS_OK;
}

static struct transfer_event srecord_input(struct transfer *transfer, struct bytes *in, uint64_t now_ms)
{
	struct srecord_sender *machine = (struct srecord_sender *)transfer;

	(void)now_ms;
	if (machine->queue.count > 0 || machine->base.is_over || in->size == 0)
		return transfer_next_file(&machine->base, &machine->queue);
	machine->base.progress.line_bytes += in->size;
	take_input(machine, *in);
	*in = bytes_from(*in, in->size);
	return transfer_next_file(&machine->base, &machine->queue);
}

static void time_over(struct srecord_sender *machine)
{
	if (machine->has_echo && machine->echoed < machine->line_size) {
		fail(machine, transfer_failed(&machine->base, STATUS_TIMEOUT, "Look at the cable and at the device",
					      "the echo of a record ends in the middle"));
		transfer_put_byte(&machine->base, 0x03);
		return;
	}
	machine->is_first = false;
	next_line(machine);
}

static struct transfer_event srecord_tick(struct transfer *transfer, uint64_t now_ms)
{
	struct srecord_sender *machine = (struct srecord_sender *)transfer;

	if (machine->queue.count > 0 || machine->base.is_over || now_ms < machine->base.deadline_ms)
		return transfer_next_file(&machine->base, &machine->queue);
	if (machine->state == BEGINNING)
		begin(machine);
	else if (machine->state == CHECKING)
		check(machine);
	else if (machine->state == ON_THE_WAY)
		time_over(machine);
	return transfer_next_file(&machine->base, &machine->queue);
}

static uint64_t srecord_deadline(const struct transfer *transfer)
{
	const struct srecord_sender *machine = (const struct srecord_sender *)transfer;

	return machine->queue.count > 0 ? 0 : machine->base.deadline_ms;
}

static uint64_t wait_ms(const struct srecord_sender *machine)
{
	uint64_t wire_ms = transfer_wire_ms(&machine->base, machine->line_size + 2);

	if (machine->has_echo)
		return ECHO_MS + 2 * wire_ms;
	if (machine->is_first)
		return ECHO_FIRST_MS + 2 * wire_ms;
	return wire_ms > 0 ? wire_ms + GAP_MS : GAP_UNKNOWN_MS;
}

static void srecord_sent(struct transfer *transfer, size_t count, uint64_t now_ms)
{
	struct srecord_sender *machine = (struct srecord_sender *)transfer;

	transfer_base_sent(transfer, count, now_ms);
	if (machine->state != SENDING || machine->base.out_from < machine->base.out_to)
		return;
	machine->state = ON_THE_WAY;
	/* The echo may have been as fast as the line took it. */
	machine->base.deadline_ms = now_ms + wait_ms(machine);
	if (machine->has_echo && machine->echoed == machine->line_size)
		machine->base.deadline_ms = now_ms;
}

static void srecord_cancel(struct transfer *transfer, uint64_t now_ms)
{
	struct srecord_sender *machine = (struct srecord_sender *)transfer;

	(void)now_ms;
	if (machine->base.is_over)
		return;
	machine->queue.count = 0;
	fail(machine, transfer_failed(&machine->base, STATUS_CANCELLED, NULL, "cancelled here"));
	transfer_put_byte(&machine->base, 0x03);	/* Ctrl-C ends U-Boot's loads */
}

extern const struct transfer_protocol transfer_srecord;
const struct transfer_protocol transfer_srecord = {
	.name = "srecord",
	.title = "S-records (for loads)",
	.can_send = true,
	.begin = srecord_begin,
	.input = srecord_input,
	.tick = srecord_tick,
	.deadline = srecord_deadline,
	.output = transfer_base_output,
	.sent = srecord_sent,
	.cancel = srecord_cancel,
	.progress = transfer_base_progress,
	.free = transfer_base_free,
};
