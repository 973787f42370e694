/* The device's screen: what it keeps, what it never lets through, where its marks stand. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ui/keys.h"
#include "ui/terminal_history.h"
#include "ui/terminal_view.h"

static struct terminal_view *new_view(int rows, int cols)
{
	struct terminal_view *view;
	struct error error;

	assert_int_equal(terminal_view_new(rows, cols, &view, &error), STATUS_OK);
	return view;
}

static void feed(struct terminal_view *view, const char *text)
{
	terminal_view_input(view, bytes_of_text(text));
}

static const char *row(struct terminal_view *view, uint64_t number)
{
	static char text[512];

	terminal_view_row_text(view, number, text, sizeof(text));
	return text;
}

static void lines_that_scroll_off_are_kept_with_their_number(void **state)
{
	struct terminal_view *view = new_view(4, 40);
	char line[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "line %d\r\n", i);
		feed(view, line);
	}
	assert_string_equal(row(view, 0), "line 0");
	assert_string_equal(row(view, 500), "line 500");
	assert_string_equal(row(view, 999), "line 999");
	terminal_view_free(view);
}

static void one_byte_at_a_time_is_the_same_picture(void **state)
{
	static const char text[] = "a\x1b[31mred\x1b[0m \xc3\xa9\xe2\x82\xac\r\n\x1b]0;title\x07next\x1b[2Cgap";
	struct terminal_view *all = new_view(5, 40), *bytes = new_view(5, 40);
	char expected[512];

	(void)state;
	feed(all, text);
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		terminal_view_input(bytes, bytes_of(text + i, 1));
	for (uint64_t i = 0; i < 5; i++) {
		terminal_view_row_text(all, i, expected, sizeof(expected));
		assert_string_equal(row(bytes, i), expected);
	}
	assert_string_equal(row(all, 0), "ared \xc3\xa9\xe2\x82\xac");
	assert_string_equal(row(all, 1), "next  gap");
	terminal_view_free(all);
	terminal_view_free(bytes);
}

static void what_the_emulator_would_answer_is_never_sent(void **state)
{
	struct terminal_view *view = new_view(5, 40);
	char out[64];
	size_t size;

	(void)state;
	feed(view, "\x1b[c\x1b[>c\x1b[6n\x1b[5n\x1bP$qm\x1b\\\x1b[?6n");
	size = terminal_view_encode_key(view, UI_KEY_UP, out, sizeof(out));
	assert_int_equal(size, 3);
	assert_memory_equal(out, "\x1b[A", 3);
	terminal_view_free(view);
}

static void cursor_keys_follow_the_mode_of_the_device(void **state)
{
	struct terminal_view *view = new_view(5, 40);
	char out[64];

	(void)state;
	feed(view, "\x1b[?1h");
	assert_int_equal(terminal_view_encode_key(view, UI_KEY_UP, out, sizeof(out)), 3);
	assert_memory_equal(out, "\x1bOA", 3);
	assert_int_equal(terminal_view_encode_key(view, UI_KEY_ENTER, out, sizeof(out)), 1);
	assert_int_equal(out[0], '\r');
	assert_int_equal(terminal_view_encode_key(view, 0xe9, out, sizeof(out)), 2);
	terminal_view_free(view);
}

static void a_hundred_thousand_full_lines_stay_under_the_ceiling(void **state)
{
	struct terminal_history history;
	char line[160];

	(void)state;
	memset(line, 'x', sizeof(line));
	assert_int_equal(terminal_history_init(&history), STATUS_OK);
	for (int i = 0; i < 250000; i++) {
		terminal_history_push(&history, line, sizeof(line), NULL, 0);
		assert_true(history.bytes <= TERMINAL_HISTORY_BYTES_MAX);
	}
	assert_true(history.count <= TERMINAL_HISTORY_LINES_MAX);
	assert_true(history.count > 80000 - 1000);
	assert_int_equal(history.dropped + history.count, 250000);
	terminal_history_done(&history);
}

static void search_goes_upwards_and_ignores_case(void **state)
{
	struct terminal_view *view = new_view(4, 40);
	uint64_t found;

	(void)state;
	feed(view, "first ERROR\r\na\r\nb\r\nc\r\nsecond Error\r\nd\r\ne\r\nf\r\n");
	assert_true(terminal_view_find(view, "error", UINT64_MAX, &found));
	assert_int_equal(found, 4);
	assert_true(terminal_view_find(view, "error", found, &found));
	assert_int_equal(found, 0);
	assert_false(terminal_view_find(view, "error", found, &found));
	assert_true(terminal_view_scroll_for(view, 0) > 0);
	terminal_view_free(view);
}

static void a_lone_line_feed_goes_down_unless_it_is_a_new_line(void **state)
{
	struct terminal_view *view = new_view(8, 40);

	(void)state;
	feed(view, "one\ntwo\r\n");
	assert_string_equal(row(view, 1), "   two");
	terminal_view_set_newlines(view, true, false);
	feed(view, "three\nfour\r\nfive");
	assert_string_equal(row(view, 3), "four");
	assert_string_equal(row(view, 4), "five");
	terminal_view_free(view);
}

static void a_lone_carriage_return_is_a_new_line_when_told_so_wherever_it_is_cut(void **state)
{
	static const char text[] = "one\rtwo\r\nthree\r\rfour";

	(void)state;
	for (size_t cut = 0; cut < sizeof(text) - 1; cut++) {
		struct terminal_view *view = new_view(8, 40);

		terminal_view_set_newlines(view, false, true);
		terminal_view_input(view, bytes_of(text, cut));
		terminal_view_input(view, bytes_of(text + cut, sizeof(text) - 1 - cut));
		assert_string_equal(row(view, 0), "one");
		assert_string_equal(row(view, 1), "two");
		assert_string_equal(row(view, 2), "three");
		assert_string_equal(row(view, 3), "");
		assert_string_equal(row(view, 4), "four");
		terminal_view_free(view);
	}
}

static void what_is_typed_shows_as_a_device_would_echo_it(void **state)
{
	struct terminal_view *view = new_view(8, 40);

	(void)state;
	feed(view, "first\r\n");
	terminal_view_echo(view, BYTES("ab\177c\r\x1b[A"));
	feed(view, "second\r\n");
	assert_string_equal(row(view, 1), "ac");
	assert_string_equal(row(view, 2), "second");
	terminal_view_free(view);
}

/* A repeatable stream: mostly plain lines, now and then what a device does besides. */
static size_t make_stream(char *to, size_t size, unsigned seed)
{
	static const char *const others[] = {
		"\x1b[1;31mred\x1b[0m\r\n", "\x1b[32mgreen\r\n", "\x1b[m", "\x1b[2J\x1b[H", "\x1b[5A\r", "gr\xc3\xbc\xc3\x9f dich\r\n",
		"\x1b]0;title\x07", "no return\n", "tab\tstop\r\n", "\x1b[?25l", "\x1b[24;1Hbelow\r", "\x1b[2;4r", "\x1b[r", "\x1b" "c",
		"\x1b[?1049h", "\x1b[?1049l", "\x1b[4h", "\x1b[4l", "\x0e", "\x0f", "\x1b#8", "\x1bPdcs\x1b\\", "\x1b[?7l", "\x1b[?7h", "\r\r\n", "\xff\xc3",
	};
	size_t used = 0;

	while (used + 200 < size) {
		unsigned dice;

		seed = seed * 1103515245 + 12345;
		dice = seed >> 16 & 0x7fff;
		if (dice % 61 == 0) {
			used += (size_t)snprintf(to + used, size - used, "%s", others[dice / 61 % (sizeof(others) / sizeof(others[0]))]);
			continue;
		}
		for (unsigned i = 0; i < dice % 97; i++)
			to[used++] = (char)(' ' + (seed + i * 7) % 95);
		to[used++] = '\r';
		to[used++] = '\n';
	}
	return used;
}

