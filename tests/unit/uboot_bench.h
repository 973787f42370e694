/* tests/unit/uboot_bench.h
 *
 * The U-Boot driver and the dialog together, against a small U-Boot in memory (tests/fakes/fake_uboot.h). */
#ifndef UNBRICK_TESTS_UBOOT_BENCH_H
#define UNBRICK_TESTS_UBOOT_BENCH_H

#include "src/base/crc.h"
#include "tests/fakes/fake_uboot.h"

enum { IMAGE_SIZE = 2 * LOADER_PIECE + 0x1234b, PLACE = 0x100000, PAUSE_MS = 40 };

struct uboot_bench {
	struct fake_uboot fake;
	struct loader_place place;
	struct loader_build build;
	struct loader_task task;
	struct loader_say say;
	struct dialog dialog;
	struct error error;
	uint8_t *image;
	const char *prompt;
	uint64_t now_ms;
	unsigned retypes;
	bool by_bytes;
};

void uboot_bench_set_up(struct uboot_bench *b, enum loader_storage storage);
void uboot_bench_tear_down(struct uboot_bench *b);
enum loader_turn uboot_bench_begin(struct uboot_bench *b, loader_next *next);
enum loader_turn uboot_bench_run(struct uboot_bench *b, loader_next *next);
void uboot_bench_flash_image(struct uboot_bench *b);
void uboot_bench_assert_neighbours_untouched(const struct uboot_bench *b);

#endif
