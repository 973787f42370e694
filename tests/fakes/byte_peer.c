#include "tests/fakes/byte_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool one_next(void *user, struct transfer_file *ret_file)
{
	struct byte_peer *o = user;

	if (o->at >= o->files)
		return false;
	o->at++;
	*ret_file = (struct transfer_file){ .name = "fw.bin", .size = o->size, .has_size = true };
	return true;
}

static size_t one_read(void *user, uint64_t offset, uint8_t *to, size_t size)
{
	struct byte_peer *o = user;
	struct bytes rest = bytes_from(bytes_of(o->data, o->size), (size_t)offset);

	if (size > rest.size)
		size = rest.size;
	if (size > 0)
		memcpy(to, rest.data, size);
	return size;
}

static void drain(struct byte_peer *o)
{
	for (;;) {
		struct bytes out = o->protocol->output(o->transfer);

		if (out.size == 0)
			return;
		assert_true(o->out_size + out.size <= sizeof(o->out));
		memcpy(o->out + o->out_size, out.data, out.size);
		o->out_size += out.size;
		o->protocol->sent(o->transfer, out.size, o->now_ms);
	}
}

static void note(struct byte_peer *o, const struct transfer_event *event)
{
	size_t used = strlen(o->text);

	o->last = event->type != TRANSFER_NOTHING ? event->type : o->last;
	o->retries += event->type == TRANSFER_RETRY;
	o->file_ends += event->type == TRANSFER_FILE_END;
	if (event->type == TRANSFER_FILE)
		o->file = event->file;
	if (event->type == TRANSFER_TEXT)
		snprintf(o->text + used, sizeof(o->text) - used, "%.*s", (int)event->data.size,
			 (const char *)event->data.data);
	if (event->type == TRANSFER_DATA) {
		assert_true(o->got_size + event->data.size <= sizeof(o->got));
		memcpy(o->got + o->got_size, event->data.data, event->data.size);
		o->got_size += event->data.size;
	}
	if (event->type == TRANSFER_DONE || event->type == TRANSFER_FAILED)
		o->final = *event;
}

void peer_feed_bytes(struct byte_peer *o, struct bytes in)
{
	struct transfer_event event;

	o->last = TRANSFER_NOTHING;
	o->out_size = 0;
	do {
		event = o->protocol->input(o->transfer, &in, o->now_ms);
		note(o, &event);
		drain(o);
	} while (o->final.type == TRANSFER_NOTHING && (in.size > 0 || event.type != TRANSFER_NOTHING));
	snprintf(o->left, sizeof(o->left), "%.*s", (int)in.size, (const char *)in.data);
}

void peer_feed(struct byte_peer *o, const char *text)
{
	peer_feed_bytes(o, bytes_of_text(text));
}

void peer_pass(struct byte_peer *o, uint64_t ms)
{
	uint64_t end_ms = o->now_ms + ms;

	o->last = TRANSFER_NOTHING;
	o->out_size = 0;
	while (o->final.type == TRANSFER_NOTHING && o->protocol->deadline(o->transfer) <= end_ms) {
		struct transfer_event event;

		if (o->protocol->deadline(o->transfer) > o->now_ms)
			o->now_ms = o->protocol->deadline(o->transfer);
		do {
			event = o->protocol->tick(o->transfer, o->now_ms);
			note(o, &event);
			drain(o);
		} while (o->final.type == TRANSFER_NOTHING && event.type != TRANSFER_NOTHING);
	}
	o->now_ms = end_ms;
}

void peer_begin_with(struct byte_peer *o, const char *protocol, bool is_sender, const uint8_t *data, size_t size,
		       const struct transfer_options *more)
{
	struct transfer_options options = more ? *more : (struct transfer_options){ 0 };

	*o = (struct byte_peer){ .protocol = transfer_protocol_find(protocol), .data = data, .size = size, .files = 1 };
	options.is_sender = is_sender;
	options.source = (struct transfer_source){ one_next, one_read, o };
	assert_int_equal(o->protocol->begin(&options, 0, &o->transfer, NULL), STATUS_OK);
	drain(o);
}

void peer_begin(struct byte_peer *o, const char *protocol, bool is_sender, const uint8_t *data, size_t size)
{
	peer_begin_with(o, protocol, is_sender, data, size, NULL);
}

void peer_end(struct byte_peer *o)
{
	o->protocol->free(o->transfer);
}
