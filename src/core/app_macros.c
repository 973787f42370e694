/* Commands that the operator sends by one key: those of the device's profile, then those that all of its kind
 * understand. */
#include <string.h>

#include "recovery/loader/console_state.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/app_internal.h"
#include "src/core/console_send.h"
#include "src/core/live_case.h"

enum { MACROS_SHARED_MAX = 128 };

static const struct profile *profile_of(const struct app *app, const struct console *console)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++)
		if (app->live[i] && app->live[i]->console == console)
			return app->live[i]->profile;
	return NULL;
}

static void look(const struct app *app, const struct console *console, struct console_state *ret_state)
{
	const struct profile *profile = profile_of(app, console);
	struct console_seen seen = { 0 };

	if (profile != NULL) {
		seen.prompt = profile->console.prompt;
		seen.login_prompt = profile->console.login_prompt;
	}
	console_look(console, &seen, loop_now_ms(), ret_state);
}

/* Which loader's commands are of use: what stands there says it best, then the profile. */
static const char *loader_of(const struct profile *profile, const struct console_state *state)
{
	if (state->loader != NULL)
		return state->loader;
	if (profile == NULL)
		return NULL;
	return profile->console.loader ? profile->console.loader : "uboot";
}

/* Enter is a word, so that nothing is sent that was not seen. */
static void show_text(const char *text, char *to, size_t size)
{
	to[0] = '\0';
	for (; *text != '\0'; text++)
		if (*text == '\r' || *text == '\n')
			text_append(to, size, " <Enter>");
		else if (*text == '\t')
			text_append(to, size, "<Tab>");
		else
			text_append(to, size, "%c", *text);
}

static void fill_row(const struct macro *macro, const struct console_state *state, struct macro_row *ret_row)
{
	*ret_row = (struct macro_row){ .macro = macro, .fits = macro_fits(macro, state) };
	text_printable(ret_row->name, sizeof(ret_row->name), bytes_of_text(macro->name));
	show_text(macro->text, ret_row->text, sizeof(ret_row->text));
	if (macro->at == MACRO_AT_SHELL)
		text_copy(ret_row->where, sizeof(ret_row->where), "shell");
	else
		text_format(ret_row->where, sizeof(ret_row->where), "%.30s",
			    macro->loader ? macro->loader : "bootloader");
}

size_t app_console_macros(struct app *app, unsigned id, struct macro_row *ret_rows, size_t max, const char **ret_at)
{
	const struct macro *all[MACROS_SHARED_MAX];
	const struct console *console = app_console(app, id);
	const struct profile *profile;
	struct console_state state;
	const char *loader;
	size_t own = 0, count = 0, rows = 0;

	if (console == NULL)
		return 0;
	profile = profile_of(app, console);
	look(app, console, &state);
	loader = loader_of(profile, &state);
	*ret_at = console_at_text(state.at);
	for (unsigned i = 0; profile != NULL && i < profile->console.macro_count && count < MACROS_SHARED_MAX; i++)
		all[count++] = &profile->console.macros[i];
	own = count;
	count += device_library_macros(app->library, all + own, MACROS_SHARED_MAX - own);
	/* Those that the device understands now come first, each group in the order of its file. */
	for (int wants_fit = 1; wants_fit >= 0; wants_fit--)
		for (size_t i = 0; i < count && rows < max; i++) {
			bool is_other = i >= own && all[i]->loader != NULL && loader != NULL &&
					!text_equal(all[i]->loader, loader);

			if (!is_other && macro_fits(all[i], &state) == (wants_fit == 1))
				fill_row(all[i], &state, &ret_rows[rows++]);
		}
	return rows;
}

enum status app_console_macro(struct app *app, unsigned id, const struct macro *macro, bool anyway,
			      struct error *reterr)
{
	struct console *console = app_console(app, id);
	struct console_state state;
	char text[300], shown[200];

	if (console == NULL)
		return error_set(reterr, STATUS_GONE, "that console is closed");
	if (console_is_driven(console))
		return error_set(reterr, STATUS_BUSY, "a step is typing on this line");
	if (console_send_is_busy(console_sending(console))) {
		error_set(reterr, STATUS_BUSY, "something else is being sent on this line");
		return error_hint(reterr, "wait for its end, or stop it with Esc");
	}
	look(app, console, &state);
	if (!anyway && !macro_fits(macro, &state))
		return error_set(reterr, STATUS_REFUSED, "the device is %s", console_at_text(state.at));
	show_text(macro->text, shown, sizeof(shown));
	console_remark(console, text_format(text, sizeof(text), "macro: %s", shown));
	return console_send_text(console_sending(console), bytes_of_text(macro->text), reterr);
}
