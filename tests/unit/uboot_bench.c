#include "tests/unit/uboot_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>


static void feed(struct uboot_bench *b, struct bytes in, struct dialog_event *final)
{
	while (in.size > 0) {
		struct bytes part = in;
		struct dialog_event event;

		if (in.data[0] == FAKE_PAUSE) {
			in = bytes_from(in, 1);
			b->now_ms += PAUSE_MS;
			if (final->type == DIALOG_NOTHING && b->now_ms >= dialog_deadline(&b->dialog))
				*final = dialog_tick(&b->dialog, b->now_ms);
			continue;
		}
		for (part.size = 1; part.size < in.size && !b->by_bytes && in.data[part.size] != FAKE_PAUSE;)
			part.size++;
		in = bytes_from(in, part.size);
		while (part.size > 0) {
			event = dialog_input(&b->dialog, &part, b->now_ms);
			b->retypes += event.type == DIALOG_RETYPE;
			if (event.type > DIALOG_RETYPE)
				*final = event;
		}
	}
}

static struct dialog_event talk(struct uboot_bench *b)
{
	struct dialog_event final = { .type = DIALOG_NOTHING };

	dialog_init(&b->dialog, b->prompt);
	assert_int_equal(dialog_start(&b->dialog, b->say.command, b->say.silence_ms, b->say.until, b->now_ms), STATUS_OK);
	for (unsigned rounds = 0; rounds < 100000; rounds++) {
		struct bytes out = dialog_output(&b->dialog), in;

		if (out.size > 0) {
			fake_uboot_input(&b->fake, out);
			dialog_sent(&b->dialog, out.size);
		}
		if (final.type > DIALOG_RETYPE)
			return final;
		in = fake_uboot_take_output(&b->fake);
		if (in.size > 0) {
			b->now_ms++;
			feed(b, in, &final);
		} else if (out.size == 0) {
			assert_true(dialog_deadline(&b->dialog) != UINT64_MAX);
			b->now_ms = dialog_deadline(&b->dialog);
			final = dialog_tick(&b->dialog, b->now_ms);
			b->retypes += final.type == DIALOG_RETYPE;
		}
	}
	fail_msg("the conversation does not end");
	return final;
}

enum loader_turn uboot_bench_run(struct uboot_bench *b, loader_next *next)
{
	const char *reply = NULL;

	memset(&b->error, 0, sizeof(b->error));
	for (;;) {
		enum loader_turn turn = next(&b->task, reply, &b->say, &b->error);
		struct dialog_event event;

		if (turn == LOADER_FAILED)
			assert_true(b->error.text[0] != '\0');
		if (turn != LOADER_TYPE)
			return turn;
		event = talk(b);
		if (event.type != DIALOG_REPLIED) {
			error_set(&b->error, event.status, "dialog: %d", (int)event.type);
			return LOADER_FAILED;
		}
		reply = dialog_reply(&b->dialog);
	}
}

enum loader_turn uboot_bench_begin(struct uboot_bench *b, loader_next *next)
{
	loader_task_init(&b->task, &b->place, &b->build, bytes_of(b->image, IMAGE_SIZE));
	return uboot_bench_run(b, next);
}

void uboot_bench_set_up(struct uboot_bench *b, enum loader_storage storage)
{
	uint32_t noise = 1;

	memset(b, 0, sizeof(*b));
	fake_uboot_init(&b->fake, storage);
	b->image = malloc(IMAGE_SIZE);
	assert_non_null(b->image);
	for (size_t i = 0; i < IMAGE_SIZE; i++)
		b->image[i] = (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
	b->fake.served = bytes_of(b->image, IMAGE_SIZE);
	b->prompt = "=> ";
	b->place = (struct loader_place){
		.storage = storage, .base = storage == STORAGE_CFI ? FAKE_FLASH_BASE : 0, .offset = PLACE, .room = 0x300000, .load_address = FAKE_RAM_BASE,
		.device_ip = "192.168.1.20", .bench_ip = "192.168.1.10", .file_name = "firmware.bin",
	};
}

void uboot_bench_tear_down(struct uboot_bench *b)
{
	fake_uboot_done(&b->fake);
	free(b->image);
}

void uboot_bench_flash_image(struct uboot_bench *b)
{
	memcpy(b->fake.flash + PLACE, b->image, IMAGE_SIZE);
}

void uboot_bench_assert_neighbours_untouched(const struct uboot_bench *b)
{
	for (size_t i = 0; i < PLACE; i += 512)
		assert_int_equal(b->fake.flash[i], 0x3c);
	for (size_t i = PLACE + (IMAGE_SIZE + 0x1ffff) / 0x20000 * 0x20000; i < FAKE_FLASH_SIZE; i += 512)
		assert_int_equal(b->fake.flash[i], 0x3c);
	if (b->fake.writes > 0)
		assert_true(b->fake.lowest_touched >= PLACE && b->fake.highest_touched <= PLACE + b->place.room);
}
