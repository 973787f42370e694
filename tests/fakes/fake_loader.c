#include "tests/fakes/fake_loader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/text.h"

enum { NEIGHBOUR = 0x3c };

void fake_loader_init(struct fake_loader *fake, const char *prompt, void (*run)(struct fake_loader *, char **, unsigned))
{
	memset(fake, 0, sizeof(*fake));
	fake->prompt = prompt;
	fake->run = run;
	fake->erase_size = 64 * 1024;
	fake->ram_base = 0x80000000;
	fake->ram = malloc(FAKE_LOADER_RAM);
	fake->flash = malloc(FAKE_LOADER_FLASH);
	if (fake->ram == NULL || fake->flash == NULL)
		abort();
	memset(fake->ram, 0xa7, FAKE_LOADER_RAM);
	memset(fake->flash, NEIGHBOUR, FAKE_LOADER_FLASH);
}

void fake_loader_done(struct fake_loader *fake)
{
	free(fake->ram);
	free(fake->flash);
}

void fake_loader_say(struct fake_loader *fake, const char *format, ...)
{
	char text[8192];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (const char *at = text; *at && fake->out_size + 2 < FAKE_LOADER_OUT; at++) {
		if (*at == '\n')
			fake->out[fake->out_size++] = '\r';
		fake->out[fake->out_size++] = (uint8_t)*at;
	}
}

uint8_t *fake_loader_memory(struct fake_loader *fake, uint64_t address, uint64_t size)
{
	if (address >= fake->ram_base && address - fake->ram_base + size <= FAKE_LOADER_RAM)
		return fake->ram + (address - fake->ram_base);
	if (fake->flash_base != 0 && address >= fake->flash_base && address - fake->flash_base + size <= FAKE_LOADER_FLASH)
		return fake->flash + (address - fake->flash_base);
	return NULL;
}

bool fake_loader_erase(struct fake_loader *fake, uint64_t offset, uint64_t size)
{
	if (offset % fake->erase_size != 0 || size % fake->erase_size != 0 || offset + size > FAKE_LOADER_FLASH)
		return false;
	memset(fake->flash + offset, 0xff, size);
	return true;
}

bool fake_loader_program(struct fake_loader *fake, uint64_t offset, const uint8_t *from, uint64_t size)
{
	if (from == NULL || offset + size > FAKE_LOADER_FLASH)
		return false;
	fake->writes++;
	for (uint64_t i = 0; i < size; i++)
		fake->flash[offset + i] &= from[i];
	if (fake->writes_badly)
		fake->flash[offset + size / 2] ^= 0x04;
	return true;
}

uint64_t fake_loader_option(char **word, unsigned count, const char *option, uint64_t fallback)
{
	for (unsigned i = 1; i + 1 < count; i++)
		if (text_equal(word[i], option))
			return strtoull(word[i + 1], NULL, 16);
	return fallback;
}

size_t fake_loader_fetch(struct fake_loader *fake, uint64_t address)
{
	size_t size = fake->served.size - fake->sends_short;
	uint8_t *to = fake_loader_memory(fake, address, size);

	if (to == NULL || fake->is_unserved)
		return 0;
	memcpy(to, fake->served.data, size);
	if (fake->spoils_ram)
		to[size / 2] ^= 0x10;
	return size;
}

static void run_line(struct fake_loader *fake)
{
	char line[FAKE_LOADER_LINE + 1], *rest = line, *word[FAKE_LOADER_WORDS] = { NULL };
	unsigned count = 0;

	memcpy(line, fake->line, fake->line_size);
	line[fake->line_size] = '\0';
	fake->line_size = 0;
	text_append(fake->typed, sizeof(fake->typed), "%s\n", line);
	if (fake->answered != NULL) {
		void (*answered)(struct fake_loader *, bool) = fake->answered;

		fake->answered = NULL;
		answered(fake, line[0] == 'y' || line[0] == 'Y');
		return;
	}
	while (rest != NULL && count < FAKE_LOADER_WORDS) {
		char *one = strsep(&rest, " ");

		if (*one != '\0')
			word[count++] = one;
	}
	if (count > 0)
		fake->run(fake, word, count);
}

static void take_byte(struct fake_loader *fake, uint8_t byte)
{
	if (++fake->bytes == fake->lose_byte)
		return;
	if (byte == '\b') {
		if (fake->line_size > 0) {
			fake->line_size--;
			fake_loader_say(fake, "\b \b");
		}
	} else if (byte == 0x03 && !fake->has_no_ctrl_c) {
		fake->line_size = 0;
		fake->answered = NULL;
		fake_loader_say(fake, "^C\n%s", fake->prompt);
	} else if (byte == '\r') {
		fake_loader_say(fake, "\n");
		run_line(fake);
		if (fake->answered == NULL)
			fake_loader_say(fake, "%s", fake->prompt);
	} else if (fake->line_size < FAKE_LOADER_LINE) {
		fake->line[fake->line_size++] = (char)byte;
		fake_loader_say(fake, "%c", byte);
	}
}

