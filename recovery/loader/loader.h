/* recovery/loader/loader.h
 *
 * What to say to a bootloader so that something happens: one interface, one driver a loader. A task is a conversation: the caller
 * types the command it is given (with protocol/dialog), hands the reply back, and asks again until the task is done or failed.
 * Tasks are pure: no descriptor, no clock, no allocation; the image is borrowed. */
#ifndef UNBRICK_RECOVERY_LOADER_H
#define UNBRICK_RECOVERY_LOADER_H

#include <stdbool.h>

#include "recovery/protocol/dialog.h"
#include "src/base/bytes.h"
#include "src/base/status.h"

enum {
	LOADER_CELL = 64 * 1024,		/* what a comparison tells apart, bytes */
	LOADER_FINE_CELL = 4 * 1024,		/* the same inside one cell, to see where data ends */
	LOADER_CELLS_MAX = 4096,		/* 256 MiB */
	LOADER_PIECE = 1024 * 1024,		/* written and read at once: progress, and how much a power cut can spoil */
	LOADER_REGIONS_MAX = 24,
};

enum loader_turn {
	LOADER_TYPE,		/* type say->command and come back with the reply */
	LOADER_SEND,		/* it waits for the image: send it by say->protocol and come back with what it said behind that */
	LOADER_DONE,
	LOADER_FAILED,		/* reterr says what the loader said */
};

struct loader_say {
	char command[DIALOG_COMMAND_MAX];
	uint64_t silence_ms;	/* how long it may say nothing while it works */
	const char *until;	/* a text that ends it besides the prompt, or NULL */
	bool asks;		/* until is a question: come back with the reply so far, what is typed next answers it */
	bool writes;		/* changes the flash */
	const char *protocol;	/* of LOADER_SEND: a name in protocol/transfer.h */
};

/* A named range of the flash, from the loader's own directory. */
struct loader_region {
	char name[20];
	uint64_t flash, memory, size, entry;	/* addresses: in the flash, where it is loaded, where it starts */
};

/* What the build at the prompt can do. */
struct loader_build {
	char version[96];
	bool is_known;		/* learn has run; else nothing is assumed missing */
	bool has_tftp, has_crc32, has_sf, has_nand, has_mmc, has_virtio, has_cp, has_erase, has_protect, has_saveenv, has_reset;
	bool is_tftp_short;	/* its command is called tftp */
	bool has_ymodem, has_kermit, has_xmodem;	/* it takes files over the console's line */
	char model[64], bootcmd[256], bootargs[160];	/* of its environment; empty when not set */
	uint64_t flash_base, flash_size, flash_block;	/* as the loader says; 0: it does not */
	struct loader_region region[LOADER_REGIONS_MAX];
	unsigned region_count;
};

enum loader_storage { STORAGE_NONE, STORAGE_CFI, STORAGE_SPI_NOR, STORAGE_NAND, STORAGE_MMC, STORAGE_VIRTIO };
bool loader_storage_parse(const char *kind, enum loader_storage *ret_storage);

/* Where the image goes, and how it gets into RAM. */
struct loader_place {
	enum loader_storage storage;
	unsigned device;
	uint64_t erase_size;	/* 0: by kind */
	uint64_t base;		/* CFI: address of offset 0 */
	uint64_t offset;	/* in the flash */
	uint64_t room;		/* bytes from offset on that belong to the image; erasing beyond them is refused. 0: not known */
	uint64_t load_address;	/* in RAM */
	const char *node;	/* the loader's own name of the place or of the flash that it lies in; NULL: by kind and number */
	const char *device_ip, *bench_ip, *netmask;
	const char *board;	/* what the loader calls the device, where it wants to hear it; NULL: as it said */
	unsigned tftp_port;	/* 0: 69 */
	const char *file_name;	/* as the bench serves it */
	const char *protocol;	/* over the serial line: "ymodem", "kermit", "xmodem"; NULL: the best that the build has */
};

enum loader_cell { CELL_UNKNOWN, CELL_SAME, CELL_DIFFERS, CELL_ERASED };

