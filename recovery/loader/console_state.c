/* The classifier asks from the most specific to the most general, each row with the program that prints it. What no row knows is
 * CONSOLE_AT_PROGRAM, where nothing may be typed. */
#include "recovery/loader/console_state.h"

#include <ctype.h>
#include <string.h>

#include "src/base/text.h"

enum {
	LINES = 12,		/* looked at above the last */
	LINE_SIZE = 160,
	GARBAGE_MIN = 16,	/* bytes; fewer say nothing */
	GARBAGE_PERCENT = 30,
};

struct view {	/* the tail as lines; line[0] is the unfinished one */
	char line[LINES][LINE_SIZE];
	unsigned count;
	bool owns_screen;
	bool in_loader;
	unsigned odd, bytes;
};

/* ---- from bytes to lines ---- */

static void begin_line(struct view *view)
{
	memmove(view->line[1], view->line[0], sizeof(view->line[0]) * (LINES - 1));
	view->line[0][0] = '\0';
	view->count += view->count < LINES;
}

/* ECMA-48 modes that full-screen programs set (xterm, "alternate screen buffer") and take back at their end. */
static bool owns_screen(const char *tail, size_t size)
{
	static const char *const enter[] = { "\x1b[?1049h", "\x1b[?47h", "\x1b[?1047h" }, *const leave[] = { "\x1b[?1049l", "\x1b[?47l", "\x1b[?1047l" };
	bool is_on = false;

	for (size_t i = 0; i < size; i++)
		for (size_t k = 0; k < 3; k++) {
			size_t length = strlen(enter[k]);

			if (size - i < length)
				continue;
			is_on = memcmp(tail + i, enter[k], length) == 0 || (is_on && memcmp(tail + i, leave[k], length) != 0);
		}
	return is_on;
}

static void take_byte(struct view *view, uint8_t byte, uint8_t *escape, bool *has_return)
{
	size_t size = strlen(view->line[0]);

	if (text_in_escape(escape, byte))
		return;
	if (byte == '\n') {
		begin_line(view);
		*has_return = false;
		return;
	}
	if (*has_return) {	/* painted over: progress, or a prompt that is drawn anew */
		view->line[0][0] = '\0';
		size = 0;
		*has_return = false;
	}
	if (byte == '\r')
		*has_return = true;
	else if (byte == '\b')
		view->line[0][size - (size > 0)] = '\0';
	else if (byte == '\t' || byte >= 0x20) {
		if (size < LINE_SIZE - 1) {
			view->line[0][size] = byte == '\t' ? ' ' : (char)byte;
			view->line[0][size + 1] = '\0';
		}
	}
}

static void read_view(struct view *view, struct bytes tail)
{
	uint8_t escape = 0;
	bool has_return = false;

	memset(view, 0, sizeof(*view));
	view->count = 1;
	if (tail.size > CONSOLE_TAIL_MAX)
		tail = bytes_from(tail, tail.size - CONSOLE_TAIL_MAX);
	view->bytes = (unsigned)tail.size;
	view->owns_screen = owns_screen((const char *)tail.data, tail.size);
	for (size_t i = 0; i < tail.size; i++) {
		uint8_t byte = tail.data[i];

		view->odd += byte >= 0x7f || (byte < 0x20 && strchr("\r\n\t\b\x1b\a", byte) == NULL) || byte == 0;
		take_byte(view, byte, &escape, &has_return);
	}
}

static size_t trimmed(const char *line)
{
	size_t size = strlen(line);

	while (size > 0 && line[size - 1] == ' ')
		size--;
	return size;
}

static bool ends_with(const char *line, const char *end)
{
	size_t size = trimmed(line), length = strlen(end);

	return size >= length && strncasecmp(line + size - length, end, length) == 0;
}

/* Is the text in one of the last lines, the unfinished one included? */
static bool any_line(const struct view *view, const char *text)
{
	for (unsigned i = 0; i < view->count; i++)
		if (text_contains(view->line[i], text))
			return true;
	return false;
}

/* ---- the rows ---- */

/* exact: the prompt and nothing else; begin: a board's name follows, then a colon and a path without blanks. */
enum shape { EXACT, BEGIN };

