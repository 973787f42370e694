/* tests/unit/test_plan.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/procedure/plan.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

static const char *covers[] = { "kernel", "rootfs" };
static struct profile_partition partitions[] = {
	{ .name = "boot", .offset = 0, .size = 0x40000, .guard = "never-write" },
	{ .name = "env", .offset = 0x40000, .size = 0x10000 },
	{ .name = "kernel", .offset = 0x50000, .size = 0x200000 },
	{ .name = "rootfs", .offset = 0x250000, .size = 0x300000 },
	{ .name = "factory", .offset = 0x550000, .size = 0x10000, .guard = "unit-data" },
};

static struct profile flash(void)
{
	return (struct profile){ .id = "a/b", .partitions = partitions, .partition_count = ARRAY_SIZE(partitions), .image_covers = { covers, 2 },
				 .storage = { .kind = "spi-nor" } };
}

static void guarded_partitions_are_never_in_the_range(void **state)
{
	static const struct { uint64_t offset, size; bool refused; } ranges[] = {
		{ 0x50000, 0x500000, false }, { 0x50000, 0x500001, true }, { 0x3ffff, 1, true }, { 0x40000, 1, false }, { 0, 0x600000, true }, { 0x10000, 0x100, true },
		{ 0x55ffff, 1, true }, { 0x560000, UINT64_MAX, false }, { 0x50000, UINT64_MAX, true }, { UINT64_MAX, 2, false },
	};
	struct profile profile = flash();
	struct error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if ((plan_guard_range(&profile, ranges[i].offset, ranges[i].size, &error) == STATUS_REFUSED) != ranges[i].refused)
			fail_msg("range %zu", i);
}

static void the_image_lies_in_contiguous_partitions(void **state)
{
	struct profile profile = flash();
	uint64_t offset = 0, size = 0;
	struct error error;

	(void)state;
	assert_int_equal(plan_image_range(&profile, &offset, &size, &error), STATUS_OK);
	assert_int_equal(offset, 0x50000);
	assert_int_equal(size, 0x500000);
	covers[0] = "env";
	assert_int_equal(plan_image_range(&profile, &offset, &size, &error), STATUS_INVALID);
	covers[0] = "nowhere";
	assert_int_equal(plan_image_range(&profile, &offset, &size, &error), STATUS_INVALID);
	covers[0] = "kernel";
	profile.image_covers.count = 0;
	assert_int_equal(plan_image_range(&profile, &offset, &size, &error), STATUS_INVALID);
}

static void an_image_that_ends_early_leaves_partitions_alone(void **state)
{
	struct profile profile = flash();

	(void)state;
	assert_string_equal(plan_not_reached(&profile, 1)->name, "rootfs");
	assert_string_equal(plan_not_reached(&profile, 0x200000)->name, "rootfs");
	assert_null(plan_not_reached(&profile, 0x200001));
	profile.image_covers.count = 0;
	assert_null(plan_not_reached(&profile, 1));
}

static void a_range_within_an_erase_block_is_refused(void **state)
{
	struct profile profile = flash();
	uint64_t offset, size;
	struct error error;

	(void)state;
	profile.storage.erase_size = 0x20000;	/* the kernel begins in the middle of one */
	assert_int_equal(plan_image_range(&profile, &offset, &size, &error), STATUS_INVALID);
	profile.storage.erase_size = 0;
	profile.storage.kind = "nand";
	assert_int_equal(plan_image_range(&profile, &offset, &size, &error), STATUS_INVALID);
	profile.storage.kind = "cfi";
	partitions[3].size = 0x2f8000;		/* ends in the middle of one: rounding up would reach the neighbour */
	assert_int_equal(plan_image_range(&profile, &offset, &size, &error), STATUS_INVALID);
	profile.storage.kind = "virtio";
	assert_int_equal(plan_image_range(&profile, &offset, &size, &error), STATUS_OK);
	partitions[3].size = UINT64_MAX;
	assert_int_equal(plan_image_range(&profile, &offset, &size, &error), STATUS_INVALID);
	partitions[3].size = 0x300000;
}

