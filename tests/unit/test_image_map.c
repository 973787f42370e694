/* The picture of a file: what is read for it, how mixed bytes look, where damage is marked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/image/map.h"
#include "src/base/cleanup.h"

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

static struct image_map_cell cell_of(struct bytes bytes)
{
	struct image_map_tally tally = { .total = 0 };
	struct image_map map;

	image_map_init(&map, bytes.size);
	image_map_add(&tally, bytes);
	image_map_set(&map, 0, &tally);
	return map.cell[0];
}

static void every_byte_of_a_small_file_is_read_once(void **state)
{
	static const uint64_t sizes[] = { 1, 1023, 1024, 1025, 65536, 524287, 1000003, 8 * 1024 * 1024 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t at = 0, offset;
		struct image_map map;
		size_t size;

		image_map_init(&map, sizes[i]);
		assert_false(map.is_sampled);
		for (unsigned cell = 0; cell < map.count; cell++)
			for (unsigned piece = 0; image_map_piece(&map, cell, piece, &offset, &size); piece++) {
				assert_int_equal(offset, at);
				at += size;
			}
		assert_int_equal(at, sizes[i]);
	}
}

static void a_large_file_is_sampled_over_all_of_it(void **state)
{
	static const uint64_t sizes[] = { 8 * 1024 * 1024 + 512, UINT64_C(2) << 30, UINT64_C(64) << 30, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t offset = 0, last = 0, all = 0;
		struct image_map map;
		size_t size = 0;

		image_map_init(&map, sizes[i]);
		assert_true(map.is_sampled);
		for (unsigned cell = 0; cell < map.count; cell++)
			for (unsigned piece = 0; image_map_piece(&map, cell, piece, &offset, &size); piece++) {
				assert_true(offset >= last);
				last = offset + size;
				all += size;
			}
		assert_int_equal(last, sizes[i]);	/* its end is looked at: that is where downloads break off */
		assert_true(all <= 8 * 1024 * 1024);
	}
}

static void an_empty_file_has_no_cells(void **state)
{
	struct image_facts facts = { .broken_count = 1, .problem_count = 1 };
	struct image_map map;
	uint64_t offset;
	size_t size;

	(void)state;
	image_map_init(&map, 0);
	image_map_mark(&map, &facts);
	assert_int_equal(map.count, 0);
	assert_false(image_map_piece(&map, 0, 0, &offset, &size));
	assert_false(image_map_column(&map, 0, 76).is_seen);
	assert_int_equal(image_map_column_of(&map, 0, 76), 75);
}

static void entropy_is_that_of_its_bytes(void **state)
{
	static uint8_t bytes[4096];
	struct image_map_cell cell;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	assert_int_equal(cell_of(bytes_of(bytes, sizeof(bytes))).entropy, 64);	/* all alike often: 8 bits */
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i % 16 < 8 ? 'a' : 'b';
	assert_int_equal(cell_of(bytes_of(bytes, sizeof(bytes))).entropy, 8);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i % 8);
	cell = cell_of(bytes_of(bytes, sizeof(bytes)));
	assert_int_equal(cell.entropy, 24);
	memset(bytes, 'x', sizeof(bytes));
	cell = cell_of(bytes_of(bytes, sizeof(bytes)));
	assert_int_equal(cell.entropy, 0);
	assert_int_equal(image_map_look(&cell), IMAGE_MAP_SPARSE);
}

static void empty_flash_and_zeros_are_told_from_sparse_bytes(void **state)
{
	static uint8_t bytes[2048];
	struct image_map_cell cell;

	(void)state;
	cell = cell_of(bytes_of(bytes, sizeof(bytes)));
	assert_int_equal(image_map_look(&cell), IMAGE_MAP_00);
	memset(bytes, 0xff, sizeof(bytes));
	cell = cell_of(bytes_of(bytes, sizeof(bytes)));
	assert_int_equal(image_map_look(&cell), IMAGE_MAP_FF);
	bytes[77] = 0xfe;
	cell = cell_of(bytes_of(bytes, sizeof(bytes)));
	assert_int_equal(image_map_look(&cell), IMAGE_MAP_SPARSE);
}

