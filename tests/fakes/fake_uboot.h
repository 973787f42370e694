/* tests/fakes/fake_uboot.h
 *
 * A small U-Boot in memory: a console that echoes and eats command lines, RAM, and a flash of one kind that behaves like one (writing
 * only clears bits, erasing takes whole blocks). Its words are those of U-Boot 2023.01 (cmd/{mem,net,mmc,nand,sf,flash,virtio}.c), or
 * of a 2010 build. Faults are switched on by the test. */
#ifndef UNBRICK_TESTS_FAKE_UBOOT_H
#define UNBRICK_TESTS_FAKE_UBOOT_H

#include "recovery/loader/loader.h"
#include "src/base/bytes.h"

enum {
	FAKE_RAM_BASE = 0x44000000,
	FAKE_RAM_SIZE = 8 * 1024 * 1024,
	FAKE_FLASH_BASE = 0x8000000,	/* CFI */
	FAKE_FLASH_SIZE = 8 * 1024 * 1024,
	FAKE_LINE_MAX = 128,		/* CONFIG_SYS_CBSIZE of a small build: what is longer is not taken */
	FAKE_OUT_MAX = 65536,
	FAKE_PAUSE = 0x01,		/* in the output: the line is quiet for a while here */
};

struct fake_uboot {
	enum loader_storage storage;
	uint32_t erase_size;
	const char *prompt;		/* with colours, pauses or whatever stands around it */
	bool is_old;			/* a 2010 build: tftp, CRC32, no help for tftpboot */
	struct bytes served;		/* what tftpboot gets */
	uint8_t *ram, *flash;
	/* Faults; counts are of bytes received since init, or of commands, from 1; 0: never. */
	unsigned lose_byte;		/* not received */
	unsigned message_at_byte;	/* a kernel's line comes in the middle of the echo */
	bool loses_always;		/* the line is so bad that every fifth byte is lost */
	bool ignores_ctrl_c;
	bool is_silent;			/* nothing behind Enter */
	bool has_link_message;		/* "eth0: link up" pushes the prompt away, once */
	bool has_no_help;
	bool is_shell;			/* no bootloader at all */
	bool sends_short;		/* tftpboot brings one byte less */
	bool spoils_ram;		/* tftpboot brings a flipped bit */
	bool reads_nothing;		/* reads say OK and do nothing */
	bool crc_of_other_range;
	unsigned worn_read;		/* the nth read brings a flipped bit */
	unsigned write_error, write_silence, reset_at_write;	/* the nth write */
	unsigned bad_block;		/* NAND: its offset; 0: none */
	const char *missing;		/* a command that this build has not */
	/* What happened. */
	char last_command[FAKE_LINE_MAX + 1];
	unsigned commands, bytes, reads, writes, erases;
	uint64_t lowest_touched, highest_touched;	/* of the flash, exclusive above */
	size_t longest_line;
	bool was_reset, is_selected;
	char line[FAKE_LINE_MAX + 1];
	size_t line_size;
	uint8_t out[FAKE_OUT_MAX];
	size_t out_size;
};

void fake_uboot_init(struct fake_uboot *fake, enum loader_storage storage);
void fake_uboot_done(struct fake_uboot *fake);
void fake_uboot_input(struct fake_uboot *fake, struct bytes in);
/* What the console printed since the last call; valid until the next input. */
struct bytes fake_uboot_take_output(struct fake_uboot *fake);
/* Prints something unasked. */
void fake_uboot_say(struct fake_uboot *fake, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
