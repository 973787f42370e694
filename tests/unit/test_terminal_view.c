/* The device's screen: what it keeps, what it never lets through, where its marks stand. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "ui/console_search.h"
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

static void feed_at(struct terminal_view *view, const char *text, uint64_t now_ms)
{
	terminal_view_input(view, bytes_of_text(text), now_ms);
}

static void feed(struct terminal_view *view, const char *text)
{
	feed_at(view, text, 1000);
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
		terminal_view_input(bytes, bytes_of(text + i, 1), 1000);
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

static struct console_hits find(struct terminal_view *view, const char *text, uint64_t from, bool is_up)
{
	struct console_search *search;
	struct console_hits hits;

	assert_int_equal(console_search_new(text, &search, NULL), STATUS_OK);
	console_search_find(search, view, from, is_up, &hits);
	console_search_free(search);
	return hits;
}

static void search_goes_both_ways_counts_and_ignores_case(void **state)
{
	struct terminal_view *view = new_view(4, 40);
	struct console_hits hits;

	(void)state;
	feed(view, "first ERROR\r\na\r\nb\r\nc\r\na second Error\r\nd\r\ne\r\nf\r\n");
	hits = find(view, "error", UINT64_MAX, true);
	assert_int_equal(hits.place.row, 4);
	assert_int_equal(hits.place.from, 9);
	assert_int_equal(hits.place.size, 5);
	assert_int_equal(hits.number, 2);
	assert_int_equal(hits.total, 2);
	hits = find(view, "error", 4, true);
	assert_int_equal(hits.place.row, 0);
	assert_int_equal(hits.number, 1);
	assert_int_equal(find(view, "error", 0, true).place.row, UINT64_MAX);
	assert_int_equal(find(view, "error", 0, false).place.row, 4);
	assert_int_equal(find(view, "error", 4, false).place.row, UINT64_MAX);
	assert_int_equal(find(view, "e..or", UINT64_MAX, true).total, 0);
	assert_true(terminal_view_scroll_for(view, 0) > 0);
	terminal_view_free(view);
}

static void a_text_behind_a_slash_is_an_expression(void **state)
{
	struct terminal_view *view = new_view(4, 40);
	struct console_search *search = NULL;
	struct error error;

	(void)state;
	feed(view, "mtd0\r\nmtd12 (a.b)\r\n/dev/mtd3\r\n");
	assert_int_equal(find(view, "/mtd[0-9]{2}", UINT64_MAX, true).place.row, 1);
	assert_int_equal(find(view, "/dev/mtd", UINT64_MAX, true).place.row, 2);
	assert_int_equal(find(view, "(a.b)", UINT64_MAX, true).place.row, 1);
	assert_int_equal(console_search_new("/mtd(", &search, &error), STATUS_INVALID);
	assert_non_null(strstr(error.text, "mtd("));
	assert_null(search);
	terminal_view_free(view);
}

static void an_expression_that_takes_too_long_does_not_match(void **state)
{
	struct terminal_view *view = new_view(4, 400);

	(void)state;
	for (int i = 0; i < 350; i++)
		feed(view, "a");
	assert_int_equal(find(view, "/(a+)+$x|(a*)*b", UINT64_MAX, true).total, 0);
	terminal_view_free(view);
}

static uint64_t time_of(struct terminal_view *view, uint64_t number)
{
	return terminal_times_of(terminal_view_times(view), number);
}

static void a_row_has_the_time_of_its_first_byte(void **state)
{
	struct terminal_view *view = new_view(3, 10);

	(void)state;
	feed_at(view, "on", 1000);
	feed_at(view, "e\r\n", 2000);
	feed_at(view, "\n\r", 3000);		/* an empty line; the CR behind it begins nothing */
	feed_at(view, "three", 4000);
	feed_at(view, " is long", 5000);	/* goes on in the next row */
	assert_int_equal(time_of(view, 0), 1000);
	assert_int_equal(time_of(view, 1), 3000);
	assert_int_equal(time_of(view, 2), 4000);
	assert_int_equal(time_of(view, 3), 5000);
	assert_int_equal(time_of(view, 4), 0);
	terminal_view_free(view);
}

