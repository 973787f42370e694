/* recovery/protocol/kermit_packet.c */
#include "recovery/protocol/kermit_packet.h"

enum {
	LENGTH_DEFAULT = 80,
	TIMEOUT_DEFAULT = 5,
	REPEAT_MIN = 4,		/* shorter runs are not shorter as a count */
	HEADER = 3,		/* LEN SEQ TYPE */
	LONG_HEADER = 6,	/* and LENX1 LENX2 HCHECK */
	DELETE = 0x7f,
};

/* Checks (6.1): over all from LEN to the last character of data. */

static unsigned sum_of(struct bytes data)
{
	unsigned sum = 0;

	for (size_t i = 0; i < data.size; i++)
		sum += data.data[i];
	return sum;
}

static unsigned check_1(struct bytes data)
{
	unsigned sum = sum_of(data);

	return (sum + (sum >> 6 & 3)) & 63;
}

/* The CCITT polynomial, low bit first, from 0 (6.1: x^16 + x^12 + x^5 + 1). */
static unsigned check_3(struct bytes data)
{
	unsigned crc = 0;

	for (size_t i = 0; i < data.size; i++) {
		unsigned low = (crc ^ data.data[i]) & 15, high;

		crc = crc >> 4 ^ low * 010201;
		high = (crc ^ data.data[i] >> 4) & 15;
		crc = crc >> 4 ^ high * 010201;
	}
	return crc;
}

static void store_check(uint8_t *to, unsigned check, struct bytes data)
{
	unsigned value;

	switch (check) {
	case 1:
		to[0] = kermit_char(check_1(data));
		break;
	case 2:
		value = sum_of(data);
		to[0] = kermit_char(value >> 6 & 63);
		to[1] = kermit_char(value & 63);
		break;
	default:
		value = check_3(data);
		to[0] = kermit_char(value >> 12 & 15);
		to[1] = kermit_char(value >> 6 & 63);
		to[2] = kermit_char(value & 63);
	}
}

static bool is_control(uint8_t byte)
{
	return (byte & 0x7f) < 32 || (byte & 0x7f) == DELETE;
}

/* Parameters (4.4, 8.1) */

size_t kermit_write_parameters(uint8_t *to, const struct kermit_parameters *parameters)
{
	unsigned length = parameters->length_max < KERMIT_SHORT_MAX ? parameters->length_max : KERMIT_SHORT_MAX;
	size_t size = 0;

	to[size++] = kermit_char(length);
	to[size++] = kermit_char(parameters->timeout_seconds);
	to[size++] = kermit_char(parameters->pad_count);
	to[size++] = parameters->pad ^ 0x40;
	to[size++] = kermit_char(parameters->end);
	to[size++] = parameters->control;
	to[size++] = parameters->eighth;
	to[size++] = (uint8_t)('0' + parameters->check);
	to[size++] = parameters->repeat;
	to[size++] = kermit_char(parameters->can);
	to[size++] = kermit_char(0);	/* no windows */
	to[size++] = kermit_char(parameters->length_max / 95);
	to[size++] = kermit_char(parameters->length_max % 95);
	return size;
}

static unsigned field(struct bytes data, size_t at, unsigned most, unsigned otherwise)
{
	return at < data.size && data.data[at] != ' ' && kermit_number(data.data[at]) <= most
		       ? kermit_number(data.data[at])
		       : otherwise;
}

static uint8_t prefix_field(struct bytes data, size_t at, uint8_t otherwise)
{
	uint8_t byte = at < data.size ? data.data[at] : ' ';

	return (byte >= 33 && byte <= 62) || (byte >= 96 && byte <= 126) || byte == 'Y' || byte == 'N' ? byte
												       : otherwise;
}

void kermit_read_parameters(struct bytes data, struct kermit_parameters *ret_parameters)
{
	struct kermit_parameters *p = ret_parameters;
	size_t at = 9, longer;

	p->length_max = field(data, 0, KERMIT_SHORT_MAX, LENGTH_DEFAULT);
	p->timeout_seconds = field(data, 1, 94, TIMEOUT_DEFAULT);
	p->pad_count = field(data, 2, KERMIT_PAD_MAX, 0);
	p->pad = data.size > 3 ? data.data[3] ^ 0x40 : 0;
	p->end = (uint8_t)field(data, 4, 31, KERMIT_CR);
	p->control = prefix_field(data, 5, '#');
	p->eighth = prefix_field(data, 6, 'N');
	p->check = data.size > 7 && data.data[7] >= '1' && data.data[7] <= '3' ? data.data[7] - '0' : 1;
	p->repeat = prefix_field(data, 8, ' ');
	p->can = field(data, 9, 63, 0);
	/* Each character of CAPAS says in its lowest bit whether one more follows; then WINDO and MAXLX. */
	while (at < data.size && (kermit_number(data.data[at]) & 1))
		at++;
	longer = field(data, at + 2, 94, 0) * 95 + field(data, at + 3, 94, 0);
	if (p->length_max < 10)
		p->length_max = LENGTH_DEFAULT;
	if (p->can & KERMIT_CAN_LONG)
		p->length_max = longer == 0 ? 500 : longer > p->length_max ? (unsigned)longer : p->length_max;	/* 8.1: 500 */
}

