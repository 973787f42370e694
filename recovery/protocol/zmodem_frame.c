/* recovery/protocol/zmodem_frame.c */
#include "recovery/protocol/zmodem_frame.h"

#include "recovery/protocol/transfer_check.h"
#include "src/base/crc.h"

enum {
	ZPAD = ZMODEM_PAD_BYTE,
	ZBIN = 'A', ZHEX = 'B', ZBIN32 = 'C',	/* 7.3 */
	ZRUB0 = 'l', ZRUB1 = 'm',		/* 7.2: 7Fh and FFh */
	HEADER_SIZE = 5,
	CRC16_SIZE = 2,
	CRC32_SIZE = 4,
	HEX_DIGITS = 2 * (HEADER_SIZE + CRC16_SIZE),
};

static const char hex_digits[] = "0123456789abcdef";	/* 7.3.3: lower case */

static bool is_control(uint8_t byte)
{
	return (byte & 0x60) == 0;	/* 00h-1Fh and 80h-9Fh */
}

static bool is_flow_control(uint8_t byte)
{
	return (byte & 0x7f) == 0x11 || (byte & 0x7f) == 0x13;
}

/* Writing */

void zmodem_writer_init(struct zmodem_writer *writer, bool escape_controls)
{
	writer->last = 0;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i, low = byte & 0x7f;
		bool always = byte == ZMODEM_ZDLE || low == 0x10 || is_flow_control(byte);

		writer->escapes[i] = always || (escape_controls && is_control(byte)) ? 1 : low == '\r' ? 2 : 0;
	}
}

static size_t store_crc(uint8_t *to, struct bytes data, const uint8_t *end, bool use_crc32)
{
	struct bytes tail = { end, end != NULL };

	if (use_crc32) {
		uint32_t crc = crc32_update(crc32_update(0, data), tail);

		for (unsigned i = 0; i < CRC32_SIZE; i++)
			to[i] = (uint8_t)(crc >> 8 * i);
		return CRC32_SIZE;
	}
	store_be16(to, crc16_update(crc16_update(0, data), tail));
	return CRC16_SIZE;
}

static size_t write_escaped(struct zmodem_writer *writer, uint8_t *to, struct bytes data)
{
	const uint8_t *from = data.data, *end = from + data.size;
	uint8_t *start = to;

	while (from < end) {
		const uint8_t *run = from;

		while (from < end && writer->escapes[*from] == 0)
			from++;
		if (from > run) {
			memcpy(to, run, (size_t)(from - run));
			to += from - run;
			writer->last = from[-1];
		}
		if (from == end)
			break;
		if (writer->escapes[*from] == 1 || (writer->last & 0x7f) == '@') {
			*to++ = ZMODEM_ZDLE;
			*to++ = *from ^ 0x40;
		} else {
			*to++ = *from;
		}
		writer->last = to[-1];
		from++;
	}
	return (size_t)(to - start);
}

static void store_header(uint8_t *to, enum zmodem_type type, uint32_t position)
{
	to[0] = (uint8_t)type;
	for (unsigned i = 0; i < 4; i++)
		to[1 + i] = (uint8_t)(position >> 8 * i);
}

size_t zmodem_write_hex(uint8_t *to, enum zmodem_type type, uint32_t position)
{
	uint8_t raw[HEADER_SIZE + CRC16_SIZE];
	size_t size = 0;

	store_header(raw, type, position);
	store_crc(raw + HEADER_SIZE, bytes_of(raw, HEADER_SIZE), NULL, false);
	to[size++] = ZPAD;
	to[size++] = ZPAD;
	to[size++] = ZMODEM_ZDLE;
	to[size++] = ZHEX;
	for (size_t i = 0; i < sizeof(raw); i++) {
		to[size++] = (uint8_t)hex_digits[raw[i] >> 4];
		to[size++] = (uint8_t)hex_digits[raw[i] & 15];
	}
	to[size++] = '\r';
	to[size++] = '\n' | 0x80;
	/* 7.3.3: frees a sender that spurious XOFF stopped; not behind what may be the last header on the line */
	if (type != ZFIN && type != ZACK)
		to[size++] = ZMODEM_XON;
	return size;
}

size_t zmodem_write_binary(struct zmodem_writer *writer, uint8_t *to, enum zmodem_type type, uint32_t position,
			   bool use_crc32)
{
	uint8_t raw[HEADER_SIZE + CRC32_SIZE];
	size_t crc_size;

	store_header(raw, type, position);
	crc_size = store_crc(raw + HEADER_SIZE, bytes_of(raw, HEADER_SIZE), NULL, use_crc32);
	to[0] = ZPAD;
	to[1] = ZMODEM_ZDLE;
	to[2] = use_crc32 ? ZBIN32 : ZBIN;
	writer->last = to[2];
	return 3 + write_escaped(writer, to + 3, bytes_of(raw, HEADER_SIZE + crc_size));
}

