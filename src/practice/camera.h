/* src/practice/camera.h
 *
 * The virtual camera's inside, shared by the files of this folder alone. The camera's code is written as firmware is:
 * straight on, waiting where the device waits. Every wait goes through bench_pump(), which serves the line, the control
 * socket and the clock; when the power goes, `halt` is set, all waits return at once and the code unwinds to
 * camera_run(). */
#ifndef UNBRICK_PRACTICE_CAMERA_H
#define UNBRICK_PRACTICE_CAMERA_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/bytes.h"
#include "src/base/status.h"

enum {
	FLASH_SIZE = 0x800000,
	FLASH_BLOCK = 0x10000,
	FLASH_BLOCKS = FLASH_SIZE / FLASH_BLOCK,
	LOADER_OFFSET = 0x0,		LOADER_SIZE = 0x40000,
	ENV_OFFSET = 0x40000,		ENV_SIZE = 0x10000,
	KERNEL_OFFSET = 0x50000,	KERNEL_SIZE = 0x200000,
	ROOTFS_OFFSET = 0x250000,	ROOTFS_SIZE = 0x300000,
	DATA_OFFSET = 0x550000,		DATA_SIZE = FLASH_SIZE - DATA_OFFSET,
	IMAGE_SIZE = KERNEL_SIZE + ROOTFS_SIZE,

	RAM_BASE = 0x40000000,
	RAM_SIZE = 64 << 20,
	LOAD_ADDRESS = 0x42000000,

	CAMERA_LINE_MAX = 512,		/* CONFIG_SYS_CBSIZE */
	CAMERA_WORDS_MAX = 32,
	CAMERA_POOL_MAX = 4096,
	CAMERA_RUN_DEPTH = 6,		/* of `run` within `run` */
	CAMERA_TX_MAX = 4096,
	CAMERA_RX_MAX = 4096,		/* the kernel's tty; a loader has LOADER_FIFO */
	LOADER_FIFO = 64,		/* of a 16750: a loader polls, what comes meanwhile and does not fit is lost */
	DATA_FILES_MAX = 64,
	DATA_NAME_MAX = 48,
};

/* ---- the bench: line, control socket, time (bench.c) ---- */

struct bench;
uint64_t bench_now_us(void);
/* Lets time pass until until_us, or until something came: a key, a datagram on fd (-1: none), an order. */
void bench_pump(struct bench *bench, uint64_t until_us, int fd);

/* ---- flash ---- */

struct flash {
	uint8_t *data;			/* FLASH_SIZE, the mapping of DIR/flash.bin */
	bool worn[FLASH_BLOCKS];	/* reads fail until the block is erased */
};

enum image_state {
	IMAGE_GOOD,
	IMAGE_NO_MAGIC,
	IMAGE_BAD_HEADER,
	IMAGE_BAD_DATA,
	IMAGE_WRONG_ARCH,
	IMAGE_BAD_SIGNATURE
};

struct uimage {		/* the legacy header's fields, in host order */
	char name[33];
	uint32_t time, size, load, entry, data_crc;
	uint8_t os, arch, type, compression;
};

struct data_file {
	char name[DATA_NAME_MAX];	/* below /data, without a leading slash */
	uint32_t size;
};
struct data_files {
	size_t count;
	struct data_file file[DATA_FILES_MAX];
};

struct verdict {	/* judged from the flash bytes alone */
	bool loader, env, kernel, rootfs, no_wear, data_room, config;
	bool all;
};

/* What is in a kind's flash; the index runs over the table of kinds. */
bool flash_kind_find(const char *name, size_t *ret_index);
/* A factory-fresh flash; image gets the vendor's file (IMAGE_SIZE). */
void flash_make(struct flash *flash, uint8_t *image, uint64_t seed);
void flash_break(struct flash *flash, size_t kind, uint64_t seed);
void flash_judge(const struct flash *flash, struct verdict *ret_verdict);
/* NOR: erasing sets bits, writing only clears them. Ranges are the caller's to check. */
void flash_erase_block(struct flash *flash, uint32_t block);
void flash_write(struct flash *flash, uint32_t offset, struct bytes from);
/* False when a worn block is touched: the bytes before it are copied. */
bool flash_read(const struct flash *flash, uint32_t offset, uint8_t *to, size_t size);
bool flash_has_loader(const struct flash *flash);
bool flash_rootfs_has_magic(const struct flash *flash);
bool flash_rootfs_is_whole(const struct flash *flash);
int flash_worn_block(const struct flash *flash, uint32_t offset, uint32_t size);	/* -1: none */

/* uimage.c: every state the loader tells apart, in its order. data: header and payload, perhaps more behind it. */
bool uimage_parse(struct bytes image, struct uimage *ret_header);	/* false: no magic or too short */
bool uimage_header_holds(struct bytes image);
enum image_state uimage_judge(struct bytes image);
void uimage_write(uint8_t *to, const struct uimage *header, struct bytes payload, const char *key);
enum { UIMAGE_HEADER = 64, UIMAGE_SIGNATURE = 8 };

/* camera_data.c: the data partition's files; an unreadable table is an empty one (jffs2 formats as well). */
bool data_load(const struct flash *flash, struct data_files *ret_files);
void data_store(struct flash *flash, const struct data_files *files);
uint64_t data_used(const struct data_files *files);
uint64_t data_size(void);
bool data_is_full(const struct data_files *files);

