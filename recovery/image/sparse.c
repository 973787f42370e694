/* recovery/image/sparse.c
 *
 * Android sparse image: chunks that are data, a repeated word, a hole, or the CRC-32 of all before. Tools seldom write a CRC, so that mostly
 * only the sizes can be compared.
 * Source: AOSP system/core/libsparse (sparse_format.h, output_file.cpp). */
#include <inttypes.h>

#include "recovery/image/programs.h"
#include "src/base/crc.h"
#include "src/base/text.h"

enum {
	HEADER_SIZE = 28,
	CHUNK_HEADER = 12,
	AT_HEADER_SIZE = 8,
	AT_CHUNK_HEADER = 10,
	AT_BLOCK_SIZE = 12,
	AT_BLOCKS = 16,
	AT_CHUNKS = 20,
	AT_CRC = 24,
	RAW = 0xcac1,
	FILL = 0xcac2,
	HOLE = 0xcac3,
	CRC = 0xcac4,
	CHUNKS_MAX = 1 << 20,	/* a system partition of some GiB has some thousands */
	EXPANDED_MAX = 512 * 1024 * 1024,	/* summed at most */
	PATTERN = 4096,
	FILE_ALIGNMENT = 1024,	/* the smallest block of an ext file system */
	PLACES_LOOKED = 64 * 1024,
	RESERVED = 4096,	/* a super partition begins with so many zeros (liblp) */
};

struct sparse {
	const struct image_input *in;
	struct image_facts *facts;
	uint32_t block_size;
	unsigned header, chunk_header;
	uint64_t blocks, end;
	uint32_t crc;
	uint32_t crc_as_written;	/* by libsparse */
	bool is_summed;		/* every byte so far went into crc */
	bool has_sum;		/* and was compared with one of the file */
	struct bytes head;	/* the first data, when the image begins with it, or with less than RESERVED of zeros before it */
	uint64_t head_at;	/* in the image */
	bool is_empty;		/* nothing but zeros so far */
	struct programs programs;
	unsigned looked;	/* places */
};

static bool matches(const struct image_input *in)
{
	return in->data.size >= HEADER_SIZE && image_starts_with(in->data, BYTES("\x3a\xff\x26\xed\x01\0"));
}

static void sum_data(struct sparse *sparse, struct bytes data)
{
	bool is_same = sparse->crc == sparse->crc_as_written;

	sparse->crc = crc32_update(sparse->crc, data);
	sparse->crc_as_written = is_same ? sparse->crc : crc32_update(sparse->crc_as_written, data);
}

static uint32_t sum_pattern(uint32_t crc, const uint8_t pattern[PATTERN], uint64_t size)
{
	for (; size > 0; size -= size < PATTERN ? size : PATTERN)
		crc = crc32_update(crc, bytes_of(pattern, size < PATTERN ? (size_t)size : PATTERN));
	return crc;
}

/* A word again and again; of a hole, zeros. By sparse_format.h all that it expands to counts, and so libsparse reads it; but where libsparse writes a
 * sum, a repeated word counts for one block of it, and a hole not at all (output_file.cpp). */
static void sum_repeated(struct sparse *sparse, const uint8_t word[4], uint64_t size, bool is_hole)
{
	uint8_t pattern[PATTERN];

	for (size_t i = 0; i < PATTERN; i++)
		pattern[i] = word[i % 4];
	sparse->crc = sum_pattern(sparse->crc, pattern, size);
	if (!is_hole && size > 0)
		sparse->crc_as_written = sum_pattern(sparse->crc_as_written, pattern, sparse->block_size);
}

static void compare_sum(struct sparse *sparse, uint64_t at, uint32_t want)
{
	if (!sparse->is_summed)
		return;
	if (sparse->crc != want && sparse->crc_as_written != want)
		image_broken(sparse->facts, at, "its contents are damaged: expected checksum %08" PRIx32 ", found %08" PRIx32, want, sparse->crc);
	sparse->has_sum = true;
}

/* The file system in it is in pieces; but each file of it begins with one of its blocks. */
static void look_for_programs(struct sparse *sparse, struct bytes body)
{
	for (size_t at = 0; at + ELF_HEADER <= body.size && sparse->looked < PLACES_LOOKED && !sparse->programs.has_enough; at += FILE_ALIGNMENT) {
		sparse->looked++;
		if (memcmp(body.data + at, "\x7f" "ELF", 4) == 0)
			programs_look(&sparse->programs, bytes_of(body.data + at, ELF_HEADER));
	}
}

/* The body of a chunk. Returns false when it is not as long as its kind and its blocks say. */
static bool read_chunk(struct sparse *sparse, unsigned type, uint64_t at, uint64_t size, uint64_t expanded)
{
	struct bytes body = image_slice(sparse->in, at, size);

	if ((type == RAW && size != expanded) || ((type == FILL || type == CRC) && size != 4) || (type == HOLE && size != 0))
		return false;
	if (body.size < size) {
		sparse->is_summed = false;
		return true;
	}
	if (type == CRC)
		compare_sum(sparse, at, load_le32(body.data));
	else
		sparse->has_sum = false;	/* it covered what came before */
	if (type == RAW && sparse->is_empty && sparse->blocks * sparse->block_size <= RESERVED) {
		sparse->head = body;
		sparse->head_at = sparse->blocks * sparse->block_size;
	}
	sparse->is_empty &= type == HOLE || type == CRC || (type == FILL && load_le32(body.data) == 0);
	if (type == RAW)
		look_for_programs(sparse, body);
	if (!sparse->is_summed)
		return true;
	if (type == RAW)
		sum_data(sparse, body);
	else if (type == FILL || type == HOLE)
		sum_repeated(sparse, type == FILL ? body.data : (const uint8_t[4]){ 0 }, expanded, type == HOLE);
	return true;
}

