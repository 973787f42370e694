#include "tests/fakes/rate_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/text.h"

static const unsigned usual_table[] = { 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1500000, 0 };

void rate_device_init(struct rate_device *device, unsigned baud)
{
	memset(device, 0, sizeof(*device));
	device->prompt = "=> ";
	device->baud = device->host_baud = device->stored = baud;
	device->table = usual_table;
	device->random = 12345;
}

/* Another rate turns every byte into few high ones and zeros; a bad line damages some. */
static uint8_t over_the_line(struct rate_device *device, uint8_t byte)
{
	device->random = device->random * 1664525 + 1013904223;
	if (device->baud != device->host_baud)
		return (uint8_t)(0x80 | byte >> 1);
	if (device->worst_from != 0 && device->baud >= device->worst_from && (device->random >> 8) % device->worst_every == 0)
		return (uint8_t)(byte ^ 1U << (device->random >> 29));
	return byte;
}

static void put(struct rate_device *device, const char *text, size_t size)
{
	for (size_t i = 0; i < size && device->out_size + 2 < RATE_OUT; i++) {
		if (text[i] == '\n')
			device->out[device->out_size++] = over_the_line(device, '\r');
		device->out[device->out_size++] = over_the_line(device, (uint8_t)text[i]);
	}
}

void rate_device_say(struct rate_device *device, const char *text)
{
	put(device, text, strlen(text));
}

void rate_device_restart(struct rate_device *device, unsigned usual)
{
	device->baud = device->stored = usual;
	device->line_size = 0;
	device->at = RATE_AT_LOGIN;
	device->out_size = 0;
	rate_device_say(device, "\nU-Boot 2020.01\nStarting kernel ...\n[    0.000000] Linux version 5.4.0 (a device)\n[    1.000000] console enabled\ncam login: ");
}

static bool knows(const struct rate_device *device, unsigned baud)
{
	for (const unsigned *one = device->table; *one != 0; one++)
		if (*one == baud)
			return true;
	return false;
}

static void set_baudrate(struct rate_device *device, unsigned baud)
{
	char text[96];

	if (device->keeps_only) {
		device->stored = baud;
		return;
	}
	if (baud == device->baud)
		return;
	if (!knows(device, baud)) {
		rate_device_say(device, text_format(text, sizeof(text), "## Baudrate %u bps not supported\n", baud));
		return;
	}
	text_format(text, sizeof(text), "## Switch baudrate to %u bps and press ENTER ...\n", baud);
	if (!device->swallows_question)
		rate_device_say(device, text);
	device->baud = device->stored = baud;
	device->changes++;
	device->at = device->goes_deaf ? RATE_OFF : RATE_AWAITS_ENTER;
}

static void run_line(struct rate_device *device)
{
	char text[RATE_LINE + 64];

	device->line[device->line_size] = '\0';
	device->line_size = 0;
	text_append(device->typed, sizeof(device->typed), "%s\n", device->line);
	if (text_starts(device->line, "echo "))
		rate_device_say(device, text_format(text, sizeof(text), "%s\n", device->line + 5));
	else if (text_starts(device->line, "setenv baudrate "))
		set_baudrate(device, (unsigned)strtoul(device->line + 16, NULL, 10));
	else if (text_starts(device->line, "saveenv"))
		device->saved++;
	else if (device->line[strspn(device->line, " ")] != '\0')
		rate_device_say(device, text_format(text, sizeof(text), "Unknown command '%s' - try 'help'\n", device->line));
	if (device->at == RATE_AT_PROMPT)
		rate_device_say(device, device->prompt);
}

static void at_prompt(struct rate_device *device, uint8_t byte)
{
	char one = (char)byte;

	if (byte == '\r') {
		rate_device_say(device, "\n");
		run_line(device);
	} else if (byte == 0x03) {
		device->line_size = 0;
		rate_device_say(device, "<INTERRUPT>\n");
		rate_device_say(device, device->prompt);
	} else if (byte >= 0x20 && device->line_size < RATE_LINE) {
		device->line[device->line_size++] = one;
		put(device, &one, 1);
	}
}

