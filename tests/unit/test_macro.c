/* What may be a macro: what only asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/loader/console_state.h"
#include "recovery/loader/macro.h"
#include "src/base/cleanup.h"

static void what_writes_is_no_macro(void **state)
{
	static const char *const texts[] = {
		"saveenv\r",
		"setenv a b; saveenv\r",
		"env save\r",
		"erase all\r",
		"nand write 0 0 1000\r",
		"nand write.raw 0 0\r",
		"nand erase.chip\r",
		"sf probe 0; sf erase 0 1000\r",
		"sf update 0 0 1000\r",
		"flash 0 1\r",
		"dd if=/dev/zero of=/dev/mtd0\r",
		"busybox dd of=x\r",
		"sudo /bin/dd if=a\r",
		"mtd write a b\r",
		"mtd -r write a b\r",
		"cp.b 80000000 bf000000 1000\r",
		"mw.l 0 1\r",
		"protect off all\r",
		"run update\r",
		"echo 1 > /proc/sys/vm/drop_caches\r",
		"cat a >>b\r",
		"x=$(rm -rf /tmp/a)\r",
		"ls | tee x\r",
		"true && flash_erase /dev/mtd1 0 0\r",
		"if test -n $a; then saveenv; fi\r",
		"A=1 fw_setenv b c\r",
		"nvram commit\r",
		"mkfs.ext4 /dev/sda\r",
		"a`rm b`\r",
		"{ rm b; }\r",
		"ls\rrm x\r",
		"\x03",
		"ls\x1b[A\r",
		"",
	};
	char scratch[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (macro_fault(texts[i], scratch, sizeof(scratch)) == NULL)
			fail_msg("taken for harmless: %s", texts[i]);
}

static void what_asks_is_one(void **state)
{
	static const char *const texts[] = {
		"printenv\r",
		"version\r",
		"bdinfo\r",
		"cat /proc/mtd\r",
		"df -h\r",
		"dmesg | tail -n 20\r",
		"mtdparts\r",
		"sf probe 0\r",
		"nand info\r",
		"nand bad\r",
		"mmc list; mmc info\r",
		"ls -l /dev/mtd* 2>/dev/null\r",
		"grep . /proc/version 2>&1\r",
		"nvram show\r",
		"md.b 9f000000 40\r",
		"cat /proc/cmdline; free\r",
		"uci show system\r",
		"help flash\r",
		"env print\r",
		"no enter",
	};
	char scratch[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (macro_fault(texts[i], scratch, sizeof(scratch)) != NULL)
			fail_msg("%s: %s", texts[i], macro_fault(texts[i], scratch, sizeof(scratch)));
}

static void it_fits_where_the_device_waits_for_it(void **state)
{
	const struct macro at_loader = { .at = MACRO_AT_LOADER, .loader = "uboot" },
			   at_shell = { .at = MACRO_AT_SHELL };
	struct console_state loader = {
		.at = CONSOLE_AT_LOADER, .confidence = 90, .may = CONSOLE_MAY_COMMAND, .loader = "uboot"
	};
	const struct console_state shell = { .at = CONSOLE_AT_SHELL, .confidence = 90, .may = CONSOLE_MAY_COMMAND };
	const struct console_state program = { .at = CONSOLE_AT_PROGRAM, .confidence = 90 };

	(void)state;
	assert_true(macro_fits(&at_loader, &loader));
	assert_false(macro_fits(&at_loader, &shell));
	assert_true(macro_fits(&at_shell, &shell));
	assert_false(macro_fits(&at_shell, &loader));
	assert_false(macro_fits(&at_loader, &program));
	assert_false(macro_fits(&at_shell, &program));
	loader.confidence = CONSOLE_SURE - 1;
	assert_false(macro_fits(&at_loader, &loader));
	loader.confidence = 90;
	loader.loader = "cfe";
	assert_false(macro_fits(&at_loader, &loader));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_writes_is_no_macro),
		cmocka_unit_test(what_asks_is_one),
		cmocka_unit_test(it_fits_where_the_device_waits_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
