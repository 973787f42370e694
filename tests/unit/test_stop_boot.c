/* tests/unit/test_stop_boot.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/loader/stop_boot.h"

#define BANNER "\r\n\r\nU-Boot 2023.01 (Jun 22 2026 - 08:38:07 +0000)\r\n\r\nDRAM:  256 MiB\r\n"
#define WINDOW "Hit any key to stop autoboot:  2 "

static enum stop_boot_event_type feed(struct stop_boot *s, const char *text, uint64_t now_ms)
{
	struct bytes in = bytes_of_text(text);
	enum stop_boot_event_type last = STOP_BOOT_NOTHING;

	while (in.size > 0) {
		enum stop_boot_event_type type = stop_boot_input(s, &in, now_ms);

		if (type != STOP_BOOT_NOTHING)
			last = type;
	}
	return last;
}

static const char *sent(struct stop_boot *s, char *to)
{
	struct bytes out = stop_boot_output(s);

	if (out.size > 0)
		memcpy(to, out.data, out.size);
	to[out.size] = '\0';
	stop_boot_sent(s, out.size);
	return to;
}

/* Time passes in silence: how many keys are sent, and did it end? Stops at Ctrl-C. */
static unsigned wait(struct stop_boot *s, uint64_t *now_ms, uint64_t for_ms, bool *ret_interrupts)
{
	uint64_t end_ms = *now_ms + for_ms;
	unsigned keys = 0;
	char out[32];

	*ret_interrupts = false;
	while (stop_boot_deadline(s) <= end_ms) {
		*now_ms = stop_boot_deadline(s);
		stop_boot_tick(s, *now_ms);
		sent(s, out);
		if (out[0] == '\x03') {
			*ret_interrupts = true;
			return keys;
		}
		keys += out[0] != '\0';
	}
	*now_ms = end_ms;
	return keys;
}

static bool interrupts_within(struct stop_boot *s, uint64_t *now_ms, uint64_t for_ms)
{
	bool interrupts;

	wait(s, now_ms, for_ms, &interrupts);
	return interrupts;
}

static void stops_at_the_window_and_learns_the_prompt(void **state)
{
	struct stop_boot s;
	uint64_t now_ms = 10;
	bool interrupts;
	char out[32];

	(void)state;
	stop_boot_init(&s, NULL, "Hit any key", NULL);
	assert_int_equal(stop_boot_deadline(&s), UINT64_MAX);
	assert_int_equal(feed(&s, BANNER, now_ms), STOP_BOOT_NOTHING);
	assert_int_equal(feed(&s, WINDOW, now_ms), STOP_BOOT_STARTED);
	assert_string_equal(sent(&s, out), " ");
	assert_int_equal(wait(&s, &now_ms, 300, &interrupts), 10);	/* never a flood */
	assert_false(interrupts);
	feed(&s, "\b\b\b 0 \r\nhisilicon #   ", now_ms);
	assert_int_equal(wait(&s, &now_ms, 100, &interrupts), 0);
	assert_true(interrupts);
	feed(&s, "<INTERRUPT>\r\nhisilicon # ", now_ms);
	assert_int_equal(stop_boot_tick(&s, now_ms + STOP_BOOT_QUIET_MS), STOP_BOOT_DONE);
	assert_string_equal(stop_boot_prompt(&s), "hisilicon # ");
	assert_int_equal(stop_boot_deadline(&s), UINT64_MAX);
}

static void keys_that_came_too_late_do_not_hide_the_prompt(void **state)
{
	static const char *const prompts[] = { NULL, "ar7240> " };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct stop_boot s;
		uint64_t now_ms = 10;
		bool interrupts;

		stop_boot_init(&s, "tpl", NULL, prompts[i]);
		assert_int_equal(feed(&s, "U-Boot 1.1.4 (Sep 1 2014)\r\n", now_ms), STOP_BOOT_STARTED);
		feed(&s, "ar7240> tpltpl", now_ms);
		assert_true(interrupts_within(&s, &now_ms, 100));
		/* one more came behind Ctrl-C: it is in the device's line, which must be cleaned again */
		feed(&s, "\r\nar7240> tpl", now_ms);
		assert_int_equal(wait(&s, &now_ms, 200, &interrupts), 0);
		assert_true(interrupts);
		feed(&s, "\r\nar7240> ", now_ms);
		assert_int_equal(stop_boot_tick(&s, now_ms + STOP_BOOT_QUIET_MS), STOP_BOOT_DONE);
		assert_string_equal(stop_boot_prompt(&s), "ar7240> ");
	}
}

