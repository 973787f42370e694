#include "recovery/protocol/transfer_machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/text.h"

void transfer_base_init(struct transfer_base *base, const struct transfer_options *options, uint8_t *out, size_t out_capacity)
{
	*base = (struct transfer_base){ .options = *options, .deadline_ms = UINT64_MAX, .out = out, .out_capacity = out_capacity };
}

struct bytes transfer_base_output(const struct transfer *transfer)
{
	const struct transfer_base *base = (const struct transfer_base *)transfer;

	return bytes_of(base->out + base->out_from, base->out_to - base->out_from);
}

void transfer_base_sent(struct transfer *transfer, size_t count, uint64_t now_ms)
{
	struct transfer_base *base = transfer_base(transfer);
	size_t left = base->out_to - base->out_from;

	(void)now_ms;
	if (count > left)
		count = left;
	base->out_from += count;
	base->progress.line_bytes += count;
	if (base->out_from == base->out_to)
		base->out_from = base->out_to = 0;
}

uint64_t transfer_base_deadline(const struct transfer *transfer)
{
	return ((const struct transfer_base *)transfer)->deadline_ms;
}

void transfer_base_progress(const struct transfer *transfer, struct transfer_progress *ret_progress)
{
	*ret_progress = ((const struct transfer_base *)transfer)->progress;
}

void transfer_base_free(struct transfer *transfer)
{
	free(transfer);
}

size_t transfer_room(const struct transfer_base *base)
{
	return base->out_capacity - (base->out_to - base->out_from);
}

bool transfer_put(struct transfer_base *base, struct bytes more)
{
	if (more.size > transfer_room(base))
		return false;
	if (more.size > base->out_capacity - base->out_to) {
		memmove(base->out, base->out + base->out_from, base->out_to - base->out_from);
		base->out_to -= base->out_from;
		base->out_from = 0;
	}
	if (more.size > 0)
		memcpy(base->out + base->out_to, more.data, more.size);
	base->out_to += more.size;
	return true;
}

bool transfer_put_byte(struct transfer_base *base, uint8_t byte)
{
	return transfer_put(base, bytes_of(&byte, 1));
}

void transfer_drop_output(struct transfer_base *base)
{
	base->out_from = base->out_to = 0;
}

uint64_t transfer_wire_ms(const struct transfer_base *base, uint64_t bytes)
{
	return base->options.baud > 0 ? bytes * 10000 / base->options.baud + 1 : 0;
}

struct transfer_event transfer_retry(struct transfer_base *base, const char *format, ...)
{
	struct transfer_event event = { .type = TRANSFER_RETRY };
	va_list args;

	base->progress.retries++;
	va_start(args, format);
	vsnprintf(event.reason, sizeof(event.reason), format, args);
	va_end(args);
	return event;
}

static void end(struct transfer_base *base)
{
	base->is_over = true;
	base->deadline_ms = UINT64_MAX;
}

struct transfer_event transfer_done(struct transfer_base *base)
{
	end(base);
	return (struct transfer_event){ .type = TRANSFER_DONE };
}

struct transfer_event transfer_failed(struct transfer_base *base, enum status status, const char *hint, const char *format, ...)
{
	struct transfer_event event = { .type = TRANSFER_FAILED, .status = status, .hint = hint };
	va_list args;

	end(base);
	va_start(args, format);
	vsnprintf(event.reason, sizeof(event.reason), format, args);
	va_end(args);
	return event;
}

void transfer_set_name(char to[TRANSFER_NAME_MAX], struct bytes from)
{
	size_t begin = 0, length;

	for (size_t i = 0; i < from.size; i++)
		if (from.data[i] == '/' || from.data[i] == '\\' || from.data[i] == ':')
			begin = i + 1;
	length = text_printable(to, TRANSFER_NAME_MAX, bytes_from(from, begin));
	while (length > 0 && to[length - 1] == ' ')
		to[--length] = '\0';
	if (to[0] == '.' || to[0] == '-')
		to[0] = '_';
	if (length == 0)
		text_copy(to, TRANSFER_NAME_MAX, "unnamed");
}
