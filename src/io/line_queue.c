#include "src/io/line_queue.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void line_queue_clear(struct line_queue *queue)
{
	queue->size = 0;
	queue->written = 0;
	queue->is_in_break = false;
}

static void add_control(struct line_queue *queue, struct line_channel *channel, size_t at)
{
	const struct line_driver *driver = channel->driver;
	uint8_t control[LINE_CONTROL_MAX];
	size_t size, room = LINE_QUEUE_MAX - queue->size;

	if (driver->take_control == NULL)
		return;
	size = driver->take_control(channel, control, room < sizeof(control) ? room : sizeof(control));
	memmove(queue->data + at + size, queue->data + at, queue->size - at);
	memcpy(queue->data + at, control, size);
	queue->size += size;
}

int line_queue_write(struct line_queue *queue, struct line_channel *channel)
{
	add_control(queue, channel, queue->size);
	if (queue->is_in_break)
		return 0;
	while (queue->size > 0) {
		ssize_t count = write(channel->descriptor, queue->data, queue->size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (count <= 0)
			return count < 0 ? errno : EIO;
		queue->size -= (size_t)count;
		queue->written += (uint64_t)count;
		memmove(queue->data, queue->data + count, queue->size);
	}
	return 0;
}

size_t line_queue_add(struct line_queue *queue, struct line_channel *channel, struct bytes out)
{
	struct bytes rest = out;
	size_t room;

	if (queue->size >= LINE_QUEUE_MAX - LINE_CONTROL_MAX)
		return 0;
	add_control(queue, channel, queue->size);
	room = queue->size < LINE_QUEUE_MAX - LINE_CONTROL_MAX ? LINE_QUEUE_MAX - LINE_CONTROL_MAX - queue->size : 0;
	if (channel->driver->encode != NULL) {
		queue->size += channel->driver->encode(channel, &rest, queue->data + queue->size, room);
	} else {
		size_t count = rest.size < room ? rest.size : room;

		if (count > 0)
			memcpy(queue->data + queue->size, rest.data, count);
		queue->size += count;
		rest = bytes_from(rest, count);
	}
	return out.size - rest.size;
}

bool line_queue_may_go(const struct line_queue *queue)
{
	return queue->size > 0 && !queue->is_in_break;
}

void line_queue_begin_break(struct line_queue *queue)
{
	queue->is_in_break = true;
	queue->break_at = queue->size;
}

void line_queue_end_break(struct line_queue *queue, struct line_channel *channel)
{
	queue->is_in_break = false;
	add_control(queue, channel, queue->break_at);
}