static void take_byte(struct rate_device *device, uint8_t byte)
{
	switch (device->at) {
	case RATE_AT_PROMPT:
		at_prompt(device, byte);
		break;
	case RATE_AWAITS_ENTER:
		if (byte != '\r')
			break;
		if (device->lose_enter > 0) {
			device->lose_enter--;
			break;
		}
		device->at = RATE_AT_PROMPT;
		rate_device_say(device, device->prompt);
		break;
	case RATE_RECEIVES:	/* ETX cancels as CAN does (U-Boot common/xyzModem.c) */
		device->cancels += byte == 0x03 || byte == 0x18;
		if (device->cancels >= 3) {
			device->cancels = 0;
			device->at = RATE_AT_PROMPT;
			rate_device_say(device, "xyzModem - CRC mode, 0 retries\n## Total Size      = 0x00000000 = 0 Bytes\n");
			rate_device_say(device, device->prompt);
		}
		break;
	case RATE_AT_LOGIN:
		device->ctrl_c_at_login += byte == 0x03;
		device->enters_at_login += byte == '\r';
		if (byte >= 0x20)
			put(device, (const char *)&byte, 1);
		break;
	case RATE_OFF:
		break;
	}
}

void rate_device_input(struct rate_device *device, struct bytes in)
{
	for (size_t i = 0; i < in.size; i++) {
		device->bytes++;
		take_byte(device, over_the_line(device, in.data[i]));
	}
}

/* ---- the bench ---- */

static void push(struct rate_bench *bench)
{
	for (;;) {
		struct bytes out = baud_raise_output(&bench->raise);

		if (out.size == 0)
			return;
		if (bench->stop_after > 0 && out.size >= bench->stop_after) {
			out.size = bench->stop_after;
			bench->was_killed = true;
		} else if (bench->stop_after > 0) {
			bench->stop_after -= (unsigned)out.size;
		}
		rate_device_input(&bench->device, out);
		if (bench->was_killed)
			return;
		baud_raise_sent(&bench->raise, out.size, bench->now_ms);
	}
}

static bool is_final(struct rate_bench *bench, struct baud_raise_event event)
{
	if (event.type == BAUD_RAISE_SET_LINE)
		bench->device.host_baud = event.baud;
	if (event.type == BAUD_RAISE_ANNOUNCE && bench->announced_count < 32)
		bench->announced[bench->announced_count++] = event.baud;
	return event.type >= BAUD_RAISE_UP;
}

struct baud_raise_event rate_bench_run(struct rate_bench *bench)
{
	struct baud_raise_event event = { .type = BAUD_RAISE_NOTHING };

	for (bench->rounds = 0; bench->rounds < 200000; bench->rounds++) {
		struct bytes in;
		uint8_t copy[RATE_OUT];

		push(bench);
		if (bench->was_killed)
			return event;
		in = bytes_of(memcpy(copy, bench->device.out, bench->device.out_size), bench->device.out_size);
		bench->device.out_size = 0;
		bench->now_ms += in.size > 0;
		while (in.size > 0) {
			event = baud_raise_input(&bench->raise, &in, bench->now_ms);
			if (is_final(bench, event))
				return event;
			push(bench);
		}
		if (baud_raise_output(&bench->raise).size == 0 && bench->device.out_size == 0) {
			if (baud_raise_deadline(&bench->raise) == UINT64_MAX)
				abort();	/* nothing would ever come */
			if (baud_raise_deadline(&bench->raise) > bench->now_ms)
				bench->now_ms = baud_raise_deadline(&bench->raise);
			event = baud_raise_tick(&bench->raise, bench->now_ms);
			if (is_final(bench, event))
				return event;
		}
	}
	abort();
}
