/* tests/unit/test_dialog.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/protocol/dialog.h"

/* Everything the dialog wants typed. */
static const char *typed(struct dialog *d, char *to)
{
	struct bytes out = dialog_output(d);

	memcpy(to, out.data, out.size);
	to[out.size] = '\0';
	dialog_sent(d, out.size);
	return to;
}

static enum dialog_event_type feed(struct dialog *d, const char *text, uint64_t now_ms)
{
	struct bytes in = bytes_of_text(text);
	enum dialog_event_type last = DIALOG_NOTHING;

	while (in.size > 0) {
		struct dialog_event event = dialog_input(d, &in, now_ms);

		if (event.type != DIALOG_NOTHING)
			last = event.type;
	}
	return last;
}

static void begin(struct dialog *d, const char *prompt, const char *command, const char *until)
{
	dialog_init(d, prompt);
	assert_int_equal(dialog_start(d, command, 5000, until, 0), STATUS_OK);
}

/* A device that echoes right, up to Enter. */
static uint64_t type_whole(struct dialog *d)
{
	char out[16];
	uint64_t now_ms = 0;

	while (strcmp(typed(d, out), "\r") != 0) {
		assert_true(out[0] != '\0');
		assert_int_equal(feed(d, out, ++now_ms), DIALOG_NOTHING);
	}
	feed(d, "\r\n", now_ms);
	return now_ms;
}

static void each_piece_waits_for_its_echo(void **state)
{
	struct dialog d;
	char out[16];

	(void)state;
	begin(&d, "=> ", "sf erase 0x0", NULL);
	assert_string_equal(typed(&d, out), "sf erase");
	assert_string_equal(typed(&d, out), "");
	feed(&d, "sf eras", 5);
	assert_string_equal(typed(&d, out), "");
	feed(&d, "e", 6);
	assert_string_equal(typed(&d, out), " 0x0");
	feed(&d, " 0x0", 7);
	assert_string_equal(typed(&d, out), "\r");
	feed(&d, "\r\nerased\r\n=> ", 8);
	assert_int_equal(dialog_tick(&d, 8 + DIALOG_QUIET_MS - 1).type, DIALOG_NOTHING);
	assert_int_equal(dialog_tick(&d, 8 + DIALOG_QUIET_MS).type, DIALOG_REPLIED);
	assert_string_equal(dialog_reply(&d), "erased\n");
}

static void a_wrong_echo_is_ended_with_ctrl_c_and_typed_again_only_at_the_prompt(void **state)
{
	struct dialog d;
	char out[16];

	(void)state;
	begin(&d, "=> ", "reset", NULL);
	assert_string_equal(typed(&d, out), "reset");
	assert_int_equal(feed(&d, "rset", 1), DIALOG_RETYPE);
	assert_string_equal(typed(&d, out), "\x03");
	feed(&d, "<INTERRUPT>\r\n", 2);
	assert_int_equal(dialog_tick(&d, 2 + DIALOG_QUIET_MS * 6).type, DIALOG_NOTHING);
	assert_string_equal(typed(&d, out), "");	/* no prompt yet: nothing is typed */
	feed(&d, "=> ", 300);
	dialog_tick(&d, dialog_deadline(&d));
	assert_string_equal(typed(&d, out), "r");	/* more carefully now */
}

static void without_a_prompt_behind_ctrl_c_nothing_is_typed(void **state)
{
	struct dialog d;
	struct dialog_event event = { .type = DIALOG_NOTHING };
	unsigned turns = 0, interrupts = 0;
	char out[16];

	(void)state;
	begin(&d, "=> ", "reset", NULL);
	typed(&d, out);
	while (event.type != DIALOG_FAILED && turns++ < 100) {
		event = dialog_tick(&d, dialog_deadline(&d));
		typed(&d, out);
		assert_true(out[0] == '\0' || strcmp(out, "\x03") == 0);
		interrupts += out[0] == '\x03';
	}
	assert_int_equal(event.type, DIALOG_FAILED);
	assert_int_equal(event.status, STATUS_PROTOCOL);
	assert_int_equal(interrupts, DIALOG_TRIES);	/* also the last one: no half line stays */
}

static void a_device_that_never_stops_talking_does_not_hold_the_dialog(void **state)
{
	struct dialog d;
	struct dialog_event event = { .type = DIALOG_NOTHING };
	uint64_t now_ms = 0;
	char out[16];

	(void)state;
	begin(&d, "=> ", "reset", NULL);
	while (event.type != DIALOG_FAILED && now_ms < 60000) {
		feed(&d, "kernel message\r\n", now_ms);
		typed(&d, out);
		assert_null(strchr(out, '\r'));
		now_ms += 20;
		if (now_ms >= dialog_deadline(&d))
			event = dialog_tick(&d, now_ms);
	}
	assert_int_equal(event.type, DIALOG_FAILED);
}