static void rows_keep_their_time_when_they_scroll_off(void **state)
{
	struct terminal_view *view = new_view(4, 40);
	char line[32];

	(void)state;
	for (unsigned i = 0; i < 100600; i++) {
		snprintf(line, sizeof(line), "line %u\r\n", i);
		feed_at(view, line, 1000 + i);
	}
	assert_int_equal(time_of(view, 100599), 1000 + 100599);
	assert_int_equal(time_of(view, 50000), 1000 + 50000);
	assert_int_equal(time_of(view, terminal_view_first_row(view)), 1000 + terminal_view_first_row(view));
	assert_int_equal(time_of(view, 0), 0);
	terminal_view_free(view);
}

static void a_wiped_row_begins_anew(void **state)
{
	struct terminal_view *view = new_view(4, 40);

	(void)state;
	feed_at(view, "old\r\n", 1000);
	feed_at(view, "\x1b[2J\x1b[H", 2000);
	feed_at(view, "new", 3000);
	assert_int_equal(time_of(view, 0), 3000);
	feed_at(view, "er", 4000);
	assert_int_equal(time_of(view, 0), 3000);
	terminal_view_free(view);
}

static void times_go_on_after_fifty_days(void **state)
{
	const uint64_t day = 24 * 3600 * 1000ull;
	struct terminal_view *view = new_view(4, 40);

	(void)state;
	feed_at(view, "a\r\n", 1000);
	feed_at(view, "b\r\n", 40 * day);
	feed_at(view, "c\r\n", 51 * day);
	assert_int_equal(time_of(view, 0), 0);
	assert_int_equal(time_of(view, 1), 40 * day);
	assert_int_equal(time_of(view, 2), 51 * day);
	terminal_view_free(view);
}

static const char *time_text(struct terminal_view *view, enum terminal_clock clock, uint64_t number)
{
	static char text[TERMINAL_TIME_TEXT_MAX];

	return terminal_times_text(terminal_view_times(view), clock, number, 500, text);
}

static void times_are_told_by_the_clock_since_the_start_and_since_the_row_before(void **state)
{
	static const struct sign banner = { .effect = SIGN_MILESTONE, .stage = STAGE_LOADER };
	struct diagnosis_line line = { .number = 2, .text = "", .stage = STAGE_LOADER, .start = 1, .sign = &banner, .time_ms = 2000 };
	struct terminal_view *view = new_view(8, 40);

	(void)state;
	setenv("TZ", "UTC0", 1);
	feed_at(view, "noise\r\n", 1000);
	feed_at(view, "U-Boot\r\n", 2000);
	terminal_view_mark_line(view, &line);
	feed_at(view, "DRAM\r\n", 2345);
	feed_at(view, "late", 3602345);
	assert_string_equal(time_text(view, TERMINAL_CLOCK_WALL, 2), "00:00:02.845");
	assert_string_equal(time_text(view, TERMINAL_CLOCK_START, 0), "");
	assert_string_equal(time_text(view, TERMINAL_CLOCK_START, 1), "   0.000");
	assert_string_equal(time_text(view, TERMINAL_CLOCK_START, 2), "   0.345");
	assert_string_equal(time_text(view, TERMINAL_CLOCK_START, 3), "3600.345");
	assert_string_equal(time_text(view, TERMINAL_CLOCK_DELTA, 0), "");
	assert_string_equal(time_text(view, TERMINAL_CLOCK_DELTA, 2), "  +0.345");
	assert_string_equal(time_text(view, TERMINAL_CLOCK_DELTA, 3), "  +1h00m");
	assert_string_equal(time_text(view, TERMINAL_CLOCK_WALL, 4), "");
	terminal_view_free(view);
}