uint64_t random_next(uint64_t *state);
void random_fill(uint8_t *to, size_t size, uint64_t seed);

/* ---- the loader's environment (camera_env.c) ---- */

struct env {
	bool is_default;
	size_t size;			/* of the "name=value\0" items */
	char data[ENV_SIZE - 4];
};
const char *env_get(const struct env *env, const char *name);	/* NULL: not set; valid until the next change */
bool env_set(struct env *env, const char *name, const char *value);	/* NULL or "": away. False: no room */
void env_defaults(struct env *env);
void env_factory(struct env *env);	/* the defaults with what the maker's line stores */
bool env_load(struct env *env, const uint8_t *sector);	/* false: bad CRC, env is untouched */
void env_store(const struct env *env, uint8_t *sector);

/* ---- the camera ---- */

enum camera_halt { CAMERA_RUNS, CAMERA_RESET, CAMERA_OFF, CAMERA_QUIT };
enum camera_phase {
	PHASE_OFF, PHASE_ROM, PHASE_LOADER, PHASE_PROMPT, PHASE_KERNEL, PHASE_LOGIN, PHASE_SHELL, PHASE_STOPPED,
};

struct camera {
	struct bench *bench;
	size_t kind;
	bool fast;
	unsigned baud;

	/* set from outside, between two waits */
	bool power, button, link, noise;
	enum camera_halt halt;

	/* the UART */
	uint8_t tx[CAMERA_TX_MAX];
	size_t tx_size;
	uint8_t rx[CAMERA_RX_MAX];
	size_t rx_size, rx_limit;
	bool was_interrupted;		/* Ctrl-C came while a command ran */

	enum camera_phase phase;
	unsigned starts;
	bool was_touched;		/* somebody stopped or steered this start */
	bool reached_login, said_no_space;

	struct flash flash;
	uint8_t *image;			/* the vendor's image, IMAGE_SIZE */
	uint8_t *ram;			/* RAM_SIZE */
	struct env env;
	bool flash_probed;
	unsigned run_depth;
	int last_result;
	uint32_t display_next;		/* where a repeated md goes on */
	uint64_t kernel_us;		/* the kernel's clock */
	uint64_t random;
};

void camera_run(struct camera *cam);	/* until CAMERA_QUIT */
const char *camera_phase_name(const struct camera *cam);

/* All of these return at once when the camera is halted. */
void say(struct camera *cam, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_bytes(struct camera *cam, struct bytes text);	/* as they are */
bool camera_wait(struct camera *cam, unsigned ms);	/* false: halted. UINT_MAX: for ever */
/* For a command that polls: eats input, false after Ctrl-C. */
bool camera_wait_or_interrupt(struct camera *cam, unsigned ms, int fd);
int camera_key(struct camera *cam);			/* -1: none is there */
int camera_wait_key(struct camera *cam);		/* -1: halted */
uint64_t camera_scale_us(const struct camera *cam, uint64_t us);
void camera_reset(struct camera *cam);

/* ---- lines (camera_line.c) ---- */

enum line_kind { LINE_OF_LOADER, LINE_OF_SHELL, LINE_HIDDEN };
enum line_result { LINE_ENTERED, LINE_INTERRUPTED, LINE_HALTED };
enum line_result line_read(struct camera *cam, enum line_kind kind, char *to, size_t size);

struct words {
	int count;
	char *word[CAMERA_WORDS_MAX + 1];
	char pool[CAMERA_POOL_MAX];
};
enum separator { SEPARATOR_NONE, SEPARATOR_THEN, SEPARATOR_AND, SEPARATOR_OR, SEPARATOR_ERROR };
typedef const char *words_lookup(const struct camera *cam, const char *name);
/* Takes one command off *line; with SEPARATOR_ERROR words->pool says what is wrong. */
enum separator words_take(struct words *words, const char **line, const struct camera *cam, words_lookup *lookup);
typedef int words_run(struct camera *cam, int argc, char **argv);
/* Runs a whole line of commands; the result of the last one run. */
int line_run(struct camera *cam, const char *line, words_lookup *lookup, words_run *run);

/* ---- stages ---- */

void loader_console(struct camera *cam);		/* until halted or Linux was started and ended */
int loader_run(struct camera *cam, const char *line);
void linux_run(struct camera *cam);			/* until halted; reboot sets CAMERA_RESET */

/* Commands, by file; each returns 0 or 1 as U-Boot does, -1 for wrong usage. */
typedef int loader_command(struct camera *cam, int argc, char **argv);
loader_command command_printenv, command_setenv, command_saveenv, command_env;		/* camera_env_commands.c */
loader_command command_bootm, command_iminfo;						/* camera_boot.c */
loader_command command_tftpboot, command_ping, command_dhcp;				/* camera_tftp.c */
loader_command command_sf, command_crc32, command_cmp, command_mw, command_md, command_cp;	/* camera_memory.c */
loader_command command_fwretry;								/* camera_boot.c */
/* RAM; NULL outside (then the board has aborted and is being reset). */
uint8_t *ram_at(struct camera *cam, uint32_t address, uint64_t size);
bool parse_hex(const char *text, uint32_t *ret_value);
void say_size(struct camera *cam, uint64_t bytes, const char *behind);	/* "1.2 MiB" */

#endif
