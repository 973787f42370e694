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
	{ "mipsel", { "maker,c2600" }, "", "mipsel", { "2600" }, NULL, IMAGE_WRONG_BOARD },
	{ "mipsel", { "maker,gl-c2600" }, "", "mipsel", { "C2600" }, NULL, IMAGE_FITS },
	{ "mipsel", { "maker,c2600" }, "", "mipsel", { "other,c2600" }, NULL, IMAGE_FIT_UNKNOWN },
	/* revisions */
	{ "mips", { "hwid 0x08410008" }, "1", "mips", { "hwid 0x08410008" }, "1", IMAGE_FITS },
	{ "mips", { "hwid 0x08410008" }, "1", "mips", { "hwid 0x08410009" }, "1", IMAGE_WRONG_REVISION },
	{ "mips", { "hwid 0x08410008" }, "1", "mips", { "hwid 0x10430001" }, "1", IMAGE_WRONG_BOARD },
	{ "mips", { "BOX(MAKER|EU|X):2.0", "BOX(MAKER|US|X):2.0" }, "2.0", "mips", { "BOX(MAKER|EU|X):3.0" }, "3.0", IMAGE_WRONG_REVISION },
	{ "mips", { "BOX(MAKER|EU|X):2.0", "BOX(MAKER|EU|X):3.0" }, "", "mips", { "BOX(MAKER|EU|X):3.0" }, "3.0", IMAGE_FITS },
	{ "mips", { "maker,router-c7-v2" }, "", "mips", { "maker,router-c7-v5" }, NULL, IMAGE_WRONG_REVISION },
	{ "mips", { "maker,router-c7" }, "", "mips", { "maker,router-c7-v2" }, NULL, IMAGE_WRONG_REVISION },
	{ "mips", { "maker,router-c7" }, "", "mips", { "maker,router-c7-v1", "maker,router-c7" }, NULL, IMAGE_FITS },
	{ "mips", { "maker,router-c7-v2" }, "", "mips", { "maker,router-c70-v2" }, NULL, IMAGE_WRONG_BOARD },
	{ "mipsel", { "R9", "29764958+0+128+2x2" }, "", "mipsel", { "R9", "29764958+0+256+3x3" }, NULL, IMAGE_WRONG_REVISION },
	{ "arm", { "bone" }, "1.0, 1.2", "arm", { "bone" }, "1.2", IMAGE_FITS },
	{ "arm", { "bone" }, "1.0, 1.2", "arm", { "bone" }, "2.0", IMAGE_WRONG_REVISION },
	{ "arm", { "bone" }, "v2", "arm", { "bone" }, "Rev. 2.0", IMAGE_FITS },
	{ "arm", { "bone" }, "5.0.0", "arm", { "bone" }, "v5", IMAGE_FITS },
	{ "arm", { "bone" }, "5.0.1", "arm", { "bone" }, "v5", IMAGE_WRONG_REVISION },
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
		assert_true(fit <= IMAGE_FITS || text_contains(reason, "start"));	/* what would happen */
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

static void a_profile_refuses_by_ids_of_the_same_kind_only(void **state)
{
	static const char *const ids[] = { "maker,router-c7-v5", "hwid 0xc7000005" };
	const struct image_device device = { .arch = "mips", .ids = ids, .id_count = ARRAY_SIZE(ids), .ids_are_some = true };
	static const struct { const char *board; enum image_fit fit; } images[] = {
		{ "maker,router-c7-v5", IMAGE_FITS }, { "hwid 0xC7000005", IMAGE_FITS }, { "maker,router-a7-v5", IMAGE_WRONG_BOARD },
		{ "maker,router-c7-v4", IMAGE_WRONG_REVISION }, { "hwid 0x10430001", IMAGE_WRONG_BOARD }, { "hwid 0xc7000002", IMAGE_WRONG_REVISION },
		/* what the maker's own file calls the board is not in the profile: that says nothing */
		{ "{product_name:Router C7,product_ver:5.0.0}", IMAGE_FIT_UNKNOWN }, { "RC7V5", IMAGE_FIT_UNKNOWN }, { "device id 5", IMAGE_FIT_UNKNOWN },
	};
	char reason[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
		struct image_facts facts = { .arch = "mips", .board_count = 1 };

		text_copy(facts.boards[0], sizeof(facts.boards[0]), images[i].board);
		if (image_fits(&facts, &device, reason, sizeof(reason)) != images[i].fit)
			fail_msg("%s: %s", images[i].board, reason);
	}
}

