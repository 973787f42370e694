/* The loader's prompt: the table of commands, and the ones that are too small for a file of their own. */
#include <stdio.h>
#include <stdlib.h>

#include "src/base/text.h"
#include "src/practice/camera.h"

static const char prompt[] = "PCAM # ";

static loader_command command_help, command_version, command_echo, command_run, command_reset, command_boot,
	command_sleep, command_true, command_false, command_bdinfo;

struct command {
	const char *name;
	bool may_repeat;	/* by an empty Enter */
	loader_command *run;
	const char *help, *usage;
};

/* In the order of help. */
static const struct command commands[] = {
	{ "?", true, command_help, "alias for 'help'", "" },
	{ "bdinfo", true, command_bdinfo, "print Board Info structure", "" },
	{ "boot", true, command_boot, "boot default, i.e., run 'bootcmd'", "" },
	{ "bootd", true, command_boot, "boot default, i.e., run 'bootcmd'", "" },
	{ "bootm", true, command_bootm, "boot application image from memory", "[addr]" },
	{ "cmp", true, command_cmp, "memory compare", "[.b, .w, .l] addr1 addr2 count" },
	{ "cp", true, command_cp, "memory copy", "[.b, .w, .l] source target count" },
	{ "crc32", true, command_crc32, "checksum calculation", "address count" },
	{ "dhcp", true, command_dhcp, "boot image via network using DHCP/TFTP protocol", "" },
	{ "echo", true, command_echo, "echo args to console", "[args..]" },
	{ "env", true, command_env, "environment handling commands",
	  "default -a | print [name] | save | set name [value]" },
	{ "false", true, command_false, "do nothing, unsuccessfully", "" },
	{ "fwretry", false, command_fwretry, "try an interrupted firmware update again", "" },
	{ "help", true, command_help, "print command description/usage", "[command]" },
	{ "iminfo", true, command_iminfo, "print header information for application image", "addr" },
	{ "md", true, command_md, "memory display", "[.b, .w, .l] address [# of objects]" },
	{ "mw", true, command_mw, "memory write (fill)", "[.b, .w, .l] address value [count]" },
	{ "ping", true, command_ping, "send ICMP ECHO_REQUEST to network host", "pingAddress" },
	{ "printenv", true, command_printenv, "print environment variables", "[name ...]" },
	{ "reset", false, command_reset, "Perform RESET of the CPU", "" },
	{ "run", true, command_run, "run commands in an environment variable", "var [...]" },
	{ "saveenv", false, command_saveenv, "save environment variables to persistent storage", "" },
	{ "setenv", false, command_setenv, "set environment variables", "name [value ...]" },
	{ "sf", true, command_sf, "SPI flash sub-system",
	  "probe [[bus:]cs] | read addr offset len | write addr offset len | erase offset [+]len | "
	  "update addr offset len" },
	{ "sleep", true, command_sleep, "delay execution for some time", "N" },
	{ "tftpboot", true, command_tftpboot, "boot image via network using TFTP protocol",
	  "[loadAddress] [[hostIPaddr:]bootfilename]" },
	{ "true", true, command_true, "do nothing, successfully", "" },
	{ "version", true, command_version, "print monitor, compiler and linker version", "" },
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

/* The whole name, or as much of it as is unambiguous; what follows a dot is the unit. */
static const struct command *find(const char *word)
{
	const struct command *found = NULL;
	size_t length = strcspn(word, "."), matches = 0;

	for (size_t i = 0; i < COMMANDS; i++) {
		if (length == 0 || strncmp(commands[i].name, word, length) != 0)
			continue;
		if (commands[i].name[length] == '\0')
			return &commands[i];
		found = &commands[i];
		matches++;
	}
	return matches == 1 ? found : NULL;
}

static int run_command(struct camera *cam, int argc, char **argv)
{
	const struct command *command = find(argv[0]);
	int result;

	if (command == NULL) {
		say(cam, "Unknown command '%.200s' - try 'help'\n", argv[0]);
		return 1;
	}
	result = command->run(cam, argc, argv);
	if (result >= 0)
		return result;
	say(cam, "%s - %s\n\nUsage:\n%s %s\n", command->name, command->help, command->name, command->usage);
	return 1;
}

static const char *lookup(const struct camera *cam, const char *name)
{
	if (text_equal(name, "?"))
		return cam->last_result == 0 ? "0" : "1";
	return env_get(&cam->env, name);
}

int loader_run(struct camera *cam, const char *line)
{
	int result = line_run(cam, line, lookup, run_command);

	return cam->was_interrupted ? 1 : result;
}

/* Repeating is for a line whose command allows it; md then goes on where it stopped (U-Boot cmd/mem.c). */
static void keep_for_repeat(const struct camera *cam, char *last, size_t size, const char *line)
{
	struct words words;
	const char *rest = line;
	const struct command *command;

	text_copy(last, size, "");
	if (words_take(&words, &rest, cam, lookup) == SEPARATOR_ERROR || words.count == 0)
		return;
	command = find(words.word[0]);
	if (command == NULL || !command->may_repeat)
		return;
	if (command->run == command_md && *rest == '\0')
		text_copy(last, size, words.word[0]);
	else
		text_copy(last, size, line);
}

void loader_console(struct camera *cam)
{
	char line[CAMERA_LINE_MAX], last[CAMERA_LINE_MAX] = "";

	while (cam->halt == CAMERA_RUNS) {
		enum line_result result;

		cam->phase = PHASE_PROMPT;
		cam->was_interrupted = false;
		say(cam, "%s", prompt);
		result = line_read(cam, LINE_OF_LOADER, line, sizeof(line));
		cam->was_touched = true;
		if (result != LINE_ENTERED)
			continue;
		cam->phase = PHASE_LOADER;
		if (line[0] != '\0') {
			keep_for_repeat(cam, last, sizeof(last), line);
			loader_run(cam, line);
		} else if (last[0] != '\0') {
			loader_run(cam, last);
		}
	}
}

/* ---- small commands ---- */

static int command_help(struct camera *cam, int argc, char **argv)
{
	const struct command *command = argc > 1 ? find(argv[1]) : NULL;

	if (argc == 1) {
		for (size_t i = 0; i < COMMANDS; i++)
			say(cam, "%-9s - %s\n", commands[i].name, commands[i].help);
		return 0;
	}
	if (command == NULL) {
		say(cam, "Unknown command '%.200s' - try 'help' without arguments for list of all known commands\n\n",
		    argv[1]);
		return 1;
	}
	say(cam, "%s - %s\n\nUsage:\n%s %s\n", command->name, command->help, command->name, command->usage);
	return 0;
}

static int command_version(struct camera *cam, int argc, char **argv)
{
	(void)argc, (void)argv;
	say(cam, "U-Boot 2022.04-practice (Nov 14 2023 - 22:13:20 +0000)\n\n");
	say(cam, "arm-linux-gcc (practice) 11.3.0\nGNU ld (practice) 2.38\n");
	return 0;
}

static int command_bdinfo(struct camera *cam, int argc, char **argv)
{
	(void)argc, (void)argv;
	say(cam, "boot_params = 0x40000100\nDRAM bank   = 0x00000000\n-> start    = 0x40000000\n");
	say(cam, "-> size     = 0x04000000\n");
	say(cam, "flashstart  = 0x00000000\nflashsize   = 0x00000000\nflashoffset = 0x00000000\nbaudrate    = %u bps\n",
	    cam->baud);
	say(cam, "relocaddr   = 0x43f4d000\nreloc off   = 0x01f4d000\ncurrent eth = practice-eth\n");
	return 0;
}

static int command_echo(struct camera *cam, int argc, char **argv)
{
	bool no_newline = argc > 1 && text_equal(argv[1], "-n");

	for (int i = 1 + no_newline; i < argc; i++) {
		say_bytes(cam, bytes_of_text(argv[i]));
		if (i + 1 < argc)
			say(cam, " ");
	}
	if (!no_newline)
		say(cam, "\n");
	return 0;
}

/* A variable may run others; how deep is bounded. The text is copied since the commands may change the environment. */
static int command_run(struct camera *cam, int argc, char **argv)
{
	int result = 0;

	if (argc < 2)
		return -1;
	if (cam->run_depth == CAMERA_RUN_DEPTH) {
		say(cam, "## Error: too many levels of run\n");
		return 1;
	}
	cam->run_depth++;
	for (int i = 1; i < argc && result == 0; i++) {
		const char *value = env_get(&cam->env, argv[i]);
		char *text = value != NULL ? strdup(value) : NULL;

		if (text == NULL)
			say(cam, "## Error: \"%s\" not defined\n", argv[i]);
		result = text != NULL ? loader_run(cam, text) : 1;
		free(text);
	}
	cam->run_depth--;
	return result;
}

static int command_reset(struct camera *cam, int argc, char **argv)
{
	(void)argc, (void)argv;
	say(cam, "resetting ...\n");
	camera_wait(cam, 100);
	camera_reset(cam);
	return 0;
}

static int command_boot(struct camera *cam, int argc, char **argv)
{
	char run[] = "run", bootcmd[] = "bootcmd";
	char *words[] = { run, bootcmd, NULL };

	(void)argc, (void)argv;
	return command_run(cam, 2, words);
}

static int command_sleep(struct camera *cam, int argc, char **argv)
{
	double seconds = argc == 2 ? strtod(argv[1], NULL) : -1;

	if (!(seconds >= 0))
		return -1;
	camera_wait_or_interrupt(cam, seconds > 3600 ? 3600000 : (unsigned)(seconds * 1000), -1);
	return cam->was_interrupted;
}

static int command_true(struct camera *cam, int argc, char **argv)
{
	(void)cam, (void)argc, (void)argv;
	return 0;
}

static int command_false(struct camera *cam, int argc, char **argv)
{
	(void)cam, (void)argc, (void)argv;
	return 1;
}