/* Writing */

size_t kermit_room(unsigned length, unsigned check)
{
	/* LEN counts SEQ and TYPE; LENX does not. */
	return length > KERMIT_SHORT_MAX ? length - check : length - 2 - check;
}

size_t kermit_write_packet(uint8_t *to, const struct kermit_parameters *to_whom, uint8_t type, unsigned sequence,
			   unsigned check, struct bytes data)
{
	size_t size = to_whom->pad_count, begin;
	bool is_long = 2 + data.size + check > KERMIT_SHORT_MAX;

	memset(to, to_whom->pad, size);
	to[size++] = KERMIT_MARK;
	begin = size;
	to[size++] = kermit_char(is_long ? 0 : (unsigned)(2 + data.size + check));
	to[size++] = kermit_char(sequence % KERMIT_SEQUENCE);
	to[size++] = type;
	if (is_long) {
		to[size++] = kermit_char((unsigned)(data.size + check) / 95);
		to[size++] = kermit_char((unsigned)(data.size + check) % 95);
		store_check(to + size, 1, bytes_of(to + begin, size - begin));
		size++;
	}
	if (data.size > 0)
		memcpy(to + size, data.data, data.size);
	size += data.size;
	store_check(to + size, check, bytes_of(to + begin, size - begin));
	size += check;
	to[size++] = to_whom->end;
	return size;
}

/* Prefixes (6.3 to 6.5) */

static size_t encode_byte(const struct kermit_coding *coding, uint8_t byte, uint8_t *to)
{
	uint8_t low = byte & 0x7f;
	size_t size = 0;

	if (coding->eighth != 0 && byte >= 0x80) {
		to[size++] = coding->eighth;
		byte = low;
	}
	if (is_control(byte)) {
		to[size++] = coding->control;
		byte ^= 0x40;
	} else if (low == coding->control || (coding->eighth != 0 && low == coding->eighth) ||
		   (coding->repeat != 0 && low == coding->repeat)) {
		to[size++] = coding->control;
	}
	to[size++] = byte;
	return size;
}

size_t kermit_encode(const struct kermit_coding *coding, struct bytes in, uint8_t *to, size_t size, size_t *ret_used)
{
	size_t used = 0, at = 0;

	while (used < in.size) {
		uint8_t one[6];
		size_t run = 1, one_size = 0;

		while (coding->repeat != 0 && run < 94 && used + run < in.size && in.data[used + run] == in.data[used])
			run++;
		if (run >= REPEAT_MIN) {
			one[one_size++] = coding->repeat;
			one[one_size++] = kermit_char((unsigned)run);
		} else {
			run = 1;
		}
		one_size += encode_byte(coding, in.data[used], one + one_size);
		if (at + one_size > size)
			break;
		memcpy(to + at, one, one_size);
		at += one_size;
		used += run;
	}
	*ret_used = used;
	return at;
}

static bool take(struct bytes *in, uint8_t *ret_byte)
{
	if (in->size == 0)
		return false;
	*ret_byte = in->data[0];
	*in = bytes_from(*in, 1);
	return true;
}

/* One byte and how often it comes. */
static bool decode_one(const struct kermit_coding *coding, struct bytes *in, uint8_t *ret_byte, size_t *ret_run)
{
	uint8_t byte, high = 0;

	*ret_run = 1;
	if (!take(in, &byte))
		return false;
	if (coding->repeat != 0 && byte == coding->repeat) {
		if (!take(in, &byte) || kermit_number(byte) == 0 || kermit_number(byte) > 94)
			return false;
		*ret_run = kermit_number(byte);
		if (!take(in, &byte))
			return false;
	}
	if (coding->eighth != 0 && byte == coding->eighth) {
		high = 0x80;
		if (!take(in, &byte))
			return false;
	}
	if (byte == coding->control) {
		if (!take(in, &byte))
			return false;
		if ((byte & 0x7f) >= 63 && (byte & 0x7f) <= 95)
			byte ^= 0x40;
	}
	*ret_byte = byte | high;
	return true;
}

