/* tests/integration/test_loader_signs.c
 *
 * The signs of boot ROMs and boot loaders against lines made from the format strings of the programs that print them:
 * each is known for what it is, and what only looks alarming is no fault. */
#include "recovery/diagnosis/diagnosis.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "tests/integration/sign_shelf.h"

static const struct sign_meeting known[] = {
	{ "esp-reset-cause", "rst:0x3 (SW_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)" },
	{ "esp-flash-read", "flash read err, 4096" },
	{ "esp-csum", "csum err:0x9a!=0xff" },
	{ "esp-second-stage", "I (26) boot: ESP-IDF v5.1.2 2nd stage bootloader" },
	{ "esp-partition-magic", "E (58) flash_parts: partition 3 invalid magic number 0xffff" },
	{ "esp-partition-table", "E (64) boot: Failed to verify partition table" },
	{ "esp-image-checksum", "E (412) esp_image: Checksum failed. Calculated 0x12 read 0x34" },
	{ "esp-image-too-long", "E (99) esp_image: Image length 1200000 doesn't fit in partition length 1048576" },
	{ "esp-chip-id", "E (71) boot_comm: mismatch chip ID, expected 5, found 0" },
	{ "esp-other-revision", "E (71) boot_comm: Image requires chip rev >= v0.3, but chip is v0.2" },
	{ "esp-app-loaded", "I (301) boot: Loaded app from partition at offset 0x10000" },
	{ "esp-guru", "Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled." },
	{ "esp-brownout", "E BOD: Brownout detector was triggered" },
	{ "uboot-pcie-empty", "PEX 0: Detected No Link." },
	{ "uboot-pcie-empty", "PCIe, Idx 1: detected no link" },
	{ "uboot-pcie-empty", "tegra-pcie: link 0 down, retrying" },
	{ "uboot-pcie-empty", "PCIE-0: Link down" },
	{ "uboot-pcie-empty", "pcie@3400000: Link down" },
	{ "uboot-pcie-empty", "PCIe BRCM: link down" },
	{ "rboot-banner", "rBoot v1.4.2 - richardaburton@gmail.com" },
	{ "rboot-bad-choice", "Invalid rom selected, defaulting to 0." },
	{ "rboot-bad-rom", "Rom 1 is bad." },
	{ "rboot-bad-rom", "GPIO boot rom (2) is bad." },
	{ "rboot-no-rom", "No good rom available." },
	{ "rboot-boots", "Booting rom 0." },
	{ "mcuboot-max-sectors", "W: Failed reading sectors; BOOT_MAX_IMG_SECTORS=64 - too small?" },
	{ "tf-assert", "ASSERT: drivers/io/io_storage.c:92" },
	{ "nmbm-worn", "No spare unmapped blocks. Device is now read-only" },
	{ "nmbm-mismatch", "NMBM configuration mismatch" },
	{ "uboot-mtd-failure", "Failure while reading at offset 0x80000" },
	{ "rk-parameter", "W: Invalid Parameter's tag (0xFFFFFFFF)!" },
	{ "rk-no-partition", "'recovery' does not seem to be a partition nor an address" },
	{ "rk-sha-mismatch", "boot or recovery image sha mismatch!" },
	{ "rk-unable", "Unable to boot:boot" },
	{ "uboot-boot-script", "Found U-Boot script /boot/boot.scr" },
	{ "uboot-boot-script", "Found /extlinux/extlinux.conf" },
	{ "mcuboot-starting", "I: Starting bootloader" },
	{ "mcuboot-swap", "I: Image index: 0, Swap type: test" },
	{ "mcuboot-jump", "I: Jumping to the first image slot" },
	{ "mcuboot-downgrade-erased", "I: Image 0 in slot 1 erased due to downgrade prevention" },
	{ "mcuboot-too-big", "E: Image size bigger than designated area: 500000 > 400000" },
	{ "tfa-bl2-load", "ERROR:   Failed to load BL2 firmware." },
	{ "tfa-fip", "ERROR:   FIP ToC out of bounds" },
	{ "tfa-gpt", "ERROR:   Invalid GPT Header CRC: Expected 0x1 but got 0x2." },
	{ "optee-start", "I/TC: OP-TEE version: 3.19.0 (gcc version 11) #1" },
	{ "optee-panic", "E/TC:0 0 Panic 'unexpected' at core/kernel/boot.c:7 <boot>" },
	{ "a3700-tim", "TIM-1.0" },
	{ "amlogic-rom-loop", "G12B:BL:6e7c85:2a3b91;FEAT:E0F83180:402000;POC:F;RCY:0;EMMC:800;SD:0;READ:0;CHK:AA;LOOP:2;" },
	{ "amlogic-load", "Load bl31 from eMMC, src: 0x00020200, des: 0x05100000, size: 0x0002c600" },
	{ "rockchip-checked", "## Checking uboot 0x00a00000 ... sha256(012345678a...) + OK" },
	{ "rockchip-no-uboot", "Can not find usable uboot" },
	{ "uboot-bug", "BUG: failure at drivers/core/device.c:77/device_probe()!" },
	{ "uboot-spl-crc", "SPL: Image data CRC check failed!" },
	{ "uboot-ubi-init", "UBI init error 22" },
	{ "uboot-ubi-volume", "Volume kernel not found!" },
	{ "uboot-nand-read", "NAND read from offset 40000 failed -74" },
	{ "uboot-no-boot-command", "Unknown command 'bootz' - try 'help'" },
	{ "uboot-command-not-built", "Unknown command 'nvme' - try 'help'" },
	{ "uboot-unknown-command", "Unknown command '\xff\xfe' - try 'help'" },
	{ "uboot-overlap", "ERROR: RD image overlaps OS image (OS=80000000..81000000)" },
	{ "uboot-os-unsupported", "ERROR: booting os 'QNX' (16) is not supported" },
	{ "uboot-extlinux-append", "append: root=/dev/mmcblk0p2 rw" },
	{ "uboot-autoboot", "Hit any key to stop autoboot:  3" },
	{ "uboot-autoboot", "*** Press any key to stop auto run (1 seconds) ***" },
	{ "uboot-image-property", "Can't get image compression!" },
	{ "uboot-external-data", "Invalid external data size: 4194304" },
	{ "uboot-pxe-retrieve", "Skipping linux for failure retrieving kernel" },
	{ "uboot-nand-error", "NAND read error -74 at offset 0x200000" },
	{ "uboot-past-flash", "ERROR: attempting update past flash size (0x800000)" },
	{ "uboot-partition-missing", "Could not find \"kernel\" partition" },
	{ "uboot-ubi-too-small", "too large reserved_pebs 2041, good PEBs 1020" },
	{ "uboot-squashfs", "Error: corrupted compressed data." },
	{ "uboot-efi-machine", "Machine type 0x8664 is not supported" },
	{ "uboot-hab", "authentication fail -> 0x33 0x18 0xc0 0x0" },
	{ "spl-container", "Wrong container header" },
	{ "spl-unpack", "LZMA decompression error: 1" },
	{ "tpl-to-rom", "Returning to boot ROM..." },
	{ "l4t-extlinux", "L4TLauncher: Unable to process extlinux config: Not Found" },
	{ "tplink-md5", "Firmware md5 verify error!" },
	{ "uboot-hisi-unknown-flash", "Spi(cs1): find unrecognized spi flash." },
	{ "abort-arm", "USB0:   data abort" },
	{ "at91-fatfs", "*** FATFS: f_open, filename: [u-boot.bin]: error 4" },
	{ "at91-pmecc", "PMECC: failed to correct corrupted bits!" },
	{ "barebox-entry-failed", "ERROR: Booting entry 'mmc0' failed: No such file or directory" },
	{ "barebox-bootchooser", "ERROR: bootchooser: Target list $global.bootchooser.targets is empty" },
	{ "barebox-fit-signature", "ERROR: FIT: image signature BAD: key not found" },
	{ "cfe-io-error", "Failed.: I/O error" },
	{ "cfe-no-image", "No valid boot image" },
	{ "cfe-wrong-machine", "Could not load flash0: Incorrect machine architecture" },
	{ "cfe-booting", "Booting from latest image (address 0xb8040000, flash offset 0x00040000) ..." },
	{ "redboot-checksum", "** Warning - checksum failure.  stored: 0x01234567, computed: 0x89abcdef" },
	{ "redboot-no-image", "No image 'linux' found" },
	{ "realtek-rootfs-checksum", "rootfs checksum error at 00130000!" },
	{ "realtek-prompt", "<RealTek>" },
	{ "zyxel-bootbase", "Bootbase Version: V1.03 | 01/02/2018 10:11:12" },
	{ "zyxel-zloader", "ZyXEL zloader v1.2.3 (01/02/2018 - 10:11:12)" },
	{ "routerboot-kernel", "setting up elf image... kernel out of range" },
	{ "rommon-no-file", "boot: cannot determine first file name on device \"flash:\"" },
	{ "rommon-magic", "loadprog: bad file magic number:      0x0" },
	{ "rommon-prompt", "rommon 3 > dir flash:" },
	{ "uefi-load", "BdsDxe: failed to load Boot0001 \"UEFI Disk\" from PciRoot(0x0): Not Found" },
	{ "uefi-loading", "BdsDxe: starting Boot0002 \"debian\" from HD(1,GPT)/grubaa64.efi" },
	{ "uefi-shell-prompt", "Shell> " },
	{ "grub-rescue", "error: ../../grub-core/kern/fs.c:121:unknown filesystem." },
	{ "grub-damaged", "error: invalid magic number." },
	{ "nvidia-mb-nothing", "E> LOADER: Failed to get info for binary 0 from loader." },
	{ "nvidia-mb-nothing", "E> Cannot find partition bpmp-fw" },
	{ "nvidia-mb-signature", "E> OEM authentication of bct header failed!" },
	{ "mtk-spl-emergency", "Failed to load U-Boot image!" },
	{ "bcm-spl-blob", "failed to load ddr standalone module!" },
	{ "fullhan-rom-nothing", "ERR:    Flash is corrupted" },
	{ "shim-no-loader", "Failed to open \\EFI\\BOOT\\grubx64.efi - Not Found" },
	{ "shim-no-loader", "start_image() returned Volume Corrupt" },
	{ "hab-event", "STS = HAB_FAILURE (0x33)" },
	{ "esp-image-bad", "E (112) esp_image: Image hash failed - image is corrupt" },
	{ "coreboot-payload", "[WARN ]  CBFS: 'fallback/payload' not found." },
	{ "coreboot-verification", "RO CBFS metadata hash verification failure" },
	{ "ubootmod-image", "## Error: data checksum mismatch!" },
	{ "ubootmod-image-type", "## Error: unsupported architecture" },
	{ "rockchip-no-loader", "LoadTrust Addr:0x4000 error" },
	{ "rockchip-no-uboot", "Can not find usable uboot" },
	{ "rockchip-no-slot", "A/B: no bootable slot" },
	{ "rockchip-to-bootrom", "# Reset the board to bootrom #" },
	{ "rockchip-kernel", "Could not find kernel partition, ret=-1" },
	{ "rockchip-avb", "AVB verify failed" },
	{ "rockchip-rollback", "fit reject rollback: 1 < 2(min)" },
	{ "rockchip-rkfw", "boot.img[0]: verify image fail!" },
	{ "hisi-kernel-over-loader", "kernel image will overwrite uboot! kernel boot fail" },
	{ "amlogic-bl2-check", "BL33 CHK: 0x000000ff ADDR 017a8000" },
	{ "esp8266-rom-sum", "csum err" },
	{ "init-not-executed", "Failed to execute /init" },
	{ "lrzsz-failed", "Retry 3: NAK on sector" },
	{ "libusb-win32-failed", "libusb0-dll:err [claim_interface] could not claim interface 0" },
	{ "android-no-partition",
		"init: bool android::init::BlockDevInitializer::InitDevices(std::set<std::string>): partition(s) not found after polling timeout: super" },
	{ "android-no-partition", "init: dm device '/dev/block/dm-0' not found after polling timeout" },
	{ "android-avb-stops", "init: Failed to open AvbHandle: No such file or directory" },
	{ "android-avb-stops", "init: [libfs_avb]ERROR_VERIFICATION / PUBLIC_KEY_REJECTED isn't allowed " },
	{ "android-mount-failed", "init: Failed to mount /system: No such file or directory" },
	{ "android-init-fatal", "init: InitFatalReboot: signal 6" },
	{ "esptool-ram", "A fatal error occurred: Failed to write to target RAM (result was 0107)" },
	{ "esptool-flash", "A fatal error occurred: Failed to write to target Flash after seq 3 (result was 0108)" },
	{ "stlink-flash", "2020-12-22T22:07:26 ERROR common_flash.c: Failed to unlock flash!" },
	{ "stlink-flash", "ERROR common.c: stlink_flash_loader_run(0x8000000) failed! == -1" },
	{ "stlink-connect", "ERROR common.c: Failed to enter SWD mode" },
};

