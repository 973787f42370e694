/* Runs a full-screen program on a pty behind libvterm, types a script at it, and looks at what stands on the screen:
 *
 *   screen_test [--size 80x24] [--script FILE] -- PROGRAM ARGS
 *
 * Script lines (a text may stand in double quotes; empty lines and # are skipped):
 *   key TEXT            types; <Enter> <Esc> <Up> <PgUp> <F10> <C-a> <Space> <lt> ... are keys
 *                       <E[1;5C> is what a terminal sends for one key: Esc and the rest of it
 *   paste TEXT          sends it at once, as a terminal that marks nothing does
 *   within MS KEYS = TEXT   types, and TEXT must be on the screen in time
 *   wait TEXT [seconds] until TEXT is on the screen (10 seconds)
 *   gone TEXT [seconds] until it is not
 *   quiet MS            until nothing was painted for so long
 *   expect TEXT         is on the screen now        refuse TEXT    is not
 *   show NAME           prints the screen to standard output
 *   resize 132x43       run SHELL COMMAND           count-keys N   no more than N keys so far
 *   mouse ROW COLUMN    a left click, counted from 1
 *   event ACTION SUBSYSTEM [seconds]   until the kernel says that a device came or went ("add tty")
 *   after MS TEXT       TEXT is on the screen so soon after that event;   gone-after MS TEXT   it is not any more
 *   end [status]        the program ends by itself, with this status
 * Exit status: 0 all held, 1 something did not (the screen goes to standard error), 2 usage, 77 no pty here. */
#include <ctype.h>
#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>
/* after the others: curses and term.h claim plain words as macros */
#include <curses.h>
#include <term.h>

enum { ROWS_MAX = 200, COLS_MAX = 300, LINE_MAX_BYTES = 2048, DEFAULT_WAIT_S = 10, ESCAPE_MS = 30, NAME_BYTES = 32 };

struct screen_test {
	VTerm *vterm;
	VTermScreen *screen;
	int rows, cols;
	int pty;
	pid_t child;
	bool is_over, is_alternate;
	int status;
	unsigned keys;
	uint64_t last_output_ms;
	int uevents;		/* the kernel's own messages about devices; -1: not to be had */
	uint64_t event_ms;
	char text[ROWS_MAX * (COLS_MAX * 4 + 1) + 1];
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int on_property(VTermProp property, VTermValue *value, void *user)
{
	struct screen_test *test = user;

	if (property == VTERM_PROP_ALTSCREEN)
		test->is_alternate = value->boolean;
	return 1;
}

/* Takes what the program has painted; false when nothing came within wait_ms. */
static bool pump(struct screen_test *test, int wait_ms)
{
	struct pollfd ready = { .fd = test->pty, .events = POLLIN };
	char bytes[65536];
	ssize_t got;

	if (test->is_over || poll(&ready, 1, wait_ms) <= 0)
		return false;
	got = read(test->pty, bytes, sizeof(bytes));
	if (got <= 0) {
		test->is_over = true;
		return false;
	}
	vterm_input_write(test->vterm, bytes, (size_t)got);
	while (vterm_output_read(test->vterm, bytes, sizeof(bytes)) > 0)
		;
	test->last_output_ms = now_ms();
	return true;
}

static size_t put_utf8(char *to, uint32_t code)
{
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xc0 | code >> 6);
		to[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	to[0] = (char)(0xe0 | (code >> 12 & 0x0f));
	to[1] = (char)(0x80 | (code >> 6 & 0x3f));
	to[2] = (char)(0x80 | (code & 0x3f));
	return 3;
}

/* The screen as text: blanks at the ends of rows and empty rows at the end are dropped. */
static const char *screen_text(struct screen_test *test)
{
	char *at = test->text, *row_end = test->text;

	for (int row = 0; row < test->rows; row++) {
		char *start = at, *end = at;

		for (int col = 0; col < test->cols; col++) {
			VTermScreenCell cell;
			uint32_t code = ' ';

			if (vterm_screen_get_cell(test->screen, (VTermPos){ .row = row, .col = col }, &cell)) {
				code = cell.chars[0] ? cell.chars[0] : ' ';
				col += cell.width == 2;
			}
			at += put_utf8(at, code);
			if (code != ' ')
				end = at;
		}
		if (end > start)
			row_end = end;
		at = end;
		*at++ = '\n';
	}
	*row_end = '\0';
	return test->text;
}

static bool has_text(struct screen_test *test, const char *text)
{
	return strstr(screen_text(test), text) != NULL;
}

static bool wait_for(struct screen_test *test, const char *text, bool is_wanted, unsigned seconds)
{
	uint64_t end = now_ms() + seconds * 1000;

	for (;;) {
		if (has_text(test, text) == is_wanted)
			return true;
		if (now_ms() >= end || (test->is_over && !pump(test, 0)))
			return has_text(test, text) == is_wanted;
		pump(test, 50);
	}
}

static void wait_quiet(struct screen_test *test, unsigned quiet_ms)
{
	uint64_t end = now_ms() + 10000, last = now_ms();

	while (now_ms() < end && now_ms() - last < quiet_ms && !test->is_over)
		if (pump(test, (int)(quiet_ms - (now_ms() - last))))
			last = now_ms();
}

static void send_bytes(struct screen_test *test, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = write(test->pty, bytes, size);

		if (sent <= 0)
			return;
		bytes += sent;
		size -= (size_t)sent;
	}
}

