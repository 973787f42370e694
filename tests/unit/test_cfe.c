/* tests/unit/test_cfe.c: the driver against a CFE made of its sources' words (main/{ui_command,ui_flash,ui_load}.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/loader/talk.h"
#include "src/base/text.h"
#include "tests/fakes/fake_loader.h"

enum { IMAGE_SIZE = 0x123456, TRX = 0x40000 };

static void status(struct fake_loader *fake, int value)
{
	fake_loader_say(fake, "*** command status = %d\n", value);
}

static void run_load(struct fake_loader *fake, char **word)
{
	size_t size = fake_loader_fetch(fake, strtoull(word[2] + strlen("-addr="), NULL, 16));

	fake_loader_say(fake, "Loader:raw Filesys:tftp Dev:eth0 File:%s Options:(null)\n", word[4]);
	if (size == 0) {
		fake_loader_say(fake, "Loading: Failed.\nCould not load %s: Timeout occured\n", word[4]);
		status(fake, -10);
	} else {
		fake_loader_say(fake, "Loading: ........................ %zu bytes read\nEntry address is 0x80041000\n", size);
		status(fake, 0);
	}
}

static void run_flash(struct fake_loader *fake, char **word, unsigned count)
{
	uint64_t size = strtoull(word[3] + strlen("-size="), NULL, 10), address = strtoull(word[4], NULL, 16);

	if (count < 6 || !text_equal(word[5], "flash1.trx")) {
		memset(fake->flash, 0, 16);	/* the loader is gone */
		return;
	}
	fake_loader_erase(fake, TRX, loader_round_up(size, fake->erase_size));
	fake_loader_program(fake, TRX, fake_loader_memory(fake, address, size), size);
	fake_loader_say(fake, "Reading from %s: Done. %llu bytes read\nProgramming...done. %llu bytes written\n", word[4], (unsigned long long)size,
			(unsigned long long)(fake->writes_badly ? size / 2 : size));
	status(fake, 0);
}

static void run(struct fake_loader *fake, char **word, unsigned count)
{
	if (fake->missing && text_equal(fake->missing, word[0])) {
		fake_loader_say(fake, "Invalid command: \"%s\"\n", word[0]);
		status(fake, -1);
	} else if (text_equal(word[0], "help")) {
		fake_loader_say(fake, "Available commands:\n\n%s\nFor more information about a command, enter 'help command-name'\n", fake->user ? (char *)fake->user :
				"nvram               NVRAM utility.\nreboot              Reboot.\nflash               Update a flash memory device\n"
				"load                Load an executable file into memory without executing it\nifconfig            Configure the Ethernet interface\n");
		status(fake, 0);
	} else if (text_equal(word[0], "show")) {
		fake_loader_say(fake, "Device Name          Description\n-------------------  ---------------------------------------------------------\n"
				"              uart0  NS16550 UART at 0x18000300\n        flash0.boot  New CFI flash at 1C000000 offset 00000000 size 256KB\n"
				"         flash0.trx  New CFI flash at 1C000000 offset 00040000 size 1KB\n         flash1.trx  New CFI flash at 1C000000 offset 00040000 size 3776KB\n"
				"       flash0.nvram  New CFI flash at 1C000000 offset 003F0000 size 64KB\n               eth0  Broadcom BCM47xx 10/100 Mbps Ethernet Controller\n");
		status(fake, 0);
	} else if (text_equal(word[0], "ifconfig")) {
		fake_loader_say(fake, "Device eth0:  hwaddr 00-90-4C-00-00-01, ipaddr 192.168.1.1, mask 255.255.255.0\n        gateway not set, nameserver not set\n");
		status(fake, 0);
	} else if (text_equal(word[0], "load")) {
		run_load(fake, word);
	} else if (text_equal(word[0], "flash")) {
		run_flash(fake, word, count);
	}
}

static void set_up(struct loader_bench *b)
{
	loader_bench_init(b, "CFE> ", run, IMAGE_SIZE);
	b->place.node = "flash1.trx";
}

