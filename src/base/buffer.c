#include "src/base/buffer.h"

#include <stdlib.h>

void buffer_init(struct buffer *buffer, size_t ceiling)
{
	*buffer = (struct buffer){ .ceiling = ceiling };
}

void buffer_done(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ .ceiling = buffer->ceiling };
}

enum status buffer_append(struct buffer *buffer, struct bytes more)
{
	size_t want = buffer->size + more.size;

	if (more.size == 0)
		return STATUS_OK;
	if (want < buffer->size || want > buffer->ceiling)
		return STATUS_NO_SPACE;
	if (want > buffer->capacity) {
		size_t capacity = buffer->capacity ? buffer->capacity : 64;
		uint8_t *grown;

		while (capacity < want)
			capacity = capacity > buffer->ceiling / 2 ? buffer->ceiling : capacity * 2;
		grown = realloc(buffer->data, capacity);
		if (grown == NULL)
			return STATUS_NO_MEMORY;
		buffer->data = grown;
		buffer->capacity = capacity;
	}
	memcpy(buffer->data + buffer->size, more.data, more.size);
	buffer->size = want;
	return STATUS_OK;
}

enum status buffer_append_text(struct buffer *buffer, const char *text)
{
	return buffer_append(buffer, bytes_of_text(text));
}

void buffer_consume(struct buffer *buffer, size_t count)
{
	if (count > buffer->size)
		count = buffer->size;
	if (count == 0)
		return;
	memmove(buffer->data, buffer->data + count, buffer->size - count);
	buffer->size -= count;
}

void buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
}