static const char *named_key(const char *name, char *one)
{
	static const struct {
		const char *name, *bytes, *capability;
	} rows[] = {
		{ "Enter", "\r", NULL },    { "Esc", "\x1b", NULL },   { "Space", " ", NULL },
		{ "Tab", "\t", NULL },      { "lt", "<", NULL },       { "Backspace", "\x7f", NULL },
		{ "Up", NULL, "kcuu1" },    { "Down", NULL, "kcud1" }, { "Left", NULL, "kcub1" },
		{ "Right", NULL, "kcuf1" }, { "Home", NULL, "khome" }, { "End", NULL, "kend" },
		{ "PgUp", NULL, "kpp" },    { "PgDn", NULL, "knp" },   { "Del", NULL, "kdch1" },
		{ "F1", NULL, "kf1" },      { "F10", NULL, "kf10" },
		{ "PasteBegin", "\x1b[200~", NULL }, { "PasteEnd", "\x1b[201~", NULL },
	};

	if (strncmp(name, "E[", 2) == 0 || strncmp(name, "EO", 2) == 0) {
		snprintf(one, NAME_BYTES, "\x1b%s", name + 1);
		return one;
	}
	if (strncmp(name, "C-", 2) == 0 && name[2] != '\0') {
		one[0] = (char)(toupper((unsigned char)name[2]) & 0x1f);
		one[1] = '\0';
		return one;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0) {
			const char *string = rows[i].bytes ? rows[i].bytes : tigetstr(rows[i].capability);

			return string == NULL || string == (char *)-1 ? NULL : string;
		}
	return NULL;
}

static bool type_keys(struct screen_test *test, const char *text)
{
	while (*text != '\0') {
		const char *end = *text == '<' ? strchr(text, '>') : NULL;
		char name[NAME_BYTES], one[NAME_BYTES] = "";

		if (end != NULL && (size_t)(end - text) < sizeof(name)) {
			const char *bytes;

			snprintf(name, sizeof(name), "%.*s", (int)(end - text - 1), text + 1);
			bytes = named_key(name, one);
			if (bytes == NULL) {
				fprintf(stderr, "this terminal has no key <%s>\n", name);
				return false;
			}
			send_bytes(test, bytes, strlen(bytes));
			text = end + 1;
		} else {
			send_bytes(test, text++, 1);
		}
		test->keys += ((unsigned char)text[-1] & 0xc0) != 0x80;
		if (text[-1] == '>')
			poll(NULL, 0, ESCAPE_MS);	/* so that <Esc> and what follows are two keys */
		pump(test, 0);
	}
	return true;
}

static bool types_within(struct screen_test *test, char *argument)
{
	char *keys, *text = strstr(argument, " = ");
	unsigned long limit = strtoul(argument, &keys, 10);
	uint64_t start = now_ms() + ESCAPE_MS;	/* what type_keys waits */

	if (text == NULL || *keys != ' ')
		return false;
	*text = '\0';
	if (!type_keys(test, keys + 1) || !wait_for(test, text + 3, true, DEFAULT_WAIT_S))
		return false;
	fprintf(stderr, "answered in %lld ms\n", (long long)(now_ms() - start));
	return now_ms() <= start + limit;
}

static bool resize(struct screen_test *test, const char *argument)
{
	struct winsize size = { 0 };

	if (sscanf(argument, "%dx%d", &test->cols, &test->rows) != 2 || test->rows < 1 || test->rows > ROWS_MAX ||
	    test->cols < 1 || test->cols > COLS_MAX)
		return false;
	size.ws_row = (unsigned short)test->rows;
	size.ws_col = (unsigned short)test->cols;
	vterm_set_size(test->vterm, test->rows, test->cols);
	ioctl(test->pty, TIOCSWINSZ, &size);
	return true;
}

/* ---- devices that come and go ---- */

static int open_uevents(void)
{
	const struct sockaddr_nl from_kernel = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (const struct sockaddr *)(const void *)&from_kernel, sizeof(from_kernel)) != 0)
		return -1;
	return fd;
}

