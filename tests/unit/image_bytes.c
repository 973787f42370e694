#include "tests/unit/image_bytes.h"

void add(struct buffer *to, const void *data, size_t size)
{
	assert_int_equal(buffer_append(to, bytes_of(data, size)), STATUS_OK);
}

void add_text(struct buffer *to, const char *text)
{
	add(to, text, strlen(text));
}

void add_le(struct buffer *to, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++) {
		uint8_t byte = i < 8 ? (uint8_t)(value >> 8 * i) : 0;

		add(to, &byte, 1);
	}
}

void add_be(struct buffer *to, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * (size - 1 - i));

		add(to, &byte, 1);
	}
}

void add_field(struct buffer *to, const char *text, size_t size)
{
	size_t end = to->size + size;

	add_text(to, text);
	fill(to, 0, end);
}

void fill(struct buffer *to, uint8_t byte, size_t until)
{
	while (to->size < until)
		add(to, &byte, 1);
}

void put(struct buffer *to, size_t at, const void *data, size_t size)
{
	fill(to, 0, at + size);
	memcpy(to->data + at, data, size);
}

void put_le16(struct buffer *to, size_t at, uint16_t value)
{
	put(to, at, (uint8_t[]){ (uint8_t)value, (uint8_t)(value >> 8) }, 2);
}

void put_le32(struct buffer *to, size_t at, uint32_t value)
{
	put(to, at, (uint8_t[]){ (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24) }, 4);
}

void put_be32(struct buffer *to, size_t at, uint32_t value)
{
	uint8_t raw[4];

	store_be32(raw, value);
	put(to, at, raw, 4);
}

void add_elf(struct buffer *to, uint16_t machine, size_t size)
{
	size_t at = to->size;

	add(to, "\x7f" "ELF\1\1\1", 7);
	fill(to, 0, at + size);
	to->data[at + 16] = 2;
	put_le16(to, at + 18, machine);
}

struct image_facts inspect_bytes(const struct image_ops *ops, const struct buffer *of, size_t head, uint64_t size)
{
	uint8_t *copy = malloc(head > 0 ? head : 1);
	struct image_facts facts;

	assert_non_null(copy);
	if (head > 0)
		memcpy(copy, of->data, head);
	image_inspect(bytes_of(copy, head), size, ops, &facts);
	free(copy);
	return facts;
}

bool has_board(const struct image_facts *facts, const char *board)
{
	for (unsigned i = 0; i < facts->board_count; i++)
		if (text_equal(facts->boards[i], board))
			return true;
	return false;
}

int buffer_setup(void **state)
{
	struct buffer *buffer = malloc(sizeof(*buffer));

	if (buffer == NULL)
		return -1;
	buffer_init(buffer, 4 * 1024 * 1024);
	*state = buffer;
	return 0;
}

int buffer_teardown(void **state)
{
	buffer_done(*state);
	free(*state);
	return 0;
}
