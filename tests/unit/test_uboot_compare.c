/* tests/unit/test_uboot_compare.c: what stands in the flash, against the image and against itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>


#include "tests/unit/uboot_bench.h"

/* ---- what a comparison means ---- */

static void compared(struct uboot_bench *b, struct loader_difference *difference)
{
	assert_int_equal(uboot_bench_begin(b, loader_uboot.compare), LOADER_DONE);
	loader_difference_of(&b->task, difference);
	assert_int_equal(difference->total, (IMAGE_SIZE + LOADER_CELL - 1) / LOADER_CELL);
	assert_int_equal(difference->same + difference->differs + difference->erased, difference->total);
}

static void comparing_tells_whole_flipped_erased_and_half_written(void **state)
{
	struct loader_difference difference;
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_VIRTIO);
	uboot_bench_flash_image(&b);
	compared(&b, &difference);
	assert_int_equal(difference.same, difference.total);
	assert_non_null(strstr(difference.text, "exactly"));
	b.fake.flash[PLACE + 5 * LOADER_CELL + 17] ^= 4;
	compared(&b, &difference);
	assert_int_equal(difference.differs, 1);
	assert_int_equal(difference.first_bad, 5);
	assert_non_null(strstr(difference.text, "blocks differs from the image"));
	assert_null(strstr(difference.text, "erased"));	/* none of them is */
	assert_false(difference.has_erased_tail || difference.has_foreign_front);
	uboot_bench_flash_image(&b);
	memset(b.fake.flash + PLACE + 20 * LOADER_CELL + 100, 0xff, IMAGE_SIZE - 20 * LOADER_CELL - 100);
	compared(&b, &difference);
	assert_true(difference.has_erased_tail);
	assert_int_equal(difference.first_bad, 20);
	memset(b.fake.flash + PLACE, 0xff, IMAGE_SIZE);
	compared(&b, &difference);
	assert_int_equal(difference.erased, difference.total);
	assert_false(difference.has_erased_tail || difference.is_other);
	memset(b.fake.flash + PLACE, 0xa5, IMAGE_SIZE);
	compared(&b, &difference);
	assert_int_equal(difference.differs, difference.total);
	assert_true(difference.is_other);
	assert_non_null(strstr(difference.text, "another version"));
	assert_int_equal(b.fake.writes, 0);
	uboot_bench_tear_down(&b);
}

/* What a power cut leaves most often: the new image in front, an erased block, the old version behind it. */
static void a_gap_behind_the_images_own_front_is_found(void **state)
{
	struct loader_difference difference;
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	uboot_bench_flash_image(&b);
	memset(b.fake.flash + PLACE + 8 * LOADER_CELL, 0xff, LOADER_CELL);
	memset(b.fake.flash + PLACE + 9 * LOADER_CELL, 0x77, 5 * LOADER_CELL);
	compared(&b, &difference);
	assert_true(difference.has_cut_front && difference.has_gap);
	assert_false(difference.has_erased_tail || difference.has_foreign_front);
	assert_int_equal(difference.border_cell, 8);
	memset(b.fake.flash + PLACE + 8 * LOADER_CELL, 0x77, LOADER_CELL);
	compared(&b, &difference);
	assert_true(difference.has_cut_front);
	assert_false(difference.has_gap);
	uboot_bench_tear_down(&b);
}

static void a_gap_behind_a_foreign_front_is_found(void **state)
{
	struct loader_difference difference;
	struct loader_place fine_place;
	struct loader_task fine, coarse;
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	uboot_bench_flash_image(&b);
	memset(b.fake.flash + PLACE, 0x77, 10 * LOADER_CELL + 0x3000);
	memset(b.fake.flash + PLACE + 10 * LOADER_CELL + 0x3000, 0xff, 0x4000);
	compared(&b, &difference);
	assert_true(difference.has_foreign_front);
	assert_int_equal(difference.border_cell, 10);
	coarse = b.task;
	fine_place = b.place;
	fine_place.offset += 10 * LOADER_CELL;
	loader_task_init(&b.task, &fine_place, &b.build, bytes_of(b.image + 10 * LOADER_CELL, LOADER_CELL));
	b.task.cell_size = LOADER_FINE_CELL;
	assert_int_equal(uboot_bench_run(&b, loader_uboot.compare), LOADER_DONE);
	fine = b.task;
	loader_difference_refine(&coarse, &fine, &difference);
	assert_true(difference.has_gap);
	uboot_bench_tear_down(&b);
}

