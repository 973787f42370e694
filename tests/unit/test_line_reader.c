/* tests/unit/test_line_reader.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "recovery/diagnosis/line_reader.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

/* All that comes out, as "number:text|". */
static void collect(char *to, size_t size, struct bytes in, size_t step)
{
	struct line_reader reader;
	struct reader_line line;

	to[0] = '\0';
	line_reader_init(&reader);
	while (in.size > 0) {
		struct bytes part = bytes_of(in.data, step < in.size ? step : in.size);

		in = bytes_from(in, part.size);
		while (line_reader_next(&reader, &part, 0, &line))
			text_append(to, size, "%u:%s|", line.number, line.text);
	}
	if (line_reader_end(&reader, &line))
		text_append(to, size, "%u:%s|", line.number, line.text);
}

static void assert_lines(struct bytes in, const char *expected)
{
	char got[4096];

	collect(got, sizeof(got), in, in.size);
	assert_string_equal(got, expected);
	collect(got, sizeof(got), in, 1);
	assert_string_equal(got, expected);
	collect(got, sizeof(got), in, 3);
	assert_string_equal(got, expected);
}

static void lines_end_with_lf_and_crlf_alike(void **state)
{
	(void)state;
	assert_lines(BYTES("one\ntwo\r\nthree\r\r\nfour"), "1:one|2:two|3:three|4:four|");
	assert_lines(BYTES("a\n\nb\n"), "1:a|2:|3:b|");
}

static void progress_on_one_line_comes_out_piece_by_piece_with_one_number(void **state)
{
	(void)state;
	assert_lines(BYTES("x\n10%\r20%\r30%\r\ndone\n"), "1:x|2:10%|2:20%|2:30%|3:done|");
}

static void backspaces_rub_out(void **state)
{
	(void)state;
	assert_lines(BYTES("autoboot:  2 \b\b\b 1 \b\b\b 0 \r\n"), "1:autoboot:  0 |");
	assert_lines(BYTES("\b\b\xc3\xa4\bok\n"), "1:ok|");
}

static void colours_and_titles_vanish(void **state)
{
	(void)state;
	assert_lines(BYTES("\x1b[0;32mgreen\x1b[0m text\n"), "1:green text|");
	assert_lines(BYTES("\x1b]0;title\x07shown\n\x1b]0;two\x1b\\again\n"), "1:shown|2:again|");
	assert_lines(BYTES("\x1b" "7\x1b[r\x1b[999;999H\x1b[6n\x1b" "8No EFI\n"), "1:No EFI|");
	assert_lines(BYTES("left\x1b[10;20Hright\n"), "1:left right|");
}

static void a_string_sequence_without_end_does_not_swallow_the_next_line(void **state)
{
	(void)state;
	assert_lines(BYTES("\x1b]0;lost\nkept\n"), "1:|2:kept|");
}

static void nul_and_noise_do_not_reach_the_text(void **state)
{
	(void)state;
	assert_lines(BYTES("\0\0U-\0Boot\x01\xff\n"), "1:U-Boot..|");
	assert_lines(BYTES("gr\xc3\xbc\xc3\x9f\n"), "1:gr\xc3\xbc\xc3\x9f|");
}

static void a_line_beyond_the_limit_is_cut_and_the_next_one_whole(void **state)
{
	struct line_reader reader;
	struct reader_line line;
	uint8_t big[2000];
	struct bytes in = bytes_of(big, sizeof(big)), rest = BYTES("\nnext\n");

	(void)state;
	memset(big, 'a', sizeof(big));
	line_reader_init(&reader);
	assert_false(line_reader_next(&reader, &in, 0, &line));
	assert_true(line_reader_next(&reader, &rest, 0, &line));
	assert_int_equal(line.size, LINE_READER_MAX);
	assert_true(line_reader_next(&reader, &rest, 0, &line));
	assert_string_equal(line.text, "next");
}

static void the_time_is_that_of_the_first_byte(void **state)
{
	struct line_reader reader;
	struct reader_line line;
	struct bytes first = BYTES("ab"), second = BYTES("c\n");

	(void)state;
	line_reader_init(&reader);
	assert_false(line_reader_next(&reader, &first, 100, &line));
	assert_true(line_reader_next(&reader, &second, 900, &line));
	assert_int_equal(line.time_ms, 100);
}

static void an_unfinished_line_can_be_looked_at(void **state)
{
	struct line_reader reader;
	struct reader_line line;
	struct bytes in = BYTES("old\n=> "), more = BYTES("reset\n");

	(void)state;
	line_reader_init(&reader);
	assert_true(line_reader_next(&reader, &in, 0, &line));
	assert_false(line_reader_next(&reader, &in, 0, &line));
	assert_true(line_reader_peek(&reader, &line));
	assert_string_equal(line.text, "=> ");
	assert_true(line_reader_next(&reader, &more, 0, &line));
	assert_string_equal(line.text, "=> reset");
	assert_int_equal(line.number, 2);
}

