/* The image inspector on anything: whole, and as the head of something larger. */
// seeds: corpus/images
// options: -max_len=65536
// seconds: 20
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/image/map.h"

enum { PLACE = 128 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct image_facts *facts)
{
	/* what every face relies on */
	if (facts->part_count > IMAGE_PARTS || facts->board_count > IMAGE_BOARDS || facts->format[0] == '\0' ||
	    (facts->whole == IMAGE_NO && facts->problems[0].what[0] == '\0'))
		abort();
	if (memchr(facts->name, '\0', sizeof(facts->name)) == NULL || memchr(facts->problems[0].what, '\0', sizeof(facts->problems[0].what)) == NULL)
		abort();
}

/* Unpacks to what is packed, so that what lies inside is reached; the digests are of no use and cost nothing. */
static uint64_t same(void *user, const char *compression, struct bytes in, uint8_t *to, uint64_t room, uint64_t most, enum image_answer *ret_end,
		     uint64_t *ret_used)
{
	size_t made = in.size < most ? in.size : (size_t)most;

	(void)user;
	(void)compression;
	if (room > 0)
		memcpy(to, in.data, made < room ? made : (size_t)room);
	*ret_end = made == in.size ? IMAGE_YES : IMAGE_UNKNOWN;
	*ret_used = *ret_end == IMAGE_YES ? made : 0;
	return made;
}

static uint8_t *place(void *user, size_t *ret_size)
{
	uint8_t **memory = user;

	if (*memory != NULL)
		return NULL;
	*ret_size = PLACE;
	*memory = malloc(PLACE);
	return *memory;
}

static size_t first_byte(void *user, const char *algorithm, struct bytes in, uint8_t ret_digest[IMAGE_DIGEST_SIZE])
{
	(void)user;
	(void)algorithm;
	memset(ret_digest, in.size > 0 ? in.data[0] : 0, 32);
	return 32;
}

static size_t last_piece(void *user, const char *algorithm, struct bytes (*next)(void *of), void *of, uint8_t ret_digest[IMAGE_DIGEST_SIZE])
{
	for (struct bytes piece; (piece = next(of)).size > 0; )
		first_byte(user, algorithm, piece, ret_digest);
	return 20;
}

/* The key on each block. */
static bool mask(void *user, const char *cipher, struct bytes key, struct bytes in, uint8_t *to)
{
	(void)user;
	(void)cipher;
	for (size_t i = 0; i < in.size; i++)
		to[i] = in.data[i] ^ key.data[i % key.size];
	return true;
}

/* What is drawn of it stays within the file. */
static void draw(const struct image_facts *facts)
{
	struct image_map map;
	uint64_t offset, size;

	image_map_init(&map, facts->file_size);
	image_map_mark(&map, facts);
	for (unsigned i = 0; i < facts->part_count; i++) {
		if (image_part_place(facts, i, &offset, &size) && (offset >= facts->file_size || size > facts->file_size - offset))
			abort();
		if (image_part_holder(facts, i) > (int)i || image_part_at(facts, facts->parts[i].offset) >= (int)facts->part_count)
			abort();
		if (image_map_column_of(&map, facts->parts[i].offset, 78) >= 78)
			abort();
		image_part_whole(facts, i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *memory = NULL;
	uint64_t check_left = size > 0 && data[size - 1] & 1 ? size : UINT64_MAX;	/* a quick look, or one that has time */
	const struct image_ops ops = {
		.digest = first_byte, .digest_pieces = last_piece, .unpack = same, .place = place, .decrypt = mask, .check_packed_max = 1 << 20,
		.check_left = &check_left, .user = &memory,
	};
	struct image_facts facts;

	image_inspect((struct bytes){ data, size }, size, NULL, &facts);
	check(&facts);
	draw(&facts);
	image_inspect((struct bytes){ data, size }, (uint64_t)size * 3 + 100000, NULL, &facts);
	check(&facts);
	image_inspect((struct bytes){ data, size }, size, &ops, &facts);
	free(memory);
	check(&facts);
	draw(&facts);
	return 0;
}
