#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/protocol/transfer_check.h"
#include "tests/unit/boot_rom_bench.h"

/* The monitor: terse ('N') after its prompt. Receiving and sending with XMODEM. */
static struct {
	char command[40];
	size_t size;
	bool receives, sends, forgets;
	uint8_t frame[133];
	size_t have;
	size_t sent;
	unsigned long started;
} monitor;

static void send_block(struct rom_bench *bench)
{
	uint8_t out[133];
	uint16_t crc;

	if (monitor.sent >= bench->taken_size) {
		bench_say_byte(bench, 4);
		return;
	}
	out[0] = 1;
	out[1] = (uint8_t)(monitor.sent / 128 + 1);
	out[2] = (uint8_t)~out[1];
	memcpy(out + 3, bench->taken + monitor.sent, 128);
	if (monitor.forgets)
		out[10] ^= 1;
	crc = crc16_update(0, bytes_of(out + 3, 128));
	store_be16(out + 131, crc);
	bench_say(bench, out, sizeof(out));
}

static void command(struct rom_bench *bench)
{
	const char *text = monitor.command;

	if (text[0] == '\0')
		bench_say(bench, "\n\r>", 3);
	else if (text[0] == 'N')
		bench_say(bench, "\n\r", 2);
	else if (text[0] == 'V')
		bench_say(bench, "v1.4 Nov 10 2004\n\r", 18);
	else if (strcmp(text, "w0,4") == 0)
		bench_say(bench, "\x13\0\0\xea", 4);
	else if (strcmp(text, "wfffff240,4") == 0)
		bench_say(bench, "\xa0\x05\x9b\x01", 4);
	else if (text[0] == 'S') {
		monitor.receives = true;
		bench->taken_size = 0;
		bench_say_byte(bench, 'C');
	} else if (text[0] == 'R') {
		monitor.sends = true;
		monitor.sent = 0;
	} else if (text[0] == 'G') {
		monitor.started = strtoul(text + 1, NULL, 16);
	}
}

static void receive(struct rom_bench *bench, uint8_t byte)
{
	if (monitor.have == 0 && byte == 4) {
		monitor.receives = false;
		bench_say_byte(bench, 6);
		return;
	}
	monitor.frame[monitor.have++] = byte;
	if (monitor.have < sizeof(monitor.frame))
		return;
	monitor.have = 0;
	for (size_t i = 0; i < 128; i++)
		bench_take(bench, monitor.frame[3 + i]);
	bench_say_byte(bench, 6);
}

static void monitor_byte(struct rom_bench *bench, uint8_t byte)
{
	if (monitor.receives) {
		receive(bench, byte);
	} else if (monitor.sends && (byte == 'C' || byte == 6)) {
		if (byte == 6 && monitor.sent >= bench->taken_size) {
			monitor.sends = false;
			return;
		}
		monitor.sent += byte == 6 ? 128 : 0;
		send_block(bench);
	} else if (monitor.sends && byte == 0x15) {
		send_block(bench);
	} else if (byte == '#') {
		monitor.command[monitor.size] = '\0';
		monitor.size = 0;
		command(bench);
	} else if (byte != 0x80 && monitor.size + 1 < sizeof(monitor.command)) {
		monitor.command[monitor.size++] = (char)byte;
	}
}

static uint8_t program[1000];
static const struct boot_rom_file file = { .name = "boot", .data = { program, sizeof(program) }, .address = 0x300000, .has_address = true };
static const struct boot_rom_options options = { .files = &file, .file_count = 1 };

static struct rom_bench *begin(void)
{
	struct rom_bench *bench = calloc(1, sizeof(*bench));

	memset(&monitor, 0, sizeof(monitor));
	for (size_t i = 0; i < sizeof(program); i++)
		program[i] = (uint8_t)(i * 9);
	bench->device = monitor_byte;
	return bench;
}

static void a_program_is_loaded_compared_and_started(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	bench_run(bench, "sam-ba", &options, 120000);
	bench_assert_told(bench, "fact monitor=v1.4 Nov 10 2004");
	bench_assert_told(bench, "fact chip=0x019b05a0, AT91SAM9");
	bench_assert_told(bench, "verified boot");
	bench_assert_told(bench, "done ");
	assert_int_equal(monitor.started, 0x300000);
	assert_memory_equal(bench->taken, program, sizeof(program));
	free(bench);
}

static void memory_that_keeps_something_else_is_not_started(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	monitor.forgets = true;
	bench_run(bench, "sam-ba", &options, 120000);
	assert_int_equal(bench->status, STATUS_PROTOCOL);
	bench_assert_told(bench, "holds something else");
	assert_int_equal(monitor.started, 0);
	free(bench);
}

static void to_identify_sends_nothing_but_questions(void **state)
{
	const struct boot_rom_options identify = { .identify_only = true };
	struct rom_bench *bench = begin();

	(void)state;
	bench_run(bench, "sam-ba", &identify, 60000);
	bench_assert_told(bench, "done ");
	assert_int_equal(bench->taken_size, 0);
	assert_int_equal(monitor.started, 0);
	free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_is_loaded_compared_and_started),
		cmocka_unit_test(memory_that_keeps_something_else_is_not_started),
		cmocka_unit_test(to_identify_sends_nothing_but_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