static void power_switched_on_here_is_where_the_next_start_counts_from(void **state)
{
	struct terminal_times times;
	uint64_t since = 0;

	(void)state;
	assert_int_equal(terminal_times_init(&times), STATUS_OK);
	assert_false(terminal_times_since_start(&times, 500, &since));
	terminal_times_power(&times, 1000);
	assert_true(terminal_times_since_start(&times, 1100, &since));
	assert_int_equal(since, 100);
	terminal_times_start(&times, 1500);
	terminal_times_start(&times, 9000);	/* by itself */
	assert_true(terminal_times_since_start(&times, 2000, &since));
	assert_int_equal(since, 1000);
	assert_true(terminal_times_since_start(&times, 9010, &since));
	assert_int_equal(since, 10);
	assert_false(terminal_times_since_start(&times, 999, &since));
	terminal_times_done(&times);
}

static void a_running_device_has_not_been_seen_to_start(void **state)
{
	static const struct sign prompt = { .effect = SIGN_PROMPT, .stage = STAGE_LOADER };
	static const struct sign kernel = { .effect = SIGN_MILESTONE, .stage = STAGE_KERNEL };
	struct diagnosis_line line = { .number = 1, .text = "", .stage = STAGE_LOADER, .start = 1, .sign = &prompt, .time_ms = 1000 };
	struct terminal_view *view = new_view(8, 40);

	(void)state;
	feed_at(view, "=> \r\n", 1000);
	terminal_view_mark_line(view, &line);
	feed_at(view, "Linux\r\n", 2000);
	line = (struct diagnosis_line){ .number = 2, .text = "", .stage = STAGE_KERNEL, .start = 1, .sign = &kernel, .time_ms = 2000 };
	terminal_view_mark_line(view, &line);
	assert_string_equal(time_text(view, TERMINAL_CLOCK_START, 1), "");
	feed_at(view, "U-Boot\r\n", 3000);
	line = (struct diagnosis_line){ .number = 3, .text = "", .stage = STAGE_LOADER, .start = 2, .time_ms = 3000 };
	terminal_view_mark_line(view, &line);
	assert_string_equal(time_text(view, TERMINAL_CLOCK_START, 2), "   0.000");
	assert_int_equal(terminal_marks_sign(terminal_view_marks(view), 2)->start, 2);
	terminal_view_free(view);
}

static void bookmarks_and_signs_are_one_list_by_row(void **state)
{
	const struct terminal_mark *list[8];
	struct terminal_marks marks;

	(void)state;
	assert_int_equal(terminal_marks_init(&marks), STATUS_OK);
	terminal_marks_add(&marks, 10, 1, "loader", ROLE_DIM);
	terminal_marks_add(&marks, 30, 0, "POWER", ROLE_ATTENTION);
	assert_true(terminal_marks_bookmark(&marks, 30, "here"));
	assert_true(terminal_marks_bookmark(&marks, 5, "first"));
	assert_true(terminal_marks_bookmark(&marks, 5, "first again"));
	assert_int_equal(terminal_marks_list(&marks, 0, list, 8), 4);
	assert_string_equal(list[0]->text, "first again");
	assert_int_equal(list[1]->start, 1);
	assert_string_equal(list[2]->text, "POWER");
	assert_true(list[3]->is_bookmark);
	assert_int_equal(terminal_marks_list(&marks, 11, list, 8), 2);
	assert_true(terminal_marks_remove(&marks, 5));
	assert_false(terminal_marks_remove(&marks, 5));
	for (unsigned i = 0; i < TERMINAL_BOOKMARKS_MAX - 1; i++)
		assert_true(terminal_marks_bookmark(&marks, 100 + i, ""));
	assert_false(terminal_marks_bookmark(&marks, 50, "too many"));
	assert_true(terminal_marks_bookmark(&marks, 30, "changed"));
	for (unsigned i = 0; i < TERMINAL_SIGNS_MAX + 10; i++)
		terminal_marks_add(&marks, 1000 + i, 0, "x", ROLE_DIM);
	assert_null(terminal_marks_sign(&marks, 10));
	assert_non_null(terminal_marks_sign(&marks, 1000 + TERMINAL_SIGNS_MAX));
	terminal_marks_done(&marks);
}

