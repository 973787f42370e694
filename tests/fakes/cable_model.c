/* tests/fakes/cable_model.c */
#include "tests/fakes/cable_model.h"

#include <stdlib.h>

#include "src/base/text.h"

enum { DEPTH = 4096 };

static uint64_t next_random(struct cable *line)
{
	line->random ^= line->random << 13;
	line->random ^= line->random >> 7;
	line->random ^= line->random << 17;
	return line->random;
}

static bool happens(struct cable *line, unsigned per_million)
{
	return per_million > 0 && next_random(line) % 1000000 < per_million;
}

static bool next_file(void *user, struct transfer_file *ret_file)
{
	struct cable_end *end = user;

	if (end->next >= end->files)
		return false;
	text_copy(ret_file->name, sizeof(ret_file->name), end->file[end->next].name);
	ret_file->size = end->file[end->next].announced;
	ret_file->has_size = !end->hides_sizes;
	ret_file->modified = 1700000000;
	end->next++;
	return true;
}

static size_t read_file(void *user, uint64_t offset, uint8_t *to, size_t size)
{
	struct cable_end *end = user;
	const struct cable_file *file = &end->file[end->next - 1];

	if (offset >= file->size)
		return 0;
	if (size > file->size - offset)
		size = (size_t)(file->size - offset);
	memcpy(to, file->data + offset, size);
	return size;
}

void cable_init(struct cable *line, const struct transfer_protocol *sender, const struct transfer_protocol *receiver)
{
	memset(line, 0, sizeof(*line));
	line->random = 88172645463325252u;
	line->now_ms = 1000;
	line->sender.protocol = sender;
	line->receiver.protocol = receiver;
}

void cable_add_file(struct cable *line, const char *name, struct bytes data)
{
	struct cable_file *file = &line->sender.file[line->sender.files++];

	text_copy(file->name, sizeof(file->name), name);
	file->data = malloc(data.size + 1);
	if (data.size > 0)
		memcpy(file->data, data.data, data.size);
	file->size = file->announced = data.size;
}

static void append(struct cable_end *end, struct bytes data)
{
	struct cable_file *file = &end->file[end->files - 1];

	file->data = realloc(file->data, file->size + data.size + 1);
	memcpy(file->data + file->size, data.data, data.size);
	file->size += data.size;
}

static void take_event(struct cable_end *end, const struct transfer_event *event)
{
	struct transfer_progress progress;

	switch (event->type) {
	case TRANSFER_FILE:
		if (end->options.is_sender || end->files == CABLE_FILES)
			break;
		text_copy(end->file[end->files].name, TRANSFER_NAME_MAX, event->file.name);
		end->file[end->files++].announced = event->file.has_size ? event->file.size : 0;
		break;
	case TRANSFER_DATA:
		append(end, event->data);
		break;
	case TRANSFER_FILE_END:
		end->protocol->progress(end->transfer, &progress);
		if (progress.file_bytes != event->file.size)
			abort();	/* the progress is that of the file that ends */
		if (!end->options.is_sender)
			end->file[end->files - 1].has_ended = true;
		break;
	case TRANSFER_RETRY:
		end->retries++;
		break;
	case TRANSFER_DONE: case TRANSFER_FAILED:
		end->last = event->type;
		end->status = event->status;
		text_copy(end->reason, sizeof(end->reason), event->reason);
		break;
	case TRANSFER_NOTHING: case TRANSFER_TEXT:
		break;
	}
}

static void feed(struct cable *line, struct cable_end *end, struct bytes in)
{
	struct transfer_event event;

	if (end->last != TRANSFER_NOTHING)
		return;
	do {
		event = end->protocol->input(end->transfer, &in, line->now_ms);
		take_event(end, &event);
	} while (end->last == TRANSFER_NOTHING && (event.type != TRANSFER_NOTHING || in.size > 0));
}

static void tick(struct cable *line, struct cable_end *end)
{
	struct transfer_event event = { .type = TRANSFER_RETRY };

	if (end->cancel_at_ms > 0 && line->now_ms >= end->cancel_at_ms) {
		end->protocol->cancel(end->transfer, line->now_ms);
		end->cancel_at_ms = 0;
		feed(line, end, (struct bytes){ NULL, 0 });
	}
	while (end->last == TRANSFER_NOTHING && event.type != TRANSFER_NOTHING &&
	       line->now_ms >= end->protocol->deadline(end->transfer)) {
		event = end->protocol->tick(end->transfer, line->now_ms);
		take_event(end, &event);
	}
}

/* From the machine into the buffer in front of the line. */
static void fill(struct cable *line, struct cable_end *end, struct cable_way *way)
{
	size_t depth = way->depth > 0 ? way->depth : DEPTH;

	for (struct bytes out = end->protocol->output(end->transfer); out.size > 0 && way->queued < depth;
	     out = end->protocol->output(end->transfer)) {
		size_t count = out.size < depth - way->queued ? out.size : depth - way->queued;

		memcpy(way->queue + way->queued, out.data, count);
		way->queued += count;
		end->protocol->sent(end->transfer, count, line->now_ms);
		tick(line, end);
	}
}

