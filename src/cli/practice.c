/* unbrick practice: a broken camera that is not real, for learning without risk. */
#include <stdio.h>
#include <unistd.h>

#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/practice/practice_device.h"

enum { LIST, KIND, JSON };

static const struct cli_option options[] = {
	[LIST] = { "list", NULL, "print the kinds of broken cameras, and stop" },
	[KIND] = { "kind", "KIND", "which of them; without it: checksum" },
	[JSON] = { "json", NULL, "--list as one JSON document" },
	{ NULL, NULL, NULL },
};

static bool is_kind(const char *name)
{
	for (size_t i = 0; practice_kind_name(i); i++)
		if (text_equal(practice_kind_name(i), name))
			return true;
	return false;
}

static void print_kinds(bool json)
{
	json_t *list = json ? json_array() : NULL;

	for (size_t i = 0; practice_kind_name(i); i++) {
		const char *name = practice_kind_name(i), *label = practice_kind_label(i),
			   *story = practice_kind_story(i);

		if (list)
			json_array_append_new(
				list, json_pack("{s:s, s:s, s:s}", "kind", name, "label", label, "story", story));
		else
			output_text("%-18s %-16s %s\n", name, label, story);
	}
	if (list)
		output_json(list);
}

static int run(const struct cli_line *line)
{
	const char *kind = line->value[KIND];

	if (line->word_count > 0)
		return output_usage("practice", "practice takes no '%s'; a camera is chosen with --kind",
				    line->word[0]);
	if (line->value[JSON] && !line->value[LIST])
		return output_usage("practice", "--json is for --list");
	if (kind && !is_kind(kind))
		return output_usage("practice", "there is no kind '%s'; unbrick practice --list shows which there are",
				    kind);
	if (line->value[LIST]) {
		print_kinds(line->value[JSON] != NULL);
		return output_end(EXIT_WELL);
	}
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fprintf(stderr, "unbrick: the practice camera is shown on the full screen, which needs a terminal\n"
				"  for scripts: unbrick practice-device --help, and unbrick recover\n");
		return EXIT_USAGE;
	}
	return cli_start_screen(line, kind ? kind : "checksum");
}

const struct cli_verb verb_practice = {
	.name = "practice",
	.words = "",
	.summary = "the full-screen console with a virtual broken camera",
	.options = options,
	.run = run,
};
