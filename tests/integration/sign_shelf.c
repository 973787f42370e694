#include "tests/integration/sign_shelf.h"

#include <stdio.h>
#include <stdlib.h>

#include "recovery/diagnosis/line_reader.h"
#include "src/base/text.h"

int sign_shelf_open(void **state)
{
	static struct sign_shelf shelf;
	const char *source = getenv("srcdir");
	char folder[512];
	const char *folders[] = { folder, NULL };
	struct error error;

	text_format(folder, sizeof(folder), "%s/firmware-db", source ? source : ".");
	if (device_library_open(folders, &shelf.library, &error) != STATUS_OK ||
	    device_library_signs(shelf.library, &shelf.signs, &shelf.count, &error) != STATUS_OK ||
	    sign_set_new(shelf.signs, shelf.count, &shelf.set, &error) != STATUS_OK) {
		fprintf(stderr, "%s\n", error.text);
		return -1;
	}
	*state = &shelf;
	return 0;
}

int sign_shelf_close(void **state)
{
	struct sign_shelf *shelf = *state;

	sign_set_free(shelf->set);
	device_library_free(shelf->library);
	return 0;
}

static struct bytes body_of(const char *line)
{
	return bytes_of_text(line + line_body_offset(line));
}

void sign_shelf_meets(const struct sign_shelf *shelf, const struct sign_meeting *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sign_match matches[SIGN_SET_MATCHES_MAX];
		size_t found = sign_set_match(shelf->set, body_of(rows[i].line), matches), k = 0;

		while (k < found && !text_equal(matches[k].sign->id, rows[i].id))
			k++;
		if (k == found)
			fail_msg("sign '%s' does not match: %s", rows[i].id, rows[i].line);
	}
}

void sign_shelf_finds_no_fault(const struct sign_shelf *shelf, const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sign_match matches[SIGN_SET_MATCHES_MAX];
		size_t found = sign_set_match_in_force(shelf->set, body_of(lines[i]), matches);

		for (size_t k = 0; k < found; k++)
			if (matches[k].sign->effect == SIGN_FAULT)
				fail_msg("sign '%s' calls this a fault: %s", matches[k].sign->id, lines[i]);
	}
}