bool kermit_decode(const struct kermit_coding *coding, struct bytes *in, uint8_t *to, size_t size, size_t *ret_size)
{
	size_t at = 0;

	while (in->size > 0 && size - at >= 94) {
		uint8_t byte;
		size_t run;

		if (!decode_one(coding, in, &byte, &run))
			return false;
		memset(to + at, byte, run);
		at += run;
	}
	*ret_size = at;
	return true;
}

/* Reading. A packet is over when its length says so: what ends it on the line is not waited for. */

/* Bytes behind MARK that the packet has in all; 0: not known yet; SIZE_MAX: no packet. */
static size_t whole_size(const struct kermit_reader *reader)
{
	const uint8_t *packet = reader->packet;
	unsigned length = kermit_number(packet[0]);

	if (length > 94 || length == 1 || length == 2)
		return SIZE_MAX;
	if (length > 0)
		return 1 + length;
	if (reader->size < LONG_HEADER)
		return 0;
	if (kermit_number(packet[3]) > 94 || kermit_number(packet[4]) > 94 ||
	    packet[5] != kermit_char(check_1(bytes_of(packet, 5))))
		return SIZE_MAX;
	return LONG_HEADER + kermit_number(packet[3]) * 95 + kermit_number(packet[4]);
}

/* 6.1: S and what answers it are checked by type 1, whatever is agreed on. A NAK has no data, so that its length tells
 * the type. */
static unsigned check_of(const struct kermit_reader *reader)
{
	unsigned length = kermit_number(reader->packet[0]);

	if (reader->packet[2] == 'N' && length >= 3 && length <= 5)
		return length - 2;
	return reader->packet[2] == 'S' || reader->packet[2] == 'I' ? 1 : reader->check;
}

static bool is_right(const struct kermit_reader *reader, unsigned check, size_t header)
{
	uint8_t value[3];

	if (reader->size < header + check)
		return false;
	store_check(value, check, bytes_of(reader->packet, reader->size - check));
	return memcmp(value, reader->packet + reader->size - check, check) == 0;
}

static enum kermit_signal end_packet(struct kermit_reader *reader)
{
	size_t header = kermit_number(reader->packet[0]) == 0 ? LONG_HEADER : HEADER;
	unsigned check = check_of(reader);

	reader->is_open = false;
	reader->type = reader->packet[2];
	reader->sequence = kermit_number(reader->packet[1]);
	if (!is_right(reader, check, header)) {
		/* The side that has not agreed on anything yet says why it gives up. */
		if (reader->type != 'E' || !is_right(reader, 1, header))
			return KERMIT_DAMAGED;
		check = 1;
	}
	if (reader->sequence >= KERMIT_SEQUENCE)
		return KERMIT_DAMAGED;
	reader->data = bytes_of(reader->packet + header, reader->size - header - check);
	return KERMIT_PACKET;
}

static enum kermit_signal take_byte(struct kermit_reader *reader, uint8_t byte)
{
	size_t whole;

	if (byte == KERMIT_MARK) {	/* 4.1: nowhere else */
		reader->is_open = true;
		reader->size = 0;
		return KERMIT_MORE;
	}
	/* What ends packets is never within one: a piece is missing. Other control characters are prefixed by the
	 * manual (6.3), but C-Kermit leaves that for those it thinks harmless. */
	if (byte == KERMIT_CR) {
		reader->is_open = false;
		return KERMIT_DAMAGED;
	}
	reader->packet[reader->size++] = byte;
	whole = whole_size(reader);
	if (whole == SIZE_MAX || whole > sizeof(reader->packet)) {
		reader->is_open = false;
		return KERMIT_DAMAGED;
	}
	return whole > 0 && reader->size >= whole ? end_packet(reader) : KERMIT_MORE;
}

/* Between packets; ends of lines stand behind every packet and are no text. */
static enum kermit_signal take_text(struct kermit_reader *reader, struct bytes *in)
{
	size_t count = 0;
	bool is_text = false;

	for (; count < in->size && in->data[count] != KERMIT_MARK; count++)
		is_text = is_text || in->data[count] > ' ';
	reader->text = bytes_of(in->data, count);
	*in = bytes_from(*in, count);
	return is_text ? KERMIT_TEXT : KERMIT_MORE;
}

enum kermit_signal kermit_read(struct kermit_reader *reader, struct bytes *in)
{
	enum kermit_signal signal = KERMIT_MORE;

	while (in->size > 0 && signal == KERMIT_MORE) {
		if (!reader->is_open)
			signal = take_text(reader, in);
		if (in->size == 0 || signal != KERMIT_MORE)
			break;
		signal = take_byte(reader, in->data[0]);
		*in = bytes_from(*in, 1);
	}
	return signal;
}
