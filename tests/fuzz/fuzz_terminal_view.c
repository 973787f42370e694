/* Whatever a device sends: no crash, no answer, no byte but a printable one in a row's text, and the same rows whether
 * it comes in one piece (which may go around the emulator) or line by line. The first bytes choose the size. */
#include <stdlib.h>
#include <string.h>

#include "ui/console_search.h"
#include "ui/keys.h"
#include "ui/terminal_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The device's own words as what is searched for: hits lie in the row they are said to be in. */
static void search(struct terminal_view *view, const uint8_t *data, size_t size)
{
	struct console_search *search;
	struct console_hits hits;
	char pattern[24], text[2100];
	size_t length = size < sizeof(pattern) - 1 ? size : sizeof(pattern) - 1;

	memcpy(pattern, data, length);
	pattern[length] = '\0';
	if (console_search_new(pattern, &search, NULL) != STATUS_OK)
		return;
	console_search_find(search, view, size, size % 2 == 0, &hits);
	if (hits.place.row != UINT64_MAX && hits.place.from + hits.place.size > terminal_view_row_text(view, hits.place.row, text, sizeof(text)))
		abort();
	console_search_free(search);
}

static void input_by_lines(struct terminal_view *view, struct bytes in, uint64_t now_ms)
{
	while (in.size > 0) {
		const uint8_t *end = memchr(in.data, '\n', in.size);
		size_t size = end ? (size_t)(end - in.data) + 1 : in.size;

		terminal_view_input(view, bytes_of(in.data, size), now_ms);
		in = bytes_from(in, size);
	}
}

static void check_rows(struct terminal_view *view, struct terminal_view *by_lines)
{
	char text[2100], same[2100];

	if (terminal_view_first_row(view) != terminal_view_first_row(by_lines) ||
	    terminal_view_end_row(view) != terminal_view_end_row(by_lines))
		abort();
	for (uint64_t row = terminal_view_first_row(view); row < terminal_view_end_row(view); row++) {
		terminal_view_row_text(view, row, text, sizeof(text));
		terminal_view_row_text(by_lines, row, same, sizeof(same));
		if (strcmp(text, same) != 0 || terminal_times_of(terminal_view_times(view), row) !=
						       terminal_times_of(terminal_view_times(by_lines), row))
			abort();
		for (const char *at = text; *at != '\0'; at++)
			if ((unsigned char)*at < 0x20 || *at == 0x7f)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct terminal_view *view, *by_lines;
	struct diagnosis_line line = { .number = 1, .text = "" };
	static const struct sign sign = { .effect = SIGN_FAULT, .cause = CAUSE_POWER };
	char text[2100], key[64];
	size_t half;

	if (size < 4 || terminal_view_new(data[0] % 60, data[1] % 200, &view, NULL) != STATUS_OK)
		return 0;
	if (terminal_view_new(data[0] % 60, data[1] % 200, &by_lines, NULL) != STATUS_OK)
		abort();
	half = 4 + (size - 4) / 2;
	terminal_view_input(view, bytes_of(data + 4, half - 4), 1000);
	input_by_lines(by_lines, bytes_of(data + 4, half - 4), 1000);
	line.sign = &sign;
	terminal_view_mark_line(view, &line);
	terminal_view_resize(view, data[2] % 60, data[3] % 200);
	terminal_view_resize(by_lines, data[2] % 60, data[3] % 200);
	terminal_view_input(view, bytes_of(data + half, size - half), 2000);
	input_by_lines(by_lines, bytes_of(data + half, size - half), 2000);
	check_rows(view, by_lines);
	line.number = data[3];
	terminal_view_mark_line(view, &line);
	for (uint64_t row = terminal_view_first_row(view); row < terminal_view_end_row(view); row++) {
		terminal_view_row_text(view, row, text, sizeof(text));
		for (const char *at = text; *at != '\0'; at++)
			if ((unsigned char)*at < 0x20 || *at == 0x7f)
				abort();
		for (int clock = 0; clock < TERMINAL_CLOCK_COUNT; clock++)
			terminal_times_text(terminal_view_times(view), (enum terminal_clock)clock, row, 0, text);
	}
	search(view, data, size);
	if (terminal_view_encode_key(view, UI_KEY_UP, key, sizeof(key)) > 8)
		abort();
	terminal_view_free(view);
	terminal_view_free(by_lines);
	return 0;
}
