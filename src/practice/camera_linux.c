/* From "Booting Linux" to the login prompt, or to where a broken flash lets it come. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/practice/camera.h"
#include "src/practice/camera_shell.h"

static const char no_space[] = "No space left on device";

/* A kernel line, after_ms later than the one before. */
static void __attribute__((format(printf, 3, 4)))
kernel_says(struct camera *cam, unsigned after_ms, const char *format, ...)
{
	char text[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	camera_wait(cam, after_ms);
	cam->kernel_us += (uint64_t)after_ms * 1000 + random_next(&cam->random) % 900;
	say(cam, "[%5llu.%06llu] %s\n", (unsigned long long)cam->kernel_us / 1000000,
	    (unsigned long long)cam->kernel_us % 1000000, text);
}

static void stay_dead(struct camera *cam)
{
	cam->phase = PHASE_STOPPED;
	camera_wait(cam, UINT_MAX);
}

static void panic(struct camera *cam, const char *why)
{
	kernel_says(cam, 10, "Kernel panic - not syncing: %s", why);
	kernel_says(cam, 1, "CPU: 0 PID: 1 Comm: %s Not tainted 5.10.113-pcam1 #1",
		    strstr(why, "init") != NULL ? "init" : "swapper");
	kernel_says(cam, 1, "Hardware name: PCAM1 practice SoC (Device Tree)");
	kernel_says(cam, 1, "---[ end Kernel panic - not syncing: %s ]---", why);
	stay_dead(cam);
}

static void start_kernel(struct camera *cam)
{
	static const struct {
		unsigned after_ms;
		const char *text;
	} lines[] = {
		{ 0, "Booting Linux on physical CPU 0x0" },
		{ 0, "Linux version 5.10.113-pcam1 (build@practice) (arm-linux-gcc 11.3.0, GNU ld 2.38) "
		     "#1 Tue Nov 14 22:13:20 UTC 2023" },
		{ 0, "CPU: ARMv7 Processor [410fc075] revision 5 (ARMv7), cr=10c5387d" },
		{ 0, "OF: fdt: Machine model: PCAM-1 practice camera" },
		{ 0, "Memory policy: Data cache writeback" },
		{ 0, "Kernel command line: console=ttyS0,115200 root=/dev/mtdblock3 rootfstype=squashfs" },
		{ 5, "Memory: 57916K/65536K available (5120K kernel code, 412K rwdata, 1304K rodata, 1024K init, "
		     "198K bss, 7620K reserved)" },
		{ 60, "clocksource: arch_sys_counter: mask: 0xffffffffffffff max_cycles: 0x588fe9dc0" },
		{ 40, "NET: Registered protocol family 2" },
		{ 150, "Serial: 8250/16550 driver, 2 ports, IRQ sharing disabled" },
		{ 40, "printk: console [ttyS0] enabled" },
		{ 90, "spi-nor spi0.0: w25q64 (8192 Kbytes)" },
		{ 5, "5 fixed-partitions partitions found on MTD device spi0.0" },
		{ 0, "Creating 5 MTD partitions on \"spi0.0\":" },
		{ 0, "0x000000000000-0x000000040000 : \"bootloader\"" },
		{ 0, "0x000000040000-0x000000050000 : \"env\"" },
		{ 0, "0x000000050000-0x000000250000 : \"kernel\"" },
		{ 0, "0x000000250000-0x000000550000 : \"rootfs\"" },
		{ 0, "0x000000550000-0x000000800000 : \"data\"" },
		{ 120, "practice-eth 10100000.ethernet eth0: MAC address 02:50:43:41:4d:31" },
		{ 60, "pcam-isp 10200000.isp: sensor found, 1920x1080" },
	};

	cam->phase = PHASE_KERNEL;
	cam->kernel_us = 0;
	for (size_t i = 0; i < ARRAY_SIZE(lines) && cam->halt == CAMERA_RUNS; i++)
		kernel_says(cam, lines[i].after_ms, "%s", lines[i].text);
}

static void say_partitions(struct camera *cam, const char *headline)
{
	static const unsigned kib[] = { 256, 64, 2048, 3072, 2752 };

	kernel_says(cam, 1, "%s", headline);
	for (unsigned i = 0; i < ARRAY_SIZE(kib); i++)
		kernel_says(cam, 0, "1f%02x %15u mtdblock%u ", i, kib[i], i);
}

static bool mount_root(struct camera *cam)
{
	const struct flash *flash = &cam->flash;

	if (flash_rootfs_is_whole(flash)) {
		kernel_says(cam, 200, "VFS: Mounted root (squashfs filesystem) readonly on device 31:3.");
		kernel_says(cam, 5, "Freeing unused kernel memory: 1024K");
		return true;
	}
	if (flash_rootfs_has_magic(flash)) {
		kernel_says(cam, 200, "SQUASHFS error: xz decompression failed, data probably corrupt");
		kernel_says(cam, 1, "SQUASHFS error: squashfs_read_data failed to read block 0x1f3a20");
		kernel_says(cam, 1, "VFS: Cannot open root device \"mtdblock3\" or unknown-block(31,3): error -5");
		say_partitions(cam, "Please append a correct \"root=\" boot option; here are the available partitions:");
	} else {
		/* The device is there, but nothing that mounts: init/do_mounts.c, mount_block_root() */
		kernel_says(cam, 200, "SQUASHFS error: Can't find a SQUASHFS superblock on mtdblock3");
		say_partitions(cam, "List of all partitions:");
		kernel_says(cam, 0, "No filesystem could mount root, tried: ");
		kernel_says(cam, 0, " squashfs");
	}
	panic(cam, "VFS: Unable to mount root fs on unknown-block(31,3)");
	return false;
}

/* A worn block shows when init is read through it: not at the mount, and not as a wrong checksum. */
static bool root_can_be_read(struct camera *cam)
{
	int worn = flash_worn_block(&cam->flash, ROOTFS_OFFSET, ROOTFS_SIZE);
	unsigned sector = ((unsigned)worn * FLASH_BLOCK - ROOTFS_OFFSET) / 512;

	if (worn < 0)
		return true;
	for (int i = 0; i < 3; i++) {
		kernel_says(cam, 120, "ubi0 error: ubi_io_read: error -74 (ECC error) while reading 65536 bytes from "
			    "PEB %d:0, read 65536 bytes", worn);
		kernel_says(cam, 2, "blk_update_request: I/O error, dev mtdblock3, sector %u op 0x0:(READ) flags 0x800 "
			    "phys_seg 1 prio class 0", sector);
		kernel_says(cam, 2, "Buffer I/O error on dev mtdblock3, logical block %u, async page read", sector / 8);
	}
	kernel_says(cam, 2, "SQUASHFS error: Unable to read data cache entry [%x]", sector * 512);
	panic(cam, "Attempted to kill init! exitcode=0x00000007");
	return false;
}

static void start_init(struct camera *cam)
{
	struct data_files files;
	bool formatted = data_load(&cam->flash, &files);

	kernel_says(cam, 40, "Run /sbin/init as init process");
	if (!formatted) {
		kernel_says(cam, 100, "jffs2: Empty flash at 0x00000000 ends at 0x002b0000; formatting");
		data_store(&cam->flash, &files);
	}
	kernel_says(cam, 150, "jffs2: mounted mtdblock4 on /data");
	say(cam, "pcam1 firmware 1.3.0 starting\n");
	camera_wait(cam, 500);
	if (data_is_full(&files)) {
		cam->said_no_space = true;
		say(cam, "/etc/init.d/rcS: line 14: can't create /data/log/boot.log: %s\n", no_space);
		say(cam, "pcamd: cannot save settings: /data/config/camera.conf.new: %s\n", no_space);
		camera_wait(cam, 200);
		say(cam, "syslogd: write error: %s\n", no_space);
	}
	camera_wait(cam, 300);
	kernel_says(cam, 50, "practice-eth 10100000.ethernet eth0: Link is %s",
		    cam->link ? "Up - 100Mbps/Full" : "Down");
	say(cam, "pcam1 firmware 1.3.0 ready\n\n");
}

void linux_run(struct camera *cam)
{
	start_kernel(cam);
	if (!mount_root(cam) || !root_can_be_read(cam))
		return;
	start_init(cam);
	if (cam->halt == CAMERA_RUNS)
		shell_run(cam);
}