static void what_a_loader_prints_is_known_for_what_it_is(void **state)
{
	sign_shelf_meets(*state, known, ARRAY_SIZE(known));
}

static void what_only_looks_alarming_is_no_fault(void **state)
{
	static const char *const lines[] = {
		"*** Warning - bad CRC, using default environment",
		"*** Warning - spi_flash_probe() failed, using default environment",
		"Warning: ethernet@1e100000 (eth0) using random MAC address - 02:00:00:00:00:01",
		"Header Tag is not an IMX image",
		"BL1-FWU: Block size is too big, clipping it.",
		"W> RATCHET: MB1 binary ratchet value 4 is too large than ratchet level 2 from HW fuses.",
		"TZC-400 : Wrong device ID (0x1f40).",
		"BCH ECC initialization failed!",
		"Request to set core boot address failed: 5",
		"ELOG: Event(1f40) does not fit",
		"RTC: coreboot checksum invalid",
		"MRC: header hash mismatch: 1f40 vs 1f40",
		"DIMM SPD checksum mismatch",
		"Error: emac address not set.",
		"Net:   No ethernet found.",
		"## Error: Can't overwrite \"ethaddr\"",
		"MMC:   no card present",
		"mmc_init: -95, time 20",
		"Skipping bad block at 0x00000000017e0000",
		"Bad block table found at page 65472, version 0x01",
		"Unknown command 'usb' - try 'help'",
		"No EMMC/MMC/SD device found !",
		"SPI Nor:  Boot Media isn't SPI Nor",
		" nmrp server is stopped or failed !",
		"Retry count exceeded; boot the image as usual",
		"no sys signature at 00010000!",
		"no sdio debug board detected ",
		"M3 CHK:0",
		"chroot: can't execute 'scw-update-instance': No such file or directory",
		"init: [libfs_avb]Invalid hash size: ",
		"init: [libfs_avb]Failed to verify vbmeta digest",
		"init: [libfs_avb] Found unknown public key used to sign /system",
		"init: [libfs_avb]AVB HASHTREE disabled on: /system",
		"init: Failed to open AvbHandle for INIT_AVB_VERSION: No such file or directory",
		"init: Failed to mount /metadata, ignoring mount for no_fail partition",
		"init: Failed to mount /product, ignoring mount for formattable partition",
		"Verifying Checksum ... OK",
		"BootROM: Image checksum verification PASSED",
		"I (35) boot_comm: chip revision: 4, min. bootloader chip revision: 3",
		"I: Secondary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3",
		"Image 0 secondary slot: image not found",
		"B -    159288 - auth_hash_seg_entry, Start",
		"NOTICE:  BL2: Booting BL31",
		"S - Secure Boot: Off",
		"Loading Environment from FAT... Unable to use mmc 1:0... Failed (-5)",
		"Loading Environment from EXT4... ** File not found /uboot.env **",
		"W (120) esp_image: image at 0x20000 has invalid SPI mode 108",
		"Returning to boot ROM...",
		"size adjusted to 0x2a20000 (1 bad blocks)",
		"Found valid image at boot position 0x002",
		"BdsDxe: loading Boot0002 \"debian\" from HD(1,GPT)",
		"Wait for Multiboot Service Packet...  0",
		"Jump to second Boot.",
	};

	sign_shelf_finds_no_fault(*state, lines, ARRAY_SIZE(lines));
}

