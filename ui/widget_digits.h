/* ui/widget_digits.h
 *
 * Letters and digits five rows high: the countdown, and DO NOT UNPLUG. */
#ifndef UNBRICK_UI_WIDGET_DIGITS_H
#define UNBRICK_UI_WIDGET_DIGITS_H

#include "ui/canvas.h"

enum { WIDGET_DIGITS_ROWS = 5 };

int widget_digits_width(const char *text);
/* Characters without a picture are blank. Returns the columns used. */
int widget_digits(struct canvas *to, int y, int x, enum role role, const char *text);

#endif