struct loader_task {	/* caller-owned; fields belong to the driver, but for done, total, cells and proof */
	const struct loader_place *place;
	struct loader_build *build;
	struct bytes image;
	bool stop_at_difference;
	uint32_t cell_size;		/* LOADER_CELL unless set after init; compare doubles it where the cells would not suffice */
	unsigned step;
	uint64_t at;			/* bytes of the image dealt with */
	uint64_t block;			/* bytes of the block being checked, and where in it the next cell is */
	uint64_t in_block;
	unsigned cells_asked;
	uint32_t sum;			/* of the first reading, for reread */
	uint64_t done, total;		/* bytes, for the progress */
	uint8_t cell[LOADER_CELLS_MAX];	/* enum loader_cell, of compare */
	size_t cell_count;
	uint64_t first_difference;	/* offset in the image, UINT64_MAX: none */
	const char *proof;		/* of load: what vouches for the copy in RAM */
};

/* reply: NULL at the first call of a task; later what the loader said to the last command. */
typedef enum loader_turn loader_next(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr);

/* A driver that cannot do a thing leaves its function NULL and says why not. */
struct loader_driver {
	const char *name;
	const char *clean_keys;		/* what empties its command line and brings the prompt; NULL: Ctrl-C */
	const char *reset_command;	/* NULL: none is known; the power has to be cycled */
	const char *baud_command;	/* with %u: changes the rate for this session as baud_raise.h tells; NULL: none is known */
	loader_next *learn;	/* fills task->build; changes nothing */
	loader_next *load_tftp;	/* addresses for this session only; image to RAM; size and CRC checked there, or .proof says what was */
	loader_next *load_serial;	/* the same over the console's line, without a network */
	loader_next *write;	/* RAM to flash, erasing first where the storage needs it; proves anew that the RAM holds the image */
	loader_next *compare;	/* flash against image: fills cells; fails at the first difference with stop_at_difference */
	/* The place, as long as image.size says, twice: first_difference tells where the two readings differ. image.data is not looked at. */
	loader_next *reread;
	loader_next *unlock;	/* opens commands that the build keeps locked, by a handshake that is public; NULL: none is known */
	bool takes_tftp_port;	/* builds of it can be told another port than 69 */
	bool has_variables;	/* learn ends with the answer to printenv */
	bool compare_needs_ram;	/* it compares with the copy in RAM, which a load must have put there */
	/* What no other make of loader starts from the flash: words of recovery/image formats, a blank between; NULL: nothing. */
	const char *starts_formats;
	const char *why_no_load, *why_no_serial, *why_no_write, *why_no_compare;
};

void loader_task_init(struct loader_task *task, const struct loader_place *place, struct loader_build *build, struct bytes image);
const struct loader_driver *loader_driver_find(const char *name);	/* NULL: "uboot"; NULL when there is none */
/* The i-th driver's name; NULL behind the last. */
const char *loader_driver_name(size_t i);
/* The line of the reply that says that error correction could not read the flash; NULL: none does. */
const char *loader_worn_flash_in(const char *reply);
/* The value of a variable in the text that printenv prints. */
bool loader_env_value(const char *printenv, const char *name, char *ret_value, size_t size);

extern const struct loader_driver loader_uboot, loader_redboot, loader_barebox, loader_cfe, loader_realtek, loader_zyxel, loader_breed;
/* U-Boot underneath. */
extern const struct loader_driver loader_pepe2k, loader_hikvision, loader_dahua;

/* What a comparison means. */
struct loader_difference {
	size_t same, differs, erased, total;	/* cells */
	size_t first_bad, last_bad;		/* cells; meaningless while all are the same */
	bool has_erased_tail;		/* right up to somewhere, erased from there on: never written */
	bool has_foreign_front;		/* other data from the beginning on, the image behind it: another version was written over it */
	bool has_cut_front;		/* the image from the beginning on, other data behind it: it was being written over something */
	bool is_other;			/* nothing of the image is there, but other data: another version or file says nothing about damage */
	bool has_gap;			/* erased flash between the two: a write was interrupted */
	size_t border_cell;		/* where the gap may hide inside one cell; SIZE_MAX: nowhere */
	char text[160];			/* one sentence for the operator */
};
void loader_difference_of(const struct loader_task *task, struct loader_difference *ret_difference);
/* Compare border_cell once more with LOADER_FINE_CELL, then add what was seen. */
void loader_difference_refine(const struct loader_task *task, const struct loader_task *fine, struct loader_difference *difference);

#endif