size_t zmodem_write_subpacket(struct zmodem_writer *writer, uint8_t *to, struct bytes data, enum zmodem_end end,
			      bool use_crc32)
{
	uint8_t crc[CRC32_SIZE], end_byte = (uint8_t)end;
	size_t size = write_escaped(writer, to, data);
	size_t crc_size = store_crc(crc, data, &end_byte, use_crc32);

	to[size++] = ZMODEM_ZDLE;
	to[size++] = end_byte;
	writer->last = end_byte;
	return size + write_escaped(writer, to + size, bytes_of(crc, crc_size));
}

/* Reading */

void zmodem_reader_init(struct zmodem_reader *reader, bool skip_controls)
{
	memset(reader, 0, sizeof(*reader));
	for (unsigned i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;

		reader->special[i] = byte == ZMODEM_ZDLE || is_flow_control(byte) ||
				     (skip_controls && is_control(byte));
	}
}

void zmodem_reader_hunt(struct zmodem_reader *reader)
{
	reader->state = ZMODEM_HUNT;
	reader->is_escaped = false;
}

static enum zmodem_signal bad_header(struct zmodem_reader *reader)
{
	zmodem_reader_hunt(reader);
	return ZMODEM_BAD_HEADER;
}

static enum zmodem_signal bad_subpacket(struct zmodem_reader *reader)
{
	zmodem_reader_hunt(reader);
	return ZMODEM_BAD_SUBPACKET;
}

static enum zmodem_signal end_header(struct zmodem_reader *reader)
{
	uint8_t crc[CRC32_SIZE];
	size_t crc_size = store_crc(crc, bytes_of(reader->raw, HEADER_SIZE), NULL, reader->is_crc32);

	if (memcmp(crc, reader->raw + HEADER_SIZE, crc_size) != 0)
		return bad_header(reader);
	zmodem_reader_hunt(reader);
	reader->header.type = reader->raw[0];
	memcpy(reader->header.at, reader->raw + 1, sizeof(reader->header.at));
	switch (reader->header.type) {
	case ZSINIT: case ZFILE: case ZDATA: case ZCOMMAND: case ZSTDERR:
		reader->state = reader->digits > 0 ? ZMODEM_HEX_END : ZMODEM_IN_DATA;
		reader->size = 0;
		reader->end = 0;
	}
	return ZMODEM_HEADER;
}

static enum zmodem_signal take_hex_digit(struct zmodem_reader *reader, uint8_t byte)
{
	const char *digit = byte != '\0' ? strchr(hex_digits, byte | (byte >= 'A' && byte <= 'F' ? 0x20 : 0)) : NULL;
	uint8_t *to = &reader->raw[reader->digits / 2];

	if (is_flow_control(byte))
		return ZMODEM_MORE;
	if (digit == NULL)
		return bad_header(reader);
	*to = (uint8_t)((reader->digits % 2 ? *to << 4 : 0) + (digit - hex_digits));
	if (++reader->digits < HEX_DIGITS)
		return ZMODEM_MORE;
	reader->is_crc32 = false;
	return end_header(reader);
}

/* 7.2: the byte that ZDLE and this one stand for; false: neither that nor the end of a subpacket. */
static bool unescape(uint8_t byte, uint8_t *ret_byte)
{
	if (byte == ZRUB0)
		*ret_byte = 0x7f;
	else if (byte == ZRUB1)
		*ret_byte = 0xff;
	else if ((byte & 0x60) == 0x40)
		*ret_byte = byte ^ 0x40;
	else
		return false;
	return true;
}

static enum zmodem_signal end_subpacket(struct zmodem_reader *reader)
{
	uint8_t crc[CRC32_SIZE];
	size_t crc_size = store_crc(crc, bytes_of(reader->data, reader->size), &reader->end, reader->is_crc32);

	if (memcmp(crc, reader->raw, crc_size) != 0)
		return bad_subpacket(reader);
	reader->state = reader->end == ZCRCE || reader->end == ZCRCW ? ZMODEM_HUNT : ZMODEM_IN_DATA;
	return ZMODEM_SUBPACKET;
}

/* One unescaped byte of a binary header or of the check behind a subpacket. */
static enum zmodem_signal take_raw(struct zmodem_reader *reader, uint8_t byte)
{
	bool is_header = reader->state == ZMODEM_BINARY_HEADER;
	unsigned wanted = (is_header ? HEADER_SIZE : 0) + (reader->is_crc32 ? CRC32_SIZE : CRC16_SIZE);

	reader->raw[reader->raw_size++] = byte;
	if (reader->raw_size < wanted)
		return ZMODEM_MORE;
	return is_header ? end_header(reader) : end_subpacket(reader);
}

static enum zmodem_signal take_plain(struct zmodem_reader *reader, uint8_t byte)
{
	if (reader->state != ZMODEM_IN_DATA)
		return take_raw(reader, byte);
	/* As many as fit are whole only when an end follows them. */
	if (reader->size == sizeof(reader->data))
		return bad_subpacket(reader);
	reader->data[reader->size++] = byte;
	return ZMODEM_MORE;
}

/* A byte inside a binary header, a subpacket or its check. */
static enum zmodem_signal take_binary(struct zmodem_reader *reader, uint8_t byte)
{
	uint8_t plain;