/* "add@/devices/...", NUL, "ACTION=add", NUL, ... (lib/kobject_uevent.c of Linux) */
static bool is_event(const char *message, size_t size, const char *action, const char *subsystem)
{
	char wanted_action[64], wanted_subsystem[64];
	bool has_action = false, has_subsystem = false;

	snprintf(wanted_action, sizeof(wanted_action), "ACTION=%s", action);
	snprintf(wanted_subsystem, sizeof(wanted_subsystem), "SUBSYSTEM=%s", subsystem);
	for (size_t at = 0; at < size; at += strlen(message + at) + 1) {
		has_action = has_action || strcmp(message + at, wanted_action) == 0;
		has_subsystem = has_subsystem || strcmp(message + at, wanted_subsystem) == 0;
	}
	return has_action && has_subsystem;
}

/* The earliest of them that was not looked at yet. */
static bool await_event(struct screen_test *test, char *argument)
{
	char action[32], subsystem[32], message[8192];
	unsigned seconds = DEFAULT_WAIT_S;
	uint64_t end;

	if (sscanf(argument, "%31s %31s %u", action, subsystem, &seconds) < 2 || test->uevents < 0)
		return false;
	end = now_ms() + seconds * 1000;
	while (now_ms() < end && !test->is_over) {
		struct pollfd ready[] = { { .fd = test->uevents, .events = POLLIN }, { .fd = test->pty, .events = POLLIN } };
		ssize_t size;

		if (poll(ready, 2, 1000) <= 0)
			continue;
		if (ready[0].revents == 0) {
			pump(test, 0);
			continue;
		}
		size = recv(test->uevents, message, sizeof(message) - 1, 0);
		test->event_ms = now_ms();
		message[size > 0 ? size : 0] = '\0';
		if (size > 0 && is_event(message, (size_t)size, action, subsystem))
			return true;
	}
	return false;
}

static bool follows_event(struct screen_test *test, const char *argument, bool is_wanted)
{
	char *text;
	unsigned long limit = strtoul(argument, &text, 10);
	uint64_t took_ms;

	if (*text != ' ' || !wait_for(test, text + 1, is_wanted, DEFAULT_WAIT_S))
		return false;
	took_ms = now_ms() - test->event_ms;
	fprintf(stderr, "%s '%s' %llu ms after the event\n", is_wanted ? "there is" : "gone is", text + 1,
		(unsigned long long)took_ms);
	return took_ms <= limit;
}

static bool click(struct screen_test *test, const char *argument)
{
	int row, col;
	char bytes[48];

	if (sscanf(argument, "%d %d", &row, &col) != 2)
		return false;
	/* ncurses asks xterm for SGR 1006 */
	snprintf(bytes, sizeof(bytes), "\x1b[<0;%d;%dM", col, row);
	send_bytes(test, bytes, strlen(bytes));
	snprintf(bytes, sizeof(bytes), "\x1b[<0;%d;%dm", col, row);
	send_bytes(test, bytes, strlen(bytes));
	pump(test, 50);
	return true;
}

static bool ends(struct screen_test *test, const char *argument)
{
	uint64_t end = now_ms() + 10000;

	while (!test->is_over && now_ms() < end)
		pump(test, 50);
	if (!test->is_over || waitpid(test->child, &test->status, 0) != test->child)
		return false;
	test->child = -1;
	if (test->is_alternate) {
		fprintf(stderr, "the terminal was not given back\n");
		return false;
	}
	if (WIFSIGNALED(test->status)) {
		fprintf(stderr, "ended by signal %d\n", WTERMSIG(test->status));
		return atoi(argument) == 128 + WTERMSIG(test->status);
	}
	return WEXITSTATUS(test->status) == atoi(argument);
}

/* Takes the quotes off, and a number of seconds that follows the text. */
static unsigned split_seconds(char *argument)
{
	unsigned seconds = DEFAULT_WAIT_S;
	size_t length = strlen(argument);
	char *last = strrchr(argument, ' ');

	if (last != NULL && last[1] != '\0' && strspn(last + 1, "0123456789") == strlen(last + 1)) {
		seconds = (unsigned)atoi(last + 1);
		*last = '\0';
		length = strlen(argument);
	}
	if (length >= 2 && argument[0] == '"' && argument[length - 1] == '"') {
		memmove(argument, argument + 1, length - 2);
		argument[length - 2] = '\0';
	}
	return seconds;
}

static void unquote(char *argument)
{
	size_t length = strlen(argument);

	if (length >= 2 && argument[0] == '"' && argument[length - 1] == '"') {
		memmove(argument, argument + 1, length - 2);
		argument[length - 2] = '\0';
	}
}

