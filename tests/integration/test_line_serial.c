/* tests/integration/test_line_serial.c: the serial driver, on ptys that the test bed's shim makes into serial ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "tests/integration/line_fixture.h"

static void without_the_shim_a_pty_is_no_serial_port(void **state)
{
	struct line_fixture *fixture = *state;
	struct error error;
	char name[80];

	if (getenv("TEST_LINE_SHIM") != NULL)
		return;
	text_format(name, sizeof(name), "serial:%s", fixture->pts);
	assert_int_equal(fixture_try(fixture, name, NULL, &error), STATUS_UNSUPPORTED);
	assert_true(text_contains(error.hint, "leave out"));
}

static int modem_lines(struct line_fixture *fixture)
{
	int lines = 0;

	assert_int_equal(ioctl(fixture->slave, TIOCMGET, &lines), 0);
	return lines & (TIOCM_DTR | TIOCM_RTS);
}

static void a_serial_line_is_raw_locked_and_leaves_the_modem_lines_alone(void **state)
{
	struct line_fixture *fixture = *state;
	struct line_settings settings = { .baud = 9600 };
	struct error error;
	char name[80], file[96];

	text_format(name, sizeof(name), "serial:%s", fixture->pts);
	text_format(file, sizeof(file), "/var/lock/LCK..pts_%s", strrchr(fixture->pts, '/') + 1);
	assert_int_equal(modem_lines(fixture), 0);
	fixture_open(fixture, name, &settings);
	assert_int_equal(modem_lines(fixture), 0);
	fixture_assert_raw(fixture->slave);
	if (access("/var/lock", W_OK) == 0)
		assert_int_equal(access(file, F_OK), 0);
	fixture_exchange(fixture, fixture->master);
	assert_int_equal(line_set_baud(fixture->line, 115200, &error), STATUS_OK);
	assert_int_equal(modem_lines(fixture), 0);
	assert_int_equal(line_set_dtr(fixture->line, true, &error), STATUS_OK);
	assert_int_equal(modem_lines(fixture), TIOCM_DTR);
	assert_int_equal(line_set_rts(fixture->line, true, &error), STATUS_OK);
	assert_int_equal(line_set_baud(fixture->line, 9600, &error), STATUS_OK);
	assert_int_equal(modem_lines(fixture), TIOCM_DTR | TIOCM_RTS);
	line_close(fixture->line);
	fixture->line = NULL;
	assert_int_equal(modem_lines(fixture), TIOCM_DTR | TIOCM_RTS);
	assert_int_equal(access(file, F_OK), -1);
}

static void a_serial_line_takes_rates_that_are_not_standard(void **state)
{
	static const unsigned rates[] = { 250000, 57800, 1500000, 3000000, 4000000, 74880, 115200 };
	struct line_fixture *fixture = *state;
	struct line_settings settings = { .baud = 250000 };
	struct error error;
	char name[80];

	text_format(name, sizeof(name), "serial:%s", fixture->pts);
	fixture_open(fixture, name, &settings);
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		assert_int_equal(line_set_baud(fixture->line, rates[i], &error), STATUS_OK);
		assert_int_equal(line_baud(fixture->line), rates[i]);
		fixture_assert_raw(fixture->slave);
	}
	fixture_exchange(fixture, fixture->master);
}

static void a_lost_serial_line_comes_back_with_its_settings(void **state)
{
	struct line_fixture *fixture = *state;
	struct line_settings settings = { .baud = 19200 };
	struct termios now;
	char name[200];

	assert_int_equal(symlink(fixture->pts, fixture->path), 0);
	text_format(name, sizeof(name), "serial:%s", fixture->path);
	fixture_open(fixture, name, &settings);
	fixture_close_pty(fixture);
	fixture_run_until_state(fixture);
	assert_int_equal(fixture->lost, 1);
	fixture_new_pty(fixture);
	unlink(fixture->path);
	assert_int_equal(symlink(fixture->pts, fixture->path), 0);
	fixture_run_until_state(fixture);
	assert_int_equal(fixture->open, 1);
	assert_int_equal(tcgetattr(fixture->slave, &now), 0);
	assert_int_equal(cfgetospeed(&now), B19200);
	fixture_exchange(fixture, fixture->master);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

static int test_serial(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_serial_line_is_raw_locked_and_leaves_the_modem_lines_alone),
		TEST(a_serial_line_takes_rates_that_are_not_standard),
		TEST(a_lost_serial_line_comes_back_with_its_settings),
	};

	return cmocka_run_group_tests_name("serial driver, with the shim", tests, NULL, NULL);
}

/* The shim has to be there before this program starts: it runs itself again with it. */
static int test_serial_with_shim(const char *program)
{
	const char *shared = getenv("UNBRICK_SHARED"), *source = getenv("srcdir");
	char shim[512], library[] = "/tmp/test_line_shim.XXXXXX", command[2048];
	int descriptor, status;

	if (shared != NULL)
		text_format(shim, sizeof(shim), "%s/testbed/ptyshim.c", shared);
	else
		text_format(shim, sizeof(shim), "%s/../shared/testbed/ptyshim.c", source != NULL ? source : ".");
	if (access(shim, R_OK) != 0) {
		fprintf(stderr,
			"test_line_serial: SKIPPED: the serial driver, because there is no %s (set UNBRICK_SHARED)\n", shim);
		return 0;
	}
	descriptor = mkstemp(library);
	if (descriptor < 0)
		return 1;
	close(descriptor);
	text_format(command, sizeof(command), "cc -shared -fPIC -o '%s' '%s' -ldl && TEST_LINE_SHIM=1 LD_PRELOAD='%s' "
		    "ASAN_OPTIONS=\"$ASAN_OPTIONS:verify_asan_link_order=0\" '%s'", library, shim, library, program);
	status = system(command);
	unlink(library);
	return status == 0 ? 0 : 1;
}

int main(int count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		TEST(without_the_shim_a_pty_is_no_serial_port),
	};
	int failed;

	if (getenv("TEST_LINE_SHIM") != NULL)
		return test_serial();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	return test_serial_with_shim(count > 0 ? arguments[0] : "./test_line_serial") != 0 || failed != 0;
}
