/* ui/image_rows.h
 *
 * What is known of a firmware file, as rows of a label and a text: first what decides whether it may be written. */
#ifndef UNBRICK_UI_IMAGE_ROWS_H
#define UNBRICK_UI_IMAGE_ROWS_H

#include "src/core/image_view.h"
#include "ui/canvas.h"

enum { IMAGE_ROWS_MAX = 28 };

struct image_row {
	char label[12];
	char text[IMAGE_BOARDS * 66];
	enum role role;
};

unsigned image_rows(const struct image_view *view, struct image_row *ret_rows);
/* Draws them into rows y .. bottom - 1 of columns x .. x + width - 1, scrolled down by top rows; returns how many screen rows all of them take. */
int image_rows_draw(const struct image_view *view, struct canvas *to, int y, int x, int width, int bottom, int top);

#endif
