/* All screens: the help, the manual and the tests walk this list. */
#include "ui/screen.h"

#include <string.h>

#include "src/base/text.h"

const struct screen_ops *const screens[] = {
	&screen_home, &screen_case,     &screen_evidence, &screen_console,
	&screen_settings, &screen_send, &screen_macros,   &screen_hex,
	&screen_marks, &screen_log,     &screen_image,    &screen_bytes,
	&screen_practice, &screen_help, &screen_replay,   &screen_line_check,
	NULL,
};

static void list_table(const char *screen, const struct key_binding *keys,
		       void (*each)(void *user, const char *screen, const char *key, const char *text), void *user)
{
	char name[24];

	for (; keys->key != 0; keys++)
		if (keys->text != NULL)
			each(user, screen, keys_row_name(keys, name, sizeof(name)), keys->text);
}

void keys_list_all(void (*each)(void *user, const char *screen, const char *key, const char *text), void *user)
{
	list_table("everywhere", keys_everywhere, each, user);
	for (const struct screen_ops *const *screen = screens; *screen != NULL; screen++)
		list_table((*screen)->name, (*screen)->keys, each, user);
}

const char *ui_short_path(const char *path)
{
	return strncmp(path, "/dev/", 5) == 0 ? path + 5 : path;
}

/* "in the bootloader" is "bootloader" behind a comma. */
static const char *stage_word(enum boot_stage stage)
{
	const char *text = ui_stage_text(stage);

	return strncmp(text, "in the ", 7) == 0 ? text + 7 : strncmp(text, "in ", 3) == 0 ? text + 3 : text;
}

const char *ui_stage_text(enum boot_stage stage)
{
	static const char *const words[STAGE_COUNT] = {
		[STAGE_ANY] = "no start seen",
		[STAGE_ROM] = "in the boot ROM",
		[STAGE_FIRST_LOADER] = "in the first loader",
		[STAGE_LOADER] = "in the bootloader",
		[STAGE_KERNEL_UNPACK] = "unpacking the kernel",
		[STAGE_KERNEL] = "in the kernel",
		[STAGE_ROOT_MOUNT] = "mounting root",
		[STAGE_INIT] = "in init",
		[STAGE_APPLICATION] = "application runs",
		[STAGE_LOGIN] = "login prompt",
		[STAGE_UPDATER] = "in its updater",
	};

	return stage < STAGE_COUNT && words[stage] != NULL ? words[stage] : "";
}

/* The reason names the port once more: "/dev/ttyUSB0: it was unplugged". */
static const char *after_name(const char *text, const char *port)
{
	size_t length = strlen(port);

	return strncmp(text, port, length) == 0 && strncmp(text + length, ": ", 2) == 0 ? text + length + 2 : text;
}

void ui_console_summary(const struct console_view *console, char *to, size_t size)
{
	char round[32];

	if (!console->is_open)
		text_format(to, size, "lost: %s", after_name(console->state, console->port));
	else if (console->bytes == 0)
		text_copy(to, size, "open, silent so far");
	else if (console->text_score >= 0 && console->text_score < 40)
		text_copy(to, size, "noise: wrong baud rate?");
	else if (console->verdict.is_looping && console->verdict.loop_ms > 0)
		text_format(to, size, "loops every %s, %s",
			    text_duration(round, sizeof(round), console->verdict.loop_ms), stage_word(console->stage));
	else if (console->verdict.is_looping)
		text_format(to, size, "starts again and again, %s", stage_word(console->stage));
	else
		text_copy(to, size, ui_stage_text(console->stage));
}

const struct console_view *ui_find_console(const struct snapshot *now, unsigned id, const char *port)
{
	for (unsigned i = 0; i < now->console_count; i++)
		if (port != NULL ? strcmp(now->console[i].port, port) == 0 && !now->console[i].is_name_anothers
				 : now->console[i].id == id)
			return &now->console[i];
	return NULL;
}