/* ---- reading twice ---- */

static enum loader_turn reread(struct uboot_bench *b)
{
	loader_task_init(&b->task, &b->place, &b->build, (struct bytes){ NULL, IMAGE_SIZE });
	return uboot_bench_run(b, loader_uboot.reread);
}

static void sound_flash_reads_the_same_twice(void **state)
{
	static const enum loader_storage kinds[] = { STORAGE_SPI_NOR, STORAGE_NAND, STORAGE_MMC, STORAGE_VIRTIO, STORAGE_CFI };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct uboot_bench b;

		uboot_bench_set_up(&b, kinds[i]);
		assert_int_equal(reread(&b), LOADER_DONE);
		assert_true(b.task.first_difference == UINT64_MAX);
		assert_int_equal(b.task.done, IMAGE_SIZE);
		assert_int_equal(b.fake.writes + b.fake.erases, 0);
		uboot_bench_tear_down(&b);
	}
}

static void flash_that_reads_differently_is_told_with_its_place(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	b.fake.worn_read = 4;	/* the second reading of the second piece */
	assert_int_equal(reread(&b), LOADER_DONE);
	assert_true(b.task.first_difference == LOADER_PIECE);
	uboot_bench_tear_down(&b);
}

static void a_read_that_does_nothing_is_no_proof_of_sound_flash(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	b.fake.reads_nothing = true;
	assert_int_equal(reread(&b), LOADER_FAILED);
	b.fake.reads_nothing = false;
	b.fake.crc_of_other_range = true;
	assert_int_equal(reread(&b), LOADER_FAILED);
	uboot_bench_tear_down(&b);
}

static void nothing_compared_is_not_the_same(void **state)
{
	struct loader_difference difference;
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	loader_task_init(&b.task, &b.place, &b.build, bytes_of(b.image, 0));
	assert_int_equal(uboot_bench_run(&b, loader_uboot.compare), LOADER_FAILED);
	loader_difference_of(&b.task, &difference);
	assert_null(strstr(difference.text, "exactly"));
	assert_int_equal(uboot_bench_run(&b, loader_uboot.write), LOADER_FAILED);
	uboot_bench_tear_down(&b);
}

static void cells_grow_rather_than_being_forgotten(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	uboot_bench_flash_image(&b);
	b.fake.flash[PLACE + IMAGE_SIZE - 1] ^= 1;
	loader_task_init(&b.task, &b.place, &b.build, bytes_of(b.image, IMAGE_SIZE));
	b.task.cell_size = 256;	/* 8478 of them */
	assert_int_equal(uboot_bench_run(&b, loader_uboot.compare), LOADER_DONE);
	assert_true(b.task.cell_count <= LOADER_CELLS_MAX);
	assert_int_equal(b.task.cell[b.task.cell_count - 1], CELL_DIFFERS);
	uboot_bench_tear_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparing_tells_whole_flipped_erased_and_half_written),
		cmocka_unit_test(a_gap_behind_the_images_own_front_is_found),
		cmocka_unit_test(a_gap_behind_a_foreign_front_is_found),
		cmocka_unit_test(sound_flash_reads_the_same_twice),
		cmocka_unit_test(flash_that_reads_differently_is_told_with_its_place),
		cmocka_unit_test(a_read_that_does_nothing_is_no_proof_of_sound_flash),
		cmocka_unit_test(nothing_compared_is_not_the_same),
		cmocka_unit_test(cells_grow_rather_than_being_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
