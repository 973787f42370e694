#include "tests/fakes/model_line.h"

#include <stdlib.h>
#include <string.h>

static uint64_t next_random(struct model *model)
{
	model->random ^= model->random << 13;
	model->random ^= model->random >> 7;
	model->random ^= model->random << 17;
	return model->random;
}

static bool happens(struct model *model, double probability)
{
	return probability > 0 && (double)(next_random(model) >> 11) / 9007199254740992.0 < probability;
}

struct model *model_new(uint64_t seed)
{
	struct model *model = calloc(1, sizeof(*model));

	model->random = 88172645463325252u + seed * 0x9e3779b97f4a7c15u;
	return model;
}

static void end_free(struct model_end *end)
{
	if (end->transfer)
		end->protocol->free(end->transfer);
	for (size_t i = 0; i < MODEL_FILES; i++)
		free(end->file[i].data);
}

void model_free(struct model *model)
{
	end_free(&model->sender);
	end_free(&model->receiver);
	free(model);
}

static void file_append(struct model_file *file, struct bytes more)
{
	if (file->size + more.size > file->capacity) {
		file->capacity = (file->size + more.size) * 2;
		file->data = realloc(file->data, file->capacity);
	}
	if (more.size > 0)
		memcpy(file->data + file->size, more.data, more.size);
	file->size += more.size;
}

void model_add_file(struct model *model, const char *name, const void *data, size_t size)
{
	struct model_file *file = &model->sender.file[model->sender.files++];

	strncpy(file->name, name, sizeof(file->name) - 1);
	file_append(file, bytes_of(data, size));
}

void model_add_made_up(struct model *model, const char *name, size_t size)
{
	uint8_t *data = malloc(size + 1);

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(next_random(model) >> 24);
	model_add_file(model, name, data, size);
	free(data);
}

static bool source_next(void *user, struct transfer_file *ret_file)
{
	struct model_end *end = user;

	if (end->at >= end->files)
		return false;
	*ret_file = (struct transfer_file){ .size = end->file[end->at].size, .has_size = true, .modified = 1700000000 };
	strcpy(ret_file->name, end->file[end->at].name);
	end->at++;
	return true;
}

static size_t source_read(void *user, uint64_t offset, uint8_t *to, size_t size)
{
	struct model_end *end = user;
	const struct model_file *file = &end->file[end->at - 1];

	if (offset >= file->size)
		return 0;
	if (size > file->size - offset)
		size = file->size - offset;
	memcpy(to, file->data + offset, size);
	return size;
}

static void keep_text(struct model_end *end, struct bytes text)
{
	if (text.size > sizeof(end->text) - 1 - end->text_size)
		text.size = sizeof(end->text) - 1 - end->text_size;
	memcpy(end->text + end->text_size, text.data, text.size);
	end->text_size += text.size;
}

static void take_event(struct model_end *end, const struct transfer_event *event, bool is_receiver)
{
	struct model_file *file = end->files > 0 ? &end->file[end->files - 1] : NULL;

	switch (event->type) {
	case TRANSFER_FILE:
		if (!is_receiver || end->files == MODEL_FILES)
			return;
		file = &end->file[end->files++];
		memcpy(file->name, event->file.name, sizeof(file->name));
		file->has_size = event->file.has_size;
		file->told_size = event->file.size;
		file->modified = event->file.modified;
		return;
	case TRANSFER_DATA:
		if (file)
			file_append(file, event->data);
		return;
	case TRANSFER_FILE_END:
		if (is_receiver && file)
			file->is_whole = true;
		return;
	case TRANSFER_RETRY:
		end->retries++;
		return;
	case TRANSFER_TEXT:
		keep_text(end, event->data);
		return;
	case TRANSFER_DONE:
	case TRANSFER_FAILED:
		end->is_over = true;
		end->is_done = event->type == TRANSFER_DONE;
		end->status = event->status;
		memcpy(end->reason, event->reason, sizeof(end->reason));
		return;
	case TRANSFER_NOTHING:
		return;
	}
}

static void wire_put(struct model *model, struct model_wire *wire, uint8_t byte)
{
	uint64_t byte_us = wire->baud > 0 ? 10000000 / wire->baud : 0;
	size_t at = (wire->first + wire->count) % MODEL_QUEUE;

	if (wire->free_us < model->now_us)
		wire->free_us = model->now_us;
	wire->free_us += byte_us;
	if (wire->spoil && !wire->spoil(wire->user, wire->number++, &byte))
		return;
	if (happens(model, wire->drop) || wire->count == MODEL_QUEUE)
		return;
	if (happens(model, wire->flip))
		byte ^= (uint8_t)(1u << (next_random(model) & 7));
	wire->byte[at] = byte;
	wire->arrives_us[at] = wire->free_us + wire->latency_ms * 1000;
	wire->count++;
	if (happens(model, wire->twice))
		wire_put(model, wire, byte);
}