static struct procedure_step tftp_steps[] = {
	{ .kind = STEP_SERVE, .with = (struct step_param[]){ { "protocol", "tftp" } }, .with_count = 1 },
	{ .kind = STEP_LOAD, .with = (struct step_param[]){ { "by", "tftp" } }, .with_count = 1 },
};
static struct procedure_step dahua_steps[] = {
	{ .kind = STEP_SERVE, .with = (struct step_param[]){ { "protocol", "dahua" } }, .with_count = 1 },
	{ .kind = STEP_LOAD, .with = (struct step_param[]){ { "by", "tftp" } }, .with_count = 1 },
};
static struct procedure_step retry_steps[] = { { .kind = STEP_WAIT, .with = (struct step_param[]){ { "for", "retry" } }, .with_count = 1 } };
static struct procedure_step shell[] = { { .kind = STEP_SEND, .with = (struct step_param[]){ { "to", "shell" } }, .with_count = 1 } };
static const struct procedure procedures[] = {
	{ .name = "network", .needs = "serial network image" }, { .name = "card", .needs = "card" }, { .name = "login", .needs = "serial login" },
	{ .name = "retry", .needs = "", .steps = retry_steps, .step_count = 1 }, { .name = "networks", .needs = "networks" },
	{ .name = "tftp", .needs = "serial network image", .steps = tftp_steps, .step_count = 2 },
	{ .name = "dahua", .needs = "serial network image", .steps = dahua_steps, .step_count = 2 },
};

static const struct procedure *find(void *user, const char *name)
{
	(void)user;
	for (size_t i = 0; i < ARRAY_SIZE(procedures); i++)
		if (text_equal(procedures[i].name, name))
			return &procedures[i];
	return NULL;
}

static const struct procedure *the_one(void *user, const char *name)
{
	(void)name;
	return user;
}

static const char *power[] = { "POWER" }, *checksum[] = { "CHECKSUM" };

static void methods_that_treat_and_can_be_done_come_first(void **state)
{
	struct profile_method methods[] = {
		{ .name = "a", .procedure = "card", .treats = { checksum, 1 } }, { .name = "b", .procedure = "network", .treats = { power, 1 } },
		{ .name = "c", .procedure = "missing" }, { .name = "d", .procedure = "login" }, { .name = "e", .procedure = "network" },
		{ .name = "f", .procedure = "retry", .treats = { power, 1 } }, { .name = "g", .procedure = "networks" },
	};
	struct profile profile = { .methods = methods, .method_count = ARRAY_SIZE(methods) };
	struct plan_bench bench = { .has_serial = true, .has_network = true, .is_at_prompt = true };
	struct verdict verdict = { .is_decided = true, .causes = { { .cause = CAUSE_POWER, .confidence = 0.9 } }, .cause_count = 1 };
	struct plan_item items[PLAN_MAX];

	(void)state;
	assert_int_equal(plan_make(&verdict, &profile, &bench, find, NULL, items, PLAN_MAX), 6);
	assert_string_equal(items[0].method->name, "b");	/* in the profile's order among equals */
	assert_string_equal(items[1].method->name, "e");
	assert_string_equal(items[2].method->name, "g");
	assert_string_equal(items[3].method->name, "d");
	assert_non_null(strstr(items[3].obstacle, "login"));
	assert_string_equal(items[4].method->name, "f");
	assert_non_null(strstr(items[4].obstacle, "try again"));
	assert_string_equal(items[5].method->name, "a");
	assert_false(items[5].treats);
	assert_string_equal(items[0].reason, "treats POWER");
}

