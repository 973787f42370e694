/* tests/unit/test_load_serial.c: what the drivers say to get a file over the console's line, and what they believe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/loader/talk.h"
#include "src/base/crc.h"
#include "src/base/text.h"

static const uint8_t image[] = "the firmware";
enum { SIZE = sizeof(image) };

struct talk {
	struct loader_place place;
	struct loader_build build;
	struct loader_task task;
	struct loader_say say;
	struct error error;
};

static void begin(struct talk *t)
{
	*t = (struct talk){ .place = { .load_address = 0x82000000 }, .build = { .is_known = true, .has_ymodem = true, .has_kermit = true, .has_xmodem = true } };
	loader_task_init(&t->task, &t->place, &t->build, bytes_of(image, SIZE));
}

static enum loader_turn next(struct talk *t, const struct loader_driver *driver, const char *reply)
{
	return driver->load_serial(&t->task, reply, &t->say, &t->error);
}

/* Until the image is wanted. */
static enum loader_turn until_send(struct talk *t, const struct loader_driver *driver, const char *waits)
{
	enum loader_turn turn = next(t, driver, NULL);

	while (turn == LOADER_TYPE && t->say.until == NULL)
		turn = next(t, driver, "");
	return turn == LOADER_TYPE ? next(t, driver, waits) : turn;
}

static const char *checksum(char *to, size_t size, uint32_t flip)
{
	return text_format(to, size, "crc32 for 82000000 ... %08x ==> %08x\n", 0x82000000 + SIZE - 1, crc32_update(0, bytes_of(image, SIZE)) ^ flip);
}

static void uboot_is_asked_for_the_best_that_its_build_has(void **state)
{
	static const struct { bool ymodem, kermit, xmodem; const char *wanted, *protocol, *command; } table[] = {
		{ true, true, true, NULL, "ymodem", "loady 0x82000000" }, { false, true, true, NULL, "kermit", "loadb 0x82000000" },
		{ false, false, true, NULL, "xmodem-1k", "loadx 0x82000000" }, { true, true, true, "kermit", "kermit", "loadb 0x82000000" },
		{ true, false, false, "kermit", NULL, NULL }, { false, false, false, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct talk t;
		enum loader_turn turn;

		begin(&t);
		t.build = (struct loader_build){ .is_known = true, .has_ymodem = table[i].ymodem, .has_kermit = table[i].kermit, .has_xmodem = table[i].xmodem };
		t.place.protocol = table[i].wanted;
		turn = until_send(&t, &loader_uboot, "## Ready for binary");
		assert_int_equal(turn, table[i].protocol ? LOADER_SEND : LOADER_FAILED);
		if (table[i].protocol == NULL)
			continue;
		assert_string_equal(t.say.protocol, table[i].protocol);
		assert_string_equal(t.say.command, table[i].command);
	}
}

static void uboot_is_believed_when_size_and_checksum_are_right(void **state)
{
	char reply[120], sum[80];
	struct talk t;

	(void)state;
	begin(&t);
	assert_int_equal(until_send(&t, &loader_uboot, "## Ready for binary"), LOADER_SEND);
	text_format(reply, sizeof(reply), "## Total Size      = 0x%08x = %d Bytes\n## Start Addr      = 0x82000000\n", SIZE, SIZE);
	assert_int_equal(next(&t, &loader_uboot, reply), LOADER_TYPE);
	assert_int_equal(next(&t, &loader_uboot, checksum(sum, sizeof(sum), 0)), LOADER_DONE);
	assert_int_equal(t.task.done, SIZE);
}

static void another_size_another_checksum_or_another_range_is_not_believed(void **state)
{
	static const char *const replies[] = {
		"## Total Size      = 0x00000000 = 0 Bytes\n", "## Total Size      = 0x00000005 = 5 Bytes\n", "## Binary (kermit) download aborted\n",
		"U-Boot 2020.01 (Jan 01 2020)\n",
	};
	char sum[80];
	struct talk t;

	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		begin(&t);
		until_send(&t, &loader_uboot, "## Ready for binary");
		if (next(&t, &loader_uboot, replies[i]) != LOADER_FAILED)
			fail_msg("%s", replies[i]);
		assert_true(t.error.text[0]);
	}
	begin(&t);
	until_send(&t, &loader_uboot, "## Ready for binary");
	assert_int_equal(next(&t, &loader_uboot, ""), LOADER_TYPE);	/* its words went by in the transfer: the checksum tells */
	assert_int_equal(next(&t, &loader_uboot, checksum(sum, sizeof(sum), 1)), LOADER_FAILED);
	begin(&t);
	until_send(&t, &loader_uboot, "## Ready for binary");
	next(&t, &loader_uboot, "");
	assert_int_equal(next(&t, &loader_uboot, "crc32 for 80000000 ... 8000000c ==> 00000000\n"), LOADER_FAILED);
}

static void a_command_that_is_not_there_sends_nothing(void **state)
{
	struct talk t;

	(void)state;
	begin(&t);
	t.build.is_known = false;
	assert_int_equal(until_send(&t, &loader_uboot, "Unknown command 'loady' - try 'help'\n"), LOADER_FAILED);
	begin(&t);
	assert_int_equal(until_send(&t, &loader_redboot, "** Error: Illegal command: \"load\"\n"), LOADER_FAILED);
	begin(&t);
	assert_int_equal(until_send(&t, &loader_barebox, "loadb: No such file or directory\n"), LOADER_FAILED);
}

static void xmodem_pads_so_only_the_checksum_counts(void **state)
{
	char sum[80];
	struct talk t;

	(void)state;
	begin(&t);
	t.place.protocol = "xmodem";
	until_send(&t, &loader_uboot, "## Ready for binary");
	assert_int_equal(next(&t, &loader_uboot, "## Total Size      = 0x00000080 = 128 Bytes\n"), LOADER_TYPE);
	assert_int_equal(next(&t, &loader_uboot, checksum(sum, sizeof(sum), 0)), LOADER_DONE);
}

static void redboot_and_barebox_are_asked_in_their_words(void **state)
{
	struct talk t;

	(void)state;
	begin(&t);
	assert_int_equal(until_send(&t, &loader_redboot, "CC"), LOADER_SEND);
	assert_string_equal(t.say.command, "load -r -m ymodem -b 0x82000000");
	assert_string_equal(t.say.protocol, "ymodem");
	assert_int_equal(next(&t, &loader_redboot, "Raw file loaded 0x82000000-0x8200000c, assumed entry at 0x82000000\n"), LOADER_TYPE);
	begin(&t);
	until_send(&t, &loader_redboot, "CC");
	assert_int_equal(next(&t, &loader_redboot, "Raw file loaded 0x82000000-0x8200000b, assumed entry at 0x82000000\n"), LOADER_FAILED);
	begin(&t);
	assert_int_equal(until_send(&t, &loader_barebox, "## Ready for binary"), LOADER_SEND);
	assert_string_equal(t.say.command, "loadb -f /unbrick.img");
	assert_string_equal(t.say.protocol, "kermit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uboot_is_asked_for_the_best_that_its_build_has),
		cmocka_unit_test(uboot_is_believed_when_size_and_checksum_are_right),
		cmocka_unit_test(another_size_another_checksum_or_another_range_is_not_believed),
		cmocka_unit_test(a_command_that_is_not_there_sends_nothing),
		cmocka_unit_test(xmodem_pads_so_only_the_checksum_counts),
		cmocka_unit_test(redboot_and_barebox_are_asked_in_their_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
