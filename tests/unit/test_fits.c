/* Which image fits which device: spellings, revisions, processors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/image/fits.h"
#include "recovery/image/place.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

struct row {
	const char *arch, *boards[4], *revision;		/* the image */
	const char *device_arch, *ids[3], *device_revision;
	enum image_fit fit;
};

static const struct row rows[] = {
	/* processors */
	{ "arm", { "a,one" }, "", "aarch64", { "a,one" }, NULL, IMAGE_WRONG_CPU },
	{ "mipsel", { "a,one" }, "", "mips", { "a,one" }, NULL, IMAGE_WRONG_CPU },
	{ "mips", { "a,one" }, "", "mipsel", { "a,one" }, NULL, IMAGE_FITS },
	{ "arm64", { 0 }, "", "arm64", { "any" }, NULL, IMAGE_FIT_UNKNOWN },
	{ "arm64", { 0 }, "", "arm64", { "a,one" }, NULL, IMAGE_FIT_UNKNOWN },
	{ "", { "a,one" }, "", "", { "a,one" }, NULL, IMAGE_FITS },
	/* compatible strings: a board, its SoC */
	{ "arm", { "vendor,box-two", "chip,x100" }, "", "armv7", { "vendor,box-two", "chip,x100" }, NULL, IMAGE_FITS },
	{ "arm", { "vendor,box-one", "chip,x100" }, "", "armv7", { "vendor,box-two", "chip,x100" }, NULL, IMAGE_WRONG_BOARD },
	{ "arm", { "vendor,box-one", "vendor,box-two" }, "", "armv7", { "vendor,box-two", "chip,x100" }, NULL, IMAGE_FITS },
	{ "arm", { "chip,x100" }, "", "armv7", { "vendor,box-two", "chip,x100" }, NULL, IMAGE_FITS },
	/* spellings */
	{ "arm64", { "chip9-thing-pro.dtb" }, "", "arm64", { "maker,thing-pro", "chip,chip9" }, NULL, IMAGE_FITS },
	{ "arm", { "am-bone-black" }, "", "arm", { "ti,am-bone-black" }, NULL, IMAGE_FITS },
	{ "arm", { "Box Two" }, "", "arm", { "box-two" }, NULL, IMAGE_FITS },
	{ "mips", { "r9 (device id 0x12)" }, "", "mips", { "device id 0x0012" }, NULL, IMAGE_FITS },
	{ "mips", { "device id 0x12" }, "", "mips", { "device id 0x0003" }, NULL, IMAGE_WRONG_BOARD },
	{ "xtensa", { "chip id 0" }, "", "xtensa", { "chip id 0" }, NULL, IMAGE_FITS },
	/* revisions */
	{ "mips", { "hwid 0x08410008" }, "1", "mips", { "hwid 0x08410008" }, "1", IMAGE_FITS },
	{ "mips", { "hwid 0x08410008" }, "1", "mips", { "hwid 0x08410009" }, "1", IMAGE_WRONG_REVISION },
	{ "mips", { "hwid 0x08410008" }, "1", "mips", { "hwid 0x10430001" }, "1", IMAGE_WRONG_BOARD },
	{ "mips", { "BOX(MAKER|EU|X):2.0", "BOX(MAKER|US|X):2.0" }, "2.0", "mips", { "BOX(MAKER|EU|X):3.0" }, "3.0", IMAGE_WRONG_REVISION },
	{ "mips", { "BOX(MAKER|EU|X):2.0", "BOX(MAKER|EU|X):3.0" }, "", "mips", { "BOX(MAKER|EU|X):3.0" }, "3.0", IMAGE_FITS },
	{ "mips", { "maker,router-c7-v2" }, "", "mips", { "maker,router-c7-v5" }, NULL, IMAGE_WRONG_REVISION },
	{ "mips", { "maker,router-c7" }, "", "mips", { "maker,router-c7-v2" }, NULL, IMAGE_WRONG_REVISION },
	{ "mips", { "maker,router-c7-v2" }, "", "mips", { "maker,router-c70-v2" }, NULL, IMAGE_WRONG_BOARD },
	{ "mipsel", { "R9", "29764958+0+128+2x2" }, "", "mipsel", { "R9", "29764958+0+256+3x3" }, NULL, IMAGE_WRONG_REVISION },
	{ "arm", { "bone" }, "1.0, 1.2", "arm", { "bone" }, "1.2", IMAGE_FITS },
	{ "arm", { "bone" }, "1.0, 1.2", "arm", { "bone" }, "2.0", IMAGE_WRONG_REVISION },
	{ "arm", { "bone" }, "v2", "arm", { "bone" }, "Rev. 2.0", IMAGE_FITS },
};

static void images_are_compared_with_devices(void **state)
{
	char reason[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct image_device device = { .arch = row->device_arch, .ids = row->ids, .revision = row->device_revision };
		struct image_facts facts = { .board_count = 0 };
		enum image_fit fit;

		text_copy(facts.arch, sizeof(facts.arch), row->arch);
		text_copy(facts.revision, sizeof(facts.revision), row->revision);
		for (unsigned k = 0; k < ARRAY_SIZE(row->boards) && row->boards[k]; k++)
			text_copy(facts.boards[facts.board_count++], sizeof(facts.boards[0]), row->boards[k]);
		while (device.id_count < ARRAY_SIZE(row->ids) && row->ids[device.id_count])
			device.id_count++;
		fit = image_fits(&facts, &device, reason, sizeof(reason));
		if (fit != row->fit)
			fail_msg("row %zu: %s (%s), not %s", i, image_fit_word(fit), reason, image_fit_word(row->fit));
		assert_true(reason[0] != '\0');
	}
}