/* ---- the bench ---- */

void loader_bench_init(struct loader_bench *bench, const char *prompt, void (*run)(struct fake_loader *, char **, unsigned), size_t image_size)
{
	uint32_t noise = 7;

	memset(bench, 0, sizeof(*bench));
	fake_loader_init(&bench->fake, prompt, run);
	bench->image = malloc(image_size);
	bench->image_size = image_size;
	if (bench->image == NULL)
		abort();
	for (size_t i = 0; i < image_size; i++)
		bench->image[i] = (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
	bench->fake.served = bytes_of(bench->image, image_size);
	bench->place = (struct loader_place){ .device_ip = "192.168.1.1", .bench_ip = "192.168.1.10", .file_name = "firmware.bin", .load_address = 0x80041000 };
}

void loader_bench_done(struct loader_bench *bench)
{
	fake_loader_done(&bench->fake);
	free(bench->image);
}

int loader_bench_begin(void **state, size_t options_size, void (*set_up)(struct loader_bench *bench, void *options))
{
	struct loader_bench *bench = malloc(sizeof(*bench));
	void *options = calloc(1, options_size);

	if (bench == NULL || options == NULL)
		abort();
	set_up(bench, options);
	bench->fake.user = options;
	*state = bench;
	return 0;
}

int loader_bench_end(void **state)
{
	struct loader_bench *bench = *state;

	free(bench->fake.user);
	loader_bench_done(bench);
	free(bench);
	return 0;
}

static struct dialog_event talk(struct loader_bench *bench)
{
	struct dialog_event event = { .type = DIALOG_NOTHING };

	dialog_init(&bench->dialog, bench->fake.prompt);
	dialog_clean_with(&bench->dialog, bench->clean_keys);
	if (dialog_start(&bench->dialog, bench->say.command, bench->say.silence_ms, bench->say.until, bench->now_ms) != STATUS_OK)
		abort();
	for (unsigned rounds = 0; rounds < 100000 && event.type <= DIALOG_RETYPE; rounds++) {
		struct bytes out = dialog_output(&bench->dialog), in;

		for (size_t i = 0; i < out.size; i++)
			take_byte(&bench->fake, out.data[i]);
		dialog_sent(&bench->dialog, out.size);
		in = bytes_of(bench->fake.out, bench->fake.out_size);
		bench->fake.out_size = 0;
		bench->now_ms += in.size > 0;
		while (in.size > 0 && event.type <= DIALOG_RETYPE)
			event = dialog_input(&bench->dialog, &in, bench->now_ms);
		if (out.size == 0 && bench->fake.out_size == 0 && event.type <= DIALOG_RETYPE) {
			bench->now_ms = dialog_deadline(&bench->dialog);
			event = dialog_tick(&bench->dialog, bench->now_ms);
		}
	}
	return event;
}

enum loader_turn loader_bench_do(struct loader_bench *bench, loader_next *next)
{
	bool stop = bench->task.stop_at_difference;
	const char *reply = NULL;

	loader_task_init(&bench->task, &bench->place, &bench->build, bytes_of(bench->image, bench->image_size));
	bench->task.stop_at_difference = stop;
	memset(&bench->error, 0, sizeof(bench->error));
	for (;;) {
		enum loader_turn turn = next(&bench->task, reply, &bench->say, &bench->error);
		struct dialog_event event;

		if (turn == LOADER_FAILED && bench->error.text[0] == '\0')
			abort();
		if (turn != LOADER_TYPE)
			return turn;
		event = talk(bench);
		if (event.type != DIALOG_REPLIED && !(event.type == DIALOG_MATCHED && bench->say.asks)) {
			error_set(&bench->error, event.status, "dialog %d at '%s'", (int)event.type, bench->say.command);
			return LOADER_FAILED;
		}
		reply = dialog_reply(&bench->dialog);
	}
}

bool loader_bench_neighbours_untouched(const struct loader_bench *bench, uint64_t offset, uint64_t size)
{
	for (uint64_t i = 0; i < FAKE_LOADER_FLASH; i++)
		if ((i < offset || i >= offset + size) && bench->fake.flash[i] != NEIGHBOUR)
			return false;
	return true;
}

bool loader_bench_typed(const struct loader_bench *bench, const char *text)
{
	return strstr(bench->fake.typed, text) != NULL;
}
