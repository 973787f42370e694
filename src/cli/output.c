#include "src/cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/casebook.h"

static void put_printable(FILE *to, const char *format, va_list args)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *shown = NULL;
	int length = vasprintf(&text, format, args);

	if (length < 0) {
		text = NULL; /* vasprintf leaves it undefined */
		return;
	}
	shown = malloc((size_t)length + 1);
	if (shown == NULL)
		return;
	for (const char *at = text; *at;) {
		size_t size = strcspn(at, "\n");

		text_printable(shown, (size_t)length + 1, bytes_of(at, size));
		fputs(shown, to);
		at += size;
		if (*at == '\n') {
			putc('\n', to);
			at++;
		}
	}
}

void output_text(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_printable(stdout, format, args);
	va_end(args);
}

void output_aside(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_printable(stderr, format, args);
	va_end(args);
}

void output_name(const char *path, const char *behind)
{
	AUTO_FREE char *shown = malloc(strlen(path) + 1);

	if (shown == NULL)
		return;
	text_printable(shown, strlen(path) + 1, bytes_of_text(path));
	printf("%s%s\n", shown, behind);
}

json_t *output_json_text(const char *text)
{
	AUTO_FREE char *shown = NULL;
	json_t *string;
	size_t size;

	if (text == NULL)
		return json_null();
	string = json_string(text);
	if (string)
		return string;
	size = strlen(text) + 1;
	shown = malloc(size);
	if (shown)
		text_printable(shown, size, bytes_of_text(text));
	return json_string(shown ? shown : "");
}

static void dump(FILE *to, json_t *item, size_t flags, const char *end)
{
	AUTO_FREE char *text = item ? json_dumps(item, flags | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(4)) : NULL;

	if (text)
		fprintf(to, "%s%s", text, end);
	else
		fprintf(stderr, "unbrick: no memory for the JSON document\n");
	json_decref(item);
}

void output_json(json_t *document)
{
	dump(stdout, document, JSON_INDENT(2), "\n");
}

void output_json_item(json_t *item)
{
	dump(stdout, item, JSON_COMPACT, "");
}

void output_event(FILE *to, json_t *event)
{
	dump(to, event, JSON_COMPACT, "\n");
	fflush(to);
}

char *output_time(char *to, size_t size, int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm parts;

	to[0] = '\0';
	if (localtime_r(&seconds, &parts) == NULL || strftime(to, size, "%Y-%m-%d %H:%M:%S %z", &parts) == 0)
		text_format(to, size, "%lld", (long long)time_ms);
	return to;
}

int output_end(int exit_code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return exit_code;
	fprintf(stderr, "unbrick: cannot write to standard output: %s\n", strerror(errno));
	return EXIT_FAILED;
}

int output_usage(const char *verb, const char *format, ...)
{
	char text[400], shown[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_printable(shown, sizeof(shown), bytes_of_text(text));
	fprintf(stderr, "unbrick: %s\n  see: unbrick %s --help\n", shown, verb);
	return EXIT_USAGE;
}

int output_class_of_line(enum status status)
{
	switch (status) {
	case STATUS_INVALID:
		return EXIT_USAGE;
	case STATUS_NO_MEMORY:
		return EXIT_FAILED;
	default:
		return EXIT_NO_PORT;
	}
}

int output_error(const struct error *error, int exit_code)
{
	fflush(stdout);
	cli_print_error(error);
	return exit_code;
}

void output_fault(void *user, const struct error *error)
{
	(void)user;
	output_text("%s%s%s\n", error->text, error->hint[0] ? "; " : "", error->hint);
}

int output_faults_end(size_t bad)
{
	if (bad > 0)
		fprintf(stderr, "unbrick: %zu of the files %s wrong\n", bad, bad == 1 ? "is" : "are");
	return output_end(bad == 0 ? EXIT_WELL : EXIT_USAGE);
}

/* The same rule as the app's: XDG Base Directory Specification 0.8 ignores relative paths. */
char *output_state_folder(const struct cli_line *line, char *to, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (line->state_folder)
		return text_copy(to, size, line->state_folder);
	if (state && state[0] == '/')
		return text_format(to, size, "%s/unbrick", state);
	return text_format(to, size, "%s/.local/state/unbrick", home && home[0] == '/' ? home : "/tmp");
}

enum status output_casebook(const struct cli_line *line, struct casebook **ret_book, struct error *reterr)
{
	char folder[500], path[600];

	output_state_folder(line, folder, sizeof(folder));
	text_format(path, sizeof(path), "%s/casebook.db", folder);
	if (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
		error_set(reterr, STATUS_NOT_FOUND, "there is no casebook at '%s'", path);
		return error_hint(reterr, "the first case makes it; another folder is chosen with --state FOLDER");
	}
	return casebook_open(path, ret_book, reterr);
}
