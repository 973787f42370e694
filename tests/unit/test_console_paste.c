/* Pasted text against models of devices: what echoes, what loses bytes, what says nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/core/console_paste.h"

static const struct console_pace by_echo = { .awaits_echo = true };

/* A loader: reads its UART only at the prompt, through a FIFO of 16 bytes; each command takes its time, in silence. */
struct loader {
	char fifo[16];
	size_t fifo_size;
	char line[256];
	size_t line_size;
	char got[4096]; /* what came, with all lines */
	unsigned lost, command_ms;
	uint64_t busy_until_ms;
	bool is_mute;
	char out[512];
	size_t out_size;
};

static void say(struct loader *loader, const char *text)
{
	size_t size = strlen(text);

	assert_true(loader->out_size + size < sizeof(loader->out));
	memcpy(loader->out + loader->out_size, text, size);
	loader->out_size += size;
}

static void loader_takes(struct loader *loader, struct bytes in)
{
	for (size_t i = 0; i < in.size; i++)
		if (loader->fifo_size < sizeof(loader->fifo))
			loader->fifo[loader->fifo_size++] = (char)in.data[i];
		else
			loader->lost++;
}

static void loader_runs(struct loader *loader, uint64_t now_ms)
{
	char byte, text[2] = "";

	if (loader->busy_until_ms != 0 && now_ms < loader->busy_until_ms)
		return;
	if (loader->busy_until_ms != 0 && !loader->is_mute)
		say(loader, "=> ");
	loader->busy_until_ms = 0;
	while (loader->fifo_size > 0 && loader->busy_until_ms == 0) {
		byte = loader->fifo[0];
		memmove(loader->fifo, loader->fifo + 1, --loader->fifo_size);
		text[0] = byte;
		strncat(loader->got, text, sizeof(loader->got) - strlen(loader->got) - 1);
		if (byte == '\r' && !loader->is_mute)
			say(loader, "\r\n");
		else if (!loader->is_mute)
			say(loader, text);
		if (byte == '\r')
			loader->busy_until_ms = now_ms + loader->command_ms + 1;
	}
}

/* Until all went out, at most so many milliseconds; returns how many. */
static uint64_t paste_all(struct console_paste *paste, struct loader *loader, uint64_t most_ms)
{
	uint64_t now_ms = 1;

	for (; console_paste_left(paste) > 0 && now_ms < most_ms; now_ms++) {
		struct bytes out = console_paste_output(paste, now_ms);

		loader_takes(loader, out);
		console_paste_sent(paste, out.size, now_ms);
		loader_runs(loader, now_ms);
		if (loader->out_size > 0)
			console_paste_heard(paste, bytes_of(loader->out, loader->out_size), now_ms);
		loader->out_size = 0;
	}
	loader_runs(loader, now_ms + loader->command_ms + 1);
	return now_ms;
}

static void begin(struct console_paste *paste, const char *text, const struct console_pace *pace, const char *tail)
{
	console_paste_init(paste);
	assert_int_equal(console_paste_add(paste, bytes_of_text(text), pace, bytes_of_text(tail), 0, NULL), STATUS_OK);
}

static void a_loader_that_is_busy_between_commands_loses_nothing(void **state)
{
	static const char script[] =
		"setenv serverip 192.168.1.10; setenv ipaddr 192.168.1.64\rtftpboot 82000000 uImage\rprintenv\r";
	struct loader loader = { .command_ms = 4000 };
	struct console_paste paste;

	(void)state;
	begin(&paste, script, &by_echo, "=> ");
	assert_in_range(paste_all(&paste, &loader, 60000), 8000, 9000);
	assert_int_equal(loader.lost, 0);
	assert_string_equal(loader.got, script);
	console_paste_done(&paste);
}

static void the_same_without_a_pace_loses_bytes(void **state)
{
	struct loader loader = { .command_ms = 4000 };
	struct console_paste paste;

	(void)state;
	begin(&paste, "setenv serverip 192.168.1.10; setenv ipaddr 192.168.1.64\r", &(struct console_pace){ 0 }, "=> ");
	paste_all(&paste, &loader, 60000);
	assert_true(loader.lost > 0);
	console_paste_done(&paste);
}

static void where_nothing_is_echoed_time_alone_sets_the_pace(void **state)
{
	static const char text[] = "a line of a file that is read without an echo\rand another one of them\r";
	struct loader loader = { .is_mute = true };
	struct console_paste paste;

	(void)state;
	begin(&paste, text, &by_echo, "");
	assert_in_range(paste_all(&paste, &loader, 60000), 500, 2000);
	assert_int_equal(loader.lost, 0);
	assert_string_equal(loader.got, text);
	console_paste_done(&paste);
}