static enum cause cause_of(const struct sign_shelf *shelf, const char *text)
{
	struct diagnosis *diagnosis = NULL;
	struct verdict verdict;

	assert_int_equal(diagnosis_new(shelf->signs, shelf->count, NULL, NULL, &diagnosis, NULL), STATUS_OK);
	diagnosis_input(diagnosis, bytes_of_text(text), 0);
	diagnosis_end(diagnosis, 0);
	diagnosis_verdict(diagnosis, &verdict);
	diagnosis_free(diagnosis);
	return verdict.cause;
}

static void a_boot_entry_that_starts_after_one_that_failed_is_healthy(void **state)
{
	assert_int_equal(cause_of(*state, "BdsDxe: failed to load Boot0001 \"Disk\" from Sata(0x0): Not Found\n"
					  "BdsDxe: loading Boot0002 \"USB\" from USB(0x1)\n"
					  "BdsDxe: starting Boot0002 \"USB\" from USB(0x1)\n"), CAUSE_HEALTHY);
}

static void the_firmware_s_shell_is_what_is_left_when_no_entry_starts(void **state)
{
	assert_int_equal(cause_of(*state, "BdsDxe: failed to load Boot0001 \"Disk\" from Sata(0x0): Not Found\n"
					  "UEFI Interactive Shell v2.2\n"
					  "Shell> \n"), CAUSE_BAD_ENV);
}