static void names_that_are_not_found_prove_nothing(void **state)
{
	const char *const ids[] = { "Archer C7" };
	const struct image_device device = { .arch = "mips", .ids = ids, .id_count = 1, .ids_are_names = true };
	struct image_facts facts = { .arch = "mips", .boards = { "hwid 0xc7000005" }, .board_count = 1 };
	char reason[200];

	(void)state;
	assert_int_equal(image_fits(&facts, &device, reason, sizeof(reason)), IMAGE_FIT_UNKNOWN);
}

static void what_stands_first_must_be_what_the_place_holds(void **state)
{
	static const struct { const char *format, *title, *arch, *holds; unsigned parts; bool belongs; } cases[] = {
		{ "squashfs", "SquashFS file system", "", "kernel", 0, false }, { "squashfs", "SquashFS file system", "", "rootfs", 0, true },
		{ "cramfs", "", "arm", "kernel", 0, false }, { "ext4", "", "", "kernel", 0, true }, { "ubi", "", "", "kernel", 0, true },
		{ "uimage", "U-Boot image (kernel)", "arm", "rootfs", 0, false }, { "uimage", "U-Boot image (file system)", "arm", "rootfs", 0, true },
		{ "uimage", "U-Boot image (several parts)", "arm", "kernel", 0, true }, { "zimage", "", "arm", "rootfs", 0, false },
		{ "squashfs", "", "", NULL, 0, true }, { "squashfs", "", "", "firmware", 0, true }, { "zimage", "", "arm", "firmware", 0, true },
		{ "unknown", "unknown format", "", "kernel", 0, false }, { "unknown", "unknown format", "", NULL, 0, false },
		{ "unknown", "unknown format", "", "kernel", 1, true }, { "unknown", "unknown format", "arm", "kernel", 0, true },
	};
	char reason[160];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image_facts facts = { .part_count = cases[i].parts };

		text_copy(facts.format, sizeof(facts.format), cases[i].format);
		text_copy(facts.title, sizeof(facts.title), cases[i].title);
		text_copy(facts.arch, sizeof(facts.arch), cases[i].arch);
		reason[0] = '\0';
		if (image_belongs(&facts, cases[i].holds, reason, sizeof(reason)) != cases[i].belongs || (reason[0] == '\0') != cases[i].belongs)
			fail_msg("row %zu: %s", i, reason);
	}
}

static void older_and_newer_versions_are_told_where_they_can_be(void **state)
{
	static const struct { const char *image, *installed; enum image_age age; } pairs[] = {
		{ "1.0.2", "1.0.10", IMAGE_OLDER }, { "1.0.10", "1.0.2", IMAGE_NEWER }, { "v2.1", "2.1", IMAGE_AS_OLD },
		{ "1.2", "1.2.1", IMAGE_OLDER }, { "1.2.1", "1.2", IMAGE_NEWER }, { "V1.00(AAKG.3)C0", "V1.00(AAKG.4)C0", IMAGE_AGE_UNKNOWN },
		{ "22.03.5", "23.05.2", IMAGE_OLDER }, { "5.4.1 build 3", "5.6.0 build 1", IMAGE_OLDER }, { "", "1.0", IMAGE_AGE_UNKNOWN },
		{ "1.0", "", IMAGE_AGE_UNKNOWN }, { "20200101", "7", IMAGE_AGE_UNKNOWN }, { "beta", "1.0", IMAGE_AGE_UNKNOWN },
		{ "1.99999999999999999999999", "1.2", IMAGE_NEWER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (image_compare_versions(pairs[i].image, pairs[i].installed) != pairs[i].age)
			fail_msg("'%s' and '%s'", pairs[i].image, pairs[i].installed);
}

static void what_the_device_said_is_held_against_the_image(void **state)
{
	struct image_facts facts = { .version = "1.2.0", .file_size = 20 << 20 };
	struct image_said said = { .version = "1.4", .secure_boot = "enabled", .flash = "SF: Detected w25q128 with page size 256 Bytes, erase size 4 KiB, total 16 MiB" };
	char text[IMAGE_CAUTIONS][IMAGE_CAUTION_SIZE];

	(void)state;
	assert_int_equal(image_cautions(&facts, NULL, &said, text), 3);
	assert_string_equal(text[0], "it is version 1.2.0, older than 1.4, which the device said it runs");
	assert_non_null(strstr(text[1], "secure boot: enabled"));
	assert_string_equal(text[2], "it has 20.0 MiB, the flash that the device named only 16.0 MiB");
	/* what is known from elsewhere counts more; a kernel's version says nothing; a packed image may be larger unpacked, or smaller */
	text_copy(facts.compression, sizeof(facts.compression), "gzip");
	said.secure_boot = "disabled";
	assert_int_equal(image_cautions(&facts, "1.4", &said, text), 0);
	text_copy(facts.name, sizeof(facts.name), "Linux-1.2.0");
	assert_int_equal(image_cautions(&facts, NULL, &said, text), 0);
	assert_int_equal(image_cautions(&facts, NULL, &(struct image_said){ 0 }, text), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(images_are_compared_with_devices),
		cmocka_unit_test(names_that_are_not_found_prove_nothing),
		cmocka_unit_test(what_stands_first_must_be_what_the_place_holds),
		cmocka_unit_test(older_and_newer_versions_are_told_where_they_can_be),
		cmocka_unit_test(what_the_device_said_is_held_against_the_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
