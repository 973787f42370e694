/* recovery/protocol/ymodem.c
 *
 * YMODEM: files with name, size and date, in batches; and its -g form, which acknowledges nothing. The rows and block 0. */
#include <inttypes.h>
#include <stdio.h>

#include "recovery/protocol/xymodem.h"
#include "src/base/text.h"

enum { INFO_MAX = 64 };

/* Block 0 (Forsberg, 5): name NUL, then size (decimal), time (octal), mode and serial number with spaces between. The mode is 0: it is
 * the receiver's business whether a file may be executed. */
size_t ymodem_header_write(uint8_t *to, const struct transfer_file *file)
{
	char info[INFO_MAX] = "";
	size_t name_size, info_size;

	memset(to, 0, XYMODEM_LONG);
	if (file == NULL)
		return XYMODEM_SHORT;
	if (file->has_size)
		text_format(info, sizeof(info), "%" PRIu64 " %" PRIo64 " 0 0", file->size, (uint64_t)(file->modified > 0 ? file->modified : 0));
	name_size = strlen(file->name);
	info_size = strlen(info);
	memcpy(to, file->name, name_size);
	memcpy(to + name_size + 1, info, info_size);
	return name_size + 1 + info_size < XYMODEM_SHORT ? XYMODEM_SHORT : XYMODEM_LONG;
}

/* A number that ends at a space or a NUL. */
static bool read_number(struct bytes *info, unsigned radix, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t at = 0;

	if (info->size > 2 && radix == 10 && info->data[0] == '0' && (info->data[1] | 0x20) == 'x') {
		radix = 16;	/* U-Boot takes it so, hence somebody sends it */
		at = 2;
	}
	for (size_t first = at;; at++) {
		unsigned digit = at < info->size ? info->data[at] : 0;

		if (digit == '\0' || digit == ' ') {
			if (at == first)
				return false;
			break;
		}
		if (digit >= 'a' && digit <= 'f')
			digit -= 'a' - 10;
		else if (digit >= 'A' && digit <= 'F')
			digit -= 'A' - 10;
		else if (digit >= '0' && digit <= '9')
			digit -= '0';
		else
			return false;
		if (digit >= radix || value > (UINT64_MAX - digit) / radix)
			return false;
		value = value * radix + digit;
	}
	*info = bytes_from(*info, at);
	while (info->size > 0 && info->data[0] == ' ')
		*info = bytes_from(*info, 1);
	*ret_value = value;
	return true;
}

bool ymodem_header_read(struct bytes block, struct transfer_file *ret_file)
{
	const uint8_t *end = block.size > 0 ? memchr(block.data, '\0', block.size) : NULL;
	size_t name_size = end ? (size_t)(end - block.data) : block.size;
	struct bytes info = bytes_from(block, name_size + 1);
	uint64_t modified = 0;

	if (name_size == 0)
		return false;
	*ret_file = (struct transfer_file){ .size = 0 };
	transfer_set_name(ret_file->name, bytes_of(block.data, name_size));
	ret_file->has_size = read_number(&info, 10, &ret_file->size);
	if (ret_file->has_size && read_number(&info, 8, &modified) && modified <= INT64_MAX)
		ret_file->modified = (int64_t)modified;
	return true;
}

static enum status begin_batch(const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer, struct error *reterr)
{
	return xymodem_begin(YMODEM_BATCH, options, now_ms, ret_transfer, reterr);
}

static enum status begin_g(const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer, struct error *reterr)
{
	return xymodem_begin(YMODEM_G, options, now_ms, ret_transfer, reterr);
}

#define YMODEM_ROW(row_name, row_title, row_begin) { \
	.name = row_name, .title = row_title, .can_send = true, .can_receive = true, .has_names = true, .begin = row_begin, \
	.input = xymodem_input, .tick = xymodem_tick, .deadline = transfer_base_deadline, .output = transfer_base_output, \
	.sent = xymodem_sent, .cancel = xymodem_cancel, .progress = transfer_base_progress, .free = transfer_base_free, \
}

extern const struct transfer_protocol transfer_ymodem, transfer_ymodem_g;
const struct transfer_protocol transfer_ymodem = YMODEM_ROW("ymodem", "YMODEM (batch)", begin_batch);
const struct transfer_protocol transfer_ymodem_g = YMODEM_ROW("ymodem-g", "YMODEM-g (batch, for lines without errors)", begin_g);