static void a_ctrl_c_that_the_line_has_not_taken_is_not_forgotten(void **state)
{
	struct dialog d;
	char out[16];

	(void)state;
	begin(&d, "=> ", "reset", NULL);
	typed(&d, out);
	feed(&d, "x", 1);
	feed(&d, "=> ", 2);
	dialog_tick(&d, dialog_deadline(&d));
	assert_string_equal(typed(&d, out), "\x03");
}

static void an_enter_that_was_never_taken_leaves_a_ctrl_c(void **state)
{
	struct dialog d;
	char out[16];

	(void)state;
	begin(&d, "=> ", "ls", NULL);
	typed(&d, out);
	feed(&d, "ls", 1);
	assert_int_equal(dialog_tick(&d, 5001).type, DIALOG_FAILED);
	assert_string_equal(typed(&d, out), "\x03");
}

static void a_blank_inside_a_number_is_not_taken_for_a_redraw(void **state)
{
	struct dialog d;
	char out[16];

	(void)state;
	begin(&d, "=> ", "md 0x1000", NULL);
	typed(&d, out);
	assert_int_equal(feed(&d, "md 0x1 00", 1), DIALOG_RETYPE);
	begin(&d, "=> ", "md 0x1000", NULL);
	typed(&d, out);
	assert_int_equal(feed(&d, " md 0x1 \b00", 1), DIALOG_NOTHING);	/* in front, and a wrap's redraw */
	assert_string_equal(typed(&d, out), "0");
}

static void controls_and_overlong_commands_are_refused(void **state)
{
	char longest[DIALOG_COMMAND_MAX + 1];
	struct dialog d;

	(void)state;
	dialog_init(&d, "=> ");
	assert_int_equal(dialog_start(&d, "a\rb", 1, NULL, 0), STATUS_INVALID);
	assert_int_equal(dialog_start(&d, "a\tb", 1, NULL, 0), STATUS_INVALID);
	memset(longest, 'x', sizeof(longest));
	longest[DIALOG_COMMAND_MAX] = '\0';
	assert_int_equal(dialog_start(&d, longest, 1, NULL, 0), STATUS_INVALID);
	longest[DIALOG_COMMAND_MAX - 1] = '\0';
	assert_int_equal(dialog_start(&d, longest, 1, NULL, 0), STATUS_OK);
	assert_int_equal(dialog_start(&d, "b", 1, NULL, 0), STATUS_BUSY);
}

