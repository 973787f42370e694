/* src/cli/output.h
 *
 * What a verb prints. Everything goes to standard output through these calls, so that no byte of a device, a file or a profile reaches
 * the operator's terminal unfiltered: text as printable characters only, JSON as ASCII with escapes. */
#ifndef UNBRICK_CLI_OUTPUT_H
#define UNBRICK_CLI_OUTPUT_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "src/cli/cli.h"

struct casebook;
struct device_library;

/* Printable characters and line feeds; see text_printable(). */
void output_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same on standard error. */
void output_aside(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A file's name on one line, whatever it has in it, and what stands behind it. */
void output_name(const char *path, const char *behind);
/* A string of any bytes: those that are no UTF-8 become '.'; NULL becomes null. */
json_t *output_json_text(const char *text);
/* Prints the document and a line feed; takes the reference. */
void output_json(json_t *document);
/* The same in one line without the line feed, for a list that is printed as it is read. */
void output_json_item(json_t *item);
/* One event a line, told at once. to: stdout, but where that is the line to the device. Takes the reference. */
void output_event(FILE *to, json_t *event);
/* Local time with its offset: "2024-05-01 12:09:14 +0200". Returns to. */
char *output_time(char *to, size_t size, int64_t time_ms);
/* The verb's last call: what was printed did arrive. Returns exit_code, or EXIT_FAILED when the disk was full or the like. */
int output_end(int exit_code);

/* Wrong words of a verb: says why and where the help is. Returns EXIT_USAGE. */
int output_usage(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The class of a line that could not be opened, or was lost. */
int output_class_of_line(enum status status);
/* Prints the error. Returns exit_code. */
int output_error(const struct error *error, int exit_code);

/* Of a lint: prints one fault of a file, as "file:line: reason". */
void output_fault(void *user, const struct error *error);
/* The end of a lint that found so many bad files: says so. Returns the exit code. */
int output_faults_end(size_t bad);

/* The folder of the casebook and the captures. Returns to. */
char *output_state_folder(const struct cli_line *line, char *to, size_t size);
/* STATUS_NOT_FOUND when there is none yet: looking must not make one. */
enum status output_casebook(const struct cli_line *line, struct casebook **ret_book, struct error *reterr);

#endif