static void packed_bytes_look_packed_in_the_smallest_cell(void **state)
{
	uint8_t bytes[IMAGE_MAP_CELL_MIN];
	struct image_map_cell cell;
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)next_random(&random);
	cell = cell_of(bytes_of(bytes, sizeof(bytes)));
	assert_int_equal(image_map_look(&cell), IMAGE_MAP_PACKED);
}

static void text_looks_like_text(void **state)
{
	static const char text[] = "Every length in the file is a claim; a loader that believes it writes beyond the end of its memory, and "
				   "a bench that believes it waits for bytes which nobody is ever going to send to it.\n";
	struct image_map_cell cell = cell_of(BYTES("Every length in the file is a claim; a loader that believes it writes beyond the end."));

	(void)state;
	assert_int_equal(image_map_look(&cell), IMAGE_MAP_TEXT);
	cell = cell_of(bytes_of(text, sizeof(text)));
	assert_int_equal(image_map_look(&cell), IMAGE_MAP_TEXT);
}

static void damage_is_marked_where_it_is_and_notes_are_not(void **state)
{
	struct image_facts facts = { .problem_count = 3, .broken_count = 2 };
	struct image_map map;
	unsigned marked = 0;

	(void)state;
	image_map_init(&map, 512 * 1024);
	facts.problems[0].offset = 100 * 1024 + 7;
	facts.problems[1].offset = UINT64_MAX;	/* behind the end: what is missing there */
	facts.problems[2].offset = 5 * 1024;
	image_map_mark(&map, &facts);
	for (unsigned i = 0; i < map.count; i++)
		marked += map.cell[i].is_damaged;
	assert_int_equal(marked, 2);
	assert_true(map.cell[100].is_damaged);
	assert_true(map.cell[511].is_damaged);
}

static void columns_join_cells_and_lose_no_damage(void **state)
{
	struct image_map map;
	unsigned marked = 0;

	(void)state;
	image_map_init(&map, 512 * 1024);
	for (unsigned i = 0; i < map.count; i++)
		map.cell[i] = (struct image_map_cell){ .is_seen = true, .entropy = i < 256 ? 64 : 0, .is_ff = i >= 256, .is_damaged = i == 300 };
	for (unsigned i = 0; i < 75; i++)
		marked += image_map_column(&map, i, 75).is_damaged;
	assert_int_equal(marked, 1);
	assert_int_equal(image_map_column(&map, 0, 2).entropy, 64);
	assert_true(image_map_column(&map, 1, 2).is_ff);
	assert_int_equal(image_map_column(&map, 0, 1).entropy, 32);
	assert_false(image_map_column(&map, 0, 1).is_ff);
	assert_true(image_map_column(&map, 999, 1000).is_ff);	/* more columns than cells */
}

static void an_offset_lies_in_the_column_that_shows_it(void **state)
{
	struct image_map map;

	(void)state;
	image_map_init(&map, UINT64_C(64) << 30);
	assert_int_equal(image_map_column_of(&map, 0, 76), 0);
	assert_int_equal(image_map_column_of(&map, map.size / 2, 76), 38);
	assert_int_equal(image_map_column_of(&map, map.size - 1, 76), 75);
	assert_int_equal(image_map_column_of(&map, UINT64_MAX, 76), 75);
}

/* A container with two members, one of unknown size, a packed stream in the second, and what is in that. */
static void fill_tree(struct image_facts *facts)
{
	*facts = (struct image_facts){ .file_size = 10000, .part_count = 5 };
	facts->parts[0] = (struct image_part){ .offset = 1000, .size = 8000, .depth = 1 };
	facts->parts[1] = (struct image_part){ .offset = 1000, .depth = 2 };
	facts->parts[2] = (struct image_part){ .offset = 3000, .depth = 2 };
	facts->parts[3] = (struct image_part){ .offset = 0, .size = 9999, .depth = 3, .is_unpacked = true };
	facts->parts[4] = (struct image_part){ .offset = 500, .size = 100, .depth = 4 };
}