static void what_was_tried_in_vain_stands_behind_what_was_not(void **state)
{
	struct profile_method methods[] = {
		{ .name = "wait", .procedure = "network", .treats = { power, 1 } }, { .name = "wait-long", .procedure = "network", .treats = { power, 1 } },
		{ .name = "other", .procedure = "network", .treats = { checksum, 1 } },
	};
	struct profile profile = { .methods = methods, .method_count = ARRAY_SIZE(methods) };
	struct plan_bench bench = { .has_serial = true, .has_network = true, .tried = "flash wait" };
	struct verdict verdict = { .is_decided = true, .causes = { { .cause = CAUSE_POWER, .confidence = 0.9 } }, .cause_count = 1 };
	struct plan_item items[PLAN_MAX];

	(void)state;
	assert_int_equal(plan_make(&verdict, &profile, &bench, find, NULL, items, PLAN_MAX), 3);
	assert_string_equal(items[0].method->name, "wait-long");
	assert_string_equal(items[1].method->name, "wait");
	assert_true(items[1].was_tried);
	assert_string_equal(items[2].method->name, "other");
}

static void causes_that_lead_together_are_both_treated(void **state)
{
	struct profile_method methods[] = { { .name = "a", .procedure = "network", .treats = { checksum, 1 } } };
	struct profile profile = { .methods = methods, .method_count = 1 };
	struct plan_bench bench = { .has_serial = true };
	struct verdict verdict = { .causes = { { .cause = CAUSE_POWER, .confidence = 0.5 }, { .cause = CAUSE_CHECKSUM, .confidence = 0.4 } }, .cause_count = 2 };
	struct plan_item item;

	(void)state;
	assert_int_equal(plan_make(&verdict, &profile, &bench, find, NULL, &item, 1), 1);
	assert_true(item.treats);
	assert_false(item.is_possible);
	verdict.is_decided = true;
	plan_make(&verdict, &profile, &bench, find, NULL, &item, 1);
	assert_false(item.treats);
}