static void a_pause_behind_net_is_no_prompt(void **state)
{
	struct stop_boot s;
	uint64_t now_ms = 10;
	bool interrupts;

	(void)state;
	stop_boot_init(&s, NULL, NULL, NULL);
	feed(&s, BANNER "Net:   ", now_ms);
	assert_true(interrupts_within(&s, &now_ms, 100));
	/* the network comes up: no prompt, and keys are sent again until the window */
	assert_true(wait(&s, &now_ms, 2000, &interrupts) > 40);
	assert_false(interrupts);
	feed(&s, "eth0\r\n=> ", now_ms);
	assert_true(interrupts_within(&s, &now_ms, 100));
	feed(&s, "\r\n=> ", now_ms);
	assert_int_equal(stop_boot_tick(&s, now_ms + STOP_BOOT_QUIET_MS), STOP_BOOT_DONE);
}

static void the_kernel_is_too_late_in_every_state(void **state)
{
	struct stop_boot s;
	uint64_t now_ms = 10;

	(void)state;
	stop_boot_init(&s, NULL, NULL, NULL);
	assert_int_equal(feed(&s, "Starting kernel ...\r\n", now_ms), STOP_BOOT_NOTHING);	/* nobody tried yet */
	feed(&s, BANNER, now_ms);
	assert_int_equal(feed(&s, "Starting kernel ...\r\n", now_ms), STOP_BOOT_MISSED);
	assert_int_equal(stop_boot_deadline(&s), UINT64_MAX);	/* no keys into the system */
	feed(&s, BANNER "Net: ", now_ms);
	assert_true(interrupts_within(&s, &now_ms, 100));
	assert_int_equal(feed(&s, "eth0\r\nStarting kernel ...\r\n", now_ms), STOP_BOOT_MISSED);
	assert_int_equal(feed(&s, BANNER, now_ms), STOP_BOOT_STARTED);	/* its next start */
}

static void the_systems_own_words_start_nothing_and_are_no_prompt(void **state)
{
	static const char *const lines[] = { "cam32 login: ", "Password: " };
	struct stop_boot s;
	uint64_t now_ms = 10;

	(void)state;
	stop_boot_init(&s, NULL, NULL, NULL);
	assert_int_equal(feed(&s, "[ 1.0] Searching for RedBoot partition table in spi0.0\r\n", now_ms), STOP_BOOT_NOTHING);
	for (size_t i = 0; i < 2; i++) {
		stop_boot_init(&s, NULL, NULL, NULL);
		feed(&s, BANNER, now_ms);
		feed(&s, lines[i], now_ms);
		assert_false(interrupts_within(&s, &now_ms, 500));
	}
}

static void another_prompt_than_the_profiles_is_not_taken(void **state)
{
	struct stop_boot s;
	uint64_t now_ms = 10;

	(void)state;
	stop_boot_init(&s, NULL, NULL, "=> ");
	feed(&s, BANNER "/ # ", now_ms);
	assert_false(interrupts_within(&s, &now_ms, 500));
	feed(&s, "\r\n=> x", now_ms);	/* not alone on its line */
	assert_false(interrupts_within(&s, &now_ms, 500));
}

static void colours_around_the_prompt_are_not_part_of_it(void **state)
{
	struct stop_boot s;
	uint64_t now_ms = 10;

	(void)state;
	stop_boot_init(&s, NULL, NULL, NULL);
	feed(&s, BANNER "\x1b[1;32m=> \x1b[0m", now_ms);
	assert_true(interrupts_within(&s, &now_ms, 100));
	feed(&s, "\r\n\x1b[1;32m=> \x1b[0m", now_ms);
	assert_int_equal(stop_boot_tick(&s, now_ms + STOP_BOOT_QUIET_MS), STOP_BOOT_DONE);
	assert_string_equal(stop_boot_prompt(&s), "=> ");
}

