/* tests/unit/test_environment_check.c: what U-Boot's printenv shows about why nothing is started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/loader/environment_check.h"

static const char tail[] = "\nEnvironment size: 300/65532 bytes\n";

static struct environment_finding check(const char *variables)
{
	struct environment_finding finding;
	char text[2048];

	strcpy(text, variables);
	strcat(text, tail);
	environment_check(text, &finding);
	return finding;
}

static void a_missing_bootcmd_is_named(void **state)
{
	(void)state;
	assert_int_equal(check("baudrate=115200\nbootdelay=3").weight, 85);
	assert_int_equal(check("baudrate=115200\nbootcmd=\nbootdelay=3").weight, 85);
}

static void a_list_that_was_cut_proves_nothing_missing(void **state)
{
	struct environment_finding finding;

	(void)state;
	environment_check("baudrate=115200\nbootdelay=3\n", &finding);
	assert_int_equal(finding.weight, 0);
	environment_check("bootcmd=run flashboot\nbaudrate=115200\n", &finding);
	assert_int_equal(finding.weight, 0);
}

static void a_script_that_is_not_there_is_named_with_who_runs_it(void **state)
{
	struct environment_finding finding = check("bootargs=console=ttyS0\nbootcmd=run first second; bootm 0x80000000\nfirst=sf probe 0 && run third\nsecond=true");

	(void)state;
	assert_int_equal(finding.weight, 80);
	assert_string_equal(finding.text, "first runs 'third', which is not set");
}

static void scripts_that_may_be_missing_are_not_complained_of(void **state)
{
	(void)state;
	/* distro boot: each target is tried */
	assert_int_equal(check("bootargs=x\nbootcmd=run usbboot || run mmcboot\nusbboot=true").weight, 0);
	assert_int_equal(check("bootargs=x\nbootcmd=if test -n ${a}; then run a; fi").weight, 0);
	assert_int_equal(check("bootargs=x\nbootcmd=run ${target}").weight, 0);
}

static void scripts_that_run_each_other_end(void **state)
{
	(void)state;
	assert_int_equal(check("bootargs=x\nbootcmd=run a\na=run b\nb=run a").weight, 0);
}

static void arguments_that_nobody_sets_are_a_weak_sign(void **state)
{
	(void)state;
	assert_int_equal(check("bootcmd=bootm 0x9f020000").weight, 30);
	assert_int_equal(check("bootcmd=run args; bootm\nargs=setenv bootargs root=/dev/mtdblock2").weight, 0);
	assert_int_equal(check("bootcmd=bootm 0x9f020000\nbootargs=root=/dev/mtdblock2").weight, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_bootcmd_is_named),
		cmocka_unit_test(a_list_that_was_cut_proves_nothing_missing),
		cmocka_unit_test(a_script_that_is_not_there_is_named_with_who_runs_it),
		cmocka_unit_test(scripts_that_may_be_missing_are_not_complained_of),
		cmocka_unit_test(scripts_that_run_each_other_end),
		cmocka_unit_test(arguments_that_nobody_sets_are_a_weak_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