static const struct { const char *text; enum shape shape; const char *loader; unsigned confidence; } prompts[] = {
	{ "RedBoot>", EXACT, "redboot", 99 },		/* eCos redboot/src/main.c */
	{ "DD-WRT>", EXACT, "redboot", 90 },
	{ "CFE>", EXACT, "cfe", 99 },			/* Broadcom CFE main/ui_command.c */
	{ "<RealTek>", EXACT, "realtek", 99 },		/* Realtek monitor.c */
	{ "breed>", EXACT, "breed", 99 },
	{ "barebox@", BEGIN, "barebox", 99 },		/* barebox CONFIG_PROMPT, defaultenv PS1 */
	{ "barebox:/", BEGIN, "barebox", 99 },
	{ "barebox>", EXACT, "barebox", 95 },
	{ "HKVS $", EXACT, "hikvision", 99 },
	{ "HKVS #", EXACT, "hikvision", 99 },
	{ "Dahua #", EXACT, "dahua", 99 },
	{ "Dahua>", EXACT, "dahua", 95 },
	{ "ZHAL>", EXACT, "zyxel", 99 },
	{ "=>", EXACT, "uboot", 90 },			/* U-Boot CONFIG_SYS_PROMPT and its boards' */
	{ "->", EXACT, "uboot", 60 },			/* also VxWorks' shell */
	{ "U-Boot>", EXACT, "uboot", 99 },
	{ "u-boot>", EXACT, "uboot", 99 },
	{ "uboot>", EXACT, "uboot", 99 },
	{ "U-Boot#", EXACT, "uboot", 99 },
	{ "u-boot=>", EXACT, "uboot", 99 },
	{ "u-boot#", EXACT, "uboot", 99 },
	{ "(IPQ) #", EXACT, "uboot", 99 },
	{ "Marvell>>", EXACT, "uboot", 99 },
	{ "apboot>", EXACT, "uboot", 95 },
	{ "hisilicon #", EXACT, "uboot", 99 },
	{ "goke #", EXACT, "uboot", 99 },
	{ "xmtech #", EXACT, "uboot", 99 },
	{ "SigmaStar #", EXACT, "uboot", 99 },
	{ "nvt>", EXACT, "uboot", 95 },
	{ "nvt@", BEGIN, "uboot", 95 },
	{ "ar7240>", EXACT, "uboot", 99 },
	{ "ap135>", EXACT, "uboot", 99 },
	{ "ath>", EXACT, "uboot", 95 },
	{ "hb>", EXACT, "uboot", 90 },
	{ "amboot>", EXACT, NULL, 95 },			/* Ambarella Amboot */
	{ "grub>", EXACT, NULL, 95 },
	{ "grub rescue>", EXACT, NULL, 95 },
	{ "Shell>", EXACT, NULL, 90 },			/* EDK2 shell */
	{ "BOLT>", EXACT, NULL, 95 },			/* Broadcom BOLT: CFE's heir with other commands */
	{ "loader>", EXACT, NULL, 85 },
	{ "RTL838x#", EXACT, "uboot", 99 },
	{ "RTL839x#", EXACT, "uboot", 99 },
	{ "RTL9300#", EXACT, "uboot", 99 },
};

/* Text of a window in which a key stops the start. key NULL: the text does not name it. */
static const struct { const char *text, *key, *loader; } countdowns[] = {
	{ "Hit m for menu or any to stop autoboot", " ", "barebox" },	/* barebox common/startup.c */
	{ "Hit any key to stop autoboot", " ", NULL },			/* U-Boot common/autoboot.c; barebox */
	{ "Hit Esc key to stop autoboot", "\x1b", "uboot" },
	{ "Hit <Enter> to stop autoboot", "\r", "uboot" },
	{ "Hit ctrl+u to stop autoboot", "\x15", "hikvision" },
	{ "Press CTRL-C to abort autoboot", "\x03", "uboot" },
	{ "Press SPACE to abort autoboot", " ", "uboot" },
	{ "Press any key to interrupt autoboot", " ", "breed" },
	{ "Executing boot script in", "\x03", "redboot" },		/* eCos redboot/src/main.c: enter ^C to abort */
	{ "to enter debug mode within", " ", "zyxel" },			/* ZyNOS boot extension */
	{ "Press any key to stop auto run", " ", "cfe" },		/* Broadcom bcm63xx CFE */
	{ "Press space bar to interrupt", " ", "cfe" },
	{ "stop autoboot", NULL, "uboot" },
	{ "abort autoboot", NULL, "uboot" },
	{ "interrupt autoboot", NULL, NULL },
	{ "Autobooting in", NULL, "uboot" },
	{ "Autoboot in", NULL, "uboot" },
};

