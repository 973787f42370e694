/* tests/integration/test_loader_bed.c
 *
 * The drivers at the emulated loaders of ../shared/testbed-uart (or below $UNBRICK_SHARED), over a real pty: the start is stopped, the prompt
 * learnt, the build learnt. The bed has no network, so loading ends in a sentence that says why; and then the loader is intact, and nothing
 * was written. Exit 77 without the bed or python3. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "recovery/loader/console_state.h"
#include "recovery/loader/loader.h"
#include "recovery/loader/stop_boot.h"
#include "src/base/text.h"
#include "tests/fakes/temp_folder.h"

enum { STOP_PATIENCE_MS = 15000, IMAGE_SIZE = 300000 };

struct bed {
	char name[32];
	int line;
	const struct loader_driver *driver;
	struct stop_boot stop;
	struct loader_place place;
	struct loader_build build;
	struct loader_task task;
	struct loader_say say;
	struct dialog dialog;
	struct error error;
	uint8_t image[IMAGE_SIZE];
	uint8_t tail[CONSOLE_TAIL_MAX];
	size_t tail_size;
};

static const char *find_tool(char *to, size_t size)
{
	const char *shared = getenv("UNBRICK_SHARED"), *source = getenv("srcdir");
	char beside[400];

	text_format(beside, sizeof(beside), "%s/../shared", source ? source : ".");
	return text_format(to, size, "%s/testbed-uart/uartdev", shared ? shared : beside);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The first value of key= that the tool prints. */
static bool ask_tool(const char *arguments, const char *key, char *ret_value, size_t size)
{
	char command[1024], line[1024], tool[512];
	bool found = false;
	FILE *pipe;

	text_format(command, sizeof(command), "python3 '%s' %s 2>/dev/null", find_tool(tool, sizeof(tool)), arguments);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe) != NULL) {
		size_t length = strlen(key);

		line[strcspn(line, "\n")] = '\0';
		if (!found && strncmp(line, key, length) == 0 && line[length] == '=') {
			text_copy(ret_value, size, line + length + 1);
			found = true;
		}
	}
	pclose(pipe);
	return found;
}

static void open_line(struct bed *bed, const char *path)
{
	struct termios raw;

	bed->line = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(bed->line >= 0);
	assert_int_equal(tcgetattr(bed->line, &raw), 0);
	cfmakeraw(&raw);
	cfsetspeed(&raw, B115200);
	assert_int_equal(tcsetattr(bed->line, TCSANOW, &raw), 0);
}

static void begin(struct bed *bed, const char *kind, const char *options)
{
	char arguments[256], link[256], baud[16];

	memset(bed, 0, sizeof(*bed));
	for (size_t i = 0; i < IMAGE_SIZE; i++)
		bed->image[i] = (uint8_t)(i * 7 + (i >> 8));
	text_format(bed->name, sizeof(bed->name), "loader-%s", kind);
	text_format(arguments, sizeof(arguments), "start %s %s power=off pace=off strictbaud=off ttl=120 %s", bed->name, kind, options);
	assert_true(ask_tool(arguments, "link", link, sizeof(link)));
	open_line(bed, link);
	text_format(arguments, sizeof(arguments), "power %s on", bed->name);
	ask_tool(arguments, "stage", baud, sizeof(baud));
}

static void end(struct bed *bed)
{
	char arguments[64], value[16];

	close(bed->line);
	text_format(arguments, sizeof(arguments), "stop %s", bed->name);
	ask_tool(arguments, "stage", value, sizeof(value));
}

static void put(struct bed *bed, struct bytes out)
{
	while (out.size > 0) {
		ssize_t count = write(bed->line, out.data, out.size);

		if (count < 0 && errno != EAGAIN)
			fail_msg("cannot write: %s", strerror(errno));
		out = bytes_from(out, count > 0 ? (size_t)count : 0);
	}
}

static struct bytes get(struct bed *bed, uint8_t *to, size_t size, uint64_t until_ms)
{
	struct pollfd wait = { .fd = bed->line, .events = POLLIN };
	uint64_t now = now_ms();
	ssize_t count;

	poll(&wait, 1, until_ms > now ? (until_ms - now < 20 ? (int)(until_ms - now) : 20) : 0);
	count = read(bed->line, to, size);
	for (ssize_t i = 0; i < count; i++) {
		if (bed->tail_size == sizeof(bed->tail))
			memmove(bed->tail, bed->tail + 1, --bed->tail_size);
		bed->tail[bed->tail_size++] = to[i];
	}
	return bytes_of(to, count > 0 ? (size_t)count : 0);
}

