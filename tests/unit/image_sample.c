#include "tests/unit/image_sample.h"

#include "recovery/image/inflate.h"

enum { HEAD_MIN = 64, PLACE = 256 * 1024 };

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
	struct image_facts facts = inspect_bytes(&ops, of, head, of->size);

	free(place);
	return facts;
}

struct image_facts inspect(const struct buffer *of)
{
	return inspect_head(of, of->size);
}

struct image_facts inspect_made(void (*make)(struct buffer *to), void (*spoil)(struct buffer *file))
{
	struct image_facts facts;
	struct buffer file;

	buffer_init(&file, 8 * 1024 * 1024);
	make(&file);
	if (spoil != NULL)
		spoil(&file);
	facts = inspect(&file);
	buffer_done(&file);
	return facts;
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
