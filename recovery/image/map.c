#include "recovery/image/map.h"

#include <string.h>

#include "src/base/text.h"

enum {
	LOG_UNIT = 4096,		/* one bit, in the logarithm's fixed point */
	LOG_BITS = 12,
	/* Lower limits of the looks, in eighths of a bit: machine code lies around 6 bits, English text around 4.5, tables below 3; what
	 * is packed or encrypted comes to 8, as far as so few bytes can show it. */
	TEXT_FROM = 16,
	CODE_FROM = 41,
	PACKED_FROM = 57,
};

/* Binary logarithm in LOG_UNITs by repeated squaring; value >= 1. */
static uint32_t log2_fixed(uint32_t value)
{
	uint32_t whole = 31u - (uint32_t)__builtin_clz(value), result = whole << LOG_BITS;
	uint64_t part = ((uint64_t)value << 30) >> whole;	/* 1.0 <= part < 2.0, 30 binary places */

	for (uint32_t bit = LOG_UNIT / 2; bit > 0; bit /= 2) {
		part = part * part >> 30;
		if (part >> 31) {
			part >>= 1;
			result += bit;
		}
	}
	return result;
}

void image_map_init(struct image_map *map, uint64_t size)
{
	uint64_t count = size / IMAGE_MAP_CELL_MIN + (size % IMAGE_MAP_CELL_MIN > 0);

	memset(map, 0, sizeof(*map));
	map->size = size;
	map->count = count > IMAGE_MAP_CELLS ? IMAGE_MAP_CELLS : (unsigned)count;
	map->is_sampled = size > (uint64_t)IMAGE_MAP_CELLS * IMAGE_MAP_SAMPLE;
}

/* Where part of parts begins in size bytes; without overflow up to the largest file. */
static uint64_t share_of(uint64_t size, unsigned part, unsigned parts)
{
	return size / parts * part + size % parts * part / parts;
}

bool image_map_piece(const struct image_map *map, unsigned cell, unsigned piece, uint64_t *ret_offset, size_t *ret_size)
{
	uint64_t from, size, step = IMAGE_MAP_SAMPLE / IMAGE_MAP_PIECES;

	if (cell >= map->count || piece >= IMAGE_MAP_PIECES)
		return false;
	from = share_of(map->size, cell, map->count);
	size = share_of(map->size, cell + 1, map->count) - from;
	if (size <= IMAGE_MAP_SAMPLE) {		/* the pieces lie behind each other, and are all of it */
		if (piece * step >= size)
			return false;
		*ret_offset = from + piece * step;
		*ret_size = (size_t)(size - piece * step < step ? size - piece * step : step);
		return true;
	}
	*ret_offset = from + share_of(size - step, piece, IMAGE_MAP_PIECES - 1);
	*ret_size = (size_t)step;
	return true;
}

void image_map_add(struct image_map_tally *tally, struct bytes piece)
{
	for (size_t i = 0; i < piece.size; i++)
		tally->count[piece.data[i]]++;
	tally->total += (uint32_t)piece.size;
}

void image_map_set(struct image_map *map, unsigned cell, const struct image_map_tally *tally)
{
	struct image_map_cell *to;
	uint64_t weighed = 0;

	if (cell >= map->count || tally->total == 0)
		return;
	to = &map->cell[cell];
	/* H = log2(n) - sum(c * log2(c)) / n */
	for (unsigned i = 0; i < 256; i++)
		if (tally->count[i] > 1)
			weighed += (uint64_t)tally->count[i] * log2_fixed(tally->count[i]);
	weighed = (uint64_t)log2_fixed(tally->total) - weighed / tally->total;
	to->entropy = (uint8_t)((weighed * 8 + LOG_UNIT / 2) / LOG_UNIT);
	to->is_seen = true;
	to->is_ff = tally->count[0xff] == tally->total;
	to->is_00 = tally->count[0x00] == tally->total;
}