static void a_mark_on_a_row_that_is_painted_over_replaces_the_old_one(void **state)
{
	struct terminal_marks marks;

	(void)state;
	assert_int_equal(terminal_marks_init(&marks), STATUS_OK);
	terminal_marks_add(&marks, 10, 3, "loader", ROLE_DIM);
	terminal_marks_add(&marks, 12, 0, "SPACE", ROLE_ATTENTION);
	terminal_marks_add(&marks, 10, 0, "POWER", ROLE_ATTENTION);
	assert_null(terminal_marks_sign(&marks, 12));
	assert_string_equal(terminal_marks_sign(&marks, 10)->text, "POWER");
	assert_int_equal(terminal_marks_sign(&marks, 10)->start, 3);
	terminal_marks_done(&marks);
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
		terminal_view_input(view, bytes_of(text, cut), 1000);
		terminal_view_input(view, bytes_of(text + cut, sizeof(text) - 1 - cut), 1000);
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

static void rows_that_come_back_are_as_they_went(void **state)
{
	static const char text[] = "a\xe4\xb8\xad" "b\x1b[31mred\x1b[0m";
	struct terminal_view *view = new_view(3, 20);
	char before[200];

	(void)state;
	feed(view, text);
	feed(view, "\r\n2\r\n3\r\n4\r\n5\r\n");
	terminal_view_row_text(view, 0, before, sizeof(before));
	terminal_view_resize(view, 8, 20);	/* all of them are on the screen again */
	assert_string_equal(row(view, 0), before);
	assert_int_equal(time_of(view, 0), 1000);
	terminal_view_resize(view, 3, 20);
	feed(view, "6\r\n7");
	assert_string_equal(row(view, 0), before);
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
		assert_int_equal(terminal_times_of(terminal_view_times(a), i), terminal_times_of(terminal_view_times(b), i));
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

		terminal_view_input(all, bytes_of(stream, size), 1000);
		for (size_t at = 0, end; at < size; at = end) {	/* line by line */
			for (end = at + 1; end < size && stream[end - 1] != '\n'; end++)
				;
			terminal_view_input(parts, bytes_of(stream + at, end - at), 1000);
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

	(void)state;
	feed(view, "\x1b[31mred\x1b[0m\r\na\r\nb\r\n");
	for (int i = 0; i < 100; i++)
		feed(view, "one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\nseven\r\neight\r\nnine\r\nten\r\n");
	assert_string_equal(row(view, 0), "red");
	assert_string_equal(row(view, 1002), "ten");
	assert_string_equal(row(view, 1003), "");
	assert_int_equal(terminal_view_end_row(view), 1004);
	assert_string_equal(row(view, 496), "four");
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
		cmocka_unit_test(search_goes_both_ways_counts_and_ignores_case),
		cmocka_unit_test(a_text_behind_a_slash_is_an_expression),
		cmocka_unit_test(an_expression_that_takes_too_long_does_not_match),
		cmocka_unit_test(a_row_has_the_time_of_its_first_byte),
		cmocka_unit_test(rows_keep_their_time_when_they_scroll_off),
		cmocka_unit_test(a_wiped_row_begins_anew),
		cmocka_unit_test(times_go_on_after_fifty_days),
		cmocka_unit_test(times_are_told_by_the_clock_since_the_start_and_since_the_row_before),
		cmocka_unit_test(power_switched_on_here_is_where_the_next_start_counts_from),
		cmocka_unit_test(a_running_device_has_not_been_seen_to_start),
		cmocka_unit_test(bookmarks_and_signs_are_one_list_by_row),
		cmocka_unit_test(a_mark_on_a_row_that_is_painted_over_replaces_the_old_one),
		cmocka_unit_test(a_lone_line_feed_goes_down_unless_it_is_a_new_line),
		cmocka_unit_test(a_lone_carriage_return_is_a_new_line_when_told_so_wherever_it_is_cut),
		cmocka_unit_test(what_is_typed_shows_as_a_device_would_echo_it),
		cmocka_unit_test(rows_that_come_back_are_as_they_went),
		cmocka_unit_test(a_flood_in_one_piece_is_the_same_picture_as_in_small_ones),
		cmocka_unit_test(a_flood_keeps_the_colours_of_what_was_on_the_screen),
		cmocka_unit_test(what_breaks_the_emulator_does_not_reach_it),
		cmocka_unit_test(sizes_beyond_reason_are_cut_down),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
