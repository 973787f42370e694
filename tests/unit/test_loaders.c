/* tests/unit/test_loaders.c: what holds for every driver of the table, and the shells that are U-Boot in part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "tests/fakes/fake_loader.h"

static void every_driver_learns_and_says_what_it_cannot_do(void **state)
{
	(void)state;
	for (size_t i = 0; loader_driver_name(i) != NULL; i++) {
		const struct loader_driver *driver = loader_driver_find(loader_driver_name(i));

		assert_non_null(driver);
		assert_non_null(driver->learn);
		assert_true((driver->load_tftp == NULL) == (driver->why_no_load != NULL));
		assert_true((driver->write == NULL) == (driver->why_no_write != NULL));
		assert_true((driver->compare == NULL) == (driver->why_no_compare != NULL));
	}
	assert_null(loader_driver_find("lilo"));
	assert_ptr_equal(loader_driver_find(NULL), &loader_uboot);
}

/* A system's shell behind the prompt: no driver may take it for its loader, and none may go on typing. */
static void run_shell(struct fake_loader *fake, char **word, unsigned count)
{
	(void)count;
	fake_loader_say(fake, "-sh: %s: not found\n", word[0]);
}

static void no_driver_takes_a_shell_for_its_loader(void **state)
{
	struct loader_bench b;

	(void)state;
	for (size_t i = 0; loader_driver_name(i) != NULL; i++) {
		loader_bench_init(&b, "# ", run_shell, 4096);
		assert_int_equal(loader_bench_do(&b, loader_driver_find(loader_driver_name(i))->learn), LOADER_FAILED);
		loader_bench_done(&b);
	}
}

/* Help of a Hikvision shell, shortened; user: a line more. */
static void run_part(struct fake_loader *fake, char **word, unsigned count)
{
	(void)count;
	if (text_equal(word[0], "help"))
		fake_loader_say(fake, "go      - start application at address 'addr'\nhelp    - print online help\nprintenv- print environment variables\nreset   - Perform RESET of the CPU\n"
				"setenv  - set environment variables\nupdate  - update digicap.dav\n%s", fake->user ? (const char *)fake->user : "");
	else if (text_equal(word[0], "printenv"))
		fake_loader_say(fake, "bootdelay=1\nipaddr=192.0.0.64\nserverip=192.0.0.128\n");
	else
		fake_loader_say(fake, "Unknown command '%s' - try 'help'\n", word[0]);
}

static void a_shell_that_shows_a_part_only_is_left_to_its_own_update(void **state)
{
	const struct loader_driver *const drivers[] = { &loader_hikvision, &loader_dahua };
	struct loader_bench b;
	char more[] = "tftp    - tftp  - download or upload image via network using TFTP protocol\n";

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (int has_tftp = 0; has_tftp < 2; has_tftp++) {
			loader_bench_init(&b, "HKVS # ", run_part, 4096);
			b.fake.user = has_tftp ? more : NULL;
			assert_int_equal(loader_bench_do(&b, drivers[i]->learn), LOADER_DONE);
			b.fake.typed[0] = '\0';
			assert_int_equal(loader_bench_do(&b, drivers[i]->load_tftp), LOADER_FAILED);
			assert_int_equal(b.error.status, STATUS_UNSUPPORTED);
			assert_non_null(strstr(b.error.text, has_tftp ? "no crc32" : "no tftp"));
			assert_int_equal(loader_bench_do(&b, drivers[i]->write), LOADER_FAILED);
			assert_int_equal(loader_bench_do(&b, drivers[i]->compare), LOADER_FAILED);
			assert_string_equal(b.fake.typed, "");
			loader_bench_done(&b);
		}
}

static void run_breed(struct fake_loader *fake, char **word, unsigned count)
{
	(void)count;
	fake_loader_say(fake, text_equal(word[0], "help") ? "boot\nflash\nmem\nreset\nwget\n" : "Error: Invalid command\n");
}

static void breed_is_known_and_left_to_its_page(void **state)
{
	struct loader_bench b;

	(void)state;
	loader_bench_init(&b, "breed> ", run_breed, 4096);
	assert_int_equal(loader_bench_do(&b, loader_breed.learn), LOADER_DONE);
	assert_string_equal(b.build.version, "Breed");
	assert_non_null(strstr(loader_breed.why_no_write, "web page"));
	loader_bench_done(&b);
}

static void what_error_correction_could_not_read_is_worn_flash(void **state)
{
	static const char *const worn[] = {
		"NAND read from offset 40000 failed -74",	/* U-Boot drivers/mtd/nand/raw/nand_util.c */
		"Error (-74) reading page 000a0000",		/* cmd/nand.c */
		"Read on nand0 failed with error -74",		/* cmd/mtd.c */
		"nand: uncorrectable ECC error at page 2",
	};
	static const char *const other[] = {
		"NAND read from offset 40000 failed -22", "SF: 65536 bytes @ 0x0 Read: OK", "0 blocks read: ERROR", "nand: 3 bitflips corrected", "",
	};
	char reply[200];

	(void)state;
	for (size_t i = 0; i < sizeof(worn) / sizeof(worn[0]); i++) {
		text_format(reply, sizeof(reply), "NAND read: device 0 offset 0x40000\n%s\n 0 bytes read: ERROR\n", worn[i]);
		assert_true(text_starts(loader_worn_flash_in(reply), worn[i]));
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_null(loader_worn_flash_in(other[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_driver_learns_and_says_what_it_cannot_do),
		cmocka_unit_test(no_driver_takes_a_shell_for_its_loader),
		cmocka_unit_test(a_shell_that_shows_a_part_only_is_left_to_its_own_update),
		cmocka_unit_test(breed_is_known_and_left_to_its_page),
		cmocka_unit_test(what_error_correction_could_not_read_is_worn_flash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