static void an_image_is_loaded_and_written_to_the_named_device(void **state)
{
	struct loader_bench b;

	(void)state;
	set_up(&b);
	assert_int_equal(loader_bench_do(&b, loader_cfe.learn), LOADER_DONE);
	assert_int_equal(b.build.region_count, 4);
	assert_int_equal(loader_bench_do(&b, loader_cfe.load_tftp), LOADER_DONE);
	assert_non_null(strstr(b.task.proof, "no command"));
	assert_int_equal(loader_bench_do(&b, loader_cfe.write), LOADER_DONE);
	assert_memory_equal(b.fake.flash + TRX, b.image, IMAGE_SIZE);
	assert_true(loader_bench_neighbours_untouched(&b, TRX, loader_round_up(IMAGE_SIZE, 0x10000)));
	assert_false(loader_bench_typed(&b, "nvram"));
	loader_bench_done(&b);
}

static void that_it_cannot_read_back_is_said(void **state)
{
	(void)state;
	assert_null(loader_cfe.compare);
	assert_non_null(loader_cfe.why_no_compare);
}

static void the_loader_its_settings_and_unknown_devices_are_never_written(void **state)
{
	static const char *const nodes[] = { NULL, "", "flash0", "flash0.boot", "flash0.nvram", "flash1.boot", "flash2.trx", "flash1.trx; flash", "eth0", "flash0.trx" };
	struct loader_bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		set_up(&b);
		b.place.node = nodes[i];
		assert_int_equal(loader_bench_do(&b, loader_cfe.write), LOADER_FAILED);
		assert_false(loader_bench_typed(&b, "flash -"));
		loader_bench_done(&b);
	}
}

static void an_image_that_could_pass_for_a_bootloader_is_refused(void **state)
{
	struct loader_bench b;

	(void)state;
	set_up(&b);
	b.image_size = 0x40000;
	assert_int_equal(loader_bench_do(&b, loader_cfe.write), LOADER_FAILED);
	assert_int_equal(b.error.status, STATUS_REFUSED);
	assert_false(loader_bench_typed(&b, "flash -"));
	loader_bench_done(&b);
}

static void what_came_short_is_not_written_and_what_was_cut_off_is_seen(void **state)
{
	struct loader_bench b;

	(void)state;
	set_up(&b);
	b.fake.sends_short = true;
	assert_int_equal(loader_bench_do(&b, loader_cfe.load_tftp), LOADER_FAILED);
	b.fake.is_unserved = true;
	assert_int_equal(loader_bench_do(&b, loader_cfe.load_tftp), LOADER_FAILED);
	assert_non_null(strstr(b.error.text, "Failed"));
	b.fake.writes_badly = true;
	assert_int_equal(loader_bench_do(&b, loader_cfe.write), LOADER_FAILED);
	loader_bench_done(&b);
}

static void a_restart_behind_the_load_does_no_harm(void **state)
{
	struct loader_bench b;

	(void)state;
	set_up(&b);
	assert_int_equal(loader_bench_do(&b, loader_cfe.load_tftp), LOADER_DONE);
	memset(b.fake.ram, 0x99, FAKE_LOADER_RAM);
	assert_int_equal(loader_bench_do(&b, loader_cfe.write), LOADER_DONE);
	assert_memory_equal(b.fake.flash + TRX, b.image, IMAGE_SIZE);
	memset(b.fake.ram, 0x99, FAKE_LOADER_RAM);
	b.fake.is_unserved = true;
	b.fake.writes = 0;
	assert_int_equal(loader_bench_do(&b, loader_cfe.write), LOADER_FAILED);
	assert_int_equal(b.fake.writes, 0);
	loader_bench_done(&b);
}

static void the_other_family_is_recognised(void **state)
{
	struct loader_bench b;
	char text[] = "f                   Write image to the flash \nw                   Write the whole image start from beginning of the flash\n";

	(void)state;
	set_up(&b);
	b.fake.user = text;
	assert_int_equal(loader_bench_do(&b, loader_cfe.learn), LOADER_FAILED);
	assert_int_equal(b.error.status, STATUS_UNSUPPORTED);
	loader_bench_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_is_loaded_and_written_to_the_named_device),
		cmocka_unit_test(that_it_cannot_read_back_is_said),
		cmocka_unit_test(the_loader_its_settings_and_unknown_devices_are_never_written),
		cmocka_unit_test(an_image_that_could_pass_for_a_bootloader_is_refused),
		cmocka_unit_test(what_came_short_is_not_written_and_what_was_cut_off_is_seen),
		cmocka_unit_test(a_restart_behind_the_load_does_no_harm),
		cmocka_unit_test(the_other_family_is_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
