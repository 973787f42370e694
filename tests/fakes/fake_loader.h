/* tests/fakes/fake_loader.h
 *
 * A bootloader's console in memory that a test gives its words: it echoes, eats lines, asks questions, has RAM and a flash that only
 * clears bits when it is written. The test's run() is the loader. loader_bench drives a driver's task against it through the dialog. */
#ifndef UNBRICK_TESTS_FAKE_LOADER_H
#define UNBRICK_TESTS_FAKE_LOADER_H

#include "recovery/loader/loader.h"

enum {
	FAKE_LOADER_RAM = 4 * 1024 * 1024,
	FAKE_LOADER_FLASH = 4 * 1024 * 1024,
	FAKE_LOADER_OUT = 65536,
	FAKE_LOADER_LINE = 255,
	FAKE_LOADER_WORDS = 16,
};

struct fake_loader {
	void *user;		/* the test's own */
	const char *prompt;
	void (*run)(struct fake_loader *fake, char **word, unsigned count);
	/* What the answer to a question does; NULL: no question is open. */
	void (*answered)(struct fake_loader *fake, bool is_yes);
	uint8_t *ram, *flash;
	uint64_t ram_base, flash_base;
	uint32_t erase_size;
	struct bytes served;		/* what TFTP brings */
	/* Faults. */
	bool spoils_ram, sends_short, is_unserved, writes_badly;
	const char *missing;		/* a command that this build has not */
	unsigned lose_byte;		/* the nth byte is not received; 0: none */
	bool has_no_ctrl_c;		/* it becomes a character of the line; Backspace works */
	/* What happened. */
	char line[FAKE_LOADER_LINE + 1];
	size_t line_size;
	char typed[16384];		/* every line, with '\n' behind it */
	unsigned bytes;
	unsigned writes;
	uint64_t argument[4];		/* of the command that asked */
	uint8_t out[FAKE_LOADER_OUT];
	size_t out_size;
};

void fake_loader_init(struct fake_loader *fake, const char *prompt, void (*run)(struct fake_loader *, char **, unsigned));
void fake_loader_done(struct fake_loader *fake);
void fake_loader_say(struct fake_loader *fake, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* NULL when the range is not memory. */
uint8_t *fake_loader_memory(struct fake_loader *fake, uint64_t address, uint64_t size);
bool fake_loader_erase(struct fake_loader *fake, uint64_t offset, uint64_t size);
bool fake_loader_program(struct fake_loader *fake, uint64_t offset, const uint8_t *from, uint64_t size);
/* The value behind an option ("-b"), or fallback. */
uint64_t fake_loader_option(char **word, unsigned count, const char *option, uint64_t fallback);
/* Brings what is served to address; the bytes that came, 0: nothing. */
size_t fake_loader_fetch(struct fake_loader *fake, uint64_t address);

struct loader_bench {
	struct fake_loader fake;
	struct loader_place place;
	struct loader_build build;
	struct loader_task task;
	struct loader_say say;
	struct dialog dialog;
	struct error error;
	uint8_t *image;
	size_t image_size;
	uint64_t now_ms;
	const char *clean_keys;		/* the driver's */
};

void loader_bench_init(struct loader_bench *bench, const char *prompt, void (*run)(struct fake_loader *, char **, unsigned), size_t image_size);
void loader_bench_done(struct loader_bench *bench);
/* For cmocka: a bench on the heap as state, set up with options (zeroed, of that size) that become fake.user; and its end. */
int loader_bench_begin(void **state, size_t options_size, void (*set_up)(struct loader_bench *bench, void *options));
int loader_bench_end(void **state);
/* Runs a task from its beginning to its end. */
enum loader_turn loader_bench_do(struct loader_bench *bench, loader_next *next);
/* Is every byte outside of [offset, offset + size) of the flash as it was? */
bool loader_bench_neighbours_untouched(const struct loader_bench *bench, uint64_t offset, uint64_t size);
bool loader_bench_typed(const struct loader_bench *bench, const char *text);

#endif
