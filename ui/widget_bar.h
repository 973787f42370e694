/* ui/widget_bar.h
 *
 * Bars: how far a transfer is, and how sure a verdict is. Fixed widths, so that nothing jumps. */
#ifndef UNBRICK_UI_WIDGET_BAR_H
#define UNBRICK_UI_WIDGET_BAR_H

#include "src/core/snapshot.h"
#include "ui/canvas.h"

void widget_bar(struct canvas *to, int y, int x, int width, double part, enum role role);
/* "  write   ####------  63 %   1.2 MiB/s   41 s left" across the canvas. */
void widget_progress(struct canvas *to, int y, const struct progress *progress);

#endif
