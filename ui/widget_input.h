/* ui/widget_input.h
 *
 * A line that is typed: cursor, the usual editing keys, and completion of file names. */
#ifndef UNBRICK_UI_WIDGET_INPUT_H
#define UNBRICK_UI_WIDGET_INPUT_H

#include "ui/canvas.h"

enum { WIDGET_INPUT_MAX = 512 };

struct widget_input {
	char text[WIDGET_INPUT_MAX];
	size_t size, cursor;		/* bytes; cursor stands at a whole character */
};

void widget_input_set(struct widget_input *input, const char *text);
/* True: the key changed the line or its cursor. Enter, Esc and Tab are the caller's. */
bool widget_input_key(struct widget_input *input, int key);
/* Draws the line from x on and puts the canvas's cursor into it; the part around the cursor is shown. */
void widget_input_draw(const struct widget_input *input, struct canvas *to, int y, int x, int width, enum role role);
/* "~/" at the start becomes the home folder. */
void widget_input_expand_home(struct widget_input *input);
/* Completes the path as far as it is unambiguous; the names that fit are put into ret_names, separated by two spaces
 * (empty: the one name was taken, or nothing fits). "~/" is the home folder. Looks at no more than some thousand names.
 */
void widget_input_complete_path(struct widget_input *input, char *ret_names, size_t size);

#endif
