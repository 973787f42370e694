#include "tests/unit/diagnosis_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/base/cleanup.h"

static const struct sign signs[] = {
	{ .id = "spl",
		.match = "^U-Boot SPL (\\S+)",
		.stage = STAGE_FIRST_LOADER,
		.effect = SIGN_MILESTONE,
		.fact = "first-loader" },
	{ .id = "uboot",
		.match = "^U-Boot (?!SPL)(\\S+)",
		.stage = STAGE_LOADER,
		.effect = SIGN_MILESTONE,
		.fact = "loader" },
	{ .id = "dram", .match = "^DRAM: +(.+)", .effect = SIGN_FACT, .fact = "ram" },
	{ .id = "env",
		.match = "using default environment",
		.stage = STAGE_LOADER,
		.effect = SIGN_HARMLESS,
		.fact = "env=default" },
	{ .id = "scary",
		.match = "bad CRC",
		.stage = STAGE_LOADER,
		.effect = SIGN_FAULT,
		.cause = CAUSE_CHECKSUM,
		.weight = 90 },
	{ .id = "read", .match = "(\\d+) blocks read: OK", .effect = SIGN_FACT, .fact = "flash-read-blocks" },
	{ .id = "size", .match = "^Data Size: +(\\d+) Bytes", .effect = SIGN_FACT, .fact = "image-size" },
	{ .id = "arch", .match = "^Architecture: +(\\S+)", .effect = SIGN_FACT, .fact = "image-arch" },
	{ .id = "crc",
		.match = "Bad Data CRC",
		.stage = STAGE_LOADER,
		.effect = SIGN_FAULT,
		.cause = CAUSE_CHECKSUM,
		.weight = 70,
		.also = CAUSE_POWER,
		.also_weight = 60,
		.next = "look" },
	{ .id = "format",
		.match = "Wrong Image Format",
		.stage = STAGE_LOADER,
		.effect = SIGN_FAULT,
		.cause = CAUSE_CHECKSUM,
		.weight = 72,
		.also = CAUSE_POWER,
		.also_weight = 45,
		.fact = "format=unknown" },
	{ .id = "abort",
		.match = "\"Synchronous Abort\" handler",
		.stage = STAGE_KERNEL_UNPACK,
		.effect = SIGN_FAULT,
		.cause = CAUSE_KERNEL_PANIC_OTHER,
		.weight = 55,
		.fact = "arch=aarch64" },
	{ .id = "net",
		.match = "Retry count exceeded",
		.stage = STAGE_LOADER,
		.effect = SIGN_FAULT,
		.cause = CAUSE_NETWORK,
		.weight = 70 },
	{ .id = "phy", .match = "no PHY found", .effect = SIGN_HARDWARE },
	{ .id = "general", .match = "no good", .effect = SIGN_FAULT, .cause = CAUSE_SIGNATURE, .weight = 28, .is_general = true },
	{ .id = "noise", .match = "went wrong", .effect = SIGN_FAULT, .cause = CAUSE_NETWORK, .weight = 16, .is_general = true },
	{ .id = "word", .match = "^Unknown command", .effect = SIGN_FACT, .fact = "script=unknown-command" },
	{ .id = "prompt", .match = "^=>(?: (.*))?$", .stage = STAGE_LOADER, .effect = SIGN_PROMPT, .fact = "command" },
	{ .id = "write", .match = "^writing", .stage = STAGE_UPDATER, .effect = SIGN_PROGRESS },
	{ .id = "loaded", .match = "file loaded", .stage = STAGE_LOADER, .effect = SIGN_DONE },
	{ .id = "written", .match = "written OK", .stage = STAGE_UPDATER, .effect = SIGN_DONE },
	{ .id = "linux",
		.match = "^Linux version (\\S+)",
		.stage = STAGE_KERNEL,
		.effect = SIGN_MILESTONE,
		.fact = "kernel" },
	{ .id = "full",
		.match = "No space left",
		.stage = STAGE_APPLICATION,
		.effect = SIGN_FAULT,
		.cause = CAUSE_SPACE,
		.weight = 85 },
	{ .id = "root",
		.match = "Unable to mount root",
		.stage = STAGE_ROOT_MOUNT,
		.effect = SIGN_FAULT,
		.cause = CAUSE_NO_ROOTFS,
		.weight = 75 },
	{ .id = "good", .match = "all is well", .stage = STAGE_UPDATER, .effect = SIGN_HEALTHY },
	{ .id = "broke",
		.match = "transfer broke",
		.stage = STAGE_UPDATER,
		.effect = SIGN_FAULT,
		.cause = CAUSE_NETWORK,
		.weight = 70 },
	{ .id = "rom",
		.match = "mask ROM only",
		.stage = STAGE_UPDATER,
		.effect = SIGN_FAULT,
		.cause = CAUSE_BOOTLOADER_GONE,
		.weight = 50 },
	{ .id = "link",
		.match = "^link lost",
		.stage = STAGE_LOADER,
		.effect = SIGN_FAULT,
		.cause = CAUSE_NETWORK,
		.weight = 70 },
	{ .id = "login", .match = "\\S+ login: ?", .stage = STAGE_LOGIN, .effect = SIGN_PROMPT, .cause = CAUSE_LOGIN },
};

struct diagnosis *diagnosis_bench_observed(void (*on_line)(void *user, const struct diagnosis_line *line), void *user)
{
	struct diagnosis *diagnosis = NULL;
	struct error error;

	assert_int_equal(diagnosis_new(signs, ARRAY_SIZE(signs), on_line, user, &diagnosis, &error), STATUS_OK);
	return diagnosis;
}

struct diagnosis *diagnosis_bench_begin(void)
{
	return diagnosis_bench_observed(NULL, NULL);
}

void diagnosis_bench_say(struct diagnosis *diagnosis, const char *text, uint64_t now_ms)
{
	diagnosis_input(diagnosis, bytes_of_text(text), now_ms);
}

struct verdict diagnosis_bench_judge(const char *text)
{
	struct diagnosis *diagnosis = diagnosis_bench_begin();
	struct verdict verdict;

	diagnosis_bench_say(diagnosis, text, 0);
	diagnosis_end(diagnosis, 0);
	diagnosis_verdict(diagnosis, &verdict);
	diagnosis_free(diagnosis);
	return verdict;
}