static void assert_same_rows(struct terminal_view *a, struct terminal_view *b)
{
	char expected[512];

	assert_int_equal(terminal_view_first_row(a), terminal_view_first_row(b));
	assert_int_equal(terminal_view_end_row(a), terminal_view_end_row(b));
	for (uint64_t i = terminal_view_first_row(a); i < terminal_view_end_row(a); i++) {
		terminal_view_row_text(b, i, expected, sizeof(expected));
		assert_string_equal(row(a, i), expected);
	}
}

static void a_flood_in_one_piece_is_the_same_picture_as_in_small_ones(void **state)
{
	static char stream[60000];

	(void)state;
	for (unsigned seed = 1; seed <= 60; seed++) {
		int rows = 2 + (int)(seed % 9), cols = 2 + (int)(seed * 5 % 70);
		struct terminal_view *all = new_view(rows, cols), *parts = new_view(rows, cols);
		size_t size = make_stream(stream, sizeof(stream) / (seed % 3 + 1), seed);

		terminal_view_input(all, bytes_of(stream, size));
		for (size_t at = 0, end; at < size; at = end) {	/* line by line */
			for (end = at + 1; end < size && stream[end - 1] != '\n'; end++)
				;
			terminal_view_input(parts, bytes_of(stream + at, end - at));
		}
		assert_same_rows(all, parts);
		feed(all, "cursor");
		feed(parts, "cursor");
		assert_same_rows(all, parts);
		terminal_view_free(all);
		terminal_view_free(parts);
	}
}