/* When the wire takes more: what waits for it is limited, as by a serial port's driver. */
static uint64_t room_us(const struct model_wire *wire)
{
	uint64_t waits_us = wire->baud > 0 ? MODEL_WAITING * (10000000 / wire->baud) : 0;

	return wire->free_us > waits_us ? wire->free_us - waits_us : 0;
}

static void push(struct model *model, struct model_end *end, struct model_wire *wire)
{
	for (;;) {
		struct bytes out = end->protocol->output(end->transfer);

		if (out.size == 0 || room_us(wire) > model->now_us)
			return;
		for (size_t i = 0; i < out.size; i++)
			wire_put(model, wire, out.data[i]);
		end->protocol->sent(end->transfer, out.size, model->now_us / 1000);
	}
}

static void feed(struct model *model, struct model_end *end, struct model_wire *from, struct model_wire *to, bool is_receiver)
{
	uint8_t chunk[4096];
	struct bytes in = { chunk, 0 };
	struct transfer_event event;

	while (from->count > 0 && from->arrives_us[from->first] <= model->now_us && in.size < sizeof(chunk)) {
		chunk[in.size++] = from->byte[from->first];
		from->first = (from->first + 1) % MODEL_QUEUE;
		from->count--;
	}
	if (end->is_over) {
		keep_text(end, in);
		return;
	}
	do {
		event = end->protocol->input(end->transfer, &in, model->now_us / 1000);
		take_event(end, &event, is_receiver);
		push(model, end, to);
	} while (!end->is_over && (in.size > 0 || event.type != TRANSFER_NOTHING));
	keep_text(end, in);
}

static void tick(struct model *model, struct model_end *end, struct model_wire *to, bool is_receiver)
{
	struct transfer_event event;

	if (end->is_over || end->protocol->deadline(end->transfer) > model->now_us / 1000)
		return;
	do {
		event = end->protocol->tick(end->transfer, model->now_us / 1000);
		take_event(end, &event, is_receiver);
		push(model, end, to);
	} while (!end->is_over && event.type != TRANSFER_NOTHING);
}

static void start(struct model *model, struct model_end *end, const struct transfer_options *options, struct model_wire *to)
{
	if (end->is_started || model->now_us < end->starts_ms * 1000)
		return;
	end->is_started = true;
	if (end->protocol->begin(options, model->now_us / 1000, &end->transfer, NULL) != STATUS_OK)
		abort();
	push(model, end, to);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_of(const struct model_end *end, const struct model_wire *from, const struct model_wire *to)
{
	uint64_t next_us = UINT64_MAX;

	if (!end->is_started)
		return end->starts_ms * 1000;
	if (from->count > 0)
		next_us = from->arrives_us[from->first];
	if (end->protocol->output(end->transfer).size > 0)
		next_us = earlier(next_us, room_us(to));
	if (!end->is_over && end->protocol->deadline(end->transfer) != UINT64_MAX)
		next_us = earlier(next_us, end->protocol->deadline(end->transfer) * 1000);
	return next_us;
}

void model_run(struct model *model, const char *sender, const char *receiver, const struct transfer_options *options, uint64_t limit_ms)
{
	struct transfer_options send = options ? *options : (struct transfer_options){ .baud = model->to_receiver.baud };
	struct transfer_options receive = send;

	send.is_sender = true;
	send.source = (struct transfer_source){ source_next, source_read, &model->sender };
	model->sender.protocol = transfer_protocol_find(sender);
	model->receiver.protocol = transfer_protocol_find(receiver);
	for (;;) {
		uint64_t next_us;

		start(model, &model->sender, &send, &model->to_receiver);
		start(model, &model->receiver, &receive, &model->to_sender);
		if (model->sender.is_started)
			tick(model, &model->sender, &model->to_receiver, false);
		if (model->receiver.is_started)
			tick(model, &model->receiver, &model->to_sender, true);
		next_us = earlier(next_of(&model->sender, &model->to_sender, &model->to_receiver),
				  next_of(&model->receiver, &model->to_receiver, &model->to_sender));
		if (next_us == UINT64_MAX || next_us > limit_ms * 1000)
			return;
		if (next_us > model->now_us)
			model->now_us = next_us;
		if (model->sender.is_started)
			push(model, &model->sender, &model->to_receiver);
		if (model->receiver.is_started)
			push(model, &model->receiver, &model->to_sender);
		if (model->sender.is_started)
			feed(model, &model->sender, &model->to_sender, &model->to_receiver, false);
		if (model->receiver.is_started)
			feed(model, &model->receiver, &model->to_receiver, &model->to_sender, true);
	}
}
