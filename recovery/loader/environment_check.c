#include "recovery/loader/environment_check.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "recovery/loader/loader.h"
#include "src/base/text.h"

enum {
	SCRIPT_MAX = 1024,	/* of one variable */
	SCRIPTS_MAX = 24,	/* looked into, bootcmd first */
	NAME_MAX_SIZE = 48,
};

struct walk {
	const char *printenv;
	char name[SCRIPTS_MAX][NAME_MAX_SIZE];
	size_t count;
	char missing[NAME_MAX_SIZE], missing_in[NAME_MAX_SIZE];
	bool sets_arguments;
};

static bool is_word_end(char c)
{
	return c == '\0' || isspace((unsigned char)c) || c == ';' || c == '&' || c == '|' || c == '\'' || c == '"';
}

static void want(struct walk *walk, const char *word, size_t size, const char *from)
{
	char name[NAME_MAX_SIZE], value[8];

	if (size == 0 || size >= sizeof(name) || memchr(word, '$', size) != NULL)
		return;
	memcpy(name, word, size);
	name[size] = '\0';
	for (size_t i = 0; i < walk->count; i++)
		if (text_equal(walk->name[i], name))
			return;
	if (!loader_env_value(walk->printenv, name, value, sizeof(value))) {
		if (walk->missing[0] == '\0') {
			text_copy(walk->missing, sizeof(walk->missing), name);
			text_copy(walk->missing_in, sizeof(walk->missing_in), from);
		}
		return;
	}
	if (walk->count < SCRIPTS_MAX)
		text_copy(walk->name[walk->count++], NAME_MAX_SIZE, name);
}

/* "run a b; ..." names scripts. What stands behind "if" or "||" may be meant to be missing: a build tries what it has. */
static void look_into(struct walk *walk, const char *name, const char *script)
{
	bool is_plain = strstr(script, "||") == NULL && strstr(script, "if ") == NULL && strstr(script, "for ") == NULL;
	bool at_command = true, is_run = false;

	walk->sets_arguments |= strstr(script, "bootargs") != NULL;
	for (const char *at = script; *at;) {
		size_t size = 0;

		while (!is_word_end(at[size]))
			size++;
		if (size > 0) {
			if (is_run && is_plain)
				want(walk, at, size, name);
			else if (at_command)
				is_run = size == 3 && strncmp(at, "run", 3) == 0;
			at_command = false;
		}
		at += size;
		if (*at == ';' || *at == '&' || *at == '|') {
			at_command = true;
			is_run = false;
		}
		if (*at)
			at++;
	}
}

static void say(struct environment_finding *finding, int weight, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(struct environment_finding *finding, int weight, const char *format, ...)
{
	va_list args;

	finding->weight = weight;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

/* A list without its last line was cut, or is the answer of something else: what is missing in it need not be missing. */
static bool is_whole_list(const char *printenv)
{
	return strstr(printenv, "Environment size:") != NULL;
}

void environment_check(const char *printenv, struct environment_finding *ret_finding)
{
	struct walk walk = { .printenv = printenv, .name = { "bootcmd" }, .count = 1 };
	char script[SCRIPT_MAX];
	bool is_whole = is_whole_list(printenv);

	*ret_finding = (struct environment_finding){ 0 };
	if (!loader_env_value(printenv, "bootcmd", script, sizeof(script)) || script[0] == '\0') {
		if (is_whole)
			say(ret_finding, 85, "bootcmd is not set: the bootloader has nothing to start");
		else
			say(ret_finding, 0, "the bootloader did not list all its variables");
		return;
	}
	for (size_t i = 0; i < walk.count; i++)
		if (loader_env_value(printenv, walk.name[i], script, sizeof(script)))
			look_into(&walk, walk.name[i], script);
	if (walk.missing[0] && is_whole)
		say(ret_finding, 80, "%s runs '%s', which is not set", walk.missing_in, walk.missing);
	else if (is_whole && !walk.sets_arguments && !loader_env_value(printenv, "bootargs", script, sizeof(script)))
		say(ret_finding, 30, "bootargs is not set, and nothing that bootcmd runs sets it");
	else
		say(ret_finding, 0, "bootcmd is set and what it runs is there; whether its addresses are right does not show");
}