static void fly(struct cable *line, struct cable_way *way, uint8_t byte)
{
	unsigned copies = happens(line, way->twice) ? 2 : 1;
	uint64_t number = way->bytes++;

	if (way->is_dead || happens(line, way->drops) || (number >= way->drop_from && number < way->drop_to))
		return;
	if (happens(line, way->flips))
		byte ^= (uint8_t)(1u << next_random(line) % 8);
	for (; copies > 0 && way->flying < CABLE_WAY_MAX; copies--) {
		size_t last = (way->fly_first + way->flying++) % CABLE_WAY_MAX;

		way->fly[last].byte = byte;
		way->fly[last].at_ms = line->now_ms + way->delay_ms;
	}
}

static void carry(struct cable *line, struct cable_way *way, struct cable_end *to)
{
	uint8_t piece[CABLE_WAY_MAX];
	size_t count = way->queued, size = 0;

	if (way->baud > 0) {
		way->credit += way->baud / 10000.0;
		if (way->credit > way->baud / 10000.0 + 1)
			way->credit = way->baud / 10000.0 + 1;
		if (count > (size_t)way->credit)
			count = (size_t)way->credit;
		way->credit -= (double)count;
	}
	for (size_t i = 0; i < count; i++)
		fly(line, way, way->queue[i]);
	memmove(way->queue, way->queue + count, way->queued - count);
	way->queued -= count;
	while (way->flying > 0 && way->fly[way->fly_first].at_ms <= line->now_ms) {
		piece[size++] = way->fly[way->fly_first].byte;
		way->fly_first = (way->fly_first + 1) % CABLE_WAY_MAX;
		way->flying--;
	}
	for (size_t at = 0; at < size;) {
		size_t most = line->piece > 0 && line->piece < size - at ? line->piece : size - at;

		feed(line, to, bytes_of(piece + at, most));
		at += most;
	}
}

static bool begin(struct cable *line, struct cable_end *end, bool is_sender)
{
	end->options.is_sender = is_sender;
	end->options.source = (struct transfer_source){ next_file, read_file, end };
	return end->protocol->begin(&end->options, line->now_ms, &end->transfer, NULL) == STATUS_OK;
}

static bool is_idle(const struct cable_way *way)
{
	return way->queued == 0 && way->flying == 0;
}

static uint64_t next_time(const struct cable *line)
{
	uint64_t next_ms = UINT64_MAX;

	if (!is_idle(&line->there) || !is_idle(&line->back) ||
	    line->sender.protocol->output(line->sender.transfer).size > 0 ||
	    line->receiver.protocol->output(line->receiver.transfer).size > 0)
		return line->now_ms + 1;
	for (unsigned i = 0; i < 2; i++) {
		const struct cable_end *end = i == 0 ? &line->sender : &line->receiver;
		uint64_t at_ms = end->last == TRANSFER_NOTHING ? end->protocol->deadline(end->transfer) : UINT64_MAX;

		if (end->cancel_at_ms > 0 && end->cancel_at_ms < at_ms)
			at_ms = end->cancel_at_ms;
		if (at_ms < next_ms)
			next_ms = at_ms;
	}
	return next_ms > line->now_ms ? next_ms : line->now_ms + 1;
}

void cable_run(struct cable *line, uint64_t most_ms)
{
	uint64_t end_ms = line->now_ms + most_ms;

	if (!begin(line, &line->sender, true) || !begin(line, &line->receiver, false))
		abort();
	while (line->now_ms < end_ms) {
		tick(line, &line->sender);
		tick(line, &line->receiver);
		fill(line, &line->sender, &line->there);
		fill(line, &line->receiver, &line->back);
		carry(line, &line->there, &line->receiver);
		carry(line, &line->back, &line->sender);
		if (line->sender.last != TRANSFER_NOTHING && line->receiver.last != TRANSFER_NOTHING)
			break;
		line->now_ms = next_time(line);
	}
}

bool cable_is_copied(const struct cable *line)
{
	if (line->sender.last != TRANSFER_DONE || line->receiver.last != TRANSFER_DONE ||
	    line->sender.files != line->receiver.files)
		return false;
	for (size_t i = 0; i < line->sender.files; i++) {
		const struct cable_file *sent = &line->sender.file[i], *got = &line->receiver.file[i];

		if (!got->has_ended || sent->size != got->size ||
		    (sent->size > 0 && memcmp(sent->data, got->data, sent->size) != 0))
			return false;
	}
	return true;
}

void cable_done(struct cable *line)
{
	for (size_t i = 0; i < CABLE_FILES; i++) {
		free(line->sender.file[i].data);
		free(line->receiver.file[i].data);
	}
	line->sender.protocol->free(line->sender.transfer);
	line->receiver.protocol->free(line->receiver.transfer);
}
