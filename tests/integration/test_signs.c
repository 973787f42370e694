/* tests/integration/test_signs.c
 *
 * The sign files of firmware-db as they are: they load, every pattern compiles, ids are unique, every sign is complete.
 */
#include "recovery/diagnosis/diagnosis.h"
#include "recovery/diagnosis/sign_filter.h"
#include "src/base/text.h"
#include "tests/integration/sign_shelf.h"

static void there_are_many_signs_with_unique_ids(void **state)
{
	const struct sign_shelf *shelf = *state;

	assert_true(shelf->count >= 600);
	for (size_t i = 0; i < shelf->count; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(shelf->signs[i].id, shelf->signs[k].id);
}

static void every_pattern_compiles(void **state)
{
	const struct sign_shelf *shelf = *state;
	struct sign_set *set = NULL;
	struct error error;

	if (sign_set_new(shelf->signs, shelf->count, &set, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	sign_set_free(set);
}

/* One pattern without a word of its own runs on every line. */
static void every_pattern_holds_a_word_for_the_filter(void **state)
{
	const struct sign_shelf *shelf = *state;

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
	static const struct sign_meeting rows[] = {
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
		{ "eboot-no-app", "e:3" },
		{ "esp-rom-mapped-load", "load:0x3f400020,len:188412" },
		{ "tfa-load-failed", "ERROR:   BL2: Failed to load image id 3" },
		{ "uboot-nand-read", "NAND read from offset 40000 failed -74" },
		{ "dfu-broken", "dfu-util: Lost device after RESET?" },
		{ "avrdude-silent", "avrdude: stk500_getsync() attempt 10 of 10: not in sync: resp=0x00" },
		{ "esptool-connect", "A fatal error occurred: Failed to connect to ESP32: No serial data received." },
		{ "sentence-root-missing", "[FAILED] Failed to mount /sysroot." },
		{ "hw-firmware-load", "ath10k_pci 0000:01:00.0: Direct firmware load for ath10k/cal.bin failed with error -2" },
		{ "hw-probe", "imx6q-pcie: probe of 1ffc000.pcie failed with error -110" },
		{ "hw-linux-memory", "Memory: 58000K/65536K available (4000K kernel code)" },
		{ "general-version", "acme: image version too old" },
		{ "general-signature", "loader: bad signature" },
	};

	sign_shelf_meets(*state, rows, sizeof(rows) / sizeof(rows[0]));
}

/* Lines written from the format strings of Linux, of updaters and of download tools. */
static void linux_updaters_and_tools_are_known(void **state)
{
	static const struct sign_meeting rows[] = {
		{ "nor-chip", "spi-nor spi0.0: w25q128 (16384 Kbytes)" },
		{ "nor-no-answer", "spi-nor spi0.0: unrecognized JEDEC id bytes: ff, ff, ff" },
		{ "nand-weak-ecc", "nand: WARNING: nand0: the ECC used on your system is too weak compared to the one required" },
		{ "ubi-attached", "ubi0: attached mtd5 (name \"ubi\", size 120 MiB)" },
		{ "ubi-geometry", "UBI error: validate_ec_hdr: bad VID header offset 512, expected 2048" },
		{ "ubi-foreign", "ubi0 error: scan_all: MTD device is not UBI-formatted and possibly contains non-UBI data" },
		{ "ubi-image-sequence", "ubi0 error: scan_peb: bad image sequence number 1588722158 in PEB 12, expected 3" },
		{ "ubi-same-sequence", "ubi0 error: ubi_add_to_av: two LEBs with same sequence number 403" },
		{ "ubifs-recover-failed", "UBIFS error (ubi0:1 pid 1): ubifs_recover_leb: LEB 3 scanning failed" },
		{ "ubifs-geometry", "UBIFS error (ubi0:0 pid 1): LEB size mismatch: 126976 in superblock, 129024 real" },
		{ "jffs2-erase-no-effect", "jffs2: Newly-erased block contained word 0x20031985 at offset 0x00010000" },
		{ "jffs2-no-nodes", "jffs2: Cowardly refusing to erase blocks on filesystem with no valid JFFS2 nodes" },
		{ "mmc-card", "mmcblk0: mmc0:aaaa SC16G 14.8 GiB" },
		{ "ata-error", "ata1.00: failed command: READ FPDMA QUEUED" },
		{ "gpt-damaged", "GPT:Primary header thinks Alt. header is not at the end of the disk." },
		{ "ext4-unchecked", "EXT4-fs (mmcblk0p2): recovery complete" },
		{ "f2fs-mounted", "F2FS-fs (loop0): Mounted with checkpoint version = 5" },
		{ "overlay-notes", "overlayfs: upper fs does not support xattr, falling back to index=off" },
		{ "md-degraded", "md/raid:md0: not enough operational devices (2/3 failed)" },
		{ "verity-failed", "device-mapper: verity: 179:2: data block 11 is corrupted" },
		{ "ata-disabled", "ata2.00: disabled" },
		{ "nvme-timeout", "nvme nvme0: I/O 7 QID 3 timeout, reset controller" },
		{ "btrfs-verify", "BTRFS error (device sda1): parent transid verify failed on 38993920 wanted 9 found 5" },
		{ "btrfs-open", "BTRFS error (device sdc): open_ctree failed: -5" },
		{ "xfs-corrupt", "XFS (dm-3): Metadata corruption detected at xfs_attr3_leaf_verify+0x275/0x2e0" },
		{ "ostree-root", "ostree-prepare-root: Couldn't find specified OSTree root '/x': No such file or directory" },
		{ "owrt-metadata-invalid", "Tue Nov 3 10:00:00 UTC 2026 upgrade: Invalid image metadata" },
		{ "owrt-mtd-write", "Failed to erase block" },
		{ "owrt-nand-success", "sysupgrade successful" },
		{ "owrt-stage2", "upgrade: Switching to ramdisk..." },
		{ "owrt-overlay-failed", "mount_root: failed to mount -t jffs2 /dev/mtdblock8 /tmp/overlay: I/O error" },
		{ "rauc-installed", "Installing `/tmp/a.raucb` succeeded" },
		{ "rauc-copying", " 85% Copying image to rootfs.0" },
		{ "rauc-bootloader", "rauc-Message: installing a.raucb: Failed marking slot rootfs non-bootable" },
		{ "rauc-mount-bundle", "LastError: Failed mounting bundle: failed to mount bundle: No such device" },
		{ "rauc-slot-good", "rauc mark: marked slot rootfs.0 as good" },
		{ "swupdate-success", "[INFO ] : SWUPDATE successful ! SWUPDATE successful !" },
		{ "swupdate-hardware", "[ERROR] : SWUPDATE failed [0] ERROR : HW compatibility not found" },
		{ "swupdate-version", "No downgrading allowed: new version 1 < installed 2" },
		{ "fwup-signature", "fwup: Firmware archive's meta.conf fails digital signature verification." },
		{ "fwup-damaged", "fwup: ZIP data length mismatch for rootfs.img" },
		{ "fwup-verify", "fwup: write verification failed at offset 4096" },
		{ "fwupd-transfer", "failed to write-firmware: failed to write chunk 4: USB error: Input/Output Error [-1]" },
		{ "jcat-signature", "    FAILED gpg: '48A6' is not a valid signature" },
		{ "recovery-no-mounts", "E:failed to set up expected mounts for install; aborting" },
		{ "mtdt-flashcp-progress", "Writing data: 12k/100k (12%)" },
		{ "mtdt-does-not-fit", "won't fit into /dev/mtd3!" },
		{ "mtdt-verify", "File does not seem to match flash data. First mismatch at 0x00000000-0x00002800" },
		{ "mtdt-md5sum", "rootfs.squashfs: FAILED" },
		{ "opkg-space", " * verify_pkg_installable: Only have 0kb available on filesystem /overlay, pkg luci needs 11" },
		{ "esp-app-loaded", "I (123) boot: Loaded app from partition at offset 0x10000" },
		{ "esp-otadata", "E (60) boot: ota data partition invalid and no factory, will try all partitions" },
		{ "esp-image-damaged", "E (81) esp_image: Checksum failed. Calculated 0x12 read 0x34" },
		{ "esp-crash", "Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled." },
		{ "esp-crash", "Guru Meditation Error of type StoreProhibited occurred on core  0. Exception was unhandled." },
		{ "esp-brownout", "Brownout detector was triggered" },
		{ "esptool-connect", "A fatal error occurred: Failed to connect to ESP32: No serial data received." },
		{ "esptool-md5", "A fatal error occurred: MD5 of file does not match data in flash!" },
		{ "esptool-writing", "Writing at 0x00010000... (23 %)" },
		{ "dfu-none", "dfu-util: No DFU capable USB device available" },
		{ "dfu-done", "File downloaded successfully" },
		{ "nmrp-silent", "No response after 60 seconds. Bailing out." },
		{ "nmrp-uploaded", "Uploading a.chk ... OK" },
		{ "avrdude-silent", "avrdude: stk500_recv(): programmer is not responding" },
		{ "avrdude-verify", "avrdude: verification error; content mismatch" },
		{ "openocd-programmed", "** Programming Finished **" },
		{ "stm32flash-done", "Wrote and verified address 0x08004000 (100.00%) Done." },
		{ "fel-silent", "ERROR: Allwinner USB FEL device not found!" },
		{ "rk-silent", "Did not find any rockusb device, please plug device in!" },
		{ "rk-writing", "Write LBA from file (45%)" },
		{ "imager-verify", "Verifying write failed. Contents of SD card is different from what was written to it." },
		{ "tftp-client", "Transfer timed out." },
		{ "curl-partial", "curl: (18) transfer closed with 1024 bytes remaining to read" },
		{ "bossac-answer", "SAM-BA operation failed" },
		{ "stlink-done", "Flash written and verified! jolly good!" },
		{ "heimdall-connect", "ERROR: Failed to detect compatible download-mode device." },
		{ "flashrom-erase-failed", "Erasing... FAILED at 0x00000000! Expected=0xff, Found=0x80, failed byte count from 0x0" },
		{ "flashrom-verified", "VERIFIED." },
		{ "katapult-silent", "Response for command CONNECT timed out, 4 tries remaining" },
		{ "katapult-done", "Programming Complete" },
		{ "cc-write-verify", "writing page  65/128.verification error... Have you erased before write ?" },
		{ "litex-nothing", "No boot medium found" },
		{ "mkinitcpio-no-device", "ERROR: device 'UUID=1' not found. Skipping fsck." },
		{ "root-parameter-invalid", "Disabling rootwait; root= is invalid" },
		{ "gdisk-table-damaged", "Warning! Main partition table CRC mismatch! Loaded backup partition table" },
		{ "fwenv-geometry", "MTD erase error on /dev/mtd2: Invalid argument" },
		{ "samsung-signature", "[0:       3.304] pit_check_signature (RECOVERY) invalid." },
		{ "probe-rs-register", "3: Failed to read register DRW at address 0x0000000c because: Operation timed out" },
		{ "stm32prog-read", "09:06:12 : Error: Data read failed" },
		{ "image-avb-refused", "avb_slot_verify.c:432: ERROR: boot: Hash of data does not match digest in descriptor." },
		{ "brief-hardware", "auto update firmware: product id verify fail!" },
		{ "brief-verify", "CardUp_IsFileValid:load fw header fail" },
		{ "rauc-variant", "LastError: Installation error: Failed to find matching variant of image for rootfs" },
		{ "fastboot-size", "(bootloader) Image size exceeded partition limits" },
		{ "android-fs-mgr-mount", "fs_mgr: Cannot mount filesystem on /dev/block/mmcblk0p5 at /system" },
		{ "oops", "Process insmod (pid: 812, stack limit = 0xc3a6e270)" },
		{ "cfe-no-memory", "Loading: PANIC: out of memory!" },
		{ "mender-rootfs-written", "INFO[0031] Wrote 4096/4096 bytes to the inactive partition" },
		{ "l4t-invalid-target", "Error: Invalid target board - some-devkit." },
		{ "fdt-node-missing", "libfdt fdt_path_offset() returned FDT_ERR_NOTFOUND" },
		{ "image-fdt", "libfdt fdt_open_into() returned FDT_ERR_BADMAGIC" },
		{ "uuu-wait", "Error: Timeout: Wait for Known USB Device" },
	};

	sign_shelf_meets(*state, rows, sizeof(rows) / sizeof(rows[0]));
}

/* What a sound start and its programs say must not be called a fault. */
static void plain_lines_are_no_fault(void **state)
{
	static const char *const lines[] = {
		"random: crng init done",
		"Freeing unused kernel memory: 1024K",
		"mmc0: new high speed SDHC card at address aaaa",
		"Key type dns_resolver registered",
		"usb 1-1: new high-speed USB device number 2 using ehci-platform",
		"EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode. Opts: (null)",
		"EXT4-fs (mmcblk0p2): INFO: recovery required on readonly filesystem",
		"UBIFS (ubi0:1): recovery needed",
		"UBIFS (ubi0:1): recovery completed",
		"ubi0: VID header offset: 2048 (aligned 2048), data offset: 4096",
		"ubi0: good PEBs: 1000, bad PEBs: 4, corrupted PEBs: 0",
		"jffs2: version 2.2 (NAND) (SUMMARY) (LZMA) (RTIME) (CMODE_PRIORITY) (c) 2001-2006 Red Hat, Inc.",
		"squashfs: version 4.0 (2009/01/31) Phillip Lougher",
		"overlayfs: upper fs does not support tmpfile.",
		"ata1: SATA link down (SStatus 0 SControl 300)",
		"XFS (sda1): Starting recovery (logdev: internal)",
		"BTRFS info (device sda1): read error corrected: ino 0 off 4096 (dev /dev/sda1 sector 8)",
		"systemd[1]: Started Error Reporting Service.",
		"systemd[1]: Condition check resulted in FUSE Control File System being skipped.",
		"procd: - init -",
		"br-lan: port 1(lan1) entered disabled state",
		"urandom-seed: Seed file not found (/etc/urandom.seed)",
		"watchdog: watchdog0: watchdog did not stop!",
		"hostapd: wlan0: AP-ENABLED",
		"daemon.err dnsmasq[1234]: failed to load names from /tmp/hosts/odhcpd: Permission denied",
		"Checksum: 0x1234",
		"I (31) boot: compile time 10:44:02",
		"fwupd[268]: disabling plugin because: failed to startup redfish: no SMBIOS table",
	};
	const struct sign_shelf *shelf = *state;

	sign_shelf_finds_no_fault(shelf, lines, sizeof(lines) / sizeof(lines[0]));
}

/* Plain English of any maker; none of these lines is a known program's. */
static void whole_sentences_are_understood(void **state)
{
	static const struct sign_meeting rows[] = {
		{ "brief-room", "firmware size exceeded: over the limit" },
		{ "brief-room", "No space for the update" },
		{ "brief-destroyed", "FIRMWARE HAS BEEN DESTROYED!" },
		{ "brief-verify", "*** FIP verification failed ***" },
		{ "brief-verify", "both images are bad, waiting" },
		{ "brief-hardware", "The image does not belong to this platform" },
		{ "brief-flash", "SPI flash not found" },
		{ "brief-place", "kernel partition not found" },
		{ "brief-root", "rootfs mount failed" },
		{ "brief-next-stage", "fail to load next stage" },
		{ "brief-official", "not an official firmware" },
		{ "brief-permit", "this version does not permit upgrade" },
		{ "brief-cut", "Last update did not complete" },
		{ "general-trouble", "ERR: SomeCommand failed!" },
		{ "general-trouble", "fatal: giving up" },
		{ "sentence-too-large", "Firmware too large: 6735872 bytes won't fit in app1 (6553600 bytes)." },
		{ "sentence-too-large", "ERROR: the supplied image is larger than the flash available on the chip" },
		{ "sentence-too-large", "new bin not fits SPI Flash" },
		{ "sentence-too-large", "update package exceeds the maximum size" },
		{ "sentence-too-large", "File contains data beyond chip size" },
		{ "general-image-invalid", "The firmware binary is invalid (magic byte=FF)" },
		{ "general-file-wrong", "This firmware file is incorrect! Please get the firmware file again" },
		{ "general-hardware", "21:22:09 ERROR unexpected chip_id/type: 0xf2/0x00" },
		{ "general-hardware", "wrong chip id 0xf4fc" },
		{ "systemd-root-check-failed", "[FAILED] Failed to start File System Check on Root Device." },
		{ "initramfs-shell", "[  OK  ] Started Emergency Shell." },
		{ "initramfs-shell", "=> Init system encountered an error, starting emergency shell." },
		{ "general-rejected", "Error: Device rejected update file" },
		{ "general-signature", "SignatureException: signature doesn't match any trusted key" },
		{ "general-version", "Firmware upgrade failed due to version incompatibility." },
		{ "sentence-crash", "UNHANDLED EXCEPTION: HARD FAULT" },
		{ "sentence-crash", "Panic: Bus error. misc = 2314, address = ffffd2e0" },
		{ "general-success", "Verification...OK" },
		{ "login-prompt", "Username: " },
		{ "systemd-usr-empty", "[!!!!!!] Refusing to run in unsupported environment where /usr/ is not populated." },
		{ "nrf-dfu-version", "DfuResponse { opcode: ObjectExecute, result: ExtError, extended_error: FwVersionFailure }" },
		{ "nrf-dfu-hardware", "DFU: NRF_DFU_EXT_ERROR_HW_VERSION_FAILURE" },
		{ "nrf-dfu-hash", "extended error: HASH_FAILED" },
		{ "nrf-dfu-space", "Sdfu error: ext_err INSUFFICIENT_SPACE" },
		{ "nrf-dfu-signature", "Extended Error 0x08: SIGNATURE_MISSING" },
		{ "mtkclient-auth", "Preloader - [LIB]: upload_data failed with error: DAA_SIG_VERIFY_FAILED (0x7024)" },
		{ "sentence-larger-than-device", "acmeflash: /tmp/a.bin bigger than /dev/mtd3" },
		{ "sentence-no-room", "Upgrade error: not enough free flash space" },
		{ "sentence-no-room", "overlay is full" },
		{ "sentence-damaged", "The firmware file seems to be corrupted" },
		{ "sentence-damaged", "kernel image is incomplete" },
		{ "sentence-damaged-image", "COPY: Bad image - possibly corrupted" },
		{ "sentence-sum", "bad firmware checksum !" },
		{ "sentence-sum", "Checksum incorrect, please upload the image again" },
		{ "sentence-sum-expected", "Verifying checksum... invalid (expected 0x7081, computed 0x5944)" },
		{ "sentence-signature", "Your key did not accept the firmware's signature!" },
		{ "sentence-signature", "Invalid file signature" },
		{ "sentence-signature", "Image Signature Error" },
		{ "sentence-other-hardware", "Firmware file a.bin doesn't match device (V: 1b1c P: 1b12)" },
		{ "sentence-other-hardware", "this software is not intended for this model" },
		{ "sentence-wrong-hardware", "firmware device match failed" },
		{ "sentence-wrong-hardware", "upgrade: unsupported board" },
		{ "sentence-older", "image version must be newer than the minimal version" },
		{ "sentence-older", "firmware downgrade is not allowed" },
		{ "sentence-flash-fails", "Verification of flash failed at offset: 0" },
		{ "sentence-wrote-read", "%Error: System flash location 0x3A00000 - wrote 0x2F000000, read 0x0" },
		{ "sentence-io-error", "Error reading block 3605154 (Input/output error) while getting next inode" },
		{ "sentence-nothing-to-boot", "Error, unable to find boot device." },
		{ "sentence-nothing-to-boot", "no valid image found" },
		{ "sentence-root-missing", "mount: /new_root: can't find the root partition" },
		{ "sentence-supply", "failed to update to 0: AC power required" },
		{ "sentence-supply", "Cannot install update when system battery is not at least 25%" },
		{ "sentence-interrupted", "the last update was interrupted" },
		{ "sentence-transfer", "HTTP error: connection refused" },
		{ "sentence-transfer", "upgrade has failed because of error (SSL_connect failed with error -313)" },
		{ "general-success", "Firmware upgrade completed" },
	};

	sign_shelf_meets(*state, rows, sizeof(rows) / sizeof(rows[0]));
}

/* Conditions, denials and what a sound system prints in passing. */
static void sentences_that_deny_or_only_suppose_are_no_fault(void **state)
{
	static const char *const lines[] = {
		"the rootfs is not damaged",
		"rx checksum errors 0",
		"Backup image is invalid, using primary",
		"bootp timeout, fall back to flash boot",
		"TFTP server not found, booting from flash",
		"eeprom checksum error, use default mac",
		"vbmeta is not signed, device unlocked",
		"older version kept as backup",
		"block 12 is bad, skip",
		"uncorrectable ECC errors: 0",
		"Brownout detection enabled",
		"Power failure count: 0",
		"PKCS#7 signature not signed with a trusted key",
		"Image not signed, secure boot is off, continuing",
		"avb_slot_verify.c:720: DEBUG: bootloader: hash verification succeed.",
		"OF: fdt: not creating '/sys/firmware/fdt': CRC check failed",
		"Main partition table: OK",
		"if the last update did not complete, press reset",
		"0 errors, 0 failed",
		"fs_mgr: Cannot mount filesystem on /dev/block/sda at /data",
		"Wrote 4096/4097 bytes to the inactive partition",
		"no kernel partition not found",
		"If the image is too large it would not fit",
		"Check whether the firmware is damaged",
		"blk_update_request: I/O error, dev mmcblk0rpmb, sector 0 op 0x0:(READ) flags 0x0",
		"hard fault handler installed at 0x20000400",
		"reading beyond the usual header",
		"icelake-pinctrl INT3455:00: request() failed for pin 175",
		"Speculative Return Stack Overflow: Mitigation: Safe RET",
		"i915 0000:00:02.0: registered panic notifier",
		"intel-spi 0000:00:1f.5: write to status register failed",
		"nouveau  [   VBIOS][0000:01:00.0] ... signature not found",
		"Buffer I/O error on dev mtdblock5, logical block 3920, async page read",
		"I/O error, dev fd0, sector 0 op 0x0:(READ) flags 0x0",
		"perf: interrupt took too long (2502 > 2500), lowering kernel.perf_event_max_sample_rate to 79750",
		"ifconfig: wl0.2: error fetching interface information: Device not found",
		"File /var/log/journal/x/system.journal corrupted or uncleanly shut down, renaming and replacing.",
		"Battery level: 80%",
		"Checking image version: 1.2 is newer than the one installed",
		"no boot file defined",
	};
	const struct sign_shelf *shelf = *state;

	sign_shelf_finds_no_fault(shelf, lines, sizeof(lines) / sizeof(lines[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_many_signs_with_unique_ids),
		cmocka_unit_test(every_pattern_compiles),
		cmocka_unit_test(every_pattern_holds_a_word_for_the_filter),
		cmocka_unit_test(the_filter_never_hides_a_match),
		cmocka_unit_test(linux_updaters_and_tools_are_known),
		cmocka_unit_test(plain_lines_are_no_fault),
		cmocka_unit_test(whole_sentences_are_understood),
		cmocka_unit_test(sentences_that_deny_or_only_suppose_are_no_fault),
	};

	return cmocka_run_group_tests(tests, sign_shelf_open, sign_shelf_close);
}