static void time_stamps_of_every_tool_are_skipped(void **state)
{
	static const struct { const char *line, *body; } rows[] = {
		{ "[    0.000000] Linux version 6.1", "Linux version 6.1" },
		{ "[    4.391135@2] UBIFS", "UBIFS" },
		{ "[   10.894036][    T1] Starting init", "Starting init" },
		{ "<6>[    1.000000] text", "text" },
		{ "[2024-01-02 12:34:56] U-Boot 2020.01", "U-Boot 2020.01" },
		{ "[12:34:56.789] U-Boot", "U-Boot" },
		{ "[0.000001 0.000001] [    0.5] x", "x" },
		{ "2024-01-02T12:34:56.789Z message", "message" },
		{ "12:34:56.789 message", "message" },
		{ "17:31:43.744 -> e:3", "e:3" }, { "00:00:12:345> U-Boot", "U-Boot" },
		{ "2024-05-06 10:11:12.345 RX: U-Boot", "U-Boot" }, { "  17.003 | U-Boot", "U-Boot" },
		{ "[uart0] U-Boot", "U-Boot" }, { "[/dev/ttyUSB0] => boot", "=> boot" }, { "[console] x", "x" },
		{ "[serial port is open", "[serial port is open" }, { "16 MiB | x", "16 MiB | x" },
		{ "Jun 05 03:46:05 host kernel: Under-voltage", "Under-voltage" },
		{ "Jun  5 03:46:05 host kernel: [   12.345678] Under-voltage", "Under-voltage" },
		{ "Tue Jan  7 07:54:20 PST 2025 upgrade: Image", "Image" },
		{ "Fri Apr 18 08:05:42 2025 user.info upgrade: Image", "Image" },
		{ "Feb  3 11:19:04 10.11.250.56 kernel: [ 5286.646845] SQUASHFS error: x", "SQUASHFS error: x" },
		{ "Jan  1 00:00:12 cam daemon.info dropbear[12]: Running", "Running" },
		{ "Nov 05 09:41:15.123456 nas systemd[1]: Timed out", "Timed out" },
		{ "2018 Jan 24 05:00:03 bmc kern.warning wedge100: kernel: jffs2: x", "kernel: jffs2: x" },
		{ "2025-01-02T03:04:05+0100 nas kernel: text", "text" },
		{ "[Fri Apr 18 08:05:42 2025] text", "text" },
		{ "kern  :err   : [    1.500000] text", "text" },
		{ "01-15 04:53:33.292   569   569 I update_engine: text", "text" },
		{ "[    3.123456].(0)[1:swapper/0]text", "text" },
		{ "<6>[    3.123456]  (1)[123:init]text", "text" },
		{ "> > [    1.000000] text", "text" },
		{ "Jan 02 12:34:56 U-Boot 2023.01", "U-Boot 2023.01" },
		{ "Jan 02 12:34:56 Linux version 5.10: x", "Linux version 5.10: x" },
		{ "Jan 02 12:34:56 UBI error: ubi_io_read", "UBI error: ubi_io_read" },
		{ "Jan 02 12:34:56 ubi0: attaching mtd5", "ubi0: attaching mtd5" },
		{ "4096 Jagged bytes", "4096 Jagged bytes" }, { "2048 MiB", "2048 MiB" },
		{ "user: x", "user: x" }, { "=> boot", "=> boot" }, { "(initramfs) ", "(initramfs) " },
		{ "   Image Name:   x", "Image Name:   x" },
		{ "17: Bad Data CRC", "Bad Data CRC" },
		{ "00: 1005 0000", "00: 1005 0000" },
		{ "[ERROR] : SWUPDATE failed", "[ERROR] : SWUPDATE failed" },
		{ "March is no time", "March is no time" },
		{ "[", "[" }, { "", "" }, { "Jun", "Jun" }, { "12:", "12:" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(rows[i].line + line_body_offset(rows[i].line), rows[i].body);
}

static void the_time_of_day_in_front_of_a_line_is_read(void **state)
{
	static const struct { const char *line; uint64_t ms; } rows[] = {
		{ "[2024-01-02 00:00:01.250] U-Boot", 1250 }, { "[01:00:00] U-Boot", 3600 * 1000 },
		{ "Jun 05 00:01:00 host kernel: x", 60 * 1000 }, { "[    1.000000] x", LINE_NO_CLOCK },
		{ "U-Boot 2023.01 (Jun 22 2026 - 08:38:07 +0000)", LINE_NO_CLOCK }, { "", LINE_NO_CLOCK },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_true(line_clock_ms(rows[i].line, line_body_offset(rows[i].line)) == rows[i].ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_with_lf_and_crlf_alike),
		cmocka_unit_test(progress_on_one_line_comes_out_piece_by_piece_with_one_number),
		cmocka_unit_test(backspaces_rub_out),
		cmocka_unit_test(colours_and_titles_vanish),
		cmocka_unit_test(a_string_sequence_without_end_does_not_swallow_the_next_line),
		cmocka_unit_test(nul_and_noise_do_not_reach_the_text),
		cmocka_unit_test(a_line_beyond_the_limit_is_cut_and_the_next_one_whole),
		cmocka_unit_test(the_time_is_that_of_the_first_byte),
		cmocka_unit_test(an_unfinished_line_can_be_looked_at),
		cmocka_unit_test(time_stamps_of_every_tool_are_skipped),
		cmocka_unit_test(the_time_of_day_in_front_of_a_line_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