static bool stop_start(struct bed *bed, const char *keys, const char *at, const char *prompt)
{
	uint64_t end_ms = now_ms() + STOP_PATIENCE_MS;
	uint8_t buffer[4096];

	stop_boot_init(&bed->stop, keys, at, prompt);
	stop_boot_clean_with(&bed->stop, bed->driver->clean_keys);
	while (now_ms() < end_ms) {
		struct bytes in = get(bed, buffer, sizeof(buffer), stop_boot_deadline(&bed->stop));
		enum stop_boot_event_type type = STOP_BOOT_NOTHING;

		while (in.size > 0)
			type = stop_boot_input(&bed->stop, &in, now_ms());
		if (type != STOP_BOOT_DONE)
			type = stop_boot_tick(&bed->stop, now_ms());
		put(bed, stop_boot_output(&bed->stop));
		stop_boot_sent(&bed->stop, stop_boot_output(&bed->stop).size);
		if (type == STOP_BOOT_DONE)
			return true;
	}
	return false;
}

static struct dialog_event talk(struct bed *bed)
{
	struct dialog_event event = { .type = DIALOG_NOTHING };
	uint8_t buffer[4096];

	dialog_init(&bed->dialog, stop_boot_prompt(&bed->stop));
	dialog_clean_with(&bed->dialog, bed->driver->clean_keys);
	assert_int_equal(dialog_start(&bed->dialog, bed->say.command, bed->say.silence_ms, bed->say.until, now_ms()), STATUS_OK);
	while (event.type <= DIALOG_RETYPE) {
		struct bytes out = dialog_output(&bed->dialog), in;

		put(bed, out);
		dialog_sent(&bed->dialog, out.size);
		in = get(bed, buffer, sizeof(buffer), dialog_deadline(&bed->dialog));
		while (in.size > 0 && event.type <= DIALOG_RETYPE)
			event = dialog_input(&bed->dialog, &in, now_ms());
		if (event.type <= DIALOG_RETYPE)
			event = dialog_tick(&bed->dialog, now_ms());
	}
	put(bed, dialog_output(&bed->dialog));
	return event;
}

static enum loader_turn do_task(struct bed *bed, loader_next *next)
{
	const char *reply = NULL;

	loader_task_init(&bed->task, &bed->place, &bed->build, bytes_of(bed->image, IMAGE_SIZE));
	for (;;) {
		enum loader_turn turn = next(&bed->task, reply, &bed->say, &bed->error);
		struct dialog_event event;

		if (turn != LOADER_TYPE)
			return turn;
		event = talk(bed);
		if (event.type != DIALOG_REPLIED && !(event.type == DIALOG_MATCHED && bed->say.asks)) {
			error_set(&bed->error, event.status, "dialog %d at '%s'", (int)event.type, bed->say.command);
			return LOADER_FAILED;
		}
		reply = dialog_reply(&bed->dialog);
	}
}

static const struct {
	const char *kind, *options, *driver, *keys, *at, *prompt;
	const char *version;	/* begins with */
	const char *classified;	/* loader that the classifier names; NULL: it cannot know */
} beds[] = {
	{ "redboot", "", "redboot", "\x03", "enter ^C to abort", "RedBoot> ", "RedBoot", "redboot" },
	{ "redboot", "late_print=on", "redboot", "\x03", "enter ^C to abort", "RedBoot> ", "RedBoot", "redboot" },
	{ "barebox", "", "barebox", NULL, NULL, NULL, "barebox", "barebox" },
	{ "barebox", "lose_char=6", "barebox", NULL, NULL, NULL, "barebox", "barebox" },
	{ "cfe", "", "cfe", "\x03", "CFE version", "CFE> ", "CFE", "cfe" },
	{ "realtek", "", "realtek", "\x1b", "Booting...", "<RealTek>", "Realtek", "realtek" },
	{ "breed", "", "breed", NULL, "interrupt autoboot", "breed> ", "Breed", "breed" },
	{ "hik", "", "hikvision", "\x15", "ctrl+u", "HKVS # ", "", "hikvision" },
	{ "novatek", "", "uboot", "\x03", NULL, "nvt@na51023: ", "", "uboot" },
	{ "tplink", "", "pepe2k", "tpl", "Autobooting", "ap135> ", "", "uboot" },
};

