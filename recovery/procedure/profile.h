/* recovery/procedure/profile.h
 *
 * A device profile: what is known about one model (firmware-db/devices/<vendor>/<model>.yaml), as it lies in memory.
 * src/store/device_library loads and owns it; all pointers are valid for the life of the library; NULL or 0 where the file
 * says nothing. Keys in YAML are the field names with '-' for '_' (firmware-db/README.md holds the table). */
#ifndef UNBRICK_RECOVERY_PROFILE_H
#define UNBRICK_RECOVERY_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recovery/diagnosis/cause.h"
#include "recovery/image/fits.h"
#include "recovery/loader/macro.h"

struct profile_text_list {
	const char **item;
	unsigned count;
};

/* How to stop the autoboot and know the prompt. */
struct profile_console {
	unsigned baud;			/* 0: 115200 */
	const char *frame;		/* "8N1" unless told */
	const char *level;		/* "3.3V", "1.8V", "RS-232" */
	const char *pads;		/* where and in which order, and from whose point of view */
	const char *loader;		/* driver name: "uboot", later "barebox", "cfe", ...; NULL: uboot */
	const char *prompt;		/* the prompt's text as it stands at the line's end, "=> " */
	const char *stop_at;		/* text that opens the window, "Hit any key"; NULL: any U-Boot banner */
	const char *stop_keys;		/* what to send, with \xNN and \r escapes undone; " " unless told */
	struct profile_text_list loader_passwords;	/* where the bootloader asks for one: tried in this order, each once */
	const char *login_prompt;	/* text that ends a good start, "cam32 login:" */
	const char *login_user;
	const char *login_password;
	struct macro *macros;		/* commands that ask this device something, for its console */
	unsigned macro_count;
};

/* What proves that it is this model. All patterns are PCRE2 on console lines. */
struct profile_identity {
	struct profile_text_list log;	/* any of them in the boot log identifies the model */
	struct profile_text_list env;	/* "model=cam32": name=value of the bootloader's environment */
	struct profile_text_list boards;	/* compatible strings, board and hardware ids, as images for it name them; most exact first */
	const char *sticker;		/* where model and revision stand on the unit */
};

/* How the image lies on the device's flash and how the loader reaches it. */
struct profile_storage {
	const char *kind;		/* "cfi", "spi-nor", "nand", "mmc", "virtio" */
	unsigned device;		/* number the loader gives it (virtio dev 0, mmc dev 0, sf probe 0) */
	uint64_t erase_size;		/* bytes; 0: 64 KiB on NOR, 128 KiB on NAND, 512 on blocks */
	uint64_t base;			/* where the flash begins in the address space, when it lies there */
	const char *node;		/* the loader's own name: "flash1.trx" of a CFE, "/dev/nor0" of a barebox; NULL: by kind and number */
};

struct profile_partition {
	const char *name;
	uint64_t offset;
	uint64_t size;
	const char *guard;		/* "never-write", "unit-data" (back up first), or NULL */
	const char *holds;		/* "firmware", "kernel", "rootfs", "settings", "bootloader" or NULL */
};

struct profile_network {
	const char *device_ip;		/* the address the loader may take or has */
	const char *bench_ip;		/* the address the bench must own */
	const char *netmask;		/* "255.255.255.0" unless told */
	uint64_t load_address;		/* in the device's RAM */
	unsigned tftp_port;		/* 0: 69 */
};

/* Where space can be won on a unit that runs but is full. */
struct profile_space {
	const char *mount;		/* the file system that fills up: "/data" */
	struct profile_text_list clear;	/* shell patterns of what may go: logs, old firmware, uploads */
};

struct profile_param {
	const char *name;
	const char *value;
};

struct profile_method {
	const char *name;		/* unique in the profile */
	const char *procedure;		/* name in firmware-db/procedures */
	struct profile_text_list treats;	/* cause labels; empty: every fault */
	struct profile_param *with;	/* values for the procedure's ${...} */
	unsigned with_count;
	const char *keeps;		/* "settings", "everything", ... for the operator; NULL: not known */
	const char *destroys;		/* "kernel and rootfs", NULL: nothing */
	unsigned minutes;		/* expected duration; 0: not known */
	const char *tested;		/* "untested", "ok DATE", "bad DATE" */
	const char *image;		/* which file it needs, for the operator; NULL: none */
	const char *warning;
};

struct profile_firmware {
	const char *version;
	const char *file;
	uint64_t size;
	const char *sha256;
	const char *url;		/* where the vendor offers it */
	const char *revision;		/* only for this hardware revision; NULL: all */
};

struct profile_source {
	const char *about;
	const char *where;
};

struct profile {
	const char *id;			/* "testbed/cam32": the path below devices/ without .yaml; set by the loader of the file */
	const char *vendor;
	const char *model;
	struct profile_text_list revisions;
	struct profile_text_list aliases;
	const char *kind;		/* camera, recorder, router, gateway, switch, nas, board, soc, mcu */
	const char *soc;
	const char *arch;		/* armv7, aarch64, mips, mipsel, ... */
	struct profile_console console;
	struct profile_identity identity;
	struct profile_storage storage;
	struct profile_partition *partitions;
	unsigned partition_count;
	struct profile_text_list image_covers;	/* names of partitions, contiguous and in order, that the vendor's image file holds */
	struct profile_text_list image_formats;	/* words of image formats: what that file begins with, as it lies in the flash; none: not known */
	struct profile_network network;
	struct profile_space space;
	struct profile_method *methods;	/* in the order in which the sources prefer them */
	unsigned method_count;
	const char *no_method;		/* why there is none: "secure boot; send back" */
	struct profile_firmware *firmware;
	unsigned firmware_count;
	const char *banner;		/* PCRE2: the line that a good start prints; group 1: the version */
	const char *anti_rollback;	/* what becomes of an older image than the one that is there; NULL: it is taken */
	unsigned boot_seconds;		/* how long a good start takes; 0: 120 */
	struct profile_text_list warnings;
	struct profile_source *sources;
	unsigned source_count;
};

/* The device, as an image is compared with it (image_fits). Where the profile has no board ids its names stand for them, and that an image
 * names none of those proves nothing. */
enum { PROFILE_IDS_MAX = 24 };
struct profile_image_device {
	struct image_device device;
	const char *ids[PROFILE_IDS_MAX];	/* borrowed from the profile; the struct must not be copied */
};
void profile_image_device(const struct profile *profile, struct profile_image_device *ret_device);

/* The partition that holds what ("firmware", "kernel"...), or NULL. */
const struct profile_partition *profile_partition_holding(const struct profile *profile, const char *holds);
/* By its name, or NULL. */
const struct profile_partition *profile_partition_named(const struct profile *profile, const char *name);
/* The value of ${name} in a procedure's texts, as far as the profile knows it: profile, vendor, model, kind, soc, arch, level, pads,
 * loader, prompt, stop-keys, stop-at, login-prompt, login-user, login-password, banner, sticker, baud, device-ip, bench-ip, netmask,
 * load-address, tftp-port, mount. NULL: no such name, or the profile says nothing. scratch holds numbers as text. */
const char *profile_value(const struct profile *profile, const char *name, char *scratch, size_t size);
/* Whether profile_value() knows the name at all. */
bool profile_is_value(const char *name);

#endif
