#include "src/cli/cli.h"
#include "src/cli/output.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "src/base/cleanup.h"
#include "src/base/nearest.h"
#include "src/base/text.h"

static const struct cli_verb *const verbs[] = {
	&verb_recover, &verb_diagnose, &verb_case, &verb_device, &verb_bench, &verb_practice, &verb_inspect, &verb_fetch, &verb_verify,
	&verb_console, &verb_send, &verb_receive, &verb_bootrom, &verb_meter, &verb_replay, &verb_baud,
	&verb_sign, &verb_lint,
};

static const struct cli_verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

bool cli_is_verb(const char *name)
{
	return find_verb(name) != NULL;
}

const char *cli_nearest_verb(const char *name)
{
	const char *best = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (nearest_is_close(verbs[i]->name, name) && (best == NULL || nearest_distance(verbs[i]->name, name) < nearest_distance(best, name)))
			best = verbs[i]->name;
	return best;
}

void cli_print_error(const struct error *error)
{
	output_aside("unbrick: %s\n", error->text);
	if (error->hint[0])
		output_aside("  %s\n", error->hint);
}

static void print_verb(const struct cli_verb *verb)
{
	printf("usage: unbrick %s [options]%s%s\n%s\n\noptions:\n", verb->name, verb->words[0] ? " " : "", verb->words, verb->summary);
	for (const struct cli_option *option = verb->options; option->name; option++) {
		char left[48];

		text_format(left, sizeof(left), "--%s%s%s", option->name, option->value ? " " : "", option->value ? option->value : "");
		printf("  %-24s %s\n", left, option->help);
	}
	printf("  %-24s %s\n  %-24s %s\n", "--state FOLDER", "where the casebook and the captures are", "--db FOLDER", "more device data, looked at first");
}

void cli_print_help(void)
{
	printf("usage: unbrick                    the full-screen console\n"
	       "       unbrick VERB [options]     one job, for scripts\n\nverbs:\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
	printf("\n  --help, --version; unbrick VERB --help for the options of one verb; unbrick(1) for all\n");
}

bool cli_read_number(const char *text, unsigned long max, unsigned long *ret_number)
{
	char *end;

	if (text == NULL)
		return true;
	*ret_number = strtoul(text, &end, strncasecmp(text, "0x", 2) == 0 ? 16 : 10);	/* a leading 0 means no octal here */
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *ret_number <= max;
}

bool cli_read_count(const char *text, unsigned max, unsigned *ret_number)
{
	unsigned long number = 0;

	if (text == NULL)
		return true;
	if (!cli_read_number(text, max, &number) || number == 0)
		return false;
	*ret_number = (unsigned)number;
	return true;
}

static int usage(const char *verb, const char *what, const char *argument)
{
	fprintf(stderr, "unbrick: %s '%s'\n  see: unbrick %s --help\n", what, argument, verb);
	return EXIT_USAGE;
}

static int no_such_option(const struct cli_verb *verb, const char *argument)
{
	const char *best = NULL;
	char name[32];

	text_format(name, sizeof(name), "%.*s", (int)strcspn(argument + 2, "="), argument + 2);
	for (const struct cli_option *option = verb->options; option->name; option++)
		if (nearest_is_close(option->name, name) && (best == NULL || nearest_distance(option->name, name) < nearest_distance(best, name)))
			best = option->name;
	output_aside("unbrick: there is no option '%s'\n", argument);
	if (best != NULL)
		output_aside("  the nearest: --%s\n", best);
	output_aside("  see: unbrick %s --help\n", verb->name);
	return EXIT_USAGE;
}

/* "--name value" and "--name=value". */
static int take_option(const struct cli_verb *verb, struct cli_line *line, const char **folders, int argc, char **argv, int *at)
{
	const char *argument = argv[*at] + 2;
	const char *equals = strchr(argument, '=');
	size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
	const struct cli_option common[] = { { "state", "FOLDER", "" }, { "db", "FOLDER", "" }, { NULL, NULL, NULL } };
	const char **common_to[] = { &line->state_folder, &folders[0] };
	const char **to = NULL;
	bool has_value = true;

	for (size_t i = 0; verb->options[i].name; i++)
		if (strlen(verb->options[i].name) == length && strncmp(verb->options[i].name, argument, length) == 0) {
			to = &line->value[i];
			has_value = verb->options[i].value != NULL;
		}
	for (size_t i = 0; common[i].name; i++)
		if (strlen(common[i].name) == length && strncmp(common[i].name, argument, length) == 0)
			to = common_to[i];
	if (to == NULL)
		return no_such_option(verb, argv[*at]);
	if (!has_value && equals != NULL)
		return usage(verb->name, "this option takes no value", argv[*at]);
	if (!has_value) {
		*to = "";
		return EXIT_WELL;
	}
	if (equals == NULL && *at + 1 >= argc)
		return usage(verb->name, "a value is missing after", argv[*at]);
	*to = equals ? equals + 1 : argv[++*at];
	return EXIT_WELL;
}

/* -o FILE: the one letter that everybody's fingers know. */
static int take_output(const struct cli_verb *verb, struct cli_line *line, const char **folders, int argc, char **argv, int *at)
{
	char *long_form[] = { (char *)"--output", *at + 1 < argc ? argv[*at + 1] : NULL };
	int taken = 0, code = take_option(verb, line, folders, *at + 1 < argc ? 2 : 1, long_form, &taken);

	*at += taken;
	return code;
}

/* No other letter is an option, and a file is hardly called so. */
static bool is_letter_option(const char *argument)
{
	return argument[0] == '-' && isalpha((unsigned char)argument[1]) && argument[2] == '\0';
}

/* Options and words in any order; behind "--" are words only. */
static int take_arguments(const struct cli_verb *verb, struct cli_line *line, const char **folders, int argc, char **argv)
{
	bool are_words = false;
	int code = EXIT_WELL;

	for (int i = 2; i < argc && code == EXIT_WELL; i++) {
		if (!are_words && strcmp(argv[i], "--") == 0)
			are_words = true;
		else if (!are_words && text_starts(argv[i], "--"))
			code = take_option(verb, line, folders, argc, argv, &i);
		else if (!are_words && strcmp(argv[i], "-o") == 0)
			code = take_output(verb, line, folders, argc, argv, &i);
		else if (!are_words && is_letter_option(argv[i]))
			code = usage(verb->name, "there is no option", argv[i]);
		else if (line->word_count == CLI_WORDS_MAX)
			code = usage(verb->name, "that is too much at once; the first that is left out is", argv[i]);
		else
			line->word[line->word_count++] = argv[i];
	}
	return code;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

int cli_main(int argc, char **argv, const char *const *library_folders)
{
	const struct cli_verb *verb = find_verb(argv[1]);
	const char *folders[8] = { NULL };
	struct cli_line line = { 0 };
	size_t count = 0;
	int code;

	if (asks_for_help(argc, argv)) {
		print_verb(verb);
		return EXIT_WELL;
	}
	code = take_arguments(verb, &line, folders, argc, argv);
	if (code != EXIT_WELL)
		return code;
	if (folders[0])
		count++;
	for (size_t i = 0; library_folders[i] && count + 1 < ARRAY_SIZE(folders); i++)
		folders[count++] = library_folders[i];
	folders[count] = NULL;
	line.library_folders = folders;
	return verb->run(&line);
}
