/* recovery/image/map.h
 *
 * A file as a picture: cells from its first byte to its last, each with how mixed its bytes are (Shannon entropy of single bytes), whether
 * it is nothing but 0xff or 0x00, and whether damage was found in it. Pure: whoever holds the file reads the pieces that the map names and
 * adds them. Large files are sampled: at most IMAGE_MAP_CELLS * IMAGE_MAP_SAMPLE bytes (8 MiB) are read, whatever the size. */
#ifndef UNBRICK_RECOVERY_IMAGE_MAP_H
#define UNBRICK_RECOVERY_IMAGE_MAP_H

#include "recovery/image/image.h"

enum {
	IMAGE_MAP_CELLS = 512,
	/* Fewer bytes cannot show how mixed they are: 256 random ones look like text. */
	IMAGE_MAP_CELL_MIN = 1024,
	/* Read of each cell, in pieces spread over it. */
	IMAGE_MAP_SAMPLE = 16 * 1024,
	IMAGE_MAP_PIECES = 4,
};

struct image_map_cell {
	uint8_t entropy;		/* in eighths of a bit a byte */
	bool is_seen;			/* false: nothing of it was read */
	bool is_ff, is_00;		/* nothing else was seen in it */
	bool is_damaged;
};

struct image_map {
	uint64_t size;			/* of the file */
	unsigned count;			/* of cells; 0: an empty file */
	bool is_sampled;		/* not every byte is looked at */
	struct image_map_cell cell[IMAGE_MAP_CELLS];
};

/* How often each byte came in one cell. Begins zeroed. */
struct image_map_tally {
	uint32_t count[256];
	uint32_t total;
};

/* What a cell most likely holds, to be drawn. Entropy alone proves nothing: it tells places apart. */
enum image_map_look { IMAGE_MAP_UNSEEN, IMAGE_MAP_FF, IMAGE_MAP_00, IMAGE_MAP_SPARSE, IMAGE_MAP_TEXT, IMAGE_MAP_CODE, IMAGE_MAP_PACKED };

void image_map_init(struct image_map *map, uint64_t size);
/* Bytes [*ret_offset, *ret_offset + *ret_size) of the file are to be read for the cell; false behind its last piece. */
bool image_map_piece(const struct image_map *map, unsigned cell, unsigned piece, uint64_t *ret_offset, size_t *ret_size);
void image_map_add(struct image_map_tally *tally, struct bytes piece);
void image_map_set(struct image_map *map, unsigned cell, const struct image_map_tally *tally);
/* Marks the places of the damage that inspecting found. */
void image_map_mark(struct image_map *map, const struct image_facts *facts);

/* The map drawn so many columns wide (at least 1): one column's cells as one, and the column where an offset lies. */
struct image_map_cell image_map_column(const struct image_map *map, unsigned column, unsigned columns);
unsigned image_map_column_of(const struct image_map *map, uint64_t offset, unsigned columns);
/* Where a part lies in the file, cut to the file; one of unknown size reaches to the next one, or to the end of what it is in. false: what
 * was unpacked has no place of its own. */
bool image_part_place(const struct image_facts *facts, unsigned part, uint64_t *ret_offset, uint64_t *ret_size);
/* The nearest part around it that has a place; -1: the file itself. */
int image_part_holder(const struct image_facts *facts, unsigned part);
/* Was something only begun to be unpacked, so that its size is not known? */
bool image_has_begun_part(const struct image_facts *facts);
/* As it is to be shown: damage in a part is no damage where a checksum over something around it is right; that is a matter of the warning. */
enum image_answer image_part_whole(const struct image_facts *facts, unsigned part);
/* The innermost part at an offset; -1: none, it is only in the file. */
int image_part_at(const struct image_facts *facts, uint64_t offset);
enum image_map_look image_map_look(const struct image_map_cell *cell);

#endif
