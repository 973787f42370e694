/* unbrick lint: checks every file of firmware-db, for those who add devices. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/cleanup.h"
#include "src/cli/output.h"
#include "src/store/device_library.h"

static const struct cli_option options[] = { { NULL, NULL, NULL } };

enum { FOLDERS_MAX = 8 };

DEFINE_AUTO(device_library);

/* The library overlooks folders that are not there, for an operator's own need not be; who names one here means it. */
static enum status check_folders(const struct cli_line *line, struct error *reterr)
{
	struct stat about;

	for (size_t i = 0; i < line->word_count; i++) {
		if (stat(line->word[i], &about) != 0)
			return error_set(reterr, STATUS_NOT_FOUND, "cannot check '%s': %s", line->word[i],
					 strerror(errno));
		if (!S_ISDIR(about.st_mode)) {
			error_set(reterr, STATUS_INVALID, "cannot check '%s': it is not a folder", line->word[i]);
			return error_hint(
				reterr,
				"name the firmware-db folder that the file is in: what refers to it is checked, too");
		}
	}
	return STATUS_OK;
}

static int run(const struct cli_line *line)
{
	AUTO(device_library) library = NULL;
	struct error error;
	size_t bad;

	if (line->word_count > FOLDERS_MAX)
		return output_usage("lint", "lint checks %d folders at most at once", FOLDERS_MAX);
	if (check_folders(line, &error) != STATUS_OK)
		return output_error(&error, EXIT_USAGE);
	/* Without a folder the installed data is checked, as every other verb uses it. */
	if (device_library_open(line->word_count ? line->word : line->library_folders, &library, &error) != STATUS_OK)
		return output_error(&error, EXIT_USAGE);
	bad = device_library_lint(library, output_fault, NULL);
	if (bad == 0)
		output_text("%zu profiles and all that they refer to: nothing is wrong\n",
			    device_library_count(library));
	return output_faults_end(bad);
}

const struct cli_verb verb_lint = {
	.name = "lint",
	.words = "[FOLDER...]",
	.summary = "check the device data, for those who add devices",
	.options = options,
	.run = run,
};