static void a_part_of_unknown_size_ends_where_something_else_does(void **state)
{
	struct image_facts facts;
	uint64_t offset, size;

	(void)state;
	fill_tree(&facts);
	assert_true(image_part_place(&facts, 1, &offset, &size));
	assert_int_equal(offset, 1000);
	assert_int_equal(size, 2000);	/* at the next one */
	assert_true(image_part_place(&facts, 2, &offset, &size));
	assert_int_equal(size, 6000);	/* with its container */
	facts.part_count = 1;
	facts.parts[0].size = 0;
	assert_true(image_part_place(&facts, 0, &offset, &size));
	assert_int_equal(size, 9000);	/* with the file */
}

static void what_was_unpacked_lies_where_it_was_packed(void **state)
{
	struct image_facts facts;
	uint64_t offset, size;

	(void)state;
	fill_tree(&facts);
	assert_false(image_part_place(&facts, 3, &offset, &size));
	assert_false(image_part_place(&facts, 4, &offset, &size));
	assert_int_equal(image_part_holder(&facts, 4), 2);
	assert_int_equal(image_part_holder(&facts, 1), 1);
	facts.parts[0].is_unpacked = true;
	assert_int_equal(image_part_holder(&facts, 4), -1);
}

static void sizes_and_places_that_lie_are_cut_to_the_file(void **state)
{
	struct image_facts facts;
	uint64_t offset, size;

	(void)state;
	fill_tree(&facts);
	facts.parts[0].size = UINT64_MAX;
	assert_true(image_part_place(&facts, 0, &offset, &size));
	assert_int_equal(size, 9000);
	facts.parts[0].offset = UINT64_MAX - 1;
	assert_false(image_part_place(&facts, 0, &offset, &size));
	assert_false(image_part_place(&facts, 99, &offset, &size));
	facts.parts[2].depth = 0;
	assert_true(image_part_place(&facts, 2, &offset, &size));
	assert_int_equal(size, 7000);
}

static void the_innermost_part_is_at_an_offset(void **state)
{
	struct image_facts facts;

	(void)state;
	fill_tree(&facts);
	assert_int_equal(image_part_at(&facts, 0), -1);
	assert_int_equal(image_part_at(&facts, 1000), 1);
	assert_int_equal(image_part_at(&facts, 8999), 2);
	assert_int_equal(image_part_at(&facts, 9000), -1);
}

static void a_right_checksum_around_a_part_speaks_for_it(void **state)
{
	struct image_facts facts;

	(void)state;
	fill_tree(&facts);
	facts.parts[2].whole = facts.parts[3].whole = IMAGE_NO;
	facts.parts[1].whole = IMAGE_YES;	/* stands beside them: says nothing of them */
	assert_int_equal(image_part_whole(&facts, 2), IMAGE_NO);
	assert_int_equal(image_part_whole(&facts, 3), IMAGE_NO);
	facts.parts[0].whole = IMAGE_YES;
	assert_int_equal(image_part_whole(&facts, 2), IMAGE_UNKNOWN);
	assert_int_equal(image_part_whole(&facts, 3), IMAGE_UNKNOWN);
	facts.parts[0].whole = IMAGE_UNKNOWN;
	facts.whole = IMAGE_YES;
	assert_int_equal(image_part_whole(&facts, 3), IMAGE_UNKNOWN);
	assert_int_equal(image_part_whole(&facts, 1), IMAGE_YES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_of_a_small_file_is_read_once),
		cmocka_unit_test(a_large_file_is_sampled_over_all_of_it),
		cmocka_unit_test(an_empty_file_has_no_cells),
		cmocka_unit_test(entropy_is_that_of_its_bytes),
		cmocka_unit_test(empty_flash_and_zeros_are_told_from_sparse_bytes),
		cmocka_unit_test(packed_bytes_look_packed_in_the_smallest_cell),
		cmocka_unit_test(text_looks_like_text),
		cmocka_unit_test(damage_is_marked_where_it_is_and_notes_are_not),
		cmocka_unit_test(columns_join_cells_and_lose_no_damage),
		cmocka_unit_test(an_offset_lies_in_the_column_that_shows_it),
		cmocka_unit_test(a_part_of_unknown_size_ends_where_something_else_does),
		cmocka_unit_test(what_was_unpacked_lies_where_it_was_packed),
		cmocka_unit_test(sizes_and_places_that_lie_are_cut_to_the_file),
		cmocka_unit_test(the_innermost_part_is_at_an_offset),
		cmocka_unit_test(a_right_checksum_around_a_part_speaks_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