static void without_a_network_an_image_goes_over_the_line_where_the_loader_takes_it(void **state)
{
	static const struct { const char *loader, *procedure; bool has_serial, is_possible; } table[] = {
		{ "uboot", "tftp", true, true }, { NULL, "tftp", true, true }, { "redboot", "tftp", true, true }, { "uboot", "tftp", false, false },
		{ "cfe", "tftp", true, false }, { "uboot", "dahua", true, false }, { "uboot", "network", true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct profile_method method = { .name = "a", .procedure = table[i].procedure, .treats = { checksum, 1 } };
		struct profile profile = { .methods = &method, .method_count = 1, .console = { .loader = table[i].loader } };
		struct plan_bench bench = { .has_serial = table[i].has_serial };
		struct verdict verdict = { .is_decided = true, .causes = { { .cause = CAUSE_CHECKSUM, .confidence = 0.9 } }, .cause_count = 1 };
		struct plan_item item;

		assert_int_equal(plan_make(&verdict, &profile, &bench, find, NULL, &item, 1), 1);
		if (item.is_possible != table[i].is_possible || item.by_serial != table[i].is_possible)
			fail_msg("row %zu", i);
		bench.has_network = bench.has_serial = true;
		plan_make(&verdict, &profile, &bench, find, NULL, &item, 1);
		assert_true(item.is_possible && !item.by_serial);
	}
}

static void without_a_bootloader_only_ways_that_need_none_are_possible(void **state)
{
	static struct procedure_step prompt[] = { { .kind = STEP_POWER }, { .kind = STEP_STOP_BOOT } };
	static struct procedure_step rom[] = { { .kind = STEP_SERVE }, { .kind = STEP_UART_LOAD }, { .kind = STEP_STOP_BOOT } };
	static struct procedure_step looks[] = { { .kind = STEP_CHECK_IMAGE } }, puts[] = { { .kind = STEP_PUT } }, cards[] = { { .kind = STEP_MEDIA } };
	static const char *gone[] = { "BOOTLOADER-GONE" };
	static const struct { struct procedure_step *steps; unsigned count; bool is_named, is_possible; } table[] = {
		{ prompt, 2, false, false }, { rom, 3, false, true }, { looks, 1, false, true }, { puts, 1, false, false }, { cards, 1, false, false },
		{ cards, 1, true, true }, { retry_steps, 1, false, false }, { tftp_steps, 2, false, false }, { shell, 1, false, true },
	};
	struct plan_bench bench = { .has_serial = true, .has_network = true, .has_card = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct procedure procedure = { .name = "p", .needs = "", .steps = table[i].steps, .step_count = table[i].count };
		struct profile_method method = { .name = "a", .procedure = "p", .treats = { gone, table[i].is_named } };
		struct profile profile = { .methods = &method, .method_count = 1 };
		struct verdict verdict = { .cause = CAUSE_BOOTLOADER_GONE, .is_decided = true, .cause_count = 1,
					   .causes = { { .cause = CAUSE_BOOTLOADER_GONE, .proof = { { .source = EVIDENCE_LINE } }, .proof_count = 1 } } };
		struct plan_item item;

		assert_int_equal(plan_make(&verdict, &profile, &bench, the_one, (void *)&procedure, &item, 1), 1);
		if (item.is_possible != table[i].is_possible || (strstr(item.obstacle, "needs the bootloader") == NULL) != table[i].is_possible)
			fail_msg("row %zu: %s", i, item.obstacle);
		/* silence proves nothing, causes that lead together leave it open, and a prompt is the contrary */
		verdict.causes[0].proof[0].source = EVIDENCE_OPERATOR;
		plan_make(&verdict, &profile, &bench, the_one, (void *)&procedure, &item, 1);
		assert_null(strstr(item.obstacle, "needs the bootloader"));
		verdict.causes[0].proof[0].source = EVIDENCE_COURSE;
		verdict.is_decided = false;
		plan_make(&verdict, &profile, &bench, the_one, (void *)&procedure, &item, 1);
		assert_null(strstr(item.obstacle, "needs the bootloader"));
		verdict.is_decided = bench.is_at_prompt = true;
		plan_make(&verdict, &profile, &bench, the_one, (void *)&procedure, &item, 1);
		assert_null(strstr(item.obstacle, "needs the bootloader"));
		bench.is_at_prompt = false;
	}
}

static void a_full_plan_loses_its_worst_not_its_last(void **state)
{
	struct profile_method methods[6];
	struct profile profile = { .methods = methods, .method_count = ARRAY_SIZE(methods) };
	struct plan_bench bench = { .has_serial = true, .has_network = true };
	struct verdict verdict = { .is_decided = true, .causes = { { .cause = CAUSE_POWER, .confidence = 0.9 } }, .cause_count = 1 };
	struct plan_item items[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		methods[i] = (struct profile_method){ .name = "x", .procedure = "card", .treats = { checksum, 1 } };
	methods[5] = (struct profile_method){ .name = "best", .procedure = "network", .treats = { power, 1 } };
	assert_int_equal(plan_make(&verdict, &profile, &bench, find, NULL, items, 2), 2);
	assert_string_equal(items[0].method->name, "best");
	assert_int_equal(plan_make(&verdict, &profile, &bench, find, NULL, items, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guarded_partitions_are_never_in_the_range),
		cmocka_unit_test(an_image_that_ends_early_leaves_partitions_alone),
		cmocka_unit_test(the_image_lies_in_contiguous_partitions),
		cmocka_unit_test(a_range_within_an_erase_block_is_refused),
		cmocka_unit_test(methods_that_treat_and_can_be_done_come_first),
		cmocka_unit_test(what_was_tried_in_vain_stands_behind_what_was_not),
		cmocka_unit_test(causes_that_lead_together_are_both_treated),
		cmocka_unit_test(without_a_network_an_image_goes_over_the_line_where_the_loader_takes_it),
		cmocka_unit_test(without_a_bootloader_only_ways_that_need_none_are_possible),
		cmocka_unit_test(a_full_plan_loses_its_worst_not_its_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
