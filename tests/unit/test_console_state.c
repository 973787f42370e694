/* tests/unit/test_console_state.c: what stands at the other end of the line, and what may be typed there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/loader/console_state.h"
#include "src/base/text.h"

static struct console_state look(const char *tail)
{
	struct console_seen seen = { .tail = bytes_of_text(tail), .quiet_ms = 1000 };
	struct console_state state;

	console_state_of(&seen, &state);
	return state;
}

static const struct { const char *tail; enum console_at at; const char *loader; bool may_command; } cases[] = {
	{ "", CONSOLE_AT_SILENCE, NULL, false },
	{ "\r\nU-Boot 2023.01\r\n=> ", CONSOLE_AT_LOADER, "uboot", true },
	{ "\r\nhisilicon # ", CONSOLE_AT_LOADER, "uboot", true },
	{ "U-Boot 1.1.3 (Ralink)\r\nMT7628 # ", CONSOLE_AT_LOADER, NULL, true },
	{ "something\r\nMT7628 # ", CONSOLE_AT_LOADER, NULL, false },
	{ "\r\n\x1b[1;32mbarebox@Phytec phyCORE:/\x1b[0m ", CONSOLE_AT_LOADER, "barebox", true },
	{ "\r\n\x1b[1;32mbarebox@imx6:/ \x1b[0m", CONSOLE_AT_LOADER, "barebox", true },
	{ "\r\nRedBoot> ", CONSOLE_AT_LOADER, "redboot", true },
	{ "*** command status = 0\r\nCFE> ", CONSOLE_AT_LOADER, "cfe", true },
	{ "\r\n<RealTek>", CONSOLE_AT_LOADER, "realtek", true },
	{ "\r\nbreed> ", CONSOLE_AT_LOADER, "breed", true },
	{ "\r\nHKVS $ ", CONSOLE_AT_LOADER, "hikvision", true },
	{ "\r\nZHAL> ", CONSOLE_AT_LOADER, "zyxel", true },
	{ "\r\nEnter Debug Mode\r\n", CONSOLE_AT_LOADER, "zyxel", true },
	{ "\r\nHit any key to stop autoboot:  3 \b\b\b 2 ", CONSOLE_AT_COUNTDOWN, NULL, false },
	{ "\r\nHit ctrl+u to stop autoboot:  1", CONSOLE_AT_COUNTDOWN, "hikvision", false },
	{ "Autobooting in 1 seconds", CONSOLE_AT_COUNTDOWN, "uboot", false },
	{ "== Executing boot script in 3.000 seconds - enter ^C to abort\r\n", CONSOLE_AT_COUNTDOWN, "redboot", false },
	{ "Press any key to enter debug mode within 3 seconds.\r\n..", CONSOLE_AT_COUNTDOWN, "zyxel", false },
	{ "U-Boot 2010.06\r\nPassword: ", CONSOLE_AT_LOADER_PASSWORD, NULL, false },
	{ "cam login: root\r\nPassword: ", CONSOLE_AT_PASSWORD, NULL, false },
	{ "[    3.2] usb: new\r\ncam32 login: ", CONSOLE_AT_LOGIN, NULL, false },
	{ "root@OpenWrt:~# ", CONSOLE_AT_SHELL, NULL, true },
	{ "BusyBox v1.30.1 () built-in shell (ash)\r\n\r\n/ # ", CONSOLE_AT_SHELL, NULL, true },
	{ "BusyBox v1.30.1 () built-in shell (ash)\r\n\r\n# ", CONSOLE_AT_SHELL, NULL, true },
	{ "/ # echo 'x\r\n> ", CONSOLE_AT_CONTINUATION, NULL, false },
	{ "Please press Enter to activate this console. ", CONSOLE_AT_ACTIVATE, NULL, false },
	{ "line\r\n--More-- ", CONSOLE_AT_PAGER, NULL, false },
	{ "line\r\n--More--(12%)", CONSOLE_AT_PAGER, NULL, false },
	{ "An image named 'linux' exists - continue (y/n)? ", CONSOLE_AT_QUESTION, NULL, false },
	{ "from RAM 0x80500000 to 0x80600000\r\n(Y)es, (N)o->", CONSOLE_AT_QUESTION, NULL, false },
	{ "Flash read\t?\r\n(Y)es , (N)o ? --> ", CONSOLE_AT_QUESTION, NULL, false },
	{ "\x1b[?1049h\x1b[2J~\r\n~\r\n# ", CONSOLE_AT_SCREEN, NULL, false },
	{ "\x1b[?1049h~\x1b[?1049l\r\nroot@cam:~# ", CONSOLE_AT_SHELL, NULL, true },
	{ "\r\nCCCC", CONSOLE_AT_TRANSFER, NULL, false },
	{ "\x15\x15\x15\x15", CONSOLE_AT_TRANSFER, NULL, false },
	{ "Please choose the operation: \r\n   1: Load\r\n   4: Entr boot command line interface.\r\n 3 ", CONSOLE_AT_MENU, NULL, false },
	{ "Please choose the operation: \r\n   4: Entr boot\r\nYou choosed 4\r\nU-Boot\r\nMT7621 # ", CONSOLE_AT_LOADER, NULL, true },
	{ "recording to /mnt/sd 00:12\r\nfps 25\r\n", CONSOLE_AT_PROGRAM, NULL, false },
	{ "RomBOOT\r\n", CONSOLE_AT_BOOT_ROM, NULL, false },
	{ "\x80\xf3\x01\x91\xe0\xff\x12\x80\xf3\x01\x91\xe0\xff\x12\x99\x80", CONSOLE_AT_GARBAGE, NULL, false },
};

static void each_console_is_known_by_what_it_prints(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct console_state found = look(cases[i].tail);

		if (found.at != cases[i].at || !text_equal(found.loader, cases[i].loader) || console_state_may(&found, CONSOLE_MAY_COMMAND) != cases[i].may_command)
			fail_msg("case %zu '%s': %s, loader %s, may %x, confidence %u", i, cases[i].tail, console_at_text(found.at), found.loader ? found.loader : "-", found.may,
				 found.confidence);
	}
}

static void enter_and_ctrl_c_are_typed_into_no_unknown_state(void **state)
{
	static const enum console_at known[] = { CONSOLE_AT_LOADER, CONSOLE_AT_SHELL, CONSOLE_AT_LOGIN, CONSOLE_AT_ACTIVATE, CONSOLE_AT_ECHO };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct console_state found = look(cases[i].tail);
		bool is_known = false;

		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			is_known = is_known || found.at == known[k];
		if (!is_known)
			assert_int_equal(found.may & (CONSOLE_MAY_ENTER | CONSOLE_MAY_CTRL_C | CONSOLE_MAY_COMMAND), 0);
	}
}

static void a_countdown_names_its_key(void **state)
{
	(void)state;
	assert_string_equal(look("Hit any key to stop autoboot:  3 ").stop_key, " ");
	assert_string_equal(look("Press CTRL-C to abort autoboot in 1 seconds").stop_key, "\x03");
	assert_string_equal(look("Hit Esc key to stop autoboot: 2").stop_key, "\x1b");
	assert_null(look("Autobooting in 1 seconds").stop_key);
	assert_true(console_state_may(&(struct console_state){ .may = look("Autobooting in 1 seconds").may }, CONSOLE_MAY_STOP_KEY));
}

static void what_still_talks_is_at_no_prompt(void **state)
{
	struct console_seen seen = { .tail = BYTES("U-Boot 2023.01\r\n=> "), .quiet_ms = 20 };
	struct console_state found;

	(void)state;
	console_state_of(&seen, &found);
	assert_int_equal(found.at, CONSOLE_AT_PROGRAM);
}

static void the_profiles_prompt_is_believed(void **state)
{
	struct console_seen seen = { .tail = BYTES("\r\n# "), .quiet_ms = 1000, .prompt = "# " };
	struct console_state found;

	(void)state;
	console_state_of(&seen, &found);
	assert_int_equal(found.at, CONSOLE_AT_LOADER);
	assert_true(console_state_may(&found, CONSOLE_MAY_COMMAND));
}

static void an_echoed_space_allows_enter_only_where_nothing_asks(void **state)
{
	struct console_seen seen = { .tail = BYTES(" "), .quiet_ms = 1000, .was_probed = true };
	struct console_state found;

	(void)state;
	console_state_of(&seen, &found);
	assert_int_equal(found.at, CONSOLE_AT_ECHO);
	assert_true(console_state_may(&found, CONSOLE_MAY_ENTER));
	seen.tail = BYTES("Erase the flash? (y/n)\r\n ");
	console_state_of(&seen, &found);
	assert_false(console_state_may(&found, CONSOLE_MAY_ENTER));
	seen.tail = BYTES("Please choose the operation:\r\n 2: write\r\n ");
	console_state_of(&seen, &found);
	assert_false(console_state_may(&found, CONSOLE_MAY_ENTER));
	seen.tail = BYTES(" ");
	seen.was_probed = false;
	console_state_of(&seen, &found);
	assert_false(console_state_may(&found, CONSOLE_MAY_ENTER));
}

static void a_prompt_in_the_middle_of_a_table_is_none(void **state)
{
	(void)state;
	assert_int_equal(look("0x00000 RO  # 0x10000 RO").at, CONSOLE_AT_PROGRAM);
	assert_int_equal(look("Bank # 1: CFI\r\n  Sector => 12").at, CONSOLE_AT_PROGRAM);
}

/* Every prefix of what a device says is looked at while it comes. */
static void any_part_of_a_start_is_survived(void **state)
{
	static const char start[] = "\x1b[2J\x1b[?1049hU-Boot 2020.04\r\nDRAM:  64 MiB\r\n\b\b\b\xff\x80Hit any key to stop autoboot:  1 \b\b\b 0 \r\n=> ";

	(void)state;
	for (size_t from = 0; from < sizeof(start); from++)
		for (size_t size = 0; from + size < sizeof(start); size++) {
			struct console_seen seen = { .tail = bytes_of(start + from, size), .quiet_ms = 500, .was_probed = size % 2 };
			struct console_state found;

			console_state_of(&seen, &found);
			assert_true(found.confidence <= 100);
			assert_true(console_at_text(found.at)[0] != '\0');
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_console_is_known_by_what_it_prints),
		cmocka_unit_test(enter_and_ctrl_c_are_typed_into_no_unknown_state),
		cmocka_unit_test(a_countdown_names_its_key),
		cmocka_unit_test(what_still_talks_is_at_no_prompt),
		cmocka_unit_test(the_profiles_prompt_is_believed),
		cmocka_unit_test(an_echoed_space_allows_enter_only_where_nothing_asks),
		cmocka_unit_test(a_prompt_in_the_middle_of_a_table_is_none),
		cmocka_unit_test(any_part_of_a_start_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