static void another_revision_than_the_profiles_leaves_it_open(void **state)
{
	static const char *const names[] = { "Router C7" }, *const ids[] = { "maker,router-c7-v5" };
	struct image_device device = { .arch = "mips", .ids = names, .id_count = 1, .ids_are_names = true, .profile_revision = "v5" };
	struct image_facts facts = { .arch = "mips", .boards = { "Router C7" }, .board_count = 1, .revision = "4.0.0" };
	char reason[200];

	(void)state;
	assert_int_equal(image_fits(&facts, &device, reason, sizeof(reason)), IMAGE_FIT_UNKNOWN);
	text_copy(facts.revision, sizeof(facts.revision), "5.0.0");
	assert_int_equal(image_fits(&facts, &device, reason, sizeof(reason)), IMAGE_FITS);
	/* what names the board with its revision counts more than a number in some header */
	device.ids = ids;
	text_copy(facts.boards[0], sizeof(facts.boards[0]), ids[0]);
	text_copy(facts.revision, sizeof(facts.revision), "1");
	assert_int_equal(image_fits(&facts, &device, reason, sizeof(reason)), IMAGE_FITS);
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
		{ "uimage", "U-Boot image (ramdisk)", "arm", "kernel", 0, false }, { "uimage", "U-Boot image (script)", "arm", "kernel", 0, false },
		{ "uimage", "U-Boot image (firmware)", "arm", "kernel", 0, false }, { "uimage", "U-Boot image (file system)", "arm", "kernel", 0, false },
		{ "uimage", "U-Boot image (standalone program)", "arm", "kernel", 0, true }, { "uimage", "U-Boot image (firmware)", "arm", "bootloader", 0, true },
		{ "dtb", "device tree", "arm", "kernel", 0, false }, { "uimage", "U-Boot image (ramdisk)", "arm", NULL, 0, true },
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
		if ((image_belongs(&facts, &(struct image_place){ .holds = cases[i].holds }, reason, sizeof(reason)) == IMAGE_BELONGS) != cases[i].belongs ||
		    (reason[0] == '\0') != cases[i].belongs)
			fail_msg("row %zu: %s", i, reason);
	}
}

static void what_another_loader_starts_is_refused_where_the_formats_are_named_and_left_open_elsewhere(void **state)
{
	static const char *const named[] = { "uimage", "fit" };
	static const struct { const char *format; enum image_role role; const char *holds; size_t named; const char *own; enum image_belonging is; } cases[] = {
		{ "uimage", IMAGE_ROLE_PLAIN, "kernel", 2, NULL, IMAGE_BELONGS }, { "fit", IMAGE_ROLE_PLAIN, "kernel", 2, NULL, IMAGE_BELONGS },
		{ "fit", IMAGE_ROLE_PLAIN, "kernel", 1, NULL, IMAGE_BELONGS_NOT }, { "trx", IMAGE_ROLE_PACKAGE, "kernel", 2, NULL, IMAGE_BELONGS_NOT },
		{ "elf", IMAGE_ROLE_PLAIN, "kernel", 2, NULL, IMAGE_BELONGS_NOT }, { "unknown", IMAGE_ROLE_UNTOLD, "kernel", 2, NULL, IMAGE_BELONGS_NOT },
		/* the profile's word counts more than what loaders of the make start */
		{ "trx", IMAGE_ROLE_PACKAGE, NULL, 2, "trx", IMAGE_BELONGS_NOT },
		{ "trx", IMAGE_ROLE_PACKAGE, "kernel", 0, NULL, IMAGE_BELONGS_PERHAPS }, { "trx", IMAGE_ROLE_PACKAGE, NULL, 0, NULL, IMAGE_BELONGS_PERHAPS },
		{ "trx", IMAGE_ROLE_PACKAGE, "firmware", 0, "chdr trx", IMAGE_BELONGS }, { "seama", IMAGE_ROLE_PACKAGE, "firmware", 0, "trx", IMAGE_BELONGS_PERHAPS },
		{ "elf", IMAGE_ROLE_PLAIN, "kernel", 0, NULL, IMAGE_BELONGS }, { "unknown", IMAGE_ROLE_UNTOLD, "kernel", 0, NULL, IMAGE_BELONGS },
		{ "egon-spl", IMAGE_ROLE_LOADER, "kernel", 0, NULL, IMAGE_BELONGS_NOT }, { "egon-spl", IMAGE_ROLE_LOADER, "rootfs", 0, NULL, IMAGE_BELONGS_NOT },
		{ "egon-spl", IMAGE_ROLE_LOADER, "bootloader", 0, NULL, IMAGE_BELONGS }, { "squashfs", IMAGE_ROLE_PLAIN, "kernel", 2, NULL, IMAGE_BELONGS_NOT },
	};
	char reason[160];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct image_place place = { .holds = cases[i].holds, .formats = named, .format_count = cases[i].named, .loader_starts = cases[i].own };
		struct image_facts facts = { .role = cases[i].role, .part_count = 1 };

		text_copy(facts.format, sizeof(facts.format), cases[i].format);
		reason[0] = '\0';
		if (image_belongs(&facts, &place, reason, sizeof(reason)) != cases[i].is || (reason[0] == '\0') != (cases[i].is == IMAGE_BELONGS))
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
		cmocka_unit_test(a_profile_refuses_by_ids_of_the_same_kind_only),
		cmocka_unit_test(another_revision_than_the_profiles_leaves_it_open),
		cmocka_unit_test(what_stands_first_must_be_what_the_place_holds),
		cmocka_unit_test(what_another_loader_starts_is_refused_where_the_formats_are_named_and_left_open_elsewhere),
		cmocka_unit_test(older_and_newer_versions_are_told_where_they_can_be),
		cmocka_unit_test(what_the_device_said_is_held_against_the_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