static const char *const boot_roms[] = {
	"RomBOOT", "BootROM", "Boot ROM", "ROM boot", "waiting for download", "Xmodem loader",	/* Atmel, Marvell, generic */
	"F0: 102B", "F3: 0000", "V0: 0000",		/* MediaTek BROM's status words */
	"MaskROM", "DDR Version ",			/* Rockchip */
	"rst:0x", "ets Jun", "ets Jul",			/* Espressif */
};

static const char *const pagers[] = { "--more--", "-- more --", "---(more", "<--- more --->", "(end)", "--type <cr> for more", "press any key to continue", "press any key to continue >" };
static const char *const questions[] = { "(y/n)?", "(y/n)", "[y/n]", "[y/n]?", "(yes/no)?", "(yes/no)", "[yes/no]", "(y)es, (n)o->", "(y)es , (n)o ? -->", "sure? (y/n)", "(n/y)",
					 "overwrite?", "continue?" };
static const char *const menus[] = { "Please choose the operation", "U-Boot Boot Menu", "your choice:", "Enter your choice" };

static struct console_state state(enum console_at at, unsigned confidence, unsigned may)
{
	return (struct console_state){ .at = at, .confidence = confidence, .may = may };
}

static bool shape_fits(const char *line, size_t size, const char *text, enum shape shape)
{
	size_t length = strlen(text);
	const char *colon;

	if (size < length)
		return false;
	if (shape == EXACT)
		return size == length && memcmp(line, text, length) == 0;
	colon = memrchr(line, ':', size);
	return memcmp(line, text, length) == 0 && colon != NULL && memchr(colon, ' ', size - (size_t)(colon - line)) == NULL;
}

