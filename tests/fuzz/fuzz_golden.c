/* tests/fuzz/fuzz_golden.c
 *
 * Two good logs and a log, cut out of the input; the log byte by byte must differ in the same as the log at once. A good
 * log held against itself does not differ. */
#include <stdlib.h>

#include "recovery/diagnosis/golden.h"
#include "src/base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sign signs[] = {
	{ .id = "loader", .match = "^U-Boot (\\S+)", .stage = STAGE_LOADER, .effect = SIGN_MILESTONE, .fact = "loader" },
	{ .id = "ram", .match = "DRAM: (.+)", .effect = SIGN_FACT, .fact = "ram" },
	{ .id = "kernel", .match = "Linux (\\S+)", .stage = STAGE_KERNEL, .effect = SIGN_MILESTONE, .fact = "kernel" },
	{ .id = "phy", .match = "no PHY", .effect = SIGN_HARDWARE },
	{ .id = "crc", .match = "CRC", .effect = SIGN_FAULT, .cause = CAUSE_CHECKSUM, .weight = 70 },
	{ .id = "login", .match = "login:", .stage = STAGE_LOGIN, .effect = SIGN_PROMPT, .cause = CAUSE_LOGIN },
};

static bool learn(struct golden *golden, struct bytes in)
{
	golden_begin_good(golden);
	golden_input(golden, in);
	return golden_end(golden, NULL) == STATUS_OK;
}

static void take(struct golden *golden, struct bytes in, size_t step)
{
	golden_begin_log(golden);
	for (size_t i = 0; i < in.size; i += step)
		golden_input(golden, bytes_of(in.data + i, step < in.size - i ? step : in.size - i));
	if (golden_end(golden, NULL) != STATUS_OK)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct golden_result whole;
	struct golden *golden = NULL;
	const struct golden_result *result;
	struct bytes one, other, log;

	if (size < 2)
		return 0;
	one = bytes_of(data + 2, (size - 2) * data[0] / 512);
	other = bytes_of(one.data + one.size, (size - 2) * data[1] / 512);
	log = bytes_of(other.data + other.size, size - 2 - one.size - other.size);
	if (golden_new(signs, ARRAY_SIZE(signs), &golden, NULL) != STATUS_OK)
		abort();
	if (learn(golden, one)) {
		take(golden, one, one.size + 1);
		result = golden_compare(golden);
		if (result->good.start == result->now.start && result->missing.total + result->fresh.total + result->changed.total > 0)
			abort();
	}
	(void)learn(golden, other);
	take(golden, log, log.size + 1);
	whole = *golden_compare(golden);
	take(golden, log, 1);
	if (memcmp(&whole, golden_compare(golden), sizeof(whole)) != 0)
		abort();
	golden_free(golden);
	return 0;
}