static void delays_are_kept(void **state)
{
	struct loader loader = { .command_ms = 0 };
	struct console_paste paste;

	(void)state;
	begin(&paste, "abc\rdef\rg", &(struct console_pace){ .char_ms = 10, .line_ms = 100 }, "");
	assert_in_range(paste_all(&paste, &loader, 60000), 240, 300);
	assert_string_equal(loader.got, "abc\rdef\rg");
	console_paste_done(&paste);
}

static void another_prompt_behind_a_line_is_taken_for_one(void **state)
{
	struct console_paste paste;
	uint64_t now_ms = 1000;
	struct bytes out;

	(void)state;
	begin(&paste, "su\rid\rls\r", &by_echo, "~ $ ");
	out = console_paste_output(&paste, now_ms);
	assert_true(bytes_equal(out, BYTES("su\r")));
	console_paste_sent(&paste, out.size, now_ms);
	console_paste_heard(&paste, BYTES("su\r\n~ # "), now_ms);
	assert_int_equal(console_paste_output(&paste, now_ms + 10).size, 0);
	out = console_paste_output(&paste, console_paste_deadline(&paste));
	assert_true(bytes_equal(out, BYTES("id\r")));
	assert_true(console_paste_deadline(&paste) < now_ms + 1000);
	now_ms += 1000;
	console_paste_sent(&paste, out.size, now_ms);
	console_paste_heard(&paste, BYTES("id\r\nuid=0\r\n~ # "), now_ms);
	assert_true(bytes_equal(console_paste_output(&paste, now_ms), BYTES("ls\r")));
	console_paste_done(&paste);
}

static void keys_that_the_line_does_not_take_wait_and_go_in_their_order(void **state)
{
	struct console_paste paste;
	struct bytes out;

	(void)state;
	begin(&paste, "abc", &(struct console_pace){ 0 }, "");
	out = console_paste_output(&paste, 0);
	console_paste_sent(&paste, 1, 0);
	assert_int_equal(console_paste_left(&paste), 2);
	assert_int_equal(console_paste_gone(&paste), 1);
	assert_int_equal(console_paste_add(&paste, BYTES("d"), &by_echo, BYTES(""), 5, NULL), STATUS_OK);
	out = console_paste_output(&paste, 5);
	assert_true(bytes_equal(out, BYTES("bcd")));
	console_paste_sent(&paste, 3, 5);
	assert_int_equal(console_paste_left(&paste), 0);
	assert_true(console_paste_deadline(&paste) == UINT64_MAX);
	console_paste_done(&paste);
}

static void too_much_is_refused_whole(void **state)
{
	AUTO_FREE char *text = calloc(1, CONSOLE_PASTE_MAX);
	struct console_paste paste;
	struct error error;

	(void)state;
	assert_non_null(text);
	begin(&paste, "x", &by_echo, "");
	assert_int_equal(console_paste_add(&paste, bytes_of(text, CONSOLE_PASTE_MAX), &by_echo, BYTES(""), 0, &error),
			 STATUS_NO_SPACE);
	assert_int_equal(console_paste_left(&paste), 1);
	console_paste_stop(&paste);
	assert_int_equal(console_paste_left(&paste), 0);
	console_paste_done(&paste);
}

static void what_is_pasted_holds_no_keys_but_enter_and_tab(void **state)
{
	struct buffer clean;

	(void)state;
	buffer_init(&clean, 1000);
	assert_int_equal(console_paste_clean(BYTES("a\tb\r\nc\nd\re\x03\x1b[A\x7f\0f \xc3\xa9\n"), BYTES("\r"), &clean),
			 STATUS_OK);
	assert_true(bytes_equal(buffer_bytes(&clean), BYTES("a\tb\rc\rd\re[Af \xc3\xa9\r")));
	buffer_done(&clean);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loader_that_is_busy_between_commands_loses_nothing),
		cmocka_unit_test(the_same_without_a_pace_loses_bytes),
		cmocka_unit_test(where_nothing_is_echoed_time_alone_sets_the_pace),
		cmocka_unit_test(delays_are_kept),
		cmocka_unit_test(another_prompt_behind_a_line_is_taken_for_one),
		cmocka_unit_test(keys_that_the_line_does_not_take_wait_and_go_in_their_order),
		cmocka_unit_test(too_much_is_refused_whole),
		cmocka_unit_test(what_is_pasted_holds_no_keys_but_enter_and_tab),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
