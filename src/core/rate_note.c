#include "src/core/rate_note.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/text.h"
#include "src/io/loop.h"

#define KEY "raised-baud "

/* A by-id name stays with its adapter while the kernel's number changes; of other links the node counts. */
static void real_name(const char *port, char *to, size_t size)
{
	char path[PATH_MAX];
	bool is_link_of_node = port[0] == '/' && strncmp(port, "/dev/serial/", 12) != 0;

	text_copy(to, size, is_link_of_node && realpath(port, path) != NULL ? path : port);
}

enum status rate_note_keep(struct casebook *book, const char *port, const struct rate_note *note, struct error *reterr)
{
	char key[PATH_MAX + 32], value[160] = "", name[PATH_MAX];

	real_name(port, name, sizeof(name));
	text_format(key, sizeof(key), KEY "%s", name);
	if (note != NULL)
		text_format(value, sizeof(value), "%u %u %s %s", note->usual, note->raised, note->loader, note->prompt);
	return casebook_set(book, 0, (int64_t)loop_wall_ms(), JOURNAL_PROGRAM, key, value, reterr);
}

static bool parse(const char *text, struct rate_note *ret_note)
{
	struct rate_note note = { .usual = 0 };
	int length = 0;

	if (sscanf(text, "%7u %7u %23s %n", &note.usual, &note.raised, note.loader, &length) < 3 || note.usual == 0 || note.raised == 0)
		return false;
	text_copy(note.prompt, sizeof(note.prompt), text + length);
	*ret_note = note;
	return note.prompt[0] != '\0';
}

bool rate_note_find(struct casebook *book, const char *port, struct rate_note *ret_note)
{
	char key[PATH_MAX + 32], name[PATH_MAX], value[160];
	struct error error;

	real_name(port, name, sizeof(name));
	text_format(key, sizeof(key), KEY "%s", name);
	return casebook_get(book, 0, key, value, sizeof(value), &error) == STATUS_OK && parse(value, ret_note);
}