/* A loader has been talking above: its banner, or its words. */
static bool is_loader_above(const struct view *view)
{
	static const char *const words[] = { "U-Boot", "barebox 20", "RedBoot(tm)", "CFE version", "DRAM:", "autoboot", "SPI flash", "Bootbase Version", "Net:", "try 'help'" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (any_line(view, words[i]))
			return true;
	return view->in_loader;
}

static bool is_system_above(const struct view *view)
{
	static const char *const words[] = { "login", "BusyBox v", "built-in shell", "Linux version", "systemd", "init:", "procd:", "Welcome to" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (any_line(view, words[i]))
			return true;
	for (unsigned i = 0; i < view->count; i++)
		if (view->line[i][0] == '[' && (view->line[i][1] == ' ' || isdigit((unsigned char)view->line[i][1])) && strchr(view->line[i], '.') != NULL)
			return true;
	return false;
}

static struct console_state at_loader(const char *line, const char *loader, unsigned confidence)
{
	struct console_state found = state(CONSOLE_AT_LOADER, confidence, CONSOLE_MAY_SPACE);

	if (confidence >= CONSOLE_SURE)
		found.may |= CONSOLE_MAY_CTRL_C | CONSOLE_MAY_COMMAND;
	if (text_equal(loader, "realtek"))	/* its line editor takes Ctrl-C for a character */
		found.may &= ~(unsigned)CONSOLE_MAY_CTRL_C;
	found.loader = loader;
	text_copy(found.prompt, sizeof(found.prompt), line);
	return found;
}

static bool find_prompt(const struct view *view, const struct console_seen *seen, struct console_state *ret)
{
	const char *line = view->line[0];
	size_t size = trimmed(line), wanted = seen->prompt ? trimmed(seen->prompt) : 0;

	if (wanted > 0 && size == wanted && memcmp(line, seen->prompt, wanted) == 0) {
		*ret = at_loader(line, NULL, 99);
		return true;
	}
	for (size_t i = 0; i < sizeof(prompts) / sizeof(prompts[0]); i++)
		if (shape_fits(line, size, prompts[i].text, prompts[i].shape)) {
			*ret = at_loader(line, prompts[i].loader, prompts[i].confidence);
			return true;
		}
	/* ZyNOS' debug mode has no prompt at all: its answers end in OK or ERROR. */
	if (size == 0 && view->count > 1 && text_equal(view->line[1], "Enter Debug Mode")) {
		*ret = at_loader("", "zyxel", 90);
		ret->may &= ~(unsigned)CONSOLE_MAY_CTRL_C;
		return true;
	}
	return false;
}

/* "root@cam:~# ", "/ # ", "~ $ ", "# ", "$ ", "[root@box dir]# " (BusyBox ash, bash); "MT7621 # " and "isvp_t31# " are loaders'. */
static bool find_shell_or_loader(const struct view *view, struct console_state *ret)
{
	const char *line = view->line[0];
	size_t size = trimmed(line);
	char last = size > 0 ? line[size - 1] : '\0';
	bool has_path = memchr(line, '/', size) != NULL || memchr(line, '~', size) != NULL || memchr(line, '@', size) != NULL;
	bool is_word = size > 1;

	if (size == 0 || size > 48 || (last != '#' && last != '$' && last != '>'))
		return false;
	for (size_t i = 0; i + 1 < size; i++)
		is_word = is_word && (isalnum((unsigned char)line[i]) || strchr("-_.@() ", line[i]) != NULL);
	if (size == 1 && last == '>') {
		/* A shell's continuation, or Dahua's loader: who spoke above tells. */
		*ret = is_loader_above(view) && !is_system_above(view) ? at_loader(line, NULL, 60) : state(CONSOLE_AT_CONTINUATION, 50, 0);
		return true;
	}
	if (last != '>' && (has_path || size == 1)) {
		bool is_sure = !is_loader_above(view) || is_system_above(view) || has_path;

		*ret = state(CONSOLE_AT_SHELL, is_sure ? 90 : 50, CONSOLE_MAY_SPACE | (is_sure ? CONSOLE_MAY_ENTER | CONSOLE_MAY_CTRL_C | CONSOLE_MAY_COMMAND : 0));
		text_copy(ret->prompt, sizeof(ret->prompt), line);
		return true;
	}
	if (!is_word)
		return false;
	*ret = at_loader(line, NULL, is_loader_above(view) && !is_system_above(view) ? 85 : 55);
	return true;
}

static bool find_countdown(const struct view *view, const struct console_seen *seen, struct console_state *ret)
{
	/* RedBoot and ZyNOS end the line behind the text and count in silence or in dots. */
	for (size_t i = 0; i < sizeof(countdowns) / sizeof(countdowns[0]); i++) {
		bool is_above = view->count > 1 && text_contains(view->line[1], countdowns[i].text) && strspn(view->line[0], ". 0123456789") == strlen(view->line[0]);

		if (!text_contains(view->line[0], countdowns[i].text) && !(is_above && seen->quiet_ms < 3000))
			continue;
		*ret = state(CONSOLE_AT_COUNTDOWN, 95, CONSOLE_MAY_STOP_KEY);
		ret->stop_key = countdowns[i].key;
		ret->loader = countdowns[i].loader;
		return true;
	}
	return false;
}

static bool ends_with_any(const char *line, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ends_with(line, list[i]))
			return true;
	return false;
}

/* States that the last line itself names. */
static bool find_named(const struct view *view, const struct console_seen *seen, struct console_state *ret)
{
	const char *line = view->line[0];

	if (find_countdown(view, seen, ret))
		return true;
	if (seen->login_prompt && *seen->login_prompt && strstr(line, seen->login_prompt) != NULL)
		*ret = state(CONSOLE_AT_LOGIN, 95, CONSOLE_MAY_ENTER);
	else if (ends_with(line, "login:") || ends_with(line, "username:"))
		*ret = state(CONSOLE_AT_LOGIN, 95, CONSOLE_MAY_ENTER);
	else if (ends_with(line, "password:") || ends_with(line, "passwd:") || ends_with(line, "password"))
		*ret = state(is_loader_above(view) && !is_system_above(view) ? CONSOLE_AT_LOADER_PASSWORD : CONSOLE_AT_PASSWORD, 90, CONSOLE_MAY_PASSWORD);
	else if (ends_with_any(line, pagers, sizeof(pagers) / sizeof(pagers[0])) || text_starts(line, "--More--"))	/* more: "--More--(12%)" */
		*ret = state(CONSOLE_AT_PAGER, 95, 0);
	else if (ends_with_any(line, questions, sizeof(questions) / sizeof(questions[0])))
		*ret = state(CONSOLE_AT_QUESTION, 95, 0);
	else if (text_contains(line, "press enter to activate") || (line[0] == '\0' && view->count > 1 && text_contains(view->line[1], "press enter to activate")))
		*ret = state(CONSOLE_AT_ACTIVATE, 95, CONSOLE_MAY_ENTER);
	else
		return false;
	return true;
}

/* A receiver's 'C', NAK or the BootROMs' marks again and again, and nothing else on the line. */
static bool asks_for_blocks(const struct bytes tail)
{
	size_t run = 0;

	while (run < tail.size && (tail.data[tail.size - 1 - run] == 'C' || tail.data[tail.size - 1 - run] == 0x15))
		run++;
	return run >= 3 && (run == tail.size || tail.data[tail.size - 1 - run] < 0x20);
}

static bool is_menu(const struct view *view)
{
	for (size_t i = 0; i < sizeof(menus) / sizeof(menus[0]); i++)
		if (any_line(view, menus[i]) && !text_contains(view->line[0], "choosed"))
			return !any_line(view, "You choosed");	/* Ralink SDK, lib_mips/board.c: the choice was made */
	return false;
}

/* Only where nothing above asks for an answer: Enter would give it. */
static bool is_echo_alone(const struct view *view)
{
	if (view->line[0][0] != ' ' || trimmed(view->line[0]) != 0 || view->owns_screen || is_menu(view))
		return false;
	return view->count == 1 || (!ends_with_any(view->line[1], questions, sizeof(questions) / sizeof(questions[0])) && !ends_with(view->line[1], "password:"));
}

void console_state_of(const struct console_seen *seen, struct console_state *ret_state)
{
	struct view view;
	struct console_state found = state(CONSOLE_AT_PROGRAM, 50, CONSOLE_MAY_SPACE);

	read_view(&view, seen->tail);
	view.in_loader = seen->in_loader;
	if (seen->tail.size == 0)
		found = state(CONSOLE_AT_SILENCE, 90, CONSOLE_MAY_SPACE);
	else if (seen->was_probed && is_echo_alone(&view))
		found = state(CONSOLE_AT_ECHO, 70, CONSOLE_MAY_ENTER);
	else if (view.owns_screen)
		found = state(CONSOLE_AT_SCREEN, 90, 0);
	else if (asks_for_blocks(seen->tail))
		found = state(CONSOLE_AT_TRANSFER, 85, 0);
	else if (view.bytes >= GARBAGE_MIN && view.odd * 100 >= view.bytes * GARBAGE_PERCENT)
		found = state(CONSOLE_AT_GARBAGE, 80, 0);
	else if (find_named(&view, seen, &found))
		;
	else if (is_menu(&view) && !find_prompt(&view, seen, &found))
		found = state(CONSOLE_AT_MENU, 85, 0);
	else if (seen->quiet_ms >= CONSOLE_SETTLE_MS && (find_prompt(&view, seen, &found) || find_shell_or_loader(&view, &found)))
		;
	else
		for (size_t i = 0; i < sizeof(boot_roms) / sizeof(boot_roms[0]); i++)
			if (any_line(&view, boot_roms[i]))
				found = state(CONSOLE_AT_BOOT_ROM, 60, 0);
	*ret_state = found;
}

bool console_state_may(const struct console_state *state, unsigned what)
{
	return (state->may & what) == what;
}

const char *console_at_text(enum console_at at)
{
	static const char *const texts[CONSOLE_AT_COUNT] = {
		[CONSOLE_AT_SILENCE] = "silent", [CONSOLE_AT_BOOT_ROM] = "in its boot ROM", [CONSOLE_AT_TRANSFER] = "waiting for a file over the serial line",
		[CONSOLE_AT_COUNTDOWN] = "counting down to its start", [CONSOLE_AT_LOADER] = "at its bootloader's prompt", [CONSOLE_AT_MENU] = "in its bootloader's menu",
		[CONSOLE_AT_LOADER_PASSWORD] = "asking for its bootloader's password", [CONSOLE_AT_LOGIN] = "at its login prompt", [CONSOLE_AT_PASSWORD] = "asking for a password",
		[CONSOLE_AT_SHELL] = "at a shell's prompt", [CONSOLE_AT_CONTINUATION] = "in an unfinished command line", [CONSOLE_AT_ACTIVATE] = "waiting for Enter",
		[CONSOLE_AT_PAGER] = "in a pager", [CONSOLE_AT_QUESTION] = "asking yes or no", [CONSOLE_AT_SCREEN] = "in a full-screen program",
		[CONSOLE_AT_PROGRAM] = "busy, or waiting for something that it does not name", [CONSOLE_AT_ECHO] = "echoing", [CONSOLE_AT_GARBAGE] = "sending no readable text",
	};

	return (unsigned)at < CONSOLE_AT_COUNT ? texts[at] : "";
}