static void a_flood_keeps_the_colours_of_what_was_on_the_screen(void **state)
{
	struct terminal_view *view = new_view(4, 40);
	uint64_t found;

	(void)state;
	feed(view, "\x1b[31mred\x1b[0m\r\na\r\nb\r\n");
	for (int i = 0; i < 100; i++)
		feed(view, "one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\nseven\r\neight\r\nnine\r\nten\r\n");
	assert_string_equal(row(view, 0), "red");
	assert_string_equal(row(view, 1002), "ten");
	assert_string_equal(row(view, 1003), "");
	assert_int_equal(terminal_view_end_row(view), 1004);
	assert_true(terminal_view_find(view, "four", 500, &found));
	assert_int_equal(found, 496);
	terminal_view_free(view);
}

static void what_breaks_the_emulator_does_not_reach_it(void **state)
{
	struct terminal_view *view = new_view(24, 80);
	char many[4000];

	(void)state;
	feed(view, "\x1b[5b");				/* nothing to repeat */
	memset(many, ';', sizeof(many));
	many[0] = '\x1b';
	many[1] = '[';
	memcpy(many + sizeof(many) - 2, "m", 2);
	for (int i = 0; i < 20; i++)
		feed(view, many);
	feed(view, "\x1b[2147483647A\x1b[2147483647B\x1b[99999999999999999999C\xc3");
	feed(view, "\r\x1b[Hstill here");
	assert_string_equal(row(view, 0), "still here");
	terminal_view_free(view);
}

static void sizes_beyond_reason_are_cut_down(void **state)
{
	struct terminal_view *view = new_view(0, 100000);

	(void)state;
	feed(view, "hello");
	terminal_view_resize(view, 100000, -5);
	terminal_view_resize(view, 24, 80);
	feed(view, "\r\nstill here");
	terminal_view_free(view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_that_scroll_off_are_kept_with_their_number),
		cmocka_unit_test(one_byte_at_a_time_is_the_same_picture),
		cmocka_unit_test(what_the_emulator_would_answer_is_never_sent),
		cmocka_unit_test(cursor_keys_follow_the_mode_of_the_device),
		cmocka_unit_test(a_hundred_thousand_full_lines_stay_under_the_ceiling),
		cmocka_unit_test(search_goes_upwards_and_ignores_case),
		cmocka_unit_test(a_lone_line_feed_goes_down_unless_it_is_a_new_line),
		cmocka_unit_test(a_lone_carriage_return_is_a_new_line_when_told_so_wherever_it_is_cut),
		cmocka_unit_test(what_is_typed_shows_as_a_device_would_echo_it),
		cmocka_unit_test(a_flood_in_one_piece_is_the_same_picture_as_in_small_ones),
		cmocka_unit_test(a_flood_keeps_the_colours_of_what_was_on_the_screen),
		cmocka_unit_test(what_breaks_the_emulator_does_not_reach_it),
		cmocka_unit_test(sizes_beyond_reason_are_cut_down),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
