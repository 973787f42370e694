/* Starting and ending curses, so that the operator's shell gets its terminal back whatever happens. */
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "ui/ui_internal.h"

static const int fatal_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

/* endwin is not safe in a handler by the letter, but the process is lost anyway and a dead terminal is the worse end.
 * Should it hang on a lock that was held, the alarm ends it. */
static void on_fatal_signal(int signal_number)
{
	signal(SIGALRM, SIG_DFL);
	alarm(2);
	(void)!write(STDOUT_FILENO, "\033[?2004l", 8);
	endwin();
	raise(signal_number);	/* SA_RESETHAND: now with the default action */
}

static void catch_fatal_signals(bool on)
{
	struct sigaction action = { .sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };

	action.sa_handler = on ? on_fatal_signal : SIG_DFL;
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		sigaction(fatal_signals[i], &action, NULL);
}

/* Between marks, what is pasted cannot be taken for keys. Terminals that do not know the mode (DEC 2004, as xterm has it) pass over it. */
static void mark_pastes(bool on)
{
	static const char *const names[] = { "xterm", "screen", "tmux", "rxvt", "alacritty", "foot", "kitty", "konsole", "gnome", "vte" };
	const char *term = getenv("TERM");

	for (size_t i = 0; term != NULL && i < ARRAY_SIZE(names); i++)
		if (text_starts(term, names[i])) {
			fputs(on ? "\033[?2004h" : "\033[?2004l", stdout);
			fflush(stdout);
			return;
		}
}

/* TERM is often another terminal's than the one that is there (PuTTY and tmux under "xterm"): what they send for these keys is known all
 * the same, and taken where the terminal's own description leaves it free. */
static void define_usual_keys(void)
{
	static const struct {
		const char *sequence;
		int key;
	} rows[] = {
		{ "\033[A", KEY_UP },    { "\033OA", KEY_UP },   { "\033[B", KEY_DOWN },   { "\033OB", KEY_DOWN },
		{ "\033[C", KEY_RIGHT }, { "\033OC", KEY_RIGHT }, { "\033[D", KEY_LEFT },   { "\033OD", KEY_LEFT },
		{ "\033[H", KEY_HOME },  { "\033OH", KEY_HOME },  { "\033[1~", KEY_HOME },  { "\033[7~", KEY_HOME },
		{ "\033[F", KEY_END },   { "\033OF", KEY_END },   { "\033[4~", KEY_END },   { "\033[8~", KEY_END },
		{ "\033[5~", KEY_PPAGE }, { "\033[6~", KEY_NPAGE }, { "\033[2~", KEY_IC },   { "\033[3~", KEY_DC },
		{ "\033OP", KEY_F(1) },  { "\033[11~", KEY_F(1) }, { "\033[[A", KEY_F(1) }, { "\033[21~", KEY_F(10) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (key_defined(rows[i].sequence) == 0)
			define_key(rows[i].sequence, rows[i].key);
}

static void set_modes(const struct ui *ui)
{
	raw();			/* Ctrl-C, Ctrl-Z, Ctrl-S are the device's in a console */
	noecho();
	nonl();
	set_escdelay(UI_ESCAPE_MS);	/* Esc answers at once */
	keypad(stdscr, TRUE);
	meta(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, FALSE);
	define_key("\033[200~", UI_CODE_PASTE);
	define_key("\033[201~", UI_CODE_PASTE_END);
	define_usual_keys();
	mark_pastes(true);
	if (!ui->options->no_mouse) {
		mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
		mouseinterval(0);
	}
}

/* curses starts on a terminal without a cursor that can be moved (dumb, as in Emacs' shell), and draws all rows on one. */
static bool can_place_text(void)
{
	static char cursor_address[] = "cup";	/* older curses take no const */
	const char *sequence = tigetstr(cursor_address);

	return sequence != NULL && sequence != (const char *)-1;
}

enum status ui_terminal_start(struct ui *ui, struct error *reterr)
{
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		error_set(reterr, STATUS_UNSUPPORTED, "the full-screen face needs a terminal, and this is none");
		return error_hint(reterr, "use the command line: unbrick --help lists its verbs");
	}
	setlocale(LC_CTYPE, "");
	ui->curses = newterm(NULL, stdout, stdin);
	if (ui->curses == NULL) {
		error_set(reterr, STATUS_UNSUPPORTED,
			  "cannot start the screen: the terminal type TERM=%s is not known here", term ? term : "");
		return error_hint(reterr, "try: TERM=xterm unbrick, or TERM=vt100 unbrick");
	}
	if (!can_place_text()) {
		reset_shell_mode();	/* and not endwin(), which writes what this terminal cannot read */
		delscreen(TAKE(ui->curses));
		error_set(reterr, STATUS_UNSUPPORTED, "this terminal (TERM=%s) cannot show screens; these work without: "
			  "unbrick diagnose, inspect, verify, fetch, bench, recover and the other verbs of unbrick --help", term ? term : "");
		return error_hint(reterr, "if it is a better terminal than it says: TERM=xterm unbrick, or TERM=vt100 unbrick");
	}
	ui->terminal_flags = fcntl(STDIN_FILENO, F_GETFL);
	catch_fatal_signals(true);
	set_modes(ui);
	theme_init(&ui->theme, nl_langinfo(CODESET), term,
		   !ui->options->no_colour && (no_colour == NULL || no_colour[0] == '\0'));
	ui_terminal_measure(ui);
	return STATUS_OK;
}

static void free_panels(struct ui *ui)
{
	PANEL **panels[] = { &ui->top, &ui->body, &ui->bottom };

	for (size_t i = 0; i < ARRAY_SIZE(panels); i++) {
		WINDOW *window = *panels[i] ? panel_window(*panels[i]) : NULL;

		if (*panels[i] != NULL)
			del_panel(*panels[i]);
		if (window != NULL)
			delwin(window);
		*panels[i] = NULL;
	}
}

/* NULL where there is no memory for it, as curses has it: a window of nothing, on which nothing is drawn. */
static PANEL *add_panel(int rows, int y)
{
	WINDOW *window = newwin(rows, 0, y, 0);

	return window ? new_panel(window) : NULL;
}

void ui_terminal_measure(struct ui *ui)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
	getmaxyx(stdscr, ui->rows, ui->cols);
	free_panels(ui);
	ui->top = add_panel(1, 0);
	ui->body = add_panel(ui->rows > 3 ? ui->rows - 3 : 1, ui->rows > 1 ? 1 : 0);
	ui->bottom = add_panel(ui->rows > 2 ? 2 : 1, ui->rows > 2 ? ui->rows - 2 : 0);
}

void ui_terminal_stop(struct ui *ui)
{
	if (ui->curses == NULL)
		return;
	free_panels(ui);
	mark_pastes(false);
	/* where there is no second screen (a Linux console, vt220) the shell's prompt comes on the last row */
	wmove(stdscr, LINES - 1, 0);
	wclrtoeol(stdscr);
	touchwin(stdscr);
	wrefresh(stdscr);
	endwin();
	/* libuv made the terminal non-blocking, for the shell that shares it too */
	if (ui->terminal_flags >= 0)
		fcntl(STDIN_FILENO, F_SETFL, ui->terminal_flags);
	delscreen(ui->curses);
	ui->curses = NULL;
	catch_fatal_signals(false);
}