	if (byte == ZMODEM_ZDLE) {
		reader->is_escaped = true;
		return ZMODEM_MORE;
	}
	if (reader->special[byte])
		return ZMODEM_MORE;
	if (!reader->is_escaped)
		return take_plain(reader, byte);
	reader->is_escaped = false;
	if (reader->state == ZMODEM_IN_DATA && byte >= ZCRCE && byte <= ZCRCW) {
		reader->state = ZMODEM_DATA_CHECK;
		reader->end = byte;
		reader->raw_size = 0;
		return ZMODEM_MORE;
	}
	if (reader->cans > 1 || !unescape(byte, &plain))
		return reader->state == ZMODEM_BINARY_HEADER ? bad_header(reader) : bad_subpacket(reader);
	return take_plain(reader, plain);
}

/* Between frames, up to the letter that says which form of header comes. */
static enum zmodem_signal take_start(struct zmodem_reader *reader, uint8_t byte)
{
	if (byte == ZPAD) {
		reader->state = ZMODEM_PAD;
	} else if (reader->state == ZMODEM_PAD && byte == ZMODEM_ZDLE) {
		reader->state = ZMODEM_FORM;
	} else if (reader->state == ZMODEM_FORM && (byte == ZBIN || byte == ZBIN32 || byte == ZHEX)) {
		reader->state = byte == ZHEX ? ZMODEM_HEX_HEADER : ZMODEM_BINARY_HEADER;
		reader->is_crc32 = byte == ZBIN32;
		reader->is_escaped = false;
		reader->raw_size = 0;
		reader->digits = 0;
	} else if (!is_flow_control(byte)) {
		reader->state = ZMODEM_HUNT;
	}
	return ZMODEM_MORE;
}

static enum zmodem_signal take_byte(struct zmodem_reader *reader, uint8_t byte)
{
	enum zmodem_signal signal;

	if (byte == ZMODEM_ZDLE && ++reader->cans >= ZMODEM_CANS) {
		reader->cans = 0;
		zmodem_reader_hunt(reader);
		return ZMODEM_CANCELLED;
	}
	if (reader->state == ZMODEM_HEX_END) {	/* CR LF is still the header's; data follows */
		bool is_end = (byte & 0x7f) == '\r' || (byte & 0x7f) == '\n';

		if ((byte & 0x7f) != '\r')
			reader->state = ZMODEM_IN_DATA;
		if (is_end)
			return ZMODEM_MORE;
	}
	switch (reader->state) {
	case ZMODEM_HEX_HEADER:
		signal = take_hex_digit(reader, byte);
		break;
	case ZMODEM_BINARY_HEADER: case ZMODEM_IN_DATA: case ZMODEM_DATA_CHECK:
		signal = take_binary(reader, byte);
		break;
	default:
		signal = take_start(reader, byte);
	}
	if (byte != ZMODEM_ZDLE)
		reader->cans = 0;
	return signal;
}

/* The bulk: bytes of a subpacket that stand for themselves, as many as there are. */
static void take_run(struct zmodem_reader *reader, struct bytes *in)
{
	size_t room = sizeof(reader->data) - reader->size, most = in->size < room ? in->size : room, count = 0;

	while (count < most && !reader->special[in->data[count]])
		count++;
	if (count == 0)
		return;
	memcpy(reader->data + reader->size, in->data, count);
	reader->size += count;
	reader->cans = 0;
	*in = bytes_from(*in, count);
}

/* Between frames nothing but '*' and CAN means anything. Ends of lines are no text: they stand behind each hex header.
 */
static enum zmodem_signal take_text(struct zmodem_reader *reader, struct bytes *in)
{
	size_t count = 0;
	bool is_text = false;

	for (; count < in->size && in->data[count] != ZPAD && in->data[count] != ZMODEM_ZDLE; count++) {
		uint8_t low = in->data[count] & 0x7f;

		is_text = is_text || !(low == '\r' || low == '\n' || is_flow_control(low));
	}
	if (count > 0)
		reader->cans = 0;
	reader->text = bytes_of(in->data, count);
	*in = bytes_from(*in, count);
	return is_text ? ZMODEM_TEXT : ZMODEM_MORE;
}

enum zmodem_signal zmodem_read(struct zmodem_reader *reader, struct bytes *in)
{
	enum zmodem_signal signal = ZMODEM_MORE;

	if (reader->state == ZMODEM_IN_DATA && reader->end != 0) {	/* the last subpacket was given away */
		reader->size = 0;
		reader->end = 0;
	}
	while (in->size > 0 && signal == ZMODEM_MORE) {
		if (reader->state == ZMODEM_IN_DATA && !reader->is_escaped)
			take_run(reader, in);
		else if (reader->state == ZMODEM_HUNT)
			signal = take_text(reader, in);
		if (in->size == 0 || signal != ZMODEM_MORE)
			break;
		signal = take_byte(reader, in->data[0]);
		*in = bytes_from(*in, 1);
	}
	return signal;
}
