/* src/base/buffer.h
 *
 * A growing byte buffer with a ceiling given at init, so that no peer can make it eat the machine (idea: curl's dynbuf). */
#ifndef UNBRICK_BASE_BUFFER_H
#define UNBRICK_BASE_BUFFER_H

#include "src/base/bytes.h"
#include "src/base/status.h"

struct buffer {
	uint8_t *data;
	size_t size;
	size_t capacity;
	size_t ceiling;
};

void buffer_init(struct buffer *buffer, size_t ceiling);
void buffer_done(struct buffer *buffer);
/* STATUS_NO_SPACE at the ceiling, STATUS_NO_MEMORY; nothing is appended then. */
enum status buffer_append(struct buffer *buffer, struct bytes more) __attribute__((warn_unused_result));
enum status buffer_append_text(struct buffer *buffer, const char *text) __attribute__((warn_unused_result));
/* Drops the first count bytes (at most size). */
void buffer_consume(struct buffer *buffer, size_t count);
void buffer_clear(struct buffer *buffer);
static inline struct bytes buffer_bytes(const struct buffer *buffer)
{
	return (struct bytes){ buffer->data, buffer->size };
}

#endif
