#include "tests/unit/image_sample.h"

#include "recovery/image/inflate.h"

enum { HEAD_MIN = 64, PLACE = 256 * 1024 };

void add(struct buffer *to, const void *data, size_t size)
{
	assert_int_equal(buffer_append(to, bytes_of(data, size)), STATUS_OK);
}

void add_text(struct buffer *to, const char *text)
{
	add(to, text, strlen(text));
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

size_t make_digest(void *user, const char *algorithm, struct bytes in, uint8_t ret_digest[IMAGE_DIGEST_SIZE])
{
	size_t size = text_equal(algorithm, "sha256") ? 32 : text_equal(algorithm, "sha512") ? 64 : text_equal(algorithm, "md5") ? 16 : 0;

	(void)user;
	for (size_t i = 0; i < size; i += 4)
		store_be32(ret_digest + i, crc32_update((uint32_t)i, in));
	return size;
}

void add_gzip(struct buffer *to, struct bytes contents)
{
	add(to, "\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
	add(to, contents.data, contents.size);
	add(to, "GZIP-END", 8);
}

static uint64_t make_unpack(void *user, const char *compression, struct bytes in, uint8_t *to, uint64_t room, uint64_t most,
			    enum image_answer *ret_end, uint64_t *ret_used)
{
	const uint8_t *end = memmem(in.data, in.size, "GZIP-END", 8);
	size_t size = (end != NULL ? (size_t)(end - in.data) : in.size) - (in.size < 10 ? in.size : 10);

	(void)user;
	*ret_end = IMAGE_UNKNOWN;
	if (text_equal(compression, "deflate")) {
		struct inflated result = inflate_all(in, most, to, (size_t)room);

		*ret_end = result.end;
		*ret_used = result.used;
		return result.size;
	}
	if (!text_equal(compression, "gzip"))
		return 0;
	*ret_end = end == NULL ? IMAGE_NO : size > most ? IMAGE_UNKNOWN : IMAGE_YES;
	*ret_used = end != NULL ? (size_t)(end - in.data) + 8 : 0;
	size = size < most ? size : (size_t)most;
	if (room > 0 && size > 0)
		memcpy(to, in.data + 10, size < room ? size : (size_t)room);
	return size;
}

static uint8_t *make_place(void *user, size_t *ret_size)
{
	uint8_t **place = user;

	if (*place != NULL)
		return NULL;
	*ret_size = PLACE;
	*place = malloc(PLACE);
	return *place;
}

struct image_facts inspect_head(const struct buffer *of, size_t head)
{
	uint8_t *place = NULL;
	const struct image_ops ops = { .digest = make_digest, .unpack = make_unpack, .place = make_place, .check_packed_max = 1 << 20, .user = &place };
	/* memory of exactly that size: a read beyond it is seen by the sanitizer */
	uint8_t *copy = malloc(head ? head : 1);
	struct image_facts facts;

	assert_non_null(copy);
	if (head > 0)
		memcpy(copy, of->data, head);
	image_inspect(bytes_of(copy, head), of->size, &ops, &facts);
	free(place);
	free(copy);
	return facts;
}

struct image_facts inspect(const struct buffer *of)
{
	return inspect_head(of, of->size);
}

bool has_board(const struct image_facts *facts, const char *board)
{
	for (unsigned i = 0; i < facts->board_count; i++)
		if (text_equal(facts->boards[i], board))
			return true;
	return false;
}

/* Each prefix, alone and as the head of the whole. */
static void check_prefixes(const struct sample *sample, const struct buffer *file)
{
	size_t step = file->size / 400 + 1;

	for (size_t size = 1; size < file->size; size += step) {
		struct image_facts facts = inspect_head(file, size);
		struct buffer part = *file;

		/* a few letters may be a text as well */
		if (facts.whole == IMAGE_NO && size >= HEAD_MIN)
			fail_msg("%s: the first %zu bytes of it are called damaged: %s", sample->name, size, facts.problems[0].what);
		part.size = size;
		facts = inspect(&part);
		if (sample->ends_by_itself && facts.whole == IMAGE_YES)
			fail_msg("%s: cut to %zu bytes it is called whole (%s)", sample->name, size, facts.format);
	}
}

static void check_bits(const struct sample *sample, struct buffer *file)
{
	size_t end = sample->covered_to > 0 ? sample->covered_to : file->size, step = end / 500 + 1;

	for (size_t at = sample->covered_from; at < end; at += step) {
		struct image_facts facts;

		file->data[at] ^= 1u << at % 8;
		facts = inspect(file);
		if (facts.whole == IMAGE_YES)
			fail_msg("%s: called whole with a wrong bit in byte %zu (%s)", sample->name, at, facts.checked);
		file->data[at] ^= 1u << at % 8;
	}
}

void check_sample(const struct sample *sample)
{
	struct image_facts facts;
	struct buffer file;

	buffer_init(&file, 8 * 1024 * 1024);
	sample->make(&file);
	facts = inspect(&file);
	if (!text_equal(facts.format, sample->format) || !text_equal(facts.arch, sample->arch) || facts.whole != sample->whole)
		fail_msg("%s: %s '%s' %s, expected %s '%s' %s: %s", sample->name, facts.format, facts.arch, image_answer_name(facts.whole),
			 sample->format, sample->arch, image_answer_name(sample->whole), image_problem_text(&facts));
	check_prefixes(sample, &file);
	if (sample->whole == IMAGE_YES)
		check_bits(sample, &file);
	buffer_done(&file);
}