static bool do_line(struct screen_test *test, char *line)
{
	char *argument = line + strcspn(line, " ");

	if (*argument == ' ')
		*argument++ = '\0';
	if (strcmp(line, "wait") == 0 || strcmp(line, "gone") == 0) {
		unsigned seconds = split_seconds(argument);

		return wait_for(test, argument, line[0] == 'w', seconds);
	}
	if (strcmp(line, "run") == 0)
		return system(argument) == 0;
	if (strcmp(line, "event") == 0)
		return await_event(test, argument);
	if (strcmp(line, "after") == 0 || strcmp(line, "gone-after") == 0)
		return follows_event(test, argument, line[0] == 'a');
	unquote(argument);
	if (strcmp(line, "key") == 0)
		return type_keys(test, argument);
	if (strcmp(line, "paste") == 0)
		return send_bytes(test, argument, strlen(argument)), true;
	if (strcmp(line, "within") == 0)
		return types_within(test, argument);
	if (strcmp(line, "quiet") == 0)
		return wait_quiet(test, (unsigned)atoi(argument)), true;
	if (strcmp(line, "expect") == 0 || strcmp(line, "refuse") == 0) {
		wait_quiet(test, 60);
		return has_text(test, argument) == (line[0] == 'e');
	}
	if (strcmp(line, "show") == 0)
		return wait_quiet(test, 100), printf("== %s\n%s\n", argument, screen_text(test)) > 0;
	if (strcmp(line, "resize") == 0)
		return resize(test, argument);
	if (strcmp(line, "mouse") == 0)
		return click(test, argument);
	if (strcmp(line, "count-keys") == 0) {
		fprintf(stderr, "%u keys\n", test->keys);
		return test->keys <= (unsigned)atoi(argument);
	}
	if (strcmp(line, "end") == 0)
		return ends(test, argument);
	fprintf(stderr, "no such line: %s\n", line);
	return false;
}

static bool run_script(struct screen_test *test, FILE *script, const char *name)
{
	char line[LINE_MAX_BYTES], copy[LINE_MAX_BYTES];

	for (unsigned number = 1; fgets(line, sizeof(line), script) != NULL; number++) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		snprintf(copy, sizeof(copy), "%s", line);
		if (!do_line(test, line)) {
			fprintf(stderr, "%s:%u: did not hold: %s\n-- the screen:\n%s\n--\n", name, number, copy,
				screen_text(test));
			return false;
		}
	}
	return true;
}

static bool start_program(struct screen_test *test, char **program)
{
	struct winsize size = { .ws_row = (unsigned short)test->rows, .ws_col = (unsigned short)test->cols };
	static const VTermScreenCallbacks callbacks = { .settermprop = on_property };

	test->child = forkpty(&test->pty, NULL, NULL, &size);
	if (test->child < 0)
		return false;
	if (test->child == 0) {
		if (getenv("TERM") == NULL)
			setenv("TERM", "xterm-256color", 1);
		execvp(program[0], program);
		fprintf(stderr, "cannot run %s: %s\n", program[0], strerror(errno));
		_exit(127);
	}
	test->vterm = vterm_new(test->rows, test->cols);
	vterm_set_utf8(test->vterm, 1);
	test->screen = vterm_obtain_screen(test->vterm);
	vterm_screen_set_callbacks(test->screen, &callbacks, test);
	vterm_screen_enable_altscreen(test->screen, 1);
	vterm_screen_reset(test->screen, 1);
	return true;
}

static void stop(struct screen_test *test)
{
	if (test->child > 0) {
		kill(test->child, SIGKILL);
		waitpid(test->child, NULL, 0);
	}
	close(test->pty);
	vterm_free(test->vterm);
}

int main(int argc, char **argv)
{
	static struct screen_test test = { .rows = 24, .cols = 80 };
	const char *script_name = "standard input";
	FILE *script = stdin;
	int at = 1;
	bool is_good;

	for (; at + 1 < argc && strcmp(argv[at], "--") != 0; at += 2) {
		if (strcmp(argv[at], "--size") == 0 && sscanf(argv[at + 1], "%dx%d", &test.cols, &test.rows) == 2)
			continue;
		if (strcmp(argv[at], "--script") == 0 && (script = fopen(script_name = argv[at + 1], "r")) != NULL)
			continue;
		at = argc;
	}
	if (at + 1 >= argc || test.rows < 1 || test.rows > ROWS_MAX || test.cols < 1 || test.cols > COLS_MAX) {
		fprintf(stderr, "usage: screen_test [--size 80x24] [--script FILE] -- PROGRAM ARGS\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	setupterm(NULL, 1, &(int){ 0 });
	test.uevents = open_uevents();
	if (!start_program(&test, argv + at + 1)) {
		fprintf(stderr, "skipped: no pty here: %s\n", strerror(errno));
		return 77;
	}
	is_good = run_script(&test, script, script_name);
	stop(&test);
	if (script != stdin)
		fclose(script);
	return is_good ? 0 : 1;
}