static void at_a_prompt_the_line_is_only_cleaned(void **state)
{
	struct stop_boot s;
	char out[32];

	(void)state;
	stop_boot_init(&s, NULL, NULL, NULL);
	stop_boot_at_prompt(&s, 100);
	assert_string_equal(sent(&s, out), "\x03");
	feed(&s, "<INTERRUPT>\r\n=> ", 110);
	assert_int_equal(stop_boot_tick(&s, 230), STOP_BOOT_DONE);
	/* Nothing answers: it waits for a start, and sends nothing into the unknown. */
	stop_boot_init(&s, NULL, NULL, NULL);
	stop_boot_at_prompt(&s, 100);
	sent(&s, out);
	assert_int_equal(stop_boot_tick(&s, 220), STOP_BOOT_NOTHING);
	assert_string_equal(sent(&s, out), "");
	assert_int_equal(stop_boot_deadline(&s), UINT64_MAX);
	assert_int_equal(feed(&s, BANNER, 300), STOP_BOOT_STARTED);
}

static void a_question_that_ends_like_a_prompt_is_answered_with_nothing(void **state)
{
	static const char *const asks[] = { "(Y)es, (N)o->", "Overwrite the environment (y/n)? ", "Please choose the operation: " };
	struct stop_boot s;
	char out[32];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		stop_boot_init(&s, "\x1b", NULL, NULL);
		assert_int_equal(feed(&s, BANNER, 10), STOP_BOOT_STARTED);
		sent(&s, out);
		feed(&s, "\r\n", 20);
		feed(&s, asks[i], 21);
		for (uint64_t now_ms = 30; now_ms < 1000; now_ms += 10) {
			assert_int_equal(stop_boot_tick(&s, now_ms), STOP_BOOT_NOTHING);
			assert_null(strchr(sent(&s, out), 0x03));
		}
	}
}

static void byte_by_byte_equals_all_at_once(void **state)
{
	static const char text[] = BANNER "Net: eth0\r\n" WINDOW "\b\b\b 0 \r\n\x1b[0m=>  ";
	struct stop_boot one, all;

	(void)state;
	stop_boot_init(&one, NULL, NULL, NULL);
	stop_boot_init(&all, NULL, NULL, NULL);
	feed(&all, text, 10);
	for (const char *at = text; *at; at++)
		feed(&one, (char[]){ *at, '\0' }, 10);
	assert_int_equal(one.state, all.state);
	assert_int_equal(stop_boot_deadline(&one), stop_boot_deadline(&all));
	assert_int_equal(one.tail_size, all.tail_size);
	assert_memory_equal(one.tail, all.tail, all.tail_size);
}

static const char *const passwords[] = { "wrong", "HI2105CHIP" };

/* Silence until the machine wants something; what it sends. */
static const char *settle(struct stop_boot *s, uint64_t *now_ms, enum stop_boot_event_type *ret_type, char *out)
{
	*ret_type = STOP_BOOT_NOTHING;
	out[0] = '\0';
	for (unsigned i = 0; i < 50 && out[0] == '\0' && *ret_type == STOP_BOOT_NOTHING && stop_boot_deadline(s) != UINT64_MAX; i++) {
		*now_ms = stop_boot_deadline(s);
		*ret_type = stop_boot_tick(s, *now_ms);
		sent(s, out);
	}
	return out;
}

static void a_locked_loader_gets_each_password_once(void **state)
{
	struct stop_boot s;
	uint64_t now_ms = 0;
	enum stop_boot_event_type type;
	char out[96];

	(void)state;
	stop_boot_init(&s, "\x03", NULL, "xmtech # ");
	stop_boot_passwords(&s, passwords, 2);
	assert_int_equal(feed(&s, BANNER "Press CTRL-C to abort autoboot in 1 seconds", 0), STOP_BOOT_STARTED);
	sent(&s, out);
	feed(&s, "\r\nPassword: ", 10);
	assert_string_equal(settle(&s, &now_ms, &type, out), "wrong\r");
	assert_int_equal(type, STOP_BOOT_PASSWORD);
	assert_int_equal(s.password_next, 1);
	feed(&s, "*****\r\nWrong password\r\nPassword: ", now_ms);
	assert_string_equal(settle(&s, &now_ms, &type, out), "HI2105CHIP\r");
	feed(&s, "**********\r\n\r\nxmtech # ", now_ms);
	assert_string_equal(settle(&s, &now_ms, &type, out), "\x03");
	feed(&s, "<INTERRUPT>\r\nxmtech # ", now_ms);
	settle(&s, &now_ms, &type, out);
	assert_int_equal(type, STOP_BOOT_DONE);
}

