/* src/io/line_wait.h
 *
 * Waits for a device node that is to come back. The folder of the nodes is watched, not udev: the kernel makes the node
 * before udev hears of it, and where there is no udevd at all. udev's changes of the rights show there as well. */
#ifndef UNBRICK_IO_LINE_WAIT_H
#define UNBRICK_IO_LINE_WAIT_H

#include "src/io/loop.h"

struct line_wait;

/* Calls on_news whenever a serial port's node in folder came or its rights changed. NULL where the kernel has no watch
 * left: then only trying again and again tells. */
struct line_wait *line_wait_new(struct loop *loop, const char *folder, void (*on_news)(void *user), void *user);
/* Also from inside on_news. */
void line_wait_free(struct line_wait *wait);

#endif