static void a_card_missed_before_the_countdown_is_not_what_keeps_it_from_booting(void **state)
{
	assert_int_equal(cause_of(*state, "U-Boot 2013.07 (Aug 26 2019 - 16:11:21)\n"
					  "** Bad device mmc 0 **\n"
					  "Hit any key to stop autoboot:  0 \n"
					  "SF: 2097152 bytes @ 0x50000 Read: OK\n"), CAUSE_HEALTHY);
	assert_int_equal(cause_of(*state, "U-Boot 2013.07 (Aug 26 2019 - 16:11:21)\n"
					  "Hit any key to stop autoboot:  0 \n"
					  "** Bad device mmc 0 **\n"), CAUSE_BAD_ENV);
}

static void what_verified_boot_finds_counts_only_where_init_stops(void **state)
{
	static const char digest[] = "init: init first stage started!\n"
				     "init: [libfs_avb]vbmeta digest mismatch\n"
				     "init: [libfs_avb]Failed to verify vbmeta digest\n";
	static const char end[] = "init: Failed to mount /system: No such file or directory\n"
				  "init: Failed to mount required partitions early ...\n"
				  "init: InitFatalReboot: signal 6\n";
	char text[1024];

	text_format(text, sizeof(text), "%sinit: init second stage started!\n", digest);
	assert_int_equal(cause_of(*state, text), CAUSE_HEALTHY);
	text_format(text, sizeof(text), "%sinit: Failed to open AvbHandle: No such file or directory\n%s", digest, end);
	assert_int_equal(cause_of(*state, text), CAUSE_SIGNATURE);
	text_format(text, sizeof(text), "init: partition(s) not found after polling timeout: super\n%s", end);
	assert_int_equal(cause_of(*state, text), CAUSE_NO_ROOTFS);
}

