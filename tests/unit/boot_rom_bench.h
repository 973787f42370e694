/* tests/unit/boot_rom_bench.h
 *
 * A boot ROM's machine on a line of its own with a device made of a function, in a time of its own. */
#ifndef UNBRICK_TESTS_BOOT_ROM_BENCH_H
#define UNBRICK_TESTS_BOOT_ROM_BENCH_H

#include "recovery/protocol/boot_rom.h"

enum { BENCH_TO_HOST = 16384, BENCH_TOLD = 16384, BENCH_TAKEN = 65536 };

struct rom_bench {
	struct boot_rom *rom;
	/* The device: one byte came. It answers with bench_say(). NULL: silent. */
	void (*device)(struct rom_bench *bench, uint8_t byte);
	unsigned long state, count, extra;	/* the device's own */
	uint8_t taken[BENCH_TAKEN];		/* what it holds */
	size_t taken_size;
	size_t lose_at;			/* the nth byte to the device is lost; 0: none */
	size_t cut;			/* bytes that the host reads at once; 0: all */

	uint64_t now_ms;
	uint8_t to_host[BENCH_TO_HOST];
	size_t to_host_size;
	size_t line_bytes;
	char told[BENCH_TOLD];		/* the events, a line each: "fact chip=...", "file ...", "done ..." */
	size_t told_size;
	bool is_over;
	enum status status;
	struct bytes left;		/* what the machine did not take after its end */
};

/* Begins it and drives it to its end, or for limit_ms of the bench's time. */
void bench_run(struct rom_bench *bench, const char *protocol, const struct boot_rom_options *options, uint64_t limit_ms);
void bench_say(struct rom_bench *bench, const void *data, size_t size);
void bench_say_byte(struct rom_bench *bench, uint8_t byte);
bool bench_told(const struct rom_bench *bench, const char *text);
void bench_take(struct rom_bench *bench, uint8_t byte);

#define bench_assert_told(bench, text) \
	do { if (!bench_told(bench, text)) { print_error("not told: '%s' in:\n%s", text, (bench)->told); fail(); } } while (0)

#endif
