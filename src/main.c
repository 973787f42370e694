/* src/main.c
 *
 * The roof: it alone sees everything and wires it. No argument: the full-screen console; a verb: the command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/text.h"
#include "src/cli/cli.h"
#include "src/cli/output.h"
#include "src/cli/version.h"
#include "src/core/app.h"
#include "src/io/loop.h"
#include "src/practice/practice_device.h"
#include "ui/ui.h"

/* The data beside the source is for running before `make install`; the installed one is the normal case. */
static const char *const library_folders[] = { FIRMWARE_DB_DIR, NULL };
static const char *const source_folders[] = { SOURCE_DB_DIR, NULL };

static const char *const *find_library(void)
{
	return access(FIRMWARE_DB_DIR, R_OK) == 0 ? library_folders : source_folders;
}

struct screen_arguments {
	const char *state_folder;
	const char *port;
	const char *practice_kind;
	const char *replay;		/* a line's name */
	double speed;			/* of the replay */
	const char *const *folders;
	const char *console;		/* a port whose console is all that is shown; NULL: everything */
	const struct line_settings *settings;
	const char *log;
};

static enum status open_console(struct app *app, const struct screen_arguments *arguments, int *ret_code, struct error *reterr)
{
	unsigned id;
	enum status status = app_console_open(app, arguments->console, arguments->settings, &id, reterr);

	*ret_code = output_class_of_line(status);
	if (status != STATUS_OK || arguments->log == NULL)
		return status;
	status = app_console_log(app, id, arguments->log, reterr);
	*ret_code = status == STATUS_INVALID ? EXIT_USAGE : EXIT_FAILED;
	return status;
}

static enum status open_replay(struct app *app, const struct screen_arguments *arguments, struct error *reterr)
{
	unsigned id;
	enum status status = app_console_open(app, arguments->replay, NULL, &id, reterr);

	return status == STATUS_OK ? app_replay_change(app, id, LINE_REPLAY_SPEED, arguments->speed, reterr) : status;
}

static int run_screen(const struct screen_arguments *arguments)
{
	struct app_options options = {
		.state_folder = arguments->state_folder, .library_folders = arguments->folders, .port = arguments->port,
		.power_command = getenv("UNBRICK_POWER_COMMAND"),
	};
	struct loop *loop = NULL;
	struct app *app = NULL;
	struct ui_options ui = { .open_console = arguments->replay ? arguments->replay : arguments->console };
	struct error error;
	int code = EXIT_FAILED;
	enum status status = loop_new(&loop, &error);

	ui.is_console_alone = ui.open_console != NULL;
	if (status == STATUS_OK)
		status = app_new(loop, &options, &app, &error);
	if (status == STATUS_OK && arguments->practice_kind)
		status = app_practice_start(app, arguments->practice_kind, &error);
	if (status == STATUS_OK && arguments->console)
		status = open_console(app, arguments, &code, &error);
	if (status == STATUS_OK && arguments->replay)
		status = open_replay(app, arguments, &error);
	if (status == STATUS_OK)
		status = ui_run(loop, app, &ui, &error);
	app_free(app);
	loop_free(loop);
	if (status == STATUS_OK)
		return EXIT_WELL;
	return output_error(&error, code);
}

int cli_start_screen(const struct cli_line *line, const char *practice_kind)
{
	return run_screen(&(struct screen_arguments){ .state_folder = line->state_folder, .practice_kind = practice_kind, .folders = line->library_folders });
}

int cli_start_replay(const struct cli_line *line, const char *name, double speed)
{
	return run_screen(&(struct screen_arguments){ .state_folder = line->state_folder, .replay = name, .speed = speed, .folders = line->library_folders });
}

int cli_start_console(const struct cli_line *line, const char *port, const struct line_settings *settings, const char *log)
{
	return run_screen(&(struct screen_arguments){ .state_folder = line->state_folder, .folders = line->library_folders,
						      .console = port, .settings = settings, .log = log });
}

static int run_screen_options(int argc, char **argv)
{
	struct screen_arguments arguments = { .folders = find_library() };
	const char *folders[3] = { NULL };

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--state") == 0 && i + 1 < argc) {
			arguments.state_folder = argv[++i];
		} else if (strcmp(argv[i], "--port") == 0 && i + 1 < argc) {
			arguments.port = argv[++i];
		} else if (strcmp(argv[i], "--db") == 0 && i + 1 < argc) {
			folders[0] = argv[++i];
			folders[1] = arguments.folders[0];
			arguments.folders = folders;
		} else {
			output_aside("unbrick: there is no verb or option '%s'\n", argv[i]);
			if (i == 1 && cli_nearest_verb(argv[i]) != NULL)
				output_aside("  the nearest: unbrick %s\n", cli_nearest_verb(argv[i]));
			output_aside("  see: unbrick --help\n");
			if (i == 1 && access(argv[i], F_OK) == 0)
				output_aside("  to look at the file of that name: unbrick inspect %s\n", argv[i]);
			return EXIT_USAGE;
		}
	}
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fprintf(stderr, "unbrick: the full-screen console needs a terminal\n  for scripts: unbrick recover --help\n");
		return EXIT_USAGE;
	}
	return run_screen(&arguments);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "practice-device") == 0)
		return practice_device_main(argc - 1, argv + 1);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)) {
		cli_print_help();
		return output_end(EXIT_WELL);
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		cli_print_version();
		return output_end(EXIT_WELL);
	}
	if (argc > 1 && cli_is_verb(argv[1]))
		return cli_main(argc, argv, find_library());
	return run_screen_options(argc, argv);
}