static unsigned place_of(uint64_t size, uint64_t offset, unsigned parts)
{
	unsigned low = 0, high = parts;

	while (high - low > 1) {
		unsigned middle = (low + high) / 2;

		if (share_of(size, middle, parts) <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void image_map_mark(struct image_map *map, const struct image_facts *facts)
{
	for (unsigned i = 0; i < facts->broken_count && i < IMAGE_PROBLEMS && map->count > 0; i++)
		map->cell[place_of(map->size, facts->problems[i].offset, map->count)].is_damaged = true;
}

struct image_map_cell image_map_column(const struct image_map *map, unsigned column, unsigned columns)
{
	struct image_map_cell all = { .is_ff = true, .is_00 = true };
	unsigned from, to, sum = 0, seen = 0;

	if (map->count == 0 || columns == 0 || column >= columns)
		return (struct image_map_cell){ .entropy = 0 };
	from = column * map->count / columns;
	to = (column + 1) * map->count / columns;
	for (unsigned i = from; i < (to > from ? to : from + 1); i++) {
		const struct image_map_cell *cell = &map->cell[i];

		all.is_damaged |= cell->is_damaged;
		if (!cell->is_seen)
			continue;
		seen++;
		sum += cell->entropy;
		all.is_ff &= cell->is_ff;
		all.is_00 &= cell->is_00;
	}
	all.is_seen = seen > 0;
	all.entropy = (uint8_t)(seen > 0 ? (sum + seen / 2) / seen : 0);
	return all;
}

unsigned image_map_column_of(const struct image_map *map, uint64_t offset, unsigned columns)
{
	return columns > 0 ? place_of(map->size, offset, columns) : 0;
}

enum image_map_look image_map_look(const struct image_map_cell *cell)
{
	if (!cell->is_seen)
		return IMAGE_MAP_UNSEEN;
	if (cell->is_ff || cell->is_00)
		return cell->is_ff ? IMAGE_MAP_FF : IMAGE_MAP_00;
	return cell->entropy >= PACKED_FROM ? IMAGE_MAP_PACKED
	       : cell->entropy >= CODE_FROM ? IMAGE_MAP_CODE
	       : cell->entropy >= TEXT_FROM ? IMAGE_MAP_TEXT
					    : IMAGE_MAP_SPARSE;
}

/* ---- parts ---- */

/* The part that it is in, one less deep; -1: the file. */
static int parent_of(const struct image_facts *facts, unsigned part)
{
	int at = (int)part - 1;

	while (at >= 0 && facts->parts[at].depth >= facts->parts[part].depth)
		at--;
	return at;
}

static bool has_place(const struct image_facts *facts, unsigned part)
{
	for (int at = (int)part; at >= 0; at = parent_of(facts, (unsigned)at))
		if (facts->parts[at].is_unpacked)
			return false;
	return true;
}

/* Where the part has to end: at the next one beside it, at the end of what it is in, at the end of the file. */
static uint64_t limit_of(const struct image_facts *facts, unsigned part)
{
	uint64_t offset = facts->parts[part].offset, limit = facts->file_size;

	for (int at = parent_of(facts, part); at >= 0; at = parent_of(facts, (unsigned)at)) {
		const struct image_part *outer = &facts->parts[at];

		if (outer->size > 0 && outer->offset <= limit && outer->size < limit - outer->offset)
			limit = outer->offset + outer->size;
	}
	for (unsigned i = part + 1; i < facts->part_count && facts->parts[i].depth >= facts->parts[part].depth; i++)
		if (facts->parts[i].depth == facts->parts[part].depth && facts->parts[i].offset > offset && facts->parts[i].offset < limit)
			limit = facts->parts[i].offset;
	return limit;
}

bool image_part_place(const struct image_facts *facts, unsigned part, uint64_t *ret_offset, uint64_t *ret_size)
{
	const struct image_part *it;
	uint64_t limit;

	if (part >= facts->part_count || !has_place(facts, part))
		return false;
	it = &facts->parts[part];
	if (it->offset >= facts->file_size)
		return false;
	limit = it->size == 0 ? limit_of(facts, part) : facts->file_size;
	*ret_offset = it->offset;
	*ret_size = limit <= it->offset ? 0 : it->size == 0 || it->size > limit - it->offset ? limit - it->offset : it->size;
	return true;
}

int image_part_holder(const struct image_facts *facts, unsigned part)
{
	int at = (int)part;

	while (at >= 0 && !has_place(facts, (unsigned)at))
		at = parent_of(facts, (unsigned)at);
	return at;
}

bool image_has_begun_part(const struct image_facts *facts)
{
	for (unsigned i = 0; i < facts->part_count; i++)
		if (facts->parts[i].is_unpacked && facts->parts[i].size == 0 && !text_equal(facts->parts[i].format, "empty"))
			return true;
	return false;
}

enum image_answer image_part_whole(const struct image_facts *facts, unsigned part)
{
	if (facts->parts[part].whole != IMAGE_NO)
		return facts->parts[part].whole;
	if (facts->whole == IMAGE_YES)
		return IMAGE_UNKNOWN;
	for (int at = parent_of(facts, part); at >= 0; at = parent_of(facts, (unsigned)at))
		if (facts->parts[at].whole == IMAGE_YES)
			return IMAGE_UNKNOWN;
	return IMAGE_NO;
}

int image_part_at(const struct image_facts *facts, uint64_t offset)
{
	uint64_t from, size;
	int found = -1;

	for (unsigned i = 0; i < facts->part_count; i++)
		if (image_part_place(facts, i, &from, &size) && offset >= from && offset - from < size &&
		    (found < 0 || facts->parts[i].depth >= facts->parts[found].depth))
			found = (int)i;
	return found;
}