static void a_command_that_the_loader_lacks_is_no_damaged_environment(void **state)
{
	static const char crc[] = "Hit any key to stop autoboot:  0 \n"
				  "Unknown command 'usb' - try 'help'\n"
				  "Verifying Checksum ... Bad Data CRC\n";
	static const char garbage[] = "Hit any key to stop autoboot:  0 \n"
				      "Unknown command 'qx~' - try 'help'\n"
				      "Verifying Checksum ... Bad Data CRC\n";

	assert_int_equal(cause_of(*state, crc), CAUSE_CHECKSUM);
	assert_int_equal(cause_of(*state, garbage), CAUSE_BAD_ENV);
}

static void a_first_stage_that_finds_its_loader_on_the_second_medium_is_healthy(void **state)
{
	assert_int_equal(cause_of(*state, "U-Boot SPL 2017.09 (Feb 01 2024 - 10:00:00)\n"
					  "spl: mmc init failed with error: -110\n"
					  "Trying to boot from MMC1\n"
					  "## Checking uboot 0x00a00000 ... sha256(144c73b862...) + OK\n"),
			 CAUSE_HEALTHY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_loader_prints_is_known_for_what_it_is),
		cmocka_unit_test(what_only_looks_alarming_is_no_fault),
		cmocka_unit_test(a_boot_entry_that_starts_after_one_that_failed_is_healthy),
		cmocka_unit_test(the_firmware_s_shell_is_what_is_left_when_no_entry_starts),
		cmocka_unit_test(a_card_missed_before_the_countdown_is_not_what_keeps_it_from_booting),
		cmocka_unit_test(what_verified_boot_finds_counts_only_where_init_stops),
		cmocka_unit_test(a_command_that_the_loader_lacks_is_no_damaged_environment),
		cmocka_unit_test(a_first_stage_that_finds_its_loader_on_the_second_medium_is_healthy),
	};

	return cmocka_run_group_tests(tests, sign_shelf_open, sign_shelf_close);
}