static void the_prompt_ends_a_reply_only_alone_on_a_quiet_line(void **state)
{
	static const struct { const char *text; bool ends; } replies[] = {
		{ "# ", true }, { "#", true }, { "ok\r\n# ", true }, { "a # ", false }, { "# table\r\n", false }, { "\t ##\r\n\t #", false },
		{ "\x1b[1;32m# \x1b[0m", true }, { "12 %\r99 %\r# ", true }, { "\x1b]0;root@x\x07# \x1b[6n", true }, { "x\b# ", true }, { "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct dialog d;
		uint64_t now_ms;

		begin(&d, "# ", "ls", NULL);
		now_ms = type_whole(&d);
		feed(&d, replies[i].text, now_ms);
		if ((dialog_tick(&d, now_ms + DIALOG_QUIET_MS).type == DIALOG_REPLIED) != replies[i].ends)
			fail_msg("reply %zu", i);
	}
}

static void silence_is_a_timeout(void **state)
{
	struct dialog d;
	uint64_t now_ms;

	(void)state;
	begin(&d, "=> ", "ls", NULL);
	now_ms = type_whole(&d);
	assert_int_equal(dialog_tick(&d, now_ms + 4999).type, DIALOG_NOTHING);
	feed(&d, "still here", now_ms + 4999);
	assert_int_equal(dialog_tick(&d, now_ms + 5000).type, DIALOG_NOTHING);
	assert_int_equal(dialog_tick(&d, now_ms + 9999).status, STATUS_TIMEOUT);
	assert_string_equal(dialog_reply(&d), "\nstill here");
	assert_int_equal(dialog_output(&d).size, 0);	/* it may work, or start: nothing is sent into that */
}

static void a_prompt_that_a_message_pushed_away_is_fetched_once(void **state)
{
	struct dialog d;
	char out[16];
	uint64_t now_ms;

	(void)state;
	begin(&d, "=> ", "ls", NULL);
	now_ms = type_whole(&d);
	feed(&d, "a\r\n=> eth0: link up\r\n", now_ms);
	assert_int_equal(dialog_tick(&d, now_ms + 5000).type, DIALOG_NOTHING);
	assert_string_equal(typed(&d, out), "\x03");
	feed(&d, "<INTERRUPT>\r\n=> ", now_ms + 5001);
	assert_int_equal(dialog_tick(&d, now_ms + 5100).type, DIALOG_REPLIED);
	assert_non_null(strstr(dialog_reply(&d), "a\n"));
	/* A device that went on talking has left that prompt: Ctrl-C could stop its start. */
	begin(&d, "=> ", "ls", NULL);
	now_ms = type_whole(&d);
	feed(&d, "=> going down\r\nU-Boot\r\n", now_ms);
	assert_int_equal(dialog_tick(&d, now_ms + 5000).type, DIALOG_FAILED);
}

static void until_ends_the_command_too(void **state)
{
	struct bytes in = BYTES("T T \r\nRetry count exceeded; starting again");
	struct dialog d;

	(void)state;
	begin(&d, "=> ", "tftpboot", "Retry count");
	type_whole(&d);
	assert_int_equal(dialog_input(&d, &in, 50).type, DIALOG_MATCHED);
	assert_int_equal(in.size, strlen(" exceeded; starting again"));
	begin(&d, "=> ", "ls", "");
	type_whole(&d);
	assert_int_equal(feed(&d, "anything", 60), DIALOG_NOTHING);	/* an empty text is none */
}

static void a_hidden_line_needs_no_echo(void **state)
{
	struct dialog d;
	char out[16], all[64] = "";

	(void)state;
	dialog_init(&d, "# ");
	assert_int_equal(dialog_start_hidden(&d, "a long password", 1000, NULL, 0), STATUS_OK);
	for (unsigned i = 0; i < 10 && strchr(all, '\r') == NULL; i++)
		strcat(all, typed(&d, out));
	assert_string_equal(all, "a long password\r");
}

static void an_endless_reply_is_cut_and_its_prompt_still_seen(void **state)
{
	struct dialog d;
	uint64_t now_ms;

	(void)state;
	begin(&d, "=> ", "md", NULL);
	now_ms = type_whole(&d);
	for (unsigned i = 0; i < 2000; i++)
		feed(&d, "44000000: 00000000 00000000\r\n", now_ms);
	feed(&d, "=> ", now_ms);
	assert_int_equal(dialog_tick(&d, now_ms + DIALOG_QUIET_MS).type, DIALOG_REPLIED);
	assert_int_equal(strlen(dialog_reply(&d)), DIALOG_REPLY_MAX - 2);	/* without the newline of Enter */
}

static void byte_by_byte_equals_all_at_once(void **state)
{
	static const char text[] = "\r\nline\r\n\x1b[32mcolour\x1b[0m 5%\r10%\r\n\x1b]0;t\x07=> ";
	struct dialog one, all;
	uint64_t now_ms;

	(void)state;
	begin(&one, "=> ", "ls", NULL);
	begin(&all, "=> ", "ls", NULL);
	type_whole(&one);
	now_ms = type_whole(&all);
	feed(&all, text, now_ms);
	for (const char *at = text; *at; at++)
		feed(&one, (char[]){ *at, '\0' }, now_ms);
	assert_int_equal(dialog_deadline(&one), dialog_deadline(&all));
	assert_int_equal(dialog_tick(&one, now_ms + 30).type, DIALOG_REPLIED);
	assert_int_equal(dialog_tick(&all, now_ms + 30).type, DIALOG_REPLIED);
	assert_string_equal(dialog_reply(&one), dialog_reply(&all));
	assert_string_equal(dialog_reply(&one), "\nline\ncolour 5%10%\n");
}

static void prompts_are_told_from_other_text(void **state)
{
	static const char *const prompts[] = { "=> ", "hisilicon # ", "U-Boot>", "~ $ ", "login: " };
	static const char *const others[] = { "", "  ", "Loading", "\x1b[0m#", "a line of more than forty characters is no prompt #" };

	(void)state;
	for (size_t i = 0; i < sizeof(prompts) / sizeof(prompts[0]); i++)
		assert_true(dialog_looks_like_prompt(prompts[i], strlen(prompts[i])));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(dialog_looks_like_prompt(others[i], strlen(others[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_piece_waits_for_its_echo),
		cmocka_unit_test(a_wrong_echo_is_ended_with_ctrl_c_and_typed_again_only_at_the_prompt),
		cmocka_unit_test(without_a_prompt_behind_ctrl_c_nothing_is_typed),
		cmocka_unit_test(a_device_that_never_stops_talking_does_not_hold_the_dialog),
		cmocka_unit_test(a_ctrl_c_that_the_line_has_not_taken_is_not_forgotten),
		cmocka_unit_test(an_enter_that_was_never_taken_leaves_a_ctrl_c),
		cmocka_unit_test(a_blank_inside_a_number_is_not_taken_for_a_redraw),
		cmocka_unit_test(controls_and_overlong_commands_are_refused),
		cmocka_unit_test(the_prompt_ends_a_reply_only_alone_on_a_quiet_line),
		cmocka_unit_test(silence_is_a_timeout),
		cmocka_unit_test(a_prompt_that_a_message_pushed_away_is_fetched_once),
		cmocka_unit_test(until_ends_the_command_too),
		cmocka_unit_test(a_hidden_line_needs_no_echo),
		cmocka_unit_test(an_endless_reply_is_cut_and_its_prompt_still_seen),
		cmocka_unit_test(byte_by_byte_equals_all_at_once),
		cmocka_unit_test(prompts_are_told_from_other_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
