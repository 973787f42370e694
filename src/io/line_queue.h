/* src/io/line_queue.h
 *
 * Bytes on their way to the wire, for line.c: what was written, as the driver encodes it, and the driver's own bytes in their place
 * between them. What is written during a break waits for its end. */
#ifndef UNBRICK_IO_LINE_QUEUE_H
#define UNBRICK_IO_LINE_QUEUE_H

#include "src/io/line_driver.h"

enum { LINE_QUEUE_MAX = 64 * 1024 };

struct line_queue {
	uint64_t written;	/* since it was cleared */
	bool is_in_break;
	size_t break_at;	/* the break's end belongs before what was written during it */
	size_t size;
	uint8_t data[LINE_QUEUE_MAX];
};

void line_queue_clear(struct line_queue *queue);
/* Returns how many it took. */
size_t line_queue_add(struct line_queue *queue, struct line_channel *channel, struct bytes out);
/* As much as the channel takes now. 0, or the errno of a loss. */
int line_queue_write(struct line_queue *queue, struct line_channel *channel);
/* Something waits for the channel alone, not for the end of a break. */
bool line_queue_may_go(const struct line_queue *queue);
void line_queue_begin_break(struct line_queue *queue);
void line_queue_end_break(struct line_queue *queue, struct line_channel *channel);

#endif
