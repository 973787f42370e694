/* tests/integration/test_signs.c
 *
 * The sign files of firmware-db as they are: they load, every pattern compiles, ids are unique, every sign is complete.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "recovery/diagnosis/diagnosis.h"
#include "recovery/diagnosis/sign_filter.h"
#include "recovery/diagnosis/sign_set.h"
#include "src/base/text.h"
#include "src/store/device_library.h"

struct shelf {
	struct device_library *library;
	const struct sign *signs;
	size_t count;
};

static int open_shelf(void **state)
{
	static struct shelf shelf;
	const char *source = getenv("srcdir");
	char folder[512];
	const char *folders[] = { folder, NULL };
	struct error error;

	text_format(folder, sizeof(folder), "%s/firmware-db", source ? source : ".");
	if (device_library_open(folders, &shelf.library, &error) != STATUS_OK ||
		device_library_signs(shelf.library, &shelf.signs, &shelf.count, &error) != STATUS_OK) {
		fprintf(stderr, "%s\n", error.text);
		return -1;
	}
	*state = &shelf;
	return 0;
}

static int close_shelf(void **state)
{
	struct shelf *shelf = *state;

	device_library_free(shelf->library);
	return 0;
}

static void there_are_many_signs_with_unique_ids(void **state)
{
	const struct shelf *shelf = *state;

	assert_true(shelf->count >= 250);
	for (size_t i = 0; i < shelf->count; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(shelf->signs[i].id, shelf->signs[k].id);
}

static void every_pattern_compiles(void **state)
{
	const struct shelf *shelf = *state;
	struct sign_set *set = NULL;
	struct error error;

	if (sign_set_new(shelf->signs, shelf->count, &set, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	sign_set_free(set);
}

/* One pattern without a word of its own runs on every line. */
static void every_pattern_holds_a_word_for_the_filter(void **state)
{
	const struct shelf *shelf = *state;

	for (size_t i = 0; i < shelf->count; i++) {
		struct sign_words words;

		sign_words_of(shelf->signs[i].match, &words);
		if (words.count == 0)
			fail_msg("sign '%s' has no fixed text that it cannot do without", shelf->signs[i].id);
	}
}

/* The filter may let too much through, never too little: with the pattern's own text as the line it must. */
static void the_filter_never_hides_a_match(void **state)
{
	static const struct {
		const char *id, *line;
	} rows[] = {
		{ "uboot-banner", "U-Boot 2023.01+dfsg-2 (Jun 22 2026 - 08:38:07 +0000)" },
		{ "uboot-banner", "U-Boot 1.1.3 (Apr 22 2016 - 10:29:41)" },
		{ "uboot-spl", "U-Boot SPL 2018.05 (Nov 22 2018 - 23:13:05 +0100)" },
		{ "uboot-default-env", "*** Warning - bad CRC, using default environment" },
		{ "uboot-default-env", "Using default environment" },
		{ "image-data-crc", "Verifying Checksum ... Bad Data CRC" },
		{ "image-wrong-format", "Wrong Image Format for bootm command" },
		{ "tftp-error", "TFTP error: 'File not found' (1)" },
		{ "net-timeouts", "Loading: T T T T T" },
		{ "loader-prompt-hash", "MT7621 # " },
		{ "loader-prompt-angle", "CFE> " },
		{ "uboot-prompt-arrow", "=> tftpboot 44000000 x" },
		{ "linux-banner", "Linux version 4.9.37 (user@host) (gcc version 7.5.0) #1" },
		{ "login-prompt", "cam32 login: " },
		{ "login-prompt", "cam32 login: [    3.044536] IPv6: ADDRCONF" },
		{ "panic-no-root", "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)" },
		{ "init-exec-format", "Starting init: /bin/sh exists but couldn't execute it (error -8)" },
		{ "ubi-ecc-error", "UBI error: ubi_io_read: error -74 (ECC error) while reading 126976 bytes" },
		{ "no-space", "sh: write error: No space left on device" },
		{ "update-compatible", "Compatible mismatch: Expected 'a' but bundle manifest has 'b'" },
		{ "update-checksum", "sha256 checksum mismatch" },
		{ "image-other-device", "Device omega2 not supported by this image" },
		{ "orderly-reset", "resetting ..." },
		{ "write-percent", "Writing at 0x973000 -- 45% complete." },
		{ "hw-dram-training", "DDR: Error as SDRAM calibration failed" },
		{ "hw-dram-training", "sdram_init: data training failed" },
		{ "hw-dram-none", "DRAM:  0 Bytes" },
		{ "hw-phy-none", "Net:   Could not get PHY for ethernet@4a100000: addr 0" },
		{ "hw-phy-none", "mdio_bus 2188000.ethernet-1: MDIO device at address 4 is missing." },
		{ "hw-mmc-absent", "mmc1: Failed to initialize a non-removable card" },
		{ "hw-i2c-stuck", "i2c i2c-1: SCL is stuck low, exit recovery" },
		{ "hw-spi-transfer", "spi_master spi0: failed to transfer one message from queue" },
		{ "hw-usb-enumerate", "usb 1-1: device descriptor read/64, error -71" },
		{ "hw-pcie-link", "dw-pcie 1ffc000.pcie: Phy link never came up" },
		{ "hw-rtc", "rtc-hym8563 1-0051: hctosys: unable to read the hardware clock" },
		{ "hw-rtc-battery", "rtc-pcf8563 0-0051: low voltage detected, date/time is not reliable." },
		{ "hw-thermal-read", "thermal thermal_zone0: failed to read out thermal zone (-61)" },
		{ "hw-image-sensor", "ov5640 1-003c: ov5640_check_chip_id: wrong chip identifier, expected 0x5640, got 0x0" },
		{ "hw-firmware-load", "ath10k_pci 0000:01:00.0: Direct firmware load for ath10k/cal.bin failed with error -2" },
		{ "hw-probe", "imx6q-pcie: probe of 1ffc000.pcie failed with error -110" },
		{ "hw-linux-memory", "Memory: 58000K/65536K available (4000K kernel code)" },
		{ "general-version", "acme: image version too old" },
		{ "general-signature", "loader: bad signature" },
	};
	const struct shelf *shelf = *state;
	struct sign_set *set = NULL;

	assert_int_equal(sign_set_new(shelf->signs, shelf->count, &set, NULL), STATUS_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sign_match matches[SIGN_SET_MATCHES_MAX];
		size_t count = sign_set_match(set, bytes_of_text(rows[i].line), matches), k = 0;

		while (k < count && !text_equal(matches[k].sign->id, rows[i].id))
			k++;
		if (k == count)
			fail_msg("sign '%s' does not match: %s", rows[i].id, rows[i].line);
	}
	sign_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_many_signs_with_unique_ids),
		cmocka_unit_test(every_pattern_compiles),
		cmocka_unit_test(every_pattern_holds_a_word_for_the_filter),
		cmocka_unit_test(the_filter_never_hides_a_match),
	};

	return cmocka_run_group_tests(tests, open_shelf, close_shelf);
}