static void each_loader_is_stopped_learnt_and_left_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(beds) / sizeof(beds[0]); i++) {
		char arguments[96], value[160];
		struct console_seen seen = { .quiet_ms = 1000 };
		struct console_state found;
		struct bed bed;

		begin(&bed, beds[i].kind, beds[i].options);
		bed.driver = loader_driver_find(beds[i].driver);
		assert_non_null(bed.driver);
		bed.place = (struct loader_place){ .storage = STORAGE_SPI_NOR, .offset = 0x40000, .room = 0x100000, .load_address = 0x80041000, .device_ip = "192.168.1.1",
						   .bench_ip = "192.168.1.10", .file_name = "firmware.bin", .node = text_equal(beds[i].kind, "cfe") ? "flash1.trx" : NULL };
		if (!stop_start(&bed, beds[i].keys, beds[i].at, beds[i].prompt))
			fail_msg("%s %s: no prompt came; the last bytes: %.*s", beds[i].kind, beds[i].options, (int)bed.tail_size, (const char *)bed.tail);
		seen.tail = bytes_of(bed.tail, bed.tail_size);
		console_state_of(&seen, &found);
		if (found.at != CONSOLE_AT_LOADER || !text_equal(found.loader, beds[i].classified))
			fail_msg("%s: %s, loader %s", beds[i].kind, console_at_text(found.at), found.loader ? found.loader : "-");
		if (do_task(&bed, bed.driver->learn) != LOADER_DONE)
			fail_msg("%s %s: %s", beds[i].kind, beds[i].options, bed.error.text);
		if (!text_starts(bed.build.version, beds[i].version))
			fail_msg("%s: version '%s'", beds[i].kind, bed.build.version);
		/* No network, or no such command: said, and nothing is written on the strength of it. */
		if (bed.driver->load_tftp)
			assert_int_equal(do_task(&bed, bed.driver->load_tftp), LOADER_FAILED);
		else
			assert_non_null(bed.driver->why_no_load);
		/* The bed's barebox does not survive a checksum of a file that is not there. */
		if (bed.driver->write && !text_equal(beds[i].kind, "barebox"))
			assert_int_equal(do_task(&bed, bed.driver->write), LOADER_FAILED);
		text_format(arguments, sizeof(arguments), "state %s", bed.name);
		assert_true(ask_tool(arguments, "loader_intact", value, sizeof(value)));
		assert_string_equal(value, "yes");
		assert_false(ask_tool(arguments, "erased_sectors", value, sizeof(value)) && !text_equal(value, "0"));
		print_message("%s %s: %s; %s\n", beds[i].kind, beds[i].options, bed.build.version, bed.error.text[0] ? bed.error.text : bed.driver->why_no_load);
		end(&bed);
	}
}

static void a_shell_and_a_login_are_known_as_such(void **state)
{
	static const struct { const char *options; enum console_at at; } systems[] = { { "", CONSOLE_AT_LOGIN }, { "nologin=on", CONSOLE_AT_ACTIVATE } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct console_seen seen = { .quiet_ms = 1000 };
		struct console_state found;
		struct bed bed;
		uint8_t buffer[512];
		uint64_t end_ms;

		begin(&bed, "linux", systems[i].options);
		end_ms = now_ms() + 2000;
		while (now_ms() < end_ms)
			get(&bed, buffer, sizeof(buffer), end_ms);
		seen.tail = bytes_of(bed.tail, bed.tail_size);
		console_state_of(&seen, &found);
		assert_int_equal(found.at, systems[i].at);
		end(&bed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_loader_is_stopped_learnt_and_left_as_it_was),
		cmocka_unit_test(a_shell_and_a_login_are_known_as_such),
	};
	char tool[512], folder[256];
	int result;

	if (access(find_tool(tool, sizeof(tool)), R_OK) != 0 || system("python3 -c pass 2>/dev/null") != 0) {
		fprintf(stderr, "skipped: no emulated loaders at '%s', or no python3; set UNBRICK_SHARED to the folder that holds testbed-uart/\n", tool);
		return 77;
	}
	if (!temp_folder_make(folder, sizeof(folder), "loader-bed"))
		return 1;
	setenv("UARTDEV_DIR", folder, 1);
	result = cmocka_run_group_tests(tests, NULL, NULL);
	ask_tool("stop --all", "stage", tool, sizeof(tool));	/* of this folder only: what a failed test left */
	temp_folder_remove(folder);
	return result;
}