static void without_a_password_nothing_is_typed_until_somebody_gives_one(void **state)
{
	struct stop_boot s;
	uint64_t now_ms = 0;
	enum stop_boot_event_type type;
	char out[96];

	(void)state;
	stop_boot_init(&s, NULL, NULL, NULL);
	feed(&s, BANNER WINDOW, 0);
	sent(&s, out);
	feed(&s, "\r\nplease input password::", 10);
	assert_string_equal(settle(&s, &now_ms, &type, out), "");
	assert_int_equal(type, STOP_BOOT_LOCKED);
	assert_int_equal(stop_boot_deadline(&s), UINT64_MAX);
	assert_false(stop_boot_give(&s, "0123456789012345678901234567890123456789012345678901234567890123456789", now_ms));
	assert_true(stop_boot_give(&s, "by hand", now_ms));
	assert_string_equal(sent(&s, out), "by hand\r");
}

static void keys_that_came_behind_the_question_are_taken_back(void **state)
{
	struct stop_boot s;
	uint64_t now_ms = 0;
	enum stop_boot_event_type type;
	char out[96];

	(void)state;
	stop_boot_init(&s, "tpl", NULL, NULL);
	stop_boot_passwords(&s, passwords, 2);
	feed(&s, BANNER "Autobooting in 1 seconds", 0);
	feed(&s, "\r\nPassword: **", 10);
	assert_string_equal(settle(&s, &now_ms, &type, out), "\b\b");
	feed(&s, "\b \b\b \b", now_ms);
	assert_string_equal(settle(&s, &now_ms, &type, out), "wrong\r");
}

static void a_word_about_passwords_does_not_end_the_stopping(void **state)
{
	struct stop_boot s;
	bool interrupts;
	uint64_t now_ms = 100;

	(void)state;
	stop_boot_init(&s, NULL, NULL, NULL);
	stop_boot_passwords(&s, passwords, 2);
	feed(&s, BANNER "Password: disabled\r\n" WINDOW, 0);
	assert_true(wait(&s, &now_ms, 300, &interrupts) >= 5);
	assert_int_equal(s.password_next, 0);
}

static void a_login_of_the_system_gets_no_loader_password(void **state)
{
	struct stop_boot s;
	uint64_t now_ms = 0;
	enum stop_boot_event_type type;
	char out[96];

	(void)state;
	stop_boot_init(&s, NULL, NULL, NULL);
	stop_boot_passwords(&s, passwords, 2);
	feed(&s, BANNER WINDOW "\r\nStarting kernel ...\r\ncam login: root\r\nPassword: ", 0);
	assert_string_equal(settle(&s, &now_ms, &type, out), "");
	assert_int_equal(s.password_next, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stops_at_the_window_and_learns_the_prompt),
		cmocka_unit_test(keys_that_came_too_late_do_not_hide_the_prompt),
		cmocka_unit_test(a_pause_behind_net_is_no_prompt),
		cmocka_unit_test(the_kernel_is_too_late_in_every_state),
		cmocka_unit_test(the_systems_own_words_start_nothing_and_are_no_prompt),
		cmocka_unit_test(another_prompt_than_the_profiles_is_not_taken),
		cmocka_unit_test(colours_around_the_prompt_are_not_part_of_it),
		cmocka_unit_test(at_a_prompt_the_line_is_only_cleaned),
		cmocka_unit_test(a_question_that_ends_like_a_prompt_is_answered_with_nothing),
		cmocka_unit_test(byte_by_byte_equals_all_at_once),
		cmocka_unit_test(a_locked_loader_gets_each_password_once),
		cmocka_unit_test(without_a_password_nothing_is_typed_until_somebody_gives_one),
		cmocka_unit_test(keys_that_came_behind_the_question_are_taken_back),
		cmocka_unit_test(a_word_about_passwords_does_not_end_the_stopping),
		cmocka_unit_test(a_login_of_the_system_gets_no_loader_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