/* Returns false where the list cannot be followed further. */
static bool next_chunk(struct sparse *sparse, uint32_t i)
{
	const uint8_t *chunk = sparse->in->data.data + sparse->end;
	uint64_t total, expanded;
	unsigned type;

	if (!image_in_memory(sparse->in, sparse->end, CHUNK_HEADER)) {
		image_declare(sparse->in, sparse->facts, sparse->end + sparse->chunk_header);
		return false;
	}
	type = load_le16(chunk);
	total = load_le32(chunk + 8);
	expanded = (uint64_t)load_le32(chunk + 4) * sparse->block_size;
	if (type < RAW || type > CRC || total < sparse->chunk_header) {
		image_broken(sparse->facts, sparse->end, "its list of chunks is damaged at chunk %" PRIu32, i);
		return false;
	}
	if (!read_chunk(sparse, type, sparse->end + sparse->chunk_header, total - sparse->chunk_header, expanded)) {
		image_broken(sparse->facts, sparse->end, "its chunk %" PRIu32 " is not as long as it says", i);
		return false;
	}
	if (type != CRC)
		sparse->blocks += load_le32(chunk + 4);
	sparse->end += total;
	if (sparse->end > sparse->in->size) {
		image_declare(sparse->in, sparse->facts, sparse->end);
		return false;
	}
	return true;
}

static bool read_header(struct sparse *sparse)
{
	const uint8_t *header = sparse->in->data.data;

	sparse->block_size = load_le32(header + AT_BLOCK_SIZE);
	sparse->header = load_le16(header + AT_HEADER_SIZE);
	sparse->chunk_header = load_le16(header + AT_CHUNK_HEADER);
	sparse->end = sparse->header;
	/* summing costs as much as expanding: only where a sum is there */
	sparse->is_summed = (uint64_t)load_le32(header + AT_BLOCKS) * sparse->block_size <= EXPANDED_MAX;
	return sparse->header >= HEADER_SIZE && sparse->chunk_header >= CHUNK_HEADER && sparse->block_size >= 4 &&
	       sparse->block_size % 4 == 0 && sparse->block_size <= 1 << 20 && load_le32(header + AT_CHUNKS) <= CHUNKS_MAX;
}

/* Is there a sum at all? */
static bool has_crc(const struct sparse *sparse, uint32_t chunks)
{
	uint64_t at = sparse->header;

	if (load_le32(sparse->in->data.data + AT_CRC) != 0)
		return true;
	for (uint32_t i = 0; i < chunks && image_in_memory(sparse->in, at, CHUNK_HEADER); i++) {
		const uint8_t *chunk = sparse->in->data.data + at;

		if (load_le16(chunk) == CRC)
			return true;
		at += load_le32(chunk + 8);
		if (load_le32(chunk + 8) < CHUNK_HEADER)
			return false;
	}
	return false;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct sparse sparse = { .in = in, .facts = facts, .is_empty = true };
	uint32_t chunks = load_le32(in->data.data + AT_CHUNKS), want = load_le32(in->data.data + AT_CRC), i;
	uint64_t blocks = load_le32(in->data.data + AT_BLOCKS);

	text_copy(facts->checked, sizeof(facts->checked), "sizes of all chunks; nothing covers the contents");
	facts->ends_exactly = true;
	if (!read_header(&sparse)) {
		image_broken(facts, AT_HEADER_SIZE, "its header is damaged");
		return;
	}
	sparse.is_summed &= has_crc(&sparse, chunks);
	for (i = 0; i < chunks && next_chunk(&sparse, i); i++)
		;
	if (sparse.head.size > 0 && sparse.head.size <= blocks * sparse.block_size - sparse.head_at)
		image_add_unpacked_part(in, facts, sparse.head, blocks * sparse.block_size - sparse.head_at, "contents", false);
	programs_tell(&sparse.programs, facts);
	if (i < chunks)
		return;
	facts->declared_size = sparse.end;
	if (sparse.blocks != blocks)
		image_broken(facts, AT_BLOCKS, "its chunks make %" PRIu64 " blocks, expected %" PRIu64, sparse.blocks, blocks);
	if (want != 0)
		compare_sum(&sparse, AT_CRC, want);
	if (!sparse.has_sum || !sparse.is_summed)
		return;
	text_copy(facts->checked, sizeof(facts->checked), "the checksum of the contents");
	if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

const struct image_format image_format_android_sparse = {
	.word = "android-sparse", .title = "Android sparse image", .matches = matches, .inspect = inspect,
};
